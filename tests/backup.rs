//! Out of a store and back: a backup, an export, and what must not be taken in.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use feedmill::mill::decisions::Decision;
use support::harbour::{BOAT, MAST, MAST_2, MOLE};
use support::{Mill, Told, files_below, id, page, told};

const CONFIG: &str = r#"
[[source]]
name     = "news"
files    = ["news/*.txt"]
site     = "harbour"
language = "en"
layout   = "newsroom"

[[source]]
name     = "notes"
files    = ["notes/*.txt"]
site     = "notes"
language = "en"
layout   = "newsroom"
undated  = "first-seen"

[[feed]]
name    = "all"
limit   = 0
"#;

const MOLE_2: Told = told("Walks upon the mole", "22 March 2021", "On Sundays the mole is open.");

/// A mill whose store holds more than its files give back: contents that are gone, and decisions of every kind.
fn mill() -> Mill {
    let mill = Mill::new(CONFIG);
    fs::create_dir(mill.path("notes")).unwrap();
    mill.write("news/latest.txt", page(&[MAST, BOAT]));
    mill.pass();
    mill.write("news/latest.txt", page(&[MAST_2, MOLE, MOLE_2]));
    mill.pass();
    assert_eq!(mill.run(&["retract", &id("harbour", "2021-03-20", "pilotboatchristened")]).code, 0);
    let key = |title: &str| id("harbour", "2021-03-22", title).parse().unwrap();
    mill.decide(Decision::Alias { alias: key("walksuponthemole"), of: key("walksonthemole") });
    let seen = id("notes", "", "anote").parse().unwrap();
    mill.decide(Decision::FirstSeen { first_seen: seen, date: "2021-02-03".parse().unwrap() });
    mill.pass();
    mill
}

fn empty() -> Mill {
    let mill = Mill::new(CONFIG);
    for folder in ["news", "notes"] {
        fs::create_dir(mill.path(folder)).unwrap();
    }
    mill
}

fn names(folder: &Path) -> BTreeSet<String> {
    files_below(folder).iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_backup_brings_back_the_same_ids_and_the_same_bytes() {
    let mill = mill();
    fs::create_dir(mill.path("safe")).unwrap();
    let ran = {
        // A daemon holds the store.
        let _held = mill.state();
        mill.run(&["backup", "safe/mill.db"])
    };
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(names(&mill.path("safe")), ["mill.db".to_owned()].into(), "one file, and nothing beside it");
    let db = rusqlite::Connection::open(mill.path("safe/mill.db")).unwrap();
    assert_eq!(db.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
    drop(db);
    let bytes = fs::read(mill.path("safe/mill.db")).unwrap();
    for inbox_is_there in [false, true] {
        let other = empty();
        if inbox_is_there {
            other.write("news/latest.txt", page(&[MAST_2, MOLE, MOLE_2]));
        }
        other.write("mill.db", &bytes);
        let ran = other.run(&["import", "mill.db"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("2 contents, decisions taken in"), "{ran:?}");
        assert_eq!(fs::read(other.path("mill.db")).unwrap(), bytes, "the backup is not touched");
        let decisions = |mill: &Mill| fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap();
        assert_eq!(decisions(&other), decisions(&mill));
        let items = other.pass().items;
        assert_eq!((items.new, items.revised, items.gone), (0, 0, 0), "what was taken in is known");
        assert_eq!(other.feeds(), mill.feeds());
        assert_eq!(other.items(), mill.items());
        assert!(!other.pass().changed);
    }
}

#[test]
fn a_backup_never_takes_the_place_of_a_file() {
    let mill = mill();
    mill.write("mill.db", "something else");
    std::os::unix::fs::symlink("nowhere", mill.path("link.db")).unwrap();
    for there in ["mill.db", "link.db", ".feedmill/feedmill.db", "public", "feedmill.toml"] {
        let ran = mill.run(&["backup", there]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("is there already"), "{ran:?}");
    }
    assert_eq!(fs::read(mill.path("mill.db")).unwrap(), b"something else");
    // What is published is for everybody, the store is not.
    assert_eq!(mill.run(&["backup", "public/all/mill.db"]).code, 2);
    let ran = mill.run(&["backup", "no/such/folder/mill.db"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(names(&mill.path("public")).iter().all(|name| !name.contains("mill.db")));
    assert!(!names(&mill.path("")).iter().any(|name| name.ends_with(".tmp")));
}

#[test]
fn without_a_config_an_import_knows_by_their_names_when_files_were_captured() {
    let mill = Mill::new("");
    mill.delete("feedmill.toml");
    mill.write("pages/2021-03-10.txt", page(&[BOAT, MAST]));
    mill.write("pages/2021-03-12.txt", page(&[BOAT, MAST_2]));
    assert_eq!(mill.run(&["--once", "pages"]).code, 0);
    assert_eq!(mill.run(&["backup", "history.db"]).code, 0);
    assert_eq!(mill.run(&["--state", "other", "import", "history.db"]).code, 0);
    let ran = mill.run(&["--state", "other", "--once", "pages"]);
    assert!(ran.code == 0 && ran.out.contains("0 new, 0 revised"), "{ran:?}");
}

#[test]
fn what_keeps_a_backup_from_being_written_is_not_told_of_the_store() {
    let mill = mill();
    // The file itself would have room for its name, and what is written beside it has none.
    let ran = mill.run(&["backup", &"x".repeat(250)]);
    assert!(ran.code == 3 && ran.err.contains("cannot write the backup"), "{ran:?}");
    assert!(!ran.err.contains("cannot use the store") && ran.err.contains("the store is as it was"), "{ran:?}");
}

#[test]
fn what_lies_where_a_backup_is_written_is_not_written_into() {
    let mill = mill();
    mill.write("other", "precious");
    for linked in ["ln -s", "ln"] {
        let script = format!("{linked} other .b.db.$$.tmp; exec {} backup b.db", env!("CARGO_BIN_EXE_feedmill"));
        let ran = Command::new("sh").current_dir(mill.path("")).args(["-c", &script]).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        assert_eq!(fs::read_to_string(mill.path("other")).unwrap(), "precious");
        assert!(fs::symlink_metadata(mill.path("b.db")).unwrap().is_file());
        mill.delete("b.db");
    }
}

#[test]
fn nothing_is_taken_in_where_anything_would_be_lost() {
    let mill = mill();
    assert_eq!(mill.run(&["backup", "mill.db"]).code, 0);
    let backup = fs::read(mill.path("mill.db")).unwrap();
    let refuses = |other: &Mill, bytes: &[u8], why: &str| {
        other.write("mill.db", bytes);
        let ran = other.run(&["import", "mill.db"]);
        assert_eq!(ran.code, 2, "{why}: {ran:?}");
        assert!(ran.err.contains(why), "{why}: {ran:?}");
    };
    let full = empty();
    full.write("news/2021-03-24.txt", page(&[MOLE]));
    full.pass();
    refuses(&full, &backup, "is not empty");
    assert_eq!(full.titles("all"), [MOLE.title]);

    let decided = empty();
    decided.decide(Decision::Retract { retract: id("x", "", "y").parse().unwrap(), undo: false, when: None });
    refuses(&decided, &backup, "holds other decisions");
    assert_eq!(fs::read_to_string(decided.path(".feedmill/decisions.jsonl")).unwrap().lines().count(), 1);

    // A damaged backup, a cut one, another database, a later version.
    let mut torn = backup.clone();
    torn[8192..12288].fill(0xA5);
    refuses(&empty(), &torn, "nothing was taken in");
    refuses(&empty(), &backup[..backup.len() / 2], "nothing was taken in");
    let other = empty();
    for (sql, why) in [
        ("CREATE TABLE news (title TEXT)", "no store of feedmill"),
        ("CREATE TABLE news (title TEXT); PRAGMA user_version = 999", "but found version 999"),
    ] {
        let _ = fs::remove_file(other.path("other.db"));
        rusqlite::Connection::open(other.path("other.db")).unwrap().execute_batch(sql).unwrap();
        refuses(&other, &fs::read(other.path("other.db")).unwrap(), why);
    }
    // After all that the store is as empty as it was.
    other.write("mill.db", &backup);
    assert_eq!(other.run(&["import", "mill.db"]).code, 0);
}

/// What the disk lacks is no fault of what is taken in.
#[test]
fn an_import_that_finds_no_room_is_trouble_and_no_wrong_usage() {
    let full = Mill::new(CONFIG);
    let long = "What the harbour master has to say. ".repeat(20);
    let item = |n| format!("\n{n}. Announcement number {n} of the harbour\n\n22 March 2021\n\n{long}\n");
    full.write("news/latest.txt", (1..300).map(item).collect::<String>());
    full.pass();
    let export = full.run(&["export"]).out;
    let mut refused = 0;
    for kilobytes in (200..).step_by(40) {
        let other = empty();
        other.write("given", &export);
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" import given", kilobytes * 2);
        let mut shell = Command::new("sh");
        let ran = shell.current_dir(other.path("")).args(["-c", &script, env!("CARGO_BIN_EXE_feedmill")]).output();
        let ran = ran.unwrap();
        if ran.status.success() {
            break;
        }
        let err = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.code() == Some(3) && err.contains("cannot use the store"), "{kilobytes}: {err}");
        refused += 1;
    }
    assert!(refused > 2, "{refused}");
}

#[test]
fn an_export_comes_back_from_standard_input_and_a_backup_does_not() {
    let mill = mill();
    let feed = |other: &Mill, bytes: &[u8]| {
        other.write("given", bytes);
        let given = fs::File::open(other.path("given")).unwrap();
        let mut import = Command::new(env!("CARGO_BIN_EXE_feedmill"));
        import.current_dir(other.path("")).args(["import", "-"]).stdin(Stdio::from(given));
        import.output().unwrap()
    };
    let other = empty();
    let exported = mill.run(&["export"]).out;
    assert!(feed(&other, exported.as_bytes()).status.success());
    assert_eq!(other.run(&["export"]).out, exported);
    // An export holds what was read; what was decided lies beside it, and is copied by whoever wants it.
    fs::copy(mill.path(".feedmill/decisions.jsonl"), other.path(".feedmill/decisions.jsonl")).unwrap();
    other.pass();
    assert_eq!(other.feeds(), mill.feeds());

    assert_eq!(mill.run(&["backup", "mill.db"]).code, 0);
    let refused = feed(&empty(), &fs::read(mill.path("mill.db")).unwrap());
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("name its file"));
}

#[test]
fn an_export_that_failed_is_told_from_one_of_an_empty_store() {
    let mill = empty();
    mill.write("nothing", "");
    let refused = mill.run(&["import", "nothing"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("no line of an export"), "{refused:?}");
    mill.pass();
    let exported = mill.run(&["export"]).out;
    assert_eq!(exported, "{\"schema\":1,\"empty\":true}\n");
    let other = empty();
    other.write("export", &exported);
    assert_eq!(other.run(&["import", "export"]).code, 0);
    assert_eq!(other.run(&["export"]).out, exported);
}
