//! Jobs that were orphaned twice: each runs with nothing else in the process, so that a poison pill takes no
//! innocent job with it.

use std::collections::VecDeque;
use std::time::Duration;

use sancho_core::{Claim, Incarnation, Timestamp, limits};

/// The jobs that wait to run alone, and the one that does.
#[derive(Debug, Default)]
pub(crate) struct Alone {
    waiting: VecDeque<(Claim, Duration)>,
    /// Until which uptime the one that runs keeps others away.
    until: Option<Duration>,
}

impl Alone {
    /// Whether a job's next death would be the one that makes it poison.
    pub(crate) fn is_suspect(claim: &Claim, now: Timestamp) -> bool {
        let Ok(envelope) = claim.payload.envelope() else { return false };
        let orphaned = envelope.orphaned_at();
        let recent = orphaned.iter().filter(|at| now.since(**at) < limits::ORPHAN_WINDOW).count();
        recent + 1 >= limits::ORPHANED_MAX
    }

    pub(crate) fn add(&mut self, claim: Claim, uptime: Duration) {
        self.waiting.push_back((claim, uptime));
    }

    /// The next job to start, when nothing else runs, or when it has waited for that long enough.
    pub(crate) fn next(&mut self, quiet: bool, uptime: Duration) -> Option<Claim> {
        if quiet {
            self.until = None;
        }
        let (_, since) = self.waiting.front()?;
        let patient = uptime.saturating_sub(*since) < limits::ALONE_FOR;
        if (!quiet && patient) || self.until.is_some_and(|until| uptime < until) {
            return None;
        }
        self.until = Some(uptime + limits::ALONE_FOR);
        self.waiting.pop_front().map(|(claim, _)| claim)
    }

    /// Whether other jobs are not to be claimed now.
    pub(crate) fn keeps_others_away(&self, uptime: Duration) -> bool {
        !self.waiting.is_empty() || self.until.is_some_and(|until| uptime < until)
    }

    /// Drops all that wait but those that this incarnation holds.
    pub(crate) fn drop_all_but(&mut self, incarnation: Option<&Incarnation>) {
        self.waiting.retain(|(claim, _)| Some(claim.receipt.incarnation()) == incarnation);
    }

    /// Lets go of all that wait.
    pub(crate) fn clear(&mut self) -> VecDeque<Claim> {
        self.until = None;
        std::mem::take(&mut self.waiting).into_iter().map(|(claim, _)| claim).collect()
    }

    /// Whether a job waits to run alone, or others are still kept away for one that did.
    pub(crate) fn is_engaged(&self) -> bool {
        self.until.is_some() || !self.waiting.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
