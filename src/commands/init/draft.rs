//! The text of a drafted config.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::learn::{Doubt, in_words};
use super::*;
use crate::config::{Given, quoted};
use crate::mill::scrape::Form;

/// A key with its value, and behind it why it is there.
fn line(text: &mut String, key: &str, value: &str, why: &str) {
    let _ = match why {
        "" => writeln!(text, "{key:<8} = {value}"),
        why => writeln!(text, "{:<40}{why}", format!("{key:<8} = {value}")),
    };
}

/// What of the samples' names goes into the pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// How they end: what is saved tomorrow may begin otherwise.
    Ending,
    /// What they have in common, as well: others lie beside them.
    Name,
}

/// The smallest config that reads the samples by what was learnt of them, for a file at `target`. What is `given` on
/// the command line is written down: who says it here means every pass.
pub(super) fn text(target: &Path, samples: &[Sample], learnt: &Learnt, given: &Given, by: By) -> String {
    let home = folder_of(target);
    let common = above_days(&common_folder(samples), &home);
    let below = common.strip_prefix(&home).map_or_else(|_| common.clone(), Path::to_owned);
    let name = common.file_name().map_or_else(|| "news".into(), |name| config::source_name(&name.to_string_lossy()));
    let flat = samples.iter().all(|sample| sample.real.parent() == Some(common.as_path()));
    let place = |path: &PathBuf| {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        whole.strip_prefix(&home).map_or_else(|_| whole.clone(), Path::to_owned).to_string_lossy().into_owned()
    };
    let (state, output) = (given.state.as_ref().map(place), given.output.as_ref().map(place));
    let mut text = "# `config/feedmill.toml` in feedmill's sources has every key there is.\n\n".to_owned();
    for (key, value) in [("state", &state), ("output", &output), ("base_url", &given.base_url)] {
        if let Some(value) = value {
            line(&mut text, key, &quoted(value), "");
        }
    }
    text.push_str(if text.ends_with("\n\n") { "[[source]]\n" } else { "\n[[source]]\n" });
    line(&mut text, "name", &quoted(&name), "");
    line(&mut text, "files", &format!("[{}]", patterns(samples, &below, flat, by).join(", ")), "");
    if below.as_os_str().is_empty() && !flat {
        let output = escaped_for_glob(output.as_deref().unwrap_or("public"));
        line(&mut text, "exclude", &format!("[{}]", quoted(&output)), "# what feedmill writes is no news");
    }
    line(&mut text, "site", &quoted(&name), "# ids are made of it: choose it for good");
    if let Some(layout) = &learnt.layout {
        line(&mut text, "layout", &quoted(layout), "");
    }
    if let Some(language) = learnt.language {
        line(&mut text, "language", &quoted(language), "");
    }
    if let Some(order) = learnt.order {
        let value = if order == DateOrder::Mdy { "\"mdy\"" } else { "\"dmy\"" };
        line(&mut text, "date_order", value, "");
    }
    if let Some(Doubt { raw, file, dmy, mdy }) = &learnt.doubt {
        let (dmy, mdy) = (in_words(*dmy), in_words(*mdy));
        let (raw, file) = (harmless(raw), harmless(file));
        let _ = writeln!(
            text,
            "# date_order = \"dmy\"  # or \"mdy\": {raw} in {file} is {dmy} or {mdy}, and nothing there"
        );
        let until = match learnt.names_state_days {
            true => "they are published under the day of their file",
            false => "such items have no day",
        };
        let _ = writeln!(text, "#                     # says which; until it is said, {until}");
    }
    if let Some(captured) = &learnt.captured {
        line(&mut text, "captured", &quoted(captured), "");
    }
    if let Some(listen) = &given.listen {
        text.push_str("\n[serve]\n");
        line(&mut text, "listen", &quoted(listen), "");
    }
    text
}

/// A pattern for each ending that the samples' names have, none of which says what another says already.
fn patterns(samples: &[Sample], below: &Path, flat: bool, by: By) -> Vec<String> {
    let mut folder = escaped_for_glob(&below.to_string_lossy());
    if !folder.is_empty() && !folder.ends_with('/') {
        folder.push('/');
    }
    folder.push_str(if flat { "" } else { "**/" });
    if let Some(name) = (by == By::Name).then(|| in_common(samples, flat)).flatten() {
        return vec![quoted(&format!("{folder}{name}"))];
    }
    let mut endings: BTreeSet<Ending> = samples.iter().map(|sample| Ending::of(&sample.real)).collect();
    if endings.iter().filter(|ending| ending.text.is_empty()).count() > 1 {
        // They begin in ways of their own, as those to come may.
        endings.insert(Ending::default());
    }
    let pattern = |Ending { lead, text, is_last }: &Ending| {
        let behind = if *is_last || text.is_empty() { "" } else { "*" };
        quoted(&format!("{folder}{}*{}{behind}", escaped_for_glob(lead), escaped_for_glob(text)))
    };
    let is_said = |ending: &Ending| endings.iter().any(|other| other != ending && other.covers(ending));
    endings.iter().filter(|ending| !is_said(ending)).map(pattern).collect()
}

/// What the names of all samples have in common, as a pattern: the whole name, where their folders tell them apart, else
/// all before the first digit, with the ending.
fn in_common(samples: &[Sample], flat: bool) -> Option<String> {
    let names: BTreeSet<_> = samples.iter().filter_map(|sample| sample.real.file_name()?.to_str()).collect();
    let first = names.first()?;
    if names.len() == 1 && !flat {
        return Some(escaped_for_glob(first));
    }
    let parts = |name: &str| {
        let (lead, _) = name.split_once(|c: char| c.is_ascii_digit()).filter(|(lead, _)| !lead.is_empty())?;
        let Ending { text, is_last, .. } = Ending::of(Path::new(name));
        let behind = if is_last || text.is_empty() { "" } else { "*" };
        Some(format!("{}*{}{behind}", escaped_for_glob(lead), escaped_for_glob(&text)))
    };
    let pattern = parts(first)?;
    names.iter().all(|name| parts(name).as_ref() == Some(&pattern)).then_some(pattern)
}

/// The folder that paths in the config start from, without links.
fn folder_of(target: &Path) -> PathBuf {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// The folder nearest to all samples that holds them all.
fn common_folder(samples: &[Sample]) -> PathBuf {
    let mut folders = samples.iter().filter_map(|sample| sample.real.parent());
    let Some(first) = folders.next() else { return PathBuf::new() };
    folders.fold(first.to_owned(), |common, folder| {
        let same = common.components().zip(folder.components()).take_while(|(a, b)| a == b);
        same.map(|(part, _)| part).collect()
    })
}

/// The folder that holds `folder`, where that is named by a day, a month or a year: the next pages lie beside it. Not
/// above `home`, and not where no year begins the name, for that may be the name of a newspaper.
fn above_days(folder: &Path, home: &Path) -> PathBuf {
    let is_year =
        |name: &str| name.get(..4).and_then(|year| year.parse().ok()).is_some_and(|year| YEARS.contains(&year));
    let mut above = folder;
    for dated in folder.ancestors().take_while(|dated| *dated != home) {
        let name = dated.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '.')) {
            break;
        }
        if is_year(name) {
            above = dated.parent().unwrap_or(dated);
        }
    }
    above.to_owned()
}

/// Years in which pages can have been saved.
const YEARS: RangeInclusive<u16> = 1990..=2199;

/// How the names of pages end; by itself, in any way.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord)]
struct Ending {
    /// What names without an ending have before their first digit: the `news.` of `news.2021-06-15`.
    lead: String,
    /// With its full stop; empty where any ending will do.
    text: String,
    /// Whether nothing comes behind it.
    is_last: bool,
}

impl Ending {
    /// That of `file`. What follows the last full stop is one only where it is a word: a day, a number or a query
    /// differs from page to page (`news.2021-06-15`, `page.txt.1`, `index.html?id=3`), so that the last word for a form
    /// of text stands in, whatever comes behind it.
    fn of(file: &Path) -> Self {
        let is_word = |text: &str| text.starts_with(char::is_alphabetic) && text.chars().all(char::is_alphanumeric);
        if let Some(ending) = file.extension().map(OsStr::to_string_lossy).filter(|ending| is_word(ending)) {
            return Self { text: format!(".{ending}"), is_last: true, ..Self::default() };
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let endings = name.split('.').skip(1).map(|part| {
            let word = part.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            format!(".{word}")
        });
        let is_known =
            |ending: &String| matches!(&**ending, ".txt" | ".text" | ".xml") || Form::of_name(ending).is_some();
        let text = endings.filter(is_known).last().unwrap_or_default();
        let counted = name.split_once(|c: char| c.is_ascii_digit()).filter(|_| text.is_empty());
        let lead = counted.map_or_else(String::new, |(lead, _)| lead.to_owned());
        Self { lead, text, is_last: false }
    }

    /// Whether its pattern matches all that the pattern of `other` does.
    fn covers(&self, other: &Self) -> bool {
        !self.is_last && other.lead.starts_with(&self.lead) && other.text.starts_with(&self.text)
    }
}

fn escaped_for_glob(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
