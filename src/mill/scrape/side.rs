//! Whether the days of a page begin its items or end them.
//!
//! Day, headline and text, day, headline and text: between two days both orders look alike, and to take one for the
//! other gives each item its neighbour's day. Only the two ends of a list tell them apart. What they say is weighed by
//! these rules, the surest first, and the first that tells decides:
//!
//! | rule | weighs | the days stand |
//! |---|---|---|
//! | [`signs::brackets`] | brackets around all days, no texts, a headline above the first | below |
//! | [`signs::rules`] | a rule between each two items, at neither end | where it does not part them from the item |
//! | [`signs::numbers`] | a number between each two items, at neither end | the same |
//! | [`companions::below_last`] | what stands with each item, the last too: `Read more` | above; below where it follows days |
//! | [`ends::of_texts`] | headline and text above the first day, or below the last | below, or above |
//! | [`ends::of_headlines`] | the same for headlines without texts | the same |
//! | [`companions::above_first`] | the same with the first, right above each day, and not below the last | below |
//! | [`lengths::of_ends`] | what is as long as items are above the first day, or below the last | below, or above |
//!
//! What is no item at an end is left out first: the numbers of further pages and what pages call their boxes, `About
//! us`.
//!
//! Anything else says nothing, and the prices decide: a sentence about the page above the first day, or a box without a
//! name that we know below the last, where both are as long as items are; days between headlines that have no texts,
//! with lines at both ends.

mod alone;
mod companions;
mod ends;
mod lengths;
mod list;
mod signs;

use self::list::{List, SEVERAL};
use super::blocks::{Mark, Page};
use super::label::{Kind, Label};
use super::language::Lexicon;
use super::layout::{Field, Layout};

/// On which side of its item a day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Above the headline.
    AboveHeadline,
    /// Above a text that has no headline.
    AboveAlone,
    /// Above the text. The headline may be what stands above the day.
    AboveText,
    /// Below the headline, be it above the text or below that.
    Below,
    /// Below the headline. The text may be what stands below the day.
    BelowHeadline,
    /// Below the text.
    BelowText,
}

/// What a rule tells.
struct Told {
    side: Side,
    /// What is neither headline nor text then.
    asides: Vec<usize>,
}

impl From<Side> for Told {
    fn from(side: Side) -> Self {
        Self { side, asides: Vec::new() }
    }
}

/// The rules for lists of several days, in their order.
const RULES: [fn(&List<'_, '_>) -> Option<Told>; 8] = [
    signs::brackets,
    signs::rules,
    signs::numbers,
    companions::below_last,
    ends::of_texts,
    ends::of_headlines,
    companions::above_first,
    lengths::of_ends,
];

impl Side {
    /// Where the days of a page stand; `None` where nothing tells it.
    ///
    /// What stands between a day and the next headline belongs to the day where that ends an item, and is made
    /// furniture: a category, how long it takes to read it.
    pub(crate) fn of(page: &Page<'_>, labels: &mut [Label], lexicon: &Lexicon) -> Option<Self> {
        let list = List::of(page, labels, lexicon)?;
        let by_rules = || RULES.iter().find_map(|rule| rule(&list));
        let is_list = list.days.len() >= SEVERAL;
        let told = alone::below_headings(&list).or_else(|| if is_list { by_rules() } else { None });
        let Told { side, mut asides } = told?;
        match side {
            Self::BelowHeadline => asides.extend(names(&list)),
            // Where the day ends the item none stands below the last one, unless the file is cut there, or a list of
            // marked ones follows.
            Self::Below | Self::BelowText if !page.cut => {
                let is_bare = |at: &usize| page.blocks.get(*at).is_some_and(|block| block.mark == Mark::None);
                let is_text = |at: &usize| list.label(*at).is_some_and(|label| label.kind == Kind::Text);
                asides.extend((list.last + 1..list.labels.len()).filter(is_text).filter(is_bare));
            }
            _ => {}
        }
        for at in asides {
            labels.get_mut(at).into_iter().for_each(|label| label.kind = Kind::Furniture);
        }
        Some(side)
    }

    /// Whether nothing tells on which side of texts without headlines the days of a page stand.
    pub(crate) fn is_doubtful(page: &Page<'_>, labels: &[Label], lexicon: &Lexicon) -> bool {
        List::of(page, labels, lexicon).is_some_and(|list| alone::are_doubtful(&list))
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
            Self::AboveHeadline | Self::AboveAlone => is_above(Field::Title) && is_above(Field::Summary),
            Self::AboveText => is_above(Field::Summary),
            Self::Below => !layout.headings.day && (date.is_none() || !is_above(Field::Title)),
            Self::BelowHeadline => {
                !layout.headings.day && (date.is_none() || (!is_above(Field::Title) && is_above(Field::Summary)))
            }
            Self::BelowText => !layout.headings.day && (date.is_none() || !is_above(Field::Summary)),
        }
    }
}

/// Where a headline and a line more stand above each day, and that line is mostly one of a few, it is no headline: a
/// name, a category.
fn names(list: &List<'_, '_>) -> Vec<usize> {
    let begins = std::iter::once(0).chain(list.days.iter().map(|day| day + 1));
    let above = begins.zip(&list.days).map(|(begin, day)| {
        let mut said = list.said(begin..*day).rev();
        let ((at, name), (_, headline)) = (said.next()?, said.next()?);
        (list::is_line(name) && name.short && list::is_line(headline)).then_some((at, name.echo))
    });
    let names: Vec<_> = above.collect::<Option<_>>().unwrap_or_default();
    let are_few = names.iter().filter(|(_, echo)| *echo).count() * 2 > names.len();
    names.into_iter().filter(|_| are_few).map(|(at, _)| at).collect()
}
