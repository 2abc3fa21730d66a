//! How long what is said at the two ends of a list is says it: one is as long as items are, headline and text, and the
//! other is not.

use std::ops::Range;

use super::list::{List, is_line, is_text};
use super::{Side, Told};
use crate::mill::scrape::label::Label;

/// What is said at one end of a list, the nearest first: how long each is, and whether it is a text, or names a part of
/// the page.
type End = Vec<(usize, bool, bool)>;

/// What it says that one end of a list of headlines and texts is like its items, and the other is not.
pub(super) fn of_ends(list: &List<'_, '_>) -> Option<Told> {
    let is_item = |of: Range<usize>| {
        let mut said = list.said(of).map(|(_, label)| label);
        said.next().is_some_and(is_line) && said.next_back().is_some_and(is_text)
    };
    if list.gaps().filter(|[day, next]| is_item(day + 1..*next)).count() * 4 < (list.days.len() - 1) * 3 {
        return None;
    }
    match alike(list) {
        (Some(true), Some(false)) => Some(Side::BelowText.into()),
        (Some(false), Some(true)) => Some(Side::AboveHeadline.into()),
        _ => None,
    }
}

/// Whether what stands above the first day is like what ends between two days, and what stands below the last like what
/// begins there: headline and text as long as others are. `None` where it is like it in part.
pub(super) fn alike(list: &List<'_, '_>) -> (Option<bool>, Option<bool>) {
    let end = |said: &mut dyn Iterator<Item = (usize, &Label)>| -> End {
        said.map(|(at, label)| (list.text(at).len(), is_text(label), label.names_part())).take(2).collect()
    };
    let (head, tail) = (end(&mut list.head().rev()), end(&mut list.tail()));
    let upward: Vec<End> = list.gaps().map(|[day, next]| end(&mut list.said(day + 1..next).rev())).collect();
    let downward: Vec<End> = list.gaps().map(|[day, next]| end(&mut list.said(day + 1..next))).collect();
    // Where the file is cut what stands last may be shorter than it was.
    let may_be_short = list.page.cut && list.end == list.labels.len() && !tail.is_empty();
    let tail = is_like(&tail, &downward).filter(|is_like| *is_like || !may_be_short);
    (is_like(&head, &upward), tail)
}

/// Whether what is said at one end of a list is as long as in `all` others, or nothing of it.
fn is_like(own: &End, all: &[End]) -> Option<bool> {
    // A headline alone says less: it may well be shorter than all others.
    let have_two = all.iter().filter(|one| one.len() > 1).count() * 4 >= all.len() * 3;
    let (depth, times) = if have_two { (2, 1) } else { (1, 2) };
    let own = own.get(..depth.min(own.len()))?;
    if own.iter().any(|(.., is_named)| *is_named) || own.is_empty() {
        return Some(false);
    }
    // One that lost its text is like others that lost theirs.
    if depth > 1 && !own.iter().any(|(_, is_text, _)| *is_text) {
        return None;
    }
    let fits = |(at, (length, ..)): (usize, &(usize, bool, bool))| {
        let others = || all.iter().filter_map(|one| Some(one.get(at)?.0));
        Some(others().min()? <= length * times && *length <= others().max()? * times)
    };
    let fit = own.iter().enumerate().filter_map(fits).filter(|fits| *fits).count();
    if fit == 0 { Some(false) } else { (fit == depth).then_some(true) }
}
