//! Ten thousand files at once.

use std::fs;

use crate::service::{Daemon, config, once, sheet, shown, title};
use crate::support::Mill;

const FILES: usize = 10_000;

/// The most memory a process ever had, in MiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn ten_thousand_files_are_a_handful_of_publications() {
    let mill = Mill::new(&config(""));
    mill.write("in/first.txt", sheet("first", 1..=1));
    for n in 0..FILES {
        mill.overwrite(&format!("aside/{n}.txt"), sheet(&n.to_string(), 1..=1));
    }
    let daemon = Daemon::ready(&mill);
    let at_first = daemon.reports().len();
    let publications = || {
        let written = |report: &serde_json::Value| report["feeds"][0]["written"] != serde_json::json!([]);
        daemon.reports()[at_first..].iter().filter(|report| written(report)).count()
    };
    let mut files = 0;
    let mut drop_one = |in_place: bool| {
        let name = format!("in/{files}.txt");
        if in_place {
            mill.overwrite(&name, sheet(&files.to_string(), 1..=1));
        } else {
            fs::rename(mill.path(&format!("aside/{files}.txt")), mill.path(&name)).unwrap();
        }
        files += 1;
        files
    };
    while drop_one(false) < FILES {}
    // However fast that was: as long as files pour in without a pause, something is published all the same.
    let mut total = FILES;
    while publications() == 0 && total < 50 * FILES {
        total = drop_one(true);
    }
    assert!(publications() > 0, "nothing was published while {total} files poured in\n{}", daemon.log());
    for _ in 0..100 {
        total = drop_one(true);
    }
    let last = || daemon.reports().last().map_or(0, |report| report["items"]["total"].as_u64().unwrap());
    daemon.until("all items", || last() == total as u64 + 1);
    daemon.until("all items in the feed", || {
        shown(&mill.path("public")).contains_key(&title(&(total - 1).to_string(), 1))
    });
    let (publications, peak) = (publications(), peak(daemon.pid()));
    eprintln!("{total} files: {publications} publications, at most {peak} MiB");
    let partly = daemon.reports()[at_first..].iter().any(|report| report["items"]["total"] != total + 1);
    assert!(partly, "nothing was published before all were in");
    assert!(publications <= 20, "{publications}");
    assert!(peak < 256, "{peak} MiB");
    daemon.terminate();
    once(&mill);
    assert_eq!(
        fs::read(mill.path("once/everything/atom.xml")).unwrap().len(),
        fs::read(mill.path("public/everything/atom.xml")).unwrap().len()
    );
    assert_eq!(shown(&mill.path("public")), shown(&mill.path("once")));
}
