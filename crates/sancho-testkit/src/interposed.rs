//! A store in front of another, of which one writes only what it changes.

use std::fmt;
use std::sync::Arc;

use sancho_core::{
    Beat, BeatAnswer, BoxFuture, Checkpoint, ClaimRequest, Exchanged, Incarnation, Interest, Kept, Mark, NewJob,
    Promoted, Pruned, Pushed, QueueName, Retention, Settlement, Store, StoreResult, TakenOver, Timestamp,
};

/// What stands in front of a store: every method is the store's own until it is written anew.
pub trait Interpose: fmt::Debug + Send + Sync + 'static {
    /// The store behind.
    fn inner(&self) -> &dyn Store;

    /// What becomes of each call of a move, whichever it is; `op` is its name, as the trait [`Store`] has it. Marks and
    /// waits are no moves.
    fn around<'a, T: Send + 'a>(
        &'a self,
        op: &'static str,
        call: BoxFuture<'a, StoreResult<T>>,
    ) -> BoxFuture<'a, StoreResult<T>> {
        let _ = op;
        call
    }

    /// As [`Store::jobs_worth_a_second_exchange`].
    fn jobs_worth_a_second_exchange(&self) -> usize {
        self.inner().jobs_worth_a_second_exchange()
    }

    /// As [`Store::push`].
    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        self.inner().push(jobs, now)
    }

    /// As [`Store::exchange`].
    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        self.inner().exchange(settlements, claim, now)
    }

    /// As [`Store::promote`].
    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        self.inner().promote(limit, now)
    }

    /// As [`Store::beat`].
    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        self.inner().beat(beat, now)
    }

    /// As [`Store::take_over`].
    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        self.inner().take_over(by, first_number, limit, now)
    }

    /// As [`Store::checkpoint`].
    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        self.inner().checkpoint(checkpoints, now)
    }

    /// As [`Store::retire`].
    fn retire<'a>(&'a self, incarnation: &'a Incarnation, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.inner().retire(incarnation, now)
    }

    /// As [`Store::prune`].
    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        self.inner().prune(retention, limit, now)
    }

    /// As [`Store::queue_names`].
    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        self.inner().queue_names()
    }

    /// As [`Store::meet_unknown`].
    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        self.inner().meet_unknown(met, now)
    }

    /// As [`Store::mark`].
    fn mark(&self) -> Mark {
        self.inner().mark()
    }

    /// As [`Store::wait`].
    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        self.inner().wait(interest, after)
    }
}

/// A store with something in front of it.
#[derive(Debug)]
pub struct Interposed<I>(pub Arc<I>);

impl<I: Interpose> Interposed<I> {
    /// The store with this in front.
    pub fn of(front: I) -> Self {
        Interposed(Arc::new(front))
    }
}

impl<I: Interpose> Store for Interposed<I> {
    fn jobs_worth_a_second_exchange(&self) -> usize {
        self.0.jobs_worth_a_second_exchange()
    }

    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        self.0.around("push", self.0.push(jobs, now))
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        self.0.around("exchange", self.0.exchange(settlements, claim, now))
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        self.0.around("promote", self.0.promote(limit, now))
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        self.0.around("beat", self.0.beat(beat, now))
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        self.0.around("take_over", self.0.take_over(by, first_number, limit, now))
    }

    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        self.0.around("checkpoint", self.0.checkpoint(checkpoints, now))
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.0.around("retire", self.0.retire(incarnation, now))
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        self.0.around("prune", self.0.prune(retention, limit, now))
    }

    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        self.0.around("queue_names", self.0.queue_names())
    }

    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        self.0.around("meet_unknown", self.0.meet_unknown(met, now))
    }

    fn mark(&self) -> Mark {
        self.0.mark()
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        self.0.wait(interest, after)
    }
}
