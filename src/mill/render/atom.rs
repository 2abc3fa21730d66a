//! Atom (RFC 4287), and archives by month (RFC 5005 section 4): written, and read for the ids in them.
//!
//! The head names the newest archive, each archive the one before it, so that an archive changes with its own items
//! alone. Where nobody said from where they are served the archives are named relative to the document (RFC 4287
//! section 2).

use std::collections::{BTreeMap, BTreeSet};

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{Category, Content, Entry, Feed as Document, Generator, Link, Person, Text, WriteConfig};
use chrono::{DateTime, Utc};

use super::pieces::{Format, Kind, Line, Pieces, assemble};
use super::{MEDIA, Shown, URN, four_digit_year, language};
use crate::mill::feed::Feed;
use crate::mill::item::Key;
use crate::mill::month::Month;

/// Who says to have made the documents.
const GENERATOR: &str = "feedmill";

/// The namespace of Atom.
pub(super) const NAMESPACE: &str = "http://www.w3.org/2005/Atom";

/// The namespace of RFC 6721.
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// The namespace of RFC 5005.
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

const ENTRIES: Kind = Kind { format: Format::Atom, opens: b"  <entry>", closes: b"</feed>", between: b"" };

/// About as long is an entry, and so is what stands around all of them.
const ENTRY_BYTES: usize = 1 << 10;

/// The head of a feed, or the archive of a month.
pub(super) fn write(
    feed: &Feed,
    lines: &[Line<'_>],
    updated: DateTime<Utc>,
    archive: Option<Month>,
    pieces: &mut Pieces,
) -> Vec<u8> {
    let media = pieces.credit_any(lines);
    let taken_out = archive.is_none() && !feed.taken_out.is_empty();
    let declared = [(archive.is_some(), "fh", HISTORY), (media, "media", MEDIA), (taken_out, "at", TOMBSTONES)];
    // The crate writes extensions of a feed behind its entries, where the grammar of RFC 4287 has no place for them.
    let ahead = match archive {
        Some(_) => "  <fh:archive/>\n".to_owned(),
        None => tombstones(feed),
    };
    assemble(&ENTRIES, &ahead, lines, pieces, |entries| write_whole(feed, entries, updated, archive, &declared))
}

/// A document of the crate's.
pub(super) fn write_whole(
    feed: &Feed,
    entries: &[&Shown<'_>],
    updated: DateTime<Utc>,
    archive: Option<Month>,
    declared: &[(bool, &str, &str)],
) -> Vec<u8> {
    // The crate parses a date for each that it makes.
    let blank = Entry::default();
    let document = Document {
        id: format!("{URN}{}", feed.id()),
        title: Text::plain(feed.title.as_str()),
        updated: updated.fixed_offset(),
        // At feed level always: without it every entry would need its own (section 4.1.1).
        authors: vec![Person { name: feed.author.to_string(), ..Person::default() }],
        generator: Some(Generator { value: GENERATOR.to_owned(), ..Generator::default() }),
        links: links(feed, archive),
        lang: language(feed),
        namespaces: declared
            .iter()
            .filter(|(used, ..)| *used)
            .map(|(_, prefix, name)| ((*prefix).to_owned(), (*name).to_owned()))
            .collect(),
        entries: entries.iter().map(|shown| entry(shown, &blank)).collect(),
        ..Document::default()
    };
    let config = WriteConfig { write_document_declaration: true, indent_size: Some(2) };
    // Writing to memory can't fail. If a later version of the crate thinks otherwise, `check` refuses the empty
    // document.
    let room = Vec::with_capacity((entries.len() + 1) * ENTRY_BYTES);
    let mut bytes = document.write_with_config(room, config).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn links(feed: &Feed, archive: Option<Month>) -> Vec<Link> {
    const ATOM: &str = "application/atom+xml";
    let mut links = Vec::with_capacity(4);
    let own = archive.map_or_else(|| "atom.xml".to_owned(), |month| format!("{}.atom", month.path()));
    links.extend(feed.address(&own).map(|own| link("self", ATOM, own.as_str())));
    if archive.is_none() && feed.base_url.is_some() {
        links.extend(feed.hubs.iter().map(|hub| untyped("hub", hub.as_str())));
    }
    let page = match archive {
        None => feed.page(),
        Some(month) => feed.address(&format!("{}.html", month.path())),
    };
    links.extend(page.map(|page| link("alternate", "text/html", page.as_str())));
    let up = if archive.is_some_and(|month| month != Month::UNDATED) { "../" } else { "" };
    let beside = |document: &str| {
        feed.address(document).map_or_else(|| format!("{up}{document}"), |address| address.to_string())
    };
    if archive.is_some() {
        links.push(link("current", ATOM, &beside("atom.xml")));
    }
    let before = archive.map_or_else(|| feed.months.first().map(|(month, _)| *month), |month| feed.before(month));
    links.extend(before.map(|before| link("prev-archive", ATOM, &beside(&format!("{}.atom", before.path())))));
    links
}

/// Says which items were taken out (RFC 6721), so that readers may take them out as well. Ids and times need no
/// escaping.
fn tombstones(feed: &Feed) -> String {
    let one = |(when, id): &(DateTime<Utc>, Key)| {
        let when = four_digit_year(*when).fixed_offset().to_rfc3339();
        format!("  <at:deleted-entry ref=\"{URN}{id}\" when=\"{when}\"/>\n")
    };
    feed.taken_out.iter().map(one).collect()
}

/// The entry of an item; `blank` is one without anything.
fn entry(shown: &Shown<'_>, blank: &Entry) -> Entry {
    let item = &shown.entry.item;
    Entry {
        id: shown.id.clone(),
        title: Text::plain(item.title.as_str()),
        updated: shown.updated.fixed_offset(),
        published: Some(shown.published.fixed_offset()),
        categories: item.categories.iter().map(|name| category(name.as_str())).collect(),
        links: shown.link.iter().map(|address| link("alternate", "text/html", address.as_str())).collect(),
        // No summary element beside it: readers show the content anyway, validators warn of text that looks like
        // markup.
        content: Some(Content {
            content_type: Some("html".to_owned()),
            value: Some(shown.content().to_owned()),
            ..Content::default()
        }),
        extensions: item.credit.as_ref().map(|credit| credited(credit.as_str())).unwrap_or_default(),
        ..blank.clone()
    }
}

/// The name is the term, as in RSS; the label says that it is fit for people (RFC 4287 section 4.2.2).
fn category(name: &str) -> Category {
    Category { term: name.to_owned(), label: Some(name.to_owned()), ..Category::default() }
}

fn link(rel: &str, mime_type: &str, href: &str) -> Link {
    Link { mime_type: Some(mime_type.to_owned()), ..untyped(rel, href) }
}

fn untyped(rel: &str, href: &str) -> Link {
    let (href, rel) = (href.to_owned(), rel.to_owned());
    Link { href, rel, hreflang: None, mime_type: None, title: None, length: None }
}

/// `media:credit` (Media RSS 1.5.1). The crate writes attributes of extensions unescaped: these are constants.
fn credited(credit: &str) -> ExtensionMap {
    let element = Extension {
        name: "media:credit".to_owned(),
        value: Some(credit.to_owned()),
        attrs: super::CREDIT_ATTRIBUTES.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        children: BTreeMap::new(),
    };
    BTreeMap::from([("media".to_owned(), BTreeMap::from([("credit".to_owned(), vec![element])]))])
}

/// The items that an Atom document tells of.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// Those that it shows.
    pub shown: BTreeSet<Key>,
    /// Those that it says were taken out.
    pub taken_out: BTreeSet<Key>,
}

/// The ids of items in an Atom document of ours; none of what is no such document.
#[must_use]
pub fn ids(document: &[u8]) -> Ids {
    let Some(xml) = std::str::from_utf8(document).ok().and_then(|text| roxmltree::Document::parse(text).ok()) else {
        return Ids::default();
    };
    let generator = |node: roxmltree::Node<'_, '_>| node.has_tag_name((NAMESPACE, "generator"));
    if xml.root_element().children().find(|node| generator(*node)).and_then(|node| node.text()) != Some(GENERATOR) {
        return Ids::default();
    }
    let key = |id: &str| id.strip_prefix(URN).and_then(|id| id.parse().ok());
    let entries = xml.descendants().filter(|node| node.has_tag_name((NAMESPACE, "entry")));
    let id = |entry: roxmltree::Node<'_, '_>| {
        entry.children().find(|node| node.has_tag_name((NAMESPACE, "id"))).and_then(|id| key(id.text()?))
    };
    let tombstones = xml.descendants().filter(|node| node.has_tag_name((TOMBSTONES, "deleted-entry")));
    let taken_out = tombstones.filter_map(|node| key(node.attribute("ref")?)).collect();
    Ids { shown: entries.filter_map(id).collect(), taken_out }
}
