//! The way from serving to stopped, which goes in one direction only.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::server::lease::Lease;
use crate::server::phase::Phase;

/// Whoever holds one may make the server quiet, or stop it.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    phase: watch::Sender<Phase>,
    stopping: watch::Sender<bool>,
    lease: Arc<Lease>,
    timeout: Duration,
}

impl Shutdown {
    pub(crate) fn new(lease: Arc<Lease>, timeout: Duration) -> Self {
        Shutdown { phase: watch::Sender::new(Phase::Serving), stopping: watch::Sender::new(false), lease, timeout }
    }

    pub(crate) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// What running jobs look at.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// No more claims; what runs is finished. Not undone.
    pub(crate) fn quiet(&self) {
        self.advance(Phase::Quiet);
    }

    /// No more claims; what runs has the stop's timeout to finish.
    pub(crate) fn stop(&self) {
        self.advance(Phase::Stopping { deadline: self.lease.uptime().saturating_add(self.timeout) });
    }

    /// What runs is cut short now.
    pub(crate) fn stop_now(&self) {
        let deadline = self.lease.uptime();
        self.phase.send_if_modified(|phase| {
            let sooner = !matches!(*phase, Phase::Drained) && *phase != Phase::Stopping { deadline };
            if sooner {
                *phase = Phase::Stopping { deadline };
            }
            sooner
        });
        self.stopping.send_replace(true);
    }

    pub(crate) fn drained(&self) {
        self.advance(Phase::Drained);
    }

    fn advance(&self, to: Phase) {
        if matches!(to, Phase::Stopping { .. } | Phase::Drained) {
            self.stopping.send_replace(true);
        }
        self.phase.send_if_modified(|phase| {
            // A second stop does not extend the first one's deadline.
            let further = rank(*phase) < rank(to);
            if further {
                *phase = to;
            }
            further
        });
    }
}

fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Serving => 0,
        Phase::Quiet => 1,
        Phase::Stopping { .. } => 2,
        Phase::Drained => 3,
    }
}
