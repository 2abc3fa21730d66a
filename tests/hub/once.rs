//! A single pass, and the command that tells hubs later.

use std::net::TcpListener;

use crate::loopback::{Hub, Reply};
use crate::{all, mill, service};

fn good() -> Hub {
    Hub::answering(|_| Reply::At("HTTP/1.1 204 No Content"))
}

#[test]
fn a_pass_tells_the_hub_of_what_changed() {
    let hub = good();
    let mill = mill(&[&hub], "");
    let ran = mill.run(&["--once"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(hub.heard(), all());
    let rss = std::fs::read_to_string(mill.path("public/everything/rss.xml")).unwrap();
    assert!(rss.contains(&format!("<atom:link href=\"{}\" rel=\"hub\"", hub.address)), "{rss}");
    // Nothing has changed, and nobody hears of it.
    assert_eq!(mill.run(&["--once"]).code, 0);
    assert_eq!(hub.heard().len(), 3);
    mill.write("in/b.txt", service::sheet("more", 1..=1));
    assert_eq!(mill.run(&["--once"]).code, 0);
    assert_eq!(hub.heard().len(), 6);
    // A dry run tells nobody.
    mill.write("in/c.txt", service::sheet("dry", 1..=1));
    assert_eq!(mill.run(&["--dry-run"]).code, 5);
    assert_eq!(hub.heard().len(), 6);
}

#[test]
fn a_hub_that_is_down_is_owed_it() {
    // A port that nobody listens on for now.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let hub = Hub::on(&listener, |_| Reply::At("HTTP/1.1 204 No Content"));
    let mill = mill(&[&hub], "");
    drop((hub, listener));
    crate::until("nobody listens", || std::net::TcpStream::connect(at).is_err());
    let ran = mill.run(&["--once"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("could not be told"), "{ran:?}");
    assert!(mill.path("public/everything/rss.xml").exists());
    let ran = mill.run(&["ping", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("\"owed\":3"), "{ran:?}");
    let hub = Hub::on(&TcpListener::bind(at).unwrap(), |_| Reply::At("HTTP/1.1 204 No Content"));
    let ran = mill.run(&["ping"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, format!("{}: told of 3 feed documents\n", hub.address));
    assert_eq!(hub.heard(), all());
    let ran = mill.run(&["ping"]);
    assert_eq!((ran.code, ran.out), (0, format!("{}: told of 0 feed documents\n", hub.address)));
    assert_eq!(hub.heard().len(), 3);
}

#[test]
fn a_hub_that_a_pass_tells_in_vain_is_in_the_status_until_it_listens() {
    let hub = Hub::answering(|n| match n {
        0..3 => Reply::At("HTTP/1.1 404 Not Found"),
        3 => Reply::At("HTTP/1.1 503 Service Unavailable"),
        _ => Reply::At("HTTP/1.1 204 No Content"),
    });
    let mill = mill(&[&hub], "");
    let in_vain = || {
        let status = mill.run(&["status"]).out;
        status.lines().filter(|line| line.starts_with("hub since ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(mill.run(&["--once"]).code, 0);
    assert!(in_vain().concat().ends_with(": it refuses 3 feed documents: 404 Not Found"), "{:?}", in_vain());
    // It is told of nothing, and still refuses what it refused.
    assert_eq!(mill.run(&["--once"]).code, 0);
    assert_eq!(in_vain().len(), 1);
    mill.write("in/b.txt", service::sheet("more", 1..=1));
    assert_eq!(mill.run(&["--once"]).code, 0);
    assert!(in_vain().concat().contains(": it could not be told of 3 feed documents: 503"), "{:?}", in_vain());
    assert_eq!(mill.run(&["ping"]).code, 0);
    assert_eq!(in_vain(), [""; 0]);
}

#[test]
fn a_folder_that_is_uploaded_first_is_told_of_by_the_command() {
    let hub = good();
    let mill = mill(&[&hub], "once = false");
    assert_eq!(mill.run(&["--once"]).code, 0);
    assert_eq!(hub.heard().len(), 0);
    assert_eq!(mill.run(&["ping", "-q"]).out, "");
    assert_eq!(hub.heard(), all());
}

#[test]
fn nobody_is_told_without_hubs() {
    let hub = good();
    let mill = mill(&[], "");
    assert_eq!(mill.run(&["--once"]).code, 0);
    assert!(!mill.path(".feedmill/hubs.json").exists());
    let ran = mill.run(&["ping"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("[websub]"), "{ran:?}");
    assert_eq!(hub.heard().len(), 0);
}
