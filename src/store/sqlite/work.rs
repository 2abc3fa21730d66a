//! One transaction at work: what a batch changes, carried down to items, members and feeds.
//!
//! Everything here is a difference: what was, what is, and the few rows that say so. The hot statements are prepared
//! once and held, for a first import runs each of them tens of thousands of times.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::rows::{
    ACCOUNT, ACCOUNT_OF, ITEM, account_from, basis_to, categories_to, column, day_from, day_to, get_meta, instant_from,
    is_account, item_from, key_from, moment_from, moment_to, set_meta, signed, small, text, time_to, triples, unsigned,
};
use super::{CONTENTS_PER_PATH, Pair, content_id};
use crate::mill::feed;
use crate::mill::history;
use crate::mill::identify::Site;
use crate::mill::item::{Account, Captured, Item, Key, Moment, SourceNo};
use crate::mill::settle::{self, Agreed, Sighting};
use crate::stat::Stat;
use crate::store::{
    Absorbed, Batch, Content, FRESH_DAYS, FeedState, FeedTerms, Found, Look, Reading, Result, StoreError, Terms,
};

/// A content of a path with its reading, and how it stands.
struct Stood {
    id: i64,
    reading: Reading<i64>,
    /// The content that completes it, by its number.
    whole: Option<u32>,
}

/// A content that stands otherwise than before.
struct Moved {
    n: u32,
    /// The content that completed it before, where nothing but that changed.
    only_whole: Option<Option<u32>>,
}

/// What changes among the sightings of one key: first the contents whose sightings go, then those that come.
///
/// The order of the fields is the order in which changes apply.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Drop { content: i64 },
    Add(Pair),
}

impl Change {
    fn added(&self) -> Option<Pair> {
        if let Self::Add(pair) = self { Some(*pair) } else { None }
    }
}

/// The accounts of some sightings, held so that the sightings can borrow them.
pub(super) type Held = Vec<(Key, Vec<(Arc<Account>, Pair)>)>;

/// One announcement among the sightings of a family of keys.
pub(super) struct Announcement<'h> {
    /// The id that subscribers see.
    pub(super) id: Key,
    /// The keys it was sighted under, ascending, with the sightings of each; it is filed under the first.
    parts: Vec<(Key, Vec<Pair>)>,
    /// The ids of twins among its parts, and the key each was split from.
    twins: Vec<(Key, Key)>,
    pub(super) sightings: Vec<Sighting<'h>>,
    /// The numbers of the sightings' accounts.
    pub(super) accounts: Vec<i64>,
}

/// What is filed under a key.
#[derive(Default)]
struct Filed {
    /// The sightings, ascending.
    pairs: Vec<Pair>,
    /// Where all of these give one dated account, the number of that, and what it made of the item.
    agreed: Option<(i64, Agreed)>,
}

/// A row of `item` before this transaction.
struct Old {
    pairs: Vec<u8>,
    /// The settled item and its text, where the row is the one that an item is filed under.
    item: Option<(Item, i64)>,
}

/// A row of `member`, in the order of its key.
type Member = (i64, std::cmp::Reverse<i64>, Key, Key);

/// A transaction at work: what it has looked up, and what is still to be carried down.
pub(super) struct Work<'a> {
    pub(super) db: &'a Connection,
    terms: &'a Terms,
    /// Accounts met in this transaction.
    accounts: FxHashMap<i64, Arc<Account>>,
    /// Those that this transaction wrote, in the order of their numbers, and the first of these.
    written: (i64, Vec<Arc<Account>>),
    /// Source, capture and version of contents met in this transaction.
    contents: FxHashMap<i64, (SourceNo, Captured, u32)>,
    /// Keys that this transaction is about, as they were found or as they are to be.
    filed: FxHashMap<Key, Filed>,
    changes: Vec<(Key, Change)>,
    changed_sources: BTreeSet<SourceNo>,
    pub(super) absorbed: Absorbed,
    insert_account: CachedStatement<'a>,
    insert_path: CachedStatement<'a>,
    insert_seen: CachedStatement<'a>,
    insert_item: CachedStatement<'a>,
}

impl<'a> Work<'a> {
    pub(super) fn new(db: &'a Connection, terms: &'a Terms) -> Result<Self> {
        Ok(Self {
            db,
            terms,
            accounts: FxHashMap::default(),
            written: (0, Vec::new()),
            contents: FxHashMap::default(),
            filed: FxHashMap::default(),
            changes: Vec::new(),
            changed_sources: BTreeSet::new(),
            absorbed: Absorbed::default(),
            insert_account: db.prepare_cached(&format!(
                "INSERT INTO account (id, {ACCOUNT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            ))?,
            insert_path: db.prepare_cached(
                "INSERT INTO path VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
                 ON CONFLICT (source, name) DO NOTHING",
            )?,
            insert_seen: db.prepare_cached("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL)")?,
            insert_item: db
                .prepare_cached("INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?,
        })
    }

    fn site(&self, source: SourceNo) -> Site {
        // Every source the store knows is in the rules; a site of its own would split items, so name none.
        self.terms.rules.sources.get(&source).map_or_else(|| Site::new(""), |rule| rule.site)
    }

    // ---- what was read ----------------------------------------------------------------------------------------------

    /// Takes in the looks of a batch.
    pub(super) fn look(&mut self, batch: &Batch) -> Result<()> {
        let ids = self.file_accounts(batch)?;
        for look in &batch.looks {
            self.look_into(batch, look, &ids)?;
        }
        Ok(())
    }

    /// Gives every account of the batch its number, writing those that are new.
    fn file_accounts(&mut self, batch: &Batch) -> Result<Vec<i64>> {
        let mut order: Vec<(Key, usize)> =
            batch.accounts.iter().enumerate().map(|(index, (key, _))| (*key, index)).collect();
        order.sort_unstable();
        let mut next: i64 = self.db.query_row("SELECT coalesce(max(id), 0) + 1 FROM account", [], |row| row.get(0))?;
        let fresh = next == 1;
        self.written = (next, Vec::new());
        let mut ids = vec![0; batch.accounts.len()];
        let mut known: (Option<Key>, Vec<i64>) = (None, Vec::new());
        for (key, index) in order {
            let (Some((_, account)), Some(id)) = (batch.accounts.get(index), ids.get_mut(index)) else { continue };
            if known.0 != Some(key) {
                known.0 = Some(key);
                known.1.clear();
                if !fresh {
                    let (filed, shown) = self.look_up(key, account)?;
                    known.1.extend(filed.pairs.iter().map(|pair| pair.0));
                    known.1.dedup();
                    // They are about to change: asked again, they need not be read again.
                    self.filed.insert(key, filed);
                    *id = shown.unwrap_or_default();
                }
            }
            if *id == 0 {
                for candidate in &known.1 {
                    if self.account(*candidate)? == *account {
                        *id = *candidate;
                    }
                }
            }
            if *id == 0 {
                *id = next;
                next += 1;
                self.write_account(*id, account)?;
                self.written.1.push(account.clone());
                known.1.push(*id);
            }
        }
        Ok(ids)
    }

    fn write_account(&mut self, id: i64, account: &Account) -> Result<()> {
        self.insert_account.execute(params![
            id,
            account.title.as_str(),
            text(account.summary.as_ref()),
            account.date.map(day_to),
            account.date_end.map(day_to),
            account.time.map(time_to),
            text(account.date_raw.as_ref()),
            basis_to(account.basis),
            text(account.credit.as_ref()),
            text(account.kicker.as_ref()),
            text(account.place.as_ref()),
            text(account.link.as_ref()),
            text(account.explicit_id.as_ref()),
            text(account.topic.as_ref()),
        ])?;
        Ok(())
    }

    fn look_into(&mut self, batch: &Batch, look: &Look, ids: &[i64]) -> Result<()> {
        let filed = |reading: &Reading<u32>| reading.map(|account| ids.get(*account as usize).copied());
        match &look.found {
            Found::Same => {}
            Found::New { digest, length, completes, reading } => {
                let Some(stored) = filed(reading) else { return Ok(()) };
                self.changed_sources.insert(look.source);
                if let Some(path) = self.new_path(look, *digest, &stored)? {
                    // The usual case on a first import: nothing before it, so nothing to work out.
                    let stated = (self.terms.captured)(look.source, &look.path);
                    let when = stated.or(stored.newest.map(Moment::Day));
                    let captured = Captured { when, stated: stated.is_some() };
                    let id = content_id(path, 0);
                    self.write_content(id, look.source, *digest, *length, None, &stored, captured)?;
                    self.contents.insert(id, (look.source, captured, 0));
                    for (line, stored) in reading.lines.iter().zip(&stored.lines) {
                        if let Some((key, _)) = batch.accounts.get(line.account as usize) {
                            self.changes.push((*key, Change::Add((stored.account, id))));
                        }
                    }
                    return Ok(());
                }
                let Some((path, contents)) = self.known_path(look.source, &look.path)? else { return Ok(()) };
                if contents >= CONTENTS_PER_PATH {
                    return Err(StoreError::Unusable(format!("{:?} had 2^20 contents", look.path).into()));
                }
                let n = small(contents);
                let captured = Captured::default();
                self.write_content(content_id(path, n), look.source, *digest, *length, None, &stored, captured)?;
                self.write_path(path, look, Some((*digest, n + 1)), &stored)?;
                for earlier in completes {
                    self.db
                        .prepare_cached("UPDATE seen SET completed_by = ? WHERE id = ? AND completed_by IS NULL")?
                        .execute((n, content_id(path, *earlier)))?;
                }
                return self.restand_and_refile(path, look.source, &look.path, n, false);
            }
            Found::Reread(reading) => {
                let Some(stored) = filed(reading) else { return Ok(()) };
                let Some((path, contents)) = self.known_path(look.source, &look.path)? else { return Ok(()) };
                let n = small(contents).saturating_sub(1);
                let id = content_id(path, n);
                self.unfile(look.source, id)?;
                self.db.prepare_cached("UPDATE seen SET reading = ?, newest = ? WHERE id = ?")?.execute((
                    postcard::to_stdvec(&stored)?,
                    stored.newest.map(day_to),
                    id,
                ))?;
                self.write_path(path, look, None, &stored)?;
                self.changed_sources.insert(look.source);
                return self.restand_and_refile(path, look.source, &look.path, n, true);
            }
            Found::Kept { revision, drift } => {
                self.db
                    .prepare_cached("UPDATE path SET revision = ?, drift = ? WHERE source = ? AND name = ?")?
                    .execute(params![*revision as i64, drift, look.source.0, look.path])?;
            }
        }
        let Stat { size, mtime_ns, ctime_ns, inode } = look.stat;
        self.db
            .prepare_cached(
                "UPDATE path SET size = ?, mtime = ?, ctime = ?, inode = ?, racy = ? WHERE source = ? AND name = ?",
            )?
            .execute(params![signed(size), mtime_ns, ctime_ns, inode as i64, look.racy, look.source.0, look.path])?;
        Ok(())
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

    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    fn write_content(
        &mut self,
        id: i64,
        source: SourceNo,
        digest: u128,
        length: u64,
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
            postcard::to_stdvec(reading)?,
            when,
            day,
            captured.stated,
        ])?;
        Ok(())
    }

    /// Takes in an exported content. How it stands is worked out later, for all of them.
    pub(super) fn take_back(
        &mut self,
        content: Content,
        source: SourceNo,
        ids: &mut FxHashMap<Account, i64>,
    ) -> Result<()> {
        let Content { path: name, n, digest, length, completed_by, reading, .. } = content;
        let refuse = |what: String| StoreError::Unusable(what.into());
        let known = self.known_path(source, &name)?;
        let contents = known.map_or(0, |(_, contents)| contents);
        if contents != i64::from(n) {
            return Err(refuse(format!("expected content {contents} of {name:?}, but found content {n}")));
        }
        for line in &reading.lines {
            if !ids.contains_key(&line.account) {
                let id = signed(ids.len() as u64) + 1;
                self.write_account(id, &line.account)?;
                ids.insert(line.account.clone(), id);
            }
        }
        let digest = u128::from_str_radix(&digest, 16)
            .map_err(|_| refuse(format!("expected a digest, but found {digest:?}")))?;
        let stored = reading.map(|account| ids.get(account).copied());
        let stored = stored.ok_or_else(|| refuse("an account that is not there".into()))?;
        // No stat: the next pass looks into the file and finds it unchanged.
        let look = Look { source, path: name, stat: Stat::default(), racy: true, found: Found::Same };
        let path = match known {
            Some((path, _)) => {
                self.write_path(path, &look, Some((digest, n + 1)), &stored)?;
                path
            }
            None => self.new_path(&look, digest, &stored)?.ok_or_else(|| refuse(format!("{:?} twice", look.path)))?,
        };
        let completed_by = completed_by.filter(|by| *by > n);
        self.write_content(content_id(path, n), source, digest, length, completed_by, &stored, Captured::default())
    }

    // ---- how contents stand -----------------------------------------------------------------------------------------

    /// Works out how the contents of a path stand and writes what changed. Returns those.
    fn restand(&mut self, path: i64, source: SourceNo, name: &str) -> Result<Vec<Moved>> {
        struct Row {
            content: history::Content,
            captured: Captured,
            version: u32,
            whole: Option<u32>,
        }
        let rows: Vec<Row> = {
            let mut select = self.db.prepare_cached(
                "SELECT completed_by, newest, captured, captured_day, stated, version, whole
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
                })
            })?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let contents: Vec<_> = rows.iter().map(|row| row.content).collect();
        let standings = history::standings((self.terms.captured)(source, name), &contents);
        let mut changed = Vec::new();
        for ((n, old), new) in (0..).zip(&rows).zip(standings) {
            let id = content_id(path, n);
            self.contents.insert(id, (source, new.captured, new.version));
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

    fn readings(&self, path: i64) -> Result<Vec<Stood>> {
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
    fn counted(&mut self, content: &Stood, whole: Option<u32>, path: &[Stood]) -> Result<Vec<Pair>> {
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

    /// Files the sightings of those contents of a path anew that stand otherwise than before, and of the newest, `n`;
    /// when that was read anew (`reread`), also of those that count only for what it repeats.
    fn restand_and_refile(&mut self, path: i64, source: SourceNo, name: &str, n: u32, reread: bool) -> Result<()> {
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

    /// Takes the sightings of a content away, before its reading is replaced.
    fn unfile(&mut self, source: SourceNo, id: i64) -> Result<()> {
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

    // ---- looking up -------------------------------------------------------------------------------------------------

    fn account(&mut self, id: i64) -> Result<Arc<Account>> {
        let written = usize::try_from(id - self.written.0).ok().and_then(|index| self.written.1.get(index));
        if let Some(account) = written.or_else(|| self.accounts.get(&id)) {
            return Ok(account.clone());
        }
        let mut select = self.db.prepare_cached(&format!("SELECT {ACCOUNT} FROM account WHERE id = ?"))?;
        let account = Arc::new(select.query_row([id], |row| account_from(row, 0))?);
        self.accounts.insert(id, account.clone());
        Ok(account)
    }

    fn content(&mut self, id: i64) -> Result<(SourceNo, Captured, u32)> {
        if let Some(content) = self.contents.get(&id) {
            return Ok(*content);
        }
        let mut select =
            self.db.prepare_cached("SELECT source, captured, captured_day, stated, version FROM seen WHERE id = ?")?;
        let content = select.query_row([id], |row| {
            let captured = Captured { when: moment_from(row.get(1)?, row.get(2)?), stated: row.get(3)? };
            Ok((SourceNo(row.get(0)?), captured, row.get(4)?))
        })?;
        self.contents.insert(id, content);
        Ok(content)
    }

    /// What is filed under a key, and the number of `account` if it is one that is shown.
    ///
    /// One look for all that a sighting more of a known item needs: that is what nearly every line of a page is.
    fn look_up(&self, key: Key, account: &Account) -> Result<(Filed, Option<i64>)> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT item.id, item.pairs, item.text, item.published, item.sources, {ACCOUNT_OF}
             FROM item LEFT JOIN account ON account.id = item.text WHERE item.key = ?"
        ))?;
        let mut rows = select.query([key.0.into_bytes()])?;
        let (mut filed, mut shown, mut count) = (Filed::default(), None, 0);
        while let Some(row) = rows.next()? {
            let blob = |index| Ok::<_, StoreError>(row.get_ref(index)?.as_blob().map_err(rusqlite::Error::from)?);
            let pairs: Vec<Pair> = postcard::from_bytes(blob(1)?)?;
            count += 1;
            if let Some(text) = row.get::<_, Option<i64>>(2)? {
                if shown.is_none() && is_account(row, 5, account)? {
                    shown = Some(text);
                }
                let dated = row.get::<_, Option<i64>>(5 + 2)?.is_some();
                if let Some(published) = instant_from(row.get(3)?)
                    && dated
                    && key_from(row, 0)? == key
                    && pairs.iter().all(|pair| pair.0 == text)
                {
                    filed.agreed = Some((text, Agreed { published, sources: postcard::from_bytes(blob(4)?)? }));
                }
            }
            filed.pairs.extend(pairs);
        }
        if count != 1 {
            filed.agreed = None;
            filed.pairs.sort_unstable();
        }
        Ok((filed, shown))
    }

    /// The sightings of a key, ascending.
    fn sightings(&self, key: Key) -> Result<Vec<Pair>> {
        if let Some(filed) = self.filed.get(&key) {
            return Ok(filed.pairs.clone());
        }
        let mut select = self.db.prepare_cached("SELECT pairs FROM item WHERE key = ?")?;
        let mut rows = select.query([key.0.into_bytes()])?;
        let mut pairs: Vec<Pair> = Vec::new();
        while let Some(row) = rows.next()? {
            let filed: Vec<Pair> = postcard::from_bytes(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
            pairs.extend(filed);
        }
        pairs.sort_unstable();
        Ok(pairs)
    }

    fn twins_of(&self, key: Key) -> Result<Vec<Key>> {
        let mut select = self.db.prepare_cached("SELECT id FROM twin WHERE key = ?")?;
        Ok(select.query_map([key.0.into_bytes()], |row| key_from(row, 0))?.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn plain_key(&self, id: Key) -> Result<Key> {
        let mut select = self.db.prepare_cached("SELECT key FROM twin WHERE id = ?")?;
        Ok(select.query_row([id.0.into_bytes()], |row| key_from(row, 0)).optional()?.unwrap_or(id))
    }

    // ---- carrying down ----------------------------------------------------------------------------------------------

    /// Carries the changes among sightings down to items and members.
    pub(super) fn carry_down(&mut self) -> Result<()> {
        let fresh = self.holds_no_item()?;
        // Without aliases every key is a family of its own, and is settled as soon as its sightings are known.
        let alone = self.terms.rules.decisions.aliases.is_empty();
        let mut changes = std::mem::take(&mut self.changes);
        changes.sort_unstable();
        let (mut keys, mut members) = (Vec::new(), Vec::new());
        for of_key in changes.chunk_by(|a, b| a.0 == b.0) {
            let Some((key, _)) = of_key.first() else { continue };
            let mut filed = match self.filed.remove(key) {
                Some(filed) => filed,
                None if fresh => Filed::default(),
                None => Filed { pairs: self.sightings(*key)?, agreed: None },
            };
            let agreed = filed.agreed.take().filter(|_| alone);
            let pairs = &mut filed.pairs;
            if let Some((account, agreed)) = agreed
                && self.all_stay(*key, account, &agreed, of_key)?
            {
                pairs.extend(of_key.iter().filter_map(|(_, change)| change.added()));
                pairs.sort_unstable();
                pairs.dedup();
                self.update_pairs(*key, *key, &postcard::to_stdvec(pairs)?)?;
                continue;
            }
            for (_, change) in of_key {
                match change {
                    Change::Drop { content } => pairs.retain(|(_, other)| other != content),
                    Change::Add(pair) => pairs.push(*pair),
                }
            }
            pairs.sort_unstable();
            pairs.dedup();
            self.filed.insert(*key, filed);
            if alone {
                self.settle_family(&[*key], fresh, &mut members)?;
                self.filed.remove(key);
            } else {
                keys.push(*key);
            }
        }
        if alone { insert_members(self.db, members) } else { self.resettle(keys) }
    }

    /// Whether the changes under a key only sight once more what all its sightings say, and leave its item as it is.
    fn all_stay(&mut self, key: Key, account: i64, agreed: &Agreed, changes: &[(Key, Change)]) -> Result<bool> {
        for (_, change) in changes {
            let Some((sighted, content)) = change.added() else { return Ok(false) };
            let (source, captured, _) = self.content(content)?;
            if sighted != account || !agreed.stays(key, source, captured) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn update_pairs(&self, key: Key, id: Key, pairs: &[u8]) -> Result<()> {
        let mut update = self.db.prepare_cached("UPDATE item SET pairs = ? WHERE key = ? AND id = ?")?;
        update.execute((pairs, key.0.into_bytes(), id.0.into_bytes()))?;
        Ok(())
    }

    /// Computes all that follows from what was read, anew.
    pub(super) fn derive(&mut self) -> Result<()> {
        let db = self.db;
        let before = self.visible()?;
        db.execute_batch("DELETE FROM twin")?;
        let mut filed: BTreeMap<Key, Vec<Pair>> = BTreeMap::new();
        for (path, source, name) in triples(db, "SELECT id, source, name FROM path ORDER BY id")? {
            let source = SourceNo(small(source));
            self.restand(path, source, &name)?;
            let site = self.site(source);
            let rows = self.readings(path)?;
            for row in &rows {
                for pair in self.counted(row, row.whole, &rows)? {
                    let key = site.key(&*self.account(pair.0)?);
                    filed.entry(key).or_default().push(pair);
                }
            }
        }
        // Keys that have no sightings any more are settled as well: to nothing.
        let mut select = db.prepare("SELECT DISTINCT key FROM item")?;
        for key in select.query_map([], |row| key_from(row, 0))? {
            filed.entry(key?).or_default();
        }
        let keys = filed.keys().copied().collect();
        for (key, mut pairs) in filed {
            pairs.sort_unstable();
            pairs.dedup();
            self.filed.insert(key, Filed { pairs, agreed: None });
        }
        self.resettle(keys)?;
        // An alias that was changed moves an item from one family of keys to another: only the whole can be counted.
        let after = self.visible()?;
        self.absorbed.new = after.keys().filter(|id| !before.contains_key(id)).count();
        self.absorbed.gone = before.keys().filter(|id| !after.contains_key(id)).count();
        self.absorbed.revised =
            after.iter().filter(|(id, seen)| before.get(id).is_some_and(|was| was != *seen)).count();
        Ok(())
    }

    /// What subscribers see of each item, in brief.
    fn visible(&self) -> Result<BTreeMap<Key, u64>> {
        let mut select = self.db.prepare(&format!("SELECT {ITEM} FROM item JOIN account ON account.id = item.text"))?;
        let mut visible = BTreeMap::new();
        for item in select.query_map([], item_from)? {
            let item = item?;
            visible.insert(item.id, FxBuildHasher.hash_one(item.as_seen()));
        }
        Ok(visible)
    }

    fn holds_no_item(&self) -> Result<bool> {
        Ok(!self.db.prepare_cached("SELECT 1 FROM item LIMIT 1")?.exists([])?)
    }

    /// Settles the items of these keys, and of those joined to them by aliases, and writes what changed.
    fn resettle(&mut self, keys: Vec<Key>) -> Result<()> {
        let fresh = self.holds_no_item()?;
        let aliased = !self.terms.rules.decisions.aliases.is_empty();
        let mut members = Vec::new();
        let mut done: BTreeSet<Key> = BTreeSet::new();
        if aliased {
            // An alias may name a twin, and which key that was split from must be known before the first is settled.
            for key in &keys {
                let mut hold = Vec::new();
                for announcement in self.announcements(&[*key], &mut hold)? {
                    self.file_twins(&announcement.twins)?;
                }
            }
        }
        for key in keys {
            if !aliased {
                self.settle_family(&[key], fresh, &mut members)?;
            } else if !done.contains(&key) {
                let family = self.family(key)?;
                self.settle_family(&family, fresh, &mut members)?;
                done.extend(family);
            }
        }
        insert_members(self.db, members)
    }

    fn file_twins(&self, twins: &[(Key, Key)]) -> Result<()> {
        for (twin, key) in twins {
            self.db
                .prepare_cached("INSERT INTO twin VALUES (?, ?) ON CONFLICT DO NOTHING")?
                .execute((twin.0.into_bytes(), key.0.into_bytes()))?;
        }
        Ok(())
    }

    /// The keys that must be settled together with `key`, ascending.
    pub(super) fn family(&self, key: Key) -> Result<Vec<Key>> {
        let decisions = &self.terms.rules.decisions;
        if decisions.aliases.is_empty() {
            return Ok(vec![key]);
        }
        let mut family: BTreeSet<Key> = [key].into();
        let mut open = vec![key];
        while let Some(key) = open.pop() {
            let mut ids: Vec<Key> = self.twins_of(key)?;
            ids.push(key);
            for id in ids {
                for member in decisions.family(decisions.root(id)) {
                    let plain = self.plain_key(member)?;
                    if family.insert(plain) {
                        open.push(plain);
                    }
                }
            }
        }
        Ok(family.into_iter().collect())
    }

    /// The sightings of a family of keys, told apart by the announcements they speak of. `hold` lends the accounts a
    /// place to live.
    pub(super) fn announcements<'h>(&mut self, family: &[Key], hold: &'h mut Held) -> Result<Vec<Announcement<'h>>> {
        for key in family {
            let pairs = self.sightings(*key)?;
            let told = pairs.into_iter().map(|pair| Ok((self.account(pair.0)?, pair))).collect::<Result<_>>()?;
            hold.push((*key, told));
        }
        let mut announcements: Vec<Announcement<'h>> = Vec::with_capacity(1);
        for (key, told) in hold.iter() {
            let mut sightings = Vec::with_capacity(told.len());
            for (account, (_, content)) in told {
                let (source, captured, version) = self.content(*content)?;
                sightings.push(Sighting { source, account, captured, version, content: *content });
            }
            let Some(first) = sightings.first() else { continue };
            let mut numbers: Vec<(*const Account, i64)> =
                told.iter().map(|(account, pair)| (Arc::as_ptr(account), pair.0)).collect();
            // Sightings come sorted by their accounts, of which there are few.
            numbers.dedup();
            for group in settle::split(self.site(first.source), *key, sightings) {
                let number = |sighting: &Sighting<'_>| {
                    let of = |(account, _): &&(*const Account, i64)| std::ptr::eq(*account, sighting.account);
                    numbers.iter().find(of).map(|(_, number)| *number).unwrap_or_default()
                };
                let accounts: Vec<i64> = group.sightings.iter().map(number).collect();
                let pairs = accounts.iter().zip(&group.sightings).map(|(account, at)| (*account, at.content)).collect();
                let id = self.terms.rules.decisions.root(group.id);
                let known = announcements.iter().position(|one| one.id == id);
                let joined = match known.and_then(|known| announcements.get_mut(known)) {
                    Some(joined) => {
                        joined.accounts.extend(accounts);
                        joined.sightings.extend(group.sightings);
                        joined
                    }
                    None => {
                        let (parts, twins) = (Vec::with_capacity(1), Vec::new());
                        announcements.push(Announcement { id, parts, twins, sightings: group.sightings, accounts });
                        let Some(new) = announcements.last_mut() else { continue };
                        new
                    }
                };
                if group.id != *key {
                    joined.twins.push((group.id, *key));
                }
                match joined.parts.last_mut() {
                    Some((last, part)) if last == key => part.extend::<Vec<Pair>>(pairs),
                    _ => joined.parts.push((*key, pairs)),
                }
            }
        }
        Ok(announcements)
    }

    fn old_rows(&self, family: &[Key]) -> Result<BTreeMap<(Key, Key), Old>> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT {ITEM}, item.pairs, item.text FROM item LEFT JOIN account ON account.id = item.text
             WHERE item.key = ?"
        ))?;
        let mut old = BTreeMap::new();
        for key in family {
            let mut rows = select.query([key.0.into_bytes()])?;
            while let Some(row) = rows.next()? {
                let text: Option<i64> = row.get(18)?;
                let item = text.map(|text| Ok::<_, StoreError>((item_from(row)?, text))).transpose()?;
                old.insert((*key, key_from(row, 1)?), Old { pairs: row.get(17)?, item });
            }
        }
        Ok(old)
    }

    fn settle_family(&mut self, family: &[Key], fresh: bool, members: &mut Vec<Member>) -> Result<()> {
        let mut hold = Vec::with_capacity(family.len());
        let announcements = self.announcements(family, &mut hold)?;
        let mut old = if fresh { BTreeMap::new() } else { self.old_rows(family)? };
        // Where an item was filed before: its row may be another one now.
        let mut before: BTreeMap<Key, (Item, i64)> =
            old.iter_mut().filter_map(|((_, id), row)| Some((*id, row.item.take()?))).collect();
        for announcement in announcements {
            let Announcement { id, parts, twins, sightings, accounts } = announcement;
            self.file_twins(&twins)?;
            self.absorbed.twins.extend(twins.iter().map(|(_, key)| *key));
            let Some((first, _)) = parts.first() else { continue };
            let Some(settled) = settle::settle(id, *first, &sightings, &self.terms.rules) else { continue };
            let text = accounts.get(settled.shown).copied().unwrap_or_default();
            let item = settled.item;
            if item.published.is_none() && item.sources.iter().any(|no| self.terms.first_seen.contains(no)) {
                self.absorbed.unseen.push(id);
            }
            let was = before.remove(&id);
            let same = was.as_ref().is_some_and(|(was, old_text)| *was == item && *old_text == text);
            if !same {
                match &was {
                    Some((was, _)) => {
                        self.absorbed.revised += usize::from(was.differs_from(&item));
                        self.leave_feeds(was)?;
                    }
                    None => self.absorbed.new += 1,
                }
                self.changed_sources.extend(&item.sources);
                let published = item.published.map_or(0, |instant| instant.timestamp());
                let feeds = feeds_of(self.terms, &item);
                members.extend(feeds.map(|feed| (feed, std::cmp::Reverse(published), item.id, item.key)));
            }
            for (index, (key, mut pairs)) in parts.into_iter().enumerate() {
                pairs.sort_unstable();
                let pairs = postcard::to_stdvec(&pairs)?;
                let filed_here = index == 0;
                match old.remove(&(key, id)) {
                    Some(row) if same => {
                        if row.pairs != pairs {
                            self.update_pairs(key, id, &pairs)?;
                        }
                        continue;
                    }
                    Some(_) => self.delete(key, id)?,
                    None => {}
                }
                self.insert(key, id, &pairs, filed_here.then_some((&item, text)))?;
            }
        }
        for (key, id) in old.into_keys() {
            self.delete(key, id)?;
        }
        for (gone, _) in before.into_values() {
            self.absorbed.gone += 1;
            self.leave_feeds(&gone)?;
            self.changed_sources.extend(&gone.sources);
        }
        Ok(())
    }

    fn insert(&mut self, key: Key, id: Key, pairs: &[u8], item: Option<(&Item, i64)>) -> Result<()> {
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
                categories_to(&item.categories)?,
            ])?,
            None => self
                .db
                .prepare_cached("INSERT INTO item (key, id, pairs, basis, sources) VALUES (?, ?, ?, 0, x'00')")?
                .execute((key, id, pairs))?,
        };
        Ok(())
    }

    fn delete(&self, key: Key, id: Key) -> Result<()> {
        let mut delete = self.db.prepare_cached("DELETE FROM item WHERE key = ? AND id = ?")?;
        delete.execute((key.0.into_bytes(), id.0.into_bytes()))?;
        Ok(())
    }

    /// Takes an item, as it was, out of all feeds.
    fn leave_feeds(&self, item: &Item) -> Result<()> {
        let Some(published) = item.published else { return Ok(()) };
        let mut delete = self.db.prepare_cached("DELETE FROM member WHERE feed = ? AND published = ? AND id = ?")?;
        for no in column(self.db, "SELECT no FROM feed")? {
            delete.execute(params![no, published.timestamp(), item.id.0.into_bytes()])?;
        }
        Ok(())
    }

    // ---- feeds ------------------------------------------------------------------------------------------------------

    /// Counts the change for the feeds that may show it.
    pub(super) fn touch_feeds(&mut self) -> Result<()> {
        for (feed, no) in self.terms.feeds.iter().zip(1i64..) {
            if feed.sources.iter().any(|source| self.changed_sources.contains(source)) {
                self.db.prepare_cached("UPDATE feed SET changed = changed + 1 WHERE no = ?")?.execute([no])?;
            }
        }
        let (new, gone) = (self.absorbed.new, self.absorbed.gone);
        if new != gone {
            let items = get_meta(self.db, "items")?.and_then(|count| count.parse::<i64>().ok()).unwrap_or_default();
            set_meta(self.db, "items", &(items + signed(new as u64) - signed(gone as u64)).to_string())?;
        }
        Ok(())
    }

    /// Makes the feeds and their members those of the terms.
    pub(super) fn agree_on_feeds(&mut self) -> Result<()> {
        let db = self.db;
        let mut states: BTreeMap<String, FeedState> = BTreeMap::new();
        {
            let mut select = db.prepare("SELECT name, changed, shown, items, rendered_with FROM feed")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let state = FeedState {
                    changed: unsigned(row.get(1)?),
                    shown: unsigned(row.get(2)?),
                    items: small(row.get(3)?) as usize,
                    rendered_with: row.get(4)?,
                };
                states.insert(row.get(0)?, state);
            }
        }
        db.execute_batch("DELETE FROM feed; DELETE FROM member;")?;
        for (feed, no) in self.terms.feeds.iter().zip(1i64..) {
            let state = states.remove(&feed.name).unwrap_or_default();
            db.prepare_cached("INSERT INTO feed VALUES (?, ?, ?, ?, ?, ?)")?.execute(params![
                no,
                feed.name,
                signed(state.changed + 1),
                signed(state.shown),
                signed(state.items as u64),
                state.rendered_with
            ])?;
        }
        let mut members = Vec::new();
        let mut select = db.prepare(&format!("SELECT {ITEM} FROM item JOIN account ON account.id = item.text"))?;
        for item in select.query_map([], item_from)? {
            let item = item?;
            let published = item.published.map_or(0, |instant| instant.timestamp());
            let feeds = feeds_of(self.terms, &item);
            members.extend(feeds.map(|feed| (feed, std::cmp::Reverse(published), item.id, item.key)));
        }
        insert_members(db, members)
    }

    /// The items first captured within [`FRESH_DAYS`] before the newest stated capture of a feed's sources, and not in
    /// the first capture of any: the ids of each.
    pub(super) fn fresh(&mut self, feed: &FeedTerms) -> Result<Vec<(Key, Key)>> {
        let mut ends: BTreeMap<SourceNo, (i64, i64)> = BTreeMap::new();
        for source in &feed.sources {
            let found: (Option<i64>, Option<i64>) = self
                .db
                .prepare_cached("SELECT min(captured), max(captured) FROM seen WHERE source = ? AND stated = 1")?
                .query_row([source.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if let (Some(first), Some(newest)) = found {
                ends.insert(*source, (first, newest));
            }
        }
        let Some(newest) = ends.values().map(|(_, newest)| *newest).max() else { return Ok(Vec::new()) };
        let since = newest - FRESH_DAYS * 86_400;
        let mut keys = BTreeSet::new();
        for source in ends.keys() {
            let site = self.site(*source);
            let readings: Vec<Vec<u8>> = {
                let mut select = self
                    .db
                    .prepare_cached("SELECT reading FROM seen WHERE source = ? AND stated = 1 AND captured >= ?")?;
                select.query_map((source.0, since), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
            };
            for reading in readings {
                for line in postcard::from_bytes::<Reading<i64>>(&reading)?.lines {
                    keys.insert(site.key(&*self.account(line.account)?));
                }
            }
        }
        let mut fresh = Vec::new();
        let mut done = BTreeSet::new();
        for key in keys {
            let family = self.family(key)?;
            if !family.first().is_some_and(|first| done.insert(*first)) {
                continue;
            }
            let mut hold = Vec::new();
            for announcement in self.announcements(&family, &mut hold)? {
                let stated = announcement.sightings.iter().filter(|sighting| sighting.captured.stated);
                let captures: Vec<(i64, i64)> = stated
                    .filter_map(|sighting| {
                        let (first, _) = ends.get(&sighting.source)?;
                        Some((sighting.captured.when?.instant().timestamp(), *first))
                    })
                    .collect();
                let earliest = captures.iter().map(|(when, _)| *when).min();
                let is_fresh = earliest.is_some_and(|when| when >= since);
                if let (true, Some((key, _))) = (is_fresh, announcement.parts.first())
                    && captures.iter().all(|(when, first)| when != first)
                {
                    fresh.push((*key, announcement.id));
                }
            }
        }
        Ok(fresh)
    }
}

/// The range of ids of the contents of a path.
fn contents_of(path: i64) -> (i64, i64) {
    (path * CONTENTS_PER_PATH, (path + 1) * CONTENTS_PER_PATH)
}

/// The feeds that show an item, by number.
fn feeds_of(terms: &Terms, item: &Item) -> impl Iterator<Item = i64> {
    let feeds = terms.feeds.iter().zip(1i64..);
    feeds.filter(|(of, _)| feed::shows(&of.sources, &of.choice, &terms.rules.decisions, item)).map(|(_, no)| no)
}

fn insert_members(db: &Connection, mut members: Vec<Member>) -> Result<()> {
    members.sort_unstable();
    let mut insert = db.prepare_cached("INSERT INTO member VALUES (?, ?, ?, ?)")?;
    for (feed, std::cmp::Reverse(published), id, key) in members {
        insert.execute(params![feed, published, id.0.into_bytes(), key.0.into_bytes()])?;
    }
    Ok(())
}
