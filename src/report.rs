//! What a pass did: a value, told to people or to programs. Its JSON is a contract: a field may come, none goes or
//! changes its meaning without another [`schema`](Report::schema).

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use tracing::warn;

use crate::trouble::Exit;

/// What a pass did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The version of the JSON.
    pub schema: u32,
    /// What the program ends with.
    pub exit: u8,
    /// Something was taken in or written; with `--dry-run`: would be.
    pub changed: bool,
    /// What became of the files.
    pub files: FileCounts,
    /// What became of the items.
    pub items: ItemCounts,
    /// Every feed of the config, in its order.
    pub feeds: Vec<FeedLine>,
    /// The documents that list all feeds, and were replaced or withdrawn; with `--dry-run`: would be.
    pub index: Vec<String>,
    /// The documents of feeds that left the config, and were removed; with `--dry-run`: would be.
    pub pruned: Vec<String>,
    /// Sources whose newest capture says that the page changed.
    pub drift: Vec<Drift>,
    /// Sources whose newest page is unlike all before: only a warning.
    pub unusual: Vec<Unusual>,
    /// Sources none of whose files is there any more, though some were read: only a warning.
    pub emptied: Vec<String>,
    /// Parts of the files read in this pass that could not be used; at most [`FAULTS_TOLD`].
    pub faults: Vec<FaultLine>,
    /// How many such parts there were, told or not.
    pub fault_count: usize,
    /// Files that should be readable and are not.
    pub skipped: Vec<SkippedLine>,
    /// Feeds that were left as published, because the store has lost some of what they show.
    pub kept: Vec<String>,
    /// What else the operator should know; nothing is wrong.
    pub notes: Vec<String>,
    /// A capture that may be drift was read by a pass that did not look at all files: only a full look can tell.
    #[serde(skip)]
    pub drifted: bool,
    /// Only what subscribers poll was published; the rest is yet to come.
    #[serde(skip)]
    pub in_part: bool,
    /// What was skipped may be readable soon, though nothing about it changes.
    #[serde(skip)]
    pub transient: bool,
}

/// How many faults a report tells one by one: a hostile file has a million.
pub const FAULTS_TOLD: usize = 1000;

/// What became of the files.
#[derive(Debug, Clone, Default, Serialize, PartialEq, Eq)]
pub struct FileCounts {
    /// Opened, because they were new or differed.
    pub read: usize,
    /// As the store saw them last.
    pub unchanged: usize,
    /// Not scrapes.
    pub ignored: usize,
    /// Should be readable and are not.
    pub skipped: usize,
}

/// What became of the items.
#[derive(Debug, Clone, Default, Serialize, PartialEq, Eq)]
pub struct ItemCounts {
    /// Not there before.
    pub new: usize,
    /// Shown otherwise than before.
    pub revised: usize,
    /// In the store.
    pub total: usize,
    /// Gone, by a corrected reading or because a cut one was completed.
    pub gone: usize,
}

/// One feed.
#[derive(Debug, Clone, Default, Serialize, PartialEq, Eq)]
pub struct FeedLine {
    /// Its name.
    pub name: String,
    /// Items in its documents.
    pub items: usize,
    /// The documents that were replaced or withdrawn; with `--dry-run`: would be.
    pub written: Vec<String>,
    /// Those of them that were withdrawn: their items are shown no more, or such documents are not made any more.
    pub removed: Vec<String>,
}

/// A source whose newest capture says that the page changed.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drift {
    /// The source.
    pub source: String,
    /// The capture.
    pub file: String,
    /// What is odd about it.
    pub reason: String,
}

/// A source whose newest page is unlike all before.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unusual {
    /// The source.
    pub source: String,
    /// What is odd about it.
    pub reason: String,
}

/// A part of a file that could not be used.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultLine {
    /// The file.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// Why.
    pub reason: String,
    /// The text, shortened.
    pub text: String,
}

/// A file that should be readable and is not.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct SkippedLine {
    /// Whose file: two folders may hold files of one name.
    pub source: String,
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}

impl Report {
    /// Adds what an earlier publication of the same pass wrote.
    pub fn wrote_sooner(&mut self, sooner: Self) {
        let add = |to: &mut Vec<String>, written: Vec<String>| {
            to.extend(written);
            to.sort();
            to.dedup();
        };
        for mut feed in sooner.feeds {
            if let Some(later) = self.feeds.iter_mut().find(|later| later.name == feed.name) {
                // What was removed and then written again is there.
                let is_there = |path: &String| later.written.contains(path) && !later.removed.contains(path);
                feed.removed.retain(|path| !is_there(path));
                add(&mut later.written, feed.written);
                add(&mut later.removed, feed.removed);
            }
        }
        add(&mut self.index, sooner.index);
        self.changed |= sooner.changed;
    }

    /// Warns of what needs the operator's attention, unless it was `told` before. Gives what there is to tell.
    pub fn warn(&self, told: &BTreeSet<String>) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let mut is_news = |line: String| {
            let is_news = !told.contains(&line);
            all.insert(line) && is_news
        };
        for SkippedLine { source, file, reason } in &self.skipped {
            if is_news(format!("{source} {file}: {reason}")) {
                warn!(source, file, reason, "skipped");
            }
        }
        for Drift { source, file, reason } in &self.drift {
            if is_news(format!("{source} {file}: {reason}")) {
                warn!(source, file, reason, "the page changed: drift");
            }
        }
        for Unusual { source, reason } in &self.unusual {
            if is_news(format!("{source}: {reason}")) {
                warn!(source, reason, "the newest page is unlike those before");
            }
        }
        for source in &self.emptied {
            if is_news(format!("{source} is empty")) {
                warn!(source, "none of its files is there any more; its items stay");
            }
        }
        for kept in &self.kept {
            if is_news(kept.clone()) {
                warn!("{kept}");
            }
        }
        all
    }

    /// Whether nothing that is published differs, and no item does.
    #[must_use]
    pub fn shows_nothing(&self) -> bool {
        let ItemCounts { new, revised, gone, .. } = self.items;
        let documents = self.feeds.iter().map(|feed| feed.written.len()).sum::<usize>();
        new + revised + gone + documents + self.index.len() + self.pruned.len() == 0
    }

    /// The exit code, if nothing else goes wrong.
    #[must_use]
    pub fn verdict(&self, dry_run: bool) -> Exit {
        if dry_run && self.changed {
            Exit::WouldChange
        } else if self.drift.is_empty() && self.skipped.is_empty() && self.kept.is_empty() {
            Exit::Done
        } else {
            Exit::Attention
        }
    }
}

/// Paths, of a feed's documents only those that show what is new: there may be hundreds of months.
struct Written<'a>(&'a [String]);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NEW: [&str; 4] = ["/atom.xml", "/feed.json", "/index.html", "/rss.xml"];
        let is_new = |path: &&String| NEW.iter().any(|name| path.ends_with(name));
        let mut told: Vec<&str> = self.0.iter().filter(is_new).map(String::as_str).collect();
        if told.is_empty() {
            told.extend(self.0.iter().take(NEW.len()).map(String::as_str));
        }
        match self.0.len() - told.len() {
            _ if told.is_empty() => f.write_str("unchanged"),
            0 => f.write_str(&told.join(", ")),
            more => write!(f, "{} and {more} more", told.join(", ")),
        }
    }
}

/// A count and its noun.
pub(crate) struct Count(pub(crate) usize, pub(crate) &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

/// The first `few` of many, and how many more there are.
pub(crate) fn first_of(all: impl ExactSizeIterator<Item = String>, few: usize) -> String {
    let more = all.len().saturating_sub(few);
    let first = all.take(few).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FileCounts { read, unchanged, ignored, skipped } = self.files;
        write!(f, "{} read, {unchanged} unchanged", Count(read, "file"))?;
        for (count, what) in [(ignored, "ignored"), (skipped, "skipped")] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        let ItemCounts { new, revised, total, gone } = self.items;
        write!(f, "; {}: {new} new, {revised} revised", Count(total, "item"))?;
        if gone > 0 {
            write!(f, ", {gone} gone")?;
        }
        writeln!(f)?;
        for feed in &self.feeds {
            let is_left = |path: &&String| !feed.removed.contains(path);
            let left: Vec<String> = feed.written.iter().filter(is_left).cloned().collect();
            write!(f, "feed {}: {}; ", feed.name, Count(feed.items, "item"))?;
            match (left.is_empty(), feed.removed.is_empty()) {
                (_, true) => writeln!(f, "{}", Written(&left))?,
                (true, false) => writeln!(f, "removed {}", Written(&feed.removed))?,
                (false, false) => writeln!(f, "{}; removed {}", Written(&left), Written(&feed.removed))?,
            }
        }
        // It follows the feeds: where one of them was written, that tells enough.
        if !self.index.is_empty() && self.feeds.iter().all(|feed| feed.written.is_empty()) {
            writeln!(f, "of all feeds: {}", Written(&self.index))?;
        }
        if !self.pruned.is_empty() {
            writeln!(f, "removed, of feeds that left the config: {}", Written(&self.pruned))?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        if self.fault_count > 0 {
            let mut files: Vec<String> = self.faults.iter().map(|fault| fault.file.clone()).collect();
            files.dedup();
            let (faults, files) = (Count(self.fault_count, "fault"), first_of(files.into_iter(), 3));
            writeln!(f, "{faults} in the files read: {files} (feedmill explain FILE tells more)")?;
        }
        Ok(())
    }
}
