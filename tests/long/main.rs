//! The program as a stranger meets it: odd arguments, endless files, settings changed back and forth.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PAGE: &str = "News room

  1. Ferries return to the islands

    04/07/2020

    The first boat left at dawn.

  2. Lamps along the quay are lit

    05/08/2020

    Two winters of darkness are over.
";

fn feedmill(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_feedmill"));
    command.current_dir(folder).env_clear().args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

/// Runs, expects this exit code, and returns standard output.
fn expect(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output = feedmill(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    assert!(!told.contains("panicked"), "{told}");
    String::from_utf8(output.stdout).unwrap()
}

fn ids(folder: &Path) -> Vec<String> {
    let items = expect(folder, 0, &["items", "--format", "json"]);
    let item = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string();
    items.lines().map(item).collect()
}

#[test]
fn a_setting_changed_back_and_forth_keeps_ids_and_never_ends_in_a_circle() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("in")).unwrap();
    fs::write(folder.join("in/page.txt"), PAGE).unwrap();
    let mut first = None;
    for (order, date) in [("dmy", "2020-08-05"), ("mdy", "2020-05-08"), ("dmy", "2020-08-05"), ("mdy", "2020-05-08")] {
        let config =
            format!("[[source]]\nname = \"a\"\nsite = \"a\"\nfiles = [\"in/*.txt\"]\ndate_order = \"{order}\"\n");
        fs::write(folder.join("feedmill.toml"), config).unwrap();
        expect(folder, 0, &["--once"]);
        assert!(expect(folder, 0, &["items"]).contains(date), "{order}");
        assert_eq!(&ids(folder), first.get_or_insert_with(|| ids(folder)), "{order}");
    }
}

#[test]
fn nobody_waits_for_the_end_of_an_endless_file() {
    let folder = tempfile::tempdir().unwrap();
    expect(folder.path(), 2, &["explain", "/dev/zero"]);
    expect(folder.path(), 2, &["--once", "--config", "/dev/zero"]);
    expect(folder.path(), 2, &["--once", "/dev/zero"]);
}

#[test]
fn a_folder_that_is_the_output_is_refused_with_the_option_that_helps() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    for option in ["--output", "--state"] {
        let output = feedmill(folder.path(), &["--once", "in", option, "in"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("choose another folder with {option}\n")), "{told}");
    }
}

#[test]
fn a_store_emptied_from_outside_makes_no_feed_shrink() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("in")).unwrap();
    fs::write(folder.join("in/page.txt"), PAGE.replace("/07/", "/27/")).unwrap();
    fs::write(folder.join("in/more.txt"), "News room\n\n  1. Orchard opens\n\n    12 June 2020\n\n    Apples.\n")
        .unwrap();
    expect(folder, 0, &["--once", "in"]);
    let published = fs::read(folder.join("public/in/atom.xml")).unwrap();
    fs::remove_file(folder.join("in/more.txt")).unwrap();
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::write(folder.join(format!(".feedmill/feedmill.db{ending}")), "");
    }
    expect(folder, 1, &["--once", "in"]);
    assert!(fs::read(folder.join("public/in/atom.xml")).unwrap() == published);
}
