//! A line taken apart into numbers, words and signs; and the tests that spare most lines from it.

use crate::mill::scrape::language::{Lexicon, Word};

/// A date has fewer parts than this, place and kicker included.
const MOST_PARTS: usize = 28;

/// The cheap test: a date begins with a number that a date word or another number follows, or with a month or weekday.
/// `head` is short.
pub(super) fn may_begin_date(head: &str, lexicon: &Lexicon) -> bool {
    let bytes = head.as_bytes();
    match bytes.first() {
        Some(b'0'..=b'9') => number_may_begin_date(head, lexicon),
        Some(lead) if !lexicon.may_begin(*lead) => {
            !lead.is_ascii() && head.starts_with(|c| digit(c).is_some()) && number_may_begin_date(head, lexicon)
        }
        Some(_) => begins_with_word(head, lexicon) && (bytes.iter().any(u8::is_ascii_digit) || !head.is_ascii()),
        None => false,
    }
}

/// Most numbers that begin a line are list numbers: the first word behind them tells.
fn number_may_begin_date(head: &str, lexicon: &Lexicon) -> bool {
    let digits = run(head, 0, |b| b.is_ascii_digit(), |c| digit(c).is_some());
    let signs = run(head, digits, |b| !b.is_ascii_alphanumeric(), |c| !c.is_alphanumeric());
    let next = head.get(signs..).unwrap_or_default();
    // A bare number may be a year; a number next may be a month.
    next.is_empty() || next.starts_with(|c| digit(c).is_some()) || begins_with_word(next, lexicon)
}

/// Whether `text` begins with a word of dates.
fn begins_with_word(text: &str, lexicon: &Lexicon) -> bool {
    lexicon.may_begin_word(text) && lexicon.word(first_word(text)) != Word::Other
}

/// The letters that `text` begins with.
fn first_word(text: &str) -> &str {
    text.get(..run(text, 0, |b| b.is_ascii_alphabetic(), char::is_alphabetic)).unwrap_or_default()
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

/// The value of a decimal digit in the scripts that dates are printed in.
fn digit(c: char) -> Option<u32> {
    let zero = match c {
        c if c.is_ascii() => return c.to_digit(10),
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6F0}'..='\u{6F9}' => '\u{6F0}',
        '\u{966}'..='\u{96F}' => '\u{966}',
        '\u{FF10}'..='\u{FF19}' => '\u{FF10}',
        _ => return None,
    };
    Some(u32::from(c) - u32::from(zero))
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
        let mut start = 0;
        while let Some(c) = char_at(line, start) {
            let mut end = start + c.len_utf8();
            let kind = if let Some(mut value) = digit(c) {
                let mut digits = 1;
                while let Some((c, digit)) = char_at(line, end).and_then(|c| Some((c, digit(c)?))) {
                    value = value.saturating_mul(10).saturating_add(digit);
                    digits += 1;
                    end += c.len_utf8();
                }
                Kind::Number { value, digits }
            } else if c.is_alphabetic() {
                end = run(line, end, |b| b.is_ascii_alphabetic() || b == b'\'', |c| c.is_alphabetic() || c == '’');
                Kind::Word(lexicon.word(line.get(start..end).unwrap_or_default()))
            } else if c.is_whitespace() {
                start = end;
                continue;
            } else {
                Kind::Sign(c)
            };
            let Some(slot) = parts.list.get_mut(parts.count) else { break };
            // No line that is taken apart is longer than a byte can count.
            let short = |at| u8::try_from(at).unwrap_or(u8::MAX);
            *slot = Part { kind, start: short(start), end: short(end) };
            parts.count += 1;
            start = end;
        }
        parts
    }

    pub(super) fn read(&self) -> &[Part] {
        self.list.get(..self.count).unwrap_or_default()
    }
}
