//! The vocabulary of the mill: what an announcement is made of, before and after it is settled.
//!
//! This room knows only [`month`](super::month). Its types carry their invariants, so that no later room has to check
//! them again: a [`Text`] is fit for XML, a [`Key`] is a name-based UUID, a [`Captured`] can be compared.

use std::borrow::Borrow;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use memchr::memchr2_iter;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::month::Month;

/// Text that any feed can carry: not empty, trimmed, without line breaks, only characters that XML 1.0 allows and no
/// control characters (U+0000–U+001F, U+007F–U+009F, noncharacters).
///
/// Runs of blanks *inside* a line are kept as they were written, as are hyphens left by line breaks and look-alike
/// letters: what is shown is what was printed. Comparison is the business of [`fold`](crate::mill::identify::fold).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(Arc<str>);

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A character that may not reach a feed: illegal in XML 1.0, a control character, or a noncharacter.
#[must_use]
pub fn is_forbidden(c: char) -> bool {
    let code = u32::from(c);
    matches!(code, 0x00..=0x1F | 0x7F..=0x9F | 0xFDD0..=0xFDEF) || code & 0xFFFE == 0xFFFE
}

/// Whether every character stands for itself.
///
/// Decoding is dear where a text is long and clean, so the bytes are asked. A line separator (U+2028, U+2029) is known
/// by its last byte: its first two are those of every quotation mark.
fn is_clean(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_separator = |at: usize| bytes.get(..at).is_some_and(|before| before.ends_with(&[0xE2, 0x80]));
    !memchr2_iter(0xA8, 0xA9, bytes).any(is_separator) && has_none::<false>(text)
}

/// Whether a text of many lines has no character that may not reach a feed, but for those that end its lines.
pub(super) fn are_clean_lines(text: &str) -> bool {
    has_none::<true>(text)
}

/// Whether a text has no forbidden character, but for line feeds where it may have `LINES`. Now and then it says no
/// where there is none.
///
/// A forbidden character can only begin with a byte that few chunks of a text hold, and a chunk is looked at as a
/// whole, many bytes at a time.
fn has_none<const LINES: bool>(text: &str) -> bool {
    const CHUNK: usize = 64;
    let bytes = text.as_bytes();
    let is_plain = |b: u8| b.wrapping_sub(0x20) < 0x5F || (LINES && b == b'\n');
    let may_begin_forbidden = |b: u8| (b < 0x20 && !(LINES && b == b'\n')) || matches!(b, 0x7F | 0xC2 | 0xEF..);
    let is_allowed = |at: usize| match bytes.get(at..) {
        Some([0xC2, second, ..]) => *second >= 0xA0,
        // Noncharacters are rare enough to let the slow way decide.
        Some([0xEF, second, ..]) => !matches!(*second, 0xB7 | 0xBF),
        Some([0xF0..=0xF4, _, third, ..]) => *third != 0xBF,
        _ => false,
    };
    bytes.chunks(CHUNK).zip((0..).step_by(CHUNK)).all(|(chunk, start)| {
        chunk.iter().fold(true, |all, b| all & is_plain(*b))
            || !chunk.iter().fold(false, |any, b| any | may_begin_forbidden(*b))
            || chunk.iter().zip(start..).all(|(b, at)| !may_begin_forbidden(*b) || is_allowed(at))
    })
}

impl Text {
    /// Makes a text of `raw`: line breaks and tabs become blanks, forbidden characters go, the ends are trimmed.
    /// `None` when nothing is left.
    #[must_use]
    pub fn new(raw: &str) -> Option<Self> {
        let trimmed = raw.trim();
        // Scrapes are nearly always clean, and this runs for every field of every item: one look, one copy.
        if !trimmed.is_empty() && is_clean(trimmed) {
            return Some(Self(trimmed.into()));
        }
        let mut clean = String::with_capacity(trimmed.len());
        for c in trimmed.chars() {
            match c {
                '\n' | '\t' | '\r' | '\u{2028}' | '\u{2029}' => {
                    if !clean.ends_with(' ') {
                        clean.push(' ');
                    }
                }
                c if is_forbidden(c) => {}
                c => clean.push(c),
            }
        }
        let trimmed = clean.trim();
        (!trimmed.is_empty()).then(|| Self(trimmed.into()))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Text {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        Self::new(&raw).ok_or("a text without a printable character")
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0.as_ref().into()
    }
}

/// The permanent name of an item: a UUID version 5 (RFC 9562 section 5.5), published as `urn:uuid:…`.
///
/// How it is made is scheme 1 in [`identify`](crate::mill::identify).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(pub Uuid);

/// The order of the bytes. As numbers they compare in two steps, and a first pass sorts by little else.
impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_u128().cmp(&other.0.as_u128())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Key {
    /// Seconds after 10:00:00 UTC that this item's day stamp bears: the first four bytes of the id, big-endian,
    /// modulo 900. It spreads the items of a day: readers keep no order among entries of one moment, and the Feed
    /// Validator warns of them (DuplicateUpdated).
    #[must_use]
    pub fn second(self) -> u32 {
        self.0.as_fields().0 % 900
    }

    /// The moment that stands for `day`, for this item: 10:MM:SS UTC, the same calendar day in nearly every zone.
    #[must_use]
    pub fn stamp(self, day: NaiveDate) -> DateTime<Utc> {
        at(day, TEN + self.second())
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl std::str::FromStr for Key {
    type Err = uuid::Error;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(s.strip_prefix("urn:uuid:").unwrap_or(s)).map(Self)
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// In seconds after midnight, as are all times of day here.
const TEN: u32 = 10 * 3600;
const QUARTER_PAST_TEN: u32 = TEN + 900;

fn at(day: NaiveDate, seconds: u32) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + chrono::TimeDelta::seconds(i64::from(seconds))
}

/// Where the date of an account comes from. "Now" is not among the answers (law 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateBasis {
    /// Printed with the item, year and all.
    Own,
    /// Printed with the item but for the year, which the time of capture supplied.
    OwnYearInferred,
    /// Stated by the day header above the item.
    Heading,
    /// The day of the earliest capture: the item itself says none.
    Captured,
    /// The day feedmill first saw it, recorded as a decision because the operator asked for it.
    FirstSeen,
    /// Nothing says when.
    None,
}

/// What one scrape says of one item: everything but its place in the file.
///
/// Two accounts are the same account when all fields are equal, to the letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// The headline.
    pub title: Text,
    /// What follows the date, paragraphs joined by a blank.
    pub summary: Option<Text>,
    /// The day of the item, or the first of a range.
    pub date: Option<NaiveDate>,
    /// The last day of a range.
    pub date_end: Option<NaiveDate>,
    /// The time of day printed with the date.
    pub time: Option<NaiveTime>,
    /// The zone of that time in minutes east of UTC, where the date states it; else it is the source's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i32>,
    /// The date as it was printed.
    pub date_raw: Option<Text>,
    /// Where the date comes from.
    pub basis: DateBasis,
    /// The photo line, without its ©.
    pub credit: Option<Text>,
    /// A short line before the title that is neither title nor credit: a category, or who wrote it.
    pub kicker: Option<Text>,
    /// The place printed after the date.
    pub place: Option<Text>,
    /// The address that the scrape gives for the item (http or https only).
    pub link: Option<Text>,
    /// An identifier that the scrape itself gives, where its format has one.
    pub explicit_id: Option<Text>,
    /// The heading above that names a part of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Text>,
}

/// When a content was captured, as far as its name ([`captured`](super::captured)) or its items
/// ([`history`](super::history)) tell.
///
/// Never the file's mtime. The order is that of the instants in UTC, an unknown time being lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Captured {
    /// The moment, `None` when nothing tells.
    pub when: Option<Moment>,
    /// Stated by the operator's pattern or by the name of the file or its folder, not inferred from the items.
    pub stated: bool,
}

/// A capture time: a day, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Moment {
    /// Only the day is known: it counts as 10:15:00 UTC plus the item's own stamp second.
    Day(NaiveDate),
    /// The second is known.
    Instant(DateTime<Utc>),
}

impl Moment {
    /// The instant this counts as for the item `key`.
    #[must_use]
    pub fn instant_for(self, key: Key) -> DateTime<Utc> {
        match self {
            Self::Day(day) => at(day, QUARTER_PAST_TEN + key.second()),
            Self::Instant(instant) => instant,
        }
    }

    /// The instant this counts as where no item is at hand: a day is its 10:15:00 UTC.
    #[must_use]
    pub fn instant(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => at(day, QUARTER_PAST_TEN),
            Self::Instant(instant) => instant,
        }
    }

    /// The calendar day in UTC.
    #[must_use]
    pub fn day(self) -> NaiveDate {
        match self {
            Self::Day(day) => day,
            Self::Instant(instant) => instant.date_naive(),
        }
    }
}

/// The day after `day`; the same day at the end of the calendar.
#[must_use]
pub fn day_after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

/// The number a store gives a source, once and for good: compact where names would be repeated a million times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceNo(pub u32);

/// One announcement, settled from all its sightings: what subscribers see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Item {
    /// The permanent id.
    pub id: Key,
    /// The key its sightings were filed under: the id, but for twins and aliases.
    pub key: Key,
    /// Title and summary come from one account, never mixed from two.
    pub title: Text,
    /// What follows the date.
    pub summary: Option<Text>,
    /// The day of the item, or the first of a range.
    pub date: Option<NaiveDate>,
    /// The last day of a range.
    pub date_end: Option<NaiveDate>,
    /// The time of day printed with the date.
    pub time: Option<NaiveTime>,
    /// The date as printed.
    pub date_raw: Option<Text>,
    /// Where the date comes from.
    pub basis: DateBasis,
    /// The photo line, without its ©.
    pub credit: Option<Text>,
    /// A short line before the title.
    pub kicker: Option<Text>,
    /// The place printed after the date.
    pub place: Option<Text>,
    /// The item's own address.
    pub link: Option<Text>,
    /// The moment feeds show; `None` keeps the item out of them.
    pub published: Option<DateTime<Utc>>,
    /// When the shown text was first captured, if it differs from an earlier one; else `published`.
    pub updated: Option<DateTime<Utc>>,
    /// The sources that sight it, in ascending order, each once.
    pub sources: Vec<SourceNo>,
    /// What it is filed under, in the order of the folds, each once.
    pub categories: Vec<Text>,
    /// The language it is in, as a BCP 47 tag: of its source, else as it was read.
    pub language: Option<Text>,
    /// The earliest day that any of its sightings gives: the month it stands in for life.
    pub earliest: Option<NaiveDate>,
    /// What it said before it was revised, the newest first.
    pub earlier: Vec<Earlier>,
}

/// A text that an item had before it was revised.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Earlier {
    /// The headline.
    pub title: Text,
    /// What followed it.
    pub summary: Option<Text>,
    /// The day of the first capture that shows it.
    pub since: Option<NaiveDate>,
}

impl Item {
    /// The page it stands on.
    #[must_use]
    pub fn month(&self) -> Month {
        Month::of(self.earliest)
    }

    /// The item as far as a subscriber sees it: not where it was sighted, how it was read or what it said
    /// before.
    #[must_use]
    pub fn as_seen(&self) -> Self {
        Self { key: self.id, sources: Vec::new(), earlier: Vec::new(), language: None, ..self.clone() }
    }

    /// Whether a subscriber would see a difference.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        self.as_seen() != other.as_seen()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An item of which only title and date are known.
    pub(in crate::mill) fn item_of(id: Key, title: &str, date: Option<NaiveDate>) -> Item {
        Item {
            id,
            key: id,
            title: Text::new(title).unwrap(),
            summary: None,
            date,
            date_end: None,
            time: None,
            date_raw: None,
            basis: DateBasis::Own,
            credit: None,
            kicker: None,
            place: None,
            link: None,
            published: date.map(|day| id.stamp(day)),
            updated: date.map(|day| id.stamp(day)),
            sources: Vec::new(),
            categories: Vec::new(),
            language: None,
            earliest: date,
            earlier: Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn the_bytes_tell_what_the_characters_would(text in prop::collection::vec(any::<char>(), 0..20)) {
            let text: String = text.into_iter().collect();
            let clean = text.chars().all(|c| !is_forbidden(c) && !matches!(c, '\u{2028}' | '\u{2029}'));
            prop_assert!(!is_clean(&text) || clean, "{:?}", text);
            let clean = text.chars().all(|c| !is_forbidden(c) || c == '\n');
            prop_assert!(!are_clean_lines(&text) || clean, "{:?}", text);
        }

        #[test]
        fn keys_are_ordered_by_their_bytes(a in any::<[u8; 16]>(), b in any::<[u8; 16]>()) {
            prop_assert_eq!(Key(Uuid::from_bytes(a)).cmp(&Key(Uuid::from_bytes(b))), a.cmp(&b));
        }
    }

    #[test]
    fn forbidden_characters_go_and_line_breaks_become_blanks() {
        let text = |raw| Text::new(raw).map(String::from);
        assert_eq!(text("a\u{0}b\u{B}c\u{85}d\u{FFFE}e\u{1FFFF}f").as_deref(), Some("abcdef"));
        assert_eq!(text(" one\r\n two\u{2028}three ").as_deref(), Some("one  two three"));
        assert_eq!(text("“curly” — Łódź, ©").as_deref(), Some("“curly” — Łódź, ©"));
        assert_eq!(text("\u{1} \u{7F}"), None);
    }
}
