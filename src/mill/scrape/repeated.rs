//! What a page says again and again, in whatever language: the name of a field, the words beside a day, a category.
//!
//! The rules by which the lines of a page explain one another, where no line by itself tells what it is. Each asks for
//! [`SEVERAL`] lines, all of which have to fit it; one that does not is enough to leave the page alone.
//!
//! | rule | where | makes |
//! |---|---|---|
//! | [`bare_dates`] | no line is a date | dates of lines that say the same beside a day |
//! | [`dates_with_category`] | each date has a category beside it | dates of days with a category or a place |
//! | [`days_of_years`] | no line is a date | dates of `03-12` below a year |
//! | [`fields`] | anywhere | furniture of texts that begin with one name |
//! | [`fields_below_names`] | forms richer than text | furniture of a name and the value below it, under headings |
//! | [`kickers`] | forms richer than text | kickers of the lines that open an entry above its day and heading |
//!
//! The first three find days, before the blocks are labelled; the others tell what stands around the days that there
//! are. None takes a day from a line, and none may leave a day without a title that it had: what is read wrongly stays
//! in a feed for good.

use std::collections::BTreeSet;

use super::blocks::{Block, Mark, Page};
use super::date::inline::may_lead;
use super::date::{self, Printed, inline};
use super::label::{Kind, Label};
use super::language::Lexicon;
use super::shape::is_brief;

/// So many lines make a name of what they begin with.
const SEVERAL: usize = 3;
/// No line of a field is longer.
const LONGEST_LINE: usize = 120;

/// Whether the file gives the block no sign that it begins an item.
fn is_plain(block: &Block<'_>) -> bool {
    block.mark == Mark::None && is_plain_but_for_mark(block)
}

fn is_plain_but_for_mark(block: &Block<'_>) -> bool {
    is_line_but_for_mark(block) && block.level() == 0 && block.link().is_none()
}

/// Whether the block is a line without a mark and no day.
fn is_line(block: &Block<'_>) -> bool {
    block.mark == Mark::None && is_line_but_for_mark(block)
}

fn is_line_but_for_mark(block: &Block<'_>) -> bool {
    !block.folded && block.date.is_none() && block.text.len() <= LONGEST_LINE
}

/// Makes dates of the lines of which all say the same before a date, on a page that has none but these. Each stands
/// below its title: bulletins and minutes have one title again and again. Those that say the same but for a number
/// stand above theirs, where each opens a paragraph of a headline and a text: `Nr. 45/2021 vom 12.05.2021`. Behind the
/// date and a sign they may say another thing, the same in all: `Posted in News on 14 June 2021 | Preview`.
pub(super) fn bare_dates<'t>(page: &mut Page<'t>, lexicon: &Lexicon) {
    if !page.dates.is_empty() {
        return;
    }
    let mut found: Vec<(usize, &str, Printed<'t>)> = Vec::new();
    let mut behind = None;
    for (at, block) in page.blocks.iter().enumerate().filter(|(_, block)| is_plain(block)) {
        let (text, aside) = without_aside(block.text);
        let Some((before, printed)) = inline::trailing(text, lexicon) else { continue };
        let is_same = found.first().is_none_or(|(_, first, _)| is_same_but_for_a_part(first, before))
            && *behind.get_or_insert(aside) == aside;
        // `Closing date: 4 May 2018` names its field itself.
        if inline::field(block.text, lexicon).is_some() || !is_same {
            return;
        }
        found.push((at, before, printed));
    }
    let all = |holds: fn(&[Block<'_>], usize) -> bool| found.iter().all(|(at, ..)| holds(&page.blocks, *at));
    let stands_by_title = match found.first() {
        Some((_, first, _)) if found.iter().all(|(_, before, _)| is_same_but_for_numbers(first, before)) => {
            let is_numbered = found.iter().any(|(_, before, _)| before != first);
            if is_numbered { all(above_title) } else { all(below_title) || have_titles(&page.blocks, &found) }
        }
        _ => all(below_title) || have_titles(&page.blocks, &found),
    };
    if found.len() < SEVERAL || !stands_by_title {
        return;
    }
    make_dates(page, found.into_iter().map(|(at, _, printed)| (at, printed)).collect());
}

/// Makes dates of the lines that say a word or two behind a date, as all of them do, each right above a headline: that
/// is the category, and no title. `08/03/2024 - Culture`. Nor is a name that all of them begin with, behind the date,
/// where what follows it is not always another, and a headline and a text stand between any two: `8 March 2024 - County
/// Court, Dun`.
pub(super) fn dates_with_category<'t>(page: &mut Page<'t>, lexicon: &Lexicon) {
    // Words that begin with a great letter were told from a title before, but not all scripts have such.
    if page.dates.iter().any(|date| date.kicker.is_none()) {
        return;
    }
    let mut found: Vec<Placed<'t>> = Vec::new();
    let (mut are_brief, mut are_same) = (true, true);
    for (at, block) in page.blocks.iter().enumerate().filter(|(_, block)| is_plain(block)) {
        let Some((printed, words)) = inline::leading(block.text, lexicon) else { continue };
        let named = str::split(words, ',').next().unwrap_or(words);
        are_same &= found.first().is_none_or(|first| first.named == named);
        let is_above_headline = || page.blocks.get(at + 1).is_some_and(is_headline);
        let dated = if are_brief && is_brief(words) && is_above_headline() { printed.with_kicker(words) } else { None };
        are_brief &= dated.is_some();
        if !(are_brief || are_same) {
            return;
        }
        let date = dated.unwrap_or(printed.at_place(words));
        found.push(Placed { at, named, words, date });
    }
    if found.len() >= SEVERAL && (are_brief || is_place(&found) && has_headlines_and_texts(&page.blocks, &found)) {
        make_dates(page, found.into_iter().map(|line| (line.at, line.date)).collect());
    }
}

/// A line that says something behind its date.
struct Placed<'t> {
    at: usize,
    /// Up to the first comma.
    named: &'t str,
    words: &'t str,
    date: Printed<'t>,
}

/// Whether what all lines begin with is a name, and what follows it does not make another title of each.
fn is_place(lines: &[Placed<'_>]) -> bool {
    const SHORT: usize = 3;
    let is_great = |word: &str| word.len() <= SHORT || word.chars().next().is_some_and(|c| !c.is_lowercase());
    let is_name = lines.first().is_some_and(|line| line.named.split_whitespace().all(is_great));
    is_name && lines.iter().map(|line| line.words).collect::<BTreeSet<_>>().len() < lines.len()
}

/// Whether a headline and a text stand between any two of the lines.
fn has_headlines_and_texts(blocks: &[Block<'_>], lines: &[Placed<'_>]) -> bool {
    lines.windows(2).all(|pair| {
        let [first, second] = pair else { return false };
        let between = || blocks.iter().take(second.at).skip(first.at + 1);
        between().any(is_headline) && between().any(|block| ends_sentence(block.text))
    })
}

/// Makes dates of the numbers of months and days below years: `2024`, then `03-12` or `12.03.` above each title, as
/// archives of blogs have them.
pub(super) fn days_of_years<'t>(page: &mut Page<'t>, lexicon: &Lexicon) {
    if !page.dates.is_empty() {
        return;
    }
    let mut is_below = false;
    let mut found = Vec::new();
    // In an entry of a list they begin it.
    let may_be_one =
        |block: &Block<'_>| matches!(block.mark, Mark::None | Mark::Bullet) && is_plain_but_for_mark(block);
    for (at, block) in page.blocks.iter().enumerate().filter(|(_, block)| block.text.len() <= 10) {
        is_below |= date::is_month(block.text, lexicon);
        match date::day_of_year(block.text).filter(|_| may_be_one(block)) {
            Some(printed) if is_below => found.push((at, printed)),
            Some(_) => return,
            None => {}
        }
    }
    if found.len() >= SEVERAL {
        make_dates(page, found);
    }
}

/// Makes the date of each of these blocks.
fn make_dates<'t>(page: &mut Page<'t>, found: Vec<(usize, Printed<'t>)>) {
    for (at, printed) in found {
        if let Some(block) = page.blocks.get_mut(at) {
            block.date = u32::try_from(page.dates.len()).ok();
            page.dates.push(printed);
        }
    }
}

/// A line without what stands behind its last bar, and that.
fn without_aside(line: &str) -> (&str, &str) {
    match line.rsplit_once(" | ") {
        Some((text, aside)) if is_brief(aside) && !aside.contains(|c: char| c.is_ascii_digit()) => (text, aside),
        _ => (line, ""),
    }
}

/// Whether two texts differ in their numbers alone.
fn is_same_but_for_numbers(one: &str, other: &str) -> bool {
    let without = |text| str::split(text, |c: char| c.is_ascii_digit()).filter(|part: &&str| !part.is_empty());
    one == other || without(one).eq(without(other))
}

/// Whether two texts say the same of another number, or of somebody else: `mara released this`, `tobi released this`.
fn is_same_but_for_a_part(one: &str, other: &str) -> bool {
    let said = |text| {
        let (_, said) = str::split_once(text, ' ')?;
        (said.contains(' ') && said.starts_with(char::is_lowercase)).then_some(said)
    };
    is_same_but_for_numbers(one, other) || said(one).is_some_and(|of_one| Some(of_one) == said(other))
}

/// Whether the line opens a paragraph that has a headline and a text below it.
fn above_title(blocks: &[Block<'_>], at: usize) -> bool {
    let Some([line, title, text, ..]) = blocks.get(at..) else { return false };
    let is_open = line.gap > 0 || at == 0;
    is_open && title.gap == 0 && text.gap == 0 && is_plain(title) && !ends_sentence(title.text)
}

/// Whether the line below another one can be its headline: more than a word or two, and no sentence.
fn is_headline(line: &Block<'_>) -> bool {
    line.gap < 2 && is_line(line) && !is_brief(line.text) && !ends_sentence(line.text) && !may_lead(line.text)
}

fn ends_sentence(text: &str) -> bool {
    text.ends_with(['.', '!', '?', ':', '。', '।', '۔'])
}

/// Whether the line belongs to what stands above it: to the line that opens its paragraph, at most one between them, or
/// to a heading or link.
fn below_title(blocks: &[Block<'_>], at: usize) -> bool {
    let Some((line, above)) = blocks.get(..=at).and_then(<[_]>::split_last) else { return false };
    if above.last().is_some_and(|above| above.level() > 0 || above.link().is_some()) {
        return true;
    }
    let opens = |back: usize| {
        above.len().checked_sub(back).is_some_and(|at| at == 0 || above.get(at).is_some_and(|line| line.gap > 0))
    };
    line.gap == 0 && (opens(1) || opens(2))
}

/// Whether what stands above each of the lines can be its title: it is no sentence, and of what stands between two of
/// them one more than what stands below the last, which has no title of a next one below it.
fn have_titles(blocks: &[Block<'_>], lines: &[(usize, &str, Printed<'_>)]) -> bool {
    let above = |at: usize| at.checked_sub(1).and_then(|above| blocks.get(above));
    let titled = lines.iter().all(|(at, ..)| above(*at).is_some_and(|block| !ends_sentence(block.text)));
    let between = lines.windows(2).filter_map(|pair| match pair {
        [(first, ..), (second, ..)] => Some(second - first - 1),
        _ => None,
    });
    let below_last = lines.last().map_or(0, |(last, ..)| blocks.len() - last - 1);
    titled && between.min().is_some_and(|fewest| fewest > below_last)
}

/// The name before the colon, and whether something follows it on the line.
fn name(text: &str) -> Option<&str> {
    let (name, value) = inline::name_and_value(text)?;
    (is_name(name) && !value.trim().is_empty()).then_some(name)
}

/// Whether what stands before a colon is short enough to name a field.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.split_whitespace().take(4).count() <= 3
}

/// Lines that begin with one name, one in most items, right below a line of it and not above its day, say things that
/// are neither title nor text: `Units: About 3,100`. A country before several titles is no such name.
pub(super) fn fields(page: &Page<'_>, labels: &mut [Label]) {
    let mut names: Vec<(&str, usize, bool)> = Vec::new();
    let mut above: Option<&str> = None;
    let mut below_text = false;
    for (at, (block, label)) in page.blocks.iter().zip(labels.iter()).enumerate() {
        let own = if label.kind == Kind::Text && block.text.len() <= LONGEST_LINE { name(block.text) } else { None };
        if let Some(own) = own {
            // A field that holds a sentence is a text with a name.
            let holds_text = label.reads_like_text() || label.end_dated.is_some();
            let above_day = page
                .blocks
                .get(at + 1)
                .is_some_and(|next| next.gap == 0 && next.date.is_some() && name(next.text).is_none());
            let fits =
                is_plain(block) && block.gap == 0 && below_text && above != Some(own) && !holds_text && !above_day;
            names.push((own, at, fits));
        }
        above = own;
        // The day may be such a field itself.
        let is_named_day = label.is_date() && name(block.text).is_some();
        below_text = matches!(label.kind, Kind::Text | Kind::Furniture) || is_named_day;
    }
    if names.len() < SEVERAL {
        return;
    }
    names.sort_unstable();
    for same in names.chunk_by(|a, b| a.0 == b.0) {
        if same.len() >= SEVERAL && same.len() * 3 >= page.dates.len() * 2 && same.iter().all(|(.., fits)| *fits) {
            for (_, at, _) in same {
                if let Some(label) = labels.get_mut(*at) {
                    (label.kind, label.field) = (Kind::Furniture, true);
                }
                // Nothing is more of a headline than what stands above it.
                if let Some(above) = at.checked_sub(1).and_then(|above| labels.get_mut(above)) {
                    (above.above_short, above.above_headline) = (false, false);
                }
            }
        }
    }
}

/// Lines that are a name and its colon, each below a heading of its own, with what is named on the next line, are
/// neither titles nor texts: `Topics:`. Where nothing is a heading such a line may name the title itself.
pub(super) fn fields_below_names(page: &Page<'_>, labels: &mut [Label]) {
    if !page.noted {
        return;
    }
    let is_said = |label: &Label| matches!(label.kind, Kind::Text | Kind::Furniture);
    let lone = |at: usize| {
        let [line, below] = page.blocks.get(at..at + 2)? else { return None };
        let [text, own, value] = labels.get(at.checked_sub(1)?..at + 2)? else { return None };
        let holds = |block: &Block<'_>| block.gap < 2 && block.level() == 0;
        let is_value = is_line(below) && holds(below) && value.kind == Kind::Text && !value.reads_like_text();
        let fits = is_plain(line) && holds(line) && is_said(own) && is_said(text) && is_value;
        let (name, behind) = inline::name_and_value(line.text).filter(|_| fits)?;
        (is_name(name) && behind.trim().is_empty()).then_some(name)
    };
    let mut names: Vec<(&str, usize, usize)> = Vec::new();
    let mut headings = 0;
    for (at, block) in page.blocks.iter().enumerate() {
        headings += usize::from(block.level() > 0);
        names.extend(lone(at).map(|name| (name, headings, at)));
    }
    names.sort_unstable();
    for same in names.chunk_by(|a, b| a.0 == b.0) {
        let have_own = same.first().is_some_and(|(_, heading, _)| *heading > 0)
            && same.windows(2).all(|pair| matches!(pair, [one, next] if one.1 < next.1));
        if same.len() >= SEVERAL && same.len() * 3 >= page.dates.len() * 2 && have_own {
            for at in same.iter().flat_map(|(.., at)| [*at, at + 1]) {
                labels.get_mut(at).into_iter().for_each(|label| (label.kind, label.field) = (Kind::Furniture, true));
            }
        }
    }
}

/// Lines that begin an entry, each above its day, which stands above a heading in the same entry, are no titles: cards
/// have their category there. `Urban · From the council`.
pub(super) fn kickers(page: &Page<'_>, labels: &mut [Label]) {
    if !page.noted {
        return;
    }
    let says = |at: &usize| labels.get(*at).is_some_and(|label| label.kind != Kind::Furniture);
    let is_day = |at: &usize| labels.get(*at).is_some_and(|label| label.is_date());
    let begins_entry = |at: &usize| {
        let begins = |block: &Block<'_>| block.mark == Mark::Bullet && block.level() == 0 && block.link().is_none();
        page.blocks.get(*at).is_some_and(begins)
            && labels.get(*at).is_some_and(|label| label.kind == Kind::Text && label.short && !label.holds_day())
    };
    // What has a mark begins the next entry.
    let is_headline = |at: &usize| {
        let heads = |block: &Block<'_>| block.mark == Mark::None && block.level() > 0;
        page.blocks.get(*at).is_some_and(heads) && labels.get(*at).is_some_and(|label| label.kind == Kind::Text)
    };
    let above = |day: usize| {
        let line = (0..day).rev().find(says).filter(begins_entry)?;
        (day + 1..labels.len()).find(says).filter(is_headline).map(|_| line)
    };
    let lines: Option<Vec<usize>> = (0..labels.len()).filter(is_day).map(above).collect();
    for at in lines.filter(|lines| lines.len() >= SEVERAL).unwrap_or_default() {
        labels.get_mut(at).into_iter().for_each(|label| label.kind = Kind::Kicker);
    }
}
