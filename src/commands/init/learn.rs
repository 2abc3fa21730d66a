//! What samples tell of the page they were saved from: layout, language, order of numbers, form of file names.
//!
//! Only what the samples show is learnt. What they leave open stays open: a key that is not written has a default, and
//! `check` tells of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::NaiveDate;

use super::*;
use crate::mill::captured::{CapturedPattern, captured_from_name};
use crate::mill::scrape::{DateRead, Terms};

/// A file to learn from.
pub(super) struct Sample {
    /// As it was given.
    pub(super) given: PathBuf,
    /// Where it lies, without links.
    pub(super) real: PathBuf,
    pub(super) bytes: Vec<u8>,
}

impl Sample {
    /// Its path as it was given, for people and for what it states.
    pub(super) fn name(&self) -> String {
        self.given.to_string_lossy().into_owned()
    }

    /// Its name without folders.
    fn file_name(&self) -> String {
        self.real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    pub(super) fn page(&self, terms: Terms) -> Result<Page<'_>, Trouble> {
        self.readable(Page::open(&self.bytes, &self.name(), None, terms))
    }

    pub(super) fn page_of(&self, source: &Source) -> Result<Page<'_>, Trouble> {
        let name = source.name_below(&self.real).unwrap_or_else(|| self.name());
        self.readable(source.page(&name, &self.bytes))
    }

    fn readable<'s>(&self, page: Result<Page<'s>, String>) -> Result<Page<'s>, Trouble> {
        page.map_err(|why| {
            Trouble::usage(format!("the sample \"{}\" can't be read as a page: {why}", self.given.display()))
        })
    }
}

/// A date that is one day if its first number is the day, and another if its second is.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    pub(super) raw: String,
    pub(super) file: String,
    pub(super) dmy: NaiveDate,
    pub(super) mdy: NaiveDate,
}

/// What the samples tell.
pub(super) struct Learnt {
    /// The layout that reads them best.
    pub(super) layout: Option<String>,
    /// The language of all of them that are read.
    pub(super) language: Option<&'static str>,
    /// The order of numbers, where one sample needs it and another shows it, or the operator said it.
    pub(super) order: Option<DateOrder>,
    /// Where nothing tells the order.
    pub(super) doubt: Option<Doubt>,
    /// The form of their names, where these state a day in a form of their own.
    pub(super) captured: Option<String>,
    /// Whether some name states a day, in whatever form.
    pub(super) names_state_days: bool,
}

impl Learnt {
    pub(super) fn of(samples: &[Sample]) -> Self {
        let layout = layout_for(samples);
        let language = language_of(samples, layout.as_deref());
        let terms = Terms { layout: layout.clone(), language: language.map(str::to_owned), ..Terms::default() };
        let doubt = doubt(samples, &terms);
        let order = doubt.as_ref().and_then(|_| order_shown(samples, &terms));
        let doubt = doubt.filter(|_| order.is_none());
        let captured = captured_form(samples);
        let states = |sample: &Sample| captured_from_name(&sample.name()).is_some();
        let names_state_days = captured.is_some() || samples.iter().any(states);
        Self { layout, language, order, doubt, captured, names_state_days }
    }

    /// Takes the operator's word.
    pub(super) fn settle(&mut self, order: DateOrder) {
        (self.order, self.doubt) = (Some(order), None);
    }
}

/// What one sample is read as.
struct Gist {
    layout: String,
    items: usize,
    /// 0 is a file without a doubt, 1 one that gives nothing.
    doubt: f64,
    refused: bool,
    language: Option<&'static str>,
}

/// The samples as they are read under these terms.
fn gists(samples: &[Sample], terms: &Terms) -> Vec<Gist> {
    let gist = |sample: &Sample| {
        let page = sample.page(terms.clone()).ok()?;
        let scrape = page.parse();
        let refused = scrape.refused.is_some();
        Some(Gist {
            layout: scrape.layout.into_owned(),
            items: scrape.drafts.len(),
            doubt: if refused { 1.0 } else { 1.0 - scrape.confidence },
            refused,
            language: scrape.language,
        })
    };
    samples.iter().filter_map(gist).collect()
}

/// The layout that explains all samples together best: that leaves the least doubt in all; of equals the one that reads
/// more, then the first of the list. `None` where no layout is needed, or none reads anything.
///
/// Doubt comes first: a layout that takes every line for an item always reads the most.
fn layout_for(samples: &[Sample]) -> Option<String> {
    // What no sample is read with by itself is no candidate: a layout that is forced on a page can find items in it.
    let alone = gists(samples, &Terms::default());
    // The two layouts of a page with two lists are one name.
    let place = |name: &str| scrape::layouts().iter().position(|known| *known == name);
    let places = |name: &str| match name.split_once(scrape::Layout::THEN) {
        Some((one, next)) => Some((place(one)?, Some(place(next)?))),
        None => Some((place(name)?, None)),
    };
    let chosen: BTreeMap<_, &str> = alone
        .iter()
        .filter(|it| !it.refused)
        .filter_map(|it| Some((places(&it.layout)?, it.layout.as_str())))
        .collect();
    let weighed = chosen.into_values().map(|layout| {
        let read = gists(samples, &Terms { layout: Some(layout.to_owned()), ..Terms::default() });
        let doubt: f64 = read.iter().map(|it| it.doubt).sum();
        let items: usize = read.iter().map(|it| it.items).sum();
        (layout, doubt, items)
    });
    let better = |a: &(&str, f64, usize), b: &(&str, f64, usize)| a.1.total_cmp(&b.1).then(b.2.cmp(&a.2));
    // Of equals `min_by` takes the first.
    weighed.min_by(better).map(|(layout, ..)| layout.to_owned())
}

/// The language of all samples that are read, where none leaves a doubt; left open it would be chosen anew for each
/// file.
fn language_of(samples: &[Sample], layout: Option<&str>) -> Option<&'static str> {
    let read = gists(samples, &Terms { layout: layout.map(str::to_owned), ..Terms::default() });
    let mut languages = read.iter().filter(|it| !it.refused).map(|it| it.language);
    let first = languages.next()??;
    languages.all(|language| language == Some(first)).then_some(first)
}

// ---- the order of numbers --------------------------------------------------------------------------------------------

/// A date that is read only once the order of numbers is stated, and then as one day or another.
fn doubt(samples: &[Sample], terms: &Terms) -> Option<Doubt> {
    samples.iter().find_map(|sample| {
        let open = dates(sample, terms, None);
        let (dmy, mdy) = (dates(sample, terms, Some(DateOrder::Dmy)), dates(sample, terms, Some(DateOrder::Mdy)));
        let unread = open.into_iter().filter(|(_, day)| day.is_none());
        let day_of = |days: &[(String, Option<NaiveDate>)], raw: &str| {
            days.iter().find(|(other, _)| other == raw).and_then(|(_, day)| *day)
        };
        let mut doubts = unread.filter_map(|(raw, _)| {
            let (dmy, mdy) = (day_of(&dmy, &raw)?, day_of(&mdy, &raw)?);
            (dmy != mdy).then(|| Doubt { raw, file: sample.name(), dmy, mdy })
        });
        doubts.next()
    })
}

/// The dates of a sample as printed, and the days they are read as.
fn dates(sample: &Sample, terms: &Terms, date_order: Option<DateOrder>) -> Vec<(String, Option<NaiveDate>)> {
    let Ok(page) = sample.page(Terms { date_order, ..terms.clone() }) else { return Vec::new() };
    let scrape = page.parse();
    scrape.drafts.iter().filter_map(|draft| draft.date.as_ref()).map(|date| (date.raw.to_string(), date.day)).collect()
}

/// The order of numbers that samples show by themselves, where they agree.
fn order_shown(samples: &[Sample], terms: &Terms) -> Option<DateOrder> {
    let mut shown = BTreeSet::new();
    for sample in samples {
        let Ok(page) = sample.page(terms.clone()) else { continue };
        let dates = page.parse();
        shown.extend(dates.drafts.iter().filter_map(|draft| shows(draft.date.as_ref()?)));
    }
    match (shown.pop_first(), shown.is_empty()) {
        (Some("dmy"), true) => Some(DateOrder::Dmy),
        (Some("mdy"), true) => Some(DateOrder::Mdy),
        _ => None,
    }
}

/// Which order a date of three numbers was read in, day and month differing.
fn shows(date: &DateRead<'_>) -> Option<&'static str> {
    use chrono::Datelike;
    let day = date.day?;
    let mut numbers = date.raw.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let (first, second) = (numbers.next()?.parse::<u32>().ok()?, numbers.next()?.parse::<u32>().ok()?);
    let year_last = numbers.next().is_some_and(|year| year.parse() == Ok(day.year()));
    let in_letters = date.raw.chars().any(char::is_alphabetic);
    match (first, second) {
        _ if in_letters || !year_last || day.day() == day.month() => None,
        (first, second) if (first, second) == (day.day(), day.month()) => Some("dmy"),
        (first, second) if (first, second) == (day.month(), day.day()) => Some("mdy"),
        _ => None,
    }
}

/// `4 July 2020`: no order of numbers can be read into it.
pub(super) fn in_words(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

// ---- names -----------------------------------------------------------------------------------------------------------

/// The `captured` pattern of names that state a day last-to-first (`news_28.04.2021-0930.txt`): what the program reads
/// by itself needs none. `None` also where no name says which number is the day.
fn captured_form(samples: &[Sample]) -> Option<String> {
    let names: Vec<String> = samples.iter().map(Sample::file_name).collect();
    if samples.is_empty() || samples.iter().any(|sample| captured_from_name(&sample.name()).is_some()) {
        return None;
    }
    let forms: BTreeSet<Form> = names.iter().map(|name| form_of(name)).collect::<Option<_>>()?;
    let [form] = <[Form; 1]>::try_from(forms.into_iter().collect::<Vec<_>>()).ok()?;
    let pattern = |day: &str| {
        let Form { separator, time, ending } = &form;
        let time = time.map(|before| format!("{before}%H%M")).unwrap_or_default();
        format!("*{}{time}*{}", day.replace('-', separator), ending.replace('%', "%%").replace('*', ""))
    };
    let reads = |pattern: &String| {
        let Ok(pattern) = CapturedPattern::parse(pattern) else { return false };
        names.iter().all(|name| pattern.read(name).is_some())
    };
    let mut fitting = [pattern("%d-%m-%Y"), pattern("%m-%d-%Y")].into_iter().filter(reads);
    let first = fitting.next()?;
    // Where both fit, no name has a number above twelve, and none says which is the day.
    fitting.next().is_none().then_some(first)
}

/// How a name states a day and perhaps a time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Form {
    separator: String,
    /// What stands before the time, where there is one.
    time: Option<char>,
    ending: String,
}

/// The form of the first `DD-MM-YYYY`, with any of `-`, `_`, `.` between, that stands free in `name`.
fn form_of(name: &str) -> Option<Form> {
    let is_digits =
        |at: usize, count: usize| name.get(at..at + count).is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let free = |at: usize| name.get(at..).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let starts_free = |at: usize| name.get(..at).is_some_and(|before| !before.ends_with(char::is_alphanumeric));
    let found = |at: usize| {
        let separator = name.get(at + 2..at + 3).filter(|sign| ["-", "_", "."].contains(sign))?;
        let whole = starts_free(at) && is_digits(at, 2) && is_digits(at + 3, 2) && is_digits(at + 6, 4);
        (whole && name.get(at + 5..at + 6) == Some(separator) && free(at + 10)).then_some((at + 10, separator))
    };
    let (end, separator) = (0..name.len()).find_map(found)?;
    let before_time = name.get(end..)?.chars().next().filter(|c| matches!(c, '-' | '_' | 'T' | ' '));
    let time = before_time.filter(|_| is_digits(end + 1, 4) && free(end + 5));
    let ending = name.rsplit_once('.').filter(|(stem, _)| stem.len() >= end).map(|(_, ending)| format!(".{ending}"));
    Some(Form { separator: separator.to_owned(), time, ending: ending.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(names: &[&str]) -> Option<String> {
        let sample = |name: &&str| Sample { given: name.into(), real: name.into(), bytes: Vec::new() };
        captured_form(&names.iter().map(sample).collect::<Vec<_>>())
    }

    #[test]
    fn names_that_state_a_day_in_a_form_of_their_own_are_told_by_a_pattern() {
        assert_eq!(form(&["a_28.04.2021.txt", "b_05.05.2021.txt"]).as_deref(), Some("*%d.%m.%Y*.txt"));
        assert_eq!(form(&["04-28-2021-0930.html", "05-05-2021-0930.html"]).as_deref(), Some("*%m-%d-%Y-%H%M*.html"));
        // Which is the day?
        assert_eq!(form(&["a_04.05.2021.txt"]), None);
        // Read without a pattern.
        assert_eq!(form(&["a_2021-04-28.txt"]), None);
        assert_eq!(form(&["a.txt"]), None);
        assert_eq!(form(&["x128.04.2021.txt"]), None, "a number that goes on is no day");
    }
}
