//! The published folder behind nginx and Caddy, and feedmill's own server behind nginx, asked by a client.

use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use feedmill::mill::render::media_type;
use ureq::Agent;

use crate::support::Mill;
use crate::{has, lakes, recipe, run, with};

/// A web server that serves a mill's output.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer, headers in lower case.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    /// Runs `command`, which stays and listens on `port`.
    fn run(command: &mut Command, port: u16) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let server = Self { child, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(40), "nobody listens on {port}");
            std::thread::sleep(Duration::from_millis(5));
        }
        server
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None);
        let agent = config.allow_non_standard_methods(true).accept_encoding("identity").build().new_agent();
        let path: String = path.chars().map(|c| if c.is_ascii() { c.to_string() } else { escaped(c) }).collect();
        let mut request = ureq::http::Request::builder();
        request = request.method(method).uri(format!("http://127.0.0.1:{}{path}", self.port));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = agent.run(request.body(()).unwrap()).unwrap();
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let body = response.body_mut().read_to_vec().unwrap();
        Answer { status: response.status().as_u16(), headers, body }
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers)
    }
}

fn escaped(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn gzip(arguments: &[&str], bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut command = Command::new("gzip");
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(&bytes));
    let done = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(done.status.success());
    done.stdout
}

/// What readers and browsers rely on.
fn serves_as_readers_expect(mill: &Mill, server: &Server) {
    for (path, bytes) in mill.feeds() {
        let at = format!("/{path}");
        let plain = server.get(&at, &[]);
        assert_eq!((plain.status, plain.header("content-type")), (200, media_type(&path)), "{path}: {plain:?}");
        assert!(plain.body == bytes, "{path}");
        guarded(&path, &plain);
        let (tag, modified) = (plain.header("etag"), plain.header("last-modified"));
        assert!(tag.starts_with('"') && !modified.is_empty(), "{path}: {plain:?}");
        for condition in [("If-None-Match", tag), ("If-Modified-Since", modified)] {
            let again = server.get(&at, &[condition]);
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}, {condition:?}: {again:?}");
            assert_eq!(again.header("etag"), tag, "{path}");
            assert_eq!(again.header("cache-control"), plain.header("cache-control"), "{path}");
        }
        // The tag decides where both are sent.
        let other = server.get(&at, &[("If-None-Match", "\"other\""), ("If-Modified-Since", modified)]);
        assert_eq!(other.status, 200, "{path}");
        let head = server.ask("HEAD", &at, &[]);
        assert_eq!((head.status, head.header("etag"), head.body.len()), (200, tag, 0), "{path}");
    }
    let (root, page) = (server.get("/", &[]), server.get("/lakes/", &[]));
    assert!(root.body == fs::read(mill.path("public/index.html")).unwrap());
    assert!(page.body == fs::read(mill.path("public/lakes/index.html")).unwrap());
}

fn guarded(path: &str, answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "public, max-age=900", "{path}: {answer:?}");
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"), "{path}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
}

const TEXTS: [&str; 5] = ["lakes/rss.xml", "lakes/atom.xml", "lakes/feed.json", "lakes/index.html", "style.css"];

/// Compressed on the way, then from the siblings of the files.
fn compresses(mill: &Mill, server: &Server) {
    for path in TEXTS {
        let bytes = fs::read(mill.path(&format!("public/{path}"))).unwrap();
        let at = format!("/{path}");
        let answer = server.get(&at, &[("Accept-Encoding", "gzip")]);
        assert_eq!((answer.header("content-encoding"), answer.header("vary")), ("gzip", "Accept-Encoding"), "{path}");
        assert_eq!(answer.header("content-type"), media_type(path), "{path}");
        assert!(gzip(&["-dc"], &answer.body) == bytes, "{path}");
        let plain = server.get(&at, &[]);
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        assert_ne!(plain.header("etag"), "", "{path}");
        assert_eq!(plain.header("vary"), "Accept-Encoding", "{path}: {plain:?}");
    }
    let config = fs::read_to_string(mill.path("feedmill.toml")).unwrap();
    mill.configure(&format!("precompress = true\n{config}"));
    assert_eq!(mill.run(&["--once"]).code, 0);
    for path in TEXTS {
        let at = format!("/{path}");
        let answer = server.get(&at, &[("Accept-Encoding", "gzip")]);
        assert_eq!(answer.header("content-encoding"), "gzip", "{path}");
        assert_eq!(answer.header("content-type"), media_type(path), "{path}");
        let sibling = fs::read(mill.path(&format!("public/{path}.gz"))).unwrap();
        assert!(answer.body == sibling, "{path}: the sibling is sent as it is");
        let again = server.get(&at, &[("Accept-Encoding", "gzip"), ("If-None-Match", answer.header("etag"))]);
        assert_eq!(again.status, 304, "{path}: {again:?}");
        guarded(path, &answer);
    }
    mill.configure(&config);
    assert_eq!(mill.run(&["--once"]).code, 0);
    assert!(!mill.path("public/lakes/rss.xml.gz").exists());
}

fn shows_nothing_else(mill: &Mill, server: &Server) {
    mill.write("public/lakes/.rss.xml.tmp", "half a feed");
    mill.write("secret.txt", "not for the world");
    for path in ["/lakes/.rss.xml.tmp", "/../secret.txt", "/%2e%2e/secret.txt", "/lakes/nothing.xml", "/.git/config"] {
        let answer = server.get(path, &[]);
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        assert_eq!(answer.header("cache-control"), "", "{path}: {answer:?}");
    }
    assert_eq!(server.ask("POST", "/lakes/rss.xml", &[]).status, 405);
}

/// A reader that asks again after a change gets it, under another tag.
fn follows_changes(mill: &Mill, server: &Server) {
    let before = server.get("/lakes/rss.xml", &[]);
    mill.write(
        "scrapes/news-2021-07-20.txt",
        "News room\n\n  1. A new bell\n\n    19 July 2021\n\n    It rings at six.\n",
    );
    assert_eq!(mill.run(&["--once"]).code, 0);
    let after = server.get("/lakes/rss.xml", &[("If-None-Match", before.header("etag"))]);
    assert_eq!(after.status, 200);
    assert!(String::from_utf8_lossy(&after.body).contains("A new bell"));
}

fn all(mill: &Mill, server: &Server) {
    serves_as_readers_expect(mill, server);
    compresses(mill, server);
    shows_nothing_else(mill, server);
    follows_changes(mill, server);
}

#[test]
fn nginx_serves_the_folder() {
    if !has("nginx") {
        return;
    }
    let mill = lakes();
    let site = with(&recipe("nginx.conf"), "/var/lib/feedmill/public", mill.path("public").to_str().unwrap());
    all(&mill, &behind_nginx(&mill, &site));
}

#[test]
fn nginx_stands_before_the_server() {
    if !has("nginx") {
        return;
    }
    let (mill, port) = (lakes(), free_port());
    let address = format!("127.0.0.1:{port}");
    let mut feedmill = Command::new(env!("CARGO_BIN_EXE_feedmill"));
    feedmill.current_dir(mill.path("")).args(["-q", "--listen", &address]);
    feedmill.env_remove("CONFIGURATION_DIRECTORY").env_remove("STATE_DIRECTORY");
    let feedmill = Server::run(&mut feedmill, port);
    let server = behind_nginx(&mill, &with(&recipe("nginx-proxy.conf"), "127.0.0.1:8080", &address));
    serves_as_readers_expect(&mill, &server);
    for (path, bytes) in mill.feeds() {
        for accept in ["gzip", "br", "zstd"] {
            let asked = [("Accept-Encoding", accept)];
            let (direct, proxied) =
                (feedmill.get(&format!("/{path}"), &asked), server.get(&format!("/{path}"), &asked));
            for name in ["content-encoding", "content-type", "content-length", "etag", "last-modified", "vary"] {
                assert_eq!(proxied.header(name), direct.header(name), "{path}, {accept}: {name}");
            }
            assert!(proxied.body == direct.body, "{path}, {accept}");
            assert!(
                accept != "gzip"
                    || direct.header("content-encoding").is_empty()
                    || gzip(&["-dc"], &direct.body) == bytes
            );
        }
    }
    let moved = server.get("/lakes", &[]);
    assert_eq!((moved.status, moved.header("location")), (308, "/lakes/"));
    assert_eq!(server.get("/lakes/nothing.xml", &[]).status, 404);
    drop(feedmill);
    assert_eq!(server.get("/lakes/rss.xml", &[]).status, 502, "and nothing but the proxy answers");
}

/// nginx with this site, which listens on a free port.
fn behind_nginx(mill: &Mill, site: &str) -> Server {
    let (folder, port) = (mill.path("nginx"), free_port());
    fs::create_dir(&folder).unwrap();
    let listens = format!("    listen 127.0.0.1:{port};\n");
    fs::write(folder.join("site.conf"), with(site, "    listen 80;\n    listen [::]:80;\n", &listens)).unwrap();
    fs::write(folder.join("nginx.conf"), nginx(&folder)).unwrap();
    let command = || {
        let mut command = Command::new("nginx");
        command.args(["-p", folder.to_str().unwrap(), "-c", "nginx.conf", "-e", "error.log"]);
        command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()));
        command
    };
    let (code, told) = run(command().arg("-t"));
    assert!(code == 0 && !told.contains("[warn]"), "{told}");
    Server::run(&mut command(), port)
}

/// What stands around a site's file, for a folder of its own.
fn nginx(folder: &Path) -> String {
    let root = run(Command::new("id").arg("-u")).1.trim() == "0";
    let user = if root { "user root;\n" } else { "" };
    let mut text =
        format!("{user}daemon off;\nmaster_process off;\npid nginx.pid;\nevents {{ }}\nhttp {{\naccess_log off;\n");
    for place in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        text.push_str(&format!("{place}_temp_path {};\n", folder.join(place).display()));
    }
    text.push_str("include site.conf;\n}\n");
    text
}

#[test]
fn caddy_serves_the_folder() {
    if !has("caddy") {
        return;
    }
    let (mill, port) = (lakes(), free_port());
    let site = with(&recipe("Caddyfile"), "feeds.example.org {", &format!("http://127.0.0.1:{port} {{"));
    let site = with(&site, "/var/lib/feedmill/public", mill.path("public").to_str().unwrap());
    fs::write(mill.path("Caddyfile"), format!("{{\n\tadmin off\n}}\n{site}")).unwrap();
    let command = |verb: &str| {
        let mut command = Command::new("caddy");
        command.current_dir(mill.path("")).env("HOME", mill.path("")).env("XDG_DATA_HOME", mill.path("data"));
        command.env("XDG_CONFIG_HOME", mill.path("config")).stderr(Stdio::null());
        command.args([verb, "--config", "Caddyfile", "--adapter", "caddyfile"]);
        command
    };
    let (code, told) = run(command("validate").stderr(Stdio::piped()));
    assert_eq!(code, 0, "{told}");
    all(&mill, &Server::run(&mut command("run"), port));
}
