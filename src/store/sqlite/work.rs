//! One transaction at work: what a batch changes, carried down to items, members and feeds.
//!
//! Everything here is a difference: what was, what is, and the few rows that say so. In the order of the work:
//!
//! | module | what it does |
//! |---|---|
//! | `take_in` | writes what was read, and notes how sightings change by it |
//! | `stand` | works out how the contents of a path stand, and which of their sightings count |
//! | `gather` | looks up all that is known of a key, and tells announcements apart |
//! | `settle` | settles the items of the keys that changed |
//! | `fill` | does so for the first items of a store, on two threads |
//! | `write` | makes the rows of items those |
//! | `feeds` | makes the members of feeds, and what stands in their months, those of the items |
//!
//! `fresh` only looks: at what came to light lately.
//!
//! The hot statements are prepared once and held, for a first import runs each of them tens of thousands of times.

mod feeds;
mod fill;
mod fresh;
mod gather;
mod settle;
mod stand;
mod take_in;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::{CachedStatement, Connection};
use rustc_hash::FxHashMap;

pub(super) use self::fresh::Keys;
use super::Pair;
use super::insert::Insert;
use super::rows::{ACCOUNT, account_from, digest_from, language_from, moment_from};
use crate::mill::identify::Site;
use crate::mill::item::{Account, Captured, Key, SourceNo};
use crate::mill::month::Month;
use crate::mill::settle::{Agreed, Rules};
use crate::store::{Absorbed, MonthPage, Result, Terms, schema};

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

    fn dropped(&self) -> Option<i64> {
        if let Self::Drop { content } = self { Some(*content) } else { None }
    }
}

/// What a sighting has from its content.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    source: SourceNo,
    captured: Captured,
    version: u32,
    language: Option<&'static str>,
    disregarded: bool,
}

/// What is filed under a key.
#[derive(Default)]
struct Filed {
    /// The sightings, ascending.
    pairs: Vec<Pair>,
    /// Where all of these give one dated account, the number of that, and what it made of the item.
    agreed: Option<(i64, Agreed)>,
}

/// A transaction at work: what it has looked up, and what is still to be carried down.
pub(super) struct Work<'a> {
    pub(super) db: &'a Connection,
    terms: &'a Terms,
    /// Accounts met in this transaction.
    accounts: FxHashMap<i64, Arc<Account>>,
    /// Those that this transaction wrote, in the order of their numbers, and the first of these.
    written: (i64, Vec<Arc<Account>>),
    /// Contents met in this transaction.
    contents: FxHashMap<i64, Origin>,
    /// Keys that this transaction is about, as they were found or as they are to be.
    filed: FxHashMap<Key, Filed>,
    changes: Vec<(Key, Change)>,
    changed_sources: BTreeSet<SourceNo>,
    /// How months of feeds change: by how many items, and by what their print.
    months: BTreeMap<(i64, Month), (i64, u64)>,
    /// Month pages, by the numbers of their feeds, as they become.
    changed_pages: Vec<(i64, MonthPage)>,
    absorbed: Absorbed,
    insert_account: Insert<'a>,
    insert_path: CachedStatement<'a>,
    insert_seen: CachedStatement<'a>,
    insert_item: Insert<'a>,
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
            months: BTreeMap::new(),
            changed_pages: Vec::new(),
            absorbed: Absorbed::default(),
            insert_account: Insert::new(db, "account", 15)?,
            insert_path: db.prepare_cached(
                "INSERT INTO path VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
                 ON CONFLICT (source, name) DO NOTHING",
            )?,
            insert_seen: db.prepare_cached("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, ?, ?)")?,
            insert_item: Insert::new(db, "item", 20)?,
        })
    }

    /// Counts what was done for the feeds, and notes who did it. Gives what became of the items, and the month pages
    /// that changed.
    pub(super) fn finish(mut self) -> Result<(Absorbed, Vec<(i64, MonthPage)>)> {
        self.touch_feeds()?;
        schema::note_revisions(self.db)?;
        Ok((self.absorbed, self.changed_pages))
    }

    fn site(&self, source: SourceNo) -> Site {
        site_of(&self.terms.rules, source)
    }

    /// Whether the operator does not believe the content of this hash.
    fn disregards(&self, digest: u128) -> bool {
        self.terms.rules.decisions.disregards(digest)
    }

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

    fn content(&mut self, id: i64) -> Result<Origin> {
        if let Some(content) = self.contents.get(&id) {
            return Ok(*content);
        }
        let mut select = self.db.prepare_cached(
            "SELECT source, captured, captured_day, stated, version, language, digest FROM seen WHERE id = ?",
        )?;
        let content = select.query_row([id], |row| {
            let captured = Captured { when: moment_from(row.get(1)?, row.get(2)?), stated: row.get(3)? };
            let (source, language) = (SourceNo(row.get(0)?), language_from(row, 5)?);
            let disregarded = self.disregards(digest_from(row, 6)?);
            Ok(Origin { source, captured, version: row.get(4)?, language, disregarded })
        })?;
        self.contents.insert(id, content);
        Ok(content)
    }
}

fn site_of(rules: &Rules, source: SourceNo) -> Site {
    // Every source the store knows is in the rules; a site of its own would split items, so name none.
    rules.sources.get(&source).map_or_else(|| Site::new(""), |rule| rule.site)
}
