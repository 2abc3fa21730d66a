//! Whether the days of a page begin its items or end them.
//!
//! Day, headline and text, day, headline and text: between two days both orders look alike, and to take one for the other
//! gives each item its neighbour's day. Only the two ends of a list tell them apart:
//! - Where the first day stands below a headline and its text, and no text follows the last one, the days end their items;
//!   where it is the other way round, they begin them.
//! - What stands with each item, `Read the article`, stands with the first and with the last. Where none stands above the
//!   first day, and one below the last behind what is said there, the days stand above. Where it stands right behind each
//!   day, they stand below; where it is one word, `Share`, only if nothing is said behind the last one.
//! - A rule between each two items, and at neither end of the list, parts a day from what is no part of its item.
//! - The numbers of further pages stand below a list: what is behind them is no item.
//! - Days in brackets between headlines without texts stand below them, where a headline stands above the first one.
//!
//! Anything else says nothing, and the prices decide: a sentence about the page above the first day and a headline without
//! a text below the last one, where the file may be cut there; days between headlines that have no texts, with lines at
//! both ends.

use std::ops::Range;

use super::blocks::Page;
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
            .or_else(|| Self::by_rules(page, labels, &days))
            .or_else(|| Self::by_companion(page, labels, &days, end, lexicon))
            .or_else(|| Self::by_ends(page, labels, &days, end));
        if side == Some(Self::BelowHeadline) {
            leave_names(labels, &days);
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

    /// What those words say that stand with each item.
    fn by_companion(page: &Page<'_>, labels: &[Label], days: &[usize], end: usize, lexicon: &Lexicon) -> Option<Self> {
        const MOST: usize = 6;
        let (first, second, last) = (*days.first()?, *days.get(1)?, *days.last()?);
        let words = |at: usize| {
            let is_one = labels.get(at).is_some_and(|label| label.kind == Kind::Furniture);
            page.blocks.get(at).map(|block| block.text).filter(|text| is_one && text.contains(char::is_alphabetic))
        };
        let find = |what: &str, mut of: Range<usize>| of.find(|at| words(*at) == Some(what));
        (first + 1..second).filter_map(words).take(MOST).find_map(|what| {
            let found: Vec<(usize, usize)> =
                gaps(days).map(|[day, next]| Some((find(what, day + 1..next)?, next))).collect::<Option<_>>()?;
            let most = gaps(days).map(|[day, next]| said(labels, day + 1..next).count()).max()?;
            let own = find(what, last + 1..end).filter(|_| find(what, 0..first).is_none())?;
            let is_behind = |day: usize, at: usize| said(labels, day + 1..at).next().is_none();
            let behind: Vec<usize> = found.iter().map(|(at, next)| said(labels, at + 1..*next).count()).collect();
            let above = said(labels, 0..first).filter(|(_, label)| !label.names_list).count();
            // A category that all items have in common, or how long one reads, is no such word: it may stand above a headline.
            if page.blocks.get(own).is_some_and(|block| block.is_furniture(lexicon))
                && !what.contains(|c: char| c.is_ascii_digit())
                && behind.iter().min().is_some_and(|fewest| above >= *fewest)
                && days.iter().zip(&found).all(|(day, (at, _))| is_behind(*day, *at))
                && is_behind(last, own)
                // One word, `Share`, may stand between a day and its headline, where something is said behind the last.
                && (what.contains(' ') || said(labels, own + 1..end).next().is_none())
            {
                return Some(Self::Below);
            }
            let (mut texts, mut lines) = (0, 0);
            said(labels, last + 1..own)
                .for_each(|(_, label)| *(if is_text(label) { &mut texts } else { &mut lines }) += 1);
            // What else stands between two items may be a box of the page.
            let are = |count: usize| behind.iter().filter(|own| **own == count).count() * 4 >= behind.len() * 3;
            match (texts, lines) {
                (texts, lines) if texts + lines > most => None,
                (_, 1..) if are(0) => Some(Self::AboveHeadline),
                (1.., _) if are(1) => Some(Self::AboveText),
                _ => None,
            }
        })
    }

    /// What the rules between the items say: each parts a day from what is no part of its item. One that stands with the
    /// first day or the last as well, where nothing is left to be parted, belongs to the days: it underlines them.
    fn by_rules(page: &Page<'_>, labels: &[Label], days: &[usize]) -> Option<Self> {
        let rule = |at: &usize| {
            let is_one = labels.get(*at).is_some_and(|label| label.kind == Kind::Furniture);
            let text = page.blocks.get(*at).map_or("", |block| block.text);
            is_one && text.len() >= SEVERAL && !text.contains(char::is_alphanumeric)
        };
        let says = |of: Range<usize>| said(labels, of).next().is_some();
        let (first, last) = (*days.first()?, *days.last()?);
        let is_near = |mut of: &mut dyn Iterator<Item = usize>| {
            Iterator::find(&mut of, |at| rule(at) || says(*at..at + 1)).is_some_and(|at| rule(&at))
        };
        let (mut below, mut above) = (!is_near(&mut (last + 1..labels.len())), !is_near(&mut (0..first).rev()));
        below &= says(0..first);
        above &= says(last + 1..labels.len());
        let mut has_text = false;
        for [day, next] in gaps(days) {
            let mut rules = (day + 1..next).filter(rule);
            let (Some(at), None) = (rules.next(), rules.next()) else { return None };
            // A text right behind the rule is that of the headline above the day.
            let begins_item = said(labels, at + 1..next).next().is_some_and(|(_, label)| is_line(label));
            below &= !says(day + 1..at) && begins_item;
            above &= says(day + 1..at) && !says(at + 1..next);
            has_text |= said(labels, at + 1..next).any(|(_, label)| is_text(label));
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
        let is_headline = |(_, label): &(usize, &Label)| is_line(label) && !label.names_list;
        let above = said(labels, 0..first).rev().take_while(is_headline).take(fewest).count();
        let below = said(labels, last + 1..end).take_while(is_headline).take(fewest).count();
        match (above == fewest, below == fewest) {
            (true, false) if end < labels.len() && below == 0 => Some(Self::BelowHeadline),
            (false, true) if days.len() > MANY && above == 0 => {
                // A headline may be a sentence, too. One that is about the page is much longer than they are.
                let length = |at: usize| page.blocks.get(at).map_or(0, |block| block.text.len());
                let longest = said(labels, first + 1..last).map(|(at, _)| length(at)).max()?;
                let is_about_page = said(labels, 0..first).next_back().is_none_or(|(at, _)| length(at) > 2 * longest);
                is_about_page.then_some(Self::AboveHeadline)
            }
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
    let is_headline = |label: &Label| !label.names_list && !label.echo;
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
    said(labels, 0..day).next_back().is_some_and(|(_, label)| is_line(label) && !label.names_list && !label.echo)
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
    if lines.nth(count.saturating_sub(1)).is_none_or(|label| label.names_list) {
        return false;
    }
    let behind = below.get(first + count.max(1)..).unwrap_or_default();
    !(many && behind.iter().any(|label| is_line(label) || is_text(label) || label.kind == Kind::Credit))
}

/// Where the list ends at the latest, looked for from `from` on: at the numbers of further pages, or with the file.
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
    (from..labels.len()).find(is_pager).unwrap_or(labels.len())
}
