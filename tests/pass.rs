//! Whole passes over a real folder: what subscribers get follows from what was read, however it came about.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use feedmill::mill::decisions::Decision;
use feedmill::mill::item::Key;
use feedmill::pass::{Pass, Scope};
use feedmill::publish::RealDisk;
use feedmill::state::State;
use feedmill::store::{Batch, Found, Look, Sqlite, Store};
use support::harbour::{self, BRIDGE, FERRY, LAKE, MAST, MAST_2, MOLE};
use support::{Entry, Mill, TestDisk, Told, capture, id, page, prints, stamp, told};

const CONFIG: &str = r#"
[[source]]
name     = "news"
files    = ["news/*.txt"]
site     = "harbour"
language = "en"
layout   = "newsroom"

[[source]]
name     = "home"
files    = ["home/*.txt"]
site     = "harbour"
language = "en"
layout   = "newsroom"

[[feed]]
name    = "all"
sources = ["news", "home"]
limit   = 0

[[feed]]
name    = "press"
sources = ["news"]
limit   = 2

[[feed]]
name    = "front"
sources = ["home", "news"]
limit   = 3
"#;

/// The beginning of a text, up to where `after` ends.
fn cut(text: &str, after: &str) -> String {
    let end = text.find(after).unwrap() + after.len();
    text[..end].to_owned()
}

// ---- conflicts ------------------------------------------------------------------------------------------------------

const LAKE_2: Told = told("Water in the lake", "02 March 2021", "The lake falls by a hand.");
const BRIDGE_JUNE: Told = told("New bridge", "03 March 2021", "The bridge opens in June.");
const QUAY_CUT: Told = told("The old quay is closed", "04 March 2021", "The old quay is closed to all ships until...");
const QUAY: Told =
    told("The old quay is closed", "04 March 2021", "The old quay is closed to all ships until the wall is mended.");
const FERRY_ANN: Told = Told { credit: "© Ann Lee / Harbour 2021", ..FERRY };
const FERRY_BO: Told = Told { credit: "© Bo Ray / Harbour 2022", ..FERRY };
const DREDGING: Told = told("Statement", "16 March 2021", "On the dredging of the fairway, which goes on at night.");
const PILOTS: Told = told("Statement", "16 March 2021", "On the strike of the pilots, who ask for new boats.");
const FESTIVAL: Told = told("Festival of lights", "24 December 2021", "Ships carry lanterns on the last Friday.");
const BOAT: Told =
    told("Pilot boat christened", "20 March 2021", "A boat of the new kind was christened in the basin.");
const CRANE_40: Told = told("A crane for the yard", "19 March 2021", "The crane lifts forty tons.");
const CRANE_60: Told = told("A crane for the yard", "19 March 2021", "The crane lifts sixty tons.");

/// The paths and what each of them held, in order.
fn conflicts() -> Vec<(&'static str, Vec<String>)> {
    let front = page(&[BOAT, CRANE_40]);
    vec![
        ("news/2021-03-10.txt", vec![page(&[FERRY_ANN, QUAY_CUT, BRIDGE, LAKE, MAST])]),
        ("news/2021-03-17.txt", vec![page(&[FESTIVAL, DREDGING, PILOTS, FERRY_BO, QUAY, BRIDGE_JUNE, LAKE_2, MAST_2])]),
        ("news/2021-03-24 late.txt", vec![page(&[FESTIVAL, DREDGING, PILOTS, BRIDGE, LAKE_2])]),
        // Caught while it was written, then whole, then replaced.
        ("home/latest.txt", vec![cut(&front, "was christened in"), front, page(&[MOLE, CRANE_60, LAKE])]),
    ]
}

/// Every interleaving of that many steps of each path.
fn interleavings(left: &mut [usize], so_far: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
    if left.iter().all(|steps| *steps == 0) {
        all.push(so_far.clone());
    }
    for path in 0..left.len() {
        if left[path] > 0 {
            left[path] -= 1;
            so_far.push(path);
            interleavings(left, so_far, all);
            so_far.pop();
            left[path] += 1;
        }
    }
}

#[test]
fn conflicting_accounts_settle_as_the_design_says() {
    let mill = Mill::new(CONFIG);
    settled(&mill);
    let day = |date, title| (id("harbour", date, title), date);
    // The folds of titles, worked out by hand.
    let (mast, mast_day) = day("2021-03-01", "themastofthelightship");
    let (lake, lake_day) = day("2021-03-02", "waterinthelake");
    let (bridge, bridge_day) = day("2021-03-03", "newbridge");
    let (quay, quay_day) = day("2021-03-04", "theoldquayisclosed");
    let (ferry, ferry_day) = day("2021-03-05", "ferryinanewcoat");
    // Both twins were first captured on the 17th: "onthed…" comes before "onthes…" and keeps the plain key.
    let (dredging, statement_day) = day("2021-03-16", "statement");
    let (pilots, _) = day("2021-03-16", "statement\nonthestrikeofthepilotswhoaskfornewboats");
    let (festival, _) = day("2021-12-24", "festivaloflights");
    let (boat, boat_day) = day("2021-03-20", "pilotboatchristened");
    let (crane, crane_day) = day("2021-03-19", "acranefortheyard");
    let (mole, mole_day) = day("2021-03-22", "walksonthemole");

    let seen: BTreeMap<String, Entry> = mill.atom("all").into_iter().map(|entry| (entry.id.clone(), entry)).collect();
    assert_eq!(seen.len(), 11);
    let shows = |id: &str, told: &Told, published: &str, updated: &str| {
        let entry = &seen[id];
        assert_eq!(entry.title, told.title);
        assert!(entry.content.contains(told.summary), "{}: {}", told.summary, entry.content);
        assert_eq!((entry.published.as_str(), entry.updated.as_str()), (published, updated), "{}", told.title);
    };
    let unrevised = |id: &str, told: &Told, day: &str| shows(id, told, &stamp(day, id), &stamp(day, id));
    // Revised on the 17th.
    shows(&mast, &MAST_2, &stamp(mast_day, &mast), &capture("2021-03-17", &mast));
    // Revised on the 17th, contradicted by the front page of the 22nd, confirmed on the 24th.
    shows(&lake, &LAKE_2, &stamp(lake_day, &lake), &capture("2021-03-24", &lake));
    // Revised on the 17th and reverted on the 24th.
    shows(&bridge, &BRIDGE, &stamp(bridge_day, &bridge), &capture("2021-03-24", &bridge));
    // A page of no stated time: the newest day that it lists stands in.
    shows(&crane, &CRANE_60, &stamp(crane_day, &crane), &capture("2021-03-22", &crane));
    // Neither a cut text completed nor another credit is a revision.
    unrevised(&quay, &QUAY, quay_day);
    unrevised(&ferry, &FERRY, ferry_day);
    assert_eq!(seen[&ferry].credit.as_deref(), Some("Bo Ray / Harbour 2022"));
    unrevised(&boat, &BOAT, boat_day);
    unrevised(&mole, &MOLE, mole_day);
    unrevised(&dredging, &DREDGING, statement_day);
    unrevised(&pilots, &PILOTS, statement_day);
    // Announced on the 17th for December: it stands where the 18th does, and says December.
    unrevised(&festival, &FESTIVAL, "2021-03-18");
    assert!(seen[&festival].content.contains("24 December 2021"), "{}", seen[&festival].content);

    // The newest two, and what came to light since the 17th.
    let ids = |feed| mill.atom(feed).into_iter().map(|entry| entry.id).collect::<BTreeSet<_>>();
    assert_eq!(ids("press"), [&festival, &dredging, &pilots].map(String::clone).into());
    // Its newest capture of a stated time is that of the news room, too.
    assert_eq!(ids("front"), [&mole, &boat, &crane, &festival, &dredging, &pilots].map(String::clone).into());
}

#[test]
fn every_interleaving_of_the_paths_gives_the_same_bytes() {
    let paths = conflicts();
    let mut left: Vec<usize> = paths.iter().map(|(_, contents)| contents.len()).collect();
    let mut all = Vec::new();
    interleavings(&mut left, &mut Vec::new(), &mut all);
    assert_eq!(all.len(), 120);
    let mut expected = None;
    for (nth, order) in all.iter().enumerate() {
        let mill = Mill::new(CONFIG);
        let (config, mut state) = (mill.config(), mill.state());
        let mut pass = || {
            support::run(&config, &TestDisk::good(), false, &mut state.store, &mut state.decided).unwrap();
        };
        let mut step = vec![0; paths.len()];
        // What is waiting to be seen by the next pass: never two contents of one path.
        let mut waiting: Vec<usize> = Vec::new();
        for path in order {
            // Every third order passes after each step, the others by batches of various lengths.
            if nth % 3 == 0 || waiting.contains(path) || waiting.len() > nth % 5 {
                pass();
                waiting.clear();
            }
            let (name, contents) = &paths[*path];
            match nth % 2 {
                0 => mill.write(name, &contents[step[*path]]),
                _ => mill.overwrite(name, &contents[step[*path]]),
            }
            step[*path] += 1;
            waiting.push(*path);
        }
        pass();
        let feeds = mill.feeds();
        // Two feeds: four documents each, a page and an archive a month, and the index with what belongs to it.
        assert!(feeds.len() > 20, "{:?}", feeds.keys());
        assert_eq!(&feeds, expected.get_or_insert_with(|| feeds.clone()), "order {order:?}");
    }
}

#[test]
fn of_one_path_the_newer_content_wins_though_it_says_less() {
    const LONG: Told =
        told("New bridge", "03 March 2021", "The bridge opens in May, and the mayor will speak at length.");
    let ferry = id("harbour", "2021-03-05", "ferryinanewcoat");
    let bridge = id("harbour", "2021-03-03", "newbridge");
    for (path, revised) in [("news/2021-03-10.txt", "2021-03-10"), ("news/latest.txt", "2021-03-05")] {
        let mill = Mill::new(CONFIG);
        mill.write(path, page(&[FERRY_BO, LONG]));
        mill.pass();
        mill.write(path, page(&[FERRY_ANN, BRIDGE_JUNE]));
        mill.pass();
        let entries = mill.atom("all");
        assert_eq!(entries.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&ferry, &bridge]);
        assert!(entries[1].content.contains(BRIDGE_JUNE.summary), "{path}: {}", entries[1].content);
        assert_eq!(entries[1].updated, capture(revised, &bridge));
        assert_eq!(entries[0].credit.as_deref(), Some("Ann Lee / Harbour 2021"));
    }
}

#[test]
fn of_twins_the_one_captured_first_keeps_the_plain_key_whenever_that_is_learned() {
    let twin = id("harbour", "2021-03-16", "statement\nonthedredgingofthefairwaywhichgoesonatnight");
    let plain = id("harbour", "2021-03-16", "statement");
    let pages = [("news/2021-03-17.txt", page(&[PILOTS])), ("news/2021-03-18.txt", page(&[DREDGING, PILOTS]))];
    for order in [[0, 1], [1, 0]] {
        let mill = Mill::new(CONFIG);
        for nth in order {
            mill.write(pages[nth].0, &pages[nth].1);
            mill.pass();
        }
        let seen: BTreeMap<String, String> = mill.atom("all").into_iter().map(|one| (one.id, one.content)).collect();
        assert!(seen[&plain].contains(PILOTS.summary) && seen[&twin].contains(DREDGING.summary), "{seen:?}");
    }
}

#[test]
fn a_file_caught_while_it_was_written_leaves_nothing_false_behind() {
    let text = "News room\n\nMarch 2021\n\n  1. © Ann Lee / Harbour 2021\n\n    The light ship comes home after\n    twenty years \
                at sea\n\n    22 March 2021\n\n    Its mast was painted.\n\n    The crew was thanked.\n\n  2. A crane for the \
                yard\n\n    19 March 2021\n\n    It lifts forty tons.\n\nFebruary 2021\n\n  1. Storm\n\n    05 February 2021\n";
    for path in ["news/2021-03-24.txt", "news/latest.txt"] {
        let run = |contents: &[&str]| {
            let mill = Mill::new(harbour::CONFIG);
            let (config, mut decided, mut store) = (mill.config(), mill.decided(), Sqlite::in_memory().unwrap());
            for content in contents {
                mill.write(path, content);
                support::absorb(&config, &mut store, &mut decided);
            }
            support::run(&config, &TestDisk::good(), false, &mut store, &mut decided).unwrap();
            (mill.feeds(), store.count().unwrap())
        };
        let expected = run(&[text]);
        assert_eq!(expected.1, 3);
        for end in (1..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(run(&[&text[..end], text]) == expected, "{path}, cut after {:?}", &text[..end]);
        }
    }
}

#[test]
fn a_title_that_may_be_half_of_one_is_named_and_not_taken_in() {
    let text = page(&[MOLE, BOAT]);
    let (cut, _) = text.split_at(text.find(" boat christened").unwrap());
    let mill = Mill::new(CONFIG);
    mill.write("home/latest.txt", cut);
    let report = mill.pass();
    assert_eq!(mill.titles("front"), [MOLE.title]);
    let faults: Vec<_> = report.faults.iter().map(|fault| (&*fault.reason, &*fault.text)).collect();
    assert_eq!(faults, [("the file is cut behind this title", "Pilot")]);
    assert_eq!(mill.items().len(), 1);

    mill.write("home/latest.txt", text);
    mill.pass();
    assert_eq!(mill.titles("front"), [MOLE.title, BOAT.title]);
    assert_eq!(mill.items().len(), 2);
}

/// All that `conflicts` holds, a pass after each round.
fn settled(mill: &Mill) {
    for step in 0..3 {
        for (path, contents) in conflicts() {
            if let Some(content) = contents.get(step) {
                mill.write(path, content);
            }
        }
        mill.pass();
    }
}

#[test]
fn renaming_touching_and_deleting_between_passes_changes_no_byte() {
    let undisturbed = Mill::new(CONFIG);
    settled(&undisturbed);
    let expected = undisturbed.feeds();

    let paths = conflicts();
    let mut left: Vec<usize> = paths.iter().map(|(_, contents)| contents.len()).collect();
    let mut all = Vec::new();
    interleavings(&mut left, &mut Vec::new(), &mut all);
    for order in all.iter().step_by(11) {
        let mill = Mill::new(CONFIG);
        let mut step = vec![0; paths.len()];
        for (round, path) in order.iter().enumerate() {
            let (name, contents) = &paths[*path];
            mill.write(name, &contents[step[*path]]);
            step[*path] += 1;
            mill.pass();
            mill.touch(name, 1_500_000_000 + round as u64);
            if name.starts_with("news/") {
                // The day in the name is kept, so the content is what it was: seen once more.
                mill.rename(name, &name.replace(".txt", " (copy).txt"));
                if round % 2 == 0 {
                    mill.pass();
                    mill.delete(&name.replace(".txt", " (copy).txt"));
                }
            } else {
                // Its contents keep their order even while the path is gone.
                mill.delete(name);
            }
            mill.pass();
        }
        assert_eq!(mill.feeds(), expected, "order {order:?}");
    }
}

#[test]
fn a_second_pass_writes_nothing() {
    let mill = Mill::new(CONFIG);
    settled(&mill);
    // Long ago, so that no look came so soon after the writing that it had to be repeated.
    for (path, _) in conflicts() {
        mill.touch(path, 1_500_000_000);
    }
    mill.pass();
    for _ in 0..2 {
        let (before, stored) = (prints(&mill.path("public")), mill.stored());
        let report = mill.pass();
        assert!(!report.changed, "{report:?}");
        assert_eq!(prints(&mill.path("public")), before);
        assert_eq!(mill.stored(), stored, "no change is no write");
        let ran = mill.run(&["--once"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(prints(&mill.path("public")), before);
    }
}

#[test]
fn a_published_file_that_was_deleted_or_altered_comes_back() {
    let mill = Mill::new(CONFIG);
    settled(&mill);
    let expected = mill.feeds();
    for harm in [
        |mill: &Mill| fs::remove_file(mill.path("public/all/rss.xml")).unwrap(),
        |mill: &Mill| fs::remove_dir_all(mill.path("public")).unwrap(),
        |mill: &Mill| mill.append("public/press/atom.xml", "<!-- somebody was here -->"),
        |mill: &Mill| mill.write("public/front/atom.xml", ""),
        // Another file of the same size and the same time.
        |mill: &Mill| {
            let path = mill.path("public/all/atom.xml");
            let found = fs::metadata(&path).unwrap();
            mill.write("public/all/atom.xml", vec![b'x'; found.len() as usize]);
            let times = fs::FileTimes::new().set_modified(found.modified().unwrap());
            fs::File::options().append(true).open(&path).unwrap().set_times(times).unwrap();
        },
    ] {
        harm(&mill);
        let report = mill.pass();
        assert!(report.changed);
        assert_eq!(mill.feeds(), expected);
    }
}

#[test]
fn deleting_all_scrapes_removes_nothing() {
    let mill = Mill::new(CONFIG);
    settled(&mill);
    let before = prints(&mill.path("public"));
    for path in support::files_below(&mill.path("news")).into_iter().chain(support::files_below(&mill.path("home"))) {
        fs::remove_file(path).unwrap();
    }
    let report = mill.pass();
    assert_eq!(
        (report.changed, report.exit, report.emptied.as_slice()),
        (false, 0, &["news".into(), "home".into()][..])
    );
    assert_eq!(prints(&mill.path("public")), before);
    let ran = mill.run(&["--once"]);
    assert_eq!((ran.code, ran.err.matches("none of its files is there any more").count()), (0, 2), "{ran:?}");
    // Not even when the output has to be made anew.
    let expected = mill.feeds();
    fs::remove_dir_all(mill.path("public")).unwrap();
    mill.pass();
    assert_eq!(mill.feeds(), expected);
    // Nor when the folders are gone: that is told, and changes nothing.
    fs::remove_dir_all(mill.path("news")).unwrap();
    fs::remove_dir_all(mill.path("home")).unwrap();
    assert_eq!(mill.pass().exit, 1);
    assert_eq!(mill.feeds(), expected);
}

#[test]
fn the_time_zone_and_language_of_the_host_change_no_byte() {
    let here = Mill::new(CONFIG);
    settled(&here);
    for zone in ["Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu"] {
        let mill = Mill::new(CONFIG);
        for step in 0..3 {
            for (path, contents) in conflicts() {
                if let Some(content) = contents.get(step) {
                    mill.write(path, content);
                }
            }
            let ran = mill.run_with(&["--once"], &[("TZ", zone), ("LC_ALL", "de_DE.UTF-8"), ("LANG", "C")]);
            assert_eq!(ran.code, 0, "{ran:?}");
        }
        assert_eq!(mill.feeds(), here.feeds(), "{zone}");
    }
}

// ---- decisions ------------------------------------------------------------------------------------------------------

fn key(id: &str) -> Key {
    id.parse().unwrap()
}

#[test]
fn a_retracted_item_leaves_the_feeds_until_that_is_undone() {
    let mill = Mill::new(CONFIG);
    settled(&mill);
    let before = mill.feeds();
    let boat = id("harbour", "2021-03-20", "pilotboatchristened");
    assert!(mill.titles("all").contains(&BOAT.title.to_owned()));

    let ran = mill.run(&["retract", &format!("urn:uuid:{boat}")]);
    assert_eq!(ran.code, 0, "{ran:?}");
    mill.pass();
    for feed in ["all", "front"] {
        assert!(!mill.titles(feed).contains(&BOAT.title.to_owned()), "{feed}");
    }
    let item = &mill.items()[&boat];
    assert_eq!((&item["retracted"], &item["feeds"]), (&true.into(), &serde_json::json!([])));
    // It is still read, and stays away: from the file that has it, from a new one, under another way of reading.
    mill.write("news/2021-03-31.txt", page(&[MOLE, BOAT]));
    mill.pass();
    mill.configure(&CONFIG.replace("\"newsroom\"", "\"newsroom\"\ndate_order = \"dmy\""));
    mill.pass();
    assert!(!mill.titles("all").contains(&BOAT.title.to_owned()));
    mill.configure(CONFIG);

    let ran = mill.run(&["retract", &boat, "--undo"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    mill.pass();
    let back = mill.atom("all").into_iter().find(|entry| entry.title == BOAT.title).unwrap();
    assert_eq!(back.id, boat);
    assert_eq!(mill.items()[&boat]["retracted"], false);
    assert_eq!(mill.run(&["retract", &id("harbour", "2021-03-20", "neverheardof")]).code, 2);
    assert_eq!(before.len(), mill.feeds().len());
}

/// What the Atom document of a feed says is gone: id and time.
fn gone(mill: &Mill, feed: &str) -> Vec<(String, String)> {
    let atom = fs::read_to_string(mill.path(&format!("public/{feed}/atom.xml"))).unwrap();
    let document = roxmltree::Document::parse(&atom).unwrap();
    let gone = document.descendants().filter(|node| node.tag_name().name() == "deleted-entry");
    gone.map(|node| (node.attribute("ref").unwrap().to_owned(), node.attribute("when").unwrap().to_owned())).collect()
}

#[test]
fn a_retraction_is_told_to_readers_with_the_time_that_the_decision_says() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-03-23.txt", page(&[MOLE, BOAT, FERRY]));
    mill.write("home/2021-03-23.txt", page(&[MOLE]));
    mill.pass();
    let (boat, ferry) =
        (id("harbour", "2021-03-20", "pilotboatchristened"), id("harbour", "2021-03-05", "ferryinanewcoat"));
    assert_eq!(mill.run(&["retract", &boat]).code, 0);
    // A line from before times were noted, or by hand: no time is made up for it.
    mill.decide(Decision::Retract { retract: ferry.parse().unwrap(), undo: false, when: None });
    mill.pass();
    let noted = fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(noted.lines().next().unwrap()).unwrap();
    let when = line["when"].as_str().unwrap().replace('Z', "+00:00");
    assert_eq!(when.len(), "2026-11-22T09:30:00+00:00".len(), "to the second: {noted}");
    assert_eq!(gone(&mill, "all"), [(format!("urn:uuid:{boat}"), when)]);
    // The clock plays no part in the bytes.
    let before = mill.feeds();
    fs::remove_dir_all(mill.path("public")).unwrap();
    mill.pass();
    assert_eq!(mill.feeds(), before);
    // A feed in which it never was tells nothing of it; one that is told to return has returned.
    mill.configure(&CONFIG.replace("[\"home\", \"news\"]", "[\"home\"]"));
    mill.pass();
    assert_eq!(gone(&mill, "front"), []);
    assert_eq!(mill.run(&["retract", "--undo", &boat]).code, 0);
    mill.pass();
    assert_eq!(gone(&mill, "all"), []);
    assert_eq!(mill.titles("all"), [MOLE.title, BOAT.title]);
}

#[test]
fn a_feed_whose_only_item_is_retracted_shows_it_no_more() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-03-20.txt", page(&[BOAT]));
    mill.write("home/latest.txt", page(&[MOLE]));
    mill.pass();
    let boat = key(&id("harbour", "2021-03-20", "pilotboatchristened"));
    mill.decide(Decision::Retract { retract: boat, undo: false, when: None });
    mill.pass();
    for (path, bytes) in mill.feeds() {
        assert!(!String::from_utf8(bytes).unwrap().contains(BOAT.title), "{path}");
    }
    let before = prints(&mill.path("public"));
    assert!(!mill.pass().changed);
    assert_eq!(prints(&mill.path("public")), before);
    mill.decide(Decision::Retract { retract: boat, undo: true, when: None });
    mill.pass();
    assert_eq!(mill.titles("press"), [BOAT.title]);
}

/// A reader that gets an error keeps what it had: the retraction must reach it.
#[test]
fn a_feed_whose_items_are_all_retracted_stays_and_says_so() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-03-20.txt", page(&[BOAT]));
    mill.write("home/latest.txt", page(&[MOLE]));
    mill.pass();
    let boat = id("harbour", "2021-03-20", "pilotboatchristened");
    assert_eq!(mill.run(&["retract", &boat]).code, 0);
    mill.pass();
    assert_eq!(mill.titles("press"), [""; 0]);
    let told = gone(&mill, "press");
    assert_eq!(told.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), [format!("urn:uuid:{boat}")]);
    let atom = fs::read_to_string(mill.path("public/press/atom.xml")).unwrap();
    let when = told.first().map(|(_, when)| when.as_str()).unwrap();
    assert!(atom.contains(&format!("<updated>{when}</updated>")), "{atom}");
    let rss = fs::read_to_string(mill.path("public/press/rss.xml")).unwrap();
    assert!(rss.contains("<channel>") && !rss.contains("<item>"), "{rss}");
    let before = prints(&mill.path("public"));
    assert!(!mill.pass().changed);
    assert_eq!(prints(&mill.path("public")), before);
    assert_eq!(mill.run(&["retract", "--undo", &boat]).code, 0);
    mill.pass();
    assert_eq!(mill.titles("press"), [BOAT.title]);
}

#[test]
fn what_a_killed_pass_published_is_withdrawn_like_anything_else() {
    let boat = key(&id("harbour", "2021-03-20", "pilotboatchristened"));
    for at in 0.. {
        let mill = Mill::new(CONFIG);
        mill.write("news/2021-03-20.txt", page(&[BOAT]));
        fs::create_dir(mill.path("home")).unwrap();
        let killed = mill.pass_on(&TestDisk::killed_at(at)).is_err();
        mill.decide(Decision::Retract { retract: boat, undo: false, when: None });
        mill.pass();
        assert_eq!(mill.feeds().into_keys().collect::<Vec<_>>(), Vec::<String>::new(), "killed at {at}");
        if !killed {
            assert!(at > 30, "{at}");
            break;
        }
    }
}

#[test]
fn an_alias_makes_one_item_of_two_under_the_older_id() {
    const MOLE_2: Told = told("Walks upon the mole", "22 March 2021", "On Sundays and feasts the mole is open.");
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-03-23.txt", page(&[MOLE, BOAT]));
    mill.write("news/2021-03-25.txt", page(&[MOLE_2, BOAT]));
    mill.pass();
    assert_eq!(mill.atom("all").len(), 3);
    let old = id("harbour", "2021-03-22", "walksonthemole");
    let new = id("harbour", "2021-03-22", "walksuponthemole");
    assert_eq!(mill.run(&["alias", &new, &old]).code, 0);
    mill.pass();
    let entries = mill.atom("all");
    assert_eq!(entries.len(), 2);
    let joined = entries.iter().find(|entry| entry.id == old).unwrap();
    assert_eq!(joined.title, MOLE_2.title);
    assert_eq!(joined.updated, capture("2021-03-25", &old));
    // A circle is refused and nothing is noted.
    let ran = mill.run(&["alias", &old, &new]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap().lines().count(), 1);
    let ran = mill.run(&["alias", &old, &old]);
    assert!(ran.code == 2 && ran.err.contains("is named twice"), "{ran:?}");
}

#[test]
fn an_alias_may_name_a_twin() {
    let plain = id("harbour", "2021-03-16", "statement");
    let twin = id("harbour", "2021-03-16", "statement\nonthestrikeofthepilotswhoaskfornewboats");
    let mole = id("harbour", "2021-03-22", "walksonthemole");
    let text = page(&[MOLE, DREDGING, PILOTS]);
    for (new, old) in [(&mole, &twin), (&twin, &mole), (&twin, &plain), (&plain, &twin), (&mole, &plain)] {
        // Decided after the items were read, and before.
        let (mill, other) = (Mill::new(CONFIG), Mill::new(CONFIG));
        mill.write("news/2021-03-24.txt", &text);
        mill.pass();
        assert!(mill.decide(Decision::Alias { alias: key(new), of: key(old) }));
        mill.pass();
        assert!(other.decide(Decision::Alias { alias: key(new), of: key(old) }));
        other.write("news/2021-03-24.txt", &text);
        other.pass();
        let ids: BTreeSet<String> = mill.atom("all").into_iter().map(|entry| entry.id).collect();
        let expected: BTreeSet<&String> = [&plain, &twin, &mole].into_iter().filter(|id| *id != new).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!(mill.feeds(), other.feeds());
    }
}

#[test]
fn what_was_exported_and_imported_gives_the_same_feeds() {
    let mill = Mill::new(CONFIG);
    settled(&mill);
    let exported = mill.run(&["export"]);
    assert_eq!(exported.code, 0, "{exported:?}");
    for inbox_is_there in [false, true] {
        let other = Mill::new(CONFIG);
        other.write("history.jsonl", &exported.out);
        fs::create_dir_all(other.path("news")).unwrap();
        fs::create_dir_all(other.path("home")).unwrap();
        if inbox_is_there {
            for (path, contents) in conflicts() {
                other.write(path, contents.last().unwrap());
            }
        }
        let ran = other.run(&["import", "history.jsonl"]);
        // What was decided is not in it, and has to come along.
        assert!(ran.code == 0 && ran.out.contains("decisions.jsonl\" there before the next pass"), "{ran:?}");
        let ran = other.run(&["--once"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(other.feeds(), mill.feeds());
        assert_eq!(other.run(&["export"]).out, exported.out);
        // Into a store that holds something nothing is taken in.
        assert_eq!(other.run(&["import", "history.jsonl"]).code, 2);
    }
}

// ---- categories and chosen feeds ------------------------------------------------------------------------------------

/// Besides the feeds of everything, feeds of what is chosen.
const CHOSEN: &str = r#"
[[category]]
name    = "Ships"
include = ['\bship', "ferr(y|ies)"]
in      = "title"

[[category]]
name = "Latest"

[[feed]]
name       = "ships"
categories = ["ships"]

[[feed]]
name       = "latest"
categories = ["Latest"]

[[feed]]
name    = "march"
since   = 2021-03-02
until   = "2021-03-31"
exclude = ["water"]
"#;

#[test]
fn a_feed_shows_what_all_that_is_said_of_it_lets_pass() {
    let mill = Mill::new(&format!("{CONFIG}{CHOSEN}"));
    mill.write("news/2021-04-02.txt", page(&[MAST, LAKE, BRIDGE, FERRY]));
    fs::create_dir(mill.path("home")).unwrap();
    mill.pass();
    assert_eq!(mill.titles("ships"), [FERRY.title, MAST.title]);
    assert_eq!(mill.titles("march"), [FERRY.title, BRIDGE.title]);
    assert!(!mill.feeds().contains_key("latest/atom.xml"), "no items, no document");
    let items = mill.items();
    let ferry = items.values().find(|item| item["title"] == FERRY.title).unwrap();
    assert_eq!(ferry["categories"], serde_json::json!(["Ships"]));
    assert_eq!(ferry["feeds"], serde_json::json!(["all", "press", "front", "ships", "march"]));
    let told = mill.run(&["explain", "--item", ferry["id"].as_str().unwrap()]);
    assert!(told.out.contains("categories: Ships\n") && told.out.contains("in feeds: "), "{told:?}");
    assert!(told.out.contains("(source news, content 0, "), "of two sources that list one file: {told:?}");
    assert_eq!(mill.run(&["retract", ferry["id"].as_str().unwrap()]).code, 0);
    mill.pass();
    let told = mill.run(&["explain", "--item", ferry["id"].as_str().unwrap()]);
    assert!(told.out.contains("retracted, and in no feed\n"), "{told:?}");
}

#[test]
fn a_changed_category_rewrites_the_feeds_that_show_it_and_no_other() {
    let mill = Mill::new(&format!("{CONFIG}{CHOSEN}"));
    mill.write("news/2021-04-02.txt", page(&[MAST, LAKE, BRIDGE]));
    mill.write("home/2021-04-02.txt", page(&[LAKE, BRIDGE]));
    mill.pass();
    let (before, prints_before) = (mill.feeds(), prints(&mill.path("public")));
    mill.configure(&format!("{CONFIG}{}", CHOSEN.replace("'\\bship'", "'\\bboat'")));
    let report = mill.pass();
    let written: Vec<&str> =
        report.feeds.iter().filter(|feed| !feed.written.is_empty()).map(|feed| feed.name.as_str()).collect();
    // The light ship is shown in these, and is no ship any more.
    assert_eq!(written, ["all", "press", "front", "ships"], "{report:?}");
    let same = |path: &str| prints_before.iter().find(|print| print.0 == mill.path("public").join(path)).cloned();
    for print in prints(&mill.path("public")) {
        let path = print.0.strip_prefix(mill.path("public")).unwrap().display().to_string();
        // Among them the press, whose head is too short to show it: it stands in a month.
        if !["all/", "press/2021/03", "front/", "ships/", "index.html", "feeds.opml"]
            .iter()
            .any(|feed| path.starts_with(feed))
        {
            assert_eq!(Some(&print), same(&path).as_ref(), "{path}");
        }
    }
    // And back: the same bytes, those of a rebuild.
    mill.configure(&format!("{CONFIG}{CHOSEN}"));
    mill.pass();
    assert_eq!(mill.feeds(), before);
    assert!(!mill.pass().changed);
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    mill.pass();
    assert_eq!(mill.feeds(), before);
}

/// Law 5: what moves from one list to another on a page, silently, is still what it was announced as.
#[test]
fn an_item_that_moved_to_another_list_stays_in_the_feed_of_the_first() {
    let under = |path: &str, topic: &str, told: &[Told]| {
        let mill = Mill::new(CONFIG);
        mill.write(path, page(told));
        fs::create_dir(mill.path("home")).unwrap();
        mill.pass();
        let mut content: serde_json::Value = serde_json::from_str(&mill.run(&["export"]).out).unwrap();
        for line in content["reading"]["lines"].as_array_mut().unwrap() {
            line["account"]["topic"] = topic.into();
        }
        content.to_string()
    };
    let captures = [
        under("news/2021-03-24.txt", "Latest", &[MOLE, BOAT]),
        under("news/2021-03-31.txt", "Archive", &[MOLE]),
        under("news/2021-04-07.txt", "LATEST", &[BOAT]),
    ];
    let mut feeds = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0]] {
        let mill = Mill::new(&format!("{CONFIG}{CHOSEN}"));
        mill.write("history.jsonl", order.map(|n| captures[n].clone()).join("\n"));
        for folder in ["news", "home"] {
            fs::create_dir(mill.path(folder)).unwrap();
        }
        assert_eq!(mill.run(&["import", "history.jsonl"]).code, 0);
        mill.pass();
        assert_eq!(mill.titles("latest").len(), 2);
        let atom = fs::read_to_string(mill.path("public/all/atom.xml")).unwrap();
        let terms: Vec<_> =
            atom.split("<category term=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        // The rule's name stands for the topic, however the page spells it; the other topic is a category by itself.
        assert_eq!(terms, ["Archive", "Latest", "Latest"]);
        feeds.push(mill.feeds());
    }
    assert!(feeds[0] == feeds[1], "the order of the captures can't matter");
}

/// It is another one in each capture, and would be a text of its own of each item every time.
#[test]
fn a_line_above_the_list_that_states_a_figure_files_nothing() {
    let mill = Mill::new(CONFIG);
    fs::create_dir(mill.path("home")).unwrap();
    let list = [MOLE, BOAT].map(|it| format!("{}\n{}\n{}\n\n", it.title, it.date, it.summary)).concat();
    for (day, line) in [(24, "Visitors today: 7"), (25, "Last looked at: 14:05"), (26, "Water: 12,5 °C")] {
        mill.write(&format!("news/2021-03-{day}.txt"), format!("News room\n\n{line}\n\n{list}"));
    }
    mill.write("news/2021-03-27.txt", format!("News room\n\nBudget: 2021\n\n{list}"));
    mill.pass();
    let atom = fs::read_to_string(mill.path("public/all/atom.xml")).unwrap();
    let terms: BTreeSet<_> =
        atom.split("<category term=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(terms, BTreeSet::from(["Budget: 2021"]));
}

// ---- retention ------------------------------------------------------------------------------------------------------

/// Law 5: an item leaves by a filter that the operator wrote, and comes back when that goes; the store forgets nothing.
#[test]
fn items_of_an_age_leave_the_feeds_and_not_the_store() {
    let kept = |feed: &str, source: &str| {
        let config = CONFIG.replace("limit   = 0", &format!("limit = 0\n{feed}"));
        config.replacen("layout   = \"newsroom\"", &format!("layout = \"newsroom\"\n{source}"), 1)
    };
    let mill = Mill::new(&kept("keep = \"10d\"", ""));
    fs::create_dir(mill.path("home")).unwrap();
    mill.write("news/2021-03-10.txt", page(&[MAST, LAKE, BRIDGE, FERRY]));
    mill.pass();
    assert_eq!(mill.atom("all").len(), 4);
    // Ten days before the newest capture, whatever the clock says.
    mill.write("news/2021-03-13.txt", page(&[FERRY]));
    mill.pass();
    assert_eq!(mill.titles("all"), [FERRY.title, BRIDGE.title]);
    assert_eq!(mill.items().len(), 4);
    // Where it was once announced, an item that returns is as old as it was.
    mill.write("news/2021-03-23.txt", page(&[MOLE, LAKE]));
    mill.pass();
    assert_eq!(mill.titles("all"), [MOLE.title]);
    mill.configure(&kept("keep = \"10d\"\nkeep_at_least = 3", ""));
    mill.pass();
    assert_eq!(mill.titles("all"), [MOLE.title, FERRY.title, BRIDGE.title]);
    assert_eq!(mill.titles("press"), [MOLE.title, FERRY.title], "another feed says nothing of it");
    mill.configure(&kept("", "keep = \"20d\"\nkeep_at_least = 2"));
    mill.pass();
    assert_eq!(mill.titles("all"), [MOLE.title, FERRY.title, BRIDGE.title]);
    // The other source keeps for ever what it lists.
    mill.write("home/2021-03-11.txt", page(&[LAKE]));
    mill.pass();
    assert_eq!(mill.titles("all"), [MOLE.title, FERRY.title, BRIDGE.title, LAKE.title]);
    let before = mill.feeds();
    assert!(!mill.pass().changed);
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    mill.pass();
    assert_eq!(mill.feeds(), before);
    mill.configure(CONFIG);
    mill.pass();
    assert_eq!(mill.atom("all").len(), 5);
}

// ---- reading again --------------------------------------------------------------------------------------------------

#[test]
fn reading_everything_again_changes_no_byte() {
    let mill = Mill::new(CONFIG);
    settled(&mill);
    let (before, items) = (prints(&mill.path("public")), mill.items());
    mill.configure(&CONFIG.replace("\"newsroom\"", "\"newsroom\"\ndate_order = \"dmy\""));
    let report = mill.pass();
    assert_eq!((report.files.read, report.items.new, report.items.revised, report.items.gone), (4, 0, 0, 0));
    assert_eq!(prints(&mill.path("public")), before);
    assert_eq!(mill.items(), items);
    assert!(!mill.decided().decisions.has_aliases());
}

/// The mill as an earlier parser would have left it, which read the page as `reading` makes of today's reading.
fn read_earlier(page: &str, reading: impl Fn(&mut serde_json::Value)) -> Mill {
    let today = Mill::new(CONFIG);
    today.write("news/2021-03-24.txt", page);
    today.pass();
    let mut content: serde_json::Value = serde_json::from_str(&today.run(&["export"]).out).unwrap();
    content["reading"]["revision"] = 7.into();
    reading(&mut content["reading"]);
    let mill = Mill::new(CONFIG);
    mill.write("history.jsonl", content.to_string());
    mill.write("news/2021-03-24.txt", page);
    fs::create_dir(mill.path("home")).unwrap();
    assert_eq!(mill.run(&["import", "history.jsonl"]).code, 0);
    mill
}

#[test]
fn a_reading_that_loses_an_item_is_kept_out_and_told() {
    // What is now the page's title was an item once.
    let mill = read_earlier(&page(&[MOLE, BOAT]), |reading| {
        let mut line = reading["lines"][0].clone();
        (line["line"], line["span"]) = (1.into(), 0.into());
        line["account"]["title"] = "News room".into();
        reading["lines"].as_array_mut().unwrap().insert(0, line);
    });
    for _ in 0..2 {
        let report = mill.pass();
        assert_eq!(report.exit, 1, "{report:?}");
        assert_eq!(report.drift[0].file, "news/2021-03-24.txt");
        assert!(report.drift[0].reason.contains("lines 1-1"), "{report:?}");
        assert_eq!(mill.atom("all").len(), 3);
    }
    // The next capture of the page settles it: the item stays, and nothing drifts any more.
    mill.write("news/2021-03-25.txt", page(&[MOLE, BOAT, FERRY]));
    assert_eq!(mill.pass().exit, 0);
    assert_eq!(mill.atom("all").len(), 4);
}

#[test]
fn an_item_read_with_another_title_from_the_same_lines_keeps_its_id() {
    let mill = read_earlier(&page(&[MOLE, BOAT]), |reading| {
        reading["lines"][0]["account"]["title"] = "1. Walks on the mole".into();
    });
    let old = id("harbour", "2021-03-22", "1walksonthemole");
    let report = mill.pass();
    assert_eq!((report.exit, report.items.total), (0, 2), "{report:?}");
    let entry = mill.atom("all").into_iter().find(|entry| entry.title == MOLE.title).unwrap();
    assert_eq!(entry.id, old);
    // And for life: in later captures as well, and the decision is noted once.
    mill.write("news/2021-03-25.txt", page(&[MOLE, BOAT]));
    mill.pass();
    assert_eq!(mill.items().len(), 2);
    assert!(mill.items().contains_key(&old));
    assert_eq!(fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap().lines().count(), 1);
}

/// A program writes a list on one line, and a page may be saved without line breaks.
#[test]
fn items_read_with_other_titles_from_one_line_are_not_joined() {
    let config = |title| {
        format!(
            "[[source]]\nname = \"news\"\nsite = \"harbour\"\nfiles = [\"news/*.json\"]\n[source.fields]\ntitle = {title:?}\n\
             date = \"date\"\n[[feed]]\nname = \"news\"\n"
        )
    };
    let mill = Mill::new(&config("name"));
    let record = |n: u32| format!(r#"{{"name": "Boat {n}", "title": "Boat {n} came in", "date": "2021-03-0{n}"}}"#);
    mill.write("news/a.json", format!("[{}]", (1..=4).map(record).collect::<Vec<_>>().join(", ")));
    mill.pass();
    let ids = |mill: &Mill| mill.atom("news").into_iter().map(|entry| entry.id).collect::<Vec<_>>();
    let before = ids(&mill);
    mill.configure(&config("title"));
    mill.pass();
    assert_eq!(mill.titles("news"), ["Boat 4 came in", "Boat 3 came in", "Boat 2 came in", "Boat 1 came in"]);
    assert!(ids(&mill).iter().all(|id| !before.contains(id)));
}

#[test]
fn an_item_read_with_another_date_from_the_same_lines_keeps_its_id() {
    const MEETING: Told =
        told("Meeting of the harbour council", "04/07/2020", "The council met in the old customs house.");
    let with = |order: &str| CONFIG.replace("\"newsroom\"", &format!("\"newsroom\"\ndate_order = \"{order}\""));
    let mill = Mill::new(&with("dmy"));
    mill.write("news/2020-08-01.txt", page(&[MEETING]));
    mill.pass();
    let old = id("harbour", "2020-07-04", "meetingoftheharbourcouncil");
    assert_eq!(mill.atom("all")[0].id, old);
    mill.configure(&with("mdy"));
    let report = mill.pass();
    assert_eq!(report.items.total, 1, "{report:?}");
    let entry = &mill.atom("all")[0];
    assert_eq!((&entry.id, &entry.published), (&old, &stamp("2020-04-07", &old)));
    // And for life: the decision is noted once.
    mill.pass();
    assert_eq!(fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap().lines().count(), 1);
}

// ---- what the config says of time and place -------------------------------------------------------------------------

#[test]
fn an_undated_item_takes_the_day_it_was_first_seen_only_where_that_is_asked_for() {
    const UNDATED: Told = told("Harbour fair", "02 April", "The fair begins at noon on the fish market.");
    let mill = Mill::new(CONFIG);
    mill.write("home/latest.txt", page(&[MOLE, BOAT, UNDATED]));
    mill.pass();
    assert_eq!(mill.items().len(), 3);
    assert_eq!(mill.titles("front"), [MOLE.title, BOAT.title]);

    mill.configure(&CONFIG.replace("\"newsroom\"", "\"newsroom\"\nundated = \"first-seen\""));
    mill.pass();
    let fair = id("harbour", "", "harbourfair");
    assert!(mill.atom("front").iter().any(|entry| entry.id == fair));
    let noted = || fs::read_to_string(mill.path(".feedmill/decisions.jsonl")).unwrap();
    let decisions = noted();
    assert_eq!(decisions.lines().count(), 1);
    assert!(decisions.starts_with(&format!("{{\"first_seen\":\"{fair}\",\"date\":")), "{decisions}");
    // As if it had been years ago: the day that was noted first counts, whatever the clock says now.
    let line = |day: &str| format!("{{\"first_seen\":\"{fair}\",\"date\":\"{day}\"}}\n");
    fs::write(mill.path(".feedmill/decisions.jsonl"), line("2019-05-06") + &line("2020-01-01")).unwrap();
    mill.touch("home/latest.txt", 1_500_000_000);
    mill.pass();
    mill.write("home/again.txt", page(&[UNDATED, MOLE]));
    mill.pass();
    assert_eq!(noted().lines().count(), 2);
    let shown = || mill.atom("all").into_iter().find(|entry| entry.id == fair).map(|entry| entry.published);
    assert_eq!(shown(), Some(stamp("2019-05-06", &fair)));
    // What is asked for no more is in force no more; asked for again, it is what it was.
    mill.configure(CONFIG);
    mill.pass();
    assert_eq!((shown(), mill.items().len()), (None, 3));
    mill.configure(&CONFIG.replace("\"newsroom\"", "\"newsroom\"\nundated = \"first-seen\""));
    mill.pass();
    assert_eq!(shown(), Some(stamp("2019-05-06", &fair)));
    assert_eq!(noted().lines().count(), 2);
}

#[test]
fn an_item_that_takes_the_day_it_was_first_seen_is_new_and_not_revised() {
    const FAIR: Told = told("Harbour fair", "02 April", "The fair begins at noon on the fish market.");
    const RACE: Told = told("Boat race", "03 April", "Eleven boats start from the old pier.");
    let mill = Mill::new(&CONFIG.replace("\"newsroom\"", "\"newsroom\"\nundated = \"first-seen\""));
    let counted = || {
        let items = mill.pass().items;
        (items.new, items.revised, items.total)
    };
    mill.write("home/latest.txt", page(&[MOLE, FAIR]));
    assert_eq!(counted(), (2, 0, 2));
    mill.write("home/later.txt", page(&[MOLE, BOAT, RACE]));
    assert_eq!(counted(), (2, 0, 4));
    assert_eq!(mill.titles("all").len(), 4);
    assert_eq!(counted(), (0, 0, 4));
    // What was taken in and not yet noted was new before.
    mill.write("home/latest.txt", page(&[told("Crab market", "04 April", "Crabs are sold from the boats."), FAIR]));
    mill.absorb();
    assert_eq!(counted(), (0, 1, 5));
    // One by one is as all at once: derived anew, for a category that nothing is in, all is as it was.
    let before = (mill.feeds(), mill.items());
    let config = fs::read_to_string(mill.path("feedmill.toml")).unwrap();
    mill.configure(&format!("{config}\n[[category]]\nname = \"Whales\"\ntopics = [\"no such heading\"]\n"));
    assert_eq!(counted(), (0, 0, 5));
    assert_eq!((mill.feeds(), mill.items()), before);
}

/// Of the folders of a name only those below the fixed part of the pattern that lists it say when it was captured.
#[test]
fn a_date_in_the_fixed_part_of_a_pattern_is_no_capture_whatever_other_patterns_there_are() {
    let files = "\"news/*.csv\", \"news/2019-01-01/*.txt\"";
    let mill = Mill::new(&CONFIG.replace("\"news/*.txt\"", files));
    mill.write("news/2019-01-01/page.txt", page(&[MOLE, LAKE]));
    mill.pass();
    let items = mill.items();
    assert_eq!(items.len(), 2);
    for item in items.values() {
        assert_eq!(item["published"].as_str().map(|at| &at[..10]), item["date"].as_str(), "{item}");
    }
}

/// What a name states supplies the years that a page leaves out. Where another part of it counts, the page is read anew:
/// the day of the capture would stand for days that are printed.
#[test]
fn a_pattern_that_begins_elsewhere_has_its_files_read_anew() {
    let mill = Mill::new(&CONFIG.replace("\"news/*.txt\"", "\"news/2021-05-01/*.txt\""));
    mill.write("news/2021-05-01/page.txt", page(&[MOLE, told("Harbour fair", "02 April", "The fair begins at noon.")]));
    mill.pass();
    let day = || {
        let items = mill.items();
        let fair = items.values().find(|item| item["title"] == "Harbour fair").unwrap();
        fair["date"].clone()
    };
    assert_eq!(day(), serde_json::Value::Null);
    mill.configure(&CONFIG.replace("\"news/*.txt\"", "\"news/*/*.txt\""));
    mill.pass();
    assert_eq!(day(), "2021-04-02");
}

#[test]
fn the_operators_pattern_states_the_second_of_capture() {
    let pattern = "layout   = \"newsroom\"\ncaptured = \"%H%M of %d.%m.%Y.txt\"";
    let mill = Mill::new(&CONFIG.replace("layout   = \"newsroom\"", pattern));
    mill.write("news/0730 of 10.03.2021.txt", page(&[MAST, LAKE]));
    mill.write("news/1845 of 10.03.2021.txt", page(&[MAST_2, LAKE]));
    mill.pass();
    let entries = mill.atom("press");
    let mast = entries.iter().find(|entry| entry.title == MAST.title).unwrap();
    assert!(mast.content.contains(MAST_2.summary));
    assert_eq!(mast.updated, "2021-03-10T18:45:00+00:00");
}

#[test]
fn a_renamed_site_keeps_its_ids_when_its_old_name_is_told() {
    let mill = Mill::new(CONFIG);
    settled(&mill);
    let before = mill.feeds();
    let ids: BTreeSet<String> = mill.items().into_keys().collect();
    mill.configure(&CONFIG.replace("\"harbour\"", "\"port\"\nsite_was = [\"harbour\"]"));
    mill.pass();
    assert_eq!(mill.feeds(), before);
    assert!(mill.items().values().all(|item| item["site"] == "port"));
    // Another site is another place: nothing is the same there.
    mill.configure(&CONFIG.replace("\"harbour\"", "\"port\""));
    mill.pass();
    let others: BTreeSet<String> = mill.items().into_keys().collect();
    assert_eq!(others.len(), ids.len());
    assert!(others.is_disjoint(&ids));
    mill.configure(CONFIG);
    mill.pass();
    assert_eq!(mill.feeds(), before);
}

#[test]
fn a_late_listing_reaches_subscribers_and_a_first_import_does_not_flood() {
    const LATE: Told = told("Minutes of the winter", "10 January 2021", "The council met twice in the winter.");
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-03-06.txt", page(&[FERRY, QUAY, BRIDGE, LAKE, MAST]));
    mill.pass();
    assert_eq!(mill.titles("press"), [FERRY.title, QUAY.title]);
    mill.write("news/2021-03-12.txt", page(&[FERRY, QUAY, LATE]));
    mill.pass();
    assert_eq!(mill.titles("press"), [FERRY.title, QUAY.title, LATE.title]);
    // Exactly seven days later it is still fresh, then no more.
    mill.write("news/2021-03-19.txt", page(&[FERRY, QUAY]));
    mill.pass();
    assert_eq!(mill.titles("press"), [FERRY.title, QUAY.title, LATE.title]);
    mill.write("news/2021-03-20.txt", page(&[FERRY, QUAY]));
    mill.pass();
    assert_eq!(mill.titles("press"), [FERRY.title, QUAY.title]);
    // Without a stated time of capture nothing is late.
    let mill = Mill::new(CONFIG);
    mill.write("news/a.txt", page(&[FERRY, QUAY]));
    mill.pass();
    mill.write("news/b.txt", page(&[FERRY, QUAY, LATE]));
    mill.pass();
    assert_eq!(mill.titles("press"), [FERRY.title, QUAY.title]);
}

#[test]
fn a_file_looked_into_right_after_it_was_written_is_looked_into_once_more_and_then_left_alone() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-03-24.txt", page(&[MOLE, BOAT]));
    mill.touch("news/2021-03-24.txt", 1_500_000_000);
    mill.pass();
    {
        // As if that look had come within two seconds of the writing.
        let config = mill.config();
        let State { mut store, decided, .. } = State::hold(&config.state).unwrap();
        let disk = TestDisk::good();
        let pass = Pass::new(&config, &disk);
        let terms = pass.terms(&mut store, &decided).unwrap();
        let row = store.ledger().unwrap().remove(0);
        let look = Look { source: row.source, path: row.path, stat: row.stat, racy: true, found: Found::Same };
        store.absorb(&mut Batch { accounts: Vec::new(), looks: vec![look] }, &terms).unwrap();
    }
    let (published, first) = (prints(&mill.path("public")), mill.pass());
    assert_eq!((first.files.read, first.changed), (1, false));
    let second = mill.pass();
    assert_eq!((second.files.read, second.files.unchanged), (0, 1), "cost follows the change");
    assert_eq!(prints(&mill.path("public")), published);
}

#[test]
fn a_file_from_the_future_is_looked_into_again() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-03-24.txt", page(&[MOLE, BOAT]));
    // The clock of another machine: what is written there meanwhile may leave the time as it is.
    mill.touch("news/2021-03-24.txt", 4_000_000_000);
    mill.pass();
    let again = mill.pass();
    assert_eq!((again.files.read, again.changed), (1, false));
}

/// A pass that is always waited for makes one step and ends. Passes go on where it stopped, and come to the same end as
/// one that nobody waits for; a feed in trouble keeps the months of the others from nothing.
#[test]
fn passes_that_give_way_come_to_the_same_end() {
    let day = |n: u32| format!("{:02} {} {}", n % 28 + 1, ["March", "June", "October"][n as usize % 3], 1990 + n % 30);
    let told: Vec<(String, String)> = (0..600).map(|n| (format!("Notice {n} of the board"), day(n))).collect();
    let items = told.iter().enumerate().map(|(n, (title, day))| {
        format!("  {}. {title}\n\n    {day}\n\n    What the notice {n} says is said here.\n\n", n + 1)
    });
    let text = format!("News room\n\n{}", items.collect::<String>());
    let (patient, hurried) = (Mill::new(CONFIG), Mill::new(CONFIG));
    for mill in [&patient, &hurried] {
        mill.write("news/2021-03-10.txt", &text);
    }
    patient.pass();
    let config = hurried.config();
    let mut state = hurried.state();
    // A folder in the place of a document: one feed is in trouble until it goes.
    let in_the_way = hurried.path("public/press/atom.xml");
    fs::create_dir_all(&in_the_way).unwrap();
    let scope = Scope { waited_for: Some(&|| true), ..Scope::ALL };
    let mut months = Vec::new();
    for passes in 0.. {
        assert!(passes < 20, "it comes to no end: {months:?}");
        let before = hurried.feeds().len();
        let pass = Pass { scope, ..Pass::new(&config, &RealDisk) };
        let outcome = pass.run(&mut state.store, &mut state.decided);
        months.push(hurried.feeds().len() - before);
        assert_eq!(outcome.is_err(), in_the_way.is_dir());
        if months.ends_with(&[0]) && !in_the_way.is_dir() {
            break;
        }
        if months.ends_with(&[0]) {
            let of = |mill: &Mill| mill.feeds().into_keys().filter(|path| path.starts_with("front/")).count();
            assert_eq!(of(&hurried), of(&patient), "the other feeds are whole");
            fs::remove_dir(&in_the_way).unwrap();
        }
    }
    assert!(months.iter().filter(|written| **written > 0).count() > 3, "{months:?}");
    assert_eq!(hurried.feeds(), patient.feeds());
}
