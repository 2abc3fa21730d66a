//! A number with a full stop before a month and a title: `28. September 2026 Neuer Fahrplan`.
//!
//! Such a number is taken for a list mark at sight. Where the language writes days with a full stop it is a day, if
//! all numbered lines are like that, hardly a day stands elsewhere, and the numbers leap as none of a list do.
//! Refused: `1. Mai 2020: Bericht` between `2. Neue Brücke` and `4. Markt`, above days of their own, or where the next
//! is `2. Juni 2020: Bericht`; and days that follow each other closely, for a list may be numbered so.

use super::mark::Mark;
use super::{Block, Page, inline};
use crate::mill::scrape::language::Lexicon;

/// A line that begins so.
pub(super) struct Dotted {
    /// Which of the blocks it opens.
    at: usize,
    /// Where in the file the line begins, and its text behind the number.
    begin: usize,
    behind: usize,
    number: u32,
}

impl Dotted {
    /// `body` begins at `begin`, and opens `block`, the `at`th.
    pub(super) fn of(at: usize, block: &Block<'_>, body: &str, begin: usize, lexicon: &Lexicon) -> Option<Self> {
        const LONGEST_MONTH: u32 = 31;
        let Mark::Number(Some(number @ 1..=LONGEST_MONTH)) = block.mark else { return None };
        let is_dotted = || body.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(". ");
        if !lexicon.dotted_days || !is_dotted() {
            return None;
        }
        inline::leading(body, lexicon)?;
        Some(Self { at, begin, behind: begin + body.len() - block.text.len(), number })
    }
}

/// Gives the numbers back to the lines that begin with days.
pub(super) fn give_back<'t>(dotted: &[Dotted], page: &mut Page<'t>, text: &'t str) {
    if dotted.is_empty() || !are_days(dotted, page) {
        return;
    }
    for Dotted { at, begin, behind, .. } in dotted {
        let Some(block) = page.blocks.get_mut(*at) else { continue };
        block.text = text.get(*begin..*behind + block.text.len()).unwrap_or(block.text);
        block.mark = Mark::None;
    }
}

fn are_days(dotted: &[Dotted], page: &Page<'_>) -> bool {
    let numbered = page.blocks.iter().filter(|block| matches!(block.mark, Mark::Number(_))).count();
    // Behind a day that has words may stand a title as well.
    let days = page.dates.iter().filter(|day| day.kicker.is_none()).count();
    // What stands above a headline tells of that.
    let heads = |at: usize| page.blocks.get(at + 1).is_some_and(|below| below.level() > 0);
    dotted.len() == numbered && days * 4 <= dotted.len() && !count(dotted) && !dotted.iter().any(|line| heads(line.at))
}

/// Whether the numbers may be those of a list: hardly one is neither near the one before it, up or down, nor begins the
/// list anew. Lines may be lost, and Markdown numbers all with the same.
fn count(dotted: &[Dotted]) -> bool {
    const MOST_LOST: u32 = 3;
    let leaps = |one: &Dotted, two: &Dotted| one.number.abs_diff(two.number) > MOST_LOST && two.number > 1 + MOST_LOST;
    let pairs = || dotted.iter().zip(dotted.iter().skip(1));
    let leaping = pairs().filter(|(one, two)| leaps(one, two)).count();
    leaping == 0 || leaping * 3 < pairs().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::scrape::blocks::{Unit, split};

    /// The texts of the lines, and whether a number was taken off each.
    fn lines(language: &str, lines: &[&str]) -> Vec<(String, bool)> {
        let text = lines.join("\n\n");
        let page = split(&text, &[], Unit::Run, Lexicon::of(Some(language))).blocks;
        page.iter().map(|block| (block.text.to_owned(), block.mark != Mark::None)).collect()
    }

    #[test]
    fn what_leaps_before_months_is_a_day() {
        for page in [
            &["28. September 2026 Neuer Fahrplan für die Fähre", "24. September 2026 Die Mole wird bald saniert"][..],
            &["8. Mai 2026 Die Mole wird von Grund auf\nsaniert", "13. April 2026 Das Hafenamt zieht noch einmal um"],
            // What stands behind the last may be a place as well.
            &["8. Mai 2026 Die Mole wird bald saniert", "23. April 2026: Das Hafenamt zieht um", "3. April 2026 Dun"],
        ] {
            let expected: Vec<_> = page.iter().map(|line| ((*line).to_owned(), false)).collect();
            assert_eq!(lines("de", page), expected);
        }
    }

    #[test]
    fn a_list_may_begin_anew_lose_lines_or_have_one_number() {
        let are_days = |numbers: &[u32]| {
            let line = |number: &u32| format!("{number}. Mai 2020: Bericht aus dem Hafen");
            let page: Vec<_> = numbers.iter().map(line).collect();
            let page: Vec<_> = page.iter().map(String::as_str).collect();
            lines("de", &page).iter().all(|(_, is_marked)| !is_marked)
        };
        for list in [
            &[8][..],
            &[1, 1, 1],
            &[1, 2, 3, 1, 2],
            &[9, 8, 7, 5],
            &[1, 2, 6, 7, 8],
            &[11, 12, 1, 2, 3],
            &[12, 4, 5, 6],
        ] {
            assert!(!are_days(list), "{list:?}");
        }
        // One leap of four may be that of a list that lost much; one of three is none.
        assert!(!are_days(&[1, 2, 7, 8, 9]));
        assert!(are_days(&[28, 27, 19, 18]));
    }

    #[test]
    fn what_counts_or_stands_among_other_numbers_or_above_days_is_a_list() {
        for page in [
            &["1. Mai 2020: Bericht aus dem Hafen", "2. Juni 2020: Bericht aus dem Hafen"][..],
            &["1. Mai 2020: Bericht aus dem Hafen", "3. Juli 2020: Bericht aus dem Hafen"],
            &["3. Mai 2020: Bericht aus dem Hafen", "2. Juni 2020: Bericht aus dem Hafen"],
            &["28. Mai 2020: Bericht aus dem Hafen", "12. Mai 2020: Bericht aus dem Hafen", "3. Boot", "4. Quay"],
            &["8. Mai 2020: Bericht aus dem Hafen", "3. Neue Brücke"],
            &["28. Mai 2020: Bericht aus dem Hafen", "5. Mai 2020", "13. März 2020: Bericht aus dem Hafen"],
            &["32. Mai 2020: Bericht aus dem Hafen"],
            &["8. Mai 2020 bis zum Ende des Jahres"],
            &["8. Hafenbericht für Mai 2020"],
        ] {
            let found = lines("de", page);
            assert!(
                found.iter().all(|(text, is_marked)| *is_marked != text.starts_with(char::is_numeric)),
                "{found:?}"
            );
        }
        let english =
            ["28. September 2026 New timetable for the ferry", "24. September 2026 The quay will be repaired"];
        assert!(lines("en", &english).iter().all(|(_, is_marked)| *is_marked));
        assert!(
            lines("de", &["28) September 2026 Neuer Fahrplan für die Fähre"]).iter().all(|(_, is_marked)| *is_marked)
        );
    }
}
