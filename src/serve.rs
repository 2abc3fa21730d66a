//! The published folder over HTTP.
//!
//! ```text
//! publish ledger ──▶ Shelf: exact paths, answers made beforehand ◀──asked── http
//! ```
//!
//! What is served is what the publish ledger lists, by an exact map of paths: no folder is walked, and no path of a
//! request ever reaches the disk. So there is nothing to traverse, and a file that somebody put beside ours is not
//! served.
//!
//! Promised: an answer has the bytes of a published document as the ledger lists it, never others and never a part.
//! While a document is being replaced, either version is served, because publishing announces the new one beforehand.
//! Feeds, index pages and style sheet are kept ready, in every coding that makes them shorter; month pages, of which
//! there may be thousands, are fetched when they are asked for ([`Shelf`]). Each coding has its own strong entity tag,
//! made from the content. A client that asks by date alone misses no version, not even the second within one second.
//! `/` and `/<feed>/` are their `index.html`.
//!
//! Refused: ranges (a whole answer is as good, RFC 9110 section 14.2), and whatever [`http`](crate::http) refuses.

mod document;
mod service;
mod shelf;

use std::borrow::Cow;
use std::time::SystemTime;

use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, StatusCode};
use percent_encoding::percent_decode_str;

pub use self::service::{Desk, Service};
use self::shelf::Found;
pub use self::shelf::Shelf;
use crate::http::{Body, Handler, guarded, is_current, plain};
use crate::mill::feed::path_escaped;

impl Handler for Shelf {
    fn answer(&self, request: &Request<()>) -> Response<Body> {
        let Some(path) = published_path(request.uri().path()) else { return plain(StatusCode::NOT_FOUND) };
        let (body, version) = match self.find(&path, request.headers()) {
            Found::Here(body, version) => (body, version),
            Found::Unlisted if self.lists(&format!("{path}/index.html")) => return moved(&path),
            Found::Unlisted => return plain(StatusCode::NOT_FOUND),
            Found::Away => {
                // Tampered with: the next full look puts it right. Or to come: the first pass is under way.
                let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
                return response;
            }
        };
        let now = SystemTime::now();
        let current = is_current(request.headers(), &version.validators, now);
        let mut response = if current { Response::new(Body::empty()) } else { Response::new(body) };
        *response.headers_mut() = version.heads(current, now);
        if current {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        response
    }
}

/// The path in the ledger that a request for `path` means; `None` where none can be meant.
fn published_path(path: &str) -> Option<Cow<'_, str>> {
    let path = percent_decode_str(path.strip_prefix('/')?).decode_utf8().ok()?;
    Some(if path.is_empty() || path.ends_with('/') { format!("{path}index.html").into() } else { path })
}

/// A redirect to the same path with a slash, so that relative links on the page work. The ledger knows `path`.
fn moved(path: &str) -> Response<Body> {
    let Ok(location) = HeaderValue::try_from(format!("/{}/", path_escaped(path))) else {
        return plain(StatusCode::NOT_FOUND);
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    *response.headers_mut() = guarded();
    response.headers_mut().insert(header::LOCATION, location);
    response
}
