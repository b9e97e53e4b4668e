//! One round: a store, some processes, and what befalls them until every job is done or dead.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use sancho_core::claim::{Fill, Repeated};
use sancho_core::lifecycle::{Failure, Verdict};
use sancho_core::process::Quiet;
use sancho_core::{
    Beat, Claim, ClaimRequest, Clock, Entropy, Greeting, Incarnation, Outcome, ProcessInfo, SettleAnswer, Source,
    Timestamp, limits,
};
use tokio::sync::{Notify, watch};

use super::ChaosReport;
use super::delivery::Delivery;
use super::points::PausePoints;
use crate::server::line::Telling;
use crate::server::{Begun, Next, Pending, Processor, policy_of};
use crate::testing::{ManualClock, SeededEntropy, memory_at};
use crate::{Client, Server};

/// Processes that live at a time.
const PROCESSES: usize = 2;
/// Jobs that one process runs at a time.
const SLOTS: usize = 3;
/// Faults of one round: enough to strike several jobs, few enough that most runs come to their end.
const FAULTS: u32 = 6;
/// Steps of one round, before it is said that the jobs come to no end.
const STEPS: u32 = 100_000;

/// A round under way.
pub(super) struct Round<S> {
    client: Client,
    clock: ManualClock,
    chance: SeededEntropy,
    processor: Processor<S>,
    /// Keeps the jobs from hearing of a stop.
    _stopping: watch::Sender<bool>,
    processes: Vec<Process>,
    processes_begun: u32,
    faults_left: u32,
    any: Arc<Notify>,
    story: Vec<String>,
}

/// A process that is played.
struct Process {
    name: u32,
    incarnation: Incarnation,
    next_number: u64,
    wits: Wits,
    running: Vec<Delivery>,
}

/// How awake a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wits {
    /// It claims and performs.
    Awake,
    /// It stands still, and others have its jobs.
    Asleep,
    /// It slept, and goes on with jobs that are no longer its own.
    Late,
}

impl<S: Send + Sync + 'static> Round<S> {
    /// A round with an empty store.
    pub(super) fn begin(seed: u64, server: impl Fn(Client) -> Server<S>) -> Self {
        let clock = ManualClock::default();
        let client = memory_at(&clock, seed);
        let (stopping, listening) = watch::channel(false);
        let processor = server(client.clone().with_middleware(PausePoints)).into_processor(listening);
        let processor = processor.unwrap_or_else(|error| panic!("{error}"));
        Round {
            client,
            clock,
            // Another sequence than that of the client, whose draws depend on what the jobs do.
            chance: SeededEntropy::new(seed ^ 0x5a4c_0000_c4a0_5000),
            processor,
            _stopping: stopping,
            processes: Vec::new(),
            processes_begun: 0,
            faults_left: FAULTS,
            any: Arc::new(Notify::new()),
            story: Vec::new(),
        }
    }

    /// The client that the jobs are pushed with.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// The application's state.
    pub(super) fn state(&self) -> &S {
        &self.processor.shared.state
    }

    pub(super) fn into_story(self) -> Vec<String> {
        self.story
    }

    /// Plays until every job is done or dead.
    ///
    /// # Errors
    /// When the jobs come to no end: what is left of them.
    pub(super) async fn play(&mut self, report: &mut ChaosReport) -> Result<(), String> {
        for _ in 0..STEPS {
            self.start_processes().await;
            self.claim(report).await;
            self.processes.retain(|process| process.wits != Wits::Late || !process.running.is_empty());
            if self.below(8) == 0 {
                self.wake();
            }
            if self.strike(report).await || self.step(report).await {
                continue;
            }
            if self.processes.iter().any(|process| process.wits != Wits::Asleep && !process.running.is_empty()) {
                // Every job waits for something outside: a timer, a reply.
                self.any.notified().await;
            } else if !self.pass_time().await {
                report.dead += self.stats().await.dead;
                return Ok(());
            }
        }
        Err(format!("the jobs come to no end: after {STEPS} steps, this is left: {:?}", self.stats().await))
    }

    async fn stats(&self) -> sancho_core::Stats {
        self.client.inspect().stats(self.clock.now()).await.expect("the memory answers")
    }

    fn tell(&mut self, line: impl Into<String>) {
        self.story.push(line.into());
    }

    /// A number below `end`, by chance.
    fn below(&self, end: usize) -> usize {
        usize::try_from(self.chance.next_u64() % end as u64).expect("it is below a usize")
    }

    /// Sees to it that enough processes live.
    async fn start_processes(&mut self) {
        while self.processes.iter().filter(|process| process.wits == Wits::Awake).count() < PROCESSES {
            self.processes_begun += 1;
            let name = self.processes_begun;
            let incarnation = Incarnation::new(format!("chaos:{name}:0"));
            self.beat(&incarnation, Greeting::Hello).await;
            self.processes.push(Process { name, incarnation, next_number: 1, wits: Wits::Awake, running: Vec::new() });
        }
    }

    async fn beat(&self, incarnation: &Incarnation, greeting: Greeting) {
        let now = self.clock.now();
        let process = ProcessInfo {
            incarnation: incarnation.clone(),
            hostname: "chaos".to_owned(),
            pid: 0,
            started_at: now,
            slots: SLOTS,
            queues: Vec::new(),
            tag: String::new(),
            labels: Vec::new(),
            capsules: Vec::new(),
            version: "chaos".to_owned(),
        };
        let beat = Beat {
            process,
            greeting,
            quiet: Quiet::No,
            lease: limits::LEASE,
            running: Vec::new(),
            rss_bytes: 0,
            round_trip: Duration::ZERO,
            executions: Vec::new(),
            by_queue: Vec::new(),
        };
        self.client.store().beat(&beat, now).await.expect("the memory answers");
    }

    /// Each process that is awake claims for its free slots, from every queue.
    async fn claim(&mut self, report: &mut ChaosReport) {
        let queues = self.client.store().queue_names().await.expect("the memory answers");
        let sources: Vec<_> = queues.into_iter().map(|queue| Source { queue, quota: 0 }).collect();
        for at in 0..self.processes.len() {
            let process = &mut self.processes[at];
            let limit = SLOTS.saturating_sub(process.running.len());
            if process.wits != Wits::Awake || limit == 0 || sources.is_empty() {
                continue;
            }
            let request = ClaimRequest {
                incarnation: process.incarnation.clone(),
                first_number: process.next_number,
                repeated: Repeated::No,
                sources: sources.clone(),
                fill: Fill::InOrder,
                limit,
            };
            process.next_number += limit as u64;
            let now = self.clock.now();
            let claimed = self.client.store().exchange(&[], Some(&request), now).await.expect("the memory answers");
            for claim in claimed.claims {
                self.start(at, claim, report).await;
            }
        }
    }

    /// Begins a job, or settles at once what cannot begin.
    async fn start(&mut self, at: usize, claim: Claim, report: &mut ChaosReport) {
        let Begun { class, next, .. } = self.processor.begin(
            &claim,
            claim.payload.envelope().ok().as_ref(),
            &[],
            (self.clock.now(), self.clock.uptime()),
        );
        let args = claim.payload.envelope().map(|envelope| envelope.args().to_owned()).unwrap_or_default();
        let name = format!("{class} {args}");
        match next {
            Next::Run(run) => {
                report.deliveries += 1;
                self.tell(format!("process {} begins {name}", self.processes[at].name));
                let delivery = Delivery::new(claim, name, run.future, &self.any);
                self.processes[at].running.push(delivery);
            }
            Next::Over(outcome) => self.settle(at, &claim, &name, outcome, report).await,
            // It is buried, not returned: a fresh process would not know it either.
            Next::Unknown => {
                let first_met = Timestamp::from_unix_micros(0);
                self.settle(at, &claim, &name, Outcome::UnknownClass { first_met }, report).await;
            }
        }
    }

    /// Lets one job go on, by chance. Answers whether there was one that could.
    async fn step(&mut self, report: &mut ChaosReport) -> bool {
        let awake = |process: &Process, job: usize| process.wits != Wits::Asleep && process.running[job].is_awake();
        let Some((at, job)) = self.draw(awake) else { return false };
        if let Poll::Ready(outcome) = self.processes[at].running[job].poll() {
            let Delivery { claim, name, .. } = self.processes[at].running.remove(job);
            self.settle(at, &claim, &name, outcome, report).await;
        }
        true
    }

    /// One of the jobs that fit, by chance: its process, and its place there.
    fn draw(&self, fits: impl Fn(&Process, usize) -> bool) -> Option<(usize, usize)> {
        let all = self.processes.iter().enumerate();
        let jobs = all.flat_map(|(at, process)| (0..process.running.len()).map(move |job| (at, job)));
        let fitting: Vec<_> = jobs.filter(|(at, job)| fits(&self.processes[*at], *job)).collect();
        (!fitting.is_empty()).then(|| fitting[self.below(fitting.len())])
    }

    async fn settle(&mut self, at: usize, claim: &Claim, name: &str, outcome: Outcome, report: &mut ChaosReport) {
        let pending = self.decide(claim, outcome).told(&self.processor.registry.handlers, claim);
        let (verdict, settlement) = (pending.verdict(), [pending.settlement]);
        let exchanged = self.client.store().exchange(&settlement, None, self.clock.now()).await;
        let answer = exchanged.expect("the memory answers").answers[0];
        let process = self.processes[at].name;
        if answer == SettleAnswer::Settled {
            self.tell(format!("process {process} ends {name}: {}", in_words(verdict)));
        } else {
            report.refused += 1;
            self.tell(format!("process {process} ends {name} too late: the job is somebody else's"));
        }
    }

    fn decide(&self, claim: &Claim, outcome: Outcome) -> Pending {
        let class: Arc<str> = claim.payload.envelope().map(|envelope| envelope.class().into()).unwrap_or_default();
        let (registry, telling) = (&self.processor.registry, Telling::default());
        let policy = policy_of(registry.get(&class));
        let when = (self.clock.now(), self.chance.next_unit());
        Pending::decide(claim, (None, class), policy, outcome, Duration::ZERO, when, telling)
    }

    /// Makes a fault, by chance. Answers whether it made one.
    async fn strike(&mut self, report: &mut ChaosReport) -> bool {
        if self.faults_left == 0 || self.below(4) != 0 {
            return false;
        }
        let Some((at, job)) = self.draw(|process, _| process.wits == Wits::Awake) else { return false };
        let process = self.processes[at].name;
        match self.below(4) {
            0 => {
                let timeout = Failure { class: "Timeout".to_owned(), ..Failure::default() };
                let pending = self.decide(&self.processes[at].running[job].claim, Outcome::Failed(timeout.clone()));
                if !matches!(pending.verdict(), Verdict::Retried { .. }) {
                    return false;
                }
                let Delivery { claim, name, .. } = self.processes[at].running.remove(job);
                self.tell(format!("{name} takes too long in process {process}, and is dropped"));
                self.settle(at, &claim, &name, Outcome::Failed(timeout), report).await;
                report.timeouts += 1;
            }
            _ if !self.processes[at].running.iter().all(|delivery| may_be_orphaned(&delivery.claim)) => return false,
            1 => {
                self.tell(format!("process {process} falls asleep, until others have its jobs"));
                report.sleeps += 1;
                self.take_over(at).await;
                self.processes[at].wits = Wits::Asleep;
            }
            2 => {
                // The job's code comes to its end, as far as it can without waiting; nobody hears of it.
                let name = self.processes[at].running[job].name.clone();
                _ = self.processes[at].running[job].poll();
                self.tell(format!("process {process} dies, when {name} has gone on as far as it could"));
                self.die(at, report).await;
            }
            _ => {
                self.tell(format!("process {process} dies"));
                self.die(at, report).await;
            }
        }
        self.faults_left -= 1;
        true
    }

    async fn die(&mut self, at: usize, report: &mut ChaosReport) {
        report.crashes += 1;
        self.take_over(at).await;
        self.processes.remove(at);
    }

    /// The lease of a process ends, and another one has its jobs put back.
    async fn take_over(&mut self, from: usize) {
        let wits = std::mem::replace(&mut self.processes[from].wits, Wits::Asleep);
        self.start_processes().await;
        self.processes[from].wits = wits;
        self.clock.advance(limits::LEASE + Duration::from_secs(1));
        let others = (0..self.processes.len()).filter(|at| *at != from);
        let awake: Vec<usize> = others.filter(|at| self.processes[*at].wits == Wits::Awake).collect();
        for at in &awake {
            self.beat(&self.processes[*at].incarnation, Greeting::Hello).await;
        }
        let by = *awake.first().expect("they were started");
        let (now, limit) = (self.clock.now(), limits::JOBS_PER_MOVE_MAX);
        let heir = &mut self.processes[by];
        let first = heir.next_number;
        heir.next_number += limit as u64;
        let incarnation = heir.incarnation.clone();
        let taken = self.client.store().take_over(&incarnation, first, limit, now).await.expect("the memory answers");
        for claim in taken.claims {
            let settlement =
                [self.decide(&claim, Outcome::Orphaned).told(&self.processor.registry.handlers, &claim).settlement];
            self.client.store().exchange(&settlement, None, now).await.expect("the memory answers");
        }
    }

    /// One that sleeps wakes up, if one does, and goes on.
    fn wake(&mut self) -> bool {
        let Some(at) = self.processes.iter().position(|process| process.wits == Wits::Asleep) else { return false };
        self.tell(format!("process {} wakes up, and goes on with what it ran", self.processes[at].name));
        self.processes[at].wits = Wits::Late;
        true
    }

    /// Nothing runs: those that sleep wake up, or what is due next becomes due. Answers whether there was anything.
    async fn pass_time(&mut self) -> bool {
        if self.wake() {
            return true;
        }
        let promoted = self.client.store().promote(limits::JOBS_PER_MOVE_MAX, self.clock.now()).await;
        let promoted = promoted.expect("the memory answers");
        if promoted.moved > 0 {
            return true;
        }
        let Some(due) = promoted.next_due else { return false };
        self.clock.advance(due.since(self.clock.now()));
        for process in self.processes.iter().filter(|process| process.wits == Wits::Awake) {
            self.beat(&process.incarnation, Greeting::Hello).await;
        }
        true
    }
}

/// Whether a job may lose one more process without being buried for it.
fn may_be_orphaned(claim: &Claim) -> bool {
    let orphaned = claim.payload.envelope().map_or(0, |envelope| envelope.orphaned_at().len());
    orphaned + 1 < limits::ORPHANED_MAX
}

fn in_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "it is done",
        Verdict::Retried { .. } => "it failed, and is tried again later",
        Verdict::Died => "it is dead",
        Verdict::Postponed => "it comes again later",
        Verdict::Dropped => "it is dropped",
        _ => "it is kept back",
    }
}
