//! What stands where a document is to go, and was written by somebody else.
//!
//! Promised: a file that feedmill did not write is not replaced; a pass tells which one stands in the way, and `check`
//! does before. What the ledger lists was written here, whoever altered it since. Where the store is younger than what
//! is published, the documents tell themselves: a feed by the ids in its Atom document, a month by those in its archive,
//! what belongs to all feeds by their page. Refused: telling by the name alone, and removing anything.

use std::path::Path;

use super::INDEX;
use super::kept::{head, names_beside};
use super::lines::{Rows, by_path};
use crate::config::Config;
use crate::mill::render;
use crate::pass::Pass;
use crate::publish::Disk;
use crate::report::first_of;
use crate::store::{PublishLedger, StoreError};
use crate::trouble::Trouble;

/// So many files are named.
const NAMED: usize = 3;

/// Files of somebody else where the documents of a feed, or of the index, are to go.
pub struct InTheWay {
    /// What can't be published, and why.
    pub what: String,
    /// What would help.
    pub help: String,
}

impl From<InTheWay> for Trouble {
    fn from(InTheWay { what, help }: InTheWay) -> Self {
        Self::unusable(what).still("it stays as it is, and no items were lost").help(help)
    }
}

impl Pass<'_> {
    /// Refuses to replace what somebody else wrote at these paths of a feed, or of the index; `rows`: what the ledger
    /// lists of it.
    pub(super) fn leave_to_others<'p>(
        &self,
        feed: &str,
        rows: &Rows,
        paths: impl Iterator<Item = &'p str>,
    ) -> Result<(), Trouble> {
        found(self.config, self.disk, feed, rows, paths).map_or(Ok(()), |found| Err(found.into()))
    }
}

/// What stands in the way of the documents whose names are known before anything is read; `ledger`: `None` where there
/// is no store yet.
///
/// # Errors
/// The store gave up.
pub fn in_the_way(
    config: &Config,
    disk: &dyn Disk,
    ledger: Option<&dyn PublishLedger>,
) -> Result<Vec<InTheWay>, StoreError> {
    let rows = |feed: &str| -> Result<Rows, StoreError> {
        let listed = ledger.map(|ledger| ledger.published_of(feed, true)).transpose()?;
        Ok(by_path(listed.unwrap_or_default()))
    };
    let mut all = Vec::new();
    for feed in &config.feeds {
        let names = render::HEADS.iter().copied().chain(config.pages.then_some(render::PAGE));
        let paths: Vec<String> = names.map(|name| format!("{}/{name}", feed.name)).collect();
        all.extend(found(config, disk, &feed.name, &rows(&feed.name)?, paths.iter().map(String::as_str)));
    }
    all.extend(found(config, disk, INDEX, &rows(INDEX)?, names_beside(config)));
    Ok(all)
}

fn found<'p>(
    config: &Config,
    disk: &dyn Disk,
    feed: &str,
    rows: &Rows,
    paths: impl Iterator<Item = &'p str>,
) -> Option<InTheWay> {
    let is_there = |path: &str| matches!(disk.stat(&config.output.join(path)), Ok(Some(_)));
    let is_foreign =
        |path: &&str| !rows.contains_key(*path) && is_there(path) && !tells_itself(config, disk, feed, path);
    let foreign: Vec<&str> = paths.filter(is_foreign).collect();
    if foreign.is_empty() {
        return None;
    }
    let (what, or) = match feed {
        INDEX => ("\"index.html\"".to_owned(), "let `output` be a folder of its own, or set pages = false"),
        feed => (format!("feed \"{feed}\""), "let `output` be a folder of its own, or give the feed another `name`"),
    };
    let places = foreign.iter().map(|path| format!("\"{}\"", config.output.join(path).display()));
    Some(InTheWay {
        what: format!("cannot publish {what}: feedmill did not write {}", first_of(places, NAMED)),
        help: format!("move that away (or delete it, if an earlier feedmill left it there), {or}"),
    })
}

/// Whether a document that the ledger does not list shows that feedmill wrote it.
fn tells_itself(config: &Config, disk: &dyn Disk, feed: &str, path: &str) -> bool {
    let read = |path: &Path| disk.read(path).unwrap_or_default();
    let tells_of_items = |path: &Path| {
        let render::Ids { shown, taken_out } = render::ids(&read(path));
        !shown.is_empty() || !taken_out.is_empty()
    };
    let is_feed = |feed: &str| tells_of_items(&head(config, feed));
    let has_index = || render::is_index(&read(&config.output.join(render::PAGE)));
    match render::document_of(path) {
        render::OPML => has_index() || config.feeds.iter().any(|feed| is_feed(&feed.name)),
        _ if feed == INDEX => has_index(),
        month if render::is_month_path(month) => tells_of_items(&config.output.join(month).with_extension("atom")),
        _ => is_feed(feed),
    }
}
