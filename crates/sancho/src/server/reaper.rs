//! The loop that takes over the jobs of processes that died.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::lifecycle::Policy;
use sancho_core::{Entropy, Jid, Outcome, Store, Wire, limits};

use crate::event::{Event, Events};
use crate::handlers::Handlers;
use crate::server::capsules::Capsules;
use crate::server::lease::Lease;
use crate::server::line::Telling;
use crate::server::phase::{Phase, PhaseWatch};
use crate::server::settler::Pending;

pub(crate) struct Reaper {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lease: Arc<Lease>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) events: Events,
    pub(crate) phase: PhaseWatch,
    pub(crate) capsules: Arc<Capsules>,
    pub(crate) wire: Wire,
    pub(crate) handlers: Handlers,
}

impl Reaper {
    /// Looks for the dead until the server stops serving.
    pub(crate) async fn run(mut self) {
        // A take-over of unknown outcome is repeated with the same numbers, so that nothing it took is forgotten.
        let mut unresolved = None;
        while self.phase.now() == Phase::Serving {
            let limit = limits::JOBS_PER_MOVE_MAX;
            let first = unresolved.take().unwrap_or_else(|| self.lease.numbers(limit));
            let by = self.lease.incarnation();
            match self.store.take_over(&by, first, limit, self.lease.leases_end_by()).await {
                Ok(taken) if taken.claims.is_empty() && taken.ended.is_empty() => {}
                Ok(taken) => {
                    let full = taken.claims.len() >= limit;
                    self.hand_on(taken);
                    if full {
                        continue;
                    }
                }
                Err(error) => {
                    if !error.is_outage() {
                        tracing::warn!(%error, kind = ?error.kind, "could not look for processes that died");
                    }
                    unresolved = Some(first);
                }
            }
            let nap = limits::REAP_EVERY.mul_f64(0.75 + self.entropy.next_unit() / 2.0);
            tokio::select! {
                biased;
                () = self.phase.changed() => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    /// Decides about each orphan, and has a fetcher settle it: that keeps at it until the store has it.
    fn hand_on(&self, taken: sancho_core::TakenOver) {
        let jobs = taken.claims.len();
        tracing::warn!(jobs, from = ?taken.ended, "took over the jobs of processes whose lease has ended");
        let policy = Policy { wire: self.wire.time(), ..Policy::default() };
        let now = self.lease.now();
        let decide = |claim| {
            let envelope = sancho_core::Payload::envelope;
            let claim: sancho_core::Claim = claim;
            let read = envelope(&claim.payload).ok();
            let jid = read.as_ref().and_then(|e| e.jid()).and_then(|jid| Jid::new(jid).ok());
            let class = read.map(|e| e.class().into()).unwrap_or_default();
            let (who, when, telling) = ((jid, class), (now, 0.0), Telling::default());
            Pending::decide(&claim, who, &policy, Outcome::Orphaned, Duration::ZERO, when, telling)
                .told(&self.handlers, &claim)
        };
        let pending = taken.claims.into_iter().map(decide).collect();
        self.capsules.settle(pending);
        let from = taken.ended;
        self.events.tell(|| Event::TakenOver { jobs, from });
    }
}
