//! What an application adds: framed as our own pages are, and behind the same gate.

mod support;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use axum::response::Redirect;
use axum::routing::get;
use axum::{Form, Router};
use sancho_core::{Inspect, JobRow};
use sancho_web::{Access, Admission, Fragment, Language, Panel, Person, Role, Tab, Title, View, Web, escaped};

use support::log::Log;
use support::store::sample;
use support::{Answer, NOW, Still, Visit, send};

async fn web() -> Web {
    let store = Arc::new(sample().await);
    Web::new(store.clone(), store, Arc::new(Still(NOW)))
}

async fn orders(view: View) -> Fragment {
    let form =
        if view.person().may_act() { "<form method=\"post\"><button name=\"id\">Ship</button></form>" } else { "" };
    let busy = view.to("busy");
    Fragment::html(format!("<h1>Orders</h1>{form}<a href=\"{}\">busy</a>", escaped(&busy)))
}

async fn ship(view: View, Form(fields): Form<Vec<(String, String)>>) -> Redirect {
    view.audit("ship", &fields[0].1, 1);
    Redirect::to("orders")
}

fn tab() -> Tab {
    let title = Title::new("Orders <&>").in_language(Language::Vietnamese, "Đơn hàng");
    let one =
        |view: View| async move { Fragment::text(format!("<b>{}", view.language().tag())).titled("One \"order\"") };
    let style = get(|| async { ([("content-type", "text/css")], "h1 { color: red }") });
    let gone = get(|| async { Fragment::text("gone").with_status(StatusCode::GONE) });
    let router = Router::new()
        .route("/", get(orders).post(ship))
        .route("/one", get(one))
        .route("/gone", gone)
        .route("/style.css", style);
    Tab::new("orders", title, router)
}

async fn extended() -> Router {
    sancho_web::router(web().await.tab(tab()).expect("a tab"))
}

fn policy(answer: &Answer) -> &str {
    answer.header("content-security-policy")
}

#[tokio::test]
async fn a_tab_stands_in_the_navigation_and_its_pages_in_the_frame() {
    let router = extended().await;
    let home = router.get("/").await.text;
    assert!(home.contains("<a href=\"./x/orders\">Orders &#60;&#38;&#62;</a>"), "the title is escaped: {home}");
    let page = router.get("/x/orders").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    assert!(page.text.starts_with("<!doctype html>") && page.text.contains("<h1>Orders</h1>"), "{}", page.text);
    assert!(page.text.contains("<a href=\"../x/orders\" aria-current=\"page\">"), "{}", page.text);
    assert!(page.text.contains("<a href=\"../busy\">busy</a>"), "{}", page.text);
    assert_eq!(policy(&page), policy(&router.get("/busy").await), "the policy is the one of all pages");
    assert!(policy(&page).contains("default-src 'none'"));
}

#[tokio::test]
async fn a_page_below_has_its_own_title_and_escapes_its_text() {
    let page = extended().await.get("/x/orders/one?lang=vi").await.text;
    assert!(page.contains("<html lang=\"vi\">") && page.contains(">Đơn hàng</a>"), "{page}");
    assert!(page.contains("<title>One &#34;order&#34; · Sancho</title>") && page.contains("&#60;b&#62;vi"), "{page}");
}

#[tokio::test]
async fn what_is_no_fragment_goes_out_as_it_is() {
    let router = extended().await;
    let style = router.get("/x/orders/style.css").await;
    assert_eq!((style.header("content-type"), style.text.as_str()), ("text/css", "h1 { color: red }"));
    assert_eq!(router.get("/x/orders/gone").await.status, StatusCode::GONE);
    let nothing = router.get("/x/orders/nothing").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    assert!(nothing.text.contains("There is nothing here"), "{}", nothing.text);
    assert_eq!(router.get("/x/other").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn it_works_wherever_the_pages_are_mounted() {
    let nested = Router::new().nest("/admin/jobs", extended().await);
    assert!(nested.get("/admin/jobs").await.text.contains("href=\"./jobs/x/orders\""));
    let page = nested.get("/admin/jobs/x/orders?lang=vi").await.text;
    assert!(page.contains("href=\"../busy?lang=vi\">busy"), "{page}");
}

/// A form that acts, as a viewer or an operator sends it.
fn form(person: &'static str, site: &'static str) -> Request<Body> {
    Request::post("/x/orders")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", site)
        .header("x-person", person)
        .body(Body::from("id=42"))
        .expect("a request")
}

#[tokio::test]
async fn an_act_passes_the_same_gate_as_ours() {
    let access = Access::doorkeeper(|request: &Parts| {
        let name = request.headers.get("x-person").and_then(|name| name.to_str().ok()).unwrap_or("viewer").to_owned();
        Admission::Granted(Person::new(name.as_str(), Role::named(&name).unwrap_or_default()))
    });
    let router = sancho_web::router(web().await.access(access).tab(tab()).expect("a tab"));
    let viewed = router.get("/x/orders").await.text;
    assert!(viewed.contains("<h1>Orders</h1>") && !viewed.contains("Ship"), "a viewer has no button: {viewed}");
    let log = Log::start();
    for (person, site, status) in [
        ("viewer", "same-origin", StatusCode::FORBIDDEN),
        ("operator", "cross-site", StatusCode::FORBIDDEN),
        ("operator", "same-origin", StatusCode::SEE_OTHER),
    ] {
        assert_eq!(send(&router, form(person, site)).await.status, status, "{person} {site}");
    }
    let told = log.audit();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("person=operator") && told[0].contains("act=ship what=42 many=1"), "{told:#?}");
}

#[tokio::test]
async fn panels_stand_on_the_dashboard_and_on_jobs_that_they_know() {
    let stock =
        Panel::on_dashboard(Title::new("Stock").in_language(Language::Vietnamese, "Kho"), |view: View| async move {
            Fragment::text(format!("for <{}>", view.person().name))
        });
    let order = Panel::on_job("Order", |_: View, job: JobRow| async move {
        (job.jid.as_str() == "dead-1").then(|| Fragment::html("<em>of the order</em>"))
    });
    let router = sancho_web::router(web().await.panel(stock).expect("one").panel(order).expect("two"));
    let home = router.get("/").await.text;
    assert!(home.contains("<h2>Stock</h2>") && home.contains("<p>for &#60;this machine&#62;</p>"), "{home}");
    assert!(!home.contains("<h2>Order</h2>"), "{home}");
    assert!(router.get("/?lang=vi").await.text.contains("<h2>Kho</h2>"));
    let dead = router.get("/jobs/dead-1").await.text;
    assert!(dead.contains("<h2>Order</h2>") && dead.contains("<em>of the order</em>"), "{dead}");
    let other = router.get("/jobs/retry-1").await.text;
    assert!(!other.contains("Order") && !other.contains("Stock"), "{other}");
}

#[tokio::test(start_paused = true)]
async fn a_panel_that_fails_or_hangs_leaves_the_page_whole() {
    let panicking = Panel::on_dashboard("Panicking", |_: View| async { panic!("no stock") });
    let at_once =
        Panel::on_job("At once", |_: View, _: JobRow| -> std::future::Ready<Option<Fragment>> { panic!("at once") });
    let hanging = Panel::on_dashboard("Hanging", |_: View| std::future::pending::<Fragment>());
    let well = Panel::on_dashboard("Well", |_: View| async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        Fragment::text("all is well")
    });
    let mut web = web().await;
    for panel in [panicking, at_once, hanging, well] {
        web = web.panel(panel).expect("there is room");
    }
    let router = sancho_web::router(web);
    let home = router.get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.text.contains("all is well") && home.text.contains("<h2>Hanging</h2>"), "{}", home.text);
    assert_eq!(home.text.matches("could not be drawn").count(), 2, "{}", home.text);
    let job = router.get("/jobs/dead-1").await;
    assert_eq!((job.status, job.text.matches("could not be drawn").count()), (StatusCode::OK, 1), "{}", job.text);
}

#[tokio::test]
async fn a_panel_sees_no_more_of_a_job_than_the_person_does() {
    let payload = Panel::on_job("Payload", |_: View, job: JobRow| async move {
        Some(Fragment::text(String::from_utf8_lossy(job.payload.as_bytes())))
    });
    let redaction = sancho_web::Redaction::default().class("Mailer");
    let web = web().await.redact(redaction).panel(payload).expect("a panel");
    let whole = web_payload().await;
    assert!(whole.contains("two"), "the argument is there: {whole}");
    let page = sancho_web::router(web).get("/jobs/dead-1").await.text;
    assert!(page.contains("<h2>Payload</h2>") && !page.contains("two&#34;") && page.contains("[redacted]"), "{page}");
}

async fn web_payload() -> String {
    let store = sample().await;
    let row = store.find(&support::store::jid("dead-1")).await.expect("an answer").expect("a job");
    String::from_utf8_lossy(row.payload.as_bytes()).into_owned()
}

#[tokio::test]
async fn what_cannot_be_added_is_refused_with_a_reason() {
    let taken = web().await.tab(tab()).expect("the first").tab(tab()).expect_err("the segment is taken");
    assert!(taken.to_string().contains("there is a tab at \"orders\" already"), "{taken}");
    let crooked = web().await.tab(Tab::new("a/b", "Crooked", Router::new())).expect_err("no segment");
    assert!(crooked.to_string().contains("lower-case letters, digits and dashes"), "{crooked}");
}
