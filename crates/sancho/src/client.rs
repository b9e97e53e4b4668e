//! The client: pushes jobs, and finds, cancels and reschedules those that have not started.

mod act;
mod bulk;
mod draft;
mod enqueue;
mod error;
mod options;
mod push;
mod push_all;
mod pusher;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use sancho_core::{Clock, Draft, Entropy, Inspect, Jid, JidSequence, NewJob, Pushed, Store, Timestamp, Wire};

pub use bulk::PushBulk;
pub use draft::{IntoDraft, RetryOption};
pub use enqueue::Enqueue;
pub use error::{ActError, PushError};
pub use push::Push;
#[cfg(feature = "sqlite")]
pub(crate) use push::one_answer;
pub use push_all::{PushAll, PushAllError, PushedAll};

use crate::ClassSettings;
use crate::middleware::{ClientMiddleware, ClientVerdict};
use crate::system::{SystemClock, SystemEntropy};
use crate::trace::{self, TraceContext};

/// Pushes jobs to a store. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Client {
    /// In one piece, since every push clones it, on any thread.
    setup: Arc<Setup>,
    /// The running job that pushes through this client, if one does.
    pushed_by: Option<Jid>,
    /// The trace that the running job belongs to, if it belongs to one.
    trace: Option<Arc<TraceContext>>,
}

/// The parts of a client, and how they are to be used.
#[derive(Clone)]
struct Setup {
    parts: Arc<Parts>,
    middleware: Vec<Arc<dyn ClientMiddleware>>,
    class_settings: BTreeMap<String, ClassSettings>,
    wire: Wire,
}

struct Parts {
    store: Arc<dyn Store>,
    inspect: Arc<dyn Inspect>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    jids: Mutex<JidSequence>,
}

/// A job that was pushed: its id, and what the store did with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushedJob {
    /// The id of the job as it was pushed. When [`PushedJob::answer`] says that another job was kept, no job has it.
    pub jid: Jid,
    /// What the store did.
    pub answer: Pushed,
}

impl Client {
    /// A client of a store, with the system's clock and chance. [`connect`](crate::connect()) opens a store by its
    /// address.
    pub fn new(store: Arc<dyn Store>, inspect: Arc<dyn Inspect>) -> Self {
        Client::with_parts(store, inspect, Arc::new(SystemClock::new()), Arc::new(SystemEntropy))
    }

    /// A client whose time and chance are handed to it, for tests and simulations.
    pub fn with_parts(
        store: Arc<dyn Store>,
        inspect: Arc<dyn Inspect>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let jids = Mutex::new(JidSequence::default());
        let setup = Setup {
            parts: Arc::new(Parts { store, inspect, clock, entropy, jids }),
            middleware: Vec::new(),
            class_settings: BTreeMap::new(),
            wire: Wire::default(),
        };
        Client { setup: Arc::new(setup), pushed_by: None, trace: None }
    }

    /// This client with one more middleware, which runs after those that it has. Clones made before do not get it.
    #[must_use]
    pub fn with_middleware(mut self, middleware: impl ClientMiddleware) -> Self {
        Arc::make_mut(&mut self.setup).middleware.push(Arc::new(middleware));
        self
    }

    /// This client, with what holds for a class where a push says nothing, whatever the class says itself. Clones made
    /// before do not get it; a server of this client does.
    ///
    /// Given twice for a class, the later settings go over the earlier ones.
    #[must_use]
    pub fn with_class_settings(mut self, class: impl Into<String>, settings: ClassSettings) -> Self {
        let all = &mut Arc::make_mut(&mut self.setup).class_settings;
        let held = all.entry(class.into()).or_default();
        *held = std::mem::take(held).overlaid(settings);
        self
    }

    /// This client, writing payloads for this version of Sidekiq; so does a server of it. Clones made before go on as
    /// they did.
    ///
    /// [`connect`](crate::connect()) has it from the address of a Redis. A store writes into payloads too, and goes by
    /// its own setting: the two should say the same.
    #[must_use]
    pub fn with_wire(mut self, wire: Wire) -> Self {
        Arc::make_mut(&mut self.setup).wire = wire;
        self
    }

    /// This client, for what a running job pushes: the job may push its own key, for after itself, and what it pushes
    /// belongs to its trace.
    pub(crate) fn for_job(&self, jid: Jid, trace: Option<Arc<TraceContext>>) -> Self {
        Client { pushed_by: Some(jid), trace, ..self.clone() }
    }

    /// The store that jobs are pushed to.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.setup.parts.store
    }

    /// What people see of the store.
    pub fn inspect(&self) -> &Arc<dyn Inspect> {
        &self.setup.parts.inspect
    }

    /// Where the client has the time from.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.setup.parts.clock
    }

    /// Where the client has chance from.
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.setup.parts.entropy
    }

    /// What classes are configured for.
    pub(crate) fn class_settings(&self) -> &BTreeMap<String, ClassSettings> {
        &self.setup.class_settings
    }

    /// For which version of Sidekiq payloads are written.
    pub fn wire(&self) -> Wire {
        self.setup.wire
    }

    /// A job that is about to be pushed by [`Client::push_drafts`]: a class, the text of a JSON array, a fresh id,
    /// what the client is configured for the class, and defaults for everything else.
    pub fn draft(&self, class: impl Into<String>, args_json: impl Into<String>) -> Draft {
        let mut draft = Draft::new(self.next_jid(self.setup.parts.clock.now()), class, args_json);
        self.configure(&mut draft);
        draft
    }

    /// The draft of a job that is pushed `now`, with what the client is configured for its class.
    pub(crate) fn drafted<J: IntoDraft>(&self, job: J, now: Timestamp) -> Result<Draft, PushError> {
        let mut draft = job.into_draft(self.next_jid(now))?;
        if J::CONFIGURED {
            self.configure(&mut draft);
        }
        Ok(draft)
    }

    fn configure(&self, draft: &mut Draft) {
        if let Some(settings) = self.setup.class_settings.get(&draft.class) {
            settings.apply(draft);
        }
    }

    /// An id for a job that is pushed `now`.
    pub(crate) fn next_jid(&self, now: Timestamp) -> Jid {
        let chance = self.setup.parts.entropy.next_u32();
        // A sequence is whole after every step, so a panic elsewhere under the lock has not harmed it.
        self.setup.parts.jids.lock().unwrap_or_else(PoisonError::into_inner).next(now, chance)
    }

    /// Runs the middleware over a draft, checks it and writes its payload, as of `now`; `None` when a middleware stopped
    /// it.
    pub(crate) fn prepare(&self, mut draft: Draft, now: Timestamp) -> Result<Option<NewJob>, PushError> {
        for middleware in self.setup.middleware.iter() {
            if middleware.push(&mut draft) == ClientVerdict::Stop {
                return Ok(None);
            }
        }
        if let Some(trace) = trace::current().or_else(|| self.trace.as_deref().cloned()) {
            trace.carry(&mut draft);
        }
        draft.pushed_by = draft.pushed_by.or_else(|| self.pushed_by.clone());
        draft.canonicalize(self.setup.wire)?;
        Ok(Some(draft.into_job(now, self.setup.wire.time())?))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("store", &self.setup.parts.store)
            .field("middleware", &self.setup.middleware.len())
            .finish()
    }
}
