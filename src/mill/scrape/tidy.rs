//! What only all items together show of one: the chosen path is mended where one item alone has a field.
//!
//! The path prices a block by its neighbours, so what stands around a list pours into the items at its ends: the
//! page's address is a summary of the last one, `News` a kicker of the first. Where three items or more agree that
//! they have no such field, it is none.

use std::collections::BTreeSet;
use std::ops::Range;

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
    let mut path = Path { layout, evidence, blocks, labels, steps };
    if path.starts().count() < SEVERAL {
        return;
    }
    if layout.is_dated() {
        path.cast_out();
        path.close_entry();
        path.crown_headings();
        path.end_list();
        path.crown_one();
        path.end_page();
        path.turn();
        path.align();
    }
    path.behead();
    path.crop();
    path.dock();
    path.set_apart();
    path.lead_on();
}

/// A path that is mended.
struct Path<'p, 't, 's> {
    layout: &'p Layout,
    evidence: Evidence,
    blocks: &'p [Block<'t>],
    labels: &'p [Label],
    steps: &'s mut [Step],
}

impl<'p, 't> Path<'p, 't, '_> {
    fn block(&self, at: usize) -> Option<&'p Block<'t>> {
        self.blocks.get(at)
    }

    fn text(&self, at: usize) -> &'t str {
        self.block(at).map_or("", |block| block.text)
    }

    fn label(&self, at: usize) -> Option<&'p Label> {
        self.labels.get(at)
    }

    fn is(&self, at: usize, kind: Kind) -> bool {
        self.label(at).is_some_and(|label| label.kind == kind)
    }

    fn reads_like_text(&self, at: usize) -> bool {
        self.label(at).is_some_and(Label::reads_like_text)
    }

    fn does(&self, at: usize, act: Move) -> bool {
        self.steps.get(at).is_some_and(|step| step.act == act)
    }

    fn field(&self, at: usize) -> Option<Field> {
        self.steps.get(at)?.field(self.layout)
    }

    /// The blocks that begin items.
    fn starts(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.steps.len()).filter(|at| self.does(*at, Move::Start))
    }

    /// The items, each with what stands behind it up to the next one.
    fn items(&self) -> Vec<Range<usize>> {
        let begins: Vec<usize> = self.starts().collect();
        let ends = begins.iter().skip(1).copied().chain([self.steps.len()]);
        begins.iter().copied().zip(ends).map(|(begin, end)| begin..end).collect()
    }

    /// The blocks that fill such a field.
    fn with(&self, field: Field) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.steps.len()).filter(move |at| self.field(*at) == Some(field))
    }

    fn states_day(&self, at: usize) -> bool {
        self.field(at).is_some_and(Field::dates)
    }

    fn leave_out(&mut self, all: impl IntoIterator<Item = usize>) {
        all.into_iter().for_each(|at| Step::leave_out(self.steps, at));
    }

    /// Of dated items those without a day that begin with a mark where all the others have none are entries of a menu.
    fn cast_out(&mut self) {
        let is_marked = |item: &Range<usize>| self.block(item.start).is_some_and(|block| block.mark != Mark::None);
        let is_dated = |item: &Range<usize>| item.clone().any(|at| self.states_day(at));
        let (dated, others): (Vec<_>, Vec<_>) = self.items().into_iter().partition(is_dated);
        if dated.len() < SEVERAL || dated.iter().any(is_marked) {
            return;
        }
        let out: Vec<usize> = others.into_iter().filter(is_marked).flatten().collect();
        self.leave_out(out);
    }

    /// An entry of a list is the title itself, and no kicker of the heading below it, where several others are, and no
    /// other title is a heading: what that heads is another part of the page.
    fn close_entry(&mut self) {
        let (Some(place), Some(_)) = (self.layout.place(Field::Title), self.layout.place(Field::Kicker)) else {
            return;
        };
        let is_entry = |at: usize| self.block(at).is_some_and(|it| it.mark != Mark::None && it.level() == 0);
        let is_heading = |at: usize| self.block(at).is_some_and(|it| it.mark == Mark::None && it.level() > 0);
        let entries = self.with(Field::Title).filter(|at| is_entry(*at)).count();
        let headings: Vec<usize> = self.with(Field::Title).filter(|at| is_heading(*at)).collect();
        let [heading] = *headings else { return };
        let first = self.starts().take_while(|at| *at <= heading).last();
        let Some(first) = first.filter(|first| is_entry(*first) && entries >= SEVERAL) else { return };
        let goes_on = |at: &usize| !(self.does(*at, Move::Start) || self.does(*at, Move::Heading));
        let below: Vec<usize> = (heading..self.steps.len()).take_while(goes_on).collect();
        Step::crown_first(self.steps, (first, place), (heading, place));
        self.leave_out(below);
    }

    /// Where a heading of its own stands right above the day of each item, and their titles are said again and again,
    /// the headings are the titles: what is said again is the office of whoever wrote it.
    fn crown_headings(&mut self) {
        let place = |field| self.layout.place(field);
        let (Some(date), Some(title)) = (place(Field::Date), place(Field::Title)) else { return };
        let count_texts = |of: &[usize]| of.iter().map(|at| self.text(*at)).collect::<BTreeSet<_>>().len();
        let titles: Vec<usize> = self.with(Field::Title).collect();
        if count_texts(&titles) * 2 > titles.len() {
            return;
        }
        let is_title = |at: &usize| {
            self.does(*at, Move::Heading) && self.field(at + 1) == Some(Field::Date) && self.is(*at, Kind::Text)
        };
        let headings: Vec<usize> = self.starts().filter_map(|at| at.checked_sub(1)).collect();
        if headings.iter().all(is_title) && count_texts(&headings) == titles.len() {
            self.leave_out(titles);
            headings.into_iter().for_each(|at| Step::begin_above(self.steps, at, title, date));
        }
    }

    /// A few words without a day that end a list of which each item states its own are what stands below it, unless the
    /// file is cut there.
    fn end_list(&mut self) {
        let Some(last) = self.starts().next_back() else { return };
        let tail = last..self.steps.len();
        let dated = (0..last).filter(|at| self.states_day(*at)).count();
        let is_few_words = |at: usize| self.field(at).is_none() || self.label(at).is_some_and(|label| label.short);
        let is_bare = tail.clone().all(|at| is_few_words(at) && !self.states_day(at));
        if is_bare && !self.evidence.cut && dated + 1 >= self.starts().count() {
            self.leave_out(tail);
        }
    }

    /// A kicker below its day that one item alone has is its title where the line that was taken for that is a text, a
    /// word or two, or stands behind furniture.
    fn crown_one(&mut self) {
        let place = |field| self.layout.place(field);
        let (Some(title), Some(summary)) = (place(Field::Title), place(Field::Summary)) else { return };
        let kickers: Vec<usize> = self.with(Field::Kicker).collect();
        let [kicker] = *kickers else { return };
        let end = self.starts().find(|at| *at > kicker).unwrap_or(self.steps.len());
        let Some(text) = (kicker + 1..end).find(|at| self.field(*at) == Some(Field::Title)) else { return };
        let is_apart = (kicker..text).any(|at| self.is(at, Kind::Furniture));
        let is_brief = |at: usize| self.label(at).is_some_and(|label| label.brief);
        // Above the day it may be a heading.
        let names_less = self.does(kicker, Move::In) && is_brief(text) && !is_brief(kicker);
        if !((is_apart && end == self.steps.len()) || self.reads_like_text(text) || names_less) {
            return;
        }
        Step::crown_first(self.steps, (kicker, title), (text, summary));
        if is_apart {
            self.leave_out(text..end);
        } else if names_less {
            self.leave_out([text]);
        }
    }

    /// What states no day behind furniture that stands nowhere in the list, like the numbers of its pages, is the foot
    /// of the page, unless the file is cut there.
    fn end_page(&mut self) {
        let length = self.steps.len();
        let heads = |at: usize| self.does(at, Move::Heading) && self.label(at).is_some_and(Label::is_date);
        let Some(last_day) = (0..length).rfind(|at| self.states_day(*at) || heads(*at)) else { return };
        // The item that the last day is part of may go on below it.
        let list = last_day.max(self.starts().take_while(|at| *at < last_day + 2).last().unwrap_or(0));
        let furniture = |of: Range<usize>| of.filter(|at| self.is(*at, Kind::Furniture));
        let in_list: BTreeSet<_> = furniture(0..list).map(|at| self.text(at)).collect();
        let Some(foot) = furniture(list + 1..length).find(|at| !in_list.contains(self.text(*at))) else { return };
        let begins = self.starts().take_while(|at| *at < foot).last().unwrap_or(foot);
        let holds_title = |at: usize| self.field(at).is_some_and(|field| self.layout.holds_title(field));
        // A counter may stand between the last title and its text.
        let is_text = |at: usize| self.field(at).is_some() && self.reads_like_text(at);
        let is_foot = (begins..foot).any(holds_title)
            && (self.starts().any(|at| at >= foot) || !(foot..length).any(is_text))
            && self.starts().filter(|at| *at < foot).count() >= SEVERAL;
        if is_foot && !self.evidence.cut {
            self.leave_out(foot..length);
        }
    }

    /// Kickers are few words, and the same ones again and again. What is different in each item, and no name, is the
    /// title where the line below it is a name in each item: whoever wrote it, or the place.
    fn turn(&mut self) {
        let Some(kicker) = self.layout.place(Field::Kicker) else { return };
        let path = &*self;
        let is_above_title = |at: &usize| path.field(at + 1) == Some(Field::Title) && path.does(at + 1, Move::In);
        let pairs: Vec<usize> = path.with(Field::Kicker).filter(is_above_title).collect();
        let texts = |more: usize| pairs.iter().map(move |at| path.text(at + more));
        let distinct = |more: usize| texts(more).collect::<BTreeSet<_>>().len();
        // Whoever speaks can have a longer name than what is said has words: only their form tells which is which.
        let is_name = |text: &str| {
            let great = text.split_whitespace().filter(|word| word.starts_with(char::is_uppercase)).count();
            great * 2 > words(text)
        };
        // Nor are figures alone a title, like the years of a life.
        let says_nothing = |text: &str| !text.contains(char::is_alphabetic);
        // What comes again and again, below lines that never do and have more words, is a place or a name in any form.
        let repeats = distinct(1) < pairs.len();
        let are_places = repeats && texts(0).map(words).sum::<usize>() > texts(1).map(words).sum();
        if pairs.len() < if are_places { 2 } else { SEVERAL } {
            return;
        }
        let named = !texts(0).any(is_name) && texts(1).all(is_name);
        let turned = named || are_places || texts(1).all(says_nothing);
        if distinct(0) < pairs.len() || !turned {
            return;
        }
        for at in &pairs {
            Step::turn(self.steps, *at, kicker);
        }
        // Where all the others have both lines, what stands right above the first item is no heading but its title.
        let is_close = |at: usize| self.block(at + 1).is_some_and(|block| block.gap == 0);
        let above_first = self.starts().next().and_then(|first| first.checked_sub(1));
        if let Some(above) = above_first
            && self.field(above + 1) == Some(Field::Title)
            && pairs.len() + 1 == self.starts().count()
            && !pairs.contains(&(above + 1))
            && pairs.iter().chain([&above]).all(|at| is_close(*at))
            && is_name(self.text(above + 1))
        {
            Step::crown(self.steps, above, kicker);
        }
    }

    /// Where most items have a kicker, a headline and a text below their day, what the others have in these places is
    /// the same: a longer name may look like a headline, too.
    fn align(&mut self) {
        const MOST_WORDS: usize = 8;
        let place = |field| self.layout.place(field);
        let (Some(kicker), Some(title), Some(summary)) =
            (place(Field::Kicker), place(Field::Title), place(Field::Summary))
        else {
            return;
        };
        let is_text = |at: usize| self.is(at, Kind::Text) && self.reads_like_text(at);
        let is_headline = |at: usize| self.is(at, Kind::Text) && !self.reads_like_text(at);
        // The full stop of a name may be that of a company's form.
        let may_be_name = |at: usize| self.is(at, Kind::Text) && words(self.text(at)) <= MOST_WORDS;
        let (mut aligned, mut others) = (0_usize, Vec::new());
        for at in self.with(Field::Title) {
            let has_above =
                |places: usize, field| at.checked_sub(places).is_some_and(|it| self.field(it) == Some(field));
            // What several items have in this place is furniture.
            let is_below_furniture = at > 0 && self.is(at - 1, Kind::Furniture) && has_above(2, Field::Date);
            let is_below_kicker = is_below_furniture || has_above(1, Field::Kicker);
            let is_above_summary = self.field(at + 1) == Some(Field::Summary);
            if is_below_kicker && is_above_summary && is_text(at + 1) {
                aligned += 1;
                continue;
            }
            // The last text may have been given up as the foot of the page.
            let is_followed = (self.does(at + 2, Move::In) || self.does(at + 2, Move::Noise)) && is_text(at + 2);
            let can_be = may_be_name(at) && is_above_summary && is_headline(at + 1) && is_followed;
            if is_below_kicker || !can_be {
                return;
            }
            others.push(at);
        }
        if aligned < 2 || aligned < others.len() {
            return;
        }
        for at in others {
            Step::shift(self.steps, at, [kicker, title, summary]);
        }
    }

    /// Kickers that the first item alone has, or a few that stand apart from their titles, are headings.
    fn behead(&mut self) {
        let kickers: Vec<usize> = self.with(Field::Kicker).collect();
        let only_first = kickers.len() == 1 && self.starts().next() == kickers.first().copied();
        if kickers.len() * 2 > self.starts().count() {
            return;
        }
        let is_close = |at: usize| self.block(at).is_some_and(|block| block.gap == 0);
        // Whether the fields of items stand closer together than the kicker and the title.
        let is_tight = self.with(Field::Date).next().is_some() && self.with(Field::Date).all(is_close);
        let is_apart = |at: usize| is_tight && self.block(at + 1).is_some_and(|next| next.gap > 0);
        let may_be_bare = self.evidence.marking == Marking::None;
        let is_bare = |at: usize| may_be_bare || self.block(at).is_some_and(|block| block.mark == Mark::None);
        let is_short = |at: usize| self.label(at).is_some_and(|label| label.short && label.kind == Kind::Text);
        let is_heading =
            |at: &usize| self.does(*at, Move::Start) && is_bare(*at) && is_short(*at) && (only_first || is_apart(*at));
        let headings: Vec<usize> = kickers.into_iter().filter(is_heading).collect();
        for at in headings {
            Step::behead(self.steps, at);
        }
    }

    /// A few words, or a text about the page, that begin the first item, where that has more texts than any other, are
    /// what stands above the list. The text below them is the title then, unless it reads like a text.
    fn crop(&mut self) {
        let items = self.items();
        let Some((item, others)) = items.split_first() else { return };
        let first = item.start;
        let is_summary = |at: &usize| self.field(*at) == Some(Field::Summary);
        let texts = |item: &Range<usize>| item.clone().filter(is_summary).count();
        let above = texts(item).saturating_sub(others.iter().map(texts).max().unwrap_or(0));
        let title = above.checked_sub(1).and_then(|nth| item.clone().filter(is_summary).nth(nth));
        let Some(title) = title.filter(|_| self.field(first) == Some(Field::Title)) else { return };
        // Nothing but titles and texts is left out.
        let are_texts = (first + 1..title).all(|at| self.does(at, Move::Noise) || is_summary(&at));
        // What stood without a blank line above a headline, or is a menu, is as long as its longest line.
        let length = |at: usize| self.text(at).lines().map(words).max();
        let may_stand_above = |at: usize| {
            let is_few_words = self.label(at).is_some_and(|it| it.kind != Kind::Text || it.short || it.broken);
            self.reads_like_text(at) || (is_few_words && length(at) < length(title))
        };
        let is_headline = |it: &Label| it.kind == Kind::Text && !(it.sentence || it.begins_with_date || it.byline);
        if are_texts && self.label(title).is_some_and(is_headline) && (first..title).all(may_stand_above) {
            Step::begin_at(self.steps, first, title);
        }
    }

    /// What the last item has more of than all the others is what stands below the list, unless it reads like a text:
    /// long, or a sentence, which in scripts without blanks is short.
    fn dock(&mut self) {
        let items = self.items();
        let Some((last, others)) = items.split_last() else { return };
        let is_summary = |at: &usize| self.field(*at) == Some(Field::Summary);
        let most = others.iter().map(|item| item.clone().skip(1).filter(is_summary).count()).max().unwrap_or(0);
        let more = last.clone().filter(is_summary).skip(most);
        let more: Vec<usize> = more.skip_while(|at| self.reads_like_text(*at)).collect();
        self.leave_out(more);
    }

    /// A few words between two items, with a blank line on either side, are a heading where no item has a summary but
    /// the one above.
    fn set_apart(&mut self) {
        let summaries: Vec<usize> = self.with(Field::Summary).collect();
        let [at] = *summaries else { return };
        let is_apart = |at: usize| self.block(at).is_some_and(|block| block.gap > 0);
        let is_short = self.label(at).is_some_and(|label| label.short);
        if self.does(at + 1, Move::Start) && is_apart(at) && is_apart(at + 1) && is_short {
            self.leave_out([at]);
        }
    }

    /// A few words and the title once more lead on to the item, and are no summary of it: `Read more about The market
    /// opens`.
    fn lead_on(&mut self) {
        let (mut title, mut out) = (None, Vec::new());
        for (at, block) in self.blocks.iter().enumerate() {
            match self.field(at) {
                Some(Field::Title) => title = Some(joined(block)),
                Some(Field::Summary) if title.as_deref().is_some_and(|it| leads_to(&joined(block), it)) => out.push(at),
                _ if self.does(at, Move::Start) => title = None,
                _ => {}
            }
        }
        self.leave_out(out);
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
