//! HTTP/1.1 over sockets: what all our servers have in common, whatever they serve.
//!
//! ```text
//! Listener ──▶ Server: one thread, many connections ──request──▶ Handler ──answer──▶ Body
//! ```
//!
//! A [`Handler`] is asked about each well-formed request and answers at once, from memory or a file; it never waits. To
//! serve something new, write a handler, bind a [`Listener`] and call [`Server::start`]. What is refused before a
//! handler is asked, and the headers that every answer has, are the same for all.
//!
//! Promised: hyper reads the heads, so keep-alive, pipelining, HTTP/1.0 and `HEAD` follow RFC 9112. Head and body are
//! sent in one write. A client has a limited time for its first byte, its head, its next request and for taking an
//! answer ([`Limits`]), and none keeps another one waiting. When there are too many connections, the one that is worth
//! least makes room for the new one. A shortage of descriptors is waited out, not spun on, and never affects watching
//! and publishing. When the server ends, what was asked for is still answered.
//!
//! Refused: a request without exactly one `Host` (RFC 9112 section 3.2), a malformed head (400) or one that is too long
//! (414, 431), and methods other than `GET` and `HEAD` (405). A request's body is never read: the connection ends after
//! the answer. No answer repeats what a client sent. There is no TLS, no HTTP/2 and no protocol to upgrade to: that is
//! for a proxy in front.

mod body;
mod coding;
mod conditional;
mod connection;
mod listener;
mod server;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};

pub use self::body::Body;
pub use self::coding::Coding;
pub use self::conditional::{Validators, is_current};
pub use self::listener::{Handed, Listener, cure};
pub use self::server::{Limits, Server};

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers a `GET`, or a `HEAD` as if it were one: its body is left out on the way. Must not wait for anything.
    fn answer(&self, request: &Request<()>) -> Response<Body>;
}

/// Headers of every answer: to a browser, scraped text is text and nothing else.
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

/// The headers that every answer has.
#[must_use]
pub fn guarded() -> HeaderMap {
    GUARDS.into_iter().collect()
}

/// An answer that consists of its status alone.
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

/// The answer to a request whose head was read: a refusal, or what the handler says.
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
