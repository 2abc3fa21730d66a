//! The recipes in `deploy/`, followed as a person would who has nothing but this machine.
//!
//! What is not installed here is told and passed over (`cargo test -- --nocapture`): nginx, caddy, git, dpkg. What
//! takes longer, a package that is installed and a container that is built, is `tests/long/packages`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test that can't go on has failed"
)]

mod ci;
mod debian;
#[path = "../support/mod.rs"]
mod support;
mod web;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::Mill;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Whether this machine has a program; tells if not.
fn has(program: &str) -> bool {
    let there = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .chain([PathBuf::from("/usr/sbin")])
        .any(|folder| folder.join(program).is_file());
    if !there {
        eprintln!("SKIPPED: there is no {program} here");
    }
    there
}

/// A recipe's text.
fn recipe(name: &str) -> String {
    fs::read_to_string(Path::new(HERE).join("deploy").join(name)).unwrap()
}

/// Text with `from` replaced, which has to be there.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from:?} in\n{text}");
    text.replace(from, to)
}

/// A mill that has published the sample pages of the lakes.
fn lakes() -> Mill {
    let mill = Mill::new(
        "base_url = \"https://feeds.example.org/\"\n\n[[source]]\nname = \"lakes\"\nsite = \"lakes\"\n\
         files = [\"scrapes/*.txt\"]\n",
    );
    for page in fs::read_dir(Path::new(HERE).join("samples/lakes")).unwrap() {
        let page = page.unwrap();
        mill.write(&format!("scrapes/{}", page.file_name().to_str().unwrap()), fs::read(page.path()).unwrap());
    }
    assert_eq!(mill.run(&["--once"]).code, 0);
    mill
}

/// Runs a program to its end; what it printed, and its exit code.
fn run(command: &mut Command) -> (i32, String) {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let mut told = String::from_utf8_lossy(&done.stdout).into_owned();
    told.push_str(&String::from_utf8_lossy(&done.stderr));
    (done.status.code().unwrap_or(-1), told)
}
