//! JSON and JSON Lines, JSON Feed among them.
//!
//! serde_json reads the values, and serde_json_path finds the items by the operator's paths. [`Scan`] knows on which
//! lines each object stands, and where a file that was cut can be closed so that all before the cut is read. An object
//! that the cut goes through is not taken.
//!
//! Without paths, the items are the only list of objects that have titles, and fields are known by their common names.
//! Where two lists could be meant, nothing is guessed.

mod scan;

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use serde_json_path::PathElement;

use self::scan::{Scan, Step, Trail};
use super::html;
use super::names::{bare, names};
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
    for (way, item) in &items {
        let spot = scan.follow(way, &mut trail);
        let (line, last_line, whole) = spot.map_or((1, 1, true), |spot| (spot.line, spot.last_line, spot.whole));
        let mut record = Record::new(line, last_line);
        record.cut = !whole;
        fill(&mut record, item, fields, &place);
        records.push(record);
    }
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
                    None => vec![(Vec::new(), &value)],
                };
                for (_, item) in items {
                    let mut record = Record::new(number, number);
                    fill(&mut record, item, fields, "$");
                    records.push(record);
                }
            }
            Err(error) if error.is_eof() => {
                faults.push((number, "the file is cut in this line, or it is no JSON", line))
            }
            Err(_) => faults.push((number, "this line is no JSON", line)),
        }
    }
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

/// Where the items stand, as a path to show, and each of them with the way to it.
type Found<'v> = (String, Vec<(Vec<Step<'v>>, &'v Value)>);

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
        items.push((steps.collect(), node.node()));
    }
    match items.is_empty() {
        true => Err(format!("nothing stands at items = {:?}", at.text())),
        false => Ok((at.text().to_owned(), items)),
    }
}

/// How deep a list of items is looked for.
const GUESS_DEPTH: usize = 3;

/// Fields are looked for among so many members of an object.
const MOST_MEMBERS: usize = 256;

/// A list in a value, and the way to it.
type List<'v> = (Vec<Step<'v>>, &'v Vec<Value>);

/// The only list of objects that have titles.
fn guessed<'v>(value: &'v Value, fields: Option<&Fields>) -> Result<Found<'v>, String> {
    let mut lists = lists_of_items(value, fields);
    // A list of dated things before lists of things that only have names: authors, tags, pages.
    let has_date = |item: &Value| {
        let date = content(item).and_then(|(members, _)| members.common(Part::Date));
        date.is_some_and(|(_, date)| !date.is_object())
    };
    let is_dated = |(_, list): &List<'v>| list.iter().any(has_date);
    if lists.len() > 1 && lists.iter().filter(|list| is_dated(list)).count() == 1 {
        lists.retain(is_dated);
    }
    // A list whose items say themselves what they are called before one whose members have to.
    let is_plain = |(_, list): &List<'v>| list.iter().filter_map(content).any(|(_, wrapping)| wrapping.is_empty());
    if lists.len() > 1 && lists.iter().filter(|list| is_plain(list)).count() == 1 {
        lists.retain(is_plain);
    }
    let path = |way: &[Step<'_>]| shown(way) + "[*]";
    match lists.as_slice() {
        [] => Err("no list of objects with titles is found; [source.fields] can say where".to_owned()),
        [(way, list)] => {
            let items = list.iter().enumerate().map(|(index, item)| (extended(way, Step::Index(index)), item));
            Ok((path(way), items.collect()))
        }
        several => {
            let all: Vec<String> = several.iter().take(4).map(|(way, _)| path(way)).collect();
            Err(format!("several lists could be meant ({}): say which in [source.fields]", all.join(", ")))
        }
    }
}

/// The lists of which at least half looks like items, those nearer to the top first.
fn lists_of_items<'v>(value: &'v Value, fields: Option<&Fields>) -> Vec<List<'v>> {
    let mut lists = Vec::new();
    let mut around = vec![(Vec::new(), value)];
    for _ in 0..=GUESS_DEPTH {
        let mut deeper = Vec::new();
        for (way, value) in around {
            match value {
                Value::Array(list) => {
                    let items = list.iter().filter(|item| looks_like_item(item, fields)).count();
                    if items * 2 >= list.len() && items > 0 {
                        lists.push((way, list));
                    }
                }
                Value::Object(members) => {
                    let step = |name: &'v String| Step::Name(Cow::Borrowed(name));
                    deeper.extend(members.iter().map(|(name, value)| (extended(&way, step(name)), value)));
                }
                _ => {}
            }
        }
        around = deeper;
    }
    lists
}

fn extended<'v>(way: &[Step<'v>], step: Step<'v>) -> Vec<Step<'v>> {
    way.iter().cloned().chain([step]).collect()
}

fn looks_like_item(item: &Value, fields: Option<&Fields>) -> bool {
    let title = fields.and_then(|fields| fields.parts.iter().find(|(part, _)| *part == Part::Title));
    match title {
        Some((_, at)) => item.is_object() && !values_at(at, item).is_empty(),
        None => content(item).is_some_and(|(members, _)| members.common(Part::Title).is_some()),
    }
}

/// What stands in an item where the operator says that a field does.
fn values_at<'v>(at: &At, item: &'v Value) -> Vec<&'v Value> {
    match at.path() {
        Some(path) => path.query(item).all(),
        None => item.get(at.text()).into_iter().collect(),
    }
}

/// The members that hold the content of an item which content systems and their interfaces wrap up: `attributes` in JSON:API,
/// `node` in GraphQL, `fields` in tables, `_source` in search indexes.
const WRAPPINGS: [&str; 5] = ["attributes", "node", "fields", "_source", "data"];

/// The members of an item: those of its wrapping first, where it has no title itself; and the name of that.
fn content(item: &Value) -> Option<(Members<'_>, &'static str)> {
    let own = Members::of(item.as_object()?);
    if own.common(Part::Title).is_some() {
        return Some((own, ""));
    }
    // A name may be that of whoever wrote it.
    let is_titled = |members: &Members<'_>| members.common(Part::Title).is_some_and(|(name, _)| bare(name) != "name");
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

/// The members of an object, each also by its bare name.
struct Members<'v>(Vec<(String, &'v str, &'v Value)>);

impl<'v> Members<'v> {
    fn of(object: &'v Map<String, Value>) -> Self {
        Self(object.iter().take(MOST_MEMBERS).map(|(name, value)| (bare(name), name.as_str(), value)).collect())
    }

    /// The member that holds a field by its name, and says something.
    fn common(&self, part: Part) -> Option<(&'v str, &'v Value)> {
        names(part).find_map(|wanted| {
            let found = self.0.iter().find(|(bare, _, value)| bare == wanted && says_something(value));
            found.map(|(_, name, value)| (*name, *value))
        })
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Number(_) => true,
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

fn fill(record: &mut Record, item: &Value, fields: Option<&Fields>, place: &str) {
    let line = record.line;
    if let Some(fields) = fields.filter(|fields| !fields.parts.is_empty()) {
        for (part, at) in &fields.parts {
            let most = if *part == Part::Summary { usize::MAX } else { 1 };
            let texts = values_at(at, item).into_iter().filter_map(|value| printed(value, at.text())).take(most);
            let text = texts.collect::<Vec<_>>().join(" ");
            record.set(*part, &text, line, at.text().to_owned());
        }
        return;
    }
    let Some((members, wrapping)) = content(item) else { return };
    let is_wrapped = |name: &str, value: &Value| !item.get(name).is_some_and(|own| std::ptr::eq(own, value));
    for (_, part) in Part::ALL {
        if let Some((name, value)) = members.common(part)
            && let Some(text) = printed(value, name)
        {
            let within = if is_wrapped(name, value) { format!(".{wrapping}") } else { String::new() };
            record.set(part, &text, line, format!("{place}{within}.{}", shortened(name)));
        }
    }
}

/// Whether a text is a paragraph of a web page, tags and all.
fn is_marked_up(text: &str) -> bool {
    const BLOCKS: [&str; 8] = ["p", "div", "ul", "ol", "figure", "blockquote", "section", "table"];
    let tag = text.strip_prefix('<').and_then(|tag| tag.split([' ', '>', '\n']).next());
    tag.is_some_and(|tag| BLOCKS.contains(&tag)) && text.trim_end().ends_with('>') && text.contains("</")
}

/// The text of a value: for an object that of the member which holds it, for a list that of the first value.
fn printed<'v>(value: &'v Value, name: &str) -> Option<Cow<'v, str>> {
    let is_html = matches!(bare(name).as_str(), "contenthtml" | "rendered" | "html") || name.ends_with(".rendered");
    match value {
        Value::String(text) if is_html || is_marked_up(text) => Some(html::plain(text).into()),
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Array(list) => printed(list.first()?, name),
        Value::Object(members) => {
            let inner = ["rendered", "value", "text", "#text", "_text", "en", "title", "name", "label", "href", "url"];
            inner.iter().find_map(|name| match members.get(*name)? {
                inner @ (Value::String(_) | Value::Number(_)) => printed(inner, name),
                _ => None,
            })
        }
        Value::Null | Value::Bool(_) => None,
    }
}
