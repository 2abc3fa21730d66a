//! A number with a full stop before a month and a title: `28. September 2026 Neuer Fahrplan`.
//!
//! Such a number is taken for a list mark at sight. Where the language writes days with a full stop it is a day, if
//! nearly all numbered lines are like that, hardly a day stands elsewhere, and the numbers don't count the lines.
//! Refused: `1. Mai 2020: Bericht` between `2. Neue Brücke` and `4. Markt`, above days of their own, or where the next
//! is `2. Juni 2020: Bericht`.

use super::mark::Mark;
use super::{Block, Page, inline};
use crate::mill::scrape::language::Lexicon;

/// A line that begins so.
pub(super) struct Dotted<'t> {
    /// Which of the blocks it opens.
    at: usize,
    /// Where in the file the line begins, and its text behind the number.
    begin: usize,
    behind: usize,
    number: u32,
    month: &'t str,
}

impl<'t> Dotted<'t> {
    /// `body` begins at `begin`, and opens `block`, the `at`th.
    pub(super) fn of(at: usize, block: &Block<'t>, body: &'t str, begin: usize, lexicon: &Lexicon) -> Option<Self> {
        const LONGEST_MONTH: u32 = 31;
        let Mark::Number(Some(number @ 1..=LONGEST_MONTH)) = block.mark else { return None };
        let is_dotted = || body.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(". ");
        if !lexicon.dotted_days || !is_dotted() {
            return None;
        }
        inline::leading(body, lexicon)?;
        let month = block.text.split_whitespace().next()?;
        Some(Self { at, begin, behind: begin + body.len() - block.text.len(), number, month })
    }
}

/// Gives the numbers back to the lines that begin with days.
pub(super) fn give_back<'t>(dotted: &[Dotted<'t>], page: &mut Page<'t>, text: &'t str) {
    if dotted.is_empty() || !are_days(dotted, page) {
        return;
    }
    for Dotted { at, begin, behind, .. } in dotted {
        let Some(block) = page.blocks.get_mut(*at) else { continue };
        block.text = text.get(*begin..*behind + block.text.len()).unwrap_or(block.text);
        block.mark = Mark::None;
    }
}

fn are_days(dotted: &[Dotted<'_>], page: &Page<'_>) -> bool {
    let numbered = page.blocks.iter().filter(|block| matches!(block.mark, Mark::Number(_))).count();
    // Behind a day that has words may stand a title as well.
    let days = page.dates.iter().filter(|day| day.kicker.is_none()).count();
    dotted.len() * 5 >= numbered * 4 && days * 4 <= dotted.len() && !count(dotted)
}

/// Whether the numbers are those of a list: each is about the next, up or down, and stands before another month.
fn count(dotted: &[Dotted<'_>]) -> bool {
    let counts = |one: &Dotted<'_>, two: &Dotted<'_>| {
        let is_next = (one.number + 1..=one.number + 2).contains(&two.number) || two.number + 1 == one.number;
        is_next && two.month != one.month
    };
    dotted.len() > 1 && dotted.iter().zip(dotted.iter().skip(1)).all(|(one, two)| counts(one, two))
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
    fn what_does_not_count_before_months_is_a_day() {
        for page in [
            &["28. September 2026 Neuer Fahrplan für die Fähre", "24. September 2026 Die Mole wird saniert"][..],
            // As a diary of one month counts.
            &["3. September 2026 Die Mole wird saniert", "4. September 2026: Das Hafenamt zieht um"],
            &["1. September 2026 Die Mole wird saniert"],
            &["3. Mai 2026 Die Mole wird saniert", "9. Juni 2026 Das Hafenamt zieht noch einmal um"],
            &["8. Mai 2026 Die Mole wird von Grund auf\nsaniert", "3. April 2026 Das Hafenamt zieht noch einmal um"],
            &["8. Mai 2026 Die Mole wird saniert", "3. April 2026 Boot verkauft"],
        ] {
            let expected: Vec<_> = page.iter().map(|line| ((*line).to_owned(), false)).collect();
            assert_eq!(lines("de", page), expected);
        }
    }

    #[test]
    fn what_counts_or_stands_among_other_numbers_or_above_days_is_a_list() {
        for page in [
            &["1. Mai 2020: Bericht aus dem Hafen", "2. Juni 2020: Bericht aus dem Hafen"][..],
            &["1. Mai 2020: Bericht aus dem Hafen", "3. Juli 2020: Bericht aus dem Hafen"],
            &["3. Mai 2020: Bericht aus dem Hafen", "2. Juni 2020: Bericht aus dem Hafen"],
            &["8. Mai 2020: Bericht aus dem Hafen", "3. Neue Brücke"],
            &["8. Mai 2020: Bericht aus dem Hafen", "5. Mai 2020", "3. März 2020: Bericht aus dem Hafen"],
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
