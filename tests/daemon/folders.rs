//! What the events do not tell: a queue that overflowed, folders that go, come and come with files in them.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::process::Signal;

use crate::service::{Daemon, config, drops, once, sheet, shown, shows, title};
use crate::support::Mill;

/// A mill with one file, and its daemon, ready.
fn running(watch: &str) -> (Mill, Daemon) {
    let mill = Mill::new(&config(watch));
    mill.write("in/a.txt", sheet("start", 1..=1));
    let daemon = Daemon::ready(&mill);
    shows(&daemon, &mill, &title("start", 1));
    (mill, daemon)
}

#[test]
fn a_queue_that_overflowed_is_made_good() {
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    if limit > 200_000 {
        eprintln!("skipped: the queue takes {limit} events");
        return;
    }
    let (mill, daemon) = running("");
    daemon.signal(Signal::STOP);
    // Each makes four events or more, of which no two neighbours are alike.
    for n in 0..limit / 2 {
        let hidden = mill.path(&format!("in/.hidden{n}"));
        fs::write(&hidden, "x").unwrap();
        fs::remove_file(hidden).unwrap();
    }
    mill.write("in/late.txt", sheet("late", 1..=1));
    daemon.signal(Signal::CONT);
    shows(&daemon, &mill, &title("late", 1));
    drops(&mill, &daemon, "later");
    daemon.terminate();
}

#[test]
fn a_folder_deleted_and_made_again_is_watched_again() {
    let (mill, daemon) = running("");
    for n in 0..6 {
        let heard = daemon.reports().len();
        fs::remove_dir_all(mill.path("in")).unwrap();
        if n % 2 == 0 {
            // Once it was seen to be gone, as a rule.
            daemon.until("a look at what is gone", || daemon.reports().len() > heard);
        }
        drops(&mill, &daemon, &format!("back{n}"));
        drops(&mill, &daemon, &format!("again{n}"));
    }
    daemon.terminate();
}

#[test]
fn a_folder_moved_away_and_back_is_watched_again() {
    let (mill, daemon) = running("");
    for n in 0..3 {
        mill.rename("in", "away");
        mill.write(&format!("away/n{n}.txt"), sheet(&format!("moved{n}"), 1..=1));
        mill.rename("away", "in");
        shows(&daemon, &mill, &title(&format!("moved{n}"), 1));
        drops(&mill, &daemon, &format!("after{n}"));
    }
    // What happens to a folder that is no source's any more is nobody's news.
    let before = shown(&mill.path("public"));
    mill.rename("in", "away");
    mill.write("away/strange.txt", sheet("strange", 1..=1));
    fs::create_dir(mill.path("in")).unwrap();
    drops(&mill, &daemon, "own");
    assert_eq!(shown(&mill.path("public")).len(), before.len() + 1);
    daemon.terminate();
}

#[test]
fn a_folder_replaced_by_a_link_is_watched_where_the_link_leads() {
    let (mill, daemon) = running("");
    mill.rename("in", "disk");
    symlink("disk", mill.path("in")).unwrap();
    mill.write("disk/b.txt", sheet("link", 1..=1));
    shows(&daemon, &mill, &title("link", 1));
    mill.write("disk/c.txt", sheet("link", 2..=2));
    shows(&daemon, &mill, &title("link", 2));
    daemon.terminate();
}

#[test]
fn a_link_on_the_way_to_a_folder_may_lead_elsewhere() {
    let mill = Mill::new(&config("").replace("in/**", "newest/in/**"));
    mill.write("one/in/a.txt", sheet("one", 1..=1));
    symlink(mill.path("via"), mill.path("newest")).unwrap();
    symlink("./one", mill.path("via")).unwrap();
    let daemon = Daemon::ready(&mill);
    shows(&daemon, &mill, &title("one", 1));
    for (link, folder) in [("via", "two"), ("newest", "three"), ("newest", "four")] {
        mill.write(&format!("{folder}/in/a.txt"), sheet(folder, 1..=1));
        symlink(folder, mill.path("next")).unwrap();
        mill.rename("next", link);
        shows(&daemon, &mill, &title(folder, 1));
        mill.write(&format!("{folder}/in/b.txt"), sheet(folder, 2..=2));
        shows(&daemon, &mill, &title(folder, 2));
    }
    fs::remove_file(mill.path("newest")).unwrap();
    symlink("one", mill.path("newest")).unwrap();
    mill.write("one/in/c.txt", sheet("one", 3..=3));
    shows(&daemon, &mill, &title("one", 3));
    daemon.terminate();
}

#[test]
fn a_folder_that_is_missing_at_the_start_is_waited_for() {
    let mill = Mill::new(&config("").replace("in/**", "far/off/in/**"));
    let daemon = Daemon::ready(&mill);
    for (n, folder) in ["far", "far/off", "far/off/in"].into_iter().enumerate() {
        let before = daemon.reports().len();
        fs::create_dir(mill.path(folder)).unwrap();
        if n == 0 {
            daemon.until("a look at the first folder", || daemon.reports().len() > before);
        }
    }
    let lands = |file: &str| {
        mill.write(file, sheet(file, 1..=1));
        shows(&daemon, &mill, &title(file, 1));
    };
    lands("far/off/in/a.txt");
    fs::remove_dir_all(mill.path("far")).unwrap();
    lands("far/off/in/b.txt");
    lands("far/off/in/deeper/c.txt");
    daemon.terminate();
}

#[test]
fn a_folder_made_with_its_files_in_it_is_looked_into() {
    let (mill, daemon) = running("");
    for n in 0..10 {
        // Deep, and at once: the watch can't be there before the file is.
        let folder = mill.path(&format!("in/{n}/b/c"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("x.txt"), sheet(&format!("deep{n}"), 1..=1)).unwrap();
        mill.write(&format!("aside-{n}/y.txt"), sheet(&format!("whole{n}"), 1..=1));
        mill.rename(&format!("aside-{n}"), &format!("in/moved-{n}"));
    }
    for n in 0..10 {
        shows(&daemon, &mill, &title(&format!("deep{n}"), 1));
        shows(&daemon, &mill, &title(&format!("whole{n}"), 1));
        mill.overwrite(&format!("in/{n}/b/c/z.txt"), sheet(&format!("then{n}"), 1..=1));
        shows(&daemon, &mill, &title(&format!("then{n}"), 1));
    }
    once(&mill);
    assert_eq!(shown(&mill.path("public")), shown(&mill.path("once")));
    daemon.terminate();
}

#[test]
fn without_events_everything_still_works() {
    let (mill, daemon) = running("mode = \"poll\"");
    drops(&mill, &daemon, "b");
    drops(&mill, &daemon, "c/d/e");
    fs::remove_dir_all(mill.path("in")).unwrap();
    drops(&mill, &daemon, "f");
    mill.overwrite("in/f.txt", sheet("poll", 2..=3));
    shows(&daemon, &mill, &title("poll", 3));
    daemon.terminate();
}
