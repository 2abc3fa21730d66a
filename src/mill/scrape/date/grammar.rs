//! The grammar of a date: weekday, day, month and year in their orders, ranges, and what may stand behind.

use std::ops::RangeInclusive;

use super::parts::{Kind, Part};
use super::{Point, Printed, Short, Year, stated};
use crate::mill::scrape::DateOrder;
use crate::mill::scrape::language::{Lexicon, Word};

/// The years of three digits that Taiwan prints before month and day: `113-03-13`.
const MINGUO: RangeInclusive<u32> = 100..=199;

/// What may stand between the day of an item and more about it.
const BETWEEN: [char; 9] = [',', '|', '·', '•', '-', '–', '—', '/', ';'];

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

    pub(super) fn text(&self, ahead: usize) -> Option<&'t str> {
        self.parts.get(self.at + ahead).and_then(|part| self.line.get(usize::from(part.start)..usize::from(part.end)))
    }

    /// What of the line is left.
    pub(super) fn behind(&self) -> &'t str {
        self.parts.get(self.at).and_then(|part| self.line.get(usize::from(part.start)..)).unwrap_or_default()
    }

    /// Whether the part `ahead` follows the one before it without a blank.
    pub(super) fn close(&self, ahead: usize) -> bool {
        let here = self.parts.get(self.at + ahead);
        let before = (self.at + ahead).checked_sub(1).and_then(|at| self.parts.get(at));
        here.zip(before).is_some_and(|(here, before)| here.start == before.end)
    }

    fn month(&self, ahead: usize) -> Option<u32> {
        match self.peek(ahead)? {
            Kind::Word(Word::Month(month) | Word::MonthOrWeekday(month)) => Some(u32::from(month)),
            _ => None,
        }
    }

    /// One date with its weekday, range and time, as far as the line goes.
    pub(super) fn date(&mut self) -> Option<Printed<'t>> {
        self.updated_first()?;
        let stamped = self.take_word(Word::Stamp);
        if stamped {
            self.take_sign(&[':', '-', '|', '–']);
        }
        let mut clock = self.clock_first();
        self.preface();
        let mut start = self.point()?;
        self.weekday_behind();
        let mut end = None;
        let before = self.at;
        if self.until() {
            self.preface();
            match self.range_end(&start) {
                Some(point) => end = Some(point),
                None => self.at = before,
            }
        } else if let Some(point) = self.two_days(&start) {
            end = Some(point);
        }
        if let Some(end) = &mut end {
            share(&mut start, end);
        }
        self.weekday_behind();
        // Three short numbers before brackets are of some other count.
        if clock.is_none() && !(start.short.is_some() && self.peek(0) == Some(Kind::Sign('('))) {
            clock = self.clock_after(stamped);
        }
        let clock = clock.unwrap_or_default();
        if clock.time.is_some() {
            self.clock_end();
        }
        Some(Printed::of(self.line, start, end, clock))
    }

    /// The end of a range of times: `6:00 pm - 8:00 pm`. Only its begin is kept.
    fn clock_end(&mut self) {
        let before = self.at;
        if !(self.until() && self.clock(true).is_some_and(|clock| !clock.bad)) {
            self.at = before;
        }
    }

    /// Weekdays and small words before a date: `Monday, the`, `el lunes`, `den`.
    fn preface(&mut self) {
        for _ in 0..4 {
            let weekday = match self.peek(0) {
                Some(Kind::Word(Word::Weekday)) => true,
                // `mar 15 jun` is a weekday, `mar 15, 2020` a month.
                Some(Kind::Word(Word::MonthOrWeekday(_))) => self.is_weekday_before_date(),
                _ => false,
            };
            if weekday {
                self.at += 1;
                self.take_sign(&['.']);
                self.take_sign(&[',']);
            } else if self.peek(1).is_none() || !self.take_word(Word::On) {
                return;
            } else if self.close(0) && self.close(1) {
                // `ika-15`.
                self.take_sign(&['-']);
            }
        }
    }

    fn is_weekday_before_date(&self) -> bool {
        let mut ahead = 1;
        while matches!(self.peek(ahead), Some(Kind::Sign('.' | ',') | Kind::Word(Word::On))) {
            ahead += 1;
        }
        if self.number(ahead).is_none() {
            return false;
        }
        ahead += 1;
        let between = |kind| matches!(kind, Some(Kind::Sign('.' | '-' | '/') | Kind::Word(Word::Of | Word::Ordinal)));
        while between(self.peek(ahead)) {
            ahead += 1;
        }
        self.month(ahead).is_some() || matches!(self.peek(ahead), Some(Kind::Number { digits: 1 | 2, .. }))
    }

    /// A weekday behind a date: `(Mon.)`, `月曜日`, `, Monday`.
    fn weekday_behind(&mut self) {
        let may_be = |kind| matches!(kind, Kind::Sign(',' | '(') | Kind::Word(Word::Weekday | Word::MonthOrWeekday(_)));
        if !self.peek(0).is_some_and(may_be) {
            return;
        }
        let before = self.at;
        let comma = self.take_sign(&[',']);
        let bracket = self.take_sign(&['(']);
        let known = self.take(|kind| matches!(kind, Kind::Word(Word::Weekday | Word::MonthOrWeekday(_))));
        let letter = !known && bracket && self.text(0).is_some_and(|text| text.len() == 3 && !text.is_ascii());
        self.at += usize::from(letter);
        let dot = (known || letter) && self.take_sign(&['.']);
        let closed = !bracket || self.take_sign(&[')']);
        // `15 June 2020, Sun Valley` is a place.
        let ends = bracket
            || match self.peek(0) {
                None | Some(Kind::Number { .. } | Kind::Word(Word::At | Word::Until)) => true,
                Some(Kind::Sign(c)) => c != ',' || comma || dot,
                Some(Kind::Word(_)) => false,
            };
        if !((known || letter) && closed && ends) {
            self.at = before;
        }
    }

    fn until(&mut self) -> bool {
        self.take_sign(&['-', '–', '—', '−', '&', '~', '‒', '+', '至', '→']) || self.take_word(Word::Until)
    }

    /// The end of a range; after `September 8 -` a bare `10` is enough.
    fn range_end(&mut self, start: &Point) -> Option<Point> {
        let before = self.at;
        // A version, and its day: what looks like a year of two digits before a whole one (`0.1.16 - 2020-12-31`), or a
        // number for the month before the name of one (`1.3 - 3 May 2021`).
        let before_year = start.short.is_some() && matches!(self.number(0), Some((_, 4)));
        let is_of_version = |end: &Point| before_year || (start.numeric && start.year == Year::None && !end.numeric);
        if let Some(point) = self.point().filter(|end| !is_of_version(end)) {
            return Some(point);
        }
        self.at = before;
        let (day, digits) = self.number(0)?;
        let open = (start.year == Year::None || start.year_first) && !start.numeric && start.month != 0;
        if digits > 2 || !open || self.peek(1) == Some(Kind::Sign(':')) {
            return None;
        }
        self.at += 1;
        self.ordinal();
        let marked = self.take_word(Word::Day);
        if start.year_first {
            self.take_sign(&['.']);
            return Some(Point { month: start.month, day, firm: marked || digits == 2, ..Point::default() });
        }
        let (year, firm) = self.year();
        Some(Point { year, month: start.month, day, firm, ..Point::default() })
    }

    /// The second of two days: `January 30/31, 2016`. Without a year behind it, it may be one.
    fn two_days(&mut self, start: &Point) -> Option<Point> {
        let before = self.at;
        let is_named = start.month != 0 && !start.numeric && start.year == Year::None;
        let end = (is_named && self.take_sign(&['/'])).then(|| self.range_end(start)).flatten();
        let end = end.filter(|end| end.year != Year::None && end.month == start.month && end.day > start.day);
        if end.is_none() {
            self.at = before;
        }
        end
    }

    /// A day, month and year in any of their orders.
    fn point(&mut self) -> Option<Point> {
        let before = self.at;
        let forms = match self.peek(0)? {
            Kind::Number { .. } => {
                [Self::numeric, Self::year_first, Self::month_counted, Self::day_first, Self::day_of_numeric].as_slice()
            }
            Kind::Word(Word::Era(_)) => [Self::year_first as fn(&mut Self) -> Option<Point>].as_slice(),
            Kind::Word(Word::Month(_) | Word::MonthOrWeekday(_)) => {
                [Self::month_first as fn(&mut Self) -> Option<Point>].as_slice()
            }
            _ => return None,
        };
        for form in forms {
            if let Some(point) = form(self) {
                return Some(point);
            }
            self.at = before;
        }
        None
    }

    /// `June 15, 2020`.
    fn month_first(&mut self) -> Option<Point> {
        let month = self.month(0)?;
        self.at += 1;
        self.take_sign(&['.']);
        // `Jun-15-2020`.
        if self.close(0) && self.close(1) {
            self.take_sign(&['-', '/']);
        }
        let (day, _) = self.number(0).filter(|(_, digits)| *digits <= 2)?;
        if self.peek(1) == Some(Kind::Sign(':')) {
            return None;
        }
        self.at += 1;
        self.ordinal();
        self.take_word(Word::Day);
        if self.close(0) && self.close(1) && self.number(1).is_some_and(|(_, digits)| digits == 4) {
            self.take_sign(&['-', '/', '.']);
        }
        let (year, firm) = self.year();
        Some(Point { year, month, day, firm, ..Point::default() })
    }

    /// `15 June 2020`, `15th of June, 2020`, and the first half of `8 - 10 June 2020`.
    fn day_first(&mut self) -> Option<Point> {
        let (day, _) = self.number(0)?;
        self.at += 1;
        self.ordinal();
        self.take_word(Word::Day);
        let after_day = self.at;
        self.of();
        if !self.take_sign(&['.', '-', '/']) && self.lexicon.comma_behind_day {
            self.take_sign(&[',']);
        }
        self.of();
        if let Some(month) = self.month(0) {
            self.at += 1;
            self.take_sign(&['.']);
            // `15-Jun-2020`; with blanks around it, the hyphen is that of a range.
            if self.close(0) && self.close(1) {
                self.take_sign(&['-', '/']);
            }
            let (year, firm) = self.year();
            return Some(Point { year, month, day, firm, ..Point::default() });
        }
        self.at = after_day;
        self.take_sign(&['.']);
        self.range_has_month().then_some(Point { day, ..Point::default() })
    }

    /// `2020年6月15日`, `2020. június 15.`, `2020 m. birželio 15 d.`, `2020-yil 15-iyun`, `令和2年6月15日`.
    fn year_first(&mut self) -> Option<Point> {
        let era = match self.peek(0)? {
            Kind::Word(Word::Era(base)) => Some(u32::from(base)),
            _ => None,
        };
        self.at += usize::from(era.is_some());
        let (value, digits) = self.number(0)?;
        self.at += 1;
        let marked = self.year_mark();
        let year = match (era, digits) {
            (Some(base), 1..=3) if marked => stated(base + value),
            (None, 4) => self.lexicon.stated(value),
            (None, 2) if marked => self.short(value),
            _ => return None,
        };
        self.take_sign(&[',', '.', '-', '/']);
        let before = self.at;
        if let Some(month) = self.month(0) {
            self.at += 1;
            self.take_sign(&['.', '-', '/']);
            self.of();
            let (day, digits) = self.number(0).filter(|(_, digits)| *digits <= 2)?;
            if self.peek(1) == Some(Kind::Sign(':')) {
                return None;
            }
            self.at += 1;
            self.ordinal();
            let dot = self.take_sign(&['.']);
            let marked = self.take_word(Word::Day);
            if marked {
                self.take_sign(&['.']);
            }
            let firm = digits == 2 || dot || marked;
            return Some(Point { year, month, day, firm, year_first: true, ..Point::default() });
        }
        let point = self.month_counted().or_else(|| {
            self.at = before;
            self.day_first().filter(|point| point.month != 0 && point.year == Year::None)
        })?;
        Some(Point { year, year_first: true, firm: point.firm || !point.counted, ..point })
    }

    /// `6月15日`.
    fn month_counted(&mut self) -> Option<Point> {
        let (month, _) = self.number(0).filter(|(_, digits)| *digits <= 2)?;
        if self.peek(1)? != Kind::Word(Word::MonthMark) {
            return None;
        }
        let (day, digits) = self.number(2).filter(|(_, digits)| *digits <= 2)?;
        self.at += 3;
        let marked = self.take_word(Word::Day);
        Some(Point { month, day, firm: marked || digits == 2, counted: true, ..Point::default() })
    }

    /// Looks ahead, past `- 10th of`, for the month that this half of a range shares.
    fn range_has_month(&mut self) -> bool {
        let before = self.at;
        let mut found = false;
        if self.until() {
            self.preface();
            found = self.number(0).is_some_and(|(_, digits)| digits <= 2)
                && self.point().is_some_and(|point| point.month != 0);
        }
        self.at = before;
        found
    }

    /// `08.06.` in `08.06. - 10.06.2020`, where a whole date follows.
    fn day_of_numeric(&mut self) -> Option<Point> {
        let ((day, 1 | 2), (month, 1 | 2)) = (self.number(0)?, self.number(2)?) else { return None };
        if self.peek(1)? != Kind::Sign('.') || !self.close(1) {
            return None;
        }
        self.at += 3;
        self.take_sign(&['.']);
        self.range_has_month().then_some(Point { day, month, numeric: true, ..Point::default() })
    }

    /// Three numbers: `2020-06-15`, `15.06.2020`, `15. 6. 2020`, `15/06/2020`, `15/06/20`.
    fn numeric(&mut self) -> Option<Point> {
        let Kind::Sign(sign @ ('-' | '/' | '.')) = self.peek(1)? else { return None };
        let ((a, a_digits), (b, b_digits), (c, c_digits)) = (self.number(0)?, self.number(2)?, self.number(4)?);
        if self.peek(3)? != Kind::Sign(sign) || b_digits > 2 {
            return None;
        }
        let close = self.close(1) && self.close(2) && self.close(3) && self.close(4);
        let spaced = match sign {
            '.' => self.close(1) && self.close(3),
            sign => sign == '/',
        };
        if !close && !spaced {
            return None;
        }
        let numbers = Point { numeric: true, ..Point::default() };
        let dot = sign == '.';
        let point = if a_digits == 4 && c_digits <= 2 {
            Point { year: self.lexicon.stated(a), month: b, day: c, firm: c_digits == 2, ..numbers }
        } else if MINGUO.contains(&a) && (a_digits, b_digits, c_digits) == (3, 2, 2) && close && !dot {
            Point { year: stated(1911 + a), month: b, day: c, firm: true, ..numbers }
        } else if a_digits <= 2 && c_digits == 4 {
            let numbers = Point { year: self.lexicon.stated(c), firm: true, ..numbers };
            match (a, b) {
                // With a full stop the day comes first wherever we have looked; with a slash or hyphen it may not.
                _ if dot => Point { month: b, day: a, ..numbers },
                (13.., _) => Point { month: b, day: a, shows: Some(DateOrder::Dmy), ..numbers },
                (_, 13..) => Point { month: a, day: b, shows: Some(DateOrder::Mdy), ..numbers },
                _ => Point { month: b, day: a, unordered: a != b, ..numbers },
            }
        } else if a_digits <= 2 && c_digits == 2 && close {
            let short = Short { numbers: [a, b, c], dot };
            let year = if self.lexicon.buddhist { Year::Odd } else { Year::Short(c) };
            Point { year, short: Some(short), ..numbers }
        } else {
            return None;
        };
        self.at += 5;
        if dot && self.close(0) && !(self.close(1) && self.number(1).is_some()) {
            self.take_sign(&['.']);
        }
        self.year_mark();
        Some(point)
    }

    /// `de`, or `del`, which before a date may also open it.
    fn of(&mut self) -> bool {
        self.take(|kind| matches!(kind, Kind::Word(Word::Of | Word::On)))
    }

    /// `st`, `-го`, `:e`, `º` behind a number.
    pub(super) fn ordinal(&mut self) {
        if !self.close(0) {
            return;
        }
        let is_raised = |ahead| matches!(self.text(ahead), Some("º" | "ª" | "°"));
        let is_ordinal =
            |ahead| self.close(ahead) && self.text(ahead).is_some_and(|text| self.lexicon.is_ordinal(text));
        match self.peek(0) {
            _ if is_raised(0) => self.at += 1,
            Some(Kind::Word(_)) if is_ordinal(0) => self.at += 1,
            Some(Kind::Sign('-' | ':' | '\'' | '–')) if is_ordinal(1) => self.at += 2,
            Some(Kind::Sign('.')) if is_raised(1) => self.at += 2,
            // `2020(e)ko ekainaren 15(a)`.
            Some(Kind::Sign('(')) if is_ordinal(1) && self.close(2) && self.peek(2) == Some(Kind::Sign(')')) => {
                self.at += 3;
            }
            _ => {}
        }
    }

    /// What marks a number as a year: `г.`, `-ci il`, `ko`, `年`. Whether any did.
    fn year_mark(&mut self) -> bool {
        if self.peek(0).is_none() {
            return false;
        }
        let before = self.at;
        self.ordinal();
        // `2020-yil`, `2020. gada`.
        if matches!(self.peek(0), Some(Kind::Sign('-' | '.'))) && self.peek(1) == Some(Kind::Word(Word::Year)) {
            self.at += usize::from(self.close(0));
        }
        if self.take_word(Word::Year) {
            if self.close(0) {
                self.take_sign(&['.']);
            }
            return true;
        }
        self.at > before
    }

    /// The year, and whether it is complete beyond doubt.
    fn year(&mut self) -> (Year, bool) {
        let before = self.at;
        self.take_sign(&[',']);
        if self.of() {
            self.take_sign(&['.']);
        }
        let quote = self.close(1) && self.take_sign(&['\'']);
        let Some((year, digits)) = self.number(0) else {
            self.at = before;
            return (Year::None, false);
        };
        let is_clock = match self.peek(1) {
            Some(Kind::Sign(':')) => true,
            Some(Kind::Sign('.')) => self.number(2).is_some() && self.close(2),
            Some(Kind::Word(Word::Am | Word::Pm | Word::Hour)) => true,
            _ => false,
        };
        if digits <= 2 && is_clock && !quote {
            self.at = before;
            return (Year::None, false);
        }
        self.at += 1;
        self.year_mark();
        match digits {
            4 => (self.lexicon.stated(year), true),
            2 => (self.short(year), false),
            _ => (Year::Odd, false),
        }
    }

    fn short(&self, year: u32) -> Year {
        if self.lexicon.buddhist { Year::Odd } else { Year::Short(year) }
    }

    /// Takes the day of the last change where it stands before that of the item, as words say: `Updated: 28 February
    /// 2024 | Published: 25 February 2024`. `None`: it is the only one.
    fn updated_first(&mut self) -> Option<()> {
        if self.peek(0) != Some(Kind::Word(Word::Update)) {
            return Some(());
        }
        self.updated().then_some(())?;
        self.take_sign(&BETWEEN);
        (self.peek(0) == Some(Kind::Word(Word::Stamp))).then_some(())
    }

    /// Takes the day of the last change behind that of the item: `, updated 28 February 2024`. Where the two are told
    /// apart by styles alone, they stand close together in a copy: `25 February 202428 February 2024`.
    fn updated(&mut self) -> bool {
        let before = self.at;
        let is_month = |kind| matches!(kind, Kind::Word(Word::Month(_) | Word::MonthOrWeekday(_)));
        let mut glued = self.at > 0 && self.close(0) && self.peek(0).is_some_and(is_month);
        // `2024年3月5日掲載 2024年3月7日更新`.
        glued |= self.said_behind() && self.peek(0).is_some();
        self.take_sign(&BETWEEN);
        let bracket = self.take_sign(&['(']);
        let said = self.take_word(Word::Update);
        self.take_sign(&[':']);
        if said || glued {
            self.preface();
            if self.point().is_some() {
                self.clock_after(said);
                self.said_behind();
                if !bracket || self.take_sign(&[')']) {
                    return true;
                }
            }
        }
        self.at = before;
        false
    }

    /// Takes the word that says of a day what it is of, where it stands close behind it: `3月7日更新`.
    fn said_behind(&mut self) -> bool {
        self.close(0) && self.take(|kind| matches!(kind, Kind::Word(Word::Update | Word::Stamp)))
    }

    /// What follows the date: nothing, a place behind a comma, or a kicker. `None` when it is a text. `stamped`: a word
    /// like `Posted`, or who wrote it, stands before the date.
    pub(super) fn rest(&mut self, printed: &mut Printed<'t>, stamped: bool) -> Option<()> {
        let stop = self.take_sign(&['.']);
        if !self.updated() && stop && self.at < self.parts.len() {
            return None;
        }
        self.said_behind();
        let behind = signs_off(self.behind());
        if self.lexicon.counts(behind) {
            if self.lexicon.is_aside(behind) {
                return Some(());
            }
            // `· 7 min · Ann Field`.
            let (counters, name) = behind.rsplit_once(['|', '·', '•']).unwrap_or_default();
            if self.lexicon.is_aside(counters)
                && name.split_whitespace().count() <= 4
                && is_place(name.trim(), self.lexicon)
            {
                printed.by = Some(name.trim());
                return Some(());
            }
        }
        let comma = self.take_sign(&[',']);
        // Behind a word like `Posted` a dash stands before a kicker, not before a headline.
        let apart = !comma && (self.take_sign(&['|', '·', '•']) || (stamped && self.take_sign(&['-', '–', '—'])));
        let Some(first) = self.parts.get(self.at) else { return (!comma && !apart).then_some(()) };
        // The parts may have run out before the line did; the words below are taken from the line itself.
        let words = self.line.get(usize::from(first.start)..)?;
        if printed.lacks_year() {
            return None;
        }
        // `14 June 2021 Read more →`: of one word only the sign tells that it leads on.
        let leads = words.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '»' | '›' | '→' | '>'));
        if (leads.len() < words.len() || leads.contains(' ')) && self.lexicon.is_furniture(leads) {
            return Some(());
        }
        // Who wrote it needs no sign before it.
        let aside = comma || apart || self.lexicon.by(words).is_some();
        if (aside && self.lexicon.is_aside(words)) || (stamped && self.lexicon.is_within(words)) {
            return Some(());
        }
        if comma && is_place(words, self.lexicon) {
            printed.place = Some(words);
        } else if !comma && is_kicker(words, if apart { 8 } else { 4 }) {
            printed.kicker = Some(words);
        } else {
            // The groups of an item may be several, and more may follow: `| Culture, School | 3 comments`.
            let says_little = |piece: &str| is_place(piece, self.lexicon) || self.lexicon.is_aside(piece);
            let mut pieces = words.split(['|', '·', '•']).map(str::trim);
            return (stamped && apart && pieces.all(says_little)).then_some(());
        }
        Some(())
    }
}

/// `text` without the signs that stand between a day and more.
pub(super) fn signs_off(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || BETWEEN.contains(&c))
}

/// A name: every word begins with a capital (or has none), but for the small ones.
pub(super) fn is_place(words: &str, lexicon: &Lexicon) -> bool {
    let begins_small = |word: &str| word.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_lowercase);
    // In a script without capitals only few words are a name.
    let most = if words.chars().any(char::is_uppercase) { 8 } else { 3 };
    !words.ends_with(['.', '!', '?', '…', ':', ';', '。'])
        && words.split_whitespace().take(most + 1).count() <= most
        && words.chars().next().is_some_and(char::is_alphabetic)
        && !words.split_whitespace().take(1).any(begins_small)
        && !words.split_whitespace().any(|word| begins_small(word) && !lexicon.is_small(word))
}

/// A few words of which the first begins with a capital: `News release`.
pub(super) fn is_kicker(words: &str, most: usize) -> bool {
    // `Release No. 112`.
    let numbered = |c: char| most > 4 && (c.is_ascii_digit() || matches!(c, '.' | '№'));
    words.chars().next().is_some_and(char::is_uppercase)
        && words.split_whitespace().take(most + 1).count() <= most
        && words
            .chars()
            .all(|c| c.is_alphabetic() || c.is_whitespace() || matches!(c, '-' | '’' | '\'' | '&' | '/') || numbered(c))
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
        (Year::None, Year::Odd | Year::Short(_)) => start.year = Year::Odd,
        (Year::Stated(year), Year::None) => {
            end.year = stated(if start.month > end.month { year + 1 } else { year });
            end.firm = if start.year_first { end.firm } else { start.firm };
        }
        _ => {}
    }
}
