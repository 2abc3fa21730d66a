//! From the store to the folder: the half of a pass that makes what is published agree with what is stored.
//!
//! Level again: a document that should be there is compared with its line in the publish ledger, and that with the file.
//! What a month page is made of is known without looking at its items (the store keeps a print of them), so that only
//! what would come out otherwise, or was altered from outside, is rendered. A pass that knows what changed leaves the
//! files of month pages that nothing changed to the next full look.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

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
use crate::mill::render::{self, Summary, Tree};
use crate::publish::{self, Listed, Outcome, Publication};
use crate::report::{FeedLine, Report};
use crate::store::{FeedState, FeedTerms, PublishedRow, Shelf, Store, StoreError, Terms};

/// How many items are rendered before their documents leave the memory.
const AT_ONCE: usize = 2_000;

/// To whom the ledger counts the documents that list all feeds; no feed has this name.
pub(crate) const INDEX: &str = "";

/// The lines of the ledger that belong to one feed, by their paths.
type Rows = BTreeMap<String, PublishedRow>;

/// A feed of the config, and how far it was published.
struct OneFeed<'a> {
    feed: &'a config::Feed,
    terms: &'a FeedTerms,
    state: FeedState,
    rendered_with: String,
    /// Its lines of the ledger. A pass that knows what changed begins with those of the documents that are not of a
    /// month, and looks at no other files.
    rows: Rows,
    /// Nothing of a backlog is left. Until then only the months that its head points to are rendered: whole histories
    /// would be rendered anew after every batch, to be replaced by the next.
    last: bool,
}

impl OneFeed<'_> {
    /// What a feed is marked with whose other months are still to be rendered: the next batch need not render it again,
    /// and the last publication, or that of the next pass, does.
    fn in_part(&self) -> String {
        format!("{} in part", self.rendered_with)
    }
}

/// A document of a month page, and what it is made of.
struct Wanted {
    path: String,
    month: Month,
    made_of: u64,
}

impl Pass<'_> {
    pub(super) fn publish(
        &self,
        store: &mut dyn Store,
        terms: &Terms,
        report: &mut Report,
        last: bool,
    ) -> Result<(), PassError> {
        let mut ledger: BTreeMap<String, Rows> = BTreeMap::new();
        // A pass that knows what changed asks for what it needs, feed by feed.
        let full = self.scope.named.is_none();
        for row in if full { store.published()? } else { Vec::new() } {
            ledger.entry(row.feed.clone()).or_default().insert(row.path.clone(), row);
        }
        let mut trouble = None;
        let kept_before = report.kept.len();
        for (feed, feed_terms) in self.config.feeds.iter().zip(&terms.feeds) {
            let rows = match full {
                true => ledger.remove(&feed.name).unwrap_or_default(),
                false => by_path(store.published_of(&feed.name, false)?),
            };
            let (state, rendered_with) = (store.feed_state(&feed.name)?, self.rendered_with(feed));
            let one = OneFeed { feed, terms: feed_terms, state, rendered_with, rows, last };
            match self.publish_feed(store, terms, one, report) {
                Ok(line) => report.feeds.push(line),
                // What stands in the way of one feed must not keep the others back; the first such trouble is told.
                Err(PassError::Trouble(in_the_way)) => {
                    trouble.get_or_insert(in_the_way);
                }
                Err(error) => return Err(error),
            }
        }
        let whole = report.kept.len() == kept_before;
        let index = match full {
            true => ledger.remove(INDEX).unwrap_or_default(),
            false => by_path(store.published_of(INDEX, true)?),
        };
        if whole && trouble.is_none() {
            self.publish_index(store, index, report)?;
            // What is left belongs to feeds that are in the config no more.
            if self.prune && last {
                self.remove(store, &ledger, report)?;
            }
        }
        if let Some(trouble) = trouble {
            return Err(trouble.into());
        }
        self.note_feeds_without_address(report);
        report.changed |= report.feeds.iter().any(|feed| !feed.written.is_empty())
            || !report.index.is_empty()
            || !report.pruned.is_empty();
        if self.recovered && whole && last {
            store.forget_recovery()?;
        }
        Ok(())
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

    fn publish_feed(
        &self,
        store: &mut dyn Store,
        terms: &Terms,
        mut one: OneFeed<'_>,
        report: &mut Report,
    ) -> Result<FeedLine, PassError> {
        let (feed, state) = (one.feed, one.state.clone());
        let fallen: BTreeSet<String> =
            one.rows.values().filter(|row| !self.stands(row)).map(|row| row.path.clone()).collect();
        let as_before = state.rendered_with == one.rendered_with || !one.last && state.rendered_with == one.in_part();
        let shown = state.shown == state.changed && as_before;
        let unchanged = FeedLine { name: feed.name.clone(), items: state.items, written: Vec::new() };
        if shown && fallen.is_empty() && !self.recovered {
            return Ok(unchanged);
        }
        if self.scope.named.is_some() {
            one.rows = by_path(store.published_of(&feed.name, true)?);
        }
        let one = &one;
        let shelves = if self.config.pages { store.shelves(one.terms)? } else { Vec::new() };
        let taken_out = taken_out(store, one.terms, terms)?;
        let ready = self.feed(one, store.head(one.terms, terms)?, taken_out, &shelves);
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
            return Ok(unchanged);
        }
        self.put(store, one, ready, &shelves, &fallen)
    }

    fn stands(&self, row: &PublishedRow) -> bool {
        publish::stands(self.disk, &self.config.output, &listed_of(row))
    }

    /// Makes the folder agree with the documents of one feed, and the ledger with the folder.
    ///
    /// What the ledger lists and is not wanted is withdrawn: a feed whose last item was retracted must not go on showing
    /// it. So a document enters the ledger before it enters the folder, or nobody would know what a killed pass wrote.
    fn put(
        &self,
        store: &mut dyn Store,
        one: &OneFeed<'_>,
        ready: Option<Feed>,
        shelves: &[Shelf],
        fallen: &BTreeSet<String>,
    ) -> Result<FeedLine, PassError> {
        let OneFeed { feed, state, rows, .. } = one;
        let head = ready.as_ref().map(render::render).unwrap_or_default();
        // Without a head there is no feed that would have pages.
        let wanted = ready.as_ref().filter(|_| !head.is_empty()).map(|feed| wanted(feed, &one.rendered_with, shelves));
        let wanted = wanted.unwrap_or_default();
        let shown: BTreeSet<Month> = match ready.as_ref().filter(|_| !one.last) {
            Some(feed) => feed.entries.iter().map(|entry| entry.item.month()).collect(),
            None => wanted.iter().map(|of| of.month).collect(),
        };
        let stale: Vec<&Wanted> = wanted
            .iter()
            .filter(|of| shown.contains(&of.month))
            .filter(|of| rows.get(&of.path).is_none_or(|row| row.made_of != of.made_of) || fallen.contains(&of.path))
            .collect();
        let paths: BTreeSet<&str> =
            head.iter().map(|(path, _)| path).chain(wanted.iter().map(|of| &*of.path)).collect();
        let gone: Vec<&str> = rows.keys().map(String::as_str).filter(|path| !paths.contains(path)).collect();
        let items = head.iter().map(|(_, document)| document.entries).max().unwrap_or_default();
        let mut line = FeedLine { name: feed.name.clone(), items, written: Vec::new() };
        let stale_months: BTreeSet<Month> = stale.iter().map(|of| of.month).collect();
        let chunks = chunks(shelves, &stale_months);
        if self.dry_run {
            for chunk in &chunks {
                let tree = self.months(store, one, ready.as_ref(), chunk)?;
                line.written.extend(publish::would_write(self.disk, &self.config.output, &tree)?);
            }
            line.written.extend(publish::would_write(self.disk, &self.config.output, &head)?);
            line.written.extend(gone.iter().filter(|path| self.is_there(path)).map(|path| (*path).to_owned()));
            return Ok(line);
        }
        let made_of: BTreeMap<&str, u64> = wanted.iter().map(|of| (&*of.path, of.made_of)).collect();
        let row_of =
            |listed: Listed| row_of(&feed.name, made_of.get(&*listed.path).copied().unwrap_or_default(), listed);
        let written_now = head.iter().map(|(path, _)| path).chain(stale.iter().map(|of| &*of.path));
        let new: Vec<PublishedRow> =
            written_now.filter(|path| !rows.contains_key(*path)).map(|path| first(&feed.name, path)).collect();
        if !new.is_empty() {
            store.record_published(&feed.name, state, &new, &[])?;
        }
        let mut publication = self.publication();
        for chunk in &chunks {
            publication.add(&self.months(store, one, ready.as_ref(), chunk)?)?;
        }
        publication.add(&head)?;
        let outcomes = publication.finish()?;
        (self.published)(&outcomes, &[]);
        (self.published)(&[], &gone);
        let withdrawn = publish::withdraw(self.disk, &self.config.output, &gone)?;
        let documents: Vec<PublishedRow> = outcomes.iter().map(|outcome| row_of(outcome.listed.clone())).collect();
        let summary = ready.as_ref().filter(|_| !head.is_empty()).map(Summary::of);
        let shown = FeedState {
            shown: state.changed,
            rendered_with: if one.last { one.rendered_with.clone() } else { one.in_part() },
            items,
            summary: summary.and_then(|summary| serde_json::to_string(&summary).ok()).unwrap_or_default(),
            ..state.clone()
        };
        store.record_published(&feed.name, &shown, &documents, &gone)?;
        line.written = written(outcomes);
        if !line.written.is_empty() {
            info!(feed = %feed.name, items, "published");
        }
        if !withdrawn.is_empty() {
            if head.is_empty() {
                warn!(feed = %feed.name, "no items are left to show, nor to tell of: its documents were withdrawn");
            }
            line.written.extend(withdrawn);
        }
        Ok(line)
    }

    fn publication(&self) -> Publication<'_> {
        Publication::new(self.disk, &self.config.output).checked_by(self.check).announced_to(self.announced)
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
    ) -> Result<Tree, StoreError> {
        let Some(feed) = ready else { return Ok(Tree::default()) };
        let mut by_month: BTreeMap<Month, Vec<Item>> = BTreeMap::new();
        for item in store.standing(one.terms, months)? {
            by_month.entry(item.month()).or_default().push(item);
        }
        let trees = on_all_cores(by_month.into_iter().collect(), |(month, items)| {
            let of_month = Feed { entries: self.entries(one, items), taken_out: Vec::new(), ..feed.clone() };
            render::month(&of_month, month)
        });
        // A thread that panicked is a bug; its months are missing, and the next pass meets them again.
        Ok(trees.into_iter().flatten().flatten().collect())
    }

    /// Makes what lists all feeds agree with them.
    fn publish_index(&self, store: &mut dyn Store, rows: Rows, report: &mut Report) -> Result<(), PassError> {
        let mut summaries: Vec<Summary> = Vec::new();
        for feed in &self.config.feeds {
            summaries.extend(serde_json::from_str(&store.feed_state(&feed.name)?.summary).ok());
        }
        let base_url = self.config.base_url.as_deref().and_then(Address::new);
        let made_of = print(&(render::REVISION, &summaries, &base_url, self.config.pages));
        let as_it_was = |row: &PublishedRow| row.made_of == made_of && self.stands(row);
        if rows.is_empty() == summaries.is_empty() && rows.values().all(as_it_was) {
            return Ok(());
        }
        let tree = match summaries.as_slice() {
            [] => Tree::default(),
            summaries => render::index(summaries, base_url.as_ref(), self.config.pages),
        };
        let gone: Vec<&str> = rows.keys().map(String::as_str).filter(|path| tree.get(path).is_none()).collect();
        if self.dry_run {
            report.index = publish::would_write(self.disk, &self.config.output, &tree)?;
            report.index.extend(gone.iter().filter(|path| self.is_there(path)).map(|path| (*path).to_owned()));
            return Ok(());
        }
        let new: Vec<PublishedRow> =
            tree.iter().filter(|(path, _)| !rows.contains_key(*path)).map(|(path, _)| first(INDEX, path)).collect();
        if !new.is_empty() {
            store.record_published(INDEX, &FeedState::default(), &new, &[])?;
        }
        let mut publication = self.publication();
        publication.add(&tree)?;
        let outcomes = publication.finish()?;
        (self.published)(&outcomes, &[]);
        (self.published)(&[], &gone);
        let withdrawn = publish::withdraw(self.disk, &self.config.output, &gone)?;
        let documents: Vec<PublishedRow> =
            outcomes.iter().map(|outcome| row_of(INDEX, made_of, outcome.listed.clone())).collect();
        store.record_published(INDEX, &FeedState::default(), &documents, &gone)?;
        report.index = written(outcomes);
        report.index.extend(withdrawn);
        Ok(())
    }

    /// Removes the documents of feeds that left the config, and the folders that held nothing else.
    fn remove(
        &self,
        store: &mut dyn Store,
        ledger: &BTreeMap<String, Rows>,
        report: &mut Report,
    ) -> Result<(), PassError> {
        for (feed, rows) in ledger {
            let paths: Vec<&str> = rows.keys().map(String::as_str).collect();
            if self.dry_run {
                report.pruned.extend(paths.iter().filter(|path| self.is_there(path)).map(|path| (*path).to_owned()));
                continue;
            }
            report.pruned.extend(publish::withdraw(self.disk, &self.config.output, &paths)?);
            publish::clear(self.disk, &self.config.output, &paths);
            store.record_published(feed, &FeedState::default(), &[], &paths)?;
            info!(%feed, "its documents were removed: it is in the config no more");
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
        let entries = self.entries(one, items);
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

    /// Items as the feed shows them: each under the first of its sources that sights it.
    fn entries(&self, one: &OneFeed<'_>, items: Vec<Item>) -> Vec<Entry> {
        let words = |text: &str| Text::new(text).or_else(|| Text::new(&one.feed.name));
        let titles: Vec<(SourceNo, Option<Text>)> =
            self.sources(one).map(|(source, no)| (no, words(&source.title))).collect();
        let origin = |item: &Item| {
            let sighted = titles.iter().find(|(no, _)| item.sources.contains(no));
            sighted.map_or_else(|| words(&one.feed.name), |(_, title)| title.clone())
        };
        items.into_iter().filter_map(|item| origin(&item).map(|origin| Entry::new(item, origin))).collect()
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
        let (base_url, pages, hubs) = (&self.config.base_url, self.config.pages, &self.config.websub.hubs);
        let all = (render::REVISION, &feed.title, feed.limit, base_url, pages, hubs, sources);
        format!("{:016x}", print(&all))
    }
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

/// The documents of the months of a feed. An archive names the month before it, a page its two neighbours.
fn wanted(feed: &Feed, rendered_with: &str, shelves: &[Shelf]) -> Vec<Wanted> {
    let of_shelf = |(at, shelf): (usize, &Shelf)| {
        let month = shelf.month;
        let after = at.checked_sub(1).and_then(|at| shelves.get(at)).map(|shelf| shelf.month);
        let before = shelves.get(at + 1).map(|shelf| shelf.month);
        let [page, archive] = render::month_paths(&feed.name, month);
        let made_of = print(&(rendered_with, &feed.language, shelf.print, before));
        [Wanted { path: page, month, made_of: print(&(made_of, after)) }, Wanted { path: archive, month, made_of }]
    };
    shelves.iter().enumerate().flat_map(of_shelf).collect()
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

/// The line of a document that is not yet there.
fn first(feed: &str, path: &str) -> PublishedRow {
    row_of(feed, 0, Listed { path: path.to_owned(), size: 0, mtime_ns: 0, inode: 0, hash: 0 })
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
