//! Where the items of a JSON value stand.
//!
//! They stand where the operator says; else they are the only list of things that have titles, be they kept in a list,
//! under their days, which they then have, or each under its id or address. Where two could be meant, nothing is
//! guessed; objects that only have names are no items.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde_json::{Map, Value};
use serde_json_path::PathElement;

use super::members::{content, values_at};
use super::scan::Step;
use crate::mill::scrape::input::names::bare;
use crate::mill::scrape::input::record::{At, Fields, Part};
use crate::mill::scrape::reading::shortened;

/// One item of a value.
pub(super) struct Item<'v> {
    /// The way to it.
    pub(super) way: Vec<Step<'v>>,
    pub(super) value: &'v Value,
    /// The day that its list is called by.
    pub(super) day: Option<&'v str>,
}

/// Where the items stand, as a path to show, and the items.
pub(super) type Found<'v> = (String, Vec<Item<'v>>);

/// A way into a value as it is shown.
fn shown(steps: &[Step<'_>]) -> String {
    let step = |step: &Step<'_>| match step {
        Step::Name(name) => format!("[{:?}]", shortened(name)),
        Step::Index(index) => format!("[{index}]"),
    };
    std::iter::once("$".to_owned()).chain(steps.iter().map(step)).collect()
}

/// The items at the path that the operator states.
pub(super) fn stated<'v>(at: &At, value: &'v Value) -> Result<Found<'v>, String> {
    let Some(path) = at.path() else {
        return Err(format!("items = {:?} is no path: a path begins with `$`, as in \"$.results[*]\"", at.text()));
    };
    let mut items = Vec::new();
    for node in path.query_located(value) {
        let steps = node.location().iter().map(|step| match step {
            PathElement::Name(name) => Step::Name(Cow::Borrowed(*name)),
            PathElement::Index(index) => Step::Index(*index),
        });
        items.push(Item { way: steps.collect(), value: node.node(), day: None });
    }
    match items.is_empty() {
        true => Err(format!("nothing stands at items = {:?}", at.text())),
        false => Ok((at.text().to_owned(), items)),
    }
}

/// How deep a list of items is looked for.
const GUESS_DEPTH: usize = 3;
/// So deep it is looked for where none is nearer: interfaces wrap what they answer up in the names of the question.
const DEEPEST_GUESS: usize = 6;

/// The only list of objects that have titles.
pub(super) fn guessed<'v>(value: &'v Value, fields: Option<&Fields>) -> Result<Found<'v>, String> {
    let mut lists = lists_of_items(value, fields);
    // A list of dated things before lists of things that only have names: authors, tags, pages.
    let is_dated = |(_, list): &Found<'v>| list.iter().any(|item| item.day.is_some() || has_date(item.value));
    if lists.len() > 1 && lists.iter().filter(|list| is_dated(list)).count() == 1 {
        lists.retain(is_dated);
    }
    // A list whose items say themselves what they are called before one whose members have to.
    let is_plain = |(_, list): &Found<'v>| {
        list.iter().filter_map(|item| content(item.value)).any(|(_, wrapping)| wrapping.is_empty())
    };
    if lists.len() > 1 && lists.iter().filter(|list| is_plain(list)).count() == 1 {
        lists.retain(is_plain);
    }
    if lists.len() > 1 {
        let all: Vec<&str> = lists.iter().take(4).map(|(path, _)| path.as_str()).collect();
        return Err(format!("several lists could be meant ({}): say which in [source.fields]", all.join(", ")));
    }
    lists.pop().ok_or_else(|| "no list of objects with titles is found; [source.fields] can say where".to_owned())
}

/// The lists of which at least half looks like items, those nearer to the top first.
fn lists_of_items<'v>(value: &'v Value, fields: Option<&Fields>) -> Vec<Found<'v>> {
    let mut lists = Vec::new();
    let mut around = vec![(Vec::new(), value)];
    for depth in 0..=DEEPEST_GUESS {
        if depth > GUESS_DEPTH && !lists.is_empty() {
            break;
        }
        let mut deeper = Vec::new();
        while let Some((way, value)) = around.pop() {
            match value {
                Value::Array(list) => {
                    // A list of one may be what a program makes of any element of XML.
                    if let [only] = list.as_slice()
                        && !has_date(only)
                    {
                        around.push((extended(&way, Step::Index(0)), only));
                    }
                    lists.extend(
                        Some(items_of(&way, list, None))
                            .filter(|items| are_items(items, fields))
                            .map(|items| (shown(&way) + "[*]", items)),
                    );
                }
                Value::Object(members) => match kept_by_name(&way, members, fields) {
                    Some(items) => lists.push((shown(&way) + "[*]", items)),
                    None => {
                        let inner = members.iter().map(|(name, value)| (extended(&way, named(name)), value));
                        deeper.extend(inner);
                    }
                },
                _ => {}
            }
        }
        deeper.reverse();
        around = deeper;
    }
    lists
}

fn items_of<'v>(way: &[Step<'v>], list: &'v [Value], day: Option<&'v str>) -> Vec<Item<'v>> {
    let item = |(index, value)| Item { way: extended(way, Step::Index(index)), value, day };
    list.iter().enumerate().map(item).collect()
}

fn are_items(items: &[Item<'_>], fields: Option<&Fields>) -> bool {
    let count = items.iter().filter(|item| looks_like_item(item.value, fields)).count();
    count * 2 >= items.len() && count > 0
}

/// The items that an object keeps by name: under the days that they are of, or each under its id or address.
fn kept_by_name<'v>(
    way: &[Step<'v>],
    members: &'v Map<String, Value>,
    fields: Option<&Fields>,
) -> Option<Vec<Item<'v>>> {
    if !members.is_empty() && members.keys().all(|name| is_day(name)) {
        let of_day = |(name, value): (&'v String, &'v Value)| {
            let way = extended(way, named(name));
            match value {
                Value::Array(list) => items_of(&way, list, Some(name)),
                value => vec![Item { way, value, day: Some(name) }],
            }
        };
        let items: Vec<Item<'v>> = members.iter().flat_map(of_day).collect();
        return Some(items).filter(|items| are_items(items, fields));
    }
    // The parts of a page are kept by name, too. Ids and addresses are no words, and news have days.
    let is_id = |name: &String| name.contains(|c: char| c.is_ascii_digit() || matches!(c, '-' | '/'));
    let is_item = |value: &Value| looks_like_item(value, fields) && has_date(value);
    // The one that the end of the file cuts may look like none yet.
    let count = || members.values().filter(|value| is_item(value)).count();
    let are_kept = members.len() > 1 && members.keys().all(is_id) && count() > 1 && count() + 1 >= members.len();
    let item = |(name, value): (&'v String, &'v Value)| Item { way: extended(way, named(name)), value, day: None };
    are_kept.then(|| members.iter().map(item).collect())
}

/// Whether a name is a day: `2024-06-14`, `2024/06/14`, `20240614`.
fn is_day(name: &str) -> bool {
    (8..=10).contains(&name.len())
        && ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"].iter().any(|form| NaiveDate::parse_from_str(name, form).is_ok())
}

fn named(name: &str) -> Step<'_> {
    Step::Name(Cow::Borrowed(name))
}

fn extended<'v>(way: &[Step<'v>], step: Step<'v>) -> Vec<Step<'v>> {
    way.iter().cloned().chain([step]).collect()
}

fn has_date(item: &Value) -> bool {
    content(item).is_some_and(|(members, _)| members.field(Part::Date).is_some())
}

fn looks_like_item(item: &Value, fields: Option<&Fields>) -> bool {
    let title = fields.and_then(|fields| fields.parts.iter().find(|(part, _)| *part == Part::Title));
    if let Some((_, at)) = title {
        return item.is_object() && !values_at(at, item).is_empty();
    }
    let Some((members, _)) = content(item) else { return false };
    // Whoever wrote, and the columns of a table, have names and nothing else.
    let says_more = || [Part::Date, Part::Link, Part::Summary].iter().any(|part| members.field(*part).is_some());
    members.field(Part::Title).is_some_and(|(name, _)| bare(name) != "name" || says_more())
}
