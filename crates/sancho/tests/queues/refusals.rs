//! What a server cannot be told, and what it answers.

use sancho::{Capsule, Server};

use crate::jobs::Diary;
use crate::stage::{server, stop};

async fn refusal(more: impl FnOnce(Server<Diary>) -> Server<Diary>) -> String {
    let (server, _) = server(&sancho::testing::memory());
    more(server).start().await.expect_err("it is refused").to_string()
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused_with_the_fix() {
    assert!(refusal(|server| server.slots(0)).await.contains("a capsule has 1 to 1000 slots, not 0"));
    assert!(refusal(|server| server.queues(["a,0"])).await.contains("give it 1 to 1000, or leave it out"));
    assert!(refusal(|server| server.queues(["!a"])).await.contains("nothing is named to be served"));
    let twice = refusal(|server| server.capsule(Capsule::new("x")).capsule(Capsule::new("x"))).await;
    assert!(twice.contains("two capsules are named \"x\": give each a name of its own"), "{twice}");
    assert!(refusal(|server| server.capsule(Capsule::new(""))).await.contains("a capsule has no name"));
    let many = |mut server: Server<Diary>| {
        for n in 0..11 {
            server = server.capsule(Capsule::new(n.to_string()).slots(1_000));
        }
        server
    };
    assert!(refusal(many).await.contains("at most 10000 slots over all its capsules, not 11025"));
    let very_many = |mut server: Server<Diary>| {
        for n in 0..100 {
            server = server.capsule(Capsule::new(n.to_string()).slots(1));
        }
        server
    };
    assert!(refusal(very_many).await.contains("at most 100 capsules, not 101"));
}

#[tokio::test]
async fn what_a_running_server_cannot_have_changes_nothing() {
    let (server, _) = server(&sancho::testing::memory());
    let server = server.capsule(Capsule::new("imports").queues(["a"])).start().await.expect("starts");
    let before = server.capsules();
    let none: [&str; 0] = [];
    for (refused, fix) in [
        (server.set_slots("import", 3), "there is no capsule \"import\": there is default, imports"),
        (server.set_slots("imports", 0), "a capsule has 1 to 1000 slots, not 0"),
        (server.set_queues("imports", ["b,x"]), "write \"b,6\", or \"b\" alone"),
        (server.set_queues("imports", none), "no queue is named: name one"),
    ] {
        let error = refused.expect_err("it is refused").to_string();
        assert!(error.contains(fix), "{error}");
    }
    assert_eq!(server.capsules(), before);
    stop(&server).await;
}

#[tokio::test]
async fn a_capsule_named_default_takes_the_place_of_the_one_that_is_there() {
    let (server, _) = server(&sancho::testing::memory());
    let server = server.capsule(Capsule::new("default").slots(3).queues(["a", "b"])).start().await.expect("starts");
    let capsules = server.capsules();
    assert_eq!(capsules.len(), 1);
    assert_eq!((capsules[0].slots, capsules[0].queues.len()), (3, 2));
    stop(&server).await;
}
