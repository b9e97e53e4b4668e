//! Starts the loops, and decides which thread each has.

use std::sync::Arc;

use sancho_core::{Invalid, ProcessInfo, limits};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Server;
use crate::context::Shared;
use crate::event::{Event, Events, Subscription};
use crate::registry::ForAll;
use crate::server::alone::Alone;
use crate::server::blocking::BlockingPool;
use crate::server::burst::Burst;
use crate::server::capsules::Capsules;
use crate::server::discovery::Discovery;
use crate::server::fetcher::{Fetcher, Hand};
use crate::server::heartbeat::{Heartbeat, Rhythm};
use crate::server::keeper::Keeper;
use crate::server::lease::Lease;
use crate::server::outage::{Outage, OutageWatch};
use crate::server::phase::{Phase, PhaseWatch};
use crate::server::processor::Processor;
use crate::server::pruner::Pruner;
use crate::server::pulse::Pulse;
use crate::server::reaper::Reaper;
use crate::server::report::Overview;
use crate::server::roster::{Roster, Rosters};
use crate::server::scheduler::Scheduler;
use crate::server::shutdown::Shutdown;
use crate::server::tally::Tally;
use crate::server::watchdog::Watchdog;
use crate::server::{CapsuleStatus, Health, Heart, RunningJobReport, ServerError, guard};

/// A server that runs. Dropping it leaves the server running; [`RunningServer::stop`] stops it.
#[derive(Clone, Debug)]
pub struct RunningServer {
    shutdown: Shutdown,
    stopped: watch::Receiver<bool>,
    events: Events,
    /// The pulse of the heart's own thread, if it has one.
    pulse: Option<Pulse>,
    overview: Overview,
    capsules: Arc<Capsules>,
    lease: Arc<Lease>,
    outage: OutageWatch,
}

impl RunningServer {
    /// Takes no more jobs, and finishes what runs. Cannot be undone.
    pub fn quiet(&self) {
        self.shutdown.quiet();
    }

    /// Logs what each slot is doing, from the thread of the caller: jobs that hold up the runtime do not hold it up.
    pub fn dump(&self) {
        self.overview.dump();
    }

    /// What each slot is doing, in the order in which jobs were claimed.
    pub fn running(&self) -> Vec<RunningJobReport> {
        self.overview.make()
    }

    /// Begins to stop, and does not wait for it.
    pub fn begin_stop(&self) {
        self.shutdown.stop();
    }

    /// Cuts running jobs short now; they return to the front of their queues.
    pub fn stop_now(&self) {
        self.shutdown.stop_now();
    }

    /// Resolves when the server has stopped, whoever stopped it.
    pub async fn stopped(&self) {
        // An error means that the loops are gone.
        _ = self.stopped.clone().wait_for(|stopped| *stopped).await;
    }

    /// Stops: takes no more jobs, lets running ones finish within the stop's timeout, and returns the rest.
    pub async fn stop(&self) {
        self.begin_stop();
        self.stopped().await;
    }

    /// What the capsules are and do, in the order in which they were given.
    pub fn capsules(&self) -> Vec<CapsuleStatus> {
        self.capsules.statuses()
    }

    /// Gives a capsule so many slots. With fewer, what runs is finished, and no more is begun until it fits; with more,
    /// jobs are claimed at once. The process's next beat, which follows at once, tells of it.
    ///
    /// # Errors
    /// No such capsule, or a number of slots that it cannot have.
    pub fn set_slots(&self, capsule: &str, slots: usize) -> Result<(), Invalid> {
        self.capsules.tune(capsule, Some(slots), None)
    }

    /// Gives a capsule these queues in place of those it had, named as for [`Server::queues`]. The order stays as it was
    /// said; where none was said, it follows from the weights anew. Jobs that run stay where they are.
    ///
    /// # Errors
    /// No such capsule, or queues that it cannot have.
    pub fn set_queues<Q: Into<String>>(
        &self,
        capsule: &str,
        queues: impl IntoIterator<Item = Q>,
    ) -> Result<(), Invalid> {
        let queues: Vec<String> = queues.into_iter().map(Into::into).collect();
        self.capsules.tune(capsule, None, Some(&queues))
    }

    /// How the server is.
    pub fn health(&self) -> Health {
        let (uptime, phase) = (self.lease.uptime(), self.shutdown.phase().now());
        Health {
            fetched_ago: self.capsules.fetched_at().map(|at| uptime.saturating_sub(at)),
            unknown_classes: self.capsules.unknown(uptime),
            queues_left_to_others: self.capsules.left_to_others(),
            quiet: phase != Phase::Serving,
            stopping: phase > Phase::Quiet,
            store_away: self.outage.reason(),
        }
    }

    /// How long ago the heart's thread last turned, if it does not any more: then the process had better be started
    /// again. A store that is away stops no heart. One that beats in the program's runtime ([`Heart::Runtime`]) turns as
    /// long as that does, and is never late.
    pub fn heart_late(&self) -> Option<std::time::Duration> {
        self.pulse.as_ref().and_then(Pulse::late)
    }

    /// Listens to what happens from now on.
    pub fn subscribe(&self) -> Subscription {
        self.events.subscribe()
    }
}

/// Starts every loop of a server, once the store knows the process.
pub(super) async fn launch<S: Send + Sync + 'static>(server: Server<S>) -> Result<RunningServer, ServerError> {
    let Server { client, state, mut registry, given, events } = server;
    let for_all = ForAll { retries: given.retries, wire: client.wire(), settings: client.class_settings() };
    registry.complete(&for_all).map_err(ServerError::Invalid)?;
    let config = Arc::new(given.validate().map_err(ServerError::Invalid)?);
    guard::note_panics();

    let (store, entropy) = (Arc::clone(client.store()), Arc::clone(client.entropy()));
    let (host, pid) = (crate::server::host::hostname(), std::process::id());
    let lease = Arc::new(Lease::new(Arc::clone(client.clock()), &*entropy, host.clone(), pid));
    let shutdown = Shutdown::new(Arc::clone(&lease), config.stop_timeout);
    let (capsules, messages) = Capsules::new(&config.capsules);
    let rosters = capsules.all().iter().map(|capsule| Arc::new(Roster::new(capsule.busy()))).collect();
    let (rosters, tally) = (Arc::new(Rosters(rosters)), Arc::new(Tally::default()));
    let overview = Overview::of(Arc::clone(&rosters), Arc::clone(&capsules), Arc::clone(&lease));
    let burst = config.burst.then(|| Arc::new(Burst::new(Arc::clone(&capsules), shutdown.clone())));
    let incarnation = lease.incarnation();
    let pulse = (config.heart == Heart::OwnThread).then(|| Pulse::new(Arc::clone(client.clock())));

    let process = ProcessInfo {
        incarnation: incarnation.clone(),
        hostname: host,
        pid,
        started_at: lease.now(),
        slots: capsules.slots(),
        queues: capsules.queues(),
        capsules: capsules.infos(),
        tag: config.tag.clone(),
        labels: config.labels.clone(),
        version: format!("sancho {}", env!("CARGO_PKG_VERSION")),
    };
    let mut heartbeat = Heartbeat {
        store: Arc::clone(&store),
        lease: Arc::clone(&lease),
        entropy: Arc::clone(&entropy),
        events: events.clone(),
        rosters: Arc::clone(&rosters),
        overview: overview.clone(),
        tally: Arc::clone(&tally),
        phase: shutdown.phase(),
        capsules: Arc::clone(&capsules),
        shutdown: shutdown.clone(),
        process,
        rhythm: Rhythm::new(lease.uptime()),
    };
    heartbeat.hello().await.map_err(ServerError::Store)?;

    let outage = Outage::default();
    let scheduler = Scheduler {
        store: Arc::clone(&store),
        lease: Arc::clone(&lease),
        entropy: Arc::clone(&entropy),
        events: events.clone(),
        phase: shutdown.phase(),
        outage: outage.clone(),
        burst: burst.clone(),
    };
    let discovery = Discovery {
        store: Arc::clone(&store),
        entropy: Arc::clone(&entropy),
        capsules: Arc::clone(&capsules),
        phase: shutdown.phase(),
        burst: burst.clone(),
    };
    discovery.look().await;
    let reaper = Reaper {
        store: Arc::clone(&store),
        lease: Arc::clone(&lease),
        entropy: Arc::clone(&entropy),
        events: events.clone(),
        phase: shutdown.phase(),
        capsules: Arc::clone(&capsules),
        wire: client.wire(),
        handlers: registry.handlers.clone(),
    };
    let pruner = Pruner {
        store: Arc::clone(&store),
        lease: Arc::clone(&lease),
        entropy: Arc::clone(&entropy),
        events: events.clone(),
        config: Arc::clone(&config),
        phase: shutdown.phase(),
    };
    let keeper = Keeper {
        store: Arc::clone(&store),
        lease: Arc::clone(&lease),
        rosters: Arc::clone(&rosters),
        told: Arc::default(),
    };
    let watchdog = Watchdog { rosters: Arc::clone(&rosters), lease: Arc::clone(&lease) };
    let processor = Arc::new(Processor {
        shared: Arc::new(Shared {
            state: Arc::new(state),
            client,
            stopping: shutdown.stopping(),
            stop_timeout: config.stop_timeout,
        }),
        registry,
        lease: Arc::clone(&lease),
        keeper: Arc::clone(&keeper.told),
        log_args: config.log_args,
    });
    let (alone, blocking) =
        (Arc::new(Alone::new(capsules.all().len())), Arc::new(BlockingPool::new(config.blocking_threads)));
    let fetcher = |(place, messages)| Fetcher {
        store: Arc::clone(&store),
        lease: Arc::clone(&lease),
        entropy: Arc::clone(&entropy),
        events: events.clone(),
        capsule: Arc::clone(&capsules.all()[place]),
        place,
        capsules: Arc::clone(&capsules),
        alone: Arc::clone(&alone),
        burst: burst.clone(),
        processor: Arc::clone(&processor),
        roster: Arc::clone(&rosters.0[place]),
        blocking: Arc::clone(&blocking),
        tally: Arc::clone(&tally),
        phase: shutdown.phase(),
        messages,
        hand: Hand::new(outage.clone()),
    };
    let fetchers: Vec<Fetcher<S>> = messages.into_iter().enumerate().map(fetcher).collect();

    let beating = beat(heartbeat, watchdog, pulse.clone())?;
    let others = [
        tokio::spawn(scheduler.run()),
        tokio::spawn(reaper.run()),
        tokio::spawn(pruner.run()),
        tokio::spawn(keeper.run()),
        tokio::spawn(discovery.run()),
    ];
    let mut fetching = JoinSet::new();
    for fetcher in fetchers {
        fetching.spawn(fetcher.run());
    }
    let (stopped_tx, stopped) = watch::channel(false);
    let running = RunningServer {
        shutdown: shutdown.clone(),
        stopped,
        events: events.clone(),
        pulse,
        overview,
        capsules: Arc::clone(&capsules),
        lease,
        outage: outage.watch(),
    };
    let quiet = tell_when_quiet(shutdown.phase(), events.clone());
    tokio::spawn(quiet);
    tokio::spawn(async move {
        // A loop ends by itself or by a defect that panicked; either way the server is over.
        while let Some(ended) = fetching.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a fetcher ended by a defect: the server stops");
                shutdown.stop();
            }
        }
        // Those of a fetcher that ended by a defect still run, and once goodbye is said they are others'.
        rosters.let_all_go();
        for other in others {
            other.abort();
            _ = other.await;
        }
        shutdown.drained();
        _ = beating.await;
        events.tell(|| Event::Stopped);
        stopped_tx.send_replace(true);
    });
    for CapsuleStatus { name, slots, queues, .. } in capsules.statuses() {
        tracing::info!(%incarnation, capsule = name, slots, ?queues, lease = ?limits::LEASE, "the server takes jobs");
    }
    running.events.tell(|| Event::Started { incarnation });
    Ok(running)
}

/// Starts the heart where it is to beat: on a thread of its own, if that has a pulse; and the watchdog where no job can
/// hold it up: beside a heart that has a thread of its own. Answers what resolves when the heart has stopped.
fn beat<S: Send + Sync + 'static>(
    heartbeat: Heartbeat<S>,
    watchdog: Watchdog<S>,
    pulse: Option<Pulse>,
) -> Result<tokio::sync::oneshot::Receiver<()>, ServerError> {
    let (over, beating) = tokio::sync::oneshot::channel();
    let beat = async move {
        heartbeat.run().await;
        // Nobody may wait for it any longer.
        _ = over.send(());
    };
    match pulse {
        None => _ = tokio::spawn(beat),
        Some(pulse) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(ServerError::Thread)?;
            let beat_and_watch = async move {
                tokio::select! {
                    biased;
                    () = beat => {}
                    () = watchdog.run() => {}
                    () = pulse.keep() => {}
                }
            };
            let thread = std::thread::Builder::new().name("sancho-heart".into());
            thread.spawn(move || runtime.block_on(beat_and_watch)).map_err(ServerError::Thread)?;
        }
    }
    Ok(beating)
}

async fn tell_when_quiet(mut phase: PhaseWatch, events: Events) {
    phase.wait_for(|phase| phase != Phase::Serving).await;
    tracing::info!("the server takes no more jobs");
    events.tell(|| Event::Quiet);
}
