//! Facts of a file, taken once: how far apart its blocks stand, how its items are marked, how deep they stand.
//!
//! Facts are bound to dates. Counted over the whole file, a menu of forty bullets would set them all, and then every
//! true item would be charged for not being a menu entry.

use super::blocks::{Block, Mark, Page};
use super::label::{Kind, Label};

/// What the items of a file begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marking {
    None,
    Numbers,
    Bullets,
    /// Times of day, below the days.
    Clocks,
}

/// To which of its neighbours a date stands nearer, as blank lines show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lean {
    Neither,
    /// To the block before it: it ends something, or goes on.
    Up,
    /// To the block behind it: it begins something.
    Down,
}

/// The facts of one file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence {
    /// The most common number of blank lines before blocks without a mark.
    gap: u32,
    /// Hardly any blank lines: then each one says something.
    tight: bool,
    pub(crate) marking: Marking,
    /// Items stand deeper than headings.
    pub(crate) inset: bool,
    /// An item may begin at the margin all the same: it lost its mark, or all begin there and the rest hangs from them.
    pub(crate) outset: bool,
    pub(crate) lean: Lean,
    /// No newline at the end of the file.
    pub(crate) cut: bool,
    /// Under a day short lines and sentences take turns more than once, and not only under the last.
    posts: bool,
    /// Below the days stand titles and nothing else, several below some: how many letters the shortest has.
    bare: Option<usize>,
    /// Below the days stand texts without headlines: each is an item.
    pub(crate) alone: bool,
    /// Most days stand right below the line before them.
    close: bool,
    /// How the file itself marks the headlines of its items.
    heads: Option<Heads>,
}

/// What a richer form than text makes of headlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heads {
    /// Headings of this level.
    Level(u8),
    /// Links.
    Links,
}

impl Heads {
    fn of(block: &Block<'_>) -> Option<Self> {
        match block.level() {
            0 => (block.link().is_some() && block.date.is_none()).then_some(Self::Links),
            level => Some(Self::Level(level)),
        }
    }
}

impl Evidence {
    /// `dated` says which blocks have a date.
    pub(crate) fn of(page: &Page<'_>, labels: &[Label], dated: &dyn Fn(usize, &Block<'_>) -> bool) -> Self {
        let gap = common_gap(&page.blocks);
        let spaced = page.blocks.iter().skip(1).filter(|block| block.gap > 0).take(3).count();
        let heads = if page.noted { heads(page, labels, dated) } else { None };
        let marking = match heads {
            // Headings that hold the day: what is marked below them is their text.
            Some(Heads::Level(_)) if dated_heads(&page.blocks, heads, dated) => Marking::None,
            _ => marking(&page.blocks, heads, dated),
        };
        Self {
            gap,
            tight: gap == 0 && spaced == 3,
            marking,
            lean: lean(&page.blocks),
            inset: is_inset(&page.blocks, marking, dated),
            outset: has_marks_inset(&page.blocks, marking) || marking == Marking::None && hangs(labels),
            cut: page.cut,
            alone: false,
            close: gap == 0 && close(&page.blocks),
            posts: marking == Marking::None && posts(&page.blocks, labels),
            bare: if marking == Marking::None { bare(&page.blocks, labels) } else { None },
            heads,
        }
    }

    /// Whether `block` looks like the headlines of this file; `None` where the file marks none.
    pub(crate) fn is_head(&self, block: &Block<'_>) -> Option<bool> {
        self.heads.map(|heads| Heads::of(block) == Some(heads))
    }

    /// Whether the file says which lines are headings, and those of items are.
    pub(crate) fn has_headings(&self) -> bool {
        matches!(self.heads, Some(Heads::Level(_)))
    }

    /// Whether `block` is a heading within an item: deeper than those of items are.
    pub(crate) fn is_below_heads(&self, block: &Block<'_>) -> bool {
        matches!(self.heads, Some(Heads::Level(level)) if block.level() > level)
    }

    /// Whether `block` is the page's own headline: a heading of the first level where those of items have another, or
    /// none.
    pub(crate) fn is_page_title(&self, block: &Block<'_>) -> bool {
        block.level() == 1 && self.heads != Some(Heads::Level(1))
    }

    /// Lost lines leave a wide gap.
    pub(crate) fn is_wide(&self, block: &Block<'_>) -> bool {
        block.gap > self.gap && block.gap >= 2
    }

    /// A wide gap above a block that is itself whole: what was lost is something else.
    pub(crate) fn lost_above(&self, block: &Block<'_>) -> bool {
        self.is_wide(block) && self.is_marked(block)
    }

    /// A blank line above, where most days have none: what follows belongs less to what stands above.
    pub(crate) fn is_apart(&self, block: &Block<'_>) -> bool {
        self.close && block.gap > 0
    }

    /// Titles and nothing else stand below the days.
    pub(crate) fn has_bare_titles(&self) -> bool {
        self.bare.is_some()
    }

    /// Where titles and nothing else stand below the days, whether `block` is as long as they are.
    pub(crate) fn is_bare_title(&self, block: &Block<'_>) -> Option<bool> {
        self.bare.map(|shortest| block.text.chars().count() >= shortest)
    }

    /// More than one item can stand under a day: title and text by turns, with no marks.
    pub(crate) fn has_posts(&self) -> bool {
        self.posts
    }

    /// Wide, as seen from within an item.
    pub(crate) fn is_wide_inside(&self, block: &Block<'_>) -> bool {
        self.is_wide(block) || (self.tight && block.gap > 0)
    }

    /// Whether `block` bears the mark that items of this file bear.
    pub(crate) fn is_marked(&self, block: &Block<'_>) -> bool {
        match self.marking {
            Marking::None => true,
            Marking::Numbers => matches!(block.mark, Mark::Number(_)),
            Marking::Bullets => block.mark == Mark::Bullet,
            // The day above a time is no less.
            Marking::Clocks => matches!(block.mark, Mark::Clock) || block.date.is_some(),
        }
    }
}

/// Whether two days or more, the last aside, have two pairs of a short line and a sentence below them, or one of them
/// has and no day has less than one.
fn posts(blocks: &[Block<'_>], labels: &[Label]) -> bool {
    let pairs = labels
        .iter()
        .zip(labels.iter().skip(1))
        .map(|(one, next)| one.kind == Kind::Text && one.short && next.reads_like_text() && next.kind == Kind::Text);
    let (mut days, mut here, mut several) = (0_u32, 0_u32, 0_u32);
    for (block, is_pair) in blocks.iter().zip(pairs) {
        if block.date.is_some() {
            several += u32::from(days > 0 && here > 1);
            (days, here) = (days + 1, 0);
        }
        here += u32::from(is_pair);
    }
    // Behind the last day stands what comes after the list, too.
    several >= 1 && several * 4 >= days.saturating_sub(1)
}

/// How many letters the shortest title has where titles and nothing else stand below the days, the last aside, and not
/// as many below each: no line is a sentence or a word or two, and those right below the days are about as long as the
/// others, as titles above texts are not.
fn bare(blocks: &[Block<'_>], labels: &[Label]) -> Option<usize> {
    let (mut days, mut fewest, mut most, mut shortest) = (0_u32, usize::MAX, 0, usize::MAX);
    let (mut first, mut other) = ((0, 0), (0, 0));
    // The lengths of the lines below the day at hand, and whether one is no title.
    let (mut here, mut is_odd): (Vec<usize>, bool) = (Vec::new(), false);
    for (block, label) in blocks.iter().zip(labels) {
        match label.kind {
            // A day that says more is that of one item.
            Kind::Date(_) if label.named || (days > 0 && (is_odd || here.is_empty())) => return None,
            Kind::Date(_) => {
                (fewest, most) = if days > 0 { (fewest.min(here.len()), most.max(here.len())) } else { (fewest, most) };
                for (length, at) in here.drain(..).zip(0_usize..) {
                    shortest = shortest.min(length);
                    let (sum, count) = if at == 0 { &mut first } else { &mut other };
                    (*sum, *count) = (*sum + length, *count + 1);
                }
                (days, is_odd) = (days + 1, false);
            }
            Kind::Text if label.reads_like_text() || label.brief || label.holds_day() => is_odd = true,
            Kind::Text if days > 0 => here.push(block.text.chars().count()),
            Kind::Text | Kind::Furniture | Kind::Month => {}
            _ => is_odd = true,
        }
    }
    let mean = |(sum, count): (usize, usize)| sum / count.max(1);
    // Behind the last day stands what comes after the list, too.
    let are_alike = mean(other) * 2 <= mean(first) * 3 && mean(first) * 2 <= mean(other) * 3;
    (days > 2 && fewest == 1 && most > 1 && are_alike).then_some(shortest)
}

/// Whether half of the dates at least have no blank line before them, and some have.
fn close(blocks: &[Block<'_>]) -> bool {
    let dates = || blocks.iter().filter(|block| block.date.is_some());
    let apart = dates().filter(|block| block.gap > 0).count();
    apart > 0 && apart * 2 <= dates().count()
}

/// Four in five dates, and two at least, have to stand nearer to the same side.
fn lean(blocks: &[Block<'_>]) -> Lean {
    let (mut dates, mut up, mut down) = (0_u32, 0_u32, 0_u32);
    for (block, next) in blocks.iter().zip(blocks.iter().skip(1)).filter(|(block, _)| block.date.is_some()) {
        dates += 1;
        up += u32::from(block.gap < next.gap);
        down += u32::from(block.gap > next.gap);
    }
    let most = |count: u32| count >= 2 && count * 5 >= dates * 4;
    match (most(up), most(down)) {
        (true, false) => Lean::Up,
        (false, true) => Lean::Down,
        _ => Lean::Neither,
    }
}

fn common_gap(blocks: &[Block<'_>]) -> u32 {
    let mut counts = [0_u32; 16];
    for block in blocks.iter().skip(1).filter(|block| block.mark == Mark::None) {
        let at = usize::try_from(block.gap).unwrap_or(usize::MAX).min(counts.len() - 1);
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    counts.iter().zip(0..).find(|(count, _)| **count == most).map_or(0, |(_, gap)| gap)
}

/// Marks count as those of items when there are two, and more than half of the dates have one on them or on the three
/// blocks before them. With fewer than two dates, only the marks are left to ask.
fn marking(blocks: &[Block<'_>], heads: Option<Heads>, dated: &dyn Fn(usize, &Block<'_>) -> bool) -> Marking {
    let (mut numbers, mut bullets) = (0_u32, 0_u32);
    let (mut dates, mut numbered, mut bulleted) = (0_u32, 0_u32, 0_u32);
    // How many blocks ago each mark stood.
    let (mut clocks, mut clocked, mut date_ago) = (0_u32, 0_u32, u32::MAX);
    let (mut number_ago, mut bullet_ago) = (u32::MAX, u32::MAX);
    for (at, block) in blocks.iter().enumerate() {
        (number_ago, bullet_ago) = (number_ago.saturating_add(1), bullet_ago.saturating_add(1));
        match block.mark {
            Mark::Number(_) => (numbers, number_ago) = (numbers + 1, 0),
            Mark::Bullet => (bullets, bullet_ago) = (bullets + 1, 0),
            Mark::Clock => {
                clocks += 1;
                clocked += u32::from(date_ago < 3);
                date_ago = u32::MAX;
            }
            // A headline at the margin that is a heading has its marks, if any, on it: those above are another item's.
            Mark::None if block.level() > 0 && block.indent == 0 && Heads::of(block) == heads => {
                (number_ago, bullet_ago) = (u32::MAX, u32::MAX);
            }
            Mark::None => {}
        }
        date_ago = date_ago.saturating_add(1);
        if dated(at, block) {
            date_ago = 0;
            dates += 1;
            // A line that holds its title and its day begins the item.
            let near = if block.date.is_some() { 3 } else { 0 };
            numbered += u32::from(number_ago <= near);
            bulleted += u32::from(bullet_ago <= near);
        }
    }
    if numbers >= 2 && (dates < 2 || numbered * 2 > dates) {
        Marking::Numbers
    } else if bullets >= 2 && (dates < 2 || bulleted * 2 > dates) {
        Marking::Bullets
    } else if clocks >= 2
        && clocked * 2 > dates
        && (clocks > dates || (clocks + dates) as usize * 5 >= blocks.len() * 4)
    {
        Marking::Clocks
    } else {
        Marking::None
    }
}

/// Whether most headlines hold their day.
fn dated_heads(blocks: &[Block<'_>], heads: Option<Heads>, dated: &dyn Fn(usize, &Block<'_>) -> bool) -> bool {
    let (mut all, mut with_day) = (0_u32, 0_u32);
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| Heads::of(block) == heads) {
        all += 1;
        with_day += u32::from(dated(at, block));
    }
    with_day * 2 > all
}

/// What stands near three dates of four, on one side of them, or holds them: headings of one level, else links. A link
/// that only leads on to the article is no headline, be it the only one of its item.
fn heads(page: &Page<'_>, labels: &[Label], dated: &dyn Fn(usize, &Block<'_>) -> bool) -> Option<Heads> {
    const NEAR: usize = 4;
    let blocks = &page.blocks;
    let says_nothing = |at: usize| labels.get(at).is_some_and(|label| label.kind == Kind::Furniture);
    let levels = (1..=6).filter(|level| !head_items(page, *level)).map(Heads::Level);
    levels.chain([Heads::Links]).find(|heads| {
        let (mut dates, mut before, mut behind) = (0_u32, 0_u32, 0_u32);
        let (mut head_ago, mut date_ago) = (usize::MAX, usize::MAX);
        for (at, block) in blocks.iter().enumerate() {
            (head_ago, date_ago) = (head_ago.saturating_add(1), date_ago.saturating_add(1));
            if Heads::of(block) == Some(*heads) && !(*heads == Heads::Links && says_nothing(at)) {
                behind += u32::from(date_ago <= NEAR);
                (head_ago, date_ago) = (0, usize::MAX);
            }
            if block.date.is_some() || (head_ago == 0 && dated(at, block)) {
                dates += 1;
                before += u32::from(head_ago <= NEAR);
                (head_ago, date_ago) = (usize::MAX, 0);
            }
        }
        before.max(behind) >= 2 && before.max(behind) * 4 >= dates * 3
    })
}

/// Whether the headings of this level head items and are none of their headlines: most are days and nothing else, or
/// all of several say the same.
fn head_items(page: &Page<'_>, level: u8) -> bool {
    let is_day = |block: &Block<'_>| {
        page.date(block).is_some_and(|printed| printed.raw().len() == block.text.len() && !printed.is_range())
    };
    let headings = || page.blocks.iter().filter(|block| block.level() == level);
    let count = headings().count();
    let is_same = || headings().zip(headings().skip(1)).all(|(one, next)| one.text == next.text);
    headings().filter(|block| is_day(block)).count() * 2 > count || (count > 1 && is_same())
}

/// Whether the median date, or without dates the median mark, stands deeper than the margin.
fn is_inset(blocks: &[Block<'_>], marking: Marking, dated: &dyn Fn(usize, &Block<'_>) -> bool) -> bool {
    stands_in(blocks, dated).unwrap_or_else(|| marking != Marking::None && has_marks_inset(blocks, marking))
}

/// Whether the median mark stands deeper than the margin. Where most items lost theirs the numbers that are left count.
fn has_marks_inset(blocks: &[Block<'_>], marking: Marking) -> bool {
    let counts = |block: &Block<'_>| match block.mark {
        Mark::Number(_) => true,
        Mark::None => false,
        _ => marking != Marking::None,
    };
    stands_in(blocks, &|_, block| counts(block)) == Some(true)
}

/// Whether the median of the wanted blocks stands deeper than the margin; `None` if there is none.
fn stands_in(blocks: &[Block<'_>], wanted: &dyn Fn(usize, &Block<'_>) -> bool) -> Option<bool> {
    let (mut all, mut deeper) = (0_u32, 0_u32);
    for (_, block) in blocks.iter().enumerate().filter(|(at, block)| wanted(*at, block)) {
        all += 1;
        deeper += u32::from(block.indent > 0);
    }
    (all > 0).then_some(deeper * 2 > all)
}

/// Whether most days stand below a line at the margin: what stands deeper hangs from it.
fn hangs(labels: &[Label]) -> bool {
    let heads = labels.iter().filter(|label| label.lost.begins_outset).count();
    heads * 2 > labels.iter().filter(|label| label.is_date()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::scrape::blocks::{Unit, split};
    use crate::mill::scrape::language::Lexicon;

    fn evidence(text: &str) -> Evidence {
        Evidence::of(&split(text, &[], Unit::Run, Lexicon::of(None)), &[], &|_, block| block.date.is_some())
    }

    #[test]
    fn a_menu_of_bullets_says_nothing_of_the_items() {
        let menu = "• Home\n".repeat(40);
        let items = "  1. Title\n\n    15 June 2020\n\n    Text.\n\n".repeat(3);
        assert_eq!(evidence(&format!("{menu}\n{items}")).marking, Marking::Numbers);
        let unmarked = "Title\n\n15 June 2020\n\nText.\n\n".repeat(3);
        assert_eq!(evidence(&format!("{menu}\n{unmarked}")).marking, Marking::None);
    }

    #[test]
    fn what_stands_near_most_dates_marks_the_headlines() {
        use crate::mill::scrape::rendition::Note;
        let level = |line, level| Note { line, level, ..Note::default() };
        let link = |line| Note { line, link: Some("/1".into()), ..Note::default() };
        let text = "News\n\n2020\n\nOne\n\n15 June 2020\n\nMore\n\nTwo\n\n14 June 2020\n\nMore\n";
        let dated = |_: usize, block: &Block<'_>| block.date.is_some();
        let heads = |notes: &[Note]| heads(&split(text, notes, Unit::Run, Lexicon::of(None)), &[], &dated);
        assert_eq!(
            heads(&[level(1, 1), level(3, 2), level(5, 3), link(9), level(11, 3), link(15)]),
            Some(Heads::Level(3))
        );
        assert_eq!(heads(&[level(1, 1), link(5), link(11)]), Some(Heads::Links));
        assert_eq!(heads(&[level(1, 1), level(3, 2), link(5)]), None);
    }

    #[test]
    fn a_gap_is_wide_when_it_is_more_than_the_common_one_and_at_least_two() {
        let evidence = evidence("a\n\nb\n\nc\n\n\nd\n");
        let page = split("a\n\nb\n\n\nc\n", &[], Unit::Run, Lexicon::of(None));
        let wide: Vec<_> = page.blocks.iter().map(|block| evidence.is_wide(block)).collect();
        assert_eq!(wide, [false, false, true]);
    }
}
