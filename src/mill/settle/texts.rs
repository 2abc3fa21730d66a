//! The texts of an announcement: which of them are cut (rule 1), which is shown (rule 2), since when (rule 4), and
//! which it had before.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Recency, Sighting, all_alike};
use crate::mill::identify;
use crate::mill::item::{Account, Earlier, Key, Text};

/// The most texts that are told of what an item said before: a page that prints another figure each day has hundreds.
const EARLIER: usize = 20;

/// An account that sightings give, as far as settling weighs it.
pub(super) struct Candidate<'a> {
    pub(super) account: &'a Account,
    /// Its summary folded, where there is another candidate to compare it with.
    pub(super) folded: Option<String>,
    /// Not cut (rule 1).
    pub(super) whole: bool,
}

/// The distinct accounts of some sightings, in the order of their first ones, and which of them each sighting gives.
pub(super) fn candidates<'a>(sightings: &[Sighting<'a>]) -> (Vec<Candidate<'a>>, Vec<usize>) {
    let candidate = |sighting: &Sighting<'a>| Candidate { account: sighting.account, folded: None, whole: true };
    if let (true, Some(first)) = (all_alike(sightings), sightings.first()) {
        return (vec![candidate(first)], vec![0; sightings.len()]);
    }
    let mut candidates = Vec::new();
    let mut which = Vec::with_capacity(sightings.len());
    let mut known: BTreeMap<*const Account, usize> = BTreeMap::new();
    for sighting in sightings {
        // The address only tells an account from others: it decides no order.
        which.push(*known.entry(std::ptr::from_ref(sighting.account)).or_insert_with(|| {
            candidates.push(candidate(sighting));
            candidates.len() - 1
        }));
    }
    // With one account there is nothing to compare, and folding is the dear part.
    if candidates.len() > 1 {
        for candidate in &mut candidates {
            candidate.folded = candidate.account.summary.as_ref().map(|summary| identify::fold(summary.as_str()));
        }
        mark_cut(&mut candidates);
    }
    (candidates, which)
}

/// Rule 1. In sorted order, a strict prefix of any text is a prefix of the next different one.
fn mark_cut(candidates: &mut [Candidate<'_>]) {
    let mut folds: Vec<&str> = candidates.iter().filter_map(|candidate| candidate.folded.as_deref()).collect();
    folds.sort_unstable();
    folds.dedup();
    if folds.is_empty() {
        return;
    }
    let is_whole = |fold: &str| {
        let next = folds.partition_point(|other| *other <= fold);
        folds.get(next).is_none_or(|next| !next.starts_with(fold))
    };
    let whole: Vec<bool> = candidates.iter().map(|one| one.folded.as_deref().is_some_and(is_whole)).collect();
    for (candidate, whole) in candidates.iter_mut().zip(whole) {
        candidate.whole = whole;
    }
}

/// The sighting whose text is shown (rule 2): its place, and what it says.
pub(super) fn shown<'t, 'a>(
    id: Key,
    sightings: &[Sighting<'a>],
    candidates: &'t [Candidate<'a>],
    which: &[usize],
) -> Option<(usize, &'t Candidate<'a>)> {
    let mut pairs = sightings.iter().zip(which.iter().filter_map(|&index| candidates.get(index))).enumerate();
    let (place, (_, shown)) = match candidates.len() {
        1 => pairs.next(),
        _ => pairs
            .filter(|(_, (_, candidate))| candidate.whole)
            .max_by_key(|(_, (sighting, candidate))| TextRank::of(id, sighting, candidate.account)),
    }?;
    Some((place, shown))
}

/// The texts of one announcement: what is shown, and what else whole accounts say.
pub(super) struct Texts<'t, 'a> {
    candidates: &'t [Candidate<'a>],
    /// Which candidate each sighting gives.
    which: &'t [usize],
    /// The folded title of each candidate; empty where there is but one, which says one thing.
    titles: Vec<String>,
    /// Of each candidate, whether its text is the one that is shown.
    same: Vec<bool>,
}

impl<'t, 'a> Texts<'t, 'a> {
    pub(super) fn of(shown: &Candidate<'_>, candidates: &'t [Candidate<'a>], which: &'t [usize]) -> Self {
        if candidates.len() < 2 {
            return Self { candidates, which, titles: Vec::new(), same: Vec::new() };
        }
        let titles: Vec<String> = candidates.iter().map(|one| identify::fold(one.account.title.as_str())).collect();
        let title = identify::fold(shown.account.title.as_str());
        let same = candidates.iter().zip(&titles).map(|(one, of)| one.folded == shown.folded && *of == title).collect();
        Self { candidates, which, titles, same }
    }

    /// The sightings that give a whole account whose text is the one that is shown, or another.
    fn whole<'s>(
        &'s self,
        same: bool,
        sightings: &'s [Sighting<'a>],
    ) -> impl Iterator<Item = (&'s Sighting<'a>, usize)> {
        let is_one = move |index: usize| {
            self.same.get(index) == Some(&same) && self.candidates.get(index).is_some_and(|one| one.whole)
        };
        sightings.iter().zip(self.which.iter().copied()).filter(move |(_, index)| is_one(*index))
    }

    /// Rule 4.
    pub(super) fn updated(&self, id: Key, published: DateTime<Utc>, sightings: &[Sighting<'a>]) -> DateTime<Utc> {
        let captured = |(sighting, _): (&Sighting<'_>, usize)| sighting.recency(id).0;
        let Some(newest_other) = self.whole(false, sightings).map(captured).max() else { return published };
        let first =
            self.whole(true, sightings).map(captured).filter(|captured| *captured >= newest_other).flatten().min();
        first.map_or(published, |first| first.max(published))
    }

    /// What else whole accounts say: of texts that are equal the one that would be shown, in the order of rule 2.
    pub(super) fn earlier(&self, id: Key, sightings: &[Sighting<'a>]) -> Vec<Earlier> {
        let mut texts: BTreeMap<_, (TextRank<'a>, Option<NaiveDate>)> = BTreeMap::new();
        for (sighting, index) in self.whole(false, sightings) {
            let (Some(one), Some(title)) = (self.candidates.get(index), self.titles.get(index)) else { continue };
            let rank = TextRank::of(id, sighting, one.account);
            let day = sighting.captured.when.map(|moment| moment.day());
            let (greatest, since) = texts.entry((title, one.folded.as_deref())).or_insert((rank, day));
            *greatest = rank.max(*greatest);
            *since = [*since, day].into_iter().flatten().min();
        }
        let mut texts: Vec<_> = texts.into_values().collect();
        texts.sort_unstable_by(|a, b| b.cmp(a));
        texts.truncate(EARLIER);
        let earlier = |(TextRank { title, summary, .. }, since): (TextRank<'a>, _)| Earlier {
            title: title.clone(),
            summary: summary.clone(),
            since,
        };
        texts.into_iter().map(earlier).collect()
    }
}

/// What decides which text is shown (rule 2), in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TextRank<'a> {
    recency: Recency,
    /// Of the summary, in characters.
    length: usize,
    summary: &'a Option<Text>,
    title: &'a Text,
}

impl<'a> TextRank<'a> {
    fn of(id: Key, sighting: &Sighting<'_>, account: &'a Account) -> Self {
        let Account { title, summary, .. } = account;
        let length = summary.as_ref().map_or(0, |text| text.as_str().chars().count());
        Self { recency: sighting.recency(id), length, summary, title }
    }
}
