//! Settings, pushes and jobs at and beyond their bounds: what is too much is refused by its name, and what is merely
//! extreme overflows nothing.

use std::time::Duration;

use sancho::core::{Direction, Filter, Retention, limits};
use sancho::testing::{memory, waiting};
use sancho::{Client, Context, Event, Job, JobResult, Perform, PushError, Raw, Server, ServerError};

/// Far longer than anything here takes: it turns a hang into a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A job that fails with a message of so many bytes, or panics with it.
#[derive(Job)]
#[job(retry = 3, backtrace = true)]
struct Fail {
    bytes: usize,
    panics: bool,
}

impl Perform<()> for Fail {
    async fn perform(self, _cx: &Context<()>) -> JobResult {
        let message = "\u{0}é".repeat(self.bytes / 3);
        assert!(!self.panics, "{message}");
        Err(message.into())
    }
}

fn server(client: &Client) -> Server<()> {
    Server::new(client.clone(), ()).register::<Fail>()
}

#[tokio::test]
async fn settings_out_of_bounds_are_refused_by_their_names() {
    let client = memory();
    let long = "q".repeat(limits::QUEUE_NAME_BYTES_MAX + 1);
    for (wrong, said) in [
        (server(&client).slots(0), "1 to 1000 slots, not 0"),
        (server(&client).slots(limits::JOBS_PER_CLAIM_MAX + 1), "1 to 1000 slots, not 1001"),
        (server(&client).slots(usize::MAX), "1 to 1000 slots"),
        (server(&client).queues([""]), "queue name is empty"),
        (server(&client).queues(["default", "a\nb"]), "control character"),
        (server(&client).queues([long.as_str()]), "256 bytes"),
    ] {
        match wrong.start().await {
            Err(ServerError::Invalid(error)) => assert!(error.to_string().contains(said), "{said}: {error}"),
            other => panic!("{said}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn settings_at_the_ends_of_their_ranges_overflow_nothing() {
    for span in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        let client = memory();
        let kept = Retention { dead_jobs_max: u64::MAX, dead_kept_for: span, history_kept_for: span };
        let server =
            server(&client).stop_timeout(span).retention(kept).max_retries(u32::MAX).tag("\u{0}".repeat(9_000));
        let mut events = server.subscribe();
        let running = server.start().await.expect("it starts");
        client.push(Fail { bytes: 3, panics: false }).await.expect("pushed");
        let settled = |event: &Event| matches!(event, Event::Settled { .. }).then_some(());
        tokio::time::timeout(PATIENCE, events.wait_for(settled)).await.expect("in time").expect("the server lives");
        tokio::time::timeout(PATIENCE, running.stop()).await.expect("it stops");
        assert_eq!(client.inspect().stats(client.clock().now()).await.expect("the model answers").retries, 1);
    }
}

#[tokio::test]
async fn an_error_of_megabytes_is_kept_as_far_as_a_page_can_show_it() {
    let client = memory();
    let server = server(&client);
    let mut events = server.subscribe();
    let running = server.start().await.expect("it starts");
    for panics in [false, true] {
        client.push(Fail { bytes: 9_000_000, panics }).await.expect("pushed");
        let settled = |event: &Event| matches!(event, Event::Settled { .. }).then_some(());
        tokio::time::timeout(PATIENCE, events.wait_for(settled)).await.expect("in time").expect("the server lives");
    }
    tokio::time::timeout(PATIENCE, running.stop()).await.expect("it stops");
    let set = sancho::core::Set::Retries;
    let page = client.inspect().page(&set, &Filter::all(), Direction::Forward, None, 10).await.expect("a page");
    assert_eq!(page.rows.len(), 2);
    for row in page.rows {
        let job = row.payload.envelope().expect("readable");
        let kept = job.error_message().expect("a message").chars().count();
        assert!(kept <= limits::ERROR_MESSAGE_CHARS_MAX && row.payload.as_bytes().len() < 200_000, "{kept}");
    }
}

#[tokio::test]
async fn pushes_at_the_ends_of_their_ranges_overflow_nothing() {
    let client = memory();
    for span in [Duration::ZERO, Duration::MAX] {
        client.push(Raw::new("A", [1])).after(span).expires_in(span).await.expect("pushed");
    }
    assert_eq!(waiting(&client).await.expect("the model answers").len(), 2);
    let many = (0..=limits::JOBS_PER_PUSH_MAX).map(|n| Raw::new("A", [n]));
    match client.push_bulk(many).await {
        Err(PushError::Invalid(error)) => assert!(error.to_string().contains("10001 jobs are too many"), "{error}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(waiting(&client).await.expect("the model answers").len(), 2, "all or none");
}
