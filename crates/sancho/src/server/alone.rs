//! Jobs that were orphaned twice: each runs with nothing else in the process, so that a poison pill takes no
//! innocent job with it.
//!
//! The capsules of a process share one gate. Each says before it claims that it is busy, and says when it is quiet
//! again; so a job that is to run alone waits for all of them, and none claims while it waits and runs.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sancho_core::{Claim, Envelope, Incarnation, Jid, Timestamp, limits};

/// The gate of a process.
#[derive(Debug)]
pub(crate) struct Alone(Mutex<Gate>);

#[derive(Debug)]
struct Gate {
    /// The jobs that wait to run alone, in the order in which they were claimed.
    waiting: VecDeque<Waiting>,
    /// Until which uptime the one that runs keeps others away.
    until: Option<Duration>,
    /// For each capsule, whether it may have jobs in its hands.
    busy: Vec<bool>,
}

#[derive(Debug)]
struct Waiting {
    claim: Claim,
    since: Duration,
    capsule: usize,
}

impl Gate {
    fn is_engaged(&self) -> bool {
        self.until.is_some() || !self.waiting.is_empty()
    }

    fn keeps_others_away(&self, uptime: Duration) -> bool {
        !self.waiting.is_empty() || self.until.is_some_and(|until| uptime < until)
    }

    fn others_are_quiet(&self, capsule: usize) -> bool {
        self.busy.iter().enumerate().all(|(index, busy)| index == capsule || !busy)
    }

    /// The next job to start, when nothing else runs, or when it has waited for that long enough.
    fn next(&mut self, capsule: usize, all_quiet: bool, uptime: Duration) -> Option<Claim> {
        if all_quiet {
            self.until = None;
        }
        let first = self.waiting.front()?;
        let patient = uptime.saturating_sub(first.since) < limits::ALONE_FOR;
        let held = (!all_quiet && patient) || self.until.is_some_and(|until| uptime < until);
        if held || first.capsule != capsule {
            return None;
        }
        self.until = Some(uptime + limits::ALONE_FOR);
        self.waiting.pop_front().map(|waiting| waiting.claim)
    }
}

/// What a capsule does next about jobs that are to run alone.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// It starts this one.
    pub(crate) start: Option<Claim>,
    /// The other capsules are to look again.
    pub(crate) tell_others: bool,
}

impl Alone {
    /// A gate for so many capsules.
    pub(crate) fn new(capsules: usize) -> Self {
        Alone(Mutex::new(Gate { waiting: VecDeque::new(), until: None, busy: vec![false; capsules] }))
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a job's next death would be the one that makes it poison.
    pub(crate) fn is_suspect(envelope: &Envelope<'_>, now: Timestamp) -> bool {
        let orphaned = envelope.orphaned_at();
        let recent = orphaned.iter().filter(|at| now.since(**at) < limits::ORPHAN_WINDOW).count();
        recent + 1 >= limits::ORPHANED_MAX
    }

    pub(crate) fn add(&self, capsule: usize, claim: Claim, uptime: Duration) {
        self.gate().waiting.push_back(Waiting { claim, since: uptime, capsule });
    }

    /// A capsule says whether it has nothing in its hands, and hears what is its to do.
    pub(crate) fn turn(&self, capsule: usize, quiet: bool, uptime: Duration) -> Turn {
        let mut gate = self.gate();
        let (was_busy, was_engaged) = (gate.busy[capsule], gate.is_engaged());
        let all_quiet = quiet && gate.others_are_quiet(capsule);
        let start = gate.next(capsule, all_quiet, uptime);
        gate.busy[capsule] = !quiet || start.is_some();
        let tell_others = was_engaged && (!gate.is_engaged() || was_busy && !gate.busy[capsule]);
        Turn { start, tell_others }
    }

    /// Whether a capsule may claim now; it is busy from then on.
    pub(crate) fn may_claim(&self, capsule: usize, uptime: Duration) -> bool {
        let mut gate = self.gate();
        let may = !gate.keeps_others_away(uptime);
        gate.busy[capsule] |= may;
        may
    }

    /// Whether jobs are not to be claimed now.
    pub(crate) fn keeps_others_away(&self, uptime: Duration) -> bool {
        self.gate().keeps_others_away(uptime)
    }

    /// Whether a capsule that has nothing in its hands is to take its turn at once.
    pub(crate) fn waits_for(&self, capsule: usize) -> bool {
        let gate = self.gate();
        let next = gate.waiting.front().is_none_or(|first| first.capsule == capsule);
        gate.is_engaged() && (gate.busy[capsule] || next && gate.others_are_quiet(capsule))
    }

    /// Drops all that wait in a capsule but those that this incarnation holds.
    pub(crate) fn drop_all_but(&self, capsule: usize, incarnation: Option<&Incarnation>) {
        self.gate()
            .waiting
            .retain(|waiting| waiting.capsule != capsule || Some(waiting.claim.receipt.incarnation()) == incarnation);
    }

    /// Lets go of the job with this id, if it waits in a capsule.
    pub(crate) fn take(&self, capsule: usize, jid: &Jid) -> Option<Claim> {
        let mut gate = self.gate();
        let is_it = |waiting: &Waiting| {
            let envelope = waiting.claim.payload.envelope().ok();
            waiting.capsule == capsule && envelope.and_then(|e| e.jid()).is_some_and(|its| its == jid.as_str())
        };
        let place = gate.waiting.iter().position(is_it)?;
        gate.waiting.remove(place).map(|waiting| waiting.claim)
    }

    /// Lets go of all that wait in a capsule.
    pub(crate) fn clear(&self, capsule: usize) -> Vec<Claim> {
        let mut gate = self.gate();
        gate.until = None;
        let (own, others) =
            std::mem::take(&mut gate.waiting).into_iter().partition(|waiting| waiting.capsule == capsule);
        gate.waiting = others;
        let own: VecDeque<Waiting> = own;
        own.into_iter().map(|waiting| waiting.claim).collect()
    }

    /// A capsule is over, whatever it leaves behind.
    pub(crate) fn leave(&self, capsule: usize) {
        self.gate().busy[capsule] = false;
    }

    /// Whether no job of a capsule waits to run alone.
    pub(crate) fn is_empty(&self, capsule: usize) -> bool {
        self.gate().waiting.iter().all(|waiting| waiting.capsule != capsule)
    }
}

#[cfg(test)]
mod tests {
    use sancho_core::{Payload, QueueName, Receipt};

    use super::*;

    fn claim(number: u64) -> Claim {
        let receipt = Receipt::mint(Incarnation::new("a:1:x"), number, 0);
        Claim::new(receipt, QueueName::default(), Payload::from_bytes(b"{}".to_vec()), None)
    }

    #[test]
    fn a_job_waits_for_all_capsules_and_keeps_all_from_claiming() {
        let (alone, at) = (Alone::new(2), Duration::from_secs);
        assert!(alone.may_claim(0, at(1)) && alone.may_claim(1, at(1)));
        alone.add(0, claim(1), at(1));
        assert!(alone.turn(0, true, at(1)).start.is_none(), "the other capsule has jobs");
        assert!(!alone.may_claim(1, at(2)) && !alone.may_claim(0, at(2)));
        let turn = alone.turn(1, true, at(3));
        assert!(turn.tell_others && turn.start.is_none(), "it is not its job");
        assert!(!alone.waits_for(1), "it has said so");
        assert!(alone.waits_for(0));
        assert!(alone.turn(0, true, at(3)).start.is_some());
        assert!(!alone.may_claim(1, at(4)), "it runs");
        assert!(!alone.turn(1, true, at(4)).tell_others && !alone.waits_for(1));
        let turn = alone.turn(0, true, at(5));
        assert!(turn.tell_others && alone.may_claim(1, at(5)), "it is over");
    }

    #[test]
    fn two_that_wait_in_two_capsules_run_one_after_the_other() {
        let (alone, at) = (Alone::new(2), Duration::from_secs);
        alone.add(0, claim(1), at(1));
        alone.add(1, claim(2), at(1));
        assert!(alone.turn(1, true, at(1)).start.is_none(), "the other is first");
        assert!(alone.turn(0, true, at(1)).start.is_some());
        assert!(alone.turn(1, true, at(2)).start.is_none(), "the first one runs");
        assert!(alone.turn(0, true, at(3)).tell_others);
        assert!(alone.turn(1, true, at(3)).start.is_some());
    }

    #[test]
    fn patience_has_an_end() {
        let (alone, at) = (Alone::new(2), Duration::from_secs);
        assert!(alone.may_claim(1, at(1)));
        alone.add(0, claim(1), at(1));
        assert!(alone.turn(0, true, at(60)).start.is_none());
        assert!(alone.turn(0, true, at(1) + limits::ALONE_FOR).start.is_some());
    }
}
