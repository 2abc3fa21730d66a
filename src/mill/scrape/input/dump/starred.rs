//! What html2text prints of a page.
//!
//! ```text
//! ***** A_ferry_for_the_outer_isles *****
//! 28 June 2020
//!     * Notices
//!           o For_crews
//! ```
//!
//! Headings stand between stars, the more the greater, and links have lines in the place of blanks. What programs and files
//! are called, and addresses, keep their lines.

use super::{FEW_LINKS, MARGIN};
use crate::mill::scrape::rendition::{Note, Rendition};

/// The text without the stars, and the levels of its headings; `None` where it has hardly one.
pub(super) fn render(text: &str) -> Option<Rendition> {
    const FEWEST: usize = 3;
    let heading = |line: &str| {
        let line = line.trim();
        let stars = line.bytes().take_while(|b| *b == b'*').count();
        let inner = line.get(stars..)?.strip_suffix(line.get(..stars)?)?;
        let is_apart = inner.starts_with(' ') && inner.ends_with(' ') && inner.contains(char::is_alphanumeric);
        let level = 7_u8.checked_sub(u8::try_from(stars).ok()?)?;
        ((FEWEST..=6).contains(&stars) && is_apart).then(|| (level, inner.trim().to_owned()))
    };
    if memchr::memmem::find(text.as_bytes(), b"*** ").is_none() || text.lines().filter_map(heading).nth(1).is_none() {
        return None;
    }
    let mut rendition = Rendition { text: String::with_capacity(text.len()), ..Rendition::default() };
    for (line, number) in text.split_inclusive('\n').zip(1..) {
        let body = line.trim_start();
        if let Some((level, heading)) = heading(line) {
            rendition.notes.push(Note { line: number, level, ..Note::default() });
            rendition.text.push_str(&heading);
            rendition.text.push_str(if line.ends_with('\n') { "\n" } else { "" });
        } else if let Some(entry) = body.strip_prefix("o ").filter(|_| body.len() + MARGIN < line.len()) {
            rendition.text.push_str("* ");
            rendition.text.push_str(entry);
        } else {
            rendition.text.push_str(line);
        }
    }
    rendition.text = with_blanks(rendition.text);
    Some(rendition)
}

/// A text with blanks in the words that are links, if it has some. A link begins as a sentence does.
fn with_blanks(text: String) -> String {
    let is_plain = |part: &str| {
        let part = part.trim_matches(['.', ',', ':', ';', '!', '?', '"', '“', '”', '…']);
        part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '\'' | '’'))
    };
    let is_joined = |word: &str| {
        let word = word.trim();
        word.trim_matches('_').contains('_') && word.split('_').all(is_plain)
    };
    let begins =
        |word: &&str| is_joined(word) && word.contains(char::is_uppercase) && word.contains(char::is_lowercase);
    if text.split_whitespace().filter(begins).nth(FEW_LINKS - 1).is_none() {
        return text;
    }
    let words = text.split_inclusive(char::is_whitespace);
    words.map(|word| if is_joined(word) { word.replace('_', " ") } else { word.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_stars_is_a_heading() {
        let page =
            "****** News ******\n    * About_us\n          o The_board\n***** Lamps_on_every_quay *****\n3 May 2021\n";
        let rendition = render(page).unwrap();
        assert_eq!(rendition.text, "News\n    * About us\n* The board\nLamps on every quay\n3 May 2021\n");
        assert_eq!(rendition.notes.iter().map(|note| (note.line, note.level)).collect::<Vec<_>>(), [(1, 1), (4, 2)]);
        assert_eq!(render("*** News ***\n\n* Lamps_on\n\n***\n*** a\n"), None);
        // A few lines are what somebody called a file.
        let files = render("*** Minutes ***\nminutes_2021.pdf\n*** Budget ***\nbudget_2021.pdf\n").unwrap();
        assert_eq!(files.text, "Minutes\nminutes_2021.pdf\nBudget\nbudget_2021.pdf\n");
        // So are many of them, and parts of programs and addresses.
        let names =
            "read_me.txt Read_me.md get_name() my_file_list Https://a.example/Two_lamps Two_lamps Night_buses\n";
        assert_eq!(render(&format!("*** A ***\n{names}*** B ***\n")).unwrap().text, format!("A\n{names}B\n"));
    }
}
