//! From items and config to a feed that is ready to render.
//!
//! Promised: all that the documents of a feed depend on besides its items is gathered here, and told by one print; what
//! a feed is made of and that print leaves out would stay as it was published. Refused: choosing the items of a head,
//! which is the store's, and rendering them.

use chrono::{DateTime, Utc};

use super::outgoing::OutgoingFeed;
use super::print;
use crate::config;
use crate::mill::feed::{self, Address, Entry, Feed};
use crate::mill::item::{Item, Key, SourceNo, Text};
use crate::mill::render;
use crate::pass::Pass;
use crate::store::{FeedTerms, MonthPage, Store, StoreError, Terms};

/// What the items of a feed are shown under: each the first of its sources that sights it.
pub(super) struct Origins {
    titles: Vec<(SourceNo, Option<Text>)>,
    otherwise: Option<Text>,
}

impl Origins {
    /// An item as the feed shows it.
    pub(super) fn entry(&self, item: Item) -> Option<Entry> {
        let sighted = self.titles.iter().find(|(no, _)| item.sources.contains(no));
        let origin = sighted.map_or_else(|| self.otherwise.clone(), |(_, title)| title.clone());
        origin.map(|origin| Entry::new(item, origin))
    }
}

impl Pass<'_> {
    /// A feed ready to render. `None`: its name is not printable, which the config does not let in.
    pub(super) fn feed(
        &self,
        outgoing: &OutgoingFeed<'_>,
        items: Vec<Item>,
        taken_out: Vec<(DateTime<Utc>, Key)>,
        pages: &[MonthPage],
    ) -> Option<Feed> {
        let feed = outgoing.config;
        let sources: Vec<&config::Source> = self.sources(outgoing).map(|(source, _)| source).collect();
        let words = |text: &str| Text::new(text).or_else(|| Text::new(&feed.name));
        let titles: Vec<&str> = sources.iter().map(|source| source.title.as_str()).collect();
        let origins = self.origins(outgoing);
        let entries: Vec<Entry> = items.into_iter().filter_map(|item| origins.entry(item)).collect();
        // Without items only the operator can tell.
        let of_sources = || feed::unanimous(sources.iter().map(|source| source.language.as_deref()));
        let of_items = || feed::unanimous(entries.iter().map(|entry| entry.item.language.as_ref().map(Text::as_str)));
        let language = if entries.is_empty() { of_sources() } else { of_items() }.map(str::to_owned);
        Some(Feed {
            name: feed.name.clone(),
            title: words(&feed.title)?,
            description: words(&format!("Announcements of {}", titles.join(", ")))?,
            language,
            base_url: self.config.base_url.clone(),
            hubs: self.config.websub.hubs.clone(),
            home: sources.iter().find_map(|source| source.url.as_deref()).and_then(Address::new),
            author: words(if let [only] = titles.as_slice() { only } else { &feed.title })?,
            entries,
            taken_out,
            months: pages.iter().map(|page| (page.month, page.items)).collect(),
        })
    }

    pub(super) fn origins(&self, outgoing: &OutgoingFeed<'_>) -> Origins {
        let words = |text: &str| Text::new(text).or_else(|| Text::new(&outgoing.config.name));
        let titles = self.sources(outgoing).map(|(source, no)| (no, words(&source.title))).collect();
        Origins { titles, otherwise: words(&outgoing.config.name) }
    }

    /// The sources of a feed, in its order, and their numbers.
    fn sources<'s>(&'s self, outgoing: &'s OutgoingFeed<'_>) -> impl Iterator<Item = (&'s config::Source, SourceNo)> {
        let numbered = outgoing.config.sources.iter().zip(&outgoing.terms.sources);
        numbered.filter_map(|(index, no)| Some((self.config.sources.get(*index)?, *no)))
    }

    /// All that a feed's documents depend on besides its items: other words here mean other bytes there.
    pub(super) fn rendered_with(&self, feed: &config::Feed) -> String {
        let sources: Vec<_> = feed
            .sources
            .iter()
            .filter_map(|index| self.config.sources.get(*index))
            .map(|source| (&source.name, &source.title, &source.url, &source.language))
            .collect();
        let (base_url, hubs) = (&self.config.base_url, &self.config.websub.hubs);
        let documents = (self.config.pages, self.config.precompress);
        let all = (render::REVISION, &feed.title, feed.limit, base_url, documents, hubs, sources);
        format!("{:016x}", print(&all))
    }
}

/// The retracted items that the feed would show, those retracted last; only where the decision says when.
pub(super) fn taken_out(
    store: &dyn Store,
    of: &FeedTerms,
    terms: &Terms,
) -> Result<Vec<(DateTime<Utc>, Key)>, StoreError> {
    let mut taken_out = Vec::new();
    for (when, id) in terms.rules.decisions.taken_out() {
        let item = store.item(id, terms)?;
        if item.is_some_and(|item| feed::belongs(&of.sources, &of.choice, &item)) {
            taken_out.push((when, id));
        }
        if taken_out.len() == feed::HEAD_CAP {
            break;
        }
    }
    Ok(taken_out)
}
