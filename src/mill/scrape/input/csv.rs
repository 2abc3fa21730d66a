//! CSV and TSV: a line of names, then a record for each item.
//!
//! The names of the columns say what they hold. A file without names is understood where its rows leave no choice: one
//! column holds their days, one short texts, perhaps one longer sentences, and the others addresses or numbers; else
//! the operator gives the numbers. The separator is the sign that the first line states for spreadsheets (`sep=;`), or
//! else stands equally often in the first lines. A last record that the end of the file may have cut is not taken,
//! unless only the end of a summary can be missing.

use std::borrow::Cow;
use std::collections::BTreeSet;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::names::{Known, bare};
use super::record::{At, MOST, Part, Record, TOO_MANY, tell, unreadable};
use super::{LineCounter, address, html};
use crate::mill::scrape::date::field;
use crate::mill::scrape::language::{Lexicon, choose};
use crate::mill::scrape::reading::shortened;
use crate::mill::scrape::shape::{FULL_STOPS, ends_sentence};
use crate::mill::scrape::{Explained, Terms};

const LAYOUT: &str = "csv";

/// A table of more columns is no list of announcements.
const MOST_COLUMNS: usize = 4096;
const TOO_WIDE: &str = "it has too many columns";
/// What separates the columns, and what those without names hold, shows in so many rows.
const LOOKED_AT: usize = 20;

/// A table without names has at least so many rows, and at most so many columns, or nobody can tell what they hold.
const FEWEST_ROWS: usize = 3;
const MOST_FIELDS: usize = 8;
/// What has more letters is no title.
const LONGEST_TITLE: usize = 250;
/// Nor is it a kind, if it has more than these.
const LONGEST_KIND: usize = 48;

/// Reads columns separated by `delimiter`, or by what the text shows.
pub(super) fn read(text: &str, delimiter: Option<u8>, terms: &Terms, explaining: bool) -> Explained<'static> {
    let lexicon = choose(terms.language.as_deref(), text).lexicon;
    let mut rows = Rows::of(text, delimiter);
    let first: Vec<Row<'_>> = rows.by_ref().take(LOOKED_AT).collect();
    let Some(head) = first.first() else { return tell(LAYOUT, &[], terms, explaining) };
    let columns = match Columns::of(&first, terms, lexicon) {
        Ok(columns) => columns,
        Err(why) => return unreadable(LAYOUT, head.line, &why, head.raw),
    };
    let mut records = Vec::new();
    for row in first.into_iter().chain(rows).skip(usize::from(columns.are_named)) {
        if records.len() > MOST {
            return unreadable(LAYOUT, row.line, TOO_MANY, "");
        }
        if row.cells.len() > MOST_COLUMNS {
            return unreadable(LAYOUT, row.line, TOO_WIDE, "");
        }
        records.push(columns.record(&row, lexicon));
    }
    tell(LAYOUT, &records, terms, explaining)
}

/// A row that says something.
struct Row<'t> {
    cells: Vec<String>,
    /// As the file has it.
    raw: &'t str,
    line: u32,
    last_line: u32,
    /// The file ends in it.
    is_end: bool,
}

/// The rows of a table, one after the other.
struct Rows<'t> {
    text: &'t str,
    /// Where the table begins.
    start: usize,
    reader: Reader<&'t [u8]>,
    counter: LineCounter<'t>,
    row: ByteRecord,
}

impl<'t> Rows<'t> {
    fn of(text: &'t str, delimiter: Option<u8>) -> Self {
        let (stated, start) = stated_separator(text).unzip();
        let start = start.unwrap_or(0);
        let table = text.get(start..).unwrap_or_default();
        let delimiter = stated.or(delimiter).unwrap_or_else(|| delimiter_of(table));
        let mut reader = ReaderBuilder::new();
        let reader = reader.delimiter(delimiter).has_headers(false).flexible(true).from_reader(table.as_bytes());
        Self { text, start, reader, counter: LineCounter::new(text), row: ByteRecord::new() }
    }

    /// Where in the text the next row begins.
    fn at(&self) -> usize {
        let read = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        self.start.saturating_add(read).min(self.text.len())
    }
}

impl<'t> Iterator for Rows<'t> {
    type Item = Row<'t>;

    fn next(&mut self) -> Option<Row<'t>> {
        loop {
            let start = self.at();
            // From memory, and of whatever width and bytes, it can't fail.
            if !self.reader.read_byte_record(&mut self.row).unwrap_or(false) {
                return None;
            }
            let end = self.at();
            let cells: Vec<String> = self.row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let raw = self.text.get(start..end).unwrap_or_default();
            let start = start + (raw.len() - raw.trim_start_matches(['\r', '\n']).len());
            let raw = raw.trim_matches(['\r', '\n']);
            let line = self.counter.line_at(start);
            let last_line = self.counter.line_at((start + raw.len()).saturating_sub(1).max(start));
            let is_end = end == self.text.len() && !self.text.ends_with(['\n', '\r']);
            return Some(Row { cells, raw, line, last_line, is_end });
        }
    }
}

/// The separator that the first line states, `sep=;`, and where the table begins behind it.
fn stated_separator(text: &str) -> Option<(u8, usize)> {
    let (line, behind) = text.split_once('\n')?;
    let line = line.trim_end_matches('\r');
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let (_, sign) = line.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("sep"))?;
    match sign.as_bytes() {
        [sign @ (b',' | b';' | b'\t' | b'|' | b':' | b'^' | b'~')] => Some((*sign, text.len() - behind.len())),
        _ => None,
    }
}

/// The sign that stands in most of the first lines as often as in the very first; of several, the most frequent one.
fn delimiter_of(text: &str) -> u8 {
    let count = |line: &str, sign: u8| {
        let mut quoted = false;
        let stands = |b: &u8| {
            quoted ^= *b == b'"';
            *b == sign && !quoted
        };
        line.as_bytes().iter().copied().filter(stands).count()
    };
    let evidence = |sign: &u8| {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).take(LOOKED_AT);
        let counts: Vec<usize> = lines.map(|line| count(line, *sign)).collect();
        let first = counts.first().copied().unwrap_or(0);
        let alike = counts.iter().filter(|count| **count == first).count();
        if first == 0 { (0, 0) } else { (alike, first) }
    };
    // Of those for which as much speaks the last one is taken: the comma.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(evidence).unwrap_or(b',')
}

/// Which column holds a field.
struct Column {
    part: Part,
    /// Its number, from 0.
    at: usize,
    /// What it is called for people.
    from: String,
}

impl Column {
    fn new(part: Part, at: usize, name: &str) -> Self {
        // Each record says it again, and a name can be half of the file.
        Self { part, at, from: format!("column {} {}", at + 1, shortened(name.trim())).trim_end().to_owned() }
    }
}

/// Which columns hold fields.
struct Columns {
    columns: Vec<Column>,
    /// How many there are in all.
    width: usize,
    /// The first row says what they are called.
    are_named: bool,
}

impl Columns {
    /// What the first rows say of the columns.
    fn of(rows: &[Row<'_>], terms: &Terms, lexicon: &Lexicon) -> Result<Self, String> {
        let first = rows.first().map(|row| row.cells.as_slice()).unwrap_or_default();
        let width = first.len();
        if width > MOST_COLUMNS {
            return Err(TOO_WIDE.to_owned());
        }
        let stated = terms.fields.as_deref().map(|fields| fields.parts.as_slice()).unwrap_or_default();
        let numbers = stated.iter().map(|(part, at)| Some(Column::new(*part, column_number(at)?, "")));
        let (columns, are_named) = if !stated.is_empty() {
            match numbers.collect::<Option<Vec<_>>>() {
                Some(columns) => {
                    let are_named = is_row_of_names(first, &columns, lexicon);
                    (columns, are_named)
                }
                None => (by_stated_names(first, stated)?, true),
            }
        } else if let Some(columns) = by_common_names(first) {
            (columns, true)
        } else {
            let columns = if terms.fields.is_none() { by_cells(rows, lexicon) } else { None };
            let why = "no column is called title; [source.fields] can say which column is what";
            (columns.ok_or(why)?, false)
        };
        Ok(Self { columns, width, are_named })
    }

    fn record(&self, row: &Row<'_>, lexicon: &Lexicon) -> Record {
        let mut record = Record::new(row.line, row.last_line);
        for Column { part, at, from } in &self.columns {
            let cell = row.cells.get(*at).map(String::as_str).unwrap_or_default();
            let text = match part {
                Part::Date | Part::Link | Part::Id => Cow::Borrowed(cell),
                _ => html::unmarked(cell),
            };
            record.set(*part, &text, row.line, from.clone());
        }
        if row.is_end {
            self.cut(&mut record, row, lexicon);
        }
        record
    }

    /// Notes what may be missing of a record that the file ends with.
    fn cut(&self, record: &mut Record, row: &Row<'_>, lexicon: &Lexicon) {
        let is_open = row.raw.bytes().filter(|b| *b == b'"').count() % 2 == 1;
        if is_open || row.cells.len() < self.width {
            record.cut = true;
        } else if !row.raw.ends_with('"')
            && let Some(last) = self.columns.iter().find(|column| column.at + 1 == row.cells.len())
        {
            record.end_in(last.part, lexicon);
        }
    }
}

/// The columns whose names are common for a field; `None` where none of them holds the titles.
fn by_common_names(names: &[String]) -> Option<Vec<Column>> {
    let known: Vec<Known> = names.iter().map(|name| Known::of(name)).collect();
    let find = |(_, part): &(&str, Part)| {
        let ranked = known.iter().zip(0..).filter_map(|(known, at)| Some((known.rank(*part)?, at)));
        let (_, at) = ranked.min()?;
        Some(Column::new(*part, at, names.get(at)?))
    };
    let columns: Vec<Column> = Part::ALL.iter().filter_map(find).collect();
    columns.iter().any(|column| column.part == Part::Title).then_some(columns)
}

/// The columns of a table without names, as the first rows show them: days, addresses and numbers, and besides one of
/// texts or two.
fn by_cells(rows: &[Row<'_>], lexicon: &Lexicon) -> Option<Vec<Column>> {
    // The last row may be cut.
    let whole = rows.len() - usize::from(rows.len() < LOOKED_AT && rows.len() > FEWEST_ROWS);
    let rows = rows.get(..whole).filter(|rows| rows.len() >= FEWEST_ROWS)?;
    let width = rows.first()?.cells.len();
    if !(2..=MOST_FIELDS).contains(&width) || rows.iter().any(|row| row.cells.len() != width) {
        return None;
    }
    let (mut columns, mut texts): (Vec<Column>, Vec<(usize, Vec<&str>)>) = (Vec::new(), Vec::new());
    for at in 0..width {
        let cells: Vec<&str> = rows.iter().filter_map(|row| row.cells.get(at)).map(|cell| cell.trim()).collect();
        let all = |is: &dyn Fn(&str) -> bool| cells.iter().all(|cell| is(cell));
        let part = if all(&|cell| cell.chars().all(|c| c.is_ascii_digit())) {
            continue;
        } else if all(&|cell| field(cell, lexicon).is_some()) {
            Part::Date
        } else if all(&address::is_known) {
            Part::Link
        } else {
            texts.push((at, cells));
            continue;
        };
        if columns.iter().any(|known| known.part == part) {
            return None;
        }
        columns.push(Column::new(part, at, ""));
    }
    columns.extend(of_texts(texts)?);
    columns.sort_by_key(|column| column.at);
    columns.iter().any(|column| column.part == Part::Date).then_some(columns)
}

/// What the columns of texts hold: one alone the titles. Of two that one whose texts nearly all end as sentences do,
/// each of them longer than what stands beside it, holds the summaries; where the other has as many sentences, nobody
/// can tell. A third may tell of which kind each is, in a few words that come again and again.
fn of_texts(mut texts: Vec<(usize, Vec<&str>)>) -> Option<Vec<Column>> {
    if texts.len() == 3 {
        texts.retain(|(_, cells)| !are_kinds(cells));
    }
    let are_own = |cells: &[&str]| {
        cells.iter().all(|cell| !cell.is_empty()) && cells.iter().collect::<BTreeSet<_>>().len() == cells.len()
    };
    let are_titles = |cells: &[&str]| are_own(cells) && cells.iter().all(|cell| cell.chars().count() <= LONGEST_TITLE);
    let sentences = |cells: &[&str]| cells.iter().filter(|cell| ends_sentence(cell, &FULL_STOPS)).count();
    let are_told = |titles: &[&str], summaries: &[&str]| {
        let is_longer = |(title, summary): (&&str, &&str)| title.chars().count() < summary.chars().count();
        let count = titles.len();
        are_titles(titles)
            && are_own(summaries)
            && sentences(titles) * 4 <= count
            && sentences(summaries) * 4 >= count * 3
            && titles.iter().zip(summaries).all(is_longer)
    };
    let title = |at: &usize| Column::new(Part::Title, *at, "");
    let both = |of: &usize, summary: &usize| vec![title(of), Column::new(Part::Summary, *summary, "")];
    match texts.as_slice() {
        [(at, cells)] => are_titles(cells).then(|| vec![title(at)]),
        [(one, first), (other, second)] if are_told(first, second) => Some(both(one, other)),
        [(one, first), (other, second)] if are_told(second, first) => Some(both(other, one)),
        _ => None,
    }
}

/// Whether cells are short, and at most half of them another than the others.
fn are_kinds(cells: &[&str]) -> bool {
    let kinds: BTreeSet<&&str> = cells.iter().collect();
    kinds.len() * 2 <= cells.len() && cells.iter().all(|cell| cell.chars().count() <= LONGEST_KIND)
}

/// The columns that the operator calls by their names, some perhaps by their numbers.
fn by_stated_names(names: &[String], stated: &[(Part, At)]) -> Result<Vec<Column>, String> {
    let find = |(part, at): &(Part, At)| {
        let named = names.iter().position(|cell| cell.trim() == at.text().trim());
        let column = named
            .or_else(|| names.iter().position(|cell| bare(cell) == bare(at.text())))
            .or_else(|| column_number(at).filter(|column| *column < names.len()));
        match column {
            Some(column) => Ok(Column::new(*part, column, at.text())),
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
    let cell = |wanted: Part| columns.iter().find(|column| column.part == wanted).and_then(|column| row.get(column.at));
    match cell(Part::Date) {
        Some(cell) => !cell.trim().is_empty() && field(cell, lexicon).is_none(),
        None => cell(Part::Title).is_some_and(|cell| Known::of(cell).rank(Part::Title).is_some()),
    }
}
