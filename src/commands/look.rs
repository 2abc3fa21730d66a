//! The commands that look at the store: items, verify. They never take the lock.

use std::collections::BTreeMap;

use super::*;
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
