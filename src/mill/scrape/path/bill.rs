//! What one block costs in each of its roles, by the prices of one layout.

use super::fits::Candidate;
use super::{GONE, HAIR, HALF, IMPOSSIBLE, MOST_PLACES, ONE, Prices, SLIGHT, when};
use crate::mill::scrape::blocks::{Block, Mark};
use crate::mill::scrape::evidence::{Lean, Marking};
use crate::mill::scrape::furniture::is_rule;
use crate::mill::scrape::label::{Kind, Label};
use crate::mill::scrape::layout::Field;

/// What one block costs in each of its roles.
pub(super) struct Bill {
    pub(super) noise: u64,
    /// As noise once an item has stood.
    pub(super) noise_later: u64,
    pub(super) noise_adrift: u64,
    pub(super) noise_ended: u64,
    /// It stands below the last day.
    pub(super) in_foot: bool,
    /// As noise where something else is expected, on top.
    pub(super) disturbs: u64,
    /// As noise it takes the reading adrift: a date for which no title is left.
    pub(super) strays: bool,
    pub(super) heading: u64,
    /// As any place of the open item, on top of the place.
    pub(super) into: u64,
    /// As the same place once more, on top.
    pub(super) more: u64,
    pub(super) start_first: u64,
    pub(super) start_later: u64,
    /// As a start that ends an item, on top.
    pub(super) breaks: u64,
    /// As a kicker before the first item, on top.
    pub(super) above: u64,
    /// As the title of the first item, on top: of two short lines the first is likelier a heading.
    pub(super) above_title: u64,
    /// As a heading it says from when on items are dated.
    pub(super) opens_day: bool,
    pub(super) fit: [u64; MOST_PLACES],
}

impl Prices<'_, '_> {
    pub(super) fn bill(&self, block: &Block<'_>, label: &Label, first: bool) -> Bill {
        let bare = block.mark == Mark::None;
        let wide = self.evidence.is_wide(block);
        let marked = self.evidence.is_marked(block);
        let head = self.head(block, label);
        let noise = self.as_noise(block, label);
        let noise_later = self.as_noise_later(block, head, noise);
        // It is part of what stands above it, and neither begins an item nor heads any.
        let leans_up = when(label.is_date() && self.evidence.lean == Lean::Up, ONE);
        let is_outset = self.evidence.outset && label.lost.begins_outset;
        let strays = self.is_at_margin(block) && !is_outset;
        let start = when(self.layout.marked && bare, GONE) + when(strays && bare, GONE) + leans_up;
        let unmarked = if wide || is_outset {
            HALF
        } else if label.lost.heads_day {
            ONE
        } else {
            GONE
        };
        let bulleted = (block.mark == Mark::Bullet).then_some(self.marking());
        let is_plain = label.kind == Kind::Text && noise_later == noise;
        let is_silent = matches!(label.kind, Kind::Furniture | Kind::Noise | Kind::Menu);
        Bill {
            noise,
            noise_later,
            noise_adrift: if is_plain { HAIR } else { noise_later },
            // A text that may go on the last item does not end it.
            noise_ended: if is_plain { HAIR + when(label.reads_like_text(), SLIGHT) } else { noise_later },
            in_foot: self.last_day.is_some_and(|line| block.line > line),
            disturbs: when(!(is_silent || self.names_columns(block, label)), HALF),
            strays: label.is_date(),
            heading: if head == Some(true) { IMPOSSIBLE } else { self.as_heading(block, label, first, leans_up) },
            into: self.within_item(block, label, bulleted),
            more: SLIGHT + when(label.short && bulleted != Some(Marking::None), ONE),
            start_first: when(!marked, HALF) + start,
            start_later: when(!marked, unmarked) + start,
            breaks: self.breaks(block, label),
            above: when(bare, SLIGHT),
            above_title: when(bare && label.above_short && head.is_none(), SLIGHT),
            opens_day: self.layout.headings.day && label.is_date(),
            fit: self.in_places(block, label, first, head),
        }
    }

    /// Whether the file marks the block as a headline; `None` where it marks none, or what it marks is a text, too.
    fn head(&self, block: &Block<'_>, label: &Label) -> Option<bool> {
        let head = self.evidence.is_head(block).filter(|_| label.kind == Kind::Text);
        // A link that is the whole of an item holds its text, too.
        head.filter(|is_head| !(*is_head && label.wordy && block.level() == 0))
            .filter(|is_head| *is_head || !self.lacks_link_alone(block, label))
    }

    /// Whether nothing but a link is missing from a line that begins an item as the others do: it has their mark, and a
    /// day of its own.
    fn lacks_link_alone(&self, block: &Block<'_>, label: &Label) -> bool {
        let marking = self.evidence.marking;
        !self.evidence.has_headings() && marking != Marking::None && self.evidence.is_marked(block) && label.holds_day()
    }

    /// What tells the items apart. Where headings do, a list is a text.
    fn marking(&self) -> Marking {
        if self.evidence.has_headings() { Marking::None } else { self.evidence.marking }
    }

    /// In a table the rows without a date are headings of columns.
    fn names_columns(&self, block: &Block<'_>, label: &Label) -> bool {
        self.rows && label.kind == Kind::Text && label.has_cells(block)
    }

    /// It stands at the margin, and items do not. A headline that the file marks as one may stand before the list that
    /// tells of it.
    fn is_at_margin(&self, block: &Block<'_>) -> bool {
        let is_headline = || block.level() > 0 && self.evidence.is_head(block) == Some(true);
        self.evidence.inset && block.indent == 0 && !is_headline()
    }

    fn as_noise(&self, block: &Block<'_>, label: &Label) -> u64 {
        match label.kind {
            Kind::Noise | Kind::Menu => 0,
            Kind::Furniture => HAIR,
            Kind::Text if self.evidence.is_below_heads(block) => HAIR,
            Kind::Text if label.is_dated_byline() => GONE,
            Kind::Text if label.byline => HAIR,
            Kind::Text if self.names_columns(block, label) => HAIR,
            Kind::Date(_) | Kind::Row => GONE,
            Kind::Text | Kind::Month | Kind::Credit | Kind::CutDate | Kind::Kicker => ONE,
        }
    }

    /// The same once the list has begun: leaving out a numbered block of a numbered list ignores strong evidence then,
    /// and so does leaving out a headline. Links stand around lists, too; headings of their level hardly do.
    fn as_noise_later(&self, block: &Block<'_>, head: Option<bool>, noise: u64) -> u64 {
        let is_numbered = matches!(block.mark, Mark::Number(_)) && self.evidence.marking == Marking::Numbers;
        let noise = if is_numbered { GONE } else { noise };
        if head == Some(true) && block.level() > 0 { noise.max(GONE) } else { noise }
    }

    /// What a block costs in the item that is open, whatever its place; `bulleted`: what tells items apart, if it has a
    /// bullet.
    fn within_item(&self, block: &Block<'_>, label: &Label, bulleted: Option<Marking>) -> u64 {
        when(matches!(block.mark, Mark::Number(_) | Mark::Clock), GONE)
            + when(bulleted == Some(Marking::Bullets), ONE)
            + when(self.evidence.is_wide_inside(block), HALF)
            + when(self.is_at_margin(block) && !(self.evidence.outset && label.lost.goes_on_outset), GONE)
            + when(label.is_date() && self.evidence.is_apart(block), ONE)
            + when(label.goes_on, HALF)
            + when(label.is_date() && self.evidence.lean == Lean::Down, ONE)
    }

    /// What a block costs as a heading, where the file does not say that it is a headline.
    fn as_heading(&self, block: &Block<'_>, label: &Label, first: bool, leans_up: u64) -> u64 {
        let bare = block.mark == Mark::None;
        let headings = self.layout.headings;
        match (label.kind, block.level()) {
            (Kind::Month, _) if bare && (headings.time || headings.day) => 0,
            // A line that says more than a day is an item's: the kicker is.
            (Kind::Date(_), _) if headings.day && bare && !self.is_deep(block) => {
                when(label.glued.is_some() || label.named, HAIR) + when(label.timed, HALF) + leans_up
            }
            (Kind::Text, 1..) if self.evidence.is_below_heads(block) => ONE,
            (Kind::Text, 1..) if bare && !self.is_deep(block) => HAIR,
            (Kind::Text, _) if self.evidence.has_headings() => IMPOSSIBLE,
            (Kind::Text, _) if bare && label.short && !label.piped && !label.named && !self.is_deep(block) => {
                if headings.section {
                    HAIR
                } else {
                    HALF + when(first, ONE)
                }
            }
            _ => IMPOSSIBLE,
        }
    }

    /// What a block costs in each place of an item; `head`: whether the file says that it is a headline.
    fn in_places(&self, block: &Block<'_>, label: &Label, first: bool, head: Option<bool>) -> [u64; MOST_PLACES] {
        let mut fit = [IMPOSSIBLE; MOST_PLACES];
        // A line that is drawn says nothing in any place.
        if label.kind == Kind::Furniture && is_rule(block.text) {
            return fit;
        }
        let level = if self.evidence.is_below_heads(block) { 0 } else { block.level() };
        let candidate = Candidate { label, bare: block.mark == Mark::None, first, level, headed: self.headed };
        let mut told = false;
        for (slot, place) in fit.iter_mut().zip(&self.layout.places) {
            // Behind a date with its text, more of the summary is a summary once more: no short line is likely to be.
            let again = told && place.field == Field::Summary;
            *slot = candidate.cost(place.field) + when(again && label.short, ONE);
            *slot += when(self.bare && place.field == Field::Summary, HALF);
            let tells = place.field == Field::Glued && self.title < MOST_PLACES;
            // A name is hardly the text of an item.
            *slot += when(tells && label.tailed, HALF);
            told |= tells;
            if self.evidence.alone && place.field == Field::Title && label.sentence && label.wordy {
                *slot = slot.saturating_sub(HALF);
            }
        }
        // Nor is a heading that names the list, where headlines are none of its kind.
        let names_list = label.names_list && block.level() > 0 && head != Some(true);
        if self.evidence.is_page_title(block) || names_list {
            for (fit, _) in fit.iter_mut().zip(&self.layout.places).filter(|(_, place)| place.field == Field::Title) {
                *fit += GONE;
            }
        } else if let Some(is_head) = head {
            for (fit, place) in fit.iter_mut().zip(&self.layout.places) {
                let holds_title = self.layout.holds_title(place.field);
                *fit = match (place.field, is_head) {
                    (Field::Title, true) => 0,
                    (_, true) if holds_title => *fit,
                    (_, false) if !holds_title => *fit,
                    _ => *fit + GONE,
                };
            }
        }
        fit
    }

    /// What it costs on top to begin an item on a block where another one ends.
    ///
    /// Under a day nothing but marks tells where the next item begins. Where each item has its day it is likely none;
    /// below the one day of a page a short line behind a text is one.
    fn breaks(&self, block: &Block<'_>, label: &Label) -> u64 {
        if !(self.layout.headings.day && self.evidence.marking == Marking::None) {
            return 0;
        }
        let is_headline = label.below_sentence && label.short;
        match self.several_days {
            true if self.evidence.is_bare_title(block) == Some(true) => 0,
            true if is_headline && self.evidence.has_posts() => SLIGHT,
            true => ONE + HALF,
            false if is_headline => SLIGHT,
            false => ONE,
        }
    }

    /// In a file whose items are marked and stand deeper than its headings, a heading stands at the margin.
    fn is_deep(&self, block: &Block<'_>) -> bool {
        self.evidence.marking != Marking::None && self.evidence.inset && block.indent > 0
    }
}
