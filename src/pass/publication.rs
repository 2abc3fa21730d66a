//! From the store to the folder: the half of a pass that makes what is published agree with what is stored.
//!
//! Level again: a document that should be there is compared with its line in the publish ledger, and that with the file.
//! What a month page is made of is known without looking at its items (the store keeps a print of them), so that only
//! what would come out otherwise, or was altered from outside, is rendered. A pass that knows what changed leaves the
//! files of month pages that nothing changed to the next full look, unless a head is not what it was.
//!
//! A pass may publish in part: what subscribers poll, and what that points to. Pages for people, archives and the index
//! are left to the next one, and the store knows that they are.
//!
//! Here is the order of the steps. What they are made of lies below:
//!
//! | module | what it tells |
//! |---|---|
//! | `one_feed` | how far a feed was published before |
//! | `ready` | what a feed is, but for the items of its head |
//! | `months` | what its month pages are to be, and their documents |
//! | `lines` | what the publish ledger lists, and whether that stands |
//! | `remembered` | what a daemon need not read or render again |
//! | `kept` | whether a feed stays as it was published, for the store was made after it |

mod kept;
mod lines;
mod months;
mod one_feed;
mod ready;
mod remembered;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use tracing::{info, warn};
use xxhash_rust::xxh3::Xxh3Default;

pub use self::kept::{is_published, lacks};
pub use self::lines::ledger;
use self::lines::{Rows, Strewn, announce, by_path, row_of};
use self::months::{AT_ONCE, Wanted, chunks, differing, made, pointed_to, unrendered, wanted};
use self::one_feed::{OneFeed, RenderedWith, has_shown_all};
use self::ready::taken_out;
use self::remembered::Pages;
pub use self::remembered::Remembered;
use super::{Pass, PassError};
use crate::cores::one_by_one;
use crate::mill::feed::{Address, Feed};
use crate::mill::month::Month;
use crate::mill::render::{self, Head, Pieces, Summary, Tree};
use crate::publish::{self, Listed, Outcome, Publication, Published};
use crate::report::{FeedLine, Report};
use crate::store::{FeedState, LedgerChange, PublishedRow, Shelf, Store, StoreError, Terms};
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

/// A feed, or the index, that was looked at.
struct Prepared {
    /// What the report is to say, but for what is underway.
    line: FeedLine,
    underway: Option<Underway>,
}

/// What is on its way into the folder, and what is true once it is there.
struct Underway {
    /// Tells of some documents what they are made of.
    made_of: BTreeMap<String, u64>,
    /// What is to be withdrawn.
    gone: Vec<String>,
    /// `None`: of the index.
    state: Option<FeedState>,
    pages: Option<Pages>,
}

/// The share of a feed, or of the index, in a publication.
struct Share<'p, 'd> {
    publication: &'p mut Publication<'d>,
    number: usize,
}

impl Share<'_, '_> {
    fn add(&mut self, tree: &Tree) -> Result<(), Trouble> {
        self.publication.add(self.number, tree)
    }
}

/// What there is to be of a feed besides its heads, and what the ledger lists of it.
struct Plan<'s> {
    shelves: &'s [Shelf],
    wanted: Vec<Wanted>,
    rows: Rows,
}

impl Pass<'_> {
    /// Whether some feed is not what it was rendered as, or was rendered in part.
    pub(super) fn is_behind(&self, store: &dyn Store) -> Result<bool, StoreError> {
        for feed in &self.config.feeds {
            let state = store.feed_state(&feed.name)?;
            if RenderedWith::of(&state).is_in_part || !has_shown_all(&state, &self.rendered_with(feed)) {
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
        mut extent: Extent,
    ) -> Result<(), PassError> {
        let meddled = self.scope.named.is_some() && self.is_meddled_with(store)?;
        // Whoever comes back for the rest would not see what else was taken away; and without pages there is none.
        if extent == Extent::Heads && (meddled || !self.config.pages) {
            extent = Extent::All;
        }
        let last = extent == Extent::All;
        // What goes ahead of the rest leaves the look at all that stands to it.
        let full = meddled || self.scope.named.is_none() && extent != Extent::Heads;
        let mut strewn = if full { self.strewn(store)? } else { Strewn::default() };
        let mut trouble = None;
        let kept_before = report.kept.len();
        let made_anew = if self.recovered { Some(store.ids()?) } else { None };
        let publication = Publication::new(self.disk, &self.config.output);
        let mut publication = publication.checked_by(self.check).announced_to(self.announced);
        let mut prepared: BTreeMap<usize, Prepared> = BTreeMap::new();
        let (mut summaries, mut in_part): (Vec<Summary>, bool) = (Vec::new(), false);
        for (share, (feed, feed_terms)) in self.config.feeds.iter().zip(&terms.feeds).enumerate() {
            let fallen = strewn.fallen.remove(&feed.name).unwrap_or_default();
            let (state, rendered_with) = (store.feed_state(&feed.name)?, self.rendered_with(feed));
            // What this store has published itself it does not lack.
            let made_anew = made_anew.as_ref().filter(|_| state.rendered_with.is_empty());
            let one = OneFeed { feed, terms: feed_terms, state, rendered_with, fallen, full, extent, made_anew };
            let mut stands = one.state.clone();
            match self.prepare_feed(store, terms, one, Share { publication: &mut publication, number: share }, report) {
                Ok(ready) => {
                    if let Some(state) = ready.underway.as_ref().and_then(|underway| underway.state.as_ref()) {
                        stands.clone_from(state);
                    }
                    prepared.insert(share, ready);
                }
                // What stands in the way of one feed must not keep the others back; the first such trouble is told.
                Err(PassError::Trouble(in_the_way)) => _ = trouble.get_or_insert(in_the_way),
                Err(error) => return Err(error),
            }
            in_part |= RenderedWith::of(&stands).is_in_part;
            summaries.extend(serde_json::from_str(&stands.summary).ok());
        }
        let whole = report.kept.len() == kept_before;
        if !whole {
            self.take_back(store, INDEX, None)?;
        } else if last && trouble.is_none() {
            let share = self.config.feeds.len();
            match self.prepare_index(store, &summaries, Share { publication: &mut publication, number: share }) {
                Ok(ready) => _ = prepared.insert(share, ready),
                Err(PassError::Trouble(in_the_way)) => trouble = Some(in_the_way),
                Err(error) => return Err(error),
            }
        }
        let published = publication.finish();
        trouble = trouble.or(self.conclude(store, prepared, published, report)?);
        // What is left belongs to feeds that are in the config no more.
        if self.prune && last && whole && trouble.is_none() {
            self.remove(store, strewn.left, report)?;
        } else {
            self.note_feeds_that_left(&strewn.left, report);
        }
        if let Some(trouble) = trouble {
            return Err(trouble.into());
        }
        self.note_feeds_without_address(report);
        // What stays as it was published, for want of a whole store, is no rest.
        report.in_part = in_part && self.scope.named.is_some() && !self.recovered;
        report.changed |= report.feeds.iter().any(|feed| !feed.written.is_empty())
            || !report.index.is_empty()
            || !report.pruned.is_empty();
        if self.recovered && whole && last {
            store.forget_recovery()?;
        }
        Ok(())
    }

    /// Tells of what is in place, withdraws what is to go, and makes the ledger agree with the folder. Gives back the
    /// first trouble: what it befell stays in the ledger as it was, and the next pass meets it again.
    fn conclude(
        &self,
        store: &mut dyn Store,
        prepared: BTreeMap<usize, Prepared>,
        mut published: Published,
        report: &mut Report,
    ) -> Result<Option<Trouble>, PassError> {
        let in_place: Vec<Outcome> = published.outcomes.values().flatten().cloned().collect();
        (self.published)(&in_place, &[]);
        let mut troubles = Vec::new();
        let mut records = Vec::new();
        for (share, Prepared { mut line, underway }) in prepared {
            if let Some(trouble) = published.troubles.remove(&share) {
                troubles.push(trouble);
                continue;
            }
            if let Some(Underway { made_of, gone, state, pages }) = underway {
                let paths: Vec<&str> = gone.iter().map(String::as_str).collect();
                (self.published)(&[], &paths);
                let withdrawn = match publish::withdraw(self.disk, &self.config.output, &paths) {
                    Ok(withdrawn) => withdrawn,
                    Err(trouble) => {
                        troubles.push(trouble);
                        continue;
                    }
                };
                let outcomes = published.outcomes.remove(&share).unwrap_or_default();
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
                if let (Some(remembered), Some(pages)) = (self.remembered, pages) {
                    remembered.keep(&line.name, pages);
                }
                records.push(LedgerChange { feed: line.name.clone(), state, documents, gone });
            }
            if line.name == INDEX {
                report.index = line.written;
            } else {
                report.feeds.push(line);
            }
        }
        if !records.is_empty() {
            store.record_published(&records)?;
        }
        Ok(troubles.into_iter().next())
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
        for feed in &self.config.feeds {
            let mut sources = feed.sources.iter().filter_map(|index| self.config.sources.get(*index));
            if self.config.base_url.is_none() && sources.all(|source| source.url.is_none()) {
                report.notes.push(format!(
                    "feed {}: no address to link to, so its channel links to http://localhost/: set base_url or the \
                     source's url",
                    feed.name
                ));
            }
        }
    }

    fn prepare_feed(
        &self,
        store: &mut dyn Store,
        terms: &Terms,
        one: OneFeed<'_>,
        share: Share<'_, '_>,
        report: &mut Report,
    ) -> Result<Prepared, PassError> {
        let (feed, state) = (one.feed, one.state.clone());
        let shown = one.has_shown_all() && !(one.is_last() && RenderedWith::of(&state).is_in_part);
        let line = FeedLine { name: feed.name.clone(), items: state.items, ..FeedLine::default() };
        if shown && one.fallen.is_empty() && one.made_anew.is_none() {
            return Ok(Prepared { line, underway: None });
        }
        // A head as long as its history takes as long.
        let is_long = feed.limit == 0 || feed.limit > AT_ONCE;
        if is_long && one.extent == Extent::Between && self.scope.is_waited_for() {
            return Ok(Prepared { line, underway: None });
        }
        if let Some(known) = one.made_anew
            && let Some(items) = self.is_kept(known, feed, &terms.rules.decisions, report)
        {
            let told = (items != state.items).then(|| FeedState { items, ..state });
            self.take_back(store, &feed.name, told)?;
            return Ok(Prepared { line: FeedLine { items, ..line }, underway: None });
        }
        let shelves = if self.config.pages { store.shelves(one.terms)? } else { Vec::new() };
        let taken_out = taken_out(store, one.terms, terms)?;
        let ready = self.feed(&one, self.head(store, &one, terms)?, taken_out, &shelves);
        let months = made(&shelves);
        let language = ready.as_ref().and_then(|feed| feed.language.clone());
        let standing = self.remembered.and_then(|remembered| remembered.take(&feed.name)).filter(|pages| {
            let before = (pages.shown, &pages.rendered_with, &pages.language);
            before == (state.shown, &one.rendered_with, &language) && one.is_as_it_was() && !one.full
        });
        let stale: Option<BTreeSet<Month>> = standing.as_ref().map(|pages| differing(&pages.months, &months));
        let rows = match &stale {
            Some(stale) => {
                let paths = self.with_siblings(stale.iter().flat_map(|month| render::month_paths(&feed.name, *month)));
                let of_months = store.published_at(&paths.iter().map(String::as_str).collect::<Vec<_>>())?;
                store.published_of(&feed.name, false)?.into_iter().chain(of_months).collect()
            }
            None => store.published_of(&feed.name, true)?,
        };
        let considered = |month: &Month| stale.as_ref().is_none_or(|stale| stale.contains(month));
        let mut wanted =
            wanted(&feed.name, &one.rendered_with, &language, months.iter().filter(|(month, _)| considered(month)));
        if self.config.precompress {
            let sibling = |of: &Wanted| Wanted { path: render::sibling_of(&of.path), ..*of };
            let siblings: Vec<Wanted> = wanted.iter().map(sibling).collect();
            wanted.extend(siblings);
        }
        let (mut prepared, rendered) =
            self.prepare(store, &one, ready, Plan { shelves: &shelves, wanted, rows: by_path(rows) }, share)?;
        if let Some(underway) = &mut prepared.underway {
            let is_whole = underway.state.as_ref().is_some_and(|state| !RenderedWith::of(state).is_in_part);
            let months = if is_whole { Some(months) } else { standing.map(|pages| pages.with(&rendered, &months)) };
            let pages = |months| Pages { shown: state.changed, rendered_with: one.rendered_with, language, months };
            underway.pages = months.map(pages);
        }
        Ok(prepared)
    }

    /// Writes the documents of one feed that are to be replaced beside their places, month pages out of those `wanted`.
    /// Says which months were rendered.
    ///
    /// What the ledger lists and is not wanted is withdrawn: a feed whose last item was retracted must not go on showing
    /// it. So a document enters the ledger before it enters the folder, or nobody would know what a killed pass wrote.
    fn prepare(
        &self,
        store: &mut dyn Store,
        one: &OneFeed<'_>,
        ready: Option<Feed>,
        Plan { shelves, mut wanted, rows }: Plan<'_>,
        mut share: Share<'_, '_>,
    ) -> Result<(Prepared, BTreeSet<Month>), PassError> {
        let OneFeed { feed, state, fallen, .. } = one;
        let head = ready.as_ref().and_then(Head::of);
        if head.is_none() {
            // Without a head there is no feed that would have pages.
            wanted.clear();
        }
        let is_there = |path: &String| rows.get(path).is_some_and(PublishedRow::was_written) && !fallen.contains(path);
        // A month that is not wanted stands. Its siblings may follow.
        let lacking = wanted.iter().filter(|of| render::document_of(&of.path) == of.path && !is_there(&of.path));
        let missing: BTreeSet<Month> = lacking.map(|of| of.month).collect();
        let pointed_to = ready.as_ref().map(|feed| pointed_to(feed, one.extent, &missing)).unwrap_or_default();
        let heads = self.with_siblings(head.iter().flat_map(Head::paths));
        let paths: BTreeSet<&str> = heads.iter().map(String::as_str).chain(wanted.iter().map(|of| &*of.path)).collect();
        let gone: Vec<String> = rows.keys().filter(|path| !paths.contains(path.as_str())).cloned().collect();
        // What pointed to what is withdrawn must not go on doing so.
        let is_all = one.is_last() || !gone.is_empty();
        let stale: Vec<&Wanted> = wanted
            .iter()
            .filter(|of| is_all || pointed_to.contains(&of.month))
            .filter(|of| rows.get(&of.path).is_none_or(|row| row.made_of != of.made_of) || fallen.contains(&of.path))
            .collect();
        let items = head.as_ref().map(Head::items).unwrap_or_default();
        let line = FeedLine { name: feed.name.clone(), items, ..FeedLine::default() };
        let stale_months: BTreeSet<Month> = stale.iter().map(|of| of.month).collect();
        let mut chunks = chunks(shelves, &stale_months);
        let (is_pointed_to, mut last) = (|chunk: &BTreeSet<Month>| !chunk.is_disjoint(&pointed_to), one.is_last());
        chunks.sort_by_key(|chunk| !is_pointed_to(chunk));
        if self.dry_run {
            let removed: Vec<String> = gone.into_iter().filter(|path| self.is_there(path)).collect();
            let mut written = self.would_write(store, one, ready.as_ref(), &chunks)?;
            written.extend(removed.iter().cloned());
            return Ok((Prepared { line: FeedLine { written, removed, ..line }, underway: None }, stale_months));
        }
        let is_new = |path: &&str| !rows.contains_key(*path);
        let mut rendered = BTreeSet::new();
        if let Some(feed) = &ready {
            let take_out = |(at, chunk): (usize, &BTreeSet<Month>)| {
                // What the head points to must be there.
                if at > 0 && !is_pointed_to(chunk) && self.scope.is_waited_for() {
                    last = false;
                    return Ok(None);
                }
                let of_chunk = stale.iter().filter(|of| chunk.contains(&of.month)).map(|of| &*of.path);
                announce(store, &feed.name, of_chunk.filter(is_new))?;
                rendered.extend(chunk);
                self.stock(store, one, feed, chunk).map(Some)
            };
            let add = |tree: Option<Result<Tree, Trouble>>| {
                Ok::<_, PassError>(share.add(&tree.unwrap_or_else(|| Err(unrendered(&feed.name)))?)?)
            };
            // What a thread more takes of the memory stays taken in a process that stays.
            let ahead = self.remembered.is_none();
            one_by_one(ahead, chunks.iter().enumerate(), take_out, |stock| self.months(one, feed, stock), add)?;
        }
        // Those that are polled went ahead of the rest, or nothing that they show was changed; they point to the page of
        // the feed, which must be there once.
        let has_heads = one.has_heads();
        let is_due = |path: &String| if render::is_head(path) { !has_heads } else { is_all || !is_there(path) };
        let due: Vec<String> = head.iter().flat_map(Head::paths).filter(is_due).collect();
        announce(store, &feed.name, self.with_siblings(due.iter().cloned()).iter().map(String::as_str).filter(is_new))?;
        if let Some(head) = &head {
            let mut pieces = self.pieces(one, ready.as_ref(), None);
            head.trim(&mut pieces);
            for path in due {
                share.add(&self.dressed(Tree::from_iter([head.document(path, &mut pieces)])))?;
            }
            self.keep_pieces(one, ready.as_ref(), None, pieces);
        }
        let summary = ready.as_ref().filter(|_| head.is_some()).map(Summary::of);
        let state = FeedState {
            shown: state.changed,
            rendered_with: RenderedWith { all: &one.rendered_with, is_in_part: !last }.kept(),
            items,
            summary: summary.and_then(|summary| serde_json::to_string(&summary).ok()).unwrap_or_default(),
            ..state.clone()
        };
        let made_of = wanted.into_iter().map(|of| (of.path, of.made_of)).collect();
        let underway = Underway { made_of, gone, state: Some(state), pages: None };
        Ok((Prepared { line, underway: Some(underway) }, rendered))
    }

    /// The documents of a feed that a pass would replace: pages of the months in these `chunks`, and the heads.
    fn would_write(
        &self,
        store: &dyn Store,
        one: &OneFeed<'_>,
        ready: Option<&Feed>,
        chunks: &[BTreeSet<Month>],
    ) -> Result<Vec<String>, PassError> {
        let mut written = Vec::new();
        for (feed, chunk) in ready.iter().flat_map(|feed| chunks.iter().map(move |chunk| (feed, chunk))) {
            let tree = self.months(one, feed, self.stock(store, one, feed, chunk)?)?;
            written.extend(publish::would_write(self.disk, &self.config.output, &tree)?);
        }
        let head = ready.and_then(Head::of);
        for (head, path) in head.iter().flat_map(|head| head.paths().map(move |path| (head, path))) {
            let tree = self.dressed(Tree::from_iter([head.document(path, &mut Pieces::forgotten())]));
            written.extend(publish::would_write(self.disk, &self.config.output, &tree)?);
        }
        Ok(written)
    }

    /// Documents as they are published: with their siblings, where there are to be any.
    fn dressed(&self, tree: Tree) -> Tree {
        if self.config.precompress { tree.with_siblings() } else { tree }
    }

    /// The paths of documents, and of their siblings, where there are to be any.
    fn with_siblings(&self, paths: impl Iterator<Item = String>) -> Vec<String> {
        let mut paths: Vec<String> = paths.collect();
        if self.config.precompress {
            let siblings: Vec<String> = paths.iter().map(|path| render::sibling_of(path)).collect();
            paths.extend(siblings);
        }
        paths
    }

    /// Writes what lists all feeds beside its place, where it is to be replaced.
    fn prepare_index(
        &self,
        store: &mut dyn Store,
        summaries: &[Summary],
        mut share: Share<'_, '_>,
    ) -> Result<Prepared, PassError> {
        let rows = by_path(store.published_of(INDEX, true)?);
        let mut line = FeedLine { name: INDEX.to_owned(), items: summaries.len(), ..FeedLine::default() };
        let base_url = self.config.base_url.as_deref().and_then(Address::new);
        let made_of = print(&(render::REVISION, summaries, &base_url, self.config.pages, self.config.precompress));
        let as_it_was = |row: &PublishedRow| row.made_of == made_of && self.stands(row);
        if rows.is_empty() == summaries.is_empty() && rows.values().all(as_it_was) {
            return Ok(Prepared { line, underway: None });
        }
        let tree = match summaries {
            [] => Tree::default(),
            summaries => self.dressed(render::index(summaries, base_url.as_ref(), self.config.pages)),
        };
        let gone: Vec<String> = rows.keys().filter(|path| tree.get(path).is_none()).cloned().collect();
        if self.dry_run {
            line.written = publish::would_write(self.disk, &self.config.output, &tree)?;
            line.removed = gone.into_iter().filter(|path| self.is_there(path)).collect();
            line.written.extend(line.removed.iter().cloned());
            return Ok(Prepared { line, underway: None });
        }
        announce(store, INDEX, tree.iter().map(|(path, _)| path).filter(|path| !rows.contains_key(*path)))?;
        share.add(&tree)?;
        let made_of = tree.into_iter().map(|(path, _)| (path, made_of)).collect();
        Ok(Prepared { line, underway: Some(Underway { made_of, gone, state: None, pages: None }) })
    }

    /// Removes the documents of feeds that left the config, and the folders that held nothing else.
    fn remove(
        &self,
        store: &mut dyn Store,
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
            store.record_published(&[LedgerChange { feed, gone, ..LedgerChange::default() }])?;
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
