//! What the operator is told: once by the log, and in one line by the service manager.

use std::collections::BTreeSet;
use std::time::Duration;

use tracing::{error, info, warn};

use crate::report::{Count, Report};
use crate::service::Manager;
use crate::trouble::Trouble;

/// What the status begins with while the newest config can't be used.
const REFUSED: &str = "the config can't be used, the previous one stays (see the log); ";

/// What the operator has heard.
pub(super) struct Voice<'a> {
    manager: &'a Manager,
    trouble: Option<String>,
    /// Told, and not told again.
    told: BTreeSet<String>,
    /// Why there are no events to rely on, as it was told.
    no_events: Option<String>,
    status: String,
    /// The manager was last told of a trouble that is over.
    outdated: bool,
    /// What the newest look at all found wrong.
    attention: String,
    /// Why the config that was read again could not be used.
    refused: Option<String>,
    /// The next pass that is done makes us ready: the first one, and the first with another config.
    announce: bool,
    /// The manager was told once that we are ready.
    was_ready: bool,
    /// The manager waits to hear that another config is in force.
    owes_ready: bool,
}

/// What there is, in numbers.
pub(super) struct Scene {
    pub(super) polls: bool,
    pub(super) sources: usize,
}

impl<'a> Voice<'a> {
    pub(super) fn new(manager: &'a Manager) -> Self {
        Self {
            manager,
            trouble: None,
            told: BTreeSet::new(),
            no_events: None,
            status: String::new(),
            outdated: false,
            attention: String::new(),
            refused: None,
            announce: true,
            was_ready: false,
            owes_ready: false,
        }
    }

    /// Whether what the pass at hand finds is the first that is heard under its config.
    pub(super) fn announces(&self) -> bool {
        self.announce
    }

    /// A pass is done: its warnings are told. `all`: it looked at all, to the end.
    pub(super) fn done(&mut self, report: &Report, all: bool) {
        if self.trouble.take().is_some() {
            info!("the trouble is over");
            self.outdated = true;
        }
        let wrong = report.warn(&self.told);
        if all {
            // What is over by now, and comes again, is told again.
            self.told = wrong;
        } else {
            self.told.extend(wrong);
        }
    }

    /// How things stand after a pass; `all`: it looked at all. Says whether the manager is to hear of it when things
    /// have calmed down: it need not hear of every file.
    pub(super) fn describe(&mut self, report: &Report, all: bool, scene: &Scene) -> bool {
        if all {
            self.attention = attention(report);
        }
        let how = if scene.polls { "polling" } else { "watching" };
        let (sources, feeds) = (Count(scene.sources, "source"), Count(report.feeds.len(), "feed"));
        let items = Count(report.items.total, "item");
        let status = format!("{how} {sources}; {items} in {feeds}{}", self.attention);
        let news = std::mem::take(&mut self.outdated) || status != self.status;
        self.status = status;
        if std::mem::take(&mut self.announce) {
            info!("{}", self.status);
            (self.was_ready, self.owes_ready) = (true, false);
            self.manager.ready(&self.status());
            return false;
        }
        news || report.changed
    }

    /// Tells the manager how things stand.
    pub(super) fn tell_status(&self) {
        self.manager.status(&self.status());
    }

    /// Why the config that was read again could not be used.
    pub(super) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    fn status(&self) -> String {
        format!("{}{}", if self.refused.is_some() { REFUSED } else { "" }, self.status)
    }

    /// A pass met trouble, and is tried again after `longest` at the latest.
    pub(super) fn trouble(&mut self, trouble: &Trouble, longest: Duration) {
        let text = trouble.to_string();
        let is_new = self.trouble.as_ref() != Some(&text);
        let line = text.lines().next().unwrap_or_default();
        if is_new {
            error!("{text}\n  trying again, at least every {} s", longest.as_secs().max(1));
        }
        if std::mem::take(&mut self.owes_ready) {
            // Who asked for another config waits for an answer: it is in force, and this is how things stand.
            self.manager.ready(line);
        } else if is_new {
            self.manager.status(line);
        }
        if is_new {
            self.trouble = Some(text);
        }
    }

    /// There are no events to rely on.
    pub(super) fn without_events(&mut self, why: &str) {
        if self.no_events.replace(why.to_owned()).as_deref() != Some(why) {
            warn!("change events can't be relied on: {why}; all files are looked at again and again instead");
        }
    }

    /// Another config is in force: what was wrong is told again, and we are ready once the feeds are those of this one,
    /// or it shows what stands in the way of that.
    pub(super) fn taken_up(&mut self) {
        self.told.clear();
        self.no_events = None;
        (self.announce, self.owes_ready, self.refused) = (true, true, None);
        info!("the config was read again");
    }

    /// The config was read again and can't be used.
    pub(super) fn refuse(&mut self, why: &str) {
        error!("the config can't be used, the previous one stays:\n{}", why.trim_end());
        self.refused = Some(why.trim_end().to_owned());
        let status = self.status();
        // Not ready is not made ready by a config that changes nothing; and the pass under way tells of the one before.
        let is_ready = self.was_ready && !self.owes_ready;
        if is_ready { self.manager.ready(&status) } else { self.manager.status(&status) }
    }
}

/// What asks for the operator's attention, in a few words.
fn attention(report: &Report) -> String {
    let Report { skipped, drift, kept, .. } = report;
    let counts = [(skipped.len(), "skipped"), (drift.len(), "drifted"), (kept.len(), "kept as published")];
    counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("; {count} {what}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_trouble_the_manager_hears_how_things_stand_though_nothing_changed() {
        let manager = Manager::of_process();
        let mut voice = Voice::new(&manager);
        let (report, scene) = (Report::default(), Scene { polls: false, sources: 1 });
        voice.describe(&report, true, &scene);
        assert!(!voice.describe(&report, true, &scene), "it is ready, and that is all");
        voice.trouble(&Trouble::unusable("cannot write"), Duration::from_secs(60));
        voice.done(&report, true);
        assert!(voice.describe(&report, true, &scene), "the status told of trouble");
        voice.done(&report, true);
        assert!(!voice.describe(&report, true, &scene));
    }
}
