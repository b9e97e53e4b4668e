//! The model store: the reference of what every store does, in memory.
//!
//! [`Model`] is the plain reference: state in ordered maps, one synchronous method a move, no waiting.
//! [`ModelStore`] puts it behind a lock and adds wake-ups, so that it serves as a store wherever one is asked
//! for: in the conformance suite, in simulations and in tests of applications. It survives nothing: when the
//! last clone goes, so do its jobs.

mod act;
mod beat;
mod bell;
mod exchange;
mod jobs;
mod look;
mod metrics;
mod promote;
mod push;
mod seam;
mod take_over;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use bell::{Bell, Ring};
use jobs::{Job, Jobs, Spot};

use crate::inspect::DayStats;
use crate::metrics::{SizeSample, Step};
use crate::process::{ProcessInfo, Quiet};
use crate::{DeployMark, End, Execution, Incarnation, Jid, Order, Place, QueueCount, QueueName, Timestamp};

/// A store in memory, shared by its clones.
///
/// ```
/// use sancho_core::{Store, model::ModelStore};
///
/// let store = ModelStore::new();
/// let _queues = store.queue_names(); // a future, as with every store
/// ```
#[derive(Clone, Debug, Default)]
pub struct ModelStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    model: Mutex<Model>,
    bell: Bell,
}

impl ModelStore {
    /// An empty store.
    pub fn new() -> Self {
        ModelStore::default()
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.shared.model.lock().expect("no move of the model panics")
    }
}

/// What a store is, as plain state and synchronous moves; the docs of [`Store`](crate::Store) and
/// [`Inspect`](crate::Inspect) say what each does.
#[derive(Debug, Default)]
pub struct Model {
    jobs: Jobs,
    processes: BTreeMap<Incarnation, Process>,
    /// Every queue pushed to and not removed since.
    queues: BTreeSet<QueueName>,
    /// The first jid of each batch pushed lately, and when.
    pushes: BTreeMap<Jid, Timestamp>,
    paused_queues: BTreeSet<QueueName>,
    paused_classes: BTreeSet<String>,
    unknown_classes: BTreeMap<(String, QueueName), Met>,
    processed: u64,
    failed: u64,
    days: BTreeMap<i64, DayStats>,
    /// What was performed, by class, in the step of this length that starts then.
    executions: BTreeMap<(Step, Timestamp), BTreeMap<String, Execution>>,
    /// The same by queue.
    queue_counts: BTreeMap<(Step, Timestamp), BTreeMap<QueueName, QueueCount>>,
    /// What was there at the first beat of each step.
    sizes: BTreeMap<(Step, Timestamp), SizeSample>,
    deploys: BTreeSet<DeployMark>,
    /// What has happened since the bell was last rung.
    rings: Vec<Ring>,
}

/// A process that the store knows.
#[derive(Debug)]
struct Process {
    info: ProcessInfo,
    beat_at: Timestamp,
    lease_until: Timestamp,
    quiet: Quiet,
    running: usize,
    rss_bytes: u64,
    round_trip: std::time::Duration,
    orders: Vec<Order>,
    /// One more than the highest claim number given to it.
    numbers_end: u64,
}

impl Process {
    fn lives(&self, now: Timestamp) -> bool {
        self.lease_until >= now
    }
}

/// When a class that a process does not know was met.
#[derive(Debug)]
struct Met {
    first: Timestamp,
    last: Timestamp,
}

impl Model {
    /// An empty model.
    pub fn new() -> Self {
        Model::default()
    }

    /// Puts a job where `place` says, from `now` on. A job that goes nowhere is gone with its key.
    fn put(&mut self, mut job: Job, place: &Place, now: Timestamp) {
        job.at = now;
        job.spot = match place {
            Place::Gone => return,
            Place::Dead => Spot::Dead,
            Place::Held { reason } => Spot::Held { reason: reason.clone() },
            Place::Queue { queue, end } => {
                job.queue = queue.clone();
                let position = match end {
                    End::Front => self.jobs.front_position(),
                    End::Back => self.jobs.back_position(),
                };
                self.queues.insert(queue.clone());
                self.rings.push(Ring::Ready(queue.clone()));
                Spot::Queue { position }
            }
            Place::Scheduled { at } => self.wait_until(&mut job, *at, Spot::Scheduled),
            Place::Retries { at } => self.wait_until(&mut job, *at, Spot::Retries),
        };
        self.jobs.keep(job);
    }

    fn wait_until(&mut self, job: &mut Job, at: Timestamp, spot: Spot) -> Spot {
        if self.jobs.next_due().is_none_or(|due| at < due) {
            self.rings.push(Ring::Due);
        }
        job.at = at;
        if let Some(queue) = job.named_queue() {
            job.queue = queue;
        }
        spot
    }
}
