//! The pure half: text in, bytes out.
//!
//! Nothing in this folder touches disk, clock, network, environment, threads or the log; what a function returns
//! depends on its arguments alone. The wall is mechanical: `clippy.toml` lists the doors, and this module denies them.
//!
//! Reading order: [`item`] (the words), [`month`] (the page an item stands on), [`page`] (bytes to text and terms),
//! [`scrape`] (text to drafts), [`identify`] (drafts to accounts with keys),
//! [`history`] (which contents of a path count, and since when), [`settle`] (all sightings of a key to one item, with
//! times read in a [`zone`]),
//! [`category`] and [`words`] (what it is filed under), [`feed`] (items to what is subscribed to), [`render`] (feeds to
//! documents).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod captured;
pub mod category;
pub mod decisions;
pub mod decode;
pub mod feed;
pub mod history;
pub mod identify;
pub mod item;
pub mod month;
pub mod page;
pub mod render;
pub mod scrape;
pub mod settle;
pub mod words;
pub mod zone;
