//! The way from serving to stopped, which goes in one direction only.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::server::lease::Lease;
use crate::server::phase::{Phase, PhaseCell, PhaseWatch};

/// Whoever holds one may make the server quiet, or stop it.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    phase: PhaseCell,
    stopping: watch::Sender<bool>,
    lease: Arc<Lease>,
    timeout: Duration,
}

impl Shutdown {
    pub(crate) fn new(lease: Arc<Lease>, timeout: Duration) -> Self {
        Shutdown { phase: PhaseCell::new(), stopping: watch::Sender::new(false), lease, timeout }
    }

    pub(crate) fn phase(&self) -> PhaseWatch {
        self.phase.watch()
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
        self.phase.change(|phase| {
            let sooner = phase != Phase::Drained && phase != Phase::Stopping { deadline };
            sooner.then_some(Phase::Stopping { deadline })
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
        // A second stop does not extend the first one's deadline.
        self.phase.change(|phase| (rank(phase) < rank(to)).then_some(to));
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
