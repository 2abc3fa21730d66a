//! The first items of an empty store. There are many of them and nothing to compare them with, so a thread beside the
//! one that writes works out what they are.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::feeds::Member;
use super::gather::{Told, tell_apart};
use super::settle::Settled;
use super::{Change, Work};
use crate::cores::cores;
use crate::mill::item::Key;
use crate::store::Result;
use crate::store::sqlite::Pair;

/// Fewer changes than these are not worth a thread.
const MANY: usize = 512;
/// So many keys are settled before they are handed over.
const LOT: usize = 128;
/// So many lots may wait to be written.
const AHEAD: usize = 8;

/// A change under a key.
type Keyed = (Key, Change);

impl Work<'_> {
    /// Whether the changes are many, and nothing that they speak of has to be asked of the tables.
    pub(super) fn can_fill(&self, changes: &[Keyed]) -> bool {
        let (first, accounts) = (self.written.0, self.written.1.len());
        let is_written = |id: i64| usize::try_from(id - first).is_ok_and(|index| index < accounts);
        let is_known = |(account, content): Pair| is_written(account) && self.contents.contains_key(&content);
        changes.len() >= MANY
            && self.filed.is_empty()
            && changes.iter().all(|(_, change)| change.added().is_some_and(is_known))
    }

    /// Settles and writes the items of these changes, which are sorted, where there are no items and no aliases.
    pub(super) fn fill(&mut self, changes: &[Keyed]) -> Result<()> {
        let (written, contents) = (std::mem::take(&mut self.written), std::mem::take(&mut self.contents));
        let rules = &self.terms.rules;
        let told = |(_, change): &Keyed| {
            let pair = change.added()?;
            let account = written.1.get(usize::try_from(pair.0 - written.0).ok()?)?;
            Some(Told { account: Arc::clone(account), pair, content: *contents.get(&pair.1)? })
        };
        let settle = |lot: &[&[Keyed]]| -> Result<Vec<Settled>> {
            let mut settled = Vec::with_capacity(lot.len());
            for of_key in lot {
                let Some((key, _)) = of_key.first() else { continue };
                let mut told: Vec<Told> = of_key.iter().filter_map(told).collect();
                told.dedup_by_key(|told| told.pair);
                for announcement in tell_apart(&[(*key, told)], rules) {
                    settled.extend(Settled::of(announcement, rules)?);
                }
            }
            Ok(settled)
        };
        let of_keys: Vec<_> = changes.chunk_by(|a, b| a.0 == b.0).collect();
        let lots = || of_keys.chunks(LOT).map(settle);
        // Most items are shown in one feed.
        let mut members = Vec::with_capacity(of_keys.len());
        thread::scope(|scope| {
            let mut write = |lot: Result<Vec<Settled>>| self.write_new(lot?, &mut members);
            let (send, receive) = sync_channel(AHEAD);
            // It stops when nobody takes what it sends: there is trouble here then, and that will be told.
            let work = move || lots().try_for_each(|lot| send.send(lot)).is_ok();
            match (cores() > 1).then(|| thread::Builder::new().spawn_scoped(scope, work)) {
                Some(Ok(_)) => receive.into_iter().try_for_each(write),
                // Where no thread is to be had (a service's TasksMax=) this one does it all.
                _ => lots().try_for_each(&mut write),
            }
        })?;
        (self.written, self.contents) = (written, contents);
        self.fill_feeds(members)
    }

    /// Writes items that no row is there for yet.
    fn write_new(&mut self, settled: Vec<Settled>, members: &mut Vec<Member>) -> Result<()> {
        let mut rows = Vec::with_capacity(settled.len());
        for settled in &settled {
            self.tell(settled, true)?;
            self.absorbed.new += 1;
            self.changed_sources.extend(&settled.item.sources);
            self.join_feeds(&settled.item, members);
            for (index, (key, pairs)) in settled.parts.iter().enumerate() {
                let filed_here = index == 0;
                rows.push((*key, settled.id, &**pairs, filed_here.then_some((&settled.item, settled.text))));
            }
        }
        self.insert(&rows)
    }
}
