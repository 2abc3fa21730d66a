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
/// By how much a title has to be odder than another to be the likelier one of the two to be none.
const ODDER: f64 = 1.5;

/// The lines of titles, and those of their days: 0 is none.
type Days = FxHashMap<u32, u32>;

/// By how much less of a page of so many blocks another explanation may explain, and be looked at: on a short page by
/// so much as three headings cost.
pub(super) fn slack(blocks: usize) -> f64 {
    NEAR.max(1.5 / blocks.max(1) as f64)
}

/// Puts another explanation first that dates as many items and explains the page nearly as well, where the two differ in
/// one of these ways.
///
/// - They tell most titles alike, each with the day of its neighbour, and the other is surer of its list, or what it alone
///   takes for a title looks more like the others: a line of a menu that is taken for one is a line explained more, and
///   shifts all that follow.
/// - Most titles of the first are a word or two, and hardly any of the other, which is surer of its list: those are
///   kickers.
/// - A day that heads what follows in the first is printed as a heading twice in a row, so it is that of one item, and the
///   other, which is surer of its list, has all but what stands under the last of them.
///
/// What stands around the list speaks for neither.
pub(super) fn surest_first(found: &mut [Explanation<'_>], looks: &[Look<'_, '_>]) {
    let Some(first) = found.first() else { return };
    let near = first.reading.score - slack(first.reading.steps.len());
    let sure = first.reading.confidence + SURER;
    let is_near = |of: &Explanation<'_>| of.reading.score >= near;
    // Most pages have none, and then it is needless to know the items.
    if !found.iter().skip(1).any(is_near) {
        return;
    }
    let dated = |items: &Days| items.values().filter(|day| **day > 0).count();
    let mostly_brief = |of: &Explanation<'_>, items: &Days| {
        let blocks = looks.get(of.look).map(|look| look.page.blocks.iter().zip(&look.labels)).into_iter().flatten();
        blocks.filter(|(block, label)| label.brief && items.contains_key(&block.line)).count() * 2 > items.len()
    };
    let ours = days_of(first, looks);
    let are_kickers = mostly_brief(first, &ours);
    let heads_twice = looks.get(first.look).is_some_and(|look| look.heads_twice(&first.reading.steps));
    let last_day = ours.values().copied().max().unwrap_or(0);
    let is_better = |of: &Explanation<'_>| {
        let is_surer = of.reading.confidence > sure;
        let theirs = days_of(of, looks);
        let is_theirs = |(title, day): (&u32, &u32)| *day == last_day || theirs.get(title) == Some(day);
        if heads_twice && is_surer && ours.iter().all(is_theirs) {
            return true;
        }
        let shifted = |(title, day): &(&u32, &u32)| **day > 0 && ours.get(title).is_some_and(|ours| ours != *day);
        let shifts = theirs.iter().filter(shifted).count() * 2 > theirs.len();
        let are_titles = is_surer && are_kickers && !mostly_brief(of, &theirs);
        let looks_better = || {
            let (own, other) = (oddity(of, &theirs, &ours, looks), oddity(first, &ours, &theirs, looks));
            let more = dated(&theirs) > dated(&ours) && own < ODDER;
            own * ODDER < other || more || (is_surer && own < other * ODDER)
        };
        dated(&theirs) >= dated(&ours) && (are_titles || (shifts && looks_better()))
    };
    let better = found.iter().enumerate().skip(1).filter(|(_, of)| is_near(of) && is_better(of));
    let surest = better.min_by(|(_, a), (_, b)| b.reading.confidence.total_cmp(&a.reading.confidence));
    if let Some((at, _)) = surest {
        found.swap(0, at);
    }
}

fn days_of(of: &Explanation<'_>, looks: &[Look<'_, '_>]) -> Days {
    looks.get(of.look).map(|look| look.items(of.layout, &look.tidied(of))).unwrap_or_default().into_iter().collect()
}

/// How far the titles that `items` have alone are from those that the `others` have, too: by how many times longer or
/// shorter the line nearest to the day is, for a menu can have poured into a title, or how many times farther from the day
/// that line stands.
fn oddity(of: &Explanation<'_>, items: &Days, others: &Days, looks: &[Look<'_, '_>]) -> f64 {
    let Some(look) = looks.get(of.look) else { return 1.0 };
    let mut shared = (usize::MAX, 0, 0);
    let mut alone = shared;
    for block in &look.page.blocks {
        let Some(day) = items.get(&block.line).copied().filter(|day| *day > 0) else { continue };
        let mut lines = block.text.lines();
        let nearest = if day < block.line { lines.next() } else { lines.next_back() };
        let length = nearest.map_or(0, |line| line.trim().chars().count());
        let away = if day < block.line { block.line - day } else { day.saturating_sub(block.last_line) };
        let range = if others.contains_key(&block.line) { &mut shared } else { &mut alone };
        *range = (range.0.min(length), range.1.max(length), range.2.max(away));
    }
    let times = |more: usize, less: usize| more as f64 / less.max(1) as f64;
    match (shared, alone) {
        ((.., 0, _), _) | (_, (.., 0, _)) => 1.0,
        ((shortest, longest, far), (short, long, away)) => {
            times(shortest, short).max(times(long, longest)).max(times(away as usize, far as usize)).max(1.0)
        }
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
