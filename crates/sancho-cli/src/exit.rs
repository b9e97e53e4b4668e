//! How the command ends: its exit code, and the one line that says why.

use std::error::Error as StdError;
use std::fmt::Display;
use std::process::ExitCode;

use clap::error::ErrorKind;
use sancho::ConnectError;
use sancho_core::StoreError;
use sancho_core::lifecycle::Refusal;

use crate::text;

/// The table of exit codes, for help texts and man pages. docs/guides/command.md has the same.
pub(crate) const CODES: &str = "Exit codes:
  0  done
  1  failed, or refused; what `doctor` found is a warning or a problem
  2  the command line or the configuration is wrong
  3  not confirmed: the answer was no, or there is no terminal to ask and no --yes
  4  the time was up before it was so, as with `stop`
  5  this store cannot do it";

/// Why the command ends before it is done.
#[derive(Debug)]
pub(crate) enum Exit {
    /// The command line asks for something that makes no sense: code 2.
    Usage(String),
    /// It failed, or was refused: code 1. Where there is a code to look up, the reason ends with it.
    Failed(String),
    /// Nobody said yes: code 3.
    NotConfirmed(String),
    /// The time was up: code 4.
    TimeUp(String),
    /// The store cannot do it: code 5.
    Unsupported(String),
    /// What is wrong has been told on standard output, as was asked: code 1.
    Told,
    /// The configuration is wrong, and all of it has been told: code 2.
    Misconfigured,
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

    /// It failed, for this reason, which `sancho explain` tells more about.
    pub(crate) fn coded(reason: impl Display, code: &str) -> Self {
        Exit::Failed(with_code(reason, code))
    }
}

impl From<StoreError> for Exit {
    fn from(error: StoreError) -> Self {
        let said = with_code(with_causes(&error), error.kind.code());
        if error.kind == sancho_core::ErrorKind::Unsupported { Exit::Unsupported(said) } else { Exit::Failed(said) }
    }
}

impl From<ConnectError> for Exit {
    fn from(error: ConnectError) -> Self {
        let code = if matches!(error, ConnectError::Address { .. }) { "address" } else { "open" };
        Exit::coded(with_causes(&error), code)
    }
}

/// The refusal of an action, with the code to look up.
pub(crate) fn refused(reason: impl Display, refusal: &Refusal) -> Exit {
    let code = match refusal {
        Refusal::Started => "started",
        Refusal::KeyTaken { .. } => "key-taken",
        _ => "senseless",
    };
    Exit::coded(reason, code)
}

/// A reason, and the code by which `sancho explain` knows it.
pub(crate) fn with_code(reason: impl Display, code: &str) -> String {
    format!("{reason} [{code}]")
}

/// Says why, on standard error, and answers the exit code.
pub(crate) fn code(result: Result<(), Exit>) -> ExitCode {
    let (code, reason) = match result {
        Ok(()) | Err(Exit::ReaderGone) => return ExitCode::SUCCESS,
        Err(Exit::Told) => return ExitCode::from(1),
        Err(Exit::Misconfigured) => return ExitCode::from(2),
        Err(Exit::Failed(reason)) => (1, reason),
        Err(Exit::Usage(reason)) => (2, reason),
        Err(Exit::NotConfirmed(reason)) => (3, reason),
        Err(Exit::TimeUp(reason)) => (4, reason),
        Err(Exit::Unsupported(reason)) => (5, reason),
    };
    note(&reason);
    ExitCode::from(code)
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
    let tips: Vec<&str> = rendered.lines().filter_map(|line| line.trim().strip_prefix("tip: ")).collect();
    // Who is told which one was meant needs no list of all.
    let complaint = complaint.split("[possible values").next().filter(|_| !tips.is_empty()).unwrap_or(complaint).trim();
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
