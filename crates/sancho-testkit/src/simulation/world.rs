//! What all processes of a run share: the store, the ledger beside it, and the story.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sancho_core::{Inspect, Jid, Store, StoreResult, Timestamp};

use super::clock::true_time;
use super::ledger::{Broken, Call, Ledger};
use super::plan::{Plan, StoreClock};
use super::ready::ready;
use super::request::{Request, Response};
use super::story::{Story, Telling};
use super::tale::Tale;
use crate::chance::Seeded;

/// How many calls are made between two looks at the whole store.
const CALLS_PER_LOOK: u64 = 100;

/// What all processes of a run share.
#[derive(Debug)]
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) store: Arc<dyn Store>,
    pub(super) inspect: Arc<dyn Inspect>,
    state: Mutex<State>,
}

/// What changes as a run goes on.
#[derive(Debug)]
pub(super) struct State {
    pub(super) ledger: Ledger,
    pub(super) story: Story,
    /// What the interleaving is drawn from.
    pub(super) chance: Seeded,
    /// The first rule that was found broken.
    pub(super) broken: Option<Broken>,
    /// Calls that were given up by their callers while they were on their way.
    pub(super) ghosts: Vec<Ghost>,
    pub(super) calls: u64,
    pub(super) faults: u64,
}

/// A call whose caller is gone, and that comes to the store all the same.
#[derive(Debug)]
pub(super) struct Ghost {
    pub(super) process: usize,
    pub(super) number: u64,
    pub(super) at_ms: u64,
    pub(super) request: Request,
    pub(super) now: Timestamp,
}

impl World {
    pub(super) fn new(plan: Plan, store: Arc<dyn Store>, inspect: Arc<dyn Inspect>, telling: Telling) -> Self {
        let state = State {
            ledger: Ledger::new(plan.processes() + 1),
            story: Story::new(telling),
            chance: Seeded::new(plan.seed ^ 0x5eed),
            broken: None,
            ghosts: Vec::new(),
            calls: 0,
            faults: 0,
        };
        World { plan, store, inspect, state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_state(self) -> State {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened in a process.
    pub(super) fn tell(&self, at_ms: u64, process: usize, what: fmt::Arguments<'_>) {
        self.state().story.tell(at_ms, self.plan.name(process), what);
    }

    /// Something happened to a process that is a fault.
    pub(super) fn tell_fault(&self, at_ms: u64, process: usize, what: fmt::Arguments<'_>) {
        let mut state = self.state();
        state.faults += 1;
        state.story.tell(at_ms, self.plan.name(process), what);
    }

    /// Makes a call: the store does it, the ledger checks it, the story has it.
    pub(super) fn make(&self, process: usize, at_ms: u64, request: &Request, now: Timestamp) -> StoreResult<Response> {
        let now = match request {
            // A store with a clock remembers pushes by that: clients do not know its time.
            Request::Push(_) if self.plan.store_clock == StoreClock::Own => true_time(at_ms),
            _ => now,
        };
        let mut answer = ready(Box::pin(request.make(&*self.store, &*self.inspect, now)));
        if let Ok(Response::Beaten(beaten)) = &mut answer
            && self.plan.store_clock == StoreClock::Own
        {
            // To the microsecond, as clocks are read: it is never quite what somebody else's clock said.
            beaten.store_now = true_time(at_ms) + Duration::from_micros(1 + at_ms % 7);
        }
        let mut state = self.state();
        let State { ledger, story, broken, calls, .. } = &mut *state;
        *calls += 1;
        let tale = Tale { request, answer: &answer, ledger };
        story.tell(at_ms, self.plan.name(process), format_args!("{tale}"));
        if let Ok(response) = &answer {
            let call = Call { process, request, now, at_ms };
            let held = ledger.record(&call, response).and_then(|()| {
                self.note_pruned(ledger, response, at_ms);
                if (*calls).is_multiple_of(CALLS_PER_LOOK) {
                    ledger.compare_all(&*self.inspect, now)
                } else {
                    ledger.compare(&*self.inspect, now)
                }
            });
            if let Err(found) = held {
                broken.get_or_insert(found);
            }
        }
        answer
    }

    /// Which of the dead a pruning took is not told: those that are gone, if there are as many as it says.
    fn note_pruned(&self, ledger: &mut Ledger, response: &Response, at_ms: u64) {
        let Response::Pruned(pruned) = response else { return };
        if pruned.dead == 0 {
            return;
        }
        let is_gone = |jid: &Jid| ready(self.inspect.find(jid)).is_ok_and(|row| row.is_none());
        let gone: Vec<usize> =
            ledger.dead().into_iter().filter(|number| is_gone(&ledger.entries[*number].jid)).collect();
        // A count that differs shows when the store is compared.
        ledger.pruned(&gone[..gone.len().min(pruned.dead)], at_ms);
    }

    /// Notes a rule that was broken, if it is the first.
    pub(super) fn note(&self, held: Result<(), Broken>) {
        if let Err(found) = held {
            self.state().broken.get_or_insert(found);
        }
    }
}
