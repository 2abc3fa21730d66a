//! The day of an item, and when it was published (rules 3 and 5).

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::{Rules, Sighting, greatest};
use crate::mill::item::{Account, DateBasis, Key, Moment, SourceNo, Text};
use crate::mill::zone::Zone;

/// The date of an item, and where it is from. Of two on the same sightings the greater one counts, field by field.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dated<'a> {
    pub(super) day: Option<NaiveDate>,
    pub(super) end: Option<NaiveDate>,
    pub(super) time: Option<NaiveTime>,
    offset: Option<i32>,
    pub(super) raw: Option<&'a Text>,
    pub(super) basis: DateBasis,
}

impl<'a> Dated<'a> {
    /// As an account prints it; `None` where that has no day.
    pub(super) fn printed(account: &'a Account) -> Option<Self> {
        let Account { date: day, date_end: end, time, offset, date_raw, basis, .. } = account;
        let (end, time, offset, raw, basis) = (*end, *time, *offset, date_raw.as_ref(), *basis);
        day.is_some().then_some(Self { day: *day, end, time, offset, raw, basis })
    }

    /// Of an item of which no account prints a day (rule 5).
    pub(super) fn by_capture(
        id: Key,
        sightings: &[Sighting<'a>],
        first_captured: Option<Moment>,
        rules: &Rules,
    ) -> Self {
        let asks = |source: &SourceNo| rules.sources.get(source).is_some_and(|rule| rule.first_seen);
        let is_asked_for = sightings.iter().any(|sighting| asks(&sighting.source));
        let first_seen = rules.decisions.day_first_seen(id).filter(|_| is_asked_for);
        let (day, basis) = match (first_captured, first_seen) {
            (Some(moment), _) => (Some(moment.day()), DateBasis::Captured),
            (None, Some(day)) => (Some(day), DateBasis::FirstSeen),
            (None, None) => (None, DateBasis::None),
        };
        let raw = greatest(id, sightings, |account| account.date_raw.as_ref());
        Self { day, end: None, time: None, offset: None, raw, basis }
    }

    /// The moment that is printed (rule 3), or the stamp of the day where no time is, or none that exists.
    pub(super) fn instant(&self, id: Key, sightings: &[Sighting<'_>], rules: &Rules) -> Option<DateTime<Utc>> {
        let day = self.day?;
        let at = |time| match self.offset {
            Some(offset) => instant_at(day, time, offset),
            None => self.zone(id, sightings, rules).instant(day.and_time(time)),
        };
        Some(self.time.and_then(at).unwrap_or_else(|| id.stamp(day)))
    }

    /// The zone of the source that gives the date. Of two that do so at the same moment it is the one whose name comes
    /// first.
    fn zone(&self, id: Key, sightings: &[Sighting<'_>], rules: &Rules) -> Zone {
        let gives = |account: &Account| (account.date, account.time) == (self.day, self.time);
        let giver = sightings
            .iter()
            .filter(|sighting| gives(sighting.account))
            .filter_map(|sighting| Some((Reverse(sighting.recency(id)), rules.sources.get(&sighting.source)?)))
            .min_by_key(|(recency, source)| (*recency, source.name.as_str()));
        giver.map_or(Zone::UTC, |(_, source)| source.zone.clone())
    }
}

/// A local day and time, so many minutes east of UTC, in UTC.
fn instant_at(day: NaiveDate, time: NaiveTime, offset: i32) -> Option<DateTime<Utc>> {
    let east = chrono::TimeDelta::minutes(i64::from(offset));
    day.and_time(time).checked_sub_signed(east).map(|utc| utc.and_utc())
}
