//! Processes: what they tell the store at each beat, and what they hear back.

use std::time::Duration;

use crate::claim::{Incarnation, Receipt, Standing};
use crate::execution::{Execution, QueueCount};
pub use crate::order::Order;
use crate::{Jid, QueueName, Timestamp};

/// What a process tells of itself. Slots and queues may change from one beat to the next; the rest is true for all of
/// its incarnation's life.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessInfo {
    /// The incarnation; its text is the process's identity on pages.
    pub incarnation: Incarnation,
    /// The host's name.
    pub hostname: String,
    /// The process id.
    pub pid: u32,
    /// When the process started.
    pub started_at: Timestamp,
    /// Slots over all capsules.
    pub slots: usize,
    /// The queues that it serves, in order, over all capsules.
    pub queues: Vec<QueueName>,
    /// Its capsules, the default one first, at most [`limits::CAPSULES_TOLD_MAX`](crate::limits::CAPSULES_TOLD_MAX);
    /// none where the process tells of none.
    pub capsules: Vec<CapsuleInfo>,
    /// A word for pages, such as the application's name; empty if none.
    pub tag: String,
    /// Labels for pages.
    pub labels: Vec<String>,
    /// The program and its version, such as `sancho 0.1.0`.
    pub version: String,
}

/// What a process tells of one of its capsules: queues, and the slots that are kept for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapsuleInfo {
    /// Its name.
    pub name: String,
    /// How many jobs it runs at once.
    pub slots: usize,
    /// How its queues take turns: `strict`, `weighted`, `random` or `mixed`.
    pub order: String,
    /// Its queues, each as a person writes it: `name`, `name,weight`, a pattern; at most
    /// [`limits::QUEUES_TOLD_MAX`](crate::limits::QUEUES_TOLD_MAX).
    pub queues: Vec<String>,
}

/// One beat of a process.
#[derive(Clone, Debug)]
pub struct Beat {
    /// The process.
    pub process: ProcessInfo,
    /// Whether the store should know the process already.
    pub greeting: Greeting,
    /// Whether the process has stopped taking jobs.
    pub quiet: Quiet,
    /// How long the process may be silent from now on before others take its claims over.
    pub lease: Duration,
    /// Every claim that the process holds, and what it does with it.
    pub running: Vec<Running>,
    /// Resident memory, in bytes.
    pub rss_bytes: u64,
    /// How long the last beat took, there and back.
    pub round_trip: Duration,
    /// What the process performed since its last beat that was good, at most one of a class: counted with the beat, for
    /// [`Inspect::metrics`](crate::Inspect::metrics), if the incarnation is known. A beat of unknown outcome is not
    /// sent again with the same ones.
    pub executions: Vec<Execution>,
    /// The same by the queues that the jobs came from, at most one of a queue and at most
    /// [`limits::QUEUES_PER_BEAT_MAX`](crate::limits::QUEUES_PER_BEAT_MAX): counted with the executions, or not at all.
    pub by_queue: Vec<QueueCount>,
}

/// Whether a process takes jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quiet {
    /// It takes jobs.
    #[default]
    No,
    /// It has stopped taking jobs.
    Yes,
}

/// Whether a beat is an incarnation's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// It is: the store registers the incarnation. Repeating it is harmless.
    Hello,
    /// It is not: if the store does not know the incarnation, others have taken its claims over.
    StillHere,
}

/// A job that a process runs.
#[derive(Clone, Debug)]
pub struct Running {
    /// Proof of the claim.
    pub receipt: Receipt,
    /// The job's id, if its payload has one.
    pub jid: Option<Jid>,
    /// Since when.
    pub since: Timestamp,
}

/// What a process hears back at a beat.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BeatAnswer {
    /// Whether the store still knows the incarnation.
    pub standing: Standing,
    /// The store's time, by which leases are measured; the beat's own `now` where the store has no clock.
    pub store_now: Timestamp,
    /// Claims that the beat named and that are no longer held.
    pub lost: Vec<Receipt>,
    /// Orders given since the last beat, oldest first; each is handed out once.
    pub orders: Vec<Order>,
    /// Classes that are paused: their jobs are held when claimed.
    pub paused_classes: Vec<String>,
    /// Queues that live processes of other programs serve, sorted; empty where no other program shares the store.
    pub served_by_others: Vec<QueueName>,
}

impl BeatAnswer {
    /// For stores: an answer with nothing to tell but the standing and the time.
    pub fn new(standing: Standing, store_now: Timestamp) -> Self {
        BeatAnswer {
            standing,
            store_now,
            lost: Vec::new(),
            orders: Vec::new(),
            paused_classes: Vec::new(),
            served_by_others: Vec::new(),
        }
    }
}
