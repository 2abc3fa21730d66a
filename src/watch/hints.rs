//! What the system's events say, gathered until somebody looks: which files are finished, which are still stirring, or
//! that the events can't be relied on and all must be looked at.
//!
//! Promised: a file that its writer closed, or renamed into place, is due at once. Any other is due when it has been
//! quiet for the settle time, or at the latest after [`PATIENCE`] times that, so that a steady writer starves nobody.
//! After a folder appeared everything is looked at twice. What is remembered is bounded: beyond [`MOST`] paths
//! everything is to be looked at. Not promised: that a path exists, is a file or belongs to a source. Nothing here
//! touches a disk or a clock: the time is passed in.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How many paths are remembered: as many as the kernel queues events by default (inotify(7), `max_queued_events`).
const MOST: usize = 16_384;

/// How many settle times a file may keep stirring before it is looked at as it is.
pub const PATIENCE: u32 = 10;

/// What to look at, as far as the events tell.
#[derive(Debug)]
pub struct Hints {
    settle: Duration,
    all: bool,
    /// When to look at all once more.
    again: Option<Instant>,
    rearm: bool,
    /// Watch anew then, and not before.
    rearm_again: bool,
    refused: Option<String>,
    // Hashed: paths are compared part by part, which to keep a thousand in order is done ten thousand times.
    finished: HashSet<PathBuf>,
    stirring: HashMap<PathBuf, Stirring>,
    last: Option<Instant>,
}

/// A file that gave no sign of being finished.
#[derive(Debug, Clone, Copy)]
struct Stirring {
    first: Instant,
    last: Instant,
}

/// How soon something is due. A new event makes nothing due sooner unless this rises: what stirs anew is due after all
/// that stirred before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Nothing is.
    Never,
    /// When what stirs has been quiet, or all is looked at once more.
    Later,
    /// At once.
    Now,
}

/// What is due.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// All that the sources have.
    pub all: bool,
    /// The watched folders are not what they were: watch them anew, then look at all.
    pub rearm: bool,
    /// The system will not tell of all changes; its words.
    pub refused: Option<String>,
    /// Files that their writers finished.
    pub finished: HashSet<PathBuf>,
    /// Files that have been quiet long enough, or stirring for too long; with the time of their first change.
    pub quiet: HashMap<PathBuf, Instant>,
}

impl Due {
    /// Whether there is nothing to look at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Hints {
    /// Nothing yet, for files that are quiet for `settle` once they are written.
    #[must_use]
    pub fn new(settle: Duration) -> Self {
        Self {
            settle,
            all: false,
            again: None,
            rearm: false,
            rearm_again: false,
            refused: None,
            finished: HashSet::new(),
            stirring: HashMap::new(),
            last: None,
        }
    }

    /// From now on files are quiet after `settle`.
    pub fn set_settle(&mut self, settle: Duration) {
        self.settle = settle;
    }

    /// Look at all.
    pub fn all(&mut self, now: Instant) {
        self.last = Some(now);
        // What is finished is part of it; what is stirring stays, or it would be looked at half-written.
        self.all = true;
    }

    /// A folder appeared: look at all, and once more after the settle time.
    ///
    /// Whoever watches is told of a folder before it is watched itself. What is written there in between, behind the
    /// first look, is told by nobody.
    pub fn appeared(&mut self, now: Instant) {
        self.all(now);
        // The look at a later folder is one more at those before it: to put this off starves none.
        self.again = Some(now + self.settle);
    }

    /// Watch anew, and look at all.
    pub fn rearm(&mut self, now: Instant) {
        self.rearm = true;
        self.all(now);
    }

    /// What was watched is another one, or about to be: watch anew, and look at all, when whoever replaces it had the
    /// settle time for that. Until then nothing may be there.
    pub fn replaced(&mut self, now: Instant) {
        self.rearm_again = true;
        self.again = Some(now + self.settle);
    }

    /// The system refuses to watch something, for this reason.
    pub fn refused(&mut self, why: String, now: Instant) {
        self.refused = Some(why);
        self.all(now);
    }

    /// The writer of `path` finished it.
    pub fn finished(&mut self, path: PathBuf, now: Instant) {
        self.last = Some(now);
        self.stirring.remove(&path);
        if self.has_room() {
            self.finished.insert(path);
        }
    }

    /// `path` changed, and may go on changing.
    pub fn stirs(&mut self, path: PathBuf, now: Instant) {
        self.put_off(path, now, now);
    }

    /// `path`, stirring since `first`, is not to be looked at before it is quiet.
    pub fn put_off(&mut self, path: PathBuf, first: Instant, now: Instant) {
        if let Some(known) = self.stirring.get_mut(&path) {
            known.last = now;
        } else if self.has_room() {
            self.stirring.insert(path, Stirring { first, last: now });
        }
    }

    /// `path` is no more.
    pub fn gone(&mut self, path: &Path) {
        self.stirring.remove(path);
        self.finished.remove(path);
    }

    /// Whether `path` is being written, as far as is known.
    #[must_use]
    pub fn is_stirring(&self, path: &Path) -> bool {
        self.stirring.contains_key(path)
    }

    /// When something is, or will be, due.
    #[must_use]
    pub fn when(&self, now: Instant) -> Option<Instant> {
        if self.urgency() == Urgency::Now {
            return Some(now);
        }
        self.stirring.values().map(|stirring| due_at(self.settle, stirring)).chain(self.again).min()
    }

    /// How soon something is due.
    ///
    /// Told without a look at each file that stirs: every event asks, and there may be thousands of these.
    #[must_use]
    pub fn urgency(&self) -> Urgency {
        if self.all || !self.finished.is_empty() {
            Urgency::Now
        } else if self.again.is_some() || !self.stirring.is_empty() {
            Urgency::Later
        } else {
            Urgency::Never
        }
    }

    /// When something was last told that makes a file due at once.
    #[must_use]
    pub fn last_told(&self) -> Option<Instant> {
        self.last
    }

    /// Takes what is due by now.
    pub fn take(&mut self, now: Instant) -> Due {
        let again = self.again.take_if(|again| *again <= now).is_some();
        let mut due = Due {
            all: std::mem::take(&mut self.all) || again,
            rearm: std::mem::take(&mut self.rearm) || (again && std::mem::take(&mut self.rearm_again)),
            refused: self.refused.take(),
            finished: std::mem::take(&mut self.finished),
            quiet: HashMap::new(),
        };
        let settle = self.settle;
        self.stirring.retain(|path, stirring| {
            let stays = due_at(settle, stirring) > now;
            if !stays {
                due.quiet.insert(path.clone(), stirring.first);
            }
            stays
        });
        due
    }

    /// Whether one more path can be remembered; if not, all is to be looked at.
    fn has_room(&mut self) -> bool {
        if self.finished.len() + self.stirring.len() < MOST {
            return true;
        }
        self.finished.clear();
        self.stirring.clear();
        self.all = true;
        false
    }
}

fn due_at(settle: Duration, stirring: &Stirring) -> Instant {
    (stirring.last + settle).min(stirring.first + settle * PATIENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(1);

    fn at(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    fn names(paths: impl IntoIterator<Item = PathBuf>) -> Vec<String> {
        paths.into_iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn what_is_finished_is_due_at_once_and_once() {
        let (start, mut hints) = (Instant::now(), Hints::new(SETTLE));
        hints.stirs("a".into(), start);
        hints.finished("a".into(), at(start, 5));
        assert_eq!(hints.when(at(start, 5)), Some(at(start, 5)));
        let due = hints.take(at(start, 5));
        assert_eq!(names(due.finished), ["a"]);
        assert!(due.quiet.is_empty() && !due.all);
        assert!(hints.take(at(start, 9000)).is_empty());
    }

    #[test]
    fn what_stirs_is_due_when_it_is_quiet() {
        let (start, mut hints) = (Instant::now(), Hints::new(SETTLE));
        hints.stirs("a".into(), start);
        hints.stirs("a".into(), at(start, 700));
        assert_eq!(hints.when(start), Some(at(start, 1700)));
        assert!(hints.take(at(start, 1699)).is_empty());
        assert!(hints.is_stirring(Path::new("a")));
        assert_eq!(names(hints.take(at(start, 1700)).quiet.into_keys()), ["a"]);
    }

    #[test]
    fn a_steady_writer_is_looked_at_all_the_same() {
        let (start, mut hints) = (Instant::now(), Hints::new(SETTLE));
        for n in 0..=100 {
            hints.stirs("a".into(), at(start, n * 100));
        }
        assert_eq!(hints.when(start), Some(at(start, 10_000)));
        // Put off once more it keeps its first time.
        let due = hints.take(at(start, 10_000));
        hints.put_off("a".into(), due.quiet[Path::new("a")], at(start, 10_000));
        assert_eq!(hints.when(start), Some(at(start, 10_000)));
    }

    #[test]
    fn too_many_paths_become_a_look_at_all() {
        let (start, mut hints) = (Instant::now(), Hints::new(SETTLE));
        for n in 0..=MOST {
            hints.finished(format!("{n}").into(), start);
            assert!(hints.finished.len() <= MOST);
        }
        let due = hints.take(start);
        assert!(due.all && due.finished.is_empty());
        for n in 0..=MOST {
            hints.stirs(format!("{n}").into(), start);
        }
        assert!(hints.take(start).all);
    }

    #[test]
    fn a_look_at_all_leaves_alone_what_stirs() {
        let (start, mut hints) = (Instant::now(), Hints::new(SETTLE));
        hints.stirs("a".into(), start);
        hints.all(start);
        let due = hints.take(start);
        assert!(due.all && due.quiet.is_empty());
        assert!(hints.is_stirring(Path::new("a")));
        hints.gone(Path::new("a"));
        assert_eq!(hints.when(start), None);
    }

    /// Whoever waits for what is due hears of all that is due sooner, and of nothing else.
    #[test]
    fn what_is_due_sooner_is_more_urgent() {
        let start = Instant::now();
        let says: [fn(&mut Hints, PathBuf, Instant); 7] = [
            Hints::stirs,
            Hints::finished,
            |hints, path, _| hints.gone(&path),
            |hints, _, now| hints.all(now),
            |hints, _, now| hints.appeared(now),
            |hints, _, now| hints.replaced(now),
            |hints, _, now| drop(hints.take(now)),
        ];
        for order in 0..says.len().pow(5) {
            let mut hints = Hints::new(SETTLE);
            for step in 0..5 {
                let now = at(start, u64::from(step) * 200);
                let (when, urgency) = (hints.when(now), hints.urgency());
                let say = says[order / says.len().pow(step) % says.len()];
                say(&mut hints, format!("{}", step % 2).into(), now);
                let is_sooner = hints.when(now).is_some_and(|is| when.is_none_or(|was| is < was));
                assert_eq!(hints.urgency() > urgency, is_sooner, "step {step} of {order}");
            }
        }
    }
}
