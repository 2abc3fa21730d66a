//! The two ends of a list say it: where the first day stands below an item and no item below the last, the days end
//! their items; where it is the other way round, they begin them.

use super::list::{List, MANY, SEVERAL, is_line, is_text, said};
use super::{Side, Told};
use crate::mill::scrape::label::{Kind, Label};

/// What is said between two days, in this order: a headline, its text, and perhaps more.
struct Between {
    /// The day above.
    day: usize,
    /// Lines above the first text. The last of them is the headline.
    lines: Vec<usize>,
    /// Lines below the last text.
    behind: Vec<usize>,
}

impl Between {
    fn of(list: &List<'_, '_>, [day, next]: [usize; 2]) -> Option<Self> {
        let said = || list.said(day + 1..next);
        let lines: Vec<usize> = said().take_while(|(_, label)| is_line(label)).map(|(at, _)| at).collect();
        let behind: Vec<usize> = said().rev().take_while(|(_, label)| is_line(label)).map(|(at, _)| at).collect();
        let has_text = said().nth(lines.len()).is_some();
        (has_text && !lines.is_empty()).then_some(Self { day, lines, behind })
    }
}

/// What the ends of a list of headlines and texts say.
pub(super) fn of_texts(list: &List<'_, '_>) -> Option<Told> {
    let between: Vec<Between> = list.gaps().filter_map(|gap| Between::of(list, gap)).collect();
    // Of few items each has a headline and a text; of many, some may have a text that is none by its looks, or none.
    let gaps = list.days.len() - 1;
    if between.len() < SEVERAL - 1 || between.len() * 2 < gaps || (gaps < MANY && between.len() < gaps) {
        return None;
    }
    let most = |lines: fn(&Between) -> &Vec<usize>| between.iter().map(|it| lines(it).len()).max().unwrap_or(0);
    let below = list.labels.get(list.last + 1..list.end)?;
    let tail = begins_with_item(below, most(|between| &between.lines));
    match (ends_with_item(list, most(|between| &between.behind)), tail) {
        (Some(own), false) if !may_be_headline(below, &between, gaps) => {
            let asides = asides(&between, own);
            let are_few_words = asides.iter().all(|at| list.label(*at).is_some_and(|label| label.short));
            are_few_words.then_some(Told { side: Side::BelowText, asides })
        }
        // Where a text may be none by its looks, that of the first item may be the line right above its day.
        (None, true) if between.len() < gaps && list.begins_below_line() => None,
        // Where a text ends right above a day no headline stands between the two.
        (None, true) if between.iter().any(|it| it.behind.is_empty()) => Some(Side::AboveHeadline.into()),
        (None, true) => Some(Side::AboveText.into()),
        _ => None,
    }
}

/// All lines of a list that are no headline, where the days stand below the texts; `own` are those above the first day.
fn asides(between: &[Between], own: Vec<usize>) -> Vec<usize> {
    let above = between.iter().flat_map(|it| it.lines.split_last().map_or(&[][..], |(_, asides)| asides));
    above.chain(between.iter().flat_map(|it| &it.behind)).copied().chain(own).collect()
}

/// What the ends of a list of headlines without texts say.
pub(super) fn of_headlines(list: &List<'_, '_>) -> Option<Told> {
    let between = || list.said(list.first + 1..list.last);
    let counts: Vec<usize> = list.gaps().map(|[day, next]| list.said(day + 1..next).count()).collect();
    let fewest = counts.iter().copied().filter(|count| *count > 0).min()?;
    let has_text = between().any(|(_, label)| is_text(label));
    if has_text || counts.iter().filter(|count| **count == 0).count() * 4 > counts.len() {
        return None;
    }
    let is_headline = |(_, label): &(usize, &Label)| is_line(label) && !label.names_part();
    let above = list.head().rev().take_while(is_headline).take(fewest).count();
    let below = list.tail().take_while(is_headline).take(fewest).count();
    match (above == fewest, below == fewest) {
        (true, false) if list.end < list.labels.len() && below == 0 => Some(Side::BelowHeadline.into()),
        (false, true) if above == 0 => {
            // A headline may be a sentence, too. One that is about the page is much longer than they are.
            let longest = between().map(|(at, _)| list.text(at).len()).max()?;
            let about = list.head().rev().find(|(_, label)| !label.names_part());
            let is_about_page = about.is_none_or(|(at, _)| list.days.len() > MANY && list.text(at).len() > 2 * longest);
            is_about_page.then_some(Side::AboveHeadline.into())
        }
        _ => None,
    }
}

/// The lines right above the first day, where they are not more than `most` and a headline and its text stand above
/// them.
fn ends_with_item(list: &List<'_, '_>, most: usize) -> Option<Vec<usize>> {
    let said = || list.head().rev();
    let own: Vec<usize> = said().take(most + 1).take_while(|(_, label)| is_line(label)).map(|(at, _)| at).collect();
    let mut above = said().skip(own.len()).map(|(_, label)| label);
    // What a page is called stands above what is said about it.
    let is_headline = |label: &Label| !label.names_part() && !label.echo;
    let has_item = above.next().is_some_and(is_text) && above.find(|label| is_line(label)).is_some_and(is_headline);
    has_item.then_some(own)
}

/// Whether a headline and its text begin `below`, and above the text not more lines than `most`.
fn begins_with_item(below: &[Label], most: usize) -> bool {
    let said = || said(below, 0..below.len());
    let lines = said().take(most + 1).take_while(|(_, label)| is_line(label)).count();
    (1..=most).contains(&lines) && said().nth(lines).is_some()
}

/// Whether the last of as many lines as items have at least, the first of `below`, may be the headline of an item
/// without a text, be it one of a word, or cut to that. What is not as near as the lines of the other items begins the
/// foot of the page. So does, where most of many items have a text, what is not the last that is said: no file is cut
/// there.
fn may_be_headline(below: &[Label], between: &[Between], gaps: usize) -> bool {
    let far = between.iter().filter_map(|it| Some(it.lines.first()? - it.day)).max().unwrap_or(0);
    let count = between.iter().map(|it| it.lines.len()).min().unwrap_or(0);
    let Some(first) = below.iter().position(is_line).filter(|first| *first < far) else { return false };
    let mut lines = below.iter().skip(first).take_while(|label| is_line(label));
    if lines.nth(count.saturating_sub(1)).is_none_or(|label| label.names_part()) {
        return false;
    }
    let have_texts = between.len() >= MANY && between.len() * 4 >= gaps * 3;
    let behind = below.get(first + count.max(1)..).unwrap_or_default();
    !(have_texts && behind.iter().any(|label| is_line(label) || is_text(label) || label.kind == Kind::Credit))
}
