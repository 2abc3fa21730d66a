//! The rows of `item`: as they were, and as they become.

use std::collections::BTreeMap;

use super::Work;
use crate::mill::item::{Item, Key};
use crate::store::sqlite::rows::{ITEM, basis_to, day_to, item_from, key_from, list_to, packed, text, time_to};
use crate::store::{Result, StoreError};

/// A row of `item` before this transaction.
pub(super) struct Old {
    pub(super) pairs: Vec<u8>,
    /// The settled item and its text, where the row is the one that an item is filed under.
    pub(super) item: Option<(Item, i64)>,
}

/// A row of `item`: key, id, sightings as they are stored; the item and the number of its text.
pub(super) type Filing<'f> = (Key, Key, &'f [u8], Option<(&'f Item, i64)>);

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
                let text: Option<i64> = row.get(21)?;
                let item = text.map(|text| Ok::<_, StoreError>((item_from(row)?, text))).transpose()?;
                old.insert((*key, key_from(row, 1)?), Old { pairs: row.get(20)?, item });
            }
        }
        Ok(old)
    }

    /// Writes rows of `item`: under a key and an id what is filed there, and the item with its text where this is the
    /// row that it is filed under.
    pub(super) fn insert(&mut self, rows: &[Filing<'_>]) -> Result<()> {
        self.insert_item.all(rows, |row, (key, id, pairs, settled)| {
            let item = settled.map(|(item, _)| item);
            row.bind(key.0.into_bytes())?;
            row.bind(id.0.into_bytes())?;
            row.bind(pairs)?;
            row.bind_if(settled.map(|(_, text)| text))?;
            row.bind_if(item.and_then(|item| item.date).map(day_to))?;
            row.bind_if(item.and_then(|item| item.date_end).map(day_to))?;
            row.bind_if(item.and_then(|item| item.time).map(time_to))?;
            row.bind_if(text(item.and_then(|item| item.date_raw.as_ref())))?;
            row.bind(item.map_or(0, |item| basis_to(item.basis)))?;
            row.bind_if(text(item.and_then(|item| item.credit.as_ref())))?;
            row.bind_if(text(item.and_then(|item| item.kicker.as_ref())))?;
            row.bind_if(text(item.and_then(|item| item.place.as_ref())))?;
            row.bind_if(text(item.and_then(|item| item.link.as_ref())))?;
            row.bind_if(item.and_then(|item| item.published).map(|instant| instant.timestamp()))?;
            row.bind_if(item.and_then(|item| item.updated).map(|instant| instant.timestamp()))?;
            row.bind(packed(item.map_or(&[][..], |item| &item.sources))?)?;
            row.bind_if(list_to(item.map_or(&[][..], |item| &item.categories))?)?;
            row.bind_if(item.and_then(|item| item.earliest).map(day_to))?;
            row.bind_if(list_to(item.map_or(&[][..], |item| &item.earlier))?)?;
            row.bind_if(text(item.and_then(|item| item.language.as_ref())))
        })
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
