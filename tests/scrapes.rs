//! Scrapes read as a careful reader reads them.
//!
//! The seeds and samples lie outside the repository, in the folder `FEEDMILL_SHARED` or `../shared`. Where it is absent
//! the tests that need it say so and pass; our own fixtures in `tests/scrapes/` are always read.

use std::fs;
use std::path::{Path, PathBuf};

use feedmill::mill::scrape::{Draft, Terms, parse};
use serde_json::{Value, json};

fn shared(folder: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let path = std::env::var_os("FEEDMILL_SHARED").map_or_else(beside, PathBuf::from).join(folder);
    if !path.is_dir() {
        eprintln!("skipped: {} is not there", path.display());
    }
    path.is_dir().then_some(path)
}

fn labels() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/labels");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()).collect()
}

fn newsroom() -> Terms {
    Terms { layout: Some("newsroom".to_owned()), ..Terms::default() }
}

/// What the labels say of an item, from a draft.
fn told(draft: &Draft<'_>) -> Value {
    let date = draft.date.as_ref().and_then(|date| date.day).map(|day| day.to_string());
    json!({
        "title": draft.title, "date": date, "summary": draft.summary, "credit": draft.credit,
        "number": draft.number, "section": draft.section,
    })
}

#[test]
fn every_item_of_the_seeds_is_read_as_labelled() {
    let Some(seeds) = shared("seeds") else { return };
    let mut count = 0;
    for label in labels() {
        let file = label["file"].as_str().unwrap();
        let text = fs::read_to_string(seeds.join(file)).unwrap();
        for terms in [newsroom(), Terms::default()] {
            let scrape = parse(&text, &terms);
            let items = label["items"].as_array().unwrap();
            assert_eq!(scrape.drafts.len(), items.len(), "{file}");
            for (draft, item) in scrape.drafts.iter().zip(items) {
                let mut wanted = item.clone();
                let extra = wanted.as_object_mut().unwrap();
                let line = extra.remove("line").unwrap();
                extra.remove("lines");
                assert_eq!(told(draft), wanted, "{file}");
                assert_eq!(json!(draft.line), line, "{file}");
                assert!(!draft.truncated && draft.kicker.is_none(), "{file}");
            }
            assert!(scrape.faults.is_empty() && scrape.refused.is_none(), "{file}: {:?}", scrape.faults);
            assert!(scrape.confidence > 0.95, "{file}: {}", scrape.confidence);
            count += items.len();
        }
    }
    assert_eq!(count, 2 * 45);
}

/// The samples in the newsroom's layout and in English (or with dates that every language shares).
const READABLE: [&str; 6] = [
    "beirut-multi-section",
    "events-ranges",
    "index-heading-lost",
    "newsroom-credit-year",
    "newsroom-overlap",
    "tokyo-month-heading",
];
/// The samples that this layout must rather refuse than misread.
const REFUSED: [&str; 7] = [
    "ankara-bullets-multiline",
    "berlin-de",
    "geneva-es",
    "pipe-table",
    "ru-genitive-time-no-year",
    "run-together",
    "us-date-slashes-summary",
];

#[test]
fn samples_read_as_labelled_or_are_refused() {
    let Some(samples) = shared("samples") else { return };
    for name in READABLE {
        let text = fs::read_to_string(samples.join(format!("{name}.txt"))).unwrap();
        let label = fs::read_to_string(samples.join(format!("{name}.json"))).unwrap();
        let label: Value = serde_json::from_str(&label).unwrap();
        let scrape = parse(&text, &newsroom());
        let items = label["items"].as_array().unwrap();
        assert_eq!(scrape.drafts.len(), items.len(), "{name}");
        for (draft, item) in scrape.drafts.iter().zip(items) {
            let mut wanted = item.clone();
            let extra = wanted.as_object_mut().unwrap();
            let truncated = extra.remove("truncated").is_some_and(|it| it == json!(true));
            let end = extra.remove("date_end").unwrap_or_default();
            assert_eq!(told(draft), wanted, "{name}");
            assert_eq!(draft.truncated, truncated, "{name}: {}", draft.title);
            let last = draft.date.as_ref().and_then(|date| date.end).map(|day| day.to_string());
            assert_eq!(json!(last), end, "{name}: {}", draft.title);
        }
    }
    for name in REFUSED {
        let text = fs::read_to_string(samples.join(format!("{name}.txt"))).unwrap();
        let scrape = parse(&text, &newsroom());
        assert!(scrape.drafts.is_empty() && scrape.refused.is_some(), "{name}: {scrape:#?}");
    }
}
