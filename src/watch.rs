//! What rings: the system's events on the sources' folders, reduced to [`Hints`].
//!
//! Events are hints and never the truth. They say where to look sooner; the periodic full look finds what they miss,
//! and they miss a lot: a queue overflows, a folder is created with files in it, a network file system says nothing, a
//! folder is deleted and created again. So the feeds become right without them, only not so soon.
//!
//! Folders are watched, never single files (a file saved by renaming takes its watch with it), except the decisions, to
//! which commands only ever append: where an editor puts another file in their place, that is watched anew. A missing
//! folder is waited for at its nearest ancestor. The handler runs on the watcher's thread and holds its lock only for
//! moments.

mod hints;

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind, RenameMode};
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};
use rustix::io::Errno;

pub use hints::{Due, Hints, PATIENCE};

use crate::config::{Config, Files, never_read};
use crate::{decided, stat};

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
        let (folders, decisions) = (interest.folders(), interest.decisions.clone());
        // A deeper watch on the same folder has to come later.
        let holders: BTreeSet<PathBuf> =
            interest.links.iter().filter_map(|link| link.parent()).map(Into::into).collect();
        let settings = notify::Config::default().with_follow_symlinks(false);
        let handler = handler(interest, Arc::clone(bell));
        let mut watcher = RecommendedWatcher::new(handler, settings).map_err(|error| refusal(&error))?;
        for holder in &holders {
            match watcher.watch(holder, RecursiveMode::NonRecursive) {
                Err(error) if limit(&error) => return Err(refusal(&error)),
                // Closed to us: the full look finds where its links lead.
                Err(error) => tracing::debug!(folder = %holder.display(), %error, "not watched"),
                Ok(()) => {}
            }
        }
        let mut seen = Vec::new();
        for folder in folders {
            let there = folder.watch_by(&mut watcher)?;
            seen.push((folder.path, there));
        }
        // There must be a file to watch: watching the state folder would tell of every write of the store.
        let _ = OpenOptions::new().create(true).append(true).open(&decisions);
        let _ = watcher.watch(&decisions, RecursiveMode::NonRecursive);
        let there = identity(&decisions);
        seen.push((decisions, there));
        Ok(Self { _watcher: watcher, seen })
    }

    /// Whether every watched place is still what it was when watching began.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.seen.iter().all(|(path, seen)| identity(path) == *seen)
    }
}

/// Notes what an event says, and rings where something is due sooner by it.
fn handler(interest: Interest, bell: Arc<Bell>) -> impl Fn(notify::Result<Event>) {
    move |event| {
        let now = Instant::now();
        let mut hints = bell.hints();
        let before = hints.urgency();
        match event {
            Ok(event) => interest.hint(&event, &mut hints, now),
            Err(error) if limit(&error) => hints.refused(refusal(&error), now),
            Err(_) => hints.rearm(now),
        }
        let rings = hints.urgency() > before;
        drop(hints);
        if rings {
            bell.ring.notify_one();
        }
    }
}

/// What no folder is: no file has the inode 0.
const UNWATCHED: (u64, u64) = (0, 0);

/// Device and inode of what is at `path`, links followed.
fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().as_ref().map(stat::identity)
}

/// The nearest folder above `path` that is there.
fn nearest(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|folder| folder.is_dir())
}

/// Whether a limit of the system keeps us from watching.
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
    let watches = || {
        "the system's limit of watched folders is reached (raise fs.inotify.max_user_watches, and reload)".to_owned()
    };
    match &error.kind {
        ErrorKind::MaxFilesWatch => watches(),
        ErrorKind::Io(cause) if Errno::from_io_error(cause) == Some(Errno::NOSPC) => watches(),
        ErrorKind::Io(cause) if limit(error) => format!(
            "the system's limit of watchers or of open files is reached (raise fs.inotify.max_user_instances or ulimit -n, \
             and restart feedmill): {cause}"
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

/// A folder of a source.
struct Place {
    /// As the config names it, absolute: so hints name its files.
    folder: PathBuf,
    /// Without links: so events name its files. `None`: it is not there.
    watched: Option<PathBuf>,
    files: Files,
    index: usize,
}

impl Place {
    /// The part of a path, as an event names it, below the folder.
    fn below<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        path.strip_prefix(self.watched.as_ref()?).ok()
    }
}

/// A folder to watch.
struct Folder {
    path: PathBuf,
    /// As in [`Place`].
    watched: Option<PathBuf>,
    mode: RecursiveMode,
}

impl Folder {
    /// Watches it, or its nearest ancestor where it is missing. Says what is there, to be compared later.
    fn watch_by(&self, watcher: &mut impl Watcher) -> Result<Option<(u64, u64)>, String> {
        // Of a folder that came into being since, nothing is known: then it does not stand.
        let there = self.watched.as_ref().and_then(|_| identity(&self.path));
        let (place, mode) = match &self.watched {
            Some(watched) => (Some(watched.as_path()), self.mode),
            None => (nearest(&self.path), RecursiveMode::NonRecursive),
        };
        let Some(place) = place else { return Ok(there) };
        match watcher.watch(place, mode) {
            // A folder on the way to it that appeared meanwhile is told by nobody, nor is what appears in that.
            Ok(()) if self.watched.is_none() && nearest(&self.path) != Some(place) => Ok(Some(UNWATCHED)),
            Ok(()) => Ok(there),
            Err(error) if limit(&error) => Err(refusal(&error)),
            // Gone since the look, or closed to us: it does not stand, and is looked for again.
            Err(error) => {
                tracing::debug!(folder = %place.display(), %error, "not watched");
                Ok(Some(UNWATCHED))
            }
        }
    }
}

/// Which paths matter.
struct Interest {
    places: Vec<Place>,
    /// The links on the way to them, as events name them.
    links: BTreeSet<PathBuf>,
    decisions: PathBuf,
}

impl Interest {
    fn of(config: &Config) -> Self {
        let mut places = Vec::new();
        for source in &config.sources {
            for (index, root) in source.files.roots().iter().enumerate() {
                let (folder, watched) = (absolute(&root.folder), root.folder.canonicalize().ok());
                places.push(Place { folder, watched, files: source.files.clone(), index });
            }
        }
        let links = places.iter().flat_map(|place| links(&place.folder)).collect();
        Self { places, links, decisions: absolute(&config.state).join(decided::FILE_NAME) }
    }

    /// The folders to watch for them. Of several on one path the deeper mode comes last, or the flat one would replace
    /// it.
    fn folders(&self) -> Vec<Folder> {
        let folder = |place: &Place| {
            let deep = place.files.roots().get(place.index).is_some_and(|root| root.depth() > 1);
            let mode = if deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            Folder { path: place.folder.clone(), watched: place.watched.clone(), mode }
        };
        let mut folders: Vec<Folder> = self.places.iter().map(folder).collect();
        folders.sort_by_key(|folder| folder.mode == RecursiveMode::Recursive);
        folders
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
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {
                if path == self.decisions {
                    hints.all(now);
                }
                self.wanted(path).for_each(|path| hints.finished(path, now));
            }
            // Our own reading, and the second telling of a rename.
            EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => {}
            EventKind::Modify(ModifyKind::Name(RenameMode::From)) | EventKind::Remove(_) => {
                if self.is_above(path) {
                    hints.rearm(now);
                } else if path == self.decisions {
                    hints.replaced(now);
                }
                self.wanted(path).for_each(|path| hints.gone(&path));
            }
            EventKind::Modify(ModifyKind::Name(_)) => {
                if self.is_above(path) {
                    return hints.rearm(now);
                }
                let mut wanted = self.wanted(path).peekable();
                if wanted.peek().is_none() && self.may_hold_files(path) && path.is_dir() {
                    return hints.appeared(now);
                }
                wanted.for_each(|path| hints.finished(path, now));
            }
            // A link may lead to a folder that was waited for.
            EventKind::Create(_) if self.is_above(path) => hints.rearm(now),
            EventKind::Create(CreateKind::Folder) => {
                // It may hold files already, of which no event told.
                if self.may_hold_files(path) {
                    hints.appeared(now);
                }
            }
            EventKind::Create(_) | EventKind::Modify(_) => {
                self.wanted(path).for_each(|path| hints.stirs(path, now));
            }
            EventKind::Any | EventKind::Other => hints.all(now),
        }
    }

    /// Whether `path` is a source's folder, or a folder or link on the way to it.
    fn is_above(&self, path: &Path) -> bool {
        let above = |folder: &Path| folder.starts_with(path);
        self.links.contains(path)
            || self.places.iter().any(|place| above(&place.folder) || place.watched.as_deref().is_some_and(above))
    }

    /// The files that `path`, as an event names it, is for the sources whose patterns match it. Only spares a look: the
    /// listing decides.
    fn wanted(&self, path: &Path) -> impl Iterator<Item = PathBuf> {
        self.places.iter().filter_map(move |place| {
            let (below, root) = (place.below(path)?, place.files.roots().get(place.index)?);
            let wanted = below.to_str().is_none_or(|below| place.files.would_list(root, below));
            wanted.then(|| place.folder.join(below))
        })
    }

    /// Whether a folder at `path` may hold files of a source.
    fn may_hold_files(&self, path: &Path) -> bool {
        let open = |below: &Path| below.iter().all(|name| never_read(name.as_encoded_bytes()).is_none());
        self.places.iter().any(|place| place.below(path).is_some_and(open))
    }
}

/// The links that are followed on the way to `folder`, an absolute path: each by its name in a folder without links.
/// None of those in the root folder, where the system opens something all the time.
fn links(folder: &Path) -> Vec<PathBuf> {
    /// As many does the kernel follow.
    const MOST: usize = 40;
    let names = |path: &Path| path.components().rev().map(|name| name.as_os_str().to_owned()).collect::<Vec<_>>();
    let (mut at, mut ahead, mut links, mut followed) = (PathBuf::new(), names(folder), Vec::new(), 0);
    while let Some(name) = ahead.pop() {
        if name == "." {
            continue;
        }
        if name == ".." {
            at.pop();
            continue;
        }
        let step = at.join(&name);
        let Some(leads_to) = std::fs::read_link(&step).ok().filter(|_| followed < MOST) else {
            at = step;
            continue;
        };
        followed += 1;
        // An absolute one begins with the root, at which `join` begins anew.
        ahead.extend(names(&leads_to));
        if at.parent().is_some() {
            links.push(step);
        }
    }
    links
}

/// The absolute form of a path in a config.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use notify::{EventHandler, WatcherKind};

    use super::*;
    use crate::config;

    const SETTLE: Duration = Duration::from_secs(1);

    /// A watcher that is slow to watch: until then something happens.
    struct Slow<F>(F);

    impl<F: FnMut(&Path)> Watcher for Slow<F> {
        fn new<H: EventHandler>(_: H, _: notify::Config) -> notify::Result<Self> {
            Err(notify::Error::generic("made by hand"))
        }
        fn watch(&mut self, path: &Path, _: RecursiveMode) -> notify::Result<()> {
            (self.0)(path);
            Ok(())
        }
        fn unwatch(&mut self, _: &Path) -> notify::Result<()> {
            Ok(())
        }
        fn kind() -> WatcherKind {
            WatcherKind::NullWatcher
        }
    }

    #[test]
    fn a_folder_on_the_way_to_a_missing_one_may_appear_before_its_parent_is_watched() {
        let root = tempfile::tempdir().unwrap();
        let (far, path) = (root.path().join("far"), root.path().join("far/in"));
        let folder = Folder { path: path.clone(), watched: None, mode: RecursiveMode::Recursive };
        let stands = |happens: &dyn Fn()| {
            let there = folder.watch_by(&mut Slow(|_: &Path| happens())).unwrap();
            there == identity(&path)
        };
        assert!(stands(&|| {}));
        assert!(!stands(&|| fs::create_dir(&far).unwrap()));
        assert!(stands(&|| {}));
        assert!(!stands(&|| fs::create_dir(&path).unwrap()));
    }

    #[test]
    fn what_is_written_in_a_folder_before_it_is_watched_is_looked_for() {
        let root = tempfile::tempdir().unwrap();
        let config = "[[source]]\nname = \"a\"\nfiles = [\"in/**/*.txt\"]\n[[feed]]\nname = \"f\"\ntitle = \"F\"\n";
        let (file, given) = (root.path().join("c.toml"), config::Given::default());
        let folder = root.path().join("in/june");
        fs::create_dir_all(&folder).unwrap();
        let config = config::parse(&file, config.to_owned(), &given, &config::Surroundings::default()).unwrap();
        let (interest, folder) = (Interest::of(&config), folder.canonicalize().unwrap());
        for kind in [EventKind::Create(CreateKind::Folder), EventKind::Modify(ModifyKind::Name(RenameMode::To))] {
            let (now, mut hints) = (Instant::now(), Hints::new(SETTLE));
            interest.hint(&Event::new(kind).add_path(folder.clone()), &mut hints, now);
            assert!(hints.take(now).all, "{kind:?}");
            // A file is written there, and only then is it watched.
            assert_eq!(hints.when(now), Some(now + SETTLE), "{kind:?}");
            assert!(hints.take(now + SETTLE).all, "{kind:?}");
            assert_eq!(hints.when(now), None, "{kind:?}");
        }
    }
}
