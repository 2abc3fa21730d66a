//! Decisions: what no scrape can give back. Retractions, aliases, first-seen dates, captures to disregard.
//!
//! They live as lines of JSON in `decisions.jsonl` beside the store, append-only, readable and editable by people, and
//! are read in order:
//!
//! ```text
//! {"retract":"f90fd1be-c98e-5829-9df9-e18945c3f525","when":"2026-11-22T09:30:00Z"}
//! {"retract":"f90fd1be-c98e-5829-9df9-e18945c3f525","undo":true}
//! {"alias":"989ac276-e457-55fc-89e6-fad198a4b56b","of":"f90fd1be-c98e-5829-9df9-e18945c3f525"}
//! {"first_seen":"c8c869dc-5f09-52b9-ab0c-83cd81f2a785","date":"2026-11-22"}
//! {"disregard":"7e8a1d0c5b1f4a6d9be2c04f1a3d5577","file":"news/2026-11-22.txt"}
//! ```
//!
//! `when` says when an item was taken out: Atom feeds tell it to readers. A line without it takes the item out just so.
//!
//! `disregard` names a content by the hash of its bytes (xxh3-128), wherever and however often they were saved; `file`
//! only tells people where that was.
//!
//! A last line that was cut by a crash is no decision. Any other line that can't be understood is an error: to skip a
//! retraction would publish what somebody wanted gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::iter;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::item::Key;

/// What was decided, all lines applied.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Ids of items that no feed shows: ask [`Decisions::is_retracted`], for an item can go under several.
    /// With the time, where the line tells it.
    retracted: BTreeMap<Key, Option<DateTime<Utc>>>,
    /// Ids of items that were put back: that nothing retracts them any more was decided, and is no loss.
    put_back: BTreeSet<Key>,
    /// Keys that are another item, by the id they go under.
    aliases: BTreeMap<Key, Key>,
    /// The day an undated item was first seen, where its source asks for it: ask [`Decisions::day_first_seen`]. The
    /// first line of an id counts.
    first_seen: BTreeMap<Key, NaiveDate>,
    /// Contents, by the hashes of their bytes, that say nothing of an item of which another content tells.
    disregarded: BTreeSet<u128>,
    /// The aliases by the id they go under in the end: there may be as many as items, and who asks for a family asks
    /// for each item's.
    members: BTreeMap<Key, BTreeSet<Key>>,
}

impl fmt::Debug for Decisions {
    /// What was said, and not what follows from it: by these words a store knows under which decisions it was derived.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { retracted, aliases, first_seen, disregarded, put_back: _, members: _ } = self;
        let mut said = f.debug_struct("Decisions");
        said.field("retracted", retracted).field("aliases", aliases).field("first_seen", first_seen);
        // A store from before there were any knows no such word, and need not derive all anew for its sake.
        if !disregarded.is_empty() {
            said.field("disregarded", disregarded);
        }
        said.finish()
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Decision {
    /// Takes an item out of all feeds, or puts it back.
    Retract {
        /// The item.
        retract: Key,
        /// Put it back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        when: Option<DateTime<Utc>>,
    },
    /// Joins two keys into one item under the older id.
    Alias {
        /// The id that goes.
        alias: Key,
        /// The id that stays.
        of: Key,
    },
    /// The day an undated item was first seen.
    FirstSeen {
        /// The item.
        first_seen: Key,
        /// The day, in UTC.
        date: NaiveDate,
    },
    /// Lets a content say nothing of an item of which another content tells, or lets it count again.
    Disregard {
        /// The hash of its bytes.
        #[serde(with = "hash")]
        disregard: u128,
        /// Where it was met, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        /// Let it count again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
    },
}

/// A hash, as people see it: in hex.
mod hash {
    use serde::de::Error;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(hash: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{hash:032x}"))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<u128, D::Error> {
        let text = String::deserialize(from)?;
        // One that lost a digit is another's, and would let nothing give way.
        let whole = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let hash = whole.then(|| u128::from_str_radix(&text, 16).ok()).flatten();
        hash.ok_or_else(|| D::Error::custom("a hash has 32 hexadecimal digits"))
    }
}

/// A line that is no decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

impl Decisions {
    /// Reads the lines of a decisions file.
    ///
    /// # Errors
    /// The first line that is no decision, or an alias that would close a circle.
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        let mut decisions = Self::default();
        for (index, line) in whole(text).lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let bad = |reason: String| BadLine { line: index + 1, reason };
            let decision = serde_json::from_str(line).map_err(|_| {
                bad(format!("expected a retract, alias, first_seen or disregard object, but found {:?}", shorten(line)))
            })?;
            decisions.apply(decision).map_err(bad)?;
        }
        Ok(decisions)
    }

    /// Whether a decision says something that does not hold yet: aliases join what is not one, and of the times an item
    /// was taken out, and of the days it was first seen, the first counts.
    #[must_use]
    pub fn is_news(&self, decision: &Decision) -> bool {
        match decision {
            Decision::Retract { retract, undo: false, when } => {
                let family = self.family(self.root(*retract));
                let times: Vec<_> = family.iter().filter_map(|id| self.retracted.get(id)).collect();
                times.iter().all(|time| time.is_none()) && (when.is_some() || times.is_empty())
            }
            Decision::Retract { retract, undo: true, .. } => {
                let root = self.root(*retract);
                self.is_retracted(root) || !self.is_put_back(root)
            }
            Decision::Disregard { disregard, undo, .. } => self.disregarded.contains(disregard) == *undo,
            // A page that is read as it once was gives keys that are one already, maybe the other way round.
            Decision::Alias { alias, of } => self.root(*alias) != self.root(*of) && !self.aliases.contains_key(alias),
            Decision::FirstSeen { first_seen, .. } => !self.first_seen.contains_key(first_seen),
        }
    }

    /// Adds one decision.
    ///
    /// # Errors
    /// An alias that would close a circle.
    pub fn apply(&mut self, decision: Decision) -> Result<(), String> {
        match decision {
            Decision::Retract { retract, undo: false, when } => {
                // The first line that tells a time counts: after it the item was gone.
                let known = self.retracted.entry(retract).or_default();
                *known = known.or(when);
            }
            Decision::Retract { retract, undo: true, .. } => {
                // Under whichever of its ids the item was retracted.
                for id in self.family(self.root(retract)) {
                    self.retracted.remove(&id);
                    self.put_back.insert(id);
                }
            }
            Decision::Alias { alias, of } => {
                // An alias that is told anew may close one below its root as well.
                if self.way_up(of).any(|id| id == alias) {
                    return Err(format!("alias {alias} of {of} would close a circle"));
                }
                let root = self.root(of);
                match self.aliases.insert(alias, of) {
                    // Two files put together say the same of many.
                    Some(before) if before == of => {}
                    Some(_) => self.sort_into_families(),
                    None => {
                        let mut joined = self.members.remove(&alias).unwrap_or_default();
                        joined.insert(alias);
                        let family = self.members.entry(root).or_default();
                        if family.len() < joined.len() {
                            std::mem::swap(family, &mut joined);
                        }
                        family.extend(joined);
                    }
                }
            }
            Decision::FirstSeen { first_seen, date } => {
                self.first_seen.entry(first_seen).or_insert(date);
            }
            Decision::Disregard { disregard, undo: false, .. } => {
                self.disregarded.insert(disregard);
            }
            Decision::Disregard { disregard, undo: true, .. } => {
                self.disregarded.remove(&disregard);
            }
        }
        Ok(())
    }

    /// Whether the item that goes under `root` was retracted, under this id or another that is it by an alias.
    #[must_use]
    pub fn is_retracted(&self, root: Key) -> bool {
        let is_out = |id: &Key| self.retracted.contains_key(id);
        is_out(&root) || self.members.get(&root).is_some_and(|members| members.iter().any(is_out))
    }

    /// Whether the item that goes under `root` was put back, under whichever of its ids: asked where it is not
    /// retracted.
    #[must_use]
    pub fn is_put_back(&self, root: Key) -> bool {
        self.family(root).iter().any(|id| self.put_back.contains(id))
    }

    /// Whether something that was retracted `before` is so no more, though nobody put it back.
    #[must_use]
    pub fn lost_a_retraction(&self, before: &Self) -> bool {
        let is_lost = |id: &Key| {
            let root = self.root(*id);
            !self.is_retracted(root) && !self.is_put_back(root)
        };
        before.retracted.keys().any(is_lost)
    }

    /// Whether some item goes under several ids.
    #[must_use]
    pub fn has_aliases(&self) -> bool {
        !self.aliases.is_empty()
    }

    /// What `id` was told to be an alias of.
    #[must_use]
    pub fn alias_of(&self, id: Key) -> Option<Key> {
        self.aliases.get(&id).copied()
    }

    /// Whether the content of this hash says nothing of an item of which another content tells.
    #[must_use]
    pub fn disregards(&self, hash: u128) -> bool {
        self.disregarded.contains(&hash)
    }

    /// Whether it does so of any content.
    #[must_use]
    pub fn disregards_any(&self) -> bool {
        !self.disregarded.is_empty()
    }

    /// The decisions but for the days that these ids were first seen.
    #[must_use]
    pub fn without_days_of(&self, ids: &BTreeSet<Key>) -> Self {
        let mut without = self.clone();
        without.first_seen.retain(|id, _| !ids.contains(id));
        without
    }

    /// The day that the undated item that goes under `root` was first seen: as was noted for this id, or else the first
    /// for another that is it by an alias.
    #[must_use]
    pub fn day_first_seen(&self, root: Key) -> Option<NaiveDate> {
        let noted = |id: &Key| self.first_seen.get(id).copied();
        noted(&root).or_else(|| self.members.get(&root)?.iter().filter_map(noted).min())
    }

    /// Whether some decision speaks of `id`.
    #[must_use]
    pub fn names(&self, id: Key) -> bool {
        let Self { retracted, put_back, aliases, first_seen, members, disregarded: _ } = self;
        let is_one_item = aliases.contains_key(&id) || members.contains_key(&id);
        is_one_item || retracted.contains_key(&id) || put_back.contains(&id) || first_seen.contains_key(&id)
    }

    /// The items taken out of which it is known when, by the ids they go under: the last one first.
    #[must_use]
    pub fn taken_out(&self) -> Vec<(DateTime<Utc>, Key)> {
        let mut first: BTreeMap<Key, DateTime<Utc>> = BTreeMap::new();
        for (id, when) in &self.retracted {
            if let Some(when) = when {
                let known = first.entry(self.root(*id)).or_insert(*when);
                *known = (*known).min(*when);
            }
        }
        let mut taken_out: Vec<_> = first.into_iter().map(|(id, when)| (when, id)).collect();
        taken_out.sort_by_key(|(when, id)| (std::cmp::Reverse(*when), *id));
        taken_out
    }

    /// The id that `id` goes under in the end.
    #[must_use]
    pub fn root(&self, id: Key) -> Key {
        self.way_up(id).last().unwrap_or(id)
    }

    /// `id`, what it is an alias of, and so on.
    fn way_up(&self, id: Key) -> impl Iterator<Item = Key> {
        // `apply` lets no circle in; each step is one alias, so their number bounds the walk in any case.
        iter::successors(Some(id), |id| self.aliases.get(id).copied()).take(self.aliases.len() + 1)
    }

    /// All ids that go under `root`, itself among them.
    #[must_use]
    pub fn family(&self, root: Key) -> BTreeSet<Key> {
        let mut family = self.members.get(&root).cloned().unwrap_or_default();
        family.insert(root);
        family
    }

    /// Works the families out anew: an alias that is told otherwise takes those below it with it.
    fn sort_into_families(&mut self) {
        self.members.clear();
        let roots: Vec<(Key, Key)> = self.aliases.keys().map(|id| (self.root(*id), *id)).collect();
        for (root, id) in roots {
            self.members.entry(root).or_default().insert(id);
        }
    }
}

/// What of a decisions file counts: all but a last line that was cut by a crash.
#[must_use]
pub fn whole(text: &str) -> &str {
    let (lines, last) = text.rfind('\n').and_then(|end| text.split_at_checked(end + 1)).unwrap_or(("", text));
    if serde_json::from_str::<Decision>(last).is_ok() { text } else { lines }
}

fn shorten(line: &str) -> String {
    line.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "f90fd1be-c98e-5829-9df9-e18945c3f525";
    const B: &str = "989ac276-e457-55fc-89e6-fad198a4b56b";
    const C: &str = "c8c869dc-5f09-52b9-ab0c-83cd81f2a785";

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn the_text_that_stores_go_by_stays_as_it_is_where_nothing_is_disregarded() {
        let none = Decisions::default();
        assert_eq!(format!("{none:?}"), "Decisions { retracted: {}, aliases: {}, first_seen: {} }");
        let one = Decisions::parse(&format!("{{\"disregard\":\"{:032x}\"}}\n", 7)).unwrap();
        assert!(format!("{one:?}").ends_with(", disregarded: {7} }"), "{one:?}");
    }

    #[test]
    fn a_hash_that_lost_a_digit_is_refused() {
        for hash in ["7", "", "+e8a1d0c5b1f4a6d9be2c04f1a3d5577", "7e8a1d0c5b1f4a6d9be2c04f1a3d557"] {
            assert_eq!(Decisions::parse(&format!("{{\"disregard\":\"{hash}\"}}\n")).unwrap_err().line, 1, "{hash}");
        }
    }

    #[test]
    fn lines_are_read_in_order() {
        let text =
            format!("{{\"retract\":\"{A}\"}}\n\n{{\"retract\":\"{A}\",\"undo\":true}}\n{{\"retract\":\"{B}\"}}\n");
        assert_eq!(Decisions::parse(&text).unwrap().retracted, [(key(B), None)].into());
    }

    #[test]
    fn a_cut_last_line_is_no_decision_and_any_other_odd_line_is_an_error() {
        assert_eq!(Decisions::parse("{\"retract\":\"f90f").unwrap(), Decisions::default());
        assert_eq!(Decisions::parse(&format!("{{\"retract\":\"{A}\"}}")).unwrap().retracted.len(), 1);
        assert_eq!(Decisions::parse("{\"retrakt\":1}\n").unwrap_err().line, 1);
    }

    #[test]
    fn an_alias_that_closes_a_circle_is_refused() {
        let line = |alias, of| format!("{{\"alias\":\"{alias}\",\"of\":\"{of}\"}}\n");
        let chain = line(A, B) + &line(B, C);
        let decisions = Decisions::parse(&chain).unwrap();
        assert_eq!(decisions.root(key(A)), key(C));
        assert_eq!(decisions.family(key(C)), [key(A), key(B), key(C)].into());
        assert_eq!(Decisions::parse(&(chain.clone() + &line(C, A))).unwrap_err().line, 3);
        assert_eq!(Decisions::parse(&(chain + &line(B, A))).unwrap_err().line, 3);
    }

    #[test]
    fn a_family_is_all_that_goes_under_a_root_however_the_aliases_came() {
        let keys: Vec<Key> = (0..9u128).map(|n| Key(uuid::Uuid::from_u128(n))).collect();
        let mut decisions = Decisions::default();
        // Any order will do, with aliases that are told anew among them.
        for n in 0..200_usize {
            let (alias, of) = (keys[n * 7 % 9], keys[(n * n + n / 9) % 9]);
            let _ = decisions.apply(Decision::Alias { alias, of });
            for root in &keys {
                let of_root = keys.iter().copied().filter(|id| decisions.root(*id) == *root).chain([*root]);
                assert_eq!(decisions.family(*root), of_root.collect(), "after {n}");
            }
        }
        assert!(decisions.aliases.len() > 5);
    }

    #[test]
    fn a_retraction_holds_whichever_of_its_ids_an_item_goes_under() {
        let text = format!("{{\"retract\":\"{A}\"}}\n{{\"alias\":\"{A}\",\"of\":\"{B}\"}}\n");
        let mut decisions = Decisions::parse(&text).unwrap();
        assert!(decisions.is_retracted(key(B)) && !decisions.is_retracted(key(C)));
        decisions.apply(Decision::Retract { retract: key(B), undo: true, when: None }).unwrap();
        assert!(!decisions.is_retracted(key(B)));
    }

    #[test]
    fn what_holds_already_is_no_news() {
        let text = format!("{{\"retract\":\"{A}\"}}\n{{\"alias\":\"{A}\",\"of\":\"{B}\"}}\n");
        let mut decisions = Decisions::parse(&text).unwrap();
        let retract = |id, undo, when: Option<&str>| Decision::Retract {
            retract: key(id),
            undo,
            when: when.and_then(|when| when.parse().ok()),
        };
        let disregard = |undo| Decision::Disregard { disregard: 7, file: None, undo };
        let time = Some("2026-11-22T09:30:00Z");
        for (decision, is_news) in [
            (retract(B, false, None), false),
            // That it was taken out is known, and when is not.
            (retract(B, false, time), true),
            (retract(A, false, time), false),
            (retract(A, true, None), true),
            (retract(B, true, None), false),
            (retract(A, false, None), true),
            (retract(C, true, None), true),
            (retract(C, true, None), false),
            (disregard(true), false),
            (disregard(false), true),
            (disregard(false), false),
            (disregard(true), true),
        ] {
            assert_eq!(decisions.is_news(&decision), is_news, "{decision:?}");
            decisions.apply(decision).unwrap();
        }
    }

    #[test]
    fn the_first_line_that_tells_when_an_item_was_taken_out_counts() {
        let retract = |id, rest: &str| format!("{{\"retract\":\"{id}\"{rest}}}\n");
        let (one, two) = (",\"when\":\"2026-11-22T09:30:00Z\"", ",\"when\":\"2026-11-23T09:30:00Z\"");
        let alias = format!("{{\"alias\":\"{A}\",\"of\":\"{B}\"}}\n");
        let told = |text: &str| {
            let taken_out = Decisions::parse(text).unwrap().taken_out();
            taken_out.into_iter().map(|(when, id)| (when.format("%d").to_string(), id)).collect::<Vec<_>>()
        };
        assert_eq!(told(&retract(A, "")), []);
        assert_eq!(told(&(retract(A, "") + &retract(A, one) + &retract(A, two))), [("22".into(), key(A))]);
        assert_eq!(
            told(&(retract(A, one) + &retract(A, ",\"undo\":true") + &retract(A, two))),
            [("23".into(), key(A))]
        );
        assert_eq!(told(&(retract(A, two) + &alias + &retract(B, one))), [("22".into(), key(B))]);
        assert_eq!(told(&(retract(A, one) + &retract(C, two))), [("23".into(), key(C)), ("22".into(), key(A))]);
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for decision in [
            Decision::Retract { retract: key(A), undo: true, when: None },
            Decision::Retract { retract: key(A), undo: false, when: "2026-11-22T09:30:00Z".parse().ok() },
            Decision::Alias { alias: key(A), of: key(B) },
            Decision::FirstSeen { first_seen: key(C), date: "2026-11-22".parse().unwrap() },
            Decision::Disregard { disregard: 7, file: None, undo: true },
            Decision::Disregard { disregard: u128::MAX, file: Some("news/a.txt".into()), undo: false },
        ] {
            let line = serde_json::to_string(&decision).unwrap();
            assert_eq!(serde_json::from_str::<Decision>(&line).unwrap(), decision);
        }
    }
}
