//! The ledger: what processes did, a line each, in one file outside the watched directory that all append to.
//!
//! The order of lines is the order in which things were known to be done.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use driven::Lines;

/// What a line says of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Its push was acknowledged.
    Pushed,
    /// A performance of it began.
    Begun,
    /// It was performed.
    Done,
    /// The store has acknowledged that it was performed.
    Settled,
}

impl Verb {
    const ALL: [Verb; 4] = [Verb::Pushed, Verb::Begun, Verb::Done, Verb::Settled];

    fn word(self) -> &'static str {
        match self {
            Verb::Pushed => "pushed",
            Verb::Begun => "begun",
            Verb::Done => "done",
            Verb::Settled => "settled",
        }
    }
}

/// One process's end of the ledger.
#[derive(Debug)]
pub(crate) struct Ledger(Lines);

impl Ledger {
    /// Opens the ledger, and makes it if nobody has.
    pub(crate) fn open(file: &Path) -> Result<Self> {
        Ok(Ledger(Lines::open(file)?))
    }

    /// Appends a line, whole or not at all.
    pub(crate) fn write(&self, verb: Verb, jid: &str) -> io::Result<()> {
        self.0.append(&format!("{} {jid}\n", verb.word()))
    }
}

/// What the whole ledger comes to.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pushed: HashSet<String>,
    done: HashMap<String, u64>,
    settled: HashSet<String>,
    again: HashSet<String>,
}

impl Account {
    /// Reads a ledger that nobody writes any more, or one that is still written, up to its last whole line.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut account = Account::default();
        for line in whole.lines() {
            let read = line.split_once(' ').and_then(|(verb, jid)| {
                Some((Verb::ALL.into_iter().find(|known| known.word() == verb)?, jid.to_owned()))
            });
            let Some((verb, jid)) = read else { bail!("the ledger has the line {line:?}") };
            account.take(verb, jid);
        }
        Ok(account)
    }

    fn take(&mut self, verb: Verb, jid: String) {
        match verb {
            Verb::Pushed => _ = self.pushed.insert(jid),
            Verb::Begun if self.settled.contains(&jid) => _ = self.again.insert(jid),
            Verb::Begun => {}
            Verb::Done => *self.done.entry(jid).or_default() += 1,
            Verb::Settled => _ = self.settled.insert(jid),
        }
    }

    /// Jobs whose push was acknowledged.
    pub(crate) fn pushed(&self) -> usize {
        self.pushed.len()
    }

    /// Different jobs that were performed.
    pub(crate) fn performed(&self) -> usize {
        self.done.len()
    }

    /// Jobs that were performed more than once: a cut between the work and its settlement is allowed to do that.
    pub(crate) fn twice(&self) -> usize {
        self.done.values().filter(|&&times| times > 1).count()
    }

    /// Jobs that were begun again after the store had acknowledged their settlement.
    pub(crate) fn again(&self) -> usize {
        self.again.len()
    }

    /// Jobs whose push was acknowledged and which nobody has performed.
    pub(crate) fn not_performed(&self) -> Vec<&str> {
        let mut jids: Vec<&str> =
            self.pushed.iter().map(String::as_str).filter(|jid| !self.done.contains_key(*jid)).collect();
        jids.sort_unstable();
        jids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(lines: &str) -> Account {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("ledger");
        std::fs::write(&file, lines).expect("a ledger");
        Account::read(&file).expect("whole lines")
    }

    #[test]
    fn a_job_that_was_pushed_and_not_performed_is_named() {
        let account = account("pushed a\npushed b\nbegun a\ndone a\n");
        assert_eq!((account.pushed(), account.performed(), account.not_performed()), (2, 1, vec!["b"]));
    }

    #[test]
    fn a_job_that_is_performed_again_before_it_was_settled_is_twice_and_not_again() {
        let account = account("begun a\ndone a\nbegun a\ndone a\nsettled a\n");
        assert_eq!((account.twice(), account.again()), (1, 0));
    }

    #[test]
    fn a_job_that_is_begun_after_it_was_settled_is_counted() {
        assert_eq!(account("begun a\ndone a\nsettled a\nbegun a\n").again(), 1);
    }
}
