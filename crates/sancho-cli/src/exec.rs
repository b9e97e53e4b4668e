//! Jobs performed by programs: each job starts one, and none outlives the server that started it.
//!
//! A server cannot take its children along when it is killed. So each program is kept by a shim: this command itself,
//! started anew under a hidden name. `job` is the server's side and decides what came of a job, `run` is one program
//! under way, `shim` is the other process, `report` is what the two tell each other, `sweep` ends what a program left
//! behind, `output` reads what it printed, and `line` is what it is given to read.
//!
//! The two hold the ends of one socket, which is the shim's standard input and reaches nobody else. The server's end
//! closes when the server ends, in whatever way: that is what the shim waits for.

mod job;
mod line;
mod output;
mod report;
mod run;
mod shim;
mod sweep;

use std::ffi::OsString;
use std::time::Duration;

use crate::when;

pub(crate) use job::Exec;
pub(crate) use run::Runs;
pub(crate) use shim::{is_shim, main as shim_main};

/// What is started for each job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// Its name, as the shell would look it up, and its arguments.
    words: Vec<OsString>,
}

impl Program {
    /// A line for `sh`.
    pub(crate) fn shell(line: &str) -> Self {
        Program { words: vec!["sh".into(), "-c".into(), line.into()] }
    }

    /// A program and its arguments, which no shell reads.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn words(words: Vec<OsString>) -> Result<Self, &'static str> {
        if words.first().is_none_or(|name| name.is_empty()) {
            return Err("name the program to start");
        }
        Ok(Program { words })
    }

    pub(crate) fn as_words(&self) -> &[OsString] {
        &self.words
    }
}

/// The longest span that a program may put its job off for: more is a slip.
const SPAN_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Reads a span: `90` and `90s` are seconds, `10m`, `2h` and `3d` are what they say.
pub(crate) fn span(text: &str) -> Option<Duration> {
    let is_number =
        text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let seconds = |text: &str| Duration::try_from_secs_f64(text.parse().ok()?).ok();
    let span = if is_number { seconds(text) } else { when::span(text).ok() };
    span.filter(|span| *span <= SPAN_MAX)
}
