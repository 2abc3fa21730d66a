//! Scrapes read as a careful reader reads them.
//!
//! The seeds and samples lie outside the repository, in the folder `FEEDMILL_SHARED` or `../shared`. Where it is absent
//! the tests that need it say so and pass; our own fixtures in `tests/scrapes/` are always read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a test that fails may say so loudly"
)]

#[path = "support/machine.rs"]
mod machine;
mod support;

use std::fs;
use std::path::Path;

use feedmill::mill::scrape::{Cut, DateOrder, Draft, Explained, Terms, explain, parse};
use machine::shared;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::assert_linear;

/// What stands in each seed; the other labels there are of the samples.
fn labels() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/labels");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_string_lossy().starts_with("seeds-"));
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
                assert!(draft.truncated.is_none() && draft.kicker.is_none(), "{file}");
            }
            assert!(scrape.faults.is_empty() && scrape.refused.is_none(), "{file}: {:?}", scrape.faults);
            assert!(scrape.confidence > 0.95, "{file}: {}", scrape.confidence);
            count += items.len();
        }
    }
    assert_eq!(count, 2 * 45);
}

/// The samples in the newsroom's layout.
const READABLE: [&str; 8] = [
    "beirut-multi-section",
    "berlin-de",
    "events-ranges",
    "geneva-es",
    "index-heading-lost",
    "newsroom-credit-year",
    "newsroom-overlap",
    "tokyo-month-heading",
];
/// The samples that this layout must rather refuse than misread.
const REFUSED: [&str; 4] = ["ankara-bullets-multiline", "pipe-table", "run-together", "us-date-slashes-summary"];

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
            let kicker = extra.remove("kicker").unwrap_or_default();
            assert_eq!(told(draft), wanted, "{name}");
            assert_eq!(draft.truncated.is_some(), truncated, "{name}: {}", draft.title);
            let last = draft.date.as_ref().and_then(|date| date.end).map(|day| day.to_string());
            assert_eq!(json!(last), end, "{name}: {}", draft.title);
            assert_eq!(json!(draft.kicker), kicker, "{name}: {}", draft.title);
        }
    }
    for name in REFUSED {
        let text = fs::read_to_string(samples.join(format!("{name}.txt"))).unwrap();
        let scrape = parse(&text, &newsroom());
        assert!(scrape.drafts.is_empty() && scrape.refused.is_some(), "{name}: {scrape:#?}");
    }
}

/// What a sample's label may say of an item, from a draft: the fields that every label has, and those that few have.
fn told_in_full(draft: &Draft<'_>) -> Value {
    let mut all = told(draft);
    let date = draft.date.as_ref();
    let extra = all.as_object_mut().unwrap();
    for (name, value) in [
        ("kicker", json!(draft.kicker)),
        ("date_raw", json!(date.map(|date| &date.raw))),
        ("date_end", json!(date.and_then(|date| date.end).map(|day| day.to_string()))),
        ("time", json!(date.and_then(|date| date.time).map(|time| time.format("%H:%M").to_string()))),
        ("place", json!(date.and_then(|date| date.place.as_deref()))),
        ("link", json!(draft.link)),
        ("truncated", json!(draft.truncated.is_some())),
    ] {
        extra.insert(name.to_owned(), value);
    }
    all
}

/// The items of a reading as [`told_in_full`] has them: what a label passes over is not there, or it says nothing of
/// it. Of the latter are the date as printed and the time in it.
fn labelled(items: &Value) -> Vec<Value> {
    let mut items = items.as_array().unwrap().clone();
    for item in &mut items {
        let fields = item.as_object_mut().unwrap();
        fields.entry("truncated").or_insert(json!(false));
        for name in ["kicker", "date_end", "place", "link"] {
            fields.entry(name).or_insert(Value::Null);
        }
    }
    items
}

#[test]
fn every_sample_reads_as_labelled_with_nothing_configured() {
    let Some(samples) = shared("samples") else { return };
    let mut files: Vec<_> = fs::read_dir(&samples).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "txt"));
    files.sort();
    assert_eq!(files.len(), 15);
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        let label: Value = serde_json::from_str(&fs::read_to_string(file.with_extension("json")).unwrap()).unwrap();
        let scrape = parse(&text, &Terms::default());
        if label["expect"].as_str().is_some_and(|it| it.starts_with("refuse")) {
            assert!(scrape.drafts.is_empty() && scrape.refused.is_some(), "{name}: {scrape:#?}");
            continue;
        }
        let wanted = labelled(&label["items"]);
        let readings = label["ambiguous"].as_array().into_iter().flatten();
        let readings = readings.filter_map(|other| other.get("items")).map(labelled);
        let readings: Vec<_> = std::iter::once(wanted).chain(readings).collect();
        let read = |wanted: &[Value]| -> Vec<Value> {
            let pairs =
                scrape.drafts.iter().map(told_in_full).zip(wanted.iter().map(Some).chain(std::iter::repeat(None)));
            let of_label = pairs.map(|(mut draft, item)| {
                let fields = draft.as_object_mut().unwrap();
                fields.retain(|name, _| item.is_none_or(|item| item.get(name).is_some()));
                draft
            });
            of_label.collect()
        };
        if !readings.iter().any(|wanted| read(wanted) == *wanted) {
            let wanted = json!(readings[0]);
            panic!("{name} reads as {:#}\ninstead of {wanted:#}", json!(read(&readings[0])));
        }
        assert!(scrape.confidence >= 0.7, "{name}: {}", scrape.confidence);
    }
}

/// Everything a scrape says, for a snapshot.
fn shown(text: &str, terms: &Terms) -> Value {
    let Explained { scrape, blocks } = explain(text, terms);
    let drafts = scrape.drafts.iter().map(|draft| {
        let mut told = told(draft);
        let all = told.as_object_mut().unwrap();
        let date = draft.date.as_ref();
        all.insert("lines".to_owned(), json!([draft.line, draft.last_line]));
        for (name, value) in [
            ("kicker", json!(draft.kicker)),
            ("date_raw", json!(date.map(|date| &date.raw))),
            ("date_end", json!(date.and_then(|date| date.end).map(|day| day.to_string()))),
            ("time", json!(date.and_then(|date| date.time).map(|time| time.to_string()))),
            ("place", json!(date.and_then(|date| date.place.as_deref()))),
        ] {
            if !value.is_null() {
                all.insert(name.to_owned(), value);
            }
        }
        if draft.truncated.is_some() {
            all.insert("truncated".to_owned(), json!(true));
        }
        told
    });
    let drafts: Vec<_> = drafts.collect();
    let faults: Vec<_> = scrape
        .faults
        .iter()
        .map(|fault| json!({"line": fault.line, "reason": fault.reason, "text": fault.text}))
        .collect();
    let unused: Vec<_> = blocks
        .iter()
        .filter_map(|block| block.reason.map(|reason| format!("{}: {reason}: {}", block.line, block.text)))
        .collect();
    json!({
        "layout": scrape.layout, "confidence": (scrape.confidence * 100.0).round() / 100.0, "drafts": drafts,
        "faults": faults, "refused": scrape.refused, "newest": scrape.newest.map(|day| day.to_string()),
        "unused": unused,
    })
}

#[test]
fn every_fixture_reads_as_its_name_claims() {
    insta::glob!("scrapes/*.txt", |path| {
        let text = fs::read_to_string(path).unwrap();
        insta::assert_json_snapshot!(shown(&text, &Terms::default()));
    });
}

#[test]
fn explaining_changes_nothing_and_names_every_block() {
    for page in own_pages() {
        let text = page.lines.join("\n");
        let scrape = parse(&text, &newsroom());
        let explained = explain(&text, &newsroom());
        assert_eq!(explained.scrape.drafts, scrape.drafts);
        assert!(explained.blocks.iter().all(|block| block.item.is_none_or(|item| item < scrape.drafts.len())));
        let titles: Vec<_> = explained.blocks.iter().filter(|block| block.label == "title").collect();
        assert_eq!(titles.len(), scrape.drafts.len());
        assert!(titles.iter().zip(&scrape.drafts).all(|(block, draft)| block.text == draft.title));
    }
}

/// A page whose lines are known: what damage is done to.
#[derive(Clone)]
struct Known {
    name: String,
    lines: Vec<String>,
    items: Vec<KnownItem>,
    headings: Vec<usize>,
}

/// The lines of an item's fields, counted from 0.
#[derive(Clone)]
struct KnownItem {
    told: (String, String),
    title: usize,
    date: usize,
    credit: Option<usize>,
    summary: Option<usize>,
}

fn seeds() -> Option<Vec<Known>> {
    let folder = shared("seeds")?;
    let known = |label: Value| {
        let name = label["file"].as_str().unwrap().to_owned();
        let text = fs::read_to_string(folder.join(&name)).unwrap();
        let line = |value: &Value| value.as_u64().map(|line| usize::try_from(line).unwrap() - 1);
        let items = label["items"].as_array().unwrap().iter();
        let headings = items.clone().filter_map(|item| line(&item["lines"]["heading"])).collect();
        let items = items.map(|item| KnownItem {
            told: (item["title"].as_str().unwrap().to_owned(), item["date"].as_str().unwrap().to_owned()),
            title: line(&item["lines"]["title"]).unwrap(),
            date: line(&item["lines"]["date"]).unwrap(),
            credit: line(&item["lines"]["credit"]),
            summary: line(&item["lines"]["summary"]),
        });
        Known { name, lines: text.split('\n').map(str::to_owned).collect(), items: items.collect(), headings }
    };
    Some(labels().into_iter().map(known).collect())
}

/// Pages of our own in the same shape, for where the seeds are absent.
fn own_pages() -> Vec<Known> {
    let things = ["The ferry to the outer isles", "A lamp on every quay", "Orchards near the ford", "Mills: a census"];
    let page = |number: usize| {
        let mut page = Known { name: format!("own {number}"), lines: vec![], items: vec![], headings: vec![] };
        page.lines.extend(["News room".to_owned(), String::new()]);
        for item in 0..9 {
            if item % 3 == 0 {
                page.headings.push(page.lines.len());
                page.lines.extend([format!("{} 2020", ["June", "May", "April"][item / 3]), String::new()]);
            }
            let title = format!("{} {} in the year {}", things[(item + number) % 4], item + 2, 1990 + number);
            let day = 28 - item;
            let date = (["06", "05", "04"][item / 3], ["June", "May", "April"][item / 3]);
            let credit = (item + number) % 3 == 1;
            let mark = format!("  {}. ", item % 3 + 1);
            let credit_at = credit.then_some(page.lines.len());
            if credit {
                page.lines.extend([format!("{mark}© Ann Field 2020"), String::new()]);
            }
            let title_at = page.lines.len();
            page.lines.extend([format!("{}{title}", if credit { "    " } else { &mark }), String::new()]);
            let date_at = page.lines.len();
            page.lines.extend([format!("    {day:02} {} 2020", date.1), String::new()]);
            let summary = (item * 7 + number) % 6 != 5;
            let summary_at = summary.then_some(page.lines.len());
            if summary {
                page.lines.extend([
                    format!("    What was said on day {day} of it fills a page, and then another one."),
                    String::new(),
                ]);
            }
            let told = (title, format!("2020-{}-{day:02}", date.0));
            page.items.push(KnownItem { told, title: title_at, date: date_at, credit: credit_at, summary: summary_at });
        }
        page.lines.pop();
        page
    };
    (0..5).map(page).collect()
}

/// A small generator of repeatable chance (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Damage {
    Numbers,
    AllNumbers,
    /// But for the dot behind them.
    Digits,
    AllDigits,
    /// With what set the line in, as where a script takes the number off.
    Marks,
    AllMarks,
    /// With what set the item in.
    Insets,
    Credits,
    /// With its blank line, and the number before it.
    CreditLines,
    Summaries,
    Headings,
    /// That of one item, with its number and credit.
    Title,
    Blanks,
    /// Half of them.
    SomeBlanks,
    /// As a text browser wraps lines, below the text and not below the mark.
    Wraps,
    Tail,
}

/// `line` as a text browser wraps it.
fn wrapped(line: &str) -> String {
    const WIDTH: usize = 72;
    let body = line.trim_start();
    let mark =
        body.split_once(". ").filter(|(number, _)| number.parse::<u32>().is_ok()).map_or(0, |(n, _)| n.len() + 2);
    let inset = line.len() - body.len() + mark;
    let (mut text, mut width) = (line[..inset].to_owned(), inset);
    for word in line[inset..].split_inclusive(' ') {
        if width > inset && width + word.trim_end().chars().count() > WIDTH {
            text.truncate(text.trim_end().len());
            text += "\n";
            text += &" ".repeat(inset);
            width = inset;
        }
        text += word;
        width += word.chars().count();
    }
    text
}

/// Does `damage` to `page` and says what a reader should still find.
fn damaged(page: &Known, damage: &[Damage], chance: &mut Chance) -> (String, Vec<(String, String)>) {
    let mut lines: Vec<Option<String>> = page.lines.iter().cloned().map(Some).collect();
    let mut lost = vec![false; page.items.len()];
    let unmark = |line: &mut Option<String>, inset: &str| {
        if let Some((mark, rest)) = line.as_deref().and_then(|line| line.split_once(". "))
            && mark.trim().parse::<u32>().is_ok()
        {
            *line = Some(format!("{inset}{rest}"));
        }
    };
    // A line that goes takes the blank line behind it along.
    let remove = |lines: &mut Vec<Option<String>>, at: usize| {
        lines[at] = None;
        if let Some(next) = lines.get_mut(at + 1) {
            *next = None;
        }
    };
    for kind in damage {
        let one = chance.below(page.items.len());
        for (at, (item, lost)) in page.items.iter().zip(&mut lost).enumerate() {
            let hit = chance.below(3) == 0;
            let first = item.credit.unwrap_or(item.title);
            match kind {
                Damage::Numbers if hit => unmark(&mut lines[first], "    "),
                Damage::AllNumbers => unmark(&mut lines[first], "    "),
                Damage::Digits if hit => unmark(&mut lines[first], "  . "),
                Damage::AllDigits => unmark(&mut lines[first], "  . "),
                Damage::Marks if hit => unmark(&mut lines[first], ""),
                Damage::AllMarks => unmark(&mut lines[first], ""),
                Damage::Insets if hit => {
                    unmark(&mut lines[first], "");
                    for at in [Some(item.title), Some(item.date), item.summary].into_iter().flatten() {
                        lines[at] = lines[at].as_deref().map(|line| line.trim_start().to_owned());
                    }
                }
                // The credit goes with the number before it and leaves its blank lines, as in the seeds.
                Damage::Credits if hit => {
                    if let Some(at) = item.credit {
                        lines[at] = Some(String::new());
                    }
                }
                Damage::CreditLines if hit => {
                    if let Some(at) = item.credit {
                        remove(&mut lines, at);
                    }
                }
                Damage::Summaries if hit => {
                    if let Some(at) = item.summary {
                        remove(&mut lines, at);
                    }
                }
                Damage::Title if at == one => {
                    lines[first] = Some(String::new());
                    lines[item.title] = Some(String::new());
                    *lost = true;
                }
                _ => {}
            }
        }
        if *kind == Damage::Headings {
            for at in &page.headings {
                if chance.below(2) == 0 {
                    remove(&mut lines, *at);
                }
            }
        }
    }
    let mut ends = vec![0; lines.len()];
    let mut text = String::new();
    for (line, end) in lines.iter().zip(&mut ends) {
        let Some(line) = line else { continue };
        let drops = damage.contains(&Damage::Blanks) || damage.contains(&Damage::SomeBlanks) && chance.below(2) == 0;
        if drops && line.trim().is_empty() {
            continue;
        }
        text += &if damage.contains(&Damage::Wraps) { wrapped(line) } else { line.clone() };
        *end = text.len();
        text.push('\n');
    }
    text.truncate(text.trim_end_matches('\n').len());
    if damage.contains(&Damage::Tail) {
        let least = ends[page.items[1].date];
        text.truncate(text.floor_char_boundary(least + chance.below(text.len() - least)));
        // Cut right behind a line, a page cannot be told from one that ends there with a headline.
        text.truncate(text.trim_end_matches('\n').len());
    }
    let left = page.items.iter().zip(&lost).filter(|(item, lost)| !**lost && ends[item.date] <= text.len());
    let left = left.map(|(item, _)| item.told.clone()).collect();
    (text, left)
}

/// Harmonic mean of precision and recall of title and date together, over `rounds` of damage to each page; and the
/// pages that were not read exactly.
fn measure(pages: &[Known], damage: &[Damage], rounds: u64) -> (f64, Vec<String>) {
    let (mut found, mut wanted, mut both) = (0, 0, 0);
    let mut inexact = Vec::new();
    for (page, round) in pages.iter().flat_map(|page| (0..rounds).map(move |round| (page, round))) {
        let (text, left) = damaged(page, damage, &mut Chance(round));
        let scrape = parse(&text, &newsroom());
        // A title that may be half of one is told, and never taken in.
        let taken = scrape.drafts.iter().filter(|draft| !draft.truncated.is_some_and(Cut::takes_identity));
        let told = taken.map(|draft| {
            let day = draft.date.as_ref().and_then(|date| date.day);
            (draft.title.clone().into_owned(), day.map(|day| day.to_string()).unwrap_or_default())
        });
        let told: Vec<_> = told.collect();
        found += told.len();
        wanted += left.len();
        both += told.iter().filter(|item| left.contains(item)).count();
        if told != left {
            let spurious: Vec<_> = told.iter().filter(|item| !left.contains(item)).collect();
            let missed: Vec<_> = left.iter().filter(|item| !told.contains(item)).collect();
            inexact.push(format!("{} round {round}: spurious {spurious:?} missed {missed:?}", page.name));
        }
    }
    let f1 = (2 * both) as f64 / (found + wanted) as f64;
    (f1, inexact)
}

/// Wherever a page is cut, no item is taken before its day is certain: it would get that of the capture, and stay
/// beside the true one for good.
#[test]
fn a_page_cut_before_a_day_gives_no_item_without_one() {
    let items = [
        (
            "Ferries return to the outer islands",
            "15 June 2020",
            "The first boat left at dawn. Forty people were aboard.",
        ),
        ("Orchard keepers agree on a common price", "10 June 2020", "The price holds until the end of the harvest."),
        ("The mill at the upper ford is to be rebuilt", "9 June 2020", "Work begins in July, says the miller."),
        ("Two bridges are closed", "4 June 2020", "Both are of wood. The third one is open."),
        ("A jury of weavers meets", "28 May 2020", "It will name the cloth of the year."),
    ];
    type Item = fn(usize, &str, &str, &str) -> String;
    let day_last: [Item; 3] = [
        |_, title, day, told| format!("{title}\n\n{told}\n\n{day}\n\n"),
        |number, title, day, told| format!("  {number}. {title}\n\n    {told}\n\n    {day}\n\n"),
        |_, title, day, told| format!("## {title}\n\n{told}\n\n{day}\n\n"),
    ];
    let day_second: [Item; 2] = [
        |_, title, day, told| format!("{title}\n\n{day}\n\n{told}\n\n"),
        |number, title, day, told| format!("  {number}. {title}\n\n    {day}\n\n    {told}\n\n"),
    ];
    for item in day_last.into_iter().chain(day_second) {
        let listed = items.iter().zip(1..).map(|((title, day, told), number)| item(number, title, day, told));
        let text = format!("News room\n\n{}", listed.collect::<String>());
        let known: Vec<_> = items.iter().map(|(title, day, _)| (*title, *day)).collect();
        let fourth = text.find("Two bridges").unwrap();
        for at in fourth..=text.len() {
            // Behind a whole line a page without marks may well end: both its ends are like items then.
            if at < text.len() && text[..at].ends_with('\n') && !text.contains("1. ") {
                continue;
            }
            let scrape = parse(&text[..at], &Terms::default());
            let taken = scrape.drafts.iter().filter(|draft| !draft.truncated.is_some_and(Cut::takes_identity));
            let taken: Vec<_> =
                taken.map(|draft| (draft.title.as_ref(), draft.date.as_ref().map_or("", |date| &*date.raw))).collect();
            assert!(taken.len() >= 3 && known.starts_with(&taken), "{taken:?} of {}", &text[..at]);
        }
    }
    // A page that goes on behind an item without a day is not cut there.
    let text = "Ferries return to the outer islands\n\n15 June 2020\n\nThe first boat left at dawn.\n\n\
                Orchard keepers agree on a common price\n\n10 June 2020\n\nThe price holds.\n\n\
                The mill at the upper ford is to be rebuilt\n\nWork begins in July.\n\n\
                Two bridges are closed\n\n4 June 2020\n\nBoth are of wood.\n";
    assert!(parse(text, &Terms::default()).drafts.iter().all(|draft| draft.truncated.is_none()));
}

#[test]
fn damaged_pages_give_the_items_that_remain() {
    let mut sets = vec![("own", own_pages())];
    sets.extend(seeds().map(|seeds| ("seeds", seeds)));
    for (name, pages) in sets {
        for damage in [
            &[Damage::Numbers][..],
            &[Damage::AllNumbers],
            &[Damage::Digits],
            &[Damage::AllDigits],
            &[Damage::Marks],
            &[Damage::AllMarks],
            &[Damage::Insets],
            &[Damage::Credits],
            &[Damage::CreditLines],
            &[Damage::Summaries],
            &[Damage::Headings],
            &[Damage::Title],
            &[Damage::Tail],
            &[Damage::Credits, Damage::Summaries, Damage::Headings, Damage::Tail],
            &[Damage::Numbers, Damage::Headings, Damage::Tail],
            &[Damage::Numbers, Damage::Summaries],
            &[Damage::Numbers, Damage::CreditLines, Damage::Summaries, Damage::Headings],
            &[Damage::Digits, Damage::CreditLines, Damage::Summaries, Damage::Headings],
            &[Damage::CreditLines, Damage::Summaries, Damage::Headings, Damage::Tail],
            &[Damage::Marks, Damage::Summaries],
            &[Damage::Insets, Damage::Summaries],
            &[Damage::SomeBlanks],
            &[Damage::Wraps],
            &[Damage::Wraps, Damage::Blanks],
            &[Damage::Wraps, Damage::Numbers],
            &[Damage::SomeBlanks, Damage::Numbers],
        ] {
            let (f1, inexact) = measure(&pages, damage, 40);
            eprintln!("{name} {damage:?}: F1 {f1:.3}, {} inexact", inexact.len());
            // A last item that lost its number, behind one without a summary, in a file cut right behind its date,
            // reads as that one's summary and a stray date: nothing in the text tells otherwise.
            let least = if damage.contains(&Damage::Numbers) && damage.len() > 1 { 0.995 } else { 1.0 };
            assert!(f1 >= least, "{name} {damage:?}: F1 {f1:.3}\n{}", inexact.join("\n"));
        }
        let (f1, inexact) = measure(&pages, &[Damage::Blanks], 1);
        eprintln!("{name} without blank lines: F1 {f1:.3}");
        assert!(f1 >= 1.0, "{name} without blank lines: F1 {f1:.3}\n{}", inexact.join("\n"));
    }
}

/// A summary that is read is the item's own: damage elsewhere never lends text.
#[test]
fn a_lost_title_lends_neither_date_nor_summary_to_a_neighbour() {
    for page in own_pages().iter().chain(&seeds().unwrap_or_default()) {
        let whole = page.lines.join("\n");
        let whole = parse(&whole, &newsroom());
        for round in 0..40 {
            let (text, _) = damaged(page, &[Damage::Title], &mut Chance(round));
            for draft in parse(&text, &newsroom()).drafts {
                let own = whole.drafts.iter().find(|other| other.title == draft.title);
                let own = own.unwrap_or_else(|| panic!("{} {round}: nobody's title: {draft:#?}", page.name));
                assert_eq!((&draft.summary, &draft.date), (&own.summary, &own.date), "{} {round}", page.name);
            }
        }
    }
}

#[test]
fn a_date_never_becomes_a_headline_however_many_titles_are_lost() {
    for (page, round) in own_pages().iter().flat_map(|page| (0..40).map(move |round| (page, round))) {
        let (text, _) = damaged(page, &[Damage::Title; 5], &mut Chance(round));
        for draft in parse(&text, &newsroom()).drafts {
            assert!(!draft.title.ends_with(" 2020"), "{} {round}: {draft:#?}", page.name);
        }
    }
}

#[test]
fn what_stands_beside_a_day_is_no_title_where_titles_stand_above_it() {
    let item = |number: u32, before: &str, behind: &str| {
        let text = "The work begins below the old mill, and it ends before the winter.";
        format!(
            "  {number}. Boats leave the quay for the {number}th time\n\n    {before}1{number} June 2020{behind}\n\n    {text}\n\n"
        )
    };
    for (before, behind, kicker) in
        [("", " – Geneva", Some("Geneva")), ("", " - Press release", Some("Press release")), ("Geneva – ", "", None)]
    {
        let page = (1..6).rev().map(|number| item(number, before, behind)).collect::<String>();
        for terms in [newsroom(), Terms::default()] {
            let scrape = parse(&page, &terms);
            let told: Vec<_> = scrape.drafts.iter().map(|draft| (told(draft), draft.kicker.as_deref())).collect();
            let days: Vec<_> = told.iter().map(|(told, _)| told["date"].as_str().unwrap_or_default()).collect();
            let days_read = ["2020-06-15", "2020-06-14", "2020-06-13", "2020-06-12", "2020-06-11"];
            assert_eq!(days, days_read, "{before}|{behind}: {told:#?}");
            assert!(told.iter().all(|(told, by)| told["summary"].is_string() && *by == kicker), "{told:#?}");
        }
    }
}

#[test]
fn short_titles_behind_days_are_titles() {
    let day = |day: u32, title: &str| format!("{day} June 2020 – {title}\n\nThe council met, and agreed on it.\n\n");
    let page = day(15, "Bridge Opens") + &day(14, "Ferry Sails") + &day(12, "Budget") + &day(11, "New Lamps");
    let titles: Vec<_> = parse(&page, &Terms::default()).drafts.into_iter().map(|draft| draft.title).collect();
    assert_eq!(titles, ["Bridge Opens", "Ferry Sails", "Budget", "New Lamps"]);
}

/// Lines that pages are made of, and lines that nobody would expect.
fn soup() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just(String::new()),
        Just("News room".to_owned()),
        Just("June 2020".to_owned()),
        Just("    15 June 2020".to_owned()),
        Just("14/06/2020, Geneva".to_owned()),
        Just("16 November, 02:00".to_owned()),
        Just("  1. A title".to_owned()),
        Just("  2.".to_owned()),
        Just("• 0".to_owned()),
        Just("  3. © Ann Field 2020".to_owned()),
        Just("    A sentence of words that ends, as sentences do, with a full stop.".to_owned()),
        Just("a | 15 June 2020 | b".to_owned()),
        Just("Read more".to_owned()),
        ".{0,40}",
        "[ \\t\\r\\u{2028}\\u{c}\\u{feff}\\u{3000}]{0,5}[0-9]{0,5}[./-]?[A-Za-z]{0,9}[ ,.:-]{0,2}[0-9]{0,5}",
    ];
    (proptest::collection::vec(line, 0..40), any::<bool>())
        .prop_map(|(lines, end)| lines.join("\n") + if end { "\n" } else { "" })
}

fn check_spans(text: &str) -> Result<(), TestCaseError> {
    let lines = u32::try_from(text.split(['\n', '\r']).count()).unwrap();
    let captured = chrono::NaiveDate::from_ymd_opt(2020, 6, 30);
    for terms in [newsroom(), Terms { captured, date_order: Some(DateOrder::Mdy), ..Terms::default() }] {
        let Explained { scrape, blocks } = explain(text, &terms);
        let mut before = 0;
        for draft in &scrape.drafts {
            prop_assert!(before < draft.line && draft.line <= draft.last_line && draft.last_line <= lines);
            prop_assert!(!draft.title.trim().is_empty());
            before = draft.last_line;
        }
        prop_assert!(scrape.faults.iter().all(|fault| (1..=lines).contains(&fault.line)));
        prop_assert!((0.0..=1.0).contains(&scrape.confidence));
        prop_assert!(scrape.refused.is_some() == scrape.drafts.is_empty());
        prop_assert!(blocks.iter().all(|block| block.cost < 100.0));
    }
    Ok(())
}

/// Items of a numbered page: a credit, a summary and a gap may be there or not.
fn newsroom_items() -> impl Strategy<Value = String> {
    let item = (
        any::<bool>(),
        1..29_u32,
        proptest::option::of("[A-Z][a-z]{2,9}( [a-z]{2,9}){3,20}\\."),
        "[A-Z][a-z]{2,9}( [a-z]{2,9}){1,9}",
    );
    proptest::collection::vec(item, 2..8).prop_map(|items| {
        let mut page = "News room\n\nJune 2020\n\n".to_owned();
        for (number, (credit, day, summary, title)) in (1..).zip(items) {
            let credit = if credit { "© Ann Field\n\n    " } else { "" };
            page += &format!("  {number}. {credit}{title}\n\n    {day} June 2020\n\n");
            if let Some(summary) = summary {
                page += &format!("    {summary}\n\n");
            }
        }
        page
    })
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>()) {
        check_spans(&text)?;
    }

    #[test]
    fn any_soup_of_lines_gives_drafts_in_order_on_lines_that_exist(text in soup()) {
        check_spans(&text)?;
    }

    #[test]
    fn an_item_appended_changes_no_earlier_title_or_date(page in newsroom_items()) {
        let longer = format!("{page}  9. One item more\n\n    1 May 2020\n\n    It says what it says, and no more than that.\n\n");
        let told = |text: &str| -> Vec<_> {
            let drafts = parse(text, &newsroom()).drafts;
            drafts.iter().map(|draft| (draft.title.to_string(), draft.date.as_ref().and_then(|date| date.day))).collect()
        };
        let (before, after) = (told(&page), told(&longer));
        prop_assert_eq!(after.len(), before.len() + 1);
        prop_assert_eq!(&after[..before.len()], &before[..]);
    }
}

#[test]
fn ten_times_the_text_costs_about_ten_times_as_much() {
    type Shape = (&'static str, fn(usize) -> String);
    let shapes: [Shape; 9] = [
        ("an endless line", |n| "word ".repeat(n * 20)),
        ("an endless title between dates", |n| format!("1. {}\n\n15 June 2020\n", "T".repeat(n * 20))),
        ("tiny blocks", |n| "a\n\n".repeat(n)),
        ("deep indents", |n| format!("{}x\n", " ".repeat(400)).repeat(n / 20)),
        ("one deep indent", |n| format!("{}x\n", " ".repeat(n * 20))),
        ("dates", |n| "15 June 2020\n".repeat(n)),
        ("numbers", |n| "12\n".repeat(n)),
        ("bars", |n| "|\n".repeat(n)),
        ("one run of lines", |n| "15 June of the year and more\n".repeat(n)),
    ];
    for (name, shape) in shapes {
        assert_linear(name, shape, 1500, |text| {
            std::hint::black_box(parse(text, &newsroom()).faults.len());
        });
    }
}
