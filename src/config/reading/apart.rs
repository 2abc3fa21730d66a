//! State, output and sources lie apart: feedmill must not read what it writes.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::{Text, Written};
use crate::config::files::{Files, Root};
use crate::config::{Complaint, Config};
use crate::mill::render::{BESIDE_FEEDS, HEADS};
use crate::operations;

/// A path without links, as far as it exists: so two paths can be compared that may not be there yet.
pub(in crate::config) fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let absolute = absolute.unwrap_or_else(|_| path.to_owned());
    let mut real = PathBuf::new();
    for part in absolute.components() {
        match part {
            // This is right in spite of links: what comes before is without them, as far as it exists.
            Component::ParentDir => {
                real.pop();
            }
            part => {
                real.push(part);
                real = real.canonicalize().unwrap_or(real);
            }
        }
    }
    real
}

/// Complains when one of state and output lies in the other: what is published is for everybody, what is kept is not.
pub(in crate::config) fn places_apart(
    config: &Config,
    state: Option<Range<usize>>,
    output: Option<Range<usize>>,
) -> Vec<Complaint> {
    let (state_path, output_path) = (real(&config.state), real(&config.output));
    let shown = (config.state.display(), config.output.display());
    // A service manager gives one folder for both, and this is the form they take in it.
    if output_path == state_path.join("public") {
        return Vec::new();
    }
    let what = if output_path == state_path {
        format!("state and output are the same folder, {}", shown.1)
    } else if output_path.starts_with(&state_path) {
        format!("the output folder {} lies inside the state folder {}", shown.1, shown.0)
    } else if state_path.starts_with(&output_path) {
        format!("the state folder {} lies inside the output folder {}", shown.0, shown.1)
    } else {
        return Vec::new();
    };
    let complaint = match output.or(state) {
        Some(span) => Complaint::at(span, what),
        None => Complaint::outside(what),
    };
    vec![complaint.hint("what is published must not hold the store: give each a folder of its own")]
}

/// What is written into the folder of each feed besides its heads. One month stands for all.
const OF_FEED: [&str; 5] = ["index.html", "2020/06.html", "2020/06.atom", "undated.html", "undated.atom"];
/// What is written into the folder of the state.
const OF_STATE: [&str; 8] = [
    "feedmill.db",
    "feedmill.db-wal",
    "feedmill.db-shm",
    "feedmill.db.corrupt-1",
    "decisions.jsonl",
    "hubs.json",
    operations::FEED,
    operations::LEDGER,
];

/// A folder that feedmill writes into.
struct Own<'c> {
    what: &'static str,
    /// As the config has it.
    shown: &'c Path,
    /// Without links.
    folder: PathBuf,
    /// Paths below it.
    files: Vec<String>,
}

/// Complains about patterns that could match what feedmill writes: it would read its own output as news.
pub(super) fn globs_apart(config: &Config, patterns: &[Written], feeds: &[Text<'_>]) -> Vec<Complaint> {
    let mut of_output: Vec<String> = BESIDE_FEEDS.into_iter().chain([operations::FEED]).map(str::to_owned).collect();
    for feed in feeds {
        of_output.extend(HEADS.into_iter().chain(OF_FEED).map(|name| format!("{}/{name}", feed.text)));
    }
    let of_state = OF_STATE.into_iter().map(str::to_owned).collect();
    let own = |what, shown, files| Own { what, shown, folder: real(shown), files };
    let places = [own("output", &config.output, of_output), own("state", &config.state, of_state)];
    let mut complaints = Vec::new();
    for pattern in patterns {
        for root in pattern.files.roots() {
            let Some((what, hint)) = met(&pattern.files, root, &places) else { continue };
            let source = config.sources.get(pattern.source).map(|source| format!("source {:?}: ", source.name));
            let what = format!("{}{what}", source.unwrap_or_default());
            complaints.push(Complaint::at(pattern.span.clone(), what).hint(hint));
        }
    }
    complaints
}

/// How the files of a root meet what feedmill writes: what is wrong, and what would help.
fn met(files: &Files, root: &Root, places: &[Own<'_>]) -> Option<(String, &'static str)> {
    let folder = real(&root.folder);
    if let Some(place) = places.iter().find(|place| folder.starts_with(&place.folder)) {
        let what = format!("these files lie inside the {} folder {}", place.what, place.shown.display());
        return Some((what, "keep scrapes in a folder of their own"));
    }
    // Most patterns begin in folders that hold neither, and thousands of feeds write tens of thousands of files.
    let around: Vec<&Own<'_>> = places.iter().filter(|place| place.folder.starts_with(&folder)).collect();
    let reached = |place: &Own<'_>, path: &Path| {
        let below = place.folder.join(path);
        let below = below.strip_prefix(&folder).ok().and_then(Path::to_str);
        below.is_some_and(|below| files.would_list(root, below)).then(|| place.shown.join(path))
    };
    let written = || around.iter().find_map(|place| place.files.iter().find_map(|path| reached(place, path.as_ref())));
    // No file of such a name is written now, but nothing else belongs there either.
    let alike = || {
        let paths = ["", "feed", "feed/2020"].map(|folder| Path::new(folder).join(root.sample()));
        around.iter().find_map(|place| paths.iter().find_map(|path| reached(place, path)))
    };
    let path = written().or_else(alike)?;
    let what = format!("this pattern can match what feedmill itself writes: {}", path.display());
    Some((what, "name the folder of the scrapes in the pattern, or exclude the output with `exclude`"))
}
