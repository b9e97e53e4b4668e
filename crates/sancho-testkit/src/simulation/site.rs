//! Where a process's code runs: its gate to the store, its clock, and what the coordinator has to know of it.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use sancho_core::Jid;

use super::clock::SimClock;
use super::gate::Gate;
use super::ledger::Broken;
use super::world::World;
use crate::chance::Seeded;

/// One life of a simulated process.
#[derive(Debug)]
pub struct Site {
    pub(super) world: Arc<World>,
    pub(super) process: usize,
    pub(super) clock: Arc<SimClock>,
    pub(super) gate: Gate,
    /// What latencies are drawn from.
    pub(super) chance: Seeded,
    /// Calls made so far, over all lives.
    pub(super) calls: AtomicU64,
    end: Mutex<Option<End>>,
    /// Whether the runtime is being dropped: in an order of its own, which the story must not have.
    pub(super) dies: AtomicBool,
}

/// How a life ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The program came to its end.
    Returned,
    /// The program could not start: it is started again.
    Failed,
    /// It was killed at a call, and is started again so long after.
    Killed {
        /// In milliseconds.
        restart_ms: u64,
    },
}

impl Site {
    pub(super) fn new(world: Arc<World>, process: usize, clock: SimClock, chance: Seeded, calls: u64) -> Self {
        let (gate, calls, end) = (Gate::default(), AtomicU64::new(calls), Mutex::default());
        let (clock, dies) = (Arc::new(clock), AtomicBool::new(false));
        Site { world, process, clock, gate, chance, calls, end, dies }
    }

    pub(super) fn tell(&self, what: fmt::Arguments<'_>) {
        self.world.tell(self.clock.true_ms(), self.process, what);
    }

    pub(super) fn tell_fault(&self, what: fmt::Arguments<'_>) {
        self.world.tell_fault(self.clock.true_ms(), self.process, what);
    }

    /// The number of the call that is made now: the first is one.
    pub(super) fn next_call(&self) -> u64 {
        self.calls.fetch_add(1, Relaxed) + 1
    }

    /// The life ends here: nothing of the process runs after the present instant.
    pub(super) fn end(&self, end: End) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
        self.gate.halt();
    }

    pub(super) fn ended(&self) -> Option<End> {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client was told that its push is safe.
    pub(super) fn acknowledge(&self, jid: &Jid) {
        let held = self.world.state().ledger.acknowledged(jid);
        self.world.note(held);
    }

    /// A job's code begins; answers which run of it this is, and what marks its end when it is dropped.
    pub(super) fn begin_run(self: &Arc<Self>, jid: &Jid) -> Option<(usize, Running)> {
        let at_ms = self.clock.true_ms();
        let mut state = self.world.state();
        let Some(number) = state.ledger.number(jid) else {
            let detail = format!("{jid} was never pushed, and is performed");
            state.broken.get_or_insert(Broken { invariant: "only pushed jobs are performed", detail });
            return None;
        };
        let begun = state.ledger.begin_run(number, self.process, at_ms);
        state.story.tell(at_ms, self.world.plan.name(self.process), format_args!("performs #{number}"));
        match begun {
            Ok(run) => Some((run, Running { site: Arc::clone(self), number, run })),
            Err(found) => {
                state.broken.get_or_insert(found);
                None
            }
        }
    }
}

/// A job's code that runs; its end is when this is dropped.
#[derive(Debug)]
pub(super) struct Running {
    site: Arc<Site>,
    number: usize,
    run: usize,
}

impl Drop for Running {
    fn drop(&mut self) {
        let at_ms = self.site.clock.true_ms();
        let mut state = self.site.world.state();
        let number = self.number;
        if !self.site.dies.load(Relaxed) {
            state.story.tell(at_ms, self.site.world.plan.name(self.site.process), format_args!("#{number} is over"));
        }
        if let Err(found) = state.ledger.end_run(number, self.run, at_ms) {
            state.broken.get_or_insert(found);
        }
    }
}
