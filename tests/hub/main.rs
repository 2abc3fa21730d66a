//! Hubs are told of what changed: by a single pass, by the daemon, after trouble of every kind that a hub can have.
//!
//! The hub is a socket on this machine that answers as each test says. What must come about is waited for; what must
//! not is looked for after something that comes later.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that can't go on has failed")]

mod daemon;
mod loopback;
mod once;
#[path = "../support/service.rs"]
#[allow(dead_code, reason = "the daemon's own tests use more of it")]
mod service;
#[path = "../support/mod.rs"]
mod support;
mod tls;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use feedmill::hub::{Hubs, Pace, Topics};
use feedmill::mill::feed::Address;

use loopback::{Hub, Reply};
use support::Mill;

/// Waits until `there`.
fn until(what: &str, mut there: impl FnMut() -> bool) {
    let began = Instant::now();
    while !there() {
        assert!(began.elapsed() < service::PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A mill whose feed names these hubs.
fn mill(hubs: &[&Hub], more: &str) -> Mill {
    let hubs: Vec<String> = hubs.iter().map(|hub| format!("{:?}", hub.address)).collect();
    let mill = Mill::new(&format!(
        "base_url = \"https://feeds.example/\"\n[websub]\nhubs = [{}]\n{more}\n{}",
        hubs.join(", "),
        service::config("")
    ));
    mill.write("in/a.txt", service::sheet("start", 1..=2));
    mill
}

/// The forms that tell of all documents of the mill's feed.
fn all() -> [String; 3] {
    let form = |name| format!("hub.mode=publish&hub.url=https%3A%2F%2Ffeeds.example%2Feverything%2F{name}");
    ["atom.xml", "feed.json", "rss.xml"].map(form)
}

/// Answers come at once here, and so does what follows them.
const QUICK: Pace = Pace {
    answer: Duration::from_secs(30),
    distance: Duration::ZERO,
    retry: (Duration::from_millis(1), Duration::from_millis(4)),
    asked: Duration::from_secs(3600),
    tries: 1000,
};

/// The hubs of a mill, ready to be told.
fn hubs(mill: &Mill, pace: Pace) -> Hubs {
    std::fs::create_dir(mill.path(".feedmill")).unwrap();
    Hubs::begin(&mill.config(), pace)
}

fn topics(hashes: &[(&str, u128)]) -> Topics {
    let topic = |(name, hash): &(&str, u128)| (Address::new(&format!("http://feeds.example/{name}")).unwrap(), *hash);
    hashes.iter().map(topic).collect::<BTreeMap<_, _>>()
}

fn told(name: &str) -> String {
    format!("hub.mode=publish&hub.url=http%3A%2F%2Ffeeds.example%2F{name}")
}

#[test]
fn of_many_changes_in_a_row_a_hub_hears_of_the_last() {
    let hub = Hub::answering(|_| Reply::When("HTTP/1.1 204 No Content"));
    let mill = mill(&[&hub], "");
    let hubs = hubs(&mill, QUICK);
    for hash in 1..=9 {
        hubs.published(topics(&[("a", hash)]));
        // The first message is under way while the others come about.
        hub.hears(1);
    }
    hub.go_on();
    hub.hears(2);
    hubs.published(topics(&[("a", 9), ("b", 1)]));
    hub.hears(3);
    assert_eq!(hub.heard(), [told("a"), told("a"), told("b")]);
}

#[test]
fn a_hub_that_fails_is_tried_again() {
    let hub = Hub::answering(|n| match n {
        0 => Reply::Close,
        1 => Reply::At("HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\nwoe\x1b[31m"),
        2 => Reply::At("HTTP/1.1 503 Busy"),
        3 => Reply::At("nonsense"),
        _ => Reply::At("HTTP/1.1 202 Accepted"),
    });
    let mill = mill(&[&hub], "");
    let hubs = hubs(&mill, QUICK);
    hubs.published(topics(&[("a", 1)]));
    hub.hears(5);
    hubs.published(topics(&[("a", 1), ("b", 1)]));
    hub.hears(6);
    assert_eq!(hub.heard()[4..], [told("a"), told("b")]);
}

#[test]
fn a_hub_that_asks_for_time_gets_it() {
    let hub = Hub::answering(|n| match n {
        0 => Reply::At("HTTP/1.1 429 Slow down\r\nRetry-After: 1"),
        _ => Reply::At("HTTP/1.1 204 No Content"),
    });
    let mill = mill(&[&hub], "");
    let hubs = hubs(&mill, QUICK);
    hubs.published(topics(&[("a", 1)]));
    hub.hears(1);
    let asked = Instant::now();
    hub.hears(2);
    // A little less, for the moment between its answer and our look at the clock.
    assert!(asked.elapsed() > Duration::from_millis(900), "{:?}", asked.elapsed());
    drop(hubs);
}

#[test]
fn a_hub_that_moved_is_followed_with_the_message() {
    for status in ["301 Moved", "302 Found", "307 Moved", "308 Moved"] {
        let there = Hub::answering(|_| Reply::At("HTTP/1.1 204 No Content"));
        let to = format!("{}there", there.address);
        let here = Hub::answering(move |_| Reply::Said(format!("HTTP/1.1 {status}\r\nLocation: {to}")));
        let mill = mill(&[&here], "");
        let ran = mill.run(&["--once"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{status}");
        assert_eq!(there.heard(), all(), "{status}");
        assert_eq!(there.paths(), ["/there"; 3], "{status}");
    }
}

#[test]
fn a_hub_that_leads_in_circles_or_nowhere_is_not_followed() {
    for location in ["Location: /again", "Location: ftp://elsewhere/", "X: y", "Location: http://"] {
        let hub = Hub::answering(move |_| Reply::Said(format!("HTTP/1.1 307 Moved\r\n{location}")));
        let mill = mill(&[&hub], "");
        let ran = mill.run(&["--once"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.err.contains("won't hear"), "{location}: {ran:?}");
        assert!(hub.heard().len() <= 12, "{location}");
        // Asking again would change nothing; a change of the feed does.
        let before = hub.heard().len();
        assert_eq!(mill.run(&["ping"]).code, 0);
        assert_eq!(hub.heard().len(), before, "{location}");
    }
}

#[test]
fn a_refusal_is_told_once_and_stands_until_the_feed_changes() {
    let hub = Hub::answering(|n| match n {
        0..3 => Reply::At("HTTP/1.1 403 Forbidden\r\nContent-Length: 12\r\n\r\nnot a \x1b feed"),
        _ => Reply::At("HTTP/1.1 204 No Content"),
    });
    let mill = mill(&[&hub], "");
    let hubs = hubs(&mill, QUICK);
    hubs.published(topics(&[("a", 1)]));
    hub.hears(1);
    hubs.published(topics(&[("a", 1), ("b", 1)]));
    hub.hears(2);
    hubs.published(topics(&[("a", 2), ("b", 1)]));
    hub.hears(3);
    assert_eq!(hub.heard(), [told("a"), told("b"), told("a")]);
    let why = |count: &str| format!("it refuses {count}: 403 Forbidden, \"not a \\u{{1b}} feed\"");
    // Another run knows of it, and of what is published no more nothing is said.
    let noted = || std::fs::read_to_string(mill.path(".feedmill/hubs.json")).unwrap_or_default();
    until("all noted", || noted().contains(&format!("{:032x}", 2)));
    drop(hubs);
    let hubs = Hubs::begin(&mill.config(), QUICK);
    assert_eq!(hubs.in_vain().into_values().collect::<Vec<_>>(), [why("2 feed documents")]);
    hubs.published(topics(&[("b", 1)]));
    assert_eq!(hubs.in_vain().into_values().collect::<Vec<_>>(), [why("1 feed document")]);
    hubs.published(topics(&[("b", 2)]));
    until("accepted", || hubs.in_vain().is_empty());
    assert_eq!(hub.heard()[3..], [told("b")]);
}

#[test]
fn a_hub_that_stays_away_is_given_up_until_there_is_something_new() {
    let hub = Hub::answering(|n| if n < 4 { Reply::Close } else { Reply::At("HTTP/1.1 204 No Content") });
    let mill = mill(&[&hub], "");
    let hubs = hubs(&mill, Pace { tries: 3, ..QUICK });
    hubs.published(topics(&[("a", 1), ("b", 1)]));
    until("given up", || !hubs.in_vain().is_empty());
    assert_eq!(hub.heard().len(), 3);
    // The same again is nothing new.
    hubs.published(topics(&[("a", 1), ("b", 1)]));
    hubs.published(topics(&[("a", 1), ("b", 1), ("c", 1)]));
    hub.hears(4);
    assert_eq!(hub.heard()[3], told("c"));
    assert_eq!(hubs.in_vain().len(), 1);
    // Whoever answers is told all that it is owed.
    hubs.published(topics(&[("a", 1), ("b", 1), ("d", 1)]));
    hub.hears(7);
    assert_eq!(hub.heard()[4..], [told("d"), told("a"), told("b")]);
    assert!(hubs.in_vain().is_empty());
}

#[test]
fn what_is_published_while_a_hub_is_tried_in_vain_is_not_given_up_with_the_rest() {
    let hub = Hub::answering(|n| match n {
        0..3 => Reply::Close,
        3 => Reply::When("HTTP/1.1 503 Service Unavailable"),
        _ => Reply::At("HTTP/1.1 204 No Content"),
    });
    let mill = mill(&[&hub], "");
    let hubs = hubs(&mill, Pace { tries: 3, ..QUICK });
    hubs.published(topics(&[("a", 1)]));
    until("given up", || !hubs.in_vain().is_empty());
    hubs.published(topics(&[("a", 1), ("b", 1)]));
    hub.hears(4);
    hubs.published(topics(&[("a", 1), ("b", 1), ("c", 1)]));
    hub.go_on();
    hub.hears(7);
    assert_eq!(hub.heard()[3..], [told("b"), told("c"), told("a"), told("b")]);
    assert!(hubs.in_vain().is_empty());
}

#[test]
fn a_slow_hub_keeps_neither_the_other_nor_the_end_waiting() {
    let slow = Hub::answering(|_| Reply::When("HTTP/1.1 204 No Content"));
    let other = Hub::answering(|_| Reply::At("HTTP/1.1 204 No Content"));
    let mill = mill(&[&slow, &other], "");
    let hubs = hubs(&mill, Pace { answer: Duration::from_secs(3600), ..QUICK });
    for hash in 1..=3 {
        hubs.published(topics(&[("a", hash)]));
        other.hears(usize::try_from(hash).unwrap());
    }
    slow.hears(1);
    // The slow one has not answered yet, and nobody waits for it.
    let ending = std::thread::spawn(move || drop(hubs));
    until("the end", || ending.is_finished());
    assert_eq!(slow.heard(), [told("a")]);
}

#[test]
fn what_was_told_is_remembered_and_what_cannot_be_read_is_told_anew() {
    let hub = Hub::answering(|_| Reply::At("HTTP/1.1 204 No Content"));
    let mill = mill(&[&hub], "");
    assert_eq!(mill.run(&["--once"]).code, 0);
    assert_eq!(hub.heard().len(), 3);
    let file = mill.path(".feedmill/hubs.json");
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(told["hubs"][&hub.address].as_object().unwrap().len(), 3, "{told}");
    for broken in ["", "{", "[]", "{\"schema\":1,\"hubs\":3}"] {
        std::fs::write(&file, broken).unwrap();
        let before = hub.heard().len();
        let ran = mill.run(&["--once"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(hub.heard().len(), before + 3, "{broken:?}");
    }
}
