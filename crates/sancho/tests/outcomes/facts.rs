//! What a job may ask for, and what it is asked when its tries are over.

use std::time::Duration;

use sancho::core::lifecycle::Verdict;
use sancho::{ClassSettings, JobRow, State};

use super::home;
use crate::jobs::{Act, HOUR};
use crate::stage::{Stage, counted, dead};

fn error(row: &JobRow) -> (String, String) {
    let envelope = row.payload.envelope().expect("readable");
    (envelope.error_class().unwrap_or_default().into_owned(), envelope.error_message().unwrap_or_default().into_owned())
}

#[tokio::test]
async fn a_snooze_comes_again_and_is_neither_a_failure_nor_a_try() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    client.push(Act::new("snooze")).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Postponed);
    assert_eq!(stage.settled().await, Verdict::Done);
    assert_eq!(stage.stop().await, ["snooze 1", "snooze 1"]);
    assert_eq!(counted(&client).await, (2, 0));
}

#[tokio::test]
async fn a_discarded_job_is_gone_and_no_failure() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    let jid = client.push(Act::new("discard")).await.expect("pushed").jid;
    assert_eq!(stage.settled().await, Verdict::Dropped);
    assert_eq!(stage.stop().await, ["discard 1"], "and nothing is exhausted by it");
    assert!(client.find(&jid).await.expect("answered").is_none());
    assert_eq!(counted(&client).await, (1, 0));
}

#[tokio::test]
async fn an_interrupted_job_comes_again_before_others_and_is_neither_a_failure_nor_a_try() {
    let client = home().await;
    client.push(Act::new("give way")).await.expect("pushed");
    client.push(Act::new("after it")).await.expect("pushed");
    let mut stage = Stage::with(&client, |server| server.slots(1)).await;
    assert_eq!(stage.settled().await, Verdict::Returned);
    assert_eq!((stage.settled().await, stage.settled().await), (Verdict::Done, Verdict::Done));
    assert_eq!(stage.stop().await, ["give way 1", "give way 1", "after it 1"]);
    assert_eq!(counted(&client).await, (2, 0));
}

#[tokio::test]
async fn a_failure_of_another_language_keeps_its_own_class() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    let jid = client.push(Act::new("fail by name")).await.expect("pushed").jid;
    assert!(matches!(stage.settled().await, Verdict::Retried { retry_count: 0, .. }));
    stage.stop().await;
    let row = client.find(&jid).await.expect("answered").expect("there");
    assert_eq!(error(&row), ("Bank::Closed".to_owned(), "at noon".to_owned()));
}

#[tokio::test]
async fn a_killed_job_is_dead_with_its_reason_though_it_has_tries_left() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    client.push(Act::new("kill")).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Died);
    assert_eq!(stage.stop().await, ["kill 1", "exhausted by it makes no sense, while busy"]);
    let dead = dead(&client).await;
    assert_eq!(error(&dead[0]), ("Sancho::Killed".to_owned(), "it makes no sense".to_owned()));
    assert_eq!(counted(&client).await, (1, 0));
}

#[tokio::test]
async fn a_retry_at_a_time_is_a_failure_whose_next_try_is_then() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    let jid = client.push(Act::new("retry at")).await.expect("pushed").jid;
    let verdict = stage.settled().await;
    stage.stop().await;
    let row = client.find(&jid).await.expect("answered").expect("there");
    let wanted = row.payload.envelope().expect("readable").created_at().expect("pushed by us") + HOUR;
    assert_eq!((row.state, row.at), (State::Retries, Some(wanted)));
    assert_eq!(verdict, Verdict::Retried { at: wanted, retry_count: 0 });
    assert_eq!(error(&row).0, "Sancho::AskedToBeRetried");
    assert_eq!(counted(&client).await, (1, 1));
}

#[tokio::test]
async fn a_retry_in_a_while_uses_up_a_try() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    let jid = client.push(Act::new("retry in")).await.expect("pushed").jid;
    stage.settled().await;
    let row = client.find(&jid).await.expect("answered").expect("there");
    let failed_at = row.payload.envelope().expect("readable").failed_at().expect("it failed");
    assert_eq!((row.state, row.at), (State::Retries, Some(failed_at + HOUR)));
    client.push(Act::new("retry soon")).retry(1).await.expect("pushed");
    assert!(matches!(stage.settled().await, Verdict::Retried { retry_count: 0, .. }));
    assert_eq!(stage.settled().await, Verdict::Done);
    assert_eq!(stage.stop().await, ["retry in 1", "retry soon 1", "retry soon 2"]);
}

#[tokio::test]
async fn a_window_of_retries_ends_by_time_and_not_by_count() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    client.push(Act::new("fail always")).retry_for(Duration::from_secs(1)).await.expect("pushed");
    let mut tries = 1;
    while let Verdict::Retried { retry_count, .. } = stage.settled().await {
        assert_eq!(retry_count, tries - 1);
        tries += 1;
        assert!(tries < 1_000, "the window never ends");
    }
    let lines = stage.stop().await;
    assert!(tries > 2, "fifty milliseconds are often in a second: {tries}");
    assert_eq!(lines.len(), tries as usize + 1, "and the last words are said once");
    let dead = dead(&client).await;
    let envelope = dead[0].payload.envelope().expect("readable");
    let first = envelope.failed_at().expect("it failed");
    assert!(envelope.retried_at().expect("it failed again").since(first) > Duration::from_secs(1));
}

#[tokio::test]
async fn last_words_are_said_when_the_tries_are_over_and_before_the_end_is_settled() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    client.push(Act::new("fail always")).retry(1).await.expect("pushed");
    assert!(matches!(stage.settled().await, Verdict::Retried { .. }));
    assert_eq!(stage.diary.read(), ["fail always 1"], "a try is left");
    assert_eq!(stage.settled().await, Verdict::Died);
    let over = "exhausted by told to fail always, while busy";
    assert_eq!(stage.stop().await, ["fail always 1", "fail always 2", over]);
    assert_eq!(dead(&client).await.len(), 1);
}

#[tokio::test]
async fn last_words_are_said_by_a_job_that_took_too_long() {
    let client = home().await;
    let settings = ClassSettings::new().timeout(Duration::from_millis(50));
    let mut stage = Stage::with(&client, |server| server.class_settings("Act", settings)).await;
    client.push(Act::new("wait")).retry(0).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Died);
    let over = "exhausted by the job ran longer than its timeout of 50ms, while busy";
    assert_eq!(stage.stop().await, ["wait 1", over]);
}

#[tokio::test]
async fn last_words_are_said_by_jobs_that_are_not_retried_and_not_kept() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    let mut expected = Vec::new();
    let push = |how: &str| client.push(Act::new(how));
    for (how, push) in [
        ("fail once", push("fail once").retry(false)),
        ("fail twice", push("fail twice").retry(0).dead(false)),
        ("fail and kill", push("fail and kill").dead(false)),
        ("fail and discard", push("fail and discard")),
    ] {
        let jid = push.await.expect("pushed").jid;
        assert_eq!(stage.settled().await, Verdict::Died, "{how}");
        assert!(client.find(&jid).await.expect("answered").is_none(), "{how} is gone");
        expected.extend([format!("{how} 1"), format!("exhausted by told to {how}, while busy")]);
    }
    assert_eq!(stage.stop().await, expected);
}

#[tokio::test]
async fn code_that_falls_over_after_a_failure_changes_nothing_of_its_end() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    client.push(Act::new("fail and fall over")).retry(0).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Died);
    client.push(Act::new("fail and panic")).await.expect("pushed");
    assert!(matches!(stage.settled().await, Verdict::Retried { retry_count: 0, .. }), "by the usual curve");
    client.push(Act::new("go on")).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Done);
    stage.stop().await;
    assert_eq!(error(&dead(&client).await[0]).1, "told to fail and fall over");
}
