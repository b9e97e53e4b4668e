//! What is found when a store is asked whether it is well.

use std::fmt;

/// How much a finding matters; later ones matter more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It is as it should be.
    Good,
    /// It is worth knowing, and nothing has to be done.
    Notice,
    /// Something should be done before it becomes a problem.
    Warning,
    /// Jobs are at risk, or are not performed.
    Problem,
}

impl Level {
    /// Its word, as people and scripts read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Good => "good",
            Level::Notice => "notice",
            Level::Warning => "warning",
            Level::Problem => "problem",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// What was found, as one sentence without a stop. It may hold text that a stranger wrote.
    pub what: String,
    /// What to do about it; `None` when nothing has to be done.
    pub fix: Option<String>,
}

impl Finding {
    /// It is as it should be.
    pub fn good(what: impl Into<String>) -> Self {
        Finding { level: Level::Good, what: what.into(), fix: None }
    }

    /// It is worth knowing.
    pub fn notice(what: impl Into<String>) -> Self {
        Finding { level: Level::Notice, what: what.into(), fix: None }
    }

    /// Something should be done: this.
    pub fn warning(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { level: Level::Warning, what: what.into(), fix: Some(fix.into()) }
    }

    /// Jobs are at risk, or are not performed, until this is done.
    pub fn problem(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { level: Level::Problem, what: what.into(), fix: Some(fix.into()) }
    }
}
