//! Whoever guesses credentials waits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use sancho_core::{Clock, Timestamp};
use sancho_web::{Access, Credentials, Role, Web};

use crate::support::{Answer, NOW, send};
use crate::{ANN, one_dead};

/// Wrong tries that an address has.
const TRIES: usize = 10;

/// A clock that goes on when it is told to.
#[derive(Clone, Debug, Default)]
struct Manual(Arc<AtomicU64>);

impl Manual {
    fn pass(&self, secs: u64) {
        self.0.fetch_add(secs, Ordering::Relaxed);
    }
}

impl Clock for Manual {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn uptime(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

async fn pages() -> (Router, Manual) {
    let (store, clock) = (Arc::new(one_dead().await), Manual::default());
    let ann = Credentials::basic("ann", "correct horse", Role::Operator).expect("credentials");
    let web = Web::new(store.clone(), store, Arc::new(clock.clone())).access(Access::credentials([ann]).expect("some"));
    (sancho_web::router(web.trust_proxy("10.0.0.0/8").expect("a network")), clock)
}

async fn knock(router: &Router, peer: &str, told: Option<&str>, credentials: Option<&str>) -> Answer {
    let peer: SocketAddr = peer.parse().expect("an address");
    let mut request = Request::get("/dead").extension(ConnectInfo(peer));
    for (name, value) in [("x-forwarded-for", told), ("authorization", credentials)] {
        request = value.into_iter().fold(request, |request, value| request.header(name, value));
    }
    send(router, request.body(Body::empty()).expect("a request")).await
}

const WRONG: &str = "Bearer 0000000000000000";

#[tokio::test]
async fn an_address_that_guesses_waits_and_is_let_in_then() {
    let (router, clock) = pages().await;
    for _ in 0..TRIES {
        assert_eq!(knock(&router, "192.0.2.1:1", None, Some(WRONG)).await.status, StatusCode::UNAUTHORIZED);
    }
    for credentials in [WRONG, ANN] {
        let answer = knock(&router, "192.0.2.1:2", None, Some(credentials)).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "another port is the same address");
        assert_eq!(answer.header("retry-after"), "30");
        assert!(answer.text.contains("Wait a while") && !answer.text.contains("Mailer"), "{}", answer.text);
    }
    let nothing = knock(&router, "192.0.2.1:3", None, None).await;
    assert_eq!(nothing.status, StatusCode::UNAUTHORIZED, "whoever presents nothing guesses nothing");
    assert_eq!(knock(&router, "192.0.2.2:1", None, Some(ANN)).await.status, StatusCode::OK, "others come in");
    clock.pass(29);
    let answer = knock(&router, "192.0.2.1:1", None, Some(ANN)).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "1"));
    clock.pass(1);
    assert_eq!(knock(&router, "192.0.2.1:1", None, Some(ANN)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_address_that_it_tells_waits_alone() {
    let (router, _) = pages().await;
    for number in 0..TRIES {
        // What stands in front of what the proxy wrote is the guesser's own invention.
        let told = format!("198.51.100.{number}, 192.0.2.1");
        assert_eq!(knock(&router, "10.0.0.7:1", Some(&told), Some(WRONG)).await.status, StatusCode::UNAUTHORIZED);
    }
    let guesser = knock(&router, "10.0.0.7:1", Some("203.0.113.1, 192.0.2.1"), Some(ANN)).await;
    assert_eq!(guesser.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(knock(&router, "10.0.0.7:1", Some("192.0.2.2"), Some(ANN)).await.status, StatusCode::OK);
    // A stranger who claims to be a proxy is a stranger.
    for number in 0..TRIES {
        knock(&router, "203.0.113.9:1", Some(&format!("198.51.100.{number}")), Some(WRONG)).await;
    }
    let stranger = knock(&router, "203.0.113.9:1", Some("198.51.100.77"), Some(ANN)).await;
    assert_eq!(stranger.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn programs_are_told_to_wait_in_their_own_words() {
    let (router, _) = pages().await;
    let knock = || {
        let peer = ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1)));
        Request::get("/api/v1/stats")
            .extension(peer)
            .header("authorization", WRONG)
            .body(Body::empty())
            .expect("a request")
    };
    for _ in 0..TRIES {
        send(&router, knock()).await;
    }
    let answer = send(&router, knock()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "30"));
    let problem: serde_json::Value = serde_json::from_str(&answer.text).expect("JSON");
    assert_eq!(problem["code"], "too-many-tries");
}
