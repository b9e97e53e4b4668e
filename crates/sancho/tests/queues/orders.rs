//! In which order queues are served, at 25 slots.

use sancho::{Client, QueueOrder, Server};

use super::home;
use crate::jobs::Diary;
use crate::stage::{push, server, stop};

const SLOTS: usize = 25;

/// Performs so many jobs, each of which lingers a moment, so that slots become free by ones and by many. Answers the
/// queues of the jobs, in the order in which they were claimed.
async fn performed(client: &Client, jobs: usize, more: impl FnOnce(Server<Diary>) -> Server<Diary>) -> Vec<String> {
    let (server, diary) = server(client);
    let server = more(server.slots(SLOTS)).start().await.expect("starts");
    diary.begun(jobs).await;
    stop(&server).await;
    let mut queues = diary.queues();
    queues.truncate(jobs);
    queues
}

/// A window of a thousand jobs may begin and end in the middle of what one claim brought, which comes queue by queue: so
/// it may be off by what is before its beginning and behind its end. That is less than one claim's batch.
fn assert_shares(queues: &[String], shares: &[(&str, f64)]) {
    assert!(queues.len() >= 2_000, "there are windows to look at: {}", queues.len());
    for (start, window) in queues.windows(1_000).enumerate() {
        for (queue, share) in shares {
            let have = window.iter().filter(|performed| performed == queue).count();
            let off = (have as f64 - 1_000.0 * share).abs();
            assert!(off <= SLOTS as f64, "{queue} has {have} of the thousand jobs from {start} on");
        }
    }
}

#[tokio::test]
async fn weights_are_kept_in_every_window_of_a_thousand_jobs() {
    let client = home().await;
    for (queue, jobs) in [("a", 1_900), ("b", 950), ("c", 350)] {
        push(&client, queue, jobs, "linger").await;
    }
    let queues = performed(&client, 3_000, |server| server.queues(["a,6", "b,3", "c,1"])).await;
    assert_shares(&queues, &[("a", 0.6), ("b", 0.3), ("c", 0.1)]);
}

#[tokio::test]
async fn what_an_empty_queue_does_not_take_goes_to_the_others_in_their_proportion() {
    let client = home().await;
    for (queue, jobs) in [("a", 300), ("b", 1_950), ("c", 700)] {
        push(&client, queue, jobs, "linger").await;
    }
    let queues = performed(&client, 2_800, |server| server.queues(["a,6", "b,3", "c,1"])).await;
    let last = queues.iter().rposition(|queue| queue == "a").expect("the queue was served");
    assert!(last < 600, "it had its six of ten while it had jobs: {last}");
    assert_shares(&queues[last + 1..], &[("b", 0.75), ("c", 0.25)]);
}

#[tokio::test]
async fn in_strict_order_a_later_queue_waits_for_the_earlier_ones() {
    let client = home().await;
    for queue in ["c", "a", "b"] {
        push(&client, queue, 60, "linger").await;
    }
    let queues = performed(&client, 180, |server| server.queues(["b", "c", "a"])).await;
    assert_eq!(queues, [["b"; 60], ["c"; 60], ["a"; 60]].concat());
}

#[tokio::test]
async fn at_random_every_queue_has_its_chance() {
    let client = home().await;
    for queue in ["a", "b", "c"] {
        push(&client, queue, 1_500, "linger").await;
    }
    let queues = performed(&client, 3_000, |server| server.queues(["a,1", "b,1", "c,1"])).await;
    for queue in ["a", "b", "c"] {
        let have = queues.iter().filter(|performed| *performed == queue).count();
        // Eight times the deviation of fair lots: no luck of this life goes that far.
        assert!(have.abs_diff(1_000) < 8 * 26, "{queue} had {have} of 3000 lots");
    }
}

#[tokio::test]
async fn mixed_serves_what_has_no_weight_first() {
    let client = home().await;
    for (queue, jobs) in [("first", 100), ("second", 100), ("a", 1_650), ("b", 600)] {
        push(&client, queue, jobs, "linger").await;
    }
    let mixed = |server: Server<Diary>| server.queues(["a,3", "first", "b,1", "second"]).order(QueueOrder::Mixed);
    let queues = performed(&client, 2_300, mixed).await;
    assert_eq!(queues[..200], [["first"; 100], ["second"; 100]].concat());
    assert_shares(&queues[200..], &[("a", 0.75), ("b", 0.25)]);
}
