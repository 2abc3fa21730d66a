//! The texts by which a store knows its terms again: where one is another, what follows from it is derived anew.
//!
//! Promised: they stay as stores keep them. A field or a type that gets another name keeps its old one here, for to a
//! store a text in other words is another text. Refused: leaving a field out; a new one makes a new text, and has to.

use super::FeedTerms;
use crate::mill::feed::{Choice, Keep, Retention};
use crate::mill::words::Words;

/// Which feeds there are, and what they show.
pub(super) fn feeds(feeds: &[FeedTerms]) -> String {
    list(feeds.iter().map(|FeedTerms { name, sources, limit, choice, retention }| {
        let (choice, retention) = (self::choice(choice), self::retention(retention));
        format!(
            "FeedTerms {{ name: {name:?}, sources: {sources:?}, limit: {limit}, choice: {choice}, retention: {retention} }}"
        )
    }))
}

fn choice(Choice { categories, since, until, words, languages }: &Choice) -> String {
    let words = self::words(words);
    format!(
        "Choice {{ categories: {categories:?}, since: {since:?}, until: {until:?}, words: {words}, languages: {languages:?} }}"
    )
}

/// The patterns of a feed or a category.
pub(crate) fn words(Words { include, exclude, place }: &Words) -> String {
    format!("Words {{ include: {include:?}, exclude: {exclude:?}, place: {place:?} }}")
}

fn retention(Retention { feed, sources }: &Retention) -> String {
    let keep = |Keep { age, at_least }: &Keep| format!("Keep {{ age: {age:?}, at_least: {at_least} }}");
    let feed = feed.as_ref().map_or_else(|| "None".to_owned(), |of_feed| format!("Some({})", keep(of_feed)));
    let sources = list(sources.iter().map(|(no, of_source)| format!("({no:?}, {})", keep(of_source))));
    format!("Retention {{ feed: {feed}, sources: {sources} }}")
}

/// Texts in one.
pub(crate) fn list(texts: impl Iterator<Item = String>) -> String {
    format!("[{}]", texts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::item::SourceNo;
    use crate::mill::words::{Pattern, Where};

    #[test]
    fn the_text_that_stores_keep_of_their_feeds_stays_as_it_is() {
        let pattern = |written| vec![Pattern::new(written).unwrap()];
        let keep = |months, at_least| Keep { age: (months, 7), at_least };
        let all = FeedTerms {
            name: "новости \"all\"".into(),
            sources: vec![SourceNo(1), SourceNo(22)],
            limit: 50,
            choice: Choice {
                categories: vec!["fish".into()],
                since: "2020-06-01".parse().ok(),
                until: None,
                words: Words { include: pattern(r"\bpike\b"), exclude: pattern("trout"), place: Where::Title },
                languages: vec!["en".into(), "pt-BR".into()],
            },
            retention: Retention { feed: Some(keep(60, 3)), sources: vec![(SourceNo(22), keep(0, 0))] },
        };
        let (name, sources) = ("none".into(), Vec::new());
        let (choice, retention) = (Choice::default(), Retention::default());
        let none = FeedTerms { name, sources, limit: 0, choice, retention };
        assert_eq!(
            feeds(&[all, none]),
            "[FeedTerms { name: \"новости \\\"all\\\"\", sources: [SourceNo(1), SourceNo(22)], limit: 50, \
             choice: Choice { categories: [\"fish\"], since: Some(2020-06-01), until: None, \
             words: Words { include: [\"\\\\bpike\\\\b\"], exclude: [\"trout\"], place: Title }, \
             languages: [\"en\", \"pt-BR\"] }, retention: Retention { feed: Some(Keep { age: (60, 7), at_least: 3 }), \
             sources: [(SourceNo(22), Keep { age: (0, 7), at_least: 0 })] } }, \
             FeedTerms { name: \"none\", sources: [], limit: 0, choice: Choice { categories: [], since: None, \
             until: None, words: Words { include: [], exclude: [], place: Both }, languages: [] }, \
             retention: Retention { feed: None, sources: [] } }]"
        );
        assert_eq!(feeds(&[]), "[]");
    }
}
