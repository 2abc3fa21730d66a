//! The store on SQLite (WAL, `synchronous=NORMAL`: a power cut may lose the last commits, whose files are then read
//! again, for their looks are lost with them; what was overwritten or deleted since is not there to be read).
//!
//! **Who follows from whom.** `path`, `seen` and `account` say what was read. From the contents of a path follows how
//! each stands ([`history`](crate::mill::history)); from what stands, the sightings of a key; from those and the
//! decisions, its `item`s ([`settle`](crate::mill::settle)); from the items, the `member`s of feeds. A batch changes
//! the first, and its effect is carried down key by key (`work`): cost follows the change, not the history; but a file
//! that grows adds a sighting to each item that it repeats. When the terms changed, or after an import, everything is
//! carried down.
//!
//! A content that a later one completes counts only for the accounts that the whole repeats: no sighting is filed for
//! the others.
//!
//! Here is what every store answers, and what changes it. Below lie the life of the file (`file`, `backup`, `salvage`),
//! a transaction at work (`work`), what feeds show of its effect (`members`), the publish ledger (`published`), where
//! items were sighted (`sighted`), and what nobody asks but commands and the daemon (`asked`); `rows` and `insert`
//! speak SQLite's types.

mod asked;
mod backup;
mod file;
mod insert;
mod members;
mod published;
mod rows;
mod salvage;
mod sighted;
mod work;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use rustc_hash::FxHashMap;

use self::file::Age;
use self::rows::{
    ITEM, LEDGER, READING, digest_from, item_from, key_from, ledger_row_from, moment_from, reading_from, signed, small,
    text_from, unpacked, unsigned,
};
pub(super) use self::rows::{get_meta, set_meta};
use self::work::{Keys, Work};
use super::{
    Absorbed, Batch, Content, FeedTerms, IsKnown, Known, KnownSource, LedgerRow, MOST_CONTENTS, MonthPage, Past,
    Placed, Reading, Recalled, Result, SightedAt, Store, StoreError, Terms, known_by,
};
use crate::mill::identify::Site;
use crate::mill::item::{Account, Captured, Item, Key, SourceNo};
use crate::mill::month::Month;

/// See the module.
pub struct Sqlite {
    db: Connection,
    age: Age,
    /// The month pages of feeds by their numbers, as they were read. What a batch changes is changed here, too;
    /// anything else that might change them forgets them all. Only who writes the store may ask twice.
    month_pages: RefCell<FxHashMap<i64, Vec<MonthPage>>>,
    /// Of accounts, which never change.
    keys: RefCell<Keys>,
    /// The file, where it was made here. It is closed after the connection: closing it, however often it was opened,
    /// takes away the locks that SQLite has on it (sqlite.org/howtocorrupt.html, section 2.2).
    made: Option<fs::File>,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{ConstraintViolation, DatabaseCorrupt, NotADatabase};
        let code = match &error {
            rusqlite::Error::SqlInputError { error, .. } => Some(error.code),
            error => error.sqlite_error_code(),
        };
        match code {
            // Tables that contradict each other: nothing that is written here breaks a constraint of a sound file.
            Some(DatabaseCorrupt | NotADatabase | ConstraintViolation) => Self::Damaged(error.to_string()),
            // A schema that lacks what this version wrote, or a fault of ours.
            Some(rusqlite::ErrorCode::Unknown) => Self::Refused(error.to_string()),
            Some(_) => Self::Unusable(Box::new(error)),
            None => Self::Damaged(error.to_string()),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Unusable(Box::new(error))
    }
}

impl From<postcard::Error> for StoreError {
    fn from(error: postcard::Error) -> Self {
        Self::Damaged(format!("a reading can't be understood: {error}"))
    }
}

/// One sighting, as it is filed: account, content.
type Pair = (i64, i64);

/// So many accounts are more than the cache holds, and are written before the transaction ends.
const MUCH: usize = 10_000;

/// The note that the store was made after what is published.
const RECOVERED: &str = "recovered";

/// How many contents of one path have an id.
const CONTENTS_PER_PATH: i64 = MOST_CONTENTS as i64;

fn content_id(path: i64, n: u32) -> i64 {
    path * CONTENTS_PER_PATH + i64::from(n)
}

/// The range of ids of the contents of a path.
fn contents_of(path: i64) -> (i64, i64) {
    (content_id(path, 0), content_id(path + 1, 0))
}

impl Sqlite {
    /// Whether the store was made after what is published, and may know less.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn is_recovered(&self) -> Result<bool> {
        Ok(get_meta(&self.db, RECOVERED)?.is_some())
    }

    /// Notes that it was, until [`forget_recovery`](Store::forget_recovery): feeds must not shrink.
    ///
    /// # Errors
    /// [`StoreError`], as for any writing.
    pub fn note_recovery(&mut self) -> Result<()> {
        set_meta(&self.db, RECOVERED, "yes")
    }

    /// The undated items whose sources ask for the day they are first seen, ascending: a run that was killed after it
    /// took them in has not noted it.
    fn unseen(&self, terms: &Terms) -> Result<Vec<Key>> {
        if terms.first_seen.is_empty() {
            return Ok(Vec::new());
        }
        let sql =
            format!("SELECT {ITEM} FROM item JOIN account ON account.id = item.text WHERE item.published IS NULL");
        let mut select = self.db.prepare_cached(&sql)?;
        let mut items = select.query_map([], item_from)?.collect::<rusqlite::Result<Vec<Item>>>()?;
        items.sort_by_key(|item| item.id);
        let asks = |item: &&Item| item.sources.iter().any(|no| terms.first_seen.contains(no));
        Ok(items.iter().filter(asks).map(|item| item.id).collect())
    }
}

impl Store for Sqlite {
    fn source_numbers(&mut self, names: &[&str]) -> Result<Vec<SourceNo>> {
        let mut numbers = Vec::with_capacity(names.len());
        for name in names {
            let known = self
                .db
                .prepare_cached("SELECT no FROM source WHERE name = ?")?
                .query_row([name], |row| row.get(0))
                .optional()?;
            let number = match known {
                Some(number) => number,
                None => {
                    self.db.prepare_cached("INSERT INTO source (name) VALUES (?)")?.execute([name])?;
                    small(self.db.last_insert_rowid())
                }
            };
            numbers.push(SourceNo(number));
        }
        Ok(numbers)
    }

    fn known_sources(&self) -> Result<Vec<KnownSource>> {
        let mut select = self.db.prepare_cached("SELECT no, name, place, site FROM source ORDER BY no")?;
        let rows = select.query_map([], |row| {
            let (place, site): (Option<String>, Option<[u8; 16]>) = (row.get(2)?, row.get(3)?);
            let filed = place.zip(site.map(|site| Site(uuid::Uuid::from_bytes(site))));
            Ok(KnownSource { no: SourceNo(row.get(0)?), name: row.get(1)?, filed })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn ledger(&self) -> Result<Vec<LedgerRow>> {
        let mut select = self.db.prepare_cached(&format!("SELECT {LEDGER} FROM path"))?;
        let rows = select.query_map([], ledger_row_from)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn ledger_row(&self, source: SourceNo, path: &str) -> Result<Option<LedgerRow>> {
        let mut select = self.db.prepare_cached(&format!("SELECT {LEDGER} FROM path WHERE source = ? AND name = ?"))?;
        Ok(select.query_row((source.0, path), ledger_row_from).optional()?)
    }

    fn contents_of(&self, source: SourceNo, path: &str) -> Result<Vec<Known>> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT seen.id % {CONTENTS_PER_PATH}, length, seen.digest FROM path
             JOIN seen ON seen.id >= path.id * {CONTENTS_PER_PATH} AND seen.id < (path.id + 1) * {CONTENTS_PER_PATH}
             WHERE path.source = ? AND path.name = ? ORDER BY seen.id"
        ))?;
        let rows = select.query_map((source.0, path), |row| {
            Ok(Known { n: row.get(0)?, length: unsigned(row.get(1)?), digest: digest_from(row, 2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn newest_reading(&self, source: SourceNo, path: &str) -> Result<Option<Reading<Account>>> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT {READING} FROM path JOIN seen ON seen.id = path.id * {CONTENTS_PER_PATH} + path.contents - 1
             WHERE path.source = ? AND path.name = ?"
        ))?;
        let mut rows = select.query((source.0, path))?;
        rows.next()?.map(|row| reading_from(&self.db, row, 0)).transpose()
    }

    fn capture_of(&self, source: SourceNo, path: &str) -> Result<(Captured, u32)> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT captured, captured_day, stated, version FROM path
             JOIN seen ON seen.id = path.id * {CONTENTS_PER_PATH} + path.contents - 1
             WHERE path.source = ? AND path.name = ?"
        ))?;
        let found = select.query_row((source.0, path), |row| {
            let captured = Captured { when: moment_from(row.get(0)?, row.get(1)?), stated: row.get(2)? };
            Ok((captured, row.get(3)?))
        });
        Ok(found.optional()?.unwrap_or_default())
    }

    fn past(&self, source: SourceNo, most: usize) -> Result<Vec<Past>> {
        let mut select = self.db.prepare_cached(
            "SELECT reading, layout FROM seen WHERE source = ? AND stated = 1
             ORDER BY captured DESC, version DESC, id LIMIT ?",
        )?;
        let mut rows = select.query((source.0, signed(most as u64)))?;
        let mut past = Vec::new();
        while let Some(row) = rows.next()? {
            let reading: Reading<i64> = unpacked(row, 0)?;
            past.push(Past::of(&reading, text_from(row, 1)?));
        }
        Ok(past)
    }

    fn agree(&mut self, terms: &Terms) -> Result<Absorbed> {
        let decided = format!("{:?}", terms.rules.decisions);
        let feeds = known_by::feeds(&terms.feeds);
        let meta = |name| get_meta(&self.db, name);
        let same_terms = meta("terms")?.as_deref() == Some(&terms.fingerprint);
        let same_feeds = meta("feeds")?.as_deref() == Some(&feeds);
        let same_decisions = meta("decisions")?.as_deref() == Some(&decided);
        if same_terms && same_feeds && same_decisions {
            return Ok(Absorbed { unseen: self.unseen(terms)?, ..Absorbed::default() });
        }
        // Of an item that nothing dates the day it was first seen moves that item and no other. Daemons note such days
        // one by one, for as long as they run.
        let decisions = &terms.rules.decisions;
        let unseen = if same_terms && same_feeds { self.unseen(terms)? } else { Vec::new() };
        let dated: BTreeSet<Key> = unseen.into_iter().filter(|id| decisions.day_first_seen(*id).is_some()).collect();
        let before = || format!("{:?}", decisions.without_days_of(&dated));
        let only_dated = !dated.is_empty() && meta("decisions")?.as_deref() == Some(&before());
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut work = Work::new(&transaction, terms)?;
        if only_dated {
            work.derive_those(&dated)?;
        } else {
            if !same_terms || !same_decisions {
                // Rare enough to do all of it: the cost is that of the store, once, and there is one way to be right.
                work.derive()?;
                for (source, rule) in &terms.rules.sources {
                    let mut update =
                        transaction.prepare_cached("UPDATE source SET place = ?, site = ? WHERE no = ?")?;
                    update.execute((&rule.place, rule.site.0.into_bytes(), source.0))?;
                }
            }
            work.agree_on_feeds()?;
            set_meta(&transaction, "terms", &terms.fingerprint)?;
            set_meta(&transaction, "feeds", &feeds)?;
        }
        set_meta(&transaction, "decisions", &decided)?;
        let (mut absorbed, _) = work.finish()?;
        transaction.commit()?;
        self.month_pages.get_mut().clear();
        // Those that were not settled may have no day yet, either.
        absorbed.unseen = self.unseen(terms)?;
        Ok(absorbed)
    }

    fn absorb(&mut self, batch: &mut Batch, terms: &Terms) -> Result<Absorbed> {
        self.grow_up()?;
        let is_much = self.age == Age::Filling && batch.accounts.len() >= MUCH;
        let file = self.made.as_ref().filter(|_| is_much);
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut work = Work::new(&transaction, terms)?;
        work.look(batch)?;
        batch.looks = Vec::new();
        // What was read is most of a new store, and stays as it is: it goes to the disk while the items are settled, so
        // that there is less to wait for when the store is kept.
        std::thread::scope(|scope| -> Result<()> {
            let sync = file.map(|file| || file.sync_data());
            let ahead = sync.and_then(|sync| std::thread::Builder::new().spawn_scoped(scope, sync).ok());
            work.carry_down()?;
            match ahead.map(std::thread::ScopedJoinHandle::join) {
                Some(Ok(synced)) => Ok(synced?),
                _ => Ok(()),
            }
        })?;
        let (absorbed, changed_pages) = work.finish()?;
        transaction.commit()?;
        self.update_month_pages(changed_pages);
        Ok(absorbed)
    }

    fn keep(&mut self) -> Result<()> {
        self.make_last()
    }

    fn head(&self, feed: &FeedTerms, terms: &Terms, known: Recalled<'_>) -> Result<Vec<Item>> {
        self.head_of(feed, terms, known)
    }

    fn month_pages(&self, feed: &FeedTerms) -> Result<Vec<MonthPage>> {
        self.month_pages_of(feed)
    }

    fn standing(
        &self,
        feed: &FeedTerms,
        months: &BTreeSet<Month>,
        known: IsKnown<'_>,
    ) -> Result<BTreeMap<Month, Vec<Placed>>> {
        self.standing_of(feed, months, known)
    }

    fn item(&self, id: Key, terms: &Terms) -> Result<Option<Item>> {
        let work = Work::new(&self.db, terms)?;
        let mut select = self.item_at()?;
        for key in work.family(work.plain_key(id)?)? {
            if let Some(item) = select.query_row((key.0.into_bytes(), id.0.into_bytes()), item_from).optional()? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    fn ids(&self) -> Result<BTreeSet<Key>> {
        let mut select = self.db.prepare("SELECT id FROM item WHERE text IS NOT NULL")?;
        Ok(select.query_map([], |row| key_from(row, 0))?.collect::<rusqlite::Result<_>>()?)
    }

    fn count(&self) -> Result<usize> {
        let count = get_meta(&self.db, "items")?.and_then(|count| count.parse().ok());
        Ok(count.unwrap_or_default())
    }

    fn items(&self, terms: &Terms, visit: &mut dyn FnMut(Item, Vec<SightedAt>)) -> Result<()> {
        self.items_of(terms, visit)
    }

    fn export(&self, visit: &mut dyn FnMut(Content)) -> Result<()> {
        let mut select = self.db.prepare(&format!(
            "SELECT source.name, path.name, seen.id % {CONTENTS_PER_PATH}, seen.digest, seen.length, seen.completed_by,
                    {READING}
             FROM seen JOIN path ON path.id = seen.id / {CONTENTS_PER_PATH} JOIN source ON source.no = path.source
             ORDER BY source.name, path.name, seen.id"
        ))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let at = (row.get(0)?, row.get(1)?, row.get(2)?);
            let bytes = (digest_from(row, 3)?, unsigned(row.get(4)?));
            let completed_by = row.get(5)?;
            visit(Content { completed_by, ..Content::new(at, bytes, reading_from(&self.db, row, 6)?) });
        }
        Ok(())
    }

    fn import(&mut self, contents: Vec<Content>, terms: &Terms) -> Result<Absorbed> {
        let names: Vec<&str> = contents.iter().map(|content| content.source.as_str()).collect();
        let numbers = self.source_numbers(&names)?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut work = Work::new(&transaction, terms)?;
        let mut ids = FxHashMap::default();
        for (content, source) in contents.into_iter().zip(numbers) {
            work.take_back(content, source, &mut ids)?;
        }
        work.derive()?;
        work.agree_on_feeds()?;
        let (absorbed, _) = work.finish()?;
        transaction.commit()?;
        self.month_pages.get_mut().clear();
        // What was exported need not be in the inbox.
        self.secure()?;
        Ok(absorbed)
    }

    fn forget_recovery(&mut self) -> Result<()> {
        self.db.execute("DELETE FROM meta WHERE name = ?", [RECOVERED])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Sqlite;
    use super::asked::FEEDS_OF;
    use super::members::{ELSEWHERE, WITHIN};

    /// How SQLite goes about it.
    fn plan(sql: &str) -> Vec<String> {
        let store = Sqlite::in_memory().unwrap();
        let mut explain = store.db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut steps = explain.raw_query();
        let mut plan = Vec::new();
        while let Some(step) = steps.next().unwrap() {
            plan.push(step.get(3).unwrap());
        }
        plan
    }

    #[test]
    fn the_feeds_of_an_item_are_found_without_looking_at_other_items() {
        let plan = plan(FEEDS_OF);
        let search = "SEARCH member USING PRIMARY KEY (feed=? AND published=? AND id=?)";
        assert!(plan.iter().any(|step| step == search), "{plan:?}");
    }

    #[test]
    fn what_stands_in_a_month_is_found_without_looking_at_other_months() {
        assert_eq!(plan(WITHIN), ["SEARCH member USING PRIMARY KEY (feed=? AND published>? AND published<?)"]);
        let elsewhere = plan(ELSEWHERE);
        assert!(elsewhere[0].contains("INDEX member_elsewhere (feed=? AND month=?)"), "{elsewhere:?}");
    }
}
