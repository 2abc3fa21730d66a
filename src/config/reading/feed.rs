//! `[[category]]` and `[[feed]]`: what becomes of what was read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::*;

impl Reader<'_> {
    /// What the tables `[[feed]]` say, `None` where there are none; and what the feeds are called, then after the sources.
    pub(super) fn feed_tables<'t>(
        &mut self,
        top: &Table<'t>,
        (names, sources): (&[Option<Text<'t>>], &[Option<Source>]),
        categories: &[Category],
        warnings: &mut Vec<String>,
    ) -> (Option<Vec<Feed>>, Vec<Text<'t>>) {
        let tables = self.tables(top, "feed", "[[feed]]");
        if tables.is_empty() {
            let after_sources: Vec<Text<'t>> =
                names.iter().flatten().map(|name| Text { text: name.text, span: name.span.clone() }).collect();
            self.same_folder(&after_sources, true);
            return (None, after_sources);
        }
        let (mut feeds, mut feed_names) = (Vec::<Feed>::new(), Vec::new());
        for table in &tables {
            let name = self.name(table);
            feeds.extend(self.feed(table, (names, sources), categories, name.as_ref().map(|name| name.text)));
            feed_names.extend(name);
        }
        self.same_folder(&feed_names, false);
        for (number, name) in names.iter().enumerate() {
            if let Some(name) = name
                && !feeds.iter().any(|feed| feed.sources.contains(&number))
            {
                warnings.push(format!("source {:?} is in no feed", name.text));
            }
        }
        (Some(feeds), feed_names)
    }

    fn feed(
        &mut self,
        table: &Table<'_>,
        (names, all): (&[Option<Text<'_>>], &[Option<Source>]),
        categories: &[Category],
        name: Option<&str>,
    ) -> Option<Feed> {
        let title = self.title(table, "title");
        let limit = self.limit(table);
        let named = self.sources(table, names);
        let known = || all.iter().flatten();
        let mut sources = named.clone().unwrap_or_else(|| (0..all.len()).collect());
        if let Some(sites) = self.texts_but_none(table, "sites") {
            for text in &sites {
                if !known().any(|source| source.site == text.text) && all.iter().all(Option::is_some) {
                    self.no_such("site", text, &known().map(|source| source.site.as_str()).collect::<Vec<_>>());
                }
            }
            let shown = |source: &Source| sites.iter().any(|text| source.site == text.text);
            sources.retain(|number| all.get(*number).is_some_and(|source| source.as_ref().is_some_and(shown)));
        }
        let mut languages = Vec::new();
        if let Some(written) = self.texts_but_none(table, "languages") {
            for text in &written {
                match values::language(text.text) {
                    Ok(Some(tag)) => languages.push(tag),
                    Ok(None) => {
                        let what = "`languages` can't hold \"auto\": a feed chooses by the language of items";
                        self.complain(Complaint::at(text.span.clone(), what).hint("name languages, such as \"en\""));
                    }
                    Err(wrong) => self.wrong("languages", &text.span, wrong),
                }
            }
            // What a source with `language = "auto"` lists is chosen item by item, by the language it was read in.
            let shown = |source: &Source| {
                let tag = source.language.as_deref();
                tag.is_none_or(|tag| languages.iter().any(|language| speaks(tag, language)))
            };
            sources.retain(|number| all.get(*number).is_some_and(|source| source.as_ref().is_some_and(shown)));
        }
        if sources.is_empty() && self.complaints.is_empty() && !all.is_empty() {
            let complaint = Complaint::at(table.span.clone(), "no source is left for this feed to show");
            self.complain(complaint.hint("`sources`, `sites` and `languages` must all apply: leave one of them out"));
        }
        let choice = Choice { languages, ..self.choice(table, categories) };
        let keep = self.keep(table);
        let name = name?.to_owned();
        Some(Feed { title: title.unwrap_or_else(|| name.clone()), name, sources, choice, keep, limit })
    }

    /// Which items of its sources a feed shows.
    pub(super) fn choice(&mut self, table: &Table<'_>, categories: &[Category]) -> Choice {
        let mut choice = Choice { words: self.words(table), ..Choice::default() };
        for text in self.texts_but_none(table, "categories").unwrap_or_default() {
            let folded = fold(text.text);
            if categories.iter().any(|category| fold(category.name.as_str()) == folded) {
                choice.categories.push(folded);
            } else {
                let names: Vec<&str> = categories.iter().map(|category| category.name.as_str()).collect();
                let complaint = Complaint::at(text.span, format!("there is no category {:?}", text.text));
                self.complain(match nearest(text.text, names) {
                    Some(near) => complaint.hint(format!("did you mean {near:?}?")),
                    None => complaint.hint(format!(
                        "define it: [[category]] with name = {:?}, also where pages name it themselves",
                        text.text
                    )),
                });
            }
        }
        (choice.since, choice.until) = (self.day(table, "since"), self.day(table, "until"));
        if let (Some(since), Some(until)) = (choice.since, choice.until)
            && until < since
        {
            let complaint =
                Complaint::at(table.key_span("until"), format!("`until` {until} is before `since` {since}"));
            self.complain(complaint.hint("both days are within: exchange them, or leave one out"));
        }
        choice
    }

    /// The patterns of a category or a feed.
    pub(super) fn words(&mut self, table: &Table<'_>) -> Words {
        let mut patterns = |key: &str| {
            let mut patterns = Vec::new();
            for text in self.texts_but_none(table, key).unwrap_or_default() {
                let hint = "a pattern is a regular expression, and plain words are one; a sign of its own takes a \
                            backslash before it, best in single quotes: 'C\\+\\+'";
                let wrong = |what| Wrong { what, hint: Some(hint.to_owned()) };
                patterns.extend(self.take(key, &text.span, Pattern::new(text.text).map_err(wrong)));
            }
            patterns
        };
        let (include, exclude) = (patterns("include"), patterns("exclude"));
        let places = [("both", Where::Both), ("title", Where::Title), ("summary", Where::Summary)];
        let place = self.word(table, "in", &places).unwrap_or_default();
        let given = ["include", "exclude"].iter().any(|key| table.get(key).is_some());
        if table.get("in").is_some() && !given {
            let complaint = Complaint::at(table.key_span("in"), "`in` without `include` or `exclude` says nothing");
            self.complain(complaint.hint("add patterns, or leave it out"));
        }
        Words { include, exclude, place }
    }

    pub(super) fn category(
        &mut self,
        table: &Table<'_>,
        names: &[Option<Text<'_>>],
        before: &[Category],
    ) -> Option<Category> {
        if table.get("name").is_none() {
            let complaint = Complaint::at(table.span.clone(), "[[category]] without a `name`");
            self.complain(complaint.hint("add name = \"…\": feeds show it"));
        }
        let name = self.title(table, "name").and_then(|name| crate::mill::item::Text::new(&name));
        let words = self.words(table);
        let sources = self.sources(table, names);
        let topics = self.texts_but_none(table, "topics").unwrap_or_default();
        let name = name?;
        let folded = fold(name.as_str());
        if before.iter().any(|other| fold(other.name.as_str()) == folded) {
            let complaint =
                Complaint::at(table.key_span("name"), format!("two categories are named {:?}", name.as_str()));
            self.complain(complaint.hint("put all of it into one; case and punctuation make no difference"));
        }
        let topics = std::iter::once(folded).chain(topics.iter().map(|text| fold(text.text))).collect();
        Some(Category { name, topics, sources, words })
    }

    /// The sources that a table names, each once; `None`: it names none.
    pub(super) fn sources(&mut self, table: &Table<'_>, names: &[Option<Text<'_>>]) -> Option<Vec<usize>> {
        let listed_names: Vec<&str> = names.iter().flatten().map(|name| name.text).collect();
        let texts = self.texts_but_none(table, "sources")?;
        let mut sources = Vec::new();
        for text in texts {
            let found = names.iter().position(|name| name.as_ref().is_some_and(|name| name.text == text.text));
            match found {
                Some(number) if sources.contains(&number) => {
                    let complaint = Complaint::at(text.span, format!("the source {:?} is named twice", text.text));
                    self.complain(complaint.hint("name it once, where its place in the order should be"));
                }
                Some(number) => sources.push(number),
                // A source without a readable name may be the one that is meant.
                None if names.iter().any(Option::is_none) => {}
                None => self.no_such("source", &text, &listed_names),
            }
        }
        Some(sources)
    }

    pub(super) fn limit(&mut self, table: &Table<'_>) -> usize {
        let help = "write how many of the newest items the feed's head holds; 0 is all";
        self.number(table, "limit", help).unwrap_or(DEFAULT_LIMIT)
    }

    pub(super) fn keep(&mut self, table: &Table<'_>) -> Option<Keep> {
        let help = "write how many of the newest items are shown whatever their age";
        let at_least = self.number(table, "keep_at_least", help);
        if at_least.is_some() && table.get("keep").is_none() {
            let complaint =
                Complaint::at(table.key_span("keep_at_least"), "`keep_at_least` without `keep` says nothing");
            self.complain(complaint.hint("without keep = \"5y\" everything is kept"));
        }
        let text = self.text(table, "keep")?;
        let age = self.take("keep", &text.span, values::age(text.text))?;
        Some(Keep { age, at_least: at_least.unwrap_or_default() })
    }

    /// Feeds are folders, and some file systems see no difference of case.
    pub(super) fn same_folder(&mut self, names: &[Text<'_>], of_sources: bool) {
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
            self.complain(
                complaint.hint("give each its own name: it is the feed's folder, also where case makes no difference"),
            );
        }
    }
}
