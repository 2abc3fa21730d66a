//! A small listener for `/metrics` and `/healthz`: one request a connection, on a thread of its own.
//!
//! Whoever asks gets so many bytes and so much time for the head of a request, and there are never more than a few at
//! once; what is more is closed unanswered. None of it can hold the pipeline up: it shares no lock that is held for
//! longer than a copy.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use tracing::{debug, info};

use super::{Metrics, OPEN_METRICS};

/// The longest head of a request, in bytes.
const HEAD: usize = 4096;
/// How many are answered at once.
const AT_ONCE: usize = 8;
/// How long a request may take to arrive, and its answer to be taken.
const PATIENCE: Duration = Duration::from_secs(5);
/// The stack of a thread that answers one of them.
const STACK: usize = 256 << 10;
/// After an accept that failed (no descriptors left, say) the next try waits.
const RESPITE: Duration = Duration::from_millis(100);

/// Listens as long as it lives.
pub struct Listener {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system's: the address is taken, or not this machine's.
    pub fn begin(address: SocketAddr, metrics: Arc<Metrics>) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let accept = move || accept(&listener, &until, &metrics);
        let thread = Some(Builder::new().name("metrics".into()).stack_size(STACK).spawn(accept)?);
        info!(%address, "metrics and health are told here");
        Ok(Self { address, stop, thread })
    }

    /// Where it listens; its port is one that is free if none was named.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let mut here = self.address;
        if here.ip().is_unspecified() {
            here.set_ip(if here.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
        }
        // It waits for somebody who asks.
        if TcpStream::connect_timeout(&here, PATIENCE).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, until: &AtomicBool, metrics: &Arc<Metrics>) {
    let busy = Arc::new(AtomicUsize::new(0));
    loop {
        let accepted = listener.accept();
        if until.load(Ordering::Relaxed) {
            return;
        }
        let asks = match accepted {
            Ok((asks, _)) => asks,
            Err(error) => {
                debug!(%error, "nobody could be let in");
                std::thread::sleep(RESPITE);
                continue;
            }
        };
        let place = Place::of(&busy);
        if busy.load(Ordering::Relaxed) > AT_ONCE {
            continue;
        }
        let metrics = Arc::clone(metrics);
        let answer = move || {
            let _place = place;
            if let Err(error) = answer(asks, &metrics) {
                debug!(%error, "somebody went away unanswered");
            }
        };
        // Where no thread is to be had they go away unanswered, too.
        let _ = Builder::new().stack_size(STACK).spawn(answer);
    }
}

/// One of those who are answered.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn of(busy: &Arc<AtomicUsize>) -> Self {
        busy.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(busy))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn answer(mut asks: TcpStream, metrics: &Metrics) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    asks.set_write_timeout(Some(PATIENCE))?;
    let head = head(&mut asks, until)?;
    let answer = match head.as_deref().map(asked) {
        None => Answer::error("431 Request Header Fields Too Large"),
        Some(None) => Answer::error("400 Bad Request"),
        Some(Some((method, _))) if method != "GET" && method != "HEAD" => Answer::error("405 Method Not Allowed"),
        Some(Some((_, "/metrics"))) => Answer { status: "200 OK", media_type: OPEN_METRICS, body: metrics.text() },
        Some(Some((_, "/healthz"))) if metrics.moves() => Answer::text("200 OK", "ok\n"),
        Some(Some((_, "/healthz"))) => Answer::text("503 Service Unavailable", "the pipeline has stopped moving\n"),
        Some(Some(_)) => Answer::error("404 Not Found"),
    };
    let head_only = head.as_deref().and_then(asked).is_some_and(|(method, _)| method == "HEAD");
    asks.write_all(&answer.written(head_only))?;
    asks.shutdown(Shutdown::Write)
}

/// The head of a request (RFC 9112 section 2.1); `None`: it is too long.
fn head(asks: &mut TcpStream, until: Instant) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    let mut more = [0; 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        asks.set_read_timeout(Some(left))?;
        let length = asks.read(&mut more)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(more.get(..length).unwrap_or_default());
        if memchr::memmem::find(&head, b"\r\n\r\n").is_some() {
            return Ok(Some(head));
        }
        if head.len() > HEAD {
            return Ok(None);
        }
    }
}

/// What is asked for: method and path. `None`: it is no request of HTTP/1.
fn asked(head: &[u8]) -> Option<(&str, &str)> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let whole = words.next().is_none() && version.starts_with("HTTP/1.") && target.starts_with('/');
    whole.then(|| (method, target.split('?').next().unwrap_or(target)))
}

struct Answer {
    status: &'static str,
    media_type: &'static str,
    body: String,
}

impl Answer {
    fn text(status: &'static str, body: &str) -> Self {
        Self { status, media_type: "text/plain; charset=utf-8", body: body.to_owned() }
    }

    /// What was asked for is not repeated.
    fn error(status: &'static str) -> Self {
        Self::text(status, &format!("{status}\n"))
    }

    fn written(&self, head_only: bool) -> Vec<u8> {
        let Self { status, media_type, body } = self;
        let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
        let length = body.len();
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n{allow}Cache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
        );
        if !head_only {
            bytes.push_str(body);
        }
        bytes.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Progress;

    fn listener(stopped: Option<Duration>) -> Listener {
        let metrics = Metrics::new(Arc::new(Progress::new(Arc::default())), stopped);
        Listener::begin((Ipv4Addr::LOCALHOST, 0).into(), Arc::new(metrics)).unwrap()
    }

    fn ask(listener: &Listener, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(listener.address()).unwrap();
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    #[test]
    fn it_answers_what_it_knows_and_nothing_else() {
        let listener = listener(None);
        for (request, status) in [
            ("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK"),
            ("GET /healthz?probe HTTP/1.0\r\n\r\n", "200 OK"),
            ("GET / HTTP/1.1\r\n\r\n", "404 Not Found"),
            ("GET /../metrics HTTP/1.1\r\n\r\n", "404 Not Found"),
            ("POST /metrics HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
            ("GET metrics HTTP/1.1\r\n\r\n", "400 Bad Request"),
            ("\x16\x03\x01\r\n\r\n", "400 Bad Request"),
            ("GET /metrics SPDY\r\n\r\n", "400 Bad Request"),
        ] {
            let answer = ask(&listener, request.as_bytes());
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{request}: {answer}");
            assert!(!answer.contains(".."), "{answer}");
        }
        let metrics = ask(&listener, b"GET /metrics HTTP/1.1\r\n\r\n");
        assert!(metrics.contains(OPEN_METRICS) && metrics.ends_with("# EOF\n"), "{metrics}");
        let head = ask(&listener, b"HEAD /metrics HTTP/1.1\r\n\r\n");
        assert!(head.ends_with("\r\n\r\n") && !head.contains("Content-Length: 0"), "{head}");
    }

    #[test]
    fn a_head_without_end_is_refused() {
        let listener = listener(None);
        let long = [b"GET /metrics HTTP/1.1\r\nA: ".as_slice(), &[b'a'; 2 * HEAD]].concat();
        let answer = ask(&listener, &long);
        // The refusal may be lost with what was not read; an answer is none of the others.
        assert!(answer.is_empty() || answer.contains(" 431 "), "{answer}");
    }

    #[test]
    fn a_pipeline_that_stands_still_is_not_well() {
        let listener = listener(Some(Duration::ZERO));
        assert!(ask(&listener, b"GET /healthz HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 503 "));
        assert!(ask(&listener, b"GET /metrics HTTP/1.1\r\n\r\n").contains("feedmill_pipeline_moving 0\n"));
    }

    #[test]
    fn a_crowd_that_says_nothing_is_closed_and_others_are_answered_again() {
        let listener = listener(None);
        let crowd: Vec<TcpStream> = (0..2 * AT_ONCE).map(|_| TcpStream::connect(listener.address()).unwrap()).collect();
        // Those beyond the number are closed at once: none of them waits for its time to run out.
        let closed = crowd.iter().rev().take(AT_ONCE).filter(|stream| {
            stream.set_read_timeout(Some(PATIENCE * 4)).unwrap();
            let mut stream = *stream;
            matches!(stream.read(&mut [0]), Ok(0) | Err(_))
        });
        assert_eq!(closed.count(), AT_ONCE);
        drop(crowd);
        while !ask(&listener, b"GET /healthz HTTP/1.1\r\n\r\n").contains("200 OK") {
            std::thread::yield_now();
        }
    }

    #[test]
    fn it_ends_when_it_is_dropped_and_the_address_is_free_again() {
        let first = listener(None);
        let address = first.address();
        drop(first);
        let metrics = Metrics::new(Arc::new(Progress::new(Arc::default())), None);
        assert!(Listener::begin(address, Arc::new(metrics)).is_ok());
    }
}
