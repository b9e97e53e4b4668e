//! Runs the processes of a plan, in the order of true time, and ends the run when all is done.

use std::sync::Arc;

use sancho_core::{Clock, Timestamp};

use super::Subject;
use super::ledger::{Broken, Entry, Spot, Standing};
use super::panics::Noted;
use super::plan::{Fault, Plan, ServerPlan, Wakes};
use super::process::{Doing, Process, Program};
use super::site::End;
use super::story::Telling;
use super::world::{Ghost, State, World};

/// How long after the last fault all has to have come to its end: several leases, retries, and waits to run alone. Where
/// a store goes by a wall clock that stepped back, what it was to do by then waits for that much longer.
const TAIL_MS: u64 = 1_200_000;

/// Jobs that are due so long after the last fault are waited for; later ones wait in peace.
const AWAITED_MS: u64 = 180_000;

/// How long a server may take to stop beyond its own timeout: one that is still frozen, tasks that are cut short, a last
/// beat, a goodbye.
const STOP_MS: u64 = 120_000;

/// How far a process runs at most before it is another's turn: two to the power of these, in milliseconds, and up to
/// twice as far. Wake-ups are late by as much; each order of magnitude is as likely as another.
const SLICE_DOUBLINGS: std::ops::Range<usize> = 1..12;

/// A bound of the run itself: far more turns than any run needs.
const TURNS_MAX: u64 = 3_000_000;

/// A run under way.
pub(super) struct Coordinator<'a> {
    world: Arc<World>,
    subject: &'a dyn Subject,
    processes: Vec<Process>,
    noted: Noted,
    /// When the last fault is over.
    calm_ms: u64,
    /// When the servers were told to stop for good.
    stopping_since: Option<u64>,
    /// When it is looked at next whether all is done.
    look_ms: u64,
    turns: u64,
}

/// What a run came to.
pub(super) struct Ran {
    pub(super) state: State,
    pub(super) turns: u64,
    pub(super) ended_ms: u64,
}

/// Runs a plan.
pub(super) fn run(plan: &Plan, subject: &dyn Subject, telling: Telling) -> Ran {
    let (store, inspect) = subject.base();
    let world = Arc::new(World::new(plan.clone(), store, inspect, telling));
    let mut coordinator = Coordinator::new(world, subject);
    let ended_ms = coordinator.run();
    let turns = coordinator.turns;
    let Coordinator { world, processes, .. } = coordinator;
    drop(processes);
    let state = Arc::into_inner(world).expect("every process is gone").into_state();
    Ran { state, turns, ended_ms }
}

impl<'a> Coordinator<'a> {
    fn new(world: Arc<World>, subject: &'a dyn Subject) -> Self {
        let plan = &world.plan;
        let calm_ms = calm_from(plan);
        let mut processes = Vec::new();
        for server in &plan.servers {
            let program = Program::Server(server.clone());
            processes.push(Process::new(plan, processes.len(), program, server.skew_ms, server.starts_ms));
        }
        for pusher in &plan.pushers {
            let program = Program::Pusher(pusher.deeds.clone());
            processes.push(Process::new(plan, processes.len(), program, pusher.skew_ms, 0));
        }
        // Whatever became of the others, one server is there at the end.
        let last = Program::Server(ServerPlan {
            starts_ms: calm_ms,
            slots: 5,
            queues: vec!["default".to_owned(), "low".to_owned()],
            second_capsule: Vec::new(),
            stop_timeout_ms: 25_000,
            dead_jobs_max: 10_000,
            skew_ms: 0,
            wakes: Wakes::Well,
        });
        processes.push(Process::new(plan, processes.len(), last, 0, calm_ms));
        let noted = Noted::begin();
        Coordinator { world, subject, processes, noted, calm_ms, stopping_since: None, look_ms: calm_ms, turns: 0 }
    }

    /// Runs to the end, or to the first rule that is broken; answers the true time then.
    fn run(&mut self) -> u64 {
        loop {
            self.turns += 1;
            let Some(next) = self.next() else { return self.finish() };
            let now_ms = self.processes[next].at_ms;
            self.deliver_ghosts(now_ms);
            self.step(next);
            if let Some(said) = self.noted.take() {
                let broken = Broken { invariant: "the engine does not panic", detail: said };
                self.world.note(Err(broken));
            }
            if self.turns > TURNS_MAX {
                let detail = format!("{TURNS_MAX} turns, and it is {now_ms} ms");
                self.world.note(Err(Broken { invariant: "a run comes to its end", detail }));
            }
            if now_ms >= self.look_ms {
                self.look_ms = now_ms + 1_000;
                self.look(now_ms);
            }
            if self.world.state().broken.is_some() {
                return now_ms;
            }
        }
    }

    /// The process that is furthest behind; among several, one by chance.
    fn next(&self) -> Option<usize> {
        let living = |process: &&Process| !matches!(process.doing, Doing::Over);
        let behind = self.processes.iter().filter(living).map(|process| process.at_ms).min()?;
        let several: Vec<usize> =
            self.processes.iter().filter(living).filter(|it| it.at_ms == behind).map(|it| it.index).collect();
        Some(self.world.state().chance.pick(&several))
    }

    fn deliver_ghosts(&self, now_ms: u64) {
        loop {
            let ghost = {
                let mut state = self.world.state();
                let due = state.ghosts.iter().enumerate().filter(|(_, ghost)| ghost.at_ms <= now_ms);
                let first = due.min_by_key(|(_, ghost)| (ghost.at_ms, ghost.process, ghost.number));
                first.map(|(index, _)| index).map(|index| state.ghosts.remove(index))
            };
            let Some(Ghost { process, at_ms, request, now, .. }) = ghost else { return };
            self.world.tell_fault(at_ms, process, format_args!("a call that was given up comes to the store:"));
            _ = self.world.make(process, at_ms, &request, now);
        }
    }

    fn step(&mut self, index: usize) {
        let process = &mut self.processes[index];
        if let Some((at_ms, fault)) = process.timed.front().copied()
            && at_ms <= process.at_ms
            && matches!(process.doing, Doing::Lives(_))
        {
            process.timed.pop_front();
            self.strike(index, fault);
            return;
        }
        match std::mem::replace(&mut process.doing, Doing::Over) {
            Doing::Down if self.stopping_since.is_some() => {}
            Doing::Down => process.start(&self.world, self.subject),
            Doing::Frozen(life) => {
                life.site.tell(format_args!("goes on"));
                let mut state = self.world.state();
                state.ledger.standing[index] = Standing::Runs;
                if let Some((_, until)) = state.ledger.frozen[index].last_mut() {
                    *until = process.at_ms;
                }
                drop(state);
                process.doing = Doing::Lives(life);
                self.turn(index);
            }
            Doing::Lives(life) => {
                process.doing = Doing::Lives(life);
                self.turn(index);
            }
            Doing::Over => {}
        }
    }

    /// Lets a process run a little.
    fn turn(&mut self, index: usize) {
        let slice_ms = {
            let state = self.world.state();
            let base = 1 << (SLICE_DOUBLINGS.start + state.chance.below(SLICE_DOUBLINGS.len()));
            base + state.chance.below(usize::try_from(base).unwrap_or(1)) as u64
        };
        let process = &mut self.processes[index];
        let Some(life) = process.life() else { return };
        // A server that was still starting when all were told to stop hears it now.
        if self.stopping_since.is_some() {
            life.server().iter().for_each(|server| server.begin_stop());
        }
        let next_fault = process.timed.front().map_or(u64::MAX, |(at, _)| *at);
        let until_ms = (process.at_ms + slice_ms).min(next_fault.max(process.at_ms + 1));
        if life.site.gate.is_waited_at() {
            life.site.gate.grant();
        }
        let reached = life.run(process.at_ms, until_ms);
        let ended = life.site.ended();
        process.at_ms = reached;
        let Some(end) = ended else { return };
        let restart_ms = match end {
            End::Returned if process.is_done() || self.stopping_since.is_some() => {
                process.die(0);
                process.doing = Doing::Over;
                return;
            }
            End::Returned => process.restart_ms,
            End::Failed => 2_000,
            End::Killed { restart_ms } => {
                self.world.tell(reached, index, format_args!("is killed"));
                restart_ms
            }
        };
        process.die(restart_ms);
    }

    /// Something goes wrong with a process, now.
    fn strike(&mut self, index: usize, fault: Fault) {
        let process = &mut self.processes[index];
        if process.at_ms >= self.calm_ms {
            // It waited for a process that rested: by now all is to be quiet.
            return;
        }
        self.world.tell_fault(process.at_ms, index, format_args!("{fault:?}"));
        let server = process.life().and_then(|life| life.server()).cloned();
        match fault {
            Fault::Crash { restart_ms } => process.die(restart_ms),
            Fault::Freeze { for_ms } => {
                let mut state = self.world.state();
                state.ledger.standing[index] = Standing::Rests;
                state.ledger.frozen[index].push((process.at_ms, u64::MAX));
                drop(state);
                if let Doing::Lives(life) = std::mem::replace(&mut process.doing, Doing::Over) {
                    process.doing = Doing::Frozen(life);
                }
                process.at_ms += for_ms;
            }
            Fault::Stop { restart_ms } => {
                process.restart_ms = restart_ms;
                server.iter().for_each(sancho::RunningServer::begin_stop);
            }
            Fault::StopNow { restart_ms } => {
                process.restart_ms = restart_ms;
                server.iter().for_each(sancho::RunningServer::stop_now);
            }
            Fault::Quiet { stop_ms } => {
                server.iter().for_each(sancho::RunningServer::quiet);
                let stop = (process.at_ms + stop_ms, Fault::Stop { restart_ms: 500 });
                let place = process.timed.partition_point(|(at, _)| *at <= stop.0);
                process.timed.insert(place, stop);
            }
            // Clocks and the network look these up themselves.
            _ => {}
        }
    }

    /// In the quiet time: whether all is done, and if it is, that the servers stop.
    fn look(&mut self, now_ms: u64) {
        if let Some(since) = self.stopping_since {
            let patience = STOP_MS + 25_000;
            let left: Vec<char> = self
                .processes
                .iter()
                .filter(|it| !matches!(it.doing, Doing::Over))
                .map(|it| self.world.plan.name(it.index))
                .collect();
            if now_ms > since + patience {
                let detail = format!("{left:?} were told to stop {patience} ms ago, and have not");
                self.world.note(Err(Broken { invariant: "a server that is told to stop stops", detail }));
            }
            return;
        }
        let store_now = self.store_now();
        let horizon = store_now.before(std::time::Duration::from_millis(now_ms - self.calm_ms))
            + std::time::Duration::from_millis(AWAITED_MS);
        let waiting: Vec<String> = {
            let state = self.world.state();
            let entries = state.ledger.entries.iter().enumerate();
            entries
                .filter(|(_, entry)| is_awaited(entry, horizon))
                .map(|(n, entry)| format!("#{n} {:?}", entry.spot))
                .collect()
        };
        let clients = self.processes.iter().filter(|it| matches!(it.program, Program::Pusher(_)));
        let pushing: Vec<char> =
            clients.filter(|it| !matches!(it.doing, Doing::Over)).map(|it| self.world.plan.name(it.index)).collect();
        if waiting.is_empty() && pushing.is_empty() {
            self.stop_all(now_ms);
        } else if now_ms > self.calm_ms + TAIL_MS + self.world.plan.stepped_back_ms() {
            let detail = format!("{TAIL_MS} ms after the last fault: jobs {waiting:?}, clients {pushing:?}");
            self.world.note(Err(Broken { invariant: "nobody waits for ever", detail }));
        }
    }

    fn stop_all(&mut self, now_ms: u64) {
        self.stopping_since = Some(now_ms);
        for process in &self.processes {
            if let Some(life) = process.life() {
                life.site.tell(format_args!("is told to stop"));
                life.server().iter().for_each(|server| server.begin_stop());
            }
        }
    }

    /// The time by which the store's leases and due jobs are judged.
    fn store_now(&self) -> Timestamp {
        let last = self.processes.last().expect("the last server is there");
        match last.life() {
            Some(life) => life.site.clock.now(),
            None => super::clock::true_time(last.at_ms),
        }
    }

    fn finish(&mut self) -> u64 {
        let ended_ms = self.processes.iter().map(|process| process.at_ms).max().unwrap_or(0);
        self.deliver_ghosts(u64::MAX);
        let mut state = self.world.state();
        let held = state.ledger.compare_all(&*self.world.inspect, super::clock::true_time(ended_ms));
        drop(state);
        self.world.note(held);
        ended_ms
    }
}

/// Whether a job has to come further before a run may end, where all that is due by a time has to.
fn is_awaited(entry: &Entry, horizon: Timestamp) -> bool {
    match &entry.spot {
        Spot::Queue(_) => entry.is_known,
        Spot::Busy(..) => true,
        Spot::Scheduled(at) | Spot::Retries(at) => *at <= horizon,
        Spot::Dead | Spot::Held | Spot::Gone => false,
    }
}

/// When the last fault is over.
fn calm_from(plan: &Plan) -> u64 {
    let over = |mishap: &super::plan::Mishap| match (mishap.when, mishap.what) {
        (super::plan::When::At(at), Fault::Freeze { for_ms } | Fault::Away { for_ms, .. }) => at + for_ms,
        (super::plan::When::At(at), Fault::Crash { restart_ms }) => at + restart_ms,
        _ => 0,
    };
    plan.mishaps.iter().map(over).fold(plan.quiet_from_ms, u64::max)
}
