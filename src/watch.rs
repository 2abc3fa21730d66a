//! What rings: the system's events on the sources' folders, reduced to [`Hints`].
//!
//! Events are hints and never the truth. They say where to look sooner; the periodic look at all finds what they miss,
//! and they miss a lot: a queue that overflows, a folder made with its files in it, a network file system, a folder
//! that was deleted and made again. So nothing here is needed for feeds to become right, only for becoming right soon.
//!
//! Folders are watched, never single files (a file saved by renaming would take its watch with it), but for the
//! decisions, which are only ever appended to. A folder that is missing is waited for at its nearest ancestor.
//! The handler runs on the watcher's thread: it takes a lock for moments and waits for nothing.

mod hints;

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind, RemoveKind, RenameMode};
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};
use rustix::io::Errno;

pub use hints::{Due, Hints, MOST, PATIENCE};

use crate::config::{Config, Files, never_read};
use crate::decided;

/// The hints, and a bell that rings when there is a new one.
#[derive(Debug)]
pub struct Bell {
    hints: Mutex<Hints>,
    ring: tokio::sync::Notify,
}

impl Bell {
    /// A bell that has not rung.
    #[must_use]
    pub fn new(settle: Duration) -> Self {
        Self { hints: Mutex::new(Hints::new(settle)), ring: tokio::sync::Notify::new() }
    }

    /// The hints so far.
    pub fn hints(&self) -> MutexGuard<'_, Hints> {
        // Whoever panicked with the lock left hints behind, which may be wrong anyway.
        self.hints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it rings, or has rung since it was last waited for.
    pub async fn rung(&self) {
        self.ring.notified().await;
    }
}

/// The sources' folders, being watched as long as this lives.
pub struct Watch {
    _watcher: RecommendedWatcher,
    /// The folders as they were when watching began: device and inode, or nothing there.
    seen: Vec<(PathBuf, Option<(u64, u64)>)>,
}

impl Watch {
    /// Begins to watch the sources' folders and the decisions, and rings `bell` for what happens there.
    ///
    /// # Errors
    /// What the system refuses, in words for the operator.
    pub fn begin(config: &Config, bell: &Arc<Bell>) -> Result<Self, String> {
        let interest = Interest::of(config);
        let mut folders: Vec<(PathBuf, RecursiveMode)> = Vec::new();
        for root in &interest.roots {
            let deep = root.files.roots().get(root.index).is_some_and(|root| root.depth() > 1);
            folders
                .push((root.folder.clone(), if deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive }));
        }
        let decisions = interest.decisions.clone();
        let bell = Arc::clone(bell);
        let handler = move |event: notify::Result<Event>| {
            let now = Instant::now();
            let mut hints = bell.hints();
            let before = hints.when(now);
            match event {
                Ok(event) => interest.hint(&event, &mut hints, now),
                Err(error) if limit(&error) => hints.refused(refusal(&error), now),
                Err(_) => hints.rearm(now),
            }
            let rings = hints.rings(before, now);
            drop(hints);
            if rings {
                bell.ring.notify_one();
            }
        };
        let settings = notify::Config::default().with_follow_symlinks(false);
        let mut watcher = RecommendedWatcher::new(handler, settings).map_err(|error| refusal(&error))?;
        let mut seen = Vec::new();
        // Of folders on one path the deeper mode must come last, or the flat one would replace it.
        folders.sort_by_key(|(_, mode)| *mode == RecursiveMode::Recursive);
        for (folder, mode) in folders {
            let there = identity(&folder);
            let place = if there.is_some() { Some(folder.as_path()) } else { nearest(&folder) };
            let mode = if there.is_some() { mode } else { RecursiveMode::NonRecursive };
            if let Some(place) = place {
                match watcher.watch(place, mode) {
                    Ok(()) => {}
                    // Gone since the look, or closed to us: the next full look compares again.
                    Err(error) if !limit(&error) => tracing::debug!(folder = %place.display(), %error, "not watched"),
                    Err(error) => return Err(refusal(&error)),
                }
            }
            seen.push((folder, there));
        }
        // Where there are no decisions yet, the next look at all finds the first one.
        let there = identity(&decisions);
        if there.is_some() {
            let _ = watcher.watch(&decisions, RecursiveMode::NonRecursive);
        }
        seen.push((decisions, there));
        Ok(Self { _watcher: watcher, seen })
    }

    /// Whether every watched place is still what it was when watching began.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.seen.iter().all(|(path, seen)| identity(path) == *seen)
    }
}

/// Device and inode of what is at `path`, links followed.
fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// The nearest folder above `path` that is there.
fn nearest(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|folder| folder.is_dir())
}

/// Whether the system has run out of what it takes to watch.
fn limit(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::MaxFilesWatch => true,
        ErrorKind::Io(error) => {
            matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOSPC))
        }
        _ => false,
    }
}

/// Why there are no events, in words that name what to change: the kernel's own "no space left on device" misleads.
fn refusal(error: &notify::Error) -> String {
    let watches = || "the system's limit of watched folders is reached (fs.inotify.max_user_watches)".to_owned();
    match &error.kind {
        ErrorKind::MaxFilesWatch => watches(),
        ErrorKind::Io(cause) if Errno::from_io_error(cause) == Some(Errno::NOSPC) => watches(),
        ErrorKind::Io(cause) if limit(error) => format!(
            "the system's limit of watchers or of open files is reached (fs.inotify.max_user_instances, ulimit -n): {cause}"
        ),
        _ => error.to_string(),
    }
}

/// The file systems that tell of no changes that other machines make (statfs(2), `f_type`).
const SILENT: [(u64, &str); 9] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFE53_4D42, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9P"),
    (0x00C3_6400, "Ceph"),
    (0x5346_414F, "AFS"),
    (0x786F_4256, "VirtualBox"),
];

/// The kind of file system that keeps the events from us, if one of the sources lies on such a one.
#[must_use]
pub fn silent(config: &Config) -> Option<&'static str> {
    let mut folders = config.sources.iter().flat_map(|source| source.files.roots());
    folders.find_map(|root| {
        let found = rustix::fs::statfs(&root.folder).ok()?;
        #[allow(
            clippy::unnecessary_cast,
            clippy::cast_sign_loss,
            reason = "the type of the field differs between systems"
        )]
        let kind = found.f_type as u64 & 0xFFFF_FFFF;
        SILENT.iter().find(|(silent, _)| *silent == kind).map(|(_, name)| *name)
    })
}

/// A folder of a source, by its absolute path: so the events name it.
struct Place {
    folder: PathBuf,
    files: Files,
    index: usize,
}

/// Which paths matter.
struct Interest {
    roots: Vec<Place>,
    decisions: PathBuf,
}

impl Interest {
    fn of(config: &Config) -> Self {
        let mut roots = Vec::new();
        let mut known = BTreeSet::new();
        for (number, source) in config.sources.iter().enumerate() {
            for (index, root) in source.files.roots().iter().enumerate() {
                let folder = absolute(&root.folder);
                if known.insert((number, folder.clone())) {
                    roots.push(Place { folder, files: source.files.clone(), index });
                }
            }
        }
        Self { roots, decisions: absolute(&config.state).join(decided::FILE_NAME) }
    }

    /// What an event says.
    fn hint(&self, event: &Event, hints: &mut Hints, now: Instant) {
        // Of an overflow there is no path to look at: this comes before them.
        if event.need_rescan() {
            return hints.all(now);
        }
        for path in &event.paths {
            self.hint_of(event.kind, path, hints, now);
        }
    }

    fn hint_of(&self, kind: EventKind, path: &Path, hints: &mut Hints, now: Instant) {
        match kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => self.finished(path, hints, now),
            // Our own reading, and the second telling of a rename.
            EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => {}
            EventKind::Modify(ModifyKind::Name(RenameMode::From))
            | EventKind::Remove(RemoveKind::Folder | RemoveKind::Other) => {
                if self.is_above(path) {
                    hints.rearm(now)
                } else {
                    hints.gone(path)
                }
            }
            EventKind::Remove(_) => hints.gone(path),
            EventKind::Modify(ModifyKind::Name(_)) => {
                if self.is_above(path) {
                    hints.rearm(now);
                } else if self.is_wanted(path) {
                    hints.finished(path.to_owned(), now);
                } else if self.may_hold_files(path) && path.is_dir() {
                    hints.all(now);
                }
            }
            EventKind::Create(CreateKind::Folder) => {
                if self.is_above(path) {
                    hints.rearm(now);
                } else if self.may_hold_files(path) {
                    // It may hold files already, of which no event told.
                    hints.all(now);
                }
            }
            // A link may lead to a folder that was waited for.
            EventKind::Create(_) if self.is_above(path) => hints.rearm(now),
            EventKind::Create(_) | EventKind::Modify(_) => {
                if path == self.decisions {
                    hints.all(now);
                } else if self.is_wanted(path) {
                    hints.stirs(path.to_owned(), now);
                }
            }
            EventKind::Any | EventKind::Other => hints.all(now),
        }
    }

    fn finished(&self, path: &Path, hints: &mut Hints, now: Instant) {
        if path == self.decisions {
            hints.all(now);
        } else if self.is_wanted(path) {
            hints.finished(path.to_owned(), now);
        }
    }

    /// Whether `path` is a source's folder, or one on the way to it.
    fn is_above(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| root.folder.starts_with(path))
    }

    /// Whether a source's patterns match `path`. Only spares a look: the listing decides.
    fn is_wanted(&self, path: &Path) -> bool {
        self.roots.iter().any(|place| {
            let (Ok(below), Some(root)) = (path.strip_prefix(&place.folder), place.files.roots().get(place.index))
            else {
                return false;
            };
            below.to_str().is_none_or(|below| place.files.would_list(root, below))
        })
    }

    /// Whether a folder at `path` may hold files of a source.
    fn may_hold_files(&self, path: &Path) -> bool {
        self.roots.iter().any(|place| {
            let Ok(below) = path.strip_prefix(&place.folder) else { return false };
            below.iter().all(|name| never_read(name.as_encoded_bytes()).is_none())
        })
    }
}

/// The absolute form of a path in a config.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
