//! Items that lost their mark.
//!
//! A headline right above a day may be one, where the day is in its place among the others, and the numbers around it
//! do not follow each other: else a text says when something begins or ends.
//!
//! An item that lost its mark lost with it what set it in: all of it, or its first line. What stands at the margin is
//! else around the list, and no part of it: a box that says when the next meeting is. Told here: which blocks there
//! stand together with a day as an item's do, where that day is in its place among the others. Refused: whether items
//! are set in at all, which is for the evidence to say.

use chrono::NaiveDate;

use super::{Kind, Label};
use crate::mill::scrape::blocks::{Block, Mark, Page, between_followers};
use crate::mill::scrape::date::Settled;

/// So many texts may stand between a title and its day.
const MOST_TEXTS: usize = 2;

/// What a block may be of an item that lost its mark.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lost {
    /// It may begin one: it reads like a headline, and right below it stands a day that is in its place among the
    /// others; or it is the photo line above one.
    pub(crate) heads_day: bool,
    /// At the margin it may begin one though others are set in: a day stands below it.
    pub(crate) begins_outset: bool,
    /// At the margin it may be part of such an item.
    pub(crate) goes_on_outset: bool,
}

/// Notes of each block what it may be of an item that lost its mark.
pub(super) fn note(page: &Page<'_>, labels: &mut [Label], settled: Settled) {
    let is_out = |block: &Block<'_>| block.mark == Mark::None && block.indent == 0;
    if page.blocks.iter().all(is_out) {
        return;
    }
    let days: Vec<(usize, NaiveDate)> =
        (0..labels.len()).filter_map(|at| Some((at, page.date(page.blocks.get(at)?)?.day(settled)?))).collect();
    let pairs = || days.iter().zip(days.iter().skip(1)).map(|((_, day), (_, next))| day.cmp(next));
    let rises = pairs().filter(|order| order.is_lt()).count() > pairs().filter(|order| order.is_gt()).count();
    let is_marked = |block: &Block<'_>| block.mark != Mark::None;
    let marked = page.blocks.iter().position(is_marked).zip(page.blocks.iter().rposition(is_marked));
    let seen = Seen { blocks: &page.blocks, labels, days: &days, rises, marked };
    let heads = seen.heads();
    let parts: Vec<Part> =
        (0..labels.len()).flat_map(|at| seen.parts(at)).filter(|part| seen.is_out(part.at)).collect();
    for at in heads {
        labels.get_mut(at).into_iter().for_each(|label| label.lost.heads_day = true);
    }
    for part in parts {
        if let Some(label) = labels.get_mut(part.at) {
            label.lost.begins_outset |= part.begins;
            label.lost.goes_on_outset |= part.goes_on;
        }
    }
}

fn is_text(label: &Label) -> bool {
    label.kind == Kind::Text && !(label.names_list || label.field || label.holds_day())
}

struct Part {
    at: usize,
    begins: bool,
    goes_on: bool,
}

struct Seen<'p, 't> {
    blocks: &'p [Block<'t>],
    labels: &'p [Label],
    /// The days of the page, each with its block.
    days: &'p [(usize, NaiveDate)],
    /// The oldest day stands first.
    rises: bool,
    /// The first block and the last that bear a mark.
    marked: Option<(usize, usize)>,
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
        self.label(at).is_some_and(is_text)
    }

    /// A text that is likelier a summary than a title.
    fn is_long(&self, at: usize) -> bool {
        self.is_text(at) && self.label(at).is_some_and(Label::reads_like_text)
    }

    /// Whether the day in this block comes where it does in a list that goes one way, and does not stand above all
    /// items.
    fn is_in_place(&self, at: usize) -> bool {
        let Ok(own) = self.days.binary_search_by_key(&at, |(at, _)| *at) else { return true };
        let follow = |one: usize| match (self.days.get(one), self.days.get(one + 1)) {
            (Some((_, day)), Some((_, next))) => {
                if self.rises {
                    day <= next
                } else {
                    day >= next
                }
            }
            _ => true,
        };
        own.checked_sub(1).map_or_else(|| self.misses_first(at), follow) && follow(own)
    }

    /// Whether this block is a day without a mark, and nothing else, and in its place.
    fn is_day_in_place(&self, at: usize) -> bool {
        self.label(at).is_some_and(|label| label.is_date() && !label.named) && self.is_in_place(at)
    }

    /// Whether what follows the first day shows that the item before it is lost: it begins with a later number, or with
    /// the next month.
    fn misses_first(&self, at: usize) -> bool {
        let is_month = |label: &Label| label.kind == Kind::Month;
        let mut behind = self.blocks.iter().zip(self.labels).skip(at);
        let Some((block, label)) = behind.find(|(block, label)| block.mark != Mark::None || is_month(label)) else {
            return true;
        };
        match block.mark {
            Mark::Bullet | Mark::Number(Some(1)) => false,
            Mark::None => is_month(label) && self.labels.iter().take(at).any(is_month),
            _ => true,
        }
    }

    /// Whether items that bear their mark stand on both sides.
    fn is_within(&self, at: usize) -> bool {
        self.marked.is_some_and(|(first, last)| first < at && at < last)
    }

    /// The headlines right above days, and their photo lines, where the numbers around them do not follow each other.
    fn heads(&self) -> Vec<usize> {
        let titles: Vec<usize> = self.days.iter().filter_map(|(day, _)| self.title_above(*day)).collect();
        if titles.is_empty() {
            return titles;
        }
        let between = between_followers(self.blocks);
        let is_lost = |title: &usize| between.get(*title + 1) == Some(&false);
        let is_credit = |at: &usize| self.labels.get(*at).is_some_and(|label| label.kind == Kind::Credit);
        let with_credit = |title: usize| [Some(title), title.checked_sub(1).filter(is_credit)];
        titles.into_iter().filter(is_lost).flat_map(with_credit).flatten().collect()
    }

    /// The headline right above the day in this block; the mark that it has may be another than the lost one. More
    /// blank lines than above the headline stand between the two where a title was lost.
    fn title_above(&self, day: usize) -> Option<usize> {
        let gap = |at: usize| self.blocks.get(at).map_or(0, |block| block.gap);
        let is_title = |label: &Label| is_text(label) && !(label.brief || label.reads_like_text());
        let title = day.checked_sub(1).filter(|title| self.labels.get(*title).is_some_and(is_title))?;
        (self.is_day_in_place(day) && gap(day) <= gap(title).max(1)).then_some(title)
    }

    /// What belongs to the day in this block.
    fn parts(&self, at: usize) -> Vec<Part> {
        if self.is_day_in_place(at) {
            return self.around(at);
        }
        let is_title = |label: &Label| label.holds_day() && !(label.is_date() || label.named || label.brief);
        if !(self.is_out(at) && self.is_within(at) && self.label(at).is_some_and(is_title)) {
            return Vec::new();
        }
        let title = Part { at, begins: true, goes_on: false };
        let text = Part { at: at + 1, begins: false, goes_on: self.is_long(at + 1) };
        vec![title, text]
    }

    /// What stands with a day that is a block of its own.
    fn around(&self, day: usize) -> Vec<Part> {
        let credit_below = day.checked_sub(1).filter(|at| self.is_credit(*at));
        let mut parts = vec![Part { at: day, begins: self.is_text(day + 1), goes_on: true }];
        for at in (0..credit_below.unwrap_or(day)).rev().take(1 + MOST_TEXTS).take_while(|at| self.is_text(*at)) {
            // Only the first line of an item stands at the margin when its day does not, and what is said of the page
            // above its first day is a sentence.
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
