//! Whether what was read is taken at all, or refused with a reason.
//!
//! A page that is no list can read like one: a menu, an article below its day, an enumeration in a text. Whoever names
//! a layout says that the page is a list: then only what contradicts the layout is refused.

use std::borrow::Cow;

use super::look::Look;
use super::tell::Tale;
use super::{Explanation, prose};
use crate::mill::scrape::layout::Field;
use crate::mill::scrape::path::Step;
use crate::mill::scrape::shape::{ends_sentence, is_brief};
use crate::mill::scrape::{Cut, Draft, Fault, REFUSED_BELOW, Scrape};

/// A single item without a list number is taken for a list of one when nearly all of the page is explained by it: an
/// article has a title and a date, too, but no number.
const LONE: f64 = 0.9;

/// Two items are taken when they explain so much of the page.
const FEW: f64 = 0.3;

/// Longer sentences are no titles.
const PARAGRAPH: usize = 100;

/// Decides whether what these steps of `explanation` say is taken.
pub(super) fn judge<'t>(
    look: &Look<'t, '_>,
    explanation: &Explanation<'_>,
    steps: &[Step],
    mut tale: Tale<'t>,
) -> Scrape<'t> {
    // Half a title says nothing for the others, nor against them.
    let cut_in_title = tale.drafts.pop_if(|draft| draft.truncated == Some(Cut::Title));
    let case = Case { look, explanation, drafts: &tale.drafts };
    let why = case.hard().or_else(|| if look.named { None } else { case.soft(steps) });
    let (layout, confidence) = (explanation.layout.name.clone(), explanation.reading.confidence);
    if let Some(why) = why {
        return refused(layout, confidence, tale.faults, why);
    }
    let own = tale.drafts.iter().filter_map(|draft| draft.date.as_ref()).filter(|date| !date.year_inferred);
    let newest = own.filter_map(|date| date.day).max();
    tale.drafts.extend(cut_in_title);
    Scrape {
        layout,
        confidence,
        drafts: tale.drafts,
        faults: tale.faults,
        refused: None,
        newest,
        language: None,
        rival: None,
    }
}

pub(super) fn refused(layout: Cow<'_, str>, confidence: f64, faults: Vec<Fault>, why: String) -> Scrape<'_> {
    Scrape {
        layout,
        confidence,
        drafts: Vec::new(),
        faults,
        refused: Some(why),
        newest: None,
        language: None,
        rival: None,
    }
}

/// What is to be judged.
struct Case<'a, 'l, 't, 'c> {
    look: &'a Look<'t, 'c>,
    explanation: &'a Explanation<'l>,
    drafts: &'a [Draft<'t>],
}

impl Case<'_, '_, '_, '_> {
    /// Why it is no list, whatever anybody calls it.
    fn hard(&self) -> Option<String> {
        let (layout, reading) = (self.explanation.layout, &self.explanation.reading);
        let is_dated = self.drafts.iter().any(|draft| draft.date.is_some());
        if self.drafts.is_empty() {
            Some("no item was found".to_owned())
        } else if layout.is_dated() && !is_dated {
            Some("no item has a date, though the layout has one".to_owned())
        } else if reading.confidence < REFUSED_BELOW {
            Some(format!("the layout explains too little of the file (confidence {:.2})", reading.confidence))
        } else if reading.score < 0.0 {
            Some("the layout contradicts the file".to_owned())
        } else if self.drafts.len() == 1 && !(is_dated && reading.score >= 0.5) {
            Some("a single item is no list".to_owned())
        } else {
            None
        }
    }

    /// Why it may be no list, though it reads like one.
    fn soft(&self, steps: &[Step]) -> Option<String> {
        let (layout, score) = (self.explanation.layout, self.explanation.reading.score);
        if self.is_lone() {
            Some("a single item is a list only where the layout is named".to_owned())
        } else if self.is_menu() {
            Some("items of a word or two are a menu".to_owned())
        } else if self.is_article() {
            Some("paragraphs below a day are an article".to_owned())
        } else if (layout.headings.day || layout.has(Field::Date)) && self.look.has_doubtful_days() {
            Some(
                "a text stands above the first day and one below the last, and nothing tells whose days they are"
                    .into(),
            )
        } else if let Some(doubt) = prose::doubt(self.look, layout, steps) {
            Some(format!("{doubt}: name the layout if this is a list"))
        } else if self.drafts.len() <= 2 && score < FEW {
            Some("two items are no list where nearly all of the page is something else".to_owned())
        } else {
            None
        }
    }

    fn is_lone(&self) -> bool {
        let is_numbered = self.drafts.iter().any(|draft| draft.number.is_some());
        self.drafts.len() == 1 && !is_numbered && self.explanation.reading.score < LONE
    }

    /// Of a word or two each, with nothing to say of any.
    fn is_menu(&self) -> bool {
        let is_bare = |draft: &&Draft<'_>| draft.summary.is_none() && draft.date.is_none() && is_brief(&draft.title);
        self.drafts.iter().filter(is_bare).count() * 2 > self.drafts.len()
    }

    /// Below the one day of a page, paragraphs are those of an article.
    fn is_article(&self) -> bool {
        let is_paragraph = |draft: &&Draft<'_>| {
            draft.title.chars().count() > PARAGRAPH && ends_sentence(&draft.title, &['.', '!', '?', '…', '。'])
        };
        self.explanation.layout.headings.day && self.drafts.iter().filter(is_paragraph).count() * 2 >= self.drafts.len()
    }
}
