//! The pages that items stand on for life: one a month, and one for what has no day of its own.

use chrono::{Datelike, NaiveDate};

/// A month page. The order is that of time; what is undated comes before all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(u32);

/// What is counted before the months of the year 0.
const UNDATED: u32 = 0;
const LAST_YEAR: i32 = 9999;

impl Month {
    /// Where items stand that no scrape gives a day.
    pub const UNDATED: Self = Self(UNDATED);

    /// The month of `day`; years that four digits can't write are moved to the nearest that they can.
    #[must_use]
    pub fn of(day: Option<NaiveDate>) -> Self {
        let number = |day: NaiveDate| {
            let year = u32::try_from(day.year().clamp(0, LAST_YEAR)).unwrap_or_default();
            Self(1 + year * 12 + day.month0())
        };
        day.map_or(Self::UNDATED, number)
    }

    /// Its number, for a store: 0 is the undated page.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    /// The month that has this number; `None` for one after the year 9999.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        (number <= (LAST_YEAR as u32 + 1) * 12).then_some(Self(number))
    }

    /// The year; `None` of the undated page.
    #[must_use]
    pub fn year(self) -> Option<u32> {
        self.0.checked_sub(1).map(|months| months / 12)
    }

    /// Its first day, and that of the next month; `None` of the undated page.
    #[must_use]
    pub fn days(self) -> Option<(NaiveDate, NaiveDate)> {
        let first = |months: u32| NaiveDate::from_ymd_opt(i32::try_from(months / 12).ok()?, months % 12 + 1, 1);
        let months = self.0.checked_sub(1)?;
        Some((first(months)?, first(months + 1)?))
    }

    /// How many months there are from `earlier` to this one; `None` where one of them is undated.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<u32> {
        self.0.checked_sub(1)?.checked_sub(earlier.0.checked_sub(1)?)
    }

    /// The month that lies so many months before this one; the first there is where there are not so many, and the
    /// undated page of itself.
    #[must_use]
    pub fn back(self, months: u32) -> Self {
        if self == Self::UNDATED { self } else { Self(self.0.saturating_sub(months).max(1)) }
    }

    /// Its place below the folder of a feed, without an ending: `2020/06`, or `undated`.
    #[must_use]
    pub fn path(self) -> String {
        match self.0.checked_sub(1) {
            None => "undated".to_owned(),
            Some(months) => format!("{:04}/{:02}", months / 12, months % 12 + 1),
        }
    }

    /// Its name in English, without the year; `Undated` of the undated page.
    #[must_use]
    pub fn name(self) -> &'static str {
        let of_year = |months: u32| chrono::Month::try_from(u8::try_from(months % 12 + 1).ok()?).ok();
        self.0.checked_sub(1).and_then(of_year).map_or("Undated", |month| month.name())
    }
}

/// `June 2020`, or `Undated`.
impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())?;
        self.year().map_or(Ok(()), |year| write!(f, " {year}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_a_path_a_name_and_its_days() {
        let month = Month::of("2020-06-30".parse().ok());
        assert_eq!((month.path().as_str(), month.to_string().as_str()), ("2020/06", "June 2020"));
        let (first, next) = month.days().unwrap();
        assert_eq!((first.to_string().as_str(), next.to_string().as_str()), ("2020-06-01", "2020-07-01"));
        assert_eq!(Month::from_number(month.number()), Some(month));
        let december = Month::of("2020-12-01".parse().ok());
        assert_eq!(december.days().unwrap().1.to_string(), "2021-01-01");
        assert_eq!(december.since(month), Some(6));
        assert_eq!((december.back(6), month.back(u32::MAX).path().as_str()), (month, "0000/01"));
        assert_eq!(month.since(december), None);
    }

    #[test]
    fn the_undated_page_comes_before_all_months() {
        let undated = Month::of(None);
        assert_eq!((undated.path().as_str(), undated.to_string().as_str()), ("undated", "Undated"));
        assert_eq!((undated.days(), undated.year(), undated.since(undated)), (None, None, None));
        assert_eq!(undated.back(1), undated);
        assert!(undated < Month::of(NaiveDate::from_ymd_opt(-5, 1, 1)));
    }

    #[test]
    fn a_year_that_no_path_can_hold_is_moved() {
        assert_eq!(Month::of(Some(NaiveDate::MAX)).path(), "9999/12");
        assert_eq!(Month::of(Some(NaiveDate::MIN)).path(), "0000/01");
        assert_eq!(Month::from_number(Month::of(Some(NaiveDate::MAX)).number() + 1), None);
    }
}
