//! Whether the pipeline moves: one judgement, for the service manager's watchdog and for those who ask over HTTP.
//!
//! Being alive is not enough: a pass that hangs on a disk has a living process around it. A busy pipeline moves while
//! its pulse does, an idle one until its next work is overdue.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is known of the pipeline's movement.
#[derive(Debug)]
pub struct Progress {
    pulse: Arc<AtomicU64>,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    pulse: u64,
    /// When the pulse was seen to have moved last.
    moved: Instant,
    busy: bool,
    /// When an idle pipeline has work to do.
    due: Instant,
}

impl Progress {
    /// A pipeline that begins now, whose `pulse` grows while it gets on.
    #[must_use]
    pub fn new(pulse: Arc<AtomicU64>) -> Self {
        let now = Instant::now();
        let seen = Seen { pulse: pulse.load(Ordering::Relaxed), moved: now, busy: false, due: now };
        Self { pulse, seen: Mutex::new(seen) }
    }

    /// It gets to work, or is done with it.
    pub fn busy(&self, busy: bool) {
        let mut seen = self.seen();
        (seen.busy, seen.moved, seen.due) = (busy, Instant::now(), Instant::now());
    }

    /// It has nothing to do before then.
    pub fn idle_until(&self, due: Instant) {
        self.seen().due = due;
    }

    /// Whether it moved within this time before now, or need not have.
    #[must_use]
    pub fn moves(&self, within: Duration) -> bool {
        self.moves_at(within, Instant::now())
    }

    fn moves_at(&self, within: Duration, now: Instant) -> bool {
        let pulse = self.pulse.load(Ordering::Relaxed);
        let mut seen = self.seen();
        if seen.pulse != pulse {
            (seen.pulse, seen.moved) = (pulse, now);
        }
        now.saturating_duration_since(if seen.busy { seen.moved } else { seen.due }) < within
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_that_hangs_does_not_move_and_one_that_works_for_long_does() {
        const MINUTE: Duration = Duration::from_secs(60);
        let pulse = Arc::new(AtomicU64::new(0));
        let progress = Progress::new(Arc::clone(&pulse));
        let start = Instant::now();
        progress.busy(true);
        assert!(progress.moves_at(MINUTE, start + MINUTE / 2));
        assert!(!progress.moves_at(MINUTE, start + MINUTE * 2));
        for minute in 3..10 {
            pulse.fetch_add(1, Ordering::Relaxed);
            assert!(progress.moves_at(MINUTE, start + MINUTE * minute));
        }
        assert!(!progress.moves_at(MINUTE, start + MINUTE * 11));
    }

    #[test]
    fn an_idle_pipeline_moves_until_its_work_is_overdue() {
        const MINUTE: Duration = Duration::from_secs(60);
        let progress = Progress::new(Arc::default());
        let start = Instant::now();
        progress.idle_until(start + MINUTE * 10);
        assert!(progress.moves_at(MINUTE, start + MINUTE * 10));
        // The loop that should have begun it does not.
        assert!(!progress.moves_at(MINUTE, start + MINUTE * 12));
    }
}
