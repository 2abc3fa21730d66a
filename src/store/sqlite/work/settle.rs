//! From changed sightings down to items: settled anew where something may differ, left alone where nothing can.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::feeds::Member;
use super::gather::Announcement;
use super::stand::Contents;
use super::{Change, Filed, Origin, Work};
use crate::mill::item::{Item, Key, SourceNo};
use crate::mill::settle::{self, Agreed, Rules};
use crate::store::Result;
use crate::store::sqlite::Pair;
use crate::store::sqlite::rows::{ITEM, item_from, key_from, packed, small, triples};

/// An announcement settled: what there is to write of it.
pub(super) struct Settled {
    pub(super) id: Key,
    /// The keys it was sighted under, each with its sightings as they are stored; the item is filed under the first.
    pub(super) parts: Vec<(Key, Vec<u8>)>,
    /// The ids of twins, and the key each was split from.
    twins: Vec<(Key, Key)>,
    pub(super) item: Item,
    /// The number of the account that is shown.
    pub(super) text: i64,
}

impl Settled {
    /// `None`: nothing sights it.
    pub(super) fn of(announcement: Announcement<'_>, rules: &Rules) -> Result<Option<Self>> {
        let Announcement { id, parts, twins, sightings, accounts } = announcement;
        let first = parts.first().map(|(key, _)| *key);
        let settled = first.and_then(|first| settle::settle(id, first, &sightings, rules));
        let Some(settled) = settled else { return Ok(None) };
        let text = accounts.get(settled.shown_by).copied().unwrap_or_default();
        let parts = parts.into_iter().map(|(key, mut pairs)| {
            pairs.sort_unstable();
            Ok((key, packed(&pairs)?))
        });
        Ok(Some(Self { id, parts: parts.collect::<Result<_>>()?, twins, item: settled.item, text }))
    }
}

impl Work<'_> {
    /// Carries the changes among sightings down to items and members.
    pub(in crate::store::sqlite) fn carry_down(&mut self) -> Result<()> {
        let fresh = self.holds_no_item()?;
        // Without aliases every key is a family of its own, and is settled as soon as its sightings are known.
        let alone = !self.terms.rules.decisions.has_aliases();
        let mut changes = std::mem::take(&mut self.changes);
        changes.sort_unstable();
        if fresh && alone && self.can_fill(&changes) {
            return self.fill(&changes);
        }
        let (mut keys, mut members) = (Vec::new(), Vec::new());
        for of_key in changes.chunk_by(|a, b| a.0 == b.0) {
            let Some((key, _)) = of_key.first() else { continue };
            let mut filed = match self.filed.remove(key) {
                Some(filed) => filed,
                None if fresh => Filed::default(),
                None => Filed { pairs: self.sightings(*key)?, agreed: None },
            };
            // What the operator disregards may be among its sightings.
            let believes_all = !self.terms.rules.decisions.disregards_any();
            let agreed = filed.agreed.take().filter(|_| alone && believes_all);
            let pairs = &mut filed.pairs;
            if let Some((account, agreed)) = agreed
                && self.all_stay(*key, account, &agreed, of_key)?
            {
                pairs.extend(of_key.iter().filter_map(|(_, change)| change.added()));
                pairs.sort_unstable();
                pairs.dedup();
                self.update_pairs(*key, *key, &packed(pairs)?)?;
                continue;
            }
            let dropped: FxHashSet<i64> = of_key.iter().filter_map(|(_, change)| change.dropped()).collect();
            if !dropped.is_empty() {
                pairs.retain(|(_, content)| !dropped.contains(content));
            }
            pairs.extend(of_key.iter().filter_map(|(_, change)| change.added()));
            pairs.sort_unstable();
            pairs.dedup();
            self.filed.insert(*key, filed);
            if alone {
                self.settle_family(&[*key], fresh, &mut members)?;
                self.filed.remove(key);
            } else {
                keys.push(*key);
            }
        }
        if alone { self.fill_feeds(members) } else { self.resettle(keys) }
    }

    /// Whether the changes under a key only sight once more what all its sightings say, and leave its item as it is.
    fn all_stay(&mut self, key: Key, account: i64, agreed: &Agreed, changes: &[(Key, Change)]) -> Result<bool> {
        for (_, change) in changes {
            let Some((sighted, content)) = change.added() else { return Ok(false) };
            let Origin { source, captured, language, .. } = self.content(content)?;
            let language = self.terms.rules.language(source, language);
            if sighted != account || !agreed.stays(key, source, captured, language) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Computes all that follows from what was read, anew.
    pub(in crate::store::sqlite) fn derive(&mut self) -> Result<()> {
        let db = self.db;
        let before = self.visible()?;
        db.execute_batch("DELETE FROM twin")?;
        let mut filed: BTreeMap<Key, Vec<Pair>> = BTreeMap::new();
        for (path, source, name) in triples(db, "SELECT id, source, name FROM path ORDER BY id")? {
            let source = SourceNo(small(source));
            let stood = self.restand(path, source, &name)?;
            let site = self.site(source);
            let mut contents = Contents::of(path);
            for (n, stood) in (0..).zip(&stood) {
                let counted = self.counted(n, stood.whole, &mut contents)?;
                self.note_filed(n, stood, counted.len(), &mut contents)?;
                for pair in counted {
                    let key = site.key(&*self.account(pair.0)?);
                    filed.entry(key).or_default().push(pair);
                }
            }
        }
        // Keys that have no sightings any more are settled as well: to nothing.
        let mut select = db.prepare("SELECT DISTINCT key FROM item")?;
        for key in select.query_map([], |row| key_from(row, 0))? {
            filed.entry(key?).or_default();
        }
        let keys = filed.keys().copied().collect();
        for (key, mut pairs) in filed {
            pairs.sort_unstable();
            pairs.dedup();
            self.filed.insert(key, Filed { pairs, agreed: None });
        }
        self.resettle(keys)?;
        // An alias that was changed moves an item from one family of keys to another: only the whole can be counted.
        let after = self.visible()?;
        self.absorbed.new = after.keys().filter(|id| !before.contains_key(id)).count();
        self.absorbed.gone = before.keys().filter(|id| !after.contains_key(id)).count();
        self.absorbed.revised =
            after.iter().filter(|(id, seen)| before.get(id).is_some_and(|was| was != *seen)).count();
        Ok(())
    }

    /// Settles these items anew, and what belongs with them: all that is left of [`Work::derive`] where nothing else
    /// can have changed.
    pub(in crate::store::sqlite) fn derive_those(&mut self, ids: &BTreeSet<Key>) -> Result<()> {
        let keys: BTreeSet<Key> = ids.iter().map(|id| self.plain_key(*id)).collect::<Result<_>>()?;
        self.resettle(keys.into_iter().collect())
    }

    /// What subscribers see of each item, in brief.
    fn visible(&self) -> Result<BTreeMap<Key, u64>> {
        let mut select = self.db.prepare(&format!("SELECT {ITEM} FROM item JOIN account ON account.id = item.text"))?;
        let mut visible = BTreeMap::new();
        for item in select.query_map([], item_from)? {
            let item = item?;
            visible.insert(item.id, FxBuildHasher.hash_one(item.as_seen()));
        }
        Ok(visible)
    }

    fn holds_no_item(&self) -> Result<bool> {
        Ok(!self.db.prepare_cached("SELECT 1 FROM item LIMIT 1")?.exists([])?)
    }

    /// Settles the items of these keys, and of those joined to them by aliases, and writes what changed.
    fn resettle(&mut self, keys: Vec<Key>) -> Result<()> {
        let fresh = self.holds_no_item()?;
        let aliased = self.terms.rules.decisions.has_aliases();
        let mut members = Vec::new();
        let mut done: BTreeSet<Key> = BTreeSet::new();
        if aliased {
            // An alias may name a twin, and which key that was split from must be known before the first is settled.
            for key in &keys {
                let mut hold = Vec::new();
                for announcement in self.announcements(&[*key], &mut hold)? {
                    self.file_twins(&announcement.twins)?;
                }
            }
        }
        for key in keys {
            if !aliased {
                self.settle_family(&[key], fresh, &mut members)?;
            } else if !done.contains(&key) {
                let family = self.family(key)?;
                self.settle_family(&family, fresh, &mut members)?;
                done.extend(family);
            }
        }
        self.fill_feeds(members)
    }

    fn settle_family(&mut self, family: &[Key], fresh: bool, members: &mut Vec<Member>) -> Result<()> {
        let mut hold = Vec::with_capacity(family.len());
        let announcements = self.announcements(family, &mut hold)?;
        let mut old = if fresh { BTreeMap::new() } else { self.old_rows(family)? };
        // Where an item was filed before: its row may be another one now.
        let mut before: BTreeMap<Key, (Item, i64)> =
            old.iter_mut().filter_map(|((_, id), row)| Some((*id, row.item.take()?))).collect();
        for announcement in announcements {
            let Some(settled) = Settled::of(announcement, &self.terms.rules)? else { continue };
            let was = before.remove(&settled.id);
            self.tell(&settled, was.is_none())?;
            let Settled { id, parts, item, text, .. } = settled;
            let same = was.as_ref().is_some_and(|(was, old_text)| *was == item && *old_text == text);
            if !same {
                match &was {
                    Some((was, _)) => {
                        self.absorbed.revised += usize::from(was.differs_from(&item));
                        self.leave_feeds(was)?;
                    }
                    None => self.absorbed.new += 1,
                }
                self.changed_sources.extend(&item.sources);
                self.join_feeds(&item, members);
            }
            for (index, (key, pairs)) in parts.into_iter().enumerate() {
                let filed_here = index == 0;
                match old.remove(&(key, id)) {
                    Some(row) if same => {
                        if row.pairs != pairs {
                            self.update_pairs(key, id, &pairs)?;
                        }
                        continue;
                    }
                    Some(_) => self.delete(key, id)?,
                    None => {}
                }
                self.insert(&[(key, id, &pairs, filed_here.then_some((&item, text)))])?;
            }
        }
        for (key, id) in old.into_keys() {
            self.delete(key, id)?;
        }
        for (gone, _) in before.into_values() {
            self.absorbed.gone += 1;
            self.leave_feeds(&gone)?;
            self.changed_sources.extend(&gone.sources);
        }
        Ok(())
    }

    /// Tells of an announcement what subscribers don't see: its twins, and that it lacks a day.
    pub(super) fn tell(&mut self, settled: &Settled, is_new: bool) -> Result<()> {
        self.file_twins(&settled.twins)?;
        self.absorbed.twins.extend(settled.twins.iter().map(|(_, key)| *key));
        let item = &settled.item;
        if item.published.is_none() && item.sources.iter().any(|no| self.terms.first_seen.contains(no)) {
            self.absorbed.unseen.push(settled.id);
            self.absorbed.new_unseen.extend(is_new.then_some(settled.id));
        }
        Ok(())
    }

    fn file_twins(&self, twins: &[(Key, Key)]) -> Result<()> {
        for (twin, key) in twins {
            self.db
                .prepare_cached("INSERT INTO twin VALUES (?, ?) ON CONFLICT DO NOTHING")?
                .execute((twin.0.into_bytes(), key.0.into_bytes()))?;
        }
        Ok(())
    }
}
