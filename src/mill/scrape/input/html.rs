//! Web pages: as `lines` for the engine, or by selectors, `picked` straight into fields.
//!
//! html5gum takes a page apart as the HTML standard says: it decodes entities and tells scripts and styles from text.
//! Of the tree only the stack of open elements is kept, with the end tags supplied that HTML lets authors leave out.
//! Each element is looked at once, and the stack is at most 512 deep, as in browsers, so a page costs what its length
//! does, however it is nested.

mod lines;
mod picked;

use std::borrow::Cow;
use std::collections::BTreeMap;

use html5gum::{DefaultEmitter, HtmlString, Spanned, Token, Tokenizer};
use url::Url;

pub(super) use self::lines::render;
pub(super) use self::picked::selected;
use super::select::Asked;
use super::{LineCounter, address, archive};

/// Elements nested deeper than this count as part of their parents.
const DEEPEST: usize = 512;
/// The element that an end tag or a new entry closes is looked for among this many open ones.
const NEAR: usize = 128;

/// Whether `start`, the beginning of a text, is that of a web page.
pub(super) fn is_document(start: &str) -> bool {
    let start = without_prolog(start);
    let begins = |word: &str| start.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    begins("<!doctype html") || (begins("<html") && !start.as_bytes().get(5).is_some_and(u8::is_ascii_alphanumeric))
}

/// What follows the XML declaration, processing instructions and comments that `text` begins with.
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

/// A field of a record as text: it may be text, or a piece of HTML.
///
/// It is HTML when an element closes in it or a line breaks, or when a character is written by its name and nothing in
/// it could be mistaken for a tag: `Lamps &amp; quays`. Text that speaks of `<b>`, or says `R&D; a < b`, is text.
pub(super) fn unmarked(text: &str) -> Cow<'_, str> {
    let has_tag = || memchr::memchr_iter(b'<', text.as_bytes()).filter_map(|at| text.get(at..)).any(is_tag);
    let is_html = has_tag() || (!text.contains('<') && has_reference(text));
    if is_html { plain(text).into() } else { text.into() }
}

/// Whether `rest` begins with the end of an element of text, or with the break of a line.
fn is_tag(rest: &str) -> bool {
    const LONGEST: usize = "blockquote".len();
    const OF_TEXT: &str = "a|b|i|u|em|strong|small|sup|sub|span|font|p|div|section|article|ul|ol|li|figure|\
        blockquote|center|h1|h2|h3|h4|h5|h6|table|tr|td|th|tbody";
    // A longer name is none, and its end may be that of the text.
    let name = |from: usize| {
        let behind = rest.as_bytes().get(from..)?;
        let length = behind.iter().take(LONGEST + 1).position(|b| matches!(b, b'>' | b'/' | b' '));
        rest.get(from..from + length.unwrap_or(behind.len().min(LONGEST + 1)))
    };
    let closes = || name(2).is_some_and(|name| OF_TEXT.split('|').any(|of_text| name.eq_ignore_ascii_case(of_text)));
    match rest.as_bytes().get(1) {
        Some(b'/') => closes(),
        Some(b'b' | b'B') => name(1).is_some_and(|name| name.eq_ignore_ascii_case("br")),
        _ => false,
    }
}

/// Whether a character is written by its name or number: `&amp;`, `&#8217;`.
fn has_reference(text: &str) -> bool {
    const LONGEST: usize = 8;
    memchr::memchr_iter(b'&', text.as_bytes()).filter_map(|at| text.as_bytes().get(at + 1..)).any(|rest| {
        let length = rest.iter().take(LONGEST).position(|b| *b == b';').unwrap_or(0);
        let name = rest.get(..length).unwrap_or_default();
        match name.strip_prefix(b"#") {
            Some(number) => number.len() > 1 && number.iter().all(u8::is_ascii_hexdigit) || number.starts_with(b"x"),
            None => name.len() > 1 && name.iter().all(u8::is_ascii_alphanumeric),
        }
    })
}

/// An element that is open.
struct Element {
    name: String,
    attributes: BTreeMap<HtmlString, String>,
    line: u32,
    /// Its place among its siblings, counted from 1.
    place: u32,
    /// How many child elements it has had.
    children: u32,
    /// Nothing in it is read.
    silent: bool,
}

impl Element {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name.as_bytes()).map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.trim().parse().ok()
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

/// The address that the links of a page are relative to: the page's own, until its first `<base>` states another.
#[derive(Default)]
struct Base {
    url: Option<Url>,
    is_stated: bool,
}

impl Base {
    fn of(page: Option<&str>) -> Self {
        Self { url: address::base(page), is_stated: false }
    }

    /// Takes what a `<base>` states.
    fn take(&mut self, base: &Element) {
        if !std::mem::replace(&mut self.is_stated, true) {
            let stated = base.get("href").and_then(|href| address::stated_base(href, self.url.as_ref()));
            self.url = stated.or(self.url.take());
        }
    }

    fn link(&self, href: &str) -> Option<String> {
        address::link(href, self.url.as_ref())
    }
}

const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time",
    "tt", "u", "var", "wbr", "ruby", "rt", "rp", "picture", "source",
];
/// Elements whose text is no text of the page to those who see it.
const SILENT: &[&str] = &[
    "script", "style", "template", "noscript", "title", "svg", "math", "iframe", "object", "select", "button",
    "textarea", "nav", "dialog", "audio", "video", "canvas", "map", "datalist", "rp",
];
/// Elements that do not belong to the main content of a page, unless they stand within an element of that.
const ASIDE: &[&str] = &["aside", "footer"];
const CONTENT: &[&str] = &["article", "main", "li", "td"];
/// Elements whose end tag HTML lets authors leave out: a page that ends in them need not be cut.
const OPEN_ENDED: &[&str] =
    &["html", "body", "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "head", "colgroup"];

/// Who is told of the elements and texts of a page, in their order.
trait Visitor {
    /// Whether nothing in `element` is read. `in_content`: it stands within the main content of the page.
    fn skips(&mut self, element: &Element, in_content: bool) -> bool {
        is_beside(element, in_content)
    }
    fn open(&mut self, element: &Element);
    fn close(&mut self, element: &Element);
    /// A text, and the line it begins on.
    fn text(&mut self, text: &str, line: u32);
}

/// Whether an element says nothing, or stands beside what the page says.
fn is_beside(element: &Element, in_content: bool) -> bool {
    let is_bar = || element.get("id").is_some_and(archive::is_bar);
    element.is(SILENT) || (element.is(ASIDE) && !in_content) || is_bar() || is_icon(element) || is_dialog(element)
}

/// Whether an element is a dialog over the page: `<div role="dialog" aria-modal="true">`.
fn is_dialog(element: &Element) -> bool {
    matches!(element.get("role"), Some("dialog" | "alertdialog")) && element.get("aria-modal") == Some("true")
}

/// Whether an element is a sign of a font that draws it in the place of its name: `<span
/// class="material-icons">star</span>`.
fn is_icon(element: &Element) -> bool {
    const FONTS: [&str; 8] = [
        "material-icons",
        "material-icons-outlined",
        "material-icons-round",
        "material-icons-sharp",
        "material-icons-two-tone",
        "material-symbols-outlined",
        "material-symbols-rounded",
        "material-symbols-sharp",
    ];
    let mut classes = element.get("class").unwrap_or_default().split_ascii_whitespace();
    element.is(&["span", "i"]) && classes.any(|class| FONTS.contains(&class))
}

/// Which open elements a start tag closes, and behind which of them none is looked for.
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
    /// How many elements are open beyond the deepest, and counted as part of their parent.
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

    /// Closes all elements up to and with the nearest of `names`, unless one of `walls` is nearer.
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
            let in_content = element.is(ASIDE) && self.open.iter().rev().take(NEAR).any(|outer| outer.is(CONTENT));
            element.silent = self.visitor.skips(&element, in_content);
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
        // The end tag of an inline element closes no block, and that of a block closes no cell of a table.
        let inline = INLINE.contains(&name);
        let of_table = matches!(name, "table" | "tbody" | "thead" | "tfoot" | "tr" | "html" | "body" | "ul" | "ol");
        self.close_to(&[name], |element| {
            if inline { !element.is_inline() } else { !of_table && element.is(&["td", "th", "table"]) }
        });
    }
}

/// Walks a page, and tells whether it was cut: then it ends before its elements do.
fn walk(text: &str, visitor: &mut impl Visitor) -> bool {
    // What a tag opens with is text to the standard where nothing follows: here a file is cut in it.
    let whole = text.strip_suffix('<').or_else(|| text.strip_suffix("</")).unwrap_or(text);
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut counter = LineCounter::new(text);
    let mut walk = Walk { open: Vec::new(), visitor, too_deep: 0 };
    let mut end = 0;
    for token in Tokenizer::new_with_emitter(whole, emitter) {
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
