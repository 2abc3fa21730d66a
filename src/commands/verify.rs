//! `verify`: what a store made of the files still here would hold, compared with the store; what the store would
//! publish, compared with the folder. It takes no lock and changes nothing: what is compared are copies in memory.

use std::collections::BTreeMap;

use serde_json::Value;

use super::look::{View, view};
use super::*;
use crate::mill::item::SourceNo;

/// Items by their ids.
type Items = BTreeMap<Key, Item>;

/// How store, files and folder differ.
struct Verified {
    /// What the store holds.
    ours: Items,
    /// What one made of the files here would hold.
    theirs: Items,
    /// Not in the store, though a pass would take them in.
    missing: Vec<Key>,
    /// Not in the store, and not taken in by a pass either: it keeps the earlier reading of a file.
    withheld: Vec<Key>,
    /// In the store alone.
    surplus: Vec<Key>,
    /// With another text or date.
    different: Vec<Key>,
    /// Those of the surplus and different ones that were read of what is still here, otherwise than it would be now.
    reread: BTreeSet<Key>,
    /// Those of them that are so only until a pass takes up what decisions and config say now.
    undecided: BTreeSet<Key>,
    /// What a pass would publish.
    documents: Vec<String>,
    /// What a pass would tell of feeds that stay as they were published.
    kept: Vec<String>,
}

/// `verify`.
pub(super) fn verify(cli: &Cli) -> Result<Exit, Ended> {
    let config = configured(cli)?;
    let verified = Verified::of(&config, &view(cli)?)?;
    let mut out = io::stdout().lock();
    let told = match cli.global.format {
        Format::Json => writeln!(out, "{}", verified.json()),
        Format::Text => verified.tell(&mut out),
    };
    found(if verified.is_good() { Exit::Done } else { Exit::Attention }, told.map_err(Ended::from))
}

impl Verified {
    fn of(config: &Config, view: &View) -> Result<Self, Ended> {
        let failed = |error| view.failed(error);
        view.store.check().map_err(failed)?;
        let ours = gather(view, &view.store)?;
        let recovered = view.store.is_recovered().map_err(failed)?;
        let pass = Pass { dry_run: true, recovered, ..Pass::new(config, &RealDisk) };

        let mut rebuilt = Sqlite::in_memory().map_err(failed)?;
        let mut decided = Decided::read(&view.state)?.noted_only();
        let mut report = Report::default();
        pass.take_in(&mut rebuilt, &mut decided, &mut report, false).map_err(|error| error.trouble(&view.state))?;
        let theirs = gather(view, &rebuilt)?;

        let mut after = view.store.copy_to_memory().map_err(failed)?;
        let mut decided = Decided::read(&view.state)?.noted_only();
        let pending = pass.run(&mut after, &mut decided).map_err(|error| error.trouble(&view.state))?;
        let after = after.ids().map_err(failed)?;

        let (missing, withheld): (Vec<Key>, Vec<Key>) =
            theirs.keys().filter(|id| !ours.contains_key(id)).partition(|id| after.contains(id));
        let surplus: Vec<Key> = ours.keys().filter(|id| !theirs.contains_key(id)).copied().collect();
        let differs = |(id, item): &(&Key, &Item)| ours.get(id).is_some_and(|other| other.differs_from(item));
        let different: Vec<Key> = theirs.iter().filter(differs).map(|(id, _)| *id).collect();
        let mut agreed = view.store.copy_to_memory().map_err(failed)?;
        let terms = pass.terms(&mut agreed, &decided).map_err(|error| error.trouble(&view.state))?;
        agreed.agree(&terms).map_err(failed)?;
        let agreed = gather(view, &agreed)?;
        let is_like_theirs =
            |id: &Key| theirs.get(id).zip(agreed.get(id)).is_some_and(|(one, other)| !one.differs_from(other));
        let mut undecided: BTreeSet<Key> = surplus.iter().filter(|id| !agreed.contains_key(id)).copied().collect();
        undecided.extend(different.iter().filter(|id| is_like_theirs(id)));
        let mut reread = reread(view, &rebuilt, &surplus, &different)?;
        reread.retain(|id| !undecided.contains(id));
        let documents = pending.feeds.into_iter().flat_map(|feed| feed.written).chain(pending.index).collect();
        Ok(Self {
            ours,
            theirs,
            missing,
            withheld,
            surplus,
            different,
            reread,
            undecided,
            documents,
            kept: pending.kept,
        })
    }

    /// Whether a pass has nothing to do, and nothing to tell.
    fn is_good(&self) -> bool {
        self.missing.is_empty() && self.documents.is_empty() && self.kept.is_empty()
    }

    fn json(&self) -> Value {
        let told = |ids: &[Key]| {
            let among = |some: &BTreeSet<Key>| ids.iter().filter(|id| some.contains(id)).copied().collect::<Vec<Key>>();
            let (reread, undecided) = (among(&self.reread), among(&self.undecided));
            let is_gone = ids.is_empty() || reread.len() + undecided.len() < ids.len();
            let causes = [(is_gone, GONE), (!reread.is_empty(), REREAD), (!undecided.is_empty(), UNDECIDED)];
            let from: Vec<&str> = causes.into_iter().filter(|(is_so, _)| *is_so).map(|(_, cause)| cause).collect();
            json!({"from": from.join(", and "), "items": ids, "reread": reread, "undecided": undecided})
        };
        json!({
            "schema": 1, "items": self.ours.len(), "missing": self.missing, "withheld": self.withheld,
            "documents": self.documents, "kept": self.kept, "surplus": told(&self.surplus),
            "different": told(&self.different),
        })
    }

    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { ours, theirs, reread, undecided, .. } = self;
        writeln!(out, "{} items in the store, {} from the files here", ours.len(), theirs.len())?;
        let mut tell = |ids: &[Key], what: &dyn Fn(&Key) -> String, items: &Items| -> io::Result<()> {
            for (id, item) in ids.iter().filter_map(|id| Some((id, items.get(id)?))) {
                writeln!(out, "{}: {id}  {}", what(id), item.title)?;
            }
            Ok(())
        };
        let from = |id: &Key| match (undecided.contains(id), reread.contains(id)) {
            (true, _) => UNDECIDED,
            (_, true) => REREAD,
            _ => GONE,
        };
        tell(&self.surplus, &|id| format!("from {}", from(id)), ours)?;
        tell(&self.different, &|id| format!("other text or date, from {}", from(id)), ours)?;
        tell(&self.withheld, &|_| "not taken in, for the store keeps an earlier reading".to_owned(), theirs)?;
        tell(&self.missing, &|_| "not in the store yet".to_owned(), theirs)?;
        for document in &self.documents {
            writeln!(out, "not as the store would publish it: {document}")?;
        }
        for kept in &self.kept {
            writeln!(out, "{kept}")?;
        }
        let end = match (self.is_good(), reread.is_empty() && self.withheld.is_empty()) {
            _ if !self.kept.is_empty() => "store and output do not agree, and a pass alone will not change that",
            (true, true) => "store, files and output agree",
            (true, false) => {
                "store and output agree; of files here the store keeps what it read earlier (feedmill check --samples)"
            }
            (false, _) => "a pass would bring them to agree",
        };
        writeln!(out, "{end}")
    }
}

/// What a store holds, under the decisions of `view`.
fn gather(view: &View, store: &Sqlite) -> Result<Items, Ended> {
    let terms = store.stored_terms(&view.decided.decisions).map_err(|error| view.failed(error))?;
    let mut items = Items::new();
    store.items(&terms, &mut |item, _| drop(items.insert(item.id, item))).map_err(|error| view.failed(error))?;
    Ok(items)
}

/// Why the store holds what the files here don't give: their like was deleted or overwritten.
const GONE: &str = "contents no longer here";
/// Or they are here and were read otherwise: under another layout, say.
const REREAD: &str = "an earlier reading of contents still here";
/// The same, where nothing was read otherwise: a pass has yet to take up what was decided.
const UNDECIDED: &str = "before what decisions and config say now";

/// Those of the items that the store has otherwise than `rebuilt`, made of the files here, though what gave them is
/// here: of `surplus` any of it, of `different` all of it. Both are in order.
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
