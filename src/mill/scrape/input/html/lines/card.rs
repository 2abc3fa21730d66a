//! Lines that open an entry, or a link, right above the heading in that: cards have their category there, or who wrote
//! it, and the day. As text such a line may be a title with its day, here the heading is the title. Each entry tells
//! that by itself, whatever stands around it.

use super::Line;
use crate::mill::scrape::date::{inline, whole};
use crate::mill::scrape::language::Lexicon;
use crate::mill::scrape::shape::is_brief;

/// A heading of a deeper level is one within a text.
const DEEPEST: u8 = 4;

/// Notes the lines that open a card above its heading.
pub(super) fn note_cards(lines: &mut [Line]) {
    for at in 0..lines.len() {
        let above = at.checked_sub(1).and_then(|above| lines.get(above));
        let heads = lines.get(at).zip(lines.get(at + 1)).is_some_and(|(line, next)| opens_card(above, line, next));
        lines.get_mut(at).into_iter().for_each(|line| line.heads_card = heads);
    }
}

/// Whether `line` opens an entry, or a link that the line above it is not under, and `next` is the heading in that. A
/// sign or a word may stand above it in its entry: `New`.
fn opens_card(above: Option<&Line>, line: &Line, next: &Line) -> bool {
    let is_plain = |line: &Line| line.level == 0 && line.time.is_none() && !line.beside && !line.menu;
    let is_heading = (1..=DEEPEST).contains(&next.level) && next.mark.is_none() && next.indent == line.indent;
    if !(is_heading && is_plain(line)) {
        return false;
    }
    let is_badge = |above: &Line| {
        let has_numeral = above.text.contains(char::is_numeric);
        is_plain(above) && above.indent == line.indent && is_brief(&above.text) && !has_numeral
    };
    let badge = above.filter(|above| line.mark.is_none() && above.link == line.link && is_badge(above));
    let opens_entry = line.mark.is_some() || badge.is_some_and(|badge| badge.mark.is_some());
    // A category may lead to its own page, but the headline then leads to the item's.
    let leads_on = line.link.is_none() || next.link.is_some();
    let is_in_link = line.link.is_some() && line.link == next.link;
    let opens_link = is_in_link && (badge.is_some() || above.is_none_or(|above| above.link != line.link));
    let lexicon = Lexicon::of(None);
    let holds_day = |text: &str| whole(text, lexicon).is_some() || inline::trailing(text, lexicon).is_some();
    (opens_link || (opens_entry && leads_on)) && !holds_day(&next.text)
}
