//! Which items came to light lately, though they may bear an older date: [`feed::head`](crate::mill::feed::head) shows
//! them.
//!
//! Each change of a feed asks, and a page that is captured every hour lists the same items again and again. So the key
//! of an account, which never changes, is remembered, and one look at the row of an item nearly always tells that it
//! was known before.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::Work;
use crate::mill::identify::Site;
use crate::mill::item::{Key, SourceNo};
use crate::store::sqlite::Pair;
use crate::store::sqlite::rows::{key_from, unpacked};
use crate::store::{FRESH_DAYS, FeedTerms, Reading, Result};

/// The keys of accounts, as they were worked out before.
#[derive(Default)]
pub(in crate::store::sqlite) struct Keys(FxHashMap<(Site, i64), Key>);

impl Keys {
    /// The accounts of a week of hourly captures of a busy page, and more.
    const MOST: usize = 1 << 14;

    fn of(&mut self, work: &mut Work<'_>, site: Site, account: i64) -> Result<Key> {
        if let Some(key) = self.0.get(&(site, account)) {
            return Ok(*key);
        }
        let key = site.key(&*work.account(account)?);
        if self.0.len() >= Self::MOST {
            self.0.clear();
        }
        self.0.insert((site, account), key);
        Ok(key)
    }
}

/// The stated captures of the sources of a feed.
struct Captures {
    /// The first and the newest of each source, in seconds since 1970.
    ends: BTreeMap<SourceNo, (i64, i64)>,
    /// From here on an item counts as fresh.
    since: i64,
    /// The contents captured since.
    within: FxHashSet<i64>,
}

impl Work<'_> {
    /// The items first captured within [`FRESH_DAYS`] before the newest stated capture of a feed's sources, and not in
    /// the first capture of any: the key that each is filed under, and its id. Those that are `shown` may be left out.
    pub(in crate::store::sqlite) fn fresh(
        &mut self,
        feed: &FeedTerms,
        shown: &BTreeSet<Key>,
        keys: &mut Keys,
    ) -> Result<Vec<(Key, Key)>> {
        let ends = self.ends(feed)?;
        let Some(newest) = ends.values().map(|(_, newest)| *newest).max() else { return Ok(Vec::new()) };
        let mut captures = Captures { ends, since: newest - FRESH_DAYS * 86_400, within: FxHashSet::default() };
        let listed = self.listed(&mut captures, keys)?;
        let Captures { ends, since, .. } = &captures;
        let mut fresh = Vec::new();
        let mut done = BTreeSet::new();
        for key in listed {
            if self.is_nothing_late(key, shown, &captures)? {
                continue;
            }
            let family = self.family(key)?;
            if !family.first().is_some_and(|first| done.insert(*first)) {
                continue;
            }
            let mut hold = Vec::new();
            for announcement in self.announcements(&family, &mut hold)? {
                let stated = announcement.sightings.iter().filter(|sighting| sighting.captured.stated);
                let captures: Vec<(i64, i64)> = stated
                    .filter_map(|sighting| {
                        let (first, _) = ends.get(&sighting.source)?;
                        Some((sighting.captured.when?.instant().timestamp(), *first))
                    })
                    .collect();
                let earliest = captures.iter().map(|(when, _)| *when).min();
                let is_fresh = earliest.is_some_and(|when| when >= *since);
                if let (true, Some((key, _))) = (is_fresh, announcement.parts.first())
                    && captures.iter().all(|(when, first)| when != first)
                {
                    fresh.push((*key, announcement.id));
                }
            }
        }
        Ok(fresh)
    }

    fn ends(&self, feed: &FeedTerms) -> Result<BTreeMap<SourceNo, (i64, i64)>> {
        let mut ends = BTreeMap::new();
        for source in &feed.sources {
            let mut select = self
                .db
                .prepare_cached("SELECT min(captured), max(captured) FROM seen WHERE source = ? AND stated = 1")?;
            let found: (Option<i64>, Option<i64>) =
                select.query_row([source.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if let (Some(first), Some(newest)) = found {
                ends.insert(*source, (first, newest));
            }
        }
        Ok(ends)
    }

    /// The keys of all that was listed since. Notes by which contents.
    fn listed(&mut self, captures: &mut Captures, keys: &mut Keys) -> Result<BTreeSet<Key>> {
        let mut listed = BTreeSet::new();
        for source in captures.ends.keys() {
            let mut accounts: FxHashSet<i64> = FxHashSet::default();
            let mut select = self
                .db
                .prepare_cached("SELECT id, reading FROM seen WHERE source = ? AND stated = 1 AND captured >= ?")?;
            let mut rows = select.query((source.0, captures.since))?;
            while let Some(row) = rows.next()? {
                captures.within.insert(row.get(0)?);
                let reading: Reading<i64> = unpacked(row, 1)?;
                accounts.extend(reading.lines.iter().map(|line| line.account));
            }
            let site = self.site(*source);
            for account in accounts {
                listed.insert(keys.of(self, site, account)?);
            }
        }
        Ok(listed)
    }

    /// Whether one look tells that nothing under a key has to be looked for: a single item is filed there, and it is
    /// shown, or was captured before. `false` means only that a closer look must tell.
    fn is_nothing_late(&mut self, key: Key, shown: &BTreeSet<Key>, captures: &Captures) -> Result<bool> {
        if self.terms.rules.decisions.has_aliases() {
            return Ok(false);
        }
        let pairs: Vec<Pair> = {
            let mut select = self.db.prepare_cached("SELECT id, pairs FROM item WHERE key = ? LIMIT 2")?;
            let mut rows = select.query([key.0.into_bytes()])?;
            let Some(row) = rows.next()? else { return Ok(false) };
            let is_shown = shown.contains(&key_from(row, 0)?);
            let pairs = unpacked(row, 1)?;
            if rows.next()?.is_some() {
                return Ok(false);
            }
            if is_shown {
                return Ok(true);
            }
            pairs
        };
        for (_, content) in pairs.into_iter().filter(|(_, content)| !captures.within.contains(content)) {
            let before = self.content(content)?;
            if before.captured.stated && captures.ends.contains_key(&before.source) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
