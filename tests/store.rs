//! The store on SQLite against the oracle in memory, over random sequences of looks, re-readings and decisions.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use chrono::{NaiveDate, NaiveTime};
use feedmill::mill::category;
use feedmill::mill::decisions::{Decision, Decisions};
use feedmill::mill::feed::{Choice, Keep, Retention};
use feedmill::mill::identify::{Site, fold};
use feedmill::mill::item::{Account, DateBasis, Item, Key, Moment, SourceNo, Text};
use feedmill::mill::month::Month;
use feedmill::mill::settle::{Rules, SourceRule};
use feedmill::mill::words::{Pattern, Where, Words};
use feedmill::mill::zone::Zone;
use feedmill::stat::Stat;
use feedmill::store::{
    Absorbed, Batch, FeedTerms, Found, LedgerRow, Line, Look, Memory, MonthPage, Placed, Reading, SightedAt, Sqlite,
    Store, Terms,
};
use proptest::prelude::*;

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2021, 3, 1 + n).unwrap()
}

/// Accounts that conflict in every way: revised, cut, without summary, re-credited, twins, undated; one is of a time of
/// day.
fn accounts() -> Vec<Account> {
    let account = |title: &str, date: Option<u32>, summary: Option<&str>| Account {
        title: Text::new(title).unwrap(),
        summary: summary.and_then(Text::new),
        date: date.map(day),
        date_end: None,
        time: None,
        offset: None,
        date_raw: date.and_then(|date| Text::new(&day(date).to_string())),
        basis: if date.is_some() { DateBasis::Own } else { DateBasis::None },
        credit: None,
        kicker: None,
        place: None,
        link: None,
        explicit_id: None,
        topic: None,
    };
    let of = |topic: &str, account: Account| Account { topic: Text::new(topic), ..account };
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
        of("Latest", account("Shore", Some(2), Some("Quiet."))),
        of("LATEST!", account("Shore", Some(2), Some("Quiet, and cold."))),
        of("Boats", account("Shore", Some(9), Some("Quiet."))),
        of("Boats", account("Lake", Some(1), Some("The lake falls."))),
        Account { time: NaiveTime::from_hms_opt(10, 30, 0), ..account("Jetty", Some(3), None) },
    ]
}

const ACCOUNTS: usize = 15;

/// Of two sources in turns. Several captures of each have a stated time, so that what is listed late can be told.
const PATHS: [&str; 7] = [
    "a.txt",
    "b.txt",
    "2021-03-05/c.txt",
    "2021-03-14/d.txt",
    "2021-03-10/e.txt",
    "2021-03-18/f.txt",
    "2021-03-20/g.txt",
];

fn words(include: &[&str], exclude: &[&str], place: Where) -> Words {
    let patterns = |all: &[&str]| all.iter().map(|one| Pattern::new(one).unwrap()).collect();
    Words { include: patterns(include), exclude: patterns(exclude), place }
}

/// What the operator says of categories, at different times.
fn categories() -> [Vec<category::Rule>; 4] {
    let rule = |name: &str, topics: &[&str], words| category::Rule {
        name: Text::new(name).unwrap(),
        topics: [name].iter().chain(topics).map(|topic| fold(topic)).collect(),
        sources: None,
        words,
    };
    let quiet = rule("Quiet", &[], words(&["quiet"], &[], Where::Summary));
    [
        vec![],
        vec![quiet.clone(), rule("Boats", &[], words(&["boat"], &["sinks"], Where::Both))],
        vec![category::Rule { sources: Some(vec![SourceNo(3)]), ..quiet }],
        vec![rule("News", &["latest", "boats"], words(&[], &["^lake"], Where::Title))],
    ]
}

static CATEGORIES: LazyLock<[Vec<category::Rule>; 4]> = LazyLock::new(categories);
static CHOICES: LazyLock<[Choice; 5]> = LazyLock::new(choices);

/// What the feeds choose, at different times.
fn choices() -> [Choice; 5] {
    [
        Choice::default(),
        Choice { categories: vec![fold("Latest"), fold("Quiet")], ..Choice::default() },
        Choice { since: Some(day(1)), until: Some(day(8)), ..Choice::default() },
        Choice { words: words(&["lake", "quiet"], &["falls"], Where::Both), ..Choice::default() },
        Choice { languages: vec!["de".to_owned()], ..Choice::default() },
    ]
}

/// For how long the feeds show it, at different times.
fn retentions() -> [Retention; 4] {
    let keep = |days, at_least| Keep { age: (0, days), at_least };
    [
        Retention::default(),
        Retention { feed: Some(keep(5, 0)), sources: vec![] },
        Retention { feed: Some(keep(9, 2)), sources: vec![(SourceNo(2), keep(2, 1))] },
        Retention { feed: None, sources: vec![(SourceNo(2), keep(8, 0)), (SourceNo(3), keep(3, 2))] },
    ]
}

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
    FirstSeen(usize),
    /// The n-th content of a path counts no more, or again.
    Disregard(usize, usize, bool),
    Limit(usize),
    /// Other categories.
    Rules(usize),
    /// Other feeds.
    Choose(usize),
    /// Another retention.
    Retain(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let path = 0..PATHS.len();
    let lines = || prop::collection::vec(0usize..ACCOUNTS, 0..4);
    prop_oneof![
        4 => (path.clone(), lines()).prop_map(|(path, lines)| Op::Write(path, lines)),
        3 => (path.clone(), lines()).prop_map(|(path, lines)| Op::Append(path, lines)),
        1 => path.clone().prop_map(Op::Touch),
        1 => (path.clone(), lines()).prop_map(|(path, lines)| Op::Reread(path, lines)),
        1 => path.prop_map(Op::Keep),
        1 => (0usize..10, any::<bool>()).prop_map(|(account, undo)| Op::Retract(account, undo)),
        1 => (0usize..10, 0usize..10).prop_map(|(new, old)| Op::Alias(new, old)),
        1 => (0usize..10).prop_map(Op::FirstSeen),
        1 => (0..PATHS.len(), 0usize..3, any::<bool>()).prop_map(|(path, nth, undo)| Op::Disregard(path, nth, undo)),
        1 => (0usize..3).prop_map(Op::Limit),
        1 => (0usize..4).prop_map(Op::Rules),
        1 => (0usize..5).prop_map(Op::Choose),
        1 => (0usize..4).prop_map(Op::Retain),
    ]
}

struct World {
    accounts: Vec<Account>,
    decisions: Decisions,
    limit: usize,
    rules: usize,
    choice: usize,
    keep: usize,
    /// The contents of each path, as the lines they give.
    paths: BTreeMap<usize, Vec<Vec<usize>>>,
    step: u32,
}

const SITE: &str = "lakes";

fn digest(lines: &[usize]) -> u128 {
    lines.iter().fold(7, |digest: u128, line| digest.wrapping_mul(31) + *line as u128)
}

impl World {
    fn new() -> Self {
        Self {
            accounts: accounts(),
            decisions: Decisions::default(),
            limit: 2,
            rules: 0,
            choice: 0,
            keep: 0,
            paths: BTreeMap::new(),
            step: 0,
        }
    }

    fn terms(&self) -> Terms {
        let rule = |name: &str| SourceRule {
            name: name.into(),
            place: SITE.into(),
            site: Site::new(SITE),
            zone: if name == "s2" { Zone::named("Europe/Moscow").unwrap() } else { Zone::UTC },
            language: (name == "s2" && self.rules > 0).then(|| "de".to_owned()),
            first_seen: name != "s1" || self.rules > 0,
        };
        let captured = |_, path: &str| path.get(..10).and_then(|day| day.parse().ok()).map(Moment::Day);
        let feed = |name: &str, sources: &[u32]| FeedTerms {
            name: name.into(),
            sources: sources.iter().copied().map(SourceNo).collect(),
            limit: self.limit,
            choice: CHOICES[self.choice].clone(),
            retention: retentions()[self.keep].clone(),
        };
        let both = FeedTerms { choice: Choice::default(), ..feed("both", &[2, 3]) };
        Terms {
            rules: Rules {
                sources: (1..4).map(|no| (SourceNo(no), rule(&format!("s{}", no - 1)))).collect(),
                decisions: self.decisions.clone(),
                categories: CATEGORIES[self.rules].clone(),
            },
            feeds: vec![feed("one", &[2]), both, feed("some", &[3, 2])],
            first_seen: vec![SourceNo(3)],
            captured: Box::new(captured),
            fingerprint: self.rules.to_string(),
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
            layout: Text::new("newsroom"),
            language: [None, Some("en"), Some("de")][self.step as usize % 3],
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
        let digest = digest(&lines);
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
                self.decisions.apply(Decision::Retract { retract, undo: *undo, when: None }).unwrap();
                None
            }
            Op::Alias(new, old) => {
                let (alias, of) = (self.key(*new), self.key(*old));
                let _ = self.decisions.apply(Decision::Alias { alias, of });
                None
            }
            Op::FirstSeen(account) => {
                let first_seen = self.key(*account);
                self.decisions.apply(Decision::FirstSeen { first_seen, date: day(4) }).unwrap();
                None
            }
            Op::Disregard(path, nth, undo) => {
                // What was read anew is another content here, and was none before.
                let disregard = digest(self.paths.get(path)?.get(*nth)?);
                self.decisions.apply(Decision::Disregard { disregard, file: None, undo: *undo }).unwrap();
                None
            }
            Op::Limit(limit) => {
                self.limit = *limit;
                None
            }
            Op::Rules(rules) => {
                self.rules = *rules;
                None
            }
            Op::Retain(keep) => {
                self.keep = *keep;
                None
            }
            Op::Choose(choice) => {
                self.choice = *choice;
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

/// The heads of the feeds. What is known of their items is taken as it is given, by the prints of their month pages.
fn heads(store: &dyn Store, terms: &Terms) -> Vec<Vec<Item>> {
    let head = |feed: &FeedTerms| {
        let head = store.head(feed, terms, &mut |_, _| None).unwrap();
        let months = store.month_pages(feed).unwrap().iter().map(|page| page.month).collect();
        let standing = store.standing(feed, &months, &|_, _, _| false).unwrap();
        let prints: BTreeMap<Key, u64> = standing.values().flatten().map(|placed| (placed.id, placed.print)).collect();
        let mut marked = head.clone();
        let given = store.head(feed, terms, &mut |id, print| {
            assert_eq!(prints.get(&id), Some(&print));
            // Every other one is known, and not as it is.
            let at = head.iter().position(|item| item.id == id).filter(|at| at % 2 == 0)?;
            marked[at].title = Text::new("known").unwrap();
            Some(marked[at].clone())
        });
        assert_eq!(given.unwrap(), marked);
        head
    };
    terms.feeds.iter().map(head).collect()
}

/// The month pages of a feed, and what stands on each.
type Pages = (Vec<MonthPage>, BTreeMap<Month, Vec<Placed>>);

/// What stands on the month pages of each feed: what is there, with and without the items, and the sums of it.
fn pages(store: &dyn Store, terms: &Terms) -> Vec<Pages> {
    let of_feed = |feed: &FeedTerms| {
        let pages = store.month_pages(feed).unwrap();
        let months = pages.iter().map(|page| page.month).collect();
        let mut standing = store.standing(feed, &months, &|_, _, _| false).unwrap();
        let told = standing.clone();
        // Every other one is known: no more is said of it.
        let known = |month: Month, id: Key, print: u64| {
            told[&month].iter().step_by(2).any(|placed| (placed.id, placed.print) == (id, print))
        };
        let without = store.standing(feed, &months, &known).unwrap();
        for placed in standing.values_mut() {
            placed.iter_mut().step_by(2).for_each(|placed| placed.item = None);
        }
        assert_eq!(standing, without);
        for page in &pages {
            let prints = told[&page.month].iter().map(|placed| placed.print);
            assert_eq!((page.items, page.print), (prints.len(), prints.fold(0, u64::wrapping_add)));
        }
        (pages, told)
    };
    terms.feeds.iter().map(of_feed).collect()
}

/// Each item, asked for by its id.
fn one_by_one(store: &dyn Store, terms: &Terms) -> Vec<Item> {
    store.ids().unwrap().into_iter().map(|id| store.item(id, terms).unwrap().unwrap()).collect()
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
                Some(batch) => (
                    sqlite.absorb(&mut batch.clone(), &world_terms).unwrap(),
                    oracle.absorb(&mut batch.clone(), &world_terms).unwrap(),
                ),
                None => (sqlite.agree(&world_terms).unwrap(), oracle.agree(&world_terms).unwrap()),
            };
            prop_assert_eq!(counts(&ours), counts(&theirs), "after {:?}", op);
            let ids = |keys: &[Key]| keys.iter().copied().collect::<BTreeSet<Key>>();
            if batch.is_some() {
                prop_assert_eq!(ids(&ours.new_unseen), ids(&theirs.new_unseen), "after {:?}", op);
            } else {
                prop_assert_eq!(ids(&ours.unseen), ids(&theirs.unseen), "after {:?}", op);
            }
            prop_assert_eq!(sqlite.count().unwrap(), oracle.count().unwrap());
            prop_assert_eq!(items(&sqlite, &world_terms), items(&oracle, &world_terms), "after {:?}", op);
            prop_assert_eq!(heads(&sqlite, &world_terms), heads(&oracle, &world_terms), "after {:?}", op);
            prop_assert_eq!(pages(&sqlite, &world_terms), pages(&oracle, &world_terms), "after {:?}", op);
            prop_assert_eq!(one_by_one(&sqlite, &world_terms), one_by_one(&oracle, &world_terms));
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

    /// What goes on from a content need not repeat all that was read of it: the last item was cut, or is read otherwise
    /// now that more is there. What one content does not repeat, a later one may.
    #[test]
    fn of_a_file_that_grows_counts_what_the_whole_repeats(
        steps in prop::collection::vec((0usize..8, prop::collection::vec(0usize..ACCOUNTS, 0..3), 0usize..6, 0usize..9), 1..16),
    ) {
        let mut world = World::new();
        let (mut sqlite, mut oracle) = (Sqlite::in_memory().unwrap(), Memory::default());
        sources(&mut sqlite);
        oracle.source_numbers(&["none", "s0", "s1", "s2"]).unwrap();
        // Of each content its bytes, and which accounts it gives.
        let mut contents: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for (step, (from, more, mangle, at)) in steps.iter().enumerate() {
            let terms = world.terms();
            let reread = *from == 7;
            // Nearly always the last one goes on; else one before it does, or something else comes.
            let base = match from {
                0..5 => contents.last(),
                5 => contents.get(*at),
                _ => None,
            };
            let (mut bytes, mut lines) = base.cloned().unwrap_or_default();
            bytes.push(step);
            lines.extend(more);
            match mangle {
                0 => drop(lines.pop()),
                1 if !lines.is_empty() => drop(lines.remove(at % lines.len())),
                2 if !lines.is_empty() => *lines.last_mut().unwrap() = *at,
                _ => {}
            }
            let batch = if reread && let Some(last) = contents.last_mut() {
                last.1.clone_from(&lines);
                world.batch(0, &lines, Found::Reread)
            } else {
                let completes = (0..).zip(&contents).filter(|(_, (earlier, _))| bytes.starts_with(earlier));
                let completes = completes.map(|(n, _)| n).collect();
                contents.push((bytes.clone(), lines.clone()));
                let (digest, length) = (step as u128, bytes.len() as u64);
                world.batch(0, &lines, |reading| Found::New { digest, length, completes, reading })
            };
            for store in [&mut sqlite as &mut dyn Store, &mut oracle] {
                store.agree(&terms).unwrap();
                store.absorb(&mut batch.clone(), &terms).unwrap();
            }
            prop_assert_eq!(items(&sqlite, &terms), items(&oracle, &terms), "after step {}", step);
        }
        let terms = world.terms();
        prop_assert_eq!(heads(&sqlite, &terms), heads(&oracle, &terms));
        // Worked out anew, it is the same.
        let anew = Terms { fingerprint: "anew".into(), ..terms };
        sqlite.agree(&anew).unwrap();
        prop_assert_eq!(items(&sqlite, &anew), items(&oracle, &anew));
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
            one.absorb(&mut batch.clone(), &terms).unwrap();
        }
        // Path by path, from the last: each path keeps its own order.
        batches.sort_by_key(|batch| std::cmp::Reverse(batch.looks[0].path.clone()));
        let mut other = Sqlite::in_memory().unwrap();
        sources(&mut other);
        other.agree(&terms).unwrap();
        for batch in &batches {
            other.absorb(&mut batch.clone(), &terms).unwrap();
        }
        prop_assert_eq!(items(&one, &terms), items(&other, &terms));
        prop_assert_eq!(heads(&one, &terms), heads(&other, &terms));
    }
}

/// One batch of many pages, as a first import is: it is settled on more than one thread.
#[test]
fn a_store_that_is_filled_at_once_is_what_the_oracle_makes_of_it() {
    let mut world = World::new();
    // Each account under many titles, so that there are many keys, with conflicts in each.
    let known = std::mem::take(&mut world.accounts);
    let numbered = |n: usize| {
        known.iter().map(move |account| Account {
            title: Text::new(&format!("{} {n}", account.title)).unwrap(),
            ..account.clone()
        })
    };
    world.accounts = (0..40).flat_map(numbered).collect();
    let terms = world.terms();
    let count = world.accounts.len();
    let mut all = Batch { accounts: Vec::new(), looks: Vec::new() };
    for page in 0..160 {
        // Neighbouring pages overlap, and lists go round.
        let lines: Vec<usize> = (0..10).map(|line| (page * 7 + line * 3) % count).collect();
        let Batch { accounts, looks } = world.content(page % PATHS.len(), lines);
        let first = u32::try_from(all.accounts.len()).unwrap();
        all.accounts.extend(accounts);
        all.looks.extend(looks.into_iter().map(|mut look| {
            if let Found::New { reading, .. } = &mut look.found {
                reading.lines.iter_mut().for_each(|line| line.account += first);
            }
            Look { path: format!("{}/{page}.txt", look.path), ..look }
        }));
    }
    let mut sqlite = Sqlite::in_memory().unwrap();
    let mut oracle = Memory::default();
    sources(&mut sqlite);
    oracle.source_numbers(&["none", "s0", "s1", "s2"]).unwrap();
    sqlite.agree(&terms).unwrap();
    oracle.agree(&terms).unwrap();
    let ours = sqlite.absorb(&mut all.clone(), &terms).unwrap();
    let theirs = oracle.absorb(&mut all.clone(), &terms).unwrap();
    assert_eq!(counts(&ours), counts(&theirs));
    assert!(ours.new > 150 && !ours.twins.is_empty(), "{} items", ours.new);
    assert_eq!(items(&sqlite, &terms), items(&oracle, &terms));
    assert_eq!(heads(&sqlite, &terms), heads(&oracle, &terms));
}

/// One title and one day, told in more ways than are looked through one by one.
#[test]
fn a_page_that_lists_one_title_many_times_is_as_many_items() {
    const TEXTS: usize = 60;
    let mut world = World::new();
    let first = world.accounts.len();
    let lake = world.accounts[0].clone();
    for text in 0..TEXTS {
        // The number comes first: neither goes on from the other.
        let summary = format!("{} boats lie in the harbour of the lake.", 100 + text);
        // Every third is told once more, cut off.
        let cut = (text % 3 == 0).then(|| summary[..summary.len() - 10].to_owned());
        let told = [Some(summary), cut].into_iter().flatten();
        world.accounts.extend(told.map(|told| Account { summary: Text::new(&told), ..lake.clone() }));
    }
    let lines: Vec<usize> = (first..world.accounts.len()).collect();
    let (mut sqlite, mut oracle) = (Sqlite::in_memory().unwrap(), Memory::default());
    sources(&mut sqlite);
    oracle.source_numbers(&["none", "s0", "s1", "s2"]).unwrap();
    // As it was read first, turned around, with other texts before it, and without most.
    let turned = lines.iter().rev().copied().collect();
    let more = [&[0, 1, 2, 3], &lines[..]].concat();
    let few = lines.iter().copied().step_by(5).collect();
    for (step, lines) in [lines.clone(), turned, more, few].into_iter().enumerate() {
        let batch = world.perform(&Op::Write(step % 2, lines)).unwrap();
        let terms = world.terms();
        let [ours, theirs] = [&mut sqlite as &mut dyn Store, &mut oracle].map(|store| {
            store.agree(&terms).unwrap();
            store.absorb(&mut batch.clone(), &terms).unwrap()
        });
        assert_eq!(counts(&ours), counts(&theirs));
        assert!(sqlite.count().unwrap() >= TEXTS);
        assert_eq!(items(&sqlite, &terms), items(&oracle, &terms));
        assert_eq!(heads(&sqlite, &terms), heads(&oracle, &terms));
    }
    // One of the ways is an alias of another: the two are one item.
    let ids: Vec<Key> = sqlite.ids().unwrap().into_iter().take(2).collect();
    world.decisions.apply(Decision::Alias { alias: ids[0], of: ids[1] }).unwrap();
    let terms = world.terms();
    sqlite.agree(&terms).unwrap();
    oracle.agree(&terms).unwrap();
    assert_eq!(items(&sqlite, &terms), items(&oracle, &terms));
}

/// A run that was killed has not noted the day: the next one must, whatever the operator changed in between.
#[test]
fn what_has_no_day_yet_is_told_whatever_changed() {
    let mut world = World::new();
    let mut store = Sqlite::in_memory().unwrap();
    sources(&mut store);
    let boat = 7;
    let mut batch = world.perform(&Op::Write(1, vec![boat])).unwrap();
    store.agree(&world.terms()).unwrap();
    assert_eq!(store.absorb(&mut batch, &world.terms()).unwrap().new_unseen, [world.key(boat)]);
    for op in [Op::Touch(0), Op::Choose(1), Op::Limit(0), Op::Rules(1), Op::Retract(0, false), Op::FirstSeen(0)] {
        world.perform(&op);
        assert_eq!(store.agree(&world.terms()).unwrap().unseen, [world.key(boat)], "after {op:?}");
    }
    world.perform(&Op::FirstSeen(boat));
    assert_eq!(store.agree(&world.terms()).unwrap().unseen, []);
}

/// A time of day is one of the zone of the source that gave it last: another moment, though nothing else is said.
#[test]
fn a_time_of_day_that_another_zone_gives_moves_the_item() {
    let mut world = World::new();
    let (mut sqlite, mut oracle) = (Sqlite::in_memory().unwrap(), Memory::default());
    sources(&mut sqlite);
    oracle.source_numbers(&["none", "s0", "s1", "s2"]).unwrap();
    let timed = ACCOUNTS - 1;
    let mut published = Vec::new();
    // Sighted by one source, by the other, which sets its clocks otherwise, and by the first again.
    for path in ["2021-03-05/c.txt", "2021-03-14/d.txt", "2021-03-20/g.txt"] {
        let path = PATHS.iter().position(|known| *known == path).unwrap();
        let batch = world.perform(&Op::Write(path, vec![timed])).unwrap();
        let terms = world.terms();
        for store in [&mut sqlite as &mut dyn Store, &mut oracle] {
            store.agree(&terms).unwrap();
            store.absorb(&mut batch.clone(), &terms).unwrap();
        }
        assert_eq!(items(&sqlite, &terms), items(&oracle, &terms));
        let item = sqlite.item(world.key(timed), &terms).unwrap().unwrap();
        published.push(item.published.unwrap().time().to_string());
    }
    assert_eq!(published, ["10:30:00", "07:30:00", "10:30:00"]);
}

/// What the inbox still has is read again; so nothing is lost, and nothing half-done is taken for a store.
#[test]
fn a_first_filling_that_was_cut_short_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("feedmill.db");
    let mut world = World::new();
    let batch = world.perform(&Op::Write(0, vec![0, 1, 2])).unwrap();
    let terms = world.terms();
    let fill = |end: fn(Sqlite)| {
        let mut store = Sqlite::open(&file).unwrap();
        let before = store.known_sources().unwrap().len();
        sources(&mut store);
        store.agree(&terms).unwrap();
        store.absorb(&mut batch.clone(), &terms).unwrap();
        end(store);
        before
    };
    fill(drop);
    assert!(!file.exists(), "what was given up is of no use to anyone");
    // What a kill leaves: what was committed is in the file.
    fill(std::mem::forget);
    assert!(Sqlite::open_to_read(&file).is_err(), "nobody reads what is not yet a store");
    assert_eq!(fill(|mut store| store.keep().unwrap()), 0, "nothing is left of the first filling");
    let there = Sqlite::open_to_read(&file).unwrap();
    assert_eq!(there.known_sources().unwrap().len(), 3);
    assert!(there.count().unwrap() > 0);
    drop(there);
    let store = Sqlite::open(&file).unwrap();
    assert_eq!(store.known_sources().unwrap().len(), 3, "what was kept stays");
}

/// What a store remembers of its tables follows what is committed, not what was tried.
#[test]
fn a_batch_that_is_refused_changes_nothing_that_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("feedmill.db");
    let mut world = World::new();
    let first = world.perform(&Op::Write(0, vec![0, 5])).unwrap();
    let second = world.perform(&Op::Write(2, vec![6, 9, 7])).unwrap();
    let terms = world.terms();
    let (mut sqlite, mut oracle) = (Sqlite::open(&file).unwrap(), Memory::default());
    sources(&mut sqlite);
    oracle.source_numbers(&["none", "s0", "s1", "s2"]).unwrap();
    for store in [&mut sqlite as &mut dyn Store, &mut oracle] {
        store.agree(&terms).unwrap();
        store.absorb(&mut first.clone(), &terms).unwrap();
        store.keep().unwrap();
    }
    let before = pages(&oracle, &terms);
    assert!(pages(&sqlite, &terms) == before);
    let elsewhere = rusqlite::Connection::open(&file).unwrap();
    // The last that a batch writes.
    elsewhere
        .execute_batch("CREATE TRIGGER refuse BEFORE UPDATE ON feed BEGIN SELECT RAISE(ABORT, 'refused'); END")
        .unwrap();
    let error = sqlite.absorb(&mut second.clone(), &terms).unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(pages(&sqlite, &terms) == before, "what was rolled back shows");
    assert_eq!(heads(&sqlite, &terms), heads(&oracle, &terms));
    elsewhere.execute_batch("DROP TRIGGER refuse").unwrap();
    for store in [&mut sqlite as &mut dyn Store, &mut oracle] {
        store.absorb(&mut second.clone(), &terms).unwrap();
    }
    assert!(pages(&oracle, &terms) != before);
    assert!(pages(&sqlite, &terms) == pages(&oracle, &terms));
}
