//! What words mean in the languages of listing pages: months, weekdays, the small words of dates, labels.
//!
//! A language is data: one [`Language`] value. Everything else asks a [`Lexicon`], which is built once from the
//! languages a source may be written in, so that a new language needs a table here and nothing anywhere else.

use std::sync::LazyLock;

/// What a word does in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// A month, 1 to 12.
    Month(u8),
    Weekday,
    /// The letters after a number: `15th`.
    Ordinal,
    /// Between day, month and year: `15th of June`.
    Of,
    /// Between the two ends of a range: `8 to 10 June`.
    Until,
    /// Between date and time: `15 June at 14:30`.
    At,
    /// The first half of the day.
    Am,
    /// The second half of the day.
    Pm,
    Other,
}

/// The words of one language, all in lower case.
pub(crate) struct Language {
    /// BCP 47 primary subtag.
    pub(crate) tag: &'static str,
    pub(crate) months: [&'static [&'static str]; 12],
    pub(crate) weekdays: &'static [&'static str],
    pub(crate) ordinals: &'static [&'static str],
    pub(crate) of: &'static [&'static str],
    pub(crate) until: &'static [&'static str],
    pub(crate) at: &'static [&'static str],
    pub(crate) am: &'static [&'static str],
    pub(crate) pm: &'static [&'static str],
    /// Words that stay small inside a name: `Isle of Man`.
    pub(crate) small: &'static [&'static str],
    /// How a photo line may begin, besides `©`.
    pub(crate) credits: &'static [&'static str],
    /// Whole lines that are furniture.
    pub(crate) furniture: &'static [&'static str],
    /// What counters count: `3 comments`.
    pub(crate) counted: &'static [&'static str],
}

static ENGLISH: Language = Language {
    tag: "en",
    months: [
        &["january", "jan"],
        &["february", "feb"],
        &["march", "mar"],
        &["april", "apr"],
        &["may"],
        &["june", "jun"],
        &["july", "jul"],
        &["august", "aug"],
        &["september", "sept", "sep"],
        &["october", "oct"],
        &["november", "nov"],
        &["december", "dec"],
    ],
    weekdays: &[
        "monday",
        "mon",
        "tuesday",
        "tue",
        "tues",
        "wednesday",
        "wed",
        "thursday",
        "thu",
        "thur",
        "thurs",
        "friday",
        "fri",
        "saturday",
        "sat",
        "sunday",
        "sun",
    ],
    ordinals: &["st", "nd", "rd", "th"],
    of: &["of"],
    until: &["to", "until", "till", "through", "and"],
    at: &["at"],
    am: &["am"],
    pm: &["pm"],
    small: &["of", "the", "and", "on", "upon", "de", "la", "le", "du", "des", "del", "di", "da", "am", "an", "der"],
    credits: &["photo:", "photo by ", "photos:", "photo credit:", "image:", "image credit:", "picture:", "credit:"],
    furniture: &[
        "read more",
        "read on",
        "more",
        "share",
        "share this",
        "continue reading",
        "load more",
        "show more",
        "see all",
        "view all",
        "back to top",
        "print",
        "tweet",
        "email",
        "subscribe",
        "next",
        "previous",
    ],
    counted: &["comment", "comments", "view", "views", "share", "shares", "like", "likes", "reply", "replies"],
};

/// All languages, in the order in which `auto` prefers them.
static LANGUAGES: [&Language; 1] = [&ENGLISH];

/// The words of one or several languages, ready to be looked up.
pub(crate) struct Lexicon {
    /// Sorted by the word.
    words: Vec<(&'static str, Word)>,
    /// The same words packed, in the same order; zero where a word does not fit.
    packed: Vec<u128>,
    /// Where in `words` those with a given first byte stand.
    by_first: [(u16, u16); 256],
    /// The ASCII letters that come second in a word with a given first byte, a bit each ([`bit`]).
    seconds: [u32; 256],
    /// The first bytes with which a month or a weekday may begin: the cheapest test of all.
    begins: [bool; 256],
    /// The first bytes of photo lines, in lower case.
    credit_begins: [bool; 256],
    small: Vec<&'static str>,
    pub(crate) credits: Vec<&'static str>,
    furniture: Vec<&'static str>,
    counted: Vec<&'static str>,
}

/// One for `auto`, then one for each language alone.
static LEXICONS: LazyLock<Vec<Lexicon>> = LazyLock::new(|| {
    let alone = LANGUAGES.iter().map(|language| Lexicon::build(&[*language]));
    std::iter::once(Lexicon::build(&LANGUAGES)).chain(alone).collect()
});

static EMPTY: Lexicon = Lexicon::empty();

impl Lexicon {
    /// The words of the language `tag`; of all languages when there is no tag, or none that we know.
    pub(crate) fn of(tag: Option<&str>) -> &'static Self {
        let primary = tag.and_then(|tag| tag.split(['-', '_']).next()).unwrap_or_default();
        let known = LANGUAGES.iter().position(|language| language.tag.eq_ignore_ascii_case(primary));
        LEXICONS.get(known.map_or(0, |at| at + 1)).unwrap_or(&EMPTY)
    }

    const fn empty() -> Self {
        Self {
            words: Vec::new(),
            packed: Vec::new(),
            by_first: [(0, 0); 256],
            seconds: [0; 256],
            begins: [false; 256],
            credit_begins: [false; 256],
            small: Vec::new(),
            credits: Vec::new(),
            furniture: Vec::new(),
            counted: Vec::new(),
        }
    }

    fn build(languages: &[&Language]) -> Self {
        let mut words = Vec::new();
        let mut lexicon = Self::empty();
        for language in languages {
            for (names, month) in language.months.iter().zip(1..) {
                words.extend(names.iter().map(|name| (*name, Word::Month(month))));
            }
            for (list, word) in [
                (language.weekdays, Word::Weekday),
                (language.ordinals, Word::Ordinal),
                (language.of, Word::Of),
                (language.until, Word::Until),
                (language.at, Word::At),
                (language.am, Word::Am),
                (language.pm, Word::Pm),
            ] {
                words.extend(list.iter().map(|name| (*name, word)));
            }
            lexicon.small.extend(language.small);
            lexicon.credits.extend(language.credits);
            lexicon.furniture.extend(language.furniture);
            lexicon.counted.extend(language.counted);
        }
        // The sort is stable: where two languages share a word, the one named first keeps it.
        words.sort_by_key(|(name, _)| *name);
        words.dedup_by_key(|(name, _)| *name);
        for ((name, word), at) in words.iter().zip(0..) {
            let lead = name.bytes().next().unwrap_or_default();
            if let Some((from, to)) = lexicon.by_first.get_mut(usize::from(lead)) {
                *from = if *to == 0 { at } else { *from };
                *to = at + 1;
            }
            if let (Some(seconds), Some(second)) = (lexicon.seconds.get_mut(usize::from(lead)), name.as_bytes().get(1))
            {
                *seconds |= bit(*second);
            }
            if matches!(word, Word::Month(_) | Word::Weekday) {
                for first in name.chars().take(1).flat_map(|c| [c, c.to_uppercase().next().unwrap_or(c)]) {
                    let mut buffer = [0; 4];
                    let lead = first.encode_utf8(&mut buffer).bytes().next().unwrap_or_default();
                    if let Some(slot) = lexicon.begins.get_mut(usize::from(lead)) {
                        *slot = true;
                    }
                }
            }
        }
        for lead in lexicon.credits.iter().filter_map(|phrase| phrase.bytes().next()) {
            if let Some(slot) = lexicon.credit_begins.get_mut(usize::from(lead)) {
                *slot = true;
            }
        }
        lexicon.packed = words.iter().map(|(name, _)| pack(name).unwrap_or(0)).collect();
        lexicon.words = words;
        lexicon
    }

    /// Whether a month or a weekday may begin with the byte `lead`.
    pub(crate) fn may_begin(&self, lead: u8) -> bool {
        self.begins.get(usize::from(lead)).copied().unwrap_or(false)
    }

    /// Whether a photo line may begin with the byte `lead`, an ASCII letter of either case.
    pub(crate) fn may_begin_credit(&self, lead: u8) -> bool {
        self.credit_begins.get(usize::from(lead.to_ascii_lowercase())).copied().unwrap_or(false)
    }

    /// Whether `text` may begin with a word of the tables: for most texts two letters tell that it does not.
    pub(crate) fn may_begin_word(&self, text: &str) -> bool {
        match text.as_bytes() {
            [first, second, ..] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                let seconds = self.seconds.get(usize::from(first.to_ascii_lowercase())).copied().unwrap_or(0);
                seconds & bit(*second) != 0
            }
            _ => true,
        }
    }

    /// What `word` does in a date, whatever its case. It consists of letters and apostrophes.
    pub(crate) fn word(&self, word: &str) -> Word {
        // Nearly every word is short and ASCII: packed into a number, it is compared with a name at one stroke.
        let Some(packed) = pack(word) else { return self.foreign_word(word) };
        let [lead, ..] = packed.to_le_bytes();
        let (from, to) = self.by_first.get(usize::from(lead)).copied().unwrap_or_default();
        let (from, to) = (usize::from(from), usize::from(to));
        let near = self.packed.get(from..to).unwrap_or_default();
        let found = near.iter().position(|name| *name == packed).and_then(|at| self.words.get(from + at));
        found.map_or(Word::Other, |(_, meaning)| *meaning)
    }

    #[cold]
    fn foreign_word(&self, word: &str) -> Word {
        let Some(first) = word.chars().next() else { return Word::Other };
        let mut buffer = [0; 4];
        let first = first.to_lowercase().next().unwrap_or(first).encode_utf8(&mut buffer);
        let lead = first.bytes().next().unwrap_or_default();
        let (from, to) = self.by_first.get(usize::from(lead)).copied().unwrap_or_default();
        let near = self.words.get(usize::from(from)..usize::from(to)).unwrap_or_default();
        near.iter().find(|(name, _)| is_same(name, word)).map_or(Word::Other, |(_, meaning)| *meaning)
    }

    /// Whether `word` may stay small inside a name.
    pub(crate) fn is_small(&self, word: &str) -> bool {
        self.small.contains(&word)
    }

    /// Whether `line` is one that stands around lists and says nothing.
    pub(crate) fn is_furniture(&self, line: &str) -> bool {
        is_any(&self.furniture, line)
    }

    /// Whether `word` is what counters count.
    pub(crate) fn is_counted(&self, word: &str) -> bool {
        is_any(&self.counted, word)
    }
}

/// An ASCII word in lower case as one number; `None` when there is more of it than fits.
///
/// Setting the bit that tells small letters from capitals leaves small letters and apostrophes as they are.
fn pack(word: &str) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes.get_mut(..word.len())?.copy_from_slice(word.as_bytes());
    bytes.is_ascii().then(|| u128::from_le_bytes(bytes) | u128::from_le_bytes([0x20; 16]))
}

/// The bit that stands for an ASCII letter of either case.
fn bit(letter: u8) -> u32 {
    1 << (letter & 31)
}

fn is_any(names: &[&str], word: &str) -> bool {
    if word.is_ascii() {
        names.iter().any(|name| name.eq_ignore_ascii_case(word))
    } else {
        names.iter().any(|name| is_same(name, word))
    }
}

/// Whether `word`, in any case, is `name`, which is in lower case.
fn is_same(name: &str, word: &str) -> bool {
    name.eq_ignore_ascii_case(word) || (!word.is_ascii() && name.chars().eq(word.chars().flat_map(char::to_lowercase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case() {
        let lexicon = Lexicon::of(None);
        assert_eq!(lexicon.word("June"), Word::Month(6));
        assert_eq!(lexicon.word("JUNE"), Word::Month(6));
        assert_eq!(lexicon.word("sept"), Word::Month(9));
        assert_eq!(lexicon.word("Wed"), Word::Weekday);
        assert_eq!(lexicon.word("Smarch"), Word::Other);
        assert_eq!(lexicon.word("июня"), Word::Other);
        assert!(lexicon.may_begin(b'J') && lexicon.may_begin(b'j') && !lexicon.may_begin(b'R'));
    }

    #[test]
    fn a_regional_or_unknown_tag_still_reads() {
        assert_eq!(Lexicon::of(Some("en-GB")).word("may"), Word::Month(5));
        assert_eq!(Lexicon::of(Some("tlh")).word("may"), Word::Month(5));
    }

    #[test]
    fn every_word_of_the_tables_is_in_lower_case() {
        for language in LANGUAGES {
            let lists = [language.weekdays, language.until, language.small, language.credits, language.furniture];
            for word in lists.into_iter().chain(language.months).flatten() {
                assert_eq!(*word, word.to_lowercase());
            }
        }
    }
}
