//! Queues that are named by patterns.

use super::home;
use crate::stage::{push, server, stats, stop};

#[tokio::test]
async fn a_pattern_serves_the_queues_that_there_are_and_those_that_come_later() {
    let client = home().await;
    push(&client, "tenant:1", 1, "").await;
    push(&client, "tenant:slow", 1, "").await;
    push(&client, "elsewhere", 1, "").await;
    let (server, diary) = server(&client);
    let server = server.queues(["default", "tenant:*", "!tenant:s*"]).start().await.expect("starts");
    diary.begun(1).await;
    push(&client, "tenant:2", 1, "").await;
    diary.begun(2).await;
    push(&client, "default", 1, "").await;
    diary.begun(3).await;
    let queues: Vec<String> = server.capsules()[0].queues.iter().map(ToString::to_string).collect();
    assert_eq!(queues, ["default", "tenant:1", "tenant:2"]);
    stop(&server).await;
    assert_eq!(diary.queues(), ["tenant:1", "tenant:2", "default"]);
    assert_eq!(stats(&client).await.enqueued, 2, "what is not named is left alone");
}

#[tokio::test]
async fn a_pattern_that_matches_nothing_yet_waits() {
    let client = home().await;
    let (server, diary) = server(&client);
    let server = server.queues(["*"]).start().await.expect("starts");
    push(&client, "first", 1, "").await;
    diary.begun(1).await;
    stop(&server).await;
}

#[tokio::test]
async fn a_pattern_has_its_place_and_its_queues_are_sorted_by_name() {
    let client = home().await;
    for queue in ["z", "b", "last", "a", "first"] {
        push(&client, queue, 2, "").await;
    }
    let (server, diary) = server(&client);
    crate::stage::burst(server.slots(1).queues(["first", "*", "last"])).await;
    assert_eq!(diary.queues(), ["first", "first", "a", "a", "b", "b", "z", "z", "last", "last"]);
}
