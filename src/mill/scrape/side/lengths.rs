//! How long what is said at the two ends of a list is says it: one is as long as items are, headline and text, and the
//! other is not.
//!
//! What a cut file ends with begins an item on either side. There what stands above the first day tells alone: where it
//! is as long as items are, or stands below the page's name and is nearly so, or is a heading like theirs, days end the
//! items.

use std::ops::Range;

use super::list::{List, is_line, is_text};
use super::{Side, Told};
use crate::mill::scrape::blocks::Block;
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
        // What a cut file ends with begins an item on either side, and says nothing.
        (head, _) if ends_with_file(list) && (head == Some(true) || begins_below_name(list)) => {
            Some(Side::BelowText.into())
        }
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
    let may_be_short = ends_with_file(list) && !tail.is_empty();
    let tail = is_like(&tail, &downward).filter(|is_like| *is_like || !may_be_short);
    (is_like(&head, &upward), tail)
}

/// Whether the list goes on to where the file is cut.
fn ends_with_file(list: &List<'_, '_>) -> bool {
    list.page.cut && list.end == list.labels.len()
}

/// Whether the headline and the text right above the first day are an item below what the page is called: headings like
/// all others in a form that has them, else with a line above both, and hardly longer or shorter than others. A page
/// that says something of itself does so below its name.
fn begins_below_name(list: &List<'_, '_>) -> bool {
    let block = |at: usize| list.page.blocks.get(at);
    let item = |of: Range<usize>| {
        let mut said = list.said(of).rev();
        let ((text, says), (headline, line)) = (said.next()?, said.next()?);
        let own = is_text(says) && is_line(line) && !line.names_part() && !line.echo;
        own.then_some((block(headline)?, block(text)?, said.next().is_some()))
    };
    let Some((headline, text, is_below_line)) = item(0..list.first) else { return false };
    let others: Vec<_> = list.gaps().filter_map(|[day, next]| item(day + 1..next)).collect();
    if headline.level() > 0 {
        return others.iter().all(|(other, ..)| other.level() == headline.level());
    }
    let is_near = |own: &Block<'_>, others: &[usize]| {
        let (least, most) = (others.iter().min().unwrap_or(&0), others.iter().max().unwrap_or(&0));
        own.text.len() * 3 >= least * 2 && own.text.len() * 2 <= most * 3
    };
    let (headlines, texts): (Vec<_>, Vec<_>) =
        others.iter().map(|(headline, text, _)| (headline.text.len(), text.text.len())).unzip();
    is_below_line && is_near(headline, &headlines) && is_near(text, &texts)
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
