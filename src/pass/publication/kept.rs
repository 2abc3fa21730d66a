//! Whether a feed stays as it was published, for the store was made after it, and knows less.
//!
//! A store is made anew where it was damaged or deleted; one that a backup or an export was taken into may be older than
//! what is published. Either may lack what is in no file any more, and silence never erases (law 5). Promised: all that
//! a feed shows is looked at, its archives as well as its head. Refused: mending what is lacking.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{fmt, fs};

use tracing::warn;

use crate::config::{self, Config};
use crate::mill::decisions::Decisions;
use crate::mill::item::Key;
use crate::mill::render::{self, Ids};
use crate::pass::Pass;
use crate::publish::Disk;
use crate::report::Report;

/// What a store that was made anew would do to a feed.
struct Harm {
    /// How many items of it the store does not know, retracted ones aside.
    lost: usize,
    /// How many items that the feed says were taken out the store knows, and no decision takes out.
    returned: usize,
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lost, returned } = self;
        match (lost, returned) {
            (0, _) => write!(f, "would show {returned} items again that were retracted"),
            (_, 0) => write!(f, "lacks {lost} of its items"),
            _ => write!(f, "lacks {lost} of its items, and would show {returned} again that were retracted"),
        }
    }
}

impl Pass<'_> {
    /// Whether a feed stays as it was published, for the store knows only these ids; then it says so.
    pub(super) fn is_kept(
        &self,
        known: &BTreeSet<Key>,
        feed: &config::Feed,
        decisions: &Decisions,
        report: &mut Report,
    ) -> bool {
        let Some(harm) = harm(self.config, self.disk, feed, known, decisions) else { return false };
        warn!(feed = %feed.name, lost = harm.lost, returned = harm.returned, "the feed stays as it was published");
        let cure = match harm.lost {
            0 => "retract them again",
            _ => "bring their files back, or a backup into a new state folder",
        };
        report.kept.push(format!(
            "feed {:?} stays as it was published: the store, made anew since, {harm}; {cure}, or delete the feed's folder \
             to publish without that",
            feed.name
        ));
        true
    }
}

/// Whether some feed of the config is published.
#[must_use]
pub fn is_published(config: &Config, disk: &dyn Disk) -> bool {
    let is_there = |feed: &config::Feed| disk.stat(&head(config, feed)).is_ok_and(|found| found.is_some());
    config.feeds.iter().any(is_there)
}

/// Whether a store that knows only these ids lacks some of what is published.
#[must_use]
pub fn lacks(config: &Config, disk: &dyn Disk, known: &BTreeSet<Key>, decisions: &Decisions) -> bool {
    config.feeds.iter().any(|feed| harm(config, disk, feed, known, decisions).is_some())
}

fn head(config: &Config, feed: &config::Feed) -> PathBuf {
    config.output.join(&feed.name).join("atom.xml")
}

fn harm(
    config: &Config,
    disk: &dyn Disk,
    feed: &config::Feed,
    known: &BTreeSet<Key>,
    decisions: &Decisions,
) -> Option<Harm> {
    let mut published = render::ids(&disk.read(&head(config, feed)).ok()?);
    for archive in archives(config, feed) {
        // What can't be read shows nothing.
        let Ids { shown, .. } = disk.read(&archive).map(|bytes| render::ids(&bytes)).unwrap_or_default();
        published.shown.extend(shown);
    }
    let lost = |id: &Key| {
        let root = decisions.root(*id);
        !decisions.is_retracted(root) && !known.contains(&root)
    };
    let returned = |id: &Key| {
        let root = decisions.root(*id);
        !decisions.is_retracted(root) && known.contains(&root)
    };
    let lost = published.shown.iter().filter(|id| lost(id)).count();
    let returned = published.taken_out.iter().filter(|id| returned(id)).count();
    (lost + returned > 0).then_some(Harm { lost, returned })
}

/// The archives of a feed, as they lie there: of those that the store does not know the ledger tells nothing.
fn archives(config: &Config, feed: &config::Feed) -> Vec<PathBuf> {
    let within = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, mut files): (Vec<PathBuf>, Vec<PathBuf>) =
        within(config.output.join(&feed.name)).partition(|path| path.is_dir());
    files.extend(folders.into_iter().flat_map(within));
    files.retain(|path| path.extension().is_some_and(|ending| ending == "atom"));
    files
}
