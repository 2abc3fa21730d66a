//! The store on SQLite against the oracle in memory, over random sequences of looks, re-readings and decisions.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use feedmill::mill::decisions::{Decision, Decisions};
use feedmill::mill::identify::Site;
use feedmill::mill::item::{Account, DateBasis, Item, Key, Moment, SourceNo, Text};
use feedmill::mill::settle::{Rules, SourceRule};
use feedmill::stat::Stat;
use feedmill::store::{
    Absorbed, Batch, FeedTerms, Found, LedgerRow, Line, Look, Memory, Reading, SightedAt, Sqlite, Store, Terms,
};
use proptest::prelude::*;

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2021, 3, 1 + n).unwrap()
}

/// Accounts that conflict in every way: revised, cut, without summary, re-credited, twins, undated.
fn accounts() -> Vec<Account> {
    let account = |title: &str, date: Option<u32>, summary: Option<&str>| Account {
        title: Text::new(title).unwrap(),
        summary: summary.and_then(Text::new),
        date: date.map(day),
        date_end: None,
        time: None,
        date_raw: date.and_then(|date| Text::new(&day(date).to_string())),
        basis: if date.is_some() { DateBasis::Own } else { DateBasis::None },
        credit: None,
        kicker: None,
        place: None,
        link: None,
        explicit_id: None,
    };
    vec![
        account("Lake", Some(1), Some("The lake rises.")),
        account("Lake", Some(1), Some("The lake falls.")),
        account("Lake", Some(1), Some("The lake")),
        account("“Lake”", Some(1), None),
        Account { credit: Text::new("Ann 2021"), ..account("Lake", Some(1), Some("The lake rises!")) },
        account("Shore", Some(2), Some("Quiet.")),
        account("Shore", Some(9), Some("Quiet.")),
        account("Boat", None, Some("It floats.")),
        account("Boat", None, Some("It sinks.")),
        account("Pier", Some(20), None),
    ]
}

const PATHS: [&str; 4] = ["a.txt", "b.txt", "2021-03-05/c.txt", "2021-03-14/d.txt"];

#[derive(Debug, Clone)]
enum Op {
    /// A content that has nothing to do with the one before.
    Write(usize, Vec<usize>),
    /// The last content goes on.
    Append(usize, Vec<usize>),
    Touch(usize),
    Reread(usize, Vec<usize>),
    Keep(usize),
    Retract(usize, bool),
    Alias(usize, usize),
    Limit(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let path = 0..PATHS.len();
    let lines = || prop::collection::vec(0usize..10, 0..4);
    prop_oneof![
        4 => (path.clone(), lines()).prop_map(|(path, lines)| Op::Write(path, lines)),
        3 => (path.clone(), lines()).prop_map(|(path, lines)| Op::Append(path, lines)),
        1 => path.clone().prop_map(Op::Touch),
        1 => (path.clone(), lines()).prop_map(|(path, lines)| Op::Reread(path, lines)),
        1 => path.prop_map(Op::Keep),
        1 => (0usize..10, any::<bool>()).prop_map(|(account, undo)| Op::Retract(account, undo)),
        1 => (0usize..10, 0usize..10).prop_map(|(new, old)| Op::Alias(new, old)),
        1 => (0usize..3).prop_map(Op::Limit),
    ]
}

struct World {
    accounts: Vec<Account>,
    decisions: Decisions,
    limit: usize,
    /// The contents of each path, as the lines they give.
    paths: BTreeMap<usize, Vec<Vec<usize>>>,
    step: u32,
}

const SITE: &str = "lakes";

impl World {
    fn new() -> Self {
        Self { accounts: accounts(), decisions: Decisions::default(), limit: 2, paths: BTreeMap::new(), step: 0 }
    }

    fn terms(&self) -> Terms {
        let rule = |name: &str| SourceRule {
            name: name.into(),
            place: SITE.into(),
            site: Site::new(SITE),
            zone: chrono_tz::Tz::UTC,
        };
        let captured = |_, path: &str| path.get(..10).and_then(|day| day.parse().ok()).map(Moment::Day);
        let feed = |name: &str, sources: &[u32]| FeedTerms {
            name: name.into(),
            sources: sources.iter().copied().map(SourceNo).collect(),
            limit: self.limit,
        };
        Terms {
            rules: Rules {
                sources: (1..4).map(|no| (SourceNo(no), rule(&format!("s{}", no - 1)))).collect(),
                decisions: self.decisions.clone(),
            },
            feeds: vec![feed("one", &[2]), feed("both", &[2, 3])],
            first_seen: vec![],
            captured: Box::new(captured),
            fingerprint: "fixed".into(),
        }
    }

    fn key(&self, account: usize) -> Key {
        Site::new(SITE).key(&self.accounts[account])
    }

    fn batch(&mut self, path: usize, lines: &[usize], found: impl FnOnce(Reading<u32>) -> Found) -> Batch {
        self.step += 1;
        let accounts = lines.iter().map(|line| (self.key(*line), Arc::new(self.accounts[*line].clone()))).collect();
        let newest = lines.iter().filter_map(|line| self.accounts[*line].date).max();
        let lines = (0..).zip(lines).map(|(index, _)| Line {
            account: index,
            line: 1 + 3 * index,
            span: 2,
            number: Some(index),
            section: (index > 0).then_some(0),
        });
        let reading = Reading {
            revision: 1,
            confidence: 1000,
            newest,
            drift: None,
            sections: vec![Text::new("March 2021").unwrap()],
            lines: lines.collect(),
        };
        let look = Look {
            source: SourceNo(2 + u32::from(path % 2 == 1)),
            path: PATHS[path].into(),
            stat: Stat { size: u64::from(self.step), ..Stat::default() },
            racy: false,
            found: found(reading),
        };
        Batch { accounts, looks: vec![look] }
    }

    /// What the n-th content of `path` is a strict prefix of: every earlier one that it starts with.
    fn content(&mut self, path: usize, lines: Vec<usize>) -> Batch {
        let before = self.paths.entry(path).or_default();
        let completes =
            (0..).zip(before.iter()).filter(|(_, earlier)| lines.len() > earlier.len() && lines.starts_with(earlier));
        let completes: Vec<u32> = completes.map(|(n, _)| n).collect();
        before.push(lines.clone());
        let digest = lines.iter().fold(7, |digest: u128, line| digest * 31 + *line as u128);
        let length = lines.len() as u64;
        self.batch(path, &lines, |reading| Found::New { digest, length, completes, reading })
    }

    /// The batch that an operation makes; `None` where it changes the terms instead, or nothing.
    fn perform(&mut self, op: &Op) -> Option<Batch> {
        let last = |world: &Self, path: &usize| world.paths.get(path).and_then(|contents| contents.last()).cloned();
        match op {
            Op::Write(path, lines) => {
                (last(self, path).as_ref() != Some(lines)).then(|| self.content(*path, lines.clone()))
            }
            Op::Append(path, more) => {
                let mut lines = last(self, path)?;
                lines.extend(more);
                (!more.is_empty()).then(|| self.content(*path, lines))
            }
            Op::Touch(path) => {
                last(self, path)?;
                Some(self.batch(*path, &[], |_| Found::Same))
            }
            Op::Reread(path, lines) => {
                let contents = self.paths.get_mut(path)?;
                *contents.last_mut()? = lines.clone();
                Some(self.batch(*path, lines, Found::Reread))
            }
            Op::Keep(path) => {
                last(self, path)?;
                Some(self.batch(*path, &[], |_| Found::Kept { revision: 2, drift: "kept".into() }))
            }
            Op::Retract(account, undo) => {
                let retract = self.key(*account);
                self.decisions.apply(Decision::Retract { retract, undo: *undo }).unwrap();
                None
            }
            Op::Alias(new, old) => {
                let (alias, of) = (self.key(*new), self.key(*old));
                let _ = self.decisions.apply(Decision::Alias { alias, of });
                None
            }
            Op::Limit(limit) => {
                self.limit = *limit;
                None
            }
        }
    }
}

fn items(store: &dyn Store, terms: &Terms) -> Vec<(Item, Vec<SightedAt>)> {
    let mut items = Vec::new();
    store.items(terms, &mut |item, sighted| items.push((item, sighted))).unwrap();
    items.sort_by_key(|(item, _)| item.id);
    items
}

fn heads(store: &dyn Store, terms: &Terms) -> Vec<Vec<Item>> {
    terms.feeds.iter().map(|feed| store.head(feed, terms).unwrap()).collect()
}

fn ledger(store: &dyn Store) -> Vec<impl PartialEq + std::fmt::Debug> {
    let mut rows = store.ledger().unwrap();
    for row in &rows {
        assert_eq!(store.ledger_row(row.source, &row.path).unwrap().as_ref(), Some(row));
    }
    assert_eq!(store.ledger_row(SourceNo(2), "never seen").unwrap(), None);
    rows.sort_by(|a, b| a.path.cmp(&b.path));
    let capture = |row: LedgerRow| (store.capture_of(row.source, &row.path).unwrap(), row);
    rows.into_iter().map(capture).collect()
}

fn counts(absorbed: &Absorbed) -> (usize, usize, usize) {
    (absorbed.new, absorbed.revised, absorbed.gone)
}

fn sources(store: &mut dyn Store) {
    store.source_numbers(&["s0", "s1", "s2"]).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_carried_down_is_what_follows_from_all(ops in prop::collection::vec(op(), 1..14)) {
        let mut world = World::new();
        let mut sqlite = Sqlite::in_memory().unwrap();
        let mut oracle = Memory::default();
        // SQLite counts rows from 1.
        sources(&mut sqlite);
        oracle.source_numbers(&["none", "s0", "s1", "s2"]).unwrap();
        let mut world_terms = world.terms();
        sqlite.agree(&world_terms).unwrap();
        oracle.agree(&world_terms).unwrap();
        for op in &ops {
            let batch = world.perform(op);
            world_terms = world.terms();
            let (ours, theirs) = match &batch {
                Some(batch) => (sqlite.absorb(batch, &world_terms).unwrap(), oracle.absorb(batch, &world_terms).unwrap()),
                None => (sqlite.agree(&world_terms).unwrap(), oracle.agree(&world_terms).unwrap()),
            };
            prop_assert_eq!(counts(&ours), counts(&theirs), "after {:?}", op);
            prop_assert_eq!(sqlite.count().unwrap(), oracle.count().unwrap());
            prop_assert_eq!(items(&sqlite, &world_terms), items(&oracle, &world_terms), "after {:?}", op);
            prop_assert_eq!(heads(&sqlite, &world_terms), heads(&oracle, &world_terms), "after {:?}", op);
            prop_assert_eq!(ledger(&sqlite), ledger(&oracle));
        }
        // Exported and imported, it is the same store.
        let mut contents = Vec::new();
        sqlite.export(&mut |content| contents.push(content)).unwrap();
        let mut theirs = Vec::new();
        oracle.export(&mut |content| theirs.push(content)).unwrap();
        prop_assert_eq!(&contents, &theirs);
        let mut copy = Sqlite::in_memory().unwrap();
        sources(&mut copy);
        copy.import(contents, &world_terms).unwrap();
        prop_assert_eq!(items(&copy, &world_terms), items(&sqlite, &world_terms));
        prop_assert_eq!(copy.count().unwrap(), sqlite.count().unwrap());
        prop_assert_eq!(heads(&copy, &world_terms), heads(&sqlite, &world_terms));
    }

    #[test]
    fn paths_may_interleave_as_they_like(ops in prop::collection::vec(op(), 1..14)) {
        let mut world = World::new();
        let mut batches: Vec<Batch> = ops.iter().filter_map(|op| world.perform(op)).collect();
        let terms = world.terms();
        let mut one = Sqlite::in_memory().unwrap();
        sources(&mut one);
        one.agree(&terms).unwrap();
        for batch in &batches {
            one.absorb(batch, &terms).unwrap();
        }
        // Path by path, from the last: each path keeps its own order.
        batches.sort_by_key(|batch| std::cmp::Reverse(batch.looks[0].path.clone()));
        let mut other = Sqlite::in_memory().unwrap();
        sources(&mut other);
        other.agree(&terms).unwrap();
        for batch in &batches {
            other.absorb(batch, &terms).unwrap();
        }
        prop_assert_eq!(items(&one, &terms), items(&other, &terms));
        prop_assert_eq!(heads(&one, &terms), heads(&other, &terms));
    }
}

/// What the inbox still has is read again; so nothing is lost, and nothing half-done is taken for a store.
#[test]
fn a_first_filling_that_was_cut_short_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("feedmill.db");
    let mut world = World::new();
    let batch = world.perform(&Op::Write(0, vec![0, 1, 2])).unwrap();
    let terms = world.terms();
    let fill = |keep: bool| {
        let mut store = Sqlite::open(&file).unwrap();
        let before = store.known_sources().unwrap().len();
        sources(&mut store);
        store.agree(&terms).unwrap();
        store.absorb(&batch, &terms).unwrap();
        if keep {
            store.keep().unwrap();
        }
        // Closed or killed, the file is the same: what was committed is in it.
        before
    };
    assert_eq!(fill(false), 0);
    assert!(Sqlite::open_to_read(&file).is_err(), "nobody reads what is not yet a store");
    assert_eq!(fill(true), 0, "nothing is left of the first filling");
    let there = Sqlite::open_to_read(&file).unwrap();
    assert_eq!(there.known_sources().unwrap().len(), 3);
    assert!(there.count().unwrap() > 0);
    drop(there);
    let store = Sqlite::open(&file).unwrap();
    assert_eq!(store.known_sources().unwrap().len(), 3, "what was kept stays");
}
