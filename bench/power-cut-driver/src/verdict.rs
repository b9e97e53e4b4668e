//! What a run comes to.

use std::fmt;

use crate::options::{Durability, Kind, Options};

/// How many of the jobs that are lost are named.
const NAMED_MAX: usize = 10;

/// What the ledger and the store say at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) pushed: usize,
    pub(crate) performed: usize,
    /// Jobs whose push was acknowledged, and which are neither performed nor in the store.
    pub(crate) lost: Vec<String>,
    pub(crate) twice: usize,
    pub(crate) again: usize,
    /// Jobs that the store holds and nobody performs.
    pub(crate) waiting: u64,
}

/// The outcome of a run: its last line, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Verdict {
    kind: Kind,
    durability: Durability,
    seed: u64,
    cuts: u64,
    changes: u64,
    file_is_whole: bool,
    counts: Counts,
    complaints: Vec<String>,
}

impl Verdict {
    pub(crate) fn new(options: &Options) -> Self {
        let Options { store, durability, seed, .. } = *options;
        Verdict {
            kind: store,
            durability,
            seed,
            cuts: 0,
            changes: 0,
            file_is_whole: true,
            counts: Counts::default(),
            complaints: Vec::new(),
        }
    }

    /// One cut more, after so many changes.
    pub(crate) fn cut(&mut self, changes: u64) {
        self.cuts += 1;
        self.changes += changes;
    }

    pub(crate) fn complain(&mut self, complaint: String) {
        self.complaints.push(complaint);
    }

    pub(crate) fn file_is_broken(&mut self, complaint: String) {
        self.file_is_whole = false;
        self.complain(complaint);
    }

    /// Takes what was counted at the end, and complains of what is not declared.
    pub(crate) fn count(&mut self, counts: Counts) {
        let Counts { lost, again, waiting, .. } = &counts;
        let mut complaints = Vec::new();
        if self.durability == Durability::Full {
            if !lost.is_empty() {
                complaints.push(format!("lost, the first {NAMED_MAX}: {:?}", &lost[..lost.len().min(NAMED_MAX)]));
            }
            if *again > 0 {
                complaints.push(format!("{again} jobs were performed again after they had been settled"));
            }
        }
        if *waiting > 0 {
            complaints.push(format!("the store still holds {waiting} jobs"));
        }
        self.complaints.extend(complaints);
        self.counts = counts;
    }

    pub(crate) fn is_good(&self) -> bool {
        self.complaints.is_empty()
    }

    pub(crate) fn complaints(&self) -> &[String] {
        &self.complaints
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { kind, durability, seed, cuts, changes, counts, .. } = self;
        let Counts { pushed, performed, lost, twice, again, .. } = counts;
        let declared = match durability {
            Durability::Full => "",
            Durability::Normal => " (declared)",
        };
        let file = if self.file_is_whole { "whole" } else { "broken" };
        write!(
            f,
            "power-cut: store {kind} durability {durability} seed {seed} cuts {cuts} changes {changes} pushed {pushed} \
             performed {performed} lost {}{declared} twice {twice} again {again}{declared} file {file}",
            lost.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn verdict(durability: &str, counts: Counts) -> Verdict {
        let options = Options::try_parse_from(["power-cut", "--durability", durability]).expect("arguments");
        let mut verdict = Verdict::new(&options);
        verdict.count(counts);
        verdict
    }

    #[test]
    fn a_loss_is_declared_by_the_weaker_durability_alone() {
        let counts = || Counts { lost: vec!["a".to_owned()], again: 1, ..Counts::default() };
        assert!(!verdict("full", counts()).is_good());
        assert!(verdict("normal", counts()).is_good());
        assert!(verdict("full", Counts::default()).is_good());
    }

    #[test]
    fn a_broken_file_and_a_job_that_stays_are_declared_by_none() {
        let mut broken = verdict("normal", Counts::default());
        broken.file_is_broken("page 1".to_owned());
        assert!(!broken.is_good());
        assert!(!verdict("normal", Counts { waiting: 1, ..Counts::default() }).is_good());
    }
}
