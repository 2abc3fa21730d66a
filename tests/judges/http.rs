//! Feed readers that fetch from the program's own server: what they see, and that they need not fetch it twice.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use super::{DOCUMENTS, Newsroom, feedmill, judge, lakes, meant, python, seeds, seen_by_feed_rs};

/// A feedmill that watches a newsroom and serves its feeds.
struct Daemon {
    temp: tempfile::TempDir,
    child: Child,
    address: SocketAddr,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Daemon {
    fn of(newsroom: &Newsroom) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let mut command = feedmill(temp.path());
        command.args(["--listen", "127.0.0.1:0", "--base-url", "https://feeds.example/"]).arg(&newsroom.folder);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = log.find_map(|line| Some(line.split_once("serving the feeds on ")?.1.parse().unwrap())).unwrap();
        // All feeds are there when it watches; and nobody else reads what it logs.
        assert!(log.any(|line| line.contains("watching 1 source")), "it ended before it watched");
        std::thread::spawn(move || log.for_each(drop));
        Self { temp, child, address }
    }
}

/// Stands between readers and the server, and counts what came of their requests.
struct Recorder {
    address: SocketAddr,
    statuses: Arc<Mutex<Vec<u16>>>,
}

impl Recorder {
    fn before(server: SocketAddr) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, statuses) = (door.local_addr().unwrap(), Arc::<Mutex<Vec<u16>>>::default());
        let record = Arc::clone(&statuses);
        // Ends with the test's process.
        std::thread::spawn(move || door.incoming().for_each(|client| passed_on(client.unwrap(), server, &record)));
        Self { address, statuses }
    }

    /// What came of all requests since the last call.
    fn statuses(&self) -> Vec<u16> {
        std::mem::take(&mut *self.statuses.lock().unwrap())
    }
}

/// Passes one request on, as the last of its connection, and the answer back.
fn passed_on(mut client: TcpStream, server: SocketAddr, statuses: &Mutex<Vec<u16>>) {
    let mut request = String::new();
    for line in BufReader::new(client.try_clone().unwrap()).lines().map(Result::unwrap) {
        if line.is_empty() {
            break;
        }
        if !line.to_lowercase().starts_with("connection:") {
            request.push_str(&format!("{line}\r\n"));
        }
    }
    let mut upstream = TcpStream::connect(server).unwrap();
    upstream.write_all(format!("{request}Connection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).unwrap();
    let status = answer.split(|byte| *byte == b' ').nth(1).unwrap();
    // Before the client can be done with it.
    statuses.lock().unwrap().push(std::str::from_utf8(status).unwrap().parse().unwrap());
    client.write_all(&answer).unwrap();
}

/// Fetches a document as a client of feed-rs has to, which fetches nothing itself.
fn fetched(url: &str, tag: Option<&str>) -> (u16, String, Vec<u8>) {
    let config = ureq::Agent::config_builder().proxy(None).build();
    let mut request = config.new_agent().get(url);
    if let Some(tag) = tag {
        request = request.header("If-None-Match", tag);
    }
    let mut answer = request.call().unwrap();
    let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), tag, answer.body_mut().read_to_vec().unwrap())
}

fn feed_rs_fetches(newsroom: &Newsroom) {
    let daemon = Daemon::of(newsroom);
    for document in DOCUMENTS.into_iter().chain(["feed.json"]) {
        let url = format!("http://{}/{}/{document}", daemon.address, newsroom.site);
        let (status, tag, bytes) = fetched(&url, None);
        assert_eq!((status, seen_by_feed_rs(&bytes, document != "rss.xml")), (200, meant(newsroom, document)), "{url}");
        assert_eq!(fetched(&url, Some(&tag)), (304, tag, Vec::new()), "{url}");
    }
}

fn readers_fetch(newsroom: &Newsroom) {
    let Some(python) = python() else { return };
    let daemon = Daemon::of(newsroom);
    let recorder = Recorder::before(daemon.address);
    let labels = newsroom.write_labels(daemon.temp.path());
    // What each reader's requests have to come to. feedparser is asked to send either validator alone; newsboat keeps
    // them from the second answer on; sfeed knows none.
    for (reader, program, statuses) in [
        ("feedparser", None, &[200, 304, 304][..]),
        ("newsboat", Some("newsboat"), &[200, 200, 304]),
        ("reader", None, &[200, 304]),
        ("sfeed", Some("sfeed"), &[200]),
    ] {
        if program.is_some_and(|program| !installed(program)) {
            eprintln!("skipped: {reader} is not installed (tests/run does that)");
            continue;
        }
        for document in DOCUMENTS {
            let url = format!("http://{}/{}/{document}", recorder.address, newsroom.site);
            let mut agree = Command::new(&python);
            agree.arg(judge("agree.py")).arg(&labels).args([&url, "--reader", reader]);
            newsroom.agree(agree.env("no_proxy", "127.0.0.1"), 1);
            assert_eq!(recorder.statuses(), statuses, "{reader}, {document}");
        }
    }
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: std::path::PathBuf| Path::new(&folder).join(program).is_file())
}

#[test]
fn feed_rs_sees_the_samples_over_http_and_need_not_fetch_them_twice() {
    feed_rs_fetches(&lakes());
}

#[test]
fn readers_see_the_samples_over_http_and_do_not_fetch_them_twice() {
    readers_fetch(&lakes());
}

#[test]
fn feed_rs_sees_the_seeds_over_http_and_need_not_fetch_them_twice() {
    seeds().iter().for_each(feed_rs_fetches);
}

#[test]
fn readers_see_the_seeds_over_http_and_do_not_fetch_them_twice() {
    seeds().iter().for_each(readers_fetch);
}
