//! What a daemon remembers from one publication to the next: how month pages stand, the items of heads, and pieces of
//! documents.
//!
//! Promised: what is remembered is bounded, but for some numbers of each month, and saves work alone: what is published
//! with it is what would be published without it. How pages stand is forgotten until it is kept again, so that nothing
//! goes on being remembered of a publication that went wrong; items and pieces go by the prints of what they were made
//! of. Refused: telling what stands in the folder, or in the ledger; a full look asks them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::months::MonthInputs;
use super::outgoing::OutgoingFeed;
use crate::mill::feed::Feed;
use crate::mill::item::{Item, Key};
use crate::mill::month::Month;
use crate::mill::render::Pieces;
use crate::pass::Pass;
use crate::store::{self, Store, StoreError, Terms};

/// Not more items of heads are remembered than these: the heads of a hundred feeds.
const RECALLED: usize = 5_000;

/// No more pieces are remembered than fit into so many bytes: the heads of a hundred feeds, or a month page of two
/// thousand items.
const PIECES: usize = 4 << 20;

/// What a daemon remembers from one publication to the next: nothing that could not be read, or rendered, again.
#[derive(Default)]
pub struct Remembered {
    /// The month pages of all feeds, as they stand: those that a change made stale are told without asking the ledger
    /// for all there are. A full look asks the ledger, and the folder.
    pages: Mutex<BTreeMap<String, StandingPages>>,
    /// What the documents that were published last are made of.
    pieces: Mutex<Lots>,
    /// The items of heads, as they were read last: of a change nearly all are what they were.
    heads: Mutex<BTreeMap<String, Items>>,
}

/// Items by their ids and prints.
type Items = HashMap<(Key, u64), Item>;

impl Remembered {
    /// What is remembered of a feed is forgotten until it is published: whatever goes wrong meanwhile.
    pub(super) fn take(&self, feed: &str) -> Option<StandingPages> {
        held(&self.pages).remove(feed)
    }

    pub(super) fn keep(&self, feed: &str, pages: StandingPages) {
        held(&self.pages).insert(feed.to_owned(), pages);
    }

    /// The items of a head, forgotten.
    fn take_head(&self, feed: &str) -> Items {
        held(&self.heads).remove(feed).unwrap_or_default()
    }

    fn keep_head(&self, feed: &str, items: &[Item]) {
        if items.len() > RECALLED {
            return;
        }
        let mut heads = held(&self.heads);
        if heads.values().map(Items::len).sum::<usize>() + items.len() > RECALLED {
            heads.clear();
        }
        let items = items.iter().map(|item| ((item.id, store::print(item)), item.clone()));
        heads.insert(feed.to_owned(), items.collect());
    }
}

/// A thread that panicked left what is remembered as it was before.
fn held<T>(remembered: &Mutex<T>) -> MutexGuard<'_, T> {
    remembered.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The month pages of a feed, as they stand.
pub(super) struct StandingPages {
    /// What [`FeedState::changes_shown`](store::FeedState::changes_shown) has been since: nobody else published the
    /// feed meanwhile.
    pub(super) changes_shown: u64,
    pub(super) rendered_with: String,
    pub(super) language: Option<String>,
    pub(super) months: BTreeMap<Month, MonthInputs>,
}

impl StandingPages {
    /// The months that stand once these are rendered, and those that are no more are withdrawn.
    pub(super) fn with(
        self,
        rendered: &BTreeSet<Month>,
        now: &BTreeMap<Month, MonthInputs>,
    ) -> BTreeMap<Month, MonthInputs> {
        let mut standing = self.months;
        standing.retain(|month, _| now.contains_key(month));
        standing.extend(rendered.iter().filter_map(|month| Some((*month, *now.get(month)?))));
        standing
    }
}

/// Pieces of documents, by feed and month; of the head where there is no month.
#[derive(Default)]
struct Lots {
    lots: BTreeMap<(String, Option<Month>), Lot>,
    /// Counts the lots that were ever kept.
    kept: u64,
}

struct Lot {
    /// What all documents of the feed are rendered with; with anything else the pieces are worth nothing.
    rendered_with: (String, Option<String>),
    /// [`Lots::kept`] when it was kept.
    at: u64,
    pieces: Pieces,
}

impl Lots {
    /// Remembers a lot, and forgets those that were kept first until there is room for it.
    fn keep(&mut self, of: (String, Option<Month>), lot: Lot) {
        self.kept += 1;
        self.lots.insert(of, Lot { at: self.kept, ..lot });
        while self.lots.values().map(|lot| lot.pieces.bytes()).sum::<usize>() > PIECES {
            let oldest = self.lots.iter().min_by_key(|(_, lot)| lot.at).map(|(of, _)| of.clone());
            if oldest.and_then(|of| self.lots.remove(&of)).is_none() {
                break;
            }
        }
    }
}

impl Pass<'_> {
    /// The items of a head, of which most are remembered.
    pub(super) fn head(
        &self,
        store: &dyn Store,
        outgoing: &OutgoingFeed<'_>,
        terms: &Terms,
    ) -> Result<Vec<Item>, StoreError> {
        // What a feed shows only for so long is gone through item by item.
        let remembered = self.remembered.filter(|_| outgoing.terms.retention.is_none());
        let Some(remembered) = remembered else { return store.head(outgoing.terms, terms, &mut |_, _| None) };
        let mut known = remembered.take_head(&outgoing.config.name);
        let items = store.head(outgoing.terms, terms, &mut |id, print| known.remove(&(id, print)))?;
        remembered.keep_head(&outgoing.config.name, &items);
        Ok(items)
    }

    /// What is remembered of a month, or the head, of a feed.
    pub(super) fn pieces(&self, outgoing: &OutgoingFeed<'_>, feed: &Feed, month: Option<Month>) -> Pieces {
        let Some(remembered) = self.remembered else { return Pieces::forgotten() };
        let of = (outgoing.config.name.clone(), month);
        let lot = held(&remembered.pieces).lots.remove(&of);
        let lot = lot.filter(|lot| lot.rendered_with == outgoing.pieces_with(feed));
        lot.map_or_else(|| Pieces::within(PIECES), |lot| lot.pieces)
    }

    pub(super) fn keep_pieces(&self, outgoing: &OutgoingFeed<'_>, feed: &Feed, month: Option<Month>, pieces: Pieces) {
        let Some(remembered) = self.remembered.filter(|_| !pieces.are_forgotten()) else { return };
        let lot = Lot { rendered_with: outgoing.pieces_with(feed), at: 0, pieces };
        held(&remembered.pieces).keep((outgoing.config.name.clone(), month), lot);
    }
}
