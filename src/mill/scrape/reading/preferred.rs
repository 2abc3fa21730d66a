//! Which of several explanations of a page is taken, and which one comes near.

use rustc_hash::FxHashMap;

use super::{Explanation, Look};
use crate::mill::scrape::Rival;

/// How near a rival has to come, as a share of what a file can cost, to be told of.
pub(super) const NEAR: f64 = 0.05;
/// By how much an explanation has to be surer of its list than another that explains more of the page.
const SURER: f64 = 0.005;
/// Of layouts no farther apart than this the list decides.
pub(super) const TIED: f64 = 0.005;

/// Puts another explanation first that is surer of its list, dates as many items and explains the page nearly as well,
/// where the two differ in one of these ways. What stands around the list then speaks for neither.
///
/// - They tell most titles alike, each with the day of its neighbour: a line of a menu that is taken for a title is a
///   line explained more, and shifts all that follow.
/// - Most titles of the first are a word or two, and hardly any of the other: those are kickers.
pub(super) fn surest_first(found: &mut [Explanation<'_>], looks: &[Look<'_, '_>]) {
    let Some(first) = found.first() else { return };
    let (near, sure) = (first.reading.score - NEAR, first.reading.confidence + SURER);
    let may_be = |of: &Explanation<'_>| of.reading.score >= near && of.reading.confidence > sure;
    // Most pages have none, and then it is needless to know the items.
    if !found.iter().any(may_be) {
        return;
    }
    let items = |of: &Explanation<'_>| -> FxHashMap<u32, u32> {
        looks.get(of.look).map(|look| look.items(of.layout, &look.tidied(of))).unwrap_or_default().into_iter().collect()
    };
    let dated = |items: &FxHashMap<u32, u32>| items.values().filter(|day| **day > 0).count();
    let mostly_brief = |of: &Explanation<'_>, items: &FxHashMap<u32, u32>| {
        let blocks = looks.get(of.look).map(|look| look.page.blocks.iter().zip(&look.labels)).into_iter().flatten();
        blocks.filter(|(block, label)| label.brief && items.contains_key(&block.line)).count() * 2 > items.len()
    };
    let ours = items(first);
    let are_kickers = mostly_brief(first, &ours);
    let is_better = |of: &Explanation<'_>| {
        let theirs = items(of);
        let shifted = |(title, day): &(&u32, &u32)| **day > 0 && ours.get(title).is_some_and(|ours| ours != *day);
        let shifts = theirs.iter().filter(shifted).count() * 2 > theirs.len();
        dated(&theirs) >= dated(&ours) && (shifts || (are_kickers && !mostly_brief(of, &theirs)))
    };
    let surer = found.iter().enumerate().filter(|(_, of)| may_be(of) && is_better(of));
    let surest = surer.min_by(|(_, a), (_, b)| b.reading.confidence.total_cmp(&a.reading.confidence));
    if let Some((at, _)) = surest {
        found.swap(0, at);
    }
}

/// The best of those that explain the file nearly as well as the first, and read other items.
pub(super) fn rival(first: &Explanation<'_>, others: &[Explanation<'_>], looks: &[Look<'_, '_>]) -> Option<Rival> {
    let behind = |other: &Explanation<'_>| first.reading.score - other.reading.score;
    let items = |of: &Explanation<'_>| Some(looks.get(of.look)?.items(of.layout, &of.reading.steps));
    let mut near = others.iter().filter(|other| behind(other) <= NEAR).peekable();
    // Most pages have none, and then it is needless to know the items.
    near.peek()?;
    let ours = items(first)?;
    let (other, theirs) = near
        .filter_map(|other| Some((other, items(other)?)))
        .filter(|(_, theirs)| *theirs != ours && !theirs.is_empty())
        .min_by(|(a, _), (b, _)| b.reading.score.total_cmp(&a.reading.score))?;
    // One that explains more of the page, and is less sure of its list, is not behind.
    Some(Rival { layout: other.layout.name.to_string(), items: theirs.len(), behind: behind(other).max(0.0) })
}
