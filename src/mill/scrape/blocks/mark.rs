//! What may stand before the text of a block and is none of it: list marks, times of day, the numbers of links.

use chrono::NaiveTime;

use super::lines::is_blank;
use crate::mill::scrape::credit::SIGN;

/// The list mark before a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    None,
    /// `12.` or `12)`; the number when it fits, and where it is not lost: `. The market opens`.
    Number(Option<u32>),
    Bullet,
    /// A time of day, which is left in the text: `15:10 The market opens`.
    Clock,
}

/// A list within another is indented so far.
pub(super) const NESTED: u32 = 4;

/// The list mark at the start of `line`: what it is, and how long with the blank behind it. In the middle of a run a
/// year is no mark: `… in` / `2020. The ministry …` is a sentence that was wrapped.
pub(super) fn mark(line: &str, in_run: bool, in_text: bool) -> (Mark, usize) {
    let bytes = line.as_bytes();
    if bytes.first().is_some_and(u8::is_ascii_alphabetic) {
        return (Mark::None, 0);
    }
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let (mark, length) = if digits > 0 {
        let number = line.get(..digits).and_then(|digits| digits.parse().ok());
        if bytes.get(digits) == Some(&b':') {
            let is_clock = !in_text && clock(line).is_some();
            return (if is_clock { Mark::Clock } else { Mark::None }, 0);
        }
        let ends = matches!(bytes.get(digits), Some(b'.' | b')'));
        if !ends || (in_run && digits == 4 && number.is_some_and(|year| (1900..=2199).contains(&year))) {
            return (Mark::None, 0);
        }
        (Mark::Number(number), digits + 1)
    } else {
        match line.chars().next() {
            Some(c @ ('•' | '*' | '-' | '+' | '·' | '▪' | '●' | '◦' | '‣' | '○' | '■' | '□' | '–')) => {
                (Mark::Bullet, c.len_utf8())
            }
            Some('.' | ')') if begins_behind_sign(line) => (Mark::Number(None), 1),
            _ => return (Mark::None, 0),
        }
    };
    match line.get(length..).map(|rest| rest.chars().next()) {
        Some(Some(c)) if !is_blank(c) => (Mark::None, 0),
        _ => (mark, length),
    }
}

/// Whether a text stands behind the sign that `line` begins with, and a blank between them: no line of a text begins
/// so.
fn begins_behind_sign(line: &str) -> bool {
    let behind = line.get(1..).unwrap_or_default();
    let text = behind.trim_start_matches(is_blank);
    text.len() < behind.len() && text.starts_with(|c: char| c.is_alphanumeric() || c == SIGN || "«„“\"‘'".contains(c))
}

/// How long the number is with which a text browser marks the link that a line begins with: `[6]The market opens`.
pub(super) fn link_number(line: &str) -> usize {
    let Some(inner) = line.strip_prefix('[') else { return 0 };
    let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
    let behind = inner.get(digits..).and_then(|rest| rest.strip_prefix(']')).and_then(|rest| rest.chars().next());
    if (1..=4).contains(&digits) && behind.is_some_and(char::is_alphanumeric) { digits + 2 } else { 0 }
}

/// Whether `line` is a time of day and nothing else.
pub(crate) fn is_clock(line: &str) -> bool {
    line.len() <= 5 && time_of_day(line).is_some_and(|(_, length)| length == line.len())
}

/// The time of day that `line` begins with, and the text behind it and the sign or the end of a range that may stand
/// between: `15:10 The market opens`, `9:30 – The …`, `10:00–11:30 The …`.
pub(crate) fn clock(line: &str) -> Option<(NaiveTime, &str)> {
    let is_sign = |c: char| is_blank(c) || matches!(c, '-' | '–' | '—' | '|' | '·');
    let (time, length) = time_of_day(line)?;
    let behind = line.get(length..)?;
    let mut rest = behind.trim_start_matches(is_sign);
    if rest.len() < behind.len()
        && let Some((_, length)) = time_of_day(rest)
    {
        rest = rest.get(length..)?.trim_start_matches(is_sign);
    }
    let begins_text = rest.starts_with(|c: char| c.is_alphabetic() || "«„“\"‘'(¿¡".contains(c));
    (begins_text && rest.len() < behind.len()).then_some((time, rest))
}

/// The time of day that `text` begins with, and how long it is.
fn time_of_day(text: &str) -> Option<(NaiveTime, usize)> {
    let (hour, rest) = text.split_once(':')?;
    let minute = rest.get(..2)?;
    let time = NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, 0)?;
    Some((time, hour.len() + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_time_of_day_a_text_begins() {
        for line in ["15:10 The quay", "15:10 – The quay", "15:10 | The quay", "10:00–11:30 The quay", "9:30: The quay"]
        {
            let behind = clock(line).map(|(_, text)| text);
            assert_eq!(behind, (line != "9:30: The quay").then_some("The quay"), "{line}");
        }
        assert_eq!(clock("15:10 “The quay”").map(|(_, text)| text), Some("“The quay”"));
        for line in ["15:10", "15:10Uhr", "15:10 – 16 boats", "25:10 The quay"] {
            assert!(clock(line).is_none(), "{line}");
        }
    }

    #[test]
    fn a_lost_number_leaves_its_sign_before_a_text() {
        assert_eq!(mark(". The quay", false, false), (Mark::Number(None), 1));
        assert_eq!(mark(") “The quay”", false, false), (Mark::Number(None), 1));
        for line in [".The quay", ". . .", ". – quay", "."] {
            assert_eq!(mark(line, false, false).0, Mark::None, "{line}");
        }
    }
}
