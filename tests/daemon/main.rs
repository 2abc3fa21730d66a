//! The daemon as its service manager and its readers see it: the real program, started, spoken to over a socket and by
//! signals, ended in all ways.
//!
//! Time decides nothing here: what must come about is waited for, up to [`service::PATIENCE`]. `rescan` is long, so
//! that only events, or the lack of them noticed, bring anything about.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr)]

mod ahead;
mod beside;
mod crowd;
mod faults;
mod folders;
mod huge;
mod idle;
mod kills;
mod operations;
mod orders;
mod saves;

#[path = "../support/killed.rs"]
mod killed;
#[allow(dead_code, reason = "the kill loop of single passes uses more of it")]
#[path = "../support/newsroom.rs"]
mod newsroom;
#[allow(dead_code, reason = "the kill loop of single passes uses more of it")]
#[path = "../support/reader.rs"]
mod reader;
#[path = "../support/service.rs"]
mod service;
#[path = "../support/mod.rs"]
mod support;
