//! CSV and TSV: a line of names, then a record for each item.
//!
//! The names of the columns say what they hold. A file without names is understood where its rows leave no choice: one
//! column holds their days, one texts, and the others addresses or numbers; else the operator gives the numbers. The
//! separator is the sign that stands equally often in the first lines. A last record that the end of the file may have cut
//! is not taken, unless only the end of a summary can be missing.

use std::borrow::Cow;
use std::collections::BTreeSet;

use csv::{ByteRecord, ReaderBuilder};

use super::names::{Known, bare};
use super::record::{At, MOST, Part, Record, TOO_MANY, tell, unreadable};
use super::{LineCounter, html};
use crate::mill::scrape::date::field;
use crate::mill::scrape::language::{Lexicon, choose};
use crate::mill::scrape::reading::shortened;
use crate::mill::scrape::shape::{FULL_STOPS, ends_sentence};
use crate::mill::scrape::{Explained, Terms};

const LAYOUT: &str = "csv";

/// A table of more columns is no list of announcements.
const MOST_COLUMNS: usize = 4096;
/// The separator is looked for in so many lines.
const LOOKED_AT: usize = 20;

/// A table without names has at most so many columns, or nobody can tell what they hold.
const MOST_FIELDS: usize = 8;
/// What has more letters is no title.
const LONGEST_TITLE: usize = 250;

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
                    Err(why) => match by_cells(text, delimiter, lexicon).filter(|_| terms.fields.is_none()) {
                        Some(parts) => (Columns { parts, width: cells.len() }, false),
                        None => return unreadable(LAYOUT, line, &why, raw),
                    },
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
                let text = match part {
                    Part::Date | Part::Link | Part::Id => Cow::Borrowed(cell.as_str()),
                    _ => html::unmarked(cell),
                };
                record.set(*part, &text, line, format!("column {} {name}", column + 1).trim_end().to_owned());
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

/// The sign that stands in most of the first lines as often as in the very first; of several, the most frequent one.
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

/// A field, the number of the column that holds it, from 0, and that column's name for people.
type Column = (Part, usize, String);

/// The columns whose names are common for a field.
fn by_common_names(names_row: &[String]) -> Result<Vec<Column>, String> {
    let known: Vec<Known> = names_row.iter().map(|cell| Known::of(cell)).collect();
    let find = |(_, part): &(&str, Part)| {
        let ranked = known.iter().zip(0..).filter_map(|(known, column)| Some((known.rank(*part)?, column)));
        let (_, column) = ranked.min()?;
        // Each record says it again, and a name can be half of the file.
        Some((*part, column, shortened(names_row.get(column)?.trim())))
    };
    let parts: Vec<Column> = Part::ALL.iter().filter_map(find).collect();
    match parts.iter().any(|(part, ..)| *part == Part::Title) {
        true => Ok(parts),
        false => Err("no column is called title; [source.fields] can say which column is what".to_owned()),
    }
}

/// The columns of a table without names, as the first rows show them: days, addresses and numbers, and one column besides,
/// of short texts of which no two are the same. Of two such columns nobody can tell which one holds the titles.
fn by_cells(text: &str, delimiter: u8, lexicon: &Lexicon) -> Option<Vec<Column>> {
    const FEWEST: usize = 3;
    let reader =
        ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let rows = reader.into_byte_records().take(LOOKED_AT).collect::<Result<Vec<_>, _>>().ok()?;
    let width = rows.first()?.len();
    // The last row may be cut.
    let whole = rows.iter().rev().skip(usize::from(rows.len() < LOOKED_AT && rows.len() > FEWEST)).rev();
    let rows: Vec<Vec<String>> =
        whole.map(|row| row.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect()).collect();
    if rows.len() < FEWEST || !(2..=MOST_FIELDS).contains(&width) || rows.iter().any(|row| row.len() != width) {
        return None;
    }
    let of = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let is_address = |cell: &String| cell.starts_with("https://") || cell.starts_with("http://");
    let is_number = |cell: &String| cell.chars().all(|c| c.is_ascii_digit());
    let is_title = |cell: &String| !cell.is_empty() && cell.chars().count() <= LONGEST_TITLE;
    let mut parts: Vec<Column> = Vec::new();
    for column in 0..width {
        let all = |is: &dyn Fn(&String) -> bool| of(column).all(is);
        let part = if all(&is_number) {
            continue;
        } else if all(&|cell| field(cell, lexicon).is_some()) {
            Part::Date
        } else if all(&is_address) {
            Part::Link
        } else if all(&is_title) && of(column).collect::<BTreeSet<_>>().len() == rows.len() {
            Part::Title
        } else {
            return None;
        };
        if parts.iter().any(|(known, ..)| *known == part) {
            return None;
        }
        parts.push((part, column, String::new()));
    }
    let has = |wanted: Part| parts.iter().any(|(part, ..)| *part == wanted);
    (has(Part::Title) && has(Part::Date)).then_some(parts)
}

/// The columns that the operator calls by their names, some perhaps by their numbers.
fn by_stated_names(names_row: &[String], stated: &[(Part, At)]) -> Result<Vec<Column>, String> {
    let find = |(part, at): &(Part, At)| {
        let named = names_row.iter().position(|cell| cell.trim() == at.text().trim());
        let column = named
            .or_else(|| names_row.iter().position(|cell| bare(cell) == bare(at.text())))
            .or_else(|| column_number(at).filter(|column| *column < names_row.len()));
        match column {
            Some(column) => Ok((*part, column, at.text().to_owned())),
            None => Err(format!("no column is called {:?}, as {} = says", at.text(), part.name())),
        }
    };
    stated.iter().map(find).collect()
}

/// The column that the operator states by its number.
fn column_number(at: &At) -> Option<usize> {
    at.text().parse::<usize>().ok()?.checked_sub(1)
}

/// Whether a row holds the names of these columns: it has no date where the others have one.
fn is_row_of_names(row: &[String], columns: &[Column], lexicon: &Lexicon) -> bool {
    let cell = |wanted: Part| columns.iter().find(|(part, ..)| *part == wanted).and_then(|(_, at, _)| row.get(*at));
    match cell(Part::Date) {
        Some(cell) => !cell.trim().is_empty() && field(cell, lexicon).is_none(),
        None => cell(Part::Title).is_some_and(|cell| Known::of(cell).rank(Part::Title).is_some()),
    }
}

/// Which column holds which field.
struct Columns {
    parts: Vec<Column>,
    width: usize,
}

impl Columns {
    /// What the first row says of the columns, and whether it is a row of names.
    fn of(first: &[String], terms: &Terms, lexicon: &Lexicon) -> Result<(Self, bool), String> {
        let stated = terms.fields.as_deref().map(|fields| fields.parts.as_slice()).unwrap_or_default();
        let width = first.len();
        if stated.is_empty() {
            return Ok((Self { parts: by_common_names(first)?, width }, true));
        }
        let by_number = stated.iter().map(|(part, at)| Some((*part, column_number(at)?, String::new())));
        if let Some(parts) = by_number.collect::<Option<Vec<_>>>() {
            let is_names = is_row_of_names(first, &parts, lexicon);
            return Ok((Self { parts, width }, is_names));
        }
        Ok((Self { parts: by_stated_names(first, stated)?, width }, true))
    }

    /// Notes what may be missing of a record that the file ends with.
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
                record.truncated = !ends_sentence(text, &FULL_STOPS);
            }
            _ => {}
        }
    }
}
