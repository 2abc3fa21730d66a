//! Made-up newsrooms whose files only ever grow: captures that overlap, several sites, and one page whose dates nobody
//! can read.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate};

const SITES: [&str; 5] = ["harbour", "orchard", "council", "market", "lighthouse"];
/// Many feeds make publishing long enough to be hit.
const VIEWS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Numbers that look random and are the same everywhere (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    /// From 0 to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        self.below(1 << 20) as f64 / f64::from(1u32 << 20)
    }
}

pub(crate) struct Newsroom {
    scrapes: PathBuf,
    /// The number of the newest capture of each site, and its file.
    captures: Vec<Vec<PathBuf>>,
    titles: BTreeSet<String>,
    newest: PathBuf,
    added: usize,
}

fn day(n: usize) -> NaiveDate {
    NaiveDate::from_ymd_opt(2015, 1, 1).unwrap() + Days::new(n as u64)
}

impl Newsroom {
    pub(crate) fn new(folder: &Path, files: usize) -> Self {
        let scrapes = folder.join("scrapes");
        let mut config = String::new();
        for site in SITES.iter().chain(&["undated"]) {
            fs::create_dir_all(scrapes.join(site)).unwrap();
            let undated = if *site == "undated" { "undated = \"first-seen\"\n" } else { "" };
            writeln!(config, "[[source]]\nname = \"{site}\"\nfiles = [\"scrapes/{site}/*.txt\"]\nlanguage = \"en\"")
                .unwrap();
            writeln!(config, "layout = \"newsroom\"\nsite = \"{site}\"\nurl = \"http://localhost/{site}/\"\n{undated}")
                .unwrap();
            for view in VIEWS.iter().filter(|_| *site != "undated") {
                writeln!(config, "[[feed]]\nname = \"{site}-{view}\"\nsources = [\"{site}\"]\nlimit = 12\n").unwrap();
            }
        }
        let sources: Vec<_> = SITES.iter().chain(&["undated"]).collect();
        writeln!(config, "[[feed]]\nname = \"everything\"\nsources = {sources:?}\nlimit = 0").unwrap();
        fs::write(folder.join("feedmill.toml"), config).unwrap();
        let captures = vec![Vec::new(); SITES.len()];
        let mut room = Self { scrapes, captures, titles: BTreeSet::new(), newest: PathBuf::new(), added: 0 };
        for n in 0..files {
            room.capture(n % SITES.len());
        }
        room
    }

    /// Every feed of the config.
    pub(crate) fn feeds(&self) -> Vec<String> {
        let views = SITES.iter().flat_map(|site| VIEWS.map(|view| format!("{site}-{view}")));
        views.chain(["everything".to_owned()]).collect()
    }

    /// The titles of all items in the files.
    pub(crate) fn titles(&self) -> &BTreeSet<String> {
        &self.titles
    }

    /// The file that was written last, and its size.
    pub(crate) fn newest(&self) -> (String, u64) {
        let name = self.newest.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::metadata(&self.newest).unwrap().len())
    }

    /// Another capture of a site: it lists what the two before it listed first, and one item more.
    fn capture(&mut self, site: usize) {
        let n = self.captures[site].len();
        let mut page = String::from("News room\n");
        for (number, item) in (n.saturating_sub(2)..=n).rev().enumerate() {
            let title = format!("{} notes of day {item} are open to all", SITES[site]);
            self.item(&mut page, number + 1, &title, day(item), item);
        }
        let file = self.scrapes.join(SITES[site]).join(format!("news-{}.txt", day(n)));
        fs::write(&file, page).unwrap();
        self.captures[site].push(file.clone());
        self.newest = file;
    }

    fn item(&mut self, page: &mut String, number: usize, title: &str, date: NaiveDate, salt: usize) {
        self.titles.insert(title.to_owned());
        let credit = if salt.is_multiple_of(3) { "© Ann Field 2015\n\n    " } else { "" };
        let shown = date.format("%d %B %Y");
        write!(page, "\n{}\n\n  {number}. {credit}{title}\n\n    {shown}\n", date.format("%B %Y")).unwrap();
        if !salt.is_multiple_of(7) {
            write!(page, "\n    The council of boats & bridges “met” on day {salt}. Lamps were lit.\n").unwrap();
        }
    }

    /// New captures, files that go on, and an item that nothing dates.
    pub(crate) fn grow(&mut self, dice: &mut Dice) {
        for _ in 0..20 {
            let site = dice.below(SITES.len() as u64) as usize;
            let n = dice.below(self.captures[site].len() as u64) as usize;
            self.added += 1;
            let title = format!("{} addendum {} was found in a drawer", SITES[site], self.added);
            let mut more = String::new();
            self.item(&mut more, 4, &title, day(n), self.added);
            let file = self.captures[site][n].clone();
            let mut page = fs::read_to_string(&file).unwrap();
            page.push_str(&more);
            fs::write(&file, page).unwrap();
        }
        for site in 0..SITES.len() {
            self.capture(site);
        }
        if dice.below(4) > 0 {
            return;
        }
        // A day first seen is a decision, and a decision has everything worked out anew.
        self.undated();
    }

    /// A page with an item that nothing dates, in a source that asks for the day it is first seen.
    pub(crate) fn undated(&mut self) {
        self.added += 1;
        let title = format!("Nobody knows when meeting {} was held", self.added);
        self.titles.insert(title.clone());
        let known = "  1. Harbour day\n\n    15 June 2020\n\n    Boats.\n";
        let page = format!("News room\n\nJune 2020\n\n{known}\n  2. {title}\n\n    31 June 2020\n\n    A late lamp.\n");
        self.titles.insert("Harbour day".to_owned());
        fs::write(self.scrapes.join("undated").join(format!("page{}.txt", self.added)), page).unwrap();
    }
}
