//! Text to drafts: how a saved listing page is understood.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime};

/// How a source's files are to be read: all that decides a reading besides the text.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The layout to read with; `None` is `auto`: the cheapest explanation among the built-ins.
    pub layout: Option<String>,
    /// The language of dates and labels: a BCP 47 tag, `None` is `auto`.
    pub language: Option<String>,
    /// How to read a date of three numbers when the file itself does not settle it.
    pub date_order: Option<DateOrder>,
    /// The day of capture, where the file's name or the operator's pattern states it: it lends its year to dates
    /// that have none.
    pub captured: Option<NaiveDate>,
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
    /// The address that the file gives for the item.
    pub link: Option<Cow<'t, str>>,
    /// The heading nearest above.
    pub section: Option<Cow<'t, str>>,
    /// The list number as printed.
    pub number: Option<u32>,
    /// First line of the item, counted from 1.
    pub line: u32,
    /// Last line of the item.
    pub last_line: u32,
    /// The item stands at the end of a file that was cut.
    pub truncated: bool,
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
    /// The time of day.
    pub time: Option<NaiveTime>,
    /// What followed the date after a comma.
    pub place: Option<Cow<'t, str>>,
    /// The year came from the time of capture.
    pub year_inferred: bool,
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
    /// The name of the layout that explains the file best.
    pub layout: &'t str,
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
}

/// A file read with less confidence than this gives no items.
pub const REFUSED_BELOW: f64 = 0.5;
/// A file read with less confidence than this says that the page's layout drifted.
pub const DRIFT_BELOW: f64 = 0.7;

/// Changes whenever the same bytes under the same terms could be read differently: what was read with an older
/// revision is read again.
pub const REVISION: u32 = 1;
