//! One walk through the rooms: a pass makes the published feeds agree with the inbox by way of the store.
//!
//! ```text
//! inbox ──text──▶ scrape ──drafts──▶ identify ──accounts──▶ store ──items──▶ feed ──▶ render ──tree──▶ publish
//! ```
//!
//! A pass is level, not edge: it looks at what is there, never at what happened. Files are read and parsed on all
//! cores when there are many, and taken in by batches, each of them one transaction after which the feeds are
//! published: stopping between two batches, or anywhere else, is always safe. What a pass did it returns as a
//! [`Report`]; it prints nothing.

mod met;
pub(crate) mod publication;
mod reading;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use tracing::{debug, info, warn};
use xxhash_rust::xxh3::xxh3_64;

use self::publication::Extent;
pub use self::publication::{Remembered, is_published, lacks, ledger};
use self::reading::{BIG, Job, batch_length, skip};
use crate::config::{self, Config, Undated};
use crate::decided::Decided;
use crate::drift;
use crate::inbox::{self, KeepOut, Listing, Seen};
use crate::mill::captured;
use crate::mill::category;
use crate::mill::decisions::Decision;
use crate::mill::feed::Retention;
use crate::mill::identify::Site;
use crate::mill::item::{Key, SourceNo};
use crate::mill::page::Page;
use crate::mill::render;
use crate::mill::scrape::{self, Scrape};
use crate::mill::settle::{self, Rules, SourceRule};
use crate::publish::{Disk, Listed, Outcome};
use crate::report::{Drift, Report, Unusual};
use crate::stat::Stat;
use crate::state;
use crate::store::{Absorbed, FeedTerms, Found, KnownSource, LedgerRow, Store, StoreError, Terms};
use crate::trouble::Trouble;

/// Why a pass could not be finished.
#[derive(Debug)]
pub enum PassError {
    /// The store gave up.
    Store(StoreError),
    /// Anything else that the operator must see to.
    Trouble(Trouble),
}

impl From<StoreError> for PassError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Trouble> for PassError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl PassError {
    /// What it means for the operator of the store at `file`.
    #[must_use]
    pub fn trouble(self, file: &Path) -> Trouble {
        match self {
            Self::Store(error) => state::unusable(file, error),
            Self::Trouble(trouble) => trouble,
        }
    }
}

/// What a pass works with besides the store.
pub struct Pass<'a> {
    /// What the operator says.
    pub config: &'a Config,
    /// Where publishing happens.
    pub disk: &'a (dyn Disk + Sync),
    /// How documents are read back before they are published.
    pub check: render::Check<'a>,
    /// Reports what it would do and changes nothing; the store is a copy.
    pub dry_run: bool,
    /// Removes what was published of feeds that left the config.
    pub prune: bool,
    /// Told how many of how many files are done.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
    /// The store was made after what is published, and may know less: feeds must not shrink.
    pub recovered: bool,
    /// How much to look at.
    pub scope: Scope<'a>,
    /// Told how documents will stand, before the first of them takes the place of its previous version.
    pub announced: &'a (dyn Fn(&[Listed]) + Sync),
    /// Told at once what was published, and beforehand at which paths documents are withdrawn.
    pub published: &'a (dyn Fn(&[Outcome], &[&str]) + Sync),
    /// What a daemon keeps between passes.
    pub remembered: Option<&'a Remembered>,
    /// Only what subscribers poll is published, and what that points to: who called comes back for the rest as soon as
    /// things have calmed down, and [`Report::in_part`] says whether there is any.
    pub hurries: bool,
    /// The process ends with this pass: the system takes back at once what freeing bit by bit would take long over.
    pub parting: bool,
    /// What reads a page: [`Page::parse`], but in tests.
    pub parse: for<'p> fn(&'p Page<'_>) -> Scrape<'p>,
}

/// How much a pass looks at. A daemon that knows what changed need not look at all, and not at what is half-written.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Only these files, by their absolute paths; `None`: all that the sources have.
    pub named: Option<&'a BTreeSet<PathBuf>>,
    /// Asked of each file that differs, by its absolute path, how it looks now, and whether it was ever read: is it
    /// still being written? Such a file is left as the store knows it. `None`: no file is.
    #[expect(clippy::type_complexity, reason = "one closure, named by its field")]
    pub unfinished: Option<&'a (dyn Fn(&Path, &Stat, bool) -> bool + Sync)>,
    /// Set when the pass is to end after the batch that it is at.
    pub stop: &'a AtomicBool,
    /// Asked after each of its long steps: is something else waiting? Then it ends there. What it leaves undone the next
    /// look at all finds; as each pass makes one long step at least, all of them are made in the end. `None`: nothing is.
    pub waited_for: Option<&'a (dyn Fn() -> bool + Sync)>,
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl Scope<'_> {
    /// All there is, to the end.
    pub const ALL: Self = Scope { named: None, unfinished: None, stop: &NEVER, waited_for: None };

    /// Whether the pass is to end after the step that it is at.
    fn is_waited_for(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.waited_for.is_some_and(|ask| ask())
    }
}

/// What was taken in.
struct TakenIn {
    absorbed: Absorbed,
    /// It got to its end, and was not waited for.
    whole: bool,
    /// What was published between the batches.
    sooner: Vec<Report>,
}

impl<'a> Pass<'a> {
    /// A pass over all there is, to its end, that publishes and is watched by nobody.
    #[must_use]
    pub fn new(config: &'a Config, disk: &'a (dyn Disk + Sync)) -> Self {
        Self {
            config,
            disk,
            check: &render::check,
            dry_run: false,
            prune: false,
            progress: &|_, _| {},
            recovered: false,
            scope: Scope::ALL,
            announced: &|_| {},
            published: &|_, _| {},
            remembered: None,
            hurries: false,
            parting: false,
            parse: |page| page.parse(),
        }
    }

    /// Makes the feeds agree with the inbox.
    ///
    /// # Errors
    /// [`PassError`]. What was committed and published until then stands.
    pub fn run(&self, store: &mut dyn Store, decided: &mut Decided) -> Result<Report, PassError> {
        let mut report = Report { schema: 1, ..Report::default() };
        // Whoever names files has looked at all under the same names before.
        if self.scope.named.is_none() {
            let renamed = renamed(self.config, &store.known_sources()?);
            renamed.iter().for_each(|note| warn!("{note}"));
            report.notes.extend(renamed);
        }
        let mut terms = self.terms(store, decided)?;
        let TakenIn { mut absorbed, whole, sooner: between } =
            self.take_in_under(&mut terms, store, decided, &mut report, true)?;
        let taken_in = report.changed;
        if !absorbed.unseen.is_empty() {
            let noted = self.note_first_seen(&absorbed, decided)?;
            terms = self.terms(store, decided)?;
            let mut agreed = store.agree(&terms)?;
            // A new item that takes its day is new, and no more.
            let new: BTreeSet<&Key> = absorbed.new_unseen.iter().filter(|key| noted.contains(key)).collect();
            agreed.revised = agreed.revised.saturating_sub(new.len());
            absorbed.add(agreed);
        }
        let mut sooner = Report::default();
        let at_the_end = if self.hurries { Extent::Heads } else { Extent::All };
        let extent = if whole { at_the_end } else { Extent::Between };
        let ahead = match extent {
            Extent::All if self.goes_ahead(store)? => self.publish(store, &terms, &mut sooner, Extent::Heads),
            _ => Ok(()),
        };
        let in_the_way = Self::in_the_way(ahead)?;
        self.publish(store, &terms, &mut report, extent)?;
        // Be it mended by now: what was written but not synced is not written again.
        if let Some(trouble) = in_the_way {
            return Err(trouble.into());
        }
        for sooner in between.into_iter().chain([sooner]) {
            report.wrote_sooner(sooner);
        }
        report.items.new = absorbed.new;
        report.items.revised = absorbed.revised;
        report.items.gone = absorbed.gone;
        report.items.total = store.count()?;
        report.changed |= absorbed.new + absorbed.revised + absorbed.gone > 0;
        for key in &absorbed.twins {
            debug!(%key, "one page lists the same title and date twice, with different texts: told apart");
        }
        if taken_in || absorbed.new + absorbed.revised + absorbed.gone > 0 {
            let (items, files) = (&report.items, &report.files);
            info!(read = files.read, new = items.new, revised = items.revised, total = items.total, "absorbed");
        }
        report.exit = report.verdict(self.dry_run) as u8;
        Ok(report)
    }

    /// Whether the feeds are published by themselves before all the rest is: where subscribers poll meanwhile, what is new
    /// need not wait for pages, nor for what was left behind. Of a recovered store it is told once which feeds stay.
    fn goes_ahead(&self, store: &dyn Store) -> Result<bool, StoreError> {
        let is_polled = self.remembered.is_some() && self.config.pages && !self.recovered;
        Ok(is_polled && self.is_behind(store)?)
    }

    /// What stands in the way of a publication, which others may follow all the same.
    fn in_the_way(published: Result<(), PassError>) -> Result<Option<Trouble>, PassError> {
        match published {
            Ok(()) => Ok(None),
            Err(PassError::Trouble(trouble)) => Ok(Some(trouble)),
            Err(error) => Err(error),
        }
    }

    /// Takes in what differs from what the store saw. `publish` after each batch but the last.
    ///
    /// # Errors
    /// [`PassError`].
    pub fn take_in(
        &self,
        store: &mut dyn Store,
        decided: &mut Decided,
        report: &mut Report,
        publish: bool,
    ) -> Result<Absorbed, PassError> {
        let mut terms = self.terms(store, decided)?;
        Ok(self.take_in_under(&mut terms, store, decided, report, publish)?.absorbed)
    }

    /// Takes in under these terms, which become others where decisions are added.
    fn take_in_under(
        &self,
        terms: &mut Terms,
        store: &mut dyn Store,
        decided: &mut Decided,
        report: &mut Report,
        publish: bool,
    ) -> Result<TakenIn, PassError> {
        let mut absorbed = store.agree(terms)?;
        let numbers = self.numbers(store)?;
        let listings = self.list(report);
        let ledger = match self.scope.named {
            None => store.ledger()?,
            Some(_) => rows_of(store, &listings, &numbers)?,
        };
        let rows: HashMap<(SourceNo, &str), &LedgerRow> =
            ledger.iter().map(|row| ((row.source, row.path.as_str()), row)).collect();

        let mut jobs = self.jobs(&listings, &numbers, &rows, report);
        let total = jobs.len();
        let mut done = 0;
        let (mut taken_in, mut whole, mut sooner) = (false, true, Vec::new());
        let mut grown: BTreeSet<SourceNo> = BTreeSet::new();
        let mut jobs = jobs.as_mut_slice();
        while !jobs.is_empty() && !self.scope.stop.load(Ordering::Relaxed) {
            let (batch, rest) = jobs.split_at_mut(batch_length(jobs));
            let long = batch.iter().any(|job| job.stat.size > BIG);
            for job in batch.iter_mut().filter(|job| job.row.is_some()) {
                job.known = store.contents_of(job.no, job.name)?;
            }
            let mut read = self.look_into(batch, store, report, &|n| (self.progress)(done + n, total))?;
            done += read.files;
            decided.add_all(read.aliases.into_iter().map(|(alias, of)| Decision::Alias { alias, of }).collect())?;
            if terms.rules.decisions != decided.decisions {
                *terms = self.terms(store, decided)?;
            }
            if !read.batch.looks.is_empty() {
                report.changed |=
                    read.batch.looks.iter().any(|look| matches!(look.found, Found::New { .. } | Found::Reread(_)));
                taken_in = true;
                let new = read.batch.looks.iter().filter(|look| matches!(look.found, Found::New { .. }));
                grown.extend(new.map(|look| look.source));
                report.drifted |= read.batch.looks.iter().any(|look| look.found.drifts());
                absorbed.add(store.absorb(&mut read.batch, terms)?);
                store.keep()?;
            }
            jobs = rest;
            // What a huge file gave is more than publishing should find taken.
            if self.parting && jobs.is_empty() && !long {
                std::mem::forget(read.batch);
            }
            if long && self.scope.is_waited_for() {
                whole = false;
                break;
            }
            if publish && !jobs.is_empty() && !self.dry_run {
                let mut between = Report::default();
                // Whatever stands in the way, the last publication tells.
                Self::in_the_way(self.publish(store, terms, &mut between, Extent::Between))?;
                sooner.push(between);
            }
        }
        whole &= jobs.is_empty();
        store.keep()?;
        for (source, no) in self.config.sources.iter().zip(&numbers).filter(|(_, no)| grown.contains(no)) {
            let unusual = drift::unusual(store, *no)?.map(|reason| Unusual { source: source.name.clone(), reason });
            report.unusual.extend(unusual);
        }
        // Which capture is the newest only a look at all can tell.
        if self.scope.named.is_none() {
            // Asked again only where a batch was taken in: in a pass without change it is all there is to read.
            let may_drift = report.drifted || ledger.iter().any(|row| row.drift.is_some());
            let ledger = if taken_in && may_drift { store.ledger()? } else { ledger };
            report.drift = self.drift(store, &ledger, &numbers, &listings)?;
        }
        Ok(TakenIn { absorbed, whole, sooner })
    }

    /// The files that differ from what the store saw, or may: those above [`BIG`] last; among equals in the order of their
    /// names, so that nothing depends on the disk.
    fn jobs<'j>(
        &self,
        listings: &'j [Listing],
        numbers: &[SourceNo],
        rows: &HashMap<(SourceNo, &str), &'j LedgerRow>,
        report: &mut Report,
    ) -> Vec<Job<'j>> {
        let mut jobs = Vec::new();
        let mut racy = Vec::new();
        for (source, (listing, no)) in listings.iter().zip(numbers).enumerate() {
            let Some(terms_of) = self.config.sources.get(source) else { continue };
            let (revision, site) = (revision(terms_of), Site::new(terms_of.namespace_site()));
            for seen in &listing.files {
                let row = rows.get(&(*no, &*seen.name)).copied();
                let differs = row.is_none_or(|row| row.stat != seen.stat || row.revision != revision);
                if !differs && row.is_some_and(|row| !row.racy) || differs && self.is_unfinished(terms_of, seen, row) {
                    report.files.unchanged += 1;
                    continue;
                }
                let job = Job {
                    source,
                    no: *no,
                    name: &seen.name,
                    below: seen.below(),
                    stat: seen.stat,
                    site,
                    revision,
                    row,
                    known: Vec::new(),
                };
                if differs { jobs.push(job) } else { racy.push(job) }
            }
        }
        jobs.append(&mut racy);
        jobs.sort_by_key(|job| job.stat.size > BIG);
        jobs
    }

    fn is_unfinished(&self, source: &config::Source, seen: &Seen, row: Option<&LedgerRow>) -> bool {
        let Some(unfinished) = self.scope.unfinished else { return false };
        let path = source.files.path(&seen.name).and_then(|path| std::path::absolute(path).ok());
        path.is_some_and(|path| unfinished(&path, &seen.stat, row.is_some()))
    }

    /// What feedmill writes is no news.
    fn keep_out(&self) -> KeepOut {
        KeepOut::of([self.config.state.as_path(), self.config.output.as_path()])
    }

    fn list(&self, report: &mut Report) -> Vec<Listing> {
        let keep_out = self.keep_out();
        let all = self.config.sources.iter().map(|source| &source.files);
        let listings = match self.scope.named {
            None => inbox::list_all(all, &keep_out),
            Some(named) => all.map(|files| inbox::list_named(files, &keep_out, named)).collect(),
        };
        for (source, listing) in self.config.sources.iter().zip(&listings) {
            report.files.ignored += listing.ignored.len();
            for ignored in &listing.ignored {
                debug!(file = %ignored.name, why = %ignored.why, "ignored");
            }
            for skipped in &listing.skipped {
                skip(report, &source.name, &skipped.name, (&skipped.reason).into());
            }
        }
        listings
    }

    /// The newest captures, of those still there, that say that their page changed.
    fn drift(
        &self,
        store: &dyn Store,
        ledger: &[LedgerRow],
        numbers: &[SourceNo],
        listings: &[Listing],
    ) -> Result<Vec<Drift>, PassError> {
        if ledger.iter().all(|row| row.drift.is_none()) {
            return Ok(Vec::new());
        }
        let mut drifted = Vec::new();
        for ((source, no), listing) in self.config.sources.iter().zip(numbers).zip(listings) {
            let here: BTreeSet<&str> = listing.files.iter().map(|seen| &*seen.name).collect();
            let rows: Vec<_> =
                ledger.iter().filter(|row| row.source == *no && here.contains(row.path.as_str())).collect();
            if rows.iter().all(|row| row.drift.is_none()) {
                continue;
            }
            for capture in drift::captures(store, rows)?.iter().filter(|capture| capture.is_newest) {
                if let Some(reason) = capture.row.drift.clone() {
                    drifted.push(Drift { source: source.name.clone(), file: capture.row.path.clone(), reason });
                }
            }
        }
        drifted.sort();
        Ok(drifted)
    }

    /// Notes today for what has no day yet. Says for what.
    fn note_first_seen(&self, absorbed: &Absorbed, decided: &mut Decided) -> Result<BTreeSet<Key>, PassError> {
        // The one clock in the system, asked for by the operator and recorded (law 7).
        let today = DateTime::<Utc>::from(SystemTime::now()).date_naive();
        let mut unseen: BTreeSet<Key> = absorbed.unseen.iter().copied().collect();
        unseen.retain(|key| !decided.decisions.first_seen.contains_key(key));
        let noted = unseen.iter().map(|first_seen| Decision::FirstSeen { first_seen: *first_seen, date: today });
        decided.add_all(noted.collect())?;
        Ok(unseen)
    }

    // ---- terms ------------------------------------------------------------------------------------------------------

    fn numbers(&self, store: &mut dyn Store) -> Result<Vec<SourceNo>, PassError> {
        let names: Vec<&str> = self.config.sources.iter().map(|source| source.name.as_str()).collect();
        Ok(store.source_numbers(&names)?)
    }

    /// What the items depend on besides what is read: the config and the decisions, in the store's words.
    ///
    /// # Errors
    /// The store gave up.
    pub fn terms(&self, store: &mut dyn Store, decided: &Decided) -> Result<Terms, PassError> {
        let numbers = self.numbers(store)?;
        let mut sources: BTreeMap<_, _> = store.known_sources()?.into_iter().map(KnownSource::rule).collect();
        let mut states = HashMap::new();
        for (source, no) in self.config.sources.iter().zip(&numbers) {
            let rule = SourceRule {
                name: source.name.clone(),
                place: source.site.clone(),
                site: Site::new(source.namespace_site()),
                zone: source.timezone.clone(),
                language: source.language.clone(),
                first_seen: source.undated == Undated::FirstSeen,
            };
            sources.insert(*no, rule);
            states.insert(*no, (source.files.clone(), source.captured.clone()));
        }
        let described: Vec<_> = self
            .config
            .sources
            .iter()
            .map(|source| {
                let labels: Vec<_> = source.files.roots().iter().map(|root| &root.label).collect();
                (
                    &source.name,
                    &source.site,
                    source.namespace_site(),
                    &source.timezone,
                    &source.language,
                    &source.captured,
                    source.undated,
                    labels,
                )
            })
            .collect();
        let fingerprint = format!("{} {described:?} {:?}", settle::REVISION, self.config.categories);
        let keeps = |feed: &config::Feed| {
            let of = |index: &usize| Some((*numbers.get(*index)?, self.config.sources.get(*index)?.keep?));
            feed.sources.iter().filter_map(of).collect()
        };
        let feeds = self.config.feeds.iter().map(|feed| FeedTerms {
            name: feed.name.clone(),
            sources: feed.sources.iter().filter_map(|index| numbers.get(*index).copied()).collect(),
            limit: feed.limit,
            choice: feed.choice.clone(),
            retention: Retention { feed: feed.keep, sources: keeps(feed) },
        });
        let categories: Vec<category::Rule> = self
            .config
            .categories
            .iter()
            .map(|category| {
                let numbered = |index: &usize| numbers.get(*index).copied();
                category::Rule {
                    name: category.name.clone(),
                    topics: category.topics.clone(),
                    sources: category.sources.as_ref().map(|sources| sources.iter().filter_map(numbered).collect()),
                    words: category.words.clone(),
                }
            })
            .collect();
        let first_seen = self.config.sources.iter().zip(&numbers);
        Ok(Terms {
            feeds: feeds.collect(),
            first_seen: first_seen
                .filter(|(source, _)| source.undated == Undated::FirstSeen)
                .map(|(_, no)| *no)
                .collect(),
            rules: Rules { sources, decisions: decided.decisions.clone(), categories },
            captured: Box::new(move |no, name| {
                let Some((files, pattern)) = states.get(&no) else {
                    // The source left the config, and its pattern with it: what its files' names say still holds.
                    return captured::captured_from_name(name);
                };
                let below = files.roots().iter().find_map(|root| root.below(name)).unwrap_or(name);
                captured::captured(pattern.as_ref(), below)
            }),
            fingerprint,
        })
    }
}

/// What a source has lost that seems to have got another name, in a sentence for each. Only before the store knows it by
/// the new one: then the operator decided.
#[must_use]
pub fn renamed(config: &Config, known: &[KnownSource]) -> Vec<String> {
    let names: BTreeSet<&str> = known.iter().map(|known| &*known.name).collect();
    let new = config.sources.iter().filter(|source| !names.contains(&*source.name));
    let new: Vec<(&str, Site)> = new.map(|source| (&*source.name, Site::new(source.namespace_site()))).collect();
    if new.is_empty() {
        return Vec::new();
    }
    let stay: BTreeSet<&str> = config.sources.iter().map(|source| &*source.name).collect();
    let left = known.iter().filter(|known| !stay.contains(&*known.name));
    let sentence = |known: &KnownSource| {
        let (name, (_, site)) = (&known.name, known.filed.as_ref()?);
        let (by, _) = new.iter().find(|(_, of)| of == site)?;
        Some(format!(
            "source {by}: it is new, and source {name} of the same site is in the config no more: what only the files of \
             {name} told is in no feed; if it got another name, its old one brings that back"
        ))
    };
    left.filter_map(sentence).collect()
}

/// What the store knows of the listed files.
fn rows_of(store: &dyn Store, listings: &[Listing], numbers: &[SourceNo]) -> Result<Vec<LedgerRow>, PassError> {
    let mut rows = Vec::new();
    for (listing, no) in listings.iter().zip(numbers) {
        for seen in &listing.files {
            rows.extend(store.ledger_row(*no, &seen.name)?);
        }
    }
    Ok(rows)
}

/// What a source's files are read with. Another value, and what was read is read again.
#[must_use]
pub fn revision(source: &config::Source) -> u64 {
    let all = format!(
        "{:?}",
        (
            (scrape::REVISION, &source.layout, &source.language, source.date_order, &source.captured, source.empty),
            (source.form, &source.url, &source.fields, &source.select, &source.layouts),
        )
    );
    // SQLite's integers have a sign; the top bit tells nothing.
    xxh3_64(all.as_bytes()) >> 1
}

/// Where the documents of a feed lie, for people.
#[must_use]
pub fn documents(config: &Config, feed: &str) -> Vec<PathBuf> {
    crate::mill::render::HEADS.iter().chain(&["index.html"]).map(|name| config.output.join(feed).join(name)).collect()
}
