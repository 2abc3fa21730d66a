//! Every item, and where it was sighted.
//!
//! Promised: what is told of an item is what its settling goes by. Refused: telling of one item for little: all of them
//! are told, one after the other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{Connection, Statement};

use super::rows::{ITEM, item_from, small, unpacked};
use super::work::Work;
use super::{CONTENTS_PER_PATH, Sqlite};
use crate::mill::item::{Captured, Item, Key};
use crate::store::{Reading, Result, SightedAt, Terms};

/// One sighting: content, when it was captured, whether it is disregarded, account.
type Sighted = (i64, Captured, bool, i64);

impl Sqlite {
    /// See [`Store::items`](crate::store::Store::items).
    pub(super) fn items_of(&self, terms: &Terms, visit: &mut dyn FnMut(Item, Vec<SightedAt>)) -> Result<()> {
        let mut work = Work::new(&self.db, terms)?;
        let mut places = Places::of(&self.db)?;
        // Of a key that goes under many ids all are told together: those that were not asked for yet.
        let mut told: HashMap<Key, HashMap<Key, Vec<Sighted>>> = HashMap::new();
        let mut select = self
            .db
            .prepare(&format!("SELECT {ITEM} FROM item JOIN account ON account.id = item.text ORDER BY item.id"))?;
        for item in select.query_map([], item_from)? {
            let item = item?;
            let family = work.family(item.key)?;
            let first = family.first().copied().unwrap_or(item.key);
            let mut of_item = told.get_mut(&first).and_then(|others| others.remove(&item.id));
            if of_item.is_none() {
                let mut hold = Vec::new();
                let mut all: HashMap<Key, Vec<Sighted>> = HashMap::new();
                for one in work.announcements(&family, &mut hold)? {
                    let pairs = one.sightings.iter().zip(&one.accounts);
                    let sighted = pairs.map(|(at, account)| (at.content, at.captured, at.disregarded, *account));
                    all.entry(one.id).or_insert_with(|| sighted.collect());
                }
                of_item = all.remove(&item.id);
                if !all.is_empty() {
                    told.insert(first, all);
                }
            }
            let mut sighted = Vec::new();
            for one in of_item.unwrap_or_default() {
                places.tell(one, &mut sighted)?;
            }
            sighted.sort();
            visit(item, sighted);
        }
        Ok(())
    }
}

/// The contents that sightings speak of, each read once.
struct Places<'s> {
    select: Statement<'s>,
    known: HashMap<i64, Place>,
}

/// A content, and where it was found.
struct Place {
    source: String,
    file: String,
    /// Its lines are in the order of their accounts.
    reading: Reading<i64>,
}

impl<'s> Places<'s> {
    fn of(db: &'s Connection) -> Result<Self> {
        let select = db.prepare(&format!(
            "SELECT source.name, path.name, seen.reading FROM seen JOIN path ON path.id = seen.id / {CONTENTS_PER_PATH}
             JOIN source ON source.no = path.source WHERE seen.id = ?"
        ))?;
        Ok(Self { select, known: HashMap::new() })
    }

    /// Adds the lines of a sighting: a content may list an account more than once.
    fn tell(&mut self, (content, captured, disregarded, account): Sighted, told: &mut Vec<SightedAt>) -> Result<()> {
        let Place { source, file, reading } = match self.known.entry(content) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let mut rows = self.select.query([content])?;
                let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
                let mut reading: Reading<i64> = unpacked(row, 2)?;
                reading.lines.sort_by_key(|line| line.account);
                new.insert(Place { source: row.get(0)?, file: row.get(1)?, reading })
            }
        };
        let from = reading.lines.partition_point(|line| line.account < account);
        let lines = reading.lines.iter().skip(from).take_while(|line| line.account == account);
        told.extend(lines.map(|line| SightedAt {
            source: source.clone(),
            file: file.clone(),
            n: small(content % CONTENTS_PER_PATH),
            line: line.line,
            number: line.number,
            section: line.section.and_then(|index| reading.sections.get(index as usize).cloned()),
            captured: captured.when.map(|moment| moment.instant()),
            disregarded,
        }));
        Ok(())
    }
}
