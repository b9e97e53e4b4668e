//! How jobs end: done, cut short, or dropped; and what is settled then.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use sancho_core::{Claim, Jid, Outcome, Store, Timestamp, limits};

use super::Fetcher;
use super::cut::still_runs;
use crate::event::Event;
use crate::server::last_words;
use crate::server::line::Telling;
use crate::server::performance::Performance;
use crate::server::processor::policy_of;
use crate::server::roster::Performing;
use crate::server::settler::{Pending, Who};
use crate::server::slot::Report;

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// A slot told something; of a job that was settled before, it is not on the roster, and nothing comes of it.
    pub(super) fn heard(&mut self, number: u64, report: Report) {
        let answered = match report {
            Report::Began => return self.begin_timeout(number),
            Report::CameBack(after) => {
                let manners = &mut self.hand.manners;
                self.roster.change(number, |job| manners.learn(&job.performance.class, after));
                return;
            }
            Report::Over(outcome) => Some(outcome),
            // The heart drops the code of all jobs when claims are no longer trusted: others take these over.
            Report::Gone if !self.is_held(number) => return,
            Report::Gone => None,
        };
        if let Some(job) = self.roster.remove(number) {
            self.hand.deadlines.set(number, job.due, None);
            let outcome = answered.unwrap_or_else(|| job.performance.gone());
            self.settle_performing(&job, outcome);
        }
    }

    /// Whether the claim with this number is one of the present incarnation, and trusted.
    fn is_held(&self, number: u64) -> bool {
        let incarnation = self.lease.incarnation();
        let is_of_it = self.roster.change(number, |job| *job.performance.claim.receipt.incarnation() == incarnation);
        is_of_it == Some(true) && self.lease.is_trusted()
    }

    pub(super) fn settle_performing(&mut self, job: &Performing<S>, outcome: Outcome) {
        let Performance { claim, jid, class, wrapped, began, telling, .. } = &*job.performance;
        let policy = policy_of(job.entry.as_ref());
        let outcome = match (&outcome, &job.entry) {
            // One that the job's own code could not date: it is gone, or does not answer.
            (Outcome::Failed(failure), Some(entry)) if failure.at.is_none() => {
                last_words::dated(outcome, entry, &claim.payload, || self.lease.now())
            }
            _ => outcome,
        };
        let chance = (self.lease.now(), self.chance(&outcome));
        let elapsed = self.lease.uptime().saturating_sub(*began);
        let who = (jid.clone(), Arc::clone(class));
        let pending = Pending::decide(claim, who, policy, outcome, elapsed, chance, *telling)
            .told(&self.processor.registry.handlers, claim);
        self.count(wrapped.as_deref(), &pending);
        self.hand.pending.push(pending);
    }

    /// The claim of a job that is off the roster is another's: its code ends here.
    pub(super) fn lose(&self, job: &Performing<S>) {
        job.performance.canceled.raise();
        job.slot.let_go();
        self.events
            .tell(|| Event::ClaimLost { jid: job.performance.jid.clone(), class: job.performance.class.to_string() });
    }

    /// Counts an execution: whatever is counted as processed was one, and one that was cut short was none.
    pub(super) fn count(&self, wrapped: Option<&str>, pending: &Pending) {
        let class = wrapped.unwrap_or(pending.class());
        let counted = pending.settlement.transition.tally;
        if counted.failed > 0 && counted.processed > 0 {
            self.tally.add_failure(class, pending.queue());
        } else if counted.processed > 0 {
            self.tally.add_run(class, pending.queue(), pending.elapsed());
        }
    }

    /// Chance for the rules: only a failure needs some, and drawing it is a call to the system.
    pub(super) fn chance(&self, outcome: &Outcome) -> f64 {
        if matches!(outcome, Outcome::Failed(_)) { self.entropy.next_unit() } else { 0.0 }
    }

    /// Returns a job that was not begun to the front of its queue.
    pub(super) fn give_back(&mut self, claim: &Claim, who: Who) {
        let when = (self.lease.now(), 0.0);
        let policy = policy_of::<S>(None);
        let (outcome, telling) = (Outcome::Interrupted, Telling::default());
        self.hand.pending.push(Pending::decide(claim, who, policy, outcome, Duration::ZERO, when, telling));
    }

    /// Drops every job in hand whose claim is not to be trusted: others may have it by now, and a late result would
    /// be refused. Jobs of the present incarnation stay, if that one is to be trusted.
    pub(super) fn drop_distrusted(&mut self) {
        let trusted = self.lease.is_trusted().then(|| self.lease.incarnation());
        for job in self.roster.take_all_but(trusted.as_ref()) {
            self.lose(&job);
        }
        self.alone.drop_all_but(self.place, trusted.as_ref());
    }

    /// Cuts every running job short, and returns it to the front of its queue.
    pub(super) async fn interrupt_all(&mut self) {
        let waiting = self.alone.clear(self.place);
        let jobs = self.roster.clear();
        let begun = jobs.iter().filter(|job| !job.performance.never_begins());
        let mut running: HashSet<u64> = begun.map(|job| job.performance.claim.receipt.number()).collect();
        // They are not told that they are canceled: one that then ended early, as if it were done, would not run again.
        for job in &jobs {
            job.slot.let_go();
        }
        let mut answered: HashMap<u64, Outcome> = HashMap::new();
        let ends = async {
            while !running.is_empty()
                && let Some((number, report)) = self.hand.reports.1.recv().await
            {
                match report {
                    Report::Began | Report::CameBack(_) => continue,
                    Report::Over(outcome) => _ = answered.insert(number, outcome),
                    Report::Gone => {}
                }
                running.remove(&number);
            }
        };
        // Aborted or done: either way the code is gone.
        if tokio::time::timeout(limits::DROP_WITHIN, ends).await.is_err() {
            for job in jobs.iter().filter(|job| running.contains(&job.performance.claim.receipt.number())) {
                still_runs(&job.performance, "the server stops");
            }
        }
        self.hand.rounds.meanwhile(keep_all(&*self.store, &jobs, self.lease.now())).await;
        for job in &jobs {
            let answered = answered.remove(&job.performance.claim.receipt.number());
            let cause = job.performance.cause.get();
            let cut = || if cause.is_some() { job.performance.gone() } else { Outcome::Interrupted };
            self.settle_performing(job, answered.unwrap_or_else(cut));
        }
        for claim in waiting {
            let jid = claim.payload.envelope().ok().and_then(|e| e.jid().and_then(|jid| Jid::new(jid).ok()));
            self.give_back(&claim, (jid, Arc::default()));
        }
    }
}

/// Keeps what jobs said last, for their next runs. What cannot be kept is lost with this run.
async fn keep_all<S>(store: &dyn Store, jobs: &[Performing<S>], now: Timestamp) {
    let checkpoints: Vec<_> = jobs.iter().filter_map(|job| job.performance.checkpoint()).collect();
    if checkpoints.is_empty() {
        return;
    }
    // A store that does not answer must not hold up the stop.
    let kept = tokio::time::timeout(limits::DROP_WITHIN, store.checkpoint(&checkpoints, now)).await;
    if !matches!(kept, Ok(Ok(_))) {
        let jobs = checkpoints.len();
        tracing::warn!(jobs, "could not keep the last progress of the jobs that are cut short");
    }
}
