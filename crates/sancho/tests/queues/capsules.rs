//! Capsules: queues with slots of their own in one process.

use sancho::core::Order;
use sancho::{Capsule, Event, State};

use super::home;
use crate::orphan::push_suspect;
use crate::stage::{PATIENCE, push, server, settled, stats, stop, told};

#[tokio::test]
async fn a_full_capsule_holds_up_no_other_and_each_has_its_own_slots() {
    let client = home().await;
    push(&client, "default", 5, "wait").await;
    push(&client, "imports", 7, "wait").await;
    let (server, diary) = server(&client);
    let server = server.slots(2).capsule(Capsule::new("imports").slots(3).queues(["imports"]));
    let server = server.start().await.expect("starts");
    diary.begun(5).await;
    let busy: Vec<_> = server.capsules().iter().map(|capsule| (capsule.name.clone(), capsule.busy)).collect();
    assert_eq!(busy, [("default".to_owned(), 2), ("imports".to_owned(), 3)]);
    diary.let_go(12);
    diary.begun(12).await;
    stop(&server).await;
    assert_eq!((diary.most("default"), diary.most("imports")), (2, 3));
    assert_eq!(stats(&client).await.processed, 12);
}

#[tokio::test]
async fn a_process_tells_its_slots_and_queues_over_all_capsules() {
    let client = home().await;
    let (server, _) = server(&client);
    let server = server.slots(2).queues(["b", "a"]).capsule(Capsule::new("more").slots(3).queues(["c,2", "a,1"]));
    let server = server.start().await.expect("starts");
    let process = told(&client).await;
    let queues: Vec<&str> = process.queues.iter().map(|queue| queue.as_str()).collect();
    assert_eq!((process.slots, queues), (5, vec!["b", "a", "c"]));
    let capsules: Vec<_> =
        process.capsules.iter().map(|capsule| (&*capsule.name, capsule.slots, &*capsule.order)).collect();
    assert_eq!(capsules, [("default", 2, "strict"), ("more", 3, "weighted")]);
    assert_eq!(process.capsules[1].queues, ["c,2", "a,1"]);
    stop(&server).await;
}

#[tokio::test]
async fn a_stop_ends_with_every_capsule_empty_and_returns_what_ran() {
    let client = home().await;
    push(&client, "default", 1, "wait").await;
    push(&client, "other", 1, "wait").await;
    let (server, diary) = server(&client);
    let server = server.capsule(Capsule::new("other").slots(1).queues(["other"]));
    let server = server.start().await.expect("starts");
    diary.begun(2).await;
    server.stop_now();
    stop(&server).await;
    let stats = stats(&client).await;
    assert_eq!((stats.busy, stats.enqueued, stats.processed), (0, 2, 0));
}

#[tokio::test]
async fn an_order_reaches_the_job_in_whichever_capsule_it_runs() {
    let client = home().await;
    let (server, diary) = server(&client);
    let server = server.capsule(Capsule::new("other").slots(1).queues(["other"]));
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let job = crate::jobs::Act::new("wait");
    let jid = client.push(job).queue("other").await.expect("pushed").jid;
    diary.begun(1).await;
    let now = client.clock().now();
    let process = told(&client).await.incarnation;
    client.inspect().order(&process, &Order::Cancel(jid.clone()), now).await.expect("ordered");
    settled(&mut events).await;
    stop(&server).await;
    let stats = stats(&client).await;
    assert_eq!((stats.busy, stats.enqueued, stats.processed), (0, 0, 1), "a canceled job counts as processed");
}

#[tokio::test]
async fn a_job_orphaned_twice_runs_alone_in_its_process_whichever_capsules_there_are() {
    let client = home().await;
    // When the capsule of the suspect is quiet, the other one is not yet.
    push(&client, "default", 12, "linger 40").await;
    push_suspect(&client, "other").await;
    push(&client, "other", 12, "linger").await;
    let (server, diary) = server(&client);
    let server = server.slots(4).capsule(Capsule::new("other").slots(4).queues(["other"]));
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    for _ in 0..25 {
        settled(&mut events).await;
    }
    stop(&server).await;
    assert_eq!(diary.beside_poison(), Vec::<String>::new());
    assert!(diary.most("default") > 1, "the others ran side by side");
}

#[tokio::test]
async fn paused_queues_are_left_out_and_claimed_again_when_they_are_resumed() {
    let client = home().await;
    let low = sancho::core::Pausable::Queue(sancho::QueueName::new("low").expect("a name"));
    push(&client, "low", 3, "").await;
    push(&client, "high", 3, "").await;
    crate::stage::pause(&client, low.clone()).await;
    let (server, diary) = server(&client);
    let mut events = server.subscribe();
    let server = server.queues(["low,9", "high,1"]).start().await.expect("starts");
    for _ in 0..3 {
        settled(&mut events).await;
    }
    assert_eq!(diary.queues(), ["high"; 3]);
    client.inspect().resume(&low, client.clock().now()).await.expect("resumed");
    diary.begun(6).await;
    stop(&server).await;
    assert_eq!(diary.queues()[3..], ["low"; 3]);
}

#[tokio::test]
async fn health_tells_what_waits_and_how_far_the_server_is() {
    let client = home().await;
    let jid = client.push(sancho::Raw::new("Stranger", [1])).await.expect("pushed").jid;
    let (server, _) = server(&client);
    let server = server.capsule(Capsule::new("other").slots(1).queues(["other"]));
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    settled(&mut events).await;
    let health = server.health();
    let queue = sancho::QueueName::default();
    assert_eq!(health.unknown_classes, [("Stranger".to_owned(), queue)]);
    assert!(
        !health.quiet && !health.stopping && health.store_away.is_none() && health.queues_left_to_others.is_empty()
    );
    // The round that is going on is good when it is over; the capsules poll within seconds.
    let fetched = async {
        while server.health().fetched_ago.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, fetched).await.expect("each capsule has a good round");
    server.quiet();
    assert!(server.health().quiet && !server.health().stopping);
    let told = tokio::time::timeout(PATIENCE, events.wait_for(|event| matches!(event, Event::Quiet).then_some(())));
    told.await.expect("in time").expect("the server lives");
    stop(&server).await;
    assert!(server.health().stopping);
    assert_eq!(client.find(&jid).await.expect("found").expect("there").state, State::Enqueued);
}
