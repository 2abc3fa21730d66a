//! The daemon tells hubs beside its passes.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::loopback::{Hub, Reply};
use crate::service::{Daemon, sheet, shows, title};
use crate::{all, mill};

#[test]
fn the_daemon_tells_the_hub_what_it_published() {
    let hub = Hub::answering(|_| Reply::At("HTTP/1.1 204 No Content"));
    let mill = mill(&[&hub], "");
    let daemon = Daemon::ready(&mill);
    hub.hears(3);
    assert_eq!(hub.heard(), all());
    mill.write("in/b.txt", sheet("more", 1..=1));
    hub.hears(6);
    daemon.terminate();
}

#[test]
fn a_silent_hub_holds_up_neither_the_feeds_nor_the_end_and_is_owed_it_after_a_restart() {
    let hub = Hub::answering(|_| Reply::When("HTTP/1.1 204 No Content"));
    let mill = mill(&[&hub], "");
    let mut daemon = Daemon::ready(&mill);
    hub.hears(1);
    mill.write("in/b.txt", sheet("more", 1..=1));
    shows(&daemon, &mill, &title("more", 1));
    let asked = Instant::now();
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end(), Some(0), "{}", daemon.log());
    // The hub would have been waited for for twenty seconds.
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    hub.go_on();
    let before = hub.heard().len();
    let daemon = Daemon::ready(&mill);
    hub.hears(before + 3);
    assert_eq!(hub.heard()[before..], all());
    daemon.terminate();
}

#[test]
fn a_hub_that_refuses_everything_is_logged_once() {
    let hub = Hub::answering(|_| Reply::At("HTTP/1.1 404 Not Found"));
    let mill = mill(&[&hub], "");
    let daemon = Daemon::ready(&mill);
    hub.hears(3);
    mill.write("in/b.txt", sheet("more", 1..=1));
    hub.hears(6);
    assert_eq!(daemon.log().matches("won't hear").count(), 1, "{}", daemon.log());
    // The next pass says so where it says what is wrong.
    mill.write("in/c.txt", sheet("yet more", 1..=1));
    hub.hears(9);
    daemon.terminate();
    let status = mill.run(&["status"]).out;
    let since = status.lines().find(|line| line.starts_with("hub since ")).unwrap_or_else(|| panic!("{status}"));
    assert!(since.ends_with(": it refuses 3 feed documents: 404 Not Found"), "{status}");
    // After a restart the log of before may be gone.
    let daemon = Daemon::ready(&mill);
    mill.write("in/d.txt", sheet("and more", 1..=1));
    hub.hears(12);
    crate::until("said once more", || daemon.log().matches("won't hear").count() == 1);
    daemon.terminate();
}

#[test]
fn another_config_brings_other_hubs() {
    let (first, second) = (
        Hub::answering(|_| Reply::At("HTTP/1.1 204 No Content")),
        Hub::answering(|_| Reply::At("HTTP/1.1 204 No Content")),
    );
    let mill = mill(&[&first], "");
    let daemon = Daemon::ready(&mill);
    first.hears(3);
    let config = std::fs::read_to_string(mill.path("feedmill.toml")).unwrap();
    mill.configure(&config.replace(&first.address, &second.address));
    daemon.signal(Signal::HUP);
    second.hears(3);
    mill.write("in/b.txt", sheet("more", 1..=1));
    second.hears(6);
    assert_eq!(first.heard().len(), 3);
    daemon.terminate();
}
