//! Requests that push under a name, repeated early and late, as they were and otherwise.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use sancho_core::model::ModelStore;
use sancho_core::{Clock, Timestamp, limits};
use sancho_web::Web;
use serde_json::{Value, json};

use super::support::{Answer, NOW};
use super::{get, post, post_named, read};

/// A clock that a test moves.
#[derive(Clone, Debug)]
struct Moved(Arc<Mutex<Timestamp>>);

impl Moved {
    fn pass(&self, span: Duration) {
        let mut now = self.0.lock().expect("nobody panics with the clock in hand");
        *now = *now + span;
    }
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("nobody panics with the clock in hand")
    }

    fn uptime(&self) -> Duration {
        Duration::ZERO
    }
}

fn site() -> (Router, Moved) {
    let (store, clock) = (Arc::new(ModelStore::new()), Moved(Arc::new(Mutex::new(NOW))));
    (sancho_web::router(Web::new(store.clone(), store, Arc::new(clock.clone()))), clock)
}

fn told(answer: &Answer) -> (u16, Value) {
    let body = read(answer);
    let word = if answer.status.is_success() { &body["answer"] } else { &body["code"] };
    (answer.status.as_u16(), word.clone())
}

async fn size(router: &Router) -> Value {
    read(&get(router, "/sets/scheduled/count").await)["jobs"].clone()
}

/// Longer than a store has to know a push.
const LATE: Duration = limits::PUSH_REPEAT.saturating_add(Duration::from_secs(60));

#[tokio::test]
async fn a_push_that_is_repeated_under_its_name_adds_nothing_for_as_long_as_its_job_lives() {
    let (router, clock) = site();
    let job = json!({"class": "Charge", "args": [7, "x"], "in": 86_400});
    let first = post_named(&router, "/jobs", &job, Some("order-7")).await;
    assert_eq!(told(&first), (201, json!("added")));
    for _ in 0..3 {
        let again = post_named(&router, "/jobs", &job, Some("order-7")).await;
        assert_eq!(told(&again), (200, json!("repeated")));
        assert_eq!(read(&again)["jid"], read(&first)["jid"]);
        clock.pass(LATE);
    }
    assert_eq!(size(&router).await, 1);
    let other = post_named(&router, "/jobs", &job, Some("order-8")).await;
    assert_eq!((told(&other), size(&router).await), ((201, json!("added")), json!(2)));
    assert_eq!(post_named(&router, "/jobs", &job, Some("a b")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn another_body_under_the_same_name_is_refused_early_and_late() {
    let (router, clock) = site();
    let job = json!({"class": "Charge", "args": [7], "in": 86_400});
    post_named(&router, "/jobs", &job, Some("order-7")).await;
    let bulk = json!({ "jobs": [job] });
    for _ in 0..2 {
        let other = json!({"class": "Charge", "args": [8], "in": 86_400});
        let refused = post_named(&router, "/jobs", &other, Some("order-7")).await;
        assert_eq!(told(&refused), (422, json!("key-reused")));
        assert!(refused.text.contains("push:order-7"), "{}", refused.text);
        let refused = post_named(&router, "/jobs/bulk", &bulk, Some("order-7")).await;
        assert_eq!(told(&refused), (422, json!("key-reused")), "one name is one request, of whatever kind");
        assert_eq!(size(&router).await, 1);
        clock.pass(LATE);
    }
}

#[tokio::test]
async fn a_repeat_after_the_job_is_gone_adds_nothing_while_the_store_knows_the_push() {
    let (router, clock) = site();
    let job = json!({"class": "Charge", "args": [7], "in": 86_400});
    post_named(&router, "/jobs", &job, Some("order-7")).await;
    post(&router, "/jobs/push:order-7/actions", &json!({"action": "delete"})).await;
    assert_eq!(told(&post_named(&router, "/jobs", &job, Some("order-7")).await), (200, json!("repeated")));
    assert_eq!(size(&router).await, 0);
    clock.pass(LATE);
    assert_eq!(told(&post_named(&router, "/jobs", &job, Some("order-7")).await), (201, json!("added")));
}

#[tokio::test]
async fn a_named_push_that_replaces_the_holder_of_its_key_does_not_replace_itself() {
    let (router, clock) = site();
    let job = json!({"class": "A", "key": "a:1", "on_conflict": "replace", "in": 86_400});
    post(&router, "/jobs", &job).await;
    let first = post_named(&router, "/jobs", &job, Some("once")).await;
    assert_eq!(told(&first), (201, json!("replaced")));
    clock.pass(LATE);
    assert_eq!(told(&post_named(&router, "/jobs", &job, Some("once")).await), (200, json!("repeated")));
    let other = post_named(&router, "/jobs", &job, Some("another")).await;
    assert_eq!((told(&other), size(&router).await), ((201, json!("replaced")), json!(1)));
}

#[tokio::test]
async fn many_jobs_under_one_name_are_added_once() {
    let (router, clock) = site();
    let bulk = json!({"jobs": [{"class": "A", "in": 86_400}, {"class": "A", "in": 86_400}]});
    for answer in ["added", "repeated", "repeated"] {
        let pushed = read(&post_named(&router, "/jobs/bulk", &bulk, Some("batch")).await);
        assert_eq!([&pushed["jobs"][0]["answer"], &pushed["jobs"][1]["answer"]], [answer, answer]);
        assert_eq!(size(&router).await, 2);
        clock.pass(LATE);
    }
    let longer = json!({"jobs": [{"class": "A"}, {"class": "A"}, {"class": "A"}]});
    let refused = post_named(&router, "/jobs/bulk", &longer, Some("batch")).await;
    assert_eq!((told(&refused), size(&router).await), ((422, json!("key-reused")), json!(2)));
}
