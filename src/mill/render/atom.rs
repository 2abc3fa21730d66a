//! Atom (RFC 4287).

use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{Category, Content, Entry, Feed as Document, Generator, Link, Person, Text, WriteConfig};
use chrono::{DateTime, Utc};

use super::{MEDIA, Shown, four_digit_year, language};
use crate::mill::feed::Feed;

/// The namespace of Atom.
pub(super) const NAMESPACE: &str = "http://www.w3.org/2005/Atom";

/// The namespace of RFC 6721.
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

pub(super) fn write(feed: &Feed, entries: &[Shown<'_>], updated: DateTime<Utc>) -> Vec<u8> {
    let media = entries.iter().any(|shown| shown.entry.item.credit.is_some());
    let document = Document {
        id: format!("urn:uuid:{}", feed.id()),
        title: Text::plain(feed.title.as_str()),
        updated: updated.fixed_offset(),
        // At feed level always: without it every entry would need its own (section 4.1.1).
        authors: vec![Person { name: feed.author.to_string(), ..Person::default() }],
        generator: Some(Generator { value: "feedmill".to_owned(), ..Generator::default() }),
        links: links(feed),
        lang: language(feed),
        namespaces: media
            .then(|| ("media".to_owned(), MEDIA.to_owned()))
            .into_iter()
            .chain((!feed.taken_out.is_empty()).then(|| ("at".to_owned(), TOMBSTONES.to_owned())))
            .collect(),
        entries: entries.iter().map(entry).collect(),
        ..Document::default()
    };
    let config = WriteConfig { write_document_declaration: true, indent_size: Some(2) };
    // Writing to memory can't fail. If a later version of the crate thinks otherwise, `check` refuses the empty document.
    let mut bytes = document.write_with_config(Vec::new(), config).unwrap_or_default();
    bytes.push(b'\n');
    with_tombstones(bytes, feed)
}

/// Says which items were taken out (RFC 6721), so that readers may take them out as well.
///
/// The crate writes extensions of a feed behind its entries, where the grammar of RFC 4287 has no place for them. Ids and
/// times need no escaping.
fn with_tombstones(document: Vec<u8>, feed: &Feed) -> Vec<u8> {
    // No text holds a bare `<`: the first one of these is the first entry.
    let Some(first) = memchr::memmem::find(&document, b"  <entry>") else { return document };
    let (head, entries) = document.split_at_checked(first).unwrap_or((&document, &[]));
    let mut whole = head.to_vec();
    for (when, id) in &feed.taken_out {
        let when = four_digit_year(*when).fixed_offset().to_rfc3339();
        whole.extend_from_slice(format!("  <at:deleted-entry ref=\"urn:uuid:{id}\" when=\"{when}\"/>\n").as_bytes());
    }
    whole.extend_from_slice(entries);
    whole
}

fn entry(shown: &Shown<'_>) -> Entry {
    let item = &shown.entry.item;
    Entry {
        id: shown.id.clone(),
        title: Text::plain(item.title.as_str()),
        updated: shown.updated.fixed_offset(),
        published: Some(shown.published.fixed_offset()),
        categories: item.categories.iter().map(|name| category(name.as_str())).collect(),
        links: shown.entry.link.iter().map(|address| link("alternate", "text/html", address.as_str())).collect(),
        // No summary element beside it: readers show the content anyway, validators warn of text that looks like markup.
        content: Some(Content {
            content_type: Some("html".to_owned()),
            value: Some(shown.content.clone()),
            ..Content::default()
        }),
        extensions: item.credit.as_ref().map(|credit| credited(credit.as_str())).unwrap_or_default(),
        ..Entry::default()
    }
}

/// The name is the term, as in RSS; the label says that it is fit for people (RFC 4287 section 4.2.2).
fn category(name: &str) -> Category {
    Category { term: name.to_owned(), label: Some(name.to_owned()), ..Category::default() }
}

/// Its own address, the hubs that tell when it changes, and the page for people.
fn links(feed: &Feed) -> Vec<Link> {
    let mut links = Vec::new();
    if let Some(own) = feed.address("atom.xml") {
        links.push(link("self", "application/atom+xml", own.as_str()));
        links.extend(feed.hubs.iter().map(|hub| untyped("hub", hub.as_str())));
    }
    links.extend(feed.page().map(|page| link("alternate", "text/html", page.as_str())));
    links
}

fn link(rel: &str, mime_type: &str, href: &str) -> Link {
    Link { mime_type: Some(mime_type.to_owned()), ..untyped(rel, href) }
}

fn untyped(rel: &str, href: &str) -> Link {
    Link { href: href.to_owned(), rel: rel.to_owned(), ..Link::default() }
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
