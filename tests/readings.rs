//! What is kept of how a page was read: its layout, its language, the offset of a time; and who hears of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::fs;

use serde_json::Value;
use support::{Mill, Ran, Told, page, told};

const CONFIG: &str = "[[source]]\nname  = \"news\"\nfiles = [\"news/*\"]\nsite  = \"harbour\"\n";

const ENGLISH: [Told; 2] =
    [told("New bridge", "03 June 2021", "It opens in spring."), told("Old pier", "12 June 2021", "Closed for now.")];
const GERMAN: [Told; 2] =
    [told("Neue Brücke", "03. März 2021", "Sie wird eröffnet."), told("Altes Ufer", "12. März 2021", "Gesperrt.")];

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

fn read(mill: &Mill, path: &str) -> String {
    fs::read_to_string(mill.path(path)).unwrap()
}

fn pass(mill: &Mill) -> Value {
    json(&mill.run(&["--once", "--format", "json"]))
}

#[test]
fn a_feed_is_in_the_language_that_all_its_items_were_read_in() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-06-14.txt", page(&ENGLISH));
    pass(&mill);
    assert!(read(&mill, "public/news/rss.xml").contains("<language>en</language>"));
    assert!(read(&mill, "public/news/atom.xml").contains("xml:lang=\"en\""));
    // Pages in two languages: the feed is in none, until the operator says it.
    mill.write("news/2021-06-15.txt", page(&GERMAN));
    pass(&mill);
    assert!(!read(&mill, "public/news/rss.xml").contains("<language>"));
    mill.configure(&format!("{CONFIG}language = \"de-AT\"\n"));
    pass(&mill);
    assert!(read(&mill, "public/news/rss.xml").contains("<language>de-AT</language>"));
}

#[test]
fn a_feed_that_chooses_by_language_asks_each_item() {
    let feeds = "\n[[feed]]\nname = \"de\"\nlanguages = [\"de\"]\n\n[[feed]]\nname = \"en\"\nlanguages = [\"en\"]\n";
    let mill = Mill::new(&format!("{CONFIG}{feeds}"));
    mill.write("news/2021-06-14.txt", page(&ENGLISH));
    mill.write("news/2021-06-15.txt", page(&GERMAN));
    pass(&mill);
    let (german, english) = (read(&mill, "public/de/rss.xml"), read(&mill, "public/en/rss.xml"));
    assert!(german.contains("Altes Ufer") && !german.contains("Old pier"), "{german}");
    assert!(english.contains("Old pier") && !english.contains("Altes Ufer"), "{english}");
    assert!(german.contains("<language>de</language>"), "{german}");
}

#[test]
fn what_was_read_in_which_language_survives_export_and_import() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-06-14.txt", page(&ENGLISH));
    pass(&mill);
    let exported = mill.run(&["export"]).out;
    assert!(exported.contains("\"layout\":\"newsroom\"") && exported.contains("\"language\":\"en\""), "{exported}");
    fs::write(mill.path("export.jsonl"), &exported).unwrap();
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    fs::remove_dir_all(mill.path("public")).unwrap();
    fs::remove_dir_all(mill.path("news")).unwrap();
    assert_eq!(mill.run(&["import", "export.jsonl"]).code, 0);
    pass(&mill);
    assert!(read(&mill, "public/news/rss.xml").contains("<language>en</language>"));
    assert_eq!(mill.run(&["export"]).out, exported);
}

#[test]
fn a_time_with_an_offset_is_that_moment_and_its_day_stays_as_printed() {
    let mill = Mill::new(&format!("{CONFIG}timezone = \"America/Lima\"\n"));
    let item = |title: &str, date: &str| serde_json::json!({"title": title, "date": date});
    let items = [item("Late", "2021-04-28T23:30:00+03:00"), item("Here", "2021-04-28T23:30:00")];
    mill.write("news/page.json", Value::from(items.to_vec()).to_string());
    pass(&mill);
    let told = mill.run(&["items", "--format", "json"]).out;
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |title: &str| {
        let item = told.iter().find(|item| item["title"] == title).unwrap_or_else(|| panic!("{told:?}"));
        (item["date"].as_str().unwrap().to_owned(), item["published"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("Late"), ("2021-04-28".to_owned(), "2021-04-28T20:30:00Z".to_owned()));
    assert_eq!(of("Here"), ("2021-04-28".to_owned(), "2021-04-29T04:30:00Z".to_owned()));
}

#[test]
fn a_source_that_is_read_with_two_layouts_is_told_of() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-06-14.txt", page(&ENGLISH));
    let lines = "- 03/05/2021 New bridge\n- 14/05/2021 Old pier\n- 15/05/2021 Third gate\n- 16/05/2021 Fourth quay\n";
    mill.write("news/2021-05-15.txt", lines);
    let found = |mill: &Mill| {
        let told = json(&mill.run(&["check", "--format", "json"]));
        let findings = told["findings"].as_array().unwrap().clone();
        let two = findings.iter().any(|finding| finding["what"].as_str().unwrap().contains("read with 2 layouts"));
        (two, told["sources"][0]["layouts"].clone())
    };
    let before = found(&mill);
    assert!(before.0, "{before:?}");
    for name in ["news/2021-06-14.txt", "news/2021-05-15.txt"] {
        mill.touch(name, 1_600_000_000);
    }
    pass(&mill);
    // Now the store tells: the same.
    assert_eq!(found(&mill), before);
    mill.configure(&format!("{CONFIG}layout = \"newsroom\"\n"));
    assert!(!found(&mill).0);
}

#[test]
fn a_newest_page_unlike_all_before_is_a_warning_and_no_more() {
    let mill = Mill::new(CONFIG);
    const ALL: [Told; 8] = [
        told("Bridge is mended", "10 May 2021", "It is done."),
        told("Pier is mended", "09 May 2021", "It is done."),
        told("Quay is mended", "08 May 2021", "It is done."),
        told("Lock is mended", "07 May 2021", "It is done."),
        told("Crane is mended", "06 May 2021", "It is done."),
        told("Mole is mended", "05 May 2021", "It is done."),
        told("Dock is mended", "04 May 2021", "It is done."),
        told("Buoy is mended", "03 May 2021", "It is done."),
    ];
    for day in 11..17 {
        mill.write(&format!("news/2021-05-{day}.txt"), page(&ALL));
    }
    assert_eq!(pass(&mill)["unusual"], serde_json::json!([]));
    mill.write("news/2021-05-18.txt", page(&ALL[..3]));
    let ran = mill.run(&["--once", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = json(&ran);
    assert_eq!(told["unusual"][0]["source"], "news");
    assert_eq!(told["unusual"][0]["reason"], "3 items, where each of the 6 pages before gave 8 or more");
    assert!(ran.err.contains("unlike those before"), "{ran:?}");
}
