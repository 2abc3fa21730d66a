//! `[[category]]` and `[[feed]]`: what becomes of what was read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Named, Reader, Table, Text, folded, named};
use crate::config::values::{self, Wrong, nearest};
use crate::config::{Category, Complaint, DEFAULT_LIMIT, Feed, Source};
use crate::mill::feed::{Choice, Keep, speaks};
use crate::mill::identify::fold;
use crate::mill::item;
use crate::mill::words::{Pattern, Where, Words};

impl Reader<'_> {
    /// What the tables `[[feed]]` say; `None` where there are none. And what the feeds are called: in that case as the
    /// sources are.
    pub(super) fn feed_tables<'t>(
        &mut self,
        top: &Table<'t>,
        sources: &[Named<'t>],
        categories: &[Category],
    ) -> (Option<Vec<Feed>>, Vec<Text<'t>>) {
        let tables = self.tables(top, "feed", "[[feed]]");
        let names = || sources.iter().filter_map(|(name, _)| name.as_ref());
        if tables.is_empty() {
            let after_sources: Vec<Text<'t>> =
                names().map(|name| Text { text: name.text, span: name.span.clone() }).collect();
            self.same_folder(&after_sources, true);
            return (None, after_sources);
        }
        let (mut feeds, mut feed_names) = (Vec::<Feed>::new(), Vec::new());
        for table in &tables {
            let name = self.name(table);
            feeds.extend(self.feed(table, sources, categories, name.as_ref().map(|name| name.text)));
            feed_names.extend(name);
        }
        self.same_folder(&feed_names, false);
        let is_in_none = |number: &usize| !feeds.iter().any(|feed| feed.sources.contains(number));
        let of_none = (0..).zip(sources).filter(|(number, _)| is_in_none(number));
        let of_none: Vec<&str> = of_none.filter_map(|(_, (name, _))| Some(name.as_ref()?.text)).collect();
        match of_none.len() {
            0 => {}
            1 => self.warnings.push(format!("{} is in no feed", named(&of_none))),
            _ => self.warnings.push(format!("{} are in no feed", named(&of_none))),
        }
        (Some(feeds), feed_names)
    }

    fn feed(
        &mut self,
        table: &Table<'_>,
        all: &[Named<'_>],
        categories: &[Category],
        name: Option<&str>,
    ) -> Option<Feed> {
        let title = self.title(table, "title");
        let limit = self.limit(table);
        let languages = self.languages(table);
        let sources = self.sources_shown(table, all, languages.as_deref());
        let languages = languages.unwrap_or_default();
        let choice = Choice { languages, ..self.choice(table, categories) };
        let keep = self.keep(table);
        let name = name?.to_owned();
        Some(Feed { title: title.unwrap_or_else(|| name.clone()), name, sources, choice, keep, limit })
    }

    fn languages(&mut self, table: &Table<'_>) -> Option<Vec<String>> {
        let mut languages = Vec::new();
        for text in self.some_texts(table, "languages")? {
            match values::language(text.text) {
                Ok(Some(tag)) => languages.push(tag),
                Ok(None) => {
                    let what = "`languages` can't hold \"auto\": a feed chooses by the language of items";
                    self.complain(text.span, what, "name languages, such as \"en\"");
                }
                Err(wrong) => self.wrong("languages", &text.span, wrong),
            }
        }
        Some(languages)
    }

    /// The sources that a feed shows: those to which its `sources`, `sites` and `languages` all apply.
    fn sources_shown(&mut self, table: &Table<'_>, all: &[Named<'_>], languages: Option<&[String]>) -> Vec<usize> {
        let mut sources = self.sources(table, all).unwrap_or_else(|| (0..all.len()).collect());
        let source = |number: &usize| all.get(*number).and_then(|(_, source)| source.as_ref());
        if let Some(sites) = self.some_texts(table, "sites") {
            let known: Vec<&str> = all.iter().filter_map(|(_, source)| Some(source.as_ref()?.site.as_str())).collect();
            for text in &sites {
                // A source that cannot be read may have the site that is meant.
                if !known.contains(&text.text) && known.len() == all.len() {
                    self.no_such("site", text, &known);
                }
            }
            let is_shown = |source: &Source| sites.iter().any(|text| source.site == text.text);
            sources.retain(|number| source(number).is_some_and(is_shown));
        }
        if let Some(languages) = languages {
            // What a source with `language = "auto"` lists is chosen item by item, by the language it was read in.
            let is_shown = |source: &Source| {
                let tag = source.language.as_deref();
                tag.is_none_or(|tag| languages.iter().any(|language| speaks(tag, language)))
            };
            sources.retain(|number| source(number).is_some_and(is_shown));
        }
        if sources.is_empty() && self.complaints.is_empty() && !all.is_empty() {
            let hint = "`sources`, `sites` and `languages` must all apply: leave one of them out";
            self.complain(table.span.clone(), "no source is left for this feed to show", hint);
        }
        sources
    }

    /// Which items of its sources a feed shows.
    fn choice(&mut self, table: &Table<'_>, categories: &[Category]) -> Choice {
        let mut choice = Choice { words: self.words(table), ..Choice::default() };
        for text in self.some_texts(table, "categories").unwrap_or_default() {
            let folded = fold(text.text);
            if categories.iter().any(|category| fold(category.name.as_str()) == folded) {
                choice.categories.push(folded);
                continue;
            }
            let hint = match nearest(text.text, categories.iter().map(|category| category.name.as_str())) {
                Some(near) => format!("did you mean {near:?}?"),
                None => {
                    format!("define it: [[category]] with name = {:?}, also where pages name it themselves", text.text)
                }
            };
            self.complain(text.span, format!("there is no category {:?}", text.text), hint);
        }
        (choice.since, choice.until) = (self.day(table, "since"), self.day(table, "until"));
        if let (Some(since), Some(until)) = (choice.since, choice.until)
            && until < since
        {
            let what = format!("`until` {until} is before `since` {since}");
            self.complain(table.key_span("until"), what, "both days are within: exchange them, or leave one out");
        }
        choice
    }

    /// The patterns of a category or a feed.
    fn words(&mut self, table: &Table<'_>) -> Words {
        let mut patterns = |key: &str| {
            let mut patterns = Vec::new();
            for text in self.some_texts(table, key).unwrap_or_default() {
                let hint = "a pattern is a regular expression, and plain words are one; a sign of its own takes a \
                            backslash before it, best in single quotes: 'C\\+\\+'";
                let pattern = Pattern::new(text.text).map_err(|what| Wrong::new(what, hint));
                patterns.extend(self.take(key, &text.span, pattern));
            }
            patterns
        };
        let (include, exclude) = (patterns("include"), patterns("exclude"));
        let places = [("both", Where::Both), ("title", Where::Title), ("summary", Where::Summary)];
        let place = self.word(table, "in", &places).unwrap_or_default();
        let given = ["include", "exclude"].iter().any(|key| table.get(key).is_some());
        if table.get("in").is_some() && !given {
            let what = "`in` without `include` or `exclude` says nothing";
            self.complain(table.key_span("in"), what, "add patterns, or leave it out");
        }
        Words { include, exclude, place }
    }

    pub(super) fn category(
        &mut self,
        table: &Table<'_>,
        sources: &[Named<'_>],
        before: &[Category],
    ) -> Option<Category> {
        if table.get("name").is_none() {
            self.complain(table.span.clone(), "[[category]] without a `name`", "add name = \"…\": feeds show it");
        }
        let name = self.title(table, "name").and_then(|name| item::Text::new(&name));
        let words = self.words(table);
        let sources = self.sources(table, sources);
        let topics = self.some_texts(table, "topics").unwrap_or_default();
        let name = name?;
        let folded = fold(name.as_str());
        if before.iter().any(|other| fold(other.name.as_str()) == folded) {
            let what = format!("two categories are named {:?}", name.as_str());
            let hint = "put all of it into one; case and punctuation make no difference";
            self.complain(table.key_span("name"), what, hint);
        }
        let topics = std::iter::once(folded).chain(topics.iter().map(|text| fold(text.text))).collect();
        Some(Category { name, topics, sources, words })
    }

    /// The sources that a table names, each once; `None`: it names none.
    fn sources(&mut self, table: &Table<'_>, all: &[Named<'_>]) -> Option<Vec<usize>> {
        let names: Vec<&str> = all.iter().filter_map(|(name, _)| Some(name.as_ref()?.text)).collect();
        let mut sources = Vec::new();
        for text in self.some_texts(table, "sources")? {
            let found = all.iter().position(|(name, _)| name.as_ref().is_some_and(|name| name.text == text.text));
            match found {
                Some(number) if sources.contains(&number) => {
                    let what = format!("the source {:?} is named twice", text.text);
                    self.complain(text.span, what, "name it once, where its place in the order should be");
                }
                Some(number) => sources.push(number),
                // A source without a readable name may be the one that is meant.
                None if names.len() < all.len() => {}
                None => self.no_such("source", &text, &names),
            }
        }
        Some(sources)
    }

    fn limit(&mut self, table: &Table<'_>) -> usize {
        let help = "write how many of the newest items the feed's head holds; 0 is all";
        self.number(table, "limit", help).unwrap_or(DEFAULT_LIMIT)
    }

    pub(super) fn keep(&mut self, table: &Table<'_>) -> Option<Keep> {
        let help = "write how many of the newest items are shown whatever their age";
        let at_least = self.number(table, "keep_at_least", help);
        if at_least.is_some() && table.get("keep").is_none() {
            let what = "`keep_at_least` without `keep` says nothing";
            self.complain(table.key_span("keep_at_least"), what, "without keep = \"5y\" everything is kept");
        }
        let age = self.parsed(table, "keep", values::age)?;
        Some(Keep { age, at_least: at_least.unwrap_or_default() })
    }

    /// Complains where two feeds would share a folder: some file systems see no difference of case.
    fn same_folder(&mut self, names: &[Text<'_>], of_sources: bool) {
        // There can be thousands of feeds, and folding is dear: each is folded once.
        let mut first: BTreeMap<String, &Text<'_>> = BTreeMap::new();
        for name in names {
            let before = match first.entry(folded(name.text)) {
                Entry::Occupied(before) => *before.get(),
                Entry::Vacant(place) => {
                    place.insert(name);
                    continue;
                }
            };
            let same = before.text == name.text;
            // Sources of the same name have been complained about as such.
            if same && of_sources {
                continue;
            }
            let what = if same {
                format!("two feeds are named {:?}", name.text)
            } else {
                format!("the feeds {:?} and {:?} differ in case only", before.text, name.text)
            };
            let complaint = Complaint::at(name.span.clone(), what).see(before.span.clone(), "the first");
            let hint = "give each its own name: it is the feed's folder, also where case makes no difference";
            self.complaints.push(complaint.hint(hint));
        }
    }
}
