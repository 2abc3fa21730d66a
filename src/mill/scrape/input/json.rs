//! JSON and JSON Lines, JSON Feed among them.
//!
//! serde_json reads the values, and serde_json_path finds the items by the operator's paths. [`Scan`] knows on which
//! lines each object stands, and where a file that was cut can be closed so that all before the cut is read. An object
//! that the cut goes through is not taken.
//!
//! Without paths, `items` looks for the only list of objects that have titles, and `members` knows fields by their
//! common names.

mod items;
mod members;
mod scan;

use serde::de::IgnoredAny;
use serde_json::Value;

use self::items::{Item, guessed, stated};
use self::members::fill;
use self::scan::{Scan, Trail};
use super::record::{MOST, Part, Record, TOO_MANY, refuse, tell, unreadable};
use crate::mill::scrape::reading::fault;
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
