//! The store on SQLite (WAL, `synchronous=NORMAL`: a power cut may lose the last commits, whose files are then read
//! again, for their looks are lost with them).
//!
//! **Who follows from whom.** `path`, `seen` and `account` say what was read. From the contents of a path follows how
//! each stands ([`history`](crate::mill::history)); from what stands, the sightings of a key; from those and the
//! decisions, its `item`s ([`settle`](crate::mill::settle)); from the items, the `member`s of feeds. A batch changes the
//! first, and its effect is carried down key by key (`work`): cost follows the change, not the history. When the terms
//! changed, or after an import, everything is carried down.
//!
//! A content that a later one completes counts only for the accounts that the whole repeats: no sighting is filed for
//! the others.

mod insert;
mod rows;
mod salvage;
mod work;

use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rusqlite::{CachedStatement, Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use rustc_hash::FxHashMap;

use self::rows::{
    ITEM, LEDGER, READING, digest_from, get_meta, instant_from, item_from, key_from, ledger_row_from, moment_from,
    reading_from, set_meta, signed, small, text_from, unsigned,
};
use self::work::{Keys, Work};
use super::{
    Absorbed, Batch, Content, FeedState, FeedTerms, IsKnown, Known, KnownSource, LedgerChange, LedgerRow, Past, Placed,
    PublishedRow, ReadPath, Reading, Recalled, Result, Shelf, SightedAt, Store, StoreError, Terms, print, schema,
};
use crate::mill::decisions::Decisions;
use crate::mill::feed;
use crate::mill::identify::Site;
use crate::mill::item::{Account, Captured, Item, Key, SourceNo};
use crate::mill::month::Month;
use crate::mill::settle::Rules;

/// See the module.
pub struct Sqlite {
    db: Connection,
    age: Age,
    /// The month pages of feeds by their numbers, as they were read. What a batch changes is changed here, too; anything
    /// else that might change them forgets them all. Only who writes the store may ask twice.
    shelves: RefCell<FxHashMap<i64, Vec<Shelf>>>,
    /// Of accounts, which never change.
    keys: RefCell<Keys>,
    /// The file, where it was made here. It is closed after the connection: closing it, however often it was opened, takes
    /// away the locks that SQLite has on it (sqlite.org/howtocorrupt.html, section 2.2).
    made: Option<fs::File>,
}

/// How far a store has come: see [`Sqlite::open`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// It is filled for the first time, and a crash would leave nothing of it.
    Filling,
    /// Its first filling counts, and its log is as new as itself.
    Young,
    /// It lives under its log.
    Grown,
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

impl From<postcard::Error> for StoreError {
    fn from(error: postcard::Error) -> Self {
        Self::Damaged(format!("a reading can't be understood: {error}"))
    }
}

/// One sighting, as it is filed: account, content.
type Pair = (i64, i64);

/// The feeds that show an item. Of a plain join SQLite makes a walk through all members.
const FEEDS_OF: &str = "SELECT feed.name FROM feed CROSS JOIN member ON member.feed = feed.no
                        WHERE member.published = ? AND member.id = ? ORDER BY feed.no";

/// The members of a feed that stand in the month in which they are published: nearly all.
const WITHIN: &str = "SELECT key, id, print, published FROM member
                      WHERE feed = ? AND published >= ? AND published < ? AND month IS NULL";

/// Those that stand in another: few, with an index of their own, which SQLite would not take by itself.
const ELSEWHERE: &str = "SELECT key, id, print, published FROM member INDEXED BY member_elsewhere
                         WHERE feed = ? AND month = ?";

/// What the cache holds, in KiB below zero as SQLite counts it.
const CACHE: i64 = -4_096;

/// So many accounts are more than the cache holds, and are written before the transaction ends.
const MUCH: usize = 10_000;

/// Where a backup keeps the lines of the decisions file, among the notes.
const DECISIONS: &str = "decisions.jsonl";

/// How many contents of one path have an id.
const CONTENTS_PER_PATH: i64 = 1 << 20;

/// Whether the file at `file` is a store that was begun and never kept.
fn is_unfilled(file: &Path) -> bool {
    let mut header = [0; 100];
    let read = fs::File::open(file).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && schema::is_unfilled(&header)
}

fn content_id(path: i64, n: u32) -> i64 {
    path * CONTENTS_PER_PATH + i64::from(n)
}

/// A first filling that was given up leaves nothing behind: half of it is on the disk, in whatever order.
impl Drop for Sqlite {
    fn drop(&mut self) {
        let same = |made: &fs::File, path: &str| {
            let print = |found: fs::Metadata| (found.dev(), found.ino());
            Some(print(made.metadata().ok()?) == print(fs::metadata(path).ok()?))
        };
        if let (Age::Filling, Some(path), Some(made)) = (self.age, self.db.path(), &self.made)
            && same(made, path) == Some(true)
        {
            let _ = fs::remove_file(path);
        }
    }
}

impl Sqlite {
    fn new(db: Connection, age: Age, made: Option<fs::File>) -> Self {
        Self { db, age, shelves: RefCell::default(), keys: RefCell::default(), made }
    }

    fn grown(db: Connection) -> Self {
        Self::new(db, Age::Grown, None)
    }

    /// Opens the store at `file`, or makes one.
    ///
    /// A store that holds nothing yet is filled without a journal on disk and without waiting for it: a crash leaves a
    /// file whose header says that it was never filled, and the next start begins anew, for all that it held is in the
    /// inbox still. [`keep`](Store::keep) makes it one that lasts: synced once, then marked, then put under a log.
    ///
    /// # Errors
    /// [`StoreError`]: damaged, of a later version, or out of reach.
    pub fn open(file: &Path) -> Result<Self> {
        if is_unfilled(file) {
            fs::remove_file(file).map_err(|error| StoreError::Unusable(Box::new(error)))?;
        }
        let is_new = fs::metadata(file).map_or(true, |found| found.len() == 0);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(file, flags)?;
        db.busy_timeout(std::time::Duration::from_secs(5))?;
        let (age, made) = match is_new {
            true => (Age::Filling, Some(fs::File::open(file).map_err(|error| StoreError::Unusable(Box::new(error)))?)),
            false => (Age::Grown, None),
        };
        let mut store = Self::new(db, age, made);
        let db = &mut store.db;
        if is_new {
            // Before the size of the cache is set, which is counted in pages.
            db.pragma_update(None, "page_size", 8_192)?;
        }
        Self::prepare(db)?;
        if is_new {
            db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            // Rows come in the order of their keys: what is written is not looked at again.
            db.pragma_update(None, "cache_size", -1_024)?;
            // In memory, not off: what fails half-way, on a full disk, is still rolled back.
            db.pragma_update(None, "journal_mode", "MEMORY")?;
            db.pragma_update(None, "synchronous", "OFF")?;
            schema::begin(db)?;
        } else {
            db.pragma_update(None, "synchronous", "NORMAL")?;
            // Before the log is set up, for that writes: a store of a later version is refused untouched.
            schema::migrate(db)?;
            db.pragma_update(None, "journal_mode", "WAL")?;
        }
        // Closing need not copy the log into the file and sync both: the next pass reads it where it is, and the
        // automatic checkpoint bounds its size.
        db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(store)
    }

    /// Whether it is still being filled for the first time: given up now, it leaves nothing behind.
    #[must_use]
    pub fn is_being_filled(&self) -> bool {
        self.age == Age::Filling
    }

    /// Whether there is a store at `file`, or what may be a damaged one: a first filling that is under way, or was cut
    /// short, is none.
    #[must_use]
    pub fn is_there(file: &Path) -> bool {
        file.exists() && !is_unfilled(file)
    }

    /// Opens an existing store beside a writer, to read it.
    ///
    /// # Errors
    /// [`StoreError`]: missing, damaged, of another version, or out of reach.
    pub fn open_to_read(file: &Path) -> Result<Self> {
        if is_unfilled(file) {
            return Err(StoreError::Unusable("it is being filled for the first time, or that was cut short".into()));
        }
        let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .or_else(|_| Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY))?;
        db.busy_timeout(std::time::Duration::from_secs(5))?;
        db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        db.pragma_update(None, "query_only", true)?;
        Self::prepare(&db)?;
        let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found > schema::NEWEST {
            return Err(StoreError::Newer { found, known: schema::NEWEST });
        }
        if found < schema::NEWEST {
            return Err(StoreError::Unusable(format!("it is of version {found}: a pass brings it up to date").into()));
        }
        Ok(Self::grown(db))
    }

    /// A store that leaves nothing behind.
    ///
    /// # Errors
    /// Out of memory.
    pub fn in_memory() -> Result<Self> {
        let mut db = Connection::open_in_memory()?;
        Self::prepare(&db)?;
        schema::migrate(&mut db)?;
        Ok(Self::grown(db))
    }

    /// A copy of this store in memory: what `--dry-run` changes instead.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn copy_to_memory(&self) -> Result<Self> {
        let mut db = Connection::open_in_memory()?;
        Self::prepare(&db)?;
        rusqlite::backup::Backup::new(&self.db, &mut db)?.run_to_completion(
            i32::MAX,
            std::time::Duration::ZERO,
            None,
        )?;
        Ok(Self::grown(db))
    }

    /// From now on the log is synced where its order counts.
    ///
    /// The first log of a store need not be: there is no older one whose pages could be taken for its own, and nothing
    /// is copied out of it before this is called.
    fn grow_up(&mut self) -> Result<()> {
        if self.age == Age::Young {
            self.db.pragma_update(None, "synchronous", "NORMAL")?;
            self.age = Age::Grown;
        }
        Ok(())
    }

    /// Writes this store, as it is at one moment, into a new file, with the lines of the decisions file, which are asked
    /// for when the store is written.
    ///
    /// # Errors
    /// [`StoreError`]: the file can't be written, or the decisions can't be read.
    pub fn backup(&self, file: &Path, decisions: impl FnOnce() -> std::io::Result<String>) -> Result<()> {
        let unusable = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Unusable(error);
        let name = file.to_str().ok_or_else(|| unusable("its name must be UTF-8".into()))?;
        // A store that is only looked at refuses all writing, even into another file.
        let only_read: bool = self.db.pragma_query_value(None, "query_only", |row| row.get(0))?;
        self.db.pragma_update(None, "query_only", false)?;
        let written = self.db.execute("VACUUM INTO ?", [name]);
        self.db.pragma_update(None, "query_only", only_read)?;
        written?;
        let decisions = decisions().map_err(|error| unusable(Box::new(error)))?;
        let copy = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // One file, whole in itself.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        set_meta(&copy, DECISIONS, &decisions)?;
        copy.close().map_err(|(_, error)| error)?;
        Ok(())
    }

    /// The store that a backup holds, in memory; the file is not touched.
    ///
    /// # Errors
    /// [`StoreError`]: no store, a damaged one, or one of a later version.
    pub fn of_backup(file: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let backup = Self::grown(Connection::open_with_flags(file, flags)?);
        if backup.db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? == 0 {
            return Err(StoreError::Damaged("it is a database, but no store of feedmill".into()));
        }
        backup.check()?;
        let mut store = backup.copy_to_memory()?;
        schema::migrate(&mut store.db)?;
        Ok(store)
    }

    /// The lines of the decisions file that a backup holds.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn decisions_within(&self) -> Result<Option<String>> {
        get_meta(&self.db, DECISIONS)
    }

    fn prepare(db: &Connection) -> Result<()> {
        db.set_prepared_statement_cache_capacity(64);
        db.pragma_update(None, "cache_size", CACHE)?;
        db.pragma_update(None, "temp_store", "MEMORY")?;
        // Else a statement whose plan depends on what is bound to it is planned anew each time it runs.
        db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(())
    }

    /// Keeps the log short: a log of any length is read whole at the next start.
    ///
    /// # Errors
    /// [`StoreError`], as for any writing.
    pub fn tidy(&mut self) -> Result<()> {
        const SHORT: u64 = 1 << 20;
        let log = self.db.path().map(|path| format!("{path}-wal"));
        if log.and_then(|log| fs::metadata(log).ok()).is_some_and(|log| log.len() > SHORT) {
            self.grow_up()?;
            self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// For a process that stays: `pulse` grows while a statement is at work, so that a long one is told from one that
    /// hangs; and the log may grow longer before a transaction has to wait until it is copied into the file. It is tidied
    /// when there is time, and at the end.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn stay(&mut self, pulse: &Arc<AtomicU64>) -> Result<()> {
        /// About a millisecond's work, in steps of SQLite's machine.
        const STEPS: i32 = 100_000;
        /// In pages.
        const LONG: i64 = 4_000;
        let pulse = Arc::clone(pulse);
        self.db.progress_handler(
            STEPS,
            Some(move || {
                pulse.fetch_add(1, Ordering::Relaxed);
                false
            }),
        )?;
        Ok(self.db.pragma_update(None, "wal_autocheckpoint", LONG)?)
    }

    /// Looks through the whole file for damage.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], with the first finding.
    pub fn check(&self) -> Result<()> {
        let found: String = self.db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(StoreError::Damaged(found)) }
    }

    /// Why the file that gave this error is to be set aside; the error itself where it is sound, and must stay.
    ///
    /// # Errors
    /// `error`.
    pub fn confirm(file: &Path, error: StoreError) -> Result<String> {
        let how = match error {
            StoreError::Damaged(how) => return Ok(how),
            StoreError::Refused(how) => how,
            error => return Err(error),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let looked = Connection::open_with_flags(file, flags).map_err(StoreError::from).and_then(|db| {
            let store = Self::grown(db);
            store.check()?;
            schema::is_whole(&store.db)
        });
        match looked {
            Ok(true) => Err(StoreError::Refused(how)),
            Ok(false) | Err(_) => Ok(how),
        }
    }

    /// The terms under which the items of this store can be looked at without a config.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn stored_terms(&self, decisions: &Decisions) -> Result<Terms> {
        let sources = self.known_sources()?.into_iter().map(KnownSource::rule).collect();
        Ok(Terms {
            rules: Rules { sources, decisions: decisions.clone(), ..Rules::default() },
            feeds: Vec::new(),
            first_seen: Vec::new(),
            captured: Box::new(|_, _| None),
            fingerprint: String::new(),
        })
    }

    /// Whether some item, or some sighting, goes under this id.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn knows(&self, id: Key) -> Result<bool> {
        let sql = "SELECT 1 FROM item WHERE key = ?1 UNION ALL SELECT 1 FROM twin WHERE id = ?1
                   UNION ALL SELECT 1 FROM item WHERE id = ?1";
        Ok(self.db.prepare_cached(sql)?.exists([id.0.into_bytes()])?)
    }

    /// The names of the feeds that an item is a member of.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn feeds_of(&self, item: &Item) -> Result<Vec<String>> {
        let mut select = self.db.prepare_cached(FEEDS_OF)?;
        let published = item.published.map(|instant| instant.timestamp());
        let rows = select.query_map((published, item.id.0.into_bytes()), |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What was read of the files of a source, by path.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn read_paths(&self, source: SourceNo) -> Result<BTreeMap<String, ReadPath>> {
        let mut select = self.db.prepare(&format!(
            "SELECT {LEDGER}, seen.layout FROM path
             JOIN seen ON seen.id = path.id * 1048576 + path.contents - 1 WHERE path.source = ?"
        ))?;
        let rows = select.query_map([source.0], |row| {
            let layout = text_from(row, 11)?;
            Ok(ReadPath { row: ledger_row_from(row)?, layout })
        })?;
        rows.map(|read| read.map(|read| (read.row.path.clone(), read)).map_err(StoreError::from)).collect()
    }

    /// The newest item of a feed, and when it was published, in seconds since 1970.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn newest_of(&self, feed: &str) -> Result<Option<(Key, i64)>> {
        let sql = "SELECT id, published FROM member WHERE feed = (SELECT no FROM feed WHERE name = ?)
                   ORDER BY published DESC, id LIMIT 1";
        let mut select = self.db.prepare_cached(sql)?;
        let newest = select.query_row([feed], |row| Ok((key_from(row, 0)?, row.get(1)?)));
        Ok(newest.optional()?)
    }

    /// Whether a note of this name was left.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn has_note(&self, name: &str) -> Result<bool> {
        Ok(get_meta(&self.db, name)?.is_some())
    }

    /// Leaves a note, or takes it away.
    ///
    /// # Errors
    /// [`StoreError`], as for any writing.
    pub fn set_note(&mut self, name: &str, there: bool) -> Result<()> {
        if there {
            set_meta(&self.db, name, "yes")
        } else {
            self.db.execute("DELETE FROM meta WHERE name = ?", [name])?;
            Ok(())
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

    /// Goes through the members of a feed that shows its items only for so long, from the newest, for each may count for
    /// the next: tells of each whether it is kept, until none will be any more or `visit` has seen enough.
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
    fn item_at(&self) -> Result<CachedStatement<'_>> {
        Ok(self.db.prepare_cached(&format!(
            "SELECT {ITEM} FROM item JOIN account ON account.id = item.text WHERE item.key = ? AND item.id = ?"
        ))?)
    }

    /// Puts what is remembered of month pages right. One without items is none.
    fn restock(&mut self, restocked: Vec<(i64, Shelf)>) {
        for (feed, shelf) in restocked {
            let Some(shelves) = self.shelves.get_mut().get_mut(&feed) else { continue };
            let at = shelves.partition_point(|known| known.month > shelf.month);
            let known = shelves.get(at).is_some_and(|known| known.month == shelf.month);
            shelves.splice(at..at + usize::from(known), (shelf.items > 0).then_some(shelf));
        }
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

    /// The undated items whose sources ask for the day they are first seen: a run that was killed after it took them in
    /// has not noted it.
    fn unseen(&self, terms: &Terms) -> Result<Vec<Key>> {
        if terms.first_seen.is_empty() {
            return Ok(Vec::new());
        }
        let sql =
            format!("SELECT {ITEM} FROM item JOIN account ON account.id = item.text WHERE item.published IS NULL");
        let mut select = self.db.prepare_cached(&sql)?;
        let items = select.query_map([], item_from)?.collect::<rusqlite::Result<Vec<Item>>>()?;
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
        let mut select = self.db.prepare_cached(
            "SELECT seen.id % 1048576, length, seen.digest FROM path
             JOIN seen ON seen.id >= path.id * 1048576 AND seen.id < (path.id + 1) * 1048576
             WHERE path.source = ? AND path.name = ? ORDER BY seen.id",
        )?;
        let rows = select.query_map((source.0, path), |row| {
            Ok(Known { n: row.get(0)?, length: unsigned(row.get(1)?), digest: digest_from(row, 2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn newest_reading(&self, source: SourceNo, path: &str) -> Result<Option<Reading<Account>>> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT {READING} FROM path JOIN seen ON seen.id = path.id * 1048576 + path.contents - 1
             WHERE path.source = ? AND path.name = ?"
        ))?;
        let mut rows = select.query((source.0, path))?;
        rows.next()?.map(|row| reading_from(&self.db, row, 0)).transpose()
    }

    fn capture_of(&self, source: SourceNo, path: &str) -> Result<(Captured, u32)> {
        let mut select = self.db.prepare_cached(
            "SELECT captured, captured_day, stated, version FROM path
             JOIN seen ON seen.id = path.id * 1048576 + path.contents - 1 WHERE path.source = ? AND path.name = ?",
        )?;
        let found = select.query_row((source.0, path), |row| {
            let captured = Captured { when: moment_from(row.get(0)?, row.get(1)?), stated: row.get(2)? };
            Ok((captured, row.get(3)?))
        });
        Ok(found.optional()?.unwrap_or_default())
    }

    fn past(&self, source: SourceNo, most: usize) -> Result<Vec<Past>> {
        let mut select = self.db.prepare_cached(
            "SELECT reading FROM seen WHERE source = ? AND stated = 1 ORDER BY captured DESC, version DESC, id LIMIT ?",
        )?;
        let mut rows = select.query((source.0, signed(most as u64)))?;
        let mut past = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            let reading: Reading<i64> = postcard::from_bytes(bytes)?;
            past.push(Past { items: reading.lines.len(), confidence: reading.confidence });
        }
        Ok(past)
    }

    fn agree(&mut self, terms: &Terms) -> Result<Absorbed> {
        let decided = format!("{:?}", terms.rules.decisions);
        let feeds = format!("{:?}", terms.feeds);
        let meta = |name| get_meta(&self.db, name);
        let same_terms = meta("terms")?.as_deref() == Some(&terms.fingerprint);
        let same_feeds = meta("feeds")?.as_deref() == Some(&feeds);
        let same_decisions = meta("decisions")?.as_deref() == Some(&decided);
        if same_terms && same_feeds && same_decisions {
            return Ok(Absorbed { unseen: self.unseen(terms)?, ..Absorbed::default() });
        }
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut work = Work::new(&transaction, terms)?;
        if !same_terms || !same_decisions {
            // Rare enough to do all of it: the cost is that of the store, once, and there is one way to be right.
            work.derive()?;
            for (source, rule) in &terms.rules.sources {
                let mut update = transaction.prepare_cached("UPDATE source SET place = ?, site = ? WHERE no = ?")?;
                update.execute((&rule.place, rule.site.0.into_bytes(), source.0))?;
            }
        }
        work.agree_on_feeds()?;
        work.touch_feeds()?;
        set_meta(&transaction, "terms", &terms.fingerprint)?;
        set_meta(&transaction, "feeds", &feeds)?;
        set_meta(&transaction, "decisions", &decided)?;
        let absorbed = std::mem::take(&mut work.absorbed);
        drop(work);
        transaction.commit()?;
        self.shelves.get_mut().clear();
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
        std::thread::scope(|scope| {
            let sync = file.map(|file| || file.sync_data());
            let ahead = sync.and_then(|sync| std::thread::Builder::new().spawn_scoped(scope, sync).ok());
            work.carry_down()?;
            match ahead.map(std::thread::ScopedJoinHandle::join) {
                Some(Ok(Err(error))) => Err(StoreError::Unusable(Box::new(error))),
                _ => Ok(()),
            }
        })?;
        work.touch_feeds()?;
        let (absorbed, restocked) = (std::mem::take(&mut work.absorbed), std::mem::take(&mut work.restocked));
        drop(work);
        transaction.commit()?;
        self.restock(restocked);
        Ok(absorbed)
    }

    fn keep(&mut self) -> Result<()> {
        if self.age != Age::Filling {
            return Ok(());
        }
        let synced = self.made.as_ref().map_or(Ok(()), fs::File::sync_all);
        synced.map_err(|error| StoreError::Unusable(Box::new(error)))?;
        self.db.pragma_update(None, "locking_mode", "NORMAL")?;
        self.db.pragma_update(None, "cache_size", CACHE)?;
        schema::filled(&self.db)?;
        self.age = Age::Young;
        self.db.pragma_update(None, "journal_mode", "WAL")?;
        Ok(())
    }

    fn head(&self, feed: &FeedTerms, terms: &Terms, known: Recalled<'_>) -> Result<Vec<Item>> {
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

    fn shelves(&self, feed: &FeedTerms) -> Result<Vec<Shelf>> {
        let Some(no) = self.feed_no(feed)? else { return Ok(Vec::new()) };
        if feed.retention.is_none() {
            if let Some(shelves) = self.shelves.borrow().get(&no) {
                return Ok(shelves.clone());
            }
            let mut shelves = Vec::new();
            let sql = "SELECT month, items, print FROM month WHERE feed = ? ORDER BY month DESC";
            let mut select = self.db.prepare_cached(sql)?;
            let mut rows = select.query([no])?;
            while let Some(row) = rows.next()? {
                let Some(month) = Month::from_number(row.get(0)?) else { continue };
                let print = row.get::<_, i64>(2)? as u64;
                shelves.push(Shelf { month, items: small(row.get(1)?) as usize, print });
            }
            self.shelves.borrow_mut().insert(no, shelves.clone());
            return Ok(shelves);
        }
        let mut by_month: BTreeMap<Month, Shelf> = BTreeMap::new();
        self.retained(no, feed, &mut |item, kept| {
            if kept {
                let month = item.month();
                let shelf = by_month.entry(month).or_insert(Shelf { month, items: 0, print: 0 });
                shelf.items += 1;
                shelf.print = shelf.print.wrapping_add(print(&item));
            }
            true
        })?;
        Ok(by_month.into_values().rev().collect())
    }

    fn standing(
        &self,
        feed: &FeedTerms,
        months: &BTreeSet<Month>,
        known: IsKnown<'_>,
    ) -> Result<BTreeMap<Month, Vec<Placed>>> {
        // Or each of many statements would lock and unlock the store.
        let _reading = self.db.unchecked_transaction()?;
        let Some(no) = self.feed_no(feed)? else { return Ok(BTreeMap::new()) };
        let mut standing: BTreeMap<Month, Vec<Placed>> = BTreeMap::new();
        if feed.retention.is_none() {
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
        } else {
            self.retained(no, feed, &mut |item, kept| {
                let (id, print, month) = (item.id, print(&item), item.month());
                if let (Some(published), true) = (item.published, kept && months.contains(&month)) {
                    let item = (!known(month, id, print)).then(|| Box::new(item));
                    standing.entry(month).or_default().push(Placed { published, id, print, item });
                }
                true
            })?;
        }
        for placed in standing.values_mut() {
            placed.sort_unstable_by_key(Placed::order);
        }
        standing.retain(|_, placed| !placed.is_empty());
        Ok(standing)
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
        let mut work = Work::new(&self.db, terms)?;
        let mut where_seen = self.db.prepare(
            "SELECT source.name, path.name, seen.reading FROM seen JOIN path ON path.id = seen.id / 1048576
             JOIN source ON source.no = path.source WHERE seen.id = ?",
        )?;
        let mut readings: HashMap<i64, (String, String, Reading<i64>)> = HashMap::new();
        let mut select = self
            .db
            .prepare(&format!("SELECT {ITEM} FROM item JOIN account ON account.id = item.text ORDER BY item.id"))?;
        for item in select.query_map([], item_from)? {
            let item = item?;
            let family = work.family(item.key)?;
            let mut hold = Vec::new();
            let announcement = work.announcements(&family, &mut hold)?.into_iter().find(|one| one.id == item.id);
            let mut sighted = Vec::new();
            for (sighting, account) in announcement.iter().flat_map(|one| one.sightings.iter().zip(&one.accounts)) {
                let (source, file, reading) = match readings.entry(sighting.content) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let (source, file, bytes): (String, String, Vec<u8>) = where_seen
                            .query_row([sighting.content], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                        new.insert((source, file, postcard::from_bytes(&bytes)?))
                    }
                };
                let lines = reading.lines.iter().filter(|line| line.account == *account);
                sighted.extend(lines.map(|line| SightedAt {
                    source: source.clone(),
                    file: file.clone(),
                    n: small(sighting.content % CONTENTS_PER_PATH),
                    line: line.line,
                    number: line.number,
                    section: line.section.and_then(|index| reading.sections.get(index as usize).cloned()),
                    captured: sighting.captured.when.map(|moment| moment.instant()),
                }));
            }
            sighted.sort();
            visit(item, sighted);
        }
        Ok(())
    }

    fn export(&self, visit: &mut dyn FnMut(Content)) -> Result<()> {
        let mut select = self.db.prepare(&format!(
            "SELECT source.name, path.name, seen.id % 1048576, seen.digest, seen.length, seen.completed_by, {READING}
             FROM seen JOIN path ON path.id = seen.id / 1048576 JOIN source ON source.no = path.source
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
        work.touch_feeds()?;
        let absorbed = std::mem::take(&mut work.absorbed);
        drop(work);
        transaction.commit()?;
        self.shelves.get_mut().clear();
        self.keep()?;
        Ok(absorbed)
    }

    fn feed_state(&self, feed: &str) -> Result<FeedState> {
        let mut select =
            self.db.prepare_cached("SELECT changed, shown, items, rendered_with, summary FROM feed WHERE name = ?")?;
        let state = select
            .query_row([feed], |row| {
                Ok(FeedState {
                    changed: unsigned(row.get(0)?),
                    shown: unsigned(row.get(1)?),
                    items: small(row.get(2)?) as usize,
                    rendered_with: row.get(3)?,
                    summary: row.get(4)?,
                })
            })
            .optional()?;
        Ok(state.unwrap_or_default())
    }

    fn forget_recovery(&mut self) -> Result<()> {
        self.set_note(crate::state::RECOVERED, false)
    }

    fn each_published(&self, visit: &mut dyn FnMut(&PublishedRow)) -> Result<()> {
        let mut select = self.db.prepare_cached(&format!("SELECT {PUBLISHED} FROM published"))?;
        let (mut rows, mut line) = (select.query([])?, PublishedRow::default());
        while let Some(row) = rows.next()? {
            // A long history has thousands of them: their texts are copied into the same place.
            read_published(row, &mut line)?;
            visit(&line);
        }
        Ok(())
    }

    fn published_of(&self, feed: &str, all: bool) -> Result<Vec<PublishedRow>> {
        let only = if all { "" } else { "AND made_of = 0" };
        let sql = format!("SELECT {PUBLISHED} FROM published WHERE feed = ? {only}");
        let mut select = self.db.prepare_cached(&sql)?;
        Ok(select.query_map([feed], published_from)?.collect::<rusqlite::Result<_>>()?)
    }

    fn published_at(&self, paths: &[&str]) -> Result<Vec<PublishedRow>> {
        let transaction = self.db.unchecked_transaction()?;
        let mut select = transaction.prepare_cached(&format!("SELECT {PUBLISHED} FROM published WHERE path = ?"))?;
        let mut rows = Vec::new();
        for path in paths {
            rows.extend(select.query_row([path], published_from).optional()?);
        }
        Ok(rows)
    }

    fn record_published(&mut self, changes: &[LedgerChange]) -> Result<()> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for LedgerChange { feed, state, documents, gone } in changes {
            for path in gone {
                transaction.prepare_cached("DELETE FROM published WHERE path = ?")?.execute([path])?;
            }
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?, ?, ?)")?;
            for row in documents {
                let (inode, made_of) = (row.inode as i64, row.made_of as i64);
                let (size, hash) = (signed(row.size), row.hash.to_be_bytes());
                insert.execute(params![row.path, row.feed, size, row.mtime_ns, inode, hash, made_of])?;
            }
            let Some(state) = state else { continue };
            transaction
                .prepare_cached("UPDATE feed SET shown = ?, items = ?, rendered_with = ?, summary = ? WHERE name = ?")?
                .execute(params![
                    signed(state.shown),
                    signed(state.items as u64),
                    state.rendered_with,
                    state.summary,
                    feed
                ])?;
        }
        transaction.commit()?;
        Ok(())
    }
}

const PUBLISHED: &str = "feed, path, size, mtime, inode, hash, made_of";

fn published_from(row: &rusqlite::Row<'_>) -> rusqlite::Result<PublishedRow> {
    let mut line = PublishedRow::default();
    read_published(row, &mut line)?;
    Ok(line)
}

fn read_published(row: &rusqlite::Row<'_>, line: &mut PublishedRow) -> rusqlite::Result<()> {
    let text = |into: &mut String, column| {
        into.clear();
        into.push_str(row.get_ref(column)?.as_str()?);
        Ok::<_, rusqlite::Error>(())
    };
    text(&mut line.feed, 0)?;
    text(&mut line.path, 1)?;
    line.size = unsigned(row.get(2)?);
    line.mtime_ns = row.get(3)?;
    line.inode = row.get::<_, i64>(4)? as u64;
    line.hash = digest_from(row, 5)?;
    line.made_of = row.get::<_, i64>(6)? as u64;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_store_is_set_aside_only_where_the_damage_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("feedmill.db");
        let mut store = Sqlite::open(&file).unwrap();
        store.keep().unwrap();
        let error = || StoreError::from(store.db.execute("SELECT nothing FROM nowhere", []).unwrap_err());
        assert!(matches!(error(), StoreError::Refused(_)), "{:?}", error());
        assert!(matches!(Sqlite::confirm(&file, error()), Err(StoreError::Refused(_))), "the file is sound");
        store.db.execute_batch("ALTER TABLE seen DROP COLUMN layout").unwrap();
        assert!(Sqlite::confirm(&file, error()).is_ok(), "it lacks what this version wrote");
        let full = || StoreError::Unusable("full".into());
        assert!(matches!(Sqlite::confirm(&file, full()), Err(StoreError::Unusable(_))));
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
