//! Dates as pages print them: is a line wholly a date, and which day does it mean?
//!
//! Two steps. [`whole`] reads the grammar of one line and knows nothing of the file. [`Printed::settle`] then decides
//! which day it is, with what the file and the terms say of the order of numbers and of the year. No step guesses: what
//! cannot be known stays without a day and says why.
//!
//! A year of two digits is one from [`PIVOT`] on, and believed only where the file makes a habit of it or the order of
//! numbers is stated: `15 June 20` may be a cut 2021.
//!
//! [`whole`] is asked about every line of every file, so it turns most lines away at the first byte.

mod byline;
mod card;
mod clock;
mod field;
mod grammar;
pub(crate) mod inline;
mod parts;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

pub(crate) use self::byline::byline;
pub(crate) use self::card::above_headline;
use self::clock::Clock;
pub(crate) use self::field::field;
use self::grammar::Cursor;
use self::parts::{Kind, Parts, has_numeral, may_begin_date};
use super::language::{Choice, FOREIGN, Lexicon, Word, digit};
use super::{DateOrder, DateRead, Terms};

/// The years that a page can mean; others are misprints.
const YEARS: RangeInclusive<u32> = 1900..=2199;
/// The first year that two digits can mean: 70 is 1970, 69 is 2069.
const PIVOT: u32 = 1970;
/// The years of the Buddhist era that are years of ours since both begin on the same day.
const BUDDHIST: RangeInclusive<u32> = 2484..=2742;
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
    /// Who wrote it, as the line says before the date.
    pub(crate) by: Option<&'t str>,
    /// The languages that read the file disagree about the day.
    pub(crate) disputed: bool,
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
    /// The year came before the day: `2020. június 15.`
    year_first: bool,
    /// The month is a number with a counter: `6月`.
    counted: bool,
    /// Three numbers of two digits at most.
    short: Option<Short>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Year {
    #[default]
    None,
    Stated(u32),
    /// Two digits: a year, or a year that was cut off.
    Short(u32),
    /// Neither four digits nor two: cut off, or a misprint.
    Odd,
}

/// `15/06/20`: which of the numbers is what, the file tells.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Short {
    numbers: [u32; 3],
    /// With full stops, the month is in the middle.
    dot: bool,
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
    /// The order of dates whose year has two digits.
    short_order: Option<DateOrder>,
    /// Years of two digits are the file's habit.
    short_years: bool,
    pub(crate) captured: Option<NaiveDate>,
}

impl Settled {
    /// What the file's own dates say, and where they say nothing the terms.
    pub(crate) fn of(dates: &[Printed<'_>], terms: &Terms) -> Self {
        let order = order_shown(dates).or(terms.date_order);
        let points = || dates.iter().flat_map(|date| [Some(date.start), date.end]).flatten();
        let shorts: Vec<_> = points().filter_map(|point| point.short).collect();
        let (mut two, mut four) = (0_usize, 0_usize);
        for point in points() {
            match point.year {
                Year::Short(_) => two += 1,
                Year::Stated(_) => four += 1,
                _ => {}
            }
        }
        Self {
            order,
            short_order: order.or_else(|| short_order(&shorts)),
            short_years: terms.date_order.is_some() || (two >= 2 && two > four),
            captured: terms.captured,
        }
    }

    /// The same with the order that other days of the file show, where the `dates` leave it open: those of lines that
    /// say what they are of, in `texts`. `Reply by: 15/04/2020` settles `12/03/2020`.
    pub(crate) fn or_shown<'t>(self, dates: &[Printed<'_>], texts: impl Iterator<Item = &'t str>) -> Self {
        let open = || dates.iter().filter(|date| date.start.unordered);
        let is_contradicted = dates.iter().any(|date| date.shows_order().is_some());
        if self.order.is_some() || is_contradicted || open().next().is_none() {
            return self;
        }
        let named = texts.flat_map(str::lines).filter_map(order_named);
        let mut shown = named.filter(|(sign, _)| open().all(|date| date.raw.contains(*sign))).map(|(_, order)| order);
        let order = shown.next().filter(|first| shown.all(|order| order == *first));
        Self { order, short_order: self.short_order.or(order), ..self }
    }
}

/// The sign between the numbers of the day behind the name of `line`, and the order that they can have only.
fn order_named(line: &str) -> Option<(char, DateOrder)> {
    let (name, behind) = line.split_once(": ").filter(|(name, _)| !name.bytes().any(|b| b.is_ascii_digit()))?;
    let word = behind.split_whitespace().next().filter(|_| !name.trim().is_empty())?;
    let sign = word.chars().find(|c| matches!(c, '/' | '-'))?;
    let mut numbers = word.split(sign);
    let (a, b, year) = (numbers.next()?, numbers.next()?, numbers.next()?);
    if numbers.next().is_some() || number(year, 4..=4).is_none() {
        return None;
    }
    match (number(a, 1..=2)?, number(b, 1..=2)?) {
        (13..=31, 1..=12) => Some((sign, DateOrder::Dmy)),
        (1..=12, 13..=31) => Some((sign, DateOrder::Mdy)),
        _ => None,
    }
}

/// The order of numbers that the file's dates show by themselves; none when they contradict each other.
fn order_shown(dates: &[Printed<'_>]) -> Option<DateOrder> {
    let mut shown = dates.iter().filter_map(Printed::shows_order);
    let first = shown.next()?;
    shown.all(|order| order == first).then_some(first)
}

/// The order that dates of three short numbers show together: days change more than years do.
fn short_order(dates: &[Short]) -> Option<DateOrder> {
    let column = |at: usize| dates.iter().filter_map(move |date| date.numbers.get(at)).copied();
    let most = |at| column(at).max().unwrap_or(0);
    let spread = |at| most(at) - column(at).min().unwrap_or(0);
    let several = dates.len() >= 3;
    let year_first = most(0) > 31 || (several && spread(0) <= 1 && spread(0) < spread(2));
    let year_last = most(2) > 31 || (several && spread(2) <= 1 && spread(2) < spread(0));
    let dots = dates.iter().all(|date| date.dot);
    match (year_first, year_last) {
        (true, false) if most(1) <= 12 && most(2) <= 31 => Some(DateOrder::Ymd),
        (false, true) if most(1) <= 12 && most(0) <= 31 && (dots || most(0) > 12) => Some(DateOrder::Dmy),
        (false, true) if most(0) <= 12 && most(1) > 12 && most(1) <= 31 && !dots => Some(DateOrder::Mdy),
        _ => None,
    }
}

/// Reads `line` as a date, if all of it is one. `line` is trimmed.
pub(crate) fn whole<'t>(line: &'t str, lexicon: &Lexicon) -> Option<Printed<'t>> {
    plain(line, lexicon).or_else(|| by_grammar(line, lexicon))
}

/// Reads the form that most dates have, `15 June 2020`, as the grammar does, at a tenth of the price.
fn plain<'t>(line: &'t str, lexicon: &Lexicon) -> Option<Printed<'t>> {
    let bytes = line.as_bytes();
    let at = match bytes {
        [b'0'..=b'9', b' ', ..] => 2,
        [b'0'..=b'9', b'0'..=b'9', b' ', ..] => 3,
        _ => return None,
    };
    let (head, year) = line.split_at_checked(line.len().checked_sub(5)?)?;
    let (day, month) = head.split_at_checked(at)?;
    let (b' ', true) = (*year.as_bytes().first()?, month.bytes().all(|b| b.is_ascii_alphabetic())) else { return None };
    let year = year.get(1..).filter(|year| year.bytes().all(|b| b.is_ascii_digit()))?;
    let Word::Month(month) = lexicon.word(month) else { return None };
    // A name of several words may begin with any of these.
    if [line, line.get(at..)?, year].into_iter().any(|part| lexicon.phrase(part).is_some()) {
        return None;
    }
    let start = Point {
        year: lexicon.stated(year.parse().ok()?),
        month: u32::from(month),
        day: day.trim_end().parse().ok()?,
        firm: true,
        ..Point::default()
    };
    let clock = Clock::default();
    Some(Printed::of(line, start, None, clock))
}

fn by_grammar<'t>(line: &'t str, lexicon: &Lexicon) -> Option<Printed<'t>> {
    let bare = unwrapped(line);
    if line.len() > LONGEST || !may_begin_date(bare, lexicon) {
        return None;
    }
    let parts = Parts::of(bare, lexicon);
    let mut cursor = Cursor { line: bare, parts: parts.read(), at: 0, lexicon };
    let stamped = matches!(cursor.peek(0), Some(Kind::Word(Word::Stamp | Word::Update)));
    let mut printed = cursor.date()?;
    cursor.rest(&mut printed, stamped)?;
    printed.raw = line;
    Some(printed)
}

/// Marks the dates about which the languages that may be the file's disagree.
pub(crate) fn dispute(dates: &mut [Printed<'_>], choice: &Choice) {
    for date in dates {
        let others = choice.rivals.iter().filter_map(|lexicon| whole(date.raw, lexicon));
        let differs = |other: Printed<'_>| (other.start.month, other.start.day) != (date.start.month, date.start.day);
        date.disputed = others.into_iter().any(differs);
    }
}

/// `line` without the brackets around it, and the invisible marks before it.
fn unwrapped(line: &str) -> &str {
    match line.as_bytes().first() {
        Some(b'(') => line.strip_prefix('(').and_then(|line| line.strip_suffix(')')).map_or(line, str::trim),
        Some(b'[') => line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).map_or(line, str::trim),
        Some(lead) if !lead.is_ascii() => line.trim_matches(|c: char| parts::is_invisible(c) || c.is_whitespace()),
        _ => line,
    }
}

/// Whether `text` may begin with a date: the cheap test that all others begin with, for whoever asks several of them.
pub(crate) fn opens(text: &str, lexicon: &Lexicon) -> bool {
    may_begin_date(text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default(), lexicon)
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

/// Whether `line` has the shape of a date in a language or a calendar that we do not read: `15 Phupu 2020`,
/// `Phupu 15, 2020`, `15 رمضان 1441 هـ`. It has no day, but it is no headline either.
pub(crate) fn is_shaped_like_one(line: &str) -> bool {
    if line.len() > 60 || !has_numeral(line) {
        return false;
    }
    let number = |word: &str| {
        let word = word.trim_matches([',', '.', '(', ')', '،']);
        let value = word.chars().try_fold(0_u32, |number, c| number.checked_mul(10)?.checked_add(digit(c)?))?;
        (!word.is_empty()).then_some((value, word.chars().count()))
    };
    let words: Vec<_> = line.split_whitespace().take(6).map(number).collect();
    let is_year = |word: &&Option<_>| matches!(word, Some((1300..=2750, 4)));
    let is_day = |word: &&Option<_>| matches!(word, Some((1..=31, 1 | 2)));
    let (years, days) = (words.iter().filter(is_year).count(), words.iter().filter(is_day).count());
    let at_an_end = words.first().into_iter().chain(words.last()).any(|word| is_year(&word) || is_day(&word));
    let others = line.split_whitespace().take(6).filter(|word| word.contains(char::is_alphabetic)).count();
    words.len() <= 5 && years == 1 && days == 1 && (1..=3).contains(&others) && at_an_end
}

/// Whether a heading is a month with its year, or a year alone: `June 2020`, `2022`.
pub(crate) fn is_month(line: &str, lexicon: &Lexicon) -> bool {
    Span::of(line, lexicon).is_some()
}

/// Reads a month and a day in numbers of two digits each, as they stand below a year: `03-12`, `12.03.`.
pub(crate) fn day_of_year(line: &str) -> Option<Printed<'_>> {
    let (month, day) = match line.strip_suffix('.') {
        Some(line) => line.split_once('.').map(|(day, month)| (month, day))?,
        None => line.split_once('-')?,
    };
    let (month, day) = (number(month, 2..=2)?, number(day, 2..=2)?);
    at(2000, month, day)?;
    let start = Point { month, day, numeric: true, firm: true, ..Point::default() };
    Some(Printed::of(line, start, None, Clock::default()))
}

/// Reads a day of two digits above its year and month in numbers: `12`, `2024-03`.
pub(crate) fn day_above_month<'t>(day: &str, line: &'t str) -> Option<Printed<'t>> {
    let (year, month) = year_and_month(line)?;
    let day = number(day, 2..=2)?;
    at(2000, month, day)?;
    let start = Point { year: stated(year), month, day, numeric: true, firm: true, ..Point::default() };
    Some(Printed::of(line, start, None, Clock::default()))
}

/// A year and a month in numbers: `2024-03`.
pub(crate) fn year_and_month(line: &str) -> Option<(u32, u32)> {
    let (year, month) = line.split_once(['-', '.', '/'])?;
    let (year, month) = (number(year, 4..=4)?, number(month, 2..=2)?);
    (1..=12).contains(&month).then_some((year, month))
}

/// The number that `text` is, written with so many digits.
fn number(text: &str, digits: RangeInclusive<usize>) -> Option<u32> {
    let is_number = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// What a heading says of the days below it: their year, and perhaps their month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    year: Year,
    month: Option<u32>,
}

impl Span {
    /// `None`: the line is more than a year with or without its month.
    pub(crate) fn of(line: &str, lexicon: &Lexicon) -> Option<Self> {
        if line.len() > 40 || !may_begin_date(line, lexicon) {
            return None;
        }
        let parts = Parts::of(line, lexicon);
        let (mut month, mut year) = (None, None);
        let mut parts = parts.read().iter().map(|part| part.kind).peekable();
        while let Some(kind) = parts.next() {
            match kind {
                Kind::Word(Word::Month(number) | Word::MonthOrWeekday(number)) if month.is_none() => {
                    month = Some(u32::from(number));
                }
                Kind::Number { value: value @ 1..=12, digits: 1 | 2 }
                    if month.is_none() && parts.peek() == Some(&Kind::Word(Word::MonthMark)) =>
                {
                    month = Some(value);
                    parts.next();
                }
                Kind::Number { value, digits: 4 } if year.is_none() && cursor_year(value, lexicon) => {
                    year = Some(lexicon.stated(value));
                }
                Kind::Word(Word::Era(base)) if year.is_none() => match (parts.next(), parts.peek()) {
                    (Some(Kind::Number { value, digits: 1..=3 }), Some(Kind::Word(Word::Year))) => {
                        year = Some(stated(u32::from(base) + value));
                    }
                    _ => return None,
                },
                Kind::Sign(',' | '.') | Kind::Word(Word::Of | Word::Year | Word::Ordinal) => {}
                _ => return None,
            }
        }
        Some(Self { year: year?, month })
    }
}

fn cursor_year(value: u32, lexicon: &Lexicon) -> bool {
    YEARS.contains(&value) || (lexicon.buddhist && BUDDHIST.contains(&value))
}

fn stated(year: u32) -> Year {
    if YEARS.contains(&year) { Year::Stated(year) } else { Year::Odd }
}

impl Lexicon {
    /// A year of four digits, in the era of the language.
    fn stated(&self, year: u32) -> Year {
        stated(if self.buddhist && BUDDHIST.contains(&year) { year - 543 } else { year })
    }
}

impl<'t> Printed<'t> {
    /// A date with nothing beside it.
    fn of(raw: &'t str, start: Point, end: Option<Point>, clock: Clock) -> Self {
        Self { raw, start, end, clock, place: None, kicker: None, by: None, disputed: false }
    }

    /// The date below a heading that states its year; `None`: it has one of its own, or is of another month.
    pub(crate) fn below(self, span: Span) -> Option<Self> {
        let is_of_it = self.start.year == Year::None && span.month.is_none_or(|month| month == self.start.month);
        is_of_it.then_some(Self { start: Point { year: span.year, ..self.start }, ..self })
    }

    /// The day, or the first of several; `None` where nothing says which.
    pub(crate) fn day(&self, settled: Settled) -> Option<NaiveDate> {
        self.days(settled).ok().map(|(day, _)| day)
    }

    /// A time of day stands with it.
    pub(crate) fn has_time(&self) -> bool {
        self.clock.time.is_some()
    }

    /// It is a range of days, as versions look like, too: `0.1.16 - 2020-12-31`.
    pub(crate) fn is_range(&self) -> bool {
        self.end.is_some()
    }

    /// Which order of numbers this date shows by itself.
    pub(crate) fn shows_order(&self) -> Option<DateOrder> {
        self.start.shows.or_else(|| self.end.and_then(|end| end.shows))
    }

    /// No year is printed with it.
    pub(crate) fn lacks_year(&self) -> bool {
        self.start.year == Year::None && self.end.is_none_or(|end| end.year == Year::None)
    }

    pub(crate) fn raw(&self) -> &'t str {
        self.raw
    }

    /// Whether it is of that day of a month.
    pub(crate) fn is_day(&self, number: u32) -> bool {
        self.start.day == number
    }

    /// The same date, where the page shows it in other words.
    pub(crate) fn shown_as(self, raw: &'t str) -> Self {
        Self { raw, ..self }
    }

    /// The same date with the words behind it that say what kind of item it is; `None` where they say more.
    pub(crate) fn with_kicker(self, words: &'t str) -> Option<Self> {
        // Not all scripts have great letters.
        let has_no_case = || words.chars().all(|c| c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase());
        (grammar::is_kicker(words, 4) || has_no_case()).then_some(Self { kicker: Some(words), ..self })
    }

    /// The same date with the place that stands behind it.
    pub(crate) fn at_place(self, place: &'t str) -> Self {
        Self { place: Some(place), ..self }
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
            raw: super::blocks::joined_text(self.raw),
            day: days.ok().map(|(day, _)| day),
            end: days.ok().and_then(|(_, end)| end),
            time: self.clock.time,
            offset: self.clock.offset,
            place: self.place.map(Cow::Borrowed),
            year_inferred: days.is_ok() && self.start.year == Year::None,
            inherited: false,
        };
        (read, days.err().map(Trouble::reason))
    }

    fn days(&self, settled: Settled) -> Result<(NaiveDate, Option<NaiveDate>), Trouble> {
        if self.clock.bad {
            return Err(Trouble::Impossible);
        }
        if self.disputed {
            return Err(Trouble::Disputed);
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
        if self.month == u32::from(FOREIGN) {
            return Err(Trouble::Calendar);
        }
        if let Some(Short { numbers: [a, b, c], .. }) = self.short {
            let (year, month, day) = match settled.short_order.ok_or(Trouble::Ambiguous)? {
                DateOrder::Dmy => (c, b, a),
                DateOrder::Mdy => (c, a, b),
                DateOrder::Ymd => (a, b, c),
            };
            return at(i64::from(full(year)), month, day).ok_or(Trouble::Impossible);
        }
        let (month, day) = match (self.unordered, settled.order) {
            (false, _) | (true, Some(DateOrder::Dmy)) => (self.month, self.day),
            (true, Some(DateOrder::Mdy)) => (self.day, self.month),
            (true, _) => return Err(Trouble::Ambiguous),
        };
        match self.year {
            Year::Odd => Err(Trouble::OddYear),
            Year::Short(_) if !settled.short_years => Err(Trouble::OddYear),
            Year::Short(year) => at(i64::from(full(year)), month, day).ok_or(Trouble::Impossible),
            Year::Stated(year) => at(i64::from(year), month, day).ok_or(Trouble::Impossible),
            // A day that no year has is impossible, whatever the year: 2000 was a leap year.
            Year::None if at(2000, month, day).is_none() => Err(Trouble::Impossible),
            Year::None => settled.captured.and_then(|day_seen| nearest(month, day, day_seen)).ok_or(Trouble::NoYear),
        }
    }
}

/// The year that two digits mean.
fn full(year: u32) -> u32 {
    let century = PIVOT / 100 * 100;
    if year < PIVOT % 100 { century + 100 + year } else { century + year }
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
    Disputed,
    Calendar,
}

impl Trouble {
    fn grade(self) -> Grade {
        match self {
            Self::NoYear | Self::Ambiguous | Self::Disputed | Self::Calendar => Grade::Partial,
            Self::OddYear | Self::Impossible => Grade::Broken,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::NoYear => "the date has no year, and no time of capture lends it one",
            Self::Ambiguous => "day and month of the date cannot be told apart; set date_order",
            Self::OddYear => "the year of the date is cut off or out of range",
            Self::Impossible => "no calendar has this date",
            Self::Disputed => "the month of the date differs between the languages that read this file; set language",
            Self::Calendar => "the date is one of another calendar",
        }
    }
}
