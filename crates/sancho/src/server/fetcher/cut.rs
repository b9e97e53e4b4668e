//! Jobs that are brought to an end: canceled from outside, or out of time.

use std::collections::BTreeSet;
use std::time::Duration;

use sancho_core::{Jid, Outcome, limits};

use super::Fetcher;
use crate::server::ending::{Cause, Ending, Step};
use crate::server::performance::Performance;

/// When the next step of each job's ending is due, soonest first.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Duration, u64)>);

impl Deadlines {
    /// The deadline of the job with this number is another, or none.
    pub(super) fn set(&mut self, number: u64, before: Option<Duration>, after: Option<Duration>) {
        if let Some(before) = before {
            self.0.remove(&(before, number));
        }
        if let Some(after) = after {
            self.0.insert((after, number));
        }
    }

    /// The uptime of the soonest.
    pub(super) fn next(&self) -> Option<Duration> {
        self.0.first().map(|(due, _)| *due)
    }

    /// Takes the soonest, if it is due at this uptime.
    fn take_due(&mut self, uptime: Duration) -> Option<u64> {
        self.next().filter(|due| *due <= uptime)?;
        self.0.pop_first().map(|(_, number)| number)
    }
}

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// Somebody wants the job with this id to end. It is told, if it runs here, and has some time to do so by itself;
    /// one that still waits for a thread has nothing to end.
    pub(super) fn cancel(&mut self, jid: &Jid) {
        let Some(number) = self.roster.find(jid) else { return };
        let due = self.lease.uptime().saturating_add(limits::CANCEL_GRACE);
        let told = self.roster.change(number, |job| {
            let waits = job.performance.waits_for_thread();
            if job.ending != Ending::No {
                return (waits, job.due, job.due);
            }
            job.ending = Ending::Told(Cause::Canceled);
            job.performance.canceled.raise();
            (waits, job.due.replace(due), Some(due))
        });
        let Some((waits, before, after)) = told else { return };
        self.hand.deadlines.set(number, before, after);
        if waits && let Some(job) = self.roster.remove(number) {
            job.slot.let_go();
            self.hand.deadlines.set(number, after, None);
            self.end(job.performance, job.entry, Outcome::Canceled);
        }
    }

    /// A blocking job has its thread, and its time begins, if that is limited.
    pub(super) fn begin_timeout(&mut self, number: u64) {
        let uptime = self.lease.uptime();
        let changed = self.roster.change(number, |job| {
            let limit = job.performance.timeout.filter(|_| job.ending == Ending::No)?;
            let due = uptime.saturating_add(limit);
            Some((job.due.replace(due), due))
        });
        if let Some(Some((before, due))) = changed {
            self.hand.deadlines.set(number, before, Some(due));
        }
    }

    /// Goes on with the endings of jobs whose time has come.
    pub(super) fn end_overdue(&mut self) {
        let uptime = self.lease.uptime();
        while let Some(number) = self.hand.deadlines.take_due(uptime) {
            let step = self.roster.change(number, |job| {
                // Last words have had their time when this comes, and some more.
                let is_last = job.last.is_some();
                let step = if is_last { Step::Settle } else { job.ending.advance(job.performance.timeout) };
                job.performance.canceled.raise();
                job.slot.let_go();
                if let Step::Drop(within) = step {
                    job.due = Some(uptime.saturating_add(within));
                }
                (step, job.due)
            });
            match step {
                Some((Step::Drop(_), due)) => self.hand.deadlines.set(number, None, due),
                Some((Step::Settle, _)) => self.settle_running(number),
                // It was cut short before.
                None => {}
            }
        }
    }

    /// Settles a job although its code still runs; what comes of that later changes nothing.
    fn settle_running(&mut self, number: u64) {
        let Some(mut job) = self.roster.remove(number) else { return };
        let why = if job.ending.cause() == Some(Cause::Canceled) { "it was canceled" } else { "its time is over" };
        still_runs(&job.performance, why);
        if let Some(last) = job.last.take() {
            self.settle(&job.performance, job.entry.as_ref(), last);
        } else {
            let outcome = job.ending.outcome(None);
            self.end(job.performance, job.entry, outcome);
        }
    }
}

/// Says that a job is settled although its code still runs, and what to do about it.
pub(super) fn still_runs(performance: &Performance, why: &str) {
    let (class, jid, step) = (performance.shown_class(), &performance.jid, performance.kept.some().step);
    tracing::warn!(
        target: "sancho::job",
        class, ?jid, step = step.as_deref(), why,
        "the job is settled, but its code still runs: it neither yields nor looks at cx.is_cancelled()"
    );
}
