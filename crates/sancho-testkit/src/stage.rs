//! A store on the test bench, with the words that facts are told in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sancho_core::claim::{Fill, Repeated};
use sancho_core::process::Quiet;
use sancho_core::{
    Action, Applied, Beat, BeatAnswer, CapsuleInfo, Claim, ClaimRequest, Cursor, Direction, End, Exchanged, Filter,
    Greeting, Incarnation, Inspect, JobRow, NewJob, Payload, Place, ProcessInfo, Promoted, Pushed, Running, Selection,
    Set, SettleAnswer, Settlement, Source, State, Stats, Store, TakenOver, Tally, Timestamp, Transition, limits,
};

use crate::factory::{JobDraft, jid_of, key, queue};

/// The time of a test, in seconds after its start: noon of some day.
pub const fn at(seconds: i64) -> Timestamp {
    const NOON: i64 = (20_833 * 24 + 12) * 60 * 60;
    Timestamp::from_unix_micros((NOON + seconds) * 1_000_000)
}

/// A store and its control plane, and short ways to call them. A call that fails ends the test.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The data plane.
    pub store: Arc<dyn Store>,
    /// The control plane of the same store.
    pub inspect: Arc<dyn Inspect>,
    numbers: Arc<AtomicU64>,
}

impl Stage {
    /// A stage for a fresh store.
    pub fn new(store: Arc<dyn Store>, inspect: Arc<dyn Inspect>) -> Self {
        Stage { store, inspect, numbers: Arc::new(AtomicU64::new(1)) }
    }

    /// The same stage with another store in front.
    pub fn with_store(&self, store: Arc<dyn Store>) -> Self {
        Stage { store, ..self.clone() }
    }

    /// The first of `count` claim numbers that nobody else on this stage uses.
    pub fn numbers(&self, count: usize) -> u64 {
        self.numbers.fetch_add(count as u64, Ordering::Relaxed)
    }

    /// Pushes jobs as one batch.
    pub async fn push(&self, jobs: impl IntoIterator<Item = JobDraft>, now: i64) -> Vec<Pushed> {
        let jobs: Vec<NewJob> = jobs.into_iter().map(|job| job.build_at(at(now))).collect();
        self.store.push(&jobs, at(now)).await.expect("push")
    }

    /// A process's first beat.
    pub async fn hello(&self, who: &str, now: i64) -> BeatAnswer {
        self.store.beat(&beat(who, Greeting::Hello), at(now)).await.expect("beat")
    }

    /// A process's later beat, with the claims that it holds.
    pub async fn still_here(&self, who: &str, holds: &[&Claim], now: i64) -> BeatAnswer {
        let mut beat = beat(who, Greeting::StillHere);
        beat.running =
            holds.iter().map(|claim| Running { receipt: claim.receipt.clone(), jid: None, since: at(now) }).collect();
        self.store.beat(&beat, at(now)).await.expect("beat")
    }

    /// Claims at most `limit` jobs from queues, in order.
    pub async fn claim(&self, who: &str, limit: usize, queues: &[&str], now: i64) -> Vec<Claim> {
        let request = request(who, self.numbers(limit), limit, queues);
        self.exchange(&[], Some(&request), now).await.claims
    }

    /// Says hello, and claims the one job that is at the front of `default`.
    pub async fn claim_one(&self, who: &str, now: i64) -> Claim {
        self.hello(who, now).await;
        let mut claims = self.claim(who, 1, &["default"], now).await;
        claims.pop().expect("a job is ready in `default`")
    }

    /// Settles and claims.
    pub async fn exchange(&self, settlements: &[Settlement], claim: Option<&ClaimRequest>, now: i64) -> Exchanged {
        self.store.exchange(settlements, claim, at(now)).await.expect("exchange")
    }

    /// Settles one claim and counts nothing.
    pub async fn settle(&self, claim: &Claim, place: Place, now: i64) -> SettleAnswer {
        self.settle_all(vec![settlement(claim, place)], now).await[0]
    }

    /// Settles in one call.
    pub async fn settle_all(&self, settlements: Vec<Settlement>, now: i64) -> Vec<SettleAnswer> {
        self.exchange(&settlements, None, now).await.answers
    }

    /// Settles a claim as performed.
    pub async fn done(&self, claim: &Claim, now: i64) -> SettleAnswer {
        self.settle_all(vec![performed(claim)], now).await[0]
    }

    /// Promotes as many as are due.
    pub async fn promote(&self, now: i64) -> Promoted {
        self.store.promote(limits::JOBS_PER_MOVE_MAX, at(now)).await.expect("promote")
    }

    /// Takes over at most `limit` claims.
    pub async fn take_over(&self, by: &str, limit: usize, now: i64) -> TakenOver {
        let first = self.numbers(limit);
        self.store.take_over(&Incarnation::new(by), first, limit, at(now)).await.expect("take_over")
    }

    /// Where the job with this name is; `None` when it is gone.
    pub async fn state(&self, name: &str) -> Option<State> {
        self.find(name).await.map(|row| row.state)
    }

    /// The job with this name.
    pub async fn find(&self, name: &str) -> Option<JobRow> {
        self.inspect.find(&jid_of(name)).await.expect("find")
    }

    /// The name of the job that holds a key.
    pub async fn holder(&self, name: &str) -> Option<String> {
        let row = self.inspect.find_key(&key(name)).await.expect("find_key");
        row.map(|row| name_of(&row.payload))
    }

    /// Every job of a set, in order.
    pub async fn rows(&self, set: Set) -> Vec<JobRow> {
        let (mut rows, mut cursor): (Vec<JobRow>, Option<Cursor>) = (Vec::new(), None);
        loop {
            let page =
                self.inspect.page(&set, &Filter::all(), Direction::Forward, cursor.as_ref(), 100).await.expect("page");
            rows.extend(page.rows);
            match page.next {
                Some(next) => cursor = Some(next),
                None => return rows,
            }
        }
    }

    /// The names of a set's jobs, in order.
    pub async fn names(&self, set: Set) -> Vec<String> {
        self.rows(set).await.iter().map(|row| name_of(&row.payload)).collect()
    }

    /// The names of the jobs in a queue, in the order that they run.
    pub async fn queued(&self, name: &str) -> Vec<String> {
        self.names(Set::Queue(queue(name))).await
    }

    /// Totals.
    pub async fn stats(&self, now: i64) -> Stats {
        self.inspect.stats(at(now)).await.expect("stats")
    }

    /// Does something to the job with this name.
    pub async fn act(&self, action: Action, name: &str, now: i64) -> Applied {
        self.apply(action, Selection::Jid(jid_of(name)), 10, now).await
    }

    /// Does something to a selection.
    pub async fn apply(&self, action: Action, selection: Selection, limit: usize, now: i64) -> Applied {
        self.inspect.apply(&action, &selection, limit, at(now)).await.expect("apply")
    }
}

/// A beat of a process with the usual lease.
pub fn beat(who: &str, greeting: Greeting) -> Beat {
    let process = ProcessInfo {
        incarnation: Incarnation::new(who),
        hostname: "bench".to_owned(),
        pid: 7,
        started_at: at(0),
        slots: 5,
        queues: vec![queue("default")],
        capsules: vec![capsule("default", 5, "strict", &["default"])],
        tag: "test".to_owned(),
        labels: vec!["blue".to_owned()],
        version: "sancho 0.1.0".to_owned(),
    };
    Beat {
        process,
        greeting,
        quiet: Quiet::No,
        lease: limits::LEASE,
        running: Vec::new(),
        rss_bytes: 1 << 20,
        round_trip: Duration::from_micros(300),
        executions: Vec::new(),
        by_queue: Vec::new(),
    }
}

/// What a process tells of a capsule.
pub fn capsule(name: &str, slots: usize, order: &str, queues: &[&str]) -> CapsuleInfo {
    let queues = queues.iter().map(|queue| (*queue).to_owned()).collect();
    CapsuleInfo { name: name.to_owned(), slots, order: order.to_owned(), queues }
}

/// A request that leaves all to the filling.
pub fn request(who: &str, first_number: u64, limit: usize, queues: &[&str]) -> ClaimRequest {
    ClaimRequest {
        incarnation: Incarnation::new(who),
        first_number,
        repeated: Repeated::No,
        sources: queues.iter().map(|name| Source { queue: queue(name), quota: 0 }).collect(),
        fill: Fill::InOrder,
        limit,
    }
}

/// A settlement that counts nothing.
pub fn settlement(claim: &Claim, place: Place) -> Settlement {
    let transition = Transition { place, payload: None, tally: Tally::default() };
    Settlement { receipt: claim.receipt.clone(), transition, then: Vec::new() }
}

/// The settlement of a job that was performed.
pub fn performed(claim: &Claim) -> Settlement {
    let mut settlement = settlement(claim, Place::Gone);
    settlement.transition.tally.processed = 1;
    settlement
}

/// To the front of a queue.
pub fn front(name: &str) -> Place {
    Place::Queue { queue: queue(name), end: End::Front }
}

/// To the back of a queue.
pub fn back(name: &str) -> Place {
    Place::Queue { queue: queue(name), end: End::Back }
}

/// Held, for a test's reason.
pub fn held() -> Place {
    Place::Held { reason: "class is paused".to_owned() }
}

/// The class of a payload, or its text when it cannot be read.
pub fn name_of(payload: &Payload) -> String {
    payload.envelope().map_or_else(|_| payload.to_text_lossy().into_owned(), |envelope| envelope.class().to_owned())
}

/// The names of claimed jobs, in order.
pub fn claimed(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(|claim| name_of(&claim.payload)).collect()
}

/// A payload without `enqueued_at`, which a store may keep beside it: what two stores must agree upon.
pub fn essence(payload: &Payload) -> Payload {
    let Ok(mut members) = payload.members() else { return payload.clone() };
    members.remove("enqueued_at");
    members.to_payload()
}
