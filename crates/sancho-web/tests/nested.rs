//! The pages nested in an application, by its client: what is pushed there is what the client pushes, byte for byte.

mod support;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use sancho::{Client, ClientMiddleware, ClientVerdict, Draft, Raw, Wire};
use sancho_core::{Jid, Payload};
use sancho_testkit::RedisServer;
use sancho_web::Web;
use serde_json::{Value, json};

use support::{Answer, send};

/// Arguments that can be spelled in many ways, and have one canonical form for each version of Ruby's json.
const ARGS: &str =
    r#"[ 1e2, 1E20, 0.00001, -0, "caf\u00e9 \/ \u2028", {"b": 1.50, "a": [ ]}, 123456789012345678901234567890 ]"#;

fn application(client: &Client) -> Router {
    Router::new().nest("/jobs", sancho_web::router(Web::of(client.clone())))
}

async fn push(application: &Router, body: &str) -> Answer {
    let request = Request::post("/jobs/api/v1/jobs").header("host", "localhost");
    let request = request.header("content-type", "application/json").body(Body::from(body.to_owned()));
    send(application, request.expect("an address")).await
}

/// Pushes the same job by the pages and by the client; answers with what the store keeps of each.
async fn both(client: &Client) -> [Payload; 2] {
    let pushed = push(&application(client), &format!(r#"{{"class": "Charge", "args": {ARGS}}}"#)).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.text);
    let pushed: Value = serde_json::from_str(&pushed.text).expect("JSON");
    let by_pages = Jid::new(pushed["jid"].as_str().expect("an id")).expect("a jid");
    let by_client = client.push(Raw::text("Charge", ARGS)).await.expect("it is pushed").jid;
    let mut payloads = Vec::new();
    for jid in [by_pages, by_client] {
        payloads.push(client.inspect().find(&jid).await.expect("a look").expect("it is there").payload);
    }
    payloads.try_into().expect("there are two")
}

/// The text of a payload, without what differs between any two jobs.
fn text(payload: &Payload) -> String {
    let mut members = payload.members().expect("an object");
    ["jid", "created_at", "enqueued_at"].into_iter().for_each(|name| members.set(name, &0));
    members.to_payload().to_text_lossy().into_owned()
}

#[track_caller]
fn are_canonical(payloads: &[Payload; 2], wire: Wire) {
    let [by_pages, by_client] = payloads.each_ref().map(text);
    assert_eq!(by_pages, by_client);
    let floats = if wire == Wire::Eight { "100.0,1e+20,0.00001" } else { "100.0,1.0e+20,1.0e-05" };
    let strings = "\"caf\u{e9} / \u{2028}\",{\"b\":1.5,\"a\":[]},123456789012345678901234567890";
    assert!(by_pages.contains(&format!("\"args\":[{floats},0,{strings}],")), "{by_pages}");
}

#[tokio::test]
async fn a_nested_push_has_the_bytes_of_the_clients_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let address = format!("sqlite://{}", directory.path().join("jobs.db").display());
    let client = sancho::connect(&address).await.expect("the file opens");
    are_canonical(&both(&client).await, Wire::Any);
}

#[tokio::test]
async fn a_nested_push_has_the_bytes_of_the_clients_own_on_redis() {
    let server = RedisServer::start();
    for (query, wire) in [("", Wire::Any), ("?wire=8", Wire::Eight)] {
        let address = server.fresh_url();
        let client = sancho::connect(&format!("{address}{query}")).await.expect("redis-server answers");
        assert_eq!(client.wire(), wire);
        both(&client).await;
        // Not as the store shows them: as they stand in the list, where Ruby looks for them.
        let redis = redis::Client::open(address).expect("an address");
        let mut connection = redis.get_connection().expect("redis-server answers");
        let mut lrange = redis::cmd("LRANGE");
        let raw: Vec<Vec<u8>> = lrange.arg("queue:default").arg(0).arg(-1).query(&mut connection).expect("a list");
        let raw: Vec<Payload> = raw.into_iter().map(Payload::from_bytes).collect();
        are_canonical(&raw.try_into().expect("two jobs were pushed"), wire);
    }
}

#[tokio::test]
async fn a_router_without_a_client_writes_the_same_bytes_on_redis() {
    let server = RedisServer::start();
    let client = sancho::connect(&server.fresh_url()).await.expect("redis-server answers");
    let parts = (client.store().clone(), client.inspect().clone(), client.clock().clone());
    let router = Router::new().nest("/jobs", sancho_web::router(Web::new(parts.0, parts.1, parts.2)));
    let pushed = push(&router, &format!(r#"{{"class": "Charge", "args": {ARGS}}}"#)).await;
    let pushed: Value = serde_json::from_str(&pushed.text).expect("JSON");
    let jid = Jid::new(pushed["jid"].as_str().expect("an id")).expect("a jid");
    let by_router = client.inspect().find(&jid).await.expect("a look").expect("it is there").payload;
    let [_, by_client] = both(&client).await;
    are_canonical(&[by_router, by_client], Wire::Any);
}

/// Marks what passes it, and stops a class.
struct Tenant;

impl ClientMiddleware for Tenant {
    fn push(&self, draft: &mut Draft) -> ClientVerdict {
        draft.extra.push(("tenant".to_owned(), "\"blue\"".to_owned()));
        if draft.class == "Stopped" { ClientVerdict::Stop } else { ClientVerdict::Push }
    }
}

#[tokio::test]
async fn what_is_pushed_over_http_passes_the_clients_middleware_and_settings() {
    let client = sancho::testing::memory().with_middleware(Tenant);
    let settings = sancho::ClassSettings::new().queue(sancho::QueueName::new("low").expect("a name"));
    let client = client.with_class_settings("Resize", settings);
    let request = Request::post("/jobs/api/v1/jobs/bulk").header("host", "localhost");
    let request = request.header("content-type", "application/json");
    let bulk = json!({"jobs": [{"class": "Stopped"}, {"class": "Resize"}, {"class": "Resize", "queue": "high"}]});
    let answer = send(&application(&client), request.body(Body::from(bulk.to_string())).expect("a request")).await;
    let answer: Value = serde_json::from_str(&answer.text).expect("JSON");
    let words = [0, 1, 2].map(|index| answer["jobs"][index]["answer"].clone());
    assert_eq!(words, ["stopped", "added", "added"]);
    for (index, queue) in [(1, "low"), (2, "high")] {
        let jid = Jid::new(answer["jobs"][index]["jid"].as_str().expect("an id")).expect("a jid");
        let row = client.inspect().find(&jid).await.expect("a look").expect("it is there");
        assert_eq!(row.queue.as_str(), queue);
        assert!(row.payload.to_text_lossy().contains(r#""tenant":"blue""#), "{:?}", row.payload);
    }
}
