//! What each hub was told last: a file beside the store.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::Topics;
use crate::mill::feed::Address;
use crate::report::Count;

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
    /// Of each hub the topics that it refused when it was told of them last, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    refused: BTreeMap<String, BTreeMap<String, String>>,
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

    /// Notes what a hub answered about the bytes of a topic: it knows, or why it refuses.
    pub(super) fn note(&mut self, hub: &Address, topic: &Address, hash: u128, refusal: Option<&str>) {
        let (hub, topic) = (hub.as_str(), topic.as_str());
        self.hubs.entry(hub.to_owned()).or_default().insert(topic.to_owned(), hex(hash));
        if let Some(why) = refusal {
            self.refused.entry(hub.to_owned()).or_default().insert(topic.to_owned(), why.to_owned());
        } else if let Some(refused) = self.refused.get_mut(hub) {
            refused.remove(topic);
        }
        self.refused.retain(|_, refused| !refused.is_empty());
    }

    /// The topics that a hub refuses, and why.
    pub(super) fn refused(&self, hub: &Address) -> impl ExactSizeIterator<Item = (&String, &String)> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        self.refused.get(hub.as_str()).unwrap_or(&NONE).iter()
    }

    /// That a hub refuses topics, how many, and why, in words.
    pub(super) fn refusal(&self, hub: &Address) -> Option<String> {
        let refused = self.refused(hub);
        let count = Count(refused.len(), "feed document");
        let (_, why) = refused.min()?;
        Some(format!("it refuses {count}: {why}"))
    }

    /// Forgets hubs that are no more, and topics that are not published any more.
    pub(super) fn keep_only(&mut self, hubs: &[Address], topics: &Topics) {
        let topics: BTreeSet<&str> = topics.keys().map(Address::as_str).collect();
        for by_hub in [&mut self.hubs, &mut self.refused] {
            by_hub.retain(|hub, _| hubs.iter().any(|known| known.as_str() == hub));
            by_hub.values_mut().for_each(|of_hub| of_hub.retain(|topic, _| topics.contains(topic.as_str())));
        }
        self.refused.retain(|_, refused| !refused.is_empty());
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
