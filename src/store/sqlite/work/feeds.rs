//! Which feeds show an item, and which of them a batch changed.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use super::Work;
use crate::mill::feed;
use crate::mill::item::{Item, Key};
use crate::mill::month::Month;
use crate::store::sqlite::insert::Insert;
use crate::store::sqlite::rows::{ITEM, STATE, column, get_meta, item_from, set_meta, signed, small, state_from};
use crate::store::{FeedState, MonthPage, Result, Terms, print};

/// A row of `member`, in the order of its key. The month only where it is not the one in which the item is published;
/// the print of the item at the end.
pub(super) type Member = (i64, std::cmp::Reverse<i64>, Key, Key, Option<Month>, u64);

impl Work<'_> {
    /// Counts the change for the feeds that may show it.
    pub(super) fn touch_feeds(&mut self) -> Result<()> {
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
            let mut select = db.prepare(&format!("SELECT {STATE}, name FROM feed"))?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                states.insert(row.get(5)?, state_from(row)?);
            }
        }
        db.execute_batch("DELETE FROM feed; DELETE FROM member; DELETE FROM month;")?;
        for (feed, no) in self.terms.feeds.iter().zip(1i64..) {
            let state = states.remove(&feed.name).unwrap_or_default();
            db.prepare_cached("INSERT INTO feed VALUES (?, ?, ?, ?, ?, ?, ?)")?.execute(params![
                no,
                feed.name,
                signed(state.changes + 1),
                signed(state.changes_shown),
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
            self.changed_pages.push((feed, MonthPage { month, items: small(items) as usize, print }));
        }
        Ok(())
    }
}

/// The feeds that show an item, by number.
fn feeds_of(terms: &Terms, item: &Item) -> impl Iterator<Item = i64> {
    let feeds = terms.feeds.iter().zip(1i64..);
    feeds.filter(|(of, _)| feed::shows(&of.sources, &of.choice, &terms.rules.decisions, item)).map(|(_, no)| no)
}
