//! `export`, `import` and `backup`: all that was ever read, out of a store and back into an empty one.

use std::fs;
use std::io::BufRead;
use std::path::PathBuf;

use super::*;
use crate::store::Content;

/// The line that stands for a store that holds nothing: an export without a line is one that failed.
const NOTHING: &str = r#"{"schema":1,"empty":true}"#;

/// What every SQLite file begins with.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// `export`: the contents as lines of JSON.
pub(super) fn export(cli: &Cli) -> Result<Exit, Ended> {
    let (state, _) = folders(cli)?;
    let store = State::look(&state)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut failed, mut is_empty) = (None, true);
    store
        .export(&mut |content| {
            is_empty = false;
            if failed.is_none() {
                let line = serde_json::to_writer(&mut out, &content).map_err(io::Error::from);
                failed = line.and_then(|()| out.write_all(b"\n")).err();
            }
        })
        .map_err(|error| state::unusable(&state, error))?;
    match failed {
        Some(error) => Err(error.into()),
        None => {
            if is_empty {
                writeln!(out, "{NOTHING}")?;
            }
            out.flush()?;
            Ok(Exit::Done)
        }
    }
}

/// What `import` takes in.
#[derive(Default)]
struct History {
    is_backup: bool,
    contents: Vec<Content>,
    /// The lines of the decisions file, which a backup holds.
    decisions: Option<String>,
    /// The store may know less than what was published of it: feeds must not shrink.
    recovered: bool,
}

/// `import`: an export or a backup, into a store that holds nothing.
pub(super) fn import(cli: &Cli, file: Option<&Path>) -> Result<Exit, Ended> {
    let config = configured_if_any(cli)?;
    let (folder, _) = folders_of(cli, config.as_ref());
    let file = file.filter(|file| *file != Path::new("-"));
    let name = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
    let history = history_of(file, &name)?;
    let mut state = State::hold(&folder)?;
    let failed = |error| state::unusable(&folder, error);
    if !state.store.ledger().map_err(failed)?.is_empty() {
        return Err(Trouble::usage(format!("the store in \"{}\" is not empty", folder.display()))
            .help("import into a state folder of its own: --state DIR")
            .into());
    }
    // Before the contents: stopped in between, it is done again and finds its own lines.
    if let Some(decisions) = &history.decisions {
        state.decided.restore(&folder, decisions)?;
    }
    // What is published may be newer than what is taken in, and its files gone.
    let is_published = config.as_ref().is_some_and(|config| pass::is_published(config, &RealDisk));
    if history.recovered || is_published {
        state.store.note_recovery().map_err(failed)?;
    }
    let names: Vec<&str> = history.contents.iter().map(|content| content.source.as_str()).collect();
    state.store.source_numbers(&names).map_err(failed)?;
    // Whose sites these are the config says: filed under others, all items would be gone and new in the next pass.
    let terms = match &config {
        Some(config) => Pass::new(config, &RealDisk)
            .terms(&mut state.store, &state.decided)
            .map_err(|error| error.trouble(&folder))?,
        None => state.store.stored_terms(&state.decided.decisions).map_err(failed)?,
    };
    let count = history.contents.len();
    state.store.import(history.contents, &terms).map_err(|error| match error {
        StoreError::Unfit(what) => Trouble::usage(format!("cannot take in {name}")).because(what),
        error => state::unusable(&folder, error),
    })?;
    if let (false, Some(config)) = (history.recovered, &config) {
        let known = state.store.ids().map_err(failed)?;
        if !pass::lacks(config, &RealDisk, &known, &state.decided.decisions) {
            state.store.forget_recovery().map_err(failed)?;
        }
    }
    if !cli.global.quiet {
        let items = state.store.count().map_err(failed)?;
        let decisions = if history.decisions.is_some_and(|lines| !lines.is_empty()) { ", decisions" } else { "" };
        writeln!(io::stdout(), "{count} contents{decisions} taken in, {items} items; the next pass publishes them")?;
        let beside = folder.join(crate::decided::FILE_NAME);
        if !history.is_backup && !beside.exists() {
            let what = "an export holds no decisions: if anything was retracted, joined or disregarded, put";
            writeln!(io::stdout(), "{what} \"{}\" there before the next pass", beside.display())?;
        }
    }
    Ok(Exit::Done)
}

/// What a file holds, or standard input.
fn history_of(file: Option<&Path>, name: &str) -> Result<History, Trouble> {
    let unreadable = |error: io::Error| Trouble::usage(format!("cannot read {name}")).because(error);
    let mut bytes: Box<dyn BufRead> = match file {
        Some(file) => Box::new(io::BufReader::new(fs::File::open(file).map_err(unreadable)?)),
        None => Box::new(io::stdin().lock()),
    };
    let is_backup = bytes.fill_buf().map_err(unreadable)?.starts_with(SQLITE);
    match (is_backup, file) {
        (true, Some(file)) => of_backup(file),
        (true, None) => Err(Trouble::usage("a backup can't be read from standard input").help("name its file")),
        (false, _) => Ok(History { contents: of_export(bytes, name)?, ..History::default() }),
    }
}

fn of_export(lines: Box<dyn BufRead>, name: &str) -> Result<Vec<Content>, Trouble> {
    let mut contents: Vec<Content> = Vec::new();
    let mut says_nothing = false;
    for (index, line) in lines.lines().enumerate() {
        let line = line.map_err(|error| Trouble::usage(format!("cannot read {name}")).because(error))?;
        if line == NOTHING {
            says_nothing = true;
            continue;
        }
        let content: Content = serde_json::from_str(&line).map_err(|error| {
            Trouble::usage(format!("{name}:{}: not a line that export writes", index + 1))
                .because(error)
                .still("nothing was taken in")
                .help("see whether the export was cut short or changed: each of its lines is one JSON object")
        })?;
        let Content { schema, .. } = content;
        if schema != 1 {
            let what = format!("{name}:{}: expected schema 1, but found schema {schema}", index + 1);
            return Err(Trouble::usage(what).help("use the feedmill that exported it"));
        }
        contents.push(content);
    }
    if contents.is_empty() && !says_nothing {
        return Err(Trouble::usage(format!("{name} holds no line of an export"))
            .still("nothing was taken in")
            .help("see whether the export failed: of an empty store it is one line"));
    }
    Ok(contents)
}

fn of_backup(file: &Path) -> Result<History, Trouble> {
    let refused = |error: StoreError| {
        let help = match &error {
            StoreError::Newer { .. } => "use the feedmill that wrote it",
            _ => "take an older backup, or let a pass read the files that are still there",
        };
        Trouble::usage(format!("cannot take in the backup \"{}\"", file.display()))
            .because(error)
            .still("nothing was taken in")
            .help(help)
    };
    let backup = Sqlite::of_backup(file).map_err(refused)?;
    let mut history = History {
        is_backup: true,
        decisions: backup.decisions_within().map_err(refused)?,
        recovered: backup.is_recovered().map_err(refused)?,
        ..History::default()
    };
    backup.export(&mut |content| history.contents.push(content)).map_err(refused)?;
    Ok(history)
}

/// `backup`: the store and the decisions as one file, made beside whoever writes them.
///
/// The file comes into being whole: it is written beside, synced, and only then gets its name, which nobody may have.
pub(super) fn backup(cli: &Cli, file: &Path) -> Result<Exit, Ended> {
    let (folder, output) = folders(cli)?;
    if file.symlink_metadata().is_ok() {
        return Err(there(file).into());
    }
    let failed = |error: io::Error| {
        Trouble::unusable(format!("cannot write the backup \"{}\"", file.display()))
            .because(error)
            .still("the store is as it was")
            .help("name a file in a folder that is there, has room and can be written by this user")
    };
    let parent = match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let Some(name) = file.file_name() else {
        return Err(Trouble::usage(format!("\"{}\" is no name of a file", file.display())).into());
    };
    let real = parent.canonicalize().map_err(failed)?;
    if output.canonicalize().is_ok_and(|output| real.starts_with(output)) {
        return Err(Trouble::usage(format!("\"{}\" lies in what is published", file.display()))
            .help("a backup holds what is not for everybody: choose another folder")
            .into());
    }
    let store = State::look(&folder)?;
    let aside = real.join(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    // One may be left by a process of our number that was killed: not to be written into, for it may have other names.
    let _ = fs::remove_file(&aside);
    // SQLite takes an empty file for none.
    fs::File::create_new(&aside).map_err(failed)?;
    // The decisions come last: those that the store does not know yet are none that it lacks.
    let written = store
        .backup(&aside, || crate::decided::lines(&folder))
        .map_err(|error| match error {
            StoreError::Unusable(cause) => failed(io::Error::other(cause)),
            error => state::unusable(&folder, error),
        })
        .and_then(|()| {
            name_it(&aside, &real.join(name), &real).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => there(file),
                _ => failed(error),
            })
        });
    if let Err(trouble) = written {
        let _ = fs::remove_file(&aside);
        return Err(trouble.into());
    }
    let items = store.count().map_err(|error| state::unusable(&folder, error))?;
    let size = fs::metadata(file).map_or(0, |found| found.len());
    let mut out = io::stdout().lock();
    if cli.global.format == Format::Json {
        let file = file.to_string_lossy();
        writeln!(out, "{}", json!({"schema": 1, "file": file, "items": items, "bytes": size}))?;
    } else if !cli.global.quiet {
        writeln!(out, "{}: {items} items, {size} bytes", file.display())?;
    }
    Ok(Exit::Done)
}

fn there(file: &Path) -> Trouble {
    Trouble::usage(format!("\"{}\" is there already", file.display()))
        .still("it stays as it is")
        .help("name a new file: a backup never takes the place of another")
}

/// Gives a file that was written beside its name, unless somebody has that name.
fn name_it(aside: &Path, file: &Path, folder: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    fs::File::open(aside)?.sync_all()?;
    match renameat_with(CWD, aside, CWD, file, RenameFlags::NOREPLACE) {
        Ok(()) => {}
        // Some file systems can't rename so. A second name is refused as well where there is one.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            fs::hard_link(aside, file)?;
            fs::remove_file(aside)?;
        }
        Err(error) => return Err(error.into()),
    }
    fs::File::open(folder)?.sync_all()
}
