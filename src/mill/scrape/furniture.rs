//! Furniture: lines that stand around lists and say nothing, of an item or of the page.
//!
//! Counters, rules, ways through the site, numbers of pages, kinds and sizes of files, `Read more`. Promised: each is
//! told by its own letters, without a look at its neighbours. Refused: what may be a title in any reading of it, like a
//! name with a year behind it.

use super::credit::SIGN;
use super::language::{Lexicon, has_ascii_digit, is_same};

/// Lines that stand around lists and say nothing.
pub(crate) fn is_furniture(text: &str, lexicon: &Lexicon) -> bool {
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else { return true };
    if matches!(text, "·" | "/" | "," | ";" | "–" | "—" | "•")
        || is_rule(text)
        || is_reserved(text)
        || is_placeholder(text)
        || is_address(text)
        || is_attachment(text)
        || is_pages(text, lexicon)
        || is_extent(text)
        || is_trail(text)
    {
        return true;
    }
    if text.len() > 32 {
        return text.len() <= 80 && lexicon.is_filed(text);
    }
    if text.ends_with(|c: char| c.is_ascii_digit()) && !first.is_ascii_digit() {
        let name = text.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | ' ' | ':' | '：'));
        if lexicon.is_counted(name) {
            return true;
        }
    }
    if first.is_ascii_digit() {
        let behind = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ')'));
        let is_version = || text.split('.').count() > 2 && text.split('.').all(|part| !part.is_empty());
        return (behind.is_empty() && !is_version()) || lexicon.is_counted(behind.trim());
    }
    let bare = text.trim_end_matches(['.', '…', '»', '›', '>', '→', ' ', ':']).trim_start_matches(['[', '(', '«', '‹']);
    bare.is_empty() || lexicon.is_filed(text) || lexicon.is_furniture(bare.trim_end_matches([']', ')']))
}

/// What a template left where something should stand: `{{> header}}`.
fn is_placeholder(text: &str) -> bool {
    let inner = text.strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
    inner.is_some_and(|inner| !inner.contains(['{', '}']))
}

/// A line that is drawn: `-----`, `=====`, `---|---`, `* * *`.
pub(crate) fn is_rule(text: &str) -> bool {
    let draws = |b: &u8| matches!(b, b'-' | b'=' | b'_' | b'*' | b'~' | b'#' | b'|' | b'+' | b'.' | b':');
    text.as_bytes().first().is_some_and(draws) && text.bytes().all(|b| b == b' ' || draws(&b))
}

/// Whether `text` is a name with a figure behind a colon (`Visitors today: 732`, `Last updated: 14:05`, `Water: 12
/// °C`), which is another one in each capture. A year may well belong to the name.
pub(crate) fn states_a_figure(text: &str) -> bool {
    let Some((_, figure)) = text.rsplit_once([':', '：']) else { return false };
    let figure = figure.trim().trim_end_matches(['%', '°', 'C', 'F']).trim_end();
    let is_year = figure.len() == 4 && (figure.starts_with("19") || figure.starts_with("20"));
    let is_figure = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '/' | '-' | '−' | '+' | ' ');
    !is_year && figure.contains(|c: char| c.is_ascii_digit()) && figure.chars().all(is_figure)
}

/// Ways through the site: `Home > Media > Press releases`, `About us | Contact | Privacy`.
fn is_trail(text: &str) -> bool {
    let short =
        |piece: &str| (1..=4).contains(&piece.split_whitespace().take(5).count()) && !piece.ends_with(['.', '!', '?']);
    let signs = |sign: &str| text.match_indices(sign).take(2).count();
    if text.len() > 200 {
        return false;
    }
    // Hardly a text has any of the signs, and looks at its bytes tell: for those that are not ASCII the last of theirs.
    // Nothing ends a look early, so that it takes many bytes at a time.
    let bytes = text.as_bytes();
    let holds = |is: fn(u8) -> bool| bytes.iter().fold(false, |any, b| any | is(*b));
    let blanks = || {
        let behind = |more: usize| bytes.get(more..).unwrap_or_default();
        let threes = bytes.iter().zip(behind(1)).zip(behind(2));
        threes.fold(false, |any, ((a, b), c)| any | ((a ^ b' ') | (b ^ b' ') | (c ^ b' ') == 0))
    };
    // A way through the site does not begin with a number: `12 Mar 2020 » Sorting`.
    let path = !text.starts_with(|c: char| c.is_ascii_digit())
        && holds(|b| matches!(b, b'>' | 0xBB | 0xBA | 0x92))
        && [" > ", " » ", " › ", " → "].into_iter().any(|sign| signs(sign) > 0 && text.split(sign).all(short));
    let bars = !holds(|b| b.is_ascii_digit())
        && (holds(|b| matches!(b, b'|' | 0x99)) || blanks())
        && [" | ", " ∙ ", "   "].into_iter().any(|sign| {
            let pieces = || text.split(sign).map(str::trim).filter(|piece| !piece.is_empty());
            signs(sign) > 1 && pieces().take(3).count() == 3 && pieces().all(short)
        });
    path || bars
}

/// The last line of a page: `Copyright 2020 Harbour Press. All rights reserved.`
fn is_reserved(text: &str) -> bool {
    const WORDS: &str = "all rights reserved";
    const LONGEST: usize = 200;
    let words = text.strip_suffix('.').unwrap_or(text);
    let Some(at) = words.len().checked_sub(WORDS.len()).filter(|_| words.ends_with(['d', 'D'])) else { return false };
    if text.len() > LONGEST || !words.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(WORDS)) {
        return false;
    }
    // Without any of these it may be said in a title.
    let owner = words.get(..at).unwrap_or_default().trim_end();
    owner.is_empty() || owner.ends_with('.') || owner.contains(SIGN) || owner.to_ascii_lowercase().contains("copyright")
}

/// Numbers of pages, and words that lead to others: `1 2 3 … 64 Next`, `Page 1 of 84`.
fn is_pages(text: &str, lexicon: &Lexicon) -> bool {
    const WORDS: [&str; 29] = [
        "page",
        "of",
        "seite",
        "von",
        "sur",
        "página",
        "pagina",
        "de",
        "di",
        "van",
        "sida",
        "side",
        "sivu",
        "av",
        "af",
        "strona",
        "z",
        "stránka",
        "страница",
        "стр.",
        "из",
        "sayfa",
        "stranica",
        "strana",
        "oldal",
        "puslapis",
        "lapa",
        "halaman",
        "trang",
    ];
    if text.len() > 120 || !has_two_numbers(text) {
        return false;
    }
    let mut numbers = 0;
    for word in text.split([' ', '[', ']', '|', '/', '\u{A0}']).filter(|word| !word.is_empty()) {
        if word.bytes().all(|b| b.is_ascii_digit()) {
            numbers += 1;
        } else if word.contains(char::is_alphanumeric)
            && !WORDS.iter().any(|known| is_same(known, word))
            && !lexicon.is_furniture(word)
        {
            return false;
        }
    }
    numbers >= 2
}

/// Which part of a list the page shows, and hardly a word more: `Showing 11 to 20 of 412 results`, `Treffer 1-10 von
/// 1.204`. Pages are of one length, so that each begins one behind a multiple of it, or ends with the list.
fn is_extent(text: &str) -> bool {
    if text.len() > 80 || !has_two_numbers(text) {
        return false;
    }
    let is_digit = |c: char| c.is_ascii_digit();
    // The text before, between and behind the numbers, and those.
    let (mut words, mut numbers) = (Vec::with_capacity(4), Vec::with_capacity(3));
    let mut rest = text;
    while let Some(at) = rest.find(is_digit).filter(|_| numbers.len() < 4) {
        let (before, number) = rest.split_at(at);
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.');
        let (number, behind) = number.split_at(number.find(|c| !is_part(c)).unwrap_or(number.len()));
        words.push(before.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count());
        numbers.push(number.chars().filter(|c| is_digit(*c)).collect::<String>().parse::<u32>().unwrap_or(u32::MAX));
        rest = behind;
    }
    words.push(rest.split_whitespace().count());
    let (&[first, last, all], &[0..=2, 0..=1, 1, 0..=1]) = (numbers.as_slice(), words.as_slice()) else { return false };
    // `From 2021 to 2030 for 10,000`: years count nothing.
    let is_year = |number: u32| (1900..2100).contains(&number);
    let shown = last.saturating_sub(first) + 1;
    let is_page = first > 0 && shown > 2 && last <= all && ((first - 1) % shown == 0 || last == all);
    is_page && !is_year(first) && !is_year(last) && (!is_year(all) || text.contains([',', '.']))
}

/// Whether digits stand in two places at least.
fn has_two_numbers(text: &str) -> bool {
    let mut before = false;
    let begins = |b: u8| !std::mem::replace(&mut before, b.is_ascii_digit()) && b.is_ascii_digit();
    has_ascii_digit(text) && text.bytes().map(begins).filter(|begins| *begins).nth(1).is_some()
}

/// An address and nothing else, as text browsers list them below a page.
fn is_address(text: &str) -> bool {
    ["https://", "http://", "www.", "mailto:"].iter().any(|start| text.starts_with(start))
        && !text.contains(char::is_whitespace)
}

/// What says to which kind of file a link leads has no more bytes.
pub(crate) const LONGEST_ATTACHMENT: usize = 32;

/// A kind of file or its size and nothing else: `PDF (312 KB)`. It says what a link leads to.
pub(crate) fn is_attachment(text: &str) -> bool {
    const KINDS: [&str; 16] = [
        "pdf", "doc", "docx", "word", "xls", "xlsx", "excel", "ppt", "pptx", "odt", "ods", "rtf", "zip", "csv", "epub",
        "mp3",
    ];
    if text.len() > LONGEST_ATTACHMENT {
        return false;
    }
    let is_one_of = |word: &str, known: &[&str]| known.iter().any(|it| word.eq_ignore_ascii_case(it));
    let words = || text.split([' ', '(', ')', '[', ']', ',', '.', ':', '\u{A0}', '-', '/']).filter(|it| !it.is_empty());
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    words().all(|word| is_one_of(word, &KINDS) || is_number(word) || is_size(word))
        && words().any(|word| !is_number(word))
}

/// A title without the kind and size of its file, in brackets behind it: `Council meeting (PDF, 212 KB)`.
pub(crate) fn without_attachment(text: &str) -> &str {
    let trimmed = text.trim_end();
    let bracket = || {
        let inner = trimmed.strip_suffix([')', ']'])?;
        let open = inner.rfind(['(', '['])?;
        let inner = inner.get(open + 1..)?;
        let title = text.get(..open)?.trim_end();
        ((is_attachment(inner) || is_sized(inner)) && !title.is_empty()).then_some(title)
    };
    bracket().unwrap_or(text)
}

/// A word, a number and a unit of sizes: `Word, 45 KB`.
fn is_sized(text: &str) -> bool {
    let words: Vec<&str> = text.split([' ', ',', '\u{A0}']).filter(|word| !word.is_empty()).take(4).collect();
    match words.as_slice() {
        [kind, number, unit] => {
            kind.chars().all(char::is_alphabetic)
                && number.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                && is_size(unit)
        }
        _ => false,
    }
}

fn is_size(word: &str) -> bool {
    const SIZES: [&str; 10] = ["kb", "mb", "gb", "kib", "mib", "ko", "mo", "go", "кб", "мб"];
    SIZES.iter().any(|unit| word.eq_ignore_ascii_case(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_page_and_which_part_it_shows_are_told_by_their_form() {
        for (line, is_one) in [
            ("© 2021 Harbour Press All rights reserved", true),
            ("Harbour Press. All rights reserved.", true),
            ("Why the museum has all rights reserved", false),
            ("Showing 11 to 20 of 412 results", true),
            ("Treffer 1-10 von 1.204", true),
            ("Showing 11 to 20 of 2,020 results", true),
            ("Boats 11 to 20 of 2020 quays", false),
            ("From 2021 to 2030 for 10,000", false),
            ("From 1 to 10 in 2 years", false),
            ("June 15, 2020 Festival 2020", false),
            ("15. Juni 2020 Bericht 2020", false),
        ] {
            assert_eq!(is_furniture(line, Lexicon::of(None)), is_one, "{line}");
        }
    }

    #[test]
    fn a_figure_is_another_one_in_each_capture_and_a_year_is_not() {
        for line in ["Visitors today: 732", "Last updated: 14:05", "Water: 12 °C", "Members: 1204", "Members: 1,204"] {
            assert!(states_a_figure(line), "{line}");
        }
        for line in ["Budget: 2020", "Elections: 1999", "Boats: the 12", "Boats:", "Boats 12"] {
            assert!(!states_a_figure(line), "{line}");
        }
    }

    #[test]
    fn the_kind_and_size_of_a_file_are_no_part_of_its_title() {
        for file in ["PDF, 212 KB", "Bericht, 45 KB", "Bericht, 4.5 MB"] {
            assert_eq!(without_attachment(&format!("Council meeting ({file})")), "Council meeting");
        }
        for title in ["(PDF)", "Council meeting (Bericht, viele MB)", "Council meeting (Bericht, 45 Seiten)"] {
            assert_eq!(without_attachment(title), title);
        }
    }
}
