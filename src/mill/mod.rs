//! The pure half: text in, bytes out.
//!
//! Nothing in this folder touches disk, clock, network, environment, threads or the log; what a function returns
//! depends on its arguments alone. The wall is mechanical: `clippy.toml` lists the doors, and this module denies them.
//!
//! In reading order:
//!
//! - [`item`]: the vocabulary. [`month`]: the page an item stands on.
//! - [`page`]: a file's bytes to a page, by [`decode`] (what encoding, and in which wrapping) and [`captured`] (what
//!   its name says of time).
//! - [`scrape`]: text to drafts. [`identify`]: drafts to accounts with keys.
//! - [`history`]: which contents of a path count, and since when. [`decisions`]: what no scrape can give back.
//! - [`settle`]: all sightings of a key to one item, with times read in a [`zone`] and filed by [`category`], whose
//!   rules are patterns of [`words`].
//! - [`alike`]: items that may be one under two ids, for the operator to join.
//! - [`feed`]: items to what is subscribed to. [`render`]: feeds to documents.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod alike;
pub mod captured;
pub mod category;
pub mod decisions;
pub mod decode;
pub mod feed;
pub mod history;
pub mod identify;
pub mod item;
mod mhtml;
pub mod month;
pub mod page;
pub mod render;
pub mod scrape;
pub mod settle;
pub mod words;
pub mod zone;
