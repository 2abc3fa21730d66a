//! The life of the file: begun, filled, kept, put under a log, tidied, looked through for damage.
//!
//! Promised: after a crash at any point the file is one that was never filled, and is begun anew, or a sound store that
//! lacks the last commits at most. A store of a later version, and a database of another program, are refused
//! untouched. Refused: mending a damaged file, which is set aside and salvaged, and waiting longer than some seconds
//! for another writer.

use std::cell::RefCell;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, OpenFlags};

use super::Sqlite;
use crate::stat;
use crate::store::{Result, StoreError, schema};

/// How far a store has come: see [`Sqlite::open`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// It is filled for the first time, and a crash would leave nothing of it.
    Filling,
    /// Its first filling counts, and its log is as new as itself.
    Young,
    /// It lives under its log.
    Grown,
}

/// What the cache holds, in KiB below zero as SQLite counts it.
const CACHE: i64 = -4_096;

/// A first filling that was given up leaves nothing behind: half of it is on the disk, in whatever order.
impl Drop for Sqlite {
    fn drop(&mut self) {
        let same = |made: &fs::File, path: &str| {
            Some(stat::identity(&made.metadata().ok()?) == stat::identity(&fs::metadata(path).ok()?))
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
        Self { db, age, month_pages: RefCell::default(), keys: RefCell::default(), made }
    }

    pub(super) fn grown(db: Connection) -> Self {
        Self::new(db, Age::Grown, None)
    }

    /// Opens the store at `file`, or makes one.
    ///
    /// A store that holds nothing yet is filled without a journal on disk and without waiting for it: a crash leaves a
    /// file whose header says that it was never filled, and the next start begins anew, for all that it held is in the
    /// inbox still. [`keep`](crate::store::Store::keep) makes it one that lasts: synced once, then marked, then put
    /// under a log.
    ///
    /// # Errors
    /// [`StoreError`]: damaged, of a later version, of another program, or out of reach.
    pub fn open(file: &Path) -> Result<Self> {
        if is_unfilled(file) {
            fs::remove_file(file)?;
        }
        let is_new = fs::metadata(file).map_or(true, |found| found.len() == 0);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(file, flags)?;
        db.busy_timeout(std::time::Duration::from_secs(5))?;
        let (age, made) = match is_new {
            true => (Age::Filling, Some(fs::File::open(file)?)),
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
            // Before the log is set up, for that writes: what is refused stays untouched.
            schema::refuse_foreign(db)?;
            schema::migrate(db)?;
            schema::refuse_later(db)?;
            db.pragma_update(None, "journal_mode", "WAL")?;
        }
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
    /// [`StoreError`]: missing, damaged, of another version or program, or out of reach.
    pub fn open_to_read(file: &Path) -> Result<Self> {
        if is_unfilled(file) {
            return Err(StoreError::Unusable("it is being filled for the first time, or that was cut short".into()));
        }
        let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .or_else(|_| Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY))?;
        db.busy_timeout(std::time::Duration::from_secs(5))?;
        db.pragma_update(None, "query_only", true)?;
        Self::prepare(&db)?;
        schema::refuse_foreign(&db)?;
        let found = schema::version(&db)?;
        if found > schema::NEWEST {
            return Err(StoreError::Newer { what: schema::VERSION, found, known: schema::NEWEST });
        }
        if found < schema::NEWEST {
            return Err(StoreError::Unusable(format!("it is of version {found}: a pass brings it up to date").into()));
        }
        schema::refuse_later(&db)?;
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

    pub(super) fn prepare(db: &Connection) -> Result<()> {
        db.set_prepared_statement_cache_capacity(64);
        db.pragma_update(None, "cache_size", CACHE)?;
        db.pragma_update(None, "temp_store", "MEMORY")?;
        // Else a statement whose plan depends on what is bound to it is planned anew each time it runs.
        db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // Closing need not copy the log into the file and sync both: the next pass reads it where it is, and the
        // automatic checkpoint bounds its size.
        db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(())
    }

    /// See [`Store::keep`](crate::store::Store::keep).
    pub(super) fn make_last(&mut self) -> Result<()> {
        if self.age != Age::Filling {
            return Ok(());
        }
        self.made.as_ref().map_or(Ok(()), fs::File::sync_all)?;
        self.db.pragma_update(None, "locking_mode", "NORMAL")?;
        self.db.pragma_update(None, "cache_size", CACHE)?;
        schema::filled(&self.db)?;
        self.age = Age::Young;
        self.db.pragma_update(None, "journal_mode", "WAL")?;
        Ok(())
    }

    /// From now on the log is synced where its order counts.
    ///
    /// The first log of a store need not be: there is no older one whose pages could be taken for its own, and nothing
    /// is copied out of it before this is called.
    pub(super) fn grow_up(&mut self) -> Result<()> {
        if self.age == Age::Young {
            self.db.pragma_update(None, "synchronous", "NORMAL")?;
            self.age = Age::Grown;
        }
        Ok(())
    }

    /// Sees to it that what was committed survives a power cut: for what the inbox can't give back. A store that is
    /// filled for the first time is kept by this.
    ///
    /// # Errors
    /// [`StoreError`], as for any writing.
    pub fn secure(&mut self) -> Result<()> {
        self.make_last()?;
        self.grow_up()?;
        // The log is synced and copied into the file, and the file is synced.
        self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        // The mark that makes the file count was written before its log began.
        self.made.as_ref().map_or(Ok(()), fs::File::sync_all)?;
        let path = self.db.path().unwrap_or_default();
        if path.is_empty() {
            return Ok(());
        }
        // Where somebody reads beside, some of it is in the log alone.
        match fs::File::open(format!("{path}-wal")).and_then(|log| log.sync_all()) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty());
        // Some file systems can't sync a folder.
        match folder.map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all()) {
            Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
                Err(error.into())
            }
            _ => Ok(()),
        }
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
    /// hangs; and the log may grow longer before a transaction has to wait until it is copied into the file. It is
    /// tidied when there is time, and at the end.
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
    /// `error`, or why the file could not be looked into.
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
            Ok(false) | Err(StoreError::Damaged(_) | StoreError::Refused(_)) => Ok(how),
            // It could not be looked into: a sound store is not set aside for want of descriptors or memory.
            Err(error) => Err(error),
        }
    }
}

/// Whether the file at `file` is a store that was begun and never kept.
fn is_unfilled(file: &Path) -> bool {
    let mut header = [0; 100];
    let read = fs::File::open(file).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && schema::is_unfilled(&header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

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
        // What can't be looked into, be it for want of descriptors, was not seen to be damaged.
        let looked = Sqlite::confirm(folder.path(), error());
        assert!(matches!(looked, Err(StoreError::Unusable(_))), "{looked:?}");
        let other = folder.path().join("other");
        fs::write(&other, [7; 9_000]).unwrap();
        assert!(Sqlite::confirm(&other, error()).is_ok(), "it is no database");
    }
}
