//! Titles in the run of the text above them.
//!
//! Where items are numbered, an item that lost its number, and the blank line above it, goes on with the text of the
//! item before it: between two days stands one run, and what is said behind its last sentence is a title. Refused:
//! runs on pages that number no items, where nothing tells whether titles stand above their days, and between numbers
//! that follow each other.

use super::lines::trim;
use super::mark::Mark;
use super::{Block, between_followers};
use crate::mill::scrape::language::Lexicon;
use crate::mill::scrape::shape::{FULL_STOPS, ends_sentence, words};

/// A title has no more lines, and no fewer words.
const MOST_LINES: u32 = 3;
const FEWEST_WORDS: usize = 3;

/// The blocks, with such titles taken out of their runs.
pub(super) fn parted<'t>(blocks: Vec<Block<'t>>, lexicon: &Lexicon) -> Vec<Block<'t>> {
    // Hardly a page has such a run.
    let is_run = |block: &Block<'_>| block.folded && block.mark == Mark::None && block.date.is_none();
    let is_between_days = |three: &[Block<'_>]| match three {
        [above, run, below] => above.date.is_some() && is_run(run) && below.date.is_some(),
        _ => false,
    };
    let runs: Vec<usize> =
        blocks.windows(3).zip(1..).filter(|(three, _)| is_between_days(three)).map(|(_, at)| at).collect();
    let is_title = |one: &Block<'_>, next: &Block<'_>| {
        matches!(one.mark, Mark::Number(_)) && one.date.is_none() && next.date.is_some() && next.mark == Mark::None
    };
    let titles = || blocks.windows(2).filter(|pair| matches!(pair, [one, next] if is_title(one, next)));
    if runs.is_empty() || titles().nth(1).is_none() {
        return blocks;
    }
    let between = between_followers(&blocks);
    let lost = runs.into_iter().filter(|at| between.get(*at) == Some(&false));
    let found: Vec<_> = lost.filter_map(|at| Some((at, halves(blocks.get(at)?, lexicon)?))).collect();
    if found.is_empty() {
        return blocks;
    }
    let mut parted = Vec::with_capacity(blocks.len() + found.len());
    let mut found = found.into_iter().peekable();
    for (block, at) in blocks.into_iter().zip(0_usize..) {
        match found.next_if(|(run, _)| *run == at) {
            Some((_, (text, title))) => parted.extend([text, title]),
            None => parted.push(block),
        }
    }
    parted
}

/// A run in two: the text up to the end of its last sentence, and the title behind that.
fn halves<'t>(run: &Block<'t>, lexicon: &Lexicon) -> Option<(Block<'t>, Block<'t>)> {
    let ends =
        |(_, at): &(u32, usize)| run.text.get(..*at).is_some_and(|text| ends_sentence(trim(text).1, &FULL_STOPS));
    let breaks = (0..MOST_LINES).zip(run.text.rmatch_indices('\n').map(|(at, _)| at));
    let (more, at) = breaks.into_iter().find(ends)?;
    let (text, title) = (trim(run.text.get(..at)?).1, trim(run.text.get(at..)?).1);
    let is_title =
        words(title) >= FEWEST_WORDS && !title.starts_with(char::is_lowercase) && !ends_sentence(title, &FULL_STOPS);
    let is_title = is_title && lexicon.by(title).is_none();
    let line = run.last_line.checked_sub(more)?;
    let half = |text: &'t str| Block { text, folded: text.contains('\n'), furniture: None, ..*run };
    is_title.then_some((
        Block { last_line: line.saturating_sub(1), ..half(text) },
        Block { line, gap: 0, note: None, ..half(title) },
    ))
}
