//! The loop that tells the store that this process lives, and hears what is wanted of it.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::process::Quiet;
use sancho_core::{
    Beat, BeatAnswer, Entropy, ErrorKind, Greeting, Interest, Order, ProcessInfo, QueueName, Standing, Store,
    StoreError, limits,
};

use crate::event::{Event, Events};
use crate::server::capsules::Capsules;
use crate::server::fetcher::Message;
use crate::server::lease::Lease;
use crate::server::phase::{Phase, PhaseWatch};
use crate::server::report::Overview;
use crate::server::roster::Rosters;
use crate::server::shutdown::Shutdown;
use crate::server::tally::Tally;

/// How soon a beat that failed is tried again.
const RETRY_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct Heartbeat<S> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lease: Arc<Lease>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) events: Events,
    pub(crate) rosters: Arc<Rosters<S>>,
    pub(crate) overview: Overview,
    pub(crate) tally: Arc<Tally>,
    pub(crate) phase: PhaseWatch,
    pub(crate) capsules: Arc<Capsules>,
    pub(crate) shutdown: Shutdown,
    pub(crate) process: ProcessInfo,
    pub(crate) rhythm: Rhythm,
}

/// What one beat leaves for the next.
#[derive(Debug, Default)]
pub(crate) struct Rhythm {
    round_trip: Duration,
    distrusted: bool,
    /// Whether the last good beat taught another time of the store than was thought.
    another_time: bool,
    paused_classes: Vec<String>,
    served_by_others: Vec<QueueName>,
    /// When the server was started, in uptime.
    started: Duration,
}

impl Rhythm {
    /// Before the first beat of a server that starts at this uptime.
    pub(crate) fn new(started: Duration) -> Self {
        Rhythm { started, ..Rhythm::default() }
    }
}

impl<S: Send + Sync + 'static> Heartbeat<S> {
    /// The first beat of an incarnation: the store knows it from then on.
    ///
    /// Leases are measured by the store's time, which only an answer tells: where it turns out to be another than
    /// was thought, the store is greeted again, so that the lease does not end too early, or hours too late.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub(crate) async fn hello(&mut self) -> Result<(), StoreError> {
        self.process.incarnation = self.lease.incarnation();
        let mut answer = self.beat(Greeting::Hello).await?;
        if self.rhythm.another_time {
            let running_for = self.lease.uptime().saturating_sub(self.rhythm.started);
            self.process.started_at = self.lease.now().before(running_for);
            self.hear(answer);
            answer = self.beat(Greeting::Hello).await?;
        }
        self.hear(answer);
        self.lease.trust();
        Ok(())
    }

    /// Beats until the server is drained, and says goodbye.
    pub(crate) async fn run(mut self) {
        loop {
            let mark = self.store.mark();
            // A store may also not answer at all: the beat is then given up when it is too late for it to be good.
            let trusted_for = self.lease.trusted_for();
            let next = match tokio::time::timeout(trusted_for, self.beat(Greeting::StillHere)).await {
                Ok(Ok(answer)) => self.heed(answer).await,
                Ok(Err(_)) | Err(_) => RETRY_EVERY,
            };
            if !self.lease.is_trusted() {
                self.distrust().await;
            }
            if self.phase.now() == Phase::Drained {
                break;
            }
            self.sleep(next, mark).await;
            if self.phase.now() == Phase::Drained {
                break;
            }
        }
        if !self.tally.is_empty() {
            // What is not told now is lost; a store that is away is not waited for any longer than claims are trusted.
            _ = tokio::time::timeout(self.lease.trusted_for(), self.beat(Greeting::StillHere)).await;
        }
        if let Err(error) = self.store.retire(&self.process.incarnation, self.lease.now()).await {
            tracing::warn!(%error, "could not say goodbye: the store forgets this process when its lease ends");
        }
    }

    async fn sleep(&mut self, span: Duration, mark: sancho_core::Mark) {
        let interest = Interest::Orders(self.process.incarnation.clone());
        let store = Arc::clone(&self.store);
        let rest = async {
            // Orders may come at any time; a beat a moment after another would tell the store nothing new.
            tokio::time::sleep(Duration::from_millis(100).min(span)).await;
            store.wait(&interest, mark).await;
        };
        let mut phase = self.phase.clone();
        let capsules = Arc::clone(&self.capsules);
        tokio::select! {
            biased;
            () = self.phase.changed() => {}
            () = capsules.beat_soon.notified() => {}
            () = phase.wait_for(|phase| phase == Phase::Drained) => {}
            () = tokio::time::sleep(span) => {}
            () = rest => {}
        }
    }

    async fn beat(&mut self, greeting: Greeting) -> Result<BeatAnswer, StoreError> {
        let serving = self.phase.now() == Phase::Serving;
        // They may have been tuned since the last beat.
        let capsules = &self.capsules;
        (self.process.slots, self.process.queues) = (capsules.slots(), capsules.queues());
        self.process.capsules = capsules.infos();
        let (executions, by_queue) = self.tally.take();
        let beat = Beat {
            process: self.process.clone(),
            greeting,
            quiet: if serving { Quiet::No } else { Quiet::Yes },
            lease: limits::LEASE,
            running: self.rosters.report(),
            rss_bytes: crate::server::host::resident_bytes(),
            round_trip: self.rhythm.round_trip,
            // A beat whose outcome is never known takes them with it: they are counted once or not at all.
            executions,
            by_queue,
        };
        let (sent_at, told) = (self.lease.uptime(), self.lease.now());
        let answer = self.store.beat(&beat, told).await;
        let counted = match &answer {
            Ok(answer) => answer.standing == Standing::Good,
            Err(error) => error.kind == ErrorKind::OutcomeUnknown,
        };
        if !counted {
            self.tally.give_back(&beat.executions, &beat.by_queue);
        }
        let answer = answer?;
        self.rhythm.round_trip = self.lease.uptime().saturating_sub(sent_at);
        if answer.standing == Standing::Good {
            self.rhythm.another_time = self.lease.renew(sent_at, told, answer.store_now);
            self.rhythm.distrusted = false;
        }
        Ok(answer)
    }

    /// Does what the answer says; answers how long to rest.
    async fn heed(&mut self, answer: BeatAnswer) -> Duration {
        if answer.standing == Standing::Lost {
            return self.begin_anew().await;
        }
        self.hear(answer);
        limits::BEAT_EVERY.mul_f64(0.9 + self.entropy.next_unit() / 10.0)
    }

    /// Passes on what the store told.
    fn hear(&mut self, answer: BeatAnswer) {
        if !answer.lost.is_empty() {
            self.capsules.tell(|| Message::Lost(answer.lost.clone()));
        }
        if self.rhythm.paused_classes != answer.paused_classes {
            self.rhythm.paused_classes.clone_from(&answer.paused_classes);
            self.capsules.tell(|| Message::PausedClasses(answer.paused_classes.clone()));
        }
        if self.rhythm.served_by_others != answer.served_by_others {
            self.rhythm.served_by_others.clone_from(&answer.served_by_others);
            self.capsules.tell(|| Message::ServedByOthers(answer.served_by_others.clone()));
        }
        for order in answer.orders {
            tracing::info!(?order, "an order came from outside");
            match order {
                Order::Quiet => self.shutdown.quiet(),
                Order::Stop => self.shutdown.stop(),
                Order::Dump => self.overview.dump(),
                Order::Tune { capsule, slots, queues } => {
                    if let Err(error) = self.capsules.tune(&capsule, slots, queues.as_deref()) {
                        tracing::warn!(%error, capsule, "a capsule cannot be tuned as an order says: it stays as it is");
                    }
                }
                Order::Cancel(jid) => self.capsules.tell(|| Message::Cancel(jid.clone())),
                _ => tracing::warn!(?order, "this build does not know the order"),
            }
        }
    }

    /// The last good beat is too long ago: jobs end here before others may take them over.
    async fn distrust(&mut self) {
        if !self.rhythm.distrusted {
            self.rhythm.distrusted = true;
            tracing::error!("no beat was good for too long: the running jobs are dropped, others will take them over");
        }
        self.begin_anew().await;
    }

    /// Leaves the old incarnation behind and greets the store under a new one; answers how long to rest.
    async fn begin_anew(&mut self) -> Duration {
        // Said before the fetchers are told: one that is quick must not find its jobs to be held still. Those that wait
        // for the store hear of it later than their jobs are to.
        self.lease.distrust();
        self.rosters.let_all_go();
        self.capsules.tell(|| Message::Distrust);
        let over = self.lease.begin_anew(&*self.entropy);
        // What the old one held can be taken over at once, if the store still knows it and can be told.
        _ = self.store.retire(&over, self.lease.now()).await;
        self.events.tell(|| Event::LeaseLost { incarnation: over });
        match self.hello().await {
            Ok(()) => {
                self.capsules.tell(|| Message::BeganAnew);
                limits::BEAT_EVERY
            }
            Err(_) => RETRY_EVERY,
        }
    }
}
