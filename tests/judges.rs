//! What strangers read in the feeds of the built program, compared with what a person saw on the pages.
//!
//! The labels in `tests/labels/` were written by hand from the pages, and know nothing of the store. Three unrelated
//! readers have to agree with them on id, title, date and text, in RSS and in Atom: feed-rs, and by way of
//! `tests/judges/agree.py` feedparser and newsboat; over HTTP, from the program's own server, `reader` and sfeed
//! besides (`http`). What is to be the same in all three formats is compared apart (`formats`). The invented pages of
//! `samples/lakes` are always read, the real ones of `seeds` where `FEEDMILL_SHARED` or `../shared` has them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that can't go on has failed, and one that is skipped says so"
)]

#[path = "judges/formats.rs"]
mod formats;
#[path = "judges/http.rs"]
mod http;
#[path = "support/machine.rs"]
mod machine;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, NaiveDate, Utc};
use machine::shared;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};
use uuid::Uuid;

const HERE: &str = env!("CARGO_MANIFEST_DIR");
const DOCUMENTS: [&str; 2] = ["rss.xml", "atom.xml"];

/// An announcement, as a person saw it over all pages that list it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
struct Label {
    /// Written down where ids are for life: the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    title: String,
    date: NaiveDate,
    summary: Option<String>,
    credit: Option<String>,
    /// The day of the capture that brought another text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revised: Option<NaiveDate>,
}

/// A folder of pages, and what stands on them.
struct Newsroom {
    folder: PathBuf,
    /// A run without a config names the site after the folder.
    site: &'static str,
    labels: Vec<Label>,
}

impl Newsroom {
    /// The labels as `agree.py` wants them.
    fn write_labels(&self, folder: &Path) -> PathBuf {
        let file = folder.join("labels.json");
        let labels = serde_json::json!({ "site": self.site, "items": self.labels });
        fs::write(&file, serde_json::to_vec(&labels).unwrap()).unwrap();
        file
    }

    /// Lets `agree.py` speak, which has to find so many readers that see every label.
    fn agree(&self, agree: &mut Command, readers: usize) {
        let done = agree.output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{agree:?}:\n{said}{}", String::from_utf8_lossy(&done.stderr));
        let agreed = said.matches(&format!("{} labels, 0 differences", self.labels.len())).count();
        assert_eq!(agreed, readers, "{said}");
    }
}

#[derive(Deserialize)]
struct Labels {
    items: Vec<Label>,
}

fn labels(file: &Path) -> Vec<Label> {
    serde_json::from_str::<Labels>(&fs::read_to_string(file).unwrap()).unwrap().items
}

fn lakes() -> Newsroom {
    let labels = labels(&Path::new(HERE).join("tests/labels/lakes.json"));
    Newsroom { folder: Path::new(HERE).join("samples/lakes"), site: "lakes", labels }
}

/// The Python that has the judges; `None`, said aloud, where there is none.
fn python() -> Option<OsString> {
    let python = std::env::var_os("FEEDMILL_PYTHON");
    if python.is_none() {
        eprintln!(
            "skipped: FEEDMILL_PYTHON names no Python with feedparser, reader and jsonschema (tests/run makes one)"
        );
    }
    python
}

/// Real pages, which are not part of the project; `None`, said aloud, where they are absent.
fn seeds() -> Option<Newsroom> {
    let folder = shared("seeds")?;
    let mut all: Vec<_> =
        fs::read_dir(Path::new(HERE).join("tests/labels")).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with("seeds-"));
    all.sort();
    // The pages overlap, and were seen to agree where they do: nothing has to be settled here.
    let mut seen: BTreeMap<(NaiveDate, String), Label> = BTreeMap::new();
    for label in all.iter().flat_map(|file| labels(file)) {
        let known = seen.entry((label.date, label.title.clone())).or_insert_with(|| label.clone());
        assert_eq!(*known, label, "two pages differ: settle their labels by hand");
    }
    Some(Newsroom { folder, site: "seeds", labels: seen.into_values().collect() })
}

/// The program, in a folder that has no config.
fn feedmill(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_feedmill"));
    command.current_dir(folder).env_remove("CONFIGURATION_DIRECTORY").env_remove("STATE_DIRECTORY");
    command
}

/// The feeds that the program publishes of a newsroom. The folder goes with the first value.
fn published(newsroom: &Newsroom) -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let output = temp.path().join("public");
    let done = feedmill(temp.path()).arg("--once").arg(&newsroom.folder).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains(&format!("{} items: {0} new", newsroom.labels.len())), "{said}");
    let feed = output.join(newsroom.site);
    (temp, feed)
}

/// Scheme 1 once more, in the words of the design and without the program's.
fn id(site: &str, label: &Label) -> Uuid {
    let nfkc: String = label.title.nfkc().collect();
    let folded: String = caseless::default_case_fold_str(&nfkc).nfkc().collect();
    let kept = |c: &char| {
        use GeneralCategoryGroup::{Letter, Mark, Number};
        matches!(c.general_category_group(), Letter | Mark | Number)
    };
    let title: String = folded.chars().filter(kept).collect();
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("feedmill:{site}").as_bytes());
    Uuid::new_v5(&namespace, format!("1\n{}\n{title}", label.date).as_bytes())
}

/// What a subscriber sees of an item.
#[derive(Debug, PartialEq)]
struct Seen {
    title: String,
    day: NaiveDate,
    /// The paragraphs of the text.
    text: Vec<String>,
    /// The day of the last change, where the item was changed. RSS does not say.
    revised: Option<NaiveDate>,
}

fn meant(newsroom: &Newsroom, document: &str) -> BTreeMap<String, Seen> {
    let seen = |label: &Label| {
        let credit = label.credit.iter().map(|credit| format!("Photo: © {credit}"));
        // The date as these pages print it.
        let origin = format!("{}, {}", newsroom.site, label.date.format("%d %B %Y"));
        Seen {
            title: label.title.clone(),
            day: label.date,
            text: label.summary.iter().cloned().chain(credit).chain([origin]).collect(),
            revised: label.revised.filter(|_| document != "rss.xml"),
        }
    };
    newsroom.labels.iter().map(|label| (format!("urn:uuid:{}", id(newsroom.site, label)), seen(label))).collect()
}

fn as_feed_rs_reads(document: &Path) -> BTreeMap<String, Seen> {
    let says_when_revised = !document.ends_with("rss.xml");
    seen_by_feed_rs(&fs::read(document).unwrap(), says_when_revised)
}

fn seen_by_feed_rs(document: &[u8], says_when_revised: bool) -> BTreeMap<String, Seen> {
    let feed = feed_rs::parser::parse(document).unwrap();
    let seen = |entry: feed_rs::model::Entry| {
        let published = entry.published.unwrap();
        let seen = Seen {
            text: paragraphs(&entry),
            title: entry.title.unwrap().content,
            day: published.date_naive(),
            revised: entry.updated.filter(|updated| says_when_revised && *updated != published).map(day),
        };
        (entry.id, seen)
    };
    let count = feed.entries.len();
    let all: BTreeMap<_, _> = feed.entries.into_iter().map(seen).collect();
    assert_eq!(all.len(), count, "an id comes twice");
    all
}

/// The paragraphs of an entry's text.
fn paragraphs(entry: &feed_rs::model::Entry) -> Vec<String> {
    let content = entry.content.as_ref().and_then(|content| content.body.as_ref());
    let content = content.or_else(|| entry.summary.as_ref().map(|summary| &summary.content)).unwrap();
    // The content is HTML of a kind that is XML as well.
    let html = format!("<div>{content}</div>");
    let html = roxmltree::Document::parse(&html).unwrap();
    let words = |node: roxmltree::Node<'_, '_>| node.children().filter_map(|child| child.text()).collect();
    html.root_element().children().map(words).collect()
}

fn day(moment: DateTime<Utc>) -> NaiveDate {
    moment.date_naive()
}

fn feed_rs_agrees(newsroom: &Newsroom) {
    let (_temp, feed) = published(newsroom);
    for document in DOCUMENTS.into_iter().chain(["feed.json"]) {
        assert_eq!(as_feed_rs_reads(&feed.join(document)), meant(newsroom, document), "{document}");
    }
}

fn feedparser_and_newsboat_agree(newsroom: &Newsroom) {
    let Some(python) = python() else { return };
    let (temp, feed) = published(newsroom);
    let labels = newsroom.write_labels(temp.path());
    for document in DOCUMENTS {
        // Each of the two has told how many it compared.
        newsroom.agree(Command::new(&python).arg(judge("agree.py")).args([&labels, &feed.join(document)]), 2);
    }
}

/// A program of `tests/judges`.
fn judge(name: &str) -> PathBuf {
    Path::new(HERE).join("tests/judges").join(name)
}

/// Every document below a folder, archives among them.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.append(&mut documents(&entry)) } else { found.push(entry) }
    }
    found
}

fn libxml2_accepts(newsroom: &Newsroom) {
    let (_temp, feed) = published(newsroom);
    let grammar = shared("schemas/atom.rng");
    for document in documents(feed.parent().unwrap()) {
        let ending = document.extension().unwrap_or_default();
        if !["xml", "atom", "opml", "svg"].iter().any(|xml| ending == *xml) {
            continue;
        }
        let document = document.display().to_string();
        let mut xmllint = Command::new("xmllint");
        xmllint.args(["--noout", "--nonet"]);
        if let Some(grammar) =
            grammar.as_ref().filter(|_| document.ends_with("atom.xml") || document.ends_with(".atom"))
        {
            xmllint.arg("--relaxng").arg(grammar);
        }
        let Ok(done) = xmllint.arg(&document).output() else {
            eprintln!("skipped: xmllint is not installed (libxml2-utils)");
            return;
        };
        assert!(done.status.success(), "{document}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

/// JSON Feed against its schema, by a validator that knows nothing of feeds.
fn the_schema_accepts(newsroom: &Newsroom) {
    let (Some(python), Some(schema)) = (python(), shared("schemas/jsonfeed-1.1.json")) else { return };
    let (_temp, feed) = published(newsroom);
    let done = Command::new(python).arg(judge("schema.py")).args([&schema, &feed.join("feed.json")]).output().unwrap();
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn the_json_feeds_of_samples_and_seeds_keep_to_the_schema() {
    the_schema_accepts(&lakes());
    seeds().iter().for_each(the_schema_accepts);
}

#[test]
fn the_ids_of_the_samples_are_for_life() {
    let newsroom = lakes();
    for label in &newsroom.labels {
        assert_eq!(Some(id(newsroom.site, label).to_string()), label.id, "{}", label.title);
    }
}

#[test]
fn feed_rs_sees_the_samples_as_labelled() {
    feed_rs_agrees(&lakes());
}

#[test]
fn feedparser_and_newsboat_see_the_samples_as_labelled() {
    feedparser_and_newsboat_agree(&lakes());
}

#[test]
fn libxml2_accepts_the_feeds_of_the_samples() {
    libxml2_accepts(&lakes());
}

#[test]
fn feed_rs_sees_the_seeds_as_labelled() {
    seeds().iter().for_each(feed_rs_agrees);
}

#[test]
fn feedparser_and_newsboat_see_the_seeds_as_labelled() {
    seeds().iter().for_each(feedparser_and_newsboat_agree);
}

#[test]
fn libxml2_accepts_the_feeds_of_the_seeds() {
    seeds().iter().for_each(libxml2_accepts);
}
