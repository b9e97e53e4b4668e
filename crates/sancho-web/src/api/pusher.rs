//! Through what jobs are pushed: the store itself, or what an application has in front of it.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use sancho_core::{
    BoxFuture, Clock, Draft, ErrorKind, Invalid, Jid, JidSequence, NewJob, Pushed, Store, StoreError, StoreResult,
    WireTime,
};

/// Through what the JSON API pushes, such as an application's client with its middleware.
pub trait Pusher: Send + Sync + Debug + 'static {
    /// An id that no other job has.
    fn next_jid(&self) -> Jid;

    /// Pushes drafts, all or none, and answers for each in order; `None` for one that was stopped on its way.
    ///
    /// A push of unknown outcome may be repeated under the same ids.
    fn push(&self, drafts: Vec<Draft>) -> BoxFuture<'_, Result<Vec<Option<Pushed>>, PushFailure>>;
}

/// Why a push failed: nothing has been pushed then, unless the store says that the outcome is unknown.
#[derive(Debug)]
#[non_exhaustive]
pub enum PushFailure {
    /// A job breaks a rule.
    Invalid(Invalid),
    /// The store failed.
    Store(StoreError),
}

impl From<Invalid> for PushFailure {
    fn from(invalid: Invalid) -> Self {
        PushFailure::Invalid(invalid)
    }
}

impl From<StoreError> for PushFailure {
    fn from(error: StoreError) -> Self {
        PushFailure::Store(error)
    }
}

/// Pushes to the store as it is told. Arguments keep the spelling of the request, without space between their tokens.
#[derive(Debug)]
pub(crate) struct StorePusher {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    jids: Mutex<JidSequence>,
}

impl StorePusher {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        StorePusher { store, clock, jids: Mutex::default() }
    }

    /// Repeats a push once when its outcome is unknown: the store adds nothing twice.
    async fn push_jobs(&self, jobs: &[NewJob]) -> StoreResult<Vec<Pushed>> {
        match self.store.push(jobs, self.clock.now()).await {
            Err(error) if error.kind == ErrorKind::OutcomeUnknown => self.store.push(jobs, self.clock.now()).await,
            answer => answer,
        }
    }
}

impl Pusher for StorePusher {
    fn next_jid(&self) -> Jid {
        let chance = getrandom::u32().expect("the system has chance to give");
        // A sequence is whole after every step, so a panic under the lock has not harmed it.
        self.jids.lock().unwrap_or_else(PoisonError::into_inner).next(self.clock.now(), chance)
    }

    fn push(&self, drafts: Vec<Draft>) -> BoxFuture<'_, Result<Vec<Option<Pushed>>, PushFailure>> {
        Box::pin(async move {
            let now = self.clock.now();
            let jobs = drafts.into_iter().map(|draft| draft.into_job(now, WireTime::Seconds));
            let jobs = jobs.collect::<Result<Vec<NewJob>, Invalid>>()?;
            Ok(self.push_jobs(&jobs).await?.into_iter().map(Some).collect())
        })
    }
}
