//! How claimed jobs begin: polled where they are, on a task, on a thread, alone, or not at all.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sancho_core::{Claim, Envelope, Outcome, StoreError, Timestamp};

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
use crate::server::settler::{Pending, Who};
use crate::server::slot::{Reporter, Slot};

/// A job of a class that is not known here.
type Stranger = (Claim, Who);

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// Begins every claimed job, or puts it where it has to wait.
    pub(super) async fn start_all(&mut self, claims: Vec<Claim>) -> Result<(), StoreError> {
        let mut strangers = Vec::new();
        let mut moment = self.lease.moment();
        for claim in claims {
            let payload = claim.payload.clone();
            let envelope = payload.envelope().ok();
            if envelope.as_ref().is_some_and(|envelope| Alone::is_suspect(envelope, moment.0)) {
                self.alone.add(self.place, claim, moment.1);
            } else if let Some(stranger) = self.start(claim, envelope.as_ref(), &mut moment) {
                strangers.push(stranger);
            }
        }
        self.roster.take_at_hand(None);
        self.send_back(strangers).await
    }

    /// Starts a job, whose envelope could be read or not; answers it when its class is not known. The moment is the
    /// store's time and the uptime, and goes on with the job: a clock is read once for each.
    fn start(
        &mut self,
        claim: Claim,
        envelope: Option<&Envelope<'_>>,
        moment: &mut (Timestamp, Duration),
    ) -> Option<Stranger> {
        let (now, uptime) = *moment;
        let Begun { jid, class, wrapped, entry, next } =
            self.processor.begin(&claim, envelope, &self.hand.paused_classes, (now, uptime));
        let (outcome, ended) = match next {
            Next::Unknown => return Some((claim, (jid, class))),
            Next::Over(outcome) => (outcome, uptime),
            Next::Run(mut run) => {
                self.hand.unknown.known(&claim.queue);
                self.hand.come_round.worked();
                self.tell_performing(&run.performance);
                match self.poll_once(&mut run, uptime) {
                    Poll::Ready(ended) => ended,
                    Poll::Pending => {
                        self.give_slot(run, entry);
                        *moment = self.lease.moment();
                        return None;
                    }
                }
            }
        };
        let policy = policy_of(entry.as_ref());
        let elapsed = ended.saturating_sub(uptime);
        *moment = (now + elapsed, ended);
        let when = (moment.0, self.chance(&outcome));
        let telling = self.processor.telling(entry.as_ref());
        let pending = Pending::decide(&claim, (jid, class), policy, outcome, elapsed, when, telling)
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
                class: class.to_string(),
                queue: claim.queue.clone(),
            });
        }
    }

    /// Polls a job once where it is: one that never waits needs no task. Its outcome, and the uptime then.
    ///
    /// To read its arguments counts as its doing: that holds up the loop, too.
    fn poll_once(&mut self, run: &mut RunningJob, before: Duration) -> Poll<(Outcome, Duration)> {
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
        self.roster.take_at_hand(Some(performance));
        let polled = run.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
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
    async fn send_back(&mut self, strangers: Vec<Stranger>) -> Result<(), StoreError> {
        if strangers.is_empty() {
            return Ok(());
        }
        let now = self.lease.now();
        let met: Vec<_> = strangers.iter().map(|(claim, who)| (who.1.to_string(), claim.queue.clone())).collect();
        // When it cannot be said how long the class has been met, the jobs go back as if it were new.
        let meeting = self.store.meet_unknown(&met, now);
        let first_met = self.hand.rounds.meanwhile(meeting).await.unwrap_or_else(|_| vec![now; met.len()]);
        for ((claim, who), first_met) in strangers.into_iter().zip(first_met) {
            self.meet_unknown(&who.1, &claim);
            let outcome = Outcome::UnknownClass { first_met };
            let policy = policy_of::<S>(None);
            let (when, telling) = ((now, 0.0), Telling::default());
            let pending = Pending::decide(&claim, who, policy, outcome, Duration::ZERO, when, telling);
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
        let stranger = self.start(claim, payload.envelope().ok().as_ref(), &mut self.lease.moment());
        self.roster.take_at_hand(None);
        if let Some((claim, who)) = stranger {
            self.meet_unknown(&who.1, &claim);
            self.give_back(&claim, who);
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
