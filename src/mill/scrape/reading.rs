//! How a page is read: what each layout makes of it, which one is taken, and what it says then.
//!
//! A [`look`] at the page is what the layouts have in common, [`preferred`] the choice among what they make of it.
//! [`mod@tell`] says it in drafts, item by item ([`open`]), and [`mod@judge`] whether it is taken, or no list of
//! announcements ([`prose`]).

mod judge;
mod look;
mod open;
mod preferred;
mod prose;
mod tell;

use self::judge::{judge, refused};
use self::look::Look;
use self::preferred::{TIED, likeliest_first, rival, slack};
use self::tell::{tell, uses};
use super::blocks::{Unit, has_blank_line};
use super::evidence::Marking;
use super::language::{Choice, choose};
use super::layout::{Layout, candidates, pair};
use super::parted;
use super::path::Reading;
use super::rendition::Note;
use super::shape::is_wrapped;
use super::{BlockUse, Fault, Scrape, Terms};

/// Longer texts are shortened to this many letters where they are quoted: in a fault, in where a field stood.
const FAULT_LETTERS: usize = 80;

/// A layout with the reading of the file by it; `look` says which of the looks it read.
struct Explanation<'l> {
    layout: &'l Layout,
    look: usize,
    reading: Reading,
}

/// A file, or a part of one that is read by itself.
#[derive(Clone, Copy)]
pub(super) struct Half<'t> {
    pub(super) text: &'t str,
    /// What is said of its lines.
    pub(super) notes: &'t [Note],
    /// So many lines of the file stand before it.
    pub(super) before: u32,
}

/// What a file or a part of it says, and what that cost.
pub(super) struct Told<'t> {
    pub(super) scrape: Scrape<'t>,
    pub(super) blocks: Vec<BlockUse<'t>>,
    pub(super) score: f64,
    pub(super) blocks_read: usize,
    /// The lines above which a second list may begin.
    pub(super) cuts: Vec<u32>,
}

/// How a file is read: the same for all of its parts.
#[derive(Clone, Copy)]
struct How<'h> {
    terms: &'h Terms,
    choice: &'h Choice,
    explaining: bool,
}

/// Reads `text`, of whose lines `notes` say more; with `explaining`, says of each block what became of it.
pub(super) fn read<'t>(
    text: &'t str,
    notes: &'t [Note],
    terms: &Terms,
    explaining: bool,
) -> (Scrape<'t>, Vec<BlockUse<'t>>) {
    let choice = choose(terms.language.as_deref(), text);
    let how = How { terms, choice: &choice, explaining };
    let pair = pair(terms.layout.as_deref(), &terms.layouts);
    let layouts = match pair {
        Some((first, second)) => vec![first, second],
        None => candidates(terms.layout.as_deref(), &terms.layouts),
    };
    let whole = Half { text, notes, before: 0 };
    let told = how.read(whole, &layouts, layouts.len() > 1);
    let (first, second) = pair.map_or((layouts.clone(), layouts), |(first, second)| (vec![first], vec![second]));
    let parted = told.cuts.iter().filter_map(|line| {
        let (above, below) = parted::halves(whole, *line);
        let (above, below) = (how.read(above, &first, false), how.read(below, &second, false));
        parted::joined(&told, above, below, *line, pair.is_some())
    });
    // Of equals the first cut is taken.
    let best = parted.fold(None, |best: Option<Told<'_>>, next| match best {
        Some(best) if best.score >= next.score => Some(best),
        _ => Some(next),
    });
    let told = best.unwrap_or(told);
    (Scrape { language: choice.tag, ..told.scrape }, told.blocks)
}

impl<'h> How<'h> {
    /// Reads `half` by the best of `layouts`; with `seeking`, says where a second list may begin.
    fn read<'t>(self, half: Half<'t>, layouts: &[&Layout], seeking: bool) -> Told<'t> {
        let mut looks = Looks::at(half, self);
        let mut found = explanations(&mut looks, layouts);
        let looks = looks.all;
        likeliest_first(&mut found, &looks);
        let Some((first, others)) = found.split_first() else { return Told::nothing() };
        let Some(look) = looks.get(first.look) else { return Told::nothing() };
        let mut steps = look.tidied(first);
        let mut tale = tell(look, first.layout, &steps);
        if look.leave_out_own_day(&tale.drafts, &mut steps) {
            tale = tell(look, first.layout, &steps);
        }
        let blocks = if self.explaining { uses(look, first, &steps, &tale) } else { Vec::new() };
        let scrape = Scrape { rival: rival(first, others, &looks), ..judge(look, first, &steps, tale) };
        let (score, blocks_read) = (first.reading.score, first.reading.steps.len());
        let mut told = Told { scrape, blocks, score, blocks_read, cuts: Vec::new() };
        if seeking && (parted::may_be(&told) || self.terms.layout.is_some()) {
            for look in &looks {
                look.cuts(layouts, &mut told.cuts);
            }
        }
        told
    }
}

/// What the layouts make of a page, the best first. What explains much less of it than another is not among them.
fn explanations<'l>(looks: &mut Looks<'_, '_>, layouts: &[&'l Layout]) -> Vec<Explanation<'l>> {
    let mut found: Vec<Explanation<'_>> = Vec::new();
    let mut best: Option<f64> = None;
    for unit in [Unit::Run, Unit::Line] {
        let is_needless = looks.turn_to(unit, layouts);
        for layout in layouts.iter().copied().filter(|layout| layout.reads_by(unit)) {
            if is_needless && layout.reads_by(Unit::Run) && layout.reads_by(Unit::Line) {
                continue;
            }
            let at = looks.of(layout, unit);
            let Some(look) = looks.all.get(at).filter(|look| layouts.len() < 2 || look.may_have(layout)) else {
                continue;
            };
            let prices = look.prices(layout);
            let most = best.map_or(u64::MAX >> 16, |best| prices.most(best - slack(look.page.blocks.len())));
            let Some(reading) = prices.read(most) else { continue };
            // Of equals the first stays: the order of the list is that of preference.
            if best.is_none_or(|best| reading.score > best + TIED) {
                best = Some(reading.score);
                found.insert(0, Explanation { layout, look: at, reading });
            } else {
                found.push(Explanation { layout, look: at, reading });
            }
        }
    }
    found
}

/// The looks that layouts read: at the blocks of a page, if need be at its lines, and once more for each layout with
/// patterns of its own.
struct Looks<'t, 'h> {
    half: Half<'t>,
    how: How<'h>,
    all: Vec<Look<'t, 'h>>,
    /// The look of all that have no patterns.
    shared: Option<usize>,
    /// The lines, where they were asked before their turn.
    lines: Option<Look<'t, 'h>>,
}

impl<'t, 'h> Looks<'t, 'h> {
    fn at(half: Half<'t>, how: How<'h>) -> Self {
        Self { half, how, all: Vec::new(), shared: None, lines: None }
    }

    /// Turns to the next unit. Whether what can be read by either need not be read by this one.
    fn turn_to(&mut self, unit: Unit, layouts: &[&Layout]) -> bool {
        // Where no block has more than one line both units are the same.
        let is_single = |look: &Look<'_, '_>| !look.page.blocks.iter().any(|block| block.folded);
        let is_same = self.shared.and_then(|at| self.all.get(at)).is_some_and(is_single);
        self.shared = self.shared.filter(|_| is_same);
        match unit {
            Unit::Run => !(has_blank_line(self.half.text) || self.marks_wrapped_items(layouts)),
            Unit::Line => is_same,
        }
    }

    /// Whether the lines are wrapped, and marks part the items: then there are runs, though no line is blank.
    fn marks_wrapped_items(&mut self, layouts: &[&Layout]) -> bool {
        let Some(layout) = layouts.iter().find(|layout| !layout.has_patterns()) else { return false };
        if !is_wrapped(self.half.text) {
            return false;
        }
        let lines = self.lines.get_or_insert_with(|| Look::at(self.half, Unit::Line, layout, self.how));
        !matches!(lines.evidence.marking, Marking::None | Marking::Clocks)
    }

    /// Which look `layout` reads.
    fn of(&mut self, layout: &Layout, unit: Unit) -> usize {
        let is_shared = !layout.has_patterns();
        if let Some(at) = self.shared.filter(|_| is_shared) {
            return at;
        }
        let look = if is_shared { self.shared_look(unit, layout) } else { Look::at(self.half, unit, layout, self.how) };
        self.all.push(look);
        let at = self.all.len() - 1;
        self.shared = self.shared.or(Some(at).filter(|_| is_shared));
        at
    }

    /// The look of `layout`, which has no patterns. Runs that lump what is said in several lines together may hide on
    /// which side of the items the days stand; then the lines tell.
    fn shared_look(&mut self, unit: Unit, layout: &Layout) -> Look<'t, 'h> {
        let at = |unit| Look::at(self.half, unit, layout, self.how);
        if unit == Unit::Line {
            return self.lines.take().unwrap_or_else(|| at(unit));
        }
        let mut look = at(unit);
        if look.side.is_none() && look.lumps_lines() {
            let lines = at(Unit::Line);
            look.side = lines.side.filter(|_| lines.page.dates.len() == look.page.dates.len());
            self.lines = Some(lines);
        }
        look
    }
}

impl Told<'_> {
    fn nothing() -> Self {
        let scrape = refused("".into(), 0.0, Vec::new(), "no item was found".to_owned());
        Self { scrape, blocks: Vec::new(), score: 0.0, blocks_read: 0, cuts: Vec::new() }
    }
}

pub(super) fn fault(line: u32, reason: &str, text: &str) -> Fault {
    Fault { line, reason: reason.to_owned(), text: shortened(text) }
}

/// `text` as it is quoted to people.
pub(super) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(FAULT_LETTERS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
