//! The manual page: one for all commands, so that it refers to no page that does not exist.

use std::io;

use clap::{Arg, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::cli::Cli;

/// The page, as roff.
pub(super) fn page() -> io::Result<Vec<u8>> {
    let mut cli = Cli::command();
    let man = Man::new(cli.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    synopsis(&cli).to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    // What a command is called in its usage is only known then.
    cli.build();
    let mut rest = Roff::new();
    rest.control("SH", ["COMMANDS"]);
    for command in cli.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        add_command(&mut rest, command);
    }
    add_exit_status(&mut rest, &cli);
    rest.to_writer(&mut page)?;
    Ok(page)
}

/// How the program is called: each option with the name of its argument.
fn synopsis(cli: &Command) -> Roff {
    let mut parts = vec![bold("feedmill")];
    for argument in cli.get_opts() {
        let values = argument.get_value_names().filter(|_| argument.get_action().takes_values()).unwrap_or_default();
        let values: String = values.iter().map(|value| format!(" {value}")).collect();
        let long = argument.get_long().map(|long| format!("--{long}"));
        let short = argument.get_short().map(|short| format!("-{short}"));
        let names: Vec<String> = short.into_iter().chain(long).collect();
        parts.extend([roman(" ["), bold(names.join("|"))]);
        parts.extend((!values.is_empty()).then(|| italic(values)));
        parts.push(roman("]"));
    }
    for end in [" [DIR]...", " [COMMAND]"] {
        parts.push(italic(end));
    }
    let mut synopsis = Roff::new();
    synopsis.control("SH", ["SYNOPSIS"]);
    synopsis.text(parts);
    synopsis
}

/// How a command is used, what it does, and the arguments that it alone has.
fn add_command(page: &mut Roff, command: &mut Command) {
    page.control("SS", [command.get_name()]);
    let usage = command.render_usage().to_string();
    for line in usage.trim_start_matches("Usage:").lines() {
        page.text([bold(line.trim())]);
        page.control("br", []);
    }
    for text in command.get_about().into_iter().chain(command.get_after_help()) {
        page.control("PP", []);
        page.text([roman(text.to_string())]);
    }
    let is_own = |argument: &&Arg| !argument.is_global_set() && argument.get_id() != "help";
    for argument in command.get_arguments().filter(is_own) {
        page.control("TP", []);
        page.text([bold(argument.to_string())]);
        page.text([roman(argument.get_help().map(ToString::to_string).unwrap_or_default())]);
    }
}

/// The exit codes, and what else the help ends with.
fn add_exit_status(page: &mut Roff, cli: &Command) {
    let help = cli.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (codes, notes) = help.split_once("\n\n").unwrap_or((&help, ""));
    page.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in codes.lines().filter_map(|line| line.trim().split_once("  ")) {
        page.control("TP", []);
        page.text([bold(code)]);
        page.text([roman(meaning)]);
    }
    page.control("SH", ["NOTES"]);
    for note in notes.lines() {
        page.control("PP", []);
        page.text([roman(note)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_on_the_page_with_its_arguments() {
        let page = String::from_utf8(page().unwrap()).unwrap().replace('\\', "");
        for part in [
            "[fB-c|--configfRfI FILEfR]",
            "[fB--oncefR]",
            ".SS explain\nfBfeedmill explain [OPTIONS] <FILE>",
            "fBfeedmill explain [OPTIONS] --item <ID>",
            "fB--samples",
            ".SH \"EXIT STATUS\"\n.TP\nfB0",
            "fB5fR\n--dry-run, and something would change",
            "A folder that has the name of a command is given as ./check.",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(!page.contains("feedmill-check(1)"), "there is no such page");
        assert!(!page.contains(".TP\nfB--help"), "it is the same for all: {page}");
    }
}
