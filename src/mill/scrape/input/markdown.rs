//! Markdown as lines for the engine.
//!
//! The lines stay where they are. Only the markup goes: the signs of emphasis, headings and quotes, and the addresses
//! of links. So a text that was merely saved as `.md` reads as the text it is: its indents and blank lines are
//! evidence, and nothing that Markdown would make of them (code, joined lines) moves them. List marks and the bars of
//! tables are left, for the engine knows them. What the tool that saved the page says about it is left out.

mod about;
mod slips;
mod wrapped;

use std::ops::Range;

use memchr::memchr;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};
use url::Url;

use super::{LineCounter, address, html};
use crate::mill::scrape::date::whole;
use crate::mill::scrape::furniture::{LONGEST_ATTACHMENT, is_attachment};
use crate::mill::scrape::language::Lexicon;
use crate::mill::scrape::rendition::{Note, Rendition};

/// A piece of the source and the text that takes its place. Line ends within it stay.
type Edit = (Range<usize>, String);

/// A file with more signs that may be markup is read as plain text, or they would fill the memory. A list of 100,000
/// items with links has half as many.
const MOST_SIGNS: usize = 3_000_000;
/// The same goes for a file whose lines, were each nested as deep as the deepest, would have more quotes and lists in
/// all: the parser looks for each of those that are open in every line. A million lines that are a thousand columns
/// deep are just read.
const MOST_NESTING: usize = 500_000_000;
/// The level of a line in bold that stands as a heading.
const BOLD_LEVEL: u8 = 6;
const TOO_MANY_SIGNS: &str = "it has so much markup that it is read as plain text";

/// The text of a Markdown file; links are relative to `url`.
pub(super) fn render(text: &str, url: Option<&str>) -> Rendition {
    let mended = slips::mended(text);
    let text = mended.as_deref().unwrap_or(text);
    match wrapped::joined(text) {
        Some((whole, lines)) => Rendition { lines, ..render_lines(&whole, url) },
        None => render_lines(text, url),
    }
}

fn render_lines(text: &str, url: Option<&str>) -> Rendition {
    if signs(text) > MOST_SIGNS || nesting(text) > MOST_NESTING {
        return Rendition { text: text.to_owned(), short: Some(TOO_MANY_SIGNS), ..Rendition::default() };
    }
    let mut reader = Reader { text, base: address::base(url), ..Reader::default() };
    // What is said about the page takes no part in its markup: a rule under its last line would make a heading of it.
    let page = about::page(text);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(text.get(page.clone()).unwrap_or_default(), options).into_offset_iter();
    let in_file = |range: Range<usize>| page.start + range.start..page.start + range.end;
    let definitions: Vec<Range<usize>> =
        events.reference_definitions().iter().map(|(_, definition)| in_file(definition.span.clone())).collect();
    for (event, range) in events {
        reader.event(event, in_file(range));
    }
    for range in definitions {
        reader.leave_out(range);
    }
    reader.silence(0..page.start);
    reader.silence(page.end..text.len());
    reader.finish()
}

/// Whether a text that nobody calls so is Markdown: several of its lines are headings, with nothing right above them,
/// and hardly one begins with such a sign that is none; or several hold links.
pub(super) fn is_one(text: &str) -> bool {
    const FEWEST: usize = 3;
    // Hardly a text has either sign.
    let holds = |sign: &[u8]| memchr::memmem::find(text.as_bytes(), sign).is_some();
    if !holds(b"# ") && !holds(b"](") {
        return false;
    }
    let is_heading = |line: &&str| {
        let (signs, words) = line.split_at(line.bytes().take_while(|b| *b == b'#').count());
        signs.len() <= 6 && words.starts_with(' ') && words.contains(char::is_alphanumeric)
    };
    let joined = wrapped::joined(text);
    let text = joined.as_ref().map_or(text, |(whole, _)| whole);
    let above = std::iter::once("").chain(text.lines());
    let signed = || text.lines().zip(above.clone()).filter(|(line, _)| line.starts_with('#'));
    let headings = signed().filter(|(line, above)| is_heading(line) && above.trim().is_empty()).count();
    let is_link = |line: &&str| {
        let target = line.split_once("](").map(|(name, target)| (name.contains('['), target));
        target.is_some_and(|(is_named, target)| {
            is_named
                && ["https://", "http://", "/"].iter().any(|start| target.starts_with(start))
                && target.contains(')')
        })
    };
    (headings >= FEWEST && headings * 4 >= signed().count() * 3)
        || text.lines().filter(is_link).nth(FEWEST - 1).is_some()
}

/// How many pieces a parser makes of a text, at most.
fn signs(text: &str) -> usize {
    let marks = |b: &u8| {
        matches!(
            b,
            b'\n' | b'\r' | b'*' | b'_' | b'[' | b']' | b'!' | b'<' | b'>' | b'#' | b'~' | b'|' | b'&' | b'\\' | b'`'
        )
    };
    // Marks of lists count with the blank behind them.
    let lists = |pair: &[u8]| matches!(pair, [b'-' | b'+' | b'.' | b')', b' ' | b'\t']);
    let bytes = text.as_bytes();
    bytes.iter().filter(|b| marks(b)).count() + bytes.windows(2).filter(|pair| lists(pair)).count()
}

/// How many quotes and lists a parser goes through for all lines, at most.
fn nesting(text: &str) -> usize {
    let lines = || text.split(['\n', '\r']);
    lines().map(depth_of).max().unwrap_or(0).saturating_mul(lines().count())
}

/// How many quotes and lists can be open behind the beginning of `line`: each takes a sign or two columns.
fn depth_of(line: &str) -> usize {
    let leads = |b: &u8| matches!(b, b' ' | b'\t' | b'>' | b'-' | b'+' | b'*' | b'.' | b')' | b'0'..=b'9');
    let length = line.bytes().take_while(leads).count();
    let lead = line.as_bytes().get(..length).unwrap_or_default();
    let count = |sign: fn(&u8) -> bool| lead.iter().filter(|b| sign(b)).count();
    let marks = lead.windows(2).filter(|pair| matches!(pair, [b'-' | b'+' | b'*' | b'.' | b')', b' ' | b'\t'])).count();
    count(|b| *b == b'>') + marks + count(|b| *b == b' ') / 2 + count(|b| *b == b'\t') * 2
}

/// Whether `line` is what Pandoc writes where a division begins or ends: `::: {.teaser}`, `::: note :::`, `:::`.
fn is_fence(line: &str) -> bool {
    let names = line.trim_start_matches(':').trim().trim_end_matches(':').trim_end();
    line.starts_with(":::")
        && (!names.contains(char::is_whitespace) || (names.starts_with('{') && names.ends_with('}')))
}

/// Where the bracket opens, on the same line, that closes at the end of `text`.
fn opening(text: &str) -> Option<usize> {
    const LONGEST: usize = 400;
    let mut depth = 0_u32;
    for (at, b) in text.bytes().enumerate().rev().take(LONGEST) {
        match b {
            b']' => depth += 1,
            b'[' if depth == 1 => return Some(at),
            b'[' => depth -= 1,
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

#[derive(Default)]
struct Reader<'t> {
    text: &'t str,
    base: Option<Url>,
    edits: Vec<Edit>,
    /// The containers that are open: what they are, and where their last child ends.
    open: Vec<(Range<usize>, usize)>,
    levels: Vec<(usize, u8)>,
    /// Text under a link, and its address.
    links: Vec<(Range<usize>, String)>,
    /// Lines that are markup alone.
    absent: Vec<Range<usize>>,
    /// Where the last text ended.
    leaf_end: usize,
    in_code: bool,
    in_heading: bool,
    in_comment: bool,
    images: u32,
    first_child: Option<usize>,
}

impl Reader<'_> {
    fn drop(&mut self, range: Range<usize>) {
        self.edits.push((range, String::new()));
    }

    /// Drops what says nothing: markup alone, and what is not about the page's items.
    fn leave_out(&mut self, range: Range<usize>) {
        self.absent.push(range.clone());
        self.drop(range);
    }

    /// Drops whole lines: they say nothing of what the page lists.
    fn silence(&mut self, range: Range<usize>) {
        let mut at = range.start;
        for line in self.text.get(range).unwrap_or_default().split_inclusive('\n') {
            self.leave_out(at..at + line.len());
            at += line.len();
        }
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn starts(&self, at: usize) -> &[u8] {
        self.text.as_bytes().get(at..).unwrap_or_default()
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(shown) => {
                if self.images == 0 {
                    self.shown(&shown, &range);
                }
                if !self.in_code {
                    self.attributes(&range);
                    self.wiki_links(&range);
                }
                self.child(range);
            }
            Event::Code(_) => {
                let ticks = self.starts(range.start).iter().take_while(|b| **b == b'`').count();
                if self.images == 0 && range.end >= range.start + 2 * ticks {
                    self.drop(range.start..range.start + ticks);
                    self.drop(range.end - ticks..range.end);
                }
                self.child(range);
            }
            Event::InlineHtml(_) => {
                let apart = if self.slice(&range).to_ascii_lowercase().starts_with("<br") { " " } else { "" };
                if self.images == 0 {
                    self.edits.push((range.clone(), apart.to_owned()));
                }
                self.child(range);
            }
            Event::Html(_) => self.html(range),
            Event::HardBreak => {
                if self.starts(range.start).first() == Some(&b'\\') && self.images == 0 {
                    self.drop(range.start..range.start + 1);
                }
                self.child(range);
            }
            _ => self.child(range),
        }
    }

    /// Takes a text as it is shown: its source may have entities, and a backslash before it is markup.
    fn shown(&mut self, shown: &str, range: &Range<usize>) {
        let escape = range.start.checked_sub(1).filter(|at| *at >= self.leaf_end && !self.in_code);
        if let Some(at) = escape
            && self.starts(at).first() == Some(&b'\\')
            && self.starts(range.start).first().is_some_and(u8::is_ascii_punctuation)
        {
            self.drop(at..range.start);
        }
        if self.slice(range) != shown && !shown.contains(['\n', '\r']) && !self.slice(range).contains(['\n', '\r']) {
            self.edits.push((range.clone(), shown.to_owned()));
        }
    }

    /// Drops what Pandoc writes of classes and names: `[15 June]{.date}`, `## News {#news}`, and the fences of its
    /// divisions, `::: {.teaser}`.
    fn attributes(&mut self, range: &Range<usize>) {
        const LONGEST: usize = 200;
        let begins_line =
            |at: usize| self.text.get(..at).is_some_and(|before| before.is_empty() || before.ends_with('\n'));
        // The rest of a line is looked at where it begins, not with each of its parts.
        let line = || self.text.get(range.start..).and_then(|rest| rest.split(['\n', '\r']).next());
        if begins_line(range.start)
            && let Some(line) = line().filter(|line| is_fence(line))
        {
            self.leave_out(range.start..range.start + line.len());
            return;
        }
        let mut from = range.start;
        while let Some(at) = memchr(b'{', self.slice(&(from..range.end)).as_bytes()).map(|at| from + at) {
            from = at + 1;
            let before = self.text.get(..at).unwrap_or_default();
            let behind = self.text.get(at..self.text.floor_char_boundary(at + LONGEST)).unwrap_or_default();
            let closed = before.ends_with([']', ')', '`']) || (self.in_heading && before.ends_with(' '));
            let Some(length) = behind.find(['}', '\n']).map(|end| end + 1).filter(|_| closed) else { continue };
            if !matches!(behind.as_bytes(), [_, b'.' | b'#', ..])
                || !behind.get(..length).is_some_and(|it| it.ends_with('}'))
            {
                continue;
            }
            // The brackets of a span go with what is said of it; those of a link are gone.
            if before.ends_with(']')
                && let Some(open) = opening(before)
            {
                self.drop(open..open + 1);
                self.drop(at - 1..at);
            }
            // What stood apart by its class still does: by more blanks than words have between them.
            let apart = if behind.get(length..).is_some_and(|rest| rest.starts_with(' ')) { " " } else { "" };
            self.edits.push((at..at + length, apart.to_owned()));
        }
    }

    /// Drops what wikis have around a name: `[[name]]`, and with the target `[[target|name]]`. Where an address is
    /// behind it, the outer brackets are those of a link, and the inner ones are shown.
    fn wiki_links(&mut self, range: &Range<usize>) {
        const LONGEST: usize = 200;
        let mut from = range.start;
        while let Some(at) = memchr(b'[', self.slice(&(from..range.end)).as_bytes()).map(|at| from + at) {
            from = at + 1;
            let behind = self.text.get(at..self.text.floor_char_boundary(at + LONGEST)).unwrap_or_default();
            let inner = behind.strip_prefix("[[").and_then(|inner| inner.split_once("]]"));
            let Some((inner, rest)) = inner.filter(|(inner, _)| !inner.contains(['[', ']', '\n', '\r'])) else {
                continue;
            };
            let shown = inner.split_once('|').map_or(inner, |(_, shown)| shown);
            let is_name = |text: &str| text.contains(char::is_alphabetic) && text.trim() == text;
            // A word alone may be of a program: `[[bin]]`.
            let is_word = !inner.contains(|c: char| c.is_whitespace() || c == '|');
            let escaped = self.text.get(..at).is_some_and(|before| before.ends_with(['\\', '!']));
            if escaped || is_word || rest.starts_with(['(', '[', ':']) || !is_name(inner) || !is_name(shown) {
                continue;
            }
            let end = at + "[[".len() + inner.len();
            self.drop(at..end - shown.len());
            self.drop(end..end + "]]".len());
        }
    }

    /// Whether a line at the margin holds this and nothing else. If it is in bold, everyone who sees it takes it for a
    /// heading.
    fn is_line(&self, range: &Range<usize>) -> bool {
        let at_margin = self.text.get(..range.start).is_some_and(|before| before.is_empty() || before.ends_with('\n'));
        // A line can have a million words in bold, and one of them at most begins it: the line is looked at only then.
        if !at_margin || self.slice(range).contains('\n') {
            return false;
        }
        let behind = self.text.get(range.end..).and_then(|behind| behind.split('\n').next());
        behind.is_some_and(|behind| behind.trim_matches(['\\', ' ', '\t', '\r']).is_empty())
    }

    /// Drops a bracket behind a link that tells which kind of file it leads to: `(PDF, 212 KB)`.
    fn drop_attachment(&mut self, at: usize) {
        let Some(behind) = self.text.get(at..) else { return };
        let bracket = behind.trim_start_matches([' ', '\t']);
        // There may be a bracket behind each of a million links, and none of them closed: the look ends where no kind
        // of file is told any more.
        let inner = bracket.strip_prefix('(').and_then(|inner| {
            let near = inner.get(..inner.floor_char_boundary(LONGEST_ATTACHMENT + 1))?;
            near.split_once(')')
        });
        if let Some((inner, _)) = inner.filter(|(inner, _)| is_attachment(inner)) {
            let end = at + (behind.len() - bracket.len()) + inner.len() + 2;
            self.drop(at..end);
        }
    }

    fn child(&mut self, range: Range<usize>) {
        self.pass(range.end);
        self.first_child.get_or_insert(range.start);
    }

    /// Notes that what stands before `at` has been read.
    fn pass(&mut self, at: usize) {
        self.leaf_end = self.leaf_end.max(at);
        if let Some((_, end)) = self.open.last_mut() {
            *end = at.max(*end);
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.in_heading = true;
                self.levels.push((range.start, level as u8));
                self.first_child = None;
            }
            Tag::Emphasis => self.ends(&range, 1),
            Tag::Strong => {
                if self.images == 0 && self.is_line(&range) {
                    self.levels.push((range.start, BOLD_LEVEL));
                }
                self.ends(&range, 2);
            }
            Tag::Strikethrough => {
                let signs = self.starts(range.start).iter().take(2).take_while(|b| **b == b'~').count();
                self.ends(&range, signs);
            }
            Tag::Image { .. } => {
                if self.images == 0 {
                    self.drop(range.clone());
                }
                self.images += 1;
            }
            Tag::Link { link_type, dest_url, .. } if self.images == 0 => {
                let link = address::link(&dest_url, self.base.as_ref());
                self.links.extend(link.map(|link| (range.clone(), link)));
                match link_type {
                    LinkType::Autolink | LinkType::Email => self.ends(&range, 1),
                    _ => self.drop(range.start..range.start + 1 + self.hashes_in_link(range.start)),
                }
            }
            Tag::BlockQuote(_) => self.quote(&range),
            Tag::CodeBlock(_) => {
                self.in_code = true;
                self.fences(&range);
            }
            Tag::HtmlBlock => self.in_comment = self.slice(&range).trim_start().starts_with("<!--"),
            Tag::Item if self.starts(range.start).first() == Some(&b'+') => {
                self.edits.push((range.start..range.start + 1, "-".to_owned()));
            }
            _ => {}
        }
        self.open.push((range.clone(), range.start));
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        let inner_end = self.open.pop().map_or(range.start, |(_, end)| end);
        match tag {
            TagEnd::Heading(_) => {
                self.in_heading = false;
                let start = self.first_child.unwrap_or(range.end).max(range.start);
                if self.starts(range.start).first() == Some(&b'#') {
                    self.drop(range.start..start);
                }
                let rest = inner_end.max(start)..range.end;
                if !self.slice(&rest).trim().is_empty() {
                    if let Some(line) = self.slice(&rest).find('\n') {
                        // The line under a heading of two.
                        self.absent.push(rest.start + line + 1..rest.end);
                    }
                    self.drop(rest);
                }
            }
            TagEnd::Link if self.images == 0 => {
                let autolink = self.starts(range.start).first() == Some(&b'<');
                if !autolink {
                    self.drop(inner_end.max(range.start + 1).min(range.end)..range.end);
                }
                self.drop_attachment(range.end);
            }
            TagEnd::Strong => self.part_from_day(&range),
            TagEnd::Image => self.images = self.images.saturating_sub(1),
            TagEnd::CodeBlock => self.in_code = false,
            _ => {}
        }
        self.pass(range.end);
        if matches!(tag, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image) {
            self.first_child = Some(self.first_child.map_or(range.start, |first| first.min(range.start)));
        }
    }

    /// How long the signs of a heading are that a link begins with which begins its line: tools write so what was a
    /// heading within a link. `[### The market opens](/1)`.
    fn hashes_in_link(&self, start: usize) -> usize {
        const LONGEST_MARK: usize = 16;
        let before = self.text.as_bytes().get(..start).unwrap_or_default();
        let mut marks = before.iter().rev().take(LONGEST_MARK).take_while(|b| **b != b'\n');
        let begins_line = before.len() < LONGEST_MARK || before.iter().rev().take(LONGEST_MARK).any(|b| *b == b'\n');
        let begins_line = begins_line && marks.all(|b| matches!(b, b' ' | b'\t' | b'*' | b'-' | b'+' | b'>'));
        let inner = self.starts(start + 1);
        let hashes = inner.iter().take(7).take_while(|b| **b == b'#').count();
        let is_heading = (1..=6).contains(&hashes) && inner.get(hashes) == Some(&b' ');
        if is_heading && begins_line { hashes + 1 } else { 0 }
    }

    /// Drops the signs at both ends of `range`.
    fn ends(&mut self, range: &Range<usize>, signs: usize) {
        if self.images == 0 && range.end >= range.start + 2 * signs {
            self.drop(range.start..range.start + signs);
            self.drop(range.end - signs..range.end);
        }
    }

    /// Parts a day in bold, with which an entry of a list begins, from a small letter behind it: without the bold, one
    /// blank would make them one sentence. `- **2021-10-18** first plan`.
    fn part_from_day(&mut self, range: &Range<usize>) {
        let mut behind = self.text.get(range.end..).unwrap_or_default().chars();
        if behind.next() != Some(' ') || !behind.next().is_some_and(char::is_lowercase) {
            return;
        }
        let begins_entry = |entry: &Range<usize>| {
            self.text.get(entry.start..range.start).is_some_and(|mark| matches!(mark.trim_end(), "-" | "*" | "+"))
        };
        let day = self.slice(range).trim_matches(['*', '_']);
        let is_day = || whole(day, Lexicon::of(None)).is_some_and(|printed| !printed.lacks_year());
        if self.images == 0 && self.open.iter().rev().take(2).any(|(open, _)| begins_entry(open)) && is_day() {
            self.edits.push((range.end..range.end + 1, "  ".to_owned()));
        }
    }

    /// Drops the signs of a quote, which are before each of its lines, and with them those of quotes within it.
    fn quote(&mut self, range: &Range<usize>) {
        if self.open.iter().any(|(outer, _)| self.starts(outer.start).first() == Some(&b'>')) {
            return;
        }
        let mut at = range.start;
        for line in self.text.get(range.clone()).unwrap_or_default().split_inclusive('\n') {
            let signs = line.bytes().take_while(|b| matches!(b, b'>' | b' ' | b'\t')).count();
            if line.get(..signs).is_some_and(|lead| lead.contains('>')) {
                self.edits.push((at..at + signs, String::new()));
            }
            at += line.len();
        }
    }

    fn fences(&mut self, range: &Range<usize>) {
        let is_fence = |line: &str| line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        let whole = self.slice(range);
        let first = whole.split_inclusive('\n').next().unwrap_or_default();
        if !is_fence(first) {
            return;
        }
        let body = whole.trim_end();
        let last = body.rfind('\n').map_or(0, |at| at + 1);
        let (first, has_last, body) = (first.trim_end().len(), last > 0 && is_fence(&body[last..]), body.len());
        let fences = [Some(range.start..range.start + first), has_last.then(|| range.start + last..range.start + body)];
        for fence in fences.into_iter().flatten() {
            self.leave_out(fence);
        }
    }

    fn html(&mut self, range: Range<usize>) {
        let line = self.slice(&range).trim_end_matches(['\n', '\r']);
        let shown = if self.in_comment { String::new() } else { html::plain(line) };
        let end = range.start + line.len();
        if shown.trim().is_empty() && !line.trim().is_empty() {
            self.absent.push(range.start..end);
        }
        self.edits.push((range.start..end, shown.replace(['\n', '\r'], " ")));
        self.child(range);
    }

    fn finish(mut self) -> Rendition {
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut rendition = Rendition { text: String::with_capacity(self.text.len()), ..Rendition::default() };
        let mut at = 0;
        for (range, shown) in &self.edits {
            let range = range.start.max(at)..range.end.max(at);
            rendition.text.push_str(self.text.get(at..range.start).unwrap_or_default());
            rendition.text.push_str(if range.is_empty() { "" } else { shown });
            rendition.text.extend(self.slice(&range).chars().filter(|c| matches!(c, '\n' | '\r')));
            at = range.end;
        }
        rendition.text.push_str(self.text.get(at..).unwrap_or_default());
        rendition.notes = self.notes(&rendition.text);
        rendition
    }

    fn notes(&mut self, shown: &str) -> Vec<Note> {
        let mut marks: Vec<(usize, Note)> = Vec::new();
        marks.extend(self.levels.iter().map(|(at, level)| (*at, Note { level: *level, ..Note::default() })));
        marks.extend(self.absent.iter().map(|range| (range.start, Note { absent: true, ..Note::default() })));
        for (range, link) in &self.links {
            marks.push((range.start, Note { link: Some(link.as_str().into()), ..Note::default() }));
        }
        marks.sort_by_key(|(at, _)| *at);
        let mut counter = LineCounter::new(self.text);
        let mut notes: Vec<(Note, u32)> = Vec::new();
        for (at, mark) in marks {
            let line = counter.line_at(at);
            let linked = u32::from(mark.link.is_some());
            match notes.last_mut().filter(|(note, _)| note.line == line) {
                Some((note, links)) => {
                    note.level = note.level.max(mark.level);
                    note.absent |= mark.absent;
                    note.link = note.link.take().or(mark.link);
                    *links += linked;
                }
                None => notes.push((Note { line, ..mark }, linked)),
            }
        }
        self.unlink(&mut notes, shown);
        notes.into_iter().map(|(note, _)| note).collect()
    }

    /// Takes the link from a line that has several, or that is mostly other text. A day beside a short title does not
    /// count as other text.
    fn unlink(&self, notes: &mut [(Note, u32)], shown: &str) {
        let mut lines = shown.split('\n').zip(1..);
        let mut sources = self.text.split('\n').zip(1..);
        for (note, links) in notes.iter_mut().filter(|(_, links)| *links > 0) {
            let line = lines.find(|(_, number)| *number == note.line).map_or("", |(line, _)| line);
            let source = sources.find(|(_, number)| *number == note.line).map_or("", |(line, _)| line);
            let text = source.split_once('[').and_then(|(_, rest)| rest.rsplit_once(']')).map_or("", |(text, _)| text);
            let bare =
                line.trim_start_matches(|c: char| c.is_whitespace() || c.is_ascii_digit() || "-*•.+)".contains(c));
            // The one link of a row is that of its cell.
            let mut cells = source.split('|').skip(1).map(str::trim);
            let whole =
                source.trim_start().starts_with('<') || cells.any(|cell| cell.starts_with('[') && cell.ends_with(')'));
            let mostly_other =
                || text.len() * 2 < bare.trim_end().len() && (text.is_empty() || !bare.split(text).all(is_like_a_day));
            if *links > 1 || (!whole && mostly_other()) {
                note.link = None;
            }
        }
    }
}

/// Whether `text` is at most a few words, some of them with digits: `(12 February 2021)`.
fn is_like_a_day(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    let digits = words.clone().filter(|word| word.contains(|c: char| c.is_ascii_digit())).count();
    match words.count() {
        0 => true,
        words => words <= 4 && digits > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        render(text, None).text
    }

    #[test]
    fn markup_goes_and_lines_stay() {
        for (text, wanted) in [
            ("## June 2020 ##\n\n1. **Title** of _one_\n", "June 2020\n\n1. Title of one\n"),
            ("- [A *title*](https://a.example/1 \"t\") here\n", "- A title here\n"),
            ("News\n====\n\ntext\n", "News\n\n\ntext\n"),
            ("![alt [x](y)](z.png)\nText\n", "\nText\n"),
            ("a &amp; b \\* c\n", "a & b * c\n"),
            ("<b>x</b> y<br>z\n", "x y z\n"),
            ("> quoted\n> > twice\n", "quoted\ntwice\n"),
            ("+ a\n+ b\n", "- a\n- b\n"),
            ("| a | b |\n|---|---|\n| 1 | **2** |\n", "| a | b |\n|---|---|\n| 1 | 2 |\n"),
            ("```sh\ncode *x*\n```\n", "\ncode *x*\n\n"),
            ("    indented *code*\n", "    indented *code*\n"),
            ("<https://a.example/>\n", "https://a.example/\n"),
            ("[x][1]\n\n[1]: https://a.example/ \"t\"\n", "x\n\n\n"),
            ("<!-- a\nb -->\n\ntext\n", "\n\n\ntext\n"),
            ("snake_case_word and 2 * 3 * 4\n", "snake_case_word and 2 * 3 * 4\n"),
            ("`a*b`\n", "a*b\n"),
            ("- **2021-10-18** first plan\n", "- 2021-10-18  first plan\n"),
            (
                "**2021-10-18** is a day\n- **18 x** y\n- **2021-10-18** Plan\n",
                "2021-10-18 is a day\n- 18 x y\n- 2021-10-18 Plan\n",
            ),
            ("- [[Pier 4]] · [[piers/5|Pier *five*]]\n", "- Pier 4 · Pier five\n"),
            ("| [[piers/5\\|Pier 5]] | b |\n|---|---|\n", "| Pier 5 | b |\n|---|---|\n"),
            // Brackets of a link, of a test, of a note, of a program, and such as are shown.
            ("[[Pier]]\n\n[Pier]: https://a.example/\n", "[Pier]\n\n\n"),
            ("the [[bin]] table\n", "the [[bin]] table\n"),
            ("[[pdf]](https://a.example/)\n", "[pdf]\n"),
            ("[[ -f x ]] [[1]] \\[[x]] `[[x]]`\n", "[[ -f x ]] [[1]] [[x]] [[x]]\n"),
        ] {
            assert_eq!(rendered(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_nested_too_deep_for_its_lines_is_read_as_the_text_it_is() {
        let (quotes, lists) = (">".repeat(20_000), "- ".repeat(20_000));
        for lead in [&quotes, &lists, &format!("1. {quotes}")] {
            for (lines, is_read) in [(1_000, true), (30_000, false)] {
                let text = format!("{lead} a\n{}", "b\n".repeat(lines));
                assert_eq!(nesting(&text) <= MOST_NESTING, is_read, "{lines}");
                if !is_read {
                    let rendition = render(&text, None);
                    assert_eq!((rendition.short, rendition.text == text), (Some(TOO_MANY_SIGNS), true));
                }
            }
        }
        let page = format!("{}{}", "> - 1. a\n".repeat(100_000), "                    code\n".repeat(100_000));
        assert!(nesting(&page) <= MOST_NESTING);
    }

    #[test]
    fn a_line_bears_its_level_and_its_link() {
        let rendition = render(
            "# News\n\n### [One](1.html)\n\nSee [this](2.html) and more words of it.\n",
            Some("https://a.example/n/"),
        );
        let notes: Vec<_> = rendition.notes.iter().map(|n| (n.line, n.level, n.link.as_deref())).collect();
        assert_eq!(notes, [(1, 1, None), (3, 3, Some("https://a.example/n/1.html")), (5, 0, None)]);
    }
}
