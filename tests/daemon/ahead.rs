//! What subscribers poll goes ahead of the pages, and never of what it points to.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::service::{Daemon, config, once, sheet, shows, title};
use crate::support::{Mill, files_below};

const HEADS: [&str; 3] = ["everything/atom.xml", "everything/feed.json", "everything/rss.xml"];

/// What each pass of a daemon wrote of its feed, from one of its reports on.
fn written(daemon: &Daemon, from: usize) -> Vec<Vec<String>> {
    let written = |report: &Value| serde_json::from_value(report["feeds"][0]["written"].clone()).unwrap();
    daemon.reports().iter().skip(from).map(written).filter(|written: &Vec<String>| !written.is_empty()).collect()
}

fn mill(base_url: &str) -> Mill {
    let mill = Mill::new(&format!("{base_url}\n{}", config("")));
    mill.write("in/a.txt", sheet("ahead", 1..=4));
    mill
}

/// Two more items land, and are in the feed. Says how many reports there were before.
fn grow(mill: &Mill, daemon: &Daemon) -> usize {
    let before = daemon.reports().len();
    mill.write("in/b.txt", sheet("ahead", 5..=6));
    shows(daemon, mill, &title("ahead", 6));
    before
}

#[test]
fn the_feeds_go_ahead_and_the_rest_follows() {
    let mill = mill("");
    let daemon = Daemon::ready(&mill);
    let before = grow(&mill, &daemon);
    daemon.until("the rest", || written(&daemon, before).len() == 2);
    let [ahead, rest] = written(&daemon, before).try_into().unwrap();
    assert_eq!(ahead, HEADS);
    assert_eq!(rest, ["everything/2020/06.atom", "everything/2020/06.html", "everything/index.html"]);
    // A month that was not there yet has to be: the newest archive begins the chain.
    let before = daemon.reports().len();
    mill.write("in/c.txt", sheet("ahead", 7..=8).replace("June", "July"));
    daemon.until("a new month", || written(&daemon, before).len() == 2);
    let ahead = &written(&daemon, before)[0];
    assert!(ahead.contains(&"everything/2020/07.atom".to_owned()), "{ahead:?}");
    assert!(!ahead.contains(&"everything/2020/06.atom".to_owned()), "{ahead:?}");
    daemon.terminate();
    once(&mill);
    let documents = |folder: &str| -> Vec<(PathBuf, Vec<u8>)> {
        let below =
            |path: PathBuf| (path.strip_prefix(mill.path(folder)).unwrap().to_owned(), fs::read(&path).unwrap());
        files_below(&mill.path(folder)).into_iter().map(below).collect()
    };
    assert_eq!(documents("public"), documents("once"));
}

#[test]
fn the_page_that_an_item_links_to_is_there_before_the_item_is() {
    let mill = mill("base_url = \"https://feeds.example.org/\"");
    let daemon = Daemon::ready(&mill);
    let before = grow(&mill, &daemon);
    let page = fs::read_to_string(mill.path("public/everything/2020/06.html")).unwrap();
    assert!(page.contains(&title("ahead", 6)), "{page}");
    daemon.until("the rest", || written(&daemon, before).len() == 2);
    assert_eq!(written(&daemon, before)[1], ["everything/index.html"]);
    daemon.terminate();
}

#[test]
fn a_daemon_that_ends_leaves_nothing_to_be_published() {
    let mill = mill("");
    let daemon = Daemon::ready(&mill);
    for round in 0..5 {
        let name = format!("round-{round}");
        mill.write(&format!("in/{name}.txt"), sheet(&name, 1..=2));
    }
    shows(&daemon, &mill, &title("round-4", 2));
    daemon.terminate();
    let page = fs::read_to_string(mill.path("public/everything/2020/06.html")).unwrap();
    assert!(page.contains(&title("round-4", 2)), "{page}");
    let before = files_below(&mill.path("public")).len();
    let ran = mill.run(&["--once", "--dry-run"]);
    assert_eq!((ran.code, files_below(&mill.path("public")).len()), (0, before), "{ran:?}");
}
