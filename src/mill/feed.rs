//! What a reader subscribes to, ready to render.
//!
//! A [`Feed`] says which items there are, in which order, and under which addresses. What a document of it looks like
//! is for [`render`](crate::mill::render) to decide.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::decisions::Decisions;
use super::identify::fold;
use super::item::{Item, Key, SourceNo, Text};
use super::month::Month;
use super::words::Words;

/// A head holds at most so many items, unless the operator asked for more: a burst reaches subscribers, a flood does
/// not.
pub const HEAD_CAP: usize = 500;

/// Where a channel links to that has neither a page nor a source address: RSS demands a link, and to invent one would
/// be a lie.
const NOWHERE: &str = "http://localhost/";

/// What is escaped in a path: all but the unreserved characters of RFC 3986 (section 2.3) and the `/` between segments.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// What is escaped in a whole address: all that a URI may not contain (section 2), but for `%`, which may be an escape.
const IN_ADDRESS: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// An absolute `http` or `https` address with a host, spelled as RFC 3986 wants it: ASCII, without blanks.
///
/// RSS and Atom readers refuse or mangle relative addresses, other schemes and unescaped characters, so none gets past
/// this type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Box<str>);

impl Address {
    /// Takes an address as people write it, and escapes what a URI may not contain (RFC 3986 section 2). What is
    /// escaped already stays. `None` for anything but `http://host…` and `https://host…`.
    #[must_use]
    pub fn new(raw: &str) -> Option<Self> {
        let (scheme, rest) = raw.trim().split_once("://")?;
        let scheme = ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if host.is_empty() || host.starts_with(':') || host.contains(char::is_whitespace) {
            return None;
        }
        let mut spelled = format!("{scheme}://");
        for (i, part) in rest.split('%').enumerate() {
            // What is escaped already stays.
            if i > 0 {
                let is_escape = part.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
                spelled.push_str(if is_escape { "%" } else { "%25" });
            }
            spelled.extend(utf8_percent_encode(part, IN_ADDRESS));
        }
        Some(Self(spelled.into()))
    }

    /// The address of `path` (segments separated by `/`, not escaped) in this folder.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        let mut joined = String::from(self.as_str());
        if !joined.ends_with('/') {
            joined.push('/');
        }
        joined.push_str(&path_escaped(path));
        Self(joined.into())
    }

    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path (segments separated by `/`) as it stands in an address (RFC 3986 section 3.3).
#[must_use]
pub fn path_escaped(path: &str) -> String {
    utf8_percent_encode(path, IN_PATH).to_string()
}

/// Which items of its sources a feed shows: those for which all of this holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The folds of the categories of which an item must have one; empty for any or none.
    pub categories: Vec<String>,
    /// The first day that its date may be.
    pub since: Option<NaiveDate>,
    /// The last day that its date may be.
    pub until: Option<NaiveDate>,
    /// What its title and summary must pass.
    pub words: Words,
    /// The languages of which it must be in one, as BCP 47 tags; empty for any.
    pub languages: Vec<String>,
}

/// Whether a text in the language `tag` is in the language `wanted`: one in Brazilian Portuguese is in Portuguese, and
/// not the other way round (RFC 4647 section 3.3.1).
#[must_use]
pub fn speaks(tag: &str, wanted: &str) -> bool {
    let begins = tag.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted));
    begins && tag.get(wanted.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

impl Choice {
    /// Whether a text in the language `tag` is in one of those that the feed shows.
    #[must_use]
    pub fn speaks(&self, tag: &str) -> bool {
        self.languages.iter().any(|wanted| speaks(tag, wanted))
    }
}

/// Whether a feed of these sources shows an item.
///
/// It follows from the settled item and the operator's words alone, in the same way for every store, so the order in
/// which the sightings came cannot matter (law 2). An item without a `published` is in no feed, nor is one that was
/// retracted.
#[must_use]
pub fn shows(sources: &[SourceNo], choice: &Choice, decisions: &Decisions, item: &Item) -> bool {
    belongs(sources, choice, item) && !decisions.is_retracted(item.id)
}

/// Whether a feed of these sources would show an item that was not retracted.
#[must_use]
pub fn belongs(sources: &[SourceNo], choice: &Choice, item: &Item) -> bool {
    let in_time = |date: NaiveDate| {
        choice.since.is_none_or(|since| since <= date) && choice.until.is_none_or(|until| date <= until)
    };
    item.published.is_some()
        && item.sources.iter().any(|source| sources.contains(source))
        && (choice.categories.is_empty()
            || item.categories.iter().any(|name| choice.categories.contains(&fold(name.as_str()))))
        && ((choice.since, choice.until) == (None, None) || item.date.is_some_and(in_time))
        && choice.words.pass(&item.title, item.summary.as_ref())
        && (choice.languages.is_empty() || item.language.as_ref().is_some_and(|tag| choice.speaks(tag.as_str())))
}

/// How long items are shown, counted back from the newest capture, as the operator says. It is a filter: nothing is
/// deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Keep {
    /// Months and days.
    pub age: (u32, u32),
    /// So many of the newest items are shown whatever their age.
    pub at_least: usize,
}

impl Keep {
    /// The first moment that is young enough, given the newest capture.
    fn since(self, newest: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (months, days) = self.age;
        let day = newest.date_naive().checked_sub_months(Months::new(months))?;
        Some(day.checked_sub_days(Days::new(u64::from(days)))?.and_time(NaiveTime::MIN).and_utc())
    }
}

/// What the operator says of retention, for one feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// Of the feed as a whole.
    pub feed: Option<Keep>,
    /// Of single sources. An item that several sources sight is shown as long as one of them keeps it.
    pub sources: Vec<(SourceNo, Keep)>,
}

impl Retention {
    /// Whether it lets everything pass.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.feed.is_none() && self.sources.is_empty()
    }

    /// Retention at work over the items of a feed of these sources. `newest` tells the newest capture of given sources:
    /// of those whose time is stated if there are any, for on a page of coming events the newest date listed is in the
    /// future. Where there is no capture everything is kept.
    ///
    /// # Errors
    /// Those of `newest`.
    pub fn at<E>(
        &self,
        sources: &[SourceNo],
        newest: impl Fn(&[SourceNo]) -> Result<Option<DateTime<Utc>>, E>,
    ) -> Result<Retained, E> {
        let bound = |keep: &Keep, sources: &[SourceNo]| {
            let since = newest(sources)?.and_then(|newest| keep.since(newest));
            Ok(Bound { since, left: keep.at_least })
        };
        let mut bounds = BTreeMap::new();
        for source in sources {
            let keep = self.sources.iter().find(|(no, _)| no == source);
            let unbound = Bound { since: None, left: 0 };
            bounds.insert(*source, keep.map_or(Ok(unbound), |(_, keep)| bound(keep, &[*source]))?);
        }
        let feed = self.feed.as_ref().map(|keep| bound(keep, sources)).transpose()?;
        Ok(Retained { feed: feed.unwrap_or(Bound { since: None, left: 0 }), sources: bounds })
    }
}

struct Bound {
    /// `None`: there is no bound.
    since: Option<DateTime<Utc>>,
    /// How many pass in any case.
    left: usize,
}

impl Bound {
    fn pass(&mut self, published: DateTime<Utc>) -> bool {
        let any = self.left > 0;
        self.left = self.left.saturating_sub(1);
        any || self.since.is_none_or(|since| since <= published)
    }
}

/// See [`Retention::at`].
pub struct Retained {
    feed: Bound,
    sources: BTreeMap<SourceNo, Bound>,
}

impl Retained {
    /// Whether the feed still shows the item. To be asked of all its items, in the order of [`newest_first`].
    #[must_use]
    pub fn keeps(&mut self, item: &Item) -> bool {
        let Some(published) = item.published else { return false };
        let mut kept = false;
        for source in &item.sources {
            // Every source counts it, whether or not another keeps it.
            kept |= self.sources.get_mut(source).is_some_and(|bound| bound.pass(published));
        }
        kept && self.feed.pass(published)
    }

    /// Whether no item is kept any more that was published at that time or earlier.
    #[must_use]
    pub fn is_over(&self, published: DateTime<Utc>) -> bool {
        let over = |bound: &Bound| bound.left == 0 && bound.since.is_some_and(|since| published < since);
        over(&self.feed) || self.sources.values().all(over)
    }
}

/// One item as a feed shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The item.
    pub item: Item,
    /// The title of the source it is shown under: the first of the feed's sources that sights it.
    pub origin: Text,
    /// What opens when a subscriber follows the item.
    pub link: Option<Address>,
}

impl Entry {
    /// The entry of `item`. It opens the address that its scrape gives, if that is a valid one.
    #[must_use]
    pub fn new(item: Item, origin: Text) -> Self {
        let link = item.link.as_ref().and_then(|link| Address::new(link.as_str()));
        Self { item, origin, link }
    }

    /// When its shown text last changed: never before `published`, and `None` where there is none.
    #[must_use]
    pub fn updated(&self) -> Option<DateTime<Utc>> {
        self.item.published.map(|published| self.item.updated.map_or(published, |updated| updated.max(published)))
    }
}

/// The language of a feed's items, if all whose language is known are in the same.
#[must_use]
pub fn unanimous<'a>(languages: impl IntoIterator<Item = Option<&'a str>>) -> Option<&'a str> {
    let mut known = languages.into_iter().flatten();
    let first = known.next()?;
    known.all(|language| language == first).then_some(first)
}

/// What a reader subscribes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its folder below the output, checked with the config: plain segments, separated by `/`.
    pub name: String,
    /// Shown as the name of the subscription.
    pub title: Text,
    /// One sentence on what it carries.
    pub description: Text,
    /// A BCP 47 tag; anything else is left out of the documents.
    pub language: Option<String>,
    /// Where the output folder is served.
    pub base_url: Option<Address>,
    /// Hubs that tell subscribers of changes (WebSub). Without a `base_url` no document names one, for subscribers ask
    /// a hub for the address of the document.
    pub hubs: Vec<Address>,
    /// The page that was scraped.
    pub home: Option<Address>,
    /// Who publishes the news: Atom demands an author.
    pub author: Text,
    /// The items, in the order of [`newest_first`], each once, all with a `published`.
    pub entries: Vec<Entry>,
    /// Items that were taken out, and when; the last one first.
    pub taken_out: Vec<(DateTime<Utc>, Key)>,
    /// Its month pages, and how many items stand on each, the newest first; empty when it has no pages.
    pub months: Vec<(Month, usize)>,
}

impl Feed {
    /// The permanent id: a UUID version 5 of the name alone, so that moving to another host renames no feed.
    #[must_use]
    pub fn id(&self) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("feedmill:feed:{}", self.name).as_bytes())
    }

    /// What its documents have in common: the feed with nothing in it.
    #[must_use]
    pub fn without_entries(&self) -> Self {
        Self {
            name: self.name.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            language: self.language.clone(),
            base_url: self.base_url.clone(),
            hubs: self.hubs.clone(),
            home: self.home.clone(),
            author: self.author.clone(),
            entries: Vec::new(),
            taken_out: Vec::new(),
            months: self.months.clone(),
        }
    }

    /// The newest `updated` of its entries. Without entries it is the time when the last one was taken out, or `None`
    /// where there never was one. It is never the present: a feed that says "now" makes every reader download it again.
    #[must_use]
    pub fn updated(&self) -> Option<DateTime<Utc>> {
        let newest = self.entries.iter().filter_map(Entry::updated).max();
        newest.or_else(|| self.taken_out.iter().map(|(when, _)| *when).max())
    }

    /// The absolute address of a document of this feed, where the operator said from where it is served.
    #[must_use]
    pub fn address(&self, document: &str) -> Option<Address> {
        self.base_url.as_ref().map(|base| base.join(&format!("{}/{document}", self.name)))
    }

    /// What opens when a subscriber follows an entry: the item's own address, else its place on the month page.
    #[must_use]
    pub fn link(&self, entry: &Entry) -> Option<Address> {
        entry.link.clone().or_else(|| self.permalink(&entry.item))
    }

    /// The place of an item on its month page, where there are pages and the operator said from where they are served.
    #[must_use]
    pub fn permalink(&self, item: &Item) -> Option<Address> {
        let base = self.base_url.as_ref().filter(|_| !self.months.is_empty())?;
        let page = base.join(&format!("{}/{}.html", self.name, item.month().path()));
        Some(Address(format!("{page}#{}", item.id).into()))
    }

    /// The month page next before `month`.
    #[must_use]
    pub fn before(&self, month: Month) -> Option<Month> {
        self.months.iter().map(|(of, _)| *of).find(|of| *of < month)
    }

    /// The month page next after `month`.
    #[must_use]
    pub fn after(&self, month: Month) -> Option<Month> {
        self.months.iter().map(|(of, _)| *of).rfind(|of| *of > month)
    }

    /// The page that stands for the feed: its own, else the scraped one.
    #[must_use]
    pub fn page(&self) -> Option<Address> {
        self.address("").or_else(|| self.home.clone())
    }

    /// The page, or, as RSS demands an address, one that is valid and leads nowhere.
    #[must_use]
    pub fn page_or_nowhere(&self) -> String {
        self.page().map_or_else(|| NOWHERE.to_owned(), |page| page.to_string())
    }
}

/// The order of items in a feed: newest `published` first, ties by ascending id, undated ones last.
#[must_use]
pub fn newest_first(a: &Item, b: &Item) -> Ordering {
    (Reverse(a.published), a.id).cmp(&(Reverse(b.published), b.id))
}

/// The items of a feed's head: the `limit` newest of `newest`, and all `late` ones, each once, in feed order.
///
/// `late` are the items that came to light within the last days though they bear an older date: without them
/// subscribers would never see what was listed late. The head holds at most [`HEAD_CAP`] items or `limit`, whichever is
/// more, and those are the newest; a `limit` of 0 keeps everything. Items that feeds cannot show are left out.
#[must_use]
pub fn head(mut newest: Vec<Item>, late: Vec<Item>, limit: usize) -> Vec<Item> {
    newest.sort_by(newest_first);
    if limit != 0 {
        newest.truncate(limit);
    }
    newest.extend(late);
    newest.sort_by(newest_first);
    let mut seen = BTreeSet::new();
    newest.retain(|item| item.published.is_some() && seen.insert(item.id));
    if limit != 0 {
        newest.truncate(limit.max(HEAD_CAP));
    }
    newest
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::mill::item::DateBasis;

    fn item(id: u128, day: u32) -> Item {
        let id = Key(Uuid::from_u128(id));
        let date = NaiveDate::from_ymd_opt(2021, 4, day);
        Item {
            id,
            key: id,
            title: Text::new("a title").unwrap(),
            summary: None,
            date,
            date_end: None,
            time: None,
            date_raw: None,
            basis: DateBasis::Own,
            credit: None,
            kicker: None,
            place: None,
            link: None,
            published: date.map(|day| id.stamp(day)),
            updated: date.map(|day| id.stamp(day)),
            sources: Vec::new(),
            categories: Vec::new(),
            earliest: None,
            earlier: Vec::new(),
            language: None,
        }
    }

    fn ids(items: &[Item]) -> Vec<u128> {
        items.iter().map(|item| item.id.0.as_u128()).collect()
    }

    fn address(raw: &str) -> Option<String> {
        Address::new(raw).map(|address| address.to_string())
    }

    #[test]
    fn an_address_is_absolute_and_ascii() {
        assert_eq!(address("https://www.ilo.org/moscow/").as_deref(), Some("https://www.ilo.org/moscow/"));
        assert_eq!(
            address(" HTTP://a.example/b c?x=1&y=%41%4").as_deref(),
            Some("http://a.example/b%20c?x=1&y=%41%254")
        );
        assert_eq!(
            address("https://a.example/новости/\"<x>\"").as_deref(),
            Some("https://a.example/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/%22%3Cx%3E%22")
        );
        for not_one in [
            "",
            "/news/1",
            "//a.example/",
            "javascript:alert(1)",
            "mailto:a@b",
            "ftp://a/",
            "https://",
            "http:///x",
            "http://u@/",
        ] {
            assert_eq!(address(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn a_feed_is_found_below_the_base_address_with_or_without_a_final_slash() {
        for base in ["https://feeds.example.org/x", "https://feeds.example.org/x/"] {
            let joined = Address::new(base).unwrap().join("новости/rss.xml");
            assert_eq!(
                joined.as_str(),
                "https://feeds.example.org/x/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/rss.xml"
            );
        }
    }

    #[test]
    fn the_head_is_the_newest_and_the_late_each_once_in_feed_order() {
        let newest = vec![item(1, 1), item(2, 2), item(3, 3), item(4, 4)];
        let late = vec![item(1, 1), item(4, 4)];
        assert_eq!(ids(&head(newest, late, 2)), [4, 3, 1]);
    }

    #[test]
    fn items_of_one_moment_stand_in_the_order_of_their_ids() {
        let mut tied = vec![item(9, 5), item(7, 5), item(8, 6)];
        let moment = item(9, 5).published;
        for item in &mut tied {
            item.published = moment;
        }
        assert_eq!(ids(&head(tied, Vec::new(), 0)), [7, 8, 9]);
    }

    #[test]
    fn an_undated_item_takes_no_place_in_the_head() {
        let mut undated = item(2, 2);
        undated.published = None;
        assert_eq!(ids(&head(vec![undated.clone(), item(1, 1)], vec![undated], 2)), [1]);
    }

    #[test]
    fn a_burst_is_cut_to_the_newest_but_never_below_what_the_operator_asked_for() {
        let late: Vec<_> = (1..=600).map(|n| item(n, 1)).collect();
        assert_eq!(head(vec![item(1000, 9)], late.clone(), 50).len(), HEAD_CAP);
        assert_eq!(head(late.clone(), late.clone(), 550).len(), 550);
        assert_eq!(head(late, vec![item(1000, 9)], 0).len(), 601);
        let late: Vec<_> = (1..=600).map(|n| item(n, 1)).collect();
        assert_eq!(ids(&head(vec![item(1000, 9)], late, 50)).first(), Some(&1000));
    }
}
