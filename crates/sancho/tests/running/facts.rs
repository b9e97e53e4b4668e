//! What a store has of running jobs, one fact a test, on whatever store `super::home` opens.

use std::time::Duration;

use sancho::core::Checkpoint;
use sancho::core::checkpointed::Checkpointed;
use sancho::core::claim::Kept;
use sancho::core::lifecycle::Verdict;
use sancho::trace::{self, TraceContext};
use sancho::{Progress, Server, State};

use super::home;
use crate::dead::claim_and_die;
use crate::deeds::{BlockingDeed, BriefBlockingDeed, Deed, Journal, raw};
use crate::stage::{PATIENCE, counts, dead, server, settled, stop};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn a_canceled_job_that_is_done_within_its_grace_is_done() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let jid = client.push(Deed::new("ends when canceled")).await.expect("pushed").jid;
    journal.heard("begun").await;
    _ = client.cancel_running(&jid).await.expect("it runs");
    assert_eq!(settled(&mut events, &jid).await, Verdict::Done);
    stop(&server).await;
    assert_eq!(journal.said(), ["begun", "ends"]);
    assert_eq!(counts(&client).await, (1, 0, 0));
}

#[tokio::test]
async fn a_canceled_job_that_answers_an_error_is_canceled() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let jid = client.push(Deed::new("fails when canceled")).await.expect("pushed").jid;
    journal.heard("begun").await;
    _ = client.cancel_running(&jid).await.expect("it runs");
    assert_eq!(settled(&mut events, &jid).await, Verdict::Dropped);
    stop(&server).await;
    assert_eq!(counts(&client).await, (1, 0, 0), "it is no failure");
    assert!(client.find(&jid).await.expect("found").is_none());
}

#[tokio::test]
async fn a_canceled_job_that_goes_on_is_dropped() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal).slots(1);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let jid = client.push(Deed::new("waits for ever")).await.expect("pushed").jid;
    journal.heard("begun").await;
    _ = client.cancel_running(&jid).await.expect("it runs");
    assert_eq!(settled(&mut events, &jid).await, Verdict::Dropped);
    let next = client.push(Deed::new("next")).await.expect("pushed").jid;
    assert_eq!(settled(&mut events, &next).await, Verdict::Done);
    stop(&server).await;
    assert_eq!(counts(&client).await, (2, 0, 0));
}

#[tokio::test]
async fn a_canceled_blocking_job_is_settled_though_its_code_runs_and_its_late_result_changes_nothing() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal).slots(2);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let jid = client.push(BlockingDeed::new("blocks")).await.expect("pushed").jid;
    journal.heard("begun").await;
    _ = client.cancel_running(&jid).await.expect("it runs");
    assert_eq!(settled(&mut events, &jid).await, Verdict::Dropped);
    assert_eq!(journal.said(), ["begun"], "its code still runs");
    journal.open();
    journal.heard("goes on, cancelled: true").await;
    let next = client.push(BlockingDeed::new("next")).await.expect("pushed").jid;
    assert_eq!(settled(&mut events, &next).await, Verdict::Done);
    stop(&server).await;
    assert_eq!(counts(&client).await, (2, 0, 0));
}

#[tokio::test]
async fn a_blocking_job_that_outlasts_its_timeout_fails_though_its_code_runs() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let jid = client.push(BriefBlockingDeed::new("blocks")).retry(0).await.expect("pushed").jid;
    assert_eq!(settled(&mut events, &jid).await, Verdict::Died);
    assert_eq!(journal.said(), ["begun"], "its code still runs");
    journal.open();
    journal.heard("goes on, cancelled: true").await;
    stop(&server).await;
    let dead = dead(&client).await;
    let envelope = dead[0].payload.envelope().expect("readable");
    assert_eq!(envelope.error_class().as_deref(), Some("Timeout"));
    assert_eq!(counts(&client).await, (1, 1, 0));
}

#[tokio::test]
async fn what_a_job_told_before_a_stop_cut_it_short_is_known_to_its_next_run() {
    let (client, journal) = (home().await, Journal::default());
    let first = server(&client, &journal).stop_timeout(Duration::ZERO);
    let jid = client.push(Deed::new("counts")).await.expect("pushed").jid;
    let first = first.start().await.expect("starts");
    journal.heard("begun").await;
    stop(&first).await;
    assert_eq!(client.find(&jid).await.expect("found").expect("there").state, State::Enqueued);

    let second = server(&client, &journal);
    let mut events = second.subscribe();
    let second = second.start().await.expect("starts");
    assert_eq!(settled(&mut events, &jid).await, Verdict::Done);
    stop(&second).await;
    assert_eq!(journal.said(), ["from None at None", "begun", r#"from Some((2, 5)) at Some("counting")"#]);
}

#[tokio::test]
async fn what_a_job_told_before_its_process_died_is_known_to_its_next_run() {
    let (client, journal) = (home().await, Journal::default());
    let jid = client.push(Deed::new("counts")).await.expect("pushed").jid;
    let claim = claim_and_die(&client, "dead:1:0").await;
    let mut said = Checkpointed::new();
    said.set_progress(Progress { done: 4, total: 5 });
    let checkpoint = Checkpoint { receipt: claim.receipt, bytes: said.to_bytes() };
    let kept = client.store().checkpoint(&[checkpoint], client.clock().now()).await.expect("the store answers");
    assert_eq!(kept, [Kept::Kept]);
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    assert_eq!(settled(&mut events, &jid).await, Verdict::Returned, "it is taken over");
    assert_eq!(settled(&mut events, &jid).await, Verdict::Done);
    stop(&server).await;
    assert_eq!(journal.said(), ["from Some((4, 5)) at None"]);
}

#[tokio::test]
async fn what_a_job_tells_is_kept_while_it_runs() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal).stop_timeout(Duration::ZERO).start().await.expect("starts");
    let jid = client.push(Deed::new("counts")).await.expect("pushed").jid;
    journal.heard("begun").await;
    let kept = async {
        loop {
            let row = client.find(&jid).await.expect("found").expect("it runs");
            if let Some(progress) = row.kept.progress() {
                return (progress.done, progress.total, row.kept.step());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let kept = tokio::time::timeout(PATIENCE, kept).await.expect("it is kept in time");
    assert_eq!(kept, (2, 5, Some("counting".to_owned())));
    stop(&server).await;
}

#[tokio::test]
async fn a_trace_is_carried_to_the_job_and_to_what_the_job_pushes() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let server = server.start().await.expect("starts");
    let trace = TraceContext::parse(TRACEPARENT).expect("one of the recommendation's").with_state("rojo=1");
    _ = trace::scope(trace, client.push(Deed::new("pushes")).into_future()).await.expect("pushed");
    journal.heard(&format!("performed in Some({TRACEPARENT:?})")).await;
    journal.heard(&format!("pushed in Some({TRACEPARENT:?})")).await;
    stop(&server).await;
}

#[tokio::test]
async fn a_trace_of_another_program_is_that_of_the_job_and_survives_a_failure() {
    let (client, journal) = (home().await, Journal::default());
    let failing = raw("fails");
    let jid = client.push(failing).member("traceparent", TRACEPARENT).member("tracestate", "rojo=1").await;
    let jid = jid.expect("pushed").jid;
    _ = client.push(raw("tells its trace")).member("traceparent", TRACEPARENT).await.expect("pushed");
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    assert!(matches!(settled(&mut events, &jid).await, Verdict::Retried { .. }));
    journal.heard(&format!("pushed in Some({TRACEPARENT:?})")).await;
    stop(&server).await;
    let row = client.find(&jid).await.expect("found").expect("there");
    let envelope = row.payload.envelope().expect("readable");
    assert_eq!(envelope.traceparent().as_deref(), Some(TRACEPARENT));
    assert_eq!(envelope.tracestate().as_deref(), Some("rojo=1"));
}

#[tokio::test]
async fn a_job_knows_its_class_its_tags_its_members_and_its_bytes() {
    let (client, journal) = (home().await, Journal::default());
    let push = client.push(Deed::new("tells of itself")).queue("low").tags(["eu", "vip"]).member("tenant", "acme");
    let jid = push.await.expect("pushed").jid;
    let server: Server<Journal> = server(&client, &journal).queues(["low"]);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    assert_eq!(settled(&mut events, &jid).await, Verdict::Done);
    stop(&server).await;
    assert_eq!(journal.said(), [r#"Deed low 1 ["eu", "vip"] Some("acme") true None"#]);
}
