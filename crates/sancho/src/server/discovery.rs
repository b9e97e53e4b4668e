//! The loop that looks which queues there are, for capsules whose queues are named by patterns.

use std::sync::Arc;

use sancho_core::{Entropy, Store, limits};

use crate::server::burst::Burst;
use crate::server::capsules::Capsules;
use crate::server::phase::{Phase, PhaseWatch};

pub(crate) struct Discovery {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) capsules: Arc<Capsules>,
    pub(crate) phase: PhaseWatch,
    pub(crate) burst: Option<Arc<Burst>>,
}

impl Discovery {
    /// Looks now and then until the server stops serving; without patterns, when it is told to.
    pub(crate) async fn run(mut self) {
        let capsules = Arc::clone(&self.capsules);
        loop {
            let has_patterns = capsules.have_patterns();
            let rest = async {
                if !has_patterns {
                    return std::future::pending().await;
                }
                // Processes that began together need not ask together.
                tokio::time::sleep(limits::DISCOVER_EVERY.mul_f64(0.75 + self.entropy.next_unit() / 4.0)).await;
            };
            tokio::select! {
                biased;
                () = self.phase.changed() => {}
                () = capsules.look.notified() => {}
                () = rest => {}
            }
            if self.phase.now() != Phase::Serving {
                return;
            }
            self.look().await;
        }
    }

    /// Looks once, if there are patterns. What cannot be looked for now is looked for again.
    pub(crate) async fn look(&self) {
        if !self.capsules.have_patterns() {
            return;
        }
        let deeds = self.burst.as_ref().map(|burst| burst.deeds());
        match self.store.queue_names().await {
            Ok(known) => {
                let changed = self.capsules.discover(&known);
                if let (Some(burst), Some(deeds)) = (&self.burst, deeds) {
                    burst.looked(deeds, changed);
                }
            }
            Err(error) if error.is_outage() => {}
            Err(error) => tracing::warn!(%error, kind = ?error.kind, "could not look which queues there are"),
        }
    }
}
