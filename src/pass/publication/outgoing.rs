//! A feed on its way to be published: what it is to be, and how far it was published before.
//!
//! Promised: that only the heads of a feed were rendered is told here alone; how the store keeps it nobody else looks
//! at. Refused: nothing here looks into the store or the folder, and nothing is rendered.

use std::collections::BTreeSet;

use super::Extent;
use crate::config;
use crate::mill::feed::Feed;
use crate::mill::item::Key;
use crate::mill::render;
use crate::store::{FeedState, FeedTerms};

/// A feed of the config, and how far it was published.
pub(super) struct OutgoingFeed<'a> {
    pub(super) config: &'a config::Feed,
    pub(super) terms: &'a FeedTerms,
    pub(super) state: FeedState,
    pub(super) rendered_with: String,
    /// The paths at which its documents do not stand as they were published.
    pub(super) fallen: BTreeSet<String>,
    /// All of them were looked at.
    pub(super) was_looked_at: bool,
    pub(super) extent: Extent,
    /// The ids of all items, where the store was made after the feed was published, which must not shrink then.
    pub(super) known_anew: Option<&'a BTreeSet<Key>>,
}

impl OutgoingFeed<'_> {
    /// Whether its heads were rendered as they would be now.
    pub(super) fn has_current_heads(&self) -> bool {
        has_current_heads(&self.state, &self.rendered_with)
    }

    /// Whether they stand, too.
    pub(super) fn has_standing_heads(&self) -> bool {
        self.has_current_heads() && !self.fallen.iter().any(|path| render::is_head(render::document_of(path)))
    }

    /// Whether all that is stale is to be rendered.
    pub(super) fn is_last(&self) -> bool {
        self.extent == Extent::All
    }

    /// Whether its documents were rendered with what they are to be rendered with now, as far as they were.
    pub(super) fn is_as_it_was(&self) -> bool {
        RenderedWith::of(&self.state).all == self.rendered_with
    }

    /// What its documents are made with, but for their items.
    pub(super) fn pieces_with(&self, feed: &Feed) -> (String, Option<String>) {
        (self.rendered_with.clone(), feed.language.clone())
    }
}

/// Whether the heads of a feed that was published so far were rendered as they would be now, with `rendered_with`.
pub(super) fn has_current_heads(state: &FeedState, rendered_with: &str) -> bool {
    state.changes_shown == state.changes && RenderedWith::of(state).all == rendered_with
}

/// What the documents of a feed were rendered with, as [`FeedState::rendered_with`] keeps it.
///
/// A feed is in part when only its heads were rendered, and what they point to: the next batch need not render them
/// again, and the last publication, or that of the next pass, does the rest. The store keeps that as words behind the
/// rest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct RenderedWith<'s> {
    /// All that the documents depend on besides the items.
    pub(super) all: &'s str,
    pub(super) is_in_part: bool,
}

impl<'s> RenderedWith<'s> {
    const IN_PART: &'static str = " in part";

    /// As it is kept.
    pub(super) fn of(state: &'s FeedState) -> Self {
        match state.rendered_with.strip_suffix(Self::IN_PART) {
            Some(all) => Self { all, is_in_part: true },
            None => Self { all: &state.rendered_with, is_in_part: false },
        }
    }

    /// As it is to be kept.
    pub(super) fn kept(self) -> String {
        let in_part = if self.is_in_part { Self::IN_PART } else { "" };
        format!("{}{in_part}", self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_keeps_whether_a_feed_was_rendered_in_part() {
        for (kept, all, is_in_part) in [("", "", false), ("2a", "2a", false), ("2a in part", "2a", true)] {
            let state = FeedState { rendered_with: kept.into(), ..FeedState::default() };
            let with = RenderedWith::of(&state);
            assert_eq!((with.all, with.is_in_part), (all, is_in_part));
            assert_eq!(with.kept(), kept);
        }
    }
}
