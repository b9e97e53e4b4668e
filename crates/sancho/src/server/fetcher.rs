//! The loop of a capsule that claims jobs, starts them, and settles what came of them: one exchange with the store a
//! round.

mod begin;
mod cut;
mod end;
mod manners;
mod round;
mod stuck;

use std::sync::Arc;
use std::time::Duration;

use sancho_core::{Entropy, Interest, Jid, Mark, QueueName, Receipt, Store, limits};
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
use round::{Away, Found, Rounds};
use stuck::Stuck;

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
    /// What was asked of the store and is not answered yet.
    rounds: Rounds,
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
            rounds: Rounds::default(),
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
            let mark = self.store.mark();
            self.collect();
            self.start_alone();
            if self.is_past_deadline() {
                self.interrupt_all().await;
            }
            if self.is_over() {
                return self.alone.leave(self.place);
            }
            self.line_up();
            match self.round(mark).await {
                Ok(Found::More) => {}
                Ok(Found::Nothing(mark)) => self.idle(mark).await,
                Err(away) => self.endure(&away).await,
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
                            jid = ?job.performance.jid, class = &*job.performance.class,
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
                self.hand.rounds.forget_all_but(&incarnation);
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
        self.roster.len() == 0 && self.hand.pending.is_empty() && self.hand.rounds.is_empty()
    }

    /// Waits until there is something to do.
    async fn idle(&mut self, mark: Mark) {
        self.hand.rounds.run_dry();
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
    async fn endure(&mut self, away: &Away) {
        let wait = self.hand.outage.failed(&away.error, away.begun, &*self.entropy, &self.events);
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
        if empty && settled && self.hand.rounds.is_empty() {
            return true;
        }
        // A store that stays away must not keep the process: others take the claims over when the lease ends.
        empty && self.lease.uptime() >= deadline.saturating_add(limits::DROP_WITHIN)
    }
}
