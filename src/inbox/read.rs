//! A file of a source, read as it is now.
//!
//! Promised: what is read is a regular file below its source's folder, whatever the listing saw, and held still while
//! it was read, or was tried often enough. Refused: waiting on a FIFO or a device.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use super::{FOLDER, KeepOut, SkipReason, inside, stat_of};
use crate::config::{Files, Root, path_from, unescaped};
use crate::stat::Stat;

/// How often a file is read again that changes while it is read.
const TRIES: usize = 3;

/// Reads a file of a source into `buffer`, replacing what it held, and returns what told at that time whether the file
/// changed. At most `most` bytes, [`MAX_BYTES`](super::MAX_BYTES) as a rule.
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
        let mut refused = SkipReason::Gone;
        // What is below a link for one folder may be right within another that the operator wrote as well.
        for (root, below) in files.within(name) {
            match self.reach(root, &path_from(unescaped(below)), &path, keep_out) {
                Ok(fd) => return read_stable(File::from(fd), most, buffer),
                Err(reason) => refused = reason,
            }
        }
        Err(refused)
    }

    /// Opens a file at `below` a root, its path being `path`, which may be a link to one that lies below the root, too.
    fn reach(&mut self, root: &'f Root, below: &Path, path: &Path, keep_out: &KeepOut) -> Result<OwnedFd, SkipReason> {
        match self.open(&root.folder, below) {
            Ok(fd) => Ok(fd),
            Err(Errno::LOOP | Errno::MLINK) => {
                let root = root.folder.canonicalize().map_err(|error| SkipReason::of(&error))?;
                let target = inside(&root, path, keep_out).ok_or(SkipReason::NotRegular)?;
                open(CWD, &target).map_err(|error| match error {
                    Errno::LOOP | Errno::MLINK => SkipReason::NotRegular,
                    error => SkipReason::of(&error.into()),
                })
            }
            // What O_NONBLOCK says of a socket or a device without a driver.
            Err(Errno::NXIO | Errno::NODEV | Errno::OPNOTSUPP) => Err(SkipReason::NotRegular),
            Err(error) => Err(SkipReason::of(&error.into())),
        }
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
