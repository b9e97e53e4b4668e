//! Which process made which job: a number that says both, and is the end of the job's id.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, ensure};
use sancho::Jid;

/// Bits of a number that count the jobs of one process; those above them are the process's own number.
const COUNT_BITS: u32 = 20;

/// Processes of one run, those included that replace others.
pub(super) const ACTORS_MAX: usize = 1 << (u32::BITS - COUNT_BITS);

/// The number of a job: unique in the run, without a word between the processes that make jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Number(u32);

impl Number {
    /// The number in a line of a ledger or in a job's arguments; `None` when it is none.
    pub(super) fn read(number: u64) -> Option<Self> {
        u32::try_from(number).ok().map(Number)
    }

    /// The number at the end of a job's id; `None` when the id is not of a torment.
    pub(super) fn of(jid: &Jid) -> Option<Self> {
        u32::from_str_radix(jid.as_str().get(16..)?, 16).ok().map(Number)
    }

    /// The same job's id, with the time and the sequence of one that a client has just made.
    pub(super) fn into_jid(self, fresh: &Jid) -> Result<Jid> {
        let text = fresh.as_str();
        ensure!(text.len() == 24 && text.is_ascii(), "the id {text} has not the shape of Sancho's own");
        Ok(Jid::new(format!("{}{:08x}", &text[..16], self.0))?)
    }

    /// The number of the job that this process made after so many others.
    pub(super) fn from_parts(actor: usize, count: usize) -> Self {
        Number((actor as u32) << COUNT_BITS | count as u32)
    }

    /// The process that made the job.
    pub(super) fn actor(self) -> usize {
        (self.0 >> COUNT_BITS) as usize
    }

    /// How many jobs that process made before.
    pub(super) fn count(self) -> usize {
        (self.0 & ((1 << COUNT_BITS) - 1)) as usize
    }

    pub(super) fn get(self) -> u64 {
        self.0.into()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Gives out the numbers of one process.
#[derive(Debug)]
pub(super) struct Numbers {
    actor: u32,
    next: AtomicU32,
}

impl Numbers {
    pub(super) fn new(actor: u32) -> Self {
        Numbers { actor, next: AtomicU32::new(0) }
    }

    /// A number that was never given.
    ///
    /// # Errors
    /// When the process has made as many jobs as a number can count.
    pub(super) fn next(&self) -> Result<Number> {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        ensure!(count < 1 << COUNT_BITS, "one process made a million jobs: give the run fewer minutes or a lower rate");
        Ok(Number(self.actor << COUNT_BITS | count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_survives_its_jid() {
        let numbers = Numbers::new(4_095);
        let (first, second) = (numbers.next().expect("a number"), numbers.next().expect("a number"));
        assert_eq!((first.actor(), first.count(), second.count()), (4_095, 0, 1));
        let fresh = Jid::new("01a1fca0d2a2000500c0ffee").expect("a jid");
        let jid = second.into_jid(&fresh).expect("a jid");
        assert_eq!(jid.as_str(), "01a1fca0d2a20005fff00001");
        assert_eq!((Number::of(&jid), Number::read(second.get())), (Some(second), Some(second)));
    }
}
