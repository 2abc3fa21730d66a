//! Items at the margin of a page that sets its items in.
//!
//! An item that lost its mark lost with it what set it in: all of it, or its first line. What stands at the margin is else
//! around the list, and no part of it. Told here: which blocks there stand together with a day as an item's do. Refused:
//! whether they are one, which is for the prices to say.

use super::{Kind, Label};
use crate::mill::scrape::blocks::{Block, Mark, Page};

/// So many texts may stand between a title and its day.
const MOST_TEXTS: usize = 2;

/// Notes what at the margin may begin an item, and what may go on with one.
pub(super) fn note(page: &Page<'_>, labels: &mut [Label]) {
    let seen = Seen { blocks: &page.blocks, labels };
    let parts: Vec<Part> =
        (0..labels.len()).flat_map(|at| seen.parts(at)).filter(|part| seen.is_out(part.at)).collect();
    for part in parts {
        if let Some(label) = labels.get_mut(part.at) {
            label.begins_outset |= part.begins;
            label.goes_on_outset |= part.goes_on;
        }
    }
}

struct Part {
    at: usize,
    begins: bool,
    goes_on: bool,
}

struct Seen<'p, 't> {
    blocks: &'p [Block<'t>],
    labels: &'p [Label],
}

impl Seen<'_, '_> {
    /// The label of a block that bears no mark.
    fn label(&self, at: usize) -> Option<&Label> {
        let is_bare = |block: &&Block<'_>| block.mark == Mark::None && block.level() == 0;
        self.blocks.get(at).filter(is_bare).and_then(|_| self.labels.get(at))
    }

    fn is_out(&self, at: usize) -> bool {
        self.label(at).is_some() && self.blocks.get(at).is_some_and(|block| block.indent == 0)
    }

    fn is_credit(&self, at: usize) -> bool {
        self.label(at).is_some_and(|label| label.kind == Kind::Credit)
    }

    fn is_text(&self, at: usize) -> bool {
        let is_text =
            |label: &Label| label.kind == Kind::Text && !(label.names_list || label.field || label.holds_day());
        self.label(at).is_some_and(is_text)
    }

    /// A text that is likelier a summary than a title.
    fn is_long(&self, at: usize) -> bool {
        self.is_text(at) && self.label(at).is_some_and(|label| label.wordy || label.sentence)
    }

    /// What belongs to the day in this block.
    fn parts(&self, at: usize) -> Vec<Part> {
        match self.label(at) {
            Some(label) if label.is_date() && !label.named => self.around(at),
            Some(label) if label.holds_day() && !(label.is_date() || label.named || label.brief) => {
                let title = Part { at, begins: true, goes_on: false };
                let text = Part { at: at + 1, begins: false, goes_on: self.is_out(at) && self.is_long(at + 1) };
                vec![title, text]
            }
            _ => Vec::new(),
        }
    }

    /// What stands with a day that is a block of its own.
    fn around(&self, day: usize) -> Vec<Part> {
        let credit_below = day.checked_sub(1).filter(|at| self.is_credit(*at));
        let mut parts = vec![Part { at: day, begins: self.is_text(day + 1), goes_on: true }];
        for at in (0..credit_below.unwrap_or(day)).rev().take(1 + MOST_TEXTS).take_while(|at| self.is_text(*at)) {
            // Only the first line of an item stands at the margin when its day does not, and what is said of the page above
            // its first day is a sentence.
            let is_beside = self.is_out(at) == self.is_out(day);
            let is_sentence = self.label(at).is_some_and(|label| label.sentence);
            let goes_on = is_beside && self.is_long(at);
            parts.push(Part { at, begins: is_beside || !is_sentence, goes_on });
            if !goes_on {
                break;
            }
        }
        if let [_, .., title] = parts.as_mut_slice()
            && let Some(credit) = title.at.checked_sub(1).filter(|at| self.is_credit(*at) && self.is_out(*at))
        {
            title.goes_on = true;
            parts.push(Part { at: credit, begins: true, goes_on: false });
        }
        parts.extend(credit_below.map(|at| Part { at, begins: false, goes_on: true }));
        if self.is_out(day) {
            parts.push(Part { at: day + 1, begins: false, goes_on: self.is_text(day + 1) });
            parts.push(Part { at: day + 2, begins: false, goes_on: self.is_text(day + 1) && self.is_long(day + 2) });
        }
        parts
    }
}
