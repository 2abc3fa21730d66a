//! From files to readings: the half of a pass that looks into what differs, on all cores when there is much of it.
//!
//! Promised: what one file does to feedmill, be it a panic, keeps no other from being read; a file that was not read is
//! told of, unless it is gone or empty, and what was read comes in the order of the jobs, however the threads shared
//! them. Refused: writing anything. The store is asked what it knows, and the batch is what it may take in.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use rustc_hash::FxHashMap;
use tracing::{debug, info};

use super::met::Met;
use super::{Pass, PassError, keep_out};
use crate::config::Empty;
use crate::cores::{cores, on_cores};
use crate::drift;
use crate::inbox::{self, KeepOut};
use crate::mill::history::{self, Place, Reread};
use crate::mill::identify::Site;
use crate::mill::item::{Key, SourceNo, Text};
use crate::mill::scrape::{Cut, Scrape};
use crate::report::{FAULTS_TOLD, FaultLine, Report, SkippedLine};
use crate::stat::Stat;
use crate::store::{Batch, Found, Known, LedgerRow, Line, Look, MOST_CONTENTS, Reading, Store};

/// A file changed so shortly before it was read that a further change might leave its stat as it is.
const RACY: Duration = Duration::from_secs(2);
/// How much text one batch takes in: what a crash can cost to read again, and what has to fit into memory.
const BATCH_BYTES: u64 = 48 << 20;
/// How many files one batch takes in.
const BATCH_FILES: usize = 20_000;
/// Files above this size come last, so that they keep no small one waiting.
pub(super) const BIG: u64 = 4 << 20;
/// More items than any listing has; with it a file can't fill the store.
const MAX_ITEMS: usize = 400_000;
/// Fewer files than this are not worth a second thread.
const FEW: usize = 8;

/// A file to look into.
pub(super) struct Job<'a> {
    /// Its source, by its place in the config.
    pub(super) source: usize,
    /// By its number in the store.
    pub(super) no: SourceNo,
    /// As the inbox spells it.
    pub(super) name: &'a str,
    /// The part of the name that may state when the file was captured.
    pub(super) below: &'a str,
    /// As it was listed.
    pub(super) stat: Stat,
    pub(super) site: Site,
    /// What it is to be read with.
    pub(super) revision: u64,
    /// As the store saw it last.
    pub(super) row: Option<&'a LedgerRow>,
    /// The contents that it had.
    pub(super) known: Vec<Known>,
}

/// What the files of a batch gave.
pub(super) struct Read {
    pub(super) batch: Batch,
    /// How many were looked into.
    pub(super) files: usize,
    /// See [`Reread::Replace`].
    pub(super) aliases: Vec<(Key, Key)>,
}

/// What a look into a file gave, before the store is asked.
struct Looked {
    stat: Stat,
    racy: bool,
    digest: u128,
    length: u64,
    completes: Vec<u32>,
    /// `None`: the content that the path had last, read under the same terms.
    reading: Option<Reading<u32>>,
}

/// Why a file was not read.
pub(super) struct NotRead {
    /// `None`: it is gone or empty, and nobody needs to hear of it.
    reason: Option<String>,
    /// See [`SkipReason::Transient`](inbox::SkipReason::Transient).
    is_transient: bool,
}

impl NotRead {
    const SILENTLY: Self = Self { reason: None, is_transient: false };

    /// The next pass meets it again.
    fn lost() -> Self {
        Self { reason: Some("not looked at: a thread was lost".into()), is_transient: true }
    }
}

impl From<String> for NotRead {
    fn from(reason: String) -> Self {
        Self { reason: Some(reason), is_transient: false }
    }
}

impl From<&inbox::SkipReason> for NotRead {
    fn from(reason: &inbox::SkipReason) -> Self {
        match reason {
            inbox::SkipReason::Gone => Self::SILENTLY,
            inbox::SkipReason::Transient(_) => Self { reason: Some(reason.to_string()), is_transient: true },
            reason => reason.to_string().into(),
        }
    }
}

/// What became of one job, and what in its file could not be used.
type Done = (Result<Looked, NotRead>, Vec<FaultLine>);

impl<'a> Pass<'a> {
    /// Reads and parses the files of a batch, on all cores when there are many, and compares what was read anew with
    /// the readings the store has.
    pub(super) fn look_into(
        &self,
        jobs: &[Job<'_>],
        store: &dyn Store,
        report: &mut Report,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Read, PassError> {
        let threads = match jobs.len() {
            0..FEW => 1,
            _ => cores(),
        };
        let keep_out = keep_out(self.config);
        let finished = AtomicUsize::new(0);
        let met = Met::new();
        let work = |(opened, buffer): &mut (inbox::Opened<'a>, Vec<u8>), job: &Job<'_>| -> Done {
            let mut faults = Vec::new();
            let look = || self.look(job, &keep_out, &met, opened, buffer, &mut faults);
            // Nothing that one file does to feedmill may keep it from the others.
            let looked = catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|panic| Err(bug(&*panic).into()));
            progress(finished.fetch_add(1, Ordering::Relaxed) + 1);
            (looked, faults)
        };
        let done = on_cores(threads, jobs.iter().collect(), Default::default, work);
        self.batch_of(jobs, done, met, store, report)
    }

    /// What was looked into as a batch: of what was read anew only what differs from the readings the store has.
    fn batch_of(
        &self,
        jobs: &[Job<'_>],
        done: Vec<Option<Done>>,
        met: Met,
        store: &dyn Store,
        report: &mut Report,
    ) -> Result<Read, PassError> {
        let (accounts, starts) = met.in_one_row();
        let mut batch = Batch { accounts, looks: Vec::with_capacity(jobs.len()) };
        let mut aliases = Vec::new();
        for (job, done) in jobs.iter().zip(done) {
            let (looked, faults) = done.unwrap_or_else(|| (Err(NotRead::lost()), Vec::new()));
            tell(report, faults);
            let looked = match looked {
                Ok(looked) => looked,
                Err(why) => {
                    let source = self.config.sources.get(job.source).map_or("", |source| &source.name);
                    skip(report, source, job.name, why);
                    continue;
                }
            };
            report.files.read += 1;
            let reading = looked.reading.and_then(|mut reading| {
                for line in &mut reading.lines {
                    line.account = starts.place(line.account)?;
                }
                Some(reading)
            });
            let same = job.row.is_some_and(|row| row.digest == looked.digest);
            let found = match reading {
                None => {
                    // Nothing to write where nothing differs. Once its stat proves something that is noted, or every
                    // file ever read right after it was written would be hashed again in each pass.
                    if job.row.is_some_and(|row| row.stat == looked.stat && row.racy == looked.racy) {
                        continue;
                    }
                    Found::Same
                }
                Some(reading) if same => self.reread(job, store, &batch, reading, &mut aliases)?,
                Some(reading) => {
                    Found::New { digest: looked.digest, length: looked.length, completes: looked.completes, reading }
                }
            };
            batch.looks.push(Look {
                source: job.no,
                path: job.name.to_owned(),
                stat: looked.stat,
                racy: looked.racy,
                found,
            });
        }
        Ok(Read { batch, files: jobs.len(), aliases })
    }

    /// Looks into one file.
    fn look(
        &self,
        job: &Job<'_>,
        keep_out: &KeepOut,
        met: &Met,
        opened: &mut inbox::Opened<'a>,
        buffer: &mut Vec<u8>,
        faults: &mut Vec<FaultLine>,
    ) -> Result<Looked, NotRead> {
        let source = self.config.sources.get(job.source).ok_or(NotRead::SILENTLY)?;
        let read = opened.read(&source.files, job.name, keep_out, inbox::MAX_BYTES, buffer);
        let stat = read.map_err(|reason| NotRead::from(&reason))?;
        if buffer.is_empty() {
            return Err(NotRead::SILENTLY);
        }
        let modified = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(stat.mtime_ns).unwrap_or_default());
        // What lies ahead was stamped by another clock, of which ours can't tell how long ago that was.
        let racy = SystemTime::now().duration_since(modified).map_or(true, |age| age < RACY);
        let digest = inbox::digest(buffer);
        let length = buffer.len() as u64;
        if job.row.is_some_and(|row| row.digest == digest && row.revision == job.revision) {
            return Ok(Looked { stat, racy, digest, length, completes: Vec::new(), reading: None });
        }
        let is_other = job.row.is_some_and(|row| row.digest != digest);
        if is_other && job.known.last().is_some_and(|newest| newest.n + 1 >= MOST_CONTENTS) {
            let reason =
                format!("it had {MOST_CONTENTS} contents, and no more are told apart: save it by another name");
            return Err(reason.into());
        }
        let page = source.page(job.below, buffer)?;
        if page.decoded.how.is_a_guess() {
            info!(file = job.name, encoding = page.decoded.encoding, "not UTF-8: the encoding was detected");
        }
        let scrape = (self.parse)(&page);
        if scrape.drafts.len() > MAX_ITEMS {
            let reason = format!("it lists {} items, more than the {MAX_ITEMS} that are taken", scrape.drafts.len());
            return Err(reason.into());
        }
        let reading = reading(&scrape, job, source.empty, met, faults);
        Ok(Looked { stat, racy, digest, length, completes: completes(buffer, &job.known), reading: Some(reading) })
    }

    /// What becomes of a new reading of bytes that were read before.
    fn reread(
        &self,
        job: &Job<'_>,
        store: &dyn Store,
        batch: &Batch,
        reading: Reading<u32>,
        aliases: &mut Vec<(Key, Key)>,
    ) -> Result<Found, PassError> {
        let site = job.site;
        let place = |key, line: u32, span: u32| Place { key, line, last_line: line.saturating_add(span) };
        let old: Vec<Place> = store
            .newest_reading(job.no, job.name)?
            .map(|old| old.lines.iter().map(|line| place(site.key(&line.account), line.line, line.span)).collect())
            .unwrap_or_default();
        let key = |account: u32| batch.accounts.get(account as usize).map(|(key, _)| *key);
        let new: Vec<Place> =
            reading.lines.iter().filter_map(|line| Some(place(key(line.account)?, line.line, line.span))).collect();
        Ok(match history::reread(&old, &new) {
            Reread::Replace(found) => {
                aliases.extend(found);
                Found::Reread(reading)
            }
            Reread::Keep(drift) => Found::Kept { revision: reading.revision, drift },
        })
    }
}

/// What to say of a file on which feedmill panicked.
fn bug(panic: &(dyn Any + Send)) -> String {
    let what = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a bug in feedmill: please report it, with the file ({})", what.unwrap_or("no more is known"))
}

pub(super) fn skip(report: &mut Report, source: &str, file: &str, NotRead { reason, is_transient }: NotRead) {
    let Some(reason) = reason else { return };
    report.files.skipped += 1;
    report.transient |= is_transient;
    report.skipped.push(SkippedLine { source: source.to_owned(), file: file.to_owned(), reason });
}

/// Tells what in a file could not be used.
fn tell(report: &mut Report, faults: Vec<FaultLine>) {
    report.fault_count += faults.len();
    for fault in faults {
        debug!(file = %fault.file, line = fault.line, reason = %fault.reason, text = ?fault.text, "fault");
        if report.faults.len() < FAULTS_TOLD {
            report.faults.push(fault);
        }
    }
}

/// How many of the jobs make the next batch.
pub(super) fn batch_length(jobs: &[Job<'_>]) -> usize {
    let mut bytes = 0;
    // What the small ones give is published before the first big one is begun.
    let small = jobs.iter().take_while(|job| job.stat.size <= BIG).count();
    let fits = jobs.iter().take(if small > 0 { small } else { jobs.len() }).take(BATCH_FILES).take_while(|job| {
        bytes += job.stat.size;
        bytes <= BATCH_BYTES
    });
    fits.count().max(1)
}

/// The numbers of those contents that `bytes` goes on from: of which they are a strict prefix.
fn completes(bytes: &[u8], known: &[Known]) -> Vec<u32> {
    let mut shorter: Vec<&Known> = known.iter().filter(|known| known.length < bytes.len() as u64).collect();
    shorter.sort_by_key(|known| known.length);
    let digests = inbox::prefix_digests(bytes, shorter.iter().map(|known| known.length));
    let mut completes: Vec<u32> = shorter
        .iter()
        .zip(digests)
        .filter(|(known, digest)| known.digest == *digest)
        .map(|(known, _)| known.n)
        .collect();
    completes.sort_unstable();
    completes
}

/// What a scrape says, in the store's words.
fn reading(scrape: &Scrape<'_>, job: &Job<'_>, empty: Empty, met: &Met, faults: &mut Vec<FaultLine>) -> Reading<u32> {
    let mut sections = Sections::default();
    let mut lines = Vec::with_capacity(scrape.drafts.len());
    faults.extend(scrape.faults.iter().map(|fault| FaultLine {
        file: job.name.to_owned(),
        line: fault.line,
        reason: fault.reason.clone(),
        text: fault.text.clone(),
    }));
    // What the end of the file took from the others is among the faults.
    for draft in scrape.drafts.iter().filter(|draft| !draft.truncated.is_some_and(Cut::takes_identity)) {
        let Some(account) = met.number(job.site, draft) else {
            faults.push(FaultLine {
                file: job.name.to_owned(),
                line: draft.line,
                reason: "the title holds nothing printable".into(),
                text: String::new(),
            });
            continue;
        };
        let section = draft.section.as_deref().and_then(|section| sections.place(section));
        lines.push(Line {
            account,
            line: draft.line,
            span: draft.last_line.saturating_sub(draft.line),
            number: draft.number,
            section: section.and_then(|section| u32::try_from(section).ok()),
        });
    }
    Reading {
        revision: job.revision,
        confidence: (scrape.confidence.clamp(0.0, 1.0) * 1000.0) as u16,
        newest: scrape.newest,
        drift: drift::of_page(scrape, empty),
        layout: scrape.refused.is_none().then(|| Text::new(&scrape.layout)).flatten(),
        language: scrape.language,
        sections: sections.all,
        lines,
    }
}

/// The section headings of a reading, each once.
#[derive(Default)]
struct Sections {
    all: Vec<Text>,
    places: FxHashMap<Text, usize>,
}

impl Sections {
    /// Where `section` stands, as the last of all if it was not there. `None`: it holds nothing printable.
    fn place(&mut self, section: &str) -> Option<usize> {
        if let Some(place) = self.places.get(section) {
            return Some(*place);
        }
        let (text, place) = (Text::new(section)?, self.all.len());
        self.places.insert(text.clone(), place);
        self.all.push(text);
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_section_is_found_where_it_was_put(headings in prop::collection::vec(0usize..40, 0..120)) {
            let mut sections = Sections::default();
            let mut naive: Vec<String> = Vec::new();
            for heading in headings {
                // Some are not as they are kept: such a one is not found again.
                let heading = format!("{heading}{}", if heading % 7 == 0 { " " } else { "" });
                let place = naive.iter().rposition(|known| *known == heading).unwrap_or_else(|| {
                    naive.push(heading.trim().to_owned());
                    naive.len() - 1
                });
                prop_assert_eq!(sections.place(&heading), Some(place));
            }
            prop_assert_eq!(sections.place(" "), None);
            prop_assert_eq!(sections.all.iter().map(Text::as_str).collect::<Vec<_>>(), naive);
        }
    }
}
