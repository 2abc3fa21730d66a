//! Dates as pages print them: is a line wholly a date, and which day does it mean?
//!
//! Two steps. [`whole`] reads the grammar of one line and knows nothing of the file. [`Printed::settle`] then decides
//! which day it is, with what the file and the terms say of the order of numbers and of the year. No step guesses: what
//! cannot be known stays without a day and says why.
//!
//! [`whole`] is asked about every line of every file, so it turns most lines away at the first byte.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::language::{Lexicon, Word};
use super::{DateOrder, DateRead};

/// The years that a page can mean; others are misprints.
const YEARS: RangeInclusive<u32> = 1900..=2199;
/// A line longer than this is no date, whatever it begins with.
const LONGEST: usize = 120;
/// A date has fewer parts than this, place and kicker included.
const MOST_PARTS: usize = 28;
/// How long after the capture a date without a year may lie: half a year.
const HALF_A_YEAR: i64 = 183;

/// A line that is wholly a date, as its grammar reads, before anyone has asked which day that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Printed<'t> {
    raw: &'t str,
    start: Point,
    end: Option<Point>,
    time: Option<NaiveTime>,
    /// The time or its offset is one that no clock shows.
    bad_time: bool,
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

/// The cheap test: a date begins with a number that a date word or another number follows, or with a month or weekday.
/// `head` is short.
fn may_begin_date(head: &str, lexicon: &Lexicon) -> bool {
    let bytes = head.as_bytes();
    match bytes.first() {
        Some(b'0'..=b'9') => number_may_begin_date(head, lexicon),
        Some(lead) if !lexicon.may_begin(*lead) => {
            !lead.is_ascii() && head.starts_with(|c| digit(c).is_some()) && number_may_begin_date(head, lexicon)
        }
        Some(_) => {
            let word = head.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
            lexicon.word(word) != Word::Other && (bytes.iter().any(u8::is_ascii_digit) || !head.is_ascii())
        }
        None => false,
    }
}

/// Most numbers that begin a line are list numbers: the first word behind them tells.
fn number_may_begin_date(head: &str, lexicon: &Lexicon) -> bool {
    let behind = head.trim_start_matches(|c: char| c.is_ascii_digit() || digit(c).is_some());
    let next = behind.trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && !c.is_alphanumeric());
    let word = next.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    // A bare number may be a year; a number next may be a month.
    next.is_empty() || next.starts_with(|c| digit(c).is_some()) || lexicon.word(word) != Word::Other
}

/// The value of a decimal digit in the scripts that dates are printed in.
fn digit(c: char) -> Option<u32> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6F0}'..='\u{6F9}' => '\u{6F0}',
        '\u{966}'..='\u{96F}' => '\u{966}',
        '\u{FF10}'..='\u{FF19}' => '\u{FF10}',
        _ => return None,
    };
    Some(u32::from(c) - u32::from(zero))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Values that do not fit stay at the greatest; the digits tell.
    Number {
        value: u32,
        digits: u32,
    },
    Word(Word),
    Sign(char),
}

/// A number, a word or a sign, and where it stands.
#[derive(Debug, Clone, Copy)]
struct Part {
    kind: Kind,
    start: u8,
    end: u8,
}

/// The parts of one line, without an allocation.
struct Parts {
    list: [Part; MOST_PARTS],
    count: usize,
}

impl Parts {
    fn of(line: &str, lexicon: &Lexicon) -> Self {
        let mut parts = Self { list: [Part { kind: Kind::Sign(' '), start: 0, end: 0 }; MOST_PARTS], count: 0 };
        let mut rest = line.char_indices().peekable();
        while let Some((start, c)) = rest.next() {
            let mut end = start + c.len_utf8();
            let kind = if let Some(mut value) = digit(c) {
                let mut digits = 1;
                while let Some((at, next)) = rest.next_if(|(_, c)| digit(*c).is_some()) {
                    value = value.saturating_mul(10).saturating_add(digit(next).unwrap_or(0));
                    digits += 1;
                    end = at + next.len_utf8();
                }
                Kind::Number { value, digits }
            } else if c.is_alphabetic() {
                while let Some((at, next)) = rest.next_if(|(_, c)| c.is_alphabetic() || matches!(c, '’' | '\'')) {
                    end = at + next.len_utf8();
                }
                Kind::Word(lexicon.word(line.get(start..end).unwrap_or_default()))
            } else if c.is_whitespace() {
                continue;
            } else {
                Kind::Sign(c)
            };
            let Some(slot) = parts.list.get_mut(parts.count) else { break };
            // No line that is taken apart is longer than a byte can count.
            let short = |at| u8::try_from(at).unwrap_or(u8::MAX);
            *slot = Part { kind, start: short(start), end: short(end) };
            parts.count += 1;
        }
        parts
    }

    fn read(&self) -> &[Part] {
        self.list.get(..self.count).unwrap_or_default()
    }
}

/// Walks over the parts of a line.
struct Cursor<'t, 'p> {
    line: &'t str,
    parts: &'p [Part],
    at: usize,
    lexicon: &'p Lexicon,
}

impl<'t> Cursor<'t, '_> {
    fn peek(&self, ahead: usize) -> Option<Kind> {
        self.parts.get(self.at + ahead).map(|part| part.kind)
    }

    fn take(&mut self, wanted: impl Fn(Kind) -> bool) -> bool {
        let found = self.peek(0).is_some_and(wanted);
        self.at += usize::from(found);
        found
    }

    fn take_sign(&mut self, signs: &[char]) -> bool {
        self.take(|kind| matches!(kind, Kind::Sign(c) if signs.contains(&c)))
    }

    fn take_word(&mut self, word: Word) -> bool {
        self.take(|kind| kind == Kind::Word(word))
    }

    fn number(&self, ahead: usize) -> Option<(u32, u32)> {
        match self.peek(ahead) {
            Some(Kind::Number { value, digits }) => Some((value, digits)),
            _ => None,
        }
    }

    /// Whether the part `ahead` follows the one before it without a blank.
    fn close(&self, ahead: usize) -> bool {
        let here = self.parts.get(self.at + ahead);
        let before = (self.at + ahead).checked_sub(1).and_then(|at| self.parts.get(at));
        here.zip(before).is_some_and(|(here, before)| here.start == before.end)
    }

    /// One date with its weekday, range and time, as far as the line goes.
    fn date(&mut self) -> Option<Printed<'t>> {
        let mut clock = self.clock_first();
        self.weekday();
        let mut start = self.point()?;
        let mut end = None;
        let before = self.at;
        if self.until() {
            self.weekday();
            match self.range_end(&start) {
                Some(point) => end = Some(point),
                None => self.at = before,
            }
        }
        if let Some(end) = &mut end {
            share(&mut start, end);
        }
        if clock.is_none() {
            clock = self.clock_after();
        }
        let (time, bad_time) = clock.unwrap_or((None, false));
        Some(Printed { raw: self.line, start, end, time, bad_time, place: None, kicker: None })
    }

    fn weekday(&mut self) {
        if self.take_word(Word::Weekday) {
            self.take_sign(&['.']);
            self.take_sign(&[',']);
        }
    }

    fn until(&mut self) -> bool {
        self.take_sign(&['-', '–', '—', '−', '&', '~', '〜']) || self.take_word(Word::Until)
    }

    /// The end of a range; after `September 8 -` a bare `10` is enough.
    fn range_end(&mut self, start: &Point) -> Option<Point> {
        let before = self.at;
        if let Some(point) = self.point() {
            return Some(point);
        }
        self.at = before;
        let (day, digits) = self.number(0)?;
        let open = start.year == Year::None && !start.numeric && start.month != 0;
        if digits > 2 || !open || self.peek(1) == Some(Kind::Sign(':')) {
            return None;
        }
        self.at += 1;
        self.ordinal();
        let (year, firm) = self.year();
        Some(Point { year, month: start.month, day, firm, ..Point::default() })
    }

    /// A day, month and year in any of their orders.
    fn point(&mut self) -> Option<Point> {
        match (self.peek(0)?, self.peek(1)) {
            (Kind::Number { .. }, Some(Kind::Sign('-' | '/' | '.'))) if self.number(2).is_some() && self.close(2) => {
                self.numeric().or_else(|| self.day_first())
            }
            (Kind::Number { .. }, _) => self.day_first(),
            (Kind::Word(Word::Month(month)), _) => {
                self.at += 1;
                self.take_sign(&['.']);
                let (day, _) = self.number(0).filter(|(_, digits)| *digits <= 2)?;
                if self.peek(1) == Some(Kind::Sign(':')) {
                    return None;
                }
                self.at += 1;
                self.ordinal();
                let (year, firm) = self.year();
                Some(Point { year, month: u32::from(month), day, firm, ..Point::default() })
            }
            _ => None,
        }
    }

    /// `15 June 2020`, `15th of June, 2020`, and the first half of `8 - 10 June 2020`.
    fn day_first(&mut self) -> Option<Point> {
        let (day, _) = self.number(0)?;
        self.at += 1;
        self.ordinal();
        let after_day = self.at;
        self.take_word(Word::Of);
        self.take_sign(&['.', '-', '/']);
        if let Some(Kind::Word(Word::Month(month))) = self.peek(0) {
            self.at += 1;
            self.take_sign(&['.']);
            // `15-Jun-2020`; with blanks around it, the hyphen is that of a range.
            if self.close(0) && self.close(1) {
                self.take_sign(&['-', '/']);
            }
            self.take_word(Word::Of);
            let (year, firm) = self.year();
            return Some(Point { year, month: u32::from(month), day, firm, ..Point::default() });
        }
        self.at = after_day;
        self.take_sign(&['.']);
        self.range_has_month().then_some(Point { day, ..Point::default() })
    }

    /// Looks ahead, past `- 10th of`, for the month that this half of a range shares.
    fn range_has_month(&mut self) -> bool {
        let before = self.at;
        let mut found = false;
        if self.until() && self.number(0).is_some_and(|(_, digits)| digits <= 2) {
            self.at += 1;
            self.ordinal();
            self.take_sign(&['.']);
            self.take_word(Word::Of);
            found = matches!(self.peek(0), Some(Kind::Word(Word::Month(_))));
        }
        self.at = before;
        found
    }

    /// Three numbers: `2020-06-15`, `15.06.2020`, `15/06/2020`.
    fn numeric(&mut self) -> Option<Point> {
        let sign = self.peek(1)?;
        let ((a, a_digits), (b, b_digits), (c, c_digits)) = (self.number(0)?, self.number(2)?, self.number(4)?);
        if self.peek(3)? != sign || b_digits > 2 || !(self.close(1) && self.close(2) && self.close(3)) {
            return None;
        }
        let numbers = Point { numeric: true, ..Point::default() };
        let point = if a_digits == 4 && c_digits <= 2 {
            Point { year: stated(a), month: b, day: c, firm: c_digits == 2, ..numbers }
        } else if a_digits <= 2 && c_digits == 4 {
            let numbers = Point { year: stated(c), firm: true, ..numbers };
            match (a, b) {
                // With a full stop the day comes first wherever we have looked; with a slash or hyphen it may not.
                _ if sign == Kind::Sign('.') => Point { month: b, day: a, ..numbers },
                (13.., _) => Point { month: b, day: a, shows: Some(DateOrder::Dmy), ..numbers },
                (_, 13..) => Point { month: a, day: b, shows: Some(DateOrder::Mdy), ..numbers },
                _ => Point { month: b, day: a, unordered: a != b, ..numbers },
            }
        } else {
            return None;
        };
        self.at += 5;
        Some(point)
    }

    fn ordinal(&mut self) {
        if self.peek(0) == Some(Kind::Word(Word::Ordinal)) && self.close(0) {
            self.at += 1;
        } else {
            self.take_sign(&['º', 'ª']);
        }
    }

    /// The year, and whether it is complete beyond doubt.
    fn year(&mut self) -> (Year, bool) {
        let comma = usize::from(self.peek(0) == Some(Kind::Sign(',')));
        let Some((year, digits)) = self.number(comma) else { return (Year::None, false) };
        let is_clock = match self.peek(comma + 1) {
            Some(Kind::Sign(':')) => true,
            Some(Kind::Sign('.')) => self.number(comma + 2).is_some(),
            Some(Kind::Word(Word::Am | Word::Pm)) => true,
            _ => false,
        };
        if digits <= 2 && is_clock {
            return (Year::None, false);
        }
        self.at += comma + 1;
        if digits == 4 { (stated(year), true) } else { (Year::Odd, false) }
    }

    fn clock_first(&mut self) -> Option<(Option<NaiveTime>, bool)> {
        if self.number(0).is_none() || self.peek(1) != Some(Kind::Sign(':')) {
            return None;
        }
        let clock = self.clock();
        self.take_sign(&[',', '-', '–', '|']);
        clock
    }

    /// The time after a date, behind a comma, a dash, an `at`, a `T` or nothing.
    fn clock_after(&mut self) -> Option<(Option<NaiveTime>, bool)> {
        let before = self.at;
        self.take_sign(&[',', '-', '–', '|', '·']);
        if !self.take_word(Word::At) && self.text(0).is_some_and(|word| word == "T") {
            self.at += 1;
        }
        let clock = self.clock();
        if clock.is_none() {
            self.at = before;
        }
        clock
    }

    fn text(&self, ahead: usize) -> Option<&'t str> {
        self.parts.get(self.at + ahead).and_then(|part| self.line.get(usize::from(part.start)..usize::from(part.end)))
    }

    /// `14:30`, `14:30:05Z`, `2.30 p.m.`, `2 pm`, and a zone; `None` in the pair's first place with a bad time.
    fn clock(&mut self) -> Option<(Option<NaiveTime>, bool)> {
        let (mut hour, _) = self.number(0).filter(|(_, digits)| *digits <= 2)?;
        let sign = self.peek(1);
        let minutes = self.number(2).filter(|(_, digits)| *digits == 2 && self.close(2));
        let (mut minute, mut second) = (0, 0);
        let before = self.at;
        let with_minutes = matches!(sign, Some(Kind::Sign(':' | '.'))) && minutes.is_some();
        if let (true, Some((value, _))) = (with_minutes, minutes) {
            minute = value;
            self.at += 3;
            if self.peek(0) == Some(Kind::Sign(':')) {
                second = self.number(1)?.0;
                self.at += 2;
                if self.peek(0) == Some(Kind::Sign('.')) && self.number(1).is_some() {
                    self.at += 2;
                }
            }
        } else {
            self.at += 1;
        }
        let half = self.half_of_day();
        if half.is_none() && (!with_minutes || sign == Some(Kind::Sign('.'))) {
            self.at = before;
            return None;
        }
        match half {
            Some(_) if hour > 12 || hour == 0 => hour = u32::MAX,
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let sound_zone = self.zone();
        // A leap second is a real time of day, but not one that the calendar type can hold.
        let time = NaiveTime::from_hms_opt(hour, minute, if second == 60 { 59 } else { second });
        Some((time.filter(|_| sound_zone), time.is_none() || !sound_zone))
    }

    /// `am`, `pm`, `a.m.`, `p.m.`: whether it is the second half.
    fn half_of_day(&mut self) -> Option<bool> {
        match self.peek(0) {
            Some(Kind::Word(Word::Am)) => self.at += 1,
            Some(Kind::Word(Word::Pm)) => {
                self.at += 1;
                return Some(true);
            }
            _ => {
                let letter = self.text(0).map(str::to_ascii_lowercase).filter(|word| word == "a" || word == "p")?;
                if self.peek(1) != Some(Kind::Sign('.')) || !self.text(2)?.eq_ignore_ascii_case("m") {
                    return None;
                }
                self.at += 3;
                self.take_sign(&['.']);
                return Some(letter == "p");
            }
        }
        Some(false)
    }

    /// `Z`, `GMT`, `(MSK)`, `+03:00`, `UTC+3`; false when the offset is one that no zone has.
    fn zone(&mut self) -> bool {
        let bracket = self.peek(0) == Some(Kind::Sign('('));
        let name = self.text(usize::from(bracket));
        if name.is_some_and(|name| name.len() <= 5 && name.bytes().all(|b| b.is_ascii_uppercase())) {
            self.at += 1 + usize::from(bracket);
            if bracket {
                self.take_sign(&[')']);
            }
        }
        if matches!(self.peek(0), Some(Kind::Sign('+' | '-' | '−'))) && self.number(1).is_some() && self.close(1) {
            let (value, digits) = self.number(1).unwrap_or_default();
            self.at += 2;
            let (hours, minutes) = if digits > 2 { (value / 100, value % 100) } else { (value, 0) };
            let mut minutes = minutes;
            if self.peek(0) == Some(Kind::Sign(':')) {
                let Some((value, _)) = self.number(1) else { return false };
                minutes = value;
                self.at += 2;
            }
            return hours <= 14 && minutes < 60;
        }
        true
    }

    /// What follows the date: nothing, a place behind a comma, or a kicker. `None` when it is a text.
    fn rest(&mut self, printed: &mut Printed<'t>) -> Option<()> {
        if self.take_sign(&['.']) && self.at < self.parts.len() {
            return None;
        }
        let comma = self.take_sign(&[',']);
        let Some(first) = self.parts.get(self.at) else { return (!comma).then_some(()) };
        // The parts may have run out before the line did; the words below are taken from the line itself.
        let words = self.line.get(usize::from(first.start)..)?;
        if comma && self.parts.len() == self.at + 1 && first.kind == Kind::Word(Word::Weekday) {
            return Some(());
        }
        if printed.start.year == Year::None && printed.end.is_none_or(|end| end.year == Year::None) {
            return None;
        }
        if comma && is_place(words, self.lexicon) {
            printed.place = Some(words);
        } else if !comma && is_kicker(words) {
            printed.kicker = Some(words);
        } else {
            return None;
        }
        Some(())
    }
}

/// A name: every word begins with a capital (or has none), but for the small ones.
fn is_place(words: &str, lexicon: &Lexicon) -> bool {
    let begins_small = |word: &str| word.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_lowercase);
    !words.ends_with(['.', '!', '?', '…', ':', ';'])
        && words.split_whitespace().take(9).count() <= 8
        && words.chars().next().is_some_and(char::is_alphabetic)
        && !words.split_whitespace().take(1).any(begins_small)
        && !words.split_whitespace().any(|word| begins_small(word) && !lexicon.is_small(word))
}

/// One to four words that begin with a capital: `News release`.
fn is_kicker(words: &str) -> bool {
    words.chars().next().is_some_and(char::is_uppercase)
        && words.split_whitespace().take(5).count() <= 4
        && words.chars().all(|c| c.is_alphabetic() || c.is_whitespace() || matches!(c, '-' | '’' | '\'' | '&' | '/'))
}

/// Lends what one end of a range states to the other: `30 December - 2 January 2020`, `8 - 10 June 2020`.
fn share(start: &mut Point, end: &mut Point) {
    if start.month == 0 {
        start.month = end.month;
    }
    match (start.year, end.year) {
        (Year::None, Year::Stated(year)) => {
            start.year = stated(if start.month > end.month { year.saturating_sub(1) } else { year });
            start.firm = end.firm;
        }
        (Year::None, Year::Odd) => start.year = Year::Odd,
        (Year::Stated(year), Year::None) => {
            end.year = stated(if start.month > end.month { year + 1 } else { year });
            end.firm = start.firm;
        }
        _ => {}
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

    /// Whether a cut right behind the line could not have taken a part of the date.
    pub(crate) fn is_firm(&self) -> bool {
        self.end.unwrap_or(self.start).firm
    }

    /// How well it could be read, and if not whole, why.
    pub(crate) fn grade(&self, settled: Settled) -> (Grade, Option<&'static str>) {
        let (_, trouble) = self.days(settled);
        match trouble {
            Some(trouble) => (trouble.grade(), Some(trouble.reason())),
            None if self.start.year == Year::None || self.kicker.is_some() => (Grade::Partial, None),
            None => (Grade::Whole, None),
        }
    }

    /// The date as a draft has it.
    pub(crate) fn settle(&self, settled: Settled) -> DateRead<'t> {
        let (days, _) = self.days(settled);
        DateRead {
            raw: Cow::Borrowed(self.raw),
            day: days.map(|(day, _)| day),
            end: days.and_then(|(_, end)| end),
            time: self.time,
            place: self.place.map(Cow::Borrowed),
            year_inferred: days.is_some() && self.start.year == Year::None,
        }
    }

    fn days(&self, settled: Settled) -> (Option<(NaiveDate, Option<NaiveDate>)>, Option<Trouble>) {
        match self.try_days(settled) {
            Ok(days) => (Some(days), None),
            Err(trouble) => (None, Some(trouble)),
        }
    }

    fn try_days(&self, settled: Settled) -> Result<(NaiveDate, Option<NaiveDate>), Trouble> {
        if self.bad_time {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, settled: Settled) -> String {
        let Some(printed) = whole(line, Lexicon::of(None)) else { return "text".to_owned() };
        let (grade, reason) = printed.grade(settled);
        let read = printed.settle(settled);
        let mut shown = read.day.map_or_else(|| format!("{grade:?}"), |day| day.to_string());
        if let Some(end) = read.end {
            shown += &format!("..{end}");
        }
        if let Some(time) = read.time {
            shown += &format!(" {time}");
        }
        if let Some(place) = read.place {
            shown += &format!(" in {place}");
        }
        if let Some(kicker) = printed.kicker {
            shown += &format!(" / {kicker}");
        }
        assert!(read.day.is_some() || reason.is_some(), "{line}: a missing day has a reason");
        shown
    }

    #[test]
    fn dates_are_read_as_pages_print_them() {
        for (line, wanted) in [
            ("15 June 2020", "2020-06-15"),
            ("05 June 2020", "2020-06-05"),
            ("15 JUNE 2020", "2020-06-15"),
            ("15\u{A0}June\u{A0}2020", "2020-06-15"),
            ("June 15, 2020", "2020-06-15"),
            ("June 15 2020", "2020-06-15"),
            ("15 Jun. 2020", "2020-06-15"),
            ("Sept. 3, 2020", "2020-09-03"),
            ("15-Jun-2020", "2020-06-15"),
            ("15th June 2020", "2020-06-15"),
            ("15th of June, 2020", "2020-06-15"),
            ("June 1st, 2020", "2020-06-01"),
            ("12. June 2018", "2018-06-12"),
            ("15 June 2020.", "2020-06-15"),
            ("Monday, 15 June 2020", "2020-06-15"),
            ("Mon 15 Jun 2020", "2020-06-15"),
            ("Wednesday, December 29, 2010", "2010-12-29"),
            ("15 June 2020, Monday", "2020-06-15"),
            ("2020-06-15", "2020-06-15"),
            ("2020/06/15", "2020-06-15"),
            ("2020.6.15", "2020-06-15"),
            ("15.06.2020", "2020-06-15"),
            ("15/06/2020", "2020-06-15"),
            ("06/15/2020", "2020-06-15"),
            ("05/05/2020", "2020-05-05"),
            ("１５ June ２０２０", "2020-06-15"),
            ("١٥ June 2020", "2020-06-15"),
            // Ranges: the first day, and the end.
            ("8 - 10 September 2008", "2008-09-08..2008-09-10"),
            ("8-10 September 2008", "2008-09-08..2008-09-10"),
            ("8 to 10 September 2008", "2008-09-08..2008-09-10"),
            ("8th – 10th September 2008", "2008-09-08..2008-09-10"),
            ("September 8 - 10, 2008", "2008-09-08..2008-09-10"),
            ("September 28 – October 2, 2008", "2008-09-28..2008-10-02"),
            ("28 September - 2 October 2008", "2008-09-28..2008-10-02"),
            ("30 December - 2 January 2020", "2019-12-30..2020-01-02"),
            ("30 December 2019 - 2 January 2020", "2019-12-30..2020-01-02"),
            ("2008-09-08 - 2008-09-10", "2008-09-08..2008-09-10"),
            ("15 June 2020 – 15 June 2020", "2020-06-15"),
            ("10 - 8 September 2008", "Broken"),
            // Times and zones.
            ("15 June 2020, 14:30", "2020-06-15 14:30:00"),
            ("15 June 2020 at 2:30 pm", "2020-06-15 14:30:00"),
            ("15 June 2020 - 12:05 a.m.", "2020-06-15 00:05:00"),
            ("15 June 2020 2 pm (MSK)", "2020-06-15 14:00:00"),
            ("14:30, 15 June 2020", "2020-06-15 14:30:00"),
            ("2020-06-15T14:30:05Z", "2020-06-15 14:30:05"),
            ("2020-06-15T14:30:05.123+03:00", "2020-06-15 14:30:05"),
            ("15 June 2020 14:30 GMT+3", "2020-06-15 14:30:00"),
            ("2020-06-30T23:59:60Z", "2020-06-30 23:59:59"),
            ("2020-06-15T25:61:61Z", "Broken"),
            ("15 June 2020 00:00 -2359", "Broken"),
            // A place or a kicker behind it.
            ("15 June 2020, Geneva", "2020-06-15 in Geneva"),
            ("15 June 2020, Isle of Man", "2020-06-15 in Isle of Man"),
            ("8 - 10 June 2020, New York, USA", "2020-06-08..2020-06-10 in New York, USA"),
            ("29 May 2020 News release", "2020-05-29 / News release"),
            // No calendar has these, or not in our time.
            ("31 February 2020", "Broken"),
            ("29 February 2021", "Broken"),
            ("29 February 2020", "2020-02-29"),
            ("00 January 2020", "Broken"),
            ("32 January 2020", "Broken"),
            ("30 February", "Broken"),
            ("1 January 0001", "Broken"),
            ("31 December 9999", "Broken"),
            ("1 January 10000", "Broken"),
            ("1 January 1899", "Broken"),
            ("31 December 2199", "2199-12-31"),
            ("99999999999999999999 June 2020", "Broken"),
            ("15 June 99999999999999999999", "Broken"),
            ("15 June 20", "Broken"),
            ("2020-13-01", "Broken"),
            // What the file has to say first.
            ("16 November, 02:00", "Partial 02:00:00"),
            ("November 16", "Partial"),
            ("04/07/2020", "Partial"),
            // Text.
            ("On 15 June 2020", "text"),
            ("15 June 2020, the ministers met", "text"),
            ("15 June 2020 the ministers met", "text"),
            ("15 June 2020, Ministers met in Moscow", "text"),
            ("15 June 2020 // The school is under review", "text"),
            ("15 Smarch 2020", "text"),
            ("May 9, Victory Day", "text"),
            ("June 2020", "text"),
            ("2020", "text"),
            ("187 member states", "text"),
            ("1. June in the village", "text"),
            ("3 to 5 of the members", "text"),
            ("March of the weavers 2020", "text"),
            ("14:30", "text"),
            ("1/2", "text"),
            ("", "text"),
        ] {
            assert_eq!(shown(line, Settled::default()), wanted, "{line}");
        }
    }

    #[test]
    fn an_order_of_numbers_settles_what_is_ambiguous_and_nothing_else() {
        let settled = |order| Settled { order: Some(order), captured: None };
        assert_eq!(shown("04/07/2020", settled(DateOrder::Dmy)), "2020-07-04");
        assert_eq!(shown("04/07/2020", settled(DateOrder::Mdy)), "2020-04-07");
        assert_eq!(shown("15/06/2020", settled(DateOrder::Mdy)), "2020-06-15");
        assert_eq!(shown("04/07/2020", settled(DateOrder::Ymd)), "Partial");
    }

    #[test]
    fn a_missing_year_is_the_one_nearest_to_the_capture() {
        let captured = |year, month, day| Settled { order: None, captured: NaiveDate::from_ymd_opt(year, month, day) };
        assert_eq!(shown("30 December", captured(2021, 1, 3)), "2020-12-30");
        assert_eq!(shown("3 January", captured(2020, 12, 30)), "2021-01-03");
        assert_eq!(shown("16 November, 02:00", captured(2020, 11, 20)), "2020-11-16 02:00:00");
        // More than half a year ahead is the year before, and a leap day comes when it comes.
        assert_eq!(shown("1 December", captured(2020, 5, 1)), "2019-12-01");
        assert_eq!(shown("29 February", captured(2022, 6, 1)), "Partial");
        assert_eq!(shown("30 December - 2 January", captured(2021, 1, 10)), "2020-12-30..2021-01-02");
        let read = whole("3 January", Lexicon::of(None)).unwrap().settle(captured(2020, 12, 30));
        assert!(read.year_inferred);
    }
}
