//! The server over loopback: the caching that feed readers expect, what it refuses, and what happens beside slow
//! clients and while documents are replaced.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "support/disk.rs"]
mod disk;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use disk::TestDisk;
use feedmill::http::{Limits, Listener, Server};
use feedmill::mill::render::{Document, Tree, with_siblings};
use feedmill::publish::{Listed, Publication, RealDisk, publish};
use feedmill::serve::Shelf;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

const RSS: &str = "news/rss.xml";
const PAGE: &str = "news/2020/06.html";

/// A published folder and a server for it.
struct Site {
    folder: TempDir,
    shelf: Arc<Shelf>,
    address: SocketAddr,
    server: Server,
}

impl Site {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let folder = TempDir::new().unwrap();
        let shelf = Arc::<Shelf>::default();
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.to_string().parse().unwrap();
        let server = Server::start("serve", vec![listener], Arc::clone(&shelf) as _, limits).unwrap();
        let site = Self { folder, shelf, address, server };
        site.publish(&[
            (RSS, &feed(1)),
            ("news/index.html", &html("news")),
            ("index.html", &html("all")),
            (PAGE, &html("June")),
        ]);
        site
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("public")
    }

    /// Publishes as a pass does.
    fn publish(&self, documents: &[(&str, &str)]) {
        let listed = write(&self.root(), documents);
        self.shelf.take_up(&self.root(), Vec::new());
        self.shelf.take_up(&self.root(), listed);
        self.shelf.prepare();
    }

    fn replace(&self, path: &str, text: &str) {
        let listed = write(&self.root(), &[(path, text)]);
        self.shelf.change(&listed, &[]);
        self.shelf.prepare();
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// All that comes back for these bytes, until the server closes.
    fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        // A server that has refused already may not take the rest.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    fn ask(&self, method: &str, path: &str, lines: &[&str]) -> Answer {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n");
        Answer::of(&self.raw(request.as_bytes()))
    }

    fn get(&self, path: &str, lines: &[&str]) -> Answer {
        self.ask("GET", path, lines)
    }
}

/// Publishes documents and returns their lines of the ledger.
fn write(root: &Path, documents: &[(&str, &str)]) -> Vec<Listed> {
    let document = |text: &str| Document { bytes: text.into(), entries: text.matches("<item>").count() };
    let tree: Tree = documents.iter().map(|(path, text)| ((*path).to_owned(), document(text))).collect();
    let outcomes = publish(&RealDisk, root, &tree).unwrap();
    outcomes.into_iter().map(|outcome| outcome.listed).collect()
}

fn feed(version: usize) -> String {
    let items: String = (0..50).map(|item| format!("<item><title>{version} of {item}</title></item>")).collect();
    format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>\n")
}

fn html(title: &str) -> String {
    let words = "A page with the same words again and again. ".repeat(20);
    format!("<!doctype html><html><head><title>{title}</title></head><body><p>{words}</p></body></html>\n")
}

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("no head: {bytes:?}"));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let split = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Self { status, headers: lines.filter_map(split).collect(), body: bytes[end + 4..].to_vec() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

// ---- what readers expect (caching) ----------------------------------------------------------------------------------

#[test]
fn a_feed_comes_whole_with_both_validators_and_a_time_to_keep_it() {
    let site = Site::new();
    let answer = site.get("/news/rss.xml", &[]);
    assert_eq!((answer.status, answer.body.as_slice()), (200, feed(1).as_bytes()));
    assert_eq!(answer.header("content-type"), "application/rss+xml; charset=utf-8");
    assert_eq!(answer.header("content-length"), feed(1).len().to_string());
    assert_eq!(answer.header("vary"), "Accept-Encoding", "also on the plain answer");
    assert!(answer.header("etag").starts_with('"') && answer.header("etag").ends_with('"'), "{answer:?}");
    let age: u32 = answer.header("cache-control").split_once("max-age=").unwrap().1.parse().unwrap();
    assert!((300..=3600).contains(&age), "{age}");
    assert!(!answer.header("cache-control").contains("no-store"));
    assert!(!answer.header("last-modified").is_empty() && !answer.header("date").is_empty(), "{answer:?}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{answer:?}");
}

#[test]
fn each_validator_alone_gives_a_complete_304() {
    let site = Site::new();
    for path in ["/news/rss.xml", "/news/2020/06.html"] {
        for coding in ["", "Accept-Encoding: gzip, deflate"] {
            let whole = site.get(path, &[coding].map(|line| if line.is_empty() { "X-Y: z" } else { line }));
            let tag = format!("If-None-Match: {}", whole.header("etag"));
            let since = format!("If-Modified-Since: {}", whole.header("last-modified"));
            for condition in [&tag, &since] {
                let again = site.get(path, &[condition, if coding.is_empty() { "X-Y: z" } else { coding }]);
                assert_eq!((again.status, again.body.len()), (304, 0), "{path} {condition}");
                for line in ["etag", "last-modified", "cache-control", "vary"] {
                    assert_eq!(again.header(line), whole.header(line), "{path} {condition} {line}");
                    assert!(!again.header(line).is_empty());
                }
            }
            let old = "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT";
            assert_eq!(site.get(path, &[old]).status, 200, "an old date");
            assert_eq!(
                site.get(path, &[&tag, old, coding].map(|line| if line.is_empty() { "X-Y: z" } else { line })).status,
                304
            );
            assert_eq!(site.get(path, &["If-None-Match: \"x\"", &since]).status, 200, "the tag wins");
        }
    }
}

#[test]
fn each_coding_has_a_tag_of_its_own_and_its_own_length() {
    let site = Site::new();
    let mut tags = Vec::new();
    for (accept, coding) in [("identity", ""), ("gzip, deflate", "gzip"), ("br", "br"), ("zstd", "zstd")] {
        let answer = site.get("/news/rss.xml", &[&format!("Accept-Encoding: {accept}")]);
        assert_eq!((answer.status, answer.header("content-encoding")), (200, coding));
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        assert!(coding.is_empty() || answer.body.len() < feed(1).len(), "{coding}");
        tags.push(answer.header("etag").to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4, "{tags:?}");
    let gz = tags.iter().find(|tag| tag.ends_with("-gz\"")).unwrap();
    let plain = site.get("/news/rss.xml", &[&format!("If-None-Match: {gz}")]);
    assert_eq!(plain.status, 200, "the bytes that it has are coded otherwise");
    // Pages further back are coded when they are asked for.
    let page = site.get("/news/2020/06.html", &["Accept-Encoding: br, gzip"]);
    assert_eq!(page.header("content-encoding"), "gzip");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*page.body).read_to_string(&mut text).unwrap();
    assert_eq!(text, html("June"));
}

#[test]
fn head_has_what_get_has_without_the_body() {
    let site = Site::new();
    for path in ["/news/rss.xml", "/news/2020/06.html", "/", "/nothing"] {
        let (get, head) = (site.get(path, &[]), site.ask("HEAD", path, &[]));
        assert_eq!(head.body, b"", "{path}");
        let without_date = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.remove("date");
            (answer.status, headers)
        };
        assert_eq!(without_date(&head), without_date(&get), "{path}");
    }
}

#[test]
fn the_same_bytes_keep_their_tag_and_others_get_another_and_a_later_date() {
    let site = Site::new();
    let first = site.get("/news/rss.xml", &[]);
    site.replace(RSS, &feed(1));
    assert_eq!(site.get("/news/rss.xml", &[]).header("etag"), first.header("etag"));
    site.replace(RSS, &feed(2));
    let second = site.get("/news/rss.xml", &[&format!("If-None-Match: {}", first.header("etag"))]);
    assert_eq!((second.status, second.body.as_slice()), (200, feed(2).as_bytes()));
    let since = format!("If-Modified-Since: {}", first.header("last-modified"));
    assert_eq!(site.get("/news/rss.xml", &[&since]).status, 200, "even if it was written within the same second");
}

/// Each version is later than the one before it by a second at least, and yet no answer tells of a time to come (RFC
/// 9110 section 8.8.2.1).
#[test]
fn however_often_a_feed_changes_it_is_not_told_as_modified_after_the_answer() {
    let site = Site::new();
    let date = |answer: &Answer, line: &str| httpdate::parse_http_date(answer.header(line)).unwrap();
    for version in 2..8 {
        let before = site.get("/news/rss.xml", &[]);
        site.replace(RSS, &feed(version));
        let since = format!("If-Modified-Since: {}", before.header("last-modified"));
        let answer = site.get("/news/rss.xml", &[&since]);
        assert_eq!((answer.status, answer.body.as_slice()), (200, feed(version).as_bytes()));
        assert!(date(&answer, "last-modified") <= date(&answer, "date"), "{answer:?}");
        let again = site.get("/news/rss.xml", &[&format!("If-None-Match: {}", answer.header("etag"))]);
        assert_eq!(again.status, 304);
        assert!(date(&again, "last-modified") <= date(&again, "date"), "{again:?}");
    }
}

#[test]
fn a_range_is_no_reason_to_send_less() {
    let site = Site::new();
    for range in ["bytes=0-0", "bytes=-5", "bytes=5-1", "bytes=0-,0-,0-", "lines=1-2"] {
        let answer = site.get("/news/rss.xml", &[&format!("Range: {range}")]);
        assert_eq!((answer.status, answer.body.len()), (200, feed(1).len()), "{range}");
    }
    let answer = site.get("/news/rss.xml", &["A-IM: feed"]);
    assert_eq!((answer.status, answer.body.len()), (200, feed(1).len()));
}

#[test]
fn folders_are_their_index_pages() {
    let site = Site::new();
    assert_eq!(site.get("/", &[]).body, html("all").as_bytes());
    assert_eq!(site.get("/news/", &[]).body, html("news").as_bytes());
    assert_eq!(site.get("/?utm_source=x", &[]).body, html("all").as_bytes());
    let moved = site.get("/news", &[]);
    assert_eq!((moved.status, moved.header("location")), (308, "/news/"));
    assert_eq!(site.get("http://anywhere.example/news/rss.xml", &[]).status, 200, "a target in absolute form");
}

#[test]
fn a_feed_may_have_a_name_in_any_script() {
    let site = Site::new();
    site.publish(&[("новости/rss.xml", &feed(7)), ("новости/index.html", &html("Новости"))]);
    let path = "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8";
    assert_eq!(site.get(&format!("{path}/rss.xml"), &[]).body, feed(7).as_bytes());
    assert_eq!(site.get(path, &[]).header("location"), format!("{path}/"));
}

// ---- what is refused ------------------------------------------------------------------------------------------------

#[test]
fn nothing_is_served_but_what_was_published() {
    let site = Site::new();
    let secret = "not for readers";
    for path in ["canary.txt", "public/.hidden", "public/news/left.xml", "public/news/rss.xml.bak"] {
        fs::write(site.folder.path().join(path), secret).unwrap();
    }
    std::os::unix::fs::symlink(site.folder.path(), site.root().join("link")).unwrap();
    for path in [
        "/../canary.txt",
        "/%2e%2e/canary.txt",
        "/..%2fcanary.txt",
        "/..%5ccanary.txt",
        "/%252e%252e/canary.txt",
        "/news/../../canary.txt",
        "/./../canary.txt",
        "//canary.txt",
        "/link/canary.txt",
        "/.hidden",
        "/%2ehidden",
        "/news/left.xml",
        "/news/rss.xml.bak",
        "/news/./rss.xml",
        "//news/rss.xml",
        "/news//rss.xml",
        "/NEWS/rss.xml",
        "/news/rss.xml/",
        "/news/rss.xml%00",
        "/%00",
        "/%ff%fe",
        "/%",
        "/%zz",
        "/etc/passwd",
        "/favicon.ico",
    ] {
        let answer = site.get(path, &[]);
        assert_eq!(answer.status, 404, "{path}");
        let body = String::from_utf8_lossy(&answer.body);
        assert!(!body.contains(secret) && !body.contains(path.trim_matches('/')), "{path}: {body}");
    }
    assert!(matches!(site.get("*", &[]).status, 400 | 404));
}

#[test]
fn compressed_siblings_are_for_other_servers() {
    let site = Site::new();
    let document = Document { bytes: feed(2).into(), entries: 50 };
    let tree = with_siblings(Tree::from_iter([(RSS.to_owned(), document)]));
    let outcomes = publish(&RealDisk, &site.root(), &tree).unwrap();
    site.shelf.change(outcomes.iter().map(|outcome| &outcome.listed), &[]);
    assert!(site.root().join("news/rss.xml.gz").exists());
    assert_eq!(site.get("/news/rss.xml", &[]).status, 200);
    assert_eq!(site.get("/news/rss.xml.gz", &[]).status, 404);
}

#[test]
fn a_file_that_is_not_the_listed_one_is_not_served() {
    let site = Site::new();
    fs::write(site.root().join(PAGE), "somebody else's").unwrap();
    let answer = site.get("/news/2020/06.html", &[]);
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
    fs::remove_file(site.root().join(PAGE)).unwrap();
    assert_eq!(site.get("/news/2020/06.html", &[]).status, 503);
    fs::remove_file(site.root().join(RSS)).unwrap();
    assert_eq!(site.get("/news/rss.xml", &[]).body, feed(1).as_bytes(), "what lies ready needs no file");
    site.replace(PAGE, &html("July"));
    assert_eq!(site.get("/news/2020/06.html", &[]).body, html("July").as_bytes());
    site.shelf.change(&[], &[PAGE]);
    assert_eq!(site.get("/news/2020/06.html", &[]).status, 404, "withdrawn");
}

#[test]
fn malformed_and_endless_heads_are_refused() {
    let site = Site::new();
    let long = "a".repeat(1 << 20);
    let many: String = (0..10_000).map(|line| format!("X-{line}: a\r\n")).collect();
    let cases: [(&str, Vec<u8>, &[u16]); 12] = [
        ("no host", b"GET / HTTP/1.1\r\n\r\n".to_vec(), &[400]),
        ("two hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_vec(), &[400]),
        (
            "two lengths",
            b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\naaaaaa".to_vec(),
            &[400],
        ),
        ("a signed length", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\naaaaa".to_vec(), &[400]),
        ("a space before the colon", b"GET / HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n".to_vec(), &[400]),
        ("a NUL", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n".to_vec(), &[400]),
        ("another version", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n".to_vec(), &[400, 505]),
        ("HTTP/0.9", b"GET /\r\n\r\n".to_vec(), &[400]),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".to_vec(), &[400]),
        ("a long line", format!("GET / HTTP/1.1\r\nHost: a\r\nX-A: {long}\r\n\r\n").into(), &[431]),
        ("many lines", format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n").into(), &[431]),
        ("a long target", format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n").into(), &[414, 431]),
    ];
    for (what, request, statuses) in cases {
        let answer = site.raw(&request);
        assert!(!answer.is_empty(), "{what}: no answer");
        let answer = Answer::of(&answer);
        assert!(statuses.contains(&answer.status), "{what}: {answer:?}");
        assert!(answer.body.len() < 100, "{what}: {answer:?}");
    }
}

#[test]
fn a_body_is_never_taken_for_a_request() {
    let site = Site::new();
    let smuggled = "GET /news/rss.xml HTTP/1.1\r\nHost: x\r\n\r\n";
    for announced in
        [format!("Content-Length: {}", smuggled.len()), "Content-Length: 6\r\nTransfer-Encoding: chunked".to_owned()]
    {
        let answers = site.raw(format!("GET / HTTP/1.1\r\nHost: x\r\n{announced}\r\n\r\n{smuggled}").as_bytes());
        let text = String::from_utf8_lossy(&answers);
        assert!(text.matches("HTTP/1.1 ").count() == 1 && !text.contains("<rss"), "{announced}: {text}");
    }
}

// ---- connections ----------------------------------------------------------------------------------------------------

#[test]
fn a_connection_is_kept_and_requests_may_be_piled_up() {
    let site = Site::new();
    let one = "GET /news/rss.xml HTTP/1.1\r\nHost: x\r\n\r\n".repeat(49);
    let text = site.raw(format!("{one}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
    let text = String::from_utf8(text).unwrap();
    assert_eq!((text.matches("HTTP/1.1 200 OK").count(), text.matches(&feed(1)).count()), (50, 49));
    assert!(text.ends_with(&html("all")));
    let old = String::from_utf8(site.raw(b"GET / HTTP/1.0\r\n\r\n")).unwrap();
    assert!(
        old.contains(" 200 OK") && old.ends_with(&html("all")),
        "and without being asked to, not for HTTP/1.0: {old}"
    );
}

/// Whether the server's end of a connection is as it was when it came about: what the client's end can't tell as long
/// as it takes nothing.
fn is_established(server: SocketAddr, client: &TcpStream) -> bool {
    let ports = format!(":{:04X} 0100007F:{:04X} 01 ", server.port(), client.local_addr().unwrap().port());
    fs::read_to_string("/proc/net/tcp").unwrap().contains(&ports)
}

#[test]
fn a_client_that_says_nothing_or_never_ends_is_let_go() {
    let short = Duration::from_millis(300);
    let limits = Limits { first_byte: short, head: short, idle: short, write: short, ..Limits::default() };
    let site = Site::with(limits);
    for sent in ["", "GET / HTTP/1.1\r\nHost: x\r\nX-A: ", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut stream = site.connect();
        stream.write_all(sent.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // Ends, by whatever kind of an end.
        let _ = stream.read_to_end(&mut answer);
        assert_eq!(!answer.is_empty(), sent.ends_with("\r\n\r\n"), "{sent:?}");
    }
    // One that takes nothing of an answer larger than the system keeps for it.
    let large = html(&"x".repeat(3 << 20));
    site.publish(&[("news/index.html", &large)]);
    let mut slow = site.connect();
    slow.write_all(&b"GET /news/ HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20)).unwrap();
    let mut last = site.connect();
    last.write_all(b"GET /").unwrap();
    let _ = last.read_to_end(&mut Vec::new());
    let began = Instant::now();
    while is_established(site.address, &slow) {
        assert!(began.elapsed() < Duration::from_secs(30), "it is never cut off");
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut taken = Vec::new();
    let _ = slow.read_to_end(&mut taken);
    assert!(taken.len() < 20 * large.len(), "cut off");
}

#[test]
fn many_slow_clients_keep_nobody_waiting_and_make_room() {
    let site = Site::with(Limits { connections: 100, ..Limits::default() });
    let mut slow = Vec::new();
    for number in 0..300 {
        let mut stream = site.connect();
        let sent: &[u8] = if number % 2 == 0 { b"GET / HTTP/1.1\r\nX-A: " } else { b"" };
        let _ = stream.write_all(sent);
        slow.push(stream);
        if number % 50 == 0 {
            assert_eq!(site.get("/news/rss.xml", &[]).status, 200, "beside {number}");
        }
    }
    assert_eq!(site.get("/news/rss.xml", &[]).body, feed(1).as_bytes());
}

#[test]
fn six_hundred_slow_clients_keep_nobody_waiting() {
    const SLOW: u64 = 600;
    // Each connection has both of its ends in this process.
    let limit = getrlimit(Resource::Nofile);
    let needed = limit.current.map(|now| now.max(4 * SLOW));
    setrlimit(Resource::Nofile, Rlimit { current: needed, ..limit }).unwrap();
    let patient = Duration::from_secs(600);
    let site = Site::with(Limits { first_byte: patient, head: patient, ..Limits::default() });
    let mut slow = Vec::new();
    for number in 0..SLOW {
        let mut stream = site.connect();
        let sent: &[u8] = if number % 2 == 0 { b"GET / HTTP/1.1\r\nX-A: " } else { b"" };
        stream.write_all(sent).unwrap();
        slow.push(stream);
    }
    assert_eq!(site.get("/news/rss.xml", &[]).body, feed(1).as_bytes());
    for stream in &slow {
        stream.set_nonblocking(true).unwrap();
        let waiting = stream.peek(&mut [0]).map_err(|error| error.kind());
        assert_eq!(waiting, Err(std::io::ErrorKind::WouldBlock), "neither answered nor let go");
    }
}

#[test]
fn between_a_rename_and_the_ledger_the_new_version_is_served() {
    let site = Site::new();
    // A reader asks for the page just after its replacement, and never before: what was asked for is kept.
    let seen = Mutex::<Vec<Answer>>::default();
    let disk = TestDisk::asking(|step, _| {
        if step == "sync_dir" {
            seen.lock().unwrap().push(site.get("/news/2020/06.html", &[]));
        }
        Ok(())
    });
    let document = Document { bytes: html("July").into(), entries: 0 };
    let announced = |coming: &[Listed]| site.shelf.announce(coming);
    let root = site.root();
    let mut publication = Publication::new(&disk, &root).announced_to(&announced);
    publication.add(0, &Tree::from_iter([(PAGE.to_owned(), document)])).unwrap();
    let outcomes = publication.finish().outcomes.remove(&0).unwrap();
    drop(disk);
    let seen = seen.into_inner().unwrap();
    assert_eq!((seen[0].status, seen[0].body.as_slice()), (200, html("July").as_bytes()));
    site.shelf.change(outcomes.iter().map(|outcome| &outcome.listed), &[]);
    let told = site.get("/news/2020/06.html", &[]);
    assert_eq!(told.header("etag"), seen[0].header("etag"), "it is the same version");
    let date = |answer: &Answer| httpdate::parse_http_date(answer.header("last-modified")).unwrap();
    assert!(date(&told) >= date(&seen[0]), "and as new as it was");
}

#[test]
fn what_is_replaced_while_it_is_served_is_never_missing_and_never_half() {
    let site = Site::new();
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = std::collections::BTreeSet::new();
            while !end.load(Ordering::Relaxed) {
                for line in ["X-Y: z", "Accept-Encoding: gzip"] {
                    let answer = site.get("/news/rss.xml", &[line]);
                    assert_eq!(answer.status, 200);
                    let mut text = String::new();
                    match answer.header("content-encoding") {
                        "gzip" => drop(flate2::read::GzDecoder::new(&*answer.body).read_to_string(&mut text).unwrap()),
                        _ => text = String::from_utf8(answer.body).unwrap(),
                    }
                    let version = text.split("<title>").nth(2).unwrap().split(' ').next().unwrap().parse().unwrap();
                    assert_eq!(text, feed(version));
                    seen.insert(version);
                }
            }
            seen.len()
        });
        for version in 2..200 {
            site.replace(RSS, &feed(version));
        }
        end.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 1);
    });
}

#[test]
fn a_document_of_any_size_is_served_from_little_memory() {
    let site = Site::new();
    // One that is coded when asked for, one that is fetched whole, one that is read as the client takes it.
    for size in [100 << 10, 700 << 10, 6 << 20] {
        let text = html(&"x".repeat(size));
        for path in [PAGE, "news/undated.html"] {
            site.replace(path, &text);
            let answer = site.get(&format!("/{path}"), &[]);
            assert_eq!((answer.status, answer.body.len()), (200, text.len()), "{path} {size}");
            assert_eq!(answer.body, text.as_bytes());
            let again = site.get(&format!("/{path}"), &[&format!("If-None-Match: {}", answer.header("etag"))]);
            assert_eq!(again.status, 304);
        }
    }
}

#[test]
fn at_the_end_what_was_asked_is_answered_and_nobody_is_let_in() {
    let site = Site::new();
    let mut asking = site.connect();
    asking.write_all(b"GET /news/rss.xml HTTP/1.1\r\nHost: x\r\n").unwrap();
    // It has the first half of this head when it has answered another one.
    assert_eq!(site.get("/", &[]).status, 200);
    let address = site.address;
    site.server.drain();
    while TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
    asking.write_all(b"\r\n").unwrap();
    let mut answer = Vec::new();
    asking.read_to_end(&mut answer).unwrap();
    let answer = Answer::of(&answer);
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    drop(site.server);
}

#[test]
fn a_socket_file_is_listened_on_taken_over_and_removed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("http");
    // Left behind by one that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listener = Listener::unix(&path).unwrap();
    assert!(Listener::unix(&path).is_err(), "somebody listens");
    assert!(Listener::in_the_way(&path).unwrap().contains("another program"));
    let server = Server::start("serve", vec![listener], Arc::<Shelf>::default(), Limits::default()).unwrap();
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = Answer::of(&answer);
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"), "nothing was published yet");
    drop(server);
    assert!(!path.exists());
    assert_eq!(Listener::in_the_way(&path), None);
    fs::write(&path, "a file of somebody's").unwrap();
    assert!(Listener::in_the_way(&path).unwrap().contains("no socket"));
    assert!(Listener::unix(&path).is_err());
    assert!(path.exists());
}
