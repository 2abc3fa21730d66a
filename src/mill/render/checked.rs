//! Reads documents back the way a stranger would, before anyone else does.
//!
//! Independent of the writers on purpose: their own readers take control characters and ill-formed XML without a word.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

use flate2::read::GzDecoder;
use memchr::memmem;
use rustc_hash::FxBuildHasher;
use serde::de::IgnoredAny;
use xxhash_rust::xxh3::xxh3_128;

use super::{Document, atom, is_sibling, media_type};
use crate::mill::item;

mod plain;

/// Documents above this size are not read back before they are published: the reader's tree takes about ten times the
/// document, and what a larger one contains went through the same code as the smaller ones.
pub const CHECKED_UP_TO: usize = 8 << 20;

/// Why a document must not be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It is not UTF-8.
    Undecodable,
    /// A character that no feed may contain.
    Forbidden(char),
    /// It is not well-formed; the reader's message says where.
    IllFormed(String),
    /// The number of items read back is not the number meant.
    Entries {
        /// How many the document is meant to hold.
        meant: usize,
        /// How many a reader sees.
        read: usize,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecodable => f.write_str("not UTF-8"),
            Self::Forbidden(c) => write!(f, "forbidden character U+{:04X}", u32::from(*c)),
            Self::IllFormed(why) => write!(f, "not well-formed: {why}"),
            Self::Entries { meant, read } => write!(f, "{meant} items meant, {read} read back"),
        }
    }
}

impl std::error::Error for Flaw {}

/// Reads the document that goes to a path back, and says what is wrong with it.
pub type Check<'a> = &'a (dyn Fn(&str, &Document) -> Result<(), Flaw> + Sync);

/// Checks the document that goes to `path`. Of pages only the characters are looked at, and nothing above
/// [`CHECKED_UP_TO`] bytes is read.
///
/// # Errors
/// The first [`Flaw`] found.
pub fn check(path: &str, document: &Document) -> Result<(), Flaw> {
    if document.bytes.len() > CHECKED_UP_TO {
        return Ok(());
    }
    if is_sibling(path) {
        return unpacked(&document.bytes);
    }
    let text = std::str::from_utf8(&document.bytes).map_err(|_| Flaw::Undecodable)?;
    if let Some(c) = forbidden(text) {
        return Err(Flaw::Forbidden(c));
    }
    let read = match essence(path) {
        "application/rss+xml" => RSS.count(text)?,
        "application/atom+xml" => ATOM.count(text)?,
        "text/x-opml" => parse(text)?.descendants().filter(|node| node.has_tag_name("outline")).count(),
        "application/feed+json" => {
            let feed: Result<JsonFeed<IgnoredAny>, _> = serde_json::from_str(text);
            feed.map_err(|error| Flaw::IllFormed(error.to_string()))?.items.len()
        }
        _ => document.entries,
    };
    if read == document.entries { Ok(()) } else { Err(Flaw::Entries { meant: document.entries, read }) }
}

/// A compressed sibling is checked for its end: the sum of what it holds stands there (RFC 1952 section 2.3.1).
fn unpacked(bytes: &[u8]) -> Result<(), Flaw> {
    let unpacked = io::copy(&mut GzDecoder::new(bytes), &mut io::sink());
    unpacked.map(drop).map_err(|error| Flaw::IllFormed(error.to_string()))
}

/// The first character that no feed may contain.
fn forbidden(text: &str) -> Option<char> {
    if item::are_clean_lines(text) { None } else { text.chars().find(|c| item::is_forbidden(*c) && *c != '\n') }
}

/// The media type of the document at `path`, without its parameters.
fn essence(path: &str) -> &'static str {
    let media_type = media_type(path);
    media_type.split_once(';').map_or(media_type, |(essence, _)| essence)
}

fn parse(text: &str) -> Result<roxmltree::Document<'_>, Flaw> {
    roxmltree::Document::parse(text).map_err(|error| Flaw::IllFormed(error.to_string()))
}

/// What a JSON Feed is checked for; other JSON has no items.
#[derive(serde::Deserialize)]
struct JsonFeed<T> {
    #[serde(default = "Vec::new")]
    items: Vec<T>,
}

/// How an XML format writes an item.
struct Format {
    open: &'static str,
    close: &'static str,
    empty: &'static str,
    name: &'static str,
    namespace: Option<&'static str>,
}

const RSS: Format = Format { open: "<item>", close: "</item>", empty: "<item/>", name: "item", namespace: None };
const ATOM: Format =
    Format { open: "<entry>", close: "</entry>", empty: "<entry/>", name: "entry", namespace: Some(atom::NAMESPACE) };

impl Format {
    fn is_entry(&self, node: roxmltree::Node<'_, '_>) -> bool {
        let name = node.tag_name();
        node.is_element() && (name.name(), name.namespace()) == (self.name, self.namespace)
    }

    /// How many items a document has, if it is well-formed.
    fn count(&self, text: &str) -> Result<usize, Flaw> {
        let plain = plain::count(text, self.name, self.namespace);
        plain.map_or_else(|| parse(text).map(|xml| self.entries(&xml)), Ok)
    }

    fn entries(&self, xml: &roxmltree::Document<'_>) -> usize {
        xml.descendants().filter(|node| self.is_entry(*node)).count()
    }

    /// Whether a document is well-formed and holds one item and nothing else. It begins with the start tags of a root
    /// and of an item, and ends with their end tags.
    fn is_alone(&self, text: &str) -> bool {
        let is_only_child = |xml: &roxmltree::Document<'_>| {
            let mut children = xml.root_element().children();
            children.next().is_some_and(|child| self.is_entry(child)) && children.next().is_none()
        };
        // In plain XML what looks like a tag is one: of one item the first tag below the root and the last are its own.
        forbidden(text).is_none()
            && match plain::count(text, self.name, self.namespace) {
                Some(items) => items == 1,
                None => parse(text).is_ok_and(|xml| is_only_child(&xml) && self.entries(&xml) == 1),
            }
    }
}

/// Items that were checked before, by what their bytes hash to: of a document that is published again and again most
/// items are the same each time, and only the others are read back anew.
///
/// A document is well-formed if it is so with an empty item in the place of each run of them, and each item is so by
/// itself, below the same root element; in JSON with `null` in their place. Where either fails the whole document is
/// read, as [`check`] does.
#[derive(Debug, Default)]
pub struct Checked {
    items: Mutex<HashSet<u128, FxBuildHasher>>,
}

/// As many items are remembered: all the heads of a hundred feeds and more.
const REMEMBERED: usize = 1 << 16;

impl Checked {
    /// As [`check`].
    ///
    /// # Errors
    /// Those of [`check`].
    pub fn check(&self, path: &str, document: &Document) -> Result<(), Flaw> {
        let sound = match essence(path) {
            "application/rss+xml" => self.piece_by_piece(document, &RSS),
            "application/atom+xml" => self.piece_by_piece(document, &ATOM),
            "application/feed+json" => self.item_by_item(document),
            _ => None,
        };
        if sound.is_some() { Ok(()) } else { check(path, document) }
    }

    /// How many items were found sound.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// `None`: this way the document can't be shown to be sound.
    fn piece_by_piece(&self, document: &Document, format: &Format) -> Option<()> {
        let text = std::str::from_utf8(&document.bytes).ok()?;
        let (shell, runs, items) = apart(text, format)?;
        // Plain: nothing in it hides an item, and only its root declares what names mean.
        let is_plain = plain::count(&shell, format.name, format.namespace) == Some(runs);
        if items.len() != document.entries || forbidden(&shell).is_some() || !is_plain {
            return None;
        }
        let root = plain::declared(&shell).trim_start();
        let start = root.get(..=root.find('>')?).filter(|start| start.matches('"').count() % 2 == 0)?;
        let name = start.strip_prefix('<')?.split([' ', '\n', '>']).next()?;
        // What the names within an item mean depends on the root.
        self.remember_if(start, items, |new| {
            let bytes: usize = new.iter().map(|item| item.len()).sum();
            if bytes > text.len() / 2 && text.len() <= CHECKED_UP_TO && new.iter().all(|item| is_bare(item)) {
                // Mostly new: read at once. As many items are seen as were cut out, and none hides what would be one,
                // so that each was cut out whole.
                return forbidden(text).is_none() && format.count(text) == Ok(document.entries);
            }
            new.iter().all(|item| format.is_alone(&format!("{start}{item}</{name}>")))
        })
    }

    /// The same for a JSON Feed.
    fn item_by_item(&self, document: &Document) -> Option<()> {
        let text = std::str::from_utf8(&document.bytes).ok()?;
        let (before, items, after) = listed(text)?;
        // No other list has the name: of two that have it neither is taken.
        let is_list = serde_json::from_str::<JsonFeed<IgnoredAny>>(&format!("{before}]}}")).is_ok();
        let shell = [before, "null", after].concat();
        let shown: JsonFeed<Option<IgnoredAny>> = serde_json::from_str(&shell).ok()?;
        if items.len() != document.entries
            || forbidden(&shell).is_some()
            || !is_list
            || !matches!(shown.items[..], [None])
        {
            return None;
        }
        let is_sound = |item: &&str| forbidden(item).is_none() && serde_json::from_str::<IgnoredAny>(item).is_ok();
        self.remember_if("{", items, |new| new.iter().all(is_sound))
    }

    /// Remembers the items of a document, and what they stand `within`, if those that are new `are_sound`.
    fn remember_if(&self, within: &str, items: Vec<&str>, are_sound: impl FnOnce(&[&str]) -> bool) -> Option<()> {
        let within = xxh3_128(within.as_bytes());
        let mut known = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        let hashed = items.into_iter().map(|item| (xxh3_128(item.as_bytes()) ^ within, item));
        let (hashes, new): (Vec<u128>, Vec<&str>) = hashed.filter(|(hash, _)| !known.contains(hash)).unzip();
        if !are_sound(&new) {
            return None;
        }
        if known.len() + new.len() > REMEMBERED {
            known.clear();
        }
        known.extend(hashes.into_iter().take(REMEMBERED));
        Some(())
    }
}

/// Whether a text has neither comments nor anything else in which a tag is none.
fn is_bare(text: &str) -> bool {
    memchr::memchr2_iter(b'!', b'?', text.as_bytes())
        .all(|at| !text.get(..at).is_some_and(|before| before.ends_with('<')))
}

/// A document with an empty item in the place of all those between which there is nothing, how many of these it has,
/// and the items. `None`: an item has no end.
fn apart<'t>(text: &'t str, format: &Format) -> Option<(String, usize, Vec<&'t str>)> {
    let (open, close) = (memmem::Finder::new(format.open), memmem::Finder::new(format.close));
    let (mut shell, mut runs, mut items, mut rest) = (String::new(), 0, Vec::new(), text);
    while let Some(start) = open.find(rest.as_bytes()) {
        let (before, from_item) = rest.split_at_checked(start)?;
        let end = close.find(from_item.as_bytes())? + format.close.len();
        let (item, after) = from_item.split_at_checked(end)?;
        if items.is_empty() || !before.bytes().all(|b| matches!(b, b' ' | b'\n')) {
            shell.push_str(before);
            shell.push_str(format.empty);
            runs += 1;
        }
        items.push(item);
        rest = after;
    }
    shell.push_str(rest);
    Some((shell, runs, items))
}

/// The items of a JSON Feed, with what comes before and behind them. `None`: they do not stand as they are written
/// here, each between lines of its own. No string of JSON holds a line feed, so that these lines are what they seem.
fn listed(text: &str) -> Option<(&str, Vec<&str>, &str)> {
    const LIST: &str = "\n  \"items\": [";
    const OPENS: &str = "\n    {\n";
    const CLOSES: &str = "\n    }";
    let closes = memmem::Finder::new(CLOSES);
    let (before, mut rest) = text.split_at_checked(memmem::find(text.as_bytes(), LIST.as_bytes())? + LIST.len())?;
    let mut items = Vec::new();
    loop {
        let (item, after) = rest.split_at_checked(closes.find(rest.as_bytes())? + CLOSES.len())?;
        if !item.starts_with(OPENS) {
            return None;
        }
        items.push(item);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Some((before, items, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "x/rss.xml";

    fn rss(bytes: &[u8], entries: usize) -> Document {
        Document { bytes: bytes.to_vec(), entries }
    }

    #[test]
    fn what_readers_would_choke_on_is_refused() {
        type Refused = (&'static [u8], usize, fn(&Flaw) -> bool);
        let refused: [Refused; 14] = [
            (b"<rss><item>\x0B</item></rss>", 1, |flaw| *flaw == Flaw::Forbidden('\u{B}')),
            ("<rss>\u{85}</rss>".as_bytes(), 0, |flaw| *flaw == Flaw::Forbidden('\u{85}')),
            (b"<rss>\xFF</rss>", 0, |flaw| *flaw == Flaw::Undecodable),
            (b"<rss><item></rss>", 1, |flaw| matches!(flaw, Flaw::IllFormed(_))),
            (b"<rss a='&b=1'/>", 0, |flaw| matches!(flaw, Flaw::IllFormed(_))),
            (b"", 0, |flaw| matches!(flaw, Flaw::IllFormed(_))),
            (b"<rss><item/></rss>", 2, |flaw| *flaw == Flaw::Entries { meant: 2, read: 1 }),
            (b"<rss><item>a</item><item>&</item></rss>", 2, |flaw| matches!(flaw, Flaw::IllFormed(_))),
            (b"<rss><item><b></item></b></rss>", 1, |flaw| matches!(flaw, Flaw::IllFormed(_))),
            (b"<rss><item><m:b/></item></rss>", 1, |flaw| matches!(flaw, Flaw::IllFormed(_))),
            (b"<rss><item></item><item></rss>", 2, |flaw| matches!(flaw, Flaw::IllFormed(_))),
            // Sound, but not what was meant: the items are none, or more than they seem.
            (b"<rss><!--<item></item>--></rss>", 1, |flaw| *flaw == Flaw::Entries { meant: 1, read: 0 }),
            (b"<rss><![CDATA[<item></item>]]></rss>", 1, |flaw| *flaw == Flaw::Entries { meant: 1, read: 0 }),
            (b"<rss><item><item a=''/></item></rss>", 1, |flaw| *flaw == Flaw::Entries { meant: 1, read: 2 }),
        ];
        let checked = Checked::default();
        for (bytes, entries, is_expected) in refused {
            let document = rss(bytes, entries);
            let text = String::from_utf8_lossy(bytes);
            assert!(check(PATH, &document).is_err_and(|flaw| is_expected(&flaw)), "{text}");
            // Twice: the first time must not have made it a known one.
            for _ in 0..2 {
                assert!(checked.check(PATH, &document).is_err_and(|flaw| is_expected(&flaw)), "{text}");
            }
        }
    }

    #[test]
    fn a_json_feed_is_read_back() {
        let checked = Checked::default();
        let json = |text: &str| {
            let document = rss(text.as_bytes(), 2);
            let found = check("x/feed.json", &document);
            assert_eq!(checked.check("x/feed.json", &document), found, "{text}");
            found
        };
        assert_eq!(json(r#"{"version":"","items":[{"id":"a"},{"id":"b"}]}"#), Ok(()));
        assert_eq!(json(r#"{"items":[{}]}"#), Err(Flaw::Entries { meant: 2, read: 1 }));
        assert_eq!(json(r#"{"schema":1}"#), Err(Flaw::Entries { meant: 2, read: 0 }));
        for broken in [r#"{"items":[{},{}]"#, r#"{"items":[{},{"id":"\x"}]}"#, r#"{"items":[{},{"a" 1}]}"#] {
            assert!(matches!(json(broken), Err(Flaw::IllFormed(_))), "{broken}");
        }
    }

    #[test]
    fn an_item_of_a_json_feed_is_checked_once() {
        let item = |id: &str| format!("\n    {{\n      \"id\": {id}\n    }}");
        let head = "\n  \"authors\": [\n    {\n      \"name\": \"c\"\n    }\n  ],";
        let feed = |items: &[String]| format!("{{{head}\n  \"items\": [{}\n  ]\n}}\n", items.join(","));
        let checked = Checked::default();
        let json = |text: &str, entries| {
            let document = rss(text.as_bytes(), entries);
            let found = check("x/feed.json", &document);
            // Twice: the first time must not have made it a known one.
            for _ in 0..2 {
                assert_eq!(checked.check("x/feed.json", &document), found, "{text}");
            }
            found
        };
        let (a, b) = (item("\"a\""), item("[\"b\", {\"c\": null}]"));
        assert_eq!(json(&feed(&[a.clone(), b.clone()]), 2), Ok(()));
        assert_eq!(checked.remembered(), 2);
        assert_eq!(json(&feed(&[item("1"), a.clone()]), 2), Ok(()));
        assert_eq!(checked.remembered(), 3);
        assert!(json(&feed(&[a.clone(), item("\"\u{b}\"")]), 2).is_err());
        assert!(json(&feed(&[a.clone(), item("\"b")]), 2).is_err());
        assert!(json(&feed(&[a.clone(), b.clone()]), 3).is_err());
        // What is known is still not what it is where it stands elsewhere, or in a document that is cut.
        let (whole, elsewhere) = (feed(&[a.clone(), b]), feed(std::slice::from_ref(&a)).replace("items", "others"));
        assert!(json(&elsewhere, 1).is_err());
        assert!(json(&elsewhere.replacen('{', "{\"items\": [1],", 1), 1).is_ok());
        let twice = elsewhere.replacen('{', "{\"items\": [1],", 1).replace(&a, &format!("{a},{a}"));
        assert!(json(&twice, 2).is_err());
        let within = format!("{{\"items\": [null], \"x\": {whole}}}");
        assert!(json(&within, 2).is_err());
        assert!(json(&whole.replace("\n    },", "\n    }"), 2).is_err());
        (1..whole.trim_end().len()).for_each(|cut| assert!(json(&whole[..cut], 2).is_err(), "{cut}"));
        assert_eq!(checked.remembered(), 3);
    }

    #[test]
    fn an_item_is_checked_once_below_each_root() {
        let checked = Checked::default();
        let with = |root: &str, items: &str, entries| rss(format!("<{root}>{items}</rss>").as_bytes(), entries);
        let credit = "<item><m:credit>a</m:credit></item>";
        assert_eq!(checked.check(PATH, &with("rss xmlns:m=\"m\"", credit, 1)), Ok(()));
        assert_eq!(checked.remembered(), 1);
        assert_eq!(checked.check(PATH, &with("rss xmlns:m=\"m\"", &format!("{credit}<item>b</item>"), 2)), Ok(()));
        assert_eq!(checked.remembered(), 2);
        assert!(checked.check(PATH, &with("rss", credit, 1)).is_err());
    }

    #[test]
    fn what_an_item_was_checked_within_is_known_whole() {
        let item = format!("<item><m:c>{}</m:c></item>", "a".repeat(32));
        let declared = "xmlns:m=\"m\"";
        let pairs = [
            [format!("<rss a=\">\" {declared}>{item}</rss>"), format!("<rss a=\">\">{item}</rss>")],
            [
                format!("<?xml version='1.0'?><rss {declared}>{item}</rss>"),
                format!("<?xml version='1.0'?><rss>{item}</rss>"),
            ],
            [format!("<rss><a {declared}>{item}</a></rss>"), format!("<rss><a>{item}</a></rss>")],
        ];
        for [sound, unsound] in pairs {
            let checked = Checked::default();
            assert_eq!(checked.check(PATH, &rss(sound.as_bytes(), 1)), Ok(()), "{sound}");
            assert!(checked.check(PATH, &rss(unsound.as_bytes(), 1)).is_err(), "{unsound}");
        }
        let hidden = b"<rss><!--<item></item><item></item>--><item a=''/></rss>";
        assert!(Checked::default().check(PATH, &rss(hidden, 2)).is_err());
    }

    #[test]
    fn items_that_are_read_at_once_are_those_that_were_cut_out() {
        // As many items are read as are cut out; but the comment makes others of them.
        let (cut, whole) = ("<item><!--</item>", "<item><!--</item><item>--><item a='a'/></item>");
        let checked = Checked::default();
        let of = |items: &str, entries| rss(format!("<rss>{items}</rss>").as_bytes(), entries);
        assert_eq!(checked.check(PATH, &of(whole, 2)), Ok(()));
        assert!(checked.check(PATH, &of(cut, 1)).is_err());
        assert_eq!(checked.remembered(), 0);
    }
}
