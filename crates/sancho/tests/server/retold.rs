//! A model store whose beats are answered as another store would answer them, and which notes what a beat brought.

use std::fmt;
use std::sync::{Arc, Mutex};

use sancho::core::model::ModelStore;
use sancho::core::{
    Beat, BeatAnswer, BoxFuture, ClaimRequest, Exchanged, Execution, Greeting, QueueCount, Settlement, Store,
    StoreResult, Timestamp,
};
use sancho_testkit::interposed::{Interpose, Interposed};

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
    pub(crate) by_queue: Vec<QueueCount>,
    /// Calls that asked for jobs.
    pub(crate) claims: usize,
}

impl Retold {
    pub(crate) fn new(inner: ModelStore, retell: impl Fn(&mut BeatAnswer) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Retold { inner, retell: Box::new(retell), noted: Mutex::default() })
    }

    /// The store, with this in front.
    pub(crate) fn store(self: &Arc<Self>) -> Arc<dyn Store> {
        Arc::new(Interposed(Arc::clone(self)))
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

impl Interpose for Retold {
    fn inner(&self) -> &dyn Store {
        &self.inner
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

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        Box::pin(async move {
            let mut answer = self.inner.beat(beat, now).await?;
            (self.retell)(&mut answer);
            let mut noted = self.lock();
            noted.hellos += usize::from(beat.greeting == Greeting::Hello);
            noted.executions.extend(beat.executions.iter().cloned());
            noted.by_queue.extend(beat.by_queue.iter().cloned());
            Ok(answer)
        })
    }
}
