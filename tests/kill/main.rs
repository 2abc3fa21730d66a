//! kill -9 at random moments of `feedmill --once`, with a reader that never stops polling.
//!
//! The inbox grows between the kills, so that every run has something to read, to commit and to publish. A kill stops
//! the process first: what it was at is then read from outside, undisturbed, and counted. After each kill a run to
//! completion must make good, and at the end everything must be what a clean rebuild of the same files gives, byte for
//! byte.
//!
//! 20 kills, or as many as `FEEDMILL_KILLS` says; `FEEDMILL_SEED` sets them elsewhere. Linux only: the phase is told
//! by `/proc/locks`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr)]

#[path = "../support/killed.rs"]
mod killed;
#[path = "../support/newsroom.rs"]
mod newsroom;
#[path = "../support/reader.rs"]
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use feedmill::config::{self, Given, Surroundings};
use feedmill::mill::decisions::Decisions;
use feedmill::pass::Pass;
use feedmill::publish::RealDisk;
use feedmill::report::Report;
use feedmill::state::State;
use feedmill::store::{PublishLedger as _, Store as _};
use rustix::process::{Pid, Signal, kill_process};

use newsroom::{Dice, Newsroom};
use reader::Reader;

const FILES: usize = 2000;

/// What a process was at when it was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Nothing of the round is in the store, and nobody writes there.
    Reading,
    /// A transaction is open or being committed; nothing of the round is in the store.
    Committing,
    /// The round is in the store, and some feed is not yet up to it.
    Publishing,
    /// The round is in the store and in all feeds: too late for this round.
    Done,
}

const PHASES: [Phase; 3] = [Phase::Reading, Phase::Committing, Phase::Publishing];

struct Lab {
    folder: tempfile::TempDir,
    room: Newsroom,
}

impl Lab {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_feedmill"));
        command.current_dir(self.folder.path()).env_clear();
        command.args(["--config", "feedmill.toml", "--state", &format!("{name}-state"), "--output", name]);
        command.stdin(Stdio::null());
        command
    }

    /// A run that nobody disturbs.
    fn complete(&self, name: &str) -> serde_json::Value {
        let output = self.command(name).args(["--once", "--format", "json"]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(!told.contains("damaged"), "{told}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What the process, which stands still, is at.
    fn phase(&self, pid: u32) -> Phase {
        let state = self.path("public-state");
        if !self.committed(&state) {
            return if writes(pid, &state) { Phase::Committing } else { Phase::Reading };
        }
        let store = State::look(&state).unwrap();
        let shown = |feed: &String| {
            let state = store.feed_state(feed).unwrap();
            state.changes_shown == state.changes
        };
        if self.room.feeds().iter().all(shown) { Phase::Done } else { Phase::Publishing }
    }

    /// Whether the store knows the files as they are now.
    fn committed(&self, state: &Path) -> bool {
        let Some(ledger) = State::look(state).ok().and_then(|store| store.ledger().ok()) else { return false };
        let (name, size) = self.room.newest();
        ledger.iter().any(|row| row.path.ends_with(&name) && row.stat.size == size)
    }

    /// The documents below a folder, and what was left beside them.
    fn documents(&self, name: &str) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<PathBuf>) {
        let (mut documents, mut leavings) = (BTreeMap::new(), Vec::new());
        let root = self.path(name);
        let mut open = vec![root.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.file_name().unwrap().to_string_lossy().starts_with('.') {
                    leavings.push(path);
                } else if path.is_dir() {
                    open.push(path);
                } else {
                    documents.insert(path.strip_prefix(&root).unwrap().to_owned(), fs::read(&path).unwrap());
                }
            }
        }
        (documents, leavings)
    }

    /// Every item of the store by what it is an item of.
    fn ids(&self) -> BTreeMap<String, String> {
        let store = State::look(&self.path("public-state")).unwrap();
        let terms = store.stored_terms(&Decisions::default()).unwrap();
        let mut ids = BTreeMap::new();
        store
            .items(&terms, &mut |item, _| {
                assert!(ids.insert(item.title.to_string(), item.id.to_string()).is_none(), "{:?} twice", item.title);
            })
            .unwrap();
        ids
    }

    /// Everything that must hold after a run to completion.
    fn check(&self, ids: &mut BTreeMap<String, String>) {
        let now = self.ids();
        for (title, id) in &*ids {
            assert_eq!(now.get(title), Some(id), "{title:?} is gone or goes under another id");
        }
        assert_eq!(now.keys().cloned().collect::<BTreeSet<_>>(), *self.room.titles(), "the items of the files");
        *ids = now;
        let (documents, leavings) = self.documents("public");
        assert_eq!(leavings, Vec::<PathBuf>::new());
        for feed in self.room.feeds() {
            for name in ["rss.xml", "atom.xml", "feed.json", "index.html"] {
                assert!(documents.contains_key(&Path::new(&feed).join(name)), "{feed}/{name}");
            }
        }
        // The months of the feed that shows everything hold each item once.
        let archives = documents.iter().filter(|(path, _)| {
            path.starts_with("everything") && path.extension().is_some_and(|ending| ending == "atom")
        });
        let mut archived: Vec<String> = archives.flat_map(|(_, bytes)| reader::items(bytes).unwrap()).collect();
        archived.sort_unstable();
        let mut all: Vec<String> = ids.values().map(|id| format!("urn:uuid:{id}")).collect();
        all.sort_unstable();
        assert_eq!(archived, all);
        let every = reader::items(&documents[Path::new("everything/atom.xml")]).unwrap();
        assert_eq!(every.len(), ids.len());
        assert_eq!(every, ids.values().map(|id| format!("urn:uuid:{id}")).collect());
        let names: Vec<_> = fs::read_dir(self.path("public-state")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(names.len() <= 7, "{names:?}");
    }
}

/// Whether the process holds SQLite's lock for writing: byte 120 of the `-shm` file.
fn writes(pid: u32, state: &Path) -> bool {
    let Ok(shm) = fs::metadata(state.join("feedmill.db-shm")) else { return false };
    let (pid, inode) = (pid.to_string(), format!(":{}", shm.ino()));
    fs::read_to_string("/proc/locks").unwrap().lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "POSIX", _, "WRITE", holder, file, start, end] = fields[..] else { return false };
        let (start, end) = (start.parse::<u64>().unwrap_or(u64::MAX), end.parse().unwrap_or(u64::MAX));
        holder == pid && file.ends_with(&inode) && start <= 120 && 120 <= end
    })
}

/// Stops the process, says what it was at, kills it. `None`: it had ended.
fn kill(lab: &Lab, child: &mut Child) -> Option<Phase> {
    let pid = Pid::from_child(child);
    if child.try_wait().unwrap().is_some() {
        return None;
    }
    kill_process(pid, Signal::STOP).unwrap();
    let stat = format!("/proc/{}/stat", child.id());
    loop {
        // The state comes after the name, which is in brackets.
        let told = fs::read_to_string(&stat).unwrap();
        match told.rsplit_once(") ").unwrap().1.chars().next() {
            Some('T') => break,
            Some('Z' | 'X') => {
                child.wait().unwrap();
                return None;
            }
            _ => std::hint::spin_loop(),
        }
    }
    let phase = lab.phase(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    Some(phase)
}

/// Waits until the process seems to be in this phase.
fn wait_for(lab: &Lab, child: &mut Child, phase: Phase) {
    let state = lab.path("public-state");
    // The feed that is published first.
    let feed = lab.path("public").join(&lab.room.feeds()[0]);
    let stat = || fs::metadata(&feed).map(|found| (found.ino(), found.mtime(), found.mtime_nsec())).ok();
    let before = stat();
    loop {
        let reached = match phase {
            Phase::Reading => true,
            Phase::Committing => writes(child.id(), &state),
            Phase::Publishing | Phase::Done => stat() != before,
        };
        if reached || child.try_wait().unwrap().is_some() {
            return;
        }
    }
}

#[test]
fn what_is_killed_at_any_moment_is_made_good() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |value| value.parse().unwrap());
    let (kills, seed) = (number("FEEDMILL_KILLS", 20), number("FEEDMILL_SEED", 7));
    let mut dice = Dice::new(seed);
    let folder = tempfile::tempdir().unwrap();
    let room = Newsroom::new(folder.path(), FILES);
    let mut lab = Lab { folder, room };
    let began = Instant::now();

    // How long an undisturbed run takes, first of all from nothing: kills are aimed within.
    lab.complete("trial");
    let mut whole_run = began.elapsed();
    let reader = Reader::start(&lab.path("public"));
    let mut counts: BTreeMap<(Phase, bool), usize> = BTreeMap::new();
    let mut ids = BTreeMap::new();
    let (mut hits, mut tries) = (0, 0);
    let missing = |counts: &BTreeMap<(Phase, bool), usize>| {
        PHASES.into_iter().find(|phase| !counts.keys().any(|(hit, _)| hit == phase))
    };
    while hits < kills || missing(&counts).is_some() {
        tries += 1;
        assert!(tries <= 20 * kills + 100, "{counts:?} after {tries} tries");
        let cold = !lab.path("public/everything/atom.xml").exists();
        let mut child = lab.command("public").arg("--once").stdout(Stdio::null()).spawn().unwrap();
        // Some kills are blind, anywhere in a run; the others are aimed at a phase, and hit soon after it began or
        // late.
        let aim = PHASES.get(dice.below(4) as usize).copied();
        if let Some(phase) = missing(&counts).filter(|_| hits + 3 >= kills).or(aim) {
            wait_for(&lab, &mut child, phase);
            let latest = if phase == Phase::Committing { 0.1 } else { 0.4 };
            sleep(whole_run.mul_f64(latest * dice.fraction() * dice.fraction()));
        } else {
            sleep(whole_run.mul_f64(dice.fraction()));
        }
        let killed = kill(&lab, &mut child);
        if let Some(phase) = killed.filter(|phase| *phase != Phase::Done) {
            hits += 1;
            *counts.entry((phase, cold)).or_default() += 1;
            let (_, leavings) = lab.documents("public");
            // What was on its way into the folder waits under fixed names, and nothing else.
            assert!(leavings.iter().all(|path| path.to_string_lossy().ends_with(".new")), "{leavings:?}");
            killed::assert_sound(&lab.path("public-state"), &lab.path("copy"));
            // Now and then the next run is killed as well, before anything is made good.
            if dice.below(4) == 0 && hits < kills {
                continue;
            }
        }
        let start = Instant::now();
        lab.complete("public");
        whole_run = start.elapsed().max(Duration::from_millis(20));
        lab.check(&mut ids);
        lab.room.grow(&mut dice);
        // The first run of all is the longest: it is killed again and again, from nothing.
        if dice.below(12) == 0 {
            reader.forget(|| {
                for name in ["public", "public-state"] {
                    fs::remove_dir_all(lab.path(name)).unwrap();
                }
            });
        }
    }
    lab.complete("public");
    lab.check(&mut ids);
    let polled = reader.stop();

    let verified = lab.command("public").arg("verify").output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    let before = lab.documents("public").0;
    let again = lab.complete("public");
    assert_eq!(again["changed"], false, "{again}");

    // What no file can give back is handed on; all else follows from the files.
    fs::create_dir_all(lab.path("clean-state")).unwrap();
    fs::copy(lab.path("public-state/decisions.jsonl"), lab.path("clean-state/decisions.jsonl")).unwrap();
    lab.complete("clean");
    let clean = lab.documents("clean").0;
    assert_eq!(clean.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    for (path, bytes) in clean {
        assert!(bytes == before[&path], "{} differs from a clean rebuild", path.display());
    }
    eprintln!(
        "{hits} kills in {tries} runs: {counts:?} (true: before anything was published); {} items, {polled:?} read; {:?}",
        ids.len(),
        began.elapsed()
    );
}

/// Between the commit of an item that nothing dates and the note of the day it was first seen a run can be killed.
#[test]
fn the_day_first_seen_is_noted_by_a_later_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut lab = Lab { room: Newsroom::new(folder.path(), 10), folder };
    lab.room.undated();
    let given = Given {
        config: Some(lab.path("feedmill.toml")),
        state: Some(lab.path("public-state")),
        output: Some(lab.path("public")),
        ..Given::default()
    };
    let config = config::load(&given, &Surroundings::default()).unwrap();
    let mut state = State::hold(&config.state).unwrap();
    let pass = Pass::new(&config, &RealDisk);
    let absorbed = pass.take_in(&mut state.store, &mut state.decided, &mut Report::default(), true).unwrap();
    assert_eq!(absorbed.unseen.len(), 1);
    drop(state);
    lab.complete("public");
    lab.check(&mut BTreeMap::new());
}
