//! One thread that accepts, reads, asks and answers.

use std::collections::BTreeMap;
use std::future::{Ready, poll_fn, ready};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
use tokio::task::AbortHandle;
use tokio::time::{interval, sleep, timeout};
use tracing::{debug, warn};

use super::connection::{Phase, Progress, Watched};
use super::listener::{Listener, Socket};
use super::{Body, Handler, respond};

/// How much patience clients find.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For the first byte on a new connection.
    pub first_byte: Duration,
    /// For a head, from its first byte.
    pub head: Duration,
    /// For the next request.
    pub idle: Duration,
    /// For taking anything at all of an answer.
    pub write: Duration,
    /// For taking an answer whole, and besides one second for each `slowest` bytes.
    pub answer: Duration,
    /// In bytes a second.
    pub slowest: u64,
    /// Bytes in a head, the request line among them.
    pub head_bytes: usize,
    /// Lines in a head.
    pub head_lines: usize,
    /// Connections at a time.
    pub connections: usize,
    /// For what is under way at the end.
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
    /// No more connections than the process has descriptors for, when those who watch, read and publish have theirs.
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
    Listen(Vec<Listener>),
    End,
}

/// A server at work. Dropped, it ends like by [`Server::end`].
#[derive(Debug)]
pub struct Server {
    orders: UnboundedSender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Begins to answer on `listeners`, on a thread of its own that bears `name`.
    ///
    /// # Errors
    /// When the system has no thread or no event queue left.
    pub fn start(name: &str, listeners: Vec<Listener>, handler: Arc<dyn Handler>, limits: Limits) -> io::Result<Self> {
        let (orders, received) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let work = Work {
            handler,
            limits: Arc::new(limits),
            open: Arc::default(),
            clock: Clock(Instant::now()),
            ending: Arc::default(),
            accepted: 0,
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || runtime.block_on(work.run(listeners, received)))?;
        Ok(Self { orders, thread: Some(thread) })
    }

    /// Listens on these from now on, and no longer on those before; open connections stay.
    pub fn listen(&self, listeners: Vec<Listener>) {
        let _ = self.orders.send(Order::Listen(listeners));
    }

    /// Whether it still answers. It never ends by itself, so `false` is a bug.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Begins to end: listens no more, and answers what was asked, each answer the last on its connection.
    pub fn drain(&self) {
        let _ = self.orders.send(Order::End);
    }

    /// Ends, when what was asked is answered or has had its time ([`Limits::drain`]).
    pub fn end(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.drain();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!("a server ended with a panic: this is a bug in feedmill, please report it with the log");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.finish();
    }
}

/// How often connections are looked at that may have had their time.
const ROUND: Duration = Duration::from_secs(1);
/// How long nothing is accepted where the system has no descriptor left.
const SHORTAGE: Duration = Duration::from_millis(100);
/// After an answer that ends its connection so much input is taken, and for so long.
const LINGER: (usize, Duration) = (2 << 20, Duration::from_secs(2));

#[derive(Debug)]
struct Open {
    progress: Arc<Progress>,
    /// `None` until it has begun.
    task: Option<AbortHandle>,
}

type Table = Arc<Mutex<BTreeMap<u64, Open>>>;

fn locked(table: &Table) -> MutexGuard<'_, BTreeMap<u64, Open>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread has.
struct Work {
    handler: Arc<dyn Handler>,
    limits: Arc<Limits>,
    /// Open connections, by the order in which they were accepted.
    open: Table,
    clock: Clock,
    ending: Arc<AtomicBool>,
    accepted: u64,
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

/// The next connection on any of `listeners`; never, where there are none.
async fn accept(listeners: &[Accepting]) -> io::Result<Accepted> {
    poll_fn(|cx| {
        let ready = listeners.iter().map(|listener| listener.poll(cx)).find(Poll::is_ready);
        ready.unwrap_or(Poll::Pending)
    })
    .await
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
        let mut short = false;
        loop {
            let busy = !locked(&self.open).is_empty();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Listen(others)) => listeners = accepting(others),
                    Some(Order::End) | None => break,
                },
                accepted = accept(&listeners), if !short => match accepted {
                    Ok(stream) => self.take(stream),
                    Err(error) if is_shortage(&error) => {
                        self.make_room();
                        short = true;
                        debug!(%error, "no connection is accepted for a moment");
                    }
                    // The client went away while it was waiting.
                    Err(error) => debug!(%error, "a connection was not accepted"),
                },
                () = sleep(SHORTAGE), if short => short = false,
                _ = round.tick(), if busy => self.look_around(),
            }
        }
        drop(listeners);
        self.drain().await;
    }

    fn take(&mut self, stream: Accepted) {
        if locked(&self.open).len() >= self.limits.connections {
            self.make_room();
        }
        match stream {
            Accepted::Tcp(stream) => self.attend(stream),
            Accepted::Unix(stream) => self.attend(stream),
        }
    }

    fn attend<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&mut self, stream: S) {
        self.accepted += 1;
        let number = self.accepted;
        let progress = Arc::new(Progress::new(self.clock));
        let door = Door {
            handler: Arc::clone(&self.handler),
            limits: Arc::clone(&self.limits),
            progress: Arc::clone(&progress),
            ending: Arc::clone(&self.ending),
        };
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&progress)));
        let connection = http1::Builder::new()
            .half_close(true)
            .max_headers(self.limits.head_lines)
            .max_header_size(self.limits.head_bytes)
            .max_buf_size(self.limits.head_bytes)
            .serve_connection(io, door);
        locked(&self.open).insert(number, Open { progress, task: None });
        let leaves = Leaves(number, Arc::clone(&self.open));
        let task = tokio::spawn(async move {
            let _leaves = leaves;
            let mut connection = connection;
            let done = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
            if let Err(error) = done {
                debug!(%error, "a connection was given up");
            }
            let stream = connection.into_parts().io.into_inner();
            let _ = timeout(LINGER.1, stream.linger(LINGER.0)).await;
        });
        if let Some(open) = locked(&self.open).get_mut(&number) {
            open.task = Some(task.abort_handle());
        }
    }

    /// Ends the connection that is worth least: one that waits rather than one that is read, that rather than one that
    /// is answered, and of those the one that has been at it longest.
    fn make_room(&self) {
        let mut open = locked(&self.open);
        let least = open.iter().min_by_key(|(_, open)| open.progress.worth()).map(|(number, _)| *number);
        if let Some(task) = least.and_then(|least| open.remove(&least)).and_then(|open| open.task) {
            task.abort();
        }
    }

    /// Ends connections whose client has had its time.
    fn look_around(&self) {
        for open in locked(&self.open).values() {
            if let Some(task) = open.task.as_ref().filter(|_| open.progress.is_late(&self.limits)) {
                task.abort();
            }
        }
    }

    async fn drain(&self) {
        self.ending.store(true, Relaxed);
        for open in locked(&self.open).values().filter(|open| open.progress.phase() == Phase::Waiting) {
            // Nothing was asked.
            open.task.iter().for_each(AbortHandle::abort);
        }
        let _ = timeout(self.limits.drain, async {
            while !locked(&self.open).is_empty() {
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }
}

/// Whether the system has no descriptor, or no memory for one, left.
fn is_shortage(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let shortages = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    error.raw_os_error().is_some_and(|code| shortages.iter().any(|errno| errno.raw_os_error() == code))
}

/// Strikes a connection off the table, however it ends.
struct Leaves(u64, Table);

impl Drop for Leaves {
    fn drop(&mut self) {
        locked(&self.1).remove(&self.0);
    }
}

/// Where hyper asks.
struct Door {
    handler: Arc<dyn Handler>,
    limits: Arc<Limits>,
    progress: Arc<Progress>,
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
        self.progress.answers(response.body().size_hint().lower(), &self.limits);
        ready(Ok(response))
    }
}
