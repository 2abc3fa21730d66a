//! Web pages: as lines for the engine, or by selectors straight to fields.
//!
//! html5gum takes the page apart as the standard of HTML says, entities decoded, scripts and styles told from text. The
//! tree it makes is kept only as the stack of elements that are open, as the ends that HTML lets one leave out demand
//! it. An element is looked at once, a stack is 512 deep at most, as in browsers, so a page costs what its length is,
//! whatever is nested in it.
//!
//! As lines, each block element stands on a line of its own: paragraphs, headings with their level, entries of lists
//! with a mark, rows with their cells between bars. A line bears the address it links to, and the time that a `<time>`
//! states. Scripts, menus, side columns and page footers are left out.

use std::collections::BTreeMap;
use std::rc::Rc;

use html5gum::{DefaultEmitter, HtmlString, Spanned, Token, Tokenizer};
use url::Url;

use super::record::{MOST, Part, Record, tell, unreadable};
use super::select::{Asked, Marks, Select, add};
use super::{LineCounter, address};
use crate::mill::scrape::date::{is_shaped_like_one, whole};
use crate::mill::scrape::language::Lexicon;
use crate::mill::scrape::rendition::{Note, Rendition};
use crate::mill::scrape::{BlockUse, Scrape, Terms};

/// Elements deeper than this are not told from their parents.
const DEEPEST: usize = 512;
/// So many open elements are looked through for the one that an end tag or a new entry closes.
const NEAR: usize = 128;

/// Lines behind these are not read, as if the page were cut there.
const MOST_LINES: usize = 500_000;
const TOO_MANY_LINES: &str = "it has so many lines that the page is read as if it were cut behind them";

/// Whether `start`, the beginning of a text, is that of a web page.
pub(super) fn is_document(start: &str) -> bool {
    let start = without_prolog(start);
    let begins = |word: &str| start.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    begins("<!doctype html") || (begins("<html") && !start.as_bytes().get(5).is_some_and(u8::is_ascii_alphanumeric))
}

/// `text` behind an XML declaration, processing instructions and comments.
pub(super) fn without_prolog(mut text: &str) -> &str {
    for _ in 0..16 {
        text = text.trim_start();
        let end = if text.starts_with("<?") {
            text.find("?>").map(|end| end + 2)
        } else if text.starts_with("<!--") {
            text.find("-->").map(|end| end + 3)
        } else {
            None
        };
        match end.and_then(|end| text.get(end..)) {
            Some(rest) => text = rest,
            None => break,
        }
    }
    text
}

/// The text of a piece of HTML, its markup left out.
pub(super) fn plain(html: &str) -> String {
    struct Plain(String);
    impl Visitor for Plain {
        fn open(&mut self, element: &Element) {
            if !element.is_inline() {
                self.0.push(' ');
            }
        }
        fn close(&mut self, element: &Element) {
            self.open(element);
        }
        fn text(&mut self, text: &str, _: u32) {
            self.0.push_str(text);
        }
    }
    let mut plain = Plain(String::new());
    walk(html, &mut plain);
    plain.0
}

/// An element that is open.
struct Element {
    name: String,
    attributes: BTreeMap<HtmlString, String>,
    line: u32,
    place: u32,
    children: u32,
    /// Nothing in it is read.
    silent: bool,
}

impl Element {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name.as_bytes()).map(String::as_str)
    }

    fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.name.as_str())
    }

    fn is_inline(&self) -> bool {
        self.is(INLINE)
    }
}

impl Asked for Element {
    fn name(&self) -> &str {
        &self.name
    }
    fn attribute(&self, name: &str) -> Option<&str> {
        self.get(name)
    }
    fn place(&self) -> u32 {
        self.place
    }
}

const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time",
    "tt", "u", "var", "wbr", "ruby", "rt", "rp", "picture", "source",
];
/// Elements whose text no reader of a page sees as text.
const SILENT: &[&str] = &[
    "script", "style", "template", "noscript", "title", "svg", "math", "iframe", "object", "select", "button",
    "textarea", "nav", "dialog", "audio", "video", "canvas", "map", "datalist", "rp",
];
/// Elements beside the matter of a page, unless they stand within it.
const ASIDE: &[&str] = &["aside", "footer"];
const MATTER: &[&str] = &["article", "main", "li", "td"];
/// Elements whose end HTML lets one leave out, so that a page that ends in them need not be cut.
const OPEN_ENDED: &[&str] =
    &["html", "body", "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "head", "colgroup"];

/// What is told of a page while it is walked.
trait Visitor {
    /// Whether nothing in `element` is read; `in_matter` when it stands within the matter of the page.
    fn skips(&self, element: &Element, in_matter: bool) -> bool {
        element.is(SILENT) || (element.is(ASIDE) && !in_matter)
    }
    fn open(&mut self, element: &Element);
    fn close(&mut self, element: &Element);
    /// `text` with the line it begins on.
    fn text(&mut self, text: &str, line: u32);
}

/// Which open elements a start tag closes, and which keep it from looking further.
fn closes(name: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    Some(match name {
        "li" => (&["li"], &["ul", "ol", "menu", "dir"]),
        "dt" | "dd" => (&["dt", "dd"], &["dl"]),
        "td" | "th" => (&["td", "th"], &["tr", "table"]),
        "tr" => (&["tr"], &["table"]),
        "tbody" | "thead" | "tfoot" => (&["tbody", "thead", "tfoot", "caption", "colgroup"], &["table"]),
        "option" | "optgroup" => (&["option"], &["select"]),
        "body" => (&["head"], &["html"]),
        // A link within a link ends it.
        "a" => (&["a"], &["td", "th", "table"]),
        "address" | "article" | "aside" | "blockquote" | "center" | "details" | "div" | "dl" | "fieldset"
        | "figcaption" | "figure" | "footer" | "form" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "header" | "hr"
        | "main" | "menu" | "nav" | "ol" | "p" | "pre" | "section" | "table" | "ul" => {
            (&["p"], &["button", "td", "th", "caption", "table", "object", "li", "dd", "div", "article", "section"])
        }
        _ => return None,
    })
}

struct Walk<'v, V> {
    open: Vec<Element>,
    visitor: &'v mut V,
    /// Elements not told from their parent, because that is too deep.
    too_deep: u64,
}

impl<V: Visitor> Walk<'_, V> {
    fn is_silent(&self) -> bool {
        self.open.last().is_some_and(|element| element.silent)
    }

    fn close_one(&mut self) {
        if let Some(element) = self.open.pop()
            && !element.silent
        {
            self.visitor.close(&element);
        }
    }

    /// Closes all down to the nearest of `names`, if it comes before any of `walls`.
    fn close_to(&mut self, names: &[&str], walls: impl Fn(&Element) -> bool) -> bool {
        let near = self.open.iter().rev().take(NEAR).position(|element| element.is(names) || walls(element));
        let Some(depth) = near else { return false };
        if !self.open.iter().rev().nth(depth).is_some_and(|element| element.is(names)) {
            return false;
        }
        for _ in 0..=depth {
            self.close_one();
        }
        true
    }

    fn start(&mut self, name: String, attributes: BTreeMap<HtmlString, String>, closed: bool, line: u32) {
        if let Some((names, walls)) = closes(&name) {
            self.close_to(names, |element| element.is(walls));
        }
        let is_void = VOID.contains(&name.as_str()) || (closed && self.is_silent());
        if self.open.len() >= DEEPEST && !is_void {
            self.too_deep = self.too_deep.saturating_add(1);
            return;
        }
        let parent = self.open.last_mut();
        let silent_parent = parent.as_ref().is_some_and(|parent| parent.silent);
        let place = parent.map_or(1, |parent| {
            parent.children = parent.children.saturating_add(1);
            parent.children
        });
        let mut element = Element { name, attributes, line, place, children: 0, silent: silent_parent };
        if !silent_parent {
            let in_matter = element.is(ASIDE) && self.open.iter().rev().take(NEAR).any(|outer| outer.is(MATTER));
            element.silent = self.visitor.skips(&element, in_matter);
        }
        if !element.silent {
            self.visitor.open(&element);
        }
        self.open.push(element);
        if is_void {
            self.close_one();
        }
    }

    fn end(&mut self, name: &str) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        if name == "br" {
            self.start("br".to_owned(), BTreeMap::new(), true, 0);
            return;
        }
        // The end of a word's markup ends no paragraph, that of a paragraph no cell.
        let inline = INLINE.contains(&name);
        let of_table = matches!(name, "table" | "tbody" | "thead" | "tfoot" | "tr" | "html" | "body" | "ul" | "ol");
        self.close_to(&[name], |element| {
            if inline { !element.is_inline() } else { !of_table && element.is(&["td", "th", "table"]) }
        });
    }
}

/// Walks a page. Whether it ends before its elements do: then it was cut.
fn walk(text: &str, visitor: &mut impl Visitor) -> bool {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut counter = LineCounter::new(text);
    let mut walk = Walk { open: Vec::new(), visitor, too_deep: 0 };
    let mut end = 0;
    for token in Tokenizer::new_with_emitter(text, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                end = end.max(tag.span.end);
                let line = counter.line_at(tag.span.start);
                let attributes = tag.attributes.into_iter().map(|(name, value)| (name, lossy(&value))).collect();
                walk.start(lossy(&tag.name), attributes, tag.self_closing, line);
            }
            Token::EndTag(tag) => {
                end = end.max(tag.span.end);
                walk.end(&lossy(&tag.name));
            }
            Token::String(Spanned { value, span }) => {
                end = end.max(span.end);
                if !walk.is_silent() {
                    let raw = text.get(span.start..span.end).unwrap_or_default();
                    let lead = raw.len() - raw.trim_start().len();
                    let line = counter.line_at(span.start + lead);
                    walk.visitor.text(&String::from_utf8_lossy(&value), line);
                }
            }
            Token::Comment(comment) => end = end.max(comment.span.end),
            Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    let cut = text.get(end..).is_some_and(|rest| !rest.trim().is_empty())
        || walk.open.iter().any(|element| !element.is(OPEN_ENDED));
    while !walk.open.is_empty() {
        walk.close_one();
    }
    cut
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A page as lines.
pub(super) fn render(text: &str, url: Option<&str>) -> Rendition {
    let mut lines = Lines { base: address::base(url), ..Lines::default() };
    let cut = walk(text, &mut lines);
    lines.flush(false);
    lines.into_rendition(cut)
}

/// A line in the making, or made.
#[derive(Debug, Default)]
struct Line {
    text: String,
    /// Where in the file it begins; 0 while nothing stands in it.
    line: u32,
    level: u8,
    link: Option<Rc<str>>,
    time: Option<Rc<str>>,
    /// Words beside a time.
    beside: bool,
    /// The mark of the entry that begins here.
    mark: Option<String>,
    indent: usize,
    /// It goes on from the line before: no blank line stands between them.
    goes_on: bool,
}

/// A `<time>` of a line: begin, end, what it states.
type Time = (usize, usize, Option<Rc<str>>);

/// An entry of a list, or an article.
#[derive(Debug)]
struct Entry {
    mark: Option<String>,
}

#[derive(Default)]
struct Lines {
    base: Option<Url>,
    /// The first `<base>` counts.
    based: bool,
    done: Vec<Line>,
    /// The rows that are open, each with the lines of its cells.
    rows: Vec<Vec<Vec<Line>>>,
    now: Line,
    /// A blank comes before the next word.
    blank: bool,
    /// An element ended right here: the next one's text is another word.
    ended: bool,
    /// The links that are open.
    links: Vec<Option<Rc<str>>>,
    /// How much of the line each address covers; the text of no link has none.
    linked: Vec<(Option<Rc<str>>, usize)>,
    /// The `<time>` elements of the line.
    times: Vec<Time>,
    level: u8,
    verbatim: u32,
    /// The lists that are open: the number of the next entry, if they are numbered.
    lists: Vec<Option<i64>>,
    entries: Vec<Entry>,
    goes_on: bool,
    count: usize,
}

impl Visitor for Lines {
    fn open(&mut self, element: &Element) {
        if element.is_inline() {
            self.blank |= self.ended && matches!(element.name.as_str(), "span" | "a" | "time" | "label");
        } else if element.name != "br" && !matches!(element.name.as_str(), "td" | "th") {
            self.flush(false);
        }
        self.ended = false;
        match element.name.as_str() {
            "br" => self.flush(true),
            "base" if !self.based => {
                let base = element.get("href").and_then(|href| address::stated_base(href, self.base.as_ref()));
                self.base = base.or(self.base.take());
                self.based = true;
            }
            "a" => {
                let link = element.get("href").and_then(|href| address::link(href, self.base.as_ref()));
                self.links.push(link.map(Into::into));
            }
            "time" => {
                let stated = element.get("datetime").map(Into::into);
                self.times.push((self.now.text.len(), usize::MAX, stated));
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.level = element.name.bytes().last().map_or(0, |digit| digit.saturating_sub(b'0'));
            }
            "pre" => self.verbatim += 1,
            "ul" | "menu" | "dir" => self.lists.push(None),
            "ol" => {
                self.lists.push(Some(element.get("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1)))
            }
            "li" => {
                let mark = match self.lists.last_mut() {
                    Some(Some(next)) => {
                        let number = element.get("value").and_then(|value| value.trim().parse().ok()).unwrap_or(*next);
                        *next = number.saturating_add(1);
                        format!("{number}. ")
                    }
                    _ => "• ".to_owned(),
                };
                self.entries.push(Entry { mark: Some(mark) });
            }
            "article" => self.entries.push(Entry { mark: Some("• ".to_owned()) }),
            "tr" => self.rows.push(Vec::new()),
            "td" | "th" => {
                self.flush(false);
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
            "time" => {
                let end = self.now.text.len();
                if let Some(time) = self.times.iter_mut().rev().find(|time| time.1 == usize::MAX) {
                    time.1 = end;
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.level = 0,
            "pre" => self.verbatim = self.verbatim.saturating_sub(1),
            "ul" | "menu" | "dir" | "ol" => {
                self.lists.pop();
            }
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
    fn words(&mut self, text: &str, line: u32) {
        if text.starts_with(char::is_whitespace) {
            self.blank = true;
        }
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
        let before = self.now.text.len();
        for word in words {
            if self.blank && !self.now.text.is_empty() {
                self.now.text.push(' ');
            }
            self.now.text.push_str(word);
            self.blank = true;
        }
        self.blank = text.ends_with(char::is_whitespace);
        let more = self.now.text.len() - before;
        let link = self.links.last().cloned().flatten();
        if let Some((_, length)) = self.linked.iter_mut().find(|(known, _)| *known == link) {
            *length += more;
        } else if self.linked.len() < 4 {
            // A line of more links than this links to nothing.
            self.linked.push((link, more));
        }
    }

    /// Ends the line. `soft`: the next one goes on from it.
    fn flush(&mut self, soft: bool) {
        (self.blank, self.ended) = (false, false);
        let linked = std::mem::take(&mut self.linked);
        let times = std::mem::take(&mut self.times);
        // A time whose element is still open goes on in the next line.
        self.times.extend(times.iter().filter(|time| time.1 == usize::MAX).map(|time| (0, usize::MAX, time.2.clone())));
        if self.now.text.is_empty() {
            // A time without words is shown as it is stated.
            if let Some(stated) = times.into_iter().find_map(|time| time.2.filter(|_| time.1 != usize::MAX)) {
                let line = self.done.last().map_or(1, |line| line.line);
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
        line.indent = self.entries.len().min(8) * 2;
        if let Some(entry) = self.entries.last_mut() {
            line.mark = entry.mark.take();
        }
        match self.rows.last_mut().and_then(|row| row.last_mut()) {
            Some(cell) => {
                // Most cells have one line, and a table can have a million cells.
                if cell.is_empty() {
                    cell.reserve_exact(1);
                }
                cell.push(line);
            }
            None => self.done.push(line),
        }
    }

    /// A row is one line if each of its cells is; else it is there for looks, and its lines stand by themselves.
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
        match self.rows.last_mut().and_then(|row| row.last_mut()) {
            Some(cell) => cell.extend(lines),
            None => self.done.extend(lines),
        }
    }

    fn into_rendition(mut self, cut: bool) -> Rendition {
        while !self.rows.is_empty() {
            self.end_row();
        }
        let mut rendition = Rendition::default();
        let mut push = |text: &str, line: u32, note: Option<Note>| {
            rendition.text.push_str(text);
            rendition.text.push('\n');
            rendition.lines.push(line);
            rendition.notes.extend(
                note.map(|note| Note { line: u32::try_from(rendition.lines.len()).unwrap_or(u32::MAX), ..note }),
            );
        };
        let mut first = true;
        for line in self.done {
            if !first && !line.goes_on {
                push("", line.line, None);
            }
            first = false;
            let text = format!("{:indent$}{}{}", "", line.mark.unwrap_or_default(), line.text, indent = line.indent);
            let noted = line.level > 0 || line.link.is_some() || line.time.is_some() || line.beside;
            let note = noted.then(|| Note {
                level: line.level,
                beside: line.beside,
                link: line.link,
                time: line.time,
                ..Note::default()
            });
            push(&text, line.line, note);
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

/// Of a time stated for programs the day, in the form that pages print.
fn day_of(stated: &str) -> &str {
    stated.trim().split(['T', ' ']).next().unwrap_or_default()
}

/// How much of a line its times are.
fn timed(times: &[Time]) -> usize {
    times.iter().filter(|time| time.1 != usize::MAX).map(|(start, end, _)| end.saturating_sub(*start)).sum()
}

/// A `<time>` at the begin or end of a line stands for itself, the words around it do too, and so does one between a
/// few words. In a sentence it is a part of that.
fn pieces(line: Line, times: &[Time]) -> Vec<Line> {
    let Some((start, end, stated)) = times.iter().find(|(start, end, _)| start < end) else { return vec![line] };
    let end = (*end).min(line.text.len());
    let bare = |text: &str| -> String {
        text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '|' | '·' | '•' | '—' | '–' | '-' | ',' | '/'))
            .to_owned()
    };
    let part = |from, to| line.text.get(from..to).unwrap_or_default();
    let (before, shown, after) = (bare(part(0, *start)), part(*start, end).trim(), bare(part(end, line.text.len())));
    let runs_on = |text: &str| text.len() > 80 || text.contains(". ");
    let both = !before.is_empty() && !after.is_empty();
    // `Posted on … by …`: between two short ones it is no part of a sentence.
    let sentence = both && (before.len() + after.len() > 60 || line.text.ends_with(['.', '!', '?', '…', '。']));
    if sentence || runs_on(&before) || runs_on(&after) {
        return vec![line];
    }
    // What is printed is shown, unless it only says how long ago.
    let lexicon = Lexicon::of(None);
    let is_date = |text: &str| whole(text, lexicon).is_some() || is_shaped_like_one(text);
    let shown = match stated {
        Some(stated) if !is_date(shown) && whole(stated, lexicon).is_some() => day_of(stated),
        _ => shown,
    };
    let like = |text: String| Line { text, line: line.line, level: line.level, ..Line::default() };
    // What links somewhere and is more than a word is the headline itself.
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

/// A page by selectors.
pub(super) fn selected(
    text: &str,
    select: &Select,
    terms: &Terms,
    explaining: bool,
) -> (Scrape<'static>, Vec<BlockUse<'static>>) {
    let mut picking = Picking {
        select,
        base: address::base(terms.url.as_deref()),
        based: false,
        levels: vec![Level::default()],
        item: None,
        records: Vec::new(),
        line: 1,
    };
    let cut = walk(text, &mut picking) && !text.ends_with('\n');
    if picking.records.is_empty() {
        let why = format!("no element matches item = {:?}", select.item.text());
        return unreadable("selectors", 1, &why, "");
    }
    // Only an item that reaches the end of a cut page can be cut.
    if let Some(last) = picking.records.last_mut().filter(|last| cut && last.last_line >= picking.line) {
        last.cut = true;
    }
    tell("selectors", &picking.records, terms, explaining)
}

/// What the selectors have matched at one depth of the page.
#[derive(Default)]
struct Level {
    /// For each selector: the marks of the element here, of it and all above, of its last child, of all its children.
    marks: Vec<[Marks; 4]>,
}

/// An item being picked.
struct Picked {
    depth: usize,
    record: Record,
    /// The fields being read: which, how deep its element is, its text so far.
    reading: Vec<Reading>,
    /// The parts read so far, but for the summary: of each the first counts, and there are a few.
    read: Vec<(Part, String, u32, String)>,
    /// The texts of all summaries, with the line of the first and where that one stood. There can be a million.
    summary: Option<(String, u32, String)>,
    /// The address of a link around or in the title.
    title_link: Option<String>,
    link_open: Option<(usize, String)>,
}

struct Reading {
    part: Part,
    depth: usize,
    line: u32,
    text: String,
    /// The text is more than blanks.
    says_something: bool,
    value: Option<String>,
    from: String,
}

struct Picking<'s> {
    select: &'s Select,
    base: Option<Url>,
    based: bool,
    levels: Vec<Level>,
    item: Option<Picked>,
    records: Vec<Record>,
    line: u32,
}

impl Visitor for Picking<'_> {
    fn skips(&self, element: &Element, _: bool) -> bool {
        element.is(&["script", "style", "template"])
    }

    fn open(&mut self, element: &Element) {
        self.line = self.line.max(element.line);
        if element.name == "base" && !self.based {
            let base = element.get("href").and_then(|href| address::stated_base(href, self.base.as_ref()));
            self.base = base.or(self.base.take());
            self.based = true;
        }
        let mut level = Level::default();
        let mut hits = Vec::new();
        if let Some(parent) = self.levels.last_mut() {
            for (i, selector) in self.select.all().enumerate() {
                if parent.marks.len() <= i {
                    parent.marks.push(<[Marks; 4]>::default());
                }
                let Some([own, all, before, earlier]) = parent.marks.get_mut(i) else { continue };
                let (marks, hit) = selector.matches(element, [own, all, before, earlier]);
                let mut above = all.clone();
                add(&mut above, &marks);
                add(earlier, &marks);
                before.clone_from(&marks);
                level.marks.push([marks, above, Marks::new(), Marks::new()]);
                hits.push(hit);
            }
        }
        self.levels.push(level);
        let depth = self.levels.len();
        if self.item.is_none() && hits.first() == Some(&true) {
            self.item = Some(Picked {
                depth,
                record: Record::new(element.line, element.line),
                reading: Vec::new(),
                read: Vec::new(),
                summary: None,
                title_link: None,
                link_open: None,
            });
        }
        let Some(item) = &mut self.item else { return };
        item.record.last_line = item.record.last_line.max(element.line);
        if element.name == "a"
            && let Some(link) = element.get("href").and_then(|href| address::link(href, self.base.as_ref()))
        {
            item.link_open = Some((depth, link));
        }
        if !element.is_inline() || element.name == "br" {
            item.reading.iter_mut().for_each(|reading| reading.text.push(' '));
        }
        for ((part, selector), hit) in self.select.parts.iter().zip(hits.into_iter().skip(1)) {
            let again = item.reading.iter().any(|reading| reading.part == *part)
                || item.read.iter().any(|(read, ..)| read == part);
            if !hit || again {
                continue;
            }
            let attribute = match (&selector.attribute, part) {
                (Some(name), _) => Some(name.as_str()),
                (None, Part::Date) => ["datetime", "content"].into_iter().find(|name| element.get(name).is_some()),
                (None, Part::Link) => Some("href"),
                _ => None,
            };
            let value = attribute.map(|name| element.get(name).unwrap_or_default().to_owned());
            let from = match attribute {
                Some(name) if selector.attribute.is_none() => format!("{}@{name}", selector.text()),
                _ => selector.text().to_owned(),
            };
            let (line, text) = (element.line, String::new());
            item.reading.push(Reading { part: *part, depth, line, text, says_something: false, value, from });
        }
        if item.title_link.is_none() && item.reading.iter().any(|reading| reading.part == Part::Title) {
            item.title_link = item.link_open.as_ref().map(|(_, link)| link.clone());
        }
    }

    fn text(&mut self, text: &str, line: u32) {
        if text.trim().is_empty() && self.item.is_none() {
            return;
        }
        self.line = self.line.max(line);
        let Some(item) = &mut self.item else { return };
        if !text.trim().is_empty() {
            item.record.last_line = item.record.last_line.max(line);
        }
        for reading in item.reading.iter_mut().filter(|reading| reading.value.is_none()) {
            if !reading.says_something {
                reading.line = reading.line.max(line);
                reading.says_something = !text.trim().is_empty();
            }
            reading.text.push_str(text);
        }
    }

    fn close(&mut self, element: &Element) {
        let depth = self.levels.len();
        self.levels.pop();
        let Some(item) = &mut self.item else { return };
        let (done, still) =
            std::mem::take(&mut item.reading).into_iter().partition(|reading: &Reading| reading.depth >= depth);
        item.reading = still;
        if !element.is_inline() {
            item.reading.iter_mut().for_each(|reading| reading.text.push(' '));
        }
        let done: Vec<Reading> = done;
        for reading in done {
            let text = match reading.value {
                Some(value) if reading.part == Part::Link => {
                    address::link(&value, self.base.as_ref()).unwrap_or_default()
                }
                Some(value) => value,
                None => reading.text,
            };
            if reading.part == Part::Summary {
                let (summary, ..) = item.summary.get_or_insert((String::new(), reading.line, reading.from));
                summary.push(' ');
                summary.push_str(&text);
            } else {
                item.read.push((reading.part, text, reading.line, reading.from));
            }
        }
        if item.link_open.as_ref().is_some_and(|(at, _)| *at >= depth) {
            item.link_open = None;
        }
        if item.depth >= depth
            && let Some(picked) = self.item.take()
            && self.records.len() <= MOST
        {
            self.records.push(picked.finish());
        }
    }
}

impl Picked {
    fn finish(mut self) -> Record {
        for (part, text, line, from) in self.read {
            self.record.set(part, &text, line, from);
        }
        if let Some((summary, line, from)) = self.summary {
            self.record.set(Part::Summary, &summary, line, from);
        }
        if let Some(link) = self.title_link {
            self.record.set(Part::Link, &link, self.record.line, "the title's link");
        }
        self.record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
