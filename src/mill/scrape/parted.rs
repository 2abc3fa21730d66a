//! A file with two lists of different layouts: bullets without days, then numbered items with them.
//!
//! A page read as one list either misreads the second or leaves it out. So where one list explains a page badly, the
//! page is cut in two above a heading, each half is read as a page of its own, with facts of its own, and the two
//! readings are taken together if they explain the page better even with the price of the switch.
//!
//! There are two places to cut at, so the cost stays linear: where the cheapest path that changes layouts once does so,
//! and above the second part of the page, where it says which its parts are. What costs least is taken.
//!
//! A menu is a list without days, too. So such a list counts here only above one that has days, and only when its
//! items stand under a heading and have the length of headlines; and no half is taken that is not read with confidence.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::blocks::{Block, Mark};
use super::label::{Kind, Label};
use super::layout::Layout;
use super::path::{Prices, SWITCH};
use super::reading::{Half, Told};
use super::{BlockUse, Draft, Rival, Scrape};

/// A page that one list explains so well has no second one.
const WELL: f64 = 0.92;
/// Smaller pages have no room for two lists.
const FEWEST_BLOCKS: usize = 6;
/// Items without days are headlines when they have so many words, halves counted: 3.5 on the average.
const HEADLINE_WORDS: (usize, usize) = (7, 2);
/// With less confidence no half is taken. A list of bare headlines has 0.7.
const SURE: f64 = 0.65;
/// How near one list has to come to be told of as a rival.
const NEAR: f64 = 0.05;

/// Whether it is worth looking for a second list.
pub(super) fn may_be(told: &Told<'_>) -> bool {
    told.blocks_read >= FEWEST_BLOCKS && told.score < WELL
}

/// The lines above which a page may be cut: those of headings.
pub(super) fn cuts(blocks: &[Block<'_>], labels: &[Label], prices: &[Prices<'_, '_>], cuts: &mut Vec<u32>) {
    let places = [where_layouts_change(blocks, labels, prices), second_part(blocks)];
    for block in places.into_iter().flatten().filter_map(|at| blocks.get(at)) {
        if !cuts.contains(&block.line) {
            cuts.push(block.line);
        }
    }
}

/// Whether a second list may begin with this block.
fn is_heading(block: &Block<'_>, label: &Label) -> bool {
    label.kind == Kind::Text && block.mark == Mark::None && (block.level() > 0 || (label.short && block.gap > 0))
}

/// The second of a few headings that the file says are of one level, the highest of which it has several.
fn second_part(blocks: &[Block<'_>]) -> Option<usize> {
    const FEW: usize = 4;
    (1..=6).find_map(|level| {
        let mut parts = blocks.iter().enumerate().filter(|(_, block)| block.level() == level).map(|(at, _)| at);
        let second = parts.by_ref().nth(1)?;
        (parts.take(FEW).count() + 2 <= FEW).then_some(second)
    })
}

/// Where the cheapest path changes layouts that may do so once, above a heading.
fn where_layouts_change(blocks: &[Block<'_>], labels: &[Label], prices: &[Prices<'_, '_>]) -> Option<usize> {
    let mut entries: Vec<u64> = Vec::new();
    for one in prices {
        let costs = one.costs();
        if entries.is_empty() {
            entries = costs;
        } else {
            entries.iter_mut().zip(costs).for_each(|(least, cost)| *least = cost.min(*least));
        }
    }
    let entries: Vec<Option<u64>> = entries
        .into_iter()
        .zip(blocks.iter().zip(labels))
        .map(|(cost, (block, label))| is_heading(block, label).then_some(cost + SWITCH))
        .collect();
    let ways = prices.iter().filter_map(|one| one.enter(&entries));
    ways.min_by_key(|(cost, at)| (*cost, *at)).map(|(_, at)| at)
}

/// The two halves of `whole`, cut above `line`, as one file, if they explain it better than it does, or if `asked` for.
pub(super) fn joined<'t>(
    whole: &Told<'t>,
    first: Told<'t>,
    second: Told<'t>,
    line: u32,
    asked: bool,
) -> Option<Told<'t>> {
    let halves = [&first, &second];
    let dated = |told: &Told<'_>| told.scrape.drafts.iter().any(|draft| draft.date.is_some());
    let sure = halves.iter().all(|half| half.scrape.refused.is_none() && half.scrape.drafts.len() > 1);
    let cost = |told: &Told<'_>| (1.0 - told.score) * count(told.blocks_read);
    let together = cost(&first) + cost(&second) + Prices::cost_of(SWITCH);
    let confidence = first.scrape.confidence.min(second.scrape.confidence);
    // Halves that are both much surer of their lists than the whole is are no accident of what stands around one.
    let are_surer = confidence > whole.scrape.confidence + NEAR;
    let is_one_list = || !are_surer && is_one_list(&whole.scrape, [&first.scrape, &second.scrape], line);
    let better = whole.scrape.refused.is_some() || (together < cost(whole) && !is_one_list());
    let lists = (dated(&first) || is_of_headlines(&first.scrape.drafts)) && dated(&second);
    let differ = first.scrape.layout != second.scrape.layout;
    if !(sure && (asked || (better && lists && differ && confidence >= SURE))) {
        return None;
    }
    let blocks_read = first.blocks_read + second.blocks_read;
    let score = 1.0 - together / count(blocks_read);
    let behind = score - whole.score;
    let rival = (whole.scrape.refused.is_none() && behind <= NEAR).then(|| Rival {
        layout: whole.scrape.layout.to_string(),
        items: whole.scrape.drafts.len(),
        behind,
    });
    let layout = format!("{}{}{}", first.scrape.layout, Layout::THEN, second.scrape.layout);
    let items = first.scrape.drafts.len();
    let mut drafts = first.scrape.drafts;
    drafts.extend(second.scrape.drafts);
    let mut faults = first.scrape.faults;
    faults.extend(second.scrape.faults);
    let mut blocks = first.blocks;
    blocks
        .extend(second.blocks.into_iter().map(|block| BlockUse { item: block.item.map(|item| item + items), ..block }));
    let newest = first.scrape.newest.max(second.scrape.newest);
    let scrape =
        Scrape { layout: Cow::Owned(layout), confidence, drafts, faults, refused: None, newest, language: None, rival };
    Some(Told { scrape, blocks, score, blocks_read, cuts: Vec::new() })
}

/// Whether the heading at `line`, above which the page was cut, is within one of its items, whose title is as long as
/// those of the others, and the halves give titles another day than they have together: then it is one list, and what
/// stands around it was the reason to read a half of it otherwise.
fn is_one_list(whole: &Scrape<'_>, halves: [&Scrape<'_>; 2], line: u32) -> bool {
    let day = |draft: &Draft<'_>| draft.date.as_ref().and_then(|date| date.day);
    let length = |draft: &Draft<'_>| draft.title.chars().count();
    let is_at_cut = |draft: &Draft<'_>| (draft.line..=draft.last_line).contains(&line);
    let Some(cut) = whole.drafts.iter().find(|draft| is_at_cut(draft) && day(draft).is_some()) else { return false };
    let others = || whole.drafts.iter().filter(|draft| !is_at_cut(draft)).map(length);
    let is_like = |length: usize| {
        others().min().is_some_and(|least| least <= length * 3 / 2) && others().max() >= Some(length * 2 / 3)
    };
    let titles: FxHashSet<&str> = whole.drafts.iter().map(|draft| &*draft.title).collect();
    let dated: FxHashSet<(&str, _)> = whole.drafts.iter().map(|draft| (&*draft.title, day(draft))).collect();
    let is_shifted =
        |draft: &Draft<'_>| titles.contains(&*draft.title) && !dated.contains(&(&*draft.title, day(draft)));
    is_like(length(cut)) && halves.into_iter().flat_map(|half| &half.drafts).any(is_shifted)
}

#[expect(clippy::cast_precision_loss, reason = "a page has a few million blocks at most")]
fn count(blocks: usize) -> f64 {
    blocks as f64
}

/// Whether items without days are headlines rather than entries of a menu: by their texts, or by their length.
fn is_of_headlines(drafts: &[Draft<'_>]) -> bool {
    let words: usize = drafts.iter().map(|draft| super::shape::words(&draft.title)).sum();
    let (most, of) = HEADLINE_WORDS;
    // What stands under no heading is the menu of the site.
    let headed = drafts.iter().all(|draft| draft.section.is_some());
    drafts.len() > 1
        && headed
        && (drafts.iter().all(|draft| draft.summary.is_some()) || words * of >= drafts.len() * most)
}

/// `whole` cut above `line`.
pub(super) fn halves<'t>(whole: Half<'t>, line: u32) -> (Half<'t>, Half<'t>) {
    let at = super::blocks::line_start(whole.text, whole.before, line);
    let (above, below) = whole.text.split_at_checked(at).unwrap_or((whole.text, ""));
    let noted = whole.notes.partition_point(|note| note.line < line);
    let (notes_above, notes_below) = whole.notes.split_at_checked(noted).unwrap_or((whole.notes, &[]));
    (
        Half { text: above, notes: notes_above, ..whole },
        Half { text: below, notes: notes_below, before: line.saturating_sub(1) },
    )
}
