//! The place of one document: what stands there, and the steps by which the document gets there.
//!
//! Promised: what the disk refuses is told with what an operator can do about it, and what is still served. Refused:
//! deciding when a step is taken; that is the [`Publication`](super::Publication)'s, for all documents at once.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

use super::{Disk, Kind, Listed, Metadata, Outcome, Readers};
use crate::mill::render::{self, Check, Document, Tree};
use crate::trouble::Trouble;

/// What is replaced first: what is pointed to comes before what points to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Pages and archives.
    Page,
    /// What subscribers poll.
    Head,
    /// What lists all feeds.
    Index,
}

/// The place that a document goes to.
pub(super) struct Place {
    /// What it belongs to.
    pub(super) share: usize,
    pub(super) path: String,
    /// XXH3-128 of the document.
    hash: u128,
    pub(super) target: PathBuf,
    /// Where its new bytes wait: hidden, beside the target, under a fixed name, so that leavings never pile up.
    pub(super) aside: PathBuf,
    /// Whether something stands at the target.
    taken: bool,
    /// The target, when it holds the document's bytes already.
    unchanged: Option<Metadata>,
    /// The file set aside, once it is complete: a rename changes nothing of it.
    new: Option<Metadata>,
    /// Whether that stands at the target.
    pub(super) in_place: bool,
}

impl Place {
    /// Writes the document beside its place, if it is one that readers understand.
    pub(super) fn write(
        &mut self,
        disk: &dyn Disk,
        root: &Path,
        (check, readers): (Check<'_>, Readers),
        document: &Document,
    ) -> Result<(), Trouble> {
        check(&self.path, document).map_err(|flaw| {
            self.trouble(None)
                .because(flaw)
                .help("this is a bug in feedmill: please report it, with what `feedmill items` prints")
        })?;
        disk.write_new(&self.aside, &document.bytes, readers).map_err(|error| self.refused(disk, root, error))?;
        self.hash = xxh3_128(&document.bytes);
        Ok(())
    }

    /// Sees to it that a power cut leaves the file set aside as it is (`alone`: nobody did for all of them).
    pub(super) fn sync(&mut self, disk: &dyn Disk, root: &Path, alone: bool) -> Result<(), Trouble> {
        let synced = if alone { disk.sync(&self.aside) } else { Ok(()) };
        // Looked at before it becomes visible: whoever alters it afterwards makes it differ from the ledger.
        self.new = synced.and_then(|()| disk.stat(&self.aside)).map_err(|error| self.refused(disk, root, error))?;
        match self.new {
            Some(_) => Ok(()),
            None => Err(self.refused(disk, root, ErrorKind::NotFound.into())),
        }
    }

    /// Whether it is to be replaced.
    pub(super) fn is_changed(&self) -> bool {
        self.unchanged.is_none()
    }

    /// Leaves what stands there as it is, and nothing beside it.
    pub(super) fn abandon(self, disk: &dyn Disk) {
        if self.is_changed() && !self.in_place {
            let _ = disk.remove(&self.aside);
        }
    }

    pub(super) fn turn(&self) -> Turn {
        match render::document_of(&self.path) {
            document if !document.contains('/') => Turn::Index,
            document if render::is_head(document) => Turn::Head,
            _ => Turn::Page,
        }
    }

    /// How it stands when it is published.
    pub(super) fn listed(&self) -> Option<Listed> {
        let Metadata { size, mtime_ns, inode, .. } = self.unchanged.or(self.new)?;
        Some(Listed { path: self.path.clone(), size, mtime_ns, inode, hash: self.hash })
    }

    pub(super) fn outcome(self) -> Option<Outcome> {
        Some(Outcome { listed: self.listed()?, written: self.is_changed() })
    }

    /// The disk refused a step of publishing this document.
    pub(super) fn refused(&self, disk: &dyn Disk, root: &Path, error: io::Error) -> Trouble {
        let root = root.display();
        match error.kind() {
            ErrorKind::PermissionDenied => self
                .trouble(Some(&format!("no permission to write in \"{}\"", self.deepest(disk).display())))
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
                .trouble(Some(&format!("\"{}\" is no folder", self.deepest(disk).display())))
                .help("move what stands there away: feedmill makes the folder"),
            _ => self.trouble(None).because(error).help(format!("look at \"{root}\" and the disk it is on")),
        }
    }

    /// Of all that leads to the document the last that is there: what stands where a folder is needed, or can't be
    /// written.
    fn deepest(&self, disk: &dyn Disk) -> &Path {
        let is_there = |path: &&Path| matches!(disk.stat(path), Ok(Some(_)));
        // Above the first name of a relative path is the current folder.
        let mut named = parent(&self.target).ancestors().map(|path| match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        });
        named.find(is_there).unwrap_or(parent(&self.target))
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

/// Compares every document with what stands at its place.
pub(super) fn survey<'a>(
    disk: &dyn Disk,
    root: &Path,
    share: usize,
    tree: &'a Tree,
) -> Result<Vec<(Place, &'a Document)>, Trouble> {
    tree.iter().map(|(path, document)| Ok((look(disk, root, (share, path), document)?, document))).collect()
}

fn look(disk: &dyn Disk, root: &Path, (share, path): (usize, &str), document: &Document) -> Result<Place, Trouble> {
    let target = root.join(path);
    let aside = beside(&target);
    let (unchanged, new) = (None, None);
    let mut place =
        Place { share, path: path.to_owned(), hash: 0, target, aside, taken: false, unchanged, new, in_place: false };
    if path.is_empty() || !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(place.trouble(Some("the path leaves the output folder")).help("give the feed a plain name"));
    }
    let Some(found) = disk.stat(&place.target).map_err(|error| place.refused(disk, root, error))? else {
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
        place.hash = xxh3_128(&document.bytes);
        place.unchanged = Some(found);
    }
    Ok(place)
}

/// The folder that holds `path`.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The hidden name beside `path` where its successor is made.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}
