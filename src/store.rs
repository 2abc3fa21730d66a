//! The store: every content ever read of every path, and the items that follow from them.
//!
//! What can't be recomputed is kept as it was read: which contents a path had, in order, and what each of them said.
//! All else (how a content stands, which sightings a key has, the items, the members of feeds) follows from that, the
//! decisions and the [`Terms`], and is kept only so that a pass need not compute it again. [`Sqlite`] keeps both and
//! works out the difference that a batch makes; [`Memory`] keeps the first half and computes the rest anew each time it
//! is asked. That they agree, whatever happens in whichever order, is the test of the one by the other.
//!
//! A store speaks of contents, accounts and items; rows and SQL stay inside. One transaction per batch holds all of it:
//! contents, what they say, what follows. There is one writer, guarded by a lock of the shell's.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use crate::mill::feed::{Choice, Retention};
use crate::mill::identify::Site;
use crate::mill::item::{Account, Captured, Item, Key, Moment, SourceNo, Text};
use crate::mill::month::Month;
use crate::mill::scrape::tag_of;
use crate::mill::settle::{Rules, SourceRule};
use crate::mill::zone::Zone;
use crate::stat::Stat;

pub(crate) mod known_by;
mod memory;
mod published;
mod schema;
mod sqlite;

pub use memory::Memory;
pub use published::{FeedState, PublishLedger, PublishedChange, PublishedRow};
pub use sqlite::Sqlite;

/// A path as the store saw it last.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerRow {
    /// Whose file.
    pub source: SourceNo,
    /// The file's name below the source, as the inbox spells it.
    pub path: String,
    /// What it looked like.
    pub stat: Stat,
    /// It was modified so shortly before it was read that its stat proves nothing.
    pub racy: bool,
    /// What its newest content was read with.
    pub revision: u64,
    /// The newest content.
    pub digest: u128,
    /// Items that its newest content gave.
    pub items: u32,
    /// Why its newest content is drift, should it turn out to be the newest of its source.
    pub drift: Option<String>,
}

/// How many contents of one path are told apart.
pub const MOST_CONTENTS: u32 = 1 << 20;

/// A content that a path had, as far as comparing it with the next one goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its number among the contents of the path, from 0.
    pub n: u32,
    /// In bytes.
    pub length: u64,
    /// xxh3-128 of its bytes.
    pub digest: u128,
}

/// Where a content gives an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line<A> {
    /// The account, as the holder counts accounts.
    pub account: A,
    /// First line of the item, counted from 1.
    pub line: u32,
    /// How many lines further it goes.
    pub span: u32,
    /// Its list number as printed.
    pub number: Option<u32>,
    /// Its section, as an index of the reading's sections.
    pub section: Option<u32>,
}

/// What one content says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading<A> {
    /// What it was read with: layout, language, parser revision and all else that decides a reading.
    pub revision: u64,
    /// 1000 is a reading without a doubt.
    pub confidence: u16,
    /// The newest complete own date that the items list.
    pub newest: Option<chrono::NaiveDate>,
    /// Why this would be drift in the newest capture of its source.
    pub drift: Option<String>,
    /// The layout that it was read with, if it was not refused. Kept beside the rest, and exported beside it.
    #[serde(skip)]
    pub layout: Option<Text>,
    /// The language that it was read in, where that left no doubt. Kept and exported likewise.
    #[serde(skip)]
    pub language: Option<&'static str>,
    /// Section headings, each once.
    pub sections: Vec<Text>,
    /// The items, in the file's order.
    pub lines: Vec<Line<A>>,
}

impl<A> Reading<A> {
    /// The same reading with its accounts counted otherwise. `None` as soon as one has no counterpart.
    pub fn map<B>(&self, mut to: impl FnMut(&A) -> Option<B>) -> Option<Reading<B>> {
        let lines = self.lines.iter().map(|line| {
            let Line { account, line, span, number, section } = line;
            Some(Line { account: to(account)?, line: *line, span: *span, number: *number, section: *section })
        });
        Some(Reading {
            revision: self.revision,
            confidence: self.confidence,
            newest: self.newest,
            drift: self.drift.clone(),
            layout: self.layout.clone(),
            language: self.language,
            sections: self.sections.clone(),
            lines: lines.collect::<Option<_>>()?,
        })
    }
}

/// What a look into a file found.
#[derive(Debug, Clone)]
pub enum Found {
    /// A content that the path did not have last.
    New {
        /// xxh3-128 of its bytes.
        digest: u128,
        /// In bytes.
        length: u64,
        /// The earlier contents of the path that are a strict prefix of it.
        completes: Vec<u32>,
        /// What it says; accounts are indices of [`Batch::accounts`].
        reading: Reading<u32>,
    },
    /// The content that the path had last, under another stat.
    Same,
    /// The content that the path had last, read anew.
    Reread(Reading<u32>),
    /// The content that the path had last; the new reading of it was kept out, for this reason.
    Kept {
        /// What it was read with, in vain.
        revision: u64,
        /// Why the old reading stays.
        drift: String,
    },
}

impl Found {
    /// Whether this would be drift in the newest capture of its source.
    #[must_use]
    pub fn drifts(&self) -> bool {
        match self {
            Self::New { reading, .. } | Self::Reread(reading) => reading.drift.is_some(),
            Self::Kept { .. } => true,
            Self::Same => false,
        }
    }
}

/// One look into one file.
#[derive(Debug, Clone)]
pub struct Look {
    /// Whose file.
    pub source: SourceNo,
    /// The file's name below the source.
    pub path: String,
    /// What it looked like.
    pub stat: Stat,
    /// See [`LedgerRow::racy`].
    pub racy: bool,
    /// What it held.
    pub found: Found,
}

/// What one transaction takes in.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The accounts that the looks speak of, each once.
    pub accounts: Vec<(Key, Arc<Account>)>,
    /// At most one per path.
    pub looks: Vec<Look>,
}

/// What a batch, or a change of terms, made of the items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// Items that were not there before.
    pub new: usize,
    /// Items that subscribers see otherwise than before.
    pub revised: usize,
    /// Items that are gone: by a corrected reading, or because a cut reading was completed.
    pub gone: usize,
    /// Undated items whose sources ask for the day they are first seen.
    pub unseen: Vec<Key>,
    /// Those of them that were not there before.
    pub new_unseen: Vec<Key>,
    /// Keys that turned out to name several announcements.
    pub twins: Vec<Key>,
}

impl Absorbed {
    /// Adds what another batch made.
    pub fn add(&mut self, other: Self) {
        self.new += other.new;
        self.revised += other.revised;
        self.gone += other.gone;
        self.unseen.extend(other.unseen);
        self.new_unseen.extend(other.new_unseen);
        self.twins.extend(other.twins);
    }
}

/// A feed, as far as the choice of its items goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedTerms {
    /// Its name in the config.
    pub name: String,
    /// In the order of the config.
    pub sources: Vec<SourceNo>,
    /// Newest items in the head; 0 = all.
    pub limit: usize,
    /// Which of the sources' items it shows.
    pub choice: Choice,
    /// For how long.
    pub retention: Retention,
}

/// What the items of a store depend on besides what was read.
pub struct Terms {
    /// How sightings are settled.
    pub rules: Rules,
    /// Which feeds there are.
    pub feeds: Vec<FeedTerms>,
    /// Sources whose undated items take the day they are first seen.
    pub first_seen: Vec<SourceNo>,
    /// The stated time of capture of a path, by rules (1) and (2).
    #[expect(clippy::type_complexity, reason = "one closure, named by its field")]
    pub captured: Box<dyn Fn(SourceNo, &str) -> Option<Moment> + Send + Sync>,
    /// Equal for terms that give equal items: what was derived under other terms is derived anew.
    pub fingerprint: String,
}

/// A source that the store has seen, in the config now or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSource {
    /// Its number.
    pub no: SourceNo,
    /// Its name in the config.
    pub name: String,
    /// What its items were last filed under: the place scraped, and the namespace of its keys.
    pub filed: Option<(String, Site)>,
}

impl KnownSource {
    /// The rule of a source that is not in the config: it keeps the site that its items are filed under, and the days
    /// that were noted for them; its times are read in UTC.
    #[must_use]
    pub fn rule(self) -> (SourceNo, SourceRule) {
        let Self { no, name, filed } = self;
        let (place, site) = filed.unwrap_or_else(|| (name.clone(), Site::new(&name)));
        (no, SourceRule { name, place, site, zone: Zone::UTC, language: None, first_seen: true })
    }
}

/// Where an item was sighted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SightedAt {
    /// The source's name.
    pub source: String,
    /// The file.
    pub file: String,
    /// Which of the path's contents, from 0.
    pub n: u32,
    /// First line, counted from 1.
    pub line: u32,
    /// As printed.
    pub number: Option<u32>,
    /// The heading above.
    pub section: Option<Text>,
    /// As it stands among the contents of its path.
    pub captured: Option<DateTime<Utc>>,
    /// The operator decided that the content says nothing of an item of which another one tells.
    pub disregarded: bool,
}

/// A content of a path, as it is exported: all that the store can't recompute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The version of this form.
    pub schema: u32,
    /// The source's name.
    pub source: String,
    /// The file's name below the source.
    pub path: String,
    /// Its number among the contents of the path, from 0.
    pub n: u32,
    /// xxh3-128 of its bytes, in hex.
    pub digest: String,
    /// In bytes.
    pub length: u64,
    /// The content that completes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_by: Option<u32>,
    /// The layout that it was read with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layout: Option<Text>,
    /// The language that it was read in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<Text>,
    /// What it says.
    reading: Reading<Account>,
}

impl Content {
    /// A content without the one that completes it.
    fn new(at: (String, String, u32), (digest, length): (u128, u64), reading: Reading<Account>) -> Self {
        let (source, path, n) = at;
        let (layout, language) = (reading.layout.clone(), reading.language.and_then(Text::new));
        let digest = format!("{digest:032x}");
        Self { schema: 1, source, path, n, digest, length, completed_by: None, layout, language, reading }
    }

    /// What it says, with what was exported beside it.
    fn into_reading(self) -> Reading<Account> {
        let language = self.language.as_ref().and_then(|tag| tag_of(tag.as_str()));
        Reading { layout: self.layout, language, ..self.reading }
    }
}

/// A path whose newest content was read: with what, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadPath {
    /// As the ledger has it.
    pub row: LedgerRow,
    /// The layout of its reading, where one is known.
    pub layout: Option<Text>,
    /// See [`Reading::newest`].
    pub newest: Option<chrono::NaiveDate>,
}

/// A content, as the history of its source counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Its items.
    pub items: usize,
    /// See [`Reading::confidence`].
    pub confidence: u16,
    /// An item has a complete date of its own.
    pub is_dated: bool,
    /// See [`Reading::layout`].
    pub layout: Option<Text>,
}

impl Past {
    fn of<A>(reading: &Reading<A>, layout: Option<Text>) -> Self {
        let Reading { lines, confidence, newest, .. } = reading;
        Self { items: lines.len(), confidence: *confidence, is_dated: newest.is_some(), layout }
    }
}

/// What stands on a month page of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthPage {
    /// Which.
    pub month: Month,
    /// How many items; never none.
    pub items: usize,
    /// Another value where another item, or an item otherwise, stands there.
    pub print: u64,
}

/// An item on a month page.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// When it was published: the newest stands first, of equals the one with the lower id.
    pub published: DateTime<Utc>,
    /// Its id.
    pub id: Key,
    /// Another value where the item is otherwise.
    pub print: u64,
    /// The item itself; `None`: whoever asked knew it. Boxed, since of a month nearly all are known.
    pub item: Option<Box<Item>>,
}

impl Placed {
    /// As [`newest_first`](crate::mill::feed::newest_first) has it.
    fn order(&self) -> (Reverse<DateTime<Utc>>, Key) {
        (Reverse(self.published), self.id)
    }
}

/// What tells an item from any other that it might become, where pages are concerned. Those of the items of a month are
/// added up, so that one can come or go without a look at the others.
pub(crate) fn print(item: &Item) -> u64 {
    FxBuildHasher.hash_one(item)
}

/// Why a store can't do what it was asked.
#[derive(Debug)]
pub enum StoreError {
    /// The file is no database, or a damaged one.
    Damaged(String),
    /// Written by a later feedmill.
    Newer {
        /// What tells so: the version of the tables, or the revision of what reads pages or settles items.
        what: &'static str,
        /// The one found.
        found: i64,
        /// The newest one known here.
        known: i64,
    },
    /// A database of another program.
    Foreign,
    /// A statement makes no sense to SQLite: the file is damaged, or feedmill is wrong. Only a look through the file
    /// can tell, see [`Sqlite::confirm`].
    Refused(String),
    /// What it was given is no history: the store itself is fine.
    Unfit(String),
    /// The file system refuses.
    Unusable(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(how) => write!(f, "the store is damaged: {how}"),
            Self::Foreign => f.write_str("it is a database of another program, and no store of feedmill"),
            Self::Refused(how) => write!(f, "the store refuses a statement: {how}"),
            Self::Newer { what, found, known } => {
                write!(f, "expected a store of {what} {known} or older, but found {what} {found}")
            }
            Self::Unfit(what) => f.write_str(what),
            Self::Unusable(cause) => write!(f, "{cause}"),
        }
    }
}

impl std::error::Error for StoreError {}

/// Whether an item of a month, with this id and print, need not be told again.
pub type IsKnown<'a> = &'a dyn Fn(Month, Key, u64) -> bool;

/// An item that was read before, by its id and print.
pub type Recalled<'a> = &'a mut dyn FnMut(Key, u64) -> Option<Item>;

/// What the store answers with.
pub type Result<T> = std::result::Result<T, StoreError>;

/// What a pass asks of a store, but for what it has published: that is the [`PublishLedger`]'s.
///
/// # Errors
/// Every method fails when the file below is damaged or can't be used; what was committed before still holds.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
pub trait Store: PublishLedger {
    /// The numbers of the sources with these names, given out at first sight.
    fn source_numbers(&mut self, names: &[&str]) -> Result<Vec<SourceNo>>;
    /// All sources ever seen.
    fn known_sources(&self) -> Result<Vec<KnownSource>>;
    /// Every path ever seen.
    fn ledger(&self) -> Result<Vec<LedgerRow>>;
    /// One path, if it was ever seen.
    fn ledger_row(&self, source: SourceNo, path: &str) -> Result<Option<LedgerRow>>;
    /// The contents that a path had, in order.
    fn contents_of(&self, source: SourceNo, path: &str) -> Result<Vec<Known>>;
    /// What the newest content of a path says.
    fn newest_reading(&self, source: SourceNo, path: &str) -> Result<Option<Reading<Account>>>;
    /// The time of capture and the version of the newest content of a path.
    fn capture_of(&self, source: SourceNo, path: &str) -> Result<(Captured, u32)>;
    /// The newest contents of a source, newest first and so many at most, of those whose name states when they were
    /// captured: of the others no order is known that could be a history.
    fn past(&self, source: SourceNo, most: usize) -> Result<Vec<Past>>;
    /// Makes what was derived agree with the terms, if they changed. Tells all that is unseen, whether they did or not.
    fn agree(&mut self, terms: &Terms) -> Result<Absorbed>;
    /// Takes in a batch and all that follows from it, in one transaction. Its looks are taken out of it: a first pass
    /// has many of them, and they make room for what follows.
    fn absorb(&mut self, batch: &mut Batch, terms: &Terms) -> Result<Absorbed>;
    /// What was taken in survives from here on, whatever happens to the process: a store that is filled for the first
    /// time promises nothing before.
    fn keep(&mut self) -> Result<()>;
    /// The items of a feed's head, newest first. What `known` gives is not read anew.
    fn head(&self, feed: &FeedTerms, terms: &Terms, known: Recalled<'_>) -> Result<Vec<Item>>;
    /// The month pages of a feed, the newest first.
    fn month_pages(&self, feed: &FeedTerms) -> Result<Vec<MonthPage>>;
    /// What stands in these months of a feed, newest first; of what is `known`, by month, id and print, no more than
    /// that it does.
    fn standing(
        &self,
        feed: &FeedTerms,
        months: &BTreeSet<Month>,
        known: IsKnown<'_>,
    ) -> Result<BTreeMap<Month, Vec<Placed>>>;
    /// The item that goes under an id.
    fn item(&self, id: Key, terms: &Terms) -> Result<Option<Item>>;
    /// The ids of all items.
    fn ids(&self) -> Result<BTreeSet<Key>>;
    /// How many items there are.
    fn count(&self) -> Result<usize>;
    /// Every item with its sightings, by id.
    fn items(&self, terms: &Terms, visit: &mut dyn FnMut(Item, Vec<SightedAt>)) -> Result<()>;
    /// Every content, sorted by source, path and number.
    fn export(&self, visit: &mut dyn FnMut(Content)) -> Result<()>;
    /// Takes in contents that were exported, into a store that has none.
    fn import(&mut self, contents: Vec<Content>, terms: &Terms) -> Result<Absorbed>;
    /// Forgets that the store was made after what is published: feeds may shrink again.
    fn forget_recovery(&mut self) -> Result<()>;
}

/// How long an item counts as freshly captured, in days.
pub const FRESH_DAYS: i64 = 7;
