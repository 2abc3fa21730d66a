//! What stands where in a list: its days, and what is said around and between them.

use std::ops::Range;

use crate::mill::scrape::blocks::Page;
use crate::mill::scrape::label::{Kind, Label};
use crate::mill::scrape::language::Lexicon;

/// So many days make a list.
pub(super) const SEVERAL: usize = 3;
/// Where so many items have a text, the last one hardly lacks it.
pub(super) const MANY: usize = 4;

/// A list: all that its rules look at.
pub(super) struct List<'p, 't> {
    pub(super) page: &'p Page<'t>,
    pub(super) labels: &'p [Label],
    pub(super) lexicon: &'p Lexicon,
    /// The blocks that are days.
    pub(super) days: Vec<usize>,
    /// The first day, and the last one.
    pub(super) first: usize,
    pub(super) last: usize,
    /// Where it ends at the latest.
    pub(super) end: usize,
}

impl<'p, 't> List<'p, 't> {
    /// The list of a page that has two days at least, each of them a block of its own.
    pub(super) fn of(page: &'p Page<'t>, labels: &'p [Label], lexicon: &'p Lexicon) -> Option<Self> {
        let is_day = |at: &usize| labels.get(*at).is_some_and(Label::is_date);
        let days: Vec<usize> = (0..labels.len()).filter(is_day).collect();
        // A day in which the file is cut is none yet.
        let half = usize::from(labels.last().is_some_and(|label| label.kind == Kind::CutDate));
        if days.len() < 2 || days.len() + half != page.dates.len() {
            return None;
        }
        let (first, last) = (*days.first()?, *days.last()?);
        Some(Self { page, labels, lexicon, days, first, last, end: foot(page, labels, last + 1) })
    }

    pub(super) fn label(&self, at: usize) -> Option<&'p Label> {
        self.labels.get(at)
    }

    pub(super) fn text(&self, at: usize) -> &'t str {
        self.page.blocks.get(at).map_or("", |block| block.text)
    }

    pub(super) fn is_furniture(&self, at: usize) -> bool {
        self.label(at).is_some_and(|label| label.kind == Kind::Furniture)
    }

    /// Each day with the next one.
    pub(super) fn gaps(&self) -> impl Iterator<Item = [usize; 2]> {
        self.days.array_windows().copied()
    }

    /// The lines and texts at these places, in their order.
    pub(super) fn said(&self, of: Range<usize>) -> impl DoubleEndedIterator<Item = (usize, &'p Label)> + use<'p, 't> {
        said(self.labels, of)
    }

    /// What is said above the first day.
    pub(super) fn head(&self) -> impl DoubleEndedIterator<Item = (usize, &'p Label)> + use<'p, 't> {
        self.said(0..self.first)
    }

    /// What is said below the last day.
    pub(super) fn tail(&self) -> impl DoubleEndedIterator<Item = (usize, &'p Label)> + use<'p, 't> {
        self.said(self.last + 1..self.end)
    }

    /// Whether a line that is no name of a page stands right above the first day.
    pub(super) fn begins_below_line(&self) -> bool {
        self.head().next_back().is_some_and(|(_, label)| is_line(label) && !label.names_part() && !label.echo)
    }
}

/// The lines and texts among `labels` at these places, in their order.
pub(super) fn said(labels: &[Label], of: Range<usize>) -> impl DoubleEndedIterator<Item = (usize, &Label)> {
    of.filter_map(|at| Some((at, labels.get(at).filter(|label| is_line(label) || is_text(label))?)))
}

pub(super) fn is_line(label: &Label) -> bool {
    label.kind == Kind::Text && !label.reads_like_text() && !label.holds_day()
}

pub(super) fn is_text(label: &Label) -> bool {
    label.kind == Kind::Text && label.reads_like_text()
}

/// Where the list ends at the latest, looked for from `from` on: at the numbers of further pages, at a box, or with the
/// file.
fn foot(page: &Page<'_>, labels: &[Label], from: usize) -> usize {
    let number = |at: usize| {
        let is_one = labels.get(at).is_some_and(|label| label.kind == Kind::Furniture);
        page.blocks.get(at).filter(|_| is_one)?.text.parse::<u32>().ok()
    };
    let counts = |text: &str| {
        let mut numbers = text.split_whitespace().map(str::parse::<u32>);
        let is_next =
            numbers.next().and_then(Result::ok).is_some_and(|one| one <= 2 && numbers.next() == Some(Ok(one + 1)));
        is_next && text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '…' | '.'))
    };
    let is_pager = |at: &usize| {
        let above = number(*at).filter(|one| *one <= 2);
        above.is_some_and(|one| number(at + 1) == Some(one + 1))
            || page.blocks.get(*at).is_some_and(|block| counts(block.text))
    };
    let is_end = |at: &usize| labels.get(*at).is_some_and(|label| label.names_box) || is_pager(at);
    (from..labels.len()).find(is_end).unwrap_or(labels.len())
}
