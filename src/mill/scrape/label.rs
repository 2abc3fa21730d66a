//! What a block could be: the labels that the layouts price.
//!
//! Each block is labelled once, before any layout looks at it, with the cheap tests ahead of the dear ones. Text is
//! always possible, so a label only says what else the block could be.

mod lost;
mod twice;

use std::collections::BTreeSet;

use self::lost::Lost;
use super::blocks::{Block, Mark, Page, is_clock};
use super::credit::{begins_with_year, credit};
use super::date::{self, Grade, Printed, Settled, inline};
use super::language::{Lexicon, has_ascii_digit};
use super::menu;
use super::shape::{LONG_BYTES, NO_END_OF_A_HEADING, ends_sentence, is_brief, is_short, is_wordy, words};

/// What kind of line a block is, at first sight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Text,
    /// Wholly a date, read this well.
    Date(Grade),
    /// A date in the last line of a cut file that may have lost a part: it counts for nothing.
    CutDate,
    /// A month with its year, or a year: `June 2020`.
    Month,
    Credit,
    /// Read more, counters, rules: stands around lists and says nothing.
    Furniture,
    /// Cells of which one is a date.
    Row,
    /// What the layout's own pattern calls noise.
    Noise,
    /// An entry of a menu.
    Menu,
    /// What the layout's own pattern calls a kicker.
    Kicker,
}

/// A block as the layouts see it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Label {
    pub(crate) kind: Kind,
    /// A few words without the end of a sentence: a heading or a kicker.
    pub(crate) short: bool,
    /// The block below it is short, too.
    pub(crate) above_short: bool,
    /// The block below it is more than a few words, and no sentence: a headline.
    pub(crate) above_headline: bool,
    /// The block above it ends as a sentence does.
    pub(crate) below_sentence: bool,
    /// What it may be of an item that lost its mark.
    pub(crate) lost: Lost,
    /// A word or two: a kicker rather than a title.
    pub(crate) brief: bool,
    /// The page has the same few words once more.
    pub(crate) echo: bool,
    /// Too long for a headline, or a sentence of eight words or more.
    pub(crate) wordy: bool,
    /// Ends as a sentence does.
    pub(crate) sentence: bool,
    /// Begins with a date, though it is more than one.
    pub(crate) begins_with_date: bool,
    /// Holds a `|`.
    pub(crate) piped: bool,
    /// A date stands before the text, read this well.
    pub(crate) glued: Option<Grade>,
    /// A date stands behind the text.
    pub(crate) end_dated: Option<Grade>,
    /// The text behind the date before it is a name rather than a title, for the page says it behind others, too: `15
    /// June 2020 – Geneva`.
    pub(crate) tailed: bool,
    /// Who wrote it, and nothing else: `By Ann Field`.
    pub(crate) byline: bool,
    /// It begins in the middle of a sentence, right below the line before.
    pub(crate) goes_on: bool,
    /// A line ends where the next word would have had room: these are several texts.
    pub(crate) broken: bool,
    /// The text before that date is a name rather than a title: `Valley Gazette, 20 April 2016`; or a day that is a
    /// block of its own says more than the day.
    pub(crate) named: bool,
    /// It begins with the name of a field: `Recall date: 12 May 2021`, or one that the page repeats. That is no title.
    pub(crate) field: bool,
    /// It is what pages call their lists, and as no item below the first day is called: `Press releases`.
    pub(crate) names_list: bool,
    /// It is a day with a time: when something was published, and never what heads several items.
    pub(crate) timed: bool,
    /// It is what pages call the boxes around their lists, and stands above the first day or below the last: `About
    /// us`.
    pub(crate) names_box: bool,
}

/// Labels the blocks of `page`, in order.
pub(crate) fn label(page: &Page<'_>, settled: Settled, lexicon: &Lexicon) -> Vec<Label> {
    let mut labeller = Labeller { page, settled, lexicon, names: Vec::new() };
    let mut labels: Vec<Label> = page.blocks.iter().map(|block| labeller.label(block)).collect();
    names_behind_days(&labeller.names, &mut labels);
    menu::leave_out(page, &mut labels);
    copyright(page, &mut labels);
    names_of_lists(page, &mut labels);
    name_dates(page, &mut labels, lexicon);
    lost::note(page, &mut labels, settled);
    look_down(page, &mut labels);
    twice::once(page, &mut labels);
    twice::offered(page, &mut labels);
    twice::once_with_day(page, &mut labels);
    twice::echo(page, &mut labels);
    look_up(page, &mut labels);
    labels
}

/// What stands behind days is their place, or of which kind the items are, if it is said again and again; else it is a
/// short title.
fn names_behind_days(names: &[&str], labels: &mut [Label]) {
    let distinct: BTreeSet<_> = names.iter().collect();
    if distinct.len() * 2 > names.len() {
        labels.iter_mut().for_each(|label| label.tailed = false);
    }
}

/// Whose the page is, and since when, its last lines say: `© 1996-2021 Harbour Press`. A photo is somebody's first.
fn copyright(page: &Page<'_>, labels: &mut [Label]) {
    for (block, label) in page.blocks.iter().zip(labels).rev() {
        match label.kind {
            Kind::Credit if begins_with_year(block.text) => label.kind = Kind::Furniture,
            Kind::Furniture => {}
            _ => break,
        }
    }
}

/// What pages call their lists may be what a page calls its items, too, where it stands below the first day; what they
/// call the boxes around them, where it stands between two days.
fn names_of_lists(page: &Page<'_>, labels: &mut [Label]) {
    let days = || page.blocks.iter().zip(&*labels).map(|(block, label)| block.date.is_some() || label.holds_day());
    let (Some(first), Some(last)) = (days().position(|is_day| is_day), days().rposition(|is_day| is_day)) else {
        return;
    };
    if labels.iter().skip(first).any(|label| label.names_list) {
        labels.iter_mut().for_each(|label| label.names_list = false);
    }
    labels.get_mut(first..last).into_iter().flatten().for_each(|label| label.names_box = false);
}

/// Words that only name the day below them say nothing: `Post date`.
fn name_dates(page: &Page<'_>, labels: &mut [Label], lexicon: &Lexicon) {
    let below = page.blocks.iter().skip(1);
    for ((block, below), label) in page.blocks.iter().zip(below).zip(labels) {
        if below.date.is_some() && label.short && label.kind == Kind::Text && lexicon.is_stamp(block.text) {
            label.kind = Kind::Furniture;
        }
    }
}

/// Notes what stands right below each block.
fn look_down(page: &Page<'_>, labels: &mut [Label]) {
    let (mut short, mut headline) = (false, false);
    for (label, block) in labels.iter_mut().zip(&page.blocks).rev() {
        label.above_short = short && label.short;
        label.above_headline = headline && label.brief;
        short = label.short && !label.is_dated_byline();
        headline = label.kind == Kind::Text
            && !(label.short || label.wordy || label.piped)
            && label.glued.or(label.end_dated).is_none()
            && !block.text.ends_with(NO_END_OF_A_HEADING);
    }
}

/// Notes what stands right above each block.
fn look_up(page: &Page<'_>, labels: &mut [Label]) {
    let mut above_reads_like_text = false;
    for (label, block) in labels.iter_mut().zip(&page.blocks) {
        label.goes_on = label.kind == Kind::Text && block.gap == 0 && block.text.starts_with(char::is_lowercase);
        label.below_sentence = std::mem::replace(&mut above_reads_like_text, label.reads_like_text());
    }
}

/// Labels each block by its own letters.
struct Labeller<'p, 't> {
    page: &'p Page<'t>,
    settled: Settled,
    lexicon: &'p Lexicon,
    /// What stands behind days and may name their place: of each block that is `tailed`.
    names: Vec<&'t str>,
}

impl<'t> Labeller<'_, 't> {
    fn label(&mut self, block: &Block<'t>) -> Label {
        let (page, text) = (self.page, block.text);
        if let Some(printed) = page.date(block) {
            return self.date(printed, block);
        }
        if block.is_beside() {
            return Label { kind: Kind::Furniture, ..Label::default() };
        }
        let opens = date::opens(text, self.lexicon);
        let begins = || opens && date::begins(text, self.lexicon);
        let led = || if opens || inline::may_lead(text) { inline::leading(text, self.lexicon) } else { None };
        let grade = |led: Option<(Printed<'t>, &'t str)>| led.map(|(printed, _)| printed.grade(self.settled));
        // Long paragraphs are most of a file, and can be nothing but text.
        if text.len() > LONG_BYTES && !page.pipes {
            let glued = grade(led());
            let broken = glued.is_some() && block.is_broken();
            return Label { wordy: true, begins_with_date: begins(), glued, broken, ..Label::default() };
        }
        if credit(text, self.lexicon).is_some() {
            return Label { kind: Kind::Credit, ..Label::default() };
        }
        if block.is_furniture(self.lexicon) || is_signed(text, self.lexicon) {
            // A year alone is a number too, but it heads a list.
            let kind = if opens && date::is_month(text, self.lexicon) { Kind::Month } else { Kind::Furniture };
            return Label { kind, ..Label::default() };
        }
        if !block.folded && ((opens && date::is_month(text, self.lexicon)) || self.lexicon.is_month(text)) {
            return Label { kind: Kind::Month, ..Label::default() };
        }
        let piped = page.pipes && text.contains('|');
        if (piped || (page.tabs && text.contains('\t'))) && is_row(text, self.lexicon) {
            // Two cells are a day and a title as well, of which texts may follow.
            let glued = if text.split(['|', '\t']).nth(2).is_none() { grade(led()) } else { None };
            return Label { kind: Kind::Row, piped, glued, broken: block.is_broken(), ..Label::default() };
        }
        let begins_with_date = begins() || date::is_shaped_like_one(text);
        let led = led();
        let dated = Label { begins_with_date, piped, glued: grade(led), ..Label::default() };
        self.text(dated, block, led.map(|(_, behind)| behind))
    }

    fn date(&self, printed: &Printed<'t>, block: &Block<'t>) -> Label {
        let (page, text) = (self.page, block.text);
        let cut = page.cut && block.last_line == page.last_line && !printed.is_firm();
        let kind = if cut { Kind::CutDate } else { Kind::Date(printed.grade(self.settled)) };
        // What follows a date on its line is a kicker, but it may be more: then something is odd.
        let glued = printed.kicker.and_then(|_| inline::leading(text, self.lexicon)).map(|_| Grade::Broken);
        // Behind a tab the words are a cell.
        let tabbed = page.tabs && printed.kicker.is_some() && text.contains('\t');
        let named = printed.raw().len() < text.len();
        let piped = tabbed || (page.pipes && text.contains('|'));
        Label { kind, piped, glued, named, timed: printed.has_time(), ..Label::default() }
    }

    /// The label of a text, of whose beginning `label` tells; `behind`: what stands behind the day that it begins with.
    fn text(&mut self, label: Label, block: &Block<'t>, behind: Option<&'t str>) -> Label {
        let (text, lexicon) = (block.text, self.lexicon);
        // A full stop behind a day that is read from the line is the day's own.
        let dated = if block.folded { None } else { inline::trailing(text, lexicon) };
        let short = !block.folded && is_short(if dated.is_some() { text.trim_end_matches('.') } else { text });
        let broken = block.is_broken();
        // A headline may go on in the next line, with its day at the end; one with a day of its own does not.
        let is_dated = |line: &str| inline::trailing(line.trim(), lexicon).is_some();
        let wordy = !short && is_wordy(text);
        let is_headline = || !(broken || wordy || text.contains(" / ") || text.lines().rev().skip(1).any(is_dated));
        let end_dated = if block.folded && is_headline() { inline::trailing(text, lexicon) } else { dated };
        let field = if block.folded { None } else { inline::field(text, lexicon) };
        // What has a mark of its own is an item, though it be as short as a name.
        let is_marked = block.mark != Mark::None;
        let by_author = end_dated.is_some_and(|(before, _)| lexicon.author(before).is_some());
        let is_field = field.is_some() || (by_author && !is_marked);
        let is_place = |before: &str| is_name(before, lexicon) || (short && are_names(before, text));
        let named = is_field || (!is_marked && end_dated.is_some_and(|(before, _)| is_place(before)));
        let end_dated = field.or(end_dated.map(|(_, printed)| printed)).map(|printed| printed.grade(self.settled));
        let name = behind.filter(|behind| short && is_name(behind, lexicon));
        self.names.extend(name);
        Label {
            tailed: name.is_some(),
            names_list: short && lexicon.names_list(text),
            names_box: lexicon.names_box(text.lines().next().unwrap_or_default().trim_end()),
            byline: short && (by_author || lexicon.author(text).is_some()),
            broken,
            short,
            brief: short && is_brief(text),
            wordy,
            sentence: !short && ends_sentence(text, &['.', '。', '։', '।', '۔']),
            end_dated,
            named,
            field: is_field,
            ..label
        }
    }
}

impl Label {
    /// It reads like a text rather than a headline: long, or a sentence.
    pub(crate) fn reads_like_text(&self) -> bool {
        self.sentence || self.wordy
    }

    /// It is a day and nothing else, but for a few words.
    pub(crate) fn is_date(&self) -> bool {
        matches!(self.kind, Kind::Date(_))
    }

    /// Its cells hold a day, or it is one with cells beside it.
    pub(crate) fn is_row(&self) -> bool {
        self.kind == Kind::Row || (self.is_date() && self.piped)
    }

    /// `block`, which bears the label, has more than one cell.
    pub(crate) fn has_cells(&self, block: &Block<'_>) -> bool {
        self.piped || block.text.contains('\t')
    }

    /// It is what pages call a part of themselves, and no item.
    pub(crate) fn names_part(&self) -> bool {
        self.names_list || self.names_box
    }

    /// A day stands in it, beside something else.
    pub(crate) fn holds_day(&self) -> bool {
        self.begins_with_date || self.glued.or(self.end_dated).is_some()
    }

    /// Whether it says who wrote the item, and when: it states the item's day as a date alone does.
    pub(crate) fn is_dated_byline(&self) -> bool {
        self.byline && self.end_dated.is_some()
    }
}

/// Whether a line says who wrote something and at what time of day, as blogs do below each text: `Posted by Ann at
/// 10:12`.
fn is_signed(text: &str, lexicon: &Lexicon) -> bool {
    const LONGEST: usize = 120;
    const MOST_WORDS: usize = 8;
    if text.len() > LONGEST || !has_ascii_digit(text) {
        return false;
    }
    let Some(behind) = lexicon.by(text) else { return false };
    // A single great word may begin any title: `By 10:30 all seats were taken`.
    let by = text.get(..text.len() - behind.len()).unwrap_or_default().trim_end();
    let names = by.contains(|c: char| c.is_whitespace() || c == ':');
    let mut words = behind.split_whitespace();
    if !names || !words.by_ref().take(MOST_WORDS).skip(1).any(is_clock) {
        return false;
    }
    // What goes on behind the time may be a title: `Written by pupils: a play at 10:30 in the hall`.
    let rest: Vec<&str> = words.take(MOST_WORDS).skip_while(|word| HALVES.contains(word)).collect();
    let rest = rest.join(" ");
    let rest = rest.trim_end_matches(':');
    rest.is_empty() || lexicon.counts(rest) || lexicon.is_furniture(rest)
}

/// What stands behind a time of twelve hours.
const HALVES: [&str; 6] = ["AM", "PM", "am", "pm", "a.m.", "p.m."];

/// Cells by `|` or tab, one of which is a date.
fn is_row(text: &str, lexicon: &Lexicon) -> bool {
    text.split(['|', '\t']).count() > 1
        && text.split(['|', '\t']).any(|cell| date::whole(cell.trim(), lexicon).is_some())
}

/// A name of three words at most, or an author's.
fn is_name(text: &str, lexicon: &Lexicon) -> bool {
    let begins_great = || text.chars().find(|c| c.is_alphabetic()).is_some_and(|c| !c.is_lowercase());
    lexicon.author(text).is_some()
        || (begins_great()
            && !text.contains(|c: char| c.is_ascii_digit() || matches!(c, ':' | '?' | '!' | '…'))
            && words(text) <= 3)
}

/// Whether `before`, with which `text` begins and which a comma parts from the day, is several names with commas between
/// them, one with brackets around it or behind it: `Dun, Upper Thrum (North), 20 April 2016`. Without the brackets it
/// may be a title with the name of a paper.
fn are_names(before: &str, text: &str) -> bool {
    const MOST: usize = 3;
    let begins_great = |name: &str| name.trim_start().trim_start_matches('(').starts_with(char::is_uppercase);
    let holds_sign = |c: char| c.is_ascii_digit() || matches!(c, ':' | ';' | '?' | '!' | '…' | '"' | '„' | '“');
    let mut names = before.trim_end_matches(',').split(',');
    text.get(before.len()..).is_some_and(|behind| behind.trim_start().starts_with(',') || before.ends_with(','))
        && before.contains('(')
        && before.contains(')')
        && before.matches(',').count() < MOST
        && !before.contains(holds_sign)
        && names.all(|name| begins_great(name) && words(name) <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::scrape::blocks::{Unit, split};

    fn kinds(text: &str) -> Vec<Kind> {
        let lexicon = Lexicon::of(None);
        let page = split(text, &[], Unit::Run, lexicon);
        label(&page, Settled::default(), lexicon).iter().map(|label| label.kind).collect()
    }

    #[test]
    fn each_kind_is_told_by_its_line() {
        for (line, kind) in [
            ("15 June 2020", Kind::Date(Grade::Whole)),
            ("15 June", Kind::Date(Grade::Partial)),
            ("31 February 2020", Kind::Date(Grade::Broken)),
            ("June 2020", Kind::Month),
            ("Sept. 2020", Kind::Month),
            ("2022", Kind::Month),
            ("© Ann Field 2020", Kind::Credit),
            ("Photo: Ann Field", Kind::Credit),
            ("3 comments", Kind::Furniture),
            ("Read more »", Kind::Furniture),
            ("12", Kind::Furniture),
            ("2.4", Kind::Furniture),
            ("2.4.1", Kind::Text),
            ("Stranica 1 / 120", Kind::Furniture),
            ("-----", Kind::Furniture),
            ("---|---|---", Kind::Furniture),
            ("https://example.org/news?page=2", Kind::Furniture),
            ("PDF (312 KB)", Kind::Furniture),
            ("[PDF, 1,2 MB]", Kind::Furniture),
            ("PDF forms are here", Kind::Text),
            ("{{> header}}", Kind::Furniture),
            ("{{ title }} is out", Kind::Text),
            ("Home > Media", Kind::Furniture),
            ("Home » Media", Kind::Furniture),
            ("Home › Media", Kind::Furniture),
            ("Home → Media", Kind::Furniture),
            ("Contact us   About us   Privacy", Kind::Furniture),
            ("Contact us | About us | Privacy", Kind::Furniture),
            ("Contact us ∙ About us ∙ Privacy", Kind::Furniture),
            ("12 Mar 2020 » Sorting ropes", Kind::Text),
            ("Page 1 of 84", Kind::Furniture),
            ("Página 1 de 84", Kind::Furniture),
            ("СТРАНИЦА 1 ИЗ 84", Kind::Furniture),
            ("Page one of 84", Kind::Text),
            ("57.x | 14 Sep 2023 | open", Kind::Row),
            ("3 comments were made on the plan", Kind::Text),
            ("Share of women in work", Kind::Text),
            ("June 2020 was warm", Kind::Text),
        ] {
            assert_eq!(kinds(&format!("{line}\n")), [kind], "{line}");
        }
    }

    #[test]
    fn in_the_last_line_of_a_cut_file_only_a_date_with_its_year_counts() {
        for (line, kind) in [
            ("15 June 2020", Kind::Date(Grade::Whole)),
            ("June 15, 2020", Kind::Date(Grade::Whole)),
            ("15 June 20", Kind::CutDate),
            ("15 June", Kind::CutDate),
            ("2020-06-1", Kind::CutDate),
            ("2020-06-15", Kind::Date(Grade::Whole)),
        ] {
            assert_eq!(kinds(line), [kind], "{line}");
        }
    }
}
