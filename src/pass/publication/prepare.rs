//! What of a feed, or of the index, is to be replaced, written beside its place.
//!
//! Promised: what is rendered is what would come out otherwise, or does not stand; and a document enters the ledger
//! before it enters the folder, or nobody would know what a killed pass wrote. Refused: putting anything in its place,
//! and noting what is published: that is done for all feeds at once.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::{Rows, announce, by_path};
use super::months::{
    AT_ONCE, MonthDocument, MonthInputs, chunks, differing, month_documents, month_inputs, pointed_to, unrendered,
};
use super::outgoing::{OutgoingFeed, RenderedWith};
use super::ready::taken_out;
use super::remembered::StandingPages;
use super::{Extent, INDEX, print};
use crate::cores::one_by_one;
use crate::mill::feed::Feed;
use crate::mill::month::Month;
use crate::mill::render::{self, Head, Pieces, Summary, Tree};
use crate::pass::{Pass, PassError};
use crate::publish::{self, Publication};
use crate::report::{FeedLine, Report};
use crate::store::{FeedState, MonthPage, PublishLedger, PublishedRow, Store, Terms};
use crate::trouble::Trouble;

/// A feed, or the index, that was looked at.
pub(super) struct Prepared {
    /// What the report is to say, but for what is underway.
    pub(super) line: FeedLine,
    /// How the feed is published once this is done, in a dry run as well; `None`: as before, or it is the index.
    pub(super) state: Option<FeedState>,
    pub(super) underway: Option<Underway>,
}

/// What is on its way into the folder, and what is true once it is there.
pub(super) struct Underway {
    /// Tells of some documents what they are made of.
    pub(super) made_of: BTreeMap<String, u64>,
    /// What is to be withdrawn.
    pub(super) gone: Vec<String>,
    /// What a daemon is to remember.
    pub(super) standing: Option<StandingPages>,
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
    language: Option<String>,
    pages: Vec<MonthPage>,
    months: BTreeMap<Month, MonthInputs>,
    /// The documents of months that there are to be.
    wanted: Vec<MonthDocument>,
    rows: Rows,
    /// How its pages stand, where that is remembered: then only months that differ from it are wanted.
    standing: Option<StandingPages>,
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
#[derive(Default)]
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
        outgoing: &OutgoingFeed<'_>,
        share: Share<'_, '_>,
        report: &mut Report,
    ) -> Result<Prepared, PassError> {
        let OutgoingFeed { config, state, .. } = outgoing;
        let line = FeedLine { name: config.name.clone(), items: state.items, ..FeedLine::default() };
        if !self.is_due(outgoing) {
            return Ok(Prepared { line, state: None, underway: None });
        }
        if let Some(known) = outgoing.known_anew
            && let Some(items) = self.is_kept(known, config, &terms.rules.decisions, report)
        {
            let told = (items != state.items).then(|| FeedState { items, ..state.clone() });
            self.take_back(store, &config.name, told)?;
            return Ok(Prepared { line: FeedLine { items, ..line }, state: None, underway: None });
        }
        let pages = if self.config.pages { store.month_pages(outgoing.terms)? } else { Vec::new() };
        let taken_out = taken_out(store, outgoing.terms, terms)?;
        let ready = self.feed(outgoing, self.head(store, outgoing, terms)?, taken_out, &pages);
        let language = ready.as_ref().and_then(|feed| feed.language.clone());
        let plan = self.plan(store, outgoing, language, pages)?;
        FeedAtWork { pass: self, store, outgoing, plan, share }.prepare(ready.as_ref().and_then(Head::of))
    }

    /// Whether anything of a feed is to be looked at more closely.
    fn is_due(&self, outgoing: &OutgoingFeed<'_>) -> bool {
        let is_in_part = RenderedWith::of(&outgoing.state).is_in_part;
        let is_shown = outgoing.has_current_heads() && !(outgoing.is_last() && is_in_part);
        if is_shown && outgoing.fallen.is_empty() && outgoing.known_anew.is_none() {
            return false;
        }
        // A head as long as its history takes as long.
        let is_long = outgoing.config.limit == 0 || outgoing.config.limit > AT_ONCE;
        !(is_long && outgoing.extent == Extent::Between && self.scope.is_waited_for())
    }

    /// What there is to be of a feed in this language.
    fn plan(
        &self,
        ledger: &dyn PublishLedger,
        outgoing: &OutgoingFeed<'_>,
        language: Option<String>,
        pages: Vec<MonthPage>,
    ) -> Result<Plan, PassError> {
        let OutgoingFeed { config, state, rendered_with, .. } = outgoing;
        let months = month_inputs(&pages);
        let standing = self.remembered.and_then(|remembered| remembered.take(&config.name)).filter(|standing| {
            let before = (standing.changes_shown, &standing.rendered_with, &standing.language);
            before == (state.changes_shown, rendered_with, &language)
                && outgoing.is_as_it_was()
                && !outgoing.was_looked_at
        });
        let stale: Option<BTreeSet<Month>> = standing.as_ref().map(|standing| differing(&standing.months, &months));
        let rows = match &stale {
            Some(stale) => {
                let paths = stale.iter().flat_map(|month| render::month_paths(&config.name, *month));
                let paths = self.with_siblings(paths);
                let of_months = ledger.published_at(&paths.iter().map(String::as_str).collect::<Vec<_>>())?;
                ledger.published_of(&config.name, false)?.into_iter().chain(of_months).collect()
            }
            None => ledger.published_of(&config.name, true)?,
        };
        let considered = |(month, _): &(&Month, &MonthInputs)| stale.as_ref().is_none_or(|stale| stale.contains(month));
        let considered = months.iter().filter(considered);
        let mut wanted = month_documents(&config.name, rendered_with, &language, considered);
        if self.config.precompress {
            let sibling = |of: &MonthDocument| MonthDocument { path: render::sibling_of(&of.path), ..*of };
            let siblings: Vec<MonthDocument> = wanted.iter().map(sibling).collect();
            wanted.extend(siblings);
        }
        Ok(Plan { language, pages, months, wanted, rows: by_path(rows), standing })
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
            return Ok(Prepared { line, state: None, underway: None });
        }
        let tree = match summaries {
            [] => Tree::default(),
            summaries => self.dressed(render::index(summaries, base_url.as_ref(), self.config.pages)),
        };
        let gone: Vec<String> = rows.keys().filter(|path| !tree.contains_key(*path)).cloned().collect();
        self.leave_to_others(INDEX, &rows, tree.keys().map(String::as_str))?;
        if self.dry_run {
            line.written = publish::would_write(self.disk, &self.config.output, &tree)?;
            line.removed = gone.into_iter().filter(|path| self.is_there(path)).collect();
            line.written.extend(line.removed.iter().cloned());
            return Ok(Prepared { line, state: None, underway: None });
        }
        announce(ledger, INDEX, &rows, tree.keys().map(String::as_str))?;
        share.add(&tree)?;
        let made_of = tree.into_keys().map(|path| (path, made_of)).collect();
        let underway = Underway { made_of, gone, standing: None };
        Ok(Prepared { line, state: None, underway: Some(underway) })
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
}

/// A feed of which documents are written beside their places.
struct FeedAtWork<'w, 'd> {
    pass: &'w Pass<'w>,
    store: &'w mut dyn Store,
    outgoing: &'w OutgoingFeed<'w>,
    plan: Plan,
    share: Share<'w, 'd>,
}

impl FeedAtWork<'_, '_> {
    /// Writes what is due.
    ///
    /// What the ledger lists and is not wanted is withdrawn: a feed whose last item was retracted must not go on
    /// showing it.
    fn prepare(mut self, head: Option<Head<'_>>) -> Result<Prepared, PassError> {
        let Self { pass, outgoing, .. } = self;
        if head.is_none() {
            // Without a head there is no feed that would have pages.
            self.plan.wanted.clear();
        }
        let due = self.due(head.as_ref());
        self.leave_to_others(head.as_ref())?;
        let items = head.as_ref().map(Head::items).unwrap_or_default();
        let line = FeedLine { name: outgoing.config.name.clone(), items, ..FeedLine::default() };
        let summary = head.as_ref().map(|head| Summary::of(head.feed()));
        let summary = summary.and_then(|summary| serde_json::to_string(&summary).ok()).unwrap_or_default();
        let state = |is_in_part| FeedState {
            changes_shown: outgoing.state.changes,
            rendered_with: RenderedWith { all: &outgoing.rendered_with, is_in_part }.kept(),
            items,
            summary,
            ..outgoing.state.clone()
        };
        if pass.dry_run {
            let removed: Vec<String> = due.gone.iter().filter(|path| pass.is_there(path)).cloned().collect();
            let mut written = self.would_write(head.as_ref(), &due)?;
            written.extend(removed.iter().cloned());
            written.sort();
            let line = FeedLine { written, removed, ..line };
            return Ok(Prepared { line, state: Some(state(false)), underway: None });
        }
        let mut rendered = Rendered::default();
        if let Some(head) = &head {
            rendered = self.add_months(head.feed(), &due)?;
            self.add_heads(head, &due)?;
        }
        let is_in_part = !outgoing.is_last() || rendered.left_some;
        let state = state(is_in_part);
        let Plan { language, months, wanted, standing, .. } = self.plan;
        let months = match standing {
            _ if !is_in_part => Some(months),
            standing => standing.map(|standing| standing.with(&rendered.months, &months)),
        };
        let rendered_with = outgoing.rendered_with.clone();
        let standing =
            months.map(|months| StandingPages { changes_shown: state.changes, rendered_with, language, months });
        let made_of = wanted.into_iter().map(|of| (of.path, of.made_of)).collect();
        let underway = Underway { made_of, gone: due.gone, standing };
        Ok(Prepared { line, state: Some(state), underway: Some(underway) })
    }

    /// Refuses to replace what somebody else wrote where anything of the feed is to go.
    fn leave_to_others(&self, head: Option<&Head<'_>>) -> Result<(), Trouble> {
        let Self { pass, outgoing, plan: Plan { wanted, rows, .. }, .. } = self;
        let heads = pass.with_siblings(head.into_iter().flat_map(Head::paths));
        let paths = heads.iter().chain(wanted.iter().map(|of| &of.path));
        pass.leave_to_others(&outgoing.config.name, rows, paths.map(String::as_str))
    }

    /// What of the plan is to be made anew: pages of all months only by a publication that is the last, or that
    /// withdraws something, for what pointed to that must not go on doing so.
    fn due(&self, head: Option<&Head<'_>>) -> Due {
        let Self { outgoing, plan: Plan { pages, wanted, rows, .. }, .. } = self;
        let is_there =
            |path: &String| rows.get(path).is_some_and(PublishedRow::was_written) && !outgoing.fallen.contains(path);
        // A month that is not wanted stands. Its siblings may follow.
        let lacking = wanted.iter().filter(|of| render::document_of(&of.path) == of.path && !is_there(&of.path));
        let missing: BTreeSet<Month> = lacking.map(|of| of.month).collect();
        let pointed_to = head.map(|head| pointed_to(head.feed(), outgoing.extent, &missing)).unwrap_or_default();
        let heads: Vec<String> = head.into_iter().flat_map(Head::paths).collect();
        let all_heads = self.pass.with_siblings(heads.iter().cloned());
        let paths: BTreeSet<&String> = all_heads.iter().chain(wanted.iter().map(|of| &of.path)).collect();
        let gone: Vec<String> = rows.keys().filter(|path| !paths.contains(path)).cloned().collect();
        let is_all = outgoing.is_last() || !gone.is_empty();
        let is_stale = |of: &&MonthDocument| {
            (is_all || pointed_to.contains(&of.month))
                && (rows.get(&of.path).is_none_or(|row| row.made_of != of.made_of)
                    || outgoing.fallen.contains(&of.path))
        };
        let stale: Vec<(Month, String)> =
            wanted.iter().filter(is_stale).map(|of| (of.month, of.path.clone())).collect();
        let chunks = chunks(pages, &stale.iter().map(|(month, _)| *month).collect());
        let with_rank = |chunk: BTreeSet<Month>| {
            let is_pointed_to = !chunk.is_disjoint(&pointed_to);
            (chunk, is_pointed_to)
        };
        let mut chunks: Vec<(BTreeSet<Month>, bool)> = chunks.into_iter().map(with_rank).collect();
        chunks.sort_by_key(|(_, is_pointed_to)| !is_pointed_to);
        // Those that are polled went ahead of the rest, or nothing that they show was changed; they point to the page
        // of the feed, which must be there once.
        let has_heads = outgoing.has_standing_heads();
        let is_due = |path: &String| if render::is_head(path) { !has_heads } else { is_all || !is_there(path) };
        Due { stale, chunks, heads: heads.into_iter().filter(is_due).collect(), gone }
    }

    /// Writes the documents of months, until something else waits; never without those that the heads point to.
    fn add_months(&mut self, feed: &Feed, due: &Due) -> Result<Rendered, PassError> {
        let Self { pass, outgoing, .. } = *self;
        let mut rendered = Rendered::default();
        let take_out = |(at, (chunk, is_pointed_to)): (usize, &(BTreeSet<Month>, bool))| {
            // What the head points to must be there.
            if at > 0 && !is_pointed_to && pass.scope.is_waited_for() {
                rendered.left_some = true;
                return Ok(None);
            }
            let of_chunk = due.stale.iter().filter(|(month, _)| chunk.contains(month)).map(|(_, path)| &**path);
            announce(self.store, &feed.name, &self.plan.rows, of_chunk)?;
            rendered.months.extend(chunk);
            pass.stock(self.store, outgoing, feed, chunk, due.is_backlog()).map(Some)
        };
        let add = |tree: Option<Result<Tree, Trouble>>| {
            Ok::<_, PassError>(self.share.add(&tree.unwrap_or_else(|| Err(unrendered(&feed.name)))?)?)
        };
        // What a thread more takes of the memory stays taken in a process that stays.
        let ahead = pass.remembered.is_none();
        one_by_one(ahead, due.chunks.iter().enumerate(), take_out, |stock| pass.months(outgoing, feed, stock), add)?;
        Ok(rendered)
    }

    /// Writes the heads.
    fn add_heads(&mut self, head: &Head<'_>, due: &Due) -> Result<(), PassError> {
        let Self { pass, outgoing, .. } = *self;
        let paths = pass.with_siblings(due.heads.iter().cloned());
        announce(self.store, &outgoing.config.name, &self.plan.rows, paths.iter().map(String::as_str))?;
        let mut pieces = pass.pieces(outgoing, head.feed(), None);
        head.trim(&mut pieces);
        for path in &due.heads {
            self.share.add(&pass.dressed(Tree::from_iter([head.document(path.clone(), &mut pieces)])))?;
        }
        pass.keep_pieces(outgoing, head.feed(), None, pieces);
        Ok(())
    }

    /// The documents that would be replaced.
    fn would_write(&self, head: Option<&Head<'_>>, due: &Due) -> Result<Vec<String>, PassError> {
        let Self { pass, outgoing, .. } = *self;
        let Some(head) = head else { return Ok(Vec::new()) };
        let mut written = Vec::new();
        for (chunk, _) in &due.chunks {
            let stock = pass.stock(self.store, outgoing, head.feed(), chunk, due.is_backlog())?;
            let tree = pass.months(outgoing, head.feed(), stock)?;
            written.extend(publish::would_write(pass.disk, &pass.config.output, &tree)?);
        }
        for path in head.paths() {
            let tree = pass.dressed(Tree::from_iter([head.document(path, &mut Pieces::forgotten())]));
            written.extend(publish::would_write(pass.disk, &pass.config.output, &tree)?);
        }
        Ok(written)
    }
}
