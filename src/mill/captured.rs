//! When a content was captured, as far as the names of files tell.
//!
//! The time of capture follows from the first of three rules that gives one. Rule (1) is the operator's pattern. Rule
//! (2) is a date in the file's name, or else in the name of the nearest folder that has one. Rule (3), the newest date
//! that the file itself lists, needs the reading and lives in [`history`](crate::mill::history). A file's mtime is no
//! witness, for copying, checking out and unpacking change it. All times are UTC.

use chrono::{Datelike, NaiveDate, NaiveTime};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::mill::item::Moment;

/// The years of captures. Eight digits that begin with any other are a number and no day.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2199;

/// A pattern is tried at every place for every star, so there can only be a few.
const MAX_STARS: usize = 3;

/// The time of capture that the path of a file states, by `pattern` (rule 1) or by its own form (rule 2).
///
/// `below` is the path below the fixed part of the glob, folders separated by `/`, the file's name last.
#[must_use]
pub fn captured(pattern: Option<&CapturedPattern>, below: &str) -> Option<Moment> {
    let name = below.rsplit('/').next().unwrap_or(below);
    pattern.and_then(|pattern| pattern.read(name)).or_else(|| captured_from_name(below))
}

/// The time of capture that names state by themselves (rule 2).
///
/// Looks for `YYYY-MM-DD`, `YYYY_MM_DD` or `YYYYMMDD`. A time may follow (`HHMM`, `HHMMSS`, `HH-MM`, `HH-MM-SS`, also
/// with `:` or `_`), after `T`, `-`, `_` or a blank, or without a gap as in `20210208101500`. With an offset from UTC
/// behind it (`+0300`, and behind a `T` also `-0300`) a time states the day alone. No letter or digit may touch the
/// whole, so that no part of a hash, UUID or epoch number matches. The file's name comes first, then its folders from
/// the nearest up. Within a name the first match counts.
#[must_use]
pub fn captured_from_name(below: &str) -> Option<Moment> {
    below.rsplit('/').find_map(moment_in)
}

fn moment_in(name: &str) -> Option<Moment> {
    let bytes = name.as_bytes();
    let mut at = 0;
    let mut previous: Option<char> = None;
    while let Some(c) = name.get(at..).and_then(|rest| rest.chars().next()) {
        if !previous.is_some_and(char::is_alphanumeric) && c.is_ascii_hexdigit() {
            if let Some(end) = uuid_at(bytes, at) {
                previous = Some('0');
                at = end;
                continue;
            }
            if let Some(moment) = moment_at(name, at) {
                return Some(moment);
            }
        }
        previous = Some(c);
        at += c.len_utf8();
    }
    None
}

/// The end of the UUID that starts at `at`, if there is one: its groups of digits can look like days and times.
fn uuid_at(bytes: &[u8], at: usize) -> Option<usize> {
    let end = at + Hyphenated::LENGTH;
    let is_uuid = Uuid::try_parse_ascii(bytes.get(at..end)?).is_ok();
    let is_bounded = !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    (is_uuid && is_bounded).then_some(end)
}

fn moment_at(name: &str, at: usize) -> Option<Moment> {
    let (day, end) = day_at(name.as_bytes(), at)?;
    match time_after(name, end, end == at + 8) {
        Some(Time::Utc(time)) => Some(Moment::Instant(day.and_time(time).and_utc())),
        Some(Time::Elsewhere) => Some(Moment::Day(day)),
        None => ends_at(name, end).then_some(Moment::Day(day)),
    }
}

/// The day written at `at`, and where it ends.
fn day_at(bytes: &[u8], at: usize) -> Option<(NaiveDate, usize)> {
    let year = number(bytes, at, 4)?;
    let (month_at, day_at, end) = match bytes.get(at + 4)? {
        separator @ (b'-' | b'_') if bytes.get(at + 7) == Some(separator) => (at + 5, at + 8, at + 10),
        b'0'..=b'9' => (at + 4, at + 6, at + 8),
        _ => return None,
    };
    Some((day_of(year, number(bytes, month_at, 2)?, number(bytes, day_at, 2)?)?, end))
}

enum Time {
    Utc(NaiveTime),
    /// An offset from UTC follows. Read as UTC the instant would be wrong by hours, so only the day counts.
    Elsewhere,
}

/// The time of day that follows a date ending at `end`; `compact` when the date is written without separators.
fn time_after(name: &str, end: usize, compact: bool) -> Option<Time> {
    let bytes = name.as_bytes();
    let at = match bytes.get(end)? {
        b'T' | b't' | b'-' | b'_' | b' ' => end + 1,
        b'0'..=b'9' if compact => end,
        _ => return None,
    };
    // `2021-02-08-2022-01-01` is two days, not 20:22.
    if day_at(bytes, at).is_some() {
        return None;
    }
    let hour = number(bytes, at, 2)?;
    let minute_at = match bytes.get(at + 2)? {
        b'-' | b':' | b'_' if at > end => at + 3,
        _ => at + 2,
    };
    let minute = number(bytes, minute_at, 2)?;
    let mut close = minute_at + 2;
    let mut second = 0;
    // The seconds are separated as the minutes are, or not at all.
    let second_at = if minute_at == at + 3 { close + 1 } else { close };
    let separated = minute_at == at + 2 || bytes.get(close) == bytes.get(at + 2);
    if separated
        && let Some(found) = number(bytes, second_at, 2)
        && !bytes.get(second_at + 2).is_some_and(u8::is_ascii_digit)
    {
        second = found;
        close = second_at + 2;
    }
    if matches!(bytes.get(close), Some(b'Z' | b'z')) {
        close += 1;
    }
    if !ends_at(name, close) {
        return None;
    }
    let time = NaiveTime::from_hms_opt(hour, minute, second)?;
    let is_east = bytes.get(close) == Some(&b'+') && bytes.get(close + 1).is_some_and(u8::is_ascii_digit);
    let is_iso = matches!(bytes.get(end), Some(b'T' | b't'));
    let elsewhere = is_east || is_iso && is_west(name, close);
    Some(if elsewhere { Time::Elsewhere } else { Time::Utc(time) })
}

/// Whether an offset west of UTC stands at `at`: `-0300` or `-03:30`. A number of four digits that only follows a time
/// is hardly ever one.
fn is_west(name: &str, at: usize) -> bool {
    let bytes = name.as_bytes();
    let minute_at = if bytes.get(at + 3) == Some(&b':') { at + 4 } else { at + 3 };
    bytes.get(at) == Some(&b'-')
        && number(bytes, at + 1, 2).is_some_and(|hours| hours <= 12)
        && matches!(number(bytes, minute_at, 2), Some(0 | 15 | 30 | 45))
        && ends_at(name, minute_at + 2)
}

fn ends_at(name: &str, end: usize) -> bool {
    !name.get(end..).and_then(|rest| rest.chars().next()).is_some_and(char::is_alphanumeric)
}

fn number(bytes: &[u8], at: usize, digits: usize) -> Option<u32> {
    bytes.get(at..at + digits)?.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

fn day_of(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    YEARS.contains(&day.year()).then_some(day)
}

/// The operator's own form of file names that state the time of capture (rule 1): `news-%Y%m%d-%H%M.txt`.
///
/// `%Y` (four digits), `%m`, `%d`, `%H`, `%M` and `%S` (two digits each) stand for the parts of the time, in UTC, `%%`
/// for a percent sign, `*` for any run of characters, anything else for itself. The whole name of the file has to
/// match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedPattern {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Literal(char),
    Any,
    /// A part of the time, by its place in [`FIELDS`].
    Field(usize),
}

/// The parts of a time, from the largest to the smallest: the letter of each in a pattern, and how many digits it has.
const FIELDS: [(char, usize); 6] = [('Y', 4), ('m', 2), ('d', 2), ('H', 2), ('M', 2), ('S', 2)];

/// What a name says of each of them.
type Parts = [Option<u32>; FIELDS.len()];

impl CapturedPattern {
    /// Reads a pattern as the operator writes it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in the words of the config: an unknown `%` field, a field twice, no complete day, a
    /// minute without an hour, a folder.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            let piece = match c {
                '/' => return Err("the pattern is matched against the name of the file, without its folders".into()),
                '*' => Piece::Any,
                '%' => match chars.next() {
                    Some('%') => Piece::Literal('%'),
                    Some(letter) => {
                        let field = FIELDS.iter().position(|(known, _)| *known == letter);
                        Piece::Field(field.ok_or_else(|| {
                            format!("`%{letter}` is not one of `%Y`, `%m`, `%d`, `%H`, `%M`, `%S` and `%%`")
                        })?)
                    }
                    None => return Err("a `%` at the end stands for nothing; a percent sign is `%%`".into()),
                },
                c => Piece::Literal(c),
            };
            if matches!(piece, Piece::Field(_)) && pieces.contains(&piece) {
                return Err("each part of the time can stand in the pattern only once".into());
            }
            if pieces.last() != Some(&Piece::Any) || piece != Piece::Any {
                pieces.push(piece);
            }
        }
        let [year, month, day, hour, minute, second] =
            std::array::from_fn(|field| pieces.contains(&Piece::Field(field)));
        if !(year && month && day) {
            return Err("the pattern has to hold a whole day: `%Y`, `%m` and `%d`".into());
        }
        if minute && !hour || second && !minute {
            return Err("minutes need hours, and seconds need minutes".into());
        }
        if pieces.iter().filter(|piece| **piece == Piece::Any).count() > MAX_STARS {
            return Err(format!("the pattern can hold {MAX_STARS} `*` at most"));
        }
        Ok(Self { pieces })
    }

    /// The time that `name`, a file's name without folders, states; `None` when it does not match or no such time
    /// exists.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<Moment> {
        read(&self.pieces, name, Parts::default())
    }
}

fn read(pieces: &[Piece], name: &str, mut parts: Parts) -> Option<Moment> {
    let Some((piece, pieces)) = pieces.split_first() else {
        return if name.is_empty() { moment_of(parts) } else { None };
    };
    match *piece {
        Piece::Literal(c) => read(pieces, name.strip_prefix(c)?, parts),
        Piece::Any => {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.filter_map(|at| name.get(at..)).find_map(|rest| read(pieces, rest, parts))
        }
        Piece::Field(field) => {
            let (_, digits) = *FIELDS.get(field)?;
            *parts.get_mut(field)? = Some(number(name.as_bytes(), 0, digits)?);
            read(pieces, name.get(digits..)?, parts)
        }
    }
}

fn moment_of([year, month, day, hour, minute, second]: Parts) -> Option<Moment> {
    let day = day_of(year?, month?, day?)?;
    let Some(hour) = hour else { return Some(Moment::Day(day)) };
    let time = NaiveTime::from_hms_opt(hour, minute.unwrap_or(0), second.unwrap_or(0))?;
    Some(Moment::Instant(day.and_time(time).and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(moment: Option<Moment>) -> String {
        match moment {
            Some(Moment::Day(day)) => day.to_string(),
            Some(Moment::Instant(instant)) => instant.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            None => "-".into(),
        }
    }

    #[test]
    fn names_state_a_day_or_an_instant_or_nothing() {
        for (below, expected) in [
            ("2021-02-08.txt", "2021-02-08"),
            ("2021_02_08.txt", "2021-02-08"),
            ("20210208.txt", "2021-02-08"),
            ("news-20210208.txt", "2021-02-08"),
            ("новости 2021-02-08.txt", "2021-02-08"),
            ("news.20210208", "2021-02-08"),
            ("(2021-02-08).md", "2021-02-08"),
            // with a time
            ("20210208-1015.txt", "2021-02-08T10:15:00Z"),
            ("20210208T101530Z.txt", "2021-02-08T10:15:30Z"),
            ("2021-02-08T10:15:30.txt", "2021-02-08T10:15:30Z"),
            ("2021-02-08_10-15.txt", "2021-02-08T10:15:00Z"),
            ("2021-02-08-10-15-30-page1.txt", "2021-02-08T10:15:30Z"),
            ("2021_02_08_10_15_30.txt", "2021-02-08T10:15:30Z"),
            ("2021-02-08 2359.txt", "2021-02-08T23:59:00Z"),
            ("20210208101530.txt", "2021-02-08T10:15:30Z"),
            ("202102081015.txt", "2021-02-08T10:15:00Z"),
            ("2021-02-08T101530.123456.txt", "2021-02-08T10:15:30Z"),
            // with an offset from UTC: the day is what remains
            ("2021-02-08T1015+0300.txt", "2021-02-08"),
            ("20210208T101530-0300.txt", "2021-02-08"),
            ("2021-02-08T10:15:30-03:30.txt", "2021-02-08"),
            ("2021-02-08T1015-0001.txt", "2021-02-08T10:15:00Z"),
            ("2021-02-08T1015-2300.txt", "2021-02-08T10:15:00Z"),
            ("2021-02-08T1015-0300a.txt", "2021-02-08T10:15:00Z"),
            ("2021-02-08-1015-0300.txt", "2021-02-08T10:15:00Z"),
            // what follows is no time
            ("2021-02-08-9999.txt", "2021-02-08"),
            ("2021-02-08-12.txt", "2021-02-08"),
            ("2021-02-08-1234567.txt", "2021-02-08"),
            ("2021-02-08-2400.txt", "2021-02-08"),
            ("20210208-12345.txt", "2021-02-08"),
            ("2021-02-08T10:15:00+0300.txt", "2021-02-08"),
            ("2021-02-08-10-15-3.txt", "2021-02-08T10:15:00Z"),
            // hashes, epochs, numbers
            ("a20210208.txt", "-"),
            ("20210208t12x9.txt", "-"),
            ("20210208a.txt", "-"),
            ("ж20210208.txt", "-"),
            ("1612779300.txt", "-"),
            ("1612779300123.txt", "-"),
            ("120210208.txt", "-"),
            ("202102081.txt", "-"),
            ("20210208-1015-4abc-8def-0123456789ab.txt", "-"),
            ("550e8400-e29b-41d4-a716-202102081015.txt", "-"),
            ("d41d8cd98f00b204e9800998ecf8427e-20210208.txt", "2021-02-08"),
            ("2021-02-31.txt", "-"),
            ("2021-13-01.txt", "-"),
            ("19890101.txt", "-"),
            ("19900101.txt", "1990-01-01"),
            ("21991231.txt", "2199-12-31"),
            ("22000101.txt", "-"),
            ("2021-02_08.txt", "-"),
            ("2021.02.08.txt", "-"),
            ("2021-2-8.txt", "-"),
            ("20210208", "2021-02-08"),
            ("", "-"),
            // the first match; the file's name before its folders; the nearest folder first
            ("2021-02-08-2022-01-01.txt", "2021-02-08"),
            ("99999999-2021-02-08.txt", "2021-02-08"),
            ("2020-01-01/2021-02-08.txt", "2021-02-08"),
            ("2020-01-01/2020-05-05/news.txt", "2020-05-05"),
            ("2020-01-01/deep/news.txt", "2020-01-01"),
            ("2020-01-01T0930/news.txt", "2020-01-01T09:30:00Z"),
        ] {
            assert_eq!(told(captured_from_name(below)), expected, "{below}");
        }
    }

    #[test]
    fn the_operators_pattern_matches_the_whole_name() {
        for (pattern, below, expected) in [
            ("news-%Y%m%d-%H%M.txt", "news-20210208-1015.txt", "2021-02-08T10:15:00Z"),
            ("news-%Y%m%d-%H%M.txt", "2019-01-01/news-20210208-1015.txt", "2021-02-08T10:15:00Z"),
            ("%d.%m.%Y.txt", "08.02.2021.txt", "2021-02-08"),
            ("%d%m%Y%H.txt", "0802202110.txt", "2021-02-08T10:00:00Z"),
            ("*-%Y.%m.%d*", "page 3-2021.02.08 новости.txt", "2021-02-08"),
            ("100%% %Y-%m-%d", "100% 2021-02-08", "2021-02-08"),
            // no match: rule 2 answers
            ("news-%Y%m%d.txt", "old-20210208.txt", "2021-02-08"),
            ("news-%d%m%Y.txt", "news-31022021.txt", "-"),
            ("%d.%m.%Y.txt", "08.02.2021.txt.gz", "-"),
            ("%d.%m.%Y.txt", "08.02.1021.txt", "-"),
        ] {
            let compiled = CapturedPattern::parse(pattern).expect(pattern);
            assert_eq!(told(captured(Some(&compiled), below)), expected, "{pattern} against {below}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_name_a_day_is_refused() {
        for (pattern, part) in [
            ("news.txt", "a whole day"),
            ("%Y-%m.txt", "a whole day"),
            ("%Y%m%d%M", "minutes need hours"),
            ("%Y%m%d%H%S", "seconds need minutes"),
            ("%Y%m%d%Y", "only once"),
            ("%Y%m%d%j", "`%j` is not one of"),
            ("%Y%m%d%", "`%%`"),
            ("%Y/%m%d", "without its folders"),
            ("*%Y*%m*%d*", "3 `*` at most"),
        ] {
            let message = CapturedPattern::parse(pattern).expect_err(pattern);
            assert!(message.contains(part), "{pattern}: {message}");
        }
    }
}
