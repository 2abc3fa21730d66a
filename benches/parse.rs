//! What reading costs: pages in the shape of newsrooms, made up on the spot, and one text that is hostile.
//!
//! `FEEDMILL_CORPUS=DIR cargo bench --bench parse corpus` reads a folder of files instead.

use std::fmt::Write;

use divan::counter::BytesCount;
use feedmill::mill::scrape::{Terms, explain, parse};

fn main() {
    divan::main();
}

fn month(item: usize) -> &'static str {
    ["June", "May", "April"].get(item / 4).copied().unwrap_or("March")
}

/// `files` pages of ten items, their words taken from a fixed cycle.
fn pages(files: usize) -> Vec<String> {
    let words = "harbour lights orchard council of bridges and the winter market opens a path for boats".split(' ');
    let mut words = words.cycle();
    let mut sentence = |count: usize| {
        let mut text = String::from("Notes");
        for word in words.by_ref().take(count) {
            text.push(' ');
            text.push_str(word);
        }
        text
    };
    let page = |file: usize| {
        let mut page = String::from("News room\n\n");
        for item in 0..10 {
            if item % 4 == 0 {
                let _ = writeln!(page, "{} 2020\n", month(item));
            }
            let credit = if (item + file).is_multiple_of(3) { "© Ann Field 2020\n\n    " } else { "" };
            let (number, day) = (item % 4 + 1, 28 - item);
            let _ = writeln!(page, "  {number}. {credit}{}\n\n    {day:02} {} 2020\n", sentence(9), month(item));
            if item != 7 {
                let _ = writeln!(page, "    {}. {}.\n", sentence(16), sentence(14));
            }
        }
        page.truncate(page.trim_end().len());
        page
    };
    (0..files).map(page).collect()
}

fn bytes(texts: &[String]) -> BytesCount {
    BytesCount::new(texts.iter().map(String::len).sum::<usize>())
}

#[divan::bench]
fn thousand_newsroom_pages(bencher: divan::Bencher) {
    let pages = pages(1000);
    let terms = Terms { layout: Some("newsroom".to_owned()), ..Terms::default() };
    bencher.counter(bytes(&pages)).bench(|| pages.iter().map(|page| parse(page, &terms).drafts.len()).sum::<usize>());
}

#[divan::bench]
fn thousand_pages_explained(bencher: divan::Bencher) {
    let pages = pages(1000);
    let terms = Terms::default();
    bencher.counter(bytes(&pages)).bench(|| pages.iter().map(|page| explain(page, &terms).blocks.len()).sum::<usize>());
}

#[divan::bench(args = [10_000, 100_000])]
fn nothing_but_dates(bencher: divan::Bencher, lines: usize) {
    let text = "15 June 2020\n".repeat(lines);
    bencher.counter(BytesCount::of_str(&text)).bench(|| parse(&text, &Terms::default()).faults.len());
}

#[divan::bench]
fn corpus(bencher: divan::Bencher) {
    let Some(folder) = std::env::var_os("FEEDMILL_CORPUS") else { return };
    let files = std::fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let texts: Vec<_> = files.iter().filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
    let terms = Terms { layout: Some("newsroom".to_owned()), ..Terms::default() };
    bencher.counter(bytes(&texts)).bench(|| texts.iter().map(|text| parse(text, &terms).drafts.len()).sum::<usize>());
}
