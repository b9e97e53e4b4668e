//! The loop of a capsule that claims jobs, starts them, and settles what came of them: one exchange with the store a round.

mod begin;
mod cut;
mod end;
mod manners;
mod stuck;

use std::sync::Arc;
use std::time::Duration;

use sancho_core::claim::{Fill, Repeated};
use sancho_core::{
    ClaimRequest, Entropy, Interest, Jid, Mark, QueueName, Receipt, Standing, Store, StoreError, limits,
};
use tokio::sync::mpsc;

use crate::event::Events;
use crate::server::alone::Alone;
use crate::server::blocking::BlockingPool;
use crate::server::burst::{Burst, ComeRound};
use crate::server::capsule::QueueOrder;
use crate::server::capsule::lineup::Lined;
use crate::server::capsule::live::LiveCapsule;
use crate::server::capsules::Capsules;
use crate::server::foreign::Foreign;
use crate::server::lease::Lease;
use crate::server::lots::Lots;
use crate::server::outage::Outage;
use crate::server::phase::{Phase, PhaseWatch};
use crate::server::processor::Processor;
use crate::server::roster::Roster;
use crate::server::settler::Pending;
use crate::server::slot::{Report, Reports};
use crate::server::tally::Tally;
use crate::server::unknown::UnknownClasses;
use cut::Deadlines;
use manners::Manners;
use stuck::{Stuck, is_refusal};

/// What other loops tell the fetchers.
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
    /// Processes of other programs serve these queues.
    ServedByOthers(Vec<QueueName>),
    /// Settle these too.
    Settle(Vec<Pending>),
    /// Look again: the capsule has other slots or queues, or what other capsules do has changed.
    LookUp,
}

/// The loop's state: what it holds, and what it heard.
pub(crate) struct Fetcher<S> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lease: Arc<Lease>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) events: Events,
    /// The capsule that it serves, and its place among all.
    pub(crate) capsule: Arc<LiveCapsule>,
    pub(crate) place: usize,
    pub(crate) capsules: Arc<Capsules>,
    pub(crate) alone: Arc<Alone>,
    pub(crate) burst: Option<Arc<Burst>>,
    pub(crate) processor: Arc<Processor<S>>,
    pub(crate) roster: Arc<Roster<S>>,
    pub(crate) blocking: Arc<BlockingPool>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) phase: PhaseWatch,
    pub(crate) messages: mpsc::UnboundedReceiver<Message>,
    pub(crate) hand: Hand,
}

/// What is in the fetcher's own hand.
pub(crate) struct Hand {
    reports: (Reports, mpsc::UnboundedReceiver<(u64, Report)>),
    deadlines: Deadlines,
    pending: Vec<Pending>,
    stuck: Stuck,
    /// A claim request whose outcome is unknown.
    unresolved: Option<ClaimRequest>,
    outage: Outage,
    unknown: UnknownClasses,
    foreign: Foreign,
    lots: Lots,
    /// How often the line had changed when the lots were made.
    line_changes: u64,
    line: Arc<[Lined]>,
    come_round: ComeRound,
    manners: Manners,
    paused_classes: Vec<String>,
}

impl Hand {
    pub(crate) fn new(outage: Outage) -> Self {
        Hand {
            reports: mpsc::unbounded_channel(),
            deadlines: Deadlines::default(),
            pending: Vec::new(),
            stuck: Stuck::default(),
            unresolved: None,
            outage,
            unknown: UnknownClasses::default(),
            foreign: Foreign::default(),
            lots: Lots::new(QueueOrder::Strict, &[]),
            line_changes: 0,
            line: Arc::new([]),
            come_round: ComeRound::default(),
            manners: Manners::default(),
            paused_classes: Vec::new(),
        }
    }
}

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// Claims, performs and settles until the server is quiet or stopping and nothing is in its hands.
    pub(crate) async fn run(mut self) {
        loop {
            let (mark, begun) = (self.store.mark(), self.lease.uptime());
            self.collect();
            self.start_alone();
            if self.is_past_deadline() {
                self.interrupt_all().await;
            }
            if self.is_over() {
                return self.alone.leave(self.place);
            }
            self.line_up();
            let round = self.round().await;
            if round.is_ok() && self.lease.is_trusted() {
                self.capsule.fetched(self.lease.uptime());
            }
            match round {
                Ok(Round::Full) => tokio::task::yield_now().await,
                Ok(Round::Idle) => self.idle(mark).await,
                Err(error) => self.endure(&error, begun).await,
            }
        }
    }

    /// Takes in what has finished and what was said, without waiting.
    fn collect(&mut self) {
        while let Ok((number, report)) = self.hand.reports.1.try_recv() {
            self.heard(number, report);
        }
        while let Ok(message) = self.messages.try_recv() {
            self.hear(message);
        }
        self.end_overdue();
        self.hand.pending.extend(self.hand.stuck.take_due(self.lease.uptime()));
        if !self.lease.is_trusted() {
            self.drop_distrusted();
        }
    }

    /// Follows the capsule where its queues have changed.
    fn line_up(&mut self) {
        let hand = &mut self.hand;
        if let Some((order, line)) = self.capsule.line_after(&mut hand.line_changes) {
            hand.lots.line_up(order, &line);
            hand.foreign.line_up(&line, &self.events);
            self.capsule.leave_to_others(hand.foreign.left());
            hand.line = line;
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Cancel(jid) => self.cancel(&jid),
            Message::Lost(receipts) => {
                for receipt in receipts {
                    let job = self.roster.find_receipt(&receipt).and_then(|number| self.roster.remove(number));
                    if let Some(job) = job {
                        tracing::warn!(
                            jid = ?job.performance.jid, class = job.performance.class,
                            "the claim was lost: others have the job, so it ends here"
                        );
                        self.lose(&job);
                    }
                }
            }
            Message::Distrust => self.drop_distrusted(),
            Message::BeganAnew => {
                // What is of the old incarnation, whoever takes over has. The new one may have claimed already.
                let incarnation = self.lease.incarnation();
                self.hand.unresolved.take_if(|request| request.incarnation != incarnation);
                self.drop_distrusted();
            }
            Message::PausedClasses(classes) => self.hand.paused_classes = classes,
            Message::ServedByOthers(queues) => {
                self.hand.foreign.hear(queues, &self.hand.line, &self.events);
                self.capsule.leave_to_others(self.hand.foreign.left());
            }
            Message::LookUp => {}
            Message::Settle(pending) => self.hand.pending.extend(pending),
        }
    }

    /// One exchange with the store: settles what is pending, claims for the free slots, starts what was claimed.
    async fn round(&mut self) -> Result<Round, StoreError> {
        let request = self.request();
        let wanted = request.as_ref().map_or(0, |request| request.limit);
        let deeds = self.burst.as_ref().map(|burst| burst.deeds());
        if self.hand.pending.is_empty() && request.is_none() {
            return Ok(self.found_nothing(deeds));
        }
        let batch = self.hand.pending.len().min(limits::JOBS_PER_CLAIM_MAX);
        let settlements: Vec<_> = self.hand.pending[..batch].iter().map(|pending| pending.settlement.clone()).collect();
        // Until it is known what came of the request, a repetition asks for the same claims.
        self.hand.unresolved = request.clone().map(|request| ClaimRequest { repeated: Repeated::Yes, ..request });
        let exchanged = match self.store.exchange(&settlements, request.as_ref(), self.lease.now()).await {
            // One of several settlements may be to blame: it must not hold up the others, nor the claims.
            Err(error) if is_refusal(&error) && self.set_aside(batch).await => return Ok(Round::Full),
            exchanged => exchanged?,
        };
        self.hand.unresolved = None;
        self.hand.outage.over(self.lease.uptime(), &self.events);
        for (pending, answer) in self.hand.pending.drain(..batch).zip(exchanged.answers) {
            pending.answered(answer, &self.events);
        }
        if exchanged.standing == Standing::Lost {
            if request.is_some_and(|request| self.lease.distrust_of(&request.incarnation)) {
                // Nothing can be claimed until the heart has begun anew, and others have the jobs of all capsules.
                self.capsules.tell_others(self.place, || Message::Distrust);
                self.capsules.beat_soon.notify_one();
            }
            self.drop_distrusted();
            return Ok(Round::Idle);
        }
        let claimed = exchanged.claims.len();
        if let Some(request) = &request {
            let queues = exchanged.claims.iter().map(|claim| &claim.queue);
            self.hand.lots.drawn(&request.sources, request.limit, queues);
        }
        if let (Some(burst), true) = (&self.burst, claimed + batch > 0) {
            burst.moved();
        }
        let is_old = request.is_some_and(|request| request.incarnation != self.lease.incarnation());
        if is_old || claimed > 0 && !self.lease.is_trusted() {
            // The heart began anew meanwhile, or has to: the process may have slept while the store answered. What
            // the old incarnation claimed is for others to take over, and they may have done it by now.
            return Ok(Round::Idle);
        }
        self.start_all(exchanged.claims).await?;
        let more = claimed > 0 && claimed == wanted;
        if more || !self.hand.pending.is_empty() {
            return Ok(Round::Full);
        }
        Ok(self.found_nothing(deeds))
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
        if self.phase.now() != Phase::Serving {
            return None;
        }
        let limit = self.capsule.slots().saturating_sub(self.roster.len());
        let uptime = self.lease.uptime();
        if limit == 0 || self.hand.stuck.is_full() || !self.hand.lots.queues().any(|queue| self.allows(queue, uptime)) {
            return None;
        }
        // From here on the capsule counts as busy: what it is about to claim must not meet a job that is to run alone.
        if !self.alone.may_claim(self.place, uptime) {
            return None;
        }
        let sources = self.hand.lots.draw(limit, || self.entropy.next_u64(), |queue| self.allows(queue, uptime));
        Some(ClaimRequest {
            incarnation: self.lease.incarnation(),
            first_number: self.lease.numbers(limit),
            repeated: Repeated::No,
            sources,
            fill: Fill::InOrder,
            limit,
        })
    }

    /// Whether a queue may be asked at this uptime.
    fn allows(&self, queue: &QueueName, uptime: Duration) -> bool {
        let hand = &self.hand;
        let has_known = match self.burst {
            Some(_) => hand.come_round.allows(queue),
            None => hand.unknown.allows(queue, uptime),
        };
        has_known && hand.foreign.allows(queue)
    }

    /// Whether no job runs, nothing is left to settle, and nothing may be claimed that is not known of.
    fn is_quiet(&self) -> bool {
        self.roster.len() == 0 && self.hand.pending.is_empty() && self.hand.unresolved.is_none()
    }

    /// A round found nothing more to do. A burst may be over then, once this was asked after so many of its deeds.
    fn found_nothing(&mut self, deeds: Option<u64>) -> Round {
        let (Some(burst), Some(deeds)) = (&self.burst, deeds) else { return Round::Idle };
        let waits = self.alone.keeps_others_away(self.lease.uptime()) || !self.lease.is_trusted();
        if !self.is_quiet() || waits || self.phase.now() != Phase::Serving {
            return Round::Idle;
        }
        if self.hand.come_round.begin_anew() || burst.found_nothing(self.place, deeds) {
            return Round::Full;
        }
        Round::Idle
    }

    /// Waits until there is something to do.
    async fn idle(&mut self, mark: Mark) {
        if self.is_quiet() && self.alone.waits_for(self.place) {
            return;
        }
        let serving = self.phase.now() == Phase::Serving;
        let uptime = self.lease.uptime();
        let free = self.roster.len() < self.capsule.slots() && !self.alone.keeps_others_away(uptime);
        let asks = serving && free && self.lease.is_trusted();
        // A queue that is left alone has jobs: a store may call it ready again and again.
        let interest =
            Interest::Ready(self.hand.lots.queues().filter(|queue| self.allows(queue, uptime)).cloned().collect());
        let nap = self.nap(uptime);
        let store = Arc::clone(&self.store);
        tokio::select! {
            biased;
            Some((number, report)) = self.hand.reports.1.recv() => self.heard(number, report),
            Some(message) = self.messages.recv() => self.hear(message),
            () = self.phase.changed() => {}
            () = store.wait(&interest, mark), if asks => {}
            () = tokio::time::sleep(nap) => {}
        }
    }

    /// How long to sleep at most: polling alone is enough for correctness, and a deadline must not be slept over.
    fn nap(&self, uptime: Duration) -> Duration {
        let spread = limits::POLL_EVERY.mul_f64(0.75 + self.entropy.next_unit() / 2.0);
        let mut nap = spread;
        if let Phase::Stopping { deadline } = self.phase.now() {
            // Past the deadline the next thing to come is the end of all patience: to wait for the deadline again would
            // be no wait at all.
            let next = if uptime < deadline { deadline } else { deadline + limits::DROP_WITHIN };
            nap = nap.min(next.saturating_sub(uptime));
        }
        if let Some(due) = self.hand.deadlines.next() {
            nap = nap.min(due.saturating_sub(uptime));
        }
        if let Some(retry) = self.hand.unknown.next_in(uptime) {
            nap = nap.min(retry);
        }
        nap
    }

    /// Waits a while after a failed move; a stop cuts the wait short.
    async fn endure(&mut self, error: &StoreError, begun: Duration) {
        let wait = self.hand.outage.failed(error, begun, &*self.entropy, &self.events);
        let wait = wait.min(self.nap(self.lease.uptime()).max(Duration::from_millis(10)));
        tokio::time::sleep(wait).await;
    }

    fn is_past_deadline(&self) -> bool {
        matches!(self.phase.now(), Phase::Stopping { deadline } if deadline <= self.lease.uptime())
    }

    /// Whether the loop may end: the server is stopping, and nothing is in its hands that the store does not have.
    fn is_over(&self) -> bool {
        let Phase::Stopping { deadline } = self.phase.now() else { return false };
        let empty = self.roster.len() == 0 && self.alone.is_empty(self.place);
        let settled = self.hand.pending.is_empty() && self.hand.stuck.is_empty();
        if empty && settled && self.hand.unresolved.is_none() {
            return true;
        }
        // A store that stays away must not keep the process: others take the claims over when the lease ends.
        empty && self.lease.uptime() >= deadline.saturating_add(limits::DROP_WITHIN)
    }
}

/// What a round found.
enum Round {
    /// There may be more to do at once.
    Full,
    /// There is nothing to do until something happens.
    Idle,
}
