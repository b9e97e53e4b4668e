//! When each job's code ran, and where.

use super::{Holds, Ledger, Spot, broken};

/// One run of a job's code; times are true.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Run {
    process: usize,
    began_ms: u64,
    ended_ms: Option<u64>,
}

impl Ledger {
    /// A job's code begins in a process; answers which run of the job it is, counted from nought.
    pub(in crate::simulation) fn begin_run(&mut self, number: usize, process: usize, at_ms: u64) -> Holds<usize> {
        self.tally.runs += 1;
        let entry = &self.entries[number];
        let owner = match &entry.spot {
            Spot::Busy(claim, _) if !entry.taken_over => self.owner(&claim.0),
            _ => None,
        };
        if owner != Some(process) {
            let detail = format!("#{number} is {:?}, which is not held by the process that begins it", entry.spot);
            return broken("a job is begun by the process that holds it", detail);
        }
        let entry = &mut self.entries[number];
        entry.runs.push(Run { process, began_ms: at_ms, ended_ms: None });
        Ok(entry.runs.len() - 1)
    }

    /// A job's code is over: it returned, or was dropped.
    pub(in crate::simulation) fn end_run(&mut self, number: usize, index: usize, at_ms: u64) -> Holds {
        self.entries[number].runs[index].ended_ms = Some(at_ms);
        let run = self.entries[number].runs[index];
        for (other_index, other) in self.entries[number].runs.iter().enumerate() {
            // One that is not over is looked at when it is: its process may be behind.
            let Some(other_ended) = other.ended_ms.filter(|_| other_index != index) else { continue };
            let (from, until) = (run.began_ms.max(other.began_ms), at_ms.min(other_ended));
            if from < until && self.both_awake(run.process, other.process, from, until) {
                let detail =
                    format!("#{number} ran twice at once, from {from} ms to {until} ms: {run:?} and {other:?}");
                return broken("two that trust their claims never run one job at a time", detail);
            }
        }
        Ok(())
    }

    /// Whether there was a time in a span when neither process was frozen.
    fn both_awake(&self, one: usize, other: usize, from: u64, until: u64) -> bool {
        let mut spans: Vec<_> = [one, other].iter().flat_map(|process| &self.frozen[*process]).copied().collect();
        spans.sort_unstable();
        let mut reached = from;
        for (frozen_from, frozen_until) in spans {
            if frozen_from > reached {
                break;
            }
            reached = reached.max(frozen_until);
        }
        reached < until
    }
}
