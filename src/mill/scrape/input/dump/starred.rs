//! What html2text prints of a page.
//!
//! ```text
//! ***** A_ferry_for_the_outer_isles *****
//! 28 June 2020
//!     * Notices
//!           o For_crews
//! ```
//!
//! Headings stand between stars, the more the greater, and with no blank line around them. Links have lines in the
//! place of blanks. What programs and files are called, and addresses, keep their lines.

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
    // A heading is no part of the text right above it, nor of that below.
    let part = |rendition: &mut Rendition, number| {
        rendition.notes.push(Note { line: rendition.next(), absent: true, ..Note::default() });
        rendition.push("", true, number);
    };
    for (line, number) in text.split_inclusive('\n').zip(1..) {
        let (shown, is_whole) = line.strip_suffix('\n').map_or((line, false), |line| (line, true));
        let body = shown.trim_start();
        if let Some((level, heading)) = heading(shown) {
            part(&mut rendition, number);
            rendition.notes.push(Note { line: rendition.next(), level, ..Note::default() });
            rendition.push(&heading, is_whole, number);
            if is_whole {
                part(&mut rendition, number);
            }
        } else if let Some(entry) = body.strip_prefix("o ").filter(|_| body.len() + MARGIN < shown.len()) {
            rendition.push(&format!("* {entry}"), is_whole, number);
        } else {
            // A blank before the text of a line is what is left of a break in it: nothing is set in by one column.
            let body = if body.len() + 1 == shown.len() { body } else { shown };
            rendition.push(body, is_whole, number);
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
        let text = "\nNews\n\n    * About us\n* The board\n\nLamps on every quay\n\n3 May 2021\n";
        assert_eq!((rendition.text.as_str(), rendition.lines), (text, vec![1, 1, 1, 2, 3, 4, 4, 4, 5]));
        let notes: Vec<_> = rendition.notes.iter().map(|note| (note.line, note.level, note.absent)).collect();
        // Blank lines that end a run, and say nothing of what may be lost.
        let part = |line| (line, 0, true);
        assert_eq!(notes, [part(1), (2, 1, false), part(3), part(6), (7, 2, false), part(8)]);
        assert_eq!(render("*** News ***\n\n* Lamps_on\n\n***\n*** a\n"), None);
        // A few lines are what somebody called a file.
        let files = render("*** Minutes ***\nminutes_2021.pdf\n*** Budget ***\nbudget_2021.pdf\n").unwrap();
        assert_eq!(files.text, "\nMinutes\n\nminutes_2021.pdf\n\nBudget\n\nbudget_2021.pdf\n");
        // So are many of them, and parts of programs and addresses.
        let names =
            "read_me.txt Read_me.md get_name() my_file_list Https://a.example/Two_lamps Two_lamps Night_buses\n";
        assert_eq!(render(&format!("*** A ***\n{names}*** B ***\n")).unwrap().text, format!("\nA\n\n{names}\nB\n\n"));
    }
}
