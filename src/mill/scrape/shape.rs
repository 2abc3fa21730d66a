//! What the length and the end of a text tell of it, whatever its words: a few words, a headline, a sentence, a
//! paragraph.

use std::ops::RangeInclusive;

use memchr::memchr_iter;

/// A title of more letters than this is hardly one.
const LONG: usize = 250;

/// No text of more bytes can be short, whatever its script; many fewer letters than [`LONG`] it cannot have.
pub(super) const LONG_BYTES: usize = LONG * 4;

/// How many words `text` has, ten at most where they have blanks between them.
pub(super) fn words(text: &str) -> usize {
    let is_unspaced = |c: &char| matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}');
    let ideographs = if text.is_ascii() { 0 } else { text.chars().filter(is_unspaced).count() };
    text.split_whitespace().take(10).count() + ideographs / 3
}

/// Two words at most, and few letters.
pub(crate) fn is_brief(text: &str) -> bool {
    text.len() <= 60 && text.chars().count() <= 28 && words(text) <= 2
}

/// What no heading ends with: the signs of sentences, and of texts that go on.
pub(super) const NO_END_OF_A_HEADING: [char; 12] = ['.', '!', '…', ',', ';', '。', '！', '、', '։', '।', '۔', '،'];

/// Eight words and seventy letters at most, and no end of a sentence. Where words have no blanks between them, three
/// letters are a word.
pub(crate) fn is_short(text: &str) -> bool {
    if text.len() > 70 * 4 || text.ends_with(NO_END_OF_A_HEADING) {
        return false;
    }
    if text.is_ascii() {
        return text.len() <= 70 && text.split_ascii_whitespace().take(9).count() <= 8;
    }
    if text.chars().count() > 70 {
        return false;
    }
    words(text) <= 8
}

pub(super) fn is_wordy(text: &str) -> bool {
    if text.len() > LONG && text.chars().count() > LONG {
        return true;
    }
    ends_sentence(text, &['.', '!', '…', '。', '！']) && has_eight_words(text)
}

fn has_eight_words(text: &str) -> bool {
    // A word stands behind every space that a printable ASCII character follows; `text` begins with one already. Only
    // where these are too few do other blanks matter.
    let bytes = text.as_bytes();
    let begins_word = |at: &usize| bytes.get(at + 1).is_some_and(u8::is_ascii_graphic);
    memchr_iter(b' ', bytes).filter(begins_word).nth(6).is_some() || text.split_whitespace().nth(7).is_some()
}

/// Whether a line of `text` ends so early that it was not wrapped there: the next word would have had room in it, as
/// others show, or it is said once more; or ends a sentence.
pub(super) fn is_broken(text: &str) -> bool {
    const NARROW: usize = 40;
    // Fewer words with a full stop behind them may be a title that begins with an abbreviation.
    const FEWEST: usize = 5;
    let length = |line: &str| line.trim().chars().count();
    // A single word, like an address, stands on one line however long it is.
    let is_wrapped = |line: &&str| line.trim().contains(char::is_whitespace);
    let width = text.lines().filter(is_wrapped).map(length).max().unwrap_or(0).max(NARROW);
    let mut lines = text.lines().peekable();
    while let Some((line, next)) = lines.next().and_then(|line| Some((line, lines.peek()?))) {
        let word = next.split_whitespace().next().unwrap_or_default();
        let ends_text = words(line) >= FEWEST && ends_sentence(line, &['.', '!', '…', '。', '！', '।', '۔']);
        if line == *next || ends_text || length(line) + 1 + word.chars().count() <= width {
            return true;
        }
    }
    false
}

/// Whether many lines of `text` are as long as they may be: the word that the next one begins with would have had no
/// room.
pub(super) fn is_wrapped(text: &str) -> bool {
    const WIDTHS: RangeInclusive<usize> = 40..=132;
    const FEWEST: usize = 3;
    let length = |text: &str| text.trim_end().chars().count();
    let width = text.lines().map(length).max().unwrap_or(0);
    let is_full = |(line, next): &(&str, &str)| {
        let word = next.split_whitespace().next().unwrap_or_default();
        word.starts_with(char::is_alphabetic) && length(line) + 1 + length(word) > width
    };
    let full = text.lines().zip(text.lines().skip(1)).filter(is_full).count();
    WIDTHS.contains(&width) && full >= FEWEST && full * 5 >= text.lines().count()
}

/// The signs that end sentences, whatever kind they are.
pub(crate) const FULL_STOPS: [char; 7] = ['.', '!', '?', '…', '。', '！', '？'];

/// Whether `text` ends as a sentence does, quotation marks and brackets set aside.
pub(crate) fn ends_sentence(text: &str, signs: &[char]) -> bool {
    text.trim_end_matches(['"', '\'', '”', '’', '»', '“', '‘', '«', '›', ')', ']', '」', '』']).ends_with(signs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_is_few_words_without_a_full_stop() {
        assert!(is_short("Statements and speeches"));
        assert!(!is_short("It rained."));
        assert!(!is_short("Nine words are more than a heading should have"));
        assert!(!is_short("不確実な回復を警告する事務所と不確実な回復を警告する事務所"));
    }

    #[test]
    fn words_are_counted_between_blanks_of_every_kind() {
        assert!(has_eight_words("One two three four five six seven eight"));
        assert!(has_eight_words("Один два три четыре пять шесть семь восемь"));
        assert!(has_eight_words("One two\u{A0}three\u{2028}four five\tsix\u{B}seven\n“eight”"));
        assert!(!has_eight_words("One two three four five six seven"));
        assert!(!has_eight_words("One  two three  \u{A0} four \u{3000} five six seven"));
    }
}
