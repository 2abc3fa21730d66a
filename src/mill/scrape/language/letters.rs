//! Digits and letters of all scripts.

use unicode_normalization::char::is_combining_mark;

/// The value of a decimal digit in the scripts that dates are printed in.
pub(crate) fn digit(c: char) -> Option<u32> {
    if c < '\u{660}' {
        return c.to_digit(10);
    }
    let zeros = [
        '\u{660}', '\u{6F0}', '\u{966}', '\u{9E6}', '\u{A66}', '\u{AE6}', '\u{BE6}', '\u{C66}', '\u{CE6}', '\u{D66}',
        '\u{E50}', '\u{ED0}', '\u{1040}', '\u{17E0}', '\u{FF10}',
    ];
    zeros.into_iter().map(|zero| u32::from(c).wrapping_sub(u32::from(zero))).find(|value| *value < 10)
}

/// Most texts have none. Nothing ends the look early, so that it takes many bytes at a time.
pub(crate) fn has_ascii_digit(text: &str) -> bool {
    text.bytes().fold(false, |any, b| any | b.is_ascii_digit())
}

/// Whether a digit may begin with the byte `lead`: those of all scripts begin with few.
pub(crate) fn may_begin_digit(lead: u8) -> bool {
    lead.is_ascii_digit() || matches!(lead, 0xD9 | 0xDB | 0xE0 | 0xE1 | 0xEF)
}

/// Whether `c` may stand within a word: letters, the marks on them, and joiners.
pub(crate) fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    c.is_alphabetic() || is_combining_mark(c) || matches!(c, '\u{200B}'..='\u{200D}' | '\u{AD}' | '\u{2060}')
}

/// Whether `c` may go on with a word.
pub(crate) fn goes_on(c: char) -> bool {
    is_letter(c) || matches!(c, '\'' | '’' | 'ʼ' | 'ʻ' | '‘' | '׳')
}

/// The words and numbers of `text`, each with where it begins.
pub(super) fn parts_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let first = *bytes.get(at)?;
            let start = at;
            if first.is_ascii_digit() {
                at += run(bytes, at, |b| b.is_ascii_digit());
            } else if first.is_ascii_alphabetic() {
                at += run(bytes, at, |b| b.is_ascii_alphabetic() || b == b'\'');
                // An accent may follow.
                at += text
                    .get(at..)
                    .filter(|rest| rest.starts_with(|c: char| !c.is_ascii() && goes_on(c)))
                    .map_or(0, letters);
            } else if first.is_ascii() {
                at += 1;
                continue;
            } else {
                let rest = text.get(at..)?;
                let c = rest.chars().next()?;
                at += if digit(c).is_some() {
                    rest.find(|c| digit(c).is_none()).unwrap_or(rest.len())
                } else if is_letter(c) {
                    letters(rest)
                } else {
                    at += c.len_utf8();
                    continue;
                };
            }
            return Some((start, text.get(start..at)?));
        }
    })
}

fn letters(text: &str) -> usize {
    text.find(|c| !goes_on(c)).unwrap_or(text.len())
}

fn run(bytes: &[u8], from: usize, goes_on: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(from).take_while(|b| goes_on(**b)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_tells_that_a_letter_is_no_digit() {
        let digits = (char::MIN..=char::MAX).filter(|c| digit(*c).is_some());
        let leads = digits.filter_map(|c| c.encode_utf8(&mut [0; 4]).bytes().next());
        assert!(leads.map(may_begin_digit).fold((0, true), |(count, all), one| (count + 1, all && one)) == (160, true));
    }
}
