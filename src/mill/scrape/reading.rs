//! From the chosen path to what the file says: drafts, faults, and why a file is refused.

use std::borrow::Cow;

use super::blocks::{Block, Mark, Page, joined, split};
use super::date::{self, Printed, Settled};
use super::evidence::Evidence;
use super::label::{Kind, Label, credit, ends_sentence, label};
use super::language::{Choice, Lexicon, choose};
use super::layout::{Field, Layout, candidates};
use super::path::{Move, Prices, Reading, Step};
use super::rendition::Note;
use super::{BlockUse, Draft, Fault, REFUSED_BELOW, Scrape, Terms};

/// Longer texts are shortened to this many letters in a fault.
const FAULT_LETTERS: usize = 80;

/// A file taken apart and labelled: what all layouts that read by the same unit share.
struct Look<'t> {
    page: Page<'t>,
    labels: Vec<Label>,
    evidence: Evidence,
    settled: Settled,
    lexicon: &'static Lexicon,
}

/// Reads `text`, of whose lines `notes` say more; with `explaining`, says of each block what became of it.
pub(super) fn read<'t>(
    text: &'t str,
    notes: &'t [Note],
    terms: &Terms,
    explaining: bool,
) -> (Scrape<'t>, Vec<BlockUse<'t>>) {
    let choice = choose(terms.language.as_deref(), text);
    let mut best: Option<(&'static Layout, Look<'t>, Reading)> = None;
    for layout in candidates(terms.layout.as_deref()) {
        let look = Look::at(text, notes, layout, terms, &choice);
        let reading = look.prices(layout).read();
        // Of equals the first stays: the order of the list is that of preference.
        if best.as_ref().is_none_or(|(.., best)| reading.score > best.score + 0.005) {
            best = Some((layout, look, reading));
        }
    }
    let (scrape, blocks) = match best {
        Some((layout, look, reading)) => look.tell(layout, &reading, explaining),
        None => (refused("", 0.0, Vec::new(), "no layout is known".to_owned()), Vec::new()),
    };
    (Scrape { language: choice.tag, ..scrape }, blocks)
}

fn refused(layout: &str, confidence: f64, faults: Vec<Fault>, why: String) -> Scrape<'_> {
    Scrape {
        layout: Cow::Borrowed(layout),
        confidence,
        drafts: Vec::new(),
        faults,
        refused: Some(why),
        newest: None,
        language: None,
    }
}

impl<'t> Look<'t> {
    fn at(text: &'t str, notes: &'t [Note], layout: &Layout, terms: &Terms, choice: &Choice) -> Self {
        let lexicon = choice.lexicon;
        let mut page = split(text, notes, layout.unit, lexicon);
        date::dispute(&mut page.dates, choice);
        let settled = Settled::of(&page.dates, terms);
        let labels = label(&page, settled, lexicon);
        let evidence = Evidence::of(&page);
        Self { page, labels, evidence, settled, lexicon }
    }

    fn prices<'a>(&'a self, layout: &'a Layout) -> Prices<'a, 't> {
        Prices::new(layout, self.evidence, &self.page, &self.labels)
    }

    fn date(&self, block: &Block<'t>) -> Option<&Printed<'t>> {
        self.page.dates.get(usize::try_from(block.date?).ok()?)
    }

    /// Turns a reading into what the file says.
    fn tell(&self, layout: &'static Layout, reading: &Reading, explaining: bool) -> (Scrape<'t>, Vec<BlockUse<'t>>) {
        let mut drafts = Vec::with_capacity(self.page.dates.len() + 1);
        let mut faults = Vec::new();
        // For each block the draft it went into, if any.
        let mut owners: Vec<Option<usize>> = Vec::new();
        let mut section = None;
        let mut open: Option<Open<'t>> = None;
        for ((block, label), step) in self.page.blocks.iter().zip(&self.labels).zip(&reading.steps) {
            if matches!(step.act, Move::Heading | Move::Start) {
                self.close(open.take(), false, &mut drafts, &mut faults, &mut owners);
            }
            match step.act {
                Move::Heading => section = Some((block, label.kind != Kind::Month)),
                // A wide gap under a heading says that another heading, the true one, was lost there; unless the item
                // below lost its mark, and so made the gap.
                Move::Start if step.under_heading() && self.evidence.lost_above(block) => section = None,
                Move::Noise => match label.kind {
                    Kind::Date(_) => faults.push(fault(block.line, STRAY, block.text)),
                    Kind::CutDate => faults.push(fault(block.line, CUT_DATE, block.text)),
                    _ => {}
                },
                _ => {}
            }
            if step.act == Move::Start {
                open = Some(Open::new(block, section, owners.len()));
            }
            if let (Some(open), Some(place)) = (&mut open, step.place().and_then(|place| layout.places.get(place))) {
                open.fill(place.field, block, self);
            }
            if explaining {
                owners.push(None);
            }
        }
        self.close(open.take(), true, &mut drafts, &mut faults, &mut owners);
        faults.sort_by_key(|fault| fault.line);
        let blocks = if explaining { self.explain(layout, reading, &owners) } else { Vec::new() };
        (judge(layout, reading, drafts, faults), blocks)
    }

    /// Makes a draft of the item that ends here, or a fault.
    fn close(
        &self,
        open: Option<Open<'t>>,
        at_end: bool,
        drafts: &mut Vec<Draft<'t>>,
        faults: &mut Vec<Fault>,
        owners: &mut [Option<usize>],
    ) {
        let Some(open) = open else { return };
        let Some(title) = open.title else {
            let date = open.date.as_ref().map(Printed::raw);
            let text = date.or(open.summary.as_deref()).or(open.credit).unwrap_or_default();
            faults.push(fault(open.line, "an item without a title", text));
            return;
        };
        let cut = at_end && self.page.cut;
        if cut && open.last_field == Field::Title {
            faults.push(fault(open.line, "the file is cut behind this title", &title));
            return;
        }
        let date = open.date.map(|printed| {
            let (read, trouble) = printed.settle(self.settled);
            faults.extend(open.date_line.zip(trouble).map(|(line, reason)| fault(line, reason, printed.raw())));
            read
        });
        for owner in owners.iter_mut().skip(open.first_block) {
            *owner = Some(drafts.len());
        }
        let ends_file = self.page.blocks.last().is_some_and(|block| block.last_line == open.last_line);
        let last_text = open.summary.as_deref().filter(|_| open.last_field == Field::Summary);
        let broken_off = last_text.is_some_and(|text| !ends_sentence(text, &['.', '!', '?', '…', '。', '！', '？']));
        drafts.push(Draft {
            id: None,
            link: open.link.map(Cow::Borrowed),
            title,
            date,
            summary: open.summary,
            credit: open.credit.map(Cow::Borrowed),
            kicker: open.kicker.or_else(|| open.date.and_then(|printed| printed.kicker.map(Cow::Borrowed))),
            topic: open.section.clone().filter(|_| open.names_a_topic),
            section: open.section,
            number: open.number,
            line: open.line,
            last_line: open.last_line,
            truncated: cut && ends_file && broken_off,
        });
    }

    fn explain(&self, layout: &Layout, reading: &Reading, owners: &[Option<usize>]) -> Vec<BlockUse<'t>> {
        let prices = self.prices(layout);
        let blocks = self.page.blocks.iter().zip(&self.labels).zip(&reading.steps).zip(owners).enumerate();
        blocks
            .map(|(at, (((block, label), step), owner))| {
                let field = step.place().and_then(|place| layout.places.get(place)).map(|place| place.field);
                BlockUse {
                    line: block.line,
                    label: match (field, step.act) {
                        (Some(field), _) => field.name(),
                        (None, Move::Heading) => "heading",
                        (None, _) => "noise",
                    },
                    item: owner.filter(|_| field.is_some()),
                    cost: prices.cost(at, *step),
                    text: joined(block),
                    reason: why_unused(label, *step, owner.is_some()),
                    from: None,
                }
            })
            .collect()
    }
}

const STRAY: &str = "a date without a title";
const CUT_DATE: &str = "the file is cut in this date, or may be";

/// Why a block is in no draft; `None` when it is, or heads some.
fn why_unused(label: &Label, step: Step, owned: bool) -> Option<&'static str> {
    match (step.act, label.kind) {
        (Move::Heading, _) => None,
        (Move::In | Move::Start, _) => (!owned).then_some("belongs to an item that was not taken"),
        (Move::Noise, Kind::Date(_)) => Some(STRAY),
        (Move::Noise, Kind::CutDate) => Some(CUT_DATE),
        (Move::Noise, Kind::Furniture) => Some("furniture"),
        (Move::Noise, Kind::Credit) => Some("a photo line without an item"),
        (Move::Noise, Kind::Month | Kind::Row | Kind::Text) => Some("no part of an item"),
    }
}

/// An item while its blocks are gathered.
struct Open<'t> {
    title: Option<Cow<'t, str>>,
    date: Option<Printed<'t>>,
    date_line: Option<u32>,
    summary: Option<Cow<'t, str>>,
    credit: Option<&'t str>,
    kicker: Option<Cow<'t, str>>,
    link: Option<&'t str>,
    section: Option<Cow<'t, str>>,
    /// The section is a part of the page, not a time.
    names_a_topic: bool,
    number: Option<u32>,
    line: u32,
    last_line: u32,
    last_field: Field,
    first_block: usize,
}

impl<'t> Open<'t> {
    fn new(block: &Block<'t>, section: Option<(&Block<'t>, bool)>, first_block: usize) -> Self {
        let number = if let Mark::Number(number) = block.mark { number } else { None };
        Self {
            title: None,
            date: None,
            date_line: None,
            summary: None,
            credit: None,
            kicker: None,
            link: None,
            section: section.map(|(block, _)| joined(block)),
            names_a_topic: section.is_some_and(|(_, names_a_topic)| names_a_topic),
            number,
            line: block.line,
            last_line: block.last_line,
            last_field: Field::Title,
            first_block,
        }
    }

    fn fill(&mut self, field: Field, block: &Block<'t>, look: &Look<'t>) {
        self.last_line = block.last_line;
        self.last_field = field;
        match field {
            Field::Title => (self.title, self.link) = (Some(joined(block)), block.link()),
            Field::Kicker => self.kicker = Some(joined(block)),
            Field::Credit => self.credit = credit(block.text, look.lexicon),
            Field::Date => (self.date, self.date_line) = (look.date(block).copied(), Some(block.line)),
            Field::Summary => {
                let more = joined(block);
                self.summary = Some(match self.summary.take() {
                    None => more,
                    Some(summary) => Cow::Owned(summary.into_owned() + " " + &more),
                });
            }
        }
    }
}

/// Decides whether the file is taken at all.
fn judge<'t>(layout: &'static Layout, reading: &Reading, drafts: Vec<Draft<'t>>, faults: Vec<Fault>) -> Scrape<'t> {
    let dated = drafts.iter().any(|draft| draft.date.is_some());
    let why = if drafts.is_empty() {
        Some("no item was found".to_owned())
    } else if layout.has(Field::Date) && !dated {
        Some("no item has a date, though the layout has one".to_owned())
    } else if reading.confidence < REFUSED_BELOW {
        Some(format!("the layout explains too little of the file (confidence {:.2})", reading.confidence))
    } else if reading.score < 0.0 {
        Some("the layout contradicts the file".to_owned())
    } else if drafts.len() == 1 && !(dated && reading.score >= 0.5) {
        Some("a single item is no list".to_owned())
    } else {
        None
    };
    if let Some(why) = why {
        return refused(layout.name, reading.confidence, faults, why);
    }
    let own = drafts.iter().filter_map(|draft| draft.date.as_ref()).filter(|date| !date.year_inferred);
    let newest = own.filter_map(|date| date.day).max();
    Scrape {
        layout: Cow::Borrowed(layout.name),
        confidence: reading.confidence,
        drafts,
        faults,
        refused: None,
        newest,
        language: None,
    }
}

pub(super) fn fault(line: u32, reason: &str, text: &str) -> Fault {
    let mut short: String = text.chars().take(FAULT_LETTERS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Fault { line, reason: reason.to_owned(), text: short }
}
