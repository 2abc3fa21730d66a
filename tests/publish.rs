//! Law 6: nothing torn. Publishing is stopped, refused and watched at every step it takes on the disk.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on has failed")]

#[path = "support/disk.rs"]
mod disk;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use disk::TestDisk;
use feedmill::mill::render::{Document, Tree};
use feedmill::publish::{Disk, Kind, Listed, RealDisk, publish, stands, withdraw, would_write};

/// A well-formed document of several blocks, so that a torn one would show.
fn document(word: &str) -> Document {
    let mut bytes = b"<rss><channel><item><title>".to_vec();
    for _ in 0..3000 {
        bytes.extend_from_slice(word.as_bytes());
    }
    bytes.extend_from_slice(b"</title></item></channel></rss>\n");
    Document { bytes, entries: 1 }
}

const PATHS: [&str; 4] = ["b/2021/04.html", "a/rss.xml", "b/rss.xml", "index.html"];

fn tree(word: &str) -> Tree {
    PATHS.map(|path| (path.to_owned(), document(word))).into_iter().collect()
}

/// What happens at the chosen operation.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    /// The process is gone: nothing after it reaches the disk, and a write in progress stops half-way.
    Killed,
    /// That one operation is refused.
    Refused(io::ErrorKind),
}

/// The steps that were made, and where.
type Log = Mutex<Vec<(&'static str, PathBuf)>>;

/// The disk until the `at`-th operation.
fn faulty(at: usize, fate: Fate, log: &Log) -> TestDisk<'_> {
    let done = AtomicUsize::new(0);
    TestDisk::asking(move |verb, path| {
        let n = done.fetch_add(1, Ordering::Relaxed);
        let refused = match fate {
            Fate::Killed => (n >= at).then_some(io::ErrorKind::Interrupted),
            Fate::Refused(kind) => (n == at).then_some(kind),
        };
        if let Some(kind) = refused {
            return Err(kind.into());
        }
        log.lock().unwrap().push((verb, path.to_owned()));
        Ok(())
    })
}

/// What is done to publish a tree where nothing goes wrong.
fn steps(root: &Path, tree: &Tree) -> Vec<(&'static str, PathBuf)> {
    let log = Log::default();
    publish(&faulty(usize::MAX, Fate::Killed, &log), root, tree).unwrap();
    log.into_inner().unwrap()
}

fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files_below(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

/// Every published file is one of the given, whole; `None` stands for no file yet.
fn assert_whole(root: &Path, allowed: &[Option<&Document>], when: &str) {
    for path in PATHS {
        let bytes = fs::read(root.join(path)).ok();
        assert!(
            allowed.iter().any(|document| document.map(|document| &document.bytes) == bytes.as_ref()),
            "{path} is torn {when}: {:?} bytes",
            bytes.map(|bytes| bytes.len())
        );
    }
}

/// Publishes `new` over `old`, stopped at every operation in turn; returns how many there were.
fn at_every_step(old: Option<&str>, new: &str, fate: Fate) -> usize {
    for at in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("public");
        let before = old.map(|word| {
            publish(&TestDisk::good(), &root, &tree(word)).unwrap();
            document(word)
        });
        let after = document(new);

        let log = Log::default();
        let disk = faulty(at, fate, &log);
        let outcome = publish(&disk, &root, &tree(new));
        assert_whole(&root, &[before.as_ref(), Some(&after)], &format!("after operation {at}"));
        if outcome.is_err() && fate != Fate::Killed {
            let left: Vec<_> = files_below(&root).into_iter().filter(|path| hidden(path)).collect();
            assert!(left.is_empty(), "left behind by operation {at}: {left:?}");
        }

        let again = publish(&TestDisk::good(), &root, &tree(new)).unwrap();
        assert_whole(&root, &[Some(&after)], &format!("after a repeat of operation {at}"));
        let expected: BTreeSet<_> = PATHS.iter().map(|path| root.join(path)).collect();
        assert_eq!(files_below(&root), expected, "leavings after operation {at}");
        assert!(again.iter().all(|outcome| is_there(&root, &outcome.listed)));

        if !disk.has_refused() {
            return at;
        }
    }
    unreachable!()
}

fn device(path: &Path) -> u64 {
    fs::metadata(path).unwrap().dev()
}

/// After these steps, into folders that were not there or were links, a power cut takes nothing: bytes are on disk
/// before a name leads to them, and names once all steps are made, be it by a sync of their own or by one of their file
/// system. How many files were put in place.
fn assert_survives(log: &[(&str, PathBuf)]) -> usize {
    let syncs = |steps: &[(&str, PathBuf)], alone: &str, path: &Path, folder: &Path| {
        steps.iter().any(|(verb, synced)| match *verb {
            "sync_everything" => device(synced) == device(folder),
            verb => verb == alone && synced == path,
        })
    };
    let mut put = 0;
    for (at, (verb, path)) in log.iter().enumerate() {
        let (folder, name) = (path.parent().unwrap(), path.file_name().unwrap().display());
        if matches!(*verb, "rename to" | "create_dir") {
            assert!(syncs(&log[at..], "sync_dir", folder, folder), "the name of {}", path.display());
        }
        if *verb == "rename to" {
            let aside = folder.join(format!(".{name}.new"));
            let written = log[..at].iter().rposition(|step| *step == ("write_new", aside.clone())).unwrap();
            assert!(syncs(&log[written..at], "sync", &aside, folder), "the bytes of {}", path.display());
            put += 1;
        }
    }
    put
}

fn hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_there(root: &Path, Listed { path, size, mtime_ns, inode, .. }: &Listed) -> bool {
    stands(&RealDisk, root, path, (*size, *mtime_ns, *inode))
}

#[test]
fn killed_at_any_step_a_reader_sees_old_or_new_and_the_next_run_finishes() {
    assert!(at_every_step(Some("old "), "new! ", Fate::Killed) > 20);
    assert!(at_every_step(None, "new! ", Fate::Killed) > 20);
    // Same size: only the bytes tell.
    assert!(at_every_step(Some("old "), "new ", Fate::Killed) > 20);
    // A killed run's leavings go even when the next one needs no writing.
    let folder = tempfile::tempdir().unwrap();
    publish(&RealDisk, folder.path(), &tree("old")).unwrap();
    fs::write(folder.path().join("a/.rss.xml.new"), "half").unwrap();
    publish(&RealDisk, folder.path(), &tree("old")).unwrap();
    assert_eq!(files_below(folder.path()).len(), PATHS.len());
}

#[test]
fn refused_at_any_step_a_reader_sees_old_or_new_and_nothing_is_left_behind() {
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied] {
        assert!(at_every_step(Some("old "), "new! ", Fate::Refused(kind)) > 20);
        assert!(at_every_step(None, "new! ", Fate::Refused(kind)) > 20);
    }
}

#[test]
fn new_bytes_are_on_disk_before_the_first_file_is_replaced_and_names_after_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("public");
    let log = steps(&root, &tree("new"));
    let places = |verb| log.iter().enumerate().filter(move |(_, (v, _))| *v == verb).map(|(n, (_, path))| (n, path));
    let first_rename = places("rename to").next().unwrap().0;
    let last_rename = places("rename to").next_back().unwrap().0;
    let written: BTreeSet<_> = places("write_new").map(|(_, path)| path).collect();
    let synced: BTreeSet<_> = places("sync").filter(|(n, _)| *n < first_rename).map(|(_, path)| path).collect();
    assert_eq!(written, synced);
    assert_eq!(written.len(), PATHS.len());
    let folders: BTreeSet<_> =
        places("sync_dir").filter(|(n, _)| *n > last_rename).map(|(_, path)| path.clone()).collect();
    let expected: BTreeSet<_> =
        ["", "public", "public/a", "public/b", "public/b/2021"].map(|path| folder.path().join(path)).into();
    // `join("")` ends with a slash; compared by components all the same.
    assert_eq!(folders, expected);
    assert_eq!(places("sync_dir").count(), folders.len(), "each folder once");
    assert_eq!(
        places("rename to").map(|(_, path)| path.strip_prefix(&root).unwrap().to_str().unwrap()).collect::<Vec<_>>(),
        PATHS,
        "pages before the feeds that point to them, the index last"
    );
}

#[test]
fn a_reader_that_polls_meanwhile_never_sees_a_torn_file() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    publish(&RealDisk, root, &tree("old ")).unwrap();
    let (old, new) = (document("old "), document("new! "));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !over.load(Ordering::Relaxed) {
                assert_whole(root, &[Some(&old), Some(&new)], "while polling");
                reads += 1;
            }
            reads
        });
        for n in 0..40 {
            publish(&RealDisk, root, &tree(if n % 2 == 0 { "new! " } else { "old " })).unwrap();
        }
        over.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
}

#[test]
fn a_file_whose_bytes_would_not_change_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let first = publish(&RealDisk, folder.path(), &tree("same")).unwrap();
    assert!(first.iter().all(|outcome| outcome.written));
    let long_ago =
        fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000));
    let file = folder.path().join("a/rss.xml");
    fs::File::options().append(true).open(&file).unwrap().set_times(long_ago).unwrap();
    let before = fs::metadata(&file).unwrap();

    let mut half = tree("same");
    half.insert("b/rss.xml".to_owned(), document("other"));
    assert_eq!(would_write(&RealDisk, folder.path(), &half).unwrap(), ["b/rss.xml"]);
    let second = publish(&RealDisk, folder.path(), &half).unwrap();
    let written: Vec<_> = second.iter().filter(|outcome| outcome.written).map(|o| o.listed.path.as_str()).collect();
    assert_eq!(written, ["b/rss.xml"]);
    let after = fs::metadata(&file).unwrap();
    assert_eq!((before.ino(), before.modified().unwrap()), (after.ino(), after.modified().unwrap()));
    assert_eq!(second.iter().map(|outcome| outcome.listed.path.as_str()).collect::<Vec<_>>(), {
        let mut sorted = PATHS;
        sorted.sort_unstable();
        sorted
    });
    assert_eq!(would_write(&RealDisk, folder.path(), &half).unwrap(), [""; 0]);
}

#[test]
fn a_file_altered_or_deleted_outside_does_not_stand_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let good = document("good");
    for harm in [
        |file: &Path| fs::remove_file(file).unwrap(),
        |file: &Path| fs::write(file, "").unwrap(),
        |file: &Path| fs::write(file, vec![b'x'; document("good").bytes.len()]).unwrap(),
        // An editor that saves by renaming, with the old times put back.
        |file: &Path| {
            let times = fs::metadata(file).unwrap().modified().unwrap();
            let beside = file.with_extension("save");
            fs::write(&beside, vec![b'x'; document("good").bytes.len()]).unwrap();
            let times = fs::FileTimes::new().set_modified(times);
            fs::File::options().append(true).open(&beside).unwrap().set_times(times).unwrap();
            fs::rename(&beside, file).unwrap();
        },
        |file: &Path| {
            fs::remove_file(file).unwrap();
            symlink("/dev/null", file).unwrap();
        },
        |file: &Path| {
            let elsewhere = file.with_extension("elsewhere");
            fs::rename(file, &elsewhere).unwrap();
            symlink(&elsewhere, file).unwrap();
        },
    ] {
        let outcomes = publish(&RealDisk, root, &tree("good")).unwrap();
        let listed = outcomes.into_iter().map(|outcome| outcome.listed).find(|l| l.path == "a/rss.xml").unwrap();
        assert!(is_there(root, &listed));
        harm(&root.join("a/rss.xml"));
        assert!(!is_there(root, &listed));
        publish(&RealDisk, root, &tree("good")).unwrap();
        assert_whole(root, &[Some(&good)], "after the repair");
        assert!(fs::symlink_metadata(root.join("a/rss.xml")).unwrap().is_file());
    }
}

#[test]
fn what_a_killed_run_left_is_never_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("public");
    fs::create_dir_all(root.join("a")).unwrap();
    let precious = folder.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    fs::hard_link(&precious, root.join("a/.rss.xml.new")).unwrap();
    symlink(&precious, root.join(".index.html.new")).unwrap();
    publish(&RealDisk, &root, &tree("new")).unwrap();
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    assert_whole(&root, &[Some(&document("new"))], "beside leavings");
}

#[test]
fn everybody_may_read_what_is_published() {
    // The umask belongs to the whole process: a child of our own runs this test under a service's.
    if std::env::var_os("UNDER_UMASK").is_none() {
        let passed = std::process::Command::new("sh")
            .args(["-c", "umask 0077 && exec \"$0\" --exact everybody_may_read_what_is_published"])
            .arg(std::env::current_exe().unwrap())
            .env("UNDER_UMASK", "0077")
            .output()
            .unwrap();
        assert!(passed.status.success(), "{}", String::from_utf8_lossy(&passed.stdout));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("public");
    // As a killed run under a umask of 0077 would have left it.
    fs::create_dir(folder.path().join(".public.new")).unwrap();
    fs::set_permissions(folder.path().join(".public.new"), fs::Permissions::from_mode(0o700)).unwrap();
    publish(&RealDisk, &root, &tree("new")).unwrap();
    let mode = |path: &str| fs::metadata(root.join(path)).unwrap().mode() & 0o777;
    assert_eq!(["", "a", "b/2021"].map(mode), [0o755; 3]);
    assert_eq!(PATHS.map(mode), [0o644; 4]);
}

#[test]
fn trouble_says_what_is_still_true_and_what_would_help() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    publish(&RealDisk, root, &tree("old")).unwrap();
    let told = |kind| {
        // The first write: four looks and four reads come before, then the folder of the first page.
        let at = (0..100).find(|at| {
            let log = Log::default();
            publish(&faulty(*at, Fate::Killed, &log), root, &tree("new")).is_err()
                && log.lock().unwrap().last().is_some_and(|(verb, _)| *verb == "create_dir")
        });
        let log = Log::default();
        let trouble = publish(&faulty(at.unwrap(), Fate::Refused(kind), &log), root, &tree("new")).unwrap_err();
        assert_eq!(trouble.exit, feedmill::trouble::Exit::Unusable);
        trouble.to_string().replace(&root.display().to_string(), "public")
    };
    assert_eq!(
        told(io::ErrorKind::PermissionDenied),
        "cannot publish feed \"b\": no permission to write in \"public/b/2021\"\n  \
         while replacing \"b/2021/04.html\"; the previous file is still served and no items were lost\n  \
         help: let the service user write there, or add the folder to ReadWritePaths= in feedmill.service"
    );
    assert!(
        told(io::ErrorKind::ReadOnlyFilesystem).starts_with("cannot publish feed \"b\": \"public\" is read-only\n")
    );
    assert!(told(io::ErrorKind::StorageFull).contains(": the disk that holds \"public\" is full\n"));
    assert!(told(io::ErrorKind::QuotaExceeded).contains(": the disk quota for \"public\" is used up\n"));
    assert!(told(io::ErrorKind::Other).starts_with("cannot publish feed \"b\": other error\n"));
}

#[test]
fn where_no_folder_is_there_yet_the_one_that_can_not_be_written_is_named() {
    let disk = TestDisk::asking(|verb, _| match verb {
        "create_dir" => Err(io::ErrorKind::PermissionDenied.into()),
        _ => Ok(()),
    });
    let trouble = publish(&disk, Path::new("a-folder-that-is-not-there"), &tree("new")).unwrap_err().to_string();
    assert!(trouble.contains("no permission to write in \".\"\n"), "{trouble}");
}

/// Documents go with a feed that left the config, or when pages are wanted no more: their items may well be shown.
#[test]
fn of_what_can_not_be_withdrawn_nothing_untrue_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    publish(&RealDisk, root, &tree("good")).unwrap();
    let refuses = |what, path: &Path| match what == "remove" && path.ends_with("a/rss.xml") {
        true => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        false => Ok(()),
    };
    let trouble = withdraw(&TestDisk::asking(refuses), root, &["a/rss.xml"]).unwrap_err().to_string();
    assert!(trouble.starts_with("cannot withdraw \"a/rss.xml\" from \""), "{trouble}");
    assert!(trouble.contains("\n  it still lies there") && !trouble.contains("no item"), "{trouble}");
    assert!(trouble.contains("help: mount it writable"), "{trouble}");
    assert!(root.join("a/rss.xml").exists());
}

#[test]
fn a_folder_in_the_way_is_trouble_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("public");
    fs::create_dir_all(root.join("b/rss.xml")).unwrap();
    let trouble = publish(&RealDisk, &root, &tree("new")).unwrap_err().to_string();
    assert!(trouble.contains("a folder stands at") && trouble.contains("help: move it away"), "{trouble}");
    assert!(files_below(&root).is_empty());

    fs::remove_dir(root.join("b/rss.xml")).unwrap();
    fs::remove_dir(root.join("b")).unwrap();
    fs::write(root.join("b"), "a file where a folder should be").unwrap();
    let trouble = publish(&RealDisk, &root, &tree("new")).unwrap_err().to_string();
    assert!(trouble.contains(&format!("\"{}\" is no folder", root.join("b").display())), "{trouble}");
    assert_eq!(files_below(&root).len(), 1);

    // What is in the way is named, not what should lie below it.
    fs::remove_file(root.join("b")).unwrap();
    fs::remove_dir_all(&root).unwrap();
    fs::write(&root, "a file where the output should be").unwrap();
    let trouble = publish(&RealDisk, &root, &tree("new")).unwrap_err().to_string();
    assert!(trouble.contains(&format!("\"{}\" is no folder", root.display())), "{trouble}");
    fs::remove_file(&root).unwrap();
    symlink(folder.path().join("nowhere"), &root).unwrap();
    let trouble = publish(&RealDisk, &root, &tree("new")).unwrap_err().to_string();
    assert!(trouble.contains(&format!("\"{}\" is no folder", root.display())), "{trouble}");
}

#[test]
fn many_files_are_on_disk_before_the_first_is_replaced_wherever_their_folders_lie() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!("skipped: there is no /dev/shm");
        return;
    };
    if device(folder.path()) == device(elsewhere.path()) {
        eprintln!("skipped: /dev/shm is no file system of its own");
        return;
    }
    symlink(elsewhere.path(), folder.path().join("b")).unwrap();
    let paths = (0..100).map(|n| format!("{}/{n}.html", ["a", "b"][n % 2]));
    let log = steps(folder.path(), &paths.map(|path| (path, document("new"))).collect());
    assert_eq!(assert_survives(&log), 100);
}

#[test]
fn names_in_many_folders_are_on_disk_at_one_stroke_or_folder_by_folder() {
    let much: Tree = (0..100).map(|nth| (format!("{}/2021/{nth}.html", nth % 7), document("new"))).collect();
    let folder = tempfile::tempdir().unwrap();
    let log = steps(&folder.path().join("well"), &much);
    let count = |log: &[(&str, PathBuf)], verb| log.iter().filter(|(made, _)| *made == verb).count();
    assert_eq!((assert_survives(&log), count(&log, "sync_everything"), count(&log, "sync_dir")), (100, 2, 0));
    let (last, refused) = (log.iter().rposition(|(verb, _)| *verb == "sync_everything").unwrap(), Log::default());
    let kind = io::ErrorKind::Other;
    publish(&faulty(last, Fate::Refused(kind), &refused), &folder.path().join("ill"), &much).unwrap();
    let log = refused.into_inner().unwrap();
    assert_eq!((assert_survives(&log), count(&log, "sync_everything"), count(&log, "sync_dir")), (100, 1, 16));
}

#[test]
fn what_the_disk_could_not_begin_to_sync_is_synced_file_by_file() {
    const BEGINS: &str = "begin_sync_everything";
    let much: Tree = (0..300).map(|nth| (format!("a/2021/{nth}.html"), document("words"))).collect();
    let published = |tree: &Tree| steps(tempfile::tempdir().unwrap().path(), tree);
    let is = |wanted: &'static str| move |(step, _): &(&str, PathBuf)| *step == wanted;
    let well = published(&much);
    let at = well.iter().position(is(BEGINS)).expect("there is much of it");
    assert!(well.iter().any(is("sync_everything")) && !well.iter().any(is("sync")));
    // Few are synced each by itself, however long they are, and wait for nothing else.
    let few: Tree = [("a/rss.xml".to_owned(), document(&"words".repeat(400)))].into_iter().collect();
    assert!(!published(&few).iter().any(is(BEGINS)));
    // The disk tells an error once: who syncs later is not told of it.
    let (folder, log) = (tempfile::tempdir().unwrap(), Log::default());
    publish(&faulty(at, Fate::Refused(io::ErrorKind::Other), &log), folder.path(), &much).unwrap();
    assert_eq!(log.into_inner().unwrap().into_iter().filter(is("sync")).count(), 300);
}

#[test]
fn a_document_that_readers_would_choke_on_is_not_published() {
    let folder = tempfile::tempdir().unwrap();
    publish(&RealDisk, folder.path(), &tree("old")).unwrap();
    let mut broken = tree("new");
    broken.insert("b/rss.xml".to_owned(), Document { bytes: b"<rss><item>".to_vec(), entries: 1 });
    let trouble = publish(&RealDisk, folder.path(), &broken).unwrap_err().to_string();
    assert!(trouble.contains("not well-formed"), "{trouble}");
    assert_whole(folder.path(), &[Some(&document("old"))], "after a refusal");
}

#[test]
fn no_document_leaves_the_output_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("public");
    for path in ["../a", "/tmp/feedmill-must-not-exist", "a/../../b", ""] {
        let tree = Tree::from_iter([(path.to_owned(), document("new"))]);
        assert!(publish(&RealDisk, &root, &tree).is_err(), "{path}");
        assert!(would_write(&RealDisk, &root, &tree).is_err(), "{path}");
    }
    assert!(files_below(folder.path()).is_empty());
}

#[test]
fn a_linked_output_folder_is_taken_and_a_dry_run_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (real, root) = (folder.path().join("real"), folder.path().join("public"));
    assert_eq!(would_write(&RealDisk, &root, &tree("new")).unwrap().len(), 4);
    assert!(!root.exists());
    fs::create_dir(&real).unwrap();
    symlink(&real, &root).unwrap();
    publish(&RealDisk, &root, &tree("new")).unwrap();
    assert_whole(&real, &[Some(&document("new"))], "behind a link");
    assert_eq!(RealDisk.stat(&root).unwrap().unwrap().kind, Kind::Other);
}
