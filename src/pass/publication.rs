//! From the store to the folder: the half of a pass that makes what is published agree with what is stored.
//!
//! Level again: a document that should be there is compared with its line in the publish ledger, and that with the file.
//! What a month page is made of is known without looking at its items (the store keeps a print of them), so that only
//! what would come out otherwise, or was altered from outside, is rendered. A pass that knows what changed leaves the
//! files of month pages that nothing changed to the next full look, unless a head is not what it was.
//!
//! A pass may publish in part: what subscribers poll, and what that points to. Pages for people, archives and the index
//! are left to the next one, and the store knows that they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tracing::{info, warn};
use xxhash_rust::xxh3::Xxh3Default;

use super::{Pass, PassError};
use crate::config;
use crate::cores::on_all_cores;
use crate::mill::decisions::Decisions;
use crate::mill::feed::{self, Address, Entry, Feed};
use crate::mill::item::{Item, Key, SourceNo, Text};
use crate::mill::month::Month;
use crate::mill::render::{self, Head, Pieces, Stand, Summary, Tree};
use crate::publish::{self, Listed, Outcome, Publication, Published};
use crate::report::{FeedLine, Report};
use crate::store::{self, FeedState, FeedTerms, LedgerChange, Placed, PublishedRow, Shelf, Store, StoreError, Terms};
use crate::trouble::Trouble;

/// How many items are rendered before their documents leave the memory.
const AT_ONCE: usize = 500;

/// To whom the ledger counts the documents that list all feeds; no feed has this name.
pub(crate) const INDEX: &str = "";

/// See [`OneFeed::in_part`].
const IN_PART: &str = " in part";

/// The lines of the ledger that belong to one feed, by their paths.
type Rows = BTreeMap<String, PublishedRow>;

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

/// A feed of the config, and how far it was published.
struct OneFeed<'a> {
    feed: &'a config::Feed,
    terms: &'a FeedTerms,
    state: FeedState,
    rendered_with: String,
    /// The paths at which its documents do not stand as they were published.
    fallen: BTreeSet<String>,
    /// All of them were looked at.
    full: bool,
    extent: Extent,
}

impl OneFeed<'_> {
    /// What a feed is marked with of which only the heads were rendered: the next batch need not render them again, and
    /// the last publication, or that of the next pass, does the rest.
    fn in_part(&self) -> String {
        format!("{}{IN_PART}", self.rendered_with)
    }

    /// Whether its heads were rendered as they would be now.
    fn has_shown_all(&self) -> bool {
        self.state.shown == self.state.changed && self.is_as_it_was()
    }

    /// Whether they stand, too.
    fn has_heads(&self) -> bool {
        self.has_shown_all() && !self.fallen.iter().any(|path| render::is_head(render::document_of(path)))
    }

    /// Whether all that is stale is to be rendered.
    fn is_last(&self) -> bool {
        self.extent == Extent::All
    }

    /// Whether its documents were rendered with what they are to be rendered with now, as far as they were.
    fn is_as_it_was(&self) -> bool {
        self.state.rendered_with.strip_suffix(IN_PART).unwrap_or(&self.state.rendered_with) == self.rendered_with
    }

    /// What its documents are made with, but for their items.
    fn pieces_with(&self, ready: Option<&Feed>) -> (String, Option<String>) {
        (self.rendered_with.clone(), ready.and_then(|feed| feed.language.clone()))
    }
}

/// A document of a month page, and what it is made of.
struct Wanted {
    path: String,
    month: Month,
    made_of: u64,
}

/// What a month page is made of, besides what all pages of its feed are made of.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Made {
    /// Of its items.
    print: u64,
    before: Option<Month>,
    after: Option<Month>,
}

/// The month pages of a feed, as they stand.
struct Pages {
    /// What [`FeedState::shown`] has been since: nobody else published the feed meanwhile.
    shown: u64,
    rendered_with: String,
    language: Option<String>,
    months: BTreeMap<Month, Made>,
}

impl Pages {
    /// The months that stand once these are rendered, and those that are no more are withdrawn.
    fn with(self, rendered: &BTreeSet<Month>, now: &BTreeMap<Month, Made>) -> BTreeMap<Month, Made> {
        let mut standing = self.months;
        standing.retain(|month, _| now.contains_key(month));
        standing.extend(rendered.iter().filter_map(|month| Some((*month, *now.get(month)?))));
        standing
    }
}

/// What a daemon remembers from one publication to the next: nothing that could not be read, or rendered, again.
#[derive(Default)]
pub struct Remembered {
    /// The month pages of all feeds, as they stand: those that a change made stale are told without asking the ledger for
    /// all there are. A full look asks the ledger, and the folder.
    pages: Mutex<BTreeMap<String, Pages>>,
    /// What the documents that were published last are made of.
    pieces: Mutex<Lots>,
    /// The items of heads, as they were read last: of a change nearly all are what they were.
    heads: Mutex<BTreeMap<String, Items>>,
}

/// Items by their ids and prints.
type Items = HashMap<(Key, u64), Item>;

impl Remembered {
    /// What is remembered of a feed is forgotten until it is published: whatever goes wrong meanwhile.
    fn take(&self, feed: &str) -> Option<Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).remove(feed)
    }

    fn keep(&self, feed: &str, pages: Pages) {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).insert(feed.to_owned(), pages);
    }

    /// The items of a head, forgotten.
    fn take_head(&self, feed: &str) -> Items {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).remove(feed).unwrap_or_default()
    }

    fn keep_head(&self, feed: &str, items: &[Item]) {
        if items.len() > RECALLED {
            return;
        }
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.values().map(Items::len).sum::<usize>() + items.len() > RECALLED {
            heads.clear();
        }
        let items = items.iter().map(|item| ((item.id, store::print(item)), item.clone()));
        heads.insert(feed.to_owned(), items.collect());
    }
}

/// Not more items of heads are remembered than these: the heads of a hundred feeds.
const RECALLED: usize = 5_000;

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

/// No more pieces are remembered than fit into so many bytes: the heads of a hundred feeds, or a month page of two
/// thousand items.
const PIECES: usize = 4 << 20;

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

/// What the items of a feed are shown under: each the first of its sources that sights it.
struct Origins {
    titles: Vec<(SourceNo, Option<Text>)>,
    otherwise: Option<Text>,
}

impl Origins {
    /// An item as the feed shows it.
    fn entry(&self, item: Item) -> Option<Entry> {
        let sighted = self.titles.iter().find(|(no, _)| item.sources.contains(no));
        let origin = sighted.map_or_else(|| self.otherwise.clone(), |(_, title)| title.clone());
        origin.map(|origin| Entry::new(item, origin))
    }
}

/// What a look at all that was published finds amiss.
#[derive(Default)]
struct Strewn {
    /// What does not stand as it was published, by its feed.
    fallen: BTreeMap<String, BTreeSet<String>>,
    /// What is listed of feeds that are in the config no more.
    left: BTreeMap<String, Vec<String>>,
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

impl Pass<'_> {
    /// Whether something of any feed is left to be rendered.
    pub(super) fn is_in_part(&self, store: &dyn Store) -> Result<bool, StoreError> {
        for feed in &self.config.feeds {
            if is_in_part(&store.feed_state(&feed.name)?) {
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
        let full = self.scope.named.is_none() || meddled;
        // Whoever comes back for the rest would not see what else was taken away; and without pages there is none.
        if extent == Extent::Heads && (meddled || !self.config.pages) {
            extent = Extent::All;
        }
        let last = extent == Extent::All;
        let mut strewn = if full { self.strewn(store)? } else { Strewn::default() };
        let mut trouble = None;
        let kept_before = report.kept.len();
        let publication = Publication::new(self.disk, &self.config.output);
        let mut publication = publication.checked_by(self.check).announced_to(self.announced);
        let mut prepared: BTreeMap<usize, Prepared> = BTreeMap::new();
        let (mut summaries, mut in_part): (Vec<Summary>, bool) = (Vec::new(), false);
        for (share, (feed, feed_terms)) in self.config.feeds.iter().zip(&terms.feeds).enumerate() {
            let fallen = strewn.fallen.remove(&feed.name).unwrap_or_default();
            let (state, rendered_with) = (store.feed_state(&feed.name)?, self.rendered_with(feed));
            let one = OneFeed { feed, terms: feed_terms, state, rendered_with, fallen, full, extent };
            let mut stands = one.state.clone();
            match self.prepare_feed(store, terms, one, (&mut publication, share), report) {
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
            in_part |= is_in_part(&stands);
            summaries.extend(serde_json::from_str(&stands.summary).ok());
        }
        let whole = report.kept.len() == kept_before;
        if whole && last && trouble.is_none() {
            let share = self.config.feeds.len();
            match self.prepare_index(store, &summaries, (&mut publication, share)) {
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
                line.written.extend(withdrawn);
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

    /// Whether a document that is not of a month does not stand as it was published. A pass that knows what changed
    /// looks at no others, unless that is so: then the folder may have been removed, with all that was in it.
    fn is_meddled_with(&self, store: &dyn Store) -> Result<bool, StoreError> {
        for feed in &self.config.feeds {
            if store.published_of(&feed.name, false)?.iter().any(|row| !self.stands(row)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One look at every document that the ledger lists.
    fn strewn(&self, store: &dyn Store) -> Result<Strewn, StoreError> {
        let feeds: BTreeSet<&str> = self.config.feeds.iter().map(|feed| &*feed.name).chain([INDEX]).collect();
        let mut strewn = Strewn::default();
        store.each_published(&mut |row| {
            if !feeds.contains(&*row.feed) {
                strewn.left.entry(row.feed.clone()).or_default().push(row.path.clone());
            } else if !self.stands(row) {
                strewn.fallen.entry(row.feed.clone()).or_default().insert(row.path.clone());
            }
        })?;
        Ok(strewn)
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
        publication: (&mut Publication<'_>, usize),
        report: &mut Report,
    ) -> Result<Prepared, PassError> {
        let (feed, state) = (one.feed, one.state.clone());
        let shown = one.has_shown_all() && !(one.is_last() && is_in_part(&state));
        let line = FeedLine { name: feed.name.clone(), items: state.items, written: Vec::new() };
        if shown && one.fallen.is_empty() && !self.recovered {
            return Ok(Prepared { line, underway: None });
        }
        // A head as long as its history takes as long.
        let is_long = feed.limit == 0 || feed.limit > AT_ONCE;
        if is_long && one.extent == Extent::Between && self.scope.is_waited_for() {
            return Ok(Prepared { line, underway: None });
        }
        let shelves = if self.config.pages { store.shelves(one.terms)? } else { Vec::new() };
        let taken_out = taken_out(store, one.terms, terms)?;
        let ready = self.feed(&one, self.head(store, &one, terms)?, taken_out, &shelves);
        if self.recovered
            && let Some(lost) = self.would_lose(store, feed, &terms.rules.decisions)?
        {
            let note = format!(
                "feed {:?} stays as it was published: the recovered store lacks {lost} of its items; bring their \
                 files back, or delete the feed's folder to publish without them",
                feed.name
            );
            warn!(feed = %feed.name, lost, "the recovered store knows less than what is published: it stays");
            report.kept.push(note);
            return Ok(Prepared { line, underway: None });
        }
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
            wanted((&feed.name, &one.rendered_with, &language), months.iter().filter(|(month, _)| considered(month)));
        if self.config.precompress {
            let sibling = |of: &Wanted| Wanted { path: render::sibling_of(&of.path), ..*of };
            let siblings: Vec<Wanted> = wanted.iter().map(sibling).collect();
            wanted.extend(siblings);
        }
        let (mut prepared, rendered) =
            self.prepare(store, &one, ready, (&shelves, wanted, by_path(rows)), publication)?;
        if let Some(underway) = &mut prepared.underway {
            let is_whole = underway.state.as_ref().is_some_and(|state| state.rendered_with == one.rendered_with);
            let months = if is_whole { Some(months) } else { standing.map(|pages| pages.with(&rendered, &months)) };
            let pages = |months| Pages { shown: state.changed, rendered_with: one.rendered_with, language, months };
            underway.pages = months.map(pages);
        }
        Ok(prepared)
    }

    /// The items of a head, of which most are remembered.
    fn head(&self, store: &dyn Store, one: &OneFeed<'_>, terms: &Terms) -> Result<Vec<Item>, StoreError> {
        // What a feed shows only for so long is gone through item by item.
        let remembered = self.remembered.filter(|_| one.terms.retention.is_none());
        let Some(remembered) = remembered else { return store.head(one.terms, terms, &mut |_, _| None) };
        let mut known = remembered.take_head(&one.feed.name);
        let items = store.head(one.terms, terms, &mut |id, print| known.remove(&(id, print)))?;
        remembered.keep_head(&one.feed.name, &items);
        Ok(items)
    }

    fn stands(&self, row: &PublishedRow) -> bool {
        publish::stands(self.disk, &self.config.output, &row.path, (row.size, row.mtime_ns, row.inode))
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
        (shelves, mut wanted, rows): (&[Shelf], Vec<Wanted>, Rows),
        (publication, share): (&mut Publication<'_>, usize),
    ) -> Result<(Prepared, BTreeSet<Month>), PassError> {
        let OneFeed { feed, state, fallen, .. } = one;
        let head = ready.as_ref().and_then(Head::of);
        if head.is_none() {
            // Without a head there is no feed that would have pages.
            wanted.clear();
        }
        // What was announced and never written has no hash.
        let is_there = |path: &String| rows.get(path).is_some_and(|row| row.hash != 0) && !fallen.contains(path);
        let pointed_to = ready.as_ref().map(|feed| pointed_to(feed, one.extent, &is_there)).unwrap_or_default();
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
        let mut line = FeedLine { name: feed.name.clone(), items, written: Vec::new() };
        let stale_months: BTreeSet<Month> = stale.iter().map(|of| of.month).collect();
        let mut chunks = chunks(shelves, &stale_months);
        let (is_pointed_to, mut last) = (|chunk: &BTreeSet<Month>| !chunk.is_disjoint(&pointed_to), one.is_last());
        chunks.sort_by_key(|chunk| !is_pointed_to(chunk));
        if self.dry_run {
            for chunk in &chunks {
                let tree = self.months(store, one, ready.as_ref(), chunk)?;
                line.written.extend(publish::would_write(self.disk, &self.config.output, &tree)?);
            }
            for (head, path) in head.iter().flat_map(|head| head.paths().map(move |path| (head, path))) {
                let tree = self.dressed(Tree::from_iter([head.document(path, &mut Pieces::forgotten())]));
                line.written.extend(publish::would_write(self.disk, &self.config.output, &tree)?);
            }
            line.written.extend(gone.into_iter().filter(|path| self.is_there(path)));
            return Ok((Prepared { line, underway: None }, stale_months));
        }
        let is_new = |path: &&str| !rows.contains_key(*path);
        let mut rendered = BTreeSet::new();
        for (at, chunk) in chunks.iter().enumerate() {
            // What the head points to must be there.
            if at > 0 && !is_pointed_to(chunk) && self.scope.is_waited_for() {
                last = false;
                break;
            }
            let of_chunk = stale.iter().filter(|of| chunk.contains(&of.month)).map(|of| &*of.path);
            announce(store, &feed.name, of_chunk.filter(is_new))?;
            publication.add(share, &self.months(store, one, ready.as_ref(), chunk)?)?;
            rendered.extend(chunk);
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
                publication.add(share, &self.dressed(Tree::from_iter([head.document(path, &mut pieces)])))?;
            }
            self.keep_pieces(one, ready.as_ref(), None, pieces);
        }
        let summary = ready.as_ref().filter(|_| head.is_some()).map(Summary::of);
        let state = FeedState {
            shown: state.changed,
            rendered_with: if last { one.rendered_with.clone() } else { one.in_part() },
            items,
            summary: summary.and_then(|summary| serde_json::to_string(&summary).ok()).unwrap_or_default(),
            ..state.clone()
        };
        let made_of = wanted.into_iter().map(|of| (of.path, of.made_of)).collect();
        let underway = Underway { made_of, gone, state: Some(state), pages: None };
        Ok((Prepared { line, underway: Some(underway) }, rendered))
    }

    /// What is remembered of a month, or the head, of a feed.
    fn pieces(&self, one: &OneFeed<'_>, ready: Option<&Feed>, month: Option<Month>) -> Pieces {
        let Some(remembered) = self.remembered else { return Pieces::forgotten() };
        let of = (one.feed.name.clone(), month);
        let lot = remembered.pieces.lock().unwrap_or_else(PoisonError::into_inner).lots.remove(&of);
        let lot = lot.filter(|lot| lot.rendered_with == one.pieces_with(ready));
        lot.map_or_else(|| Pieces::within(PIECES), |lot| lot.pieces)
    }

    fn keep_pieces(&self, one: &OneFeed<'_>, ready: Option<&Feed>, month: Option<Month>, pieces: Pieces) {
        let Some(remembered) = self.remembered else { return };
        let lot = Lot { rendered_with: one.pieces_with(ready), at: 0, pieces };
        remembered.pieces.lock().unwrap_or_else(PoisonError::into_inner).keep((one.feed.name.clone(), month), lot);
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

    fn is_there(&self, path: &str) -> bool {
        self.disk.stat(&self.config.output.join(path)).is_ok_and(|found| found.is_some())
    }

    /// The documents of some months.
    fn months(
        &self,
        store: &dyn Store,
        one: &OneFeed<'_>,
        ready: Option<&Feed>,
        months: &BTreeSet<Month>,
    ) -> Result<Tree, PassError> {
        let Some(feed) = ready else { return Ok(Tree::default()) };
        let pieces = months.iter().map(|month| (*month, self.pieces(one, ready, Some(*month))));
        let mut pieces: BTreeMap<Month, Pieces> = pieces.collect();
        let known = |month, id, print| pieces.get(&month).is_some_and(|pieces| pieces.know(id, print));
        let standing = store.standing(one.terms, months, &known)?;
        let origins = self.origins(one);
        let stand = |Placed { id, print, item, .. }| Stand {
            id,
            print,
            entry: item.and_then(|item| origins.entry(*item)).map(Box::new),
        };
        let job = |(month, placed): (Month, Vec<Placed>)| {
            let stands: Vec<Stand> = placed.into_iter().map(stand).collect();
            (month, stands, pieces.remove(&month).unwrap_or_else(Pieces::forgotten))
        };
        // Of a feed that shows all it has, the entries are more than all its pages together.
        let frame = feed.without_entries();
        let rendered = on_all_cores(standing.into_iter().map(job).collect(), |(month, stands, mut pieces)| {
            (self.dressed(render::month(&frame, month, &stands, &mut pieces)), month, pieces)
        });
        let keep = |(tree, month, pieces)| {
            self.keep_pieces(one, ready, Some(month), pieces);
            tree
        };
        let trees: Option<Vec<Tree>> = rendered.into_iter().map(|rendered| rendered.map(keep)).collect();
        let Some(trees) = trees else {
            return Err(Trouble::unusable(format!("cannot make the month pages of feed \"{}\"", feed.name))
                .still("what was published of it stays")
                .help("this is a bug in feedmill: please report it, with what `feedmill items` prints")
                .into());
        };
        Ok(trees.into_iter().flatten().collect())
    }

    /// Writes what lists all feeds beside its place, where it is to be replaced.
    fn prepare_index(
        &self,
        store: &mut dyn Store,
        summaries: &[Summary],
        (publication, share): (&mut Publication<'_>, usize),
    ) -> Result<Prepared, PassError> {
        let rows = by_path(store.published_of(INDEX, true)?);
        let mut line = FeedLine { name: INDEX.to_owned(), items: summaries.len(), written: Vec::new() };
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
            line.written.extend(gone.into_iter().filter(|path| self.is_there(path)));
            return Ok(Prepared { line, underway: None });
        }
        announce(store, INDEX, tree.iter().map(|(path, _)| path).filter(|path| !rows.contains_key(*path)))?;
        publication.add(share, &tree)?;
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

    /// How many of the published items of a feed the store does not know, retracted ones aside.
    fn would_lose(
        &self,
        store: &dyn Store,
        feed: &config::Feed,
        decisions: &Decisions,
    ) -> Result<Option<usize>, PassError> {
        let path = self.config.output.join(format!("{}/atom.xml", feed.name));
        let Ok(published) = self.disk.read(&path) else { return Ok(None) };
        let known = store.ids()?;
        let shown = render::ids(&published).into_iter().filter_map(|id| id.parse().ok()).map(|id| decisions.root(id));
        let lost = shown.filter(|id| !decisions.is_retracted(*id) && !known.contains(id)).count();
        Ok((lost > 0).then_some(lost))
    }

    /// A feed ready to render. `None`: its name is not printable, which the config does not let in.
    fn feed(
        &self,
        one: &OneFeed<'_>,
        items: Vec<Item>,
        taken_out: Vec<(DateTime<Utc>, Key)>,
        shelves: &[Shelf],
    ) -> Option<Feed> {
        let feed = one.feed;
        let sources: Vec<&config::Source> = self.sources(one).map(|(source, _)| source).collect();
        let words = |text: &str| Text::new(text).or_else(|| Text::new(&feed.name));
        let titles: Vec<&str> = sources.iter().map(|source| source.title.as_str()).collect();
        let origins = self.origins(one);
        let entries: Vec<Entry> = items.into_iter().filter_map(|item| origins.entry(item)).collect();
        // Without items only the operator can tell.
        let of_sources = || feed::unanimous(sources.iter().map(|source| source.language.as_deref()));
        let of_items = || feed::unanimous(entries.iter().map(|entry| entry.item.language.as_ref().map(Text::as_str)));
        let language = if entries.is_empty() { of_sources() } else { of_items() }.map(str::to_owned);
        Some(Feed {
            name: feed.name.clone(),
            title: words(&feed.title)?,
            description: words(&format!("Announcements of {}", titles.join(", ")))?,
            language,
            base_url: self.config.base_url.as_deref().and_then(Address::new),
            hubs: self.config.websub.hubs.clone(),
            home: sources.iter().find_map(|source| source.url.as_deref()).and_then(Address::new),
            author: words(if let [only] = titles.as_slice() { only } else { &feed.title })?,
            entries,
            taken_out,
            months: shelves.iter().map(|shelf| (shelf.month, shelf.items)).collect(),
        })
    }

    fn origins(&self, one: &OneFeed<'_>) -> Origins {
        let words = |text: &str| Text::new(text).or_else(|| Text::new(&one.feed.name));
        let titles = self.sources(one).map(|(source, no)| (no, words(&source.title))).collect();
        Origins { titles, otherwise: words(&one.feed.name) }
    }

    /// The sources of a feed, in its order, and their numbers.
    fn sources<'s>(&'s self, one: &'s OneFeed<'_>) -> impl Iterator<Item = (&'s config::Source, SourceNo)> {
        let numbered = one.feed.sources.iter().zip(&one.terms.sources);
        numbered.filter_map(|(index, no)| Some((self.config.sources.get(*index)?, *no)))
    }

    /// All that a feed's documents depend on besides its items: other words here mean other bytes there.
    fn rendered_with(&self, feed: &config::Feed) -> String {
        let sources: Vec<_> = feed
            .sources
            .iter()
            .filter_map(|index| self.config.sources.get(*index))
            .map(|source| (&source.name, &source.title, &source.url, &source.language))
            .collect();
        let (base_url, hubs) = (&self.config.base_url, &self.config.websub.hubs);
        let documents = (self.config.pages, self.config.precompress);
        let all = (render::REVISION, &feed.title, feed.limit, base_url, documents, hubs, sources);
        format!("{:016x}", print(&all))
    }
}

/// Whether something of a feed is left to be rendered.
fn is_in_part(state: &FeedState) -> bool {
    state.rendered_with.ends_with(IN_PART)
}

fn by_path(rows: Vec<PublishedRow>) -> Rows {
    rows.into_iter().map(|row| (row.path.clone(), row)).collect()
}

/// Equal for what is equal; never 0.
fn print(of: &impl Hash) -> u64 {
    let mut hasher = Xxh3Default::new();
    of.hash(&mut hasher);
    hasher.finish().max(1)
}

/// Enters documents into the ledger that are to be written where there were none.
fn announce<'p>(store: &mut dyn Store, feed: &str, paths: impl Iterator<Item = &'p str>) -> Result<(), StoreError> {
    let unwritten = |path: &str| Listed { path: path.to_owned(), size: 0, mtime_ns: 0, inode: 0, hash: 0 };
    let documents: Vec<PublishedRow> = paths.map(|path| row_of(feed, 0, unwritten(path))).collect();
    if documents.is_empty() {
        return Ok(());
    }
    store.record_published(&[LedgerChange { feed: feed.to_owned(), documents, ..LedgerChange::default() }])
}

/// What the month pages are made of. An archive names the month before it, a page its two neighbours.
fn made(shelves: &[Shelf]) -> BTreeMap<Month, Made> {
    let of_shelf = |(at, shelf): (usize, &Shelf)| {
        let after = at.checked_sub(1).and_then(|at| shelves.get(at)).map(|shelf| shelf.month);
        let before = shelves.get(at + 1).map(|shelf| shelf.month);
        (shelf.month, Made { print: shelf.print, before, after })
    };
    shelves.iter().enumerate().map(of_shelf).collect()
}

/// The months that are not the same in both.
fn differing(a: &BTreeMap<Month, Made>, b: &BTreeMap<Month, Made>) -> BTreeSet<Month> {
    a.keys().chain(b.keys()).filter(|month| a.get(month) != b.get(month)).copied().collect()
}

/// The documents of these months of a feed.
fn wanted<'m>(
    (feed, rendered_with, language): (&str, &str, &Option<String>),
    months: impl Iterator<Item = (&'m Month, &'m Made)>,
) -> Vec<Wanted> {
    let of_month = |(month, made): (&Month, &Made)| {
        let [page, archive] = render::month_paths(feed, *month);
        let made_of = print(&(rendered_with, language, made.print, made.before));
        let (month, of_page) = (*month, print(&(made_of, made.after)));
        [Wanted { path: page, month, made_of: of_page }, Wanted { path: archive, month, made_of }]
    };
    months.flat_map(of_month).collect()
}

/// The months whose documents the heads of a feed point to: a reader that follows must find them. There stand the items
/// without an address of their own; and the newest archive has to be there once, and those that it leads to.
fn pointed_to(feed: &Feed, extent: Extent, is_there: &dyn Fn(&String) -> bool) -> BTreeSet<Month> {
    let without_address = feed.entries.iter().filter(|entry| entry.link.is_none());
    let on_page = without_address.filter(|entry| feed.permalink(&entry.item).is_some());
    let is_missing = |month: &Month| !render::month_paths(&feed.name, *month).iter().all(is_there);
    let missing = feed.months.iter().map(|(month, _)| *month).take_while(is_missing);
    // Of a backlog the chain is made piece by piece.
    let missing = missing.take(if extent == Extent::Heads { usize::MAX } else { 1 });
    on_page.map(|entry| entry.item.month()).chain(missing).collect()
}

/// The months to render, as many at a time as have not too many items.
fn chunks(shelves: &[Shelf], months: &BTreeSet<Month>) -> Vec<BTreeSet<Month>> {
    let mut chunks: Vec<BTreeSet<Month>> = Vec::new();
    let mut room = 0;
    for shelf in shelves.iter().filter(|shelf| months.contains(&shelf.month)) {
        if shelf.items > room || chunks.is_empty() {
            chunks.push(BTreeSet::new());
            room = AT_ONCE;
        }
        room = room.saturating_sub(shelf.items);
        if let Some(chunk) = chunks.last_mut() {
            chunk.insert(shelf.month);
        }
    }
    chunks
}

fn written(outcomes: Vec<Outcome>) -> Vec<String> {
    outcomes.into_iter().filter(|outcome| outcome.written).map(|outcome| outcome.listed.path).collect()
}

fn row_of(feed: &str, made_of: u64, listed: Listed) -> PublishedRow {
    let Listed { path, size, mtime_ns, inode, hash } = listed;
    PublishedRow { feed: feed.to_owned(), path, size, mtime_ns, inode, hash, made_of }
}

/// The publish ledger, for whoever serves the output.
///
/// # Errors
/// When the store gives up.
pub fn ledger(store: &dyn Store) -> Result<Vec<Listed>, StoreError> {
    Ok(store.published()?.iter().map(listed_of).collect())
}

fn listed_of(row: &PublishedRow) -> Listed {
    Listed { path: row.path.clone(), size: row.size, mtime_ns: row.mtime_ns, inode: row.inode, hash: row.hash }
}

/// The retracted items that the feed would show, those retracted last; only where the decision says when.
fn taken_out(store: &dyn Store, of: &FeedTerms, terms: &Terms) -> Result<Vec<(DateTime<Utc>, Key)>, StoreError> {
    let mut taken_out = Vec::new();
    for (when, id) in terms.rules.decisions.taken_out() {
        let item = store.item(id, terms)?;
        if item.is_some_and(|item| feed::belongs(&of.sources, &of.choice, &item)) {
            taken_out.push((when, id));
        }
        if taken_out.len() == feed::HEAD_CAP {
            break;
        }
    }
    Ok(taken_out)
}
