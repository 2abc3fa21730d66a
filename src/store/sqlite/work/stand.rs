//! How the contents of a path stand, and which of their sightings count for that.

use std::cell::OnceCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use rusqlite::{Connection, params};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Change, Origin, Work};
use crate::mill::history;
use crate::mill::identify::Site;
use crate::mill::item::{Account, Captured, SourceNo};
use crate::store::sqlite::rows::{day_from, digest_from, language_from, moment_from, moment_to, unpacked};
use crate::store::sqlite::{Pair, content_id, contents_of};
use crate::store::{Reading, Result};

/// How a content of a path stands.
pub(super) struct Stood {
    /// The content that completes it, by its number.
    pub(super) whole: Option<u32>,
    /// The content that completed it before the newest one came; itself where none did.
    before: u32,
    /// The content by which its sightings were filed, which repeats only a part of it. `None`: all were.
    filed_by: Option<u32>,
    /// Its time of capture or its version is another one.
    moved: bool,
}

/// The contents of a path, each read when it is first asked for: of a file that grows nearly none is.
pub(super) struct Contents {
    path: i64,
    read: FxHashMap<u32, Option<Rc<Read>>>,
}

/// A content with its reading.
struct Read {
    id: i64,
    reading: Reading<i64>,
    /// The accounts that it gives, by their numbers and by what they say; made where another content is compared with
    /// it.
    numbers: OnceCell<FxHashSet<i64>>,
    told: OnceCell<FxHashSet<Arc<Account>>>,
}

impl Contents {
    pub(super) fn of(path: i64) -> Self {
        Self { path, read: FxHashMap::default() }
    }

    /// `None`: there is no such content.
    fn read(&mut self, db: &Connection, n: u32) -> Result<Option<Rc<Read>>> {
        if let Some(read) = self.read.get(&n) {
            return Ok(read.clone());
        }
        let id = content_id(self.path, n);
        let mut select = db.prepare_cached("SELECT reading FROM seen WHERE id = ?")?;
        let mut rows = select.query([id])?;
        let read = match rows.next()? {
            Some(row) => {
                let (numbers, told) = (OnceCell::new(), OnceCell::new());
                Some(Rc::new(Read { id, reading: unpacked(row, 0)?, numbers, told }))
            }
            None => None,
        };
        self.read.insert(n, read.clone());
        Ok(read)
    }
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
        let stood = self.restand(path, source, name)?;
        let mut contents = Contents::of(path);
        let mut within: BTreeMap<(u32, u32), bool> = BTreeMap::new();
        let mut refile: BTreeSet<u32> = [n].into();
        for (content, stood) in (0..).zip(&stood) {
            if stood.moved || (reread && stood.whole == Some(n)) {
                refile.insert(content);
                continue;
            }
            // A file that grows gives each of its contents another whole with every append, and what they count for
            // stays nearly always the same.
            let same = match (stood.filed_by, stood.whole) {
                (before, after) if before == after => true,
                // What its whole repeats the next one repeats, if that repeats all of the whole: asked once, not of
                // each.
                (None, Some(whole)) => {
                    let repeats = match within.entry((stood.before, whole)) {
                        Entry::Occupied(known) => *known.get(),
                        Entry::Vacant(new) => *new.insert(self.repeats(stood.before, whole, &mut contents)?),
                    };
                    repeats || self.repeats(content, whole, &mut contents)?
                }
                (before, after) => {
                    let counted = self.counted(content, after, &mut contents)?;
                    let same = self.counted(content, before, &mut contents)? == counted;
                    if same {
                        self.note_filed(content, stood, counted.len(), &mut contents)?;
                    }
                    same
                }
            };
            if !same {
                refile.insert(content);
            }
        }
        let site = self.site(source);
        for n in refile {
            let Some((stood, read)) = stood.get(n as usize).zip(contents.read(self.db, n)?) else { continue };
            self.drop_sightings(site, read.id, &read.reading)?;
            let counted = self.counted(n, stood.whole, &mut contents)?;
            self.note_filed(n, stood, counted.len(), &mut contents)?;
            for pair in counted {
                let key = site.key(&*self.account(pair.0)?);
                self.changes.push((key, Change::Add(pair)));
            }
        }
        Ok(())
    }

    /// Works out how the contents of a path stand, and writes when each was captured, and its version.
    pub(super) fn restand(&mut self, path: i64, source: SourceNo, name: &str) -> Result<Vec<Stood>> {
        struct Row {
            content: history::Content,
            captured: Captured,
            version: u32,
            filed_by: Option<u32>,
            language: Option<&'static str>,
            disregarded: bool,
        }
        let rows: Vec<Row> = {
            let mut select = self.db.prepare_cached(
                "SELECT completed_by, newest, captured, captured_day, stated, version, whole, language, digest
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
                    filed_by: row.get(6)?,
                    language: language_from(row, 7)?,
                    disregarded: self.disregards(digest_from(row, 8)?),
                })
            })?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let contents: Vec<_> = rows.iter().map(|row| row.content).collect();
        let newest = (0..).zip(&contents).last().map(|(n, _)| n);
        let before = |content: &history::Content| history::Content {
            completed_by: content.completed_by.filter(|by| Some(*by) != newest),
            ..*content
        };
        let before = history::wholes(&contents.iter().map(before).collect::<Vec<_>>());
        let standings = history::standings((self.terms.captured)(source, name), &contents);
        let mut stood = Vec::with_capacity(rows.len());
        for (((n, old), new), before) in (0..).zip(&rows).zip(standings).zip(before) {
            let id = content_id(path, n);
            let (captured, version, language, disregarded) = (new.captured, new.version, old.language, old.disregarded);
            self.contents.insert(id, Origin { source, captured, version, language, disregarded });
            let moved = (old.captured, old.version) != (captured, version);
            stood.push(Stood { whole: new.whole, before: before.unwrap_or(n), filed_by: old.filed_by, moved });
            if moved {
                let (when, day) = moment_to(captured.when);
                self.db
                    .prepare_cached(
                        "UPDATE seen SET captured = ?, captured_day = ?, stated = ?, version = ? WHERE id = ?",
                    )?
                    .execute(params![when, day, captured.stated, version, id])?;
            }
        }
        Ok(stood)
    }

    /// Notes by which content the sightings of content `n`, so many, are filed. While that repeats all of it, as it
    /// does of a file that grows, there is nothing to note, whatever completes it next.
    pub(super) fn note_filed(&self, n: u32, stood: &Stood, counted: usize, contents: &mut Contents) -> Result<()> {
        let lines = contents.read(self.db, n)?.map_or(0, |read| read.reading.lines.len());
        let filed_by = stood.whole.filter(|_| counted < lines);
        if filed_by != stood.filed_by {
            let mut update = self.db.prepare_cached("UPDATE seen SET whole = ? WHERE id = ?")?;
            update.execute((filed_by, content_id(contents.path, n)))?;
        }
        Ok(())
    }

    /// Whether `whole` repeats all that content `n` says.
    fn repeats(&mut self, n: u32, whole: u32, contents: &mut Contents) -> Result<bool> {
        if n == whole {
            return Ok(true);
        }
        let counted = self.counted(n, Some(whole), contents)?.len();
        Ok(contents.read(self.db, n)?.is_some_and(|read| counted == read.reading.lines.len()))
    }

    /// The sightings of content `n` that count if `whole` completes it.
    pub(super) fn counted(&mut self, n: u32, whole: Option<u32>, contents: &mut Contents) -> Result<Vec<Pair>> {
        let Some(content) = contents.read(self.db, n)? else { return Ok(Vec::new()) };
        let ours = content.reading.lines.iter().map(|line| line.account);
        let whole = match whole {
            Some(whole) => contents.read(self.db, whole)?,
            None => None,
        };
        let Some(whole) = whole else { return Ok(ours.map(|account| (account, content.id)).collect()) };
        let theirs = || whole.reading.lines.iter().map(|line| line.account);
        let numbers = whole.numbers.get_or_init(|| theirs().collect());
        let mut counted = Vec::with_capacity(content.reading.lines.len());
        for account in ours {
            let mut counts = numbers.contains(&account);
            if !counts {
                // One account can go under two numbers: nothing sighted it for a while, and then it came back.
                let told = match whole.told.get() {
                    Some(told) => told,
                    None => {
                        let told = numbers.iter().map(|account| self.account(*account)).collect::<Result<_>>()?;
                        whole.told.get_or_init(|| told)
                    }
                };
                counts = told.contains(&self.account(account)?);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::mill::decisions::Decisions;
    use crate::mill::identify::tests::account_of;
    use crate::mill::item::{Key, SourceNo};
    use crate::stat::Stat;
    use crate::store::{Batch, Found, Line, Look, Reading, Sqlite, Store, Terms};

    /// What is added to a file that lists these titles and had so many contents before.
    fn grown(titles: &[&str], terms: &Terms, contents: u32) -> Batch {
        let site = terms.rules.sources.values().next().unwrap().site;
        let accounts: Vec<_> = titles.iter().map(|title| account_of(title, Some("2021-03-01"), None)).collect();
        let accounts: Vec<(Key, _)> = accounts.into_iter().map(|told| (site.key(&told), Arc::new(told))).collect();
        let line = |account: u32| Line { account, line: account + 1, span: 0, number: None, section: None };
        let reading = Reading {
            revision: 1,
            confidence: 1000,
            newest: None,
            drift: None,
            layout: None,
            language: None,
            sections: Vec::new(),
            lines: (0..).take(accounts.len()).map(line).collect(),
        };
        let (digest, length) = (contents.into(), contents.into());
        let found = Found::New { digest, length, completes: (0..contents).collect(), reading };
        let look = Look { source: SourceNo(1), path: "a".into(), stat: Stat::default(), racy: false, found };
        Batch { accounts, looks: vec![look] }
    }

    /// Its contents all stand otherwise with each append, for another one is their whole.
    #[test]
    fn what_is_appended_changes_as_many_rows_however_often_the_file_has_grown() {
        let mut store = Sqlite::in_memory().unwrap();
        store.source_numbers(&["a"]).unwrap();
        let terms = store.stored_terms(&Decisions::default()).unwrap();
        store.agree(&terms).unwrap();
        let changed: Vec<u64> = (0..40)
            .map(|contents| {
                let before = store.db.total_changes();
                store.absorb(&mut grown(&["Lake", "Shore"], &terms, contents), &terms).unwrap();
                store.db.total_changes() - before
            })
            .collect();
        assert_eq!(changed.last(), changed.get(2), "{changed:?}");
        // What a whole does not repeat is noted once, and of that content alone.
        store.absorb(&mut grown(&["Lake"], &terms, 40), &terms).unwrap();
        assert_eq!(store.count().unwrap(), 1);
        let before = store.db.total_changes();
        store.absorb(&mut grown(&["Lake", "Boat"], &terms, 41), &terms).unwrap();
        assert!(store.db.total_changes() - before < 60);
        assert_eq!(store.count().unwrap(), 2);
    }
}
