//! From the steps of a reading to what the page says: drafts, faults, and what became of each block.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::look::Look;
use super::open::Open;
use super::{Explanation, fault};
use crate::mill::scrape::blocks::{Block, joined};
use crate::mill::scrape::date::{self, Printed, Span};
use crate::mill::scrape::furniture::states_a_figure;
use crate::mill::scrape::label::{Kind, Label};
use crate::mill::scrape::layout::{Field, Layout, Need};
use crate::mill::scrape::path::{Move, Step};
use crate::mill::scrape::shape::{FULL_STOPS, ends_sentence, is_short};
use crate::mill::scrape::tidy::SEVERAL;
use crate::mill::scrape::{BlockUse, Cut, DateRead, Draft, Fault};

/// What has more bytes names no part of a page, though the page says that it is a heading.
const LONGEST_SECTION: usize = 1000;

/// So many rows and cells are enough to tell in which column the titles stand.
const MOST_ROWS: usize = 200;
const MOST_CELLS: usize = 32;

const STRAY: &str = "a date without a title";
const CUT_DATE: &str = "the file is cut in this date, or may be";

/// What the steps of a reading say.
#[derive(Default)]
pub(super) struct Tale<'t> {
    pub(super) drafts: Vec<Draft<'t>>,
    pub(super) faults: Vec<Fault>,
    /// Which block begins each of the drafts.
    begins: Vec<usize>,
}

/// A heading that names what stands below it.
#[derive(Clone, Copy)]
pub(super) struct Section<'t> {
    pub(super) heading: Block<'t>,
    /// It is a part of the page, not a time.
    pub(super) is_topic: bool,
}

/// What the headings above a block say of it.
#[derive(Default)]
pub(super) struct Above<'t> {
    pub(super) section: Option<Section<'t>>,
    /// The year, and perhaps the month.
    pub(super) span: Option<Span>,
    pub(super) day: Option<DateRead<'t>>,
}

/// Tells what these steps of `explanation` say.
pub(super) fn tell<'t>(look: &Look<'t, '_>, layout: &Layout, steps: &[Step]) -> Tale<'t> {
    let drafts = Vec::with_capacity(look.page.dates.len() + 1);
    let mut teller = Teller {
        look,
        layout,
        titles: if layout.has(Field::Row) { title_column(look) } else { 0 },
        above: Above::default(),
        open: None,
        tale: Tale { drafts, ..Tale::default() },
    };
    let poured = poured_title(look, layout, steps);
    for (at, ((block, label), step)) in look.page.blocks.iter().zip(&look.labels).zip(steps).enumerate() {
        let block = poured.as_ref().filter(|(title, _)| *title == at).map_or(block, |(_, last_line)| last_line);
        teller.block(at, block, label, *step);
    }
    teller.close(true);
    teller.tale.faults.sort_by_key(|fault| fault.line);
    teller.tale
}

/// Walks down the page, from block to block.
struct Teller<'a, 't, 'c> {
    look: &'a Look<'t, 'c>,
    layout: &'a Layout,
    /// The column of a table in which its titles stand.
    titles: usize,
    above: Above<'t>,
    /// The item that is being gathered.
    open: Option<Open<'t>>,
    tale: Tale<'t>,
}

impl<'t> Teller<'_, 't, '_> {
    fn block(&mut self, at: usize, block: &Block<'t>, label: &Label, step: Step) {
        match step.act {
            Move::Heading => {
                self.close(false);
                self.heading(block, label);
            }
            Move::Start => {
                self.close(false);
                self.start(at, block, step);
            }
            Move::Noise => self.noise(block, label),
            Move::In => {}
        }
        if let (Some(open), Some(field)) = (&mut self.open, step.field(self.layout)) {
            match field {
                Field::Glued => open.glued(block, self.layout.has(Field::Title), self.look),
                Field::EndDated => open.end_dated(block, self.look),
                Field::Row => open.row(block, self.titles, self.look),
                field => open.fill(field, block, self.look),
            }
        }
    }

    fn heading(&mut self, block: &Block<'t>, label: &Label) {
        if label.is_date() {
            // A day heads the items below it, and is no part of the page.
            let printed = self.look.page.date(block);
            let (read, trouble) = printed.map(|printed| self.look.settle(*printed, self.above.span)).unzip();
            self.tale.faults.extend(trouble.flatten().map(|reason| fault(block.line, reason, block.text)));
            self.above.day = read.map(|read| DateRead { inherited: true, ..read });
        } else if self.look.evidence.is_page_title(block) {
            // The page's own name is no part of it.
            self.above.section = None;
        } else {
            let is_topic = label.kind != Kind::Month && !states_a_figure(block.text);
            // Each item below it repeats it: what no heading is as long as would fill the memory.
            let names = block.text.len() <= LONGEST_SECTION;
            self.above.section = names.then_some(Section { heading: *block, is_topic });
            if let Some(span) = Span::of(block.text, self.look.choice.lexicon) {
                // What stands below a month is of none of the days above that.
                (self.above.span, self.above.day) = (Some(span), None);
            }
        }
    }

    fn start(&mut self, at: usize, block: &Block<'t>, step: Step) {
        // A wide gap under a heading says that another heading, the true one, was lost there; unless the item below
        // lost its mark, and so made the gap.
        if step.under_heading() && self.look.evidence.lost_above(block) {
            (self.above.section, self.above.span) = (None, None);
        }
        self.open = Some(Open::new(at, block, &self.above));
    }

    fn noise(&mut self, block: &Block<'t>, label: &Label) {
        match label.kind {
            // What stands between a heading and the list says that it heads more than the list.
            Kind::Text if self.tale.drafts.is_empty() && self.open.is_none() && !label.has_cells(block) => {
                self.above.section = None;
            }
            Kind::Date(_) => self.tale.faults.push(fault(block.line, STRAY, block.text)),
            Kind::CutDate => self.tale.faults.push(fault(block.line, CUT_DATE, block.text)),
            _ => {}
        }
    }

    /// Makes a draft of the item that ends here, if one does, or a fault.
    fn close(&mut self, at_end: bool) {
        let Some(mut open) = self.open.take() else { return };
        let Some(title) = open.title.take() else {
            let date = open.date.as_ref().map(Printed::raw);
            let text = date.or(open.summary.as_deref()).or(open.credit).unwrap_or_default();
            self.tale.faults.push(fault(open.line, "an item without a title", text));
            return;
        };
        let truncated = if at_end { self.cut(&open) } else { None };
        match truncated {
            Some(Cut::Title) => self.tale.faults.push(fault(open.line, "the file is cut behind this title", &title)),
            Some(Cut::Day) => {
                self.tale.faults.push(fault(open.line, "the file ends before the day of this title", &title))
            }
            _ => {}
        }
        let date = open.date.map(|printed| {
            let (read, trouble) = self.look.settle(printed, open.span);
            let trouble = open.date_line.zip(trouble);
            self.tale.faults.extend(trouble.map(|(line, reason)| fault(line, reason, printed.raw())));
            read
        });
        let date = date.or(open.day);
        self.tale.begins.push(open.first_block);
        self.tale.drafts.push(Draft {
            id: None,
            link: open.link.map(Cow::Borrowed),
            title,
            date: date.map(|date| DateRead { time: date.time.or(open.time), ..date }),
            summary: open.summary,
            credit: open.credit.map(Cow::Borrowed),
            kicker: open.kicker.or_else(|| open.date.and_then(|printed| printed.kicker.map(Cow::Borrowed))),
            topic: open.section.clone().filter(|_| open.names_a_topic),
            section: open.section,
            number: open.number,
            line: open.line,
            last_line: open.last_line,
            truncated,
        });
    }

    /// Where the file cuts the item with which it ends, if it does.
    fn cut(&self, open: &Open<'t>) -> Option<Cut> {
        let page = &self.look.page;
        if page.cut && open.last_field == Field::Title {
            return Some(Cut::Title);
        }
        if self.ends_before_day(open) {
            return Some(Cut::Day);
        }
        if !page.cut {
            return None;
        }
        let ends_file = page.blocks.last().is_some_and(|block| block.last_line == open.last_line);
        let text = open.summary.as_deref().filter(|_| ends_file && open.last_field == Field::Summary)?;
        (!ends_sentence(text, &FULL_STOPS)).then_some(Cut::Summary)
    }

    /// Whether the file ends with this item, and the day that the layout has behind what there is of it is still to
    /// come.
    ///
    /// A file that ends with a whole line may be cut right behind that. But a list may have items without days, and a
    /// page a line that is none: this one is doubted where all others, and there are several, have days of their own.
    fn ends_before_day(&self, open: &Open<'t>) -> bool {
        let Some(place) = self.layout.place(open.last_field).filter(|_| open.date.is_none() && open.day.is_none())
        else {
            return false;
        };
        let behind = self.layout.places.get(place + 1..).unwrap_or_default();
        let is_to_come = behind.iter().any(|place| place.field.dates() && place.need == Need::Once);
        // What a cut file has below it may be the beginning of its day.
        let page = &self.look.page;
        let below = page.blocks.iter().rev().take_while(|block| block.line > open.last_line).take(2).count();
        let ends_file = below <= usize::from(page.cut);
        let has_own = |draft: &Draft<'_>| draft.date.as_ref().is_some_and(|date| date.day.is_some() && !date.inherited);
        let drafts = &self.tale.drafts;
        is_to_come && ends_file && (page.cut || drafts.len() >= SEVERAL && drafts.iter().all(has_own))
    }
}

/// The first title and its last line, where lines that stand above the list without a blank line between have poured
/// into it: it has several that were not wrapped, and the other titles one each.
fn poured_title<'t>(look: &Look<'t, '_>, layout: &Layout, steps: &[Step]) -> Option<(usize, Block<'t>)> {
    let is_title = |step: &Step| step.field(layout) == Some(Field::Title);
    let mut titles = steps.iter().enumerate().filter(|(_, step)| is_title(step)).map(|(at, _)| at);
    let first = titles.next()?;
    let is_folded = |at: usize| look.page.blocks.get(at).is_some_and(|block| block.folded);
    if !look.labels.get(first)?.broken || titles.clone().any(is_folded) || titles.count() + 1 < SEVERAL {
        return None;
    }
    let block = look.page.blocks.get(first)?;
    let lines = || block.text.lines().map(str::trim).filter(|line| !line.is_empty());
    let above = lines().count().checked_sub(1)?;
    lines().take(above).all(is_short).then(|| (first, block.last_line()))
}

/// The column of a table in which its titles stand: of those that hold letters the first whose cells differ and are not
/// much shorter than the longest.
fn title_column(look: &Look<'_, '_>) -> usize {
    let mut columns: Vec<(usize, BTreeSet<&str>)> = Vec::new();
    let rows = look.page.blocks.iter().zip(&look.labels).filter(|(_, label)| label.is_row());
    for (block, _) in rows.take(MOST_ROWS) {
        for (at, cell) in cells(block.text).take(MOST_CELLS).enumerate() {
            if columns.len() <= at {
                columns.push((0, BTreeSet::new()));
            }
            let is_text = cell.chars().any(char::is_alphabetic);
            if let Some((letters, seen)) = columns.get_mut(at)
                && is_text
                && date::whole(cell, look.choice.lexicon).is_none()
                && seen.insert(cell)
            {
                *letters += cell.chars().take(80).count();
            }
        }
    }
    let most = columns.iter().map(|(letters, _)| *letters).max().unwrap_or(0);
    columns.iter().position(|(letters, _)| letters * 2 > most).unwrap_or(0)
}

/// The cells of a row. Rules at its ends make none.
pub(super) fn cells(text: &str) -> impl Iterator<Item = &str> {
    text.trim_matches('|').split(['|', '\t']).map(str::trim)
}

/// What became of each block by these `steps`, which say what `tale` tells. What it cost is what the path paid.
pub(super) fn uses<'t>(
    look: &Look<'t, '_>,
    explanation: &Explanation<'_>,
    steps: &[Step],
    tale: &Tale<'t>,
) -> Vec<BlockUse<'t>> {
    let prices = look.prices(explanation.layout);
    let paid = &explanation.reading.steps;
    let blocks = look.page.blocks.iter().zip(&look.labels).zip(steps.iter().zip(paid)).enumerate();
    let mut begins = tale.begins.iter().zip(0..).peekable();
    let mut item = None;
    blocks
        .map(|(at, ((block, label), (step, paid)))| {
            if matches!(step.act, Move::Start | Move::Heading) {
                item = begins.next_if(|(begin, _)| **begin == at).map(|(_, item)| item);
            }
            let field = step.field(explanation.layout);
            BlockUse {
                line: block.line,
                label: match (field, step.act) {
                    (Some(field), _) => field.name(),
                    (None, Move::Heading) => "heading",
                    (None, _) => "noise",
                },
                item: item.filter(|_| field.is_some()),
                cost: prices.cost(at, *paid),
                text: joined(block),
                reason: why_unused(label, *step, item.is_some()),
                from: None,
            }
        })
        .collect()
}

/// Why a block is in no draft; `None` when it is, or heads some.
fn why_unused(label: &Label, step: Step, owned: bool) -> Option<&'static str> {
    match (step.act, label.kind) {
        (Move::Heading, _) => None,
        (Move::In | Move::Start, _) => (!owned).then_some("belongs to an item that was not taken"),
        (Move::Noise, Kind::Date(_)) => Some(STRAY),
        (Move::Noise, Kind::CutDate) => Some(CUT_DATE),
        (Move::Noise, Kind::Furniture) => Some("furniture"),
        (Move::Noise, Kind::Credit) => Some("a photo line without an item"),
        (Move::Noise, Kind::Noise) => Some("noise, as the layout says"),
        (Move::Noise, Kind::Menu) => Some("a menu"),
        (Move::Noise, Kind::Month | Kind::Row | Kind::Text | Kind::Kicker) => Some("no part of an item"),
    }
}
