//! What a look at a file tells without opening it.

use std::os::unix::fs::MetadataExt;

/// What a file looked like: differing means that it must be looked into again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stat {
    /// In bytes.
    pub size: u64,
    /// Last change of the bytes, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Last change of bytes, name or rights, in nanoseconds since 1970; unlike mtime it can't be set back.
    pub ctime_ns: i64,
    /// The number of the file in its file system: another one means another file under the same name.
    pub inode: u64,
}

impl Stat {
    /// What a look tells.
    #[must_use]
    pub fn of(found: &std::fs::Metadata) -> Self {
        let ctime_ns = nanoseconds(found.ctime(), found.ctime_nsec());
        Self { size: found.len(), mtime_ns: mtime_ns(found), ctime_ns, inode: found.ino() }
    }
}

/// Device and inode: by them a file is known to be the same one under any name.
#[must_use]
pub fn identity(found: &std::fs::Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// The last change of the bytes, in nanoseconds since 1970.
#[must_use]
pub fn mtime_ns(found: &std::fs::Metadata) -> i64 {
    nanoseconds(found.mtime(), found.mtime_nsec())
}

/// A moment that the system tells in seconds and nanoseconds, in nanoseconds.
pub(crate) fn nanoseconds(seconds: i64, more: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(more)
}
