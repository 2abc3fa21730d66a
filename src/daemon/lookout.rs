//! Where to look: the sources' folders, watched as far as the system lets us.

use std::sync::Arc;

use crate::config::{Config, WatchMode};
use crate::trouble::Trouble;
use crate::watch::{self, Bell, Watch};

/// What is watched.
pub(super) struct Lookout {
    /// Rung by what happens there.
    pub(super) bell: Arc<Bell>,
    watch: Option<Watch>,
    /// Why there are no events to rely on, if there are none.
    no_events: Option<String>,
}

impl Lookout {
    pub(super) fn new(config: &Config) -> Self {
        Self { bell: Arc::new(Bell::new(config.watch.settle)), watch: None, no_events: None }
    }

    /// Watches the folders, anew if they were watched before. Returns why it must do without events, where it must.
    ///
    /// # Errors
    /// There are none, and the config insists on them.
    pub(super) fn arm(&mut self, config: &Config) -> Result<Option<String>, Trouble> {
        self.bell.hints().set_settle(config.watch.settle);
        // The old watcher's descriptors count against the same limits.
        self.watch = None;
        self.no_events = None;
        if config.watch.mode == WatchMode::Poll {
            self.no_events = Some("mode = \"poll\"".into());
            return Ok(None);
        }
        // A folder that appears while we look for it is told by nobody: look again, if need be.
        let mut begun = Watch::begin(config, &self.bell);
        for _ in 0..3 {
            if begun.as_ref().map_or(true, Watch::stands) {
                break;
            }
            begun = Watch::begin(config, &self.bell);
        }
        match begun {
            Ok(watch) => self.watch = Some(watch),
            Err(why) if config.watch.mode == WatchMode::Events => {
                return Err(Trouble::unusable(format!("no events to watch by: {why}"))
                    .help("raise the limit, or let [watch] mode be \"auto\""));
            }
            Err(why) => return Ok(Some(why)),
        }
        let silent = (config.watch.mode == WatchMode::Auto).then(|| watch::silent(config)).flatten();
        Ok(silent.map(|kind| format!("a source lies on {kind}, which tells of no changes that others make")))
    }

    /// Whether the watched places are no longer what they were.
    pub(super) fn is_displaced(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| !watch.stands())
    }

    /// Goes on without events, for this reason. Says whether that is news.
    pub(super) fn do_without(&mut self, why: &str) -> bool {
        let news = self.no_events.as_deref() != Some(why);
        self.no_events = Some(why.to_owned());
        news
    }

    /// Why there are no events to rely on, if there are none.
    pub(super) fn no_events(&self) -> Option<&str> {
        self.no_events.as_deref()
    }
}
