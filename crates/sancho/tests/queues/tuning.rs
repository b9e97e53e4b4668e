//! Slots and queues that are changed while a server runs.

use sancho::core::Order;
use sancho::{Capsule, Client};

use super::home;
use crate::stage::{PATIENCE, push, server, stop, told};

/// Waits until the process tells of so many slots and these queues.
async fn tells(client: &Client, slots: usize, queues: &[&str]) {
    let tells = async {
        loop {
            let process = told(client).await;
            let now: Vec<&str> = process.queues.iter().map(|queue| queue.as_str()).collect();
            if process.slots == slots && now == queues {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, tells).await.expect("a beat tells it");
}

#[tokio::test]
async fn more_slots_claim_at_once_and_with_fewer_what_runs_is_finished() {
    let client = home().await;
    push(&client, "default", 12, "wait").await;
    let (server, diary) = server(&client);
    let server = server.slots(2).start().await.expect("starts");
    diary.begun(2).await;
    server.set_slots("default", 5).expect("it can have five");
    diary.begun(5).await;
    server.set_slots("default", 1).expect("it can have one");
    assert_eq!((server.capsules()[0].slots, server.capsules()[0].busy), (1, 5));
    diary.let_go(4);
    tells(&client, 1, &["default"]).await;
    assert_eq!(diary.queues().len(), 5, "one of the five still runs");
    diary.let_go(8);
    diary.begun(12).await;
    stop(&server).await;
    assert_eq!(diary.most("default"), 5);
}

#[tokio::test]
async fn other_queues_are_served_from_then_on_and_the_process_tells_of_them() {
    let client = home().await;
    push(&client, "b", 1, "").await;
    push(&client, "tenant:1", 1, "").await;
    let (server, diary) = server(&client);
    let server = server.slots(3).queues(["a"]).start().await.expect("starts");
    push(&client, "a", 1, "").await;
    diary.begun(1).await;
    server.set_queues("default", ["b"]).expect("it can have these");
    diary.begun(2).await;
    server.set_queues("default", ["b", "tenant:*"]).expect("it can have these");
    diary.begun(3).await;
    tells(&client, 3, &["b", "tenant:1"]).await;
    assert_eq!(told(&client).await.capsules[0].queues, ["b", "tenant:*"]);
    push(&client, "a", 1, "").await;
    push(&client, "b", 1, "").await;
    diary.begun(4).await;
    stop(&server).await;
    assert_eq!(diary.queues(), ["a", "b", "tenant:1", "b"]);
}

#[tokio::test]
async fn an_order_from_outside_tunes_a_capsule() {
    let client = home().await;
    let (server, diary) = server(&client);
    let server = server.capsule(Capsule::new("other").slots(1).queues(["c"])).start().await.expect("starts");
    let process = told(&client).await.incarnation;
    let tune = |capsule: &str, slots, queues: Option<&[&str]>| Order::Tune {
        capsule: capsule.to_owned(),
        slots,
        queues: queues.map(|queues| queues.iter().map(|queue| (*queue).to_owned()).collect()),
    };
    // What cannot be done is left undone as a whole, and the next is heard all the same.
    let orders =
        [tune("none", Some(3), None), tune("other", Some(3), Some(&["x,0"])), tune("other", Some(2), Some(&["d"]))];
    for order in orders {
        client.inspect().order(&process, &order, client.clock().now()).await.expect("ordered");
    }
    push(&client, "d", 1, "").await;
    diary.begun(1).await;
    tells(&client, 27, &["default", "d"]).await;
    stop(&server).await;
}
