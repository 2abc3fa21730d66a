//! What a feed shows: its head, its months, and the items that stand in them.
//!
//! Promised: cost follows what is asked for, not the history, but for a feed that shows its items only for so long:
//! there each item may count for the next, and all are gone through. What the caller knows already is not read.
//! Refused: writing. The members are made where items are settled (`work`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rusqlite::{CachedStatement, OptionalExtension};

use super::Sqlite;
use super::rows::{ITEM, instant_from, item_from, key_from, signed, small};
use super::work::Work;
use crate::mill::feed;
use crate::mill::item::{Item, Key, SourceNo};
use crate::mill::month::Month;
use crate::store::{FeedTerms, IsKnown, MonthPage, Placed, Recalled, Result, Terms, print};

/// The members of a feed that stand in the month in which they are published: nearly all.
pub(super) const WITHIN: &str = "SELECT key, id, print, published FROM member
                                 WHERE feed = ? AND published >= ? AND published < ? AND month IS NULL";

/// Those that stand in another: few, with an index of their own, which SQLite would not take by itself.
pub(super) const ELSEWHERE: &str = "SELECT key, id, print, published FROM member INDEXED BY member_elsewhere
                                    WHERE feed = ? AND month = ?";

impl Sqlite {
    /// See [`Store::head`](crate::store::Store::head).
    pub(super) fn head_of(&self, feed: &FeedTerms, terms: &Terms, known: Recalled<'_>) -> Result<Vec<Item>> {
        let _reading = self.db.unchecked_transaction()?;
        let Some(no) = self.feed_no(feed)? else { return Ok(Vec::new()) };
        if !feed.retention.is_none() {
            return self.retained_head(no, feed, terms);
        }
        let limit = if feed.limit == 0 { -1 } else { signed(feed.limit as u64) };
        let mut members = self
            .db
            .prepare_cached("SELECT key, id, print FROM member WHERE feed = ? ORDER BY published DESC, id LIMIT ?")?;
        let mut select = self.item_at()?;
        let (mut rows, mut newest) = (members.query((no, limit))?, Vec::new());
        while let Some(row) = rows.next()? {
            let (key, id, print) = (key_from(row, 0)?, key_from(row, 1)?, row.get::<_, i64>(2)? as u64);
            newest.push(match known(id, print) {
                Some(item) => item,
                None => select.query_row((key.0.into_bytes(), id.0.into_bytes()), item_from)?,
            });
        }
        let mut late = Vec::new();
        if feed.limit > 0 {
            let shown: BTreeSet<Key> = newest.iter().map(|item| item.id).collect();
            let mut select = self.db.prepare_cached(&format!(
                "SELECT {ITEM} FROM item JOIN account ON account.id = item.text
                 JOIN member ON member.feed = ?1 AND member.published = item.published AND member.id = item.id
                 WHERE item.key = ?2 AND item.id = ?3"
            ))?;
            for (key, id) in Work::new(&self.db, terms)?.fresh(feed, &shown, &mut self.keys.borrow_mut())? {
                if !shown.contains(&id) {
                    let item = select.query_row((no, key.0.into_bytes(), id.0.into_bytes()), item_from).optional()?;
                    late.extend(item);
                }
            }
        }
        Ok(feed::head(newest, late, feed.limit))
    }

    /// See [`Store::month_pages`](crate::store::Store::month_pages).
    pub(super) fn month_pages_of(&self, feed: &FeedTerms) -> Result<Vec<MonthPage>> {
        let Some(no) = self.feed_no(feed)? else { return Ok(Vec::new()) };
        if feed.retention.is_none() {
            if let Some(month_pages) = self.month_pages.borrow().get(&no) {
                return Ok(month_pages.clone());
            }
            let mut month_pages = Vec::new();
            let sql = "SELECT month, items, print FROM month WHERE feed = ? ORDER BY month DESC";
            let mut select = self.db.prepare_cached(sql)?;
            let mut rows = select.query([no])?;
            while let Some(row) = rows.next()? {
                let Some(month) = Month::from_number(row.get(0)?) else { continue };
                let print = row.get::<_, i64>(2)? as u64;
                month_pages.push(MonthPage { month, items: small(row.get(1)?) as usize, print });
            }
            self.month_pages.borrow_mut().insert(no, month_pages.clone());
            return Ok(month_pages);
        }
        let mut by_month: BTreeMap<Month, MonthPage> = BTreeMap::new();
        self.retained(no, feed, &mut |item, kept| {
            if kept {
                let month = item.month();
                let page = by_month.entry(month).or_insert(MonthPage { month, items: 0, print: 0 });
                page.items += 1;
                page.print = page.print.wrapping_add(print(&item));
            }
            true
        })?;
        Ok(by_month.into_values().rev().collect())
    }

    /// See [`Store::standing`](crate::store::Store::standing).
    pub(super) fn standing_of(
        &self,
        feed: &FeedTerms,
        months: &BTreeSet<Month>,
        known: IsKnown<'_>,
    ) -> Result<BTreeMap<Month, Vec<Placed>>> {
        // Or each of many statements would lock and unlock the store.
        let _reading = self.db.unchecked_transaction()?;
        let Some(no) = self.feed_no(feed)? else { return Ok(BTreeMap::new()) };
        let mut standing = match feed.retention.is_none() {
            true => self.standing_members(no, months, known)?,
            false => self.standing_retained(no, feed, months, known)?,
        };
        for placed in standing.values_mut() {
            placed.sort_unstable_by_key(Placed::order);
        }
        standing.retain(|_, placed| !placed.is_empty());
        Ok(standing)
    }

    /// What stands in these months of a feed that shows its items for ever, in any order.
    fn standing_members(
        &self,
        no: i64,
        months: &BTreeSet<Month>,
        known: IsKnown<'_>,
    ) -> Result<BTreeMap<Month, Vec<Placed>>> {
        let mut standing: BTreeMap<Month, Vec<Placed>> = BTreeMap::new();
        let mut unknown: Vec<(Key, Key, Month, Placed)> = Vec::new();
        let (mut within, mut elsewhere) = (self.db.prepare_cached(WITHIN)?, self.db.prepare_cached(ELSEWHERE)?);
        for month in months {
            let placed = standing.entry(*month).or_default();
            let mut place = |mut rows: rusqlite::Rows<'_>| -> Result<()> {
                while let Some(row) = rows.next()? {
                    let (key, id, print) = (key_from(row, 0)?, key_from(row, 1)?, row.get::<_, i64>(2)? as u64);
                    let published = instant_from(row.get(3)?).unwrap_or_default();
                    let found = Placed { published, id, print, item: None };
                    if known(*month, id, print) {
                        placed.push(found);
                    } else {
                        unknown.push((key, id, *month, found));
                    }
                }
                Ok(())
            };
            if let Some((first, next)) = month.days() {
                let from = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp();
                place(within.query((no, from(first), from(next)))?)?;
            }
            place(elsewhere.query((no, month.number()))?)?;
        }
        // In the order in which they lie in the file: what stands in a month is strewn all over it.
        unknown.sort_unstable_by_key(|(key, id, ..)| (*key, *id));
        let mut select = self.item_at()?;
        for (key, id, month, found) in unknown {
            let item = select.query_row((key.0.into_bytes(), id.0.into_bytes()), item_from)?;
            standing.entry(month).or_default().push(Placed { item: Some(Box::new(item)), ..found });
        }
        Ok(standing)
    }

    /// The same of a feed that shows its items only for so long.
    fn standing_retained(
        &self,
        no: i64,
        feed: &FeedTerms,
        months: &BTreeSet<Month>,
        known: IsKnown<'_>,
    ) -> Result<BTreeMap<Month, Vec<Placed>>> {
        let mut standing: BTreeMap<Month, Vec<Placed>> = BTreeMap::new();
        self.retained(no, feed, &mut |item, kept| {
            let (id, print, month) = (item.id, print(&item), item.month());
            if let (Some(published), true) = (item.published, kept && months.contains(&month)) {
                let item = (!known(month, id, print)).then(|| Box::new(item));
                standing.entry(month).or_default().push(Placed { published, id, print, item });
            }
            true
        })?;
        Ok(standing)
    }

    /// Puts what is remembered of month pages right. One without items is none.
    pub(super) fn update_month_pages(&mut self, changed_pages: Vec<(i64, MonthPage)>) {
        for (feed, page) in changed_pages {
            let Some(month_pages) = self.month_pages.get_mut().get_mut(&feed) else { continue };
            let at = month_pages.partition_point(|known| known.month > page.month);
            let known = month_pages.get(at).is_some_and(|known| known.month == page.month);
            month_pages.splice(at..at + usize::from(known), (page.items > 0).then_some(page));
        }
    }

    /// The head of a feed that shows its items only for so long.
    fn retained_head(&self, no: i64, feed: &FeedTerms, terms: &Terms) -> Result<Vec<Item>> {
        let mut wanted: BTreeSet<Key> = BTreeSet::new();
        if feed.limit > 0 {
            let fresh = Work::new(&self.db, terms)?.fresh(feed, &BTreeSet::new(), &mut self.keys.borrow_mut())?;
            wanted.extend(fresh.into_iter().map(|(_, id)| id));
        }
        let (mut newest, mut late) = (Vec::new(), Vec::new());
        self.retained(no, feed, &mut |item, kept| {
            let is_late = wanted.remove(&item.id);
            if kept && (feed.limit == 0 || newest.len() < feed.limit) {
                newest.push(item);
            } else if kept && is_late {
                late.push(item);
            }
            feed.limit == 0 || newest.len() < feed.limit || !wanted.is_empty()
        })?;
        Ok(feed::head(newest, late, feed.limit))
    }

    /// Goes through the members of a feed that shows its items only for so long, from the newest, for each may count
    /// for the next: tells of each whether it is kept, until none will be any more or `visit` has seen enough.
    fn retained(&self, no: i64, feed: &FeedTerms, visit: &mut dyn FnMut(Item, bool) -> bool) -> Result<()> {
        let mut retained = feed.retention.at(&feed.sources, |sources| self.newest_capture(sources))?;
        let mut select = self.db.prepare_cached(&format!(
            "SELECT {ITEM} FROM member JOIN item ON item.key = member.key AND item.id = member.id
             JOIN account ON account.id = item.text WHERE member.feed = ? ORDER BY member.published DESC, member.id"
        ))?;
        for item in select.query_map([no], item_from)? {
            let item = item?;
            let kept = retained.keeps(&item);
            if !kept && item.published.is_some_and(|published| retained.is_over(published)) || !visit(item, kept) {
                break;
            }
        }
        Ok(())
    }

    /// Looks up an item by the key that it is filed under, and its id.
    pub(super) fn item_at(&self) -> Result<CachedStatement<'_>> {
        Ok(self.db.prepare_cached(&format!(
            "SELECT {ITEM} FROM item JOIN account ON account.id = item.text WHERE item.key = ? AND item.id = ?"
        ))?)
    }

    fn feed_no(&self, feed: &FeedTerms) -> Result<Option<i64>> {
        let mut select = self.db.prepare_cached("SELECT no FROM feed WHERE name = ?")?;
        Ok(select.query_row([&feed.name], |row| row.get(0)).optional()?)
    }

    /// The newest capture of these sources, of the stated ones if there are any.
    fn newest_capture(&self, sources: &[SourceNo]) -> Result<Option<DateTime<Utc>>> {
        for stated in [true, false] {
            let mut newest: Option<i64> = None;
            for source in sources {
                let mut select =
                    self.db.prepare_cached("SELECT max(captured) FROM seen WHERE source = ? AND stated = ?")?;
                newest = newest.max(select.query_row((source.0, stated), |row| row.get(0))?);
            }
            if newest.is_some() {
                return Ok(instant_from(newest));
            }
        }
        Ok(None)
    }
}
