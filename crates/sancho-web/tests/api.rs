//! The JSON API: what it answers is what `openapi.json` says, on the model store.

mod support;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use sancho_core::model::ModelStore;
use sancho_core::{Draft, Jid, Place, Store, WireTime};
use serde_json::{Value, json};

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
async fn stocked() -> ModelStore {
    let store = ModelStore::new();
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
    store.push(&jobs, NOW).await.expect("the model takes them");
    store
}

/// Whether a value is as a schema of the file says, by the words that the file uses.
fn check(file: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let target = file.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{at}: no {name}"));
        return check(file, target, value, at);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        if value.is_null() && any.iter().any(|one| one["type"] == "null") {
            return;
        }
        return check(file, &any[0], value, at);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let is = |kind: &&str| match *kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{at}: the type {other} is not known to this test"),
    };
    assert!(types.iter().any(is), "{at}: {value} is none of {types:?}");
    if let (Some(known), Some(text)) = (schema["enum"].as_array(), value.as_str()) {
        assert!(known.iter().any(|one| one == text), "{at}: {text:?} is none of {known:?}");
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        values.iter().enumerate().for_each(|(index, value)| check(file, items, value, &format!("{at}[{index}]")));
    }
    if let Some(members) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(members.contains_key(name), "{at}: {name} is absent");
        }
        for (name, value) in members {
            match schema["properties"].get(name) {
                Some(schema) => check(file, schema, value, &format!("{at}.{name}")),
                None => assert!(schema["additionalProperties"] != false, "{at}: {name} is not described"),
            }
        }
    }
}

/// Checks an answer against the operation of the file that it is for.
fn described(file: &Value, method: &str, path: &str, answer: &Answer) {
    let operation = &file["paths"][path][method];
    assert!(operation.is_object(), "{method} {path} is described");
    let status = answer.status.as_u16().to_string();
    let mut response = &operation["responses"][&status];
    if let Some(name) = response["$ref"].as_str() {
        response = file.pointer(name.trim_start_matches('#')).expect("the reference leads somewhere");
    }
    let kind = answer.header("content-type");
    let content = response["content"].get(kind);
    let content =
        content.unwrap_or_else(|| panic!("{method} {path}: {status} {kind} is not described: {}", answer.text));
    check(file, &content["schema"], &read(answer), &format!("{method} {path}"));
}

#[tokio::test]
async fn every_operation_answers_as_the_file_says() {
    let file: Value = serde_json::from_str(sancho_web::OPENAPI).expect("the file is JSON");
    let router = support::router_of(&stocked().await);
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
        ("/jobs/actions", "/jobs/actions", json!({"action": "run-now", "jids": ["dead0", "none", "waiting"]}), 200),
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
        described(&file, "get", path, &answer);
        seen.insert(("get", path.to_owned()));
    }
    for (path, address, body, status) in acts {
        let answer = post(&router, address, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{address} {body}: {}", answer.text);
        described(&file, "post", path, &answer);
        seen.insert(("post", path.to_owned()));
    }
    for (path, item) in file["paths"].as_object().expect("paths") {
        for method in ["get", "post"].into_iter().filter(|method| item.get(method).is_some()) {
            assert!(seen.contains(&(method, path.clone())), "{method} {path} was asked for");
        }
    }
}

#[tokio::test]
async fn pages_go_on_by_their_cursor_and_come_to_an_end() {
    let router = support::router_of(&stocked().await);
    let (mut jids, mut address) = (Vec::new(), "/sets/dead/jobs?limit=2".to_owned());
    for _ in 0..3 {
        let page = read(&get(&router, &address).await);
        jids.extend(page["jobs"].as_array().expect("jobs").iter().map(|job| job["jid"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        address = format!("/sets/dead/jobs?limit=2&cursor={next}&as_of={}", page["as_of"]);
    }
    jids.sort_by_key(ToString::to_string);
    assert_eq!(jids, ["dead0", "dead1", "dead2"]);
}

#[tokio::test]
async fn a_push_that_is_repeated_under_its_name_adds_nothing() {
    let store = ModelStore::new();
    let router = support::router_of(&store);
    let job = json!({"class": "Charge", "args": [7, "x"]});
    let first = post_named(&router, "/jobs", &job, Some("order-7")).await;
    assert_eq!((first.status, read(&first)["answer"].clone()), (StatusCode::CREATED, json!("added")));
    let again = post_named(&router, "/jobs", &job, Some("order-7")).await;
    assert_eq!((again.status, read(&again)["answer"].clone()), (StatusCode::OK, json!("repeated")));
    assert_eq!(read(&again)["jid"], read(&first)["jid"]);
    let other = post_named(&router, "/jobs", &job, Some("order-8")).await;
    assert_eq!(other.status, StatusCode::CREATED);
    assert_eq!(read(&get(&router, "/queues/default").await)["size"], 2);
    let bulk = json!({"jobs": [{"class": "A"}, {"class": "A"}]});
    for answer in ["added", "repeated"] {
        let pushed = read(&post_named(&router, "/jobs/bulk", &bulk, Some("batch")).await);
        assert_eq!([&pushed["jobs"][0]["answer"], &pushed["jobs"][1]["answer"]], [answer, answer]);
    }
    assert_eq!(post_named(&router, "/jobs", &job, Some("a b")).await.status, StatusCode::BAD_REQUEST);
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
        assert!(sancho_web::PROBLEM_CODES.contains(&code), "{problem}");
    }
}

#[tokio::test]
async fn numbers_among_arguments_keep_their_digits() {
    let router = support::router_of(&stocked().await);
    let text = get(&router, "/jobs/waiting").await.text;
    assert!(text.contains("\"args\":[12345678901234567890123]"), "{text}");
}

#[tokio::test]
async fn jobs_in_every_place_are_shown_as_the_file_says() {
    let file: Value = serde_json::from_str(sancho_web::OPENAPI).expect("the file is JSON");
    let router = support::router_of(&support::store::sample().await);
    let mut jids = Vec::new();
    for set in ["busy", "scheduled", "retries", "dead", "held"] {
        let answer = get(&router, &format!("/sets/{set}/jobs")).await;
        described(&file, "get", "/sets/{set}/jobs", &answer);
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
        described(&file, "get", "/jobs/{jid}", &get(&router, &format!("/jobs/{jid}")).await);
    }
    let processes = get(&router, "/processes").await;
    described(&file, "get", "/processes", &processes);
    let process = read(&processes)["processes"][0]["process"].as_str().expect("one process").to_owned();
    let asked = post(&router, "/jobs/running-1/actions", &json!({"action": "cancel-running"})).await;
    assert_eq!((asked.status, read(&asked)["done"].clone()), (StatusCode::OK, json!(1)));
    let ordered = post(&router, &format!("/processes/{process}/orders"), &json!({"order": "quiet"})).await;
    assert_eq!(ordered.status, StatusCode::OK, "{}", ordered.text);
    described(&file, "post", "/processes/{process}/orders", &ordered);
    let metrics = get(&router, "/metrics?minutes=60").await;
    described(&file, "get", "/metrics", &metrics);
}

#[test]
#[should_panic(expected = "is not described")]
fn a_member_that_the_file_does_not_have_is_seen() {
    let file: Value = serde_json::from_str(sancho_web::OPENAPI).expect("the file is JSON");
    check(&file, &json!({"$ref": "#/components/schemas/Paused"}), &json!({"paused": true, "more": 1}), "here");
}

#[test]
#[should_panic(expected = "is absent")]
fn a_member_that_is_not_answered_is_seen() {
    let file: Value = serde_json::from_str(sancho_web::OPENAPI).expect("the file is JSON");
    check(&file, &json!({"$ref": "#/components/schemas/Paused"}), &json!({}), "here");
}
