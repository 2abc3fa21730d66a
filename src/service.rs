//! What the service manager is told (sd_notify(3)): that feedmill is ready, what it does, that it is alive.
//!
//! Without a service manager (`NOTIFY_SOCKET` is not set) all of it is silence. A message that can't be delivered is
//! none of the pipeline's trouble.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::debug;

/// Whether standard error goes to the journal (systemd.exec(5), `JOURNAL_STREAM`: its device and inode).
#[must_use]
pub fn logs_to_journal() -> bool {
    let Some(stream) = std::env::var_os("JOURNAL_STREAM") else { return false };
    let Ok(found) = rustix::fs::fstat(std::io::stderr()) else { return false };
    stream.to_str() == Some(&format!("{}:{}", found.st_dev, found.st_ino))
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

    /// How often to tell that the pipeline moves: four times within the time after which the manager gives it up.
    #[must_use]
    pub fn beat(&self) -> Option<Duration> {
        self.watchdog.map(|watchdog| watchdog / 4)
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

    /// It is not ready yet, but gets on: give it `more`.
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

/// A socket that never waits: a manager that doesn't listen must not hold the pipeline up, as the library's own sending
/// would.
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
