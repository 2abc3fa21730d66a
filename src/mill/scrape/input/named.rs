//! Lines that name their fields, as scripts print them.
//!
//! ```text
//! Title: A ferry for the outer isles
//! Date: 28 June 2020
//! Link: https://news.example.org/2020/ferry
//! ```
//!
//! A text has this form where both a title and a day are named so several times, each item begins with the same name and
//! has one title, and hardly a line is left that belongs to none. A page that merely names some fields of its items, below
//! headlines of their own, has another.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Known, bare};
use super::record::{MOST, Part, Record, tell};
use crate::mill::scrape::language::choose;
use crate::mill::scrape::{Explained, Terms};

const LAYOUT: &str = "fields";

/// So many items have a name in common.
const SEVERAL: usize = 3;
/// The name of a field has at most so many bytes, and words.
const LONGEST_NAME: usize = 48;
const MOST_WORDS: usize = 3;

/// The items of `text`; `None` where it has another form.
pub(super) fn read(text: &str, terms: &Terms, explaining: bool) -> Option<Explained<'static>> {
    let parts = parts(text)?;
    let items = items(text, &parts)?;
    let dated = items.iter().filter(|item| item.get(Part::Date).is_some()).count();
    if items.len() < SEVERAL || items.len() > MOST || dated * 4 < items.len() * 3 {
        return None;
    }
    let lexicon = choose(terms.language.as_deref(), text).lexicon;
    let cut = !text.ends_with(['\n', '\r']);
    let count = items.len();
    // What would tell the last item apart may stand behind the end of a file that was cut.
    let lost: Vec<Part> = [Part::Link, Part::Id]
        .into_iter()
        .filter(|part| items.iter().rev().skip(1).all(|item| item.get(*part).is_some()))
        .collect();
    let records = items.into_iter().enumerate().map(|(at, item)| {
        let last = item.fields.last().map(|(part, ..)| *part);
        let mut record = item.record();
        if at + 1 == count {
            if let Some(part) = last.filter(|_| cut) {
                record.end_in(part, lexicon);
            }
            record.cut |= lost.iter().any(|part| record.get(*part).is_none());
        }
        record
    });
    Some(tell(LAYOUT, &records.collect::<Vec<_>>(), terms, explaining))
}

/// The fields that the file names, each by the surest of the names that stand in it often enough; `None` where neither
/// titles nor days have one.
fn parts(text: &str) -> Option<BTreeMap<String, Part>> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (name, _) in text.lines().filter_map(named) {
        *counts.entry(bare(name)).or_default() += 1;
    }
    counts.retain(|_, count| *count >= SEVERAL);
    let mut parts = BTreeMap::new();
    for (_, part) in Part::ALL {
        let free = counts.keys().filter(|name| !parts.contains_key(*name));
        let ranked = free.filter_map(|name| Some((Known::of(name).rank(part)?, name)));
        if let Some((_, name)) = ranked.min() {
            parts.insert(name.clone(), part);
        }
    }
    let has: BTreeSet<Part> = parts.values().copied().collect();
    (has.contains(&Part::Title) && has.contains(&Part::Date)).then_some(parts)
}

/// An item as its lines tell it.
struct Item<'t> {
    line: u32,
    last_line: u32,
    fields: Vec<(Part, String, u32, &'t str)>,
}

impl Item<'_> {
    fn get(&self, part: Part) -> Option<&str> {
        self.fields.iter().find(|(of, ..)| *of == part).map(|(_, text, ..)| text.as_str())
    }

    fn record(self) -> Record {
        let mut record = Record::new(self.line, self.last_line);
        for (part, text, line, name) in self.fields {
            record.set(part, &text, line, name.to_owned());
        }
        record
    }
}

/// The items: each begins with the name with which the first one does. `None` where one has no title, or another field
/// twice, or where too many lines belong to no field.
fn items<'t>(text: &'t str, parts: &BTreeMap<String, Part>) -> Option<Vec<Item<'t>>> {
    let mut items: Vec<Item<'t>> = Vec::new();
    let mut first = None;
    let (mut fields, mut others) = (0_usize, 0_usize);
    // Whether what follows goes on with a summary.
    let mut goes_on = false;
    for (line, number) in text.lines().zip(1..) {
        let body = line.trim();
        let found = named(body);
        let part = found.and_then(|(name, _)| parts.get(&bare(name)).copied());
        match (found, part) {
            (Some((name, value)), Some(part)) => {
                fields += 1;
                if *first.get_or_insert(part) == part {
                    items.push(Item { line: number, last_line: number, fields: Vec::new() });
                }
                let item = items.last_mut()?;
                if item.get(part).is_some() {
                    return None;
                }
                item.fields.push((part, value.to_owned(), number, name));
                item.last_line = number;
                goes_on = part == Part::Summary;
            }
            _ if body.is_empty() || !body.contains(char::is_alphanumeric) => goes_on = false,
            // What has a name is a field of another kind.
            (Some(_), None) if !goes_on => {}
            _ if goes_on => {
                let item = items.last_mut()?;
                let (_, summary, ..) = item.fields.last_mut()?;
                summary.push(' ');
                summary.push_str(body);
                item.last_line = number;
            }
            _ => others += 1,
        }
    }
    let titles: BTreeSet<&str> = items.iter().filter_map(|item| item.get(Part::Title)).collect();
    // What is the same for all is how somebody is addressed, or a kind.
    let differ = titles.len() * 2 > items.len();
    let is_whole = |(at, item): (usize, &Item<'_>)| item.get(Part::Title).is_some() || at + 1 == items.len();
    (differ && others * 4 <= fields && items.iter().enumerate().all(is_whole)).then_some(items)
}

/// The name of a field and what it holds, where `line` is that.
fn named(line: &str) -> Option<(&str, &str)> {
    let line = line.trim().trim_start_matches(['-', '*', '•', '+', ' ']);
    let (name, value) = line.split_once([':', '：'])?;
    let (name, value) = (name.trim_end_matches(['*', '_', ' ']), value.trim_start_matches(['*', '_']));
    let is_apart = value.is_empty() || value.starts_with(char::is_whitespace) || line.contains('：');
    let is_name = name.len() <= LONGEST_NAME
        && name.starts_with(char::is_alphabetic)
        && name.split_whitespace().nth(MOST_WORDS).is_none();
    (is_apart && is_name).then_some((name, unquoted(value.trim())))
}

/// A text without the marks that a script may have put around it.
fn unquoted(text: &str) -> &str {
    let within = |mark| text.strip_prefix(mark)?.strip_suffix(mark).filter(|inner: &&str| !inner.contains(mark));
    within('"').or_else(|| within('\'')).unwrap_or(text)
}
