//! Dates that share a line with a text: before it, or behind it.

use memchr::memchr;

use super::grammar::{Cursor, is_place};
use super::parts::{Parts, may_begin_date};
use super::{LONGEST, Printed, Year, whole};
use crate::mill::scrape::language::Lexicon;

/// The signs between a date and a text.
const SIGNS: [char; 10] = ['/', '-', '–', '—', '−', ':', '|', '·', '•', '»'];

/// The brackets around a date before a text.
const OPENING: [char; 3] = ['[', '(', '【'];
const CLOSING: [char; 3] = [']', ')', '】'];

/// No word that follows the numbers of a date is longer, nor are two: `4 July 2020 (Wednesday)`, `14:30 Uhr`.
const NEAR_END: usize = 24;

/// Reads the date that `text` begins with, with the text behind it: `15 June 2020 -- The line`, `21.4.2022: Title`,
/// `Dun, Oct. 2 -- The line`, `[2021-04-26] Title`.
pub(crate) fn leading<'t>(text: &'t str, lexicon: &Lexicon) -> Option<(Printed<'t>, &'t str)> {
    let head = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
    if let Some(inner) = head.strip_prefix(OPENING) {
        let (day, behind) = inner.split_at_checked(inner.find(CLOSING)?)?;
        let printed = whole(day.trim(), lexicon)?;
        let behind = behind.trim_start_matches(CLOSING);
        let rest = signs_off(text.get(head.len() - behind.len()..)?);
        return is_text(rest).then_some((printed, rest));
    }
    if may_begin_date(head, lexicon) {
        return dated_head(text, head, lexicon);
    }
    datelined(text, head, lexicon)
}

fn dated_head<'t>(text: &'t str, head: &'t str, lexicon: &Lexicon) -> Option<(Printed<'t>, &'t str)> {
    let parts = Parts::of(head, lexicon);
    let mut cursor = Cursor { line: head, parts: parts.read(), at: 0, lexicon };
    let printed = cursor.date()?;
    let end = usize::from(parts.read().get(cursor.at.checked_sub(1)?)?.end);
    let behind = text.get(end..)?;
    let rest = signs_off(behind);
    let blanks = behind.chars().take_while(|c| c.is_whitespace()).count();
    let apart = rest.len() + blanks < behind.len() || blanks >= 2 || behind.starts_with(['\t', '\n']);
    // One blank is enough behind a date with its year, before what begins as titles and sentences do, or with a
    // version.
    let begins = |c: char| !c.is_lowercase() && (c.is_alphabetic() || "«»„“\"‘:".contains(c));
    let follows = printed.start.year != Year::None
        && blanks == 1
        && (rest.starts_with(begins)
            || begins_with_version(rest)
            || begins_with_number(rest)
            || begins_with_tag(rest).is_some_and(|text| text.starts_with(begins)));
    let raw = head.get(..end)?.trim();
    // What stands before a day is a version, and not the day: `1.3 - 3 May 2021`.
    let is_version = || printed.start.numeric && printed.lacks_year() && whole(rest, lexicon).is_some();
    (is_text(rest) && (apart || follows) && !is_version()).then_some((Printed { raw, ..printed }, rest))
}

/// Whether `text`, which does not begin with a date, may begin with brackets around one, or with a place before one.
/// Turns away most texts at their first bytes.
pub(crate) fn may_lead(text: &str) -> bool {
    let head = text.as_bytes().get(..LONGEST.min(text.len())).unwrap_or_default();
    let place = || {
        let comma = memchr(b',', head)?;
        head.get(comma..)?.iter().any(u8::is_ascii_digit).then_some(())
    };
    text.starts_with(OPENING) || place().is_some()
}

/// `Dun, Oct. 2 -- The line`.
fn datelined<'t>(text: &'t str, head: &'t str, lexicon: &Lexicon) -> Option<(Printed<'t>, &'t str)> {
    if !may_lead(head) {
        return None;
    }
    let dash = [" -- ", " — ", " – ", " - ", "--", "—"];
    let (at, length) = dash.iter().filter_map(|sign| Some((head.find(sign)?, sign.len()))).min()?;
    let line = head.get(..at)?;
    let (printed, place) = line.match_indices(',').take(3).find_map(|(comma, _)| {
        let (place, day) = (line.get(..comma)?.trim(), line.get(comma + 1..)?.trim());
        is_place(place, lexicon).then(|| whole(day, lexicon)).flatten().map(|printed| (printed, place))
    })?;
    let rest = signs_off(text.get(at + length..)?);
    is_text(rest).then_some((Printed { place: Some(place), ..printed }, rest))
}

/// Reads the date that `text` ends with, with the text before it: `Title (04/07/2020)`, `Title, 4 July 2020`,
/// `Title [2021-04-26]`.
pub(crate) fn trailing<'t>(text: &'t str, lexicon: &Lexicon) -> Option<(&'t str, Printed<'t>)> {
    let from = text.ceil_char_boundary(text.len().saturating_sub(LONGEST));
    let tail = text.get(from..)?;
    if !may_end_dated(tail) || tail.ends_with(['!', '?', '…', ':']) {
        return None;
    }
    let plain = |printed: &Printed<'_>| printed.place.is_none() && printed.kicker.is_none();
    if let Some(inner) = tail.strip_suffix([')', ']']) {
        let open = inner.rfind(['(', '['])?;
        // What became of a version: `2.1.0 - 2023-08-30 [YANKED]`.
        if inner.get(open..).and_then(|word| word.strip_prefix('[')).is_some_and(is_shouted) {
            return trailing(text.get(..from + open)?.trim_end(), lexicon).filter(|(title, _)| is_version(title));
        }
        // What state it is in: `Release 9.1 (2022-04-15) [stable]`.
        let before = text.get(..from + open)?.trim_end();
        if inner.get(open..).and_then(|word| word.strip_prefix('[')).is_some_and(is_state) && before.ends_with(')') {
            return trailing(before, lexicon);
        }
        let printed = whole(inner.get(open + 1..)?.trim(), lexicon).filter(plain)?;
        let title = signs_off_end(text.get(..from + open)?);
        return is_text(title).then_some((title, printed));
    }
    // A sentence may end with a day.
    let is_stopped = tail.ends_with('.') && tail.trim_end_matches('.').ends_with(|c: char| c.is_ascii_digit());
    // Of the last nine words the first that begins a date: the longest date wins.
    let mut starts = [0; 9];
    let mut count = 0;
    let ends = tail.char_indices().rev().zip(tail.char_indices().rev().skip(1));
    for ((at, c), (sign, before)) in ends {
        if !(c.is_alphanumeric() && (before.is_whitespace() || SIGNS.contains(&before) || before == ',')) {
            continue;
        }
        // `2024/25 – 11 December 2023`: the number that such a sign holds to another one begins no date.
        let is_number = |text: Option<&str>| text.is_some_and(|text| text.ends_with(|c: char| c.is_ascii_digit()));
        if c.is_ascii_digit() && before == '/' && is_number(tail.get(..sign)) {
            continue;
        }
        // `COVID-19 – 27 May 2020`: no days are counted from the number of a word.
        let goes_on = || {
            let behind = tail.get(at..).unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_digit());
            behind.trim_start().starts_with(['-', '–', '—'])
        };
        if before == '-' && tail.get(..sign).is_some_and(|word| word.ends_with(char::is_alphabetic)) && goes_on() {
            continue;
        }
        let Some(slot) = starts.get_mut(count) else { break };
        (*slot, count) = (at, count + 1);
    }
    starts.get(..count).unwrap_or_default().iter().rev().find_map(|at| {
        let date = tail.get(*at..)?;
        if is_word_apart(date) || is_year_of_a_title(date) {
            return None;
        }
        if is_stopped && !(has_own_stop(date) && tail.get(..*at)?.trim_end().ends_with(SIGNS)) {
            return None;
        }
        let printed = whole(date, lexicon).filter(plain).filter(|printed| printed.start.year != Year::None)?;
        let title = signs_off_end(text.get(..from + at)?);
        is_text(title).then_some((title, printed))
    })
}

/// Whether the full stop behind a day is its own, as where the year comes first: `2021. április 26.`. It still ends a
/// sentence where no sign sets the day apart.
fn has_own_stop(date: &str) -> bool {
    let behind = date.trim_start_matches(|c: char| c.is_ascii_digit());
    date.len() - behind.len() == 4 && behind.starts_with(". ") && !date.ends_with("..")
}

/// Whether a word stands so far before the numbers that they are in another column: `Council meets on Tuesday
/// 11/05/2021`.
fn is_word_apart(date: &str) -> bool {
    let behind = date.trim_start_matches(char::is_alphabetic);
    behind.len() < date.len() && (behind.starts_with("  ") || behind.starts_with('\t'))
}

/// Whether a year stands before a dash, and the day behind it: `Harvest days 2021 – 27 April 2021`. No days are counted
/// from a year.
fn is_year_of_a_title(date: &str) -> bool {
    let mut words = date.split_whitespace();
    words.next().is_some_and(|word| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit()))
        && words.next().is_some_and(|word| matches!(word, "-" | "--" | "–" | "—" | "|" | "/" | "·" | "•"))
        && words.next().is_some()
}

/// A date ends with its numbers, or with a word or two behind them. Where numbers are no ASCII `tail` is looked at
/// whole.
fn may_end_dated(tail: &str) -> bool {
    let bytes = tail.as_bytes();
    let near_end = bytes.get(bytes.len().saturating_sub(NEAR_END)..).unwrap_or_default();
    // Nothing ends these looks early, so that they take many bytes at a time.
    let holds_digit = |bytes: &[u8]| bytes.iter().fold(false, |any, b| any | b.is_ascii_digit());
    holds_digit(near_end)
        || (!near_end.is_ascii() && (holds_digit(bytes) || tail.chars().any(|c| !c.is_ascii() && c.is_numeric())))
}

/// No name of a field is longer.
const LONGEST_NAME: usize = 44;

/// The name and the value of what may be a field: the text before the first colon, and behind it.
pub(crate) fn name_and_value(text: &str) -> Option<(&str, &str)> {
    let wide = '：';
    let head = text.get(..text.floor_char_boundary(LONGEST_NAME + wide.len_utf8())).unwrap_or_default();
    let narrow = memchr(b':', head.as_bytes());
    let at = if head.is_ascii() { narrow } else { head.find(wide).into_iter().chain(narrow).min() };
    let (name, behind) = text.split_at_checked(at.filter(|at| *at <= LONGEST_NAME)?)?;
    Some((name, behind.strip_prefix([':', wide])?))
}

/// Reads the date of a field that has a name: `Closing date: 31 May 2022`, whatever the name.
pub(crate) fn field<'t>(text: &'t str, lexicon: &Lexicon) -> Option<Printed<'t>> {
    let (name, value) = name_and_value(text)?;
    let is_name = name.split_whitespace().take(4).count() <= 3
        && name.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '-' | '\'' | '’'))
        && name.chars().any(char::is_alphabetic);
    if !is_name {
        return None;
    }
    whole(value.trim(), lexicon).filter(|printed| printed.kicker.is_none())
}

/// The text without the signs before it. A colon that opens the name of a picture is its own, `:rocket: The line`, and
/// so is the mark that opens a quotation: `»The line«`.
fn signs_off(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_whitespace() || SIGNS.contains(&c));
    let signs = text.get(..text.len() - rest.len()).unwrap_or_default();
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let is_picture = || signs.ends_with(" :") && rest.split_once(": ").is_some_and(|(name, _)| is_name(name));
    let is_quoted = || signs.ends_with('»') && rest.contains('«');
    let own = match signs.chars().next_back() {
        Some(sign) if is_picture() || is_quoted() => sign.len_utf8(),
        _ => 0,
    };
    text.get(signs.len() - own..).unwrap_or(rest)
}

/// The title without the signs behind it, but for the mark that closes a quotation: `« The line »`. What ends in a colon
/// is the name of a field (`From: 01/01/2010`), and no title is left.
fn signs_off_end(text: &str) -> &str {
    let title = text.trim_end_matches(|c: char| c.is_whitespace() || c == ',' || (SIGNS.contains(&c) && c != ':'));
    let signs = text.get(title.len()..).unwrap_or_default();
    // A quotation may be `»The line«` as well.
    let is_open = || title.matches('«').count() > title.matches('»').count();
    let title = match signs.find('»') {
        Some(at) if is_open() => text.get(..title.len() + at + '»'.len_utf8()).unwrap_or(title),
        _ => title,
    };
    if title.ends_with([':', '：']) { "" } else { title }
}

/// Whether a text is left: letters, or a version (`4.2.1`).
fn is_text(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) || is_version(text)
}

fn is_version(text: &str) -> bool {
    let mut parts = text.trim_matches(['[', ']', '(', ')']).split('.');
    parts.clone().count() > 2 && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a version in brackets stands before all else: `[v0.5.2] The line`, `[1.4.0]`.
fn begins_with_version(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|inner| inner.split_once(']')).map(|(inner, _)| inner);
    inner.is_some_and(|inner| is_version(inner.trim_start_matches(['v', 'V'])))
}

/// The text behind a word in brackets that begins as names do: `[Important] The line`.
fn begins_with_tag(text: &str) -> Option<&str> {
    let (tag, behind) = text.strip_prefix('[')?.split_once("] ")?;
    let is_word = tag.starts_with(char::is_uppercase) && tag.chars().all(char::is_alphabetic);
    is_word.then_some(behind)
}

/// Whether a number stands before many letters of a script that has no blanks between its words, as titles begin and
/// counts do not: `25-26学年第2学期期末考试安排`.
fn begins_with_number(text: &str) -> bool {
    const FEWEST: usize = 8;
    let has_no_case = |c: &char| c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase();
    let word = text.split_whitespace().next().unwrap_or_default();
    word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().filter(has_no_case).nth(FEWEST - 1).is_some()
}

/// Whether `word` is one in small letters.
fn is_state(word: &str) -> bool {
    (3..=12).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase())
}

fn is_shouted(word: &str) -> bool {
    word.len() > 2 && word.bytes().all(|b| b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_before_a_text_is_told_from_it() {
        let lexicon = Lexicon::of(Some("en"));
        for (line, raw, rest) in [
            ("Jul 16 2025 // The school is under review", "Jul 16 2025", "The school is under review"),
            ("2 October 2015 -- The line", "2 October 2015", "The line"),
            ("21.4.2022: The market opens", "21.4.2022", "The market opens"),
            ("2021-04-26 :red_car: The line", "2021-04-26", ":red_car: The line"),
            ("2021-04-26 : Wanted: a line", "2021-04-26", "Wanted: a line"),
            ("2021-04-26 25-26学年第2学期港口开放安排", "2021-04-26", "25-26学年第2学期港口开放安排"),
            ("2021-04-26 2021年5月13日新码头开放的通知", "2021-04-26", "2021年5月13日新码头开放的通知"),
            ("2021-04-26 [v1.4.0] The line", "2021-04-26", "[v1.4.0] The line"),
            ("2021-04-26 [1.4.0]", "2021-04-26", "[1.4.0]"),
            ("2021-04-26 »The line« again", "2021-04-26", "»The line« again"),
            ("2021-04-26 » The line", "2021-04-26", "The line"),
            ("2021-04-26 » The «line»", "2021-04-26", "The «line»"),
            ("21/08/2020 - The market opens", "21/08/2020", "The market opens"),
            ("[2021-04-26] The market opens", "2021-04-26", "The market opens"),
            ("【2021.04.26】 新码头开放", "2021.04.26", "新码头开放"),
            ("【2021.04.26】新码头开放", "2021.04.26", "新码头开放"),
            ("2021-04-26 [Important] The market opens", "2021-04-26", "[Important] The market opens"),
            ("2021-04-26 The market opens", "2021-04-26", "The market opens"),
            ("PORT ELDON, Oct. 2, 2015 -- The line", "Oct. 2, 2015", "The line"),
            ("Dun, Oct. 2 – The line", "Oct. 2", "The line"),
        ] {
            let (printed, text) = leading(line, lexicon).expect(line);
            assert_eq!((printed.raw, text), (raw, rest), "{line}");
        }
        let counts = [
            "2021-04-26 1234次浏览",
            "2021-04-26 [updated]",
            "2021-04-26 [Updated]",
            "2021-04-26 first plan",
            "2021-04-26 3 comments",
        ];
        let glued = [
            "26.04.2021the market opens",
            "26.04.2021Report",
            "26.04.2021A market",
            "2021-04-26The market opens",
            "26.04.2021The market opens",
            "15.06.2020Kategorie: Hafen",
        ];
        let others = ["12 looms stand idle", "On 2 May 2015 -- they met", "2 May 2015", "May 2 was fine", "a - b"];
        for line in others.into_iter().chain(counts).chain(glued) {
            assert!(leading(line, lexicon).is_none(), "{line}");
        }
    }

    #[test]
    fn a_date_behind_a_text_is_told_from_it() {
        let lexicon = Lexicon::of(Some("en"));
        for (line, title, raw) in [
            ("The market opens (04/07/2020)", "The market opens", "04/07/2020"),
            ("The market opens, 4 July 2020", "The market opens", "4 July 2020"),
            ("The market opens [2021-04-26]", "The market opens", "2021-04-26"),
            ("The market opens - July 4, 2020", "The market opens", "July 4, 2020"),
            ("The « market » 2021-04-26", "The « market »", "2021-04-26"),
            ("«The market», 2021-04-26", "«The market»", "2021-04-26"),
            ("The «market» opens » 2021-04-26", "The «market» opens", "2021-04-26"),
            ("The »market« » 2021-04-26", "The »market«", "2021-04-26"),
            ("The market opens 2021-04-26", "The market opens", "2021-04-26"),
            ("[4.2.1] - 2021-04-26", "[4.2.1]", "2021-04-26"),
            ("The market opens Sunday 4 July 2020", "The market opens", "Sunday 4 July 2020"),
            ("The market opens on Sunday    04/07/2020", "The market opens on Sunday", "04/07/2020"),
            ("Harvest days 2021 — 27 April 2021", "Harvest days 2021", "27 April 2021"),
            ("Harvest days 2021 - 27/04/2021", "Harvest days 2021", "27/04/2021"),
            ("Young people and COVID-19 — 27 May 2020", "Young people and COVID-19", "27 May 2020"),
            ("Harbour walk-12 May 2021", "Harbour walk", "12 May 2021"),
            ("Release 9.1 (2022-04-15) [stable]", "Release 9.1", "2022-04-15"),
            ("Piac · 2021. 4. 26.", "Piac", "2021. 4. 26."),
        ] {
            let (text, printed) = trailing(line, lexicon).expect(line);
            assert_eq!((text, printed.raw), (title, raw), "{line}");
        }
        for line in [
            "It opens on 4 July 2020.",
            "It opens soon - 4 July 2020.",
            "It opens on 2021. 4. 26.",
            "It opens soon - 2021. 4. 26..",
            "The plan for 2020",
            "A call (until 4 July 2020)",
            "4 July 2020",
            "From: 01/01/2010",
            "The market opens (2021-04-26) [2 tents]",
            "The market opens 2021-04-26 [open]",
        ] {
            assert!(trailing(line, lexicon).is_none(), "{line}");
        }
    }
}
