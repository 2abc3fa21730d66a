//! What is wrong with a config, and how it is shown.

use std::fmt::{self, Write as _};
use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::report::Count;

/// One thing that is wrong with what the operator wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong, in one line.
    pub what: String,
    /// Where, in bytes of the config; `None` where no line of it is at fault.
    pub span: Option<Range<usize>>,
    /// Another place that it has to do with, and why.
    pub see: Option<(Range<usize>, String)>,
    /// What would help.
    pub hints: Vec<String>,
    /// Whether the config is at fault, rather than the command line or the environment.
    pub in_config: bool,
}

impl Complaint {
    /// Something wrong at `span` of the config.
    #[must_use]
    pub fn at(span: Range<usize>, what: impl Into<String>) -> Self {
        Self { what: what.into(), span: Some(span), see: None, hints: Vec::new(), in_config: true }
    }

    /// Something wrong with the config as a whole, at no line in particular.
    #[must_use]
    pub fn whole(what: impl Into<String>) -> Self {
        Self { in_config: true, ..Self::outside(what) }
    }

    /// Something wrong outside the config's text.
    #[must_use]
    pub fn outside(what: impl Into<String>) -> Self {
        Self { what: what.into(), span: None, see: None, hints: Vec::new(), in_config: false }
    }

    /// Adds what would help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Points at another place of the config.
    #[must_use]
    pub fn see(mut self, span: Range<usize>, why: impl Into<String>) -> Self {
        self.see = Some((span, why.into()));
        self
    }
}

/// Everything that is wrong with a config. Nothing of the config was put to use.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The config, when there is one.
    pub file: Option<PathBuf>,
    /// Its text, for the lines to show.
    pub text: String,
    /// What is wrong, in the order of the config's lines; never empty.
    pub complaints: Vec<Complaint>,
}

impl Refusal {
    /// One complaint that concerns no line of a config.
    #[must_use]
    pub fn outside(complaint: Complaint) -> Self {
        Self { file: None, text: String::new(), complaints: vec![complaint] }
    }

    /// All complaints with file, line, column, caret and hint; with `colour`, for a terminal.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let path = self.file.as_ref().map(|path| path.display().to_string());
        let mut shown = String::new();
        for complaint in &self.complaints {
            let mut group = Group::with_title(Level::ERROR.primary_title(complaint.what.as_str()));
            if let Some(span) = &complaint.span {
                let mut snippet = Snippet::source(self.text.as_str())
                    .path(path.as_deref())
                    .annotation(AnnotationKind::Primary.span(self.inside(span)));
                if let Some((span, why)) = &complaint.see {
                    snippet = snippet.annotation(AnnotationKind::Context.span(self.inside(span)).label(why.as_str()));
                }
                group = group.element(snippet);
            }
            for hint in &complaint.hints {
                group = group.element(Level::HELP.message(hint.as_str()));
            }
            let _ = writeln!(shown, "{}\n", renderer.render(&[group]));
        }
        let count = self.complaints.len();
        let errors = Count(count, "error");
        // Nobody should have to search a good config for a mistake on the command line.
        let inside = self.complaints.iter().filter(|complaint| complaint.in_config).count();
        let _ = match &path {
            Some(path) if inside == count => write!(shown, "feedmill: {errors} in {path}; nothing was read or written"),
            Some(path) if inside > 0 => {
                write!(shown, "feedmill: {errors}, {inside} of them in {path}; nothing was read or written")
            }
            _ => write!(shown, "feedmill: {errors}; nothing was read or written"),
        };
        shown
    }

    /// A span that can be shown: within the text and on the borders of characters.
    fn inside(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        start..self.text.ceil_char_boundary(span.end.clamp(start, self.text.len()))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Refusal {}
