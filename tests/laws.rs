//! The invariant of the store: what was read step by step, through kills and restarts, gives the bytes that a rebuild
//! from the same contents of each path gives, whichever way the paths interleave.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;

use feedmill::config::Config;
use feedmill::mill::decisions::Decision;
use feedmill::pass::PassError;
use feedmill::report::Report;
use feedmill::state::State;
use feedmill::store::Memory;
use proptest::prelude::*;
use support::{Mill, TestDisk, Told, absorb, hold, page, print, run, told};

const CONFIG: &str = r#"
[[source]]
name     = "news"
files    = ["news/*.txt"]
site     = "lakes"
language = "en"
layout   = "newsroom"

[[source]]
name     = "home"
files    = ["home/*.txt"]
site     = "lakes"
language = "en"
layout   = "newsroom"

[[feed]]
name    = "all"
sources = ["news", "home"]
limit   = 0

[[feed]]
name    = "front"
sources = ["home", "news"]
limit   = 2

[[feed]]
name    = "press"
sources = ["news"]
limit   = 1

[[category]]
name    = "Water"
include = ["lake", "shore"]
exclude = ["falls"]

[[feed]]
name          = "water"
categories    = ["Water"]
keep          = "5d"
keep_at_least = 1
limit         = 2

[[feed]]
name    = "winter"
until   = 2021-03-09
exclude = ["statement"]
keep    = "20d"
"#;

const PATHS: [&str; 5] =
    ["news/latest.txt", "news/2021-03-05.txt", "home/latest.txt", "home/2021-03-12.txt", "home/2021-03-30.txt"];

/// Accounts that contradict each other in every way there is.
const POOL: [Told; 14] = [
    told("Water in the lake", "02 March 2021", "The lake rises by a hand, says the keeper."),
    told("Water in the lake", "02 March 2021", "The lake falls by a hand, says the keeper."),
    told("Water in the lake", "02 March 2021", "The lake rises by a hand..."),
    told("“Water in the lake”", "02 March 2021", ""),
    Told {
        credit: "© Ann Lee 2021",
        ..told("Water in the lake", "02 March 2021", "The lake rises by a hand, says the keeper!")
    },
    Told { credit: "© Bo Ray 2022", ..told("A quiet shore", "03 March 2021", "Nothing happened on the shore.") },
    Told { credit: "© Ann Lee 2021", ..told("A quiet shore", "03 March 2021", "Nothing happened on the shore.") },
    told("A quiet shore", "09 March 2021", "Nothing happened on the shore."),
    told("Statement", "04 March 2021", "On the dredging of the lake, which goes on at night."),
    told("Statement", "04 March 2021", "On the strike of the keepers, who ask for new boots."),
    told("Festival of lights", "24 December 2021", "Boats carry lanterns on the last Friday."),
    told("Harbour fair", "02 May", "The fair begins at noon on the fish market."),
    told("Minutes of the winter", "10 January 2021", "The council met twice in the winter."),
    told("Reeds are cut", "28 March 2021", "The reeds were cut by hand, as every year."),
];

#[derive(Debug, Clone)]
enum Op {
    /// Another page, whole or cut off after so many percent.
    Write(usize, Vec<usize>, usize),
    /// The same in place: the file keeps its inode.
    Overwrite(usize, Vec<usize>),
    /// The file goes on.
    Append(usize, Vec<usize>),
    /// What was cut off comes after all.
    Complete(usize),
    Rename(usize, usize),
    Delete(usize),
    Touch(usize),
    /// Of the items that are shown, the n-th.
    Retract(usize),
    Undo(usize),
    Alias(usize, usize),
    /// The n-th content that was read of a path counts no more, or again.
    Disregard(usize, usize, bool),
    Pass,
    /// A pass, killed at the n-th step of publishing.
    Killed(usize),
    /// A pass, killed between taking in and publishing.
    Absorb,
}

fn op() -> impl Strategy<Value = Op> {
    let path = || 0..PATHS.len();
    let picks = || prop::collection::vec(0..POOL.len(), 1..5);
    prop_oneof![
        5 => (path(), picks()).prop_map(|(path, picks)| Op::Write(path, picks, 100)),
        3 => (path(), picks(), 5usize..100).prop_map(|(path, picks, cut)| Op::Write(path, picks, cut)),
        3 => (path(), picks()).prop_map(|(path, picks)| Op::Overwrite(path, picks)),
        3 => (path(), picks()).prop_map(|(path, picks)| Op::Append(path, picks)),
        2 => path().prop_map(Op::Complete),
        1 => (path(), path()).prop_map(|(from, to)| Op::Rename(from, to)),
        1 => path().prop_map(Op::Delete),
        1 => path().prop_map(Op::Touch),
        1 => (0usize..8).prop_map(Op::Retract),
        1 => (0usize..8).prop_map(Op::Undo),
        1 => (0usize..8, 0usize..8).prop_map(|(new, old)| Op::Alias(new, old)),
        1 => (path(), 0usize..3, any::<bool>()).prop_map(|(path, nth, undo)| Op::Disregard(path, nth, undo)),
        8 => Just(Op::Pass),
        4 => (0usize..40).prop_map(Op::Killed),
        2 => Just(Op::Absorb),
    ]
}

struct World {
    mill: Mill,
    config: Config,
    /// What lies in the inbox.
    files: BTreeMap<&'static str, String>,
    /// What the files would hold had they not been cut.
    whole: BTreeMap<&'static str, String>,
    /// Every content that some pass read, by path, in order.
    read: BTreeMap<&'static str, Vec<String>>,
    retracted: Vec<String>,
}

impl World {
    fn new() -> Self {
        let mill = Mill::new(CONFIG);
        for folder in ["news", "home"] {
            fs::create_dir(mill.path(folder)).unwrap();
        }
        let config = mill.config();
        let (files, whole, read) = Default::default();
        Self { mill, config, files, whole, read, retracted: Vec::new() }
    }

    /// A pass, the store opened from its file before and closed after it.
    fn pass(&mut self, disk: &TestDisk) -> Result<Report, PassError> {
        self.see();
        let State { mut store, mut decided, .. } = hold(&self.config);
        run(&self.config, disk, false, &mut store, &mut decided)
    }

    fn see(&mut self) {
        for (path, text) in &self.files {
            let contents = self.read.entry(path).or_default();
            if contents.last() != Some(text) {
                contents.push(text.clone());
            }
        }
    }

    /// The ids that the feed of everything shows, in order.
    fn shown(&self) -> Vec<String> {
        let atom = fs::read_to_string(self.mill.path("public/all/atom.xml")).unwrap_or_default();
        if atom.is_empty() { Vec::new() } else { support::entries(&atom).into_iter().map(|entry| entry.id).collect() }
    }

    fn perform(&mut self, op: &Op) {
        match op {
            Op::Write(path, picks, percent) => {
                let (path, text) = (PATHS[*path], page(picks.iter().map(|pick| &POOL[*pick])));
                let end = text.floor_char_boundary((text.len() * percent / 100).max(1));
                self.mill.write(path, &text[..end]);
                self.files.insert(path, text[..end].to_owned());
                self.whole.insert(path, text);
            }
            Op::Overwrite(path, picks) => {
                let (path, text) = (PATHS[*path], page(picks.iter().map(|pick| &POOL[*pick])));
                self.mill.overwrite(path, &text);
                self.files.insert(path, text.clone());
                self.whole.insert(path, text);
            }
            Op::Append(path, picks) => {
                let Some(text) = self.files.get_mut(PATHS[*path]) else { return };
                let mut more = String::new();
                for (number, pick) in (5..).zip(picks) {
                    print(&mut more, number, &POOL[*pick]);
                }
                self.mill.append(PATHS[*path], &more);
                text.push_str(&more);
                self.whole.insert(PATHS[*path], text.clone());
            }
            Op::Complete(path) => {
                let path = PATHS[*path];
                let Some((text, whole)) = self.files.get_mut(path).zip(self.whole.get(path)) else { return };
                self.mill.append(path, &whole[text.len()..]);
                text.clone_from(whole);
            }
            Op::Rename(from, to) => {
                let (from, to) = (PATHS[*from], PATHS[*to]);
                let Some(text) = self.files.remove(from) else { return };
                self.mill.rename(from, to);
                self.files.insert(to, text);
                let whole = self.whole[from].clone();
                self.whole.insert(to, whole);
            }
            Op::Delete(path) => {
                if self.files.remove(PATHS[*path]).is_some() {
                    self.mill.delete(PATHS[*path]);
                }
            }
            Op::Touch(path) => {
                if self.files.contains_key(PATHS[*path]) {
                    self.mill.touch(PATHS[*path], 1_600_000_000);
                }
            }
            Op::Retract(nth) => {
                let Some(id) = self.shown().get(*nth).cloned() else { return };
                self.mill.decide(Decision::Retract {
                    retract: id.parse().unwrap(),
                    undo: false,
                    when: "2021-05-01T08:00:00Z".parse().ok(),
                });
                self.retracted.push(id);
            }
            Op::Undo(nth) => {
                let Some(id) = self.retracted.get(*nth) else { return };
                self.mill.decide(Decision::Retract { retract: id.parse().unwrap(), undo: true, when: None });
            }
            Op::Alias(new, old) => {
                let shown = self.shown();
                let Some((new, old)) = shown.get(*new).zip(shown.get(*old)) else { return };
                // A circle is refused.
                self.mill.decide(Decision::Alias { alias: new.parse().unwrap(), of: old.parse().unwrap() });
            }
            Op::Disregard(path, nth, undo) => {
                let Some(text) = self.read.get(PATHS[*path]).and_then(|contents| contents.get(*nth)) else { return };
                let disregard = feedmill::inbox::digest(text.as_bytes());
                self.mill.decide(Decision::Disregard { disregard, file: None, undo: *undo });
            }
            Op::Pass => {
                self.pass(&TestDisk::good()).unwrap();
            }
            Op::Killed(at) => {
                // Few enough steps may do.
                let _ = self.pass(&TestDisk::killed_at(*at));
            }
            Op::Absorb => {
                self.see();
                let State { mut store, mut decided, .. } = hold(&self.config);
                absorb(&self.config, &mut store, &mut decided);
            }
        }
    }

    /// What subscribers see at any instant is whole.
    fn assert_whole(&self, after: &Op) {
        for (path, bytes) in self.mill.feeds() {
            // What waits beside its place is nobody's to see.
            if path.split('/').any(|name| name.starts_with('.')) {
                continue;
            }
            support::assert_whole(&path, &bytes, &format!("after {after:?}"));
        }
    }

    /// The feeds that the oracle makes of the same contents, path after path, the last path first.
    fn rebuilt(&self) -> BTreeMap<String, Vec<u8>> {
        let mill = Mill::new(CONFIG);
        for folder in ["news", "home", ".feedmill"] {
            fs::create_dir(mill.path(folder)).unwrap();
        }
        let _ = fs::copy(self.mill.path(".feedmill/decisions.jsonl"), mill.path(".feedmill/decisions.jsonl"));
        let (config, mut decided, mut oracle) = (mill.config(), mill.decided(), Memory::default());
        for (path, contents) in self.read.iter().rev() {
            for content in contents {
                mill.overwrite(path, content);
                absorb(&config, &mut oracle, &mut decided);
            }
        }
        run(&config, &TestDisk::good(), false, &mut oracle, &mut decided).unwrap();
        mill.feeds()
    }
}

/// Enough for a look; `PROPTEST_CASES=5000` for a long one.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(128)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_read_step_by_step_is_what_a_rebuild_reads(ops in prop::collection::vec(op(), 1..20)) {
        let mut world = World::new();
        for op in &ops {
            world.perform(op);
            world.assert_whole(op);
            if matches!(op, Op::Pass) {
                prop_assert!(world.mill.feeds() == world.rebuilt(), "after {:?}", op);
            }
        }
        world.perform(&Op::Pass);
        let feeds = world.mill.feeds();
        prop_assert!(feeds == world.rebuilt(), "at the end");
        // The next pass finds nothing to do.
        prop_assert!(!world.pass(&TestDisk::good()).unwrap().changed);
        prop_assert_eq!(feeds, world.mill.feeds());
    }
}
