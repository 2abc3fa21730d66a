//! From samples to a config, and from a config back to the samples.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::fs;

use support::harbour::{BRIDGE, FERRY, LAKE};
use support::{Mill, page, told};

const CONFIG: &str = r#"
[[source]]
name   = "news"
files  = ["news/*.txt"]
site   = "harbour"
layout = "newsroom"
"#;

/// Pages in a folder, and no config.
fn pages() -> Mill {
    let mill = Mill::new(CONFIG);
    fs::remove_file(mill.path("feedmill.toml")).unwrap();
    mill.write("harbour news/2021-03-04.txt", page(&[BRIDGE, LAKE]));
    mill.write("harbour news/2021-03-10.txt", page(&[FERRY, BRIDGE]));
    mill
}

const SAMPLES: [&str; 3] = ["init", "harbour news/2021-03-04.txt", "harbour news/2021-03-10.txt"];

#[test]
fn what_init_drafts_reads_the_samples() {
    let mill = pages();
    let ran = mill.run(&SAMPLES);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("2021-03-05  Ferry in a new coat"), "{ran:?}");
    assert!(ran.out.contains(&fs::read_to_string(mill.path("feedmill.toml")).unwrap()), "{ran:?}");
    assert_eq!(mill.run(&["check"]).code, 0);
    let report: serde_json::Value = serde_json::from_str(&mill.run(&["--once", "--format", "json"]).out).unwrap();
    assert_eq!((&report["items"]["total"], &report["feeds"][0]["name"]), (&3.into(), &"harbour news".into()));
}

#[test]
fn a_config_that_is_there_stays_as_it_is() {
    let mill = pages();
    fs::write(mill.path("feedmill.toml"), "# mine\n").unwrap();
    assert_eq!(mill.run(&SAMPLES).code, 2);
    assert_eq!(fs::read_to_string(mill.path("feedmill.toml")).unwrap(), "# mine\n");
    assert_eq!(mill.run(&[&["-c", "other.toml"], &SAMPLES[..]].concat()).code, 0);
    assert_eq!(mill.run(&["-c", "other.toml", "check"]).code, 0);
}

#[test]
fn what_yields_fewer_than_two_items_gives_no_config() {
    let mill = pages();
    mill.write("one.txt", page(&[LAKE]));
    mill.write("none.txt", "The site is being maintained.\n");
    for samples in [&["init", "one.txt"][..], &["init", "none.txt"]] {
        let ran = mill.run(samples);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(!mill.path("feedmill.toml").exists());
    }
    assert_eq!(mill.run(&["init", "harbour news"]).code, 2, "a folder is no sample");
    assert_eq!(mill.run(&["init", "gone.txt"]).code, 2);
}

#[test]
fn folders_are_named_as_their_files_lie_and_whatever_they_are_called() {
    let mill = pages();
    mill.write("a [b]/2021-03-04/x.txt", page(&[BRIDGE, LAKE]));
    mill.write("a [b]/2021-03-10/y.txt", page(&[FERRY, BRIDGE]));
    let ran = mill.run(&["init", "a [b]/2021-03-04/x.txt", "a [b]/2021-03-10/y.txt"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let report: serde_json::Value = serde_json::from_str(&mill.run(&["--once", "--format", "json"]).out).unwrap();
    assert_eq!((&report["items"]["total"], &report["files"]["read"]), (&3.into(), &2.into()), "{ran:?}");
}

#[test]
fn samples_are_read_anew_and_compared_with_the_store() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-03-04.txt", page(&[BRIDGE, LAKE]));
    mill.write("news/2021-03-10.txt", page(&[FERRY, BRIDGE]));
    mill.pass();
    let compared = |mill: &Mill| {
        let ran = mill.run(&["check", "--samples", "--format", "json"]);
        let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        (ran.code, told["samples"].clone())
    };
    let (code, same) = compared(&mill);
    assert_eq!((code, &same["files"]), (0, &2.into()));
    assert!(["gained", "lost", "altered"].iter().all(|kind| same[kind].as_array().unwrap().is_empty()), "{same}");

    // Which number is the day was said one way, and is now said the other.
    mill.configure(&CONFIG.replace("layout", "date_order = \"dmy\"\nlayout"));
    mill.write(
        "news/2021-04-09.txt",
        page(&[told("Tides", "04/05/2021", "High."), told("Winds", "05/05/2021", "Low.")]),
    );
    mill.pass();
    mill.configure(&CONFIG.replace("layout", "date_order = \"mdy\"\nlayout"));
    let (code, turned) = compared(&mill);
    assert_eq!((code, turned["altered"].as_array().unwrap().len()), (0, 1), "{turned}");
    assert_eq!((&turned["altered"][0]["title"], &turned["altered"][0]["fields"][0]), (&"Tides".into(), &"date".into()));

    mill.configure(CONFIG);
    mill.overwrite("news/2021-03-10.txt", page(&[FERRY]));
    let (_, changed) = compared(&mill);
    assert_eq!((&changed["files"], &changed["changed"]), (&2.into(), &1.into()));
}

#[test]
fn what_init_shows_of_a_fixture_is_what_a_pass_takes_in() {
    let mut drafted = 0;
    for folder in ["tests/inputs", "tests/scrapes"] {
        for fixture in fs::read_dir(folder).unwrap() {
            let fixture = fixture.unwrap().path();
            let mill = Mill::new(CONFIG);
            fs::remove_file(mill.path("feedmill.toml")).unwrap();
            let name = format!("page/{}", fixture.file_name().unwrap().to_string_lossy());
            mill.write(&name, fs::read(&fixture).unwrap());
            let ran = mill.run(&["init", &name, "--format", "json"]);
            if !mill.path("feedmill.toml").exists() {
                assert_ne!(ran.code, 0, "{fixture:?}: {ran:?}");
                continue;
            }
            drafted += 1;
            let shown: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
            let passed = mill.run(&["--once", "--format", "json"]);
            assert_eq!(ran.code, passed.code, "{fixture:?}: {ran:?} {passed:?}");
            let passed: serde_json::Value = serde_json::from_str(&passed.out).unwrap();
            assert_eq!(shown["items"], passed["items"]["total"], "{fixture:?}: {shown} {passed}");
        }
    }
    assert!(drafted > 50, "{drafted} fixtures gave a config");
}

#[test]
fn an_order_of_numbers_that_no_sample_shows_is_left_open_and_said_to_be() {
    let mill = Mill::new(CONFIG);
    fs::remove_file(mill.path("feedmill.toml")).unwrap();
    let unclear = [told("Tides", "04/07/2020", "High."), told("Winds", "05/07/2020", "Low.")];
    mill.write("page/a.txt", page(&unclear));
    let ran = mill.run(&["init", "page/a.txt"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let config = fs::read_to_string(mill.path("feedmill.toml")).unwrap();
    assert!(
        config
            .contains("# date_order = \"dmy\"  # or \"mdy\": 04/07/2020 in page/a.txt is 4 July 2020 or 7 April 2020"),
        "{config}"
    );
    assert_eq!(mill.run(&["check"]).code, 0);
    assert!(ran.out.contains("undated     Tides"), "{ran:?}");
    assert!(config.contains("until it is said, such items have no day"), "{config}");

    // Where the name of the file has a day, they are published under that: nothing else dates them.
    fs::remove_file(mill.path("feedmill.toml")).unwrap();
    mill.write("dated/a-2020-07-08.txt", page(&unclear));
    assert_eq!(mill.run(&["init", "dated/a-2020-07-08.txt"]).code, 0);
    let config = fs::read_to_string(mill.path("feedmill.toml")).unwrap();
    assert!(config.contains("they are published under the day of their file"), "{config}");
    for _ in 0..2 {
        let checked = mill.run(&["check"]);
        assert!(
            checked.code == 0 && checked.out.contains("the date of 2 items may be two days (04/07/2020)"),
            "{checked:?}"
        );
        assert!(checked.out.contains("`date_order`"), "{checked:?}");
        assert_eq!(mill.run(&["--once"]).code, 0);
    }
    let checked = mill.run(&["check"]).out;
    assert!(checked.contains("(04/07/2020): published under the day of the capture"), "{checked}");
    mill.configure(&config.replace("# date_order = \"dmy\"", "date_order = \"dmy\""));
    assert_eq!(mill.run(&["--once"]).code, 0);
    assert!(!mill.run(&["check"]).out.contains("two days"));

    // Another page of the same source shows it.
    fs::remove_file(mill.path("feedmill.toml")).unwrap();
    mill.write("page/b.txt", page(&[told("Fog", "28/07/2020", "Thick."), told("Ice", "29/07/2020", "Thin.")]));
    let ran = mill.run(&["init", "page/a.txt", "page/b.txt"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let config = fs::read_to_string(mill.path("feedmill.toml")).unwrap();
    assert!(config.contains("\ndate_order = \"dmy\"\n"), "{config}");
    assert!(ran.out.contains("2020-07-04  Tides"), "{ran:?}");
}

#[test]
fn one_item_that_stands_in_two_samples_is_no_list() {
    let mill = pages();
    mill.write("one/a.txt", page(&[LAKE]));
    mill.write("one/b.txt", page(&[LAKE]));
    let ran = mill.run(&["init", "one/a.txt", "one/b.txt"]);
    assert_eq!(ran.code, 1, "{ran:?}");
}

#[test]
fn init_refuses_what_a_pass_would_refuse_to_read() {
    let mill = pages();
    mill.write("big.txt", "\n".repeat(1_000_001) + "x");
    let ran = mill.run(&["init", "big.txt"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("more than the 1000000"), "{ran:?}");
}

#[test]
fn what_init_drafts_reads_the_pages_of_tomorrow_too() {
    // Where names end in a day, a number or a query, these differ from page to page; and so do folders named by days.
    let samples: [(&[&str], &str, &str); 9] = [
        (&["harbour/news.2021-03-04", "harbour/news.2021-03-10"], "harbour/news.2021-03-15", "harbour/news.*\""),
        (&["harbour/news-1", "harbour/[old] 2"], "harbour/other", "harbour/*\""),
        (&["harbour/[old] 2"], "harbour/[old] 3", r"harbour/\[old\] *'"),
        (&["harbour/page.txt", "harbour/page.txt.1"], "harbour/page.txt.2", "harbour/*.txt*"),
        (&["harbour/index.html?id=3"], "harbour/index.html?id=4", "harbour/*.html*"),
        (&["harbour/2021-03-04/page.txt"], "harbour/2021-03-10/page.txt", "harbour/**/*.txt"),
        (&["harbour/2021/03/04/page.txt"], "harbour/2021/04/10/page.txt", "harbour/**/*.txt"),
        (&["harbour/20210304T0900/page.txt"], "harbour/20210304T0900/other.txt", "harbour/20210304T0900/*.txt"),
        (&["harbour/1843/page.txt"], "harbour/1843/other.txt", "harbour/1843/*.txt"),
    ];
    for (today, tomorrow, pattern) in samples {
        let mill = Mill::new(CONFIG);
        fs::remove_file(mill.path("feedmill.toml")).unwrap();
        for sample in today {
            mill.write(sample, page(&[BRIDGE, LAKE]));
        }
        let ran = mill.run(&[&["init"], today].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        mill.write(tomorrow, page(&[FERRY, BRIDGE]));
        let passed = mill.run(&["--once", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&passed.out).unwrap();
        assert_eq!(report["files"]["read"], today.len() + 1, "{tomorrow}: {ran:?}");
        assert!(ran.out.contains(pattern), "{ran:?}");
        let folder = pattern.split('/').nth(1).filter(|_| pattern.matches('/').count() > 1 && !pattern.contains("**"));
        let name = folder.unwrap_or("harbour");
        assert_eq!(report["feeds"][0]["name"], name, "{ran:?}");
    }
}

#[test]
fn files_beside_the_samples_that_are_called_otherwise_are_left_out_or_counted() {
    let cases: [(&[&str], &[&str], &str, u64); 5] = [
        (&["pages/lakes-2021-03-04.txt"], &["pages/hills-2021-03-04.txt"], "[\"pages/lakes-*.txt\"]", 0),
        (&["2021-03-04/lakes.txt", "2021-03-10/lakes.txt"], &["2021-03-04/hills.txt"], "[\"**/lakes.txt\"]", 0),
        // Pages of tomorrow, by their names.
        (&["pages/lakes-2021-03-04.txt"], &["pages/lakes-2021-03-10.txt"], "[\"pages/*.txt\"]", 1),
        (&["pages/one.txt"], &["pages/two.txt", "pages/three.txt"], "[\"pages/*.txt\"]", 2),
        (&["pages/lakes-1.txt", "pages/hills-1.txt"], &["pages/notes.txt"], "[\"pages/*.txt\"]", 1),
    ];
    for (samples, beside, pattern, others) in cases {
        let mill = Mill::new(CONFIG);
        fs::remove_file(mill.path("feedmill.toml")).unwrap();
        samples.iter().for_each(|name| mill.write(name, page(&[BRIDGE, LAKE])));
        beside.iter().for_each(|name| mill.write(name, page(&[FERRY, BRIDGE])));
        let ran = mill.run(&[&["init"], samples].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        let config = fs::read_to_string(mill.path("feedmill.toml")).unwrap();
        assert!(config.contains(&format!("files    = {pattern}")), "{config}");
        assert_eq!(ran.out.contains("that no sample is"), others > 0, "{ran:?}");
        fs::remove_file(mill.path("feedmill.toml")).unwrap();
        let ran = mill.run(&[&["init", "--format", "json"], samples].concat());
        let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(told["others"], others, "{told}");
    }
}

#[test]
fn what_is_given_to_init_on_the_command_line_is_in_the_config() {
    let mill = pages();
    let given =
        ["-o", "site/out", "--state", "/var/lib/x", "--base-url", "https://a.example/", "--listen", "[::1]:8080"];
    mill.write("a/one", page(&[BRIDGE, LAKE]));
    mill.write("b/two", page(&[FERRY, BRIDGE]));
    let ran = mill.run(&[&["init", "a/one", "b/two"], &given[..]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let config = fs::read_to_string(mill.path("feedmill.toml")).unwrap();
    let table: toml::Table = config.parse().unwrap();
    let told = (&table["output"], &table["state"], &table["base_url"], &table["serve"]["listen"]);
    assert_eq!(
        (told.0.as_str(), told.1.as_str(), told.2.as_str(), told.3.as_str()),
        (Some("site/out"), Some("/var/lib/x"), Some("https://a.example/"), Some("[::1]:8080")),
        "{config}"
    );
    assert!(config.contains("exclude  = [\"site/out\"]"), "{config}");
}

#[test]
fn the_config_is_no_page_whatever_the_patterns_say() {
    let mill = Mill::new(CONFIG);
    fs::remove_file(mill.path("feedmill.toml")).unwrap();
    mill.write("page one", page(&[BRIDGE, LAKE]));
    mill.write("page two", page(&[FERRY, BRIDGE]));
    let ran = mill.run(&["init", "page one", "page two"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let passed = mill.run(&["--once", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&passed.out).unwrap();
    assert_eq!((passed.code, &report["files"]["read"], &report["files"]["ignored"]), (0, &2.into(), &1.into()));
    assert_eq!(mill.run(&["check"]).code, 0);
}

#[test]
fn init_refuses_a_sample_that_no_pass_would_look_at() {
    let mill = pages();
    for name in ["page.txt~", "page.html.part", ".page.txt", "a/.git/page.txt"] {
        mill.write(name, page(&[BRIDGE, LAKE]));
        mill.write("a/b.txt", page(&[BRIDGE, LAKE]));
        let ran = mill.run(&["init", name, "a/b.txt"]);
        assert_eq!(ran.code, 2, "{name}: {ran:?}");
        assert!(ran.err.contains(name) && ran.err.contains("another name"), "{ran:?}");
        assert!(!mill.path("feedmill.toml").exists());
    }
}
