//! The disk that tests publish on.
#![allow(dead_code, reason = "each test crate uses what it needs")]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use feedmill::publish::{Disk, Metadata, Readers, RealDisk};

/// Told what is to be done, and where; an error refuses it.
type Ask<'t> = dyn Fn(&'static str, &Path) -> io::Result<()> + Sync + 't;

/// The real disk without its syncs, which no test can see. A test is asked about each step before it is made: what it
/// refuses is not done, but that a write which is refused first stops half-way.
pub(crate) struct TestDisk<'t> {
    ask: Box<Ask<'t>>,
    refused: AtomicBool,
}

impl<'t> TestDisk<'t> {
    pub(crate) fn asking(ask: impl Fn(&'static str, &Path) -> io::Result<()> + Sync + 't) -> Self {
        Self { ask: Box::new(ask), refused: AtomicBool::new(false) }
    }

    pub(crate) fn good() -> Self {
        Self::asking(|_, _| Ok(()))
    }

    /// Nothing reaches the disk from the `at`-th operation on.
    pub(crate) fn killed_at(at: usize) -> Self {
        let done = AtomicUsize::new(0);
        Self::asking(move |_, _| {
            let n = done.fetch_add(1, Ordering::Relaxed);
            if n >= at { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
        })
    }

    /// Whether any step was refused.
    pub(crate) fn has_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    fn step(&self, what: &'static str, path: &Path) -> io::Result<()> {
        (self.ask)(what, path).inspect_err(|_| self.refused.store(true, Ordering::Relaxed))
    }
}

impl Disk for TestDisk<'_> {
    fn stat(&self, path: &Path) -> io::Result<Option<Metadata>> {
        self.step("stat", path)?;
        RealDisk.stat(path)
    }
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.step("read", path)?;
        RealDisk.read(path)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.step("list", folder)?;
        RealDisk.list(folder)
    }
    fn create_dir(&self, path: &Path) -> io::Result<bool> {
        self.step("create_dir", path)?;
        RealDisk.create_dir(path)
    }
    fn write_new(&self, path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
        let had_refused = self.has_refused();
        let asked = self.step("write_new", path);
        match asked {
            Ok(()) => RealDisk.write_new(path, bytes, readers),
            Err(refused) if had_refused => Err(refused),
            Err(refused) => RealDisk.write_new(path, &bytes[..bytes.len() / 2], readers).and(Err(refused)),
        }
    }
    fn open_up(&self, path: &Path, inode: u64) -> io::Result<bool> {
        self.step("open_up", path)?;
        RealDisk.open_up(path, inode)
    }
    fn sync(&self, path: &Path) -> io::Result<()> {
        self.step("sync", path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename to", to)?;
        RealDisk.rename(from, to)
    }
    fn sync_everything(&self, folder: &Path) -> io::Result<()> {
        self.step("sync_everything", folder)
    }
    fn begin_sync_everything(&self, folder: &Path) -> Option<JoinHandle<io::Result<()>>> {
        let begun = self.step("begin_sync_everything", folder);
        Some(std::thread::spawn(move || begun))
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step("sync_dir", path)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step("remove", path)?;
        RealDisk.remove(path)
    }
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.step("remove_dir", path)?;
        RealDisk.remove_dir(path)
    }
}
