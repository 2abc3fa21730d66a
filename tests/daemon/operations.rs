//! What the operator hears of a running feedmill.

use std::fs;

use rustix::process::Signal;

use crate::service::{Daemon, config, sheet, shows, title};
use crate::support::{Entry, Mill, entries};

fn told(mill: &Mill) -> Vec<Entry> {
    fs::read_to_string(mill.path(".feedmill/operations.atom")).map(|atom| entries(&atom)).unwrap_or_default()
}

/// Waits until the operations feed has just this to tell.
fn tells(daemon: &Daemon, mill: &Mill, titles: &[&str]) {
    let found = || told(mill).into_iter().map(|entry| entry.title).collect::<Vec<_>>();
    daemon.until(&format!("{titles:?} in the operations feed, not {:?}", found()), || found() == titles);
}

#[test]
fn what_comes_and_goes_while_it_watches_is_told() {
    let mill = Mill::new(&config("settle = \"300ms\""));
    mill.write("in/a.txt", sheet("start", 1..=3));
    let daemon = Daemon::ready(&mill);
    tells(&daemon, &mill, &[]);

    // A file among those that change, and a look at these alone.
    mill.write("in/bad.txt", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    tells(&daemon, &mill, &["skipped: in/bad.txt"]);
    mill.write("in/bad.txt", sheet("bad", 1..=1));
    shows(&daemon, &mill, &title("bad", 1));
    tells(&daemon, &mill, &["healed: skipped: in/bad.txt"]);

    mill.configure("nonsense");
    daemon.signal(Signal::HUP);
    tells(&daemon, &mill, &["the config can't be used", "healed: skipped: in/bad.txt"]);
    assert!(told(&mill)[0].content.contains("feedmill.toml"), "{:?}", told(&mill));
    mill.configure(&config("settle = \"300ms\""));
    daemon.signal(Signal::HUP);
    tells(&daemon, &mill, &["healed: the config can't be used", "healed: skipped: in/bad.txt"]);

    // The folder of the feeds is replaced by a file, then made again.
    fs::rename(mill.path("public"), mill.path("gone")).unwrap();
    mill.overwrite("public", "in the way");
    mill.write("in/c.txt", sheet("later", 1..=1));
    daemon.until("trouble", || told(&mill).first().is_some_and(|entry| entry.title.starts_with("cannot ")));
    mill.delete("public");
    shows(&daemon, &mill, &title("later", 1));
    daemon.until("no trouble", || told(&mill).iter().all(|entry| entry.title.starts_with("healed: ")));
    daemon.terminate();
}

#[test]
fn what_healed_while_it_was_down_is_closed() {
    let mill = Mill::new(&config(""));
    mill.write("in/a.txt", sheet("start", 1..=3));
    mill.write("in/bad.txt", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    let daemon = Daemon::ready(&mill);
    tells(&daemon, &mill, &["skipped: in/bad.txt"]);
    daemon.kill();
    mill.delete("in/bad.txt");
    let daemon = Daemon::ready(&mill);
    tells(&daemon, &mill, &["healed: skipped: in/bad.txt"]);
    daemon.terminate();
}
