//! A store that goes away and comes back, or does what it is told and loses its answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sancho::QueueName;
use sancho::core::model::ModelStore;
use sancho::core::{
    Beat, BeatAnswer, BoxFuture, Checkpoint, ClaimRequest, ErrorKind, Exchanged, Incarnation, Interest, Kept, Mark,
    NewJob, Promoted, Pruned, Pushed, Retention, Settlement, Store, StoreError, StoreResult, TakenOver, Timestamp,
};

/// A model store whose exchanges can be made to fail.
#[derive(Debug)]
pub(crate) struct Moody {
    model: ModelStore,
    away: AtomicBool,
    loses_replies: AtomicBool,
    exchanges: AtomicU64,
}

impl Moody {
    pub(crate) fn new(model: ModelStore) -> Self {
        let (away, loses_replies, exchanges) = Default::default();
        Moody { model, away, loses_replies, exchanges }
    }

    pub(crate) fn model(&self) -> ModelStore {
        self.model.clone()
    }

    pub(crate) fn go_away(&self) {
        self.away.store(true, Ordering::SeqCst);
    }

    pub(crate) fn come_back(&self) {
        self.away.store(false, Ordering::SeqCst);
    }

    pub(crate) fn lose_every_third_reply(&self) {
        self.loses_replies.store(true, Ordering::SeqCst);
    }
}

impl Store for Moody {
    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        self.model.push(jobs, now)
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        Box::pin(async move {
            if self.away.load(Ordering::SeqCst) {
                return Err(StoreError::new("exchange", ErrorKind::Unavailable, "the store is away"));
            }
            let exchanged = self.model.exchange(settlements, claim, now).await?;
            let number = self.exchanges.fetch_add(1, Ordering::SeqCst);
            if self.loses_replies.load(Ordering::SeqCst) && number % 3 == 1 {
                return Err(StoreError::new("exchange", ErrorKind::OutcomeUnknown, "the reply is lost"));
            }
            Ok(exchanged)
        })
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        self.model.promote(limit, now)
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        self.model.beat(beat, now)
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        self.model.take_over(by, first_number, limit, now)
    }

    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        self.model.checkpoint(checkpoints, now)
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.model.retire(incarnation, now)
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        self.model.prune(retention, limit, now)
    }

    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        self.model.queue_names()
    }

    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        self.model.meet_unknown(met, now)
    }

    fn mark(&self) -> Mark {
        self.model.mark()
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        self.model.wait(interest, after)
    }
}
