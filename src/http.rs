//! HTTP/1.1 over sockets: what every listener of ours shares, whatever it tells.
//!
//! ```text
//! Listener ──▶ Server: one thread, many connections ──request──▶ Handler ──answer──▶ Body
//! ```
//!
//! A [`Handler`] is asked for each well-formed request and answers at once, from memory or a file; it never waits. To
//! listen for something new: write a handler, bind a [`Listener`], [`Server::start`]. What is refused before a handler
//! is asked, and the lines that every answer bears, are the same for all.
//!
//! Promised: a head is read by hyper, so keep-alive, pipelining, HTTP/1.0 and `HEAD` are as RFC 9112 has them; head and
//! body leave in one write; a client gets so long for its first byte, its head, its next request and the taking of an
//! answer ([`Limits`]), and none keeps another one waiting; at the cap the connection that is worth least makes room
//! for the new one; a lack of descriptors is waited out, not spun on, and never reaches those who watch and publish; at
//! the end what was asked for is still answered.
//!
//! Refused: a request without a single `Host` (RFC 9112 section 3.2), a malformed head (400), one that is too long (414,
//! 431), methods other than `GET` and `HEAD` (405). A body is never read: the connection ends after its answer. What a
//! client sent is in no answer. There is no TLS, no HTTP/2 and no protocol to upgrade to: that is for a proxy in front.

mod body;
mod coding;
mod conditional;
mod connection;
mod listener;
mod server;

use std::sync::Arc;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};

pub use self::body::Body;
pub use self::coding::Coding;
pub use self::conditional::{Validators, is_current};
pub use self::listener::{Handed, Listener};
pub use self::server::{Limits, Server};

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers a `GET` or a `HEAD`, the latter like a `GET`: its body is left out on the way. Must not wait for anybody.
    fn answer(&self, request: &Request<()>) -> Response<Body>;
}

impl<H: Handler> Handler for Arc<H> {
    fn answer(&self, request: &Request<()>) -> Response<Body> {
        (**self).answer(request)
    }
}

/// Lines that every answer bears: what a browser makes of scraped text is text.
const GUARDS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
    ),
];

/// Headers with the lines that every answer bears.
#[must_use]
pub fn guarded() -> HeaderMap {
    GUARDS.into_iter().collect()
}

/// An answer that has nothing to show but its status.
#[must_use]
pub fn plain(status: StatusCode) -> Response<Body> {
    let mut text = status.canonical_reason().unwrap_or("Error").to_owned();
    text.push('\n');
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    *response.headers_mut() = guarded();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    // Where there is nothing now there may be something in a minute.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The answer to a request whose head was read, whoever is asked: the handler, where there is nothing to refuse.
pub fn respond(handler: &dyn Handler, request: &Request<()>) -> Response<Body> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if hosts > 1 || hosts == 0 && request.version() == Version::HTTP_11 {
        return last(plain(StatusCode::BAD_REQUEST));
    }
    let mut response = match *request.method() {
        Method::GET | Method::HEAD => handler.answer(request),
        _ => {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        }
    };
    let announces_body = request.headers().get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
        || request.headers().contains_key(header::TRANSFER_ENCODING);
    if announces_body || request.method() == Method::CONNECT {
        response = last(response);
    }
    response
}

/// The last answer on its connection.
fn last(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests;
