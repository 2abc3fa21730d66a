//! A walk through the folder of a root: what lies in it, told to all who ask.
//!
//! Promised: a folder is entered once, whoever has it in common, and only where somebody's patterns may match below it;
//! a name that nobody's patterns match costs no system call. Refused: opening files, and any link but one to a file
//! that lies in the folder.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;

use super::{FOLDER, IgnoreReason, Ignored, KeepOut, Listing, Seen, SkipReason, Skipped, inside, stat_of};
use crate::config::{Files, NeverRead, Root, escaped, never_read, path_from};

/// Folders deeper than this below a source's folder are not entered. Each level holds a file descriptor open.
pub(super) const MAX_DEPTH: usize = 64;

/// Who looks into the folder that is walked.
pub(super) struct Asker<'w> {
    pub(super) files: &'w Files,
    pub(super) root: &'w Root,
    /// The place of its listing.
    pub(super) listing: usize,
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
pub(super) const ONLY: &[usize] = &[0];

/// A walk through the folder of a root, for all that have it in common. They are told by their places among the askers.
pub(super) struct Walk<'w> {
    root: &'w Root,
    askers: Vec<Asker<'w>>,
    keep_out: &'w KeepOut,
    listings: &'w mut [Listing],
    /// The raw path of what is looked at, beginning with the root's label; and where the part below that begins.
    path: Vec<u8>,
    start: usize,
    /// Where that part begins in the name that a path gets.
    below: usize,
    /// Who wants the entry that is looked at. Kept, so that it takes room once.
    wanting: Vec<usize>,
    /// The root's folder without links, once a link asks for it.
    canonical: Option<Option<PathBuf>>,
}

impl<'w> Walk<'w> {
    pub(super) fn new(
        root: &'w Root,
        askers: Vec<Asker<'w>>,
        keep_out: &'w KeepOut,
        listings: &'w mut [Listing],
    ) -> Self {
        let path = root.prefix();
        let (start, below) = (path.len(), escaped(&path).len());
        Self { root, askers, keep_out, listings, path, start, below, wanting: Vec::new(), canonical: None }
    }

    /// Looks at the one file at `below`, as a walk through all of `root` would come to it.
    pub(super) fn named(&mut self, root: &OwnedFd, below: &Path) {
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

    /// Looks at all that `folder` holds, the `depth`-th below the world outside, for those `of` the askers who look
    /// into it; `path` ends with its `/`.
    pub(super) fn folder(&mut self, folder: OwnedFd, depth: usize, of: &[usize]) {
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
            Ok(stat) => !self.keep_out.holds(&stat),
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
        if self.keep_out.holds(stat) {
            return self.ignore(IgnoreReason::Own, wanting);
        }
        let name = escaped(&self.path).into_owned().into_boxed_str();
        let seen = Seen { name, below: self.below, stat: stat_of(stat) };
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

    pub(super) fn skip(&mut self, reason: SkipReason, of: &[usize]) {
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
