//! Text to blocks: the lines of a page that belong together.
//!
//! A block is a run of non-blank lines. Some lines open a block of their own even within a run: one that is wholly
//! a date, one that begins with a list mark, one that holds a `|`, one that tells the size of a file, and the line
//! after a date. Whether a line is a date is asked before whether it has a mark: `12. June 2018` is no item 12.

mod count;
mod dotted;
mod lead;
mod lines;
mod lump;
mod mark;
mod tile;

use std::cell::OnceCell;

use memchr::memchr;
use regex::Regex;

use self::dotted::Dotted;
use self::lead::{may_offer, offers_above, without_lead_on};
use self::lines::{Line, Lines, columns, trim};
pub(crate) use self::lines::{has_blank_line, joined, joined_text, line_start};
pub(crate) use self::mark::{Mark, clock, is_clock};
use self::mark::{NESTED, link_number, mark};
use self::tile::tile;
use super::credit;
use super::date::{self, Printed, inline};
use super::furniture::{is_attachment, is_furniture, is_rule};
use super::language::{Lexicon, has_ascii_digit};
use super::rendition::Note;
use super::shape::{FULL_STOPS, ends_sentence, is_broken};

/// What makes a block: it belongs to the layout, not to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A run of non-blank lines.
    Run,
    /// Each non-blank line.
    Line,
}

/// A block. Its `text` is a slice of the file without mark and outer blanks, line breaks included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'t> {
    pub(crate) text: &'t str,
    /// First line, counted from 1; that of the mark if it stands on a line of its own.
    pub(crate) line: u32,
    pub(crate) last_line: u32,
    /// Columns of white space before mark and text.
    pub(crate) indent: u32,
    /// Blank lines before it.
    pub(crate) gap: u32,
    pub(crate) mark: Mark,
    /// The text has more than one line.
    pub(crate) folded: bool,
    /// Which of the page's dates the block is.
    pub(crate) date: Option<u32>,
    /// Whether the text is furniture, where that was asked already.
    furniture: Option<bool>,
    /// What a richer form than text said of it.
    note: Option<&'t Note>,
}

impl<'t> Block<'t> {
    /// Whether it stands around lists and says nothing.
    pub(crate) fn is_furniture(&self, lexicon: &Lexicon) -> bool {
        self.furniture.unwrap_or_else(|| is_furniture(self.text, lexicon))
    }

    /// The last of its lines alone.
    pub(crate) fn last_line(&self) -> Self {
        let text = self.text.rsplit(['\n', '\r']).next().unwrap_or_default();
        Self { text: trim(text).1, line: self.last_line, folded: false, furniture: None, ..*self }
    }

    /// Whether these are several texts: a line ends where the next word would have had room.
    pub(crate) fn is_broken(&self) -> bool {
        self.folded && is_broken(self.text)
    }

    /// Leaves out the time of day that stands on a line of its own above the text.
    pub(crate) fn leave_clock(&mut self) {
        let Some((first, rest)) = self.text.split_once(['\n', '\r']) else { return };
        if self.mark == Mark::Clock && is_clock(trim(first).1) {
            (self.text, self.mark) = (trim(rest).1, Mark::None);
            let more = if self.folded { self.text.lines().count().saturating_sub(1) } else { 0 };
            self.line = self.last_line.saturating_sub(u32::try_from(more).unwrap_or(0));
            self.folded = more > 0;
        }
    }

    /// The level of the heading that the file says it is, 1 to 6; 0 where it says nothing.
    pub(crate) fn level(&self) -> u8 {
        self.note.map_or(0, |note| note.level)
    }

    /// The file shows it beside a time, as words about the item: by whom, in which group.
    pub(crate) fn is_beside(&self) -> bool {
        self.note.is_some_and(|note| note.beside)
    }

    /// The file has it in a list that looks like a menu.
    pub(crate) fn is_in_menu(&self) -> bool {
        self.note.is_some_and(|note| note.menu)
    }

    /// The address that the file links it to, whether or not anybody can tell where that is.
    pub(crate) fn link(&self) -> Option<&'t str> {
        self.note.and_then(|note| note.link.as_deref())
    }
}

/// A file taken apart.
pub(crate) struct Page<'t> {
    pub(crate) blocks: Vec<Block<'t>>,
    pub(crate) dates: Vec<Printed<'t>>,
    /// No newline stands at the end of the file.
    pub(crate) cut: bool,
    /// Number of the last line.
    pub(crate) last_line: u32,
    /// The file holds a `|`, or a tab: only then can there be rows.
    pub(crate) pipes: bool,
    pub(crate) tabs: bool,
    /// A richer form than text says more of some blocks.
    pub(crate) noted: bool,
    /// Nothing of the file stands before it.
    pub(crate) opens_file: bool,
}

impl<'t> Page<'t> {
    /// The page of `text`, before which so many lines stand in the file, with no block yet.
    fn begun(text: &'t str, before: u32) -> Self {
        Self {
            // Real pages have a block for every 90 bytes; a wrong guess costs one move of a small table.
            blocks: Vec::with_capacity((text.len() / 80).min(4096) + 4),
            dates: Vec::with_capacity((text.len() / 320).min(1024) + 2),
            cut: !text.is_empty() && !text.ends_with(['\n', '\r']),
            last_line: before,
            pipes: memchr(b'|', text.as_bytes()).is_some(),
            tabs: memchr(b'\t', text.as_bytes()).is_some(),
            noted: false,
            opens_file: before == 0,
        }
    }

    /// The date that `block` is, if it is one.
    pub(crate) fn date(&self, block: &Block<'t>) -> Option<&Printed<'t>> {
        self.dates.get(usize::try_from(block.date?).ok()?)
    }

    /// Forgets the dates that no block has any more, and numbers the others anew.
    fn forget_dates(&mut self) {
        let dates = std::mem::take(&mut self.dates);
        for block in &mut self.blocks {
            let kept = block.date.and_then(|date| dates.get(usize::try_from(date).ok()?));
            block.date = kept.and_then(|_| u32::try_from(self.dates.len()).ok());
            self.dates.extend(kept);
        }
    }
}

/// Takes `text` apart. `notes` say more of some of its lines, in their order.
#[cfg(test)]
pub(crate) fn split<'t>(text: &'t str, notes: &'t [Note], unit: Unit, lexicon: &Lexicon) -> Page<'t> {
    split_by(text, 0, notes, unit, lexicon, None)
}

/// Takes `text` apart, before which so many lines stand in the file; lines that `marker` matches begin with a mark,
/// too. `notes` say more of some of its lines.
pub(crate) fn split_by<'t>(
    text: &'t str,
    before: u32,
    notes: &'t [Note],
    unit: Unit,
    lexicon: &Lexicon,
    marker: Option<&Regex>,
) -> Page<'t> {
    let mut splitter = Splitter {
        page: Page::begun(text, before),
        text,
        unit,
        lexicon,
        marker,
        open: None,
        month: None,
        alone: None,
        clocks: 0,
        guessed: Vec::new(),
        dotted: Vec::new(),
        width: OnceCell::new(),
    };
    splitter.page.noted = !notes.is_empty();
    let mut notes = notes.iter().peekable();
    let mut blanks = 0_u32;
    let mut lines = Lines { text, at: 0, number: before };
    while let Some(line) = lines.next() {
        splitter.page.last_line = line.number;
        let note = notes.next_if(|note| note.line == line.number);
        if note.is_some_and(|note| note.absent) {
            splitter.open = None;
            continue;
        }
        let (lead, body) = trim(line.text);
        if body.is_empty() {
            blanks = blanks.saturating_add(1);
            splitter.open = None;
            continue;
        }
        let block = Block {
            text: body,
            line: line.number,
            last_line: line.number,
            indent: 0,
            gap: std::mem::take(&mut blanks),
            mark: Mark::None,
            folded: false,
            date: None,
            furniture: None,
            note,
        };
        if let Some((printed, behind)) = tile(body, &lines, lexicon) {
            let indent = columns(line.text.get(..lead).unwrap_or_default());
            splitter.tile(line.start + lead, Block { indent, ..block }, printed, &behind);
            while notes.next_if(|note| note.line <= behind.number).is_some() {}
            lines = behind;
        } else {
            splitter.line(&line, lead, block, &lines);
        }
    }
    splitter.finished()
}

/// Of each block, whether the numbers above it and below it follow each other: then nothing between them is an item
/// that lost its own.
pub(crate) fn between_followers(blocks: &[Block<'_>]) -> Vec<bool> {
    let mut between = vec![false; blocks.len()];
    let mut above: Option<(usize, u32)> = None;
    for (at, block) in blocks.iter().enumerate() {
        let Mark::Number(number) = block.mark else { continue };
        if let (Some((from, one)), Some(next)) = (above, number)
            && one.checked_add(1) == Some(next)
        {
            between.get_mut(from..at).into_iter().flatten().for_each(|between| *between = true);
        }
        above = number.map(|number| (at, number));
    }
    between
}

/// Whether `line` is drawn below the line above it, and is as long: that is a headline, and this is none.
fn underlines(line: &str, number: u32, last: &Block<'_>) -> bool {
    let is_drawn = |sign: char| line.len() >= 3 && line.trim_start_matches(sign).is_empty();
    ['=', '-', '~', '^'].into_iter().any(is_drawn)
        && last.last_line + 1 == number
        && !last.folded
        && last.date.is_none()
        && last.text.chars().count().abs_diff(line.len()) <= 1
}

/// A page being taken apart.
struct Splitter<'t, 'p> {
    page: Page<'t>,
    text: &'t str,
    unit: Unit,
    lexicon: &'p Lexicon,
    marker: Option<&'p Regex>,
    /// The run that the next line may go on with, by where its text begins.
    open: Option<usize>,
    /// Where the text of the line above begins, if that is a month.
    month: Option<usize>,
    /// A mark alone on its line, which is lent to the next block.
    /// With it, where its text begins.
    alone: Option<(Block<'t>, usize)>,
    /// How many times of day were lent.
    clocks: usize,
    /// The blocks that are dates only if what stands before the day is a name.
    guessed: Vec<usize>,
    /// The lines whose number may be that of a day.
    dotted: Vec<Dotted>,
    /// How long the longest line is, once somebody asked.
    width: OnceCell<usize>,
}

impl<'t> Splitter<'t, '_> {
    /// A line that is not blank, before those `behind`: it goes on with the run above, or opens a block.
    fn line(&mut self, line: &Line<'t>, lead: usize, mut block: Block<'t>, behind: &Lines<'t>) {
        let body = block.text;
        if self.page.blocks.last().is_some_and(|last| underlines(body, line.number, last)) {
            self.open = None;
            return;
        }
        block.indent = columns(line.text.get(..lead).unwrap_or_default());
        let (found, is_guessed) = self.date_and_mark(&mut block);
        if found.is_none() && block.mark == Mark::Bullet && self.goes_on_with_dash(line, body, behind) {
            (block.mark, block.text) = (Mark::None, body);
        }
        // What says to which kind of file a headline leads goes on with no run, and no run with it.
        let may_attach = self.unit == Unit::Run && found.is_none();
        if may_attach && self.page.blocks.last().is_some_and(|last| may_offer(block.text, last.text)) {
            block.furniture = Some(is_furniture(block.text, self.lexicon));
        }
        if found.is_none() && block.furniture != Some(true) && offers_above(block.text, &self.page.blocks, self.lexicon)
        {
            block.furniture = Some(true);
        }
        let start = line.start + lead;
        let month = (may_attach && self.ends_above() && self.is_month(block.text))
            .then_some(start + body.len() - block.text.len());
        // Months below one another head nothing: they are those of an archive.
        let above = std::mem::replace(&mut self.month, month).filter(|_| month.is_some() && block.gap == 0);
        self.open = self.open.or(above);
        let attached = may_attach
            && (block.furniture == Some(true)
                || month.is_some() && above.is_none()
                || is_rule(block.text)
                || is_attachment(block.text)
                || credit::stands_alone(block.text, self.lexicon));
        let is_row = self.page.pipes && body.contains('|');
        let opens = found.is_some() || block.mark != Mark::None || is_row || attached || self.unit == Unit::Line;
        if let (Some(run), Some(last), false) = (self.open, self.page.blocks.last_mut(), opens) {
            // The run goes on. A slice of the file holds its lines and the blanks between them.
            last.text = self.text.get(run..start + body.len()).unwrap_or(last.text);
            last.last_line = line.number;
            (last.folded, last.furniture) = (true, None);
            last.note = last.note.or(block.note);
            return;
        }
        let may_go_on = found.is_none() && !attached && !is_row;
        if let Some(found) = found {
            block.date = self.dated(found);
        }
        let is_lone_clock = block.mark == Mark::None && block.date.is_none() && is_clock(block.text);
        let (lent, begin) = self.lent(block, start + (body.len() - block.text.len()), is_lone_clock);
        block = lent;
        // After a date, a row or a mark alone, whatever comes opens a block; otherwise the run may go on.
        self.open = may_go_on.then_some(begin);
        if is_lone_clock {
            self.alone = Some((Block { mark: Mark::Clock, furniture: None, ..block }, begin));
            self.open = None;
        } else if block.text.is_empty() {
            self.alone = Some((Block { text: body, furniture: None, ..block }, begin));
            self.open = None;
        } else {
            let at = self.page.blocks.len();
            self.guessed.extend(is_guessed.then_some(at));
            self.dotted.extend(Dotted::of(at, &block, body, start, self.lexicon));
            self.page.blocks.push(block);
        }
    }

    /// Whether the dash that `line` begins with is no mark, but stands within the text above. That is the title of a
    /// marked item, or wrapped already, and no sentence yet; its last line had no room for the dash, and no list goes
    /// on.
    fn goes_on_with_dash(&self, line: &Line<'_>, body: &str, behind: &Lines<'_>) -> bool {
        const DASHES: [char; 2] = ['-', '–'];
        let Some(last) = self.page.blocks.last().filter(|last| last.folded || last.mark != Mark::None) else {
            return false;
        };
        if self.open.is_none() || !body.starts_with(DASHES) {
            return false;
        }
        let above = self.text.get(..line.start).unwrap_or_default().lines().next_back().unwrap_or_default();
        let is_list = |line: &str| trim(line).1.starts_with(DASHES);
        if is_list(above) || behind.clone().next().is_some_and(|next| is_list(next.text)) {
            return false;
        }
        if ends_sentence(last.text, &FULL_STOPS) || last.text.ends_with([':', ';']) {
            return false;
        }
        let length = |line: &str| line.trim_end().chars().count();
        let width = *self.width.get_or_init(|| self.text.lines().map(length).max().unwrap_or(0));
        let is_dated = || inline::leading(trim(body.trim_start_matches(DASHES)).1, self.lexicon).is_some();
        length(above) + " –".chars().count() > width && !is_dated()
    }

    /// Whether the text above ends where this line begins.
    fn ends_above(&self) -> bool {
        let ends = |last: &Block<'_>| self.open.is_none() || ends_sentence(last.text, &FULL_STOPS);
        self.page.blocks.last().is_none_or(ends)
    }

    /// Whether a line is the month, with its year, that heads items.
    fn is_month(&self, text: &str) -> bool {
        const LONGEST: usize = 40;
        let may_be = text.len() <= LONGEST && has_ascii_digit(text) && text.contains(char::is_alphabetic);
        may_be && date::is_month(text, self.lexicon)
    }

    /// The date that a line holds, behind its mark if it has one. The block gets the mark, and for its text what stands
    /// behind that. With it, whether the date is one only if what stands before the day is a name.
    fn date_and_mark(&self, block: &mut Block<'t>) -> (Option<Printed<'t>>, bool) {
        let body = block.text;
        // A date that the file states for programs is surer than the words that it shows.
        let stated = block.note.and_then(|note| note.time.as_deref()).and_then(|time| date::whole(time, self.lexicon));
        let whole = || Some((date::whole(body, self.lexicon)?, true));
        match (whole().or_else(|| date::byline(body, self.lexicon)), stated) {
            (Some(_), Some(stated)) => return (Some(stated.shown_as(body)), false),
            (Some((found, is_said)), None) => return (Some(found), !is_said),
            (None, _) => {}
        }
        let own = self.marker.and_then(|marker| marker.find(body)).map(|found| (Mark::Bullet, found.end()));
        // In a run a time of day is one only below another: sentences are wrapped anywhere.
        let in_text = self.open.is_some() && !self.page.blocks.last().is_some_and(|last| last.mark == Mark::Clock);
        let (mark, length) = own.unwrap_or_else(|| mark(body, self.open.is_some(), in_text));
        // Lists within others have it; at the margin it is a sign like any.
        let is_plus = body.starts_with('+') && block.indent < NESTED;
        // Alone on its line it stands between two fields: the lines below it are no list.
        let is_dot = self.unit == Unit::Line && body == "·";
        // Words that are not read as a date begin with its day all the same: `18. Weinmonat`.
        let is_day = matches!((mark, stated), (Mark::Number(Some(day)), Some(stated)) if stated.is_day(day));
        // No list counts so far: `2020. május 15. A híd megnyílik`.
        let is_year = matches!(mark, Mark::Number(Some(1900..=2199))) && inline::leading(body, self.lexicon).is_some();
        let is_none = own.is_none() && (is_plus || is_dot || is_day || is_year);
        let (mark, length) = if is_none { (Mark::None, 0) } else { (mark, length) };
        block.mark = mark;
        let behind = trim(body.get(length..).unwrap_or_default()).1;
        let linked = link_number(behind);
        let mut found = None;
        if length + linked > 0 {
            block.text = behind.get(linked..).unwrap_or_default();
            found = date::whole(block.text, self.lexicon);
        }
        if found.is_none() && block.note.is_some_and(|note| note.heads_card) {
            found = date::above_headline(block.text, self.lexicon);
        }
        (stated.map(|stated| stated.shown_as(block.text)).or(found), false)
    }

    /// A date of several lines: `block` is the first of them, which begins at `start`, and they end before `behind`.
    fn tile(&mut self, start: usize, mut block: Block<'t>, printed: Printed<'t>, behind: &Lines<'t>) {
        block.text = self.text.get(start..behind.at).map_or(block.text, str::trim_end);
        (block.last_line, block.folded) = (behind.number, true);
        block.date = self.dated(printed.shown_as(block.text));
        self.page.last_line = behind.number;
        self.give_up_mark();
        self.page.blocks.push(block);
        self.open = None;
    }

    /// Takes a date down, and says which of the page's it is.
    fn dated(&mut self, printed: Printed<'t>) -> Option<u32> {
        self.page.dates.push(printed);
        u32::try_from(self.page.dates.len() - 1).ok()
    }

    /// The block, whose text begins at `begin`, with the mark that stands alone above it, if it has none of its own;
    /// and where its text begins then. A time of day is left in the text.
    fn lent(&mut self, block: Block<'t>, begin: usize, is_lone_clock: bool) -> (Block<'t>, usize) {
        let is_clock = self.alone.is_some_and(|(lone, _)| lone.mark == Mark::Clock);
        if block.mark != Mark::None || (is_clock && (is_lone_clock || block.date.is_some())) {
            self.give_up_mark();
            return (block, begin);
        }
        let Some((Block { mark, line, indent, gap, note, .. }, at)) = self.alone.take() else { return (block, begin) };
        let (text, begin) = match self.text.get(at..begin + block.text.len()).filter(|_| is_clock) {
            Some(text) => (text, at),
            None => (block.text, begin),
        };
        self.clocks += usize::from(is_clock);
        (Block { text, mark, line, indent, gap, note: block.note.or(note), ..block }, begin)
    }

    /// A mark to which no text belongs is a text.
    fn give_up_mark(&mut self) {
        self.page.blocks.extend(self.alone.take().map(|(lone, _)| Block { mark: Mark::None, ..lone }));
    }

    fn finished(mut self) -> Page<'t> {
        self.give_up_mark();
        let Self { mut page, text, unit, lexicon, guessed, dotted, clocks, .. } = self;
        // As many as days are those of the days.
        if clocks > 0 && clocks <= page.dates.len() {
            page.blocks.iter_mut().for_each(Block::leave_clock);
        }
        // Such lines below each other have no titles above them: they are the titles.
        if guessed.windows(2).any(|pair| matches!(pair, [one, next] if one + 1 == *next)) {
            for at in guessed {
                page.blocks.get_mut(at).into_iter().for_each(|block| block.date = None);
            }
            page.forget_dates();
        }
        dotted::give_back(&dotted, &mut page, text);
        count::number(&mut page.blocks);
        if unit == Unit::Run {
            page.blocks = lump::parted(page.blocks, lexicon);
        }
        for block in page.blocks.iter_mut().filter(|block| block.date.is_none()) {
            block.text = without_lead_on(block.text, lexicon);
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        split(text, &[], Unit::Run, Lexicon::of(None)).blocks.iter().map(|block| block.text).collect()
    }

    #[test]
    fn a_run_of_lines_is_one_block() {
        assert_eq!(texts("a\n  b\n\nc"), ["a\n  b", "c"]);
    }

    #[test]
    fn by_line_every_line_is_a_block() {
        let page = split("a\n  b\n\nc", &[], Unit::Line, Lexicon::of(None));
        assert_eq!(page.blocks.iter().map(|block| block.text).collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn dates_marks_pipes_and_what_follows_a_date_open_blocks() {
        assert_eq!(texts("Title\n15 June 2020\nText\nmore text"), ["Title", "15 June 2020", "Text\nmore text"]);
        assert_eq!(texts("News\n1. One\n2) Two\n• Three"), ["News", "One", "Two", "Three"]);
        assert_eq!(texts("News\na | b\nc | d\ntext"), ["News", "a | b", "c | d", "text"]);
    }

    #[test]
    fn every_line_ending_counts_as_an_editor_counts_it() {
        for text in ["a\n\nb\nc\n", "a\r\n\r\nb\r\nc\r\n", "a\r\rb\rc\r"] {
            let page = split(text, &[], Unit::Run, Lexicon::of(None));
            let lines: Vec<_> = page.blocks.iter().map(|block| (block.line, block.last_line, block.gap)).collect();
            assert_eq!(lines, [(1, 1, 0), (3, 4, 1)]);
            assert_eq!(joined(&page.blocks[1]), "b c");
            assert!(!page.cut);
        }
    }

    #[test]
    fn blanks_of_every_kind_are_blank() {
        assert_eq!(texts("a\u{2028}\n\u{A0}\u{3000}\n\u{C}b\u{FEFF}\n"), ["a", "b"]);
        let page = split("\u{3000}a\n\n\tb\n\n  \u{A0}c", &[], Unit::Run, Lexicon::of(None));
        assert_eq!(page.blocks.iter().map(|block| block.indent).collect::<Vec<_>>(), [2, 4, 3]);
        assert!(page.cut);
    }

    #[test]
    fn a_date_is_asked_for_before_a_mark() {
        let page = split("12. June 2018\n1. June\n3. 12 June 2018\n", &[], Unit::Run, Lexicon::of(None));
        let marks: Vec<_> = page.blocks.iter().map(|block| (block.mark, block.date.is_some())).collect();
        assert_eq!(marks, [(Mark::None, true), (Mark::None, true), (Mark::Number(Some(3)), true)]);
    }

    #[test]
    fn a_plus_is_a_mark_in_a_list_within_another() {
        let page = split("1.2\n+ Maps\n+ + +\n\n* Trips\n    + By day\n", &[], Unit::Run, Lexicon::of(None));
        let blocks: Vec<_> = page.blocks.iter().map(|block| (block.text, block.mark)).collect();
        assert_eq!(
            blocks,
            [("1.2\n+ Maps", Mark::None), ("+ + +", Mark::None), ("Trips", Mark::Bullet), ("By day", Mark::Bullet)]
        );
    }

    #[test]
    fn the_number_of_a_link_is_no_part_of_its_text() {
        assert_eq!(
            texts("[6]The market opens\n\n* [7]Two\n\n[8] Notes\n\n[9]"),
            ["The market opens", "Two", "[8] Notes", "[9]"]
        );
    }

    #[test]
    fn words_that_lead_on_behind_a_sentence_are_no_part_of_it() {
        let text = "The members of the club meet on Saturday in the hall.";
        for more in [" Read more »", " [7]Read more", " Continue reading →"] {
            assert_eq!(texts(&format!("{text}{more}\n")), [text]);
        }
        for more in [" All are welcome", " [7]", "Read more"] {
            assert_eq!(texts(&format!("{text}{more}\n")), [format!("{text}{more}")]);
        }
    }

    #[test]
    fn more_times_of_day_than_days_are_those_of_the_texts_below() {
        let shown = |text: &str| {
            let page = split(text, &[], Unit::Line, Lexicon::of(None));
            page.blocks.iter().map(|block| (joined(block).into_owned(), block.mark, block.line)).collect::<Vec<_>>()
        };
        let day = ("15 June 2020".to_owned(), Mark::None, 1);
        let one = ("18:42 One".to_owned(), Mark::Clock, 2);
        assert_eq!(
            shown("15 June 2020\n18:42\nOne\n17:10\nTwo\n"),
            [day.clone(), one, ("17:10 Two".to_owned(), Mark::Clock, 4)]
        );
        assert_eq!(shown("15 June 2020\n18:42\nOne\n"), [day, ("One".to_owned(), Mark::None, 3)]);
        let last = ("18:42".to_owned(), Mark::None, 1);
        assert_eq!(shown("18:42\n15 June 2020\n"), [last, ("15 June 2020".to_owned(), Mark::None, 2)]);
    }

    #[test]
    fn a_mark_alone_is_lent_to_the_next_block() {
        let page = split("  2.\n\n    Title\n\n3.\n4. Four\n-", &[], Unit::Run, Lexicon::of(None));
        let blocks: Vec<_> =
            page.blocks.iter().map(|block| (block.text, block.mark, block.line, block.indent)).collect();
        let two = ("Title", Mark::Number(Some(2)), 1, 2);
        assert_eq!(
            blocks,
            [two, ("3.", Mark::None, 5, 0), ("Four", Mark::Number(Some(4)), 6, 0), ("-", Mark::None, 7, 0)]
        );
    }

    #[test]
    fn a_wrapped_year_and_a_huge_number_are_read_with_care() {
        assert_eq!(texts("It was in\n2020. The ministry"), ["It was in\n2020. The ministry"]);
        let page = split("1000000000000000000000000000000. Huge", &[], Unit::Run, Lexicon::of(None));
        assert_eq!(page.blocks[0].mark, Mark::Number(None));
    }

    #[test]
    fn notes_say_of_a_line_what_its_letters_do_not() {
        let note = |line| Note { line, ..Note::default() };
        let notes = [
            Note { level: 2, link: Some("https://example.org/1".into()), ..note(1) },
            Note { absent: true, ..note(2) },
            Note { time: Some("2020-06-15".into()), ..note(4) },
        ];
        let page = split("Title\n=====\n\n3 days ago\nText\n", &notes, Unit::Run, Lexicon::of(None));
        let blocks: Vec<_> = page.blocks.iter().map(|b| (b.text, b.gap, b.level(), b.link(), b.date)).collect();
        let title = ("Title", 0, 2, Some("https://example.org/1"), None);
        assert_eq!(blocks, [title, ("3 days ago", 1, 0, None, Some(0)), ("Text", 0, 0, None, None)]);
        assert_eq!(page.dates[0].raw(), "3 days ago");
    }

    #[test]
    fn a_dash_that_a_line_was_wrapped_before_is_text() {
        let wide = "  1. The harbour may reopen in the spring\n     – council and port office\n\n    15 June 2020\n";
        assert_eq!(texts(wide)[0], "The harbour may reopen in the spring\n     – council and port office");
        // Where it had room, or others follow, or it stands before a day or behind the end of a text, it is a mark.
        for list in [
            format!("1. The harbour\n- council and port office\n\n{wide}"),
            "1. The harbour may reopen in the spring, says\n- the council\n- the port office\n".to_owned(),
            "1. The harbour may reopen in the spring again\n- 15 June 2020: all are welcome\n".to_owned(),
            "1. The harbour may reopen in the spring again:\n- the council is for it\n".to_owned(),
            "1. The harbour may reopen in the spring again.\n- the council is for it\n".to_owned(),
        ] {
            assert_eq!(split(&list, &[], Unit::Run, Lexicon::of(None)).blocks[1].mark, Mark::Bullet, "{list}");
        }
    }

    #[test]
    fn a_title_that_lost_its_mark_and_blank_line_is_no_part_of_the_text_above() {
        let item = |number: u32| format!("  {number}. Title\n\n    {number} June 2020\n\n    A text.\n");
        let lost = "    The quay\n    is open\n\n    5 June 2020\n";
        let page = format!("{}{}{lost}{}", item(7), item(6), item(4));
        assert_eq!(texts(&page)[3..8], ["Title", "6 June 2020", "A text.", "The quay\n    is open", "5 June 2020"]);
        let quay = split(&page, &[], Unit::Run, Lexicon::of(None)).blocks[6];
        assert_eq!((quay.line, quay.last_line, quay.gap, quay.folded), (11, 12, 0, true));
        // Where nothing is lost between the numbers, nothing is marked, or the text goes on, it may be part of it.
        let unmarked = page.replace("  6. ", "  • ").replace("  7. ", "\n  ").replace("  4. ", "\n  ");
        for (page, run) in [
            (page.replace("  4. ", "  7. "), "A text.\n    The quay\n    is open"),
            (unmarked, "A text.\n    The quay\n    is open"),
            (page.replace("The quay", "on the quay"), "A text.\n    on the quay\n    is open"),
            (page.replace("A text.", "A text of"), "A text of\n    The quay\n    is open"),
            // Another sentence is no title, nor is who wrote it, nor anything above what is no day.
            (page.replace("is open", "is open."), "A text.\n    The quay\n    is open."),
            (page.replace("The quay\n    is open", "By Ann Field"), "A text.\n    By Ann Field"),
            (page.replace("    5 June 2020\n", ""), "A text.\n    The quay\n    is open"),
        ] {
            assert_eq!(texts(&page)[5], run);
        }
    }

    #[test]
    fn a_title_that_was_wrapped_behind_a_full_stop_is_whole() {
        let item = |number: u32| format!("  {number}. The port of St.\n    Helena is open\n    {number} June 2020\n");
        let texts = [7, 6, 4, 3].map(item).concat();
        let page = split(&texts, &[], Unit::Run, Lexicon::of(None));
        assert_eq!(page.blocks.len(), 8);
    }

    #[test]
    fn months_with_their_years_and_kinds_of_files_stand_by_themselves() {
        assert_eq!(texts("June 2020\nOne\n\nMay 2020\n\nApril 2020\n"), ["June 2020", "One", "May 2020", "April 2020"]);
        // Below one another they are those of an archive; a year may be part of what is said.
        assert_eq!(texts("June 2020\nMay 2020\nApril 2020\n"), ["June 2020\nMay 2020\nApril 2020"]);
        assert_eq!(texts("2020\nBoats\n"), ["2020\nBoats"]);
        assert_eq!(texts("The budget\nPDF (312 KB)\nThe plan\n"), ["The budget", "PDF (312 KB)", "The plan"]);
    }

    #[test]
    fn a_rule_right_below_a_line_underlines_it() {
        assert_eq!(texts("Boats\n-----\nQuays\n"), ["Boats", "Quays"]);
        assert_eq!(texts("Boats\n\n-----\nQuays\n"), ["Boats", "-----", "Quays"]);
        assert_eq!(texts("Boats\n----------\nQuays\n"), ["Boats", "----------", "Quays"]);
    }

    #[test]
    fn the_parts_of_a_leaf_stand_near_each_other() {
        assert_eq!(texts("18\nMay\n2019\nBoats\n"), ["18\nMay\n2019", "Boats"]);
        assert_eq!(texts("May\n18\n2019\nBoats\n"), ["May\n18\n2019", "Boats"]);
        assert_eq!(texts("12\n2024-03\nBoats\n"), ["12\n2024-03", "Boats"]);
        assert_eq!(texts("18\n\n\n\n\n\n\n\n\n\nMay 2019\n"), ["18", "May 2019"]);
        // An archive counts what each of its months has.
        assert_eq!(texts("12\n\n2024-03\n\n14\n\n2024-02\n")[0], "12");
    }

    #[test]
    fn a_time_of_day_alone_on_its_line_is_left_out_and_no_title_is() {
        let page = |text: &str, notes: &[Note]| {
            let page = split(text, notes, Unit::Line, Lexicon::of(None));
            page.blocks.iter().map(|block| (joined(block).into_owned(), block.date)).collect::<Vec<_>>()
        };
        let mut block = split("15:10 The quay\nis open\n", &[], Unit::Run, Lexicon::of(None)).blocks[0];
        block.leave_clock();
        assert_eq!((block.text, block.mark), ("15:10 The quay\nis open", Mark::Clock));
        // What the file says is a day is none.
        let note = Note { line: 1, time: Some("2020-06-15".into()), ..Note::default() };
        assert_eq!(page("18:42\nBoats\n", &[note]), [("18:42".to_owned(), Some(0)), ("Boats".to_owned(), None)]);
    }

    #[test]
    fn a_number_that_closes_a_bracket_goes_on_with_its_text() {
        assert_eq!(texts("All have ratified the rules of 1999 (No.\n182).\n\n15 June 2020\n").len(), 2);
    }
}
