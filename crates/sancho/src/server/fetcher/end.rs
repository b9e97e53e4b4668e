//! How jobs end: done, cut short, or dropped; and what is settled then.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use sancho_core::{Claim, Jid, Outcome, limits};

use super::Fetcher;
use super::cut::still_runs;
use crate::event::Event;
use crate::registry::Entry;
use crate::server::last_words::{self, Last};
use crate::server::line::Telling;
use crate::server::performance::Performance;
use crate::server::processor::policy_of;
use crate::server::roster::Performing;
use crate::server::settler::Pending;
use crate::server::slot::Report;

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// A slot told something; of a job that was settled before, it is not on the roster, and nothing comes of it.
    pub(super) fn heard(&mut self, number: u64, report: Report) {
        let answered = match report {
            Report::Began => return self.begin_timeout(number),
            Report::Over(outcome) => Some(outcome),
            // The heart drops the code of all jobs when claims are no longer trusted: others take these over.
            Report::Gone | Report::Spoken if !self.is_held(number) => return,
            Report::Spoken => return self.spoken(number),
            Report::Gone => None,
        };
        // Code that was settled although it ran may end while the job says its last words.
        if self.roster.change(number, |job| job.last.is_none()) == Some(true)
            && let Some(job) = self.roster.remove(number)
        {
            self.hand.deadlines.set(number, job.due, None);
            let outcome = job.ending.outcome(answered);
            self.end(job.performance, job.entry, outcome);
        }
    }

    /// Whether the claim with this number is one of the present incarnation, and trusted.
    fn is_held(&self, number: u64) -> bool {
        let incarnation = self.lease.incarnation();
        let is_of_it = self.roster.change(number, |job| *job.performance.claim.receipt.incarnation() == incarnation);
        is_of_it == Some(true) && self.lease.is_trusted()
    }

    /// A job's code is over: what came of it is settled, once the job has said its last words if it has any.
    pub(super) fn end(&mut self, performance: Arc<Performance>, entry: Option<Arc<Entry<S>>>, outcome: Outcome) {
        let last = self.last(&performance, entry.as_deref(), outcome);
        match entry {
            Some(entry) if last.ends_its_tries(&entry, &performance.claim) => self.hear_out(performance, entry, last),
            entry => self.settle(&performance, entry.as_ref(), last),
        }
    }

    /// What came of a job that has just come to its end.
    fn last(&self, performance: &Performance, entry: Option<&Entry<S>>, outcome: Outcome) -> Last {
        let outcome = last_words::resolved(outcome, entry, &performance.claim, self.lease.now());
        Last { outcome, elapsed: self.lease.uptime().saturating_sub(performance.began) }
    }

    pub(super) fn settle(&mut self, performance: &Performance, entry: Option<&Arc<Entry<S>>>, last: Last) {
        let Performance { claim, jid, class, wrapped, telling, .. } = performance;
        let Last { outcome, elapsed } = last;
        let policy = policy_of(entry);
        let chance = (self.lease.now(), self.chance(&outcome));
        let who = (jid.clone(), class.clone());
        let pending = Pending::decide(claim, who, &policy, outcome, elapsed, chance, *telling)
            .told(&self.processor.registry.handlers, claim);
        self.count(wrapped.as_deref(), &pending);
        self.hand.pending.push(pending);
    }

    /// The claim of a job that is off the roster is another's: its code ends here.
    pub(super) fn lose(&self, job: &Performing<S>) {
        job.performance.canceled.raise();
        job.slot.let_go();
        self.events
            .tell(|| Event::ClaimLost { jid: job.performance.jid.clone(), class: job.performance.class.clone() });
    }

    /// Keeps what jobs said last, for their next runs. What cannot be kept is lost with this run.
    async fn keep_all(&self, jobs: &[Performing<S>]) {
        let checkpoints: Vec<_> = jobs.iter().filter_map(|job| job.performance.checkpoint()).collect();
        if !checkpoints.is_empty()
            && let Err(error) = self.store.checkpoint(&checkpoints, self.lease.now()).await
        {
            tracing::warn!(%error, "could not keep the last progress of the jobs that are cut short");
        }
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
        let (outcome, telling) = (Outcome::Interrupted, Telling::default());
        self.hand.pending.push(Pending::decide(claim, who, &policy, outcome, Duration::ZERO, when, telling));
    }

    /// Drops every job in hand whose claim is not to be trusted: others may have it by now, and a late result would
    /// be refused. Jobs of the present incarnation stay, if that one is to be trusted.
    pub(super) fn drop_distrusted(&mut self) {
        let trusted = self.lease.is_trusted().then(|| self.lease.incarnation());
        for job in self.roster.take_all_but(trusted.as_ref()) {
            self.lose(&job);
        }
        self.hand.alone.drop_all_but(trusted.as_ref());
    }

    /// Cuts every running job short, and returns it to the front of its queue.
    pub(super) async fn interrupt_all(&mut self) {
        let waiting = self.hand.alone.clear();
        let jobs = self.roster.clear();
        // They are not told that they are canceled: one that then ended early, as if it were done, would not run again.
        for job in &jobs {
            job.slot.let_go();
        }
        let mut running: HashSet<u64> = jobs.iter().map(|job| job.performance.claim.receipt.number()).collect();
        let mut answered: HashMap<u64, Outcome> = HashMap::new();
        let mut spoken: HashSet<u64> = HashSet::new();
        let ends = async {
            while !running.is_empty()
                && let Some((number, report)) = self.hand.reports.1.recv().await
            {
                match report {
                    Report::Began => continue,
                    Report::Over(outcome) => _ = answered.insert(number, outcome),
                    Report::Spoken => _ = spoken.insert(number),
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
        self.keep_all(&jobs).await;
        for job in jobs {
            let number = job.performance.claim.receipt.number();
            let answered = answered.remove(&number);
            let is_cut = answered.is_none() && job.ending.cause().is_none();
            let last = match job.last {
                Some(last) if spoken.contains(&number) => last,
                Some(last) => Last { outcome: Outcome::Interrupted, ..last },
                None => {
                    let outcome = if is_cut { Outcome::Interrupted } else { job.ending.outcome(answered) };
                    let last = self.last(&job.performance, job.entry.as_deref(), outcome);
                    // There is no time for last words: the job is performed again, and says them then.
                    let is_end = job.entry.as_ref().is_some_and(|e| last.ends_its_tries(e, &job.performance.claim));
                    if is_end { Last { outcome: Outcome::Interrupted, ..last } } else { last }
                }
            };
            self.settle(&job.performance, job.entry.as_ref(), last);
        }
        for claim in waiting {
            let jid = claim.payload.envelope().ok().and_then(|e| e.jid().and_then(|jid| Jid::new(jid).ok()));
            self.give_back(&claim, (jid, String::new()));
        }
    }
}
