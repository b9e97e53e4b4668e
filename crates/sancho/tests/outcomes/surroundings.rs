//! What stands around jobs: other names for a class, the fallback, middleware, and what a class is configured for.

use std::time::Duration;

use sancho::core::inspect::{Direction, Filter, Set};
use sancho::core::lifecycle::Verdict;
use sancho::{
    BoxFuture, ClassSettings, ClientMiddleware, ClientVerdict, Context, Draft, Fallback, JobError, JobResult, Next,
    QueueName, Raw, Server, ServerMiddleware,
};
use serde_json::json;

use super::home;
use crate::jobs::{Act, Diary};
use crate::stage::{Stage, dead};

#[tokio::test]
async fn a_job_under_a_former_name_is_performed_and_keeps_its_name() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    client.push(Raw::new("Former::Act", json!(["go"]))).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Done);
    client.push(Raw::new("OldAct", json!(["fail"]))).retry(0).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Died);
    let lines = stage.stop().await;
    assert_eq!(lines, ["go 1", "fail 1", "exhausted by told to fail, while busy"]);
    let dead = dead(&client).await;
    assert_eq!(dead[0].payload.envelope().expect("readable").class(), "OldAct");
}

/// Writes down what comes, and does what the arguments say.
struct Catch;

impl Fallback<Diary> for Catch {
    fn perform<'a>(&'a self, cx: &'a Context<Diary>) -> BoxFuture<'a, JobResult> {
        Box::pin(async move {
            let args = cx.payload().envelope()?.args().to_owned();
            cx.state().write(format!("{} {args} {}", cx.class(), cx.attempt()));
            match args.as_str() {
                "[\"fail\"]" => Err("told to fail".into()),
                "[\"wait\"]" => std::future::pending().await,
                _ => Ok(()),
            }
        })
    }
}

#[tokio::test]
async fn the_fallback_performs_what_nobody_registered_and_nothing_is_unknown() {
    let client = home().await;
    let mut stage = Stage::with(&client, |server| server.fallback(Catch)).await;
    client.push(Raw::new("Anything", json!([1]))).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Done);
    client.push(Act::new("go")).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Done);
    client.push(Raw::new("Old::Anything", json!(["fail"]))).await.expect("pushed");
    assert!(matches!(stage.settled().await, Verdict::Retried { retry_count: 0, .. }));
    assert_eq!(stage.stop().await, ["Anything [1] 1", "go 1", "Old::Anything [\"fail\"] 1"]);
}

#[tokio::test]
async fn a_server_with_a_fallback_alone_starts_and_heeds_what_classes_are_configured_for() {
    let client = home().await;
    let diary = Diary::default();
    let settings = ClassSettings::new().timeout(Duration::from_millis(50)).dead(false).retry(0);
    let server = Server::new(client.clone(), diary.clone()).fallback(Catch).class_settings("Slow", settings);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts without a class");
    // As a program writes it that says nothing of retries.
    let now = client.clock().now();
    let mut new = client.draft("Slow", "[\"wait\"]").into_job(now, Default::default()).expect("a job");
    let mut members = new.payload.members().expect("readable");
    members.remove("retry");
    members.remove("dead");
    new.payload = members.to_payload();
    client.store().push(std::slice::from_ref(&new), now).await.expect("pushed");
    let settled = |event: &sancho::Event| match event {
        sancho::Event::Settled { verdict, error, .. } => Some((*verdict, error.clone())),
        _ => None,
    };
    let (verdict, error) = events.wait_for(settled).await.expect("the server lives");
    assert_eq!((verdict, error.map(|(class, _)| class).as_deref()), (Verdict::Died, Some("Timeout")));
    server.stop().await;
    assert!(dead(&client).await.is_empty(), "it is not kept");
}

/// Writes down that it stands around a job, and may change what comes of it.
struct Ring(&'static str);

impl ServerMiddleware<Diary> for Ring {
    fn perform<'a>(&'a self, cx: &'a Context<Diary>, next: Next<'a, Diary>) -> BoxFuture<'a, JobResult> {
        Box::pin(async move {
            cx.state().write(format!("{} in", self.0));
            let result = next.run(cx).await;
            cx.state().write(format!("{} out", self.0));
            match &result {
                Err(why) if why.error().is_some_and(|error| error.to_string() == "told to fail softly") => {
                    Err(JobError::discard())
                }
                _ => result,
            }
        })
    }
}

#[tokio::test]
async fn the_first_middleware_is_the_outermost_and_may_change_the_result() {
    let client = home().await;
    let mut stage =
        Stage::with(&client, |server| server.middleware(Ring("outer")).middleware(Ring("inner")).fallback(Catch)).await;
    for (push, verdict) in [
        (client.push(Act::new("go")), Verdict::Done),
        (client.push(Act::new("fail softly")), Verdict::Dropped),
        (client.push(Raw::new("Anything", json!([1]))), Verdict::Done),
    ] {
        push.await.expect("pushed");
        assert_eq!(stage.settled().await, verdict);
    }
    let around = |line| ["outer in", "inner in", line, "inner out", "outer out"];
    let expected = [around("go 1"), around("fail softly 1"), around("Anything [1] 1")].concat();
    assert_eq!(stage.stop().await, expected);
}

/// Does what the job's argument says, in place of the job.
struct Hinder;

impl ServerMiddleware<Diary> for Hinder {
    fn perform<'a>(&'a self, cx: &'a Context<Diary>, next: Next<'a, Diary>) -> BoxFuture<'a, JobResult> {
        match cx.payload().envelope().map(|envelope| envelope.args()) {
            Ok("[\"panic first\"]") => panic!("the middleware falls over"),
            Ok("[\"wait first\"]") => Box::pin(std::future::pending()),
            Ok("[\"stop\"]") => Box::pin(async { Ok(()) }),
            _ => next.run(cx),
        }
    }
}

#[tokio::test]
async fn middleware_runs_within_the_timeout_and_its_panic_is_a_failure() {
    let client = home().await;
    let settings = ClassSettings::new().timeout(Duration::from_millis(50));
    let mut stage = Stage::with(&client, |server| server.middleware(Hinder).class_settings("Act", settings)).await;
    for how in ["panic first", "wait first"] {
        client.push(Act::new(how)).retry(0).await.expect("pushed");
        assert_eq!(stage.settled().await, Verdict::Died, "{how}");
    }
    client.push(Act::new("stop")).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Done, "a middleware need not go on");
    let lines = stage.stop().await;
    assert_eq!(lines.len(), 2, "the jobs themselves did nothing but say their last words: {lines:?}");
    let mut classes: Vec<_> = dead(&client)
        .await
        .iter()
        .map(|row| row.payload.envelope().expect("readable").error_class().expect("it failed").into_owned())
        .collect();
    classes.sort();
    assert_eq!(classes, ["Sancho::Panic", "Timeout"]);
}

/// Adds its mark to each job that is pushed.
struct Mark(&'static str);

impl ClientMiddleware for Mark {
    fn push(&self, draft: &mut Draft) -> ClientVerdict {
        draft.tags.push(self.0.to_owned());
        ClientVerdict::Push
    }
}

#[tokio::test]
async fn both_kinds_of_middleware_see_what_jobs_push_one_by_one_and_in_bulk() {
    let client = home().await;
    let marking = client.clone().with_middleware(Mark("first")).with_middleware(Mark("second"));
    let settings = ClassSettings::new().queue(QueueName::new("pushed").expect("a name"));
    let mut stage = Stage::with(&marking, |server| server.middleware(Ring("ring"))).await;
    client.push(Act::new("push")).await.expect("pushed");
    for _ in 0..4 {
        assert_eq!(stage.settled().await, Verdict::Done);
    }
    let lines = stage.stop().await;
    assert_eq!(lines.iter().filter(|line| *line == "ring in").count(), 4, "{lines:?}");

    let stage = Stage::with(&marking, |server| server.queues(["default"]).class_settings("Act", settings)).await;
    let mut stage = stage;
    client.push(Act::new("push")).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Done);
    stage.stop().await;
    let set = Set::Queue(QueueName::new("pushed").expect("a name"));
    let rows = client.inspect().page(&set, &Filter::all(), Direction::Forward, None, 10).await.expect("answered").rows;
    assert_eq!(rows.len(), 3, "what a job pushes goes where the server is told to send its class");
    for row in rows {
        assert_eq!(row.payload.envelope().expect("readable").tags(), ["first", "second"]);
    }
}
