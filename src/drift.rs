//! Which captures of a source are its newest, and what is odd about them.
//!
//! Whether a file's items are taken depends on that file and the config alone. What is judged here only decides who is
//! told: of all captures that say their page changed, those that may be the newest are *drift*; what lies outside of
//! all that a source gave before is a warning, for a page may have had a quiet week.

use crate::config::Empty;
use crate::mill::item::{Moment, SourceNo};
use crate::mill::scrape::{self, Scrape};
use crate::store::{LedgerRow, Past, Result, Store};

/// How many contents of a source are looked back at.
const LOOKED_BACK: usize = 20;
/// With fewer than these there is no habit to leave.
const A_HABIT: usize = 5;
/// So much less confidence than ever before, of 1000, is odd.
const LESS_CONFIDENT: u16 = 100;

/// The newest content of a path.
#[derive(Debug, Clone, Copy)]
pub struct Capture<'r> {
    /// As the ledger has it.
    pub row: &'r LedgerRow,
    /// When it was captured, as far as anything tells.
    pub when: Option<Moment>,
    /// No other capture of its source is known to be newer.
    pub is_newest: bool,
}

/// Why a page is drift, should it turn out to be the newest of its source; `empty` says what one without items means.
#[must_use]
pub fn of_page(scrape: &Scrape<'_>, empty: Empty) -> Option<String> {
    let Scrape { refused, confidence, .. } = scrape;
    match refused {
        Some(reason) => (empty == Empty::Drift).then(|| format!("no items: {reason}")),
        None => (*confidence < scrape::DRIFT_BELOW)
            .then(|| format!("read with confidence {confidence:.2}, expected {:.2}", scrape::DRIFT_BELOW)),
    }
}

/// Says of each of the captures of one source, given with its time and version, whether it is among the newest.
///
/// These are those that are greatest by (captured, version), several where these tie. A page without items has no date
/// that could stand for its capture: without a time in its name it can't be shown to be an old one, and counts as
/// newest, too.
#[must_use]
pub fn newest(captures: &[(Option<Moment>, u32)]) -> Vec<bool> {
    let rank = |(when, version): &(Option<Moment>, u32)| (when.map(Moment::instant), *version);
    let newest = captures.iter().map(rank).max();
    captures.iter().map(|capture| capture.0.is_none() || Some(rank(capture)) == newest).collect()
}

/// How the paths of one source stand to each other. `rows` are those that are looked at: of one source, and as a rule
/// still there. Which are the newest [`newest`] says.
///
/// # Errors
/// The store gave up.
pub fn captures<'r>(store: &dyn Store, rows: impl IntoIterator<Item = &'r LedgerRow>) -> Result<Vec<Capture<'r>>> {
    let (mut of, mut captures) = (Vec::new(), Vec::new());
    for row in rows {
        let (captured, version) = store.capture_of(row.source, &row.path)?;
        of.push(row);
        captures.push((captured.when, version));
    }
    let newest = newest(&captures);
    let judged = of.into_iter().zip(captures).zip(newest);
    Ok(judged.map(|((row, (when, _)), is_newest)| Capture { row, when, is_newest }).collect())
}

/// What is odd about the newest content of a source beside those before it, if anything.
///
/// # Errors
/// The store gave up.
pub fn unusual(store: &dyn Store, source: SourceNo) -> Result<Option<String>> {
    let past = store.past(source, LOOKED_BACK + 1)?;
    Ok(past.split_first().and_then(|(newest, before)| oddity(newest, before)))
}

/// What is odd about a content beside those before it: fewer than half the fewest items, none of them with a date of
/// its own, another layout, or much less confidence than the least. What gave nothing was drift in its time, and is no
/// measure.
fn oddity(newest: &Past, before: &[Past]) -> Option<String> {
    let before = || before.iter().filter(|past| past.items > 0);
    let count = before().count();
    if count < A_HABIT || newest.items == 0 {
        return None;
    }
    let (fewest, least) = (before().map(|past| past.items).min()?, before().map(|past| past.confidence).min()?);
    let of_one = |confidence: u16| f64::from(confidence) / 1000.0;
    if newest.items * 2 < fewest {
        return Some(format!("{} items, where each of the {count} pages before gave {fewest} or more", newest.items));
    }
    if !newest.is_dated && before().all(|past| past.is_dated) {
        return Some(format!("no item has a date of its own, where each of the {count} pages before gave some"));
    }
    if let (Some(now), Some(then)) = (&newest.layout, before().find_map(|past| past.layout.as_ref()))
        && before().all(|past| past.layout.as_ref().is_some_and(|layout| layout != now))
    {
        return Some(format!(
            "read with the layout {now}, and none of the {count} pages before; the last one with {then}"
        ));
    }
    (newest.confidence.saturating_add(LESS_CONFIDENT) < least).then(|| {
        let (now, least) = (of_one(newest.confidence), of_one(least));
        format!("read with confidence {now:.2}, where each of the {count} pages before had {least:.2} or more")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::item::Text;

    #[test]
    fn what_lies_outside_of_all_that_a_source_gave_before_is_odd() {
        let past = |items, confidence| Past { items, confidence, is_dated: true, layout: Text::new("newsroom") };
        let usual = [past(10, 980), past(9, 950), past(12, 990), past(0, 0), past(10, 970), past(11, 960)];
        assert_eq!(oddity(&past(5, 950), &usual), None, "a quiet week");
        assert_eq!(
            oddity(&past(4, 950), &usual).as_deref(),
            Some("4 items, where each of the 5 pages before gave 9 or more")
        );
        assert_eq!(
            oddity(&past(10, 840), &usual).as_deref(),
            Some("read with confidence 0.84, where each of the 5 pages before had 0.95 or more")
        );
        assert_eq!(oddity(&past(4, 500), &usual[..5]), None, "no habit yet");
        assert_eq!(oddity(&past(0, 0), &usual), None, "drift tells of this");
        let undated = Past { is_dated: false, ..past(10, 980) };
        assert_eq!(
            oddity(&undated, &usual).as_deref(),
            Some("no item has a date of its own, where each of the 5 pages before gave some")
        );
        let without = usual.clone().map(|past| Past { is_dated: false, ..past });
        assert_eq!(oddity(&undated, &without), None, "they never had any");
        let other = Past { layout: Text::new("date-first"), ..past(10, 980) };
        assert_eq!(
            oddity(&other, &usual).as_deref(),
            Some("read with the layout date-first, and none of the 5 pages before; the last one with newsroom")
        );
        let mut mixed = usual;
        mixed[2].layout = Text::new("date-first");
        assert_eq!(oddity(&other, &mixed), None, "it was so before");
    }
}
