//! What the operator writes, and what is said of it.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail where it stands"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use feedmill::config::{self, Config, Empty, Feed, Given, KEYS, NoConfig, Surroundings, Undated, WatchMode};
use feedmill::mill::feed::Choice;
use feedmill::mill::scrape::DateOrder;
use tempfile::TempDir;

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: TempDir::new().expect("a folder") }
    }

    fn with(text: &str) -> Self {
        let place = Self::new();
        fs::write(place.path("feedmill.toml"), text).expect("written");
        place
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    fn around(&self) -> Surroundings {
        Surroundings { current: self.dir.path().to_owned(), ..Surroundings::default() }
    }

    fn load(&self, given: &Given) -> Result<Config, NoConfig> {
        config::load(given, &self.around())
    }

    /// What is said of the config, the test's folder replaced by nothing.
    fn refused(&self, given: &Given) -> String {
        match self.load(given) {
            Err(NoConfig::Refused(refusal)) => {
                refusal.render(false).replace(&format!("{}/", self.dir.path().display()), "")
            }
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
}

fn good(text: &str) -> Config {
    match Place::with(text).load(&Given::default()) {
        Ok(config) => config,
        Err(NoConfig::Refused(refusal)) => panic!("{refusal}"),
        Err(NoConfig::Nothing) => panic!("no config"),
    }
}

/// Complaints about `text`, each on one line with its hints.
fn complaints(text: &str) -> Vec<String> {
    match Place::with(text).load(&Given::default()) {
        Err(NoConfig::Refused(refusal)) => {
            refusal.complaints.iter().map(|c| format!("{} | {}", c.what, c.hints.join(" | "))).collect()
        }
        other => panic!("expected a refusal of\n{text}\ngot {other:?}"),
    }
}

const FEED: &str = "[[feed]]\nname = \"f\"\n";
const CATEGORY: &str = "[[source]]\nname = \"a\"\nfiles = [\"scrapes/*.txt\"]\n[[category]]\nname = \"Jobs\"\n";
const SOURCE: &str = "[[source]]\nname = \"a\"\nfiles = [\"scrapes/*.txt\"]\n";

#[test]
fn everything_wrong_is_told_at_once_each_with_its_place() {
    let place = Place::with(
        r#"
outptu = "public"
base_url = "feeds.example.org"

[watch]
rescan = 10

[[source]]
name = "ilo/moscow"
files = "scrapes/*.txt"
timezone = "Europe/Moskow"
limit = 3

[[source]]
name = "beirut"
files = ["scrapes/[a.txt", "scrapes/"]
captured = "news-%Y%m.txt"

[[feed]]
name = "новости"
sources = ["beirt"]
limit = -1
"#,
    );
    insta::assert_snapshot!(place.refused(&Given::default()), @r#"
    error: unknown key `outptu` at the top
     --> feedmill.toml:2:1
      |
    2 | outptu = "public"
      | ^^^^^^
      |
      = help: did you mean `output`?

    error: `base_url`: "feeds.example.org" is no absolute address
     --> feedmill.toml:3:12
      |
    3 | base_url = "feeds.example.org"
      |            ^^^^^^^^^^^^^^^^^^^
      |
      = help: write it whole: https://www.example.org/news/

    error: `rescan` must be a string with a unit, not a number
     --> feedmill.toml:6:10
      |
    6 | rescan = 10
      |          ^^
      |
      = help: write rescan = "10s" for seconds

    error: `name`: the name "ilo/moscow" holds '/'
     --> feedmill.toml:9:8
      |
    9 | name = "ilo/moscow"
      |        ^^^^^^^^^^^^
      |
      = help: a name holds letters and digits of any script, and between them `-`, `_`, `.`, `+` and single blanks

    error: `files` must be a list of strings, not a string
      --> feedmill.toml:10:9
       |
    10 | files = "scrapes/*.txt"
       |         ^^^^^^^^^^^^^^^
       |
       = help: write files = ["scrapes/*.txt"]

    error: `timezone`: there is no zone "Europe/Moskow"
      --> feedmill.toml:11:12
       |
    11 | timezone = "Europe/Moskow"
       |            ^^^^^^^^^^^^^^^
       |
       = help: did you mean "Europe/Moscow"?

    error: unknown key `limit` in [[source]]
      --> feedmill.toml:12:1
       |
    12 | limit = 3
       | ^^^^^
       |
       = help: `limit` belongs to [[feed]]

    error: `files`: "[a.txt" is no pattern: unclosed character class; missing ']'
      --> feedmill.toml:16:10
       |
    16 | files = ["scrapes/[a.txt", "scrapes/"]
       |          ^^^^^^^^^^^^^^^^
       |
       = help: `*` is any run of characters, `**` any folders, `?` one character, `{a,b}` one or the other, `[0-9]` a range

    error: `files`: "scrapes/" names a folder, not files
      --> feedmill.toml:16:28
       |
    16 | files = ["scrapes/[a.txt", "scrapes/"]
       |                            ^^^^^^^^^^
       |
       = help: write "scrapes/**/*.txt" for the text files below it

    error: `captured`: the pattern has to hold a whole day: `%Y`, `%m` and `%d`
      --> feedmill.toml:17:12
       |
    17 | captured = "news-%Y%m.txt"
       |            ^^^^^^^^^^^^^^^
       |
       = help: write it like the names of the files: captured = "news-%Y%m%d-%H%M.txt"

    error: there is no source "beirt"
      --> feedmill.toml:21:12
       |
    21 | sources = ["beirt"]
       |            ^^^^^^^
       |
       = help: did you mean "beirut"?

    error: `limit` is out of range
      --> feedmill.toml:22:9
       |
    22 | limit = -1
       |         ^^
       |
       = help: write how many of the newest items the feed's head holds; 0 is all

    feedmill: 12 errors in feedmill.toml; nothing was read or written
    "#);
}

#[test]
fn what_is_no_toml_is_shown_where_it_breaks() {
    let place = Place::with("state = \"var\noutput = public\n[[source]\nname = \"a\"\n");
    insta::assert_snapshot!(place.refused(&Given::default()), @r#"
    error: not TOML: invalid basic string, expected `"`
     --> feedmill.toml:1:13
      |
    1 | state = "var
      |             ^

    error: not TOML: string values must be quoted, expected literal string
     --> feedmill.toml:2:10
      |
    2 | output = public
      |          ^^^^^^

    error: not TOML: unclosed array table, expected `]`
     --> feedmill.toml:3:10
      |
    3 | [[source]
      |          ^

    feedmill: 3 errors in feedmill.toml; nothing was read or written
    "#);
}

#[test]
fn the_same_name_twice_shows_both_places() {
    let place = Place::with(&format!("{SOURCE}{SOURCE}"));
    insta::assert_snapshot!(place.refused(&Given::default()), @r#"
    error: two sources are named "a"
     --> feedmill.toml:5:8
      |
    2 | name = "a"
      |        --- the first
    ...
    5 | name = "a"
      |        ^^^
      |
      = help: give each its own name, or put all patterns into one source

    feedmill: 1 error in feedmill.toml; nothing was read or written
    "#);
}

#[test]
fn a_pattern_that_reaches_the_output_is_refused() {
    let place = Place::with("output = \"site\"\n[[source]]\nname = \"a\"\nfiles = [\"**/*.txt\"]\n");
    insta::assert_snapshot!(place.refused(&Given::default()), @r#"
    error: source "a": this pattern can match what feedmill itself writes: site/x.txt
     --> feedmill.toml:4:10
      |
    4 | files = ["**/*.txt"]
      |          ^^^^^^^^^^
      |
      = help: name the folder of the scrapes in the pattern, or exclude the output with `exclude`

    feedmill: 1 error in feedmill.toml; nothing was read or written
    "#);
}

#[test]
fn colour_comes_only_when_asked_for() {
    let place = Place::with("nonsense = 1\n");
    let Err(NoConfig::Refused(refusal)) = place.load(&Given::default()) else { panic!("a refusal") };
    assert!(refusal.render(true).contains('\u{1b}'));
    assert!(!refusal.render(false).contains('\u{1b}'));
    assert!(!refusal.to_string().contains('\u{1b}'));
}

/// A good config but for what it says of hubs.
fn hubs(hubs: &str) -> String {
    format!("base_url = \"https://x.org/\"\n{SOURCE}[websub]\nhubs = [{hubs}]\n")
}

#[test]
fn one_thing_wrong_is_one_complaint() {
    for (text, part) in [
        // keys
        (
            "[[source]]\nname = \"a\"\nfile = [\"x/*.txt\"]\nfiles = [\"x/*.txt\"]\n",
            "unknown key `file` in [[source]] | did you mean `files`?",
        ),
        (&format!("{SOURCE}listen = \"x\"\n"), "`listen` belongs to [serve]"),
        (&format!("{SOURCE}base_url = \"https://x.org\"\n"), "`base_url` belongs at the top"),
        (
            "[[source]]\nname = \"index.html\"\nfiles = [\"x/*.txt\"]\n",
            "\"index.html\" is a file that feedmill publishes itself | choose another name",
        ),
        // places
        (
            "state = \"~/fm\"\n[[source]]\nname = \"a\"\nfiles = [\"x/*.txt\"]\n",
            "`state`: `~` stands for no home in \"~/fm\"",
        ),
        ("[[source]]\nname = \"a\"\nfiles = [\"~/x/*.txt\"]\n", "`files`: `~` stands for no home in \"~/x/*.txt\""),
        (
            "[[source]]\nname = \"a\"\nfiles = [\"~fm/x/*.txt\"]\n",
            "`files`: `~fm` stands for no home in \"~fm/x/*.txt\" | write the whole path; a folder that is called ~fm is \
             written ./~fm",
        ),
        (
            "state = \"${STATE_DIRECTORY}/fm\"\n[[source]]\nname = \"a\"\nfiles = [\"./$x/*.txt\"]\n",
            "`state`: `${STATE_DIRECTORY}` stands for no variable in",
        ),
        (
            "[[source]]\nname = \"a\"\nfiles = [\"x\\y.txt\"]\n",
            "not TOML: missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\\`, `\"`, `x`, `u`, `U` | in \"…\" a \\ \
             begins an escape: write paths with /, and patterns in '…'",
        ),
        (
            "[[source]]\nname = \"a\"\nfiles = [\"x/*.txt\"]\nexclude = [\"~/x/*\"]\n",
            "`exclude`: `~` stands for no home in \"~/x/*\"",
        ),
        (
            "output = \"~\"\n[[source]]\nname = \"a\"\nfiles = [\"./~/*.txt\", \"./~fm/*.txt\", \"~fm*/*.txt\"]\n",
            "in \"~\" | write the whole path; a folder that is called ~ is written ./~",
        ),
        (&format!("{SOURCE}colour = 1\n"), "the keys here are `name`, `files`"),
        (
            &format!("{SOURCE}[layout.mine]\nitem = \"titel date\"\n"),
            "`item`: \"titel\" is no place of an item; the places are credit, kicker, title",
        ),
        (&format!("{SOURCE}[layout.mine]\nunit = \"line\"\n"), "layout \"mine\" has no `item`"),
        (&format!("{SOURCE}[layout.mine]\nitem = \"title\"\nunit = \"page\"\n"), "`unit` can't be \"page\""),
        (&format!("{SOURCE}[layout.mine]\nitem = \"title\"\nheading = [\"week\"]\n"), "`heading` holds what is no"),
        (&format!("{SOURCE}[layout.mine]\nitem = \"title\"\nnoise = '(x'\n"), "`noise` is no pattern: unclosed group"),
        (&format!("{SOURCE}[layout.mine]\nitem = \"title\"\ncolour = 1\n"), "unknown key `colour` in a layout"),
        (&format!("{SOURCE}[layout.mine]\nitem = 3\n"), "`item` must be a string"),
        // what a source says of a layout that is broken is not wrong as well
        (
            &format!("{SOURCE}layout = \"mine\"\n[layout.mine]\nitem = \"title\"\nnoise = '('\n"),
            "`noise` is no pattern: unclosed group",
        ),
        (
            &format!("{SOURCE}layout = \"undated + mine\"\n[layout.mine]\nitem = \"titel\"\n"),
            "`item`: \"titel\" is no place",
        ),
        (
            &format!("{SOURCE}layout = \"mine\"\n[layout]\nmine = 3\n"),
            "the layout `mine` must be a table, not a number",
        ),
        // patterns that fit every line
        (
            &format!("{SOURCE}[layout.mine]\nitem = \"title\"\nnoise = \"\"\n"),
            "`noise` fits every line | leave it out, or write",
        ),
        (&format!("{SOURCE}[layout.mine]\nitem = \"title\"\nkicker = 'x?'\n"), "`kicker` fits every line"),
        (&format!("{SOURCE}[layout.mine]\nitem = \"title\"\nmarker = '-*'\n"), "`marker` fits every line"),
        // forms and what says where the fields stand in them
        (
            &format!("{SOURCE}format = \"csv\"\nselect.item = \"li\"\nselect.title = \"a\"\n"),
            "[source.select], but `format` is \"csv\": it says nothing of such files | [source.select] is for HTML",
        ),
        (
            &format!("{SOURCE}format = \"html\"\nfields.title = \"a\"\n"),
            "[source.fields], but `format` is \"html\": it says nothing of such files | [source.fields] is for JSON",
        ),
        (&format!("{SOURCE}format = \"feed\"\nfields.title = \"a\"\n"), "[source.fields], but `format` is \"feed\""),
        (&format!("{SOURCE}fields.title = 0\n"), "`title` can't be 0: columns are counted from 1"),
        (&format!("{SOURCE}fields.title = -1\n"), "`title` can't be -1: columns are counted from 1"),
        (&format!("{SOURCE}fields.title = \"\"\n"), "`title` is empty | it has no default: say what it is"),
        // kinds
        (&format!("state = 3\n{SOURCE}"), "`state` must be a string, not a number | write state = \"3\""),
        (&format!("state = \"\"\n{SOURCE}"), "`state` is empty"),
        (
            "[source]\nname = \"a\"\nfiles = [\"x/*.txt\"]\n",
            "`source` must be a list of tables, not a table | write [[source]]",
        ),
        (
            &format!("{SOURCE}[[feed]]\nname = \"f\"\nsources = \"a\"\n"),
            "`sources` must be a list of strings, not a string | write sources = [\"a\"]",
        ),
        (
            &format!("{SOURCE}[[feed]]\nname = \"f\"\nsources = [\"a\", 1]\n"),
            "`sources` must be a list of strings, not a number",
        ),
        (&format!("{SOURCE}[[feed]]\nname = \"f\"\nsources = [\"a\"]\nlimit = \"all\"\n"), "`limit` must be a number"),
        (&format!("watch = \"poll\"\n{SOURCE}"), "`watch` must be one table, not a string | write [watch]"),
        (&format!("{SOURCE}[operations]\npublish = \"yes\"\n"), "`publish` must be true or false"),
        // what is missing
        ("state = \"x\"\n", "no [[source]]"),
        ("", "no [[source]]"),
        ("[[source]]\nfiles = [\"x/*.txt\"]\n", "[[source]] without a `name`"),
        ("[[source]]\nname = \"a\"\n", "[[source]] without `files`"),
        ("[[source]]\nname = \"a\"\nfiles = []\n", "`files` is empty"),
        (&format!("{SOURCE}[[feed]]\nname = \"f\"\nsources = []\n"), "`sources` is empty"),
        (&format!("{SOURCE}[serve]\n"), "[serve] without `listen`"),
        (
            &format!("{SOURCE}[websub]\nhubs = [\"https://hub.example/\"]\n"),
            "hubs, but no `base_url` | hubs and their subscribers need the address of a feed: write base_url = ",
        ),
        // values
        (&hubs("\"hub.example\""), "`hubs`: \"hub.example\" is no absolute address | write it whole"),
        (&hubs("\"https://me:secret@hub.example/\""), "holds a user name | leave it out"),
        (&hubs("\"https://hub.example/#a\""), "holds a fragment"),
        (&hubs("\"https://hub.example/\", \"https://HUB.example/\""), "the hub https://hub.example/ is named twice"),
        (
            &hubs(&(0..9).map(|n| format!("\"http://hub{n}.example\"")).collect::<Vec<_>>().join(", ")),
            "9 hubs, more than the 8 that can be told",
        ),
        (&format!("{SOURCE}timezone = \"Moscow\"\n"), "there is no zone \"Moscow\" | did you mean \"Europe/Moscow\"?"),
        (&format!("{SOURCE}language = \"russian\"\n"), "\"russian\" is no language tag"),
        (&format!("{SOURCE}layout = \"newsrom\"\n"), "`layout` can't be \"newsrom\" | did you mean \"newsroom\"?"),
        (&format!("{SOURCE}undated = \"now\"\n"), "it can be \"skip\" or \"first-seen\""),
        (&format!("{SOURCE}date_order = \"american\"\n"), "it can be \"dmy\" or \"mdy\" or \"ymd\""),
        (&format!("{SOURCE}empty = \"ok\"\n"), "`empty` can't be \"ok\""),
        (&format!("{SOURCE}url = \"www.ilo.org\"\n"), "no absolute address"),
        (&format!("{SOURCE}title = \"two\\nlines\"\n"), "`title` holds a line break"),
        (&format!("{SOURCE}captured = \"%s.txt\"\n"), "`%s` is not one of"),
        (&format!("{SOURCE}site_was = [\"\"]\n"), "`site_was` can't hold \"\""),
        (&format!("{SOURCE}[watch]\nmode = \"inotify\"\n"), "`mode` can't be \"inotify\""),
        (&format!("{SOURCE}[watch]\nrescan = \"0s\"\n"), "`rescan` can't be \"0s\" | it can be 1s to 86400s"),
        (&format!("{SOURCE}[serve]\nlisten = \"localhost:80\"\n"), "write \"127.0.0.1:80\""),
        (
            &format!("{SOURCE}[serve]\nsocket = \"/run/{}\"\n", "x".repeat(103)),
            "`socket`: the whole path has 108 bytes, and that of a socket file 107 at most",
        ),
        // names
        ("[[source]]\nname = \"../x\"\nfiles = [\"x/*.txt\"]\n", "the name \"../x\" holds '/'"),
        ("[[source]]\nname = \"\"\nfiles = [\"x/*.txt\"]\n", "a name can't be empty"),
        (&format!("{SOURCE}[[feed]]\nname = \".git\"\nsources = [\"a\"]\n"), "starts with a full stop"),
        (
            &format!("{SOURCE}[[feed]]\nname = \"f\"\nsources = [\"a\"]\n[[feed]]\nname = \"F\"\nsources = [\"a\"]\n"),
            "differ in case only",
        ),
        (&format!("{SOURCE}[[feed]]\nname = \"f\"\nsources = [\"a\", \"a\"]\n"), "source \"a\" is named twice"),
        (&format!("{SOURCE}keep = \"5 years\"\n"), "`keep`: \"5 years\" is no age | write a number with its unit"),
        (
            &format!("{SOURCE}keep = \"99999y\"\n"),
            "`keep`: \"99999y\" is out of range | write a number from 1 to 10000, or leave the key out",
        ),
        (&format!("{SOURCE}keep = \"0d\"\n"), "`keep`: \"0d\" is out of range"),
        (&format!("{SOURCE}keep_at_least = 5\n"), "`keep_at_least` without `keep`"),
        (&format!("{SOURCE}keep = \"5y\"\nkeep_at_least = -1\n"), "`keep_at_least` is out of range"),
        // what feeds and categories choose by
        (&format!("{CATEGORY}include = [\"(\"]\n"), "`include`: no pattern: unclosed group | a pattern is"),
        (&format!("{CATEGORY}include = ['(\\w{{100}}){{100}}']\n"), "it would take more than 1024 KiB"),
        (&format!("{CATEGORY}exclude = [\"x?\"]\n"), "it fits every item"),
        (&format!("{CATEGORY}include = []\n"), "`include` is empty"),
        (&format!("{CATEGORY}in = \"title\"\n"), "`in` without `include` or `exclude`"),
        (
            &format!("{CATEGORY}include = [\"x\"]\nin = \"titel\"\n"),
            "`in` can't be \"titel\" | did you mean \"title\"?",
        ),
        (&format!("{CATEGORY}sources = [\"b\"]\n"), "there is no source \"b\" | did you mean \"a\"?"),
        (&format!("{CATEGORY}[[category]]\nname = \"jobs!\"\n"), "two categories are named \"jobs!\""),
        (&format!("{SOURCE}[[category]]\ntopics = [\"x\"]\n"), "[[category]] without a `name`"),
        (&format!("{SOURCE}[[category]]\nname = \" \"\n"), "`name` is empty | it has no default: say what it is"),
        (&format!("{CATEGORY}{FEED}categories = [\"Jobz\"]\n"), "no category \"Jobz\" | did you mean \"Jobs\"?"),
        (
            &format!("{SOURCE}{FEED}categories = [\"Fish\"]\n"),
            "no category \"Fish\" | define it: [[category]] with name = \"Fish\"",
        ),
        (&format!("{SOURCE}{FEED}sites = [\"b\"]\n"), "there is no site \"b\" | did you mean \"a\"?"),
        (&format!("{SOURCE}{FEED}languages = [\"auto\"]\n"), "`languages` can't hold \"auto\""),
        (&format!("{SOURCE}language = \"de\"\n{FEED}languages = [\"en\"]\n"), "no source is left"),
        (
            &format!("{SOURCE}{FEED}since = 2020-02-01\nuntil = \"2020-01-31\"\n"),
            "`until` 2020-01-31 is before `since`",
        ),
        (&format!("{SOURCE}{FEED}since = \"last year\"\n"), "`since` must be a day | write since = 2020-06-01"),
        (&format!("{SOURCE}{FEED}since = 2020-02-01T00:00:00Z\n"), "`since` must be a day"),
        (&format!("{SOURCE}{FEED}include = ['\\d+(']\n"), "`include`: no pattern"),
        (
            &format!("{SOURCE}[[feed]]\nname = \"f\"\nsources = [\"b\"]\n"),
            "there is no source \"b\" | did you mean \"a\"?",
        ),
        // sites
        (
            &format!(
                "{SOURCE}site = \"s\"\nsite_was = [\"old\"]\n[[source]]\nname = \"b\"\nfiles = [\"b/*\"]\nsite = \"s\"\n"
            ),
            "two sources show the site \"s\" but differ in `site_was`",
        ),
        (
            &format!(
                "{SOURCE}site = \"s\"\nsite_was = [\"old\"]\n[[source]]\nname = \"b\"\nfiles = [\"b/*\"]\nsite = \"old\"\n"
            ),
            "two sites make their ids under one name, \"old\"",
        ),
        // places
        (&format!("state = \"x\"\noutput = \"x\"\n{SOURCE}"), "state and output are the same folder"),
        (&format!("state = \"x\"\noutput = \"x/y\"\n{SOURCE}"), "lies inside the state folder"),
        (&format!("state = \"x/y\"\noutput = \"x\"\n{SOURCE}"), "lies inside the output folder"),
        (&format!("output = \"x/../public\"\nstate = \"public/.feedmill\"\n{SOURCE}"), "lies inside the output folder"),
        (
            "output = \"scrapes\"\n[[source]]\nname = \"a\"\nfiles = [\"scrapes/*.txt\"]\n",
            "these files lie inside the output folder",
        ),
        (
            "output = \"scrapes\"\n[[source]]\nname = \"a\"\nfiles = [\"scrapes/in/*.txt\"]\n",
            "these files lie inside the output folder",
        ),
        ("[[source]]\nname = \"a\"\nfiles = [\"**/*.xml\"]\n", "can match what feedmill itself writes: "),
        ("[[source]]\nname = \"a\"\nfiles = [\"*/a/*.json\"]\n", "public/a/feed.json"),
        ("[[source]]\nname = \"a\"\nfiles = [\"**/*.css\"]\n", "public/style.css"),
        ("state = \"var\"\n[[source]]\nname = \"a\"\nfiles = [\"*/*.jsonl\"]\n", "var/decisions.jsonl"),
        ("[[source]]\nname = \"a\"\nfiles = [\"**/news-[0-9].{md,txt}\"]\n", "public/news-0.md"),
    ] {
        let told = complaints(text);
        assert_eq!(told.len(), 1, "{text}\n{told:#?}");
        assert!(told[0].contains(part), "{text}\nwanted {part:?}, got {told:#?}");
    }
}

#[test]
fn a_pattern_that_cannot_reach_what_is_written_passes() {
    for (head, files, exclude) in [
        ("", "*.txt", ""),
        ("", "scrapes/**/*.xml", ""),
        ("state = \"var\"\noutput = \"var/public\"\n", "scrapes/*.txt", ""),
        ("", "**/*.txt", "public"),
        ("", "**/*.txt", "public/**"),
        ("output = \"../elsewhere\"\n", "**/*.txt", ""),
    ] {
        good(
            &format!("{head}[[source]]\nname = \"a\"\nfiles = [\"{files}\"]\nexclude = [\"{exclude}\"]\n")
                .replace("[\"\"]", "[]"),
        );
    }
}

#[test]
fn defaults_are_those_of_the_contract() {
    let config = good(SOURCE);
    let folder = config.file.as_ref().and_then(|file| file.parent()).expect("a folder").to_owned();
    assert_eq!((config.state, config.output), (folder.join(".feedmill"), folder.join("public")));
    assert_eq!((config.base_url, config.serve), (None, None));
    assert_eq!(config.watch.mode, WatchMode::Auto);
    assert_eq!((config.watch.rescan, config.watch.settle), (Duration::from_secs(600), Duration::from_secs(1)));
    assert_eq!((config.operations.publish, config.operations.listen), (false, None));
    assert_eq!((config.websub.hubs, config.websub.once), (vec![], true));
    assert_eq!(
        config.feeds,
        [Feed {
            name: "a".into(),
            title: "a".into(),
            sources: vec![0],
            choice: Choice::default(),
            keep: None,
            limit: 50
        }]
    );
    let source = &config.sources[0];
    assert_eq!((source.site.as_str(), source.namespace_site(), source.title.as_str()), ("a", "a", "a"));
    assert_eq!((source.undated, source.empty, source.date_order), (Undated::Skip, Empty::Drift, None));
    assert_eq!((&source.language, &source.layout, &source.url), (&None, &None, &None));
    assert_eq!(source.timezone, feedmill::mill::zone::Zone::UTC);
    assert!(config.warnings.iter().any(|w| w.contains("no `site`")), "{:?}", config.warnings);
}

#[test]
fn what_is_to_be_said_of_hundreds_of_sources_is_said_once() {
    let sources: String =
        (0..300).map(|n| format!("[[source]]\nname = \"s{n}\"\nfiles = [\"in/s{n}/*.txt\"]\n")).collect();
    let config = good(&format!("{sources}[[feed]]\nname = \"f\"\nsources = [\"s0\"]\n"));
    let [sites, feeds] = config.warnings.as_slice() else { panic!("{:?}", config.warnings) };
    assert!(sites.starts_with("sources \"s0\", \"s1\", \"s2\", \"s3\", \"s4\" and 295 more have no `site`"), "{sites}");
    assert_eq!(feeds, "sources \"s1\", \"s2\", \"s3\", \"s4\", \"s5\" and 294 more are in no feed");
}

#[test]
fn a_feed_shows_the_sources_that_all_it_says_leaves() {
    let sources: String = [
        ("a", "x", "en"),
        ("b", "x", "pt-BR"),
        ("c", "y", "pt"),
        ("d", "y", "ptx"),
        ("e", "z", "auto"),
    ]
    .map(|(name, site, language)| {
        format!("[[source]]\nname = \"{name}\"\nfiles = [\"{name}/*\"]\nsite = \"{site}\"\nlanguage = \"{language}\"\n")
    })
    .concat();
    for (said, expected) in [
        ("", vec![0, 1, 2, 3, 4]),
        ("sites = [\"y\", \"x\"]", vec![0, 1, 2, 3]),
        // What `auto` lists is chosen item by item.
        ("languages = [\"pt\"]", vec![1, 2, 4]),
        ("languages = [\"pt-BR\", \"en\"]", vec![0, 1, 4]),
        ("sources = [\"d\", \"c\", \"a\"]\nsites = [\"y\"]", vec![3, 2]),
        ("sources = [\"a\", \"b\"]\nsites = [\"x\"]\nlanguages = [\"pt\"]", vec![1]),
    ] {
        let config = good(&format!("{sources}{FEED}{said}\n"));
        assert_eq!(config.feeds[0].sources, expected, "{said}");
    }
}

#[test]
fn the_config_that_is_shipped_holds_every_key_and_is_good() {
    let text = fs::read_to_string("config/feedmill.toml").expect("the file");
    let config = good(&text);
    assert_eq!(config.warnings, Vec::<String>::new());
    let source = &config.sources[0];
    assert_eq!(source.date_order, Some(DateOrder::Dmy));
    assert_eq!(source.timezone.to_string(), "Europe/Moscow");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let mut table = String::new();
    let mut found = Vec::new();
    for line in lines {
        if line.starts_with('[') {
            table = line.split(" #").next().unwrap_or(line).trim().to_owned();
            found.push((String::new(), table.trim_matches(['[', ']']).to_owned()));
            if let Some((outer, key)) = table.trim_matches(['[', ']']).split_once('.') {
                found.push((format!("[[{outer}]]"), key.to_owned()));
            }
        } else if let Some((key, _)) = line.split_once('=')
            && !line.starts_with(' ')
        {
            found.push((table.clone(), key.trim().to_owned()));
        }
    }
    for (table, keys) in KEYS {
        for key in keys.split(' ') {
            assert!(found.contains(&((*table).to_owned(), key.to_owned())), "{key} of {table:?} is not shown");
        }
    }
    // What is shown as a default is the default.
    let plain = good("[[source]]\nname = \"a\"\nfiles = [\"a/*\"]\n");
    assert_eq!(config.watch, plain.watch);
    assert_eq!(config.operations.publish, plain.operations.publish);
    assert_eq!(config.websub.once, plain.websub.once);
    assert_eq!((source.undated, source.empty), (plain.sources[0].undated, plain.sources[0].empty));
    assert_eq!(source.layout, None);
    assert_eq!(config.feeds[0].limit, plain.feeds[0].limit);
    assert_eq!(config.state.file_name(), plain.state.file_name());
    assert_eq!(config.output.file_name(), plain.output.file_name());
}

#[test]
fn fields_and_selectors_that_cannot_be_read_are_told_where() {
    let place = Place::with(
        r#"
[[source]]
name = "a"
site = "a"
files = ["scrapes/*.json"]
format = "jsn"

[source.fields]
items = "results"
date = "$.x["
colour = "c"

[source.select]
item = "ul > li:hover"
"#,
    );
    insta::assert_snapshot!(place.refused(&Given::default()));
    assert_eq!(
        complaints(&format!("{SOURCE}fields = 3\n")),
        ["`fields` must be one table, not a number | write [source.fields] on a line of its own"]
    );
}

#[test]
fn fields_and_selectors_go_with_the_forms_that_they_speak_of() {
    let fields = "fields.title = \"a\"\n";
    let select = "select.item = \"li\"\nselect.title = \"a\"\n";
    for form in ["json", "jsonl", "csv", "tsv", "auto"] {
        good(&format!("{SOURCE}format = \"{form}\"\n{fields}"));
    }
    for form in ["html", "auto"] {
        good(&format!("{SOURCE}format = \"{form}\"\n{select}"));
    }
    // A source may hold both kinds of files.
    good(&format!("{SOURCE}{fields}{select}"));
}

#[test]
fn a_pattern_that_fits_only_blank_lines_is_no_mistake() {
    for noise in ["^\\s*$", "^\\W*$", "^\\P{L}*$", "^[^a-z]*$", "^.{0,2}$"] {
        good(&format!("{SOURCE}[layout.mine]\nitem = \"title\"\nnoise = '{noise}'\n"));
    }
}

#[test]
fn what_is_wrong_on_the_command_line_is_not_counted_as_the_config_s() {
    let given = Given { base_url: Some("foo".into()), ..Given::default() };
    let ends = |text: &str| {
        let said = Place::with(text).refused(&given);
        said.trim_end().lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(ends(SOURCE), "feedmill: 1 error; nothing was read or written");
    assert_eq!(
        ends(&format!("{SOURCE}colour = 1\n")),
        "feedmill: 2 errors, 1 of them in feedmill.toml; nothing was read or written"
    );
    assert_eq!(ends(""), "feedmill: 2 errors, 1 of them in feedmill.toml; nothing was read or written");
}

#[test]
fn the_command_line_comes_first_then_the_config_then_the_service_manager() {
    let place = Place::with(&format!("state = \"s\"\nbase_url = \"https://a.org\"\n{SOURCE}"));
    let mut around = place.around();
    around.state_directory = Some("/var/lib/feedmill:/var/lib/other".into());
    let load = |given: &Given| config::load(given, &around).expect("a config");
    let config = load(&Given::default());
    assert_eq!(config.state, place.path("s"));
    assert_eq!(config.output, Path::new("/var/lib/feedmill/public"));
    assert_eq!(config.base_url.as_ref().map(feedmill::mill::feed::Address::as_str), Some("https://a.org/"));
    let given = Given {
        state: Some("here".into()),
        output: Some("/out".into()),
        base_url: Some("http://b.org/x".into()),
        listen: Some("127.0.0.1:1".into()),
        ..Given::default()
    };
    let config = load(&given);
    assert_eq!((config.state, config.output), (place.path("here"), PathBuf::from("/out")));
    assert_eq!(config.base_url.as_ref().map(feedmill::mill::feed::Address::as_str), Some("http://b.org/x/"));
    let listens = config.serve.and_then(|serve| serve.listen).map(|listen| listen.to_string());
    assert_eq!(listens.as_deref(), Some("127.0.0.1:1"));
    let said = place.refused(&Given { base_url: Some("b.org".into()), listen: Some("b".into()), ..Given::default() });
    assert!(said.contains("--base-url: ") && said.contains("--listen: "), "{said}");
}

#[test]
fn the_config_is_looked_for_where_the_contract_says() {
    let place = Place::with(SOURCE);
    let found = |given: &Given, around: &Surroundings| config::find(given, around);
    assert_eq!(found(&Given::default(), &place.around()), Some(place.path("feedmill.toml")));
    let given = Given { config: Some("other.toml".into()), ..Given::default() };
    assert_eq!(found(&given, &place.around()), Some(place.path("other.toml")));
    assert!(place.refused(&given).contains("cannot read the config other.toml"));
    let empty = Place::new();
    let around = Surroundings {
        configuration_directory: Some(format!("/nonexistent:{}", place.dir.path().display()).into()),
        ..empty.around()
    };
    assert_eq!(found(&Given::default(), &around), Some(place.path("feedmill.toml")));
    assert!(matches!(empty.load(&Given::default()), Err(NoConfig::Nothing)));
    // Paths start from the folder of the config, not from where feedmill runs.
    let config = config::load(&Given::default(), &around).expect("a config");
    assert_eq!(config.output, place.path("public"));
    assert_eq!(config.sources[0].files.roots()[0].folder, place.path("scrapes"));
}

#[test]
fn a_config_that_cannot_be_read_says_why() {
    let place = Place::new();
    fs::write(place.path("latin.toml"), b"state = \"x\"\noutput = \"caf\xE9\"\n").expect("written");
    let said = place.refused(&Given { config: Some("latin.toml".into()), ..Given::default() });
    assert!(said.contains("not UTF-8: line 2"), "{said}");
    fs::create_dir(place.path("folder")).expect("made");
    let said = place.refused(&Given { config: Some("folder".into()), ..Given::default() });
    assert!(said.contains("cannot read the config folder"), "{said}");
    let said = place.refused(&Given { config: Some("/dev/zero".into()), ..Given::default() });
    assert!(said.contains("too large"), "{said}");
    // A byte order mark and the line ends of another system are no errors.
    good(&format!("\u{feff}{}", SOURCE.replace('\n', "\r\n")));
}

#[test]
fn folders_stand_in_for_a_config() {
    let place = Place::new();
    for folder in ["scrapes", "other/Scrapes", "we?rd"] {
        fs::create_dir_all(place.path(folder)).expect("made");
    }
    let dirs = |dirs: &[&str]| Given { dirs: dirs.iter().map(PathBuf::from).collect(), ..Given::default() };
    let config = place.load(&dirs(&["scrapes", "we?rd", "./scrapes/"])).expect("a config");
    let names: Vec<&str> = config.feeds.iter().map(|feed| feed.name.as_str()).collect();
    assert_eq!(names, ["scrapes", "we-rd"]);
    assert_eq!(config.warnings, ["./scrapes/ is named twice; it is read once"]);
    assert_eq!((config.state, config.output), (place.path(".feedmill"), place.path("public")));
    let here = Place::new();
    let config = here.load(&dirs(&["."])).expect("a config");
    let name = here.dir.path().file_name().expect("a name").to_string_lossy().trim_start_matches('.').to_owned();
    assert_eq!(config.feeds[0].name, name);
    for (given, part) in [
        (dirs(&["nowhere"]), "cannot read the folder nowhere"),
        // Ids are made of the name: neither order nor number may decide whose items are whose.
        (dirs(&["scrapes", "other/Scrapes"]), "other/Scrapes would make a feed \"Scrapes\", and another folder makes"),
        (dirs(&["other/Scrapes", "scrapes"]), "scrapes would make a feed \"scrapes\", and another folder makes"),
        (Given { output: Some(".".into()), ..dirs(&["scrapes"]) }, "scrapes lies in the output folder"),
        (
            Given { state: Some("scrapes/s".into()), output: Some("scrapes/s/x".into()), ..dirs(&["scrapes"]) },
            "inside the state folder",
        ),
    ] {
        let said = place.refused(&given);
        assert!(said.contains(part), "{said}");
    }
    let both = Place::with(SOURCE);
    fs::create_dir(both.path("scrapes")).expect("made");
    let said = both.refused(&dirs(&["scrapes"]));
    assert!(said.contains("and a config as well: feedmill.toml"), "{said}");
}

#[test]
fn each_built_in_layout_can_be_named() {
    for name in feedmill::mill::scrape::layouts() {
        let config = good(&format!("{SOURCE}layout = \"{name}\"\n"));
        assert_eq!(config.sources[0].layout.as_deref(), Some(*name));
    }
}

#[test]
fn a_layout_of_ones_own_reads_a_page_that_no_built_in_reads() {
    // Photo lines come last, and each section is a short line: `heading = "section"` makes it no guess.
    let config = good(
        "[[source]]\nname = \"harbour\"\nfiles = [\"inbox/*.txt\"]\nlayout = \"harbour\"\nlanguage = \"en\"\n\n\
         [layout.harbour]\nitem = \"kicker? title summary* date credit?\"\nheading = [\"section\", \"year\"]\n\
         unit = \"line\"\nkicker = '^[A-Z]{2,}$'\nnoise = '^>> '\n",
    );
    let page = "Ferries\n\nNEW\nThe ferry to Lind runs again\nThe pier was closed since spring.\n21 April 2022\n\
                © Ann Field\n\nNight ships pay less\n>> all about fees\nA lower fee after ten.\n2 April 2022\n\n\
                Piers\n\nTwo piers are rebuilt\nPiles are driven by night.\n30 March 2022\n© Bo Strand\n";
    let page = config.sources[0].page("page.txt", page.as_bytes()).expect("a page");
    let scrape = page.parse();
    let read: Vec<_> = scrape
        .drafts
        .iter()
        .map(|draft| {
            let day = draft.date.as_ref().and_then(|date| date.day).map(|day| day.to_string());
            let [section, kicker, summary, credit] =
                [&draft.section, &draft.kicker, &draft.summary, &draft.credit].map(|it| it.as_deref().unwrap_or("-"));
            format!("{section} | {kicker} | {} | {} | {summary} | {credit}", draft.title, day.unwrap_or_default())
        })
        .collect();
    assert_eq!(
        read,
        [
            "Ferries | NEW | The ferry to Lind runs again | 2022-04-21 | The pier was closed since spring. | Ann Field",
            "Ferries | - | Night ships pay less | 2022-04-02 | A lower fee after ten. | -",
            "Piers | - | Two piers are rebuilt | 2022-03-30 | Piles are driven by night. | Bo Strand",
        ]
    );
    assert_eq!(scrape.layout, "harbour");
    assert!(scrape.confidence > 0.95, "{}", scrape.confidence);
}
