//! A layout as it is written: one table of TOML, in the config or beside this file.

use std::borrow::Cow;
use std::ops::Range;

use regex::{Regex, RegexBuilder};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Headings, Layout, Units, places};

/// What is wrong with a layout, where, and what would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// In one line.
    pub what: String,
    /// In bytes of the text that was read.
    pub span: Range<usize>,
    /// What would help.
    pub hint: String,
}

/// The keys of a `[layout.NAME]`.
pub const KEYS: &[&str] = &["item", "unit", "heading", "noise", "kicker", "marker", "marked"];

/// A pattern may compile to so many bytes: enough for any line of a page.
const LARGEST_PATTERN: usize = 1 << 18;

/// Lines as unlike as can be, of words, of figures, of signs and of letters for private use: what fits them all fits
/// any.
const ANY_LINES: [&str; 4] =
    ["Ferries return to the isles", "2021 06 15 1204", "— … — … — … —", "\u{10fffd}\u{10fffd}\u{10fffd}\u{10fffd}"];

const HEADINGS: &str = "it can be \"month\", \"year\", \"section\", \"date\", or a list of these";

/// Reads the table `[layout.NAME]`, which stands at `span`.
///
/// # Errors
/// All that is wrong with it.
pub fn read(name: &str, span: &Range<usize>, table: &DeTable<'_>) -> Result<Layout, Vec<Flaw>> {
    let layout = Layout {
        name: Cow::Owned(name.to_owned()),
        places: Vec::new(),
        headings: Headings::default(),
        unit: Units::Either,
        marked: false,
        noise: None,
        kicker: None,
        marker: None,
    };
    let mut reader = Reader { layout, flaws: Vec::new() };
    for (key, value) in table.iter() {
        reader.key(key, value);
    }
    let Reader { layout, mut flaws } = reader;
    if !table.keys().any(|key| key.get_ref() == "item") {
        let what = format!("layout {:?} has no `item`", layout.name);
        flaws.push(Flaw { what, span: span.clone(), hint: "add item = \"title date summary*\"".to_owned() });
    }
    if flaws.is_empty() { Ok(layout) } else { Err(flaws) }
}

/// A layout while its keys are read, and what is wrong with them.
struct Reader {
    layout: Layout,
    flaws: Vec<Flaw>,
}

impl Reader {
    fn key(&mut self, key: &Spanned<Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let span = value.span();
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("item", DeValue::String(text)) => match places(text) {
                Ok(places) => self.layout.places = places,
                Err(what) => {
                    self.flaw(span, format!("`item`: {what}"), "write it like \"credit? title date summary*\"");
                }
            },
            ("unit", DeValue::String(text)) => match text.as_ref() {
                "block" => self.layout.unit = Units::Run,
                "line" | "row" => self.layout.unit = Units::Line,
                other => {
                    self.flaw(span, format!("`unit` can't be {other:?}"), "it can be \"block\", \"line\" or \"row\"");
                }
            },
            ("heading", DeValue::String(text)) => {
                if !self.layout.headings.add(text) {
                    self.flaw(span, format!("`heading` can't be {text:?}"), HEADINGS);
                }
            }
            ("heading", DeValue::Array(list)) => {
                for value in list.iter() {
                    let name = if let DeValue::String(text) = value.get_ref() { text.as_ref() } else { "" };
                    if !self.layout.headings.add(name) {
                        self.flaw(value.span(), "`heading` holds what is no heading".to_owned(), HEADINGS);
                    }
                }
            }
            ("marked", DeValue::Boolean(marked)) => self.layout.marked = *marked,
            (name @ ("noise" | "kicker" | "marker"), DeValue::String(text)) => self.pattern(name, text, span),
            (name, _) if KEYS.contains(&name) => {
                let wanted = match name {
                    "marked" => "true or false",
                    "heading" => "a string or a list of strings",
                    _ => "a string",
                };
                self.flaw(span, format!("`{name}` must be {wanted}"), "see the layouts in the manual");
            }
            (other, _) => {
                let hint = format!("the keys here are {}", KEYS.join(", "));
                self.flaw(key.span(), format!("unknown key `{other}` in a layout"), &hint);
            }
        }
    }

    /// Reads the pattern `text` of `key`. A marker stands at the start of a line, the others are searched for.
    fn pattern(&mut self, key: &str, text: &str, span: Range<usize>) {
        let anchored = format!("^(?:{text})");
        let pattern = if key == "marker" { &anchored } else { text };
        match RegexBuilder::new(pattern).size_limit(LARGEST_PATTERN).build() {
            Ok(regex) if regex.is_match("") && ANY_LINES.iter().all(|line| regex.is_match(line)) => {
                self.flaw(span, format!("`{key}` fits every line"), "leave it out, or write what such a line holds");
            }
            Ok(regex) => match key {
                "noise" => self.layout.noise = Some(regex),
                "kicker" => self.layout.kicker = Some(regex),
                _ => self.layout.marker = Some(regex),
            },
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
                self.flaw(span, format!("`{key}` is no pattern: {why}"), "write a regular expression in single quotes");
            }
        }
    }

    fn flaw(&mut self, span: Range<usize>, what: String, hint: &str) {
        self.flaws.push(Flaw { what, span, hint: hint.to_owned() });
    }
}

/// Reads a file that holds nothing but one layout: the form of the built-ins.
pub(super) fn alone(text: &str) -> Option<Layout> {
    let document = DeTable::parse(text).ok()?;
    let (_, layouts) = document.get_ref().iter().find(|(key, _)| key.get_ref() == "layout")?;
    let DeValue::Table(layouts) = layouts.get_ref() else { return None };
    let (name, table): (&Spanned<_>, &Spanned<_>) = layouts.iter().next()?;
    let DeValue::Table(keys) = table.get_ref() else { return None };
    read(name.get_ref(), &table.span(), keys).ok()
}

/// Two patterns are one when they are written alike.
pub(super) fn same(a: Option<&Regex>, b: Option<&Regex>) -> bool {
    a.map(Regex::as_str) == b.map(Regex::as_str)
}
