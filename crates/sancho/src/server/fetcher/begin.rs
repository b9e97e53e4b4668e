//! How claimed jobs begin: polled where they are, on a task, on a thread, alone, or not at all.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sancho_core::{Claim, Jid, Outcome, StoreError};

use super::{Fetcher, Message};
use crate::Runs;
use crate::event::Event;
use crate::server::alone::Alone;
use crate::server::processor::{Begun, Next, RunningJob, policy_of};
use crate::server::roster::Performing;
use crate::server::settler::Pending;

/// A job that took longer than this at its first poll is given a task of its own from then on: the loop that
/// claims for all must not wait for the code of one.
const POLL_BUDGET: Duration = Duration::from_micros(100);

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// Begins every claimed job, or puts it where it has to wait.
    pub(super) async fn start_all(&mut self, claims: Vec<Claim>) -> Result<(), StoreError> {
        let mut strangers = Vec::new();
        for claim in claims {
            if Alone::is_suspect(&claim, self.lease.now()) {
                self.alone.add(self.place, claim, self.lease.uptime());
            } else if let Some(stranger) = self.start(claim) {
                strangers.push(stranger);
            }
        }
        self.send_back(strangers).await
    }

    /// Starts a job; answers it with its class when the class is not known.
    fn start(&mut self, claim: Claim) -> Option<(Claim, Option<Jid>, String)> {
        let now = self.lease.now();
        let Begun { jid, class, wrapped, entry, next } = self.processor.begin(&claim, &self.hand.paused_classes, now);
        let began = self.lease.uptime();
        let outcome = match next {
            Next::Unknown => return Some((claim, jid, class)),
            Next::Over(outcome) => outcome,
            Next::Run(mut run) => {
                self.hand.unknown.known(&claim.queue);
                self.hand.come_round.worked();
                self.tell_performing(&claim, jid.as_ref(), &class);
                match self.poll_once(&class, &mut run) {
                    Poll::Ready(outcome) => outcome,
                    Poll::Pending => {
                        let task = self.spawn(claim.receipt.number(), run);
                        self.roster.add(Performing { claim, jid, class, wrapped, entry, since: now, began, task });
                        return None;
                    }
                }
            }
        };
        let policy = policy_of(entry.as_ref());
        let chance = (self.lease.now(), self.chance(&outcome));
        let elapsed = self.lease.uptime().saturating_sub(began);
        let pending = Pending::decide(&claim, (jid, class), &policy, outcome, elapsed, chance)
            .told(&self.processor.registry.handlers, &claim);
        self.count(wrapped.as_deref(), &pending);
        self.hand.pending.push(pending);
        None
    }

    fn tell_performing(&self, claim: &Claim, jid: Option<&Jid>, class: &str) {
        if let Some(jid) = jid {
            self.events.tell(|| Event::Performing {
                jid: jid.clone(),
                class: class.to_owned(),
                queue: claim.queue.clone(),
            });
        }
    }

    /// Polls a job once where it is: one that never waits needs no task. A class that once took its time there
    /// gets one from then on.
    fn poll_once(&mut self, class: &str, run: &mut RunningJob) -> Poll<Outcome> {
        if run.runs != Runs::Async || self.hand.slow.contains(class) {
            return Poll::Pending;
        }
        let before = self.lease.uptime();
        let polled = run.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if self.lease.uptime().saturating_sub(before) > POLL_BUDGET {
            self.hand.slow.insert(class.to_owned());
        }
        polled
    }

    fn spawn(&self, number: u64, run: RunningJob) -> tokio::task::JoinHandle<()> {
        let finished = self.hand.finished.0.clone();
        let lease = Arc::clone(&self.lease);
        let future = run.future;
        let perform = async move {
            // The process may have slept since the claim, before this task or thread had its turn: the fetcher drops
            // the job then, and others may have it already.
            if lease.is_trusted() {
                // The fetcher is there as long as jobs are; if it is not, nobody is left to tell.
                _ = finished.send((number, future.await));
            }
        };
        match run.runs {
            Runs::Async => tokio::spawn(perform),
            Runs::Blocking => {
                let runtime = tokio::runtime::Handle::current();
                tokio::task::spawn_blocking(move || runtime.block_on(perform))
            }
        }
    }

    /// Gives jobs of unknown classes back to their queues, or buries them when a day has passed.
    async fn send_back(&mut self, strangers: Vec<(Claim, Option<Jid>, String)>) -> Result<(), StoreError> {
        if strangers.is_empty() {
            return Ok(());
        }
        let now = self.lease.now();
        let met: Vec<_> = strangers.iter().map(|(claim, _, class)| (class.clone(), claim.queue.clone())).collect();
        // When it cannot be said how long the class has been met, the jobs go back as if it were new.
        let first_met = self.store.meet_unknown(&met, now).await.unwrap_or_else(|_| vec![now; met.len()]);
        for ((claim, jid, class), first_met) in strangers.into_iter().zip(first_met) {
            self.meet_unknown(&class, &claim);
            let outcome = Outcome::UnknownClass { first_met };
            let policy = policy_of::<S>(None);
            let pending = Pending::decide(&claim, (jid, class), &policy, outcome, Duration::ZERO, (now, 0.0));
            self.hand.pending.push(pending.told(&self.processor.registry.handlers, &claim));
        }
        Ok(())
    }

    fn meet_unknown(&mut self, class: &str, claim: &Claim) {
        let uptime = self.lease.uptime();
        self.hand.unknown.unknown(class, &claim.queue, uptime);
        self.capsule.met_unknown(class, &claim.queue, uptime);
        if self.burst.is_some() {
            self.hand.come_round.met(claim);
        }
    }

    /// Starts a job that is to run alone, once nothing else runs or it has waited long enough.
    pub(super) fn start_alone(&mut self) {
        let turn = self.alone.turn(self.place, self.is_quiet(), self.lease.uptime());
        if turn.tell_others {
            self.capsules.tell_others(self.place, || Message::LookUp);
        }
        if let Some(claim) = turn.start
            && let Some((claim, jid, class)) = self.start(claim)
        {
            self.meet_unknown(&class, &claim);
            self.give_back(&claim, (jid, class));
        }
    }
}
