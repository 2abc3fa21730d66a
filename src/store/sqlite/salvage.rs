//! What can still be read of a damaged file.
//!
//! Promised: a path is taken over with all the contents that it had, and each of these with all its accounts, or not at
//! all: its file is read again. Refused: taking over what follows from that.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Transaction};

use super::rows::{column, pairs};
use super::{CONTENTS_PER_PATH, Sqlite, contents_of};
use crate::store::{Reading, Result, schema};

impl Sqlite {
    /// Copies whatever rows of a damaged file can still be read into this, empty, store. Returns how many contents.
    ///
    /// Rows are read one by one from both ends of each table, so that a broken page hides no more than itself and what
    /// lies between. A reading whose accounts are gone is dropped: its file is read again.
    ///
    /// # Errors
    /// This store can't be written.
    pub fn salvage(&mut self, damaged: &Path) -> Result<usize> {
        let Ok(from) = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_WRITE) else { return Ok(0) };
        // There may be more of it than the log holds.
        self.grow_up()?;
        let to = self.db.transaction()?;
        for table in schema::KEPT {
            for order in ["ASC", "DESC"] {
                copy_rows(&from, &to, table, order)?;
            }
        }
        // A path whose source is lost belongs to nobody: another source might get the number.
        to.execute_batch(&format!(
            "DELETE FROM path WHERE source NOT IN (SELECT no FROM source);
             DELETE FROM seen WHERE NOT EXISTS
                 (SELECT 1 FROM path WHERE path.id = seen.id / {CONTENTS_PER_PATH} AND path.source = seen.source);"
        ))?;
        for path in broken(&to)? {
            to.execute("DELETE FROM path WHERE id = ?", [path])?;
            to.execute("DELETE FROM seen WHERE id >= ? AND id < ?", contents_of(path))?;
        }
        let count: i64 = to.query_row("SELECT count(*) FROM seen", [], |row| row.get(0))?;
        to.commit()?;
        Ok(usize::try_from(count).unwrap_or_default())
    }
}

/// The paths of which not all is there.
fn broken(to: &Transaction<'_>) -> Result<BTreeSet<i64>> {
    let accounts: BTreeSet<i64> = column(to, "SELECT id FROM account")?.into_iter().collect();
    let mut broken = BTreeSet::new();
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
    let paths: BTreeSet<i64> = column(to, "SELECT id FROM path")?.into_iter().collect();
    let held = column(to, &format!("SELECT DISTINCT id / {CONTENTS_PER_PATH} FROM seen"))?;
    let held: BTreeSet<i64> = held.into_iter().collect();
    broken.extend(held.symmetric_difference(&paths));
    // A sequence with a hole is no sequence: what is there of its file is read again from the start.
    for (path, contents) in pairs(to, "SELECT id, contents FROM path")? {
        let count: i64 =
            to.query_row("SELECT count(*) FROM seen WHERE id >= ? AND id < ?", contents_of(path), |row| row.get(0))?;
        if count != contents {
            broken.insert(path);
        }
    }
    Ok(broken)
}

/// Copies the readable rows of one table, as far as they go from one end.
fn copy_rows(from: &Connection, to: &Transaction<'_>, table: &str, order: &str) -> Result<()> {
    let key = if table == "source" { "no" } else { "id" };
    let Ok(mut select) = from.prepare(&format!("SELECT * FROM {table} ORDER BY {key} {order}")) else { return Ok(()) };
    let columns = select.column_count();
    // The file may be of an earlier version, with fewer columns.
    let names: Vec<String> = select.column_names().map(str::to_owned).collect();
    let known = to.prepare(&format!("SELECT * FROM {table}"))?;
    if !names.iter().all(|name| known.column_names().any(|known| known == name)) {
        return Ok(());
    }
    let (names, marks) = (names.join(", "), vec!["?"; columns].join(", "));
    let mut insert = to.prepare(&format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::decisions::Decisions;
    use crate::mill::item::SourceNo;
    use crate::store::{Content, Store, StoreError};

    const EXPORTED: &str = r#"{"schema":1,"source":"a","path":"a.txt","n":0,
        "digest":"000102030405060708090a0b0c0d0e0f","length":7,"reading":{"revision":1,"confidence":1000,
        "newest":"2021-03-01","drift":null,"sections":[],"lines":[{"line":1,"span":0,"number":null,"section":null,
        "account":{"title":"Lake","summary":null,"date":"2021-03-01","date_end":null,"time":null,"date_raw":null,
        "basis":"own","credit":null,"kicker":null,"place":null,"link":null,"explicit_id":null}}]}}"#;

    fn titles(store: &Sqlite) -> Vec<String> {
        let mut titles = Vec::new();
        let terms = store.stored_terms(&Decisions::default()).unwrap();
        store.items(&terms, &mut |item, _| titles.push(item.title.into())).unwrap();
        titles
    }

    /// An account that could not be read now is not one that is missing.
    #[test]
    fn a_reading_that_is_broken_off_at_any_step_is_no_sign_of_damage() {
        let mut store = Sqlite::in_memory().unwrap();
        let terms = store.stored_terms(&Decisions::default()).unwrap();
        store.import(vec![serde_json::from_str(EXPORTED).unwrap()], &terms).unwrap();
        let mut broken_off = 0;
        loop {
            let mut left = broken_off;
            let step = move || {
                left -= 1;
                left < 0
            };
            store.db.progress_handler(1, Some(step)).unwrap();
            let read = store.newest_reading(SourceNo(1), "a.txt");
            store.db.progress_handler(1, None::<fn() -> bool>).unwrap();
            match read {
                Ok(reading) => break assert_eq!(reading.unwrap().lines.len(), 1),
                Err(StoreError::Unusable(_)) => broken_off += 1,
                Err(error) => panic!("at step {broken_off}: {error:?}"),
            }
        }
        assert!(broken_off > 10, "{broken_off}");
        store.db.execute("DELETE FROM account", []).unwrap();
        let read = store.newest_reading(SourceNo(1), "a.txt");
        assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
    }

    /// A store as the first version wrote it.
    fn of_version_1(file: &Path) {
        let mut store = Sqlite::open(file).unwrap();
        let terms = store.stored_terms(&Decisions::default()).unwrap();
        let content: Content = serde_json::from_str(EXPORTED).unwrap();
        store.import(vec![content], &terms).unwrap();
        store
            .db
            .execute_batch(
                "ALTER TABLE member DROP COLUMN print;
                 ALTER TABLE seen DROP COLUMN layout; ALTER TABLE seen DROP COLUMN language;
                 ALTER TABLE account DROP COLUMN utc_offset; ALTER TABLE item DROP COLUMN language;
                 DROP TABLE month; DROP INDEX member_elsewhere; ALTER TABLE member DROP COLUMN month;
                 ALTER TABLE item DROP COLUMN earliest; ALTER TABLE item DROP COLUMN earlier;
                 DROP INDEX published_of;
                 ALTER TABLE published DROP COLUMN made_of; ALTER TABLE feed DROP COLUMN summary;
                 ALTER TABLE account DROP COLUMN topic; ALTER TABLE item DROP COLUMN categories;
                 PRAGMA application_id = 0; PRAGMA user_version = 1;",
            )
            .unwrap();
    }

    #[test]
    fn a_store_of_the_first_version_is_brought_up_to_date_or_salvaged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("feedmill.db");
        of_version_1(&file);
        let mut salvaged = Sqlite::in_memory().unwrap();
        assert_eq!(salvaged.salvage(&file).unwrap(), 1);
        let mut terms = salvaged.stored_terms(&Decisions::default()).unwrap();
        terms.fingerprint = "another".into();
        salvaged.agree(&terms).unwrap();
        assert_eq!(titles(&salvaged), ["Lake"]);
        assert_eq!(titles(&Sqlite::open(&file).unwrap()), ["Lake"]);
    }
}
