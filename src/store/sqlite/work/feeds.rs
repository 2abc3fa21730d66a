//! Which feeds show an item, which of them a batch changed, and what is fresh in them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, params};

use super::Work;
use crate::mill::feed;
use crate::mill::item::{Item, Key, SourceNo};
use crate::mill::month::Month;
use crate::store::sqlite::insert::Insert;
use crate::store::sqlite::rows::{ITEM, column, get_meta, item_from, set_meta, signed, small, unsigned};
use crate::store::{FRESH_DAYS, FeedState, FeedTerms, Reading, Result, Shelf, Terms, print};

/// A row of `member`, in the order of its key. The month only where it is not the one in which the item is published; the
/// print of the item at the end.
pub(super) type Member = (i64, std::cmp::Reverse<i64>, Key, Key, Option<Month>, u64);

impl Work<'_> {
    /// Counts the change for the feeds that may show it.
    pub(in crate::store::sqlite) fn touch_feeds(&mut self) -> Result<()> {
        for (feed, no) in self.terms.feeds.iter().zip(1i64..) {
            if feed.sources.iter().any(|source| self.changed_sources.contains(source)) {
                self.db.prepare_cached("UPDATE feed SET changed = changed + 1 WHERE no = ?")?.execute([no])?;
            }
        }
        let (new, gone) = (self.absorbed.new, self.absorbed.gone);
        if new != gone {
            let items = get_meta(self.db, "items")?.and_then(|count| count.parse::<i64>().ok()).unwrap_or_default();
            set_meta(self.db, "items", &(items + signed(new as u64) - signed(gone as u64)).to_string())?;
        }
        Ok(())
    }

    /// Makes the feeds and their members those of the terms.
    pub(in crate::store::sqlite) fn agree_on_feeds(&mut self) -> Result<()> {
        let db = self.db;
        let mut states: BTreeMap<String, FeedState> = BTreeMap::new();
        {
            let mut select = db.prepare("SELECT name, changed, shown, items, rendered_with, summary FROM feed")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let state = FeedState {
                    changed: unsigned(row.get(1)?),
                    shown: unsigned(row.get(2)?),
                    items: small(row.get(3)?) as usize,
                    rendered_with: row.get(4)?,
                    summary: row.get(5)?,
                };
                states.insert(row.get(0)?, state);
            }
        }
        db.execute_batch("DELETE FROM feed; DELETE FROM member; DELETE FROM month;")?;
        for (feed, no) in self.terms.feeds.iter().zip(1i64..) {
            let state = states.remove(&feed.name).unwrap_or_default();
            db.prepare_cached("INSERT INTO feed VALUES (?, ?, ?, ?, ?, ?, ?)")?.execute(params![
                no,
                feed.name,
                signed(state.changed + 1),
                signed(state.shown),
                signed(state.items as u64),
                state.rendered_with,
                state.summary
            ])?;
        }
        let mut members = Vec::new();
        let mut select = db.prepare(&format!("SELECT {ITEM} FROM item JOIN account ON account.id = item.text"))?;
        for item in select.query_map([], item_from)? {
            self.join_feeds(&item?, &mut members);
        }
        self.fill_feeds(members)
    }

    /// Puts an item into the feeds that show it, and into its month of each.
    pub(super) fn join_feeds(&mut self, item: &Item, members: &mut Vec<Member>) {
        let Some(published) = item.published else { return };
        let (month, print) = (item.month(), print(item));
        let day = published.date_naive();
        let within = month.days().is_some_and(|(first, next)| (first..next).contains(&day));
        let elsewhere = (!within).then_some(month);
        for no in feeds_of(self.terms, item) {
            members.push((no, std::cmp::Reverse(published.timestamp()), item.id, item.key, elsewhere, print));
            let change = self.months.entry((no, month)).or_default();
            *change = (change.0 + 1, change.1.wrapping_add(print));
        }
    }

    /// Takes an item, as it was, out of all feeds.
    pub(super) fn leave_feeds(&mut self, item: &Item) -> Result<()> {
        let Some(published) = item.published else { return Ok(()) };
        let (month, print) = (item.month(), print(item));
        let mut delete = self.db.prepare_cached("DELETE FROM member WHERE feed = ? AND published = ? AND id = ?")?;
        for no in column(self.db, "SELECT no FROM feed")? {
            if delete.execute(params![no, published.timestamp(), item.id.0.into_bytes()])? > 0 {
                let change = self.months.entry((no, month)).or_default();
                *change = (change.0 - 1, change.1.wrapping_sub(print));
            }
        }
        Ok(())
    }

    /// Writes who joined the feeds, and what that and who left made of their months.
    pub(super) fn fill_feeds(&mut self, mut members: Vec<Member>) -> Result<()> {
        members.sort_unstable();
        Insert::new(self.db, "member", 6)?.all(&members, |row, (feed, published, id, key, month, print)| {
            row.bind(feed)?;
            row.bind(published.0)?;
            row.bind(id.0.into_bytes())?;
            row.bind(key.0.into_bytes())?;
            row.bind_if(month.map(Month::number))?;
            row.bind(*print as i64)
        })?;
        let mut select = self.db.prepare_cached("SELECT items, print FROM month WHERE feed = ? AND month = ?")?;
        for ((feed, month), (items, print)) in std::mem::take(&mut self.months) {
            let known = select.query_row((feed, month.number()), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let (known, printed): (i64, i64) = known.unwrap_or_default();
            let (items, print) = (known + items, (printed as u64).wrapping_add(print));
            if items > 0 {
                let mut insert = self.db.prepare_cached("INSERT OR REPLACE INTO month VALUES (?, ?, ?, ?)")?;
                insert.execute((feed, month.number(), items, print as i64))?;
            } else {
                let mut delete = self.db.prepare_cached("DELETE FROM month WHERE feed = ? AND month = ?")?;
                delete.execute((feed, month.number()))?;
            }
            self.restocked.push((feed, Shelf { month, items: small(items) as usize, print }));
        }
        Ok(())
    }

    /// The items first captured within [`FRESH_DAYS`] before the newest stated capture of a feed's sources, and not in
    /// the first capture of any: the ids of each.
    pub(in crate::store::sqlite) fn fresh(&mut self, feed: &FeedTerms) -> Result<Vec<(Key, Key)>> {
        let mut ends: BTreeMap<SourceNo, (i64, i64)> = BTreeMap::new();
        for source in &feed.sources {
            let found: (Option<i64>, Option<i64>) = self
                .db
                .prepare_cached("SELECT min(captured), max(captured) FROM seen WHERE source = ? AND stated = 1")?
                .query_row([source.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if let (Some(first), Some(newest)) = found {
                ends.insert(*source, (first, newest));
            }
        }
        let Some(newest) = ends.values().map(|(_, newest)| *newest).max() else { return Ok(Vec::new()) };
        let since = newest - FRESH_DAYS * 86_400;
        let mut keys = BTreeSet::new();
        for source in ends.keys() {
            let site = self.site(*source);
            let readings: Vec<Vec<u8>> = {
                let mut select = self
                    .db
                    .prepare_cached("SELECT reading FROM seen WHERE source = ? AND stated = 1 AND captured >= ?")?;
                select.query_map((source.0, since), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
            };
            for reading in readings {
                for line in postcard::from_bytes::<Reading<i64>>(&reading)?.lines {
                    keys.insert(site.key(&*self.account(line.account)?));
                }
            }
        }
        let mut fresh = Vec::new();
        let mut done = BTreeSet::new();
        for key in keys {
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
                let is_fresh = earliest.is_some_and(|when| when >= since);
                if let (true, Some((key, _))) = (is_fresh, announcement.parts.first())
                    && captures.iter().all(|(when, first)| when != first)
                {
                    fresh.push((*key, announcement.id));
                }
            }
        }
        Ok(fresh)
    }
}

/// The feeds that show an item, by number.
fn feeds_of(terms: &Terms, item: &Item) -> impl Iterator<Item = i64> {
    let feeds = terms.feeds.iter().zip(1i64..);
    feeds.filter(|(of, _)| feed::shows(&of.sources, &of.choice, &terms.rules.decisions, item)).map(|(_, no)| no)
}
