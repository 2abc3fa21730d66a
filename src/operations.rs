//! The operations feed: what is wrong with this feedmill, for the operator's reader and never for subscribers (law 8).
//!
//! One entry for each [`Condition`]: opened when it is met, updated only when its words change, marked as healed when
//! it is over, and reopened under the same id if it returns. So a reader shows one entry for each thing that is wrong,
//! not one for each look. The ledger behind it is `operations.json`, beside the store: what healed while nobody watched
//! is closed by the next pass.
//!
//! Exempt from law 4, because it says when. Promised: both files are replaced whole, and only when something changed;
//! their number of entries is bounded. If they can't be written, no pass suffers: the next one tries again.

mod feed;
mod ledger;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, SubsecRound as _, Utc};
use tracing::{debug, warn};

pub use ledger::{Condition, Kind, Ledger, Sight};

use crate::config::Config;
use crate::mill::feed::Address;
use crate::mill::render::{Document, Tree};
use crate::publish::{self, Listed, Publication, Readers, RealDisk};
use crate::report::{Report, SkippedLine};
use crate::trouble::Trouble;

/// The feed, in the state folder or in the output.
pub const FEED: &str = "operations.atom";
/// The ledger, in the state folder.
pub const LEDGER: &str = "operations.json";

/// What is known besides what a pass reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Why the newest config can't be used.
    pub refused: Option<String>,
    /// Why the system's events can't be relied on.
    pub no_events: Option<String>,
    /// The hubs that are told in vain, and why; `None`: that is told apart, by [`Operations::hubs`].
    pub hubs: Option<Vec<Sight>>,
    /// What was found broken in the state folder and made anew.
    pub mended: Option<String>,
}

/// The conditions of one state folder.
#[derive(Debug)]
pub struct Operations {
    state: PathBuf,
    /// `None` until it is needed: a state folder that can't be made yet holds none.
    ledger: Option<Ledger>,
    /// The ledger as both files have it.
    written: Option<Ledger>,
    /// How the feed stands in the output, where it is published. The publish ledger does not list it: it is no document
    /// of the store's, and `--prune` must not take it for one.
    published: Option<Listed>,
}

impl Operations {
    /// Those kept in the state folder `state`.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        Self { state: state.to_owned(), ledger: None, written: None, published: None }
    }

    /// Notes what a pass met, and what is known besides, and writes it down where it differs.
    ///
    /// `all`: the pass looked at all there is, to its end. Only such a pass can tell what is over.
    pub fn pass(&mut self, config: &Config, outcome: Result<&Report, &Trouble>, all: bool, standing: &Standing) {
        let now = now();
        let ledger = self.ledger(config, now);
        let only = |detail: &Option<String>| detail.clone().map(|detail| Sight { subject: String::new(), detail });
        ledger.see(Kind::Config, only(&standing.refused), true, now);
        ledger.see(Kind::Watch, only(&standing.no_events), true, now);
        if let Some(hubs) = &standing.hubs {
            ledger.see(Kind::Hub, hubs.iter().cloned(), true, now);
        }
        ledger.see(Kind::Store, only(&standing.mended), false, now);
        match outcome {
            // What went wrong before may still be wrong: only a pass that is done tells that it is over.
            Err(trouble) => {
                let sight = Sight { subject: trouble.what().to_owned(), detail: trouble.to_string() };
                ledger.see(Kind::Trouble, [sight], false, now);
            }
            Ok(report) => {
                ledger.see(Kind::Trouble, [], true, now);
                ledger.see(Kind::Skipped, skipped(config, report), all, now);
                if all {
                    ledger.see(Kind::Drift, drifted(report), true, now);
                    ledger.see(Kind::Store, only(&stay(report)), true, now);
                }
            }
        }
        // After a look at all the files are looked at, too: one that was deleted or altered comes back.
        if all || self.ledger != self.written {
            self.write(config);
        }
    }

    /// Notes which hubs are told in vain, and why: all of them, where no daemon has told it with a pass.
    pub fn hubs(&mut self, config: &Config, in_vain: impl IntoIterator<Item = Sight>) {
        let now = now();
        self.ledger(config, now).see(Kind::Hub, in_vain, true, now);
        self.write(config);
    }

    /// How the feed stands in the output, for whoever serves that; `None` where it is not published.
    #[must_use]
    pub fn published(&self) -> Option<&Listed> {
        self.published.as_ref()
    }

    /// How many conditions of each kind hold.
    #[must_use]
    pub fn open_by_kind(&self) -> BTreeMap<Kind, usize> {
        let mut open = BTreeMap::new();
        for condition in self.ledger.iter().flat_map(Ledger::open) {
            *open.entry(condition.kind).or_default() += 1;
        }
        open
    }

    fn ledger(&mut self, config: &Config, now: DateTime<Utc>) -> &mut Ledger {
        let file = self.state.join(LEDGER);
        self.ledger.get_or_insert_with(|| read(&file).unwrap_or_else(|| Ledger::new(&place(config), now)))
    }

    fn write(&mut self, config: &Config) {
        let Some(ledger) = &self.ledger else { return };
        let publish = config.operations.publish;
        let own = config.base_url.as_ref().filter(|_| publish).map(|base| base.join(FEED));
        let feed = feed::document(ledger, own.as_ref().map(Address::as_str));
        let kept = Document { bytes: ledger.written(), entries: 0 };
        let (here, elsewhere) = if publish { (&config.output, &config.state) } else { (&config.state, &config.output) };
        let mut of_state = Tree::from_iter([(LEDGER.to_owned(), kept)]);
        let mut of_output = Tree::default();
        if publish { &mut of_output } else { &mut of_state }.insert(FEED.to_owned(), feed);
        // The paths and errors are for whom the umask leaves, as the store is: a service's folder lets others pass
        // through to what it publishes.
        let kept = Publication::new(&RealDisk, &config.state).read_by(Readers::Umask).of_one(&of_state);
        let written = kept
            .and_then(|_| publish::publish(&RealDisk, here, &of_output))
            .and_then(|outcomes| publish::withdraw(&RealDisk, elsewhere, &[FEED]).map(|_| outcomes));
        match written {
            Ok(outcomes) => {
                self.written.clone_from(&self.ledger);
                self.published = outcomes.into_iter().next().map(|outcome| outcome.listed);
            }
            // Whatever stands in the way is told by the pass itself, if it is in its way as well.
            Err(trouble) => {
                debug!(%trouble, "the operations feed can't be written: it is tried again after the next pass");
            }
        }
    }
}

/// The conditions kept in the state folder `state`, for commands that only look.
#[must_use]
pub fn kept(state: &Path) -> Option<Ledger> {
    read(&state.join(LEDGER))
}

fn read(file: &Path) -> Option<Ledger> {
    let bytes = std::fs::read(file).ok()?;
    let ledger = Ledger::read(&bytes);
    if ledger.is_none() {
        warn!(file = %file.display(), "the conditions noted there can't be read: starting anew");
    }
    ledger
}

/// What tells this feedmill from others.
fn place(config: &Config) -> String {
    let folder = || std::path::absolute(&config.state).unwrap_or_else(|_| config.state.clone());
    config.base_url.as_ref().map_or_else(|| folder().display().to_string(), ToString::to_string)
}

/// Which feeds stay as they were published, of hundreds only the first.
fn stay(report: &Report) -> Option<String> {
    const FIRST: usize = 5;
    let first = report.kept.get(..FIRST).unwrap_or(&report.kept).join("; ");
    match report.kept.len() {
        0 => None,
        count if count > FIRST => Some(format!("{first}; {} more feeds stay as well", count - FIRST)),
        _ => Some(first),
    }
}

/// What the clock says, in whole seconds.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::<Utc>::from(SystemTime::now()).trunc_subsecs(0)
}

/// One condition a file. In a config its name tells it from all others; below several folders of the command line there
/// may be two of one name.
fn skipped(config: &Config, report: &Report) -> impl Iterator<Item = Sight> {
    let is_ambiguous = config.file.is_none() && config.sources.len() > 1;
    report.skipped.iter().map(move |SkippedLine { source, file, reason }| {
        let subject = if is_ambiguous { format!("{source}: {file}") } else { file.clone() };
        Sight { subject, detail: reason.clone() }
    })
}

/// One condition a source: its newest captures come and go.
fn drifted(report: &Report) -> impl Iterator<Item = Sight> {
    report.drift.chunk_by(|a, b| a.source == b.source).filter_map(|captures| {
        let first = captures.first()?;
        let more = match captures.len() - 1 {
            0 => String::new(),
            more => format!("; and {more} more of its files"),
        };
        Some(Sight { subject: first.source.clone(), detail: format!("{}: {}{more}", first.file, first.reason) })
    })
}
