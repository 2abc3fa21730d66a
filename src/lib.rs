//! feedmill: a folder of saved listing pages goes in, feeds that any reader can trust come out.

pub mod cli;
pub mod config;
pub mod inbox;
pub mod mill;
pub mod trouble;
