//! The lines of the publish ledger, and whether what they list stands in the folder.
//!
//! Promised: a document enters the ledger before it enters the folder, so that what a killed pass wrote is known.
//! Whether a document stands as it was published is told by one look at its file, never by reading it. One that was
//! only closed to its readers is opened again on the spot. Refused: mending what does not stand.

use std::collections::{BTreeMap, BTreeSet};

use tracing::warn;

use super::INDEX;
use crate::pass::Pass;
use crate::publish::{self, Listed};
use crate::store::{PublishLedger, PublishedChange, PublishedRow, StoreError};

/// The lines of the ledger that belong to one feed, by their paths.
pub(super) type Rows = BTreeMap<String, PublishedRow>;

/// What a look at all that was published finds amiss.
#[derive(Default)]
pub(super) struct Strewn {
    /// What does not stand as it was published, by its feed.
    pub(super) fallen: BTreeMap<String, BTreeSet<String>>,
    /// What is listed of feeds that are in the config no more.
    pub(super) left: BTreeMap<String, Vec<String>>,
}

impl Pass<'_> {
    /// Whether a document that is not of a month does not stand as it was published. A pass that knows what changed
    /// looks at no others, unless that is so: then the folder may have been removed, with all that was in it.
    pub(super) fn is_meddled_with(&self, ledger: &dyn PublishLedger) -> Result<bool, StoreError> {
        for feed in &self.config.feeds {
            if ledger.published_of(&feed.name, false)?.iter().any(|row| !self.stands(row)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One look at every document that the ledger lists.
    pub(super) fn strewn(&self, ledger: &dyn PublishLedger) -> Result<Strewn, StoreError> {
        let feeds: BTreeSet<&str> = self.config.feeds.iter().map(|feed| &*feed.name).chain([INDEX]).collect();
        let (mut strewn, mut opened) = (Strewn::default(), 0);
        ledger.each_published(&mut |row| {
            if !feeds.contains(&*row.feed) {
                strewn.left.entry(row.feed.clone()).or_default().push(row.path.clone());
            } else if let Some(was_closed) = self.opened(row) {
                opened += usize::from(was_closed);
            } else {
                strewn.fallen.entry(row.feed.clone()).or_default().insert(row.path.clone());
            }
        })?;
        if opened > 0 {
            warn!(documents = opened, "what is published was closed to its readers: everybody may read it again");
        }
        Ok(strewn)
    }

    /// As [`publish::opened`] has it; a dry run opens nothing.
    fn opened(&self, row: &PublishedRow) -> Option<bool> {
        match self.dry_run {
            true => self.stands(row).then_some(false),
            false => publish::opened(self.disk, &self.config.output, &row.path, listed_as(row)),
        }
    }

    pub(super) fn stands(&self, row: &PublishedRow) -> bool {
        publish::stands(self.disk, &self.config.output, &row.path, listed_as(row))
    }

    pub(super) fn is_there(&self, path: &str) -> bool {
        self.disk.stat(&self.config.output.join(path)).is_ok_and(|found| found.is_some())
    }
}

/// By what a look at a file tells that it is the one that is listed.
fn listed_as(row: &PublishedRow) -> (u64, i64, u64) {
    (row.size, row.mtime_ns, row.inode)
}

pub(super) fn by_path(rows: Vec<PublishedRow>) -> Rows {
    rows.into_iter().map(|row| (row.path.clone(), row)).collect()
}

/// Enters documents into the ledger that are to be written where it lists none: `rows` are what it lists.
pub(super) fn announce<'p>(
    ledger: &mut dyn PublishLedger,
    feed: &str,
    rows: &Rows,
    paths: impl Iterator<Item = &'p str>,
) -> Result<(), StoreError> {
    let unwritten = |path: &str| Listed { path: path.to_owned(), size: 0, mtime_ns: 0, inode: 0, hash: 0 };
    let new = paths.filter(|path| !rows.contains_key(*path));
    let documents: Vec<PublishedRow> = new.map(|path| row_of(feed, 0, unwritten(path))).collect();
    if documents.is_empty() {
        return Ok(());
    }
    ledger.record_published(&[PublishedChange { feed: feed.to_owned(), documents, ..PublishedChange::default() }])
}

pub(super) fn row_of(feed: &str, made_of: u64, listed: Listed) -> PublishedRow {
    let Listed { path, size, mtime_ns, inode, hash } = listed;
    PublishedRow { feed: feed.to_owned(), path, size, mtime_ns, inode, hash, made_of }
}

/// The publish ledger, for whoever serves the output.
///
/// # Errors
/// When the store gives up.
pub fn ledger(store: &dyn PublishLedger) -> Result<Vec<Listed>, StoreError> {
    Ok(store.published()?.iter().map(listed_of).collect())
}

fn listed_of(row: &PublishedRow) -> Listed {
    Listed { path: row.path.clone(), size: row.size, mtime_ns: row.mtime_ns, inode: row.inode, hash: row.hash }
}
