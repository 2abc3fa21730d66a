//! feedmill: a folder of saved listing pages goes in, feeds that any reader can trust come out.
//!
//! This page is the map: what happens to a file, which laws hold on the way and which test guards each of them, and the
//! order in which the modules are best read.
//!
//! # The line
//!
//! ```text
//! inbox ──text──▶ scrape ──drafts──▶ identify ──accounts──▶ store ──items──▶ feed ──▶ render ──tree──▶ publish
//!   ▲                                                         │
//!   └──────────────── what was seen, by digest ───────────────┘         pass = the whole line, once
//!                                                                       daemon = a pass whenever something rings
//! ```
//!
//! A *file* is one saved page. What counts are its contents over time: a path that is overwritten every day has many. A
//! content is read as a sequence of blocks, and the blocks as *drafts*: title, date, summary, credit, each with its
//! line. Site, date and title make a draft's *key*; what the draft says is an *account*, and the fact that this content
//! says so is a *sighting*. All sightings of a key are settled into one *item*, items are chosen for *feeds*, feeds are
//! rendered to *documents*, and the output folder is made to agree with them.
//!
//! The half that decides what an item is ([`mill`]) is pure: text in, bytes out, no disk, clock, environment or log.
//! The shell around it is thin and knows nothing about news.
//!
//! # The laws
//!
//! They outrank features and speed. Each has a test that was seen to fail when the law is broken.
//!
//! 1. **Level, not edge.** A pass looks at what is there, never at what happened; running it twice is running it once.
//!    `tests/pass.rs`: `a_second_pass_writes_nothing`; `tests/daemon/`: whatever the events say or don't, the items are
//!    those of a single pass.
//! 2. **Merging is set union.** What is stored of an item is the set of its sightings; [`settle`](mill::settle) is a
//!    function of that set, so order and repetition can't matter. `tests/laws.rs`, against the oracle
//!    [`store::Memory`].
//! 3. **An id is for life.** Site, title and date make it, or site and explicit id; nothing else does. The test vectors
//!    in [`mill::identify`]; `tests/judges.rs`: `the_ids_of_the_samples_are_for_life`.
//! 4. **Output is a pure function** of sightings, decisions and config: equal bytes on any machine, however the paths
//!    interleave, and no write where nothing differs. `tests/pass.rs`:
//!    `every_interleaving_of_the_paths_gives_the_same_bytes`.
//! 5. **Silence never erases.** What rolls off a page, is deleted or overwritten stays in the feeds. `tests/pass.rs`:
//!    `deleting_all_scrapes_removes_nothing`.
//! 6. **Nothing torn.** A published file is replaced whole or not at all. `tests/publish.rs` stops and refuses at every
//!    step of it; `tests/kill/` and `tests/daemon/kills.rs` kill the program.
//! 7. **No invention.** A date is read, inherited or taken from the capture, and says which; an ambiguous one is
//!    refused. `tests/scrapes/`: `a_numeric_date_that_nothing_settles_is_not_guessed.txt` and its neighbours.
//! 8. **News feeds carry news.** Faults and drift go to log, report, exit code and [`operations`] feed.
//!    `tests/readme.rs`: `an_error_page_is_drift_and_changes_no_feed`.
//!
//! # The modules, in reading order
//!
//! | module | what it does | what it may know |
//! |---|---|---|
//! | [`pass`] | walks the line once, carries values from room to room, returns a report | all rooms |
//! | [`mill`] | decides what an item is; its head page has an order of its own | nothing outside itself |
//! | [`store`] | keeps what was ever read, derives items; SQLite, and an oracle for tests | the mill's words; alone names rusqlite |
//! | [`inbox`] | lists folders, reads files, trusts neither | the config's patterns |
//! | [`publish`] | makes a folder agree with documents, whole files only | rendered documents, a disk |
//! | [`config`] | what the operator says, validated once, as a whole | the mill's terms; names TOML, as `mill::scrape` does for layouts |
//! | [`hub`] | tells hubs which documents have changed, never during a pass | the publish ledger; alone speaks to the network |
//! | [`daemon`] | decides when a pass runs, and over which files | all rooms, no news; names tokio, as `http` does, and `watch` for its bell |
//! | [`watch`] | the system's events, reduced to hints | the config's patterns; alone names notify |
//! | [`http`] | requests and answers over sockets | nothing outside itself; names hyper, whose types for requests and answers `serve` and `metrics` use |
//! | [`serve`] | the published folder over HTTP | lines of the publish ledger, `http` |
//! | [`service`] | what the service manager is told | nothing outside itself |
//! | [`drift`] | which captures are a source's newest, and what is odd about them | the store |
//! | [`state`], [`decided`] | the state folder: lock, damaged stores, decisions | the store |
//! | [`report`], [`trouble`] | what a pass did; what the operator must deal with | exit codes |
//! | [`operations`] | what is wrong, as a feed of its own | reports, troubles, a disk; names Atom, as the mill's `render` does |
//! | [`stat`] | what a look at a file tells without opening it | nothing |
//! | [`progress`], [`metrics`] | whether the pipeline moves; numbers and health over HTTP | reports; alone names prometheus-client |
//! | `cores` | work shared out among threads | nothing |
//! | [`cli`], [`run`] | the command line; what the commands do | all |
//!
//! Inbox, store and publish never know each other. Inside the mill `scrape` knows no items, and only `render` names RSS
//! or Atom. The wall around the mill is enforced: `clippy.toml` lists what it may not call, and `mill/mod.rs` denies
//! it.
//!
//! The library exists so that tests and benches reach the rooms. It promises no stability; the command line does.

pub mod cli;
mod commands;
pub mod config;
mod cores;
pub mod daemon;
pub mod decided;
pub mod drift;
pub mod http;
pub mod hub;
pub mod inbox;
pub mod metrics;
pub mod mill;
pub mod operations;
pub mod pass;
pub mod progress;
pub mod publish;
pub mod report;
pub mod serve;
pub mod service;
pub mod stat;
pub mod state;
pub mod store;
pub mod trouble;
pub mod watch;

pub use commands::run;
