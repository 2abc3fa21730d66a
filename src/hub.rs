//! Tells hubs that a feed has changed, so that they fetch it and pass it on to their subscribers (WebSub, a
//! recommendation of the W3C; formerly PubSubHubbub).
//!
//! ```text
//! published: topic → hash ──┐
//!                           ├─ differ? → POST to the hub → told
//! told: hub, topic → hash ──┘
//! ```
//!
//! Level, not edge, here too: what is published is compared with what a hub was last told, and the difference is owed
//! to it. A kill, a restart or a hub that is down for a day costs a message too many, never one too few. Of ten changes
//! in a row, a hub hears of the last.
//!
//! Promised: none of this is part of a pass. The daemon's [`Hubs`] has a thread for each hub, so that a slow one keeps
//! no other waiting, and neither publishing nor ending waits for any of them. A hub that can't be reached is tried
//! again with growing patience, and given up after [`Pace::tries`] until there is something new. [`tell_once`] tries
//! each hub once, in bounded time.
//!
//! The recommendation does not say how a publisher notifies its hub (section 6). All hubs accept what PubSubHubbub 0.4
//! says: a form with `hub.mode=publish` and `hub.url=` the topic, posted to the hub's address.

mod client;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{debug, error, info, warn};

use crate::config::Config;
use crate::mill::feed::Address;
use crate::mill::render;
use crate::store::PublishedRow;
use client::{Answer, Client};
use told::Told;

/// What is published and can be subscribed to: its address, and the hash of its bytes.
pub type Topics = BTreeMap<Address, u128>;

/// The topics among the published documents: the heads of the config's feeds.
#[must_use]
pub fn topics(config: &Config, published: &[PublishedRow]) -> Topics {
    let Some(base) = &config.base_url else { return Topics::new() };
    let heads: BTreeSet<String> = config
        .feeds
        .iter()
        .flat_map(|feed| render::HEADS.iter().map(move |name| format!("{}/{name}", feed.name)))
        .collect();
    let there = published.iter().filter(|row| row.was_written() && heads.contains(&row.path));
    there.map(|row| (base.join(&row.path), row.hash)).collect()
}

/// How hubs are treated.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long to wait for an answer.
    pub answer: Duration,
    /// The least time between two messages on the same topic: a hub fetches it each time.
    pub distance: Duration,
    /// The wait after a first failure, which doubles with each further one, and the longest wait.
    pub retry: (Duration, Duration),
    /// The longest time for which a hub may ask to be left alone.
    pub asked: Duration,
    /// The number of failures in a row after which a hub is given up until there is something new. With the other
    /// values that takes about a day.
    pub tries: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(20),
            distance: Duration::from_secs(5),
            retry: (Duration::from_secs(10), Duration::from_secs(3600)),
            asked: Duration::from_secs(6 * 3600),
            tries: 32,
        }
    }
}

impl Pace {
    /// How long to wait after this many failures in a row, if the hub asked to be left alone for `asked`.
    fn wait(&self, failures: u32, asked: Option<Duration>) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let wait = self.retry.0.saturating_mul(doubled).min(self.retry.1);
        wait.max(asked.unwrap_or_default().min(self.asked))
    }
}

// ---- beside the daemon ----------------------------------------------------------------------------------------------

/// The hubs of a config, each with a thread that tells it what it is owed. After a drop they are told nothing more; an
/// answer that is under way is not waited for.
#[derive(Debug)]
pub struct Hubs {
    shared: Arc<Shared>,
}

impl Hubs {
    /// Begins to tell the hubs of `config`, as soon as something is [`published`](Self::published).
    #[must_use]
    pub fn begin(config: &Config, pace: Pace) -> Self {
        let shared = Arc::new(Shared::new(&config.state, &config.websub.hubs));
        for hub in &config.websub.hubs {
            let (shared, owned) = (Arc::clone(&shared), hub.clone());
            let work = move || Teller::new(owned, pace).work(&shared);
            if let Err(error) = thread::Builder::new().name("hub".to_owned()).spawn(work) {
                error!(%hub, %error, "there is no thread to tell the hub: it will be told after a restart");
            }
        }
        Self { shared }
    }

    /// Says what is published now.
    pub fn published(&self, topics: Topics) {
        let mut state = self.shared.state();
        state.told.keep_only(&self.shared.hubs, &topics);
        state.topics = topics;
        self.shared.changed.notify_all();
    }

    /// The hubs that could not be told for a long time, or refuse what they are told, and why.
    #[must_use]
    pub fn in_vain(&self) -> BTreeMap<Address, String> {
        let state = self.shared.state();
        let refused = self.shared.hubs.iter().filter_map(|hub| Some((hub.clone(), state.told.refusal(hub)?)));
        refused.chain(state.given_up.clone()).collect()
    }
}

impl Drop for Hubs {
    fn drop(&mut self) {
        self.shared.state().ending = true;
        self.shared.changed.notify_all();
    }
}

/// What the threads share.
#[derive(Debug)]
struct Shared {
    hubs: Vec<Address>,
    /// The state folder.
    folder: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
    /// Held while the file is written: publishing must not wait for a disk.
    writing: Mutex<()>,
}

#[derive(Debug)]
struct State {
    topics: Topics,
    told: Told,
    given_up: BTreeMap<Address, String>,
    ending: bool,
}

impl Shared {
    fn new(folder: &Path, hubs: &[Address]) -> Self {
        let state = State { topics: Topics::new(), told: Told::read(folder), given_up: BTreeMap::new(), ending: false };
        Self {
            hubs: hubs.to_vec(),
            folder: folder.to_owned(),
            state: Mutex::new(state),
            changed: Condvar::new(),
            writing: Mutex::new(()),
        }
    }

    /// What it guards is whole whenever it is let go, even by a panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that `hub` answered about these bytes of `topic`: it knows, or why it refuses.
    fn answered(&self, hub: &Address, topic: &Address, hash: u128, refusal: Option<&str>) {
        let _one_by_one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let told = {
            let mut state = self.state();
            state.told.note(hub, topic, hash, refusal);
            state.given_up.remove(hub);
            if state.ending {
                // Other threads are at work on the same file by now.
                return;
            }
            state.told.clone()
        };
        if let Err(error) = told.write(&self.folder) {
            warn!(%error, "what the hubs were told can't be noted: after a restart they will be told again");
        }
    }
}

impl State {
    /// What `hub` is owed.
    fn owed<'d>(&'d self, hub: &'d Address) -> impl Iterator<Item = (&'d Address, u128)> {
        let owed = self.topics.iter().filter(|(topic, hash)| !self.told.knows(hub, topic, **hash));
        owed.map(|(topic, hash)| (topic, *hash))
    }
}

/// Tells one hub what it is owed.
struct Teller {
    hub: Address,
    pace: Pace,
    /// In a row.
    failures: u32,
    not_before: Instant,
    /// Why it refuses topics, as it was logged.
    refusals: BTreeSet<String>,
    /// When it was last told of a topic.
    last: BTreeMap<Address, Instant>,
    /// What it was owed when it was told last, where one failure more is one too many.
    tried: Topics,
    /// What it is no longer told, because that failed too often.
    given_up: Topics,
}

impl Teller {
    fn new(hub: Address, pace: Pace) -> Self {
        let (tried, given_up) = (Topics::new(), Topics::new());
        let (refusals, last) = (BTreeSet::new(), BTreeMap::new());
        Self { hub, pace, failures: 0, not_before: Instant::now(), refusals, last, tried, given_up }
    }

    fn work(mut self, shared: &Shared) {
        let client = Client::new(&self.hub);
        while let Some((topic, hash)) = self.next(shared) {
            let answer = client.tell(&self.hub, &topic, self.pace.answer);
            self.take(shared, topic, hash, answer);
        }
    }

    /// Waits until something may be told; `None`: it is time to end.
    fn next(&mut self, shared: &Shared) -> Option<(Address, u128)> {
        let mut state = shared.state();
        loop {
            if state.ending {
                return None;
            }
            let now = Instant::now();
            let owed = state.owed(&self.hub).filter(|(topic, hash)| self.given_up.get(*topic) != Some(hash));
            let soonest = owed.map(|(topic, hash)| (self.when(topic), topic, hash)).min();
            state = match soonest {
                Some((when, topic, hash)) if when <= now => {
                    let next = (topic.clone(), hash);
                    // What changes while it is told was not tried, and is no part of what is given up with it.
                    if self.failures.saturating_add(1) >= self.pace.tries {
                        self.tried = state.owed(&self.hub).map(|(topic, hash)| (topic.clone(), hash)).collect();
                    }
                    return Some(next);
                }
                Some((when, ..)) => {
                    shared.changed.wait_timeout(state, when - now).unwrap_or_else(PoisonError::into_inner).0
                }
                None => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// When the hub may be told of `topic`.
    fn when(&self, topic: &Address) -> Instant {
        self.last.get(topic).map_or(self.not_before, |last| self.not_before.max(*last + self.pace.distance))
    }

    fn take(&mut self, shared: &Shared, topic: Address, hash: u128, answer: Answer) {
        let hub = &self.hub;
        let refusal = match answer {
            Answer::Later { why, after } => return self.fail(shared, &why, after),
            Answer::Heard => {
                debug!(%hub, %topic, "told the hub");
                None
            }
            Answer::Refused(why) => {
                // A hub that refuses one mostly refuses all of them, hundreds, with every change. After a restart it is
                // said once more: the log of before may be gone.
                let still_refuses = shared.state().told.refused(hub).any(|(_, known)| *known == why);
                let is_news = self.refusals.insert(why.clone());
                if still_refuses && !is_news {
                    debug!(%hub, %topic, why, "the hub won't hear of this feed either");
                } else {
                    warn!(
                        %hub, %topic, why,
                        "the hub won't hear of the feed; it is told when the feed changes again, and what else it refuses so \
                         is logged with -vv"
                    );
                }
                Some(why)
            }
        };
        if self.failures > 0 {
            info!(%hub, "the hub answers again");
        }
        self.failures = 0;
        self.given_up.clear();
        shared.answered(hub, &topic, hash, refusal.as_deref());
        self.last.insert(topic, Instant::now());
    }

    fn fail(&mut self, shared: &Shared, why: &str, after: Option<Duration>) {
        let (hub, Pace { retry, tries, .. }) = (&self.hub, self.pace);
        self.failures = self.failures.saturating_add(1);
        let wait = self.pace.wait(self.failures, after);
        self.not_before = Instant::now() + wait;
        debug!(%hub, why, failures = self.failures, ?wait, "the hub can't be told");
        if self.failures == 1 {
            let longest = retry.1.as_secs();
            warn!(%hub, why, "the hub can't be told of changes; trying again, after waits of up to {longest} s unless it asks for more");
        }
        if self.failures >= tries {
            self.given_up = std::mem::take(&mut self.tried);
            let is_news = shared.state().given_up.insert(hub.clone(), why.to_owned()).is_none();
            // Only now: the log may have to wait, and a pass must not wait with it.
            if is_news {
                error!(%hub, why, failures = self.failures, "the hub is given up until a feed changes again");
            }
        }
    }
}

// ---- once -----------------------------------------------------------------------------------------------------------

/// What became of telling one hub what it was owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The hub.
    pub hub: Address,
    /// The topics it was told of.
    pub told: Vec<Address>,
    /// Those it is still owed: it could not be reached, or there was no time left.
    pub owed: usize,
    /// What went wrong.
    pub why: Option<String>,
    /// What it refuses, now or since before.
    pub refuses: Option<String>,
}

/// Tells each hub of `config` once what it is owed, all at the same time, within `budget`.
#[must_use]
pub fn tell_once(config: &Config, topics: &Topics, budget: Duration) -> Vec<Outcome> {
    let shared = &Shared::new(&config.state, &config.websub.hubs);
    shared.state().told.keep_only(&shared.hubs, topics);
    shared.state().topics = topics.clone();
    let deadline = Instant::now() + budget;
    thread::scope(|scope| {
        let tell = |hub| scope.spawn(move || tell_hub(shared, hub, deadline));
        let telling: Vec<_> = shared.hubs.iter().map(tell).collect();
        telling.into_iter().filter_map(|one| one.join().ok()).collect()
    })
}

fn tell_hub(shared: &Shared, hub: &Address, deadline: Instant) -> Outcome {
    let owed: Vec<(Address, u128)> = shared.state().owed(hub).map(|(topic, hash)| (topic.clone(), hash)).collect();
    let client = Client::new(hub);
    let mut outcome = Outcome { hub: hub.clone(), told: Vec::new(), owed: owed.len(), why: None, refuses: None };
    for (topic, hash) in owed {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            outcome.why.get_or_insert_with(|| "there was no time left".to_owned());
            break;
        }
        let refusal = match client.tell(hub, &topic, left.min(Pace::default().answer)) {
            Answer::Heard => {
                outcome.told.push(topic.clone());
                None
            }
            Answer::Refused(why) => Some(why),
            Answer::Later { why, .. } => {
                outcome.why = Some(why);
                break;
            }
        };
        shared.answered(hub, &topic, hash, refusal.as_deref());
        outcome.why = outcome.why.or(refusal);
        outcome.owed -= 1;
    }
    outcome.refuses = shared.state().told.refusal(hub);
    outcome
}
