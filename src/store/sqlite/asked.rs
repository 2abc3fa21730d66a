//! What commands, and the daemon about itself, ask of a store beside what every store must answer.
//!
//! Promised: to ask changes nothing, and needs no config. Refused: anything that a pass needs, which belongs to the
//! trait, where the oracle can be asked the same.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use super::rows::{LEDGER, day_from, key_from, ledger_row_from, text_from};
use super::{CONTENTS_PER_PATH, Sqlite};
use crate::mill::captured::captured_from_name;
use crate::mill::decisions::Decisions;
use crate::mill::item::{Item, Key, SourceNo};
use crate::mill::settle::Rules;
use crate::store::{KnownSource, ReadPath, Result, Store, StoreError, Terms};

/// The feeds that show an item. Of a plain join SQLite makes a walk through all members.
pub(super) const FEEDS_OF: &str = "SELECT feed.name FROM feed CROSS JOIN member ON member.feed = feed.no
                                   WHERE member.published = ? AND member.id = ? ORDER BY feed.no";

impl Sqlite {
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
            captured: Box::new(|_, name| captured_from_name(name)),
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
            "SELECT {LEDGER}, seen.layout, seen.newest FROM path
             JOIN seen ON seen.id = path.id * {CONTENTS_PER_PATH} + path.contents - 1 WHERE path.source = ?"
        ))?;
        let rows = select.query_map([source.0], |row| {
            let (layout, newest) = (text_from(row, 11)?, row.get::<_, Option<i64>>(12)?.and_then(day_from));
            Ok(ReadPath { row: ledger_row_from(row)?, layout, newest })
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
}
