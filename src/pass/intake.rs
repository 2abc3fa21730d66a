//! What differs is taken into the store, batch by batch: the half of a pass that ends where publishing begins.
//!
//! Promised: each batch is one transaction, so that a stop behind any of them loses nothing; what is drifted or unusual
//! is told of what is there now. Refused: reading files, which is `reading`'s, and deciding what becomes of what they
//! say, which is the store's.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::Ordering;

use tracing::debug;

use super::publication::Extent;
use super::reading::{BIG, Job, batch_length, skip};
use super::terms::revision;
use super::{Pass, PassError, keep_out};
use crate::config::{self, Config};
use crate::decided::Decided;
use crate::drift;
use crate::inbox::{self, Ignored, Listing, Seen};
use crate::mill::decisions::Decision;
use crate::mill::identify::Site;
use crate::mill::item::SourceNo;
use crate::report::{Drift, Report, Unusual};
use crate::store::{Absorbed, Batch, Found, LedgerRow, Look, Store, Terms};

/// What was taken in.
pub(super) struct TakenIn {
    pub(super) absorbed: Absorbed,
    /// It got to its end, and was not waited for.
    pub(super) whole: bool,
    /// What was published between the batches.
    pub(super) sooner: Vec<Report>,
    /// Some batch had something to take in.
    any: bool,
    /// The sources that have new contents.
    grown: BTreeSet<SourceNo>,
}

/// What is in the inbox, and what the store knows of it.
struct Inbox {
    numbers: Vec<SourceNo>,
    listings: Vec<Listing>,
    ledger: Vec<LedgerRow>,
}

impl Pass<'_> {
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
    pub(super) fn take_in_under(
        &self,
        terms: &mut Terms,
        store: &mut dyn Store,
        decided: &mut Decided,
        report: &mut Report,
        publish: bool,
    ) -> Result<TakenIn, PassError> {
        let absorbed = store.agree(terms)?;
        let mut taken = TakenIn { absorbed, whole: true, sooner: Vec::new(), any: false, grown: BTreeSet::new() };
        let inbox = self.inbox(store, report)?;
        let mut jobs = self.jobs(&inbox, report);
        let (total, mut done, mut rest) = (jobs.len(), 0, jobs.as_mut_slice());
        while !rest.is_empty() && !self.scope.stop.load(Ordering::Relaxed) {
            let (batch, behind) = rest.split_at_mut(batch_length(rest));
            rest = behind;
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
            taken.absorb(&mut read.batch, terms, store, report)?;
            // What a huge file gave is more than publishing should find taken.
            if self.parting && rest.is_empty() && !long {
                std::mem::forget(read.batch);
            }
            if long && self.scope.is_waited_for() {
                taken.whole = false;
                break;
            }
            if publish && !rest.is_empty() && !self.dry_run {
                let mut between = Report::default();
                // Whatever stands in the way, the last publication tells.
                Self::in_the_way(self.publish(store, terms, &mut between, Extent::Between))?;
                taken.sooner.push(between);
            }
        }
        taken.whole &= rest.is_empty();
        store.keep()?;
        self.doubt(&taken, inbox, store, report)?;
        Ok(taken)
    }

    /// Looks around, into no file.
    fn inbox(&self, store: &mut dyn Store, report: &mut Report) -> Result<Inbox, PassError> {
        let numbers = self.numbers(store)?;
        let listings = self.list(report);
        let ledger = match self.scope.named {
            None => store.ledger()?,
            Some(_) => rows_of(store, &listings, &numbers)?,
        };
        Ok(Inbox { numbers, listings, ledger })
    }

    /// Tells what is odd about what was read: of the sources that grew, and of the newest captures.
    fn doubt(
        &self,
        taken: &TakenIn,
        Inbox { numbers, listings, ledger }: Inbox,
        store: &dyn Store,
        report: &mut Report,
    ) -> Result<(), PassError> {
        for (source, no) in self.config.sources.iter().zip(&numbers).filter(|(_, no)| taken.grown.contains(no)) {
            let unusual = drift::unusual(store, *no)?.map(|reason| Unusual { source: source.name.clone(), reason });
            report.unusual.extend(unusual);
        }
        // Which capture is the newest only a look at all can tell, and whether there is any.
        if self.scope.named.is_none() {
            for ((source, no), listing) in self.config.sources.iter().zip(&numbers).zip(&listings) {
                if !listing.is_empty() {
                    continue;
                }
                if ledger.iter().any(|row| row.source == *no) {
                    report.emptied.push(source.name.clone());
                } else {
                    let (what, help) = nothing_to_read(self.config, source, listing);
                    report.notes.push(format!("source {}: {what}: {help}", source.name));
                }
            }
            // Asked again only where a batch was taken in: in a pass without change it is all there is to read.
            let may_drift = report.drifted || ledger.iter().any(|row| row.drift.is_some());
            let ledger = if taken.any && may_drift { store.ledger()? } else { ledger };
            report.drift = self.drift(store, &ledger, &numbers, &listings)?;
        }
        Ok(())
    }

    /// The files that differ from what the store saw, or may: those above [`BIG`] last; among equals in the order of
    /// their names, so that nothing depends on the disk.
    fn jobs<'j>(&self, Inbox { numbers, listings, ledger }: &'j Inbox, report: &mut Report) -> Vec<Job<'j>> {
        let rows: HashMap<(SourceNo, &str), &LedgerRow> =
            ledger.iter().map(|row| ((row.source, row.path.as_str()), row)).collect();
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

    fn list(&self, report: &mut Report) -> Vec<Listing> {
        let keep_out = keep_out(self.config);
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
}

impl TakenIn {
    /// Commits what a batch gave.
    fn absorb(
        &mut self,
        batch: &mut Batch,
        terms: &Terms,
        store: &mut dyn Store,
        report: &mut Report,
    ) -> Result<(), PassError> {
        if batch.looks.is_empty() {
            return Ok(());
        }
        let is_new = |look: &&Look| matches!(look.found, Found::New { .. });
        self.grown.extend(batch.looks.iter().filter(is_new).map(|look| look.source));
        self.any = true;
        report.changed |= batch.looks.iter().any(|look| is_new(&look) || matches!(look.found, Found::Reread(_)));
        report.drifted |= batch.looks.iter().any(|look| look.found.drifts());
        self.absorbed.add(store.absorb(batch, terms)?);
        store.keep()?;
        Ok(())
    }
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

/// Why there is nothing to read of a source, and what would help.
#[must_use]
pub fn nothing_to_read(config: &Config, source: &config::Source, listing: &Listing) -> (String, &'static str) {
    match listing.ignored.as_slice() {
        [] => ("no file matches".to_owned(), config.where_files_are_looked_for(source)),
        [Ignored { name, why }, more @ ..] => {
            let more = if more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
            (format!("no file that matches can be read ({name}: {why}{more})"), "-vv with --once tells why of each")
        }
    }
}
