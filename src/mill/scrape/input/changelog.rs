//! What changed in a package, as deb-changelog(5) writes it: changelogs, and news of the same form.
//!
//! ```text
//! grebe (2.5.2) unstable; urgency=medium
//!
//!   * Counts herons, too.
//!
//!  -- Ada Holm <ada@lakes.example>  Sun, 24 Jul 2022 15:45:15 +0200
//! ```
//!
//! Package and version are the title, the day stands behind who signed, and all between is the text. Promised: such a
//! file begins with an entry, for no other text does. What stands behind the entries in another form is of an older
//! one, and is not read, as the manual has it.
//!
//! Refused: an entry that nobody signed, and one that is not yet released. Its day is still to come.

use super::record::{MOST, Part, Record, TOO_MANY, tell, unreadable};
use crate::mill::scrape::{Explained, Terms};

const LAYOUT: &str = "changelog";

/// What stands in the place of a distribution while there is none.
const UNRELEASED: &str = "UNRELEASED";

/// The entries of `text`; `None` where it does not begin with one.
pub(super) fn read(text: &str, terms: &Terms, explaining: bool) -> Option<Explained<'static>> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    heading(first)?;
    let records = records(text);
    if records.is_empty() {
        return None;
    }
    if records.len() > MOST {
        return Some(unreadable(LAYOUT, 1, TOO_MANY, ""));
    }
    Some(tell(LAYOUT, &records, terms, explaining))
}

/// An entry that is not signed so far.
struct Open<'t> {
    line: u32,
    title: &'t str,
    is_released: bool,
    /// The line that the text begins with.
    says_from: u32,
    says: String,
}

fn records(text: &str) -> Vec<Record> {
    let (mut records, mut open): (Vec<Record>, Option<Open<'_>>) = (Vec::new(), None);
    for (line, said) in (1..).zip(text.lines()) {
        if said.trim().is_empty() {
            continue;
        }
        if let Some((title, distributions)) = heading(said) {
            let is_released = !distributions.split_whitespace().any(|name| name == UNRELEASED);
            open = Some(Open { line, title, is_released, says_from: line, says: String::new() });
        } else if let Some(day) = signed(said) {
            records.extend(open.take().filter(|entry| entry.is_released).map(|entry| record(&entry, day, line)));
        } else if let Some(entry) = open.as_mut().filter(|_| said.starts_with([' ', '\t'])) {
            entry.says_from = if entry.says.is_empty() { line } else { entry.says_from };
            entry.says.push_str(said);
            entry.says.push('\n');
        } else {
            // Whose text and signature follow is not known.
            open = None;
        }
    }
    records
}

fn record(entry: &Open<'_>, day: &str, last: u32) -> Record {
    let mut record = Record::new(entry.line, last);
    record.set(Part::Title, entry.title, entry.line, "package and version");
    record.set(Part::Date, day, last, "signature");
    record.set(Part::Summary, &entry.says, entry.says_from, "text");
    record
}

/// Package and version, and the distributions, of a line that begins an entry.
fn heading(line: &str) -> Option<(&str, &str)> {
    let (title, behind) = line.split_at_checked(line.find(')')? + 1)?;
    let (package, version) = title.strip_suffix(')')?.split_once(" (")?;
    let (distributions, told) = behind.strip_prefix(' ')?.split_once(';')?;
    let is_of = |text: &str, signs: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c));
    let is_heading = package.starts_with(|c: char| c.is_ascii_alphanumeric())
        && is_of(package, "+-.")
        && version.starts_with(|c: char| c.is_ascii_digit())
        && is_of(version, "+-.:~")
        && is_of(distributions, "+-. ")
        && told.contains('=');
    is_heading.then_some((title, distributions))
}

/// The day in a line that ends an entry, with its time and zone: a file that is cut within it has lost the end of that.
fn signed(line: &str) -> Option<&str> {
    let (_, day) = line.strip_prefix(" -- ")?.rsplit_once("> ")?;
    let day = day.trim();
    let (_, zone) = day.rsplit_once(' ')?;
    let is_zone = zone.len() == 5 && zone.starts_with(['+', '-']) && zone.bytes().skip(1).all(|b| b.is_ascii_digit());
    is_zone.then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::scrape::parse;

    const NEWS: &str = "grebe (2.5.2) unstable; urgency=medium\n\n  Counting now takes the herons, too, if they stand in\n  \
                        the same reeds.\n\n -- Ada Holm <ada@lakes.example>  Sun, 24 Jul 2022 15:45:15 +0200\n\n\
                        grebe (2.4.0-1~beta1) unstable testing; urgency=low, binary-only=yes\n\n  * Counts at night.\n    \
                        It needs a lamp.\n\n -- Ada Holm <ada@lakes.example>  Tue, 22 Feb 2022 20:01:00 +0100\n";

    fn told(text: &str) -> Vec<[String; 3]> {
        let drafts = parse(text, &Terms::default()).drafts;
        let day = |date: Option<chrono::NaiveDate>| date.map(|day| day.to_string()).unwrap_or_default();
        let told = drafts.into_iter().map(|draft| {
            let date = draft.date.and_then(|date| date.day);
            [draft.title.into_owned(), day(date), draft.summary.unwrap_or_default().into_owned()]
        });
        told.collect()
    }

    #[test]
    fn package_and_version_are_the_title_of_an_entry() {
        let wanted = [
            ["grebe (2.5.2)", "2022-07-24", "Counting now takes the herons, too, if they stand in the same reeds."],
            ["grebe (2.4.0-1~beta1)", "2022-02-22", "* Counts at night. It needs a lamp."],
        ];
        assert_eq!(told(NEWS), wanted);
        let older = format!("{NEWS}\nOld Changelog:\n\nSat Jun 12 1999 Ada Holm <ada@lakes.example>\n");
        assert_eq!(told(&older), wanted);
    }

    #[test]
    fn an_entry_that_is_not_signed_or_not_released_is_none() {
        let (first, second) = NEWS.split_once("\n\ngrebe").unwrap();
        for end in 1..=6 {
            assert_eq!(
                told(&format!("{first}\n\ngrebe{}", &second[..second.len() - end])).len(),
                1 + usize::from(end == 1)
            );
        }
        assert_eq!(told(&NEWS.replacen("unstable", UNRELEASED, 1)).len(), 1);
    }

    #[test]
    fn what_begins_otherwise_is_no_changelog() {
        for line in [
            "grebe (2.5.2)",
            "Grebe (the bird) is back; seen=2",
            "The plan (2020) is out; read it",
            "12 lakes (2.5 km) are open; a=b, c",
        ] {
            assert!(heading(line).is_none(), "{line}");
        }
    }
}
