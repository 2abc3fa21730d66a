//! The accounts that the files of a batch give, numbered as they are met.
//!
//! Promised: what says the same has one number, whichever thread met it first, and makes one account. Refused: an
//! order, for which number an account gets depends on which thread was quicker.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::mill::identify::{self, Site};
use crate::mill::item::{Account, Key};
use crate::mill::scrape;

/// The accounts that a batch met, each once, whichever thread met it first.
///
/// Captures overlap, so most drafts say what another one said: such a draft costs a look here and no account. The
/// shards keep the threads out of each other's way.
pub(super) struct Met {
    shards: [Mutex<Shard>; SHARDS],
}

const SHARDS: usize = 64;

#[derive(Default)]
struct Shard {
    numbers: FxHashMap<(Site, u128), u32>,
    accounts: Vec<(Key, Arc<Account>)>,
}

impl Met {
    pub(super) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }

    /// The number of what a draft says, made into an account only at first sight. `None`: it says nothing printable.
    pub(super) fn number(&self, site: Site, draft: &scrape::Draft<'_>) -> Option<u32> {
        let print = (site, identify::fingerprint(draft));
        let at = (print.1 % SHARDS as u128) as usize;
        // A thread that panicked here left the shard as it was before its draft.
        let mut shard = self.shards.get(at)?.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = shard.numbers.get(&print) {
            return Some(*number);
        }
        let account = identify::account(draft)?;
        let number = u32::try_from(shard.accounts.len() * SHARDS + at).ok()?;
        shard.numbers.insert(print, number);
        shard.accounts.push((site.key(&account), Arc::new(account)));
        Some(number)
    }

    /// The accounts in one row, and what their numbers become in it.
    pub(super) fn in_one_row(self) -> (Vec<(Key, Arc<Account>)>, Starts) {
        let mut accounts = Vec::new();
        let mut starts = Vec::with_capacity(SHARDS);
        for shard in self.shards {
            starts.push(u32::try_from(accounts.len()).unwrap_or(u32::MAX));
            accounts.append(&mut shard.into_inner().unwrap_or_else(PoisonError::into_inner).accounts);
        }
        (accounts, Starts(starts))
    }
}

/// Where the accounts of each shard begin in the row of all of them.
pub(super) struct Starts(Vec<u32>);

impl Starts {
    /// The place in the row of the account that was met under this number.
    pub(super) fn place(&self, number: u32) -> Option<u32> {
        let (at, index) = (number as usize % SHARDS, number / SHARDS as u32);
        self.0.get(at).map(|start| start + index)
    }
}
