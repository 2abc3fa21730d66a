//! What Firefox saves of a page as text, and others who write the address of a link behind its words.
//!
//! ```text
//!   Press releases
//!
//!
//!     A ferry for the outer isles <https://news.example.org/
//!     2020/ferry>
//!
//! 28 June 2020
//! ```
//!
//! The addresses are taken out, over the breaks that keep lines short; a line leads where its only one does, if it ends
//! with that. Behind an address without a blank another element begins, and so another line. Headings stand below two
//! blank lines, indented by two columns for each level; words in bold type stand between stars, in italic between
//! slashes. A text with hardly an address is what it is.

use std::collections::BTreeSet;

use super::Linked;
use crate::mill::scrape::date::whole;
use crate::mill::scrape::input::known::day_among;
use crate::mill::scrape::input::{LineCounter, address};
use crate::mill::scrape::language::Lexicon;
use crate::mill::scrape::menu::SEVERAL;
use crate::mill::scrape::rendition::{Note, Rendition};

/// Fewer addresses in angle brackets may be anything.
const FEW_LINKS: usize = 3;
/// A longer address is none.
const LONGEST: usize = 4096;
/// The name of a picture has at most so many lines.
const MOST_LINES: usize = 8;
/// A heading is indented by so many columns for each level, of which there are six.
const LEVEL: usize = 2;

/// The text without the addresses, and where its lines lead; `None` when it has hardly any.
pub(super) fn render(text: &str) -> Option<Linked> {
    let starts = memchr::memchr_iter(b'<', text.as_bytes());
    starts.filter(|at| text.get(*at..).and_then(address_at).is_some()).nth(FEW_LINKS - 1)?;
    let (mut rest, mut counter) = (text, LineCounter::new(text));
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let number = counter.line_at(text.len() - rest.len());
        let (line, behind) = line_at(rest);
        lines.push((line, number));
        rest = behind;
    }
    let known = known(&lines);
    let mut saved = Saved::default();
    for (at, (line, number)) in lines.iter().enumerate() {
        match line.entry().filter(|_| known.contains(&at)) {
            Some(entry) => saved.known(entry, line, *number),
            None => saved.line(line, *number),
        }
    }
    Some(Linked { rendition: saved.rendition, by_a_program: is_of_a_program(text), cut: None })
}

/// Whether a program wrote the addresses: one goes on in another line, or stands behind the words of an indented list,
/// as those of menus do.
fn is_of_a_program(text: &str) -> bool {
    let is_listed =
        |line: &str| line.starts_with(' ') && line.trim_start().starts_with("* ") && line.contains(" <http");
    let is_broken = |rest: &str| {
        let behind = address_at(rest).map(|(_, behind)| behind.len());
        behind.and_then(|behind| rest.get(..rest.len() - behind)).is_some_and(|printed| printed.contains('\n'))
    };
    text.lines().any(is_listed)
        || memchr::memchr_iter(b'<', text.as_bytes()).filter_map(|at| text.get(at..)).any(is_broken)
}

/// What a line of the page says.
#[derive(Default)]
struct Line {
    text: String,
    addresses: Vec<String>,
    /// Nothing stands behind the last address.
    ends_with_address: bool,
    /// The file does not end in it.
    is_whole: bool,
}

/// The line that `text` begins with, and what follows it. An address may go on in the next lines.
fn line_at(text: &str) -> (Line, &str) {
    let mut line = Line { is_whole: true, ..Line::default() };
    let mut rest = text;
    loop {
        let Some(at) = rest.find(['<', '\n']) else {
            line.push(rest);
            line.is_whole = false;
            return (line, "");
        };
        let (before, found) = rest.split_at(at);
        line.push(before);
        if let Some(behind) = found.strip_prefix('\n') {
            return (line, behind);
        }
        rest = match address_at(found) {
            Some((address, behind)) => {
                line.text.truncate(line.text.trim_end().len());
                line.addresses.push(address);
                line.ends_with_address = true;
                // Another element begins where no blank stands between.
                if behind.starts_with(|c: char| c.is_alphanumeric() || c == '*') {
                    return (line, behind);
                }
                behind
            }
            None if is_begun(found) => {
                line.text.truncate(line.text.trim_end().len());
                line.is_whole = false;
                return (line, "");
            }
            None => {
                line.push("<");
                found.get(1..).unwrap_or_default()
            }
        };
    }
}

impl Line {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends_with_address &= text.trim().is_empty();
    }

    /// What it says as an entry of a list within that of another.
    fn entry(&self) -> Option<&str> {
        let is_within = indent(&self.text) >= 2 * LEVEL && self.addresses.is_empty();
        self.text.trim().strip_prefix("o ").filter(|_| is_within)
    }

    /// The only address, where the line ends with it.
    fn link(&self) -> Option<&str> {
        match &*self.addresses {
            [address] if self.ends_with_address => address::absolute(address, None).map(|_| &**address),
            _ => None,
        }
    }
}

/// Which lines are those of lists within entries that tell what is known of an item: several lists, or it may be
/// anything.
fn known(lines: &[(Line, u32)]) -> BTreeSet<usize> {
    let (mut known, mut lists, mut at) = (BTreeSet::new(), 0, 0);
    for list in lines.chunk_by(|(one, _), (other, _)| one.entry().is_some() == other.entry().is_some()) {
        let pieces = list.iter().filter_map(|(line, _)| line.entry()).flat_map(pieces);
        if day_among(pieces, |(text, _)| text, |(_, is_day)| *is_day).is_some() {
            known.extend(at..at + list.len());
            lists += 1;
        }
        at += list.len();
    }
    if lists < SEVERAL { BTreeSet::new() } else { known }
}

/// What an entry tells, and whether it is a day; a day stands apart from what it is called.
fn pieces(entry: &str) -> Vec<(&str, bool)> {
    let is_day = |text: &str| whole(text, Lexicon::of(None)).is_some();
    let day = entry.split_once(':').filter(|(_, day)| day.starts_with(' ') && is_day(day.trim()));
    match day {
        Some((name, day)) => vec![(entry.get(..=name.len()).unwrap_or(name), false), (day.trim(), true)],
        None => vec![(entry, is_day(entry))],
    }
}

/// The address in angle brackets that `text` begins with, without the breaks in it, and what follows it.
fn address_at(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('<').filter(|inner| has_scheme(inner))?;
    let end = inner.bytes().take(LONGEST).position(|b| matches!(b, b'<' | b'>'))?;
    let (printed, behind) = inner.split_at_checked(end)?;
    let behind = behind.strip_prefix('>')?;
    let lines = printed.split('\n').map(|line| line.trim_start().trim_end_matches('\r'));
    let address: String = lines.collect();
    let is_one = !address.contains(char::is_whitespace) && !printed.contains("\n\n");
    is_one.then_some((address, behind))
}

/// Whether an address begins here that the end of the file cuts.
fn is_begun(text: &str) -> bool {
    let inner = text.get(1..).unwrap_or_default();
    let cut = "https://".starts_with(inner) || has_scheme(inner);
    let goes_on = |line: &str| !line.trim_start().contains([' ', '<', '>']);
    cut && inner.len() < LONGEST && inner.split('\n').all(goes_on)
}

fn has_scheme(text: &str) -> bool {
    ["https:", "http:", "mailto:", "tel:", "ftp:", "file:", "javascript:"].iter().any(|scheme| text.starts_with(scheme))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether so many columns are those of a heading.
fn is_level(depth: usize) -> bool {
    depth.is_multiple_of(LEVEL) && (LEVEL..=6 * LEVEL).contains(&depth)
}

/// Whether a list entry begins here.
fn is_marked(text: &str) -> bool {
    let text = text.trim_start();
    let behind = text.trim_start_matches(|c: char| c.is_ascii_digit());
    text.starts_with("* ") || text == "*" || (behind.len() < text.len() && behind.starts_with('.'))
}

/// A text without the signs around words in bold and italic type.
fn plain(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['*', '/']) {
        let (before, found) = rest.split_at(at);
        said.push_str(before);
        let (sign, inner) = found.split_at(1);
        let words = inner.split_once(sign).filter(|(words, behind)| {
            !said.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '*' | '/' | ':'))
                && words.starts_with(|c: char| !c.is_whitespace())
                && words.ends_with(|c: char| !c.is_whitespace())
                && !behind.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '*' | '/'))
        });
        said.push_str(words.map_or(sign, |(words, _)| words));
        rest = words.map_or(inner, |(_, behind)| behind);
    }
    said.push_str(rest);
    said
}

/// Lines without a blank one between them.
#[derive(Default)]
struct Run {
    lines: Vec<u32>,
    text: String,
}

/// What has been made of the lines so far.
#[derive(Default)]
struct Saved {
    rendition: Rendition,
    /// How many blank lines stand right above.
    blank: usize,
    /// The columns that the heading above is indented by, and goes on with.
    heading: Option<usize>,
    run: Run,
    /// The run above that.
    above: Run,
}

impl Saved {
    fn line(&mut self, line: &Line, number: u32) {
        let text = line.text.trim_end();
        if text.is_empty() && line.addresses.is_empty() {
            self.end_run();
            self.blank += 1;
            return self.rendition.push("", line.is_whole, number);
        }
        let depth = indent(text);
        let goes_on = self.blank == 0 && self.heading == Some(depth);
        let is_heading = !goes_on && self.blank >= 2 && is_level(depth) && !is_marked(text);
        let link = line.link();
        self.blank = 0;
        if goes_on {
            return self.go_on(text, link, line.is_whole);
        }
        self.heading = is_heading.then_some(depth);
        if is_heading {
            self.close_up();
        }
        let level = if is_heading { u8::try_from(depth / LEVEL).unwrap_or(0) } else { 0 };
        let absent = text.is_empty();
        let note = Note { line: self.rendition.next(), level, absent, link: link.map(Into::into), ..Note::default() };
        if absent {
            self.end_run();
        } else {
            self.run.lines.push(note.line);
            self.run.say(&plain(text));
        }
        if note.link.is_some() || absent || is_heading {
            self.rendition.notes.push(note);
        }
        let address = || line.addresses.first().map(|address| format!("<{address}>")).unwrap_or_default();
        self.rendition.push(&if absent { address() } else { plain(text) }, line.is_whole, number);
    }

    /// An entry that tells what is known of an item: words beside its day, or the day.
    fn known(&mut self, entry: &str, line: &Line, number: u32) {
        self.end_run();
        (self.blank, self.heading) = (0, None);
        let pieces = pieces(entry);
        for (at, (text, is_day)) in pieces.iter().enumerate() {
            if !is_day {
                self.rendition.notes.push(Note { line: self.rendition.next(), beside: true, ..Note::default() });
            }
            let depth = indent(&line.text).saturating_sub(LEVEL);
            self.rendition.push(&format!("{:depth$}{text}", ""), line.is_whole || at + 1 < pieces.len(), number);
        }
    }

    /// Blank lines above a heading are those of every heading: more than one would tell items apart.
    fn close_up(&mut self) {
        while self.rendition.text.ends_with("\n\n\n") {
            self.rendition.text.pop();
            self.rendition.lines.pop();
        }
    }

    /// A heading that did not fit into one line.
    fn go_on(&mut self, text: &str, link: Option<&str>, is_whole: bool) {
        let text = plain(text);
        self.run.say(&text);
        let said = &mut self.rendition.text;
        said.truncate(said.trim_end().len());
        said.push(' ');
        said.push_str(text.trim_start());
        said.push_str(if is_whole { "\n" } else { "" });
        if let (Some(link), Some(note)) = (link, self.rendition.notes.last_mut()) {
            note.link = Some(link.into());
        }
    }

    /// The name of a picture above the heading that says the same is no other text.
    fn end_run(&mut self) {
        if self.run.lines.is_empty() {
            return;
        }
        let is_near = self.above.lines.len() <= MOST_LINES;
        if self.heading.take().is_some() && is_near && self.above.text == self.run.text {
            let heading = self.rendition.notes.pop();
            let is_noted = |line: &u32| {
                let mut near = self.rendition.notes.iter().rev().take_while(|note| note.line >= *line);
                near.any(|note| note.line == *line)
            };
            let lines: Vec<u32> = self.above.lines.iter().copied().filter(|line| !is_noted(line)).collect();
            let absent = |line| Note { line, absent: true, ..Note::default() };
            self.rendition.notes.extend(lines.into_iter().map(absent).chain(heading));
        }
        self.above = std::mem::take(&mut self.run);
    }
}

impl Run {
    fn say(&mut self, text: &str) {
        for word in text.split_whitespace() {
            self.text.push_str(word);
            self.text.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> Option<Rendition> {
        super::render(text).map(|linked| linked.rendition)
    }

    /// Text, and of each noted line its number, level, whether it is absent, and where it leads.
    type Told = (String, Vec<(u32, u8, bool, Option<String>)>);

    fn told(text: &str) -> Told {
        let rendition = render(text).unwrap();
        let notes = rendition.notes.iter();
        (
            rendition.text,
            notes.map(|note| (note.line, note.level, note.absent, note.link.as_deref().map(str::to_owned))).collect(),
        )
    }

    /// What stands above these links, and perhaps in the same element.
    fn above(text: &str) -> Told {
        let (text, notes) = told(&format!(
            "{text}\n\n\n\n  * <https://a.example/1>\n  * <https://a.example/2>\n  * <https://a.example/3>\n"
        ));
        let end = text.find("\n\n\n\n").unwrap();
        let lines = text[..end].lines().count();
        (text[..end].to_owned(), notes.into_iter().filter(|(line, ..)| *line as usize <= lines).collect())
    }

    #[test]
    fn a_line_leads_where_the_address_behind_it_does() {
        let link = Some("https://a.example/two/lamps".to_owned());
        for (text, said, to) in [
            ("Lamps <https://a.example/two/lamps>", "Lamps", link.clone()),
            ("Lamps <https://a.example/\ntwo/lamps>", "Lamps", link.clone()),
            ("  * Lamps <https://a.example/two/\n    lamps>", "  * Lamps", link),
            ("Lamps <https://a.example/two/lamps> (4)", "Lamps (4)", None),
            ("Lamps <https://a.example/1>, boats <https://a.example/2>", "Lamps, boats", None),
            ("Mail us <mailto:us@a.example>", "Mail us", None),
            (
                "Lamps < boats <b> <https://a.example/two lamps>",
                "Lamps < boats <b> <https://a.example/two lamps>",
                None,
            ),
        ] {
            let notes = to.into_iter().map(|to| (1, 0, false, Some(to))).collect();
            assert_eq!(above(text), (said.to_owned(), notes), "{text}");
        }
        assert_eq!(render("Lamps <https://a.example/1>\nBoats <https://a.example/2>\n"), None);
    }

    #[test]
    fn behind_an_address_another_line_begins_where_no_blank_stands_between() {
        let (text, notes) = above("Two lamps\n<https://a.example/1>3 May 2021\nBoats <https://a.example/2>.");
        assert_eq!(text, "Two lamps\n<https://a.example/1>\n3 May 2021\nBoats.");
        assert_eq!(notes, [(2, 0, true, Some("https://a.example/1".to_owned()))]);
        let rendition = render("A <http:1>B <http:2>\nC <http:3>\n").unwrap();
        assert_eq!(rendition.lines, [1, 1, 2]);
    }

    #[test]
    fn headings_stand_below_two_blank_lines_by_their_level() {
        let (text, notes) = above(
            "  News\n\n\n    Lamps on every\n    quay <https://a.\n    example/1>\n\nText\n\n  No heading\n\n\n  * Entry\n\n\n   Odd",
        );
        assert_eq!(text, "  News\n\n    Lamps on every quay\n\nText\n\n  No heading\n\n\n  * Entry\n\n\n   Odd");
        assert_eq!(notes, [(3, 2, false, Some("https://a.example/1".to_owned()))]);
    }

    #[test]
    fn the_name_of_a_picture_above_its_heading_is_not_read() {
        let (_, notes) =
            above("<https://a.example/1>Lamps on\nevery quay\n\n\n      Lamps on every quay\n\nLamps on every quay");
        let link = Some("https://a.example/1".to_owned());
        assert_eq!(notes, [(1, 0, true, link), (2, 0, true, None), (3, 0, true, None), (5, 3, false, None)]);
        assert_eq!(above("Boats\n\n\n    Lamps\n\nLamps").1, [(3, 2, false, None)]);
    }

    #[test]
    fn a_list_within_an_entry_that_has_one_day_tells_what_is_known_of_an_item() {
        let entry = |day: &str| {
            format!("  *\n    Lamps <https://a.example/{day}>\n\n      o By Ann\n      o Updated: {day} May 2021\n")
        };
        let days = ["3", "4", "5"];
        let (text, notes) = told(&days.map(entry).concat());
        let said = |day: &str| format!("  *\n    Lamps\n\n    By Ann\n    Updated:\n    {day} May 2021\n");
        assert_eq!(text, days.map(said).concat());
        assert_eq!(notes.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), [2, 4, 5, 8, 10, 11, 14, 16, 17]);
        // Of fewer lists, or with more days than one, it may be anything.
        let links = "A <https://a.example/1>\n";
        assert_eq!(above(&days[1..].iter().map(|day| entry(day)).collect::<String>()).0.matches("      o ").count(), 4);
        let two = days.map(|day| entry(day) + "      o 2 May 2020\n").concat();
        assert_eq!(told(&(two + links)).0.matches("      o ").count(), 9);
    }

    #[test]
    fn words_in_bold_and_italic_type_lose_their_signs() {
        for (text, said) in [
            ("    *Two lamps*", "    Two lamps"),
            ("*a* and /b c/, d", "a and b c, d"),
            ("* * *", "* * *"),
            ("  *", "  *"),
            ("  * *a*", "  * a"),
            ("4/5/2021 / a / b", "4/5/2021 / a / b"),
            ("and/or/not", "and/or/not"),
            ("see /a/b/c/d", "see /a/b/c/d"),
            ("*2 **/x", "*2 **/x"),
        ] {
            assert_eq!(above(text).0, said);
        }
    }

    #[test]
    fn a_file_that_is_cut_in_an_address_ends_before_it() {
        let links = "A <https://a.example/1>\nB <https://a.example/2>\nC <https://a.example/3>\nLamps ";
        for cut in ["<", "<ht", "<https://a.ex", "<https://a.\n  ex"] {
            assert_eq!(render(&format!("{links}{cut}")).unwrap().text, "A\nB\nC\nLamps", "{cut}");
        }
        assert_eq!(render(&format!("{links}<3 and more")).unwrap().text, "A\nB\nC\nLamps <3 and more");
    }
}
