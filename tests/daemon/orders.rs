//! Signals, configs and trouble.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use rustix::process::Signal;

use crate::newsroom::Newsroom;
use crate::operations::asks;
use crate::service::{Daemon, config, drops, items, program, sheet, shown, shows, title};
use crate::support::Mill;

fn mill() -> Mill {
    let mill = Mill::new(&config("settle = \"300ms\""));
    mill.write("in/a.txt", sheet("start", 1..=3));
    mill
}

// ---- the end --------------------------------------------------------------------------------------------------------

#[test]
fn both_signals_end_it_with_zero() {
    for signal in [Signal::TERM, Signal::INT] {
        let mill = mill();
        let mut daemon = Daemon::ready(&mill);
        daemon.signal(signal);
        assert_eq!(daemon.end(), Some(0), "{}", daemon.log());
        assert_eq!(daemon.count("STOPPING=1"), 1, "{:?}", daemon.heard());
    }
}

#[test]
fn a_big_first_pass_can_be_ended_too() {
    for signal in [Signal::TERM, Signal::INT] {
        let mill = Mill::new("");
        let room = Newsroom::new(&mill.path(""), 1000);
        let config = fs::read_to_string(mill.path("feedmill.toml")).unwrap();
        mill.configure(&format!("[serve]\nlisten = \"127.0.0.1:0\"\n{config}"));
        let mut daemon = Daemon::start(&mill);
        // It listens for signals before it makes a store.
        daemon.until("a store", || mill.path(".feedmill/feedmill.db").exists());
        // As long as it gets on, no time that the manager has set ends it.
        daemon.hears("EXTEND_TIMEOUT_USEC=30000000");
        daemon.signal(signal);
        assert_eq!(daemon.end(), Some(0), "{}", daemon.log());
        assert_eq!(daemon.count("STOPPING=1"), 1, "{:?}", daemon.heard());
        let was_ready = daemon.count("READY=1") > 0;
        eprintln!("ended before it was ready: {}", !was_ready);
        let log = daemon.log();
        assert!(log.contains("asked to end") && (was_ready || !log.contains("serving the feeds")), "{log}");
        assert_eq!(mill.run(&["--once"]).code, 0);
        assert_eq!(items(&mill, ".feedmill").len(), room.titles().len());
    }
}

#[test]
fn without_a_service_manager_a_hangup_is_the_end() {
    let mill = mill();
    let mut daemon = Daemon::spawn(&mill, program(&mill), false);
    shows(&daemon, &mill, &title("start", 1));
    daemon.signal(Signal::HUP);
    assert_eq!(daemon.end(), Some(0), "{}", daemon.log());
    assert_eq!(daemon.heard(), Vec::<String>::new());
}

// ---- another config -------------------------------------------------------------------------------------------------

#[test]
fn a_good_config_is_taken_up() {
    let mill = mill();
    let daemon = Daemon::ready(&mill);
    mill.configure(&format!(
        "{}\n[[source]]\nname = \"more\"\nfiles = [\"more/*.txt\"]\nlayout = \"newsroom\"\n\
         language = \"en\"\n\n[[feed]]\nname = \"more\"\nsources = [\"more\"]\n",
        config("settle = \"300ms\"")
    ));
    mill.write("more/b.txt", sheet("more", 1..=2));
    daemon.signal(Signal::HUP);
    daemon.hears_again("READY=1", 1);
    // As at the start: what the config leaves open is worth a line.
    assert!(daemon.log().contains("source \"more\" has no `site`"), "{}", daemon.log());
    // Ready again is said once the feeds are those of the new config.
    assert_eq!(mill.titles("more").len(), 2);
    let heard = daemon.heard();
    let at = |line: &str| heard.iter().rposition(|message| message.lines().any(|found| found == line)).unwrap();
    assert!(at("RELOADING=1") < at("READY=1"), "{heard:?}");
    let reloading = &heard[at("RELOADING=1")];
    let time = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).unwrap();
    assert!(time.parse::<u64>().unwrap() > 0);
    // The new source's folder is watched, and the old one still is.
    mill.write("more/c.txt", sheet("more", 3..=3));
    daemon.until("a file of the new source", || mill.titles("more").len() == 3);
    drops(&mill, &daemon, "old-source");
    daemon.terminate();
}

#[test]
fn who_asks_for_another_config_is_answered_though_it_can_not_be_published() {
    let mill = mill();
    let daemon = Daemon::ready(&mill);
    mill.rename("public", "kept");
    fs::write(mill.path("public"), "in the way").unwrap();
    mill.configure(&config("settle = \"300ms\""));
    daemon.signal(Signal::HUP);
    daemon.hears_again("READY=1", 1);
    let last = daemon.heard().into_iter().rev().find(|message| message.contains("READY=1")).unwrap();
    assert!(last.contains("STATUS=cannot"), "{last}");
    // One that can't be used is told as well.
    mill.configure("[[source]]\nname = \"news\"\nfils = [\"in/*.txt\"]\n");
    daemon.signal(Signal::HUP);
    daemon.hears_again("READY=1", 2);
    mill.delete("public");
    mill.rename("kept", "public");
    drops(&mill, &daemon, "after-trouble");
    daemon.terminate();
}

#[test]
fn a_broken_config_changes_nothing() {
    let mill = mill();
    let daemon = Daemon::ready(&mill);
    mill.configure("[[source]]\nname = \"news\"\nfils = [\"in/*.txt\"]\n");
    daemon.signal(Signal::HUP);
    daemon.hears_again("READY=1", 1);
    assert!(daemon.heard().iter().any(|message| message.contains("STATUS=") && message.contains("config")));
    assert!(daemon.log().contains("fils"), "{}", daemon.log());
    drops(&mill, &daemon, "after-broken");
    assert_eq!(shown(&mill.path("public")).len(), 4);
    mill.delete("feedmill.toml");
    daemon.signal(Signal::HUP);
    daemon.hears_again("READY=1", 2);
    daemon.until("what is missing", || daemon.log().contains("feedmill.toml\" any more"));
    mill.configure(&config("settle = \"100ms\""));
    daemon.signal(Signal::HUP);
    daemon.hears_again("READY=1", 3);
    drops(&mill, &daemon, "after-mended");
    daemon.terminate();
}

#[test]
fn state_and_output_can_move() {
    let mill = mill();
    let daemon = Daemon::ready(&mill);
    mill.configure(&format!("state = \"state-2\"\noutput = \"public-2\"\n{}", config("")));
    daemon.signal(Signal::HUP);
    daemon.hears_again("READY=1", 1);
    assert_eq!(shown(&mill.path("public-2")), shown(&mill.path("public")));
    mill.write("in/b.txt", sheet("moved", 1..=1));
    daemon.until("the new output", || shown(&mill.path("public-2")).contains_key(&title("moved", 1)));
    assert!(!shown(&mill.path("public")).contains_key(&title("moved", 1)));
    // Nobody holds the old state any more, somebody the new one.
    assert_eq!(mill.run(&["--once", "--state", ".feedmill", "--output", "public"]).code, 0);
    assert_eq!(mill.run(&["--once"]).code, 4);
    daemon.terminate();
}

// ---- no start -------------------------------------------------------------------------------------------------------

#[test]
fn a_broken_config_is_no_start() {
    let mill = Mill::new("[[source]]\nname = \"news\"\nfils = [\"in/*.txt\"]\n");
    let mut daemon = Daemon::start(&mill);
    assert_eq!(daemon.end(), Some(2));
    assert!(daemon.log().contains("fils"), "{}", daemon.log());
    assert_eq!(daemon.count("READY=1"), 0);
}

#[test]
fn of_two_daemons_the_first_goes_on() {
    let mill = mill();
    let daemon = Daemon::ready(&mill);
    let mut second = Daemon::start(&mill);
    assert_eq!(second.end(), Some(4));
    assert!(second.log().contains(&format!("pid {}", daemon.pid())), "{}", second.log());
    assert_eq!(second.count("READY=1"), 0);
    drops(&mill, &daemon, "first-goes-on");
    daemon.terminate();
}

#[test]
fn trouble_before_the_first_pass_is_done_ends_it() {
    for blocked in ["public", ".feedmill"] {
        let mill = mill();
        fs::write(mill.path(blocked), "in the way").unwrap();
        let mut daemon = Daemon::start(&mill);
        assert_eq!(daemon.end(), Some(3), "{blocked}: {}", daemon.log());
        assert_eq!(daemon.count("READY=1"), 0);
    }
}

// ---- trouble later --------------------------------------------------------------------------------------------------

/// A mill whose daemon tells how often it tried.
fn telling_mill() -> Mill {
    let mill = Mill::new(&format!("[operations]\nlisten = \"127.0.0.1:0\"\n\n{}", config("settle = \"300ms\"")));
    mill.write("in/a.txt", sheet("start", 1..=3));
    mill
}

/// While the trouble lasts a file is dropped and comes to nothing; afterwards it is in the feed, and the log told once.
fn is_outlasted(mill: &Mill, daemon: &Daemon, mend: impl FnOnce()) {
    mill.write("in/b.txt", sheet("outlasted", 1..=1));
    daemon.until("the trouble in the log", || daemon.log().contains("ERROR"));
    daemon.until("the trouble as status", || {
        daemon.heard().last().is_some_and(|message| message.contains("STATUS=") && !message.contains("READY"))
    });
    let tries = || {
        let told = asks(daemon, "/metrics");
        let tries = told.lines().find_map(|line| line.strip_prefix("feedmill_passes_total{outcome=\"trouble\"} "));
        tries.map_or(0, |tries| tries.parse::<usize>().unwrap())
    };
    daemon.until("some more tries", || tries() >= 3);
    mend();
    shows(daemon, mill, &title("outlasted", 1));
    daemon.until("the end of the trouble in the log", || daemon.log().contains("the trouble is over"));
    assert_eq!(daemon.log().matches("ERROR").count(), 1, "{}", daemon.log());
    mill.write("in/c.txt", sheet("outlasted", 2..=2));
    shows(daemon, mill, &title("outlasted", 2));
    assert_eq!(shown(&mill.path("public")).len(), 5);
}

#[test]
fn an_output_folder_that_is_in_trouble_is_tried_again() {
    let mill = telling_mill();
    let daemon = Daemon::ready(&mill);
    mill.rename("public", "kept");
    fs::write(mill.path("public"), "in the way").unwrap();
    is_outlasted(&mill, &daemon, || {
        mill.delete("public");
        mill.rename("kept", "public");
    });
    daemon.terminate();
}

#[test]
fn an_output_folder_that_can_not_be_written_is_tried_again() {
    let mill = telling_mill();
    let daemon = Daemon::ready(&mill);
    let folder = mill.path("public/everything");
    let chattr = |how: &str| {
        let output = Command::new("chattr").arg(how).arg(&folder).output();
        output.is_ok_and(|output| output.status.success())
    };
    let is_root = fs::metadata(format!("/proc/{}", daemon.pid())).unwrap().uid() == 0;
    if !is_root || !chattr("+i") {
        eprintln!("skipped: nobody here can make a folder immutable");
        return;
    }
    // However the test ends, the folder must be one that can be removed.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        is_outlasted(&mill, &daemon, || assert!(chattr("-i")));
    }));
    chattr("-i");
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
    daemon.terminate();
}

#[test]
fn a_state_folder_that_was_removed_is_made_anew() {
    let mill = mill();
    let daemon = Daemon::ready(&mill);
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    mill.write("in/b.txt", sheet("anew", 1..=1));
    daemon.until("a state folder", || mill.path(".feedmill/feedmill.db").exists());
    shows(&daemon, &mill, &title("anew", 1));
    assert_eq!(shown(&mill.path("public")).len(), 4, "what was published before is gone from the feed");
    assert_eq!(items(&mill, ".feedmill").len(), 4);
    assert_eq!(mill.run(&["--once"]).code, 4);
    drops(&mill, &daemon, "in-the-new-one");
    daemon.terminate();
}
