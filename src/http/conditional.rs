//! Conditional requests (RFC 9110 section 13): does the client have what it would be sent?

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::header::{HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};

/// What tells one version of an answer from another.
#[derive(Debug, Clone)]
pub struct Validators {
    /// The entity tag, with its quotes.
    pub etag: HeaderValue,
    /// Last modification, in seconds since 1970.
    pub modified: u64,
}

/// Whether a request with these `headers` is answered with 304 (Not Modified).
///
/// `If-None-Match` is compared weakly, and takes precedence over `If-Modified-Since`. The latter is ignored if it can't
/// be read or comes twice (RFC 9110 section 13.1.3), or if it is after `now`, because no answer of ours can have had
/// it.
#[must_use]
pub fn is_current(headers: &HeaderMap, validators: &Validators, now: SystemTime) -> bool {
    let mut tags = headers.get_all(IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags.any(|list| matches(list.as_bytes(), validators.etag.as_bytes()));
    }
    let mut dates = headers.get_all(IF_MODIFIED_SINCE).iter();
    let (Some(since), None) = (dates.next(), dates.next()) else { return false };
    let since = since.to_str().ok().and_then(|since| httpdate::parse_http_date(since).ok());
    since.is_some_and(|since| since <= now && UNIX_EPOCH + Duration::from_secs(validators.modified) <= since)
}

/// Whether a list of entity tags names `etag`, weakly compared (RFC 9110 section 8.8.3.2).
fn matches(list: &[u8], etag: &[u8]) -> bool {
    let mut rest = list.trim_ascii();
    if rest == b"*" {
        return true;
    }
    // A tag may contain commas, so the list is not split at them. At what is no tag the list ends.
    loop {
        while let Some(next) = rest.strip_prefix(b",") {
            rest = next.trim_ascii_start();
        }
        let opaque = rest.strip_prefix(b"W/").unwrap_or(rest);
        let Some(end) = opaque.strip_prefix(b"\"").and_then(|tag| tag.iter().position(|byte| *byte == b'"')) else {
            return false;
        };
        let (tag, after) = opaque.split_at(end + 2);
        if tag == etag {
            return true;
        }
        rest = after.trim_ascii_start();
    }
}
