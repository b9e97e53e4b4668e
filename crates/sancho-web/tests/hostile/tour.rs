//! A walk over every kind of page and every operation of the API, in both languages.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use http_body_util::BodyExt;
use sancho_core::{Direction, Filter, Inspect, Set, Store};
use sancho_web::OPENAPI;
use tower::ServiceExt;

use crate::inert::{MARKER, assert_inert};
use crate::support::crawl::encoded;
use crate::support::{NOW, Visit, router_over};

/// Jobs of one set whose own pages are visited.
const JOBS_VISITED: usize = 30;

/// Names of one kind that a walk visits: the rest are of the same kind.
const NAMES_VISITED: usize = 8;

/// What a store has that has a page of its own.
pub(crate) struct Names {
    pub(crate) queues: Vec<String>,
    pub(crate) jids: Vec<String>,
    pub(crate) processes: Vec<String>,
}

impl Names {
    pub(crate) async fn of(inspect: &dyn Inspect) -> Names {
        let queues = inspect.queues(NOW).await.expect("queues are listed");
        let mut jids = Vec::new();
        let queue = queues.first().map(|row| Set::Queue(row.name.clone()));
        for set in [Set::Busy, Set::Scheduled, Set::Retries, Set::Dead, Set::Held].into_iter().chain(queue) {
            let page =
                inspect.page(&set, &Filter::all(), Direction::Forward, None, JOBS_VISITED).await.expect("a page");
            jids.extend(page.rows.into_iter().map(|row| row.jid.to_string()));
        }
        let processes = inspect.processes(NOW).await.expect("processes are listed");
        Names {
            queues: queues.iter().map(|row| row.name.to_string()).collect(),
            jids,
            processes: processes.iter().map(|row| row.info.incarnation.to_string()).collect(),
        }
    }
}

/// Visits every page and asks every operation of the API; nothing comes alive, and nothing is a server's error.
pub(crate) async fn whole<S: Store + Inspect>(store: Arc<S>) {
    let names = Names::of(&*store).await;
    let router = router_over(store.clone(), store.clone());
    pages(&router, &names).await;
    api(&router, &names).await;
}

async fn pages(router: &Router, names: &Names) {
    let mut addresses: Vec<String> =
        ["", "busy", "queues", "scheduled", "retries", "dead", "held", "metrics", "dead?by=error", "retries?by=error"]
            .map(|page| format!("/{page}"))
            .to_vec();
    addresses.extend(names.queues.iter().take(NAMES_VISITED).map(|name| format!("/queues/{}", encoded(name))));
    addresses.extend(names.jids.iter().map(|jid| format!("/jobs/{}", encoded(jid))));
    let mut marked = 0;
    for address in addresses {
        let sign = if address.contains('?') { '&' } else { '?' };
        for language in ["en", "vi"] {
            let address = format!("{address}{sign}lang={language}");
            let answer = router.get(&address).await;
            assert!(answer.status.is_success(), "{address}: {} {}", answer.status, answer.text);
            assert_inert(&address, &answer.text);
            marked += usize::from(answer.text.contains(MARKER));
        }
    }
    assert!(marked > 20, "what strangers wrote is on the pages: {marked}");
}

/// Sends a request, and looks at the answer byte by byte: it is JSON in UTF-8 and says so, and no browser takes it for
/// anything else.
pub(crate) async fn asked(router: &Router, request: Request<Body>) -> serde_json::Value {
    let what = format!("{} {}", request.method(), request.uri());
    let response: Response<Body> = router.clone().oneshot(request).await.expect("a router always answers");
    let (parts, body) = response.into_parts();
    let bytes: Bytes = body.collect().await.expect("a body comes to its end").to_bytes();
    let header = |name: &str| parts.headers.get(name).map_or("", |value| value.to_str().expect("headers are text"));
    let text = std::str::from_utf8(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(!parts.status.is_server_error(), "{what}: {} {text}", parts.status);
    assert!(["application/json", "application/problem+json"].contains(&header("content-type")), "{what}: {parts:?}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
    if text.is_empty() {
        return serde_json::Value::Null;
    }
    // Numbers may be larger than a reader takes: that they are written as JSON has them is looked at, not their size.
    let raw: Result<&serde_json::value::RawValue, _> = serde_json::from_str(text);
    raw.unwrap_or_else(|error| panic!("{what}: {error}: {text}"));
    serde_json::from_str(text).unwrap_or(serde_json::Value::Null)
}

/// Each operation that looks, once for each name of a kind.
async fn api(router: &Router, names: &Names) {
    let file: serde_json::Value = serde_json::from_str(OPENAPI).expect("the file is JSON");
    let paths = file["paths"].as_object().expect("the file has paths");
    for path in paths.iter().filter(|(_, item)| item.get("get").is_some()).map(|(path, _)| path) {
        let fill = |place: &str, names: &[String], most: usize| -> Vec<String> {
            names.iter().take(most).map(|name| path.replace(place, &encoded(name))).collect()
        };
        let sets = || ["busy", "scheduled", "retries", "dead", "held"].map(str::to_owned);
        let addresses = match path {
            path if path.contains("{queue}") => fill("{queue}", &names.queues, NAMES_VISITED),
            path if path.contains("{jid}") => fill("{jid}", &names.jids, usize::MAX),
            path if path.contains("{set}") => fill("{set}", &sets(), usize::MAX),
            path if path.contains("{key}") => fill("{key}", &names.jids, NAMES_VISITED),
            path => vec![path.clone()],
        };
        assert!(!addresses.is_empty(), "{path} has a name to be asked for");
        for address in addresses {
            let request = Request::get(format!("/api/v1{address}")).body(Body::empty()).expect("an address");
            asked(router, request).await;
        }
    }
}
