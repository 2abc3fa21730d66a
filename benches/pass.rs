//! The whole line, once: from nothing, with nothing to do, and after one file changed.
//!
//! A thousand files of ten items each, in two sources with a feed each. The disk counts: `TMPDIR=/dev/shm cargo bench
//! --bench pass` shows the rest.
#![expect(clippy::unwrap_used, reason = "a benchmark is no interface")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use chrono::{Days, NaiveDate};
use divan::Bencher;
use feedmill::config::{self, Config, Given, Surroundings};
use feedmill::pass::Pass;
use feedmill::publish::RealDisk;
use feedmill::report::Report;
use feedmill::state::State;

const FILES: u64 = 1000;
const ITEMS: u64 = 10;

fn main() {
    divan::main();
}

/// What was on the page on day `n`: the items of the ten days before.
fn page(n: u64) -> String {
    let mut page = String::from("News room\n");
    for (number, item) in (n..n + ITEMS).rev().enumerate() {
        let date = NaiveDate::from_ymd_opt(2018, 1, 1).unwrap() + Days::new(item);
        let credit = if item.is_multiple_of(3) { "© Ann Field 2018\n\n    " } else { "" };
        let _ = write!(
            page,
            "\n{}\n\n  {}. {credit}Harbour council opens winter market number {item} for boats\n\n    {}\n\n    \
             Lamps along the quay are lit again after {item} nights of darkness, and the price of apples holds.\n",
            date.format("%B %Y"),
            number + 1,
            date.format("%d %B %Y"),
        );
    }
    page
}

fn inbox(folder: &Path) -> Config {
    let mut text = String::new();
    for source in ["a", "b"] {
        fs::create_dir_all(folder.join("in").join(source)).unwrap();
        let _ = writeln!(text, "[[source]]\nname = \"{source}\"\nsite = \"{source}\"\nfiles = [\"in/{source}/*.txt\"]");
        let _ = writeln!(text, "language = \"en\"\nlayout = \"newsroom\"");
    }
    for n in 0..FILES {
        let date = NaiveDate::from_ymd_opt(2018, 1, 1).unwrap() + Days::new(n / 2 + ITEMS);
        let source = if n.is_multiple_of(2) { "a" } else { "b" };
        fs::write(folder.join("in").join(source).join(format!("news-{date}.txt")), page(n / 2)).unwrap();
    }
    fs::write(folder.join("feedmill.toml"), text).unwrap();
    let given = Given { config: Some(folder.join("feedmill.toml")), ..Given::default() };
    config::load(&given, &Surroundings::default()).unwrap()
}

/// What `feedmill --once` does once the config is read.
fn once(config: &Config) -> Report {
    let mut state = State::hold(&config.state).unwrap();
    let pass = Pass::new(config, &RealDisk);
    let report = pass.run(&mut state.store, &mut state.decided).unwrap();
    state.store.tidy().unwrap();
    report
}

#[divan::bench(sample_count = 20)]
fn cold(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let config = inbox(folder.path());
    let afresh = || {
        for made in [&config.state, &config.output] {
            let _ = fs::remove_dir_all(made);
        }
    };
    bencher.with_inputs(afresh).bench_values(|()| assert_eq!(once(&config).files.read, 1000));
}

#[divan::bench(sample_count = 50)]
fn no_change(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let config = inbox(folder.path());
    // Files written just before they are read are read again; these are not.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    once(&config);
    bencher.bench(|| assert_eq!(once(&config).files.unchanged, 1000));
}

#[divan::bench(sample_count = 50)]
fn one_change(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let config = inbox(folder.path());
    std::thread::sleep(std::time::Duration::from_millis(2100));
    once(&config);
    let mut days = FILES / 2..;
    let capture = || {
        let n = days.next().unwrap();
        let date = NaiveDate::from_ymd_opt(2018, 1, 1).unwrap() + Days::new(n + ITEMS);
        fs::write(folder.path().join(format!("in/a/news-{date}.txt")), page(n)).unwrap();
    };
    bencher.with_inputs(capture).bench_local_values(|()| assert_eq!(once(&config).items.new, 1));
}
