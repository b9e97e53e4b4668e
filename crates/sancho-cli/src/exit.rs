//! How the command ends: its exit code, and the one line that says why.

use std::error::Error as StdError;
use std::fmt::Display;
use std::process::ExitCode;

use clap::error::ErrorKind;
use sancho_core::StoreError;

use crate::text;

/// Why the command ends before it is done.
#[derive(Debug)]
pub(crate) enum Exit {
    /// The command line asks for something that makes no sense: code 2.
    Usage(String),
    /// It failed, or was refused: code 1.
    Failed(String),
    /// What is wrong has been told on standard output, as was asked: code 1.
    Told,
    /// Nobody reads the output any more: nothing is wrong, and nothing is said.
    ReaderGone,
}

impl Exit {
    /// The command line is wrong, for this reason.
    pub(crate) fn usage(reason: impl Display) -> Self {
        Exit::Usage(reason.to_string())
    }

    /// It failed, for this reason.
    pub(crate) fn failed(reason: impl Display) -> Self {
        Exit::Failed(reason.to_string())
    }
}

impl From<StoreError> for Exit {
    fn from(error: StoreError) -> Self {
        Exit::Failed(with_causes(&error))
    }
}

/// Says why, on standard error, and answers the exit code.
pub(crate) fn code(result: Result<(), Exit>) -> ExitCode {
    match result {
        Ok(()) | Err(Exit::ReaderGone) => ExitCode::SUCCESS,
        Err(Exit::Told) => ExitCode::from(1),
        Err(Exit::Failed(reason)) => {
            note(&reason);
            ExitCode::from(1)
        }
        Err(Exit::Usage(reason)) => {
            note(&reason);
            ExitCode::from(2)
        }
    }
}

/// Says one line on standard error. Whether anybody hears it is not our business.
pub(crate) fn note(line: &str) {
    use std::io::Write;
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = writeln!(std::io::stderr(), "sancho: {}", text::visible(&line));
}

/// An error and what stands behind it, as one sentence.
pub(crate) fn with_causes(error: &dyn StdError) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !sentence.contains(&part) {
            sentence.push_str(": ");
            sentence.push_str(&part);
        }
        cause = error.source();
    }
    sentence
}

/// Prints help where it was asked for; else says in one line what is wrong with the command line.
pub(crate) fn from_clap(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that is gone needs no help.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            code(Err(Exit::usage("name a command, such as push, stats or ls: see sancho --help")))
        }
        _ => code(Err(Exit::usage(one_line(&error.to_string())))),
    }
}

/// The parser's own message spreads over paragraphs: the complaint, tips, the usage.
fn one_line(rendered: &str) -> String {
    let complaint = rendered.split("\n\n").next().unwrap_or(rendered);
    let complaint = complaint.strip_prefix("error: ").unwrap_or(complaint).trim();
    let tips = rendered.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    let mut line = complaint.to_owned();
    for tip in tips {
        line.push_str("; ");
        line.push_str(tip);
    }
    line.push_str("; see sancho --help");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_the_parser_becomes_one_line_with_its_tip() {
        let rendered = "error: unrecognized subcommand 'stat'\n\n  tip: a similar subcommand exists: 'stats'\n\nUsage: sancho [OPTIONS] <COMMAND>\n";
        assert_eq!(
            one_line(rendered),
            "unrecognized subcommand 'stat'; a similar subcommand exists: 'stats'; see sancho --help"
        );
    }
}
