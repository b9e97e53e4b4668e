//! The loop that claims jobs, starts them, and settles what came of them: one exchange with the store a round.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sancho_core::claim::{Fill, Repeated};
use sancho_core::{
    Claim, ClaimRequest, Entropy, Interest, Jid, Mark, Outcome, Receipt, Source, Standing, Store, StoreError, limits,
};
use tokio::sync::{mpsc, watch};

use crate::Runs;
use crate::event::{Event, Events};
use crate::server::alone::Alone;
use crate::server::config::Config;
use crate::server::lease::Lease;
use crate::server::outage::Outage;
use crate::server::phase::Phase;
use crate::server::processor::{Begun, Next, Processor, RunningJob, policy_of};
use crate::server::roster::{Performing, Roster};
use crate::server::settler::Pending;
use crate::server::unknown::UnknownClasses;

/// A job that took longer than this at its first poll is given a task of its own from then on: the loop that
/// claims for all must not wait for the code of one.
const POLL_BUDGET: Duration = Duration::from_micros(100);

/// How long canceled tasks have to come to their end before their jobs are given back all the same.
const CANCEL_GRACE: Duration = Duration::from_secs(3);

/// What other loops tell the fetcher.
pub(crate) enum Message {
    /// Cancel the job with this id, if it runs here.
    Cancel(Jid),
    /// These claims are no longer held.
    Lost(Vec<Receipt>),
    /// The claims of this process are no longer to be trusted.
    Distrust,
    /// The process has a standing again.
    BeganAnew,
    /// Jobs of these classes are held.
    PausedClasses(Vec<String>),
    /// Settle these too.
    Settle(Vec<Pending>),
}

/// The loop's state: what it holds, and what it heard.
pub(crate) struct Fetcher<S> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lease: Arc<Lease>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) events: Events,
    pub(crate) config: Arc<Config>,
    pub(crate) processor: Processor<S>,
    pub(crate) roster: Arc<Roster<S>>,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) messages: mpsc::UnboundedReceiver<Message>,
    pub(crate) hand: Hand,
}

/// What is in the fetcher's own hand.
pub(crate) struct Hand {
    finished: (mpsc::UnboundedSender<(u64, Outcome)>, mpsc::UnboundedReceiver<(u64, Outcome)>),
    pending: Vec<Pending>,
    /// A claim request whose outcome is unknown.
    unresolved: Option<ClaimRequest>,
    outage: Outage,
    unknown: UnknownClasses,
    alone: Alone,
    slow: HashSet<String>,
    paused_classes: Vec<String>,
}

impl Hand {
    pub(crate) fn new() -> Self {
        Hand {
            finished: mpsc::unbounded_channel(),
            pending: Vec::new(),
            unresolved: None,
            outage: Outage::default(),
            unknown: UnknownClasses::default(),
            alone: Alone::default(),
            slow: HashSet::new(),
            paused_classes: Vec::new(),
        }
    }
}

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// Claims, performs and settles until the server is quiet or stopping and nothing is in its hands.
    pub(crate) async fn run(mut self) {
        loop {
            let mark = self.store.mark();
            self.collect();
            self.start_alone();
            if self.is_past_deadline() {
                self.interrupt_all().await;
            }
            if self.is_over() {
                return;
            }
            match self.round().await {
                Ok(Round::Full) => tokio::task::yield_now().await,
                Ok(Round::Idle) => self.idle(mark).await,
                Err(error) => self.endure(&error).await,
            }
        }
    }

    /// Takes in what has finished and what was said, without waiting.
    fn collect(&mut self) {
        while let Ok((number, outcome)) = self.hand.finished.1.try_recv() {
            self.finished(number, outcome);
        }
        while let Ok(message) = self.messages.try_recv() {
            self.hear(message);
        }
        if !self.lease.is_trusted() {
            self.drop_all();
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Cancel(jid) => {
                if let Some(job) = self.roster.find(&jid).and_then(|number| self.roster.remove(number)) {
                    job.task.abort();
                    self.settle_performing(&job, Outcome::Canceled);
                }
            }
            Message::Lost(receipts) => {
                for receipt in receipts {
                    let job = self.roster.find_receipt(&receipt).and_then(|number| self.roster.remove(number));
                    if let Some(job) = job {
                        job.task.abort();
                        let (jid, class) = (job.jid, job.class);
                        tracing::warn!(?jid, class, "the claim was lost: others have the job, so it ends here");
                        self.events.tell(|| Event::ClaimLost { jid, class });
                    }
                }
            }
            Message::Distrust => self.drop_all(),
            // An unresolved claim was of the old incarnation: whoever takes over has its jobs.
            Message::BeganAnew => self.hand.unresolved = None,
            Message::PausedClasses(classes) => self.hand.paused_classes = classes,
            Message::Settle(pending) => self.hand.pending.extend(pending),
        }
    }

    /// One exchange with the store: settles what is pending, claims for the free slots, starts what was claimed.
    async fn round(&mut self) -> Result<Round, StoreError> {
        let request = self.request();
        let wanted = request.as_ref().map_or(0, |request| request.limit);
        if self.hand.pending.is_empty() && request.is_none() {
            return Ok(Round::Idle);
        }
        let batch = self.hand.pending.len().min(limits::JOBS_PER_CLAIM_MAX);
        let settlements: Vec<_> = self.hand.pending[..batch].iter().map(|pending| pending.settlement.clone()).collect();
        // Until it is known what came of the request, a repetition asks for the same claims.
        self.hand.unresolved = request.clone().map(|request| ClaimRequest { repeated: Repeated::Yes, ..request });
        let exchanged = self.store.exchange(&settlements, request.as_ref(), self.lease.now()).await?;
        self.hand.unresolved = None;
        self.hand.outage.over(self.lease.uptime(), &self.events);
        for (pending, answer) in self.hand.pending.drain(..batch).zip(exchanged.answers) {
            pending.answered(answer, &self.events);
        }
        if exchanged.standing == Standing::Lost {
            // The heart hears the same at its next beat, and begins anew; until then nothing can be claimed.
            self.drop_all();
            return Ok(Round::Idle);
        }
        let claimed = exchanged.claims.len();
        self.start_all(exchanged.claims).await?;
        let more = claimed > 0 && claimed == wanted;
        Ok(if more || !self.hand.pending.is_empty() { Round::Full } else { Round::Idle })
    }

    /// What to ask for: as many jobs as there are free slots, from the queues that may be asked.
    fn request(&mut self) -> Option<ClaimRequest> {
        if !self.lease.is_trusted() {
            return None;
        }
        // Even a quiet server asks again: jobs that it may have claimed must not wait for its lease to end.
        if let Some(request) = self.hand.unresolved.take() {
            return Some(request);
        }
        if *self.phase.borrow() != Phase::Serving || self.hand.alone.keeps_others_away(self.lease.uptime()) {
            return None;
        }
        let limit = self.config.slots.saturating_sub(self.roster.len());
        let uptime = self.lease.uptime();
        let allowed = self.config.queues.iter().filter(|queue| self.hand.unknown.allows(queue, uptime));
        let sources: Vec<_> = allowed.map(|queue| Source { queue: queue.clone(), quota: 0 }).collect();
        if limit == 0 || sources.is_empty() {
            return None;
        }
        Some(ClaimRequest {
            incarnation: self.lease.incarnation(),
            first_number: self.lease.numbers(limit),
            repeated: Repeated::No,
            sources,
            fill: Fill::InOrder,
            limit,
        })
    }

    async fn start_all(&mut self, claims: Vec<Claim>) -> Result<(), StoreError> {
        let mut strangers = Vec::new();
        for claim in claims {
            if Alone::is_suspect(&claim, self.lease.now()) {
                self.hand.alone.add(claim, self.lease.uptime());
            } else if let Some(stranger) = self.start(claim) {
                strangers.push(stranger);
            }
        }
        self.send_back(strangers).await
    }

    /// Starts a job; answers it with its class when the class is not known.
    fn start(&mut self, claim: Claim) -> Option<(Claim, Option<Jid>, String)> {
        let now = self.lease.now();
        let Begun { jid, class, entry, next } = self.processor.begin(&claim, &self.hand.paused_classes, now);
        let began = self.lease.uptime();
        let outcome = match next {
            Next::Unknown => return Some((claim, jid, class)),
            Next::Over(outcome) => outcome,
            Next::Run(mut run) => {
                self.hand.unknown.known(&claim.queue);
                self.tell_performing(&claim, jid.as_ref(), &class);
                match self.poll_once(&class, &mut run) {
                    Poll::Ready(outcome) => outcome,
                    Poll::Pending => {
                        let task = self.spawn(claim.receipt.number(), run);
                        self.roster.add(Performing { claim, jid, class, entry, since: now, began, task });
                        return None;
                    }
                }
            }
        };
        let policy = policy_of(entry.as_ref());
        let chance = (self.lease.now(), self.entropy.next_unit());
        let outcome = backed_off(outcome, entry.as_deref(), &claim);
        let elapsed = self.lease.uptime().saturating_sub(began);
        self.hand.pending.push(Pending::decide(&claim, (jid, class), &policy, outcome, elapsed, chance));
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
        let future = run.future;
        match run.runs {
            Runs::Async => tokio::spawn(async move {
                // The fetcher is there as long as jobs are; if it is not, nobody is left to tell.
                _ = finished.send((number, future.await));
            }),
            Runs::Blocking => {
                let runtime = tokio::runtime::Handle::current();
                tokio::task::spawn_blocking(move || _ = finished.send((number, runtime.block_on(future))))
            }
        }
    }

    /// A task came to its end; one that was cut short before is not on the roster, and was settled then.
    fn finished(&mut self, number: u64, outcome: Outcome) {
        if let Some(job) = self.roster.remove(number) {
            self.settle_performing(&job, outcome);
        }
    }

    fn settle_performing(&mut self, job: &Performing<S>, outcome: Outcome) {
        let policy = policy_of(job.entry.as_ref());
        let chance = (self.lease.now(), self.entropy.next_unit());
        let elapsed = self.lease.uptime().saturating_sub(job.began);
        let outcome = backed_off(outcome, job.entry.as_deref(), &job.claim);
        let who = (job.jid.clone(), job.class.clone());
        self.hand.pending.push(Pending::decide(&job.claim, who, &policy, outcome, elapsed, chance));
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
            self.hand.unknown.unknown(&class, &claim.queue, self.lease.uptime());
            let outcome = Outcome::UnknownClass { first_met };
            let policy = policy_of::<S>(None);
            self.hand.pending.push(Pending::decide(&claim, (jid, class), &policy, outcome, Duration::ZERO, (now, 0.0)));
        }
        Ok(())
    }

    /// Starts a job that is to run alone, once nothing else runs or it has waited long enough.
    fn start_alone(&mut self) {
        let quiet = self.is_quiet();
        if let Some(claim) = self.hand.alone.next(quiet, self.lease.uptime())
            && let Some((claim, jid, class)) = self.start(claim)
        {
            self.hand.unknown.unknown(&class, &claim.queue, self.lease.uptime());
            self.give_back(&claim, (jid, class));
        }
    }

    /// Whether no job runs, and nothing is left to settle.
    fn is_quiet(&self) -> bool {
        self.roster.len() == 0 && self.hand.pending.is_empty()
    }

    /// Returns a job that was not begun to the front of its queue.
    fn give_back(&mut self, claim: &Claim, who: (Option<Jid>, String)) {
        let when = (self.lease.now(), 0.0);
        let policy = policy_of::<S>(None);
        self.hand.pending.push(Pending::decide(claim, who, &policy, Outcome::Interrupted, Duration::ZERO, when));
    }

    /// Waits until there is something to do.
    async fn idle(&mut self, mark: Mark) {
        if self.is_quiet() && self.hand.alone.is_engaged() {
            return;
        }
        let serving = *self.phase.borrow() == Phase::Serving;
        let uptime = self.lease.uptime();
        let free = self.roster.len() < self.config.slots && !self.hand.alone.keeps_others_away(uptime);
        let asks = serving && free && self.lease.is_trusted();
        let interest = Interest::Ready(self.config.queues.clone());
        let nap = self.nap(uptime);
        let store = Arc::clone(&self.store);
        tokio::select! {
            biased;
            Some((number, outcome)) = self.hand.finished.1.recv() => self.finished(number, outcome),
            Some(message) = self.messages.recv() => self.hear(message),
            _ = self.phase.changed() => {}
            () = store.wait(&interest, mark), if asks => {}
            () = tokio::time::sleep(nap) => {}
        }
    }

    /// How long to sleep at most: polling alone is enough for correctness, and a deadline must not be slept over.
    fn nap(&self, uptime: Duration) -> Duration {
        let spread = limits::POLL_EVERY.mul_f64(0.75 + self.entropy.next_unit() / 2.0);
        let mut nap = spread;
        if let Phase::Stopping { deadline } = *self.phase.borrow() {
            nap = nap.min(deadline.saturating_sub(uptime));
        }
        if let Some(retry) = self.hand.unknown.next_in(uptime) {
            nap = nap.min(retry);
        }
        nap
    }

    /// Waits a while after a failed move; a stop cuts the wait short.
    async fn endure(&mut self, error: &StoreError) {
        let wait = self.hand.outage.failed(error, self.lease.uptime(), &*self.entropy, &self.events);
        let wait = wait.min(self.nap(self.lease.uptime()).max(Duration::from_millis(10)));
        tokio::time::sleep(wait).await;
    }

    /// Drops every job in hand: others may have them by now, and late results would be refused.
    fn drop_all(&mut self) {
        for job in self.roster.clear() {
            job.task.abort();
            let (jid, class) = (job.jid, job.class);
            self.events.tell(|| Event::ClaimLost { jid, class });
        }
        self.hand.alone.clear();
    }

    fn is_past_deadline(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Stopping { deadline } if deadline <= self.lease.uptime())
    }

    /// Cuts every running job short, and returns it to the front of its queue.
    async fn interrupt_all(&mut self) {
        let waiting: VecDeque<Claim> = self.hand.alone.clear();
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
        let mut done: std::collections::HashMap<u64, Outcome> = std::collections::HashMap::new();
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

    /// Whether the loop may end: the server is stopping, and nothing is in its hands that the store does not have.
    fn is_over(&self) -> bool {
        let Phase::Stopping { deadline } = *self.phase.borrow() else { return false };
        let empty = self.roster.len() == 0 && self.hand.alone.is_empty();
        if empty && self.hand.pending.is_empty() && self.hand.unresolved.is_none() {
            return true;
        }
        // A store that stays away must not keep the process: others take the claims over when the lease ends.
        empty && self.lease.uptime() > deadline + CANCEL_GRACE
    }
}

/// What a round found.
enum Round {
    /// There may be more to do at once.
    Full,
    /// There is nothing to do until something happens.
    Idle,
}

/// A failure with what the class's own function says about it.
fn backed_off<S: Send + Sync + 'static>(
    outcome: Outcome,
    entry: Option<&crate::registry::Entry<S>>,
    claim: &Claim,
) -> Outcome {
    match (outcome, entry) {
        (Outcome::Failed(mut failure), Some(entry)) => {
            let count = claim.payload.envelope().ok().and_then(|envelope| envelope.retry_count());
            failure.backoff = entry.backoff(count.map_or(0, |count| count.saturating_add(1)), &failure);
            Outcome::Failed(failure)
        }
        (outcome, _) => outcome,
    }
}
