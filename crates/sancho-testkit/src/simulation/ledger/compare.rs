//! Whether the store is as the ledger says.

use sancho_core::{Inspect, JobRow, State, Stats, Timestamp};

use super::{Holds, Ledger, Spot, broken};
use crate::simulation::ready::ready;

impl Ledger {
    /// Whether the store has every job that the last call touched where it must be, and counts as it must.
    pub(in crate::simulation) fn compare(&mut self, inspect: &dyn Inspect, now: Timestamp) -> Holds {
        for number in std::mem::take(&mut self.touched) {
            self.compare_job(inspect, number)?;
        }
        let stats = ready(inspect.stats(now)).expect("looking does not fail");
        let count = |state| self.counts.get(&state).copied().unwrap_or(0);
        let expected = Stats {
            processed: self.processed,
            failed: self.failed,
            busy: count(State::Busy),
            enqueued: count(State::Enqueued),
            scheduled: count(State::Scheduled),
            retries: count(State::Retries),
            dead: count(State::Dead),
            held: count(State::Held),
            processes: stats.processes,
        };
        if (stats.processed, stats.failed) != (expected.processed, expected.failed) {
            let detail = format!("the store has {stats:?}, and must have {expected:?}");
            return broken("counters add up to what was settled", detail);
        }
        if stats != expected {
            let detail = format!("the store has {stats:?}, and must have {expected:?}");
            return broken("each job is in exactly one place", detail);
        }
        Ok(())
    }

    /// Whether the store has every job where it must be, and every key points at its job.
    pub(in crate::simulation) fn compare_all(&mut self, inspect: &dyn Inspect, now: Timestamp) -> Holds {
        self.touched = (0..self.entries.len()).collect();
        for (key, number) in &self.keys {
            let row = ready(inspect.find_key(key)).expect("looking does not fail");
            let entry = &self.entries[*number];
            if row.as_ref().map(|row| &row.jid) != Some(&entry.jid) {
                let detail = format!("{key} is held by #{number}, and the store finds {:?}", row.map(|row| row.jid));
                return broken("a key points at its job", detail);
            }
        }
        self.compare(inspect, now)
    }

    fn compare_job(&self, inspect: &dyn Inspect, number: usize) -> Holds {
        let entry = &self.entries[number];
        if self.number(&entry.jid) != Some(number) {
            // Pushed again under its id after it had gone.
            return Ok(());
        }
        let row = ready(inspect.find(&entry.jid)).expect("looking does not fail");
        if row.as_ref().map(|row| row.state) != entry.spot.state() {
            let found = row.map(|row| row.state);
            let detail = format!("#{number} must be {:?}, and the store has it as {found:?}", entry.spot);
            return broken("each job is in exactly one place", detail);
        }
        let Some(row) = row else { return Ok(()) };
        if !is_there(&row, &entry.spot) {
            let detail = format!("#{number} must be {:?}, and the store has {row:?}", entry.spot);
            return broken("each job is in exactly one place", detail);
        }
        let key = entry.key.as_ref().filter(|_| entry.spot != Spot::Dead);
        if row.key.as_ref() != key {
            return broken("a key points at its job", format!("#{number} holds {key:?}, and {:?} is found", row.key));
        }
        Ok(())
    }
}

/// Whether a job's row is what its spot asks for.
fn is_there(row: &JobRow, spot: &Spot) -> bool {
    match spot {
        Spot::Queue(queue) => row.queue == *queue,
        Spot::Busy(claim, queue) => row.queue == *queue && row.incarnation.as_ref() == Some(&claim.0),
        Spot::Scheduled(at) | Spot::Retries(at) => row.at == Some(*at),
        Spot::Dead | Spot::Held | Spot::Gone => true,
    }
}
