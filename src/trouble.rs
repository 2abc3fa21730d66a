//! Trouble: what ends a pass or keeps it from starting, told so that the operator can act.
//!
//! A message says what we were doing and to what, what is still true, and what would help. Faults, ignored and skipped
//! files and drift are not trouble: they are values in the report.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

/// What a run of feedmill ends with (design: the exit codes; outside tools depend on them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Done, but something was skipped or drifted.
    Attention = 1,
    /// Wrong usage or config: nothing was done.
    Usage = 2,
    /// Store, output or state can't be used.
    Unusable = 3,
    /// Another feedmill holds the store.
    Held = 4,
    /// `--dry-run`, and something would change.
    WouldChange = 5,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error for the operator.
#[derive(Debug)]
pub struct Trouble {
    /// What the program ends with, unless it can go on.
    pub exit: Exit,
    what: String,
    still_true: Option<String>,
    help: Option<String>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Trouble {
    /// Store, output or state can't be used; `what` says what we were doing, to what.
    #[must_use]
    pub fn unusable(what: impl Into<String>) -> Self {
        Self::new(Exit::Unusable, what)
    }

    /// What the operator wrote can't be used.
    #[must_use]
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// A trouble that ends the program with `exit`.
    #[must_use]
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), still_true: None, help: None, cause: None }
    }

    /// What we were doing, to what: the same whatever stood in the way.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Adds the error below.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds why a folder of ours could not be written, and what would help.
    #[must_use]
    pub fn unwritten(self, cause: io::Error) -> Self {
        let help = cure(&cause);
        self.because(cause).help(help)
    }

    /// Adds what still holds in spite of it.
    #[must_use]
    pub fn still(mut self, what: impl Into<String>) -> Self {
        self.still_true = Some(what.into());
        self
    }

    /// Adds what would help.
    #[must_use]
    pub fn help(mut self, what: impl Into<String>) -> Self {
        self.help = Some(what.into());
        self
    }
}

/// What lets a folder of ours be written again.
#[must_use]
pub fn cure(unwritten: &io::Error) -> &'static str {
    match unwritten.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk that it is on",
        ErrorKind::ReadOnlyFilesystem => "mount it writable, or add the folder to ReadWritePaths= in feedmill.service",
        _ => "let the user that runs feedmill write there",
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
            let mut below = cause.source();
            while let Some(error) = below {
                write!(f, ": {error}")?;
                below = error.source();
            }
        }
        if let Some(still_true) = &self.still_true {
            write!(f, "\n  {still_true}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl Error for Trouble {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
