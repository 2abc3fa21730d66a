//! Feeds to documents: a usual head, and a feed that keeps everything.
#![expect(clippy::unwrap_used, reason = "a benchmark is no interface")]

use chrono::NaiveDate;
use divan::{Bencher, black_box};
use feedmill::mill::feed::{Address, Entry, Feed, newest_first};
use feedmill::mill::item::{DateBasis, Item, Key, Text};
use feedmill::mill::render::{check, render};
use uuid::Uuid;

fn main() {
    divan::main();
}

fn feed(items: u32) -> Feed {
    let text = |raw: &str| Text::new(raw).unwrap();
    let mut entries: Vec<_> = (0..items)
        .map(|n| {
            let id = Key(Uuid::new_v5(&Uuid::NAMESPACE_URL, &n.to_be_bytes()));
            let date = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + chrono::Days::new(u64::from(n));
            let item = Item {
                id,
                key: id,
                title: text(&format!("ILO calls for resilient safety & health systems for emergency {n}")),
                summary: Some(text(
                    &"Better national policies, “institutional” & regulatory frameworks are needed. ".repeat(5),
                )),
                date: Some(date),
                date_end: None,
                time: None,
                date_raw: None,
                basis: DateBasis::Own,
                credit: Some(text("KB Mpofu / ILO 2021")),
                kicker: None,
                place: None,
                link: Some(text("https://www.ilo.org/moscow/news/")),
                published: Some(id.stamp(date)),
                updated: Some(id.stamp(date)),
                sources: Vec::new(),
                categories: Vec::new(),
                earliest: Some(date),
                earlier: Vec::new(),
            };
            Entry::new(item, text("News room"))
        })
        .collect();
    entries.sort_by(|a, b| newest_first(&a.item, &b.item));
    Feed {
        name: "ilo-moscow".to_owned(),
        title: text("ILO Moscow: news"),
        description: text("News of ILO Moscow"),
        language: Some("en".to_owned()),
        base_url: Address::new("https://feeds.example.org/"),
        hubs: Vec::new(),
        home: None,
        author: text("ILO Moscow"),
        entries,
        taken_out: Vec::new(),
        months: Vec::new(),
    }
}

#[divan::bench(args = [50, 10_000])]
fn rendered(bencher: Bencher<'_, '_>, items: u32) {
    bencher.with_inputs(|| feed(items)).bench_refs(|feed| render(black_box(feed)));
}

#[divan::bench(args = [50, 3_000])]
fn checked(bencher: Bencher<'_, '_>, items: u32) {
    let tree = render(&feed(items));
    bencher.bench(|| tree.iter().for_each(|(path, document)| check(path, black_box(document)).unwrap()));
}
