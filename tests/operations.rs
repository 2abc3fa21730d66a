//! What the operator hears of, apart from the log: the operations feed, and what is told when feedmill itself fails.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::fs;

use feedmill::mill::page::Page;
use feedmill::mill::scrape::Scrape;
use feedmill::operations::{Operations, Sight, Standing};
use feedmill::pass::Pass;
use feedmill::publish::Outcome;
use feedmill::report::{Drift, Report, SkippedLine};
use feedmill::state::State;
use support::harbour::{BRIDGE, CONFIG, LAKE};
use support::{Entry, Mill, TestDisk, entries, page, prints};

fn mill(more: &str) -> Mill {
    let mill = Mill::new(&format!("{more}{CONFIG}"));
    mill.write("news/2021-03-10.txt", page(&[BRIDGE, LAKE]));
    mill
}

fn once(mill: &Mill, code: i32) {
    let ran = mill.run(&["--once"]);
    assert_eq!(ran.code, code, "{ran:?}");
}

fn told_in(mill: &Mill, folder: &str) -> Vec<Entry> {
    entries(&fs::read_to_string(mill.path(folder).join("operations.atom")).unwrap())
}

fn titles(mill: &Mill) -> Vec<String> {
    told_in(mill, ".feedmill").into_iter().map(|entry| entry.title).collect()
}

#[test]
fn a_condition_is_one_entry_from_its_first_sight_to_its_end_and_beyond() {
    let mill = mill("");
    once(&mill, 0);
    // There before anything is wrong: one can subscribe.
    assert_eq!(told_in(&mill, ".feedmill"), []);

    mill.write("news/bad<b>.txt", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    once(&mill, 1);
    let skipped = told_in(&mill, ".feedmill");
    assert_eq!(skipped[0].title, "skipped: news/bad<b>.txt");
    assert!(skipped[0].content.contains("mend or exclude it"), "{skipped:?}");

    let before = prints(&mill.path(".feedmill")).into_iter().filter(|(path, ..)| path.ends_with("operations.atom"));
    let before: Vec<_> = before.collect();
    once(&mill, 1);
    let after = prints(&mill.path(".feedmill")).into_iter().filter(|(path, ..)| path.ends_with("operations.atom"));
    assert_eq!(before, after.collect::<Vec<_>>(), "nothing new, nothing written");

    // It heals while nobody watches.
    mill.delete("news/bad<b>.txt");
    once(&mill, 0);
    let healed = told_in(&mill, ".feedmill");
    assert_eq!(healed[0].title, "healed: skipped: news/bad<b>.txt");
    assert_eq!((healed.len(), &healed[0].id), (1, &skipped[0].id));

    mill.write("news/bad<b>.txt", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    once(&mill, 1);
    assert_eq!(told_in(&mill, ".feedmill")[0].id, skipped[0].id);
    assert_eq!(titles(&mill), ["skipped: news/bad<b>.txt"]);
    // News feeds carry news.
    assert_eq!(mill.titles("news"), ["New bridge", "Water in the lake"]);
}

#[test]
fn drift_is_told_of_the_source_whatever_the_capture() {
    let mill = mill("");
    once(&mill, 0);
    mill.write("news/2021-03-11.txt", "Error 503\n\nTry again later.\n");
    once(&mill, 1);
    let first = told_in(&mill, ".feedmill");
    assert_eq!(first[0].title, "the page of \"news\" changed: drift");
    assert!(first[0].content.starts_with("news/2021-03-11.txt: no items"), "{first:?}");
    mill.write("news/2021-03-12.txt", "Error 504\n\nTry again later.\n");
    once(&mill, 1);
    let second = told_in(&mill, ".feedmill");
    assert_eq!((second.len(), &second[0].id), (1, &first[0].id));
    assert!(second[0].content.starts_with("news/2021-03-12.txt: no items"), "{second:?}");
    mill.write("news/2021-03-13.txt", page(&[BRIDGE, LAKE]));
    once(&mill, 0);
    assert_eq!(titles(&mill), ["healed: the page of \"news\" changed: drift"]);
}

#[test]
fn of_what_is_too_much_to_be_told_one_by_one_nothing_untrue_is_told() {
    let mill = mill("");
    once(&mill, 0);
    let config = mill.config();
    let numbers = || (0..150).map(|n| n.to_string());
    let drift = |n: String| Drift { source: n.clone(), file: n, reason: "odd".into() };
    let skipped = |n: String| SkippedLine { source: n.clone(), file: n, reason: "no".into() };
    let report = Report {
        drift: numbers().map(drift).collect(),
        skipped: numbers().map(skipped).collect(),
        ..Report::default()
    };
    Operations::of(&config.state).pass(&config, Ok(&report), true, &Standing::default());
    let titles = titles(&mill);
    for rest in ["the pages of more sources changed: drift", "more files are skipped"] {
        assert_eq!(titles.iter().filter(|title| *title == rest).count(), 1, "{titles:?}");
    }
    assert!(titles.iter().all(|title| !title.contains('/')), "{titles:?}");
    let text = mill.run(&["status"]).out;
    let rest = text.lines().filter(|line| line.ends_with(": there are more than are told one by one"));
    assert!(rest.clone().count() == 1 && rest.clone().all(|line| !line.contains("/:")), "{text}");
}

#[test]
fn trouble_is_told_and_over_when_a_pass_is_done() {
    let mill = mill("");
    mill.overwrite("public", "in the way");
    once(&mill, 3);
    let told = told_in(&mill, ".feedmill");
    assert!(told[0].title.starts_with("cannot "), "{told:?}");
    mill.delete("public");
    once(&mill, 0);
    assert_eq!(titles(&mill), [format!("healed: {}", told[0].title)]);
}

#[test]
fn a_store_that_was_set_aside_is_told() {
    let mill = mill("");
    once(&mill, 0);
    mill.checkpoint();
    let store = mill.path(".feedmill/feedmill.db");
    let mut bytes = fs::read(&store).unwrap();
    bytes[..100].fill(0xAA);
    fs::write(&store, bytes).unwrap();
    once(&mill, 0);
    let told = told_in(&mill, ".feedmill");
    assert_eq!(told[0].title, "healed: the store was damaged");
    assert!(told[0].content.contains("corrupt-1"), "{told:?}");
}

#[test]
fn a_hub_that_was_given_up_is_told_until_it_hears_again() {
    let mill = mill("");
    once(&mill, 0);
    let config = mill.config();
    let mut operations = Operations::of(&config.state);
    let hub = Sight { subject: "https://hub.example/".into(), detail: "503 Busy".into() };
    let mut pass = |hubs| {
        let standing = Standing { hubs, ..Standing::default() };
        operations.pass(&config, Ok(&Report::default()), false, &standing);
        titles(&mill)
    };
    let told = ["the hub https://hub.example/ can't be told of changes"];
    assert_eq!(pass(Some(vec![hub])), told);
    // Who gives up no hubs knows nothing of it.
    assert_eq!(pass(None), told);
    assert_eq!(pass(Some(vec![])), [format!("healed: {}", told[0])]);
}

#[test]
fn it_is_published_only_where_that_is_asked_for_and_never_in_both_places() {
    let publish = "base_url = \"https://feeds.example/\"\n[operations]\npublish = true\n";
    let mill = mill(publish);
    mill.write("news/bad.txt", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    once(&mill, 1);
    assert_eq!(told_in(&mill, "public").len(), 1);
    assert!(!mill.path(".feedmill/operations.atom").exists());
    let atom = fs::read_to_string(mill.path("public/operations.atom")).unwrap();
    assert!(atom.contains("href=\"https://feeds.example/operations.atom\""), "{atom}");
    mill.configure(CONFIG);
    once(&mill, 1);
    assert_eq!(told_in(&mill, ".feedmill").len(), 1);
    assert!(!mill.path("public/operations.atom").exists());
}

#[test]
fn a_second_feedmill_tells_nothing_in_the_first_ones_place() {
    let mill = mill("");
    once(&mill, 0);
    let before = fs::read(mill.path(".feedmill/operations.json")).unwrap();
    let _held = mill.state();
    once(&mill, 4);
    assert_eq!(fs::read(mill.path(".feedmill/operations.json")).unwrap(), before);
}

/// As [`Page::parse`], but for the pages of which it makes nothing good.
fn fails<'p>(page: &'p Page<'_>) -> Scrape<'p> {
    assert!(!page.decoded.text.contains("poison"), "a bug that no input is known to reach");
    page.parse()
}

#[test]
fn a_file_on_which_feedmill_fails_keeps_no_other_from_being_published() {
    let mill = mill("");
    mill.write("news/2021-03-11.txt", "poison");
    // Enough for several threads, each of which meets more than one.
    for n in 0..40 {
        mill.write(&format!("news/more-{n}.txt"), if n % 4 == 0 { "poison".to_owned() } else { page(&[LAKE]) });
    }
    let (config, disk) = (mill.config(), TestDisk::good());
    let State { mut store, mut decided, .. } = mill.state();
    let pass = Pass { parse: fails, ..Pass::new(&config, &disk) };
    let report = pass.run(&mut store, &mut decided).unwrap();
    assert_eq!((report.exit, report.files.skipped, report.files.read), (1, 11, 31));
    assert_eq!(report.skipped[0].file, "news/2021-03-11.txt");
    let reason = "a bug in feedmill: please report it, with the file (a bug that no input is known to reach)";
    assert_eq!(report.skipped[0].reason, reason);
    assert_eq!(mill.titles("news"), ["New bridge", "Water in the lake"]);
    // Mended, they are read: nothing was noted of them.
    let report = Pass::new(&config, &disk).run(&mut store, &mut decided).unwrap();
    assert_eq!(report.files.skipped, 0);
}

#[test]
fn status_tells_how_every_source_and_feed_does_beside_a_writer() {
    let more = "[[source]]\nname = \"later\"\nfiles = [\"later/*.txt\"]\nurl = \"https://later.example/\"\n";
    let mill = mill("");
    once(&mill, 0);
    let store = mill.stored();
    let status = |mill: &Mill| -> serde_json::Value {
        let ran = mill.run(&["status", "--format", "json"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        serde_json::from_str(&ran.out).unwrap()
    };
    let held = mill.state();
    let told = status(&mill);
    drop(held);
    let source = &told["sources"][0];
    assert_eq!((&told["schema"], &told["items"], &source["state"]), (&1.into(), &2.into(), &"fine".into()));
    assert_eq!(source["newest_capture"]["file"], "news/2021-03-10.txt");
    assert!(source["confidence"].as_f64().unwrap() > 0.7, "{source}");
    let feed = &told["feeds"][0];
    assert_eq!((&feed["items"], &feed["newest"]["title"]), (&2.into(), &"New bridge".into()));
    assert_eq!(feed["newest"]["id"], mill.atom("news")[0].id);
    assert!(feed["written"].as_str().is_some_and(|written| written.contains('T')), "{feed}");
    assert_eq!(mill.stored(), store, "it only looks");

    mill.configure(&format!("{CONFIG}{more}"));
    mill.write("news/bad.txt", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    assert_eq!(status(&mill)["sources"][1]["state"], "unread");
    once(&mill, 1);
    let told = status(&mill);
    assert_eq!(told["sources"][0]["state"], "skipped", "{told}");
    assert_eq!(told["sources"][0]["skipped"][0], "news/bad.txt: compressed with gzip");
    // Its folder is missing.
    assert_eq!(told["sources"][1]["state"], "skipped", "{told}");
    mill.write("news/2021-03-11.txt", "Error 503\n\nTry again later.\n");
    once(&mill, 1);
    assert_eq!(status(&mill)["sources"][0]["state"], "drift");
    let text = mill.run(&["status"]).out;
    for part in ["source news: drift; 2 files", "no items", "newest \"New bridge\" of 2021-03-03", "written 20"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_long_history_does_not_fill_the_status() {
    let mill = mill("");
    let month = |n: u32| format!("Low water at pier {n}\n\n{:02} March {}\n\nMind the sand.\n\n", n % 28 + 1, 2020 - n);
    mill.write("news/2021-03-11.txt", format!("News room\n\n{}", (0..70).map(month).collect::<String>()));
    once(&mill, 0);
    let text = mill.run(&["status"]).out;
    assert!(text.lines().count() < 20, "{text}");
    for part in ["news/atom.xml: ", "news/index.html: ", "news/2021/03.html: ", "documents of older months: "] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let whole: serde_json::Value = serde_json::from_str(&mill.run(&["status", "--format", "json"]).out).unwrap();
    assert!(whole["feeds"][0]["documents"].as_array().unwrap().len() > 140, "a program gets all");
}

/// Below folders of the command line no config says whose a file is; still it is told, and with its source where that
/// is known.
#[test]
fn status_tells_without_a_config_what_is_skipped() {
    let compressed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0];
    let mill = mill("");
    mill.delete("feedmill.toml");
    let status = || -> (serde_json::Value, String) {
        let told = serde_json::from_str(&mill.run(&["status", "--format", "json"]).out).unwrap();
        (told, mill.run(&["status"]).out)
    };
    mill.write("news/bad.txt", compressed);
    assert_eq!(mill.run(&["--once", "news"]).code, 1);
    let (told, text) = status();
    assert_eq!(
        (&told["sources"][0]["state"], told["sources"][0]["skipped"].as_array().unwrap().len()),
        (&"skipped".into(), 1)
    );
    assert!(text.contains("source news: files are skipped; ") && text.contains("\n  bad.txt: compressed"), "{text}");

    // Of two folders each has its own file of that name, and one only the other.
    mill.write("more/bad.txt", compressed);
    mill.write("more/2021-03-10.txt", page(&[BRIDGE]));
    assert_eq!(mill.run(&["--once", "news", "more"]).code, 1);
    let (told, text) = status();
    for source in told["sources"].as_array().unwrap() {
        assert_eq!(source["skipped"].as_array().unwrap().len(), 1, "{told}");
    }
    assert_eq!(text.matches("bad.txt: compressed").count(), 2, "{text}");

    // Of one folder among the sources of a store nobody says whose it is.
    mill.delete("news/bad.txt");
    assert_eq!(mill.run(&["--once", "more"]).code, 1);
    let (_, text) = status();
    assert!(!text.contains("\n  bad.txt: compressed"), "{text}");
    assert!(
        text.lines().any(|line| line.starts_with("skipped since ") && line.contains(": bad.txt: compressed")),
        "{text}"
    );
}

/// A service's umask closes what it keeps: others may pass through its folder to what it publishes.
#[test]
fn what_the_operator_alone_is_told_is_readable_as_the_umask_says_and_what_is_published_for_all() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |mill: &Mill, path: &str| fs::metadata(mill.path(path)).unwrap().permissions().mode() & 0o777;
    let mill = mill("[operations]\npublish = false\n");
    let once = "umask 0077 && exec \"$0\" --once";
    let run = || {
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(mill.path("")).args(["-c", once, env!("CARGO_BIN_EXE_feedmill")]);
        assert!(shell.output().unwrap().status.success());
    };
    run();
    for kept in ["feedmill.db", "operations.atom", "operations.json"] {
        assert_eq!(mode(&mill, &format!(".feedmill/{kept}")), 0o600, "{kept}");
    }
    assert_eq!(mode(&mill, "public/news/rss.xml"), 0o644);
    mill.configure(&format!("[operations]\npublish = true\n{CONFIG}"));
    run();
    assert_eq!(mode(&mill, "public/operations.atom"), 0o644);
}

#[test]
fn status_tells_of_a_source_that_was_emptied() {
    let mill = mill("");
    once(&mill, 0);
    let state = || {
        let told: serde_json::Value = serde_json::from_str(&mill.run(&["status", "--format", "json"]).out).unwrap();
        told["sources"][0]["state"].as_str().unwrap().to_owned()
    };
    mill.delete("news/2021-03-10.txt");
    once(&mill, 0);
    assert_eq!(state(), "emptied");
    let text = mill.run(&["status"]).out;
    assert!(text.contains("source news: none of its files is there any more, and its items stay; 1 file"), "{text}");
    // A file that no pass has read yet is one.
    mill.write("news/2021-03-11.txt", page(&[LAKE]));
    assert_eq!(state(), "fine");
}

#[test]
fn status_tells_of_no_document_that_was_never_written() {
    for at in [4, 12, 20, 28, 36] {
        let mill = mill("");
        mill.pass_on(&TestDisk::killed_at(at)).unwrap_err();
        let told: serde_json::Value = serde_json::from_str(&mill.run(&["status", "--format", "json"]).out).unwrap();
        for feed in told["feeds"].as_array().unwrap() {
            assert_eq!((&feed["written"], &feed["documents"]), (&serde_json::Value::Null, &serde_json::json!([])));
        }
        let text = mill.run(&["status"]).out;
        assert!(!text.contains("1970") && !text.contains("0 bytes"), "{at}: {text}");
    }
}

#[test]
fn what_small_files_give_is_published_before_a_big_one_is_begun() {
    let mill = mill("");
    let mut big = page(&[LAKE]);
    while big.len() < 5 << 20 {
        big.push_str("\nNothing but words that are no item at all, line after line after line.\n");
    }
    mill.write("news/2021-03-01-big.txt", big);
    let (config, disk) = (mill.config(), TestDisk::good());
    let State { mut store, mut decided, .. } = mill.state();
    let steps = std::sync::Mutex::new(Vec::new());
    let step = |what: &'static str| steps.lock().unwrap().push(what);
    let progress = |_: usize, _: usize| step("a file");
    let published = |outcomes: &[Outcome], _: &[&str]| {
        if outcomes.iter().any(|outcome| outcome.written && outcome.listed.path == "news/atom.xml") {
            step("published");
        }
    };
    let pass = Pass { progress: &progress, published: &published, ..Pass::new(&config, &disk) };
    let report = pass.run(&mut store, &mut decided).unwrap();
    assert_eq!(steps.into_inner().unwrap()[..2], ["a file", "published"]);
    // What was published on the way is told with the rest.
    let told: std::collections::BTreeSet<&String> =
        report.feeds.iter().flat_map(|feed| &feed.written).chain(&report.index).collect();
    assert_eq!(told, mill.feeds().keys().collect());
}

#[test]
fn files_of_one_name_in_two_folders_are_told_apart() {
    let mill = Mill::new("");
    mill.delete("feedmill.toml");
    for file in ["m1/x.txt", "m2/x.txt"] {
        mill.write(file, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    }
    let ran = mill.run(&["--once", "m1", "m2", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let of: Vec<_> = told["skipped"].as_array().unwrap().iter().map(|one| (&one["source"], &one["file"])).collect();
    assert_eq!(of, [(&"m1".into(), &"x.txt".into()), (&"m2".into(), &"x.txt".into())]);
    assert_eq!(ran.err.lines().filter(|line| line.contains("skipped")).count(), 2, "{ran:?}");
    let mut titles = titles(&mill);
    titles.sort();
    assert_eq!(titles, ["skipped: m1: x.txt", "skipped: m2: x.txt"]);
}

#[test]
fn a_page_that_drifted_and_is_gone_is_drift_no_more_to_status_either() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-03-10.txt", page(&[BRIDGE, LAKE]));
    mill.write("news/2021-03-12.txt", "The site is being maintained.\n");
    let state = || {
        let told: serde_json::Value = serde_json::from_str(&mill.run(&["status", "--format", "json"]).out).unwrap();
        let source = &told["sources"][0];
        (source["state"].clone(), source["drift"].is_null(), source["newest_capture"]["file"].clone())
    };
    for arguments in [&["--once", "-q"][..], &["--once", "-q", "news"]] {
        if arguments.len() > 2 {
            fs::remove_file(mill.path("feedmill.toml")).unwrap();
            [".feedmill", "public"].iter().for_each(|folder| fs::remove_dir_all(mill.path(folder)).unwrap());
            mill.write("news/2021-03-12.txt", "The site is being maintained.\n");
        }
        assert_eq!(mill.run(arguments).code, 1);
        let drifted = state();
        assert!(drifted.0 == "drift" && !drifted.1, "{drifted:?}");
        mill.delete("news/2021-03-12.txt");
        assert_eq!(mill.run(arguments).code, 0);
        let healed = state();
        assert!(healed.0 == "fine" && healed.1, "{healed:?}");
        assert!(healed.2.as_str().unwrap().ends_with("2021-03-10.txt"), "{healed:?}");
    }
}
