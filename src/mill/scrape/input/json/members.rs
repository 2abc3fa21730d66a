//! What the members of an object say as the fields of an item.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::mill::scrape::input::html;
use crate::mill::scrape::input::names::{Known, bare};
use crate::mill::scrape::input::record::{At, Fields, Part, Record};
use crate::mill::scrape::reading::shortened;

/// Fields are looked for among so many members of an object.
const MOST_MEMBERS: usize = 256;

/// What stands in an item where the operator says that a field does.
pub(super) fn values_at<'v>(at: &At, item: &'v Value) -> Vec<&'v Value> {
    match at.path() {
        Some(path) => path.query(item).all(),
        None => item.get(at.text()).into_iter().collect(),
    }
}

/// The members that hold the content of an item which content systems and their interfaces wrap up: `attributes` in
/// JSON:API, `node` in GraphQL, `fields` in tables, `_source` in search indexes, `item` in lists of schema.org.
const WRAPPINGS: [&str; 7] = ["attributes", "node", "fields", "_source", "data", "item", "snippet"];

/// The members of an item: those of its wrapping first, where it has no title itself; and the name of that.
pub(super) fn content(item: &Value) -> Option<(Members<'_>, &'static str)> {
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
pub(super) struct Members<'v>(Vec<(Known, &'v str, &'v Value)>);

impl<'v> Members<'v> {
    fn of(object: &'v Map<String, Value>) -> Self {
        Self(object.iter().take(MOST_MEMBERS).map(|(name, value)| (Known::of(name), name.as_str(), value)).collect())
    }

    /// The member that holds a field by its name, and what it says.
    pub(super) fn field(&self, part: Part) -> Option<(&'v str, Cow<'v, str>)> {
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

/// The day of an item that states none itself, in the one member about it that does, and what both are called. What may
/// be the time of a change, or of the capture, is none.
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

/// Fills a record, and says whether its day stands deeper than the item's other fields.
pub(super) fn fill(record: &mut Record, item: &Value, fields: Option<&Fields>, place: &str) -> bool {
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
