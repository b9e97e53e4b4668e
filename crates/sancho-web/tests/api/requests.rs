//! What a request may say: each parameter and each member of the file is one that the code takes, and there is no other.

use std::collections::BTreeSet;

use sancho_core::model::ModelStore;
use serde_json::{Value, json};

use super::schema::File;
use super::support;
use super::{get, post, read};

/// A name that nothing has.
const STRANGE: &str = "no_such_name";

/// The names that an answer says it would have taken instead of the strange one.
fn expected(answer: &support::Answer) -> BTreeSet<String> {
    let problem = read(answer);
    let detail = problem["detail"].as_str().expect("a problem has a detail");
    assert!(answer.status.is_client_error() && detail.contains(STRANGE), "{problem}");
    let (_, names) = detail.split_once("expected").unwrap_or_else(|| panic!("it says what it takes: {detail}"));
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn address(path: &str) -> String {
    path.replace("{set}", "dead")
        .replace("{queue}", "default")
        .replace("{class}", "A")
        .replace("{jid}", "j1")
        .replace("{key}", "k1")
        .replace("{process}", "p1")
}

#[tokio::test]
async fn every_parameter_of_the_file_is_taken_and_no_other() {
    let (file, router) = (File::read(), support::router_of(&ModelStore::new()));
    let mut checked = 0;
    for (method, path) in file.operations() {
        let operation = file.operation(&method, &path);
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let described: BTreeSet<String> = parameters
            .iter()
            .map(|parameter| file.target(parameter))
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().expect("a name").to_owned())
            .collect();
        if described.is_empty() {
            continue;
        }
        let answer = get(&router, &format!("{}?{STRANGE}=1", address(&path))).await;
        assert_eq!(expected(&answer), described, "{method} {path}");
        checked += 1;
    }
    assert!(checked >= 8, "operations with parameters were found: {checked}");
}

#[tokio::test]
async fn every_member_of_a_body_of_the_file_is_taken_and_no_other() {
    let (file, router) = (File::read(), support::router_of(&ModelStore::new()));
    let mut checked = 0;
    for (method, path) in file.operations() {
        let Some(schema) = file.body(&method, &path) else { continue };
        assert_eq!(schema["additionalProperties"], false, "{path}");
        let described: BTreeSet<String> = schema["properties"].as_object().expect("members").keys().cloned().collect();
        let answer = post(&router, &address(&path), &json!({ STRANGE: 1 })).await;
        assert_eq!(expected(&answer), described, "{method} {path}");
        checked += 1;
    }
    assert!(checked >= 7, "operations with bodies were found: {checked}");
}

#[tokio::test]
async fn every_word_of_the_file_is_taken_and_no_other() {
    let (file, router) = (File::read(), support::router_of(&ModelStore::new()));
    for (path, member, body) in [
        ("/jobs/{jid}/actions", "action", json!({"action": STRANGE})),
        ("/processes/{process}/orders", "order", json!({"order": STRANGE})),
        ("/jobs", "on_conflict", json!({"class": "A", "on_conflict": STRANGE})),
    ] {
        let schema = file.body("post", path).expect("it takes a body");
        let words = file.target(&schema["properties"][member])["enum"].as_array().expect("words").clone();
        let words: BTreeSet<String> = words.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let answer = post(&router, &address(path), &body).await;
        assert_eq!(expected(&answer), words, "{path} {member}");
    }
}

#[test]
fn every_code_is_in_the_file_and_no_other() {
    let file = File::read();
    let listed = file.0["components"]["schemas"]["Code"]["enum"].as_array().expect("codes").clone();
    let listed: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
    assert_eq!(listed, sancho_web::Code::ALL.map(sancho_web::Code::name));
}
