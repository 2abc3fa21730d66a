//! What was read: the looks of a batch become rows of `path`, `seen` and `account`, and changes among sightings.

use std::sync::Arc;

use chrono::NaiveDate;
use rusqlite::{OptionalExtension, params};
use rustc_hash::FxHashMap;

use super::{Change, Origin, Work};
use crate::mill::item::{Account, Captured, Key, Moment, SourceNo};
use crate::stat::Stat;
use crate::store::sqlite::insert::Insert;
use crate::store::sqlite::rows::{basis_to, day_to, moment_to, packed, signed, small, text, time_to};
use crate::store::sqlite::{CONTENTS_PER_PATH, content_id};
use crate::store::{Batch, Content, Found, Look, Reading, Result, StoreError};

impl Work<'_> {
    /// Takes in the looks of a batch.
    pub(in crate::store::sqlite) fn look(&mut self, batch: &Batch) -> Result<()> {
        let ids = self.file_accounts(batch)?;
        // There are a hundred thousand in a first pass.
        let added = |look: &Look| if let Found::New { reading, .. } = &look.found { reading.lines.len() } else { 0 };
        self.changes.reserve_exact(batch.looks.iter().map(added).sum());
        for look in &batch.looks {
            self.look_into(batch, look, &ids)?;
        }
        Ok(())
    }

    /// Gives every account of the batch its number, writing those that are new. What is of one day lies together: it is
    /// read together, for the page of its month or the head of a feed.
    fn file_accounts(&mut self, batch: &Batch) -> Result<Vec<i64>> {
        let numbered = batch.accounts.iter().enumerate();
        let mut order: Vec<(Option<NaiveDate>, Key, usize)> =
            numbered.map(|(index, (key, account))| (account.date, *key, index)).collect();
        order.sort_unstable();
        let mut newest = self.db.prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM account")?;
        let mut next: i64 = newest.query_row([], |row| row.get(0))?;
        let fresh = next == 1;
        self.written = (next, Vec::new());
        let mut ids = vec![0; batch.accounts.len()];
        let mut of_key = None;
        let mut known = Known::default();
        for (_, key, index) in order {
            let (Some((_, account)), Some(id)) = (batch.accounts.get(index), ids.get_mut(index)) else { continue };
            if of_key != Some(key) {
                of_key = Some(key);
                known.clear();
                if !fresh {
                    let (filed, shown) = self.look_up(key, account)?;
                    known.new.extend(filed.pairs.iter().map(|pair| pair.0));
                    known.new.dedup();
                    // They are about to change: asked again, they need not be read again.
                    self.filed.insert(key, filed);
                    *id = shown.unwrap_or_default();
                }
            }
            if *id == 0 {
                *id = known.number(self, account)?.unwrap_or_default();
            }
            if *id == 0 {
                *id = next;
                next += 1;
                self.written.1.push(account.clone());
                known.new.push(*id);
            }
        }
        let numbered: Vec<(i64, &Account)> = (self.written.0..).zip(self.written.1.iter().map(|new| &**new)).collect();
        write_accounts(&mut self.insert_account, &numbered)?;
        Ok(ids)
    }

    fn look_into(&mut self, batch: &Batch, look: &Look, ids: &[i64]) -> Result<()> {
        let filed = |reading: &Reading<u32>| reading.map(|account| ids.get(*account as usize).copied());
        match &look.found {
            Found::Same => self.write_stat(look),
            Found::New { digest, length, completes, reading } => {
                let Some(stored) = filed(reading) else { return Ok(()) };
                self.changed_sources.insert(look.source);
                let Some(path) = self.new_path(look, *digest, &stored)? else {
                    return self.next_content(look, (*digest, *length), completes, &stored);
                };
                // The usual case on a first import: nothing before it, so nothing to work out.
                let id = content_id(path, 0);
                self.first_content(look, id, (*digest, *length), &stored)?;
                for (line, stored) in reading.lines.iter().zip(&stored.lines) {
                    if let Some((key, _)) = batch.accounts.get(line.account as usize) {
                        self.changes.push((*key, Change::Add((stored.account, id))));
                    }
                }
                Ok(())
            }
            Found::Reread(reading) => match filed(reading) {
                Some(stored) => self.reread_content(look, &stored),
                None => Ok(()),
            },
            Found::Kept { revision, drift } => {
                self.db
                    .prepare_cached("UPDATE path SET revision = ?, drift = ? WHERE source = ? AND name = ?")?
                    .execute(params![*revision as i64, drift, look.source.0, look.path])?;
                self.write_stat(look)
            }
        }
    }

    /// The first content of a path.
    fn first_content(&mut self, look: &Look, id: i64, bytes: (u128, u64), reading: &Reading<i64>) -> Result<()> {
        let stated = (self.terms.captured)(look.source, &look.path);
        let captured = Captured { when: stated.or(reading.newest.map(Moment::Day)), stated: stated.is_some() };
        let (source, language, disregarded) = (look.source, reading.language, self.disregards(bytes.0));
        self.contents.insert(id, Origin { source, captured, version: 0, language, disregarded });
        self.write_content(id, look.source, bytes, None, reading, captured)
    }

    /// One more content of a path, which may complete earlier ones.
    fn next_content(
        &mut self,
        look: &Look,
        bytes: (u128, u64),
        completes: &[u32],
        reading: &Reading<i64>,
    ) -> Result<()> {
        let Some((path, contents)) = self.known_path(look.source, &look.path)? else { return Ok(()) };
        if contents >= CONTENTS_PER_PATH {
            return Err(StoreError::Unfit(format!("{:?} had {contents} contents", look.path)));
        }
        let n = small(contents);
        self.write_content(content_id(path, n), look.source, bytes, None, reading, Captured::default())?;
        self.write_path(path, look, Some((bytes.0, n + 1)), reading)?;
        for earlier in completes {
            self.db
                .prepare_cached("UPDATE seen SET completed_by = ? WHERE id = ? AND completed_by IS NULL")?
                .execute((n, content_id(path, *earlier)))?;
        }
        self.restand_and_refile(path, look.source, &look.path, n, false)
    }

    /// Another reading of the newest content of a path.
    fn reread_content(&mut self, look: &Look, reading: &Reading<i64>) -> Result<()> {
        let Some((path, contents)) = self.known_path(look.source, &look.path)? else { return Ok(()) };
        let n = small(contents).saturating_sub(1);
        let id = content_id(path, n);
        self.unfile(look.source, id)?;
        let (newest, layout) = (reading.newest.map(day_to), text(reading.layout.as_ref()));
        self.db
            .prepare_cached("UPDATE seen SET reading = ?, newest = ?, layout = ?, language = ? WHERE id = ?")?
            .execute((packed(reading)?, newest, layout, reading.language, id))?;
        self.write_path(path, look, None, reading)?;
        self.changed_sources.insert(look.source);
        self.restand_and_refile(path, look.source, &look.path, n, true)
    }

    /// Notes how a file looks now that holds what it held.
    fn write_stat(&self, look: &Look) -> Result<()> {
        let Stat { size, mtime_ns, ctime_ns, inode } = look.stat;
        self.db
            .prepare_cached(
                "UPDATE path SET size = ?, mtime = ?, ctime = ?, inode = ?, racy = ? WHERE source = ? AND name = ?",
            )?
            .execute(params![signed(size), mtime_ns, ctime_ns, inode as i64, look.racy, look.source.0, look.path])?;
        Ok(())
    }

    /// Takes in an exported content. How it stands is worked out later, for all of them.
    pub(in crate::store::sqlite) fn take_back(
        &mut self,
        content: Content,
        source: SourceNo,
        ids: &mut FxHashMap<Account, i64>,
    ) -> Result<()> {
        let (name, n, length, completed_by) = (content.path.clone(), content.n, content.length, content.completed_by);
        let digest = content.digest.clone();
        let reading = content.into_reading();
        let known = self.known_path(source, &name)?;
        let contents = known.map_or(0, |(_, contents)| contents);
        if contents != i64::from(n) {
            return Err(StoreError::Unfit(format!("expected content {contents} of {name:?}, but found content {n}")));
        }
        for line in &reading.lines {
            if !ids.contains_key(&line.account) {
                let id = signed(ids.len() as u64) + 1;
                write_accounts(&mut self.insert_account, &[(id, &line.account)])?;
                ids.insert(line.account.clone(), id);
            }
        }
        let digest = u128::from_str_radix(&digest, 16)
            .map_err(|_| StoreError::Unfit(format!("expected a digest, but found {digest:?}")))?;
        let stored = reading.map(|account| ids.get(account).copied());
        let stored = stored.ok_or_else(|| StoreError::Unfit("an account that is not there".into()))?;
        // No stat: the next pass looks into the file and finds it unchanged.
        let look = Look { source, path: name, stat: Stat::default(), racy: true, found: Found::Same };
        let path = match known {
            Some((path, _)) => {
                self.write_path(path, &look, Some((digest, n + 1)), &stored)?;
                path
            }
            None => self
                .new_path(&look, digest, &stored)?
                .ok_or_else(|| StoreError::Unfit(format!("{:?} twice", look.path)))?,
        };
        let completed_by = completed_by.filter(|by| *by > n);
        self.write_content(content_id(path, n), source, (digest, length), completed_by, &stored, Captured::default())
    }

    /// The number of a path, and how many contents it had.
    fn known_path(&self, source: SourceNo, name: &str) -> Result<Option<(i64, i64)>> {
        let mut select = self.db.prepare_cached("SELECT id, contents FROM path WHERE source = ? AND name = ?")?;
        Ok(select.query_row((source.0, name), |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// Writes the first look into a path, with its first content. `None`: the path is known.
    fn new_path(&mut self, look: &Look, digest: u128, reading: &Reading<i64>) -> Result<Option<i64>> {
        let Stat { size, mtime_ns, ctime_ns, inode } = look.stat;
        let written = self.insert_path.execute(params![
            look.source.0,
            look.path,
            signed(size),
            mtime_ns,
            ctime_ns,
            inode as i64,
            look.racy,
            reading.revision as i64,
            digest.to_be_bytes(),
            reading.lines.len() as i64,
            reading.drift,
        ])?;
        Ok((written > 0).then(|| self.db.last_insert_rowid()))
    }

    /// Writes the newest look into a known path, and its newest content if it is another one.
    fn write_path(&self, path: i64, look: &Look, content: Option<(u128, u32)>, reading: &Reading<i64>) -> Result<()> {
        let Stat { size, mtime_ns, ctime_ns, inode } = look.stat;
        self.db
            .prepare_cached(
                "UPDATE path SET size = ?, mtime = ?, ctime = ?, inode = ?, racy = ?, revision = ?, items = ?,
                 drift = ?, digest = coalesce(?, digest), contents = coalesce(?, contents) WHERE id = ?",
            )?
            .execute(params![
                signed(size),
                mtime_ns,
                ctime_ns,
                inode as i64,
                look.racy,
                reading.revision as i64,
                reading.lines.len() as i64,
                reading.drift,
                content.map(|(digest, _)| digest.to_be_bytes()),
                content.map(|(_, contents)| contents),
                path
            ])?;
        Ok(())
    }

    fn write_content(
        &mut self,
        id: i64,
        source: SourceNo,
        (digest, length): (u128, u64),
        completed_by: Option<u32>,
        reading: &Reading<i64>,
        captured: Captured,
    ) -> Result<()> {
        let (when, day) = moment_to(captured.when);
        self.insert_seen.execute(params![
            id,
            source.0,
            digest.to_be_bytes(),
            signed(length),
            completed_by,
            reading.newest.map(day_to),
            packed(reading)?,
            when,
            day,
            captured.stated,
            text(reading.layout.as_ref()),
            reading.language,
        ])?;
        Ok(())
    }
}

/// The accounts that are known under a key, by what they say: one file can list thousands.
#[derive(Default)]
struct Known {
    /// Those that nobody asked for yet.
    new: Vec<i64>,
    numbers: FxHashMap<Arc<Account>, i64>,
}

impl Known {
    fn clear(&mut self) {
        self.new.clear();
        // Given back: to clear the room that a thousand took would cost each later key as much.
        self.numbers = FxHashMap::default();
    }

    /// The number of `account`; of several the one that was added last.
    fn number(&mut self, work: &mut Work<'_>, account: &Account) -> Result<Option<i64>> {
        for number in self.new.drain(..) {
            self.numbers.insert(work.account(number)?, number);
        }
        Ok(self.numbers.get(account).copied())
    }
}

/// Writes accounts, each with its number.
fn write_accounts(insert: &mut Insert<'_>, accounts: &[(i64, &Account)]) -> Result<()> {
    insert.all(accounts, |row, (id, account)| {
        row.bind(id)?;
        row.bind(account.title.as_str())?;
        row.bind_if(text(account.summary.as_ref()))?;
        row.bind_if(account.date.map(day_to))?;
        row.bind_if(account.date_end.map(day_to))?;
        row.bind_if(account.time.map(time_to))?;
        row.bind_if(text(account.date_raw.as_ref()))?;
        row.bind(basis_to(account.basis))?;
        row.bind_if(text(account.credit.as_ref()))?;
        row.bind_if(text(account.kicker.as_ref()))?;
        row.bind_if(text(account.place.as_ref()))?;
        row.bind_if(text(account.link.as_ref()))?;
        row.bind_if(text(account.explicit_id.as_ref()))?;
        row.bind_if(text(account.topic.as_ref()))?;
        row.bind_if(account.offset)
    })
}
