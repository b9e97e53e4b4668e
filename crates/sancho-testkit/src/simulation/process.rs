//! A simulated process: a program in a runtime of its own, whose time is paused.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use sancho::{Capsule, Client, Heart, RunningServer, Server};
use sancho_core::{Clock, Inspect, Retention};
use tokio::runtime::{Builder, Runtime};

use super::Subject;
use super::act::{Act, BriefAct};
use super::clock::SimClock;
use super::ledger::Standing;
use super::plan::{Deed, Fault, Plan, ServerPlan, StoreClock, Wakes, When};
use super::pusher::Pusher;
use super::site::{End, Site};
use super::store::SimStore;
use super::world::World;
use crate::chance::Seeded;

/// What a process runs.
#[derive(Clone, Debug)]
pub(super) enum Program {
    Server(ServerPlan),
    Pusher(Vec<Deed>),
}

/// One process, over all its lives.
pub(super) struct Process {
    pub(super) index: usize,
    pub(super) program: Program,
    skew_ms: i64,
    /// How far it has come, in true time; for one that rests, when it goes on.
    pub(super) at_ms: u64,
    pub(super) doing: Doing,
    /// What goes wrong with it at times, and has not yet.
    pub(super) timed: VecDeque<(u64, Fault)>,
    /// How long it is gone after its program has come to its end.
    pub(super) restart_ms: u64,
    calls: u64,
    lives: u64,
    /// How many of a client's deeds are done.
    done: Arc<AtomicUsize>,
}

/// What a process is doing.
pub(super) enum Doing {
    Lives(Life),
    Frozen(Life),
    Down,
    Over,
}

/// One life of a process.
pub(super) struct Life {
    runtime: Runtime,
    pub(super) site: Arc<Site>,
    /// The server, once it has started.
    server: Arc<OnceLock<RunningServer>>,
}

impl Process {
    pub(super) fn new(plan: &Plan, index: usize, program: Program, skew_ms: i64, starts_ms: u64) -> Self {
        Process {
            index,
            program,
            skew_ms,
            at_ms: starts_ms,
            doing: Doing::Down,
            timed: plan.at_times(index).into(),
            restart_ms: 1_000,
            calls: 0,
            lives: 0,
            done: Arc::default(),
        }
    }

    pub(super) fn life(&self) -> Option<&Life> {
        match &self.doing {
            Doing::Lives(life) => Some(life),
            _ => None,
        }
    }

    /// Begins a life, at the process's time.
    pub(super) fn start(&mut self, world: &Arc<World>, subject: &dyn Subject) {
        self.lives += 1;
        let seed = world.plan.seed.wrapping_mul(1_000_003) ^ ((self.index as u64) << 32) ^ (self.lives << 40);
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime without I/O needs nothing of the system");
        let site = {
            let _inside = runtime.enter();
            let clock = SimClock::new(self.skew_ms, steps(&world.plan, self.index), self.at_ms);
            Arc::new(Site::new(Arc::clone(world), self.index, clock, Seeded::new(seed), self.calls))
        };
        let server = Arc::new(OnceLock::new());
        site.tell(format_args!("starts"));
        world.state().ledger.standing[self.index] = Standing::Runs;
        let client = self.client(&site, subject, Seeded::new(seed ^ 0xe7));
        let _inside = runtime.enter();
        match &self.program {
            Program::Server(plan) => {
                let built = subject.server(build(plan, client, &site));
                _ = runtime.spawn(serve(built, Arc::clone(&site), Arc::clone(&server)));
            }
            Program::Pusher(deeds) => {
                let pusher = Pusher { site: Arc::clone(&site), client, acknowledged: Vec::new() };
                let (deeds, done, from) = (deeds.clone(), Arc::clone(&self.done), self.done.load(Relaxed));
                let site = Arc::clone(&site);
                _ = runtime.spawn(async move {
                    pusher.run(deeds, from, |count| done.store(count, Relaxed)).await;
                    site.end(End::Returned);
                });
            }
        }
        drop(_inside);
        self.doing = Doing::Lives(Life { runtime, site, server });
    }

    fn client(&self, site: &Arc<Site>, subject: &dyn Subject, chance: Seeded) -> Client {
        let wakes = match &self.program {
            Program::Server(plan) => plan.wakes,
            Program::Pusher(_) => Wakes::Well,
        };
        let store = Arc::new(SimStore { site: Arc::clone(site), wakes });
        let name = site.world.plan.name(self.index);
        let clock = subject.clock(name, Arc::clone(&site.clock) as Arc<dyn Clock>);
        Client::with_parts(
            subject.store(name, Arc::clone(&store) as _),
            store as Arc<dyn Inspect>,
            clock,
            Arc::new(chance),
        )
    }

    /// Ends a life where it stands: what it awaits is dropped.
    pub(super) fn die(&mut self, restart_ms: u64) {
        let doing = std::mem::replace(&mut self.doing, Doing::Down);
        let (Doing::Lives(life) | Doing::Frozen(life)) = doing else { return };
        let world = Arc::clone(&life.site.world);
        world.state().ledger.life_is_over(self.index);
        self.calls = life.site.calls.load(Relaxed);
        life.site.dies.store(true, Relaxed);
        drop(life);
        self.at_ms += restart_ms;
    }

    /// Whether a client has done all that it was to do.
    pub(super) fn is_done(&self) -> bool {
        match &self.program {
            Program::Server(_) => false,
            Program::Pusher(deeds) => self.done.load(Relaxed) >= deeds.len(),
        }
    }
}

impl Life {
    /// Lets the process run until this true time, or until it stops before the store. A process that was frozen first
    /// hears how late it is. Answers how far it has come.
    pub(super) fn run(&self, from_ms: u64, until_ms: u64) -> u64 {
        let clock = &self.site.clock;
        let late = Duration::from_millis(from_ms.saturating_sub(clock.true_ms()));
        clock.go();
        self.runtime.block_on(async {
            if !late.is_zero() {
                tokio::time::advance(late).await;
            }
            let rest = Duration::from_millis(until_ms.saturating_sub(from_ms));
            let mut over = pin!(tokio::time::sleep(rest));
            std::future::poll_fn(|context| match over.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => self.site.gate.poll_halt(context.waker()),
            })
            .await;
            clock.stand()
        })
    }

    /// The server, if it has started.
    pub(super) fn server(&self) -> Option<&RunningServer> {
        self.server.get()
    }
}

fn build(plan: &ServerPlan, client: Client, site: &Arc<Site>) -> Server<Arc<Site>> {
    let retention = Retention { dead_jobs_max: plan.dead_jobs_max, ..Retention::default() };
    let server = Server::new(client, Arc::clone(site))
        .register::<Act>()
        .register::<BriefAct>()
        .queues(plan.queues.iter().map(String::as_str))
        .slots(plan.slots)
        .stop_timeout(Duration::from_millis(plan.stop_timeout_ms))
        .retention(retention)
        .tag(site.world.plan.name(site.process))
        .heart(Heart::Runtime);
    if plan.second_capsule.is_empty() {
        return server;
    }
    server.capsule(Capsule::new("second").slots(2).queues(plan.second_capsule.iter().map(String::as_str)))
}

async fn serve(server: Server<Arc<Site>>, site: Arc<Site>, started: Arc<OnceLock<RunningServer>>) {
    match server.start().await {
        Ok(running) => {
            _ = started.set(running.clone());
            running.stopped().await;
            site.tell(format_args!("has stopped"));
            site.end(End::Returned);
        }
        Err(error) => {
            site.tell(format_args!("{error}"));
            site.end(End::Failed);
        }
    }
}

/// When a process's wall clock steps: with its host, which it shares where the store has no clock.
fn steps(plan: &Plan, process: usize) -> Vec<(u64, i64)> {
    let shared = plan.store_clock == StoreClock::Echo;
    let step = |mishap: &super::plan::Mishap| match (mishap.when, mishap.what) {
        (When::At(at), Fault::ClockStep { by_ms }) if shared || mishap.process == process => Some((at, by_ms)),
        _ => None,
    };
    plan.mishaps.iter().filter_map(step).collect()
}
