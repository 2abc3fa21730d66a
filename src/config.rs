//! What the operator says, validated once, as a whole.
//!
//! A config is read to its end, and everything wrong with it is told at once, with its place and what would help:
//! nobody should have to mend a file one error at a time. What comes out needs no further checks: names are safe as
//! folders, patterns match nothing that feedmill writes, and the sources of every feed exist. The rest of the program
//! sees no TOML.
//!
//! Paths in a config start from its folder, on the command line from the current one.

mod complaint;
mod files;
mod folders;
mod reading;
mod values;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use complaint::{Complaint, Refusal};
pub(crate) use files::path_from;
pub use files::{Files, NeverRead, Root, escaped, never_read, unescaped};
pub use reading::parse;
pub(crate) use values::nearest;

use crate::mill::captured::{CapturedPattern, captured};
use crate::mill::feed::{Address, Choice, Keep};
use crate::mill::item::{Moment, Text};
use crate::mill::page::Page;
use crate::mill::scrape::{DateOrder, Fields, Form, Layout, Select, Terms};
use crate::mill::words::Words;
use crate::mill::zone::Zone;

/// How many items a feed's head holds when the config doesn't say.
pub const DEFAULT_LIMIT: usize = 50;

/// The name of a config where it is looked for.
pub const FILE_NAME: &str = "feedmill.toml";

/// A file longer than this is no config.
const MAX_CONFIG: u64 = 4 << 20;

/// Every table of a config with its keys; the top of the file is the table without a name.
pub const KEYS: &[(&str, &str)] = &[
    ("", "state output base_url pages precompress watch serve websub operations source category feed"),
    ("[watch]", "mode rescan settle"),
    ("[serve]", "listen socket"),
    ("[websub]", "hubs once"),
    ("[operations]", "publish listen"),
    (
        "[[source]]",
        "name files exclude site site_was title url language timezone format layout captured undated date_order empty \
         keep keep_at_least fields select",
    ),
    ("[source.fields]", "items title date summary credit kicker link id section"),
    ("[source.select]", "item title date summary credit kicker link id section"),
    ("[[category]]", "name topics include exclude in sources"),
    (
        "[[feed]]",
        "name title sources sites languages categories since until include exclude in limit keep keep_at_least",
    ),
];

/// Everything the operator says, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it was read from; `None` when folders on the command line stand in.
    pub file: Option<PathBuf>,
    /// The folder of the store.
    pub state: PathBuf,
    /// The folder that is published.
    pub output: PathBuf,
    /// Where the output is served, with a `/` at its end.
    pub base_url: Option<Address>,
    /// Whether there are pages for people and archives, and not only feeds.
    pub pages: bool,
    /// Whether a compressed sibling lies beside each document.
    pub precompress: bool,
    /// When to look.
    pub watch: Watch,
    /// The built-in server, if there is to be one.
    pub serve: Option<Serve>,
    /// Who is told when a feed has changed.
    pub websub: WebSub,
    /// Where feedmill tells about itself.
    pub operations: Operations,
    /// In the order of the config; names are unique.
    pub sources: Vec<Source>,
    /// In the order of the config; names are unique, even where case makes no difference.
    pub feeds: Vec<Feed>,
    /// In the order of the config; the folds of names are unique.
    pub categories: Vec<Category>,
    /// What is not wrong but worth a line: `check` and the log show it.
    pub warnings: Vec<String>,
}

impl Config {
    /// What helps where no file of this source is found.
    #[must_use]
    pub fn where_files_are_looked_for(&self, source: &Source) -> &'static str {
        match self.file {
            Some(_) if source.files.has_exceptions() => "look at its `files` and its `exclude`",
            Some(_) => "look at its `files`",
            None => "a folder is searched for *.txt, *.text and *.md; of others `feedmill init FILE…` drafts a config",
        }
    }
}

/// When the daemon looks at the sources' folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// What rings the bell.
    pub mode: WatchMode,
    /// The time between full looks.
    pub rescan: Duration,
    /// How long a file must stay unchanged when its writer gives no sign of having finished.
    pub settle: Duration,
}

impl Default for Watch {
    fn default() -> Self {
        Self { mode: WatchMode::Auto, rescan: Duration::from_secs(600), settle: Duration::from_secs(1) }
    }
}

/// What makes the daemon look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WatchMode {
    /// The system's events where there are any, else polling.
    #[default]
    Auto,
    /// The system's events, or an error.
    Events,
    /// Polling only.
    Poll,
}

/// The built-in server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Serve {
    /// An address to listen on.
    pub listen: Option<SocketAddr>,
    /// A socket file to listen on, absolute; for a proxy on the same machine.
    pub socket: Option<PathBuf>,
}

/// Who is told when a feed has changed (WebSub, of the W3C), so that subscribers need not ask again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSub {
    /// The hubs that the feeds name. There is a `base_url` if there are any.
    pub hubs: Vec<Address>,
    /// Whether a single pass tells them at its end, as the daemon always does.
    pub once: bool,
}

impl Default for WebSub {
    fn default() -> Self {
        Self { hubs: Vec::new(), once: true }
    }
}

/// Where feedmill tells about itself. Its troubles are not for subscribers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Operations {
    /// Whether the operations feed goes to the output instead of the state folder.
    pub publish: bool,
    /// A separate address for status and metrics.
    pub listen: Option<SocketAddr>,
}

/// A page that is scraped again and again: its files, and how to read them.
#[derive(Debug, Clone)]
pub struct Source {
    /// Unique, and safe as a folder's name.
    pub name: String,
    /// Which files are its scrapes.
    pub files: Files,
    /// The place that is scraped. Sources of the same site share its items.
    pub site: String,
    /// Names the site had before, the oldest first. All sources of a site have the same.
    pub site_was: Vec<String>,
    /// Shown as the origin of its items.
    pub title: String,
    /// The page that was scraped.
    pub url: Option<String>,
    /// A BCP 47 tag; `None` is `auto`.
    pub language: Option<String>,
    /// The zone of times of day that are printed without one.
    pub timezone: Zone,
    /// The form of its files; `None` is `auto`.
    pub form: Option<Form>,
    /// Where the fields of JSON and CSV stand; `None` is by their common names.
    pub fields: Option<Arc<Fields>>,
    /// Which elements of its web pages are the fields; `None` is the page as text.
    pub select: Option<Arc<Select>>,
    /// The layout to read with; `None` is `auto`.
    pub layout: Option<String>,
    /// The config's own layouts.
    pub layouts: Arc<[Layout]>,
    /// The form in which the names of its files state the time of capture, where it is one of their own.
    pub captured: Option<CapturedPattern>,
    /// What to do with an item that nothing dates.
    pub undated: Undated,
    /// How to read a date of three numbers.
    pub date_order: Option<DateOrder>,
    /// What a capture without items means.
    pub empty: Empty,
    /// For how long feeds show its items; `None`: for ever.
    pub keep: Option<Keep>,
}

impl Source {
    /// The name that ids are made under: the first the site ever had, so that a renamed site keeps its ids.
    #[must_use]
    pub fn namespace_site(&self) -> &str {
        self.site_was.first().unwrap_or(&self.site)
    }

    /// The name of `file`, a path without links, below the fixed part of the pattern that lists it. `None` when the
    /// source has no such file.
    #[must_use]
    pub fn name_below(&self, file: &Path) -> Option<String> {
        let below = self.files.roots().iter().filter_map(|root| {
            let folder = std::fs::canonicalize(&root.folder).ok()?;
            let below = file.strip_prefix(folder).ok()?.to_string_lossy().into_owned();
            self.files.would_list(root, &below).then_some(below)
        });
        // Of several patterns the one with the shortest fixed part.
        below.max_by_key(String::len)
    }

    /// The time of capture that a name states: that of a file below the fixed part of the pattern.
    #[must_use]
    pub fn stated(&self, name: &str) -> Option<Moment> {
        captured(self.captured.as_ref(), name)
    }

    /// The page that `bytes` hold. `name` is that of their file below the fixed part of the pattern.
    ///
    /// # Errors
    /// Why the bytes cannot be read: they are no text, or too large.
    pub fn page<'b>(&self, name: &str, bytes: &'b [u8]) -> Result<Page<'b>, String> {
        Page::open(bytes, name, self.captured.as_ref(), self.terms())
    }

    /// How its files are read, as far as that does not depend on their names.
    fn terms(&self) -> Terms {
        Terms {
            layout: self.layout.clone(),
            layouts: self.layouts.clone(),
            language: self.language.clone(),
            date_order: self.date_order,
            captured: None,
            form: self.form,
            url: self.url.clone(),
            fields: self.fields.clone(),
            select: self.select.clone(),
        }
    }
}

/// What to do with an item that has no date, in a file whose name states no time of capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Undated {
    /// It stays out of feeds.
    #[default]
    Skip,
    /// It gets the day it was first seen, recorded as a decision.
    FirstSeen,
}

/// What a capture without items means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Empty {
    /// That the page's layout changed; it is reported.
    #[default]
    Drift,
    /// Nothing: at times the page lists no items.
    Fine,
}

/// What readers subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Unique, and its folder below the output.
    pub name: String,
    /// Shown by readers.
    pub title: String,
    /// Indices into [`Config::sources`]: those to which its `sources`, `sites` and `languages` all apply. Their order
    /// decides which origin an item shows.
    pub sources: Vec<usize>,
    /// Which of their items it shows.
    pub choice: Choice,
    /// For how long; `None`: for ever.
    pub keep: Option<Keep>,
    /// How many of the newest items the head holds; 0 is all.
    pub limit: usize,
}

/// A category that the operator defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// As feeds show it.
    pub name: Text,
    /// The folds of the headings on pages that mean it, and of its own name.
    pub topics: Vec<String>,
    /// Indices into [`Config::sources`]; `None`: all of them.
    pub sources: Option<Vec<usize>>,
    /// Which other items belong to it.
    pub words: Words,
}

/// What the command line says in the place of a config.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `-c`.
    pub config: Option<PathBuf>,
    /// `DIR…`.
    pub dirs: Vec<PathBuf>,
    /// `--state`.
    pub state: Option<PathBuf>,
    /// `-o`.
    pub output: Option<PathBuf>,
    /// `--base-url`.
    pub base_url: Option<String>,
    /// `--listen`.
    pub listen: Option<String>,
}

/// What the process's surroundings say. It is a value, so that tests do not depend on where they run.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Where relative paths of the command line start; empty for the process's current folder.
    pub current: PathBuf,
    /// `$STATE_DIRECTORY`, as systemd sets it: folders separated by `:`, of which the first counts.
    pub state_directory: Option<OsString>,
    /// `$CONFIGURATION_DIRECTORY`, likewise; the first that has a config counts.
    pub configuration_directory: Option<OsString>,
}

impl Surroundings {
    /// The surroundings of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            current: PathBuf::new(),
            state_directory: std::env::var_os("STATE_DIRECTORY"),
            configuration_directory: std::env::var_os("CONFIGURATION_DIRECTORY"),
        }
    }
}

fn folders(list: Option<&OsString>) -> impl Iterator<Item = PathBuf> {
    list.into_iter().flat_map(|list| std::env::split_paths(list)).filter(|path| !path.as_os_str().is_empty())
}

/// Why there is no config.
#[derive(Debug, Clone)]
pub enum NoConfig {
    /// Neither a config nor a folder to read: help is the answer, and exit 2.
    Nothing,
    /// Something is wrong with what was written: exit 2.
    Refused(Box<Refusal>),
}

impl From<Refusal> for NoConfig {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// Reads and checks everything the operator says: the config, or the folders that stand in for one.
///
/// # Errors
///
/// [`NoConfig::Nothing`] when there is neither, otherwise everything that is wrong.
pub fn load(given: &Given, around: &Surroundings) -> Result<Config, NoConfig> {
    match (find(given, around), given.dirs.is_empty()) {
        (Some(file), true) => {
            let text = read(&file)?;
            Ok(parse(&file, text, given, around)?)
        }
        (None, true) => Err(NoConfig::Nothing),
        (None, false) => Ok(folders::config(given, around)?),
        (Some(file), false) => {
            let what = format!("folders on the command line, and a config as well: {}", file.display());
            let config = given.dirs.iter().find(|dir| is_config(dir));
            let hint = match config.filter(|_| given.config.is_none()) {
                Some(config) => format!("name a config with -c: -c {}", config.display()),
                None if !given.dirs.iter().all(|dir| dir.exists()) => {
                    "a command is put first, and feedmill --help lists them; folders are named where there is no config"
                        .to_owned()
                }
                None => "the config says which folders are read: leave the others out, or run where there is no config"
                    .to_owned(),
            };
            Err(Refusal::outside(Complaint::outside(what).hint(hint)).into())
        }
    }
}

/// Whether somebody may have named a config where folders are named.
fn is_config(dir: &Path) -> bool {
    dir.extension().is_some_and(|extension| extension == "toml")
}

/// A name for a source that is like `text`, whatever that holds.
#[must_use]
pub fn source_name(text: &str) -> String {
    values::mended(text)
}

/// What the source of a folder is called where there is no config, and its site: the path of the folder is one without
/// links.
#[must_use]
pub fn source_of_folder(folder: &Path) -> String {
    folder.file_name().map_or_else(|| "root".into(), |name| source_name(&name.to_string_lossy()))
}

/// `text` as a config writes it, in quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// The config that would be read: `-c`, or the first of `./feedmill.toml` and `$CONFIGURATION_DIRECTORY/feedmill.toml`
/// that is there.
#[must_use]
pub fn find(given: &Given, around: &Surroundings) -> Option<PathBuf> {
    if let Some(file) = &given.config {
        return Some(around.current.join(file));
    }
    std::iter::once(around.current.clone())
        .chain(folders(around.configuration_directory.as_ref()))
        .map(|folder| folder.join(FILE_NAME))
        .find(|file| file.symlink_metadata().is_ok())
}

/// The folders of state and output where there is no config. Commands that only look at the store go by them.
#[must_use]
pub fn default_folders(given: &Given, around: &Surroundings) -> (PathBuf, PathBuf) {
    places(given, around, &around.current, (None, None))
}

/// State and output: the command line comes before what the config has `written`, that before the service manager, and
/// that before the defaults in `folder`.
fn places(
    given: &Given,
    around: &Surroundings,
    folder: &Path,
    (state, output): (Option<PathBuf>, Option<PathBuf>),
) -> (PathBuf, PathBuf) {
    let on_the_line = |path: &Option<PathBuf>| path.as_ref().map(|path| around.current.join(path));
    let of_service = folders(around.state_directory.as_ref()).next();
    let state = on_the_line(&given.state).or(state).or(of_service.clone());
    let output = on_the_line(&given.output).or(output).or(of_service.map(|state| state.join("public")));
    (state.unwrap_or_else(|| folder.join(".feedmill")), output.unwrap_or_else(|| folder.join("public")))
}

fn read(file: &Path) -> Result<String, Refusal> {
    use std::io::Read as _;
    let refused = |what: String, hint: &str| Refusal::outside(Complaint::outside(what).hint(hint));
    let mut bytes = Vec::new();
    let done = std::fs::File::open(file).and_then(|file| file.take(MAX_CONFIG + 1).read_to_end(&mut bytes));
    if let Err(error) = done {
        let hint = "see whether the path is right and the file can be read by this user";
        return Err(refused(format!("cannot read the config {}: {error}", file.display()), hint));
    }
    if bytes.len() as u64 > MAX_CONFIG {
        return Err(refused(format!("{} is too large for a config", file.display()), "is it the right file?"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let what = format!("the config {} is not UTF-8: line {line} holds other bytes", file.display());
        refused(what, "save it as UTF-8")
    })
}
