//! Entries of a list with a heading in each, as Lynx prints them.
//!
//! ```text
//!     4. Two people on a quay
//!        16 September 2021
//!
//! A ferry for the outer isles
//!        It sails from spring on.
//!     5. 9 September 2021
//! ```
//!
//! A heading begins at the margin wherever it stands, with a blank line above it and perhaps none below. What follows
//! at the column of the entry's text, right below, shows that the list goes on there. Blank lines are put where the
//! entry begins and where its heading ends. Where most entries have one line above their heading, further ones in
//! others are what stands for a picture, and are left out. Refused: fewer than three such entries, which may be
//! anything.

use super::{indent, is_marked};

/// The text of an entry begins in this column.
const COLUMN: usize = 7;
const FEWEST: usize = 3;

/// A page whose entries stand apart, and from which line each of its lines comes.
pub(super) struct Loose {
    pub(super) text: String,
    pub(super) lines: Vec<u32>,
}

/// An entry by its lines, counted from 0.
struct Entry {
    begins: usize,
    /// The blank line above its heading.
    blank: usize,
    /// The line below its heading.
    below: usize,
}

/// Parts the entries of such a list; `None` where the page has none.
pub(super) fn loosen(page: &str) -> Option<Loose> {
    // Hardly a text has a line that begins in that column.
    memchr::memmem::find(page.as_bytes(), b"\n       ")?;
    let lines: Vec<&str> = page.split_inclusive('\n').collect();
    let entries: Vec<Entry> = (0..lines.len()).filter_map(|at| entry(&lines, at)).collect();
    let lone = entries.iter().filter(|entry| entry.blank == entry.begins + 1).count();
    if entries.len() < FEWEST {
        return None;
    }
    let drops_pictures = lone * 3 >= entries.len() * 2;
    let mut loose = Loose { text: String::with_capacity(page.len()), lines: Vec::with_capacity(lines.len()) };
    let mut entries = entries.iter().peekable();
    for ((at, line), number) in lines.iter().enumerate().zip(1..) {
        let Some(entry) = entries.peek() else {
            loose.push(line, number);
            continue;
        };
        let last = entry.blank - 1;
        if at == entry.begins || at == entry.below {
            loose.push("\n", number);
        }
        if !drops_pictures || !(entry.begins..=last).contains(&at) {
            loose.push(line, number);
        } else if at == last {
            let mark = lines.get(entry.begins).and_then(|line| line.get(..COLUMN)).unwrap_or_default();
            loose.push(&format!("{mark}{}", line.get(COLUMN..).unwrap_or_default()), number);
        }
        if at == entry.below {
            entries.next();
        }
    }
    Some(loose)
}

impl Loose {
    fn push(&mut self, line: &str, number: u32) {
        self.text.push_str(line);
        self.lines.push(number);
    }
}

/// The entry that begins at this line, if it has a heading.
fn entry(lines: &[&str], begins: usize) -> Option<Entry> {
    let column = |at: usize| lines.get(at).and_then(|line| indent(line));
    let end = |from: usize, of: usize| (from..lines.len()).find(|at| column(*at) != Some(of));
    if !is_entry(lines.get(begins)?) {
        return None;
    }
    let blank = end(begins + 1, COLUMN).filter(|at| column(*at).is_none())?;
    let below = end(blank + 1, 0).filter(|at| *at > blank + 1 && column(*at) == Some(COLUMN))?;
    Some(Entry { begins, blank, below })
}

/// Whether `line` has a mark of a list, and its text in the column of one.
fn is_entry(line: &str) -> bool {
    let is_apart = |mark: &str| mark.ends_with(' ') && mark.trim_end().ends_with(['.', '*']);
    is_marked(line) && line.get(..COLUMN).is_some_and(is_apart) && line.get(COLUMN..).and_then(indent) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_with_headings_stand_apart_and_say_nothing_of_pictures() {
        let page = "   News\n\n    1. 3 May 2021\n\nLamps on every quay\n       They burn.\n    2. Two people on a\n       quay\n       \
            2 May 2021\n\nA ferry for the\nouter isles\n       It sails.\n    3. 1 May 2021\n\nOld pier\n       Closed.\n";
        let loose = loosen(page).unwrap();
        let expected = "   News\n\n\n    1. 3 May 2021\n\nLamps on every quay\n\n       They burn.\n\n    2. 2 May 2021\n\n\
            A ferry for the\nouter isles\n\n       It sails.\n\n    3. 1 May 2021\n\nOld pier\n\n       Closed.\n";
        assert_eq!(loose.text, expected);
        assert_eq!(loose.lines.len(), expected.lines().count());
        assert_eq!(loose.lines.get(9..13), Some(&[9, 10, 11, 12][..]));
        // Two of three have more lines: they may be anything.
        let wordy = page.replace("1. 3 May", "1. By Ann Field\n       3 May");
        assert!(loosen(&wordy).unwrap().text.contains("Two people on a\n       quay\n"));
        // A heading with a blank line below it, another column, no heading: two entries are left, and may be anything.
        for (line, other) in [("pier\n", "pier\n\n"), ("    3.", "   3."), ("2021\n\nOld", "2021\nOld")] {
            assert!(loosen(&page.replace(line, other)).is_none(), "{other}");
        }
    }
}
