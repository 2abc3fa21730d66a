//! Patterns that an operator writes over titles and summaries.
//!
//! A pattern is a regular expression of the `regex` crate: it takes time linear in the text, whatever the text and
//! whatever the pattern, and one that would need much memory is refused where it is written. Case makes no difference
//! unless the pattern says so (`(?-i)`); neither does how an accented letter is composed (texts and patterns are
//! compared in NFC), nor how many blanks of which kind stand between two words.

use std::borrow::Cow;
use std::fmt;

use regex::{Regex, RegexBuilder};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::item::Text;

/// The most memory of a compiled pattern, in bytes. A hundred words side by side take a tenth of it.
const MOST_BYTES: usize = 1 << 20;

/// How deep groups may stand in each other.
const MOST_NESTED: u32 = 50;

/// A regular expression, ready for use.
#[derive(Clone)]
pub struct Pattern {
    written: String,
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern as the operator writes it.
    ///
    /// # Errors
    /// It is no regular expression, would take too much memory, or fits a text without a letter; said in one line.
    pub fn new(written: &str) -> Result<Self, String> {
        let composed: String = written.nfc().collect();
        let regex = RegexBuilder::new(&composed)
            .case_insensitive(true)
            .size_limit(MOST_BYTES)
            .dfa_size_limit(MOST_BYTES)
            .nest_limit(MOST_NESTED)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => {
                    format!("the pattern repeats so much that it would take more than {} KiB", MOST_BYTES >> 10)
                }
                // The message draws the pattern on lines of its own; what is wrong is said in the last.
                other => {
                    let told = other.to_string();
                    let last = told.lines().last().unwrap_or_default().trim();
                    format!("no pattern: {}", last.strip_prefix("error: ").unwrap_or(last))
                }
            })?;
        if regex.is_match("") {
            return Err("the pattern fits a text without a letter, so it fits every item".into());
        }
        Ok(Self { written: written.to_owned(), regex })
    }

    /// Whether some part of the text fits; the text is one that [`normalized`] gave.
    fn fits(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}

/// Which texts of an item patterns look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Where {
    /// Only the title.
    Title,
    /// Only the summary.
    Summary,
    /// Title and summary, each by itself: no match reaches from one into the other.
    #[default]
    Both,
}

/// Patterns of which one must fit, and patterns of which none may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// One of these, where there are any.
    pub include: Vec<Pattern>,
    /// None of these.
    pub exclude: Vec<Pattern>,
    /// In which texts.
    pub place: Where,
}

impl Words {
    /// Whether one of [`include`](Self::include) fits, where there are any, and none of [`exclude`](Self::exclude).
    #[must_use]
    pub fn passes(&self, title: &Text, summary: Option<&Text>) -> bool {
        if self.include.is_empty() && self.exclude.is_empty() {
            return true;
        }
        let texts = self.texts(title, summary);
        (self.include.is_empty() || any_fits(&self.include, &texts)) && !any_fits(&self.exclude, &texts)
    }

    /// Whether one of [`exclude`](Self::exclude) fits.
    #[must_use]
    pub fn excludes(&self, title: &Text, summary: Option<&Text>) -> bool {
        !self.exclude.is_empty() && any_fits(&self.exclude, &self.texts(title, summary))
    }

    fn texts<'t>(&self, title: &'t Text, summary: Option<&'t Text>) -> Vec<Cow<'t, str>> {
        let title = (self.place != Where::Summary).then_some(title);
        let summary = summary.filter(|_| self.place != Where::Title);
        title.into_iter().chain(summary).map(|text| normalized(text.as_str())).collect()
    }
}

fn any_fits(patterns: &[Pattern], texts: &[Cow<'_, str>]) -> bool {
    patterns.iter().any(|pattern| texts.iter().any(|text| pattern.fits(text)))
}

/// The text as patterns see it: composed, and with single blanks.
fn normalized(text: &str) -> Cow<'_, str> {
    let single = |text: &str| {
        let mut before = 'x';
        text.chars().all(|c| {
            let doubled = c.is_whitespace() && (c != ' ' || before == ' ');
            before = c;
            !doubled
        })
    };
    if is_nfc_quick(text.chars()) == IsNormalized::Yes && single(text) {
        return Cow::Borrowed(text);
    }
    let composed: String = text.nfc().collect();
    Cow::Owned(composed.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        let words = Words { include: vec![Pattern::new(pattern).unwrap()], ..Words::default() };
        words.passes(&Text::new(text).unwrap(), None)
    }

    #[test]
    fn case_composition_and_blanks_make_no_difference() {
        assert!(fits("climate change", "CLIMATE \u{A0} Change at the lakes"));
        assert!(fits("élan", "E\u{301}LAN vital") && fits("e\u{301}lan", "Élan"));
        assert!(fits("ёлка", "НОВАЯ ЁЛКА"));
        assert!(!fits("(?-i)WHO", "who is who") && fits("(?-i)WHO", "The WHO says"));
        assert!(fits(r"\bjobs?\b", "A job for all") && !fits(r"\bjobs?\b", "Jobless"));
    }

    #[test]
    fn a_pattern_looks_where_it_is_told() {
        let (title, summary) = (Text::new("On lakes").unwrap(), Text::new("Of fish").unwrap());
        for (place, in_title, in_summary) in
            [(Where::Title, true, false), (Where::Summary, false, true), (Where::Both, true, true)]
        {
            let words = |pattern| Words { include: vec![Pattern::new(pattern).unwrap()], place, ..Words::default() };
            assert_eq!(words("lakes").passes(&title, Some(&summary)), in_title);
            assert_eq!(words("fish").passes(&title, Some(&summary)), in_summary);
            assert!(!words("lakes.*fish").passes(&title, Some(&summary)), "no match reaches from one into the other");
        }
        let none = Words { exclude: vec![Pattern::new("fish").unwrap()], ..Words::default() };
        assert!(!none.passes(&title, Some(&summary)) && none.passes(&title, None));
    }

    #[test]
    fn what_is_no_pattern_or_too_large_a_one_is_refused() {
        for (pattern, why) in [
            ("(", "unclosed group"),
            ("(((a{100}){100}){100}){100}", "KiB"),
            (r"\w{1000}", "KiB"),
            ("a*", "every item"),
            (r"(a)\1", "backreferences"),
            (&"(".repeat(1000), "no pattern"),
        ] {
            let refused = Pattern::new(pattern).expect_err(pattern);
            assert!(refused.contains(why) && !refused.contains('\n'), "{refused}");
        }
        // What makes other engines hang takes no time here.
        assert!(!fits("(a+)+$", &("a".repeat(50_000) + "!")));
    }
}
