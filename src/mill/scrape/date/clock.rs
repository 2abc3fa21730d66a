//! The time of day before or behind a date, and its zone.

use chrono::{NaiveTime, TimeDelta, Timelike};

use super::grammar::Cursor;
use super::parts::Kind;
use crate::mill::scrape::language::Word;

/// A time of day as printed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Clock {
    pub(super) time: Option<NaiveTime>,
    /// Minutes east of UTC.
    pub(super) offset: Option<i32>,
    /// No clock shows this time, or no zone has this offset.
    pub(super) bad: bool,
}

/// The zones that RFC 822 names, and the few others that mean one offset wherever they are printed.
const ZONES: [(&str, i32); 15] = [
    ("Z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("CET", 60),
    ("CEST", 120),
    ("MSK", 180),
];

impl<'t> Cursor<'t, '_> {
    pub(super) fn clock_first(&mut self) -> Option<Clock> {
        if self.number(0).is_none() || self.peek(1) != Some(Kind::Sign(':')) {
            return None;
        }
        let clock = self.clock(false);
        self.take_sign(&[',', '-', '–', '|']);
        clock
    }

    /// The time after a date, behind a comma, a dash, an `at`, a `T` or nothing, or in brackets. `stamped`: a word says
    /// of the day what it is of, so that two numbers behind it are a time, too: `Publisert 12.03.2024 10.12`.
    pub(super) fn clock_after(&mut self, stamped: bool) -> Option<Clock> {
        let before = self.at;
        let clock = if self.close(0) && self.take_sign(&['.']) {
            // `12. ožujka 2024. 10:12`: the full stop is that of the year where nothing else follows.
            self.clock_behind(stamped).filter(|_| self.at == self.parts.len())
        } else if self.take_sign(&['(']) {
            self.clock(false).filter(|_| self.take_sign(&[')']))
        } else {
            self.clock_behind(stamped)
        };
        if clock.is_none() {
            self.at = before;
        }
        clock
    }

    fn clock_behind(&mut self, stamped: bool) -> Option<Clock> {
        let before = self.at;
        // Two numbers behind a comma are a time, too: `7 March 2024, 18.30`.
        let comma = self.take_sign(&[',']) && !(self.peek(3) == Some(Kind::Sign('.')) && self.number(4).is_some());
        self.take_sign(&['-', '–', '—', '|', '·', '/', '•', ';', '@']);
        // `à` is both between the ends of a range and before a time, `de` between day and month and before the first
        // end.
        let from = |kind| matches!(kind, Kind::Word(Word::At | Word::Until | Word::Of | Word::On));
        let said = self.take(from) || comma;
        let dotted = self.lexicon.dotted_times && self.at == before;
        let mut stated = said || ((stamped || dotted) && self.peek(1) == Some(Kind::Sign('.')));
        if said {
            self.take_sign(&['.']);
            self.take_word(Word::At);
            self.take_sign(&['.']);
        } else if self.text(0).is_some_and(|word| word == "T") {
            self.at += 1;
        }
        // Korean, Japanese and Chinese say first which half of the day it is.
        let half = match self.peek(0) {
            Some(Kind::Word(Word::Am)) => Some(false),
            Some(Kind::Word(Word::Pm)) => Some(true),
            _ => None,
        };
        self.at += usize::from(half.is_some());
        stated |= half.is_some();
        let only_dotted = dotted && !stamped && half.is_none() && self.peek(1) == Some(Kind::Sign('.'));
        let clock = self.clock(stated);
        // More than a time may begin with a number: `15.01.2021 7.30 åbner broen`.
        let mut clock = clock.filter(|_| !only_dotted || self.at == self.parts.len());
        if let (Some(clock), Some(true)) = (&mut clock, half) {
            let later = clock
                .time
                .filter(|time| time.hour() < 12)
                .map(|time| time.overflowing_add_signed(TimeDelta::hours(12)).0);
            clock.time = later.or(clock.time);
        }
        if clock.is_none() {
            self.at = before;
        }
        clock
    }

    /// `14:30`, `14:30:05Z`, `2.30 p.m.`, `2 pm`, `14h30`, `14.30 Uhr`, `14時30分`, and a zone. A bare number, or two
    /// with a full stop between them, are a time only where something says so.
    pub(super) fn clock(&mut self, stated: bool) -> Option<Clock> {
        let (mut hour, _) = self.number(0).filter(|(_, digits)| *digits <= 2)?;
        let before = self.at;
        let minutes = self.number(2).filter(|(_, digits)| *digits == 2);
        let (mut minute, mut second) = (0, 0);
        let mut plain = false;
        match (self.peek(1), minutes) {
            (Some(Kind::Sign(sign @ (':' | '.'))), Some((value, _))) if self.close(2) => {
                plain = sign == ':' || stated;
                minute = value;
                self.at += 3;
                let is_second = sign == ':' || self.close(0) && self.close(1) && self.number(1).is_some();
                if self.peek(0) == Some(Kind::Sign(sign)) && is_second {
                    second = self.number(1)?.0;
                    self.at += 2;
                    if matches!(self.peek(0), Some(Kind::Sign('.' | ','))) && self.close(1) && self.number(1).is_some()
                    {
                        self.at += 2;
                    }
                }
            }
            (Some(Kind::Word(Word::Hour)), Some((value, _))) => {
                plain = true;
                minute = value;
                self.at += 3;
                if self.take_word(Word::Minute)
                    && self.number(0).is_some()
                    && self.peek(1) == Some(Kind::Word(Word::Minute))
                {
                    second = self.number(0)?.0;
                    self.at += 2;
                }
            }
            _ => self.at += 1,
        }
        let half = self.half_of_day();
        if half.is_none() && self.take_word(Word::Hour) {
            plain = true;
            if self.close(0) {
                self.take_sign(&['.']);
            }
        }
        if half.is_none() && !plain {
            self.at = before;
            return None;
        }
        match half {
            // `14:30 pm` and `0:30 am` are odd, and plain.
            Some(false) if hour > 12 => hour = u32::MAX,
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let zone = self.zone();
        // A leap second is a real time of day, but not one that the calendar type can hold.
        let time = NaiveTime::from_hms_opt(hour, minute, if second == 60 { 59 } else { second });
        let bad = time.is_none() || zone.is_err();
        Some(Clock { time: time.filter(|_| !bad), offset: zone.ok().flatten().filter(|_| !bad), bad })
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

    /// `Z`, `GMT`, `(MSK)`, `+03:00`, `UTC+3`: minutes east of UTC where they are known; an error when it is an offset
    /// that no zone has.
    fn zone(&mut self) -> Result<Option<i32>, NoZone> {
        let bracket = self.peek(0) == Some(Kind::Sign('('));
        let name = self.text(usize::from(bracket));
        let name = name.filter(|name| name.len() <= 5 && name.bytes().all(|b| b.is_ascii_uppercase()));
        let named = ZONES.iter().find(|(zone, _)| name == Some(*zone)).map(|(_, offset)| *offset);
        if name.is_some() {
            self.at += 1 + usize::from(bracket);
            if bracket {
                self.take_sign(&[')']);
            }
        }
        let Some(Kind::Sign(sign @ ('+' | '-' | '−'))) = self.peek(0) else { return Ok(named) };
        let Some((value, digits)) = self.number(1).filter(|_| self.close(1)) else { return Ok(named) };
        self.at += 2;
        let (hours, mut minutes) = if digits > 2 { (value / 100, value % 100) } else { (value, 0) };
        if self.peek(0) == Some(Kind::Sign(':')) {
            minutes = self.number(1).ok_or(NoZone)?.0;
            self.at += 2;
        }
        if hours > 14 || minutes > 59 {
            return Err(NoZone);
        }
        let offset = i32::try_from(hours * 60 + minutes).map_err(|_| NoZone)?;
        Ok(Some(if sign == '+' { offset } else { -offset }))
    }
}

/// An offset that no zone has.
struct NoZone;
