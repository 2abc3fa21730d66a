//! The cheapest explanation of a file by a layout.
//!
//! Every block makes one of four moves: it is noise, a heading, a place of the item that is open, or the start of a new
//! one. Each has a price; the reading is the path through the file that costs least. The heart of the prices is that
//! *lost things leave a wide gap*: in a numbered file a start without a number is cheap over a wide gap and dear
//! without one. That one rule rescues an item that lost its number, and drops a date that lost its title.
//!
//! Prices are tenths, so that sums compare exactly. They were measured on real pages; a price is changed with the test
//! that needs it. The path takes constant time a block: a handful of states, one byte a state to find the way back.

mod bill;
mod fits;
mod step;

use self::bill::Bill;
pub(crate) use self::step::{Move, Step};
use super::blocks::Page;
use super::evidence::{Evidence, Marking};
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
/// Behind the list: what follows the last day and its item is the foot of the page. It costs hardly more the longer it
/// is, or else the last item would be given up for it.
const ENDED: usize = 4;
/// The first place of the pattern; the others follow.
const PLACES: usize = 5;
/// So many places can a pattern have: no field stands twice in one, and one of them at most has the date.
const MOST_PLACES: usize = 5;
/// A state fits in four bits ([`Offer`]).
const STATES: usize = PLACES + MOST_PLACES;

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
            sum += when(!((bare || evidence.alone) && place.field == Field::Summary), place.missing());
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
            OUTSIDE => bill.start_first + when(self.layout.headings.day, GONE),
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

    /// The cheapest path that begins at one of the blocks that have an entry, for what that costs: its cost, and where
    /// it begins.
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
