//! What is hidden is on no page, in no answer and found by no search.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use sancho_core::checkpointed::{Checkpointed, Progress};
use sancho_core::model::ModelStore;
use sancho_core::redact::FINGERPRINT;
use sancho_core::{End, Inspect, Jid, Place, Redact, Store};
use sancho_web::{Redaction, Web};

use crate::support::store::{queue, raw};
use crate::support::{NOW, Still, Visit, send};
use crate::web;

#[tokio::test]
async fn what_a_class_hides_is_on_no_page_and_found_by_no_search() {
    let store = ModelStore::new();
    let secret = br#"{"class":"SignUp","args":["s3cr3t"],"jid":"hidden","queue":"default"}"#;
    let places = [Place::Dead, Place::Queue { queue: queue("default"), end: End::Back }];
    for (number, place) in places.into_iter().enumerate() {
        store.push(&[raw(&format!("hidden{number}"), place, secret)], NOW).await.expect("a push");
    }
    let open = sancho_web::router(web(&store));
    let shut = sancho_web::router(web(&store).redact(Redaction::default().class("SignUp")));
    for address in ["/dead", "/queues/default", "/jobs/hidden0", "/jobs/hidden1"] {
        assert!(open.get(address).await.text.contains("s3cr3t"), "{address}");
        let answer = shut.get(address).await;
        assert!(answer.text.contains("SignUp") && !answer.text.contains("s3cr3t"), "{address}: {}", answer.text);
    }
    let itself = br#"{"class":"Open","args":["s3cr3t"],"jid":"itself","queue":"default","redact":true}"#;
    store.push(&[raw("itself", Place::Dead, itself)], NOW).await.expect("a push");
    let answer = open.get("/jobs/itself").await;
    assert!(answer.text.contains("[redacted]") && !answer.text.contains("s3cr3t"), "{}", answer.text);
    // By the beginning of it, as somebody would who guesses.
    for query in ["arg~s3", "s3c", "-s3"] {
        let found =
            |router: Router| async move { router.get(&format!("/dead?q={query}")).await.text.contains("hidden0") };
        let negated = query.starts_with('-');
        assert_eq!(found(open.clone()).await, !negated, "{query}");
        // What is hidden is as if it were not there, so whatever it is, its negation holds.
        assert_eq!(found(shut.clone()).await, negated, "{query}");
    }
}

/// All answers to what a guess can be asked of, of a store whose hidden value this is.
async fn answers(secret: &str) -> Vec<String> {
    let store = ModelStore::new();
    for (number, class) in ["Itself", "Told", "Open"].into_iter().enumerate() {
        let says = if class == "Itself" { ",\"redact\":true" } else { "" };
        let value = if class == "Open" { "open" } else { secret };
        let payload = format!(
            r#"{{"class":"{class}","args":["{value}"],"jid":"job{number}","queue":"default","error_class":"E","error_message":"no {value}"{says}}}"#
        );
        store.push(&[raw(&format!("job{number}"), Place::Dead, payload.as_bytes())], NOW).await.expect("a push");
    }
    let router = sancho_web::router(web(&store).redact(Redaction::default().class("Told")));
    let mut answers = Vec::new();
    for term in ["arg~4", "-arg~4", "arg:4111", "-arg:4111", "error~4", "-error~4", "4111", "-4111"] {
        for jid in ["", "jid:job0 ", "jid:job1 "] {
            let filter = format!("{jid}{term}").replace(' ', "%20");
            for address in [
                format!("/api/v1/sets/dead/jobs?filter={filter}"),
                format!("/api/v1/sets/dead/jobs?filter={filter}&limit=1"),
                format!("/api/v1/sets/dead/count?filter={filter}"),
                format!("/api/v1/sets/dead/groups?filter={filter}"),
                format!("/dead?q={filter}"),
                format!("/dead?by=error&q={filter}"),
            ] {
                let answer = router.get(&address).await;
                assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
                answers.push(format!("{address}: {}", answer.text));
            }
        }
    }
    // Last, as it changes what is there: a guess that is acted upon.
    for act in ["-arg~4", "arg~4"] {
        let answer = router.post("/dead", &format!("act=delete&scope=all&sure=yes&q=jid%3Ajob1%20{act}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{act}: {}", answer.text);
        answers.push(format!("{act}: {:?} {}", answer.headers.get("location"), answer.text));
        answers.push(router.get("/api/v1/sets/dead/jobs").await.text);
    }
    answers
}

#[tokio::test]
async fn no_answer_differs_by_what_is_hidden() {
    let (one, other) = (answers("4111").await, answers("secret").await);
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other);
    }
    assert!(one.iter().any(|answer| answer.contains("-arg~4&limit=1") && answer.contains("job1")), "some are found");
    assert!(one.iter().any(|answer| !answer.contains("job1")), "and some are not");
}

#[tokio::test]
async fn the_fingerprint_of_a_named_push_is_on_no_page_and_found_by_no_search() {
    let store = ModelStore::new();
    let redaction = Redaction::default().class("Charge").class("Refund");
    let router = sancho_web::router(web(&store).redact(redaction));
    let post = |name: &str, path: &str, body: &str| {
        let request = Request::post(format!("/api/v1{path}")).header("content-type", "application/json");
        send(&router, request.header("idempotency-key", name).body(Body::from(body.to_owned())).expect("a request"))
    };
    let charge = r#"{"class":"Charge","args":["4111"],"in":60}"#;
    assert_eq!(post("one", "/jobs", charge).await.status, StatusCode::CREATED);
    let many = r#"{"jobs":[{"class":"Open","args":[1],"in":60},{"class":"Refund","args":["4222"],"in":60}]}"#;
    assert!(post("many", "/jobs/bulk", many).await.status.is_success());
    let stored = store.find(&Jid::new("push:many").expect("an id")).await.expect("an answer").expect("a job");
    assert!(stored.payload.to_text_lossy().contains(FINGERPRINT), "the store keeps it");
    for jid in ["push:one", "push:many"] {
        for address in [format!("/jobs/{jid}"), format!("/api/v1/jobs/{jid}"), "/api/v1/sets/scheduled/jobs".to_owned()]
        {
            let answer = router.get(&address).await;
            assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
            assert!(!answer.text.contains("fingerprint"), "{address}: {}", answer.text);
        }
    }
    let found = router.get(&format!("/api/v1/sets/scheduled/count?filter={FINGERPRINT}")).await;
    assert!(found.text.contains(r#""jobs":0"#), "{}", found.text);
    assert_eq!(post("one", "/jobs", charge).await.status, StatusCode::OK, "a repeat is still known");
    assert_eq!(post("one", "/jobs", &charge.replace("4111", "4112")).await.status, StatusCode::CONFLICT);
}

/// A job that has failed, of a class that says itself what is hidden.
fn failed(says: &str) -> Vec<u8> {
    format!(
        r#"{{"class":"Charge","args":["v1s1ble","s3cr3t"],"jid":"itself","queue":"default","redact":{says},"error_class":"Refused","error_message":"no s3cr3t","error_backtrace":["at s3cr3t"]}}"#
    )
    .into_bytes()
}

#[tokio::test]
async fn what_a_job_says_itself_is_hidden_wherever_it_is_shown() {
    for (says, shows_other, shows_error) in [
        ("true", false, false),
        ("[1]", true, true),
        (r#"[1,"errors"]"#, true, false),
        (r#""of another build""#, false, false),
    ] {
        let store = ModelStore::new();
        store.push(&[raw("itself", Place::Dead, &failed(says))], NOW).await.expect("a push");
        let router = sancho_web::router(web(&store));
        for address in [
            "/dead",
            "/jobs/itself",
            "/dead?by=error",
            "/api/v1/sets/dead/jobs",
            "/api/v1/jobs/itself",
            "/api/v1/sets/dead/groups",
        ] {
            let answer = router.get(address).await;
            assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
            assert!(answer.text.contains("Charge") || address.contains("group"), "{address}: {}", answer.text);
            let shown = answer.text.replace("no s3cr3t", "").replace("at s3cr3t", "");
            assert!(!shown.contains("s3cr3t"), "{says} {address}: {}", answer.text);
            assert_eq!(answer.text.contains("no s3cr3t"), shows_error, "{says} {address}: {}", answer.text);
            if !address.contains("group") && !address.contains("by=") {
                assert_eq!(answer.text.contains("v1s1ble"), shows_other, "{says} {address}: {}", answer.text);
            }
        }
        assert_eq!(router.get("/jobs/itself").await.text.contains("at s3cr3t"), shows_error, "{says}");
    }
}

#[tokio::test]
async fn an_action_over_a_filter_finds_no_more_than_a_list_of_it() {
    let store = ModelStore::new();
    let other = br#"{"class":"Charge","args":["v1s1ble","s3cr3t"],"jid":"other","queue":"default"}"#;
    store
        .push(&[raw("itself", Place::Dead, &failed("[1]")), raw("other", Place::Dead, other)], NOW)
        .await
        .expect("a push");
    let router = sancho_web::router(web(&store));
    let form = "act=delete&scope=all&sure=yes&q=arg%3As3cr3t";
    assert_eq!(router.post("/dead", form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(router.get("/jobs/itself").await.status, StatusCode::OK, "it was not found by what it hides");
    assert_eq!(router.get("/jobs/other").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        router.post("/dead", "act=delete&scope=all&sure=yes&q=arg%3Av1s1ble").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(router.get("/jobs/itself").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_class_that_ruby_pushes_is_hidden_by_its_declaration() {
    let store = ModelStore::new();
    let payload = br#"{"class":"Charge","args":["v1s1ble","s3cr3t"],"jid":"r","queue":"default","error_class":"E","error_message":"no s3cr3t"}"#;
    let place = Place::Queue { queue: queue("default"), end: End::Back };
    store.push(&[raw("r", place, payload)], NOW).await.expect("a push");
    let declared = Redaction::default().declared("Charge", Redact::arguments(&[1]).and_errors());
    let router = sancho_web::router(web(&store).redact(declared));
    for address in ["/queues/default", "/jobs/r", "/api/v1/jobs/r"] {
        let answer = router.get(address).await;
        assert!(answer.text.contains("v1s1ble") && !answer.text.contains("s3cr3t"), "{address}: {}", answer.text);
    }
}

#[tokio::test]
async fn what_a_run_has_kept_is_hidden_with_all_its_arguments() {
    let store = crate::support::store::sample().await;
    let payload = br#"{"class":"Report","args":["s3cr3t"],"jid":"k","queue":"kept","redact":true}"#;
    let place = Place::Queue { queue: queue("kept"), end: End::Back };
    store.push(&[raw("k", place, payload)], NOW).await.expect("a push");
    let claim = sancho_core::ClaimRequest {
        incarnation: sancho_core::Incarnation::new(crate::support::store::PROCESS),
        first_number: 2,
        repeated: sancho_core::claim::Repeated::No,
        sources: vec![sancho_core::Source { queue: queue("kept"), quota: 0 }],
        fill: sancho_core::claim::Fill::InOrder,
        limit: 1,
    };
    let receipt = store.exchange(&[], Some(&claim), NOW).await.expect("a claim").claims[0].receipt.clone();
    let mut kept = Checkpointed::new();
    kept.set_progress(Progress { done: 7, total: 50 });
    kept.set_step("s3cr3t step");
    kept.set_raw("cursor", "\"s3cr3t cursor\"").expect("JSON");
    let checkpoint = sancho_core::Checkpoint { receipt, bytes: kept.to_bytes() };
    store.checkpoint(&[checkpoint], NOW).await.expect("it is kept");
    let router = sancho_web::router(Web::new(Arc::new(store.clone()), Arc::new(store), Arc::new(Still(NOW))));
    for address in ["/busy", "/jobs/k", "/api/v1/jobs/k"] {
        let answer = router.get(address).await;
        assert!(answer.text.contains("Report") && !answer.text.contains("s3cr3t"), "{address}: {}", answer.text);
        assert!(answer.text.contains('7'), "its progress stays: {}", answer.text);
    }
}
