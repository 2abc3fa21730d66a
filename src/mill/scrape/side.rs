//! Whether the days of a page begin its items or end them.
//!
//! Day, headline and text, day, headline and text: between two days both orders look alike, and to take one for the other
//! gives each item its neighbour's day. Only the two ends of a list tell them apart:
//! - Where the first day stands below a headline and its text, and no text follows the last one, the days end their items;
//!   where it is the other way round, they begin them.
//! - What stands with each item, `Read the article`, stands with the first and with the last. Where none stands above the
//!   first day, and one below the last behind what is said there, the days stand above. Where it stands right behind each
//!   day they stand below, but what asks to share, which may stand anywhere, tells that only where no item is behind the last
//!   one; so they do where it stands right above each, and not below the last.
//! - A rule between each two items, and at neither end of the list, parts a day from what is no part of its item. So does the
//!   number of an item.
//! - The numbers of further pages and what pages call their boxes, `About us`, stand below a list: what is behind them is no
//!   item. Nor is a box above the first day.
//! - Days in brackets between headlines without texts stand below them, where a headline stands above the first one.
//! - Where what stands at one end is as long as items are, headline and text, and what stands at the other is not, that one
//!   is no item.
//!
//! Anything else says nothing, and the prices decide: a sentence about the page above the first day, or a box without a name
//! that we know below the last, where both are as long as items are; days between headlines that have no texts, with lines
//! at both ends.

use std::ops::Range;

use super::blocks::{Mark, Page};
use super::furniture::is_furniture;
use super::label::{Kind, Label};
use super::language::Lexicon;
use super::layout::{Field, Layout};

/// So many days make a list.
const SEVERAL: usize = 3;
/// Where so many items have a text, the last one hardly lacks it.
const MANY: usize = 4;

/// On which side of its item a day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Above the headline.
    AboveHeadline,
    /// Above the text. The headline may be what stands above the day.
    AboveText,
    /// Below the headline, be it above the text or below that.
    Below,
    /// Below the headline. The text may be what stands below the day.
    BelowHeadline,
    /// Below the text.
    BelowText,
}

/// What is said between two days, in this order.
struct Between {
    /// The day above.
    day: usize,
    /// Lines above the first text. The last of them is the headline.
    lines: Vec<usize>,
    /// Lines below the last text.
    behind: Vec<usize>,
}

/// Words that stand with each item, `Read more`: one between each two days.
struct Companion {
    day: usize,
    at: usize,
    next: usize,
}

impl Companion {
    /// How much is said above it, from the day on.
    fn above(&self, labels: &[Label]) -> usize {
        said(labels, self.day + 1..self.at).count()
    }

    /// How much is said below it, up to the next day.
    fn below(&self, labels: &[Label]) -> usize {
        said(labels, self.at + 1..self.next).count()
    }

    /// Whether they stand right behind each day, and behind the last at `own`, and the first day has an item above it.
    fn follow_days(all: &[Self], own: usize, labels: &[Label], days: &[usize]) -> bool {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return false };
        let above = said(labels, 0..*first).filter(|(_, label)| !label.names_part()).count();
        let fewest = all.iter().map(|one| one.below(labels)).min().unwrap_or(0);
        above >= fewest && all.iter().all(|one| one.above(labels) == 0) && said(labels, last + 1..own).next().is_none()
    }

    /// What it says that none stands above the first day, and one below the last behind what is said in `tail`.
    fn end_items(all: &[Self], labels: &[Label], tail: Range<usize>) -> Option<Side> {
        let most = all.iter().map(|one| said(labels, one.day + 1..one.next).count()).max()?;
        let texts = said(labels, tail.clone()).filter(|(_, label)| is_text(label)).count();
        let lines = said(labels, tail).count() - texts;
        // What else stands between two items may be a box of the page.
        let are = |count: usize| all.iter().filter(|one| one.below(labels) == count).count() * 4 >= all.len() * 3;
        match (texts, lines) {
            (texts, lines) if texts + lines > most => None,
            (_, 1..) if are(0) => Some(Side::AboveHeadline),
            (1.., _) if are(1) => Some(Side::AboveText),
            _ => None,
        }
    }

    /// What it says that one stands above each day, the first as well at the beginning of `head`, and none below the last.
    fn stand_above_days(all: &[Self], labels: &[Label], head: Range<usize>) -> Option<Side> {
        let is_near = |of: Range<usize>| said(labels, of).next().is_none();
        let end_items = all.iter().all(|one| one.above(labels) > 0 && one.below(labels) == 0) && is_near(head.clone());
        let has_item = said(labels, 0..head.start).filter(|(_, label)| !label.names_part()).count()
            >= all.iter().map(|one| one.above(labels)).min()?;
        (end_items && has_item).then_some(Side::Below)
    }
}

impl Side {
    /// What tells of the whole list, the surest first, and of its two ends; `None` where nothing does, or not the same.
    ///
    /// What stands between a day and the next headline belongs to the day where that ends an item, and is made furniture:
    /// a category, how long it takes to read it.
    pub(crate) fn of(page: &Page<'_>, labels: &mut [Label], lexicon: &Lexicon) -> Option<Self> {
        let is_day = |at: &usize| labels.get(*at).is_some_and(|label| matches!(label.kind, Kind::Date(_)));
        let days: Vec<usize> = (0..labels.len()).filter(is_day).collect();
        if days.len() < SEVERAL || days.len() != page.dates.len() {
            return None;
        }
        let end = foot(page, labels, days.last()? + 1);
        let side = Self::by_brackets(page, labels, &days)
            .or_else(|| Self::by_partings(page, labels, &days))
            .or_else(|| Self::by_companions(page, labels, &days, end, lexicon, false))
            .or_else(|| Self::by_ends(page, labels, &days, end))
            .or_else(|| Self::by_companions(page, labels, &days, end, lexicon, true))
            .or_else(|| Self::by_lengths(page, labels, &days, end));
        if side == Some(Self::BelowHeadline) {
            leave_names(labels, &days);
        }
        // Where the day ends the item none stands below the last one, unless the file is cut there, or a list of marked ones follows.
        if matches!(side, Some(Self::Below | Self::BelowText)) && !page.cut {
            let below = labels.iter_mut().zip(&page.blocks).skip(days.last()? + 1);
            below
                .filter(|(label, block)| label.kind == Kind::Text && block.mark == Mark::None)
                .for_each(|(label, _)| label.kind = Kind::Furniture);
        }
        side
    }

    /// What brackets around all days say, where no item has a text and a headline below other lines ends the head.
    fn by_brackets(page: &Page<'_>, labels: &[Label], days: &[usize]) -> Option<Self> {
        let (first, last) = (*days.first()?, *days.last()?);
        let mut texts = days.iter().filter_map(|day| Some(page.blocks.get(*day)?.text));
        let are_bracketed = texts.all(|text| text.starts_with(['(', '（']) && text.ends_with([')', '）']));
        let has_headline = stands_below_line(labels, first) && said(labels, 0..first).nth(1).is_some();
        let has_texts = || said(labels, first + 1..last).any(|(_, label)| is_text(label));
        (are_bracketed && has_headline && !has_texts()).then_some(Self::BelowHeadline)
    }

    /// What those words say that stand with each item, and with the first above its day, or with the last below.
    fn by_companions(
        page: &Page<'_>,
        labels: &[Label],
        days: &[usize],
        end: usize,
        lexicon: &Lexicon,
        with_first: bool,
    ) -> Option<Self> {
        const MOST: usize = 6;
        let (first, second, last) = (*days.first()?, *days.get(1)?, *days.last()?);
        let words = |at: usize| {
            let is_one = labels.get(at).is_some_and(|label| label.kind == Kind::Furniture);
            page.blocks.get(at).map(|block| block.text).filter(|text| is_one && text.contains(char::is_alphabetic))
        };
        // A category that all items have in common, or how long one reads, may stand above a headline.
        let offers = |what: &str| is_furniture(what, lexicon) && !what.contains(|c: char| c.is_ascii_digit());
        let find = |what: &str, mut of: Range<usize>| of.find(|at| words(*at) == Some(what));
        (first + 1..second).filter_map(words).take(MOST).find_map(|what| {
            let found: Vec<Companion> = gaps(days)
                .map(|[day, next]| Some(Companion { day, at: find(what, day + 1..next)?, next }))
                .collect::<Option<_>>()?;
            match (find(what, 0..first), find(what, last + 1..end)) {
                (own, _) if own.is_some() != with_first => None,
                // `Share` may stand between a day and its headline, where what is said behind the last is an item.
                (None, Some(own))
                    if offers(what)
                        && Companion::follow_days(&found, own, labels, days)
                        && (!lexicon.shares(what)
                            || said(labels, own + 1..end).next().is_none()
                            || alike(page, labels, days, end) == Some((Some(true), Some(false)))) =>
                {
                    Some(Self::Below)
                }
                (None, Some(own)) => Companion::end_items(&found, labels, last + 1..own),
                (Some(own), None) if offers(what) => Companion::stand_above_days(&found, labels, own..first),
                _ => None,
            }
        })
    }

    /// What parts the items says: rules, or their numbers.
    fn by_partings(page: &Page<'_>, labels: &[Label], days: &[usize]) -> Option<Self> {
        let block = |at: usize| page.blocks.get(at);
        let is_rule = |at: usize| {
            let is_one = labels.get(at).is_some_and(|label| label.kind == Kind::Furniture);
            let text = block(at).map_or("", |block| block.text);
            is_one && text.len() >= SEVERAL && !text.contains(char::is_alphanumeric)
        };
        let is_number = |at: usize| block(at).is_some_and(|block| matches!(block.mark, Mark::Number(_)));
        Self::parted_by(labels, days, &is_rule).or_else(|| Self::parted_by(labels, days, &is_number))
    }

    /// What it says that something stands between each two items: it parts a day from what is no part of its item. What
    /// may underline days, and stands with the first or the last as well, where nothing is left to be parted, belongs to
    /// them.
    fn parted_by(labels: &[Label], days: &[usize], parts: &dyn Fn(usize) -> bool) -> Option<Self> {
        let (first, last) = (*days.first()?, *days.last()?);
        let is_parted = |above: usize, at: usize| (above + 1..=at).any(parts);
        let (head, tail) = (said(labels, 0..first).next_back(), said(labels, last + 1..labels.len()).next());
        let begins = !(head.map_or(0, |(at, _)| at + 1)..=first).any(parts);
        let ends = !(last + 1..tail.map_or(labels.len(), |(at, _)| at + 1)).any(parts);
        if !(begins && ends) {
            return None;
        }
        let (mut below, mut above) = (head.is_some(), tail.is_some());
        let mut has_text = false;
        for [day, next] in gaps(days) {
            let (mut before, mut parted) = (day, Vec::new());
            for (at, label) in said(labels, day + 1..next) {
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
        match (below, above) {
            (true, _) if has_text => Some(Self::BelowText),
            (true, _) => Some(Self::BelowHeadline),
            (_, true) => Some(Self::AboveHeadline),
            _ => None,
        }
    }

    /// What the first item says, and the last.
    fn by_ends(page: &Page<'_>, labels: &mut [Label], days: &[usize], end: usize) -> Option<Self> {
        let (first, last) = (*days.first()?, *days.last()?);
        let between: Vec<Between> = gaps(days).filter_map(|[day, next]| between(labels, day, next)).collect();
        if between.is_empty() {
            return Self::by_headlines(page, labels, days, end);
        }
        // Of few items each has a headline and a text; of many, some may have a text that is none by its looks, or none.
        let gaps = days.len() - 1;
        if between.len() < SEVERAL - 1 || between.len() * 2 < gaps || (gaps < MANY && between.len() < gaps) {
            return None;
        }
        let have_texts = between.len() >= MANY && between.len() * 4 >= gaps * 3;
        let most = |lines: fn(&Between) -> &Vec<usize>| between.iter().map(|it| lines(it).len()).max().unwrap_or(0);
        let head = ends_with_item(labels, first, most(|between| &between.behind));
        let below = labels.get(last + 1..end)?;
        let tail = begins_with_item(below, most(|between| &between.lines));
        let far = between.iter().filter_map(|it| Some(it.lines.first()? - it.day)).max().unwrap_or(0);
        let fewest = between.iter().map(|it| it.lines.len()).min().unwrap_or(0);
        match (head, tail) {
            (Some(own), false) if !may_be_headline(below, far, fewest, have_texts) => {
                let above = between.iter().flat_map(|it| it.lines.split_last().map_or(&[][..], |(_, asides)| asides));
                let asides: Vec<usize> =
                    above.chain(between.iter().flat_map(|it| &it.behind)).chain(&own).copied().collect();
                if !asides.iter().all(|at| labels.get(*at).is_some_and(|label| label.short)) {
                    return None;
                }
                for at in asides {
                    labels.get_mut(at).into_iter().for_each(|label| label.kind = Kind::Furniture);
                }
                Some(Self::BelowText)
            }
            // Where a text may be none by its looks, that of the first item may be the line right above its day.
            (None, true) if between.len() < gaps && stands_below_line(labels, first) => None,
            // Where a text ends right above a day no headline stands between the two.
            (None, true) if between.iter().any(|it| it.behind.is_empty()) => Some(Self::AboveHeadline),
            (None, true) => Some(Self::AboveText),
            _ => None,
        }
    }

    /// What the ends of a list of headlines without texts say.
    fn by_headlines(page: &Page<'_>, labels: &[Label], days: &[usize], end: usize) -> Option<Self> {
        let (first, last) = (*days.first()?, *days.last()?);
        let counts: Vec<usize> = gaps(days).map(|[day, next]| said(labels, day + 1..next).count()).collect();
        let fewest = counts.iter().copied().filter(|count| *count > 0).min()?;
        let has_text = said(labels, first + 1..last).any(|(_, label)| is_text(label));
        if has_text || counts.iter().filter(|count| **count == 0).count() * 4 > counts.len() {
            return None;
        }
        let is_headline = |(_, label): &(usize, &Label)| is_line(label) && !label.names_part();
        let above = said(labels, 0..first).rev().take_while(is_headline).take(fewest).count();
        let below = said(labels, last + 1..end).take_while(is_headline).take(fewest).count();
        match (above == fewest, below == fewest) {
            (true, false) if end < labels.len() && below == 0 => Some(Self::BelowHeadline),
            (false, true) if above == 0 => {
                // A headline may be a sentence, too. One that is about the page is much longer than they are.
                let length = |at: usize| page.blocks.get(at).map_or(0, |block| block.text.len());
                let longest = said(labels, first + 1..last).map(|(at, _)| length(at)).max()?;
                let about = said(labels, 0..first).rev().find(|(_, label)| !label.names_part());
                let is_about_page = about.is_none_or(|(at, _)| days.len() > MANY && length(at) > 2 * longest);
                is_about_page.then_some(Self::AboveHeadline)
            }
            _ => None,
        }
    }

    /// What it says that one end of a list of headlines and texts is like its items, and the other is not.
    fn by_lengths(page: &Page<'_>, labels: &[Label], days: &[usize], end: usize) -> Option<Self> {
        let is_item = |of: Range<usize>| {
            let mut said = said(labels, of).map(|(_, label)| label);
            said.next().is_some_and(is_line) && said.next_back().is_some_and(is_text)
        };
        if gaps(days).filter(|[day, next]| is_item(day + 1..*next)).count() * 4 < (days.len() - 1) * 3 {
            return None;
        }
        match alike(page, labels, days, end)? {
            (Some(true), Some(false)) => Some(Self::BelowText),
            (Some(false), Some(true)) => Some(Self::AboveHeadline),
            _ => None,
        }
    }

    /// Whether the headline is what stands above the day.
    pub(crate) fn is_below(self) -> bool {
        matches!(self, Self::Below | Self::BelowHeadline | Self::BelowText)
    }

    /// Whether the days of `layout` can stand on this side.
    pub(crate) fn allows(self, layout: &Layout) -> bool {
        let date = layout.place(Field::Date);
        let is_above = |field| date.zip(layout.place(field)).is_none_or(|(date, field)| date < field);
        match self {
            Self::AboveHeadline => is_above(Field::Title) && is_above(Field::Summary),
            Self::AboveText => is_above(Field::Summary),
            Self::Below => !layout.headings.day && (date.is_none() || !is_above(Field::Title)),
            Self::BelowHeadline => {
                !layout.headings.day && (date.is_none() || (!is_above(Field::Title) && is_above(Field::Summary)))
            }
            Self::BelowText => !layout.headings.day && (date.is_none() || !is_above(Field::Summary)),
        }
    }
}

fn is_line(label: &Label) -> bool {
    label.kind == Kind::Text && !is_text(label) && !label.holds_day()
}

fn is_text(label: &Label) -> bool {
    label.kind == Kind::Text && (label.sentence || label.wordy)
}

/// Each day with the next one.
fn gaps(days: &[usize]) -> impl Iterator<Item = [usize; 2]> {
    days.array_windows().copied()
}

/// The lines and texts among the labels at these places, in their order.
fn said(labels: &[Label], of: Range<usize>) -> impl DoubleEndedIterator<Item = (usize, &Label)> {
    of.filter_map(|at| Some((at, labels.get(at).filter(|label| is_line(label) || is_text(label))?)))
}

/// What is said at one end of a list, the nearest first: how long each is, and whether it is a text, or names a part of the
/// page.
type End = Vec<(usize, bool, bool)>;

/// Whether what stands above the first day is like what ends between two days, and what stands below the last like what
/// begins there: headline and text as long as others are. `None` where it is like it in part.
fn alike(page: &Page<'_>, labels: &[Label], days: &[usize], end: usize) -> Option<(Option<bool>, Option<bool>)> {
    let (first, last) = (*days.first()?, *days.last()?);
    let tell = |(at, label): (usize, &Label)| {
        (page.blocks.get(at).map_or(0, |block| block.text.len()), is_text(label), label.names_part())
    };
    let upward = |of: Range<usize>| said(labels, of).rev().map(tell).take(2).collect::<End>();
    let downward = |of: Range<usize>| said(labels, of).map(tell).take(2).collect::<End>();
    let all =
        |from: &dyn Fn(Range<usize>) -> End| gaps(days).map(|[day, next]| from(day + 1..next)).collect::<Vec<_>>();
    let (head, tail) = (upward(0..first), downward(last + 1..end));
    // Where the file is cut what stands last may be shorter than it was.
    let may_be_short = page.cut && end == labels.len() && !tail.is_empty();
    let tail = is_like(&tail, &all(&downward)).filter(|is_like| *is_like || !may_be_short);
    Some((is_like(&head, &all(&upward)), tail))
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

/// What stands between the days at `day` and at `next`: a headline, its text, and perhaps more; else `None`.
fn between(labels: &[Label], day: usize, next: usize) -> Option<Between> {
    let said = || said(labels, day + 1..next);
    let lines: Vec<usize> = said().take_while(|(_, label)| is_line(label)).map(|(at, _)| at).collect();
    let behind: Vec<usize> = said().rev().take_while(|(_, label)| is_line(label)).map(|(at, _)| at).collect();
    let has_text = said().nth(lines.len()).is_some();
    (has_text && !lines.is_empty()).then_some(Between { day, lines, behind })
}

/// The lines right above the day at `day`, where they are not more than `most` and a headline and its text stand above them.
fn ends_with_item(labels: &[Label], day: usize, most: usize) -> Option<Vec<usize>> {
    let said = || said(labels, 0..day).rev();
    let own: Vec<usize> = said().take(most + 1).take_while(|(_, label)| is_line(label)).map(|(at, _)| at).collect();
    let mut above = said().skip(own.len()).map(|(_, label)| label);
    // What a page is called stands above what is said about it.
    let is_headline = |label: &Label| !label.names_part() && !label.echo;
    let has_item = above.next().is_some_and(is_text) && above.find(|label| is_line(label)).is_some_and(is_headline);
    has_item.then_some(own)
}

/// Where a headline and a line more stand above each day, and that line is mostly one of a few, it is no headline: a name,
/// a category.
fn leave_names(labels: &mut [Label], days: &[usize]) {
    let begins = std::iter::once(0).chain(days.iter().map(|day| day + 1));
    let above = begins.zip(days).map(|(begin, day)| {
        let mut said = said(labels, begin..*day).rev();
        let ((at, name), (_, headline)) = (said.next()?, said.next()?);
        (is_line(name) && name.short && is_line(headline)).then_some((at, name.echo))
    });
    let Some(names) = above.collect::<Option<Vec<_>>>() else { return };
    if names.iter().filter(|(_, echo)| *echo).count() * 2 > names.len() {
        for (at, _) in names {
            labels.get_mut(at).into_iter().for_each(|label| label.kind = Kind::Furniture);
        }
    }
}

/// Whether a line that is no name of a page stands right above `day`.
fn stands_below_line(labels: &[Label], day: usize) -> bool {
    said(labels, 0..day).next_back().is_some_and(|(_, label)| is_line(label) && !label.names_part() && !label.echo)
}

/// Whether a headline and its text begin `below`, and above the text not more lines than `most`.
fn begins_with_item(below: &[Label], most: usize) -> bool {
    let said = || said(below, 0..below.len());
    let lines = said().take(most + 1).take_while(|(_, label)| is_line(label)).count();
    (1..=most).contains(&lines) && said().nth(lines).is_some()
}

/// Whether the last of the first `count` lines of `below` may be the headline of an item without a text, be it one of a
/// word, or cut to that. What is not as near as the lines of the other items, of which none is `far` from its day, begins
/// the foot of the page. So does, where `many` items have a text, what is not the last that is said: no file is cut there.
fn may_be_headline(below: &[Label], far: usize, count: usize, many: bool) -> bool {
    let Some(first) = below.iter().position(is_line).filter(|first| *first < far) else { return false };
    let mut lines = below.iter().skip(first).take_while(|label| is_line(label));
    if lines.nth(count.saturating_sub(1)).is_none_or(|label| label.names_part()) {
        return false;
    }
    let behind = below.get(first + count.max(1)..).unwrap_or_default();
    !(many && behind.iter().any(|label| is_line(label) || is_text(label) || label.kind == Kind::Credit))
}

/// Where the list ends at the latest, looked for from `from` on: at the numbers of further pages, at a box, or with the file.
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
