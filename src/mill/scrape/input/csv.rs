//! CSV and TSV: a line of names, then a record for each item.
//!
//! The names of the columns say what they hold; where a file has none, the operator gives the numbers. What separates
//! the columns is what separates them in the first lines alike. A last record that the file's end may have cut is not
//! taken unless what could be missing is only the end of a summary.

use csv::{ByteRecord, ReaderBuilder};

use super::LineCounter;
use super::names::{bare, names};
use super::record::{At, MOST, Part, Record, TOO_MANY, tell, unreadable};
use crate::mill::scrape::date::field;
use crate::mill::scrape::label::ends_sentence;
use crate::mill::scrape::language::{Lexicon, choose};
use crate::mill::scrape::reading::shortened;
use crate::mill::scrape::{Explained, Terms};

const LAYOUT: &str = "csv";

/// More columns than these are no table of announcements.
const MOST_COLUMNS: usize = 4096;
/// So many lines are looked at for what separates columns.
const LOOKED_AT: usize = 20;

/// Reads columns separated by `delimiter`, or by what the text shows.
pub(super) fn read(text: &str, delimiter: Option<u8>, terms: &Terms, explaining: bool) -> Explained<'static> {
    let delimiter = delimiter.unwrap_or_else(|| delimiter_of(text));
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let lexicon = choose(terms.language.as_deref(), text).lexicon;
    let mut counter = LineCounter::new(text);
    let mut columns: Option<Columns> = None;
    let mut records = Vec::new();
    let mut row = ByteRecord::new();
    loop {
        let start = place(reader.position().byte());
        match reader.read_byte_record(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return unreadable(LAYOUT, counter.line_at(start), &format!("this is no CSV: {error}"), ""),
        }
        let end = place(reader.position().byte()).min(text.len());
        let raw = text.get(start..end).unwrap_or_default();
        let start = start + (raw.len() - raw.trim_start_matches(['\r', '\n']).len());
        let line = counter.line_at(start);
        let raw = raw.trim_matches(['\r', '\n']);
        if records.len() > MOST {
            return unreadable(LAYOUT, line, TOO_MANY, "");
        }
        if row.len() > MOST_COLUMNS {
            return unreadable(LAYOUT, line, "it has too many columns", "");
        }
        let cells: Vec<String> = row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let known = match &columns {
            Some(known) => known,
            None => {
                let (found, is_header) = match Columns::of(&cells, terms, lexicon) {
                    Ok(found) => found,
                    Err(why) => return unreadable(LAYOUT, line, &why, raw),
                };
                let known = columns.insert(found);
                if is_header {
                    continue;
                }
                known
            }
        };
        let last_line = counter.line_at((start + raw.len()).saturating_sub(1).max(start));
        let mut record = Record::new(line, last_line);
        for (part, column, name) in &known.parts {
            if let Some(cell) = cells.get(*column) {
                record.set(*part, cell, line, format!("column {} {name}", column + 1).trim_end().to_owned());
            }
        }
        if end == text.len() && !text.ends_with(['\n', '\r']) {
            known.cut(&mut record, &cells, raw, lexicon);
        }
        records.push(record);
    }
    tell(LAYOUT, &records, terms, explaining)
}

fn place(byte: u64) -> usize {
    usize::try_from(byte).unwrap_or(usize::MAX)
}

/// The sign that is in the first lines equally often.
fn delimiter_of(text: &str) -> u8 {
    let counts = |sign: u8| {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).take(LOOKED_AT);
        let counts: Vec<usize> = lines
            .map(|line| {
                let mut quoted = false;
                line.bytes()
                    .filter(|b| {
                        quoted ^= *b == b'"';
                        *b == sign && !quoted
                    })
                    .count()
            })
            .collect();
        let first = counts.first().copied().unwrap_or(0);
        let alike = counts.iter().filter(|count| **count == first).count();
        if first == 0 { (0, 0) } else { (alike, first) }
    };
    let mut best = (b',', counts(b','));
    for sign in [b';', b'\t', b'|'] {
        let count = counts(sign);
        if count > best.1 {
            best = (sign, count);
        }
    }
    best.0
}

/// Which column holds which field.
struct Columns {
    parts: Vec<(Part, usize, String)>,
    width: usize,
}

impl Columns {
    /// From the first line, and whether that is a line of names.
    fn of(first: &[String], terms: &Terms, lexicon: &Lexicon) -> Result<(Self, bool), String> {
        let stated = terms.fields.as_deref().map(|fields| fields.parts.as_slice()).unwrap_or_default();
        let width = first.len();
        if stated.is_empty() {
            let bares: Vec<String> = first.iter().map(|cell| bare(cell)).collect();
            let find = |part: Part| {
                let column = names(part).find_map(|name| bares.iter().position(|bare| bare == name))?;
                // Each record says it again, and a name can be half of the file.
                Some((part, column, shortened(first.get(column)?.trim())))
            };
            let parts: Vec<_> = Part::ALL.iter().filter_map(|(_, part)| find(*part)).collect();
            return match parts.iter().any(|(part, ..)| *part == Part::Title) {
                true => Ok((Self { parts, width }, true)),
                false => Err("no column is called title; [source.fields] can say which column is what".to_owned()),
            };
        }
        let number = |at: &At| at.text().parse::<usize>().ok().filter(|number| *number > 0);
        if stated.iter().all(|(_, at)| number(at).is_some()) {
            let parts: Vec<_> = stated
                .iter()
                .filter_map(|(part, at)| Some((*part, number(at)?.saturating_sub(1), String::new())))
                .collect();
            let cell = |wanted: Part| {
                parts.iter().find(|(part, ..)| *part == wanted).and_then(|(_, column, _)| first.get(*column))
            };
            // A line of names has no date where the others have one.
            let is_header = match cell(Part::Date) {
                Some(cell) => !cell.trim().is_empty() && field(cell, lexicon).is_none(),
                None => cell(Part::Title).is_some_and(|cell| names(Part::Title).any(|name| name == bare(cell))),
            };
            return Ok((Self { parts, width }, is_header));
        }
        let mut parts = Vec::new();
        for (part, at) in stated {
            let named = first.iter().position(|cell| cell.trim() == at.text().trim());
            let column = named
                .or_else(|| first.iter().position(|cell| bare(cell) == bare(at.text())))
                .or_else(|| number(at).map(|number| number - 1).filter(|column| *column < width));
            match column {
                Some(column) => parts.push((*part, column, at.text().to_owned())),
                None => return Err(format!("no column is called {:?}, as {} = says", at.text(), part.name())),
            }
        }
        Ok((Self { parts, width }, true))
    }

    /// What the end of the file, right behind this record, may have taken from it.
    fn cut(&self, record: &mut Record, cells: &[String], raw: &str, lexicon: &Lexicon) {
        let open = raw.bytes().filter(|b| *b == b'"').count() % 2 == 1;
        if open || cells.len() < self.width {
            record.cut = true;
            return;
        }
        if raw.ends_with('"') {
            return;
        }
        let last = self.parts.iter().find(|(_, column, _)| column + 1 == cells.len()).map(|(part, ..)| *part);
        match last {
            Some(Part::Title | Part::Link | Part::Id) => record.cut = true,
            Some(Part::Date) => {
                let firm = record.get(Part::Date).and_then(|text| field(text, lexicon)).is_some_and(|d| d.is_firm());
                record.cut = !firm;
            }
            Some(Part::Summary) => {
                let text = record.get(Part::Summary).unwrap_or_default();
                record.truncated = !ends_sentence(text, &['.', '!', '?', '…', '。', '！', '？']);
            }
            _ => {}
        }
    }
}
