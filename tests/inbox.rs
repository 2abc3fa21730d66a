//! Folders as they really are: links, loops, odd names, files that change while they are read.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail where it stands"
)]

#[path = "support/machine.rs"]
mod machine;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use feedmill::config::{self, Given, Source, Surroundings};
use feedmill::inbox::{self, IgnoreReason, KeepOut, Listing, MAX_BYTES, SkipReason, Skipped};
use machine::is_root;
use tempfile::TempDir;

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: TempDir::new().expect("a folder") }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    fn put(&self, below: &str, bytes: &[u8]) {
        self.put_raw(below.as_bytes(), bytes);
    }

    fn put_raw(&self, below: &[u8], bytes: &[u8]) {
        let path = self.dir.path().join(OsStr::from_bytes(below));
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, bytes).expect("written");
    }

    fn source(&self, files: &str) -> Source {
        let text = format!("[[source]]\nname = \"a\"\nsite = \"a\"\n{files}\n");
        fs::write(self.path("feedmill.toml"), text).expect("written");
        let around = Surroundings { current: self.dir.path().to_owned(), ..Surroundings::default() };
        match config::load(&Given::default(), &around) {
            Ok(mut config) => config.sources.remove(0),
            Err(error) => panic!("{error:?}"),
        }
    }

    fn folder(&self, folder: &str) -> Source {
        let around = Surroundings { current: self.dir.path().to_owned(), ..Surroundings::default() };
        let given = Given { dirs: vec![folder.into()], ..Given::default() };
        config::load(&given, &around).expect("a config").sources.remove(0)
    }
}

fn list_without(source: &Source, keep_out: &KeepOut) -> Listing {
    inbox::list_all([&source.files], keep_out).remove(0)
}

/// Lists a source; looked for by name, one by one or all together, its files are the same.
fn list(source: &Source) -> Listing {
    let listing = list_without(source, &KeepOut::default());
    let mut all = BTreeSet::new();
    for root in source.files.roots() {
        walk(&std::path::absolute(&root.folder).expect("absolute"), &mut all);
    }
    let named = inbox::list_named(&source.files, &KeepOut::default(), &all);
    assert_eq!(named.files, listing.files);
    let one_by_one = all
        .iter()
        .take(200)
        .flat_map(|path| inbox::list_named(&source.files, &KeepOut::default(), &BTreeSet::from([path.clone()])).files);
    let mut one_by_one: Vec<_> = one_by_one.collect();
    one_by_one.sort_by(|a, b| a.name.cmp(&b.name));
    if all.len() <= 200 {
        assert_eq!(one_by_one, listing.files);
    }
    listing
}

fn walk(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&entry.path(), found);
        } else {
            found.insert(entry.path());
        }
    }
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.files.iter().map(|seen| &*seen.name).collect()
}

fn ignored(listing: &Listing) -> Vec<(&str, IgnoreReason)> {
    listing.ignored.iter().map(|ignored| (ignored.name.as_str(), ignored.why)).collect()
}

fn read(source: &Source, name: &str) -> Result<Vec<u8>, SkipReason> {
    let mut buffer = b"what was there before".to_vec();
    inbox::read(&source.files, name, &KeepOut::default(), MAX_BYTES, &mut buffer).map(|_| buffer)
}

#[test]
fn files_are_listed_by_name_whatever_the_folder_says() {
    let place = Place::new();
    for name in ["s/b.txt", "s/a.txt", "s/Z.txt", "s/deep/er/c.txt", "s/é.txt", "s/x.md", "other/a.txt"] {
        place.put(name, b"x");
    }
    let listing = list(&place.source("files = [\"s/**/*.txt\"]"));
    assert_eq!(names(&listing), ["s/Z.txt", "s/a.txt", "s/b.txt", "s/deep/er/c.txt", "s/é.txt"]);
    let below: Vec<&str> = listing.files.iter().map(|seen| seen.below()).collect();
    assert_eq!(below, ["Z.txt", "a.txt", "b.txt", "deep/er/c.txt", "é.txt"]);
    assert!(listing.ignored.is_empty() && listing.skipped.is_empty());
    let flat = list(&place.source("files = [\"s/*.txt\"]"));
    assert_eq!(names(&flat), ["s/Z.txt", "s/a.txt", "s/b.txt", "s/é.txt"]);
}

#[test]
fn overlapping_patterns_list_a_file_once() {
    let place = Place::new();
    place.put("s/2020-01-01/a.txt", b"x");
    place.put("s/b.txt", b"x");
    let source = place.source("files = [\"s/2020-01-01/*.txt\", \"s/**/*.txt\", \"s/*.txt\", \"./s/b.*\"]");
    let listing = list(&source);
    assert_eq!(names(&listing), ["s/2020-01-01/a.txt", "s/b.txt"]);
    assert_eq!(listing.files[0].below(), "2020-01-01/a.txt");
}

#[test]
fn sources_that_share_a_folder_each_get_their_own_files() {
    let place = Place::new();
    for name in ["s/a-1.txt", "s/a-2.txt", "s/b-1.txt", "s/b/a-3.txt", "s/b/c/a-4.txt", "s/b/old/a-5.txt", "s/a-6.tmp"]
    {
        place.put(name, b"x");
    }
    place.put("s/a-0.txt", b"");
    let sources = [
        "files = [\"s/a-*.txt\"]",
        "files = [\"s/b-*.txt\", \"s/a-2.txt\"]",
        "files = [\"s/**/a-*.t*\"]\nexclude = [\"old\", \"a-1.txt\"]",
        "files = [\"s/*/*.txt\", \"s/{a,b}-1.txt\"]\nexclude = [\"s/b/c\"]",
        "files = [\"s/b/**/*.txt\"]",
        "files = [\"nowhere/*.txt\", \"s/a-?.txt\"]",
    ]
    .map(|files| place.source(files));
    let keep_out = KeepOut::default();
    let listings = inbox::list_all(sources.iter().map(|source| &source.files), &keep_out);
    let all: Vec<Vec<&str>> = listings.iter().map(names).collect();
    let expected: [&[&str]; 6] = [
        &["s/a-1.txt", "s/a-2.txt"],
        &["s/a-2.txt", "s/b-1.txt"],
        &["s/a-2.txt", "s/b/a-3.txt", "s/b/c/a-4.txt"],
        &["s/a-1.txt", "s/b-1.txt", "s/b/a-3.txt"],
        &["s/b/a-3.txt", "s/b/c/a-4.txt", "s/b/old/a-5.txt"],
        &["s/a-1.txt", "s/a-2.txt"],
    ];
    assert_eq!(all, expected);
    let (empty, temporary) = (("s/a-0.txt", IgnoreReason::Empty), ("s/a-6.tmp", IgnoreReason::Temporary));
    assert_eq!(ignored(&listings[0]), [empty]);
    assert_eq!(ignored(&listings[1]), []);
    assert_eq!(ignored(&listings[2]), [empty, temporary]);
    assert_eq!(listings[5].skipped, [Skipped { name: "nowhere".into(), reason: SkipReason::NoFolder }]);
    for (source, together) in sources.iter().zip(&listings) {
        assert_eq!(*together, list_without(source, &keep_out));
    }
}

#[test]
fn a_folder_on_the_command_line_names_its_files_relative_to_itself() {
    let place = Place::new();
    for name in ["s/a.txt", "s/b/c.text", "s/d.md", "s/e.html", "s/public/rss.txt", "s/.feedmill/x.txt"] {
        place.put(name, b"x");
    }
    let source = place.folder("s");
    let keep_out = KeepOut::of([place.path("s/public").as_path(), place.path("s/.feedmill").as_path()]);
    let listing = list_without(&source, &keep_out);
    assert_eq!(names(&listing), ["a.txt", "b/c.text", "d.md"]);
    assert_eq!(read(&source, "b/c.text"), Ok(b"x".to_vec()));
}

#[test]
fn output_and_state_are_not_entered_even_through_links() {
    let place = Place::new();
    place.put("s/in/a.txt", b"x");
    place.put("s/out/b.txt", b"x");
    symlink("out/b.txt", place.path("s/link.txt")).expect("linked");
    let source = place.source("files = [\"s/**/*.txt\"]");
    let keep_out = KeepOut::of([place.path("s/out").as_path()]);
    let listing = list_without(&source, &keep_out);
    assert_eq!(names(&listing), ["s/in/a.txt"]);
    assert_eq!(ignored(&listing), [("s/link.txt", IgnoreReason::Link)]);
    let mut buffer = Vec::new();
    let denied = inbox::read(&source.files, "s/link.txt", &keep_out, MAX_BYTES, &mut buffer);
    assert_eq!(denied, Err(SkipReason::NotRegular));
}

#[test]
fn what_is_no_scrape_is_ignored_with_its_reason() {
    let place = Place::new();
    for name in
        ["s/a.txt", "s/.b.txt", "s/c.txt~", "s/d.txt.part", "s/#e.txt#", "s/.git/f.txt", "s/4913", "s/folder.txt/g.txt"]
    {
        place.put(name, b"x");
    }
    place.put("s/empty.txt", b"");
    let fifo = std::process::Command::new("mkfifo").arg(place.path("s/fifo.txt")).status().expect("mkfifo");
    assert!(fifo.success());
    let _socket = std::os::unix::net::UnixListener::bind(place.path("s/socket.txt")).expect("bound");
    let source = place.source("files = [\"s/**/*\"]\nexclude = [\"feedmill.toml\"]");
    let listing = list(&source);
    assert_eq!(names(&listing), ["s/a.txt", "s/folder.txt/g.txt"]);
    assert_eq!(
        ignored(&listing),
        [
            ("s/#e.txt#", IgnoreReason::Temporary),
            ("s/.b.txt", IgnoreReason::Hidden),
            ("s/4913", IgnoreReason::Temporary),
            ("s/c.txt~", IgnoreReason::Temporary),
            ("s/d.txt.part", IgnoreReason::Temporary),
            ("s/empty.txt", IgnoreReason::Empty),
            ("s/fifo.txt", IgnoreReason::NotRegular),
            ("s/socket.txt", IgnoreReason::NotRegular),
        ]
    );
    // Whatever is asked for, reading doesn't hang.
    for name in ["s/fifo.txt", "s/socket.txt", "s/folder.txt"] {
        assert_eq!(read(&source, name), Err(SkipReason::NotRegular), "{name}");
    }
    assert_eq!(read(&source, "s/nothing.txt"), Err(SkipReason::Gone));
    assert_eq!(read(&source, "elsewhere/a.txt"), Err(SkipReason::Gone));
    assert_eq!(read(&source, "s/../feedmill.toml"), Err(SkipReason::Gone));
}

#[test]
fn a_link_counts_as_a_file_only_when_it_stays_inside() {
    let place = Place::new();
    place.put("s/real/a.txt", b"inside");
    place.put("outside.txt", b"outside");
    for (target, link) in [
        ("real/a.txt", "s/inside.txt"),
        ("../outside.txt", "s/outside.txt"),
        ("/etc/passwd", "s/passwd.txt"),
        ("/dev/zero", "s/zero.txt"),
        ("nowhere", "s/dangling.txt"),
        ("loop2.txt", "s/loop1.txt"),
        ("loop1.txt", "s/loop2.txt"),
        (".", "s/self"),
        ("..", "s/up"),
        ("real", "s/folder.txt"),
    ] {
        symlink(target, place.path(link)).expect("linked");
    }
    symlink(place.path("s/real/a.txt"), place.path("s/absolute.txt")).expect("linked");
    let source = place.source("files = [\"s/**/*.txt\"]");
    let listing = list(&source);
    assert_eq!(names(&listing), ["s/absolute.txt", "s/inside.txt", "s/real/a.txt"]);
    let links: Vec<&str> = ignored(&listing).iter().map(|(name, _)| *name).collect();
    assert_eq!(
        links,
        ["s/dangling.txt", "s/folder.txt", "s/loop1.txt", "s/loop2.txt", "s/outside.txt", "s/passwd.txt", "s/zero.txt"]
    );
    assert!(listing.ignored.iter().all(|ignored| ignored.why == IgnoreReason::Link));
    for name in ["s/absolute.txt", "s/inside.txt", "s/real/a.txt"] {
        assert_eq!(read(&source, name), Ok(b"inside".to_vec()), "{name}");
    }
    for name in ["s/outside.txt", "s/passwd.txt", "s/zero.txt"] {
        assert_eq!(read(&source, name), Err(SkipReason::NotRegular), "{name}");
    }
    // A folder that became a link since it was listed leads out as well.
    place.put("elsewhere/b.txt", b"outside");
    symlink("../elsewhere", place.path("s/was-a-folder")).expect("linked");
    assert_eq!(read(&source, "s/was-a-folder/b.txt"), Err(SkipReason::NotRegular));
    assert_eq!(names(&list(&source)).len(), 3);
    // The folder itself may be a link: the operator wrote it.
    symlink("s", place.path("t")).expect("linked");
    assert_eq!(names(&list(&place.source("files = [\"t/*.txt\"]"))), ["t/absolute.txt", "t/inside.txt"]);
}

/// Where one pattern begins above a link, and another behind it.
#[test]
fn a_folder_that_is_written_in_a_pattern_may_be_a_link_below_another_ones() {
    let place = Place::new();
    place.put("elsewhere/b.txt", b"behind");
    place.put("s/real/a.txt", b"real");
    symlink("../elsewhere", place.path("s/linked")).expect("linked");
    symlink("real/a.txt", place.path("s/c.txt")).expect("linked");
    for files in ["\"s/*.txt\", \"s/linked/*.txt\"", "\"s/linked/*.txt\", \"s/*.txt\""] {
        let source = place.source(&format!("files = [{files}]"));
        let listing = list(&source);
        assert_eq!(names(&listing), ["s/c.txt", "s/linked/b.txt"], "{files}");
        assert_eq!(read(&source, "s/linked/b.txt").expect("read"), b"behind", "{files}");
        assert_eq!(read(&source, "s/c.txt").expect("read"), b"real", "{files}");
    }
}

#[test]
fn any_name_can_be_listed_and_read() {
    let place = Place::new();
    let odd: [&[u8]; 7] = [
        b"bad\xFF\xFEname.txt",
        b"new\nline.txt",
        b"-rf.txt",
        b"back\\slash.txt",
        b"%2e%2e.txt",
        b"sp ace'\".txt",
        &[b"a".repeat(251), b".txt".to_vec()].concat(),
    ];
    for (i, name) in odd.iter().enumerate() {
        place.put_raw(&[b"s/", *name].concat(), &[b'0' + i as u8]);
    }
    let source = place.source("files = [\"s/*.txt\"]");
    let listing = list(&source);
    assert_eq!(listing.files.len(), odd.len(), "{listing:?}");
    let mut contents: Vec<u8> =
        listing.files.iter().flat_map(|seen| read(&source, &seen.name).expect("read")).collect();
    contents.sort_unstable();
    assert_eq!(contents, b"0123456");
    assert!(names(&listing).iter().all(|name| !name.contains(char::is_control)));
    assert!(names(&listing).contains(&"s/bad\\xFF\\xFEname.txt"));
}

#[test]
fn a_folder_that_cannot_be_read_is_skipped_and_the_rest_is_listed() {
    let place = Place::new();
    place.put("s/a.txt", b"x");
    place.put("s/closed/b.txt", b"x");
    let source = place.source("files = [\"missing/*.txt\", \"s/**/*.txt\", \"s/a.txt/x/*.txt\"]");
    let listing = list(&source);
    assert_eq!(names(&listing), ["s/a.txt", "s/closed/b.txt"]);
    let skipped: Vec<&str> = listing.skipped.iter().map(|skipped| skipped.name.as_str()).collect();
    assert_eq!(skipped, ["missing", "s/a.txt/x"]);
    assert_eq!(listing.skipped[0].reason, SkipReason::NoFolder);
    if !is_root() {
        fs::set_permissions(place.path("s/closed"), fs::Permissions::from_mode(0o0)).expect("set");
        let listing = list(&source);
        fs::set_permissions(place.path("s/closed"), fs::Permissions::from_mode(0o700)).expect("set");
        assert_eq!(names(&listing), ["s/a.txt"]);
        assert_eq!(listing.skipped[1].name, "s/closed");
    }
}

#[test]
fn a_folder_too_deep_is_skipped_not_followed_for_ever() {
    let place = Place::new();
    let deep = format!("s{}/a.txt", "/d".repeat(80));
    place.put(&deep, b"x");
    place.put("s/a.txt", b"x");
    let listing = list(&place.source("files = [\"s/**/*.txt\"]"));
    assert_eq!(names(&listing), ["s/a.txt"]);
    assert_eq!(listing.skipped.len(), 1);
    assert_eq!(listing.skipped[0].reason, SkipReason::TooDeep);
}

#[test]
fn a_change_of_any_kind_changes_what_tells() {
    let place = Place::new();
    place.put("s/a.txt", b"one");
    let source = place.source("files = [\"s/*.txt\"]");
    let stat = || list(&source).files[0].stat;
    let before = stat();
    assert_eq!(before.size, 3);
    assert_eq!(before, stat());
    // A file of the same size and mtime under the same name: inode and ctime tell.
    place.put("s/.new", b"two");
    let mtime = fs::metadata(place.path("s/a.txt")).and_then(|meta| meta.modified()).expect("mtime");
    fs::File::options().write(true).open(place.path("s/.new")).and_then(|file| file.set_modified(mtime)).expect("set");
    fs::rename(place.path("s/.new"), place.path("s/a.txt")).expect("renamed");
    let after = stat();
    assert_eq!((after.size, after.mtime_ns), (before.size, before.mtime_ns));
    assert_ne!(after, before);
    let mut buffer = Vec::new();
    let read = inbox::read(&source.files, "s/a.txt", &KeepOut::default(), MAX_BYTES, &mut buffer);
    assert_eq!((read, buffer.as_slice()), (Ok(after), &b"two"[..]));
}

#[test]
fn a_file_over_the_cap_is_not_read() {
    let place = Place::new();
    place.put("s/a.txt", b"12345");
    let source = place.source("files = [\"s/*.txt\"]");
    let mut buffer = Vec::new();
    let mut read =
        |most| inbox::read(&source.files, "s/a.txt", &KeepOut::default(), most, &mut buffer).map(|stat| stat.size);
    assert_eq!(read(5), Ok(5));
    assert_eq!(read(4), Err(SkipReason::TooLarge(5, 4)));
}

#[test]
fn a_file_that_keeps_growing_is_taken_in_the_end() {
    let place = Place::new();
    place.put("s/a.txt", b"start\n");
    let source = place.source("files = [\"s/*.txt\"]");
    let stop = std::sync::atomic::AtomicBool::new(false);
    let path = place.path("s/a.txt");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            use std::io::Write as _;
            let mut file = fs::File::options().append(true).open(&path).expect("opened");
            // On a busy machine it would outgrow the cap, and if a read failed, write for ever.
            for _ in 0..1_000_000 {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                file.write_all(b"more\n").expect("written");
            }
        });
        for _ in 0..50 {
            let bytes = read(&source, "s/a.txt").expect("read");
            assert!(bytes.starts_with(b"start\n"));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn prefixes_have_the_digests_they_had_as_files() {
    let bytes: Vec<u8> = (0..5000_u32).map(|i| (i % 251) as u8).collect();
    let lengths = [0, 1, 1, 16, 239, 240, 241, 1024, 4999, 5000, 5001, 9000];
    let digests = inbox::prefix_digests(&bytes, lengths);
    let expected: Vec<u128> =
        lengths.iter().filter(|n| **n <= 5000).map(|n| inbox::digest(&bytes[..*n as usize])).collect();
    assert_eq!(digests, expected);
    assert_eq!(inbox::digest(b""), 0x99aa_06d3_0147_98d8_6001_c324_468d_497f);
}

/// `cargo test --release --test inbox -- --ignored --nocapture` tells what a look at an unchanged inbox costs.
#[test]
#[ignore = "a measurement, of use in release builds"]
fn listing_ten_thousand_files() {
    let place = Place::new();
    for i in 0..10_000 {
        place.put(&format!("s/{:03}/news-{i:05}.txt", i % 20), b"x");
    }
    let source = place.source("files = [\"s/**/*.txt\"]");
    for _ in 0..3 {
        let bare = cpu(|| bare_walk(&place.path("s")));
        let ours = cpu(|| list(&source).files.len());
        println!("readdir and stat {bare:?}, list {ours:?}");
    }
}

fn cpu<T>(work: impl Fn() -> T) -> (std::time::Duration, T) {
    let mut best = std::time::Duration::MAX;
    let mut result = None;
    for _ in 0..10 {
        let start = std::time::Instant::now();
        result = Some(work());
        best = best.min(start.elapsed());
    }
    (best, result.expect("ran"))
}

fn bare_walk(folder: &Path) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.file_type().expect("a kind").is_dir() {
            count += bare_walk(&entry.path());
        } else {
            count += usize::from(entry.metadata().expect("a stat").len() > 0);
        }
    }
    count
}
