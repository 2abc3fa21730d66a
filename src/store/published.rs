//! The publish ledger: which documents stand in the output folder, as they were when they were written, and how far
//! each feed was published.
//!
//! Promised: the lines of a feed and how far it was published change together or not at all. Refused: knowing whether
//! what is listed is there; that is asked of the folder.

use super::Result;

/// A published document, as the publish ledger lists it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublishedRow {
    /// The feed it belongs to.
    pub feed: String,
    /// Below the output folder.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Nanoseconds since the epoch.
    pub mtime_ns: i64,
    /// The file's number on its file system.
    pub inode: u64,
    /// xxh3-128 of its bytes; 0 while it is only announced.
    pub hash: u128,
    /// Tells what it was made of: equal where the same would come of it. 0: it was not made of what this can tell.
    pub made_of: u64,
}

impl PublishedRow {
    /// Whether it was ever written: what is announced bears no hash until it is.
    #[must_use]
    pub fn was_written(&self) -> bool {
        self.hash != 0
    }
}

/// How far a feed has been published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedState {
    /// Counts the batches that may have changed what the feed shows.
    pub changes: u64,
    /// How many of them it had seen when it was last published.
    pub changes_shown: u64,
    /// Items in the documents when it was last published.
    pub items: usize,
    /// What the documents were rendered with when it was last published.
    pub rendered_with: String,
    /// What the index shows of it, in the words of whoever publishes.
    pub summary: String,
}

/// What became of the documents of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublishedChange {
    /// Its name.
    pub feed: String,
    /// How far it was published; `None`: no further than before.
    pub state: Option<FeedState>,
    /// The documents that were written, or are to be.
    pub documents: Vec<PublishedRow>,
    /// The paths at which no document of it is any more.
    pub gone: Vec<String>,
}

/// What is asked about what was published, by whoever publishes, serves or tells of it.
///
/// # Errors
/// Those of [`Store`](super::Store).
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
pub trait PublishLedger {
    /// How far a feed has been published.
    fn feed_state(&self, feed: &str) -> Result<FeedState>;
    /// Shows every line.
    fn each_published(&self, visit: &mut dyn FnMut(&PublishedRow)) -> Result<()>;
    /// All lines.
    fn published(&self) -> Result<Vec<PublishedRow>> {
        let mut rows = Vec::new();
        self.each_published(&mut |row| rows.push(row.clone()))?;
        Ok(rows)
    }

    /// The lines of a feed; only of what is not said to be made of something, unless it is `all`.
    fn published_of(&self, feed: &str, all: bool) -> Result<Vec<PublishedRow>>;
    /// The lines of these paths, as far as there are any.
    fn published_at(&self, paths: &[&str]) -> Result<Vec<PublishedRow>>;
    /// Records what was published, all of it or nothing.
    fn record_published(&mut self, changes: &[PublishedChange]) -> Result<()>;
}
