//! How jobs end: done, cut short, or dropped; and what is settled then.

use std::collections::HashMap;
use std::time::Duration;

use sancho_core::{Claim, Jid, Outcome};

use super::{CANCEL_GRACE, Fetcher};
use crate::event::Event;
use crate::server::processor::policy_of;
use crate::server::roster::Performing;
use crate::server::settler::Pending;

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// A task came to its end; one that was cut short before is not on the roster, and was settled then.
    pub(super) fn finished(&mut self, number: u64, outcome: Outcome) {
        if let Some(job) = self.roster.remove(number) {
            self.settle_performing(&job, outcome);
        }
    }

    pub(super) fn settle_performing(&mut self, job: &Performing<S>, outcome: Outcome) {
        let policy = policy_of(job.entry.as_ref());
        let chance = (self.lease.now(), self.chance(&outcome));
        let elapsed = self.lease.uptime().saturating_sub(job.began);
        let who = (job.jid.clone(), job.class.clone());
        let pending = Pending::decide(&job.claim, who, &policy, outcome, elapsed, chance)
            .told(&self.processor.registry.handlers, &job.claim);
        self.count(job.wrapped.as_deref(), &pending);
        self.hand.pending.push(pending);
    }

    /// Counts an execution: whatever is counted as processed was one, and one that was cut short was none.
    pub(super) fn count(&self, wrapped: Option<&str>, pending: &Pending) {
        let class = wrapped.unwrap_or(pending.class());
        let counted = pending.settlement.transition.tally;
        if counted.failed > 0 && counted.processed > 0 {
            self.tally.add_failure(class);
        } else if counted.processed > 0 {
            self.tally.add_run(class, pending.elapsed());
        }
    }

    /// Chance for the rules: only a failure needs some, and drawing it is a call to the system.
    pub(super) fn chance(&self, outcome: &Outcome) -> f64 {
        if matches!(outcome, Outcome::Failed(_)) { self.entropy.next_unit() } else { 0.0 }
    }

    /// Returns a job that was not begun to the front of its queue.
    pub(super) fn give_back(&mut self, claim: &Claim, who: (Option<Jid>, String)) {
        let when = (self.lease.now(), 0.0);
        let policy = policy_of::<S>(None);
        self.hand.pending.push(Pending::decide(claim, who, &policy, Outcome::Interrupted, Duration::ZERO, when));
    }

    /// Drops every job in hand whose claim is not to be trusted: others may have it by now, and a late result would
    /// be refused. Jobs of the present incarnation stay, if that one is to be trusted.
    pub(super) fn drop_distrusted(&mut self) {
        let trusted = self.lease.is_trusted().then(|| self.lease.incarnation());
        for job in self.roster.take_all_but(trusted.as_ref()) {
            job.task.abort();
            let (jid, class) = (job.jid, job.class);
            self.events.tell(|| Event::ClaimLost { jid, class });
        }
        self.alone.drop_all_but(self.place, trusted.as_ref());
    }

    /// Cuts every running job short, and returns it to the front of its queue.
    pub(super) async fn interrupt_all(&mut self) {
        let waiting = self.alone.clear(self.place);
        let mut jobs = self.roster.clear();
        for job in &jobs {
            job.task.abort();
        }
        let ends = async {
            for job in &mut jobs {
                // Aborted or done: either way the task is over.
                _ = (&mut job.task).await;
            }
        };
        if tokio::time::timeout(CANCEL_GRACE, ends).await.is_err() {
            tracing::warn!("some jobs do not yield: they are returned to their queues though their code still runs");
        }
        let mut done: HashMap<u64, Outcome> = HashMap::new();
        while let Ok((number, outcome)) = self.hand.finished.1.try_recv() {
            done.insert(number, outcome);
        }
        for job in &jobs {
            let outcome = done.remove(&job.claim.receipt.number()).unwrap_or(Outcome::Interrupted);
            self.settle_performing(job, outcome);
        }
        for claim in waiting {
            let jid = claim.payload.envelope().ok().and_then(|e| e.jid().and_then(|jid| Jid::new(jid).ok()));
            self.give_back(&claim, (jid, String::new()));
        }
    }
}
