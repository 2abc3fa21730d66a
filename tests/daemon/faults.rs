//! What goes wrong around it: no watches, few descriptors, a slow disk, a clock that jumps, an output folder that is
//! gone. It rides through without a restart, and what the operator must know it says once.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::service::{Daemon, config, drops, items, once, program, sheet, shown, shows, title};
use crate::support::{Mill, assert_whole, files_below, page, told};

/// The program, started by another one: `with` and its arguments.
fn started_by(mill: &Mill, with: &[&str]) -> Command {
    let mut command = Command::new(with[0]);
    command.current_dir(mill.path("")).env_clear().args(&with[1..]).arg(env!("CARGO_BIN_EXE_feedmill"));
    command.args(program(mill).get_args());
    command
}

fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !there {
        eprintln!("skipped: there is no {program}");
    }
    there
}

/// Starts a program in a user namespace of its own, which may have a single watch.
const ONE_WATCH: [&str; 5] =
    ["unshare", "-Ur", "sh", "-c", "echo 1 > /proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\""];

fn can_limit_watches() -> bool {
    let tried = Command::new(ONE_WATCH[0]).args(&ONE_WATCH[1..]).arg("true").output();
    let can = tried.is_ok_and(|tried| tried.status.success());
    if !can {
        eprintln!("skipped: nobody here can limit the watches of a namespace");
    }
    can
}

const NO_TEXT: [u8; 8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0];

#[test]
fn what_stays_wrong_is_logged_once_and_what_comes_back_once_more() {
    let mill = Mill::new(&config("mode = \"poll\""));
    mill.write("in/a.txt", sheet("start", 1..=2));
    mill.write("in/bad.txt", NO_TEXT);
    let daemon = Daemon::ready(&mill);
    let skips = |count: usize| {
        let told = |report: &serde_json::Value| report["files"]["skipped"] == count;
        daemon.until("what is skipped", || daemon.reports().last().is_some_and(told));
    };
    for _ in 0..2 {
        mill.write("in/worse.txt", NO_TEXT);
        skips(2);
        mill.delete("in/worse.txt");
        skips(1);
    }
    let said = |name: &str| daemon.log().lines().filter(|line| line.contains("WARN") && line.contains(name)).count();
    assert_eq!((said("bad.txt"), said("worse.txt")), (1, 2), "{}", daemon.log());
    daemon.terminate();
}

#[test]
fn that_a_feed_stays_as_it_was_is_logged_once() {
    let mill = Mill::new(&config("settle = \"300ms\""));
    mill.write("in/a.txt", sheet("start", 1..=2));
    assert_eq!(mill.run(&["--once"]).code, 0);
    mill.delete("in/a.txt");
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    mill.write("in/b.txt", sheet("other", 1..=2));
    let daemon = Daemon::ready(&mill);
    for n in 3..6 {
        let before = daemon.reports().len();
        mill.write(&format!("in/{n}.txt"), sheet("other", n..=n));
        daemon.until("another pass", || daemon.reports().len() > before);
    }
    assert!(daemon.reports().iter().all(|report| report["kept"].as_array().is_some_and(|kept| kept.len() == 1)));
    assert_eq!(daemon.log().matches("stays as it was published").count(), 1, "{}", daemon.log());
    daemon.terminate();
}

#[test]
fn without_watches_left_it_looks_again_and_again_and_names_the_limit_once() {
    if !can_limit_watches() {
        return;
    }
    let mill = Mill::new(&config(""));
    mill.write("in/a/b/c.txt", sheet("start", 1..=1));
    let daemon = Daemon::spawn(&mill, started_by(&mill, &ONE_WATCH), true);
    daemon.hears("READY=1");
    for name in ["late", "later", "x/y/latest"] {
        drops(&mill, &daemon, name);
    }
    assert_eq!(daemon.log().matches("fs.inotify.max_user_watches").count(), 1, "{}", daemon.log());
    assert!(!daemon.log().to_lowercase().contains("no space left"), "{}", daemon.log());
    daemon.terminate();
}

#[test]
fn where_events_are_insisted_on_a_missing_watch_is_no_start() {
    if !can_limit_watches() {
        return;
    }
    let mill = Mill::new(&config("mode = \"events\""));
    mill.write("in/a/b/c.txt", sheet("start", 1..=1));
    let mut daemon = Daemon::spawn(&mill, started_by(&mill, &ONE_WATCH), true);
    assert_eq!(daemon.end(), Some(3), "{}", daemon.log());
    assert!(daemon.log().contains("fs.inotify.max_user_watches"), "{}", daemon.log());
    assert!(daemon.log().contains("raise the limit"), "{}", daemon.log());
}

#[test]
fn readers_take_no_descriptor_that_watching_and_publishing_need() {
    if !is_there("prlimit") {
        return;
    }
    // Free a moment ago.
    let door = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mill = Mill::new(&format!("{}\n[serve]\nlisten = \"{door}\"\n", config("")));
    mill.write("in/a.txt", sheet("start", 1..=1));
    let daemon = Daemon::spawn(&mill, started_by(&mill, &["prlimit", "--nofile=40:40", "--"]), true);
    daemon.hears("READY=1");
    let readers: Vec<TcpStream> = (0..80).map_while(|_| TcpStream::connect(door).ok()).collect();
    assert!(readers.len() > 20, "{}", readers.len());
    for n in 0..5 {
        drops(&mill, &daemon, &format!("crowded{n}"));
    }
    assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
    drop(readers);
    drops(&mill, &daemon, "calm");
    daemon.terminate();
}

#[test]
fn what_could_not_be_opened_for_want_of_descriptors_is_read_when_there_are_some() {
    // A source's folder, a file in it, a folder below it.
    for (name, free) in [("in/late.txt", 0), ("in/later.txt", 1), ("in/below/latest.txt", 1)] {
        let mill = Mill::new(&config(""));
        mill.write("in/a.txt", sheet("start", 1..=1));
        fs::create_dir_all(mill.path(name).parent().unwrap()).unwrap();
        let daemon = Daemon::ready(&mill);
        let pid = Pid::from_raw(i32::try_from(daemon.pid()).unwrap());
        let limit = |files| prlimit(pid, Resource::Nofile, files).unwrap();
        // What is open stays so.
        let open: BTreeSet<u64> = fs::read_dir(format!("/proc/{}/fd", daemon.pid()))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().parse().unwrap())
            .collect();
        let most = (0..).filter(|number| !open.contains(number)).nth(free);
        let before = limit(Rlimit { current: most, ..getrlimit(Resource::Nofile) });
        mill.write(name, sheet(name, 1..=1));
        daemon.until("a file that can't be opened", || daemon.log().contains("Too many open files"));
        assert!(!shown(&mill.path("public")).contains_key(&title(name, 1)));
        limit(before);
        // Nothing changes any more, and the next look at all for its own sake is minutes away.
        shows(&daemon, &mill, &title(name, 1));
        daemon.terminate();
    }
}

#[test]
fn a_slow_disk_takes_longer_and_nothing_else() {
    if !is_there("strace") {
        return;
    }
    let mill = Mill::new(&config(""));
    mill.write("in/a.txt", sheet("start", 1..=1));
    let daemon = Daemon::ready(&mill);
    const SLOW: &str = "fsync,fdatasync,syncfs,rename,renameat,renameat2,write,pwrite64";
    let mut disk = Command::new("strace");
    disk.args(["-f", "-qq", "-o", "trace", "-e", &format!("trace={SLOW}"), "-p", &daemon.pid().to_string()]);
    disk.args(["-e", &format!("inject={SLOW}:delay_enter=20000")]).current_dir(mill.path(""));
    let mut disk = disk.spawn().unwrap();
    // It takes its time to begin, or may not hold on to what others started.
    let mut has_begun = || mill.path("trace").exists() || disk.try_wait().unwrap().is_some();
    daemon.until("a slow disk", &mut has_begun);
    // Its first write is one of a slow disk.
    for n in 0..3 {
        mill.write(&format!("in/slow{n}.txt"), sheet(&format!("slow{n}"), 1..=2));
        daemon.until("a slow publication", || {
            for path in files_below(&mill.path("public")) {
                let name = path.to_string_lossy().into_owned();
                if !name.ends_with(".new")
                    && let Ok(bytes) = fs::read(&path)
                {
                    assert_whole(&name, &bytes, "on a slow disk");
                }
            }
            shown(&mill.path("public")).contains_key(&title(&format!("slow{n}"), 2))
        });
    }
    let delayed = fs::read_to_string(mill.path("trace")).unwrap_or_default().matches("DELAYED").count();
    let _ = disk.kill();
    disk.wait().unwrap();
    if delayed == 0 {
        eprintln!("skipped: strace may not hold on to what others started");
        return;
    }
    drops(&mill, &daemon, "quick");
    assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
    daemon.terminate();
}

#[test]
fn a_clock_that_jumps_moves_no_item_and_stops_nothing() {
    let libraries = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];
    let faketime = libraries.map(|folder| Path::new(folder).join("faketime/libfaketimeMT.so.1"));
    let Some(faketime) = faketime.iter().find(|library| library.exists()) else {
        eprintln!("skipped: there is no libfaketime");
        return;
    };
    let mill = Mill::new(&config("settle = \"200ms\""));
    mill.write("in/a.txt", sheet("start", 1..=3));
    mill.write("clock", "+0");
    let mut command = program(&mill);
    command.env("LD_PRELOAD", faketime).env("FAKETIME_TIMESTAMP_FILE", mill.path("clock"));
    command.env("FAKETIME_NO_CACHE", "1").env("DONT_FAKE_MONOTONIC", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let daemon = Daemon::spawn(&mill, command, true);
    daemon.hears("READY=1");
    let before = items(&mill, ".feedmill");
    for (n, jump) in ["+27375d", "-20075d", "+1d", "-1h", "+0"].into_iter().enumerate() {
        mill.write("clock", jump);
        drops(&mill, &daemon, &format!("renamed{n}"));
        // Not closed, it is looked at once it was quiet for a while: by a clock that does not jump.
        let mut open = fs::File::create(mill.path(&format!("in/open{n}.txt"))).unwrap();
        open.write_all(sheet(&format!("open{n}"), 1..=1).as_bytes()).unwrap();
        shows(&daemon, &mill, &title(&format!("open{n}"), 1));
    }
    let after = items(&mill, ".feedmill");
    assert!(before.iter().all(|(id, title)| after.get(id) == Some(title)));
    daemon.terminate();
    once(&mill);
    let atom = |folder: &str| fs::read(mill.path(folder).join("everything/atom.xml")).unwrap();
    assert_eq!(atom("public"), atom("once"));
}

#[test]
fn an_output_folder_that_was_removed_is_made_again_with_all_that_was_in_it() {
    let mill = Mill::new(&config(""));
    mill.write("in/a.txt", sheet("start", 1..=3));
    mill.write("in/old.txt", page(&[told("The old mole is closed", "02 March 2019", "Stones had come loose.")]));
    let daemon = Daemon::ready(&mill);
    let before: Vec<_> = files_below(&mill.path("public"));
    for n in 0..3 {
        fs::remove_dir_all(mill.path("public")).unwrap();
        drops(&mill, &daemon, &format!("after{n}"));
    }
    // A pass that knows what changed looks at no page of another month: the next look at all does.
    daemon.signal(rustix::process::Signal::HUP);
    daemon.until("all documents", || before.iter().all(|path| path.exists()));
    assert_eq!(shown(&mill.path("public")).len(), 7);
    daemon.terminate();
}
