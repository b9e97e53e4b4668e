//! The loop that brings due jobs to their queues: it sleeps until the next is due, and wakes for earlier ones.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::{Entropy, Interest, Store, limits};

use crate::event::{Event, Events};
use crate::server::burst::Burst;
use crate::server::lease::Lease;
use crate::server::outage::Outage;
use crate::server::phase::{Phase, PhaseWatch};

pub(crate) struct Scheduler {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lease: Arc<Lease>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) events: Events,
    pub(crate) phase: PhaseWatch,
    pub(crate) outage: Outage,
    /// The burst that ends without what becomes due after its start.
    pub(crate) burst: Option<Arc<Burst>>,
}

impl Scheduler {
    /// Promotes until the server stops serving; in a burst, until all that was due at its start is promoted.
    pub(crate) async fn run(mut self) {
        let started_at = self.lease.now();
        while self.phase.now() == Phase::Serving {
            let (mark, begun) = (self.store.mark(), self.lease.uptime());
            let promoted = self.store.promote(limits::JOBS_PER_MOVE_MAX, self.lease.now()).await;
            let sleep = match promoted {
                Ok(promoted) => {
                    self.outage.over(self.lease.uptime(), &self.events);
                    if promoted.moved > 0 {
                        self.events.tell(|| Event::Promoted { jobs: promoted.moved });
                    }
                    if promoted.buried > 0 {
                        tracing::warn!(jobs = promoted.buried, "due jobs that cannot be read went to the dead set");
                    }
                    let is_rest_due = promoted.next_due.is_some_and(|due| due <= started_at);
                    if let (Some(burst), false) = (&self.burst, is_rest_due) {
                        return burst.promoted();
                    }
                    // The net beneath the wake-ups: somebody may have written to the store without ringing.
                    let net = limits::POLL_EVERY.mul_f64(1.0 + self.entropy.next_unit());
                    promoted.next_due.map_or(net, |due| due.since(self.lease.now()).min(net))
                }
                Err(error) => self.outage.failed(&error, begun, &*self.entropy, &self.events),
            };
            self.sleep(sleep, mark).await;
        }
    }

    async fn sleep(&mut self, span: Duration, mark: sancho_core::Mark) {
        let store = Arc::clone(&self.store);
        tokio::select! {
            biased;
            () = self.phase.changed() => {}
            () = tokio::time::sleep(span) => {}
            () = store.wait(&Interest::Due, mark) => {}
        }
    }
}
