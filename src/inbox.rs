//! The inbox: which files the sources have, and their bytes.
//!
//! Listing costs one `readdir` per folder and one `stat` per file whose name a source's patterns match, both relative
//! to the open folder; nothing is opened. Reading trusts nothing that the listing saw: what is opened must be a
//! regular file then, must be reached without a link, and is read again when it moved meanwhile. Neither ever waits on
//! a FIFO or a device, leaves the source's folder, or fails as a whole: what can't be used is a value.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, CString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

use crate::config::{Files, NeverRead, Root, escaped, never_read, path_from, unescaped};
use crate::stat::{Stat, nanoseconds};

/// A file longer than this is skipped: it is no page. A page of 64 MiB would hold some 300,000 items, and reading,
/// decoding and parsing it takes a few times its size in memory.
pub const MAX_BYTES: u64 = 64 << 20;

/// Folders deeper than this below a source's folder are not entered. Each level holds a file descriptor open.
const MAX_DEPTH: usize = 64;

/// How often a file is read again that changes while it is read.
const TRIES: usize = 3;

#[allow(clippy::unnecessary_cast, reason = "the types of the fields differ between systems")]
fn stat_of(stat: &rustix::fs::Stat) -> Stat {
    Stat {
        size: u64::try_from(stat.st_size).unwrap_or(0),
        mtime_ns: nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
        ctime_ns: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        inode: stat.st_ino as u64,
    }
}

/// A file of a source, as the listing saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its path as the config would write it: beginning with the fixed part of the pattern, relative to the config's
    /// folder where it lies inside (or to the folder on the command line). Unique within the source and the same on
    /// every machine. Always UTF-8 on one line: see [`escaped`]. [`Files::path`] leads back to
    /// the file.
    pub name: Box<str>,
    /// Where in `name` the part below the fixed part of the pattern begins.
    pub below: usize,
    /// What tells whether it changed.
    pub stat: Stat,
}

impl Seen {
    /// The part of the name below the fixed part of the pattern: what may state the time of capture.
    #[must_use]
    pub fn below(&self) -> &str {
        self.name.get(self.below..).unwrap_or(&self.name)
    }
}

/// What a source's folders hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files to look at, in the order of their names' bytes, each once.
    pub files: Vec<Seen>,
    /// Files that the patterns match and that are none of the source's scrapes, in the order of their names.
    pub ignored: Vec<Ignored>,
    /// Folders that should be readable and are not, in the order of their names.
    pub skipped: Vec<Skipped>,
}

impl Listing {
    /// Whether there is nothing to read, and nothing that should be readable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.skipped.is_empty()
    }
}

/// Something the patterns match that is no scrape.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ignored {
    /// Its name, as in [`Seen`].
    pub name: String,
    /// Why.
    pub why: IgnoreReason,
}

/// Why something is no scrape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IgnoreReason {
    /// Its name starts with a full stop.
    Hidden,
    /// Programs give such names to what is not finished, or to copies.
    Temporary,
    /// It holds nothing, yet.
    Empty,
    /// A FIFO, socket or device.
    NotRegular,
    /// A link that leads out of the folder, to a folder, or nowhere.
    Link,
}

impl fmt::Display for IgnoreReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hidden => "hidden",
            Self::Temporary => "a temporary or backup name",
            Self::Empty => "empty",
            Self::NotRegular => "not a regular file",
            Self::Link => "a link that leads out of the folder, to a folder, or nowhere",
        })
    }
}

/// Something that should be readable and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its name, as in [`Seen`].
    pub name: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// The file is gone since it was listed: the next look will not list it.
    Gone,
    /// The folder of a source does not exist.
    NoFolder,
    /// The system refused: what it said.
    Refused(String),
    /// The system refused what it may grant soon, though nothing about the file changes: it lacked something, or is in
    /// trouble itself. What it said.
    Transient(String),
    /// It is no regular file, or a link that leads out of the folder.
    NotRegular,
    /// It is longer than can be read: its size and the most, in bytes.
    TooLarge(u64, u64),
    /// The folder lies too deep below the source's folder.
    TooDeep,
}

impl SkipReason {
    fn of(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            _ if error.kind() == io::ErrorKind::NotFound => Self::Gone,
            Some(
                Errno::MFILE
                | Errno::NFILE
                | Errno::NOMEM
                | Errno::NOBUFS
                | Errno::AGAIN
                | Errno::INTR
                | Errno::IO
                | Errno::STALE
                | Errno::TIMEDOUT,
            ) => Self::Transient(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("it is gone since it was listed"),
            Self::NoFolder => f.write_str("the folder does not exist"),
            Self::Refused(what) | Self::Transient(what) => f.write_str(what),
            Self::NotRegular => f.write_str("it is not a regular file any more, or a link out of the folder"),
            Self::TooLarge(size, most) => {
                write!(
                    f,
                    "it has {:.1} MiB, more than the {} MiB that are read",
                    *size as f64 / MIB,
                    *most as f64 / MIB
                )
            }
            Self::TooDeep => write!(f, "it lies more than {MAX_DEPTH} folders deep"),
        }
    }
}

const MIB: f64 = 1_048_576.0;

/// Folders that are never entered, whatever the patterns say: what feedmill writes is no news.
///
/// Known by device and inode, so that no link and no mount can lead into them.
#[derive(Debug, Clone, Default)]
pub struct KeepOut {
    folders: Vec<(u64, u64)>,
}

impl KeepOut {
    /// Keeps out of these folders, as far as they exist.
    pub fn of<'p>(folders: impl IntoIterator<Item = &'p Path>) -> Self {
        let known = |path: &Path| rustix::fs::stat(path).ok().map(|stat| identity(&stat));
        Self { folders: folders.into_iter().filter_map(known).collect() }
    }
}

#[allow(clippy::unnecessary_cast, reason = "the types of the fields differ between systems")]
fn identity(stat: &rustix::fs::Stat) -> (u64, u64) {
    (stat.st_dev as u64, stat.st_ino as u64)
}

/// Lists the files of sources, of each by itself; a folder that many of them look into is walked once.
///
/// Never fails: a folder that is missing or can't be read is among the skipped.
#[must_use]
pub fn list_all<'f>(sources: impl IntoIterator<Item = &'f Files>, keep_out: &KeepOut) -> Vec<Listing> {
    let mut listings = Vec::new();
    let mut walks: BTreeMap<(&Path, &str), Vec<Asker<'f>>> = BTreeMap::new();
    for files in sources {
        for root in files.roots() {
            let asker = Asker { files, root, listing: listings.len() };
            walks.entry((&root.folder, &root.label)).or_default().push(asker);
        }
        listings.push(Listing::default());
    }
    for askers in walks.into_values() {
        let all: Vec<usize> = (0..askers.len()).collect();
        let Some(root) = askers.first().map(|asker| asker.root) else { continue };
        let mut walk = Walk::new(root, askers, keep_out, &mut listings);
        match openat(CWD, &root.folder, FOLDER, Mode::empty()) {
            Ok(folder) => walk.folder(folder, 1, &all),
            Err(Errno::NOENT) => walk.skip(SkipReason::NoFolder, &all),
            Err(error) => walk.skip(SkipReason::of(&error.into()), &all),
        }
    }
    listings.into_iter().map(sorted).collect()
}

/// Lists those files of one source that are among `paths`, which are absolute, each without listing its folder.
///
/// What is not there, or belongs to no source, is left out; so is a source's folder that can't be opened and will not be
/// soon, of which [`list_all`] tells.
#[must_use]
pub fn list_named(files: &Files, keep_out: &KeepOut, paths: &BTreeSet<PathBuf>) -> Listing {
    let mut listing = Listing::default();
    for root in files.roots() {
        let Ok(absolute) = std::path::absolute(&root.folder) else { continue };
        // Sorted paths below one folder stand together.
        let named = paths.range(absolute.clone()..).map_while(|path| path.strip_prefix(&absolute).ok());
        let mut named = named.filter(|below| !below.as_os_str().is_empty()).peekable();
        if named.peek().is_none() {
            continue;
        }
        let asker = Asker { files, root, listing: 0 };
        let mut walk = Walk::new(root, vec![asker], keep_out, std::slice::from_mut(&mut listing));
        match openat(CWD, &root.folder, FOLDER, Mode::empty()) {
            Ok(folder) => named.for_each(|below| walk.named(&folder, below)),
            Err(error) => {
                let reason = SkipReason::of(&error.into());
                if matches!(reason, SkipReason::Transient(_)) {
                    walk.skip(reason, ONLY);
                }
            }
        }
    }
    sorted(listing)
}

/// A listing as it is promised, from one in the order of the walk.
fn sorted(mut listing: Listing) -> Listing {
    // The order of readdir is the file system's; nothing may depend on it. Roots may overlap: the name decides, and of
    // two fixed parts the shorter, below which more can state the time of capture.
    let Listing { files, ignored, skipped } = &mut listing;
    files.sort_unstable_by(|a, b| a.name.cmp(&b.name).then(a.below.cmp(&b.below)));
    files.dedup_by(|a, b| a.name == b.name);
    ignored.sort_unstable();
    ignored.dedup();
    skipped.sort_by(|a, b| a.name.cmp(&b.name));
    skipped.dedup();
    listing
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Who looks into the folder that is walked.
struct Asker<'w> {
    files: &'w Files,
    root: &'w Root,
    /// The place of its listing.
    listing: usize,
}

/// An entry of a folder that is the `depth`-th below the world outside.
#[derive(Clone, Copy)]
struct Entry<'e> {
    folder: BorrowedFd<'e>,
    name: &'e CStr,
    /// What it is, as far as the folder tells.
    kind: FileType,
    /// Where in the walk's path its name begins.
    at: usize,
    depth: usize,
}

/// The one asker of a walk that has no other.
const ONLY: &[usize] = &[0];

/// A walk through the folder of a root, for all that have it in common. They are told by their places among the askers.
struct Walk<'w> {
    root: &'w Root,
    askers: Vec<Asker<'w>>,
    keep_out: &'w KeepOut,
    listings: &'w mut [Listing],
    /// The raw path of what is looked at, beginning with the root's label; and where the part below that begins.
    path: Vec<u8>,
    start: usize,
    /// Who wants the entry that is looked at. Kept, so that it takes room once.
    wanting: Vec<usize>,
    /// The root's folder without links, once a link asks for it.
    canonical: Option<Option<PathBuf>>,
}

impl<'w> Walk<'w> {
    fn new(root: &'w Root, askers: Vec<Asker<'w>>, keep_out: &'w KeepOut, listings: &'w mut [Listing]) -> Self {
        let path = root.prefix();
        let (start, wanting) = (path.len(), Vec::new());
        Self { root, askers, keep_out, listings, path, start, wanting, canonical: None }
    }

    /// Looks at the one file at `below`, as a walk through all of `root` would come to it.
    fn named(&mut self, root: &OwnedFd, below: &Path) {
        self.path.truncate(self.start);
        let mut names = below.components().peekable();
        let mut folder: Option<OwnedFd> = None;
        let mut depth = 1;
        while let Some(name) = names.next() {
            let (Component::Normal(name), at) = (name, self.path.len()) else { return };
            let here = folder.as_ref().unwrap_or(root);
            if !self.is_open_to(here.as_fd(), ONLY) {
                return;
            }
            self.path.extend(name.as_bytes());
            if names.peek().is_none() {
                if let Ok(name) = CString::new(name.as_bytes()) {
                    let (folder, kind) = (here.as_fd(), FileType::Unknown);
                    self.entry(Entry { folder, name: &name, kind, at, depth }, ONLY);
                }
                return;
            }
            let enters = self.askers.iter().any(|asker| self.enters(asker, name.as_bytes(), at, depth));
            if !enters || depth >= MAX_DEPTH {
                return;
            }
            self.path.push(b'/');
            let Ok(name) = CString::new(name.as_bytes()) else { return };
            let Some(next) = self.enter(here.as_fd(), &name, ONLY) else { return };
            folder = Some(next);
            depth += 1;
        }
    }

    /// Whether a folder called `name`, whose name begins at `at` in `path`, is one to enter from the `depth`-th.
    fn enters(&self, asker: &Asker<'_>, name: &[u8], at: usize, depth: usize) -> bool {
        depth < asker.root.depth()
            && never_read(name).is_none()
            && !asker.files.excluded(&self.path, at..self.path.len())
    }

    /// Looks at all that `folder` holds, the `depth`-th below the world outside, for those `of` the askers who look into
    /// it; `path` ends with its `/`.
    fn folder(&mut self, folder: OwnedFd, depth: usize, of: &[usize]) {
        if !self.is_open_to(folder.as_fd(), of) {
            return;
        }
        let mut dir = match Dir::new(folder) {
            Ok(dir) => dir,
            Err(error) => return self.skip(SkipReason::of(&error.into()), of),
        };
        let end = self.path.len();
        while let Some(entry) = dir.read() {
            self.path.truncate(end);
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return self.skip(SkipReason::of(&error.into()), of),
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let Ok(fd) = dir.fd() else { return };
            self.path.extend(name.to_bytes());
            let entry = Entry { folder: fd, name, kind: entry.file_type(), at: end, depth };
            if self.entry(entry, of) == Stop::Folder {
                self.path.truncate(end);
                return;
            }
        }
        self.path.truncate(end);
    }

    fn below(&mut self, Entry { folder, name, at, depth, .. }: Entry<'_>, of: &[usize]) {
        let asker = |place: &usize| self.askers.get(*place);
        let enters = |place: &&usize| asker(place).is_some_and(|asker| self.enters(asker, name.to_bytes(), at, depth));
        let of: Vec<usize> = of.iter().filter(enters).copied().collect();
        if of.is_empty() {
            return;
        }
        self.path.push(b'/');
        if depth >= MAX_DEPTH {
            return self.skip(SkipReason::TooDeep, &of);
        }
        if let Some(below) = self.enter(folder, name, &of) {
            self.folder(below, depth + 1, &of);
        }
    }

    /// Opens the folder called `name`, which is at `path`.
    fn enter(&mut self, folder: BorrowedFd<'_>, name: &CStr, of: &[usize]) -> Option<OwnedFd> {
        match openat(folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(below) => Some(below),
            // Gone, or replaced by something else, since its name was read or told.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => None,
            Err(error) => {
                self.skip(SkipReason::of(&error.into()), of);
                None
            }
        }
    }

    /// Whether this walk may look into the folder at `path`: not into what is kept out of.
    fn is_open_to(&mut self, folder: BorrowedFd<'_>, of: &[usize]) -> bool {
        match fstat(folder) {
            Ok(stat) => !self.keep_out.folders.contains(&identity(&stat)),
            Err(error) => {
                self.skip(SkipReason::of(&error.into()), of);
                false
            }
        }
    }

    /// Whether the asker's patterns match what `path` says and nothing excludes it.
    fn wants(&self, place: usize, at: usize) -> bool {
        let below = self.path.get(self.start..).unwrap_or_default();
        self.askers.get(place).is_some_and(|Asker { files, root, .. }| {
            root.matches(below) && !files.excluded(&self.path, at..self.path.len())
        })
    }

    /// Looks at an entry, which is at `path`.
    fn entry(&mut self, entry: Entry<'_>, of: &[usize]) -> Stop {
        if entry.kind == FileType::Directory {
            self.below(entry, of);
            return Stop::No;
        }
        let mut wanting = std::mem::take(&mut self.wanting);
        wanting.clear();
        wanting.extend(of.iter().filter(|place| self.wants(**place, entry.at)));
        let stop = self.file(entry, of, &wanting);
        self.wanting = wanting;
        stop
    }

    /// Looks at an entry that is no folder, as far as it tells, and that those `wanting` ask for.
    fn file(&mut self, entry: Entry<'_>, of: &[usize], wanting: &[usize]) -> Stop {
        let Entry { folder, name, kind, at, depth } = entry;
        if let Some(never) = never_read(name.to_bytes()) {
            let why = match never {
                NeverRead::Hidden => IgnoreReason::Hidden,
                NeverRead::Temporary => IgnoreReason::Temporary,
            };
            self.ignore(why, wanting);
            return Stop::No;
        }
        // What is not matched costs no system call. A file system that doesn't say what an entry is may hide a folder.
        let may_be_folder = kind == FileType::Unknown
            && of.iter().any(|place| self.askers.get(*place).is_some_and(|asker| depth < asker.root.depth()));
        if wanting.is_empty() && !may_be_folder {
            return Stop::No;
        }
        if !matches!(kind, FileType::RegularFile | FileType::Symlink | FileType::Unknown) {
            self.ignore(IgnoreReason::NotRegular, wanting);
            return Stop::No;
        }
        let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Stop::No,
            Err(Errno::ACCESS) => {
                // The folder may be read but not searched: that holds for all of it, for whoever asks for a file in it.
                self.path.truncate(at);
                let whom = if may_be_folder { of } else { wanting };
                self.skip(SkipReason::of(&Errno::ACCESS.into()), whom);
                return if whom.len() == of.len() { Stop::Folder } else { Stop::No };
            }
            Err(error) => {
                self.skip(SkipReason::of(&error.into()), if may_be_folder { of } else { wanting });
                return Stop::No;
            }
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => self.below(entry, of),
            _ if wanting.is_empty() => {}
            FileType::RegularFile => self.regular(&stat, wanting),
            FileType::Symlink => match self.link(folder, name) {
                Some(stat) => self.regular(&stat, wanting),
                None => self.ignore(IgnoreReason::Link, wanting),
            },
            _ => self.ignore(IgnoreReason::NotRegular, wanting),
        }
        Stop::No
    }

    fn regular(&mut self, stat: &rustix::fs::Stat, wanting: &[usize]) {
        if stat.st_size == 0 {
            return self.ignore(IgnoreReason::Empty, wanting);
        }
        let name = escaped(&self.path).into_owned().into_boxed_str();
        let below = if self.start == 0 { 0 } else { escaped(self.path.get(..self.start).unwrap_or_default()).len() };
        let seen = Seen { name, below, stat: stat_of(stat) };
        self.tell(wanting, |listing| &mut listing.files, seen);
    }

    /// Adds what was found to the listings of those whom it concerns.
    fn tell<T: Clone>(&mut self, whom: &[usize], list: impl Fn(&mut Listing) -> &mut Vec<T>, found: T) {
        let Some((last, others)) = whom.split_last() else { return };
        let mut add = |place: usize, found: T| {
            let listing = self.askers.get(place).and_then(|asker| self.listings.get_mut(asker.listing));
            if let Some(listing) = listing {
                list(listing).push(found);
            }
        };
        others.iter().for_each(|place| add(*place, found.clone()));
        add(*last, found);
    }

    /// What a link leads to, if that is a regular file inside the root's folder.
    fn link(&mut self, folder: BorrowedFd<'_>, name: &CStr) -> Option<rustix::fs::Stat> {
        let stat = statat(folder, name, AtFlags::empty()).ok()?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return None;
        }
        let root = &self.root.folder;
        let canonical = self.canonical.get_or_insert_with(|| root.canonicalize().ok()).as_ref()?;
        let link = root.join(path_from(self.path.get(self.start..)?.into()));
        inside(canonical, &link, self.keep_out).map(|_| stat)
    }

    fn ignore(&mut self, why: IgnoreReason, wanting: &[usize]) {
        if !wanting.is_empty() {
            let ignored = Ignored { name: escaped(&self.path).into_owned(), why };
            self.tell(wanting, |listing| &mut listing.ignored, ignored);
        }
    }

    fn skip(&mut self, reason: SkipReason, of: &[usize]) {
        // Of a folder that vanished while it was walked there is nothing to tell.
        if reason == SkipReason::Gone {
            return;
        }
        let path = self.path.strip_suffix(b"/").unwrap_or(&self.path);
        let name = if path.is_empty() { self.root.folder.as_os_str().as_bytes() } else { path };
        let skipped = Skipped { name: escaped(name).into_owned(), reason };
        self.tell(of, |listing| &mut listing.skipped, skipped);
    }
}

/// Whether to leave the folder.
#[derive(PartialEq, Eq)]
enum Stop {
    No,
    Folder,
}

/// Where `link` leads, if that lies inside `root`, itself without links, and in no folder that is kept out of.
fn inside(root: &Path, link: &Path, keep_out: &KeepOut) -> Option<PathBuf> {
    let target = link.canonicalize().ok()?;
    let mut folder = target.parent()?;
    if !folder.starts_with(root) {
        return None;
    }
    while !keep_out.folders.is_empty() && folder != root {
        if rustix::fs::stat(folder).is_ok_and(|stat| keep_out.folders.contains(&identity(&stat))) {
            return None;
        }
        folder = folder.parent()?;
    }
    Some(target)
}

/// Reads a file of a source into `buffer`, replacing what it held, and returns what told at that time whether the file
/// changed. At most `most` bytes, [`MAX_BYTES`] as a rule.
///
/// A file that moves while it is read is read again, some times; then it is taken as it is: its next change rings
/// again. An empty file is no error here.
///
/// # Errors
///
/// Why the file can't be used. [`SkipReason::Gone`] needs no report: the next listing tells.
pub fn read(
    files: &Files,
    name: &str,
    keep_out: &KeepOut,
    most: u64,
    buffer: &mut Vec<u8>,
) -> Result<Stat, SkipReason> {
    Opened::default().read(files, name, keep_out, most, buffer)
}

/// The folder that was read from last, held open: nearly always the next file lies in it as well.
#[derive(Debug, Default)]
pub struct Opened<'f>(Option<(&'f Path, OwnedFd)>);

impl<'f> Opened<'f> {
    /// As [`read`].
    ///
    /// # Errors
    ///
    /// As [`read`].
    pub fn read(
        &mut self,
        files: &'f Files,
        name: &str,
        keep_out: &KeepOut,
        most: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Stat, SkipReason> {
        let path = files.path(name).ok_or(SkipReason::Gone)?;
        let below = |root| Some((root, path_from(unescaped(Root::below(root, name)?))));
        let (root, below) = files.roots().iter().find_map(below).ok_or(SkipReason::Gone)?;
        let fd = match self.open(&root.folder, &below) {
            Ok(fd) => fd,
            Err(Errno::LOOP | Errno::MLINK) => {
                let root = root.folder.canonicalize().map_err(|error| SkipReason::of(&error))?;
                let target = inside(&root, &path, keep_out).ok_or(SkipReason::NotRegular)?;
                open(CWD, &target).map_err(|error| match error {
                    Errno::LOOP | Errno::MLINK => SkipReason::NotRegular,
                    error => SkipReason::of(&error.into()),
                })?
            }
            // What O_NONBLOCK says of a socket or a device without a driver.
            Err(Errno::NXIO | Errno::NODEV | Errno::OPNOTSUPP) => return Err(SkipReason::NotRegular),
            Err(error) => return Err(SkipReason::of(&error.into())),
        };
        read_stable(File::from(fd), most, buffer)
    }

    /// Opens a file below a source's folder. The folder that the operator wrote may be a link, nothing below it.
    fn open(&mut self, folder: &'f Path, below: &Path) -> Result<OwnedFd, Errno> {
        if let Some((_, held)) = self.0.as_ref().filter(|(held, _)| *held == folder)
            && let Ok(fd) = open(held, below)
        {
            return Ok(fd);
        }
        // Another folder, or maybe another one under the same name since: what counts is what is there now.
        let (_, fresh) = self.0.insert((folder, openat(CWD, folder, FOLDER, Mode::empty())?));
        open(fresh, below)
    }
}

/// Reads an open file until it holds still, as [`read`] says.
fn read_stable(mut file: File, most: u64, buffer: &mut Vec<u8>) -> Result<Stat, SkipReason> {
    let look = |file: &File| match fstat(file.as_fd()) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile => Err(SkipReason::NotRegular),
        Ok(stat) => Ok(stat_of(&stat)),
        Err(error) => Err(SkipReason::of(&error.into())),
    };
    let mut before = look(&file)?;
    let mut tries = TRIES;
    loop {
        if before.size > most {
            return Err(SkipReason::TooLarge(before.size, most));
        }
        read_whole(&mut file, before.size, most, buffer).map_err(|error| SkipReason::of(&error))?;
        let after = look(&file)?;
        if buffer.len() as u64 > most {
            return Err(SkipReason::TooLarge(after.size.max(buffer.len() as u64), most));
        }
        if after == before || tries == 0 {
            return Ok(after);
        }
        tries -= 1;
        before = after;
        io::Seek::rewind(&mut file).map_err(|error| SkipReason::of(&error))?;
    }
}

const FILE: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOFOLLOW).union(OFlags::NOCTTY);

/// Reads a file that has `size` bytes as it seems, but not more than one byte above `most`.
///
/// The first read asks for a byte more than that: coming back with `size` bytes it has met the end, which saves asking
/// again. Anything else is a file that changes, or a file system with habits of its own: it is read to its end.
fn read_whole(file: &mut File, size: u64, most: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
    let expected = usize::try_from(size).unwrap_or(usize::MAX - 1);
    buffer.clear();
    buffer.resize(expected + 1, 0);
    let mut read = 0;
    while let Some(room) = buffer.get_mut(read..).filter(|room| !room.is_empty()) {
        match file.read(room) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if read == expected {
            break;
        }
    }
    let full = read > expected;
    buffer.truncate(read);
    if full {
        file.take((most + 1).saturating_sub(read as u64)).read_to_end(buffer)?;
    }
    Ok(())
}

/// Opens what must be a file without waiting: neither a FIFO nor a device makes it hang. No part of the path may be a
/// link, so that a folder that became one since it was listed leads nowhere.
#[cfg(target_os = "linux")]
fn open(folder: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    match openat2(&folder, path, FILE, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        // An old kernel, or a filter of system calls that does not know the newer one.
        Err(Errno::NOSYS | Errno::PERM) => openat(folder, path, FILE, Mode::empty()),
        done => done,
    }
}

/// As on Linux, but only the last part of the path is kept from being a link.
#[cfg(not(target_os = "linux"))]
fn open(folder: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    openat(folder, path, FILE, Mode::empty())
}

/// The digest by which contents are told apart: XXH3, 128 bits.
#[must_use]
pub fn digest(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// The digest of each prefix of `bytes` that has one of the `lengths`, which ascend, in one pass over the bytes.
///
/// Ends with the first length that is beyond the end, so the result may be shorter than `lengths`. A content that
/// was a prefix of this one is found by comparing its digest with that of its length.
#[must_use]
pub fn prefix_digests(bytes: &[u8], lengths: impl IntoIterator<Item = u64>) -> Vec<u128> {
    let mut hasher = Xxh3Default::new();
    let mut done = 0;
    let mut digests = Vec::new();
    for length in lengths {
        let Some(part) = usize::try_from(length).ok().and_then(|length| bytes.get(done..length)) else { break };
        hasher.update(part);
        done += part.len();
        digests.push(hasher.digest128());
    }
    digests
}
