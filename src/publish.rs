//! Makes a folder agree with a tree of documents.
//!
//! A reader that polls at any instant, through kill -9, a full disk and a power cut, sees the old bytes or the new
//! ones, whole (law 6): every file is written beside its place, synced, renamed over it, and the folder is synced. A
//! file whose bytes would not change is not touched, so its mtime and inode are honest (law 4).
//!
//! This room knows the [`Tree`] and nothing of how it came about. What it returns is for the publish ledger, by which
//! [`stands`] tells later, without reading, whether somebody altered or deleted a file.

mod disk;
mod place;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_128;

pub use self::disk::{Disk, Kind, Metadata, Readers, RealDisk};
use self::place::{Place, Turn, beside, parent, survey};
use crate::cores::on_all_cores;
use crate::mill::render::{self, Check, Document, Tree};
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

/// How the document at `path` stands, whoever published it; `None` where no file can be read there.
#[must_use]
pub fn listed(disk: &dyn Disk, root: &Path, path: &str) -> Option<Listed> {
    let file = root.join(path);
    let found = disk.stat(&file).ok()?.filter(|found| found.kind == Kind::File)?;
    let hash = xxh3_128(&disk.read(&file).ok()?);
    let Metadata { size, mtime_ns, inode, .. } = found;
    Some(Listed { path: path.to_owned(), size, mtime_ns, inode, hash })
}

/// Whether a listed document stands as it was published, by one look at its size, modification and inode: nobody
/// deleted or altered it.
#[must_use]
pub fn stands(disk: &dyn Disk, root: &Path, path: &str, listed: (u64, i64, u64)) -> bool {
    found(disk, &root.join(path), listed).is_some()
}

/// Whether a listed document stood closed to its readers, and is open to them again: its bytes are what they were, so
/// that nothing need be replaced. `None`: it does not stand as it was published.
#[must_use]
pub fn opened(disk: &dyn Disk, root: &Path, path: &str, listed: (u64, i64, u64)) -> Option<bool> {
    let file = root.join(path);
    let Metadata { is_open, inode, .. } = found(disk, &file, listed)?;
    if is_open { Some(false) } else { disk.open_up(&file, inode).ok() }
}

/// What is at `file`, if that is what is listed.
fn found(disk: &dyn Disk, file: &Path, listed: (u64, i64, u64)) -> Option<Metadata> {
    let is_it = |found: &Metadata| found.kind == Kind::File && (found.size, found.mtime_ns, found.inode) == listed;
    disk.stat(file).ok().flatten().filter(is_it)
}

/// Makes the files below `root` agree with `tree`; other files are left alone. One outcome for each document, in the
/// order of their paths.
///
/// # Errors
/// Those of [`Publication`].
pub fn publish(disk: &(dyn Disk + Sync), root: &Path, tree: &Tree) -> Result<Vec<Outcome>, Trouble> {
    Publication::new(disk, root).of_one(tree)
}

/// With more files than this it takes less to sync all that the file system has than each by itself.
const FEW: usize = 48;
/// When so many bytes were written, the disk may begin with them.
const MUCH: usize = 4 << 20;
/// Fewer bytes than this are written by one thread.
const SMALL: usize = 1 << 17;

/// Documents on their way into a folder, some at a time: their bytes need not be in memory all at once.
///
/// Only files whose bytes differ are replaced. All new bytes are on disk before the first file is replaced, and pages
/// are replaced before the feeds that point to them, those before the index. What is not finished leaves nothing
/// behind.
///
/// The documents come in *shares*, numbered by the caller: what belongs to one feed. When a document does not pass
/// [`render::check`], or the disk refuses a step, nothing more is done for its share, and nothing for the index; the
/// others go on. No published file is ever incomplete: each holds its old bytes or its new ones, nothing half-written
/// is left beside them as far as the disk lets us clean up, and publishing the same again finishes the work.
pub struct Publication<'d> {
    disk: &'d (dyn Disk + Sync),
    root: &'d Path,
    check: Check<'d>,
    announced: &'d (dyn Fn(&[Listed]) + Sync),
    readers: Readers,
    places: Vec<Place>,
    /// The folders whose names change.
    folders: BTreeSet<PathBuf>,
    /// How many bytes were written since the disk was last told to begin.
    waiting: usize,
    /// What the disk has begun to sync.
    begun: Vec<JoinHandle<io::Result<()>>>,
}

/// What became of a publication, by the numbers of the shares.
#[derive(Debug, Default)]
pub struct Published {
    /// One for each document that stands in its place, in the order of their paths.
    pub outcomes: BTreeMap<usize, Vec<Outcome>>,
    /// What stood in the way.
    pub troubles: BTreeMap<usize, Trouble>,
}

impl<'d> Publication<'d> {
    /// Nothing yet.
    #[must_use]
    pub fn new(disk: &'d (dyn Disk + Sync), root: &'d Path) -> Self {
        let (check, announced) = (&render::check, &|_: &[Listed]| {});
        let (places, folders, begun) = (Vec::new(), BTreeSet::new(), Vec::new());
        Self { disk, root, check, announced, readers: Readers::All, places, folders, waiting: 0, begun }
    }

    /// With a check of its own: one that remembers what it saw, say.
    #[must_use]
    pub fn checked_by(mut self, check: Check<'d>) -> Self {
        self.check = check;
        self
    }

    /// For others than everybody.
    #[must_use]
    pub fn read_by(mut self, readers: Readers) -> Self {
        self.readers = readers;
        self
    }

    /// Tells how the new documents will stand, when all of them are on disk and before the first is put into its place:
    /// who serves the folder knows both versions while one takes the place of the other.
    #[must_use]
    pub fn announced_to(mut self, announced: &'d (dyn Fn(&[Listed]) + Sync)) -> Self {
        self.announced = announced;
        self
    }

    /// Puts one tree into its place, as [`publish`] does.
    ///
    /// # Errors
    /// See [`Publication`].
    pub fn of_one(mut self, tree: &Tree) -> Result<Vec<Outcome>, Trouble> {
        self.add(0, tree)?;
        let mut published = self.finish();
        match published.troubles.remove(&0) {
            Some(trouble) => Err(trouble),
            None => Ok(published.outcomes.remove(&0).unwrap_or_default()),
        }
    }

    /// Writes those of the documents of a share that differ from what stands in their places, beside these.
    ///
    /// # Errors
    /// See [`Publication`]: what was added of the share before is dropped.
    pub fn add(&mut self, share: usize, tree: &Tree) -> Result<(), Trouble> {
        let added = self.write(share, tree);
        if added.is_err() {
            let of_share = self.places.extract_if(.., |place| place.share == share);
            of_share.for_each(|place| place.abandon(self.disk));
        }
        added
    }

    fn write(&mut self, share: usize, tree: &Tree) -> Result<(), Trouble> {
        let mut added = survey(self.disk, self.root, share, tree)?;
        for (place, _) in added.iter().filter(|(place, _)| !place.is_changed()) {
            // A run that was killed may have left its unfinished file beside one that needs nothing now.
            let _ = self.disk.remove(&place.aside);
        }
        for (place, _) in added.iter().filter(|(place, _)| place.is_changed()) {
            let folder = parent(&place.target);
            if !self.folders.contains(folder) {
                let ensured = ensure_folder(self.disk, folder, &mut self.folders);
                ensured.map_err(|error| place.refused(self.disk, self.root, error))?;
                self.folders.insert(folder.to_owned());
            }
        }
        let changed: Vec<_> = added.iter_mut().filter(|(place, _)| place.is_changed()).collect();
        let write = |(place, document): &mut (Place, &Document)| {
            place.write(self.disk, self.root, (self.check, self.readers), document)
        };
        let bytes: usize = changed.iter().map(|(_, document)| document.bytes.len()).sum();
        // A thread costs more than it takes to write a few pages.
        let written = if bytes < SMALL { changed.into_iter().try_for_each(write) } else { for_each(changed, write) };
        self.places.extend(added.into_iter().map(|(place, _)| place));
        self.waiting += bytes;
        self.begin_sync();
        written
    }

    /// Has the disk begin with what was written, where there is much of it, in many files, and it has nothing to do: at
    /// the end all of it has to be there. Few files are synced each by itself, and wait for nothing else.
    fn begin_sync(&mut self) {
        let is_busy = self.begun.last().is_some_and(|begun| !begun.is_finished());
        if self.waiting >= MUCH && !is_busy && self.places.iter().filter(|place| place.is_changed()).count() > FEW {
            let newest = self.places.iter().rfind(|place| place.is_changed());
            self.begun.extend(newest.and_then(|place| self.disk.begin_sync_everything(parent(&place.aside))));
            self.waiting = 0;
        }
    }

    /// Puts all new files into their places.
    #[must_use]
    pub fn finish(mut self) -> Published {
        let (disk, root) = (self.disk, self.root);
        let mut published = Published::default();
        let troubles = &mut published.troubles;
        let mut changed: Vec<&mut Place> = self.places.iter_mut().filter(|place| place.is_changed()).collect();
        changed.sort_by(|a, b| (a.turn(), &a.path).cmp(&(b.turn(), &b.path)));
        let began_well = self.begun.drain(..).all(|begun| matches!(begun.join(), Ok(Ok(()))));
        let file_systems = if changed.len() > FEW { file_systems(disk, &changed) } else { Vec::new() };
        // Where that fails, each file and each folder tells what is wrong with it.
        let sync_everything =
            || !file_systems.is_empty() && file_systems.iter().all(|folder| disk.sync_everything(folder).is_ok());
        let synced = sync_everything() && began_well;
        sync_files(disk, root, &mut changed, synced, troubles);
        (self.announced)(&changed.iter().filter_map(|place| place.listed()).collect::<Vec<_>>());
        put_in_place(disk, root, &mut changed, troubles);
        // Now that what was written is on disk there are but names to sync, of all folders at one stroke.
        if !(synced && sync_everything()) {
            sync_folders(disk, &self.folders, &changed, troubles);
        }
        let mut places = std::mem::take(&mut self.places);
        places.sort_by(|a, b| a.path.cmp(&b.path));
        for place in places {
            if place.is_changed() && !place.in_place {
                place.abandon(disk);
                continue;
            }
            let share = place.share;
            published.outcomes.entry(share).or_default().extend(place.outcome());
        }
        published
    }
}

/// What stands in the way of shares, by their numbers.
type Troubles = BTreeMap<usize, Trouble>;

/// Sees to it that a power cut leaves the new files as they are.
fn sync_files(disk: &dyn Disk, root: &Path, changed: &mut [&mut Place], synced: bool, troubles: &mut Troubles) {
    if !synced && changed.len() > 1 {
        changed.iter().for_each(|place| disk.begin_sync(&place.aside));
    }
    for place in changed {
        if let Err(trouble) = place.sync(disk, root, !synced) {
            troubles.entry(place.share).or_insert(trouble);
        }
    }
}

/// Replaces files by the new ones, in the order in which these are given.
fn put_in_place(disk: &dyn Disk, root: &Path, changed: &mut [&mut Place], troubles: &mut Troubles) {
    for place in changed {
        let waits =
            if place.turn() == Turn::Index { !troubles.is_empty() } else { troubles.contains_key(&place.share) };
        if waits {
            continue;
        }
        match disk.rename(&place.aside, &place.target) {
            Ok(()) => place.in_place = true,
            Err(error) => _ = troubles.insert(place.share, place.refused(disk, root, error)),
        }
    }
}

/// Syncs the names in those of the folders in which something was put in its place, however deep: thousands of feeds
/// have a folder each, and not each is asked for all documents.
fn sync_folders(disk: &dyn Disk, folders: &BTreeSet<PathBuf>, changed: &[&mut Place], troubles: &mut Troubles) {
    let in_place = || changed.iter().filter(|place| place.in_place);
    let filled: FxHashSet<&Path> = in_place().flat_map(|place| place.target.ancestors()).collect();
    for folder in folders {
        let is_root = folder == Path::new(".");
        let is_filled = if is_root { !filled.is_empty() } else { filled.contains(folder.as_path()) };
        let synced = if is_filled { disk.sync_dir(folder) } else { Ok(()) };
        if let Err(error) = synced {
            for place in in_place().filter(|place| is_root || place.target.starts_with(folder)) {
                let error = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
                troubles.entry(place.share).or_insert_with(|| unsynced(folder, error));
            }
        }
    }
}

impl Drop for Publication<'_> {
    fn drop(&mut self) {
        self.places.drain(..).for_each(|place| place.abandon(self.disk));
    }
}

/// A folder on each of the file systems that new files lie on: a folder may be a link, or have one of its own mounted
/// there. None where one of them can't be told.
fn file_systems(disk: &dyn Disk, changed: &[&mut Place]) -> Vec<PathBuf> {
    let mut folders: BTreeMap<u64, PathBuf> = BTreeMap::new();
    // In the order in which they are replaced those of one folder stand together.
    for of_folder in changed.chunk_by(|a, b| parent(&a.aside) == parent(&b.aside)) {
        let Some(aside) = of_folder.first().map(|place| place.aside.as_path()) else { continue };
        let Ok(Some(found)) = disk.stat(aside) else { return Vec::new() };
        folders.entry(found.device).or_insert_with(|| parent(aside).to_owned());
    }
    folders.into_values().collect()
}

/// Does the work for each; of several troubles the first in the order of the places is told, whichever came first.
fn for_each<T: Send>(places: Vec<T>, work: impl Fn(T) -> Result<(), Trouble> + Sync) -> Result<(), Trouble> {
    // A thread that panicked left a place unfinished, which is found before anything is replaced.
    on_all_cores(places, work).into_iter().flatten().collect()
}

/// The paths of the documents that [`publish`] would write, in the tree's order. Changes nothing.
///
/// # Errors
/// When something stands in the way that [`publish`] could not replace, or the folder can't be looked into.
pub fn would_write(disk: &dyn Disk, root: &Path, tree: &Tree) -> Result<Vec<String>, Trouble> {
    let places = survey(disk, root, 0, tree)?;
    Ok(places.into_iter().filter(|(place, _)| place.is_changed()).map(|(place, _)| place.path).collect())
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
            Trouble::unusable(format!("cannot withdraw \"{path}\" from \"{}\"", root.display()))
                .unwritten(error)
                .still("it still lies there, and is served, though it is to go")
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

/// Removes the folders below `root` that documents at these paths stood in, where nothing is left in them.
pub fn clear(disk: &dyn Disk, root: &Path, paths: &[&str]) {
    let above = |path: &&str| Path::new(*path).ancestors().skip(1).map(Path::to_owned).collect::<Vec<_>>();
    let folders: BTreeSet<PathBuf> = paths.iter().flat_map(above).filter(|folder| folder != Path::new("")).collect();
    // The deepest first. One that is not empty, or not there, stays as it is.
    for folder in folders.iter().rev() {
        let _ = disk.remove_dir(&root.join(folder));
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

fn unsynced(folder: &Path, error: io::Error) -> Trouble {
    Trouble::unusable(format!("cannot sync the folder \"{}\"", folder.display()))
        .because(error)
        .still("its files are in place and whole, but a power cut might bring the previous ones back")
        .help("look at the disk's health (dmesg, smartctl)")
}
