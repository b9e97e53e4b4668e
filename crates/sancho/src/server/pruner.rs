//! The loop that keeps what is over and done with within its limits.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::{Entropy, Pruned, Store, limits};

use crate::event::{Event, Events};
use crate::server::config::Config;
use crate::server::lease::Lease;
use crate::server::phase::{Phase, PhaseWatch};

/// How often the limits are looked at: they are soft, and a process that starts looks at once.
const EVERY: Duration = Duration::from_secs(30);

pub(crate) struct Pruner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lease: Arc<Lease>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) events: Events,
    pub(crate) config: Arc<Config>,
    pub(crate) phase: PhaseWatch,
}

impl Pruner {
    /// Prunes until the server stops serving.
    pub(crate) async fn run(mut self) {
        while self.phase.now() == Phase::Serving {
            let limit = limits::JOBS_PER_MOVE_MAX;
            let pruned = self.store.prune(&self.config.retention, limit, self.lease.now()).await;
            let pruned = pruned.unwrap_or_else(|error| {
                if !error.is_outage() {
                    tracing::warn!(%error, kind = ?error.kind, "could not bring the dead set down to its limits");
                }
                // Pruning is in no hurry.
                Pruned::default()
            });
            if pruned.dead > 0 {
                tracing::info!(jobs = pruned.dead, "the dead set is over its limits: its oldest jobs are deleted");
                self.events.tell(|| Event::Pruned { jobs: pruned.dead });
            }
            if pruned.dead >= limit {
                continue;
            }
            tokio::select! {
                biased;
                () = self.phase.changed() => {}
                () = tokio::time::sleep(EVERY.mul_f64(0.75 + self.entropy.next_unit() / 2.0)) => {}
            }
        }
    }
}
