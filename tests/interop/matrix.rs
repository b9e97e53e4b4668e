//! Who pushes, who performs, and what happens to the job between: every combination, with the arguments exact.

use std::collections::BTreeMap;

use sancho::core::Payload;
use serde_json::Value;

use crate::corpus::nasty_args;
use crate::home::{Home, Member};
use crate::proof::Performed;
use crate::side::{ProofDraft, Side, Worker, push, push_bulk};

/// What happens to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    One,
    Bulk,
    Scheduled,
    /// Fails first, and then no more.
    Retried,
    /// Fails until it has no retry left.
    Dead,
    /// Fails on the other side first, and is retried on this one.
    Crossed,
    /// Fails on the other side first, and for the last time on this one.
    CrossedDead,
}

impl Kind {
    const ALL: [Kind; 7] =
        [Kind::One, Kind::Bulk, Kind::Scheduled, Kind::Retried, Kind::Dead, Kind::Crossed, Kind::CrossedDead];
}

/// Pushed by, performed by, kind.
type Cell = (Side, Side, Kind);

/// A cell, and what was proved of it.
type Proved = (Cell, String);

/// What was proved, by cell.
#[derive(Debug)]
struct Matrix(BTreeMap<Cell, String>);

impl Matrix {
    fn of(proofs: Vec<Proved>) -> Self {
        let count = proofs.len();
        let matrix = Matrix(proofs.into_iter().collect());
        assert_eq!(matrix.0.len(), count, "one proof for each cell");
        matrix
    }

    /// Prints every cell, and panics at one that is empty.
    fn print(&self) {
        let cells = Side::BOTH.into_iter().flat_map(|pushed| Side::BOTH.map(|performed| (pushed, performed)));
        let cells: Vec<Cell> = cells.flat_map(|(pushed, by)| Kind::ALL.map(|kind| (pushed, by, kind))).collect();
        for cell @ (pushed, by, kind) in &cells {
            let what = self.0.get(cell).unwrap_or_else(|| panic!("nothing is proved of {cell:?}"));
            println!("pushed by {} | performed by {} | {kind:?}: {what}", pushed.name(), by.name());
        }
        println!("matrix: pushed by × performed by × kind: {} cells, none empty", cells.len());
    }
}

/// Traps T5 (the order of a queue), T14 and T15 (which failure is the last), T18 (the message of an error) and
/// T28 (a time in the future schedules).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_side_performs_what_either_side_pushed() {
    // Each on a Redis of its own, and all at once: most of it is waiting for Ruby's scheduler.
    let proofs = tokio::join!(straight(Side::Rust), straight(Side::Ruby), crossed(Side::Rust), crossed(Side::Ruby));
    Matrix::of([proofs.0, proofs.1, proofs.2, proofs.3].concat()).print();
}

/// The jobs of one pusher, by what is to happen to them.
struct Jobs {
    pushed_by: Side,
    one: String,
    bulk: Vec<String>,
    scheduled: String,
    due: f64,
    retried: String,
    dead: String,
}

const QUEUE: &str = "proof";

async fn push_all(pushed_by: Side, home: &Home) -> Jobs {
    let bulk: Vec<String> = (0..3).map(|n| format!("[\"do\",{n},{}]", crate::corpus::NASTY[n])).collect();
    // Later than all pushes take, Ruby being started for each of its own.
    let due = (home.now_secs() * 1e3).round() / 1e3 + 6.0;
    let failing = |how: &str, retry| ProofDraft::new(QUEUE, nasty_args(how)).retry(retry).backtrace();
    Jobs {
        pushed_by,
        one: push(pushed_by, home, &ProofDraft::new(QUEUE, nasty_args("do"))).await,
        bulk: push_bulk(pushed_by, home, QUEUE, &bulk).await,
        scheduled: push(pushed_by, home, &ProofDraft::new(QUEUE, nasty_args("do")).at(due)).await,
        due,
        retried: push(pushed_by, home, &failing("fail first", 5)).await,
        dead: push(pushed_by, home, &failing("fail", 1)).await,
    }
}

/// One side performs what both pushed, alone on its Redis.
async fn straight(by: Side) -> Vec<Proved> {
    let home = Home::new().await;
    let mut jobs = Vec::new();
    for pushed_by in Side::BOTH {
        jobs.push(push_all(pushed_by, &home).await);
    }
    for jobs in &jobs {
        waits_for_its_time(&home, jobs).await;
    }
    let worker = Worker::start(by, &home, QUEUE).await;
    home.until_size("retry", 4).await;
    for jobs in &jobs {
        for jid in [&jobs.retried, &jobs.dead] {
            failed_once(&home.member("retry", jid).await, by);
        }
    }
    home.make_due("retry").await;
    for jobs in &jobs {
        for jid in [&jobs.retried, &jobs.dead] {
            home.until_performed(jid, 2).await;
        }
        home.until_performed(&jobs.scheduled, 1).await;
    }
    home.until_size("dead", 2).await;
    worker.stop().await;

    let mut proofs = Vec::new();
    for jobs in &jobs {
        proofs.extend(prove_straight(&home, jobs, by).await);
    }
    // For each pusher: one, three of a batch, one scheduled, and twice two that fail: once the one, twice the other.
    assert_eq!(home.counters().await, (2 * (1 + 3 + 1 + 2 + 2), 2 * (1 + 2)), "{by:?} counts as Sidekiq does");
    nothing_is_left(&home).await;
    proofs
}

/// Trap T4: neither `at` nor `enqueued_at` stands in what waits for its time.
async fn waits_for_its_time(home: &Home, jobs: &Jobs) {
    let member = home.member("schedule", &jobs.scheduled).await;
    assert_eq!(member.score, jobs.due, "the score is the time, by {:?}", jobs.pushed_by);
    let payload = member.payload();
    assert!(payload.get("at").is_none() && payload.get("enqueued_at").is_none(), "{payload}");
    assert!(payload["created_at"].is_f64(), "{payload}");
}

async fn prove_straight(home: &Home, jobs: &Jobs, by: Side) -> Vec<Proved> {
    let mut proofs = Vec::new();
    let mut proved = |kind, what: &str| proofs.push(((jobs.pushed_by, by, kind), what.to_owned()));
    let once = home.performances_of(&jobs.one).await;
    exact(&once, 1, by, &nasty_args("do"));
    proved(Kind::One, "performed once, arguments exact");

    let all = home.performed().await;
    let order: Vec<&String> =
        all.iter().map(|performed| &performed.jid).filter(|jid| jobs.bulk.contains(jid)).collect();
    assert_eq!(order, jobs.bulk.iter().collect::<Vec<_>>(), "each once, in the order of the batch");
    for (n, jid) in jobs.bulk.iter().enumerate() {
        let args = format!("[\"do\",{n},{}]", crate::corpus::NASTY[n]);
        exact(&home.performances_of(jid).await, 1, by, &args);
    }
    proved(Kind::Bulk, "each performed once, in the order of the batch, arguments exact");

    let scheduled = home.performances_of(&jobs.scheduled).await;
    exact(&scheduled, 1, by, &nasty_args("do"));
    let early = jobs.due - scheduled[0].at as f64 / 1e6;
    assert!(early <= 0.0, "performed {early} s before its time");
    proved(Kind::Scheduled, "performed once, not before its time");

    exact(&home.performances_of(&jobs.retried).await, 2, by, &nasty_args("fail first"));
    proved(Kind::Retried, "failed with its error kept, then performed");

    exact(&home.performances_of(&jobs.dead).await, 2, by, &nasty_args("fail"));
    failed_twice(&home.member("dead", &jobs.dead).await, by);
    proved(Kind::Dead, "failed twice, dead with its error");
    proofs
}

/// Jobs fail on the other side first; then only this side runs.
async fn crossed(by: Side) -> Vec<Proved> {
    let home = Home::new().await;
    let mut jobs = Vec::new();
    for pushed_by in Side::BOTH {
        let retried = ProofDraft::new(QUEUE, nasty_args("fail first")).retry(5).backtrace();
        let dead = ProofDraft::new(QUEUE, nasty_args("fail")).retry(1).backtrace();
        jobs.push((pushed_by, push(pushed_by, &home, &retried).await, push(pushed_by, &home, &dead).await));
    }
    let first = Worker::start(by.other(), &home, QUEUE).await;
    home.until_size("retry", 4).await;
    first.stop().await;
    let mut failures: BTreeMap<&str, Value> = BTreeMap::new();
    for (_, retried, dead) in &jobs {
        for jid in [retried, dead] {
            let member = home.member("retry", jid).await;
            failed_once(&member, by.other());
            failures.insert(jid, member.payload());
        }
    }
    home.make_due("retry").await;
    let second = Worker::start(by, &home, QUEUE).await;
    home.until_size("dead", 2).await;
    for (_, retried, _) in &jobs {
        home.until_performed(retried, 2).await;
    }
    second.stop().await;

    let mut proofs = Vec::new();
    for (pushed_by, retried, dead) in &jobs {
        for (jid, how) in [(retried, "fail first"), (dead, "fail")] {
            let performed = home.performances_of(jid).await;
            exact(&performed[..1], 1, by.other(), &nasty_args(how));
            exact(&performed[1..], 1, by, &nasty_args(how));
        }
        let what = format!("failed in {}, then performed", by.other().name());
        proofs.push(((*pushed_by, by, Kind::Crossed), what));

        let member = home.member("dead", dead).await;
        failed_twice(&member, by);
        let (then, now) = (&failures[dead.as_str()], member.payload());
        assert_eq!(now["failed_at"], then["failed_at"], "the first failure's time stays");
        let what = format!("failed in {}, then for the last time: dead with this side's error", by.other().name());
        proofs.push(((*pushed_by, by, Kind::CrossedDead), what));
    }
    assert_eq!(home.counters().await, (8, 6), "four failures there; two here, and two done");
    nothing_is_left(&home).await;
    proofs
}

/// Performed so many times, by this side alone, each time with these arguments.
fn exact(performed: &[Performed], times: usize, by: Side, args: &str) {
    assert_eq!(performed.len(), times, "{performed:?}");
    for performed in performed {
        assert_eq!(performed.by, by.name());
        assert_eq!(performed.args, args, "the arguments arrive as they were pushed");
    }
}

/// What a first failure leaves, whoever failed: the members that Sidekiq gives it.
fn failed_once(member: &Member, by: Side) {
    let payload = member.payload();
    failed(&payload, by);
    assert_eq!(payload["retry_count"], 0);
    assert!(payload.get("retried_at").is_none(), "{payload}");
    // Fifteen seconds, and up to ten by chance.
    let delay = member.score - seconds(&payload, "failed_at");
    assert!((14.9..=26.0).contains(&delay), "the next try is due after {delay} s");
}

fn failed_twice(member: &Member, by: Side) {
    let payload = member.payload();
    failed(&payload, by);
    assert_eq!(payload["retry_count"], 1);
    assert!(seconds(&payload, "retried_at") >= seconds(&payload, "failed_at"));
    assert!((member.score - seconds(&payload, "retried_at")).abs() < 1.0, "it died when it failed: {payload}");
}

fn failed(payload: &Value, by: Side) {
    assert_eq!(payload["error_class"], by.error_class());
    assert_eq!(payload["error_message"], "I was told to fail: é");
    assert_eq!(payload["queue"], QUEUE);
    let lines = Payload::from_bytes(payload.to_string().into_bytes()).envelope().expect("readable").error_backtrace();
    assert!(!lines.is_empty(), "we read the backtrace that {by:?} wrote: {payload}");
    assert_eq!(by == Side::Ruby, lines[0].contains("jobs.rb"), "{lines:?}");
    for name in ["created_at", "enqueued_at", "failed_at"] {
        assert!(payload[name].is_f64(), "{name} is in seconds with a fraction: {payload}");
    }
}

fn seconds(payload: &Value, name: &str) -> f64 {
    payload[name].as_f64().unwrap_or_else(|| panic!("{name} is a time in {payload}"))
}

async fn nothing_is_left(home: &Home) {
    assert_eq!(home.queue(QUEUE).await, [""; 0]);
    assert_eq!((home.size("schedule").await, home.size("retry").await), (0, 0));
}
