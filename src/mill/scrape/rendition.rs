//! A rendition: what a richer form than text says, as lines for the engine.
//!
//! HTML and Markdown know more of a line than its letters: that it is a heading, where it links to, which time it
//! states for programs. A [`Note`] carries that beside the line, so that one engine reads all forms.

use std::rc::Rc;

/// What a form says of one line of its rendition. An address or a time can be that of very many lines, and long: they
/// share it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Note {
    /// The line, counted from 1.
    pub(crate) line: u32,
    /// The level of a heading, 1 to 6; 0 for any other line.
    pub(crate) level: u8,
    /// Where the line links to: an absolute address, or, on a page whose own is unknown, what is printed.
    pub(crate) link: Option<Rc<str>>,
    /// The time that the line states for programs.
    pub(crate) time: Option<Rc<str>>,
    /// It stands beside a time, as words about the item.
    pub(crate) beside: bool,
    /// It is an entry of what looks like a menu.
    pub(crate) menu: bool,
    /// It opens an entry, or a link, right above the heading in that: it is no title.
    pub(crate) heads_card: bool,
    /// The line is markup alone. It says nothing, not even that something is missing, but it ends a run.
    pub(crate) absent: bool,
}

/// Lines for the engine, and where in the file they come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rendition {
    pub(crate) text: String,
    /// In the order of their lines, one for each at most.
    pub(crate) notes: Vec<Note>,
    /// The line of the file for each line of the text; empty where they are the same.
    pub(crate) lines: Vec<u32>,
    /// Why it says less than the file does, if so.
    pub(crate) short: Option<&'static str>,
}

impl Rendition {
    /// The number that the next line will have, where each is pushed.
    pub(crate) fn next(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Adds a line that comes from line `from` of the file; the last one may be without its end.
    pub(crate) fn push(&mut self, line: &str, is_whole: bool, from: u32) {
        self.text.push_str(line);
        self.text.push_str(if is_whole { "\n" } else { "" });
        self.lines.push(from);
    }

    /// The line of the file that a line of the text comes from.
    pub(crate) fn line_of(&self, line: u32) -> u32 {
        let at = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        self.lines.get(at).or(self.lines.last()).copied().unwrap_or(line)
    }
}
