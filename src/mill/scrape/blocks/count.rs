//! Numbers in brackets before items: `[1]`, `(1)`.
//!
//! `12.` and `12)` are told at sight. Those in brackets count through the page, and each stands above a day of its
//! own, or above the photo line and the title of one; then they are marks, and no part of any title. Refused: points
//! and notes within the texts of items, whether they count or not, and numbers in any other dress, with which titles
//! begin.

use super::mark::Mark;
use super::{Block, trim};

/// Fewer may happen to follow each other.
const FEWEST: usize = 3;
/// So many may be lost before the next, or where a list begins anew.
const MOST_LOST: u32 = 3;
/// A longer number is none of a list.
const MOST_DIGITS: usize = 3;

/// A number in brackets: its block, itself, and what stands behind it.
struct Numbered<'t> {
    at: usize,
    number: u32,
    text: &'t str,
}

/// Takes such numbers for the marks that they are.
pub(super) fn number(blocks: &mut [Block<'_>]) {
    for brackets in [('[', ']'), ('(', ')')] {
        let is_free = |block: &Block<'_>| block.mark == Mark::None && block.date.is_none();
        let numbered = blocks.iter().enumerate().filter(|(_, block)| is_free(block));
        let found: Vec<_> = numbered.filter_map(|(at, block)| numbered_by(brackets, at, block.text)).collect();
        if found.len() < FEWEST || !(count(&found) && head_days(&found, blocks)) {
            continue;
        }
        for Numbered { at, number, text } in found {
            if let Some(block) = blocks.get_mut(at) {
                (block.mark, block.text) = (Mark::Number(Some(number)), text);
            }
        }
    }
}

fn numbered_by((opens, closes): (char, char), at: usize, text: &str) -> Option<Numbered<'_>> {
    let (digits, rest) = text.strip_prefix(opens)?.split_once(closes)?;
    let number = digits.parse().ok().filter(|_| digits.len() <= MOST_DIGITS)?;
    let text = trim(rest).1;
    (text.len() < rest.len() && !text.is_empty()).then_some(Numbered { at, number, text })
}

/// Whether one follows the other: by far most are the next, or begin anew, but for what is lost.
fn count(found: &[Numbered<'_>]) -> bool {
    let (mut next, mut anew, mut wrong) = (0, 0, 0);
    for (one, two) in found.iter().zip(found.iter().skip(1)) {
        match two.number.checked_sub(one.number) {
            Some(step) if (1..=1 + MOST_LOST).contains(&step) => next += 1,
            _ if two.number <= 1 + MOST_LOST => anew += 1,
            _ => wrong += 1,
        }
    }
    next + 1 >= FEWEST && anew <= next && wrong * 5 <= next
}

/// Whether each heads a day of its own, and hardly a day has none.
fn head_days(found: &[Numbered<'_>], blocks: &[Block<'_>]) -> bool {
    let is_day = |at: usize| blocks.get(at).is_some_and(|block| block.date.is_some());
    let day_of = |one: &Numbered<'_>| (one.at + 1..=one.at + 2).find(|at| is_day(*at));
    let begins = found.iter().skip(1).map(|one| one.at).chain([usize::MAX]);
    let days = blocks.iter().filter(|block| block.date.is_some()).count();
    found.iter().zip(begins).all(|(one, next)| day_of(one).is_some_and(|day| day < next)) && found.len() * 5 >= days * 4
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
    fn what_counts_in_brackets_above_days_is_a_number() {
        for brackets in ["[%]", "(%)"] {
            let title = |n: &str, title: &str| format!("{} {title}", brackets.replace('%', n));
            // One is lost, and the list begins anew.
            let page =
                [title("1", "The quay"), title("2", "© Ann Field\n\nBoats"), title("4", "Ice"), title("1", "Tar")];
            let page: Vec<_> = page.iter().map(String::as_str).collect();
            let told = [(1, "The quay"), (2, "© Ann Field"), (0, "Boats"), (4, "Ice"), (1, "Tar")];
            let mark = |n: u32| if n == 0 { Mark::None } else { Mark::Number(Some(n)) };
            assert_eq!(numbers(&page), told.map(|(n, text)| (mark(n), text.to_owned())), "{brackets}");
        }
    }

    #[test]
    fn what_does_not_count_or_stands_elsewhere_is_text() {
        for page in [
            ["[3] Boats", "[2] Boats", "[5] Boats"],
            ["(2020) Boats", "(2021) Quays", "(2022) Harbours"],
            ["#1 Boats", "#2 Quays", "#3 Harbours"],
            ["1: Boats", "2: Quays", "3: Harbours"],
            ["[1] Boats", "[2] Quays", "Harbours"],
            ["[1] Boats\n\nA note\n\nof them", "[2] Quays\n\nA note\n\nof them", "[3] Ice\n\nA note\n\nof it"],
            ["[1] Boats\n\n[2] Quays", "[3] Boats\n\n[4] Ice", "[5] Tar\n\n[6] Ropes"],
        ] {
            assert!(numbers(&page).iter().all(|(mark, _)| *mark == Mark::None), "{page:?}");
        }
        let most_days = ["[1] Boats", "[2] Quays", "[3] Ice", "Tar", "Ropes"];
        let anew = ["[1] Boats", "[1] Quays", "[1] Ice", "[1] Tar", "[2] Ropes", "[3] Nets"];
        let wrong = ["[1] Boats", "[2] Quays", "[3] Ice", "[90] Tar", "[80] Ropes"];
        for page in [&most_days[..], &anew, &wrong] {
            assert!(numbers(page).iter().all(|(mark, _)| *mark == Mark::None), "{page:?}");
        }
    }
}
