//! One connection: what it is doing and since when, and the stream that keeps track of it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::server::{Clock, Limits};

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Phase {
    /// Nothing of a request is there.
    Waiting,
    /// A part of a head is there.
    Head,
    /// An answer is being sent.
    Answering,
}

/// What a connection is doing, and since when. The stream writes it, the server reads it.
#[derive(Debug)]
pub(super) struct Activity {
    clock: Clock,
    phase: AtomicU8,
    /// When the phase began, or in `Answering` when the client last took something.
    since: AtomicU64,
    /// When the answer has to be taken.
    due: AtomicU64,
    /// Whether anything was ever answered.
    answered: AtomicBool,
    /// Whether the client will send no more.
    ended: AtomicBool,
}

impl Activity {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            phase: AtomicU8::new(Phase::Waiting as u8),
            since: AtomicU64::new(clock.now()),
            due: AtomicU64::new(0),
            answered: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            clock,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            0 => Phase::Waiting,
            1 => Phase::Head,
            _ => Phase::Answering,
        }
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
        self.since.store(self.clock.now(), Relaxed);
    }

    /// An answer of `length` bytes is about to be sent.
    pub(super) fn answers(&self, length: u64, limits: &Limits) {
        self.answered.store(true, Relaxed);
        let patience = limits.answer + Duration::from_secs(length / limits.slowest.max(1));
        self.due.store(self.clock.now().saturating_add(millis(patience)), Relaxed);
        self.enter(Phase::Answering);
    }

    /// Whether the client has used up its time.
    pub(super) fn is_late(&self, limits: &Limits) -> bool {
        let now = self.clock.now();
        let limit = match self.phase() {
            Phase::Waiting if self.answered.load(Relaxed) => limits.idle,
            Phase::Waiting => limits.first_byte,
            Phase::Head => limits.head,
            Phase::Answering if now > self.due.load(Relaxed) => return true,
            Phase::Answering => limits.write,
        };
        now.saturating_sub(self.since.load(Relaxed)) > millis(limit)
    }

    /// The least of these is least worth keeping.
    pub(super) fn worth(&self) -> (Phase, u64) {
        (self.phase(), self.since.load(Relaxed))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A stream that keeps track of what passes through it.
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }

    /// Ends our side, and takes what the client still sends, up to `bytes`: closing over unread input would reset the
    /// connection, and the client might lose the answer (RFC 9112 section 9.6).
    pub(super) async fn linger(mut self, bytes: usize) {
        if self.activity.ended.load(Relaxed) || self.stream.shutdown().await.is_err() {
            return;
        }
        let mut scrap = [0; 4096];
        let mut left = bytes;
        while left > 0 {
            match self.stream.read(&mut scrap).await {
                Ok(0) | Err(_) => return,
                Ok(read) => left = left.saturating_sub(read),
            }
        }
    }

    fn writes(&self) {
        if self.activity.phase() == Phase::Head {
            // A refusal that no handler was asked about.
            self.activity.due.store(u64::MAX, Relaxed);
            self.activity.enter(Phase::Answering);
        }
        self.activity.phase.store(Phase::Answering as u8, Relaxed);
    }

    fn wrote(&self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.activity.since.store(self.activity.clock.now(), Relaxed);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() == before {
            self.activity.ended.store(true, Relaxed);
        } else if self.activity.phase() == Phase::Waiting {
            self.activity.enter(Phase::Head);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes();
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes();
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.wrote(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // All that there was to send is sent. Where more of the same answer follows the next write says so.
        if self.activity.phase() == Phase::Answering {
            self.activity.enter(Phase::Waiting);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
