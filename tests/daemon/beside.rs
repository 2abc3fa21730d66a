//! What commands do beside the daemon.

use std::fs;

use crate::service::{Daemon, config, items, sheet, shown, shows, title};
use crate::support::Mill;

#[test]
fn a_decision_made_beside_the_daemon_reaches_the_feed() {
    let mill = Mill::new(&config(""));
    mill.write("in/a.txt", sheet("decisions", 1..=4));
    let daemon = Daemon::ready(&mill);
    let id = |n: usize| {
        let all = items(&mill, ".feedmill");
        all.iter().find(|(_, found)| **found == title("decisions", n)).unwrap().0.clone()
    };
    let [first, second, third] = [1, 2, 3].map(id);
    let missing = |n: usize| !shown(&mill.path("public")).contains_key(&title("decisions", n));
    // The first decision makes the file, the next ones are added to it.
    assert_eq!(mill.run(&["retract", &first]).code, 0);
    daemon.until("the first retraction", || missing(1));
    assert_eq!(mill.run(&["retract", &second]).code, 0);
    daemon.until("the second retraction", || missing(2));
    assert_eq!(mill.run(&["retract", &first, "--undo"]).code, 0);
    shows(&daemon, &mill, &title("decisions", 1));
    assert_eq!(mill.run(&["alias", &third, &id(4)]).code, 0);
    daemon.until("the alias", || shown(&mill.path("public")).len() == 2);
    daemon.terminate();
}

/// Editors save by renaming: then the file that was watched is another one.
#[test]
fn decisions_that_an_editor_saved_reach_the_feed_and_so_do_those_after_them() {
    let mill = Mill::new(&config("settle = \"100ms\""));
    mill.write("in/a.txt", sheet("edits", 1..=4));
    let daemon = Daemon::ready(&mill);
    let id = |n: usize| {
        let all = items(&mill, ".feedmill");
        all.iter().find(|(_, found)| **found == title("edits", n)).unwrap().0.clone()
    };
    let ids = [1, 2, 3].map(id);
    let missing = |n: usize| !shown(&mill.path("public")).contains_key(&title("edits", n));
    // In the place of the file, or after it was moved away.
    for (n, id) in (1..=2).zip(&ids) {
        let lines = fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap();
        if n == 2 {
            mill.rename(".feedmill/decisions.jsonl", ".feedmill/decisions.jsonl~");
        }
        mill.write(".feedmill/decisions.jsonl", format!("{lines}{{\"retract\":\"{id}\"}}\n"));
        daemon.until("the retraction by hand", || missing(n));
    }
    assert_eq!(mill.run(&["retract", &ids[2]]).code, 0);
    daemon.until("the retraction after it", || missing(3));
    assert!(missing(1) && missing(2));
    daemon.terminate();
}

#[test]
fn a_backup_made_beside_the_daemon_at_work_is_whole() {
    let mill = Mill::new(&config(""));
    mill.write("in/a.txt", sheet("backups", 1..=4));
    let daemon = Daemon::ready(&mill);
    let mut contents = Vec::new();
    for n in 1..=6 {
        mill.write(&format!("in/{n}.txt"), sheet(&format!("backups-{n}"), 1..=40));
        let name = format!("{n}.db");
        let ran = mill.run(&["backup", &name]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let db = rusqlite::Connection::open(mill.path(&name)).unwrap();
        assert_eq!(db.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
        contents.push(db.query_row("SELECT count(*) FROM seen", [], |row| row.get::<_, i64>(0)).unwrap());
    }
    assert!(contents.is_sorted() && contents.first() >= Some(&1), "{contents:?}");
    shows(&daemon, &mill, &title("backups-6", 40));
    assert_eq!(mill.run(&["backup", "last.db"]).code, 0);
    daemon.terminate();
    let other = Mill::new(&config(""));
    fs::copy(mill.path("last.db"), other.path("last.db")).unwrap();
    assert_eq!(other.run(&["import", "last.db"]).code, 0);
    assert_eq!(other.run(&["export"]).out, mill.run(&["export"]).out);
}
