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

    pub(super) fn read(&self) -> &[Part] {
        self.list.get(..self.count).unwrap_or_default()
    }
}
