//! What only all items together show of one: the chosen path is mended where one item alone has a field.
//!
//! The path prices a block by its neighbours, so what stands around a list pours into the items at its ends: the
//! page's address is a summary of the last one, `News` a kicker of the first. Where three items or more agree that
//! they have no such field, it is none.

use std::collections::BTreeSet;

use super::blocks::{Block, Mark, joined};
use super::evidence::{Evidence, Marking};
use super::label::{Kind, Label};
use super::layout::{Field, Layout};
use super::path::{Move, Step};
use super::shape::words;

/// So few items agree about nothing.
pub(crate) const SEVERAL: usize = 3;

/// Mends `steps`, of which there is one for each block.
pub(crate) fn tidy(layout: &Layout, evidence: Evidence, blocks: &[Block<'_>], labels: &[Label], steps: &mut [Step]) {
    let starts = |steps: &[Step]| steps.iter().filter(|step| step.act == Move::Start).count();
    if starts(steps) < SEVERAL {
        return;
    }
    if layout.is_dated() {
        cast_out(layout, blocks, steps);
        close_entry(layout, blocks, steps);
        crown_headings(layout, blocks, labels, steps);
        end_list(layout, evidence, labels, steps);
        crown_one(layout, labels, steps);
        end_page(layout, evidence, blocks, labels, steps);
        turn(layout, blocks, steps);
        align(layout, blocks, labels, steps);
    }
    behead(layout, evidence, blocks, labels, steps);
    crop(layout, blocks, labels, steps);
    dock(layout, labels, steps);
    set_apart(layout, blocks, labels, steps);
    lead_on(layout, blocks, steps);
}

/// Of dated items those without a day that begin with a mark where all the others have none are entries of a menu.
fn cast_out(layout: &Layout, blocks: &[Block<'_>], steps: &mut [Step]) {
    let dates = |step: &Step| step.field(layout).is_some_and(Field::dates);
    let mut items: Vec<(usize, bool)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        if step.act == Move::Start {
            items.push((at, false));
        }
        if let Some((_, dated)) = items.last_mut() {
            *dated |= dates(step);
        }
    }
    let is_marked = |at: usize| blocks.get(at).is_some_and(|block| block.mark != Mark::None);
    let dated = || items.iter().filter(|(_, dated)| *dated);
    if dated().count() < SEVERAL || dated().any(|(at, _)| is_marked(*at)) {
        return;
    }
    let ends = items.iter().skip(1).map(|(next, _)| *next).chain([steps.len()]);
    let out: Vec<_> = items.iter().zip(ends).filter(|((at, dated), _)| !dated && is_marked(*at)).collect();
    for ((at, _), end) in out {
        (*at..end).for_each(|at| Step::leave_out(steps, at));
    }
}

/// Where a heading of its own stands right above the day of each item, and their titles are said again and again, the
/// headings are the titles: what is said again is the office of whoever wrote it.
fn crown_headings(layout: &Layout, blocks: &[Block<'_>], labels: &[Label], steps: &mut [Step]) {
    let (Some(date), Some(title)) = (layout.place(Field::Date), layout.place(Field::Title)) else { return };
    let field = |at: usize| steps.get(at).and_then(|step| step.field(layout));
    let texts = |places: &[usize]| places.iter().filter_map(|at| blocks.get(*at)).map(|block| block.text).collect();
    let titles: Vec<usize> = (0..steps.len()).filter(|at| field(*at) == Some(Field::Title)).collect();
    let said: BTreeSet<&str> = texts(&titles);
    if said.len() * 2 > titles.len() {
        return;
    }
    let starts = (1..steps.len()).filter(|at| steps.get(*at).is_some_and(|step| step.act == Move::Start));
    let headings: Vec<usize> = starts.map(|at| at - 1).collect();
    let is_title = |at: &usize| {
        let is_heading = steps.get(*at).is_some_and(|step| step.act == Move::Heading);
        is_heading && field(at + 1) == Some(Field::Date) && labels.get(*at).is_some_and(|it| it.kind == Kind::Text)
    };
    let own: BTreeSet<&str> = texts(&headings);
    if headings.iter().all(is_title) && own.len() == titles.len() {
        titles.into_iter().for_each(|at| Step::leave_out(steps, at));
        headings.into_iter().for_each(|at| Step::begin_above(steps, at, title, date));
    }
}

/// A few words without a day that end a list of which each item states its own are what stands below it, unless the
/// file is cut there.
fn end_list(layout: &Layout, evidence: Evidence, labels: &[Label], steps: &mut [Step]) {
    let states_day = |step: &Step| step.field(layout).is_some_and(Field::dates);
    let Some(last) = steps.iter().rposition(|step| step.act == Move::Start) else { return };
    let (list, tail) = steps.split_at(last);
    let items = list.iter().filter(|step| step.act == Move::Start).count();
    let dated = list.iter().filter(|step| states_day(step)).count();
    let few_words = |(step, label): (&Step, &Label)| step.place().is_none() || label.short;
    let is_bare = !tail.iter().any(states_day) && tail.iter().zip(labels.iter().skip(last)).all(few_words);
    if evidence.cut || dated < items || !is_bare {
        return;
    }
    (last..steps.len()).for_each(|at| Step::leave_out(steps, at));
}

/// A kicker below its day that one item alone has is its title where the line that was taken for that is a text, a word
/// or two, or stands behind furniture.
fn crown_one(layout: &Layout, labels: &[Label], steps: &mut [Step]) {
    let (Some(title), Some(summary)) = (layout.place(Field::Title), layout.place(Field::Summary)) else { return };
    let is_kicker = |(_, step): &(usize, &Step)| step.field(layout) == Some(Field::Kicker);
    let mut kickers = steps.iter().enumerate().filter(is_kicker).map(|(at, _)| at);
    let (Some(kicker), None) = (kickers.next(), kickers.next()) else { return };
    let behind = || steps.iter().enumerate().skip(kicker + 1);
    let end = behind().find(|(_, step)| step.act == Move::Start).map_or(steps.len(), |(at, _)| at);
    let text = behind().find(|(_, step)| step.field(layout) == Some(Field::Title)).map(|(at, _)| at);
    let Some(text) = text.filter(|text| *text < end) else { return };
    let label = |at: usize| labels.get(at);
    let is_furniture = |at: usize| label(at).is_some_and(|label| label.kind == Kind::Furniture);
    let is_apart = (kicker..text).any(is_furniture);
    let is_brief = |at: usize| label(at).is_some_and(|label| label.brief);
    let reads_like_text = label(text).is_some_and(Label::reads_like_text);
    // Above the day it may be a heading.
    let is_below_day = steps.get(kicker).is_some_and(|step| step.act == Move::In);
    let names_less = is_below_day && is_brief(text) && !is_brief(kicker);
    if !((is_apart && end == steps.len()) || reads_like_text || names_less) {
        return;
    }
    Step::crown_first(steps, (kicker, title), (text, summary));
    if is_apart {
        (text..end).for_each(|at| Step::leave_out(steps, at));
    } else if names_less {
        Step::leave_out(steps, text);
    }
}

/// What states no day behind furniture that stands nowhere in the list, like the numbers of its pages, is the foot of
/// the page, unless the file is cut there.
fn end_page(layout: &Layout, evidence: Evidence, blocks: &[Block<'_>], labels: &[Label], steps: &mut [Step]) {
    let states_day = |(step, label): (&Step, &Label)| {
        step.field(layout).is_some_and(Field::dates) || step.act == Move::Heading && label.is_date()
    };
    let Some(last_day) = steps.iter().zip(labels).rposition(states_day) else { return };
    let starts =
        |from: usize, to: usize| steps.iter().take(to).skip(from).filter(|step| step.act == Move::Start).count();
    // The item that the last day is part of may go on below it.
    let list = last_day.max(steps.iter().take(last_day + 2).rposition(|step| step.act == Move::Start).unwrap_or(0));
    let is_furniture = |at: &usize| labels.get(*at).is_some_and(|label| label.kind == Kind::Furniture);
    let text = |at: usize| blocks.get(at).map(|block| block.text);
    let in_list: BTreeSet<_> = (0..list).filter(is_furniture).filter_map(text).collect();
    let foot =
        (list + 1..steps.len()).filter(is_furniture).find(|at| text(*at).is_some_and(|text| !in_list.contains(text)));
    let is_titled = |at: usize| {
        let begins = steps.iter().take(at).rposition(|step| step.act == Move::Start).unwrap_or(at);
        steps.iter().take(at).skip(begins).any(|step| step.field(layout).is_some_and(|field| layout.holds_title(field)))
    };
    // A counter may stand between the last title and its text.
    let is_text = |(step, label): (&Step, &Label)| step.place().is_some() && label.reads_like_text();
    let has_text = |foot: usize| steps.iter().zip(labels).skip(foot).any(is_text);
    let is_foot = |foot: usize| is_titled(foot) && (starts(foot, steps.len()) > 0 || !has_text(foot));
    let Some(foot) = foot.filter(|foot| !evidence.cut && starts(0, *foot) >= SEVERAL && is_foot(*foot)) else {
        return;
    };
    (foot..steps.len()).for_each(|at| Step::leave_out(steps, at));
}

/// Kickers that the first item alone has, or a few that stand apart from their titles, are headings.
fn behead(layout: &Layout, evidence: Evidence, blocks: &[Block<'_>], labels: &[Label], steps: &mut [Step]) {
    let is_kicker = |step: &Step| step.field(layout) == Some(Field::Kicker);
    let items = steps.iter().filter(|step| step.act == Move::Start).count();
    let kickers = steps.iter().filter(|step| is_kicker(step)).count();
    let first = steps.iter().position(|step| step.act == Move::Start);
    let only_first = kickers == 1 && first.and_then(|at| steps.get(at)).is_some_and(is_kicker);
    if kickers == 0 || kickers * 2 > items {
        return;
    }
    // Whether the fields of items stand closer together than the kicker and the title.
    let tight = steps.iter().zip(blocks).filter(|(step, _)| step.field(layout) == Some(Field::Date));
    let tight = tight.clone().count() > 0 && tight.into_iter().all(|(_, block)| block.gap == 0);
    for at in 0..steps.len() {
        let Some(((step, block), label)) = steps.get(at).zip(blocks.get(at)).zip(labels.get(at)) else { return };
        let apart = tight && blocks.get(at + 1).is_some_and(|next| next.gap > 0);
        if step.act == Move::Start
            && is_kicker(step)
            && (block.mark == Mark::None || evidence.marking == Marking::None)
            && label.kind == Kind::Text
            && (only_first || apart)
        {
            Step::behead(steps, at);
        }
    }
}

/// Kickers are few words, and the same ones again and again. What is different in each item, and no name, is the title
/// where the line below it is a name in each item: whoever wrote it, or the place.
fn turn(layout: &Layout, blocks: &[Block<'_>], steps: &mut [Step]) {
    let Some(kicker) = layout.place(Field::Kicker) else { return };
    let is_pair = |pair: &[Step]| match pair {
        [first, second] => {
            first.field(layout) == Some(Field::Kicker)
                && second.field(layout) == Some(Field::Title)
                && second.act == Move::In
        }
        _ => false,
    };
    let pairs: Vec<usize> = steps.windows(2).enumerate().filter(|(_, pair)| is_pair(pair)).map(|(at, _)| at).collect();
    let items = steps.iter().filter(|step| step.act == Move::Start).count();
    let texts = |more: usize| pairs.iter().filter_map(move |at| blocks.get(at + more)).map(|block| block.text);
    let different = texts(0).collect::<BTreeSet<_>>().len() == pairs.len();
    // Whoever speaks can have a longer name than what is said has words: only their form tells which is which.
    let is_name = |text: &str| {
        let great = text.split_whitespace().filter(|word| word.starts_with(char::is_uppercase)).count();
        great * 2 > words(text)
    };
    // Nor are figures alone a title, like the years of a life.
    let says_nothing = |text: &str| !text.contains(char::is_alphabetic);
    // What comes again and again, below lines that never do and have more words, is a place or a name in any form.
    let repeats = texts(1).collect::<BTreeSet<_>>().len() < pairs.len();
    let are_places = repeats && texts(0).map(words).sum::<usize>() > texts(1).map(words).sum();
    if pairs.len() < if are_places { 2 } else { SEVERAL } {
        return;
    }
    let named = !texts(0).any(is_name) && texts(1).all(is_name);
    let turned = named || are_places || texts(1).all(says_nothing);
    if !different || !turned {
        return;
    }
    let close = |at: usize| blocks.get(at + 1).is_some_and(|block| block.gap == 0);
    let all_close = pairs.iter().all(|at| close(*at));
    for at in &pairs {
        Step::turn(steps, *at, kicker);
    }
    // Where all the others have both lines, what stands right above the first item is no heading but its title.
    let first = steps.iter().position(|step| step.act == Move::Start);
    if let Some(above) = first.and_then(|first| first.checked_sub(1))
        && steps.get(above + 1).is_some_and(|step| step.field(layout) == Some(Field::Title))
        && pairs.len() + 1 == items
        && !pairs.contains(&(above + 1))
        && all_close
        && close(above)
        && blocks.get(above + 1).is_some_and(|block| is_name(block.text))
    {
        Step::crown(steps, above, kicker);
    }
}

/// Where most items have a kicker, a headline and a text below their day, what the others have in these places is the
/// same: a longer name may look like a headline, too.
fn align(layout: &Layout, blocks: &[Block<'_>], labels: &[Label], steps: &mut [Step]) {
    const MOST_WORDS: usize = 8;
    let (Some(kicker), Some(title), Some(summary)) =
        (layout.place(Field::Kicker), layout.place(Field::Title), layout.place(Field::Summary))
    else {
        return;
    };
    let is = |at: usize, kind: Kind| labels.get(at).is_some_and(|label| label.kind == kind);
    let ends_text = |at: usize| labels.get(at).is_some_and(Label::reads_like_text);
    let reads_like_text = |at: usize| is(at, Kind::Text) && ends_text(at);
    let reads_like_title = |at: usize| is(at, Kind::Text) && !ends_text(at);
    // The full stop of a name may be that of a company's form.
    let may_be_name =
        |at: usize| is(at, Kind::Text) && blocks.get(at).is_some_and(|block| words(block.text) <= MOST_WORDS);
    let field = |at: usize| steps.get(at).and_then(|step| step.field(layout));
    let (mut aligned, mut others) = (0_usize, Vec::new());
    for at in (0..steps.len()).filter(|at| field(*at) == Some(Field::Title)) {
        let above = |places: usize| at.checked_sub(places);
        // What several items have in this place is furniture.
        let is_below_furniture = above(1).is_some_and(|above| is(above, Kind::Furniture))
            && above(2).is_some_and(|above| field(above) == Some(Field::Date));
        let is_below_kicker = is_below_furniture || above(1).is_some_and(|above| field(above) == Some(Field::Kicker));
        if is_below_kicker && field(at + 1) == Some(Field::Summary) && reads_like_text(at + 1) {
            aligned += 1;
            continue;
        }
        // The last text may have been given up as the foot of the page.
        let is_text = matches!(steps.get(at + 2).map(|step| step.act), Some(Move::In | Move::Noise));
        let can_be = may_be_name(at)
            && field(at + 1) == Some(Field::Summary)
            && reads_like_title(at + 1)
            && is_text
            && reads_like_text(at + 2);
        if is_below_kicker || !can_be {
            return;
        }
        others.push(at);
    }
    if aligned < 2 || aligned < others.len() {
        return;
    }
    for at in others {
        Step::shift(steps, at, [kicker, title, summary]);
    }
}

/// A few words, or a text about the page, that begin the first item, where that has more texts than any other, are what
/// stands above the list. The text below them is the title then, unless it reads like a text.
fn crop(layout: &Layout, blocks: &[Block<'_>], labels: &[Label], steps: &mut [Step]) {
    let is_summary = |step: &Step| step.field(layout) == Some(Field::Summary);
    let Some(first) = steps.iter().position(|step| step.act == Move::Start) else { return };
    let (mut of_first, mut most) = (Vec::new(), 0);
    let (mut item, mut here) = (0, 0);
    for (at, step) in steps.iter().enumerate().skip(first) {
        if step.act == Move::Start {
            (item, here) = (item + 1, 0);
        }
        if is_summary(step) && item == 1 {
            of_first.push(at);
        } else if is_summary(step) {
            here += 1;
            most = most.max(here);
        }
    }
    let above = of_first.len().saturating_sub(most);
    let Some(title) = above.checked_sub(1).and_then(|at| of_first.get(at)).copied() else { return };
    // Nothing but titles and texts is left out.
    let is_title = steps.get(first).is_some_and(|step| step.field(layout) == Some(Field::Title));
    let are_texts = steps.iter().take(title).skip(first + 1).all(|step| step.act == Move::Noise || is_summary(step));
    // What stood without a blank line above a headline, or is a menu, is as long as its longest line.
    let length = |at: usize| blocks.get(at).and_then(|block| block.text.lines().map(words).max());
    let may_stand_above = |at: usize| {
        let label = labels.get(at);
        let is_text = label.is_some_and(Label::reads_like_text);
        let is_few_words = label.is_some_and(|it| it.kind != Kind::Text || it.short || it.broken);
        is_text || (is_few_words && length(at) < length(title))
    };
    let is_headline =
        labels.get(title).is_some_and(|it| it.kind == Kind::Text && !(it.sentence || it.begins_with_date || it.byline));
    if is_title && are_texts && is_headline && (first..title).all(may_stand_above) {
        Step::begin_at(steps, first, title);
    }
}

/// A few words between two items, with a blank line on either side, are a heading where no item has a summary but the
/// one above.
fn set_apart(layout: &Layout, blocks: &[Block<'_>], labels: &[Label], steps: &mut [Step]) {
    let is_summary = |step: &Step| step.field(layout) == Some(Field::Summary);
    let mut summaries = steps.iter().enumerate().filter(|(_, step)| is_summary(step)).map(|(at, _)| at);
    let (Some(at), None) = (summaries.next(), summaries.next()) else { return };
    let is_apart = |at: usize| blocks.get(at).is_some_and(|block| block.gap > 0);
    let is_between = steps.get(at + 1).is_some_and(|step| step.act == Move::Start);
    if is_between && is_apart(at) && is_apart(at + 1) && labels.get(at).is_some_and(|label| label.short) {
        Step::leave_out(steps, at);
    }
}

/// What the last item has more of than all the others is what stands below the list, unless it reads like a text: long,
/// or a sentence, which in scripts without blanks is short.
fn dock(layout: &Layout, labels: &[Label], steps: &mut [Step]) {
    let Some(last) = steps.iter().rposition(|step| step.act == Move::Start) else { return };
    let is_summary = |step: &Step| step.field(layout) == Some(Field::Summary);
    let (mut most, mut here) = (0, 0);
    for step in steps.iter().take(last) {
        here = if step.act == Move::Start { 0 } else { here + usize::from(is_summary(step)) };
        most = most.max(here);
    }
    let more = steps.iter().enumerate().skip(last).filter(|(_, step)| is_summary(step)).skip(most);
    let reads_like_text = |at: &usize| labels.get(*at).is_some_and(Label::reads_like_text);
    let more: Vec<usize> = more.map(|(at, _)| at).skip_while(reads_like_text).collect();
    for at in more {
        Step::leave_out(steps, at);
    }
}

/// An entry of a list is the title itself, and no kicker of the heading below it, where several others are, and no
/// other title is a heading: what that heads is another part of the page.
fn close_entry(layout: &Layout, blocks: &[Block<'_>], steps: &mut [Step]) {
    let (Some(place), Some(_)) = (layout.place(Field::Title), layout.place(Field::Kicker)) else { return };
    let is_entry = |at: usize| blocks.get(at).is_some_and(|block| block.mark != Mark::None && block.level() == 0);
    let is_heading = |at: usize| blocks.get(at).is_some_and(|block| block.mark == Mark::None && block.level() > 0);
    let (mut entries, mut first, mut headed) = (0, 0, None);
    for (at, step) in steps.iter().enumerate() {
        first = if step.act == Move::Start { at } else { first };
        if step.field(layout) != Some(Field::Title) {
            continue;
        }
        if is_entry(at) {
            entries += 1;
        } else if is_heading(at) {
            if headed.is_some() || !is_entry(first) {
                return;
            }
            headed = Some((first, at));
        }
    }
    let Some((first, heading)) = headed.filter(|_| entries >= SEVERAL) else { return };
    Step::crown_first(steps, (first, place), (heading, place));
    let goes_on = |step: &&Step| !matches!(step.act, Move::Start | Move::Heading);
    let length = steps.iter().skip(heading).take_while(goes_on).count();
    (heading..heading + length).for_each(|at| Step::leave_out(steps, at));
}

/// A few words and the title once more lead on to the item, and are no summary of it: `Read more about The market
/// opens`.
fn lead_on(layout: &Layout, blocks: &[Block<'_>], steps: &mut [Step]) {
    let mut title = None;
    for (at, block) in blocks.iter().enumerate() {
        let Some(step) = steps.get(at) else { return };
        match step.field(layout) {
            Some(Field::Title) => title = Some(joined(block)),
            Some(Field::Summary) if title.as_deref().is_some_and(|title| leads_to(&joined(block), title)) => {
                Step::leave_out(steps, at);
            }
            _ => {}
        }
    }
}

/// Whether `text` is a few words and, behind them, a title of several words.
fn leads_to(text: &str, title: &str) -> bool {
    const FEWEST: usize = 3;
    const MOST: usize = 4;
    let before = text.strip_suffix(title).filter(|before| before.ends_with(char::is_whitespace));
    before.is_some_and(|before| (1..=MOST).contains(&words(before))) && words(title) >= FEWEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_words_and_the_title_lead_to_it() {
        for (text, title, is_led) in [
            ("Read more about The market opens", "The market opens", true),
            ("The market opens", "The market opens", false),
            ("What all of us heard when The market opens", "The market opens", false),
            ("Not seen since: boats", "boats", false),
            ("Remarket opens again", "market opens again", false),
        ] {
            assert_eq!(leads_to(text, title), is_led, "{text}");
        }
    }
}
