//! Lists that tell what is known of an item: its day, who wrote it, what kind it is.

use crate::mill::scrape::menu::SEVERAL;

/// They have at most so many lines, each of at most so many bytes.
const MOST: usize = 6;
const LONGEST: usize = 80;

/// Which line of a list is the day of an item: the only one among a few short lines.
pub(super) fn day_among<T>(
    lines: impl IntoIterator<Item = T>,
    text: impl Fn(&T) -> &str,
    is_day: impl Fn(&T) -> bool,
) -> Option<usize> {
    let (mut count, mut day) = (0, None);
    for (at, line) in lines.into_iter().enumerate() {
        if at == MOST || text(&line).len() > LONGEST {
            return None;
        }
        count += 1;
        if is_day(&line) && day.replace(at).is_some() {
            return None;
        }
    }
    day.filter(|_| count >= SEVERAL)
}
