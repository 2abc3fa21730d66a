//! Rendered feeds, read by strangers: feed-rs, roxmltree, libxml2, and where a Python is at hand feedparser and
//! newsboat.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that can't go on has failed, and one that is skipped says so"
)]

#[path = "support/machine.rs"]
mod machine;

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, NaiveDate, Utc};
use feedmill::mill::feed::{Address, Entry, Feed, newest_first};
use feedmill::mill::item::{DateBasis, Item, Key, Text};
use feedmill::mill::render::{Tree, check, render};
use feedmill::publish::{RealDisk, publish};
use machine::shared;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use uuid::Uuid;

const MEDIA: &str = "http://search.yahoo.com/mrss/";
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";
const ATOM: &str = "http://www.w3.org/2005/Atom";
const PATHS: [&str; 2] = ["x/rss.xml", "x/atom.xml"];

/// Text that has broken feeds before.
const HOSTILE: [&str; 14] = [
    "R&D: is 3 < 5 <b>always</b>?",
    "]]> ends a CDATA section, ]]&gt; does not",
    "&amp; &lt;p&gt; &nbsp; &#11; &copy;",
    "<script>alert('x')</script><!-- <![CDATA[ -->",
    "A \u{0}NUL\u{b}, a\u{85} NEL, \u{1b}[31mred\u{7f}, \u{fffe}\u{ffff}\u{1fffe}nothing",
    "lines\nand\ttabs\r\nbecome blanks",
    "astral 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧‍👦 🇹🇷",
    "right to left: مكتب العمل الدولي, עברית \u{202e}override\u{202c}",
    "curly “quotes” ‘and’ \"straight\" 'ones' – dashes — …",
    "combining: e\u{301} 한\u{1112}\u{1161} काला Ёлка",
    "two  blanks and em-ployment",
    "%s {} ${HOME} {{x}} \\n \\u0000",
    "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]>&a;",
    "\u{feff}a byte order mark, a \u{a0}blank, a soft\u{ad}hyphen, a zero\u{200b}width",
];

fn text(raw: &str) -> Text {
    Text::new(raw).unwrap()
}

fn item(n: u32, title: Text, summary: Option<Text>, credit: Option<Text>) -> Item {
    let id = Key(Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_URL, b"feedmill:x"), format!("1\nid\n{n}").as_bytes()));
    let date = NaiveDate::from_ymd_opt(2021, 4, 28).unwrap() - chrono::Days::new(u64::from(n));
    // Every second one is filed under its own words, and something plain.
    let filed = title.clone();
    let categories = if n.is_multiple_of(2) { vec![filed, text("Press & more")] } else { Vec::new() };
    Item {
        id,
        key: id,
        title,
        summary,
        date: Some(date),
        date_end: None,
        time: None,
        date_raw: None,
        basis: DateBasis::Own,
        credit,
        kicker: None,
        place: None,
        link: Text::new(&format!("https://www.example.org/news?id={n}&lang=en")),
        published: Some(id.stamp(date)),
        // Every third one was revised five days later.
        updated: Some(id.stamp(date + chrono::Days::new(if n.is_multiple_of(3) { 5 } else { 0 }))),
        sources: Vec::new(),
        categories,
        earliest: Some(date),
        earlier: Vec::new(),
        language: None,
    }
}

fn feed(items: Vec<Item>) -> Feed {
    let mut entries: Vec<_> = items.into_iter().map(|item| Entry::new(item, text("News <room> & more"))).collect();
    entries.sort_by(|a, b| newest_first(&a.item, &b.item));
    Feed {
        name: "x".to_owned(),
        title: text("News & <more>"),
        description: text("What ]]> is new"),
        language: Some("en".to_owned()),
        base_url: Address::new("https://feeds.example.org/"),
        hubs: Vec::new(),
        home: None,
        author: text("The <b>office</b> & friends"),
        entries,
        taken_out: Vec::new(),
        months: Vec::new(),
    }
}

fn hostile() -> Feed {
    let mut items: Vec<_> = (0..)
        .zip(HOSTILE)
        .map(|(n, raw)| {
            item(n, text(raw), Some(text(&format!("{raw} – summary"))), Some(text(&format!("{raw} / credit"))))
        })
        .collect();
    items.push(item(99, text("only a title"), None, None));
    let gone = |n: u128, when: &str| (when.parse().unwrap(), Key(Uuid::from_u128(n)));
    Feed { taken_out: vec![gone(2, "2021-05-02T08:00:00Z"), gone(1, "2021-05-01T08:00:00Z")], ..feed(items) }
}

fn document<'a>(tree: &'a Tree, path: &str) -> &'a str {
    std::str::from_utf8(&tree.get(path).unwrap().bytes).unwrap()
}

/// An entry as an XML reader sees it, which knows neither of the crates that wrote it.
#[derive(Debug, PartialEq)]
struct Seen {
    id: String,
    title: String,
    published: DateTime<Utc>,
    /// RSS items have none.
    updated: Option<DateTime<Utc>>,
    link: Option<String>,
    credit: Option<String>,
    categories: Vec<String>,
    /// The paragraphs of the content.
    content: Vec<String>,
}

fn seen(xml: &str) -> Vec<Seen> {
    let parsed = roxmltree::Document::parse(xml).unwrap();
    let atom = parsed.root_element().has_tag_name((ATOM, "feed"));
    parsed
        .descendants()
        .filter(|node| if atom { node.has_tag_name((ATOM, "entry")) } else { node.has_tag_name("item") })
        .map(|entry| {
            let child = |name: &str| {
                entry.children().find(
                    |node| {
                        if atom { node.has_tag_name((ATOM, name)) } else { node.has_tag_name(name) }
                    },
                )
            };
            let whole = |name: &str| child(name).map(|node| said(&node));
            // Without the word that it is none, readers take the urn for the item's address.
            assert_eq!(child("guid").map(|guid| guid.attribute("isPermaLink")), (!atom).then_some(Some("false")));
            let content = whole(if atom { "content" } else { "description" }).unwrap();
            // The content is HTML of a kind that is XML as well.
            let html = format!("<div>{content}</div>");
            let html = roxmltree::Document::parse(&html).unwrap();
            Seen {
                id: whole(if atom { "id" } else { "guid" }).unwrap(),
                title: whole("title").unwrap(),
                published: if atom {
                    DateTime::parse_from_rfc3339(&whole("published").unwrap()).unwrap().to_utc()
                } else {
                    DateTime::parse_from_rfc2822(&whole("pubDate").unwrap()).unwrap().to_utc()
                },
                updated: whole("updated").map(|updated| DateTime::parse_from_rfc3339(&updated).unwrap().to_utc()),
                link: if atom {
                    child("link").and_then(|link| link.attribute("href").map(str::to_owned))
                } else {
                    whole("link")
                },
                categories: entry
                    .children()
                    .filter(
                        |node| {
                            if atom { node.has_tag_name((ATOM, "category")) } else { node.has_tag_name("category") }
                        },
                    )
                    .map(|node| {
                        let term = node.attribute("term").map(str::to_owned);
                        assert_eq!(term.as_deref(), node.attribute("label"));
                        term.unwrap_or_else(|| said(&node))
                    })
                    .collect(),
                credit: entry.children().find(|node| node.has_tag_name((MEDIA, "credit"))).map(|node| said(&node)),
                content: html
                    .root_element()
                    .children()
                    .map(|paragraph| {
                        assert!(paragraph.has_tag_name("p"), "{content}");
                        assert!(paragraph.children().all(|node| node.is_text()), "markup from a scrape: {content}");
                        said(&paragraph)
                    })
                    .collect(),
            }
        })
        .collect()
}

fn said(node: &roxmltree::Node<'_, '_>) -> String {
    node.children().filter_map(|child| child.text()).collect()
}

/// What every format has to show of `feed`.
fn meant(feed: &Feed, path: &str) -> Vec<Seen> {
    feed.entries
        .iter()
        .map(|entry| {
            let item = &entry.item;
            let credit = item.credit.as_ref().map(|credit| format!("Photo: © {credit}"));
            let last = format!("{}, {}", entry.origin, item.date.unwrap().format("%-d %B %Y"));
            Seen {
                id: format!("urn:uuid:{}", item.id),
                title: item.title.to_string(),
                published: item.published.unwrap(),
                updated: item.updated.filter(|_| path.ends_with("atom.xml")),
                link: entry.link.as_ref().map(ToString::to_string),
                credit: item.credit.as_ref().map(ToString::to_string),
                categories: item.categories.iter().map(ToString::to_string).collect(),
                content: item.summary.iter().map(ToString::to_string).chain(credit).chain([last]).collect(),
            }
        })
        .collect()
}

#[test]
fn hostile_text_comes_out_as_it_was_written_in_every_format() {
    let feed = hostile();
    let tree = render(&feed);
    for path in PATHS {
        let xml = document(&tree, path);
        assert_eq!(seen(xml), meant(&feed, path), "{path}");
        assert_eq!(check(path, tree.get(path).unwrap()), Ok(()));
        let parsed = roxmltree::Document::parse(xml).unwrap();
        let title = parsed.descendants().find(|node| node.tag_name().name() == "title").unwrap();
        assert_eq!(said(&title), "News & <more>");
    }
    let atom = roxmltree::Document::parse(document(&tree, "x/atom.xml")).unwrap();
    let gone = atom.root_element().children().filter(|node| node.has_tag_name((TOMBSTONES, "deleted-entry")));
    let gone: Vec<_> = gone.map(|node| (node.attribute("ref").unwrap(), node.attribute("when").unwrap())).collect();
    let meant = [
        ("urn:uuid:00000000-0000-0000-0000-000000000002", "2021-05-02T08:00:00+00:00"),
        ("urn:uuid:00000000-0000-0000-0000-000000000001", "2021-05-01T08:00:00+00:00"),
    ];
    assert_eq!(gone, meant);
    let author = atom.descendants().find(|node| node.has_tag_name((ATOM, "name"))).unwrap();
    assert_eq!(said(&author), "The <b>office</b> & friends");
}

#[test]
fn a_feed_reader_sees_each_item_with_its_id_date_and_words() {
    let feed = hostile();
    let tree = render(&feed);
    for path in PATHS {
        let read = feed_rs::parser::parse(document(&tree, path).as_bytes()).unwrap();
        assert_eq!(read.entries.len(), feed.entries.len(), "{path}");
        assert_eq!(read.updated, feed.updated(), "{path}");
        for (read, meant) in read.entries.iter().zip(meant(&feed, path)) {
            assert_eq!(read.id, meant.id, "{path}");
            assert_eq!(read.title.as_ref().unwrap().content, meant.title, "{path}");
            assert_eq!(read.published, Some(meant.published), "{path}");
            if meant.updated.is_some() {
                assert_eq!(read.updated, meant.updated, "{path}");
            }
            let categories: Vec<_> = read.categories.iter().map(|category| category.term.clone()).collect();
            assert_eq!(categories, meant.categories, "{path}");
            assert_eq!(read.links.first().map(|link| link.href.clone()), meant.link, "{path}");
            let content = read
                .content
                .as_ref()
                .and_then(|content| content.body.clone())
                .or_else(|| read.summary.as_ref().map(|summary| summary.content.clone()))
                .unwrap();
            let html = format!("<div>{content}</div>");
            let html = roxmltree::Document::parse(&html).unwrap();
            let paragraphs: Vec<_> = html.root_element().children().map(|node| said(&node)).collect();
            assert_eq!(paragraphs, meant.content, "{path}");
        }
    }
}

#[test]
fn equal_feeds_give_equal_bytes() {
    assert_eq!(render(&hostile()), render(&hostile()));
}

fn some_text() -> impl Strategy<Value = Text> {
    let piece = prop_oneof![
        any::<String>(),
        "\\PC{0,40}",
        proptest::sample::select(HOSTILE.as_slice()).prop_map(str::to_owned),
        "[<>&;'\"\\]\\[!a-z #]{0,30}",
    ];
    piece.prop_filter_map("no printable character", |raw| Text::new(&raw))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/feeds.proptest-regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_the_text_every_format_shows_it_and_no_more(
        fields in prop::collection::vec((some_text(), prop::option::of(some_text()), prop::option::of(some_text())), 1..5),
        title in some_text(),
    ) {
        let items = (0..).zip(fields).map(|(n, (title, summary, credit))| item(n, title, summary, credit)).collect();
        let mut feed = feed(items);
        feed.title = title;
        let tree = render(&feed);
        prop_assert_eq!(tree.len(), 3);
        prop_assert_eq!(check("x/feed.json", tree.get("x/feed.json").unwrap()), Ok(()));
        for path in PATHS {
            let document = tree.get(path).unwrap();
            prop_assert_eq!(check(path, document), Ok(()));
            prop_assert_eq!(seen(std::str::from_utf8(&document.bytes).unwrap()), meant(&feed, path), "{}", path);
        }
    }
}

/// Runs libxml2's reader; `None`, said aloud, where it is not installed.
fn xmllint(file: &Path, arguments: &[&std::ffi::OsStr]) -> Option<()> {
    let Ok(done) = Command::new("xmllint").arg("--noout").arg("--nonet").args(arguments).arg(file).output() else {
        eprintln!("skipped: xmllint is not installed (libxml2-utils)");
        return None;
    };
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(())
}

#[test]
fn libxml2_and_the_grammar_of_rfc_4287_accept_what_is_rendered() {
    let folder = tempfile::tempdir().unwrap();
    publish(&RealDisk, folder.path(), &render(&hostile())).unwrap();
    for path in PATHS {
        if xmllint(&folder.path().join(path), &[]).is_none() {
            return;
        }
    }
    if let Some(grammar) = shared("schemas/atom.rng") {
        xmllint(&folder.path().join("x/atom.xml"), &["--relaxng".as_ref(), grammar.as_os_str()]);
    }
}

/// feedparser and newsboat, by way of `tests/judges/agree.py`, where `FEEDMILL_PYTHON` names a Python with feedparser.
#[test]
fn feedparser_and_newsboat_see_what_was_meant() {
    let Some(python) = std::env::var_os("FEEDMILL_PYTHON") else {
        eprintln!("skipped: FEEDMILL_PYTHON names no Python with feedparser");
        return;
    };
    let feed = hostile();
    let folder = tempfile::tempdir().unwrap();
    publish(&RealDisk, folder.path(), &render(&feed)).unwrap();
    let mut numbers: Vec<u32> = (0..).take(HOSTILE.len()).chain([99]).collect();
    numbers.sort_unstable();
    let labels: Vec<_> = feed
        .entries
        .iter()
        .zip(numbers)
        .map(|(entry, n)| {
            serde_json::json!({
                "explicit_id": n.to_string(),
                "title": entry.item.title,
                "date": entry.item.date.unwrap(),
                "summary": entry.item.summary,
                "credit": entry.item.credit,
                "categories": entry.item.categories,
            })
        })
        .collect();
    let labels_file = folder.path().join("labels.json");
    std::fs::write(&labels_file, serde_json::to_vec(&labels).unwrap()).unwrap();
    for path in PATHS {
        let done = Command::new(&python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/agree.py"))
            .args([&labels_file, &folder.path().join(path)])
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{path}:\n{}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
    }
}
