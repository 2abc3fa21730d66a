//! The categories of an item: what the page files it under, and what the operator's rules find in it.
//!
//! They are a function of the settled texts, the sources, the topics of all sightings and the rules, so order cannot
//! matter (law 2).
//!
//! Topics are headings that name a part of a page: `Press releases`, but no months and days. Those of *all* sightings
//! count, not only those of the newest capture: an item that moves from "Latest" to "Archive" rolls off the first list
//! silently, and silence takes no item out of a feed (law 5). Topics with the same fold are one, spelled as in the
//! newest capture.
//!
//! A rule of the operator's adds its name to the items that its patterns fit. It also takes topics over: a topic that a
//! rule names is replaced by the rule's name, or by nothing where the rule excludes the item. Every other topic is a
//! category under its own name, unless it counts something (`Visitors today: 732`): such a line is a new topic in each
//! capture.

use std::collections::BTreeMap;

use super::identify::fold;
use super::item::{SourceNo, Text};
use super::words::Words;

/// A category that the operator defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// As feeds show it.
    pub name: Text,
    /// The folds of the topics that it takes over, its own name's among them.
    pub topics: Vec<String>,
    /// It is for the items that one of these sources sights; `None` for all items.
    pub sources: Option<Vec<SourceNo>>,
    /// What they include is in the category. What they exclude is not, whatever its topic.
    pub words: Words,
}

/// The item to be filed: what its categories follow from, besides its topics.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The title that is shown.
    pub title: &'a Text,
    /// The summary that is shown.
    pub summary: Option<&'a Text>,
    /// The sources that sight it.
    pub sources: &'a [SourceNo],
}

/// The categories of an item, each once, in the order of their folds. `topics` are by their folds.
#[must_use]
pub fn categories(item: Subject<'_>, mut topics: BTreeMap<String, Text>, rules: &[Rule]) -> Vec<Text> {
    let mut categories: BTreeMap<String, Text> = BTreeMap::new();
    let mut taken = Vec::new();
    for rule in rules {
        if rule.sources.as_ref().is_some_and(|sources| !item.sources.iter().any(|source| sources.contains(source))) {
            continue;
        }
        let named = rule.topics.iter().filter(|topic| topics.contains_key(*topic));
        let before = taken.len();
        taken.extend(named.cloned());
        let holds = match taken.len() > before {
            true => !rule.words.excludes(item.title, item.summary),
            false => !rule.words.include.is_empty() && rule.words.passes(item.title, item.summary),
        };
        if holds {
            categories.insert(fold(rule.name.as_str()), rule.name.clone());
        }
    }
    // Topics that a rule names go after this, because they may be values of the same counter.
    leave_out_counters(&mut topics);
    topics.retain(|topic, _| !taken.contains(topic));
    for (topic, name) in topics {
        categories.entry(topic).or_insert(name);
    }
    categories.into_values().collect()
}

/// So many topics that differ only in their figures are values of a counter. Two may be the issues of a paper between
/// which an item moved.
const VALUES: usize = 3;

/// Leaves out topics that count something: each capture would bring the item another category, and the feed new bytes.
fn leave_out_counters(topics: &mut BTreeMap<String, Text>) {
    if topics.len() < VALUES {
        return;
    }
    let mut values: BTreeMap<String, usize> = BTreeMap::new();
    for topic in topics.keys() {
        *values.entry(without_figures(topic)).or_default() += 1;
    }
    topics.retain(|topic, _| values.get(&without_figures(topic)).is_none_or(|count| *count < VALUES));
}

/// The folded `topic` with a nought for each run of figures.
fn without_figures(topic: &str) -> String {
    let mut shape = String::with_capacity(topic.len());
    for c in topic.chars() {
        match c.is_numeric() {
            false => shape.push(c),
            true if shape.ends_with('0') => {}
            true => shape.push('0'),
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::super::words::Pattern;
    use super::*;

    fn text(raw: &str) -> Text {
        Text::new(raw).unwrap()
    }

    fn rule(name: &str, topics: &[&str], include: &[&str], exclude: &[&str]) -> Rule {
        let patterns = |all: &[&str]| all.iter().map(|one| Pattern::new(one).unwrap()).collect();
        Rule {
            name: text(name),
            topics: [name].iter().chain(topics).map(|topic| fold(topic)).collect(),
            sources: None,
            words: Words { include: patterns(include), exclude: patterns(exclude), ..Words::default() },
        }
    }

    fn of(title: &str, topics: &[&str], rules: &[Rule]) -> Vec<String> {
        let title = text(title);
        let topics = topics.iter().map(|topic| (fold(topic), text(topic))).collect();
        let subject = Subject { title: &title, summary: None, sources: &[SourceNo(1)] };
        categories(subject, topics, rules).into_iter().map(String::from).collect()
    }

    #[test]
    fn a_topic_is_a_category_and_a_rule_finds_more() {
        let rules = [rule("Fish", &[], &["trout", "pike"], &["recipe"])];
        assert_eq!(of("A pike returns", &["Press releases"], &rules), ["Fish", "Press releases"]);
        assert_eq!(of("A recipe for pike", &["Press releases"], &rules), ["Press releases"]);
        assert_eq!(of("A calm day", &[], &rules), [""; 0]);
    }

    #[test]
    fn a_rule_takes_topics_over_and_decides_on_them() {
        let rules = [rule("Press", &["Press releases", "Pressemitteilungen"], &[], &["^Correction"])];
        assert_eq!(of("A pike returns", &["PRESS RELEASES", "Latest"], &rules), ["Latest", "Press"]);
        assert_eq!(of("A pike returns", &["press"], &rules), ["Press"]);
        assert_eq!(of("Correction: no pike", &["Press releases"], &rules), [""; 0]);
    }

    #[test]
    fn headings_that_differ_in_their_figures_alone_count_something() {
        let visitors = ["Visitors today: 7", "Visitors today: 12", "Visitors today: 1,204"];
        let all = |topics: &[&'static str]| [topics, &["Press releases"]].concat();
        assert_eq!(of("A calm day", &all(&visitors), &[]), ["Press releases"]);
        assert_eq!(of("A calm day", &all(&["Issue 7", "Issue 8"]), &[]), ["Issue 7", "Issue 8", "Press releases"]);
        // What a rule names is meant.
        let rules = [rule("Busy", &["Visitors today: 1,204"], &[], &[])];
        assert_eq!(of("A calm day", &all(&visitors), &rules), ["Busy", "Press releases"]);
    }

    #[test]
    fn a_rule_for_other_sources_says_nothing() {
        let mut rule = rule("Press", &["Press releases"], &["pike"], &[]);
        rule.sources = Some(vec![SourceNo(2)]);
        assert_eq!(of("A pike returns", &["Press releases"], &[rule]), ["Press releases"]);
    }
}
