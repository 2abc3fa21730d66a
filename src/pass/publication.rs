//! From the store to the folder: the half of a pass that makes what is published agree with what is stored.
//!
//! Level again: a document that should be there is compared with its line in the publish ledger, and that with the
//! file. What a month page is made of is known without looking at its items (the store keeps a print of them), so that
//! only what would come out otherwise, or was altered from outside, is rendered. A pass that knows what changed leaves
//! the files of month pages that nothing changed to the next full look, unless a head is not what it was.
//!
//! A pass may publish in part: what subscribers poll, and what that points to. Pages for people, archives and the index
//! are left to the next one, and the store knows that they are.
//!
//! Here is the order of the steps. What they are made of lies below:
//!
//! | module | what it tells |
//! |---|---|
//! | `foreign` | what stands where a document is to go, and was written by somebody else |
//! | `outgoing` | how far a feed was published before |
//! | `prepare` | what of a feed, or of the index, is to be replaced, and writing that beside its place |
//! | `ready` | what a feed is, but for the items of its head |
//! | `months` | what its month pages are to be, and their documents |
//! | `lines` | what the publish ledger lists, and whether that stands |
//! | `remembered` | what a daemon need not read or render again |
//! | `kept` | whether a feed stays as it was published, for the store was made after it |

mod foreign;
mod kept;
mod lines;
mod months;
mod outgoing;
mod prepare;
mod ready;
mod remembered;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use tracing::{info, warn};
use xxhash_rust::xxh3::Xxh3Default;

pub use self::foreign::{InTheWay, in_the_way};
pub use self::kept::{is_published, is_shown, lacks};
pub use self::lines::ledger;
use self::lines::{Strewn, row_of};
use self::outgoing::{OutgoingFeed, RenderedWith, has_current_heads};
use self::prepare::{Prepared, Share, Underway};
pub use self::remembered::Remembered;
use super::{Pass, PassError};
use crate::config;
use crate::mill::render::{self, Summary};
use crate::publish::{self, Listed, Outcome, Publication, Published};
use crate::report::{FeedLine, Report, first_of};
use crate::store::{FeedState, PublishLedger, PublishedChange, Store, StoreError, Terms};
use crate::trouble::Trouble;

/// To whom the ledger counts the documents that list all feeds; no feed has this name.
pub(crate) const INDEX: &str = "";

/// How much of what is stale is published.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Between the batches of a backlog, the heads, and what they point to: the rest would be rendered anew after every
    /// batch, to be replaced by the next. A head that takes long may wait as well.
    Between,
    /// The same, and no head waits: what subscribers poll, ahead of the rest.
    Heads,
    /// All of it.
    All,
}

/// How far a publication goes.
#[derive(Clone, Copy)]
struct Reach {
    extent: Extent,
    /// All that was published is looked at, whatever changed.
    looks_at_all: bool,
}

/// What is on its way into the folder, share by share.
#[derive(Default)]
struct Gathered {
    prepared: BTreeMap<usize, Prepared>,
    /// The first of what stands in the way of some, which must not keep the others back.
    trouble: Option<Trouble>,
    /// What the index is to say of the feeds.
    summaries: Vec<Summary>,
    /// Some feed is published in part.
    in_part: bool,
}

impl Gathered {
    fn add(&mut self, share: usize, prepared: Result<Prepared, PassError>) -> Result<(), PassError> {
        match prepared {
            Ok(prepared) => _ = self.prepared.insert(share, prepared),
            Err(PassError::Trouble(trouble)) => _ = self.trouble.get_or_insert(trouble),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// How a feed will be published, if anything of it is on its way.
    fn state(&self, share: usize) -> Option<&FeedState> {
        self.prepared.get(&share)?.state.as_ref()
    }
}

impl Pass<'_> {
    /// Whether some feed is not what it was rendered as, or was rendered in part.
    pub(super) fn is_behind(&self, ledger: &dyn PublishLedger) -> Result<bool, StoreError> {
        for feed in &self.config.feeds {
            let state = ledger.feed_state(&feed.name)?;
            if RenderedWith::of(&state).is_in_part || !has_current_heads(&state, &self.rendered_with(feed)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn publish(
        &self,
        store: &mut dyn Store,
        terms: &Terms,
        report: &mut Report,
        extent: Extent,
    ) -> Result<(), PassError> {
        let meddled = self.scope.named.is_some() && self.is_meddled_with(store)?;
        let extent = match extent {
            // Whoever comes back for the rest would not see what else was taken away; and without pages there is none.
            Extent::Heads if meddled || !self.config.pages => Extent::All,
            extent => extent,
        };
        // What goes ahead of the rest leaves the look at all that stands to it.
        let looks_at_all = meddled || self.scope.named.is_none() && extent != Extent::Heads;
        let Strewn { fallen, left } = if looks_at_all { self.strewn(store)? } else { Strewn::default() };
        let publication = Publication::new(self.disk, &self.config.output);
        let mut publication = publication.checked_by(self.check).announced_to(self.announced);
        let kept_before = report.kept.len();
        let reach = Reach { extent, looks_at_all };
        let mut gathered = self.prepare_feeds(store, terms, reach, fallen, &mut publication, report)?;
        let is_whole = report.kept.len() == kept_before;
        if !is_whole {
            self.take_back(store, INDEX, None)?;
        } else if extent == Extent::All && gathered.trouble.is_none() {
            let number = self.config.feeds.len();
            let share = Share { publication: &mut publication, number };
            let prepared = self.prepare_index(store, &gathered.summaries, share);
            gathered.add(number, prepared)?;
        }
        let published = publication.finish();
        let trouble = self.conclude(store, gathered.prepared, published, report)?;
        let trouble = gathered.trouble.or(trouble);
        // What is left belongs to feeds that are in the config no more.
        if self.prune && extent == Extent::All && is_whole && trouble.is_none() {
            self.remove(store, left, report)?;
        } else {
            self.note_feeds_that_left(&left, report);
        }
        if let Some(trouble) = trouble {
            return Err(trouble.into());
        }
        self.note_feeds_without_address(report);
        self.note_empty_feeds(store, report)?;
        // What stays as it was published, for want of a whole store, is no rest.
        report.in_part = gathered.in_part && self.scope.named.is_some() && !self.recovered;
        report.changed |= report.feeds.iter().any(|feed| !feed.written.is_empty())
            || !report.index.is_empty()
            || !report.pruned.is_empty();
        if self.recovered && is_whole && extent == Extent::All {
            store.forget_recovery()?;
        }
        Ok(())
    }

    /// Writes what is to be replaced of all feeds beside its place. `fallen`: by feed, the paths at which documents do
    /// not stand as they were published.
    fn prepare_feeds(
        &self,
        store: &mut dyn Store,
        terms: &Terms,
        Reach { extent, looks_at_all }: Reach,
        mut fallen: BTreeMap<String, BTreeSet<String>>,
        publication: &mut Publication<'_>,
        report: &mut Report,
    ) -> Result<Gathered, PassError> {
        let mut gathered = Gathered::default();
        let ids = if self.recovered { Some(store.ids()?) } else { None };
        for (number, (feed, feed_terms)) in self.config.feeds.iter().zip(&terms.feeds).enumerate() {
            let state = store.feed_state(&feed.name)?;
            let outgoing = OutgoingFeed {
                config: feed,
                terms: feed_terms,
                rendered_with: self.rendered_with(feed),
                fallen: fallen.remove(&feed.name).unwrap_or_default(),
                was_looked_at: looks_at_all,
                extent,
                // What this store has published itself it does not lack.
                known_anew: ids.as_ref().filter(|_| state.rendered_with.is_empty()),
                state,
            };
            let prepared = self.prepare_feed(store, terms, &outgoing, Share { publication, number }, report);
            gathered.add(number, prepared)?;
            let state = gathered.state(number).unwrap_or(&outgoing.state);
            let (is_in_part, summary) = (RenderedWith::of(state).is_in_part, serde_json::from_str(&state.summary));
            gathered.in_part |= is_in_part;
            gathered.summaries.extend(summary.ok());
        }
        Ok(gathered)
    }

    /// Tells of what is in place, withdraws what is to go, and makes the ledger agree with the folder. Gives back the
    /// first trouble: what it befell stays in the ledger as it was, and the next pass meets it again.
    fn conclude(
        &self,
        ledger: &mut dyn PublishLedger,
        prepared: BTreeMap<usize, Prepared>,
        mut published: Published,
        report: &mut Report,
    ) -> Result<Option<Trouble>, PassError> {
        let in_place: Vec<Outcome> = published.outcomes.values().flatten().cloned().collect();
        (self.published)(&in_place, &[]);
        let (mut trouble, mut records) = (None, Vec::new());
        for (share, Prepared { mut line, state, underway }) in prepared {
            let outcomes = published.outcomes.remove(&share).unwrap_or_default();
            let concluded = match (published.troubles.remove(&share), underway) {
                (Some(in_the_way), _) => Err(in_the_way),
                (None, None) => Ok(None),
                (None, Some(underway)) => self.conclude_share(&mut line, state, underway, outcomes).map(Some),
            };
            match concluded {
                Ok(record) => records.extend(record),
                Err(in_the_way) => {
                    trouble.get_or_insert(in_the_way);
                    continue;
                }
            }
            if line.name == INDEX {
                report.index = line.written;
            } else {
                report.feeds.push(line);
            }
        }
        if !records.is_empty() {
            ledger.record_published(&records)?;
        }
        Ok(trouble)
    }

    /// Withdraws what is to go of a feed whose documents are in place. Says what the ledger is to note of it.
    fn conclude_share(
        &self,
        line: &mut FeedLine,
        state: Option<FeedState>,
        Underway { made_of, gone, standing }: Underway,
        outcomes: Vec<Outcome>,
    ) -> Result<PublishedChange, Trouble> {
        let paths: Vec<&str> = gone.iter().map(String::as_str).collect();
        (self.published)(&[], &paths);
        let withdrawn = publish::withdraw(self.disk, &self.config.output, &paths)?;
        let made_of = |listed: &Listed| made_of.get(&listed.path).copied().unwrap_or_default();
        let row = |outcome: &Outcome| row_of(&line.name, made_of(&outcome.listed), outcome.listed.clone());
        let documents = outcomes.iter().map(row).collect();
        line.written = written(outcomes);
        if line.written.iter().any(|path| render::is_head(path)) {
            info!(feed = %line.name, items = line.items, "published");
        }
        if !withdrawn.is_empty() && state.as_ref().is_some_and(|state| state.summary.is_empty()) {
            warn!(feed = %line.name, "no items are left to show, nor to tell of: its documents were withdrawn");
        }
        publish::clear(self.disk, &self.config.output, &paths);
        line.written.extend(withdrawn.iter().cloned());
        line.removed = withdrawn;
        if let (Some(remembered), Some(standing)) = (self.remembered, standing) {
            remembered.keep(&line.name, standing);
        }
        Ok(PublishedChange { feed: line.name.clone(), state, documents, gone })
    }

    /// A feed that got another name has subscribers who get nothing new from then on.
    fn note_feeds_that_left(&self, left: &BTreeMap<String, Vec<String>>, report: &mut Report) {
        for (feed, paths) in left {
            if paths.iter().any(|path| self.is_there(path)) {
                report.notes.push(format!(
                    "feed {feed}: no more in the config; what was published of it stays, and gets nothing new (--prune \
                     removes it)"
                ));
            }
        }
    }

    fn note_feeds_without_address(&self, report: &mut Report) {
        let (lack, instead, cure) = match (&self.config.base_url, self.config.pages) {
            (None, _) => ("address", "http://localhost/", "set base_url or"),
            (Some(_), false) => ("page", "rss.xml itself", "leave out `pages = false`, or set"),
            (Some(_), true) => return,
        };
        // What has no items has no document yet that could link anywhere.
        let is_there = |feed: &&config::Feed| report.feeds.iter().any(|line| line.name == feed.name && line.items > 0);
        let has_none = |feed: &&config::Feed| {
            let mut sources = feed.sources.iter().filter_map(|index| self.config.sources.get(*index));
            sources.all(|source| source.url.is_none())
        };
        let feeds: Vec<String> =
            self.config.feeds.iter().filter(is_there).filter(has_none).map(|feed| feed.name.clone()).collect();
        let (feeds, channels, url) = match feeds.as_slice() {
            [] => return,
            [feed] => (format!("feed {feed}"), "its channel links", "the source's url"),
            feeds => {
                (format!("feeds {}", first_of(feeds.iter().cloned(), 5)), "their channels link", "the sources' url")
            }
        };
        report.notes.push(format!("{feeds}: no {lack} to link to, so {channels} to {instead}: {cure} {url}"));
    }

    /// A feed that nothing ever came into, though there are items, may ask for what there is not: who subscribes to it
    /// finds no document.
    fn note_empty_feeds(&self, store: &dyn Store, report: &mut Report) -> Result<(), StoreError> {
        let mut empty = Vec::new();
        for line in report.feeds.iter().filter(|line| line.items == 0 && line.written.is_empty()) {
            if store.published_of(&line.name, false)?.is_empty() {
                empty.push(line.name.clone());
            }
        }
        if empty.is_empty() || store.count()? == 0 {
            return Ok(());
        }
        let (what, into) = if empty.len() == 1 { ("feed", "it") } else { ("feeds", "them") };
        let names = first_of(empty.into_iter(), 5);
        report.notes.push(format!("{what} {names}: no item has come into {into} yet: feedmill check tells why"));
        Ok(())
    }

    /// Removes the documents of feeds that left the config, and the folders that held nothing else.
    fn remove(
        &self,
        ledger: &mut dyn PublishLedger,
        left: BTreeMap<String, Vec<String>>,
        report: &mut Report,
    ) -> Result<(), PassError> {
        for (feed, gone) in left {
            let paths: Vec<&str> = gone.iter().map(String::as_str).collect();
            if self.dry_run {
                report.pruned.extend(paths.iter().filter(|path| self.is_there(path)).map(|path| (*path).to_owned()));
                continue;
            }
            report.pruned.extend(publish::withdraw(self.disk, &self.config.output, &paths)?);
            publish::clear(self.disk, &self.config.output, &paths);
            info!(%feed, "its documents were removed: it is in the config no more");
            ledger.record_published(&[PublishedChange { feed, gone, ..PublishedChange::default() }])?;
        }
        Ok(())
    }
}

/// Equal for what is equal; never 0.
fn print(of: &impl Hash) -> u64 {
    let mut hasher = Xxh3Default::new();
    of.hash(&mut hasher);
    hasher.finish().max(1)
}

fn written(outcomes: Vec<Outcome>) -> Vec<String> {
    outcomes.into_iter().filter(|outcome| outcome.written).map(|outcome| outcome.listed.path).collect()
}
