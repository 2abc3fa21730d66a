//! kill -9 at random moments while files arrive, with a reader that never stops polling.
//!
//! 20 kills, or as many as `FEEDMILL_KILLS` says; `FEEDMILL_SEED` sets them elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::killed::assert_sound;
use crate::newsroom::{Dice, Newsroom};
use crate::reader::Reader;
use crate::service::{Daemon, items};
use crate::support::Mill;

const STATE: &str = ".feedmill";

#[test]
fn a_daemon_killed_at_any_moment_goes_on() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |value| value.parse().unwrap());
    let (kills, seed) = (number("FEEDMILL_KILLS", 20), number("FEEDMILL_SEED", 7));
    let mut dice = Dice::new(seed);
    let mill = Mill::new("");
    let mut room = Newsroom::new(&mill.path(""), 100);
    let reader = Reader::start(&mill.path("public"));
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let (mut starts, mut ready) = (Vec::new(), Vec::new());
    let mut early = 0;
    for n in 1..=kills {
        room.grow(&mut dice);
        let began = Instant::now();
        let daemon = Daemon::start(&mill);
        // Some are killed on their way to the first publication, the others at work.
        if dice.below(2) > 0 {
            // Where nothing is left to be published, there is nothing to wait for but that it says so.
            let is_ready = || daemon.count("READY=1") > 0;
            daemon.until("a publication", || daemon.log().contains(" published ") || is_ready());
            starts.push(began.elapsed());
            daemon.until("ready", is_ready);
            ready.push(began.elapsed());
        }
        let end = Instant::now() + Duration::from_secs(1).mul_f64(dice.fraction() * dice.fraction());
        while Instant::now() < end {
            // Many kills have many chances: the newsroom need not grow with each.
            if dice.below(3.max(kills / 7)) == 0 {
                room.grow(&mut dice);
            }
            sleep(Duration::from_millis(dice.below(40)));
        }
        early += usize::from(daemon.count("READY=1") == 0);
        daemon.kill();
        assert_sound(&mill.path(STATE), &mill.path("copy"));
        if n % 5 == 0 {
            let daemon = Daemon::ready(&mill);
            assert!(!daemon.log().contains("damaged"), "{}", daemon.log());
            // What changed a moment before the start is looked at when it is quiet.
            daemon.until("the items of all files", || all(&mill, &room));
            check(&mill, &room, &mut ids);
            daemon.kill();
        }
    }
    let daemon = Daemon::ready(&mill);
    room.grow(&mut dice);
    daemon.until("the items of all files", || all(&mill, &room));
    daemon.terminate();
    // What was under way when it was told to end is a single pass's to publish, if there is anything left.
    assert_eq!(mill.run(&["--once"]).code, 0);
    check(&mill, &room, &mut ids);
    let polled = reader.stop();
    assert!(polled.documents >= kills as usize, "it saw next to nothing: {polled:?}");

    // What no file can give back is handed on; all else follows from the files.
    fs::create_dir_all(mill.path("once-state")).unwrap();
    let _ = fs::copy(mill.path(".feedmill/decisions.jsonl"), mill.path("once-state/decisions.jsonl"));
    crate::service::once(&mill);
    for feed in room.feeds() {
        for name in ["atom.xml", "rss.xml"] {
            let [ours, clean] =
                ["public", "once"].map(|root| fs::read(mill.path(root).join(&feed).join(name)).unwrap());
            assert!(ours == clean, "{feed}/{name} differs from a clean rebuild");
        }
    }
    let [starts, ready] = [starts, ready].map(|mut times: Vec<Duration>| {
        times.sort();
        format!("median {:?}, worst {:?}", times.get(times.len() / 2), times.last())
    });
    eprintln!("{kills} kills ({early} before all was published); {polled:?}");
    eprintln!("start to first publication: {starts}; to ready: {ready}");
}

fn all(mill: &Mill, room: &Newsroom) -> bool {
    let there: BTreeSet<String> = items(mill, STATE).into_values().collect();
    let differ = there.symmetric_difference(room.titles()).count();
    if differ > 0 {
        eprintln!("{differ} titles still differ: {:?}", there.symmetric_difference(room.titles()).next());
    }
    differ == 0
}

/// Nothing lost, no id changed.
fn check(mill: &Mill, room: &Newsroom, ids: &mut BTreeMap<String, String>) {
    let now = items(mill, STATE);
    for (id, title) in &*ids {
        assert_eq!(now.get(id), Some(title), "{title:?} is gone or goes under another id");
    }
    assert_eq!(now.values().cloned().collect::<BTreeSet<_>>(), *room.titles(), "the items of the files");
    *ids = now;
}
