//! All sightings of one key to the item that subscribers see.
//!
//! A page gives an *account* of an item: title, date, summary and what else it says. That a certain content of a
//! certain path gives it is a *sighting*, with the time at which the content was captured and its version, the count of
//! contents that the path had before. Nearly all items have one account, however often it is given; the rules are for
//! the others.
//!
//! A function of the set alone: order, grouping and repetition can't matter, so the same scrapes give the same item
//! whether they arrived over a year or all at once (law 2). Strings compare by code point; texts are equal when their
//! folds are. The rules, in the order they apply:
//!
//! 0. What a content says that the operator disregards counts only of items of which no other content tells. So nothing
//!    is taken out by it, and where an item stands (its sources, its month page, the headings that it was filed under)
//!    all sightings say as before. A text that stays is no newer by it (rule 4): readers have seen it.
//! 1. Cut accounts drop out, for a shorter text is no evidence of a correction: an account without summary, or whose
//!    folded summary is a strict prefix of another summary of the key. If all lack a summary, all stay.
//! 2. Title and summary come together from the account greatest by (captured, version, length of the summary in
//!    characters, summary, title). Date, its end and its time come together, and each other field alone, from the
//!    sighting greatest by (captured, version, value) that has it.
//! 3. `published` is the stamp of the date, or its time: at the offset from UTC that is printed with it, else in the
//!    source's zone. Where captures state their time, it is at most the stamp of the day after the earliest of them, so
//!    that an announced December date does not stay on top from March on.
//! 4. `updated` is `published` while all whole accounts say the same. Else it is the first capture of the shown text
//!    that is not older than the newest whole account that differs, and at least `published`.
//! 5. An item without a date takes the day of the earliest stated capture, else the day recorded as first seen, else
//!    it is stored and kept out of feeds.
//!
//! The texts of whole accounts that differ from the one shown are what the item said before, and the earliest day that
//! any sighting gives names its month page.
//!
//! What it is filed under, of all its sightings, says [`category`].
//!
//! [`split`] comes before: one key may turn out to be the name of several announcements (twins).
//!
//! | what | where |
//! |---|---|
//! | twins | `twins` |
//! | rule 0, and all fields that are neither text nor date | here |
//! | rules 1, 2 and 4, and what the item said before | `texts` |
//! | rules 3 and 5 | `dated` |

mod dated;
#[cfg(test)]
mod tests;
mod texts;
mod twins;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use self::dated::Dated;
use self::texts::{Texts, candidates, shown};
pub use self::twins::{Group, split};
use super::category::{self, Subject};
use super::decisions::Decisions;
use super::identify::{self, Site};
use super::item::{Account, Captured, Item, Key, SourceNo, Text, day_after};
use super::zone::Zone;

/// Changes whenever the same sightings could give another item, its categories included: what was settled by an older
/// revision is settled again.
pub const REVISION: u32 = 3;

/// One account in one content of one path.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// Where the path belongs.
    pub source: SourceNo,
    /// What is said.
    pub account: &'a Account,
    /// When.
    pub captured: Captured,
    /// How often the path's content had been replaced before.
    pub version: u32,
    /// Which content says so: twins are told by what one content lists.
    pub content: i64,
    /// The language in which that content was read, where it left no doubt.
    pub language: Option<&'a str>,
    /// The operator does not believe that content (rule 0).
    pub disregarded: bool,
}

/// What orders the sightings of one item: time of capture, an unknown one lowest, then version.
type Recency = (Option<DateTime<Utc>>, u32);

impl Sighting<'_> {
    fn recency(&self, id: Key) -> Recency {
        (self.captured.when.map(|moment| moment.instant_for(id)), self.version)
    }
}

/// What a source adds to the settling of its items.
#[derive(Debug, Clone)]
pub struct SourceRule {
    /// Its name in the config.
    pub name: String,
    /// The place scraped, as the config names it.
    pub place: String,
    /// The namespace of its items' keys.
    pub site: Site,
    /// The zone of times that name none.
    pub zone: Zone,
    /// The language of its pages, where the operator says it.
    pub language: Option<String>,
    /// Whether its items that nothing dates take the day that they were first seen.
    pub first_seen: bool,
}

/// What settling depends on besides the sightings.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Every source the store knows; one that left the config keeps its last site and UTC.
    pub sources: BTreeMap<SourceNo, SourceRule>,
    /// What no file can give back.
    pub decisions: Decisions,
    /// The categories that the operator defined.
    pub categories: Vec<category::Rule>,
}

impl Rules {
    /// The language of what `source` lists, which was read in `read`: the operator knows better.
    #[must_use]
    pub fn language<'a>(&'a self, source: SourceNo, read: Option<&'a str>) -> Option<&'a str> {
        self.sources.get(&source).and_then(|rule| rule.language.as_deref()).or(read)
    }
}

/// A settled item, and which of its sightings gave title and summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What subscribers see.
    pub item: Item,
    /// Index of a sighting whose account is the shown text: a store need not keep that twice.
    pub shown_by: usize,
}

/// Settles what the sightings of one announcement say into the item that subscribers see.
///
/// `None` when there is no sighting.
#[must_use]
pub fn settle(id: Key, key: Key, sightings: &[Sighting<'_>], rules: &Rules) -> Option<Settled> {
    if sightings.iter().all(|sighting| !sighting.disregarded) || sightings.iter().all(|sighting| sighting.disregarded) {
        return settle_those(id, key, (sightings, sightings), rules);
    }
    let counted = || sightings.iter().enumerate().filter(|(_, sighting)| !sighting.disregarded);
    let believed: Vec<_> = counted().map(|(_, sighting)| *sighting).collect();
    let Settled { mut item, shown_by } = settle_those(id, key, (&believed, sightings), rules)?;
    let was = settle_those(id, key, (sightings, sightings), rules)?.item;
    if say_the_same(&item, &was) {
        item.updated = item.updated.min(was.updated).max(item.published);
    }
    let (shown_by, _) = counted().nth(shown_by)?;
    Some(Settled { item, shown_by })
}

/// Whether two items show texts that are equal.
fn say_the_same(one: &Item, other: &Item) -> bool {
    let folded = |item: &Item| {
        let summary = item.summary.as_ref().map(|summary| identify::fold(summary.as_str()));
        (identify::fold(item.title.as_str()), summary)
    };
    folded(one) == folded(other)
}

/// Settles what some of `all` sightings say.
fn settle_those(
    id: Key,
    key: Key,
    (sightings, all): (&[Sighting<'_>], &[Sighting<'_>]),
    rules: &Rules,
) -> Option<Settled> {
    let (candidates, which) = candidates(sightings);
    let (shown_by, shown) = shown(id, sightings, &candidates, &which)?;
    let first_captured = sightings
        .iter()
        .filter(|sighting| sighting.captured.stated)
        .filter_map(|sighting| sighting.captured.when)
        .min_by_key(|moment| moment.instant_for(id));
    let printed = greatest(id, sightings, Dated::printed);
    let dated = printed.unwrap_or_else(|| Dated::by_capture(id, sightings, first_captured, rules));
    let published = dated.instant(id, sightings, rules).map(|instant| match first_captured {
        Some(moment) => instant.min(id.stamp(day_after(moment.day()))),
        None => instant,
    });
    let texts = Texts::of(shown, &candidates, &which);
    let mut sources: Vec<SourceNo> = all.iter().map(|sighting| sighting.source).collect();
    sources.sort_unstable();
    sources.dedup();
    let (title, summary) = (&shown.account.title, shown.account.summary.as_ref());
    let subject = Subject { title, summary, sources: &sources };
    let categories = category::categories(subject, topics(id, all), &rules.categories);
    let item = Item {
        id,
        key,
        title: title.clone(),
        summary: summary.cloned(),
        date: dated.day,
        date_end: dated.end,
        time: dated.time,
        date_raw: dated.raw.cloned(),
        basis: dated.basis,
        credit: greatest(id, sightings, |account| account.credit.as_ref()).cloned(),
        kicker: greatest(id, sightings, |account| account.kicker.as_ref()).cloned(),
        place: greatest(id, sightings, |account| account.place.as_ref()).cloned(),
        link: greatest(id, sightings, |account| account.link.as_ref()).cloned(),
        published,
        updated: published.map(|published| texts.updated(id, published, sightings)),
        sources,
        categories,
        earliest: all.iter().filter_map(|sighting| sighting.account.date).min(),
        earlier: texts.earlier(id, sightings),
        language: language(id, sightings, rules).and_then(Text::new),
    };
    Some(Settled { item, shown_by })
}

/// What must be known of an item to tell what one more sighting makes of it, where its sightings all give the very same
/// account, and that has a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// As settled.
    pub published: DateTime<Utc>,
    /// The sources that sighted it.
    pub sources: Vec<SourceNo>,
    /// As settled.
    pub language: Option<Text>,
    /// Its time of day states no offset from UTC: it is one of the zone of the source that gave it last (rule 3).
    pub is_local: bool,
}

impl Agreed {
    /// Whether the item `id` stays as it is when `source` sights the same account once more, captured then, on a page
    /// in `language`: a source that says nothing new, at a time that does not pull `published` back, and in the one
    /// zone that there is (rule 3). Nearly always so, and cheap to tell. `false` means only that the item must be
    /// settled.
    #[must_use]
    pub fn stays(&self, id: Key, source: SourceNo, captured: Captured, language: Option<&str>) -> bool {
        let stated = captured.when.filter(|_| captured.stated);
        self.sources.contains(&source)
            && (!self.is_local || self.sources.len() == 1)
            && (language.is_none() || language == self.language.as_ref().map(Text::as_str))
            && stated.is_none_or(|moment| self.published <= id.stamp(day_after(moment.day())))
    }
}

/// Whether all sightings give the very same account: nearly always, and then there is nothing to weigh.
fn all_alike(sightings: &[Sighting<'_>]) -> bool {
    sightings.windows(2).all(|pair| matches!(pair, [a, b] if std::ptr::eq(a.account, b.account)))
}

/// The value of the sighting greatest by (captured, version, value) that has it.
fn greatest<'a, T: Ord>(id: Key, sightings: &[Sighting<'a>], value: impl Fn(&'a Account) -> Option<T>) -> Option<T> {
    if all_alike(sightings) {
        return value(sightings.first()?.account);
    }
    let valued = sightings.iter().filter_map(|sighting| Some((sighting.recency(id), value(sighting.account)?)));
    valued.max().map(|(_, value)| value)
}

/// The language of the sighting greatest by (captured, version, language) that has one.
fn language<'a>(id: Key, sightings: &'a [Sighting<'_>], rules: &'a Rules) -> Option<&'a str> {
    let language = |sighting: &'a Sighting<'_>| rules.language(sighting.source, sighting.language);
    let first = sightings.first().and_then(language);
    if sightings.iter().all(|sighting| language(sighting) == first) {
        return first;
    }
    let known = sightings.iter().filter_map(|sighting| Some((sighting.recency(id), language(sighting)?)));
    known.max().map(|(_, language)| language)
}

/// The topics of all sightings by their folds, each spelled as the sighting greatest by (captured, version, spelling)
/// spells it.
fn topics(id: Key, sightings: &[Sighting<'_>]) -> BTreeMap<String, Text> {
    let mut spelled: BTreeMap<&Text, Recency> = BTreeMap::new();
    for sighting in sightings {
        if let Some(topic) = &sighting.account.topic {
            let newest = spelled.entry(topic).or_default();
            *newest = sighting.recency(id).max(*newest);
        }
    }
    let mut spelled: Vec<_> = spelled.into_iter().map(|(topic, newest)| (newest, topic)).collect();
    spelled.sort_unstable();
    spelled.into_iter().map(|(_, topic)| (identify::fold(topic.as_str()), topic.clone())).collect()
}
