//! What a block could be: the labels that the layouts price.
//!
//! Each block is labelled once, before any layout looks at it, with the cheap tests ahead of the dear ones. Text is
//! always possible, so a label only says what else the block could be.

use memchr::memchr_iter;

use super::blocks::{Block, Mark, Page, is_clock};
use super::date::{self, Grade, Settled, inline};
use super::language::{Lexicon, has_ascii_digit, is_same};
use super::menu;

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
    /// Who wrote it, and nothing else: `By Ann Field`.
    pub(crate) byline: bool,
    /// It begins in the middle of a sentence, right below the line before.
    pub(crate) goes_on: bool,
    /// A line ends where the next word would have had room: these are several texts.
    pub(crate) broken: bool,
    /// The text before that date is a name rather than a title: `Valley Gazette, 20 April 2016`; or a day that is a block of
    /// its own says more than the day.
    pub(crate) named: bool,
    /// It begins with the name of a field: `Recall date: 12 May 2021`, or one that the page repeats. That is no title.
    pub(crate) field: bool,
    /// It is what pages call their lists, and as no item below the first day is called: `Press releases`.
    pub(crate) names_list: bool,
}

/// Labels the blocks of `page`, in order.
pub(crate) fn label(page: &Page<'_>, settled: Settled, lexicon: &Lexicon) -> Vec<Label> {
    let mut labels: Vec<Label> = page.blocks.iter().map(|block| label_one(block, page, settled, lexicon)).collect();
    menu::leave_out(page, &mut labels);
    names_of_lists(page, &mut labels);
    name_dates(page, &mut labels, lexicon);
    let (mut below, mut headline) = (false, false);
    for (label, block) in labels.iter_mut().zip(&page.blocks).rev() {
        label.above_short = below && label.short;
        label.above_headline = headline && label.brief;
        below = label.short && !label.is_dated_byline();
        headline = label.kind == Kind::Text
            && !(label.short || label.wordy || label.piped)
            && label.glued.or(label.end_dated).is_none()
            && !block.text.ends_with(NO_END_OF_A_HEADING);
    }
    once(page, &mut labels);
    offered(page, &mut labels);
    once_with_day(page, &mut labels);
    echo(page, &mut labels);
    for (block, label) in page.blocks.iter().zip(&mut labels) {
        label.goes_on = label.kind == Kind::Text && block.gap == 0 && block.text.starts_with(char::is_lowercase);
    }
    let mut above = false;
    for label in &mut labels {
        label.below_sentence = std::mem::replace(&mut above, label.sentence || label.wordy);
    }
    labels
}

/// What pages call their lists may be what a page calls its items, too, where it stands below the first day.
fn names_of_lists(page: &Page<'_>, labels: &mut [Label]) {
    let mut below =
        page.blocks.iter().zip(&*labels).skip_while(|(block, label)| block.date.is_none() && !label.holds_day());
    if below.any(|(_, label)| label.names_list) {
        labels.iter_mut().for_each(|label| label.names_list = false);
    }
}

/// What a line says once more right below itself is no other text: a picture's name above the title that it shows. Where one
/// of the two is a heading or a link, that one is the title.
fn once(page: &Page<'_>, labels: &mut [Label]) {
    let mut above: Option<(usize, &Block<'_>)> = None;
    for (at, block) in page.blocks.iter().enumerate() {
        if labels.get(at).is_none_or(|label| label.kind != Kind::Text) {
            above = None;
            continue;
        }
        let again =
            |(_, one): &(usize, &Block<'_>)| block.gap == 0 && block.mark == Mark::None && one.text == block.text;
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

/// A title that stands once more below its text, behind a line that leads on, is what that line offers: `Continue reading`,
/// `“The market opens”`.
fn offered(page: &Page<'_>, labels: &mut [Label]) {
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

/// A line and a day that are said once more right below themselves, as pages have them once for wide and once for narrow
/// screens, are no other item.
fn once_with_day(page: &Page<'_>, labels: &mut [Label]) {
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

/// Words that only name the day below them say nothing: `Post date`.
fn name_dates(page: &Page<'_>, labels: &mut [Label], lexicon: &Lexicon) {
    let below = page.blocks.iter().skip(1);
    for ((block, below), label) in page.blocks.iter().zip(below).zip(labels) {
        if below.date.is_some() && label.short && label.kind == Kind::Text && lexicon.is_stamp(block.text) {
            label.kind = Kind::Furniture;
        }
    }
}

/// Tells which few words stand on the page more than once, marks apart: no two items have one title. What most of three
/// items or more have beside a text of their own is offered with each, or counts something of each: `Share`, `42 min`.
fn echo(page: &Page<'_>, labels: &mut [Label]) {
    let few = |(block, label): &(&Block<'_>, &Label)| label.short && label.kind == Kind::Text && !block.folded;
    let mut texts: Vec<&str> =
        page.blocks.iter().zip(&*labels).filter(few).map(|(block, _)| counted(block.text)).collect();
    if texts.len() < 2 {
        return;
    }
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
        if !(is_often || label.sentence || label.wordy) {
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

fn label_one(block: &Block<'_>, page: &Page<'_>, settled: Settled, lexicon: &Lexicon) -> Label {
    let text = block.text;
    if let Some(printed) = block.date.and_then(|at| page.dates.get(usize::try_from(at).ok()?)) {
        let cut = page.cut && block.last_line == page.last_line && !printed.is_firm();
        let kind = if cut { Kind::CutDate } else { Kind::Date(printed.grade(settled)) };
        // What follows a date on its line is a kicker, but it may be more: then something is odd.
        let glued = printed.kicker.and_then(|_| inline::leading(text, lexicon)).map(|_| Grade::Broken);
        // Behind a tab the words are a cell.
        let tabbed = page.tabs && printed.kicker.is_some() && text.contains('\t');
        let named = printed.raw().len() < text.len();
        return Label { kind, piped: tabbed || (page.pipes && text.contains('|')), glued, named, ..Label::default() };
    }
    if block.is_beside() {
        return Label { kind: Kind::Furniture, ..Label::default() };
    }
    let opens = date::opens(text, lexicon);
    let begins = || opens && date::begins(text, lexicon);
    let glued = || {
        let led = if opens || inline::may_lead(text) { inline::leading(text, lexicon) } else { None };
        led.map(|(printed, _)| printed.grade(settled))
    };
    // Long paragraphs are most of a file, and can be nothing but text.
    if text.len() > LONG_BYTES && !page.pipes {
        return Label { wordy: true, begins_with_date: begins(), glued: glued(), ..Label::default() };
    }
    if is_credit(text, lexicon) {
        return Label { kind: Kind::Credit, ..Label::default() };
    }
    if block.is_furniture(lexicon) || is_signed(text, lexicon) {
        // A year alone is a number too, but it heads a list.
        let kind = if opens && date::is_month(text, lexicon) { Kind::Month } else { Kind::Furniture };
        return Label { kind, ..Label::default() };
    }
    if !block.folded && ((opens && date::is_month(text, lexicon)) || lexicon.is_month(text)) {
        return Label { kind: Kind::Month, ..Label::default() };
    }
    let piped = page.pipes && text.contains('|');
    if (piped || (page.tabs && text.contains('\t'))) && is_row(text, lexicon) {
        return Label { kind: Kind::Row, piped, ..Label::default() };
    }
    let short = !block.folded && is_short(text);
    let begins_with_date = begins() || date::is_shaped_like_one(text);
    let glued = glued();
    let end_dated = if block.folded { None } else { inline::trailing(text, lexicon) };
    let field = if block.folded { None } else { inline::field(text, lexicon) };
    // What has a mark of its own is an item, though it be as short as a name.
    let is_marked = block.mark != Mark::None;
    let by_author = end_dated.is_some_and(|(before, _)| lexicon.author(before).is_some());
    let is_field = field.is_some() || (by_author && !is_marked);
    let named = is_field || (!is_marked && end_dated.is_some_and(|(before, _)| is_name(before, lexicon)));
    let end_dated = field.or(end_dated.map(|(_, printed)| printed)).map(|printed| printed.grade(settled));
    let sentence = !short && ends_sentence(text, &['.', '。', '։', '।', '۔']);
    let brief = short && is_brief(text);
    let wordy = !short && is_wordy(text);
    let byline = short && (by_author || lexicon.author(text).is_some());
    let broken = block.folded && is_broken(text);
    Label {
        names_list: short && lexicon.names_list(text),
        byline,
        broken,
        short,
        brief,
        wordy,
        sentence,
        begins_with_date,
        piped,
        glued,
        end_dated,
        named,
        field: is_field,
        ..Label::default()
    }
}

impl Label {
    /// A day stands in it, beside something else.
    pub(crate) fn holds_day(&self) -> bool {
        self.begins_with_date || self.glued.or(self.end_dated).is_some()
    }

    /// Whether it says who wrote the item, and when: it states the item's day as a date alone does.
    pub(crate) fn is_dated_byline(&self) -> bool {
        self.byline && self.end_dated.is_some()
    }
}

/// A title of more letters than this is hardly one.
const LONG: usize = 250;
/// No text of more bytes can be short, whatever its script; many fewer letters than [`LONG`] it cannot have.
const LONG_BYTES: usize = LONG * 4;

/// The text of a photo line without what makes it one; `None` when it is no photo line.
pub(crate) fn credit<'t>(text: &'t str, lexicon: &Lexicon) -> Option<&'t str> {
    let bare = |rest: &'t str| rest.trim_start_matches(|c: char| c.is_whitespace() || c == ':');
    if let Some(rest) = text.strip_prefix('©') {
        return Some(bare(rest));
    }
    let rest = bare(text.get(lexicon.credit(text)?..)?);
    // `Photo: © Ann Field` has two signs; the name follows the second.
    Some(rest.strip_prefix('©').map_or(rest, bare))
}

fn is_credit(text: &str, lexicon: &Lexicon) -> bool {
    credit(text, lexicon).is_some()
}

/// Whether a line says who wrote something and at what time of day, as blogs do below each text: `Posted by Ann at 10:12`.
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

/// Lines that stand around lists and say nothing.
pub(crate) fn is_furniture(text: &str, lexicon: &Lexicon) -> bool {
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else { return true };
    if matches!(text, "·" | "/") {
        return true;
    }
    if matches!(first, b'-' | b'=' | b'_' | b'*' | b'~' | b'#' | b'|' | b'+' | b'.' | b':')
        && bytes.iter().all(|b| matches!(b, b'-' | b'=' | b'_' | b'*' | b'~' | b'#' | b'|' | b'+' | b'.' | b':' | b' '))
    {
        return true;
    }
    if is_reserved(text)
        || is_address(text)
        || is_attachment(text)
        || is_pages(text, lexicon)
        || is_extent(text)
        || is_trail(text)
    {
        return true;
    }
    if text.len() > 32 {
        return text.len() <= 80 && lexicon.is_filed(text);
    }
    if text.ends_with(|c: char| c.is_ascii_digit()) && !first.is_ascii_digit() {
        let name = text.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | ' ' | ':' | '：'));
        if lexicon.is_counted(name) {
            return true;
        }
    }
    if first.is_ascii_digit() {
        let behind = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ')'));
        let is_version = || text.split('.').count() > 2 && text.split('.').all(|part| !part.is_empty());
        return (behind.is_empty() && !is_version()) || lexicon.is_counted(behind.trim());
    }
    let bare = text.trim_end_matches(['.', '…', '»', '›', '>', '→', ' ', ':']).trim_start_matches(['[', '(', '«', '‹']);
    bare.is_empty() || lexicon.is_filed(text) || lexicon.is_furniture(bare.trim_end_matches([']', ')']))
}

/// Whether `text` is a name with a figure behind a colon (`Visitors today: 732`, `Last updated: 14:05`, `Water: 12 °C`),
/// which is another one in each capture. A year may well belong to the name.
pub(crate) fn states_a_figure(text: &str) -> bool {
    let Some((_, figure)) = text.rsplit_once([':', '：']) else { return false };
    let figure = figure.trim().trim_end_matches(['%', '°', 'C', 'F']).trim_end();
    let is_year = figure.len() == 4 && (figure.starts_with("19") || figure.starts_with("20"));
    let is_figure = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '/' | '-' | '−' | '+' | ' ');
    !is_year && figure.contains(|c: char| c.is_ascii_digit()) && figure.chars().all(is_figure)
}

/// Ways through the site: `Home > Media > Press releases`, `About us | Contact | Privacy`.
fn is_trail(text: &str) -> bool {
    let short =
        |piece: &str| (1..=4).contains(&piece.split_whitespace().take(5).count()) && !piece.ends_with(['.', '!', '?']);
    let signs = |sign: &str| text.match_indices(sign).take(2).count();
    if text.len() > 200 {
        return false;
    }
    // Hardly a text has any of the signs, and looks at its bytes tell: for those that are not ASCII the last of theirs.
    // Nothing ends a look early, so that it takes many bytes at a time.
    let bytes = text.as_bytes();
    let holds = |is: fn(u8) -> bool| bytes.iter().fold(false, |any, b| any | is(*b));
    let blanks = || {
        let behind = |more: usize| bytes.get(more..).unwrap_or_default();
        let threes = bytes.iter().zip(behind(1)).zip(behind(2));
        threes.fold(false, |any, ((a, b), c)| any | ((a ^ b' ') | (b ^ b' ') | (c ^ b' ') == 0))
    };
    // A way through the site does not begin with a number: `12 Mar 2020 » Sorting`.
    let path = !text.starts_with(|c: char| c.is_ascii_digit())
        && holds(|b| matches!(b, b'>' | 0xBB | 0xBA | 0x92))
        && [" > ", " » ", " › ", " → "].into_iter().any(|sign| signs(sign) > 0 && text.split(sign).all(short));
    let bars = !holds(|b| b.is_ascii_digit())
        && (holds(|b| matches!(b, b'|' | 0x99)) || blanks())
        && [" | ", " ∙ ", "   "].into_iter().any(|sign| {
            let pieces = || text.split(sign).map(str::trim).filter(|piece| !piece.is_empty());
            signs(sign) > 1 && pieces().take(3).count() == 3 && pieces().all(short)
        });
    path || bars
}

/// The last line of a page: `Copyright 2020 Harbour Press. All rights reserved.`
fn is_reserved(text: &str) -> bool {
    const WORDS: &str = "all rights reserved";
    const LONGEST: usize = 200;
    let words = text.strip_suffix('.').unwrap_or(text);
    let Some(at) = words.len().checked_sub(WORDS.len()).filter(|_| words.ends_with(['d', 'D'])) else { return false };
    if text.len() > LONGEST || !words.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(WORDS)) {
        return false;
    }
    // Without any of these it may be said in a title.
    let owner = words.get(..at).unwrap_or_default().trim_end();
    owner.is_empty() || owner.ends_with('.') || owner.contains('©') || owner.to_ascii_lowercase().contains("copyright")
}

/// Numbers of pages, and words that lead to others: `1 2 3 … 64 Next`, `Page 1 of 84`.
fn is_pages(text: &str, lexicon: &Lexicon) -> bool {
    const WORDS: [&str; 29] = [
        "page",
        "of",
        "seite",
        "von",
        "sur",
        "página",
        "pagina",
        "de",
        "di",
        "van",
        "sida",
        "side",
        "sivu",
        "av",
        "af",
        "strona",
        "z",
        "stránka",
        "страница",
        "стр.",
        "из",
        "sayfa",
        "stranica",
        "strana",
        "oldal",
        "puslapis",
        "lapa",
        "halaman",
        "trang",
    ];
    if text.len() > 120 || !has_ascii_digit(text) || !has_two_numbers(text) {
        return false;
    }
    let mut numbers = 0;
    for word in text.split([' ', '[', ']', '|', '/', '\u{A0}']).filter(|word| !word.is_empty()) {
        if word.bytes().all(|b| b.is_ascii_digit()) {
            numbers += 1;
        } else if word.contains(char::is_alphanumeric)
            && !WORDS.iter().any(|known| is_same(known, word))
            && !lexicon.is_furniture(word)
        {
            return false;
        }
    }
    numbers >= 2
}

/// Which part of a list the page shows, and hardly a word more: `Showing 11 to 20 of 412 results`, `Treffer 1-10 von
/// 1.204`. Pages are of one length, so that each begins one behind a multiple of it, or ends with the list.
fn is_extent(text: &str) -> bool {
    if text.len() > 80 || !has_ascii_digit(text) || !has_two_numbers(text) {
        return false;
    }
    let is_digit = |c: char| c.is_ascii_digit();
    // The text before, between and behind the numbers, and those.
    let (mut words, mut numbers) = (Vec::with_capacity(4), Vec::with_capacity(3));
    let mut rest = text;
    while let Some(at) = rest.find(is_digit).filter(|_| numbers.len() < 4) {
        let (before, number) = rest.split_at(at);
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.');
        let (number, behind) = number.split_at(number.find(|c| !is_part(c)).unwrap_or(number.len()));
        words.push(before.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count());
        numbers.push(number.chars().filter(|c| is_digit(*c)).collect::<String>().parse::<u32>().unwrap_or(u32::MAX));
        rest = behind;
    }
    words.push(rest.split_whitespace().count());
    let (&[first, last, all], &[0..=2, 0..=1, 1, 0..=1]) = (numbers.as_slice(), words.as_slice()) else { return false };
    // `From 2021 to 2030 for 10,000`: years count nothing.
    let is_year = |number: u32| (1900..2100).contains(&number);
    let shown = last.saturating_sub(first) + 1;
    let is_page = first > 0 && shown > 2 && last <= all && ((first - 1) % shown == 0 || last == all);
    is_page && !is_year(first) && !is_year(last) && (!is_year(all) || text.contains([',', '.']))
}

/// Whether digits stand in two places at least.
fn has_two_numbers(text: &str) -> bool {
    let mut before = false;
    let begins = |b: u8| !std::mem::replace(&mut before, b.is_ascii_digit()) && b.is_ascii_digit();
    text.bytes().map(begins).filter(|begins| *begins).nth(1).is_some()
}

/// An address and nothing else, as text browsers list them below a page.
fn is_address(text: &str) -> bool {
    ["https://", "http://", "www.", "mailto:"].iter().any(|start| text.starts_with(start))
        && !text.contains(char::is_whitespace)
}

fn is_size(word: &str) -> bool {
    const SIZES: [&str; 10] = ["kb", "mb", "gb", "kib", "mib", "ko", "mo", "go", "кб", "мб"];
    SIZES.iter().any(|unit| word.eq_ignore_ascii_case(unit))
}

/// What says to which kind of file a link leads has no more bytes.
pub(crate) const LONGEST_ATTACHMENT: usize = 32;

/// A kind of file or its size and nothing else: `PDF (312 KB)`. It says what a link leads to.
pub(crate) fn is_attachment(text: &str) -> bool {
    const KINDS: [&str; 16] = [
        "pdf", "doc", "docx", "word", "xls", "xlsx", "excel", "ppt", "pptx", "odt", "ods", "rtf", "zip", "csv", "epub",
        "mp3",
    ];
    if text.len() > LONGEST_ATTACHMENT {
        return false;
    }
    let is_one_of = |word: &str, known: &[&str]| known.iter().any(|it| word.eq_ignore_ascii_case(it));
    let words = || text.split([' ', '(', ')', '[', ']', ',', '.', ':', '\u{A0}', '-', '/']).filter(|it| !it.is_empty());
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    words().all(|word| is_one_of(word, &KINDS) || is_number(word) || is_size(word))
        && words().any(|word| !is_number(word))
}

/// A title without the kind and size of its file, in brackets behind it: `Council meeting (PDF, 212 KB)`.
pub(crate) fn without_attachment(text: &str) -> &str {
    let trimmed = text.trim_end();
    let bracket = || {
        let inner = trimmed.strip_suffix([')', ']'])?;
        let open = inner.rfind(['(', '['])?;
        let inner = inner.get(open + 1..)?;
        let title = text.get(..open)?.trim_end();
        ((is_attachment(inner) || is_sized(inner)) && !title.is_empty()).then_some(title)
    };
    bracket().unwrap_or(text)
}

/// A word, a number and a unit of sizes: `Word, 45 KB`.
fn is_sized(text: &str) -> bool {
    let words: Vec<&str> = text.split([' ', ',', '\u{A0}']).filter(|word| !word.is_empty()).take(4).collect();
    match words.as_slice() {
        [kind, number, unit] => {
            kind.chars().all(char::is_alphabetic)
                && number.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                && is_size(unit)
        }
        _ => false,
    }
}

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
            && text.len() <= 60
            && !text.contains(|c: char| c.is_ascii_digit() || matches!(c, ':' | '?' | '!' | '…'))
            && words(text) <= 3)
}

/// Whether a line of `text` ends so early that it was not wrapped there: the next word would have had room in it, as others
/// show, or it is said once more; or ends a sentence.
fn is_broken(text: &str) -> bool {
    const NARROW: usize = 40;
    // Fewer words with a full stop behind them may be a title that begins with an abbreviation.
    const FEWEST: usize = 5;
    let length = |line: &str| line.trim().chars().count();
    // A single word, like an address, stands on one line however long it is.
    let is_wrapped = |line: &&str| line.trim().contains(char::is_whitespace);
    let width = text.lines().filter(is_wrapped).map(length).max().unwrap_or(0).max(NARROW);
    let mut lines = text.lines().peekable();
    while let Some((line, next)) = lines.next().and_then(|line| Some((line, lines.peek()?))) {
        let word = next.split_whitespace().next().unwrap_or_default();
        let ends_text = words(line) >= FEWEST && ends_sentence(line, &['.', '!', '…', '。', '！', '।', '۔']);
        if line == *next || ends_text || length(line) + 1 + word.chars().count() <= width {
            return true;
        }
    }
    false
}

/// Two words at most, and few letters.
pub(crate) fn is_brief(text: &str) -> bool {
    text.len() <= 60 && text.chars().count() <= 28 && words(text) <= 2
}

/// What no heading ends with: the signs of sentences, and of texts that go on.
const NO_END_OF_A_HEADING: [char; 12] = ['.', '!', '…', ',', ';', '。', '！', '、', '։', '।', '۔', '،'];

/// Eight words and seventy letters at most, and no end of a sentence. Where words have no blanks between them, three
/// letters are a word.
pub(crate) fn is_short(text: &str) -> bool {
    if text.len() > 70 * 4 || text.ends_with(NO_END_OF_A_HEADING) {
        return false;
    }
    if text.is_ascii() {
        return text.len() <= 70 && text.split_ascii_whitespace().take(9).count() <= 8;
    }
    if text.chars().count() > 70 {
        return false;
    }
    words(text) <= 8
}

/// How many words `text` has, ten at most where they have blanks between them.
pub(super) fn words(text: &str) -> usize {
    let is_unspaced = |c: &char| matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}');
    let ideographs = if text.is_ascii() { 0 } else { text.chars().filter(is_unspaced).count() };
    text.split_whitespace().take(10).count() + ideographs / 3
}

fn is_wordy(text: &str) -> bool {
    if text.len() > LONG && text.chars().count() > LONG {
        return true;
    }
    ends_sentence(text, &['.', '!', '…', '。', '！']) && has_eight_words(text)
}

fn has_eight_words(text: &str) -> bool {
    // A word stands behind every space that a printable ASCII character follows; `text` begins with one already. Only
    // where these are too few do other blanks matter.
    let bytes = text.as_bytes();
    let begins_word = |at: &usize| bytes.get(at + 1).is_some_and(u8::is_ascii_graphic);
    memchr_iter(b' ', bytes).filter(begins_word).nth(6).is_some() || text.split_whitespace().nth(7).is_some()
}

/// Whether `text` ends as a sentence does, quotation marks and brackets set aside.
pub(crate) fn ends_sentence(text: &str, signs: &[char]) -> bool {
    text.trim_end_matches(['"', '\'', '”', '’', '»', '“', '‘', '«', '›', ')', ']', '」', '』']).ends_with(signs)
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

    #[test]
    fn what_is_counted_is_what_stands_behind_the_number() {
        for (text, unit) in [("42 min", "min"), ("10.0 km", "km"), ("1,204 page views", "page views"), ("42nd", "42nd")]
        {
            assert_eq!(counted(text), unit);
        }
        assert_eq!(counted("8 jobs at the lake"), "8 jobs at the lake");
    }

    #[test]
    fn short_is_few_words_without_a_full_stop() {
        assert!(is_short("Statements and speeches"));
        assert!(!is_short("It rained."));
        assert!(!is_short("Nine words are more than a heading should have"));
        assert!(!is_short("不確実な回復を警告する事務所と不確実な回復を警告する事務所"));
    }

    #[test]
    fn words_are_counted_between_blanks_of_every_kind() {
        assert!(has_eight_words("One two three four five six seven eight"));
        assert!(has_eight_words("Один два три четыре пять шесть семь восемь"));
        assert!(has_eight_words("One two\u{A0}three\u{2028}four five\tsix\u{B}seven\n“eight”"));
        assert!(!has_eight_words("One two three four five six seven"));
        assert!(!has_eight_words("One  two three  \u{A0} four \u{3000} five six seven"));
    }
}
