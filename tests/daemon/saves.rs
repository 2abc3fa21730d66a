//! The ways people and programs save a file. After each the items are those of a single pass over the same contents,
//! and no reader ever saw one that no finished file held.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use crate::reader::Reader;
use crate::service::{Daemon, config, entry, items, once, sheet, shown, title};
use crate::support::Mill;

/// Longer than the slow writers' pauses by far, on a loaded machine too.
const SETTLE: &str = "settle = \"2s\"";

type Save = fn(&Path, &[u8]);

const SAVES: [(&str, Save); 16] = [
    ("rename", |path, text| put(path, text, "tmp")),
    ("in-place", |path, text| fs::write(path, text).unwrap()),
    ("chunks", |path, text| chunks(path, text, 40, Duration::from_millis(10))),
    ("slow", |path, text| chunks(path, text, 7, Duration::from_millis(250))),
    ("emptied-first", |path, text| {
        // As `>` and then `>>` do.
        fs::write(path, "").unwrap();
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(text).unwrap();
    }),
    ("vim-like", |path, text| {
        let probe = path.with_file_name("4913");
        fs::write(&probe, "").unwrap();
        fs::remove_file(probe).unwrap();
        let swap = beside(path, ".", ".swp");
        fs::write(&swap, "b0VIM 9.0").unwrap();
        backed_up(path, text);
        fs::remove_file(swap).unwrap();
    }),
    ("emacs-like", |path, text| {
        let (lock, auto) = (beside(path, ".#", ""), beside(path, "#", "#"));
        symlink("user@host.1", &lock).unwrap();
        fs::write(&auto, &text[..text.len() / 2]).unwrap();
        backed_up(path, text);
        fs::remove_file(auto).unwrap();
        fs::remove_file(lock).unwrap();
    }),
    ("rsync-like", |path, text| {
        let temporary = beside(path, ".", ".Xa8fYq");
        chunks(&temporary, text, 5, Duration::from_millis(10));
        old(&temporary);
        fs::rename(temporary, path).unwrap();
    }),
    ("rsync-inplace", |path, text| {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).unwrap();
        for (n, block) in text.chunks(97).enumerate() {
            file.write_all_at(block, n as u64 * 97).unwrap();
            sleep(Duration::from_millis(5));
        }
        file.set_len(text.len() as u64).unwrap();
    }),
    ("mv-across", |path, text| {
        // The mill is in memory if it can be, this is not.
        let elsewhere = tempfile::tempdir_in("/var/tmp").unwrap();
        let from = elsewhere.path().join("page");
        fs::write(&from, text).unwrap();
        assert!(Command::new("mv").arg("-f").arg(from).arg(path).status().unwrap().success());
    }),
    ("hard-link", |path, text| {
        let from = beside(path, ".link-", "");
        fs::write(&from, text).unwrap();
        let _ = fs::remove_file(path);
        fs::hard_link(&from, path).unwrap();
        fs::remove_file(from).unwrap();
    }),
    ("append", |path, text| {
        let known = fs::metadata(path).map_or(0, |found| found.len());
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        for part in text[usize::try_from(known).unwrap()..].chunks(50) {
            file.write_all(part).unwrap();
        }
    }),
    ("old-mtime", |path, text| {
        fs::write(path, text).unwrap();
        old(path);
    }),
    ("old-mtime-rename", |path, text| {
        let temporary = beside(path, ".", ".old");
        fs::write(&temporary, text).unwrap();
        old(&temporary);
        fs::rename(temporary, path).unwrap();
    }),
    ("symlink", |path, text| {
        // The page has a name that is none of the source's; the link has one.
        let n = text.len();
        let target = beside(path, "", &format!(".{n}.page"));
        fs::write(&target, text).unwrap();
        let link = beside(path, ".", ".new");
        symlink(target.file_name().unwrap(), &link).unwrap();
        fs::rename(link, path).unwrap();
    }),
    ("cp", |path, text| {
        let from = beside(path, ".from-", "");
        fs::write(&from, text).unwrap();
        assert!(Command::new("cp").arg("-p").arg(&from).arg(path).status().unwrap().success());
        fs::remove_file(from).unwrap();
    }),
];

/// A file beside another one.
fn beside(path: &Path, before: &str, after: &str) -> PathBuf {
    path.with_file_name(format!("{before}{}{after}", path.file_name().unwrap().to_str().unwrap()))
}

fn put(path: &Path, text: &[u8], ending: &str) {
    let temporary = beside(path, ".", ending);
    fs::write(&temporary, text).unwrap();
    fs::rename(temporary, path).unwrap();
}

fn chunks(path: &Path, text: &[u8], parts: usize, pause: Duration) {
    let mut file = File::create(path).unwrap();
    for part in text.chunks(text.len().div_ceil(parts)) {
        file.write_all(part).unwrap();
        sleep(pause);
    }
}

fn backed_up(path: &Path, text: &[u8]) {
    let backup = beside(path, "", "~");
    let there = path.exists();
    if there {
        fs::rename(path, &backup).unwrap();
    }
    fs::write(path, text).unwrap();
    if there {
        fs::remove_file(backup).unwrap();
    }
}

fn old(path: &Path) {
    let times = fs::FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(86_400));
    OpenOptions::new().append(true).open(path).unwrap().set_times(times).unwrap();
}

/// Whether a program is there; says so if not.
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("skipped: there is no {program} here, only what saves like it");
    }
    found
}

fn edit(program: &str, arguments: &[&str], path: &Path) {
    let mut command = Command::new(program);
    command.args(arguments).arg(path).env("TERM", "dumb").env("HOME", "/nonexistent").stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
}

fn vim(path: &Path, text: &[u8], how: &str) {
    let from = beside(path, ".for-", "");
    fs::write(&from, text).unwrap();
    let read = format!("0r {}", from.display());
    edit("vim", &["-N", "-u", "NONE", "-i", "NONE", "-es", "-c", how, "-c", "%d", "-c", &read, "-c", "wq!"], path);
    assert!(fs::read(path).unwrap() == text, "vim saved something else");
    fs::remove_file(from).unwrap();
}

fn programs() -> Vec<(&'static str, Save)> {
    let mut programs: Vec<(&'static str, Save)> = Vec::new();
    if has("vim") {
        programs.push(("vim-rename", |path, text| vim(path, text, "set backup backupcopy=no directory=.")));
        programs.push(("vim-overwrite", |path, text| vim(path, text, "set writebackup backupcopy=yes directory=.")));
    }
    if has("rsync") {
        programs.push(("rsync", |path, text| rsynced(path, text, "--whole-file")));
        programs.push(("rsync--inplace", |path, text| rsynced(path, text, "--inplace")));
    }
    if has("emacs") {
        programs.push(("emacs", |path, text| {
            let from = beside(path, ".for-", "");
            fs::write(&from, text).unwrap();
            let insert =
                format!("(progn (erase-buffer) (insert-file-contents {:?}) (save-buffer))", from.to_str().unwrap());
            let find = format!("(find-file {:?})", path.to_str().unwrap());
            edit("emacs", &["-Q", "--batch", "--eval", &find, "--eval", &insert], Path::new("--kill"));
            fs::remove_file(from).unwrap();
        }));
    }
    programs
}

fn rsynced(path: &Path, text: &[u8], how: &str) {
    let from = beside(path, ".src-", "");
    fs::write(&from, text).unwrap();
    edit("rsync", &["-a", "--ignore-times", how, from.to_str().unwrap()], path);
    fs::remove_file(from).unwrap();
}

#[test]
fn however_a_file_is_saved_the_items_are_those_of_a_single_pass() {
    let mill = Mill::new(&config(SETTLE));
    mill.write("in/first.txt", sheet("first", 1..=1));
    let daemon = Daemon::ready(&mill);
    let reader = Reader::start(&mill.path("public"));
    let saves: Vec<(&str, Save)> = SAVES.into_iter().chain(programs()).collect();
    let mut expected = vec![title("first", 1)];
    // A new file, then other and longer text over it, then shorter; one that only grows goes on instead.
    for (round, range) in [1..=6, 7..=17, 18..=20].into_iter().enumerate() {
        std::thread::scope(|scope| {
            for (name, save) in &saves {
                let text = if *name == "append" {
                    let mut page = sheet(name, 1..=2);
                    (3..=*range.end()).for_each(|n| entry(&mut page, n, name, n));
                    page
                } else {
                    sheet(name, range.clone())
                };
                let path = mill.path(&format!("in/{name}-{}.txt", "2020-07-01"));
                scope.spawn(move || save(&path, text.as_bytes()));
            }
        });
        for (name, _) in &saves {
            expected.extend(range.clone().map(|n| title(name, n)));
        }
        expected.sort();
        for (name, _) in &saves {
            let there = || {
                let shown = shown(&mill.path("public"));
                range.clone().all(|n| shown.contains_key(&title(name, n)))
            };
            daemon.until(&format!("what {name} saved in round {round}"), there);
        }
        once(&mill);
        assert_eq!(items(&mill, ".feedmill"), items(&mill, "once-state"), "round {round}");
        let titles: Vec<String> = shown(&mill.path("public")).into_keys().collect();
        assert_eq!(titles, expected, "round {round}");
    }
    let same = fs::read(mill.path("public/everything/atom.xml")).unwrap()
        == fs::read(mill.path("once/everything/atom.xml")).unwrap();
    assert!(same, "the feeds differ from those of single passes");
    daemon.terminate();
    // The reader fails if anything that it ever saw in the feed is not there any more: no phantom came and went.
    eprintln!("{} ways to save; {:?}", saves.len(), reader.stop());
}
