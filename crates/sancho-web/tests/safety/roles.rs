//! A viewer sees everything and changes nothing, wherever a form or a program may act.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use html5gum::{Token, Tokenizer};
use sancho_core::Inspect;
use sancho_web::{Access, Credentials, Fragment, OPENAPI, Role, Tab, Web};

use crate::support::crawl::{crawl, resolved};
use crate::support::store::sample;
use crate::support::{Answer, NOW, Still, Visit, send};
use crate::{ANN, BOB};

/// Requests that carry these credentials.
fn as_person(router: Router, credentials: &'static str) -> Router {
    let sign = move |mut request: axum::extract::Request| {
        let value = axum::http::HeaderValue::from_static(credentials);
        request.headers_mut().entry("authorization").or_insert(value);
        std::future::ready(request)
    };
    router.layer(axum::middleware::map_request(sign))
}

/// Where the forms of pages act: those that have a button for it.
fn actions(page: &str, answer: &Answer) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None);
    for token in Tokenizer::new(&answer.text) {
        let tag = match token.expect("a text is read to its end") {
            Token::StartTag(tag) => tag,
            Token::EndTag(tag) => {
                open = open.filter(|_| *tag.name != b"form");
                continue;
            }
            _ => continue,
        };
        let attribute = |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
        match &**tag.name {
            b"form" if attribute(b"method").is_some_and(|method| method.eq_ignore_ascii_case("post")) => {
                let action = attribute(b"action").filter(|action| !action.is_empty());
                open = Some(action.map_or_else(|| page.to_owned(), |action| resolved(page, &action).expect("a page")));
            }
            b"button" => found.extend(open.clone()),
            _ => {}
        }
    }
    found.into_iter().map(|to| to.split('?').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_viewer_sees_every_page_without_a_form_and_is_refused_wherever_anybody_may_act() {
    let store = sample().await;
    let credentials = [
        Credentials::basic("ann", "correct horse", Role::Operator).expect("credentials"),
        Credentials::basic("bob", "battery staple", Role::Viewer).expect("credentials"),
    ];
    let shipped = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ship = {
        let shipped = Arc::clone(&shipped);
        move || {
            shipped.store(true, std::sync::atomic::Ordering::Relaxed);
            std::future::ready(Fragment::text("shipped"))
        }
    };
    let orders = get(async || Fragment::html("<form method=\"post\"><button>Ship</button></form>")).post(ship);
    let tab = Tab::new("orders", "Orders", Router::new().route("/", orders));
    let web = Web::new(Arc::new(store.clone()), Arc::new(store.clone()), Arc::new(Still(NOW)));
    let web = web.access(Access::credentials(credentials).expect("some")).tab(tab).expect("a tab");
    let router = sancho_web::router(web);

    let of_operator = crawl(&as_person(router.clone(), ANN), "/").await;
    let of_viewer = crawl(&as_person(router.clone(), BOB), "/").await;
    let plain = |address: &&String| !address.contains('?');
    let seen: BTreeSet<&String> = of_viewer.keys().filter(plain).collect();
    assert_eq!(of_operator.keys().filter(plain).collect::<BTreeSet<_>>(), seen, "a viewer sees what an operator sees");

    let mut routes: BTreeSet<String> = of_operator.iter().flat_map(|(page, answer)| actions(page, answer)).collect();
    for expected in [
        "/busy",
        "/queues",
        "/queues/low%2Fa%20b",
        "/scheduled",
        "/retries",
        "/dead",
        "/held",
        "/jobs/dead-1",
        "/x/orders",
    ] {
        assert!(routes.contains(expected), "{expected} among {routes:?}");
    }
    let forms: Vec<_> = of_viewer
        .iter()
        .filter(|(page, _)| !page.starts_with("/x/"))
        .filter(|(page, answer)| !actions(page, answer).is_empty())
        .collect();
    assert!(forms.is_empty(), "{:?}", forms.first().map(|(page, _)| page));

    let file: serde_json::Value = serde_json::from_str(OPENAPI).expect("the file is JSON");
    let paths = file["paths"].as_object().expect("it has paths");
    let posts = paths.iter().filter(|(_, item)| item.get("post").is_some());
    let named = posts.map(|(path, _)| {
        let parts = path.split('/').map(|part| match part {
            "{set}" => "dead",
            "{jid}" => "dead-1",
            part if part.starts_with('{') => "default",
            part => part,
        });
        format!("/api/v1{}", parts.collect::<Vec<_>>().join("/"))
    });
    routes.extend(named);
    assert!(routes.len() > 20, "{routes:?}");
    routes.insert("/nothing".to_owned());

    let before = format!("{:?}", store.stats(NOW).await.expect("totals"));
    for route in &routes {
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            for (kind, body) in [
                ("application/x-www-form-urlencoded", "act=delete&jid=dead-1&sure=yes&scope=all"),
                ("application/json", "{}"),
            ] {
                let request = Request::builder()
                    .method(method)
                    .uri(route)
                    .header("authorization", BOB)
                    .header("content-type", kind);
                let answer = send(&router, request.body(Body::from(body)).expect("a request")).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {route}: {}", answer.text);
                assert!(answer.text.contains("viewer"), "{method} {route}: {}", answer.text);
            }
        }
    }
    assert_eq!(format!("{:?}", store.stats(NOW).await.expect("totals")), before);
    assert!(!shipped.load(std::sync::atomic::Ordering::Relaxed));
    let shipping = Request::post("/x/orders").header("authorization", ANN).body(Body::empty()).expect("a request");
    assert_eq!(send(&router, shipping).await.status, StatusCode::OK);
    assert!(shipped.load(std::sync::atomic::Ordering::Relaxed), "an operator acts there");
}

#[tokio::test]
async fn a_tab_of_the_application_stands_behind_the_gate() {
    let store = Arc::new(sample().await);
    let tab = Tab::page("orders", "Orders", async || Fragment::text("Mailer"));
    let ann = Credentials::basic("ann", "correct horse", Role::Operator).expect("credentials");
    let web = Web::new(store.clone(), store, Arc::new(Still(NOW))).access(Access::credentials([ann]).expect("some"));
    let router = sancho_web::router(web.tab(tab).expect("a tab"));
    for address in ["/x/orders", "/x/orders/", "/x/", "/x//orders", "/x/%6frders"] {
        let answer = router.get(address).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{address}");
        assert!(!answer.text.contains("Mailer"), "{address}");
    }
    let framed = Request::get("/x/orders")
        .header("authorization", ANN)
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "iframe");
    assert_eq!(send(&router, framed.body(Body::empty()).expect("a request")).await.status, StatusCode::FORBIDDEN);
    let known =
        send(&router, Request::get("/x/orders").header("authorization", ANN).body(Body::empty()).expect("a request"))
            .await;
    assert_eq!((known.status, known.header("x-frame-options")), (StatusCode::OK, "DENY"));
}
