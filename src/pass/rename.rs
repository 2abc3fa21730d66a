//! What a config would lose that calls sources or sites otherwise than the store does.
//!
//! Promised: it is told before it happens, and only where it does. A source is the one that it was under another name
//! if it reads the same bytes, or shows the same site. Where all sources are known as the config names them, nothing is
//! looked at. Refused: guessing by names, and changing anything: who names the source decides.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::config::{Config, Source};
use crate::inbox::{self, KeepOut, Listing};
use crate::mill::identify::Site;
use crate::mill::item::{Key, SourceNo};
use crate::report::Count;
use crate::store::{KnownSource, LedgerRow, Result, Store};

/// What is told of a source before its items get new ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIds {
    /// Which they are, and why.
    pub what: String,
    /// What keeps the ids.
    pub help: String,
}

/// What a source has lost that seems to have got another name, in a sentence for each. Only before the store knows it
/// by the new one: then the operator decided.
#[must_use]
pub fn renamed(config: &Config, known: &[KnownSource]) -> Vec<String> {
    let names: BTreeSet<&str> = known.iter().map(|known| &*known.name).collect();
    let new = config.sources.iter().filter(|source| !names.contains(&*source.name));
    let new: Vec<(&str, Site)> = new.map(|source| (&*source.name, site_of(source))).collect();
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

/// Which items get new ids, to be shown as new by every reader: those of a source of which the site is called
/// otherwise, and those that a new source of another site reads of files that were another source's.
///
/// # Errors
/// The store gave up.
pub fn new_ids(config: &Config, store: &dyn Store, known: &[KnownSource], keep_out: &KeepOut) -> Result<Vec<NewIds>> {
    // By their names, without those under which nothing was taken in yet: they are new as well.
    let filed: BTreeMap<&str, (&KnownSource, Site)> =
        known.iter().filter_map(|known| Some((&*known.name, (known, known.filed.as_ref()?.1)))).collect();
    let (mut new, mut moved) = (Vec::new(), Vec::new());
    for source in &config.sources {
        match filed.get(&*source.name) {
            Some((known, site)) if *site != site_of(source) => moved.push((source, *known)),
            Some(_) => {}
            None => new.push(source),
        }
    }
    // One whose files are still to come is new at each look.
    let reads_any =
        || inbox::list_all(new.iter().map(|source| &source.files), keep_out).iter().any(|found| !found.is_empty());
    if moved.is_empty() && (new.is_empty() || filed.is_empty() || !reads_any()) {
        return Ok(Vec::new());
    }
    let ledger = store.ledger()?;
    let has_items = |no: SourceNo| ledger.iter().any(|row| row.source == no && row.items > 0);
    let moved = moved.into_iter().filter(|(_, known)| has_items(known.no));
    let mut told: Vec<NewIds> = moved.map(|(source, known)| of_site(config, source, known)).collect();
    if !new.is_empty() {
        told.extend(of_files(config, store, (known, ledger), &new, keep_out)?);
    }
    Ok(told)
}

fn site_of(source: &Source) -> Site {
    Site::new(source.namespace_site())
}

/// The name that the ids of a known source are made under; `None`: an earlier one of its site, that the store can't
/// tell.
fn namespace(known: &KnownSource) -> Option<&str> {
    let (place, site) = known.filed.as_ref()?;
    (Site::new(place) == *site).then_some(place)
}

fn of_site(config: &Config, source: &Source, known: &KnownSource) -> NewIds {
    let (name, site) = (&source.name, source.namespace_site());
    let was = namespace(known).map_or_else(|| "was another one".to_owned(), |was| format!("was {was:?}"));
    let what = format!(
        "source {name}: its site {was} and is {site:?} now: all its items get new ids, and every reader shows them as new"
    );
    let help = match cure(config, known) {
        Cure::Config(site) => format!("write a config, in which its source has site = {site:?}"),
        Cure::Site(site) => format!("site = {site:?}, as other sources have it, keeps their ids"),
        Cure::SiteWas(site) => format!("site_was = [{site:?}] keeps their ids, whatever the site is called now"),
        Cure::Untold => "the `site` and `site_was` that it had keep their ids".to_owned(),
    };
    NewIds { what, help }
}

/// What lets items keep the ids that they have under a known source. The name that they are made under is told.
enum Cure<'k> {
    /// Where there is no config, nothing can be said of a site.
    Config(&'k str),
    /// Other sources of the config have it: they are the same place.
    Site(&'k str),
    /// No other has it: it may be called otherwise.
    SiteWas(&'k str),
    /// It is an earlier name of the site, which the store can't tell.
    Untold,
}

fn cure<'k>(config: &Config, known: &'k KnownSource) -> Cure<'k> {
    let Some(site) = namespace(known) else { return Cure::Untold };
    if config.file.is_none() {
        Cure::Config(site)
    } else if config.sources.iter().any(|source| site_of(source) == Site::new(site)) {
        Cure::Site(site)
    } else {
        Cure::SiteWas(site)
    }
}

/// What a new source reads of the files of another.
#[derive(Default)]
struct Taken<'l> {
    files: BTreeSet<&'l str>,
    /// What they list, as the store knows it.
    items: BTreeSet<Key>,
}

fn of_files(
    config: &Config,
    store: &dyn Store,
    (known, ledger): (&[KnownSource], Vec<LedgerRow>),
    new: &[&Source],
    keep_out: &KeepOut,
) -> Result<Vec<NewIds>> {
    let listings = inbox::list_all(config.sources.iter().map(|source| &source.files), keep_out);
    let listed: BTreeMap<&str, &Listing> =
        config.sources.iter().zip(&listings).map(|(source, listing)| (&*source.name, listing)).collect();
    let by_no: BTreeMap<SourceNo, &KnownSource> = known.iter().map(|known| (known.no, known)).collect();
    let lost = lost(ledger, &by_no, &listed);
    let met: Vec<_> = config
        .sources
        .iter()
        .zip(&listings)
        .map(|(source, listing)| (source, met(source, listing, &lost, keep_out)))
        .collect();
    // What a source still reads under another name is not lost.
    let is_own =
        |source: &Source, row: &LedgerRow| by_no.get(&row.source).is_some_and(|known| known.name == source.name);
    let own = |(source, met): &(&Source, Vec<(&str, &LedgerRow)>)| {
        met.iter().filter(|(_, row)| is_own(source, row)).map(|(_, row)| (row.source, row.digest)).collect::<Vec<_>>()
    };
    let stay: BTreeSet<(SourceNo, u128)> = met.iter().flat_map(own).collect();
    let mut told = Vec::new();
    for (source, met) in met.iter().filter(|(source, _)| new.iter().any(|new| new.name == source.name)) {
        let mut taken: BTreeMap<SourceNo, Taken<'_>> = BTreeMap::new();
        for (file, row) in met.iter().filter(|(_, row)| !stay.contains(&(row.source, row.digest))) {
            let Some((_, site)) = by_no.get(&row.source).and_then(|known| known.filed.as_ref()) else { continue };
            if *site == site_of(source) {
                continue;
            }
            let taken = taken.entry(row.source).or_default();
            taken.files.insert(*file);
            let Some(reading) = store.newest_reading(row.source, &row.path)? else { continue };
            taken.items.extend(reading.lines.iter().map(|line| site.key(&line.account)));
        }
        let of = |(no, taken): (SourceNo, Taken<'_>)| Some(of_taken(config, source, by_no.get(&no)?, &taken));
        told.extend(taken.into_iter().filter_map(of));
    }
    Ok(told)
}

/// Rows of the ledger by the size of their files.
type BySize = HashMap<u64, Vec<LedgerRow>>;

/// The files that listed items, and that the source which read them lists no more under a name that is known: it left
/// the config, or its pattern finds them no more.
fn lost(ledger: Vec<LedgerRow>, known: &BTreeMap<SourceNo, &KnownSource>, listed: &BTreeMap<&str, &Listing>) -> BySize {
    let here: BTreeMap<&str, BTreeSet<&str>> =
        listed.iter().map(|(name, listing)| (*name, listing.files.iter().map(|seen| &*seen.name).collect())).collect();
    let is_here = |row: &LedgerRow| {
        let source = known.get(&row.source).and_then(|known| here.get(&*known.name));
        source.is_some_and(|files| files.contains(&*row.path))
    };
    let (stay, gone): (Vec<_>, Vec<_>) = ledger.into_iter().filter(|row| row.items > 0).partition(is_here);
    let stay: BTreeSet<(SourceNo, u128)> = stay.iter().map(|row| (row.source, row.digest)).collect();
    let mut lost = BySize::new();
    for row in gone.into_iter().filter(|row| !stay.contains(&(row.source, row.digest))) {
        lost.entry(row.stat.size).or_default().push(row);
    }
    lost
}

/// Those of the `lost` files of which a source lists the very bytes, each with the file that holds them. Only what has
/// their size is opened, and of that nothing that shows to be one of them as it is.
fn met<'l>(
    source: &Source,
    listing: &'l Listing,
    lost: &'l BySize,
    keep_out: &KeepOut,
) -> Vec<(&'l str, &'l LedgerRow)> {
    let (mut met, mut buffer) = (Vec::new(), Vec::new());
    for seen in &listing.files {
        let Some(rows) = lost.get(&seen.stat.size) else { continue };
        let digest = match rows.iter().find(|row| row.stat == seen.stat && !row.racy) {
            Some(row) => row.digest,
            None => match inbox::read(&source.files, &seen.name, keep_out, inbox::MAX_BYTES, &mut buffer) {
                Ok(_) => inbox::digest(&buffer),
                // The pass tells what keeps it from being read.
                Err(_) => continue,
            },
        };
        let same = rows.iter().filter(|row| row.digest == digest);
        met.extend(same.map(|row| (&*seen.name, row)));
    }
    met
}

fn of_taken(config: &Config, source: &Source, known: &KnownSource, taken: &Taken<'_>) -> NewIds {
    let (name, old, files) = (&source.name, &known.name, Count(taken.files.len(), "file"));
    let (what_they, items) =
        (if taken.files.len() == 1 { "it lists" } else { "they list" }, Count(taken.items.len(), "item"));
    let has_left = !config.sources.iter().any(|source| source.name == *old);
    let whose = match has_left {
        true if config.file.is_none() => format!("{files} of {old}, a folder that is named no more"),
        true => format!("{files} of source {old}, which is in the config no more"),
        false => format!("{files} that source {old} reads no more"),
    };
    let what = format!(
        "source {name}: it is new, and reads {whose}: what {what_they}, {items}, gets new ids, and every reader shows it \
         as new"
    );
    let help = match (cure(config, known), has_left) {
        (Cure::Config(site), _) => {
            format!("give the folder its old name, {old:?}; or write a config, in which its source has site = {site:?}")
        }
        (Cure::SiteWas(site), true) => format!(
            "if it is {old} under another name, name = {old:?} and site = {site:?} keep all as it is (`title` is what \
             readers see, and free to change); with another name or site, site_was = [{site:?}] keeps the ids"
        ),
        (Cure::Site(site), true) => format!(
            "if it is {old} under another name, name = {old:?} and site = {site:?} keep all as it is (`title` is what \
             readers see, and free to change); with another name, site = {site:?} keeps the ids"
        ),
        (Cure::Site(site) | Cure::SiteWas(site), false) => {
            format!("site = {site:?} keeps the ids: sources of one site share its items")
        }
        (Cure::Untold, _) => format!("the `site` and `site_was` that source {old} had keep the ids"),
    };
    NewIds { what, help }
}
