//! Processes, their leases, and how long each trusts its claims.

use sancho_core::{Beat, BeatAnswer, Greeting, Incarnation, Timestamp};

use super::{Call, Holds, Ledger, broken};

/// An incarnation that the store must know.
#[derive(Debug)]
pub(super) struct Known {
    /// The process whose it is.
    owner: usize,
    lease_until: Timestamp,
    /// Until which true time the process itself goes by its claims, as far as it has heard.
    trusts_until_ms: u64,
}

/// What a process is doing, as the ledger needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) enum Standing {
    /// Its code runs.
    Runs,
    /// It is frozen, dead or not started.
    Rests,
}

impl Ledger {
    pub(super) fn beaten(&mut self, call: &Call<'_>, beat: &Beat, answer: &BeatAnswer) -> Holds {
        let who = &beat.process.incarnation;
        let lease_until = call.now + beat.lease;
        let good = answer.standing == sancho_core::Standing::Good;
        let known = self.processes.get_mut(who);
        if good != (known.is_some() || beat.greeting == Greeting::Hello) {
            return broken("a store knows who has a lease", format!("{who} is answered as {:?}", answer.standing));
        }
        match known {
            Some(known) => known.lease_until = lease_until,
            None if good => {
                let known = Known { owner: call.process, lease_until, trusts_until_ms: 0 };
                self.processes.insert(who.clone(), known);
            }
            None => return Ok(()),
        }
        for running in &beat.running {
            let held = self.by_claim(&super::claim_id(&running.receipt)).is_some();
            if held == answer.lost.contains(&running.receipt) {
                let detail = format!("{:?} is held: {held}; lost: {:?}", running.receipt, answer.lost);
                return broken("a beat is told which claims are lost", detail);
            }
        }
        Ok(())
    }

    /// A process has heard that its beat was good: it goes by its claims until this true time.
    pub(in crate::simulation) fn trusts(&mut self, who: &Incarnation, until_ms: u64) {
        if let Some(known) = self.processes.get_mut(who) {
            known.trusts_until_ms = known.trusts_until_ms.max(until_ms);
        }
    }

    /// A process has said that it goes by the claims of this incarnation no longer.
    pub(in crate::simulation) fn distrusts(&mut self, who: &Incarnation) {
        if let Some(known) = self.processes.get_mut(who) {
            known.trusts_until_ms = 0;
        }
    }

    /// A life of a process is over: nobody goes by its claims.
    pub(in crate::simulation) fn life_is_over(&mut self, process: usize) {
        self.standing[process] = Standing::Rests;
        for known in self.processes.values_mut().filter(|known| known.owner == process) {
            known.trusts_until_ms = 0;
        }
    }

    pub(super) fn retired(&mut self, who: &Incarnation) {
        self.processes.remove(who);
    }

    /// An incarnation was taken over from.
    pub(super) fn ended(&mut self, call: &Call<'_>, who: &Incarnation) -> Holds {
        let Some(known) = self.processes.remove(who) else {
            return broken("only known processes end", format!("{who} was not known, and ended"));
        };
        if known.lease_until >= call.now {
            let detail = format!("the lease of {who} ends at {:?}, and it is {:?}", known.lease_until, call.now);
            return broken("a lease lasts until its end", detail);
        }
        let runs = self.standing.get(known.owner) == Some(&Standing::Runs);
        if runs && known.trusts_until_ms > call.at_ms {
            return broken(
                "a process stops trusting its claims before others may take them over",
                format!(
                    "{who} goes by its claims for {} ms more, and its lease is over",
                    known.trusts_until_ms - call.at_ms
                ),
            );
        }
        Ok(())
    }

    /// The process whose incarnation it is, while the store must know it.
    pub(super) fn owner(&self, who: &Incarnation) -> Option<usize> {
        self.processes.get(who).map(|known| known.owner)
    }
}
