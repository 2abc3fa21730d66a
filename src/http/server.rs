//! One thread that accepts connections, reads requests, asks the handler and sends its answers.

use std::collections::HashMap;
use std::future::{Ready, poll_fn, ready};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{interval, sleep_until, timeout};
use tracing::{debug, warn};

use super::connection::{Activity, Phase, Watched};
use super::listener::{Listener, Socket};
use super::{Body, Handler, respond};

/// How long clients may take, and how much they may send.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For the first byte on a new connection.
    pub first_byte: Duration,
    /// For a head, from its first byte.
    pub head: Duration,
    /// Between an answer and the next request.
    pub idle: Duration,
    /// For taking anything at all of an answer, and anything more of it.
    pub write: Duration,
    /// For taking a whole answer, plus one second for every `slowest` bytes of it.
    pub answer: Duration,
    /// How slowly an answer may be taken, in bytes a second.
    pub slowest: u64,
    /// Bytes in a head, the request line among them.
    pub head_bytes: usize,
    /// Lines in a head.
    pub head_lines: usize,
    /// Connections at a time.
    pub connections: usize,
    /// For the answers that are under way when the server ends.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            write: Duration::from_secs(20),
            answer: Duration::from_secs(30),
            slowest: 4 << 10,
            head_bytes: 16 << 10,
            head_lines: 64,
            connections: 4096,
            drain: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// Lowers the number of connections to the descriptors that watching, reading and publishing leave of the limit of
    /// this process.
    #[must_use]
    pub fn within_descriptors(self) -> Self {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let spare = limit.saturating_sub((limit / 4).clamp(32, 256)).max(2);
        // An answer from a file takes a second one.
        Self { connections: self.connections.min(spare), ..self }
    }
}

/// Milliseconds since the server began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

enum Order {
    /// And the sender is dropped when that is done.
    Listen(Vec<Listener>, std::sync::mpsc::Sender<()>),
    End,
}

/// A server at work. Dropping it ends it, and waits until everything that was asked is answered, for [`Limits::drain`]
/// at most.
#[derive(Debug)]
pub struct Server {
    orders: UnboundedSender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers on `listeners`, on a thread of its own called `name`.
    ///
    /// # Errors
    /// When the system has no thread or no event queue left.
    pub fn start(name: &str, listeners: Vec<Listener>, handler: Arc<dyn Handler>, limits: Limits) -> io::Result<Self> {
        let (orders, received) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let work = Work {
            handler,
            limits: Arc::new(limits),
            tasks: JoinSet::new(),
            open: HashMap::new(),
            clock: Clock(Instant::now()),
            ending: Arc::default(),
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || runtime.block_on(work.run(listeners, received)))?;
        Ok(Self { orders, thread: Some(thread) })
    }

    /// Listens on these from now on, instead of those before, which are closed when this returns; open connections
    /// stay.
    pub fn listen(&self, listeners: Vec<Listener>) {
        let (done, is_done) = std::sync::mpsc::channel();
        let _ = self.orders.send(Order::Listen(listeners, done));
        let _ = is_done.recv_timeout(HEARD);
    }

    /// Begins to end: stops listening, and answers what was asked, each answer being the last on its connection.
    pub fn drain(&self) {
        let _ = self.orders.send(Order::End);
    }

    /// Ends as [`drain`](Self::drain) has it, and waits for nobody: what was asked is answered as long as the process
    /// lives.
    pub fn leave(mut self) {
        self.thread = None;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.drain();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!("a server ended with a panic: this is a bug in feedmill, please report it with the log");
        }
    }
}

/// How long an order is waited for at most; the thread never waits for anybody.
const HEARD: Duration = Duration::from_secs(1);
/// How often to look for connections whose time is up.
const ROUND: Duration = Duration::from_secs(1);
/// How long nothing is accepted where the system has no descriptor left.
const SHORTAGE: Duration = Duration::from_millis(100);
/// How many bytes of further input to take after the last answer on a connection, and for how long.
const LINGER: (usize, Duration) = (2 << 20, Duration::from_secs(2));

/// A connection that is open.
struct Open {
    activity: Arc<Activity>,
    task: AbortHandle,
}

/// What the thread has.
struct Work {
    handler: Arc<dyn Handler>,
    limits: Arc<Limits>,
    /// One for each connection.
    tasks: JoinSet<()>,
    open: HashMap<Id, Open>,
    clock: Clock,
    ending: Arc<AtomicBool>,
}

/// A socket in the event queue.
struct Accepting {
    queue: Queue,
    /// The same socket; what removes its file at the end.
    _listener: Listener,
}

enum Queue {
    Tcp(TcpListener),
    Unix(UnixListener),
}

enum Accepted {
    Tcp(tokio::net::TcpStream),
    Unix(tokio::net::UnixStream),
}

impl Accepting {
    fn new(listener: Listener) -> io::Result<Self> {
        let queue = match &listener.socket {
            Socket::Tcp(tcp) => Queue::Tcp(TcpListener::from_std(tcp.try_clone()?)?),
            Socket::Unix(unix) => Queue::Unix(UnixListener::from_std(unix.try_clone()?)?),
        };
        Ok(Self { queue, _listener: listener })
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        match &self.queue {
            Queue::Tcp(tcp) => tcp.poll_accept(cx).map_ok(|(stream, _)| Accepted::Tcp(stream)),
            Queue::Unix(unix) => unix.poll_accept(cx).map_ok(|(stream, _)| Accepted::Unix(stream)),
        }
    }
}

/// The next connection on any of `listeners`; never, where there are none. The one it came on is asked last the next
/// time, so that a crowd on one keeps nobody waiting on another.
async fn accept(listeners: &mut [Accepting]) -> io::Result<Accepted> {
    let (at, accepted) = poll_fn(|cx| {
        let ready = listeners.iter().enumerate().find_map(|(at, listener)| match listener.poll(cx) {
            Poll::Ready(accepted) => Some((at, accepted)),
            Poll::Pending => None,
        });
        ready.map_or(Poll::Pending, Poll::Ready)
    })
    .await;
    listeners.rotate_left(at + 1);
    accepted
}

fn accepting(listeners: Vec<Listener>) -> Vec<Accepting> {
    let accepting = listeners.into_iter().filter_map(|listener| {
        let place = listener.to_string();
        let accepting = Accepting::new(listener);
        accepting.inspect_err(|error| warn!(%error, "nothing can be accepted on {place}")).ok()
    });
    accepting.collect()
}

impl Work {
    async fn run(mut self, listeners: Vec<Listener>, mut orders: UnboundedReceiver<Order>) {
        let mut listeners = accepting(listeners);
        let mut round = interval(ROUND);
        // Nothing is accepted before.
        let mut short_until = None;
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Listen(others, _done)) => listeners = accepting(others),
                    Some(Order::End) | None => break,
                },
                accepted = accept(&mut listeners), if short_until.is_none() => match accepted {
                    Ok(stream) => self.take(stream),
                    Err(error) if is_shortage(&error) => {
                        self.make_room();
                        short_until = Some(Instant::now() + SHORTAGE);
                        debug!(%error, "no connection is accepted for a moment");
                    }
                    // The client went away while it was waiting.
                    Err(error) => debug!(%error, "a connection was not accepted"),
                },
                () = sleep_until(short_until.unwrap_or_else(Instant::now).into()), if short_until.is_some() => {
                    short_until = None;
                }
                Some(ended) = self.tasks.join_next_with_id() => self.strike_off(ended),
                _ = round.tick(), if !self.open.is_empty() => self.look_around(),
            }
        }
        drop(listeners);
        self.drain().await;
    }

    fn take(&mut self, stream: Accepted) {
        // Those that ended since are no reason to end another one.
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.strike_off(ended);
        }
        if self.open.len() >= self.limits.connections {
            self.make_room();
        }
        match stream {
            Accepted::Tcp(stream) => self.attend(stream),
            Accepted::Unix(stream) => self.attend(stream),
        }
    }

    fn attend<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&mut self, stream: S) {
        let activity = Arc::new(Activity::new(self.clock));
        let door = Door {
            handler: Arc::clone(&self.handler),
            limits: Arc::clone(&self.limits),
            activity: Arc::clone(&activity),
            ending: Arc::clone(&self.ending),
        };
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
        let connection = http1::Builder::new()
            .half_close(true)
            .max_headers(self.limits.head_lines)
            .max_header_size(self.limits.head_bytes)
            .max_buf_size(self.limits.head_bytes)
            .serve_connection(io, door);
        let task = self.tasks.spawn(async move {
            let mut connection = connection;
            let done = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
            if let Err(error) = done {
                debug!(%error, "a connection was given up");
            }
            let stream = connection.into_parts().io.into_inner();
            let _ = timeout(LINGER.1, stream.linger(LINGER.0)).await;
        });
        self.open.insert(task.id(), Open { activity, task });
    }

    /// Forgets a connection, however it ended.
    fn strike_off(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
        self.open.remove(&id);
    }

    /// Ends the connection that is worth least: rather one that waits than one whose request is being read, rather that
    /// than one that is being answered; among equals the one that has been at it longest.
    fn make_room(&mut self) {
        let least = self.open.iter().min_by_key(|(_, open)| open.activity.worth()).map(|(id, _)| *id);
        if let Some(open) = least.and_then(|least| self.open.remove(&least)) {
            open.task.abort();
        }
    }

    /// Ends the connections whose time is up.
    fn look_around(&self) {
        for open in self.open.values().filter(|open| open.activity.is_late(&self.limits)) {
            open.task.abort();
        }
    }

    async fn drain(&mut self) {
        self.ending.store(true, Relaxed);
        for open in self.open.values().filter(|open| open.activity.phase() == Phase::Waiting) {
            // Nothing was asked.
            open.task.abort();
        }
        let _ = timeout(self.limits.drain, async { while self.tasks.join_next().await.is_some() {} }).await;
    }
}

/// Whether the system has no descriptor, or no memory for one, left.
fn is_shortage(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let shortages = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    error.raw_os_error().is_some_and(|code| shortages.iter().any(|errno| errno.raw_os_error() == code))
}

/// Where hyper asks.
struct Door {
    handler: Arc<dyn Handler>,
    limits: Arc<Limits>,
    activity: Arc<Activity>,
    ending: Arc<AtomicBool>,
}

impl Service<Request<Incoming>> for Door {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Response<Body>, Self::Error>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut response = respond(&*self.handler, &request.map(|_| ()));
        if self.ending.load(Relaxed) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        self.activity.answers(response.body().size_hint().lower(), &self.limits);
        ready(Ok(response))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_crowd_on_one_listener_keeps_nobody_waiting_on_another() {
        let folder = tempfile::tempdir().unwrap();
        let socket = |name: &str| Listener::unix(&folder.path().join(name)).unwrap();
        let listeners = vec![socket("crowded"), socket("quiet")];
        let connect = |name: &str| UnixStream::connect(folder.path().join(name)).unwrap();
        let crowd: Vec<UnixStream> = (0..5).map(|_| connect("crowded")).collect();
        let mut one = connect("quiet");
        one.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let mut listeners = accepting(listeners);
            for _ in 0..2 {
                // Dropped at once: who was accepted reads an end, who was not must wait.
                accept(&mut listeners).await.unwrap();
            }
        });
        let read = io::Read::read(&mut one, &mut [0]);
        assert!(matches!(read, Ok(0)), "{read:?}, with {} before it", crowd.len());
    }
}
