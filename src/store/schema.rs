//! The shape of the database file, version by version.
//!
//! `user_version` counts the migrations applied. The list is append-only: a file written by any earlier feedmill is
//! brought up to date in one exclusive transaction, a file written by a later one, or by another program, is refused
//! untouched.
//!
//! What the columns mean is said in `schema.sql`, by which a new file is made.

use std::collections::BTreeSet;

use rusqlite::{Connection, TransactionBehavior};

use super::sqlite::{get_meta, set_meta};
use super::{Result, StoreError};
use crate::mill::{scrape, settle};

/// The tables as all migrations leave them. A new file is made by these: SQLite reads its whole schema again for each
/// column that is added, and a pass over a few files takes hardly more time than that.
const SCHEMA: &str = include_str!("schema.sql");

/// The first tables.
const VERSION_1: &str = "
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE source (
    no    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE,
    place TEXT,
    site  BLOB
) STRICT;

CREATE TABLE path (
    id       INTEGER PRIMARY KEY,
    source   INTEGER NOT NULL,
    name     TEXT NOT NULL,
    size     INTEGER NOT NULL,
    mtime    INTEGER NOT NULL,
    ctime    INTEGER NOT NULL,
    inode    INTEGER NOT NULL,
    racy     INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    digest   BLOB NOT NULL,
    contents INTEGER NOT NULL,
    items    INTEGER NOT NULL,
    drift    TEXT,
    UNIQUE (source, name)
) STRICT;

CREATE TABLE seen (
    id           INTEGER PRIMARY KEY,
    source       INTEGER NOT NULL,
    digest       BLOB NOT NULL,
    length       INTEGER NOT NULL,
    completed_by INTEGER,
    newest       INTEGER,
    reading      BLOB NOT NULL,
    captured     INTEGER,
    captured_day INTEGER NOT NULL,
    stated       INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    whole        INTEGER
) STRICT;
CREATE INDEX seen_captured ON seen (source, captured) WHERE stated = 1;

CREATE TABLE account (
    id          INTEGER PRIMARY KEY,
    title       TEXT NOT NULL,
    summary     TEXT,
    date        INTEGER,
    date_end    INTEGER,
    time        INTEGER,
    date_raw    TEXT,
    basis       INTEGER NOT NULL,
    credit      TEXT,
    kicker      TEXT,
    place       TEXT,
    link        TEXT,
    explicit_id TEXT
) STRICT;

CREATE TABLE twin (
    id  BLOB PRIMARY KEY,
    key BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE item (
    key          BLOB NOT NULL,
    id           BLOB NOT NULL,
    pairs        BLOB NOT NULL,
    text         INTEGER,
    date         INTEGER,
    date_end     INTEGER,
    time         INTEGER,
    date_raw     TEXT,
    basis        INTEGER NOT NULL,
    credit       TEXT,
    kicker       TEXT,
    place        TEXT,
    link         TEXT,
    published    INTEGER,
    updated      INTEGER,
    sources      BLOB NOT NULL,
    PRIMARY KEY (key, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_undated ON item (key, id) WHERE published IS NULL;

CREATE TABLE feed (
    no            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    changed       INTEGER NOT NULL,
    shown         INTEGER NOT NULL,
    items         INTEGER NOT NULL,
    rendered_with TEXT NOT NULL
) STRICT;

CREATE TABLE member (
    feed      INTEGER NOT NULL,
    published INTEGER NOT NULL,
    id        BLOB NOT NULL,
    key       BLOB NOT NULL,
    PRIMARY KEY (feed, published DESC, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE published (
    path  TEXT PRIMARY KEY,
    feed  TEXT NOT NULL,
    size  INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    hash  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
";

/// What pages file their items under.
const VERSION_2: &str = "
ALTER TABLE account ADD COLUMN topic TEXT;
ALTER TABLE item ADD COLUMN categories BLOB;
";

/// Month pages.
///
/// Without their notes of the terms all items are settled and all feeds filled anew.
const VERSION_3: &str = "
ALTER TABLE item ADD COLUMN earliest INTEGER;
ALTER TABLE item ADD COLUMN earlier BLOB;
ALTER TABLE member ADD COLUMN month INTEGER;
CREATE INDEX member_elsewhere ON member (feed, month) WHERE month IS NOT NULL;
CREATE TABLE month (
    feed  INTEGER NOT NULL,
    month INTEGER NOT NULL,
    items INTEGER NOT NULL,
    print INTEGER NOT NULL,
    PRIMARY KEY (feed, month)
) STRICT, WITHOUT ROWID;
ALTER TABLE published ADD COLUMN made_of INTEGER NOT NULL DEFAULT 0;
CREATE INDEX published_of ON published (feed, made_of);
ALTER TABLE feed ADD COLUMN summary TEXT NOT NULL DEFAULT '';
DELETE FROM meta WHERE name IN ('terms', 'feeds');
";

/// What a content was read with, the offset of a time where the date states it, and the language that follows.
const VERSION_4: &str = "
ALTER TABLE seen ADD COLUMN layout TEXT;
ALTER TABLE seen ADD COLUMN language TEXT;
ALTER TABLE account ADD COLUMN utc_offset INTEGER;
ALTER TABLE item ADD COLUMN language TEXT;
";

/// The print of each member: what was rendered of a month page before can be told from what is new there.
///
/// Without their note of the terms all feeds are filled anew.
const VERSION_5: &str = "
ALTER TABLE member ADD COLUMN print INTEGER NOT NULL DEFAULT 0;
DELETE FROM meta WHERE name = 'feeds';
";

const MIGRATIONS: &[&str] = &[VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5];

/// The tables that hold what can't be recomputed, for salvage.
pub(super) const KEPT: &[&str] = &["source", "path", "seen", "account"];

/// The newest version known here.
pub(super) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// What a store of later tables is told by.
pub(super) const VERSION: &str = "version";

/// By what the contents of a store were read and its items settled: the name of its note in `meta`, and the revision
/// here. Two feedmills that differ in one of them would undo each other's work again and again.
const REVISIONS: [(&str, u32); 2] = [("reading revision", scrape::REVISION), ("settling revision", settle::REVISION)];

/// What the header of a store says it belongs to ("feed"): a file that says so and counts no migration is one that was
/// never filled to the end.
pub(super) const OURS: u32 = 0x6665_6564;

/// Makes the tables of a file that is filled for the first time, and leaves `user_version` at 0: see [`filled`].
///
/// # Errors
/// The file can't be written.
pub(super) fn begin(db: &Connection) -> Result<()> {
    db.pragma_update(None, "application_id", OURS)?;
    db.execute_batch(&format!("BEGIN; {SCHEMA} COMMIT;"))?;
    Ok(())
}

/// Makes a file that was filled for the first time one that counts.
///
/// # Errors
/// The file can't be written.
pub(super) fn filled(db: &Connection) -> Result<()> {
    db.pragma_update(None, "user_version", NEWEST)?;
    Ok(())
}

/// Whether a file that begins with `header` was begun here and never filled to the end.
pub(super) fn is_unfilled(header: &[u8]) -> bool {
    let number = |at: usize| header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    header.starts_with(b"SQLite format 3\0") && number(60) == Some(0) && number(68) == Some(OURS)
}

/// Whether the file has every table and column of the newest version.
///
/// # Errors
/// It can't be read.
pub(super) fn is_whole(db: &Connection) -> Result<bool> {
    const COLUMNS: &str = "SELECT t.name, c.name, c.type FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
                           WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY 1, 2";
    let columns = |db: &Connection| -> Result<BTreeSet<(String, String, String)>> {
        let mut select = db.prepare(COLUMNS)?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    let mut sound = Connection::open_in_memory()?;
    migrate(&mut sound)?;
    Ok(columns(&sound)?.is_subset(&columns(db)?))
}

/// How many migrations were applied to the file.
///
/// # Errors
/// It can't be read.
pub(super) fn version(db: &Connection) -> Result<i64> {
    Ok(db.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Brings the file up to date.
///
/// # Errors
/// A file of a later version, a damaged file, or one that can't be written.
pub(super) fn migrate(db: &mut Connection) -> Result<()> {
    let found = version(db)?;
    if found == NEWEST {
        return Ok(());
    }
    if !(0..=NEWEST).contains(&found) {
        return Err(StoreError::Newer { what: VERSION, found, known: NEWEST });
    }
    let transaction = db.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let found = usize::try_from(version(&transaction)?).unwrap_or_default();
    for migration in MIGRATIONS.iter().skip(found) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", NEWEST)?;
    transaction.commit()?;
    Ok(())
}

/// Refuses a database of another program: it is not ours to alter, nor to set aside as a damaged store.
///
/// # Errors
/// [`StoreError::Foreign`], or it can't be read.
pub(super) fn refuse_foreign(db: &Connection) -> Result<()> {
    let mark: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if mark == i64::from(OURS) {
        return Ok(());
    }
    let found = version(db)?;
    // A later feedmill may call its tables otherwise.
    if found > NEWEST && mark == 0 {
        return Ok(());
    }
    let mut select = db.prepare("SELECT name FROM sqlite_schema")?;
    let names: BTreeSet<String> = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    // The first stores bear no mark. They had their tables and their version from one transaction.
    let is_ours = if found == 0 { names.is_empty() } else { KEPT.iter().all(|table| names.contains(*table)) };
    if is_ours { Ok(()) } else { Err(StoreError::Foreign) }
}

/// Refuses a store that a later feedmill read or settled, though its tables are those known here.
///
/// # Errors
/// [`StoreError::Newer`], or it can't be read.
pub(super) fn refuse_later(db: &Connection) -> Result<()> {
    for (what, known) in REVISIONS {
        let found = get_meta(db, what)?.and_then(|found| found.parse().ok()).unwrap_or_default();
        if found > i64::from(known) {
            return Err(StoreError::Newer { what, found, known: known.into() });
        }
    }
    Ok(())
}

/// Notes by what the contents are read from now on, and the items settled.
///
/// # Errors
/// The file can't be written.
pub(super) fn note_revisions(db: &Connection) -> Result<()> {
    REVISIONS.iter().try_for_each(|(what, known)| set_meta(db, what, &known.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrating_twice_is_migrating_once() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        db.execute("INSERT INTO source VALUES (0, 'x', NULL, NULL)", []).unwrap();
        migrate(&mut db).unwrap();
        assert_eq!(db.query_row("SELECT count(*) FROM source", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    }

    #[test]
    fn the_tables_of_a_new_store_are_those_that_the_migrations_make() {
        let shape = |db: &Connection| {
            let sql = "SELECT t.name, c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk
                       FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c WHERE t.type = 'table'
                       UNION ALL SELECT tbl_name, rootpage > 0, name, type, 0, sql, 0 FROM sqlite_schema
                       WHERE type <> 'table'
                       UNION ALL SELECT name, 0, type, '', strict, wr, 0 FROM pragma_table_list
                       UNION ALL SELECT t.name, k.seqno, k.name, i.name, k.desc, k.coll, k.key
                       FROM sqlite_schema AS t, pragma_index_list(t.name) AS i, pragma_index_xinfo(i.name) AS k
                       WHERE t.type = 'table' ORDER BY 1, 2, 3, 4";
            let mut select = db.prepare(sql).unwrap();
            let mut rows = select.raw_query();
            let mut shape = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                shape.push((0..7).map(|at| row.get::<_, rusqlite::types::Value>(at).unwrap()).collect::<Vec<_>>());
            }
            shape
        };
        let mut migrated = Connection::open_in_memory().unwrap();
        migrate(&mut migrated).unwrap();
        let new = Connection::open_in_memory().unwrap();
        begin(&new).unwrap();
        assert_eq!(shape(&new), shape(&migrated));
    }

    #[test]
    fn a_later_store_is_refused_untouched() {
        let mut db = Connection::open_in_memory().unwrap();
        db.pragma_update(None, "user_version", NEWEST + 1).unwrap();
        assert!(matches!(migrate(&mut db), Err(StoreError::Newer { .. })));
        assert_eq!(db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    }

    /// SQLite 3.7.0 to 3.51.2 can lose commits when a WAL is reset (the WAL-reset race).
    #[test]
    fn the_bundled_sqlite_has_no_wal_reset_race() {
        assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
    }
}
