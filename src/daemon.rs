//! The daemon: the same pass, run whenever something rings.
//!
//! ```text
//! events ──▶ hints ──▶ ┐
//! rescan, poll, retry ─┼─▶ loop ──▶ pass (blocking, one at a time) ──▶ published
//! SIGHUP, SIGTERM ─────┘     └──▶ service manager: ready, status, alive
//! ```
//!
//! The loop holds no news: it decides when to look, and where. A pass over named files and a pass over all there is
//! give the same items, so a hint too many costs time and a hint too few costs the wait for the next look at all.
//!
//! Promised: a file that its writer finished is looked at at once, and what arrives meanwhile is the next batch; while
//! files pour in the passes keep some distance, up to a second, so that ten thousand files are a handful of
//! publications; every `rescan` all is looked at, whatever the events say. SIGTERM and SIGINT let the batch at hand be
//! finished. Trouble before the first pass is done ends the program; afterwards it is told once, and tried again with
//! growing patience, for ever. A config that can't be used changes nothing.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior, sleep_until};
use tracing::{error, info, warn};

use crate::config::{Config, WatchMode};
use crate::hub::{self, Hubs, Pace};
use crate::mill::feed::Address;
use crate::operations::{Operations, Sight, Standing};
use crate::pass::{Pass, PassError, Scope};
use crate::publish::RealDisk;
use crate::report::{Count, Report};
use crate::service::Manager;
use crate::stat::Stat;
use crate::state::{self, RECOVERED, State};
use crate::store::{Store as _, StoreError};
use crate::trouble::{Exit, Trouble};
use crate::watch::{self, Bell, Due, PATIENCE, Watch};

/// The first distance between two passes while files pour in, and the longest.
const DISTANCE: (Duration, Duration) = (Duration::from_millis(4), Duration::from_secs(1));
/// So long nothing was told when a stream of events has paused.
const PAUSE: Duration = Duration::from_millis(2);
/// The first wait after trouble, and the longest; a shorter `rescan` is the longest.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));
/// Without events a look at all may take this part of a processor's time, but is not made more often than this.
const POLL: (u32, Duration) = (100, Duration::from_secs(2));
/// So long after the last pass the store's log is cut short.
const TIDY: Duration = Duration::from_secs(2);
/// How often the service manager is asked for more time while the first pass is under way, and for how much.
const START: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

/// What the status begins with while the newest config can't be used.
const REFUSED: &str = "the config can't be used, the previous one stays (see the log); ";

/// What the daemon is made of, besides its config.
pub struct Daemon<'a> {
    /// Reads the config anew; an error is what to tell the operator.
    pub reload: &'a dyn Fn() -> Result<Config, String>,
    /// Told of every pass that is done.
    pub tell: &'a dyn Fn(&Report),
    /// Who started us.
    pub manager: Manager,
}

impl Daemon<'_> {
    /// Watches until it is told to end.
    ///
    /// # Errors
    /// What keeps it from a first pass.
    pub fn run(&self, config: Config) -> Result<(), Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .thread_keep_alive(Duration::from_secs(3600))
            .build()
            .map_err(|error| Trouble::unusable("cannot start the event loop").because(error))?;
        runtime.block_on(async {
            let signals =
                Signals::catch().map_err(|error| Trouble::unusable("cannot listen for signals").because(error))?;
            let pipeline = Pipeline::new(Arc::new(config))?;
            Loop::new(self, pipeline, signals).run().await
        })
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    End,
    Reload,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self, manager: &Manager) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::End,
            _ = self.interrupt.recv() => Asked::End,
            // Without a service manager it means what it always meant: the terminal is gone.
            _ = self.hangup.recv() => if manager.is_there() { Asked::Reload } else { Asked::End },
        }
    }
}

// ---- the pipeline ---------------------------------------------------------------------------------------------------

/// Everything that a pass works on. It is handed to a thread that may block, and back.
struct Pipeline {
    config: Arc<Config>,
    /// `None` after a trouble that left nothing to hold.
    state: Option<State>,
    operations: Operations,
    /// Grows while a pass gets on.
    pulse: Arc<AtomicU64>,
    /// Set when the pass at hand should end early.
    stop: Arc<AtomicBool>,
    /// Told of what was published, after the pass.
    hubs: Hubs,
}

impl Pipeline {
    fn new(config: Arc<Config>) -> Result<Self, Trouble> {
        let pulse = Arc::new(AtomicU64::new(0));
        let mut operations = Operations::of(&config.state);
        let state = hold(&config, &pulse).inspect_err(|trouble| {
            // Where another feedmill holds the state, the telling is its business.
            if trouble.exit != Exit::Held {
                operations.pass((&config, &RealDisk), Err(trouble), (false, None), &Standing::default());
            }
        })?;
        let hubs = Hubs::begin(&config, Pace::default());
        Ok(Self { config, state: Some(state), operations, pulse, stop: Arc::default(), hubs })
    }

    /// One pass over what is due. Says whether it looked at all.
    fn pass(&mut self, mut due: Due, bell: &Bell, first: bool, standing: &Standing) -> (bool, Result<Report, Trouble>) {
        let outcome = self.pass_over(&mut due, bell, first);
        self.tell_hubs();
        let whole = due.all && !self.stop.load(Ordering::Relaxed);
        let mended = self.state.as_mut().and_then(|state| state.mended.take());
        self.operations.pass((&self.config, &RealDisk), outcome.as_ref(), (whole, mended), standing);
        (due.all, outcome)
    }

    /// Says what is published now, whether or not the pass got to its end. Who is told of it, and when, is not waited
    /// for.
    fn tell_hubs(&self) {
        let Some(state) = self.state.as_ref().filter(|_| !self.config.websub.hubs.is_empty()) else { return };
        match state.store.published() {
            Ok(published) => self.hubs.published(hub::topics(&self.config, &published)),
            // The next pass will meet it again, and tell.
            Err(error) => tracing::debug!(%error, "what is published can't be read"),
        }
    }

    fn pass_over(&mut self, due: &mut Due, bell: &Bell, mut first: bool) -> Result<Report, Trouble> {
        if self.state.as_ref().is_some_and(|state| !state.stands(&self.config.state)) {
            warn!(state = %self.config.state.display(), "the state folder was removed or replaced: it is taken up anew");
            self.state = None;
        }
        let mut state = match self.state.take() {
            Some(state) => state,
            None => {
                // Another store knows other files than those that changed, or none: a first look again.
                (due.all, first) = (true, true);
                hold(&self.config, &self.pulse)?
            }
        };
        let outcome = match self.run(&mut state, due, bell, first) {
            Err(PassError::Store(StoreError::Damaged(how))) => {
                state = state.recover(&self.config.state, &how)?;
                beat(&mut state, &self.config, &self.pulse)?;
                due.all = true;
                self.run(&mut state, due, bell, first)
            }
            outcome => outcome,
        };
        self.state = Some(state);
        outcome.map_err(|error| error.trouble(&self.config.state.join(state::STORE)))
    }

    fn run(&self, state: &mut State, due: &Due, bell: &Bell, first: bool) -> Result<Report, PassError> {
        let settle = self.config.watch.settle;
        let named: Option<BTreeSet<_>> =
            (!due.all).then(|| due.finished.iter().chain(due.quiet.keys()).cloned().collect());
        let unfinished = |path: &Path, stat: &Stat, known: bool| {
            let now = Instant::now();
            if due.finished.contains(path) {
                return false;
            }
            let mut hints = bell.hints();
            if hints.is_stirring(path) {
                return true;
            }
            // What lies there at the start is taken as it is, as `--once` takes it: cut, it is a part of what it will
            // be. A file that is written over might for a moment be a mixture that it never was.
            let first_change = due.quiet.get(path).copied();
            let waited = first_change.is_some_and(|first| now.duration_since(first) >= settle * PATIENCE);
            if first && !known || waited || !changed_within(settle, stat) {
                return false;
            }
            hints.put_off(path.to_owned(), first_change.unwrap_or(now), now);
            true
        };
        let scope = Scope { named: named.as_ref(), unfinished: &unfinished, stop: &self.stop };
        let recovered = state.store.has_note(RECOVERED)?;
        let pulse = &*self.pulse;
        let progress = |_, _| {
            pulse.fetch_add(1, Ordering::Relaxed);
        };
        let pass = Pass { progress: &progress, recovered, scope, ..Pass::new(&self.config, &RealDisk) };
        state.decided.refresh(&self.config.state)?;
        pass.run(&mut state.store, &mut state.decided)
    }

    /// The hubs that could not be told for long.
    fn given_up(&self) -> Vec<Sight> {
        let sight = |(hub, why): (Address, String)| Sight { subject: hub.to_string(), detail: why };
        self.hubs.given_up().into_iter().map(sight).collect()
    }

    /// Goes on with another config.
    fn take_up(&mut self, config: Config) -> Result<(), Trouble> {
        if config.state != self.config.state {
            self.state = Some(hold(&config, &self.pulse)?);
            self.operations = Operations::of(&config.state);
        }
        self.hubs = Hubs::begin(&config, Pace::default());
        self.config = Arc::new(config);
        Ok(())
    }

    fn tidy(&mut self) {
        if let Some(state) = &mut self.state
            && let Err(error) = state.store.tidy()
        {
            // The next pass will meet it again, and tell.
            tracing::debug!(%error, "the store's log could not be cut short");
        }
    }
}

fn hold(config: &Config, pulse: &Arc<AtomicU64>) -> Result<State, Trouble> {
    let mut state = State::hold(&config.state)?;
    beat(&mut state, config, pulse)?;
    Ok(state)
}

fn beat(state: &mut State, config: &Config, pulse: &Arc<AtomicU64>) -> Result<(), Trouble> {
    state.store.beat(pulse).map_err(|error| state::unusable(&config.state.join(state::STORE), error))
}

/// Whether a file changed within `settle` before now, by the kernel's own time: a writer can't set that.
fn changed_within(settle: Duration, stat: &Stat) -> bool {
    let changed = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(stat.ctime_ns).unwrap_or_default());
    SystemTime::now().duration_since(changed).is_ok_and(|age| age < settle)
}

// ---- the loop -------------------------------------------------------------------------------------------------------

struct Loop<'a> {
    daemon: &'a Daemon<'a>,
    signals: Signals,
    bell: Arc<Bell>,
    watch: Option<Watch>,
    /// Why there are no events to rely on, if there are none.
    no_events: Option<String>,
    /// `None` while a pass is under way.
    pipeline: Option<Pipeline>,
    config: Arc<Config>,
    pulse: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    /// When all is to be looked at next.
    look: Instant,
    /// Not before: distance between passes, or patience with trouble.
    not_before: Instant,
    distance: Duration,
    patience: Option<Duration>,
    trouble: Option<String>,
    /// What the operator was told, and is not told again.
    told: BTreeSet<String>,
    /// The newest look at all found drift: what is taken in may have mended it.
    drift: bool,
    /// Likewise files that were skipped since.
    skipped: bool,
    /// When the store's log is cut short and the manager told how things stand.
    tidy: Option<Instant>,
    status: String,
    /// What the newest look at all found wrong.
    attention: String,
    /// Why the config that was read again could not be used.
    refused: Option<String>,
    /// The first pass is done.
    started: bool,
    /// The next pass that is done makes us ready: the first one, and the first with another config.
    announce: bool,
    ending: bool,
    reload: bool,
}

/// What the loop woke up for.
enum Woke {
    Asked(Asked),
    Work,
    Tidy,
    Rang,
    Beat,
}

impl<'a> Loop<'a> {
    fn new(daemon: &'a Daemon<'a>, pipeline: Pipeline, signals: Signals) -> Self {
        let now = Instant::now();
        let config = Arc::clone(&pipeline.config);
        Self {
            daemon,
            signals,
            bell: Arc::new(Bell::new(config.watch.settle)),
            watch: None,
            no_events: None,
            config,
            pulse: Arc::clone(&pipeline.pulse),
            stop: Arc::clone(&pipeline.stop),
            pipeline: Some(pipeline),
            look: now,
            not_before: now,
            distance: Duration::ZERO,
            patience: None,
            trouble: None,
            told: BTreeSet::new(),
            drift: false,
            skipped: false,
            tidy: None,
            status: String::new(),
            attention: String::new(),
            refused: None,
            started: false,
            announce: true,
            ending: false,
            reload: false,
        }
    }

    async fn run(mut self) -> Result<(), Trouble> {
        // Before the first look: what changes during it is told.
        self.arm()?;
        let mut beat = self.daemon.manager.beat().map(interval);
        while !self.ending {
            if std::mem::take(&mut self.reload) {
                self.take_up_config();
            }
            match self.wake(&mut beat).await {
                Woke::Asked(asked) => self.asked(asked),
                Woke::Rang => {}
                Woke::Beat => self.daemon.manager.alive(),
                Woke::Tidy => {
                    self.tidy = None;
                    self.daemon.manager.status(&self.status());
                    self.blocking(&mut beat, |mut pipeline| {
                        pipeline.tidy();
                        (pipeline, ())
                    })
                    .await?;
                }
                Woke::Work => self.work(&mut beat).await?,
            }
        }
        info!("ended");
        Ok(())
    }

    /// Waits until there is something to do.
    async fn wake(&mut self, beat: &mut Option<Interval>) -> Woke {
        let now = Instant::now();
        let (due, last_told) = {
            let hints = self.bell.hints();
            (hints.when(now), hints.last_told())
        };
        let mut work = due.map_or(self.look, |due| due.min(self.look)).max(self.not_before);
        let mut waits_for_pause = false;
        if self.patience.is_none() && work > now && self.not_before > now && due.is_some_and(|due| due <= now) {
            // Files pour in. As soon as they pause there is nothing to wait for.
            let paused = last_told.map_or(now, |last| last + PAUSE);
            waits_for_pause = paused > now;
            work = work.min(paused.max(now));
        }
        let tidy = self.tidy;
        let manager = &self.daemon.manager;
        tokio::select! {
            biased;
            asked = self.signals.next(manager) => Woke::Asked(asked),
            // While files pour in each of them would wake us for nothing.
            () = self.bell.rung(), if self.patience.is_none() && self.not_before <= now => Woke::Rang,
            () = tick(beat) => Woke::Beat,
            // The timer's millisecond is half the way to the feeds.
            () = std::future::ready(()), if work <= now => Woke::Work,
            () = sleep_until(work.into()) => {
                let now = Instant::now();
                let pours = waits_for_pause
                    && now < self.not_before
                    && self.bell.hints().last_told().is_some_and(|last| last + PAUSE > now);
                if pours { Woke::Rang } else { Woke::Work }
            }
            () = sleep_until(tidy.unwrap_or(now).into()), if tidy.is_some() => Woke::Tidy,
        }
    }

    fn asked(&mut self, asked: Asked) {
        match asked {
            Asked::End if self.ending => {}
            Asked::End => {
                self.ending = true;
                self.stop.store(true, Ordering::Relaxed);
                self.daemon.manager.stopping();
                info!("asked to end");
            }
            Asked::Reload => {
                self.reload = true;
                self.stop.store(true, Ordering::Relaxed);
                self.daemon.manager.reloading();
            }
        }
    }

    /// Lets `job` have the pipeline, on a thread that may block, and goes on listening meanwhile.
    async fn blocking<T: Send + 'static>(
        &mut self,
        beat: &mut Option<Interval>,
        job: impl FnOnce(Pipeline) -> (Pipeline, T) + Send + 'static,
    ) -> Result<T, Trouble> {
        let Some(pipeline) = self.pipeline.take() else {
            return Err(Trouble::unusable("the pipeline is gone").help("this is a bug in feedmill: please report it"));
        };
        let mut running: JoinHandle<(Pipeline, T)> = tokio::task::spawn_blocking(move || job(pipeline));
        let manager = &self.daemon.manager;
        let mut start = (!self.started && manager.is_there()).then(|| interval(START.0));
        let mut seen = self.pulse.load(Ordering::Relaxed);
        loop {
            tokio::select! {
                done = &mut running => {
                    let (pipeline, outcome) = done.map_err(|error| {
                        Trouble::unusable("a pass failed")
                            .because(error)
                            .still("the published feeds stay as they are, and no items were lost")
                            .help("this is a bug in feedmill: please report it with the log")
                    })?;
                    self.pipeline = Some(pipeline);
                    return Ok(outcome);
                }
                asked = self.signals.next(manager) => self.asked(asked),
                // Alive is what gets on: a pass that hangs must not be kept alive by the loop around it.
                () = tick(beat) => if moved(&self.pulse, &mut seen) { manager.alive() },
                () = tick(&mut start) => manager.patience(START.1),
            }
        }
    }

    // ---- work -------------------------------------------------------------------------------------------------------

    async fn work(&mut self, beat: &mut Option<Interval>) -> Result<(), Trouble> {
        let now = Instant::now();
        let mut due = self.bell.hints().take(now);
        if let Some(why) = due.refused.take() {
            self.without_events(&why);
        }
        due.all |= !self.started || self.patience.is_some() || now >= self.look;
        if due.rearm || due.all && self.watch.as_ref().is_some_and(|watch| !watch.stands()) {
            due.all = true;
            if let Err(trouble) = self.arm() {
                // Only a config that insists on events gets here; it did have them once.
                self.without_events(&trouble.to_string());
            }
        }
        if due.is_empty() {
            return Ok(());
        }
        // The first look under a config: what lies there is taken as it is.
        let first = self.announce;
        let bell = Arc::clone(&self.bell);
        let standing = self.standing();
        let (all, outcome) = self
            .blocking(beat, move |mut pipeline| {
                let outcome = pipeline.pass(due, &bell, first, &standing);
                (pipeline, outcome)
            })
            .await?;
        match outcome {
            Ok(report) => self.done(&report, all, now),
            Err(trouble) if self.started => self.wait_with(&trouble),
            Err(trouble) => return Err(trouble),
        }
        Ok(())
    }

    /// What a pass can't know by itself.
    fn standing(&self) -> Standing {
        // Polling that was asked for is nothing wrong.
        let polls = self.config.watch.mode == WatchMode::Poll;
        let no_events = self.no_events.clone().filter(|_| !polls);
        let hubs = self.pipeline.as_ref().map(|pipeline| pipeline.given_up());
        Standing { refused: self.refused.clone(), no_events, hubs }
    }

    fn done(&mut self, report: &Report, all: bool, began: Instant) {
        let now = Instant::now();
        if self.trouble.take().is_some() {
            info!("the trouble is over");
        }
        self.patience = None;
        // What an early end left undone the next look finds.
        let whole = !self.stop.load(Ordering::Relaxed);
        self.skipped |= !report.skipped.is_empty();
        if all && whole {
            self.look = now + self.until_next_look(now - began);
            (self.drift, self.skipped) = (!report.drift.is_empty(), !report.skipped.is_empty());
            let Report { skipped, drift, .. } = report;
            if skipped.is_empty() && drift.is_empty() {
                self.told.clear();
            }
        } else if report.drifted || self.drift && report.changed || !whole {
            self.look = now;
        } else if self.skipped && report.changed {
            // Many may be skipped for long: what is mended need not be told at once.
            self.look = self.look.min(now + TIDY);
        }
        report.warn(&mut self.told);
        (self.daemon.tell)(report);
        // Did more arrive while this pass ran? Then files pour in, and the next pass keeps its distance.
        let pours = self.bell.hints().when(now).is_some_and(|due| due <= now);
        self.distance = if pours { (self.distance * 2).clamp(DISTANCE.0, DISTANCE.1) } else { Duration::ZERO };
        self.not_before = now + self.distance;
        self.started = true;
        if self.ending || self.reload || !(all || report.changed) {
            return;
        }
        if all {
            self.attention = attention(report);
        }
        let status = self.describe(report);
        let news = status != self.status;
        self.status = status;
        if std::mem::take(&mut self.announce) {
            info!("{}", self.status);
            self.daemon.manager.ready(&self.status());
        } else if news || report.changed {
            // Told when things have calmed down: the manager need not hear of every file.
            self.tidy = Some(now + TIDY);
        }
    }

    /// How long after a look that took `took` all is looked at again.
    fn until_next_look(&self, took: Duration) -> Duration {
        let rescan = self.config.watch.rescan;
        if self.no_events.is_some() { (took * POLL.0).max(POLL.1).min(rescan) } else { rescan }
    }

    fn describe(&self, report: &Report) -> String {
        let how = if self.no_events.is_some() { "polling" } else { "watching" };
        let (sources, feeds) = (Count(self.config.sources.len(), "source"), Count(report.feeds.len(), "feed"));
        format!("{how} {sources}; {} in {feeds}{}", Count(report.items.total, "item"), self.attention)
    }

    /// How things stand, for the manager.
    fn status(&self) -> String {
        format!("{}{}", if self.refused.is_some() { REFUSED } else { "" }, self.status)
    }

    fn wait_with(&mut self, trouble: &Trouble) {
        let longest = RETRY.1.min(self.config.watch.rescan);
        let wait = self.patience.map_or(RETRY.0, |wait| wait * 2).min(longest);
        self.patience = Some(wait);
        self.not_before = Instant::now() + wait;
        self.look = self.not_before;
        let text = trouble.to_string();
        if self.trouble.as_ref() != Some(&text) {
            error!("{text}\n  it is tried again, at the latest every {} s", longest.as_secs().max(1));
            self.daemon.manager.status(text.lines().next().unwrap_or_default());
            self.trouble = Some(text);
        }
    }

    // ---- events and config ------------------------------------------------------------------------------------------

    /// Watches the folders, anew if they were watched before.
    fn arm(&mut self) -> Result<(), Trouble> {
        // The old watcher's descriptors count against the same limits.
        self.watch = None;
        self.no_events = None;
        if self.config.watch.mode == WatchMode::Poll {
            self.no_events = Some("mode = \"poll\"".into());
            return Ok(());
        }
        // A folder that appears while we look for it is told by nobody: look again, if need be.
        let mut begun = Watch::begin(&self.config, &self.bell);
        for _ in 0..3 {
            if begun.as_ref().map_or(true, Watch::stands) {
                break;
            }
            begun = Watch::begin(&self.config, &self.bell);
        }
        match begun {
            Ok(watch) => self.watch = Some(watch),
            Err(why) if self.config.watch.mode == WatchMode::Events => {
                return Err(Trouble::unusable(format!("no events to watch by: {why}"))
                    .help("raise the limit, or let [watch] mode be \"auto\""));
            }
            Err(why) => self.without_events(&why),
        }
        if self.config.watch.mode == WatchMode::Auto
            && let Some(kind) = watch::silent(&self.config)
        {
            self.without_events(&format!("a source lies on {kind}, which tells of no changes that others make"));
        }
        Ok(())
    }

    /// Goes on by looking often.
    fn without_events(&mut self, why: &str) {
        if self.no_events.as_deref() != Some(why) {
            if self.told.insert(why.to_owned()) {
                warn!("the events can't be relied on: {why}; all is looked at again and again instead");
            }
            self.no_events = Some(why.to_owned());
            self.look = Instant::now();
        }
    }

    fn take_up_config(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        let taken_up = (self.daemon.reload)().and_then(|config| {
            let Some(pipeline) = &mut self.pipeline else { return Err("the pipeline is gone".to_owned()) };
            pipeline.take_up(config).map_err(|trouble| trouble.to_string())?;
            Ok(Arc::clone(&pipeline.config))
        });
        match taken_up {
            Ok(config) => {
                self.config = config;
                self.bell.hints().set_settle(self.config.watch.settle);
                self.told.clear();
                if let Err(trouble) = self.arm() {
                    self.without_events(&trouble.to_string());
                }
                self.look = Instant::now();
                self.not_before = self.look;
                self.patience = None;
                // Ready again once the feeds are those of the new config.
                self.announce = true;
                self.refused = None;
                info!("the config was read again");
            }
            Err(why) => {
                error!("the config can't be used, the previous one stays:\n{}", why.trim_end());
                self.look = Instant::now();
                self.refused = Some(why.trim_end().to_owned());
                let (manager, status) = (&self.daemon.manager, self.status());
                // Not ready is not made ready by a config that changes nothing.
                if self.announce { manager.status(&status) } else { manager.ready(&status) }
            }
        }
    }
}

/// What asks for the operator's attention, in a few words.
fn attention(report: &Report) -> String {
    let Report { skipped, drift, kept, .. } = report;
    let counts = [(skipped.len(), "skipped"), (drift.len(), "drifted"), (kept.len(), "kept as published")];
    counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("; {count} {what}")).collect()
}

fn interval(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period.max(Duration::from_millis(1)));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// The next tick, or never.
async fn tick(interval: &mut Option<Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether `pulse` is not what was `seen` of it last.
fn moved(pulse: &AtomicU64, seen: &mut u64) -> bool {
    let now = pulse.load(Ordering::Relaxed);
    std::mem::replace(seen, now) != now
}
