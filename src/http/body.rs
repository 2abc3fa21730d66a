//! What follows the head of an answer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};

/// How much of a file is in memory at a time.
const PART: usize = 64 << 10;

/// Bytes that are there, or a file that is read as the client takes it.
#[derive(Debug)]
pub struct Body(Inner);

#[derive(Debug)]
enum Inner {
    Whole(Bytes),
    Part { file: File, offset: u64, left: u64 },
}

impl Body {
    /// No bytes.
    #[must_use]
    pub fn empty() -> Self {
        Self(Inner::Whole(Bytes::new()))
    }

    /// The first `length` bytes of `file`. If the file turns out to be shorter, the connection is cut: half an answer
    /// must not look like a whole one.
    #[must_use]
    pub fn file(file: File, length: u64) -> Self {
        Self(Inner::Part { file, offset: 0, left: length })
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Whole(bytes))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let part = match &mut self.0 {
            Inner::Whole(bytes) if bytes.is_empty() => None,
            Inner::Whole(bytes) => Some(Ok(std::mem::take(bytes))),
            Inner::Part { left: 0, .. } => None,
            Inner::Part { file, offset, left } => Some(read_part(file, offset, left)),
        };
        Poll::Ready(part.map(|part| part.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Whole(bytes) => bytes.is_empty(),
            Inner::Part { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match &self.0 {
            Inner::Whole(bytes) => bytes.len() as u64,
            Inner::Part { left, .. } => *left,
        })
    }
}

fn read_part(file: &File, offset: &mut u64, left: &mut u64) -> io::Result<Bytes> {
    let mut part = vec![0; PART.min(usize::try_from(*left).unwrap_or(PART))];
    file.read_exact_at(&mut part, *offset)?;
    *offset += part.len() as u64;
    *left -= part.len() as u64;
    Ok(part.into())
}
