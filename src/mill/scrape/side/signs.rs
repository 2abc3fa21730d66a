//! Signs that say it: brackets around the days, and what parts the items.

use super::list::{List, SEVERAL, is_line, is_text};
use super::{Side, Told};
use crate::mill::scrape::blocks::Mark;

/// What brackets around all days say, where no item has a text and a headline below other lines ends the head.
pub(super) fn brackets(list: &List<'_, '_>) -> Option<Told> {
    let is_bracketed = |day: &usize| {
        let text = list.text(*day);
        text.starts_with(['(', '（']) && text.ends_with([')', '）'])
    };
    let has_headline = list.begins_below_line() && list.head().nth(1).is_some();
    let has_texts = || list.said(list.first + 1..list.last).any(|(_, label)| is_text(label));
    (list.days.iter().all(is_bracketed) && has_headline && !has_texts()).then_some(Side::BelowHeadline.into())
}

/// What rules between the items say.
pub(super) fn rules(list: &List<'_, '_>) -> Option<Told> {
    parted_by(list, &|at| {
        let text = list.text(at);
        list.is_furniture(at) && text.len() >= SEVERAL && !text.contains(char::is_alphanumeric)
    })
}

/// What the numbers of the items say.
pub(super) fn numbers(list: &List<'_, '_>) -> Option<Told> {
    let is_number = |at: usize| list.page.blocks.get(at).is_some_and(|block| matches!(block.mark, Mark::Number(_)));
    parted_by(list, &is_number)
}

/// What it says that something stands between each two items: it parts a day from what is no part of its item. What may
/// underline days, and stands with the first or the last as well, where nothing is left to be parted, belongs to them.
fn parted_by(list: &List<'_, '_>, parts: &dyn Fn(usize) -> bool) -> Option<Told> {
    let (first, last, length) = (list.first, list.last, list.labels.len());
    let is_parted = |above: usize, at: usize| (above + 1..=at).any(parts);
    let (head, tail) = (list.head().next_back(), list.said(last + 1..length).next());
    let begins = !(head.map_or(0, |(at, _)| at + 1)..=first).any(parts);
    let ends = !(last + 1..tail.map_or(length, |(at, _)| at + 1)).any(parts);
    if !(begins && ends) {
        return None;
    }
    let (mut below, mut above) = (head.is_some(), tail.is_some());
    let mut has_text = false;
    for [day, next] in list.gaps() {
        let (mut before, mut parted) = (day, Vec::new());
        for (at, label) in list.said(day + 1..next) {
            has_text |= is_text(label);
            // A text right behind what parts is that of the headline above the day.
            parted.extend(is_parted(before, at).then_some((before == day && is_line(label), false)));
            before = at;
        }
        parted.extend(is_parted(before, next).then_some((false, before > day)));
        let [(begins_item, ends_item)] = *parted else { return None };
        below &= begins_item;
        above &= ends_item;
    }
    let side = match (below, above) {
        (true, _) if has_text => Side::BelowText,
        (true, _) => Side::BelowHeadline,
        (_, true) => Side::AboveHeadline,
        _ => return None,
    };
    Some(side.into())
}
