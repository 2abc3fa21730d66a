//! Makes a folder agree with a tree of documents.
//!
//! A reader that polls at any instant, through kill -9, a full disk and a power cut, sees the old bytes or the new ones,
//! whole (law 6): every file is written beside its place, synced, renamed over it, and the folder is synced. A file
//! whose bytes would not change is not touched, so its mtime and inode are honest (law 4).
//!
//! This room knows the [`Tree`] and nothing of how it came about. What it returns is for the publish ledger, by which
//! [`stands`] tells later, without reading, whether somebody altered or deleted a file.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use xxhash_rust::xxh3::xxh3_128;

use crate::cores::cores;
use crate::mill::render::{self, Document, Flaw, Tree};
use crate::trouble::Trouble;

/// A line of the publish ledger: a document as it stood in the folder when it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Relative to the output folder, with `/` between segments.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Last modification, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// The inode number: an editor that saves by renaming changes nothing else.
    pub inode: u64,
    /// XXH3-128 of the bytes.
    pub hash: u128,
}

/// What became of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it stands now.
    pub listed: Listed,
    /// Whether the file was replaced; `false` when it had these bytes already.
    pub written: bool,
}

/// What a file is, as far as publishing cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, a socket, a pipe, a device: never read, and replaced by a rename.
    Other,
}

/// What one look at a path tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// What it is; links are not followed.
    pub kind: Kind,
    /// In bytes.
    pub size: u64,
    /// Last modification, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// The inode number.
    pub inode: u64,
}

/// The seam through which publishing touches the disk, so that a test can fail or stop at any step.
///
/// Errors are the system's own: publishing tells a full disk from a missing permission by their kind.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
pub trait Disk {
    /// Looks at `path` itself, not at what a link points to; `None` when nothing is there.
    fn stat(&self, path: &Path) -> io::Result<Option<Stat>>;
    /// Reads a whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Makes a folder that everybody may read, whole with its mode, unless there is one; says whether it did.
    fn create_dir(&self, path: &Path) -> io::Result<bool>;
    /// Writes a file that everybody may read, anew: what stood at `path` is gone, never written into or through.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Returns when the file's bytes would survive a power cut.
    fn sync(&self, path: &Path) -> io::Result<()>;
    /// Puts `from` in place of `to`, at once.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Returns when the folder's names would survive a power cut.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The disk there is.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn stat(&self, path: &Path) -> io::Result<Option<Stat>> {
        let found = match fs::symlink_metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let kind = match found.file_type() {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Folder,
            _ => Kind::Other,
        };
        let mtime_ns = found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec());
        Ok(Some(Stat { kind, size: found.len(), mtime_ns, inode: found.ino() }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // Without NONBLOCK a pipe put there since the look would hold us for ever.
        open(path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn create_dir(&self, path: &Path) -> io::Result<bool> {
        // Here links are followed: the output folder may well be one.
        if fs::metadata(path).is_ok_and(|found| found.is_dir()) {
            return Ok(false);
        }
        // Made aside and renamed: under a service's umask of 0077 a folder left half-made would stay closed to the web
        // server for good.
        let aside = beside(path);
        match fs::create_dir(&aside) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let made =
            fs::set_permissions(&aside, fs::Permissions::from_mode(0o755)).and_then(|()| fs::rename(&aside, path));
        if made.is_err() {
            let _ = fs::remove_dir(&aside);
        }
        made.map(|()| true)
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let create = || open(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW);
        let mut file = match create() {
            // What a killed run left there may be shared with another name: it is removed, not truncated.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                fs::remove_file(path)?;
                create()?
            }
            created => created?,
        };
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
        file.write_all(bytes)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        open(path, OFlags::RDONLY | OFlags::NOFOLLOW)?.sync_data()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        match open(path, OFlags::RDONLY | OFlags::DIRECTORY)?.sync_all() {
            // Some network and user-space file systems can't sync a folder; there is nothing more to be had from them.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
            synced => synced,
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    Ok(rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::from_raw_mode(0o644))?.into())
}

/// Whether a listed document stands as it was published, by one look: nobody deleted or altered it.
#[must_use]
pub fn stands(disk: &dyn Disk, root: &Path, listed: &Listed) -> bool {
    disk.stat(&root.join(&listed.path)).is_ok_and(|found| {
        found.is_some_and(|found| {
            found.kind == Kind::File
                && (found.size, found.mtime_ns, found.inode) == (listed.size, listed.mtime_ns, listed.inode)
        })
    })
}

/// Makes the files below `root` agree with `tree`; other files are left alone. One outcome for each document, in the
/// tree's order.
///
/// Only files whose bytes differ are replaced. All new bytes are on disk before the first file is replaced, and pages
/// are replaced before the feeds that point to them, those before the index.
///
/// # Errors
/// When a document does not pass [`render::check`], or the disk refuses a step. No published file is ever incomplete
/// then: each holds its old bytes or its new ones, nothing half-written is left beside them as far as the disk lets us
/// clean up, and a repeated call finishes the work.
pub fn publish(disk: &(dyn Disk + Sync), root: &Path, tree: &Tree) -> Result<Vec<Outcome>, Trouble> {
    publish_checked(disk, root, tree, &render::check)
}

/// Reads a document back, and says what is wrong with it.
pub type Check<'a> = &'a (dyn Fn(&Document) -> Result<(), Flaw> + Sync);

/// As [`publish`], with a check of one's own: one that remembers what it saw, say.
///
/// # Errors
/// As those of [`publish`].
pub fn publish_checked(
    disk: &(dyn Disk + Sync),
    root: &Path,
    tree: &Tree,
    check: Check<'_>,
) -> Result<Vec<Outcome>, Trouble> {
    let mut places = survey(disk, root, tree)?;
    for place in places.iter().filter(|place| place.unchanged.is_some()) {
        // A run that was killed may have left its unfinished file beside one that needs nothing now.
        let _ = disk.remove(&place.aside);
    }
    let mut changed: Vec<&mut Place<'_>> = places.iter_mut().filter(|place| place.unchanged.is_none()).collect();
    changed.sort_by_key(|place| place.turn());

    let mut folders = BTreeSet::new();
    let replaced = write_aside(disk, (root, check), &mut changed, &mut folders).and_then(|()| {
        for place in &changed {
            disk.rename(&place.aside, &place.target).map_err(|error| place.refused(root, error))?;
        }
        Ok(())
    });
    if let Err(trouble) = replaced {
        for place in &changed {
            let _ = disk.remove(&place.aside);
        }
        return Err(trouble);
    }
    for folder in &folders {
        disk.sync_dir(folder).map_err(|error| {
            Trouble::unusable(format!("cannot sync the folder \"{}\"", folder.display()))
                .because(error)
                .still("its files are in place and whole, but a power cut might bring the previous ones back")
                .help("look at the disk's health (dmesg, smartctl)")
        })?;
    }

    Ok(places.into_iter().filter_map(Place::outcome).collect())
}

/// The paths of the documents that [`publish`] would write, in the tree's order. Changes nothing.
///
/// # Errors
/// When something stands in the way that [`publish`] could not replace, or the folder can't be looked into.
pub fn would_write(disk: &dyn Disk, root: &Path, tree: &Tree) -> Result<Vec<String>, Trouble> {
    let places = survey(disk, root, tree)?;
    Ok(places.into_iter().filter(|place| place.unchanged.is_none()).map(|place| place.path.to_owned()).collect())
}

/// Removes documents below `root` that were published and are no more, and what a killed run left beside them. Returns
/// those that were there.
///
/// # Errors
/// When the disk refuses. A repeated call finishes the work.
pub fn withdraw(disk: &dyn Disk, root: &Path, paths: &[&str]) -> Result<Vec<String>, Trouble> {
    let mut withdrawn = Vec::new();
    let mut folders = BTreeSet::new();
    for path in paths {
        let target = root.join(path);
        let refused = |error: io::Error| {
            Trouble::unusable(format!("cannot withdraw \"{path}\""))
                .because(error)
                .still("it is still served, though no item of its feed is left to show")
                .help(format!("let the service user write in \"{}\", or remove the file", parent(&target).display()))
        };
        let _ = disk.remove(&beside(&target));
        // A folder was never ours.
        if disk.stat(&target).map_err(refused)?.is_some_and(|found| found.kind != Kind::Folder) {
            disk.remove(&target).map_err(refused)?;
            withdrawn.push((*path).to_owned());
            folders.insert(parent(&target).to_owned());
        }
    }
    for folder in folders {
        // They are gone for every reader; a power cut might bring them back, and the next pass would see it.
        let _ = disk.sync_dir(&folder);
    }
    Ok(withdrawn)
}

/// A document and the place it goes to.
struct Place<'a> {
    path: &'a str,
    document: &'a Document,
    target: PathBuf,
    /// Where its new bytes wait: hidden, beside the target, under a fixed name, so that leavings never pile up.
    aside: PathBuf,
    /// Whether something stands at the target.
    taken: bool,
    /// The target, when it holds the document's bytes already.
    unchanged: Option<Stat>,
    /// The file set aside, once it is complete: a rename changes nothing of it.
    new: Option<Stat>,
}

impl Place<'_> {
    /// Sees to it that the file set aside is one that readers understand, and that a power cut leaves it so.
    fn finish(&mut self, disk: &dyn Disk, root: &Path, check: Check<'_>) -> Result<(), Trouble> {
        if let Err(flaw) = check(self.document) {
            return Err(self
                .trouble(None)
                .because(flaw)
                .help("this is a bug in feedmill: please report it, with what `feedmill items` prints"));
        }
        // Looked at before it becomes visible: whoever alters it afterwards makes it differ from the ledger.
        self.new =
            disk.sync(&self.aside).and_then(|()| disk.stat(&self.aside)).map_err(|error| self.refused(root, error))?;
        Ok(())
    }
}

/// Compares every document with what stands at its place.
fn survey<'a>(disk: &dyn Disk, root: &Path, tree: &'a Tree) -> Result<Vec<Place<'a>>, Trouble> {
    tree.iter().map(|(path, document)| look(disk, root, path, document)).collect()
}

fn look<'a>(disk: &dyn Disk, root: &Path, path: &'a str, document: &'a Document) -> Result<Place<'a>, Trouble> {
    let target = root.join(path);
    let aside = beside(&target);
    let mut place = Place { path, document, target, aside, taken: false, unchanged: None, new: None };
    if path.is_empty() || !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(place.trouble(Some("the path leaves the output folder")).help("give the feed a plain name"));
    }
    let Some(found) = disk.stat(&place.target).map_err(|error| place.refused(root, error))? else {
        return Ok(place);
    };
    if found.kind == Kind::Folder {
        return Err(place
            .trouble(Some(&format!("a folder stands at \"{}\"", place.target.display())))
            .help("move it away: feedmill removes no folder"));
    }
    place.taken = true;
    // A file we may not read is replaced like one that differs: the rename asks only for the folder's permission.
    let same_size = found.kind == Kind::File && usize::try_from(found.size) == Ok(document.bytes.len());
    if same_size && disk.read(&place.target).is_ok_and(|bytes| bytes == document.bytes) {
        place.unchanged = Some(found);
    }
    Ok(place)
}

/// Writes, checks and syncs all new bytes beside their targets, and notes the folders whose names change.
fn write_aside(
    disk: &(dyn Disk + Sync),
    (root, check): (&Path, Check<'_>),
    changed: &mut [&mut Place<'_>],
    folders: &mut BTreeSet<PathBuf>,
) -> Result<(), Trouble> {
    for place in changed.iter() {
        let folder = parent(&place.target);
        if !folders.contains(folder) {
            ensure_folder(disk, folder, folders).map_err(|error| place.refused(root, error))?;
            folders.insert(folder.to_owned());
        }
        disk.write_new(&place.aside, &place.document.bytes).map_err(|error| place.refused(root, error))?;
    }
    // Checking keeps a processor busy and syncing waits for the disk: each thread takes what is next.
    let changed_count = changed.len();
    let waiting = Mutex::new(changed.iter_mut().enumerate());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let finish = || -> Result<(), (usize, Trouble)> {
        while let Some((turn, place)) = next() {
            place.finish(disk, root, check).map_err(|trouble| (turn, trouble))?;
        }
        Ok(())
    };
    let threads = cores().min(changed_count);
    let done: Vec<_> = std::thread::scope(|scope| {
        // Where no more threads are to be had this one does it all. One that panicked left a place unfinished.
        let more = |_| std::thread::Builder::new().spawn_scoped(scope, finish).ok();
        let others: Vec<_> = (1..threads).filter_map(more).collect();
        let mut done = vec![finish()];
        done.extend(others.into_iter().filter_map(|other| other.join().ok()));
        done
    });
    // Of several troubles the first in the order of the documents is told, whichever came first.
    if let Some((_, trouble)) = done.into_iter().filter_map(Result::err).min_by_key(|(turn, _)| *turn) {
        return Err(trouble);
    }
    match changed.iter().find(|place| place.new.is_none()) {
        Some(place) => Err(place.trouble(None).help("this is a bug in feedmill: please report it")),
        None => Ok(()),
    }
}

/// Makes `folder` and what is missing above it; a folder that gains a name is noted for syncing.
fn ensure_folder(disk: &dyn Disk, folder: &Path, folders: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    let made = match disk.create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound && parent(folder) != folder => {
            ensure_folder(disk, parent(folder), folders)?;
            disk.create_dir(folder)
        }
        made => made,
    };
    if made? {
        folders.insert(parent(folder).to_owned());
    }
    Ok(())
}

impl Place<'_> {
    /// What is replaced first: pages and archives, then the feeds that point to them, then what lists the feeds.
    fn turn(&self) -> u8 {
        match self.path.rsplit_once('/') {
            None => 2,
            Some((_, "rss.xml" | "atom.xml" | "feed.json")) => 1,
            Some(_) => 0,
        }
    }

    fn outcome(self) -> Option<Outcome> {
        let stat = self.unchanged.or(self.new)?;
        let listed = Listed {
            path: self.path.to_owned(),
            size: stat.size,
            mtime_ns: stat.mtime_ns,
            inode: stat.inode,
            hash: xxh3_128(&self.document.bytes),
        };
        Some(Outcome { listed, written: self.unchanged.is_none() })
    }

    /// The disk refused a step of publishing this document.
    fn refused(&self, root: &Path, error: io::Error) -> Trouble {
        let root = root.display();
        match error.kind() {
            ErrorKind::PermissionDenied => self
                .trouble(Some(&format!("no permission to write in \"{root}\"")))
                .help("let the service user write there, or add the folder to ReadWritePaths= in feedmill.service"),
            ErrorKind::ReadOnlyFilesystem => self
                .trouble(Some(&format!("\"{root}\" is read-only")))
                .help("mount it writable, or add the folder to ReadWritePaths= in feedmill.service"),
            ErrorKind::StorageFull => self
                .trouble(Some(&format!("the disk that holds \"{root}\" is full")))
                .help(format!("make room (`df -h {root}`, `df -i {root}`); the next pass publishes what is missing")),
            ErrorKind::QuotaExceeded => self
                .trouble(Some(&format!("the disk quota for \"{root}\" is used up")))
                .help("make room or raise the quota; the next pass publishes what is missing"),
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => self
                .trouble(Some(&format!("\"{}\" is no folder", parent(&self.target).display())))
                .help("move what stands there away: feedmill makes the folder"),
            _ => self.trouble(None).because(error).help(format!("look at \"{root}\" and the disk it is on")),
        }
    }

    fn trouble(&self, why: Option<&str>) -> Trouble {
        let what = match self.path.split_once('/') {
            Some((feed, _)) => format!("cannot publish feed \"{feed}\""),
            None => format!("cannot publish \"{}\"", self.path),
        };
        let still = if self.taken {
            format!("while replacing \"{}\"; the previous file is still served and no items were lost", self.path)
        } else {
            format!("while writing \"{}\"; no items were lost", self.path)
        };
        Trouble::unusable(why.map_or_else(|| what.clone(), |why| format!("{what}: {why}"))).still(still)
    }
}

/// The folder that holds `path`.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The hidden name beside `path` where its successor is made.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}
