//! Layouts: short patterns that say how one item stands on a page.
//!
//! A pattern is a list of places, written as users write it: `credit? kicker? title date summary*`. `?` marks a place
//! that may be missing for nothing, `*` one that may come again. What each deviation costs is [`path`](super::path)'s.

use std::sync::LazyLock;

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
}

impl Field {
    pub(crate) const ALL: [(&'static str, Self); 5] = [
        ("credit", Self::Credit),
        ("kicker", Self::Kicker),
        ("title", Self::Title),
        ("date", Self::Date),
        ("summary", Self::Summary),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
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
            Need::Perhaps => 0,
        }
    }
}

/// What stands above groups of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heading {
    /// A month with its year, at no price; a short text at the price of a doubt.
    Month,
}

/// How the items of a page are laid out.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) name: &'static str,
    pub(crate) places: Vec<Place>,
    pub(crate) heading: Heading,
    pub(crate) unit: Unit,
}

impl Layout {
    /// Reads a pattern. The error says what is wrong with it, quoting the word.
    pub(crate) fn new(name: &'static str, item: &str, heading: Heading, unit: Unit) -> Result<Self, String> {
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
            places.push(Place { field: *field, need });
        }
        if !places.iter().any(|place| place.field == Field::Title && place.need == Need::Once) {
            return Err("an item needs a \"title\"".to_owned());
        }
        Ok(Self { name, places, heading, unit })
    }

    pub(crate) fn has(&self, field: Field) -> bool {
        self.places.iter().any(|place| place.field == field)
    }
}

const BUILT_IN: [(&str, &str, Heading, Unit); 1] =
    [("newsroom", "credit? kicker? title date summary*", Heading::Month, Unit::Run)];

static LAYOUTS: LazyLock<Vec<Layout>> = LazyLock::new(|| {
    let read = |(name, item, heading, unit): (&'static str, _, _, _)| Layout::new(name, item, heading, unit).ok();
    BUILT_IN.into_iter().filter_map(read).collect()
});

const NAMES: [&str; BUILT_IN.len()] = {
    let [(newsroom, ..)] = BUILT_IN;
    [newsroom]
};

/// The names of the built-in layouts, in the order in which `auto` prefers them.
#[must_use]
pub fn layouts() -> &'static [&'static str] {
    &NAMES
}

/// The layouts that may explain a file: the one named, or all.
pub(crate) fn candidates(name: Option<&str>) -> &'static [Layout] {
    let all = LAYOUTS.as_slice();
    let named = name.and_then(|name| all.iter().position(|layout| layout.name == name));
    named.and_then(|at| all.get(at..=at)).unwrap_or(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(item: &str) -> Result<Vec<(Field, Need)>, String> {
        let layout = Layout::new("x", item, Heading::Month, Unit::Run)?;
        Ok(layout.places.iter().map(|place| (place.field, place.need)).collect())
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
        assert_eq!(LAYOUTS.iter().map(|layout| layout.name).collect::<Vec<_>>(), layouts());
        assert_eq!(candidates(Some("newsroom")).len(), 1);
        assert_eq!(candidates(Some("no such layout")).len(), layouts().len());
    }
}
