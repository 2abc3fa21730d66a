//! Which of several explanations of a page is taken, and which one comes near.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Explanation;
use super::look::Look;
use crate::mill::scrape::Rival;
use crate::mill::scrape::tidy::SEVERAL;

/// How near a rival has to come, as a share of what a file can cost, to be told of.
pub(super) const NEAR: f64 = 0.05;
/// By how much an explanation has to be surer of its list than another that explains more of the page.
const SURER: f64 = 0.005;
/// Of layouts no farther apart than this the list decides.
pub(super) const TIED: f64 = 0.005;
/// By how much a title has to be odder than another to be the likelier one of the two to be none.
const ODDER: f64 = 1.5;

/// By how much less of a page of so many blocks another explanation may explain, and be looked at: on a short page by
/// so much as four headings cost.
pub(super) fn slack(blocks: usize) -> f64 {
    NEAR.max(2.0 / blocks.max(1) as f64)
}

/// Puts another explanation first that explains the page nearly as well, where the two differ in one of these ways.
///
/// - They tell most titles alike, each with the day of its neighbour, the other dates as many, and it is surer of its
///   list, or what it alone takes for a title looks more like the others: a line of a menu that is taken for one is a
///   line explained more, and shifts all that follow.
/// - Most titles of the first are a word or two, and hardly any of the other, which dates as many and is surer of its
///   list: those are kickers.
/// - The titles of the first are said again and again, and those of the other, which dates as many, never: the office
///   of whoever wrote it is no title.
/// - Below the days stand titles and nothing else, and the other, which is surer of its list, takes each for one.
///
/// What stands around the list speaks for neither.
pub(super) fn likeliest_first(found: &mut [Explanation<'_>], looks: &[Look<'_, '_>]) {
    let Some((first, others)) = found.split_first() else { return };
    let near = first.reading.score - slack(first.reading.steps.len());
    let sure = first.reading.confidence + SURER;
    let mut near = others.iter().zip(1..).filter(|(of, _)| of.reading.score >= near).peekable();
    // Most pages have none, and then it is needless to know the items.
    if near.peek().is_none() {
        return;
    }
    let Some(ours) = Titles::of(first, looks) else { return };
    let is_better = |of: &Explanation<'_>| {
        let Some(theirs) = Titles::of(of, looks) else { return false };
        let is_surer = of.reading.confidence > sure;
        let are_bare = of.layout.headings.day && theirs.look.evidence.has_bare_titles();
        if is_surer && are_bare && theirs.dated() > ours.dated() {
            return true;
        }
        if ours.are_said_again() && theirs.dated() >= ours.dated() && theirs.texts().len() == theirs.days.len() {
            return true;
        }
        if theirs.are_said_again() && !ours.are_said_again() {
            return false;
        }
        let are_no_kickers = is_surer && ours.are_brief() && !theirs.are_brief();
        let shifts = || theirs.shift(&ours);
        // What is taken for one more can be a day below the list.
        let missing = ours.dated().saturating_sub(theirs.dated());
        match missing {
            0 => are_no_kickers || (shifts() && theirs.are_likelier(&ours, is_surer)),
            1 => is_surer && theirs.have_every_day() && shifts() && ours.are_odder(&theirs),
            _ => false,
        }
    };
    let surest = near.filter(|(of, _)| is_better(of)).min_by(|(a, _), (b, _)| {
        let of = |it: &Explanation<'_>| (it.reading.confidence, it.reading.score);
        of(b).0.total_cmp(&of(a).0).then(of(b).1.total_cmp(&of(a).1))
    });
    if let Some((_, at)) = surest {
        found.swap(0, at);
    }
}

/// What an explanation takes for titles.
struct Titles<'l, 't, 'c> {
    look: &'l Look<'t, 'c>,
    /// The lines of the titles, and those of their days: 0 is none.
    days: FxHashMap<u32, u32>,
}

impl<'l, 't, 'c> Titles<'l, 't, 'c> {
    fn of(of: &Explanation<'_>, looks: &'l [Look<'t, 'c>]) -> Option<Self> {
        let look = looks.get(of.look)?;
        Some(Self { look, days: look.items(of.layout, &look.tidied(of)).into_iter().collect() })
    }

    fn dated(&self) -> usize {
        self.days.values().filter(|day| **day > 0).count()
    }

    /// Whether most of them are a word or two.
    fn are_brief(&self) -> bool {
        let blocks = self.look.page.blocks.iter().zip(&self.look.labels);
        let brief = blocks.filter(|(block, label)| label.brief && self.days.contains_key(&block.line)).count();
        brief * 2 > self.days.len()
    }

    /// What they say.
    fn texts(&self) -> FxHashSet<&'t str> {
        let titles = self.look.page.blocks.iter().filter(|block| self.days.contains_key(&block.line));
        titles.map(|block| block.text).collect()
    }

    /// Whether each of them stands twice, by and large.
    fn are_said_again(&self) -> bool {
        self.days.len() >= SEVERAL && self.texts().len() * 2 <= self.days.len()
    }

    /// Whether most of them stand in the `others`, too, with another day.
    fn shift(&self, others: &Self) -> bool {
        let is_shifted = |(title, day): &(&u32, &u32)| **day > 0 && others.days.get(title).is_some_and(|it| it != *day);
        self.days.iter().filter(is_shifted).count() * 2 > self.days.len()
    }

    /// Whether what these have alone looks more like titles than what the `others` have alone, or no less and
    /// `is_surer`.
    fn are_likelier(&self, others: &Self, is_surer: bool) -> bool {
        let (own, other) = (self.oddity(others), others.oddity(self));
        let more = self.dated() > others.dated() && own < ODDER;
        others.are_odder(self) || more || (is_surer && own < other * ODDER)
    }

    /// Whether each day that stands alone on the page is that of one of them.
    fn have_every_day(&self) -> bool {
        self.dated() >= self.look.page.dates.len().max(SEVERAL)
    }

    /// Whether what these have alone looks less like titles than what the `others` have alone.
    fn are_odder(&self, others: &Self) -> bool {
        others.oddity(self) * ODDER < self.oddity(others)
    }

    /// How far those that the `others` are not are from those that they are, too: by how many times longer or shorter
    /// the line nearest to the day is, for a menu can have poured into a title, or how many times farther from the day
    /// that line stands. Those without a day count for nothing.
    fn oddity(&self, others: &Self) -> f64 {
        let (mut shared, mut alone) = (Extent::default(), Extent::default());
        for block in &self.look.page.blocks {
            let Some(day) = self.days.get(&block.line).copied().filter(|day| *day > 0) else { continue };
            let mut lines = block.text.lines();
            let (nearest, away) = match day < block.line {
                true => (lines.next(), block.line - day),
                false => (lines.next_back(), day.saturating_sub(block.last_line)),
            };
            let length = nearest.map_or(0, |line| line.trim().chars().count());
            let extent = if others.days.contains_key(&block.line) { &mut shared } else { &mut alone };
            extent.shortest = if extent.longest == 0 { length } else { extent.shortest.min(length) };
            extent.longest = extent.longest.max(length);
            extent.farthest = extent.farthest.max(away);
        }
        // Without any on either side there is nothing to compare.
        if shared.longest == 0 || alone.longest == 0 {
            return 1.0;
        }
        let times = |more: usize, less: usize| more as f64 / less.max(1) as f64;
        times(shared.shortest, alone.shortest)
            .max(times(alone.longest, shared.longest))
            .max(times(alone.farthest as usize, shared.farthest as usize))
            .max(1.0)
    }
}

/// Of the lines of several titles that are nearest to their days, the lengths in letters, and how many lines lie
/// between.
#[derive(Default)]
struct Extent {
    shortest: usize,
    longest: usize,
    farthest: u32,
}

/// The best of those that explain the file nearly as well as the first, and read other items.
pub(super) fn rival(first: &Explanation<'_>, others: &[Explanation<'_>], looks: &[Look<'_, '_>]) -> Option<Rival> {
    let behind = |other: &Explanation<'_>| first.reading.score - other.reading.score;
    let items = |of: &Explanation<'_>| Some(looks.get(of.look)?.items(of.layout, &of.reading.steps));
    let mut near = others.iter().filter(|other| behind(other) <= NEAR).peekable();
    // Most pages have none, and then it is needless to know the items.
    near.peek()?;
    let ours = items(first)?;
    let (other, theirs) = near
        .filter_map(|other| Some((other, items(other)?)))
        .filter(|(_, theirs)| *theirs != ours && !theirs.is_empty())
        .min_by(|(a, _), (b, _)| b.reading.score.total_cmp(&a.reading.score))?;
    // One that explains more of the page, and is less sure of its list, is not behind.
    Some(Rival { layout: other.layout.name.to_string(), items: theirs.len(), behind: behind(other).max(0.0) })
}
