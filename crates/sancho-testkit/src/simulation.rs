//! The deterministic simulation: clients, servers and several processes on a store in memory, in virtual time, with
//! seeded faults.
//!
//! The engine is the real one. Each simulated process lives in a runtime of its own, whose time is paused; a
//! `coordinator` lets the one that is furthest behind run a little further, so that all that processes do to each other,
//! through the store, happens in the order of true time. A `plan` says who takes part, what they do and what goes wrong;
//! a `ledger` beside the store says after every call what must be true. The same seed gives the same story.
//!
//! ```
//! use sancho_testkit::simulation::{self, Sound, Verdict};
//!
//! let verdict = simulation::run(1, &Sound);
//! assert!(matches!(verdict, Verdict::Held(_)), "{verdict}");
//! ```

mod act;
mod clock;
mod coordinator;
mod draw;
mod gate;
mod ledger;
mod panics;
mod plan;
mod process;
mod pusher;
mod ready;
mod request;
mod shrink;
mod site;
mod store;
mod story;
mod tale;
mod world;

use std::fmt;
use std::sync::Arc;

use sancho::Server;
use sancho_core::model::ModelStore;
use sancho_core::{Clock, Inspect, Store};

pub use act::Script;
pub use plan::{Deed, Fault, Mishap, NewAct, Plan, PusherPlan, ServerPlan, StoreClock, Wakes, What, When};
pub use shrink::shrink;
pub use site::Site;
use story::Telling;

/// What is simulated: the engine as it is, or with something in its way.
///
/// Each method is given what a process would have, and answers what it gets instead.
pub trait Subject: Send + Sync {
    /// The store that all processes share, with its control plane. It is kept in memory: its futures are ready at once.
    fn base(&self) -> (Arc<dyn Store>, Arc<dyn Inspect>) {
        let store = ModelStore::new();
        (Arc::new(store.clone()), Arc::new(store))
    }

    /// The store as the engine of the process with this name has it. Called at the beginning of each of its lives.
    fn store(&self, process: char, store: Arc<dyn Store>) -> Arc<dyn Store> {
        let _ = process;
        store
    }

    /// The clock of the process with this name.
    fn clock(&self, process: char, clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
        let _ = process;
        clock
    }

    /// A server, with all of its settings.
    fn server(&self, server: Server<Arc<Site>>) -> Server<Arc<Site>> {
        server
    }
}

/// The engine as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sound;

impl Subject for Sound {}

/// What came of a run.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Every rule held.
    Held(Figures),
    /// A rule was broken.
    Violated(Box<Violation>),
}

/// What a run was made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Turns of processes.
    pub steps: u64,
    /// Calls that came to the store.
    pub calls: u64,
    /// Jobs.
    pub jobs: u64,
    /// Runs of their code.
    pub runs: u64,
    /// Faults that struck.
    pub faults: u64,
    /// Claims that were taken over.
    pub taken_over: u64,
    /// Settlements that were refused, for the claim was lost.
    pub lost: u64,
    /// Jobs that were buried as poison.
    pub poisoned: u64,
    /// Virtual time, in milliseconds.
    pub virtual_ms: u64,
    /// The same for the same plan, and hardly for another.
    pub story_hash: u64,
}

/// A rule that was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The rule, in words.
    pub invariant: &'static str,
    /// What was found.
    pub detail: String,
    /// What happened before, in order; times are seconds since the beginning. Empty unless it was asked for.
    pub story: String,
}

/// Runs the plan of a seed.
pub fn run(seed: u64, subject: &dyn Subject) -> Verdict {
    run_plan(&Plan::draw(seed), subject)
}

/// Runs a plan.
pub fn run_plan(plan: &Plan, subject: &dyn Subject) -> Verdict {
    verdict(coordinator::run(plan, subject, Telling::Hash)).0
}

/// Runs a plan, and tells its story, also when nothing is broken.
pub fn tell_plan(plan: &Plan, subject: &dyn Subject) -> (Verdict, String) {
    verdict(coordinator::run(plan, subject, Telling::Text))
}

fn verdict(ran: coordinator::Ran) -> (Verdict, String) {
    let coordinator::Ran { state, turns, ended_ms } = ran;
    let tally = state.ledger.tally;
    let figures = Figures {
        steps: turns,
        calls: state.calls,
        jobs: state.ledger.entries.len() as u64,
        runs: tally.runs,
        faults: state.faults,
        taken_over: tally.taken_over,
        lost: tally.lost,
        poisoned: tally.poisoned,
        virtual_ms: ended_ms,
        story_hash: state.story.hash(),
    };
    let story = state.story.into_text();
    let verdict = match state.broken {
        None => Verdict::Held(figures),
        Some(broken) => {
            let (invariant, detail) = (broken.invariant, broken.detail);
            Verdict::Violated(Box::new(Violation { invariant, detail, story: story.clone() }))
        }
    };
    (verdict, story)
}

impl Figures {
    /// Adds those of another run.
    pub fn add(&mut self, other: &Figures) {
        self.steps += other.steps;
        self.calls += other.calls;
        self.jobs += other.jobs;
        self.runs += other.runs;
        self.faults += other.faults;
        self.taken_over += other.taken_over;
        self.lost += other.lost;
        self.poisoned += other.poisoned;
        self.virtual_ms += other.virtual_ms;
        self.story_hash ^= other.story_hash;
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Held(figures) => write!(f, "every rule held: {figures:?}"),
            Verdict::Violated(violation) => write!(f, "{violation}"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nviolated: {}\n  {}", self.story, self.invariant, self.detail)
    }
}
