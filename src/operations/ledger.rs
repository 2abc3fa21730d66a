//! Which conditions there are, and which there were: a pure value, changed by what is seen.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many conditions of one kind are told one by one; beyond that, one more says that there are others.
const MOST_OPEN: usize = 100;
/// The subject of the condition that says so: no file has this name.
const MORE: &str = "/";
/// How many healed conditions are remembered: those that healed last.
const MOST_HEALED: usize = 100;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Store, output or state can't be used. The subject says what was being done, to what.
    Trouble,
    /// The store was damaged and made anew, or knows less than what is published.
    Store,
    /// The config was read again and can't be used.
    Config,
    /// The system does not tell of all changes.
    Watch,
    /// A hub could not be told of changes for long, or by a single pass, or refuses to be. The subject is the hub.
    Hub,
    /// The newest capture of a source says that its page changed. The subject is the source.
    Drift,
    /// A file should be readable and is not. The subject is the file.
    Skipped,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Trouble, Self::Store, Self::Config, Self::Watch, Self::Hub, Self::Drift, Self::Skipped];

    /// As it is written in files, ids and labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trouble => "trouble",
            Self::Store => "store",
            Self::Config => "config",
            Self::Watch => "watch",
            Self::Hub => "hub",
            Self::Drift => "drift",
            Self::Skipped => "skipped",
        }
    }
}

/// Something that is wrong with a subject, as somebody saw it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sight {
    /// What it is about; empty where there is only one of the kind.
    pub subject: String,
    /// What is wrong, in words for the operator.
    pub detail: String,
}

/// A condition, open or healed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What is wrong.
    pub kind: Kind,
    /// What it is about.
    pub subject: String,
    /// What was last seen of it.
    pub detail: String,
    /// When it was met; if it healed and returned, when it returned.
    pub since: DateTime<Utc>,
    /// When it was last told in other words, or healed.
    pub updated: DateTime<Utc>,
    /// When it healed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healed: Option<DateTime<Utc>>,
}

impl Condition {
    /// Whether it still holds.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.healed.is_none()
    }

    /// Whether it only says that there are more of its kind than are told one by one.
    #[must_use]
    pub fn is_rest(&self) -> bool {
        self.subject == MORE
    }
}

/// All conditions, as they are kept beside the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The version of this form.
    schema: u32,
    /// Where this feedmill works: a part of every id, so that one reader can follow several. Kept from the first time
    /// on.
    place: String,
    /// When there was nothing to tell yet.
    begun: DateTime<Utc>,
    conditions: Vec<Condition>,
}

impl Ledger {
    /// The newest form that is understood.
    const SCHEMA: u32 = 1;

    /// Nothing to tell, of the feedmill at `place`.
    #[must_use]
    pub fn new(place: &str, now: DateTime<Utc>) -> Self {
        Self { schema: Self::SCHEMA, place: place.to_owned(), begun: now, conditions: Vec::new() }
    }

    /// A ledger as it was kept. `None`: it is none, or of another version.
    #[must_use]
    pub fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().filter(|ledger: &Self| ledger.schema == Self::SCHEMA)
    }

    /// As it is kept.
    #[must_use]
    pub fn written(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// The open conditions, then the healed ones, each by kind and in the order in which they were met.
    #[must_use]
    pub fn conditions(&self) -> Vec<&Condition> {
        let mut all: Vec<&Condition> = self.conditions.iter().collect();
        all.sort_by_key(|condition| (!condition.is_open(), condition.kind));
        all
    }

    /// The conditions that hold.
    pub fn open(&self) -> impl Iterator<Item = &Condition> {
        self.conditions.iter().filter(|condition| condition.is_open())
    }

    /// The newest change.
    #[must_use]
    pub fn updated(&self) -> DateTime<Utc> {
        self.conditions.iter().map(|condition| condition.updated).max().unwrap_or_default().max(self.begun)
    }

    /// The id of the whole.
    #[must_use]
    pub fn id(&self) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("feedmill:operations:{}", self.place).as_bytes())
    }

    /// The id of a condition: the same whenever it returns.
    #[must_use]
    pub fn id_of(&self, condition: &Condition) -> Uuid {
        Uuid::new_v5(&self.id(), format!("{}\n{}", condition.kind.name(), condition.subject).as_bytes())
    }

    /// Notes what is seen of a kind. With `whole`, nothing else of the kind holds, so the others are healed.
    pub fn see(&mut self, kind: Kind, sights: impl IntoIterator<Item = Sight>, whole: bool, now: DateTime<Utc>) {
        let mut seen: Vec<Sight> = sights.into_iter().collect();
        seen.sort();
        seen.dedup_by(|a, b| a.subject == b.subject);
        let (healed, is_open) = (Some(now), |known: &Condition| known.kind == kind && known.is_open());
        if whole {
            let is_seen = |known: &Condition| seen.iter().any(|sight| sight.subject == known.subject);
            for known in self.conditions.iter_mut().filter(|known| is_open(known) && !known.is_rest()) {
                if !is_seen(known) {
                    (known.healed, known.updated) = (healed, now);
                }
            }
        }
        let mut more = false;
        for sight in seen {
            more |= !self.note(kind, sight, now);
        }
        if more {
            let detail = "there are more than are told one by one".to_owned();
            self.note(kind, Sight { subject: MORE.to_owned(), detail }, now);
        } else if whole && let Some(known) = self.conditions.iter_mut().find(|known| is_open(known) && known.is_rest())
        {
            (known.healed, known.updated) = (healed, now);
        }
        self.forget();
    }

    /// Notes one condition. Says whether there was room for it.
    fn note(&mut self, kind: Kind, sight: Sight, now: DateTime<Utc>) -> bool {
        let Sight { subject, detail } = sight;
        let has_room = subject == MORE || self.open().filter(|open| open.kind == kind).count() < MOST_OPEN;
        let known = self.conditions.iter_mut().find(|known| known.kind == kind && known.subject == subject);
        match known {
            Some(known) if known.is_open() => {
                if known.detail != detail {
                    (known.detail, known.updated) = (detail, now);
                }
                true
            }
            _ if !has_room => false,
            Some(known) => {
                *known = Condition { detail, since: now, updated: now, healed: None, ..known.clone() };
                true
            }
            None => {
                self.conditions.push(Condition { kind, subject, detail, since: now, updated: now, healed: None });
                true
            }
        }
    }

    fn forget(&mut self) {
        let mut healed: Vec<DateTime<Utc>> = self.conditions.iter().filter_map(|condition| condition.healed).collect();
        let Some(surplus) = healed.len().checked_sub(MOST_HEALED + 1) else { return };
        healed.sort();
        let Some(last) = healed.get(surplus).copied() else { return };
        let mut forgotten = 0;
        self.conditions.retain(|condition| {
            let goes = forgotten <= surplus && condition.healed.is_some_and(|healed| healed <= last);
            forgotten += usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_600_000_000 + minute * 60, 0).unwrap()
    }

    fn sight(subject: impl ToString, detail: &str) -> Sight {
        Sight { subject: subject.to_string(), detail: detail.to_owned() }
    }

    fn ledger() -> Ledger {
        Ledger::new("/var/lib/feedmill", at(0))
    }

    #[test]
    fn a_condition_is_updated_closed_and_opened_again_under_one_id() {
        let mut ledger = ledger();
        let mut ids = Vec::new();
        let mut look = |sights: Vec<Sight>, minute| {
            ledger.see(Kind::Drift, sights, true, at(minute));
            let all = ledger.conditions();
            ids.extend(all.iter().map(|condition| ledger.id_of(condition)));
            all.into_iter().map(|found| (found.since, found.updated, found.healed)).collect::<Vec<_>>()
        };
        assert_eq!(look(vec![sight("a", "odd")], 1), [(at(1), at(1), None)]);
        assert_eq!(look(vec![sight("a", "odd")], 2), [(at(1), at(1), None)], "nothing new is nothing told");
        assert_eq!(look(vec![sight("a", "very odd")], 3), [(at(1), at(3), None)]);
        assert_eq!(look(vec![], 4), [(at(1), at(4), Some(at(4)))]);
        assert_eq!(look(vec![], 5), [(at(1), at(4), Some(at(4)))]);
        assert_eq!(look(vec![sight("a", "odd")], 6), [(at(6), at(6), None)]);
        ids.dedup();
        assert_eq!(ids.len(), 1);
    }

    #[test]
    fn a_look_at_some_closes_nothing_and_kinds_do_not_touch_each_other() {
        let mut ledger = ledger();
        ledger.see(Kind::Skipped, [sight("a", "no"), sight("b", "no")], true, at(1));
        ledger.see(Kind::Drift, [sight("a", "odd")], true, at(1));
        ledger.see(Kind::Skipped, [sight("c", "no")], false, at(2));
        assert_eq!(ledger.open().count(), 4);
        ledger.see(Kind::Skipped, [sight("c", "no")], true, at(3));
        assert_eq!(ledger.open().map(|open| open.subject.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn there_are_never_more_than_a_reader_can_bear() {
        let mut ledger = ledger();
        let many = |from: usize| (from..from + 5000).map(|n| sight(format!("{n:05}"), "no")).collect::<Vec<_>>();
        ledger.see(Kind::Skipped, many(0), true, at(1));
        assert_eq!(ledger.open().count(), MOST_OPEN + 1);
        assert!(ledger.open().any(Condition::is_rest));
        let before = ledger.clone();
        ledger.see(Kind::Skipped, many(0), true, at(2));
        assert_eq!(ledger, before, "the same ones are told");
        for minute in 3..10 {
            ledger.see(Kind::Skipped, many(5000 * usize::try_from(minute).unwrap()), true, at(minute));
            assert!(ledger.conditions.len() <= MOST_OPEN + 1 + MOST_HEALED);
        }
        ledger.see(Kind::Skipped, [], true, at(20));
        assert_eq!((ledger.open().count(), ledger.conditions.len()), (0, MOST_HEALED));
    }

    #[test]
    fn what_is_kept_is_what_is_read_and_nothing_else_is() {
        let mut ledger = ledger();
        ledger.see(Kind::Trouble, [sight("cannot write", "no space")], true, at(1));
        ledger.see(Kind::Trouble, [], true, at(2));
        assert_eq!(Ledger::read(&ledger.written()), Some(ledger.clone()));
        ledger.schema = 2;
        assert_eq!(Ledger::read(&ledger.written()), None);
        assert_eq!(Ledger::read(b"{"), None);
    }
}
