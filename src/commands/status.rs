//! `status`: when what was read, how it is going, what is published. Never takes the lock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::look::{View, view};
use super::*;
use crate::drift;
use crate::inbox::Listing;
use crate::mill::render;
use crate::operations::{Condition, Kind};
use crate::pass::publication::INDEX;
use crate::report::Count;
use crate::store::{KnownSource, LedgerRow, PublishLedger as _, PublishedRow};

/// All that is told.
#[derive(Serialize)]
struct Status<'c> {
    schema: u32,
    items: usize,
    sources: Vec<SourceLine<'c>>,
    feeds: Vec<FeedLine>,
    /// What is wrong, as the operations feed has it.
    conditions: &'c [Condition],
}

#[derive(Serialize)]
struct SourceLine<'c> {
    name: String,
    state: SourceState,
    files: usize,
    newest_capture: Option<Capture>,
    items_in_it: Option<u32>,
    /// Of 1, in the reading of the newest capture.
    confidence: Option<f64>,
    drift: Option<String>,
    /// Those of the conditions that tell of its files.
    #[serde(serialize_with = "as_told")]
    skipped: Vec<&'c Condition>,
}

/// How it goes with a source; where several apply the first.
#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum SourceState {
    /// The config names it no more.
    Left,
    /// Files of it were read, and none is there any more.
    Emptied,
    /// The newest capture says that the page changed.
    Drift,
    /// Some of its files should be readable and are not.
    Skipped,
    /// Nothing of it was read yet.
    Unread,
    /// None of that.
    Fine,
}

impl SourceState {
    fn name(self) -> &'static str {
        match self {
            Self::Left => "no more in the config",
            Self::Emptied => "none of its files is there any more, and its items stay",
            Self::Drift => "drift",
            Self::Skipped => "files are skipped",
            Self::Unread => "nothing read yet",
            Self::Fine => "fine",
        }
    }
}

#[derive(Serialize)]
struct Capture {
    file: String,
    captured: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct FeedLine {
    name: String,
    /// The config names it no more.
    left: bool,
    items: usize,
    newest: Option<Newest>,
    /// When a document of it was last replaced.
    written: Option<DateTime<Utc>>,
    documents: Vec<DocumentLine>,
}

#[derive(Serialize)]
struct Newest {
    id: Key,
    title: String,
    published: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct DocumentLine {
    path: String,
    bytes: u64,
    written: DateTime<Utc>,
}

impl DocumentLine {
    fn is_of_month(&self) -> bool {
        render::is_month_path(render::document_of(&self.path))
    }
}

/// So many documents of months are told one by one.
const MONTHS_SHOWN: usize = 8;

pub(super) fn status(cli: &Cli) -> Result<Exit, Ended> {
    let config = configured_if_any(cli)?;
    let view = view(cli)?;
    let kept = operations::kept(&view.state);
    let conditions: Vec<Condition> = kept.iter().flat_map(operations::Ledger::open).cloned().collect();
    let status = Status {
        schema: 1,
        items: view.store.count().map_err(|error| view.failed(error))?,
        sources: sources(&view, config.as_ref(), kept.as_ref().map(|_| conditions.as_slice()))?,
        feeds: feeds(&view, config.as_ref())?,
        conditions: &conditions,
    };
    let mut out = io::stdout().lock();
    if cli.global.format == Format::Json {
        serde_json::to_writer(&mut out, &status).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        status.tell(&mut out)?;
    }
    Ok(Exit::Done)
}

/// The sources of the store, then those of the config that it does not know yet. `noted`: what is wrong, as passes noted
/// it; `None` where none ever did.
fn sources<'c>(
    view: &View,
    config: Option<&Config>,
    noted: Option<&'c [Condition]>,
) -> Result<Vec<SourceLine<'c>>, Ended> {
    let conditions = noted.unwrap_or_default();
    let ledger = view.store.ledger().map_err(|error| view.failed(error))?;
    let known = view.store.known_sources().map_err(|error| view.failed(error))?;
    let mut sources = Vec::new();
    for KnownSource { no, name, .. } in &known {
        let rows: Vec<&LedgerRow> = ledger.iter().filter(|row| row.source == *no).collect();
        sources.push(source(view, name, &rows, noted)?);
    }
    let Some(config) = config else {
        let is_one = sources.len() == 1;
        for line in &mut sources {
            let below = format!("{}: ", line.name);
            let told = |condition: &Condition| is_one || condition.subject.starts_with(&below);
            line.take_skipped(conditions, told);
        }
        return Ok(sources);
    };
    let keep_out = pass::keep_out(config);
    let names: BTreeSet<String> = sources.iter().map(|source| source.name.clone()).collect();
    for unread in config.sources.iter().filter(|source| !names.contains(&source.name)) {
        sources.push(source(view, &unread.name, &[], noted)?);
    }
    for line in &mut sources {
        let Some(source) = config.sources.iter().find(|source| source.name == line.name) else {
            line.state = SourceState::Left;
            continue;
        };
        let no = known.iter().find(|known| known.name == line.name).map(|known| known.no);
        if is_emptied(source, ledger.iter().filter(|row| Some(row.source) == no), &keep_out) {
            // What drifted is gone with the rest.
            (line.state, line.drift) = (SourceState::Emptied, None);
            continue;
        }
        line.take_skipped(conditions, |condition| source.files.concerns(&condition.subject));
    }
    Ok(sources)
}

impl<'c> SourceLine<'c> {
    /// Notes what of its files is skipped: those that `is_its` tells.
    fn take_skipped(&mut self, conditions: &'c [Condition], is_its: impl Fn(&Condition) -> bool) {
        let skipped = conditions.iter().filter(|condition| condition.kind == Kind::Skipped && is_its(condition));
        self.skipped = skipped.collect();
        if !self.skipped.is_empty() && self.state != SourceState::Drift {
            self.state = SourceState::Skipped;
        }
    }
}

/// What is wrong, and with what.
fn told(condition: &Condition) -> String {
    format!("{}: {}", condition.subject, condition.detail)
}

fn as_told<S: Serializer>(conditions: &[&Condition], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(conditions.iter().copied().map(told))
}

/// Whether files of a source were read, and none is there any more. The folder is only walked where those are gone that
/// were read.
fn is_emptied<'r>(source: &config::Source, rows: impl Iterator<Item = &'r LedgerRow>, keep_out: &KeepOut) -> bool {
    let mut rows = rows.peekable();
    let is_here = |row: &LedgerRow| source.files.path(&row.path).is_some_and(|path| path.exists());
    if rows.peek().is_none() || rows.any(is_here) {
        return false;
    }
    inbox::list_all([&source.files], keep_out).iter().all(Listing::is_empty)
}

fn source<'c>(
    view: &View,
    name: &str,
    rows: &[&LedgerRow],
    noted: Option<&[Condition]>,
) -> Result<SourceLine<'c>, Ended> {
    // A page that drifted and is gone since is drift no more; what is there only a pass looks at.
    let is_drift = noted
        .is_none_or(|noted| noted.iter().any(|one| one.kind == Kind::Drift && (one.subject == name || one.is_rest())));
    let judged = rows.iter().copied().filter(|row| is_drift || row.drift.is_none());
    let captures = drift::captures(&view.store, judged).map_err(|error| view.failed(error))?;
    // Of those that may be the newest the one that drifted asks for the operator; then the name decides.
    let newest = captures.iter().filter(|capture| capture.is_newest);
    let newest = newest
        .max_by_key(|capture| (capture.row.drift.is_some(), capture.when.map(Moment::instant), &capture.row.path));
    let row = newest.map(|capture| capture.row);
    let reading = match row {
        Some(row) => view.store.newest_reading(row.source, &row.path).map_err(|error| view.failed(error))?,
        None => None,
    };
    let drift = row.and_then(|row| row.drift.clone());
    let state = match (&drift, rows) {
        (Some(_), _) => SourceState::Drift,
        (None, []) => SourceState::Unread,
        _ => SourceState::Fine,
    };
    Ok(SourceLine {
        name: name.to_owned(),
        state,
        files: rows.len(),
        newest_capture: newest
            .map(|newest| Capture { file: newest.row.path.clone(), captured: newest.when.map(Moment::instant) }),
        items_in_it: row.map(|row| row.items),
        confidence: reading.map(|reading| f64::from(reading.confidence) / 1000.0),
        drift,
        skipped: Vec::new(),
    })
}

fn feeds(view: &View, config: Option<&Config>) -> Result<Vec<FeedLine>, Ended> {
    let failed = |error| view.failed(error);
    let mut documents: BTreeMap<String, Vec<DocumentLine>> = BTreeMap::new();
    for row in view.store.published().map_err(failed)? {
        let was_written = row.was_written();
        let PublishedRow { feed, path, size, mtime_ns, .. } = row;
        // What belongs to all of them is no feed.
        if feed == INDEX {
            continue;
        }
        let of_feed = documents.entry(feed).or_default();
        if was_written {
            of_feed.push(DocumentLine { path, bytes: size, written: DateTime::from_timestamp_nanos(mtime_ns) });
        }
    }
    // What nothing came into yet has no document.
    for feed in config.into_iter().flat_map(|config| &config.feeds) {
        documents.entry(feed.name.clone()).or_default();
    }
    let terms = view.store.stored_terms(&view.decided.decisions).map_err(failed)?;
    let mut feeds = Vec::new();
    for (name, documents) in documents {
        let item = match view.store.newest_of(&name).map_err(failed)? {
            Some((id, _)) => view.store.item(id, &terms).map_err(failed)?,
            None => None,
        };
        feeds.push(FeedLine {
            left: config.is_some_and(|config| !config.feeds.iter().any(|feed| feed.name == name)),
            items: view.store.feed_state(&name).map_err(failed)?.items,
            newest: item.map(|item| Newest { id: item.id, title: item.title.to_string(), published: item.published }),
            written: documents.iter().map(|document| document.written).max(),
            name,
            documents,
        });
    }
    Ok(feeds)
}

impl Status<'_> {
    fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        let time = |when: Option<DateTime<Utc>>| {
            when.map_or_else(|| "an unknown time".to_owned(), |when| when.format("%Y-%m-%d %H:%M UTC").to_string())
        };
        writeln!(out, "{}", Count(self.items, "item"))?;
        for source in &self.sources {
            write!(out, "source {}: {}; {}", source.name, source.state.name(), Count(source.files, "file"))?;
            if let (Some(capture), Some(items)) = (&source.newest_capture, source.items_in_it) {
                let items = Count(items as usize, "item");
                write!(out, "; newest {} of {}, {items}", capture.file, time(capture.captured))?;
            }
            if let Some(confidence) = source.confidence {
                write!(out, " read with confidence {confidence:.2}")?;
            }
            writeln!(out)?;
            for wrong in source.drift.iter().cloned().chain(source.skipped.iter().copied().map(told)) {
                writeln!(out, "  {wrong}")?;
            }
        }
        for feed in &self.feeds {
            match feed.left {
                true => write!(out, "feed {}: no more in the config; ", feed.name)?,
                false => write!(out, "feed {}: {}; ", feed.name, Count(feed.items, "item"))?,
            }
            if let Some(newest) = &feed.newest {
                write!(out, "newest \"{}\" of {}; ", newest.title, time(newest.published))?;
            }
            match feed.written {
                Some(written) => writeln!(out, "written {}", time(Some(written)))?,
                None => writeln!(out, "nothing written yet")?,
            }
            // By their paths, so that the newest months come last; a long history would hide all else.
            let (months, others): (Vec<_>, Vec<_>) = feed.documents.iter().partition(|document| document.is_of_month());
            let (old, new) = months.split_at(months.len().saturating_sub(MONTHS_SHOWN));
            for DocumentLine { path, bytes, written } in others.into_iter().chain(new.iter().copied()) {
                writeln!(out, "  {path}: {bytes} bytes, written {}", time(Some(*written)))?;
            }
            if !old.is_empty() {
                let (count, bytes) =
                    (Count(old.len(), "document"), old.iter().map(|document| document.bytes).sum::<u64>());
                let written = old.iter().map(|document| document.written).max();
                writeln!(out, "  and {count} of older months: {bytes} bytes, the last written {}", time(written))?;
            }
        }
        // Drift and what was skipped stand with their sources; but whose a file is, is not always known.
        let stands_above = |condition: &&Condition| {
            let mut with_sources = self.sources.iter().flat_map(|source| &source.skipped);
            condition.kind == Kind::Drift || with_sources.any(|one| std::ptr::eq(*one, *condition))
        };
        for condition in self.conditions.iter().filter(|condition| !stands_above(condition)) {
            let said = match condition.kind {
                Kind::Skipped if !condition.is_rest() => told(condition),
                _ => condition.detail.clone(),
            };
            let said = said.lines().next().unwrap_or_default();
            writeln!(out, "{} since {}: {said}", condition.kind.name(), time(Some(condition.since)))?;
        }
        Ok(())
    }
}
