//! What stands with each item says it: `Read the article`, `Share`. It stands with the first and with the last.

use std::ops::Range;

use super::list::{List, is_text};
use super::{Side, Told, lengths};
use crate::mill::scrape::furniture::is_furniture;

/// Words that stand with each item: one between each two days.
struct Companions<'l, 'p, 't> {
    list: &'l List<'p, 't>,
    what: &'t str,
    all: Vec<Companion>,
    /// One above the first day, and one below the last.
    in_head: Option<usize>,
    in_tail: Option<usize>,
}

struct Companion {
    day: usize,
    at: usize,
    next: usize,
}

/// What they say, where none stands above the first day, and one below the last.
pub(super) fn below_last(list: &List<'_, '_>) -> Option<Told> {
    companions(list).find_map(|all| {
        let own = all.in_tail.filter(|_| all.in_head.is_none())?;
        if all.offer() && all.follow_days(own) && all.may_stand_below(own) {
            return Some(Side::Below.into());
        }
        all.end_items(own)
    })
}

/// What they say, where one stands above the first day, and none below the last.
pub(super) fn above_first(list: &List<'_, '_>) -> Option<Told> {
    companions(list).find_map(|all| {
        let own = all.in_head.filter(|_| all.in_tail.is_none() && all.offer())?;
        all.stand_above_days(own)
    })
}

/// All that stand between the first two days and between any other two.
fn companions<'l, 'p, 't>(list: &'l List<'p, 't>) -> impl Iterator<Item = Companions<'l, 'p, 't>> {
    const MOST: usize = 6;
    let words = |at: usize| {
        let text = list.text(at);
        (list.is_furniture(at) && text.contains(char::is_alphabetic)).then_some(text)
    };
    let find = move |what: &str, mut of: Range<usize>| of.find(|at| words(*at) == Some(what));
    let between_first = list.gaps().next().map_or(0..0, |[first, second]| first + 1..second);
    between_first.filter_map(words).take(MOST).filter_map(move |what| {
        let one = |[day, next]: [usize; 2]| Some(Companion { day, at: find(what, day + 1..next)?, next });
        let all = list.gaps().map(one).collect::<Option<_>>()?;
        let (in_head, in_tail) = (find(what, 0..list.first), find(what, list.last + 1..list.end));
        Some(Companions { list, what, all, in_head, in_tail })
    })
}

impl Companions<'_, '_, '_> {
    /// How much is said above one, from the day on.
    fn above(&self, one: &Companion) -> usize {
        self.list.said(one.day + 1..one.at).count()
    }

    /// How much is said below one, up to the next day.
    fn below(&self, one: &Companion) -> usize {
        self.list.said(one.at + 1..one.next).count()
    }

    /// Whether they are words to act on. A category that all items have in common, or how long one reads, may stand
    /// above a headline.
    fn offer(&self) -> bool {
        is_furniture(self.what, self.list.lexicon) && !self.what.contains(|c: char| c.is_ascii_digit())
    }

    /// How much is said up to `end`, but for what names the page.
    fn said_above(&self, end: usize) -> usize {
        self.list.said(0..end).filter(|(_, label)| !label.names_part()).count()
    }

    /// Whether they stand right behind each day, and behind the last at `own`, and the first day has an item above it.
    fn follow_days(&self, own: usize) -> bool {
        let fewest = self.all.iter().map(|one| self.below(one)).min().unwrap_or(0);
        self.said_above(self.list.first) >= fewest
            && self.all.iter().all(|one| self.above(one) == 0)
            && self.list.said(self.list.last + 1..own).next().is_none()
    }

    /// Whether what is said behind the last, at `own`, may be no item: `Share` may stand between a day and its
    /// headline.
    fn may_stand_below(&self, own: usize) -> bool {
        !self.list.lexicon.shares(self.what)
            || self.list.said(own + 1..self.list.end).next().is_none()
            || lengths::alike(self.list) == (Some(true), Some(false))
    }

    /// What it says that one stands at `own` below the last day behind what is said there.
    fn end_items(&self, own: usize) -> Option<Told> {
        let tail = || self.list.said(self.list.last + 1..own);
        let most = self.all.iter().map(|one| self.list.said(one.day + 1..one.next).count()).max()?;
        let texts = tail().filter(|(_, label)| is_text(label)).count();
        let lines = tail().count() - texts;
        // What else stands between two items may be a box of the page.
        let are =
            |count: usize| self.all.iter().filter(|one| self.below(one) == count).count() * 4 >= self.all.len() * 3;
        let side = match (texts, lines) {
            (texts, lines) if texts + lines > most => return None,
            (_, 1..) if are(0) => Side::AboveHeadline,
            (1.., _) if are(1) => Side::AboveText,
            _ => return None,
        };
        Some(side.into())
    }

    /// What it says that one stands above each day, the first as well at `own`, and none below the last.
    fn stand_above_days(&self, own: usize) -> Option<Told> {
        let end_items = self.all.iter().all(|one| self.above(one) > 0 && self.below(one) == 0);
        let is_near = self.list.said(own..self.list.first).next().is_none();
        let has_item = self.said_above(own) >= self.all.iter().map(|one| self.above(one)).min()?;
        (end_items && is_near && has_item).then_some(Side::Below.into())
    }
}
