//! What several lines of a page begin with is the name of a field, in whatever language: a page repeats it for each item.

use std::collections::BTreeSet;

use super::blocks::{Block, Mark, Page};
use super::date::inline::may_lead;
use super::date::{self, Printed, inline};
use super::label::{Kind, Label, counted, is_brief, words};
use super::language::Lexicon;

/// So many lines make a name of what they begin with.
const SEVERAL: usize = 3;
/// No line of a field is longer.
const LONGEST_LINE: usize = 120;

/// Whether the file gives the block no sign that it begins an item.
fn is_plain(block: &Block<'_>) -> bool {
    is_line(block) && block.level() == 0 && block.link().is_none()
}

/// Whether the block is a line without a mark and no day.
fn is_line(block: &Block<'_>) -> bool {
    block.mark == Mark::None && !block.folded && block.date.is_none() && block.text.len() <= LONGEST_LINE
}

/// Makes dates of the lines of which all say the same before a date, on a page that has none but these. Each stands below
/// its title: bulletins and minutes have one title again and again. Those that say the same but for a number stand above
/// theirs, where each opens a paragraph of a headline and a text: `Nr. 45/2021 vom 12.05.2021`. Where such lines take turns
/// the first of them has the day of the item: `Started by Ann, 4 May 2018`, `Last post by Ben, 6 May 2018`. Behind the date
/// and a bar they may say another thing, the same in all: `Posted in News on 14 June 2021 | Preview`.
pub(super) fn bare_dates<'t>(page: &mut Page<'t>, lexicon: &Lexicon) {
    if !page.dates.is_empty() {
        return;
    }
    let mut found: Vec<Line<'t>> = Vec::new();
    let mut behind = None;
    // Those that take turns with them: the first of them, and how many there are.
    let mut others: Option<(&str, usize)> = None;
    for (at, block) in page.blocks.iter().enumerate().filter(|(_, block)| is_plain(block)) {
        let (text, aside) = without_aside(block.text);
        let Some((before, printed)) = inline::trailing(text, lexicon) else { continue };
        // `Closing date: 4 May 2018` names its field itself.
        if inline::field(block.text, lexicon).is_some() {
            return;
        }
        if found.first().is_none_or(|(_, first, _)| is_same_but_for_a_part(first, before)) {
            if *behind.get_or_insert(aside) != aside {
                return;
            }
            found.push((at, before, printed));
            continue;
        }
        let (first, count) = others.unwrap_or((before, 0));
        if !is_same_but_for_a_part(first, before) {
            return;
        }
        others = Some((first, count + 1));
    }
    let Some((_, first, _)) = found.first().filter(|_| found.len() >= SEVERAL) else { return };
    let all = |holds: fn(&[Block<'_>], usize) -> bool| found.iter().all(|(at, ..)| holds(&page.blocks, *at));
    let are_same = found.iter().all(|(_, before, _)| is_same_but_for_numbers(first, before));
    let is_numbered = are_same && found.iter().any(|(_, before, _)| before != first);
    // Blank lines and numbers of lines tell it before headlines do.
    let is_known = others.is_none()
        && match is_numbered {
            true => all(above_title),
            false => all(below_title) || have_titles(&page.blocks, &found),
        };
    let take_turns = others.is_none_or(|(_, count)| (found.len() - 1..=found.len()).contains(&count));
    let by_headlines = !is_known && !is_numbered && take_turns && stand_below_headlines(&page.blocks, &found);
    if !(is_known || by_headlines) {
        return;
    }
    page.led_to_days = by_headlines;
    make_dates(page, found.into_iter().map(|(at, _, printed)| (at, printed)).collect());
}

/// Where it stands, the words before the day, and that.
type Line<'t> = (usize, &'t str, Printed<'t>);

/// Whether a headline stands right above each line, another one each time. Where there is one below each of them, too, they
/// may be the titles of items with a subject.
fn stand_below_headlines(blocks: &[Block<'_>], lines: &[Line<'_>]) -> bool {
    let is_line = |at: usize| lines.binary_search_by_key(&at, |(line, ..)| *line).is_ok();
    let headline = |at: usize| {
        let block = blocks.get(at).filter(|block| is_headline(block) && !is_line(at))?;
        // Numbers make no headline of what is the same but for them: `PDF, 212 KB`.
        Some(block.text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>())
    };
    let are_titles = |texts: Option<BTreeSet<String>>| texts.is_some_and(|texts| texts.len() == lines.len());
    are_titles(lines.iter().map(|(at, ..)| headline(at.checked_sub(1)?)).collect())
        && !are_titles(lines.iter().map(|(at, ..)| headline(at + 1)).collect())
}

/// Makes dates of the lines that say a word or two behind a date, as all of them do, each right above a headline: that is
/// the category, and no title. `08/03/2024 - Culture`. Nor is a name that all of them begin with, behind the date, where
/// what follows it is not always another, and a headline and a text stand between any two: `8 March 2024 - County Court,
/// Dun`.
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

/// Makes dates of the numbers of months and days below years: `2024`, then `03-12` above each title, as archives of blogs
/// have them.
pub(super) fn days_of_years<'t>(page: &mut Page<'t>, lexicon: &Lexicon) {
    if !page.dates.is_empty() {
        return;
    }
    let mut is_below = false;
    let mut found = Vec::new();
    for (at, block) in page.blocks.iter().enumerate().filter(|(_, block)| is_plain(block) && block.text.len() <= 10) {
        match date::day_of_year(block.text) {
            Some(printed) if is_below => found.push((at, printed)),
            Some(_) => return,
            None => is_below |= date::is_month(block.text, lexicon),
        }
    }
    if found.len() >= SEVERAL {
        make_dates(page, found);
    }
}

/// Leaves out the times that most often are of the day above them, which has its year and they have not: what happened in
/// the course of it. `Mar 12, 2024`, and below it `Mar 12, 16:40 UTC` again and again.
pub(super) fn times_of_days(page: &mut Page<'_>) {
    let (mut day, mut days, mut of_it): (Option<&Printed<'_>>, u32, u32) = (None, 0, 0);
    let mut found = Vec::new();
    for (at, block) in page.blocks.iter().enumerate() {
        let Some(printed) = block.date.and_then(|date| page.dates.get(usize::try_from(date).ok()?)) else { continue };
        match day {
            Some(day) if printed.is_time_without_year() => {
                of_it += u32::from(printed.is_on_day_of(day));
                found.push(at);
            }
            _ if printed.plain_day().is_some() => (day, days) = (Some(printed), days + 1),
            _ => return,
        }
    }
    if days < 2 || found.len() < SEVERAL || of_it as usize * 2 <= found.len() {
        return;
    }
    leave_out_days(page, found);
}

/// Leaves out the days of which one thing alone is said, of all of them the same, where more is said of others: nothing
/// happened on them. `No incidents reported.`
pub(super) fn idle_days(page: &mut Page<'_>) {
    const FEWEST: usize = 2;
    if page.dates.len() <= SEVERAL {
        return;
    }
    let days: Vec<usize> =
        page.blocks.iter().enumerate().filter(|(_, block)| block.date.is_some()).map(|(at, _)| at).collect();
    let text = |at: usize| page.blocks.get(at).map_or("", |block| block.text).trim_end_matches(['.', '。', '।']);
    let spans = || days.windows(2).filter_map(|pair| Some((*pair.first()?, pair.last()? - pair.first()?)));
    let alone: Vec<usize> = spans().filter(|(_, lines)| *lines == 2).map(|(day, _)| day).collect();
    // `No incidents reported today.`
    let Some(said) = alone.iter().map(|day| text(day + 1)).min_by_key(|text| text.len()) else { return };
    let is_idle = |day: usize| !said.is_empty() && text(day + 1).starts_with(said);
    let others_say_more = || spans().all(|(_, lines)| lines >= 2) && spans().any(|(_, lines)| lines > FEWEST + 1);
    // Each day has one place: between two days of one item something stands, too.
    let in_order = || {
        let all: Option<Vec<_>> = page.dates.iter().map(Printed::plain_day).collect();
        all.is_some_and(|days| days.is_sorted_by(|a, b| a < b) || days.is_sorted_by(|a, b| a > b))
    };
    if alone.len() < FEWEST
        || alone.len() + 1 >= days.len()
        || !alone.iter().all(|day| is_idle(*day))
        || !others_say_more()
        || !in_order()
    {
        return;
    }
    // Below the last day stands the foot of the page, too.
    let idle: Vec<usize> = days.iter().copied().filter(|day| is_idle(*day)).flat_map(|day| [day, day + 1]).collect();
    leave_out_days(page, idle);
}

/// Makes furniture of these blocks, days or not.
fn leave_out_days(page: &mut Page<'_>, found: Vec<usize>) {
    for at in found {
        page.blocks.get_mut(at).into_iter().for_each(Block::make_furniture);
    }
    page.forget_dates();
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

/// Whether two texts say the same of another number, or of somebody else: `mara released this`, `tobi released this`,
/// `Started by Mara`, `Started by Tobi Field`.
fn is_same_but_for_a_part(one: &str, other: &str) -> bool {
    let said = |text| {
        let (_, said) = str::split_once(text, ' ')?;
        (said.contains(' ') && said.starts_with(char::is_lowercase)).then_some(said)
    };
    // The last small word, and all before it, of few.
    let before_name = |text| {
        let mut words = str::split_whitespace(text);
        let names = words.by_ref().rev().take(3).take_while(|word| !word.starts_with(char::is_lowercase)).count();
        let count = str::split_whitespace(text).count();
        let is_few = (1..3).contains(&names) && (2..=3).contains(&(count - names));
        is_few.then(|| str::split_whitespace(text).take(count - names))
    };
    is_same_but_for_numbers(one, other)
        || said(one).is_some_and(|of_one| Some(of_one) == said(other))
        || before_name(one).zip(before_name(other)).is_some_and(|(one, other)| one.eq(other))
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

/// Whether the line belongs to what stands above it: to the line that opens its paragraph, at most one between them, or to
/// a heading or link.
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

/// Whether what stands above each of the lines can be its title: it is no sentence, and of what stands between two of them
/// one more than what stands below the last, which has no title of a next one below it.
fn have_titles(blocks: &[Block<'_>], lines: &[Line<'_>]) -> bool {
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
    let is_name = name.split_whitespace().take(4).count() <= 3;
    (is_name && !name.is_empty() && !value.trim().is_empty()).then_some(name)
}

/// What all items have beside their days tells whether they begin with these.
pub(super) fn sides_of_days(page: &mut Page<'_>, labels: &mut [Label]) {
    if page.dates.len() < SEVERAL || page.cut {
        return;
    }
    if let Some(names) = names_of_writers(page, labels) {
        for at in names {
            labels.get_mut(at).into_iter().for_each(|label| label.kind = Kind::Furniture);
        }
        page.led_to_days = true;
    } else if !page.led_to_days {
        with_each_day(page, labels);
    }
}

/// Where the names of those who wrote the texts stand, if one stands below each text and above its day.
fn names_of_writers(page: &Page<'_>, labels: &[Label]) -> Option<Vec<usize>> {
    let is_name = |text: &str| {
        (2..=4).contains(&words(text)) && str::split_whitespace(text).all(|word| word.starts_with(char::is_uppercase))
    };
    let mut found = Vec::new();
    for day in page.blocks.iter().enumerate().filter(|(_, block)| block.date.is_some()).map(|(at, _)| at) {
        let [text, name] = labels.get(day.checked_sub(2)?..day)? else { return None };
        let is_below_text = text.kind == Kind::Text && (text.sentence || text.wordy);
        let is_one = name.kind == Kind::Text && name.short && !name.holds_day();
        if !(is_below_text && is_one && page.blocks.get(day - 1).is_some_and(|block| is_name(block.text))) {
            return None;
        }
        found.push(day - 1);
    }
    let said: BTreeSet<&str> = found.iter().filter_map(|at| page.blocks.get(*at)).map(|block| block.text).collect();
    // Titles hardly come again.
    (found.len() >= SEVERAL && said.len() < found.len()).then_some(found)
}

/// What each item has once: a field, something counted, a number. Where it stands above the first day, between any two, and
/// not below the last, it stands above the day of each item; the other way round it stands below it. Whole texts tell
/// nothing: the heading of the page may be the category of all items but the last.
fn with_each_day(page: &mut Page<'_>, labels: &mut [Label]) {
    const NEAR: usize = 8;
    let days = || page.blocks.iter().enumerate().filter(|(_, block)| block.date.is_some()).map(|(at, _)| at);
    let (Some(first), Some(second), Some(last)) = (days().next(), days().nth(1), days().next_back()) else { return };
    let keys = |from: usize, to: usize| page.blocks.iter().take(to).skip(from).filter_map(key);
    let once = |own: &str| {
        let mut here = 1;
        page.blocks.iter().take(last + 1).skip(first).all(|block| {
            here += usize::from(block.date.is_none() && key(block) == Some(own));
            block.date.is_none() || std::mem::take(&mut here) == 1
        })
    };
    let count = |from: usize, to: usize, own: &str| keys(from, to).filter(|key| *key == own).count();
    let (mut leads, mut follows) = (false, None);
    for own in keys(first + 1, second).take(NEAR) {
        // Far above the list stands the menu, and far below it the foot.
        let around = (count(first.saturating_sub(NEAR), first, own), count(last + 1, last + 1 + NEAR, own));
        match around {
            (1, 0) if once(own) && count(last + 1, page.blocks.len(), own) == 0 => leads = true,
            (0, 1) if once(own) => follows = Some(own),
            _ => {}
        }
    }
    if leads {
        page.led_to_days = true;
    } else if let Some(own) = follows {
        let blocks = page.blocks.iter().zip(labels);
        blocks.filter(|(block, _)| key(block) == Some(own)).for_each(|(_, label)| label.below_day = true);
    }
}

/// What such a line has alike in each item: the name of a field, what is counted; figures alone have nothing.
fn key<'t>(block: &Block<'t>) -> Option<&'t str> {
    const LONGEST: usize = 120;
    if block.date.is_some() || block.folded || block.text.len() > LONGEST {
        return None;
    }
    if !block.text.contains(char::is_alphabetic) {
        return block.text.contains(|c: char| c.is_ascii_digit()).then_some("");
    }
    let counted = || Some(counted(block.text)).filter(|unit| unit.len() < block.text.len());
    name(block.text).or_else(counted)
}

/// A line that begins with a name and a colon.
struct Named<'t> {
    name: &'t str,
    at: usize,
    /// It can be a field.
    fits: bool,
    /// The day of the item stands right below it.
    above_day: bool,
    /// It says more than the line above, which is no such line.
    is_longer: bool,
}

/// Lines that begin with one name, one in most items, right below a line of it and not above its day, say things that are
/// neither title nor text: `Units: About 3,100`. A country before several titles is no such name, but what stands below such
/// a field is one; and what says more than the line above is a title. So do lines that say the same before another day than
/// that of the item: `Closes on 4 May 2018`. What is named may stand below its name: `Topics:`.
pub(super) fn fields(page: &Page<'_>, labels: &mut [Label], lexicon: &Lexicon) {
    named_fields(page, labels);
    fields_below_names(page, labels);
    days_of_fields(page, labels, lexicon);
}

/// Lines that are a name and its colon, one in most items, below a text of it, with what is named on the next line.
fn fields_below_names(page: &Page<'_>, labels: &mut [Label]) {
    let is_said = |label: &Label| matches!(label.kind, Kind::Text | Kind::Furniture);
    let lone = |at: usize| {
        let [line, below] = page.blocks.get(at..at + 2)? else { return None };
        let [text, own, value] = labels.get(at.checked_sub(1)?..at + 2)? else { return None };
        let holds = |block: &Block<'_>| block.gap < 2 && block.level() == 0;
        let is_value = is_line(below) && holds(below) && value.kind == Kind::Text && !(value.sentence || value.wordy);
        let fits = is_plain(line) && holds(line) && is_said(own) && is_said(text) && is_value;
        let (name, behind) = inline::name_and_value(line.text).filter(|_| fits)?;
        let is_name = !name.is_empty() && name.split_whitespace().take(4).count() <= 3;
        (is_name && behind.trim().is_empty()).then_some((name, at))
    };
    let mut names: Vec<(&str, usize)> = (0..page.blocks.len()).filter_map(lone).collect();
    names.sort_unstable();
    for same in names.chunk_by(|a, b| a.0 == b.0) {
        if same.len() >= SEVERAL && same.len() * 3 >= page.dates.len() * 2 {
            same.iter().flat_map(|(_, at)| [*at, at + 1]).for_each(|at| make_field(labels, at));
        }
    }
}

fn named_fields(page: &Page<'_>, labels: &mut [Label]) {
    const FEW_WORDS: usize = 4;
    let mut names: Vec<Named<'_>> = Vec::new();
    let mut above: Option<&str> = None;
    let mut below_text = false;
    for (at, (block, label)) in page.blocks.iter().zip(labels.iter()).enumerate() {
        let own = if label.kind == Kind::Text && block.text.len() <= LONGEST_LINE { name(block.text) } else { None };
        if let Some(own) = own {
            // A field that holds a sentence is a text with a name.
            let holds_text = label.sentence || label.wordy || label.end_dated.is_some();
            let is_day = |next: &Block<'_>| next.gap == 0 && next.date.is_some() && name(next.text).is_none();
            let value = words(block.text.get(own.len() + 1..).unwrap_or_default());
            let line_above = || at.checked_sub(1).and_then(|above| page.blocks.get(above));
            names.push(Named {
                name: own,
                at,
                fits: is_plain(block) && block.gap == 0 && below_text && above != Some(own) && !holds_text,
                above_day: page.blocks.get(at + 1).is_some_and(is_day),
                is_longer: value >= FEW_WORDS
                    && above.is_none()
                    && line_above().is_some_and(|above| above.date.is_none() && words(above.text) < value),
            });
        }
        above = own;
        // The day may be such a field itself.
        let is_named_day = matches!(label.kind, Kind::Date(_)) && name(block.text).is_some();
        below_text = matches!(label.kind, Kind::Text | Kind::Furniture) || is_named_day;
    }
    if names.len() < SEVERAL {
        return;
    }
    names.sort_unstable_by_key(|line| (line.name, line.at));
    // What stands right above a day may be a field where that above it is one.
    for above_days in [false, true] {
        for same in names.chunk_by(|a, b| a.name == b.name) {
            let is_below_field = |line: &Named<'_>| {
                line.at.checked_sub(1).and_then(|at| labels.get(at)).is_some_and(|label| label.field)
            };
            let holds = |line: &Named<'_>| line.fits && (!line.above_day || (above_days && is_below_field(line)));
            let are_titles = same.iter().filter(|line| line.is_longer).count() * 2 > same.len();
            if same.len() >= SEVERAL && same.len() * 3 >= page.dates.len() * 2 && !are_titles && same.iter().all(holds)
            {
                same.iter().for_each(|line| make_field(labels, line.at));
            }
        }
    }
}

/// A line with a day and the words before it, where each item has another day.
fn days_of_fields(page: &Page<'_>, labels: &mut [Label], lexicon: &Lexicon) {
    const MOST_KINDS: usize = 4;
    const MOST_WORDS: usize = 4;
    if page.dates.len() < SEVERAL {
        return;
    }
    let mut kinds: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, (block, label)) in page.blocks.iter().zip(labels.iter()).enumerate() {
        if label.kind != Kind::Text || label.end_dated.is_none() || label.field || !is_plain(block) || block.gap > 0 {
            continue;
        }
        let Some((before, _)) = inline::trailing(block.text, lexicon) else { continue };
        let kind = kinds.iter().position(|(first, _)| is_same_but_for_a_part(first, before));
        if let Some((_, same)) = kind.and_then(|kind| kinds.get_mut(kind)) {
            same.push(at);
        } else if kinds.len() < MOST_KINDS && words(before) <= MOST_WORDS {
            kinds.push((before, vec![at]));
        }
    }
    let is_title = |at: usize| {
        let label = labels.get(at).filter(|label| label.kind == Kind::Text && !(label.sentence || label.wordy));
        label.is_some_and(|label| !label.holds_day()) && page.blocks.get(at).is_some_and(is_headline)
    };
    let is_above_day = |at: usize| page.blocks.get(at + 1).is_some_and(|block| block.date.is_some());
    let holds = |same: &[usize]| {
        let between = |pair: &[usize]| matches!(pair, [one, next] if (one + 1..*next).any(is_title));
        same.len() >= SEVERAL
            && same.len() * 3 >= page.dates.len() * 2
            && same.windows(2).all(between)
            && !same.iter().any(|at| is_above_day(*at))
    };
    let fields: Vec<usize> = kinds.iter().filter(|(_, same)| holds(same)).flat_map(|(_, same)| same.clone()).collect();
    fields.into_iter().for_each(|at| make_field(labels, at));
}

/// Makes a field of the line at `at`: nothing is more of a headline than what stands above it.
fn make_field(labels: &mut [Label], at: usize) {
    if let Some(label) = labels.get_mut(at) {
        (label.kind, label.field) = (Kind::Furniture, true);
        (label.glued, label.end_dated) = (None, None);
    }
    if let Some(above) = at.checked_sub(1).and_then(|above| labels.get_mut(above)) {
        (above.above_short, above.above_headline) = (false, false);
    }
}

/// Lines that begin an entry, each above its day, which stands above a headline that is a heading or a link, are no titles:
/// cards have their category there. `Urban · From the council`.
pub(super) fn kickers(page: &Page<'_>, labels: &mut [Label]) {
    let says = |at: &usize| labels.get(*at).is_some_and(|label| label.kind != Kind::Furniture);
    let is_day = |at: &usize| labels.get(*at).is_some_and(|label| matches!(label.kind, Kind::Date(_)));
    let begins_entry = |at: &usize| {
        page.blocks.get(*at).is_some_and(|block| block.mark == Mark::Bullet && block.level() == 0)
            && labels.get(*at).is_some_and(|label| label.kind == Kind::Text && label.short && !label.holds_day())
    };
    let is_headline = |at: usize| page.blocks.get(at).is_some_and(|block| block.level() > 0 || block.link().is_some());
    let above = |day: usize| {
        let line = (0..day).rev().find(says).filter(begins_entry)?;
        (day + 1..labels.len()).find(says).filter(|below| is_headline(*below)).map(|_| line)
    };
    let lines: Option<Vec<usize>> = (0..labels.len()).filter(is_day).map(above).collect();
    for at in lines.filter(|lines| lines.len() >= SEVERAL).unwrap_or_default() {
        labels.get_mut(at).into_iter().for_each(|label| label.kind = Kind::Kicker);
    }
}
