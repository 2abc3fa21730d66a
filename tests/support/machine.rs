//! What this machine has and lets us do. Whoever asks and gets nothing has been told aloud that something is skipped.
#![allow(dead_code, clippy::print_stderr, reason = "each test crate uses what it needs, and says what it skips")]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Real pages and schemas that can't be part of the project.
pub(crate) fn shared(what: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let path = std::env::var_os("FEEDMILL_SHARED").map_or_else(beside, PathBuf::from).join(what);
    if !path.exists() {
        eprintln!("skipped: no {} (FEEDMILL_SHARED names its folder)", path.display());
        return None;
    }
    Some(path)
}

/// Whether this process is root, for whom no permission is missing.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|found| found.uid() == 0)
}
