//! A store that keeps what was read and computes all else anew each time it is asked: the oracle of the tests.
//!
//! It promises to be slow and obviously right. Nothing in it is incremental, so it can't be wrong about a difference.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Absorbed, Batch, Content, FRESH_DAYS, FeedState, FeedTerms, Found, IsKnown, Known, KnownSource, LedgerRow,
    MonthPage, Past, Placed, PublishLedger, PublishedChange, PublishedRow, Reading, Recalled, Result, SightedAt, Store,
    StoreError, Terms, print,
};
use crate::mill::decisions::Decisions;
use crate::mill::feed;
use crate::mill::history::{self, Standing};
use crate::mill::identify::Site;
use crate::mill::item::{Account, Captured, Item, Key, Moment, SourceNo};
use crate::mill::month::Month;
use crate::mill::settle::{self, Rules, Sighting};
use crate::stat::Stat;

#[derive(Debug, Clone)]
struct Kept {
    digest: u128,
    length: u64,
    completed_by: Option<u32>,
    reading: Reading<Account>,
}

#[derive(Debug, Clone, Default)]
struct Path {
    stat: Stat,
    racy: bool,
    revision: u64,
    drift: Option<String>,
    contents: Vec<Kept>,
}

/// See the module.
#[derive(Default)]
pub struct Memory {
    sources: Vec<String>,
    paths: BTreeMap<(SourceNo, String), Path>,
    /// The terms of the last call that gave some: what the items follow from.
    terms: Option<View>,
    feeds: BTreeMap<String, FeedState>,
    published: BTreeMap<String, PublishedRow>,
}

/// A capture whose time is stated: whose, and when.
type Stated = (SourceNo, Option<DateTime<Utc>>);

/// The part of the terms that items follow from, with the stated captures worked out.
struct View {
    rules: Rules,
    first_seen: Vec<SourceNo>,
    stated: BTreeMap<(SourceNo, String), Option<Moment>>,
}

impl Memory {
    fn remember(&mut self, terms: &Terms) {
        let stated = self.paths.keys().map(|(source, path)| ((*source, path.clone()), (terms.captured)(*source, path)));
        self.terms =
            Some(View { rules: terms.rules.clone(), first_seen: terms.first_seen.clone(), stated: stated.collect() });
    }

    fn standings(&self, at: &(SourceNo, String), path: &Path) -> Vec<Standing> {
        let stated = self.terms.as_ref().and_then(|terms| terms.stated.get(at).copied().flatten());
        let contents: Vec<_> = path
            .contents
            .iter()
            .map(|kept| history::Content { completed_by: kept.completed_by, newest: kept.reading.newest })
            .collect();
        history::standings(stated, &contents)
    }

    /// Every sighting that counts, filed under its plain key.
    fn sightings(&self) -> BTreeMap<Key, (Site, Vec<(Sighting<'_>, SightedAt)>)> {
        let mut sightings: BTreeMap<Key, (Site, Vec<(Sighting<'_>, SightedAt)>)> = BTreeMap::new();
        let Some(terms) = &self.terms else { return sightings };
        let mut content = 0;
        for (at, path) in &self.paths {
            let Some(rule) = terms.rules.sources.get(&at.0) else { continue };
            for ((n, kept), standing) in path.contents.iter().enumerate().zip(self.standings(at, path)) {
                content += 1;
                let disregarded = terms.rules.decisions.disregards(kept.digest);
                let whole = standing.whole.and_then(|whole| path.contents.get(whole as usize));
                for line in &kept.reading.lines {
                    let repeated = |whole: &Kept| whole.reading.lines.iter().any(|other| other.account == line.account);
                    if whole.is_some_and(|whole| !repeated(whole)) {
                        continue;
                    }
                    let sighting = Sighting {
                        source: at.0,
                        account: &line.account,
                        captured: standing.captured,
                        version: standing.version,
                        content,
                        language: kept.reading.language,
                        disregarded,
                    };
                    let sighted = SightedAt {
                        source: rule.name.clone(),
                        file: at.1.clone(),
                        n: u32::try_from(n).unwrap_or(u32::MAX),
                        line: line.line,
                        number: line.number,
                        section: line.section.and_then(|index| kept.reading.sections.get(index as usize).cloned()),
                        captured: standing.captured.when.map(|moment| moment.instant()),
                        disregarded,
                    };
                    let key = rule.site.key(&line.account);
                    sightings.entry(key).or_insert((rule.site, Vec::new())).1.push((sighting, sighted));
                }
            }
        }
        sightings
    }

    fn all(&self) -> BTreeMap<Key, (Item, Vec<SightedAt>)> {
        let Some(terms) = &self.terms else { return BTreeMap::new() };
        let decisions = &terms.rules.decisions;
        let filed = self.sightings();
        let mut roots: BTreeMap<Key, (Key, Vec<Sighting<'_>>, Vec<SightedAt>)> = BTreeMap::new();
        for (key, (site, told)) in &filed {
            let sightings: Vec<_> = told.iter().map(|(sighting, _)| *sighting).collect();
            for group in settle::split(*site, *key, sightings) {
                let root = roots.entry(decisions.root(group.id)).or_insert((*key, Vec::new(), Vec::new()));
                // Which of a group's sightings are which: by content and account, as the group holds them.
                let of_group = told.iter().filter(|(sighting, _)| {
                    group
                        .sightings
                        .iter()
                        .any(|other| other.content == sighting.content && std::ptr::eq(other.account, sighting.account))
                });
                root.2.extend(of_group.map(|(_, at)| at.clone()));
                root.1.extend(group.sightings);
            }
        }
        let items = roots.into_iter().filter_map(|(id, (key, sightings, mut at))| {
            at.sort();
            Some((id, (settle::settle(id, key, &sightings, &terms.rules)?.item, at)))
        });
        items.collect()
    }

    fn difference(&self, before: &BTreeMap<Key, (Item, Vec<SightedAt>)>) -> Absorbed {
        let after = self.all();
        let mut absorbed = Absorbed::default();
        for (id, (item, _)) in &after {
            match before.get(id) {
                None => absorbed.new += 1,
                Some((old, _)) => absorbed.revised += usize::from(old.differs_from(item)),
            }
            let asks = |terms: &View| item.sources.iter().any(|source| terms.first_seen.contains(source));
            if item.published.is_none() && self.terms.as_ref().is_some_and(asks) {
                absorbed.unseen.push(*id);
                absorbed.new_unseen.extend((!before.contains_key(id)).then_some(*id));
            }
        }
        absorbed.gone = before.keys().filter(|id| !after.contains_key(id)).count();
        absorbed
    }

    /// The items that a feed shows, newest first.
    fn shown(&self, of: &FeedTerms, rules: &Rules) -> Result<Vec<Item>> {
        let shown = |item: &Item| feed::shows(&of.sources, &of.choice, &rules.decisions, item);
        let mut items: Vec<Item> = self.all().into_values().map(|(item, _)| item).filter(shown).collect();
        items.sort_by(feed::newest_first);
        let mut retained = of.retention.at(&of.sources, |sources| Ok::<_, StoreError>(self.newest_capture(sources)))?;
        items.retain(|item| retained.keeps(item));
        Ok(items)
    }

    /// The newest capture of these sources, of the stated ones if there are any.
    fn newest_capture(&self, sources: &[SourceNo]) -> Option<DateTime<Utc>> {
        let of_these = self.paths.iter().filter(|(at, _)| sources.contains(&at.0));
        let all: Vec<_> = of_these.flat_map(|(at, path)| self.standings(at, path)).map(|at| at.captured).collect();
        let newest = |stated: bool| {
            let those = all.iter().filter(|captured| captured.stated == stated);
            those.filter_map(|captured| Some(captured.when?.instant())).max()
        };
        newest(true).or_else(|| newest(false))
    }

    /// The stated captures of these sources.
    fn stated_captures(&self, sources: &[SourceNo]) -> Vec<Stated> {
        let of_these = self.paths.iter().filter(|(at, _)| sources.contains(&at.0));
        let standings =
            of_these.flat_map(|(at, path)| self.standings(at, path).into_iter().map(|standing| (at.0, standing)));
        let stated = standings.filter(|(_, standing)| standing.captured.stated);
        stated.map(|(source, standing)| (source, standing.captured.when.map(|moment| moment.instant()))).collect()
    }

    /// The stated captures of these sources that list an item, by its id.
    fn listings(&self, sources: &[SourceNo], decisions: &Decisions) -> BTreeMap<Key, BTreeSet<Stated>> {
        let mut listings: BTreeMap<Key, BTreeSet<Stated>> = BTreeMap::new();
        for (key, (site, told)) in &self.sightings() {
            let sightings: Vec<_> = told.iter().map(|(sighting, _)| *sighting).collect();
            for group in settle::split(*site, *key, sightings) {
                let of_these = group.sightings.iter().filter(|sighting| sources.contains(&sighting.source));
                let stated = of_these.filter(|sighting| sighting.captured.stated);
                let when = |sighting: &Sighting<'_>| sighting.captured.when.map(|moment| moment.instant());
                let listed = listings.entry(decisions.root(group.id)).or_default();
                listed.extend(stated.map(|sighting| (sighting.source, when(sighting))));
            }
        }
        listings
    }

    fn touch_feeds(&mut self, terms: &Terms) {
        for feed in &terms.feeds {
            self.feeds.entry(feed.name.clone()).or_default().changes += 1;
        }
    }
}

fn ledger_row(at: &(SourceNo, String), path: &Path) -> Option<LedgerRow> {
    let newest = path.contents.last()?;
    Some(LedgerRow {
        source: at.0,
        path: at.1.clone(),
        stat: path.stat,
        racy: path.racy,
        revision: path.revision,
        digest: newest.digest,
        items: u32::try_from(newest.reading.lines.len()).unwrap_or(u32::MAX),
        drift: path.drift.clone(),
    })
}

impl Store for Memory {
    fn source_numbers(&mut self, names: &[&str]) -> Result<Vec<SourceNo>> {
        let mut numbers = Vec::new();
        for name in names {
            let at = self.sources.iter().position(|known| known == name).unwrap_or_else(|| {
                self.sources.push((*name).to_owned());
                self.sources.len() - 1
            });
            numbers.push(SourceNo(u32::try_from(at).unwrap_or(u32::MAX)));
        }
        Ok(numbers)
    }

    fn known_sources(&self) -> Result<Vec<KnownSource>> {
        let rule = |no| self.terms.as_ref().and_then(|terms| terms.rules.sources.get(&no));
        let known = (0..).map(SourceNo).zip(&self.sources).map(|(no, name)| KnownSource {
            no,
            name: name.clone(),
            filed: rule(no).map(|rule| (rule.place.clone(), rule.site)),
        });
        Ok(known.collect())
    }

    fn ledger(&self) -> Result<Vec<LedgerRow>> {
        Ok(self.paths.iter().filter_map(|(at, path)| ledger_row(at, path)).collect())
    }

    fn ledger_row(&self, source: SourceNo, path: &str) -> Result<Option<LedgerRow>> {
        let at = (source, path.to_owned());
        Ok(self.paths.get(&at).and_then(|path| ledger_row(&at, path)))
    }

    fn contents_of(&self, source: SourceNo, path: &str) -> Result<Vec<Known>> {
        let contents = self.paths.get(&(source, path.to_owned())).map_or(&[][..], |path| &path.contents);
        Ok((0..).zip(contents).map(|(n, kept)| Known { n, length: kept.length, digest: kept.digest }).collect())
    }

    fn newest_reading(&self, source: SourceNo, path: &str) -> Result<Option<Reading<Account>>> {
        let newest = self.paths.get(&(source, path.to_owned())).and_then(|path| path.contents.last());
        Ok(newest.map(|kept| kept.reading.clone()))
    }

    fn capture_of(&self, source: SourceNo, path: &str) -> Result<(Captured, u32)> {
        let at = (source, path.to_owned());
        let standing = self.paths.get(&at).and_then(|path| self.standings(&at, path).pop());
        Ok(standing.map(|standing| (standing.captured, standing.version)).unwrap_or_default())
    }

    fn past(&self, source: SourceNo, most: usize) -> Result<Vec<Past>> {
        let mut all = Vec::new();
        for (at, path) in self.paths.iter().filter(|(at, _)| at.0 == source) {
            let stated = path.contents.iter().zip(self.standings(at, path)).filter(|(_, at)| at.captured.stated);
            all.extend(stated.map(|(kept, at)| {
                let past = Past::of(&kept.reading, kept.reading.layout.clone());
                (at.captured.when.map(|moment| moment.instant()), at.version, past)
            }));
        }
        all.sort_by_key(|(when, version, _)| std::cmp::Reverse((*when, *version)));
        Ok(all.into_iter().map(|(.., past)| past).take(most).collect())
    }

    fn agree(&mut self, terms: &Terms) -> Result<Absorbed> {
        let before = self.all();
        self.remember(terms);
        self.touch_feeds(terms);
        Ok(self.difference(&before))
    }

    fn absorb(&mut self, batch: &mut Batch, terms: &Terms) -> Result<Absorbed> {
        let before = self.all();
        let account = |index: &u32| batch.accounts.get(*index as usize).map(|(_, account)| Account::clone(account));
        for look in &std::mem::take(&mut batch.looks) {
            let path = self.paths.entry((look.source, look.path.clone())).or_default();
            (path.stat, path.racy) = (look.stat, look.racy);
            match &look.found {
                Found::Same => {}
                Found::New { digest, length, completes, reading } => {
                    let n = u32::try_from(path.contents.len()).unwrap_or(u32::MAX);
                    for earlier in completes {
                        if let Some(kept) = path.contents.get_mut(*earlier as usize) {
                            kept.completed_by.get_or_insert(n);
                        }
                    }
                    let Some(reading) = reading.map(account) else { continue };
                    (path.revision, path.drift) = (reading.revision, reading.drift.clone());
                    path.contents.push(Kept { digest: *digest, length: *length, completed_by: None, reading });
                }
                Found::Reread(reading) => {
                    if let (Some(reading), Some(kept)) = (reading.map(account), path.contents.last_mut()) {
                        (path.revision, path.drift) = (reading.revision, reading.drift.clone());
                        kept.reading = reading;
                    }
                }
                Found::Kept { revision, drift } => {
                    (path.revision, path.drift) = (*revision, Some(drift.clone()));
                }
            }
        }
        self.remember(terms);
        self.touch_feeds(terms);
        Ok(self.difference(&before))
    }

    fn keep(&mut self) -> Result<()> {
        Ok(())
    }

    fn head(&self, feed: &FeedTerms, terms: &Terms, _: Recalled<'_>) -> Result<Vec<Item>> {
        let items = self.shown(feed, &terms.rules)?;
        if feed.limit == 0 {
            return Ok(items);
        }
        let captures = self.stated_captures(&feed.sources);
        let listings = self.listings(&feed.sources, &terms.rules.decisions);
        let newest = captures.iter().filter_map(|(_, when)| *when).max();
        let first =
            |source: SourceNo| captures.iter().filter(|(of, _)| *of == source).filter_map(|(_, when)| *when).min();
        let is_late = |item: &Item| {
            let listings = listings.get(&item.id)?;
            let since = newest?.checked_sub_signed(TimeDelta::days(FRESH_DAYS))?;
            let earliest = listings.iter().filter_map(|(_, when)| *when).min()?;
            Some(earliest >= since && !listings.iter().any(|(source, when)| *when == first(*source)))
        };
        let late = items.iter().filter(|item| is_late(item).unwrap_or(false)).cloned().collect();
        Ok(feed::head(items, late, feed.limit))
    }

    fn month_pages(&self, feed: &FeedTerms) -> Result<Vec<MonthPage>> {
        let Some(View { rules, .. }) = &self.terms else { return Ok(Vec::new()) };
        let mut month_pages: BTreeMap<Month, MonthPage> = BTreeMap::new();
        for item in self.shown(feed, rules)? {
            let month = item.month();
            let page = month_pages.entry(month).or_insert(MonthPage { month, items: 0, print: 0 });
            page.items += 1;
            page.print = page.print.wrapping_add(print(&item));
        }
        Ok(month_pages.into_values().rev().collect())
    }

    fn standing(
        &self,
        feed: &FeedTerms,
        months: &BTreeSet<Month>,
        known: IsKnown<'_>,
    ) -> Result<BTreeMap<Month, Vec<Placed>>> {
        let Some(View { rules, .. }) = &self.terms else { return Ok(BTreeMap::new()) };
        let mut standing: BTreeMap<Month, Vec<Placed>> = BTreeMap::new();
        for item in self.shown(feed, rules)? {
            let (id, print, month) = (item.id, print(&item), item.month());
            if let (Some(published), true) = (item.published, months.contains(&month)) {
                let item = (!known(month, id, print)).then(|| Box::new(item));
                standing.entry(month).or_default().push(Placed { published, id, print, item });
            }
        }
        Ok(standing)
    }

    fn item(&self, id: Key, _: &Terms) -> Result<Option<Item>> {
        Ok(self.all().remove(&id).map(|(item, _)| item))
    }

    fn ids(&self) -> Result<BTreeSet<Key>> {
        Ok(self.all().into_keys().collect())
    }

    fn count(&self) -> Result<usize> {
        Ok(self.all().len())
    }

    fn items(&self, _: &Terms, visit: &mut dyn FnMut(Item, Vec<SightedAt>)) -> Result<()> {
        for (item, sightings) in self.all().into_values() {
            visit(item, sightings);
        }
        Ok(())
    }

    fn export(&self, visit: &mut dyn FnMut(Content)) -> Result<()> {
        let mut contents = Vec::new();
        for ((source, path), kept) in &self.paths {
            let source = self.sources.get(source.0 as usize).cloned().unwrap_or_default();
            for (n, kept) in (0..).zip(&kept.contents) {
                let (at, bytes) = ((source.clone(), path.clone(), n), (kept.digest, kept.length));
                let content = Content::new(at, bytes, kept.reading.clone());
                contents.push(Content { completed_by: kept.completed_by, ..content });
            }
        }
        contents.sort_by(|a, b| (&a.source, &a.path, a.n).cmp(&(&b.source, &b.path, b.n)));
        contents.into_iter().for_each(visit);
        Ok(())
    }

    fn import(&mut self, contents: Vec<Content>, terms: &Terms) -> Result<Absorbed> {
        for content in contents {
            let Some(source) = self.source_numbers(&[&content.source])?.first().copied() else { continue };
            let path = self.paths.entry((source, content.path.clone())).or_default();
            path.revision = content.reading.revision;
            path.contents.push(Kept {
                digest: u128::from_str_radix(&content.digest, 16).unwrap_or_default(),
                length: content.length,
                completed_by: content.completed_by,
                reading: content.into_reading(),
            });
        }
        self.agree(terms)
    }

    fn forget_recovery(&mut self) -> Result<()> {
        Ok(())
    }
}

impl PublishLedger for Memory {
    fn feed_state(&self, feed: &str) -> Result<FeedState> {
        Ok(self.feeds.get(feed).cloned().unwrap_or_default())
    }

    fn each_published(&self, visit: &mut dyn FnMut(&PublishedRow)) -> Result<()> {
        self.published.values().for_each(visit);
        Ok(())
    }

    fn published_of(&self, feed: &str, all: bool) -> Result<Vec<PublishedRow>> {
        let of_feed = self.published.values().filter(|row| row.feed == feed && (all || row.made_of == 0));
        Ok(of_feed.cloned().collect())
    }

    fn published_at(&self, paths: &[&str]) -> Result<Vec<PublishedRow>> {
        Ok(paths.iter().filter_map(|path| self.published.get(*path)).cloned().collect())
    }

    fn record_published(&mut self, changes: &[PublishedChange]) -> Result<()> {
        for PublishedChange { feed, state, documents, gone } in changes {
            if let Some(state) = state {
                self.feeds.insert(feed.clone(), state.clone());
            }
            self.published.retain(|path, _| !gone.contains(path));
            self.published.extend(documents.iter().map(|row| (row.path.clone(), row.clone())));
        }
        Ok(())
    }
}
