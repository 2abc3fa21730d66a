//! What a daemon does when there is nothing to do: nothing, but for telling that it is alive.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::service::{Daemon, config, program, sheet, shown, shows, title};
use crate::support::{Mill, prints};

/// Bytes written, and times that a thread went to sleep, all in all.
fn work(pid: u32) -> (u64, u64) {
    let number = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit([' ', '\t']).next().unwrap().parse::<u64>().unwrap()
    };
    let written = number(&fs::read_to_string(format!("/proc/{pid}/io")).unwrap(), "wchar:");
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let switches = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap());
    (written, switches.map(|status| number(&status, "voluntary_ctxt_switches:")).sum())
}

#[test]
fn nothing_is_done_when_nothing_happens() {
    let mill = Mill::new(&config("settle = \"200ms\""));
    mill.write("in/a.txt", sheet("idle", 1..=4));
    let daemon = Daemon::ready(&mill);
    mill.write("in/b.txt", sheet("idle", 5..=8));
    shows(&daemon, &mill, &title("idle", 8));
    // The last that it has to say about this, when things have calmed down.
    daemon.hears("STATUS=watching 1 source; 8 items in 1 feed");
    sleep(Duration::from_millis(500));
    let (reports, heard, before) = (daemon.reports().len(), daemon.heard().len(), work(daemon.pid()));
    sleep(Duration::from_secs(5));
    let after = work(daemon.pid());
    eprintln!("idle for 5 s: {} bytes written, {} wake-ups", after.0 - before.0, after.1 - before.1);
    assert_eq!(after.0, before.0, "bytes were written");
    assert!(after.1 - before.1 <= 10, "{before:?} {after:?}");
    assert_eq!((daemon.reports().len(), daemon.heard().len()), (reports, heard));
    daemon.terminate();
}

#[test]
fn a_touched_file_changes_nothing_in_the_output() {
    let mill = Mill::new(&config("settle = \"200ms\""));
    mill.write("in/a.txt", sheet("touched", 1..=4));
    let daemon = Daemon::ready(&mill);
    let (feeds, reports) = (prints(&mill.path("public")), daemon.reports().len());
    mill.touch("in/a.txt", 1_600_000_000);
    daemon.until("a look at the touched file", || daemon.reports().len() > reports);
    mill.write("in/a.txt", sheet("touched", 1..=4));
    daemon.until("a look at the same text", || daemon.reports().len() > reports + 1);
    assert!(daemon.reports()[reports..].iter().all(|report| report["feeds"][0]["written"] == serde_json::json!([])));
    assert_eq!(prints(&mill.path("public")), feeds);
    daemon.terminate();
}

#[test]
fn the_service_manager_hears_that_it_is_alive() {
    let mill = Mill::new(&config(""));
    mill.write("in/a.txt", sheet("alive", 1..=2));
    let feedmill = program(&mill);
    // The watchdog is meant for one process, whose id only itself knows beforehand.
    let mut shell = Command::new("/bin/sh");
    shell.current_dir(mill.path("")).env_clear().env("PATH", "/usr/bin:/bin").env("WATCHDOG_USEC", "400000");
    shell.args(["-c", "exec env WATCHDOG_PID=$$ \"$@\"", "sh"]).arg(feedmill.get_program()).args(feedmill.get_args());
    let daemon = Daemon::spawn(&mill, shell, true);
    daemon.hears("READY=1");
    for _ in 0..3 {
        daemon.hears_again("WATCHDOG=1", daemon.count("WATCHDOG=1"));
    }
    mill.write("in/b.txt", sheet("alive", 3..=4));
    shows(&daemon, &mill, &title("alive", 4));
    daemon.hears_again("WATCHDOG=1", daemon.count("WATCHDOG=1"));
    assert_eq!(shown(&mill.path("public")).len(), 4);
    daemon.terminate();
}
