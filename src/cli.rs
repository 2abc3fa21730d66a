//! The command line: names and types. What the commands do is said elsewhere.
//!
//! The names are a contract: services and scripts depend on them. They are added to, not renamed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::config::Given;
use crate::mill::item::Key;
use crate::trouble::Trouble;

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  done, but a file was skipped, a page's layout drifted, or a feed stays as its store was lost
  2  wrong usage or config: nothing was read or written
  3  store or output can't be used
  4  another feedmill holds the store
  5  --dry-run, and something would change

Without -c the config is ./feedmill.toml, else feedmill.toml in $CONFIGURATION_DIRECTORY.
Every command but import can be used while another feedmill is running.
A folder that has the name of a command is given as ./check.";

const LONG_ABOUT: &str = "\
A folder of saved listing pages goes in; RSS, Atom and JSON feeds come out.

It keeps running and watches the folder; with --once it makes one pass and exits.

Without a config, `feedmill --once DIR…` reads *.txt, *.text and *.md below each folder and makes one feed of each, \
in ./public. Otherwise the config says what is read and which feeds there are. `feedmill init FILE…` drafts one.";

/// What the command line says.
#[derive(Debug, Parser)]
#[command(
    name = "feedmill",
    version,
    about = "A folder of saved listing pages goes in; RSS, Atom and JSON feeds come out",
    long_about = LONG_ABOUT,
    after_help = AFTER_HELP,
    max_term_width = 100
)]
pub struct Cli {
    /// What is said of every command.
    #[command(flatten)]
    pub global: Global,

    /// Folders to read when there is no config: one feed each, named after the folder
    #[arg(value_name = "DIR")]
    pub dirs: Vec<PathBuf>,

    /// Run one pass, then exit: read what is new, publish what changed
    #[arg(long)]
    pub once: bool,

    /// Change nothing: report what a pass would do (exit 5 if it would change something)
    #[arg(long)]
    pub dry_run: bool,

    /// With --once: delete the files of feeds that are no longer in the config
    #[arg(long)]
    pub prune: bool,

    /// Something else than a pass.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What is said of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The config file [default: ./feedmill.toml, else in $CONFIGURATION_DIRECTORY]
    #[arg(short, long, global = true, value_name = "FILE", help_heading = "Places")]
    pub config: Option<PathBuf>,

    /// Where to write the feeds [default: the config's, else $STATE_DIRECTORY/public, else ./public]
    #[arg(short, long, global = true, value_name = "DIR", help_heading = "Places")]
    pub output: Option<PathBuf>,

    /// Where to keep the store [default: the config's, else $STATE_DIRECTORY, else ./.feedmill]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Places")]
    pub state: Option<PathBuf>,

    /// The address where the output is served: makes links absolute
    #[arg(long, global = true, value_name = "URL", help_heading = "Places")]
    pub base_url: Option<String>,

    /// Serve the output on this address while watching, as in 127.0.0.1:8080
    #[arg(long, global = true, value_name = "ADDR", help_heading = "Places")]
    pub listen: Option<String>,

    /// Format of the report
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Reports")]
    pub format: Format,

    /// Print only errors: no warnings, and no report of a pass
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Reports")]
    pub quiet: bool,

    /// Print more; twice: also why
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Reports")]
    pub verbose: u8,

    /// Colour in messages
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Reports")]
    pub color: Color,
}

/// The form of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: one JSON value, or one per line
    Json,
}

/// When messages are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Whether to colour what goes to a place that is a `terminal` or not.
    #[must_use]
    pub fn wanted(self, terminal: bool) -> bool {
        let refused = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self {
            Self::Auto => terminal && !refused() && !dumb(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Everything but a pass.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Check config, files and folders: what is wrong, where, and what would help
    Check {
        /// Folders to read when there is no config
        #[arg(value_name = "DIR")]
        dirs: Vec<PathBuf>,

        /// Reread every file that is still there: which items would be gained, lost or changed
        #[arg(long)]
        samples: bool,
    },

    /// Look at samples and write a minimal feedmill.toml for them
    #[command(
        after_help = "Exit codes: 0 written, 1 written but a sample gives no items or doubtful ones, or not written because there \
                            are too few items, 2 wrong usage"
    )]
    Init {
        /// Saved pages of one site
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },

    /// Show block by block how a file is read, or where a stored item comes from
    #[command(
        override_usage = "feedmill explain [OPTIONS] <FILE>\n       feedmill explain [OPTIONS] --item <ID>",
        after_help = "Exit codes: 0 explained, 1 the file gives no items or drifted, 2 wrong usage, 3 store can't be used"
    )]
    Explain {
        /// The file to explain; it need not belong to a source
        #[arg(required_unless_present = "item", conflicts_with = "item")]
        file: Option<PathBuf>,

        /// Explain a stored item instead, by its id
        #[arg(long, value_name = "ID", value_parser = key)]
        item: Option<Key>,
    },

    /// List the stored items, newest first
    Items,

    /// Show how each source and feed is doing, and what is wrong
    #[command(
        after_help = "Exit codes: 0 told, whatever is wrong (`feedmill check` exits with 1 then), 2 wrong usage, 3 store \
                            can't be used"
    )]
    Status,

    /// Compare store, files and output, and change nothing (exit 1 if they differ)
    Verify {
        /// Folders to read when there is no config
        #[arg(value_name = "DIR")]
        dirs: Vec<PathBuf>,
    },

    /// Take an item out of all feeds, for good: adds a line to decisions.jsonl
    Retract {
        /// The item's id, with or without urn:uuid:
        #[arg(value_name = "ID", value_parser = key)]
        id: Key,

        /// Let it return
        #[arg(long)]
        undo: bool,
    },

    /// Say that two items are one: adds a line to decisions.jsonl
    #[command(after_help = "The item keeps the older id. A circle of aliases is refused.")]
    Alias {
        /// The id that joins the other
        #[arg(value_name = "NEW", value_parser = key)]
        new: Key,

        /// The id that the item keeps
        #[arg(value_name = "OLD", value_parser = key)]
        old: Key,
    },

    /// Let a saved page give way to all others: adds a line to decisions.jsonl
    #[command(
        after_help = "For a page that was read wrongly, or whose name gives a wrong day: its titles, texts and dates give way to \
                            those of other pages. No item goes: of those that no other page lists everything stays, and \
                            `retract` takes them out. The same bytes saved elsewhere count no more, either."
    )]
    Disregard {
        /// The file, as `feedmill explain --item ID` names it; it may be gone
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// Whose it is, where several sources read a file of this name: `feedmill explain --item ID` tells that, too
        #[arg(long, value_name = "NAME")]
        source: Option<String>,

        /// Which of its contents, where it had several: the numbers that `feedmill explain --item ID` tells, as in 0,1
        #[arg(long = "content", value_name = "N", value_delimiter = ',')]
        contents: Vec<u32>,

        /// Let it count again
        #[arg(long)]
        undo: bool,
    },

    /// Tell the hubs of the config which feeds have changed, for use after an upload
    #[command(
        after_help = "Exit codes: 0 all hubs were told, 1 a hub could not be told, 2 wrong usage, 3 store can't be used"
    )]
    Ping,

    /// Write everything that was ever read to standard output, as sorted JSON Lines
    #[command(
        after_help = "With `import`, a job that keeps no state can commit its history: files come and go, items \
                            stay."
    )]
    Export,

    /// Load what `export` or `backup` wrote into an empty store
    #[command(
        after_help = "A backup includes the decisions. Nothing is loaded if the state folder has decisions already, or \
                            the store is not empty."
    )]
    Import {
        /// The export or backup to read; `-` or none for an export from standard input
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },

    /// Write store and decisions into one new file
    #[command(after_help = "The file must not exist yet. `feedmill import FILE` loads it.")]
    Backup {
        /// The file to make
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },

    /// Print a completion script for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },

    /// Print the manual page
    Man,
}

fn key(text: &str) -> Result<Key, String> {
    text.parse().map_err(|_| "an id is a UUID, as `feedmill items` shows it".to_owned())
}

impl Cli {
    /// Reads a command line, the program's own name first.
    ///
    /// # Errors
    ///
    /// What is wrong with it, or the help or version that it asks for.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(arguments).map_err(|mut error| {
            let tip = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::String(given)) => match given.as_str() {
                    // As other programs call it.
                    "--json" => "for programs it is '--format json'",
                    "--once" | "--dry-run" | "--prune" => "this belongs to a pass, not to a command: leave it out",
                    "--undo" => "to undo an alias, take its line out of decisions.jsonl",
                    _ => return error,
                },
                _ => return error,
            };
            // In the place of the tip to pass it as a folder.
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.to_owned().into()]));
            error
        })
    }

    /// What the command line says of what a config could say.
    #[must_use]
    pub fn given(&self) -> Given {
        let Global { config, output, state, base_url, listen, .. } = self.global.clone();
        let dirs = match &self.command {
            Some(Command::Check { dirs, .. } | Command::Verify { dirs }) => dirs.clone(),
            _ => self.dirs.clone(),
        };
        Given { config, dirs, state, output, base_url, listen }
    }

    /// Whether to go on until told to end.
    #[must_use]
    pub fn watches(&self) -> bool {
        self.command.is_none() && !self.once && !self.dry_run
    }

    /// Checks what can't be told from one option alone.
    ///
    /// # Errors
    ///
    /// A command takes none of the options of a pass, and only a single pass removes what left the config.
    pub fn agree(&self) -> Result<(), Trouble> {
        if self.command.is_some() && (self.once || self.dry_run || self.prune) {
            let what = "--once, --dry-run and --prune belong to a pass, not to a command";
            return Err(Trouble::usage(what).help("leave them out"));
        }
        // Left unsaid, whoever asked for it would think that it is done.
        if self.prune && self.watches() {
            return Err(Trouble::usage("--prune is for a single pass").help("feedmill --once --prune"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &str) -> Cli {
        Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn folders_and_commands_do_not_collide() {
        let cli = parse("feedmill --once ./check scrapes");
        assert!(cli.command.is_none());
        assert_eq!(cli.dirs, [PathBuf::from("./check"), PathBuf::from("scrapes")]);
        assert!(matches!(parse("feedmill check").command, Some(Command::Check { .. })));
        // Behind a folder there are only folders.
        assert_eq!(parse("feedmill --once scrapes check").dirs.len(), 2);
    }

    #[test]
    fn options_stand_before_or_after_a_command() {
        for line in ["feedmill -c x.toml --state s check", "feedmill check --config x.toml --state s"] {
            let given = parse(line).given();
            assert_eq!((given.config, given.state), (Some("x.toml".into()), Some("s".into())), "{line}");
        }
        let cli = parse("feedmill --once -o out --base-url https://x.org --format json -vv --color never scrapes");
        assert_eq!((cli.global.format, cli.global.verbose, cli.global.color), (Format::Json, 2, Color::Never));
        assert_eq!(cli.given().output, Some("out".into()));
        assert!(cli.agree().is_ok());
    }

    #[test]
    fn commands_take_what_the_contract_says() {
        let id = "f90fd1be-c98e-5829-9df9-e18945c3f525";
        for line in [
            "feedmill check --samples",
            "feedmill init a.txt b.txt",
            "feedmill explain page.txt",
            &format!("feedmill explain --item {id}"),
            &format!("feedmill retract urn:uuid:{id} --undo"),
            &format!("feedmill alias {id} {id}"),
            "feedmill disregard news/page.txt --content 2 --undo",
            "feedmill disregard news/page.txt --source news --content 1,2 --content 4",
            "feedmill items --format json",
            "feedmill status",
            "feedmill verify",
            "feedmill export",
            "feedmill import",
            "feedmill ping",
            "feedmill backup x.db",
            "feedmill import -",
            "feedmill completions bash",
            "feedmill man",
        ] {
            assert!(parse(line).agree().is_ok(), "{line}");
        }
        for line in [
            "feedmill init",
            "feedmill explain",
            &format!("feedmill explain page.txt --item {id}"),
            "feedmill retract not-an-id",
            "feedmill alias",
            "feedmill --once -q -v scrapes",
            "feedmill --color sometimes",
            "feedmill --nonsense",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn whoever_asks_for_json_by_another_name_is_told_the_right_one() {
        for line in ["feedmill --json --once x", "feedmill status --json", "feedmill items --json=true"] {
            let error = Cli::read(line.split(' ').map(Into::into)).expect_err(line);
            let told = error.to_string();
            assert!(told.contains("--format json") && !told.contains("as a value"), "{told}");
            assert_eq!(error.exit_code(), 2, "{line}");
        }
        let told = Cli::read("feedmill check --once".split(' ').map(Into::into)).expect_err("a pass").to_string();
        assert!(told.contains("belongs to a pass") && !told.contains("as a value"), "{told}");
    }

    #[test]
    fn watching_is_what_it_does_unless_told_otherwise() {
        assert!(parse("feedmill scrapes").watches());
        assert!(parse("feedmill").agree().is_ok());
        for line in ["feedmill --once scrapes", "feedmill --dry-run scrapes", "feedmill status"] {
            assert!(!parse(line).watches(), "{line}");
        }
        for line in ["feedmill --once check", "feedmill --prune check", "feedmill --prune scrapes"] {
            assert!(parse(line).agree().is_err(), "{line}");
        }
        for line in ["feedmill --once --prune scrapes", "feedmill --dry-run --prune scrapes"] {
            assert!(parse(line).agree().is_ok(), "{line}");
        }
    }

    #[test]
    fn help_tells_the_exit_codes() {
        let error = Cli::try_parse_from(["feedmill", "--help"]).expect_err("help");
        assert_eq!(error.kind(), ErrorKind::DisplayHelp);
        let help = error.to_string();
        for part in ["Exit codes:", "5  --dry-run", "explain", "--base-url", "./check"] {
            assert!(help.contains(part), "{part}");
        }
    }
}
