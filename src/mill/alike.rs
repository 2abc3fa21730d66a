//! Items that may be one announcement under two ids.
//!
//! A title or a date that its page corrects makes another item, for they are what the id is made of; so does a capture
//! that lost a date, or the end of a title. What only looks alike may still be two announcements, so nothing is joined
//! here: the pairs are named to the operator, who can join them by an alias.
//!
//! Two items are a pair if no content lists both, and they are alike in one of the ways of [`Likeness`]. Not every item
//! is compared with every other: those are that stand beside each other in one of a few orders, so that a store of any
//! size is looked through in the time it takes to sort it.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

use super::identify::{self, Site};
use super::item::{DateBasis, Item, Key};

/// A page dates an item anew by a day or two, seldom by more.
const DAYS: u64 = 3;
/// In a fold shorter than this, a few letters make another title.
const TITLE: usize = 12;
/// The same for the texts of two items.
const SUMMARY: usize = 40;
/// So many letters may be mistaken in a title.
const MISTAKEN: usize = 3;
/// Of items that stand in order, each is compared with so many behind it.
const NEIGHBOURS: usize = 4;

/// An item, and where it was sighted.
#[derive(Debug, Clone)]
pub struct Known {
    /// As it is shown.
    pub item: Item,
    /// Where its pages are from.
    pub site: Site,
    /// The contents that list it, by any number that is theirs alone, in ascending order.
    pub contents: Vec<usize>,
    /// When the first of them was captured.
    pub since: Option<DateTime<Utc>>,
}

impl Known {
    /// When it was first seen; where nothing tells, last.
    fn age(&self) -> (bool, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Key) {
        let Known { since, item, .. } = self;
        (since.is_none(), *since, item.published, item.id)
    }
}

/// What two items have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The titles are the same, and one of them has no date.
    Undated,
    /// The titles are the same, and the dates a few days apart.
    OtherDay,
    /// Title and date are the same: twins by their texts, or one item under two addresses.
    OtherText,
    /// The date is the same, and one title is a part of the other, which has more before, behind or between its words.
    PartOfTitle,
    /// The date is the same, and the titles differ in a few letters.
    Spelling,
    /// The date is the same, and so is the text.
    SameText,
}

impl fmt::Display for Likeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Undated => "the titles are the same, and one has no date",
            Self::OtherDay => "the titles are the same, and the dates a few days apart",
            Self::OtherText => "title and date are the same",
            Self::PartOfTitle => "the dates are the same, and one title is a part of the other",
            Self::Spelling => "the dates are the same, and the titles differ in a few letters",
            Self::SameText => "the dates are the same, and so are the texts",
        })
    }
}

/// Two items that may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The one that came later.
    pub new: &'a Item,
    /// The one whose id it would go under.
    pub old: &'a Item,
    /// Why.
    pub likeness: Likeness,
}

/// An item in the forms that are compared.
struct Folded<'a> {
    known: &'a Known,
    title: String,
    /// The title from its end.
    backwards: String,
    summary: String,
    /// The day that a page gives it.
    day: Option<NaiveDate>,
}

/// Pairs by the ids of their later ones: that, the older one, and why.
type Noted<'a> = BTreeMap<Key, (&'a Known, &'a Known, Likeness)>;

/// The pairs among these items, by the ids of the later ones: each of them is named once.
#[must_use]
pub fn pairs(items: &[Known]) -> Vec<Pair<'_>> {
    let mut all: Vec<Folded<'_>> = items.iter().map(Folded::of).collect();
    let mut pairs = Noted::new();
    // Without a date the likeness of a title proves little: only the very same one counts.
    all.sort_by(|a, b| a.title_order().cmp(&b.title_order()));
    for same in all.chunk_by(|a, b| (a.known.site, &a.title) == (b.known.site, &b.title)) {
        let dated = same.partition_point(|one| one.day.is_none());
        match same.split_at_checked(dated) {
            // Of yearly items none is meant more than another.
            Some(([undated], [dated])) => note(&mut pairs, undated, dated, Some(Likeness::Undated)),
            Some((_, dated)) => beside(dated, &mut pairs, by_day),
            None => {}
        }
    }
    all.retain(|one| one.day.is_some());
    let orders: [fn(&Folded<'_>) -> String; 3] =
        [|one| one.title.clone(), |one| one.backwards.clone(), |one| one.summary.clone()];
    for order in orders {
        all.sort_by_cached_key(|one| (one.known.site, one.day, order(one), one.known.item.id));
        for same in all.chunk_by(|a, b| (a.known.site, a.day) == (b.known.site, b.day)) {
            beside(same, &mut pairs, by_words);
        }
    }
    pairs.into_values().map(|(new, old, likeness)| Pair { new: &new.item, old: &old.item, likeness }).collect()
}

/// How many announcements two sites list alike, under an id for each: title and printed day are the same.
#[must_use]
pub fn on_two_sites(items: &[Known]) -> BTreeMap<(Site, Site), usize> {
    let all = items.iter().map(Folded::of).filter(|one| one.day.is_some());
    let mut all: Vec<_> = all.map(|one| (one.title, one.day, one.known.site)).collect();
    all.sort_unstable();
    all.dedup();
    let mut counts = BTreeMap::new();
    for same in all.chunk_by(|a, b| (&a.0, a.1) == (&b.0, b.1)) {
        // Three sites make two pairs: enough to find them all.
        for pair in same.windows(2) {
            if let [(_, _, one), (_, _, other)] = pair {
                *counts.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    counts
}

/// Compares each with those right behind it.
fn beside<'a>(
    sorted: &[Folded<'a>],
    pairs: &mut Noted<'a>,
    like: impl Fn(&Folded<'_>, &Folded<'_>) -> Option<Likeness>,
) {
    for (at, one) in sorted.iter().enumerate() {
        for other in sorted.iter().skip(at + 1).take(NEIGHBOURS) {
            note(pairs, one, other, like(one, other));
        }
    }
}

/// Notes a pair that no content lists. Of two for one item the older one counts.
fn note<'a>(pairs: &mut Noted<'a>, one: &Folded<'a>, other: &Folded<'a>, likeness: Option<Likeness>) {
    let Some(likeness) = likeness.filter(|_| !one.stands_with(other)) else { return };
    let (one, other) = (one.known, other.known);
    let (old, new) = if one.age() <= other.age() { (one, other) } else { (other, one) };
    let noted = pairs.entry(new.item.id).or_insert((new, old, likeness));
    if old.age() < noted.1.age() {
        *noted = (new, old, likeness);
    }
}

fn by_day(one: &Folded<'_>, other: &Folded<'_>) -> Option<Likeness> {
    match one.day?.signed_duration_since(other.day?).num_days().unsigned_abs() {
        0 => Some(Likeness::OtherText),
        1..=DAYS => Some(Likeness::OtherDay),
        _ => None,
    }
}

fn by_words(one: &Folded<'_>, other: &Folded<'_>) -> Option<Likeness> {
    let is_long = |summary: &str| summary.chars().nth(SUMMARY).is_some();
    let of_titles = || titles(one, other);
    let of_texts = (one.summary == other.summary && is_long(&one.summary)).then_some(Likeness::SameText);
    if one.title == other.title { None } else { of_titles().or(of_texts) }
}

/// How two titles that differ are alike, if they are: what they begin and end with alike is set aside.
fn titles(first: &Folded<'_>, second: &Folded<'_>) -> Option<Likeness> {
    let [one, other]: [Vec<char>; 2] = [first, second].map(|folded| folded.title.chars().collect());
    let shorter = one.len().min(other.len());
    let before = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let behind = one.iter().rev().zip(other.iter().rev()).take(shorter - before).take_while(|(a, b)| a == b).count();
    let rest = |title: &[char]| title.get(before..title.len() - behind).unwrap_or_default().to_vec();
    let (less, more) = if one.len() <= other.len() { (rest(&one), rest(&other)) } else { (rest(&other), rest(&one)) };
    // Numbers tell one of a series from the next.
    let are_words = less.iter().chain(&more).any(|c| !c.is_numeric());
    if shorter < TITLE || !are_words {
        return None;
    }
    if less.is_empty() {
        let is_part = before == 0 || behind == 0 || has_words_between(first, second);
        let likeness = if is_part { Likeness::PartOfTitle } else { Likeness::Spelling };
        return (before == 0 || behind == 0 || more.len() * 2 <= shorter).then_some(likeness);
    }
    (more.len() <= MISTAKEN && !more.iter().chain(&less).any(|c| c.is_numeric())).then_some(Likeness::Spelling)
}

/// Whether what one title has more than the other, somewhere between, is whole words.
fn has_words_between(one: &Folded<'_>, other: &Folded<'_>) -> bool {
    let [one, other]: [Vec<String>; 2] = [one, other].map(|folded| {
        let words = folded.known.item.title.as_str().split_whitespace().map(identify::fold);
        words.collect()
    });
    let before = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let behind = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    before + behind >= one.len().min(other.len())
}

impl<'a> Folded<'a> {
    fn of(known: &'a Known) -> Self {
        let Item { title, summary, date, basis, .. } = &known.item;
        let title = identify::fold(title.as_str());
        let backwards = title.chars().rev().collect();
        let summary = summary.as_ref().map(|summary| identify::fold(summary.as_str())).unwrap_or_default();
        let is_printed = !matches!(basis, DateBasis::Captured | DateBasis::FirstSeen | DateBasis::None);
        Self { known, title, backwards, summary, day: date.filter(|_| is_printed) }
    }

    fn title_order(&self) -> (Site, &str, Option<NaiveDate>, Key) {
        (self.known.site, &self.title, self.day, self.known.item.id)
    }

    /// Whether some content lists both.
    fn stands_with(&self, other: &Self) -> bool {
        let (few, many) = (&self.known.contents, &other.known.contents);
        let (few, many) = if few.len() <= many.len() { (few, many) } else { (many, few) };
        few.iter().any(|content| many.binary_search(content).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::super::identify::tests::account_of;
    use super::super::item::{Text, tests::item_of};
    use super::*;

    fn known(title: &str, date: &str, summary: Option<&str>, contents: &[usize]) -> Known {
        let date = date.parse().ok();
        let site = Site::new("x");
        let id = site.twin_key(&account_of(title, None, None), &format!("{date:?}{contents:?}"));
        let basis = if date.is_some() { DateBasis::Own } else { DateBasis::None };
        let item = Item { basis, summary: summary.and_then(Text::new), ..item_of(id, title, date) };
        let since = contents.first().and_then(|content| DateTime::from_timestamp(*content as i64 * 86_400, 0));
        Known { item, site, contents: contents.to_vec(), since }
    }

    fn told(items: &[Known]) -> Vec<(String, String, Likeness)> {
        let said = |item: &Item| item.title.to_string();
        pairs(items).into_iter().map(|pair| (said(pair.new), said(pair.old), pair.likeness)).collect()
    }

    #[test]
    fn titles_and_dates_that_a_page_corrects_make_pairs() {
        const TEXT: &str = "The ferry to the far shore goes again from Monday on.";
        for (old, new, likeness) in [
            (("Ferry to Mosbsy resumes", "2021-03-02"), ("Ferry to Mossby resumes", "2021-03-02"), Likeness::Spelling),
            (
                ("Ferry to Mossby resumes", "2021-03-02"),
                ("UPDATE: Ferry to Mossby resumes", "2021-03-02"),
                Likeness::PartOfTitle,
            ),
            (
                ("Ferry to Mossby…", "2021-03-02"),
                ("Ferry to Mossby resumes at last", "2021-03-02"),
                Likeness::PartOfTitle,
            ),
            (
                ("Ferry to Mossby resumes", "2021-03-02"),
                ("Ferry to old Mossby resumes", "2021-03-02"),
                Likeness::PartOfTitle,
            ),
            (("Ferry to Mosby resumes", "2021-03-02"), ("Ferry to Mossby resumes", "2021-03-02"), Likeness::Spelling),
            (("Ferry to Mossby resumes", "2021-03-02"), ("Ferry to Mosby resumes", "2021-03-02"), Likeness::Spelling),
            (("Ferry to Mossby resumes", "2021-03-02"), ("Ferry to Mossby resumes", "2021-03-01"), Likeness::OtherDay),
            (("Ferry to Mossby resumes", "2021-03-02"), ("Ferry to Mossby resumes", ""), Likeness::Undated),
            (("Ferry to Mossby resumes", "2021-03-02"), ("The boats go again", "2021-03-02"), Likeness::SameText),
        ] {
            let of = |(title, date): (&str, &str), contents: &[usize]| known(title, date, Some(TEXT), contents);
            let pair = [of(new, &[3, 4]), of(old, &[1, 2])];
            assert_eq!(told(&pair), [(new.0.to_owned(), old.0.to_owned(), likeness)]);
            assert_eq!(told(&[of(new, &[2, 3]), of(old, &[1, 2])]), [], "a page lists both");
        }
    }

    #[test]
    fn of_two_that_a_third_may_be_the_one_that_was_seen_first_keeps_its_id() {
        // What a page dates later may have come to light earlier.
        let items = [
            known("Ferry to Mossby resumes", "2021-03-02", None, &[5]),
            known("Ferry to Mossby resumes", "2021-03-03", None, &[1]),
            known("Ferry to Mossby resumes", "2021-03-01", None, &[3]),
        ];
        let days: Vec<_> = pairs(&items).iter().map(|pair| [pair.new.date, pair.old.date]).collect();
        let day = |n| NaiveDate::from_ymd_opt(2021, 3, n);
        assert_eq!(days.len(), 2);
        assert!(days.contains(&[day(2), day(3)]) && days.contains(&[day(1), day(3)]), "{days:?}");
    }

    #[test]
    fn what_is_another_announcement_makes_none() {
        let other = |title: &str, date: &str, content| known(title, date, None, &[content]);
        for (one, two) in [
            (("Lake levels, week 12", "2021-03-02"), ("Lake levels, week 13", "2021-03-02")),
            (("Lake levels reported", "2021-03-02"), ("Lake levels reported 2", "2021-03-02")),
            (("Annual meeting of guilds", "2021-03-02"), ("Annual meeting of guilds", "2022-03-01")),
            (("Ferry to Mossby resumes", "2021-03-02"), ("Ferry to Mossby resumes now", "2021-03-03")),
            (("Statement", "2021-03-02"), ("Statements", "2021-03-02")),
            (("Ministers meet weavers in Dun", "2021-03-02"), ("Ministers meet fishers in Dun", "2021-03-02")),
        ] {
            assert_eq!(told(&[other(one.0, one.1, 1), other(two.0, two.1, 2)]), []);
        }
        let yearly = ["2021-03-02", "2022-03-01", ""].map(|date| other("Annual meeting of guilds", date, date.len()));
        assert_eq!(told(&yearly), []);
    }

    #[test]
    fn what_two_sites_list_alike_is_counted() {
        let on = |site, title, date| Known { site: Site::new(site), ..known(title, date, None, &[1]) };
        let [bridge, ferry] = ["New bridge", "Ferry in a new coat"];
        let items = [
            on("a", bridge, "2021-03-02"),
            on("b", "“New Bridge”", "2021-03-02"),
            on("b", ferry, "2021-03-02"),
            on("a", ferry, "2021-03-03"),
            on("a", "Undated", ""),
            on("b", "Undated", ""),
        ];
        assert_eq!(on_two_sites(&items).into_values().collect::<Vec<_>>(), [1]);
        assert_eq!(on_two_sites(&items[1..]).len(), 0);
    }

    #[test]
    fn a_crowd_of_one_day_is_looked_through_in_order() {
        let mut items: Vec<Known> = (0..3000)
            .map(|n| known(&format!("{n:04} boats left the harbour"), "2021-03-02", None, &[n + 10]))
            .collect();
        items.push(known("UPDATE: 1234 boats left the harbour", "2021-03-02", None, &[9000]));
        assert_eq!(told(&items).len(), 1);
    }
}
