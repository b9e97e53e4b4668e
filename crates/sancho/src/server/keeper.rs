//! The loop that keeps what running jobs say of themselves, for those who look from elsewhere and for the jobs' next
//! runs.

use std::sync::Arc;

use sancho_core::{Store, limits};
use tokio::sync::Notify;

use crate::server::lease::Lease;
use crate::server::performance::Performance;
use crate::server::roster::Rosters;

pub(crate) struct Keeper<S> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lease: Arc<Lease>,
    pub(crate) rosters: Arc<Rosters<S>>,
    /// Told when a job has something to be kept.
    pub(crate) told: Arc<Notify>,
}

impl<S> Keeper<S> {
    /// Keeps what there is to keep, at most once in a while; sleeps while no job says anything.
    pub(crate) async fn run(self) {
        loop {
            self.told.notified().await;
            tokio::time::sleep(limits::CHECKPOINT_EVERY).await;
            self.keep().await;
        }
    }

    async fn keep(&self) {
        if !self.lease.is_trusted() {
            return;
        }
        let taken = |performance: Arc<Performance>| {
            let checkpoint = performance.checkpoint()?;
            Some((performance, checkpoint))
        };
        let (performances, checkpoints): (Vec<_>, Vec<_>) =
            self.rosters.performances().into_iter().filter_map(taken).unzip();
        for (performances, checkpoints) in
            performances.chunks(limits::JOBS_PER_CLAIM_MAX).zip(checkpoints.chunks(limits::JOBS_PER_CLAIM_MAX))
        {
            if let Err(error) = self.store.checkpoint(checkpoints, self.lease.now()).await {
                tracing::debug!(%error, jobs = checkpoints.len(), "could not keep what jobs said of themselves: again soon");
                for performance in performances {
                    performance.kept.give_back();
                }
            }
        }
    }
}
