//! A page by selectors: straight into fields.

use super::{Base, Element, Visitor, walk};
use crate::mill::scrape::input::record::{MOST, Part, Record, tell, unreadable};
use crate::mill::scrape::input::select::{Around, Marks, Select, Selector, add};
use crate::mill::scrape::{Explained, Terms};

/// Reads the items of a page, each of them an element that a selector of the operator's matches.
pub(in super::super) fn selected(text: &str, select: &Select, terms: &Terms, explaining: bool) -> Explained<'static> {
    let mut picking = Picking {
        select,
        base: Base::of(terms.url.as_deref()),
        matched: vec![select.all().map(|_| Matched::default()).collect()],
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

/// What one selector has matched at an open element and around it.
#[derive(Default)]
struct Matched {
    here: Marks,
    /// Here and at all elements that this one stands in.
    here_and_above: Marks,
    last_child: Marks,
    children: Marks,
}

impl Matched {
    /// Matches a child that opens: what is matched there, and whether it is one of the elements selected.
    fn child(&mut self, selector: &Selector, child: &Element) -> (Self, bool) {
        let around = Around {
            parent: &self.here,
            above: &self.here_and_above,
            before: &self.last_child,
            earlier: &self.children,
        };
        let (here, is_selected) = selector.matches(child, around);
        let mut here_and_above = self.here_and_above.clone();
        add(&mut here_and_above, &here);
        add(&mut self.children, &here);
        self.last_child.clone_from(&here);
        (Self { here, here_and_above, ..Self::default() }, is_selected)
    }
}

struct Picking<'s> {
    select: &'s Select,
    base: Base,
    /// For the page and each open element, the outermost first: what each selector has matched there.
    matched: Vec<Vec<Matched>>,
    item: Option<Item>,
    records: Vec<Record>,
    /// The last line that was reached.
    line: u32,
}

impl Visitor for Picking<'_> {
    fn skips(&mut self, element: &Element, _: bool) -> bool {
        element.is(&["script", "style", "template"])
    }

    fn open(&mut self, element: &Element) {
        self.line = self.line.max(element.line);
        if element.name == "base" {
            self.base.take(element);
        }
        let around = self.matched.last_mut().into_iter().flatten();
        let (matched, hits): (Vec<Matched>, Vec<bool>) =
            self.select.all().zip(around).map(|(selector, matched)| matched.child(selector, element)).unzip();
        self.matched.push(matched);
        let depth = self.matched.len();
        if self.item.is_none() && hits.first() == Some(&true) {
            self.item = Some(Item::new(element.line, depth));
        }
        let Some(item) = &mut self.item else { return };
        item.record.last_line = item.record.last_line.max(element.line);
        if element.name == "a"
            && let Some(link) = element.get("href").and_then(|href| self.base.link(href))
        {
            item.link_open = Some((depth, link));
        }
        if !element.is_inline() || element.name == "br" {
            item.reading.iter_mut().for_each(|reading| reading.text.push(' '));
        }
        for ((part, selector), hit) in self.select.parts.iter().zip(hits.into_iter().skip(1)) {
            if hit && !item.has(*part) {
                item.reading.push(Reading::begin(*part, selector, element, depth));
            }
        }
        if item.title_link.is_none() && item.reading.iter().any(|reading| reading.part == Part::Title) {
            item.title_link = item.link_open.as_ref().map(|(_, link)| link.clone());
        }
    }

    fn text(&mut self, text: &str, line: u32) {
        let is_blank = text.trim().is_empty();
        if is_blank && self.item.is_none() {
            return;
        }
        self.line = self.line.max(line);
        let Some(item) = &mut self.item else { return };
        if !is_blank {
            item.record.last_line = item.record.last_line.max(line);
        }
        for reading in item.reading.iter_mut().filter(|reading| reading.value.is_none()) {
            if !reading.says_something {
                reading.line = reading.line.max(line);
                reading.says_something = !is_blank;
            }
            reading.text.push_str(text);
        }
    }

    fn close(&mut self, element: &Element) {
        let depth = self.matched.len();
        self.matched.pop();
        let Some(item) = &mut self.item else { return };
        let done: Vec<Reading> = item.reading.extract_if(.., |reading| reading.depth >= depth).collect();
        if !element.is_inline() {
            item.reading.iter_mut().for_each(|reading| reading.text.push(' '));
        }
        for reading in done {
            item.take(reading, &self.base);
        }
        item.link_open.take_if(|(at, _)| *at >= depth);
        if item.depth >= depth
            && let Some(item) = self.item.take()
            && self.records.len() <= MOST
        {
            self.records.push(item.finish());
        }
    }
}

/// An item whose element is open.
struct Item {
    depth: usize,
    record: Record,
    reading: Vec<Reading>,
    /// What was read of all parts but the summary: part, text, line, and where it stood. Of each part the first counts.
    read: Vec<(Part, String, u32, String)>,
    /// The texts of all summaries, with the line and place of the first. There can be a million of them.
    summary: Option<(String, u32, String)>,
    /// The address of a link around or in the title.
    title_link: Option<String>,
    /// The link that is open: how deep it stands, and its address.
    link_open: Option<(usize, String)>,
}

/// A field whose element is open.
struct Reading {
    part: Part,
    depth: usize,
    line: u32,
    text: String,
    /// The text is more than blanks.
    says_something: bool,
    /// The attribute that is asked for instead of the text.
    value: Option<String>,
    from: String,
}

impl Reading {
    fn begin(part: Part, selector: &Selector, element: &Element, depth: usize) -> Self {
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
        Self { part, depth, line: element.line, text: String::new(), says_something: false, value, from }
    }
}

impl Item {
    fn new(line: u32, depth: usize) -> Self {
        Self {
            depth,
            record: Record::new(line, line),
            reading: Vec::new(),
            read: Vec::new(),
            summary: None,
            title_link: None,
            link_open: None,
        }
    }

    /// Whether a part is being read, or has been. Of a summary all elements count.
    fn has(&self, part: Part) -> bool {
        self.reading.iter().any(|reading| reading.part == part) || self.read.iter().any(|(read, ..)| *read == part)
    }

    /// Takes a field whose element ends.
    fn take(&mut self, reading: Reading, base: &Base) {
        let text = match reading.value {
            Some(value) if reading.part == Part::Link => base.link(&value).unwrap_or_default(),
            Some(value) => value,
            None => reading.text,
        };
        if reading.part == Part::Summary {
            let (summary, ..) = self.summary.get_or_insert((String::new(), reading.line, reading.from));
            summary.push(' ');
            summary.push_str(&text);
        } else {
            self.read.push((reading.part, text, reading.line, reading.from));
        }
    }

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
