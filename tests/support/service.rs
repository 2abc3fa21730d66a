//! A service manager of our own: starts the daemon, hears what it says, sends it signals.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::ops::RangeInclusive;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::Mill;

/// So long a test waits for what must come about, before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// One source, one feed with everything; `watch` goes into its table.
pub(crate) fn config(watch: &str) -> String {
    format!(
        "[watch]\nrescan = \"10m\"\n{watch}\n\n[[source]]\nname = \"news\"\nsite = \"harbour\"\nfiles = [\"in/**/*.txt\"]\n\
         layout = \"newsroom\"\nlanguage = \"en\"\nurl = \"http://localhost/\"\n\n\
         [[feed]]\nname = \"everything\"\nsources = [\"news\"]\nlimit = 0\n"
    )
}

/// The title of an item of `name`.
pub(crate) fn title(name: &str, n: usize) -> String {
    format!("The harbour notes of {name} number {n} are open to all who come by boat")
}

/// A page with these items of `name`.
pub(crate) fn sheet(name: &str, items: RangeInclusive<usize>) -> String {
    let mut page = String::from("News room\n\nJune 2020\n");
    for (number, n) in (1..).zip(items) {
        entry(&mut page, number, name, n);
    }
    page
}

/// One more item at the end of a page.
pub(crate) fn entry(page: &mut String, number: usize, name: &str, n: usize) {
    let day = 10 + n % 20;
    let title = title(name, n);
    write!(page, "\n  {number}. {title}\n\n    {day} June 2020\n\n    Lamps were lit {n} times, and boats came in.\n")
        .unwrap();
}

/// A daemon, and all that it said so far.
pub(crate) struct Daemon {
    child: Child,
    heard: Arc<Mutex<Vec<String>>>,
    reports: Arc<Mutex<Vec<Value>>>,
    log: PathBuf,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

static NUMBER: AtomicUsize = AtomicUsize::new(0);

impl Daemon {
    /// Starts one in the mill's folder, with its config, under our care.
    pub(crate) fn start(mill: &Mill) -> Self {
        Self::spawn(mill, program(mill), true)
    }

    /// Starts one and waits until it is ready, and its first report was read: whoever counts reports counts those after
    /// it.
    pub(crate) fn ready(mill: &Mill) -> Self {
        let daemon = Self::start(mill);
        daemon.hears("READY=1");
        daemon.until("the first report", || !daemon.reports().is_empty());
        daemon
    }

    /// Starts `command`, which becomes a daemon; `managed`: with a socket to notify.
    pub(crate) fn spawn(mill: &Mill, mut command: Command, managed: bool) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let (log, path) = (mill.path(&format!("log-{number}")), mill.path(&format!("notify-{number}")));
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        if managed {
            command.env("NOTIFY_SOCKET", &path);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let (heard, reports) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<Value>>>::default());
        let stop = Arc::new(AtomicBool::new(false));
        let (ear, until) = (heard.clone(), stop.clone());
        let listening = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                // Read to the end of what was sent, even once it ended.
                let ending = until.load(Ordering::Relaxed);
                match socket.recv(&mut buffer) {
                    Ok(length) => ear.lock().unwrap().push(String::from_utf8_lossy(&buffer[..length]).into_owned()),
                    Err(_) if ending => return,
                    Err(_) => {}
                }
            }
        });
        let (lines, told) = (BufReader::new(child.stdout.take().unwrap()), reports.clone());
        let reading = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                told.lock().unwrap().extend(serde_json::from_str(&line));
            }
        });
        Self { child, heard, reports, log, stop, threads: vec![listening, reading] }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it told the service manager, one string a message.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// How many messages with this line came in.
    pub(crate) fn count(&self, line: &str) -> usize {
        self.heard().iter().filter(|message| message.lines().any(|found| found == line)).count()
    }

    /// The reports of its passes.
    pub(crate) fn reports(&self) -> Vec<Value> {
        self.reports.lock().unwrap().clone()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until `there`.
    pub(crate) fn until(&self, what: &str, mut there: impl FnMut() -> bool) {
        let began = Instant::now();
        while !there() {
            assert!(
                began.elapsed() < PATIENCE,
                "waited in vain: {what}\nheard: {:?}\nlast report: {:?}\n{}",
                self.heard(),
                self.reports().last(),
                self.log()
            );
            sleep(Duration::from_millis(5));
        }
    }

    /// Waits for a message with this line.
    pub(crate) fn hears(&self, line: &str) {
        self.hears_again(line, 0);
    }

    /// Waits for more than `before` messages with this line.
    pub(crate) fn hears_again(&self, line: &str, before: usize) {
        self.until(line, || self.count(line) > before);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end; its exit code, `None` for a signal.
    pub(crate) fn end(&mut self) -> Option<i32> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.stop.store(true, Ordering::Relaxed);
                for thread in self.threads.drain(..) {
                    thread.join().unwrap();
                }
                return status.code();
            }
            assert!(began.elapsed() < PATIENCE, "it does not end\n{}", self.log());
            sleep(Duration::from_millis(5));
        }
    }

    /// Ends it as a service manager does.
    pub(crate) fn terminate(mut self) {
        self.signal(Signal::TERM);
        assert_eq!(self.end(), Some(0), "{}", self.log());
        assert!(!self.log().contains("panicked"), "{}", self.log());
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        assert_eq!(self.end(), None);
        assert!(!self.log().contains("panicked"), "{}", self.log());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The program in the mill's folder, which would watch.
pub(crate) fn program(mill: &Mill) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_feedmill"));
    command.current_dir(mill.path("")).env_clear().args(["--format", "json"]);
    command
}

/// The titles of the feed with everything and the ids below them; nothing if it is not there yet.
pub(crate) fn shown(output: &Path) -> BTreeMap<String, String> {
    let Ok(atom) = fs::read_to_string(output.join("everything/atom.xml")) else { return BTreeMap::new() };
    crate::support::entries(&atom).into_iter().map(|entry| (entry.title, entry.id)).collect()
}

/// Waits until the feed with everything shows this title.
pub(crate) fn shows(daemon: &Daemon, mill: &Mill, title: &str) {
    daemon.until(&format!("{title:?} in the feed"), || shown(&mill.path("public")).contains_key(title));
}

/// Drops a file, which must reach the feed.
pub(crate) fn drops(mill: &Mill, daemon: &Daemon, name: &str) {
    mill.write(&format!("in/{name}.txt"), sheet(name, 1..=1));
    shows(daemon, mill, &title(name, 1));
}

/// Another program's view of the same files: a single pass into folders of its own.
pub(crate) fn once(mill: &Mill) {
    let ran = mill.run(&["--once", "--state", "once-state", "--output", "once"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// The items that a state folder holds, by their ids.
pub(crate) fn items(mill: &Mill, state: &str) -> BTreeMap<String, String> {
    let ran = mill.run(&["items", "--format", "json", "--state", state]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let item = |line: &str| {
        let item: Value = serde_json::from_str(line).unwrap();
        (item["id"].as_str().unwrap().to_owned(), item["title"].as_str().unwrap().to_owned())
    };
    ran.out.lines().map(item).collect()
}
