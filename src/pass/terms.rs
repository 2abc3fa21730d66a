//! What the config and the decisions say, in the store's words: the terms under which items are derived.
//!
//! Promised: all that items depend on besides what was read is in the fingerprint of the terms, or they would stay as
//! they were derived. Refused: looking at files, and asking a clock.

use std::collections::{BTreeMap, HashMap};

use xxhash_rust::xxh3::xxh3_64;

use super::{Pass, PassError};
use crate::config::{self, Config, Undated};
use crate::decided::Decided;
use crate::mill::captured::{self, captured_from_name};
use crate::mill::category;
use crate::mill::feed::Retention;
use crate::mill::identify::Site;
use crate::mill::item::SourceNo;
use crate::mill::scrape;
use crate::mill::settle::{self, Rules, SourceRule};
use crate::store::{FeedTerms, KnownSource, Store, Terms, known_by};

impl Pass<'_> {
    /// The store's numbers of the sources, in the order of the config.
    pub(super) fn numbers(&self, store: &mut dyn Store) -> Result<Vec<SourceNo>, PassError> {
        let names: Vec<&str> = self.config.sources.iter().map(|source| source.name.as_str()).collect();
        Ok(store.source_numbers(&names)?)
    }

    /// What the items depend on besides what is read: the config and the decisions, in the store's words.
    ///
    /// # Errors
    /// The store gave up.
    pub fn terms(&self, store: &mut dyn Store, decided: &Decided) -> Result<Terms, PassError> {
        let config = self.config;
        let numbers = self.numbers(store)?;
        let numbered = || config.sources.iter().zip(numbers.iter().copied());
        let mut sources: BTreeMap<_, _> = store.known_sources()?.into_iter().map(KnownSource::rule).collect();
        sources.extend(numbered().map(|(source, no)| (no, rule_of(source))));
        let categories = config.categories.iter().map(|category| category_of(category, &numbers)).collect();
        let first_seen = numbered().filter(|(source, _)| source.undated == Undated::FirstSeen);
        let states: HashMap<_, _> =
            numbered().map(|(source, no)| (no, (source.files.clone(), source.captured.clone()))).collect();
        Ok(Terms {
            feeds: config.feeds.iter().map(|feed| feed_of(feed, config, &numbers)).collect(),
            first_seen: first_seen.map(|(_, no)| no).collect(),
            rules: Rules { sources, decisions: decided.decisions.clone(), categories },
            captured: Box::new(move |no, name| {
                // Where a source left the config, and its pattern with it, what its files' names say still holds.
                let Some((files, pattern)) = states.get(&no) else { return captured_from_name(name) };
                captured::captured(pattern.as_ref(), files.may_state(name).unwrap_or(name))
            }),
            fingerprint: fingerprint(config),
        })
    }
}

/// How sightings of a source are settled.
fn rule_of(source: &config::Source) -> SourceRule {
    SourceRule {
        name: source.name.clone(),
        place: source.site.clone(),
        site: Site::new(source.namespace_site()),
        zone: source.timezone.clone(),
        language: source.language.clone(),
        first_seen: source.undated == Undated::FirstSeen,
    }
}

fn feed_of(feed: &config::Feed, config: &Config, numbers: &[SourceNo]) -> FeedTerms {
    let number = |index: &usize| numbers.get(*index).copied();
    let keeps = |index: &usize| Some((number(index)?, config.sources.get(*index)?.keep?));
    FeedTerms {
        name: feed.name.clone(),
        sources: feed.sources.iter().filter_map(number).collect(),
        limit: feed.limit,
        choice: feed.choice.clone(),
        retention: Retention { feed: feed.keep, sources: feed.sources.iter().filter_map(keeps).collect() },
    }
}

fn category_of(category: &config::Category, numbers: &[SourceNo]) -> category::Rule {
    let number = |index: &usize| numbers.get(*index).copied();
    category::Rule {
        name: category.name.clone(),
        topics: category.topics.clone(),
        sources: category.sources.as_ref().map(|sources| sources.iter().filter_map(number).collect()),
        words: category.words.clone(),
    }
}

/// Equal for configs that derive equal items from equal readings.
fn fingerprint(config: &Config) -> String {
    format!("{} {}", settle::REVISION, known_by_of(config))
}

/// The text by which a store knows sources and categories again; see [`known_by`].
fn known_by_of(config: &Config) -> String {
    let source = |source: &config::Source| {
        let (labels, apart) = stating(source);
        let (name, site, filed) = (&source.name, &source.site, source.namespace_site());
        let all = (name, site, filed, &source.timezone, &source.language, &source.captured, source.undated, labels);
        // A store from before this was told need not derive all anew where there is nothing to tell.
        if apart.is_empty() { format!("{all:?}") } else { format!("{all:?} {apart:?}") }
    };
    let category = |config::Category { name, topics, sources, words }: &config::Category| {
        let words = known_by::words(words);
        format!("Category {{ name: {name:?}, topics: {topics:?}, sources: {sources:?}, words: {words} }}")
    };
    let (sources, categories) = (config.sources.iter().map(source), config.categories.iter().map(category));
    format!("{} {}", known_by::list(sources), known_by::list(categories))
}

/// What decides which part of a name may state the time of capture: where the patterns of a source begin; and the
/// patterns, where more than that tells.
fn stating(source: &config::Source) -> (Vec<&str>, Vec<(&str, &[String])>) {
    let labels = source.files.roots().iter().map(|root| root.label.as_str());
    (labels.collect(), source.files.telling_apart().collect())
}

/// What a source's files are read with. Another value, and what was read is read again.
#[must_use]
pub fn revision(source: &config::Source) -> u64 {
    // SQLite's integers have a sign; the top bit tells nothing.
    xxh3_64(read_with(source, scrape::REVISION).as_bytes()) >> 1
}

/// The text of which a [`revision`] is made.
fn read_with(source: &config::Source, revision: u32) -> String {
    format!(
        "{:?}",
        (
            (revision, &source.layout, &source.language, source.date_order, &source.captured, source.empty),
            (source.form, &source.url, &source.fields, &source.select, &source.layouts),
            // The capture supplies the years that a page leaves out.
            stating(source),
        )
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Given, Surroundings, parse};

    const CONFIG: &str = r#"
        [[source]]
        name       = "news"
        files      = ["news/*.txt"]
        site       = "lakes"
        site_was   = ["ponds"]
        url        = "https://lakes.example/"
        language   = "en"
        timezone   = "Europe/Moscow"
        layout     = "newsroom"
        captured   = "n%Y%m%d.t"
        undated    = "first-seen"
        date_order = "dmy"
        empty      = "fine"

        [[category]]
        name    = "Fish"
        topics  = ["Fishing"]
        include = ["pike"]
        in      = "summary"
        sources = ["news"]
    "#;

    /// Else every store derives all anew, and reads all files again: a name that is another one in the program stays
    /// what it was in these.
    #[test]
    fn the_texts_that_stores_go_by_stay_as_they_are() {
        let text = CONFIG.to_owned();
        let config = parse(Path::new("/c/feedmill.toml"), text, &Given::default(), &Surroundings::default()).unwrap();
        let captured = "Some(CapturedPattern { pieces: [Literal('n'), Field(0), Field(1), Field(2), Literal('.'), \
                        Literal('t')] })";
        assert_eq!(
            known_by_of(&config),
            format!(
                "[(\"news\", \"lakes\", \"ponds\", Europe/Moscow, Some(\"en\"), {captured}, FirstSeen, [\"news\"])] \
                 [Category {{ name: Text(\"Fish\"), topics: [\"fish\", \"fishing\"], sources: Some([0]), \
                 words: Words {{ include: [\"pike\"], exclude: [], place: Summary }} }}]"
            )
        );
        assert_eq!(
            read_with(&config.sources[0], 7),
            format!(
                "((7, Some(\"newsroom\"), Some(\"en\"), Some(Dmy), {captured}, Fine), \
                 (None, Some(\"https://lakes.example/\"), None, None, []), ([\"news\"], []))"
            )
        );
    }
}
