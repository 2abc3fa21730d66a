//! Menus: lists of a few words each, which lead through a site and stand around the list of items.
//!
//! In HTML their entries are links and nothing else, and lines note that; in text they have but bullets. Headlines may
//! be as short: what tells menus from them are the days of the page. Promised: no list in which a day stands is a menu.
//! Refused: to tell menus where fewer than [`SEVERAL`] days stand beside them.

use super::blocks::{Block, Mark, Page};
use super::label::{Kind, Label};

/// So many entries make a list, and so many days a page of items.
pub(super) const SEVERAL: usize = 3;
/// How wide entries are on the average at most: many a headline is short, but not most.
pub(super) const COMMON: usize = 22;
/// How wide the widest entry may be.
const WIDEST: usize = 48;

/// How many letters a text has, where one that stands for a syllable or a word counts for three.
pub(super) fn wide(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{2e80}' { 3 } else { 1 }).sum()
}

/// Whether entries of these widths may be those of a menu.
pub(super) fn may_have(widths: impl Iterator<Item = usize>) -> bool {
    let (count, widest, sum) =
        widths.fold((0, 0, 0), |(count, widest, sum), width| (count + 1, width.max(widest), sum + width));
    count >= SEVERAL && widest <= WIDEST && sum <= count * COMMON
}

/// Has the labels of menus say nothing.
pub(super) fn leave_out(page: &Page<'_>, labels: &mut [Label]) {
    if page.blocks.iter().any(Block::is_in_menu) { noted(page, labels) } else { bulleted(page, labels) }
}

/// Whether a day stands in the block, or is it.
fn states_day((block, label): (&Block<'_>, &Label)) -> bool {
    block.date.is_some() || label.holds_day() || matches!(label.kind, Kind::CutDate | Kind::Row)
}

/// Lists that are noted as what may be menus are, unless a day stands in them or right above.
fn noted(page: &Page<'_>, labels: &mut [Label]) {
    let (mut found, mut days, mut end) = (Vec::new(), 0, 0);
    let mut is_below_day = false;
    for run in page.blocks.chunk_by(|one, next| one.is_in_menu() == next.is_in_menu()) {
        let start = end;
        end += run.len();
        let dated = run.iter().zip(labels.iter().skip(start)).filter(|it| states_day(*it)).count();
        if !run.first().is_some_and(Block::is_in_menu) {
            days += dated;
            is_below_day = run.last().is_some_and(|block| block.date.is_some());
        } else if dated == 0 && !is_below_day {
            found.push(start..end);
        }
    }
    if days < SEVERAL {
        return;
    }
    for entries in found {
        let entries = labels.get_mut(entries).unwrap_or_default().iter_mut();
        entries.filter(|label| label.kind == Kind::Text).for_each(|label| label.kind = Kind::Furniture);
    }
}

/// Lists of a few words with a bullet each are menus above the first day; and below the last, where none stands between
/// the two. The last entry near the first day is the title of its item.
fn bulleted(page: &Page<'_>, labels: &mut [Label]) {
    if !page.blocks.iter().any(|block| block.mark == Mark::Bullet) {
        return;
    }
    let is_entry = |block: &Block<'_>, label: &Label| {
        let is_few_words = label.kind == Kind::Furniture || (label.kind == Kind::Text && label.short);
        block.mark == Mark::Bullet && is_few_words && !label.holds_day()
    };
    let blocks = || page.blocks.iter().zip(&*labels);
    let days: Vec<usize> = blocks().enumerate().filter(|(_, it)| states_day(*it)).map(|(at, _)| at).collect();
    let (Some(&first), Some(&last), true) = (days.first(), days.last(), days.len() >= SEVERAL) else { return };
    let entries: Vec<Option<usize>> =
        blocks().map(|(block, label)| is_entry(block, label).then(|| wide(block.text))).collect();
    let (mut above, mut below, mut between, mut end) = (Vec::new(), Vec::new(), false, 0);
    for run in entries.chunk_by(|one, next| one.is_some() == next.is_some()) {
        let start = end;
        end += run.len();
        let near = usize::from(end <= first && end + 2 > first);
        let widths = || run.iter().flatten().copied().take(run.len() - near);
        // A list below a day, however short, may be what is told of it.
        between |= widths().next().is_some() && end > first && start <= last;
        if !may_have(widths()) {
            continue;
        }
        if end <= first {
            above.push(start..end - near);
        } else if start > last + 1 {
            below.push(start..end);
        }
    }
    // How far apart the entries stand says nothing of the items, as it would if they were furniture, without a bullet.
    for list in above.into_iter().chain(below.into_iter().filter(|_| !between)) {
        labels.get_mut(list).unwrap_or_default().iter_mut().for_each(|label| label.kind = Kind::Menu);
    }
}
