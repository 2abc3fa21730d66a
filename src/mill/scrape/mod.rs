//! Text to drafts: how a saved listing page is understood.
//!
//! What this room promises:
//! - it never fails: any text gives a [`Scrape`], and one that is no list of items is refused with a reason;
//! - it is linear in the length of the text, whatever the text;
//! - every draft stands on lines that exist, in the file's order, and no line serves two drafts: the span is the
//!   provenance;
//! - fields are slices of the text, as printed; lines of one field are joined by one blank.
//!
//! What it refuses: to guess. A date whose order or year the file does not settle has no day; a date that lost its
//! title is dropped with a [`Fault`] and never lent to a neighbour; a title at which a cut file ends is not taken, nor
//! is an item of which the day is still to come where the file ends.
//!
//! How: `blocks` takes the text apart, `date`, `credit`, `furniture`, `shape` and `label` say what each block could be
//! (in the words of `language`), `menu` and `repeated` what many of them are together, `side` where their days stand.
//! `evidence` takes the facts of the file, `layout` says how items look, `path` finds the cheapest explanation, and
//! `tidy` mends it where all items together know better. `reading` chooses among the layouts and tells what the best
//! one says in drafts; `parted` looks for a second list. `input` stands before all that: it decides which form a file
//! has, and makes lines of HTML and Markdown, and drafts of JSON, CSV and feeds.

mod blocks;
mod credit;
mod date;
mod evidence;
mod furniture;
mod input;
mod label;
mod language;
mod layout;
mod menu;
mod parted;
mod path;
mod reading;
mod rendition;
mod repeated;
mod shape;
mod side;
mod tidy;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use serde::Serialize;

pub use input::{At, BadSelector, Fields, Form, Part, Select, too_large};
pub(crate) use language::tag_of;
pub use layout::{Flaw, KEYS as LAYOUT_KEYS, Layout, layouts, read as read_layout};

/// Reads the items of `text`.
#[must_use]
pub fn parse<'t>(text: &'t str, terms: &Terms) -> Scrape<'t> {
    input::read(text, terms, false).scrape
}

/// Reads the items of `text` as [`parse`] does, and says of each block what became of it and at what cost.
#[must_use]
pub fn explain<'t>(text: &'t str, terms: &Terms) -> Explained<'t> {
    input::read(text, terms, true)
}

/// How a source's files are to be read: all that decides a reading besides the text.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// The layout to read with, or two for a file with a list in each, one below the other: `undated + newsroom`;
    /// `None` is `auto`: the cheapest explanation among the built-ins.
    pub layout: Option<String>,
    /// Layouts of the operator's own: they come before the built-ins, and one with the name of a built-in replaces it.
    pub layouts: Arc<[Layout]>,
    /// The language of dates and labels: a BCP 47 tag, `None` is `auto`.
    pub language: Option<String>,
    /// How to read a date of three numbers when the file itself does not settle it.
    pub date_order: Option<DateOrder>,
    /// The day of capture, where the file's name or the operator's pattern states it: it lends its year to dates
    /// that have none.
    pub captured: Option<NaiveDate>,
    /// The form of the file, as the operator or its name states it; `None` is a look at the text.
    pub form: Option<Form>,
    /// The address of the page: what its links are relative to.
    pub url: Option<String>,
    /// Where the fields of JSON and CSV stand; `None` is by their common names.
    pub fields: Option<Arc<Fields>>,
    /// Which elements of a web page are the fields; `None` is the page as text.
    pub select: Option<Arc<Select>>,
}

/// The order of a date written in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
    /// Year, month, day.
    Ymd,
}

/// An item as it was read, not yet trusted. Texts are as printed; several lines of one field are joined by a blank.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft<'t> {
    /// The headline.
    pub title: Cow<'t, str>,
    /// What the file says of the date.
    pub date: Option<DateRead<'t>>,
    /// Paragraphs joined by a blank.
    pub summary: Option<Cow<'t, str>>,
    /// Without the ©.
    pub credit: Option<Cow<'t, str>>,
    /// A short line before the title.
    pub kicker: Option<Cow<'t, str>>,
    /// The address that the file gives for the item; as printed where the page's own is unknown and it is relative.
    pub link: Option<Cow<'t, str>>,
    /// What the file itself tells the item apart by: its guid, its id.
    pub id: Option<Cow<'t, str>>,
    /// The heading nearest above.
    pub section: Option<Cow<'t, str>>,
    /// The heading nearest above that names a part of the page: not a month, not a day.
    pub topic: Option<Cow<'t, str>>,
    /// The list number as printed.
    pub number: Option<u32>,
    /// First line of the item, counted from 1.
    pub line: u32,
    /// Last line of the item.
    pub last_line: u32,
    /// The item stands at the end of a file that was cut.
    pub truncated: Option<Cut>,
}

/// Where in an item a file was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Behind what there is of its title, which may be half of it. The item is shown, and never becomes an account: an
    /// id that was made of half a title would be wrong for life. What is whole comes with the next capture.
    Title,
    /// Before the day, which its layout has behind what there is of it. It would pass for an item of the day of its
    /// capture: it is shown, and never becomes an account.
    Day,
    /// In its summary: what there is of it is kept.
    Summary,
    /// Before the address that names it, which a dump of a text browser has at its end. Without that it would be
    /// another item: it is shown, and never becomes an account.
    Address,
}

impl Cut {
    /// Whether nothing that is left of the item tells for certain which one it is.
    #[must_use]
    pub fn takes_identity(self) -> bool {
        matches!(self, Self::Title | Self::Day | Self::Address)
    }
}

impl Draft<'_> {
    /// The same without the file's text.
    pub(crate) fn into_owned(self) -> Draft<'static> {
        Draft {
            title: owned(self.title),
            date: self.date.map(DateRead::into_owned),
            summary: self.summary.map(owned),
            credit: self.credit.map(owned),
            kicker: self.kicker.map(owned),
            link: self.link.map(owned),
            id: self.id.map(owned),
            section: self.section.map(owned),
            topic: self.topic.map(owned),
            number: self.number,
            line: self.line,
            last_line: self.last_line,
            truncated: self.truncated,
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// A date as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct DateRead<'t> {
    /// As printed.
    pub raw: Cow<'t, str>,
    /// The day, or the first day of a range; `None` when it could not be read whole (no year, ambiguous, impossible).
    pub day: Option<NaiveDate>,
    /// The last day of a range.
    pub end: Option<NaiveDate>,
    /// The time of day, as printed.
    pub time: Option<NaiveTime>,
    /// The zone of that time in minutes east of UTC, where the date states it.
    pub offset: Option<i32>,
    /// What followed the date after a comma.
    pub place: Option<Cow<'t, str>>,
    /// The year came from the time of capture.
    pub year_inferred: bool,
    /// It stands in a heading above the item.
    pub inherited: bool,
}

impl DateRead<'_> {
    fn into_owned(self) -> DateRead<'static> {
        let Self { raw, day, end, time, offset, place, year_inferred, inherited } = self;
        DateRead { raw: owned(raw), day, end, time, offset, place: place.map(owned), year_inferred, inherited }
    }
}

/// A part of a file that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: u32,
    /// Why it was not used.
    pub reason: String,
    /// The text, shortened.
    pub text: String,
}

/// What a file says.
#[derive(Debug, Clone)]
pub struct Scrape<'t> {
    /// The name of the layout that explains the file best, or of two ([`Layout::THEN`]).
    pub layout: Cow<'t, str>,
    /// 1 is a file without a doubt; below [`REFUSED_BELOW`] nothing is taken, below [`DRIFT_BELOW`] the page changed.
    pub confidence: f64,
    /// The items, in the file's order; empty when the file was refused.
    pub drafts: Vec<Draft<'t>>,
    /// What could not be used.
    pub faults: Vec<Fault>,
    /// Why no item was taken.
    pub refused: Option<String>,
    /// The newest complete own date that the items list: rule (3) of the time of capture.
    pub newest: Option<NaiveDate>,
    /// The language in which dates and labels were read, where nothing is left to doubt.
    pub language: Option<&'static str>,
    /// Another layout that explains the file nearly as well and reads other items.
    pub rival: Option<Rival>,
}

/// A layout that was not chosen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rival {
    /// Its name.
    pub layout: String,
    /// How many items it reads.
    pub items: usize,
    /// How much worse it explains the file, as a share of what a file can cost.
    pub behind: f64,
}

/// A scrape, and how it was read.
#[derive(Debug, Clone)]
pub struct Explained<'t> {
    /// The same as [`parse`] gives.
    pub scrape: Scrape<'t>,
    /// Every block of the file, in order.
    pub blocks: Vec<BlockUse<'t>>,
}

/// What became of a block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BlockUse<'t> {
    /// First line, counted from 1.
    pub line: u32,
    /// What it was used as: `title`, `date`, `summary`, `credit`, `kicker`, `heading` or `noise`.
    pub label: &'static str,
    /// Which item it became part of, counted from 0 in the order of the drafts found; in a refused file the items are
    /// those that would have been taken.
    pub item: Option<usize>,
    /// What that cost; 1 is a block that means nothing. A diagnostic: its values may change.
    pub cost: f64,
    /// Its text.
    pub text: Cow<'t, str>,
    /// Why it is in no item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Where in the file it stood: the path, column or element of a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Cow<'static, str>>,
}

impl BlockUse<'_> {
    fn into_owned(self) -> BlockUse<'static> {
        let Self { line, label, item, cost, text, reason, from } = self;
        BlockUse { line, label, item, cost, text: owned(text), reason, from }
    }
}

/// A file read with less confidence than this gives no items.
pub const REFUSED_BELOW: f64 = 0.5;
/// A file read with less confidence than this says that the page's layout drifted.
pub const DRIFT_BELOW: f64 = 0.7;

/// Changes whenever the same bytes under the same terms could be read differently: what was read with an older
/// revision is read again.
pub const REVISION: u32 = 26;
