//! The time of day before or behind a date, and its zone.

use chrono::NaiveTime;

use super::grammar::Cursor;
use super::parts::Kind;
use crate::mill::scrape::language::Word;

impl<'t> Cursor<'t, '_> {
    pub(super) fn clock_first(&mut self) -> Option<(Option<NaiveTime>, bool)> {
        if self.number(0).is_none() || self.peek(1) != Some(Kind::Sign(':')) {
            return None;
        }
        let clock = self.clock();
        self.take_sign(&[',', '-', '–', '|']);
        clock
    }

    /// The time after a date, behind a comma, a dash, an `at`, a `T` or nothing.
    pub(super) fn clock_after(&mut self) -> Option<(Option<NaiveTime>, bool)> {
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
}
