//! A router on a store, and requests to it without a socket.

#![expect(dead_code, reason = "each test program uses another part of it")]

pub(crate) mod crawl;
pub(crate) mod fleeting;
pub(crate) mod log;
pub(crate) mod stage;
pub(crate) mod store;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use sancho_core::model::ModelStore;
use sancho_core::{Clock, Inspect, Store, Timestamp};
use tower::ServiceExt;

/// A clock that stands still.
#[derive(Debug)]
pub(crate) struct Still(pub(crate) Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn uptime(&self) -> Duration {
        Duration::ZERO
    }
}

/// 2026-11-21T02:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_millis(1_795_226_400_000);

/// The pages of an empty store.
pub(crate) fn router() -> Router {
    router_of(&ModelStore::new())
}

/// The pages of a store.
pub(crate) fn router_of(store: &ModelStore) -> Router {
    let store = Arc::new(store.clone());
    router_over(store.clone(), store)
}

/// The pages of a store of any kind, by its two faces.
pub(crate) fn router_over(store: Arc<dyn Store>, inspect: Arc<dyn Inspect>) -> Router {
    sancho_web::router(sancho_web::Web::new(store, inspect, Arc::new(Still(NOW))))
}

/// What a request was answered with.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Bytes of the body, as it is sent.
    pub(crate) size: usize,
}

impl Answer {
    /// The text of a header; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers of ours are text"))
    }
}

impl Answer {
    /// What stands between two texts, the first time; empty where one of them is not there.
    pub(crate) fn between(&self, before: &str, behind: &str) -> String {
        let found = self.text.split_once(before).and_then(|(_, rest)| rest.split_once(behind));
        found.map_or("", |(inside, _)| inside).replace("&#38;", "&").replace("&#34;", "\"")
    }

    /// Where the link that begins so leads, from the root: pages name it from where they are.
    pub(crate) fn link(&self, before: &str) -> String {
        let link = self.between(before, "\"");
        assert!(!link.is_empty(), "there is a link behind {before}: {}", self.text);
        format!("/{}", link.trim_start_matches("../").trim_start_matches("./"))
    }
}

/// Requests to a router.
pub(crate) trait Visit {
    async fn get(&self, address: &str) -> Answer;

    /// Sends a form, as a browser does from a page of this site.
    async fn post(&self, address: &str, form: &str) -> Answer;
}

impl Visit for Router {
    async fn get(&self, address: &str) -> Answer {
        send(self, Request::get(address).body(Body::empty()).expect("an address")).await
    }

    async fn post(&self, address: &str, form: &str) -> Answer {
        let request = Request::post(address)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(form.to_owned()));
        send(self, request.expect("an address")).await
    }
}

/// Sends any request.
pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("a router always answers");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body comes to its end").to_bytes();
    let (text, size) = (String::from_utf8_lossy(&bytes).into_owned(), bytes.len());
    Answer { status: parts.status, headers: parts.headers, text, size }
}
