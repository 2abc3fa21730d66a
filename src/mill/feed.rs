//! What a reader subscribes to, ready to render.
//!
//! A [`Feed`] says which items there are, in which order, and under which addresses. What a document of it looks like
//! is for [`render`](crate::mill::render) to decide.

mod address;
mod retention;

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

pub use self::address::{Address, path_escaped};
pub use self::retention::{Keep, Retained, Retention};

use super::decisions::Decisions;
use super::identify::fold;
use super::item::{Item, Key, SourceNo, Text};
use super::month::Month;
use super::words::Words;

/// A head holds at most so many items, unless the operator asked for more: a burst reaches subscribers, a flood does
/// not.
pub const HEAD_CAP: usize = 500;

/// Where a channel links to that has no page, no source address and no address of its own: RSS demands a link, and to
/// invent one would be a lie.
const NOWHERE: &str = "http://localhost/";

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
        && choice.words.passes(&item.title, item.summary.as_ref())
        && (choice.languages.is_empty() || item.language.as_ref().is_some_and(|tag| choice.speaks(tag.as_str())))
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
    /// Its folder below the output: one plain name, without a `/`, as the config checks it.
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
        Some(page.place(item.id))
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

    /// The page that stands for the feed: its own, where it has one, else the scraped one.
    #[must_use]
    pub fn page(&self) -> Option<Address> {
        let own = self.address("").filter(|_| !self.months.is_empty());
        own.or_else(|| self.home.clone())
    }

    /// What the RSS document links to, which must link somewhere: the page, else itself, else nowhere.
    #[must_use]
    pub fn page_or_itself(&self) -> String {
        let link = self.page().or_else(|| self.address("rss.xml"));
        link.map_or_else(|| NOWHERE.to_owned(), |link| link.to_string())
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
    use super::*;
    use crate::mill::item::tests::item_of;

    fn item(id: u128, day: u32) -> Item {
        item_of(Key(Uuid::from_u128(id)), "a title", NaiveDate::from_ymd_opt(2021, 4, day))
    }

    fn ids(items: &[Item]) -> Vec<u128> {
        items.iter().map(|item| item.id.0.as_u128()).collect()
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
