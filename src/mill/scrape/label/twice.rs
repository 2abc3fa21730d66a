//! What a page says twice: in two lines of which one tells nothing, or with each of its items.

use super::{Kind, Label};
use crate::mill::scrape::blocks::{Block, Mark, Page};
use crate::mill::scrape::shape::{is_brief, words};

/// What a line says once more right below itself is no other text: a picture's name above the title that it shows. More
/// than a few words are so behind a blank line, too, and however a dump has wrapped them. Where one of the two is a
/// heading or a link, that one is the title.
pub(super) fn once(page: &Page<'_>, labels: &mut [Label]) {
    let mut above: Option<(usize, &Block<'_>)> = None;
    for (at, block) in page.blocks.iter().enumerate() {
        if labels.get(at).is_none_or(|label| label.kind != Kind::Text) {
            above = None;
            continue;
        }
        let is_short = labels.get(at).is_some_and(|label| label.short);
        let again = |(_, one): &(usize, &Block<'_>)| {
            block.mark == Mark::None
                && ((block.gap == 0 && one.text == block.text)
                    || (block.gap <= 1 && !is_short && one.text.split_whitespace().eq(block.text.split_whitespace())))
        };
        let Some((first, one)) = above.filter(again) else {
            above = Some((at, block));
            continue;
        };
        let is_title = (block.level(), block.link().is_some()) > (one.level(), one.link().is_some());
        if let Some(label) = labels.get_mut(if is_title { first } else { at }) {
            label.kind = Kind::Furniture;
        }
        if is_title {
            above = Some((at, block));
        }
    }
}

/// A title that stands once more below its text, behind a line that leads on, is what that line offers: `Continue
/// reading`, `“The market opens”`.
pub(super) fn offered(page: &Page<'_>, labels: &mut [Label]) {
    const NEAR: usize = 6;
    const SIGNS: [char; 10] = ['“', '”', '"', '„', '«', '»', '‘', '’', ':', '…'];
    let bare = |at: usize| page.blocks.get(at).map(|block| block.text.trim_matches(SIGNS).trim());
    for at in 3..page.blocks.len() {
        let is = |at: usize, kind: Kind| labels.get(at).is_some_and(|label| label.kind == kind);
        let is_plain = |block: &Block<'_>| block.mark == Mark::None && block.level() == 0 && !block.folded;
        if !(is(at, Kind::Text) && is(at - 1, Kind::Furniture) && page.blocks.get(at).is_some_and(is_plain)) {
            continue;
        }
        // Between the two stands a text, and no day: else it may be the title of an item that comes once a year.
        let mut near =
            (at.saturating_sub(NEAR)..at - 1).rev().take_while(|at| is(*at, Kind::Text) || is(*at, Kind::Furniture));
        let said = bare(at).filter(|said| words(said) > 1);
        let is_above =
            said.is_some() && near.any(|above| is(above, Kind::Text) && bare(above) == said && above + 2 < at);
        if let Some(label) = labels.get_mut(at).filter(|_| is_above) {
            label.kind = Kind::Furniture;
        }
    }
}

/// A line and a day that are said once more right below themselves, as pages have them once for wide and once for
/// narrow screens, are no other item.
pub(super) fn once_with_day(page: &Page<'_>, labels: &mut [Label]) {
    for (at, four) in page.blocks.windows(4).enumerate() {
        let [line, day, line_again, day_again] = four else { continue };
        let is_day = |block: &Block<'_>| block.date.is_some();
        let is_same = day_again.date.is_some() != line_again.date.is_some()
            && (is_day(line), is_day(day)) == (is_day(line_again), is_day(day_again))
            && line.text == line_again.text
            && day.text == day_again.text;
        // What was said before is not said once more by what follows.
        let is_first = labels.iter().skip(at).take(2).all(|label| label.kind != Kind::Furniture);
        if is_same && is_first && four.iter().skip(1).all(|block| block.gap == 0 && block.mark == Mark::None) {
            for label in labels.iter_mut().skip(at + 2).take(2) {
                label.kind = Kind::Furniture;
            }
        }
    }
}

/// Tells which few words stand on the page more than once, marks apart: no two items have one title. What most of three
/// items or more have beside a text of their own is offered with each, or counts something of each: `Share`, `42 min`.
pub(super) fn echo(page: &Page<'_>, labels: &mut [Label]) {
    let few = |(block, label): &(&Block<'_>, &Label)| label.short && label.kind == Kind::Text && !block.folded;
    let mut texts: Vec<&str> =
        page.blocks.iter().zip(&*labels).filter(few).map(|(block, _)| counted(block.text)).collect();
    texts.sort_unstable();
    let twice: Vec<(&str, usize)> = texts
        .chunk_by(|a, b| a == b)
        .filter_map(|same| Some((*same.first()?, same.len())).filter(|_| same.len() > 1))
        .collect();
    if twice.is_empty() {
        return;
    }
    let days = page.dates.len();
    // Texts that most items do not have alike, from the first day on, and how many of them above the last.
    let (mut own, mut listed) = (None, 0);
    let mut often = Vec::new();
    for (at, (block, label)) in page.blocks.iter().zip(&mut *labels).enumerate() {
        if block.date.is_some() {
            listed = *own.get_or_insert(0);
        }
        if label.kind != Kind::Text {
            continue;
        }
        let text = if label.short { counted(block.text) } else { block.text };
        let same = twice.binary_search_by(|(one, _)| one.cmp(&text)).ok().and_then(|same| twice.get(same));
        let count = same.map_or(1, |(_, count)| *count);
        let is_often = count > 2 && count * 3 >= days * 2;
        if !(is_often || label.reads_like_text()) {
            own = own.map(|own| own + 1);
        }
        if count < 2 {
            continue;
        }
        let is_counted = text.len() < block.text.len();
        // A longer title may stand a second time beside the list.
        label.echo = !is_counted && (label.brief || (count > 2 && count * 3 >= days));
        if is_often && block.level() == 0 && block.mark == Mark::None {
            often.push(at);
        }
    }
    // Where nothing else is said of the items these are their titles.
    if days < 3 || listed + 1 < days {
        return;
    }
    for at in often {
        labels.get_mut(at).into_iter().for_each(|label| label.kind = Kind::Furniture);
    }
}

/// What is counted, where `text` is a number and a word or two behind it: `42 min`, `10.0 km`.
fn counted(text: &str) -> &str {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return text;
    }
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    match unit.strip_prefix(' ') {
        Some(unit) if is_brief(unit) && unit.starts_with(char::is_alphabetic) => unit,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_what_stands_behind_the_number() {
        for (text, unit) in [("42 min", "min"), ("10.0 km", "km"), ("1,204 page views", "page views"), ("42nd", "42nd")]
        {
            assert_eq!(counted(text), unit);
        }
        assert_eq!(counted("8 jobs at the lake"), "8 jobs at the lake");
    }
}
