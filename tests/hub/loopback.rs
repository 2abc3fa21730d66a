//! A hub on this machine: notes what it hears and answers as it is told to.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// What a hub does with a message.
pub(crate) enum Reply {
    /// Hangs up.
    Close,
    /// Answers with this head, and perhaps what follows it, at once.
    At(&'static str),
    /// The same.
    Said(String),
    /// Answers with this as soon as it may go on.
    When(&'static str),
}

pub(crate) struct Hub {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Path and form of each message.
    heard: Mutex<Vec<(String, String)>>,
    may_go_on: Mutex<bool>,
    go_on: Condvar,
    closed: AtomicBool,
}

impl Hub {
    /// A hub that gives its n-th message this answer.
    pub(crate) fn answering(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(&TcpListener::bind("127.0.0.1:0").unwrap(), reply)
    }

    /// One that listens here.
    pub(crate) fn on(listener: &TcpListener, reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let listener = listener.try_clone().unwrap();
        let shared = Arc::<Shared>::default();
        let (ours, reply) = (shared.clone(), Arc::new(reply));
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if ours.closed.load(Ordering::Relaxed) {
                    return;
                }
                let (connection, ours, reply) = (connection.unwrap(), ours.clone(), reply.clone());
                std::thread::spawn(move || serve(&connection, &ours, &*reply));
            }
        });
        Self { address, shared }
    }

    /// The forms that came in.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.shared.heard.lock().unwrap().iter().map(|(_, form)| form.clone()).collect()
    }

    /// The paths that they were posted to.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.shared.heard.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
    }

    /// Waits for so many messages in all.
    pub(crate) fn hears(&self, count: usize) {
        super::until(&format!("{count} messages"), || self.heard().len() >= count);
    }

    /// Lets it answer what it has not answered yet.
    pub(crate) fn go_on(&self) {
        *self.shared.may_go_on.lock().unwrap() = true;
        self.shared.go_on.notify_all();
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        self.go_on();
        // Wakes it, so that it sees the end.
        let _ = TcpStream::connect(self.address.trim_start_matches("http://").trim_end_matches('/'));
    }
}

fn serve(mut connection: &TcpStream, shared: &Shared, reply: &dyn Fn(usize) -> Reply) {
    let mut reader = BufReader::new(connection);
    let Some((path, form)) = message(&mut reader) else { return };
    let number = {
        let mut heard = shared.heard.lock().unwrap();
        heard.push((path, form));
        heard.len() - 1
    };
    let answer = match reply(number) {
        Reply::Close => return,
        Reply::At(answer) => answer.to_owned(),
        Reply::Said(answer) => answer,
        Reply::When(answer) => {
            let may = shared.may_go_on.lock().unwrap();
            drop(shared.go_on.wait_while(may, |may| !*may).unwrap());
            answer.to_owned()
        }
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let length = if head.contains("Content-Length") { "" } else { "\r\nContent-Length: 0" };
    let _ = write!(connection, "{head}{length}\r\nConnection: close\r\n\r\n{body}");
}

/// The path and the form of a message; `None`: it is none, or it breaks off.
pub(crate) fn message(reader: &mut impl std::io::BufRead) -> Option<(String, String)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let (method, path) = lines.first()?.split_once(' ')?;
    let header = |name: &str| {
        let (_, value) =
            lines.iter().find_map(|line| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)))?;
        Some(value.to_owned())
    };
    assert_eq!(method, "POST");
    assert_eq!(header("content-type").unwrap(), "application/x-www-form-urlencoded");
    assert_eq!(header("user-agent").unwrap(), "feedmill");
    let mut form = vec![0; header("content-length")?.parse().unwrap()];
    reader.read_exact(&mut form).ok()?;
    Some((path.split(' ').next()?.to_owned(), String::from_utf8(form).unwrap()))
}
