//! Bursts: what is ready is performed, and then the server stops by itself.

use std::time::Duration;

use sancho::core::Pausable;
use sancho::{Capsule, Raw};

use super::home;
use crate::jobs::Act;
use crate::stage::{burst, pause, push, server, stats};

#[tokio::test]
async fn a_burst_of_nothing_ends() {
    let client = home().await;
    let (server, diary) = server(&client);
    burst(server).await;
    assert_eq!(diary.queues(), Vec::<String>::new());
    let processes = client.inspect().processes(client.clock().now()).await.expect("the store answers");
    assert!(processes.is_empty(), "it has said goodbye");
}

#[tokio::test]
async fn what_is_ready_and_what_it_pushes_is_performed_and_the_rest_is_left_for_later() {
    let client = home().await;
    push(&client, "default", 60, "linger").await;
    push(&client, "default", 1, "push default push default").await;
    _ = client.push(Act::new("")).after(Duration::from_secs(3600)).await.expect("pushed");
    let (server, diary) = server(&client);
    burst(server.slots(5)).await;
    assert_eq!(diary.queues().len(), 63);
    let stats = stats(&client).await;
    assert_eq!((stats.processed, stats.enqueued, stats.scheduled, stats.busy), (63, 0, 1, 0));
}

#[tokio::test]
async fn jobs_that_are_due_are_promoted_first() {
    let client = home().await;
    // More than one promotion moves.
    let due = client.clock().now() + Duration::from_millis(1);
    client.push_bulk((0..1_100).map(|_| Act::new(""))).at(due).await.expect("pushed");
    let early = async {
        while client.clock().now() <= due {
            tokio::task::yield_now().await;
        }
    };
    early.await;
    let (server, _) = server(&client);
    burst(server).await;
    let stats = stats(&client).await;
    assert_eq!((stats.processed, stats.scheduled, stats.enqueued), (1_100, 0, 0));
}

#[tokio::test]
async fn jobs_that_fail_are_tried_again_later_and_fail_no_burst() {
    let client = home().await;
    push(&client, "default", 3, "fail").await;
    let (server, diary) = server(&client);
    burst(server).await;
    assert_eq!(diary.queues().len(), 3);
    let stats = stats(&client).await;
    assert_eq!((stats.failed, stats.retries), (3, 3));
}

#[tokio::test]
async fn classes_that_are_not_known_hold_nothing_up_and_what_is_behind_them_is_performed() {
    let client = home().await;
    client.push_bulk((0..40).map(|n| Raw::new("Stranger", [n]))).await.expect("pushed");
    push(&client, "default", 5, "push default").await;
    client.push_bulk((0..40).map(|n| Raw::new("Stranger", [n]))).await.expect("pushed");
    push(&client, "default", 5, "").await;
    let (server, diary) = server(&client);
    burst(server.slots(3)).await;
    assert_eq!(diary.queues().len(), 15);
    let stats = stats(&client).await;
    assert_eq!((stats.processed, stats.enqueued, stats.busy), (15, 80, 0));
}

#[tokio::test]
async fn paused_queues_and_classes_hold_nothing_up() {
    let client = home().await;
    push(&client, "paused", 2, "").await;
    push(&client, "default", 2, "").await;
    client.push(Raw::new("Held", [1])).await.expect("pushed");
    pause(&client, Pausable::Queue(sancho::QueueName::new("paused").expect("a name"))).await;
    pause(&client, Pausable::Class("Held".to_owned())).await;
    let (server, _) = server(&client);
    burst(server.queues(["paused", "default"])).await;
    let stats = stats(&client).await;
    assert_eq!((stats.processed, stats.enqueued, stats.held), (2, 2, 1));
}

#[tokio::test]
async fn a_burst_is_over_when_every_capsule_has_nothing_left() {
    let client = home().await;
    // Each job pushes one for the other capsule, or for a queue that nobody has seen before.
    push(&client, "a", 1, "push b push a push b push new:1 push a linger").await;
    let (server, diary) = server(&client);
    let server = server.queues(["a"]).capsule(Capsule::new("other").slots(2).queues(["b", "new:*"]));
    burst(server).await;
    assert_eq!(diary.queues(), ["a", "b", "a", "b", "new:1", "a"]);
    assert_eq!(stats(&client).await.enqueued, 0);
}
