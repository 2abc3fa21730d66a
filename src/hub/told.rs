//! What each hub was told last: a file beside the store.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::Topics;
use crate::mill::feed::Address;

/// The file in the state folder.
pub(super) const FILE_NAME: &str = "hubs.json";

/// What each hub answered about last: of each topic the hash of the bytes that it had then.
///
/// What is missing here is told once more, which does no harm. So the file need not survive a power cut, and one that
/// can't be read is an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Told {
    schema: u32,
    hubs: BTreeMap<String, BTreeMap<String, String>>,
}

impl Told {
    /// What the state folder `state` says of it.
    pub(super) fn read(state: &Path) -> Self {
        let file = file(state);
        let read = fs::read(&file).and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
        match read {
            Ok(told) => told,
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    warn!(%error, file = %file.display(), "what the hubs were told can't be read: they will be told again");
                }
                Self::default()
            }
        }
    }

    pub(super) fn knows(&self, hub: &Address, topic: &Address, hash: u128) -> bool {
        let told = self.hubs.get(hub.as_str()).and_then(|topics| topics.get(topic.as_str()));
        told.is_some_and(|told| *told == hex(hash))
    }

    pub(super) fn note(&mut self, hub: &Address, topic: &Address, hash: u128) {
        self.hubs.entry(hub.as_str().to_owned()).or_default().insert(topic.as_str().to_owned(), hex(hash));
    }

    /// Forgets hubs that are no more, and topics that are not published any more.
    pub(super) fn keep_only(&mut self, hubs: &[Address], topics: &Topics) {
        let topics: BTreeSet<&str> = topics.keys().map(Address::as_str).collect();
        self.hubs.retain(|hub, _| hubs.iter().any(|known| known.as_str() == hub));
        for told in self.hubs.values_mut() {
            told.retain(|topic, _| topics.contains(topic.as_str()));
        }
    }

    /// Writes it down, whole or not at all.
    pub(super) fn write(&self, state: &Path) -> io::Result<()> {
        let (file, aside) = (file(state), state.join(format!(".{FILE_NAME}.tmp")));
        let mut text = serde_json::to_string_pretty(&Self { schema: 1, ..self.clone() })?;
        text.push('\n');
        fs::write(&aside, text)?;
        fs::rename(aside, file)
    }
}

fn file(state: &Path) -> PathBuf {
    state.join(FILE_NAME)
}

fn hex(hash: u128) -> String {
    format!("{hash:032x}")
}
