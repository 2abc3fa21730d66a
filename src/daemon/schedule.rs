//! When: the next pass, the next look at all, and the quiet moment in which the store is tidied.
//!
//! Nothing here waits or reads a clock: the time is passed in.

use std::time::{Duration, Instant};

use crate::report::Report;

/// The longest distance between the first two passes while files pour in, and between any two. The first is long enough
/// for a program that drops a thousand files, and once they pause nobody waits for it.
const DISTANCE: (Duration, Duration) = (Duration::from_millis(64), Duration::from_secs(1));
/// How long nothing has to be told for a stream of events to have paused.
const PAUSE: Duration = Duration::from_millis(2);
/// The first wait after trouble, or for what may be readable soon, and the longest after trouble, unless `rescan` is
/// shorter.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));
/// Without events: how many times its own duration to wait after a full look, and how long at least.
const POLL: (u32, Duration) = (100, Duration::from_secs(2));
/// What passes in a hurry left is published after this long without a pass, and at the latest this long after the first
/// of them.
///
/// A change that arrives meanwhile has to wait: under a steady stream that should happen to few.
const REST: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long after the last pass the store's log is cut short.
const TIDY: Duration = Duration::from_secs(2);

/// When to do what.
pub(super) struct Schedule {
    /// When all is to be looked at next.
    look: Instant,
    /// No pass before: distance between passes, or patience with trouble.
    not_before: Instant,
    distance: Duration,
    patience: Option<Duration>,
    /// The newest full look found drift: what is read since may have mended it.
    drift: bool,
    /// Likewise files that were skipped since.
    skipped: bool,
    /// Some of them may be readable soon: how long the next full look waits for that. `None`: as long as the first one.
    transient: Option<Duration>,
    /// Passes in a hurry left something to be published: when the first of them was done, and when it is due.
    rest: Option<(Instant, Instant)>,
    tidy: Option<Instant>,
}

/// The next pass, as far as is known.
pub(super) struct Next {
    /// When it is due.
    pub(super) at: Instant,
    /// It is due then only if nothing more was told.
    waits_for_pause: bool,
}

/// A pass that is done.
pub(super) struct Done<'a> {
    pub(super) report: &'a Report,
    /// It looked at all, to the end.
    pub(super) all: bool,
    /// It was not ended early.
    pub(super) whole: bool,
    pub(super) took: Duration,
    /// More is due already.
    pub(super) pours: bool,
    /// How long after a full look the next one comes.
    pub(super) rescan: Duration,
    /// There are no events to rely on.
    pub(super) polls: bool,
}

impl Schedule {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            look: now,
            not_before: now,
            distance: Duration::ZERO,
            patience: None,
            drift: false,
            skipped: false,
            transient: None,
            rest: None,
            tidy: None,
        }
    }

    /// The next pass, where hints are `due` and something was `last_told`.
    pub(super) fn next(&self, due: Option<Instant>, last_told: Option<Instant>, now: Instant) -> Next {
        let known = self.rest.map_or(self.look, |(_, rest)| rest.min(self.look));
        let mut at = due.map_or(known, |due| due.min(known)).max(self.not_before);
        let mut waits_for_pause = false;
        if self.patience.is_none() && at > now && self.not_before > now && due.is_some_and(|due| due <= now) {
            // Files pour in. As soon as they pause there is nothing to wait for.
            let paused = last_told.map_or(now, |last| last + PAUSE);
            waits_for_pause = paused > now;
            at = at.min(paused.max(now));
        }
        Next { at, waits_for_pause }
    }

    /// Whether a pass that was to be made at `next` must wait on: it waits for a pause, and there was none.
    pub(super) fn waits_on(&self, next: &Next, last_told: Option<Instant>, now: Instant) -> bool {
        next.waits_for_pause && now < self.not_before && last_told.is_some_and(|last| last + PAUSE > now)
    }

    /// Whether a new hint changes anything: while files pour in each of them would wake us for nothing.
    pub(super) fn listens(&self, now: Instant) -> bool {
        self.patience.is_none() && self.not_before <= now
    }

    /// Whether a pass made now looks at all.
    pub(super) fn looks_at_all(&self, now: Instant) -> bool {
        self.patience.is_some() || now >= self.look
    }

    /// Whether a pass made now is not to hurry, because of what others left.
    pub(super) fn publishes_the_rest(&self, now: Instant) -> bool {
        self.rest.is_some_and(|(_, due)| due <= now)
    }

    /// Whether something is left to be published.
    pub(super) fn has_a_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// All is to be looked at as soon as may be.
    pub(super) fn look_at_all(&mut self, now: Instant) {
        self.look = now;
    }

    /// Whatever was waited for, all is to be looked at now: the config is another one.
    pub(super) fn begin_anew(&mut self, now: Instant) {
        (self.look, self.not_before, self.patience, self.transient) = (now, now, None, None);
    }

    /// Takes note of a pass that is done.
    pub(super) fn done(&mut self, done: &Done<'_>, now: Instant) {
        let Done { report, all, whole, took, pours, rescan, polls } = *done;
        self.patience = None;
        self.rest = report.in_part.then(|| {
            let first = self.rest.map_or(now, |(first, _)| first);
            (first, (now + REST.0).min(first + REST.1))
        });
        self.skipped |= !report.skipped.is_empty();
        if all && whole {
            self.look = now + if polls { (took * POLL.0).max(POLL.1).min(rescan) } else { rescan };
            (self.drift, self.skipped) = (!report.drift.is_empty(), !report.skipped.is_empty());
        } else if report.drifted || self.drift && report.changed || !whole {
            // What an early end left undone the next look finds.
            self.look = now;
        } else if self.skipped && report.changed {
            // Many may be skipped for long: what is mended need not be told at once.
            self.look = self.look.min(now + TIDY);
        }
        // Without events all is looked at often anyway.
        if report.transient && !polls {
            let wait = self.transient.unwrap_or(RETRY.0);
            self.look = self.look.min(now + wait.max(took));
            // Many passes may meet it before all is looked at.
            self.transient = Some(if all { (wait * 2).min(rescan) } else { wait });
        } else if all && whole {
            self.transient = None;
        }
        // Did more arrive while this pass ran? Then files pour in, and the next pass keeps its distance.
        self.distance = if pours { (self.distance * 2).clamp(DISTANCE.0, DISTANCE.1) } else { Duration::ZERO };
        self.not_before = now + self.distance;
    }

    /// A pass met trouble: it is tried again after a while, and looks at all. Returns the longest that this while may
    /// become.
    pub(super) fn wait_with_trouble(&mut self, rescan: Duration, now: Instant) -> Duration {
        let longest = RETRY.1.min(rescan);
        let wait = self.patience.map_or(RETRY.0, |wait| wait * 2).min(longest);
        self.patience = Some(wait);
        self.not_before = now + wait;
        self.look = self.not_before;
        longest
    }

    /// Tidying and telling wait until things have calmed down.
    pub(super) fn tidy_later(&mut self, now: Instant) {
        self.tidy = Some(now + TIDY);
    }

    /// When to tidy.
    pub(super) fn tidies(&self) -> Option<Instant> {
        self.tidy
    }

    pub(super) fn tidied(&mut self) {
        self.tidy = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESCAN: Duration = Duration::from_secs(600);

    fn done(report: &Report) -> Done<'_> {
        let took = Duration::from_millis(2);
        Done { report, all: false, whole: true, took, pours: false, rescan: RESCAN, polls: false }
    }

    #[test]
    fn what_is_due_is_looked_at_at_once_and_all_after_a_rescan() {
        let (start, report) = (Instant::now(), Report::default());
        let mut schedule = Schedule::new(start);
        assert!(schedule.looks_at_all(start));
        schedule.done(&Done { all: true, ..done(&report) }, start);
        assert_eq!(schedule.next(None, None, start).at, start + RESCAN);
        assert_eq!(schedule.next(Some(start), Some(start), start).at, start);
        assert!(!schedule.looks_at_all(start) && schedule.looks_at_all(start + RESCAN));
    }

    #[test]
    fn without_events_looks_cost_a_hundredth_of_the_time() {
        let (start, report) = (Instant::now(), Report::default());
        let mut schedule = Schedule::new(start);
        let polls = |took| Done { all: true, polls: true, took, ..done(&report) };
        for (took, wait) in [(0, 2), (1, 100), (60, 600)] {
            schedule.done(&polls(Duration::from_secs(took)), start);
            assert_eq!(schedule.next(None, None, start).at, start + Duration::from_secs(wait), "{took}");
        }
    }

    #[test]
    fn while_files_pour_in_passes_keep_a_growing_distance_until_a_pause() {
        let (start, report) = (Instant::now(), Report::default());
        let mut schedule = Schedule::new(start);
        for distance in [64, 128, 256, 512, 1000, 1000] {
            schedule.done(&Done { pours: true, ..done(&report) }, start);
            assert_eq!(schedule.not_before, start + Duration::from_millis(distance));
        }
        assert!(!schedule.listens(start));
        let next = schedule.next(Some(start), Some(start), start);
        assert_eq!(next.at, start + PAUSE);
        // More was told meanwhile: it waits on, but not longer than the distance.
        let last_told = Some(start + PAUSE / 2);
        assert!(schedule.waits_on(&next, last_told, start + PAUSE));
        assert!(!schedule.waits_on(&next, Some(start), start + PAUSE));
        let end = start + DISTANCE.1;
        assert!(!schedule.waits_on(&next, Some(end), end));
        schedule.done(&done(&report), start);
        assert!(schedule.listens(start));
    }

    #[test]
    fn what_is_left_is_published_when_it_is_calm_or_after_a_while() {
        let (start, report) = (Instant::now(), Report { in_part: true, ..Report::default() });
        let mut schedule = Schedule::new(start);
        schedule.done(&Done { all: true, ..done(&Report::default()) }, start);
        assert!(!schedule.has_a_rest());
        let after = |ms| start + Duration::from_millis(ms);
        for (at, due) in [(0, 100), (90, 190), (180, 280), (4910, 5000), (5100, 5000)] {
            schedule.done(&done(&report), after(at));
            let calm = schedule.next(None, None, after(at)).at;
            assert_eq!(calm, after(due.max(at)), "{at}");
            assert!(schedule.publishes_the_rest(after(due)) && !schedule.looks_at_all(after(due)));
        }
        schedule.done(&done(&Report::default()), after(5100));
        assert!(!schedule.has_a_rest() && !schedule.publishes_the_rest(after(9000)));
        assert_eq!(schedule.next(None, None, start).at, start + RESCAN);
    }

    #[test]
    fn patience_with_trouble_grows_up_to_a_rescan() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        for wait in [250, 500, 700, 700] {
            let longest = schedule.wait_with_trouble(Duration::from_millis(700), start);
            assert_eq!(longest, Duration::from_millis(700));
            // A hint changes nothing.
            assert_eq!(schedule.next(Some(start), Some(start), start).at, start + Duration::from_millis(wait));
            assert!(!schedule.listens(start) && schedule.looks_at_all(start));
        }
        schedule.begin_anew(start);
        assert!(schedule.listens(start));
    }

    #[test]
    fn what_may_be_readable_soon_is_looked_for_with_patience() {
        let (start, report) = (Instant::now(), Report { transient: true, ..Report::default() });
        let mut schedule = Schedule::new(start);
        schedule.done(&Done { all: true, ..done(&Report::default()) }, start);
        // However many passes meet it, the wait grows with the looks at all alone.
        for (all, wait) in [(false, 250), (false, 250), (true, 250), (true, 500), (false, 500), (true, 1000)] {
            schedule.done(&Done { all, ..done(&report) }, start);
            assert_eq!(schedule.next(None, None, start).at, start + Duration::from_millis(wait));
        }
        for _ in 0..20 {
            schedule.done(&Done { all: true, ..done(&report) }, start);
        }
        assert_eq!(schedule.next(None, None, start).at, start + RESCAN);
        schedule.begin_anew(start);
        schedule.done(&Done { all: true, ..done(&report) }, start);
        // A pass over other files knows nothing of it.
        schedule.done(&done(&Report::default()), start);
        assert!(schedule.looks_at_all(start + RETRY.0));
        schedule.done(&Done { all: true, ..done(&Report::default()) }, start);
        assert_eq!(schedule.next(None, None, start).at, start + RESCAN);
        // Where all is looked at often it costs no further look.
        schedule.done(&Done { all: true, polls: true, ..done(&report) }, start);
        assert_eq!(schedule.next(None, None, start).at, start + POLL.1);
    }

    #[test]
    fn what_a_change_may_have_mended_is_looked_for_again() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        let drift = vec![crate::report::Drift { source: "a".into(), file: "b".into(), reason: "c".into() }];
        let drifted = Report { drift, ..Report::default() };
        schedule.done(&Done { all: true, ..done(&drifted) }, start);
        assert!(!schedule.looks_at_all(start));
        schedule.done(&done(&Report { changed: true, ..Report::default() }), start);
        assert!(schedule.looks_at_all(start));
        // Of files that were skipped there may be many, and for long.
        let skipped = vec![crate::report::SkippedLine { source: "a".into(), file: "b".into(), reason: "c".into() }];
        let skipped = Report { skipped, ..Report::default() };
        schedule.done(&Done { all: true, ..done(&skipped) }, start);
        schedule.done(&done(&Report { changed: true, ..Report::default() }), start);
        assert!(!schedule.looks_at_all(start) && schedule.looks_at_all(start + TIDY));
    }
}
