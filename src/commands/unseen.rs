//! What `check` says of stored items that no subscriber sees, or not on the day that their page prints, and of feeds
//! that nothing comes into. Nothing is wrong with the store then; but nobody else would tell.

use std::collections::BTreeMap;

use super::check::Finding;
use super::*;
use crate::mill::decisions::Decisions;
use crate::mill::feed;
use crate::mill::item::{DateBasis, SourceNo};
use crate::report::Count;
use crate::store::KnownSource;

/// What tells which number of a date is the day.
pub(super) const ORDER: &str = "say which number is the day: `date_order` in the source";

/// What is to be said of the items of one source.
#[derive(Default)]
struct Unseen {
    /// Those that print a date which may be two days, by whether they are published, and one such date.
    doubtful: BTreeMap<bool, (usize, String)>,
    /// Those that nothing dates, and are in no feed.
    undated: usize,
}

/// Whether a date consists of three numbers, the year last, of which either of the others may be the day.
pub(super) fn may_be_two_days(raw: &str) -> bool {
    let numbers: Vec<&str> = raw.trim().split(['/', '.', '-', ' ']).filter(|part| !part.is_empty()).collect();
    let [first, second, year] = numbers.as_slice() else { return false };
    let month = |text: &str| text.parse::<u8>().ok().filter(|number| (1..=12).contains(number));
    let is_year = matches!(year.len(), 2 | 4) && year.bytes().all(|byte| byte.is_ascii_digit());
    is_year && month(first).zip(month(second)).is_some_and(|(first, second)| first != second)
}

/// Adds what there is to say to the findings of `check`; `names` are the sources that the store knows.
pub(super) fn tell(
    config: &Config,
    store: &Sqlite,
    names: &[KnownSource],
    decisions: &Decisions,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let mut of_sources: BTreeMap<SourceNo, Unseen> = BTreeMap::new();
    let number = |source: &config::Source| names.iter().find(|known| known.name == source.name).map(|known| known.no);
    let numbers = |feed: &config::Feed| -> Vec<SourceNo> {
        feed.sources.iter().filter_map(|index| config.sources.get(*index)).filter_map(number).collect()
    };
    let mut feeds: Vec<_> = config.feeds.iter().map(|feed| (feed, numbers(feed), 0, 0)).collect();
    let terms = store.stored_terms(decisions)?;
    store.items(&terms, &mut |item, _| {
        if decisions.is_retracted(item.id) {
            return;
        }
        for (feed, sources, listed, shown) in &mut feeds {
            let is_dated = item.published.is_some();
            *listed += usize::from(is_dated && item.sources.iter().any(|no| sources.contains(no)));
            *shown += usize::from(feed::belongs(sources, &feed.choice, &item));
        }
        let Some(no) = item.sources.first() else { return };
        let unseen = of_sources.entry(*no).or_default();
        let raw = item.date_raw.as_ref().filter(|raw| may_be_two_days(raw.as_str()));
        match (item.basis, raw) {
            (DateBasis::Captured | DateBasis::None, Some(raw)) => {
                let is_published = item.published.is_some();
                unseen.doubtful.entry(is_published).or_insert_with(|| (0, raw.to_string())).0 += 1;
            }
            _ => unseen.undated += usize::from(item.published.is_none()),
        }
    })?;
    let mut find = |what, help: &'static str| findings.push(Finding { what, help: help.into(), wrong: false });
    for source in &config.sources {
        let Some(Unseen { doubtful, undated }) = number(source).and_then(|no| of_sources.get(&no)) else { continue };
        for (is_published, (count, raw)) in doubtful {
            let so = if *is_published { "published under the day of the capture" } else { "in no feed" };
            let items = Count(*count, "item");
            find(format!("source {:?}: the date of {items} may be two days ({raw}): {so}", source.name), ORDER);
        }
        if *undated > 0 {
            find(
                format!("source {:?}: {} without a date, which no feed shows", source.name, Count(*undated, "item")),
                "put the day into the file names, or let `undated = \"first-seen\"` in the source date them",
            );
        }
    }
    for (feed, _, listed, _) in feeds.iter().filter(|(.., listed, shown)| *listed > 0 && *shown == 0) {
        find(
            format!(
                "feed {:?}: it is empty, for none of the {} of its sources fits",
                feed.name,
                Count(*listed, "item")
            ),
            "look at what it asks for: categories, languages, days, words",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_figures_of_which_either_may_be_the_day_are_in_doubt() {
        for raw in ["04/07/2020", "4.7.20", "04-07-2020"] {
            assert!(may_be_two_days(raw), "{raw}");
        }
        for raw in ["14/07/2020", "7/7/2020", "2020-04-07", "4 July 2020", "04/2020", "0/7/2020", "June 2020", ""] {
            assert!(!may_be_two_days(raw), "{raw}");
        }
    }
}
