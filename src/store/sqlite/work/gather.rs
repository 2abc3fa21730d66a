//! All that is known of a key: its sightings, the keys that belong with it, and which announcements they speak of.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::OptionalExtension;
use rustc_hash::FxHashMap;

use super::{Filed, Origin, Work, site_of};
use crate::mill::item::{Account, Key};
use crate::mill::settle::{self, Agreed, Rules, Sighting};
use crate::store::Result;
use crate::store::sqlite::Pair;
use crate::store::sqlite::rows::{ACCOUNT, instant_from, is_account, key_from, text_from, unpacked};

/// The sightings of some keys, held so that announcements can borrow them.
pub(in crate::store::sqlite) type Held = Vec<(Key, Vec<Told>)>;

/// A sighting with all that it says.
pub(in crate::store::sqlite) struct Told {
    pub(super) account: Arc<Account>,
    pub(super) pair: Pair,
    pub(super) content: Origin,
}

/// One announcement among the sightings of a family of keys.
pub(in crate::store::sqlite) struct Announcement<'h> {
    /// The id that subscribers see.
    pub(in crate::store::sqlite) id: Key,
    /// The keys it was sighted under, ascending, with the sightings of each; it is filed under the first.
    pub(super) parts: Vec<(Key, Vec<Pair>)>,
    /// The ids of twins among its parts, and the key each was split from.
    pub(super) twins: Vec<(Key, Key)>,
    pub(in crate::store::sqlite) sightings: Vec<Sighting<'h>>,
    /// The numbers of the sightings' accounts.
    pub(in crate::store::sqlite) accounts: Vec<i64>,
}

impl Work<'_> {
    /// What is filed under a key, and the number of `account` if it is one that is shown.
    ///
    /// One look for all that a sighting more of a known item needs: that is what nearly every line of a page is.
    pub(super) fn look_up(&self, key: Key, account: &Account) -> Result<(Filed, Option<i64>)> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT item.id, item.pairs, item.text, item.published, item.sources, item.language,
                    account.date IS NOT NULL, account.time IS NOT NULL AND account.utc_offset IS NULL, {ACCOUNT}
             FROM item LEFT JOIN account ON account.id = item.text WHERE item.key = ?"
        ))?;
        let mut rows = select.query([key.0.into_bytes()])?;
        let (mut filed, mut shown, mut count) = (Filed::default(), None, 0);
        while let Some(row) = rows.next()? {
            let pairs: Vec<Pair> = unpacked(row, 1)?;
            count += 1;
            if let Some(text) = row.get::<_, Option<i64>>(2)? {
                if shown.is_none() && is_account(row, 8, account)? {
                    shown = Some(text);
                }
                let (dated, is_local) = (row.get(6)?, row.get(7)?);
                if let Some(published) = instant_from(row.get(3)?)
                    && dated
                    && key_from(row, 0)? == key
                    && pairs.iter().all(|pair| pair.0 == text)
                {
                    let (sources, language) = (unpacked(row, 4)?, text_from(row, 5)?);
                    filed.agreed = Some((text, Agreed { published, sources, language, is_local }));
                }
            }
            filed.pairs.extend(pairs);
        }
        if count != 1 {
            filed.agreed = None;
            filed.pairs.sort_unstable();
        }
        Ok((filed, shown))
    }

    /// The sightings of a key, ascending.
    pub(super) fn sightings(&self, key: Key) -> Result<Vec<Pair>> {
        if let Some(filed) = self.filed.get(&key) {
            return Ok(filed.pairs.clone());
        }
        let mut select = self.db.prepare_cached("SELECT pairs FROM item WHERE key = ?")?;
        let mut rows = select.query([key.0.into_bytes()])?;
        let mut pairs: Vec<Pair> = Vec::new();
        while let Some(row) = rows.next()? {
            pairs.extend(unpacked::<Vec<Pair>>(row, 0)?);
        }
        pairs.sort_unstable();
        Ok(pairs)
    }

    /// The keys that must be settled together with `key`, ascending.
    pub(in crate::store::sqlite) fn family(&self, key: Key) -> Result<Vec<Key>> {
        let decisions = &self.terms.rules.decisions;
        if !decisions.has_aliases() {
            return Ok(vec![key]);
        }
        let mut family: BTreeSet<Key> = [key].into();
        let mut open = vec![key];
        // Hundreds of ids can go under one, by as many steps, and each of them leads to all: one is followed.
        let mut followed = BTreeSet::new();
        while let Some(key) = open.pop() {
            let mut ids: Vec<Key> = self.twins_of(key)?;
            ids.push(key);
            for id in ids {
                if followed.contains(&id) {
                    continue;
                }
                for member in decisions.family(decisions.root(id)) {
                    followed.insert(member);
                    let plain = self.plain_key(member)?;
                    if family.insert(plain) {
                        open.push(plain);
                    }
                }
            }
        }
        Ok(family.into_iter().collect())
    }

    fn twins_of(&self, key: Key) -> Result<Vec<Key>> {
        let mut select = self.db.prepare_cached("SELECT id FROM twin WHERE key = ?")?;
        Ok(select.query_map([key.0.into_bytes()], |row| key_from(row, 0))?.collect::<rusqlite::Result<_>>()?)
    }

    pub(in crate::store::sqlite) fn plain_key(&self, id: Key) -> Result<Key> {
        let mut select = self.db.prepare_cached("SELECT key FROM twin WHERE id = ?")?;
        Ok(select.query_row([id.0.into_bytes()], |row| key_from(row, 0)).optional()?.unwrap_or(id))
    }

    /// The sightings of a family of keys, told apart by the announcements they speak of. `hold` lends the accounts a
    /// place to live.
    pub(in crate::store::sqlite) fn announcements<'h>(
        &mut self,
        family: &[Key],
        hold: &'h mut Held,
    ) -> Result<Vec<Announcement<'h>>> {
        for key in family {
            let pairs = self.sightings(*key)?;
            let told = pairs
                .into_iter()
                .map(|pair| Ok(Told { account: self.account(pair.0)?, pair, content: self.content(pair.1)? }));
            hold.push((*key, told.collect::<Result<_>>()?));
        }
        Ok(tell_apart(hold, &self.terms.rules))
    }
}

/// Which announcements the sightings of a family of keys speak of.
pub(super) fn tell_apart<'h>(hold: &'h [(Key, Vec<Told>)], rules: &Rules) -> Vec<Announcement<'h>> {
    /// So many are found by looking at all of them, which is nearly always one.
    const FEW: usize = 8;
    let mut announcements: Vec<Announcement<'h>> = Vec::with_capacity(1);
    let mut places: FxHashMap<Key, usize> = FxHashMap::default();
    for (key, told) in hold {
        let sighting = |told: &'h Told| {
            let Origin { source, captured, version, language, disregarded } = told.content;
            Sighting { source, account: &told.account, captured, version, content: told.pair.1, language, disregarded }
        };
        let sightings: Vec<_> = told.iter().map(sighting).collect();
        let Some(first) = sightings.first() else { continue };
        let mut numbers: Vec<(*const Account, i64)> =
            told.iter().map(|told| (Arc::as_ptr(&told.account), told.pair.0)).collect();
        // Sightings come sorted by their accounts, of which there are few. Where an account lies only tells it from
        // others.
        numbers.dedup();
        numbers.sort_unstable();
        for group in settle::split(site_of(rules, first.source), *key, sightings) {
            let number = |sighting: &Sighting<'_>| {
                let at = numbers.binary_search_by_key(&std::ptr::from_ref(sighting.account), |(account, _)| *account);
                at.ok().and_then(|at| numbers.get(at)).map(|(_, number)| *number).unwrap_or_default()
            };
            let accounts: Vec<i64> = group.sightings.iter().map(number).collect();
            let pairs = accounts.iter().zip(&group.sightings).map(|(account, at)| (*account, at.content)).collect();
            let id = rules.decisions.root(group.id);
            let known = if announcements.len() <= FEW {
                announcements.iter().position(|one| one.id == id)
            } else {
                let rest = announcements.get(places.len()..).unwrap_or_default();
                places.extend(rest.iter().map(|one| one.id).zip(places.len()..));
                places.get(&id).copied()
            };
            let joined = match known.and_then(|known| announcements.get_mut(known)) {
                Some(joined) => {
                    joined.accounts.extend(accounts);
                    joined.sightings.extend(group.sightings);
                    joined
                }
                None => {
                    let (parts, twins) = (Vec::with_capacity(1), Vec::new());
                    announcements.push(Announcement { id, parts, twins, sightings: group.sightings, accounts });
                    let Some(new) = announcements.last_mut() else { continue };
                    new
                }
            };
            if group.id != *key {
                joined.twins.push((group.id, *key));
            }
            match joined.parts.last_mut() {
                Some((last, part)) if last == key => part.extend::<Vec<Pair>>(pairs),
                _ => joined.parts.push((*key, pairs)),
            }
        }
    }
    announcements
}
