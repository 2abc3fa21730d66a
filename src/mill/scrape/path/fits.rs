//! What a block costs in the place of each field.

use super::{HAIR, HALF, IMPOSSIBLE, NEVER, ONE, SLIGHT, when};
use crate::mill::scrape::date::Grade;
use crate::mill::scrape::label::{Kind, Label};
use crate::mill::scrape::layout::Field;

/// A block that may fill a place.
pub(super) struct Candidate<'l> {
    pub(super) label: &'l Label,
    /// It has no list mark.
    pub(super) bare: bool,
    /// It opens the page.
    pub(super) first: bool,
    /// The level of the heading that it is, unless that stands within an item.
    pub(super) level: u8,
    /// The layout has a kicker above each item.
    pub(super) headed: bool,
}

impl Candidate<'_> {
    /// What it costs in the place of `field`.
    pub(super) fn cost(&self, field: Field) -> u64 {
        match field {
            Field::Credit => only(self.label.kind == Kind::Credit, 0),
            Field::Kicker => self.kicker(),
            Field::Title => self.title(),
            Field::Date => self.date(),
            Field::Summary => self.summary(),
            Field::Glued => graded(self.label.glued) + when(self.label.broken, ONE),
            Field::EndDated => self.end_dated(),
            Field::Row => only(self.label.is_row(), 0),
        }
    }

    fn kicker(&self) -> u64 {
        let label = self.label;
        match label.kind {
            Kind::Kicker => 0,
            Kind::Text if self.level > 0 || label.is_dated_byline() => IMPOSSIBLE,
            Kind::Text if self.headed && label.echo => self.opens(),
            Kind::Text if self.headed => only(label.brief, self.opens() + SLIGHT),
            Kind::Text if !label.short => IMPOSSIBLE,
            Kind::Text if label.echo => self.opens(),
            Kind::Text => self.opens() + if label.brief { HAIR } else { SLIGHT },
            _ => IMPOSSIBLE,
        }
    }

    fn title(&self) -> u64 {
        let label = self.label;
        // A list mark can make a headline of a date; nothing else can.
        if self.bare && label.is_date() {
            return IMPOSSIBLE;
        }
        // Where a kicker heads each item, what stands on the page twice is one; elsewhere it may be an event that
        // returns.
        let echo = if self.headed { ONE } else { SLIGHT };
        self.text()
            + self.opens()
            + when(label.wordy || label.byline, HALF)
            + when(label.broken, ONE)
            + when(label.brief && label.above_short, SLIGHT + HAIR)
            + when(label.above_headline, HALF)
            + when(label.sentence, SLIGHT)
            + when(label.begins_with_date || label.glued.is_some(), ONE)
            + when(label.end_dated.is_some(), SLIGHT)
            + when(label.named, SLIGHT)
            + when(label.field, NEVER)
            + when(label.names_list, ONE)
            + when(label.echo, echo)
    }

    fn date(&self) -> u64 {
        let label = self.label;
        match label.kind {
            Kind::Date(grade) => graded(Some(grade)),
            // Cells beside a date can say by whom and in which group the item is.
            Kind::Row => SLIGHT,
            Kind::Text if label.is_dated_byline() => graded(label.end_dated) + HAIR,
            // Who wrote it stands before the day.
            Kind::Text if label.named => graded(label.end_dated) + SLIGHT + HAIR,
            // Where it is from stands behind it.
            Kind::Text if label.tailed => graded(label.glued) + SLIGHT + HAIR,
            _ => IMPOSSIBLE,
        }
    }

    /// A line that the file calls a heading is no part of a text. One that ends with a day is likelier the title of
    /// another item.
    fn summary(&self) -> u64 {
        let label = self.label;
        self.text()
            + when(label.end_dated.is_some(), HALF)
            + when(label.short, HAIR)
            + when(label.brief, SLIGHT)
            + when(label.echo, SLIGHT)
            + when(self.level > 0, ONE)
    }

    fn end_dated(&self) -> u64 {
        let label = self.label;
        graded(label.end_dated) + when(label.wordy, HALF) + when(label.named, SLIGHT) + when(label.field, NEVER)
    }

    /// What it costs as a text of any kind.
    fn text(&self) -> u64 {
        match self.label.kind {
            Kind::Date(_) | Kind::CutDate | Kind::Month | Kind::Credit => NEVER,
            Kind::Row | Kind::Noise | Kind::Menu | Kind::Kicker => NEVER,
            Kind::Furniture => ONE,
            Kind::Text => when(self.label.piped, HALF),
        }
    }

    /// A short line that opens the page is more likely its title than anything of the first item.
    fn opens(&self) -> u64 {
        when(self.first && self.bare && self.label.short, ONE)
    }
}

fn only(holds: bool, price: u64) -> u64 {
    if holds { price } else { IMPOSSIBLE }
}

fn graded(grade: Option<Grade>) -> u64 {
    match grade {
        Some(Grade::Whole) => 0,
        Some(Grade::Partial) => HAIR,
        Some(Grade::Broken) => HALF,
        None => IMPOSSIBLE,
    }
}
