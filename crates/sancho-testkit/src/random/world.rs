//! What a random sequence knows of the world, and what it does next.

use std::collections::BTreeSet;
use std::time::Duration;

use sancho_core::claim::{Fill, Repeated};
use sancho_core::{
    Action, Checkpoint, Claim, ClaimRequest, Execution, Filter, Greeting, Incarnation, Jid, NewJob, OnConflict,
    Pausable, Place, QueueCount, Retention, Selection, Set, Settlement, Source, Tally, Timestamp, limits,
};

use super::step::{Made, Step, What};
use crate::chance::Seeded;
use crate::factory::{JobDraft, jid_of, job, key, queue, unreadable};
use crate::stage::{at, back, beat, front, held, request, settlement};

pub(super) const QUEUES: [&str; 3] = ["default", "high", "low"];
pub(super) const KEYS: [&str; 3] = ["k1", "k2", "k3"];

/// The time, the jobs that were pushed, the processes, and the claims that each store gave.
#[derive(Debug)]
pub(super) struct World {
    chance: Seeded,
    millis: u64,
    names: Vec<String>,
    /// What was pushed, and when.
    batches: Vec<(u64, Vec<NewJob>)>,
    /// Jobs that are never asked for by their ids. Those that pushed others: what a revived one of them does about its
    /// key is the store's own affair. Those that cannot be read: their ids are the store's own, as their bytes have none.
    unnamed: BTreeSet<String>,
    processes: Vec<Incarnation>,
    numbers: u64,
    claims: Vec<(Claim, Claim)>,
    last: Option<ClaimRequest>,
    ticks: u64,
    tale: Vec<String>,
}

impl World {
    pub(super) fn new(chance: Seeded) -> Self {
        World {
            chance,
            millis: 0,
            names: Vec::new(),
            batches: Vec::new(),
            unnamed: BTreeSet::new(),
            processes: Vec::new(),
            numbers: 1,
            claims: Vec::new(),
            last: None,
            ticks: 0,
            tale: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        at(0) + Duration::from_millis(self.millis)
    }

    /// The moves so far, a line for each.
    pub(super) fn tale(&self) -> String {
        self.tale.join("\n")
    }

    /// Draws the next move.
    pub(super) fn draw(&mut self) -> Step {
        self.millis += if self.chance.once_in(12) { 25_000 } else { 1 + self.chance.below(3_000) as u64 };
        let what = self.what();
        self.last = match &what {
            What::Exchange(_, request) => request.clone(),
            _ => None,
        };
        self.tale.push(format!("{:?} {what:?}", self.now()));
        Step { now: self.now(), what }
    }

    /// Takes note of the claims that a move gave.
    pub(super) fn learn(&mut self, subject: Made, model: Made) {
        for (subject, model) in subject.claims.into_iter().zip(model.claims) {
            // Who repeats a request never saw what the first one gave: only one receipt of a claim is in use.
            self.claims.retain(|(known, _)| known.receipt != subject.receipt);
            self.claims.push((subject, model));
        }
    }

    fn what(&mut self) -> What {
        if self.processes.is_empty() {
            return self.beat();
        }
        match self.chance.below(20) {
            0..=5 => self.push(),
            6..=11 => self.exchange(),
            12 | 13 => self.beat(),
            14 => {
                self.numbers += 1_000;
                What::TakeOver { by: self.process(), first: self.numbers - 1_000 }
            }
            15 => self.checkpoint(),
            16 | 17 => self.apply(),
            18 => self.pausing(),
            _ if self.chance.once_in(2) => What::Retire(self.process()),
            _ => self.prune(),
        }
    }

    fn process(&self) -> Incarnation {
        self.chance.pick(&self.processes)
    }

    /// A time to come that no move is made at, and that is drawn once.
    fn later(&mut self) -> Timestamp {
        self.ticks += 1;
        let wait = Duration::from_millis(1 + self.chance.below(20_000) as u64);
        self.now() + wait + Duration::from_micros(1 + self.ticks % 999)
    }

    fn push(&mut self) -> What {
        // Only lately pushed ones: later, whether a store still remembers is its own affair.
        let repeat = u64::try_from(limits::PUSH_REPEAT.as_millis()).expect("a short time");
        let known = self.batches.partition_point(|(millis, _)| self.millis - millis > repeat);
        if self.chance.once_in(8) && known < self.batches.len() {
            return What::Push(self.chance.pick(&self.batches[known..]).1);
        }
        let jobs: Vec<NewJob> = (0..1 + self.chance.below(4)).map(|_| self.job().build()).collect();
        self.batches.push((self.millis, jobs.clone()));
        What::Push(jobs)
    }

    fn job(&mut self) -> JobDraft {
        let name = format!("J{}", self.names.len());
        let readable = !self.chance.once_in(20);
        let mut draft = match readable {
            false => {
                self.unnamed.insert(name.clone());
                unreadable(&name, format!("{{{name}").as_bytes())
            }
            true => job(&name).queue(self.chance.pick(&QUEUES)),
        };
        if readable && self.chance.once_in(3) {
            let on_conflict = [OnConflict::Keep, OnConflict::Replace, OnConflict::Refuse];
            draft = draft.key(self.chance.pick(&KEYS)).on_conflict(self.chance.pick(&on_conflict));
            if self.chance.once_in(3) && !self.names.is_empty() {
                let pusher = self.chance.pick(&self.names);
                draft = draft.pushed_by(&pusher);
                self.unnamed.insert(pusher);
            }
        }
        draft = match self.chance.below(12) {
            0..=2 => draft.at(self.later()),
            3 => draft.place(held()),
            _ => draft,
        };
        self.names.push(name);
        draft
    }

    fn exchange(&mut self) -> What {
        if let Some(last) = self.last.take().filter(|_| self.chance.once_in(4)) {
            return What::Exchange(Vec::new(), Some(ClaimRequest { repeated: Repeated::Yes, ..last }));
        }
        let mut settlements = Vec::new();
        for _ in 0..self.chance.below(4).min(self.claims.len()) {
            let index = self.chance.below(self.claims.len());
            // Now and then a claim is kept here though it is settled, so that it is settled again later.
            let claims = match self.chance.once_in(5) {
                true => self.claims[index].clone(),
                false => self.claims.swap_remove(index),
            };
            settlements.push(self.settle(&claims));
            if self.claims.is_empty() {
                break;
            }
        }
        let claim = (!self.chance.once_in(5)).then(|| self.request());
        What::Exchange(settlements, claim)
    }

    fn settle(&mut self, (subject, model): &(Claim, Claim)) -> (Settlement, Settlement) {
        let tally = |processed, failed| Tally { processed, failed };
        let (place, counts) = match self.chance.below(10) {
            0..=3 => (Place::Gone, tally(1, 0)),
            4 => (Place::Retries { at: self.later() }, tally(1, 1)),
            5 => (Place::Scheduled { at: self.later() }, tally(1, 0)),
            6 => (Place::Dead, tally(1, 1)),
            7 => (front(self.chance.pick(&QUEUES)), tally(0, 0)),
            8 => (back(self.chance.pick(&QUEUES)), tally(0, 0)),
            _ => (held(), tally(0, 0)),
        };
        let mut own = settlement(subject, place);
        own.transition.tally = counts;
        if self.chance.once_in(3) {
            own.transition.payload = subject.payload.members().ok().map(|mut members| {
                members.set("retry_count", &self.ticks);
                members.to_payload()
            });
        }
        if self.chance.once_in(6) {
            own.then = vec![self.job().build()];
        }
        let models = Settlement { receipt: model.receipt.clone(), ..own.clone() };
        (own, models)
    }

    fn request(&mut self) -> ClaimRequest {
        let limit = 1 + self.chance.below(4);
        let mut request = request(self.process().as_str(), self.numbers, limit, &[]);
        self.numbers += limit as u64;
        for _ in 0..1 + self.chance.below(3) {
            let source = Source { queue: queue(self.chance.pick(&QUEUES)), quota: self.chance.below(3) };
            if !request.sources.iter().any(|one| one.queue == source.queue) {
                request.sources.push(source);
            }
        }
        request.fill = self.chance.pick(&[Fill::InOrder, Fill::InOrder, Fill::No]);
        request
    }

    fn beat(&mut self) -> What {
        let hello = self.processes.is_empty() || self.chance.once_in(3);
        let mut beat = if hello {
            // An identity is used once: what an old receipt of an identity met twice means is not defined.
            let who = format!("p{:03}", self.processes.len());
            self.processes.push(Incarnation::new(&who));
            beat(&who, Greeting::Hello)
        } else {
            beat(self.process().as_str(), Greeting::StillHere)
        };
        // No move is made at the very end of a lease.
        beat.lease = limits::LEASE + Duration::from_micros(7);
        for class in ["J1", "J2"].iter().take(self.chance.below(3)) {
            let mut execution = Execution::of(*class);
            execution.add_run(Duration::from_millis(self.chance.below(500) as u64));
            execution.add_failure();
            beat.executions.push(execution);
        }
        for name in ["a", "b"].iter().take(self.chance.below(3)) {
            beat.by_queue.push(QueueCount { queue: queue(name), count: self.chance.below(9) as u64, failures: 0 });
        }
        What::Beat(beat)
    }

    fn checkpoint(&mut self) -> What {
        // A job that cannot be read never runs, and so keeps nothing.
        let running: Vec<_> = self.claims.iter().filter(|(claim, _)| claim.payload.envelope().is_ok()).collect();
        if running.is_empty() {
            return self.push();
        }
        let (subject, model) = self.chance.pick(&running);
        let bytes = format!("{{\"cursor\":{}}}", self.millis).into_bytes().into_boxed_slice();
        let checkpoint = |claim: &Claim| Checkpoint { receipt: claim.receipt.clone(), bytes: bytes.clone() };
        What::Checkpoint(checkpoint(subject), checkpoint(model))
    }

    fn apply(&mut self) -> What {
        let action = match self.chance.below(5) {
            0 => Action::Kill,
            1 => Action::Delete,
            2 => Action::Cancel,
            3 => Action::Reschedule { at: self.later() },
            _ => Action::RunNow,
        };
        let one_only = matches!(action, Action::RunNow | Action::Reschedule { .. });
        let selection = match self.chance.below(4) {
            0 => Selection::Key(key(self.chance.pick(&KEYS))),
            1 if !one_only => {
                let sets = [Set::Dead, Set::Held, Set::Scheduled, Set::Busy, Set::Queue(queue("low"))];
                Selection::All { set: self.chance.pick(&sets), filter: Filter::all(), after: None }
            }
            _ => Selection::Jid(self.one_of_the_jobs()),
        };
        What::Apply(action, selection)
    }

    fn one_of_the_jobs(&self) -> Jid {
        let plain: Vec<&str> =
            self.names.iter().filter(|name| !self.unnamed.contains(*name)).map(String::as_str).collect();
        if plain.is_empty() { jid_of("nobody") } else { jid_of(self.chance.pick(&plain)) }
    }

    fn pausing(&mut self) -> What {
        let what = match self.chance.below(3) {
            0 => Pausable::Class("J1".to_owned()),
            _ => Pausable::Queue(queue(self.chance.pick(&QUEUES))),
        };
        if self.chance.once_in(3) { What::Pause(what) } else { What::Resume(what) }
    }

    fn prune(&mut self) -> What {
        // Jobs that died in one instant have no order, so they go together.
        let kept_for = Duration::from_secs(10) + Duration::from_micros(7);
        What::Prune(match self.chance.below(2) {
            0 => Retention { dead_jobs_max: 0, ..Retention::default() },
            _ => Retention { dead_kept_for: kept_for, ..Retention::default() },
        })
    }
}
