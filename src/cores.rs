//! How many threads are worth having.

use std::sync::OnceLock;

/// The processors that this process may use. The system is asked once: the answer is in some files of its own, and a
/// pass over one file takes less time than reading them.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}
