//! The daemon: the same pass, run whenever something rings.
//!
//! ```text
//! events ──▶ hints ──▶ ┐
//! rescan, poll, retry ─┼─▶ loop ──▶ pass (blocking, one at a time) ──▶ published
//! SIGHUP, SIGTERM ─────┘     └──▶ service manager: ready, status, alive
//! ```
//!
//! The loop knows no news: it decides when to look, and where. A pass over named files and a pass over all files give
//! the same items, so a hint too many costs time, and a hint too few costs the wait for the next full look.
//!
//! Promised: a file is looked at as soon as its writer has finished it, and what arrives meanwhile is the next batch.
//! While files pour in, passes keep a distance of up to a second, so that ten thousand files are a handful of
//! publications. What subscribers poll is published at once, the rest within seconds, when things have calmed down.
//! Every `rescan` all files are looked at, whatever the events say. SIGTERM and SIGINT let the batch at hand be
//! finished. Trouble before the first pass is done ends the program; later it is told once, and tried again for ever
//! with growing patience. A config that can't be used changes nothing.
//!
//! This file is the loop. `schedule` decides when it wakes for a pass, `lookout` watches the folders, `pipeline` makes
//! the pass, and `voice` tells the operator.

mod lookout;
mod pipeline;
mod schedule;
mod voice;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior, sleep_until};
use tracing::info;

use self::lookout::Lookout;
use self::pipeline::{Look, Manner, Pipeline};
use self::schedule::{Done, Schedule};
use self::voice::{Scene, Voice};
use crate::config::{Config, WatchMode};
use crate::http::Handed;
use crate::metrics::{Listening, Metrics};
use crate::operations::{Kind, Standing};
use crate::progress::Progress;
use crate::report::Report;
use crate::serve::{self, Desk};
use crate::service::Manager;
use crate::trouble::Trouble;
use crate::watch::Due;

/// How often to ask the service manager for more time during the first pass, and for how much.
const START: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

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
            let handed = Handed::of_process().map_err(|error| {
                Trouble::unusable("cannot take what the service manager handed over").because(error)
            })?;
            let desk = Desk::default();
            let mut pipeline = Pipeline::new(Arc::new(config), desk.clone())?;
            // Once the state is ours: a second feedmill is told who holds it, not that its address is taken.
            let mut server = serve::Service::begin(&pipeline.config, &handed, desk)?;
            // Where nothing was, or what lies there is not what is known of it, whoever asks waits for the first pass.
            if pipeline.tell_what_was_published() {
                server.open()?;
            }
            let progress = Arc::new(Progress::new(Arc::clone(&pipeline.pulse)));
            let metrics = Arc::new(Metrics::new(Arc::clone(&progress), self.manager.gives_up_after()));
            let listening = Listening::begin(&pipeline.config, &handed, Arc::clone(&metrics))?;
            let vitals = Vitals { progress, metrics, listening };
            Loop::new(self, pipeline, server, vitals, signals).run().await
        })
    }
}

/// What those who monitor the pipeline are told of it.
struct Vitals {
    progress: Arc<Progress>,
    metrics: Arc<Metrics>,
    listening: Listening,
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

// ---- the loop -------------------------------------------------------------------------------------------------------

struct Loop<'a> {
    daemon: &'a Daemon<'a>,
    signals: Signals,
    /// `None` while a pass is under way.
    pipeline: Option<Pipeline>,
    server: serve::Service,
    config: Arc<Config>,
    vitals: Vitals,
    stop: Arc<AtomicBool>,
    schedule: Schedule,
    lookout: Lookout,
    voice: Voice<'a>,
    /// The first pass is done.
    started: bool,
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
    fn new(
        daemon: &'a Daemon<'a>,
        pipeline: Pipeline,
        server: serve::Service,
        vitals: Vitals,
        signals: Signals,
    ) -> Self {
        let config = Arc::clone(&pipeline.config);
        Self {
            daemon,
            signals,
            schedule: Schedule::new(Instant::now()),
            lookout: Lookout::new(&config),
            voice: Voice::new(&daemon.manager),
            config,
            vitals,
            stop: Arc::clone(&pipeline.stop),
            pipeline: Some(pipeline),
            server,
            started: false,
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
                Woke::Beat => self.tell_alive(),
                Woke::Tidy => {
                    self.schedule.tidied();
                    self.voice.tell_status();
                    self.tidy(&mut beat).await?;
                }
                Woke::Work => self.work(&mut beat).await?,
            }
        }
        if self.schedule.has_a_rest() {
            // As much of it as one step takes: whoever looks at the folder afterwards should find it in one piece.
            self.pass(&mut beat, Due::default(), Manner { first: false, rest: true }, Instant::now()).await?;
        }
        self.tidy(&mut beat).await?;
        info!("ended");
        Ok(())
    }

    /// Cuts the store's log short, which the next start would read.
    async fn tidy(&mut self, beat: &mut Option<Interval>) -> Result<(), Trouble> {
        let tidy = |mut pipeline: Pipeline| {
            pipeline.tidy();
            (pipeline, ())
        };
        self.blocking(beat, tidy).await
    }

    /// Waits until there is something to do.
    async fn wake(&mut self, beat: &mut Option<Interval>) -> Woke {
        let now = Instant::now();
        let bell = &self.lookout.bell;
        let (due, last_told) = {
            let hints = bell.hints();
            (hints.when(now), hints.last_told())
        };
        let schedule = &self.schedule;
        let next = schedule.next(due, last_told, now);
        let tidy = schedule.tidies();
        self.vitals.progress.idle_until(tidy.map_or(next.at, |tidy| tidy.min(next.at)));
        tokio::select! {
            biased;
            asked = self.signals.next(&self.daemon.manager) => Woke::Asked(asked),
            () = bell.rung(), if schedule.listens(now) => Woke::Rang,
            () = tick(beat) => Woke::Beat,
            // The timer's millisecond is half the way to the feeds.
            () = std::future::ready(()), if next.at <= now => Woke::Work,
            () = sleep_until(next.at.into()) => {
                let last_told = bell.hints().last_told();
                if schedule.waits_on(&next, last_told, Instant::now()) { Woke::Rang } else { Woke::Work }
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
                self.server.drain();
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
        self.vitals.progress.busy(true);
        loop {
            tokio::select! {
                done = &mut running => {
                    self.vitals.progress.busy(false);
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
                () = tick(beat) => self.tell_alive(),
                () = tick(&mut start) => {
                    if self.vitals.progress.moves(START.1) {
                        manager.patience(START.1);
                    }
                }
            }
        }
    }

    // ---- work -------------------------------------------------------------------------------------------------------

    async fn work(&mut self, beat: &mut Option<Interval>) -> Result<(), Trouble> {
        let now = Instant::now();
        let mut due = self.lookout.bell.hints().take(now);
        if let Some(why) = due.refused.take() {
            self.without_events(&why);
        }
        due.all |= !self.started || self.schedule.looks_at_all(now);
        if due.rearm || due.all && self.lookout.is_displaced() {
            due.all = true;
            if let Err(trouble) = self.arm() {
                // Only a config that insists on events gets here; it did have them once.
                self.without_events(&trouble.to_string());
            }
        }
        // The first look under a config: what lies there is taken as it is.
        let manner = Manner { first: self.voice.announces(), rest: self.schedule.publishes_the_rest(now) };
        if due.is_empty() && !manner.rest {
            return Ok(());
        }
        self.pass(beat, due, manner, now).await
    }

    async fn pass(
        &mut self,
        beat: &mut Option<Interval>,
        due: Due,
        manner: Manner,
        now: Instant,
    ) -> Result<(), Trouble> {
        let bell = Arc::clone(&self.lookout.bell);
        let standing = self.standing();
        let (passed, outcome) = self
            .blocking(beat, move |mut pipeline| {
                let outcome = pipeline.pass(Look::new(due, manner, &bell), standing);
                (pipeline, outcome)
            })
            .await?;
        self.vitals.metrics.pass(outcome.as_ref().ok(), &passed);
        match outcome {
            Ok(report) => {
                self.server.open()?;
                self.done(&report, passed.all, passed.whole, now);
            }
            Err(trouble) if self.started => {
                let longest = self.schedule.wait_with_trouble(self.config.watch.rescan, Instant::now());
                self.voice.trouble(&trouble, longest);
            }
            Err(trouble) => return Err(trouble),
        }
        Ok(())
    }

    /// Tells the manager that the pipeline moved since it was told last, if it did.
    fn tell_alive(&self) {
        let manager = &self.daemon.manager;
        if manager.beat().is_some_and(|beat| self.vitals.progress.moves(beat)) {
            manager.alive();
        }
    }

    /// What a pass can't know by itself.
    fn standing(&self) -> Standing {
        // Polling that was asked for is nothing wrong.
        let asked = self.config.watch.mode == WatchMode::Poll;
        let no_events = self.lookout.no_events().filter(|_| !asked);
        Standing {
            refused: self.voice.refused().map(str::to_owned),
            no_events: no_events.map(str::to_owned),
            hubs: self.pipeline.as_ref().map(Pipeline::hubs_in_vain),
            mended: None,
        }
    }

    fn done(&mut self, report: &Report, all: bool, whole: bool, began: Instant) {
        let now = Instant::now();
        self.voice.done(report, all && whole);
        (self.daemon.tell)(report);
        let done = Done {
            report,
            all,
            whole,
            took: now - began,
            pours: self.lookout.bell.hints().when(now).is_some_and(|due| due <= now),
            rescan: self.config.watch.rescan,
            polls: self.lookout.no_events().is_some(),
        };
        self.schedule.done(&done, now);
        self.started = true;
        if self.ending || self.reload || !(all || report.changed) {
            return;
        }
        let scene = Scene { polls: done.polls, sources: self.config.sources.len() };
        if self.voice.describe(report, all, &scene) {
            self.schedule.tidy_later(now);
        }
    }

    // ---- events and config ------------------------------------------------------------------------------------------

    /// Watches the folders, anew if they were watched before.
    fn arm(&mut self) -> Result<(), Trouble> {
        if let Some(why) = self.lookout.arm(&self.config)? {
            self.without_events(&why);
        }
        self.vitals.metrics.relies_on_events(self.lookout.no_events().is_none());
        Ok(())
    }

    /// Goes on by looking often.
    fn without_events(&mut self, why: &str) {
        if self.lookout.do_without(why) {
            self.voice.without_events(why);
            self.vitals.metrics.error(Kind::Watch);
            self.vitals.metrics.relies_on_events(false);
            self.schedule.look_at_all(Instant::now());
        }
    }

    fn take_up_config(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        let taken_up = (self.daemon.reload)().and_then(|config| {
            let Some(pipeline) = &mut self.pipeline else { return Err("the pipeline is gone".to_owned()) };
            let before = Arc::clone(&pipeline.config);
            let (server, listening) = (&mut self.server, &mut self.vitals.listening);
            let taken_up = listen_as(&config, server, listening);
            taken_up.and_then(|()| pipeline.take_up(config)).map_err(|trouble| {
                // It listens where it did, or not at all if somebody else does now.
                let _ = listen_as(&before, server, listening);
                trouble.to_string()
            })?;
            Ok(Arc::clone(&pipeline.config))
        });
        match taken_up {
            Ok(config) => {
                let before = std::mem::replace(&mut self.config, config);
                self.voice.taken_up();
                let stays = |name: &&str| self.config.feeds.iter().any(|feed| feed.name == *name);
                let left = before.feeds.iter().map(|feed| feed.name.as_str()).filter(|name| !stays(name));
                self.vitals.metrics.forget_names(left);
                if let Err(trouble) = self.arm() {
                    self.without_events(&trouble.to_string());
                }
                self.schedule.begin_anew(Instant::now());
            }
            Err(why) => {
                self.schedule.look_at_all(Instant::now());
                self.voice.refuse(&why);
                self.vitals.metrics.error(Kind::Config);
            }
        }
    }
}

/// Both servers listen where `config` says.
fn listen_as(config: &Config, server: &mut serve::Service, listening: &mut Listening) -> Result<(), Trouble> {
    if server.take_up(config).and_then(|()| listening.take_up(config)).is_ok() {
        return Ok(());
    }
    // They may be in their own way: on one address of the machine and now on all, or where the other one was.
    server.let_go(config);
    listening.let_go(config);
    server.take_up(config)?;
    listening.take_up(config)
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
