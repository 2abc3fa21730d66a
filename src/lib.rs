//! feedmill: a folder of saved listing pages goes in, feeds that any reader can trust come out.

pub mod cli;
mod commands;
pub mod config;
pub mod decided;
pub mod inbox;
pub mod mill;
pub mod pass;
pub mod publish;
pub mod report;
pub mod stat;
pub mod state;
pub mod store;
pub mod trouble;

pub use commands::run;
