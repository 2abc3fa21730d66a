//! RSS, Atom and JSON Feed tell the same: what parsers that share nothing read in each of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Label, feedmill, id, judge, paragraphs, python};

const BASE: &str = "https://feeds.example/";

/// Announcements that are not what they look like: title, day of March 2021, text. No two may be taken for one.
const HOSTILE: [(&str, u32, &str); 5] = [
    (
        "<b>Bold</b> & \"quoted\" 'single' <script>alert(1)</script>",
        5,
        "Text with <i>marks</i> & \"quotes\" &amp; an entity ]]> and an end.",
    ),
    ("R&amp;D: is 3 < 5 ]]> <!-- always -->?", 4, "It ends in </p></content></item>."),
    ("Ship 🚢 of the 𠀀 line, 𝒜 class", 3, "A mark that combines: e\u{301}, and 👩‍👩‍👧 joined by nothing."),
    ("שלום \"עולם\" (2021) — סוף", 2, "טקסט <b>קצר</b>."),
    ("سفينة جديدة: \u{200f}ABC\u{200e} 12%", 1, "نص قصير."),
];

/// What a parser reads of an item: title, link, stamp in seconds since 1970, text.
type Row = (String, String, i64, String);

fn published(folder: &Path) {
    let mut page = String::from("News room\n\nMarch 2021\n");
    for (number, (title, day, text)) in HOSTILE.iter().enumerate() {
        page.push_str(&format!("\n  {}. {title}\n\n    {day:02} March 2021\n\n    {text}\n", number + 1));
    }
    fs::create_dir(folder.join("hostile")).unwrap();
    fs::write(folder.join("hostile/news.txt"), page).unwrap();
    let done = feedmill(folder).args(["--once", "--base-url", BASE, "hostile"]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// What the page says, in the words of the design.
fn told() -> BTreeMap<String, Row> {
    let row = |(title, day, text): &(&str, u32, &str)| {
        let date = chrono::NaiveDate::from_ymd_opt(2021, 3, *day).unwrap();
        let label = Label { id: None, title: (*title).to_owned(), date, summary: None, credit: None, revised: None };
        let id = id("hostile", &label);
        let second = u32::from_be_bytes(id.as_bytes()[..4].try_into().unwrap()) % 900;
        let stamp = date.and_hms_opt(10, second / 60, second % 60).unwrap().and_utc().timestamp();
        let text = format!("{text} hostile, {day:02} March 2021");
        (format!("urn:uuid:{id}"), (label.title, format!("{BASE}hostile/2021/03.html#{id}"), stamp, text))
    };
    HOSTILE.iter().map(row).collect()
}

fn as_feed_rs_reads(document: &Path) -> BTreeMap<String, Row> {
    let feed = feed_rs::parser::parse(&fs::read(document).unwrap()[..]).unwrap();
    let row = |entry: feed_rs::model::Entry| {
        let (text, stamp) = (paragraphs(&entry).join(" "), entry.published.unwrap().timestamp());
        let links: Vec<_> = entry.links.into_iter().map(|link| link.href).collect();
        (entry.id, (entry.title.unwrap().content, links.join(" "), stamp, text))
    };
    feed.entries.into_iter().map(row).collect()
}

fn as_a_judge_reads(command: &mut Command) -> BTreeMap<String, Row> {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    let row = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| row.get(field).unwrap().as_str().unwrap().to_owned();
        (text("id"), (text("title"), text("link"), row.get("published").unwrap().as_i64().unwrap(), text("text")))
    };
    String::from_utf8(done.stdout).unwrap().lines().map(row).collect()
}

#[test]
fn all_formats_tell_the_same_to_parsers_that_share_nothing() {
    let temp = tempfile::tempdir().unwrap();
    published(temp.path());
    let told = told();
    assert_eq!(told.len(), HOSTILE.len());
    let python = python();
    for document in ["rss.xml", "atom.xml", "feed.json"] {
        let path = temp.path().join("public/hostile").join(document);
        assert_eq!(as_feed_rs_reads(&path), told, "feed-rs, {document}");
        let Some(python) = &python else { continue };
        let read = |program| as_a_judge_reads(Command::new(python).arg(judge(program)).arg(&path));
        assert_eq!(read("read_stdlib.py"), told, "the standard library of Python, {document}");
        // It knows no JSON Feed.
        if document != "feed.json" {
            assert_eq!(read("read_feedparser.py"), told, "feedparser, {document}");
        }
    }
}
