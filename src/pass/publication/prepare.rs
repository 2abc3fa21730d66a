//! What of a feed, or of the index, is to be replaced, written beside its place.
//!
//! Promised: what is rendered is what would come out otherwise, or does not stand; and a document enters the ledger before
//! it enters the folder, or nobody would know what a killed pass wrote. Refused: putting anything in its place, and noting
//! what is published: that is done for all feeds at once.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::{Rows, announce, by_path};
use super::months::{AT_ONCE, Made, Wanted, chunks, differing, made, pointed_to, unrendered, wanted};
use super::one_feed::{OneFeed, RenderedWith};
use super::ready::taken_out;
use super::remembered::Pages;
use super::{Extent, INDEX, print};
use crate::cores::one_by_one;
use crate::mill::feed::Feed;
use crate::mill::month::Month;
use crate::mill::render::{self, Head, Pieces, Summary, Tree};
use crate::pass::{Pass, PassError};
use crate::publish::{self, Publication};
use crate::report::{FeedLine, Report};
use crate::store::{FeedState, PublishLedger, PublishedRow, Shelf, Store, Terms};
use crate::trouble::Trouble;

/// A feed, or the index, that was looked at.
pub(super) struct Prepared {
    /// What the report is to say, but for what is underway.
    pub(super) line: FeedLine,
    pub(super) underway: Option<Underway>,
}

/// What is on its way into the folder, and what is true once it is there.
pub(super) struct Underway {
    /// Tells of some documents what they are made of.
    pub(super) made_of: BTreeMap<String, u64>,
    /// What is to be withdrawn.
    pub(super) gone: Vec<String>,
    /// `None`: of the index.
    pub(super) state: Option<FeedState>,
    pub(super) pages: Option<Pages>,
}

/// The share of a feed, or of the index, in a publication.
pub(super) struct Share<'p, 'd> {
    pub(super) publication: &'p mut Publication<'d>,
    pub(super) number: usize,
}

impl Share<'_, '_> {
    fn add(&mut self, tree: &Tree) -> Result<(), Trouble> {
        self.publication.add(self.number, tree)
    }
}

/// What there is to be of a feed besides its heads, and what the ledger lists of it.
struct Plan {
    shelves: Vec<Shelf>,
    months: BTreeMap<Month, Made>,
    wanted: Vec<Wanted>,
    rows: Rows,
    /// How its pages stand, where that is remembered: then only months that differ from it are wanted.
    standing: Option<Pages>,
}

/// What of a feed is to be made anew, and what is to go.
struct Due {
    /// The documents of months.
    stale: Vec<(Month, String)>,
    /// Their months, as they are rendered together, and whether the heads point to one of them: those come first.
    chunks: Vec<(BTreeSet<Month>, bool)>,
    heads: Vec<String>,
    gone: Vec<String>,
}

impl Due {
    /// Whether more months are to be rendered than one change leaves behind.
    fn is_backlog(&self) -> bool {
        self.chunks.len() > 1
    }
}

/// What was rendered of the months of a feed.
struct Rendered {
    months: BTreeSet<Month>,
    /// Something else waited, and the rest was left.
    left_some: bool,
}

impl Pass<'_> {
    /// Writes the documents of one feed that are to be replaced beside their places.
    pub(super) fn prepare_feed(
        &self,
        store: &mut dyn Store,
        terms: &Terms,
        one: OneFeed<'_>,
        share: Share<'_, '_>,
        report: &mut Report,
    ) -> Result<Prepared, PassError> {
        let (feed, state) = (one.feed, &one.state);
        let line = FeedLine { name: feed.name.clone(), items: state.items, ..FeedLine::default() };
        if !self.is_due(&one) {
            return Ok(Prepared { line, underway: None });
        }
        if let Some(known) = one.made_anew
            && let Some(items) = self.is_kept(known, feed, &terms.rules.decisions, report)
        {
            let told = (items != state.items).then(|| FeedState { items, ..state.clone() });
            self.take_back(store, &feed.name, told)?;
            return Ok(Prepared { line: FeedLine { items, ..line }, underway: None });
        }
        let shelves = if self.config.pages { store.shelves(one.terms)? } else { Vec::new() };
        let taken_out = taken_out(store, one.terms, terms)?;
        let ready = self.feed(&one, self.head(store, &one, terms)?, taken_out, &shelves);
        let language = ready.as_ref().and_then(|feed| feed.language.clone());
        let plan = self.plan(store, &one, &language, shelves)?;
        self.prepare(store, &one, ready, plan, share)
    }

    /// Whether anything of a feed is to be looked at more closely.
    fn is_due(&self, one: &OneFeed<'_>) -> bool {
        let is_shown = one.has_shown_all() && !(one.is_last() && RenderedWith::of(&one.state).is_in_part);
        if is_shown && one.fallen.is_empty() && one.made_anew.is_none() {
            return false;
        }
        // A head as long as its history takes as long.
        let is_long = one.feed.limit == 0 || one.feed.limit > AT_ONCE;
        !(is_long && one.extent == Extent::Between && self.scope.is_waited_for())
    }

    /// What there is to be of a feed in this language.
    fn plan(
        &self,
        store: &dyn Store,
        one: &OneFeed<'_>,
        language: &Option<String>,
        shelves: Vec<Shelf>,
    ) -> Result<Plan, PassError> {
        let OneFeed { feed, state, rendered_with, .. } = one;
        let months = made(&shelves);
        let standing = self.remembered.and_then(|remembered| remembered.take(&feed.name)).filter(|pages| {
            let before = (pages.changes_shown, &pages.rendered_with, &pages.language);
            before == (state.changes_shown, rendered_with, language) && one.is_as_it_was() && !one.full
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
        let considered = |(month, _): &(&Month, &Made)| stale.as_ref().is_none_or(|stale| stale.contains(month));
        let mut wanted = wanted(&feed.name, rendered_with, language, months.iter().filter(considered));
        if self.config.precompress {
            let sibling = |of: &Wanted| Wanted { path: render::sibling_of(&of.path), ..*of };
            let siblings: Vec<Wanted> = wanted.iter().map(sibling).collect();
            wanted.extend(siblings);
        }
        Ok(Plan { shelves, months, wanted, rows: by_path(rows), standing })
    }

    /// Writes what is due of a feed.
    ///
    /// What the ledger lists and is not wanted is withdrawn: a feed whose last item was retracted must not go on showing
    /// it.
    fn prepare(
        &self,
        store: &mut dyn Store,
        one: &OneFeed<'_>,
        ready: Option<Feed>,
        mut plan: Plan,
        mut share: Share<'_, '_>,
    ) -> Result<Prepared, PassError> {
        let head = ready.as_ref().and_then(Head::of);
        if head.is_none() {
            // Without a head there is no feed that would have pages.
            plan.wanted.clear();
        }
        let due = self.due(one, ready.as_ref(), head.as_ref(), &plan);
        let items = head.as_ref().map(Head::items).unwrap_or_default();
        let line = FeedLine { name: one.feed.name.clone(), items, ..FeedLine::default() };
        if self.dry_run {
            let removed: Vec<String> = due.gone.iter().filter(|path| self.is_there(path)).cloned().collect();
            let mut written = self.would_write(store, one, head.as_ref(), &due)?;
            written.extend(removed.iter().cloned());
            return Ok(Prepared { line: FeedLine { written, removed, ..line }, underway: None });
        }
        let rendered = match &ready {
            Some(feed) => self.add_months(store, one, feed, &due, &plan.rows, &mut share)?,
            None => Rendered { months: BTreeSet::new(), left_some: false },
        };
        if let Some(head) = &head {
            self.add_heads(store, one, head, &due, &plan.rows, &mut share)?;
        }
        let is_in_part = !one.is_last() || rendered.left_some;
        let language = ready.as_ref().and_then(|feed| feed.language.clone());
        let summary = ready.as_ref().filter(|_| head.is_some()).map(Summary::of);
        let state = FeedState {
            changes_shown: one.state.changes,
            rendered_with: RenderedWith { all: &one.rendered_with, is_in_part }.kept(),
            items,
            summary: summary.and_then(|summary| serde_json::to_string(&summary).ok()).unwrap_or_default(),
            ..one.state.clone()
        };
        let months = match plan.standing {
            _ if !is_in_part => Some(plan.months),
            standing => standing.map(|pages| pages.with(&rendered.months, &plan.months)),
        };
        let rendered_with = one.rendered_with.clone();
        let pages = months.map(|months| Pages { changes_shown: state.changes, rendered_with, language, months });
        let made_of = plan.wanted.into_iter().map(|of| (of.path, of.made_of)).collect();
        Ok(Prepared { line, underway: Some(Underway { made_of, gone: due.gone, state: Some(state), pages }) })
    }

    /// What of the plan is to be made anew: pages of all months only by a publication that is the last, or that withdraws
    /// something, for what pointed to that must not go on doing so.
    fn due(&self, one: &OneFeed<'_>, ready: Option<&Feed>, head: Option<&Head<'_>>, plan: &Plan) -> Due {
        let Plan { shelves, wanted, rows, .. } = plan;
        let is_there =
            |path: &String| rows.get(path).is_some_and(PublishedRow::was_written) && !one.fallen.contains(path);
        // A month that is not wanted stands. Its siblings may follow.
        let lacking = wanted.iter().filter(|of| render::document_of(&of.path) == of.path && !is_there(&of.path));
        let missing: BTreeSet<Month> = lacking.map(|of| of.month).collect();
        let pointed_to = ready.map(|feed| pointed_to(feed, one.extent, &missing)).unwrap_or_default();
        let heads: Vec<String> = head.into_iter().flat_map(Head::paths).collect();
        let all_heads = self.with_siblings(heads.iter().cloned());
        let paths: BTreeSet<&String> = all_heads.iter().chain(wanted.iter().map(|of| &of.path)).collect();
        let gone: Vec<String> = rows.keys().filter(|path| !paths.contains(path)).cloned().collect();
        let is_all = one.is_last() || !gone.is_empty();
        let is_stale = |of: &&Wanted| {
            (is_all || pointed_to.contains(&of.month))
                && (rows.get(&of.path).is_none_or(|row| row.made_of != of.made_of) || one.fallen.contains(&of.path))
        };
        let stale: Vec<(Month, String)> =
            wanted.iter().filter(is_stale).map(|of| (of.month, of.path.clone())).collect();
        let chunks = chunks(shelves, &stale.iter().map(|(month, _)| *month).collect());
        let with_rank = |chunk: BTreeSet<Month>| {
            let is_pointed_to = !chunk.is_disjoint(&pointed_to);
            (chunk, is_pointed_to)
        };
        let mut chunks: Vec<(BTreeSet<Month>, bool)> = chunks.into_iter().map(with_rank).collect();
        chunks.sort_by_key(|(_, is_pointed_to)| !is_pointed_to);
        // Those that are polled went ahead of the rest, or nothing that they show was changed; they point to the page of
        // the feed, which must be there once.
        let has_heads = one.has_heads();
        let is_due = |path: &String| if render::is_head(path) { !has_heads } else { is_all || !is_there(path) };
        Due { stale, chunks, heads: heads.into_iter().filter(is_due).collect(), gone }
    }

    /// Writes the documents of months, until something else waits; never without those that the heads point to.
    fn add_months(
        &self,
        store: &mut dyn Store,
        one: &OneFeed<'_>,
        feed: &Feed,
        due: &Due,
        rows: &Rows,
        share: &mut Share<'_, '_>,
    ) -> Result<Rendered, PassError> {
        let mut rendered = Rendered { months: BTreeSet::new(), left_some: false };
        let take_out = |(at, (chunk, is_pointed_to)): (usize, &(BTreeSet<Month>, bool))| {
            // What the head points to must be there.
            if at > 0 && !is_pointed_to && self.scope.is_waited_for() {
                rendered.left_some = true;
                return Ok(None);
            }
            let of_chunk = due.stale.iter().filter(|(month, _)| chunk.contains(month)).map(|(_, path)| &**path);
            announce(store, &feed.name, of_chunk.filter(|path| !rows.contains_key(*path)))?;
            rendered.months.extend(chunk);
            self.stock(store, one, feed, chunk, due.is_backlog()).map(Some)
        };
        let add = |tree: Option<Result<Tree, Trouble>>| {
            Ok::<_, PassError>(share.add(&tree.unwrap_or_else(|| Err(unrendered(&feed.name)))?)?)
        };
        // What a thread more takes of the memory stays taken in a process that stays.
        let ahead = self.remembered.is_none();
        one_by_one(ahead, due.chunks.iter().enumerate(), take_out, |stock| self.months(one, feed, stock), add)?;
        Ok(rendered)
    }

    /// Writes the heads.
    fn add_heads(
        &self,
        store: &mut dyn Store,
        one: &OneFeed<'_>,
        head: &Head<'_>,
        due: &Due,
        rows: &Rows,
        share: &mut Share<'_, '_>,
    ) -> Result<(), PassError> {
        let paths = self.with_siblings(due.heads.iter().cloned());
        announce(store, &one.feed.name, paths.iter().map(String::as_str).filter(|path| !rows.contains_key(*path)))?;
        let ready = Some(head.feed());
        let mut pieces = self.pieces(one, ready, None);
        head.trim(&mut pieces);
        for path in &due.heads {
            share.add(&self.dressed(Tree::from_iter([head.document(path.clone(), &mut pieces)])))?;
        }
        self.keep_pieces(one, ready, None, pieces);
        Ok(())
    }

    /// The documents of a feed that a pass would replace.
    fn would_write(
        &self,
        store: &dyn Store,
        one: &OneFeed<'_>,
        head: Option<&Head<'_>>,
        due: &Due,
    ) -> Result<Vec<String>, PassError> {
        let mut written = Vec::new();
        let Some(head) = head else { return Ok(written) };
        for (chunk, _) in &due.chunks {
            let stock = self.stock(store, one, head.feed(), chunk, due.is_backlog())?;
            let tree = self.months(one, head.feed(), stock)?;
            written.extend(publish::would_write(self.disk, &self.config.output, &tree)?);
        }
        for path in head.paths() {
            let tree = self.dressed(Tree::from_iter([head.document(path, &mut Pieces::forgotten())]));
            written.extend(publish::would_write(self.disk, &self.config.output, &tree)?);
        }
        Ok(written)
    }

    /// Documents as they are published: with their siblings, where there are to be any.
    pub(super) fn dressed(&self, tree: Tree) -> Tree {
        if self.config.precompress { render::with_siblings(tree) } else { tree }
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
    pub(super) fn prepare_index(
        &self,
        ledger: &mut dyn PublishLedger,
        summaries: &[Summary],
        mut share: Share<'_, '_>,
    ) -> Result<Prepared, PassError> {
        let rows = by_path(ledger.published_of(INDEX, true)?);
        let mut line = FeedLine { name: INDEX.to_owned(), items: summaries.len(), ..FeedLine::default() };
        let base_url = &self.config.base_url;
        let made_of = print(&(render::REVISION, summaries, base_url, self.config.pages, self.config.precompress));
        let as_it_was = |row: &PublishedRow| row.made_of == made_of && self.stands(row);
        if rows.is_empty() == summaries.is_empty() && rows.values().all(as_it_was) {
            return Ok(Prepared { line, underway: None });
        }
        let tree = match summaries {
            [] => Tree::default(),
            summaries => self.dressed(render::index(summaries, base_url.as_ref(), self.config.pages)),
        };
        let gone: Vec<String> = rows.keys().filter(|path| !tree.contains_key(*path)).cloned().collect();
        if self.dry_run {
            line.written = publish::would_write(self.disk, &self.config.output, &tree)?;
            line.removed = gone.into_iter().filter(|path| self.is_there(path)).collect();
            line.written.extend(line.removed.iter().cloned());
            return Ok(Prepared { line, underway: None });
        }
        announce(ledger, INDEX, tree.keys().map(String::as_str).filter(|path| !rows.contains_key(*path)))?;
        share.add(&tree)?;
        let made_of = tree.into_keys().map(|path| (path, made_of)).collect();
        Ok(Prepared { line, underway: Some(Underway { made_of, gone, state: None, pages: None }) })
    }
}
