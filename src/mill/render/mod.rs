//! Feeds to documents.
//!
//! The only room that names the `rss`, `atom_syndication` and `maud` crates, and that says entry and channel. It is
//! total: given a [`Feed`] it can't fail, and every document of a feed shows the same items with the same ids, dates
//! and text. There is no "now" and no version in a document, so equal feeds give equal bytes (law 4).
//!
//! What the crates leave to us: they write control characters as they come, so all text arrives as
//! [`Text`](super::item::Text); they put attributes of extensions into the XML unescaped, so ours are constants; their
//! dates are unchecked strings or 1970, so both are made here.

mod atom;
mod checked;
mod html;
mod json_feed;
mod opml;
mod page;
mod paths;
mod pieces;
mod rss;
mod sibling;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use self::pieces::Line;
use super::feed::{self, Address, Entry, Feed};
use super::item::Key;
use super::month::Month;

pub use self::atom::{Ids, ids};
pub use self::checked::{CHECKED_UP_TO, Check, Checked, Flaw, check};
pub use self::page::{Summary, is_index};
pub use self::paths::{
    BESIDE_FEEDS, HEADS, OPML, PAGE, document_of, is_head, is_month_path, is_of_feed, is_sibling, media_type,
    month_paths, sibling_of,
};
pub use self::pieces::Pieces;
pub use self::sibling::with_siblings;

/// The namespace of Media RSS, for the photo credit.
const MEDIA: &str = "http://search.yahoo.com/mrss/";
/// Says that the credit names who took the picture, in the words of the European Broadcasting Union.
const CREDIT_ATTRIBUTES: [(&str, &str); 2] = [("role", "photographer"), ("scheme", "urn:ebu")];

/// One document to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The document itself.
    pub bytes: Vec<u8>,
    /// How many items it is meant to hold, as far as [`check()`] can tell.
    pub entries: usize,
}

/// Documents by their path relative to the output folder, with `/` between segments on every system.
pub type Tree = BTreeMap<String, Document>;

/// An entry with everything decided that its formats must agree on.
struct Shown<'a> {
    entry: &'a Entry,
    /// `urn:uuid:…`, the same string in every format: URL-shaped ids are opened by some readers in place of the link.
    id: String,
    published: DateTime<Utc>,
    updated: DateTime<Utc>,
    content: OnceCell<String>,
    link: Option<Address>,
}

impl Shown<'_> {
    /// The bare id.
    fn anchor(&self) -> &str {
        self.id.strip_prefix(URN).unwrap_or_default()
    }

    /// What a subscriber reads below the title.
    fn content(&self) -> &str {
        self.content.get_or_init(|| html::content(self.entry))
    }
}

const URN: &str = "urn:uuid:";

/// Changes whenever the same feed would give other bytes: what was rendered with an older revision is rendered again.
pub const REVISION: u32 = 7;

/// The documents of `feed`; none while it has no items, so that a broken page never publishes an empty feed. Its own
/// page is among them where it has month pages.
///
/// A feed whose items were all taken out by the operator is another matter: it stays, without entries, and its Atom
/// document tells which ones are gone (RFC 6721). A feed that vanishes is an error to readers, who keep what they had;
/// a retraction must reach them.
///
/// An entry without `published` can't be shown on the right day and is left out; debug builds assert that there is
/// none, and that the entries are in the order of [`newest_first`](feed::newest_first).
#[must_use]
pub fn render(feed: &Feed) -> Tree {
    let Some(head) = Head::of(feed) else { return Tree::default() };
    let mut pieces = Pieces::forgotten();
    head.paths().map(|path| head.document(path, &mut pieces)).collect()
}

/// What [`render`] makes of a feed, one document after the other: a feed that shows all it ever had makes each of them
/// long.
pub struct Head<'a> {
    feed: &'a Feed,
    lines: Vec<Line<'a>>,
    updated: DateTime<Utc>,
}

impl<'a> Head<'a> {
    /// `None` where [`render`] makes nothing.
    #[must_use]
    pub fn of(feed: &'a Feed) -> Option<Self> {
        debug_assert!(
            feed.entries.is_sorted_by(|a, b| feed::newest_first(&a.item, &b.item).is_lt()),
            "entries of a feed are sorted and distinct"
        );
        let lines = feed.entries.iter().filter_map(|entry| show(feed, entry)).map(Line::of_head).collect();
        Some(Self { feed, lines, updated: feed.updated().map(four_digit_year)? })
    }

    /// Has the pieces forget all that is in the head no more.
    pub fn trim(&self, pieces: &mut Pieces) {
        pieces.only(&self.lines);
    }

    /// The feed that it is the head of.
    #[must_use]
    pub fn feed(&self) -> &'a Feed {
        self.feed
    }

    /// How many items each document holds.
    #[must_use]
    pub fn items(&self) -> usize {
        self.lines.len()
    }

    /// Where the documents lie.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let page = (!self.feed.months.is_empty()).then_some(PAGE);
        HEADS.into_iter().chain(page).map(|name| format!("{}/{name}", self.feed.name))
    }

    /// The document at one of the [`paths`](Self::paths), of which `pieces` may remember some.
    #[must_use]
    pub fn document(&self, path: String, pieces: &mut Pieces) -> (String, Document) {
        let Self { feed, lines, updated } = self;
        let bytes = match path.rsplit_once('/').map_or(&*path, |(_, name)| name) {
            "rss.xml" => rss::write(feed, lines, *updated, pieces),
            "atom.xml" => atom::write(feed, lines, *updated, None, pieces),
            "feed.json" => json_feed::write(feed, lines, pieces),
            _ => page::feed(feed, lines, pieces),
        };
        (path, Document { bytes, entries: self.items() })
    }
}

/// An item on the page of its month.
pub struct Stand {
    /// Its id.
    pub id: Key,
    /// A fingerprint of the item: another one where the item is otherwise.
    pub print: u64,
    /// The item; `None`: the pieces of the page remember what was made of it. Boxed, since they do of nearly all.
    pub entry: Option<Box<Entry>>,
}

/// The page of one month of `feed`, and the month as an archive document (RFC 5005 section 4); none without items,
/// which are in the order of [`newest_first`](feed::newest_first). The pieces then remember these items, and no others.
#[must_use]
pub fn month(feed: &Feed, month: Month, items: &[Stand], pieces: &mut Pieces) -> Tree {
    let lines: Vec<Line<'_>> = items
        .iter()
        .filter_map(|Stand { id, print, entry }| {
            let shown = entry.as_ref().map(|entry| show(feed, entry));
            // An entry that can't be shown is left out.
            (!matches!(shown, Some(None))).then(|| Line {
                id: *id,
                print: *print,
                shown: shown.flatten().map(Box::new),
            })
        })
        .collect();
    pieces.only(&lines);
    let Some(updated) = lines.iter().filter_map(|line| pieces.facts(line)).map(|facts| facts.updated).max() else {
        return Tree::default();
    };
    let entries = lines.len();
    let [page, archive] = month_paths(&feed.name, month);
    Tree::from_iter([
        (page, Document { bytes: page::month(feed, &lines, month, pieces), entries }),
        (archive, Document { bytes: atom::write(feed, &lines, updated, Some(month), pieces), entries }),
    ])
}

/// What lists all feeds, and what their pages share, if there are to be `pages`. `feeds` are in the order in which they
/// are to be shown.
#[must_use]
pub fn index(feeds: &[Summary], base_url: Option<&Address>, pages: bool) -> Tree {
    let document = |bytes| Document { bytes, entries: feeds.len() };
    let opml = (OPML.to_owned(), document(opml::write(feeds, base_url, pages)));
    if !pages {
        return Tree::from_iter([opml]);
    }
    Tree::from_iter([
        opml,
        ("index.html".to_owned(), document(page::index(feeds, base_url))),
        (page::STYLE.to_owned(), document(page::STYLE_SHEET.into())),
        (page::ICON.to_owned(), document(page::ICON_IMAGE.into())),
    ])
}

fn show<'a>(feed: &Feed, entry: &'a Entry) -> Option<Shown<'a>> {
    debug_assert!(entry.item.published.is_some(), "an undated item is kept out of feeds");
    Some(Shown {
        entry,
        id: format!("{URN}{}", entry.item.id),
        published: four_digit_year(entry.item.published?),
        updated: four_digit_year(entry.updated()?),
        content: OnceCell::new(),
        link: feed.link(entry),
    })
}

/// The moment in whole seconds, moved into the years 0 to 9999: neither RFC 822 nor RFC 3339 can write another.
fn four_digit_year(moment: DateTime<Utc>) -> DateTime<Utc> {
    const FIRST: i64 = -62_167_219_200;
    const LAST: i64 = 253_402_300_799;
    DateTime::from_timestamp(moment.timestamp().clamp(FIRST, LAST), 0).unwrap_or_default()
}

/// The language tag of a feed, where it is one (RFC 5646, in the form that the Atom grammar checks).
fn language(feed: &Feed) -> Option<String> {
    language_tag(feed.language.as_deref()?)
}

fn language_tag(tag: &str) -> Option<String> {
    let mut subtags = tag.split('-');
    let primary = subtags.next()?;
    let sized = |subtag: &str| (1..=8).contains(&subtag.len());
    (sized(primary)
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags.all(|subtag| sized(subtag) && subtag.bytes().all(|b| b.is_ascii_alphanumeric())))
    .then(|| tag.to_owned())
}

#[cfg(test)]
mod tests;
