//! One walk through the rooms: a pass makes the published feeds agree with the inbox by way of the store.
//!
//! ```text
//! inbox ──text──▶ scrape ──drafts──▶ identify ──accounts──▶ store ──items──▶ feed ──▶ render ──tree──▶ publish
//! ```
//!
//! A pass is level, not edge: it looks at what is there, never at what happened. Files are read and parsed on all
//! cores when there are many, and taken in by batches, each of them one transaction after which the feeds are
//! published: stopping between two batches, or anywhere else, is always safe. What a pass did it returns as a
//! [`Report`]; it prints nothing.

mod intake;
mod met;
pub(crate) mod publication;
mod reading;
mod rename;
mod terms;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use tracing::{debug, info, warn};

use self::intake::TakenIn;
pub use self::intake::nothing_to_read;
use self::publication::Extent;
pub use self::publication::{InTheWay, Remembered, in_the_way, is_published, is_shown, lacks, ledger};
pub use self::rename::{NewIds, new_ids, renamed};
pub use self::terms::revision;
use crate::config::Config;
use crate::decided::Decided;
use crate::inbox::KeepOut;
use crate::mill::decisions::Decision;
use crate::mill::item::Key;
use crate::mill::page::Page;
use crate::mill::render;
use crate::mill::scrape::Scrape;
use crate::publish::{Disk, Listed, Outcome};
use crate::report::Report;
use crate::stat::Stat;
use crate::state;
use crate::store::{Absorbed, Store, StoreError, Terms};
use crate::trouble::Trouble;

/// Why a pass could not be finished.
#[derive(Debug)]
pub enum PassError {
    /// The store gave up.
    Store(StoreError),
    /// Anything else that the operator must see to.
    Trouble(Trouble),
}

impl From<StoreError> for PassError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Trouble> for PassError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl PassError {
    /// What it means for the operator of the store in the state folder `folder`.
    #[must_use]
    pub fn trouble(self, folder: &Path) -> Trouble {
        match self {
            Self::Store(error) => state::unusable(folder, error),
            Self::Trouble(trouble) => trouble,
        }
    }
}

/// What a pass works with besides the store.
pub struct Pass<'a> {
    /// What the operator says.
    pub config: &'a Config,
    /// Where publishing happens.
    pub disk: &'a (dyn Disk + Sync),
    /// How documents are read back before they are published.
    pub check: render::Check<'a>,
    /// Reports what it would do and changes nothing; the store is a copy.
    pub dry_run: bool,
    /// Removes what was published of feeds that left the config.
    pub prune: bool,
    /// Told how many of how many files are done.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
    /// The store was made after what is published, and may know less: feeds must not shrink.
    pub recovered: bool,
    /// How much to look at.
    pub scope: Scope<'a>,
    /// Told how documents will stand, before the first of them takes the place of its previous version.
    pub announced: &'a (dyn Fn(&[Listed]) + Sync),
    /// Told at once what was published, and beforehand at which paths documents are withdrawn.
    pub published: &'a (dyn Fn(&[Outcome], &[&str]) + Sync),
    /// What a daemon keeps between passes.
    pub remembered: Option<&'a Remembered>,
    /// Only what subscribers poll is published, and what that points to: who called comes back for the rest as soon as
    /// things have calmed down, and [`Report::in_part`] says whether there is any.
    pub hurries: bool,
    /// The process ends with this pass: the system takes back at once what freeing bit by bit would take long over.
    pub parting: bool,
    /// What reads a page: [`Page::parse`], but in tests.
    pub parse: for<'p> fn(&'p Page<'_>) -> Scrape<'p>,
}

/// How much a pass looks at. A daemon that knows what changed need not look at all, and not at what is half-written.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Only these files, by their absolute paths; `None`: all that the sources have.
    pub named: Option<&'a BTreeSet<PathBuf>>,
    /// Asked of each file that differs, by its absolute path, how it looks now, and whether it was ever read: is it
    /// still being written? Such a file is left as the store knows it. `None`: no file is.
    #[expect(clippy::type_complexity, reason = "one closure, named by its field")]
    pub unfinished: Option<&'a (dyn Fn(&Path, &Stat, bool) -> bool + Sync)>,
    /// Set when the pass is to end after the batch that it is at.
    pub stop: &'a AtomicBool,
    /// Asked after each of its long steps: is something else waiting? Then it ends there. What it leaves undone the
    /// next look at all finds; as each pass makes one long step at least, all of them are made in the end. `None`:
    /// nothing is.
    pub waited_for: Option<&'a (dyn Fn() -> bool + Sync)>,
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl Scope<'_> {
    /// All there is, to the end.
    pub const ALL: Self = Scope { named: None, unfinished: None, stop: &NEVER, waited_for: None };

    /// Whether the pass is to end after the step that it is at.
    fn is_waited_for(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.waited_for.is_some_and(|ask| ask())
    }
}

impl<'a> Pass<'a> {
    /// A pass over all there is, to its end, that publishes and is watched by nobody.
    #[must_use]
    pub fn new(config: &'a Config, disk: &'a (dyn Disk + Sync)) -> Self {
        Self {
            config,
            disk,
            check: &render::check,
            dry_run: false,
            prune: false,
            progress: &|_, _| {},
            recovered: false,
            scope: Scope::ALL,
            announced: &|_| {},
            published: &|_, _| {},
            remembered: None,
            hurries: false,
            parting: false,
            parse: |page| page.parse(),
        }
    }

    /// Makes the feeds agree with the inbox.
    ///
    /// # Errors
    /// [`PassError`]. What was committed and published until then stands.
    pub fn run(&self, store: &mut dyn Store, decided: &mut Decided) -> Result<Report, PassError> {
        let mut report = Report { schema: 1, ..Report::default() };
        // Whoever names files has looked at all under the same names before.
        if self.scope.named.is_none() {
            let known = store.known_sources()?;
            let mut notes = renamed(self.config, &known);
            let new_ids = new_ids(self.config, store, &known, &keep_out(self.config))?;
            notes.extend(new_ids.into_iter().map(|NewIds { what, help }| format!("{what}; {help}")));
            notes.iter().for_each(|note| warn!("{note}"));
            report.notes.extend(notes);
        }
        let mut terms = self.terms(store, decided)?;
        let TakenIn { mut absorbed, whole, mut sooner, .. } =
            self.take_in_under(&mut terms, store, decided, &mut report, true)?;
        let has_taken_in = report.changed;
        if !absorbed.unseen.is_empty() {
            let noted = self.note_first_seen(&absorbed, decided)?;
            terms = self.terms(store, decided)?;
            let mut agreed = store.agree(&terms)?;
            // A new item that takes its day is new, and no more.
            let new: BTreeSet<&Key> = absorbed.new_unseen.iter().filter(|key| noted.contains(key)).collect();
            agreed.revised = agreed.revised.saturating_sub(new.len());
            absorbed.add(agreed);
        }
        let extent = match (whole, self.hurries) {
            (false, _) => Extent::Between,
            (true, true) => Extent::Heads,
            (true, false) => Extent::All,
        };
        self.publish_ahead(store, &terms, &mut report, &mut sooner, extent)?;
        sooner.into_iter().for_each(|sooner| report.wrote_sooner(sooner));
        report.items.new = absorbed.new;
        report.items.revised = absorbed.revised;
        report.items.gone = absorbed.gone;
        report.items.total = store.count()?;
        let differs = absorbed.new + absorbed.revised + absorbed.gone > 0;
        report.changed |= differs;
        for key in &absorbed.twins {
            debug!(%key, "one page lists the same title and date twice, with different texts: told apart");
        }
        if has_taken_in || differs {
            let (items, files) = (&report.items, &report.files);
            info!(read = files.read, new = items.new, revised = items.revised, total = items.total, "absorbed");
        }
        report.exit = report.verdict(self.dry_run) as u8;
        Ok(report)
    }

    /// Publishes, what subscribers poll ahead of all the rest: where they do so meanwhile, what is new need not wait
    /// for pages, nor for what was left behind. What went ahead is reported as written `sooner`.
    fn publish_ahead(
        &self,
        store: &mut dyn Store,
        terms: &Terms,
        report: &mut Report,
        sooner: &mut Vec<Report>,
        extent: Extent,
    ) -> Result<(), PassError> {
        // Of a recovered store it is told once which feeds stay.
        let is_polled = self.remembered.is_some() && self.config.pages && !self.recovered;
        let mut in_the_way = None;
        if extent == Extent::All && is_polled && self.is_behind(store)? {
            let mut ahead = Report::default();
            in_the_way = Self::in_the_way(self.publish(store, terms, &mut ahead, Extent::Heads))?;
            sooner.push(ahead);
        }
        self.publish(store, terms, report, extent)?;
        // Be it mended by now: what was written but not synced is not written again.
        in_the_way.map_or(Ok(()), |trouble| Err(trouble.into()))
    }

    /// What stands in the way of a publication, which others may follow all the same.
    fn in_the_way(published: Result<(), PassError>) -> Result<Option<Trouble>, PassError> {
        match published {
            Ok(()) => Ok(None),
            Err(PassError::Trouble(trouble)) => Ok(Some(trouble)),
            Err(error) => Err(error),
        }
    }

    /// Notes today for what has no day yet. Says for what.
    fn note_first_seen(&self, absorbed: &Absorbed, decided: &mut Decided) -> Result<BTreeSet<Key>, PassError> {
        // The one clock in the system, asked for by the operator and recorded (law 7).
        let today = DateTime::<Utc>::from(SystemTime::now()).date_naive();
        let mut unseen: BTreeSet<Key> = absorbed.unseen.iter().copied().collect();
        unseen.retain(|key| decided.decisions.day_first_seen(*key).is_none());
        let noted = unseen.iter().map(|first_seen| Decision::FirstSeen { first_seen: *first_seen, date: today });
        decided.add_all(noted.collect())?;
        Ok(unseen)
    }
}

/// What feedmill writes is no news, nor is its config.
#[must_use]
pub fn keep_out(config: &Config) -> KeepOut {
    KeepOut::of([config.state.as_path(), config.output.as_path()].into_iter().chain(config.file.as_deref()))
}

/// Where the documents of a feed lie, for people.
#[must_use]
pub fn documents(config: &Config, feed: &str) -> Vec<PathBuf> {
    render::HEADS.iter().chain(&["index.html"]).map(|name| config.output.join(feed).join(name)).collect()
}
