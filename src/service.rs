//! What the service manager is told (sd_notify(3)): that feedmill is ready, what it does, that it is alive.
//!
//! Without a service manager (`NOTIFY_SOCKET` is not set) all of it is silence. A message that can't be delivered is
//! none of the pipeline's trouble.

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
#[derive(Debug, Clone, Copy)]
pub struct Manager {
    there: bool,
    watchdog: Option<Duration>,
}

impl Manager {
    /// The manager that started this process.
    #[must_use]
    pub fn of_process() -> Self {
        let there = std::env::var_os("NOTIFY_SOCKET").is_some_and(|socket| !socket.is_empty());
        Self { there, watchdog: sd_notify::watchdog_enabled().filter(|_| there) }
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_there(self) -> bool {
        self.there
    }

    /// How often to tell that the pipeline moves: four times within the time after which the manager gives it up.
    #[must_use]
    pub fn beat(self) -> Option<Duration> {
        self.watchdog.map(|watchdog| watchdog / 4)
    }

    /// The first pass, or the first with another config, is done.
    pub fn ready(self, status: &str) {
        self.tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// The config is being read again.
    pub fn reloading(self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(_) => self.tell(&[NotifyState::Reloading]),
        }
    }

    /// What it does, in one line for `systemctl status`.
    pub fn status(self, status: &str) {
        self.tell(&[NotifyState::Status(status)]);
    }

    /// It is alive: the pipeline moved, or has nothing to do.
    pub fn alive(self) {
        self.tell(&[NotifyState::Watchdog]);
    }

    /// It is not ready yet, but gets on: give it `more`.
    pub fn patience(self, more: Duration) {
        self.tell(&[NotifyState::ExtendTimeoutUsec(u32::try_from(more.as_micros()).unwrap_or(u32::MAX))]);
    }

    /// It is about to end.
    pub fn stopping(self) {
        self.tell(&[NotifyState::Stopping]);
    }

    fn tell(self, what: &[NotifyState<'_>]) {
        if self.there
            && let Err(error) = sd_notify::notify(what)
        {
            debug!(%error, "the service manager did not hear");
        }
    }
}
