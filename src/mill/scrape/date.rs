//! Dates as pages print them: is a line wholly a date, and which day does it mean?
//!
//! Two steps. [`whole`] reads the grammar of one line and knows nothing of the file. [`Printed::settle`] then decides
//! which day it is, with what the file and the terms say of the order of numbers and of the year. No step guesses: what
//! cannot be known stays without a day and says why.
//!
//! [`whole`] is asked about every line of every file, so it turns most lines away at the first byte.

mod clock;
#[allow(dead_code, reason = "the readers of fields, which ask it, are on their way")]
mod field;
mod grammar;
mod parts;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

use self::clock::Clock;
#[allow(unused_imports, reason = "the readers of fields, which ask it, are on their way")]
pub(crate) use self::field::field;
use self::grammar::Cursor;
use self::parts::{Kind, Parts, may_begin_date};
use super::language::{Lexicon, Word};
use super::{DateOrder, DateRead};

/// The years that a page can mean; others are misprints.
const YEARS: RangeInclusive<u32> = 1900..=2199;
/// A line longer than this is no date, whatever it begins with.
const LONGEST: usize = 120;
/// How long after the capture a date without a year may lie: half a year.
const HALF_A_YEAR: i64 = 183;

/// A line that is wholly a date, as its grammar reads, before anyone has asked which day that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Printed<'t> {
    raw: &'t str,
    start: Point,
    end: Option<Point>,
    clock: Clock,
    place: Option<&'t str>,
    /// One to four words after the date that are no place.
    pub(crate) kicker: Option<&'t str>,
}

/// A day as printed: its parts, each perhaps impossible.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Point {
    year: Year,
    month: u32,
    day: u32,
    /// Month and day are two numbers of which either may be either: `4/7/2020`.
    unordered: bool,
    /// Three numbers, no month in letters.
    numeric: bool,
    /// The order that the numbers themselves show: one above twelve can only be the day.
    shows: Option<DateOrder>,
    /// Nothing is missing even if the line was cut behind it: the year has four digits, and a day that comes last two.
    firm: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Year {
    #[default]
    None,
    Stated(u32),
    /// Not four digits: cut off, or a misprint.
    Odd,
}

/// How well a date could be read, from whole to hardly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    Whole,
    /// The year or the order of the numbers is missing, or a kicker stands beside it.
    Partial,
    /// No calendar has this day, or the year is cut.
    Broken,
}

/// What the file and its terms say about dates.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settled {
    pub(crate) order: Option<DateOrder>,
    pub(crate) captured: Option<NaiveDate>,
}

/// Reads `line` as a date, if all of it is one. `line` is trimmed.
pub(crate) fn whole<'t>(line: &'t str, lexicon: &Lexicon) -> Option<Printed<'t>> {
    if line.len() > LONGEST || !may_begin_date(line, lexicon) {
        return None;
    }
    let parts = Parts::of(line, lexicon);
    let mut cursor = Cursor { line, parts: parts.read(), at: 0, lexicon };
    let mut printed = cursor.date()?;
    cursor.rest(&mut printed)?;
    printed.raw = line;
    Some(printed)
}

/// Whether `text` begins with a day, a month and a year.
pub(crate) fn begins(text: &str, lexicon: &Lexicon) -> bool {
    let head = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
    if !may_begin_date(head, lexicon) {
        return false;
    }
    let parts = Parts::of(head, lexicon);
    let mut cursor = Cursor { line: head, parts: parts.read(), at: 0, lexicon };
    cursor.date().is_some_and(|printed| printed.start.year != Year::None)
}

/// Whether `line` has the shape of a date in a language that we do not read: `15 Juin 2020`. It has no day, but it is no
/// headline either.
pub(crate) fn is_shaped_like_one(line: &str) -> bool {
    if line.len() > 40 || !line.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let year = line.rsplit(char::is_whitespace).next().and_then(|word| word.parse().ok());
    let day = line.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    day.len() <= 2 && year.is_some_and(|year| YEARS.contains(&year)) && line.split_whitespace().take(6).count() <= 5
}

/// A heading that is a month with its year, or a year alone: `June 2020`, `2022`.
pub(crate) fn is_month(line: &str, lexicon: &Lexicon) -> bool {
    if line.len() > 40 || !may_begin_date(line, lexicon) {
        return false;
    }
    let parts = Parts::of(line, lexicon);
    let mut kinds = parts.read().iter().map(|part| part.kind).filter(|kind| *kind != Kind::Sign(','));
    let is_year = |kind| matches!(kind, Some(Kind::Number { value, digits: 4 }) if YEARS.contains(&value));
    match kinds.next() {
        Some(Kind::Word(Word::Month(_))) => {
            let next = kinds.next().filter(|kind| !matches!(kind, Kind::Sign('.') | Kind::Word(Word::Of)));
            is_year(next.or_else(|| kinds.next())) && kinds.next().is_none()
        }
        first => is_year(first) && kinds.next().is_none(),
    }
}

fn stated(year: u32) -> Year {
    if YEARS.contains(&year) { Year::Stated(year) } else { Year::Odd }
}

impl<'t> Printed<'t> {
    /// Which order of numbers this date shows by itself.
    pub(crate) fn shows_order(&self) -> Option<DateOrder> {
        self.start.shows.or_else(|| self.end.and_then(|end| end.shows))
    }

    pub(crate) fn raw(&self) -> &'t str {
        self.raw
    }

    /// The same date, where the page shows it in other words.
    pub(crate) fn shown_as(self, raw: &'t str) -> Self {
        Self { raw, ..self }
    }

    /// Whether a cut right behind the line could not have taken a part of the date.
    pub(crate) fn is_firm(&self) -> bool {
        self.end.unwrap_or(self.start).firm
    }

    /// How well it could be read.
    pub(crate) fn grade(&self, settled: Settled) -> Grade {
        match self.days(settled) {
            Err(trouble) => trouble.grade(),
            Ok(_) if self.start.year == Year::None || self.kicker.is_some() => Grade::Partial,
            Ok(_) => Grade::Whole,
        }
    }

    /// The date as a draft has it, and why it has no day if so.
    pub(crate) fn settle(&self, settled: Settled) -> (DateRead<'t>, Option<&'static str>) {
        let days = self.days(settled);
        let read = DateRead {
            raw: Cow::Borrowed(self.raw),
            day: days.ok().map(|(day, _)| day),
            end: days.ok().and_then(|(_, end)| end),
            time: self.clock.time,
            offset: self.clock.offset,
            place: self.place.map(Cow::Borrowed),
            year_inferred: days.is_ok() && self.start.year == Year::None,
        };
        (read, days.err().map(Trouble::reason))
    }

    fn days(&self, settled: Settled) -> Result<(NaiveDate, Option<NaiveDate>), Trouble> {
        if self.clock.bad {
            return Err(Trouble::Impossible);
        }
        let start = self.start.day(settled)?;
        let Some(end) = self.end else { return Ok((start, None)) };
        // Without a year the end is the one that follows the start.
        let end = match end.year {
            Year::None => {
                let year = u32::try_from(start.year()).unwrap_or_default();
                let turned = u32::from(end.month < self.start.month);
                Point { year: stated(year + turned), ..end }.day(settled)?
            }
            _ => end.day(settled)?,
        };
        if end < start { Err(Trouble::Impossible) } else { Ok((start, (end != start).then_some(end))) }
    }
}

impl Point {
    fn day(self, settled: Settled) -> Result<NaiveDate, Trouble> {
        let (month, day) = match (self.unordered, settled.order) {
            (false, _) | (true, Some(DateOrder::Dmy)) => (self.month, self.day),
            (true, Some(DateOrder::Mdy)) => (self.day, self.month),
            (true, _) => return Err(Trouble::Ambiguous),
        };
        match self.year {
            Year::Odd => Err(Trouble::OddYear),
            Year::Stated(year) => at(i64::from(year), month, day).ok_or(Trouble::Impossible),
            // A day that no year has is impossible, whatever the year: 2000 was a leap year.
            Year::None if at(2000, month, day).is_none() => Err(Trouble::Impossible),
            Year::None => settled.captured.and_then(|day_seen| nearest(month, day, day_seen)).ok_or(Trouble::NoYear),
        }
    }
}

/// The day in the year that puts it nearest to the day of capture, and not more than half a year after it.
fn nearest(month: u32, day: u32, captured: NaiveDate) -> Option<NaiveDate> {
    let year = i64::from(captured.year());
    let years = [year - 1, year, year + 1].into_iter().filter_map(|year| at(year, month, day));
    years
        .map(|date| (date, date.signed_duration_since(captured).num_days()))
        .filter(|(_, after)| *after <= HALF_A_YEAR)
        .min_by_key(|(_, after)| after.abs())
        .map(|(date, _)| date)
}

fn at(year: i64, month: u32, day: u32) -> Option<NaiveDate> {
    let sane = u32::try_from(year).ok().filter(|year| YEARS.contains(year))?;
    NaiveDate::from_ymd_opt(i32::try_from(sane).ok()?, month, day)
}

/// Why a date has no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    NoYear,
    Ambiguous,
    OddYear,
    Impossible,
}

impl Trouble {
    fn grade(self) -> Grade {
        match self {
            Self::NoYear | Self::Ambiguous => Grade::Partial,
            Self::OddYear | Self::Impossible => Grade::Broken,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::NoYear => "the date has no year, and no time of capture lends it one",
            Self::Ambiguous => "day and month of the date cannot be told apart; set date_order",
            Self::OddYear => "the year of the date is cut off or out of range",
            Self::Impossible => "no calendar has this date",
        }
    }
}
