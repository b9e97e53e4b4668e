//! The server: what it does with jobs, on each store, and what it does when its store fails.

#[path = "home/dead.rs"]
mod dead;
mod home;
#[path = "server/jobs.rs"]
mod jobs;
#[path = "server/watching.rs"]
mod watching;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use jobs::{Journal, Say};
use sancho::core::lifecycle::Verdict;
use sancho::core::model::ModelStore;
use sancho::{Client, ErrorKind, Event};
use sancho_testkit::{Call, Fault, FaultyStore};
use watching::{PATIENCE, performing, server, settled, stop};

#[path = "server"]
mod on_model {
    use crate::home::on_model as home;

    mod facts;
    mod late;
}

#[path = "server"]
mod on_sqlite {
    use crate::home::on_sqlite as home;

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod facts;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod late;
}

#[path = "server"]
mod on_redis {
    use crate::home::on_redis as home;

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod facts;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod late;
}

/// A client of an empty model whose calls fail as told.
fn faulty(faults: impl Fn(Call) -> Option<Fault> + Send + Sync + 'static) -> Client {
    let model = ModelStore::new();
    Client::new(Arc::new(FaultyStore::new(Arc::new(model.clone()), faults)), Arc::new(model))
}

#[tokio::test]
async fn a_store_that_goes_away_is_told_once_and_nothing_is_lost() {
    let away = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&away);
    let client = faulty(move |call| {
        (call.op == "exchange" && told.load(SeqCst)).then_some(Fault::Before(ErrorKind::Unavailable))
    });
    let journal = Journal::default();
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    client.push(Say::how("x", "until let go")).await.expect("pushed");
    performing(&mut events).await;
    away.store(true, SeqCst);
    journal.let_go();
    let is_away = |event: &Event| match event {
        Event::StoreAway { .. } => Some(true),
        Event::Settled { .. } => Some(false),
        _ => None,
    };
    let told = tokio::time::timeout(PATIENCE, events.wait_for(is_away)).await.expect("in time");
    assert_eq!(told, Some(true), "nothing can be settled while the store is away");
    assert!(server.health().store_away.is_some_and(|said| said.contains("told to fail")));
    away.store(false, SeqCst);
    let mut backs = 0;
    loop {
        let event = tokio::time::timeout(PATIENCE, events.next()).await.expect("in time").expect("the server lives");
        match event {
            Event::StoreBack { .. } => backs += 1,
            Event::Settled { verdict, .. } => break assert_eq!(verdict, Verdict::Done),
            _ => {}
        }
    }
    assert_eq!((backs, server.health().store_away.clone()), (1, None));
    stop(&server).await;
    let stats = client.inspect().stats(client.clock().now()).await.expect("the model answers");
    assert_eq!((stats.processed, stats.enqueued, stats.busy), (1, 0, 0));
}

#[tokio::test]
async fn replies_that_are_lost_neither_lose_nor_double_a_job() {
    let exchanges = AtomicU64::new(0);
    let client = faulty(move |call| {
        let every_third = call.op == "exchange" && exchanges.fetch_add(1, SeqCst) % 3 == 1;
        every_third.then_some(Fault::After(ErrorKind::OutcomeUnknown))
    });
    let journal = Journal::default();
    let words: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    client.push_bulk(words.iter().map(|word| Say::new(word))).await.expect("pushed");
    let server = server(&client, &journal).slots(4);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let mut done = 0;
    while done < words.len() {
        settled(&mut events).await;
        done += 1;
    }
    stop(&server).await;
    let mut said = journal.said();
    // Jobs whose claim was not heard of may come after those of the round behind it.
    said.sort_by_key(|word| word.parse::<u32>().ok());
    assert_eq!(said, words, "each once");
    let stats = client.inspect().stats(client.clock().now()).await.expect("the model answers");
    assert_eq!((stats.processed, stats.enqueued, stats.busy), (60, 0, 0));
}

#[tokio::test]
async fn a_process_that_was_suspended_for_too_long_drops_its_jobs_and_begins_anew() {
    let clock = sancho::testing::ManualClock::at(sancho::Timestamp::from_unix_millis(1_795_214_970_000));
    let client = sancho::testing::memory_at(&clock, 7);
    let journal = Journal::default();
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let jid = client.push(Say::how("x", "until let go")).await.expect("pushed").jid;
    let server = server.start().await.expect("starts");
    performing(&mut events).await;
    // Longer than it trusts its claims, shorter than its lease: no other process has noticed. A beat that is good
    // before any loop looks up makes a suspension harmless; the next one finds the heart at rest.
    let mut lost = false;
    for _ in 0..10 {
        clock.advance(std::time::Duration::from_secs(17));
        let wanted = |event: &Event| matches!(event, Event::LeaseLost { .. }).then_some(());
        lost = tokio::time::timeout(PATIENCE / 3, events.wait_for(wanted)).await.is_ok();
        if lost {
            break;
        }
    }
    assert!(lost, "the process never notices");
    assert_eq!(settled(&mut events).await, (Some(jid.clone()), Verdict::Returned), "the new incarnation takes it over");
    performing(&mut events).await;
    journal.let_go();
    assert_eq!(settled(&mut events).await, (Some(jid), Verdict::Done));
    stop(&server).await;
    assert_eq!(journal.said(), ["x"]);
}

/// A claim may be answered late: the process was suspended meanwhile, or the store was held up.
#[tokio::test]
async fn what_is_claimed_by_a_process_that_has_slept_past_its_trust_is_not_begun() {
    let clock = sancho::testing::ManualClock::at(sancho::Timestamp::from_unix_millis(1_795_214_970_000));
    let (model, sleeps) = (ModelStore::new(), Arc::new(AtomicBool::new(false)));
    let (sleeper, asleep) = (clock.clone(), Arc::clone(&sleeps));
    let store = FaultyStore::new(Arc::new(model.clone()), move |call| {
        if call.op == "exchange" && asleep.swap(false, SeqCst) {
            sleeper.advance(std::time::Duration::from_secs(17));
        }
        None
    });
    let entropy = Arc::new(sancho::testing::SeededEntropy::new(7));
    let client = Client::with_parts(Arc::new(store), Arc::new(model), Arc::new(clock.clone()), entropy);
    let journal = Journal::default();
    let jid = client.push(Say::new("x")).await.expect("pushed").jid;
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    sleeps.store(true, SeqCst);
    let server = server.start().await.expect("starts");
    let first = |event: &Event| match event {
        Event::Performing { .. } => Some("begun"),
        Event::LeaseLost { .. } => Some("lease lost"),
        _ => None,
    };
    let first =
        tokio::time::timeout(PATIENCE, events.wait_for(first)).await.expect("in time").expect("the server lives");
    assert_eq!(first, "lease lost", "others may have the job by then");
    assert_eq!(settled(&mut events).await, (Some(jid.clone()), Verdict::Returned), "the new incarnation takes it over");
    assert_eq!(settled(&mut events).await, (Some(jid), Verdict::Done));
    stop(&server).await;
    assert_eq!(journal.said(), ["x"]);
}
