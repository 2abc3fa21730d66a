//! A mill in a temp folder: a config, an inbox, a store, feeds; and the verbs that things happen to it by.
#![allow(dead_code, reason = "each test crate uses what it needs")]

mod disk;
pub(crate) mod harbour;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use feedmill::config::{self, Config, Given, NoConfig, Surroundings};
use feedmill::decided::Decided;
use feedmill::mill::decisions::Decision;
use feedmill::pass::{Pass, PassError};
use feedmill::publish::{Disk, RealDisk};
use feedmill::report::Report;
use feedmill::state::State;
use feedmill::store::Store;
use feedmill::trouble::Exit;
use tempfile::TempDir;

pub(crate) use disk::TestDisk;

/// Fails where ten times the text costs much more than ten times the time of a processor: what else the machine does
/// does not count.
pub(crate) fn assert_linear(name: &str, shape: fn(usize) -> String, n: usize, read: impl Fn(&str)) {
    let fastest = |text: &str, rounds: u32| {
        let time = |_| {
            let spent = || rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
            let start = spent();
            read(text);
            Duration::try_from(spent() - start).unwrap()
        };
        (0..rounds).map(time).min().unwrap()
    };
    let small = fastest(&shape(n), 3);
    // Quadratic would be a hundred times.
    let most = small * 30 + Duration::from_millis(10);
    let text = shape(10 * n);
    let large = Some(fastest(&text, 1)).filter(|large| *large < most).unwrap_or_else(|| fastest(&text, 2));
    assert!(large < most, "{name}: {small:?}, then {large:?}");
}

/// What a run of the program left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) struct Mill {
    folder: TempDir,
}

impl Mill {
    /// A mill with this config. Relative paths in it start from the mill's folder.
    pub(crate) fn new(config: &str) -> Self {
        // In memory where there is such a folder: no test here asks what survives a power cut.
        let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap();
        let mill = Self { folder };
        mill.configure(config);
        mill
    }

    pub(crate) fn configure(&self, config: &str) {
        fs::write(self.path("feedmill.toml"), config).unwrap();
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    // ---- what happens to the inbox ----------------------------------------------------------------------------------

    /// Puts a file in place as careful programs do: written beside and renamed.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let (path, aside) = (self.path(name), self.path("aside"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&aside, text).unwrap();
        fs::rename(aside, path).unwrap();
    }

    /// Writes into the file that is there.
    pub(crate) fn overwrite(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let mut file = fs::File::options().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(text.as_ref()).unwrap();
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::create_dir_all(self.path(to).parent().unwrap()).unwrap();
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(crate) fn delete(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Sets the time of modification to that many seconds since 1970.
    pub(crate) fn touch(&self, name: &str, seconds: u64) {
        let times = fs::FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        fs::File::options().append(true).open(self.path(name)).unwrap().set_times(times).unwrap();
    }

    // ---- what the mill does -----------------------------------------------------------------------------------------

    pub(crate) fn config(&self) -> Config {
        let around = Surroundings { current: self.folder.path().to_owned(), ..Surroundings::default() };
        match config::load(&Given::default(), &around) {
            Ok(config) => config,
            Err(NoConfig::Refused(refusal)) => panic!("{refusal}"),
            Err(NoConfig::Nothing) => panic!("no config"),
        }
    }

    pub(crate) fn state(&self) -> State {
        hold(&self.config())
    }

    /// One pass, the store opened from its file before and closed after it.
    pub(crate) fn pass(&self) -> Report {
        self.pass_on(&TestDisk::good()).unwrap_or_else(|error| panic!("{error:?}"))
    }

    pub(crate) fn pass_on(&self, disk: &TestDisk) -> Result<Report, PassError> {
        let config = self.config();
        let State { mut store, mut decided, .. } = hold(&config);
        let recovered = store.is_recovered().unwrap();
        run(&config, disk, recovered, &mut store, &mut decided)
    }

    /// A pass that ends after the files were taken in and before anything is published.
    pub(crate) fn absorb(&self) {
        let config = self.config();
        let State { mut store, mut decided, .. } = hold(&config);
        absorb(&config, &mut store, &mut decided);
    }

    pub(crate) fn decide(&self, decision: Decision) -> bool {
        self.decided().add(decision).is_ok()
    }

    pub(crate) fn decided(&self) -> Decided {
        let state = self.config().state;
        fs::create_dir_all(&state).unwrap();
        Decided::read(&state).unwrap()
    }

    /// Every file below the output, by its path.
    pub(crate) fn feeds(&self) -> BTreeMap<String, Vec<u8>> {
        let root = self.path("public");
        let read = |path: PathBuf| (path.strip_prefix(&root).unwrap().display().to_string(), fs::read(&path).unwrap());
        files_below(&root).into_iter().map(read).collect()
    }

    pub(crate) fn atom(&self, feed: &str) -> Vec<Entry> {
        entries(&String::from_utf8(fs::read(self.path(&format!("public/{feed}/atom.xml"))).unwrap()).unwrap())
    }

    pub(crate) fn titles(&self, feed: &str) -> Vec<String> {
        self.atom(feed).into_iter().map(|entry| entry.title).collect()
    }

    /// The store's bytes, its log among them.
    pub(crate) fn stored(&self) -> Vec<Vec<u8>> {
        ["feedmill.db", "feedmill.db-wal"]
            .map(|name| fs::read(self.path(".feedmill").join(name)).unwrap_or_default())
            .into()
    }

    /// The store's log goes into its file, so that damage to the file is damage to the store.
    pub(crate) fn checkpoint(&self) {
        let db = rusqlite::Connection::open(self.path(".feedmill/feedmill.db")).unwrap();
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }

    /// The stored items, as `feedmill items` tells them, by id.
    pub(crate) fn items(&self) -> BTreeMap<String, serde_json::Value> {
        let ran = self.run(&["items", "--format", "json"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let items = ran.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        items.map(|item| (item["id"].as_str().unwrap().to_owned(), item)).collect()
    }

    /// Runs the program in the mill's folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_feedmill"))
            .current_dir(self.folder.path())
            .args(arguments)
            .env_remove("STATE_DIRECTORY")
            .env_remove("CONFIGURATION_DIRECTORY")
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Takes hold of the state folder. A program that another test is just starting has our lock for an instant, too: what
/// is open is shared until it becomes that program.
pub(crate) fn hold(config: &Config) -> State {
    loop {
        match State::hold(&config.state) {
            Err(trouble) if trouble.exit == Exit::Held => std::thread::yield_now(),
            held => return held.unwrap(),
        }
    }
}

pub(crate) fn run(
    config: &Config,
    disk: &(dyn Disk + Sync),
    recovered: bool,
    store: &mut dyn Store,
    decided: &mut Decided,
) -> Result<Report, PassError> {
    Pass { recovered, ..Pass::new(config, disk) }.run(store, decided)
}

pub(crate) fn absorb(config: &Config, store: &mut dyn Store, decided: &mut Decided) {
    let pass = Pass::new(config, &RealDisk);
    pass.take_in(store, decided, &mut Report::default(), false).unwrap_or_else(|error| panic!("{error:?}"));
}

/// Every file below a folder with all that tells whether somebody wrote it.
pub(crate) fn prints(folder: &Path) -> Vec<(PathBuf, u64, i64, i64, Vec<u8>)> {
    let print = |path: PathBuf| {
        let found = fs::symlink_metadata(&path).unwrap();
        let bytes = fs::read(&path).unwrap_or_default();
        (path, found.ino(), found.mtime(), found.mtime_nsec(), bytes)
    };
    files_below(folder).into_iter().map(print).collect()
}

pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files_below(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A published document is one that readers understand to its end.
pub(crate) fn assert_whole(path: &str, bytes: &[u8], when: &str) {
    let text = std::str::from_utf8(bytes).unwrap();
    let torn = match path.rsplit_once('.').unwrap().1 {
        "xml" | "atom" | "opml" | "svg" => roxmltree::Document::parse(text).err().map(|error| error.to_string()),
        "json" => serde_json::from_str::<serde_json::Value>(text).err().map(|error| error.to_string()),
        "html" => (!text.ends_with("</html>\n")).then(|| "no end".to_owned()),
        _ => (!text.ends_with('\n')).then(|| "no end".to_owned()),
    };
    assert!(torn.is_none(), "{path} is torn {when}: {torn:?}");
}

// ---- pages and what is read of them ---------------------------------------------------------------------------------

/// One announcement as a page prints it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) title: &'static str,
    /// `02 March 2021`; empty: the page prints none.
    pub(crate) date: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) credit: &'static str,
}

pub(crate) const fn told(title: &'static str, date: &'static str, summary: &'static str) -> Told {
    Told { title, date, summary, credit: "" }
}

/// A saved newsroom page in the shape of the real ones.
pub(crate) fn page<'t>(told: impl IntoIterator<Item = &'t Told>) -> String {
    let mut page = String::from("News room\n");
    let mut month = "";
    for (number, told) in (1..).zip(told) {
        let of = told.date.get(3..).unwrap_or(month);
        if of != month {
            month = of;
            write!(page, "\n{month}\n").unwrap();
        }
        print(&mut page, number, told);
    }
    page
}

/// The next announcement below a page.
pub(crate) fn print(page: &mut String, number: usize, told: &Told) {
    let Told { title, date, summary, credit } = told;
    let parts = [credit, title, date, summary].into_iter().filter(|part| !part.is_empty());
    for (first, part) in std::iter::once(true).chain(std::iter::repeat(false)).zip(parts) {
        let mark = if first { format!("  {number}. ") } else { "    ".to_owned() };
        write!(page, "\n{mark}{part}\n").unwrap();
    }
}

/// One entry of a published document, as an XML reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) published: String,
    pub(crate) updated: String,
    pub(crate) content: String,
    pub(crate) credit: Option<String>,
}

/// The entries of an Atom document.
pub(crate) fn entries(atom: &str) -> Vec<Entry> {
    let document = roxmltree::Document::parse(atom).unwrap();
    let of = |node: roxmltree::Node<'_, '_>| {
        let text = |name: &str| {
            let child = node.children().find(|child| child.tag_name().name() == name);
            child.map(|child| child.text().unwrap_or_default().to_owned())
        };
        let get = |name: &str| text(name).unwrap_or_default();
        Entry {
            id: get("id").strip_prefix("urn:uuid:").unwrap().to_owned(),
            title: get("title"),
            published: get("published"),
            updated: get("updated"),
            content: get("content"),
            credit: text("credit"),
        }
    };
    document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2005/Atom", "entry"))).map(of).collect()
}

// ---- ids and times, worked out from the design alone ----------------------------------------------------------------

/// The id of scheme 1; `rest` is the folded title, for a twin with its ending.
pub(crate) fn id(site: &str, date: &str, rest: &str) -> String {
    let namespace = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("feedmill:{site}").as_bytes());
    uuid::Uuid::new_v5(&namespace, format!("1\n{date}\n{rest}").as_bytes()).to_string()
}

fn second(id: &str) -> u32 {
    u32::from_str_radix(&id[..8], 16).unwrap() % 900
}

/// The stamp of a day: 10:00:00 and the id's seconds.
pub(crate) fn stamp(day: &str, id: &str) -> String {
    format!("{day}T10:{:02}:{:02}+00:00", second(id) / 60, second(id) % 60)
}

/// What a day of capture counts as: 10:15:00 and the id's seconds.
pub(crate) fn capture(day: &str, id: &str) -> String {
    format!("{day}T10:{:02}:{:02}+00:00", 15 + second(id) / 60, second(id) % 60)
}
