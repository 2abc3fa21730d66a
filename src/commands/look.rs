//! The store, looked at beside a writer, and `items`, which lists what it holds. The lock is never taken.

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
        state::unusable(&self.state, error).into()
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
                   "captured": at.captured, "content": at.n, "disregarded": at.disregarded})
        })
        .collect();
    json!({
        "schema": 1, "id": item.id, "site": site, "title": item.title, "date": item.date, "date_end": item.date_end,
        "date_raw": item.date_raw, "time": item.time, "date_basis": item.basis, "published": item.published,
        "updated": item.updated, "summary": item.summary, "credit": item.credit, "kicker": item.kicker,
        "place": item.place, "link": item.link, "categories": item.categories, "retracted": retracted, "feeds": feeds, "sightings": sightings,
    })
}
