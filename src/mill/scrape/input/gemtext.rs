//! Indexes of Gemini capsules, as "Subscribing to Gemini pages" reads them, a companion specification at
//! geminiprotocol.net.
//!
//! ```text
//! => ferry.gmi 2020-06-28 - A ferry for the outer isles
//! ```
//!
//! A link line whose label begins with a day, as ISO 8601 writes it, is an entry: what stands behind the day, without
//! the signs between, is the title. All other lines say nothing, and so does what is preformatted.
//!
//! A text may end with links to other capsules: what it lists by lines is taken where that is no less. Refused: to
//! follow where only Gemini leads. A link is kept where it is of the web, be it by the address that the operator states
//! for the page.

use super::record::{MOST, Part, Record, TOO_MANY, tell, unreadable};
use crate::mill::scrape::language::choose;
use crate::mill::scrape::{Explained, Terms};

const LAYOUT: &str = "gemini";

/// So many entries tell that a text is such an index, where its name does not.
pub(super) const SEVERAL: usize = 3;

/// The entries of `text`; `None` where it has less than `fewest`.
pub(super) fn read(text: &str, fewest: usize, terms: &Terms, explaining: bool) -> Option<Explained<'static>> {
    // Hardly a text has such a line.
    memchr::memmem::find(text.as_bytes(), b"=>")?;
    let count = entries(text).take(MOST + 1).count();
    if count < fewest {
        return None;
    }
    if count > MOST {
        return Some(unreadable(LAYOUT, 1, TOO_MANY, ""));
    }
    let mut records: Vec<Record> = entries(text).map(record).collect();
    let cut = (1..).zip(text.lines()).last().filter(|_| !text.ends_with(['\n', '\r']));
    if let Some(record) = records.last_mut().filter(|record| cut.is_some_and(|(line, _)| record.line == line)) {
        record.end_in(Part::Title, choose(terms.language.as_deref(), text).lexicon);
    }
    Some(tell(LAYOUT, &records, terms, explaining))
}

struct Entry<'t> {
    line: u32,
    address: &'t str,
    day: &'t str,
    title: &'t str,
}

fn record(entry: Entry<'_>) -> Record {
    let Entry { line, address, day, title } = entry;
    let mut record = Record::new(line, line);
    for (part, text, from) in
        [(Part::Date, day, "day"), (Part::Title, title, "label"), (Part::Link, address, "address")]
    {
        record.set(part, text, line, from);
    }
    record
}

fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    let mut is_verbatim = false;
    (1..).zip(text.lines()).filter_map(move |(line, said)| {
        is_verbatim ^= said.starts_with("```");
        let (address, day, title) = entry(said).filter(|_| !is_verbatim)?;
        Some(Entry { line, address, day, title })
    })
}

/// The address, the day and the title of a line.
fn entry(line: &str) -> Option<(&str, &str, &str)> {
    let (address, label) = line.strip_prefix("=>")?.trim().split_once([' ', '\t'])?;
    let (day, rest) = label.trim_start().split_at_checked("2020-06-28".len())?;
    let is_day =
        day.bytes().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    let is_between = |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | '−' | ':' | '|' | '·' | '•');
    let ends = !rest.starts_with(char::is_alphanumeric);
    let title = rest.trim_start_matches(is_between);
    (is_day && ends && !title.is_empty()).then_some((address, day, title))
}
