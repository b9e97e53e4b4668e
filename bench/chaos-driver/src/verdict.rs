//! What a run comes to.

use std::fmt;

use crate::record::Record;
use crate::stage::Left;

/// How many of the jobs that are lost are named.
const NAMED_MAX: usize = 20;

/// What is counted in every run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    /// Jobs whose push was acknowledged.
    pub(crate) pushed: u64,
    /// Different jobs that were performed.
    pub(crate) performed: u64,
    /// Jobs whose push was acknowledged and which nobody has performed.
    pub(crate) lost: u64,
    /// Jobs that were performed more than once.
    pub(crate) twice: u64,
    /// Jobs in the dead set.
    pub(crate) dead: u64,
}

/// The outcome of a run: its last line, and what is wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    line: String,
    complaints: Vec<String>,
}

impl Verdict {
    /// Counts what the ledger and the store say, which `line` puts into words.
    pub(crate) fn new(record: &Record, left: Left, line: impl FnOnce(Counts) -> String) -> Self {
        let lost = record.lost();
        let counts = Counts {
            pushed: record.pushed(),
            performed: record.performed(),
            lost: lost.len() as u64,
            twice: record.twice(),
            dead: left.dead,
        };
        let named = &lost[..lost.len().min(NAMED_MAX)];
        Verdict { line: line(counts), complaints: Vec::new() }
            .require(lost.is_empty(), || format!("lost, by number (the first {}): {named:?}", named.len()))
            .require(left.dead == 0, || format!("{} jobs are in the dead set", left.dead))
            .require(left.stranded == 0, || format!("the store still holds {} jobs", left.stranded))
    }

    /// A condition of a good run.
    pub(crate) fn require(mut self, holds: bool, complaint: impl FnOnce() -> String) -> Self {
        if !holds {
            self.complaints.push(complaint());
        }
        self
    }

    pub(crate) fn is_good(&self) -> bool {
        self.complaints.is_empty()
    }

    /// What is wrong, a line each.
    pub(crate) fn complaints(&self) -> &[String] {
        &self.complaints
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}
