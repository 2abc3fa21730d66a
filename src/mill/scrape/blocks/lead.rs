//! Lines, and words behind a sentence, that lead on to more of what stands above them: `Read more`.

use super::Block;
use super::lines::{is_blank, trim};
use super::mark::link_number;
use crate::mill::scrape::furniture::is_furniture;
use crate::mill::scrape::language::Lexicon;
use crate::mill::scrape::shape::{FULL_STOPS, ends_sentence, words};

/// `text` without the words behind its last sentence that lead on, and the number that a text browser gives a link:
/// `Work begins. [7]Read more`, `Work begins… Read more »`.
pub(super) fn without_lead_on<'t>(text: &'t str, lexicon: &Lexicon) -> &'t str {
    const LONGEST: usize = 40;
    const ENDS: [char; 6] = ['.', '…', '!', '?', '。', ']'];
    let tail = text.get(text.ceil_char_boundary(text.len().saturating_sub(LONGEST))..).unwrap_or_default();
    let inner = tail.trim_end_matches(ENDS);
    // Hardly any text ends so near to its end. Nothing ends the look early, so that it takes many bytes at a time.
    if !inner.bytes().fold(false, |any, b| any | matches!(b, b'.' | b'!' | b'?' | b']' | 0xE2 | 0xE3)) {
        return text;
    }
    let Some((at, sign)) = inner.rmatch_indices(ENDS).next() else { return text };
    let (behind, number) = match tail.rfind('[') {
        Some(at) if sign == "]" => (tail.get(at..).unwrap_or_default(), true),
        _ => (tail.get(at + sign.len()..).unwrap_or_default(), false),
    };
    let link = if number { link_number(behind) } else { 0 };
    let before = text.get(..text.len() - behind.len()).unwrap_or_default().trim_end();
    let words = behind.get(link..).unwrap_or_default().trim();
    let is_apart = number == (link > 0) && (number || behind.starts_with(char::is_whitespace));
    if is_apart && !before.is_empty() && words.contains(char::is_alphabetic) && is_furniture(words, lexicon) {
        before
    } else {
        text
    }
}

/// Whether `line` may be one that leads on, `Read more`: it is short and stands below a sentence. What closes a bracket
/// goes on with the text that opens it: `(No.` / `182).`
pub(super) fn may_offer(line: &str, above: &str) -> bool {
    line.len() <= 48 && ends_sentence(above, &FULL_STOPS) && (line.contains('(') || !line.contains(')'))
}

/// Whether `line` offers more of what stands near above it, or counts what was said of it, by its title: `Continue
/// reading “The market opens”`, `2 Comments on The market opens`, `The market opens Read more »`.
pub(super) fn offers_above(line: &str, above: &[Block<'_>], lexicon: &Lexicon) -> bool {
    const NEAR: usize = 8;
    const LONGEST: usize = 240;
    const MOST_WORDS: usize = 3;
    if line.len() > LONGEST {
        return false;
    }
    let is_sign = |c: char| is_blank(c) || matches!(c, '“' | '”' | '"' | '„' | '«' | '»' | '‘' | '’' | ':' | '…' | '→');
    let is_above = |is_it: &dyn Fn(&str) -> bool| {
        // A run may be as long as the file: only the lines at its end are near.
        let has_line = |block: &Block<'_>| block.text.lines().rev().take(NEAR).any(|line| is_it(trim(line).1));
        above.iter().rev().take(NEAR).any(has_line)
    };
    // Only a sign at its end tells that the line leads anywhere.
    if line.ends_with(['»', '→', '›']) {
        let leads_on = |title: &str| {
            let behind = line.strip_prefix(title).filter(|behind| behind.starts_with(' ') && title.contains(' '));
            behind.is_some_and(|behind| is_furniture(behind.trim_start(), lexicon))
        };
        if is_above(&leads_on) {
            return true;
        }
    }
    let Some(behind) = lexicon.behind_offer(line) else { return false };
    let stands_above = |title: &str| {
        let title = title.trim_matches(is_sign);
        words(title) > 1 && is_above(&|line| line.trim_matches(is_sign) == title)
    };
    let words = behind.match_indices(' ').map(|(at, _)| at + 1);
    [0].into_iter().chain(words).take(MOST_WORDS).any(|at| behind.get(at..).is_some_and(stands_above))
}
