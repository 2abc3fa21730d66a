//! How the contents of a path stand, and which of their sightings count for that.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::params;
use rustc_hash::FxHashSet;

use super::{Change, Origin, Work};
use crate::mill::history;
use crate::mill::identify::Site;
use crate::mill::item::{Account, Captured, SourceNo};
use crate::store::sqlite::rows::{day_from, language_from, moment_from, moment_to};
use crate::store::sqlite::{CONTENTS_PER_PATH, Pair, content_id};
use crate::store::{Reading, Result};

/// A content of a path with its reading, and how it stands.
pub(super) struct Stood {
    pub(super) id: i64,
    pub(super) reading: Reading<i64>,
    /// The content that completes it, by its number.
    pub(super) whole: Option<u32>,
}

/// A content that stands otherwise than before.
pub(super) struct Moved {
    n: u32,
    /// The content that completed it before, where nothing but that changed.
    only_whole: Option<Option<u32>>,
}

impl Work<'_> {
    /// Files the sightings of those contents of a path anew that stand otherwise than before, and of the newest, `n`;
    /// when that was read anew (`reread`), also of those that count only for what it repeats.
    pub(super) fn restand_and_refile(
        &mut self,
        path: i64,
        source: SourceNo,
        name: &str,
        n: u32,
        reread: bool,
    ) -> Result<()> {
        let moved = self.restand(path, source, name)?;
        let rows = self.readings(path)?;
        let mut refile: BTreeSet<u32> = [n].into();
        if reread {
            refile.extend(rows.iter().zip(0..).filter(|(row, _)| row.whole == Some(n)).map(|(_, n)| n));
        }
        for Moved { n, only_whole } in moved {
            // A file that grows gives each of its contents another whole with every append, and what they count for
            // stays nearly always the same.
            let row = rows.get(n as usize);
            let same = match (row, only_whole) {
                (Some(row), Some(before)) => {
                    self.counted(row, before, &rows)? == self.counted(row, row.whole, &rows)?
                }
                _ => false,
            };
            if !same {
                refile.insert(n);
            }
        }
        let site = self.site(source);
        for row in refile.iter().filter_map(|n| rows.get(*n as usize)) {
            self.drop_sightings(site, row.id, &row.reading)?;
            for pair in self.counted(row, row.whole, &rows)? {
                let key = site.key(&*self.account(pair.0)?);
                self.changes.push((key, Change::Add(pair)));
            }
        }
        Ok(())
    }

    /// Works out how the contents of a path stand and writes what changed. Returns those.
    pub(super) fn restand(&mut self, path: i64, source: SourceNo, name: &str) -> Result<Vec<Moved>> {
        struct Row {
            content: history::Content,
            captured: Captured,
            version: u32,
            whole: Option<u32>,
            language: Option<&'static str>,
        }
        let rows: Vec<Row> = {
            let mut select = self.db.prepare_cached(
                "SELECT completed_by, newest, captured, captured_day, stated, version, whole, language
                 FROM seen WHERE id >= ? AND id < ? ORDER BY id",
            )?;
            let rows = select.query_map(contents_of(path), |row| {
                Ok(Row {
                    content: history::Content {
                        completed_by: row.get(0)?,
                        newest: row.get::<_, Option<i64>>(1)?.and_then(day_from),
                    },
                    captured: Captured { when: moment_from(row.get(2)?, row.get(3)?), stated: row.get(4)? },
                    version: row.get(5)?,
                    whole: row.get(6)?,
                    language: language_from(row, 7)?,
                })
            })?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let contents: Vec<_> = rows.iter().map(|row| row.content).collect();
        let standings = history::standings((self.terms.captured)(source, name), &contents);
        let mut changed = Vec::new();
        for ((n, old), new) in (0..).zip(&rows).zip(standings) {
            let id = content_id(path, n);
            let (captured, version, language) = (new.captured, new.version, old.language);
            self.contents.insert(id, Origin { source, captured, version, language });
            if (old.captured, old.version, old.whole) == (new.captured, new.version, new.whole) {
                continue;
            }
            let same = (old.captured, old.version) == (new.captured, new.version);
            changed.push(Moved { n, only_whole: same.then_some(old.whole) });
            let (when, day) = moment_to(new.captured.when);
            self.db
                .prepare_cached(
                    "UPDATE seen SET captured = ?, captured_day = ?, stated = ?, version = ?, whole = ? WHERE id = ?",
                )?
                .execute(params![when, day, new.captured.stated, new.version, new.whole, id])?;
        }
        Ok(changed)
    }

    pub(super) fn readings(&self, path: i64) -> Result<Vec<Stood>> {
        let mut select =
            self.db.prepare_cached("SELECT id, reading, whole FROM seen WHERE id >= ? AND id < ? ORDER BY id")?;
        let mut rows = select.query(contents_of(path))?;
        let mut readings = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            readings.push(Stood { id: row.get(0)?, reading: postcard::from_bytes(bytes)?, whole: row.get(2)? });
        }
        Ok(readings)
    }

    /// The sightings of a content that count if `whole` completes it, given all contents of its path.
    pub(super) fn counted(&mut self, content: &Stood, whole: Option<u32>, path: &[Stood]) -> Result<Vec<Pair>> {
        let ours = content.reading.lines.iter().map(|line| line.account);
        let Some(whole) = whole.and_then(|whole| path.get(whole as usize)) else {
            return Ok(ours.map(|account| (account, content.id)).collect());
        };
        let theirs: FxHashSet<i64> = whole.reading.lines.iter().map(|line| line.account).collect();
        let mut counted = Vec::new();
        let mut others: Option<FxHashSet<Arc<Account>>> = None;
        for account in ours.clone() {
            let mut counts = theirs.contains(&account);
            if !counts {
                // One account can go under two numbers: nothing sighted it for a while, and then it came back.
                if others.is_none() {
                    let ours: FxHashSet<i64> = ours.clone().collect();
                    let told = theirs.difference(&ours).map(|account| self.account(*account));
                    others = Some(told.collect::<Result<_>>()?);
                }
                let told = self.account(account)?;
                counts = others.as_ref().is_some_and(|others| others.contains(&told));
            }
            if counts {
                counted.push((account, content.id));
            }
        }
        Ok(counted)
    }

    /// Takes the sightings of a content away, before its reading is replaced.
    pub(super) fn unfile(&mut self, source: SourceNo, id: i64) -> Result<()> {
        let reading: Vec<u8> = self.db.query_row("SELECT reading FROM seen WHERE id = ?", [id], |row| row.get(0))?;
        self.drop_sightings(self.site(source), id, &postcard::from_bytes(&reading)?)
    }

    fn drop_sightings(&mut self, site: Site, content: i64, reading: &Reading<i64>) -> Result<()> {
        for line in &reading.lines {
            let key = site.key(&*self.account(line.account)?);
            self.changes.push((key, Change::Drop { content }));
        }
        Ok(())
    }
}

/// The range of ids of the contents of a path.
fn contents_of(path: i64) -> (i64, i64) {
    (path * CONTENTS_PER_PATH, (path + 1) * CONTENTS_PER_PATH)
}
