//! Whether the days of a page begin its items or end them.
//!
//! Day, headline and text, day, headline and text: between two days both orders look alike, and to take one for the other
//! gives each item its neighbour's day. Only the two ends of a list tell them apart. Where the first day stands below a
//! headline and its text, and no text follows the last one, the days end their items; where it is the other way round, they
//! begin them. Anything else says nothing, and the prices decide: a sentence about the page above the first day, a headline
//! without a text below the last one, an item that has none in between.

use std::ops::Range;

use super::blocks::Page;
use super::label::{Kind, Label};
use super::layout::{Field, Layout};

/// So many days make a list.
const SEVERAL: usize = 3;

/// On which side of its item a day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Above the headline.
    AboveHeadline,
    /// Above the text. The headline may be what stands above the day.
    AboveText,
    /// Below the text.
    BelowText,
}

/// What is said between two days, in this order.
struct Between {
    /// Lines above the first text. The last of them is the headline.
    lines: Vec<usize>,
    /// Lines below the last text.
    behind: Vec<usize>,
}

impl Side {
    /// What the two ends of the list say; `None` where they say nothing, or not the same.
    ///
    /// What stands between a day and the next headline belongs to the day where that ends an item, and is made furniture:
    /// a category, how long it takes to read it.
    pub(crate) fn of(page: &Page<'_>, labels: &mut [Label]) -> Option<Self> {
        let is_day = |at: &usize| labels.get(*at).is_some_and(|label| matches!(label.kind, Kind::Date(_)));
        let days: Vec<usize> = (0..labels.len()).filter(is_day).collect();
        let (first, last) = (*days.first()?, *days.last()?);
        if days.len() < SEVERAL || days.len() != page.dates.len() {
            return None;
        }
        let pairs = days.windows(2).filter_map(|pair| <[usize; 2]>::try_from(pair).ok());
        let between: Vec<Between> = pairs.map(|[one, next]| between(labels, one + 1, next)).collect::<Option<_>>()?;
        let most = |lines: fn(&Between) -> &Vec<usize>| between.iter().map(|it| lines(it).len()).max().unwrap_or(0);
        let head = ends_with_item(labels, first, most(|between| &between.behind));
        let tail = begins_with_item(labels, last + 1, most(|between| &between.lines));
        let far = days.iter().zip(&between).filter_map(|(day, it)| Some(it.lines.first()? - day)).max().unwrap_or(0);
        let fewest = between.iter().map(|it| it.lines.len()).min().unwrap_or(0);
        match (head, tail) {
            (Some(own), false) if !may_be_headline(labels.get(last + 1..)?, far, fewest) => {
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
            // Where a text ends right above a day no headline stands between the two.
            (None, true) if between.iter().any(|it| it.behind.is_empty()) => Some(Self::AboveHeadline),
            (None, true) => Some(Self::AboveText),
            _ => None,
        }
    }

    /// Whether the days of `layout` can stand on this side.
    pub(crate) fn allows(self, layout: &Layout) -> bool {
        let date = layout.place(Field::Date);
        let is_above = |field| date.zip(layout.place(field)).is_none_or(|(date, field)| date < field);
        match self {
            Self::AboveHeadline => is_above(Field::Title) && is_above(Field::Summary),
            Self::AboveText => is_above(Field::Summary),
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

/// The lines and texts among the labels at these places, in their order.
fn said(labels: &[Label], of: Range<usize>) -> impl DoubleEndedIterator<Item = (usize, &Label)> {
    of.filter_map(|at| Some((at, labels.get(at).filter(|label| is_line(label) || is_text(label))?)))
}

/// What stands from `from` on above the day at `day`: a headline, its text, and perhaps more; else `None`.
fn between(labels: &[Label], from: usize, day: usize) -> Option<Between> {
    let said = || said(labels, from..day);
    let lines: Vec<usize> = said().take_while(|(_, label)| is_line(label)).map(|(at, _)| at).collect();
    let behind: Vec<usize> = said().rev().take_while(|(_, label)| is_line(label)).map(|(at, _)| at).collect();
    let has_text = said().nth(lines.len()).is_some();
    (has_text && !lines.is_empty()).then_some(Between { lines, behind })
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

/// Whether a headline and its text stand from `from` on, and above the text not more lines than `most`.
fn begins_with_item(labels: &[Label], from: usize, most: usize) -> bool {
    let said = || said(labels, from..labels.len());
    let lines = said().take(most + 1).take_while(|(_, label)| is_line(label)).count();
    (1..=most).contains(&lines) && said().nth(lines).is_some()
}

/// Whether the last of the first `count` lines of `below` may be the headline of an item without a text, be it one of a
/// word, or cut to that. What is not as near as the lines of the other items, of which none is `far` from its day, begins
/// the foot of the page.
fn may_be_headline(below: &[Label], far: usize, count: usize) -> bool {
    let Some(first) = below.iter().position(is_line).filter(|first| *first < far) else { return false };
    let mut lines = below.iter().skip(first).take_while(|label| is_line(label));
    lines.nth(count.saturating_sub(1)).is_some_and(|label| !label.names_list)
}
