//! From the chosen path to what the file says: drafts, faults, and why a file is refused.

mod open;
mod preferred;
mod prose;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use regex::Regex;

use self::open::Open;
use self::preferred::{TIED, likeliest_first, rival, slack};
use super::blocks::{Block, Mark, Page, Unit, has_blank_line, joined, split_by};
use super::date::{self, Printed, Settled, Span, inline};
use super::evidence::{Evidence, Marking};
use super::furniture::states_a_figure;
use super::label::{Kind, Label, label};
use super::language::{Choice, Lexicon, choose};
use super::layout::{Field, Layout, candidates, pair};
use super::parted;
use super::path::{Move, Prices, Reading, Step};
use super::rendition::Note;
use super::repeated;
use super::shape::{ends_sentence, is_brief, is_short};
use super::side::Side;
use super::tidy::{SEVERAL, tidy};
use super::{BlockUse, Cut, DateRead, Draft, Fault, REFUSED_BELOW, Scrape, Terms};

/// Longer texts are shortened to this many letters where they are quoted: in a fault, in where a field stood.
const FAULT_LETTERS: usize = 80;

/// So many rows and cells are enough to tell in which column the titles stand.
const MOST_ROWS: usize = 200;
const MOST_CELLS: usize = 32;

/// A single item without a list number is taken for a list of one when nearly all of the page is explained by it: an
/// article has a title and a date, too, but no number.
const LONE: f64 = 0.9;

/// What has more bytes names no part of a page, though the page says that it is a heading.
const LONGEST_SECTION: usize = 1000;

/// Two items are taken when they explain so much of the page.
const FEW: f64 = 0.3;

/// Longer sentences are no titles.
const PARAGRAPH: usize = 100;

/// A file taken apart and labelled: what all layouts that read by the same unit share.
struct Look<'t, 'c> {
    page: Page<'t>,
    labels: Vec<Label>,
    evidence: Evidence,
    /// Where the days stand, if the page shows it.
    side: Option<Side>,
    settled: Settled,
    choice: &'c Choice,
    /// The layout was not chosen among several.
    named: bool,
}

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

impl How<'_> {
    /// Reads `half` by the best of `layouts`; with `seeking`, says where a second list may begin.
    fn read<'t>(self, half: Half<'t>, layouts: &[&Layout], seeking: bool) -> Told<'t> {
        let open = layouts.len() > 1;
        // The file taken apart by blocks, if need be by lines, and once more for each layout with patterns of its own.
        let mut looks: Vec<Look<'t, '_>> = Vec::new();
        let mut found: Vec<Explanation<'_>> = Vec::new();
        let mut best: Option<f64> = None;
        let mut shared = None;
        // Where no line is blank none parts the runs.
        let is_parted = has_blank_line(half.text);
        for unit in [Unit::Run, Unit::Line] {
            // Where no block has more than one line both units are the same.
            let single = |at: &usize| looks.get(*at).is_some_and(|look| !look.page.blocks.iter().any(|it| it.folded));
            let same = unit == Unit::Line && shared.as_ref().is_some_and(single);
            if !same {
                shared = None;
            }
            for layout in layouts.iter().copied().filter(|layout| layout.reads_by(unit)) {
                let needless = if unit == Unit::Run { !is_parted } else { same };
                if needless && layout.reads_by(Unit::Run) && layout.reads_by(Unit::Line) {
                    continue;
                }
                let at = match shared.filter(|_| !layout.has_patterns()) {
                    Some(at) => at,
                    None => {
                        looks.push(Look::at(half, unit, layout, self.terms, self.choice));
                        let at = looks.len() - 1;
                        if !layout.has_patterns() {
                            shared = Some(at);
                        }
                        at
                    }
                };
                let Some(look) = looks.get(at) else { continue };
                if open && !look.may_have(layout) {
                    continue;
                }
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
        likeliest_first(&mut found, &looks);
        let Some((first, others)) = found.split_first_mut() else {
            return Told::nothing();
        };
        let Some(look) = looks.get(first.look) else { return Told::nothing() };
        let rival = rival(first, others, &looks);
        let mut steps = look.tidied(first);
        let (mut scrape, mut blocks) = look.tell(first, &steps, self.explaining);
        if look.leave_out_own_day(&scrape.drafts, &mut steps) {
            (scrape, blocks) = look.tell(first, &steps, self.explaining);
        }
        let scrape = Scrape { rival, ..scrape };
        let mut told = Told {
            scrape,
            blocks,
            score: first.reading.score,
            blocks_read: first.reading.steps.len(),
            cuts: Vec::new(),
        };
        if seeking && (parted::may_be(&told) || self.terms.layout.is_some()) {
            for look in &looks {
                look.cuts(layouts, &mut told.cuts);
            }
        }
        told
    }
}

impl Told<'_> {
    fn nothing() -> Self {
        let scrape = refused("".into(), 0.0, Vec::new(), "no item was found".to_owned());
        Self { scrape, blocks: Vec::new(), score: 0.0, blocks_read: 0, cuts: Vec::new() }
    }
}

/// The last line above, and the lines, of a last draft that is the day of the page itself, below the list: a few words above a day that is no
/// older than the newest item, where the others run down to the oldest. Each look at the page would make a new item of
/// it.
fn own_day(drafts: &[Draft<'_>]) -> Option<(u32, RangeInclusive<u32>)> {
    let day = |draft: &Draft<'_>| draft.date.as_ref().and_then(|date| date.day);
    let (last, list) = drafts.split_last()?;
    let days = list.iter().map(day).collect::<Option<Vec<_>>>()?;
    let (newest, oldest) = (days.first()?, days.last()?);
    let is_bare = last.summary.is_none() && last.number.is_none() && is_short(&last.title);
    let is_own = list.len() >= SEVERAL && newest > oldest && days.is_sorted_by(|a, b| a >= b) && day(last)? >= *newest;
    (is_bare && is_own).then_some((list.last()?.last_line, last.line..=last.last_line))
}

fn refused(layout: Cow<'_, str>, confidence: f64, faults: Vec<Fault>, why: String) -> Scrape<'_> {
    Scrape {
        layout,
        confidence,
        drafts: Vec::new(),
        faults,
        refused: Some(why),
        newest: None,
        language: None,
        rival: None,
    }
}

impl<'t, 'c> Look<'t, 'c> {
    fn at(half: Half<'t>, unit: Unit, layout: &Layout, terms: &Terms, choice: &'c Choice) -> Self {
        let lexicon = choice.lexicon;
        let mut page = split_by(half.text, half.before, half.notes, unit, lexicon, layout.marker.as_ref());
        repeated::bare_dates(&mut page, lexicon);
        repeated::dates_with_category(&mut page, lexicon);
        repeated::days_of_years(&mut page, lexicon);
        date::dispute(&mut page.dates, choice);
        // Dates that share their lines with texts settle the order of numbers where there are no others.
        let settled = match page.dates.len() {
            0 | 1 => Settled::of(&inner_dates(&page, lexicon), terms),
            _ => Settled::of(&page.dates, terms),
        };
        let settled = settled.or_shown(&page.dates, page.blocks.iter().map(|block| block.text));
        let mut labels = label(&page, settled, lexicon);
        repeated::fields(&page, &mut labels);
        repeated::fields_below_names(&page, &mut labels);
        repeated::kickers(&page, &mut labels);
        // A layout that is named says where the days stand.
        let side = if terms.layout.is_none() { Side::of(&page, &mut labels) } else { None };
        for (label, block) in labels.iter_mut().zip(&page.blocks) {
            let matches = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|it| it.is_match(block.text));
            if matches(&layout.noise) {
                label.kind = Kind::Noise;
            } else if matches(&layout.kicker) {
                label.kind = Kind::Kicker;
            }
        }
        // A counter is no item, whatever sign stands before it.
        for (block, label) in page.blocks.iter_mut().zip(&labels) {
            if block.mark == Mark::Bullet && label.kind == Kind::Furniture {
                block.mark = Mark::None;
            }
        }
        let few = page.dates.len() < 2;
        let inner = |at: usize| {
            let label = labels.get(at);
            few && label.is_some_and(|it| it.glued.or(it.end_dated).is_some() || it.kind == Kind::Row)
        };
        let evidence = Evidence::of(&page, &labels, &|at, block| block.date.is_some() || inner(at));
        if evidence.marking != Marking::Clocks {
            // Times of day that tell no items apart are text.
            let clocks = page.blocks.iter_mut().filter(|block| block.mark == Mark::Clock);
            clocks.for_each(|block| {
                block.leave_clock();
                block.mark = Mark::None;
            });
        }
        Self { page, labels, evidence, side, settled, choice, named: terms.layout.is_some() }
    }

    fn prices<'a>(&'a self, layout: &'a Layout) -> Prices<'a, 't> {
        Prices::new(layout, self.evidence, &self.page, &self.labels)
    }

    /// Whether the page has at all what the layout's items need. Spares most layouts on most pages.
    fn may_have(&self, layout: &Layout) -> bool {
        if self.side.is_some_and(|side| !side.allows(layout)) {
            return false;
        }
        let dates = self.page.dates.len();
        let several =
            |test: &dyn Fn(&Label) -> bool| self.labels.iter().filter(|label| test(label)).take(2).count() > 1;
        if layout.has(Field::Glued) {
            several(&|label| label.glued.is_some())
        } else if layout.has(Field::EndDated) {
            several(&|label| label.end_dated.is_some())
        } else if layout.has(Field::Row) {
            several(&|label| label.kind == Kind::Row || (label.piped && matches!(label.kind, Kind::Date(_))))
        } else if layout.is_dated() {
            dates > 0
                || (layout.has(Field::Date) && several(&|label| label.named))
                || (layout.has(Field::Date) && several(&|label| label.kind == Kind::Row))
        } else {
            let inner = |label: &&Label| label.end_dated.is_some() || label.kind == Kind::Row;
            dates + self.labels.iter().filter(inner).take(2).count() < 2
        }
    }

    /// The lines above which the page may be cut in two.
    fn cuts(&self, layouts: &[&Layout], cuts: &mut Vec<u32>) {
        let layouts = layouts.iter().filter(|layout| self.may_have(layout) && !layout.has_patterns());
        let prices: Vec<_> = layouts.map(|layout| self.prices(layout)).collect();
        parted::cuts(&self.page.blocks, &self.labels, &prices, cuts);
    }

    /// The steps of an explanation, mended.
    fn tidied(&self, explanation: &Explanation<'_>) -> Vec<Step> {
        let mut steps = explanation.reading.steps.clone();
        tidy(explanation.layout, self.evidence, &self.page.blocks, &self.labels, &mut steps);
        steps
    }

    /// Leaves the page's own day out of the steps, where these drafts end with it and no heading makes it a list of its
    /// own. Whether it was there.
    fn leave_out_own_day(&self, drafts: &[Draft<'_>], steps: &mut [Step]) -> bool {
        let Some((above, own)) = own_day(drafts).filter(|_| !self.evidence.cut) else { return false };
        let blocks = || self.page.blocks.iter().enumerate();
        let heads = |(at, block): (usize, &Block<'_>)| {
            (above..*own.start()).contains(&block.line) && steps.get(at).is_some_and(|step| step.act == Move::Heading)
        };
        if blocks().any(heads) {
            return false;
        }
        blocks().filter(|(_, block)| own.contains(&block.line)).for_each(|(at, _)| Step::leave_out(steps, at));
        true
    }

    /// Which items these steps read: the lines of their titles and dates.
    fn items(&self, layout: &Layout, steps: &[Step]) -> Vec<(u32, u32)> {
        let mut items: Vec<(u32, u32)> = Vec::new();
        let mut day = 0;
        for (block, step) in self.page.blocks.iter().zip(steps) {
            if step.act == Move::Heading && block.date.is_some() {
                day = block.line;
            }
            if step.act == Move::Start {
                items.push((0, day));
            }
            let field = step.field(layout);
            let (Some(field), Some(item)) = (field, items.last_mut()) else { continue };
            match field {
                Field::Title => item.0 = block.line,
                Field::Date => item.1 = block.line,
                Field::Glued if layout.has(Field::Title) => item.1 = block.line,
                Field::Glued | Field::EndDated | Field::Row => *item = (block.line, block.line),
                _ => {}
            }
        }
        items.retain(|(title, _)| *title > 0);
        items
    }

    /// Whether a day that is a heading is printed as one again, with items but no other heading between.
    fn heads_twice(&self, steps: &[Step]) -> bool {
        let (mut day, mut has_items) = (None, false);
        for (block, step) in self.page.blocks.iter().zip(steps) {
            has_items |= step.act == Move::Start;
            if step.act != Move::Heading {
                continue;
            }
            let this = block.date.is_some().then_some(block.text);
            if has_items && this.is_some() && this == day {
                return true;
            }
            (day, has_items) = (this, false);
        }
        false
    }

    fn date(&self, block: &Block<'t>) -> Option<&Printed<'t>> {
        self.page.dates.get(usize::try_from(block.date?).ok()?)
    }

    /// A date as a draft has it, and why it has no day if so. A year that it lacks may stand in the heading above.
    fn settle(&self, printed: Printed<'t>, span: Option<Span>) -> (DateRead<'t>, Option<&'static str>) {
        match span.and_then(|span| printed.below(span)).map(|dated| dated.settle(self.settled)) {
            Some((read, None)) => (DateRead { inherited: true, ..read }, None),
            _ => printed.settle(self.settled),
        }
    }

    /// Turns a reading into what the file says.
    fn tell(&self, explanation: &Explanation<'_>, steps: &[Step], explaining: bool) -> (Scrape<'t>, Vec<BlockUse<'t>>) {
        let Explanation { layout, reading, .. } = explanation;
        let mut drafts = Vec::with_capacity(self.page.dates.len() + 1);
        let mut faults = Vec::new();
        // For each block the draft it went into, if any.
        let mut owners: Vec<Option<usize>> = Vec::new();
        let mut section = None;
        let mut span = None;
        let mut day: Option<DateRead<'t>> = None;
        let titles = if layout.has(Field::Row) { self.title_column() } else { 0 };
        let poured = self.poured_title(layout, steps);
        let mut open: Option<Open<'t>> = None;
        for (at, ((block, label), step)) in self.page.blocks.iter().zip(&self.labels).zip(steps).enumerate() {
            let block = poured.as_ref().filter(|(title, _)| *title == at).map_or(block, |(_, last_line)| last_line);
            if matches!(step.act, Move::Heading | Move::Start) {
                self.close(open.take(), false, &mut drafts, &mut faults, &mut owners);
            }
            match step.act {
                // A day heads the items below it, and is no part of the page.
                Move::Heading if matches!(label.kind, Kind::Date(_)) => {
                    let (read, trouble) = self.date(block).map(|printed| self.settle(*printed, span)).unzip();
                    faults.extend(trouble.flatten().map(|reason| fault(block.line, reason, block.text)));
                    day = read.map(|read| DateRead { inherited: true, ..read });
                }
                // The page's own name is no part of it.
                Move::Heading if self.evidence.is_page_title(block) => section = None,
                Move::Heading => {
                    // Each item below it repeats it: what no heading is as long as would fill the memory.
                    let names = block.text.len() <= LONGEST_SECTION;
                    section = names.then_some((block, label.kind != Kind::Month && !states_a_figure(block.text)));
                    span = Span::of(block.text, self.choice.lexicon).or(span);
                }
                // A wide gap under a heading says that another heading, the true one, was lost there; unless the item
                // below lost its mark, and so made the gap.
                Move::Start if step.under_heading() && self.evidence.lost_above(block) => {
                    (section, span) = (None, None);
                }
                Move::Noise => match label.kind {
                    // What stands between a heading and the list says that it heads more than the list.
                    Kind::Text if drafts.is_empty() && open.is_none() && !has_cells(block, label) => section = None,
                    Kind::Date(_) => faults.push(fault(block.line, STRAY, block.text)),
                    Kind::CutDate => faults.push(fault(block.line, CUT_DATE, block.text)),
                    _ => {}
                },
                _ => {}
            }
            if step.act == Move::Start {
                open = Some(Open::new(block, (section, span), day.clone(), owners.len()));
            }
            if let (Some(open), Some(field)) = (&mut open, step.field(layout)) {
                match field {
                    Field::Glued => open.glued(block, layout.has(Field::Title), self),
                    Field::EndDated => open.end_dated(block, self),
                    Field::Row => open.row(block, titles, self),
                    field => open.fill(field, block, self),
                }
            }
            if explaining {
                owners.push(None);
            }
        }
        self.close(open.take(), true, &mut drafts, &mut faults, &mut owners);
        faults.sort_by_key(|fault| fault.line);
        let blocks = if explaining { self.explain(layout, reading, steps, &owners) } else { Vec::new() };
        let doubt = if self.named { None } else { prose::doubt(self, layout, steps) };
        (judge(layout, reading, self.named, doubt, drafts, faults), blocks)
    }

    /// The first title and its last line, where lines that stand above the list without a blank line between have poured
    /// into it: it has several that were not wrapped, and the other titles one each.
    fn poured_title(&self, layout: &Layout, steps: &[Step]) -> Option<(usize, Block<'t>)> {
        let is_title = |step: &Step| step.field(layout) == Some(Field::Title);
        let mut titles = steps.iter().enumerate().filter(|(_, step)| is_title(step)).map(|(at, _)| at);
        let first = titles.next()?;
        let is_folded = |at: usize| self.page.blocks.get(at).is_some_and(|block| block.folded);
        if !self.labels.get(first)?.broken || titles.clone().any(is_folded) || titles.count() + 1 < SEVERAL {
            return None;
        }
        let block = self.page.blocks.get(first)?;
        let lines = || block.text.lines().map(str::trim).filter(|line| !line.is_empty());
        let above = lines().count().checked_sub(1)?;
        lines().take(above).all(is_short).then(|| (first, block.last_line()))
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
        let is_title_cut = cut && open.last_field == Field::Title;
        if is_title_cut {
            faults.push(fault(open.line, "the file is cut behind this title", &title));
        }
        let date = open.date.map(|printed| {
            let (read, trouble) = self.settle(printed, open.span);
            faults.extend(open.date_line.zip(trouble).map(|(line, reason)| fault(line, reason, printed.raw())));
            read
        });
        let date = date.or(open.day);
        let date = date.map(|date| DateRead { time: date.time.or(open.time), ..date });
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
            truncated: match is_title_cut {
                true => Some(Cut::Title),
                false => (cut && ends_file && broken_off).then_some(Cut::Summary),
            },
        });
    }

    /// The column of a table in which its titles stand: of those that hold letters the first whose cells differ and are
    /// not much shorter than the longest.
    fn title_column(&self) -> usize {
        let mut columns: Vec<(usize, BTreeSet<&str>)> = Vec::new();
        let is_row = |label: &Label| label.kind == Kind::Row || (label.piped && matches!(label.kind, Kind::Date(_)));
        let rows = self.page.blocks.iter().zip(&self.labels).filter(|(_, label)| is_row(label));
        for (block, _) in rows.take(MOST_ROWS) {
            for (at, cell) in cells(block.text).take(MOST_CELLS).enumerate() {
                if columns.len() <= at {
                    columns.push((0, BTreeSet::new()));
                }
                let is_text = cell.chars().any(char::is_alphabetic);
                if let Some((letters, seen)) = columns.get_mut(at)
                    && is_text
                    && date::whole(cell, self.choice.lexicon).is_none()
                    && seen.insert(cell)
                {
                    *letters += cell.chars().take(80).count();
                }
            }
        }
        let most = columns.iter().map(|(letters, _)| *letters).max().unwrap_or(0);
        columns.iter().position(|(letters, _)| letters * 2 > most).unwrap_or(0)
    }

    /// What became of each block by `steps`; what it cost is what the path paid.
    fn explain(
        &self,
        layout: &Layout,
        reading: &Reading,
        steps: &[Step],
        owners: &[Option<usize>],
    ) -> Vec<BlockUse<'t>> {
        let prices = self.prices(layout);
        let blocks =
            self.page.blocks.iter().zip(&self.labels).zip(steps.iter().zip(&reading.steps)).zip(owners).enumerate();
        blocks
            .map(|(at, (((block, label), (step, paid)), owner))| {
                let field = step.field(layout);
                BlockUse {
                    line: block.line,
                    label: match (field, step.act) {
                        (Some(field), _) => field.name(),
                        (None, Move::Heading) => "heading",
                        (None, _) => "noise",
                    },
                    item: owner.filter(|_| field.is_some()),
                    cost: prices.cost(at, *paid),
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
        (Move::Noise, Kind::Noise) => Some("noise, as the layout says"),
        (Move::Noise, Kind::Menu) => Some("a menu"),
        (Move::Noise, Kind::Month | Kind::Row | Kind::Text | Kind::Kicker) => Some("no part of an item"),
    }
}

/// Decides whether the file is taken at all.
fn judge<'t>(
    layout: &Layout,
    reading: &Reading,
    named: bool,
    doubt: Option<&str>,
    mut drafts: Vec<Draft<'t>>,
    faults: Vec<Fault>,
) -> Scrape<'t> {
    // Half a title says nothing for the others, nor against them.
    let cut_in_title = drafts.pop_if(|draft| draft.truncated == Some(Cut::Title));
    let numbered = drafts.iter().any(|draft| draft.number.is_some());
    let dated = drafts.iter().any(|draft| draft.date.is_some());
    let why = if drafts.is_empty() {
        Some("no item was found".to_owned())
    } else if layout.is_dated() && !dated {
        Some("no item has a date, though the layout has one".to_owned())
    } else if reading.confidence < REFUSED_BELOW {
        Some(format!("the layout explains too little of the file (confidence {:.2})", reading.confidence))
    } else if reading.score < 0.0 {
        Some("the layout contradicts the file".to_owned())
    } else if drafts.len() == 1 && !(dated && reading.score >= 0.5) {
        Some("a single item is no list".to_owned())
    } else if drafts.len() == 1 && !named && !numbered && reading.score < LONE {
        Some("a single item is a list only where the layout is named".to_owned())
    } else {
        None
    };
    let why = why.or_else(|| {
        // Of a word or two each, with nothing to say of any: a menu.
        let is_bare = |draft: &Draft<'_>| draft.summary.is_none() && draft.date.is_none() && is_brief(&draft.title);
        let menu = !named && drafts.iter().filter(|draft| is_bare(draft)).count() * 2 > drafts.len();
        menu.then(|| "items of a word or two are a menu".to_owned())
    });
    let why = why.or_else(|| {
        // Below the one day of a page, paragraphs are those of an article.
        let is_paragraph = |draft: &Draft<'_>| {
            draft.title.chars().count() > PARAGRAPH && ends_sentence(&draft.title, &['.', '!', '?', '…', '。'])
        };
        let article =
            !named && layout.headings.day && drafts.iter().filter(|it| is_paragraph(it)).count() * 2 >= drafts.len();
        article.then(|| "paragraphs below a day are an article".to_owned())
    });
    let why = why.or_else(|| doubt.map(|what| format!("{what}: name the layout if this is a list")));
    let why = why.or_else(|| {
        let few = !named && drafts.len() <= 2 && reading.score < FEW;
        few.then(|| "two items are no list where nearly all of the page is something else".to_owned())
    });
    if let Some(why) = why {
        return refused(layout.name.clone(), reading.confidence, faults, why);
    }
    let own = drafts.iter().filter_map(|draft| draft.date.as_ref()).filter(|date| !date.year_inferred);
    let newest = own.filter_map(|date| date.day).max();
    drafts.extend(cut_in_title);
    Scrape {
        layout: layout.name.clone(),
        confidence: reading.confidence,
        drafts,
        faults,
        refused: None,
        newest,
        language: None,
        rival: None,
    }
}

fn has_cells(block: &Block<'_>, label: &Label) -> bool {
    label.piped || block.text.contains('\t')
}

/// The cells of a row. Rules at its ends make none.
fn cells(text: &str) -> impl Iterator<Item = &str> {
    text.trim_matches('|').split(['|', '\t']).map(str::trim)
}

/// The dates that stand in lines with something else.
fn inner_dates<'t>(page: &Page<'t>, lexicon: &Lexicon) -> Vec<Printed<'t>> {
    let mut dates = page.dates.clone();
    for block in &page.blocks {
        if (page.pipes && block.text.contains('|')) || (page.tabs && block.text.contains('\t')) {
            dates.extend(cells(block.text).filter_map(|cell| date::whole(cell, lexicon)));
        } else if block.date.is_none() {
            let leading = inline::leading(block.text, lexicon).map(|(printed, _)| printed);
            dates.extend(leading.or_else(|| inline::trailing(block.text, lexicon).map(|(_, printed)| printed)));
        }
    }
    dates
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
