//! The commands that look at the store: items, verify. They never take the lock.

use std::collections::BTreeMap;

use super::*;
use crate::mill::item::SourceNo;
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

    // What a pass would not take in either: it keeps the earlier reading of a file.
    let after = copy.ids().map_err(|error| view.failed(error))?;
    let (missing, withheld): (Vec<Key>, Vec<Key>) =
        theirs.keys().filter(|id| !ours.contains_key(id)).partition(|id| after.contains(id));
    let surplus: Vec<Key> = ours.keys().filter(|id| !theirs.contains_key(id)).copied().collect();
    let different: Vec<Key> = theirs
        .iter()
        .filter(|(id, item)| ours.get(id).is_some_and(|other| other.differs_from(item)))
        .map(|(id, _)| *id)
        .collect();
    let reread = reread(&view, &rebuilt, &surplus, &different)?;
    let documents: Vec<&String> = pending.feeds.iter().flat_map(|feed| &feed.written).collect();
    let kept = &pending.kept;
    let good = missing.is_empty() && documents.is_empty() && kept.is_empty();
    let mut out = io::stdout().lock();
    if cli.global.format == Format::Json {
        let here = |ids: &[Key]| ids.iter().filter(|id| reread.contains(id)).copied().collect::<Vec<Key>>();
        let told = |ids: &[Key]| {
            let reread = here(ids);
            let from = match reread.len() {
                0 => GONE.to_owned(),
                count if count == ids.len() => REREAD.to_owned(),
                _ => format!("{GONE}, and {REREAD}"),
            };
            json!({"from": from, "items": ids, "reread": reread})
        };
        writeln!(
            out,
            "{}",
            json!({
                "schema": 1, "items": ours.len(), "missing": missing, "withheld": withheld, "documents": documents,
                "kept": kept, "surplus": told(&surplus), "different": told(&different),
            })
        )?;
    } else {
        writeln!(out, "{} items in the store, {} from the files here", ours.len(), theirs.len())?;
        let mut tell = |ids: &[Key], what: &dyn Fn(&Key) -> String, items: &BTreeMap<Key, Item>| -> io::Result<()> {
            for (id, item) in ids.iter().filter_map(|id| Some((id, items.get(id)?))) {
                writeln!(out, "{}: {id}  {}", what(id), item.title)?;
            }
            Ok(())
        };
        let from = |id: &Key| if reread.contains(id) { REREAD } else { GONE };
        tell(&surplus, &|id| format!("from {}", from(id)), &ours)?;
        tell(&different, &|id| format!("other text or date, from {}", from(id)), &ours)?;
        tell(&withheld, &|_| "not taken in, for the store keeps an earlier reading".to_owned(), &theirs)?;
        tell(&missing, &|_| "not in the store yet".to_owned(), &theirs)?;
        for document in &documents {
            writeln!(out, "not as the store would publish it: {document}")?;
        }
        kept.iter().try_for_each(|kept| writeln!(out, "{kept}"))?;
        let end = match (good, reread.is_empty() && withheld.is_empty()) {
            _ if !kept.is_empty() => "store and output do not agree, and a pass alone will not change that",
            (true, true) => "store, files and output agree",
            (true, false) => {
                "store and output agree; of files here the store keeps what it read earlier (feedmill check --samples)"
            }
            (false, _) => "a pass would bring them to agree",
        };
        writeln!(out, "{end}")?;
    }
    Ok(if good { Exit::Done } else { Exit::Attention })
}

/// Why the store holds what the files here don't give: their like was deleted or overwritten.
const GONE: &str = "contents no longer here";
/// Or they are here and were read otherwise: under another layout, say.
const REREAD: &str = "an earlier reading of contents still here";

/// Those of the items that the store has otherwise than `rebuilt`, made of the files here, though what gave them is here:
/// of `surplus` any of it, of `different` all of it. Both are in order.
fn reread(view: &View, rebuilt: &Sqlite, surplus: &[Key], different: &[Key]) -> Result<BTreeSet<Key>, Ended> {
    let mut reread = BTreeSet::new();
    if surplus.is_empty() && different.is_empty() {
        return Ok(reread);
    }
    let failed = |error| view.failed(error);
    let numbers = |store: &Sqlite| -> Result<BTreeMap<String, SourceNo>, Ended> {
        let known = store.known_sources().map_err(failed)?;
        Ok(known.into_iter().map(|source| (source.name, source.no)).collect())
    };
    let (ours, theirs) = (numbers(&view.store)?, numbers(rebuilt)?);
    let is_here = |at: &SightedAt| -> Result<bool, StoreError> {
        let (Some(our), Some(their)) = (ours.get(&at.source), theirs.get(&at.source)) else { return Ok(false) };
        let Some(row) = rebuilt.ledger_row(*their, &at.file)? else { return Ok(false) };
        let contents = view.store.contents_of(*our, &at.file)?;
        Ok(contents.iter().any(|content| content.n == at.n && content.digest == row.digest))
    };
    let mut sighted = Vec::new();
    view.each(&mut |item, at| {
        if [surplus, different].iter().any(|ids| ids.binary_search(&item.id).is_ok()) {
            sighted.push((item.id, at));
        }
    })?;
    for (id, sighted) in sighted {
        let here = sighted.iter().map(is_here).collect::<Result<Vec<bool>, _>>().map_err(failed)?;
        let whole = different.binary_search(&id).is_ok();
        if here.iter().any(|is_here| *is_here) && (!whole || here.iter().all(|is_here| *is_here)) {
            reread.insert(id);
        }
    }
    Ok(reread)
}
