//! What the service manager is told (sd_notify(3)): that feedmill is ready, what it does, that it is alive.
//!
//! Without a service manager (`NOTIFY_SOCKET` is not set) nothing is sent. A message that can't be delivered does not
//! trouble the pipeline.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::{Level, Metadata, debug};
use tracing_subscriber::fmt::MakeWriter;

/// Whether standard error goes to the journal (systemd.exec(5), `JOURNAL_STREAM`: its device and inode).
#[must_use]
pub fn logs_to_journal() -> bool {
    let Some(stream) = std::env::var_os("JOURNAL_STREAM") else { return false };
    let Ok(found) = rustix::fs::fstat(std::io::stderr()) else { return false };
    stream.to_str() == Some(&format!("{}:{}", found.st_dev, found.st_ino))
}

/// Standard error as the journal reads it: each line begins with its priority (sd-daemon(3)).
///
/// Plain lines instead of the journal's own protocol, so that a line says everything: separate fields are not shown
/// unless somebody asks for them.
#[derive(Debug, Clone, Copy)]
pub struct Journal;

impl<'a> MakeWriter<'a> for Journal {
    type Writer = Lines;

    fn make_writer(&'a self) -> Self::Writer {
        Lines { priority: "<6>" }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Self::Writer {
        let priority = match *event.level() {
            Level::ERROR => "<3>",
            Level::WARN => "<4>",
            Level::INFO => "<6>",
            _ => "<7>",
        };
        Lines { priority }
    }
}

/// Writes one event, whole, with a priority before each of its lines.
#[derive(Debug)]
pub struct Lines {
    priority: &'static str,
}

impl io::Write for Lines {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let mut lines = Vec::with_capacity(event.len() + self.priority.len());
        for line in event.split_inclusive(|byte| *byte == b'\n') {
            lines.extend_from_slice(self.priority.as_bytes());
            lines.extend_from_slice(line);
        }
        io::stderr().write_all(&lines)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The service manager, if there is one.
#[derive(Debug)]
pub struct Manager {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Manager {
    /// The manager that started this process.
    #[must_use]
    pub fn of_process() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()).and_then(|path| {
            let connected = connect(&path);
            if let Err(error) = &connected {
                debug!(%error, socket = %path.display(), "the service manager can't be reached");
            }
            connected.ok()
        });
        Self { watchdog: sd_notify::watchdog_enabled().filter(|_| socket.is_some()), socket }
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.socket.is_some()
    }

    /// How often to say that the pipeline moves: four times within the time after which the manager gives it up.
    #[must_use]
    pub fn beat(&self) -> Option<Duration> {
        self.watchdog.map(|watchdog| watchdog / 4)
    }

    /// After how long without a word the manager gives it up.
    #[must_use]
    pub fn gives_up_after(&self) -> Option<Duration> {
        self.watchdog
    }

    /// The first pass, or the first with another config, is done.
    pub fn ready(&self, status: &str) {
        self.tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// The config is being read again.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(_) => self.tell(&[NotifyState::Reloading]),
        }
    }

    /// What it does, in one line for `systemctl status`.
    pub fn status(&self, status: &str) {
        self.tell(&[NotifyState::Status(status)]);
    }

    /// It is alive: the pipeline moved, or has nothing to do.
    pub fn alive(&self) {
        self.tell(&[NotifyState::Watchdog]);
    }

    /// It is not ready yet, but making progress: give it `more` time.
    pub fn patience(&self, more: Duration) {
        self.tell(&[NotifyState::ExtendTimeoutUsec(u32::try_from(more.as_micros()).unwrap_or(u32::MAX))]);
    }

    /// It is about to end.
    pub fn stopping(&self) {
        self.tell(&[NotifyState::Stopping]);
    }

    fn tell(&self, what: &[NotifyState<'_>]) {
        let Some(socket) = &self.socket else { return };
        let mut message = String::new();
        for state in what {
            message.push_str(&state.to_string());
            message.push('\n');
        }
        if let Err(error) = socket.send(message.as_bytes()) {
            debug!(%error, "the service manager did not hear");
        }
    }
}

/// A socket that never waits: a manager that doesn't listen must not hold up the pipeline, as it would with the
/// library's own function.
fn connect(path: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match path.as_bytes().strip_prefix(b"@") {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            socket.connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)?;
        }
        _ => socket.connect(path)?,
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manager's socket may have an abstract name, which begins with an @, or a path.
    #[test]
    fn a_manager_that_does_not_listen_holds_nothing_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let deaf = UnixDatagram::bind(&path).unwrap();
        let manager = Manager { socket: Some(connect(path.as_os_str()).unwrap()), watchdog: None };
        for _ in 0..10_000 {
            manager.status("busy");
        }
        deaf.set_nonblocking(true).unwrap();
        let mut heard = [0; 100];
        let length = deaf.recv(&mut heard).unwrap();
        assert_eq!(&heard[..length], b"STATUS=busy\n");
        assert!(connect(OsStr::new("@feedmill-test-nobody-listens")).is_err());
    }
}
