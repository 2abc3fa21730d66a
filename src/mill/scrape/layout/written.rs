//! A layout as it is written: one table of TOML, in the config or beside this file.

use std::borrow::Cow;
use std::ops::Range;

use regex::Regex;
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

/// Lines as unlike as can be, of words, of figures, of signs and of letters for private use: what fits them all fits any.
const ANY_LINES: [&str; 4] =
    ["Ferries return to the isles", "2021 06 15 1204", "— … — … — … —", "\u{10fffd}\u{10fffd}\u{10fffd}\u{10fffd}"];

const HEADINGS: &str = "it can be \"month\", \"year\", \"section\", \"date\", or a list of these";

/// Reads the table `[layout.NAME]`, which stands at `span`.
///
/// # Errors
/// All that is wrong with it.
pub fn read(name: &str, span: &Range<usize>, table: &DeTable<'_>) -> Result<Layout, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let mut layout = Layout {
        name: Cow::Owned(name.to_owned()),
        places: Vec::new(),
        headings: Headings::default(),
        unit: Units::Either,
        marked: false,
        noise: None,
        kicker: None,
        marker: None,
    };
    for (key, value) in table.iter() {
        let at = value.span();
        let mut flaw = |what: String, hint: &str| flaws.push(Flaw { what, span: at.clone(), hint: hint.to_owned() });
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("item", DeValue::String(text)) => match places(text) {
                Ok(places) => layout.places = places,
                Err(what) => flaw(format!("`item`: {what}"), "write it like \"credit? title date summary*\""),
            },
            ("unit", DeValue::String(text)) => match text.as_ref() {
                "block" => layout.unit = Units::Run,
                "line" | "row" => layout.unit = Units::Line,
                other => flaw(format!("`unit` can't be {other:?}"), "it can be \"block\", \"line\" or \"row\""),
            },
            ("heading", DeValue::String(text)) => {
                if !layout.headings.add(text) {
                    flaw(format!("`heading` can't be {text:?}"), HEADINGS);
                }
            }
            ("heading", DeValue::Array(list)) => {
                for value in list.iter() {
                    let known = match value.get_ref() {
                        DeValue::String(text) => layout.headings.add(text),
                        _ => false,
                    };
                    if !known {
                        let what = "`heading` holds what is no heading".to_owned();
                        flaws.push(Flaw { what, span: value.span(), hint: HEADINGS.to_owned() });
                    }
                }
            }
            ("marked", DeValue::Boolean(marked)) => layout.marked = *marked,
            (key @ ("noise" | "kicker" | "marker"), DeValue::String(text)) => {
                // A marker stands at the start of a line, the others are searched for.
                let pattern = if key == "marker" { format!("^(?:{text})") } else { text.to_string() };
                match regex::RegexBuilder::new(&pattern).size_limit(LARGEST_PATTERN).build() {
                    Ok(regex) if regex.is_match("") && ANY_LINES.iter().all(|line| regex.is_match(line)) => {
                        flaw(format!("`{key}` fits every line"), "leave it out, or write what such a line holds");
                    }
                    Ok(regex) if key == "noise" => layout.noise = Some(regex),
                    Ok(regex) if key == "kicker" => layout.kicker = Some(regex),
                    Ok(regex) => layout.marker = Some(regex),
                    Err(error) => {
                        let why = error.to_string();
                        let why = why.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
                        flaw(format!("`{key}` is no pattern: {why}"), "write a regular expression in single quotes");
                    }
                }
            }
            (key, _) if KEYS.contains(&key) => {
                let wanted = match key {
                    "marked" => "true or false",
                    "heading" => "a string or a list of strings",
                    _ => "a string",
                };
                flaw(format!("`{key}` must be {wanted}"), "see the layouts in the manual");
            }
            (other, _) => {
                let hint = format!("the keys here are {}", KEYS.join(", "));
                flaws.push(Flaw { what: format!("unknown key `{other}` in a layout"), span: key.span(), hint });
            }
        }
    }
    if !table.keys().any(|key| key.get_ref() == "item") {
        let what = format!("layout {name:?} has no `item`");
        flaws.push(Flaw { what, span: span.clone(), hint: "add item = \"title date summary*\"".to_owned() });
    }
    if flaws.is_empty() { Ok(layout) } else { Err(flaws) }
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
