//! Where a setting came from.

use std::fmt;
use std::path::PathBuf;

/// Where a setting came from; a later kind overrides an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nobody said anything: the program's own value, or Sancho's.
    Default,
    /// A variable that stands in where nothing else says a word.
    StandIn(&'static str),
    File {
        path: PathBuf,
        /// Zero for the whole file.
        line: usize,
    },
    Variable(String),
    /// As the help names it.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, line: 0 } => write!(f, "{}", path.display()),
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::StandIn(name) => write!(f, "${name}"),
            Origin::Variable(name) => write!(f, "${name}"),
            Origin::Flag(flag) => f.write_str(flag),
        }
    }
}
