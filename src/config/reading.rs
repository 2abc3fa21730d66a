//! TOML to a config: every table and value is looked at, whatever is wrong with others.

mod apart;
mod feed;
mod source;
mod value;

use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use unicode_normalization::UnicodeNormalization as _;

use self::apart::globs_apart;
pub(super) use self::apart::{places_apart, real};
use super::files::Files;
use super::values::{self, Wrong};
use super::{
    Category, Complaint, Config, DEFAULT_LIMIT, Feed, Given, KEYS, Operations, Refusal, Serve, Source, Surroundings,
    Watch, WatchMode, WebSub,
};
use crate::mill::feed::Choice;
use crate::mill::scrape::{Layout, Part, read_layout};
use crate::report::first_of;

/// The most bytes of the path of a socket file (unix(7), `sun_path` without its end).
const LONGEST_SOCKET: usize = 107;

type Value<'t> = Spanned<DeValue<'t>>;

/// Checks the config `text` as though it had been read from `file`.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn parse(file: &Path, text: String, given: &Given, around: &Surroundings) -> Result<Config, Refusal> {
    let (document, broken) = DeTable::parse_recoverable(&text);
    if !broken.is_empty() {
        // What a file that is no TOML means is anybody's guess, so other complaints would mislead.
        let complaints = broken.iter().map(|error| {
            let what = format!("not TOML: {}", error.message());
            let Some(span) = error.span() else { return Complaint::whole(what) };
            let is_escape = text.get(..span.start).is_some_and(|before| before.ends_with('\\'));
            let complaint = Complaint::at(span, what);
            if is_escape {
                complaint.hint("in \"…\" a \\ begins an escape: write paths with /, and patterns in '…'")
            } else {
                complaint
            }
        });
        let complaints = sorted(complaints.collect());
        return Err(Refusal { file: Some(file.to_owned()), text, complaints });
    }
    let mut reader = Reader {
        folder: file.parent().unwrap_or(Path::new("")),
        own: Arc::default(),
        own_names: Vec::new(),
        written: Vec::new(),
        warnings: Vec::new(),
        without_site: Vec::new(),
        complaints: Vec::new(),
    };
    let config = reader.top(&document, file, given, around);
    let complaints = sorted(reader.complaints);
    match config {
        Some(config) if complaints.is_empty() => Ok(config),
        _ => Err(Refusal { file: Some(file.to_owned()), text, complaints }),
    }
}

fn sorted(mut complaints: Vec<Complaint>) -> Vec<Complaint> {
    complaints.sort_by_key(|complaint| complaint.span.as_ref().map(|span| span.start));
    complaints
}

fn part(key: &str) -> Option<Part> {
    Part::ALL.iter().find(|(name, _)| *name == key).map(|(_, part)| *part)
}

/// A table that is being read: what it is called, where it stands, what it holds.
struct Table<'t> {
    name: &'static str,
    span: Range<usize>,
    table: &'t DeTable<'t>,
}

impl<'t> Table<'t> {
    fn get(&self, key: &str) -> Option<&'t Value<'t>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// The place of the list under `key` if that is empty.
    fn empty_list(&self, key: &str) -> Option<Range<usize>> {
        let value = self.get(key)?;
        matches!(value.get_ref(), DeValue::Array(list) if list.is_empty()).then(|| value.span())
    }

    fn key_span(&self, key: &str) -> Range<usize> {
        self.table.keys().find(|name| name.get_ref() == key).map_or_else(|| self.span.clone(), Spanned::span)
    }
}

/// A source that was read, and its name. What cannot be used is missing.
type Named<'t> = (Option<Text<'t>>, Option<Source>);

/// A string and where it stands.
struct Text<'t> {
    text: &'t str,
    span: Range<usize>,
}

/// A pattern of a source and where it stands.
struct Written {
    /// The number of the source.
    source: usize,
    span: Range<usize>,
    files: Files,
}

struct Reader<'r> {
    folder: &'r Path,
    /// The layouts that the config itself writes.
    own: Arc<[Layout]>,
    /// What they are called, also those that cannot be read: a source that names one of them is right.
    own_names: Vec<String>,
    /// The patterns of all sources that can be read.
    written: Vec<Written>,
    warnings: Vec<String>,
    /// Sources whose name stands in for a site.
    without_site: Vec<String>,
    complaints: Vec<Complaint>,
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn keys_of(table: &str) -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter(move |(name, _)| *name == table).flat_map(|(_, keys)| keys.split(' '))
}

impl Reader<'_> {
    fn top(
        &mut self,
        document: &Spanned<DeTable<'_>>,
        file: &Path,
        given: &Given,
        around: &Surroundings,
    ) -> Option<Config> {
        let top = Table { name: "", span: 0..0, table: document.get_ref() };
        self.unknown_keys(&top);
        self.own = self.own_layouts(&top).into();

        let state = self.place(&top, "state");
        let output = self.place(&top, "output");
        let written = |text: &Option<Text<'_>>| text.as_ref().map(|text| self.folder.join(text.text));
        let (state_path, output_path) = super::places(given, around, self.folder, (written(&state), written(&output)));
        let base_url = self.parsed(&top, "base_url", values::base_url);
        let serve = self.serve(&top);
        let operations = self.operations(&top, serve.as_ref());
        let sources = self.source_tables(&top);
        self.warn_of_sites();
        let mut categories: Vec<Category> = Vec::new();
        for table in &self.tables(&top, "category", "[[category]]") {
            categories.extend(self.category(table, &sources, &categories));
        }
        let (feeds, feed_names) = self.feed_tables(&top, &sources, &categories);

        let is_whole = sources.iter().all(|(_, source)| source.is_some());
        let sources: Vec<Source> = sources.into_iter().filter_map(|(_, source)| source).collect();
        let mut config = Config {
            file: Some(file.to_owned()),
            state: state_path,
            output: output_path,
            base_url,
            pages: self.truth(&top, "pages").unwrap_or(true),
            precompress: self.truth(&top, "precompress").unwrap_or_default(),
            watch: self.watch(&top),
            serve,
            websub: self.websub(&top),
            operations,
            feeds: feeds.unwrap_or_else(|| a_feed_per_source(&sources)),
            sources,
            categories,
            warnings: std::mem::take(&mut self.warnings),
        };
        let mut complaints = command_line(given, &mut config);
        complaints.extend(hubs_without_address(&top, &config));
        let span = |text: Option<Text<'_>>, is_given: bool| text.filter(|_| !is_given).map(|text| text.span);
        let (state, output) = (span(state, given.state.is_some()), span(output, given.output.is_some()));
        complaints.extend(places_apart(&config, state, output));
        if complaints.is_empty() {
            complaints.extend(globs_apart(&config, &self.written, &feed_names));
        }
        self.complaints.extend(complaints);
        is_whole.then_some(config)
    }

    /// The tables `[layout.NAME]`.
    fn own_layouts(&mut self, top: &Table<'_>) -> Vec<Layout> {
        let Some(value) = top.get("layout") else { return Vec::new() };
        let DeValue::Table(layouts) = value.get_ref() else {
            let what = format!("`layout` must be tables, not {}", kind(value.get_ref()));
            let hint = "write [layout.NAME] on a line of its own; a source names it: layout = \"NAME\"";
            self.complain(top.key_span("layout"), what, hint);
            return Vec::new();
        };
        let mut own = Vec::new();
        for (key, table) in layouts.iter() {
            let name = key.get_ref();
            self.own_names.push(name.to_string());
            let DeValue::Table(keys) = table.get_ref() else {
                let what = format!("the layout `{name}` must be a table, not {}", kind(table.get_ref()));
                self.complain(key.span(), what, "write [layout.NAME] on a line of its own");
                continue;
            };
            if name == "auto" {
                let hint = "`auto` lets the file choose; give the layout another name";
                self.complain(key.span(), "a layout can't be called `auto`", hint);
            }
            match read_layout(name, &key.span(), keys) {
                Ok(layout) => own.push(layout),
                Err(flaws) => flaws.into_iter().for_each(|flaw| self.complain(flaw.span, flaw.what, flaw.hint)),
            }
        }
        own
    }

    /// How changes are noticed.
    fn watch(&mut self, top: &Table<'_>) -> Watch {
        let default = Watch::default();
        let Some(table) = self.table(top, "watch", "[watch]") else { return default };
        let modes = [("auto", WatchMode::Auto), ("events", WatchMode::Events), ("poll", WatchMode::Poll)];
        let (rescans, settles) =
            ((Duration::from_secs(1), Duration::from_hours(24)), (Duration::ZERO, Duration::from_hours(1)));
        Watch {
            mode: self.word(&table, "mode", &modes).unwrap_or_default(),
            rescan: self.duration(&table, "rescan", rescans).unwrap_or(default.rescan),
            settle: self.duration(&table, "settle", settles).unwrap_or(default.settle),
        }
    }

    /// Where the output is served.
    fn serve(&mut self, top: &Table<'_>) -> Option<Serve> {
        let table = self.table(top, "serve", "[serve]")?;
        if table.get("listen").is_none() && table.get("socket").is_none() {
            let hint = "write listen = \"127.0.0.1:8080\", or leave the table out to have no server";
            self.complain(top.key_span("serve"), "[serve] without `listen` or `socket`", hint);
        }
        let socket = self.place(&table, "socket").map(|text| (text.span, real(&self.folder.join(text.text))));
        let socket = socket.map(|(span, path)| {
            let length = path.as_os_str().len();
            if length > LONGEST_SOCKET {
                let what = format!(
                    "`socket`: the whole path has {length} bytes, and that of a socket file {LONGEST_SOCKET} at most"
                );
                self.complain(span, what, "choose a shorter one, as in \"/run/feedmill/http\"");
            }
            path
        });
        Some(Serve { listen: self.listen(&table), socket })
    }

    /// Whether and where the operator is told how things are: never where readers are served.
    fn operations(&mut self, top: &Table<'_>, serve: Option<&Serve>) -> Operations {
        let mut operations = Operations::default();
        if let Some(table) = self.table(top, "operations", "[operations]") {
            operations.publish = self.truth(&table, "publish").unwrap_or_default();
            operations.listen = self.listen(&table);
        }
        if let (Some(serve), Some(listen)) = (serve.and_then(|serve| serve.listen), operations.listen)
            && overlap(serve, listen)
        {
            let what = "[operations] and [serve] listen on the same address";
            let hint = "give [operations] a port of its own: what it tells is not for readers";
            self.complain(top.key_span("operations"), what, hint);
        }
        if let Some(listen) = operations.listen.filter(|listen| !listen.ip().is_loopback()) {
            self.warnings.push(format!(
                "[operations] listens on {listen}: whoever reaches it learns the names of sources and feeds, and how \
                 they do"
            ));
        }
        operations
    }

    /// Hundreds of sources without a site are one thing to know.
    fn warn_of_sites(&mut self) {
        let all: Vec<&str> = self.without_site.iter().map(String::as_str).collect();
        match all.as_slice() {
            [] => {}
            [one] => self.warnings.push(format!(
                "source {one:?} has no `site`, so its name stands in: ids are made of it, and change if it changes; \
                 write site = {one:?} to keep it whatever the source is called"
            )),
            all => self.warnings.push(format!(
                "{} have no `site`, so their names stand in: ids are made of these, and change if they change; write the \
                 name as the site of each, to keep it whatever the source is called",
                named(all)
            )),
        }
    }

    /// Who is told of changes.
    fn websub(&mut self, top: &Table<'_>) -> WebSub {
        let mut websub = WebSub::default();
        let Some(table) = self.table(top, "websub", "[websub]") else { return websub };
        websub.once = self.truth(&table, "once").unwrap_or(websub.once);
        let hubs = self.texts(&table, "hubs").unwrap_or_default();
        if hubs.len() > values::MAX_HUBS {
            let what = format!("{} hubs, more than the {} that can be told", hubs.len(), values::MAX_HUBS);
            self.complain(table.key_span("hubs"), what, "one hub is enough: each subscriber chooses one of them");
        }
        for text in hubs {
            let Some(hub) = self.take("hubs", &text.span, values::hub(text.text)) else { continue };
            if websub.hubs.contains(&hub) {
                self.complain(text.span, format!("the hub {hub} is named twice"), "leave one out");
            } else {
                websub.hubs.push(hub);
            }
        }
        websub
    }
}

/// Subscribers would ask a hub for the address of a feed.
fn hubs_without_address(top: &Table<'_>, config: &Config) -> Option<Complaint> {
    let is_missing = config.base_url.is_none() && top.get("base_url").is_none();
    (is_missing && !config.websub.hubs.is_empty()).then(|| {
        Complaint::at(top.key_span("websub"), "hubs, but no `base_url`").hint(
            "hubs and their subscribers need the address of a feed: write base_url = \"https://…/\" at the top, \
             where the output is served",
        )
    })
}

/// Whether one process cannot listen on both addresses.
fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    let any = a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() == b.port() && a.port() != 0 && (a.ip() == b.ip() || any)
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A name as a file system sees it for which case and composition make no difference.
pub(super) fn folded(name: &str) -> String {
    caseless::default_case_fold_str(&name.nfkc().collect::<String>()).nfkc().collect()
}

/// The feeds of a config without `[[feed]]`.
pub(super) fn a_feed_per_source(sources: &[Source]) -> Vec<Feed> {
    let feed = |(number, source): (usize, &Source)| Feed {
        name: source.name.clone(),
        title: source.title.clone(),
        sources: vec![number],
        choice: Choice::default(),
        keep: None,
        limit: DEFAULT_LIMIT,
    };
    sources.iter().enumerate().map(feed).collect()
}

/// Sources by their names, of very many only the first.
fn named(names: &[&str]) -> String {
    let s = if names.len() == 1 { "" } else { "s" };
    format!("source{s} {}", first_of(names.iter().map(|name| format!("{name:?}")), 5))
}

/// Puts what the command line says in the place of what the config says, and tells what is wrong with it.
pub(super) fn command_line(given: &Given, config: &mut Config) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut refuse = |option: &str, wrong: Wrong| {
        complaints.push(Complaint::outside(format!("{option}: {}", wrong.what)).hint(wrong.hint));
    };
    match given.base_url.as_deref().map(values::base_url) {
        Some(Ok(url)) => config.base_url = Some(url),
        Some(Err(wrong)) => refuse("--base-url", wrong),
        None => {}
    }
    match given.listen.as_deref().map(values::listen) {
        Some(Ok(listen)) => config.serve.get_or_insert_default().listen = Some(listen),
        Some(Err(wrong)) => refuse("--listen", wrong),
        None => {}
    }
    complaints
}
