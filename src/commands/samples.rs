//! `check --samples`: what today's config and program make of every content ever read that is still there.
//!
//! Asked before a changed layout, or a new version, is let loose on a store: a pass would read the files again, keep
//! the old reading where the new one loses items, and tell of that as drift. Here nothing is kept and all is told.

use std::collections::{BTreeMap, VecDeque};

use super::look::{View, view};
use super::*;
use crate::mill::item::Account;
use crate::report::Count;
use crate::store::KnownSource;

/// An item that is read otherwise than it is stored.
pub(super) struct Difference {
    file: String,
    line: u32,
    title: String,
    what: What,
}

enum What {
    Gained,
    Lost,
    /// Which of its fields differ.
    Altered(Vec<&'static str>),
}

impl What {
    fn word(&self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::Altered(_) => "altered",
        }
    }
}

/// What the comparison of all sources gave.
#[derive(Default)]
pub(super) struct Compared {
    /// Contents that were read anew.
    files: usize,
    /// Files that hold something else than what was read last: a pass reads them.
    changed: usize,
    differences: Vec<Difference>,
}

/// A comparison under way.
pub(super) struct Comparison {
    view: View,
    known: Vec<KnownSource>,
    pub(super) compared: Compared,
}

impl Comparison {
    /// With the store of the config, which must be there.
    pub(super) fn of(cli: &Cli) -> Result<Self, Ended> {
        let view = view(cli)?;
        let known = view.store.known_sources().map_err(|error| view.failed(error))?;
        Ok(Self { view, known, compared: Compared::default() })
    }

    /// Compares what a file of `source` gives now with what is stored of it.
    pub(super) fn with(
        &mut self,
        source: &config::Source,
        file: &str,
        bytes: &[u8],
        scrape: &scrape::Scrape<'_>,
    ) -> Result<(), Ended> {
        let Self { view, known, compared } = self;
        let failed = |error| view.failed(error);
        let Some(known) = known.iter().find(|known| known.name == source.name) else { return Ok(()) };
        let Some(row) = view.store.ledger_row(known.no, file).map_err(failed)? else { return Ok(()) };
        if inbox::digest(bytes) != row.digest {
            compared.changed += 1;
            return Ok(());
        }
        let new = scrape.drafts.iter().filter_map(|draft| Some((draft.line, identify::account(draft)?)));
        let old = view.store.newest_reading(known.no, file).map_err(failed)?;
        let old = old.into_iter().flat_map(|reading| reading.lines).map(|line| (line.line, line.account));
        compared.files += 1;
        compared.differences.extend(differences(file, Site::new(source.namespace_site()), old, new));
        Ok(())
    }
}

/// What differs between two readings of one content, by line. Items are the same if their keys are, or if they begin
/// on the same line: then title or date is what was altered.
fn differences(
    file: &str,
    site: Site,
    old: impl Iterator<Item = (u32, Account)>,
    new: impl Iterator<Item = (u32, Account)>,
) -> Vec<Difference> {
    let mut by_key: BTreeMap<Key, VecDeque<(u32, Account)>> = BTreeMap::new();
    for (line, account) in old {
        by_key.entry(site.key(&account)).or_default().push_back((line, account));
    }
    let (mut pairs, mut unmatched) = (Vec::new(), Vec::new());
    for (line, account) in new {
        match by_key.get_mut(&site.key(&account)).and_then(VecDeque::pop_front) {
            Some(old) => pairs.push((old, (line, account))),
            None => unmatched.push((line, account)),
        }
    }
    // Several items may begin on one line: a program writes a list of any length on its first.
    let mut lost: BTreeMap<u32, VecDeque<Account>> = BTreeMap::new();
    for (line, account) in by_key.into_values().flatten() {
        lost.entry(line).or_default().push_back(account);
    }
    let told = |line, account: &Account, what| Difference {
        file: file.to_owned(),
        line,
        title: account.title.to_string(),
        what,
    };
    let mut differences = Vec::new();
    for (line, account) in unmatched {
        match lost.get_mut(&line).and_then(VecDeque::pop_front) {
            Some(old) => pairs.push(((line, old), (line, account))),
            None => differences.push(told(line, &account, What::Gained)),
        }
    }
    for ((_, old), (line, new)) in pairs {
        let altered = altered(&old, &new);
        if !altered.is_empty() {
            differences.push(told(line, &new, What::Altered(altered)));
        }
    }
    for (line, accounts) in lost {
        differences.extend(accounts.iter().map(|account| told(line, account, What::Lost)));
    }
    differences.sort_by_key(|difference| difference.line);
    differences
}

fn altered(old: &Account, new: &Account) -> Vec<&'static str> {
    let fields = [
        ("title", old.title != new.title),
        ("date", (old.date, old.date_end, old.time) != (new.date, new.date_end, new.time)),
        ("summary", old.summary != new.summary),
        ("credit", old.credit != new.credit),
        ("kicker", old.kicker != new.kicker),
        ("place", old.place != new.place),
        ("link", old.link != new.link),
    ];
    fields.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}

impl Compared {
    /// Whether a pass would keep an old reading, because the new one loses something.
    pub(super) fn loses(&self) -> bool {
        self.differences.iter().any(|difference| matches!(difference.what, What::Lost))
    }

    pub(super) fn json(&self) -> serde_json::Value {
        let of = |word: &str| -> Vec<_> {
            let differences = self.differences.iter().filter(|difference| difference.what.word() == word);
            let told = differences.map(|Difference { file, line, title, what }| {
                let mut told = json!({"file": file, "line": line, "title": title});
                if let (What::Altered(fields), Some(told)) = (what, told.as_object_mut()) {
                    told.insert("fields".to_owned(), json!(fields));
                }
                told
            });
            told.collect()
        };
        json!({"files": self.files, "changed": self.changed, "gained": of("gained"), "lost": of("lost"),
               "altered": of("altered")})
    }

    pub(super) fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{} read again", Count(self.files, "file"))?;
        if self.changed > 0 {
            write!(out, ", {} left for a pass: changed since", self.changed)?;
        }
        writeln!(out)?;
        for Difference { file, line, title, what } in &self.differences {
            let fields =
                if let What::Altered(fields) = what { format!(" ({})", fields.join(", ")) } else { String::new() };
            writeln!(out, "{file}:{line}: {}{fields}: {title}", what.word())?;
        }
        if self.differences.is_empty() {
            writeln!(out, "all items as they are stored")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::scrape::{Terms, parse};

    fn accounts(text: &str) -> Vec<(u32, Account)> {
        let scrape = parse(text, &Terms::default());
        scrape.drafts.iter().map(|draft| (draft.line, identify::account(draft).unwrap())).collect()
    }

    fn told(old: &str, new: &str) -> Vec<String> {
        let found = differences("x", Site::new("x"), accounts(old).into_iter(), accounts(new).into_iter());
        let line = |found: &Difference| match &found.what {
            What::Altered(fields) => format!("{} altered {}", found.line, fields.join("+")),
            what => format!("{} {}", found.line, what.word()),
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn what_is_gained_lost_and_altered_is_told_by_line() {
        let whole = "One\n\n1 June 2020\n\nText.\n\nTwo\n\n2 June 2020\n\nMore.\n\nThree\n\n3 June 2020\n";
        assert!(told(whole, whole).is_empty());
        assert_eq!(told(whole, &whole.replace("More.", "Other.")), ["7 altered summary"]);
        // The same lines under another key: the item is the same, its title is not.
        assert_eq!(told(whole, &whole.replace("Two", "Zwei")), ["7 altered title"]);
        let two = "One\n\n1 June 2020\n\nText.\n\nTwo\n\n2 June 2020\n\nMore.\n";
        assert_eq!(told(whole, two), ["13 lost"]);
        assert_eq!(told(two, whole), ["13 gained"]);
    }

    /// All items of a JSON file that a program wrote may stand on its first line.
    #[test]
    fn of_items_on_one_line_each_is_told() {
        let json = |titles: &[&str]| {
            let items = titles.iter().map(|title| format!(r#"{{"title": "{title}", "date": "2020-06-01"}}"#));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        };
        let three = json(&["One", "Two", "Three"]);
        assert_eq!(told(&three, &json(&["One"])), ["1 lost", "1 lost"]);
        assert_eq!(told(&three, &json(&["Eins"])), ["1 altered title", "1 lost", "1 lost"]);
        assert_eq!(told(&json(&["One"]), &three), ["1 gained", "1 gained"]);
    }
}
