//! JSON Feed 1.1 (jsonfeed.org/version/1.1).

use serde::{Serialize, Serializer};

use super::pieces::{Format, Kind, Line, Pieces, assemble};
use super::{Shown, language};
use crate::mill::feed::Feed;

/// The members in the order in which they are written; one without a value is left out.
#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    authors: [Author<'a>; 1],
    items: Items<'a>,
}

/// Each item is made when it is written.
struct Items<'a>(&'a [&'a Shown<'a>]);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|shown| item(shown)))
    }
}

/// Whoever wants to be told of changes asks it for `feed_url`.
#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    title: &'a str,
    content_html: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(rename = "_feedmill", skip_serializing_if = "Option::is_none")]
    own: Option<Own<'a>>,
}

/// What JSON Feed has no word for.
#[derive(Serialize)]
struct Own<'a> {
    photo_credit: &'a str,
}

const ITEMS: Kind =
    Kind { format: Format::Json, opens: b"    {\n      \"id\"", closes: b"\n  ]\n}\n", between: b",\n" };

pub(super) fn write(feed: &Feed, lines: &[Line<'_>], pieces: &mut Pieces) -> Vec<u8> {
    const NONE: &[u8] = b"[]\n}\n";
    assemble(&ITEMS, "", lines, pieces, |items| {
        let mut whole = write_whole(feed, items);
        if let (false, Some(open)) = (lines.is_empty(), whole.strip_suffix(NONE)) {
            // A list without items is closed where it is opened.
            whole = [open, b"[\n", ITEMS.closes].concat();
        }
        whole
    })
}

pub(super) fn write_whole(feed: &Feed, entries: &[&Shown<'_>]) -> Vec<u8> {
    let document = Document {
        version: "https://jsonfeed.org/version/1.1",
        title: feed.title.as_str(),
        home_page_url: feed.page().map(|page| page.to_string()),
        feed_url: feed.address("feed.json").map(|own| own.to_string()),
        hubs: hubs(feed),
        description: feed.description.as_str(),
        language: language(feed),
        authors: [Author { name: feed.author.as_str() }],
        items: Items(entries),
    };
    // Strings and lists can't fail to be written. If a later version of the crate thinks otherwise, `check` refuses the
    // empty document.
    let mut bytes = serde_json::to_vec_pretty(&document).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn hubs(feed: &Feed) -> Vec<Hub<'_>> {
    let hubs = feed.hubs.iter().filter(|_| feed.base_url.is_some());
    hubs.map(|hub| Hub { kind: "WebSub", url: hub.as_str() }).collect()
}

fn item<'a>(shown: &'a Shown<'_>) -> Item<'a> {
    let item = &shown.entry.item;
    Item {
        id: &shown.id,
        url: shown.link.as_ref().map(|link| link.as_str()),
        title: item.title.as_str(),
        content_html: shown.content(),
        summary: item.summary.as_ref().map(|summary| summary.as_str()),
        date_published: shown.published.to_rfc3339(),
        date_modified: shown.updated.to_rfc3339(),
        tags: item.categories.iter().map(|name| name.as_str()).collect(),
        own: item.credit.as_ref().map(|credit| Own { photo_credit: credit.as_str() }),
    }
}
