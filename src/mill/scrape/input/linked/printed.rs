//! Lines that end with the address of what they name, as scripts print them.
//!
//! ```text
//! A ferry for the outer isles (https://news.example.org/2020/ferry)
//! 28 June 2020 | Night boats again | https://news.example.org/2020/night
//! ```
//!
//! What tells such lines from a text that points somewhere: there are several, all with the same sign before an address
//! of their own, they are much of the file, and what stands before the sign is no sentence, and mostly another for
//! each. Where only a blank parts the two, they are nearly all of it. An address at the end of a file that may be cut
//! there is known by half: its item is shown, and no more.

use std::collections::BTreeSet;

use super::Linked;
use crate::mill::scrape::input::address;
use crate::mill::scrape::rendition::{Note, Rendition};
use crate::mill::scrape::shape::ends_sentence;

/// Fewer such lines may be anything.
const FEWEST: usize = 3;
/// An item has at most so many lines, that with the address among them.
const LINES: usize = 6;

/// What stands between a text and its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Round,
    Bar,
    Dash,
    Arrow,
    Tab,
    Blank,
}

impl Sign {
    const ALL: [Self; 6] = [Self::Round, Self::Bar, Self::Dash, Self::Arrow, Self::Tab, Self::Blank];

    /// What it may begin with.
    fn begins(self) -> &'static [char] {
        match self {
            Self::Round => &['('],
            Self::Bar => &['|'],
            Self::Dash => &['-', '–', '—'],
            Self::Arrow => &['-', '=', '→', '⇒'],
            Self::Tab => &['\t'],
            Self::Blank => &[' '],
        }
    }
}

/// The lines without their addresses, and where they lead; `None` where the text has no such lines.
pub(super) fn render(text: &str) -> Option<Linked> {
    let found: Vec<(&str, Sign, &str)> = text.lines().filter_map(parted).collect();
    let filled = text.lines().filter(|line| !line.trim().is_empty()).count();
    let sign = Sign::ALL.into_iter().find(|sign| is_form(*sign, &found, filled))?;
    let mut rendition = Rendition { text: String::with_capacity(text.len()), ..Rendition::default() };
    for (line, number) in text.split_inclusive('\n').zip(1..) {
        let body = line.trim_end();
        let leads = parted(body).filter(|(_, of, _)| *of == sign);
        let link = leads.and_then(|(title, _, href)| Some((title, address::absolute(href, None)?)));
        let Some((title, link)) = link else {
            rendition.text.push_str(line);
            continue;
        };
        rendition.text.push_str(title);
        rendition.text.push_str(line.get(body.len()..).unwrap_or_default());
        rendition.notes.push(Note { line: number, link: Some(link.into()), ..Note::default() });
    }
    Some(Linked { rendition, by_a_program: false, cut: with_cut_address(text, sign) })
}

/// The last line of a file without a final newline, where a cut may have taken its address or a part of it.
fn with_cut_address(text: &str, sign: Sign) -> Option<u32> {
    let last = text.lines().next_back().filter(|_| !text.ends_with(['\n', '\r']))?;
    let may_be = match parted(last) {
        Some((_, of, _)) if of == sign => sign != Sign::Round,
        _ => last.contains(sign.begins()),
    };
    may_be.then(|| u32::try_from(text.lines().count()).ok()).flatten()
}

/// Whether the lines with this sign, among all that end with an address, are those of items.
fn is_form(sign: Sign, found: &[(&str, Sign, &str)], filled: usize) -> bool {
    let lines = || found.iter().filter(|(_, of, _)| *of == sign);
    let count = lines().count();
    let own: BTreeSet<&str> = lines().map(|(_, _, href)| *href).collect();
    // Words that stand before every address, `Read more`, lead on from what stands above them.
    let titles: BTreeSet<&str> = lines().map(|(title, ..)| *title).collect();
    let is_text = |title: &str| ends_sentence(title, &['.', ':', '。', '：', ',', ';']);
    let sentences = lines().filter(|(title, ..)| is_text(title)).count();
    let share = if sign == Sign::Blank { count * 4 >= filled * 3 } else { count * LINES >= filled };
    let are_own = own.len() == count && titles.len() * 2 > count;
    count >= FEWEST && count * 2 > found.len() && are_own && sentences * 4 <= count && share
}

/// What a line says before the address that it ends with, the sign between the two, and the address.
fn parted(line: &str) -> Option<(&str, Sign, &str)> {
    let line = line.trim_end();
    let at = line.rfind("https://").or_else(|| line.rfind("http://"))?;
    let (before, href) = line.split_at_checked(at)?;
    if href.contains(char::is_whitespace) {
        return None;
    }
    let within = before.strip_suffix('(').zip(href.strip_suffix(')'));
    let within = within.map(|(before, href)| (before, Sign::Round, href));
    let (before, sign, href) = within.or_else(|| {
        let bare = before.trim_end_matches(' ');
        let behind = |signs: &[&str], sign| Some((signs.iter().find_map(|it| bare.strip_suffix(it))?, sign, href));
        (behind(&["|"], Sign::Bar))
            .or_else(|| behind(&["->", "=>", "→", "⇒"], Sign::Arrow))
            .or_else(|| behind(&["\t"], Sign::Tab))
            .or_else(|| behind(&[" -", " –", " —"], Sign::Dash))
            .or_else(|| (bare.len() < before.len()).then_some((bare, Sign::Blank, href)))
    })?;
    let title = before.trim_end();
    title.contains(char::is_alphabetic).then_some((title, sign, href))
}

#[cfg(test)]
mod tests {
    use super::{Linked, render};

    fn told(text: &str) -> Option<(String, Vec<(u32, String)>)> {
        let Linked { rendition, .. } = render(text)?;
        let link = |note: &crate::mill::scrape::rendition::Note| (note.line, note.link.as_deref().map(str::to_owned));
        let notes = rendition.notes.iter().map(link).filter_map(|(line, link)| Some((line, link?)));
        Some((rendition.text, notes.collect()))
    }

    #[test]
    fn an_address_behind_each_title_is_where_it_leads() {
        let host = "https://news.example.org";
        for (open, close) in [(" (", ")"), (" - ", ""), (" | ", ""), (" -> ", ""), ("\t", ""), (" ", "")] {
            let line = |title: &str, path: &str| format!("{title}{open}{host}/{path}{close}\n");
            let text = line("A ferry", "1") + &line("Night boats", "2") + &line("The pier", "3");
            let links = [1, 2, 3].map(|n| (n, format!("{host}/{n}")));
            assert_eq!(told(&text), Some(("A ferry\nNight boats\nThe pier\n".to_owned(), links.to_vec())), "{open}");
        }
    }

    #[test]
    fn what_points_somewhere_stays_a_text() {
        let same = "The fair (https://a.example)\nThe pier (https://a.example)\nThe boats (https://a.example)\n";
        let texts =
            "It is told here. (https://a.example/1)\nSee also: (https://a.example/2)\nMore. (https://a.example/3)\n";
        let few = "The fair (https://a.example/1)\nThe pier (https://a.example/2)\n";
        let among = "The fair https://a.example/1\nThe pier https://a.example/2\nBoats https://a.example/3\nA\nB\nC\n";
        let more =
            "Pier\nMore - https://a.example/1\nBoat\nMore - https://a.example/2\nFair\nMore - https://a.example/3\n";
        let alone = "https://a.example/1\nhttps://a.example/2\nhttps://a.example/3\n";
        for text in [same, texts, few, among, more, alone, ""] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
