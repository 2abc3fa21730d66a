//! What `check` says of items that are stored under two ids and may be one: only the operator can tell, and join them.

use std::collections::HashMap;

use super::check::Finding;
use super::*;
use crate::mill::alike::{self, Known, Pair};
use crate::mill::decisions::Decisions;
use crate::report::Count;
use crate::store::Terms;

/// So many pairs of items that may be one are named to people.
const TOLD: usize = 20;

/// One release may be sent to two sites; so many say that they are one.
const ON_TWO_SITES: usize = 3;

/// Adds what there is to say of the items in `store` to the findings of `check`: of `all` pairs, or of the first. `called`: how
/// feedmill was called.
pub(super) fn tell(
    store: &Sqlite,
    decisions: &Decisions,
    (called, all): (&str, bool),
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let terms = store.stored_terms(decisions)?;
    let items = known(store, &terms)?;
    let mut find = |what, help| findings.push(Finding { what, help, wrong: false });
    let place = |site| {
        let found = terms.rules.sources.values().find(|rule| rule.site == site);
        found.map(|rule| rule.place.as_str()).unwrap_or_default()
    };
    for ((one, other), count) in alike::on_two_sites(&items) {
        if count >= ON_TWO_SITES {
            let (one, other) = (place(one), place(other));
            find(
                format!("the sites {one:?} and {other:?} list {count} items alike, each under two ids"),
                "if it is one site, name it alike in its sources: the items of one of them get other ids then, once"
                    .into(),
            );
        }
    }
    let pairs = alike::pairs(&items);
    let most = if all { pairs.len() } else { TOLD };
    for Pair { new, old, likeness } in pairs.iter().take(most) {
        find(
            format!("{} and {} may be one item: {likeness}, and no page lists both", said(old), said(new)),
            format!("{called} alias {} {} makes them one, or leave it so", new.id, old.id).into(),
        );
    }
    if pairs.len() > most {
        let more = Count(pairs.len() - most, "pair");
        find(format!("and {more} more may be one"), "feedmill check --format json names all of them".into());
    }
    Ok(())
}

/// The items of the store that are neither retracted nor joined to another one: a pass may not have come by since.
fn known(store: &Sqlite, terms: &Terms) -> Result<Vec<Known>, StoreError> {
    // A content is known by a number: its name is said again with each of its items.
    let mut numbers: HashMap<(String, String, u32), usize> = HashMap::new();
    let mut items = Vec::new();
    store.items(terms, &mut |item, sighted| {
        let since = sighted.iter().filter_map(|at| at.captured).min();
        let mut number = |at: SightedAt| {
            let next = numbers.len();
            *numbers.entry((at.source, at.file, at.n)).or_insert(next)
        };
        let mut contents: Vec<usize> = sighted.into_iter().map(&mut number).collect();
        contents.sort_unstable();
        let source = item.sources.first().and_then(|source| terms.rules.sources.get(source));
        let decisions = &terms.rules.decisions;
        let is_out = decisions.is_retracted(item.id) || decisions.alias_of(item.id).is_some();
        if let Some(site) = source.map(|source| source.site).filter(|_| !is_out) {
            items.push(Known { item, site, contents, since });
        }
    })?;
    Ok(items)
}

/// An item, as far as it serves to know it again.
fn said(item: &Item) -> String {
    const SHOWN: usize = 60;
    let title = item.title.as_str();
    let shown: String = title.chars().take(SHOWN).collect();
    let more = if title.chars().nth(SHOWN).is_some() { "…" } else { "" };
    let date = item.date.map_or_else(|| "undated".to_owned(), |date| date.to_string());
    format!("\"{shown}{more}\" ({date})")
}
