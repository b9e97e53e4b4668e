//! The ledger: what processes did, one line a step, in a file that one process or many append to.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use driven::Lines;

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// A push of this job begins; written by torments alone, as the next two are.
    Try,
    /// The push was answered: the job's key is taken, and nothing was added.
    Declined,
    /// This job, which had not started, made room for another that has its key.
    Replaced,
    /// A push of this job was acknowledged.
    Pushed,
    /// A try of this job began.
    Start,
    /// The job is performed.
    Done,
    /// The try failed, as it was told to.
    Failed,
    /// Its server cut the try short.
    Dropped,
    /// The store has the result; written by torments alone.
    Settled,
    /// The process has begun to do what it is there for; written by torments alone.
    Up,
    /// The store refused a result of this process, or the process gave the job up because others have it.
    ClaimLost,
    /// The process lost its lease, and goes on under another name.
    LeaseLost,
    /// The process took so many jobs over; `number` says how many.
    TookOver,
}

impl Verb {
    const ALL: [Verb; 13] = [
        Verb::Try,
        Verb::Declined,
        Verb::Replaced,
        Verb::Pushed,
        Verb::Start,
        Verb::Done,
        Verb::Failed,
        Verb::Dropped,
        Verb::Settled,
        Verb::Up,
        Verb::ClaimLost,
        Verb::LeaseLost,
        Verb::TookOver,
    ];

    fn word(self) -> &'static str {
        match self {
            Verb::Try => "try",
            Verb::Declined => "declined",
            Verb::Replaced => "replaced",
            Verb::Pushed => "pushed",
            Verb::Start => "start",
            Verb::Done => "done",
            Verb::Failed => "failed",
            Verb::Dropped => "dropped",
            Verb::Settled => "settled",
            Verb::Up => "up",
            Verb::ClaimLost => "claim-lost",
            Verb::LeaseLost => "lease-lost",
            Verb::TookOver => "took-over",
        }
    }
}

/// One line, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) verb: Verb,
    pub(crate) number: u64,
    /// The process that wrote it.
    pub(crate) process: String,
    /// Which try it was; zero where that makes no sense.
    pub(crate) attempt: u32,
    /// Microseconds since the epoch.
    pub(crate) at_us: u64,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { verb, number, process, attempt, at_us } = self;
        write!(f, "{} {number} {process} {attempt} {at_us}", verb.word())
    }
}

impl FromStr for Line {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let mut words = line.split(' ');
        let mut next = || words.next().with_context(|| format!("the ledger's line {line:?} is too short"));
        let (verb, number, process, attempt, at) = (next()?, next()?, next()?, next()?, next()?);
        let verb = Verb::ALL.into_iter().find(|known| known.word() == verb);
        Ok(Line {
            verb: verb.with_context(|| format!("the ledger's line {line:?} begins with no known word"))?,
            number: number.parse().with_context(|| format!("the ledger's line {line:?} has no number"))?,
            process: process.to_owned(),
            attempt: attempt.parse().with_context(|| format!("the ledger's line {line:?} has no attempt"))?,
            at_us: at.parse().with_context(|| format!("the ledger's line {line:?} has no time"))?,
        })
    }
}

/// One process's end of the ledger.
#[derive(Debug)]
pub(crate) struct Ledger {
    lines: Lines,
    process: String,
}

impl Ledger {
    /// Opens the ledger, and makes it if nobody has.
    pub(crate) fn open(file: &Path, process: &str) -> Result<Self> {
        Ok(Ledger { lines: Lines::open(file)?, process: process.to_owned() })
    }

    /// Appends a line, whole or not at all.
    pub(crate) fn write(&self, verb: Verb, number: u64, attempt: u32) -> io::Result<()> {
        self.write_all(verb, [number], attempt)
    }

    /// Appends a line for each number, all or none of them.
    pub(crate) fn write_all(&self, verb: Verb, numbers: impl IntoIterator<Item = u64>, attempt: u32) -> io::Result<()> {
        let at_us = now_us();
        let line = |number| format!("{}\n", Line { verb, number, process: self.process.clone(), attempt, at_us });
        self.lines.append(&numbers.into_iter().map(line).collect::<String>())
    }
}

/// Microseconds since the epoch: all processes of a run are on one machine.
pub(crate) fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        for verb in Verb::ALL {
            let line = Line { verb, number: 7, process: "server-1.2".to_owned(), attempt: 3, at_us: 99 };
            assert_eq!(line.to_string().parse::<Line>().expect("a line"), line);
        }
        assert!("begun 7 server 1 99".parse::<Line>().is_err());
    }
}
