//! A model store whose beats are answered as another store would answer them, and which notes what a beat brought.

use std::fmt;
use std::sync::{Arc, Mutex};

use sancho::core::model::ModelStore;
use sancho::core::{
    Beat, BeatAnswer, BoxFuture, Checkpoint, ClaimRequest, Exchanged, Execution, Greeting, Incarnation, Interest, Kept,
    Mark, NewJob, Promoted, Pruned, Pushed, QueueName, Retention, Settlement, Store, StoreResult, TakenOver, Timestamp,
};

/// Changes what a beat is answered.
type Retell = dyn Fn(&mut BeatAnswer) + Send + Sync;

pub(crate) struct Retold {
    inner: ModelStore,
    retell: Box<Retell>,
    noted: Mutex<Noted>,
}

/// What was noted of the calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    pub(crate) hellos: usize,
    pub(crate) executions: Vec<Execution>,
    /// Calls that asked for jobs.
    pub(crate) claims: usize,
}

impl Retold {
    pub(crate) fn new(inner: ModelStore, retell: impl Fn(&mut BeatAnswer) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Retold { inner, retell: Box::new(retell), noted: Mutex::default() })
    }

    pub(crate) fn noted(&self) -> Noted {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Noted> {
        self.noted.lock().expect("nothing panics while it notes")
    }
}

impl fmt::Debug for Retold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Retold")
    }
}

impl Store for Retold {
    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        self.inner.push(jobs, now)
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        self.lock().claims += usize::from(claim.is_some());
        self.inner.exchange(settlements, claim, now)
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        self.inner.promote(limit, now)
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        Box::pin(async move {
            let mut answer = self.inner.beat(beat, now).await?;
            (self.retell)(&mut answer);
            let mut noted = self.lock();
            noted.hellos += usize::from(beat.greeting == Greeting::Hello);
            noted.executions.extend(beat.executions.iter().cloned());
            Ok(answer)
        })
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        self.inner.take_over(by, first_number, limit, now)
    }

    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        self.inner.checkpoint(checkpoints, now)
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.retire(incarnation, now)
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        self.inner.prune(retention, limit, now)
    }

    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        self.inner.queue_names()
    }

    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        self.inner.meet_unknown(met, now)
    }

    fn mark(&self) -> Mark {
        self.inner.mark()
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        self.inner.wait(interest, after)
    }
}
