//! The pages of a feed that hold its items for life, month by month, and the archives beside them.
//!
//! Promised: what a month page is made of is told without its items, so that only pages that would come out otherwise
//! are rendered; and no more of them at a time than fit into memory. Refused: looking into the ledger, or at the
//! folder: what they say is asked of the caller.

use std::collections::{BTreeMap, BTreeSet};

use super::outgoing::OutgoingFeed;
use super::{Extent, print};
use crate::cores::on_all_cores;
use crate::mill::feed::Feed;
use crate::mill::month::Month;
use crate::mill::render::{self, Pieces, Stand, Tree};
use crate::pass::{Pass, PassError};
use crate::store::{MonthPage, Placed, Store};
use crate::trouble::Trouble;

/// How many items are rendered before their documents leave the memory.
pub(super) const AT_ONCE: usize = 500;

/// A document of a month page, and what it is made of.
pub(super) struct MonthDocument {
    pub(super) path: String,
    pub(super) month: Month,
    pub(super) made_of: u64,
}

/// What a month page is made of, besides what all pages of its feed are made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct MonthInputs {
    /// Of its items.
    print: u64,
    before: Option<Month>,
    after: Option<Month>,
}

/// What the month pages are made of. An archive names the month before it, a page its two neighbours.
pub(super) fn month_inputs(pages: &[MonthPage]) -> BTreeMap<Month, MonthInputs> {
    let of_page = |(at, page): (usize, &MonthPage)| {
        let after = at.checked_sub(1).and_then(|at| pages.get(at)).map(|page| page.month);
        let before = pages.get(at + 1).map(|page| page.month);
        (page.month, MonthInputs { print: page.print, before, after })
    };
    pages.iter().enumerate().map(of_page).collect()
}

/// The months that are not the same in both.
pub(super) fn differing(a: &BTreeMap<Month, MonthInputs>, b: &BTreeMap<Month, MonthInputs>) -> BTreeSet<Month> {
    a.keys().chain(b.keys()).filter(|month| a.get(month) != b.get(month)).copied().collect()
}

/// The documents of these months of a feed.
pub(super) fn month_documents<'m>(
    feed: &str,
    rendered_with: &str,
    language: &Option<String>,
    months: impl Iterator<Item = (&'m Month, &'m MonthInputs)>,
) -> Vec<MonthDocument> {
    let of_month = |(month, inputs): (&Month, &MonthInputs)| {
        let [page, archive] = render::month_paths(feed, *month);
        let made_of = print(&(rendered_with, language, inputs.print, inputs.before));
        let (month, of_page) = (*month, print(&(made_of, inputs.after)));
        [MonthDocument { path: page, month, made_of: of_page }, MonthDocument { path: archive, month, made_of }]
    };
    months.flat_map(of_month).collect()
}

/// The months whose documents the heads of a feed point to: a reader that follows must find them. There stand the items
/// without an address of their own; and the newest archive has to be there once. The neighbours that these name have to
/// be there as well, and those that they lead to, as far as they are `missing`.
pub(super) fn pointed_to(feed: &Feed, extent: Extent, missing: &BTreeSet<Month>) -> BTreeSet<Month> {
    let without_address = feed.entries.iter().filter(|entry| entry.link.is_none());
    let on_page = without_address.filter(|entry| feed.permalink(&entry.item).is_some());
    let months: Vec<Month> = feed.months.iter().map(|(month, _)| *month).collect();
    let newest = months.first().copied().filter(|month| missing.contains(month));
    let from: BTreeSet<Month> = on_page.map(|entry| entry.item.month()).chain(newest).collect();
    let mut pointed_to = from.clone();
    // Of a backlog the chain is made piece by piece.
    if extent == Extent::Heads && !missing.is_empty() {
        for (at, _) in months.iter().enumerate().filter(|(_, month)| from.contains(month)) {
            let older = months.iter().skip(at + 1).take_while(|month| missing.contains(month));
            let newer = months.iter().take(at).rev().take_while(|month| missing.contains(month));
            pointed_to.extend(older.chain(newer));
        }
    }
    pointed_to
}

/// The months to render, as many at a time as have not too many items.
pub(super) fn chunks(pages: &[MonthPage], months: &BTreeSet<Month>) -> Vec<BTreeSet<Month>> {
    let mut chunks: Vec<BTreeSet<Month>> = Vec::new();
    let mut room = 0;
    for page in pages.iter().filter(|page| months.contains(&page.month)) {
        if page.items > room || chunks.is_empty() {
            chunks.push(BTreeSet::new());
            room = AT_ONCE;
        }
        room = room.saturating_sub(page.items);
        if let Some(chunk) = chunks.last_mut() {
            chunk.insert(page.month);
        }
    }
    chunks
}

/// What month pages are rendered of: their items, and what is remembered of them.
pub(super) struct Stock(Vec<(Month, Vec<Stand>, Pieces)>);

impl Pass<'_> {
    /// The items of some months, out of the store. Of a backlog nothing is remembered: it is not what changes next.
    pub(super) fn stock(
        &self,
        store: &dyn Store,
        outgoing: &OutgoingFeed<'_>,
        feed: &Feed,
        months: &BTreeSet<Month>,
        is_backlog: bool,
    ) -> Result<Stock, PassError> {
        let of_month = |month: &Month| match is_backlog {
            true => Pieces::forgotten(),
            false => self.pieces(outgoing, feed, Some(*month)),
        };
        let mut pieces: BTreeMap<Month, Pieces> = months.iter().map(|month| (*month, of_month(month))).collect();
        let known = |month, id, print| pieces.get(&month).is_some_and(|pieces| pieces.know(id, print));
        let standing = store.standing(outgoing.terms, months, &known)?;
        let origins = self.origins(outgoing);
        let stand = |Placed { id, print, item, .. }| Stand {
            id,
            print,
            entry: item.and_then(|item| origins.entry(*item)).map(Box::new),
        };
        let of_month = |(month, placed): (Month, Vec<Placed>)| {
            let stands: Vec<Stand> = placed.into_iter().map(stand).collect();
            (month, stands, pieces.remove(&month).unwrap_or_else(Pieces::forgotten))
        };
        Ok(Stock(standing.into_iter().map(of_month).collect()))
    }

    /// The documents of some months.
    pub(super) fn months(
        &self,
        outgoing: &OutgoingFeed<'_>,
        feed: &Feed,
        Stock(stock): Stock,
    ) -> Result<Tree, Trouble> {
        // Of a feed that shows all it has, the entries are more than all its pages together.
        let frame = feed.without_entries();
        let rendered = on_all_cores(stock, |(month, stands, mut pieces)| {
            (self.dressed(render::month(&frame, month, &stands, &mut pieces)), month, pieces)
        });
        let keep = |(tree, month, pieces)| {
            self.keep_pieces(outgoing, feed, Some(month), pieces);
            tree
        };
        let trees: Option<Vec<Tree>> = rendered.into_iter().map(|rendered| rendered.map(keep)).collect();
        trees.map(|trees| trees.into_iter().flatten().collect()).ok_or_else(|| unrendered(&feed.name))
    }
}

/// Some months could not be rendered.
pub(super) fn unrendered(feed: &str) -> Trouble {
    Trouble::unusable(format!("cannot make the month pages of feed \"{feed}\""))
        .still("what was published of it stays")
        .help("this is a bug in feedmill: please report it, with what `feedmill items` prints")
}
