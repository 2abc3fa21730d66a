//! Pages as web archives give them back: framed by what the archive says of its copy, and with all links led through
//! it.
//!
//! The Wayback Machine puts a bar above each page, with the days of its copies, and addresses as
//! `https://web.archive.org/web/20210412083311/https://news.example.org/ferry`. Other archives form them likewise: a
//! moment in fourteen digits, and behind it the address that was copied.
//!
//! Promised: an address is the one that the page had, or an item would have another with each copy. What the bar says,
//! with the lines above it, is not read. Not promised: bars of other archives; addresses of them that hide the page's.

use url::Url;

use crate::mill::scrape::rendition::{Note, Rendition};

/// The ids of the elements that hold the bar, and the line about the copy that is printed.
const BAR: &[&str] = &["wm-ipp-base", "wm-ipp", "wm-ipp-print"];
/// How the line begins that a page bears when it is printed, the last of the bar's.
const PRINTED: &str = "The Wayback Machine -";
/// What its address begins with, perhaps on the next line.
const COPIES: &str = "web.archive.org/web/";
/// Year to second.
const DIGITS: usize = 14;
/// How long lines are, in bytes, behind which a word goes on in the next.
const BROKEN: std::ops::RangeInclusive<usize> = 60..=80;
/// Behind so many lines of a page the bar is not looked for.
const FAR: usize = 250;

/// Whether an element is the bar of an archive, by its id.
pub(super) fn is_bar(id: &str) -> bool {
    BAR.contains(&id)
}

/// How many lines at the beginning of a text are about the archive's copy.
pub(super) fn bar(text: &str) -> u32 {
    // Hardly a text has one, and a look at its bytes tells many at a time.
    if memchr::memmem::find(text.as_bytes(), PRINTED.as_bytes()).is_none() {
        return 0;
    }
    let mut lines =
        (1_u32..).zip(text.lines().take(FAR)).skip_while(|(_, line)| !line.trim_start().starts_with(PRINTED));
    let (Some((mut last, mut before)), mut next) = (lines.next(), lines.next()) else { return 0 };
    let states = |line: &str| line.contains(COPIES);
    if !states(before) {
        let Some(address) = next.filter(|(_, line)| states(line)) else { return 0 };
        ((last, before), next) = (address, lines.next());
    }
    for (number, line) in next.into_iter().chain(lines) {
        if !goes_on(before, line) {
            break;
        }
        (last, before) = (number, line);
    }
    last
}

/// Whether `line` is the rest of an address that did not fit into the line `before`. What the page says may follow at
/// once, and be a word as well: a day in digits, a heading, a title in a script without spaces.
fn goes_on(before: &str, line: &str) -> bool {
    let line = line.trim();
    let is_word = line.is_ascii() && !line.contains(char::is_whitespace) && line.contains(|c: char| c.is_alphabetic());
    is_word && (BROKEN.contains(&before.len()) || line.contains(['/', '?', '=', '&']))
}

/// A rendition of a file whose first lines are not to be read.
pub(super) fn without(mut rendition: Rendition, lines: u32) -> Rendition {
    if lines > 0 {
        let all = u32::try_from(rendition.lines.partition_point(|line| *line <= lines)).unwrap_or(u32::MAX);
        let behind = if rendition.lines.is_empty() { lines } else { all };
        let unread = |line| Note { line, absent: true, ..Note::default() };
        let mut notes: Vec<Note> = (1..=behind).map(unread).collect();
        notes.extend(rendition.notes.into_iter().filter(|note| note.line > behind));
        rendition.notes = notes;
    }
    rendition
}

/// The address that an archive copied, where `url` leads to its copy.
pub(super) fn original(url: &Url) -> Option<Url> {
    let whole = url.as_str();
    // What stands in the query is only said to whom the address leads.
    let path = whole.split(['?', '#']).next().unwrap_or(whole);
    let at = ["/http:/", "/https:/"].iter().filter_map(|begin| path.find(begin)).min()?;
    let (before, address) = (whole.get(..at)?, whole.get(at + 1..)?);
    let moment = before.rsplit('/').next()?;
    // A copy can be asked for in a manner: `20210412083311if_`.
    let is_letter = |c: char| c.is_ascii_lowercase();
    let digits = moment.strip_suffix('_').map_or(moment, |moment| moment.trim_end_matches(is_letter));
    let is_moment = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    Url::parse(address).ok().filter(|original| is_moment && original.has_host())
}

/// The same for a copy of which an archive's page gives the place in the archive alone, whichever it is:
/// `/web/20210412083311/https://news.example.org/ferry`.
pub(super) fn copied(href: &str) -> Option<Url> {
    if !href.starts_with('/') || !href.contains("/http") {
        return None;
    }
    original(&Url::parse("https://archive.invalid/").ok()?.join(href).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_address_of_its_original() {
        for (copy, wanted) in [
            ("https://web.archive.org/web/20210412083311/http://a.example/x?y=1#z", Some("http://a.example/x?y=1#z")),
            ("https://web.archive.org/web/20210412083311if_/https://a.example/", Some("https://a.example/")),
            ("https://archive.example/all/20210412083311/https:/a.example/x", Some("https://a.example/x")),
            ("https://a.example/20210412083311/http/x", None),
            ("https://a.example/20210412/http://b.example/", None),
            ("https://a.example/20210412083311x/http://b.example/", None),
            ("https://a.example/share?20210412083311/http://", None),
            ("https://a.example/share?u=/20210412083311/http://b.example/", None),
            ("https://a.example/x", None),
        ] {
            let found = original(&Url::parse(copy).unwrap());
            assert_eq!(found.as_ref().map(Url::as_str), wanted, "{copy}");
        }
    }

    #[test]
    fn a_bar_ends_with_the_address_of_the_copy() {
        assert_eq!(bar("37 copies\nThe Wayback Machine - https://web.archive.org/web/2\n\nNews"), 2);
        assert_eq!(bar("x\n   The Wayback Machine -\n   https://web.archive.org/web/2021/http\n   ://a\n\nNews"), 4);
        let copy = "The Wayback Machine - https://web.archive.org/web/20210412083311/http://";
        let broken =
            "pier.example/en/\nold-pier-reopens-to-walkers-after-two-years-of-repairs-and-all/\nare-invited.html";
        for (rest, lines) in [
            ("a.example/news\n12.04.2021\nOld pier reopens", 1),
            ("\na.example/news\n12.04.2021\nOld pier reopens", 2),
            ("\na.example/news\n12-Apr-2021\nOld pier reopens", 2),
            ("\na.example/news/\n12/04/2021\nOld pier reopens", 2),
            ("a.example/news\n旧码头重新开放\n2021-04-10\n经过两年维修", 1),
            (&*format!("\n{broken}\nPier\n12 April 2021"), 4),
        ] {
            assert_eq!(bar(&format!("{copy}{rest}")), lines, "{rest}");
        }
        assert_eq!(bar("News\n\nThe Wayback Machine - a history\n\n4 May 2020"), 0);
        assert_eq!(bar("News"), 0);
        assert_eq!(bar(&format!("{}The Wayback Machine - https://web.archive.org/web/2", "x\n".repeat(FAR))), 0);
    }

    #[test]
    fn nothing_of_the_bar_is_read() {
        let rendition = Rendition {
            text: "37 copies\nof it\nNews\n".into(),
            notes: [1, 3].map(|line| Note { line, level: 1, ..Note::default() }).into(),
            lines: vec![1, 1, 5],
            short: None,
        };
        let rest = without(rendition, 4);
        let notes: Vec<_> = rest.notes.iter().map(|note| (note.line, note.absent)).collect();
        assert_eq!(notes, [(1, true), (2, true), (3, false)]);
    }
}
