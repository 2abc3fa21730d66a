//! TOML to a config: every table and value is looked at, whatever is wrong with those before it.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::{TZ_VARIANTS, Tz};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use unicode_normalization::UnicodeNormalization as _;

use super::files::{Files, FilesBuilder, Root};
use super::values::{self, Wrong, nearest};
use super::{
    Category, Complaint, Config, DEFAULT_LIMIT, Empty, Feed, Given, KEYS, Operations, Refusal, Serve, Source,
    Surroundings, Undated, Watch, WatchMode, WebSub,
};
use crate::mill::captured::CapturedPattern;
use crate::mill::feed::{Choice, Keep};
use crate::mill::identify::fold;
use crate::mill::scrape::{At, DateOrder, Fields, Form, Layout, Part, Select, read_layout};
use crate::mill::words::{Pattern, Where, Words};

type Value<'t> = Spanned<DeValue<'t>>;

/// Reads the config `text` of the file `file`.
pub(super) fn config(
    file: &Path,
    text: String,
    given: &Given,
    around: &Surroundings,
    layouts: &[&str],
) -> Result<Config, Refusal> {
    let (document, broken) = DeTable::parse_recoverable(&text);
    if !broken.is_empty() {
        // What stands in a file that is no TOML is anybody's guess: complaints about it would mislead.
        let complaints = broken.iter().map(|error| {
            let what = format!("not TOML: {}", error.message());
            error.span().map_or_else(|| Complaint::outside(what.clone()), |span| Complaint::at(span, what.clone()))
        });
        let complaints = sorted(complaints.collect());
        return Err(Refusal { file: Some(file.to_owned()), text, complaints });
    }
    let mut reader = Reader {
        folder: file.parent().unwrap_or(Path::new("")),
        layouts,
        own: std::sync::Arc::default(),
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

/// A table being read: what it is called, where it begins, what it holds.
struct Table<'t> {
    name: &'static str,
    span: Range<usize>,
    table: &'t DeTable<'t>,
}

impl<'t> Table<'t> {
    fn get(&self, key: &str) -> Option<&'t Value<'t>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn key_span(&self, key: &str) -> Range<usize> {
        self.table.keys().find(|name| name.get_ref() == key).map_or_else(|| self.span.clone(), Spanned::span)
    }
}

/// A string and where it stands.
struct Text<'t> {
    text: &'t str,
    span: Range<usize>,
}

/// A glob and where it stands.
struct Written {
    source: usize,
    span: Range<usize>,
    files: Files,
}

struct Reader<'r> {
    folder: &'r Path,
    layouts: &'r [&'r str],
    /// The layouts that the config itself writes.
    own: std::sync::Arc<[Layout]>,
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

fn keys_of(table: &str) -> &'static [&'static str] {
    KEYS.iter().find(|(name, _)| *name == table).map_or(&[], |(_, keys)| keys)
}

impl Reader<'_> {
    fn complain(&mut self, complaint: Complaint) {
        self.complaints.push(complaint);
    }

    fn wrong(&mut self, key: &str, span: &Range<usize>, wrong: Wrong) {
        let mut complaint = Complaint::at(span.clone(), format!("`{key}`: {}", wrong.what));
        complaint.hints.extend(wrong.hint);
        self.complain(complaint);
    }

    /// Passes a value on, or complains about it.
    fn take<T>(&mut self, key: &str, span: &Range<usize>, value: Result<T, Wrong>) -> Option<T> {
        value.map_err(|wrong| self.wrong(key, span, wrong)).ok()
    }

    fn wrong_kind(&mut self, key: &str, value: &Value<'_>, wanted: &str, example: &str) {
        let what = format!("`{key}` must be {wanted}, not {}", kind(value.get_ref()));
        self.complain(Complaint::at(value.span(), what).hint(format!("write {example}")));
    }

    fn unknown_keys(&mut self, table: &Table<'_>) {
        let known = keys_of(table.name);
        for key in table.table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) || table.name.is_empty() && name == "layout" {
                continue;
            }
            let place = if table.name.is_empty() { "at the top" } else { table.name };
            let complaint = Complaint::at(
                key.span(),
                format!("unknown key `{name}` {}{place}", if place == table.name { "in " } else { "" }),
            );
            let elsewhere = KEYS.iter().find(|(other, keys)| *other != table.name && keys.contains(&name));
            let hint = match (nearest(name, known.iter().copied()), elsewhere) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, Some(("", _))) => format!("`{name}` belongs at the top of the file, before the first table"),
                (None, Some((other, _))) => format!("`{name}` belongs to {other}"),
                (None, None) => format!("the keys here are {}", listed(known)),
            };
            self.complain(complaint.hint(hint));
        }
    }

    fn text<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Text<'t>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                self.complain(
                    Complaint::at(value.span(), format!("`{key}` is empty"))
                        .hint("leave the key out to have its default"),
                );
                None
            }
            DeValue::String(text) => Some(Text { text, span: value.span() }),
            other => {
                let example = match other {
                    DeValue::Integer(number) => format!("{key} = \"{number}\""),
                    DeValue::Boolean(truth) => format!("{key} = \"{truth}\""),
                    _ => format!("{key} = \"…\""),
                };
                self.wrong_kind(key, value, "a string", &example);
                None
            }
        }
    }

    /// A string that is shown to people.
    fn title<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<String> {
        let text = self.text(table, key)?;
        match crate::mill::item::Text::new(text.text) {
            Some(clean) if clean.as_str() == text.text.trim() => Some(clean.into()),
            _ => {
                let complaint = Complaint::at(text.span, format!("`{key}` holds a line break or a control character"));
                self.complain(complaint.hint("write it on one line"));
                None
            }
        }
    }

    fn texts<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Vec<Text<'t>>> {
        let value = table.get(key)?;
        let DeValue::Array(array) = value.get_ref() else {
            let example = match value.get_ref() {
                DeValue::String(text) => format!("{key} = [{text:?}]"),
                _ => format!("{key} = [\"…\"]"),
            };
            self.wrong_kind(key, value, "a list of strings", &example);
            return None;
        };
        let mut texts = Vec::new();
        for value in array.iter() {
            match value.get_ref() {
                DeValue::String(text) => texts.push(Text { text, span: value.span() }),
                _ => self.wrong_kind(key, value, "a list of strings", &format!("{key} = [\"…\"]")),
            }
        }
        Some(texts)
    }

    fn truth(&mut self, table: &Table<'_>, key: &str) -> Option<bool> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(truth) => Some(*truth),
            _ => {
                self.wrong_kind(key, value, "true or false", &format!("{key} = true"));
                None
            }
        }
    }

    /// One of a few words.
    fn word<T: Copy>(&mut self, table: &Table<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(table, key)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.text) {
            return Some(*value);
        }
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let hint = match nearest(text.text, all.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                format!("it can be {}", all.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or "))
            }
        };
        self.complain(Complaint::at(text.span, format!("`{key}` can't be {:?}", text.text)).hint(hint));
        None
    }

    fn duration(
        &mut self,
        table: &Table<'_>,
        key: &str,
        default: std::time::Duration,
        limits: (std::time::Duration, std::time::Duration),
    ) -> std::time::Duration {
        let Some(value) = table.get(key) else { return default };
        if let DeValue::Integer(number) = value.get_ref() {
            let what = format!("`{key}` must be a string with a unit, not a number");
            self.complain(Complaint::at(value.span(), what).hint(format!("write {key} = \"{number}s\" for seconds")));
            return default;
        }
        let Some(text) = self.text(table, key) else { return default };
        let Some(duration) = self.take(key, &text.span, values::duration(text.text)) else { return default };
        if duration < limits.0 || duration > limits.1 {
            let what = format!("`{key}` can't be {:?}", text.text);
            self.complain(Complaint::at(text.span, what).hint(format!("it can be {:?} to {:?}", limits.0, limits.1)));
        }
        duration
    }

    fn listen(&mut self, table: &Table<'_>) -> Option<std::net::SocketAddr> {
        let text = self.text(table, "listen")?;
        self.take("listen", &text.span, values::listen(text.text))
    }

    /// The single table under `key` at the top.
    fn table<'t>(&mut self, top: &Table<'t>, key: &str, name: &'static str) -> Option<Table<'t>> {
        let value = top.get(key)?;
        if let DeValue::Table(table) = value.get_ref() {
            let table = Table { name, span: value.span(), table };
            self.unknown_keys(&table);
            return Some(table);
        }
        let what = format!("`{key}` must be one table, not {}", kind(value.get_ref()));
        self.complain(Complaint::at(top.key_span(key), what).hint(format!("write {name} on a line of its own")));
        None
    }

    /// The tables under `key` at the top.
    fn tables<'t>(&mut self, top: &Table<'t>, key: &str, name: &'static str) -> Vec<Table<'t>> {
        let Some(value) = top.get(key) else { return Vec::new() };
        let mut tables = Vec::new();
        if let DeValue::Array(array) = value.get_ref() {
            for value in array.iter() {
                if let DeValue::Table(table) = value.get_ref() {
                    let table = Table { name, span: value.span(), table };
                    self.unknown_keys(&table);
                    tables.push(table);
                } else {
                    self.complain(not_tables(value.span(), key, name, value.get_ref()));
                }
            }
        } else {
            self.complain(not_tables(top.key_span(key), key, name, value.get_ref()));
        }
        tables
    }

    /// The tables `[layout.NAME]`.
    fn own_layouts(&mut self, top: &Table<'_>) -> Vec<Layout> {
        let Some(value) = top.get("layout") else { return Vec::new() };
        let DeValue::Table(layouts) = value.get_ref() else {
            let what = format!("`layout` must be tables, not {}", kind(value.get_ref()));
            let hint = "write [layout.NAME] on a line of its own; a source names it: layout = \"NAME\"";
            self.complain(Complaint::at(top.key_span("layout"), what).hint(hint));
            return Vec::new();
        };
        let mut own = Vec::new();
        for (name, table) in layouts.iter() {
            let DeValue::Table(keys) = table.get_ref() else {
                let what = format!("the layout `{}` must be a table, not {}", name.get_ref(), kind(table.get_ref()));
                self.complain(Complaint::at(name.span(), what).hint("write [layout.NAME] on a line of its own"));
                continue;
            };
            if name.get_ref() == "auto" {
                let complaint = Complaint::at(name.span(), "a layout can't be called `auto`");
                self.complain(complaint.hint("`auto` lets the file choose; give the layout another name"));
            }
            match read_layout(name.get_ref(), &name.span(), keys) {
                Ok(layout) => own.push(layout),
                Err(flaws) => {
                    for flaw in flaws {
                        self.complain(Complaint::at(flaw.span, flaw.what).hint(flaw.hint));
                    }
                }
            }
        }
        own
    }

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

        let state = self.text(&top, "state");
        let output = self.text(&top, "output");
        let (state_path, output_path) =
            super::places(given, around, self.folder, state.as_ref().map(|t| t.text), output.as_ref().map(|t| t.text));
        let base_url = self.text(&top, "base_url");
        let base_url = base_url.and_then(|text| self.take("base_url", &text.span, values::base_url(text.text)));

        let mut watch = Watch::default();
        if let Some(table) = self.table(&top, "watch", "[watch]") {
            let modes = [("auto", WatchMode::Auto), ("events", WatchMode::Events), ("poll", WatchMode::Poll)];
            watch.mode = self.word(&table, "mode", &modes).unwrap_or_default();
            let (second, hour, day) = (secs(1), secs(3600), secs(86_400));
            watch.rescan = self.duration(&table, "rescan", watch.rescan, (second, day));
            watch.settle = self.duration(&table, "settle", watch.settle, (secs(0), hour));
        }
        let mut serve = None;
        if let Some(table) = self.table(&top, "serve", "[serve]") {
            if table.get("listen").is_none() {
                let complaint = Complaint::at(top.key_span("serve"), "[serve] without `listen`");
                self.complain(
                    complaint.hint("write listen = \"127.0.0.1:8080\", or leave the table out to have no server"),
                );
            }
            serve = self.listen(&table).map(|listen| Serve { listen });
        }
        let websub = self.websub(&top);
        let mut operations = Operations::default();
        if let Some(table) = self.table(&top, "operations", "[operations]") {
            operations.publish = self.truth(&table, "publish").unwrap_or_default();
            operations.listen = self.listen(&table);
        }

        let mut warnings = Vec::new();
        let mut written = Vec::new();
        let tables = self.tables(&top, "source", "[[source]]");
        if tables.is_empty()
            && top.get("source").is_none_or(|v| matches!(v.get_ref(), DeValue::Array(a) if a.is_empty()))
        {
            let hint = "add a [[source]] with a name and files, as in name = \"news\", files = [\"scrapes/**/*.txt\"]";
            self.complain(Complaint::outside("no [[source]]: there is nothing to read").hint(hint));
        }
        let mut names: Vec<Option<Text<'_>>> = Vec::new();
        let mut sources = Vec::new();
        for (number, table) in tables.iter().enumerate() {
            let (name, source) = self.source(table, number, &mut written, &mut warnings);
            if let Some(name) = &name
                && let Some(before) = names.iter().flatten().find(|before| before.text == name.text)
            {
                let what = format!("two sources are named {:?}", name.text);
                let complaint = Complaint::at(name.span.clone(), what).see(before.span.clone(), "the first");
                self.complain(complaint.hint("give each its own name, or put all patterns into one source"));
            }
            names.push(name);
            sources.push(source);
        }
        self.sites(&tables, &sources);

        let mut categories: Vec<Category> = Vec::new();
        for table in &self.tables(&top, "category", "[[category]]") {
            categories.extend(self.category(table, &names, &categories));
        }
        let feed_tables = self.tables(&top, "feed", "[[feed]]");
        let mut feeds = Vec::new();
        let mut feed_names: Vec<Text<'_>> = Vec::new();
        for table in &feed_tables {
            let name = self.name(table);
            let feed =
                self.feed(table, (&names, &sources), &categories, name.as_ref().map(|name| name.text), &mut warnings);
            feed_names.extend(name);
            feeds.extend(feed);
        }
        if feed_tables.is_empty() {
            feed_names.extend(names.iter().flatten().map(|name| Text { text: name.text, span: name.span.clone() }));
        }
        self.same_folder(&feed_names, feed_tables.is_empty());
        if !feed_tables.is_empty() {
            for (number, name) in names.iter().enumerate() {
                if let Some(name) = name
                    && !feeds.iter().any(|feed: &Feed| feed.sources.contains(&number))
                {
                    warnings.push(format!("source {:?} is in no feed", name.text));
                }
            }
        }

        let whole = sources.iter().all(Option::is_some);
        let sources: Vec<Source> = sources.into_iter().flatten().collect();
        if whole && feed_tables.is_empty() {
            feeds = a_feed_per_source(&sources);
        }
        let mut config = Config {
            file: Some(file.to_owned()),
            state: state_path,
            output: output_path,
            base_url,
            watch,
            serve,
            websub,
            operations,
            sources,
            feeds,
            categories,
            warnings,
        };
        let mut complaints = Vec::new();
        command_line(given, &mut config, &mut complaints);
        if config.base_url.is_none() && !config.websub.hubs.is_empty() && top.get("base_url").is_none() {
            let complaint = Complaint::at(top.key_span("websub"), "hubs, but no `base_url`");
            complaints.push(complaint.hint(
                "hubs and their subscribers need the address of a feed: write base_url = \"https://…/\" at the top, \
                 where the output is served",
            ));
        }
        let span = |text: Option<Text<'_>>, given: bool| text.filter(|_| !given).map(|text| text.span);
        complaints.extend(places_apart(
            &config,
            span(state, given.state.is_some()),
            span(output, given.output.is_some()),
        ));
        if complaints.is_empty() {
            complaints.extend(globs_apart(&config, &written, &feed_names));
        }
        self.complaints.extend(complaints);
        whole.then_some(config)
    }

    fn name<'t>(&mut self, table: &Table<'t>) -> Option<Text<'t>> {
        let Some(value) = table.get("name") else {
            let complaint = Complaint::at(table.span.clone(), format!("{} without a `name`", table.name));
            self.complain(complaint.hint("add name = \"…\": short, and for good, because addresses are made of it"));
            return None;
        };
        let DeValue::String(text) = value.get_ref() else {
            let _ = self.text(table, "name");
            return None;
        };
        let _ = self.take("name", &value.span(), values::name(text));
        Some(Text { text, span: value.span() })
    }

    fn source<'t>(
        &mut self,
        table: &Table<'t>,
        number: usize,
        written: &mut Vec<Written>,
        warnings: &mut Vec<String>,
    ) -> (Option<Text<'t>>, Option<Source>) {
        let name = self.name(table);
        let files = self.files(table, number, written);
        let shown = name.as_ref().map_or("?", |name| name.text).to_owned();
        let site = self.title(table, "site");
        if site.is_none() && table.get("site").is_none() {
            warnings.push(format!(
                "source {shown:?} has no `site`, so its name stands in: ids are made of it, and change if it changes; \
                 write site = {shown:?} to keep it whatever the source is called"
            ));
        }
        let mut site_was = Vec::new();
        for text in self.texts(table, "site_was").unwrap_or_default() {
            match crate::mill::item::Text::new(text.text) {
                Some(clean) if clean.as_str() == text.text.trim() => site_was.push(clean.into()),
                _ => self.complain(
                    Complaint::at(text.span, format!("`site_was` can't hold {:?}", text.text))
                        .hint("write the names the site had before, as they stood in `site`, the oldest first"),
                ),
            }
        }
        let title = self.title(table, "title");
        let url = self.text(table, "url").and_then(|text| self.take("url", &text.span, values::url(text.text)));
        let language = self.text(table, "language");
        let language =
            language.and_then(|text| self.take("language", &text.span, values::language(text.text))).flatten();
        let timezone = self.timezone(table).unwrap_or(Tz::UTC);
        let forms: Vec<(&str, Option<Form>)> =
            std::iter::once(("auto", None)).chain(Form::ALL.map(|(name, form)| (name, Some(form)))).collect();
        let form = self.word(table, "format", &forms).flatten();
        let fields = self.fields(table);
        let select = self.select(table);
        let own = std::sync::Arc::clone(&self.own);
        let layouts = self.layouts.iter().copied().chain(own.iter().map(Layout::name));
        let layouts: Vec<(&str, &str)> = layouts.map(|name| (name, name)).collect();
        // `undated + newsroom`: a file with a list in each.
        let known = |name: &str| name != "auto" && layouts.iter().any(|(word, _)| *word == name);
        let pair = match table.get("layout").map(|value| value.get_ref()) {
            Some(DeValue::String(text)) => text
                .split_once(Layout::THEN)
                .is_some_and(|(one, next)| known(one) && known(next))
                .then(|| text.to_string()),
            _ => None,
        };
        let layout = match pair {
            Some(pair) => Some(pair),
            None => self.word(table, "layout", &layouts).filter(|name| *name != "auto").map(str::to_owned),
        };
        let captured = self.text(table, "captured").and_then(|text| {
            let pattern = CapturedPattern::parse(text.text);
            let hint = "write it like the names of the files: captured = \"news-%Y%m%d-%H%M.txt\"".to_owned();
            self.take("captured", &text.span, pattern.map_err(|what| Wrong { what, hint: Some(hint) }))
        });
        let undated = [("skip", Undated::Skip), ("first-seen", Undated::FirstSeen)];
        let undated = self.word(table, "undated", &undated).unwrap_or_default();
        let orders = [("dmy", DateOrder::Dmy), ("mdy", DateOrder::Mdy), ("ymd", DateOrder::Ymd)];
        let date_order = self.word(table, "date_order", &orders);
        let empty = self.word(table, "empty", &[("drift", Empty::Drift), ("fine", Empty::Fine)]).unwrap_or_default();
        let keep = self.keep(table);
        let source = files.map(|files| Source {
            site: site.unwrap_or_else(|| shown.clone()),
            title: title.unwrap_or_else(|| shown.clone()),
            name: shown,
            files,
            site_was,
            url,
            language,
            timezone,
            form,
            fields,
            select,
            layout,
            layouts: own,
            captured,
            undated,
            date_order,
            empty,
            keep,
        });
        let source = if name.is_some() { source } else { None };
        (name, source)
    }

    /// Who is told of changes.
    fn websub(&mut self, top: &Table<'_>) -> WebSub {
        let mut websub = WebSub::default();
        let Some(table) = self.table(top, "websub", "[websub]") else { return websub };
        websub.once = self.truth(&table, "once").unwrap_or(websub.once);
        let hubs = self.texts(&table, "hubs").unwrap_or_default();
        if hubs.len() > values::MAX_HUBS {
            let what = format!("{} hubs, more than the {} that can be told", hubs.len(), values::MAX_HUBS);
            let hint = "one hub is enough: each subscriber chooses one of them";
            self.complain(Complaint::at(table.key_span("hubs"), what).hint(hint));
        }
        for text in hubs {
            let Some(hub) = self.take("hubs", &text.span, values::hub(text.text)) else { continue };
            if websub.hubs.contains(&hub) {
                let complaint = Complaint::at(text.span, format!("the hub {hub} is named twice"));
                self.complain(complaint.hint("leave one out"));
            } else {
                websub.hubs.push(hub);
            }
        }
        websub
    }

    /// Where the fields of JSON and CSV stand.
    fn fields(&mut self, source: &Table<'_>) -> Option<Arc<Fields>> {
        let table = self.table(source, "fields", "[source.fields]")?;
        let mut fields = Fields::default();
        for key in keys_of(table.name) {
            let Some(value) = table.get(key) else { continue };
            // The number of a column may be written as one.
            let (text, span) = match value.get_ref() {
                DeValue::Integer(number) => (number.as_str().to_owned(), value.span()),
                _ => match self.text(&table, key) {
                    Some(text) => (text.text.to_owned(), text.span),
                    None => continue,
                },
            };
            let hint = "write a path as in \"$.results[*]\", or the name or number of a column".to_owned();
            let at = At::new(&text).map_err(|what| Wrong { what, hint: Some(hint) });
            let Some(at) = self.take(key, &span, at) else { continue };
            match part(key) {
                Some(part) => fields.parts.push((part, at)),
                None if text.starts_with('$') => fields.items = Some(at),
                None => {
                    let complaint = Complaint::at(span, format!("`items` is no path: {text:?}"));
                    self.complain(complaint.hint("a path begins with `$`, as in items = \"$.results[*]\""));
                }
            }
        }
        if !fields.parts.is_empty() && table.get("title").is_none() {
            let complaint = Complaint::at(table.span.clone(), "[source.fields] without `title`: an item needs one");
            self.complain(complaint.hint("where one field is said, no other is guessed: add title = \"…\""));
        }
        Some(Arc::new(fields))
    }

    /// Which elements of a page are the fields.
    fn select(&mut self, source: &Table<'_>) -> Option<Arc<Select>> {
        let table = self.table(source, "select", "[source.select]")?;
        for key in ["item", "title"] {
            if table.get(key).is_none() {
                let complaint = Complaint::at(table.span.clone(), format!("[source.select] without `{key}`"));
                self.complain(
                    complaint.hint(format!("add {key} = \"…\": a CSS selector, as in \"article\" or \"h2 a\"")),
                );
            }
        }
        let mut item = None;
        let mut parts = Vec::new();
        for key in keys_of(table.name) {
            let Some(text) = self.text(&table, key) else { continue };
            if let Err(bad) = Select::check(text.text) {
                // A string of one line in simple quotes stands in the file letter by letter.
                let at = text.span.start + 1 + bad.at;
                let plain = text.span.len() == text.text.len() + 2;
                let span = if plain { at..at + 1 } else { text.span };
                let complaint = Complaint::at(span, format!("`{key}` is no selector: {}", bad.what));
                self.complain(complaint.hint("write a CSS selector, as in \"ul.news > li\" or \"time[datetime]\""));
                continue;
            }
            match part(key) {
                Some(part) => parts.push((part, text.text)),
                None => item = Some(text.text),
            }
        }
        Select::new(item?, &parts).ok().map(Arc::new)
    }

    fn files(&mut self, table: &Table<'_>, source: usize, written: &mut Vec<Written>) -> Option<Files> {
        if table.get("files").is_none() {
            let complaint = Complaint::at(table.span.clone(), "[[source]] without `files`");
            self.complain(complaint.hint("add files = [\"scrapes/**/*.txt\"], relative to the folder of this config"));
        }
        let patterns = self.texts(table, "files")?;
        if patterns.is_empty()
            && let Some(value) = table.get("files")
            && matches!(value.get_ref(), DeValue::Array(array) if array.is_empty())
        {
            let complaint = Complaint::at(value.span(), "`files` is empty: the source has nothing to read");
            self.complain(complaint.hint("name its files: files = [\"scrapes/**/*.txt\"]"));
        }
        let excluded = self.texts(table, "exclude").unwrap_or_default();
        let mut all = FilesBuilder::new(self.folder);
        let mut good = true;
        for text in &excluded {
            good &= self.take("exclude", &text.span, all.exclude(text.text)).is_some();
        }
        for text in &patterns {
            good &= self.take("files", &text.span, all.add(text.text)).is_some();
            // Each pattern once more by itself, so that a complaint about it can point at it.
            let mut one = FilesBuilder::new(self.folder);
            let added = one.add(text.text).and_then(|()| excluded.iter().try_for_each(|text| one.exclude(text.text)));
            if let Ok(files) = added.and_then(|()| one.build()) {
                written.push(Written { source, span: text.span.clone(), files });
            }
        }
        let files = self.take("files", &table.key_span("files"), all.build())?;
        (good && !patterns.is_empty()).then_some(files)
    }

    fn timezone(&mut self, table: &Table<'_>) -> Option<Tz> {
        let text = self.text(table, "timezone")?;
        if let Ok(zone) = text.text.parse::<Tz>() {
            return Some(zone);
        }
        let complaint = Complaint::at(text.span, format!("`timezone`: there is no zone {:?}", text.text));
        let near = nearest(text.text, TZ_VARIANTS.iter().map(|zone| zone.name()));
        let city = text.text.rsplit('/').next().unwrap_or(text.text).replace(' ', "_");
        let near = near.or_else(|| {
            TZ_VARIANTS
                .iter()
                .map(|zone| zone.name())
                .find(|name| name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&city)))
        });
        self.complain(match near {
            Some(near) => complaint.hint(format!("did you mean \"{near}\"?")),
            None => complaint.hint("write the name of a zone, such as \"Europe/Moscow\" or \"UTC\""),
        });
        None
    }

    /// What one source says of a site the others may not contradict: ids depend on it.
    fn sites(&mut self, tables: &[Table<'_>], sources: &[Option<Source>]) {
        let known: Vec<(&Table<'_>, &Source)> =
            tables.iter().zip(sources).filter_map(|(table, source)| Some((table, source.as_ref()?))).collect();
        for (i, (table, source)) in known.iter().enumerate() {
            let before = known.get(..i).unwrap_or_default();
            let span = |table: &Table<'_>, key: &str| {
                [key, "site", "name"]
                    .into_iter()
                    .find_map(|key| table.get(key))
                    .map_or_else(|| table.span.clone(), Spanned::span)
            };
            if let Some((other, _)) =
                before.iter().find(|(_, other)| other.site == source.site && other.site_was != source.site_was)
            {
                let what = format!("two sources show the site {:?} but differ in `site_was`", source.site);
                let complaint = Complaint::at(span(table, "site_was"), what).see(span(other, "site_was"), "the other");
                self.complain(
                    complaint.hint("write the same `site_was` in both: it decides the ids of the site's items"),
                );
            } else if let Some((other, _)) = before
                .iter()
                .find(|(_, other)| other.site != source.site && other.namespace_site() == source.namespace_site())
            {
                let what = format!("two sites make their ids under one name, {:?}", source.namespace_site());
                let complaint = Complaint::at(span(table, "site_was"), what).see(span(other, "site_was"), "the other");
                self.complain(complaint.hint("if they are the same place, give both the same `site` and `site_was`"));
            }
        }
    }

    fn feed(
        &mut self,
        table: &Table<'_>,
        (names, all): (&[Option<Text<'_>>], &[Option<Source>]),
        categories: &[Category],
        name: Option<&str>,
        warnings: &mut Vec<String>,
    ) -> Option<Feed> {
        let title = self.title(table, "title");
        let limit = self.limit(table);
        let named = self.sources(table, names);
        let known = || all.iter().flatten();
        let mut sources = named.clone().unwrap_or_else(|| (0..all.len()).collect());
        if let Some(sites) = self.texts_but_none(table, "sites") {
            for text in &sites {
                if !known().any(|source| source.site == text.text) && all.iter().all(Option::is_some) {
                    self.no_such("site", text, &known().map(|source| source.site.as_str()).collect::<Vec<_>>());
                }
            }
            let shown = |source: &Source| sites.iter().any(|text| source.site == text.text);
            sources.retain(|number| all.get(*number).is_some_and(|source| source.as_ref().is_some_and(shown)));
        }
        if let Some(written) = self.texts_but_none(table, "languages") {
            let mut languages = Vec::new();
            for text in &written {
                match values::language(text.text) {
                    Ok(Some(tag)) => languages.push(tag),
                    Ok(None) => {
                        let what = "`languages` can't hold \"auto\": a feed chooses by what sources say they are in";
                        self.complain(Complaint::at(text.span.clone(), what).hint("name languages, such as \"en\""));
                    }
                    Err(wrong) => self.wrong("languages", &text.span, wrong),
                }
            }
            for number in &sources {
                if let Some(Some(source)) = all.get(*number)
                    && source.language.is_none()
                {
                    warnings.push(format!(
                        "feed {:?} chooses by language, and source {:?} does not say which it is in: the feed shows \
                         nothing of it",
                        name.unwrap_or("?"),
                        source.name
                    ));
                }
            }
            let shown = |source: &Source| {
                let tag = source.language.as_deref();
                tag.is_some_and(|tag| languages.iter().any(|language| speaks(tag, language)))
            };
            sources.retain(|number| all.get(*number).is_some_and(|source| source.as_ref().is_some_and(shown)));
        }
        if sources.is_empty() && self.complaints.is_empty() && !all.is_empty() {
            let complaint = Complaint::at(table.span.clone(), "no source is left for this feed to show");
            self.complain(complaint.hint("`sources`, `sites` and `languages` must all apply: leave one of them out"));
        }
        let choice = self.choice(table, categories);
        let keep = self.keep(table);
        let name = name?.to_owned();
        Some(Feed { title: title.unwrap_or_else(|| name.clone()), name, sources, choice, keep, limit })
    }

    /// Which items of its sources a feed shows.
    fn choice(&mut self, table: &Table<'_>, categories: &[Category]) -> Choice {
        let mut choice = Choice { words: self.words(table), ..Choice::default() };
        for text in self.texts_but_none(table, "categories").unwrap_or_default() {
            let folded = fold(text.text);
            if categories.iter().any(|category| fold(category.name.as_str()) == folded) {
                choice.categories.push(folded);
            } else {
                let names: Vec<&str> = categories.iter().map(|category| category.name.as_str()).collect();
                let complaint = Complaint::at(text.span, format!("there is no category {:?}", text.text));
                self.complain(match nearest(text.text, names) {
                    Some(near) => complaint.hint(format!("did you mean {near:?}?")),
                    None => complaint.hint(format!(
                        "define it: [[category]] with name = {:?}, also where pages name it themselves",
                        text.text
                    )),
                });
            }
        }
        (choice.since, choice.until) = (self.day(table, "since"), self.day(table, "until"));
        if let (Some(since), Some(until)) = (choice.since, choice.until)
            && until < since
        {
            let complaint =
                Complaint::at(table.key_span("until"), format!("`until` {until} is before `since` {since}"));
            self.complain(complaint.hint("both days are within: exchange them, or leave one out"));
        }
        choice
    }

    /// The patterns of a category or a feed.
    fn words(&mut self, table: &Table<'_>) -> Words {
        let mut patterns = |key: &str| {
            let mut patterns = Vec::new();
            for text in self.texts_but_none(table, key).unwrap_or_default() {
                let hint = "a pattern is a regular expression, and plain words are one; a sign of its own takes a \
                            backslash before it, best in single quotes: 'C\\+\\+'";
                let wrong = |what| Wrong { what, hint: Some(hint.to_owned()) };
                patterns.extend(self.take(key, &text.span, Pattern::new(text.text).map_err(wrong)));
            }
            patterns
        };
        let (include, exclude) = (patterns("include"), patterns("exclude"));
        let places = [("both", Where::Both), ("title", Where::Title), ("summary", Where::Summary)];
        let place = self.word(table, "in", &places).unwrap_or_default();
        let given = ["include", "exclude"].iter().any(|key| table.get(key).is_some());
        if table.get("in").is_some() && !given {
            let complaint = Complaint::at(table.key_span("in"), "`in` without `include` or `exclude` says nothing");
            self.complain(complaint.hint("add patterns, or leave it out"));
        }
        Words { include, exclude, place }
    }

    fn category(&mut self, table: &Table<'_>, names: &[Option<Text<'_>>], before: &[Category]) -> Option<Category> {
        if table.get("name").is_none() {
            let complaint = Complaint::at(table.span.clone(), "[[category]] without a `name`");
            self.complain(complaint.hint("add name = \"…\": feeds show it"));
        }
        let name = self.title(table, "name").and_then(|name| crate::mill::item::Text::new(&name));
        let words = self.words(table);
        let sources = self.sources(table, names);
        let topics = self.texts_but_none(table, "topics").unwrap_or_default();
        let name = name?;
        let folded = fold(name.as_str());
        if before.iter().any(|other| fold(other.name.as_str()) == folded) {
            let complaint =
                Complaint::at(table.key_span("name"), format!("two categories are named {:?}", name.as_str()));
            self.complain(complaint.hint("put all of it into one; case and punctuation make no difference"));
        }
        let topics = std::iter::once(folded).chain(topics.iter().map(|text| fold(text.text))).collect();
        Some(Category { name, topics, sources, words })
    }

    /// The sources that a table names, each once; `None`: it names none.
    fn sources(&mut self, table: &Table<'_>, names: &[Option<Text<'_>>]) -> Option<Vec<usize>> {
        let listed_names: Vec<&str> = names.iter().flatten().map(|name| name.text).collect();
        let texts = self.texts_but_none(table, "sources")?;
        let mut sources = Vec::new();
        for text in texts {
            let found = names.iter().position(|name| name.as_ref().is_some_and(|name| name.text == text.text));
            match found {
                Some(number) if sources.contains(&number) => {
                    let complaint = Complaint::at(text.span, format!("the source {:?} is named twice", text.text));
                    self.complain(complaint.hint("name it once, where its place in the order should be"));
                }
                Some(number) => sources.push(number),
                // A source without a readable name may be the one that is meant.
                None if names.iter().any(Option::is_none) => {}
                None => self.no_such("source", &text, &listed_names),
            }
        }
        Some(sources)
    }

    fn no_such(&mut self, what: &str, text: &Text<'_>, known: &[&str]) {
        let hint = match nearest(text.text, known.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None if known.is_empty() => format!("there is no {what} in this config"),
            None => format!("the {what}s are {}", listed(known)),
        };
        self.complain(Complaint::at(text.span.clone(), format!("there is no {what} {:?}", text.text)).hint(hint));
    }

    /// A list of strings that says something.
    fn texts_but_none<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Vec<Text<'t>>> {
        let texts = self.texts(table, key)?;
        if let Some(value) = table.get(key)
            && matches!(value.get_ref(), DeValue::Array(array) if array.is_empty())
        {
            let complaint = Complaint::at(value.span(), format!("`{key}` is empty: nothing is named"));
            self.complain(complaint.hint("name something, or leave the key out"));
        }
        Some(texts)
    }

    /// A day, as a TOML date or as a string.
    fn day(&mut self, table: &Table<'_>, key: &str) -> Option<NaiveDate> {
        let value = table.get(key)?;
        let day = match value.get_ref() {
            DeValue::Datetime(moment) if moment.time.is_none() => moment.date.and_then(|date| {
                NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
            }),
            DeValue::String(text) if text.len() == 10 => text.parse().ok(),
            _ => None,
        };
        if day.is_none() {
            let complaint = Complaint::at(value.span(), format!("`{key}` must be a day"));
            self.complain(complaint.hint(format!("write {key} = 2020-06-01: year, month and day")));
        }
        day
    }

    fn limit(&mut self, table: &Table<'_>) -> usize {
        let help = "write how many of the newest items the feed's head holds; 0 is all";
        self.number(table, "limit", help).unwrap_or(DEFAULT_LIMIT)
    }

    fn number(&mut self, table: &Table<'_>, key: &str, help: &str) -> Option<usize> {
        let value = table.get(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong_kind(key, value, "a number", &format!("{key} = 50"));
            return None;
        };
        let number = u32::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as usize);
        if number.is_none() {
            self.complain(Complaint::at(value.span(), format!("`{key}` is out of range")).hint(help));
        }
        number
    }

    fn keep(&mut self, table: &Table<'_>) -> Option<Keep> {
        let help = "write how many of the newest items are shown whatever their age";
        let at_least = self.number(table, "keep_at_least", help);
        if at_least.is_some() && table.get("keep").is_none() {
            let complaint =
                Complaint::at(table.key_span("keep_at_least"), "`keep_at_least` without `keep` says nothing");
            self.complain(complaint.hint("without keep = \"5y\" everything is kept"));
        }
        let text = self.text(table, "keep")?;
        let age = self.take("keep", &text.span, values::age(text.text))?;
        Some(Keep { age, at_least: at_least.unwrap_or_default() })
    }

    /// Feeds are folders, and some file systems see no difference of case.
    fn same_folder(&mut self, names: &[Text<'_>], of_sources: bool) {
        for (i, name) in names.iter().enumerate() {
            let Some(before) = names.iter().take(i).find(|before| folded(before.text) == folded(name.text)) else {
                continue;
            };
            let same = before.text == name.text;
            // Sources of the same name have been complained about as such.
            if same && of_sources {
                continue;
            }
            let what = if same {
                format!("two feeds are named {:?}", name.text)
            } else {
                format!("the feeds {:?} and {:?} differ in case only", before.text, name.text)
            };
            let complaint = Complaint::at(name.span.clone(), what).see(before.span.clone(), "the first");
            self.complain(
                complaint.hint("give each its own name: it is the feed's folder, also where case makes no difference"),
            );
        }
    }
}

/// Whether a text in the language `tag` is in `wanted`: in Brazilian Portuguese when in Portuguese, not the other way
/// round (RFC 4647 section 3.3.1).
fn speaks(tag: &str, wanted: &str) -> bool {
    tag.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn secs(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}

fn not_tables(span: Range<usize>, key: &str, name: &str, value: &DeValue<'_>) -> Complaint {
    let what = format!("`{key}` must be a list of tables, not {}", kind(value));
    Complaint::at(span, what).hint(format!("write {name}, in double brackets, above each of them"))
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A name as a file system may see it that makes no difference of case or composition.
pub(super) fn folded(name: &str) -> String {
    caseless::default_case_fold_str(&name.nfkc().collect::<String>()).nfkc().collect()
}

/// What a config without `[[feed]]` means.
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

/// Puts what the command line says in the place of what the config says.
pub(super) fn command_line(given: &Given, config: &mut Config, complaints: &mut Vec<Complaint>) {
    let mut refuse = |option: &str, wrong: Wrong| {
        let mut complaint = Complaint::outside(format!("{option}: {}", wrong.what));
        complaint.hints.extend(wrong.hint);
        complaints.push(complaint);
    };
    match given.base_url.as_deref().map(values::base_url) {
        Some(Ok(url)) => config.base_url = Some(url),
        Some(Err(wrong)) => refuse("--base-url", wrong),
        None => {}
    }
    match given.listen.as_deref().map(values::listen) {
        Some(Ok(listen)) => config.serve = Some(Serve { listen }),
        Some(Err(wrong)) => refuse("--listen", wrong),
        None => {}
    }
}

/// A path without links as far as it exists, so that two paths can be compared that may not exist yet.
pub(super) fn real(path: &Path) -> PathBuf {
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
pub(super) fn places_apart(
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
fn globs_apart(config: &Config, written: &[Written], feeds: &[Text<'_>]) -> Vec<Complaint> {
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
            let own = || {
                places.iter().find_map(|(place, shown, own, _)| {
                    let reached = own.iter().find(|path| reaches(&one.files, root, &folder, &place.join(path)))?;
                    Some(shown.join(reached))
                })
            };
            // No file of such a name is written now, but nothing else belongs there either.
            let alike = || {
                places.iter().find_map(|(place, shown, ..)| {
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
