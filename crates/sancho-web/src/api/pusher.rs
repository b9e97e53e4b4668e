//! Pushes where there is no client: to the store itself.

use std::sync::{Arc, Mutex, PoisonError};

use sancho_core::{
    BoxFuture, Clock, Draft, ErrorKind, Inspect, Invalid, Jid, JidSequence, NewJob, PushFailure, Pushed, Pusher, Store,
    StoreResult, Wire,
};

/// Pushes to the store, in the form that every version of Sidekiq reads.
#[derive(Debug)]
pub(crate) struct StorePusher {
    store: Arc<dyn Store>,
    inspect: Arc<dyn Inspect>,
    clock: Arc<dyn Clock>,
    jids: Mutex<JidSequence>,
}

impl StorePusher {
    pub(crate) fn new(store: Arc<dyn Store>, inspect: Arc<dyn Inspect>, clock: Arc<dyn Clock>) -> Self {
        StorePusher { store, inspect, clock, jids: Mutex::default() }
    }

    fn next_jid(&self) -> Jid {
        let chance = getrandom::u32().expect("the system has chance to give");
        // A sequence is whole after every step, so a panic under the lock has not harmed it.
        self.jids.lock().unwrap_or_else(PoisonError::into_inner).next(self.clock.now(), chance)
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
    fn inspect(&self) -> &Arc<dyn Inspect> {
        &self.inspect
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    fn draft(&self, class: &str, args_json: &str) -> Draft {
        Draft::new(self.next_jid(), class, args_json)
    }

    fn push(&self, drafts: Vec<Draft>) -> BoxFuture<'_, Result<Vec<Option<Pushed>>, PushFailure>> {
        Box::pin(async move {
            let (now, wire) = (self.clock.now(), Wire::Any);
            let jobs = drafts.into_iter().map(|mut draft| {
                draft.canonicalize(wire)?;
                draft.into_job(now, wire.time())
            });
            let jobs = jobs.collect::<Result<Vec<NewJob>, Invalid>>()?;
            Ok(self.push_jobs(&jobs).await?.into_iter().map(Some).collect())
        })
    }
}
