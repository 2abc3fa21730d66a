//! A line taken apart into numbers, words and signs; and the tests that spare most lines from it.

use crate::mill::scrape::language::{Lexicon, Word, digit, era, goes_on, has_ascii_digit, is_letter, may_begin_digit};

/// A date has fewer parts than this, place and kicker included.
const MOST_PARTS: usize = 28;

/// The cheap test: a date begins with a number that a date word or another number follows, or with a month or weekday.
/// `head` is short.
pub(super) fn may_begin_date(head: &str, lexicon: &Lexicon) -> bool {
    match head.as_bytes().first() {
        Some(b'0'..=b'9') => number_may_begin_date(head, lexicon),
        Some(lead) if !lead.is_ascii() && head.starts_with(is_numeral) => number_may_begin_date(head, lexicon),
        Some(lead) => lexicon.may_begin(*lead) && begins_with_opener(head, lexicon) && has_numeral(head),
        None => false,
    }
}

pub(super) fn has_numeral(text: &str) -> bool {
    has_ascii_digit(text) || (!text.is_ascii() && text.bytes().any(may_begin_numeral) && text.chars().any(is_numeral))
}

/// Most numbers that begin a line are list numbers: the first word behind them tells.
fn number_may_begin_date(head: &str, lexicon: &Lexicon) -> bool {
    let digits = run(head, 0, |b| b.is_ascii_digit(), is_numeral);
    let signs = run(head, digits, |b| !b.is_ascii_alphanumeric(), |c| !c.is_alphanumeric());
    let next = head.get(signs..).unwrap_or_default();
    // A bare number may be a year; a number next may be a month.
    next.is_empty()
        || next.starts_with(is_numeral)
        || begins_with_word(next, lexicon)
        // `6-р сар` is June.
        || lexicon.phrase(head).is_some()
        // `2020(e)ko`.
        || (head.as_bytes().get(digits) == Some(&b'(') && lexicon.is_ordinal(first_word(next)))
}

/// Whether `text` begins with a word of dates.
fn begins_with_word(text: &str, lexicon: &Lexicon) -> bool {
    lexicon.may_begin_word(text)
        && (lexicon.word(first_word(text)) != Word::Other
            || (!text.is_ascii() && (text.chars().next().and_then(counter).is_some() || era(text).is_some())))
}

/// Whether `text` begins with a word, or a name of several, that may be the first of a date.
fn begins_with_opener(text: &str, lexicon: &Lexicon) -> bool {
    let opens = |word: Word| word.opens() || word == Word::Opens;
    lexicon.may_begin_word(text)
        && match lexicon.word(first_word(text)) {
            Word::Other => !text.is_ascii() && era(text).is_some(),
            // `de gener` is a name in Catalan, `de` a small word.
            word => opens(word) || lexicon.phrase(text).is_some_and(|(word, _)| opens(word)),
        }
}

/// The letters that `text` begins with.
fn first_word(text: &str) -> &str {
    text.get(..run(text, 0, |b| b.is_ascii_alphabetic() || b == b'\'', goes_on)).unwrap_or_default()
}

/// Digits, and the numerals of dates that Chinese writes out.
fn is_numeral(c: char) -> bool {
    digit(c).is_some() || (!c.is_ascii() && HAN.contains(&c))
}

/// Whether one of them may begin with the byte `lead`.
fn may_begin_numeral(lead: u8) -> bool {
    may_begin_digit(lead) || matches!(lead, 0xE3..=0xE9)
}

/// What East Asian writing puts behind a number of a date; it is read in all languages.
fn counter(c: char) -> Option<Word> {
    match c {
        '年' | '년' => Some(Word::Year),
        '月' | '월' => Some(Word::MonthMark),
        '日' | '일' | '号' | '號' => Some(Word::Day),
        '時' | '时' | '點' | '点' | '시' => Some(Word::Hour),
        '分' | '분' | '秒' | '초' => Some(Word::Minute),
        _ => None,
    }
}

const HAN: [char; 13] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '零', '元'];

/// A number written out before a counter: `二〇二〇年`, `十五日`, `元年`. Its value, how many digits it would have, and
/// its length in bytes.
fn written_out(text: &str) -> Option<(u32, u32, usize)> {
    let length = text.find(|c| !HAN.contains(&c)).filter(|length| (3..=12).contains(length))?;
    let (numerals, rest) = text.split_at_checked(length)?;
    counter(rest.chars().next()?)?;
    let value = |c| match HAN.iter().position(|han| *han == c) {
        Some(11) => Some(0),
        Some(12) => Some(1),
        at => at.and_then(|at| u32::try_from(at).ok()),
    };
    let one = |part: &str, none| if part.is_empty() { Some(none) } else { value(part.chars().next()?) };
    if let Some((tens, ones)) = numerals.split_once('十') {
        return Some((one(tens, 1)? * 10 + one(ones, 0)?, 2, length));
    }
    let digits = numerals.chars().try_fold((0_u32, 0), |(number, count), c| Some((number * 10 + value(c)?, count + 1)));
    digits.map(|(number, count)| (number, count, length))
}

/// Marks of direction and the like: they are no part of what is printed.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(c, '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// The sign that `c` is a wide or a national form of.
fn plain(c: char) -> char {
    match c {
        '，' | '、' | '،' => ',',
        '．' | '。' | '॰' | '․' => '.',
        '／' => '/',
        '－' | '‐' | '‑' => '-',
        '：' | '∶' => ':',
        '（' | '【' => '(',
        '）' | '】' => ')',
        '～' | '〜' | '∼' => '~',
        '’' | '‘' | 'ʼ' => '\'',
        c => c,
    }
}

fn char_at(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at) {
        Some(b) if b.is_ascii() => Some(char::from(*b)),
        _ => text.get(at..)?.chars().next(),
    }
}

/// Where the run of such characters that begins at `from` ends. Bytes are asked first, so that only what is not ASCII
/// is decoded.
fn run(text: &str, from: usize, ascii: impl Fn(u8) -> bool, other: impl Fn(char) -> bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at) {
            Some(b) if b.is_ascii() => {
                if !ascii(*b) {
                    return at;
                }
                at += 1;
            }
            Some(_) => match char_at(text, at) {
                Some(c) if other(c) => at += c.len_utf8(),
                _ => return at,
            },
            None => return at,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
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
pub(super) struct Part {
    pub(super) kind: Kind,
    pub(super) start: u8,
    pub(super) end: u8,
}

/// The parts of one line, without an allocation.
pub(super) struct Parts {
    list: [Part; MOST_PARTS],
    count: usize,
}

impl Parts {
    pub(super) fn of(line: &str, lexicon: &Lexicon) -> Self {
        let mut parts = Self { list: [Part { kind: Kind::Sign(' '), start: 0, end: 0 }; MOST_PARTS], count: 0 };
        // No line that is taken apart is longer than a byte can count.
        let short = |at| u8::try_from(at).unwrap_or(u8::MAX);
        let mut start = 0;
        while let Some(c) = char_at(line, start) {
            let (kind, end) = if c.is_whitespace() {
                start += c.len_utf8();
                continue;
            } else if !c.is_ascii() && is_invisible(c) {
                // What stood close together still does.
                let last = parts.count.checked_sub(1).and_then(|at| parts.list.get_mut(at));
                if let Some(last) = last.filter(|last| usize::from(last.end) == start) {
                    last.end = short(start + c.len_utf8());
                }
                start += c.len_utf8();
                continue;
            } else {
                parts.next(line, start, c, lexicon)
            };
            let Some(slot) = parts.list.get_mut(parts.count) else { break };
            *slot = Part { kind, start: short(start), end: short(end) };
            parts.count += 1;
            start = end;
        }
        parts
    }

    /// The part that begins at `start` with `c`, and where it ends.
    fn next(&self, line: &str, start: usize, c: char, lexicon: &Lexicon) -> (Kind, usize) {
        let rest = line.get(start..).unwrap_or_default();
        if let Some((meaning, length)) = lexicon.phrase(rest) {
            return (Kind::Word(meaning), start + length);
        }
        let mut end = start + c.len_utf8();
        if let Some(mut value) = digit(c) {
            let mut digits = 1;
            while let Some((c, digit)) = char_at(line, end).and_then(|c| Some((c, digit(c)?))) {
                value = value.saturating_mul(10).saturating_add(digit);
                digits += 1;
                end += c.len_utf8();
            }
            return (Kind::Number { value, digits }, end);
        }
        if !c.is_ascii() {
            let last = self.read().last().filter(|last| usize::from(last.end) == start);
            let counted = last.is_some_and(|last| matches!(last.kind, Kind::Number { .. }));
            if let Some(word) = counter(c).filter(|_| counted) {
                return (Kind::Word(word), end);
            }
            if let Some((era, length)) = era(rest) {
                return (Kind::Word(era), start + length);
            }
            if let Some((value, digits, length)) = written_out(rest) {
                return (Kind::Number { value, digits }, start + length);
            }
        }
        if is_letter(c) {
            end = run(line, end, |b| b.is_ascii_alphabetic() || b == b'\'', goes_on);
            return (Kind::Word(lexicon.word(line.get(start..end).unwrap_or_default())), end);
        }
        (Kind::Sign(if c.is_ascii() { c } else { plain(c) }), end)
    }

    pub(super) fn read(&self) -> &[Part] {
        self.list.get(..self.count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_text_tell_that_it_has_no_numeral() {
        let numerals = (char::MIN..=char::MAX).filter(|c| is_numeral(*c));
        assert!(numerals.filter(|c| has_numeral(&format!("a{c}b"))).count() == 160 + HAN.len());
        assert!(!has_numeral("“Été” — ₂"));
    }
}
