//! What text browsers print of a page, and in `starred` a program that is none.
//!
//! ```text
//! Press releases
//!
//!    [3]A ferry for the outer isles
//!    28 June 2020
//!
//! References
//!
//!    3. https://news.example.org/2020/ferry
//! ```
//!
//! Lynx, `ELinks` and w3m number the links of a page and list their addresses below it. Numbers and list are taken out.
//! A line leads where its only link does when it begins with that link, perhaps behind a day, or ends with the number,
//! as people write it in mail. A text that does not end in such a list keeps all its brackets. So does a dump that was
//! cut before its list: [`without_address`] tells which of its lines have lost their address.
//!
//! Lynx and `ELinks` indent all of a page except its headings, whether of the page or of an item. That margin is taken
//! out, or headings would seem to stand above the items that they begin. They are those of items where most have more
//! words than a part of a page has in its name, or lead somewhere; others are text. In their place a picture has its
//! name in brackets.

mod entries;
mod starred;

use std::collections::{BTreeMap, BTreeSet};

use super::address;
use crate::mill::scrape::rendition::{Note, Rendition};
use crate::mill::scrape::shape::words;

/// The heading of a list of addresses, such as `References` or `Visible links`, has at most so many words.
const HEADING_WORDS: usize = 3;
/// What may stand before the link of a line, such as a day, has at most so many letters.
const BEFORE: usize = 40;
/// The number of a link has at most so many digits.
const DIGITS: usize = 7;
/// Fewer numbers in brackets may be anything.
const FEW_LINKS: usize = 3;

/// Lynx and `ELinks` indent a page by so many columns, and headings of the third level by fewer.
const MARGIN: usize = 3;
const THIRD_LEVEL: usize = 2;
/// A page that begins with so many more headings than indented lines has no margin.
const MOST_HEADINGS: usize = 4;

/// The text of a dump, and where its lines lead; `None` when the text is no dump.
pub(super) fn render(text: &str) -> Option<Rendition> {
    starred::render(text).or_else(|| of_browser(text))
}

/// What Lynx, `ELinks` and w3m print.
fn of_browser(text: &str) -> Option<Rendition> {
    let (page, addresses) = apart(text).unwrap_or((text, BTreeMap::new()));
    let loose = entries::loosen(page);
    let page = loose.as_ref().map_or(page, |loose| &loose.text);
    let is_set_in = is_set_in(page, loose.is_some() || !addresses.is_empty());
    let mut is_dump = is_set_in;
    if !is_dump && addresses.is_empty() {
        return None;
    }
    let heads_items = [0, THIRD_LEVEL].map(|column| is_set_in && has_headlines(page, column, &addresses));
    let mut rendition = Rendition { text: String::with_capacity(page.len()), ..Rendition::default() };
    for (line, number) in page.split_inclusive('\n').zip(1..) {
        let depth = indent(line).filter(|_| is_set_in);
        let line = line.get(depth.map_or(0, |depth| depth.min(MARGIN))..).unwrap_or(line);
        let start = rendition.text.len();
        let found = strip(line, &addresses, &mut rendition.text);
        is_dump |= found.is_some();
        let text = |from: usize| rendition.text.get(from..).unwrap_or_default().trim();
        let leads = found.filter(|((behind, _), links)| {
            let before = rendition.text.get(start..*behind).unwrap_or_default().trim();
            *links == 1 && (text(*behind).is_empty() || may_precede(before))
        });
        let text = text(start);
        // A link at the margin is the headline of an item: nothing but headings stands there.
        let (level, heads_item) = match depth {
            Some(0) => (2, heads_items[0]),
            Some(THIRD_LEVEL) => (3, heads_items[1]),
            _ => (0, false),
        };
        let mut note = Note { line: number, level, ..Note::default() };
        note.link = leads.and_then(|((_, address), _)| address::absolute(address, None)).map(Into::into);
        // What stands for a picture ends a run.
        note.absent = is_picture(text);
        if leads.is_some() || note.absent || heads_item {
            rendition.notes.push(note);
        }
    }
    rendition.lines = loose.map_or_else(Vec::new, |loose| loose.lines);
    is_dump.then_some(rendition)
}

/// The name of a picture, or what stands for one: `[lodge.jpg]`, `[IMG]`, and `[12][IMG]` where that is a link whose
/// address is not listed.
fn is_picture(line: &str) -> bool {
    let line = bracketed(line).map_or(line, |(_, behind)| behind);
    let name = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or_default();
    // `[2021-05-03]` is a day.
    name.contains(char::is_alphabetic) && !name.contains(|c: char| c.is_whitespace() || matches!(c, '[' | ']'))
}

/// The lines whose link has no address because the file is cut before it. That it is a dump shows in links that count
/// up.
pub(super) fn without_address(text: &str) -> BTreeSet<u32> {
    if text.ends_with('\n') || memchr::memchr(b'[', text.as_bytes()).is_none() {
        return BTreeSet::new();
    }
    let (page, addresses) = apart(text).unwrap_or((text, BTreeMap::new()));
    let link = |line: &str| {
        let (before, link) = line.split_at_checked(line.find('[')?)?;
        let (number, behind) = bracketed(link)?;
        let is_dumped = behind.starts_with(|c: char| !c.is_whitespace());
        (is_dumped && may_precede(before.trim())).then_some(number)
    };
    let links: Vec<(u32, u32)> = page.lines().zip(1..).filter_map(|(line, at)| Some((at, link(line)?))).collect();
    if links.len() < FEW_LINKS || !links.is_sorted_by(|(_, one), (_, next)| one < next) {
        return BTreeSet::new();
    }
    links.into_iter().filter(|(_, number)| !addresses.contains_key(number)).map(|(at, _)| at).collect()
}

/// Whether a line with `text` before its link is still the link's: a mark, or a day.
fn may_precede(text: &str) -> bool {
    let is_day = text.chars().count() <= BEFORE && text.contains(|c: char| c.is_ascii_digit());
    is_day || !text.contains(char::is_alphabetic)
}

/// Whether a page has that margin: most of it is indented, and what is not stands by itself, as headings do. What is
/// set in deeper counts only where the page is `known` to be a dump.
fn is_set_in(page: &str, known: bool) -> bool {
    let (mut above, mut at_margin, mut headings) = (None, 0, 0);
    for text in page.lines() {
        let line = indent(text);
        match line {
            // An item of a list, with what belongs to it set in.
            Some(0 | THIRD_LEVEL) if is_marked(text) => return false,
            Some(0 | THIRD_LEVEL) if above.is_none_or(|above| above < MARGIN) => headings += 1,
            Some(MARGIN..) if above.is_none_or(|above| above >= MARGIN) => {
                at_margin += usize::from(known || line == Some(MARGIN));
            }
            None => {}
            Some(_) => return false,
        }
        if headings > at_margin + MOST_HEADINGS {
            return false;
        }
        above = line;
    }
    (1..at_margin).contains(&headings)
}

/// Whether the headings that begin in this column are those of items, and not of the page or its parts: no two are the
/// same, and most have more words than the name of a part has. Where some lead somewhere, those are the headlines.
fn has_headlines(page: &str, column: usize, addresses: &BTreeMap<u32, &str>) -> bool {
    const FEWEST: usize = 3;
    const MORE_THAN_A_NAME: usize = 5;
    let (mut all, mut long, mut seen) = (0_usize, 0_usize, BTreeSet::new());
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if indent(line) != Some(column) {
            continue;
        }
        let mut count = words(line);
        while let Some(more) = lines.next_if(|next| indent(next) == Some(column)) {
            count += words(more);
        }
        all += 1;
        long += usize::from(count >= MORE_THAN_A_NAME);
        let leads = bracketed(line.trim()).is_some_and(|(number, _)| addresses.contains_key(&number));
        if leads || !seen.insert(line) {
            return false;
        }
    }
    all >= FEWEST && long * 3 >= all * 2
}

fn is_marked(line: &str) -> bool {
    let line = line.trim_start();
    let behind = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let ends_mark = || behind.strip_prefix(['.', ')']).is_some_and(|text| !text.starts_with(char::is_numeric));
    line.starts_with(['-', '*', '+', '•']) || (behind.len() < line.len() && ends_mark())
}

/// The columns that a line is indented by; `None` when it is blank.
fn indent(line: &str) -> Option<usize> {
    line.bytes().position(|b| !b.is_ascii_whitespace())
}

/// Takes the numbers of links out of a line. Tells where in `into` the text behind the first one begins, where that
/// leads, and how many there are; `None` when there are none.
fn strip<'t>(line: &str, addresses: &BTreeMap<u32, &'t str>, into: &mut String) -> Option<((usize, &'t str), usize)> {
    let (mut first, mut links, mut kept) = (None, 0, 0);
    for (at, _) in line.match_indices('[') {
        let link = line.get(at..).and_then(bracketed);
        let Some((address, behind)) = link.and_then(|(number, behind)| Some((*addresses.get(&number)?, behind))) else {
            continue;
        };
        into.push_str(line.get(kept..at).unwrap_or_default());
        kept = line.len() - behind.len();
        first.get_or_insert((into.len(), address));
        links += 1;
    }
    into.push_str(line.get(kept..).unwrap_or_default());
    first.map(|first| (first, links))
}

/// `[12]`, and what follows.
fn bracketed(text: &str) -> Option<(u32, &str)> {
    let text = text.strip_prefix('[')?;
    // No further than a number goes: of many brackets none may be looked for again and again.
    let digits = text.bytes().take(DIGITS + 1).take_while(u8::is_ascii_digit).count();
    let (number, behind) = text.split_at_checked(digits)?;
    Some((counted(number)?, behind.strip_prefix(']')?))
}

/// A number of digits alone.
fn counted(digits: &str) -> Option<u32> {
    let is_number = (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

/// The page, and by number the addresses that are listed below it. The numbers count up, and a line at the margin heads
/// the list. What has a number and no address, like the field of a form, is not listed.
fn apart(text: &str) -> Option<(&str, BTreeMap<u32, &str>)> {
    let mut addresses = BTreeMap::new();
    let mut end = text.trim_end().len();
    // An address that the file's end cuts would lead elsewhere.
    let mut is_cut = end == text.len();
    let mut next = None;
    // `ELinks` prints the title of a link above its address.
    let mut below = None;
    loop {
        let before = text.get(..end)?;
        let (start, line) = before.rsplit_once('\n').map_or((0, before), |(above, line)| (above.len() + 1, line));
        let titled = || Some((numbered(line)?.0, below?));
        if let Some((number, address)) = listed(line).or_else(titled) {
            if next.is_some_and(|next| number >= next) {
                return None;
            }
            (next, below) = (Some(number), None);
            if !std::mem::take(&mut is_cut) {
                addresses.insert(number, address);
            }
        } else if below.is_none() && line.starts_with(char::is_whitespace) && is_address(line.trim()) {
            below = Some(line.trim());
        } else if let (None, Some((number, _))) = (next, numbered(line)) {
            // The file is cut behind the title of a link.
            (next, is_cut) = (Some(number), false);
        } else if line.split_whitespace().take(HEADING_WORDS + 1).count() > HEADING_WORDS || below.is_some() {
            return None;
        } else if line.starts_with(|c: char| !c.is_whitespace()) {
            return (addresses.len() > 1).then_some((text.get(..start)?, addresses));
        }
        end = start.checked_sub(1)?;
    }
}

/// `12. https://…` as Lynx lists it, `[12] https://…` as w3m does.
fn listed(line: &str) -> Option<(u32, &str)> {
    numbered(line).filter(|(_, address)| is_address(address))
}

fn numbered(line: &str) -> Option<(u32, &str)> {
    let line = line.trim();
    let dotted = || line.split_once(". ").and_then(|(number, text)| Some((counted(number)?, text)));
    bracketed(line).or_else(dotted).map(|(number, text)| (number, text.trim_start()))
}

fn is_address(text: &str) -> bool {
    text.contains(':') && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "References\n\n   1. https://a.example/1\n   2. https://a.example/2\n";

    fn dump(page: &str) -> Rendition {
        render(&format!("{page}\n{LIST}")).unwrap()
    }

    #[test]
    fn numbers_go_and_lines_lead_where_their_only_link_does() {
        for (line, text, link) in [
            ("   [1]Lamps on every quay", "   Lamps on every quay", Some("https://a.example/1")),
            ("     * [2]Lamps [PDF] [3]", "     * Lamps [PDF] [3]", Some("https://a.example/2")),
            ("   3 May 2021 [2]Lamps", "   3 May 2021 Lamps", Some("https://a.example/2")),
            ("   Lamps on every quay [1]", "   Lamps on every quay ", Some("https://a.example/1")),
            ("   [1]Home [2]News", "   Home News", None),
            ("   The council [1]agreed in May", "   The council agreed in May", None),
        ] {
            let rendition = dump(line);
            assert_eq!(rendition.text, format!("{text}\n"));
            let links: Vec<_> = rendition.notes.iter().map(|note| note.link.as_deref()).collect();
            assert_eq!(links, link.map(Some).into_iter().collect::<Vec<_>>(), "{line}");
        }
    }

    #[test]
    fn lists_are_those_of_the_browsers() {
        let addresses = |list: &str| {
            apart(list).map(|(page, of)| (page.len(), of.into_values().map(str::to_owned).collect::<Vec<_>>()))
        };
        let both = ["https://a.example/1", "file:///2"].map(str::to_owned).to_vec();
        for list in [
            "References\n\n   1. https://a.example/1\n   2. file:///2\n",
            "References\n\n   Visible links\n   1. https://a.example/1\n\n   Hidden links:\n   2. file:///2\n",
            "References:\n\n[1] https://a.example/1\n[2] file:///2\n",
            "References\n\n   Visible links\n   1. https://a.example/1\n   4. Go to page 2\n\tfile:///2\n",
            // The last one is cut.
            "References:\n\n[1] https://a.example/1\n[2] file:///2\n[3] https://a.exa",
            "References\n\n   1. https://a.example/1\n   2. file:///2\n   3. Go to the next page of",
        ] {
            assert_eq!(addresses(&format!("News\n\n{list}")), Some((6, both.clone())), "{list}");
        }
        for none in [
            "",
            "News\n",
            "1. https://a.example/1\n2. https://a.example/2\n",
            "References\n\n 1. https://a.example/1\n",
            "References\n\n 2. https://a.example/2\n 1. https://a.example/1\n",
            "What we read in these weeks\n\n 1. https://a.example/1\n 2. https://a.example/2\n",
            "References\n\n 1. https://a.example/1\n 2. https://a.example/2\n and more\n of that kind that is read\n",
        ] {
            assert_eq!(addresses(none), None, "{none}");
        }
        // Without numbers in it a page is what it is.
        assert_eq!(render(&format!("News\n\n{LIST}")), None);
    }

    #[test]
    fn links_at_the_margin_are_headings_and_pictures_say_nothing() {
        let items = "[2]Lamps on every quay\n\n   3 May 2021\n\n   [1][lamp.jpg]\n   Last week\n\n   [2021-05-02]\n   * [1]A lamp\n";
        let rendition = dump(&format!("   Home\n\nNews\n\n{items}"));
        let notes: Vec<_> = rendition.notes.iter().map(|note| (note.line, note.level, note.absent)).collect();
        assert_eq!(notes, [(5, 2, false), (9, 0, true), (13, 0, false)]);
    }

    #[test]
    fn a_margin_goes_where_only_headings_begin_before_it() {
        let text = |page: &str| render(page).map(|rendition| rendition.text);
        let page = "News\n\n   One\n   1 May\n\n  Two\n\n     * 2 May\n   b\n";
        assert_eq!(text(page).as_deref(), Some("News\n\nOne\n1 May\n\nTwo\n\n  * 2 May\nb\n"));
        for none in [
            "News\n\n1. One\n\n   1 May\n\n   b\n\n   c\n",
            "   One\n   1 May\n",
            "News\n   One\n   Two\n",
            "News\n\n    One\n    Two\n",
            "News\n\n   One\n\nTwo\n",
        ] {
            assert_eq!(text(none), None, "{none}");
        }
    }
}
