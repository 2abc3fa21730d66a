//! Texts that stand alone between the days, with no headline: a day, what happened on it, and the next day.
//!
//! Each text is an item, and what tells whose day is whose are the ends alone: one text more than days leaves one over,
//! and it may be what the page says of itself above the list, or below it. Where the file makes headings of the days,
//! they head what stands below them. Else nobody can tell, unless more stands on the lines of the days.

use super::list::{List, is_text};
use super::{Side, Told};

/// What headings say that are days: those stand above their texts.
pub(super) fn below_headings(list: &List<'_, '_>) -> Option<Told> {
    let is_heading = |at: usize| list.page.blocks.get(at).is_some_and(|block| block.level() > 0);
    let are_headings = list.days.iter().all(|day| is_heading(*day));
    let heads_text = !(list.first..list.labels.len()).any(|at| is_heading(at) && !list.days.contains(&at));
    (are_headings && heads_text && are_alone(list, usize::MAX) && ends_with_text(list))
        .then_some(Side::AboveAlone.into())
}

/// Whether such a text stands at either end, and nothing tells which of the two is no item: neither a link, nor a mark, nor
/// how deep it stands.
pub(super) fn are_doubtful(list: &List<'_, '_>) -> bool {
    let (Some((above, head)), Some((below, tail))) = (list.head().next_back(), list.tail().next()) else {
        return false;
    };
    let are_bare = list.days.iter().all(|day| list.label(*day).is_some_and(|label| !label.named));
    let looks = |at: usize| list.page.blocks.get(at).map(|block| (block.indent, block.mark, block.link().is_some()));
    let are_alike = || {
        let between = list.gaps().flat_map(|[day, next]| list.said(day + 1..next)).map(|(at, _)| looks(at));
        looks(above) == looks(below) && between.into_iter().all(|look| look == looks(above))
    };
    is_text(head) && is_text(tail) && are_bare && are_alone(list, 1) && are_alike()
}

/// Whether texts stand between each two days, not more of them than `most`, and nothing else that is said.
fn are_alone(list: &List<'_, '_>, most: usize) -> bool {
    list.gaps().all(|[day, next]| {
        let (mut count, mut said) = (0, list.said(day + 1..next));
        let are_texts = said.all(|(_, label)| {
            count += 1;
            is_text(label)
        });
        are_texts && (1..=most).contains(&count)
    })
}

fn ends_with_text(list: &List<'_, '_>) -> bool {
    list.tail().next().is_some_and(|(_, label)| is_text(label))
}
