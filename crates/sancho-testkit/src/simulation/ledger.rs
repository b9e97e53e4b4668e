//! What must be true of the store, kept beside it: where each job is, who holds it, and what was counted.
//!
//! The ledger hears of every call that reached the store and of its answer. It works out from the contract of
//! [`Store`](sancho_core::Store) what the answer and the store have to be now, and never asks the store for what it
//! is to compare it with.

mod acts;
mod claims;
mod compare;
mod processes;
mod pushes;
mod runs;

use std::collections::{BTreeMap, BTreeSet};

use sancho_core::{Incarnation, Jid, Key, Payload, Place, QueueName, Receipt, State, Tally, Timestamp};

use super::request::{Request, Response};
pub(super) use processes::Standing;
pub(super) use runs::Run;

/// Something that must be true and is not.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    /// The rule.
    pub(super) invariant: &'static str,
    /// What was found.
    pub(super) detail: String,
}

/// Whether a rule holds.
pub(super) type Holds<T = ()> = Result<T, Broken>;

/// The answer that a rule is broken.
pub(super) fn broken<T>(invariant: &'static str, detail: String) -> Holds<T> {
    Err(Broken { invariant, detail })
}

/// A call that reached the store.
pub(super) struct Call<'a> {
    /// The process that made it.
    pub(super) process: usize,
    pub(super) request: &'a Request,
    /// The time that it was made with.
    pub(super) now: Timestamp,
    /// The true time.
    pub(super) at_ms: u64,
}

/// A claim: who holds it, and its number.
pub(super) type ClaimId = (Incarnation, u64);

pub(super) fn claim_id(receipt: &Receipt) -> ClaimId {
    (receipt.incarnation().clone(), receipt.number())
}

/// Where a job must be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Spot {
    Queue(QueueName),
    Busy(ClaimId, QueueName),
    Scheduled(Timestamp),
    Retries(Timestamp),
    Dead,
    Held,
    Gone,
}

impl Spot {
    pub(super) fn state(&self) -> Option<State> {
        Some(match self {
            Spot::Queue(_) => State::Enqueued,
            Spot::Busy(..) => State::Busy,
            Spot::Scheduled(_) => State::Scheduled,
            Spot::Retries(_) => State::Retries,
            Spot::Dead => State::Dead,
            Spot::Held => State::Held,
            Spot::Gone => return None,
        })
    }
}

impl From<&Place> for Spot {
    fn from(place: &Place) -> Self {
        match place {
            Place::Gone => Spot::Gone,
            Place::Queue { queue, .. } => Spot::Queue(queue.clone()),
            Place::Scheduled { at } => Spot::Scheduled(*at),
            Place::Retries { at } => Spot::Retries(*at),
            Place::Dead => Spot::Dead,
            Place::Held { .. } => Spot::Held,
        }
    }
}

/// One job, from its push to for ever.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) jid: Jid,
    pub(super) spot: Spot,
    /// The true time at which it came there.
    pub(super) since_ms: u64,
    /// The queue that it is in, or was in last.
    queue: QueueName,
    /// The queue that its payload names.
    named_queue: Option<QueueName>,
    /// Its key, and none once it has passed on.
    key: Option<Key>,
    /// Whether a server of the simulation knows its class.
    pub(super) is_known: bool,
    /// Whether its payload can be read.
    is_readable: bool,
    /// How often it was settled as orphaned.
    orphaned: usize,
    /// Whether its present claim comes from a take-over.
    taken_over: bool,
    /// When its code ran.
    pub(super) runs: Vec<Run>,
}

/// The ledger.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) entries: Vec<Entry>,
    by_jid: BTreeMap<Jid, usize>,
    /// Jobs whose payload has no jid to be read.
    by_payload: BTreeMap<Vec<u8>, usize>,
    by_claim: BTreeMap<ClaimId, usize>,
    keys: BTreeMap<Key, usize>,
    /// Every jid that a push brought to the store, added or not, and by what time.
    pushed: BTreeMap<Jid, Timestamp>,
    /// The latest time by which the store forgot pushes.
    forgot_by: Timestamp,
    settled: BTreeSet<ClaimId>,
    processes: BTreeMap<Incarnation, processes::Known>,
    /// Frozen spans of each process: from, until.
    pub(super) frozen: Vec<Vec<(u64, u64)>>,
    paused: BTreeSet<QueueName>,
    pub(super) processed: u64,
    pub(super) failed: u64,
    /// How many jobs are in each state.
    counts: BTreeMap<State, u64>,
    /// Jobs that the last call touched.
    touched: Vec<usize>,
    pub(super) tally: Figures,
    /// What each process is doing.
    pub(super) standing: Vec<Standing>,
}

/// What a run was made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) runs: u64,
    pub(super) taken_over: u64,
    pub(super) lost: u64,
    pub(super) poisoned: u64,
}

impl Ledger {
    pub(super) fn new(processes: usize) -> Self {
        Ledger { frozen: vec![Vec::new(); processes], standing: vec![Standing::Rests; processes], ..Ledger::default() }
    }

    /// Takes in a call and its answer.
    pub(super) fn record(&mut self, call: &Call<'_>, response: &Response) -> Holds {
        self.touched.clear();
        match (call.request, response) {
            (Request::Push(jobs), Response::Pushed(answers)) => self.pushed(call, jobs, answers),
            (Request::Exchange(settlements, claim), Response::Exchanged(exchanged)) => {
                self.exchanged(call, settlements, claim.as_ref(), exchanged)
            }
            (Request::Promote(limit), Response::Promoted(promoted)) => self.promoted(call, *limit, *promoted),
            (Request::Beat(beat), Response::Beaten(answer)) => self.beaten(call, beat, answer),
            (Request::TakeOver { by, first_number, limit }, Response::TakenOver(taken)) => {
                self.taken_over(call, (by, *first_number, *limit), taken)
            }
            (Request::Retire(incarnation), _) => {
                self.retired(incarnation);
                Ok(())
            }
            (Request::Apply(action, selection, _), Response::Applied(applied)) => {
                self.applied(call, action, selection, applied)
            }
            (Request::Prune(..), _) => {
                self.forgot_by = self.forgot_by.max(call.now);
                Ok(())
            }
            (Request::Pause(what), _) => {
                self.pause(what);
                Ok(())
            }
            (Request::Resume(what), _) => {
                self.resume(what);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The number of the job with this id, as the story names it.
    pub(super) fn number(&self, jid: &Jid) -> Option<usize> {
        self.by_jid.get(jid).copied()
    }

    pub(super) fn by_claim(&self, claim: &ClaimId) -> Option<usize> {
        self.by_claim.get(claim).copied()
    }

    pub(super) fn by_payload(&self, payload: &Payload) -> Option<usize> {
        match payload.envelope().ok().and_then(|envelope| Jid::new(envelope.jid()?.as_ref()).ok()) {
            Some(jid) => self.number(&jid),
            None => self.by_payload.get(payload.as_bytes()).copied(),
        }
    }

    /// The job at a number.
    fn entry(&mut self, number: usize) -> &mut Entry {
        &mut self.entries[number]
    }

    /// Puts a job where it must be now, and keeps every index right.
    fn put(&mut self, number: usize, spot: Spot, at_ms: u64) {
        let entry = &mut self.entries[number];
        if let Spot::Busy(claim, _) = &entry.spot {
            self.by_claim.remove(claim);
        }
        if let Some(state) = entry.spot.state() {
            *self.counts.entry(state).or_default() -= 1;
        }
        if let Some(state) = spot.state() {
            *self.counts.entry(state).or_default() += 1;
        }
        if let Spot::Queue(queue) | Spot::Busy(_, queue) = &spot {
            entry.queue = queue.clone();
        }
        if let Spot::Busy(claim, _) = &spot {
            self.by_claim.insert(claim.clone(), number);
        }
        let holds = !matches!(spot, Spot::Dead | Spot::Gone);
        if let Some(key) = &entry.key {
            if holds {
                self.keys.insert(key.clone(), number);
            } else if self.keys.get(key) == Some(&number) {
                self.keys.remove(key);
            }
        }
        entry.taken_over = false;
        entry.spot = spot;
        entry.since_ms = at_ms;
        self.touched.push(number);
    }

    fn count(&mut self, tally: Tally) {
        self.processed += u64::from(tally.processed);
        self.failed += u64::from(tally.failed);
    }
}
