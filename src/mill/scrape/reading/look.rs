//! A look at a page: its text taken apart, labelled, and what all layouts that read by the same unit have in common.

use std::ops::RangeInclusive;

use regex::Regex;

use super::tell::cells;
use super::{Explanation, Half, How};
use crate::mill::scrape::blocks::{Block, Mark, Page, Unit, split_by};
use crate::mill::scrape::date::{self, Printed, Settled, Span, inline};
use crate::mill::scrape::evidence::{Evidence, Lean, Marking};
use crate::mill::scrape::label::{Kind, Label, label};
use crate::mill::scrape::language::{Choice, Lexicon};
use crate::mill::scrape::layout::{Field, Layout};
use crate::mill::scrape::path::{Move, Prices, Step};
use crate::mill::scrape::shape::is_short;
use crate::mill::scrape::side::Side;
use crate::mill::scrape::tidy::{SEVERAL, tidy};
use crate::mill::scrape::{DateRead, Draft, parted, repeated};

/// A file taken apart and labelled: what all layouts that read by the same unit share.
pub(super) struct Look<'t, 'c> {
    pub(super) page: Page<'t>,
    pub(super) labels: Vec<Label>,
    pub(super) evidence: Evidence,
    /// Where the days stand, if the page shows it.
    pub(super) side: Option<Side>,
    pub(super) settled: Settled,
    pub(super) choice: &'c Choice,
    /// The layout was not chosen among several.
    pub(super) named: bool,
}

impl<'t, 'c> Look<'t, 'c> {
    pub(super) fn at(half: Half<'t>, unit: Unit, layout: &Layout, how: How<'c>) -> Self {
        let How { terms, choice, .. } = how;
        let lexicon = choice.lexicon;
        let mut page = split_by(half.text, half.before, half.notes, unit, lexicon, layout.marker.as_ref());
        repeated::bare_dates(&mut page, lexicon);
        repeated::dates_with_category(&mut page, lexicon);
        repeated::days_of_years(&mut page, lexicon);
        date::dispute(&mut page.dates, choice);
        let settled = settled(&page, how);
        let mut labels = label(&page, settled, lexicon);
        repeated::fields(&page, &mut labels);
        repeated::fields_below_names(&page, &mut labels);
        repeated::kickers(&page, &mut labels);
        // A layout that is named says where the days stand.
        let side = if terms.layout.is_none() { Side::of(&page, &mut labels, lexicon) } else { None };
        take_patterns(layout, &page, &mut labels);
        // A counter is no item, whatever sign stands before it; nor does a day that stands below its headline begin
        // one.
        let ends_item = side.is_some_and(Side::is_below);
        for (block, label) in page.blocks.iter_mut().zip(&labels).filter(|(block, _)| block.mark == Mark::Bullet) {
            if label.kind == Kind::Furniture {
                block.mark = Mark::None;
            } else if ends_item && label.is_date() {
                // The list that the day is set in does not show how far items are, either.
                (block.mark, block.indent) = (Mark::None, 0);
            }
        }
        let mut evidence = evidence(&page, &labels);
        evidence.alone = side == Some(Side::AboveAlone);
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

    /// Whether no text of the page is wrapped, and some of its runs are several texts: a title and what is below it.
    pub(super) fn lumps_lines(&self) -> bool {
        let mut runs =
            self.page.blocks.iter().zip(&self.labels).filter(|(block, _)| block.folded && block.date.is_none());
        self.page.dates.len() >= SEVERAL && runs.clone().next().is_some() && runs.all(|(_, label)| label.broken)
    }

    pub(super) fn prices<'a>(&'a self, layout: &'a Layout) -> Prices<'a, 't> {
        Prices::new(layout, self.evidence, &self.page, &self.labels)
    }

    /// Whether the page has at all what the layout's items need. Spares most layouts on most pages.
    pub(super) fn may_have(&self, layout: &Layout) -> bool {
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
            several(&Label::is_row)
        } else if layout.is_headed() && layout.place(Field::Title) < layout.place(Field::Kicker) {
            dates > 0 && self.has_titles_above_kickers()
        } else if layout.is_dated() {
            dates > 0
                || (layout.has(Field::Date) && several(&|label| label.named || label.tailed))
                || (layout.has(Field::Date) && several(&|label| label.kind == Kind::Row))
        } else {
            let inner = |label: &&Label| label.end_dated.is_some() || label.kind == Kind::Row;
            dates + self.labels.iter().filter(inner).take(2).count() < 2
        }
    }

    /// Whether a headline stands above the kicker of the first day, and none behind the last day: what stands between a
    /// headline and a day is else the kicker of the headline below.
    fn has_titles_above_kickers(&self) -> bool {
        let labels = &self.labels;
        let days = labels.iter().position(Label::is_date).zip(labels.iter().rposition(Label::is_date));
        let Some((first, last)) = days else { return false };
        let is_line = |label: &Label| label.kind == Kind::Text && !(label.brief || label.names_part());
        let is_headline =
            |label: &Label| is_line(label) && !(label.reads_like_text() || label.broken || label.holds_day());
        let behind = labels.iter().skip(last + 1).find(|label| label.kind == Kind::Text);
        first.checked_sub(2).and_then(|at| labels.get(at)).is_some_and(is_line) && !behind.is_some_and(is_headline)
    }

    /// The lines above which the page may be cut in two.
    pub(super) fn cuts(&self, layouts: &[&Layout], cuts: &mut Vec<u32>) {
        let layouts = layouts.iter().filter(|layout| self.may_have(layout) && !layout.has_patterns());
        let prices: Vec<_> = layouts.map(|layout| self.prices(layout)).collect();
        parted::cuts(&self.page.blocks, &self.labels, &prices, cuts);
    }

    /// Whether nothing tells which of two texts a day belongs to: neither what stands where, nor the blank lines.
    pub(super) fn has_doubtful_days(&self) -> bool {
        self.side.is_none()
            && self.evidence.lean == Lean::Neither
            && Side::is_doubtful(&self.page, &self.labels, self.choice.lexicon)
    }

    /// The steps of an explanation, mended.
    pub(super) fn tidied(&self, explanation: &Explanation<'_>) -> Vec<Step> {
        let mut steps = explanation.reading.steps.clone();
        tidy(explanation.layout, self.evidence, &self.page.blocks, &self.labels, &mut steps);
        steps
    }

    /// Leaves the page's own day out of the steps, where these drafts end with it and no heading makes it a list of its
    /// own. Whether it was there.
    pub(super) fn leave_out_own_day(&self, drafts: &[Draft<'_>], steps: &mut [Step]) -> bool {
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
    pub(super) fn items(&self, layout: &Layout, steps: &[Step]) -> Vec<(u32, u32)> {
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

    /// A date as a draft has it, and why it has no day if so. A year that it lacks may stand in the heading above.
    pub(super) fn settle(&self, printed: Printed<'t>, span: Option<Span>) -> (DateRead<'t>, Option<&'static str>) {
        match span.and_then(|span| printed.below(span)).map(|dated| dated.settle(self.settled)) {
            Some((read, None)) => (DateRead { inherited: true, ..read }, None),
            _ => printed.settle(self.settled),
        }
    }
}

/// What is known of the page's dates. Those that share their lines with texts settle the order of numbers where there
/// are no others.
fn settled(page: &Page<'_>, how: How<'_>) -> Settled {
    let settled = match page.dates.len() {
        0 | 1 => Settled::of(&inner_dates(page, how.choice.lexicon), how.terms),
        _ => Settled::of(&page.dates, how.terms),
    };
    settled.or_shown(&page.dates, page.blocks.iter().map(|block| block.text))
}

/// Labels what the layout's own patterns call noise, or a kicker.
fn take_patterns(layout: &Layout, page: &Page<'_>, labels: &mut [Label]) {
    let matches =
        |pattern: &Option<Regex>, block: &Block<'_>| pattern.as_ref().is_some_and(|it| it.is_match(block.text));
    for (label, block) in labels.iter_mut().zip(&page.blocks) {
        if matches(&layout.noise, block) {
            label.kind = Kind::Noise;
        } else if matches(&layout.kicker, block) {
            label.kind = Kind::Kicker;
        }
    }
}

/// The facts of the page. Days within lines count where there are hardly any others.
fn evidence(page: &Page<'_>, labels: &[Label]) -> Evidence {
    let few = page.dates.len() < 2;
    let holds_day = |label: &Label| label.glued.or(label.end_dated).is_some() || label.kind == Kind::Row;
    let inner = |at: usize| few && labels.get(at).is_some_and(holds_day);
    Evidence::of(page, labels, &|at, block| block.date.is_some() || inner(at))
}

/// The last line above, and the lines, of a last draft that is the day of the page itself, below the list: a few words
/// above a day that is no older than the newest item, where the others run down to the oldest. Each look at the page
/// would make a new item of it.
fn own_day(drafts: &[Draft<'_>]) -> Option<(u32, RangeInclusive<u32>)> {
    let day = |draft: &Draft<'_>| draft.date.as_ref().and_then(|date| date.day);
    let (last, list) = drafts.split_last()?;
    let days = list.iter().map(day).collect::<Option<Vec<_>>>()?;
    let (newest, oldest) = (days.first()?, days.last()?);
    let is_bare = last.summary.is_none() && last.number.is_none() && is_short(&last.title);
    let is_own = list.len() >= SEVERAL && newest > oldest && days.is_sorted_by(|a, b| a >= b) && day(last)? >= *newest;
    (is_bare && is_own).then_some((list.last()?.last_line, last.line..=last.last_line))
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
