//! What a block costs in the place of each field.

use super::{HAIR, HALF, IMPOSSIBLE, NEVER, ONE, SLIGHT, when};
use crate::mill::scrape::date::Grade;
use crate::mill::scrape::label::{Kind, Label};
use crate::mill::scrape::layout::Field;

/// What a block costs in the place of a field.
pub(super) fn fits(label: &Label, bare: bool, first: bool, level: u8, headed: bool) -> impl Fn(Field) -> u64 {
    let only = |holds: bool, price: u64| if holds { price } else { IMPOSSIBLE };
    // A short line that opens the page is more likely its title than anything of the first item.
    let opens = when(first && bare && label.short, ONE);
    let text = match label.kind {
        Kind::Date(_) | Kind::CutDate | Kind::Month | Kind::Credit => NEVER,
        Kind::Row | Kind::Noise | Kind::Menu | Kind::Kicker => NEVER,
        Kind::Furniture => ONE,
        Kind::Text => when(label.piped, HALF),
    };
    let graded = |grade| match grade {
        Some(Grade::Whole) => 0,
        Some(Grade::Partial) => HAIR,
        Some(Grade::Broken) => HALF,
        None => IMPOSSIBLE,
    };
    let whole = graded(if let Kind::Date(grade) = label.kind { Some(grade) } else { None });
    // Cells beside a date can say by whom and in which group the item is.
    let date = match label.kind {
        Kind::Row => SLIGHT,
        Kind::Text if label.is_dated_byline() => graded(label.end_dated) + HAIR,
        // Who wrote it stands before the day.
        Kind::Text if label.named => graded(label.end_dated) + SLIGHT + HAIR,
        _ => whole,
    };
    let glued = graded(label.glued) + when(label.broken, ONE);
    let end_dated =
        graded(label.end_dated) + when(label.wordy, HALF) + when(label.named, SLIGHT) + when(label.field, NEVER);
    let row = only(label.is_row(), 0);
    let ends = when(label.end_dated.is_some(), SLIGHT) + when(label.named, SLIGHT);
    // Where a kicker heads each item, what stands on the page twice is one; elsewhere it may be an event that returns.
    let echo = when(label.echo, if headed { ONE } else { SLIGHT });
    let title = text
        + when(label.wordy || label.byline, HALF)
        + when(label.broken, ONE)
        + when(label.brief && label.above_short, SLIGHT + HAIR)
        + when(label.above_headline, HALF)
        + when(label.sentence, SLIGHT)
        + when(label.begins_with_date || label.glued.is_some(), ONE)
        + when(label.field, NEVER)
        + when(label.names_list, ONE)
        + ends
        + echo
        + opens;
    // A list mark can make a headline of a date; nothing else can.
    let title = only(!(bare && label.is_date()), title);
    let kicker = match label.kind {
        Kind::Kicker => 0,
        Kind::Text if label.is_dated_byline() => IMPOSSIBLE,
        Kind::Text if headed && level == 0 => only(label.brief || label.echo, opens + when(!label.echo, SLIGHT)),
        Kind::Text if label.short && level == 0 => {
            opens
                + match (label.echo, label.brief) {
                    (true, _) => 0,
                    (_, true) => HAIR,
                    _ => SLIGHT,
                }
        }
        _ => IMPOSSIBLE,
    };
    let credit = only(label.kind == Kind::Credit, 0);
    // A line that the file calls a heading is no part of a text.
    // One that ends with a day is likelier the title of another item.
    let summary = text
        + when(label.end_dated.is_some(), HALF)
        + when(label.short, HAIR)
        + when(label.brief, SLIGHT)
        + when(label.echo, SLIGHT)
        + when(level > 0, ONE);
    move |field| match field {
        Field::Credit => credit,
        Field::Kicker => kicker,
        Field::Title => title,
        Field::Date => date,
        Field::Summary => summary,
        Field::Glued => glued,
        Field::EndDated => end_dated,
        Field::Row => row,
    }
}
