//! Who did what leaves a line, one an action.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::http::request::Parts;
use sancho_core::model::ModelStore;
use sancho_core::{End, Place, Store};
use sancho_web::{Access, Admission, Person, Role};

use crate::support::log::Log;
use crate::support::store::{queue, raw};
use crate::support::{NOW, Visit, send};
use crate::{ANN, BOB, delete, deletion, guarded, one_dead, web};

#[tokio::test]
async fn each_action_leaves_one_line_that_says_who_did_what_to_how_many() {
    let log = Log::start();
    let store = one_dead().await;
    let router = guarded(&store);

    let looked = Request::get("/dead").header("authorization", ANN).body(Body::empty()).expect("a request");
    send(&router, looked).await;
    assert_eq!(log.audit(), Vec::<String>::new(), "looking is no action");

    delete(&router, deletion().header("authorization", ANN)).await;
    let told = log.audit();
    assert_eq!(told.len(), 1, "{told:#?}");
    for part in ["person=ann", "role=\"operator\"", "act=delete", "what=dead: dead1", "many=1"] {
        assert!(told[0].contains(part), "{part}: {}", told[0]);
    }

    // An attempt that came to nothing is told too, by what was asked and answered.
    let astray = Request::post("/dead").header("authorization", ANN).body(Body::from("act=none")).expect("a request");
    let astray = send(&router, astray).await;
    let told = log.audit();
    assert_eq!(told.len(), 2, "{told:#?}");
    for part in ["person=ann", "act=POST /dead", &format!("status={}", astray.status.as_u16())] {
        assert!(told[1].contains(part), "{part}: {}", told[1]);
    }

    // Who is refused has done nothing; wrong credentials are told of, and not what they were.
    delete(&router, deletion().header("authorization", BOB)).await;
    assert_eq!(log.audit().len(), 2);
    let peer = ConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 7], 4711)));
    delete(&router, deletion().extension(peer).header("authorization", "Basic YW5uOmFubmFubmFubg==")).await;
    let told = log.audit();
    assert!(told.len() == 3 && told[2].contains("credentials refused") && !told[2].contains("annann"), "{told:#?}");
    assert!(told[2].contains("address=192.0.2.7"), "{}", told[2]);
}

#[tokio::test]
async fn nothing_that_a_stranger_names_begins_a_line_of_its_own() {
    const FORGED: &str = "x\nINFO sancho::audit: action person=ann act=delete\u{2028}\u{202e}\u{1b}[31m";
    let log = Log::start();
    let store = ModelStore::new();
    store
        .push(&[raw("a\u{202e}b", Place::Queue { queue: queue("low\u{2028}x"), end: End::Back }, b"{}")], NOW)
        .await
        .expect("a push");
    let access = Access::doorkeeper(|_: &Parts| Admission::Granted(Person::new(FORGED, Role::Operator)));
    let router = sancho_web::router(web(&store).access(access));
    let encoded = "low%E2%80%A8x";
    for (address, form) in [
        ("/queues".to_owned(), format!("act=pause&queue={encoded}")),
        (format!("/queues/{encoded}"), "act=delete&sure=yes&jid=a%E2%80%AEb".to_owned()),
        (format!("/queues/{encoded}"), "act=%0AINFO%20sancho::audit".to_owned()),
        ("/dead".to_owned(), format!("act=delete&sure=yes&scope=all&q={}%0Asancho::audit", "%E2%80%AE")),
        ("/%0aINFO/%0d".to_owned(), String::new()),
    ] {
        router.post(&address, &form).await;
    }
    let body = r#"{"label":"v1\u2028 forged"}"#;
    let deploy = Request::post("/api/v1/deploys").header("content-type", "application/json").body(Body::from(body));
    send(&router, deploy.expect("a request")).await;
    let (text, told) = (log.text(), log.audit());
    assert!(told.len() >= 6, "{told:#?}");
    assert!(told.iter().all(|line| line.contains("person=x\\u{a}INFO")), "{told:#?}");
    assert_eq!(
        text.lines().count(),
        text.split(['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}']).count() - 1,
        "{text:?}"
    );
    assert!(!text.contains(['\u{202e}', '\u{1b}']), "{text:?}");
}

#[tokio::test]
async fn what_is_hidden_is_in_no_line() {
    let log = Log::start();
    let store = ModelStore::new();
    let payload = br#"{"class":"A","args":["s3cr3t"],"redact":true,"error_message":"s3cr3t"}"#;
    store.push(&[raw("hidden", Place::Dead, payload)], NOW).await.expect("a push");
    let router = sancho_web::router(web(&store));
    router.post("/jobs/hidden", "act=run").await;
    router.post("/queues/default", "act=delete&scope=all&sure=yes").await;
    assert_eq!(log.audit().len(), 2, "{:#?}", log.audit());
    assert!(!log.text().contains("s3cr3t"), "{}", log.text());
}
