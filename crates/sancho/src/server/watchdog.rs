//! The loop that names jobs whose code does not yield: they hold up whatever else runs on their thread.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::{Jid, limits};

use crate::Runs;
use crate::server::lease::Lease;
use crate::server::performance::Performance;
use crate::server::roster::Rosters;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct Watchdog<S> {
    pub(crate) rosters: Arc<Rosters<S>>,
    pub(crate) lease: Arc<Lease>,
}

impl<S> Watchdog<S> {
    /// Looks for as long as it is polled, from a thread that no job can hold up.
    pub(crate) async fn run(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            for performance in self.rosters.performances() {
                look(&performance, self.lease.uptime());
            }
        }
    }
}

/// Names a job, once, when its code has not yielded for too long.
fn look(performance: &Performance, uptime: Duration) {
    if performance.runs != Runs::Async {
        return;
    }
    let Some(stuck) = performance.polls.look(uptime).filter(|stuck| *stuck >= limits::YIELD_WITHIN) else { return };
    if performance.polls.is_first_to_name() {
        let (class, jid) = (performance.shown_class(), performance.jid.as_ref().map(Jid::as_str));
        let step = performance.kept.some().step;
        tracing::warn!(
            target: "sancho::job",
            class, jid, step = step.as_deref(), not_yielded_ms = stuck.as_millis() as u64,
            "the job does not yield: whatever shares its thread waits. Await more often, move the work to \
             tokio::task::spawn_blocking, or declare the job #[job(blocking)]"
        );
    }
}
