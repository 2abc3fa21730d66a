//! Numbers before items, however they are dressed.
//!
//! `12.` and `12)` are told at sight. Others are told by their counting, one after another through the page: `[1]`, `(1)`,
//! `#1`, `1:`, `1 –`, `1.Title`. Refused: numbers that do not count, for a title may begin with any; and the links that a text
//! browser lists at the foot.

use super::mark::Mark;
use super::{Block, trim};

/// Fewer may happen to follow each other.
const FEWEST: usize = 3;
/// So many may be lost before the next, or where a list begins anew.
const MOST_LOST: u32 = 3;
/// A longer number is none of a list.
const MOST_DIGITS: usize = 3;
/// What may stand before a number and behind it.
const DRESSES: [(&str, &str); 12] = [
    ("[", "]"),
    ("(", ")"),
    ("#", ""),
    ("No. ", ""),
    ("№ ", ""),
    ("", ":"),
    ("", "/"),
    ("", " –"),
    ("", " -"),
    ("", " ."),
    ("", "."),
    BARE,
];
/// A number in no dress has to count without a fault.
const BARE: (&str, &str) = ("", "");

/// Takes such numbers for the marks that they are.
pub(super) fn number(blocks: &mut [Block<'_>]) {
    let is_free = |block: &Block<'_>| block.mark == Mark::None && block.date.is_none();
    let may_count = |block: &Block<'_>| {
        is_free(block)
            && block.text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '[' | '(' | '#' | 'N' | '№'))
    };
    if blocks.iter().filter(|block| may_count(block)).nth(FEWEST - 1).is_none() {
        return;
    }
    for dress in DRESSES {
        let found: Vec<_> = blocks
            .iter()
            .enumerate()
            .filter(|(_, block)| may_count(block))
            .filter_map(|(at, block)| Some((at, undressed(block.text, dress)?)))
            .collect();
        let most_lost = if dress == BARE { 0 } else { MOST_LOST };
        let (mut next, mut anew, mut wrong) = (0, 0, 0);
        for pair in found.windows(2) {
            let [(_, (one, _)), (_, (two, _))] = pair else { continue };
            match two.checked_sub(*one) {
                Some(step) if (1..=1 + most_lost).contains(&step) => next += 1,
                _ if *two <= 1 + most_lost => anew += 1,
                _ => wrong += 1,
            }
        }
        if next + 1 >= FEWEST && anew <= next && wrong * 5 <= next && (wrong == 0 || dress != BARE) {
            for (at, (number, text)) in found {
                if let Some(block) = blocks.get_mut(at) {
                    (block.mark, block.text) = (Mark::Number(Some(number)), text);
                }
            }
        }
    }
}

/// The number that `text` begins with in this dress, and what stands behind it.
fn undressed<'t>(text: &'t str, (before, behind): (&str, &str)) -> Option<(u32, &'t str)> {
    let rest = text.strip_prefix(before)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number = rest.get(..digits).filter(|digits| digits.len() <= MOST_DIGITS)?.parse().ok()?;
    let rest = rest.get(digits..)?.strip_prefix(behind)?;
    let title = trim(rest).1;
    // A dot right before a letter is that of a number; else a blank parts the two.
    let is_apart = title.len() < rest.len() || behind == ".";
    let begins =
        title.chars().next().is_some_and(|c| (c.is_alphabetic() && !c.is_lowercase()) || "«„“\"‘'©¿¡[(".contains(c));
    (is_apart && begins && !title.contains("://")).then_some((number, title))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::scrape::blocks::{Unit, split};
    use crate::mill::scrape::language::Lexicon;

    fn numbers(dressed: &[&str]) -> Vec<(Mark, String)> {
        let text: Vec<_> = dressed.iter().map(|title| format!("{title}\n\n15 June 2020\n")).collect();
        let text = text.join("\n");
        let page = split(&text, &[], Unit::Run, Lexicon::of(None)).blocks;
        page.iter().filter(|block| block.date.is_none()).map(|block| (block.mark, block.text.to_owned())).collect()
    }

    #[test]
    fn what_counts_is_a_number_in_any_dress() {
        for dress in ["[%] ", "(%) ", "#% ", "No. % ", "%: ", "%/ ", "% – ", "% - ", "% . ", "%.", "% "] {
            let title = |n: &str, title: &str| dress.replace('%', n) + title;
            // One is lost, and the list begins anew.
            let lost = if dress == "% " { "3" } else { "4" };
            let page = [title("1", "The quay"), title("2", "© Ann Field"), title(lost, "Boats"), title("1", "“Open”")];
            let page: Vec<_> = page.iter().map(String::as_str).collect();
            let lost = lost.parse().ok();
            let told = [(Some(1), "The quay"), (Some(2), "© Ann Field"), (lost, "Boats"), (Some(1), "“Open”")];
            assert_eq!(numbers(&page), told.map(|(n, text)| (Mark::Number(n), text.to_owned())), "{dress}");
        }
    }

    #[test]
    fn what_does_not_count_is_text() {
        for page in [
            ["3 boats sink", "2 boats are lost", "5 boats sail"],
            ["1 boat sinks", "2 boats are lost", "4 boats sail"],
            ["#12 Boats", "#11 Quays", "#10 Harbours"],
            ["0 Comments", "1 Comment", "1 Comment"],
            ["3 min read", "4 min read", "5 min read"],
            ["[1] https://example.org/a", "[2] https://example.org/b", "[3] https://example.org/c"],
            ["[1] Boats", "[2] Quays", "Harbours"],
            ["(2020) Boats", "(2021) Quays", "(2022) Harbours"],
        ] {
            assert_eq!(numbers(&page), page.map(|text| (Mark::None, text.to_owned())), "{page:?}");
        }
    }
}
