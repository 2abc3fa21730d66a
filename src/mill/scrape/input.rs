//! Inputs besides plain text: which form a file has, and who reads it.
//!
//! The form is decided here and nowhere else: the operator's word comes first, then the ending of the file's name, then
//! a cautious look at how the text begins. When in doubt, it is text.
//!
//! Two ways lead from here. HTML, Markdown, the dumps of text browsers and what scripts print become a *rendition*:
//! lines with notes, which the engine reads like any text. JSON, CSV, feeds, HTML with selectors, indexes of Gemini
//! capsules, and lines that name their fields have fields already: each item becomes a [`record::Record`], and one
//! place makes drafts of all records. Either way, line numbers are those of the file.

mod address;
mod archive;
mod changelog;
mod csv;
mod dump;
mod feed;
mod gemtext;
mod html;
mod json;
mod known;
mod linked;
mod markdown;
mod named;
mod names;
mod python;
mod record;
mod select;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub use record::{At, Fields, Part};
pub use select::{BadSelector, Select};

use super::rendition::{Note, Rendition};
use super::{BlockUse, Cut, Draft, Explained, Fault, Scrape, Terms, reading};

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Plain text, be it typed, copied or dumped by a text browser.
    Text,
    /// Markdown: text with headings, links and emphasis.
    Markdown,
    /// A web page.
    Html,
    /// One JSON value, JSON Feed among them.
    Json,
    /// A JSON value on each line.
    JsonLines,
    /// Columns separated by commas, or whatever the file shows to separate them.
    Csv,
    /// Columns separated by tabs.
    Tsv,
    /// RSS, RDF, Atom, or a sitemap of news.
    Feed,
    /// The index of a Gemini capsule.
    Gemini,
}

impl Form {
    /// The forms as the config names them.
    pub const ALL: [(&'static str, Self); 9] = [
        ("text", Self::Text),
        ("markdown", Self::Markdown),
        ("html", Self::Html),
        ("json", Self::Json),
        ("jsonl", Self::JsonLines),
        ("csv", Self::Csv),
        ("tsv", Self::Tsv),
        ("feed", Self::Feed),
        ("gemini", Self::Gemini),
    ];

    /// The form that the ending of a file's name says; `None` where the content has to be looked at.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit('/').next()?.rsplit_once('.')?;
        Some(match ending.to_ascii_lowercase().as_str() {
            "md" | "markdown" | "mdown" | "mkd" => Self::Markdown,
            "html" | "htm" | "xhtml" | "mhtml" | "mht" => Self::Html,
            "json" => Self::Json,
            "jsonl" | "ndjson" => Self::JsonLines,
            "csv" => Self::Csv,
            "tsv" | "tab" => Self::Tsv,
            "rss" | "atom" | "rdf" => Self::Feed,
            "gmi" | "gemini" => Self::Gemini,
            _ => return None,
        })
    }

    /// The form that `text` shows at its beginning.
    fn of_text(text: &str) -> Self {
        let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
        match start.as_bytes().first() {
            Some(b'<') if html::is_document(start) => Self::Html,
            Some(b'<') if feed::is_document(start) => Self::Feed,
            Some(b'{' | b'[') if json::is_document(start) => Self::Json,
            Some(b'{') if json::is_lines(start) => Self::JsonLines,
            _ if text.len() <= LONGEST && markdown::is_one(text) => Self::Markdown,
            _ => Self::Text,
        }
    }
}

/// A file of more lines is no page, and a block for each line would fill the memory.
const MOST_LINES: u32 = 1_000_000;
/// A longer file is not read in a form whose reader builds a tree: that takes many times the file's length in memory.
const LONGEST: usize = 16 << 20;

/// Why a text is too large to be read; `None` when it is not. [`parse`](super::parse) does not ask: who calls it
/// without asking needs the memory.
#[must_use]
pub fn too_large(text: &str, form: Option<Form>) -> Option<String> {
    let lines = LineCounter::new(text).line_at(text.trim_end_matches(['\n', '\r']).len());
    if lines > MOST_LINES {
        return Some(format!("it has {lines} lines, more than the {MOST_LINES} that are read"));
    }
    // The form is looked for only where it matters: the look costs a reading of its own.
    if text.len() > LONGEST && form.unwrap_or_else(|| Form::of_text(text)) != Form::Text {
        let (has, most) = (text.len() >> 20, LONGEST >> 20);
        return Some(format!("it has {has} MiB, more than the {most} MiB that are read of any form but text"));
    }
    None
}

/// Reads a file of whatever form. Only when `explaining`, it says of each part what became of it.
pub(super) fn read<'t>(text: &'t str, terms: &Terms, explaining: bool) -> Explained<'t> {
    let form = terms.form.unwrap_or_else(|| Form::of_text(text));
    let python = || python(text, terms, explaining);
    let by_lines = terms.layout.is_some();
    // A text may end with links to other capsules: the reading that finds more is that of the page.
    let gemini = |fewest| {
        let listed = listed(text, terms, explaining);
        let read = if by_lines { None } else { gemtext::read(text, fewest, terms, explaining) };
        match read {
            Some(read) if read.scrape.drafts.len() > listed.scrape.drafts.len() => read,
            _ => listed,
        }
    };
    let mut read = match form {
        Form::Text if by_lines => listed(text, terms, explaining),
        Form::Text => {
            let told = python().or_else(|| changelog::read(text, terms, explaining));
            let told = told.or_else(|| named::read(text, terms, explaining));
            told.unwrap_or_else(|| gemini(gemtext::SEVERAL))
        }
        Form::Markdown => {
            let rendition = markdown::render(text, terms.url.as_deref());
            let read = rendered(&archive::without(rendition, archive::bar(text)), terms, explaining);
            // What only looks like Markdown may still be a list.
            let is_guess = terms.form.is_none() && read.scrape.refused.is_some();
            if is_guess { listed(text, terms, explaining) } else { read }
        }
        Form::Html => match &terms.select {
            Some(select) => html::selected(text, select, terms, explaining),
            None => rendered(&html::render(text, terms.url.as_deref()), terms, explaining),
        },
        Form::Json => python().unwrap_or_else(|| json::read(text, terms, explaining)),
        Form::JsonLines => python().unwrap_or_else(|| json::read_lines(text, terms, explaining)),
        Form::Csv => csv::read(text, None, terms, explaining),
        Form::Tsv => csv::read(text, Some(b'\t'), terms, explaining),
        Form::Feed => feed::read(text, terms, explaining),
        Form::Gemini => gemini(1),
    };
    unshare(&mut read.scrape);
    read
}

/// Reads a text line by line, be it typed, a dump with its list of links, or one with addresses behind its words.
fn listed<'t>(text: &'t str, terms: &Terms, explaining: bool) -> Explained<'t> {
    let bar = archive::bar(text);
    let plain = || Rendition { text: text.to_owned(), ..Rendition::default() };
    let dumped = dump::render(text).or_else(|| (bar > 0).then(plain));
    let mut without = dump::without_address(text);
    let mut read = match dumped {
        Some(rendition) => rendered(&archive::without(rendition, bar), terms, explaining),
        None => {
            let (read, cut) = linked::read(text, lines(text, &[], terms, explaining), terms, explaining);
            without.extend(cut);
            read
        }
    };
    withhold(&mut read.scrape, &without);
    read
}

/// What Python printed of its values, read as the JSON that they would be.
fn python(text: &str, terms: &Terms, explaining: bool) -> Option<Explained<'static>> {
    let json = if text.len() <= LONGEST { python::as_json(text)? } else { return None };
    Some(json::read(&json, terms, explaining))
}

/// What the engine makes of lines.
fn lines<'t>(text: &'t str, notes: &'t [Note], terms: &Terms, explaining: bool) -> Explained<'t> {
    let (scrape, blocks) = reading::read(text, notes, terms, explaining);
    Explained { scrape, blocks }
}

/// What the engine makes of a rendition, told in the lines of the file.
fn rendered(rendition: &Rendition, terms: &Terms, explaining: bool) -> Explained<'static> {
    let Explained { scrape, blocks } = lines(&rendition.text, &rendition.notes, terms, explaining);
    let at = |line| rendition.line_of(line);
    let short = rendition.short.map(|why| reading::fault(1, why, ""));
    let drafts = scrape.drafts.into_iter().map(|draft| {
        let draft = draft.into_owned();
        Draft { line: at(draft.line), last_line: at(draft.last_line), ..draft }
    });
    let faults = scrape.faults.into_iter().map(|fault| Fault { line: at(fault.line), ..fault });
    let blocks = blocks.into_iter().map(|block| {
        let block = block.into_owned();
        BlockUse { line: at(block.line), ..block }
    });
    let scrape = Scrape {
        layout: Cow::Owned(scrape.layout.into_owned()),
        drafts: drafts.collect(),
        faults: short.into_iter().chain(faults).collect(),
        confidence: scrape.confidence,
        refused: scrape.refused,
        newest: scrape.newest,
        language: scrape.language,
        rival: scrape.rival,
    };
    Explained { scrape, blocks: blocks.collect() }
}

/// Marks the items on these lines as cut before the address that names them.
fn withhold(scrape: &mut Scrape<'_>, lines: &BTreeSet<u32>) {
    for draft in &mut scrape.drafts {
        if draft.truncated != Some(Cut::Title) && lines.range(draft.line..=draft.last_line).next().is_some() {
            draft.truncated = Some(Cut::Address);
            scrape.faults.push(reading::fault(
                draft.line,
                "the file is cut before the address of this item",
                &draft.title,
            ));
        }
    }
    if !lines.is_empty() {
        scrape.faults.sort_by_key(|fault| fault.line);
    }
}

/// Takes away an address that items of different titles share: it is the address of none of them, and would make them
/// one.
fn unshare(scrape: &mut Scrape<'_>) {
    let mut titles: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    for draft in &scrape.drafts {
        let Some(link) = draft.link.as_deref().filter(|link| draft.id.is_none() && address::is_known(link)) else {
            continue;
        };
        let (title, shared) = titles.entry(link).or_insert((&draft.title, false));
        *shared |= *title != draft.title;
    }
    let shared: BTreeSet<String> =
        titles.iter().filter(|(_, (_, shared))| *shared).map(|(link, _)| (*link).to_owned()).collect();
    if shared.is_empty() {
        return;
    }
    for draft in &mut scrape.drafts {
        if let Some(link) = draft.link.take_if(|link| draft.id.is_none() && shared.contains(link.as_ref())) {
            scrape.faults.push(reading::fault(draft.line, "items of other titles have this link, too", &link));
        }
    }
    scrape.faults.sort_by_key(|fault| fault.line);
}

/// Tells the line of a position in a text; positions are asked for in rising order.
struct LineCounter<'t> {
    text: &'t [u8],
    at: usize,
    line: u32,
}

impl<'t> LineCounter<'t> {
    fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line on which byte `at` stands, counted from 1. An earlier position than the last has that one's line.
    fn line_at(&mut self, at: usize) -> u32 {
        if let Some(passed) = self.text.get(self.at..at) {
            let mut breaks = memchr::memchr_iter(b'\n', passed).count();
            if memchr::memchr(b'\r', passed).is_some() {
                // Lines end with LF, CR LF or CR, as editors count them.
                let alone = |i: &usize| self.text.get(self.at + i + 1) != Some(&b'\n');
                breaks += memchr::memchr_iter(b'\r', passed).filter(alone).count();
            }
            self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
            self.at = at;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_form_before_the_content_does() {
        for (name, form) in [
            ("news.md", Some(Form::Markdown)),
            ("a.b/news.HTML", Some(Form::Html)),
            ("news.mhtml", Some(Form::Html)),
            ("news.jsonl", Some(Form::JsonLines)),
            ("news.tsv", Some(Form::Tsv)),
            ("feed.rss", Some(Form::Feed)),
            ("gemlog/index.gmi", Some(Form::Gemini)),
            ("news.txt", None),
            ("a.json/news", None),
            ("feed.xml", None),
            ("", None),
        ] {
            assert_eq!(Form::of_name(name), form, "{name}");
        }
    }

    #[test]
    fn what_is_in_doubt_is_text() {
        for (text, form) in [
            ("\n<!DOCTYPE html><p>x", Form::Html),
            ("<!-- saved --><html lang=en>", Form::Html),
            ("<?xml version=\"1.0\"?>\n<rss version=\"2.0\"/>", Form::Feed),
            ("<!-- x -->\n<feed xmlns=\"http://www.w3.org/2005/Atom\"/>", Form::Feed),
            ("<rdf:RDF>", Form::Feed),
            ("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">", Form::Feed),
            ("<p>News</p>", Form::Text),
            ("<feedback>", Form::Text),
            ("[1] A note", Form::Text),
            ("[{\"title\": \"x\"}]", Form::Json),
            ("{\"a\": 1}\n{\"a\": 2}\n", Form::JsonLines),
            ("{braces} of text", Form::Text),
            ("News room\n\n<html>", Form::Text),
            ("", Form::Text),
        ] {
            assert_eq!(Form::of_text(text), form, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_as_editors_count_them() {
        let text = "a\r\nb\rc\nd";
        let mut counter = LineCounter::new(text);
        let lines: Vec<u32> = (0..text.len()).map(|at| counter.line_at(at)).collect();
        assert_eq!(lines, [1, 1, 1, 2, 2, 3, 3, 4]);
    }
}
