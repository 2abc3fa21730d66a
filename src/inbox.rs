//! The inbox: which files the sources have, and their bytes.
//!
//! Listing costs one `readdir` per folder and one `stat` per file whose name a source's patterns match, both relative
//! to the open folder; nothing is opened. Reading trusts nothing that the listing saw: what is opened must be a
//! regular file then, must be reached without a link, and is read again when it moved meanwhile. Neither ever waits on
//! a FIFO or a device, leaves the source's folder, or fails as a whole: what can't be used is a value.

mod read;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

pub use self::read::{Opened, read};
use self::walk::{Asker, MAX_DEPTH, ONLY, Walk};
use crate::config::Files;
use crate::stat::{Stat, nanoseconds};

/// A file longer than this is skipped: it is no page. A page of 64 MiB would hold some 300,000 items, and reading,
/// decoding and parsing it takes a few times its size in memory.
pub const MAX_BYTES: u64 = 64 << 20;

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
    /// every machine. Always UTF-8 on one line: see [`escaped`](crate::config::escaped). [`Files::path`] leads back to
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
    /// feedmill's own config.
    Own,
}

impl fmt::Display for IgnoreReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hidden => "hidden",
            Self::Temporary => "a temporary or backup name",
            Self::Empty => "empty",
            Self::NotRegular => "not a regular file",
            Self::Link => "a link that leads out of the folder, to a folder, or nowhere",
            Self::Own => "the config",
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

/// Folders that are never entered and files that are never read, whatever the patterns say: what feedmill writes is no
/// news, nor is its config.
///
/// Known by device and inode, so that no link and no mount can lead to them.
#[derive(Debug, Clone, Default)]
pub struct KeepOut {
    own: Vec<(u64, u64)>,
}

impl KeepOut {
    /// Keeps out of these folders and files, as far as they exist.
    pub fn of<'p>(own: impl IntoIterator<Item = &'p Path>) -> Self {
        let known = |path: &Path| rustix::fs::stat(path).ok().map(|stat| identity(&stat));
        Self { own: own.into_iter().filter_map(known).collect() }
    }

    fn holds(&self, stat: &rustix::fs::Stat) -> bool {
        self.own.contains(&identity(stat))
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
/// What is not there, or belongs to no source, is left out; so is a source's folder that can't be opened and will not
/// be soon, of which [`list_all`] tells.
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

/// Where `link` leads, if that lies inside `root`, itself without links, and in no folder that is kept out of.
fn inside(root: &Path, link: &Path, keep_out: &KeepOut) -> Option<PathBuf> {
    let target = link.canonicalize().ok()?;
    let mut folder = target.parent()?;
    if !folder.starts_with(root) {
        return None;
    }
    while !keep_out.own.is_empty() && folder != root {
        if rustix::fs::stat(folder).is_ok_and(|stat| keep_out.holds(&stat)) {
            return None;
        }
        folder = folder.parent()?;
    }
    Some(target)
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
