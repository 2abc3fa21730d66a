//! JSON and JSON Lines, JSON Feed among them.
//!
//! serde_json reads the values, and serde_json_path finds the items by the operator's paths. [`Scan`] knows on which
//! lines each object stands, and where a file that was cut can be closed so that all before the cut is read. An object
//! that the cut goes through is not taken.
//!
//! Without paths, the items are the only list of objects that have titles, and fields are known by their common names.
//! Items may also be kept under their ids or addresses, or under their days, which they then have. Where two lists could
//! be meant, nothing is guessed; objects that only have names are no items.

mod scan;

use std::borrow::Cow;

use chrono::NaiveDate;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use serde_json_path::PathElement;

use self::scan::{Scan, Step, Trail};
use super::html;
use super::names::{Known, bare};
use super::record::{At, Fields, MOST, Part, Record, TOO_MANY, refuse, tell, unreadable};
use crate::mill::scrape::reading::{fault, shortened};
use crate::mill::scrape::{Explained, REFUSED_BELOW, Terms};

const LAYOUT: &str = "json";
const LINES: &str = "jsonl";

/// Whether `start` is JSON, perhaps cut.
pub(super) fn is_document(start: &str) -> bool {
    let inner = start.get(1..).unwrap_or_default().trim_start();
    let begins = match start.as_bytes().first() {
        Some(b'{') => inner.starts_with(['"', '}']),
        _ => inner.starts_with(['{', '[', ']']),
    };
    begins && serde_json::from_str::<IgnoredAny>(start).map_or_else(|error| error.is_eof(), |_| true)
}

/// Whether `start` is lines of JSON: the first is an object, and the second begins as one.
pub(super) fn is_lines(start: &str) -> bool {
    let mut lines = start.lines().filter(|line| !line.trim().is_empty());
    let is_object = |line: &str| line.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok();
    lines.next().is_some_and(is_object) && lines.next().is_some_and(|line| line.trim_start().starts_with('{'))
}

/// Reads one JSON value.
pub(super) fn read(text: &str, terms: &Terms, explaining: bool) -> Explained<'static> {
    let scan = match Scan::of(text) {
        Ok(scan) => scan,
        Err((line, why)) => return unreadable(LAYOUT, line, why, ""),
    };
    let parsed = match value_of(text) {
        Err(error) if error.is_eof() => value_of(&scan.closed(text)),
        parsed => parsed,
    };
    let value = match parsed {
        Ok(value) => value,
        Err(_) if is_lines(text.trim_start()) => return read_lines(text, terms, explaining),
        Err(error) => {
            let why = format!("this is no JSON: {error}");
            return unreadable(LAYOUT, u32::try_from(error.line()).unwrap_or(1).max(1), &why, "");
        }
    };
    let fields = terms.fields.as_deref();
    let found = match fields.and_then(|fields| fields.items.as_ref()) {
        Some(at) => stated(at, &value),
        None => guessed(&value, fields),
    };
    let (place, items) = match found {
        Ok(found) => found,
        Err(why) => return unreadable(LAYOUT, 1, &why, ""),
    };
    if items.len() > MOST {
        return unreadable(LAYOUT, 1, TOO_MANY, "");
    }
    let mut records = Vec::with_capacity(items.len());
    let mut trail = Trail::new();
    for Item { way, value, day } in &items {
        let spot = scan.follow(way, &mut trail);
        let (line, last_line, whole) = spot.map_or((1, 1, true), |spot| (spot.line, spot.last_line, spot.whole));
        let mut record = Record::new(line, last_line);
        record.cut = !whole;
        let is_inner = fill(&mut record, value, fields, &place);
        if let Some(day) = day {
            record.set(Part::Date, day, line, "the name of its list");
        }
        records.push((record, is_inner));
    }
    // What is kept by name comes in the order of the names.
    records.sort_by_key(|(record, _)| record.line);
    let records = without_days_of_capture(records);
    tell(LAYOUT, &records, terms, explaining)
}

/// Reads a value on each line.
pub(super) fn read_lines(text: &str, terms: &Terms, explaining: bool) -> Explained<'static> {
    let fields = terms.fields.as_deref();
    let mut records = Vec::new();
    let mut faults = Vec::new();
    let mut lines = 0_usize;
    for (line, number) in text.split('\n').zip(1..) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if records.len().max(faults.len()) > MOST {
            return unreadable(LINES, number, TOO_MANY, "");
        }
        lines += 1;
        match value_of(line) {
            Ok(value) => {
                let items = match fields.and_then(|fields| fields.items.as_ref()) {
                    Some(at) => stated(at, &value).map(|(_, items)| items).unwrap_or_default(),
                    None => vec![Item { way: Vec::new(), value: &value, day: None }],
                };
                for item in items {
                    let mut record = Record::new(number, number);
                    let is_inner = fill(&mut record, item.value, fields, "$");
                    records.push((record, is_inner));
                }
            }
            Err(error) if error.is_eof() => {
                faults.push((number, "the file is cut in this line, or it is no JSON", line))
            }
            Err(_) => faults.push((number, "this line is no JSON", line)),
        }
    }
    let records = without_days_of_capture(records);
    let mut told = tell(LINES, &records, terms, explaining);
    // A line that is no JSON is a doubt like an item without a title. The last one may just be cut.
    let read = lines.saturating_sub(faults.len().saturating_sub(1));
    if lines > 0 {
        #[expect(clippy::cast_precision_loss, reason = "no file has so many lines")]
        let share = read as f64 / lines as f64;
        told.scrape.confidence *= share;
    }
    if told.scrape.refused.is_none() && told.scrape.confidence < REFUSED_BELOW {
        let why = format!("too few lines are JSON with a title (confidence {:.2})", told.scrape.confidence);
        refuse(&mut told, why);
    }
    told.scrape.faults.extend(faults.into_iter().map(|(line, why, text)| fault(line, why, text)));
    told.scrape.faults.sort_by_key(|fault| fault.line);
    told
}

/// The value that `text` is.
///
/// Programs that shorten a text can cut through a surrogate pair, and write half of a letter. It is taken as a letter
/// that could not be read, and nothing else is lost by it.
fn value_of(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text).or_else(|error| match halves_mended(text) {
        Some(mended) => serde_json::from_str(&mended),
        None => Err(error),
    })
}

/// `text` with U+FFFD in the place of each half of a surrogate pair; `None` when there is none.
fn halves_mended(text: &str) -> Option<String> {
    const LENGTH: usize = "\\ud800".len();
    let half_at = |at: usize| -> Option<u16> {
        let escape = text.as_bytes().get(at..at + LENGTH)?;
        let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
        u16::from_str_radix(digits, 16).ok().filter(|half| (0xD800..0xE000).contains(half))
    };
    let mut mended = String::new();
    let (mut at, mut kept) = (0, 0);
    while let Some(next) = text.as_bytes().get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += next;
        match (half_at(at), half_at(at + LENGTH)) {
            (Some(0xD800..0xDC00), Some(0xDC00..)) => at += 2 * LENGTH,
            (Some(_), _) => {
                mended.push_str(text.get(kept..at)?);
                mended.push_str("\\ufffd");
                at += LENGTH;
                kept = at;
            }
            // Another escape, and that of a backslash is two.
            (None, _) => at += 2,
        }
    }
    mended.push_str(text.get(kept..)?);
    (kept > 0).then_some(mended)
}

/// One item of a value.
struct Item<'v> {
    /// The way to it.
    way: Vec<Step<'v>>,
    value: &'v Value,
    /// The day that its list is called by.
    day: Option<&'v str>,
}

/// Where the items stand, as a path to show, and the items.
type Found<'v> = (String, Vec<Item<'v>>);

/// A way into a value as it is shown.
fn shown(steps: &[Step<'_>]) -> String {
    let step = |step: &Step<'_>| match step {
        Step::Name(name) => format!("[{:?}]", shortened(name)),
        Step::Index(index) => format!("[{index}]"),
    };
    std::iter::once("$".to_owned()).chain(steps.iter().map(step)).collect()
}

fn stated<'v>(at: &At, value: &'v Value) -> Result<Found<'v>, String> {
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

/// Fields are looked for among so many members of an object.
const MOST_MEMBERS: usize = 256;

/// The only list of objects that have titles.
fn guessed<'v>(value: &'v Value, fields: Option<&Fields>) -> Result<Found<'v>, String> {
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

/// What stands in an item where the operator says that a field does.
fn values_at<'v>(at: &At, item: &'v Value) -> Vec<&'v Value> {
    match at.path() {
        Some(path) => path.query(item).all(),
        None => item.get(at.text()).into_iter().collect(),
    }
}

/// The members that hold the content of an item which content systems and their interfaces wrap up: `attributes` in JSON:API,
/// `node` in GraphQL, `fields` in tables, `_source` in search indexes, `item` in lists of schema.org.
const WRAPPINGS: [&str; 7] = ["attributes", "node", "fields", "_source", "data", "item", "snippet"];

/// The members of an item: those of its wrapping first, where it has no title itself; and the name of that.
fn content(item: &Value) -> Option<(Members<'_>, &'static str)> {
    let own = Members::of(item.as_object()?);
    if own.field(Part::Title).is_some() {
        return Some((own, ""));
    }
    // A name may be that of whoever wrote it.
    let is_titled = |members: &Members<'_>| members.field(Part::Title).is_some_and(|(name, _)| bare(name) != "name");
    let wrapped = WRAPPINGS.iter().find_map(|name| {
        let members = Members::of(item.get(name)?.as_object()?);
        is_titled(&members).then_some((members, *name))
    });
    match wrapped {
        Some((Members(inner), name)) => {
            // The wrapping itself says nothing: `data` is a date in other languages.
            let around = own.0.into_iter().filter(|(_, of, _)| *of != name);
            Some((Members(inner.into_iter().chain(around).collect()), name))
        }
        None => Some((own, "")),
    }
}

/// The members of an object, and what is known of the name of each.
struct Members<'v>(Vec<(Known, &'v str, &'v Value)>);

impl<'v> Members<'v> {
    fn of(object: &'v Map<String, Value>) -> Self {
        Self(object.iter().take(MOST_MEMBERS).map(|(name, value)| (Known::of(name), name.as_str(), value)).collect())
    }

    /// The member that holds a field by its name, and what it says.
    fn field(&self, part: Part) -> Option<(&'v str, Cow<'v, str>)> {
        let ranked = self.0.iter().filter_map(|(known, name, value)| Some((known.rank(part)?, *name, *value)));
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_by_key(|(rank, ..)| *rank);
        ranked.into_iter().find_map(|(_, name, value)| Some((name, printed(value, part, is_html(name))?)))
    }
}

/// Whether a member holds HTML by its name: `rendered`, `content_html`.
fn is_html(name: &str) -> bool {
    let bare = bare(name);
    bare.ends_with("html") || bare.ends_with("rendered")
}

/// The members of an item that hold what is said about it, such as its day.
const ABOUT: [&str; 6] = ["meta", "metadata", "info", "details", "dates", "publication"];

/// The day of an item that states none itself, in the one member about it that does, and what both are called. What may be
/// the time of a change, or of the capture, is none.
fn inner_day<'v>(members: &Members<'v>) -> Option<(&'v str, &'v str, Cow<'v, str>)> {
    let is_about = |known: &Known, name: &str| known.rank(Part::Date).is_some() || ABOUT.contains(&&*bare(name));
    let about = members.0.iter().filter(|(known, name, _)| is_about(known, name));
    let mut found = about.filter_map(|(_, outer, value)| {
        let mut inner = Members::of(value.as_object()?);
        // `data` is a date in other languages.
        inner.0.retain(|(known, name, _)| known.is_day_of_publication() && *name != "data");
        inner.field(Part::Date).map(|(name, text)| (*outer, name, text))
    });
    let only = found.next()?;
    found.next().is_none().then_some(only)
}

/// The records, each with whether its day stood beside other facts. One that is that of every item is the day of the
/// capture, and is left out.
fn without_days_of_capture(records: Vec<(Record, bool)>) -> Vec<Record> {
    let mut days = records.iter().filter(|(_, is_inner)| *is_inner).filter_map(|(record, _)| record.get(Part::Date));
    let first = days.next();
    let are_one = days.all(|day| Some(day) == first);
    let left = records.into_iter().map(|(mut record, is_inner)| {
        if is_inner && are_one {
            record.leave(Part::Date);
        }
        record
    });
    left.collect()
}

/// Fills a record, and says whether its day stands deeper than the item's other fields.
fn fill(record: &mut Record, item: &Value, fields: Option<&Fields>, place: &str) -> bool {
    let line = record.line;
    if let Some(fields) = fields.filter(|fields| !fields.parts.is_empty()) {
        for (part, at) in &fields.parts {
            let most = if *part == Part::Summary { usize::MAX } else { 1 };
            let texts = values_at(at, item)
                .into_iter()
                .filter_map(|value| printed(value, *part, is_html(at.text())))
                .take(most);
            let text = texts.collect::<Vec<_>>().join(" ");
            record.set(*part, &text, line, at.text().to_owned());
        }
        return false;
    }
    let Some((members, wrapping)) = content(item) else { return false };
    for (_, part) in Part::ALL {
        if let Some((name, text)) = members.field(part) {
            let is_wrapped = !wrapping.is_empty() && item.get(wrapping).is_some_and(|inner| inner.get(name).is_some());
            let within = if is_wrapped { format!(".{wrapping}") } else { String::new() };
            record.set(part, &text, line, format!("{place}{within}.{}", shortened(name)));
        }
    }
    if record.get(Part::Date).is_none()
        && let Some((outer, name, text)) = inner_day(&members)
    {
        record.set(Part::Date, &text, line, format!("{place}.{}.{}", shortened(outer), shortened(name)));
        return true;
    }
    false
}

/// The text of a value: for an object that of the member which holds it, for a list that of the first value. Only what
/// says something has one.
fn printed(value: &Value, part: Part, is_html: bool) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) if matches!(part, Part::Date | Part::Link | Part::Id) => Some(text.into()),
        Value::String(text) => {
            let text = if is_html { html::plain(text).into() } else { html::unmarked(text) };
            Some(text).filter(|text| !text.trim().is_empty())
        }
        Value::Number(number) => Some(number.to_string().into()),
        Value::Array(list) => printed(list.first()?, part, is_html),
        Value::Object(members) if part == Part::Date => stamp(members),
        Value::Object(members) => {
            const INNER: [&str; 14] = [
                "rendered", "value", "text", "#text", "_text", "_", "$t", "en", "main", "title", "name", "label",
                "href", "url",
            ];
            INNER.iter().find_map(|name| match members.get(*name)? {
                inner @ (Value::String(_) | Value::Number(_)) => printed(inner, part, is_html || *name == "rendered"),
                _ => None,
            })
        }
        Value::Null | Value::Bool(_) => None,
    }
}

/// The date that an object is: its text, or what a database keeps: `{"$date": …}`, `{"seconds": …, "nanoseconds": …}`.
fn stamp(members: &Map<String, Value>) -> Option<Cow<'_, str>> {
    const TEXT: [&str; 9] = ["rendered", "value", "text", "#text", "_text", "_", "$t", "$date", "$numberLong"];
    let of = |name: &str| match members.get(name)? {
        inner @ (Value::String(_) | Value::Number(_)) => printed(inner, Part::Date, false),
        Value::Object(inner) => stamp(inner),
        _ => None,
    };
    let has_rest = || ["nanoseconds", "_nanoseconds", "nanos"].iter().any(|name| members.contains_key(*name));
    TEXT.iter()
        .find_map(|name| of(name))
        .or_else(|| ["seconds", "_seconds"].iter().filter(|_| has_rest()).find_map(|name| of(name)))
}
