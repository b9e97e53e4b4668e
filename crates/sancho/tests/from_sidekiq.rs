//! What a team that comes from Sidekiq builds with what is here: the rows of docs/guides/from-sidekiq.md that are
//! written by hand, and need no Ruby to be shown.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sancho::{
    BoxFuture, Client, ClientMiddleware, ClientVerdict, Context, Draft, Event, Job, JobResult, Next, Perform, Raw,
    Server, ServerMiddleware, Subscription, testing,
};
use serde::{Deserialize, Serialize};

/// Far longer than anything here takes: it turns a hang into a failure.
const PATIENCE: Duration = Duration::from_secs(30);

tokio::task_local! {
    /// What Rails keeps in `Current` and in `I18n.locale`.
    static CURRENT: Current;
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Current {
    user_id: Option<u64>,
    locale: String,
}

/// Writes down what is current, as Sidekiq's own middleware does; what the job has already stays.
struct Save;

impl ClientMiddleware for Save {
    fn push(&self, draft: &mut Draft) -> ClientVerdict {
        let mut say = |name: &str, value: serde_json::Value| {
            if !draft.extra.iter().any(|(have, _)| have == name) {
                draft.extra.push((name.to_owned(), value.to_string()));
            }
        };
        if let Ok(current) = CURRENT.try_with(Clone::clone) {
            say("cattr", serde_json::json!({ "user_id": current.user_id }));
            say("locale", current.locale.into());
        }
        ClientVerdict::Push
    }
}

/// Makes it current again around the job.
struct Load;

impl<S: Send + Sync + 'static> ServerMiddleware<S> for Load {
    fn perform<'a>(&'a self, cx: &'a Context<S>, next: Next<'a, S>) -> BoxFuture<'a, JobResult> {
        let attributes: BTreeMap<String, Option<u64>> = cx.member("cattr").unwrap_or_default();
        let user_id = attributes.get("user_id").copied().flatten();
        let current = Current { user_id, locale: cx.member("locale").unwrap_or_else(|| "en".to_owned()) };
        Box::pin(CURRENT.scope(current, next.run(cx)))
    }
}

/// What jobs found current.
type Found = Arc<Mutex<Vec<Current>>>;

#[derive(Job, Serialize, Deserialize)]
struct Look {
    pushes_another: bool,
}

impl Perform<Found> for Look {
    async fn perform(self, cx: &Context<Found>) -> JobResult {
        cx.state().lock().expect("no test has failed under it").push(CURRENT.with(Clone::clone));
        if self.pushes_another {
            cx.client().push(Look { pushes_another: false }).await?;
        }
        Ok(())
    }
}

async fn until(events: &mut Subscription, wanted: impl Fn(&Event) -> bool) {
    let happened = events.wait_for(|event| wanted(event).then_some(()));
    tokio::time::timeout(PATIENCE, happened).await.expect("in time").expect("the server lives");
}

/// Performs so many jobs of the client's store.
async fn perform(client: &Client, jobs: usize) -> Vec<Current> {
    let found = Found::default();
    let server = Server::new(client.clone(), Arc::clone(&found)).register::<Look>().middleware(Load);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    for _ in 0..jobs {
        until(&mut events, |event| matches!(event, Event::Settled { .. })).await;
    }
    server.stop().await;
    let found = found.lock().expect("no test has failed under it");
    found.clone()
}

#[tokio::test]
async fn what_is_current_at_the_push_is_current_around_the_job() {
    let client = testing::memory().with_middleware(Save);
    let current = Current { user_id: Some(7), locale: "de".into() };
    let push = client.push(Look { pushes_another: true });
    CURRENT.scope(current.clone(), push.into_future()).await.expect("pushed");
    // The job that the job pushed has it from there.
    assert_eq!(perform(&client, 2).await, [current.clone(), current]);
}

#[tokio::test]
async fn what_rubys_middleware_wrote_is_read() {
    let client = testing::memory();
    let args = serde_json::json!([false]);
    let by_ruby = client.push(Raw::new("Look", args)).member("cattr", &serde_json::json!({ "user_id": 9 }));
    by_ruby.member("locale", "vi").await.expect("pushed");
    assert_eq!(perform(&client, 1).await, [Current { user_id: Some(9), locale: "vi".into() }]);
}

#[tokio::test]
async fn a_client_of_another_store_pushes_to_another_shard() {
    let shards = [testing::memory(), testing::memory()];
    for user_id in 0..6 {
        let shard = &shards[user_id % shards.len()];
        shard.push(Raw::new("Sharded", [user_id])).await.expect("pushed");
    }
    for (n, shard) in shards.iter().enumerate() {
        let rows = testing::waiting(shard).await.expect("it answers");
        let args: Vec<&str> = rows.iter().map(|row| row.payload.envelope().expect("readable").args()).collect();
        assert_eq!(args, [0, 2, 4].map(|user_id| format!("[{}]", user_id + n)));
    }
}

/// `config.on(:startup)`, `:quiet`, `:shutdown` and `:exit`; and a server inside a program that has other things to do.
#[tokio::test]
async fn a_server_inside_a_program_tells_when_it_starts_is_quiet_and_has_stopped() {
    let server = Server::new(testing::memory(), Found::default()).register::<Look>();
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    until(&mut events, |event| matches!(event, Event::Started { .. })).await;
    server.quiet();
    until(&mut events, |event| matches!(event, Event::Quiet)).await;
    tokio::time::timeout(PATIENCE, server.stop()).await.expect("stops in time");
    until(&mut events, |event| matches!(event, Event::Stopped)).await;
}
