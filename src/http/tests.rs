use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode, Version};

use super::*;

/// Answers everything, and says so.
struct Yes;

impl Handler for Yes {
    fn answer(&self, _: &Request<()>) -> Response<Body> {
        Response::new(Body::from("yes".to_owned()))
    }
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let lines =
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    lines.collect()
}

fn status(method: &str, lines: &[(&'static str, &str)]) -> (StatusCode, HeaderMap) {
    let mut request = Request::builder().method(method).uri("/a").body(()).unwrap();
    *request.headers_mut() = headers(lines);
    for (name, value) in lines {
        if *name == "host" && request.headers().get_all("host").iter().all(|host| host != value) {
            request.headers_mut().append("host", HeaderValue::from_str(value).unwrap());
        }
    }
    let response = respond(&Yes, &request);
    (response.status(), response.headers().clone())
}

#[test]
fn only_get_and_head_are_asked_for() {
    let host = [("host", "x")];
    for method in ["GET", "HEAD"] {
        assert_eq!(status(method, &host).0, StatusCode::OK, "{method}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT", "PROPFIND", "get"] {
        let (status, headers) = status(method, &host);
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(headers[header::ALLOW], "GET, HEAD");
    }
}

#[test]
fn a_request_names_one_host() {
    assert_eq!(status("GET", &[]).0, StatusCode::BAD_REQUEST);
    assert_eq!(status("GET", &[("host", "a"), ("host", "b")]).0, StatusCode::BAD_REQUEST);
    let mut old = Request::builder().uri("/a").body(()).unwrap();
    *old.version_mut() = Version::HTTP_10;
    assert_eq!(respond(&Yes, &old).status(), StatusCode::OK, "HTTP/1.0 knows no hosts");
}

#[test]
fn a_body_ends_the_connection() {
    for announced in [("content-length", "5"), ("content-length", "+0"), ("transfer-encoding", "chunked")] {
        let (status, headers) = status("GET", &[("host", "x"), announced]);
        assert_eq!(
            (status, &headers[header::CONNECTION]),
            (StatusCode::OK, &HeaderValue::from_static("close")),
            "{announced:?}"
        );
    }
    let (_, headers) = status("GET", &[("host", "x"), ("content-length", "0")]);
    assert_eq!(headers.get(header::CONNECTION), None);
}

#[test]
fn a_refusal_bears_the_guards_and_nothing_that_was_asked() {
    let response = plain(StatusCode::NOT_FOUND);
    for guard in [header::X_CONTENT_TYPE_OPTIONS, header::CONTENT_SECURITY_POLICY, header::REFERRER_POLICY] {
        assert!(response.headers().contains_key(&guard), "{guard}");
    }
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("script-src") && !policy.contains("unsafe"), "{policy}");
}

// ---- codings --------------------------------------------------------------------------------------------------------

fn wanted(accept: &str) -> Coding {
    Coding::wanted(&headers(&[("accept-encoding", accept)]), Coding::ALL)
}

#[test]
fn the_coding_is_the_one_that_is_wanted_most() {
    use Coding::{Brotli, Gzip, Identity, Zstd};
    for (accept, coding) in [
        ("gzip, deflate", Gzip),
        ("GZIP", Gzip),
        ("x-gzip", Gzip),
        ("deflate, gzip, br, zstd", Brotli),
        ("gzip;q=1.0, br;q=0.5", Gzip),
        ("zstd;q=0.9,gzip;q=0.8", Zstd),
        ("gzip;q=0", Identity),
        ("gzip;q=0.000, *;q=0", Identity),
        ("*", Brotli),
        ("*;q=0.5, br;q=0", Zstd),
        ("identity", Identity),
        ("identity;q=0.5, gzip;q=0.4", Identity),
        ("gzip;q=0.001", Gzip),
        ("identity;q=0", Identity),
        ("compress", Identity),
        ("", Identity),
        // What can't be read says nothing.
        ("gzip;q=NaN", Identity),
        ("gzip;q=2", Identity),
        ("gzip;q=1.5", Identity),
        ("gzip;q=0.1234, br;q=99, ,;;,zstd", Zstd),
        ("gzip ; q=0.3 , br ; q=0.2", Gzip),
    ] {
        assert_eq!(wanted(accept), coding, "{accept:?}");
    }
    assert_eq!(Coding::wanted(&HeaderMap::new(), Coding::ALL), Identity, "nothing asked for");
    let only = [Identity, Gzip];
    assert_eq!(Coding::wanted(&headers(&[("accept-encoding", "br, gzip;q=0.1")]), only), Gzip, "what is not offered");
}

// ---- conditions -----------------------------------------------------------------------------------------------------

/// Tue, 03 Mar 2020 10:00:00 GMT.
const MODIFIED: u64 = 1_583_229_600;

fn current(lines: &[(&'static str, &str)]) -> bool {
    let validators = Validators { etag: HeaderValue::from_static("\"abc,d\""), modified: MODIFIED };
    let now: SystemTime = UNIX_EPOCH + Duration::from_secs(MODIFIED + 3600);
    is_current(&headers(lines), &validators, now)
}

#[test]
fn entity_tags_are_compared_weakly_and_come_in_lists() {
    for list in
        ["\"abc,d\"", "W/\"abc,d\"", "\"x\", \"abc,d\"", "\"x\",W/\"y\" , W/\"abc,d\"", "*", " * ", ",, \"abc,d\""]
    {
        assert!(current(&[("if-none-match", list)]), "{list}");
    }
    for list in
        ["\"abc\"", "abc,d", "\"abc,d", "w/\"abc,d\"", "\"\"", "", "\"x\" abc", "\"abc,d-gz\"", "garbage, \"abc,d\""]
    {
        assert!(!current(&[("if-none-match", list)]), "{list}");
    }
}

#[test]
fn a_date_is_compared_as_a_date() {
    for since in [
        "Tue, 03 Mar 2020 10:00:00 GMT",
        "Tue, 03 Mar 2020 10:00:01 GMT",
        "Tue, 03 Mar 2020 11:00:00 GMT",
        "Tuesday, 03-Mar-20 10:00:00 GMT",
        "Tue Mar  3 10:00:00 2020",
    ] {
        assert!(current(&[("if-modified-since", since)]), "{since}");
    }
    for since in [
        "Tue, 03 Mar 2020 09:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Tue, 03 Mar 2020 11:00:01 GMT",
        "Fri, 01 Jan 9999 00:00:00 GMT",
        "Thu, 31 Feb 2099 99:99:99 GMT",
        "yesterday",
        "0",
        "",
    ] {
        assert!(!current(&[("if-modified-since", since)]), "{since}");
    }
}

#[test]
fn of_two_dates_neither_says_anything() {
    let same_day = HeaderValue::from_static("Tue, 03 Mar 2020 10:00:00 GMT");
    let mut twice = HeaderMap::new();
    for _ in 0..2 {
        twice.append(header::IF_MODIFIED_SINCE, same_day.clone());
    }
    let validators = Validators { etag: HeaderValue::from_static("\"x\""), modified: MODIFIED };
    assert!(!is_current(&twice, &validators, UNIX_EPOCH + Duration::from_secs(MODIFIED + 3600)));
}

#[test]
fn a_tag_goes_before_a_date() {
    let same_day = ("if-modified-since", "Tue, 03 Mar 2020 10:00:00 GMT");
    assert!(!current(&[("if-none-match", "\"x\""), same_day]));
    assert!(current(&[("if-none-match", "\"abc,d\""), ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT")]));
    assert!(!current(&[]));
}
