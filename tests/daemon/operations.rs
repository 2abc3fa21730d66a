//! What the operator hears of a running feedmill.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};

use rustix::process::Signal;

use crate::service::{Daemon, config, sheet, shows, title};
use crate::support::{Entry, Mill, entries};

fn told(mill: &Mill) -> Vec<Entry> {
    fs::read_to_string(mill.path(".feedmill/operations.atom")).map(|atom| entries(&atom)).unwrap_or_default()
}

/// Waits until the operations feed has just this to tell.
fn tells(daemon: &Daemon, mill: &Mill, titles: &[&str]) {
    let found = || told(mill).into_iter().map(|entry| entry.title).collect::<Vec<_>>();
    daemon.until(&format!("{titles:?} in the operations feed, not {:?}", found()), || found() == titles);
}

#[test]
fn what_comes_and_goes_while_it_watches_is_told() {
    let mill = Mill::new(&config("settle = \"300ms\""));
    mill.write("in/a.txt", sheet("start", 1..=3));
    let daemon = Daemon::ready(&mill);
    tells(&daemon, &mill, &[]);

    // A file among those that change, and a look at these alone.
    mill.write("in/bad.txt", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    tells(&daemon, &mill, &["skipped: in/bad.txt"]);
    mill.write("in/bad.txt", sheet("bad", 1..=1));
    shows(&daemon, &mill, &title("bad", 1));
    tells(&daemon, &mill, &["healed: skipped: in/bad.txt"]);

    mill.configure("nonsense");
    daemon.signal(Signal::HUP);
    tells(&daemon, &mill, &["the config can't be used", "healed: skipped: in/bad.txt"]);
    assert!(told(&mill)[0].content.contains("feedmill.toml"), "{:?}", told(&mill));
    mill.configure(&config("settle = \"300ms\""));
    daemon.signal(Signal::HUP);
    tells(&daemon, &mill, &["healed: the config can't be used", "healed: skipped: in/bad.txt"]);

    // The folder of the feeds is replaced by a file, then made again.
    fs::rename(mill.path("public"), mill.path("gone")).unwrap();
    mill.overwrite("public", "in the way");
    mill.write("in/c.txt", sheet("later", 1..=1));
    daemon.until("trouble", || told(&mill).first().is_some_and(|entry| entry.title.starts_with("cannot ")));
    mill.delete("public");
    shows(&daemon, &mill, &title("later", 1));
    daemon.until("no trouble", || told(&mill).iter().all(|entry| entry.title.starts_with("healed: ")));
    daemon.terminate();
}

#[test]
fn what_healed_while_it_was_down_is_closed() {
    let mill = Mill::new(&config(""));
    mill.write("in/a.txt", sheet("start", 1..=3));
    mill.write("in/bad.txt", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    let daemon = Daemon::ready(&mill);
    tells(&daemon, &mill, &["skipped: in/bad.txt"]);
    daemon.kill();
    mill.delete("in/bad.txt");
    let daemon = Daemon::ready(&mill);
    tells(&daemon, &mill, &["healed: skipped: in/bad.txt"]);
    daemon.terminate();
}

#[test]
fn where_it_is_published_it_is_served() {
    let with =
        |publish: bool| format!("[serve]\nlisten = \"127.0.0.1:0\"\n[operations]\npublish = {publish}\n{}", config(""));
    let mill = Mill::new(&with(true));
    mill.write("in/a.txt", sheet("start", 1..=3));
    let daemon = Daemon::ready(&mill);
    let ask = || asks_at(&daemon, "serving the feeds on ", "/operations.atom");
    daemon.until("the operations feed", || ask().starts_with("HTTP/1.1 200 OK\r\n"));
    mill.write("in/bad.txt", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    daemon.until("what is skipped", || ask().contains("skipped: in/bad.txt"));
    mill.configure(&with(false));
    daemon.signal(Signal::HUP);
    daemon.until("nothing where it is not published", || ask().starts_with("HTTP/1.1 404 "));
    daemon.terminate();
}

#[test]
fn who_has_begun_to_ask_is_answered_though_nobody_is_served_any_more() {
    let mill = Mill::new(&format!("[serve]\nlisten = \"127.0.0.1:0\"\n{}", config("")));
    mill.write("in/a.txt", sheet("start", 1..=3));
    let daemon = Daemon::ready(&mill);
    let mut stream = connected(&daemon, "serving the feeds on ");
    write!(stream, "GET /everything/rss.xml HTTP/1.1\r\nHost: x\r\n").unwrap();
    // It has the first half of this head when it has answered another one.
    assert!(asks_at(&daemon, "serving the feeds on ", "/").starts_with("HTTP/1.1 200"));
    mill.configure(&config(""));
    daemon.signal(Signal::HUP);
    daemon.hears_again("READY=1", 1);
    write!(stream, "\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{:?}", String::from_utf8_lossy(&answer));
    daemon.terminate();
}

/// Under a socket unit somebody asks before there is anybody to answer.
#[test]
fn who_asked_before_it_was_started_gets_what_was_published_before() {
    let mill = Mill::new(&config(""));
    mill.write("in/a.txt", sheet("start", 1..=3));
    assert_eq!(mill.run(&["--once"]).code, 0);
    // So much to look at that an answer does not wait for the first pass.
    (0..5000).for_each(|n| mill.overwrite(&format!("in/{n}.txt"), ""));
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(door.local_addr().unwrap()).unwrap();
    write!(stream, "GET /everything/rss.xml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let handed = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\" 3<&0 </dev/null";
    let mut command = Command::new("sh");
    command.args(["-c", handed, env!("CARGO_BIN_EXE_feedmill"), "-q"]).current_dir(mill.path(""));
    let mut daemon = command.stdin(OwnedFd::from(door)).stdout(Stdio::null()).spawn().unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let feed = fs::read(mill.path("public/everything/rss.xml")).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK") && answer.ends_with(&feed), "{}", String::from_utf8_lossy(&answer));
}

// ---- metrics and health ---------------------------------------------------------------------------------------------

/// Asks the daemon, where its log says that it listens.
pub(crate) fn asks(daemon: &Daemon, path: &str) -> String {
    asks_at(daemon, "serving metrics and health on ", path)
}

fn connected(daemon: &Daemon, where_it_listens: &str) -> TcpStream {
    let log = daemon.log();
    let address = log.rsplit_once(where_it_listens).unwrap().1.lines().next().unwrap().to_owned();
    TcpStream::connect(address).unwrap()
}

fn asks_at(daemon: &Daemon, where_it_listens: &str, path: &str) -> String {
    let mut stream = connected(daemon, where_it_listens);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_tells_numbers_and_whether_it_is_well() {
    let listens = format!("[operations]\nlisten = \"127.0.0.1:0\"\n\n{}", config("settle = \"300ms\""));
    let mill = Mill::new(&listens);
    mill.write("in/a.txt", sheet("start", 1..=3));
    let daemon = Daemon::ready(&mill);
    assert!(asks(&daemon, "/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    mill.write("in/b.txt", sheet("later", 1..=2));
    shows(&daemon, &mill, &title("later", 2));
    let tells = |line: &str| asks(&daemon, "/metrics").lines().any(|found| found == line);
    daemon.until("the second pass in the numbers", || tells("feedmill_items_new_total 5"));
    let newest = format!("feedmill_feed_newest_timestamp_seconds{{feed=\"everything\"}} {}", newest(&mill));
    for line in [
        "feedmill_items 5",
        "feedmill_feed_items{feed=\"everything\"} 5",
        "feedmill_events_relied_on 1",
        "feedmill_conditions_open{kind=\"skipped\"} 0",
        &newest,
    ] {
        assert!(tells(line), "{line}: {}", asks(&daemon, "/metrics"));
    }

    mill.configure("nonsense");
    daemon.signal(Signal::HUP);
    daemon.until("a refused config", || tells("feedmill_errors_total{kind=\"config\"} 1"));
    daemon.until("its condition", || tells("feedmill_conditions_open{kind=\"config\"} 1"));

    // Another program's address: the config before it stays, and what is told stays where it was.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    mill.configure(&listens.replace("127.0.0.1:0", &taken.local_addr().unwrap().to_string()));
    daemon.signal(Signal::HUP);
    daemon.until("that it is refused", || told(&mill)[0].content.contains("cannot listen on 127.0.0.1:"));
    assert!(asks(&daemon, "/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    mill.configure(&listens);
    daemon.signal(Signal::HUP);
    daemon.until("that all is well again", || told(&mill).iter().all(|entry| entry.title.starts_with("healed: ")));
    assert!(asks(&daemon, "/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    daemon.terminate();
}

/// When the newest published item was published, in seconds since 1970.
fn newest(mill: &Mill) -> i64 {
    let atom = fs::read_to_string(mill.path("public/everything/atom.xml")).unwrap();
    let times = entries(&atom).into_iter().map(|entry| entry.published.parse::<DateTime<Utc>>().unwrap().timestamp());
    times.max().unwrap()
}

#[test]
fn a_server_may_move_to_where_it_or_the_other_one_listened() {
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (one, other) = (free(), free());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = |serve: &str, operations: &str| {
        format!("[serve]\nlisten = \"{serve}\"\n[operations]\nlisten = \"{operations}\"\n{}", config(""))
    };
    let local = |port: u16| format!("127.0.0.1:{port}");
    let mill = Mill::new(&config(&local(one), &local(other)));
    mill.write("in/a.txt", sheet("start", 1..=3));
    let daemon = Daemon::ready(&mill);
    let answers = |port: u16, path: &str| {
        let mut stream = TcpStream::connect(local(port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.starts_with("HTTP/1.1 200 ")
    };
    let moves = [
        (format!("0.0.0.0:{one}"), local(other)),
        (format!("0.0.0.0:{one}"), format!("0.0.0.0:{other}")),
        (local(other), local(one)),
        (local(one), local(other)),
    ];
    for (n, (serve, operations)) in (1..).zip(moves) {
        mill.configure(&config(&serve, &operations));
        daemon.signal(Signal::HUP);
        daemon.hears_again("READY=1", n);
        assert!(!daemon.log().contains("cannot listen"), "{serve} {operations}: {}", daemon.log());
        let port = |address: &str| address.rsplit_once(':').unwrap().1.parse().unwrap();
        assert!(answers(port(&serve), "/everything/rss.xml") && answers(port(&operations), "/healthz"));
    }
    // Where somebody else listens neither can: they stay.
    mill.configure(&config(&local(other), &taken.local_addr().unwrap().to_string()));
    daemon.signal(Signal::HUP);
    daemon.hears_again("READY=1", 5);
    assert!(daemon.log().contains("cannot listen"), "{}", daemon.log());
    assert!(answers(one, "/everything/rss.xml") && answers(other, "/healthz"));
    daemon.terminate();
}

#[test]
fn without_an_address_nobody_listens_and_a_taken_one_is_no_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mill = Mill::new(&format!("[operations]\nlisten = \"{address}\"\n\n{}", config("")));
    let mut daemon = Daemon::start(&mill);
    assert_eq!(daemon.end(), Some(3), "{}", daemon.log());
    assert!(daemon.log().contains(&format!("cannot listen on {address}")), "{}", daemon.log());
    // One that is kept for documentation (RFC 5737), and no machine's.
    mill.configure(&format!("[operations]\nlisten = \"192.0.2.1:9090\"\n\n{}", config("")));
    let mut daemon = Daemon::start(&mill);
    assert_eq!(daemon.end(), Some(3), "{}", daemon.log());
    assert!(daemon.log().contains("this machine does not have that address"), "{}", daemon.log());
    mill.configure(&config(""));
    let daemon = Daemon::ready(&mill);
    assert!(!daemon.log().contains("serving metrics"), "{}", daemon.log());
    daemon.terminate();
}
