//! A store whose calls fail when they are told to, before or after they did what was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sancho_core::{
    Beat, BeatAnswer, BoxFuture, Checkpoint, ClaimRequest, ErrorKind, Exchanged, Incarnation, Interest, Kept, Mark,
    NewJob, Promoted, Pruned, Pushed, QueueName, Retention, Settlement, Store, StoreError, StoreResult, TakenOver,
    Timestamp,
};

/// When a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Before it did anything: [`ErrorKind::Unavailable`].
    Before,
    /// After it did all, so that its caller does not know: [`ErrorKind::OutcomeUnknown`].
    After,
}

/// A store that fails its Nth call.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    fault: Fault,
    fails_at: u64,
    calls: AtomicU64,
}

impl FaultyStore {
    /// A store that fails call number `fails_at`, where the first is number one, and no other.
    pub fn new(inner: Arc<dyn Store>, fault: Fault, fails_at: u64) -> Self {
        FaultyStore { inner, fault, fails_at, calls: AtomicU64::new(0) }
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    fn pass<'a, T: Send + 'a>(
        &'a self,
        op: &'static str,
        call: BoxFuture<'a, StoreResult<T>>,
    ) -> BoxFuture<'a, StoreResult<T>> {
        Box::pin(async move {
            let fails = self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.fails_at;
            match self.fault {
                Fault::Before if fails => Err(StoreError::new(op, ErrorKind::Unavailable, "told to fail before")),
                Fault::After if fails => {
                    call.await?;
                    Err(StoreError::new(op, ErrorKind::OutcomeUnknown, "told to fail after"))
                }
                _ => call.await,
            }
        })
    }
}

impl Store for FaultyStore {
    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        self.pass("push", self.inner.push(jobs, now))
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        self.pass("exchange", self.inner.exchange(settlements, claim, now))
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        self.pass("promote", self.inner.promote(limit, now))
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        self.pass("beat", self.inner.beat(beat, now))
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        self.pass("take_over", self.inner.take_over(by, first_number, limit, now))
    }

    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        self.pass("checkpoint", self.inner.checkpoint(checkpoints, now))
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.pass("retire", self.inner.retire(incarnation, now))
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        self.pass("prune", self.inner.prune(retention, limit, now))
    }

    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        self.pass("queue_names", self.inner.queue_names())
    }

    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        self.pass("meet_unknown", self.inner.meet_unknown(met, now))
    }

    fn mark(&self) -> Mark {
        self.inner.mark()
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        self.inner.wait(interest, after)
    }
}
