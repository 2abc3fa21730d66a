//! Texts in which the address of a link stands behind its words.
//!
//! There are two notions of a line: programs that save a page break lines, and an address with them (`saved`); scripts
//! print each item on one, and put some sign between (`printed`).
//!
//! Promised: an address is where its line leads, and no part of its text. Refused: lines that lead somewhere from a
//! page that has its items on others. What points to a source or a document behind each item would take the title from
//! it, so a text that is read as it is has no item on another line, but perhaps the last, which may be cut. Only what
//! nobody but a program writes needs no such evidence.

mod printed;
mod saved;

use std::collections::BTreeSet;

use super::rendered;
use crate::mill::scrape::rendition::Rendition;
use crate::mill::scrape::{Explained, Scrape, Terms};

/// A text without its addresses.
struct Linked {
    rendition: Rendition,
    /// Nobody but a program writes addresses like these.
    by_a_program: bool,
    /// The line of which a cut may have taken the address, or a part of it.
    cut: Option<u32>,
}

/// What `text` says whose addresses stand behind their words, and the line of which a cut may have taken one; where it
/// is no such text, what was read of it as it is, `plain`.
pub(super) fn read<'t>(
    text: &str,
    plain: Explained<'t>,
    terms: &Terms,
    explaining: bool,
) -> (Explained<'t>, Option<u32>) {
    if memchr::memmem::find(text.as_bytes(), b"://").is_none() {
        return (plain, None);
    }
    for linked in [saved::render, printed::render].into_iter().filter_map(|render| render(text)) {
        let read = rendered(&linked.rendition, terms, explaining);
        if linked.by_a_program || has_items_of(&read.scrape, &plain.scrape) {
            return (read, linked.cut);
        }
    }
    (plain, None)
}

/// Whether a reading has an item wherever that of the text as it is has one.
fn has_items_of(read: &Scrape<'_>, plain: &Scrape<'_>) -> bool {
    let lines = |scrape: &Scrape<'_>| scrape.drafts.iter().map(|draft| draft.line).collect::<BTreeSet<u32>>();
    let mut known = lines(plain);
    known.pop_last();
    plain.refused.is_some() || (read.refused.is_none() && known.is_subset(&lines(read)))
}
