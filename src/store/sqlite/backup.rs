//! Copies of a store: in memory, and as a backup that holds the lines of the decisions file, too.
//!
//! Promised: a copy is the store as it is at one moment, though others write; a backup is one file, whole in itself,
//! and is looked through before it is believed. Refused: writing over a file that holds something, and touching a
//! backup that is read.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::Sqlite;
use super::rows::{get_meta, set_meta};
use crate::store::{Result, StoreError, schema};

/// Where a backup keeps the lines of the decisions file, among the notes.
const DECISIONS: &str = "decisions.jsonl";

impl Sqlite {
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

    /// Writes this store, as it is at one moment, into a new file, with the lines of the decisions file, which are
    /// asked for when the store is written.
    ///
    /// # Errors
    /// [`StoreError`]: the file can't be written, or the decisions can't be read.
    pub fn backup(&self, file: &Path, decisions: impl FnOnce() -> std::io::Result<String>) -> Result<()> {
        let name = file.to_str().ok_or_else(|| StoreError::Unusable("its name must be UTF-8".into()))?;
        // A store that is only looked at refuses all writing, even into another file.
        let only_read: bool = self.db.pragma_query_value(None, "query_only", |row| row.get(0))?;
        self.db.pragma_update(None, "query_only", false)?;
        let written = self.db.execute("VACUUM INTO ?", [name]);
        self.db.pragma_update(None, "query_only", only_read)?;
        written?;
        let decisions = decisions()?;
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
        schema::refuse_foreign(&backup.db)?;
        if schema::version(&backup.db)? == 0 {
            return Err(StoreError::Damaged("it holds nothing".into()));
        }
        backup.check()?;
        let mut store = backup.copy_to_memory()?;
        schema::migrate(&mut store.db)?;
        schema::refuse_later(&store.db)?;
        Ok(store)
    }

    /// The lines of the decisions file that a backup holds.
    ///
    /// # Errors
    /// [`StoreError`], as for any reading.
    pub fn decisions_within(&self) -> Result<Option<String>> {
        get_meta(&self.db, DECISIONS)
    }
}
