//! Everything that happens to jobs in this process, told once: logs, metrics and tests subscribe.

use std::time::Duration;

use sancho_core::lifecycle::{Tally, Verdict};
use sancho_core::{Incarnation, Jid, QueueName};
use tokio::sync::broadcast;

/// Something that happened.
///
/// Events are for watching: they die with their process, and a slow subscriber misses the oldest. What must not
/// be lost is in the store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A server is ready to take jobs.
    Started {
        /// Its incarnation.
        incarnation: Incarnation,
    },
    /// A job has begun.
    Performing {
        /// The job.
        jid: Jid,
        /// Its class.
        class: String,
        /// The queue that it was taken from.
        queue: QueueName,
    },
    /// What came of a job is safe in the store.
    Settled {
        /// The job; `None` when its payload has no id.
        jid: Option<Jid>,
        /// Its class; empty when its payload cannot be read.
        class: String,
        /// The queue that it was taken from.
        queue: QueueName,
        /// What came of it.
        verdict: Verdict,
        /// What it adds to the counters of processed and failed jobs.
        tally: Tally,
        /// The class and message of its error, if it failed.
        error: Option<(String, String)>,
        /// How long it ran.
        elapsed: Duration,
    },
    /// A result came too late: others have taken the job over, and the result changes nothing.
    ClaimLost {
        /// The job; `None` when its payload has no id.
        jid: Option<Jid>,
        /// Its class.
        class: String,
    },
    /// Due jobs went to their queues.
    Promoted {
        /// How many.
        jobs: usize,
    },
    /// Jobs of processes that died were taken over.
    TakenOver {
        /// How many.
        jobs: usize,
        /// The processes.
        from: Vec<Incarnation>,
    },
    /// The dead set was brought down to its limits.
    Pruned {
        /// How many jobs it lost.
        jobs: usize,
    },
    /// The process lost its lease, dropped its jobs, and goes on under another name.
    LeaseLost {
        /// The incarnation that is over.
        incarnation: Incarnation,
    },
    /// The store cannot be reached; told once, until it can be again.
    StoreAway {
        /// What it said.
        reason: String,
    },
    /// The store can be reached again.
    StoreBack {
        /// How long it could not.
        downtime: Duration,
    },
    /// Processes of another program serve this queue, and nobody named it: the server claims nothing from it, until
    /// [`Event::QueueNoLongerServedByOthers`]. Told once.
    QueueServedByOthers {
        /// The queue.
        queue: QueueName,
    },
    /// The server claims from this queue again: no other program serves it any longer, or it was named meanwhile.
    QueueNoLongerServedByOthers {
        /// The queue.
        queue: QueueName,
    },
    /// The server asks for no more jobs. A claim that is under way may still bring some.
    Quiet,
    /// The server has stopped; nothing is in its hands.
    Stopped,
}

/// Events that a subscriber may be behind before it misses the oldest.
const BEHIND_MAX: usize = 4096;

/// Where events come from.
#[derive(Clone, Debug)]
pub struct Events(broadcast::Sender<Event>);

impl Events {
    pub(crate) fn new() -> Self {
        Events(broadcast::Sender::new(BEHIND_MAX))
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> Subscription {
        Subscription(self.0.subscribe())
    }

    /// Tells whoever listens. The event is made only if somebody does.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.0.receiver_count() > 0 {
            // Nobody may be left by now, and that is no failure.
            _ = self.0.send(event());
        }
    }
}

/// A subscriber's end of the events.
#[derive(Debug)]
pub struct Subscription(broadcast::Receiver<Event>);

impl Subscription {
    /// The next event; `None` when the server is gone. Events that were missed are skipped.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// Waits for an event that `wanted` accepts, and answers what it made of it; `None` when the server is gone.
    pub async fn wait_for<T>(&mut self, mut wanted: impl FnMut(&Event) -> Option<T>) -> Option<T> {
        while let Some(event) = self.next().await {
            if let Some(found) = wanted(&event) {
                return Some(found);
            }
        }
        None
    }
}
