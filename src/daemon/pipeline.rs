//! What a pass works on: handed to a thread that may block, and back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tracing::warn;

use crate::config::Config;
use crate::hub::{self, Hubs, Pace};
use crate::metrics::Passed;
use crate::mill::feed::Address;
use crate::mill::render::{Checked, Document};
use crate::operations::{self, Operations, Sight, Standing};
use crate::pass::{self, Pass, PassError, Remembered, Scope};
use crate::publish::{self, Listed, Outcome, RealDisk};
use crate::report::Report;
use crate::serve::Desk;
use crate::stat::Stat;
use crate::state::{self, State};
use crate::store::{PublishLedger as _, StoreError};
use crate::trouble::{Exit, Trouble};
use crate::watch::{Bell, Due, PATIENCE};

/// Everything that a pass works on.
pub(super) struct Pipeline {
    pub(super) config: Arc<Config>,
    /// `None` after a trouble that left nothing to hold.
    state: Option<State>,
    operations: Operations,
    desk: Desk,
    /// Whether the desk has the ledger of this config's store.
    told: bool,
    /// Most of what a pass publishes was published before.
    checked: Checked,
    /// What it need not ask the store for.
    remembered: Remembered,
    /// Grows while a pass gets on.
    pub(super) pulse: Arc<AtomicU64>,
    /// Set when the pass at hand should end early.
    pub(super) stop: Arc<AtomicBool>,
    /// Told of what was published, after the pass.
    hubs: Hubs,
}

/// How a pass is made.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// It is the first under its config.
    pub(super) first: bool,
    /// It publishes what passes before it left.
    pub(super) rest: bool,
}

/// What a pass looks at, and how.
pub(super) struct Look<'a> {
    due: Due,
    manner: Manner,
    /// Rung by what happens meanwhile.
    bell: &'a Bell,
    /// It ended early, for what became due meanwhile.
    gave_way: AtomicBool,
}

impl<'a> Look<'a> {
    pub(super) fn new(due: Due, manner: Manner, bell: &'a Bell) -> Self {
        Self { due, manner, bell, gave_way: AtomicBool::new(false) }
    }

    /// The files to look at; `None`: all there are.
    fn named(&self) -> Option<BTreeSet<PathBuf>> {
        (!self.due.all).then(|| self.due.finished.iter().chain(self.due.quiet.keys()).cloned().collect())
    }

    /// Whether the file at `path` may still be being written; then it is due again when it has been quiet for `settle`.
    /// `known`: it was read before.
    fn is_unfinished(&self, settle: Duration, path: &Path, stat: &Stat, known: bool) -> bool {
        let now = Instant::now();
        if self.due.finished.contains(path) {
            return false;
        }
        let mut hints = self.bell.hints();
        if hints.is_stirring(path) {
            return true;
        }
        // What lies there at the start is taken as it is, as `--once` takes it: cut, it is a part of what it will be. A
        // file that is written over might for a moment be a mixture that it never was.
        let first_change = self.due.quiet.get(path).copied();
        let waited = first_change.is_some_and(|first| now.duration_since(first) >= settle * PATIENCE);
        if self.manner.first && !known || waited || !changed_within(settle, stat) {
            return false;
        }
        hints.put_off(path.to_owned(), first_change.unwrap_or(now), now);
        true
    }

    /// Whether something else is due by now, for which this look is to end early.
    fn gives_way(&self) -> bool {
        let now = Instant::now();
        let waits = self.bell.hints().when(now).is_some_and(|due| due <= now);
        self.gave_way.fetch_or(waits, Ordering::Relaxed);
        waits
    }
}

impl Pipeline {
    /// Holds the state. What is published is told at `desk`.
    pub(super) fn new(config: Arc<Config>, desk: Desk) -> Result<Self, Trouble> {
        let pulse = Arc::new(AtomicU64::new(0));
        let mut operations = Operations::of(&config.state);
        let state = hold(&config, &pulse).inspect_err(|trouble| {
            // Where another feedmill holds the state, the telling is its business.
            if trouble.exit != Exit::Held {
                operations.pass(&config, Err(trouble), false, &Standing::default());
            }
        })?;
        let hubs = Hubs::begin(&config, Pace::default());
        let (checked, remembered, stop) = (Checked::default(), Remembered::default(), Arc::default());
        Ok(Self { config, state: Some(state), operations, desk, told: false, checked, remembered, pulse, stop, hubs })
    }

    /// Tells the desk what was published before this start, so that it is served from the first request on. Says
    /// whether there is anything, and all of it in place: the first pass puts right what an interrupted publication
    /// left.
    pub(super) fn tell_what_was_published(&mut self) -> bool {
        // What keeps the ledger from being read is told by the first pass, which needs it, too.
        let ledger = self.state.as_ref().and_then(|state| pass::ledger(&state.store).ok()).unwrap_or_default();
        let stands = |listed: &Listed| {
            publish::stands(&RealDisk, &self.config.output, &listed.path, (listed.size, listed.mtime_ns, listed.inode))
        };
        let is_whole = !ledger.is_empty() && ledger.iter().all(stands);
        self.desk.take_up(&self.config.output, ledger.into_iter().chain(self.operations.published().cloned()));
        is_whole
    }

    /// One pass over what is due. Says how much it looked at, and what else there is to count.
    pub(super) fn pass(&mut self, mut look: Look<'_>, mut standing: Standing) -> (Passed, Result<Report, Trouble>) {
        let began = Instant::now();
        let outcome = self.pass_over(&mut look);
        let took = began.elapsed();
        self.tell_hubs();
        let all = look.due.all;
        let whole = !self.stop.load(Ordering::Relaxed) && !look.gave_way.into_inner();
        standing.mended = self.state.as_mut().and_then(|state| state.mended.take());
        self.operations.pass(&self.config, outcome.as_ref(), all && whole, &standing);
        match self.operations.published() {
            Some(listed) => self.desk.change([listed], &[]),
            None => self.desk.change([], &[operations::FEED]),
        }
        let newest = outcome.as_ref().map(|report| self.newest(report, look.manner.first)).unwrap_or_default();
        (Passed { all, whole, took, newest, open: self.operations.open_by_kind() }, outcome)
    }

    /// When the newest item of each feed that was written, or on a first look of each, was published.
    fn newest(&self, report: &Report, first: bool) -> Vec<(String, i64)> {
        let Some(State { store, .. }) = &self.state else { return Vec::new() };
        let feeds = report.feeds.iter().filter(|feed| first || !feed.written.is_empty());
        // What can't be read now will trouble the next pass.
        feeds.filter_map(|feed| Some((feed.name.clone(), store.newest_of(&feed.name).ok()??.1))).collect()
    }

    /// Says what is published now, whether or not the pass got to its end. The hubs are told later, by threads of their
    /// own.
    fn tell_hubs(&self) {
        let Some(state) = self.state.as_ref().filter(|_| !self.config.websub.hubs.is_empty()) else { return };
        // Hubs hear of the heads alone: of a long history only a few lines of the ledger are needed.
        let heads = self.config.feeds.iter().map(|feed| state.store.published_of(&feed.name, false));
        match heads.collect::<Result<Vec<_>, _>>().map(|heads| heads.concat()) {
            Ok(published) => self.hubs.published(hub::topics(&self.config, &published)),
            // The next pass will meet it again, and tell.
            Err(error) => tracing::debug!(%error, "what is published can't be read"),
        }
    }

    /// Holds the state, if need be anew, and makes the pass; a second time where the store proves to be damaged.
    fn pass_over(&mut self, look: &mut Look<'_>) -> Result<Report, Trouble> {
        if self.state.as_ref().is_some_and(|state| !state.stands(&self.config.state)) {
            warn!(state = %self.config.state.display(), "the state folder was removed or replaced: starting with what is there now");
            self.state = None;
        }
        let mut state = match self.state.take() {
            Some(state) => state,
            None => {
                // Another store knows other files than those that changed, or none: a first look again.
                (look.due.all, look.manner.first) = (true, true);
                self.remembered = Remembered::default();
                hold(&self.config, &self.pulse)?
            }
        };
        let outcome = match self.run(&mut state, look) {
            Err(PassError::Store(error @ (StoreError::Damaged(_) | StoreError::Refused(_)))) => {
                state = state.recover(&self.config.state, error)?;
                self.remembered = Remembered::default();
                stay(&mut state, &self.config, &self.pulse)?;
                look.due.all = true;
                self.run(&mut state, look)
            }
            outcome => outcome,
        };
        self.state = Some(state);
        outcome.map_err(|error| error.trouble(&self.config.state))
    }

    fn run(&mut self, state: &mut State, look: &Look<'_>) -> Result<Report, PassError> {
        let recovered = state.store.is_recovered()?;
        if !std::mem::replace(&mut self.told, true) {
            // Only now: a store that had to be made anew lists nothing, and what it will list is being served.
            let ledger = pass::ledger(&state.store)?.into_iter().chain(self.operations.published().cloned());
            self.desk.take_up(&self.config.output, ledger);
        }
        let Manner { first, rest } = look.manner;
        let (settle, named) = (self.config.watch.settle, look.named());
        let unfinished = |path: &Path, stat: &Stat, known| look.is_unfinished(settle, path, stat, known);
        let gives_way = || look.gives_way();
        // Whoever waits for READY waits for all that was there.
        let waited_for = (!first).then_some(&gives_way as &(dyn Fn() -> bool + Sync));
        let scope = Scope { named: named.as_ref(), unfinished: Some(&unfinished), stop: &self.stop, waited_for };
        let progress = |_, _| {
            self.pulse.fetch_add(1, Ordering::Relaxed);
        };
        let check = |path: &str, document: &Document| self.checked.check(path, document);
        let announced = |coming: &[Listed]| self.desk.announce(coming);
        let published = |outcomes: &[Outcome], gone: &[&str]| {
            self.desk.change(outcomes.iter().map(|outcome| &outcome.listed), gone);
        };
        let pass = Pass {
            check: &check,
            progress: &progress,
            announced: &announced,
            published: &published,
            recovered,
            scope,
            remembered: Some(&self.remembered),
            // A look at all is long anyway, and at the start there may be nothing yet.
            hurries: !(first || rest || look.due.all || recovered),
            ..Pass::new(&self.config, &RealDisk)
        };
        state.decided.refresh(&self.config.state)?;
        pass.run(&mut state.store, &mut state.decided)
    }

    /// The hubs that are told in vain.
    pub(super) fn hubs_in_vain(&self) -> Vec<Sight> {
        let sight = |(hub, why): (Address, String)| Sight { subject: hub.to_string(), detail: why };
        self.hubs.in_vain().into_iter().map(sight).collect()
    }

    /// Goes on with another config.
    pub(super) fn take_up(&mut self, config: Config) -> Result<(), Trouble> {
        if config.state != self.config.state {
            self.state = Some(hold(&config, &self.pulse)?);
            self.operations = Operations::of(&config.state);
        }
        self.hubs = Hubs::begin(&config, Pace::default());
        self.config = Arc::new(config);
        self.remembered = Remembered::default();
        self.told = false;
        Ok(())
    }

    pub(super) fn tidy(&mut self) {
        if let Some(state) = &mut self.state
            && let Err(error) = state.store.tidy()
        {
            // The next pass will meet it again, and tell.
            tracing::debug!(%error, "the store's log could not be cut short");
        }
    }
}

fn hold(config: &Config, pulse: &Arc<AtomicU64>) -> Result<State, Trouble> {
    let mut state = State::hold_beside(&config.state, || pass::is_published(config, &RealDisk))?;
    stay(&mut state, config, pulse)?;
    Ok(state)
}

fn stay(state: &mut State, config: &Config, pulse: &Arc<AtomicU64>) -> Result<(), Trouble> {
    state.store.stay(pulse).map_err(|error| state::unusable(&config.state, error))
}

/// Whether a file changed within `settle` before now, by the kernel's own time: a writer can't set that.
fn changed_within(settle: Duration, stat: &Stat) -> bool {
    let changed = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(stat.ctime_ns).unwrap_or_default());
    SystemTime::now().duration_since(changed).is_ok_and(|age| age < settle)
}
