//! What goes many at a time through one statement comes to the same as one by one.

use std::path::PathBuf;
use std::sync::Arc;

use sancho_core::{
    Checkpoint, Claim, Jid, Kept, NewJob, Place, Pushed, QueueName, Set, SettleAnswer, Settlement, State, limits,
};
use sancho_sqlite::rusqlite::Connection;
use sancho_sqlite::{Durability, Options, SqliteStore};
use sancho_testkit::stage::{back, front, performed, request, settlement};
use sancho_testkit::{Stage, at, job};
use tempfile::TempDir;

/// A store alone on a file that a test may look into.
struct Bench {
    stage: Stage,
    path: PathBuf,
    _directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("jobs.db");
        let store = SqliteStore::open(&path, Options::default().durability(Durability::Normal)).expect("a store");
        let store = Arc::new(store);
        Bench { stage: Stage::new(Arc::clone(&store) as _, store), path, _directory: directory }
    }

    async fn push(&self, jobs: &[NewJob]) -> Vec<Pushed> {
        self.stage.store.push(jobs, at(0)).await.expect("push")
    }

    /// Says hello, and claims at most so many jobs of `default`.
    async fn claim(&self, who: &str, limit: usize) -> Vec<Claim> {
        self.stage.hello(who, 0).await;
        let request = request(who, self.stage.numbers(limit), limit, &["default"]);
        self.stage.exchange(&[], Some(&request), 0).await.claims
    }

    async fn state(&self, jid: &Jid) -> Option<State> {
        self.stage.inspect.find(jid).await.expect("find").map(|row| row.state)
    }

    async fn queued(&self) -> Vec<Jid> {
        self.stage.rows(Set::Queue(QueueName::default())).await.into_iter().map(|row| row.jid).collect()
    }

    /// How many rows a table has.
    fn rows(&self, table: &str) -> i64 {
        let file = Connection::open(&self.path).expect("the file opens");
        let count = file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
        count.unwrap_or_else(|error| panic!("{table}: {error}"))
    }

    fn execute(&self, sql: &str) {
        Connection::open(&self.path).and_then(|file| file.execute_batch(sql)).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// The jid with a number as its head, by which its row is called, and a tail.
fn jid(head: u64, tail: u32) -> Jid {
    Jid::new(format!("{head:016x}{tail:08x}")).expect("24 digits are a jid")
}

fn with_jid(jid: Jid) -> NewJob {
    NewJob { jid, ..job("J").build() }
}

/// Jobs whose heads follow one another.
fn jobs(heads: std::ops::Range<u64>) -> Vec<NewJob> {
    heads.map(|head| with_jid(jid(head, 0))).collect()
}

fn jids(jobs: &[NewJob]) -> Vec<Jid> {
    jobs.iter().map(|job| job.jid.clone()).collect()
}

#[tokio::test]
async fn batches_of_every_size_arrive_in_order() {
    for size in [1, 2, 9, 10, 11, 99, 100, 101, 321] {
        let bench = Bench::new();
        let jobs = jobs(1000..1000 + size);
        assert_eq!(bench.push(&jobs).await, vec![Pushed::Added; jobs.len()]);
        assert_eq!(bench.queued().await, jids(&jobs), "{size}");
    }
}

#[tokio::test]
async fn a_job_whose_row_another_has_is_added_beside_it() {
    let bench = Bench::new();
    let there = with_jid(jid(1042, 7));
    bench.push(std::slice::from_ref(&there)).await;
    let jobs = jobs(1000..1150);
    assert_eq!(bench.push(&jobs).await, vec![Pushed::Added; 150]);
    assert_eq!(bench.queued().await, [jids(&[there]), jids(&jobs)].concat());
    assert_eq!(bench.rows("sancho_foreign_jids"), 1);
    // What has no row of its own is known in the next batch too.
    let again = [self::jobs(2000..2010), jobs[42..43].to_vec(), self::jobs(2010..2020)].concat();
    let answers = bench.push(&again).await;
    assert_eq!(answers.iter().position(|answer| *answer == Pushed::Repeated), Some(10), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == Pushed::Added).count(), 20);
}

#[tokio::test]
async fn a_job_that_is_there_already_is_not_added_again() {
    let bench = Bench::new();
    bench.push(&jobs(1005..1006)).await;
    let answers = bench.push(&jobs(1000..1100)).await;
    for (place, answer) in answers.iter().enumerate() {
        assert_eq!(*answer, if place == 5 { Pushed::Repeated } else { Pushed::Added }, "{place}");
    }
    assert_eq!(bench.queued().await.len(), 100);
    assert_eq!((bench.rows("sancho_jobs"), bench.rows("sancho_ready")), (100, 100));
}

#[tokio::test]
async fn a_batch_may_have_a_jid_or_a_head_twice() {
    let bench = Bench::new();
    let mut jobs = jobs(1000..1100);
    jobs[50] = with_jid(jid(1020, 0));
    jobs[60] = with_jid(jid(1030, 7));
    let answers = bench.push(&jobs).await;
    for (place, answer) in answers.iter().enumerate() {
        assert_eq!(*answer, if place == 50 { Pushed::Repeated } else { Pushed::Added }, "{place}");
    }
    jobs.remove(50);
    assert_eq!(bench.queued().await, jids(&jobs));
}

#[tokio::test]
async fn jobs_of_all_kinds_share_a_batch() {
    let bench = Bench::new();
    bench.push(&[NewJob { jid: jid(1, 0), ..job("J").key("k").build() }]).await;
    let mut jobs = jobs(1000..1040);
    jobs[3] = NewJob { jid: jid(1003, 0), ..job("J").key("k").build() };
    jobs[5] = NewJob { jid: jid(1005, 0), ..job("J").at(at(60)).build() };
    jobs[7] = NewJob { jid: jid(1007, 0), ..job("J").queue("other").build() };
    jobs[9] = NewJob { jid: jid(1009, 0), ..job("J").place(front("default")).build() };
    let answers = bench.push(&jobs).await;
    assert!(!matches!(answers[3], Pushed::Added), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == Pushed::Added).count(), 39);
    assert_eq!(bench.state(&jid(1005, 0)).await, Some(State::Scheduled));
    let backs = jobs.iter().enumerate().filter(|(place, _)| ![3, 5, 7, 9].contains(place));
    let backs: Vec<Jid> = backs.map(|(_, job)| job.jid.clone()).collect();
    assert_eq!(bench.queued().await, [vec![jid(1009, 0), jid(1, 0)], backs].concat());
}

#[tokio::test]
async fn both_ends_of_an_empty_queue_take_jobs_of_one_batch() {
    let bench = Bench::new();
    let mut jobs = jobs(1000..1003);
    jobs[0].place = front("default");
    jobs[2].place = front("default");
    assert_eq!(bench.push(&jobs).await, vec![Pushed::Added; 3]);
    assert_eq!(bench.queued().await, [jid(1000, 0), jid(1002, 0), jid(1001, 0)]);
}

#[tokio::test]
async fn a_batch_that_fails_leaves_nothing() {
    let bench = Bench::new();
    bench.execute(
        "CREATE TRIGGER broken BEFORE INSERT ON sancho_ready WHEN NEW.id = 1105
         BEGIN SELECT RAISE(ABORT, 'broken'); END",
    );
    bench.stage.store.push(&jobs(1000..1120), at(0)).await.expect_err("the trigger refuses one");
    assert_eq!(["sancho_jobs", "sancho_ready", "sancho_batches"].map(|table| bench.rows(table)), [0, 0, 0]);
    bench.execute("DROP TRIGGER broken");
    assert_eq!(bench.push(&jobs(1000..1120)).await, vec![Pushed::Added; 120]);
}

#[tokio::test]
async fn a_claim_of_many_is_numbered_through() {
    let bench = Bench::new();
    bench.push(&jobs(1000..1234)).await;
    let claims = bench.claim("p", 234).await;
    let first = claims[0].receipt.number();
    let numbers: Vec<u64> = claims.iter().map(|claim| claim.receipt.number()).collect();
    assert_eq!(numbers, (first..first + 234).collect::<Vec<_>>());
    let settlements = claims.iter().map(performed).collect();
    assert_eq!(bench.stage.settle_all(settlements, 1).await, vec![SettleAnswer::Settled; 234]);
    assert_eq!(bench.stage.stats(1).await.processed, 234);
    assert_eq!(["sancho_jobs", "sancho_busy", "sancho_ready"].map(|table| bench.rows(table)), [0, 0, 0]);
}

#[tokio::test]
async fn settlements_end_their_own_claims_and_no_other() {
    let bench = Bench::new();
    bench.push(&jobs(1000..1060)).await;
    let mut claims = bench.claim("p", 20).await;
    claims.extend(bench.claim("q", 10).await);
    claims.extend(bench.claim("p", 10).await);
    let (of_p, of_q): (Vec<&Claim>, Vec<&Claim>) =
        claims.iter().partition(|claim| claim.receipt.incarnation().as_str() == "p");
    bench.stage.done(of_p[11], 1).await;
    // One is still running, one was settled before, one fails, and ten of another process lie in the middle.
    let settlements: Vec<Settlement> = of_p
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != 4)
        .map(|(place, claim)| match place {
            17 => settlement(claim, Place::Retries { at: at(60) }),
            _ => performed(claim),
        })
        .rev()
        .collect();
    let mut due = vec![SettleAnswer::Settled; 29];
    due[29 - 11] = SettleAnswer::AlreadySettled;
    assert_eq!(bench.stage.settle_all(settlements.clone(), 1).await, due);
    assert_eq!(bench.stage.settle_all(settlements, 1).await, vec![SettleAnswer::AlreadySettled; 29]);
    assert_eq!(bench.stage.stats(1).await.processed, 28);
    assert_eq!(bench.rows("sancho_busy"), 11);
    assert_eq!(bench.state(&jid(1004, 0)).await, Some(State::Busy));
    assert_eq!(bench.state(&jid(1017, 0)).await, Some(State::Retries));
    assert_eq!(bench.rows("sancho_jobs"), 20 + 11 + 1);
    let settlements = of_q.iter().map(|claim| performed(claim)).collect();
    assert_eq!(bench.stage.settle_all(settlements, 1).await, vec![SettleAnswer::Settled; 10]);
}

#[tokio::test]
async fn jobs_that_lie_between_those_that_go_stay() {
    let bench = Bench::new();
    let mut jobs = jobs(1000..1040);
    jobs.iter_mut().step_by(3).for_each(|between| between.place = back("other"));
    bench.push(&jobs).await;
    let claims = bench.claim("p", 40).await;
    let settlements = claims.iter().map(performed).collect();
    assert_eq!(bench.stage.settle_all(settlements, 1).await, vec![SettleAnswer::Settled; 26]);
    assert_eq!(["sancho_jobs", "sancho_busy"].map(|table| bench.rows(table)), [14, 0]);
    assert_eq!(bench.stage.queued("other").await.len(), 14);
}

#[tokio::test]
async fn a_receipt_of_an_older_claim_ends_no_newer_one() {
    let bench = Bench::new();
    bench.push(&jobs(1000..1010)).await;
    let old = bench.claim("p", 10).await;
    bench.stage.settle(&old[3], front("default"), 0).await;
    let new = bench.claim("p", 1).await;
    assert_eq!(new[0].receipt.locator(), old[3].receipt.locator());
    let mut due = vec![SettleAnswer::Settled; 10];
    due[3] = SettleAnswer::AlreadySettled;
    assert_eq!(bench.stage.settle_all(old.iter().map(performed).collect(), 1).await, due);
    assert_eq!(bench.state(&jid(1003, 0)).await, Some(State::Busy));
    // The same receipt twice in a call ends its claim once.
    let twice: Vec<Settlement> = std::iter::repeat_n(performed(&new[0]), 9).collect();
    let answers = bench.stage.settle_all(twice, 1).await;
    assert_eq!(answers[0], SettleAnswer::Settled);
    assert_eq!(answers[1..], [SettleAnswer::AlreadySettled; 8]);
    assert_eq!(bench.stage.stats(1).await.processed, 10);
}

#[tokio::test]
async fn what_lies_beside_a_job_goes_with_it() {
    let bench = Bench::new();
    let mut jobs = jobs(1000..1012);
    jobs[2] = with_jid(Jid::new("a-jid-of-another-program").expect("a jid"));
    jobs[5] = NewJob { jid: jid(1005, 0), ..job("J").key("k").build() };
    bench.push(&jobs).await;
    let claims = bench.claim("p", limits::JOBS_PER_CLAIM_MAX).await;
    let checkpoint = Checkpoint { receipt: claims[8].receipt.clone(), bytes: Box::from(*b"{}") };
    assert_eq!(bench.stage.store.checkpoint(&[checkpoint], at(0)).await.expect("checkpoint"), [Kept::Kept]);
    let answers = bench.stage.settle_all(claims.iter().map(performed).collect(), 1).await;
    assert_eq!(answers, vec![SettleAnswer::Settled; 12]);
    for table in ["sancho_jobs", "sancho_busy", "sancho_checkpoints", "sancho_foreign_jids", "sancho_away"] {
        assert_eq!(bench.rows(table), 0, "{table}");
    }
    assert_eq!(bench.stage.holder("k").await, None);
}
