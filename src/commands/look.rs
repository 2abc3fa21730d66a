//! The commands that look at the store: items, status, verify. They never take the lock.

use std::collections::BTreeMap;

use super::*;
use crate::drift::{self, Capture};
use crate::report::Count;
use crate::store::KnownSource;

/// A store and its decisions, looked at beside a writer.
pub(super) struct View {
    pub(super) store: Sqlite,
    pub(super) decided: Decided,
    pub(super) state: std::path::PathBuf,
}

pub(super) fn view(cli: &Cli) -> Result<View, Ended> {
    let (state, _) = folders(cli)?;
    Ok(View { store: State::look(&state)?, decided: Decided::read(&state)?, state })
}

impl View {
    pub(super) fn failed(&self, error: StoreError) -> Ended {
        state::unusable(&self.state.join(state::STORE), error).into()
    }

    pub(super) fn each(&self, visit: &mut dyn FnMut(Item, Vec<SightedAt>)) -> Result<(), Ended> {
        let terms = self.store.stored_terms(&self.decided.decisions).map_err(|error| self.failed(error))?;
        self.store.items(&terms, visit).map_err(|error| self.failed(error))
    }
}

/// `items`: every stored item, newest first.
pub(super) fn items(cli: &Cli) -> Result<Exit, Ended> {
    let view = view(cli)?;
    let mut all = Vec::new();
    view.each(&mut |item, sighted| all.push((item, sighted)))?;
    all.sort_by(|(a, _), (b, _)| crate::mill::feed::newest_first(a, b));
    let known = view.store.known_sources().map_err(|error| view.failed(error))?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (item, sighted) in &all {
        let retracted = view.decided.decisions.is_retracted(item.id);
        if cli.global.format == Format::Json {
            let feeds = view.store.feeds_of(item).map_err(|error| view.failed(error))?;
            serde_json::to_writer(&mut out, &item_json(item, sighted, retracted, &feeds, &known))
                .map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            let date = item.date.map_or_else(|| "undated   ".to_owned(), |date| date.to_string());
            writeln!(out, "{}  {date}  {}{}", item.id, item.title, if retracted { "  (retracted)" } else { "" })?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

pub(super) fn item_json(
    item: &Item,
    sighted: &[SightedAt],
    retracted: bool,
    feeds: &[String],
    known: &[KnownSource],
) -> serde_json::Value {
    let source = known.iter().find(|source| item.sources.contains(&source.no));
    let site = source.map(|source| source.filed.as_ref().map_or(&source.name, |(place, _)| place));
    let sightings: Vec<_> = sighted
        .iter()
        .map(|at| {
            json!({"source": at.source, "file": at.file, "line": at.line, "number": at.number, "section": at.section,
                   "captured": at.captured})
        })
        .collect();
    json!({
        "schema": 1, "id": item.id, "site": site, "title": item.title, "date": item.date, "date_end": item.date_end,
        "date_raw": item.date_raw, "time": item.time, "date_basis": item.basis, "published": item.published,
        "updated": item.updated, "summary": item.summary, "credit": item.credit, "kicker": item.kicker,
        "place": item.place, "link": item.link, "categories": item.categories, "retracted": retracted, "feeds": feeds, "sightings": sightings,
    })
}

/// `status`: what was read, what drifted, what is published.
pub(super) fn status(cli: &Cli) -> Result<Exit, Ended> {
    let view = view(cli)?;
    let failed = |error| view.failed(error);
    let names = view.store.known_sources().map_err(failed)?;
    let ledger = view.store.ledger().map_err(failed)?;
    let mut sources = Vec::new();
    for KnownSource { no, name, .. } in &names {
        let rows: Vec<_> = ledger.iter().filter(|row| row.source == *no).collect();
        let captures = drift::captures(&view.store, rows.iter().copied()).map_err(failed)?;
        // Of those that may be the newest the one that drifted asks for the operator; then the name decides.
        let newest = captures.iter().filter(|capture| capture.is_newest);
        let newest = newest
            .max_by_key(|capture| (capture.row.drift.is_some(), capture.when.map(Moment::instant), &capture.row.path));
        let file =
            |capture: &Capture<'_>| json!({"file": capture.row.path, "captured": capture.when.map(Moment::instant)});
        sources.push(json!({
            "name": name, "files": rows.len(), "newest_capture": newest.map(file),
            "items_in_it": newest.map(|capture| capture.row.items),
            "drift": newest.and_then(|capture| capture.row.drift.clone()),
        }));
    }
    let published = view.store.published().map_err(failed)?;
    let mut feeds: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for row in &published {
        let at = chrono::DateTime::from_timestamp_nanos(row.mtime_ns);
        feeds.entry(&row.feed).or_default().push(json!({"path": row.path, "bytes": row.size, "written": at}));
    }
    let feeds: Vec<_> =
        feeds.into_iter().map(|(name, documents)| json!({"name": name, "documents": documents})).collect();
    let items = view.store.count().map_err(failed)?;
    let mut out = io::stdout().lock();
    if cli.global.format == Format::Json {
        writeln!(out, "{}", json!({"schema": 1, "items": items, "sources": sources, "feeds": feeds}))?;
        return Ok(Exit::Done);
    }
    writeln!(out, "{}", Count(items, "item"))?;
    let word = |value: &serde_json::Value| value.as_str().map_or_else(|| "unknown".to_owned(), str::to_owned);
    for source in &sources {
        let capture = &source["newest_capture"];
        writeln!(
            out,
            "source {}: {} files, newest {} (captured {}), {} items in it",
            word(&source["name"]),
            source["files"],
            word(&capture["file"]),
            word(&capture["captured"]),
            source["items_in_it"]
        )?;
        if let Some(drift) = source["drift"].as_str() {
            writeln!(out, "  drift: {drift}")?;
        }
    }
    for feed in &feeds {
        writeln!(out, "feed {}", word(&feed["name"]))?;
        for document in feed["documents"].as_array().into_iter().flatten() {
            writeln!(
                out,
                "  {}: {} bytes, written {}",
                word(&document["path"]),
                document["bytes"],
                word(&document["written"])
            )?;
        }
    }
    Ok(Exit::Done)
}

/// `verify`: what a store made of the files still here would hold, compared with the store; what the store would
/// publish, compared with the folder.
pub(super) fn verify(cli: &Cli) -> Result<Exit, Ended> {
    let config = configured(cli)?;
    let view = view(cli)?;
    let file = view.state.join(state::STORE);
    view.store.check().map_err(|error| view.failed(error))?;
    let gather = |store: &Sqlite| -> Result<BTreeMap<Key, Item>, Ended> {
        let terms = store.stored_terms(&view.decided.decisions).map_err(|error| view.failed(error))?;
        let mut items = BTreeMap::new();
        store.items(&terms, &mut |item, _| drop(items.insert(item.id, item))).map_err(|error| view.failed(error))?;
        Ok(items)
    };
    let ours = gather(&view.store)?;
    let recovered = view.store.has_note(RECOVERED).map_err(|error| view.failed(error))?;
    let pass = Pass { dry_run: true, recovered, ..Pass::new(&config, &RealDisk) };

    let mut rebuilt = Sqlite::in_memory().map_err(|error| view.failed(error))?;
    let mut decided = Decided::read(&view.state)?.noted_only();
    let mut report = Report::default();
    pass.take_in(&mut rebuilt, &mut decided, &mut report, false).map_err(|error| error.trouble(&file))?;
    let theirs = gather(&rebuilt)?;

    let mut copy = view.store.copy_to_memory().map_err(|error| view.failed(error))?;
    let mut decided = Decided::read(&view.state)?.noted_only();
    let pending = pass.run(&mut copy, &mut decided).map_err(|error| error.trouble(&file))?;

    let missing: Vec<Key> = theirs.keys().filter(|id| !ours.contains_key(id)).copied().collect();
    let surplus: Vec<Key> = ours.keys().filter(|id| !theirs.contains_key(id)).copied().collect();
    let different: Vec<Key> = theirs
        .iter()
        .filter(|(id, item)| ours.get(id).is_some_and(|other| other.differs_from(item)))
        .map(|(id, _)| *id)
        .collect();
    let documents: Vec<&String> = pending.feeds.iter().flat_map(|feed| &feed.written).collect();
    let good = missing.is_empty() && documents.is_empty();
    let mut out = io::stdout().lock();
    if cli.global.format == Format::Json {
        let from = "contents no longer here";
        writeln!(
            out,
            "{}",
            json!({
                "schema": 1, "items": ours.len(), "missing": missing, "documents": documents,
                "surplus": {"from": from, "items": surplus}, "different": {"from": from, "items": different},
            })
        )?;
    } else {
        writeln!(out, "{} items in the store, {} from the files here", ours.len(), theirs.len())?;
        let tell = |ids: &[Key], what: &str, items: &BTreeMap<Key, Item>| {
            ids.iter().filter_map(|id| Some(format!("{what}: {id}  {}", items.get(id)?.title))).collect::<Vec<_>>()
        };
        for line in tell(&surplus, "from contents no longer here", &ours) {
            writeln!(out, "{line}")?;
        }
        for line in tell(&different, "other text or date, from contents no longer here", &ours) {
            writeln!(out, "{line}")?;
        }
        for line in tell(&missing, "not in the store yet", &theirs) {
            writeln!(out, "{line}")?;
        }
        for document in &documents {
            writeln!(out, "not as the store would publish it: {document}")?;
        }
        writeln!(out, "{}", if good { "store, files and output agree" } else { "a pass would bring them to agree" })?;
    }
    Ok(if good { Exit::Done } else { Exit::Attention })
}
