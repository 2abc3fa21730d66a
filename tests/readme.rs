//! What the README says is true: its output is the program's, its config is good.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// The samples in a folder of their own, as they lie beside the README.
fn checkout() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    let lakes = temp.path().join("samples/lakes");
    fs::create_dir_all(&lakes).unwrap();
    for file in fs::read_dir(Path::new(HERE).join("samples/lakes")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), lakes.join(file.file_name())).unwrap();
    }
    temp
}

fn feedmill(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_feedmill"));
    command.env_remove("CONFIGURATION_DIRECTORY").env_remove("STATE_DIRECTORY");
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn readme() -> String {
    fs::read_to_string(Path::new(HERE).join("README.md")).unwrap()
}

/// The fenced blocks of the README in this language.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    readme.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The output that the README shows below `command`, up to the next command.
fn shown(readme: &str, command: &str) -> String {
    let line = format!("$ {command}\n");
    let consoles = blocks(readme, "console");
    let rest = consoles.iter().find_map(|block| block.split_once(&line)).unwrap_or_else(|| panic!("no `{command}`")).1;
    rest.split("$ ").next().unwrap().to_owned()
}

#[test]
fn the_first_minute_goes_as_shown() {
    let (readme, folder) = (readme(), checkout());
    let done = feedmill(folder.path(), &["--once", "samples/lakes"]);
    assert!(done.status.success());
    assert_eq!(stdout(&done), shown(&readme, "cargo run --release -- --once samples/lakes"));

    let page = "samples/lakes/news-2021-06-15.txt";
    let explained = stdout(&feedmill(folder.path(), &["explain", page]));
    // A text that is shortened after a word ends with a blank, which editors remove.
    let explained: String = explained.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let excerpt = shown(&readme, &format!("cargo run --release -- explain {page}"));
    let (head, tail) = excerpt.split_once("…\n").unwrap();
    assert!(explained.starts_with(head), "{explained}");
    assert!(explained.ends_with(tail), "{explained}");
}

#[test]
fn the_config_shown_is_good() {
    let (readme, folder) = (readme(), checkout());
    fs::rename(folder.path().join("samples"), folder.path().join("scrapes")).unwrap();
    fs::write(folder.path().join("feedmill.toml"), &blocks(&readme, "toml")[0]).unwrap();
    let check = feedmill(folder.path(), &["check"]);
    assert_eq!(stdout(&check), shown(&readme, "feedmill check"));
    assert!(check.stderr.is_empty(), "{}", String::from_utf8_lossy(&check.stderr));
    let once = feedmill(folder.path(), &["--once"]);
    assert!(stdout(&once).contains("20 items: 20 new"), "{}", stdout(&once));
}

#[test]
fn categories_and_chosen_feeds_go_as_shown() {
    let (readme, folder) = (readme(), checkout());
    fs::rename(folder.path().join("samples"), folder.path().join("scrapes")).unwrap();
    let toml = blocks(&readme, "toml");
    let chosen = toml.iter().find(|block| block.contains("[[category]]")).unwrap();
    fs::write(folder.path().join("feedmill.toml"), format!("{}{chosen}", toml[0])).unwrap();
    let done = feedmill(folder.path(), &["--once"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let section = readme.split("## Categories").nth(1).unwrap();
    assert_eq!(stdout(&done), shown(section, "feedmill --once"));
}

#[test]
fn a_page_of_a_layout_of_its_own_is_read_as_told() {
    let (readme, folder) = (readme(), tempfile::tempdir().unwrap());
    let toml = blocks(&readme, "toml");
    let layout = toml.iter().find(|block| block.contains("[layout.notices]")).unwrap();
    assert!(layout.lines().filter(|line| !line.is_empty()).count() < 10, "{layout}");
    fs::write(folder.path().join("feedmill.toml"), layout).unwrap();
    fs::create_dir(folder.path().join("pages")).unwrap();
    let page = blocks(&readme, "text").into_iter().find(|block| block.contains("NOTICE |")).unwrap();
    fs::write(folder.path().join("pages/2021-06-20.txt"), page).unwrap();
    let explained = feedmill(folder.path(), &["explain", "pages/2021-06-20.txt"]);
    assert!(explained.status.success());
    let told = stdout(&explained);
    assert!(told.contains("layout notices") && told.ends_with("3 items\n"), "{told}");
    for line in ["1 title     0.0  The north quay is closed to lorries", "3 date      0.0  9 June 2021"] {
        assert!(told.contains(line), "{line}: {told}");
    }
}

/// The worked examples of the README, under ten lines of config each: what a subscriber sees of them.
#[test]
fn the_worked_examples_of_the_readme_give_their_items() {
    for (table, language, file, items) in [
        (
            "fields.items",
            "json",
            "api/2020-06-28.json",
            [
                "A ferry for the outer isles|2020-06-27|The first boat leaves on Monday. It takes bicycles.|https://isles.example.org/n/ferry",
                "Lamps on every quay|2020-06-21||https://isles.example.org/n/lamps",
            ],
        ),
        (
            "select.item",
            "html",
            "pages/2020-06-28.html",
            [
                "Mill census counts eleven wheels|2020-06-27|Eleven of the forty mills still turn.|https://river.example.org/news/mills",
                "Orchards near the ford are open|2020-06-09|Visitors pay by the basket.|https://river.example.org/news/plums",
            ],
        ),
    ] {
        let (readme, folder) = (readme(), tempfile::tempdir().unwrap());
        let config = blocks(&readme, "toml").into_iter().find(|block| block.contains(table)).unwrap();
        assert!(config.lines().count() < 10, "{config}");
        let is_it = |block: &String| block.contains("<!doctype") || block.contains("results");
        let page = blocks(&readme, language).into_iter().find(is_it).unwrap();
        let place = folder.path().join(file);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, page).unwrap();
        fs::write(folder.path().join("feedmill.toml"), config).unwrap();
        let run = |arguments: &[&str]| {
            let done = feedmill(folder.path(), arguments);
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            stdout(&done)
        };
        run(&["--once"]);
        let told: Vec<String> = run(&["items", "--format", "json"])
            .lines()
            .map(|line| {
                let item: serde_json::Value = serde_json::from_str(line).unwrap();
                let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
                [text("title"), text("date"), text("summary"), text("link")].join("|")
            })
            .collect();
        assert_eq!(told, items);
        let explained = run(&["explain", file]);
        assert!(explained.contains(if language == "json" { "<- $.headline" } else { "<- h3" }), "{explained}");
    }
}

#[test]
fn every_command_is_listed() {
    let help = stdout(&feedmill(Path::new(HERE), &["--help"]));
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let readme = readme();
    for command in commands.lines().filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        assert!(readme.contains(&format!("`feedmill {command}")), "the README does not list `{command}`");
    }
}

/// Law 8: faults and drift are the operator's to see, never the subscriber's.
#[test]
fn an_error_page_is_drift_and_changes_no_feed() {
    let folder = checkout();
    assert!(feedmill(folder.path(), &["--once", "samples/lakes"]).status.success());
    let published = || -> BTreeMap<&str, Vec<u8>> {
        let read = |name| (name, fs::read(folder.path().join("public/lakes").join(name)).unwrap());
        ["rss.xml", "atom.xml"].map(read).into()
    };
    let before = published();
    let page = folder.path().join("samples/lakes/news-2021-07-01.txt");
    for text in [
        "502 Bad Gateway\n\nnginx\n",
        "News room\n\nWe are working on this page. Please come back on Monday.\n",
        "Service unavailable\n\nThe server is being serviced until 01 July 2021.\n\nReference: 7f3a-22\n",
    ] {
        fs::write(&page, text).unwrap();
        let done = feedmill(folder.path(), &["--once", "samples/lakes"]);
        assert_eq!(done.status.code(), Some(1), "{text}{}", stdout(&done));
        assert!(String::from_utf8_lossy(&done.stderr).contains("drift"), "{text}");
        assert!(published() == before, "{text}");
    }
    fs::remove_file(&page).unwrap();
    assert!(feedmill(folder.path(), &["--once", "samples/lakes"]).status.success());
    assert!(published() == before);
}
