//! Requests that push under a name, repeated early and late, as they were and otherwise.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use sancho_core::{Clock, Timestamp, limits};
use sancho_web::Web;
use serde_json::{Value, json};

use super::stores::Fresh;
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

fn site(fresh: &Fresh) -> (Router, Moved) {
    let clock = Moved(Arc::new(Mutex::new(NOW)));
    let (store, inspect) = (Arc::clone(&fresh.store), Arc::clone(&fresh.inspect));
    (sancho_web::router(Web::new(store, inspect, Arc::new(clock.clone()))), clock)
}

/// Each fact is one test on each store.
macro_rules! facts {
    ($($fact:ident)*) => {
        mod on_the_model {
            $(#[tokio::test]
            async fn $fact() {
                super::$fact(super::Fresh::model()).await;
            })*
        }

        mod on_sqlite {
            $(#[tokio::test]
            async fn $fact() {
                super::$fact(super::Fresh::sqlite()).await;
            })*
        }

        mod on_redis {
            $(#[tokio::test]
            async fn $fact() {
                super::$fact(super::Fresh::redis().await).await;
            })*
        }
    };
}

facts! {
    a_push_that_is_repeated_under_its_name_adds_nothing_for_as_long_as_its_job_lives
    another_body_under_the_same_name_is_refused_early_and_late
    a_repeat_after_the_job_is_gone_adds_nothing_while_the_store_knows_the_push
    a_named_push_that_replaces_the_holder_of_its_key_does_not_replace_itself
    many_jobs_under_one_name_are_added_once
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

async fn a_push_that_is_repeated_under_its_name_adds_nothing_for_as_long_as_its_job_lives(fresh: Fresh) {
    let (router, clock) = site(&fresh);
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

async fn another_body_under_the_same_name_is_refused_early_and_late(fresh: Fresh) {
    let (router, clock) = site(&fresh);
    let job = json!({"class": "Charge", "args": [7], "in": 86_400});
    post_named(&router, "/jobs", &job, Some("order-7")).await;
    let bulk = json!({ "jobs": [job] });
    for _ in 0..2 {
        let other = json!({"class": "Charge", "args": [8], "in": 86_400});
        let refused = post_named(&router, "/jobs", &other, Some("order-7")).await;
        assert_eq!(told(&refused), (409, json!("key-reused")));
        assert!(refused.text.contains("push:order-7"), "{}", refused.text);
        let refused = post_named(&router, "/jobs/bulk", &bulk, Some("order-7")).await;
        assert_eq!(told(&refused), (409, json!("key-reused")), "one name is one request, of whatever kind");
        assert_eq!(size(&router).await, 1);
        clock.pass(LATE);
    }
}

async fn a_repeat_after_the_job_is_gone_adds_nothing_while_the_store_knows_the_push(fresh: Fresh) {
    let (router, clock) = site(&fresh);
    let job = json!({"class": "Charge", "args": [7], "in": 86_400});
    post_named(&router, "/jobs", &job, Some("order-7")).await;
    post(&router, "/jobs/push:order-7/actions", &json!({"action": "delete"})).await;
    assert_eq!(told(&post_named(&router, "/jobs", &job, Some("order-7")).await), (200, json!("repeated")));
    assert_eq!(size(&router).await, 0);
    // Later, a store may have forgotten, or still know: what is certain is that one more job is the most that comes of it.
    clock.pass(LATE);
    let late = post_named(&router, "/jobs", &job, Some("order-7")).await;
    let added = u64::from(told(&late) == (201, json!("added")));
    assert!(late.status.is_success() && size(&router).await == added, "{}", late.text);
}

async fn a_named_push_that_replaces_the_holder_of_its_key_does_not_replace_itself(fresh: Fresh) {
    let (router, clock) = site(&fresh);
    let job = json!({"class": "A", "key": "a:1", "on_conflict": "replace", "in": 86_400});
    post(&router, "/jobs", &job).await;
    let first = post_named(&router, "/jobs", &job, Some("once")).await;
    assert_eq!(told(&first), (201, json!("replaced")));
    clock.pass(LATE);
    assert_eq!(told(&post_named(&router, "/jobs", &job, Some("once")).await), (200, json!("repeated")));
    let other = post_named(&router, "/jobs", &job, Some("another")).await;
    assert_eq!((told(&other), size(&router).await), ((201, json!("replaced")), json!(1)));
}

async fn many_jobs_under_one_name_are_added_once(fresh: Fresh) {
    let (router, clock) = site(&fresh);
    let bulk = json!({"jobs": [{"class": "A", "in": 86_400}, {"class": "A", "in": 86_400}]});
    for answer in ["added", "repeated", "repeated"] {
        let pushed = read(&post_named(&router, "/jobs/bulk", &bulk, Some("batch")).await);
        assert_eq!([&pushed["jobs"][0]["answer"], &pushed["jobs"][1]["answer"]], [answer, answer]);
        assert_eq!(size(&router).await, 2);
        clock.pass(LATE);
    }
    let longer = json!({"jobs": [{"class": "A"}, {"class": "A"}, {"class": "A"}]});
    let refused = post_named(&router, "/jobs/bulk", &longer, Some("batch")).await;
    assert_eq!((told(&refused), size(&router).await), ((409, json!("key-reused")), json!(2)));
}
