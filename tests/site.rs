//! The published site: every item has its place, the archives hold all of them, and only what changed is made anew.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use feedmill::mill::render;
use feedmill::pass::{Pass, PassError, Remembered, Scope};
use feedmill::publish::{Outcome, RealDisk};
use feedmill::store::{PublishLedger as _, Sqlite};
use html5gum::{Token, Tokenizer};
use support::{Mill, TestDisk, Told, hold, page, prints, run, told};

/// Where the output is served.
const ROOT: &str = "https://feeds.example.org/x/";

const CONFIG: &str = r#"
base_url = "https://feeds.example.org/x/"

[[source]]
name     = "news"
files    = ["news/*.txt"]
site     = "lakes"
language = "en"
layout   = "newsroom"

[[source]]
name     = "notes"
files    = ["notes/*.json"]
site     = "lakes"

[[feed]]
name    = "all"
sources = ["news", "notes"]
limit   = 2

[[feed]]
name    = "press"
sources = ["news"]
limit   = 1
"#;

const JANUARY: Told = told("Minutes of the winter", "10 January 2021", "The council met twice in the winter.");
const MARCH: Told = told("Water in the lake", "02 March 2021", "The lake rises by a hand, says the keeper.");
const MARCH_AGAIN: Told = told("Water in the lake", "02 March 2021", "The lake falls by a hand, says the keeper.");
const SHORE: Told = told("A quiet <b>shore</b> & more", "03 March 2021", "\"Nothing\" happened on the <i>shore</i>.");
const MAY: Told = told("Harbour fair", "02 May 2021", "The fair begins at noon on the fish market.");

/// Three months, a revision, an item with an address of its own, one without a day.
fn mill() -> Mill {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-05-03.txt", page(&[MAY, SHORE, MARCH, JANUARY]));
    mill.write("news/2021-05-10.txt", page(&[MAY, SHORE, MARCH_AGAIN, JANUARY]));
    let notes = r#"[{"title": "A note without a day"}, {"title": "A boat", "date": "2021-03-20",
                   "url": "https://lakes.example.org/boat"}]"#;
    mill.write("notes/2021-05-03.json", notes);
    mill.pass();
    mill
}

/// Where the operator wants feeds alone, nothing points to a page, and those that stood there go.
#[test]
fn without_pages_there_are_feeds_alone_and_they_lead_nowhere_else() {
    let mill = mill();
    let before = mill.feeds();
    assert!(before.keys().any(|path| path.ends_with(".html")));
    let scraped = "pages = false\n\n[[source]]\nurl = \"https://lakes.example.org/news\"";
    mill.write("feedmill.toml", CONFIG.replacen("[[source]]", scraped, 1));
    mill.pass();
    let left: Vec<String> = mill.feeds().into_keys().collect();
    let feeds = ["all/atom.xml", "all/feed.json", "all/rss.xml", "feeds.opml"];
    assert_eq!(left[..3], feeds[..3]);
    assert!(left.contains(&feeds[3].to_owned()));
    assert!(left.iter().all(|path| !path.ends_with(".html") && !path.contains("/20")), "{left:?}");
    for document in mill.feeds().values() {
        let text = String::from_utf8_lossy(document);
        assert!(!text.contains(".html") && !text.contains("prev-archive") && !text.contains("htmlUrl"), "{text}");
        // The folder of a feed would be its page.
        assert!(!text.contains(&format!("{ROOT}all/\"")) && !text.contains(&format!("{ROOT}all/<")), "{text}");
    }
    let rss = String::from_utf8(mill.feeds()["all/rss.xml"].clone()).unwrap();
    assert!(rss.contains("<link>https://lakes.example.org/news</link>"), "{rss}");
    mill.write("feedmill.toml", CONFIG);
    mill.pass();
    assert_eq!(mill.feeds(), before);
}

// ---- archives -------------------------------------------------------------------------------------------------------

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// An entry as it stands in a document, to the letter; by id.
fn entries(atom: &str) -> BTreeMap<String, String> {
    let document = roxmltree::Document::parse(atom).unwrap();
    let entries = document.descendants().filter(|node| node.has_tag_name((ATOM, "entry")));
    let id = |node: &roxmltree::Node<'_, '_>| {
        node.children().find(|child| child.has_tag_name((ATOM, "id"))).unwrap().text().unwrap().to_owned()
    };
    entries.map(|node| (id(&node), atom[node.range()].to_owned())).collect()
}

fn link(atom: &str, rel: &str) -> Option<String> {
    let document = roxmltree::Document::parse(atom).unwrap();
    let links = document.root_element().children().filter(|node| node.has_tag_name((ATOM, "link")));
    links.filter(|node| node.attribute("rel") == Some(rel)).find_map(|node| node.attribute("href").map(str::to_owned))
}

/// The documents of a feed from the head along `prev-archive`, as paths below the output.
fn chain(mill: &Mill, feed: &str) -> Vec<(String, String)> {
    let mut at = url::Url::parse(&format!("{ROOT}{feed}/atom.xml")).unwrap();
    let mut chain = Vec::new();
    loop {
        let path = at.as_str().strip_prefix(ROOT).unwrap().to_owned();
        let text = fs::read_to_string(mill.path("public").join(&path)).unwrap();
        let before = link(&text, "prev-archive");
        chain.push((path, text));
        let Some(before) = before else { return chain };
        at = at.join(&before).unwrap();
    }
}

#[test]
fn the_chain_from_the_head_holds_every_item_and_tells_it_alike_wherever_it_is_repeated() {
    for base in [CONFIG.to_owned(), CONFIG.lines().skip(2).collect::<Vec<_>>().join("\n")] {
        let mill = mill();
        mill.configure(&base);
        mill.pass();
        for (feed, undated) in [("all", true), ("press", false)] {
            let chain = chain(&mill, feed);
            let paths: Vec<&str> = chain.iter().map(|(path, _)| path.strip_prefix(feed).unwrap()).collect();
            let months = ["/atom.xml", "/2021/05.atom", "/2021/03.atom", "/2021/01.atom", "/undated.atom"];
            assert_eq!(paths, months[..if undated { 5 } else { 4 }]);
            let mut all: BTreeMap<String, String> = BTreeMap::new();
            for (at, (path, text)) in chain.iter().enumerate() {
                assert_eq!(text.contains("<fh:archive/>"), at > 0, "{path}");
                assert_eq!(link(text, "current").is_some(), at > 0, "{path}");
                for (id, entry) in entries(text) {
                    assert_eq!(*all.entry(id).or_insert_with(|| entry.clone()), entry, "{path}");
                }
            }
            let of_feed = |item: &serde_json::Value| item["feeds"].as_array().unwrap().contains(&feed.into());
            let stored =
                mill.items().into_iter().filter(|(_, item)| of_feed(item)).map(|(id, _)| format!("urn:uuid:{id}"));
            assert_eq!(all.into_keys().collect::<BTreeSet<_>>(), stored.collect());
        }
    }
}

#[test]
fn only_a_month_that_appears_moves_what_the_head_says_of_the_archives() {
    let mill = mill();
    let before = || {
        let rss = fs::read_to_string(mill.path("public/all/rss.xml")).unwrap();
        assert!(rss.contains("rel=\"prev-archive\" type=\"application/atom+xml\""), "{rss}");
        link(&fs::read_to_string(mill.path("public/all/atom.xml")).unwrap(), "prev-archive")
    };
    let first = before();
    mill.write("news/2021-05-17.txt", page(&[MAY, told("A second fair", "03 May 2021", "It begins at one.")]));
    assert!(mill.pass().changed);
    assert_eq!(before(), first);
    mill.write("news/2021-06-17.txt", page(&[told("Summer", "03 June 2021", "It begins.")]));
    mill.pass();
    assert_eq!(before().as_deref(), Some("https://feeds.example.org/x/all/2021/06.atom"));
}

// ---- pages ----------------------------------------------------------------------------------------------------------

/// The ids and the links of a page, as a browser's tokenizer sees them; scripts and handlers are none of it.
fn page_of(html: &str) -> (BTreeSet<String>, Vec<String>) {
    let (mut ids, mut links) = (BTreeSet::new(), Vec::new());
    for Ok(token) in Tokenizer::new(html) {
        let Token::StartTag(tag) = token else { continue };
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        assert!(!["script", "style", "iframe", "object", "b", "i"].contains(&name.as_str()), "<{name}> in {html}");
        for (key, value) in &tag.attributes {
            let (key, value) = (String::from_utf8_lossy(key), String::from_utf8_lossy(value).into_owned());
            assert!(!key.starts_with("on") && key != "style", "{key} in {html}");
            match &*key {
                "id" => assert!(ids.insert(value), "an id twice in {html}"),
                "href" => links.push(value),
                _ => {}
            }
        }
    }
    (ids, links)
}

#[test]
fn every_link_on_the_pages_leads_to_something_that_is_there() {
    let mill = mill();
    let feeds = mill.feeds();
    let root = url::Url::parse("https://feeds.example.org/x/").unwrap();
    let html = feeds.iter().filter(|(path, _)| path.ends_with(".html"));
    let pages: BTreeMap<&str, _> =
        html.map(|(path, bytes)| (path.as_str(), page_of(std::str::from_utf8(bytes).unwrap()))).collect();
    assert_eq!(pages.len(), 1 + 2 + 4 + 3);
    let mut followed = 0;
    for (path, (_, links)) in &pages {
        for link in links {
            let to = root.join(path).unwrap().join(link).unwrap();
            let Some(below) = to.as_str().strip_prefix(root.as_str()) else {
                assert_eq!(to.as_str(), "https://lakes.example.org/boat", "a link of {path} leads away");
                continue;
            };
            let (file, anchor) = below.split_once('#').map_or((below, None), |(file, anchor)| (file, Some(anchor)));
            let file =
                if file.is_empty() || file.ends_with('/') { format!("{file}index.html") } else { file.to_owned() };
            assert!(feeds.contains_key(&file), "{path} links to {link}");
            if let Some(anchor) = anchor {
                assert!(pages[file.as_str()].0.contains(anchor), "{path} links to {link}");
            }
            followed += 1;
        }
    }
    assert!(followed > 100, "{followed}");
}

#[test]
fn an_item_links_to_its_own_address_else_to_its_place_for_life() {
    let mill = mill();
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(mill.path("public/press/feed.json")).unwrap()).unwrap();
    let item = &json["items"][0];
    let id = item["id"].as_str().unwrap().strip_prefix("urn:uuid:").unwrap();
    assert_eq!(item["url"], format!("https://feeds.example.org/x/press/2021/05.html#{id}"));
    let archive = fs::read_to_string(mill.path("public/all/2021/03.atom")).unwrap();
    assert!(archive.contains("href=\"https://lakes.example.org/boat\""), "{archive}");
    // Another address changes the links, and nothing else.
    let ids = |feed| mill.atom(feed).into_iter().map(|entry| entry.id).collect::<Vec<_>>();
    let (before, files) = (ids("all"), mill.feeds().into_keys().collect::<Vec<_>>());
    mill.configure(&CONFIG.replace("https://feeds.example.org/x/", "https://news.example.net/"));
    mill.pass();
    assert_eq!((ids("all"), mill.feeds().into_keys().collect::<Vec<_>>()), (before, files));
    for (path, bytes) in mill.feeds() {
        assert!(!String::from_utf8(bytes).unwrap().contains("feeds.example.org"), "{path}");
    }
}

#[test]
fn a_revised_item_shows_what_it_said_before_on_its_page_and_nowhere_else() {
    let mill = mill();
    for (path, bytes) in mill.feeds() {
        let text = String::from_utf8(bytes).unwrap();
        let is_page = path.ends_with("2021/03.html");
        assert_eq!(text.contains("The lake rises by a hand"), is_page, "{path}");
        assert_eq!(
            text.contains("first captured on <time datetime=\"2021-05-03\">3 May 2021</time>"),
            is_page,
            "{path}"
        );
    }
}

#[test]
fn an_item_that_is_retracted_leaves_page_archive_and_count_and_comes_back_the_same() {
    let mill = mill();
    let before = mill.feeds();
    let id = before.iter().find_map(|(path, bytes)| {
        let month = path == "all/2021/01.atom";
        month.then(|| entries(std::str::from_utf8(bytes).unwrap()).into_keys().next().unwrap())
    });
    let id = id.unwrap();
    assert_eq!(mill.run(&["retract", &id]).code, 0);
    mill.pass();
    let after = mill.feeds();
    for name in ["all/2021/01.html", "all/2021/01.atom", "press/2021/01.html"] {
        assert!(before.contains_key(name) && !after.contains_key(name), "{name}");
    }
    assert!(String::from_utf8_lossy(&after["all/index.html"]).contains("5 items"));
    assert_eq!(mill.run(&["retract", &id, "--undo"]).code, 0);
    mill.pass();
    assert!(mill.feeds() == before);
}

/// Its documents stay and say that there is nothing, but it has no page.
#[test]
fn the_index_leads_to_no_page_of_a_feed_whose_items_are_all_retracted() {
    let mill = mill();
    let archives = mill.feeds().into_iter().filter(|(path, _)| path.starts_with("press/20") && path.ends_with(".atom"));
    for id in archives.flat_map(|(_, archive)| entries(std::str::from_utf8(&archive).unwrap()).into_keys()) {
        assert_eq!(mill.run(&["retract", &id]).code, 0);
    }
    mill.pass();
    let feeds = mill.feeds();
    assert!(feeds.contains_key("press/rss.xml") && !feeds.contains_key("press/index.html"), "{:?}", feeds.keys());
    let index = String::from_utf8_lossy(&feeds["index.html"]);
    let leads_to = index.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let dead: Vec<&str> = leads_to.filter(|path| !path.contains("://") && !feeds.contains_key(*path)).collect();
    assert!(dead.is_empty() && index.contains("press"), "{dead:?} {index}");
    assert!(!String::from_utf8_lossy(&feeds["feeds.opml"]).contains(&format!("htmlUrl=\"{ROOT}press/")));
}

// ---- what changed, and no more --------------------------------------------------------------------------------------

/// What a pass read and wrote of the documents of months, whatever came of it.
fn rendered(mill: &Mill) -> Vec<String> {
    let (config, touched) = (mill.config(), Mutex::<BTreeSet<String>>::default());
    let disk = TestDisk::asking(|step, path| {
        if matches!(step, "read" | "write_new") {
            touched.lock().unwrap().insert(path.file_name().unwrap().to_string_lossy().into_owned());
        }
        Ok(())
    });
    let mut state = hold(&config);
    run(&config, &disk, false, &mut state.store, &mut state.decided).unwrap();
    let months = |name: &String| name.contains(".html") || name.contains(".atom");
    drop(disk);
    touched
        .into_inner()
        .unwrap()
        .into_iter()
        .filter(months)
        .filter(|name| !name.contains("index") && !name.contains("atom.xml"))
        .collect()
}

#[test]
fn a_month_is_rendered_only_when_it_changed_or_its_neighbour_did() {
    let mill = mill();
    assert_eq!(rendered(&mill), Vec::<String>::new());
    mill.write("news/2021-05-17.txt", page(&[MAY, told("A third shore", "04 March 2021", "Louder.")]));
    assert_eq!(rendered(&mill), [".03.atom.new", ".03.html.new"]);
    // The same once more under other words: nothing.
    mill.write("news/2021-05-18.txt", page(&[MAY]));
    assert_eq!(rendered(&mill), Vec::<String>::new());
    // A month that appears: what comes before it links to it, what comes after it is archived after it. The two
    // documents of a month are rendered together; one of the size it had is read before it is written.
    mill.write("news/2021-05-19.txt", page(&[told("Spring", "20 April 2021", "It came.")]));
    let (written, read): (Vec<String>, _) = rendered(&mill).into_iter().partition(|name| name.ends_with(".new"));
    assert_eq!(written, [".03.html.new", ".04.atom.new", ".04.html.new", ".05.atom.new", ".05.html.new"]);
    assert_eq!(read, ["03.atom", "05.atom", "05.html"]);
}

/// While a backlog is worked off only the months of the head are rendered. Those left are not forgotten, though what
/// comes last is of another feed.
#[test]
fn at_the_end_of_a_backlog_every_month_stands() {
    let mill = Mill::new(CONFIG);
    mill.write("news/2021-05-03.txt", page(&[MAY, SHORE, MARCH, JANUARY]));
    // Big files are read after the small ones are published.
    let padding = " ".repeat(5 << 20);
    mill.write("notes/2021-05-03.json", format!(r#"[{{"title": "A boat", "date": "2021-03-20"}}{padding}]"#));
    mill.pass();
    for month in ["01", "03", "05"] {
        assert!(mill.path(&format!("public/press/2021/{month}.html")).exists(), "{month}");
    }
    assert_eq!(rendered(&mill), Vec::<String>::new());
}

#[test]
fn a_page_that_was_deleted_or_altered_comes_back_and_no_other_is_rendered() {
    let mill = mill();
    let expected = mill.feeds();
    for harm in [
        (|path: &Path| fs::remove_file(path).unwrap()) as fn(&Path),
        |path| fs::write(path, "harmed").unwrap(),
        |path| fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap(),
    ] {
        let before = prints(&mill.path("public"));
        harm(&mill.path("public/all/2021/01.html"));
        let rendered = rendered(&mill);
        assert!(rendered.iter().all(|name| name.contains("01.")), "{rendered:?}");
        assert!(mill.feeds() == expected);
        let mode = fs::metadata(mill.path("public/all/2021/01.html")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o644, "its readers can read it again");
        let after = prints(&mill.path("public"));
        let others = |prints: &[(std::path::PathBuf, u64, i64, i64, Vec<u8>)]| {
            prints.iter().filter(|print| !print.0.ends_with("01.html")).cloned().collect::<Vec<_>>()
        };
        assert!(others(&before) == others(&after));
    }
    fs::remove_file(mill.path("public/index.html")).unwrap();
    fs::remove_file(mill.path("public/style.css")).unwrap();
    let report = mill.pass();
    assert_eq!((report.index, report.changed), (vec!["index.html".to_owned(), "style.css".to_owned()], true));
    assert!(mill.feeds() == expected);
    fs::remove_dir_all(mill.path("public")).unwrap();
    mill.pass();
    assert!(mill.feeds() == expected);
}

#[test]
fn what_a_feed_keeps_no_more_leaves_its_pages() {
    let mill = Mill::new(&CONFIG.replace("limit   = 1", "limit   = 1\nkeep = \"30d\""));
    mill.write("news/2021-03-05.txt", page(&[SHORE, MARCH, JANUARY]));
    mill.pass();
    let months = |mill: &Mill| {
        let pages = mill.feeds().into_keys().filter(|path| path.starts_with("press/2021/"));
        pages.map(|path| path["press/2021/".len()..].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(months(&mill), ["03.atom", "03.html"]);
    let id = |mill: &Mill| fs::read_to_string(mill.path("public/press/2021/03.html")).unwrap();
    assert_eq!(id(&mill).matches("<article").count(), 2);
    // A later capture of nothing new: the day that is kept moves on, through the midst of a month.
    mill.write("news/2021-04-02.txt", page(&[SHORE, MARCH]));
    mill.pass();
    assert_eq!(id(&mill).matches("<article").count(), 1);
    mill.write("news/2021-05-10.txt", page(&[MAY]));
    mill.pass();
    assert_eq!(months(&mill), ["05.atom", "05.html"]);
    let incremental = mill.feeds();
    fs::remove_dir_all(mill.path(".feedmill")).unwrap();
    mill.pass();
    assert!(mill.feeds() == incremental);
}

#[test]
fn a_feed_that_left_the_config_is_listed_no_more_and_removed_when_asked() {
    let mill = mill();
    fs::write(mill.path("public/press/2021/mine.txt"), "not feedmill's").unwrap();
    let without = CONFIG.split("[[feed]]\nname    = \"press\"").next().unwrap();
    mill.configure(without);
    let told = mill.run(&["--once"]);
    assert!(told.out.contains("feed press: no more in the config"), "{told:?}");
    let status: serde_json::Value = serde_json::from_str(&mill.run(&["status", "--format", "json"]).out).unwrap();
    let left = status["feeds"].as_array().unwrap().iter().filter(|feed| feed["left"] == true);
    assert_eq!(left.map(|feed| &feed["name"]).collect::<Vec<_>>(), ["press"], "{status}");
    assert!(mill.run(&["status"]).out.contains("feed press: no more in the config"));
    assert!(mill.path("public/press/2021/01.html").exists());
    assert!(!fs::read_to_string(mill.path("public/index.html")).unwrap().contains("press"));
    let would = mill.run(&["--once", "--dry-run", "--prune", "--format", "json"]);
    assert_eq!(would.code, 5, "{would:?}");
    assert_eq!(mill.run(&["--once", "--prune"]).code, 0);
    let left: Vec<String> = mill.feeds().into_keys().filter(|path| path.starts_with("press")).collect();
    assert_eq!(left, ["press/2021/mine.txt"], "what is not feedmill's stays");
    assert_eq!(mill.run(&["--once", "--dry-run", "--prune"]).code, 0);
    assert!(!mill.run(&["--once"]).out.contains("press"));
}

/// For servers of static files.
#[test]
fn siblings_hold_what_they_lie_beside_and_come_and_go_with_it() {
    let mill = mill();
    let plain = mill.feeds();
    let config = with_siblings();
    mill.configure(&config);
    mill.pass();
    let all = mill.feeds();
    let (siblings, documents): (BTreeMap<_, _>, BTreeMap<_, _>) =
        all.clone().into_iter().partition(|(path, _)| path.ends_with(".gz"));
    assert_eq!(documents, plain);
    let unpacked = siblings.into_iter().map(|(path, bytes)| {
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut unpacked).unwrap();
        (path.trim_end_matches(".gz").to_owned(), unpacked)
    });
    assert_eq!(unpacked.collect::<BTreeMap<_, _>>(), plain);

    let before = prints(&mill.path("public"));
    mill.pass();
    assert_eq!(prints(&mill.path("public")), before);
    for at in ["all/rss.xml.gz", "all/2021/03.html.gz", "all/undated.atom.gz", "feeds.opml.gz"] {
        for meddle in [|path: &Path| fs::remove_file(path).unwrap(), |path: &Path| fs::write(path, "other").unwrap()] {
            meddle(&mill.path("public").join(at));
            mill.pass();
            assert_eq!(mill.feeds(), all, "{at}");
        }
    }

    // Without the word for them none is left.
    mill.configure(CONFIG);
    mill.pass();
    assert_eq!(mill.feeds(), plain);
}

fn with_siblings() -> String {
    format!("precompress = true\n{CONFIG}")
}

/// A daemon takes the month pages that nothing changed for granted. After each of these changes the folder holds what a
/// pass over everything makes of the same files in an empty folder.
#[test]
fn a_pass_that_remembers_the_months_publishes_what_one_that_does_not_would() {
    let told_so = with_siblings();
    let mill = Mill::new(&told_so);
    let config = mill.config();
    let mut state = hold(&config);
    let remembered = Remembered::default();
    let april = told("A mast in April", "05 April 2021", "The mast was set up in April.");
    let changes: Vec<(&str, String)> = vec![
        ("news/2021-05-03.txt", page(&[MAY, SHORE, JANUARY])),
        // A month that grows, another text in an old month, a month between two, one after and one before all.
        ("news/2021-05-04.txt", page(&[MAY, MARCH])),
        ("news/2021-05-05.txt", page(&[MARCH_AGAIN])),
        ("news/2021-05-06.txt", page(&[april])),
        ("news/2021-06-02.txt", page(&[told("Regatta", "01 June 2021", "The regatta begins.")])),
        ("news/2021-06-03.txt", page(&[told("Ice on the lake", "01 December 2020", "The lake is frozen over.")])),
        ("notes/2021-06-04.json", r#"[{"title": "A note without a day"}]"#.to_owned()),
    ];
    let asked = Mutex::new(Vec::new());
    for (at, (path, text)) in changes.iter().enumerate() {
        mill.write(path, text);
        asked.lock().unwrap().clear();
        let named = BTreeSet::from([mill.path(path)]);
        let scope = Scope { named: (at > 0).then_some(&named), ..Scope::ALL };
        let published = |outcomes: &[Outcome], _: &[&str]| {
            asked.lock().unwrap().extend(outcomes.iter().map(|outcome| outcome.listed.path.clone()));
        };
        let pass =
            Pass { scope, remembered: Some(&remembered), published: &published, ..Pass::new(&config, &RealDisk) };
        pass.run(&mut state.store, &mut state.decided).unwrap();

        let anew = Mill::new(&told_so);
        changes[..=at].iter().for_each(|(path, text)| anew.write(path, text));
        anew.pass();
        assert_eq!(mill.feeds(), anew.feeds(), "after {path}");
        let ledger =
            |store: &Sqlite| store.published().unwrap().into_iter().map(|row| (row.path, row.made_of)).collect();
        let listed: BTreeMap<String, u64> = ledger(&state.store);
        assert_eq!(listed, ledger(&anew.state().store), "after {path}");
    }
    // The last change gave the undated page, before which there was none, and the oldest month a neighbour.
    let asked = asked.into_inner().unwrap();
    let asked = asked.iter().map(String::as_str).filter(|path| !path.ends_with(".gz"));
    let pages = asked.filter(|path| path.starts_with("all/20") || path.starts_with("all/undated"));
    assert_eq!(
        pages.collect::<Vec<_>>(),
        ["all/2020/12.atom", "all/2020/12.html", "all/undated.atom", "all/undated.html"]
    );

    // A head that is gone makes even such a pass look at all.
    for gone in ["all/rss.xml", "all/2021/03.html", "press/2021/05.atom.gz"] {
        fs::remove_file(mill.path("public").join(gone)).unwrap();
    }
    let (before, none) = (mill.feeds().len(), BTreeSet::new());
    let scope = Scope { named: Some(&none), ..Scope::ALL };
    let pass = Pass { scope, remembered: Some(&remembered), ..Pass::new(&config, &RealDisk) };
    pass.run(&mut state.store, &mut state.decided).unwrap();
    assert_eq!(mill.feeds().len(), before + 3);

    // What is remembered of a feed that could not be published does not count.
    mill.configure(&told_so.replace("limit   = 1", "limit   = 3"));
    let config = mill.config();
    mill.write("news/2021-06-05.txt", page(&[told("Regatta", "01 June 2021", "The regatta ends.")]));
    let named = BTreeSet::from([mill.path("news/2021-06-05.txt")]);
    let scope = Scope { named: Some(&named), ..Scope::ALL };
    let mut refused = 0;
    for at in (5..).step_by(5) {
        let disk = TestDisk::killed_at(at);
        let pass = Pass { scope, remembered: Some(&remembered), ..Pass::new(&config, &disk) };
        match pass.run(&mut state.store, &mut state.decided) {
            Ok(_) => break,
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 3, "refused {refused} times");
    drop(state);
    let before = prints(&mill.path("public"));
    mill.pass();
    assert_eq!(prints(&mill.path("public")), before, "a look at all finds nothing left to do");
}

/// However many pages there are to be rendered when a daemon starts: what is polled need not wait for them.
#[test]
fn where_subscribers_poll_meanwhile_a_look_at_all_publishes_the_feeds_ahead_of_the_pages() {
    let publications = |remembered: Option<&Remembered>, change: &dyn Fn(&Mill)| {
        let mill = mill();
        change(&mill);
        let (config, publications) = (mill.config(), Mutex::new(Vec::new()));
        let mut state = hold(&config);
        let published = |outcomes: &[Outcome], _: &[&str]| {
            let written = outcomes.iter().filter(|outcome| outcome.written).map(|outcome| outcome.listed.path.clone());
            publications.lock().unwrap().push(written.collect::<Vec<_>>());
        };
        // As at a rescan: something may be waiting, and is not.
        let scope = Scope { waited_for: Some(&|| false), ..Scope::ALL };
        let pass = Pass { scope, remembered, published: &published, ..Pass::new(&config, &RealDisk) };
        let report = pass.run(&mut state.store, &mut state.decided).unwrap();
        let mut publications = publications.into_inner().unwrap();
        publications.retain(|written| !written.is_empty());
        let told: usize = report.feeds.iter().map(|feed| feed.written.len()).sum::<usize>() + report.index.len();
        assert_eq!(publications.iter().map(Vec::len).sum::<usize>(), told);
        publications
    };
    let is_head = |path: &String| render::is_head(path);
    let ahead = |change: &dyn Fn(&Mill)| {
        assert_eq!(publications(None, change).len(), 1);
        let publications = publications(Some(&Remembered::default()), change);
        let [feeds, pages] = publications.as_slice() else { panic!("{publications:?}") };
        assert!(feeds.iter().any(is_head) && !feeds.contains(&"all/index.html".to_owned()), "{feeds:?}");
        assert!(!pages.iter().any(is_head) && pages.contains(&"all/index.html".to_owned()), "{pages:?}");
        feeds.clone()
    };
    ahead(&|mill| mill.write("news/2021-05-17.txt", page(&[MAY, told("A third shore", "04 March 2021", "Louder.")])));
    // Nothing new to read.
    ahead(&|mill| mill.configure(&CONFIG.replace("name    = \"all\"", "name    = \"all\"\ntitle = \"Lakes\"")));
    // An archive that a head leads to names the one before it, and that the one before: all of them are there.
    let feeds = ahead(&|mill| {
        let april = told("A mast in April", "05 April 2021", "The mast was set up in April.");
        let february = told("Thaw", "05 February 2021", "The ice is thin.");
        let june = told("Regatta", "01 June 2021", "The regatta begins.");
        let may = told("Sails", "28 May 2021", "They are new.");
        // No time of capture is known, so that the heads show what is newest and no more.
        mill.write("news/some.txt", page(&[june, may, april, february]));
    });
    assert!(!feeds.contains(&"all/2021/02.atom".to_owned()), "{feeds:?}");
    for month in ["06", "04"] {
        assert!(feeds.contains(&format!("all/2021/{month}.atom")), "{month}: {feeds:?}");
    }
}

/// What is in place already is not written again, and so would not be synced again: whoever runs the service hears of
/// it.
#[test]
fn a_folder_that_could_not_be_synced_is_told_though_all_that_followed_could() {
    let mill = mill();
    mill.write("news/2021-05-17.txt", page(&[MAY, told("A third shore", "04 March 2021", "Louder.")]));
    let (config, remembered) = (mill.config(), Remembered::default());
    let refuses = AtomicBool::new(true);
    let disk = TestDisk::asking(|step, _| match step {
        "sync_dir" if refuses.swap(false, Ordering::Relaxed) => Err(io::Error::other("refused")),
        _ => Ok(()),
    });
    let mut state = hold(&config);
    let pass = Pass { remembered: Some(&remembered), ..Pass::new(&config, &disk) };
    let refused = pass.run(&mut state.store, &mut state.decided);
    assert!(matches!(refused, Err(PassError::Trouble(_))));
    assert!(!pass.run(&mut state.store, &mut state.decided).unwrap().changed, "all is in its place");
}
