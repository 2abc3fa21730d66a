//! The grammar of a date: weekday, day, month and year in their orders, ranges, and what may stand behind.

use super::parts::{Kind, Part};
use super::{Point, Printed, Year, stated};
use crate::mill::scrape::DateOrder;
use crate::mill::scrape::language::{Lexicon, Word};

/// Walks over the parts of a line.
pub(super) struct Cursor<'t, 'p> {
    pub(super) line: &'t str,
    pub(super) parts: &'p [Part],
    pub(super) at: usize,
    pub(super) lexicon: &'p Lexicon,
}

impl<'t> Cursor<'t, '_> {
    pub(super) fn peek(&self, ahead: usize) -> Option<Kind> {
        self.parts.get(self.at + ahead).map(|part| part.kind)
    }

    pub(super) fn take(&mut self, wanted: impl Fn(Kind) -> bool) -> bool {
        let found = self.peek(0).is_some_and(wanted);
        self.at += usize::from(found);
        found
    }

    pub(super) fn take_sign(&mut self, signs: &[char]) -> bool {
        self.take(|kind| matches!(kind, Kind::Sign(c) if signs.contains(&c)))
    }

    pub(super) fn take_word(&mut self, word: Word) -> bool {
        self.take(|kind| kind == Kind::Word(word))
    }

    pub(super) fn number(&self, ahead: usize) -> Option<(u32, u32)> {
        match self.peek(ahead) {
            Some(Kind::Number { value, digits }) => Some((value, digits)),
            _ => None,
        }
    }

    /// Whether the part `ahead` follows the one before it without a blank.
    pub(super) fn close(&self, ahead: usize) -> bool {
        let here = self.parts.get(self.at + ahead);
        let before = (self.at + ahead).checked_sub(1).and_then(|at| self.parts.get(at));
        here.zip(before).is_some_and(|(here, before)| here.start == before.end)
    }

    /// One date with its weekday, range and time, as far as the line goes.
    pub(super) fn date(&mut self) -> Option<Printed<'t>> {
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
        Some(Printed { raw: self.line, start, end, clock: clock.unwrap_or_default(), place: None, kicker: None })
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

    /// What follows the date: nothing, a place behind a comma, or a kicker. `None` when it is a text.
    pub(super) fn rest(&mut self, printed: &mut Printed<'t>) -> Option<()> {
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
