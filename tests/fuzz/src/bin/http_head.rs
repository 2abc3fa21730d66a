//! What the server makes of a request's head, once hyper has read it: the path, the conditions, the codings.
#![no_main]
use std::sync::LazyLock;
use std::time::SystemTime;

use feedmill::http::{Coding, respond};
use feedmill::mill::render::{Document, Tree};
use feedmill::publish::{RealDisk, publish};
use feedmill::serve::Shelf;
use hyper::body::Body as _;
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HOST, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LOCATION,
};
use hyper::{Request, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;

/// What is served: nothing else may ever come back.
const DOCUMENTS: [(&str, &str); 4] = [
    ("index.html", "<!doctype html><title>all</title></html>\n"),
    ("news/index.html", "<!doctype html><title>news</title></html>\n"),
    ("news/rss.xml", "<rss version=\"2.0\"><channel><title>News</title></channel></rss>\n"),
    ("новости/2020/06.html", "<!doctype html><title>June</title></html>\n"),
];

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let root = std::env::temp_dir().join(format!("feedmill-fuzz-http-{}", std::process::id()));
    let tree: Tree = DOCUMENTS
        .iter()
        .map(|(path, text)| ((*path).to_owned(), Document { bytes: (*text).into(), entries: 0 }))
        .collect();
    let outcomes = publish(&RealDisk, &root, &tree).expect("the documents are published");
    let shelf = Shelf::default();
    shelf.take_up(&root, outcomes.into_iter().map(|outcome| outcome.listed));
    shelf.prepare();
    shelf
});

/// The first line is the target, each of the others a header: `name: value`.
fn request(bytes: &[u8]) -> Option<Request<()>> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let target = Uri::try_from(lines.next()?).ok()?;
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_static("x"));
    for line in lines.take(100) {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (HeaderName::from_bytes(line.get(..colon)?).ok()?, line.get(colon + 1..)?.trim_ascii());
        // A second host is refused before anybody is asked.
        if name != HOST {
            headers.append(name, HeaderValue::from_bytes(value).ok()?);
        }
    }
    let mut request = Request::builder().uri(target).body(()).ok()?;
    *request.headers_mut() = headers;
    Some(request)
}

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = request(bytes) else { return };
    let response = respond(&*SHELF, &request);
    let (asked, told) = (request.headers(), response.headers());
    match response.status() {
        StatusCode::OK => assert!(!response.body().is_end_stream() && has(told, asked) != Some(true)),
        StatusCode::NOT_MODIFIED => assert!(response.body().is_end_stream() && has(told, asked) != Some(false)),
        StatusCode::PERMANENT_REDIRECT => {
            let location = told.get(LOCATION).and_then(|location| location.to_str().ok());
            assert!(matches!(location, Some("/news/" | "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/")), "{location:?}");
        }
        status => assert_eq!(status, StatusCode::NOT_FOUND),
    }
    if let Some(coding) = told.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok()) {
        let lines = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
        let named = |line: &str| line.contains('*') || line.to_ascii_lowercase().contains(coding);
        assert!(lines.into_iter().any(named), "{coding} without being asked for");
    }
    let offered = [Coding::Identity, Coding::Zstd];
    assert!(offered.contains(&Coding::wanted(asked, offered)), "only what is offered");
});

/// Whether the client has what this answer is about, where that can be told without taking a list of tags apart.
fn has(told: &HeaderMap, asked: &HeaderMap) -> Option<bool> {
    let tag = told.get(ETAG).map(HeaderValue::as_bytes)?;
    if asked.contains_key(IF_NONE_MATCH) {
        let lines = || asked.get_all(IF_NONE_MATCH).iter().map(|line| line.as_bytes().trim_ascii());
        if lines().any(|line| line == b"*" || line.strip_prefix(b"W/").unwrap_or(line) == tag) {
            return Some(true);
        }
        let somewhere = lines().any(|line| line.windows(tag.len()).any(|part| part == tag));
        return if somewhere { None } else { Some(false) };
    }
    let date = |headers: &HeaderMap, name| {
        let date = headers.get(name).and_then(|date: &HeaderValue| date.to_str().ok());
        date.and_then(|date| httpdate::parse_http_date(date).ok())
    };
    let (modified, since) = (date(told, LAST_MODIFIED), date(asked, IF_MODIFIED_SINCE));
    Some(since.is_some_and(|since| since <= SystemTime::now() && modified.is_some_and(|modified| modified <= since)))
}
