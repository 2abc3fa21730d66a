//! Dates of several lines, as on the leaf of a calendar.

use super::lines::{Lines, trim};
use crate::mill::scrape::date::{self, Printed};
use crate::mill::scrape::language::{Lexicon, is_letter};

/// The date whose parts stand on lines of their own, as on the leaf of a calendar: `18`, `May`, `2019`; and where the
/// lines behind it begin. `lines` are those behind `body`, its first part.
pub(super) fn tile<'t>(body: &str, lines: &Lines<'t>, lexicon: &Lexicon) -> Option<(Printed<'t>, Lines<'t>)> {
    const LONGEST_PART: usize = 24;
    let first = body.as_bytes().first()?;
    if body.len() > LONGEST_PART || !(lexicon.is_month(body) || (first.is_ascii_digit() && body.len() <= 3)) {
        return None;
    }
    let day = body.strip_suffix('.').unwrap_or(body).bytes().all(|b| b.is_ascii_digit());
    let mut ahead = *lines;
    let mut end = body.len();
    let start = lines.text.get(..lines.at)?.rfind(body)?;
    let mut found = None;
    for parts in 2..=3 {
        let part = ahead.find(|line| !trim(line.text).1.is_empty())?;
        let (lead, part_text) = trim(part.text);
        let near = part.start + lead - (start + end) <= 8 + lead;
        if part_text.len() > LONGEST_PART || !near || (parts == 2 && day && !part_text.starts_with(is_letter)) {
            // `12`, `2024-03`, as Chinese pages have it.
            let numbers = date::day_above_month(body, part_text).filter(|_| near && parts == 2);
            let numbers = numbers.filter(|_| !counts_of_months(lines.text.get(..start).unwrap_or_default(), ahead));
            found = numbers.map(|printed| (printed, ahead)).or(found);
            break;
        }
        end = part.start + lead + part_text.len() - start;
        let Some(printed) = date::whole(lines.text.get(start..start + end)?, lexicon) else { continue };
        found = Some((printed, ahead)).filter(|(printed, _)| printed.kicker.is_none()).or(found);
        if printed.is_firm() {
            break;
        }
    }
    found
}

/// Whether what ends `above`, or begins `below`, is one of the months of an archive, each with the number of its items:
/// `2024-05`, `14`, `2024-04`, `11`.
fn counts_of_months(above: &str, mut below: Lines<'_>) -> bool {
    const NEAR: usize = 3;
    let above = above.lines().rev().take(NEAR).map(str::trim).find(|line| !line.is_empty());
    let below = below.find(|line| !line.text.trim().is_empty()).map(|line| line.text.trim());
    above.and_then(date::year_and_month).is_some()
        || below.is_some_and(|below| below.bytes().all(|b| b.is_ascii_digit()))
}
