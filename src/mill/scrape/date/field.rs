//! A date that a field holds: what programs write rather than pages print.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};

use super::clock::Clock;
use super::{Point, Printed, stated, whole};
use crate::mill::scrape::language::Lexicon;

/// Reads `text`, a field of its own, as a date: whatever [`whole`] reads (which has ISO 8601, RFC 3339 and RFC 822 in
/// it), `20200615`, `20200615T143000Z`, seconds or milliseconds since 1970, and what programs print of a day when
/// nobody says how.
pub(crate) fn field<'t>(text: &'t str, lexicon: &Lexicon) -> Option<Printed<'t>> {
    let text = text.trim();
    whole(text, lexicon)
        .or_else(|| compact(text))
        .or_else(|| since_1970(text))
        .or_else(|| year_last(text))
        .or_else(|| zone_named(text))
        .or_else(|| wrapped(text))
}

fn printed(raw: &str, day: NaiveDate, clock: Clock) -> Option<Printed<'_>> {
    let year = stated(u32::try_from(day.year()).ok()?);
    let start = Point { year, month: day.month(), day: day.day(), numeric: true, firm: true, ..Point::default() };
    Some(Printed::of(raw, start, None, clock))
}

/// `20200615`, `20200615T1430`, `20200615T143000Z`, `20200615143000`.
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
        // Two numbers more are an hour, or seconds since 1970.
        None if matches!(rest.len(), 4 | 6) => {
            Some(["%H%M%S", "%H%M"].iter().find_map(|form| NaiveTime::parse_from_str(rest, form).ok())?)
        }
        None => return None,
    };
    printed(text, day, Clock { time, offset: bare.map(|_| 0), bad: false })
}

/// Ten digits are seconds, thirteen milliseconds: from September 2001 on. Either may have a fraction.
fn since_1970(text: &str) -> Option<Printed<'_>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let seconds = match whole.len() {
        10 => number,
        13 => number / 1000,
        _ => return None,
    };
    let at = DateTime::from_timestamp(seconds, 0)?.naive_utc();
    let time = NaiveTime::from_hms_opt(at.hour(), at.minute(), at.second());
    printed(text, at.date(), Clock { time, offset: Some(0), bad: false })
}

/// `Mon Jun 15 14:30:05 IST 2020`, `Mon Jun 15 14:30:05 +0200 2020`, `Tue Jun  9 14:30:05 2020`: the year behind the
/// time, as Java, Ruby and C print it. They do so in English, whatever the language of the file.
fn year_last(text: &str) -> Option<Printed<'_>> {
    let mut words = text.split_ascii_whitespace();
    let [weekday, month, day, time] = [words.next()?, words.next()?, words.next()?, words.next()?];
    let behind = (words.next()?, words.next());
    let (zone, year) = behind.1.map_or(("", behind.0), |year| (behind.0, year));
    let is_whole = words.next().is_none() && time.contains(':') && year.len() == 4;
    let usual = is_whole.then(|| format!("{weekday}, {day} {month} {year} {time} {zone}"))?;
    in_english(&usual, text)
}

/// `Mon Jun 15 2020 14:30:05 GMT+0200 (Central European Summer Time)`, as JavaScript prints it. The name of the zone
/// says nothing more, in whatever language.
fn zone_named(text: &str) -> Option<Printed<'_>> {
    let (date, name) = text.split_once(" (")?;
    let is_name = name.ends_with(')') && date.contains(" GMT");
    is_name.then(|| in_english(date, text)).flatten()
}

/// `/Date(1592231405123)/`, as .NET writes it. An offset behind the number moves nothing.
fn wrapped(text: &str) -> Option<Printed<'_>> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let number = inner.split(['+', '-']).next()?;
    since_1970(number).map(|date| date.shown_as(text))
}

/// The date that `usual`, another form of `text`, is in English.
fn in_english<'t>(usual: &str, text: &'t str) -> Option<Printed<'t>> {
    let Printed { start, clock, .. } = whole(usual, Lexicon::of(None))?;
    Some(Printed::of(text, start, None, clock))
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
            // What the languages of programs print when nobody says how: Java, Ruby and Twitter, C, JavaScript, .NET.
            ("Mon Jun 15 14:30:05 IST 2020", "2020-06-15 14:30:05"),
            ("Mon Jun 15 14:30:05 +0200 2020", "2020-06-15 14:30:05 +120"),
            ("Tue Jun  9 14:30:05 2020", "2020-06-09 14:30:05"),
            ("Mon Jun 15 2020 14:30:05 GMT+0200 (Central European Summer Time)", "2020-06-15 14:30:05 +120"),
            ("Mon Jun 15 2020 14:30:05 GMT-0330 (Newfoundland (NL))", "2020-06-15 14:30:05 -210"),
            ("/Date(1592231405123)/", "2020-06-15 14:30:05 +0"),
            ("/Date(1592231405123+0200)/", "2020-06-15 14:30:05 +0"),
            ("1592231405.1475465", "2020-06-15 14:30:05 +0"),
            ("20200615143005", "2020-06-15 14:30:05"),
            ("202006151430", "2020-06-15 14:30:00"),
            ("Mon Jun 31 14:30:05 2020", "no day 14:30:05"),
            ("Mon Jun 15 14:30:05 +0200", "no day 14:30:05 +120"),
            ("15 days left until June 2020", "none"),
            ("/Date(15922314)/", "none"),
            ("1592231405.", "none"),
            ("159223140512.5", "none"),
            ("20200615243005", "none"),
            ("20201315", "none"),
            ("159223140", "none"),
            ("yesterday", "none"),
            ("", "none"),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }
}
