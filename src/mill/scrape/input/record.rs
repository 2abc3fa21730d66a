//! Records: items whose fields the file itself tells apart.
//!
//! JSON, CSV, feeds and selectors all give records. Here they become drafts, by the rules that hold for any text: a
//! date that cannot be known has no day, an item without a title is a fault, and a record that the file's end cuts is
//! not taken.
//!
//! Refused: to make a title of a text. Posts and messages have a day and a text alone, and so have bookings of a bank:
//! a first sentence would give either a name that nobody gave it, and that changes with the text, and with it who the
//! item is. Only the operator can say that a text is a title.

use std::borrow::Cow;
use std::fmt;

use serde_json_path::JsonPath;
use url::Url;

use super::address;
use crate::mill::scrape::date::{Printed, Settled, dispute, field};
use crate::mill::scrape::language::{Choice, Lexicon, choose};
use crate::mill::scrape::reading::fault;
use crate::mill::scrape::shape::{FULL_STOPS, ends_sentence};
use crate::mill::scrape::{BlockUse, Cut, DateRead, Draft, Explained, REFUSED_BELOW, Scrape, Terms};

/// A field of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The headline.
    Title,
    /// The day.
    Date,
    /// What it is about.
    Summary,
    /// The photo line.
    Credit,
    /// A short line before the title.
    Kicker,
    /// The address of the item.
    Link,
    /// What tells it apart from all others, for good.
    Id,
    /// The group it stands in.
    Section,
}

impl Part {
    /// All, as the config names them.
    pub const ALL: [(&'static str, Self); 8] = [
        ("title", Self::Title),
        ("date", Self::Date),
        ("summary", Self::Summary),
        ("credit", Self::Credit),
        ("kicker", Self::Kicker),
        ("link", Self::Link),
        ("id", Self::Id),
        ("section", Self::Section),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, part)| *part == self).map_or("", |(name, _)| name)
    }
}

/// Where a field stands: a JSONPath (RFC 9535) when it begins with `$`, else the name of a member or column, or the
/// number of a column, counted from 1.
#[derive(Clone)]
pub struct At {
    text: String,
    path: Option<JsonPath>,
}

impl At {
    /// Reads it as the operator writes it.
    ///
    /// # Errors
    ///
    /// When it begins like a path and is none.
    pub fn new(text: &str) -> Result<Self, String> {
        let path = match text.starts_with('$') {
            true => Some(JsonPath::parse(text).map_err(|error| format!("{text:?} is no JSONPath: {error}"))?),
            false => None,
        };
        Ok(Self { text: text.to_owned(), path })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn path(&self) -> Option<&JsonPath> {
        self.path.as_ref()
    }
}

impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

/// Where the fields of an item stand, in the operator's words.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// Where the items stand in a JSON value.
    pub items: Option<At>,
    /// Where the fields stand in an item. When one is given here, no other is looked for by its common names.
    pub parts: Vec<(Part, At)>,
}

/// One item, its fields as the file has them.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub(super) line: u32,
    pub(super) last_line: u32,
    /// The file ends within it.
    pub(super) cut: bool,
    /// The file ends with it, perhaps in the middle of its summary.
    pub(super) truncated: bool,
    fields: Vec<Field>,
}

#[derive(Debug, Clone)]
struct Field {
    part: Part,
    line: u32,
    text: String,
    from: Cow<'static, str>,
}

impl Record {
    pub(super) fn new(line: u32, last_line: u32) -> Self {
        Self { line, last_line: last_line.max(line), ..Self::default() }
    }

    /// Sets a field, unless it is blank or set already. `from` says where it stood.
    pub(super) fn set(&mut self, part: Part, text: &str, line: u32, from: impl Into<Cow<'static, str>>) {
        let text = folded(text);
        if !text.is_empty() && self.get(part).is_none() {
            let line = line.clamp(self.line, self.last_line);
            self.fields.push(Field { part, line, text, from: from.into() });
        }
    }

    /// Takes a field away.
    pub(super) fn leave(&mut self, part: Part) {
        self.fields.retain(|field| field.part != part);
    }

    /// Notes that the file ends in this field, of which more may have stood behind the end.
    pub(super) fn end_in(&mut self, part: Part, lexicon: &Lexicon) {
        let text = self.get(part).unwrap_or_default();
        match part {
            Part::Title | Part::Link | Part::Id => self.cut = true,
            Part::Date => self.cut = !field(text, lexicon).is_some_and(|day| day.is_firm()),
            Part::Summary => self.truncated = !ends_sentence(text, &FULL_STOPS),
            Part::Credit | Part::Kicker | Part::Section => {}
        }
    }

    pub(super) fn get(&self, part: Part) -> Option<&str> {
        self.field(part).map(|field| field.text.as_str())
    }

    fn field(&self, part: Part) -> Option<&Field> {
        self.fields.iter().find(|field| field.part == part)
    }
}

/// A file that lists more items is no list of announcements, and would only fill the memory.
pub(super) const MOST: usize = 400_000;
pub(super) const TOO_MANY: &str = "it lists too many items for a list of announcements";

/// `text` with all white space folded to single blanks.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len().min(1 << 20));
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

const NO_TITLE: &str = "an item without a title";
const CUT: &str = "the file is cut in this item";
const NO_DATE: &str = "the date is in no form that is known";

/// Turns records into what the file says.
pub(super) fn tell(layout: &'static str, records: &[Record], terms: &Terms, explaining: bool) -> Explained<'static> {
    if records.len() > MOST {
        return unreadable(layout, records.last().map_or(1, |record| record.line), TOO_MANY, "");
    }
    let dates = Dates::of(records, terms);
    let base = address::base(terms.url.as_deref());
    // An id that the operator names, or that a feed states, is one. A column that is merely called so may be a count.
    let is_named = terms.fields.as_ref().is_some_and(|fields| !fields.parts.is_empty());
    let ids_count = matches!(layout, "json" | "jsonl" | "csv") && !is_named && positions(records);
    let (mut drafts, mut faults, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
    let mut unread = 0;
    for record in records {
        let title = record.get(Part::Title).filter(|_| !record.cut);
        let lost = title.is_none().then_some(if record.cut { CUT } else { NO_TITLE });
        if explaining {
            let item = title.map(|_| drafts.len());
            blocks.extend(record.fields.iter().map(|field| block(field, item, lost)));
        }
        if let Some(reason) = lost {
            let text = record.fields.first().map(|field| field.text.as_str()).unwrap_or_default();
            faults.push(fault(record.line, reason, text));
        }
        let Some(title) = title else { continue };
        let mut draft = record.draft(title, base.as_ref(), ids_count);
        if let Some(stated) = record.field(Part::Date) {
            let (date, trouble) = dates.read(&stated.text);
            draft.date = date;
            unread += usize::from(trouble.is_some());
            faults.extend(trouble.map(|trouble| fault(stated.line, trouble, &stated.text)));
        }
        drafts.push(draft);
    }
    faults.sort_by_key(|fault| fault.line);
    let (confidence, refused) = doubt(records, drafts.len(), unread);
    let own = drafts.iter().filter_map(|draft| draft.date.as_ref()).filter(|date| !date.year_inferred);
    let newest = own.filter_map(|date| date.day).max();
    let language = dates.choice.tag;
    let layout = Cow::Borrowed(layout);
    let scrape = Scrape { layout, confidence, drafts, faults, refused: None, newest, language, rival: None };
    let mut told = Explained { scrape, blocks };
    if let Some(why) = refused {
        refuse(&mut told, why);
    }
    told
}

/// How sure it is that the fields of the file are told apart, and why it gives no items, if so: `drafts` of its records
/// have a title, of which `unread` have a day that is none.
///
/// Columns and members are told apart rightly or not at all: half the items without a title, or no date understood,
/// means that they are not.
fn doubt(records: &[Record], drafts: usize, unread: usize) -> (f64, Option<String>) {
    let whole = records.iter().filter(|record| !record.cut).count();
    let confidence = share(drafts * 2 - unread.min(drafts), whole * 2);
    let why = match drafts {
        0 => Some("no item was found".to_owned()),
        _ if confidence < REFUSED_BELOW => Some(format!("too few items have a title (confidence {confidence:.2})")),
        _ => None,
    };
    (confidence, why)
}

/// How the dates of a file are read: in which language, and what is inferred from all of them for each.
struct Dates {
    choice: Choice,
    settled: Settled,
}

impl Dates {
    fn of(records: &[Record], terms: &Terms) -> Self {
        let stated: Vec<&str> = records.iter().filter_map(|record| record.get(Part::Date)).collect();
        // The dates say the language; where they are in figures, the titles may.
        let titles = records.iter().filter_map(|record| record.get(Part::Title));
        let words = stated.iter().copied().chain(titles).collect::<Vec<_>>().join("\n");
        let choice = choose(terms.language.as_deref(), &words);
        let mut printed: Vec<Printed<'_>> = stated.iter().filter_map(|text| field(text, choice.lexicon)).collect();
        dispute(&mut printed, &choice);
        let settled = Settled::of(&printed, terms);
        Self { choice, settled }
    }

    /// The date that `text` is, and why it has no day if it has none.
    fn read(&self, text: &str) -> (Option<DateRead<'static>>, Option<&'static str>) {
        let Some(printed) = field(text, self.choice.lexicon) else { return (None, Some(NO_DATE)) };
        let mut date = [printed];
        dispute(&mut date, &self.choice);
        let [date] = date;
        let (read, trouble) = date.settle(self.settled);
        (Some(read.into_owned()), trouble)
    }
}

impl Record {
    /// The draft of an item with this title, but for its date. `ids_count`: what is called its id is only its number.
    fn draft(&self, title: &str, base: Option<&Url>, ids_count: bool) -> Draft<'static> {
        let own = |part| self.get(part).map(|text| Cow::Owned(text.to_owned()));
        let id = self.get(Part::Id);
        Draft {
            title: Cow::Owned(title.to_owned()),
            date: None,
            summary: own(Part::Summary),
            credit: own(Part::Credit),
            kicker: own(Part::Kicker),
            link: self.get(Part::Link).and_then(|link| address::link(link, base)).map(Cow::Owned),
            id: id.filter(|_| !ids_count).map(|id| Cow::Owned(id.to_owned())),
            section: own(Part::Section),
            topic: own(Part::Section),
            number: id.filter(|_| ids_count).and_then(|id| id.parse().ok()),
            line: self.line,
            last_line: self.last_line,
            truncated: self.truncated.then_some(Cut::Summary),
        }
    }
}

/// Takes no item of a file after all.
pub(super) fn refuse(told: &mut Explained<'_>, why: String) {
    (told.scrape.refused, told.scrape.newest) = (Some(why), None);
    told.scrape.drafts.clear();
    told.blocks.iter_mut().for_each(|block| block.item = None);
}

/// What is said of a file that cannot be read in its form.
pub(super) fn unreadable(layout: &'static str, line: u32, why: &str, text: &str) -> Explained<'static> {
    let scrape = Scrape {
        layout: Cow::Borrowed(layout),
        confidence: 0.0,
        drafts: Vec::new(),
        faults: vec![fault(line, why, text)],
        refused: Some(why.to_owned()),
        newest: None,
        language: None,
        rival: None,
    };
    Explained { scrape, blocks: Vec::new() }
}

fn block(field: &Field, item: Option<usize>, why: Option<&'static str>) -> BlockUse<'static> {
    BlockUse {
        line: field.line,
        label: field.part.name(),
        item,
        cost: 0.0,
        text: Cow::Owned(field.text.clone()),
        reason: why,
        from: Some(field.from.clone()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "no file has so many items")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Whether the ids only count the items of the file, from 0 or 1. Such ids name nothing: the next capture counts anew.
fn positions(records: &[Record]) -> bool {
    let counted = |from: usize| {
        let numbers = (from..).map(|number| number.to_string());
        records.iter().zip(numbers).all(|(record, number)| record.get(Part::Id) == Some(number.as_str()))
    };
    counted(0) || counted(1)
}
