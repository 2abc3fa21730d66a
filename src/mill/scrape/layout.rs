//! Layouts: short patterns that say how one item stands on a page.
//!
//! A pattern is a list of places, written as users write it: `credit? kicker? title date summary*`. `?` marks a place
//! that may be missing for nothing, `*` one that may come again. What each deviation costs is [`path`](super::path)'s.
//!
//! The built-ins are files in the form that users write, below `layouts/`. They are read when the first page is.

mod written;

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

pub use self::written::{Flaw, KEYS, read};
use super::blocks::Unit;
use super::path::{GONE, SLIGHT};

/// What a place holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Credit,
    Kicker,
    Title,
    Date,
    Summary,
    /// A date and a text on one line: the summary's beginning, or in a pattern without a title the title.
    Glued,
    /// A title and a date on one line.
    EndDated,
    /// Cells, one of which is a date.
    Row,
}

impl Field {
    pub(crate) const ALL: [(&'static str, Self); 9] = [
        ("credit", Self::Credit),
        ("kicker", Self::Kicker),
        ("title", Self::Title),
        ("date", Self::Date),
        ("summary", Self::Summary),
        ("more", Self::Summary),
        ("glued", Self::Glued),
        ("end-dated", Self::EndDated),
        ("row", Self::Row),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn dates(self) -> bool {
        matches!(self, Self::Date | Self::Glued | Self::EndDated | Self::Row)
    }
}

/// How often a place may be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Once,
    /// `?`
    Perhaps,
    /// `*`
    Often,
    /// `more*`
    Freely,
}

/// One place of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) field: Field,
    pub(crate) need: Need,
}

impl Place {
    /// What it costs to leave the place empty.
    pub(crate) fn missing(self) -> u64 {
        match self.need {
            Need::Once => GONE,
            Need::Often => SLIGHT,
            Need::Perhaps | Need::Freely => 0,
        }
    }
}

/// What stands above groups of items, besides short texts, which are headings at the price of a doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Headings {
    /// A month with its year, or a year alone: at no price.
    pub(crate) time: bool,
    /// A day, which dates what follows.
    pub(crate) day: bool,
    /// A short text, at hardly a price.
    pub(crate) section: bool,
}

impl Headings {
    /// Whether `kind` is one.
    fn add(&mut self, kind: &str) -> bool {
        match kind {
            "month" | "year" => self.time = true,
            "date" => self.day = true,
            "section" => self.section = true,
            _ => return false,
        }
        true
    }
}

/// By which units a page may be taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Units {
    Run,
    Line,
    /// Whichever explains the page better.
    Either,
}

/// How the items of a page are laid out.
#[derive(Debug, Clone)]
pub struct Layout {
    pub(crate) name: Cow<'static, str>,
    pub(crate) places: Vec<Place>,
    pub(crate) headings: Headings,
    unit: Units,
    /// An item begins with a list mark.
    pub(crate) marked: bool,
    pub(crate) noise: Option<Regex>,
    pub(crate) kicker: Option<Regex>,
    pub(crate) marker: Option<Regex>,
}

impl PartialEq for Layout {
    fn eq(&self, other: &Self) -> bool {
        let patterns = |it: &Self| (it.noise.clone(), it.kicker.clone(), it.marker.clone());
        let ((a, b, c), (x, y, z)) = (patterns(self), patterns(other));
        (&self.name, &self.places, self.headings, self.unit, self.marked)
            == (&other.name, &other.places, other.headings, other.unit, other.marked)
            && written::same(a.as_ref(), x.as_ref())
            && written::same(b.as_ref(), y.as_ref())
            && written::same(c.as_ref(), z.as_ref())
    }
}

impl Eq for Layout {}

impl Layout {
    /// What stands between the names of two layouts, where a file has a list in each.
    pub const THEN: &str = " + ";

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where in its items a field has its first place.
    pub(crate) fn place(&self, field: Field) -> Option<usize> {
        self.places.iter().position(|place| place.field == field)
    }

    pub(crate) fn has(&self, field: Field) -> bool {
        self.place(field).is_some()
    }

    /// The place, or the heading, that dates an item.
    pub(crate) fn is_dated(&self) -> bool {
        self.headings.day || self.places.iter().any(|place| place.field.dates())
    }

    pub(crate) fn reads_by(&self, unit: Unit) -> bool {
        self.unit == Units::Either || (self.unit == Units::Run) == (unit == Unit::Run)
    }

    /// Whether a kicker stands above each item: in no other layout it has to.
    pub(crate) fn is_headed(&self) -> bool {
        self.places.iter().any(|place| place.field == Field::Kicker && place.need == Need::Once)
    }

    /// Whether the title stands in `field`: among those that hold a date, too, where it has no place of its own.
    pub(crate) fn holds_title(&self, field: Field) -> bool {
        field == Field::Title || (!self.has(Field::Title) && field.dates())
    }

    /// Whether it has patterns of its own, so that its blocks are not everybody's.
    pub(crate) fn has_patterns(&self) -> bool {
        self.noise.is_some() || self.kicker.is_some() || self.marker.is_some()
    }
}

/// Reads a pattern. The error says what is wrong with it, quoting the word.
fn places(item: &str) -> Result<Vec<Place>, String> {
    let mut places: Vec<Place> = Vec::new();
    for word in item.split_whitespace() {
        let (bare, need) = match word.as_bytes().last() {
            Some(b'?') => (word.trim_end_matches('?'), Need::Perhaps),
            Some(b'*') => (word.trim_end_matches('*'), Need::Often),
            _ => (word, Need::Once),
        };
        let Some((_, field)) = Field::ALL.iter().find(|(name, _)| *name == bare) else {
            let known = Field::ALL.map(|(name, _)| name).join(", ");
            return Err(format!("\"{word}\" is no place of an item; the places are {known}"));
        };
        if places.iter().any(|place| place.field == *field) {
            return Err(format!("\"{bare}\" stands twice; a place that may come again is written \"{bare}*\""));
        }
        if need == Need::Often && *field != Field::Summary {
            return Err(format!("\"{word}\" cannot come again; only a summary can"));
        }
        let need = if bare == "more" && need == Need::Often { Need::Freely } else { need };
        places.push(Place { field: *field, need });
    }
    let has = |field| places.iter().any(|place| place.field == field && place.need == Need::Once);
    if places.iter().filter(|place| place.field.dates()).count() > 1 {
        return Err("an item has one place for its date".to_owned());
    }
    let title = places.iter().filter(|place| place.field == Field::Title).count();
    if title == 1 && (has(Field::EndDated) || has(Field::Row)) {
        return Err("\"end-dated\" and \"row\" hold the title; leave \"title\" out".to_owned());
    }
    let whole = [Field::Title, Field::EndDated, Field::Row];
    if !(whole.into_iter().any(has) || title == 0 && has(Field::Glued)) {
        return Err("an item needs a \"title\"".to_owned());
    }
    Ok(places)
}

/// The built-in layouts in the order in which `auto` prefers them, as they are written.
const BUILT_IN: [(&str, &str); 11] = [
    ("newsroom", include_str!("layouts/newsroom.toml")),
    ("date-first", include_str!("layouts/date-first.toml")),
    ("date-last", include_str!("layouts/date-last.toml")),
    ("kicker-date", include_str!("layouts/kicker-date.toml")),
    ("title-kicker-date", include_str!("layouts/title-kicker-date.toml")),
    ("day-header", include_str!("layouts/day-header.toml")),
    ("glued", include_str!("layouts/glued.toml")),
    ("date-title", include_str!("layouts/date-title.toml")),
    ("title-end-date", include_str!("layouts/title-end-date.toml")),
    ("table", include_str!("layouts/table.toml")),
    ("undated", include_str!("layouts/undated.toml")),
];

static LAYOUTS: LazyLock<Vec<Layout>> = LazyLock::new(|| {
    let read = |(name, text): (&'static str, _)| Some(Layout { name: Cow::Borrowed(name), ..written::alone(text)? });
    BUILT_IN.into_iter().filter_map(read).collect()
});

/// The names of the built-in layouts, in the order in which `auto` prefers them.
#[must_use]
pub fn layouts() -> &'static [&'static str] {
    static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| BUILT_IN.map(|(name, _)| name).to_vec());
    &NAMES
}

/// The two layouts of a name like `undated + newsroom`.
pub(crate) fn pair<'l>(name: Option<&str>, own: &'l [Layout]) -> Option<(&'l Layout, &'l Layout)> {
    let (first, second) = name?.split_once(Layout::THEN)?;
    let named = |name| <[&Layout; 1]>::try_from(candidates(Some(name), own)).ok().map(|[layout]| layout);
    Some((named(first)?, named(second)?))
}

/// The layouts that may explain a file: the one named, or all, `own` ones first.
pub(crate) fn candidates<'l>(name: Option<&str>, own: &'l [Layout]) -> Vec<&'l Layout> {
    let replaced = |layout: &&Layout| !own.iter().any(|other| other.name == layout.name);
    let all = || own.iter().chain(LAYOUTS.iter().filter(replaced));
    match all().find(|layout| name == Some(&layout.name)) {
        Some(named) => vec![named],
        None => all().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(item: &str) -> Result<Vec<(Field, Need)>, String> {
        Ok(super::places(item)?.iter().map(|place| (place.field, place.need)).collect())
    }

    #[test]
    fn a_pattern_is_read_as_users_write_it() {
        let expected = [(Field::Credit, Need::Perhaps), (Field::Title, Need::Once), (Field::Summary, Need::Often)];
        assert_eq!(places("credit?  title summary*").unwrap(), expected);
    }

    #[test]
    fn a_wrong_pattern_says_what_is_wrong() {
        assert!(places("titel date").unwrap_err().starts_with("\"titel\" is no place"));
        assert!(places("title date title").unwrap_err().starts_with("\"title\" stands twice"));
        assert_eq!(places("date summary*").unwrap_err(), "an item needs a \"title\"");
        assert!(places("title? date").is_err() && places("").is_err() && places("title date*").is_err());
    }

    #[test]
    fn every_built_in_layout_can_be_read_and_named() {
        assert_eq!(LAYOUTS.iter().map(Layout::name).collect::<Vec<_>>(), layouts());
        assert_eq!(candidates(Some("newsroom"), &[]).len(), 1);
        assert_eq!(candidates(Some("no such layout"), &[]).len(), layouts().len());
        let names = |name| pair(Some(name), &[]).map(|(one, next)| (one.name().to_owned(), next.name().to_owned()));
        assert_eq!(names("undated + newsroom"), Some(("undated".to_owned(), "newsroom".to_owned())));
        assert_eq!(names("undated + no such layout"), None);
    }
}
