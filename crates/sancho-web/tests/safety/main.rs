//! The gate in front of the whole router: who is let in, what they may do, and what is told of it.

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod audit;
mod redaction;
mod roles;
mod throttle;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::request::{Builder, Parts};
use axum::http::{Request, StatusCode};
use sancho_core::model::ModelStore;
use sancho_core::{Place, Store};
use sancho_web::{Access, Admission, Credentials, Person, Refusal, Role, Web};

use support::store::job;
use support::{Answer, NOW, Still, Visit, send};

/// `ann:correct horse` and `bob:battery staple`.
const ANN: &str = "Basic YW5uOmNvcnJlY3QgaG9yc2U=";
const BOB: &str = "Basic Ym9iOmJhdHRlcnkgc3RhcGxl";

fn web(store: &ModelStore) -> Web {
    let store = Arc::new(store.clone());
    Web::new(store.clone(), store, Arc::new(Still(NOW)))
}

fn guarded(store: &ModelStore) -> Router {
    let credentials = [
        Credentials::basic("ann", "correct horse", Role::Operator),
        Credentials::basic("bob", "battery staple", Role::Viewer),
        Credentials::bearer("ci", "0123456789abcdef", Role::Operator),
    ];
    let credentials = credentials.map(|one| one.expect("credentials"));
    sancho_web::router(web(store).access(Access::credentials(credentials).expect("some")))
}

/// A store with one dead job.
async fn one_dead() -> ModelStore {
    let store = ModelStore::new();
    store.push(&[job("dead1", "Mailer", Place::Dead)], NOW).await.expect("a push");
    store
}

async fn dead(store: &ModelStore) -> u64 {
    use sancho_core::Inspect;
    store.stats(NOW).await.expect("totals").dead
}

/// The form that deletes the dead job.
fn deletion() -> Builder {
    Request::post("/dead").header("content-type", "application/x-www-form-urlencoded")
}

async fn delete(router: &Router, request: Builder) -> Answer {
    send(router, request.body(Body::from("act=delete&jid=dead1&sure=yes")).expect("a request")).await
}

#[tokio::test]
async fn whoever_presents_nothing_is_asked_for_it_on_every_address() {
    let router = guarded(&one_dead().await);
    for address in [
        "/",
        "/busy",
        "/queues",
        "/dead",
        "/jobs/dead1",
        "/metrics",
        "/live",
        "/nothing",
        "/api/v1/stats",
        "/api/v1/nothing",
    ] {
        let answer = router.get(address).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{address}");
        let asked: Vec<&str> =
            answer.headers.get_all("www-authenticate").iter().map(|value| value.to_str().expect("text")).collect();
        assert_eq!(asked, ["Basic realm=\"Sancho\", charset=\"UTF-8\"", "Bearer realm=\"Sancho\""], "{address}");
        assert!(!answer.text.contains("Mailer"), "{address}: {}", answer.text);
    }
}

#[tokio::test]
async fn whoever_is_known_is_let_in_and_whoever_is_not_is_not() {
    let router = guarded(&one_dead().await);
    for (credentials, status) in [
        (ANN, StatusCode::OK),
        (BOB, StatusCode::OK),
        ("Bearer 0123456789abcdef", StatusCode::OK),
        ("Bearer 0123456789abcdeg", StatusCode::UNAUTHORIZED),
        ("Basic YW5uOmFubg==", StatusCode::UNAUTHORIZED),
        ("Digest ann", StatusCode::UNAUTHORIZED),
    ] {
        let request = Request::get("/").header("authorization", credentials);
        let answer = send(&router, request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, status, "{credentials}");
    }
}

#[tokio::test]
async fn a_viewer_looks_and_changes_nothing() {
    let store = one_dead().await;
    let router = guarded(&store);
    let look = Request::get("/dead").header("authorization", BOB).body(Body::empty()).expect("a request");
    let answer = send(&router, look).await;
    assert!(answer.text.contains("Mailer") && !answer.text.contains("value=\"delete\""), "{}", answer.text);
    let answer = delete(&router, deletion().header("authorization", BOB)).await;
    assert_eq!((answer.status, dead(&store).await), (StatusCode::FORBIDDEN, 1));
    let answer = delete(&router, deletion().header("authorization", ANN)).await;
    assert_eq!((answer.status, dead(&store).await), (StatusCode::SEE_OTHER, 0), "{}", answer.text);
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing_however_well_it_is_known() {
    let store = one_dead().await;
    let router = guarded(&store);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let request = deletion().header("host", "jobs.example.com").header("authorization", ANN);
        let answer = delete(&router, request.header(name, value)).await;
        assert_eq!((answer.status, dead(&store).await), (StatusCode::FORBIDDEN, 1), "{name}: {value}");
        assert!(answer.text.contains("cross-site"), "{}", answer.text);
    }
    let own = deletion().header("host", "jobs.example.com").header("authorization", ANN);
    let answer = delete(&router, own.header("origin", "https://jobs.example.com")).await;
    assert_eq!((answer.status, dead(&store).await), (StatusCode::SEE_OTHER, 0));
}

#[tokio::test]
async fn without_credentials_only_this_machine_is_let_in_by_a_name_of_its_own() {
    let store = one_dead().await;
    let router = sancho_web::router(web(&store));
    for (name, value, status) in [
        ("host", "localhost:7420", StatusCode::OK),
        ("host", "127.0.0.1:7420", StatusCode::OK),
        ("host", "rebound.evil.example:7420", StatusCode::FORBIDDEN),
        ("x-forwarded-for", "203.0.113.7", StatusCode::FORBIDDEN),
    ] {
        let request = Request::get("/dead").header(name, value).body(Body::empty()).expect("a request");
        let answer = send(&router, request).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        assert_eq!(answer.text.contains("Mailer"), status == StatusCode::OK);
    }
    let trusting = sancho_web::router(web(&store).trust_origin("https://admin.example.com").expect("an origin"));
    let from_there = deletion().header("host", "localhost").header("origin", "https://admin.example.com");
    assert_eq!(delete(&trusting, from_there).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_refusal_speaks_the_language_of_its_reader() {
    let router = guarded(&one_dead().await);
    assert!(router.get("/").await.text.contains("These pages are for those who sign in."));
    assert!(router.get("/?lang=vi").await.text.contains("Các trang này dành cho người đã đăng nhập."));
    let here = sancho_web::router(web(&ModelStore::new()));
    let request = Request::get("/?lang=vi").header("host", "evil.example").body(Body::empty()).expect("a request");
    assert!(send(&here, request).await.text.contains("chỉ dành cho chính máy"));
}

#[derive(Clone)]
struct User(&'static str);

#[tokio::test]
async fn the_application_says_who_comes_in() {
    let access = Access::doorkeeper(|request: &Parts| match request.extensions.get::<User>() {
        Some(User("eve")) => Admission::refused(Refusal::forbidden("eve is not let in")),
        Some(User(name)) => Admission::Granted(Person::new(*name, Role::Operator)),
        None => Admission::refused(axum::response::Redirect::to("/sign-in")),
    });
    let store = one_dead().await;
    let router = sancho_web::router(web(&store).access(access));
    let as_user = |user: &'static str| {
        let request = Request::get("/dead").header("host", "example.com").extension(User(user));
        request.body(Body::empty()).expect("a request")
    };
    assert_eq!(send(&router, as_user("ann")).await.status, StatusCode::OK);
    let refused = send(&router, as_user("eve")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("eve is not let in"), "{}", refused.text);
    let unknown = router.get("/dead").await;
    assert_eq!((unknown.status, unknown.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
}

#[tokio::test]
async fn programs_are_refused_in_their_own_words() {
    let router = guarded(&one_dead().await);
    for address in ["/api/v1/stats", "/api/v1/nothing"] {
        let answer = router.get(address).await;
        assert_eq!(answer.header("content-type"), "application/problem+json", "{address}");
        let problem: serde_json::Value = serde_json::from_str(&answer.text).expect("JSON");
        assert_eq!((&problem["status"], &problem["code"]), (&401.into(), &"unauthorized".into()));
    }
    assert!(router.get("/").await.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn every_answer_has_the_headers_of_safety() {
    let store = one_dead().await;
    for router in [sancho_web::router(web(&store)), guarded(&store)] {
        for address in [
            "/",
            "/dead",
            "/jobs/dead1",
            "/nothing",
            "/live",
            "/api/v1/nothing",
            "/assets/0/style.css",
            "/assets/0/nothing",
        ] {
            let request = Request::head(address).header("authorization", ANN).body(Body::empty()).expect("a request");
            let answer = send(&router, request).await;
            assert!(
                answer.header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"),
                "{address}"
            );
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{address}");
            assert_eq!(answer.header("x-frame-options"), "DENY", "{address}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{address}");
            assert_eq!(
                answer.header("cache-control"),
                if address == "/live" { "no-cache" } else { "no-store" },
                "{address}"
            );
            assert!(!answer.headers.contains_key("set-cookie"), "{address}");
        }
    }
}
