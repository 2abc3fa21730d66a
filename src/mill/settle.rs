//! All sightings of one key to the item that subscribers see.
//!
//! A function of the set alone: order, grouping and repetition can't matter, so the same scrapes give the same item
//! whether they arrived over a year or all at once (law 2). Strings compare by code point; texts are equal when their
//! folds are. The rules, in the order they apply:
//!
//! 0. What a content says that the operator disregards counts only of items of which no other content tells. So nothing is
//!    taken out by it, and where an item stands (its sources, its month page, the headings that it was filed under) all
//!    sightings say as before. A text that stays is no newer by it (rule 4): readers have seen it.
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

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::category::{self, Subject};
use super::decisions::Decisions;
use super::identify::{self, Site};
use super::item::{Account, Captured, DateBasis, Earlier, Item, Key, Moment, SourceNo, Text, day_after};
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

/// Some sightings of one key that are one announcement.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The id that this group bears, aliases not yet followed.
    pub id: Key,
    /// Its sightings.
    pub sightings: Vec<Sighting<'a>>,
}

/// An account that sightings give, as far as settling weighs it.
struct Candidate<'a> {
    account: &'a Account,
    /// Its summary folded, where there is another candidate to compare it with.
    folded: Option<String>,
    /// Not cut (rule 1).
    whole: bool,
}

/// Whether all sightings give the very same account: nearly always, and then there is nothing to weigh.
fn all_alike(sightings: &[Sighting<'_>]) -> bool {
    sightings.windows(2).all(|pair| matches!(pair, [a, b] if std::ptr::eq(a.account, b.account)))
}

/// The distinct accounts of some sightings, in the order of their first ones, and which of them each sighting gives.
fn candidates<'a>(sightings: &[Sighting<'a>]) -> (Vec<Candidate<'a>>, Vec<usize>) {
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

/// Tells the announcements that share one key apart.
///
/// If one content lists a key twice, with summaries of which neither continues the other, the key's accounts are
/// grouped by the beginnings of their summaries. The group of the earliest capture (a tie: string order) keeps the
/// plain key and the accounts without summary; each other gets a key of its own. Nearly always there is one group.
#[must_use]
pub fn split<'a>(site: Site, key: Key, sightings: Vec<Sighting<'a>>) -> Vec<Group<'a>> {
    let (candidates, which) = candidates(&sightings);
    if candidates.len() < 2 {
        return vec![Group { id: key, sightings }];
    }
    // How a summary begins, and whether it is whole.
    let head_of = |index: usize| {
        let candidate = candidates.get(index)?;
        candidate.folded.as_deref().map(|fold| (identify::twin_head(fold), candidate.whole))
    };
    // For each content, the head it gives; a second one proves twins.
    let mut heads: BTreeMap<i64, &str> = BTreeMap::new();
    let mut first: BTreeMap<&str, Option<DateTime<Utc>>> = BTreeMap::new();
    let mut twins = false;
    for (sighting, &index) in sightings.iter().zip(&which) {
        let Some((head, true)) = head_of(index) else { continue };
        twins |= *heads.entry(sighting.content).or_insert(head) != head;
        let captured = sighting.captured.when.map(|moment| moment.instant_for(key));
        let earliest = first.entry(head).or_insert(captured);
        // An unknown time is absent where a time is needed.
        *earliest = [*earliest, captured].into_iter().flatten().min();
    }
    let plain = first.iter().min_by_key(|(head, when)| (when.is_none(), **when, **head)).map(|(head, _)| *head);
    let (true, Some(plain)) = (twins, plain) else {
        return vec![Group { id: key, sightings }];
    };

    let mut groups: BTreeMap<&str, Group<'a>> = BTreeMap::new();
    for (sighting, &index) in sightings.iter().zip(&which) {
        let head = match head_of(index) {
            None => plain,
            Some((head, true)) => head,
            // A cut account goes to the text it is a beginning of, the plain one first.
            Some((head, false)) if plain.starts_with(head) => plain,
            // Texts that go on from a beginning stand together, right behind it.
            Some((head, false)) => {
                let next = first.range(head..).next().map(|(next, _)| *next);
                next.filter(|next| next.starts_with(head)).unwrap_or(plain)
            }
        };
        let id = if head == plain { key } else { site.twin_key(sighting.account, head) };
        groups.entry(head).or_insert_with(|| Group { id, sightings: Vec::new() }).sightings.push(*sighting);
    }
    groups.into_values().collect()
}

/// A settled item, and which of its sightings gave title and summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What subscribers see.
    pub item: Item,
    /// Index of a sighting whose account is the shown text: a store need not keep that twice.
    pub shown: usize,
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
    let Settled { mut item, shown } = settle_those(id, key, (&believed, sightings), rules)?;
    let was = settle_those(id, key, (sightings, sightings), rules)?.item;
    if say_the_same(&item, &was) {
        item.updated = item.updated.min(was.updated).max(item.published);
    }
    let (shown, _) = counted().nth(shown)?;
    Some(Settled { item, shown })
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
    let pairs = || sightings.iter().zip(which.iter().filter_map(|&index| candidates.get(index))).enumerate();
    let (place, (_, shown)) = match candidates.len() {
        1 => pairs().next(),
        _ => pairs()
            .filter(|(_, (_, candidate))| candidate.whole)
            .max_by_key(|(_, (sighting, candidate))| TextRank::of(id, sighting, candidate.account)),
    }?;
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
    Some(Settled { item, shown: place })
}

/// The date of an item, and where it is from. Of two on the same sightings the greater one counts, field by field.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Dated<'a> {
    day: Option<NaiveDate>,
    end: Option<NaiveDate>,
    time: Option<NaiveTime>,
    offset: Option<i32>,
    raw: Option<&'a Text>,
    basis: DateBasis,
}

impl<'a> Dated<'a> {
    /// As an account prints it; `None` where that has no day.
    fn printed(account: &'a Account) -> Option<Self> {
        let Account { date: day, date_end: end, time, offset, date_raw, basis, .. } = account;
        let (end, time, offset, raw, basis) = (*end, *time, *offset, date_raw.as_ref(), *basis);
        day.is_some().then_some(Self { day: *day, end, time, offset, raw, basis })
    }

    /// Of an item of which no account prints a day (rule 5).
    fn by_capture(id: Key, sightings: &[Sighting<'a>], first_captured: Option<Moment>, rules: &Rules) -> Self {
        let asks = |source: &SourceNo| rules.sources.get(source).is_some_and(|rule| rule.first_seen);
        let is_asked_for = sightings.iter().any(|sighting| asks(&sighting.source));
        let first_seen = rules.decisions.first_seen.get(&id).filter(|_| is_asked_for).copied();
        let (day, basis) = match (first_captured, first_seen) {
            (Some(moment), _) => (Some(moment.day()), DateBasis::Captured),
            (None, Some(day)) => (Some(day), DateBasis::FirstSeen),
            (None, None) => (None, DateBasis::None),
        };
        let raw = greatest(id, sightings, |account| account.date_raw.as_ref());
        Self { day, end: None, time: None, offset: None, raw, basis }
    }

    /// The moment that is printed (rule 3), or the stamp of the day where no time is, or none that exists.
    fn instant(&self, id: Key, sightings: &[Sighting<'_>], rules: &Rules) -> Option<DateTime<Utc>> {
        let day = self.day?;
        let at = |time| match self.offset {
            Some(offset) => instant_at(day, time, offset),
            None => self.zone(id, sightings, rules).instant(day.and_time(time)),
        };
        Some(self.time.and_then(at).unwrap_or_else(|| id.stamp(day)))
    }

    /// The zone of the source that gives the date. Of two that do so at the same moment it is the one whose name comes
    /// first.
    fn zone(&self, id: Key, sightings: &[Sighting<'_>], rules: &Rules) -> Zone {
        let gives = |account: &Account| (account.date, account.time) == (self.day, self.time);
        let giver = sightings
            .iter()
            .filter(|sighting| gives(sighting.account))
            .filter_map(|sighting| Some((Reverse(sighting.recency(id)), rules.sources.get(&sighting.source)?)))
            .min_by_key(|(recency, source)| (*recency, source.name.as_str()));
        giver.map_or(Zone::UTC, |(_, source)| source.zone.clone())
    }
}

/// A local day and time, so many minutes east of UTC, in UTC.
fn instant_at(day: NaiveDate, time: NaiveTime, offset: i32) -> Option<DateTime<Utc>> {
    let east = chrono::TimeDelta::minutes(i64::from(offset));
    day.and_time(time).checked_sub_signed(east).map(|utc| utc.and_utc())
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
}

impl Agreed {
    /// Whether the item `id` stays as it is when `source` sights the same account once more, captured then, on a page in
    /// `language`: a source that says nothing new, at a time that does not pull `published` back (rule 3). Nearly always
    /// so, and cheap to tell. `false` means only that the item must be settled.
    #[must_use]
    pub fn stays(&self, id: Key, source: SourceNo, captured: Captured, language: Option<&str>) -> bool {
        let stated = captured.when.filter(|_| captured.stated);
        self.sources.contains(&source)
            && (language.is_none() || language == self.language.as_ref().map(Text::as_str))
            && stated.is_none_or(|moment| self.published <= id.stamp(day_after(moment.day())))
    }
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

/// The most texts that are told of what an item said before: a page that prints another figure each day has hundreds.
const EARLIER: usize = 20;

/// The texts of one announcement: what is shown, and what else whole accounts say.
struct Texts<'t, 'a> {
    candidates: &'t [Candidate<'a>],
    /// Which candidate each sighting gives.
    which: &'t [usize],
    /// The folded title of each candidate; empty where there is but one, which says one thing.
    titles: Vec<String>,
    /// Of each candidate, whether its text is the one that is shown.
    same: Vec<bool>,
}

impl<'t, 'a> Texts<'t, 'a> {
    fn of(shown: &Candidate<'_>, candidates: &'t [Candidate<'a>], which: &'t [usize]) -> Self {
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
    fn updated(&self, id: Key, published: DateTime<Utc>, sightings: &[Sighting<'a>]) -> DateTime<Utc> {
        let captured = |(sighting, _): (&Sighting<'_>, usize)| sighting.recency(id).0;
        let Some(newest_other) = self.whole(false, sightings).map(captured).max() else { return published };
        let first =
            self.whole(true, sightings).map(captured).filter(|captured| *captured >= newest_other).flatten().min();
        first.map_or(published, |first| first.max(published))
    }

    /// What else whole accounts say: of texts that are equal the one that would be shown, in the order of rule 2.
    fn earlier(&self, id: Key, sightings: &[Sighting<'a>]) -> Vec<Earlier> {
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

#[cfg(test)]
mod tests {
    use super::super::identify::tests::account_of;
    use super::*;
    use proptest::prelude::*;

    const SITE: &str = "x";
    const LANGUAGES: [Option<&str>; 3] = [None, Some("en"), Some("de")];

    fn rules() -> Rules {
        let rule = |name: &str| SourceRule {
            name: name.into(),
            place: SITE.into(),
            site: Site::new(SITE),
            zone: Zone::named("Europe/Moscow").unwrap(),
            language: None,
            first_seen: true,
        };
        Rules { sources: [(SourceNo(1), rule("a")), (SourceNo(2), rule("b"))].into(), ..Rules::default() }
    }

    fn stated(day: &str) -> Captured {
        Captured { when: day.parse().ok().map(Moment::Day), stated: true }
    }

    fn inferred(day: &str) -> Captured {
        Captured { when: day.parse().ok().map(Moment::Day), stated: false }
    }

    fn sighting(account: &Account, captured: Captured, version: u32) -> Sighting<'_> {
        Sighting { source: SourceNo(1), account, captured, version, content: 0, language: None, disregarded: false }
    }

    fn said(summary: &str) -> Account {
        account_of("Title", Some("2021-03-01"), Some(summary))
    }

    fn key() -> Key {
        Site::new(SITE).key(&said(""))
    }

    fn settled(sightings: &[Sighting<'_>]) -> Item {
        settle(key(), key(), sightings, &rules()).unwrap().item
    }

    #[test]
    fn a_cut_summary_is_no_correction() {
        let (whole, cut, none) =
            (said("The whole of the text."), said("The whole of…"), account_of("Title", Some("2021-03-01"), None));
        let item = settled(&[
            sighting(&whole, stated("2021-03-02"), 0),
            sighting(&cut, stated("2021-03-03"), 0),
            sighting(&none, stated("2021-03-04"), 0),
        ]);
        assert_eq!(item.summary, whole.summary);
        assert_eq!(item.updated, item.published, "a completed cut moves nothing");
    }

    #[test]
    fn a_revised_text_moves_updated_to_its_first_capture() {
        let (old, new) = (said("Ten came."), said("Twelve came."));
        let sightings = [
            sighting(&old, stated("2021-03-02"), 0),
            sighting(&new, stated("2021-03-05"), 0),
            sighting(&new, stated("2021-03-09"), 0),
        ];
        let item = settled(&sightings);
        assert_eq!(item.summary, new.summary);
        assert_eq!(item.updated, Moment::Day("2021-03-05".parse().unwrap()).instant_for(key()).into());
    }

    #[test]
    fn what_a_revised_item_said_before_is_kept_the_newest_first_and_each_text_once() {
        let (ten, again, eleven) = (said("Ten came."), said("“Ten came”."), said("Eleven came."));
        let (new, cut) = (said("Twelve came."), said("Twelve ca…"));
        let sightings = [
            sighting(&again, stated("2021-03-04"), 0),
            sighting(&ten, stated("2021-03-02"), 0),
            sighting(&eleven, stated("2021-03-03"), 0),
            sighting(&new, stated("2021-03-05"), 0),
            sighting(&cut, stated("2021-03-06"), 0),
        ];
        let told: Vec<_> = settled(&sightings)
            .earlier
            .into_iter()
            .map(|text| (text.summary.unwrap().to_string(), text.since.unwrap().to_string()))
            .collect();
        let text = |summary: &str, since: &str| (summary.to_owned(), since.to_owned());
        assert_eq!(told, [text("“Ten came”.", "2021-03-02"), text("Eleven came.", "2021-03-03")]);
    }

    #[test]
    fn an_item_stands_in_the_month_of_the_earliest_day_that_it_was_given() {
        let [march, april] = ["2021-03-31", "2021-04-01"].map(|day| account_of("Title", Some(day), None));
        let item = settled(&[sighting(&march, stated("2021-03-02"), 0), sighting(&april, stated("2021-03-05"), 0)]);
        assert_eq!((item.date, item.month().path().as_str()), (april.date, "2021/03"));
        let undated = account_of("Title", None, None);
        let item = settled(&[sighting(&undated, stated("2021-03-05"), 0)]);
        assert_eq!((item.month().path().as_str(), item.date.is_some()), ("undated", true));
    }

    #[test]
    fn a_reverted_text_is_updated_when_it_came_back() {
        let (a, b) = (said("Ten came."), said("Twelve came."));
        let sightings = [
            sighting(&a, stated("2021-03-02"), 0),
            sighting(&b, stated("2021-03-05"), 0),
            sighting(&a, stated("2021-03-07"), 0),
        ];
        let item = settled(&sightings);
        assert_eq!(item.summary, a.summary);
        assert_eq!(item.updated.unwrap().date_naive().to_string(), "2021-03-07");
    }

    #[test]
    fn a_changed_credit_or_quote_mark_is_no_revision() {
        let plain = said("It's done.");
        let mended = Account { credit: Text::new("Ann 2021"), ..said("It’s done.") };
        let item = settled(&[sighting(&plain, stated("2021-03-02"), 0), sighting(&mended, stated("2021-03-05"), 0)]);
        assert_eq!(item.updated, item.published);
        assert_eq!(item.credit, mended.credit);
        assert_eq!(item.summary, mended.summary, "shown as the newest capture prints it");
    }

    #[test]
    fn an_announced_date_is_published_at_most_the_day_after_its_first_capture() {
        let future = account_of("Fair", Some("2021-12-01"), None);
        let item = settled(&[sighting(&future, stated("2021-03-02"), 0)]);
        assert_eq!(item.published, Some(key().stamp("2021-03-03".parse().unwrap())));
        assert_eq!(item.date.unwrap().to_string(), "2021-12-01");
        let item = settled(&[sighting(&future, inferred("2021-12-01"), 0)]);
        assert_eq!(item.published, Some(key().stamp("2021-12-01".parse().unwrap())));
    }

    #[test]
    fn a_time_is_read_in_the_zone_of_the_source() {
        let timed = Account { time: NaiveTime::from_hms_opt(2, 0, 0), ..said("At night.") };
        let item = settled(&[sighting(&timed, inferred("2021-03-01"), 0)]);
        assert_eq!(item.published.unwrap().to_rfc3339(), "2021-02-28T23:00:00+00:00");
    }

    /// The date, and with it the id, stays the day that is printed; only the moment is that of the offset.
    #[test]
    fn an_offset_that_is_printed_goes_before_the_zone_of_the_source() {
        for (time, offset, published) in [
            ("23:30:00", 180, "2021-03-01T20:30:00+00:00"),
            ("23:30:00", 0, "2021-03-01T23:30:00+00:00"),
            ("23:30:00", -300, "2021-03-02T04:30:00+00:00"),
            ("00:15:00", 345, "2021-02-28T18:30:00+00:00"),
        ] {
            let (time, offset) = (time.parse().ok(), Some(offset));
            let timed = Account { time, offset, ..said("At night.") };
            let item = settled(&[sighting(&timed, inferred("2021-03-01"), 0)]);
            assert_eq!(item.published.unwrap().to_rfc3339(), published);
            assert_eq!((item.date.unwrap().to_string().as_str(), item.id), ("2021-03-01", key()));
        }
    }

    #[test]
    fn the_language_is_what_the_operator_says_else_that_of_the_newest_page_that_leaves_no_doubt() {
        let account = said("Text.");
        let on = |day, source, language| Sighting {
            source: SourceNo(source),
            language,
            ..sighting(&account, stated(day), 0)
        };
        let pages = [on("2021-03-02", 1, Some("en")), on("2021-03-03", 2, Some("sv")), on("2021-03-04", 1, None)];
        let language = |rules: &Rules| settle(key(), key(), &pages, rules).unwrap().item.language.map(String::from);
        assert_eq!(language(&rules()).as_deref(), Some("sv"));
        let mut said = rules();
        said.sources.get_mut(&SourceNo(1)).unwrap().language = Some("en-IE".into());
        assert_eq!(language(&said).as_deref(), Some("en-IE"));
    }

    #[test]
    fn an_item_without_a_date_takes_that_of_its_earliest_stated_capture_or_none() {
        let undated = account_of("Title", None, Some("Text."));
        let item = settled(&[sighting(&undated, stated("2021-03-05"), 0), sighting(&undated, stated("2021-03-02"), 0)]);
        assert_eq!((item.date.unwrap().to_string().as_str(), item.basis), ("2021-03-02", DateBasis::Captured));
        assert_eq!(settled(&[sighting(&undated, inferred("2021-03-05"), 0)]).published, None);
    }

    #[test]
    fn one_page_that_lists_a_key_twice_tells_twins_apart() {
        let (a, b) = (said("The lake rises."), said("The lake falls."));
        let none = account_of("Title", Some("2021-03-01"), None);
        let one = |account, captured, content| Sighting { content, ..sighting(account, captured, 0) };
        let apart =
            [one(&a, stated("2021-03-05"), 1), one(&b, stated("2021-03-03"), 2), one(&none, stated("2021-03-02"), 3)];
        assert_eq!(split(Site::new(SITE), key(), apart.to_vec()).len(), 1, "two pages: a revision");
        let together = [apart[0], apart[1], apart[2], one(&b, stated("2021-03-05"), 1)];
        let groups = split(Site::new(SITE), key(), together.to_vec());
        let plain = groups.iter().find(|group| group.id == key()).unwrap();
        assert_eq!(plain.sightings.len(), 3, "the text of the earliest capture keeps the key, and those without");
        let twin = groups.iter().find(|group| group.id != key()).unwrap();
        assert_eq!(twin.id, Site::new(SITE).twin_key(&a, "thelakerises"));
    }

    #[test]
    fn a_cut_account_goes_to_the_first_text_that_goes_on_from_it() {
        let all = ["A boat.", "The lake", "The lake falls.", "The lake rises.", "The lakeside.", "Then"].map(said);
        let content = |told| Sighting { content: 1, ..sighting(told, stated("2021-03-05"), 0) };
        let groups = split(Site::new(SITE), key(), all.iter().map(content).collect());
        let told = |group: &Group<'_>| -> Vec<String> {
            group.sightings.iter().filter_map(|one| one.account.summary.as_ref().map(Text::to_string)).collect()
        };
        let told: Vec<_> = groups.iter().map(told).collect();
        let texts: [&[&str]; 5] =
            [&["A boat."], &["The lake", "The lake falls."], &["The lake rises."], &["The lakeside."], &["Then"]];
        assert_eq!(told, texts);
    }

    #[test]
    fn what_is_disregarded_says_nothing_while_another_page_tells_of_the_item() {
        let (glued, good) = (said("Text. And that of its neighbour."), said("Text."));
        let wrong = Account { date: "1921-03-01".parse().ok(), topic: Text::new("Fish"), ..glued };
        let out = Sighting { disregarded: true, source: SourceNo(2), ..sighting(&wrong, stated("1921-03-02"), 1) };
        let stays = sighting(&good, stated("2021-03-05"), 0);
        let both = settled(&[out, stays]);
        let alone = settled(&[stays]);
        assert_eq!((&both.summary, both.published, both.updated), (&alone.summary, alone.published, alone.updated));
        assert_eq!(both.earlier, []);
        // Where it stands it stays: in the feeds of both sources and of its categories, and on the page that it has an
        // address on.
        assert_eq!(both.sources, [SourceNo(1), SourceNo(2)]);
        assert_eq!(both.categories, settled(&[out]).categories);
        assert_eq!(both.categories.len(), 1);
        assert_eq!(both.earliest, wrong.date);
        assert_eq!(settle(key(), key(), &[out, stays], &rules()).unwrap().shown, 1);
        // Nothing else tells of it, and it stays as well.
        assert_eq!(settled(&[out]), settled(&[Sighting { disregarded: false, ..out }]));
    }

    #[test]
    fn a_text_that_stays_is_no_newer_when_the_first_page_that_said_it_is_disregarded() {
        let (before, after) = (said("The lake rises."), said("The lake falls."));
        let first = sighting(&after, stated("2021-03-14"), 0);
        let all = [sighting(&before, stated("2021-03-10"), 0), first, sighting(&after, stated("2021-03-20"), 0)];
        let less = [all[0], Sighting { disregarded: true, ..first }, all[2]];
        assert!(settled(&all).updated > settled(&all).published);
        assert_eq!(settled(&less), settled(&all));
    }

    proptest! {
        #[test]
        fn an_item_that_stays_is_the_item_that_would_be_settled(
            days in prop::collection::vec((0u8..6, any::<bool>(), 1u32..3), 2..8),
            date in prop_oneof![Just("2021-03-01"), Just("2021-12-01")],
            time in any::<bool>(),
        ) {
            let time = NaiveTime::from_hms_opt(2, 0, 0).filter(|_| time);
            let account = Account { time, ..account_of("Title", Some(date), Some("Text.")) };
            let make = |&(day, stated, source): &(u8, bool, u32)| Sighting {
                source: SourceNo(source),
                account: &account,
                captured: Captured {
                    when: NaiveDate::from_ymd_opt(2021, 3, u32::from(day)).map(Moment::Day),
                    stated: stated && day > 0,
                },
                version: 0,
                content: i64::from(day),
                language: LANGUAGES[usize::from(day) % 3],
                disregarded: false,
            };
            let all: Vec<_> = days.iter().map(make).collect();
            let (last, before) = all.split_last().unwrap();
            let item = settled(before);
            let (sources, language) = (item.sources.clone(), item.language.clone());
            let agreed = Agreed { published: item.published.unwrap(), sources, language };
            if agreed.stays(key(), last.source, last.captured, last.language) {
                prop_assert_eq!(settled(&all), item);
            }
        }
    }

    fn any_sightings() -> impl Strategy<Value = Vec<(usize, u8, bool, u32, u32, i64)>> {
        prop::collection::vec((0usize..7, 0u8..6, any::<bool>(), 0u32..3, 1u32..3, 0i64..4), 1..12)
    }

    proptest! {
        /// Law 2.
        #[test]
        fn order_and_repetition_of_sightings_can_not_matter(recipe in any_sightings(), again in any_sightings()) {
            let accounts = [
                said("Ten came."), said("Twelve came."), said("Twelve came, and more"), said("Twelve came, and more."),
                account_of("“Title”", Some("2021-03-01"), Some("Ten came")), account_of("Title", Some("2021-03-01"), None),
                Account { credit: Text::new("Ann"), ..said("Ten came!") },
            ];
            let make = |&(account, day, stated, version, source, content): &(usize, u8, bool, u32, u32, i64)| Sighting {
                source: SourceNo(source),
                account: &accounts[account],
                captured: Captured {
                    when: NaiveDate::from_ymd_opt(2021, 3, u32::from(day)).map(Moment::Day),
                    stated: stated && day > 0,
                },
                version,
                content,
                language: LANGUAGES[content as usize % 3],
                disregarded: content == 3,
            };
            let forward: Vec<_> = recipe.iter().map(make).collect();
            let mut shuffled: Vec<_> = forward.iter().rev().copied().collect();
            shuffled.extend(again.iter().filter(|one| recipe.contains(one)).map(make));
            let items = |sightings: &[Sighting<'_>]| {
                let mut items: Vec<_> = split(Site::new(SITE), key(), sightings.to_vec())
                    .iter()
                    .map(|group| settle(group.id, key(), &group.sightings, &rules()).unwrap().item)
                    .collect();
                items.sort_by_key(|item| item.id);
                items
            };
            prop_assert_eq!(items(&forward), items(&shuffled));
        }
    }
}
