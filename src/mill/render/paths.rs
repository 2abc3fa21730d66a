//! Where documents lie below the output folder, and what their paths tell of them.

use super::page;
use crate::mill::month::Month;

/// The media type to serve the document at `path` with, charset included.
///
/// `application/feed+json` takes no charset: JSON is UTF-8 (RFC 8259 section 8.1).
#[must_use]
pub fn media_type(path: &str) -> &'static str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        _ if name == "atom.xml" => "application/atom+xml; charset=utf-8",
        Some("xml") => "application/rss+xml; charset=utf-8",
        Some("atom") => "application/atom+xml; charset=utf-8",
        Some("json") => "application/feed+json",
        Some("opml") => "text/x-opml; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("gz") => "application/gzip",
        _ => "application/octet-stream",
    }
}

/// What lies beside the folders of the feeds: no feed can have such a name.
pub const BESIDE_FEEDS: [&str; 4] = ["index.html", OPML, page::STYLE, page::ICON];

/// What lists all feeds for readers.
pub const OPML: &str = "feeds.opml";

/// The names of the documents that subscribers take, in the folder of their feed: its newest items, in each format.
pub const HEADS: [&str; 3] = ["rss.xml", "atom.xml", "feed.json"];

/// Whether the document at `path` is one that subscribers take.
#[must_use]
pub fn is_head(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(_, name)| HEADS.contains(&name))
}

/// The name of the page of a feed, beside its heads.
pub const PAGE: &str = "index.html";

/// Where the page and the archive of a month of a feed lie.
#[must_use]
pub fn month_paths(feed: &str, month: Month) -> [String; 2] {
    ["html", "atom"].map(|ending| format!("{feed}/{}.{ending}", month.path()))
}

/// Whether a feed publishes documents of this name, relative to its folder, siblings aside.
#[must_use]
pub fn is_of_feed(name: &str) -> bool {
    HEADS.contains(&name) || name == PAGE || is_month(name)
}

/// Whether a document, by its path, is the page or the archive of a month.
#[must_use]
pub fn is_month_path(document: &str) -> bool {
    document.split_once('/').is_some_and(|(_, name)| is_month(name))
}

fn is_month(name: &str) -> bool {
    let is_number = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    let is_month = |stem: &str| {
        stem == "undated" || stem.split_once('/').is_some_and(|(year, month)| is_number(year, 4) && is_number(month, 2))
    };
    let stem = name.strip_suffix(".html").or_else(|| name.strip_suffix(".atom"));
    stem.is_some_and(is_month)
}

/// How the name of a sibling ends.
const ENDING: &str = ".gz";

/// The path of the sibling of the document at `path`.
#[must_use]
pub fn sibling_of(path: &str) -> String {
    format!("{path}{ENDING}")
}

/// Whether this is the path of a sibling.
#[must_use]
pub fn is_sibling(path: &str) -> bool {
    path.ends_with(ENDING)
}

/// The path of the document that has its sibling at `path`, or that is there itself.
#[must_use]
pub fn document_of(path: &str) -> &str {
    path.strip_suffix(ENDING).unwrap_or(path)
}
