//! The steps by which publishing touches a disk.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rustix::fs::{Advice, Mode, OFlags};

use crate::stat::mtime_ns;

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
pub struct Metadata {
    /// What it is; links are not followed.
    pub kind: Kind,
    /// In bytes.
    pub size: u64,
    /// Last modification, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// The inode number.
    pub inode: u64,
    /// The number of the file system.
    pub device: u64,
    /// Everybody may read it.
    pub is_open: bool,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Everybody, whatever the umask.
    All,
    /// Whom the umask leaves.
    Umask,
}

/// The seam through which publishing touches the disk, so that a test can fail or stop at any step.
///
/// Errors are the system's own: publishing tells a full disk from a missing permission by their kind.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
pub trait Disk {
    /// Looks at `path` itself, not at what a link points to; `None` when nothing is there.
    fn stat(&self, path: &Path) -> io::Result<Option<Metadata>>;
    /// Reads a whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// What lies in a folder, as far as it tells.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;
    /// Makes a folder that everybody may read, whole with its mode, unless there is one; says whether it did.
    fn create_dir(&self, path: &Path) -> io::Result<bool>;
    /// Writes a file anew: what stood at `path` is gone, never written into or through.
    fn write_new(&self, path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()>;
    /// Lets everybody read the file that has this inode. Says whether everybody may now: some file systems know no
    /// rights. An error: it is another file, or we may not read it ourselves.
    fn open_up(&self, path: &Path, inode: u64) -> io::Result<bool>;
    /// Makes the kernel begin to write a file back, and does not wait: of several files to be synced, the syncs then
    /// wait once and not one after the other. Only a hint.
    fn begin_sync(&self, _path: &Path) {}
    /// Returns when the file's bytes would survive a power cut.
    fn sync(&self, path: &Path) -> io::Result<()>;
    /// Puts `from` in place of `to`, at once.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Returns when all that was written on the file system of this folder would survive a power cut.
    fn sync_everything(&self, folder: &Path) -> io::Result<()>;
    /// Begins what [`sync_everything`](Self::sync_everything) does, and does not wait: while more is written, the disk
    /// has something to do. Who waits for it later is told whether it went well: an error of the disk is told but once.
    fn begin_sync_everything(&self, _folder: &Path) -> Option<JoinHandle<io::Result<()>>> {
        None
    }

    /// Returns when the folder's names would survive a power cut.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
}

/// The disk there is.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn stat(&self, path: &Path) -> io::Result<Option<Metadata>> {
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
        Ok(Some(Metadata {
            kind,
            size: found.len(),
            mtime_ns: mtime_ns(&found),
            inode: found.ino(),
            device: found.dev(),
            is_open: is_open(&found),
        }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // Without NONBLOCK a pipe put there since the look would hold us for ever.
        open(path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect())
    }

    fn create_dir(&self, path: &Path) -> io::Result<bool> {
        // Here links are followed: the output folder may well be one.
        if fs::metadata(path).is_ok_and(|found| found.is_dir()) {
            return Ok(false);
        }
        // Made aside and renamed: under a service's umask of 0077 a folder left half-made would stay closed to the web
        // server for good.
        let aside = super::place::beside(path);
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

    fn write_new(&self, path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
        let create = || open(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW);
        let mut file = match create() {
            // What a killed run left there may be shared with another name: it is removed, not truncated.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                fs::remove_file(path)?;
                create()?
            }
            created => created?,
        };
        if readers == Readers::All {
            file.set_permissions(fs::Permissions::from_mode(OPEN))?;
        }
        file.write_all(bytes)?;
        Ok(())
    }

    fn open_up(&self, path: &Path, inode: u64) -> io::Result<bool> {
        let file = open(path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK)?;
        // Not what took its place since the look: that is somebody else's.
        if file.metadata()?.ino() != inode {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(file.set_permissions(fs::Permissions::from_mode(OPEN)).is_ok() && is_open(&file.metadata()?))
    }

    fn begin_sync(&self, path: &Path) {
        if let Ok(file) = open(path, OFlags::RDONLY | OFlags::NOFOLLOW) {
            let _ = rustix::fs::fadvise(&file, 0, None, Advice::DontNeed);
        }
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        open(path, OFlags::RDONLY | OFlags::NOFOLLOW)?.sync_data()
    }

    fn sync_everything(&self, folder: &Path) -> io::Result<()> {
        Ok(rustix::fs::syncfs(open(folder, OFlags::RDONLY | OFlags::DIRECTORY)?)?)
    }

    fn begin_sync_everything(&self, folder: &Path) -> Option<JoinHandle<io::Result<()>>> {
        let folder = folder.to_owned();
        std::thread::Builder::new().name("sync".into()).spawn(move || Self.sync_everything(&folder)).ok()
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

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }
}

/// The mode of what everybody may read.
const OPEN: u32 = 0o644;

fn is_open(found: &fs::Metadata) -> bool {
    found.mode() & 0o444 == 0o444
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    Ok(rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::from_raw_mode(OPEN))?.into())
}
