//! The store on SQLite (WAL, `synchronous=NORMAL`: a power cut may lose the last commits, whose files are then read
//! again, for their looks are lost with them).
//!
//! **Who follows from whom.** `path`, `seen` and `account` say what was read. From the contents of a path follows how
//! each stands ([`history`]); from what stands, `sighted`, the sightings filed by key; from the sightings of a key and
//! the decisions, its `item`s ([`settle`]); from the items, the `member`s of feeds. A batch changes the first, and its
//! effect is carried down key by key: cost follows the change, not the history. [`Sqlite::derive`] carries down
//! everything, when the terms changed or after an import.
//!
//! A content that a later one completes counts only for the accounts that the whole repeats: `sighted` holds no pair
//! for the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::{
    Absorbed, Batch, Content, FRESH_DAYS, FeedState, FeedTerms, Found, Known, KnownSource, LedgerRow, Look,
    PublishedRow, Reading, Result, SightedAt, Store, StoreError, Terms, schema,
};
use crate::mill::decisions::Decisions;
use crate::mill::feed;
use crate::mill::history;
use crate::mill::identify::Site;
use crate::mill::item::{Account, Captured, DateBasis, Item, Key, Moment, SourceNo, Text};
use crate::mill::settle::{self, Rules, Sighting};
use crate::stat::Stat;

/// See the module.
pub struct Sqlite {
    db: Connection,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged(error.to_string()),
            // A schema that lacks what this version wrote, or a value of another type: somebody else's file.
            Some(rusqlite::ErrorCode::Unknown) => Self::Damaged(error.to_string()),
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

/// One sighting, as `sighted` files it: account, content.
type Pair = (i64, i64);

/// How many contents of one path have an id.
const CONTENTS_PER_PATH: i64 = 1 << 20;

fn content_id(path: i64, n: u32) -> i64 {
    path * CONTENTS_PER_PATH + i64::from(n)
}

impl Sqlite {
    /// Opens the store at `file`, or makes one.
    ///
    /// # Errors
    /// [`StoreError`]: damaged, of a later version, or out of reach.
    pub fn open(file: &Path) -> Result<Self> {
        let mut db = Connection::open(file)?;
        db.busy_timeout(std::time::Duration::from_secs(5))?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "NORMAL")?;
        // Closing need not copy the log into the file and sync both: the next pass reads it where it is, and the
        // automatic checkpoint bounds its size.
        db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Self::prepare(&db)?;
        schema::migrate(&mut db)?;
        Ok(Self { db })
    }

    /// Opens an existing store beside a writer, to read it.
    ///
    /// # Errors
    /// [`StoreError`]: missing, damaged, of another version, or out of reach.
    pub fn open_to_read(file: &Path) -> Result<Self> {
        let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .or_else(|_| Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY))?;
        db.busy_timeout(std::time::Duration::from_secs(5))?;
        db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        db.pragma_update(None, "query_only", true)?;
        Self::prepare(&db)?;
        let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found != schema::NEWEST {
            return Err(StoreError::Newer { found, known: schema::NEWEST });
        }
        Ok(Self { db })
    }

    /// A store that leaves nothing behind.
    ///
    /// # Errors
    /// Out of memory.
    pub fn in_memory() -> Result<Self> {
        let mut db = Connection::open_in_memory()?;
        Self::prepare(&db)?;
        schema::migrate(&mut db)?;
        Ok(Self { db })
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
        Ok(Self { db })
    }

    fn prepare(db: &Connection) -> Result<()> {
        db.set_prepared_statement_cache_capacity(64);
        db.pragma_update(None, "cache_size", -32_768)?;
        db.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(())
    }

    /// Keeps the log short: a log of any length is read whole at the next start.
    ///
    /// # Errors
    /// [`StoreError`], as for any writing.
    pub fn tidy(&self) -> Result<()> {
        const SHORT: u64 = 1 << 20;
        let log = self.db.path().map(|path| format!("{path}-wal"));
        if log.and_then(|log| std::fs::metadata(log).ok()).is_some_and(|log| log.len() > SHORT) {
            self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Looks through the whole file for damage.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], with the first finding.
    pub fn check(&self) -> Result<()> {
        let found: String = self.db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(StoreError::Damaged(found)) }
    }

    /// Copies whatever rows of a damaged file can still be read into this, empty, store. Returns how many contents.
    ///
    /// Rows are read one by one from both ends of each table, so that a broken page hides no more than itself and what
    /// lies between. A reading whose accounts are gone is dropped: its file is read again.
    ///
    /// # Errors
    /// This store can't be written.
    pub fn salvage(&mut self, damaged: &Path) -> Result<usize> {
        let Ok(from) = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_WRITE) else { return Ok(0) };
        let to = self.db.transaction()?;
        for table in schema::KEPT {
            for order in ["ASC", "DESC"] {
                copy_rows(&from, &to, table, order)?;
            }
        }
        let accounts: BTreeSet<i64> = column(&to, "SELECT id FROM account")?.into_iter().collect();
        let mut broken = BTreeSet::new();
        {
            let mut select = to.prepare("SELECT id, reading FROM seen")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let bytes: Vec<u8> = row.get(1)?;
                let whole = postcard::from_bytes::<Reading<i64>>(&bytes)
                    .is_ok_and(|reading| reading.lines.iter().all(|line| accounts.contains(&line.account)));
                if !whole {
                    broken.insert(row.get::<_, i64>(0)? / CONTENTS_PER_PATH);
                }
            }
        }
        let paths: BTreeSet<i64> = column(&to, "SELECT id FROM path")?.into_iter().collect();
        let held: BTreeSet<i64> = column(&to, "SELECT DISTINCT id / 1048576 FROM seen")?.into_iter().collect();
        broken.extend(held.symmetric_difference(&paths));
        // A sequence with a hole is no sequence: what is there of its file is read again from the start.
        for (path, contents) in pairs(&to, "SELECT id, contents FROM path")? {
            let range = (path * CONTENTS_PER_PATH, (path + 1) * CONTENTS_PER_PATH);
            let count: i64 =
                to.query_row("SELECT count(*) FROM seen WHERE id >= ? AND id < ?", range, |row| row.get(0))?;
            if count != contents {
                broken.insert(path);
            }
        }
        for path in broken {
            to.execute("DELETE FROM path WHERE id = ?", [path])?;
            let range = (path * CONTENTS_PER_PATH, (path + 1) * CONTENTS_PER_PATH);
            to.execute("DELETE FROM seen WHERE id >= ? AND id < ?", range)?;
        }
        let count: i64 = to.query_row("SELECT count(*) FROM seen", [], |row| row.get(0))?;
        to.commit()?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The terms under which the items of this store can be looked at without a config.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn stored_terms(&self, decisions: &Decisions) -> Result<Terms> {
        let sources = self.known_sources()?.into_iter().map(KnownSource::rule).collect();
        Ok(Terms {
            rules: Rules { sources, decisions: decisions.clone() },
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
        let sql = "SELECT 1 FROM sighted WHERE key = ?1 UNION ALL SELECT 1 FROM twin WHERE id = ?1
                   UNION ALL SELECT 1 FROM item WHERE key = ?1 OR id = ?1";
        Ok(self.db.prepare_cached(sql)?.exists([id.0.into_bytes()])?)
    }

    /// The names of the feeds that an item is a member of.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn feeds_of(&self, item: &Item) -> Result<Vec<String>> {
        let mut select = self.db.prepare_cached(
            "SELECT feed.name FROM feed JOIN member ON member.feed = feed.no
             WHERE member.published = ? AND member.id = ? ORDER BY feed.no",
        )?;
        let published = item.published.map(|instant| instant.timestamp());
        let rows = select.query_map((published, item.id.0.into_bytes()), |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
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

    /// The undated items whose sources ask for the day they are first seen: a run that was killed after it took them in
    /// has not noted it.
    fn unseen(&self, terms: &Terms) -> Result<Vec<Key>> {
        if terms.first_seen.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {ITEM} FROM item JOIN account ON account.id = item.text WHERE item.published IS NULL"
        );
        let mut select = self.db.prepare_cached(&sql)?;
        let items = select.query_map([], item_from)?.collect::<rusqlite::Result<Vec<Item>>>()?;
        let asks = |item: &&Item| item.sources.iter().any(|no| terms.first_seen.contains(no));
        Ok(items.iter().filter(asks).map(|item| item.id).collect())
    }

    /// Computes all that follows from what was read, anew.
    fn derive(work: &mut Work<'_>) -> Result<()> {
        let db = work.db;
        db.execute_batch("DELETE FROM sighted; DELETE FROM twin; DELETE FROM member;")?;
        let accounts: Vec<(i64, Account)> = {
            let mut select = db.prepare(&format!("SELECT id, {ACCOUNT} FROM account"))?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, account_from(row, 1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let accounts: HashMap<i64, Account> = accounts.into_iter().collect();
        let mut filed: BTreeMap<Key, Vec<Pair>> = BTreeMap::new();
        for (path, source, name) in triples(db, "SELECT id, source, name FROM path ORDER BY id")? {
            let source = SourceNo(u32::try_from(source).unwrap_or_default());
            work.restand(path, source, &name)?;
            let site = work.site(source);
            let rows = work.readings(path)?;
            for row in &rows {
                for pair in row.counted(&rows) {
                    if let Some(account) = accounts.get(&pair.0) {
                        filed.entry(site.key(account)).or_default().push(pair);
                    }
                }
            }
        }
        let keys: BTreeSet<Key> = filed.keys().copied().collect();
        for (key, mut pairs) in filed {
            pairs.sort_unstable();
            pairs.dedup();
            work.write_sighted(key, pairs)?;
        }
        // Items whose keys have no sightings any more have to go as well.
        let old: Vec<Key> = {
            let mut select = db.prepare("SELECT DISTINCT key FROM item")?;
            select.query_map([], |row| key_from(row, 0))?.collect::<rusqlite::Result<_>>()?
        };
        let all: BTreeSet<Key> = keys.into_iter().chain(old).collect();
        work.resettle(all)
    }
}

/// Copies the readable rows of one table, as far as they go from one end.
fn copy_rows(from: &Connection, to: &Transaction<'_>, table: &str, order: &str) -> Result<()> {
    let key = if table == "source" { "no" } else { "id" };
    let Ok(mut select) = from.prepare(&format!("SELECT * FROM {table} ORDER BY {key} {order}")) else { return Ok(()) };
    let columns = select.column_count();
    let marks = vec!["?"; columns].join(",");
    let mut insert = to.prepare(&format!("INSERT OR IGNORE INTO {table} VALUES ({marks})"))?;
    let Ok(mut rows) = select.query([]) else { return Ok(()) };
    while let Ok(Some(row)) = rows.next() {
        let values: rusqlite::Result<Vec<rusqlite::types::Value>> = (0..columns).map(|i| row.get(i)).collect();
        let Ok(values) = values else { continue };
        // A row that a constraint refuses is damage like any other.
        match insert.execute(rusqlite::params_from_iter(values)) {
            Ok(_) => {}
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

// ---- values ---------------------------------------------------------------------------------------------------------

fn epoch() -> NaiveDate {
    DateTime::UNIX_EPOCH.date_naive()
}

fn day_to(day: NaiveDate) -> i64 {
    day.signed_duration_since(epoch()).num_days()
}

fn day_from(days: i64) -> Option<NaiveDate> {
    epoch().checked_add_signed(TimeDelta::try_days(days)?)
}

fn time_to(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight())
}

fn time_from(seconds: i64) -> Option<NaiveTime> {
    NaiveTime::from_num_seconds_from_midnight_opt(u32::try_from(seconds).ok()?, 0)
}

fn instant_from(seconds: Option<i64>) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds?, 0)
}

fn moment_to(moment: Option<Moment>) -> (Option<i64>, bool) {
    (moment.map(|moment| moment.instant().timestamp()), matches!(moment, Some(Moment::Day(_))))
}

fn moment_from(seconds: Option<i64>, day: bool) -> Option<Moment> {
    let instant = instant_from(seconds)?;
    Some(if day { Moment::Day(instant.date_naive()) } else { Moment::Instant(instant) })
}

fn basis_to(basis: DateBasis) -> i64 {
    match basis {
        DateBasis::None => 0,
        DateBasis::Own => 1,
        DateBasis::OwnYearInferred => 2,
        DateBasis::Heading => 3,
        DateBasis::Captured => 4,
        DateBasis::FirstSeen => 5,
    }
}

fn basis_from(basis: i64) -> DateBasis {
    match basis {
        1 => DateBasis::Own,
        2 => DateBasis::OwnYearInferred,
        3 => DateBasis::Heading,
        4 => DateBasis::Captured,
        5 => DateBasis::FirstSeen,
        _ => DateBasis::None,
    }
}

fn text(text: Option<&Text>) -> Option<&str> {
    text.map(Text::as_str)
}

fn text_from(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Text>> {
    Ok(row.get_ref(index)?.as_str_or_null()?.and_then(Text::new))
}

fn key_from(row: &Row<'_>, index: usize) -> rusqlite::Result<Key> {
    Ok(Key(uuid::Uuid::from_bytes(row.get(index)?)))
}

fn digest_from(row: &Row<'_>, index: usize) -> rusqlite::Result<u128> {
    Ok(u128::from_be_bytes(row.get(index)?))
}

/// Counts and sizes never reach the sign bit; a file from elsewhere could hold anything.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn small(value: i64) -> u32 {
    u32::try_from(value).unwrap_or_default()
}

const ACCOUNT: &str = "title, summary, date, date_end, time, date_raw, basis, credit, kicker, place, link, explicit_id";

fn account_from(row: &Row<'_>, from: usize) -> rusqlite::Result<Account> {
    let missing = || rusqlite::Error::InvalidColumnType(from, "title".into(), rusqlite::types::Type::Null);
    Ok(Account {
        title: text_from(row, from)?.ok_or_else(missing)?,
        summary: text_from(row, from + 1)?,
        date: row.get::<_, Option<i64>>(from + 2)?.and_then(day_from),
        date_end: row.get::<_, Option<i64>>(from + 3)?.and_then(day_from),
        time: row.get::<_, Option<i64>>(from + 4)?.and_then(time_from),
        date_raw: text_from(row, from + 5)?,
        basis: basis_from(row.get(from + 6)?),
        credit: text_from(row, from + 7)?,
        kicker: text_from(row, from + 8)?,
        place: text_from(row, from + 9)?,
        link: text_from(row, from + 10)?,
        explicit_id: text_from(row, from + 11)?,
    })
}

const ITEM: &str = "item.key, item.id, item.date, item.date_end, item.time, item.date_raw, item.basis, item.credit, \
                    item.kicker, item.place, item.link, item.published, item.updated, item.sources, \
                    account.title, account.summary";

fn item_from(row: &Row<'_>) -> rusqlite::Result<Item> {
    let missing = || rusqlite::Error::InvalidColumnType(14, "title".into(), rusqlite::types::Type::Null);
    let sources: Vec<u8> = row.get(13)?;
    let broken = || rusqlite::Error::InvalidColumnType(13, "sources".into(), rusqlite::types::Type::Blob);
    Ok(Item {
        key: key_from(row, 0)?,
        id: key_from(row, 1)?,
        date: row.get::<_, Option<i64>>(2)?.and_then(day_from),
        date_end: row.get::<_, Option<i64>>(3)?.and_then(day_from),
        time: row.get::<_, Option<i64>>(4)?.and_then(time_from),
        date_raw: text_from(row, 5)?,
        basis: basis_from(row.get(6)?),
        credit: text_from(row, 7)?,
        kicker: text_from(row, 8)?,
        place: text_from(row, 9)?,
        link: text_from(row, 10)?,
        published: instant_from(row.get(11)?),
        updated: instant_from(row.get(12)?),
        sources: postcard::from_bytes(&sources).map_err(|_| broken())?,
        title: text_from(row, 14)?.ok_or_else(missing)?,
        summary: text_from(row, 15)?,
    })
}

fn column(db: &Connection, sql: &str) -> Result<Vec<i64>> {
    let mut select = db.prepare(sql)?;
    Ok(select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn pairs(db: &Connection, sql: &str) -> Result<Vec<(i64, i64)>> {
    let mut select = db.prepare(sql)?;
    Ok(select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn triples(db: &Connection, sql: &str) -> Result<Vec<(i64, i64, String)>> {
    let mut select = db.prepare(sql)?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn get_meta(db: &Connection, name: &str) -> Result<Option<String>> {
    let mut select = db.prepare_cached("SELECT value FROM meta WHERE name = ?")?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?)
}

fn set_meta(db: &Connection, name: &str, value: &str) -> Result<()> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2 WHERE value IS NOT ?2",
    )?;
    upsert.execute((name, value))?;
    Ok(())
}

/// A stored reading with its accounts looked up.
fn with_accounts(db: &Connection, bytes: &[u8]) -> Result<Reading<Account>> {
    let stored: Reading<i64> = postcard::from_bytes(bytes)?;
    let mut select = db.prepare_cached(&format!("SELECT {ACCOUNT} FROM account WHERE id = ?"))?;
    let missing = || StoreError::Damaged("a reading speaks of an account that is not there".into());
    stored.map(|id| select.query_row([id], |row| account_from(row, 0)).ok()).ok_or_else(missing)
}

// ---- one transaction ------------------------------------------------------------------------------------------------

/// A content of a path with its reading, and how it stands.
struct Standing {
    id: i64,
    reading: Reading<i64>,
    /// The content that completes it, by its number.
    whole: Option<u32>,
}

impl Standing {
    /// The sightings of this content that count, given all contents of its path.
    fn counted(&self, path: &[Self]) -> Vec<Pair> {
        let whole = self.whole.and_then(|whole| path.get(whole as usize));
        let counts =
            |account: i64| whole.is_none_or(|whole| whole.reading.lines.iter().any(|line| line.account == account));
        self.reading.lines.iter().filter(|line| counts(line.account)).map(|line| (line.account, self.id)).collect()
    }
}

/// What changes among the sightings of one key.
#[derive(Default)]
struct Change {
    add: Vec<Pair>,
    /// Contents whose sightings go, before others are added.
    drop: Vec<i64>,
}

/// One announcement among the sightings of a family of keys.
struct Announcement<'h> {
    /// The key it is filed under.
    key: Key,
    /// The id of a twin and the key it was split from.
    twin: Option<(Key, Key)>,
    sightings: Vec<Sighting<'h>>,
    /// The numbers of the sightings' accounts.
    accounts: Vec<i64>,
}

/// A transaction at work: what it has looked up, and what is still to be carried down.
struct Work<'a> {
    db: &'a Connection,
    terms: &'a Terms,
    /// Accounts met in this transaction.
    accounts: HashMap<i64, Arc<Account>>,
    /// Source, capture and version of contents met in this transaction.
    contents: HashMap<i64, (SourceNo, Captured, u32)>,
    /// Sightings of keys written in this transaction.
    filed: HashMap<Key, Vec<Pair>>,
    changed_keys: BTreeMap<Key, Change>,
    changed_sources: BTreeSet<SourceNo>,
    absorbed: Absorbed,
}

impl<'a> Work<'a> {
    fn new(db: &'a Connection, terms: &'a Terms) -> Self {
        Self {
            db,
            terms,
            accounts: HashMap::new(),
            contents: HashMap::new(),
            filed: HashMap::new(),
            changed_keys: BTreeMap::new(),
            changed_sources: BTreeSet::new(),
            absorbed: Absorbed::default(),
        }
    }

    fn site(&self, source: SourceNo) -> Site {
        // Every source the store knows is in the rules; a site of its own would split items, so name none.
        self.terms.rules.sources.get(&source).map_or_else(|| Site::new(""), |rule| rule.site)
    }

    /// Takes in the looks of a batch.
    fn look(&mut self, batch: &Batch) -> Result<()> {
        let ids = self.file_accounts(batch)?;
        for look in &batch.looks {
            self.look_into(batch, look, &ids)?;
        }
        Ok(())
    }

    /// Gives every account of the batch its number, writing those that are new.
    fn file_accounts(&mut self, batch: &Batch) -> Result<Vec<i64>> {
        let mut order: Vec<u32> = (0..u32::try_from(batch.accounts.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by_key(|&index| batch.accounts.get(index as usize).map(|(key, _)| *key));
        let mut next: i64 = self.db.query_row("SELECT coalesce(max(id), 0) + 1 FROM account", [], |row| row.get(0))?;
        let fresh = next == 1;
        let mut ids = vec![0; batch.accounts.len()];
        let mut known: (Option<Key>, Vec<i64>) = (None, Vec::new());
        for index in order {
            let (Some((key, account)), Some(id)) = (batch.accounts.get(index as usize), ids.get_mut(index as usize))
            else {
                continue;
            };
            if known.0 != Some(*key) {
                let pairs = if fresh { Vec::new() } else { self.sightings(*key)? };
                let mut accounts: Vec<i64> = pairs.into_iter().map(|pair| pair.0).collect();
                accounts.sort_unstable();
                accounts.dedup();
                known = (Some(*key), accounts);
            }
            for candidate in &known.1 {
                if self.account(*candidate)? == *account {
                    *id = *candidate;
                }
            }
            if *id == 0 {
                *id = next;
                next += 1;
                self.write_account(*id, account)?;
                self.accounts.insert(*id, account.clone());
                known.1.push(*id);
            }
        }
        Ok(ids)
    }

    fn write_account(&self, id: i64, account: &Account) -> Result<()> {
        let mut insert = self.db.prepare_cached(&format!(
            "INSERT INTO account (id, {ACCOUNT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ))?;
        insert.execute(params![
            id,
            account.title.as_str(),
            text(account.summary.as_ref()),
            account.date.map(day_to),
            account.date_end.map(day_to),
            account.time.map(time_to),
            text(account.date_raw.as_ref()),
            basis_to(account.basis),
            text(account.credit.as_ref()),
            text(account.kicker.as_ref()),
            text(account.place.as_ref()),
            text(account.link.as_ref()),
            text(account.explicit_id.as_ref()),
        ])?;
        Ok(())
    }

    fn look_into(&mut self, batch: &Batch, look: &Look, ids: &[i64]) -> Result<()> {
        let db = self.db;
        let known: Option<(i64, i64)> = db
            .prepare_cached("SELECT id, contents FROM path WHERE source = ? AND name = ?")?
            .query_row((look.source.0, &look.path), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let filed = |reading: &Reading<u32>| reading.map(|account| ids.get(*account as usize).copied());
        let key_of = |account: u32| batch.accounts.get(account as usize).map(|(key, _)| *key);
        match &look.found {
            Found::Same => {}
            Found::New { digest, length, completes, reading } => {
                let Some(stored) = filed(reading) else { return Ok(()) };
                let (path, n) = match known {
                    Some((path, contents)) => (path, small(contents)),
                    None => (self.new_path(look.source, &look.path)?, 0),
                };
                if i64::from(n) >= CONTENTS_PER_PATH {
                    return Err(StoreError::Unusable(format!("{:?} had 2^20 contents", look.path).into()));
                }
                let id = content_id(path, n);
                let stated = (self.terms.captured)(look.source, &look.path);
                let captured = stated.or(stored.newest.map(Moment::Day));
                let (when, day) = moment_to(captured);
                db.prepare_cached("INSERT INTO seen VALUES (?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, 0, NULL)")?.execute(
                    params![
                        id,
                        look.source.0,
                        digest.to_be_bytes(),
                        signed(*length),
                        stored.newest.map(day_to),
                        postcard::to_stdvec(&stored)?,
                        when,
                        day,
                        stated.is_some(),
                    ],
                )?;
                self.write_path(path, look, Some((*digest, n + 1)), &stored)?;
                if n == 0 {
                    // The usual case on a first import: nothing before it, so nothing to work out.
                    self.contents.insert(id, (look.source, Captured { when: captured, stated: stated.is_some() }, 0));
                    for (line, stored) in reading.lines.iter().zip(&stored.lines) {
                        if let Some(key) = key_of(line.account) {
                            self.changed_keys.entry(key).or_default().add.push((stored.account, id));
                        }
                    }
                } else {
                    for earlier in completes {
                        db.prepare_cached("UPDATE seen SET completed_by = ? WHERE id = ? AND completed_by IS NULL")?
                            .execute((n, content_id(path, *earlier)))?;
                    }
                    self.restand_and_refile(path, look.source, &look.path, Some(n))?;
                }
                self.changed_sources.insert(look.source);
                return Ok(());
            }
            Found::Reread(reading) => {
                let (Some(stored), Some((path, contents))) = (filed(reading), known) else { return Ok(()) };
                let n = small(contents).saturating_sub(1);
                let id = content_id(path, n);
                self.unfile(path, id)?;
                db.prepare_cached("UPDATE seen SET reading = ?, newest = ? WHERE id = ?")?.execute((
                    postcard::to_stdvec(&stored)?,
                    stored.newest.map(day_to),
                    id,
                ))?;
                self.write_path(path, look, None, &stored)?;
                self.restand_and_refile(path, look.source, &look.path, Some(n))?;
                self.changed_sources.insert(look.source);
                return Ok(());
            }
            Found::Kept { revision, drift } => {
                db.prepare_cached("UPDATE path SET revision = ?, drift = ? WHERE source = ? AND name = ?")?
                    .execute(params![*revision as i64, drift, look.source.0, look.path])?;
            }
        }
        let Stat { size, mtime_ns, ctime_ns, inode } = look.stat;
        db.prepare_cached(
            "UPDATE path SET size = ?, mtime = ?, ctime = ?, inode = ?, racy = ? WHERE source = ? AND name = ?",
        )?
        .execute(params![
            signed(size),
            mtime_ns,
            ctime_ns,
            inode as i64,
            look.racy,
            look.source.0,
            look.path
        ])?;
        Ok(())
    }

    fn new_path(&self, source: SourceNo, name: &str) -> Result<i64> {
        self.db
            .prepare_cached("INSERT INTO path VALUES (NULL, ?, ?, 0, 0, 0, 0, 0, 0, x'', 0, 0, NULL)")?
            .execute((source.0, name))?;
        Ok(self.db.last_insert_rowid())
    }

    /// Takes in an exported content. How it stands is worked out later, for all of them.
    fn take_back(&mut self, content: Content, source: SourceNo, ids: &mut HashMap<Account, i64>) -> Result<()> {
        let known: Option<(i64, i64)> = self
            .db
            .prepare_cached("SELECT id, contents FROM path WHERE source = ? AND name = ?")?
            .query_row((source.0, &content.path), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (path, contents) = match known {
            Some(known) => known,
            None => (self.new_path(source, &content.path)?, 0),
        };
        if contents != i64::from(content.n) {
            let (path, n) = (&content.path, content.n);
            return Err(StoreError::Unusable(
                format!("expected content {contents} of {path:?}, but found content {n}").into(),
            ));
        }
        for line in &content.reading.lines {
            if !ids.contains_key(&line.account) {
                let id = signed(ids.len() as u64) + 1;
                self.write_account(id, &line.account)?;
                ids.insert(line.account.clone(), id);
            }
        }
        let bad = || StoreError::Unusable(format!("{:?} is no digest", content.digest).into());
        let digest = u128::from_str_radix(&content.digest, 16).map_err(|_| bad())?;
        let stored = content.reading.map(|account| ids.get(account).copied()).ok_or_else(bad)?;
        let completed_by = content.completed_by.filter(|by| *by > content.n);
        self.db.prepare_cached("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 0, 0, 0, NULL)")?.execute(
            params![
                content_id(path, content.n),
                source.0,
                digest.to_be_bytes(),
                signed(content.length),
                completed_by,
                stored.newest.map(day_to),
                postcard::to_stdvec(&stored)?,
            ],
        )?;
        // No stat: the next pass looks into the file and finds it unchanged.
        let look = Look { source, path: content.path, stat: Stat::default(), racy: true, found: Found::Same };
        self.write_path(path, &look, Some((digest, content.n + 1)), &stored)
    }

    /// Writes the newest look into a path, and its newest content if it is another one.
    fn write_path(&self, path: i64, look: &Look, content: Option<(u128, u32)>, reading: &Reading<i64>) -> Result<()> {
        let Stat { size, mtime_ns, ctime_ns, inode } = look.stat;
        self.db
            .prepare_cached(
                "UPDATE path SET size = ?, mtime = ?, ctime = ?, inode = ?, racy = ?, revision = ?, items = ?,
                 drift = ?, digest = coalesce(?, digest), contents = coalesce(?, contents) WHERE id = ?",
            )?
            .execute(params![
                signed(size),
                mtime_ns,
                ctime_ns,
                inode as i64,
                look.racy,
                reading.revision as i64,
                reading.lines.len() as i64,
                reading.drift,
                content.map(|(digest, _)| digest.to_be_bytes()),
                content.map(|(_, contents)| contents),
                path
            ])?;
        Ok(())
    }

    /// Works out how the contents of a path stand and writes what changed. Returns the numbers of those.
    fn restand(&mut self, path: i64, source: SourceNo, name: &str) -> Result<Vec<u32>> {
        struct Old {
            content: history::Content,
            captured: Captured,
            version: u32,
            whole: Option<u32>,
        }
        let range = (path * CONTENTS_PER_PATH, (path + 1) * CONTENTS_PER_PATH);
        let rows: Vec<Old> = {
            let mut select = self.db.prepare_cached(
                "SELECT completed_by, newest, captured, captured_day, stated, version, whole
                 FROM seen WHERE id >= ? AND id < ? ORDER BY id",
            )?;
            let rows = select.query_map(range, |row| {
                Ok(Old {
                    content: history::Content {
                        completed_by: row.get(0)?,
                        newest: row.get::<_, Option<i64>>(1)?.and_then(day_from),
                    },
                    captured: Captured { when: moment_from(row.get(2)?, row.get(3)?), stated: row.get(4)? },
                    version: row.get(5)?,
                    whole: row.get(6)?,
                })
            })?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let contents: Vec<_> = rows.iter().map(|row| row.content).collect();
        let standings = history::standings((self.terms.captured)(source, name), &contents);
        let mut changed = Vec::new();
        for ((n, old), new) in (0..).zip(&rows).zip(standings) {
            let id = content_id(path, n);
            self.contents.insert(id, (source, new.captured, new.version));
            if (old.captured, old.version, old.whole) == (new.captured, new.version, new.whole) {
                continue;
            }
            changed.push(n);
            let (when, day) = moment_to(new.captured.when);
            self.db
                .prepare_cached(
                    "UPDATE seen SET captured = ?, captured_day = ?, stated = ?, version = ?, whole = ? WHERE id = ?",
                )?
                .execute(params![when, day, new.captured.stated, new.version, new.whole, id])?;
        }
        Ok(changed)
    }

    fn readings(&self, path: i64) -> Result<Vec<Standing>> {
        let range = (path * CONTENTS_PER_PATH, (path + 1) * CONTENTS_PER_PATH);
        let mut select =
            self.db.prepare_cached("SELECT id, reading, whole FROM seen WHERE id >= ? AND id < ? ORDER BY id")?;
        let mut rows = select.query(range)?;
        let mut readings = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            readings.push(Standing { id: row.get(0)?, reading: postcard::from_bytes(bytes)?, whole: row.get(2)? });
        }
        Ok(readings)
    }

    /// Files the sightings of those contents of a path anew that stand otherwise than before, and of `also`.
    fn restand_and_refile(&mut self, path: i64, source: SourceNo, name: &str, also: Option<u32>) -> Result<()> {
        let mut changed: BTreeSet<u32> = self.restand(path, source, name)?.into_iter().collect();
        changed.extend(also);
        let rows = self.readings(path)?;
        // What a cut content counts for depends on the reading of the whole.
        let depends = rows.iter().zip(0..).filter(|(row, _)| row.whole.is_some() && row.whole == also);
        changed.extend(depends.map(|(_, n)| n));
        let site = self.site(source);
        for row in changed.iter().filter_map(|n| rows.get(*n as usize)) {
            let counted = row.counted(&rows);
            for line in &row.reading.lines {
                let key = site.key(&*self.account(line.account)?);
                self.changed_keys.entry(key).or_default().drop.push(row.id);
            }
            for pair in counted {
                let key = site.key(&*self.account(pair.0)?);
                self.changed_keys.entry(key).or_default().add.push(pair);
            }
        }
        Ok(())
    }

    /// Takes the sightings of a content away, before its reading is replaced.
    fn unfile(&mut self, path: i64, id: i64) -> Result<()> {
        let source: u32 = self.db.query_row("SELECT source FROM path WHERE id = ?", [path], |row| row.get(0))?;
        let site = self.site(SourceNo(source));
        let reading: Vec<u8> = self.db.query_row("SELECT reading FROM seen WHERE id = ?", [id], |row| row.get(0))?;
        for line in postcard::from_bytes::<Reading<i64>>(&reading)?.lines {
            let key = site.key(&*self.account(line.account)?);
            self.changed_keys.entry(key).or_default().drop.push(id);
        }
        Ok(())
    }

    fn account(&mut self, id: i64) -> Result<Arc<Account>> {
        if let Some(account) = self.accounts.get(&id) {
            return Ok(account.clone());
        }
        let mut select = self.db.prepare_cached(&format!("SELECT {ACCOUNT} FROM account WHERE id = ?"))?;
        let account = Arc::new(select.query_row([id], |row| account_from(row, 0))?);
        self.accounts.insert(id, account.clone());
        Ok(account)
    }

    fn content(&mut self, id: i64) -> Result<(SourceNo, Captured, u32)> {
        if let Some(content) = self.contents.get(&id) {
            return Ok(*content);
        }
        let mut select =
            self.db.prepare_cached("SELECT source, captured, captured_day, stated, version FROM seen WHERE id = ?")?;
        let content = select.query_row([id], |row| {
            let captured = Captured { when: moment_from(row.get(1)?, row.get(2)?), stated: row.get(3)? };
            Ok((SourceNo(row.get(0)?), captured, row.get(4)?))
        })?;
        self.contents.insert(id, content);
        Ok(content)
    }

    fn sightings(&self, key: Key) -> Result<Vec<Pair>> {
        if let Some(pairs) = self.filed.get(&key) {
            return Ok(pairs.clone());
        }
        let mut select = self.db.prepare_cached("SELECT pairs FROM sighted WHERE key = ?")?;
        let mut rows = select.query([key.0.into_bytes()])?;
        match rows.next()? {
            Some(row) => Ok(postcard::from_bytes(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?),
            None => Ok(Vec::new()),
        }
    }

    fn write_sighted(&mut self, key: Key, pairs: Vec<Pair>) -> Result<()> {
        if pairs.is_empty() {
            self.db.prepare_cached("DELETE FROM sighted WHERE key = ?")?.execute([key.0.into_bytes()])?;
        } else {
            self.db
                .prepare_cached("INSERT INTO sighted VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET pairs = ?2")?
                .execute((key.0.into_bytes(), postcard::to_stdvec(&pairs)?))?;
        }
        self.filed.insert(key, pairs);
        Ok(())
    }

    /// Carries the changes among sightings down to items, members and feeds.
    fn carry_down(&mut self) -> Result<()> {
        let fresh = !self.db.prepare_cached("SELECT 1 FROM sighted LIMIT 1")?.exists([])?;
        let changes = std::mem::take(&mut self.changed_keys);
        let mut keys = BTreeSet::new();
        for (key, change) in changes {
            let mut pairs = if fresh { Vec::new() } else { self.sightings(key)? };
            pairs.retain(|(_, content)| !change.drop.contains(content));
            pairs.extend(change.add);
            pairs.sort_unstable();
            pairs.dedup();
            self.write_sighted(key, pairs)?;
            keys.insert(key);
        }
        self.resettle(keys)
    }

    /// Settles the items of these keys, and of those joined to them by aliases, and writes what changed.
    fn resettle(&mut self, keys: BTreeSet<Key>) -> Result<()> {
        let fresh = !self.db.prepare_cached("SELECT 1 FROM item LIMIT 1")?.exists([])?;
        let mut members = Vec::new();
        let mut done: BTreeSet<Key> = BTreeSet::new();
        for key in keys {
            if !self.terms.rules.decisions.aliases.is_empty() && done.contains(&key) {
                continue;
            }
            let family = self.family(key)?;
            self.settle_family(&family, fresh, &mut members)?;
            if family.len() > 1 {
                done.extend(family);
            }
        }
        members.sort_unstable();
        let mut insert = self.db.prepare_cached("INSERT INTO member VALUES (?, ?, ?, ?)")?;
        for (feed, std::cmp::Reverse(published), id, key) in members {
            insert.execute(params![feed, published, id.0.into_bytes(), key.0.into_bytes()])?;
        }
        Ok(())
    }

    /// The keys that must be settled together with `key`.
    fn family(&mut self, key: Key) -> Result<BTreeSet<Key>> {
        let mut family: BTreeSet<Key> = [key].into();
        let decisions = &self.terms.rules.decisions;
        if decisions.aliases.is_empty() {
            return Ok(family);
        }
        let mut open = vec![key];
        while let Some(key) = open.pop() {
            let mut ids: Vec<Key> = self.twins_of(key)?;
            ids.push(key);
            for id in ids {
                for member in decisions.family(decisions.root(id)) {
                    let plain = self.plain_key(member)?;
                    if family.insert(plain) {
                        open.push(plain);
                    }
                }
            }
        }
        Ok(family)
    }

    fn twins_of(&self, key: Key) -> Result<Vec<Key>> {
        let mut select = self.db.prepare_cached("SELECT id FROM twin WHERE key = ?")?;
        Ok(select.query_map([key.0.into_bytes()], |row| key_from(row, 0))?.collect::<rusqlite::Result<_>>()?)
    }

    fn plain_key(&self, id: Key) -> Result<Key> {
        let mut select = self.db.prepare_cached("SELECT key FROM twin WHERE id = ?")?;
        Ok(select.query_row([id.0.into_bytes()], |row| key_from(row, 0)).optional()?.unwrap_or(id))
    }

    /// The sightings of a family, told apart by the announcements they speak of: for each, the key it is filed under,
    /// and its sightings with the numbers of their accounts. `hold` lends the accounts a place to live.
    fn announcements<'h>(
        &mut self,
        family: &BTreeSet<Key>,
        hold: &'h mut Vec<(Key, Vec<(Arc<Account>, Pair)>)>,
    ) -> Result<BTreeMap<Key, Announcement<'h>>> {
        for key in family {
            let pairs = self.sightings(*key)?;
            let told = pairs.into_iter().map(|pair| Ok((self.account(pair.0)?, pair))).collect::<Result<_>>()?;
            hold.push((*key, told));
        }
        let mut announcements: BTreeMap<Key, Announcement<'h>> = BTreeMap::new();
        for (key, told) in hold.iter() {
            let mut sightings = Vec::with_capacity(told.len());
            for (account, (_, content)) in told {
                let (source, captured, version) = self.content(*content)?;
                sightings.push(Sighting { source, account, captured, version, content: *content });
            }
            let Some(first) = sightings.first() else { continue };
            for group in settle::split(self.site(first.source), *key, &sightings) {
                let number = |sighting: &Sighting<'_>| {
                    let same = |(account, _): &&(Arc<Account>, Pair)| std::ptr::eq(&**account, sighting.account);
                    told.iter().find(same).map_or(0, |(_, pair)| pair.0)
                };
                let root = self.terms.rules.decisions.root(group.id);
                let joined = announcements.entry(root).or_insert_with(|| Announcement {
                    key: *key,
                    twin: None,
                    sightings: Vec::new(),
                    accounts: Vec::new(),
                });
                if group.id != *key {
                    joined.twin = Some((group.id, *key));
                }
                joined.accounts.extend(group.sightings.iter().map(number));
                joined.sightings.extend(group.sightings);
            }
        }
        Ok(announcements)
    }

    fn settle_family(
        &mut self,
        family: &BTreeSet<Key>,
        fresh: bool,
        members: &mut Vec<(i64, std::cmp::Reverse<i64>, Key, Key)>,
    ) -> Result<()> {
        let mut hold = Vec::with_capacity(family.len());
        let announcements = self.announcements(family, &mut hold)?;
        let mut old: BTreeMap<(Key, Key), (Item, i64)> = BTreeMap::new();
        if !fresh {
            let mut select = self.db.prepare_cached(&format!(
                "SELECT {ITEM}, item.text FROM item JOIN account ON account.id = item.text WHERE item.key = ?"
            ))?;
            for key in family {
                for row in select.query_map([key.0.into_bytes()], |row| Ok((item_from(row)?, row.get(16)?)))? {
                    let (item, text): (Item, i64) = row?;
                    old.insert((item.key, item.id), (item, text));
                }
            }
        }
        for (id, announcement) in announcements {
            let Announcement { key, twin, sightings, accounts } = announcement;
            if let Some((twin, key)) = twin {
                self.absorbed.twins.push(key);
                self.db
                    .prepare_cached("INSERT INTO twin VALUES (?, ?) ON CONFLICT DO NOTHING")?
                    .execute((twin.0.into_bytes(), key.0.into_bytes()))?;
            }
            let Some(settled) = settle::settle(id, key, &sightings, &self.terms.rules) else { continue };
            let text = accounts.get(settled.shown).copied().unwrap_or_default();
            let item = settled.item;
            if item.published.is_none() && item.sources.iter().any(|no| self.terms.first_seen.contains(no)) {
                self.absorbed.unseen.push(id);
            }
            // The same id may have stood under another key of its family.
            let before = old.keys().find(|(_, old_id)| *old_id == id).copied().and_then(|at| old.remove(&at));
            match &before {
                Some((before, old_text)) if *before == item && *old_text == text => continue,
                Some((before, _)) => {
                    self.absorbed.revised += usize::from(before.differs_from(&item));
                    self.remove(before)?;
                }
                None => self.absorbed.new += 1,
            }
            self.insert(&item, text, members)?;
        }
        for (item, _) in old.into_values() {
            self.absorbed.gone += 1;
            self.remove(&item)?;
        }
        Ok(())
    }

    /// The items first captured within [`FRESH_DAYS`] before the newest stated capture of a feed's sources, and not in
    /// the first capture of any: key and id of each.
    fn fresh(&mut self, feed: &FeedTerms) -> Result<Vec<(Key, Key)>> {
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
            for (id, announcement) in self.announcements(&family, &mut hold)? {
                let stated = announcement.sightings.iter().filter(|sighting| sighting.captured.stated);
                let captures: Vec<(i64, (i64, i64))> = stated
                    .filter_map(|sighting| {
                        let when = sighting.captured.when?.instant().timestamp();
                        Some((when, *ends.get(&sighting.source)?))
                    })
                    .collect();
                let earliest = captures.iter().map(|(when, _)| *when).min();
                if earliest.is_some_and(|when| when >= since) && captures.iter().all(|(when, (first, _))| when != first)
                {
                    fresh.push((announcement.key, id));
                }
            }
        }
        Ok(fresh)
    }

    /// The feeds that show an item, by number.
    fn feeds_of(&self, item: &Item) -> impl Iterator<Item = i64> {
        let shown = item.published.is_some() && !self.terms.rules.decisions.retracted.contains(&item.id);
        let sources = item.sources.clone();
        let feeds = self.terms.feeds.iter().zip(1i64..).filter(move |_| shown);
        feeds.filter(move |(feed, _)| sources.iter().any(|no| feed.sources.contains(no))).map(|(_, no)| no)
    }

    fn insert(
        &mut self,
        item: &Item,
        text_of: i64,
        members: &mut Vec<(i64, std::cmp::Reverse<i64>, Key, Key)>,
    ) -> Result<()> {
        self.db.prepare_cached("INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?.execute(
            params![
                item.key.0.into_bytes(),
                item.id.0.into_bytes(),
                text_of,
                item.date.map(day_to),
                item.date_end.map(day_to),
                item.time.map(time_to),
                text(item.date_raw.as_ref()),
                basis_to(item.basis),
                text(item.credit.as_ref()),
                text(item.kicker.as_ref()),
                text(item.place.as_ref()),
                text(item.link.as_ref()),
                item.published.map(|instant| instant.timestamp()),
                item.updated.map(|instant| instant.timestamp()),
                postcard::to_stdvec(&item.sources)?,
            ],
        )?;
        let published = item.published.map_or(0, |instant| instant.timestamp());
        members.extend(self.feeds_of(item).map(|feed| (feed, std::cmp::Reverse(published), item.id, item.key)));
        self.changed_sources.extend(&item.sources);
        Ok(())
    }

    fn remove(&mut self, item: &Item) -> Result<()> {
        let (key, id) = (item.key.0.into_bytes(), item.id.0.into_bytes());
        self.db.prepare_cached("DELETE FROM item WHERE key = ? AND id = ?")?.execute((key, id))?;
        if let Some(published) = item.published {
            let mut delete =
                self.db.prepare_cached("DELETE FROM member WHERE feed = ? AND published = ? AND id = ?")?;
            for feed in 1..=signed(self.terms.feeds.len() as u64) {
                delete.execute(params![feed, published.timestamp(), id])?;
            }
        }
        self.changed_sources.extend(&item.sources);
        Ok(())
    }

    /// Counts the change for the feeds that may show it.
    fn touch_feeds(&mut self) -> Result<()> {
        for (feed, no) in self.terms.feeds.iter().zip(1i64..) {
            if feed.sources.iter().any(|source| self.changed_sources.contains(source)) {
                self.db.prepare_cached("UPDATE feed SET changed = changed + 1 WHERE no = ?")?.execute([no])?;
            }
        }
        let items = get_meta(self.db, "items")?.and_then(|count| count.parse::<i64>().ok()).unwrap_or_default();
        let now = items + signed(self.absorbed.new as u64) - signed(self.absorbed.gone as u64);
        set_meta(self.db, "items", &now.to_string())
    }

    /// Makes the feeds and their members those of the terms.
    fn agree_on_feeds(&mut self) -> Result<()> {
        let db = self.db;
        let mut states: HashMap<String, FeedState> = HashMap::new();
        {
            let mut select = db.prepare("SELECT name, changed, shown, items, rendered_with FROM feed")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let state = FeedState {
                    changed: unsigned(row.get(1)?),
                    shown: unsigned(row.get(2)?),
                    items: small(row.get(3)?) as usize,
                    rendered_with: row.get(4)?,
                };
                states.insert(row.get(0)?, state);
            }
        }
        db.execute_batch("DELETE FROM feed; DELETE FROM member;")?;
        for (feed, no) in self.terms.feeds.iter().zip(1i64..) {
            let state = states.remove(&feed.name).unwrap_or_default();
            db.prepare_cached("INSERT INTO feed VALUES (?, ?, ?, ?, ?, ?)")?.execute(params![
                no,
                feed.name,
                signed(state.changed + 1),
                signed(state.shown),
                signed(state.items as u64),
                state.rendered_with
            ])?;
        }
        let mut members = Vec::new();
        let mut select = db.prepare(&format!("SELECT {ITEM} FROM item JOIN account ON account.id = item.text"))?;
        for item in select.query_map([], item_from)? {
            let item = item?;
            let published = item.published.map_or(0, |instant| instant.timestamp());
            members.extend(self.feeds_of(&item).map(|feed| (feed, std::cmp::Reverse(published), item.id, item.key)));
        }
        members.sort_unstable();
        let mut insert = db.prepare_cached("INSERT INTO member VALUES (?, ?, ?, ?)")?;
        for (feed, std::cmp::Reverse(published), id, key) in members {
            insert.execute(params![feed, published, id.0.into_bytes(), key.0.into_bytes()])?;
        }
        Ok(())
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
        let mut select = self.db.prepare("SELECT no, name, place, site FROM source ORDER BY no")?;
        let rows = select.query_map([], |row| {
            let (place, site): (Option<String>, Option<[u8; 16]>) = (row.get(2)?, row.get(3)?);
            let filed = place.zip(site.map(|site| Site(uuid::Uuid::from_bytes(site))));
            Ok(KnownSource { no: SourceNo(row.get(0)?), name: row.get(1)?, filed })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn ledger(&self) -> Result<Vec<LedgerRow>> {
        let mut select = self.db.prepare_cached(
            "SELECT source, name, size, mtime, ctime, inode, racy, revision, digest, items, drift FROM path",
        )?;
        let rows = select.query_map([], |row| {
            Ok(LedgerRow {
                source: SourceNo(row.get(0)?),
                path: row.get(1)?,
                stat: Stat {
                    size: unsigned(row.get(2)?),
                    mtime_ns: row.get(3)?,
                    ctime_ns: row.get(4)?,
                    inode: row.get::<_, i64>(5)? as u64,
                },
                racy: row.get(6)?,
                revision: row.get::<_, i64>(7)? as u64,
                digest: digest_from(row, 8)?,
                items: row.get(9)?,
                drift: row.get(10)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
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
        let bytes: Option<Vec<u8>> = self
            .db
            .prepare_cached(
                "SELECT reading FROM path JOIN seen ON seen.id = path.id * 1048576 + path.contents - 1
                 WHERE path.source = ? AND path.name = ?",
            )?
            .query_row((source.0, path), |row| row.get(0))
            .optional()?;
        bytes.map(|bytes| with_accounts(&self.db, &bytes)).transpose()
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
        let mut work = Work::new(&transaction, terms);
        if !same_terms || !same_decisions {
            // Rare enough to do all of it: the cost is that of the store, once, and there is one way to be right.
            Self::derive(&mut work)?;
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
        Ok(absorbed)
    }

    fn absorb(&mut self, batch: &Batch, terms: &Terms) -> Result<Absorbed> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut work = Work::new(&transaction, terms);
        work.look(batch)?;
        work.carry_down()?;
        work.touch_feeds()?;
        let absorbed = std::mem::take(&mut work.absorbed);
        drop(work);
        transaction.commit()?;
        Ok(absorbed)
    }

    fn head(&self, feed: &FeedTerms, terms: &Terms) -> Result<Vec<Item>> {
        let no: Option<i64> = self
            .db
            .prepare_cached("SELECT no FROM feed WHERE name = ?")?
            .query_row([&feed.name], |row| row.get(0))
            .optional()?;
        let Some(no) = no else { return Ok(Vec::new()) };
        let limit = if feed.limit == 0 { -1 } else { signed(feed.limit as u64) };
        let mut select = self.db.prepare_cached(&format!(
            "SELECT {ITEM} FROM (SELECT published, id, key FROM member WHERE feed = ?1
             ORDER BY published DESC, id LIMIT ?2) AS newest
             JOIN item ON item.key = newest.key AND item.id = newest.id JOIN account ON account.id = item.text"
        ))?;
        let newest: Vec<Item> = select.query_map((no, limit), item_from)?.collect::<rusqlite::Result<_>>()?;
        let mut late = Vec::new();
        if feed.limit > 0 {
            let shown: BTreeSet<Key> = newest.iter().map(|item| item.id).collect();
            let mut select = self.db.prepare_cached(&format!(
                "SELECT {ITEM} FROM item JOIN account ON account.id = item.text
                 JOIN member ON member.feed = ?1 AND member.published = item.published AND member.id = item.id
                 WHERE item.key = ?2 AND item.id = ?3"
            ))?;
            for (key, id) in Work::new(&self.db, terms).fresh(feed)? {
                if !shown.contains(&id) {
                    let item = select.query_row((no, key.0.into_bytes(), id.0.into_bytes()), item_from).optional()?;
                    late.extend(item);
                }
            }
        }
        Ok(feed::head(newest, late, feed.limit))
    }

    fn count(&self) -> Result<usize> {
        let count = get_meta(&self.db, "items")?.and_then(|count| count.parse().ok());
        Ok(count.unwrap_or_default())
    }

    fn items(&self, terms: &Terms, visit: &mut dyn FnMut(Item, Vec<SightedAt>)) -> Result<()> {
        let mut work = Work::new(&self.db, terms);
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
            let announcement = work.announcements(&family, &mut hold)?.remove(&item.id);
            let mut sighted = Vec::new();
            for (sighting, account) in announcement.iter().flat_map(|one| one.sightings.iter().zip(&one.accounts)) {
                if !readings.contains_key(&sighting.content) {
                    let (source, file, bytes): (String, String, Vec<u8>) =
                        where_seen.query_row([sighting.content], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                    readings.insert(sighting.content, (source, file, postcard::from_bytes(&bytes)?));
                }
                let Some((source, file, reading)) = readings.get(&sighting.content) else { continue };
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
        let mut select = self.db.prepare(
            "SELECT source.name, path.name, seen.id % 1048576, seen.digest, seen.length, seen.completed_by, seen.reading
             FROM seen JOIN path ON path.id = seen.id / 1048576 JOIN source ON source.no = path.source
             ORDER BY source.name, path.name, seen.id",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let reading = with_accounts(&self.db, row.get_ref(6)?.as_blob().map_err(rusqlite::Error::from)?)?;
            visit(Content {
                schema: 1,
                source: row.get(0)?,
                path: row.get(1)?,
                n: row.get(2)?,
                digest: format!("{:032x}", digest_from(row, 3)?),
                length: unsigned(row.get(4)?),
                completed_by: row.get(5)?,
                reading,
            });
        }
        Ok(())
    }

    fn import(&mut self, contents: Vec<Content>, terms: &Terms) -> Result<Absorbed> {
        let names: Vec<&str> = contents.iter().map(|content| content.source.as_str()).collect();
        let numbers = self.source_numbers(&names)?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut work = Work::new(&transaction, terms);
        let mut ids = HashMap::new();
        for (content, source) in contents.into_iter().zip(numbers) {
            work.take_back(content, source, &mut ids)?;
        }
        Self::derive(&mut work)?;
        work.agree_on_feeds()?;
        work.touch_feeds()?;
        let absorbed = std::mem::take(&mut work.absorbed);
        drop(work);
        transaction.commit()?;
        Ok(absorbed)
    }

    fn feed_state(&self, feed: &str) -> Result<FeedState> {
        let mut select =
            self.db.prepare_cached("SELECT changed, shown, items, rendered_with FROM feed WHERE name = ?")?;
        let state = select
            .query_row([feed], |row| {
                Ok(FeedState {
                    changed: unsigned(row.get(0)?),
                    shown: unsigned(row.get(1)?),
                    items: small(row.get(2)?) as usize,
                    rendered_with: row.get(3)?,
                })
            })
            .optional()?;
        Ok(state.unwrap_or_default())
    }

    fn forget_recovery(&mut self) -> Result<()> {
        self.set_note(crate::state::RECOVERED, false)
    }

    fn published(&self) -> Result<Vec<PublishedRow>> {
        let mut select = self.db.prepare_cached("SELECT feed, path, size, mtime, inode, hash FROM published")?;
        let rows = select.query_map([], |row| {
            Ok(PublishedRow {
                feed: row.get(0)?,
                path: row.get(1)?,
                size: unsigned(row.get(2)?),
                mtime_ns: row.get(3)?,
                inode: row.get::<_, i64>(4)? as u64,
                hash: digest_from(row, 5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn record_published(&mut self, feed: &str, state: &FeedState, documents: &[PublishedRow]) -> Result<()> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.prepare_cached("DELETE FROM published WHERE feed = ?")?.execute([feed])?;
        for row in documents {
            transaction.prepare_cached("INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?, ?)")?.execute(
                params![row.path, row.feed, signed(row.size), row.mtime_ns, row.inode as i64, row.hash.to_be_bytes()],
            )?;
        }
        transaction
            .prepare_cached("UPDATE feed SET shown = ?, items = ?, rendered_with = ? WHERE name = ?")?
            .execute(params![signed(state.shown), signed(state.items as u64), state.rendered_with, feed])?;
        transaction.commit()?;
        Ok(())
    }
}
