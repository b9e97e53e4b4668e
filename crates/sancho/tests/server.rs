//! The server: what it does with jobs, on each store, and what it does when its store is moody.

#[path = "server/jobs.rs"]
mod jobs;
#[path = "server/moody.rs"]
mod moody;
#[path = "server/watching.rs"]
mod watching;

use std::ops::Deref;
use std::sync::Arc;

use jobs::{Journal, Say};
use sancho::core::lifecycle::Verdict;
use sancho::core::model::ModelStore;
use sancho::{Client, Event};
use watching::{PATIENCE, performing, server, settled, stop};

/// A client of an empty store, and the folder that the store is in, if it is in one.
struct Home {
    client: Client,
    _folder: Option<tempfile::TempDir>,
}

impl Deref for Home {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

#[path = "server"]
mod on_model {
    async fn home() -> super::Home {
        super::Home { client: sancho::testing::memory(), _folder: None }
    }

    mod facts;
}

#[path = "server"]
mod on_sqlite {
    async fn home() -> super::Home {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("jobs.db").display());
        let client = sancho::connect(&url).await.expect("opens");
        super::Home { client, _folder: Some(folder) }
    }

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod facts;
}

#[tokio::test]
async fn a_store_that_goes_away_is_told_once_and_nothing_is_lost() {
    let store = Arc::new(moody::Moody::new(ModelStore::new()));
    let model = store.model();
    let client = Client::new(store.clone(), Arc::new(model));
    let journal = Journal::default();
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    client.push(Say::how("x", "until let go")).await.expect("pushed");
    performing(&mut events).await;
    store.go_away();
    journal.let_go();
    let away = |event: &Event| match event {
        Event::StoreAway { .. } => Some(true),
        Event::Settled { .. } => Some(false),
        _ => None,
    };
    let told = tokio::time::timeout(PATIENCE, events.wait_for(away)).await.expect("in time");
    assert_eq!(told, Some(true), "nothing can be settled while the store is away");
    store.come_back();
    let mut backs = 0;
    loop {
        let event = tokio::time::timeout(PATIENCE, events.next()).await.expect("in time").expect("the server lives");
        match event {
            Event::StoreBack { .. } => backs += 1,
            Event::Settled { verdict, .. } => break assert_eq!(verdict, Verdict::Done),
            _ => {}
        }
    }
    assert_eq!(backs, 1);
    stop(&server).await;
    let stats = client.inspect().stats(client.clock().now()).await.expect("the model answers");
    assert_eq!((stats.processed, stats.enqueued, stats.busy), (1, 0, 0));
}

#[tokio::test]
async fn replies_that_are_lost_neither_lose_nor_double_a_job() {
    let store = Arc::new(moody::Moody::new(ModelStore::new()));
    let model = store.model();
    let client = Client::new(store.clone(), Arc::new(model));
    let journal = Journal::default();
    let words: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    client.push_bulk(words.iter().map(|word| Say::new(word))).await.expect("pushed");
    store.lose_every_third_reply();
    let server = server(&client, &journal).slots(4);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let mut done = 0;
    while done < words.len() {
        settled(&mut events).await;
        done += 1;
    }
    stop(&server).await;
    assert_eq!(journal.said(), words, "each once, in order");
    let stats = client.inspect().stats(client.clock().now()).await.expect("the model answers");
    assert_eq!((stats.processed, stats.enqueued, stats.busy), (60, 0, 0));
}
