//! What words mean in the languages of listing pages: months, weekdays, the small words of dates, labels.
//!
//! A language is data: what the locale data knows is in `names`, what pages print besides in `words`. Everything else
//! asks a [`Lexicon`], which is built when first asked for, so that a new language needs an entry in two tables and
//! nothing anywhere else. [`choose()`] says which language a file is written in.
//!
//! Every lexicon knows the English months, weekdays and labels as well, where its own words don't say otherwise: pages
//! in all languages have them, and no English month is another month elsewhere.

mod choose;
mod fold;
mod letters;
mod names;
mod words;

use std::sync::OnceLock;

use rustc_hash::FxHashSet;

pub(crate) use choose::{Choice, choose};
pub(crate) use fold::fold;
use letters::parts_of;
pub(crate) use letters::{digit, goes_on, has_ascii_digit, is_letter, may_begin_digit};
use names::NAMES;
use words::{LANGUAGES, Words};

/// What a word does in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// A month, 1 to 12; [`FOREIGN`] is one of another calendar.
    Month(u8),
    Weekday,
    /// A month or a weekday: `mar` in Spanish.
    MonthOrWeekday(u8),
    /// The letters after a number: `15th`.
    Ordinal,
    /// Between day, month and year: `15th of June`.
    Of,
    /// Before a date: `le 15 juin`.
    On,
    /// Between the two ends of a range: `8 to 10 June`.
    Until,
    /// Between date and time: `15 June at 14:30`.
    At,
    /// Behind the hour: `14 Uhr`.
    Hour,
    /// Behind the minute: `14時30分`.
    Minute,
    /// The first half of the day.
    Am,
    /// The second half of the day.
    Pm,
    /// Behind a year: `2020 г.`, `2020年`.
    Year,
    /// Behind the number of a month: `6月`.
    MonthMark,
    /// Behind a day: `15日`.
    Day,
    /// The year before the first one of an era: `令和2年` is 2018 + 2.
    Era(u16),
    /// Before the date of an item: `Published: 15 June 2020`.
    Stamp,
    /// Before the day on which an item was changed: `updated 15 June 2020`.
    Update,
    /// Opens a name of several words and means nothing alone.
    Opens,
    Other,
}

impl Word {
    /// Whether a date may begin with such a word.
    pub(crate) fn opens(self) -> bool {
        matches!(self, Self::Month(_) | Self::MonthOrWeekday(_) | Self::Weekday | Self::On | Self::Stamp | Self::Update)
    }
}

/// The month of a date in another calendar.
pub(crate) const FOREIGN: u8 = 99;

/// Eras that are written before the year, and the year before their first.
const ERAS: [(&str, u16); 6] =
    [("令和", 2018), ("平成", 1988), ("昭和", 1925), ("中華民國", 1911), ("民國", 1911), ("民国", 1911)];

/// The era that `text` begins with, in whatever language, and how long its name is.
pub(crate) fn era(text: &str) -> Option<(Word, usize)> {
    ERAS.iter().find(|(name, _)| text.starts_with(name)).map(|(name, base)| (Word::Era(*base), name.len()))
}

fn list(words: &'static str) -> impl Iterator<Item = &'static str> {
    words.split('|').filter(|word| !word.is_empty())
}

/// All names of the months of `language`.
fn months_of(language: &Words) -> [Vec<&'static str>; 12] {
    let names = NAMES.iter().find(|names| names.tag == language.tag);
    let mut months: [Vec<&'static str>; 12] = std::array::from_fn(|_| Vec::new());
    let of_locale = names.map_or([""; 12], |names| names.months);
    for (month, (own, more)) in months.iter_mut().zip(of_locale.into_iter().zip(language.months)) {
        month.extend(list(own).chain(list(more)));
    }
    months
}

/// The names of the weekdays, as the locale data and the tables have them.
fn weekdays_of(language: &Words) -> impl Iterator<Item = &'static str> {
    let names = NAMES.iter().find(|names| names.tag == language.tag);
    list(names.map_or("", |names| names.weekdays)).chain(list(language.weekdays))
}

/// Where in the tables the language `tag` stands, if it does.
fn known(tag: Option<&str>) -> Option<usize> {
    let primary = tag?.split(['-', '_']).next()?;
    let is = |name: &str| name.eq_ignore_ascii_case(primary);
    LANGUAGES.iter().position(|language| is(language.tag) || list(language.aliases).any(is))
}

/// The tag that readings in the language `tag` bear: `None` if it is in no table.
pub(crate) fn tag_of(tag: &str) -> Option<&'static str> {
    known(Some(tag)).and_then(|at| LANGUAGES.get(at)).map(|language| language.tag)
}

/// The tags of all languages in the tables.
#[cfg(test)]
pub(crate) fn tags() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|language| language.tag)
}

/// All names of the months in the language `tag`.
#[cfg(test)]
pub(crate) fn month_names(tag: &str) -> [Vec<&'static str>; 12] {
    known(Some(tag)).and_then(|at| LANGUAGES.get(at)).map(months_of).unwrap_or_default()
}

/// A name of several words.
struct Phrase {
    words: Vec<String>,
    meaning: Word,
}

/// The words of one language, ready to be looked up.
pub(crate) struct Lexicon {
    /// Folded and sorted by the word.
    words: Vec<(String, Word)>,
    /// The same words packed, in the same order; zero where a word does not fit.
    packed: Vec<u128>,
    /// Where in `words` those with a given first byte stand.
    by_first: [(u16, u16); 256],
    /// The ASCII letters that come second in a word with a given first byte, a bit each ([`bit`]).
    seconds: [u32; 256],
    /// The first bytes with which a date may begin: the cheapest test of all.
    begins: [bool; 256],
    /// Longest first.
    phrases: Vec<Phrase>,
    /// The first bytes of phrases, of either case.
    phrase_begins: [bool; 256],
    ordinals: Vec<String>,
    /// Years are those of the Buddhist era where they can be nothing else.
    pub(crate) buddhist: bool,
    /// A full stop stands between hours and minutes, as the locale data has it (CLDR, `timeFormats`): `14.30`.
    pub(crate) dotted_times: bool,
    /// A comma stands between day and month (CLDR, `dateFormats`). Elsewhere that is how the number of an issue stands
    /// before its month: `Bulletin 12, June 2020`.
    pub(crate) comma_behind_day: bool,
    /// A full stop stands behind the day (CLDR, `dateFormats`): `15. Juni 2020`.
    pub(crate) dotted_days: bool,
    small: Vec<&'static str>,
    credits: Labels,
    furniture: Labels,
    lists: Labels,
    boxes: Labels,
    shares: Labels,
    counted: Labels,
    by: Labels,
    within: Labels,
    filed: Labels,
}

/// Words and phrases of lines that are no news, in lower case. Most lines are told from all of them by their first two
/// bytes.
struct Labels {
    phrases: Vec<&'static str>,
    /// For each first byte of a phrase, of either case, the bytes that come second in one, a bit each ([`class`]).
    seconds: [u64; 256],
}

static LEXICONS: [OnceLock<Lexicon>; LANGUAGES.len()] = [const { OnceLock::new() }; LANGUAGES.len()];
static EMPTY: Lexicon = Lexicon::empty();

impl Lexicon {
    /// The words of the language `tag`; of English when there is no tag, or none that we know.
    pub(crate) fn of(tag: Option<&str>) -> &'static Self {
        Self::at(known(tag).unwrap_or(0))
    }

    fn at(at: usize) -> &'static Self {
        let build = || LANGUAGES.get(at).zip(LANGUAGES.first()).map(|(own, english)| Self::build(own, english));
        LEXICONS.get(at).map_or(&EMPTY, |slot| slot.get_or_init(|| build().unwrap_or(Self::empty())))
    }

    const fn empty() -> Self {
        Self {
            words: Vec::new(),
            packed: Vec::new(),
            by_first: [(0, 0); 256],
            seconds: [0; 256],
            begins: [false; 256],
            phrases: Vec::new(),
            phrase_begins: [false; 256],
            ordinals: Vec::new(),
            buddhist: false,
            dotted_times: false,
            comma_behind_day: false,
            dotted_days: false,
            small: Vec::new(),
            credits: Labels::empty(),
            furniture: Labels::empty(),
            lists: Labels::empty(),
            boxes: Labels::empty(),
            shares: Labels::empty(),
            counted: Labels::empty(),
            by: Labels::empty(),
            within: Labels::empty(),
            filed: Labels::empty(),
        }
    }

    fn build(own: &'static Words, english: &'static Words) -> Self {
        let Words { buddhist, dotted_times, comma_behind_day, dotted_days, .. } = *own;
        let mut lexicon = Self { buddhist, dotted_times, comma_behind_day, dotted_days, ..Self::empty() };
        let mut meanings = meanings(own);
        let both = if own.tag == english.tag { vec![own] } else { vec![own, english] };
        if both.len() > 1 {
            // Of English only what no other language means otherwise.
            meanings.extend(meanings_of_names(english));
            meanings.extend(list(english.ordinals).map(|name| (name, Word::Ordinal)));
            // Any letter may begin a name in a script of its own.
            lexicon.begins.iter_mut().skip(0x80).for_each(|slot| *slot = true);
            lexicon.phrase_begins.iter_mut().skip(0x80).for_each(|slot| *slot = true);
        }
        let mut words: Vec<(String, Word)> = Vec::new();
        for (name, meaning) in meanings {
            let parts: Vec<String> = parts_of(name).map(|(_, part)| fold(part)).collect();
            let Some(lead) = parts.first().and_then(|part| part.bytes().next()) else { continue };
            let starts = meaning.opens();
            for lead in [lead, lead.to_ascii_uppercase()].into_iter().map(usize::from) {
                lexicon.begins.get_mut(lead).filter(|_| starts).into_iter().for_each(|slot| *slot = true);
                let slot = lexicon.phrase_begins.get_mut(lead).filter(|_| parts.len() > 1);
                slot.into_iter().for_each(|slot| *slot = true);
            }
            match <[String; 1]>::try_from(parts) {
                Ok([word]) => words.push((word, meaning)),
                Err(words) => lexicon.phrases.push(Phrase { words, meaning }),
            }
        }
        // Stable sorts: of equals the one named first stays.
        lexicon.phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
        words.extend(lexicon.phrases.iter().filter_map(|phrase| Some((phrase.words.first()?.clone(), Word::Opens))));
        words.sort_by(|one, other| one.0.cmp(&other.0));
        words.dedup_by(|later, earlier| later.0 == earlier.0);
        for ((name, _), at) in words.iter().zip(0..) {
            let lead = name.bytes().next().unwrap_or_default();
            if let Some((from, to)) = lexicon.by_first.get_mut(usize::from(lead)) {
                *from = if *to == 0 { at } else { *from };
                *to = at + 1;
            }
            if let (Some(seconds), Some(second)) = (lexicon.seconds.get_mut(usize::from(lead)), name.as_bytes().get(1))
            {
                *seconds |= bit(*second);
            }
        }
        for language in both {
            lexicon.ordinals.extend(list(language.ordinals).map(fold));
            lexicon.credits.extend(language.credits);
            lexicon.furniture.extend(language.furniture);
            lexicon.lists.extend(language.lists);
            lexicon.boxes.extend(language.boxes);
            lexicon.furniture.extend(language.shares);
            lexicon.shares.extend(language.shares);
            lexicon.counted.extend(language.counted);
            lexicon.by.extend(language.by);
            lexicon.within.extend(language.within);
            lexicon.filed.extend(language.filed);
        }
        lexicon.small.extend(list(own.small));
        lexicon.packed = words.iter().map(|(name, _)| pack(name).unwrap_or(0)).collect();
        lexicon.words = words;
        lexicon
    }

    /// Whether a date may begin with the byte `lead`, if it begins with a word.
    pub(crate) fn may_begin(&self, lead: u8) -> bool {
        self.begins.get(usize::from(lead)).copied().unwrap_or(false)
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
        match pack(word) {
            Some(packed) => self.packed_word(packed),
            None => self.long_word(word),
        }
    }

    fn packed_word(&self, packed: u128) -> Word {
        let [lead, ..] = packed.to_le_bytes();
        let (from, to) = self.by_first.get(usize::from(lead)).copied().unwrap_or_default();
        let (from, to) = (usize::from(from), usize::from(to));
        let near = self.packed.get(from..to).unwrap_or_default();
        let found = near.iter().position(|name| *name == packed).and_then(|at| self.words.get(from + at));
        found.map_or(Word::Other, |(_, meaning)| *meaning)
    }

    #[cold]
    fn long_word(&self, word: &str) -> Word {
        if word.len() > 100 {
            return Word::Other;
        }
        let folded = fold(word);
        let found = self.words.binary_search_by(|(name, _)| name.as_str().cmp(&folded)).ok();
        found.and_then(|at| self.words.get(at)).map_or(Word::Other, |(_, meaning)| *meaning)
    }

    /// The name of several words that `text` begins with: what it means, and how long it is.
    pub(crate) fn phrase(&self, text: &str) -> Option<(Word, usize)> {
        let lead = text.as_bytes().first()?;
        if !self.phrase_begins.get(usize::from(*lead)).copied().unwrap_or(false) {
            return None;
        }
        let lead = lead.to_ascii_lowercase();
        let may_be = |phrase: &&Phrase| {
            !lead.is_ascii() || phrase.words.first().is_some_and(|word| word.as_bytes().first() == Some(&lead))
        };
        self.phrases.iter().filter(may_be).find_map(|phrase| Some((phrase.meaning, phrase.length(text)?)))
    }

    /// Whether `word` is what follows the number of a day or a year.
    pub(crate) fn is_ordinal(&self, word: &str) -> bool {
        if word.is_ascii() {
            return self.ordinals.iter().any(|ordinal| ordinal.eq_ignore_ascii_case(word));
        }
        word.len() <= 40 && self.ordinals.contains(&fold(word))
    }

    /// Whether `word` may stay small inside a name.
    pub(crate) fn is_small(&self, word: &str) -> bool {
        self.small.contains(&word)
    }

    /// How long the words are with which a photo line begins; `None` when `text` is none.
    pub(crate) fn credit(&self, text: &str) -> Option<usize> {
        self.credits.of(text).find_map(|phrase| begins_with(text, phrase))
    }

    /// Whether `line` is one that stands around lists and says nothing.
    pub(crate) fn is_furniture(&self, line: &str) -> bool {
        self.furniture.has(line) || is_furniture_anywhere(line)
    }

    /// Whether `text` is what pages call their lists, perhaps with the name of the site behind a bar: `News | Dun`.
    pub(crate) fn names_list(&self, text: &str) -> bool {
        self.lists.has(text.split('|').next().unwrap_or_default().trim_end())
    }

    /// Whether `text` asks readers to tell others: `Share this page`.
    pub(crate) fn shares(&self, text: &str) -> bool {
        self.shares.has(text)
    }

    /// Whether `text` is what pages call a box beside or below their list: `About us`.
    pub(crate) fn names_box(&self, text: &str) -> bool {
        self.boxes.has(text.trim_end_matches([':', '!', ' ']))
    }

    /// What stands behind the words that say who wrote something: `by Ann Field`. Of several such words the longest
    /// count.
    pub(crate) fn by<'t>(&self, text: &'t str) -> Option<&'t str> {
        let behind = |word: &str| text.get(begins_with(text, word)?..);
        let is_apart = |rest: &&str| rest.starts_with(|c: char| c.is_whitespace() || c == ':');
        let name = self.by.of(text).filter_map(behind).filter(is_apart).min_by_key(|rest| rest.len())?;
        Some(name.trim_start_matches(|c: char| c.is_whitespace() || c == ':').trim_end())
    }

    /// The name behind the word that says who wrote something: `by Ann Field`.
    pub(crate) fn author<'t>(&self, text: &'t str) -> Option<&'t str> {
        let name = self.by(text)?;
        let few = name.split_whitespace().take(7).count() <= 6 && !name.ends_with(['.', '!', '?', ':']);
        (few && name.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase())).then_some(name)
    }

    /// Whether `text` is what stands before the date of an item, and nothing else: `Post date`.
    pub(crate) fn is_stamp(&self, text: &str) -> bool {
        let text = text.trim_end_matches([':', ' ', '：']);
        match self.phrase(text) {
            Some((word, length)) => word == Word::Stamp && length == text.len(),
            None => !text.contains(' ') && self.word(text) == Word::Stamp,
        }
    }

    /// Whether `text` says in which group an item is: `in News`.
    pub(crate) fn is_within(&self, text: &str) -> bool {
        let behind = |word: &str| text.get(begins_with(text, word)?..)?.strip_prefix(' ');
        self.within.of(text).filter_map(behind).any(|group| {
            let few = group.split_whitespace().take(9).count() <= 8 && !group.ends_with(['.', '!', '?', ':']);
            few && group.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase())
        })
    }

    /// Whether `text` is the name of a month and nothing else.
    pub(crate) fn is_month(&self, text: &str) -> bool {
        let name = text.strip_suffix('.').unwrap_or(text);
        // No word has a blank in it, and nearly all lines have.
        self.may_begin(name.bytes().next().unwrap_or_default())
            && !name.contains(' ')
            && matches!(self.word(name), Word::Month(1..=12) | Word::MonthOrWeekday(_))
    }

    /// Whether `line` names the groups that an item is in.
    pub(crate) fn is_filed(&self, line: &str) -> bool {
        self.filed.of(line).any(|phrase| begins_with(line, phrase).is_some())
    }

    /// Whether `text` only counts or offers something, or says by whom: what stands around the text of an item.
    pub(crate) fn is_aside(&self, text: &str) -> bool {
        // Where accounts write, a name may be a small word; the group of the item may stand behind it.
        let account = |name: &str| {
            let (name, more) = name.split_once(' ').unwrap_or((name, ""));
            let says_nothing = || more.is_empty() || self.counts(more) || self.is_furniture(more);
            is_one_word(name) && (says_nothing() || self.is_within(more))
        };
        let by = |piece: &str| self.author(piece).is_some() || self.by(piece).is_some_and(account);
        let mut pieces =
            text.split(['|', '·', '•', ',', '—', '–', '/']).map(str::trim).filter(|it| !it.is_empty()).peekable();
        let is_aside = |piece: &str| self.counts(piece) || self.is_furniture(piece) || by(piece);
        pieces.peek().is_some() && pieces.all(is_aside)
    }

    /// The text behind words that offer more of something, or count what was said of it: `Read more about`, `No
    /// comments on`. `None`: it does not begin with any.
    pub(crate) fn behind_offer<'t>(&self, text: &'t str) -> Option<&'t str> {
        const LONGEST_COUNT: usize = 8;
        let is_apart = |rest: &&str| rest.starts_with(|c: char| c.is_whitespace() || c == ':');
        let offers = self.furniture.of(text).filter_map(|phrase| text.get(begins_with(text, phrase)?..)).find(is_apart);
        let counts = || {
            let number = text.bytes().take(LONGEST_COUNT + 1).position(|b| b == b' ')?;
            let counted = text.get(number + 1..)?;
            let (counted, behind) = counted.split_once(' ')?;
            self.is_counted(counted).then_some(behind)
        };
        offers.map(str::trim_start).or_else(counts)
    }

    /// Whether `text` begins as a counter: `3 min read`.
    pub(crate) fn counts(&self, text: &str) -> bool {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let behind = text.get(digits..).and_then(|rest| rest.split(['|', '·', '•', '/']).next());
        digits > 0 && behind.is_some_and(|rest| self.is_counted(rest.trim()))
    }

    /// Whether `word` is what counters count.
    pub(crate) fn is_counted(&self, word: &str) -> bool {
        self.counted.has(word)
    }
}

impl Labels {
    const fn empty() -> Self {
        Self { phrases: Vec::new(), seconds: [0; 256] }
    }

    fn extend(&mut self, phrases: &'static str) {
        for phrase in list(phrases) {
            self.phrases.push(phrase);
            for first in phrase.chars().take(1).flat_map(|first| first.to_uppercase().chain([first])) {
                let lead = first.encode_utf8(&mut [0; 4]).bytes().next().unwrap_or_default();
                // Letters that are not ASCII have other bytes in capitals, and there may be none.
                let second = phrase.as_bytes().get(1).filter(|second| lead.is_ascii() && second.is_ascii());
                let seconds = second.map_or(u64::MAX, |second| class(*second));
                self.seconds.get_mut(usize::from(lead)).into_iter().for_each(|slot| *slot |= seconds);
            }
        }
    }

    /// Those that `text` may begin with, or be.
    fn of(&self, text: &str) -> impl Iterator<Item = &'static str> {
        let (lead, second) = match text.as_bytes() {
            [lead, second, ..] => (*lead, if second.is_ascii() { class(*second) } else { u64::MAX }),
            [lead] => (*lead, u64::MAX),
            [] => (0, u64::MAX),
        };
        let may_be = self.seconds.get(usize::from(lead)).is_some_and(|seconds| seconds & second != 0);
        let phrases = if may_be { &*self.phrases } else { &[] };
        // Other letters have other first bytes in capitals.
        let lower = lead.to_ascii_lowercase();
        phrases.iter().copied().filter(move |phrase| !lead.is_ascii() || phrase.as_bytes().first() == Some(&lower))
    }

    /// Whether `word`, in any case, is one of them.
    fn has(&self, word: &str) -> bool {
        if word.is_ascii() {
            return self.of(word).any(|name| name.eq_ignore_ascii_case(word));
        }
        self.of(word).any(|name| is_same(name, word))
    }
}

/// Whether `text` is a word, though it may be a small one, and nothing else.
pub(crate) fn is_one_word(text: &str) -> bool {
    text.starts_with(char::is_alphabetic)
        && text.len() <= 40
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// Whether `line` is furniture in any language: pages of figures do not tell theirs.
fn is_furniture_anywhere(line: &str) -> bool {
    static ALL: OnceLock<FxHashSet<&'static str>> = OnceLock::new();
    // What is ASCII in one language may be any word in another, and most pages are asked nothing more.
    if line.is_ascii() || line.len() > 64 {
        return false;
    }
    let all = || LANGUAGES.iter().flat_map(|language| list(language.furniture)).collect();
    ALL.get_or_init(all).contains(line.to_lowercase().as_str())
}

/// Months and weekdays, the halves of the day.
fn meanings_of_names(language: &'static Words) -> Vec<(&'static str, Word)> {
    let names = NAMES.iter().find(|names| names.tag == language.tag);
    let weekdays: Vec<_> = weekdays_of(language).collect();
    let folded: Vec<_> = weekdays.iter().map(|day| fold(day)).collect();
    let mut meanings = Vec::new();
    for (months, number) in months_of(language).iter().zip(1..) {
        meanings.extend(months.iter().map(|name| {
            let either = folded.contains(&fold(name));
            (*name, if either { Word::MonthOrWeekday(number) } else { Word::Month(number) })
        }));
    }
    meanings.extend(weekdays.iter().map(|day| (*day, Word::Weekday)));
    meanings.extend(list(names.map_or("", |names| names.am)).chain(list(language.am)).map(|name| (name, Word::Am)));
    meanings.extend(list(names.map_or("", |names| names.pm)).chain(list(language.pm)).map(|name| (name, Word::Pm)));
    meanings
}

/// What the words of `language` mean, those first that win where a word means several things.
fn meanings(language: &'static Words) -> Vec<(&'static str, Word)> {
    let mut meanings = meanings_of_names(language);
    for (words, meaning) in [
        (language.year, Word::Year),
        (language.day, Word::Day),
        (language.of, Word::Of),
        (language.until, Word::Until),
        (language.on, Word::On),
        (language.at, Word::At),
        (language.hour, Word::Hour),
        (language.foreign_months, Word::Month(FOREIGN)),
        (language.ordinals, Word::Ordinal),
        (language.stamps, Word::Stamp),
        (language.updated, Word::Update),
    ] {
        meanings.extend(list(words).map(|name| (name, meaning)));
    }
    meanings
}

impl Phrase {
    /// How much of `text` the phrase is, if it begins with it. Between its words may be blanks, full stops and hyphens.
    fn length(&self, text: &str) -> Option<usize> {
        let mut parts = parts_of(text);
        let mut end = 0;
        for word in &self.words {
            let (start, part) = parts.next()?;
            let between = text.get(end..start)?;
            let near = |c| matches!(c, ' ' | '.' | '-' | '/' | '\u{A0}' | '\u{202F}');
            if between.len() > 3 || (end == 0 && start > 0) || !between.chars().all(near) {
                return None;
            }
            if !part.eq_ignore_ascii_case(word) && (part.is_ascii() || fold(part) != *word) {
                return None;
            }
            end = start + part.len();
        }
        Some(end)
    }
}

/// How much of `text` is `phrase`, which is in lower case, if it begins with it.
fn begins_with(text: &str, phrase: &str) -> Option<usize> {
    if text.get(..phrase.len()).is_some_and(|head| head.eq_ignore_ascii_case(phrase)) {
        return Some(phrase.len());
    }
    if phrase.is_ascii() {
        return None;
    }
    let mut wanted = phrase.chars().peekable();
    for (at, c) in text.char_indices() {
        if wanted.peek().is_none() {
            return Some(at);
        }
        if c.to_lowercase().any(|lower| wanted.next() != Some(lower)) {
            return None;
        }
    }
    wanted.peek().is_none().then_some(text.len())
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

/// The bit that stands for an ASCII byte: the same for letters of either case, and for some signs.
fn class(byte: u8) -> u64 {
    1 << (byte.to_ascii_lowercase() & 63)
}

/// Whether `word`, in any case, is `name`, which is in lower case.
pub(crate) fn is_same(name: &str, word: &str) -> bool {
    name.eq_ignore_ascii_case(word) || (!word.is_ascii() && name.chars().eq(word.chars().flat_map(char::to_lowercase)))
}

#[cfg(test)]
mod tests;
