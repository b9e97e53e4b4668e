//! What comes of the jobs, on each store.

use std::time::Duration;

use sancho::testing::waiting;
use sancho::{Client, ClientMiddleware, ClientVerdict, Draft, OnConflict, QueueName, Raw, State};

use super::home;

/// A job that goes to one of five queues.
fn spread(client: &Client, n: usize) -> Draft {
    let mut draft = client.draft("A", format!("[{n}]"));
    draft.queue = QueueName::new(format!("q{}", n % 5)).expect("a name");
    draft
}

#[tokio::test]
async fn all_jobs_are_pushed_and_those_of_a_queue_in_their_order() {
    for jobs in [0, 1, 999, 1_000, 2_345] {
        let client = home().await;
        let pushed = client.push_all((0..jobs).map(|n| spread(&client, n))).await.expect("pushed");
        assert_eq!((pushed.added, pushed.jobs()), (jobs as u64, jobs as u64));
        let rows = waiting(&client).await.expect("answered");
        let args: Vec<_> = rows.iter().map(|row| row.payload.envelope().expect("readable").args().to_owned()).collect();
        let want = (0..5).flat_map(|queue| (queue..jobs).step_by(5)).map(|n| format!("[{n}]"));
        assert_eq!(args, want.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn an_option_holds_for_each_job() {
    let client = home().await;
    let at = client.clock().now() + Duration::from_secs(600);
    let jobs = (0..1_001).map(|n| Raw::new("A", [n]));
    client.push_all(jobs).queue("low").at(at).retry(3).tags(["x"]).member("tenant", &7).await.expect("pushed");
    let rows = waiting(&client).await.expect("answered");
    for row in [rows.first(), rows.last()] {
        let row = row.expect("some");
        assert_eq!((row.state, row.queue.as_str()), (State::Scheduled, "low"));
        let text = row.payload.to_text_lossy().into_owned();
        assert!(text.starts_with(r#"{"retry":3,"queue":"low","tags":["x"],"tenant":7,"args":["#), "{text}");
    }
}

struct StopsTens;

impl ClientMiddleware for StopsTens {
    fn push(&self, draft: &mut Draft) -> ClientVerdict {
        if draft.args.ends_with("0]") { ClientVerdict::Stop } else { ClientVerdict::Push }
    }
}

#[tokio::test]
async fn what_was_not_added_is_counted_by_its_reason() {
    let client = home().await;
    let keyed = |n: usize, on_conflict| {
        let mut draft = client.draft("A", format!("[{n}]"));
        draft.key = Some(sancho::Key::new(format!("k{}", n % 1_500)).expect("a key"));
        draft.on_conflict = on_conflict;
        draft
    };
    let stopping = Client::clone(&client).with_middleware(StopsTens);
    let pushed = stopping.push_all((0..2_001).map(|n| keyed(n, OnConflict::Keep))).await.expect("pushed");
    assert_eq!((pushed.stopped, pushed.added, pushed.kept, pushed.jobs()), (201, 1_350, 450, 2_001));
    let pushed = client.push_all((0..11).map(|n| keyed(n, OnConflict::Refuse))).await.expect("pushed");
    assert_eq!((pushed.refused, pushed.added, pushed.jobs()), (9, 2, 11));
    let pushed = client.push_all((0..11).map(|n| keyed(n, OnConflict::Replace))).await.expect("pushed");
    assert_eq!((pushed.added, pushed.jobs()), (11, 11));
}

#[tokio::test]
async fn a_job_that_breaks_a_rule_leaves_the_batches_before_it() {
    let client = home().await;
    let jobs = (0..3_000).map(|n| Raw::new(if n == 2_222 { "" } else { "A" }, [n]));
    let error = client.push_all(jobs).await.expect_err("refused");
    assert_eq!(error.done.jobs(), 2_000);
    let said = "after the first 2000 jobs: the class name is empty: name the job's class";
    assert_eq!(error.to_string(), said);
    assert_eq!(client.inspect().stats(client.clock().now()).await.expect("answered").enqueued, 2_000);
}
