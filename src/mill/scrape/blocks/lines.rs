//! The lines of a text, and the blanks around and between them.
//!
//! Lines end with LF, CR LF or CR, as editors count them. Other separators (form feed, NEL, U+2028) are white space.

use std::borrow::Cow;

use memchr::memchr2;

use super::{Block, Mark};

pub(super) struct Line<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) number: u32,
}

#[derive(Clone, Copy)]
pub(super) struct Lines<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) number: u32,
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        // Half of all lines are empty: those need no search.
        let empty = rest.starts_with('\n');
        let length = if empty { 0 } else { memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len()) };
        let ending = match rest.as_bytes().get(length..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([_, ..]) => 1,
            _ => 0,
        };
        let start = self.at;
        self.at += length + ending;
        self.number = self.number.saturating_add(1);
        Some(Line { text: rest.get(..length).unwrap_or_default(), start, number: self.number })
    }
}

/// White space, and the marks of encodings that are as good as none.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200B}')
}

/// `line` without blanks at its ends, and how many bytes of them came first.
pub(super) fn trim(line: &str) -> (usize, &str) {
    // Nearly every line has spaces before it, if anything, and its text begins and ends with a printable ASCII
    // character: only the others are worth a look at every kind of blank.
    let is_text = |b: Option<&u8>| b.is_some_and(u8::is_ascii_graphic);
    let spaces = line.bytes().take_while(|b| *b == b' ').count();
    let mut body = line.get(spaces..).unwrap_or_default();
    if !is_text(body.as_bytes().first()) {
        body = body.trim_start_matches(is_blank);
    }
    let lead = line.len() - body.len();
    if !is_text(body.as_bytes().last()) {
        body = body.trim_end_matches(is_blank);
    }
    (lead, body)
}

/// The width of leading white space: a tab goes to the next multiple of four, an ideographic blank is two wide.
pub(super) fn columns(lead: &str) -> u32 {
    lead.chars().fold(0_u32, |at, c| match c {
        '\t' => (at / 4 + 1).saturating_mul(4),
        '\u{3000}' => at.saturating_add(2),
        '\u{C}' | '\u{B}' | '\u{FEFF}' | '\u{200B}' => at,
        _ => at.saturating_add(1),
    })
}

/// The lines of a block as one text: joined by one blank, and borrowed when there is but one.
pub(crate) fn joined<'t>(block: &Block<'t>) -> Cow<'t, str> {
    if block.folded || block.mark == Mark::Clock { joined_text(block.text) } else { block.text.into() }
}

/// The lines of `text` joined by one blank.
pub(crate) fn joined_text(text: &str) -> Cow<'_, str> {
    if !text.contains(['\n', '\r']) {
        return text.into();
    }
    let mut joined = String::with_capacity(text.len());
    for line in text.split(['\n', '\r']) {
        let (_, line) = trim(line);
        if !joined.is_empty() && !line.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
    }
    joined.into()
}

/// Where the line of that number begins in `text`, before which so many lines stand in the file.
pub(crate) fn line_start(text: &str, before: u32, number: u32) -> usize {
    let mut lines = Lines { text, at: 0, number: before };
    lines.find(|line| line.number == number).map_or(text.len(), |line| line.start)
}

/// Whether a blank line stands between others.
pub(crate) fn has_blank_line(text: &str) -> bool {
    Lines { text: text.trim(), at: 0, number: 0 }.any(|line| trim(line.text).1.is_empty())
}
