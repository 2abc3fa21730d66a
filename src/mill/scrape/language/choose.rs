//! Which language a file is written in: the one in which its dates can be read.
//!
//! Names of months clash between languages (`listopada` is November in Polish and October in Croatian), so a file has
//! one language. Each month that stands beside a number is a vote for all languages that have it. Where votes leave
//! several, frequent words decide; where these leave several too, all of them are asked about each date, and what they
//! disagree about has no day.
//!
//! Every file is asked, so the first dates usually settle it.

use std::sync::LazyLock;

use memchr::{memchr2, memmem};
use rustc_hash::FxHashMap;

use super::fold::fold;
use super::letters::{has_ascii_digit, may_begin_digit};
use super::words::LANGUAGES;
use super::{Lexicon, digit, known, list, months_of, parts_of, weekdays_of};

/// A set of languages, a bit each, in the order of the tables.
type Set = u128;

const COUNT: usize = LANGUAGES.len();

/// The language of a file.
pub(crate) struct Choice {
    pub(crate) lexicon: &'static Lexicon,
    /// The other languages that read it as well.
    pub(crate) rivals: Vec<&'static Lexicon>,
    /// The tag, where nothing is left to doubt.
    pub(crate) tag: Option<&'static str>,
}

/// Lines longer than this hold no date of their own; they are asked when no other line has one.
const SHORT: usize = 120;
/// So much of a file is looked at when the short lines say nothing.
const HEAD: usize = 32 * 1024;
/// So many votes tell as much as all would.
const ENOUGH: u32 = 16;
/// A month stands beside a number when no more bytes are between them: ` de `, `-го `, ` of `.
const BESIDE: usize = 8;

/// The language of `text`: the one that is named, or the one that reads it.
pub(crate) fn choose(named: Option<&str>, text: &str) -> Choice {
    if let Some(at) = known(named) {
        return sole(at);
    }
    let mut votes = [0_u32; COUNT];
    let mut total = 0_u32;
    let mut asked = false;
    for line in lines(text).filter(|line| line.len() <= SHORT && has_digit(line)) {
        total += vote(line, &mut votes);
        if total >= ENOUGH || (total >= 4 && leads(&votes, 4)) {
            break;
        }
        // Months that many languages share may go on to the end of the file.
        if total >= 4 && !asked {
            asked = true;
            if is_english(text, &votes) {
                return sole(0);
            }
        }
    }
    if total > 0 && !asked && is_english(text, &votes) {
        return sole(0);
    }
    let head = text.get(..text.floor_char_boundary(HEAD)).unwrap_or_default();
    if total == 0 {
        lines(head).filter(|line| line.len() > SHORT).for_each(|line| {
            total += vote(line, &mut votes);
        });
    }
    let most = votes.iter().copied().max().unwrap_or(0);
    if most >= 3 && votes.iter().filter(|count| **count == most).count() == 1 {
        return votes.iter().position(|count| *count == most).map_or_else(|| sole(0), sole);
    }
    // Few votes or a tie: frequent words have a say, and where words have no blanks between them the script has.
    if total == 0
        && let Some(at) = script(head).and_then(|tag| known(Some(tag)))
    {
        return sole(at);
    }
    let mut hits = frequent(head);
    let more = if most > 0 { weekdays(head).map(|days| 3 * days) } else { said(head) };
    hits.iter_mut().zip(more).for_each(|(hits, more)| *hits += more);
    settle(&votes, most, &hits)
}

fn sole(at: usize) -> Choice {
    Choice { lexicon: Lexicon::at(at), rivals: Vec::new(), tag: LANGUAGES.get(at).map(|language| language.tag) }
}

/// The best by `votes` and frequent words (`hits`), and those that read as many dates and have nearly as many words.
fn settle(votes: &[u32; COUNT], most: u32, hits: &[u32; COUNT]) -> Choice {
    // A few votes may come from words that only look like months; many do not.
    let counts = |votes: u32| if most >= 3 { votes == most } else { true };
    let score = |(votes, hits): (&u32, &u32)| if counts(*votes) { hits + 3 * votes } else { 0 };
    let scores: Vec<u32> = votes.iter().zip(hits).map(score).collect();
    let top = scores.iter().copied().max().unwrap_or(0);
    let best = scores.iter().position(|score| *score == top).unwrap_or(0);
    let of = |list: &[u32; COUNT], at: usize| list.get(at).copied().unwrap_or(0);
    if top < 3 {
        // Nothing is known of the language: dates in numbers read alike in all.
        return Choice { lexicon: Lexicon::at(0), rivals: Vec::new(), tag: None };
    }
    let near = |at: &usize| *at != best && of(votes, *at) == of(votes, best) && of(hits, *at) * 3 >= of(hits, best) * 2;
    let near: Vec<usize> = (0..COUNT).filter(near).collect();
    let tag = LANGUAGES.get(best).map(|language| language.tag).filter(|_| near.is_empty());
    // Without votes there is no date that they could read otherwise.
    let rivals = if most == 0 { Vec::new() } else { near.into_iter().map(Lexicon::at).collect() };
    Choice { lexicon: Lexicon::at(best), rivals, tag }
}

/// Whether one language is ahead of all others by enough to stop counting.
fn leads(votes: &[u32; COUNT], by: u32) -> bool {
    let (mut first, mut second) = (0, 0);
    for count in votes {
        if *count > first {
            (first, second) = (*count, first);
        } else if *count > second {
            second = *count;
        }
    }
    first >= second + by
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        rest = rest.get(end + 1..).unwrap_or_default();
        Some(line)
    })
}

fn has_digit(line: &str) -> bool {
    has_ascii_digit(line)
        || (!line.is_ascii() && line.bytes().any(may_begin_digit) && line.chars().any(|c| digit(c).is_some()))
}

/// Counts the months in `line` that stand beside a number, for all languages that have them.
fn vote(line: &str, votes: &mut [u32; COUNT]) -> u32 {
    let mut count = 0;
    let mut number = None;
    let mut word: Option<(&str, usize)> = None;
    for (start, token) in parts_of(line) {
        let near = |end: usize| start - end <= BESIDE;
        // In most lines that hold a number it is that of the list, and the rest is a headline.
        if !number.is_some_and(near) && !line.get(start..).is_some_and(has_digit) {
            break;
        }
        let is_number = token.starts_with(|c| digit(c).is_some());
        let beside = if is_number {
            word.take().filter(|(_, end)| near(*end)).map(|(word, _)| word)
        } else {
            number.filter(|end| near(*end)).map(|_| token)
        };
        let set = beside.map_or(0, |word| MONTHS.of(word));
        if set != 0 {
            count += 1;
            cast(set, votes);
        }
        if is_number {
            number = Some(start + token.len());
        } else if set == 0 {
            word = Some((token, start + token.len()));
        } else {
            (number, word) = (None, None);
        }
    }
    count
}

fn cast(mut set: Set, votes: &mut [u32; COUNT]) {
    while set != 0 {
        let at = usize::try_from(set.trailing_zeros()).unwrap_or_default();
        if let Some(count) = votes.get_mut(at) {
            *count += 1;
        }
        set &= set - 1;
    }
}

/// How many frequent words of each language stand at the head of the file.
fn frequent(head: &str) -> [u32; COUNT] {
    let mut hits = [0; COUNT];
    let head = head.get(..head.floor_char_boundary(2048)).unwrap_or_default();
    for (_, word) in parts_of(head) {
        cast(FREQUENT.of(word), &mut hits);
    }
    hits
}

/// How many dates at the head of the file have a weekday of each language right before their number: short weekdays are
/// frequent words of other languages (`di` is Tuesday in Dutch).
fn weekdays(head: &str) -> [u32; COUNT] {
    let mut days = [0; COUNT];
    for line in lines(head).filter(|line| line.len() <= SHORT && has_digit(line)) {
        let mut before: Option<&str> = None;
        for (_, token) in parts_of(line) {
            let is_number = token.starts_with(|c| digit(c).is_some());
            if let (true, Some(word)) = (is_number, before) {
                cast(WEEKDAYS.of(word), &mut days);
            }
            before = (!is_number).then_some(token);
        }
    }
    days
}

/// How many lines at the head of the file lead on, or say of a day what it is of, in the words of each language: `Vis
/// mer`, `Publisert 12.03.2024`, `12.3.2024 klo 9.00`.
fn said(head: &str) -> [u32; COUNT] {
    let mut hits = [0; COUNT];
    let signs = |c: char| c.is_whitespace() || matches!(c, ':' | '»' | '›' | '…' | '→');
    for line in lines(head).map(str::trim).filter(|line| line.len() <= SHORT) {
        let name = line.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
        cast(LABELS.of(name.trim_end_matches(signs)), &mut hits);
        if name.len() == line.len() {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        for three in words.windows(3) {
            // `2 v 1` is a result, and `2 h 30` a distance.
            if let [day, at, time] = three
                && day.starts_with(|c: char| c.is_ascii_digit())
                && is_time(time)
            {
                cast(BEFORE_TIMES.of(at), &mut hits);
            }
        }
    }
    hits
}

/// Whether a word is hours and minutes: `9.00`, `09:00`.
fn is_time(word: &str) -> bool {
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let parts = word.trim_end_matches([',', ';', '.']).split_once(['.', ':']);
    parts.is_some_and(|(hours, minutes)| {
        matches!(hours.len(), 1 | 2) && minutes.len() == 2 && is_number(hours) && is_number(minutes)
    })
}

/// Whether English has as many votes as any language and the text is plainly English. Which of the languages that share
/// these months it is matters for labels alone.
fn is_english(text: &str, votes: &[u32; COUNT]) -> bool {
    let most = votes.iter().copied().max().unwrap_or(0);
    let often = |word: &'static str| memmem::find_iter(text.as_bytes(), word).take(4);
    votes.first() == Some(&most) && [" the ", " of ", " and "].into_iter().flat_map(often).nth(3).is_some()
}

/// The language that a script belongs to, where most letters at the head of the file are of it.
fn script(head: &str) -> Option<&'static str> {
    let (mut kana, mut han, mut hangul, mut thai, mut all) = (0, 0, 0, 0, 0);
    for c in head.chars().filter(|c| c.is_alphabetic()).take(1000) {
        all += 1;
        match c {
            '\u{3040}'..='\u{30FF}' => kana += 1,
            '\u{3400}'..='\u{9FFF}' => han += 1,
            '\u{AC00}'..='\u{D7AF}' => hangul += 1,
            '\u{E00}'..='\u{E7F}' => thai += 1,
            _ => {}
        }
    }
    [("ja", kana * 8), ("ko", hangul * 3), ("th", thai * 3), ("zh", han * 3)]
        .into_iter()
        .find(|(tag, weight)| *weight > all && (*tag != "ja" || kana + han > all / 3))
        .map(|(tag, _)| tag)
}

/// Words, and the languages that have them.
#[derive(Default)]
struct Words {
    map: FxHashMap<Box<[u8]>, Set>,
    /// How long in bytes the longest of them is that is ASCII.
    longest: usize,
    /// The lengths, a bit each, of those that begin with an ASCII letter: for most words they tell that it is none.
    lengths: [u32; 32],
}

static MONTHS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    for (at, language) in LANGUAGES.iter().enumerate() {
        for name in months_of(language).iter().flatten() {
            // The word that opens a name of several speaks for it, unless it is a small one; the last of one that opens
            // with a number: `5-р сарын`.
            let mut words_of = name.split([' ', '.', '-']);
            let counts = name.starts_with(|c: char| c.is_ascii_digit());
            let first = if counts { words_of.next_back() } else { words_of.next() }.unwrap_or_default();
            let small =
                first.len() < name.len() && (first.chars().count() < 3 || list(language.of).any(|of| of == first));
            if !small && !first.starts_with(|c: char| c.is_ascii_digit()) {
                words.add(first, at);
            }
        }
        for name in list(language.foreign_months) {
            words.add(name, at);
        }
    }
    words
});

static WEEKDAYS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    for (at, language) in LANGUAGES.iter().enumerate() {
        weekdays_of(language).for_each(|word| words.add(word, at));
    }
    words
});

static FREQUENT: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    for (at, language) in LANGUAGES.iter().enumerate() {
        // A month has had its vote: `may` is a word of Filipino, too.
        let is_month = |word: &&str| MONTHS.of(word) & (1 << at) != 0;
        list(language.common).filter(|word| !is_month(word)).for_each(|word| words.add(word, at));
    }
    words
});

/// What leads on from a list, and what stands before a day.
static LABELS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    for (at, language) in LANGUAGES.iter().enumerate() {
        let labels = [language.furniture, language.stamps, language.updated].into_iter().flat_map(list);
        labels.for_each(|label| words.add(label.trim_end_matches(':'), at));
    }
    words
});

static BEFORE_TIMES: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    for (at, language) in LANGUAGES.iter().enumerate() {
        list(language.at).for_each(|word| words.add(word, at));
    }
    words
});

impl Words {
    fn add(&mut self, word: &str, at: usize) {
        let word = fold(word);
        if word.is_empty() {
            return;
        }
        if let Some(lead) = word.bytes().next().filter(|_| word.is_ascii() && word.len() < 24) {
            self.longest = self.longest.max(word.len());
            if let Some(lengths) = self.lengths.get_mut(usize::from(lead & 31)) {
                *lengths |= 1 << word.len();
            }
        }
        *self.map.entry(word.into_bytes().into_boxed_slice()).or_default() |= 1 << at;
    }

    fn of(&self, word: &str) -> Set {
        let lead = word.as_bytes().first().copied().unwrap_or(0);
        let mut buffer = [0; 24];
        match buffer.get_mut(..word.len()).filter(|_| word.is_ascii()) {
            Some(lower) => {
                let lengths = self.lengths.get(usize::from(lead & 31)).copied().unwrap_or(0);
                if word.len() > self.longest || lengths & (1 << word.len()) == 0 {
                    return 0;
                }
                lower.copy_from_slice(word.as_bytes());
                lower.make_ascii_lowercase();
                self.map.get(&*lower).copied().unwrap_or(0)
            }
            None if word.is_ascii() || word.len() > 80 => 0,
            None => self.map.get(fold(word).as_bytes()).copied().unwrap_or(0),
        }
    }
}
