//! A page as lines for the engine.
//!
//! Each block element stands on a line of its own: paragraphs, headings with their level, list entries with a mark,
//! table rows with a bar between their cells. A line bears the address it links to, and the time that a `<time>`
//! states, or what hAtom has for it. Scripts, menus, side columns and page footers are left out.

mod card;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use self::card::note_cards;
use super::{Base, Element, Visitor, is_beside, walk};
use crate::mill::scrape::date::{Settled, day_of_year, is_month, is_shaped_like_one, whole};
use crate::mill::scrape::input::known::day_among;
use crate::mill::scrape::language::Lexicon;
use crate::mill::scrape::menu::{self, COMMON, SEVERAL, wide};
use crate::mill::scrape::rendition::{Note, Rendition};

/// Lines behind these are not read, as if the page were cut there.
const MOST_LINES: usize = 500_000;
const TOO_MANY_LINES: &str = "it has so many lines that the page is read as if it were cut behind them";

/// A page as lines; `url` is its address.
pub(in super::super) fn render(text: &str, url: Option<&str>) -> Rendition {
    let read = |hides_days| {
        let mut lines = Lines { base: Base::of(url), hides_days, ..Lines::default() };
        let cut = walk(text, &mut lines);
        (lines, cut)
    };
    let (mut lines, mut cut) = read(true);
    if lines.has_unread_days && !says_days_twice(text) {
        (lines, cut) = read(false);
    }
    lines.flush(false);
    lines.into_rendition(cut)
}

/// Whether the days that are not read aloud may stand on the page once more.
fn says_days_twice(text: &str) -> bool {
    let mut days = Days::default();
    walk(text, &mut days);
    days.hidden <= days.shown
}

/// How many days a page has that are not read aloud, and how many that are.
#[derive(Default)]
struct Days {
    hidden: usize,
    shown: usize,
}

impl Visitor for Days {
    fn open(&mut self, element: &Element) {
        if is_time(element) {
            *(if is_unread(element) { &mut self.hidden } else { &mut self.shown }) += 1;
        }
    }
    fn close(&mut self, _: &Element) {}
    fn text(&mut self, _: &str, _: u32) {}
}

fn is_unread(element: &Element) -> bool {
    element.get("aria-hidden") == Some("true")
}

/// A line, finished or being read.
#[derive(Debug, Default)]
struct Line {
    text: String,
    /// The line of the file on which it begins; 0 while it is empty.
    line: u32,
    level: u8,
    link: Option<Rc<str>>,
    time: Option<Rc<str>>,
    /// It is words beside a time.
    beside: bool,
    /// It is an entry of a list that is a menu.
    menu: bool,
    /// It opens its entry right above the heading in that.
    heads_card: bool,
    /// It is an entry of a list of what is known of an item: its day, and who wrote it.
    known: bool,
    /// The mark of the list entry that begins here.
    mark: Option<String>,
    indent: usize,
    /// It continues the line before, so that no blank line stands between them.
    goes_on: bool,
}

/// A `<time>` in a line, or what older pages have for it.
struct Time {
    /// Where its text begins in the line.
    start: usize,
    /// Where it ends; `None` while the element is open.
    end: Option<usize>,
    stated: Option<Rc<str>>,
    /// It says when a text was changed.
    of_change: bool,
    /// It says when a text was published.
    of_publication: bool,
}

/// A list that is open.
struct List {
    /// The number of its next entry, if it is numbered.
    next: Option<i64>,
    /// How many lines stand before it, in its cell or on the page.
    start: usize,
}

const BULLET: &str = "• ";

#[derive(Default)]
struct Lines {
    base: Base,
    /// The days that are not read aloud are left out.
    hides_days: bool,
    /// There are such days.
    has_unread_days: bool,
    done: Vec<Line>,
    /// The table rows that are open, each with the lines of its cells.
    rows: Vec<Vec<Vec<Line>>>,
    now: Line,
    /// A blank comes before the next word.
    blank: bool,
    /// An element has just ended, and the text of the next one is another word.
    ended: bool,
    /// A text in small letters begins: two numbers at that edge are not one, as a version and its day.
    edge: bool,
    /// The addresses of the links that are open; `None` for one that leads nowhere.
    links: Vec<Option<Rc<str>>>,
    /// How many bytes of the line are under each address, and under `None` those outside of links.
    linked: Vec<(Option<Rc<str>>, usize)>,
    /// From where to where the line is under links.
    under: Option<(usize, usize)>,
    /// A line above says which year it is: `2024`, `June 2024`.
    below_year: bool,
    /// The `<time>` elements of the line.
    times: Vec<Time>,
    level: u8,
    verbatim: u32,
    /// The lists that are open.
    lists: Vec<List>,
    /// The list entries and articles that are open, each with its mark until a line bears it.
    entries: Vec<Option<String>>,
    /// How many lists say what is known of an item.
    known: usize,
    goes_on: bool,
    count: usize,
    /// On which line of the file the last of the lines begins, be it in a cell.
    last: u32,
}

impl Visitor for Lines {
    fn skips(&mut self, element: &Element, in_content: bool) -> bool {
        let is_unread = is_time(element) && is_unread(element);
        self.has_unread_days |= is_unread;
        // The day of a change is shown to programs alone. The two stand side by side, or a page of nothing but times
        // would be looked through for each.
        let is_near = || self.times.iter().rev().take(SEVERAL).any(|time| time.of_publication);
        let of_change = || is_time(element) && is_of_change(element) && is_near();
        (self.hides_days && is_unread) || of_change() || self.repeats(element) || is_beside(element, in_content)
    }
    fn open(&mut self, element: &Element) {
        if element.is_inline() {
            self.edge = element.name == "small";
            self.blank |= self.ended && (is_time(element) || matches!(element.name.as_str(), "span" | "a" | "label"));
        } else if element.name != "br" {
            self.flush(false);
        }
        self.ended = false;
        match element.name.as_str() {
            "br" => self.flush(true),
            "base" => self.base.take(element),
            "a" => self.links.push(element.get("href").and_then(|href| self.base.link(href)).map(Into::into)),
            _ if is_time(element) => {
                let stated = element.get(if element.is(&["abbr"]) { "title" } else { "datetime" }).map(Into::into);
                // The day of the change may stand before the item's own.
                let end = Some(self.now.text.len());
                let (of_change, of_publication) = (is_of_change(element), is_of_publication(element));
                let is_above = |time: &mut Time| of_publication && time.of_change && time.end == end;
                if let Some(change) = self.times.pop_if(is_above) {
                    self.now.text.truncate(change.start);
                }
                self.times.push(Time { start: self.now.text.len(), end: None, stated, of_change, of_publication });
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.level = element.name.bytes().last().map_or(0, |digit| digit.saturating_sub(b'0'));
            }
            "pre" => self.verbatim += 1,
            "ul" | "menu" | "dir" => self.begin_list(None),
            "ol" => self.begin_list(Some(element.number("start").unwrap_or(1))),
            "li" => {
                let mark = self.mark_of(element);
                self.entries.push(Some(mark));
            }
            "article" => self.entries.push(Some(BULLET.to_owned())),
            "tr" => self.rows.push(Vec::new()),
            "td" | "th" => {
                if let Some(row) = self.rows.last_mut() {
                    row.push(Vec::new());
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, element: &Element) {
        if element.is_inline() {
            self.ended = true;
        } else if element.name != "br" {
            self.flush(false);
        }
        match element.name.as_str() {
            "a" => {
                self.links.pop();
            }
            _ if is_time(element) => {
                let end = self.now.text.len();
                if let Some(open) = self.times.iter().rposition(|time| time.end.is_none()) {
                    self.end_time(open, end, element.is(&["abbr"]));
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.level = 0,
            "pre" => self.verbatim = self.verbatim.saturating_sub(1),
            "ul" | "menu" | "dir" | "ol" => self.end_list(),
            "li" | "article" => {
                self.entries.pop();
            }
            "tr" => self.end_row(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, line: u32) {
        if self.verbatim > 0 && text.contains('\n') {
            for (number, text) in (line..).zip(text.split('\n')) {
                if number > line {
                    self.flush(true);
                }
                self.words(text, number);
            }
        } else {
            self.words(text, line);
        }
    }
}

impl Lines {
    /// Ends a time with the text. What an abbreviation stands for is often the same instant in another zone, of which
    /// the day is another: where it shows a day, that counts. Where it shows no figure it is none: `Updated`.
    fn end_time(&mut self, open: usize, end: usize, is_abbreviated: bool) {
        let Some(time) = self.times.get_mut(open) else { return };
        time.end = Some(end);
        let shown = self.now.text.get(time.start..).unwrap_or_default().trim();
        time.stated.take_if(|_| is_abbreviated && is_one_day(shown));
        if is_abbreviated && !shown.contains(|c: char| c.is_ascii_digit()) {
            self.times.remove(open);
        }
    }

    /// Whether words that are not shown add to others on their line, under the same link, or skip to a place of the
    /// page. The only words of a link are its title, and the only day is the item's.
    fn repeats(&self, element: &Element) -> bool {
        if !is_unseen(element) || is_time(element) {
            return false;
        }
        if element.is(&["a"]) {
            return element.get("href").is_some_and(|href| href.starts_with('#'));
        }
        let link = self.link();
        self.linked.iter().any(|(known, _)| *known == link)
    }

    /// Where the innermost open link leads.
    fn link(&self) -> Option<Rc<str>> {
        self.links.last().cloned().flatten()
    }

    /// The mark of a list entry: its number in a numbered list, else a bullet.
    fn mark_of(&mut self, entry: &Element) -> String {
        let Some(List { next: Some(next), .. }) = self.lists.last_mut() else { return BULLET.to_owned() };
        let number = entry.number("value").unwrap_or(*next);
        *next = number.saturating_add(1);
        format!("{number}. ")
    }

    fn begin_list(&mut self, next: Option<i64>) {
        let start = self.sink().len();
        self.lists.push(List { next, start });
    }

    fn end_list(&mut self) {
        let Some(List { start, .. }) = self.lists.pop() else { return };
        // In an entry of a list that has its title above them, few words are about that.
        let is_in_entry = !self.lists.is_empty() && self.entries.last() == Some(&None);
        let lines = self.sink().get_mut(start..).unwrap_or_default();
        if is_menu(lines) {
            lines.iter_mut().for_each(|line| line.menu = true);
        } else if is_in_entry && let Some(day) = known_of_item(lines) {
            for (at, line) in lines.iter_mut().enumerate() {
                line.known = true;
                line.beside |= at != day;
            }
            self.known += 1;
        }
    }

    /// Where finished lines go: to the cell that is open, or to the page.
    fn sink(&mut self) -> &mut Vec<Line> {
        match self.rows.last_mut().and_then(|row| row.last_mut()) {
            Some(cell) => cell,
            None => &mut self.done,
        }
    }

    fn words(&mut self, text: &str, line: u32) {
        if text.starts_with(char::is_whitespace) {
            self.blank = true;
        }
        let is_digit = |c: char| c.is_ascii_digit();
        let mut words = text.split_whitespace().peekable();
        if words.peek().is_none() {
            return;
        }
        self.ended = false;
        if self.now.text.is_empty() {
            self.now.line = line;
            self.now.level = self.level;
            self.now.goes_on = std::mem::take(&mut self.goes_on);
        }
        let are_numbers = || self.now.text.ends_with(is_digit) && text.starts_with(is_digit);
        self.blank |= std::mem::take(&mut self.edge) && are_numbers();
        let before = self.now.text.len();
        let begin = before + usize::from(self.blank && before > 0);
        for word in words {
            if self.blank && !self.now.text.is_empty() {
                self.now.text.push(' ');
            }
            self.now.text.push_str(word);
            self.blank = true;
        }
        self.blank = text.ends_with(char::is_whitespace);
        let more = self.now.text.len() - before;
        let link = self.link();
        if link.is_some() {
            let (from, _) = self.under.unwrap_or((begin, 0));
            self.under = Some((from, self.now.text.len()));
        }
        if let Some((_, length)) = self.linked.iter_mut().find(|(known, _)| *known == link) {
            *length += more;
        } else if self.linked.len() < 4 {
            // A line of more links than this links to nothing.
            self.linked.push((link, more));
        }
    }

    /// Ends the line. `soft`: the next line continues it.
    fn flush(&mut self, soft: bool) {
        (self.blank, self.ended, self.edge) = (false, false, false);
        let linked = std::mem::take(&mut self.linked);
        let under = self.under.take();
        let times = std::mem::take(&mut self.times);
        // A time whose element is still open goes on in the next line.
        let open = times.iter().filter(|time| time.end.is_none());
        self.times.extend(open.map(|time| Time { start: 0, end: None, stated: time.stated.clone(), ..*time }));
        if self.now.text.is_empty() {
            // A time without words is shown as it is stated.
            if let Some(stated) = times.into_iter().find_map(|time| time.stated.filter(|_| time.end.is_some())) {
                let line = self.last.max(1);
                let text = day_of(&stated).to_owned();
                self.put(Line { text, line, time: Some(stated), ..Line::default() });
            }
            self.goes_on &= soft;
            return;
        }
        let mut line = std::mem::take(&mut self.now);
        self.goes_on = soft;
        let mut addresses = linked.iter().filter_map(|(link, length)| Some((link.as_ref()?, *length)));
        if let Some((link, length)) = addresses.next()
            && addresses.next().is_none()
            && length * 2 >= line.text.len().saturating_sub(timed(&times))
        {
            line.link = Some(link.clone());
            if self.below_year
                && times.is_empty()
                && let Some((from, to)) = under
                && let Some(both) = day_and_title(&line, from, to)
            {
                both.into_iter().for_each(|piece| self.put(piece));
                return;
            }
        }
        for piece in pieces(line, &times) {
            self.put(piece);
        }
    }

    fn put(&mut self, mut line: Line) {
        self.count += 1;
        if self.count > MOST_LINES {
            return;
        }
        self.last = line.line;
        self.below_year |= line.text.len() <= LONGEST_YEAR && is_month(&line.text, Lexicon::of(None));
        line.indent = self.entries.len().min(8) * 2;
        if let Some(entry) = self.entries.last_mut() {
            line.mark = entry.take();
        }
        let in_cell = self.rows.last().is_some_and(|row| !row.is_empty());
        let sink = self.sink();
        // Most cells have one line, and a table can have a million cells.
        if in_cell && sink.is_empty() {
            sink.reserve_exact(1);
        }
        sink.push(line);
    }

    /// Ends a table row. It becomes one line if each of its cells has one at most; otherwise the table only lays the
    /// page out, and the lines of its cells stand by themselves.
    fn end_row(&mut self) {
        let Some(cells) = self.rows.pop() else { return };
        let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        let lines: Vec<Line> = if filled > 1 && cells.iter().all(|cell| cell.len() <= 1) {
            let mut row = Line::default();
            for (i, cell) in cells.into_iter().enumerate() {
                if i > 0 {
                    row.text.push_str(" | ");
                }
                for line in cell {
                    row.text.push_str(&line.text.replace('|', "/"));
                    row.line = if row.line == 0 { line.line } else { row.line };
                    row.link = row.link.or(line.link);
                    row.mark = row.mark.or(line.mark);
                    row.indent = row.indent.max(line.indent);
                }
            }
            vec![row]
        } else {
            cells.into_iter().flatten().collect()
        };
        self.sink().extend(lines);
    }

    fn into_rendition(mut self, cut: bool) -> Rendition {
        while !self.rows.is_empty() {
            self.end_row();
        }
        let mut rendition = Rendition::default();
        note_cards(&mut self.done);
        mark_headlines(&mut self.done);
        let (mut first, has_known) = (true, self.known >= SEVERAL);
        for mut line in self.done {
            if has_known && line.known {
                (line.mark, line.indent) = (None, line.indent.saturating_sub(2));
            }
            if !first && !line.goes_on {
                rendition.push("", true, line.line);
            }
            first = false;
            let text = format!("{:indent$}{}{}", "", line.mark.unwrap_or_default(), line.text, indent = line.indent);
            let is_said = line.beside || line.menu || line.heads_card;
            let noted = line.level > 0 || line.link.is_some() || line.time.is_some() || is_said;
            rendition.notes.extend(noted.then(|| Note {
                line: rendition.next(),
                level: line.level,
                beside: line.beside,
                menu: line.menu,
                heads_card: line.heads_card,
                link: line.link,
                time: line.time,
                ..Note::default()
            }));
            rendition.push(&text, true, line.line);
        }
        if self.count > MOST_LINES {
            rendition.short = Some(TOO_MANY_LINES);
        }
        if cut || rendition.short.is_some() {
            rendition.text.truncate(rendition.text.trim_end_matches('\n').len());
        }
        rendition
    }
}

/// Gives a mark to headings that are links, each to another page, where nothing else tells where an item begins: no
/// line is a day, and none has a mark but those of menus, which lose theirs. Each has a text below it.
fn mark_headlines(lines: &mut [Line]) {
    /// No text is less wide.
    const TEXT: usize = 40;
    let lexicon = Lexicon::of(None);
    // Above the heading of a card the day may have words beside it, in any language.
    let may_hold_day = |line: &Line| line.heads_card && line.text.contains(char::is_numeric);
    let is_day = |line: &Line| line.time.is_some() || may_hold_day(line) || whole(&line.text, lexicon).is_some();
    let mut links = BTreeMap::new();
    for line in lines.iter().filter(|line| line.level > 0) {
        let (all, other) = links.entry(line.level).or_insert_with(|| (0, BTreeSet::new()));
        *all += 1;
        other.extend(line.link.clone());
    }
    let is_headline = |(_, (all, other)): &(&u8, &(usize, BTreeSet<_>))| *all >= SEVERAL && other.len() == *all;
    let Some(level) = links.iter().find(is_headline).map(|(level, _)| *level) else { return };
    if lines.iter().any(|line| (line.mark.is_some() && !line.menu) || is_day(line)) {
        return;
    }
    // Ways through the site, goods and people have few words, and no text.
    let (mut count, mut width) = (0, 0);
    for run in lines.chunk_by(|_, next| next.level != level) {
        let Some((headline, below)) = run.split_first().filter(|(first, _)| first.level == level) else { continue };
        (count, width) = (count + 1, width + wide(&headline.text));
        if !below.iter().any(|line| line.level == 0 && wide(&line.text) >= TEXT) {
            return;
        }
    }
    if width <= count * COMMON {
        return;
    }
    for line in lines {
        line.mark = (line.level == level).then(|| BULLET.to_owned());
    }
}

/// The day of a time that is stated for programs, in a form that pages print.
fn day_of(stated: &str) -> &str {
    stated.trim().split(['T', ' ']).next().unwrap_or_default()
}

/// No line that says which year it is, and maybe which month, is longer.
const LONGEST_YEAR: usize = 40;

/// The lines that a line becomes which is a day without its year, and a link from `from` to `to` of it: the year stands
/// above both. `03.12. — The market opens`.
fn day_and_title(line: &Line, from: usize, to: usize) -> Option<[Line; 2]> {
    let bare = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric() && c != '.').to_owned();
    let (before, title) = (bare(line.text.get(..from)?), line.text.get(from..to)?.to_owned());
    let day = if to < line.text.len() && before.is_empty() { bare(line.text.get(to..)?) } else { before };
    let lexicon = Lexicon::of(None);
    let is_day = day_of_year(&day).is_some() || whole(&day, lexicon).is_some_and(|printed| printed.lacks_year());
    if !is_day || (from > 0 && to < line.text.len()) {
        return None;
    }
    let like = |text, link| Line { text, link, line: line.line, level: line.level, ..Line::default() };
    let (day, title) = (like(day, None), like(title, line.link.clone()));
    let [mut first, second] = if from > 0 { [day, title] } else { [title, day] };
    first.goes_on = line.goes_on;
    Some([first, second])
}

/// Whether words are for those who have the page read to them.
fn is_unseen(element: &Element) -> bool {
    const UNSEEN: &[&str] =
        &["sr-only", "visually-hidden", "screen-reader-text", "element-invisible", "visuallyhidden"];
    let mut classes = element.get("class").unwrap_or_default().split_ascii_whitespace();
    element.is_inline() && classes.any(|class| UNSEEN.contains(&class))
}

/// Whether an element is a time: a `<time>`, or the `<abbr>` that the microformat hAtom 0.1 has for it, whose title is
/// the day as programs write it.
fn is_time(element: &Element) -> bool {
    let is_abbreviated = || {
        let says = || is_of_change(element) || is_of_publication(element);
        let lexicon = Lexicon::of(None);
        says() && element.get("title").is_some_and(|title| whole(title, lexicon).is_some())
    };
    element.is(&["time"]) || (element.is(&["abbr"]) && is_abbreviated())
}

/// Whether a text says a day by itself.
fn is_one_day(text: &str) -> bool {
    whole(text, Lexicon::of(None)).is_some_and(|printed| printed.day(Settled::default()).is_some())
}

/// The classes of hAtom 0.1 and of its successor h-entry for the time at which a text was changed.
const CHANGED: [&str; 2] = ["updated", "dt-updated"];
/// The same for the time at which it was published.
const PUBLISHED: [&str; 2] = ["published", "dt-published"];

/// Whether a time says when a text was changed and not when it was published, as themes of blogs tell their programs.
fn is_of_change(time: &Element) -> bool {
    time.get("itemprop") == Some("dateModified") || (has_class(time, &CHANGED) && !has_class(time, &PUBLISHED))
}

/// Whether a time says when a text was published.
fn is_of_publication(time: &Element) -> bool {
    time.get("itemprop") == Some("datePublished") || has_class(time, &PUBLISHED)
}

fn has_class(element: &Element, classes: &[&str]) -> bool {
    element.get("class").unwrap_or_default().split_ascii_whitespace().any(|one| classes.contains(&one))
}

/// Which line of a list is the day of an item, where the others say what else is known of that.
fn known_of_item(lines: &[Line]) -> Option<usize> {
    let lexicon = Lexicon::of(None);
    let is_day = |line: &Line| line.time.is_some() || whole(&line.text, lexicon).is_some();
    // Each entry is a line, or a day behind what is said of it. A link, or all that stands beside a day, may be a
    // title.
    let fits = |line: &Line| line.level == 0 && line.link.is_none() && (line.mark.is_some() || is_day(line));
    let day = day_among(lines, |line| &line.text, |line| is_day(line));
    day.filter(|_| lines.iter().all(fits))
}

/// Whether the entries of a list are ways through the site: links and nothing else, of a few words each.
fn is_menu(lines: &[Line]) -> bool {
    let is_entry = |line: &Line| line.link.is_some() && line.level == 0 && line.time.is_none() && !line.beside;
    lines.iter().all(is_entry) && menu::may_have(lines.iter().map(|line| wide(&line.text)))
}

/// How many bytes of a line are in its times.
fn timed(times: &[Time]) -> usize {
    times.iter().filter_map(|time| Some(time.end?.saturating_sub(time.start))).sum()
}

/// The lines that a line becomes: a `<time>` at its beginning or end is one of its own, and so is what stands beside
/// it. The same goes for a time between a few words; within a sentence it is part of that.
fn pieces(line: Line, times: &[Time]) -> Vec<Line> {
    let has_text = |time: &&Time| time.end.is_none_or(|end| time.start < end);
    let Some(Time { start, end, stated, .. }) = times.iter().find(has_text) else { return vec![line] };
    let end = end.unwrap_or(usize::MAX).min(line.text.len());
    let bare = |text: &str| -> String {
        text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '|' | '·' | '•' | '—' | '–' | '-' | ',' | '/'))
            .to_owned()
    };
    let part = |from, to| line.text.get(from..to).unwrap_or_default();
    let (before, shown, after) = (bare(part(0, *start)), part(*start, end).trim(), bare(part(end, line.text.len())));
    // The full stop behind a number ends no sentence: `Date: 11. Oktober`.
    let ends = |text: &str| {
        let mut stops = text.match_indices(". ").filter_map(|(at, _)| text.get(..at));
        stops.any(|said| !said.ends_with(|c: char| c.is_ascii_digit()))
    };
    let runs_on = |text: &str| text.len() > 80 || ends(text);
    let both = !before.is_empty() && !after.is_empty();
    // `Posted on … by …`: between two short texts it is no part of a sentence.
    let sentence = both && (before.len() + after.len() > 60 || line.text.ends_with(['.', '!', '?', '…', '。']));
    if sentence || runs_on(&before) || runs_on(&after) {
        return vec![line];
    }
    // What is printed is shown, unless that is no date: `3 days ago`.
    let lexicon = Lexicon::of(None);
    let is_date = |text: &str| whole(text, lexicon).is_some() || is_shaped_like_one(text);
    let shown = match stated {
        Some(stated) if !is_date(shown) && whole(stated, lexicon).is_some() => day_of(stated),
        _ => shown,
    };
    let like = |text: String| Line { text, line: line.line, level: line.level, ..Line::default() };
    // A linked text of more than a word is the headline itself.
    let beside = |text: String| {
        let several = text.contains(' ') || (!text.is_ascii() && text.chars().count() >= 8);
        let is_headline = line.link.is_some() && several;
        let link = line.link.clone().filter(|_| is_headline);
        Line { beside: !is_headline, link, ..like(text) }
    };
    let time = Line { time: stated.clone(), goes_on: line.goes_on, ..like(shown.to_owned()) };
    let mut pieces: Vec<Line> = Vec::new();
    if !before.is_empty() {
        pieces.push(Line { goes_on: line.goes_on, ..beside(before) });
    }
    pieces.push(time);
    if !after.is_empty() {
        pieces.push(beside(after));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_words_stands_on_no_line_above_that_before_it() {
        let rendition = render("<!DOCTYPE html>\n<table><tr><td>One.\nTwo<ul><time datetime=2020-06-15><li>", None);
        assert_eq!((rendition.text.lines().last(), rendition.lines.last()), (Some("2020-06-15"), Some(&2)));
    }

    #[test]
    fn lines_under_one_address_or_time_share_it() {
        // Either can be half of the page, and each of very many lines would have its own.
        let shared = |element: &str, of: fn(&Note) -> Option<&Rc<str>>| {
            let rendition = render(&format!("<!DOCTYPE html><{element}>a<br>b<br>c<br>d"), None);
            let all: Vec<Rc<str>> = rendition.notes.iter().filter_map(of).cloned().collect();
            all.len() == 4 && all.iter().zip(all.iter().skip(1)).all(|(one, next)| Rc::ptr_eq(one, next))
        };
        assert!(shared("a href=https://a.example/", |note| note.link.as_ref()));
        assert!(shared("time datetime=2021-06-14", |note| note.time.as_ref()));
    }
}
