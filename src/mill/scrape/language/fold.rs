//! Words as they are compared: without case, accents and the many shapes of an apostrophe.

use unicode_normalization::UnicodeNormalization;

/// The form in which words are compared.
///
/// Pages drop accents (`FEVRIER`), decompose them, write `İ` for `i` and mix the two yehs of Arabic and Persian. Within
/// one language no two names of months or weekdays differ by these alone; a test says so.
pub(crate) fn fold(word: &str) -> String {
    if word.is_ascii() {
        let mut folded = word.to_ascii_lowercase();
        if folded.contains('`') {
            folded = folded.replace('`', "'");
        }
        return folded;
    }
    if word.chars().all(is_folded) {
        return word.to_owned();
    }
    let folded = word.chars().flat_map(char::to_lowercase).nfkd();
    folded
        .filter_map(|c| match c {
            // Accents, Arabic vowel signs and hamzas, the long stroke of Arabic, joiners.
            '\u{300}'..='\u{36F}'
            | '\u{64B}'..='\u{655}'
            | '\u{640}'
            | '\u{200B}'..='\u{200D}'
            | '\u{AD}'
            | '\u{2060}' => None,
            'ı' => Some('i'),
            'ς' => Some('σ'),
            '’' | '‘' | 'ʼ' | 'ʻ' | '`' | '´' | '՚' | '′' | '׳' => Some('\''),
            'ى' | 'ی' => Some('ي'),
            'ک' => Some('ك'),
            c => Some(c),
        })
        .collect()
}

/// Whether `c` is one of the many letters of which folding makes nothing else, as most words of the tables consist of:
/// spares them a look into the tables of Unicode.
fn is_folded(c: char) -> bool {
    matches!(c, 'a'..='z' | 'а'..='и' | 'к'..='я' | 'ა'..='ჰ' | 'ա'..='ֆ' | '\u{4E00}'..='\u{9FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_folded_already_is_folded_to_itself() {
        for c in (char::MIN..=char::MAX).filter(|c| is_folded(*c)) {
            // The accent is dropped, and keeps the word from being taken as it is.
            assert_eq!(fold(&format!("{c}\u{300}")), c.to_string());
        }
    }

    #[test]
    fn what_pages_do_to_letters_makes_no_difference() {
        for (one, other) in [
            ("Février", "FEVRIER"),
            ("août", "aou\u{302}t"),
            ("İyun", "iyun"),
            ("Kasım", "KASIM"),
            ("п’ятниця", "п'ятниця"),
            ("Μάρτιος", "ΜΑΡΤΙΟΣ"),
            ("أبريل", "ابريل"),
            ("سه\u{200c}شنبه", "سهشنبه"),
            ("ｊｕｎｅ", "June"),
        ] {
            assert_eq!(fold(one), fold(other), "{one}");
        }
        assert_ne!(fold("май"), fold("мая"));
    }
}
