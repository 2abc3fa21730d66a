//! An item while its blocks are gathered: which text becomes which of its fields.

use std::borrow::Cow;

use chrono::NaiveTime;

use super::look::Look;
use super::tell::{Above, cells};
use crate::mill::scrape::DateRead;
use crate::mill::scrape::blocks::{Block, Mark, clock, joined, joined_text};
use crate::mill::scrape::credit::credit;
use crate::mill::scrape::date::{self, Printed, Span, inline};
use crate::mill::scrape::evidence::Marking;
use crate::mill::scrape::furniture::without_attachment;
use crate::mill::scrape::layout::Field;
use crate::mill::scrape::shape::ends_sentence;

/// An item while its blocks are gathered.
pub(super) struct Open<'t> {
    pub(super) title: Option<Cow<'t, str>>,
    pub(super) date: Option<Printed<'t>>,
    pub(super) date_line: Option<u32>,
    /// The time of day before the title.
    pub(super) time: Option<NaiveTime>,
    pub(super) summary: Option<Cow<'t, str>>,
    pub(super) credit: Option<&'t str>,
    pub(super) kicker: Option<Cow<'t, str>>,
    pub(super) link: Option<&'t str>,
    pub(super) section: Option<Cow<'t, str>>,
    /// The section is a part of the page, not a time.
    pub(super) names_a_topic: bool,
    pub(super) number: Option<u32>,
    /// The year, and perhaps the month, that the heading above states.
    pub(super) span: Option<Span>,
    /// The day that the heading above states.
    pub(super) day: Option<DateRead<'t>>,
    pub(super) line: u32,
    pub(super) last_line: u32,
    pub(super) last_field: Field,
    pub(super) first_block: usize,
}

/// A title of fewer letters fits into the narrowest column.
const WRAPPED: usize = 40;
const SENTENCE_ENDS: [char; 5] = ['.', '!', '?', ':', '…'];

impl<'t> Open<'t> {
    /// The item that `block`, the one at `first_block`, begins.
    pub(super) fn new(first_block: usize, block: &Block<'t>, above: &Above<'t>) -> Self {
        Self {
            title: None,
            date: None,
            date_line: None,
            time: None,
            summary: None,
            credit: None,
            kicker: None,
            link: None,
            section: above.section.map(|section| joined(&section.heading)),
            names_a_topic: above.section.is_some_and(|section| section.is_topic),
            number: if let Mark::Number(number) = block.mark { number } else { None },
            span: above.span,
            day: above.day.clone(),
            line: block.line,
            last_line: block.last_line,
            last_field: Field::Title,
            first_block,
        }
    }

    pub(super) fn fill(&mut self, field: Field, block: &Block<'t>, look: &Look<'t, '_>) {
        self.last_line = block.last_line;
        if field == Field::Summary && self.wraps_title(block) {
            let title = self.title.take().unwrap_or_default();
            self.title = Some(Cow::Owned(title.into_owned() + " " + &joined(block)));
            return;
        }
        self.last_field = field;
        match field {
            Field::Title => self.titled(block, look),
            Field::Kicker => self.kicker = Some(joined(block)),
            Field::Credit => self.credit = credit(block.text, look.choice.lexicon),
            Field::Date => match look.page.date(block) {
                Some(printed) => {
                    (self.date, self.date_line) = (Some(*printed), Some(block.line));
                    let by = printed.by.filter(|_| printed.kicker.is_none());
                    self.kicker = self.kicker.take().or(by.map(Cow::Borrowed));
                }
                None if look.page.pipes && block.text.contains('|') => self.date_among_cells(block, look),
                None if look.page.tabs && block.text.contains('\t') => self.date_among_cells(block, look),
                None => self.date_beside_name(block, look),
            },
            Field::Summary => self.add(joined(block)),
            Field::Glued | Field::EndDated | Field::Row => {}
        }
    }

    /// Whether the line right below a long title is the rest of it: it begins small, is shorter, and is no sentence.
    fn wraps_title(&self, block: &Block<'t>) -> bool {
        let Some(title) = self.title.as_deref().filter(|_| self.last_field == Field::Title) else { return false };
        // Not counted whole: it grows with each line that it takes.
        let has_more_than = |letters: usize| title.chars().nth(letters).is_some();
        has_more_than(WRAPPED - 1)
            && block.gap == 0
            && block.text.starts_with(char::is_lowercase)
            && has_more_than(block.text.chars().count())
            && !ends_sentence(title, &SENTENCE_ENDS)
            && !ends_sentence(block.text, &SENTENCE_ENDS)
    }

    fn titled(&mut self, block: &Block<'t>, look: &Look<'t, '_>) {
        let whole = without_attachment(block.text);
        let title = if whole.len() < block.text.len() { joined_text(whole) } else { joined(block) };
        (self.title, self.link) = (Some(title), block.link());
        if block.mark == Mark::Clock
            && look.evidence.marking == Marking::Clocks
            && let Some((time, title)) = clock(block.text)
        {
            (self.title, self.time) = (Some(joined_text(title)), Some(time));
        }
    }

    /// `Valley Gazette, 20 April 2016`, `By Ann Field, 20 April 2016`: the name says who wrote it; in `20 April 2016 –
    /// Geneva`, where it is from.
    fn date_beside_name(&mut self, block: &Block<'t>, look: &Look<'t, '_>) {
        if let Some(printed) = inline::field(block.text, look.choice.lexicon) {
            return self.dated(printed, block, look);
        }
        let behind = || inline::leading(block.text, look.choice.lexicon).map(|(printed, name)| (name, printed));
        let Some((name, printed)) = inline::trailing(block.text, look.choice.lexicon).or_else(behind) else { return };
        self.dated(printed, block, look);
        let name = look.choice.lexicon.author(name).unwrap_or(name);
        self.kicker = self.kicker.take().or(Some(joined_text(name)));
    }

    fn add(&mut self, more: Cow<'t, str>) {
        self.summary = Some(match self.summary.take() {
            None => more,
            Some(summary) => Cow::Owned(summary.into_owned() + " " + &more),
        });
    }

    fn dated(&mut self, mut printed: Printed<'t>, block: &Block<'t>, look: &Look<'t, '_>) {
        date::dispute(std::slice::from_mut(&mut printed), look.choice);
        (self.date, self.date_line) = (Some(printed), Some(block.line));
    }

    /// The first cell that is a date; the one before it says of which kind the item is.
    fn date_among_cells(&mut self, block: &Block<'t>, look: &Look<'t, '_>) {
        let mut before = None;
        for cell in cells(block.text) {
            if let Some(printed) = date::whole(cell, look.choice.lexicon) {
                self.dated(printed, block, look);
                break;
            }
            before = before.or(Some(cell).filter(|cell| cell.chars().any(char::is_alphabetic)));
        }
        self.kicker = self.kicker.take().or(before.map(Cow::Borrowed));
    }

    /// A date and a text: of an item that has its title the text is the summary.
    pub(super) fn glued(&mut self, block: &Block<'t>, titled: bool, look: &Look<'t, '_>) {
        self.last_line = block.last_line;
        let Some((printed, text)) = inline::leading(block.text, look.choice.lexicon) else { return };
        self.dated(printed, block, look);
        self.last_field = if titled { Field::Summary } else { Field::Title };
        if titled {
            self.add(joined_text(text));
        } else {
            let title = wrapped_title(text, first_column(text), block.text);
            (self.title, self.link) = (Some(joined_text(without_attachment(title))), block.link());
            // The lines of a text browser stand in from its margin: those below the title are the text.
            let behind = text.get(title.len()..).unwrap_or_default().trim_start_matches(' ');
            if behind.starts_with(['\n', '\r']) {
                self.add(joined_text(behind.trim()));
            }
        }
    }

    pub(super) fn end_dated(&mut self, block: &Block<'t>, look: &Look<'t, '_>) {
        (self.last_line, self.last_field) = (block.last_line, Field::Date);
        let Some((title, printed)) = inline::trailing(block.text, look.choice.lexicon) else { return };
        self.dated(printed, block, look);
        (self.title, self.link) = (Some(joined_text(without_attachment(first_column(title)))), block.link());
    }

    /// The cell in the column `titles` is the title, the first one that is a date the date, and a number before the
    /// title that of the item.
    pub(super) fn row(&mut self, block: &Block<'t>, titles: usize, look: &Look<'t, '_>) {
        (self.last_line, self.last_field) = (block.last_line, Field::Date);
        self.link = block.link();
        for (at, cell) in cells(block.text).enumerate() {
            if at == titles && !cell.is_empty() {
                self.title = Some(joined_text(cell));
            } else if self.date.is_none()
                && let Some(printed) = date::whole(cell, look.choice.lexicon)
            {
                self.dated(printed, block, look);
            } else if self.title.is_none() && self.number.is_none() {
                self.number = cell.parse().ok();
            }
        }
        // What may be cut is the cell that ends the row.
        if cells(block.text).count() == titles + 1 {
            self.last_field = Field::Title;
        }
    }
}

/// The `title` that `text` begins with, and the lines below that it goes on in, of the block with all `lines`: they
/// begin in small letters, where their first word had no room in the line above.
fn wrapped_title<'t>(text: &'t str, title: &str, lines: &str) -> &'t str {
    const NARROW: usize = 40;
    let length = |line: &str| line.trim().chars().count();
    let width = lines.lines().map(length).max().unwrap_or(0).max(NARROW);
    // The line of the title has the day before it.
    let mut above = length(lines.lines().next().unwrap_or_default());
    let (mut end, mut at) = (title.len(), title.len());
    for (below, line) in text.get(end..).unwrap_or_default().split_inclusive('\n').enumerate() {
        at += line.len();
        // The rest of its own line is another column.
        if below == 0 {
            if line.trim().is_empty() {
                continue;
            }
            break;
        }
        let word = line.split_whitespace().next().unwrap_or_default();
        if !word.starts_with(char::is_lowercase) || above + 1 + length(word) <= width {
            break;
        }
        above = length(line);
        end = at - (line.len() - line.trim_end().len());
    }
    text.get(..end).unwrap_or(text)
}

/// What stands before the next column, where only blanks part them.
fn first_column(text: &str) -> &str {
    text.split("   ").next().unwrap_or(text).trim_end()
}
