//! Records: items whose fields are told apart by the file itself.
//!
//! JSON, CSV, feeds and selectors all give records, and here they become drafts, by the same rules as any text: a date
//! that cannot be known has no day, an item without a title is a fault, a record that the file's end cuts is not taken.

use std::borrow::Cow;
use std::fmt;

use serde_json_path::JsonPath;

use super::address;
use crate::mill::scrape::date::{Printed, Settled, dispute, field};
use crate::mill::scrape::language::choose;
use crate::mill::scrape::reading::fault;
use crate::mill::scrape::{BlockUse, Cut, Draft, REFUSED_BELOW, Scrape, Terms};

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
    /// What tells it apart from others for good.
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
    /// When it begins as a path and is none, or is empty.
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
    /// Where the fields stand in an item. With one of them, no other is looked for by its common names.
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
    pub(super) number: Option<u32>,
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

    pub(super) fn get(&self, part: Part) -> Option<&str> {
        self.field(part).map(|field| field.text.as_str())
    }

    fn field(&self, part: Part) -> Option<&Field> {
        self.fields.iter().find(|field| field.part == part)
    }
}

/// So many items are read of a file; more are no list of announcements, and would only fill the memory.
pub(super) const MOST: usize = 400_000;
pub(super) const TOO_MANY: &str = "it lists too many items for a list of announcements";

/// White space folded to single blanks.
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
pub(super) fn tell(
    layout: &'static str,
    records: &[Record],
    terms: &Terms,
    explaining: bool,
) -> (Scrape<'static>, Vec<BlockUse<'static>>) {
    if records.len() > MOST {
        return unreadable(layout, records.last().map_or(1, |record| record.line), TOO_MANY, "");
    }
    let stated: Vec<&str> = records.iter().filter_map(|record| record.get(Part::Date)).collect();
    // The dates say the language; where they are in figures, the titles may.
    let titles = records.iter().filter_map(|record| record.get(Part::Title));
    let words = stated.iter().copied().chain(titles).collect::<Vec<_>>().join("\n");
    let choice = choose(terms.language.as_deref(), &words);
    let mut printed: Vec<Printed<'_>> = stated.iter().filter_map(|text| field(text, choice.lexicon)).collect();
    dispute(&mut printed, &choice);
    let settled = Settled::of(&printed, terms);
    let dates = records.iter().map(|record| {
        let mut date = [field(record.get(Part::Date)?, choice.lexicon)?];
        dispute(&mut date, &choice);
        let [date] = date;
        Some(date)
    });
    let base = address::base(terms.url.as_deref());
    // An id that the operator names, or that a feed states, is one; a column that is only called so may be a count.
    let stated = terms.fields.as_ref().is_some_and(|fields| !fields.parts.is_empty());
    let numbers = matches!(layout, "json" | "jsonl" | "csv") && !stated && positions(records);
    let (mut drafts, mut faults, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
    let (mut whole, mut unread) = (0_usize, 0_usize);
    for (record, printed) in records.iter().zip(dates) {
        whole += usize::from(!record.cut);
        let title = record.get(Part::Title).filter(|_| !record.cut);
        if explaining {
            let why = if record.cut { Some(CUT) } else { title.is_none().then_some(NO_TITLE) };
            let item = title.map(|_| drafts.len());
            blocks.extend(record.fields.iter().map(|field| block(field, item, why)));
        }
        let Some(title) = title else {
            let reason = if record.cut { CUT } else { NO_TITLE };
            let text = record.fields.first().map(|field| field.text.as_str()).unwrap_or_default();
            faults.push(fault(record.line, reason, text));
            continue;
        };
        let own = |part| record.get(part).map(|text| Cow::Owned(text.to_owned()));
        let mut date = None;
        if let Some(stated) = record.field(Part::Date) {
            let (read, trouble) = match printed {
                Some(printed) => {
                    let (read, trouble) = printed.settle(settled);
                    (Some(read.into_owned()), trouble)
                }
                None => (None, Some(NO_DATE)),
            };
            if let Some(trouble) = trouble {
                unread += 1;
                faults.push(fault(stated.line, trouble, &stated.text));
            }
            date = read;
        }
        drafts.push(Draft {
            title: Cow::Owned(title.to_owned()),
            date,
            summary: own(Part::Summary),
            credit: own(Part::Credit),
            kicker: own(Part::Kicker),
            link: record.get(Part::Link).and_then(|link| address::link(link, base.as_ref())).map(Cow::Owned),
            id: if numbers { None } else { own(Part::Id) },
            section: own(Part::Section),
            topic: own(Part::Section),
            number: record.number.or_else(|| record.get(Part::Id)?.parse().ok().filter(|_| numbers)),
            line: record.line,
            last_line: record.last_line,
            truncated: record.truncated.then_some(Cut::Summary),
        });
    }
    faults.sort_by_key(|fault| fault.line);
    // A mapping is right or wrong: half the items without a title, or all dates unread, is wrong.
    let confidence = share(drafts.len() * 2 - unread.min(drafts.len()), whole * 2);
    let refused = match () {
        () if drafts.is_empty() => Some("no item was found".to_owned()),
        () if confidence < REFUSED_BELOW => Some(format!("too few items have a title (confidence {confidence:.2})")),
        () => None,
    };
    let own = drafts.iter().filter_map(|draft| draft.date.as_ref()).filter(|date| !date.year_inferred);
    let newest = own.filter_map(|date| date.day).max();
    let mut scrape = Scrape {
        layout: Cow::Borrowed(layout),
        confidence,
        drafts,
        faults,
        refused: None,
        newest,
        language: choice.tag,
        rival: None,
    };
    if let Some(why) = refused {
        refuse(&mut scrape, &mut blocks, why);
    }
    (scrape, blocks)
}

/// Takes no item of a file after all.
pub(super) fn refuse(scrape: &mut Scrape<'_>, blocks: &mut [BlockUse<'_>], why: String) {
    (scrape.refused, scrape.newest) = (Some(why), None);
    scrape.drafts.clear();
    blocks.iter_mut().for_each(|block| block.item = None);
}

/// A file of this form that cannot be read as such.
pub(super) fn unreadable(
    layout: &'static str,
    line: u32,
    why: &str,
    text: &str,
) -> (Scrape<'static>, Vec<BlockUse<'static>>) {
    let faults = vec![fault(line, why, text)];
    let refused = Some(why.to_owned());
    let layout = Cow::Borrowed(layout);
    (
        Scrape {
            layout,
            confidence: 0.0,
            drafts: Vec::new(),
            faults,
            refused,
            newest: None,
            language: None,
            rival: None,
        },
        Vec::new(),
    )
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

/// Ids that only count the items of the file, from 0 or 1, tell nothing apart: the next capture counts anew.
fn positions(records: &[Record]) -> bool {
    let counted = |from: usize| {
        let numbers = (from..).map(|number| number.to_string());
        records.iter().zip(numbers).all(|(record, number)| record.get(Part::Id) == Some(number.as_str()))
    };
    counted(0) || counted(1)
}
