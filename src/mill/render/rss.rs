//! RSS 2.0 (rssboard.org/rss-specification).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::format::{self, StrftimeItems};
use chrono::{DateTime, Utc};
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Guid, Item};

use super::pieces::{Format, Kind, Line, Pieces, assemble};
use super::{MEDIA, Shown, language};
use crate::mill::feed::{Address, Feed};

const ITEMS: Kind = Kind { format: Format::Rss, opens: b"    <item>", closes: b"  </channel>", between: b"" };

pub(super) fn write(feed: &Feed, lines: &[Line<'_>], updated: DateTime<Utc>, pieces: &mut Pieces) -> Vec<u8> {
    let media = pieces.credit_any(lines);
    assemble(&ITEMS, "", lines, pieces, |items| write_whole(feed, items, updated, media))
}

pub(super) fn write_whole(feed: &Feed, entries: &[&Shown<'_>], updated: DateTime<Utc>, media: bool) -> Vec<u8> {
    let channel = Channel {
        title: feed.title.to_string(),
        link: feed.page_or_itself(),
        description: feed.description.to_string(),
        language: language(feed),
        last_build_date: Some(rfc822(updated)),
        generator: Some("feedmill".to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        ttl: Some("60".to_owned()),
        atom_ext: feed.address("rss.xml").map(|own| AtomExtension { links: links(feed, &own) }),
        namespaces: media.then(|| ("media".to_owned(), MEDIA.to_owned())).into_iter().collect(),
        items: entries.iter().map(|shown| item(shown)).collect(),
        ..Channel::default()
    };
    // Writing to memory can't fail. If a later version of the crate thinks otherwise, `check` refuses the empty
    // document.
    let mut bytes = channel.pretty_write_to(Vec::new(), b' ', 2).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Its own address, the hubs that tell when it changes, and where the items are that are no longer in it (RFC 5005
/// section 4).
fn links(feed: &Feed, own: &Address) -> Vec<Link> {
    let link = |rel: &str, href: &Address, mime_type: Option<&str>| Link {
        href: href.to_string(),
        rel: rel.to_owned(),
        mime_type: mime_type.map(str::to_owned),
        ..Link::default()
    };
    let archive = feed.months.first().and_then(|(month, _)| feed.address(&format!("{}.atom", month.path())));
    let archive = archive.map(|archive| link("prev-archive", &archive, Some("application/atom+xml")));
    let hubs = feed.hubs.iter().map(|hub| link("hub", hub, None));
    [link("self", own, Some("application/rss+xml"))].into_iter().chain(hubs).chain(archive).collect()
}

fn item(shown: &Shown<'_>) -> Item {
    let entry = shown.entry;
    Item {
        title: Some(entry.item.title.to_string()),
        link: shown.link.as_ref().map(ToString::to_string),
        description: Some(shown.content().to_owned()),
        categories: entry.item.categories.iter().map(|name| category(name.as_str())).collect(),
        // The default says permalink, and readers would open the urn.
        guid: Some(Guid { value: shown.id.clone(), permalink: false }),
        pub_date: Some(rfc822(shown.published)),
        extensions: entry.item.credit.as_ref().map(|credit| credited(credit.as_str())).unwrap_or_default(),
        ..Item::default()
    }
}

fn category(name: &str) -> Category {
    Category { name: name.to_owned(), ..Category::default() }
}

/// `media:credit` (Media RSS 1.5.1). The author elements would make the photographer the writer of the article.
fn credited(credit: &str) -> ExtensionMap {
    let element = Extension {
        name: "media:credit".to_owned(),
        value: Some(credit.to_owned()),
        attrs: super::CREDIT_ATTRIBUTES.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        children: BTreeMap::new(),
    };
    BTreeMap::from([("media".to_owned(), BTreeMap::from([("credit".to_owned(), vec![element])]))])
}

/// RFC 822 section 5 with a four-digit year, as RSS asks for.
fn rfc822(moment: DateTime<Utc>) -> String {
    static FORM: LazyLock<Vec<format::Item<'static>>> =
        LazyLock::new(|| StrftimeItems::new("%a, %d %b %Y %H:%M:%S +0000").collect());
    moment.format_with_items(FORM.iter()).to_string()
}
