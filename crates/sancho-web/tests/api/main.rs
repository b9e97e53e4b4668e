//! The JSON API: what it answers is what `openapi.json` says, on each store.

mod push;
mod requests;
mod schema;
mod stores;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use sancho_core::model::ModelStore;
use sancho_core::{Draft, Jid, Place, Store, WireTime, limits};
use serde_json::{Value, json};

use schema::File;
use stores::Fresh;
use support::{Answer, NOW, send};

const HOST: &str = "localhost";

async fn get(router: &Router, path: &str) -> Answer {
    let request = Request::get(format!("/api/v1{path}")).header("host", HOST);
    send(router, request.body(Body::empty()).expect("an address")).await
}

async fn post(router: &Router, path: &str, body: &Value) -> Answer {
    post_named(router, path, body, None).await
}

async fn post_named(router: &Router, path: &str, body: &Value, name: Option<&str>) -> Answer {
    let mut request =
        Request::post(format!("/api/v1{path}")).header("host", HOST).header("content-type", "application/json");
    if let Some(name) = name {
        request = request.header("idempotency-key", name);
    }
    send(router, request.body(Body::from(body.to_string())).expect("an address")).await
}

fn read(answer: &Answer) -> Value {
    serde_json::from_str(&answer.text).unwrap_or_else(|error| panic!("{error}: {}", answer.text))
}

/// A store with a job in each set that has some.
async fn stocked(fresh: Fresh) -> Fresh {
    let store = &fresh.store;
    let dead = |number: usize| {
        let mut draft = Draft::new(Jid::new(format!("dead{number}")).expect("a jid"), "Mailer", format!("[{number}]"));
        draft.tags = vec!["eu".to_owned()];
        let mut job = draft.into_job(NOW, WireTime::Seconds).expect("a job");
        job.place = Place::Dead;
        job
    };
    let mut jobs: Vec<_> = (0..3).map(dead).collect();
    let waiting = Draft::new(Jid::new("waiting").expect("a jid"), "Resize", "[12345678901234567890123]");
    jobs.push(waiting.into_job(NOW, WireTime::Seconds).expect("a job"));
    store.push(&jobs, NOW).await.expect("a store takes them");
    fresh
}

#[tokio::test]
async fn a_job_that_no_index_leads_to_is_looked_for_in_steps_on_redis() {
    let (file, fresh) = (File::read(), stocked(Fresh::redis().await).await);
    let job =
        |n| Draft::new(Jid::new(format!("job{n}")).expect("a jid"), "Resize", "[]").into_job(NOW, WireTime::Seconds);
    for start in (0..limits::JOBS_PER_SEEK_MAX + 1_000).step_by(limits::JOBS_PER_PUSH_MAX) {
        let jobs: Vec<_> = (start..start + limits::JOBS_PER_PUSH_MAX).map(|n| job(n).expect("a job")).collect();
        fresh.store.push(&jobs, NOW).await.expect("a store takes them");
    }
    let router = fresh.router();
    let (mut address, mut looked) = ("/jobs/dead1".to_owned(), 0);
    for _ in 0..20 {
        let answer = get(&router, &address).await;
        file.describes("get", "/jobs/{jid}", &answer);
        if answer.status != StatusCode::ACCEPTED {
            assert_eq!((answer.status, read(&answer)["jid"].as_str()), (StatusCode::OK, Some("dead1")));
            break;
        }
        let next = read(&answer)["next"].as_str().expect("where to go on").replace('|', "%7C");
        (address, looked) = (format!("/jobs/dead1?cursor={next}"), looked + 1);
    }
    assert!((1..20).contains(&looked), "{looked} steps");
}

#[tokio::test]
async fn every_operation_answers_as_the_file_says() {
    operations_answer(Fresh::model()).await;
}

#[tokio::test]
async fn every_operation_answers_as_the_file_says_on_sqlite() {
    operations_answer(Fresh::sqlite()).await;
}

#[tokio::test]
async fn every_operation_answers_as_the_file_says_on_redis() {
    operations_answer(Fresh::redis().await).await;
}

async fn operations_answer(fresh: Fresh) {
    let file = File::read();
    let stocked = stocked(fresh).await;
    let router = stocked.router();
    let looks = [
        ("/openapi.json", "/openapi.json", 200),
        ("/stats", "/stats", 200),
        ("/history", "/history?days=2", 200),
        ("/history", "/history?days=0", 400),
        ("/store", "/store", 200),
        ("/checkup", "/checkup", 200),
        ("/queues", "/queues", 200),
        ("/queues/{queue}", "/queues/default", 200),
        ("/queues/{queue}", "/queues/none", 404),
        ("/queues/{queue}/jobs", "/queues/default/jobs", 200),
        ("/queues/{queue}/count", "/queues/default/count", 200),
        ("/queues/{queue}/groups", "/queues/default/groups", 200),
        ("/sets/{set}/jobs", "/sets/dead/jobs?filter=class:Mail*+tag:eu&limit=2", 200),
        ("/sets/{set}/jobs", "/sets/dead/jobs?filter=clas:Mailer", 400),
        ("/sets/{set}/jobs", "/sets/dead/jobs?fliter=x", 400),
        ("/sets/{set}/jobs", "/sets/alive/jobs", 404),
        ("/sets/{set}/count", "/sets/dead/count?filter=arg:1", 200),
        ("/sets/{set}/groups", "/sets/dead/groups", 200),
        ("/paused", "/paused", 200),
        ("/unknown-classes", "/unknown-classes", 200),
        ("/sets/{set}/jobs", "/sets/dead/jobs?order=backward", 200),
        ("/sets/{set}/jobs", "/sets/dead/jobs?order=sideways", 400),
        ("/jobs/{jid}", "/jobs/dead0", 200),
        ("/jobs/{jid}", "/jobs/none", 404),
        ("/keys/{key}", "/keys/none", 404),
        ("/processes", "/processes", 200),
        ("/metrics", "/metrics?minutes=5", 200),
        ("/deploys", "/deploys", 200),
    ];
    let acts = [
        ("/queues/{queue}/pause", "/queues/other/pause", json!({}), 200),
        ("/queues/{queue}/resume", "/queues/other/resume", json!({}), 200),
        ("/classes/{class}/pause", "/classes/A::B%2FC/pause", json!({}), 200),
        ("/classes/{class}/resume", "/classes/A::B%2FC/resume", json!({}), 200),
        ("/jobs", "/jobs", json!({"class": "A", "args": [1], "key": "a:1", "in": 60}), 201),
        ("/jobs", "/jobs", json!({"class": "A", "key": "a:1"}), 200),
        ("/jobs", "/jobs", json!({"class": "A", "key": "a:1", "on_conflict": "refuse"}), 409),
        ("/jobs", "/jobs", json!({"class": "A", "args": 7}), 400),
        ("/jobs", "/jobs", json!({"klass": "A"}), 422),
        ("/jobs/bulk", "/jobs/bulk", json!({"jobs": [{"class": "B"}, {"class": "B", "retry": 3}]}), 200),
        ("/jobs/actions", "/jobs/actions", json!({"action": "run", "jids": ["dead0", "none", "waiting"]}), 200),
        ("/jobs/{jid}/actions", "/jobs/dead1/actions", json!({"action": "kill"}), 409),
        ("/jobs/{jid}/actions", "/jobs/dead1/actions", json!({"action": "delete"}), 200),
        ("/jobs/{jid}/actions", "/jobs/dead1/actions", json!({"action": "delete"}), 404),
        ("/sets/{set}/actions", "/sets/dead/actions", json!({"action": "delete", "filter": "arg:2"}), 200),
        ("/sets/{set}/actions", "/sets/dead/actions", json!({"action": "delete"}), 422),
        ("/sets/{set}/actions", "/sets/dead/actions", json!({"action": "kill", "filter": ""}), 409),
        ("/queues/{queue}/actions", "/queues/default/actions", json!({"action": "kill", "filter": "class:B"}), 200),
        ("/queues/{queue}/clear", "/queues/default/clear", json!({}), 200),
        ("/processes/{process}/orders", "/processes/none/orders", json!({"order": "quiet"}), 404),
        ("/processes/{process}/orders", "/processes/none/orders", json!({"order": "tune"}), 400),
        ("/deploys", "/deploys", json!({"label": "v1"}), 201),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (path, address, status) in looks {
        let answer = get(&router, address).await;
        assert_eq!(answer.status.as_u16(), status, "{address}: {}", answer.text);
        file.describes("get", path, &answer);
        seen.insert(("get".to_owned(), path.to_owned()));
    }
    for (path, address, body, status) in acts {
        let answer = post(&router, address, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{address} {body}: {}", answer.text);
        file.describes("post", path, &answer);
        seen.insert(("post".to_owned(), path.to_owned()));
    }
    assert_eq!(seen, file.operations(), "each operation was asked for");
}

/// The ids of a set's jobs, page by page.
async fn paged(router: &Router, order: &str) -> Vec<Value> {
    let start = format!("/sets/dead/jobs?limit=2&order={order}");
    let (mut jids, mut address) = (Vec::new(), start.clone());
    for _ in 0..3 {
        let page = read(&get(router, &address).await);
        jids.extend(page["jobs"].as_array().expect("jobs").iter().map(|job| job["jid"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        address = format!("{start}&cursor={next}&as_of={}", page["as_of"]);
    }
    jids
}

#[tokio::test]
async fn pages_go_on_by_their_cursor_to_the_end_either_way() {
    let router = stocked(Fresh::model()).await.router();
    let (mut forward, backward) = (paged(&router, "forward").await, paged(&router, "backward").await);
    forward.reverse();
    assert_eq!(forward, backward);
    forward.sort_by_key(ToString::to_string);
    assert_eq!(forward, ["dead0", "dead1", "dead2"]);
}

#[tokio::test]
async fn classes_that_nobody_knows_are_told_with_their_queue_and_times() {
    let (file, store) = (File::read(), ModelStore::new());
    let met = ("Ghost".to_owned(), sancho_core::QueueName::new("low").expect("a name"));
    for secs in [0, 60] {
        store
            .meet_unknown(std::slice::from_ref(&met), NOW.before(Duration::from_secs(60 - secs)))
            .await
            .expect("the model hears");
    }
    let answer = get(&support::router_of(&store), "/unknown-classes").await;
    file.describes("get", "/unknown-classes", &answer);
    let now = NOW.as_unix_secs_f64();
    let told = json!({"class": "Ghost", "queue": "low", "since": now - 60.0, "last": now});
    assert_eq!(read(&answer)["classes"], json!([told]));
}

#[tokio::test]
async fn what_fails_is_a_problem_with_a_code() {
    let router = support::router_of(&ModelStore::new());
    let form = Request::post("/api/v1/jobs").header("host", HOST).body(Body::from("class=A")).expect("a request");
    let wrong_method = Request::delete("/api/v1/stats").header("host", HOST).body(Body::empty()).expect("a request");
    for (answer, status) in [
        (get(&router, "/nothing").await, 404),
        (send(&router, wrong_method).await, 405),
        (send(&router, form).await, 415),
        (get(&router, "/sets/dead/jobs?limit=9999").await, 400),
        (get(&router, "/sets/dead/jobs?cursor=nonsense").await, 400),
    ] {
        let problem = read(&answer);
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/problem+json"));
        let code = problem["code"].as_str().expect("a code");
        assert!(sancho_web::Code::ALL.iter().any(|known| known.name() == code), "{problem}");
    }
}

#[tokio::test]
async fn numbers_among_arguments_keep_their_digits() {
    let router = stocked(Fresh::model()).await.router();
    let text = get(&router, "/jobs/waiting").await.text;
    assert!(text.contains("\"args\":[12345678901234567890123]"), "{text}");
}

#[tokio::test]
async fn jobs_in_every_place_are_shown_as_the_file_says() {
    let file = File::read();
    let router = support::router_of(&support::store::sample().await);
    let mut jids = Vec::new();
    for set in ["busy", "scheduled", "retries", "dead", "held"] {
        let answer = get(&router, &format!("/sets/{set}/jobs")).await;
        file.describes("get", "/sets/{set}/jobs", &answer);
        let jobs = read(&answer)["jobs"].as_array().expect("jobs").clone();
        assert!(!jobs.is_empty(), "{set}");
        let count = read(&get(&router, &format!("/sets/{set}/count")).await);
        assert_eq!(count["jobs"], jobs.len(), "{set}");
        let groups = read(&get(&router, &format!("/sets/{set}/groups")).await);
        let grouped = groups["groups"].as_array().expect("groups").iter().filter_map(|group| group["jobs"].as_u64());
        assert_eq!(grouped.sum::<u64>(), jobs.len() as u64, "{set}");
        jids.extend(jobs.iter().filter_map(|job| job["jid"].as_str().map(str::to_owned)));
    }
    for jid in &jids {
        file.describes("get", "/jobs/{jid}", &get(&router, &format!("/jobs/{jid}")).await);
    }
    let processes = get(&router, "/processes").await;
    file.describes("get", "/processes", &processes);
    let process = read(&processes)["processes"][0]["process"].as_str().expect("one process").to_owned();
    let asked = post(&router, "/jobs/running-1/actions", &json!({"action": "cancel"})).await;
    assert_eq!((asked.status, read(&asked)["done"].clone()), (StatusCode::OK, json!(1)));
    let ordered = post(&router, &format!("/processes/{process}/orders"), &json!({"order": "quiet"})).await;
    assert_eq!(ordered.status, StatusCode::OK, "{}", ordered.text);
    file.describes("post", "/processes/{process}/orders", &ordered);
    let metrics = get(&router, "/metrics?minutes=60").await;
    file.describes("get", "/metrics", &metrics);
    let metrics = read(&metrics);
    assert!(metrics["sizes"].as_array().is_some_and(|sizes| !sizes.is_empty()), "{metrics}");
    assert_eq!((&metrics["queues"][0]["queue"], &metrics["queues"][0]["executions"]), (&json!("default"), &json!(6)));
    assert_eq!(metrics["sizes"][0]["dead"], 2, "as the process found them at its beat");
}
