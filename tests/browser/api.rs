//! The JSON API, as a script of the pages' own origin calls it: every operation of its description, once.

use std::collections::{BTreeMap, BTreeSet};

use sancho::State;
use serde_json::{Value, json};

use crate::page::{Page, Visitor};
use crate::site::Home;
use crate::stock::PROCESS;

on_each_store!(every_operation_is_called, what_is_pushed_is_there_and_is_acted_on);

/// Where the API is.
const ROOT: &str = "/api/v1";

/// What a path stands for with the names of the stock in it.
const NAMES: [(&str, &str); 6] = [
    ("{queue}", "default"),
    ("{set}", "retries"),
    ("{jid}", "dead-1"),
    ("{class}", "Mailer"),
    ("{key}", "first-key"),
    ("{process}", PROCESS),
];

/// What operations take; the others take nothing. In an order of their own: those that take jobs away come last.
fn bodies() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("push", json!({ "class": "Mailer", "args": [1], "queue": "default" })),
        ("pushMany", json!({ "jobs": [{ "class": "Mailer" }, { "class": "Report", "in": 60 }] })),
        ("markDeploy", json!({ "label": "v3" })),
        ("order", json!({ "order": "quiet" })),
        ("actOnNamed", json!({ "action": "kill", "jids": ["retry-1", "retry-2"] })),
        ("actOnOne", json!({ "action": "run" })),
        ("actOnSet", json!({ "action": "delete", "filter": "class:Mailer" })),
        ("actOnQueue", json!({ "action": "kill", "filter": "" })),
    ])
}

/// An operation of the description.
struct Operation {
    id: String,
    method: String,
    path: String,
    takes_body: bool,
}

fn operations() -> Vec<Operation> {
    let described: Value = serde_json::from_str(sancho_web::OPENAPI).expect("the description is JSON");
    let mut operations = Vec::new();
    for (path, item) in described["paths"].as_object().expect("it has paths") {
        for (method, operation) in item.as_object().expect("a path has methods") {
            if method != "parameters" {
                operations.push(Operation {
                    id: operation["operationId"].as_str().expect("an operation has a name").to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    takes_body: operation.get("requestBody").is_some(),
                });
            }
        }
    }
    // Looking comes before acting.
    operations.sort_by_key(|operation| operation.method != "GET");
    operations
}

async fn every_operation_is_called(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/").await;
    let (bodies, mut called) = (bodies(), BTreeSet::new());
    for operation in operations() {
        let name = |path: String, (place, name): (&str, &str)| path.replace(place, &name.replace(':', "%3A"));
        let path = NAMES.into_iter().fold(operation.path.clone(), name);
        assert!(!path.contains('{'), "nobody knows what to call in {path}");
        let mut options = json!({ "method": operation.method });
        if operation.takes_body {
            let body = bodies.get(operation.id.as_str());
            let body = body.unwrap_or_else(|| panic!("nobody knows what {} takes", operation.id));
            options["body"] = body.to_string().into();
            options["headers"] = json!({ "content-type": "application/json" });
        }
        let answer = page.fetch(&format!("{ROOT}{path}"), options).await;
        assert!((200..300).contains(&answer.status), "{}: {} {}", operation.id, answer.status, answer.text);
        let is_json = serde_json::from_str::<Value>(&answer.text).is_ok();
        assert!(is_json, "{} answers with what is no JSON: {}", operation.id, answer.text);
        called.insert(operation.id);
    }
    for id in bodies.keys() {
        assert!(called.contains(*id), "there is no operation {id} any more");
    }
    assert_eq!(site.state("retry-3").await, None, "it matched what was deleted");
    let deploys =
        site.client.inspect().deploys(site.now().before(std::time::Duration::from_secs(60)), site.now()).await;
    assert_eq!(deploys.expect("the store tells").len(), 1, "the deploy is marked");
}

async fn what_is_pushed_is_there_and_is_acted_on(home: Home) {
    let site = home.empty().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/").await;
    let send = async |path: &str, body: Value| -> Value {
        let headers = json!({ "content-type": "application/json" });
        let options = json!({ "method": "POST", "headers": headers, "body": body.to_string() });
        let answer = page.fetch(&format!("{ROOT}{path}"), options).await;
        assert!((200..300).contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
        serde_json::from_str(&answer.text).expect("an answer is JSON")
    };
    let pushed = send("/jobs", json!({ "class": "Mailer", "in": 3_600 })).await;
    let jid = pushed["jid"].as_str().expect("a job has an id").to_owned();
    assert_eq!(site.state(&jid).await, Some(State::Scheduled));
    send(&format!("/jobs/{jid}/actions"), json!({ "action": "run" })).await;
    assert_eq!(site.state(&jid).await, Some(State::Enqueued));
    page.open("/queues/default").await;
    assert_eq!(page.count(&format!("input[name=jid][value='{jid}']")).await, 1, "the pages show it");
}
