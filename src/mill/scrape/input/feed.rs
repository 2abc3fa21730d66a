//! RSS, RDF and Atom, and sitemaps of news: their `<url>` holds a title and a day, too.
//!
//! roxmltree reads the XML. It refuses document types, so that no entity can expand; it knows where each element
//! stands; and it keeps dates and ids as they are written. An item has the id that it states, or none: no id is made
//! up.
//!
//! A file that is cut gives the items that are whole. A bare `&` or an entity of HTML is taken as text.

use std::collections::BTreeSet;

use roxmltree::{Document, Node, ParsingOptions};
use url::Url;

use super::record::{Part, Record, tell, unreadable};
use super::{LineCounter, address, html};
use crate::mill::scrape::{Explained, Terms};

const LAYOUT: &str = "feed";

/// XML that is nested deeper is no feed.
const DEEPEST: usize = 256;

/// A document of more elements and texts is no feed. One of so many takes 300 MB.
const MOST_NODES: u32 = 3_000_000;

/// No element of a feed has more attributes. Each is compared with all others of its element.
const MOST_ATTRIBUTES: usize = 64;

/// Nowhere in a feed are more name spaces in force. Each element that declares one repeats all of them.
const MOST_SPACES: usize = 64;

/// Nor are there more in all. Each new one moves those that are known.
const MOST_SPACES_IN_ALL: usize = 1024;

/// Whether `start`, the beginning of a text, is that of a feed.
pub(super) fn is_document(start: &str) -> bool {
    matches!(root(start), Some("rss" | "feed" | "RDF" | "urlset"))
}

/// The local name of the outermost element.
fn root(text: &str) -> Option<&str> {
    let mut text = html::without_prolog(text);
    if text.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!doctype")) {
        text = html::without_prolog(text.get(text.find('>')? + 1..)?);
    }
    let name = text.strip_prefix('<')?;
    let name = name.get(..name.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))?)?;
    name.rsplit(':').next()
}

/// Reads a feed.
pub(super) fn read(text: &str, terms: &Terms, explaining: bool) -> Explained<'static> {
    if !is_document(text) {
        return unreadable(
            LAYOUT,
            1,
            "this is neither RSS nor Atom nor a sitemap",
            text.lines().next().unwrap_or_default(),
        );
    }
    if let Some((at, why)) = monstrous(text) {
        return unreadable(LAYOUT, LineCounter::new(text).line_at(at), why, "");
    }
    let error = match parsed(text) {
        Ok(document) => return tell_document(&document, text, terms, explaining),
        Err(error) => error,
    };
    // It is cut, or has entities that XML does not know. What is beyond doubt is mended, and nothing else.
    let escaped = escaped(text);
    if let Ok(document) = parsed(&escaped) {
        return tell_document(&document, &escaped, terms, explaining);
    }
    let closed = closed(&escaped);
    match parsed(&closed) {
        Ok(document) => tell_document(&document, &closed, terms, explaining),
        Err(_) => {
            let why = format!("this is no well-formed XML: {error}");
            unreadable(LAYOUT, error.pos().row.max(1), &why, "")
        }
    }
}

fn parsed(text: &str) -> Result<Document<'_>, roxmltree::Error> {
    Document::parse_with_options(text, ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() })
}

/// Where the XML goes beyond what any feed needs, and how: to parse it would cost more than its length.
fn monstrous(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    // The name spaces that each open element declares, and all of them.
    let mut open: Vec<usize> = Vec::new();
    let (mut spaces, mut known) = (0_usize, BTreeSet::new());
    let mut at = 0;
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr::memchr(b'<', rest)) {
        at += next;
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.starts_with(b"<![CDATA[") {
            at += text.get(at..).and_then(|rest| rest.find("]]>")).unwrap_or(rest.len());
        } else if rest.starts_with(b"<!--") {
            at += text.get(at..).and_then(|rest| rest.find("-->")).unwrap_or(rest.len());
        } else if rest.starts_with(b"</") {
            spaces -= open.pop().unwrap_or(0);
            at += 2;
        } else if rest.starts_with(b"<!") || rest.starts_with(b"<?") {
            at += 2;
        } else {
            let (end, attributes) = tag(rest);
            if attributes > MOST_ATTRIBUTES {
                return Some((at, "an element has too many attributes"));
            }
            let start = rest.get(..end).unwrap_or_default();
            let mut declared = 0;
            for from in memchr::memmem::find_iter(start, "xmlns").take(MOST_SPACES + 1) {
                declared += 1;
                known.insert(declaration(start.get(from..).unwrap_or_default()));
            }
            if spaces + declared > MOST_SPACES || known.len() > MOST_SPACES_IN_ALL {
                return Some((at, "it declares too many name spaces"));
            }
            if !start.ends_with(b"/") {
                spaces += declared;
                open.push(declared);
            }
            if open.len() > DEEPEST {
                return Some((at, "it is nested too deep"));
            }
            at += end.max(1);
        }
    }
    None
}

/// The attribute that `rest` begins with, its value included.
fn declaration(rest: &[u8]) -> &[u8] {
    let end = memchr::memchr2(b'"', b'\'', rest).and_then(|open| {
        let value = rest.get(open + 1..)?;
        Some(open + 1 + memchr::memchr(*rest.get(open)?, value)?)
    });
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// Where the start tag at the beginning of `rest` ends, before its `>`, and how many attributes it gives a value.
fn tag(rest: &[u8]) -> (usize, usize) {
    let (mut at, mut attributes) = (0, 0);
    while let Some(next) = rest.get(at..).and_then(|rest| memchr::memchr3(b'>', b'"', b'\'', rest)) {
        at += next;
        let sign = rest.get(at).copied().unwrap_or(b'>');
        if sign == b'>' {
            return (at, attributes);
        }
        attributes += 1;
        at += 1;
        match rest.get(at..).and_then(|rest| memchr::memchr(sign, rest)) {
            Some(next) => at += next + 1,
            None => break,
        }
    }
    (rest.len(), attributes)
}

/// The text with each `&` escaped that does not begin an entity or character of XML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, behind) = rest.split_at(at);
        escaped.push_str(before);
        let end = behind.bytes().take(12).position(|b| b == b';');
        let name = end.and_then(|end| behind.get(1..end)).unwrap_or_default();
        let number = name.strip_prefix('#').is_some_and(|digits| {
            let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |hex| (hex, 16));
            u32::from_str_radix(digits, radix)
                .ok()
                .and_then(char::from_u32)
                .is_some_and(|c| c >= ' ' || c == '\n' || c == '\t')
        });
        let known = matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") || number;
        escaped.push_str(if known { "&" } else { "&amp;" });
        rest = behind.get(1..).unwrap_or_default();
    }
    escaped.push_str(rest);
    escaped
}

/// A cut feed up to the last item that is whole, with its outer elements closed.
fn closed(text: &str) -> String {
    let end = ["</item>", "</entry>", "</url>"].iter().filter_map(|end| Some(text.rfind(end)? + end.len())).max();
    let whole = end.and_then(|end| text.get(..end)).unwrap_or_default();
    let start = html::without_prolog(text);
    let name = start.get(1..).and_then(|rest| rest.split(|c: char| c.is_whitespace() || c == '>').next());
    let channel = if root(text) == Some("rss") { "</channel>" } else { "" };
    format!("{whole}{channel}</{}>", name.unwrap_or_default())
}

fn tell_document(document: &Document<'_>, text: &str, terms: &Terms, explaining: bool) -> Explained<'static> {
    let mut counter = LineCounter::new(text);
    let top = document.root_element();
    let channel = top.children().find(|node| is(node, "channel")).unwrap_or(top);
    // Links of a feed are absolute as a rule; others are relative to the page that it is of.
    let page = || {
        let page = channel.children().filter(|node| is(node, "link")).find_map(|node| address_of(node, None))?;
        address::stated_base(&page, None)
    };
    let base = address::base(terms.url.as_deref()).or_else(page);
    let mut records = Vec::new();
    let items = top.children().chain(channel.children().filter(|_| channel != top));
    for node in items.filter(|node| ["item", "entry", "url"].iter().any(|name| is(node, name))) {
        let range = node.range();
        let line = counter.line_at(range.start);
        // A sitemap keeps what it says of a piece of news in an element of its own.
        let inner = node.children().filter(|child| is(child, "news")).flat_map(|news| news.children());
        let children: Vec<(Node<'_, '_>, u32)> = node
            .children()
            .filter(|child| !is(child, "news"))
            .chain(inner)
            .filter(Node::is_element)
            .map(|child| (child, counter.line_at(child.range().start)))
            .collect();
        let last_line = counter.line_at(range.end.saturating_sub(1));
        let mut record = Record::new(line, last_line);
        fill(&mut record, node, &children, base.as_ref());
        records.push(record);
    }
    tell(LAYOUT, &records, terms, explaining)
}

fn is(node: &Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

/// The elements that may hold each field, the surest first.
const ELEMENTS: [(Part, &[&str]); 5] = [
    (Part::Title, &["title"]),
    (Part::Date, &["pubDate", "publication_date", "published", "issued", "date", "created", "updated", "modified"]),
    (Part::Summary, &["description", "summary", "content", "encoded"]),
    (Part::Id, &["guid", "id"]),
    (Part::Credit, &["credit"]),
];

fn fill(record: &mut Record, item: Node<'_, '_>, children: &[(Node<'_, '_>, u32)], base: Option<&Url>) {
    for (part, names) in ELEMENTS {
        for name in names {
            // `media:title` and its like are of the picture; of the extensions only these are of the item.
            let fits = |node: &Node<'_, '_>| {
                let space = node.tag_name().namespace().unwrap_or_default();
                is(node, name) && (!space.contains("mrss") && !space.contains("itunes") || part == Part::Credit)
            };
            let Some((node, line)) = children.iter().find(|(node, _)| fits(node) && !text_of(*node).trim().is_empty())
            else {
                continue;
            };
            let text = match part {
                Part::Summary => html::plain(&text_of(*node)),
                Part::Title => title(&text_of(*node)),
                _ => text_of(*node),
            };
            record.set(part, &text, *line, format!("<{name}>"));
        }
    }
    if let Some(about) = item.attributes().find(|attribute| attribute.name() == "about") {
        record.set(Part::Id, about.value(), record.line, "rdf:about");
    }
    for (node, line) in children {
        let name = node.tag_name().name();
        let is_own = matches!(node.attribute("rel"), None | Some("alternate"));
        if matches!(name, "link" | "loc") && is_own {
            if let Some(link) = address_of(*node, base) {
                record.set(Part::Link, &link, *line, format!("<{name}>"));
            }
        } else if is(node, "category") {
            let label =
                node.attribute("label").or(node.attribute("term")).map_or_else(|| text_of(*node), str::to_owned);
            record.set(Part::Section, &label, *line, "<category>");
        }
    }
    // The guid of an item without a link is its address, unless it says that it is none.
    let guid = children.iter().find(|(node, _)| is(node, "guid") && node.attribute("isPermaLink") != Some("false"));
    if let Some((node, line)) = guid
        && let Some(link) = address::absolute(&text_of(*node), None)
    {
        record.set(Part::Link, &link, *line, "<guid>");
    }
}

/// All text of an element; parts of markup are words of their own.
fn text_of(node: Node<'_, '_>) -> String {
    let mut text = String::new();
    for inner in node.descendants() {
        if inner.is_text() {
            text.push_str(inner.text().unwrap_or_default());
        } else if inner != node && inner.is_element() {
            text.push(' ');
        }
    }
    text
}

/// A title is text, and yet many are written as HTML.
fn title(text: &str) -> String {
    let entity = text.find('&').is_some_and(|at| text.get(at..).is_some_and(|rest| rest.contains(';')));
    if entity || text.contains("</") || text.contains("/>") { html::plain(text) } else { text.to_owned() }
}

/// RSS writes the address as text, Atom as an attribute.
fn address_of(node: Node<'_, '_>, base: Option<&Url>) -> Option<String> {
    let href = node.attribute("href").map_or_else(|| text_of(node), str::to_owned);
    address::absolute(&href, base)
}
