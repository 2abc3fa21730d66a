//! Lines that say a category or an author and then the day, where the page shows that they are no title: `Award · 3
//! July 2020`, `By Ann Field, 3 July 2020`.
//!
//! What may be a headline all the same is none of these: many words, a number, the sign of a question.

use super::{Printed, inline};
use crate::mill::scrape::language::Lexicon;
use crate::mill::scrape::shape::words;

/// No name has more words, nor has a category before a sign that sets the day apart.
const NAME: usize = 3;
const CATEGORY: usize = 5;

/// Reads the date of `line`, which stands above the headline of its card.
pub(crate) fn above_headline<'t>(line: &'t str, lexicon: &Lexicon) -> Option<Printed<'t>> {
    let (before, printed) = inline::trailing(line, lexicon)?;
    if lexicon.author(before).is_some() {
        return Some(Printed { by: Some(before), ..printed });
    }
    let between = line.get(before.len()..)?.split(printed.raw()).next()?;
    let is_apart = between.contains(|c: char| !c.is_whitespace() && c != ',');
    let asks = |c: char| c.is_ascii_digit() || matches!(c, ':' | '?' | '!' | '…');
    let begins_great = before.chars().find(|c| c.is_alphabetic()).is_some_and(|c| !c.is_lowercase());
    let is_name = begins_great && !before.contains(asks) && words(before) <= if is_apart { CATEGORY } else { NAME };
    is_name.then_some(Printed { kicker: Some(before), ..printed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_and_an_author_are_told_from_a_headline() {
        let lexicon = Lexicon::of(Some("en"));
        for (line, raw, said) in [
            ("Award · 3 July 2020", "3 July 2020", "Award"),
            ("Council and committees – July 3, 2020", "July 3, 2020", "Council and committees"),
            ("Award 2020-07-03", "2020-07-03", "Award"),
            ("By Ann Field, 3 July 2020", "3 July 2020", "By Ann Field"),
        ] {
            let printed = above_headline(line, lexicon).expect(line);
            assert_eq!((printed.raw, printed.kicker.or(printed.by)), (raw, Some(said)), "{line}");
        }
        for line in [
            "Council opens the new library, 3 July 2020",
            "Council opens the new library today · 3 July 2020",
            "Award 12 · 3 July 2020",
            "What next? 3 July 2020",
            "until 3 July 2020",
            "3 July 2020",
        ] {
            assert!(above_headline(line, lexicon).is_none(), "{line}");
        }
    }
}
