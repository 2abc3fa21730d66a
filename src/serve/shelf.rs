//! Which documents there are, and their answers.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hyper::header::HeaderMap;
use rustix::fs::{Mode, OFlags};
use tracing::debug;
use xxhash_rust::xxh3::xxh3_128;

use super::document::{Document, Edition, Effort, Version};
use crate::http::{Body, Coding};
use crate::mill::render::is_sibling;
use crate::publish::Listed;
use crate::stat::mtime_ns;

/// The largest document that is kept ready, in bytes.
const READY: usize = 4 << 20;
/// How much is kept ready in all, in bytes before coding.
const ALL_READY: usize = 48 << 20;
/// The largest document that is fetched whole when it is asked for; a larger one is read as the client takes it.
const FETCHED: usize = 1 << 20;
/// The largest of these that is also coded.
const CODED: usize = 256 << 10;
/// How much of what was fetched is kept for the next request, in bytes.
const KEPT: usize = 24 << 20;
/// How much of what was fetched may be kept or still being sent, in bytes; beyond that, documents are read as clients
/// take them.
const HELD: usize = 64 << 20;

/// The published documents by their exact paths.
///
/// Feeds and other documents that are asked for all the time are kept ready in memory, in every coding. All others, the
/// long tail of month pages, are read when they are asked for, and the latest of them are kept; memory is bounded.
///
/// What is read is compared with the ledger: by its hash or, if it is too large to be read at once, by size, time and
/// inode, as publishing does. A file that is not the listed one is not served.
#[derive(Debug, Default)]
pub struct Shelf {
    resources: RwLock<Resources>,
    kept: Mutex<Kept>,
    held: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Resources {
    root: PathBuf,
    by_path: HashMap<String, Resource>,
    /// Of all that is to lie ready, before coding.
    ready_bytes: usize,
}

#[derive(Debug, Clone)]
struct Resource {
    listed: Listed,
    /// The version that is about to take its place, or has taken it already.
    coming: Option<Listed>,
    /// In seconds since 1970: the file's own time, but at least one second after the previous version's, so that a
    /// client which asks by date alone does not miss the second of two versions.
    modified: u64,
    /// Whether it is to be kept ready.
    often: bool,
    /// The listed version, or the previous one until that is prepared.
    ready: Option<Arc<Document>>,
}

/// What there is for a request.
pub(super) enum Found {
    /// The ledger does not know the path.
    Unlisted,
    /// What is there is not what the ledger lists; or nothing was published yet.
    Away,
    /// The bytes and the headers that go with them.
    Here(Body, Arc<Version>),
}

impl Shelf {
    /// Takes over what the publish ledger says of the files below `root`. Reads none of them: what is ready stays ready
    /// in its previous version until [`prepare`](Self::prepare) is done.
    pub fn take_up(&self, root: &Path, ledger: impl IntoIterator<Item = Listed>) {
        let mut ledger: Vec<Listed> = ledger.into_iter().filter(is_served).collect();
        // The smaller ones first: a few large feeds must not keep the others out of memory.
        ledger.sort_by(|a, b| (a.size, &a.path).cmp(&(b.size, &b.path)));
        let mut resources = self.resources_mut();
        let mut before = std::mem::take(&mut resources.by_path);
        root.clone_into(&mut resources.root);
        resources.ready_bytes = 0;
        for listed in ledger {
            let previous = before.remove(&listed.path);
            resources.put(listed, previous);
        }
    }

    /// Notes that these are about to be put in place. Until [`change`](Self::change) says that they were, the folder
    /// may hold either of the two versions. A new path is not served before that.
    pub fn announce(&self, coming: &[Listed]) {
        let mut resources = self.resources_mut();
        for listed in coming {
            if let Some(resource) = resources.by_path.get_mut(&listed.path) {
                resource.coming = Some(listed.clone());
            }
        }
    }

    /// Notes that these documents were published, and those at the paths in `gone` withdrawn. Reads no file, like
    /// [`take_up`](Self::take_up).
    pub fn change<'l>(&self, published: impl IntoIterator<Item = &'l Listed>, gone: &[&str]) {
        let mut resources = self.resources_mut();
        for listed in published.into_iter().filter(|listed| is_served(listed)) {
            let previous = resources.take(&listed.path);
            resources.put(listed.clone(), previous);
        }
        for path in gone {
            resources.take(path);
        }
    }

    /// Prepares what is to be kept ready and is not, or only in a previous version.
    pub fn prepare(&self) {
        let (root, missing) = {
            let resources = self.resources();
            let missing = resources.by_path.values().filter(|resource| resource.lacks_preparation());
            (resources.root.clone(), missing.cloned().collect::<Vec<_>>())
        };
        for resource in missing {
            // Where the file is another one already the ledger is about to say so.
            let Some(document) = self.fetch(&root, &resource, Effort::All) else { continue };
            let mut resources = self.resources_mut();
            let same_root = resources.root == root;
            if let Some(now) = resources.by_path.get_mut(&resource.listed.path).filter(|now| same_root && now.often) {
                now.ready = Some(Arc::new(document));
            }
        }
    }

    /// Whether the ledger lists `path`.
    pub(super) fn lists(&self, path: &str) -> bool {
        self.resources().by_path.contains_key(path)
    }

    /// What there is at `path`, in the coding that a client with these `headers` wants most.
    pub(super) fn find(&self, path: &str, headers: &HeaderMap) -> Found {
        let mut missed: Option<Resource> = None;
        loop {
            let (root, resource) = {
                let resources = self.resources();
                match resources.by_path.get(path) {
                    // Before anything at all was published nobody can say what there is not.
                    None if resources.by_path.is_empty() => return Found::Away,
                    None => return Found::Unlisted,
                    Some(Resource { ready: Some(document), .. }) => return given(document, headers),
                    Some(resource) => (resources.root.clone(), resource.clone()),
                }
            };
            if let Some(found) = self.at(&root, &resource, headers) {
                return found;
            }
            if let Some(found) = resource.succeeded().and_then(|resource| self.at(&root, &resource, headers)) {
                return found;
            }
            // It may have been replaced since it was looked up. Then that was announced in between.
            if missed.is_some_and(|missed| {
                (missed.listed, missed.coming) == (resource.listed.clone(), resource.coming.clone())
            }) {
                return Found::Away;
            }
            missed = Some(resource);
        }
    }

    /// The document of `resource`, if the folder holds it.
    fn at(&self, root: &Path, resource: &Resource, headers: &HeaderMap) -> Option<Found> {
        if let Some(document) = self.fetched(root, resource) {
            return Some(given(&document, headers));
        }
        let file = open(root, &resource.listed)?;
        let size = resource.listed.size;
        let version = Version::new(resource.edition(), Coding::Identity, size);
        Some(Found::Here(Body::file(file, size), Arc::new(version)))
    }

    /// The document of `resource`, from what is kept or from the disk; `None` where it is too large for that, or away.
    fn fetched(&self, root: &Path, resource: &Resource) -> Option<Arc<Document>> {
        let Listed { path, size, hash, .. } = &resource.listed;
        let size = usize::try_from(*size).unwrap_or(usize::MAX);
        if let Some(document) = self.kept().get(path, *hash) {
            return Some(document);
        }
        // The coded bytes are fewer than the plain ones.
        let needs = if size <= CODED { size * 2 } else { size };
        if size > FETCHED || self.held.load(Ordering::Relaxed) + needs > HELD {
            return None;
        }
        let document =
            Arc::new(self.fetch(root, resource, if size <= CODED { Effort::Gzip } else { Effort::Plain })?);
        self.kept().keep(path, *hash, &document);
        Some(document)
    }

    fn fetch(&self, root: &Path, resource: &Resource, effort: Effort) -> Option<Document> {
        let Listed { path, size, hash, .. } = &resource.listed;
        let bytes = read(root, path, *size).inspect_err(|error| debug!(%error, path, "can't be read")).ok()?;
        // Documents that lie ready have a bound of their own.
        let uncounted = Arc::default();
        let held = if effort == Effort::All { &uncounted } else { &self.held };
        (xxh3_128(&bytes) == *hash).then(|| Document::new(resource.edition(), bytes, effort, held))
    }

    // What these locks guard is whole whenever they are released, even by a panic.

    fn resources(&self) -> RwLockReadGuard<'_, Resources> {
        self.resources.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn resources_mut(&self) -> RwLockWriteGuard<'_, Resources> {
        self.resources.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resources {
    /// Puts a document in the place of its `previous` version.
    fn put(&mut self, listed: Listed, previous: Option<Resource>) {
        let size = usize::try_from(listed.size).unwrap_or(usize::MAX);
        let often = is_asked_often(&listed.path) && size <= READY.min(ALL_READY.saturating_sub(self.ready_bytes));
        self.ready_bytes += if often { size } else { 0 };
        let modified = previous.as_ref().map_or_else(|| seconds(&listed), |resource| resource.modified_as(&listed));
        let ready = previous.and_then(|resource| resource.ready).filter(|_| often);
        self.by_path.insert(listed.path.clone(), Resource { listed, coming: None, modified, often, ready });
    }

    fn take(&mut self, path: &str) -> Option<Resource> {
        let taken = self.by_path.remove(path)?;
        if taken.often {
            self.ready_bytes = self.ready_bytes.saturating_sub(usize::try_from(taken.listed.size).unwrap_or_default());
        }
        Some(taken)
    }
}

impl Resource {
    fn edition(&self) -> Edition<'_> {
        Edition { path: &self.listed.path, hash: self.listed.hash, modified: self.modified }
    }

    /// When the document was modified that comes after this one.
    fn modified_as(&self, next: &Listed) -> u64 {
        if self.listed.hash == next.hash { self.modified } else { seconds(next).max(self.modified + 1) }
    }

    /// As it will be.
    fn succeeded(&self) -> Option<Self> {
        let listed = self.coming.clone()?;
        Some(Self { modified: self.modified_as(&listed), listed, coming: None, often: self.often, ready: None })
    }

    fn lacks_preparation(&self) -> bool {
        self.often && self.ready.as_ref().is_none_or(|document| document.hash != self.listed.hash)
    }
}

fn given(document: &Document, headers: &HeaderMap) -> Found {
    match document.version(Coding::wanted(headers, document.codings())) {
        Some((bytes, version)) => Found::Here(bytes.into(), version),
        None => Found::Away,
    }
}

/// When the file was written, in seconds since 1970.
fn seconds(listed: &Listed) -> u64 {
    u64::try_from(listed.mtime_ns / 1_000_000_000).unwrap_or_default()
}

/// Not what the ledger lists before it is in the folder, nor compressed siblings: those are for other servers, and this
/// one has codings of its own.
fn is_served(listed: &Listed) -> bool {
    (listed.mtime_ns, listed.inode) != (0, 0) && !is_sibling(&listed.path)
}

/// Feeds, index pages and what they need are at the top or in a feed's folder; months are deeper.
fn is_asked_often(path: &str) -> bool {
    path.bytes().filter(|byte| *byte == b'/').count() <= 1
}

fn read(root: &Path, path: &str, size: u64) -> io::Result<Vec<u8>> {
    let file = open_file(root, path)?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    // One byte more than expected tells a file that grew.
    file.take(size + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The listed file, if it is the listed one. It stays that even when another takes its place.
fn open(root: &Path, listed: &Listed) -> Option<File> {
    let file = open_file(root, &listed.path).ok()?;
    let found = file.metadata().ok()?;
    let is_listed =
        found.is_file() && (found.len(), mtime_ns(&found), found.ino()) == (listed.size, listed.mtime_ns, listed.inode);
    is_listed.then_some(file)
}

fn open_file(root: &Path, path: &str) -> io::Result<File> {
    // Without NONBLOCK a pipe put there would hold every client.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(root.join(path), flags, Mode::empty())?.into())
}

/// The documents that were fetched last.
#[derive(Debug, Default)]
struct Kept {
    by_path: HashMap<String, KeptDocument>,
    size: usize,
    /// Counts the times that something was asked for.
    asked: u64,
}

#[derive(Debug)]
struct KeptDocument {
    hash: u128,
    document: Arc<Document>,
    asked: u64,
}

impl Kept {
    fn get(&mut self, path: &str, hash: u128) -> Option<Arc<Document>> {
        self.asked += 1;
        let kept = self.by_path.get_mut(path).filter(|kept| kept.hash == hash)?;
        kept.asked = self.asked;
        Some(Arc::clone(&kept.document))
    }

    fn keep(&mut self, path: &str, hash: u128, document: &Arc<Document>) {
        let kept = KeptDocument { hash, document: Arc::clone(document), asked: self.asked };
        self.size += document.size;
        if let Some(previous) = self.by_path.insert(path.to_owned(), kept) {
            self.size -= previous.document.size;
        }
        while self.size > KEPT {
            let oldest = self.by_path.iter().min_by_key(|(_, kept)| kept.asked).map(|(path, _)| path.clone());
            let Some(gone) = oldest.and_then(|path| self.by_path.remove(&path)) else { break };
            self.size -= gone.document.size;
        }
    }
}
