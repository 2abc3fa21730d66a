//! The cheapest explanation of a file by a layout.
//!
//! Every block makes one of four moves: it is noise, a heading, a place of the item that is open, or the start of a new
//! one. Each has a price; the reading is the path through the file that costs least. The heart of the prices is that
//! *lost things leave a wide gap*: in a numbered file a start without a number is cheap over a wide gap and dear
//! without one. That one rule rescues an item that lost its number, and drops a date that lost its title.
//!
//! Prices are tenths, so that sums compare exactly. They were measured on real pages; a price is changed with the test that
//! needs it. The path takes constant time a block: a handful of states, one byte a state to find the way back.

mod fits;

use self::fits::fits;
use super::blocks::{Block, Mark, Page};
use super::evidence::{Evidence, Lean, Marking};
use super::label::{Kind, Label};
use super::layout::{Field, Layout, Need};

/// A wish: decides ties only.
const HAIR: u64 = 1;
/// An optional thing is missing, or comes once more.
pub(crate) const SLIGHT: u64 = 3;
/// Something seems lost here, and the page shows it.
const HALF: u64 = 5;
/// A block that means nothing: the unit.
const ONE: u64 = 10;
/// A required thing is missing, or strong evidence is ignored.
pub(crate) const GONE: u64 = 25;
/// A contradiction.
const NEVER: u64 = 40;
/// A second list begins that has another layout.
pub(crate) const SWITCH: u64 = ONE + HALF;
/// No move at all: more than any file can cost.
const IMPOSSIBLE: u64 = 1 << 44;

/// Before the first item and heading.
const OUTSIDE: usize = 0;
/// Under a heading, no item so far.
const HEADED: usize = 1;
/// Under a heading that ended an item.
const BETWEEN: usize = 2;
/// Behind a date that has no title: what follows is that lost item's and must not be lent to the one before it.
const ADRIFT: usize = 3;
/// Behind the list: what follows the last day and its item is the foot of the page. It costs hardly more the longer it is,
/// or else the last item would be given up for it.
const ENDED: usize = 4;
/// The first place of the pattern; the others follow.
const PLACES: usize = 5;
/// So many places can a pattern have: no field stands twice in one, and one of them at most has the date.
const MOST_PLACES: usize = 5;
/// A state fits in four bits ([`Offer`]).
const STATES: usize = PLACES + MOST_PLACES;

/// What a block does in the reading. The order is that of preference when costs are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    In,
    Noise,
    Heading,
    Start,
}

/// One block of the chosen path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) act: Move,
    from: u8,
    to: u8,
}

impl Step {
    /// The place of the pattern that the block fills.
    pub(crate) fn place(self) -> Option<usize> {
        matches!(self.act, Move::In | Move::Start).then(|| usize::from(self.to).saturating_sub(PLACES))
    }

    /// The field of `layout` that the block fills.
    pub(crate) fn field(self, layout: &Layout) -> Option<Field> {
        layout.places.get(self.place()?).map(|place| place.field)
    }

    /// Makes the block at `at`, which begins an item, a heading above it; or nothing, where more stands between.
    pub(crate) fn behead(steps: &mut [Self], at: usize) {
        let Some((kicker, behind)) = steps.get_mut(at..).and_then(<[Self]>::split_first_mut) else { return };
        let Some(next) = behind.iter().position(|step| step.act != Move::Noise) else { return };
        let Some(title) = behind.get_mut(next).filter(|step| step.act == Move::In) else { return };
        let to = if usize::from(kicker.from) == OUTSIDE { HEADED } else { BETWEEN };
        title.act = Move::Start;
        if next == 0 {
            title.from = to as u8;
            *kicker = Self { act: Move::Heading, from: kicker.from, to: to as u8 };
        } else {
            title.from = kicker.from;
            *kicker = Self { act: Move::Noise, from: kicker.from, to: kicker.from };
        }
    }

    /// Lets the item that the block at `first` begins be begun by the one at `at`, in the place of that.
    pub(crate) fn begin_at(steps: &mut [Self], first: usize, at: usize) {
        let Some(begun) = steps.get(first).copied() else { return };
        for step in steps.iter_mut().take(at).skip(first) {
            *step = Self { act: Move::Noise, from: begun.from, to: begun.from };
        }
        if let Some(step) = steps.get_mut(at) {
            *step = Self { act: Move::Start, ..begun };
        }
    }

    /// Leaves the block at `at` out of its item, if it is in one.
    pub(crate) fn leave_out(steps: &mut [Self], at: usize) {
        if let Some(step) = steps.get_mut(at).filter(|step| step.place().is_some()) {
            *step = Self { act: Move::Noise, from: step.to, to: step.to };
        }
    }

    /// Turns the block at `at` and the one behind it round: the first fills the place of the second, which fills `place`.
    pub(crate) fn turn(steps: &mut [Self], at: usize, place: usize) {
        if let Some([first, second]) = steps.get_mut(at..at + 2) {
            first.to = second.to;
            (second.from, second.to) = (second.to, (PLACES + place) as u8);
        }
    }

    /// Makes the heading at `at` the begin of the item that the block behind it begins: they fill these two places.
    pub(crate) fn begin_above(steps: &mut [Self], at: usize, place: usize, next: usize) {
        if let Some([above, first]) = steps.get_mut(at..at + 2) {
            let to = (PLACES + place) as u8;
            *above = Self { act: Move::Start, from: above.from, to };
            *first = Self { act: Move::In, from: to, to: (PLACES + next) as u8 };
        }
    }

    /// Lets the three blocks from `at` on, of which the first is in an item, fill these places of it.
    pub(crate) fn shift(steps: &mut [Self], at: usize, places: [usize; 3]) {
        let mut from = None;
        for (step, place) in steps.iter_mut().skip(at).zip(places) {
            let to = (PLACES + place) as u8;
            let act = if from.is_some() { Move::In } else { step.act };
            *step = Self { act, from: from.unwrap_or(step.from), to };
            from = Some(to);
        }
    }

    /// Lets the first of two blocks of an item fill its place, and the second that one.
    pub(crate) fn crown_first(steps: &mut [Self], (first, title): (usize, usize), (second, summary): (usize, usize)) {
        for (at, place) in [(first, title), (second, summary)] {
            if let Some(step) = steps.get_mut(at).filter(|step| step.place().is_some()) {
                step.to = (PLACES + place) as u8;
            }
        }
    }

    /// Makes the heading at `at` the title of the item that the block behind it begins, which fills `place`.
    pub(crate) fn crown(steps: &mut [Self], at: usize, place: usize) {
        if let Some([above, first]) = steps.get_mut(at..at + 2)
            && above.act == Move::Heading
            && first.act == Move::Start
        {
            *above = Self { act: Move::Start, from: above.from, to: first.to };
            *first = Self { act: Move::In, from: first.to, to: (PLACES + place) as u8 };
        }
    }

    /// The foot of the page begins here.
    fn begins_foot(self) -> bool {
        usize::from(self.to) == ENDED && usize::from(self.from) != ENDED
    }

    /// Nothing but a heading, and perhaps noise, stands between the last item and this block.
    pub(crate) fn under_heading(self) -> bool {
        matches!(usize::from(self.from), HEADED | BETWEEN)
    }
}

/// The cheapest path through a file.
pub(crate) struct Reading {
    /// One a block.
    pub(crate) steps: Vec<Step>,
    /// 1 - cost / blocks: compares layouts.
    pub(crate) score: f64,
    /// The same without the page's frame, the plain text before the first item and after the last.
    pub(crate) confidence: f64,
}

/// A price that is paid where something holds.
fn when(holds: bool, price: u64) -> u64 {
    if holds { price } else { 0 }
}

/// What one block costs in each of its roles.
struct Bill {
    noise: u64,
    /// As noise once an item has stood.
    noise_later: u64,
    noise_adrift: u64,
    noise_ended: u64,
    /// It stands below the last day.
    in_foot: bool,
    /// As noise where something else is expected, on top.
    disturbs: u64,
    /// As noise it takes the reading adrift: a date for which no title is left.
    strays: bool,
    heading: u64,
    /// As any place of the open item, on top of the place.
    into: u64,
    /// As the same place once more, on top.
    more: u64,
    start_first: u64,
    start_later: u64,
    /// As a start that ends an item, on top.
    breaks: u64,
    /// As a kicker before the first item, on top.
    above: u64,
    /// As the title of the first item, on top: of two short lines the first is likelier a heading.
    above_title: u64,
    /// As a heading it says from when on items are dated.
    opens_day: bool,
    fit: [u64; MOST_PLACES],
}

/// A layout's prices for the blocks of one file.
pub(crate) struct Prices<'a, 't> {
    layout: &'a Layout,
    evidence: Evidence,
    page: &'a Page<'t>,
    labels: &'a [Label],
    /// What the places from this one to the last cost together when they are missing.
    lack: [u64; MOST_PLACES + 1],
    /// A required place comes after this one.
    unfinished: [bool; MOST_PLACES],
    /// A place may come again.
    often: [bool; MOST_PLACES],
    /// Where the date stands in the pattern.
    date: usize,
    /// Where the kicker stands. One before the first item of a page without headings is likelier a heading.
    kicker: usize,
    /// Where the title stands.
    title: usize,
    /// Items are rows of cells.
    rows: bool,
    /// More than one day stands on the page.
    several_days: bool,
    /// A kicker stands above each item, as in no layout where it may be missing.
    headed: bool,
    /// Items have nothing but a title, and are dated by the day above.
    bare: bool,
    /// The line of the last day: below it the list can end before the page does.
    last_day: Option<u32>,
}

impl<'a, 't> Prices<'a, 't> {
    pub(crate) fn new(layout: &'a Layout, evidence: Evidence, page: &'a Page<'t>, labels: &'a [Label]) -> Self {
        let mut lack = [0; MOST_PLACES + 1];
        let mut unfinished = [false; MOST_PLACES];
        let mut often = [false; MOST_PLACES];
        let (mut sum, mut required) = (0, false);
        let bare = layout.headings.day && evidence.has_bare_titles();
        for (at, place) in layout.places.iter().enumerate().rev() {
            if let Some(slot) = unfinished.get_mut(at) {
                *slot = required;
            }
            if let Some(slot) = often.get_mut(at) {
                *slot = matches!(place.need, Need::Often | Need::Freely);
            }
            sum += when(!(bare && place.field == Field::Summary), place.missing());
            required |= place.need == Need::Once;
            if let Some(slot) = lack.get_mut(at) {
                *slot = sum;
            }
        }
        let place = |field| layout.place(field).unwrap_or(MOST_PLACES);
        let (date, kicker, title) = (place(Field::Date), place(Field::Kicker), place(Field::Title));
        let (rows, several_days) = (layout.has(Field::Row), page.dates.len() > 1);
        let headed = layout.is_headed();
        // Where days stand alone, one in a field is no item's: `Page updated: 15 June 2020`.
        let holds_day = |label: &Label| label.holds_day() && !(label.field && several_days);
        let is_day =
            |label: &Label| holds_day(label) || matches!(label.kind, Kind::Date(_) | Kind::CutDate | Kind::Row);
        let last_day = if layout.is_dated() { labels.iter().rposition(is_day) } else { None };
        let last_day = last_day.and_then(|at| page.blocks.get(at)).map(|block| block.line);
        Self {
            layout,
            evidence,
            page,
            labels,
            lack,
            unfinished,
            often,
            date,
            kicker,
            title,
            rows,
            several_days,
            headed,
            bare,
            last_day,
        }
    }

    /// What the item lacks when it ends behind `place`.
    fn lack_behind(&self, place: usize) -> u64 {
        self.lack.get(place + 1).copied().unwrap_or(0)
    }

    fn bill(&self, block: &Block<'_>, label: &Label, first: bool) -> Bill {
        let numbered = matches!(block.mark, Mark::Number(_));
        let bare = block.mark == Mark::None;
        let marked = self.evidence.is_marked(block);
        let wide = self.evidence.is_wide(block);
        // A headline that the file marks as one may stand before the list that tells of it.
        let is_headline = block.level() > 0 && self.evidence.is_head(block) == Some(true);
        let at_margin = self.evidence.inset && block.indent == 0 && !is_headline;
        let is_date = label.is_date();

        // In a table the rows without a date are headings of columns.
        let names_columns = self.rows && label.kind == Kind::Text && label.has_cells(block);
        let noise = match label.kind {
            Kind::Noise | Kind::Menu => 0,
            Kind::Furniture => HAIR,
            Kind::Text if self.evidence.is_below_heads(block) => HAIR,
            Kind::Text if label.is_dated_byline() => GONE,
            Kind::Text if label.byline => HAIR,
            Kind::Text if names_columns => HAIR,
            Kind::Date(_) | Kind::Row => GONE,
            Kind::Text | Kind::Month | Kind::Credit | Kind::CutDate | Kind::Kicker => ONE,
        };
        // Leaving out a numbered block of a numbered list, once the list has begun, ignores strong evidence.
        let noise_later = if numbered && self.evidence.marking == Marking::Numbers { GONE } else { noise };
        // Where the file marks its headlines, no other text is one, and they are nothing else.
        let head = self.evidence.is_head(block).filter(|_| label.kind == Kind::Text);
        // A link that is the whole of an item holds its text, too.
        let head = head.filter(|is_head| !(*is_head && label.wordy && block.level() == 0));
        // Links stand around lists, too; headings of this level hardly do.
        let noise_later = if head == Some(true) && block.level() > 0 { noise_later.max(GONE) } else { noise_later };
        // It is part of what stands above it, and neither begins an item nor heads any.
        let leans_up = when(is_date && self.evidence.lean == Lean::Up, ONE);
        let margin = when(at_margin && bare, GONE) + leans_up;
        let unmarked = self.layout.marked && bare;
        // Where no marks tell items apart, or headings do, a list is a text.
        let marking = if self.evidence.has_headings() { Marking::None } else { self.evidence.marking };
        let bulleted = (block.mark == Mark::Bullet).then_some(marking);
        let is_plain = label.kind == Kind::Text && noise_later == noise;
        Bill {
            noise,
            noise_later,
            noise_adrift: if is_plain { HAIR } else { noise_later },
            // A text that may go on the last item does not end it.
            noise_ended: if is_plain { HAIR + when(label.wordy || label.sentence, SLIGHT) } else { noise_later },
            in_foot: self.last_day.is_some_and(|line| block.line > line),
            disturbs: when(!(matches!(label.kind, Kind::Furniture | Kind::Noise | Kind::Menu) || names_columns), HALF),
            strays: is_date,
            heading: if head == Some(true) { IMPOSSIBLE } else { self.as_heading(block, label, first, leans_up) },
            into: when(numbered, GONE)
                + when(block.mark == Mark::Clock, GONE)
                + when(bulleted == Some(Marking::Bullets), ONE)
                + when(self.evidence.is_wide_inside(block), HALF)
                + when(at_margin, GONE)
                + when(is_date && self.evidence.is_apart(block), ONE)
                + when(label.goes_on, HALF)
                + when(is_date && self.evidence.lean == Lean::Down, ONE),
            more: SLIGHT + when(label.short && bulleted != Some(Marking::None), ONE),
            start_first: when(unmarked, GONE) + when(!marked, HALF) + margin,
            start_later: when(unmarked, GONE) + when(!marked, if wide { HALF } else { GONE }) + margin,
            breaks: self.breaks(block, label),
            above: when(bare, SLIGHT),
            above_title: when(bare && label.above_short && head.is_none(), SLIGHT),
            opens_day: self.layout.headings.day && is_date,
            fit: self.in_places(block, label, first, head),
        }
    }

    /// What a block costs as a heading, where the file does not say that it is a headline.
    fn as_heading(&self, block: &Block<'_>, label: &Label, first: bool, leans_up: u64) -> u64 {
        let bare = block.mark == Mark::None;
        let headings = self.layout.headings;
        match (label.kind, block.level()) {
            (Kind::Month, _) if bare && (headings.time || headings.day) => 0,
            // A line that says more than a day is an item's: the kicker is.
            (Kind::Date(_), _) if headings.day && bare && !self.is_deep(block) => {
                when(label.glued.is_some() || label.named, HAIR) + leans_up
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
        let level = if self.evidence.is_below_heads(block) { 0 } else { block.level() };
        let fits = fits(label, block.mark == Mark::None, first, level, self.headed);
        let mut told = false;
        for (slot, place) in fit.iter_mut().zip(&self.layout.places) {
            // Behind a date with its text, more of the summary is a summary once more: no short line is likely to be.
            let again = told && place.field == Field::Summary;
            *slot = fits(place.field) + when(again && label.short, ONE);
            *slot += when(self.bare && place.field == Field::Summary, HALF);
            told |= place.field == Field::Glued && self.title < MOST_PLACES;
        }
        if self.evidence.is_page_title(block) {
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
    /// Under a day nothing but marks tells where the next item begins. Where each item has its day it is likely none; below
    /// the one day of a page a short line behind a text is one.
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

    /// What a block costs as noise in `state`, and where it leads.
    fn noise(&self, bill: &Bill, state: usize) -> (u64, usize) {
        match state {
            OUTSIDE => (bill.noise, OUTSIDE),
            // Here no text stands before the date that could be its title: the heading must not become one.
            HEADED | BETWEEN if bill.strays => (bill.noise_later, ADRIFT),
            HEADED => (bill.noise + bill.disturbs, HEADED),
            BETWEEN => (bill.noise_later + bill.disturbs, BETWEEN),
            ADRIFT => (bill.noise_adrift, ADRIFT),
            ENDED => (bill.noise_ended, ENDED),
            _ => {
                let place = state - PLACES;
                let astray = bill.strays && place >= self.date;
                let open = self.unfinished.get(place).copied().unwrap_or(false);
                // The text before a stray date is its title if it does not read like a sentence: a doubt decides.
                (bill.noise_later + if open || astray { bill.disturbs } else { 0 }, if astray { ADRIFT } else { state })
            }
        }
    }

    /// What it costs to end the list above this block, coming from `state`; what an open item still lacks comes on top.
    fn ends(&self, bill: &Bill, state: usize) -> u64 {
        let ends = bill.noise_later.max(ONE);
        match state {
            // A day that heads nothing lost what it headed, and where one heads several items more may follow.
            BETWEEN if bill.in_foot && self.layout.headings.day => ends + GONE,
            PLACES.. if bill.in_foot && self.layout.headings.day && !self.bare => ends + ONE,
            BETWEEN | PLACES.. if bill.in_foot => ends,
            _ => IMPOSSIBLE,
        }
    }

    /// What it costs to begin an item on this block, coming from `state`.
    fn start(&self, bill: &Bill, state: usize) -> u64 {
        match state {
            // Before the first day that heads items, none of them is dated.
            OUTSIDE => bill.start_first + if self.bare { NEVER } else { when(self.layout.headings.day, GONE) },
            HEADED => bill.start_first,
            BETWEEN | ADRIFT => bill.start_later,
            ENDED => IMPOSSIBLE,
            _ => bill.start_later + bill.breaks + self.lack_behind(state - PLACES),
        }
    }

    /// What it costs on top to begin an item at `place` where no heading stood above: the line is likelier one itself.
    fn above(&self, bill: &Bill, from: usize, place: usize) -> u64 {
        match from {
            OUTSIDE if place == self.kicker => bill.above,
            OUTSIDE if place == self.title => bill.above_title,
            _ => 0,
        }
    }

    /// Where a heading leads. Where days head the items, only a day begins them.
    fn heads(&self, bill: &Bill, state: usize) -> usize {
        match state {
            OUTSIDE if self.layout.headings.day && !bill.opens_day => OUTSIDE,
            OUTSIDE | HEADED => HEADED,
            // Each day heads its own: a text that ends the last item of one begins what stands around the list.
            PLACES.. if self.is_day_over(bill) => OUTSIDE,
            _ => BETWEEN,
        }
    }

    fn is_day_over(&self, bill: &Bill) -> bool {
        self.layout.headings.day && !bill.opens_day && self.several_days && self.evidence.marking == Marking::None
    }

    /// What it costs to read this block as a heading, coming from `state`.
    fn heading(&self, bill: &Bill, state: usize) -> u64 {
        // A day that heads nothing lost what it headed, and what stands right below one is hardly a heading.
        let is_below = matches!(state, HEADED | BETWEEN);
        let empty = when(is_below && bill.opens_day, ONE) + when(is_below && self.is_day_over(bill), HALF);
        bill.heading + empty + state.checked_sub(PLACES).map_or(0, |place| self.lack_behind(place))
    }

    fn missing_between(&self, place: usize, next: usize) -> u64 {
        self.lack_behind(place).saturating_sub(self.lack.get(next).copied().unwrap_or(0))
    }

    fn missing_before(&self, place: usize) -> u64 {
        self.lack.first().copied().unwrap_or(0).saturating_sub(self.lack.get(place).copied().unwrap_or(0))
    }

    /// What the end of the file costs in `state`: what the last item still lacks is cheap, for the page may go on.
    fn end(&self, state: usize) -> u64 {
        let most = if self.evidence.cut { SLIGHT } else { ONE };
        let empty =
            when(self.layout.headings.day && matches!(state, HEADED | BETWEEN), most + when(!self.evidence.cut, ONE));
        state.checked_sub(PLACES).map_or(empty, |place| self.lack_behind(place).min(most))
    }

    /// The price of one step of a path: the same sums that chose it.
    fn price(&self, at: usize, step: Step) -> u64 {
        let Some((block, label)) = self.page.blocks.get(at).zip(self.labels.get(at)) else { return 0 };
        let bill = self.bill(block, label, at == 0 && self.page.opens_file);
        let (from, place) = (usize::from(step.from), usize::from(step.to).saturating_sub(PLACES));
        let fit = bill.fit.get(place).copied().unwrap_or(0);
        match step.act {
            Move::Noise if step.begins_foot() => {
                self.ends(&bill, from) + from.checked_sub(PLACES).map_or(0, |place| self.lack_behind(place))
            }
            Move::Noise => self.noise(&bill, from).0,
            Move::Heading => self.heading(&bill, from),
            Move::Start => self.start(&bill, from) + self.above(&bill, from, place) + self.missing_before(place) + fit,
            Move::In if step.from == step.to => bill.into + bill.more + fit,
            Move::In => bill.into + self.missing_between(from.saturating_sub(PLACES), place) + fit,
        }
    }

    /// The same in the unit that users see: 1 is a block that means nothing.
    pub(crate) fn cost(&self, at: usize, step: Step) -> f64 {
        Self::cost_of(self.price(at, step))
    }

    /// Finds the cheapest path, unless it costs more than `most`.
    pub(crate) fn read(&self, most: u64) -> Option<Reading> {
        let mut ways: Vec<[u8; STATES]> = Vec::with_capacity(self.page.blocks.len());
        let mut costs = [IMPOSSIBLE; STATES];
        if let Some(slot) = costs.first_mut() {
            *slot = 0;
        }
        let mut first = self.page.opens_file;
        for (block, label) in self.page.blocks.iter().zip(self.labels) {
            let bill = self.bill(block, label, first);
            first = false;
            let row = self.row(&bill, &costs);
            costs = row.map(Offer::cost);
            if costs.iter().all(|cost| *cost > most) {
                return None;
            }
            ways.push(row.map(Offer::way));
        }
        let ends = costs.iter().enumerate().map(|(state, cost)| (cost + self.end(state), state));
        let (cost, state) = ends.min().unwrap_or_default();
        (cost <= most).then(|| self.judge(follow(&ways, state), cost))
    }

    /// What the blocks before each block cost by themselves.
    pub(crate) fn costs(&self) -> Vec<u64> {
        let mut all = Vec::with_capacity(self.page.blocks.len());
        let mut costs = [IMPOSSIBLE; STATES];
        if let Some(slot) = costs.first_mut() {
            *slot = 0;
        }
        let mut first = self.page.opens_file;
        for (block, label) in self.page.blocks.iter().zip(self.labels) {
            all.push(costs.iter().enumerate().map(|(state, cost)| cost + self.end(state)).min().unwrap_or(0));
            costs = self.row(&self.bill(block, label, first), &costs).map(Offer::cost);
            first = false;
        }
        all
    }

    /// The cheapest path that begins at one of the blocks that have an entry, for what that costs: its cost, and where it
    /// begins.
    pub(crate) fn enter(&self, entries: &[Option<u64>]) -> Option<(u64, usize)> {
        let mut ways: Vec<([u8; STATES], bool)> = Vec::with_capacity(self.page.blocks.len());
        let mut costs = [IMPOSSIBLE; STATES];
        for ((block, label), entry) in self.page.blocks.iter().zip(self.labels).zip(entries) {
            let entered = match (costs.first_mut(), entry) {
                (Some(outside), Some(entry)) if entry < outside => {
                    *outside = *entry;
                    true
                }
                _ => false,
            };
            let row = self.row(&self.bill(block, label, false), &costs);
            costs = row.map(Offer::cost);
            ways.push((row.map(Offer::way), entered));
        }
        let ends = costs.iter().enumerate().map(|(state, cost)| (cost + self.end(state), state));
        let (cost, mut state) = ends.min().filter(|(cost, _)| *cost < IMPOSSIBLE)?;
        for (at, (row, entered)) in ways.iter().enumerate().rev() {
            state = usize::from(row.get(state).copied().unwrap_or(0) & 0xF);
            if *entered && state == OUTSIDE {
                return Some((cost, at));
            }
        }
        None
    }

    /// A price in the unit that users see.
    #[expect(clippy::cast_precision_loss, reason = "prices are small numbers")]
    pub(crate) fn cost_of(price: u64) -> f64 {
        price as f64 / ONE as f64
    }

    /// The most that a path may cost whose score is to reach `score`.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
    pub(crate) fn most(&self, score: f64) -> u64 {
        ((1.0 - score).max(0.0) * ONE as f64 * self.page.blocks.len() as f64).ceil() as u64
    }

    /// The best offer for each state behind a block, where `costs` are those of the states before it.
    fn row(&self, bill: &Bill, costs: &[u64; STATES]) -> [Offer; STATES] {
        let mut row = [Offer::NONE; STATES];
        let mut offer = |to: usize, offer: Offer| {
            if let Some(best) = row.get_mut(to) {
                *best = offer.min(*best);
            }
        };
        for (from, cost) in costs.iter().enumerate() {
            let (price, to) = self.noise(bill, from);
            offer(to, Offer::new(cost + price, Move::Noise, from));
        }
        let (free, placed) = costs.split_at(PLACES);
        // The cheapest open item, by what it would have cost had it ended there: a later place can follow, or an end.
        let mut open = (IMPOSSIBLE, 0);
        for (((place, cost), fit), often) in placed.iter().enumerate().zip(&bill.fit).zip(&self.often) {
            let state = PLACES + place;
            if *fit < IMPOSSIBLE {
                let behind = self.lack.get(place).copied().unwrap_or(0);
                offer(state, Offer::new(open.0.saturating_sub(behind) + bill.into + fit, Move::In, open.1));
                if *often {
                    offer(state, Offer::new(cost + bill.into + bill.more + fit, Move::In, state));
                }
            }
            open = open.min((cost + self.lack_behind(place), state));
        }
        for (cost, from) in free.iter().copied().zip(0..).filter(|(_, from)| *from == BETWEEN).chain([open]) {
            offer(ENDED, Offer::new(cost + self.ends(bill, from), Move::Noise, from));
        }
        if bill.heading < IMPOSSIBLE {
            for (cost, from) in free.iter().copied().zip(0..).filter(|(_, from)| *from != ENDED).chain([open]) {
                let to = self.heads(bill, from);
                let price = if from < PLACES { self.heading(bill, from) } else { bill.heading };
                offer(to, Offer::new(cost + price, Move::Heading, from));
            }
        }
        let starts = free.iter().zip(0..).map(|(cost, from)| (cost + self.start(bill, from), from));
        let (cost, from) = starts.fold((open.0 + bill.start_later + bill.breaks, open.1), Ord::min);
        for (place, fit) in bill.fit.iter().enumerate().filter(|(_, fit)| **fit < IMPOSSIBLE) {
            let above = self.above(bill, from, place);
            offer(PLACES + place, Offer::new(cost + above + self.missing_before(place) + fit, Move::Start, from));
        }
        row
    }

    fn judge(&self, steps: Vec<Step>, cost: u64) -> Reading {
        let is_item = |step: &Step| step.place().is_some();
        let first = steps.iter().position(is_item);
        let last = steps.iter().rposition(is_item);
        let (mut frame, mut spent) = (0_usize, 0);
        if let Some((first, last)) = first.zip(last) {
            for (at, (step, label)) in steps.iter().zip(self.labels).enumerate() {
                let plain = matches!(label.kind, Kind::Text | Kind::Furniture | Kind::Month);
                if plain && (at < first || at > last) {
                    frame += 1;
                    spent += self.price(at, *step);
                }
            }
        }
        let blocks = steps.len();
        let confidence = if first.is_some() { share(cost.saturating_sub(spent), blocks - frame) } else { 0.0 };
        Reading { steps, score: share(cost, blocks), confidence: confidence.max(0.0) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of a few million blocks is exact enough")]
fn share(cost: u64, blocks: usize) -> f64 {
    if blocks == 0 { 0.0 } else { 1.0 - cost as f64 / (ONE as f64 * blocks as f64) }
}

/// What it costs to reach a state, and the last move there, as one number: the lesser is the cheaper, and of equally
/// cheap ones the preferred.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Offer(u64);

impl Offer {
    const NONE: Self = Self(IMPOSSIBLE << 8);

    /// A state fits in four bits, a move in two: together they are the low byte, the way.
    fn new(cost: u64, act: Move, from: usize) -> Self {
        Self(cost << 8 | (act as u64) << 4 | from as u64)
    }

    fn cost(self) -> u64 {
        self.0 >> 8
    }

    fn way(self) -> u8 {
        self.0 as u8
    }
}

/// The way back, from the last block's state to the first block, then turned round.
fn follow(ways: &[[u8; STATES]], end: usize) -> Vec<Step> {
    let mut steps = Vec::with_capacity(ways.len());
    let mut to = u8::try_from(end).unwrap_or(0);
    for row in ways.iter().rev() {
        let way = row.get(usize::from(to)).copied().unwrap_or(0);
        let act = match way >> 4 {
            0 => Move::In,
            1 => Move::Noise,
            2 => Move::Heading,
            _ => Move::Start,
        };
        let from = way & 0xF;
        steps.push(Step { act, from, to });
        to = from;
    }
    steps.reverse();
    steps
}
