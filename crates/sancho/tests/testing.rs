//! What applications test their jobs with.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sancho::testing::{self, ManualClock, chaos};
use sancho::{
    Client, Context, Job, JobError, JobResult, Perform, Server, State, Timestamp, assert_enqueued, assert_not_enqueued,
};

#[derive(Default)]
struct Ledger {
    charged: Mutex<Vec<u64>>,
    seen: Mutex<BTreeSet<u64>>,
}

impl Ledger {
    fn charge(&self, order: u64) {
        self.charged.lock().expect("no test panics with it").push(order);
    }

    fn each_once(&self, orders: u64) -> Result<(), String> {
        let mut charged = self.charged.lock().expect("no test panics with it").clone();
        charged.sort_unstable();
        let wanted: Vec<u64> = (1..=orders).collect();
        if charged == wanted { Ok(()) } else { Err(format!("charged {charged:?}, not each of {wanted:?} once")) }
    }
}

type Books = Arc<Ledger>;

/// Charges, and does not look whether it did before.
#[derive(Job)]
struct Rash {
    order: u64,
}

impl Perform<Books> for Rash {
    async fn perform(self, cx: &Context<Books>) -> JobResult {
        cx.state().charge(self.order);
        tokio::task::yield_now().await;
        Ok(())
    }
}

/// Charges an order that was not charged before.
#[derive(Job)]
struct Careful {
    order: u64,
}

impl Perform<Books> for Careful {
    async fn perform(self, cx: &Context<Books>) -> JobResult {
        tokio::task::yield_now().await;
        if cx.state().seen.lock().expect("no test panics with it").insert(self.order) {
            cx.state().charge(self.order);
        }
        Ok(())
    }
}

/// Pushes one careful job for each order, and fails the first time.
#[derive(Job)]
struct Plan {
    orders: u64,
}

impl Perform<Books> for Plan {
    async fn perform(self, cx: &Context<Books>) -> JobResult {
        for order in 1..=self.orders {
            cx.client().push(Careful { order }).queue("money").await?;
        }
        if cx.attempt() == 1 { Err("not the first time".into()) } else { Ok(()) }
    }
}

fn server(client: Client) -> Server<Books> {
    shared(&client, &Books::default())
}

#[tokio::test]
async fn chaos_finds_the_job_that_does_its_work_twice_and_tells_how() {
    let push = async |client: Client| _ = client.push_bulk((1..=3).map(|order| Rash { order })).await.unwrap();
    let failure = chaos(1).run(server, push, |ledger: &Books| ledger.each_once(3)).await.expect_err("it charges twice");
    assert!(failure.said.starts_with("charged ["), "{failure}");
    assert!(failure.story.iter().any(|line| line.contains("dies") || line.contains("falls asleep")), "{failure}");
    let again = chaos(failure.seed).rounds(1).run(server, push, |ledger: &Books| ledger.each_once(3)).await;
    assert_eq!(again.expect_err("the same again").story, failure.story, "a seed plays the same round");
}

#[tokio::test]
async fn chaos_lets_a_careful_job_pass_whatever_befalls_it() {
    let push = async |client: Client| _ = client.push(Plan { orders: 4 }).await.unwrap();
    let report = chaos(2).run(server, push, |ledger: &Books| ledger.each_once(4)).await;
    let report = report.unwrap_or_else(|failure| panic!("{failure}"));
    let befell = [report.crashes, report.sleeps, report.timeouts, report.refused];
    assert!(befell.iter().all(|count| *count > 10), "every kind of fault befell it: {report:?}");
    assert_eq!((report.rounds, report.dead), (100, 0), "{report:?}");
    let same = chaos(2).run(server, push, |ledger: &Books| ledger.each_once(4)).await;
    assert_eq!(same.expect("as before"), report);
}

/// Waits for a timer.
#[derive(Job)]
struct Slow {}

impl Perform<Books> for Slow {
    async fn perform(self, cx: &Context<Books>) -> JobResult {
        tokio::time::sleep(Duration::from_secs(60)).await;
        cx.state().charge(1);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn chaos_waits_for_what_jobs_wait_for() {
    let server = |client| Server::new(client, Books::default()).register::<Slow>();
    let push = async |client: Client| _ = client.push(Slow {}).await.unwrap();
    let charged = |ledger: &Books| (!ledger.charged.lock().unwrap().is_empty()).then_some(()).ok_or("not charged");
    assert!(chaos(3).rounds(5).run(server, push, charged).await.is_ok());
}

#[tokio::test]
async fn a_class_that_nobody_registered_is_found_by_chaos() {
    let push = async |client: Client| _ = client.push(Slow {}).await.unwrap();
    let report = chaos(4).rounds(2).run(server, push, |_: &Books| Ok::<(), String>(())).await.expect("no promise");
    assert_eq!(report.dead, 2, "its jobs are dead");
}

#[tokio::test]
async fn what_waits_is_matched_by_patterns() {
    let clock = ManualClock::default();
    let client = testing::memory_at(&clock, 7);
    client.push(Rash { order: 7 }).queue("low").await.unwrap();
    client.push(Rash { order: 8 }).after(Duration::from_secs(60)).await.unwrap();
    let low = assert_enqueued!(client, Rash { order: 7 });
    assert_eq!((low.order, low.row.queue.as_str(), low.row.state), (7, "low", State::Enqueued));
    let later = assert_enqueued!(client, Rash { order } if *order > 7);
    assert_eq!(later.row.at, Some(Timestamp::from_unix_millis(1_795_000_060_000)));
    assert_eq!(assert_enqueued!(client, Rash, times = 2).len(), 2);
    assert_not_enqueued!(client, Rash { order: 9 });
    assert_not_enqueued!(client, Careful);
}

#[tokio::test]
#[should_panic(
    expected = "Rash { order: 9 } is to wait 1 time(s), and waits 0 time(s). What waits:\n  Rash [7] in low\n  Rash [8] in default, due in 60s"
)]
async fn a_job_that_does_not_wait_is_told_with_what_does() {
    let client = testing::memory_at(&ManualClock::default(), 7);
    client.push(Rash { order: 7 }).queue("low").await.unwrap();
    client.push(Rash { order: 8 }).after(Duration::from_secs(60)).await.unwrap();
    assert_enqueued!(client, Rash { order: 9 });
}

#[tokio::test]
#[should_panic(expected = "Rash { .. } is to wait 1 time(s), and waits 2 time(s)")]
async fn another_number_of_jobs_is_noticed() {
    let client = testing::memory();
    client.push_bulk([Rash { order: 7 }, Rash { order: 8 }]).await.unwrap();
    assert_enqueued!(client, Rash, times = 1);
}

#[tokio::test]
#[should_panic(expected = "Rash { order: 7 } is not to wait, and waits 1 time(s)")]
async fn a_job_that_waits_and_should_not_is_noticed() {
    let client = testing::memory();
    client.push(Rash { order: 7 }).await.unwrap();
    assert_not_enqueued!(client, Rash { order: 7 });
}

#[tokio::test]
async fn a_job_is_performed_where_the_test_stands() {
    let (client, ledger) = (testing::memory(), Books::default());
    testing::perform_now(&client, Arc::new(Arc::clone(&ledger)), Careful { order: 5 }).await.unwrap();
    assert_eq!(*ledger.charged.lock().unwrap(), [5]);
    let failed = testing::perform_now(&client, ledger, Plan { orders: 1 }).await;
    assert_eq!(failed.map_err(|error: JobError| error.to_string()), Err("not the first time".to_owned()));
    assert_enqueued!(client, Careful { order: 1 });
}

#[tokio::test]
async fn a_drain_performs_what_is_ready_and_what_that_pushes() {
    let clock = ManualClock::default();
    let client = testing::memory_at(&clock, 7);
    client.push(Plan { orders: 2 }).await.unwrap();
    client.push(Rash { order: 9 }).after(Duration::from_secs(3600)).await.unwrap();
    let ledger = Books::default();
    let drained = testing::drain(shared(&client, &ledger)).await.unwrap();
    assert_eq!((drained.done, drained.failures, drained.failed.len()), (2, 1, 1), "{drained:?}");
    assert_enqueued!(client, Rash { order: 9 });
    clock.advance(Duration::from_secs(3600));
    let drained = testing::drain(shared(&client, &ledger)).await.unwrap();
    assert_eq!(
        (drained.done, drained.failures, drained.failed.len()),
        (4, 0, 0),
        "the plan, what it pushes again, and the late one"
    );
    assert_eq!(*ledger.charged.lock().unwrap(), [1, 2, 9]);
}

#[tokio::test]
async fn an_inline_push_returns_when_its_job_and_those_that_it_pushed_are_done() {
    let ledger = Books::default();
    let client = testing::inline(shared(&testing::memory(), &ledger)).await.unwrap();
    client.push(Rash { order: 3 }).await.unwrap();
    assert_eq!(*ledger.charged.lock().unwrap(), [3]);
    client.push(Plan { orders: 2 }).await.unwrap();
    assert_eq!(*ledger.charged.lock().unwrap(), [3, 1, 2]);
    let failed = testing::failed(&client).await.unwrap();
    assert_eq!((failed.len(), failed[0].state), (1, State::Retries), "the plan failed the first time");
    client.push(Rash { order: 4 }).after(Duration::from_secs(60)).await.unwrap();
    assert_enqueued!(client, Rash { order: 4 });
    client.push_bulk([Rash { order: 5 }, Rash { order: 6 }]).await.unwrap();
    assert_eq!(ledger.charged.lock().unwrap().len(), 5);
}

/// A server whose state the test keeps a hand on.
fn shared(client: &Client, books: &Books) -> Server<Books> {
    Server::new(client.clone(), Arc::clone(books))
        .queues(["default", "money"])
        .register::<Rash>()
        .register::<Careful>()
        .register::<Plan>()
}
