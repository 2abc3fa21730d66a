//! Lines that say who wrote an item, and when: `Submitted by Ann Field on Mon, 15 June 2020 - 14:30`.

use super::grammar::{Cursor, is_place, signs_off};
use super::parts::{Kind, Parts, has_numeral, may_begin_date};
use super::{LONGEST, Printed};
use crate::mill::scrape::language::{Lexicon, Word, is_one_word};

/// A name has so many words at most.
const MOST_WORDS: usize = 8;

/// Reads the date of `line`, which begins with who wrote something, and whether a word says so: `by`. Without one it is
/// a name only where more behind the date shows what the line is: `Ann Field · 15 June 2020 · 3 min read`.
pub(crate) fn byline<'t>(line: &'t str, lexicon: &Lexicon) -> Option<(Printed<'t>, bool)> {
    if line.len() > LONGEST || !has_numeral(line) {
        return None;
    }
    let whole = line;
    let line = behind_asides(line, lexicon);
    let is_aside = line.len() < whole.len();
    if !line.starts_with(|c: char| c.is_alphabetic() || c == '-' || c == '—') {
        return None;
    }
    // `-- Ann Field <ann@example.org>  Mon, 15 Jun 2020 14:30:00 +0000`.
    let signed = ["-- ", "— "].into_iter().find_map(|sign| line.strip_prefix(sign));
    let said = signed.or_else(|| lexicon.by(line));
    let text = said.unwrap_or(line);
    // An account may have a name in small letters. Behind a great `By` alone such a word is hardly one: `By train on 4
    // July`.
    let by = line.get(..line.len() - text.len()).unwrap_or_default().trim_end();
    let may_be_small = by.contains(|c: char| c.is_whitespace() || c == ':') || !line.starts_with(char::is_uppercase);
    text.match_indices(is_end).take(MOST_WORDS).find_map(|(at, _)| {
        let (name, behind) = text.split_at_checked(at)?;
        let name = name.split_once(" <").filter(|_| name.ends_with('>')).map_or(name, |(name, _)| name);
        let mut date = signs_off(behind);
        // Without the word signs or columns tell the name from the day.
        if said.is_none() && behind.len() - date.len() < 2 {
            return None;
        }
        if said.is_some() {
            date = date.split_once(' ').filter(|(word, _)| is_small(word, lexicon)).map_or(date, |(_, date)| date);
        }
        let is_name = || (is_place(name, lexicon) && !is_day(name, lexicon)) || (may_be_small && is_one_word(name));
        if !may_begin_date(date, lexicon) || !is_name() {
            return None;
        }
        let parts = Parts::of(date, lexicon);
        let mut cursor = Cursor { line: date, parts: parts.read(), at: 0, lexicon };
        let mut printed = Printed { by: Some(name.trim_end()), ..cursor.date()? };
        printed.raw = date.get(..date.len() - cursor.behind().len())?.trim_end();
        // `By Ann Field, 15 June 2020` may be a title, and how likely that is the layouts tell.
        if said.is_some() && !may_be_small && !is_aside && cursor.behind().is_empty() {
            return None;
        }
        let counts = is_aside || lexicon.counts(signs_off(cursor.behind()));
        // Nor is a comma alone enough: `By Popular Demand, 3 May 2020 in Kew Gardens`.
        let by_comma = name.ends_with(',') || behind.starts_with(',');
        if said.is_some() && !may_be_small && !counts && by_comma {
            return None;
        }
        cursor.rest(&mut printed, said.is_some())?;
        (counts || (said.is_some() && !printed.lacks_year())).then_some((printed, said.is_some()))
    })
}

/// The words that say who wrote something, and what follows, where pieces stand before them of which the first counts
/// or offers something: `3 Comments / News / By Ann Field / 15 June 2020`. Else all of `line`.
fn behind_asides<'t>(line: &'t str, lexicon: &Lexicon) -> &'t str {
    const MOST_PIECES: usize = 4;
    // Nothing ends the look early, so that it takes many bytes at a time.
    if !line.bytes().fold(false, |any, b| any | matches!(b, b'/' | b'|')) {
        return line;
    }
    let behind = [" / ", " | "].into_iter().find_map(|sign| {
        let (first, _) = line.split_once(sign)?;
        if !(lexicon.counts(first) || lexicon.is_furniture(first)) {
            return None;
        }
        let pieces = line.match_indices(sign).take(MOST_PIECES).filter_map(|(at, _)| line.get(at + sign.len()..));
        pieces.into_iter().find(|piece| lexicon.by(piece).is_some())
    });
    behind.unwrap_or(line)
}

/// Where a name may end.
fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '|' | '·' | '•' | '–' | '—' | '/' | ',')
}

/// Whether it is a small word that means nothing before a day: `on`.
fn is_small(word: &str, lexicon: &Lexicon) -> bool {
    word.len() <= 3 && word.bytes().all(|b| b.is_ascii_lowercase()) && lexicon.word(word) == Word::Other
}

/// Whether a weekday is in the name: `by Sunday, 4 July 2020`.
fn is_day(name: &str, lexicon: &Lexicon) -> bool {
    let parts = Parts::of(name, lexicon);
    parts.read().iter().any(|part| part.kind == Kind::Word(Word::Weekday))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::scrape::date::Settled;

    fn read(tag: &str, line: &str) -> Option<(String, Option<String>)> {
        let (printed, _) = byline(line, Lexicon::of(Some(tag)))?;
        let day = printed.settle(Settled::default()).0.day;
        Some((day.map_or("no day".to_owned(), |day| day.to_string()), printed.by.map(str::to_owned)))
    }

    #[test]
    fn a_line_that_says_who_and_when_has_its_day() {
        for (tag, line, by) in [
            ("en", "Submitted by k.lowe on Mon, 06/15/2020 - 14:22", "k.lowe"),
            ("en", "3 Comments / Trials, News / By Ann Field / June 15, 2020", "Ann Field"),
            ("de", "Schreibe einen Kommentar / Neues / Von Anna Feld / 15. Juni 2020", "Anna Feld"),
            ("en", "By Tom Aske, Ida Brandt — 15 Jun 2020 — 11 min read", "Tom Aske, Ida Brandt"),
            ("en", "Ann Field · Jun 15, 2020 · 3 min read", "Ann Field"),
            ("en", "Ann Field  Jun 15, 2020  3 min read", "Ann Field"),
            ("en", "admin / June 15, 2020 / 0 Comments", "admin"),
            ("en", "-- Ann Field <ann@example.org>  Mon, 15 Jun 2020 14:30:00 +0000", "Ann Field"),
            ("en", "by admin on 15 June 2020 in News", "admin"),
            ("en", "Posted by Ann Field on 15 June 2020, updated 16 June 2020", "Ann Field"),
            ("de", "von admin am 15. Juni 2020 in Bauen und Wohnen", "admin"),
            ("fr", "par Anne Duval | 15 juin 2020 | Culture, École | 0 commentaires", "Anne Duval"),
            ("pt", "por Ana Dias — publicado 15/06/2020 14h30, última modificação 28/06/2020 15h02", "Ana Dias"),
        ] {
            assert_eq!(read(tag, line), Some(("2020-06-15".to_owned(), Some(by.to_owned()))), "{line}");
        }
    }

    #[test]
    fn a_title_with_a_day_is_no_such_line() {
        for line in [
            "By train on 4 July 2020",
            "By Sunday, 4 July 2020",
            "Minutes of the Council / 25 February 2024 / PDF",
            "Paris · Feb 25, 2024",
            "Council meets on 25 February 2024",
            "News / By train to the coast / 25 February 2024",
            "The market opens · Feb 25, 2024 · 3 min read",
            "By the river, 25 February 2024",
            "By train on 4 July 2020:",
            "By Popular Demand, 3 May 2020 in Kew Gardens",
        ] {
            assert_eq!(read("en", line), None, "{line}");
        }
    }
}
