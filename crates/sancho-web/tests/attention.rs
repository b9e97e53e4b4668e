//! What the dashboard says that somebody should look at.

mod support;

use std::sync::Arc;
use std::time::Duration;

use sancho_core::model::ModelStore;
use sancho_core::process::{Greeting, Quiet};
use sancho_core::{Beat, End, Execution, Inspect, NewJob, Pausable, Place, Store, Timestamp, limits};
use sancho_redis::RedisStore;
use sancho_testkit::RedisServer;

use support::store::{beat, job, queue};
use support::{NOW, Visit, router_of, router_over};

fn minutes_ago(minutes: u64) -> Timestamp {
    NOW.before(Duration::from_secs(minutes * 60))
}

async fn push(store: &ModelStore, jobs: &[NewJob], at: Timestamp) {
    store.push(jobs, at).await.expect("the store takes every push");
}

/// A process that beats now, and so is not what needs attention.
async fn beats(store: &ModelStore, at: Timestamp) {
    let again = Beat { greeting: Greeting::Hello, quiet: Quiet::No, executions: Vec::new(), ..beat() };
    store.beat(&again, at).await.expect("the store takes every beat");
}

fn retries(numbers: std::ops::Range<u32>) -> Vec<NewJob> {
    let later = Place::Retries { at: NOW + Duration::from_secs(3_600) };
    numbers.map(|number| job(&format!("retry-{number}"), "Mailer", later.clone())).collect()
}

/// What the dashboard says, as it stands between its quotes in a language.
async fn said(store: &ModelStore, language: &str) -> String {
    let page = router_of(store).get(&format!("/?lang={language}")).await;
    page.between("<section id=\"attention\"", "</section>")
}

#[tokio::test]
async fn where_all_is_well_the_page_says_so() {
    let store = ModelStore::new();
    beats(&store, NOW).await;
    assert!(said(&store, "en").await.contains("Nothing needs attention."));
}

#[tokio::test]
async fn retries_that_grow_by_ten_and_by_a_tenth_are_told_of_and_others_not() {
    for (before, more, grows) in [(5, 20, true), (5, 10, true), (5, 9, false), (200, 20, true), (200, 19, false)] {
        let store = ModelStore::new();
        push(&store, &retries(0..before), minutes_ago(20)).await;
        beats(&store, minutes_ago(12)).await;
        push(&store, &retries(before..before + more), minutes_ago(5)).await;
        beats(&store, NOW).await;
        let said = said(&store, "en").await;
        let told = said.contains(&format!("grown from {before} to {} in ten minutes", before + more));
        assert_eq!(told, grows, "{before} and {more} more: {said}");
        assert!(!grows || said.contains("retries?by=error"), "{said}");
    }
}

#[tokio::test]
async fn retries_of_which_nothing_was_noted_lately_are_not_called_growing() {
    let store = ModelStore::new();
    beats(&store, minutes_ago(40)).await;
    push(&store, &retries(0..50), minutes_ago(30)).await;
    beats(&store, NOW).await;
    let said = said(&store, "en").await;
    assert!(!said.contains("grown from"), "{said}");
}

#[tokio::test]
async fn a_class_that_no_process_knows_is_told_of_once_in_the_language_of_the_page() {
    let store = ModelStore::new();
    beats(&store, NOW).await;
    let met = [("Ghost<b>".to_owned(), queue("low"))];
    store.meet_unknown(&met, minutes_ago(47)).await.expect("it is noted");
    store.meet_unknown(&met, NOW).await.expect("it is noted");
    let english = said(&store, "en").await;
    assert!(english.contains("A server of low does not know the class Ghost&#60;b&#62;"), "{english}");
    assert!(english.contains("first met 47 minutes ago") && english.contains("queues/low"), "{english}");
    assert_eq!(english.matches("Ghost").count(), 1, "the checkup says the same in English: {english}");
    let vietnamese = said(&store, "vi").await;
    assert!(vietnamese.contains("không biết lớp Ghost") && vietnamese.matches("Ghost").count() == 1, "{vietnamese}");
}

#[tokio::test]
async fn totals_that_leave_classes_out_say_so() {
    for (classes, leaves_out) in [(limits::METRICS_CLASSES_MAX, false), (limits::METRICS_CLASSES_MAX + 3, true)] {
        let store = ModelStore::new();
        let failed = |number| {
            let mut execution = Execution::of(format!("Class{number}"));
            execution.add_failure();
            execution
        };
        let executions = (0..classes).map(failed).collect();
        let told = Beat { greeting: Greeting::Hello, quiet: Quiet::No, executions, ..beat() };
        store.beat(&told, NOW).await.expect("the store takes every beat");
        let english = said(&store, "en").await;
        assert!(english.contains("100 of 100 executions failed in the last hour"), "{english}");
        assert_eq!(english.contains("(of the 100 classes that took the most time)"), leaves_out, "{english}");
        let vietnamese = said(&store, "vi").await;
        assert_eq!(vietnamese.contains("(chỉ tính 100 lớp tốn nhiều thời gian nhất)"), leaves_out, "{vietnamese}");
        for address in ["/", "/metrics"] {
            let page = router_of(&store).get(address).await.text;
            assert_eq!(
                page.contains("Counted are the 100 classes that took the most time."),
                leaves_out,
                "{address}: {page}"
            );
        }
        let page = router_of(&store).get("/metrics?queue=default").await.text;
        assert!(!page.contains("Counted are"), "a queue counts all: {page}");
    }
}

#[tokio::test]
async fn queues_that_are_paused_with_jobs_and_queues_that_are_late_are_named() {
    let store = ModelStore::new();
    let to = |name: &str| Place::Queue { queue: queue(name), end: End::Back };
    push(&store, &[job("a", "Mailer", to("low")), job("b", "Mailer", to("slow"))], minutes_ago(3)).await;
    beats(&store, NOW).await;
    store.pause(&Pausable::Queue(queue("low")), NOW).await.expect("it is paused");
    store.pause(&Pausable::Queue(queue("empty")), NOW).await.expect("it is paused");
    let said = said(&store, "en").await;
    assert!(said.contains("low is paused, with 1 job in it") && !said.contains("empty"), "{said}");
    assert!(said.contains("The next job of slow has waited for 3 minutes"), "{said}");
}

#[tokio::test]
async fn what_a_store_finds_is_told_in_the_language_of_the_page_on_redis() {
    let server = RedisServer::start_with(&["--save", "", "--maxmemory-policy", "allkeys-lru"]);
    let url = server.fresh_url();
    let client = redis::Client::open(url.as_str()).expect("an address");
    let mut connection = client.get_connection().expect("redis-server answers");
    redis::cmd("SET").arg("sancho:held").arg("somebody's").exec(&mut connection).expect("it is set");
    let store = Arc::new(RedisStore::connect(&url).await.expect("redis-server answers"));
    let router = router_over(store.clone(), store);
    for (language, parts) in [
        (
            "en",
            [
                "its maxmemory-policy is allkeys-lru",
                "The key sancho:held holds a string, not a zset",
                "(appendonly no)",
            ],
        ),
        (
            "vi",
            [
                "maxmemory-policy của nó là allkeys-lru",
                "Khóa sancho:held đang chứa kiểu string",
                "một sự cố sẽ làm mất",
            ],
        ),
    ] {
        let page = router.get(&format!("/?lang={language}")).await;
        let said = page.between("<section id=\"attention\"", "</section>");
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("lang=\"en\"") && !said.contains("{1}"), "{language}: {said}");
    }
}
