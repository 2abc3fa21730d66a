//! A date that a field holds: what programs write rather than pages print.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};

use super::clock::Clock;
use super::{Point, Printed, stated, whole};
use crate::mill::scrape::language::Lexicon;

/// Reads `text`, a field of its own, as a date: whatever [`whole`] reads (which has ISO 8601, RFC 3339 and RFC 822 in
/// it), `20200615`, `20200615T143000Z`, and seconds or milliseconds since 1970.
pub(crate) fn field<'t>(text: &'t str, lexicon: &Lexicon) -> Option<Printed<'t>> {
    let text = text.trim();
    whole(text, lexicon).or_else(|| compact(text)).or_else(|| since_1970(text))
}

fn printed(raw: &str, day: NaiveDate, clock: Clock) -> Option<Printed<'_>> {
    let year = stated(u32::try_from(day.year()).ok()?);
    let start = Point { year, month: day.month(), day: day.day(), numeric: true, firm: true, ..Point::default() };
    Some(Printed::of(raw, start, None, clock))
}

/// `20200615`, `20200615T1430`, `20200615T143000Z`.
fn compact(text: &str) -> Option<Printed<'_>> {
    let (day, rest) = text.split_at_checked(8)?;
    if !day.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let day = NaiveDate::parse_from_str(day, "%Y%m%d").ok()?;
    let bare = rest.strip_suffix('Z');
    let time = match bare.unwrap_or(rest).strip_prefix(['T', ' ']) {
        Some(time) => Some(["%H%M%S", "%H%M"].iter().find_map(|form| NaiveTime::parse_from_str(time, form).ok())?),
        None if rest.is_empty() => None,
        None => return None,
    };
    printed(text, day, Clock { time, offset: bare.map(|_| 0), bad: false })
}

/// Ten digits are seconds, thirteen milliseconds: from September 2001 on.
fn since_1970(text: &str) -> Option<Printed<'_>> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let seconds = match text.len() {
        10 => number,
        13 => number / 1000,
        _ => return None,
    };
    let at = DateTime::from_timestamp(seconds, 0)?.naive_utc();
    let time = NaiveTime::from_hms_opt(at.hour(), at.minute(), at.second());
    printed(text, at.date(), Clock { time, offset: Some(0), bad: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::scrape::date::Settled;

    fn read(text: &str) -> String {
        let Some(printed) = field(text, Lexicon::of(None)) else { return "none".to_owned() };
        let date = printed.settle(Settled::default()).0;
        let day = date.day.map_or("no day".to_owned(), |day| day.to_string());
        let time = date.time.map_or(String::new(), |time| format!(" {time}"));
        day + &time + &date.offset.map_or(String::new(), |offset| format!(" {offset:+}"))
    }

    #[test]
    fn what_programs_write_is_read_with_its_zone() {
        for (text, wanted) in [
            ("2020-06-15", "2020-06-15"),
            (" 2020-06-15T14:30:05Z ", "2020-06-15 14:30:05 +0"),
            ("2020-06-15T14:30:05.123456+03:00", "2020-06-15 14:30:05 +180"),
            ("2020-06-15T14:30:05-0330", "2020-06-15 14:30:05 -210"),
            ("2020-06-15 14:30:05", "2020-06-15 14:30:05"),
            ("2020-06-15T14:30", "2020-06-15 14:30:00"),
            ("Mon, 15 Jun 2020 14:30:00 GMT", "2020-06-15 14:30:00 +0"),
            ("Mon, 15 Jun 2020 14:30:00 +0200", "2020-06-15 14:30:00 +120"),
            ("15 Jun 2020 14:30 EST", "2020-06-15 14:30:00 -300"),
            ("June 15, 2020", "2020-06-15"),
            ("20200615", "2020-06-15"),
            ("20200615T143005Z", "2020-06-15 14:30:05 +0"),
            ("1592231405", "2020-06-15 14:30:05 +0"),
            ("1592231405123", "2020-06-15 14:30:05 +0"),
            ("04/07/2020", "no day"),
            ("20201315", "none"),
            ("159223140", "none"),
            ("yesterday", "none"),
            ("", "none"),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }
}
