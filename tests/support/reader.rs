//! A subscriber that polls a thousand times a second, as far as nobody else needs the time: whatever it sees must be
//! whole, and nothing may ever leave.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What it saw, all in all.
#[derive(Debug, Default)]
pub(crate) struct Polled {
    /// Files looked into.
    pub(crate) polls: usize,
    /// Of those, documents that were new, and parsed.
    pub(crate) documents: usize,
}

type Seen = BTreeMap<PathBuf, (Vec<u8>, BTreeSet<String>)>;

pub(crate) struct Reader {
    thread: JoinHandle<Polled>,
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
}

/// The ids in a document, or what is wrong with it.
pub(crate) fn items(bytes: &[u8]) -> Result<BTreeSet<String>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let entries = document.descendants().filter(|node| ["item", "entry"].contains(&node.tag_name().name()));
    let ids: BTreeSet<String> = entries
        .map(|entry| {
            let id = entry.children().find(|node| ["guid", "id"].contains(&node.tag_name().name()));
            id.and_then(|id| id.text()).unwrap_or_default().to_owned()
        })
        .collect();
    if ids.is_empty() { Err("no items".to_owned()) } else { Ok(ids) }
}

/// The limit of the feeds that don't keep everything.
const HEAD: usize = 12;

fn look(path: &Path, seen: &mut Seen, polled: &mut Polled) {
    polled.polls += 1;
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            assert!(!seen.contains_key(path), "{} was published and is gone: {error}", path.display());
            return;
        }
    };
    if seen.get(path).is_some_and(|(before, _)| *before == bytes) {
        return;
    }
    polled.documents += 1;
    let ids = items(&bytes).unwrap_or_else(|flaw| panic!("{}, {} bytes: {flaw}", path.display(), bytes.len()));
    // Old items leave a head for new ones; the feed that keeps everything keeps everything.
    let everything = path.parent().is_some_and(|folder| folder.ends_with("everything"));
    if let Some((_, before)) = seen.get(path) {
        // Beyond its limit a head holds what was captured late, for some days of captures.
        let least = if everything { before.len() } else { before.len().min(HEAD) };
        assert!(ids.len() >= least, "{} shrank from {} to {}", path.display(), before.len(), ids.len());
        assert!(!everything || before.is_subset(&ids), "{} lost an item", path.display());
    }
    seen.insert(path.to_owned(), (bytes, ids));
}

impl Reader {
    /// Polls everything below this folder.
    pub(crate) fn start(output: &Path) -> Self {
        let (output, stop) = (output.to_owned(), Arc::new(AtomicBool::new(false)));
        let seen = Arc::new(Mutex::new(Seen::new()));
        let (until, known) = (stop.clone(), seen.clone());
        let thread = std::thread::spawn(move || {
            // Of this thread alone. Other people's readers run elsewhere, and take no time from what is killed here.
            let _ = rustix::process::nice(19);
            let mut polled = Polled::default();
            while !until.load(Ordering::Relaxed) {
                let mut seen = known.lock().unwrap();
                for folder in fs::read_dir(&output).into_iter().flatten().flatten() {
                    if folder.file_name().to_string_lossy().starts_with('.') {
                        continue;
                    }
                    for name in ["rss.xml", "atom.xml"] {
                        look(&folder.path().join(name), &mut seen, &mut polled);
                    }
                }
                drop(seen);
                std::thread::sleep(Duration::from_millis(1));
            }
            polled
        });
        Self { thread, stop, seen }
    }

    /// While `what` is done nobody reads, and nothing that was read before counts.
    pub(crate) fn forget(&self, what: impl FnOnce()) {
        let mut seen = self.seen.lock().unwrap();
        what();
        seen.clear();
    }

    /// Ends the polling; fails if it saw anything wrong.
    pub(crate) fn stop(self) -> Polled {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
