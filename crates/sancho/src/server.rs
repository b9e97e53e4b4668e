//! The server: a handful of loops around the store's moves, that performs what was pushed.
//!
//! [`Server`] is what an application builds; `launcher` decides threads and starts the loops; `fetcher` claims,
//! starts and settles jobs; `scheduler`, `heartbeat`, `reaper` and `pruner` do what their names say; `shutdown`
//! is the way from serving to stopped.

mod alone;
pub(crate) mod blocking;
mod burst;
pub(crate) mod capsule;
mod capsules;
mod config;
mod discovery;
mod ending;
mod fetcher;
mod foreign;
pub(crate) mod guard;
mod health;
mod heartbeat;
mod host;
mod keeper;
mod last_words;
mod launcher;
mod lease;
pub(crate) mod line;
mod lots;
mod outage;
pub(crate) mod performance;
mod phase;
mod processor;
mod pruner;
mod pulse;
mod reaper;
mod report;
mod roster;
mod scheduler;
mod settler;
mod shutdown;
pub(crate) mod signals;
mod slot;
mod tally;
mod unknown;
mod watchdog;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sancho_core::{Invalid, Retention, StoreError};

pub use capsule::{Capsule, CapsuleStatus, QueueOrder};
pub use config::Heart;
pub use health::Health;
#[cfg(feature = "cli")]
pub(crate) use host::{hostname, resident_bytes};
pub use launcher::RunningServer;
pub(crate) use processor::{Begun, Next, Processor, policy_of};
pub use report::{Doing, RunningJobReport, ThreadReport};
pub(crate) use settler::Pending;
use signals::{Signal, Signals};

use crate::context::Shared;
use crate::event::{Events, Subscription};
use crate::registry::{ForAll, Registry};
use crate::server::lease::Lease;
use crate::{ClassSettings, Client, DeadJob, FailedJob, Fallback, Job, Perform, ServerMiddleware};

/// Performs jobs, with an application's state.
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use sancho::{Context, Job, JobResult, Perform};
/// # struct App;
/// #[derive(Job, Serialize, Deserialize)]
/// struct WelcomeEmail { user_id: u64 }
///
/// impl Perform<App> for WelcomeEmail {
///     async fn perform(self, cx: &Context<App>) -> JobResult {
///         println!("welcome, user {}", self.user_id);
///         Ok(())
///     }
/// }
///
/// # async fn main_() -> Result<(), Box<dyn std::error::Error>> {
/// let client = sancho::connect("sqlite://sancho.db").await?;
/// sancho::Server::new(client, App).register::<WelcomeEmail>().run().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a server does nothing until it is run or started"]
pub struct Server<S> {
    client: Client,
    state: S,
    registry: Registry<S>,
    given: config::Given,
    events: Events,
}

impl<S: Send + Sync + 'static> Server<S> {
    /// A server of the client's store, that performs no class yet, from the queue `default`, in 25 slots.
    pub fn new(client: Client, state: S) -> Self {
        let (registry, given) = (Registry::new(), config::Given::default());
        Server { client, state, registry, given, events: Events::new() }
    }

    /// Performs jobs of this class. Registered twice, a class is performed as the last one says.
    pub fn register<J: Job + Perform<S>>(mut self) -> Self {
        self.registry.add::<J>();
        self
    }

    /// Performs every class that is not registered. Given twice, the last one does.
    pub fn fallback(mut self, fallback: impl Fallback<S>) -> Self {
        self.registry.fall_back(fallback);
        self
    }

    /// Stands around each job that is performed, within what was given before: the first is the outermost.
    pub fn middleware(mut self, middleware: impl ServerMiddleware<S>) -> Self {
        self.registry.surround(middleware);
        self
    }

    /// What holds for a class here, over what it says itself: for jobs that are performed, and for jobs that jobs
    /// push. Given twice for a class, the later settings go over the earlier ones. Those that the server's client
    /// has hold too.
    pub fn class_settings(mut self, class: impl Into<String>, settings: ClassSettings) -> Self {
        self.client = self.client.with_class_settings(class, settings);
        self
    }

    /// Is told of each job that dies, whatever of: exhausted, killed, not to be retried, poison, of a class that
    /// nobody knew for a day, or unreadable.
    ///
    /// Called before the death is settled, and so at least once. It is called where jobs are claimed for all slots:
    /// it must not block, and hands over what takes time. A panic is logged and changes nothing. Several are called
    /// in the order given.
    pub fn on_death(mut self, handler: impl Fn(&DeadJob) + Send + Sync + 'static) -> Self {
        self.registry.handlers.death.push(Arc::new(handler));
        self
    }

    /// Is told of each try that fails, the last one included; otherwise as [`Server::on_death`].
    pub fn on_error(mut self, handler: impl Fn(&FailedJob) + Send + Sync + 'static) -> Self {
        self.registry.handlers.error.push(Arc::new(handler));
        self
    }

    /// The queues to serve, each as `name` or `name,weight`; patterns and exclusions are told at [`Capsule`]. Unless
    /// [`Server::order`] says otherwise, they are served in strict order if none has a weight (a later one when the
    /// earlier ones are empty), at random if every weight is 1, and by their weights otherwise.
    ///
    /// Without any, the server serves `default`, unless a process of another program serves that too: then it
    /// claims nothing from it until that process is gone, or it is named here.
    pub fn queues<Q: Into<String>>(mut self, queues: impl IntoIterator<Item = Q>) -> Self {
        self.given.capsules[0].queues = queues.into_iter().map(Into::into).collect();
        self
    }

    /// How the queues are served.
    pub fn order(mut self, order: QueueOrder) -> Self {
        self.given.capsules[0].order = Some(order);
        self
    }

    /// How many jobs run at a time.
    pub fn slots(mut self, slots: usize) -> Self {
        self.given.capsules[0].slots = slots;
        self
    }

    /// Serves the queues of this capsule too, in slots of its own.
    ///
    /// [`Server::queues`], [`Server::order`] and [`Server::slots`] speak of the capsule that a server has by itself. It
    /// is named `default`, and one of that name given here takes its place.
    ///
    /// ```no_run
    /// # async fn main_(client: sancho::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use sancho::{Capsule, Server};
    /// // Whatever waits in `default`, two slots are there for what must not run more often at a time.
    /// let server = Server::new(client, ()).capsule(Capsule::new("careful").slots(2).queues(["careful"]));
    /// # _ = server;
    /// # Ok(())
    /// # }
    /// ```
    pub fn capsule(mut self, capsule: Capsule) -> Self {
        if capsule.name == Capsule::DEFAULT {
            self.given.capsules[0] = capsule;
        } else {
            self.given.capsules.push(capsule);
        }
        self
    }

    /// Performs what is ready, and then stops by itself: for cron, and for tests.
    ///
    /// Jobs that are due when the server starts are ready, and so is what the jobs push meanwhile. Left for later are:
    /// jobs that become due after the start, the retries of jobs that fail meanwhile, jobs in paused queues, jobs of
    /// classes that are paused or not known, and queues that are left to others. Jobs that fail do not make the burst
    /// one that failed.
    pub fn burst(mut self) -> Self {
        self.given.burst = true;
        self
    }

    /// How long running jobs may go on after a stop, before they are cut short and returned to their queues.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.given.stop_timeout = timeout;
        self
    }

    /// How often a job whose `retry` is `true` is retried.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.given.retries = retries;
        self
    }

    /// How many jobs the dead set keeps, and how long.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.given.retention = retention;
        self
    }

    /// A word for pages, such as the application's name.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.given.tag = tag.into();
        self
    }

    /// Labels for pages.
    pub fn labels<L: Into<String>>(mut self, labels: impl IntoIterator<Item = L>) -> Self {
        self.given.labels = labels.into_iter().map(Into::into).collect();
        self
    }

    /// Where the heart beats; [`Heart::OwnThread`] unless said.
    pub fn heart(mut self, heart: Heart) -> Self {
        self.given.heart = heart;
        self
    }

    /// The client of the server's store, which its jobs push through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The same server, whose jobs push through this client of the same store.
    pub(crate) fn with_client(self, client: Client) -> Self {
        Server { client, ..self }
    }

    /// What performs its jobs, for those who begin them by hand.
    ///
    /// # Errors
    /// As for [`Server::start`], where no store is asked.
    pub(crate) fn into_processor(self, stopping: tokio::sync::watch::Receiver<bool>) -> Result<Processor<S>, Invalid> {
        let Server { client, state, mut registry, given, .. } = self;
        let for_all = ForAll { retries: given.retries, wire: client.wire(), settings: client.class_settings() };
        registry.complete(&for_all)?;
        let lease = Lease::new(Arc::clone(client.clock()), &**client.entropy(), host::hostname(), std::process::id());
        Ok(Processor {
            shared: Arc::new(Shared { state: Arc::new(state), client, stopping, stop_timeout: given.stop_timeout }),
            registry,
            lease: Arc::new(lease),
            keeper: Arc::default(),
            log_args: given.log_args,
        })
    }

    /// Where the server tells what happens.
    pub(crate) fn events(&self) -> Events {
        self.events.clone()
    }

    /// How many threads jobs have that block ([`Runs::Blocking`](crate::Runs)): as many as there are slots, unless said,
    /// and at most [`limits::BLOCKING_THREADS_MAX`](sancho_core::limits::BLOCKING_THREADS_MAX).
    ///
    /// A thread starts when a job needs one, and ends when none has needed it for a while. A job that waits for a thread
    /// has its slot meanwhile; its timeout begins when it has one.
    pub fn blocking_threads(mut self, threads: usize) -> Self {
        self.given.blocking_threads = Some(threads);
        self
    }

    /// Whether the log tells the arguments of jobs; it does not, unless said: they may be secrets.
    pub fn log_args(mut self, args: bool) -> Self {
        self.given.log_args = if args { line::LogArgs::Yes } else { line::LogArgs::No };
        self
    }

    /// The classes that are registered.
    #[cfg(feature = "cli")]
    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        self.registry.classes()
    }

    /// Listens to what happens, from before the server starts.
    pub fn subscribe(&self) -> Subscription {
        self.events.subscribe()
    }

    /// Starts the server; it runs until it is told to stop through the answer. Signals are left to the caller.
    ///
    /// # Errors
    /// [`ServerError`] when a setting is wrong, no class is registered, or the store cannot be reached.
    pub async fn start(self) -> Result<RunningServer, ServerError> {
        launcher::launch(self).await
    }

    /// Runs the server until a signal stops it: TERM, INT and HUP stop (INT twice stops now), TSTP makes it quiet,
    /// TTIN has it log what runs, and USR2 does nothing: what it is for, a log's files, is the program's own.
    ///
    /// On a stop, running jobs have the stop's timeout to finish; what is left then is canceled and returned to
    /// the front of its queue, and no attempt is counted.
    ///
    /// # Errors
    /// [`ServerError`], as for [`Server::start`].
    pub async fn run(self) -> Result<(), ServerError> {
        let mut signals = Signals::listen().map_err(ServerError::Signals)?;
        let server = self.start().await?;
        let mut interrupted = false;
        let mut stopped = std::pin::pin!(server.stopped());
        loop {
            let signal = tokio::select! {
                () = &mut stopped => return Ok(()),
                signal = signals.next() => signal,
            };
            tracing::info!(?signal, "a signal came");
            match signal {
                Signal::Quiet => server.quiet(),
                Signal::Dump => server.dump(),
                // The log is the program's own, which has its own way to open it again.
                Signal::Reopen => {}
                Signal::Stop | Signal::Hangup => server.begin_stop(),
                Signal::Interrupt if interrupted => server.stop_now(),
                Signal::Interrupt => {
                    interrupted = true;
                    server.begin_stop();
                }
            }
        }
    }
}

/// Why a server did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// A setting is wrong.
    Invalid(Invalid),
    /// The store cannot be reached.
    Store(StoreError),
    /// The system does not let the process listen to signals.
    Signals(std::io::Error),
    /// The system does not let the process start a thread.
    Thread(std::io::Error),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerError::Invalid(error) => write!(f, "failed to start the server: {error}"),
            ServerError::Store(error) => write!(f, "failed to start the server: {error}"),
            ServerError::Signals(error) => write!(f, "failed to listen to signals: {error}"),
            ServerError::Thread(error) => write!(f, "failed to start a thread: {error}"),
        }
    }
}

impl std::error::Error for ServerError {}
