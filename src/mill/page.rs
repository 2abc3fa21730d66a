//! A file's bytes to a page: a text that can be read, and the terms to read it by.
//!
//! Whoever reads a file comes by here: the pass that takes it in, and the commands that only tell. So none of them
//! reads with other terms than the others, or a file of a size that fills the memory.

use super::captured::{CapturedPattern, captured};
use super::decode::{Decoded, decode};
use super::item::Moment;
use super::scrape::{self, Explained, Form, Scrape, Terms};

/// A file that can be read.
#[derive(Debug, Clone)]
pub struct Page<'b> {
    /// Its text, and how that was come by.
    pub decoded: Decoded<'b>,
    /// When it was captured, as its name states.
    pub stated: Option<Moment>,
    /// How it is read.
    pub terms: Terms,
}

impl<'b> Page<'b> {
    /// The page that `bytes` hold, under the name of their file below the fixed part of a pattern.
    ///
    /// The name states what `terms` leave open: the day of capture, by `pattern` or by its own form, and the form of
    /// the file, unless the operator has.
    ///
    /// # Errors
    /// Why it can't be read: it is no text, or too large.
    pub fn open(
        bytes: &'b [u8],
        name: &str,
        pattern: Option<&CapturedPattern>,
        mut terms: Terms,
    ) -> Result<Self, String> {
        let decoded = decode(bytes).map_err(|why| why.reason.to_owned())?;
        let stated = captured(pattern, name);
        terms.captured = stated.map(Moment::day);
        terms.form = terms.form.or_else(|| Form::of_name(name));
        match scrape::too_large(&decoded.text, terms.form) {
            Some(why) => Err(why),
            None => Ok(Self { decoded, stated, terms }),
        }
    }

    /// Reads its items.
    #[must_use]
    pub fn parse(&self) -> Scrape<'_> {
        scrape::parse(&self.decoded.text, &self.terms)
    }

    /// Reads its items, and says of each block what became of it.
    #[must_use]
    pub fn explain(&self) -> Explained<'_> {
        scrape::explain(&self.decoded.text, &self.terms)
    }
}
