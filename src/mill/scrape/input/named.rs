//! Lines that name their fields, as scripts print them.
//!
//! ```text
//! Title: A ferry for the outer isles
//! Date: 28 June 2020
//! Link: https://news.example.org/2020/ferry
//! ```
//!
//! A name is known, or it is one that nearly each record has, once and behind the same field: `Details:`, `Tags:`. What
//! has another before a colon goes on with the summary above it.
//!
//! A text has this form where both a title and a day are named so several times, each item begins with the same name
//! and has one title, and hardly a line is left that belongs to none. A page that merely names some fields of its
//! items, below headlines of their own, has another.

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
    let names = Names::of(text)?;
    let items = items(text, &names)?;
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

/// What the names stand for that a file has often enough.
struct Names {
    /// Those of the fields that are read, each the surest of its field.
    parts: BTreeMap<String, Part>,
    /// Those of other fields.
    others: BTreeSet<String>,
}

impl Names {
    /// The names in `text`; `None` where neither titles nor days have one.
    fn of(text: &str) -> Option<Self> {
        let all: Vec<String> = text.lines().filter_map(named).map(|(name, _)| bare(name)).collect();
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        for name in &all {
            *counts.entry(name).or_default() += 1;
        }
        counts.retain(|_, count| *count >= SEVERAL);
        let mut parts = BTreeMap::new();
        for (_, part) in Part::ALL {
            let free = counts.keys().copied().filter(|name| !parts.contains_key(*name));
            let ranked = free.filter_map(|name| Some((Known::of(name).rank(part)?, name)));
            if let Some((_, name)) = ranked.min() {
                parts.insert(name.clone(), part);
            }
        }
        let has = |wanted: Part| parts.values().any(|part| *part == wanted);
        if !has(Part::Title) || !has(Part::Date) {
            return None;
        }
        let items = all.iter().find(|name| parts.contains_key(*name)).and_then(|first| counts.get(first)).copied()?;
        // The name that stands before each, and whether it always does.
        let mut places: BTreeMap<&String, (Option<&String>, bool)> = BTreeMap::new();
        let mut before = None;
        for name in all.iter().filter(|name| counts.contains_key(name)) {
            let (known, is_one) = places.entry(name).or_insert((before, true));
            *is_one &= *known == before && before != Some(name);
            before = Some(name);
        }
        let has_place = |name: &String| places.get(name).is_some_and(|(_, is_one)| *is_one);
        let others = counts
            .iter()
            .filter(|(name, count)| **count * 4 >= items * 3 && !parts.contains_key(**name) && has_place(name));
        let others = others.map(|(name, _)| (*name).clone()).collect();
        Some(Self { parts, others })
    }
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

/// The field that lines without a name go on with.
#[derive(PartialEq, Eq)]
enum Open {
    Nothing,
    Summary,
    /// One behind a summary that is not read.
    Other,
}

/// The items: each begins with the name with which the first one does. `None` where one has no title, or another field
/// twice, or where too many lines belong to no field.
fn items<'t>(text: &'t str, names: &Names) -> Option<Vec<Item<'t>>> {
    let mut items: Vec<Item<'t>> = Vec::new();
    let mut first = None;
    let (mut fields, mut others) = (0_usize, 0_usize);
    // What the lines below go on with.
    let mut open = Open::Nothing;
    for (line, number) in text.lines().zip(1..) {
        let body = line.trim();
        let found = named(body).map(|(name, value)| (name, value, bare(name)));
        let part = found.as_ref().and_then(|(_, _, bare)| names.parts.get(bare).copied());
        match (found, part) {
            (Some((name, value, _)), Some(part)) => {
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
                open = if part == Part::Summary { Open::Summary } else { Open::Nothing };
            }
            _ if body.is_empty() || !body.contains(char::is_alphanumeric) => open = Open::Nothing,
            // What has a name is a field of another kind, unless it may be a part of a text.
            (Some(_), None) if open == Open::Nothing => {}
            (Some((_, _, bare)), None) if names.others.contains(&bare) => open = Open::Other,
            _ if open == Open::Other => {}
            _ if open == Open::Summary => {
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
