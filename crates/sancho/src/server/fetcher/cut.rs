//! Jobs that are brought to an end: canceled from outside, or out of time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sancho_core::{Jid, Outcome, limits};

use super::{Fetcher, Message};
use crate::server::ending::{Cause, Ending, Step};
use crate::server::line::Telling;
use crate::server::performance::Performance;
use crate::server::processor::policy_of;
use crate::server::settler::Pending;

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
    /// one that still waits for a thread has nothing to end, and one whose code is over ends anyway.
    pub(super) fn cancel(&mut self, jid: &Jid) {
        let Some(number) = self.roster.find(jid) else { return self.cancel_waiting(jid) };
        let due = self.lease.uptime().saturating_add(limits::CANCEL_GRACE);
        let told = self.roster.change(number, |job| {
            let is_over = job.ending != Ending::No || job.performance.is_code_over();
            (!is_over).then(|| {
                job.ending = Ending::Told(Cause::Canceled);
                job.performance.cancel(Cause::Canceled);
                (job.due.replace(due), job.performance.never_begins())
            })
        });
        let Some(Some((before, waits))) = told else { return };
        self.hand.deadlines.set(number, before, Some(due));
        if waits {
            self.settle_gone(number);
        }
    }

    /// One that waits to run alone has nothing to end either.
    fn cancel_waiting(&mut self, jid: &Jid) {
        let Some(claim) = self.alone.take(self.place, jid) else { return };
        let class = claim.payload.envelope().map(|envelope| envelope.class().into()).unwrap_or_default();
        let (who, when) = ((Some(jid.clone()), class), (self.lease.now(), 0.0));
        let (policy, telling) = (policy_of::<S>(None), Telling::default());
        let pending = Pending::decide(&claim, who, policy, Outcome::Canceled, Duration::ZERO, when, telling);
        self.hand.pending.push(pending);
        // They may have been waiting for this one to have its turn.
        self.capsules.tell_others(self.place, || Message::LookUp);
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
            let stepped = self.roster.change(number, |job| {
                let step = job.ending.advance(&job.performance);
                if let Step::Tell(cause, _) = step {
                    job.performance.cancel(cause);
                }
                if let Step::Drop(_) | Step::Settle = step {
                    job.slot.let_go();
                }
                job.due = match step {
                    Step::Tell(_, span) | Step::Drop(span) | Step::Listen(span) => Some(uptime.saturating_add(span)),
                    Step::Settle => None,
                };
                (job.due, Arc::clone(&job.performance))
            });
            // One that is not there was cut short before.
            let Some((due, performance)) = stepped else { continue };
            self.hand.deadlines.set(number, None, due);
            if due.is_none() {
                let canceled = performance.cause.get() == Some(&Cause::Canceled);
                still_runs(&performance, if canceled { "it was canceled" } else { "its time is over" });
                self.settle_gone(number);
            }
        }
    }

    /// Settles a job that nobody waits for any longer; what comes of it later changes nothing.
    fn settle_gone(&mut self, number: u64) {
        let Some(job) = self.roster.remove(number) else { return };
        job.slot.let_go();
        self.hand.deadlines.set(number, job.due, None);
        self.settle_performing(&job, job.performance.gone());
    }
}

/// Says that a job is settled although its code still runs, and what to do about it.
pub(super) fn still_runs(performance: &Performance, why: &str) {
    let (class, jid) = (performance.shown_class(), performance.jid.as_ref().map(Jid::as_str));
    let step = performance.kept.some().step;
    tracing::warn!(
        target: "sancho::job",
        class, jid, step = step.as_deref(), why,
        "the job is settled, but its code still runs: it does not await, where it could be dropped, nor end when cx.is_cancelled()"
    );
}
