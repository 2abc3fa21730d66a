//! `retract`, `alias` and `disregard`: a line more in `decisions.jsonl`, for what is there to be decided of.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::{Ended, configured_if_any, folders, folders_of};
use crate::cli::Cli;
use crate::config::{self, Config};
use crate::decided::Decided;
use crate::mill::decisions::{Decision, Decisions};
use crate::mill::item::Key;
use crate::pass;
use crate::publish::RealDisk;
use crate::report::Count;
use crate::state::{self, State};
use crate::store::{LedgerRow, Store as _};
use crate::trouble::{Exit, Trouble};

/// Notes a decision of items that the store knows.
pub(super) fn decide(cli: &Cli, decision: Decision) -> Result<Exit, Ended> {
    let (state, output) = folders(cli)?;
    let store = State::look(&state)?;
    let named = match &decision {
        Decision::Retract { retract, .. } => vec![*retract],
        Decision::Alias { alias, of } => vec![*alias, *of],
        Decision::FirstSeen { first_seen, .. } => vec![*first_seen],
        Decision::Disregard { .. } => Vec::new(),
    };
    let unusable = |error| state::unusable(&state, error);
    let mut decided = Decided::read(&state)?;
    // What is published may be more than a store knows that was made after it.
    let may_be_lost = matches!(decision, Decision::Retract { .. }) && store.is_recovered().map_err(unusable)?;
    let is_told_of = |id| may_be_lost && (decided.decisions.names(id) || pass::is_shown(&output, &RealDisk, id));
    for id in named {
        if !store.knows(id).map_err(unusable)? && !is_told_of(id) {
            let elsewhere = if may_be_lost { ", no decision names it, and nothing published shows it" } else { "" };
            return Err(Trouble::usage(format!("no item has the id {id}{elsewhere}"))
                .help("feedmill items lists them")
                .into());
        }
    }
    if let Decision::Alias { alias, of } = decision {
        may_join(&decided.decisions, (alias, of), &state)?;
    }
    let is_news = match decision {
        Decision::Alias { .. } => decided.add(decision).map(|()| true)?,
        _ => decided.add_all(vec![decision])?,
    };
    noted(cli, &state, is_news)
}

/// Whether an alias would join two items that are not one already.
fn may_join(decisions: &Decisions, (alias, of): (Key, Key), state: &Path) -> Result<(), Trouble> {
    if alias == of {
        return Err(Trouble::usage(format!("{alias} is named twice, and is one item already")));
    }
    if let Some(of) = decisions.alias_of(alias) {
        let file = state.join(crate::decided::FILE_NAME);
        return Err(Trouble::usage(format!("{alias} is an alias already, of {of}"))
            .help(format!("to undo it, take its line out of {}", file.display())));
    }
    let root = decisions.root(of);
    if decisions.root(alias) == root {
        return Err(Trouble::usage(format!("{alias} and {of} are one item already, under {root}")));
    }
    Ok(())
}

/// Says that a decision was written down, or needed not be.
fn noted(cli: &Cli, state: &Path, is_news: bool) -> Result<Exit, Ended> {
    if !cli.global.quiet {
        let file = state.join(crate::decided::FILE_NAME);
        match is_news {
            true => writeln!(io::stdout(), "noted in {}; the next pass shows it", file.display())?,
            false => writeln!(io::stdout(), "so it is already: there is nothing to note in {}", file.display())?,
        }
    }
    Ok(Exit::Done)
}

/// What is to be disregarded, as it was asked for.
pub(super) struct Asked<'a> {
    /// The file, as the store names it or as it lies.
    pub(super) file: &'a Path,
    /// The source that read it.
    pub(super) source: Option<&'a str>,
    /// The numbers of its contents; none: the only one that it had.
    pub(super) contents: &'a [u32],
}

/// Notes that contents of a file are to be disregarded, or no more.
pub(super) fn disregard(cli: &Cli, asked: &Asked<'_>, undo: bool) -> Result<Exit, Ended> {
    let config = configured_if_any(cli)?;
    let (state, _) = folders_of(cli, config.as_ref());
    let store = State::look(&state)?;
    let unusable = |error| state::unusable(&state, error);
    let ledger = store.ledger().map_err(unusable)?;
    let rows = rows_of(asked.file, config.as_ref(), &ledger);
    let given = asked.file.to_string_lossy();
    let Some(first) = rows.first() else {
        let below = format!("/{given}");
        let near = ledger.iter().find(|row| row.path.ends_with(&below));
        let help = "feedmill explain --item ID names the files that list an item".to_owned();
        return Err(Trouble::usage(format!("nothing was ever read of \"{given}\""))
            .help(near.map_or(help, |row| format!("did you mean \"{}\"?", row.path)))
            .into());
    };
    let mut histories = Vec::new();
    for known in store.known_sources().map_err(unusable)? {
        for row in rows.iter().filter(|row| row.source == known.no) {
            let contents = store.contents_of(row.source, &row.path).map_err(unusable)?;
            histories.push(History {
                source: known.name.clone(),
                contents: contents.iter().map(|c| (c.n, c.digest)).collect(),
            });
        }
    }
    // Another source that read it, and left the config, is only meant where it is named.
    let is_asked = |history: &History| match (asked.source, &config) {
        (Some(source), _) => source == history.source,
        (None, Some(config)) => config.sources.iter().any(|source| source.name == history.source),
        (None, None) => true,
    };
    let of: Vec<&History> = histories.iter().filter(|history| is_asked(history)).collect();
    let all = asked.source.is_none() && of.is_empty();
    let digests = meant(&given, asked, &histories, if all { histories.iter().collect() } else { of })?;
    let mut decided = Decided::read(&state)?;
    let decision = |disregard| Decision::Disregard { disregard, file: Some(first.path.clone()), undo };
    let is_news = decided.add_all(digests.into_iter().map(decision).collect())?;
    noted(cli, &state, is_news)
}

/// What the store knows of a file: as it names it, or as it lies seen from here.
fn rows_of<'l>(file: &Path, config: Option<&Config>, ledger: &'l [LedgerRow]) -> Vec<&'l LedgerRow> {
    let given = file.to_string_lossy();
    let named: Vec<&LedgerRow> = ledger.iter().filter(|row| row.path == given).collect();
    if !named.is_empty() {
        return named;
    }
    let here = place(file);
    let name = config::escaped(file.file_name().unwrap_or_default().as_bytes());
    let lies_here = |row: &&LedgerRow| {
        let sources = config.into_iter().flat_map(|config| &config.sources);
        let mut places = sources.filter_map(|source| place(&source.files.path(&row.path)?));
        row.path.ends_with(&*name) && places.any(|place| Some(place) == here)
    };
    ledger.iter().filter(lies_here).collect()
}

/// The contents that a source read of a file, by their numbers.
struct History {
    source: String,
    contents: BTreeMap<u32, u128>,
}

/// The contents that are meant, by the hashes of their bytes.
fn meant(given: &str, asked: &Asked<'_>, all: &[History], of: Vec<&History>) -> Result<BTreeSet<u128>, Trouble> {
    const DOUBT: &str = "which one is meant is not clear, and nothing was noted";
    let names = |of: &[&History]| of.iter().map(|history| history.source.as_str()).collect::<Vec<_>>().join(", ");
    if of.is_empty() {
        let source = asked.source.unwrap_or_default();
        return Err(Trouble::usage(format!("source \"{source}\" never read \"{given}\""))
            .help(format!("the sources that read it are {}", names(&all.iter().collect::<Vec<_>>()))));
    }
    let mut contents: BTreeMap<u32, BTreeSet<u128>> = BTreeMap::new();
    for (n, digest) in of.iter().flat_map(|history| &history.contents) {
        contents.entry(*n).or_default().insert(*digest);
    }
    let numbers = || contents.keys().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let had = || format!("{}: {}", Count(contents.len(), "content"), numbers());
    if let Some(n) = asked.contents.iter().find(|n| !contents.contains_key(n)) {
        return Err(Trouble::usage(format!("\"{given}\" had no content {n}, but {}", had()))
            .still("nothing was noted")
            .help("feedmill explain --item ID tells what each of them lists"));
    }
    let is_meant = |n: &u32| asked.contents.is_empty() || asked.contents.contains(n);
    let meant: Vec<&BTreeSet<u128>> = contents.iter().filter(|(n, _)| is_meant(n)).map(|(_, of)| of).collect();
    // Two sources that began to read it at different times count its contents differently.
    let others = of.windows(2).any(|pair| matches!(pair, [one, other] if one.contents != other.contents));
    let digests: BTreeSet<u128> = meant.iter().flat_map(|of| of.iter().copied()).collect();
    if others && (meant.iter().any(|of| of.len() > 1) || asked.contents.is_empty() && digests.len() > 1) {
        return Err(Trouble::usage(format!(
            "the sources that read \"{given}\" knew different contents of it: {}",
            names(&of)
        ))
        .still(DOUBT)
        .help("say whose is meant with --source NAME; feedmill explain --item ID tells both for each item"));
    }
    if asked.contents.is_empty() && digests.len() > 1 {
        return Err(Trouble::usage(format!("\"{given}\" had {}", had())).still(DOUBT).help(
            "say which with --content N, or several with --content N,M; feedmill explain --item ID tells what each lists",
        ));
    }
    Ok(digests)
}

/// Where a file lies, be it gone by now, alone or with its folder.
fn place(file: &Path) -> Option<PathBuf> {
    let file = std::path::absolute(file).ok()?;
    let folder = file.parent()?;
    Some(folder.canonicalize().unwrap_or_else(|_| folder.to_owned()).join(file.file_name()?))
}
