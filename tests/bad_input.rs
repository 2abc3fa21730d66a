//! What a badly treated mill says and does: the program run on broken input, broken stores and broken disks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr)]

#[path = "support/machine.rs"]
mod machine;
mod support;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::PathBuf;
use std::process::Command;

use feedmill::mill::item::is_forbidden;
use machine::is_root;
use support::harbour::{BRIDGE, CONFIG, FERRY, LAKE, MAST, MOLE};
use support::{Mill, Ran, Told, page, prints, told};

/// A mill with one good page, which the others must not keep from being read.
fn mill() -> Mill {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-03-10.txt", page(&[BRIDGE, LAKE]));
    mill
}

fn once(mill: &Mill) -> Ran {
    mill.run(&["--once"])
}

/// The program's own report.
fn report(mill: &Mill) -> (i32, serde_json::Value) {
    let ran = mill.run(&["--once", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert_eq!(report["exit"], ran.code, "the report tells the exit code");
    (ran.code, report)
}

// ---- files ----------------------------------------------------------------------------------------------------------

/// Skipped: said with its name, every time, until it is excluded or mended; all else is done.
fn is_skipped(name: &str, harm: impl Fn(&Mill, &str), reason: &str) {
    let mill = mill();
    let file = format!("news/{name}");
    harm(&mill, &file);
    for _ in 0..2 {
        let ran = once(&mill);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(&file) && ran.err.contains(reason), "{name}: {ran:?}");
        assert_eq!(mill.titles("news"), [BRIDGE.title, LAKE.title], "{name}");
    }
    let (_, told) = report(&mill);
    assert_eq!((&told["files"]["skipped"], &told["skipped"][0]["file"]), (&1.into(), &file.as_str().into()));
    mill.configure(&CONFIG.replace("url ", &format!("exclude = [\"{file}\"]\nurl ")));
    let ran = once(&mill);
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// Ignored: counted, and nothing is wrong.
fn is_ignored(name: &str, harm: impl Fn(&Mill, &str)) {
    let mill = mill();
    harm(&mill, &format!("news/{name}"));
    let (code, told) = report(&mill);
    assert_eq!((code, &told["files"]["ignored"], &told["files"]["skipped"]), (0, &1.into(), &0.into()), "{told}");
    assert_eq!(mill.titles("news"), [BRIDGE.title, LAKE.title], "{name}");
}

#[test]
fn a_file_that_cannot_be_used_is_skipped_by_name_and_all_others_are_done() {
    is_skipped(
        "2021-03-11.txt",
        |mill, file| mill.write(file, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0"),
        "",
    );
    is_skipped(
        "noise.txt",
        |mill, file| mill.write(file, (0..9000u32).map(|n| (n * n % 251) as u8).collect::<Vec<_>>()),
        "",
    );
    is_skipped(
        "2021-03-12.txt",
        |mill, file| {
            mill.write(file, "");
            fs::File::options().write(true).open(mill.path(file)).unwrap().set_len(65 << 20).unwrap();
        },
        "64 MiB",
    );
    if is_root() {
        eprintln!("skipped: for root no file is unreadable");
    } else {
        let forbid = |mill: &Mill, file: &str| {
            mill.write(file, page(&[MOLE]));
            fs::set_permissions(mill.path(file), fs::Permissions::from_mode(0o000)).unwrap();
        };
        is_skipped("2021-03-13.txt", forbid, "ermission");
    }
}

#[test]
fn what_is_no_scrape_is_ignored_and_hangs_nobody() {
    is_ignored("2021-03-11.txt", |mill, file| mill.write(file, ""));
    is_ignored("dangling.txt", |mill, file| symlink("nowhere", mill.path(file)).unwrap());
    is_ignored("outside.txt", |mill, file| {
        mill.write("elsewhere/page.txt", page(&[MOLE]));
        symlink("../elsewhere/page.txt", mill.path(file)).unwrap();
    });
    is_ignored("pipe.txt", |mill, file| {
        assert!(Command::new("mkfifo").arg(mill.path(file)).status().unwrap().success());
    });
    is_ignored(".hidden.txt", |mill, file| mill.write(file, page(&[MOLE])));
    let mill = mill();
    fs::create_dir(mill.path("news/folder.txt")).unwrap();
    assert_eq!(once(&mill).code, 0);
}

#[test]
fn a_cut_file_gives_what_it_has_whole() {
    let mill = mill();
    let text = page(&[MOLE, FERRY]);
    mill.write("news/2021-03-23.txt", &text[..text.find("Ferry in").unwrap() + 5]);
    let (code, _) = report(&mill);
    assert_eq!(code, 0);
    assert_eq!(mill.titles("news"), [MOLE.title, BRIDGE.title, LAKE.title]);
}

#[test]
fn a_missing_folder_is_told_and_the_others_are_done() {
    let mill = mill();
    mill.configure(&format!("{CONFIG}\n[[source]]\nname = \"gone\"\nfiles = [\"gone/*.txt\"]\n"));
    let ran = once(&mill);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("gone") && ran.err.contains("does not exist"), "{ran:?}");
    assert_eq!(mill.titles("news").len(), 2);
    let checked = mill.run(&["check"]).out;
    assert!(checked.contains("help: make it") && !checked.contains("no file matches"), "{checked}");
    // On the command line it is a mistake of whoever wrote it.
    fs::remove_file(mill.path("feedmill.toml")).unwrap();
    let ran = mill.run(&["--once", "nowhere"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("nowhere") && ran.err.contains("help:"), "{ran:?}");
}

#[test]
fn where_no_file_matches_it_is_said_where_files_are_looked_for() {
    let none = Mill::new("[[source]]\nname = \"none\"\nfiles = [\"none.txt\"]\nsite = \"none\"\n");
    let ran = none.run(&["check"]);
    assert!(ran.code == 0 && ran.out.ends_with("\nnothing wrong otherwise\n"), "{ran:?}");
    assert!(!once(&none).out.contains("set base_url"), "of what has no document yet");
    let mill = mill();
    mill.configure(&format!("{CONFIG}\n[[source]]\nname = \"web\"\nfiles = [\"news/*.html\"]\n"));
    let ran = once(&mill);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("source web: no file matches: look at its `files`"), "{ran:?}");
    assert!(!ran.out.contains("source news"), "{ran:?}");
    // A folder on the command line holds pages, but of another form.
    fs::remove_file(mill.path("feedmill.toml")).unwrap();
    mill.write("saved/news.html", "<!DOCTYPE html><title>News</title>");
    for arguments in [["--once", "saved"], ["check", "saved"]] {
        let ran = mill.run(&arguments);
        assert!(ran.out.contains("*.txt") && ran.out.contains("feedmill init"), "{ran:?}");
    }
    // What held pages once is told of in another way.
    mill.write("saved/news.txt", page(&[MOLE]));
    mill.run(&["--once", "saved"]);
    mill.delete("saved/news.txt");
    let ran = mill.run(&["--once", "saved"]);
    assert!(!ran.out.contains("no file matches") && ran.err.contains("none of its files"), "{ran:?}");
}

#[test]
fn forbidden_characters_never_reach_a_feed() {
    let mill = mill();
    let dirty = "\u{b}\u{c}\u{1b}\u{7f}\u{80}\u{85}\u{9f}\u{fdd0}\u{fffe}\u{ffff}\u{1fffe}";
    let text =
        page(&[MOLE, FERRY]).replace("Walks", &format!("Wa{dirty}lks")).replace("painted", &format!("pain{dirty}ted"));
    let text = text.replace("05 March", &format!("05{dirty} March"));
    mill.write("news/2021-03-24.txt", &text);
    mill.write("news/2021-03-25.txt", text.replace("mole", "m\0ole"));
    let ran = once(&mill);
    assert!(ran.code <= 1, "{ran:?}");
    assert!(mill.titles("news").contains(&MOLE.title.to_owned()), "{:?}", mill.titles("news"));
    for (path, bytes) in mill.feeds() {
        let text = String::from_utf8(bytes).unwrap();
        let found: Vec<char> = text.chars().filter(|&c| c != '\n' && is_forbidden(c)).collect();
        assert!(found.is_empty(), "{path}: {found:?}");
        // Nor in disguise.
        assert!(!text.contains("&#x") && !text.contains("&#0") && !text.contains("&#1"), "{path}");
    }
}

// ---- config ---------------------------------------------------------------------------------------------------------

#[test]
fn a_broken_config_is_told_whole_and_nothing_is_touched() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    let before = (prints(&mill.path("public")), mill.stored());
    mill.write("news/2021-03-24.txt", page(&[MOLE]));
    mill.configure(&CONFIG.replace("site ", "sight ").replace("\"newsroom\"", "\"newsrum\"").replace("\"en\"", "7"));
    for arguments in [&["--once"][..], &["--once", "--dry-run"], &["check"], &["verify"]] {
        let ran = mill.run(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        for part in ["sight", "newsrum", "language", "feedmill.toml:5", "feedmill.toml:6", "feedmill.toml:7", "help"] {
            assert!(ran.err.contains(part), "{part}: {}", ran.err);
        }
    }
    assert_eq!((prints(&mill.path("public")), mill.stored()), before);
}

#[test]
fn a_decision_that_cannot_be_read_stops_everything() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    let before = prints(&mill.path("public"));
    mill.write("news/2021-03-24.txt", page(&[MOLE]));
    mill.write(".feedmill/decisions.jsonl", "{\"retract\":\"nonsense\"}\n");
    let ran = once(&mill);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("decisions.jsonl:1") && ran.err.contains("help:"), "{ran:?}");
    assert_eq!(prints(&mill.path("public")), before);
}

// ---- drift ----------------------------------------------------------------------------------------------------------

#[test]
fn a_newest_capture_without_items_is_drift_and_the_feeds_stay() {
    for (older, newer) in [("2021-03-10", "2021-03-17"), ("latest", "latest")] {
        let mill = Mill::new(CONFIG);
        mill.write(&format!("news/{older}.txt"), page(&[BRIDGE, LAKE]));
        assert_eq!(once(&mill).code, 0);
        let before = prints(&mill.path("public"));
        let newest = format!("news/{newer}.txt");
        mill.write(&newest, "We are sorry\n\nThis page is being rebuilt. Come back soon.\n");
        for _ in 0..2 {
            let ran = once(&mill);
            assert_eq!(ran.code, 1, "{ran:?}");
            assert!(ran.err.contains("drift") && ran.err.contains(&newest), "{ran:?}");
            assert_eq!(prints(&mill.path("public")), before);
        }
        let (_, told) = report(&mill);
        assert_eq!((&told["drift"][0]["source"], &told["drift"][0]["file"]), (&"news".into(), &newest.as_str().into()));
        // Where the operator knows that the page is empty at times, nothing is wrong.
        mill.configure(&CONFIG.replace("url ", "empty = \"fine\"\nurl "));
        assert_eq!(once(&mill).code, 0);
        mill.configure(CONFIG);
        assert_eq!(once(&mill).code, 1);
        // The page is back.
        mill.write(&newest, page(&[MOLE, BRIDGE]));
        assert_eq!(once(&mill).code, 0);
        assert_eq!(mill.titles("news").len(), 3);
    }
}

#[test]
fn an_old_capture_without_items_is_no_drift() {
    let mill = mill();
    mill.write("news/2021-03-01.txt", "We are sorry\n\nThis page is being rebuilt. Come back soon.\n");
    let ran = once(&mill);
    assert_eq!(ran.code, 0, "{ran:?}");
}

// ---- places ---------------------------------------------------------------------------------------------------------

#[test]
fn check_finds_what_a_pass_could_not_write_below_its_folders() {
    let told = |mill: &Mill| mill.run(&["check"]);
    let dangling = mill();
    symlink("nowhere", dangling.path("public")).unwrap();
    let ran = told(&dangling);
    assert!(ran.code == 1 && ran.out.contains("the output folder") && ran.out.contains("nowhere"), "{ran:?}");
    dangling.configure(&format!("output = \"public/feeds\"\n{CONFIG}"));
    let ran = told(&dangling);
    assert!(ran.code == 1 && ran.out.contains("the output folder") && ran.out.contains("nowhere"), "{ran:?}");
    assert_eq!(once(&dangling).code, 3);
    if is_root() {
        return;
    }
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    for (what, mode) in [("public/news", 0o755), (".feedmill/feedmill.db", 0o644), (".feedmill/lock", 0o644)] {
        let path = mill.path(what);
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        set(mode & 0o555);
        let ran = told(&mill);
        set(mode);
        assert!(ran.code == 1 && ran.out.contains(what), "{what}: {ran:?}");
    }
}

fn is_unusable(mill: &Mill, cure: &str) {
    let ran = once(mill);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("help:") && ran.err.contains(cure), "{cure}: {ran:?}");
}

#[test]
fn a_file_where_a_folder_should_be_is_told_with_a_cure() {
    let mill = mill();
    mill.write("public", "not a folder");
    is_unusable(&mill, "move what stands there away");
    mill.delete("public");
    assert_eq!(once(&mill).code, 0);
    // Nothing of the pass that could not publish was lost.
    assert_eq!(mill.titles("news").len(), 2);

    fs::rename(mill.path(".feedmill"), mill.path("moved")).unwrap();
    mill.write(".feedmill", "not a folder either");
    let before = prints(&mill.path("public"));
    mill.write("news/2021-03-24.txt", page(&[MOLE]));
    is_unusable(&mill, "--state");
    assert_eq!(prints(&mill.path("public")), before);
}

#[test]
fn a_full_disk_leaves_what_is_published_whole() {
    let mill = mill();
    let small = mill.path("small");
    fs::create_dir(&small).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=640k", "none"]).arg(&small).output();
    if !mounted.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no small disk can be mounted here: {mounted:?}");
        return;
    }
    struct Unmount(PathBuf);
    impl Drop for Unmount {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg(&self.0).status();
        }
    }
    let _unmount = Unmount(small);
    let fill = || {
        let filled = fs::write(mill.path("small/rest"), vec![b'x'; 4 << 20]);
        assert!(filled.is_err_and(|error| error.kind() == std::io::ErrorKind::StorageFull));
    };
    // The output is full.
    mill.configure(&format!("output = \"small/public\"\nstate = \"var\"\n{CONFIG}"));
    let feeds = || prints(&mill.path("small/public"));
    assert_eq!(once(&mill).code, 0);
    let before = feeds();
    fill();
    mill.write("news/2021-03-24.txt", page(&vec![MOLE; 200].into_iter().chain([FERRY]).collect::<Vec<_>>()));
    for _ in 0..2 {
        is_unusable(&mill, "make room");
        assert_eq!(feeds(), before, "as they were, with nothing beside them");
    }
    mill.delete("small/rest");
    assert_eq!(once(&mill).code, 0);
    assert_eq!(mill.items().len(), 4);
    fs::remove_dir_all(mill.path("small/public")).unwrap();

    // The state is full.
    mill.configure(&format!("state = \"small/var\"\n{CONFIG}"));
    assert_eq!(once(&mill).code, 0);
    let before = prints(&mill.path("public"));
    fill();
    mill.write("news/2021-03-25.txt", page(&[told("Another day", "25 March 2021", "A day like any other."), MOLE]));
    let ran = once(&mill);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("full") && ran.err.contains("help: make room"), "{ran:?}");
    assert_eq!(prints(&mill.path("public")), before);
    let lake = support::id("harbour", "2021-03-02", "waterinthelake");
    let ran = mill.run(&["retract", &lake]);
    assert!(ran.code == 3 && ran.err.contains("help: make room"), "{ran:?}");
    // No half of a config is left.
    let ran = mill.run(&["init", "-c", "small/new.toml", "news/2021-03-10.txt", "news/2021-03-24.txt"]);
    assert!(ran.code == 2 && ran.err.contains("cannot write the config"), "{ran:?}");
    assert!(!mill.path("small/new.toml").exists());
    mill.delete("small/rest");
    assert_eq!(once(&mill).code, 0);
    assert_eq!(mill.titles("news").len(), 5);
}

#[test]
fn a_second_feedmill_names_the_first_and_leaves_it_alone() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    let held = mill.state();
    let ran = once(&mill);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains(&format!("pid {}", std::process::id())) && ran.err.contains("--output"), "{ran:?}");
    // Looking and deciding need no lock, nor does a dry run.
    for arguments in [&["items"][..], &["status"], &["verify"], &["export"], &["--once", "--dry-run"]] {
        let ran = mill.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    }
    drop(held);
    assert_eq!(once(&mill).code, 0);
}

// ---- a dry run ------------------------------------------------------------------------------------------------------

#[test]
fn a_dry_run_changes_nothing_and_says_whether_a_pass_would() {
    let mill = mill();
    // All files but the index that SQLite keeps of its log for those who read it.
    let all =
        || prints(&mill.path("")).into_iter().filter(|print| !print.0.ends_with("feedmill.db-shm")).collect::<Vec<_>>();
    let dry = |code: i32| {
        let before = all();
        let ran = mill.run(&["--once", "--dry-run"]);
        assert_eq!(ran.code, code, "{ran:?}");
        assert_eq!(all(), before);
    };
    dry(5);
    assert!(!mill.path(".feedmill").exists() && !mill.path("public").exists());
    assert_eq!(once(&mill).code, 0);
    dry(0);
    mill.write("news/2021-03-24.txt", page(&[MOLE]));
    dry(5);
    assert_eq!(once(&mill).code, 0);
    dry(0);
    fs::remove_file(mill.path("public/news/rss.xml")).unwrap();
    dry(5);
    assert_eq!(once(&mill).code, 0);
    let mole = support::id("harbour", "2021-03-22", "walksonthemole");
    assert_eq!(mill.run(&["retract", &mole]).code, 0);
    dry(5);
    assert_eq!(once(&mill).code, 0);
    dry(0);
    // Something wrong and nothing to change.
    mill.write("news/2021-03-25.txt", "We are sorry\n\nThis page is being rebuilt. Come back soon.\n");
    dry(5);
    assert_eq!(once(&mill).code, 1);
    dry(1);
}

/// What lists all feeds follows them, and is looked at as they are: by a dry run and by `verify`, to the letter.
#[test]
fn a_dry_run_and_verify_tell_of_the_index_what_a_pass_then_does() {
    let mill = mill();
    let dry =
        || -> serde_json::Value { serde_json::from_str(&mill.run(&["--dry-run", "--format", "json"]).out).unwrap() };
    let foretold = dry();
    let (_, told) = report(&mill);
    assert_eq!(told["index"], serde_json::json!(["feeds.opml", "icon.svg", "index.html", "style.css"]));
    assert_eq!((&foretold["index"], &foretold["feeds"]), (&told["index"], &told["feeds"]));
    mill.write("news/2021-03-24.txt", page(&[MOLE]));
    let foretold = dry();
    let (_, told) = report(&mill);
    assert_eq!(told["index"], serde_json::json!(["index.html"]));
    assert_eq!(foretold["index"], told["index"]);

    mill.delete("public/feeds.opml");
    let ran = mill.run(&["verify"]);
    assert!(ran.code == 1 && ran.out.contains("not as the store would publish it: feeds.opml\n"), "{ran:?}");
    let ran = mill.run(&["--dry-run"]);
    assert!(ran.code == 5 && ran.out.contains("\nof all feeds: feeds.opml\n"), "{ran:?}");
    assert!(once(&mill).out.contains("\nof all feeds: feeds.opml\n"));
    assert!(!once(&mill).out.contains("of all feeds"));
    assert_eq!(mill.run(&["verify"]).code, 0);
}

// ---- a store that is damaged or too new -----------------------------------------------------------------------------

#[test]
fn a_folder_in_the_place_of_the_store_is_told_as_what_it_is() {
    let mill = mill();
    fs::create_dir_all(mill.path(".feedmill/feedmill.db")).unwrap();
    for arguments in [&["--once"][..], &["items"], &["check"]] {
        let ran = mill.run(arguments);
        assert!(
            ran.err.contains("a folder stands there: move it away")
                || ran.out.contains("a folder stands there: move it away"),
            "{ran:?}"
        );
    }
}

#[test]
fn a_file_that_had_too_many_contents_keeps_no_other_from_being_read() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    mill.checkpoint();
    let db = rusqlite::Connection::open(mill.path(".feedmill/feedmill.db")).unwrap();
    // As if it had been overwritten once a minute for two years.
    db.execute_batch(
        "CREATE TEMP TABLE last AS SELECT * FROM seen; UPDATE last SET id = id + 1048575;
         INSERT INTO seen SELECT * FROM last; UPDATE path SET contents = 1048576;",
    )
    .unwrap();
    drop(db);
    mill.write("news/2021-03-10.txt", page(&[LAKE]));
    mill.write("news/2021-03-24.txt", page(&[MOLE]));
    let ran = once(&mill);
    assert!(ran.code == 1 && ran.err.contains("1048576 contents"), "{ran:?}");
    assert_eq!(mill.titles("news"), [MOLE.title, BRIDGE.title, LAKE.title]);
}

#[test]
fn a_newer_store_is_refused_untouched() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    mill.checkpoint();
    {
        let db = rusqlite::Connection::open(mill.path(".feedmill/feedmill.db")).unwrap();
        db.pragma_update(None, "journal_mode", "DELETE").unwrap();
        db.pragma_update(None, "user_version", 99).unwrap();
    }
    let (stored, published) = (mill.stored(), prints(&mill.path("public")));
    mill.write("news/2021-03-24.txt", page(&[MOLE]));
    for arguments in [&["--once"][..], &["--once", "--dry-run"], &["items"], &["status"], &["verify"], &["export"]] {
        let ran = mill.run(arguments);
        assert_eq!(ran.code, 3, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains("version 99") && ran.err.contains("help:"), "{ran:?}");
        assert!(mill.stored() == stored, "{arguments:?}: the store was written");
    }
    assert_eq!(prints(&mill.path("public")), published);
}

#[test]
fn a_database_of_another_program_is_refused_untouched() {
    let read = [&["--once"][..], &["--dry-run"], &["items"], &["status"], &["verify"], &["check"], &["export"]];
    let import = [&["import", "given"][..]];
    // Many programs count their versions as feedmill does.
    for version in [0, 3, 5] {
        for mode in ["DELETE", "WAL"] {
            let mill = mill();
            mill.write("given", "{\"schema\":1,\"empty\":true}\n");
            fs::create_dir(mill.path(".feedmill")).unwrap();
            let db = rusqlite::Connection::open(mill.path(".feedmill/feedmill.db")).unwrap();
            db.pragma_update(None, "journal_mode", mode).unwrap();
            db.execute_batch("CREATE TABLE source (no INTEGER); INSERT INTO source VALUES (7)").unwrap();
            db.pragma_update(None, "user_version", version).unwrap();
            drop(db);
            let theirs = mill.stored();
            for arguments in read.iter().chain(&import) {
                let ran = mill.run(arguments);
                assert_eq!(ran.code, 3, "version {version}, {arguments:?}: {ran:?}");
                assert!(ran.err.contains("another program") && ran.err.contains("help: name another"), "{ran:?}");
            }
            assert!(mill.stored() == theirs && aside(&mill).is_empty(), "version {version}, {mode}: it was altered");
            assert!(!mill.path("public").exists());
        }
    }
    // One that holds nothing is nobody's.
    let mill = mill();
    fs::create_dir(mill.path(".feedmill")).unwrap();
    let db = rusqlite::Connection::open(mill.path(".feedmill/feedmill.db")).unwrap();
    db.execute_batch("VACUUM").unwrap();
    drop(db);
    assert_ne!(fs::metadata(mill.path(".feedmill/feedmill.db")).unwrap().len(), 0);
    assert_eq!(once(&mill).code, 0);
}

#[test]
fn what_a_later_feedmill_read_is_not_read_again_by_an_earlier_one() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    let backup = mill.path("backup.db").display().to_string();
    mill.checkpoint();
    {
        let db = rusqlite::Connection::open(mill.path(".feedmill/feedmill.db")).unwrap();
        db.pragma_update(None, "journal_mode", "DELETE").unwrap();
        // As if a feedmill had read it that reads pages otherwise, and keeps them in the same tables.
        let later = "UPDATE meta SET value = '9999' WHERE name = 'reading revision'";
        assert_eq!(db.execute(later, []).unwrap(), 1);
        db.execute("UPDATE path SET revision = 7", []).unwrap();
        fs::copy(db.path().unwrap(), &backup).unwrap();
    }
    let (stored, published) = (mill.stored(), prints(&mill.path("public")));
    mill.write("news/2021-03-24.txt", page(&[MOLE]));
    for arguments in [&["--once"][..], &["--dry-run"], &["items"], &["verify"], &["export"]] {
        let ran = mill.run(arguments);
        assert_eq!(ran.code, 3, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains("found reading revision") && ran.err.contains("help:"), "{ran:?}");
        assert!(mill.stored() == stored, "{arguments:?}: the store was written");
    }
    assert_eq!(prints(&mill.path("public")), published);
    let ran = mill.run(&["import", "--state", "other", &backup]);
    assert!(ran.code == 2 && ran.err.contains("found reading revision"), "{ran:?}");
}

/// Several pages of items, so that the store has some pages, too.
fn many(from: usize) -> String {
    let mut text = String::from("News room\n");
    for n in from..from + 40 {
        let day = 1 + n % 28;
        text.push_str(&format!(
            "\n  {n}. Announcement number {n} of the harbour\n\n    {day:02} March 2021\n\n    {}\n",
            format!("The harbour master announces for the {n}th time what is to be announced. ").repeat(4)
        ));
    }
    text
}

fn aside(mill: &Mill) -> BTreeSet<String> {
    let names = fs::read_dir(mill.path(".feedmill")).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.contains(".corrupt-")).collect()
}

#[test]
fn a_damaged_store_is_set_aside_and_the_same_items_come_back() {
    const PAGE: usize = 4096;
    let sound = Mill::new(CONFIG);
    sound.write("news/2021-03-10.txt", many(1));
    sound.write("news/2021-03-17.txt", many(21));
    assert_eq!(once(&sound).code, 0);
    sound.checkpoint();
    let store = fs::read(sound.path(".feedmill/feedmill.db")).unwrap();
    let published = fs::read(sound.path("public/news/atom.xml")).unwrap();
    sound.write("news/2021-03-24.txt", many(41));
    assert_eq!(once(&sound).code, 0);
    let (feeds, ids) = (sound.feeds(), sound.items().into_keys().collect::<BTreeSet<_>>());
    assert_eq!(ids.len(), 80);

    let damaged: Vec<(String, Vec<u8>, bool)> = [
        ("cut to half".to_owned(), store[..store.len() / 2].to_vec(), true),
        ("cut within a page".to_owned(), store[..store.len() - 1000].to_vec(), false),
        ("empty".to_owned(), Vec::new(), false),
        ("garbage".to_owned(), vec![b'x'; 3 * PAGE], true),
        ("another file".to_owned(), page(&[MOLE]).into_bytes(), true),
        ("no header".to_owned(), [&[0; 100], &store[100..]].concat(), true),
    ]
    .into_iter()
    .chain((1..store.len() / PAGE).map(|n| {
        let mut bytes = store.clone();
        bytes[n * PAGE..(n + 1) * PAGE].fill(if n % 2 == 0 { 0 } else { 0xFF });
        // Not every page is needed by the next pass.
        (format!("page {n}"), bytes, false)
    }))
    .collect();
    for (how, bytes, certain) in damaged {
        let mill = Mill::new(CONFIG);
        mill.write("news/2021-03-10.txt", many(1));
        mill.write("news/2021-03-17.txt", many(21));
        mill.write("news/2021-03-24.txt", many(41));
        mill.write("public/news/atom.xml", &published);
        mill.write(".feedmill/feedmill.db", &bytes);
        let ran = once(&mill);
        assert_eq!(ran.code, 0, "{how}: {ran:?}");
        if certain {
            assert_eq!(aside(&mill), ["feedmill.db.corrupt-1".to_owned()].into(), "{how}");
            assert_eq!(fs::read(mill.path(".feedmill/feedmill.db.corrupt-1")).unwrap(), bytes, "{how}: kept as it was");
            assert!(ran.err.contains("damaged") && ran.err.contains("corrupt-1"), "{how}: {ran:?}");
        }
        assert!(mill.feeds() == feeds, "{how}: other feeds");
        // Damage that the pass did not meet is met when all is looked at.
        if aside(&mill).is_empty() {
            let ran = mill.run(&["items"]);
            assert!(ran.code == 0 || ran.code == 3, "{how}: {ran:?}");
        } else {
            assert_eq!(mill.items().into_keys().collect::<BTreeSet<_>>(), ids, "{how}");
        }
        assert_eq!(once(&mill).code, 0, "{how}");
    }
}

#[test]
fn when_the_items_are_lost_the_published_documents_stay() {
    let mill = mill();
    mill.write("news/2021-03-17.txt", page(&[FERRY, BRIDGE]));
    assert_eq!(once(&mill).code, 0);
    let published = mill.feeds();
    // The scrapes are gone, and then the store.
    mill.delete("news/2021-03-10.txt");
    mill.delete("news/2021-03-17.txt");
    assert_eq!(once(&mill).code, 0);
    let ruin = || {
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(mill.path(&format!(".feedmill/feedmill.db{ending}")));
        }
        mill.write(".feedmill/feedmill.db", vec![b'x'; 20_000]);
    };
    ruin();
    for _ in 0..2 {
        let (code, told) = report(&mill);
        assert_eq!(code, 1, "{told}");
        let kept = told["kept"][0].as_str().unwrap();
        assert!(kept.contains("\"news\"") && kept.contains("lacks 3"), "{kept}");
        assert_eq!(mill.feeds(), published);
    }
    let check = mill.run(&["check"]);
    assert!(check.code == 1 && check.out.contains("lacks 3") && !check.out.contains("nothing wrong"), "{check:?}");
    // Absorbing goes on, and damage may come twice.
    mill.write("news/2021-03-24.txt", page(&[MOLE, FERRY]));
    ruin();
    let ran = once(&mill);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("stays as it was published"), "{ran:?}");
    assert_eq!(aside(&mill).len(), 2);
    assert_eq!(mill.feeds(), published);
    assert_eq!(mill.items().len(), 2);
    // With the scrapes back nothing lacks, and what came meanwhile is published as well.
    mill.write("news/2021-03-10.txt", page(&[BRIDGE, LAKE]));
    let ran = once(&mill);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(mill.titles("news"), [MOLE.title, FERRY.title, BRIDGE.title, LAKE.title]);
    let (code, _) = report(&mill);
    assert_eq!((code, mill.run(&["check"]).code), (0, 0));
}

#[test]
fn when_the_state_folder_is_lost_the_published_documents_stay_until_nothing_lacks() {
    let mill = mill();
    mill.write("news/2021-04-17.txt", page(&[FERRY]));
    // The head has room for one: of all others only the archives tell.
    mill.configure(&format!("{CONFIG}\n[[feed]]\nname = \"news\"\nsources = [\"news\"]\nlimit = 1\n"));
    assert_eq!(once(&mill).code, 0);
    let published = mill.feeds();
    let shown = || {
        let mut feeds = mill.feeds();
        assert!(feeds.remove("news/mine.html").is_none() || feeds.remove("news/1999/01.html").is_some());
        feeds
    };
    let lose = |what: &[&str]| {
        for name in what {
            let _ = fs::remove_file(mill.path(&format!(".feedmill/{name}")));
        }
    };
    let store = ["feedmill.db", "feedmill.db-wal", "feedmill.db-shm"];
    // With all files at hand it is made anew of them, and that is said.
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    let ran = once(&mill);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("no store") && ran.err.contains("made anew"), "{ran:?}");
    assert_eq!(mill.feeds(), published);
    let ran = once(&mill);
    assert_eq!((ran.code, &*ran.err), (0, ""), "said once");
    let backup = mill.path("backup.db").display().to_string();
    assert_eq!(mill.run(&["backup", &backup]).code, 0);
    // Then a file is gone as well.
    mill.delete("news/2021-03-10.txt");
    mill.write("public/news/mine.html", "not ours");
    mill.write("public/news/1999/01.html", "not ours");
    lose(&store);
    let ran = mill.run(&["--dry-run"]);
    assert!(ran.err.contains("lacks 2"), "{ran:?}");
    for _ in 0..2 {
        let (code, told) = report(&mill);
        assert_eq!(code, 1, "{told}");
        let kept = told["kept"][0].as_str().unwrap();
        assert!(kept.contains("\"news\"") && kept.contains("lacks 2"), "{kept}");
        assert_eq!(shown(), published);
        assert_eq!(mill.items().len(), 1);
    }
    let verified = mill.run(&["verify"]);
    assert!(verified.code == 1 && verified.out.contains("lacks 2"), "{verified:?}");
    // What stays is known, and so is served: that, and nothing else that lies there.
    let status = mill.run(&["status"]).out;
    assert!(status.contains("lacks 2") && status.contains("feed news: 1 item;"), "{status}");
    for path in ["news/atom.xml", "news/rss.xml", "news/index.html", "news/2021/03.html", "news/2021/03.atom"] {
        assert!(status.contains(path), "{path}: {status}");
    }
    assert!(!status.contains("mine.html") && !status.contains("1999"), "{status}");
    // A backup has them.
    lose(&store);
    assert_eq!(mill.run(&["import", &backup]).code, 0);
    let ran = once(&mill);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!((shown(), mill.items().len()), (published, 3));
}

#[test]
fn of_many_feeds_that_stay_the_status_names_some() {
    let names: Vec<String> = (0..8).map(|n| format!("s{n}")).collect();
    let source = |name: &String| {
        format!("[[source]]\nname = {name:?}\nfiles = [\"{name}/*.txt\"]\nlayout = \"newsroom\"\nlanguage = \"en\"\n")
    };
    let mill = Mill::new(&names.iter().map(source).collect::<String>());
    names.iter().for_each(|name| mill.write(&format!("{name}/2021-03-10.txt"), page(&[BRIDGE, LAKE])));
    assert_eq!(once(&mill).code, 0);
    names.iter().for_each(|name| mill.write(&format!("{name}/2021-03-10.txt"), page(&[MOLE, FERRY])));
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    let (code, told) = report(&mill);
    assert!(code == 1 && told["kept"].as_array().unwrap().len() == 8, "{told}");
    let status = mill.run(&["status"]).out;
    let line = status.lines().find(|line| line.starts_with("store since")).unwrap();
    assert!(line.contains("\"s0\"") && line.ends_with("; 3 more feeds stay as well"), "{line}");
}

#[test]
fn what_is_only_called_like_a_document_of_ours_outlives_a_lost_store() {
    let mill = mill();
    mill.configure(&format!("pages = false\n{CONFIG}"));
    assert_eq!(once(&mill).code, 0);
    const MINE: [&str; 4] = ["index.html", "style.css", "news/index.html", "news/rss.xml.gz"];
    let mine = || MINE.map(|name| fs::read(mill.path(&format!("public/{name}"))).is_ok());
    for name in MINE {
        mill.write(&format!("public/{name}"), "not ours");
    }
    mill.delete("news/2021-03-10.txt");
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    assert_eq!(once(&mill).code, 1);
    // With the file back the feed is published as ever, and nothing is withdrawn.
    mill.write("news/2021-03-10.txt", page(&[BRIDGE, LAKE]));
    assert_eq!(once(&mill).code, 0);
    assert_eq!(mill.run(&["--once", "--prune"]).code, 0);
    assert_eq!(mine(), [true; 4]);
}

#[test]
fn a_file_that_feedmill_did_not_write_is_never_replaced() {
    const MINE: &str = "<h1>My own home page</h1>";
    for (name, of, cure) in [
        ("index.html", "\"index.html\"", "pages = false"),
        ("style.css", "\"index.html\"", "pages = false"),
        ("news/rss.xml", "feed \"news\"", "another `name`"),
        ("news/2021/03.html", "feed \"news\"", "another `name`"),
    ] {
        let mill = mill();
        let (file, theirs) = (format!("public/{name}"), || fs::read_to_string(mill.path(&format!("public/{name}"))));
        mill.write(&file, MINE);
        for (arguments, code) in
            [(["check", "-q"], 1), (["--dry-run", "-q"], 3), (["--once", "-q"], 3), (["--once", "-q"], 3)]
        {
            let ran = mill.run(&arguments);
            // What `check` looks at are the names that are known before anything is read.
            if name.contains("03") && arguments[0] == "check" {
                continue;
            }
            assert_eq!(ran.code, code, "{name}: {ran:?}");
            for told in [of, name, cure] {
                assert!((ran.out.clone() + &ran.err).contains(told), "{name}: {told}: {ran:?}");
            }
            assert_eq!(theirs().unwrap(), MINE);
        }
        mill.delete(&file);
        assert_eq!(once(&mill).code, 0, "{name}");
        assert_ne!(theirs().unwrap(), MINE, "{name}");
        assert_eq!(mill.run(&["check"]).code, 0);
        // What it wrote is its own, whoever altered it, and though another store wrote it.
        mill.overwrite(&file, MINE);
        assert_eq!(once(&mill).code, 0, "{name}");
        assert_ne!(theirs().unwrap(), MINE, "{name}");
        fs::remove_dir_all(mill.path(".feedmill")).unwrap();
        assert_eq!((once(&mill).code, mill.run(&["check"]).code), (0, 0), "{name}");
    }
    // A home page beside feeds without pages is somebody's who wants it so.
    let mill = mill();
    mill.configure(&format!("pages = false\n{CONFIG}"));
    mill.write("public/index.html", MINE);
    assert_eq!((mill.run(&["check"]).code, once(&mill).code), (0, 0));
    mill.configure(CONFIG);
    assert_eq!((mill.run(&["check"]).code, once(&mill).code), (1, 3));
    assert_eq!(fs::read_to_string(mill.path("public/index.html")).unwrap(), MINE);
}

#[test]
fn items_that_no_feed_shows_and_feeds_that_nothing_comes_into_are_told() {
    let mill = Mill::new(
        r#"
[[source]]
name = "u"
files = ["u/*.txt"]
layout = "undated"

[[source]]
name = "news"
files = ["news/*.txt"]
layout = "newsroom"

[[feed]]
name = "u"
sources = ["u"]

[[feed]]
name = "news"
sources = ["news"]

[[feed]]
name = "french"
sources = ["news"]
languages = ["fr"]
"#,
    );
    mill.write("news/2021-03-10.txt", page(&[BRIDGE, LAKE]));
    mill.write("u/a.txt", "* A first harbour walk\n* A second harbour walk\n* A third harbour walk\n");
    let ran = once(&mill);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = "feeds u, french: no item has come into them yet: feedmill check tells why";
    assert!(ran.out.contains(told), "{ran:?}");
    let told = mill.run(&["check"]);
    assert_eq!(told.code, 0, "{told:?}");
    for line in [
        "source \"u\": 3 items without a date, which no feed shows",
        "feed \"french\": it is empty, for none of the 2 items of its sources fits",
        "languages",
        "first-seen",
    ] {
        assert!(told.out.contains(line), "{line}: {told:?}");
    }
    assert!(!told.out.contains("feed \"u\"") && !told.out.contains("feed \"news\""), "{told:?}");
    let status = mill.run(&["status"]).out;
    assert!(status.contains("feed french: 0 items; nothing written yet"), "{status}");
    let status: serde_json::Value = serde_json::from_str(&mill.run(&["status", "--format", "json"]).out).unwrap();
    assert_eq!(status["feeds"].as_array().unwrap().len(), 3, "{status}");
    // What was all taken out is another matter.
    let ids: Vec<String> = mill.items().into_keys().collect();
    ids.iter().for_each(|id| assert_eq!(mill.run(&["retract", id]).code, 0));
    let ran = once(&mill);
    assert!(!ran.out.contains("feed news: no item has") && !ran.out.contains("news, "), "{ran:?}");
}

#[test]
fn a_command_that_is_told_finds_the_config_and_a_file_that_is_named_is_found() {
    let mill = mill();
    mill.write("conf/x.toml", CONFIG.replace("news/*", "pages/*"));
    mill.write("conf/pages/2021-03-10.txt", page(&[FERRY, BRIDGE]));
    mill.write("conf/pages/2021-03-11.txt", page(&[Told { title: "Ferry in a new coat of paint", ..FERRY }, BRIDGE]));
    let conf = ["-c", "conf/x.toml"];
    let run = |arguments: &[&str]| mill.run(&[&conf[..], arguments].concat());
    assert_eq!(run(&["--once"]).code, 0);
    let told = run(&["check"]).out;
    let line = told.lines().find(|line| line.contains(" alias ")).unwrap_or_else(|| panic!("{told}"));
    assert!(line.contains("feedmill -c conf/x.toml alias "), "{line}");
    // Drift is told of by the name that the store has; the help names the file as it lies.
    mill.write("conf/pages/2021-03-12 a.txt", "The site is being maintained.\n");
    assert_eq!(run(&["--once"]).code, 1);
    let told = run(&["check"]).out;
    assert!(told.contains("feedmill -c conf/x.toml explain 'conf/pages/2021-03-12 a.txt' tells why"), "{told}");
    for name in ["pages/2021-03-12 a.txt", "conf/pages/2021-03-12 a.txt"] {
        let ran = run(&["explain", name]);
        assert!(ran.code == 1 && ran.out.contains("no items"), "{ran:?}");
    }
    // What names no config is asked for one in its own words.
    fs::remove_file(mill.path("feedmill.toml")).unwrap();
    assert!(mill.run(&["check"]).err.ends_with("feedmill check DIR\n"));
}

#[test]
fn a_state_folder_that_can_not_be_looked_into_is_not_said_to_be_empty() {
    let mill = mill();
    mill.write("file", "no folder");
    let ran = mill.run(&["--state", "file", "status"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("cannot look into the state folder") && !ran.err.contains("yet"), "{ran:?}");
    let ran = mill.run(&["--state", "none", "status"]);
    assert!(ran.code == 3 && ran.err.contains("there is no store in \"none\" yet"), "{ran:?}");
}

#[test]
fn faults_are_told_with_the_files_that_they_are_in() {
    let mill = mill();
    mill.write(
        "news/2020-07-08.txt",
        page(&[told("Tides", "04/07/2020", "High."), told("Winds", "05/07/2020", "Low.")]),
    );
    let ran = once(&mill);
    assert!(ran.out.contains("2 faults in the files read: news/2020-07-08.txt (feedmill explain"), "{ran:?}");
}

#[test]
fn files_that_match_and_are_not_read_are_told_with_the_reason() {
    let mill = mill();
    let source = |more: &str| format!("{CONFIG}\n[[source]]\nname = \"web\"\nfiles = [\"web/*.txt\"]\n{more}");
    mill.configure(&source(""));
    mill.write("web/a.txt", "");
    mill.write("web/b.txt", "");
    for arguments in [["--once"], ["check"]] {
        let told = mill.run(&arguments).out;
        assert!(told.contains("no file that matches can be read (web/a.txt: empty, and 1 more)"), "{told}");
    }
    mill.configure(&source("exclude = [\"*.txt\"]\n"));
    for arguments in [["--once"], ["check"]] {
        let told = mill.run(&arguments).out;
        assert!(told.contains("no file matches") && told.contains("look at its `files` and its `exclude`"), "{told}");
    }
}

#[test]
fn check_tells_of_settings_only_what_they_can_mend() {
    let mill = mill();
    mill.configure(&CONFIG.replace("*.txt\"", "*\"").replace("url ", "captured = \"nws-%Y%m%d.txt\"\nurl "));
    mill.write(
        "news/2021-03-10.json",
        r#"[{"title": "Boat", "date": "2021-03-01"}, {"title": "Lake", "date": "2021-03-02"}]"#,
    );
    mill.write("news/2021-03-10.csv", "title,date\nMole,2021-03-03\nFerry,2021-03-04\n");
    let check = || mill.run(&["check"]).out;
    for _ in 0..2 {
        let told = check();
        assert!(!told.contains("layouts"), "{told}");
        assert!(told.contains("`captured` fits none of its 3 file names"), "{told}");
        assert_eq!(once(&mill).code, 0);
    }
    mill.configure(&CONFIG.replace("*.txt\"", "*\"").replace("layout   = \"newsroom\"", ""));
    mill.write(
        "news/2021-03-11.txt",
        "21.4.2021: The market opens\n\n22.4.2021: The mole is closed\n\n23.4.2021: A boat sank\n",
    );
    let told = check();
    assert!(
        told.contains("is read with 2 layouts: date-title (1), newsroom (1)") && told.contains("set `layout`"),
        "{told}"
    );
}

#[test]
fn a_dry_run_says_what_changes_where_no_feed_does() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    mill.rename("news/2021-03-10.txt", "news/a/2021-03-10.txt");
    mill.configure(&CONFIG.replace("news/*.txt", "news/**/*.txt"));
    let ran = mill.run(&["--dry-run"]);
    assert!(ran.code == 5 && ran.out.contains("a pass would note what it read, and change no feed"), "{ran:?}");
    assert_eq!(once(&mill).code, 0);
    let ran = mill.run(&["--dry-run"]);
    assert!(ran.code == 0 && !ran.out.contains("would note"), "{ran:?}");
}

#[test]
fn a_backup_that_lacks_what_is_published_takes_nothing_from_it() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    let backup = mill.path("backup.db").display().to_string();
    assert_eq!(mill.run(&["backup", &backup]).code, 0);
    mill.write("news/2021-03-17.txt", page(&[FERRY]));
    assert_eq!(once(&mill).code, 0);
    let published = mill.feeds();
    mill.delete("news/2021-03-17.txt");
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    assert_eq!(mill.run(&["import", &backup]).code, 0);
    let (code, told) = report(&mill);
    assert!(code == 1 && told["kept"][0].as_str().unwrap().contains("lacks 1"), "{told}");
    assert_eq!(mill.feeds(), published);
    // Without what was published there is nothing to lose.
    fs::remove_dir_all(mill.path("public/news")).unwrap();
    assert_eq!(report(&mill).0, 0);
    assert_eq!(mill.titles("news"), [BRIDGE.title, LAKE.title]);
}

/// Publishes what is there, and retracts one item of it, whose id it gives.
fn retracted(mill: &Mill) -> String {
    assert_eq!(once(mill).code, 0);
    let lake = support::id("harbour", "2021-03-02", "waterinthelake");
    assert_eq!(mill.run(&["retract", &lake]).code, 0);
    assert_eq!(once(mill).code, 0);
    lake
}

#[test]
fn what_was_retracted_does_not_come_back_because_the_decisions_are_lost() {
    let mill = mill();
    let lake = retracted(&mill);
    let published = mill.feeds();
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    let (code, told) = report(&mill);
    let kept = told["kept"][0].as_str().unwrap();
    assert!(code == 1 && kept.contains("retracted") && kept.contains(&lake), "{told}");
    assert_eq!(mill.feeds(), published);
    assert_eq!(mill.run(&["retract", &lake]).code, 0);
    assert_eq!(once(&mill).code, 0);
    assert_eq!(mill.titles("news"), [BRIDGE.title]);
}

#[test]
fn what_was_put_back_is_published_though_the_store_is_lost_before_a_pass_showed_it() {
    let mill = mill();
    let lake = retracted(&mill);
    assert_eq!(mill.run(&["retract", &lake, "--undo"]).code, 0);
    fs::remove_file(mill.path(".feedmill/feedmill.db")).unwrap();
    let ran = once(&mill);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(mill.titles("news"), [BRIDGE.title, LAKE.title]);
    // And where the decisions were lost as well, to say so is enough.
    assert_eq!(mill.run(&["retract", &lake]).code, 0);
    assert_eq!(once(&mill).code, 0);
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    assert_eq!(once(&mill).code, 1);
    assert_eq!(mill.run(&["retract", &lake, "--undo"]).code, 0);
    assert_eq!(once(&mill).code, 0);
    assert_eq!(mill.titles("news"), [BRIDGE.title, LAKE.title]);
}

#[test]
fn a_feed_that_stays_as_it_was_says_that_it_shows_what_is_retracted_meanwhile() {
    let mill = mill();
    mill.write("news/2021-03-17.txt", page(&[FERRY]));
    assert_eq!(once(&mill).code, 0);
    let published = mill.feeds();
    mill.delete("news/2021-03-17.txt");
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    assert_eq!(once(&mill).code, 1);
    let lake = support::id("harbour", "2021-03-02", "waterinthelake");
    assert_eq!(mill.run(&["retract", &lake]).code, 0);
    let (code, told) = report(&mill);
    let kept = told["kept"][0].as_str().unwrap();
    assert!(code == 1 && kept.contains("lacks 1") && kept.contains("showing 1 retracted item"), "{told}");
    assert_eq!(told["feeds"][0]["items"], 3);
    assert_eq!(mill.feeds(), published);
    // The cure it tells is one, and so is to do without what is lost.
    let ferry = support::id("harbour", "2021-03-05", "ferryinanewcoat");
    assert_eq!(mill.run(&["retract", &ferry]).code, 0);
    assert_eq!(report(&mill).0, 0);
    assert_eq!(mill.titles("news"), [BRIDGE.title]);
}

#[test]
fn of_a_lost_store_only_ids_that_something_still_tells_of_can_be_retracted() {
    let mill = mill();
    mill.write("news/2021-03-17.txt", page(&[FERRY]));
    let lake = retracted(&mill);
    mill.delete("news/2021-03-17.txt");
    mill.delete("news/2021-03-10.txt");
    fs::remove_file(mill.path(".feedmill/feedmill.db")).unwrap();
    assert_eq!(once(&mill).code, 1);
    let ferry = support::id("harbour", "2021-03-05", "ferryinanewcoat");
    let typo = support::id("harbour", "2021-03-05", "ferryinanewcoaf");
    let decisions = || fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap();
    let before = decisions();
    for arguments in [vec!["retract", &typo], vec!["retract", &typo, "--undo"]] {
        let ran = mill.run(&arguments);
        assert!(ran.code == 2 && ran.err.contains(&typo) && ran.err.contains("published"), "{ran:?}");
    }
    assert_eq!(decisions(), before);
    // In a feed, and in the decisions alone once nothing else tells of it.
    assert_eq!(mill.run(&["retract", &ferry]).code, 0);
    fs::remove_dir_all(mill.path("public/news")).unwrap();
    assert_eq!(mill.run(&["retract", &lake, "--undo"]).code, 0);
}

#[test]
fn what_is_retracted_after_a_damage_is_not_missed() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    mill.write(".feedmill/feedmill.db", vec![b'x'; 20_000]);
    let lake = support::id("harbour", "2021-03-02", "waterinthelake");
    mill.write(".feedmill/decisions.jsonl", format!("{{\"retract\":\"{lake}\"}}\n"));
    let ran = once(&mill);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(mill.titles("news"), [BRIDGE.title]);
}

#[test]
fn a_source_that_gets_another_name_is_told_of_what_it_loses() {
    let feed = |source: &str| format!("\n[[feed]]\nname = \"all\"\nsources = [\"{source}\"]\n");
    let mill = mill();
    mill.configure(&(CONFIG.to_owned() + &feed("news")));
    assert_eq!(once(&mill).code, 0);
    let published = mill.feeds();
    mill.delete("news/2021-03-10.txt");
    mill.write("news/2021-03-17.txt", page(&[FERRY]));
    mill.configure(&(CONFIG.replace("= \"news\"", "= \"press\"") + &feed("press")));
    let said = "what only the files of news told is in no feed";
    // Before it happens, when it does, and then no more.
    let ran = mill.run(&["check"]);
    assert!(ran.code == 0 && ran.out.contains(said), "{ran:?}");
    let ran = once(&mill);
    assert!(ran.code == 0 && ran.out.contains(said), "{ran:?}");
    assert_eq!(mill.titles("all"), [FERRY.title]);
    for command in ["check", "--once"] {
        let ran = mill.run(&[command]);
        assert!(ran.code == 0 && !ran.out.contains(said), "{ran:?}");
    }
    // Its old name brings all of it back.
    mill.delete("news/2021-03-17.txt");
    mill.configure(&(CONFIG.to_owned() + &feed("news")));
    assert_eq!(once(&mill).code, 0);
    assert_eq!(mill.titles("all"), [BRIDGE.title, LAKE.title]);
    assert_eq!(mill.feeds(), published);
}

/// The config of `news`, of which the source has another name, and its site one, too.
fn called(name: &str, site: &str) -> String {
    CONFIG.replace("= \"news\"", &format!("= {name:?}")).replace("\"harbour\"", &format!("{site:?}"))
}

/// The same, with the name that its site had.
fn was_harbour(config: &str) -> String {
    config.replace("site  ", "site_was = [\"harbour\"]\nsite  ")
}

#[test]
fn a_source_that_gets_another_name_and_another_site_is_told_that_its_items_get_new_ids() {
    let mill = mill();
    mill.write("news/2021-03-17.txt", page(&[FERRY, BRIDGE]));
    // What lists no item has nothing to lose.
    mill.write("news/2020-01-01.txt", "Error 503\n\nTry again later.\n");
    assert_eq!(once(&mill).code, 0);
    let ids: Vec<String> = mill.items().into_keys().collect();
    let said = "source press: it is new, and reads 2 files of source news, which is in the config no more";
    let told = |ran: &Ran| ran.out.contains(said) && ran.out.contains("what they list, 3 items, gets new ids");
    mill.configure(&called("press", "port"));
    let check = mill.run(&["check"]);
    assert!(check.code == 1 && told(&check) && !check.out.contains("nothing wrong"), "{check:?}");
    for cure in ["name = \"news\"", "site = \"harbour\"", "site_was = [\"harbour\"]"] {
        assert!(check.out.contains(cure), "{check:?}");
    }
    // Where the files lie is all the same.
    mill.rename("news", "moved");
    mill.configure(&called("press", "port").replace("\"news/", "\"moved/"));
    let dry = mill.run(&["--dry-run"]);
    assert!(dry.code == 5 && told(&dry) && dry.err.contains(said), "{dry:?}");
    mill.rename("moved", "news");
    // Both cures are ones.
    for cure in [was_harbour(&called("news", "port")), called("press", "harbour")] {
        mill.configure(&cure);
        let check = mill.run(&["check"]);
        assert!(check.code == 0 && !check.out.contains("new ids"), "{check:?}");
        let ran = once(&mill);
        assert!(ran.code == 0 && !ran.out.contains("new ids"), "{ran:?}");
        assert_eq!(mill.items().into_keys().collect::<Vec<_>>(), ids);
        mill.configure(CONFIG);
        assert_eq!(once(&mill).code, 0);
    }
    // The pass says it, too, and says it once.
    mill.configure(&called("post", "port"));
    let ran = once(&mill);
    assert!(ran.out.contains("what they list, 3 items, gets new ids"), "{ran:?}");
    for command in ["check", "--once"] {
        let ran = mill.run(&[command]);
        assert!(!ran.out.contains("new ids"), "{ran:?}");
    }
}

#[test]
fn a_folder_that_is_called_otherwise_is_told_that_its_items_get_new_ids() {
    let mill = mill();
    mill.rename("feedmill.toml", "other.toml");
    assert_eq!(mill.run(&["--once", "news"]).code, 0);
    mill.rename("news", "press");
    let ran = mill.run(&["--dry-run", "press"]);
    assert!(ran.code == 5 && ran.out.contains("reads 1 file of news, a folder that is named no more"), "{ran:?}");
    assert!(ran.out.contains("give the folder its old name, \"news\"") && !ran.out.contains("site_was"), "{ran:?}");
}

#[test]
fn what_is_named_in_a_wrong_place_is_told_its_right_one() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    let lake = support::id("harbour", "2021-03-02", "waterinthelake");
    let bridge = support::id("harbour", "2021-03-03", "newbridge");
    assert_eq!(mill.run(&["alias", &bridge, &lake]).code, 0);
    for (arguments, cure) in [
        (&["explain", &lake][..], format!("feedmill explain --item {lake}")),
        (&["explain", "news"], "name a file in it".into()),
        (&["check", "feedmill.toml"], "-c feedmill.toml".into()),
        (&["statsu"], "did you mean `feedmill status`?".into()),
        (&["wach"], "feedmill --help lists them".into()),
        (&["disregard", "2021-03-10.txt"], "did you mean \"news/2021-03-10.txt\"?".into()),
        (&["alias", &bridge, &lake, "--undo"], "take its line out of decisions.jsonl".into()),
        (&["alias", &bridge, &lake], "to undo it, take its line out of".into()),
        (&["alias", &lake, &bridge], format!("are one item already, under {lake}")),
        (&["--state", "s", "-o", "o", "watch"], "feedmill --help lists them".into()),
    ] {
        if arguments.contains(&"watch") {
            mill.rename("feedmill.toml", "other.toml");
        }
        let ran = mill.run(arguments);
        assert!(ran.code == 2 && ran.err.contains(&cure), "{ran:?}");
    }
    let ran = mill.run(&["--once", "other.toml"]);
    assert!(ran.code == 2 && ran.err.contains("-c other.toml"), "{ran:?}");
}

#[test]
fn a_source_that_comes_or_goes_is_told_of_no_new_ids() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    mill.write("other/2021-03-17.txt", page(&[FERRY, BRIDGE]));
    let other = called("other", "other").replace("\"news/", "\"other/");
    // A copy of what another one reads, which has moved its own: both read it.
    mill.write("copy/2021-03-10.txt", page(&[BRIDGE, LAKE]));
    mill.rename("news", "papers");
    mill.configure(&CONFIG.replace("\"news/", "\"papers/"));
    assert_eq!(once(&mill).code, 0);
    mill.configure(&(CONFIG.replace("\"news/", "\"papers/") + &called("copy", "copy").replace("\"news/", "\"copy/")));
    assert!(!mill.run(&["check"]).out.contains("new ids"));
    mill.rename("papers", "news");
    mill.configure(CONFIG);
    assert_eq!(once(&mill).code, 0);
    // It calls a file otherwise, of which the new one has a copy.
    mill.write("copies/a.txt", page(&[BRIDGE, LAKE]));
    mill.rename("news/2021-03-10.txt", "news/bridge-2021-03-10.txt");
    mill.configure(&(CONFIG.to_owned() + &called("copies", "copies").replace("\"news/", "\"copies/")));
    assert!(!mill.run(&["check"]).out.contains("new ids"));
    mill.rename("news/bridge-2021-03-10.txt", "news/2021-03-10.txt");
    mill.configure(CONFIG);
    // It comes; it comes and reads the same files as one that stays; one goes and another comes; one goes.
    for (n, config) in
        [CONFIG.to_owned() + &other, CONFIG.to_owned() + &called("same", "same"), other, CONFIG.to_owned()]
            .into_iter()
            .enumerate()
    {
        mill.configure(&config);
        for command in ["check", "--dry-run", "--once"] {
            let ran = mill.run(&[command]);
            assert!(!ran.out.contains("new ids"), "{n}: {ran:?}");
        }
    }
}

#[test]
fn files_that_a_source_of_another_site_takes_over_are_told_that_their_items_get_new_ids() {
    let mill = mill();
    mill.write("news/old/2021-03-17.txt", page(&[FERRY, BRIDGE]));
    let wide = CONFIG.replace("news/*.txt", "news/**/*.txt");
    mill.configure(&wide);
    assert_eq!(once(&mill).code, 0);
    // Moved away, or left to another by the pattern.
    let taken = called("old", "old").replace("\"news/*", "\"news/old/*");
    mill.configure(&(CONFIG.to_owned() + &taken));
    let ran = mill.run(&["check"]);
    assert!(ran.code == 1 && ran.out.contains("it is new, and reads 1 file that source news reads no more"), "{ran:?}");
    assert!(
        ran.out.contains("what it lists, 2 items, gets new ids") && ran.out.contains("site = \"harbour\""),
        "{ran:?}"
    );
    assert!(!ran.out.contains("site_was = ["), "the config refuses it beside a source of that site: {ran:?}");
    mill.configure(&(CONFIG.to_owned() + &taken.replace("\"old\"\nlang", "\"harbour\"\nlang")));
    assert!(!mill.run(&["check"]).out.contains("new ids"));
}

#[test]
fn a_source_of_which_the_site_is_called_otherwise_is_told_that_its_items_get_new_ids() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    mill.configure(&called("news", "port"));
    let said = "source news: its site was \"harbour\" and is \"port\" now: all its items get new ids";
    let ran = mill.run(&["check"]);
    assert!(ran.code == 1 && ran.out.contains(said) && ran.out.contains("site_was = [\"harbour\"]"), "{ran:?}");
    let ran = mill.run(&["--dry-run"]);
    assert!(ran.code == 5 && ran.out.contains(said), "{ran:?}");
    // With another source of the old site there is but one cure that the config takes.
    mill.write("home/2021-03-17.txt", page(&[FERRY]));
    let home = called("home", "harbour").replace("\"news/", "\"home/");
    mill.configure(&(called("news", "port") + &home));
    let ran = mill.run(&["check"]);
    assert!(ran.code == 1 && ran.out.contains("site = \"harbour\", as other sources have it"), "{ran:?}");
    mill.configure(&was_harbour(&called("news", "port")));
    assert!(!mill.run(&["check"]).out.contains("new ids"));
    assert_eq!(once(&mill).code, 0);
    // Of which its first name can be told no more.
    mill.configure(&called("news", "pier"));
    let ran = mill.run(&["check"]);
    assert!(ran.code == 1 && ran.out.contains("all its items get new ids"), "{ran:?}");
    assert!(ran.out.contains("the `site` and `site_was` that it had") && !ran.out.contains("site_was = ["), "{ran:?}");
}

// ---- what is told of it -----------------------------------------------------------------------------------------------

#[test]
fn check_tells_of_a_newest_page_without_items_as_a_pass_does() {
    let mill = mill();
    let check = || mill.run(&["check"]);
    assert!(check().out.ends_with("nothing wrong\n"));
    // An old one is no drift.
    mill.write("news/2020-01-01.txt", "Error 503\n\nTry again later.\n");
    let old = check();
    assert!(old.code == 0 && old.out.contains("1 of 2 files give no items"), "{old:?}");
    mill.write("news/2021-03-11.txt", "Error 503\n\nTry again later.\n");
    // Before a store knows of it, and after; whether the stat of the file proves something or not.
    for _ in 0..2 {
        let told = check();
        assert_eq!(told.code, 1, "{told:?}");
        assert!(told.out.contains("news/2021-03-11.txt is the newest page, and drift: no items"), "{told:?}");
        assert!(!told.out.contains("nothing wrong") && !told.out.contains("2020-01-01.txt is"), "{told:?}");
        for (name, seconds) in [("2020-01-01", 1_600_000_000), ("2021-03-11", 1_600_000_001), ("2021-03-10", 1)] {
            mill.touch(&format!("news/{name}.txt"), seconds);
        }
        assert_eq!(once(&mill).code, 1);
    }
    mill.configure(&CONFIG.replace("url ", "empty = \"fine\"\nurl "));
    assert_eq!((check().code, once(&mill).code), (0, 0));
}

#[test]
fn what_an_older_page_became_is_no_drift_to_check_as_to_a_pass() {
    let mill = mill();
    mill.write("news/old.txt", page(&[LAKE]));
    assert_eq!(once(&mill).code, 0);
    mill.write("news/old.txt", "Error 503\n\nTry again later.\n");
    let told = mill.run(&["check"]);
    assert_eq!((told.code, once(&mill).code), (0, 0), "{told:?}");
    let told = mill.run(&["check"]);
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn check_names_items_that_may_be_one_and_the_command_that_makes_them_one() {
    let mill = mill();
    mill.write("news/2021-03-17.txt", page(&[FERRY, BRIDGE, LAKE]));
    assert_eq!(once(&mill).code, 0);
    assert!(!mill.run(&["check"]).out.contains("may be one"));
    let mended = Told { title: "Ferry in a new coat of paint", ..FERRY };
    mill.write("news/2021-03-24.txt", page(&[mended, BRIDGE]));
    assert_eq!(once(&mill).code, 0);
    assert_eq!(mill.titles("news").len(), 4);
    let told = mill.run(&["check"]);
    let old = support::id("harbour", "2021-03-05", "ferryinanewcoat");
    let new = support::id("harbour", "2021-03-05", "ferryinanewcoatofpaint");
    let command = format!("feedmill alias {new} {old}");
    assert!(told.code == 0 && told.out.contains("may be one") && told.out.contains(&command), "{told:?}");
    assert_eq!(mill.run(&["alias", &new, &old]).code, 0);
    assert!(!mill.run(&["check"]).out.contains("may be one"), "what is decided need not wait for a pass");
    // No content is gone, and none would be read otherwise: the decision waits for a pass.
    let verified = mill.run(&["verify"]).out;
    assert!(verified.contains("from before what decisions and config say now: "), "{verified}");
    assert!(!verified.contains("no longer here") && !verified.contains("earlier reading"), "{verified}");
    assert_eq!(once(&mill).code, 0);
    assert!(mill.run(&["verify"]).out.ends_with("store, files and output agree\n"));
    assert_eq!(mill.titles("news"), [mended.title, BRIDGE.title, LAKE.title]);
    assert!(!mill.run(&["check"]).out.contains("may be one"));
}

#[test]
fn check_names_sites_that_list_the_same_items() {
    let mill = mill();
    let other = CONFIG.replace("\"news\"", "\"home\"").replace("\"news/", "\"home/");
    mill.configure(&(CONFIG.to_owned() + &other.replace("\"harbour\"", "\"start\"")));
    mill.write("home/2021-03-17.txt", page(&[FERRY, BRIDGE, LAKE]));
    assert_eq!(once(&mill).code, 0);
    let told = || mill.run(&["check"]).out;
    assert!(!told().contains("alike"), "{}", told());
    mill.write("news/2021-03-17.txt", page(&[FERRY, MOLE]));
    assert_eq!(once(&mill).code, 0);
    assert!(told().contains("list 3 items alike"), "{}", told());
    mill.configure(&(CONFIG.to_owned() + &other));
    assert_eq!(once(&mill).code, 0);
    assert!(!told().contains("alike"), "{}", told());
}

#[test]
fn a_page_that_lost_its_dates_is_unlike_those_before() {
    let mill = mill();
    mill.configure(&CONFIG.replace("\"newsroom\"", "\"auto\""));
    for day in 11..16 {
        mill.write(&format!("news/2021-03-{day}.txt"), page(&[FERRY, BRIDGE, LAKE]));
    }
    assert_eq!(once(&mill).code, 0);
    let undated = [FERRY, BRIDGE, LAKE].map(|told| Told { date: "", ..told });
    mill.write("news/2021-03-17.txt", page(&undated));
    let (code, told) = report(&mill);
    let unusual = told["unusual"][0]["reason"].as_str().unwrap_or_default();
    assert!(code == 0 && unusual.contains("no item has a date"), "{told}");
    assert!(mill.run(&["check"]).out.contains("one has no date"));
}

#[test]
fn a_page_that_was_read_wrongly_can_be_disregarded_and_counts_again() {
    const GLUED: Told = told(
        "Water in the lake",
        "02 March 2021",
        "The lake rises by a hand. New bridge. The bridge opens in May, and the ferry goes no more.",
    );
    let (mill, good) = (mill(), mill());
    assert_eq!((once(&mill).code, once(&good).code), (0, 0));
    let wrong = "news/2021-03-17.txt";
    mill.write(wrong, page(&[GLUED, FERRY]));
    good.write(wrong, page(&[FERRY]));
    assert_eq!((once(&mill).code, once(&good).code), (0, 0));
    let read = mill.feeds();
    let lake = mill.atom("news").into_iter().find(|entry| entry.title == LAKE.title).unwrap().id;
    let told = |mill: &Mill| mill.run(&["explain", "--item", &lake]).out;
    assert!(told(&mill).contains(GLUED.summary) && told(&mill).contains("(source news, content 0,"), "{}", told(&mill));

    let ran = mill.run(&["disregard", wrong]);
    assert!(ran.code == 0 && ran.out.contains("decisions.jsonl; the next pass shows it"), "{ran:?}");
    let noted = || fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap().lines().count();
    let ran = mill.run(&["disregard", wrong]);
    assert!(ran.code == 0 && ran.out.contains("so it is already") && noted() == 1, "{ran:?}");
    assert_eq!(once(&mill).code, 0);
    // What only that page lists is still there.
    assert_eq!(mill.feeds(), good.feeds());
    assert!(!told(&mill).contains(GLUED.summary) && told(&mill).contains(", disregarded)"), "{}", told(&mill));
    // The same bytes elsewhere say no more than there.
    mill.write("news/2021-03-18.txt", page(&[GLUED, FERRY]));
    assert_eq!(once(&mill).code, 0);
    assert!(!told(&mill).contains(GLUED.summary), "{}", told(&mill));
    mill.delete("news/2021-03-18.txt");

    // The file need not be there, and may be named as it lies seen from here.
    mill.delete(wrong);
    let at = mill.path("news/../news/2021-03-17.txt").display().to_string();
    assert_eq!(mill.run(&["disregard", &at, "--undo"]).code, 0);
    let ran = mill.run(&["disregard", &at, "--undo"]);
    assert!(ran.code == 0 && ran.out.contains("so it is already") && noted() == 2, "{ran:?}");
    assert_eq!(once(&mill).code, 0);
    assert!(told(&mill).contains(GLUED.summary), "{}", told(&mill));
    assert_eq!(mill.titles("news"), [FERRY.title, BRIDGE.title, LAKE.title]);
    assert_ne!(mill.feeds(), good.feeds());
    assert_eq!(mill.feeds().len(), read.len());
}

#[test]
fn of_a_file_that_was_overwritten_it_must_be_said_what_is_to_be_disregarded() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    mill.write("news/2021-03-10.txt", page(&[FERRY]));
    assert_eq!(once(&mill).code, 0);
    let ran = mill.run(&["disregard", "news/2021-03-10.txt"]);
    assert!(ran.code == 2 && ran.err.contains("had 2 contents: 0, 1") && ran.err.contains("--content N"), "{ran:?}");
    assert_eq!(mill.run(&["disregard", "news/2021-03-10.txt", "--content", "7"]).code, 2);
    assert_eq!(mill.run(&["disregard", "news/2021-03-10.txt", "--content", "1"]).code, 0);
    let ran = mill.run(&["disregard", "news/2021-03-11.txt"]);
    assert!(ran.code == 2 && ran.err.contains("nothing was ever read of \"news/2021-03-11.txt\""), "{ran:?}");
    let noted = fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap();
    assert!(noted.lines().count() == 1 && noted.contains("\"file\":\"news/2021-03-10.txt\""), "{noted}");
}

#[test]
fn of_a_file_that_two_sources_read_it_can_be_said_whose_contents_and_which_are_to_be_disregarded() {
    let (mill, file) = (mill(), "news/2021-03-10.txt");
    assert_eq!(once(&mill).code, 0);
    // What comes later knows nothing of the first content: its 0 is the other's 1.
    mill.write(file, page(&[FERRY]));
    mill.configure(&(CONFIG.to_owned() + &CONFIG.replace("\"news\"", "\"late\"")));
    assert_eq!(once(&mill).code, 0);
    let noted = || fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap_or_default().lines().count();

    for doubtful in [&["disregard", file, "--content", "0"][..], &["disregard", file]] {
        let ran = mill.run(doubtful);
        assert!(ran.code == 2 && ran.err.contains("--source") && ran.err.contains("news, late"), "{ran:?}");
    }
    let ran = mill.run(&["disregard", file, "--source", "nobody"]);
    assert!(ran.code == 2 && ran.err.contains("the sources that read it are news, late"), "{ran:?}");
    let ran = mill.run(&["disregard", file, "--source", "news", "--content", "0,7"]);
    assert!(ran.code == 2 && ran.err.contains("had no content 7, but 2 contents: 0, 1"), "{ran:?}");
    assert_eq!(noted(), 0);

    assert_eq!(mill.run(&["disregard", file, "--source", "late"]).code, 0);
    assert_eq!(noted(), 1);
    // Of a file that grew, both contents say the same. One of them is disregarded already.
    assert_eq!(mill.run(&["disregard", file, "--source", "news", "--content", "0,1"]).code, 0);
    assert_eq!(noted(), 2);
}

#[test]
fn decisions_that_root_makes_are_those_of_whom_the_state_folder_belongs_to() {
    if !is_root() {
        return;
    }
    let (mill, service) = (mill(), 4242);
    assert_eq!(once(&mill).code, 0);
    let [state, decisions] = ["", "/decisions.jsonl"].map(|below| mill.path(&format!(".feedmill{below}")));
    let lake = support::id("harbour", "2021-03-02", "waterinthelake");
    chown(&state, Some(service), Some(service + 1)).unwrap();
    let owner = || fs::metadata(&decisions).map(|found| (found.uid(), found.gid())).unwrap();
    for command in [&["retract", &lake][..], &["disregard", "news/2021-03-10.txt"]] {
        assert_eq!(mill.run(command).code, 0);
        assert_eq!(owner(), (service, service + 1));
        fs::remove_file(&decisions).unwrap();
    }
    // What is there belongs to whom it is given to, be it empty: a link may have led here.
    fs::write(&decisions, "").unwrap();
    assert_eq!(mill.run(&["retract", &lake]).code, 0);
    assert_eq!(owner(), (0, 0));
}

#[test]
fn whose_file_is_disregarded_no_source_that_left_the_config_is_asked() {
    let (mill, file) = (mill(), "news/2021-03-10.txt");
    assert_eq!(once(&mill).code, 0);
    mill.write(file, page(&[FERRY]));
    mill.configure(&CONFIG.replace("\"news\"", "\"late\""));
    assert_eq!(once(&mill).code, 0);
    // Its content of before is only meant where its source is named.
    let ran = mill.run(&["disregard", file, "--source", "nobody"]);
    assert!(ran.code == 2 && ran.err.contains("the sources that read it are news, late"), "{ran:?}");
    assert_eq!(mill.run(&["disregard", file]).code, 0);
    let noted = || fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap();
    assert_eq!(noted().lines().count(), 1);
    assert_eq!(mill.run(&["disregard", file, "--source", "news", "--content", "0"]).code, 0);
    assert_eq!(noted().lines().count(), 2);
    // Where all of them left, they are those that read it.
    mill.configure(&CONFIG.replace("\"news\"", "\"last\"").replace("\"news/", "\"last/"));
    let ran = mill.run(&["disregard", file]);
    assert!(ran.code == 2 && ran.err.contains("knew different contents of it: news, late"), "{ran:?}");
}

#[test]
fn that_nobody_reads_the_report_changes_nothing_of_the_exit_code() {
    let mill = mill();
    assert_eq!(once(&mill).code, 0);
    mill.write("news/2021-03-12.txt", "Error 503\n\nTry again later.\n");
    let unread = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut feedmill = Command::new(env!("CARGO_BIN_EXE_feedmill"));
        feedmill.current_dir(mill.path("")).env_remove("STATE_DIRECTORY").env_remove("CONFIGURATION_DIRECTORY");
        feedmill.args(arguments).stdout(writer).status().unwrap().code()
    };
    for arguments in [&["check"][..], &["check", "--format", "json"], &["explain", "news/2021-03-12.txt"], &["--once"]]
    {
        assert_eq!(unread(arguments), Some(1), "{arguments:?}");
    }
    mill.delete("public/news/rss.xml");
    for arguments in [&["verify"][..], &["verify", "--format", "json"]] {
        assert_eq!(unread(arguments), Some(1), "{arguments:?}");
    }
    assert_eq!(unread(&["items"]), Some(0));
}

#[test]
fn a_file_that_is_disregarded_is_named_as_it_lies_or_as_it_lay() {
    let mill = mill();
    let odd = OsStr::from_bytes(b"news/2021-03-12 \xFF.txt");
    fs::write(mill.path("").join(odd), page(&[LAKE, MOLE])).unwrap();
    assert_eq!(once(&mill).code, 0);
    let mut disregard = Command::new(env!("CARGO_BIN_EXE_feedmill"));
    disregard.current_dir(mill.path("")).env_remove("STATE_DIRECTORY").env_remove("CONFIGURATION_DIRECTORY");
    let ran = disregard.arg("disregard").arg(odd).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    fs::remove_dir_all(mill.path("news")).unwrap();
    let ran = mill.run(&["disregard", &mill.path("news/2021-03-10.txt").display().to_string()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let noted = fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap();
    assert!(noted.contains(r"news/2021-03-12 \\xFF.txt") && noted.contains("news/2021-03-10.txt"), "{noted}");
}

#[test]
fn check_names_a_file_whose_name_states_a_day_years_before_what_it_lists() {
    let mill = mill();
    // Before it is read, and after.
    for _ in 0..2 {
        assert!(!mill.run(&["check"]).out.contains("published as if known then"));
        assert_eq!(once(&mill).code, 0);
    }
    mill.write("news/2012-03-17.txt", page(&[FERRY, MOLE]));
    for _ in 0..2 {
        let told = mill.run(&["check"]);
        let said = "the name of news/2012-03-17.txt says 2012-03-17, and the page lists 2021-03-22";
        assert!(told.code == 0 && told.out.contains(said), "{told:?}");
        assert_eq!(once(&mill).code, 0);
    }
    // What it advises was done.
    assert_eq!(mill.run(&["disregard", "news/2012-03-17.txt"]).code, 0);
    assert!(!mill.run(&["check"]).out.contains("published as if known then"));
}

#[test]
fn check_and_the_daemon_tell_what_keeps_a_socket_from_its_place() {
    let mill = mill();
    mill.configure(&format!("[serve]\nsocket = \"run/http\"\n{CONFIG}"));
    let check = || mill.run(&["check"]);
    let told = check();
    assert!(told.code == 1 && told.out.contains("run/http\" can't be made: the folder"), "{told:?}");
    fs::create_dir(mill.path("run")).unwrap();
    assert_eq!(check().code, 0);
    mill.write("run/http", "somebody's");
    let told = check();
    assert!(told.code == 1 && told.out.contains("what stands there is no socket"), "{told:?}");
    let daemon = mill.run(&[]);
    assert_eq!(daemon.code, 3, "{daemon:?}");
    assert!(daemon.err.contains("what stands there is no socket") && !daemon.err.contains("folder"), "{daemon:?}");
    mill.delete("run/http");
    // A socket may be that of a feedmill that runs.
    let _listens = std::os::unix::net::UnixListener::bind(mill.path("run/http")).unwrap();
    assert_eq!(check().code, 0);
}

#[test]
fn a_name_that_steers_a_terminal_is_explained_as_items_write_it() {
    let mill = mill();
    for (name, shown) in
        [(&b"a\x1b[1m\nb.txt"[..], "a\\u{1b}[1m\\u{a}b.txt"), (&b"bad\xff\xfe.txt"[..], "bad\\xFF\\xFE.txt")]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let name = std::ffi::OsStr::from_bytes(name);
        fs::copy(mill.path("news/2021-03-10.txt"), mill.path("").join(name)).unwrap();
        let explain = |more: &[&str]| {
            let mut explain = Command::new(env!("CARGO_BIN_EXE_feedmill"));
            let ran = explain.current_dir(mill.path("")).arg("explain").arg(name).args(more).output().unwrap();
            String::from_utf8(ran.stdout).unwrap()
        };
        assert!(explain(&[]).starts_with(&format!("{shown}: layout ")), "{:?}", explain(&[]));
        let told: serde_json::Value = serde_json::from_str(&explain(&["--format", "json"])).unwrap();
        assert_eq!(told["file"], shown);
    }
}

/// Without a config ids are made of the folder's name, or of one like it that a feed can have.
#[test]
fn explain_tells_the_ids_that_items_get_in_a_folder_of_any_name() {
    let mill = mill();
    let page = fs::read_to_string(mill.path("news/2021-03-10.txt")).unwrap();
    mill.write("bare/lake: news*/2021-03-10.txt", page);
    let run = |arguments: &[&str]| {
        let mut feedmill = Command::new(env!("CARGO_BIN_EXE_feedmill"));
        let ran = feedmill.current_dir(mill.path("bare")).args(arguments).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    run(&["--once", "lake: news*"]);
    let items = run(&["items", "--format", "json"]);
    let stored = sorted(items.lines().map(|line| json(line)["id"].to_string()).collect());
    let told = json(&run(&["explain", "--format", "json", "lake: news*/2021-03-10.txt"]));
    let told = sorted(told["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()).collect());
    assert!(!stored.is_empty());
    assert_eq!(told, stored);
}

#[test]
fn verify_tells_contents_that_are_gone_from_those_that_are_read_otherwise() {
    let mill = mill();
    mill.write("news/2021-03-20.txt", page(&[FERRY, MOLE]));
    once(&mill);
    mill.delete("news/2021-03-20.txt");
    let verify =
        || -> serde_json::Value { serde_json::from_str(&mill.run(&["verify", "--format", "json"]).out).unwrap() };
    let told = verify();
    assert_eq!(
        (&told["surplus"]["from"], &told["surplus"]["reread"]),
        (&"contents no longer here".into(), &serde_json::json!([]))
    );
    assert!(mill.run(&["verify"]).out.ends_with("store, files and output agree\n"));
    mill.configure(&CONFIG.replace("\"newsroom\"", "\"day-header\""));
    let told = verify();
    let (surplus, reread) =
        (told["surplus"]["items"].as_array().unwrap(), told["surplus"]["reread"].as_array().unwrap());
    assert_eq!((surplus.len(), reread.len()), (4, 2), "{told}");
    assert_eq!(told["surplus"]["from"], "contents no longer here, and an earlier reading of contents still here");
    let said = mill.run(&["verify"]).out;
    assert_eq!(said.matches("from an earlier reading of contents still here: ").count(), 2, "{said}");
    assert!(!said.contains("store, files and output agree"), "{said}");
}

/// As after an upgrade, too, if the new version reads a page worse.
#[test]
fn verify_asks_for_no_pass_that_would_keep_the_earlier_reading() {
    let mill = Mill::new(CONFIG);
    let items = [BRIDGE, LAKE, MAST].map(|it| format!("{}\n{}\n{}\n\n", it.title, it.date, it.summary));
    mill.write("news/2021-03-10.txt", items.concat());
    once(&mill);
    mill.configure(&CONFIG.replace("\"newsroom\"", "\"date-first\""));
    let ran = once(&mill);
    assert!(ran.code == 1 && ran.err.contains("the new reading leaves out the item"), "{ran:?}");
    let ran = mill.run(&["verify", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let count = |of: &str| told[of].as_array().map(Vec::len);
    assert_eq!((ran.code, count("missing"), count("withheld")), (0, Some(0), Some(3)), "{told}");
    let ran = mill.run(&["verify"]);
    assert!(ran.code == 0 && ran.out.contains("the store keeps what it read earlier"), "{ran:?}");
}

#[test]
fn what_is_published_no_more_leaves_no_empty_folder_and_is_told_as_removed() {
    let mill = mill();
    once(&mill);
    assert!(mill.path("public/news/2021").is_dir());
    fs::create_dir(mill.path("public/news/mine")).unwrap();
    mill.configure(&format!("pages = false\n{CONFIG}"));
    for arguments in [&["--once", "--dry-run"][..], &["--once"]] {
        let told = mill.run(arguments).out;
        assert!(told.contains("news/atom.xml; removed news/index.html and "), "{told}");
    }
    assert!(!mill.path("public/news/2021").exists() && mill.path("public/news/mine").is_dir());
    mill.configure(CONFIG);
    once(&mill);
    // What somebody put there keeps the folder.
    fs::write(mill.path("public/news/2021/mine.txt"), "mine").unwrap();
    mill.configure(&format!("pages = false\n{CONFIG}"));
    let (_, told) = report(&mill);
    let all = |key: &str| -> BTreeSet<String> {
        told["feeds"][0][key].as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned()).collect()
    };
    assert!(all("removed").contains("news/2021/03.html") && !all("removed").contains("news/atom.xml"), "{told}");
    assert!(all("written").is_superset(&all("removed")), "{told}");
    assert!(mill.path("public/news/2021/mine.txt").exists());
}
