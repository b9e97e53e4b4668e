//! How claimed jobs begin: polled where they are, on a task, on a thread, alone, or not at all.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sancho_core::{Claim, Envelope, Jid, Outcome, StoreError, Timestamp};

use super::manners::Manner;
use super::{Fetcher, Message};
use crate::Runs;
use crate::event::Event;
use crate::registry::Entry;
use crate::server::alone::Alone;
use crate::server::ending::Ending;
use crate::server::line::{self, Telling};
use crate::server::performance::Performance;
use crate::server::processor::{Begun, Next, RunningJob, policy_of};
use crate::server::roster::Performing;
use crate::server::settler::Pending;
use crate::server::slot::{Reporter, Slot};

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// Begins every claimed job, or puts it where it has to wait.
    pub(super) async fn start_all(&mut self, claims: Vec<Claim>) -> Result<(), StoreError> {
        let mut strangers = Vec::new();
        for claim in claims {
            let payload = claim.payload.clone();
            let (envelope, moment) = (payload.envelope().ok(), self.lease.moment());
            if envelope.as_ref().is_some_and(|envelope| Alone::is_suspect(envelope, moment.0)) {
                self.alone.add(self.place, claim, moment.1);
            } else if let Some(stranger) = self.start(claim, envelope, moment) {
                strangers.push(stranger);
            }
        }
        self.send_back(strangers).await
    }

    /// Starts a job, whose envelope could be read or not; answers it with its class when the class is not known.
    fn start(
        &mut self,
        claim: Claim,
        envelope: Option<Envelope<'_>>,
        (now, uptime): (Timestamp, Duration),
    ) -> Option<(Claim, Option<Jid>, String)> {
        let Begun { jid, class, wrapped, entry, next } =
            self.processor.begin(&claim, envelope, &self.hand.paused_classes, (now, uptime));
        let (outcome, ended) = match next {
            Next::Unknown => return Some((claim, jid, class)),
            Next::Over(outcome) => (outcome, uptime),
            Next::Run(mut run) => {
                self.hand.unknown.known(&claim.queue);
                self.hand.come_round.worked();
                self.tell_performing(&run.performance);
                match self.poll_once(&mut run) {
                    Poll::Ready(ended) => ended,
                    Poll::Pending => {
                        self.give_slot(run, entry);
                        return None;
                    }
                }
            }
        };
        let policy = policy_of(entry.as_ref());
        let elapsed = ended.saturating_sub(uptime);
        let when = (now + elapsed, self.chance(&outcome));
        let telling = self.processor.telling(entry.as_ref());
        let pending = Pending::decide(&claim, (jid, class), &policy, outcome, elapsed, when, telling)
            .told(&self.processor.registry.handlers, &claim);
        self.count(wrapped.as_deref(), &pending);
        self.hand.pending.push(pending);
        None
    }

    fn tell_performing(&self, performance: &Performance) {
        let Performance { claim, jid, class, telling, .. } = performance;
        line::start(*telling, &claim.payload, class, jid.as_ref(), &claim.queue);
        if let Some(jid) = jid {
            self.events.tell(|| Event::Performing {
                jid: jid.clone(),
                class: class.clone(),
                queue: claim.queue.clone(),
            });
        }
    }

    /// Polls a job once where it is: one that never waits needs no task. Its outcome, and the uptime then.
    fn poll_once(&mut self, run: &mut RunningJob) -> Poll<(Outcome, Duration)> {
        let performance = &run.performance;
        if performance.runs != Runs::Async {
            return Poll::Pending;
        }
        match self.hand.manners.of(&performance.class) {
            Some(Manner::Quick) => {}
            Some(Manner::Slow) => {
                self.hand.manners.passed_over(&performance.class);
                return Poll::Pending;
            }
            None => return Poll::Pending,
        }
        let before = self.lease.uptime();
        self.roster.take_at_hand(Some(performance));
        let polled = run.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.roster.take_at_hand(None);
        let after = self.lease.uptime();
        self.hand.manners.learn(&performance.class, after.saturating_sub(before));
        polled.map(|outcome| (outcome, after))
    }

    /// Gives a job a task or a thread, and puts it on the roster.
    fn give_slot(&mut self, run: RunningJob, entry: Option<Arc<Entry<S>>>) {
        let performance = Arc::clone(&run.performance);
        let number = performance.claim.receipt.number();
        let slot = self.spawn(number, run);
        // One that blocks may have to wait for its thread: its time begins when that does.
        let due = performance.timeout.filter(|_| performance.runs == Runs::Async);
        let due = due.map(|limit| performance.began.saturating_add(limit));
        self.hand.deadlines.set(number, None, due);
        self.roster.add(Performing { performance, entry, slot, ending: Ending::No, due });
    }

    fn spawn(&self, number: u64, run: RunningJob) -> Slot {
        let reporter = Reporter::new(number, self.hand.reports.0.clone());
        let lease = Arc::clone(&self.lease);
        let RunningJob { mut future, performance } = run;
        match performance.runs {
            Runs::Async => {
                let is_tried_out = self.hand.manners.of(&performance.class).is_none();
                let task = tokio::spawn(async move {
                    // The process may have slept since the claim, before this task had its turn: the fetcher drops the
                    // job then, and others may have it already.
                    if !lease.is_trusted() {
                        return;
                    }
                    if is_tried_out {
                        let before = lease.uptime();
                        let polled = std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
                        reporter.came_back(lease.uptime().saturating_sub(before));
                        if let Poll::Ready(outcome) = polled {
                            return reporter.over(outcome);
                        }
                    }
                    reporter.over(future.await);
                });
                Slot::Task(task.abort_handle())
            }
            Runs::Blocking => {
                let runtime = tokio::runtime::Handle::current();
                let for_thread = Arc::clone(&performance);
                self.blocking.give(move |seat| {
                    if lease.is_trusted() && for_thread.begins() {
                        // Nobody else sets it.
                        _ = for_thread.seat.set(Arc::clone(seat));
                        reporter.began();
                        runtime.block_on(unless_dropped(future, &for_thread, reporter));
                    }
                });
                Slot::Thread(performance)
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
            let (who, when, telling) = ((jid, class), (now, 0.0), Telling::default());
            let pending = Pending::decide(&claim, who, &policy, outcome, Duration::ZERO, when, telling);
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
        let Some(claim) = turn.start else { return };
        let payload = claim.payload.clone();
        if let Some((claim, jid, class)) = self.start(claim, payload.envelope().ok(), self.lease.moment()) {
            self.meet_unknown(&class, &claim);
            self.give_back(&claim, (jid, class));
        }
    }
}

/// A blocking job's code, dropped where it waits if it is to be.
async fn unless_dropped(code: impl Future<Output = Outcome>, performance: &Performance, reporter: Reporter) {
    tokio::select! {
        biased;
        outcome = code => reporter.over(outcome),
        () = performance.dropped.wait() => {}
    }
}
