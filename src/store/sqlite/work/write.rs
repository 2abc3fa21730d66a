//! The rows of `item`: as they were, and as they become.

use std::collections::BTreeMap;

use rusqlite::params;

use super::Work;
use crate::mill::item::{Item, Key};
use crate::store::sqlite::rows::{ITEM, basis_to, day_to, item_from, key_from, list_to, text, time_to};
use crate::store::{Result, StoreError};

/// A row of `item` before this transaction.
pub(super) struct Old {
    pub(super) pairs: Vec<u8>,
    /// The settled item and its text, where the row is the one that an item is filed under.
    pub(super) item: Option<(Item, i64)>,
}

impl Work<'_> {
    pub(super) fn old_rows(&self, family: &[Key]) -> Result<BTreeMap<(Key, Key), Old>> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT {ITEM}, item.pairs, item.text FROM item LEFT JOIN account ON account.id = item.text
             WHERE item.key = ?"
        ))?;
        let mut old = BTreeMap::new();
        for key in family {
            let mut rows = select.query([key.0.into_bytes()])?;
            while let Some(row) = rows.next()? {
                let text: Option<i64> = row.get(20)?;
                let item = text.map(|text| Ok::<_, StoreError>((item_from(row)?, text))).transpose()?;
                old.insert((*key, key_from(row, 1)?), Old { pairs: row.get(19)?, item });
            }
        }
        Ok(old)
    }

    pub(super) fn insert(&mut self, key: Key, id: Key, pairs: &[u8], item: Option<(&Item, i64)>) -> Result<()> {
        let (key, id) = (key.0.into_bytes(), id.0.into_bytes());
        match item {
            Some((item, text_of)) => self.insert_item.execute(params![
                key,
                id,
                pairs,
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
                list_to(&item.categories)?,
                item.earliest.map(day_to),
                list_to(&item.earlier)?,
            ])?,
            None => self
                .db
                .prepare_cached("INSERT INTO item (key, id, pairs, basis, sources) VALUES (?, ?, ?, 0, x'00')")?
                .execute((key, id, pairs))?,
        };
        Ok(())
    }

    pub(super) fn update_pairs(&self, key: Key, id: Key, pairs: &[u8]) -> Result<()> {
        let mut update = self.db.prepare_cached("UPDATE item SET pairs = ? WHERE key = ? AND id = ?")?;
        update.execute((pairs, key.0.into_bytes(), id.0.into_bytes()))?;
        Ok(())
    }

    pub(super) fn delete(&self, key: Key, id: Key) -> Result<()> {
        let mut delete = self.db.prepare_cached("DELETE FROM item WHERE key = ? AND id = ?")?;
        delete.execute((key.0.into_bytes(), id.0.into_bytes()))?;
        Ok(())
    }
}
