//! For how long feeds show their items.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, NaiveTime, Utc};

use crate::mill::item::{Item, SourceNo};

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

    /// Sets to work on the items of a feed of these sources. `newest` gives the newest capture of some sources: of
    /// those whose time is stated if there are any, for on a page of coming events the newest date listed is in the
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
            bounds.insert(*source, keep.map_or(Ok(Bound::default()), |(_, keep)| bound(keep, &[*source]))?);
        }
        let feed = self.feed.as_ref().map_or(Ok(Bound::default()), |keep| bound(keep, sources))?;
        Ok(Retained { feed, sources: bounds })
    }
}

/// A [`Keep`] at work. The default lets everything pass.
#[derive(Default)]
struct Bound {
    /// The first moment that passes; `None`: all do.
    since: Option<DateTime<Utc>>,
    /// How many more pass in any case.
    left: usize,
}

impl Bound {
    fn pass(&mut self, published: DateTime<Utc>) -> bool {
        let any = self.left > 0;
        self.left = self.left.saturating_sub(1);
        any || self.since.is_none_or(|since| since <= published)
    }
}

/// A [`Retention`] at work: it counts the items that it is asked about.
pub struct Retained {
    feed: Bound,
    sources: BTreeMap<SourceNo, Bound>,
}

impl Retained {
    /// Whether the feed still shows the item. To be asked of all its items, in the order of
    /// [`newest_first`](super::newest_first).
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

    /// Whether it keeps no further item that was published at that time or earlier.
    #[must_use]
    pub fn is_over(&self, published: DateTime<Utc>) -> bool {
        let over = |bound: &Bound| bound.left == 0 && bound.since.is_some_and(|since| published < since);
        over(&self.feed) || self.sources.values().all(over)
    }
}
