//! A store with something in every table, and everything that can be asked of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sancho_core::{
    Action, Checkpoint, Cursor, Direction, Filter, Greeting, Incarnation, Inspect, Order, Pausable, Place, QueueName,
    Retention, Selection, Set, Store, StoreError, StoreResult,
};
use sancho_sqlite::{Durability, Options, SqliteStore};
use sancho_testkit::factory::{key, queue};
use sancho_testkit::stage::{beat, held, request, settlement};
use sancho_testkit::{Stage, at, jid_of, job};
use tempfile::TempDir;

/// Far longer than any of it takes: it turns a hang into a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a store is opened here: nobody cuts the power.
pub(crate) fn options() -> Options {
    Options::default().durability(Durability::Normal)
}

/// A directory with a store's file in it, closed.
pub(crate) struct Closed {
    directory: TempDir,
}

impl Closed {
    /// A store with jobs in every state, keys, a checkpoint, a process that lives and one that does not.
    pub(crate) async fn full() -> Self {
        let closed = Closed { directory: tempfile::tempdir().expect("a directory") };
        let store = Arc::new(SqliteStore::open(&closed.path(), options()).expect("a store"));
        let s = Stage::new(store.clone(), store.clone());
        let names: Vec<String> = (0..60).map(|number| format!("job {number}")).collect();
        s.push(names.iter().map(|name| job(name).queue("low").args(&format!("[\"{}\"]", "x".repeat(300)))), 0).await;
        s.push([job("A").key("a"), job("B"), job("C"), job("D"), job("E"), job("foreign").key("f")], 0).await;
        s.push([job("S").at(at(500)).key("s"), job("due").at(at(1)), job("R").place(Place::Retries { at: at(2) })], 0)
            .await;
        s.hello("p", 0).await;
        s.hello("q", 0).await;
        let claims = s.claim("p", 4, &["default"], 0).await;
        s.settle(&claims[0], Place::Dead, 0).await;
        s.settle(&claims[1], held(), 0).await;
        let kept = Checkpoint { receipt: claims[2].receipt.clone(), bytes: b"a cursor".as_slice().into() };
        store.checkpoint(&[kept], at(0)).await.expect("a checkpoint");
        store.order(&Incarnation::new("p"), &Order::Dump, at(0)).await.expect("an order");
        store.pause(&Pausable::Class("Paused".to_owned()), at(0)).await.expect("paused");
        store.meet_unknown(&[("Unheard".to_owned(), queue("low"))], at(0)).await.expect("met");
        s.done(&claims[3], 0).await;
        drop((s, store));
        closed
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("jobs.db")
    }

    /// The same file in a directory of its own.
    pub(crate) fn copy(&self) -> Self {
        let copy = Closed { directory: tempfile::tempdir().expect("a directory") };
        std::fs::copy(self.path(), copy.path()).expect("a closed store is one file");
        copy
    }
}

/// Makes every move and every look. Answers what was refused, each with the name of the call.
///
/// # Panics
/// When a call does not answer, or the store's threads have ended.
pub(crate) async fn ask_everything(path: &Path, tale: &str) -> Vec<(&'static str, StoreError)> {
    let Ok(store) = SqliteStore::open(path, options()) else { return Vec::new() };
    let asked = tokio::time::timeout(PATIENCE, ask(&store)).await;
    let refused = asked.unwrap_or_else(|_| panic!("{tale}: a call does not answer"));
    for (call, error) in &refused {
        let said = error.to_string();
        assert!(!said.contains("thread has ended"), "{tale}: {call} ended the store: {said}");
        assert!(!said.is_empty() && !said.contains('\n'), "{tale}: {call}: one line says it: {said:?}");
    }
    refused
}

async fn ask(store: &SqliteStore) -> Vec<(&'static str, StoreError)> {
    let mut refused = Vec::new();
    let mut note = |call, answer: StoreResult<()>| refused.extend(answer.err().map(|error| (call, error)));
    let now = at(10);
    // Looks first: they are to change nothing.
    note("stats", store.stats(now).await.map(drop));
    note("history", store.history(3, now).await.map(drop));
    note("queues", store.queues(now).await.map(drop));
    note("processes", store.processes(now).await.map(drop));
    note("unknown_classes", store.unknown_classes(now).await.map(drop));
    note("about", store.about().await.map(drop));
    note("checkup", store.checkup(now).await.map(drop));
    note("queue_names", store.queue_names().await.map(drop));
    for name in ["A", "C", "S", "due", "job 7", "nobody"] {
        note("find", store.find(&jid_of(name)).await.map(drop));
    }
    for name in ["a", "s", "f", "nobody's"] {
        note("find_key", store.find_key(&key(name)).await.map(drop));
    }
    let queues = ["default", "low"].map(|name| Set::Queue(queue(name)));
    for set in [Set::Scheduled, Set::Retries, Set::Dead, Set::Held, Set::Busy].iter().chain(&queues) {
        for direction in [Direction::Forward, Direction::Backward] {
            note("page", walk(store, set, direction).await);
        }
    }
    note("push", store.push(&[job("new").build(), job("new with key").key("a").build()], now).await.map(drop));
    note("push", store.push(&[job("later").at(at(900)).build()], now).await.map(drop));
    note("beat", store.beat(&beat("p", Greeting::StillHere), now).await.map(drop));
    note("beat", store.beat(&beat("r", Greeting::Hello), now).await.map(drop));
    note("promote", store.promote(100, now).await.map(drop));
    let wanted = request("r", 1, 20, &["default", "low"]);
    match store.exchange(&[], Some(&wanted), now).await {
        Ok(exchanged) => {
            let places = [Place::Gone, Place::Dead, Place::Retries { at: at(99) }, held()];
            let settle = exchanged.claims.iter().zip(places.iter().cycle());
            let settlements: Vec<_> = settle.map(|(claim, place)| settlement(claim, place.clone())).collect();
            note("exchange", store.exchange(&settlements, None, now).await.map(drop));
        }
        Err(error) => note("exchange", Err(error)),
    }
    note("take_over", store.take_over(&Incarnation::new("r"), 100, 100, at(1_000)).await.map(drop));
    for name in ["A", "S", "due", "job 40"] {
        let one = Selection::Jid(jid_of(name));
        for action in [Action::Reschedule { at: at(2_000) }, Action::RunNow, Action::Kill, Action::Delete] {
            note("apply", store.apply(&action, &one, 1, now).await.map(drop));
        }
    }
    note("clear", store.clear(&queue("low"), 10, now).await.map(drop));
    note("prune", store.prune(&Retention { dead_jobs_max: 1, ..Retention::default() }, 100, at(2_000)).await.map(drop));
    note("retire", store.retire(&Incarnation::new("r"), now).await);
    note("meet_unknown", store.meet_unknown(&[("New".to_owned(), QueueName::default())], now).await.map(drop));
    refused
}

async fn walk(store: &SqliteStore, set: &Set, direction: Direction) -> StoreResult<()> {
    let mut cursor: Option<Cursor> = None;
    for _ in 0..1_000 {
        let page = store.page(set, &Filter::all(), direction, cursor.as_ref(), 7).await?;
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(()),
        }
    }
    panic!("the pages of {set:?} never end");
}
