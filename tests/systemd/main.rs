//! The unit file, judged by systemd itself; and the service, run by a systemd of its own.
//!
//! What the machine can't do is told and passed over: the judgement needs systemd's programs, the run needs root,
//! overlayfs and cgroup2 besides.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test that can't go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const HERE: &str = env!("CARGO_MANIFEST_DIR");
const BINARY: &str = env!("CARGO_BIN_EXE_feedmill");

fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()
}

fn analyze() -> bool {
    let there = run("systemd-analyze", &["--version"]).is_some_and(|done| done.status.success());
    if !there {
        eprintln!("SKIPPED: there is no systemd-analyze to judge the unit with");
    }
    there
}

fn unit() -> PathBuf {
    Path::new(HERE).join("systemd/feedmill.service")
}

/// The drop-ins of the unit: what single machines need besides.
fn drop_ins() -> Vec<PathBuf> {
    let found = fs::read_dir(unit().with_extension("service.d")).unwrap();
    found.map(|entry| entry.unwrap().path()).collect()
}

/// The unit as it is installed on a machine that has the program just built, with these drop-ins.
fn installed(folder: &Path, drop_ins: &[PathBuf]) -> PathBuf {
    let copy = folder.join("feedmill.service");
    let text = fs::read_to_string(unit()).unwrap();
    fs::write(&copy, text.replace("/usr/local/bin/feedmill", BINARY)).unwrap();
    let beside = copy.with_extension("service.d");
    fs::create_dir_all(&beside).unwrap();
    for drop_in in drop_ins {
        fs::copy(drop_in, beside.join(drop_in.file_name().unwrap())).unwrap();
    }
    copy
}

#[test]
fn the_units_have_no_fault_with_or_without_drop_ins() {
    if !analyze() {
        return;
    }
    for drop_ins in [vec![], drop_ins()] {
        // A program that is not installed is a fault, too: here it is the one just built.
        let folder = tempfile::tempdir().unwrap();
        let copy = installed(folder.path(), &drop_ins);
        let socket = copy.with_extension("socket");
        fs::copy(unit().with_extension("socket"), &socket).unwrap();
        let done = run("systemd-analyze", &["verify", copy.to_str().unwrap(), socket.to_str().unwrap()]).unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && !told.contains("feedmill"), "{told}");
    }
}

#[test]
fn the_unit_exposes_little() {
    if !analyze() {
        return;
    }
    // 2 is an exposure of 0.2, of 10: served by way of feedmill.socket, it has no network. One costs 0.9 more.
    for (drop_ins, threshold) in [(vec![], 2), (drop_ins(), 11)] {
        let folder = tempfile::tempdir().unwrap();
        let copy = installed(folder.path(), &drop_ins);
        let threshold = format!("--threshold={threshold}");
        let arguments = ["security", "--offline=true", &threshold, "--no-pager", copy.to_str().unwrap()];
        let done = run("systemd-analyze", &arguments).unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    }
}

#[test]
fn every_directive_says_why() {
    for file in [unit(), unit().with_extension("socket")].into_iter().chain(drop_ins()) {
        says_why(&fs::read_to_string(file).unwrap());
    }
}

fn says_why(text: &str) {
    let mut said = false;
    for line in text.lines() {
        match line.chars().next() {
            None => said = false,
            Some('#') => said = true,
            Some('[') => said = !["[Service]", "[Socket]"].contains(&line),
            Some(_) => assert!(said, "no comment above {line}"),
        }
    }
}

/// Why this machine can't boot a systemd in a namespace.
fn hindrance() -> Option<&'static str> {
    let root = fs::metadata("/proc/self").is_ok() && run("id", &["-u"]).is_some_and(|id| id.stdout == b"0\n");
    if !root {
        return Some("not root");
    }
    if !Path::new("/lib/systemd/systemd").exists() {
        return Some("systemd is not installed");
    }
    let try_mounts = "set -e; mkdir \"$0\"/t; mount -t tmpfs t \"$0\"/t; mkdir \"$0\"/t/{u,w,m,c}; cd \"$0\"/t; \
                      mount -t overlay o -o lowerdir=/,upperdir=u,workdir=w m; mount -t cgroup2 c c";
    let folder = tempfile::tempdir().unwrap();
    let mut namespaces = vec!["--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup"];
    let place = folder.path().display().to_string();
    namespaces.extend(["--propagation", "private", "bash", "-c", try_mounts, &place]);
    let able = run("unshare", &namespaces).is_some_and(|done| done.status.success());
    (!able).then_some("namespaces, overlayfs or cgroup2 are not to be had here")
}

/// The commands that the README gives for the installation.
fn installation() -> String {
    let readme = fs::read_to_string(Path::new(HERE).join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let block = blocks.into_iter().find(|block| block.contains("systemctl enable --now feedmill"));
    block.unwrap_or_else(|| panic!("the README does not say how to install the service")).to_owned()
}

#[test]
fn a_real_systemd_runs_it() {
    let commands = installation();
    if let Some(why) = hindrance() {
        eprintln!("SKIPPED: the unit is not run by a real systemd: {why}");
        return;
    }
    let lab = tempfile::tempdir().unwrap();
    fs::write(lab.path().join("install.sh"), commands).unwrap();
    let boot = Path::new(HERE).join("tests/systemd/boot.sh");
    let arguments = [boot.to_str().unwrap(), lab.path().to_str().unwrap(), BINARY, HERE];
    let booted = run("bash", &arguments).unwrap();
    let log = fs::read_to_string(lab.path().join("log")).unwrap_or_default();
    let told = String::from_utf8_lossy(&booted.stderr);
    assert!(log.ends_with("\ndone\n"), "it did not get to its end\n{log}\n{told}");
    assert!(!log.contains("FAILED"), "{log}");
}
