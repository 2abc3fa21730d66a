//! `retract`, `alias` and `disregard`: a line more in `decisions.jsonl`, for what is there to be decided of.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::{Ended, configured_if_any, folders, folders_of};
use crate::cli::Cli;
use crate::config;
use crate::decided::Decided;
use crate::mill::decisions::Decision;
use crate::pass;
use crate::publish::RealDisk;
use crate::report::Count;
use crate::state::{self, RECOVERED, State};
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
    let unusable = |error| state::unusable(&state.join(state::STORE), error);
    let decided = Decided::read(&state)?;
    // What is published may be more than a store knows that was made after it.
    let may_be_lost = matches!(decision, Decision::Retract { .. }) && store.has_note(RECOVERED).map_err(unusable)?;
    let is_told_of = |id| may_be_lost && (decided.decisions.names(id) || pass::is_shown(&output, &RealDisk, id));
    for id in named {
        if !store.knows(id).map_err(unusable)? && !is_told_of(id) {
            let elsewhere = if may_be_lost { ", no decision names it, and nothing published shows it" } else { "" };
            return Err(Trouble::usage(format!("no item has the id {id}{elsewhere}"))
                .help("feedmill items lists them")
                .into());
        }
    }
    if let Decision::Alias { alias, of } = &decision {
        if alias == of {
            return Err(Trouble::usage(format!("{alias} is named twice, and is one item already")).into());
        }
        if let Some(of) = decided.decisions.aliases.get(alias) {
            return Err(Trouble::usage(format!("{alias} is an alias already, of {of}")).into());
        }
    }
    add(cli, &state, decided, decision)
}

/// Adds the line, and says so.
fn add(cli: &Cli, state: &Path, mut decided: Decided, decision: Decision) -> Result<Exit, Ended> {
    decided.add(decision)?;
    if !cli.global.quiet {
        writeln!(io::stdout(), "noted in {}; the next pass shows it", state.join(crate::decided::FILE_NAME).display())?;
    }
    Ok(Exit::Done)
}

/// Notes that a content of `file` is to be disregarded, or no more: the only one that it had, or the one of this number.
pub(super) fn disregard(cli: &Cli, file: &Path, content: Option<u32>, undo: bool) -> Result<Exit, Ended> {
    let config = configured_if_any(cli)?;
    let (state, _) = folders_of(cli, config.as_ref());
    let store = State::look(&state)?;
    let unusable = |error| state::unusable(&state.join(state::STORE), error);
    let given = file.to_string_lossy();
    // As the store names it, or as it lies seen from here.
    let here = place(file);
    let name = config::escaped(file.file_name().unwrap_or_default().as_bytes());
    let lies_here = |row: &&LedgerRow| {
        let sources = config.iter().flat_map(|config| &config.sources);
        let mut places = sources.filter_map(|source| place(&source.files.path(&row.path)?));
        row.path.ends_with(&*name) && places.any(|place| Some(place) == here)
    };
    let ledger = store.ledger().map_err(unusable)?;
    let named = || ledger.iter().filter(|row| row.path == given);
    let rows: Vec<&LedgerRow> =
        if named().next().is_some() { named().collect() } else { ledger.iter().filter(lies_here).collect() };
    let Some(first) = rows.first() else {
        return Err(Trouble::usage(format!("nothing was ever read of \"{given}\""))
            .help("feedmill explain --item ID names the files that list an item")
            .into());
    };
    let mut contents = BTreeSet::new();
    for row in &rows {
        let known = store.contents_of(row.source, &row.path).map_err(unusable)?;
        contents.extend(known.iter().map(|known| (known.n, known.digest)));
    }
    let asked: BTreeSet<u128> =
        contents.iter().filter(|(n, _)| content.is_none_or(|asked| asked == *n)).map(|(_, digest)| *digest).collect();
    let mut asked = asked.into_iter();
    let (Some(disregard), None) = (asked.next(), asked.next()) else {
        let mut numbers: Vec<String> = contents.iter().map(|(n, _)| n.to_string()).collect();
        numbers.dedup();
        return Err(Trouble::usage(format!(
            "\"{given}\" had {}: {}",
            Count(numbers.len(), "content"),
            numbers.join(", ")
        ))
        .still("which one is meant is not clear, and nothing was noted")
        .help("say which with --content N; feedmill explain --item ID tells what each of them lists")
        .into());
    };
    let decided = Decided::read(&state)?;
    add(cli, &state, decided, Decision::Disregard { disregard, file: Some(first.path.clone()), undo })
}

/// Where a file lies, be it gone by now, alone or with its folder.
fn place(file: &Path) -> Option<PathBuf> {
    let file = std::path::absolute(file).ok()?;
    let folder = file.parent()?;
    Some(folder.canonicalize().unwrap_or_else(|_| folder.to_owned()).join(file.file_name()?))
}
