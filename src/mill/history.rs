//! Which contents of a path count, since when, and in which order.
//!
//! A path has a sequence of contents, kept in order even when the path is gone. From that sequence alone follows how
//! each content stands: the time of capture never decreases along it; a content that a later one completes is *cut*
//! and bears no version of its own; the version of any other counts how often the path's content had been replaced
//! before it. How paths interleave can't matter, for no path looks at another.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::item::{Captured, Key, Moment};

/// One content of a path, as far as its standing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// The index of the first later content of which this one is a strict byte prefix.
    pub completed_by: Option<u32>,
    /// The newest complete own date that it lists.
    pub newest: Option<NaiveDate>,
}

/// How a content stands among those of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its time of capture.
    pub captured: Captured,
    /// How often the path's content had been replaced.
    pub version: u32,
    /// The content that completes it in the end: of this one only what that one repeats counts.
    pub whole: Option<u32>,
}

/// How the contents of one path stand. `stated` is the time of capture by rule (1) or (2), which belongs to the path.
#[must_use]
pub fn standings(stated: Option<Moment>, contents: &[Content]) -> Vec<Standing> {
    let mut replaced = 0;
    let mut newest = None;
    let mut standings: Vec<Standing> = Vec::with_capacity(contents.len());
    for (content, whole) in contents.iter().zip(wholes(contents)) {
        newest = newest.max(content.newest);
        let captured = match stated {
            Some(moment) => Captured { when: Some(moment), stated: true },
            None => Captured { when: newest.map(Moment::Day), stated: false },
        };
        standings.push(Standing { captured, version: replaced, whole });
        replaced += u32::from(whole.is_none());
    }
    // A cut content counts under the version of the content that completes it.
    let versions: Vec<u32> = standings.iter().map(|standing| standing.version).collect();
    for standing in &mut standings {
        if let Some(version) = standing.whole.and_then(|whole| versions.get(whole as usize)) {
            standing.version = *version;
        }
    }
    standings
}

/// The content that completes each of these in the end: where the chain of its completions ends.
///
/// A completion is always a later content, so from the last to the first each of them is known when it is asked for.
#[must_use]
pub fn wholes(contents: &[Content]) -> Vec<Option<u32>> {
    let mut wholes = vec![None; contents.len()];
    for (index, content) in contents.iter().enumerate().rev() {
        let by = content.completed_by;
        let whole = by.and_then(|by| wholes.get(by as usize).copied().flatten()).or(by);
        if let Some(place) = wholes.get_mut(index) {
            *place = whole;
        }
    }
    wholes
}

/// Where one reading found one item: its key and its span of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The item.
    pub key: Key,
    /// First line, counted from 1.
    pub line: u32,
    /// Last line.
    pub last_line: u32,
}

/// What to do with a new reading of bytes that were read before under another layout or parser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reread {
    /// The new reading replaces the old one; each pair `(new, old)` is one item under a new key, which keeps its id.
    Replace(Vec<(Key, Key)>),
    /// The new reading loses something: the old one stays, and that is drift.
    Keep(String),
}

/// Compares a new reading of the same bytes with the old one.
///
/// It is kept out when it yields no items where there were some, or leaves as noise the first line of an item that the
/// old one had. A key that is new, read from the very lines of exactly one old item that is gone, is that item. Items
/// may share their lines, for a program writes a list on one: then it is the one in its place, where all the others are
/// what they were. Of anything else nobody knows which is which, and two that are joined are so for life.
#[must_use]
pub fn reread(old: &[Place], new: &[Place]) -> Reread {
    if new.is_empty() && !old.is_empty() {
        return Reread::Keep("the new reading yields no items".into());
    }
    let keys = |places: &[Place]| places.iter().map(|place| place.key).collect::<BTreeSet<_>>();
    let (old_keys, new_keys) = (keys(old), keys(new));
    // Items stand in the file's order: the last one that begins at or above a line is on it, if any is. Of those that
    // share a line, one that is left stands for all.
    let covered = |line: u32| {
        let above = new.partition_point(|place| place.line <= line);
        above.checked_sub(1).and_then(|last| new.get(last)).is_some_and(|place| line <= place.last_line)
    };
    let lost = |place: &&Place| !new_keys.contains(&place.key) && !covered(place.line);
    if let Some(place) = old.iter().find(lost) {
        return Reread::Keep(format!(
            "the new reading leaves out the item in lines {}-{}",
            place.line, place.last_line
        ));
    }
    let is_same = |(new, old): &(Key, Key)| !old_keys.contains(new) && !new_keys.contains(old);
    Reread::Replace(in_their_places(old, new).into_iter().filter(is_same).collect())
}

/// The keys of new items, each with another one that stood in its place: of those of which it is known.
fn in_their_places(old: &[Place], new: &[Place]) -> Vec<(Key, Key)> {
    let (old_spans, mut pairs) = (by_span(old), Vec::new());
    for (span, new) in by_span(new) {
        let Some(old) = old_spans.get(&span).filter(|old| old.len() == new.len()) else { continue };
        let otherwise = new.into_iter().zip(old.iter().copied()).filter(|(new, old)| new != old);
        let otherwise: Vec<(Key, Key)> = otherwise.collect();
        if otherwise.len() == 1 {
            pairs.extend(otherwise);
        }
    }
    // Twins are two announcements under one key.
    let (mut first, mut twins) = (BTreeMap::new(), BTreeSet::new());
    for (new, old) in &pairs {
        if first.entry(*old).or_insert(*new) != new {
            twins.insert(*old);
        }
    }
    pairs.retain(|(_, old)| !twins.contains(old));
    pairs
}

/// The items that share a span of lines, in the file's order.
fn by_span(places: &[Place]) -> BTreeMap<(u32, u32), Vec<Key>> {
    let mut by_span: BTreeMap<_, Vec<Key>> = BTreeMap::new();
    for Place { key, line, last_line } in places {
        by_span.entry((*line, *last_line)).or_default().push(*key);
    }
    by_span
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn content(completed_by: Option<u32>, newest: &str) -> Content {
        Content { completed_by, newest: newest.parse().ok() }
    }

    #[test]
    fn each_replacement_counts_one_version() {
        let standings = standings(None, &[content(None, "2021-01-01"), content(None, "2021-01-02"), content(None, "")]);
        assert_eq!(standings.iter().map(|s| s.version).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn a_growing_file_is_one_content_under_the_version_of_the_whole() {
        // Replaced once, then written in three steps.
        let grown = [content(None, ""), content(Some(2), ""), content(Some(3), ""), content(None, "")];
        let standings = standings(None, &grown);
        assert_eq!(
            standings.iter().map(|s| (s.version, s.whole)).collect::<Vec<_>>(),
            [(0, None), (1, Some(3)), (1, Some(3)), (1, None)]
        );
    }

    #[test]
    fn a_content_completed_after_a_detour_is_no_replacement() {
        let standings = standings(None, &[content(Some(2), ""), content(None, ""), content(None, "")]);
        assert_eq!(
            standings.iter().map(|s| (s.version, s.whole)).collect::<Vec<_>>(),
            [(1, Some(2)), (0, None), (1, None)]
        );
    }

    #[test]
    fn the_time_of_capture_never_decreases_along_a_path() {
        let days: Vec<_> =
            standings(None, &[content(None, ""), content(None, "2021-03-01"), content(None, "2021-02-01")])
                .into_iter()
                .map(|s| s.captured.when.map(|when| when.day().to_string()))
                .collect();
        assert_eq!(days, [None, Some("2021-03-01".to_owned()), Some("2021-03-01".to_owned())]);
    }

    #[test]
    fn a_stated_time_wins_over_what_the_items_tell() {
        let stated = Moment::Day("2020-05-05".parse().unwrap());
        let standings = standings(Some(stated), &[content(None, "2021-03-01")]);
        assert_eq!(standings[0].captured, Captured { when: Some(stated), stated: true });
    }

    fn place(name: u128, line: u32, last_line: u32) -> Place {
        Place { key: Key(Uuid::from_u128(name)), line, last_line }
    }

    #[test]
    fn a_new_reading_that_loses_an_item_is_kept_out() {
        let old = [place(1, 3, 7), place(2, 9, 12)];
        assert!(matches!(reread(&old, &[]), Reread::Keep(_)));
        assert!(matches!(reread(&old, &[place(1, 3, 7)]), Reread::Keep(_)));
        assert_eq!(reread(&old, &[place(1, 3, 7), place(2, 9, 12), place(3, 14, 15)]), Reread::Replace(vec![]));
    }

    /// A program may write a whole list on one line.
    #[test]
    fn of_items_that_share_their_lines_none_becomes_another() {
        let on_one_line = |names: &[u128]| names.iter().map(|name| place(*name, 1, 1)).collect::<Vec<_>>();
        let aliases = |old: &[u128], new: &[u128]| -> Vec<(u128, u128)> {
            let Reread::Replace(found) = reread(&on_one_line(old), &on_one_line(new)) else { panic!("kept") };
            found.into_iter().map(|(new, old)| (new.0.as_u128(), old.0.as_u128())).collect()
        };
        // One of them is read otherwise: it is the one in its place.
        assert_eq!(aliases(&[1, 2, 3], &[1, 5, 3]), [(5, 2)]);
        // Of more nobody knows which is which; where all are others it may be another list.
        assert_eq!(aliases(&[1, 2, 3], &[4, 5, 6]), []);
        assert_eq!(aliases(&[1, 2, 3], &[1, 5, 6]), []);
        assert_eq!(aliases(&[1, 2], &[4, 5, 6]), []);
        assert_eq!(aliases(&[1], &[4, 5]), []);
        assert_eq!(aliases(&[1, 2, 3], &[2, 3, 4]), []);
    }

    #[test]
    fn an_item_read_anew_from_the_same_lines_keeps_its_id() {
        let old = [place(1, 3, 7), place(2, 9, 12)];
        let new = [place(5, 3, 7), place(2, 9, 12)];
        assert_eq!(reread(&old, &new), Reread::Replace(vec![(new[0].key, old[0].key)]));
    }

    /// Twins are two announcements under one key, and may turn out to have a key each.
    #[test]
    fn two_that_were_read_under_one_key_are_not_joined_by_it() {
        let twins = [place(1, 3, 7), place(1, 9, 12)];
        assert_eq!(reread(&twins, &[place(5, 3, 7), place(6, 9, 12)]), Reread::Replace(vec![]));
        let alias = (place(5, 0, 0).key, place(1, 0, 0).key);
        assert_eq!(reread(&twins, &[place(5, 3, 7), place(5, 9, 12)]), Reread::Replace(vec![alias, alias]));
    }
}
