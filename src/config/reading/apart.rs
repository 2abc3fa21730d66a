//! What is read and what is written must not meet: state, output and sources lie apart.

use super::*;

/// A path without links as far as it exists, so that two paths can be compared that may not exist yet.
pub(in crate::config) fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let absolute = absolute.unwrap_or_else(|_| path.to_owned());
    let mut real = PathBuf::new();
    for part in absolute.components() {
        match part {
            // Right though links are about: what precedes is without them, as far as it exists.
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

/// State and output must not lie in each other: what is published is for everybody, what is kept is not.
pub(in crate::config) fn places_apart(
    config: &Config,
    state: Option<Range<usize>>,
    output: Option<Range<usize>>,
) -> Vec<Complaint> {
    let (state_path, output_path) = (real(&config.state), real(&config.output));
    let shown = (config.state.display(), config.output.display());
    // What is served is a folder of its own below the state: the form that a service manager's one folder takes.
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

/// Where a pattern could reach what feedmill writes, it would read its own output as news.
pub(super) fn globs_apart(config: &Config, written: &[Written], feeds: &[Text<'_>]) -> Vec<Complaint> {
    const OF_FEED: [&str; 8] = [
        "rss.xml",
        "atom.xml",
        "feed.json",
        "index.html",
        "2020/06.html",
        "2020/06.atom",
        "undated.html",
        "undated.atom",
    ];
    const OF_OUTPUT: [&str; 3] = ["index.html", "feeds.opml", crate::operations::FEED];
    const OF_STATE: [&str; 8] = [
        "feedmill.db",
        "feedmill.db-wal",
        "feedmill.db-shm",
        "feedmill.db.corrupt-1",
        "decisions.jsonl",
        "hubs.json",
        crate::operations::FEED,
        crate::operations::LEDGER,
    ];
    let (state, output) = (real(&config.state), real(&config.output));
    let mut of_output: Vec<String> = OF_OUTPUT.iter().map(|name| (*name).to_owned()).collect();
    for feed in feeds {
        of_output.extend(OF_FEED.iter().map(|name| format!("{}/{name}", feed.text)));
    }
    let of_state: Vec<String> = OF_STATE.iter().map(|name| (*name).to_owned()).collect();
    let mut complaints = Vec::new();
    for one in written {
        for root in one.files.roots() {
            let folder = real(&root.folder);
            let places = [(&output, &config.output, &of_output, "output"), (&state, &config.state, &of_state, "state")];
            let inside = places.iter().find(|(place, ..)| folder.starts_with(place));
            // Most patterns begin in folders that hold neither, and thousands of feeds write tens of thousands of files.
            let around: Vec<_> = places.iter().filter(|(place, ..)| place.starts_with(&folder)).collect();
            let own = || {
                around.iter().find_map(|(place, shown, own, _)| {
                    let reached = own.iter().find(|path| reaches(&one.files, root, &folder, &place.join(path)))?;
                    Some(shown.join(reached))
                })
            };
            // No file of such a name is written now, but nothing else belongs there either.
            let alike = || {
                around.iter().find_map(|(place, shown, ..)| {
                    let paths = ["", "feed", "feed/2020"].map(|folder| Path::new(folder).join(root.sample()));
                    let reached = paths.iter().find(|path| reaches(&one.files, root, &folder, &place.join(path)))?;
                    Some(shown.join(reached))
                })
            };
            let (what, hint) = if let Some((_, shown, _, what)) = inside {
                (
                    format!("these files lie inside the {what} folder {}", shown.display()),
                    "keep scrapes in a folder of their own",
                )
            } else if let Some(path) = own().or_else(alike) {
                (
                    format!("this pattern can match what feedmill itself writes: {}", path.display()),
                    "name the folder of the scrapes in the pattern, or exclude the output with `exclude`",
                )
            } else {
                continue;
            };
            let source = config.sources.get(one.source).map(|source| format!("source {:?}: ", source.name));
            complaints
                .push(Complaint::at(one.span.clone(), format!("{}{what}", source.unwrap_or_default())).hint(hint));
        }
    }
    complaints
}

/// Whether the pattern matches `path`; `folder` is the root's, neither has links.
fn reaches(files: &Files, root: &Root, folder: &Path, path: &Path) -> bool {
    path.strip_prefix(folder).ok().and_then(Path::to_str).is_some_and(|below| files.would_list(root, below))
}
