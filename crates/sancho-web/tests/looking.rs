//! Looking for one job in a store that has no index of ids: a bounded step a request, from page to page.

mod support;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use sancho_core::model::ModelStore;
use sancho_core::{Draft, NewJob, Place, State, Store, WireTime, limits};
use sancho_redis::RedisStore;
use sancho_testkit::RedisServer;

use support::store::jid;
use support::{Answer, NOW, Visit, router_of, router_over};

/// The link with which a page goes on looking.
const FURTHER: &str = "rel=\"next\" href=\"";

/// More pages than looking takes.
const PAGES_MAX: usize = 20;

fn job(id: &str) -> NewJob {
    Draft::new(jid(id), "Resize", "[]").into_job(NOW, WireTime::Seconds).expect("a job")
}

/// A store in which two steps do not reach the dead job.
async fn stocked(url: &str) -> Arc<RedisStore> {
    let store = Arc::new(RedisStore::connect(url).await.expect("redis-server answers"));
    let jobs: Vec<NewJob> = (0..2 * limits::JOBS_PER_SEEK_MAX + 1_000).map(|n| job(&format!("job-{n}"))).collect();
    for some in jobs.chunks(limits::JOBS_PER_PUSH_MAX) {
        store.push(some, NOW).await.expect("the store takes them");
    }
    let mut dead = job("dead-1");
    dead.place = Place::Dead;
    store.push(&[dead], NOW).await.expect("the store takes it");
    store
}

/// The pages as another process serves them, which has seen nothing of the store yet.
async fn pages(url: &str) -> Router {
    let store = Arc::new(RedisStore::connect(url).await.expect("redis-server answers"));
    router_over(store.clone(), store)
}

fn is_looking(page: &Answer) -> bool {
    page.text.contains("data-search") && page.text.contains("id=\"found\"")
}

/// Follows the link of a page that looks, until one does not: its address, the page, and how many looked.
async fn follow(router: &Router, mut address: String) -> (String, Answer, usize) {
    for looked in 0..PAGES_MAX {
        let page = router.get(&address).await;
        if page.status != StatusCode::OK || !is_looking(&page) {
            return (address, page, looked);
        }
        address = page.link(FURTHER);
    }
    panic!("looking comes to no end: {address}")
}

#[tokio::test]
async fn a_job_that_no_index_leads_to_is_looked_for_from_page_to_page_on_redis() {
    let server = RedisServer::start();
    let url = server.fresh_url();
    let store = stocked(&url).await;

    let first = pages(&url).await.get("/jobs/dead-1?did=kill&lang=vi").await;
    assert_eq!((first.status, is_looking(&first)), (StatusCode::OK, true), "{}", first.text);
    assert!(first.text.contains("Vẫn đang tìm tác vụ") && first.text.contains("dead-1"), "{}", first.text);
    let next = first.link(FURTHER);
    assert!(next.contains("did=kill") && next.contains("lang=vi") && next.contains("after=seek."), "{next}");

    let (address, page, looked) = follow(&pages(&url).await, "/jobs/dead-1".to_owned()).await;
    assert!(looked >= 2, "each request is bounded: {looked}");
    assert_eq!((page.status, page.text.contains("class=\"facts\"")), (StatusCode::OK, true), "{}", page.text);

    // The forms say where it was found, for a process that has not seen it.
    let form = page.link("<form method=\"post\" action=\"");
    assert!(address.starts_with("/jobs/dead-1?after=seek.") && form == address, "{form} {address}");
    let other = pages(&url).await;
    let asked = other.post(&form, "act=delete").await;
    assert_eq!((asked.status, asked.link("<form method=\"post\" action=\"")), (StatusCode::OK, form.clone()));
    let done = pages(&url).await.post(&form, "act=run").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let there = sancho_core::Inspect::find(&*store, &jid("dead-1")).await.expect("the store finds");
    assert_eq!(there.map(|row| row.state), Some(State::Enqueued));

    let (_, gone, looked) = follow(&pages(&url).await, "/jobs/nobody".to_owned()).await;
    assert_eq!((gone.status, looked >= 2), (StatusCode::NOT_FOUND, true), "{looked}");
}

#[tokio::test]
async fn an_act_on_a_job_that_is_not_found_at_once_does_nothing_yet_on_redis() {
    let server = RedisServer::start();
    let url = server.fresh_url();
    let store = stocked(&url).await;
    let answer = pages(&url).await.post("/jobs/dead-1", "act=delete&sure=yes").await;
    assert_eq!((answer.status, is_looking(&answer)), (StatusCode::OK, true), "{}", answer.text);
    assert!(answer.text.contains("Nothing was done to the job"), "{}", answer.text);
    let there = sancho_core::Inspect::find(&*store, &jid("dead-1")).await.expect("the store finds");
    assert_eq!(there.map(|row| row.state), Some(State::Dead));
}

#[tokio::test]
async fn a_cursor_that_no_search_gave_is_refused() {
    let store = ModelStore::new();
    store.push(&[job("job-1")], NOW).await.expect("the store takes it");
    let router = router_of(&store);
    assert_eq!(router.get("/jobs/job-1?after=").await.status, StatusCode::OK);
    for after in ["1", "seek.S%7C0%7C", "%00", "back.1"] {
        let answer = router.get(&format!("/jobs/job-1?after={after}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{after}");
        assert_eq!(router.get(&format!("/api/v1/jobs/job-1?cursor={after}")).await.status, StatusCode::BAD_REQUEST);
    }
}
