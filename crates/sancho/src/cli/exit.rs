//! How a program that performs jobs ends: its exit codes, in one table.

use std::process::ExitCode;

/// How the program ended. What each number means stands in [`CODES`], which `--help` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// It was asked to stop, and every running job finished or went back to its queue within the stop's timeout.
    Stopped,
    /// It could not start, or failed: the line above says why.
    Failed,
    /// The command line, a variable or the configuration is wrong.
    Usage,
    /// It was stopped by force, by a second INT: running jobs were cut short and went back to their queues.
    Forced,
}

/// The exit codes, for people.
pub const CODES: &str = "Exit codes:
  0  it stopped as it was asked to, or --burst found nothing more to do
  1  it could not start, or failed
  2  the command line, a variable or the configuration is wrong
  3  it was stopped by force (a second INT): jobs were cut short, and are back in their queues";

impl Exit {
    /// The number that the system gets.
    pub fn code(self) -> u8 {
        match self {
            Exit::Stopped => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Forced => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_code() {
        let exits = [Exit::Stopped, Exit::Failed, Exit::Usage, Exit::Forced];
        let lines: Vec<&str> = CODES.lines().skip(1).collect();
        assert_eq!(lines.len(), exits.len());
        for (exit, line) in exits.into_iter().zip(lines) {
            assert!(line.starts_with(&format!("  {}  ", exit.code())), "{exit:?}: {line}");
        }
    }
}
