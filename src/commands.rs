//! What the commands do: the library's rooms in the order that each of them needs, told to people or to programs.
//!
//! Reports go to standard output, everything else through the log to standard error. Standard output may be closed at
//! any time (`feedmill items | head`): that ends the command quietly.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use clap::CommandFactory;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tracing::level_filters::LevelFilter;

use crate::cli::{Cli, Command, Format};
use crate::config::{self, Config, NoConfig, Surroundings};
use crate::daemon::Daemon;
use crate::decided::Decided;
use crate::inbox::{self, KeepOut};
use crate::mill::decisions::Decision;
use crate::mill::identify::{self, Site};
use crate::mill::item::{Item, Key, Moment};
use crate::mill::scrape;
use crate::operations::{self, Operations, Standing};
use crate::pass::{self, Pass, PassError};
use crate::publish::RealDisk;
use crate::report::Report;
use crate::service::{self, Manager};
use crate::state::{self, State};
use crate::store::{SightedAt, Sqlite, Store, StoreError};
use crate::trouble::{Exit, Trouble, cure};

mod check;
mod decide;
mod explain;
mod history;
mod init;
mod look;
mod man;
mod pairs;
mod ping;
mod samples;
mod status;
mod unseen;
mod verify;

/// Runs the program with these arguments, its own name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> std::process::ExitCode {
    let cli = match Cli::read(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; anything else is wrong usage. A closed pipe is nobody's fault.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    start_log(&cli);
    let exit = match perform(&cli) {
        Ok(exit) => exit,
        Err(Ended::Quietly) => Exit::Done,
        Err(Ended::Told(exit)) => exit,
        Err(Ended::Trouble(trouble)) => {
            complain(&format!("feedmill: {trouble}"));
            trouble.exit
        }
    };
    exit.into()
}

/// Why a command ended before it was done.
enum Ended {
    /// Nobody reads its output any more.
    Quietly,
    /// What there is to say has been said.
    Told(Exit),
    /// The operator must see to something.
    Trouble(Trouble),
}

impl From<Trouble> for Ended {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Quietly,
            _ => Self::Trouble(Trouble::unusable("cannot write the report").because(error)),
        }
    }
}

/// What a command ends with that found something out: that nobody reads of it changes nothing of what it is.
fn found(exit: Exit, told: Result<(), Ended>) -> Result<Exit, Ended> {
    match told {
        Ok(()) | Err(Ended::Quietly) => Ok(exit),
        Err(error) => Err(error),
    }
}

fn start_log(cli: &Cli) {
    let watches = cli.watches();
    let level = match (cli.global.quiet, cli.global.verbose) {
        (true, _) => LevelFilter::ERROR,
        // What somebody started by hand reports at its end; what runs for weeks is asked for its past.
        (_, 0) if !watches => LevelFilter::WARN,
        (_, 1) if !watches => LevelFilter::INFO,
        (_, 0) => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    if watches && service::logs_to_journal() {
        let log = tracing_subscriber::fmt().with_writer(service::Journal).with_max_level(level).with_ansi(false);
        return log.with_target(false).with_level(false).without_time().init();
    }
    let colour = cli.global.color.wanted(io::stderr().is_terminal());
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level).with_ansi(colour);
    if watches {
        log.with_target(false).init();
    } else {
        log.with_target(false).without_time().init();
    }
}

fn complain(what: &str) {
    // If standard error is closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{what}");
}

/// The program as it was called, with what tells it where its config and its state are: a command that is to be run next
/// must find them, too.
fn called(cli: &Cli) -> String {
    let given = [("-c", &cli.global.config), ("--state", &cli.global.state)];
    let told = given
        .iter()
        .filter_map(|(flag, path)| Some(format!(" {flag} {}", in_shell(&path.as_ref()?.to_string_lossy()))));
    format!("feedmill{}", told.collect::<String>())
}

/// A path as a shell takes it.
fn in_shell(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | ':' | '=' | '@');
    if path.chars().all(is_plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// A path as it is named from the current folder, for a shell.
fn from_here(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    in_shell(&config::escaped(std::os::unix::ffi::OsStrExt::as_bytes(
        path.strip_prefix(here).unwrap_or(path).as_os_str(),
    )))
}

/// What is neither a folder nor a command, and like one.
fn misspelt(cli: &Cli) -> Option<Trouble> {
    let word = cli.dirs.iter().filter(|_| cli.command.is_none()).find(|dir| !dir.exists())?.to_str()?;
    let commands = Cli::command();
    let near = config::nearest(word, commands.get_subcommands().map(clap::Command::get_name))?;
    let what = format!("there is neither a folder nor a command {word:?}");
    Some(Trouble::usage(what).help(format!("did you mean `feedmill {near}`?")))
}

fn perform(cli: &Cli) -> Result<Exit, Ended> {
    cli.agree()?;
    if let Some(trouble) = misspelt(cli) {
        return Err(trouble.into());
    }
    match &cli.command {
        None if cli.watches() => watch(cli),
        None => pass(cli),
        Some(Command::Check { samples, .. }) => check::check(cli, *samples),
        Some(Command::Init { files }) => init::init(cli, files),
        Some(Command::Explain { file: Some(file), .. }) => explain::file(cli, file),
        Some(Command::Explain { item, .. }) => explain::item(cli, item.as_ref()),
        Some(Command::Items) => look::items(cli),
        Some(Command::Status) => status::status(cli),
        Some(Command::Verify { .. }) => verify::verify(cli),
        Some(Command::Retract { id, undo }) => {
            // Noted with the decision, so that no rendering ever asks the clock.
            let when = (!undo).then(operations::now);
            decide::decide(cli, Decision::Retract { retract: *id, undo: *undo, when })
        }
        Some(Command::Alias { new, old }) => decide::decide(cli, Decision::Alias { alias: *new, of: *old }),
        Some(Command::Disregard { file, source, contents, undo }) => {
            decide::disregard(cli, &decide::Asked { file, source: source.as_deref(), contents }, *undo)
        }
        Some(Command::Ping) => ping::ping(cli),
        Some(Command::Export) => history::export(cli),
        Some(Command::Import { file }) => history::import(cli, file.as_deref()),
        Some(Command::Backup { file }) => history::backup(cli, file),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "feedmill", &mut script);
            io::stdout().write_all(&script)?;
            Ok(Exit::Done)
        }
        Some(Command::Man) => {
            io::stdout().write_all(&man::page()?)?;
            Ok(Exit::Done)
        }
    }
}

/// What the operator says, checked; what of it is worth a line is logged.
fn load(cli: &Cli) -> Result<Config, NoConfig> {
    let config = config::load(&cli.given(), &Surroundings::of_process())?;
    config.warnings.iter().for_each(|warning| tracing::info!("{warning}"));
    Ok(config)
}

/// As [`load`] has it; what is wrong with it is told.
fn configured(cli: &Cli) -> Result<Config, Ended> {
    match load(cli) {
        Ok(config) => Ok(config),
        Err(NoConfig::Nothing) => {
            complain(&Cli::command().render_help().to_string());
            let call = match &cli.command {
                Some(Command::Check { .. }) => "feedmill check DIR",
                Some(Command::Verify { .. }) => "feedmill verify DIR",
                _ => "feedmill --once DIR",
            };
            complain(&format!("feedmill: neither a config nor a folder to read\n  help: {call}"));
            Err(Ended::Told(Exit::Usage))
        }
        Err(NoConfig::Refused(refusal)) => {
            let colour = cli.global.color.wanted(io::stderr().is_terminal());
            complain(refusal.render(colour).trim_end());
            Err(Ended::Told(Exit::Usage))
        }
    }
}

/// The config, if there is one: commands that look at the store or a file need none.
fn configured_if_any(cli: &Cli) -> Result<Option<Config>, Ended> {
    let is_there = config::find(&cli.given(), &Surroundings::of_process()).is_some();
    if is_there { configured(cli).map(Some) } else { Ok(None) }
}

/// The folders of state and output.
fn folders(cli: &Cli) -> Result<(std::path::PathBuf, std::path::PathBuf), Ended> {
    Ok(folders_of(cli, configured_if_any(cli)?.as_ref()))
}

fn folders_of(cli: &Cli, config: Option<&Config>) -> (std::path::PathBuf, std::path::PathBuf) {
    match config {
        Some(config) => (config.state.clone(), config.output.clone()),
        None => config::default_folders(&cli.given(), &Surroundings::of_process()),
    }
}

// ---- a pass ---------------------------------------------------------------------------------------------------------

fn pass(cli: &Cli) -> Result<Exit, Ended> {
    let config = configured(cli)?;
    let report = if cli.dry_run { dry_pass(cli, &config)? } else { wet_pass(cli, &config)? };
    report.warn(&BTreeSet::new());
    let exit = report.verdict(cli.dry_run);
    let told = tell(cli, &config, &report);
    if !cli.dry_run && config.websub.once {
        ping::after_pass(&config)?;
    }
    found(exit, told)
}

/// Watches until it is told to end.
fn watch(cli: &Cli) -> Result<Exit, Ended> {
    let config = configured(cli)?;
    let file = config.file.as_ref().map(|file| file.display().to_string());
    let reload = || {
        load(cli).map_err(|error| match error {
            NoConfig::Nothing => format!(
                "there is no \"{}\" any more: put it back, and reload again",
                file.as_deref().unwrap_or("feedmill.toml")
            ),
            NoConfig::Refused(refusal) => refusal.render(false),
        })
    };
    let tell = |report: &Report| {
        if cli.global.format == Format::Json {
            // If nobody reads the reports any more, the feeds are still made.
            let line = serde_json::to_string(report).unwrap_or_default();
            let _ = writeln!(io::stdout(), "{line}");
        }
    };
    let manager = Manager::of_process();
    Daemon { reload: &reload, tell: &tell, manager }.run(config)?;
    Ok(Exit::Done)
}

fn wet_pass(cli: &Cli, config: &Config) -> Result<Report, Trouble> {
    let mut held = None;
    let outcome = held_pass(cli, config, &mut held);
    // Where another feedmill holds the state, the telling is its business.
    if !matches!(&outcome, Err(trouble) if trouble.exit == Exit::Held) {
        let mended = held.as_mut().and_then(|state| state.mended.take());
        // The hubs that there are tell it when they are told.
        let hubs = config.websub.hubs.is_empty().then(Vec::new);
        let standing = Standing { mended, hubs, ..Standing::default() };
        Operations::of(&config.state).pass(config, outcome.as_ref(), true, &standing);
    }
    outcome
}

/// One pass; the state stays held in `held` when it is done.
fn held_pass(cli: &Cli, config: &Config, held: &mut Option<State>) -> Result<Report, Trouble> {
    let mut state = State::hold_beside(&config.state, || pass::is_published(config, &RealDisk))?;
    let report = match run_pass(cli, config, &mut state.store, &mut state.decided, false) {
        Err(PassError::Store(error @ (StoreError::Damaged(_) | StoreError::Refused(_)))) => {
            // Damage that only showed at work: once more, with what can be read of it.
            state = state.recover(&config.state, error)?;
            run_pass(cli, config, &mut state.store, &mut state.decided, false)
        }
        report => report,
    };
    let State { store, .. } = held.insert(state);
    let report = report.map_err(|error| error.trouble(&config.state))?;
    store.tidy().map_err(|error| state::unusable(&config.state, error))?;
    Ok(report)
}

fn dry_pass(cli: &Cli, config: &Config) -> Result<Report, Ended> {
    let unusable = |error| state::unusable(&config.state, error);
    let is_there = Sqlite::is_there(&config.state.join(state::STORE));
    let store = if is_there { State::look(&config.state)?.copy_to_memory() } else { Sqlite::in_memory() };
    let mut store = store.map_err(unusable)?;
    if !is_there && pass::is_published(config, &RealDisk) {
        store.note_recovery().map_err(unusable)?;
    }
    let mut decided = Decided::read(&config.state)?.noted_only();
    Ok(run_pass(cli, config, &mut store, &mut decided, true).map_err(|error| error.trouble(&config.state))?)
}

fn run_pass(
    cli: &Cli,
    config: &Config,
    store: &mut Sqlite,
    decided: &mut Decided,
    dry_run: bool,
) -> Result<Report, PassError> {
    let bar = progress_bar(cli);
    let recovered = store.is_recovered()?;
    let progress = |done: usize, of: usize| {
        if let Some(bar) = &bar {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        }
    };
    let pass = Pass {
        dry_run,
        prune: cli.prune,
        progress: &progress,
        recovered,
        parting: true,
        ..Pass::new(config, &RealDisk)
    };
    let report = pass.run(store, decided);
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    report
}

/// A bar for long passes, where somebody watches.
fn progress_bar(cli: &Cli) -> Option<ProgressBar> {
    if cli.global.quiet || cli.global.format == Format::Json || !io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::no_length();
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len} files").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    Some(bar)
}

fn tell(cli: &Cli, config: &Config, report: &Report) -> Result<(), Ended> {
    let mut out = io::stdout().lock();
    if cli.global.format == Format::Json {
        serde_json::to_writer(&mut out, report).map_err(io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    if cli.global.quiet {
        return Ok(());
    }
    write!(out, "{report}")?;
    if cli.dry_run && report.changed && report.shows_nothing() {
        writeln!(out, "a pass would note what it read, and change no feed")?;
    }
    if !cli.dry_run && config.file.is_none() {
        // Without a config nobody has told where the feeds are: say it.
        for feed in report.feeds.iter().filter(|feed| feed.items > 0) {
            for document in pass::documents(config, &feed.name) {
                writeln!(out, "  {}", document.display())?;
            }
        }
    }
    Ok(())
}
