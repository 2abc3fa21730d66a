//! Whether a feed stays as it was published, for the store was made after it, and knows less.
//!
//! A store is made anew where it was damaged or deleted; one that a backup or an export was taken into may be older
//! than what is published. Either may lack what is in no file any more, and silence never erases (law 5). Promised: all
//! that a feed shows is looked at, its archives as well as its head. Refused: mending what is lacking.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::INDEX;
use super::lines::{by_path, row_of};
use crate::config::{self, Config};
use crate::mill::decisions::Decisions;
use crate::mill::item::Key;
use crate::mill::render::{self, Ids};
use crate::pass::Pass;
use crate::publish::{self, Disk, Kind, Metadata, Outcome};
use crate::report::{Count, Report, first_of};
use crate::store::{FeedState, PublishLedger, PublishedChange, StoreError};

/// So many ids are named.
const NAMED: usize = 3;

/// What a store that was made anew would do to a feed.
struct Harm {
    /// How many items its head shows.
    items: usize,
    /// The items of it that the store does not know, retracted ones aside.
    lost: BTreeSet<Key>,
    /// The items that the feed says were taken out, the store knows, and no decision says anything of.
    returned: BTreeSet<Key>,
    /// How many items it shows that a decision takes out.
    retracted: usize,
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lost, returned, .. } = self;
        let named = |ids: &BTreeSet<Key>| first_of(ids.iter().map(Key::to_string), NAMED);
        if !lost.is_empty() {
            write!(f, "lacks {} of its items ({})", lost.len(), named(lost))?;
        }
        if !returned.is_empty() {
            let and = if lost.is_empty() { "" } else { ", and " };
            write!(f, "{and}would show again what was retracted ({})", named(returned))?;
        }
        Ok(())
    }
}

impl Pass<'_> {
    /// Whether a feed stays as it was published, for the store knows only these ids; then it says so, and gives how
    /// many items are in it.
    pub(super) fn is_kept(
        &self,
        known: &BTreeSet<Key>,
        feed: &config::Feed,
        decisions: &Decisions,
        report: &mut Report,
    ) -> Option<usize> {
        let harm = harm(self.config, self.disk, feed, known, decisions)?;
        let cure = if harm.lost.is_empty() {
            "retract that again, or say that it may be shown (retract ID --undo)"
        } else {
            "bring their files back, or a backup into a new state folder, or retract what may be lost"
        };
        let meanwhile = match harm.retracted {
            0 => String::new(),
            count => format!("; until then it goes on showing {}", Count(count, "retracted item")),
        };
        report.kept.push(format!(
            "feed {:?} stays as it was published, without what is new: the store, made anew since, {harm}; {cure}, or \
             delete \"{}\" to publish the feed as the store has it{meanwhile}",
            feed.name,
            self.config.output.join(&feed.name).display(),
        ));
        Some(harm.items)
    }

    /// Enters the documents of a feed that stays, or of the index, into the ledger as they stand: they are served, and
    /// known to be ours, though the store was made after them. `state`: of the feed, where it is another than before.
    pub(super) fn take_back(
        &self,
        ledger: &mut dyn PublishLedger,
        feed: &str,
        state: Option<FeedState>,
    ) -> Result<(), StoreError> {
        if self.dry_run {
            return Ok(());
        }
        let rows = by_path(ledger.published_of(feed, true)?);
        let paths = match feed {
            INDEX => beside(self.config),
            feed => documents(self.config, self.disk, feed),
        };
        // What the ledger lists and was altered since is not taken for what was published.
        let ours = paths.iter().filter(|path| !rows.contains_key(*path) && is_ours(self.config, self.disk, path));
        let found = ours.filter_map(|path| publish::listed(self.disk, &self.config.output, path));
        let outcomes: Vec<Outcome> = found.map(|listed| Outcome { listed, written: false }).collect();
        if outcomes.is_empty() && state.is_none() {
            return Ok(());
        }
        let documents = outcomes.iter().map(|outcome| row_of(feed, 0, outcome.listed.clone())).collect();
        ledger.record_published(&[PublishedChange { feed: feed.to_owned(), state, documents, gone: Vec::new() }])?;
        (self.published)(&outcomes, &[]);
        Ok(())
    }
}

/// Whether some feed of the config is published.
#[must_use]
pub fn is_published(config: &Config, disk: &dyn Disk) -> bool {
    let is_there = |feed: &config::Feed| disk.stat(&head(config, &feed.name)).is_ok_and(|found| found.is_some());
    config.feeds.iter().any(is_there)
}

/// Whether a store that knows only these ids lacks some of what is published.
#[must_use]
pub fn lacks(config: &Config, disk: &dyn Disk, known: &BTreeSet<Key>, decisions: &Decisions) -> bool {
    config.feeds.iter().any(|feed| harm(config, disk, feed, known, decisions).is_some())
}

/// Whether a feed that lies in `output` shows the item `id`, its archives included, or says that it was taken out.
#[must_use]
pub fn is_shown(output: &Path, disk: &dyn Disk, id: Key) -> bool {
    let tells = |document: PathBuf| {
        let Ids { shown, taken_out } = disk.read(&document).map(|bytes| render::ids(&bytes)).unwrap_or_default();
        shown.contains(&id) || taken_out.contains(&id)
    };
    let is_atom = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "atom" || extension == "xml");
    within(disk, output).iter().flat_map(|feed| files_of(disk, feed)).filter(is_atom).any(tells)
}

/// The document of a feed that tells what it shows.
pub(super) fn head(config: &Config, feed: &str) -> PathBuf {
    config.output.join(feed).join("atom.xml")
}

fn harm(
    config: &Config,
    disk: &dyn Disk,
    feed: &config::Feed,
    known: &BTreeSet<Key>,
    decisions: &Decisions,
) -> Option<Harm> {
    let Ids { mut shown, taken_out } = render::ids(&disk.read(&head(config, &feed.name)).ok()?);
    let items = shown.len();
    for archive in documents(config, disk, &feed.name).iter().filter(|path| path.ends_with(".atom")) {
        // What can't be read shows nothing.
        let bytes = disk.read(&config.output.join(archive));
        shown.extend(bytes.map(|bytes| render::ids(&bytes).shown).unwrap_or_default());
    }
    let root = |id: &Key| decisions.root(*id);
    let (retracted, shown): (Vec<Key>, Vec<Key>) = shown.iter().map(root).partition(|id| decisions.is_retracted(*id));
    let lost: BTreeSet<Key> = shown.into_iter().filter(|id| !known.contains(id)).collect();
    let is_open = |id: &Key| known.contains(id) && !decisions.is_retracted(*id) && !decisions.is_put_back(*id);
    let returned: BTreeSet<Key> = taken_out.iter().map(root).filter(is_open).collect();
    let is_harmed = !lost.is_empty() || !returned.is_empty();
    is_harmed.then_some(Harm { items, lost, returned, retracted: retracted.len() })
}

/// The documents of a feed, as they lie there, relative to the output: of what the store does not know the ledger tells
/// nothing. Only those that this config would publish.
fn documents(config: &Config, disk: &dyn Disk, feed: &str) -> Vec<String> {
    let folder = config.output.join(feed);
    let files = files_of(disk, &folder);
    let below = files.iter().filter_map(|path| path.strip_prefix(&folder).ok()?.to_str());
    let is_wanted = |name: &&str| {
        let document = render::document_of(name);
        let is_head = render::HEADS.contains(&document);
        (is_head || config.pages && render::is_of_feed(document)) && (document == *name || config.precompress)
    };
    below.filter(is_wanted).map(|name| format!("{feed}/{name}")).collect()
}

/// What lies in the folder of a feed, and in the folders in it.
fn files_of(disk: &dyn Disk, feed: &Path) -> Vec<PathBuf> {
    let is_file = |path: &PathBuf| matches!(disk.stat(path), Ok(Some(Metadata { kind: Kind::File, .. })));
    let (mut files, folders): (Vec<PathBuf>, Vec<PathBuf>) = within(disk, feed).into_iter().partition(is_file);
    files.extend(folders.iter().flat_map(|folder| within(disk, folder)));
    files
}

/// What can't be listed holds nothing.
fn within(disk: &dyn Disk, folder: &Path) -> Vec<PathBuf> {
    disk.list(folder).unwrap_or_default()
}

/// What this config would publish beside the feeds, but for compressed siblings.
pub(super) fn names_beside(config: &Config) -> impl Iterator<Item = &'static str> {
    render::BESIDE_FEEDS.into_iter().filter(|name| config.pages || *name == render::OPML)
}

/// The same with its siblings.
fn beside(config: &Config) -> Vec<String> {
    let sibling = |name: &str| config.precompress.then(|| render::sibling_of(name));
    names_beside(config).flat_map(|name| [Some(name.to_owned()), sibling(name)]).flatten().collect()
}

/// Whether a document that is called like one of ours is one: a month is told by its archive, which lists items of
/// ours. The names of the others are nobody else's.
fn is_ours(config: &Config, disk: &dyn Disk, path: &str) -> bool {
    let document = render::document_of(path);
    let stem = document.strip_suffix(".html").or_else(|| document.strip_suffix(".atom"));
    let archive = stem.filter(|_| render::is_month_path(document)).map(|stem| format!("{stem}.atom"));
    archive.is_none_or(|archive| {
        disk.read(&config.output.join(archive)).is_ok_and(|bytes| !render::ids(&bytes).shown.is_empty())
    })
}
