//! Several announcements under one key, told apart by how their summaries begin.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Sighting;
use super::texts::candidates;
use crate::mill::identify::{self, Site};
use crate::mill::item::Key;

/// Some sightings of one key that are one announcement.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The id that this group bears, aliases not yet followed.
    pub id: Key,
    /// Its sightings.
    pub sightings: Vec<Sighting<'a>>,
}

/// Tells the announcements that share one key apart.
///
/// If one content lists a key twice, with summaries of which neither continues the other, the key's accounts are
/// grouped by the beginnings of their summaries. The group of the earliest capture (a tie: string order) keeps the
/// plain key and the accounts without summary; each other gets a key of its own. Nearly always there is one group.
#[must_use]
pub fn split<'a>(site: Site, key: Key, sightings: Vec<Sighting<'a>>) -> Vec<Group<'a>> {
    let (candidates, which) = candidates(&sightings);
    if candidates.len() < 2 {
        return vec![Group { id: key, sightings }];
    }
    // How a summary begins, and whether it is whole.
    let head_of = |index: usize| {
        let candidate = candidates.get(index)?;
        candidate.folded.as_deref().map(|fold| (identify::twin_head(fold), candidate.whole))
    };
    // For each content, the head it gives; a second one proves twins.
    let mut heads: BTreeMap<i64, &str> = BTreeMap::new();
    let mut first: BTreeMap<&str, Option<DateTime<Utc>>> = BTreeMap::new();
    let mut twins = false;
    for (sighting, &index) in sightings.iter().zip(&which) {
        let Some((head, true)) = head_of(index) else { continue };
        twins |= *heads.entry(sighting.content).or_insert(head) != head;
        let captured = sighting.captured.when.map(|moment| moment.instant_for(key));
        let earliest = first.entry(head).or_insert(captured);
        // An unknown time is absent where a time is needed.
        *earliest = [*earliest, captured].into_iter().flatten().min();
    }
    let plain = first.iter().min_by_key(|(head, when)| (when.is_none(), **when, **head)).map(|(head, _)| *head);
    let (true, Some(plain)) = (twins, plain) else {
        return vec![Group { id: key, sightings }];
    };

    let mut groups: BTreeMap<&str, Group<'a>> = BTreeMap::new();
    for (sighting, &index) in sightings.iter().zip(&which) {
        let head = match head_of(index) {
            None => plain,
            Some((head, true)) => head,
            // A cut account goes to the text it is a beginning of, the plain one first.
            Some((head, false)) if plain.starts_with(head) => plain,
            // Texts that go on from a beginning stand together, right behind it.
            Some((head, false)) => {
                let next = first.range(head..).next().map(|(next, _)| *next);
                next.filter(|next| next.starts_with(head)).unwrap_or(plain)
            }
        };
        let id = if head == plain { key } else { site.twin_key(sighting.account, head) };
        groups.entry(head).or_insert_with(|| Group { id, sightings: Vec::new() }).sightings.push(*sighting);
    }
    groups.into_values().collect()
}
