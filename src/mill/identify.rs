//! Draft to account and key: the first room that trusts what was read, and the only one that gives items their names.
//!
//! **Scheme 1.** An item's name is `"1\n" + date + "\n" + fold(title)`, where the date is the item's own or its day
//! heading's (YYYY-MM-DD, else empty); with an explicit id or link in the scrape it is `"1\nid\n" + value`. The key is
//! the UUID version 5 (RFC 9562 section 5.5) of that name in the namespace of its site, which is itself the UUID
//! version 5 of `"feedmill:" + site` in the URL namespace. Any tool can recompute it.
//!
//! File name, position, list number, credit, summary, host, base URL and build are no part of it, for each of them can
//! change while the announcement stays the same. Any change of this is a new scheme: every subscriber would notice.
//!
//! Three things are repaired in what was read, in this order: forbidden characters go and line breaks become blanks
//! ([`Text::new`]); a draft without a printable title is a fault; a link that is not http or https is dropped. Nothing
//! else is mended: typos, look-alike letters and hyphens inside words are shown as they were printed, and [`fold`]
//! decides which texts are the same.

use std::borrow::Cow;

use caseless::Caseless;
use chrono::{Datelike, NaiveDate, Timelike};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use super::item::{Account, DateBasis, Key, Text};
use super::scrape::{Cut, Draft};

/// The place scraped: the namespace of its items' names. Sources that show the same site share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site(pub Uuid);

impl Site {
    /// The site called `name` in the config.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("feedmill:{name}").as_bytes()))
    }

    /// The key of an account, after scheme 1.
    #[must_use]
    pub fn key(self, account: &Account) -> Key {
        self.named(&name(account))
    }

    /// The key of one of several items that share date and title. `head`, the folded beginning of its summary, tells it
    /// from the others ([`twin_head`]).
    #[must_use]
    pub fn twin_key(self, account: &Account, head: &str) -> Key {
        let mut name = name(account);
        name.push('\n');
        name.push_str(head);
        self.named(&name)
    }

    fn named(self, name: &str) -> Key {
        Key(Uuid::new_v5(&self.0, name.as_bytes()))
    }
}

fn name(account: &Account) -> String {
    if let Some(value) = account.explicit_id.as_ref().or(account.link.as_ref()) {
        return format!("1\nid\n{value}");
    }
    let title = account.title.as_str();
    let mut name = String::with_capacity(title.len() + 16);
    name.push_str("1\n");
    if let Some(date) = account.date {
        push_date(&mut name, date);
    }
    name.push('\n');
    fold_into(title, &mut name);
    name
}

/// YYYY-MM-DD by hand: this runs for every item read, and chrono's formatter costs ten times as much.
fn push_date(out: &mut String, date: NaiveDate) {
    let year = date.year().clamp(0, 9999).unsigned_abs();
    for (number, separator) in
        [(year / 100, None), (year % 100, None), (date.month(), Some('-')), (date.day(), Some('-'))]
    {
        out.extend(separator);
        out.extend([number / 10 % 10, number % 10].into_iter().filter_map(|digit| char::from_digit(digit, 10)));
    }
}

/// What makes two texts the same text: NFKC, full case folding, NFKC, and of that only letters, marks and digits
/// (general categories L, M, N). If nothing is left, the NFKC text with white space folded.
///
/// Quote marks, dashes, blanks and punctuation differ between captures of one headline; letters do not. Look-alike
/// letters are not folded: that would be a guess.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

fn fold_into(text: &str, out: &mut String) {
    let start = out.len();
    if !fold_plain(text, out) {
        let folded = fold_case(&nfkc(text));
        out.extend(nfkc(&folded).chars().filter(|&c| is_kept(c)));
    }
    if out.len() == start {
        for (i, word) in nfkc(text).split_whitespace().enumerate() {
            if i > 0 {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
}

/// Folds a text in which normalization and full case folding change nothing but the case of simple letters. False when
/// it is another kind of text; then nothing was added to `out`.
fn fold_plain(text: &str, out: &mut String) -> bool {
    let start = out.len();
    out.reserve(text.len());
    let mut rest = text;
    loop {
        let ascii = rest.bytes().position(|b| !b.is_ascii()).unwrap_or(rest.len());
        let (ascii, behind) = rest.split_at_checked(ascii).unwrap_or((rest, ""));
        fold_ascii(ascii, out);
        let mut behind = behind.chars();
        match behind.next().map(plain) {
            Some(Plain::Letter(c)) => out.push(c),
            Some(Plain::Dropped) => {}
            Some(Plain::Not) => {
                out.truncate(start);
                return false;
            }
            None => return true,
        }
        rest = behind.as_str();
    }
}

/// Byte by byte and without a branch, because this runs for every letter of every text that is compared.
fn fold_ascii(text: &str, out: &mut String) {
    let mut folded = [0; 64];
    for chunk in text.as_bytes().chunks(folded.len()) {
        let mut length = 0;
        for b in chunk {
            let kept = FOLDED.get(usize::from(*b)).copied().unwrap_or(0);
            // No more are kept than a chunk has; the compiler sees that no index is out of range.
            if let Some(slot) = folded.get_mut(length % 64) {
                *slot = kept;
            }
            length += usize::from(kept != 0);
        }
        out.push_str(folded.get(..length).and_then(|kept| str::from_utf8(kept).ok()).unwrap_or_default());
    }
}

/// What each ASCII character folds to; 0 where it is dropped.
#[expect(clippy::indexing_slicing, reason = "made when it is compiled, and no byte is out of range")]
static FOLDED: [u8; 256] = {
    let mut folded = [0; 256];
    let mut b = 0_u8;
    while b.is_ascii() {
        if b.is_ascii_alphanumeric() {
            folded[b as usize] = b.to_ascii_lowercase();
        }
        b += 1;
    }
    folded
};

/// Full case folding, letter by letter; for ASCII no table is needed.
fn fold_case(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            folded.extend(std::iter::once(c).default_case_fold());
        }
    }
    folded
}

/// The NFKC form, which most texts have already.
fn nfkc(text: &str) -> Cow<'_, str> {
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfkc().collect()),
    }
}

/// How a character beyond ASCII folds, where that is simple: NFKC leaves it alone, whatever like it stands beside it.
enum Plain {
    /// It folds to this letter.
    Letter(char),
    Dropped,
    /// Normalization or folding may do more.
    Not,
}

/// Knows the letters of Western European and most Cyrillic texts, and the quotes and dashes of running text.
fn plain(c: char) -> Plain {
    let lower = |distance| char::from_u32(u32::from(c) + distance).map_or(Plain::Not, Plain::Letter);
    match c {
        'à'..='ö' | 'ø'..='ÿ' | 'а'..='џ' => Plain::Letter(c),
        'À'..='Ö' | 'Ø'..='Þ' | 'А'..='Я' => lower(0x20),
        'Ѐ'..='Џ' => lower(0x50),
        '\u{2013}' | '\u{2014}' | '\u{2018}' | '\u{2019}' | '\u{201C}'..='\u{201E}' | '«' | '»' | '\u{A0}' => {
            Plain::Dropped
        }
        _ => Plain::Not,
    }
}

/// Whether `c` is a letter, mark or digit of any script.
pub(crate) fn is_kept(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || (!c.is_ascii()
            && matches!(
                c.general_category_group(),
                GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark | GeneralCategoryGroup::Number
            ))
}

/// How much of a summary tells twins apart, in characters of the folded text.
const TWIN_CHARACTERS: usize = 80;

/// The beginning of a folded summary that tells twins apart: its first 80 characters.
#[must_use]
pub fn twin_head(folded_summary: &str) -> &str {
    match folded_summary.char_indices().nth(TWIN_CHARACTERS) {
        Some((end, _)) => folded_summary.get(..end).unwrap_or(folded_summary),
        None => folded_summary,
    }
}

/// A fingerprint of what a draft says, its place in the file aside: drafts with the same one give the same account.
///
/// By it a caller recognises an account that it has met before, without making it anew. It is 128 bits of xxh3:
/// collisions do not happen by chance, and one made on purpose only makes a scrape show one of its own texts for
/// another.
#[must_use]
pub fn fingerprint(draft: &Draft<'_>) -> u128 {
    // The separator can't be part of a text: it would be a forbidden character.
    const SEPARATOR: &[u8] = b"\0";
    // All in one buffer: hashed piece by piece it costs three times as much.
    let mut said: Vec<u8> = Vec::with_capacity(1024);
    let fields = [&draft.summary, &draft.credit, &draft.kicker, &draft.link, &draft.id, &draft.topic];
    said.extend_from_slice(draft.title.as_bytes());
    for field in fields {
        said.extend_from_slice(SEPARATOR);
        said.extend_from_slice(field.as_deref().unwrap_or("").as_bytes());
    }
    if let Some(date) = &draft.date {
        for part in [&*date.raw, date.place.as_deref().unwrap_or("")] {
            said.extend_from_slice(SEPARATOR);
            said.extend_from_slice(part.as_bytes());
        }
        // Where the date comes from: a day in the same words may stand with the item in one place, and above it in
        // another.
        said.extend_from_slice(&[u8::from(date.year_inferred), u8::from(date.inherited)]);
        for day in [date.day, date.end] {
            said.extend_from_slice(&day.map_or(0, |day| day.num_days_from_ce()).to_le_bytes());
        }
        // A page may state a time for programs that is not in the words it prints.
        let time = date.time.map_or(u32::MAX, |time| time.num_seconds_from_midnight());
        said.extend_from_slice(&time.to_le_bytes());
        said.extend_from_slice(&date.offset.unwrap_or(i32::MAX).to_le_bytes());
    }
    xxh3_128(&said)
}

/// Makes an account of a draft. `None` when the title holds nothing printable, or the file is cut before it says for
/// certain which item this is.
#[must_use]
pub fn account(draft: &Draft<'_>) -> Option<Account> {
    if draft.truncated.is_some_and(Cut::takes_identity) { None } else { preview(draft) }
}

/// What a draft says so far, to be shown and never stored: where the file is cut, its key may be another once it is
/// whole. `None` when the title holds nothing printable.
#[must_use]
pub fn preview(draft: &Draft<'_>) -> Option<Account> {
    let text = |field: &Option<Cow<'_, str>>| field.as_deref().and_then(Text::new);
    let date = draft.date.as_ref();
    let day = date.and_then(|date| date.day);
    let basis = match date {
        Some(date) if day.is_some() && date.year_inferred => DateBasis::OwnYearInferred,
        Some(date) if day.is_some() && date.inherited => DateBasis::Heading,
        Some(_) if day.is_some() => DateBasis::Own,
        _ => DateBasis::None,
    };
    Some(Account {
        title: Text::new(&draft.title)?,
        summary: text(&draft.summary),
        date: day,
        date_end: date.and_then(|date| date.end),
        time: date.and_then(|date| date.time),
        offset: date.and_then(|date| date.offset.filter(|_| date.time.is_some())),
        date_raw: date.and_then(|date| Text::new(&date.raw)),
        basis,
        credit: text(&draft.credit),
        kicker: text(&draft.kicker),
        place: date.and_then(|date| text(&date.place)),
        link: text(&draft.link).filter(|link| is_web_address(link.as_str())),
        explicit_id: text(&draft.id),
        topic: text(&draft.topic),
    })
}

/// Links of other schemes (`javascript:`, `data:`, `file:`) never reach a reader.
fn is_web_address(link: &str) -> bool {
    let scheme = |name: &str| link.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    (scheme("https://") || scheme("http://")) && !link.contains(char::is_whitespace)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use super::super::scrape::DateRead;
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn account_of(title: &str, date: Option<&str>, summary: Option<&str>) -> Account {
        Account {
            title: Text::new(title).unwrap(),
            summary: summary.and_then(Text::new),
            date: date.map(|date| date.parse().unwrap()),
            date_end: None,
            time: None,
            offset: None,
            date_raw: date.and_then(Text::new),
            basis: if date.is_some() { DateBasis::Own } else { DateBasis::None },
            credit: None,
            kicker: None,
            place: None,
            link: None,
            explicit_id: None,
            topic: None,
        }
    }

    /// The vectors of scheme 1. A change here is a new scheme: CHANGELOG, migration, and every subscriber notices.
    #[test]
    fn scheme_1_names_items_as_promised() {
        let vectors = [
            (
                "ilo-moscow",
                "ILO achieves carbon neutrality",
                Some("2021-02-08"),
                "f90fd1be-c98e-5829-9df9-e18945c3f525",
                318,
            ),
            (
                "ilo-moscow",
                "COVID-19 disrupts education of more than 70 per cent of youth",
                Some("2020-08-11"),
                "989ac276-e457-55fc-89e6-fad198a4b56b",
                558,
            ),
            ("новости", "Москва: «Ёлка» — 2020", Some("2020-12-31"), "47184d5d-513b-53a7-aa00-887a387a8d34", 505),
            ("x", "काला", Some("2021-01-01"), "109f0618-e752-510a-9f81-974082908f6e", 340),
            ("x", "★★★", None, "c8c869dc-5f09-52b9-ab0c-83cd81f2a785", 800),
        ];
        for (site, title, date, id, second) in vectors {
            let key = Site::new(site).key(&account_of(title, date, None));
            assert_eq!(key.to_string(), id, "{title}");
            assert_eq!(key.second(), second, "{title}");
        }
    }

    #[test]
    fn an_explicit_id_or_link_names_an_item_whatever_its_title_and_date() {
        let linked = |title, date| Account {
            link: Text::new("https://example.org/news/1"),
            ..account_of(title, Some(date), None)
        };
        let site = Site::new("x");
        assert_eq!(site.key(&linked("One", "2021-01-01")), site.key(&linked("Two", "2021-02-02")));
        assert_ne!(site.key(&linked("One", "2021-01-01")), site.key(&account_of("One", Some("2021-01-01"), None)));
    }

    #[test]
    fn quote_marks_dashes_blanks_and_case_do_not_name_an_item() {
        for (a, b) in [
            ("‖Voices‘: Real  people", "“VOICES”: real people"),
            ("em-ployment", "employment"),
            ("Straße", "STRASSE"),
            ("ﬁne ① ㎏", "FINE 1 KG"),
            ("Ёлка", "ёлка"),
        ] {
            assert_eq!(fold(a), fold(b));
        }
        assert_ne!(fold("Eлка"), fold("Елка"), "a Latin E is another letter");
        assert_ne!(fold("काल"), fold("काला"), "marks count");
        assert_eq!(fold("★  ★"), "★ ★");
    }

    /// A store keeps the account that was met first: of two that differ it must not depend on threads which one that
    /// is.
    #[test]
    fn drafts_that_give_other_accounts_have_other_fingerprints() {
        let date = DateRead {
            raw: "3 June".into(),
            day: NaiveDate::from_ymd_opt(2020, 6, 3),
            end: None,
            time: None,
            offset: None,
            place: None,
            year_inferred: false,
            inherited: false,
        };
        let dates = [
            date.clone(),
            DateRead { inherited: true, ..date.clone() },
            DateRead { year_inferred: true, ..date.clone() },
            DateRead { raw: "3 Ju".into(), place: Some("ne".into()), ..date.clone() },
            DateRead { end: date.day, ..date },
        ];
        let draft = |date| Draft {
            title: "Title".into(),
            date: Some(date),
            summary: None,
            credit: None,
            kicker: None,
            link: None,
            id: None,
            section: None,
            topic: None,
            number: None,
            line: 1,
            last_line: 2,
            truncated: None,
        };
        let drafts = dates.map(draft);
        let accounts: BTreeSet<Account> = drafts.iter().map(|draft| account(draft).unwrap()).collect();
        let prints: BTreeSet<u128> = drafts.iter().map(fingerprint).collect();
        assert_eq!((accounts.len(), prints.len()), (drafts.len(), drafts.len()));
    }

    proptest! {
        #[test]
        fn the_short_ways_fold_as_the_long_way(text in "[ -~–—‘’“”„«»\u{A0}À-ÿЀ-џ]{0,150}|[ -~’À-ž\u{300}-\u{345}ßİſǅﬁΣ①]{0,40}") {
            let long: String =
                caseless::default_case_fold_str(&text.nfkc().collect::<String>()).nfkc().filter(|&c| is_kept(c)).collect();
            prop_assume!(!long.is_empty());
            prop_assert_eq!(fold(&text), long);
        }
    }
}
