//! Who may do what, as a browser and the server agree on it.

use sancho::State;
use sancho_web::axum::Router;
use sancho_web::axum::response::Html;
use sancho_web::axum::routing::get;
use sancho_web::{Access, Credentials, Role};
use serde_json::json;

use crate::page::{Page, Visitor};
use crate::site::{Home, Site, serve};
use crate::stock;

on_each_store!(
    a_viewer_sees_no_buttons_and_is_refused,
    an_operator_with_a_password_acts,
    a_stranger_sees_nothing,
    a_form_on_another_site_is_refused,
    a_script_on_another_site_is_refused,
);

const PASSWORD: &str = "correct-horse-battery";

/// Everywhere that an operator has buttons.
const PAGES: [&str; 9] = [
    "/busy",
    "/queues",
    "/queues/default",
    "/scheduled",
    "/retries",
    "/dead",
    "/held",
    "/jobs/retry-1",
    "/jobs/running-1",
];

async fn guarded(home: &Home) -> Site {
    let client = home.client().await;
    stock::fill(&client).await;
    let known = [("vera", Role::Viewer), ("otto", Role::Operator)];
    let known = known.map(|(name, role)| Credentials::basic(name, PASSWORD, role).expect("credentials"));
    Site::with(client, |web| web.access(Access::credentials(known).expect("somebody may come in"))).await
}

async fn arrive_as(site: &Site, name: &'static str) -> Page {
    let page = Page::of(site, Visitor { credentials: Some((name, PASSWORD)), ..Visitor::default() }).await;
    // What the browser is answered before it presents anything.
    page.expects(&[401]).await;
    page
}

async fn a_viewer_sees_no_buttons_and_is_refused(home: Home) {
    let site = guarded(&home).await;
    let page = arrive_as(&site, "vera").await;
    for path in PAGES {
        assert_eq!(page.open(path).await.status, 200, "{path} may be looked at");
        assert_eq!(page.count("main form[method=post] button:visible").await, 0, "{path} has a button");
        assert_eq!(page.count("main input[type=checkbox]").await, 0, "{path} has a box");
    }
    page.expects(&[401, 403]).await;
    for (path, form) in [
        ("/retries", "act=run&scope=picked&jid=retry-1"),
        ("/retries", "act=delete&scope=all&sure=yes"),
        ("/jobs/dead-1", "act=delete&sure=yes"),
        ("/queues", "act=clear&queue=default&sure=yes"),
        ("/busy", "act=stop&sure=yes"),
    ] {
        let headers = json!({ "content-type": "application/x-www-form-urlencoded" });
        let fetched = page.fetch(path, json!({ "method": "POST", "headers": headers, "body": form })).await;
        assert_eq!(fetched.status, 403, "{path} {form}");
    }
    let body = json!({ "action": "delete" }).to_string();
    let headers = json!({ "content-type": "application/json" });
    let fetched =
        page.fetch("/api/v1/jobs/dead-1/actions", json!({ "method": "POST", "headers": headers, "body": body })).await;
    assert_eq!(fetched.status, 403);
    let stats = site.stats().await;
    assert_eq!((stats.retries, stats.dead, stats.enqueued, stats.processes), (3, 3, 2, 1), "nothing has changed");
}

async fn an_operator_with_a_password_acts(home: Home) {
    let site = guarded(&home).await;
    let page = arrive_as(&site, "otto").await;
    page.open("/retries").await;
    page.pick("retry-1").await;
    page.act("run").await;
    assert_eq!(site.state("retry-1").await, Some(State::Enqueued));
}

async fn a_stranger_sees_nothing(home: Home) {
    let site = guarded(&home).await;
    // Chromium shows no answer at all where nobody is there to be asked for a password.
    let page =
        Page::of(&site, Visitor { credentials: Some(("eve", "a-guess-that-fails")), ..Visitor::default() }).await;
    page.expects(&[401]).await;
    for path in PAGES {
        assert_eq!(page.open(path).await.status, 401, "{path}");
        let text = page.text("body").await;
        assert!(!text.contains("Mailer") && !text.contains("Boom"), "{path} tells: {text}");
    }
}

/// A site of somebody else's that aims at ours, by two names of this machine: a neighbor's port, and another host.
async fn attackers(target: &Site, page: String) -> [String; 2] {
    let (origin, _served) = serve(Router::new().route("/", get(|| async move { Html(page) }))).await;
    let other = origin.replace("127.0.0.1", "localhost");
    assert_ne!(origin, target.origin);
    [origin, other]
}

async fn a_form_on_another_site_is_refused(home: Home) {
    let site = home.stocked().await;
    let to = &site.origin;
    let form = format!(
        "<!doctype html><link rel=icon href='data:,'><form method=post action='{to}/retries'>\
         <input name=act value=delete><input name=scope value=all><input name=sure value=yes><button>Win</button></form>"
    );
    for attacker in attackers(&site, form).await {
        let page = Page::among(&[&attacker, to], Visitor::default()).await;
        page.open("/").await;
        page.expects(&[403]).await;
        let arrival = page.follow("button").await;
        assert_eq!(arrival.status, 403, "from {attacker}");
        assert!(arrival.address.starts_with(to.as_str()), "the browser has asked our site: {}", arrival.address);
        assert_eq!(site.stats().await.retries, 3, "nothing is deleted");
    }
}

async fn a_script_on_another_site_is_refused(home: Home) {
    let site = home.stocked().await;
    let to = &site.origin;
    let nothing = "<!doctype html><link rel=icon href='data:,'><p>Hello".to_owned();
    for attacker in attackers(&site, nothing).await {
        let page = Page::among(&[&attacker, to], Visitor::default()).await;
        page.open("/").await;
        page.expects(&[403]).await;
        page.pardons(&["ERR_BLOCKED_BY_RESPONSE"]).await;
        for (path, kind, body) in [
            ("/retries", "application/x-www-form-urlencoded", "act=delete&scope=all&sure=yes"),
            ("/api/v1/sets/retries/actions", "text/plain", r#"{"action":"delete","filter":""}"#),
        ] {
            let script = format!(
                "fetch('{to}{path}', {{ method: 'POST', mode: 'no-cors', headers: {{ 'content-type': '{kind}' }}, \
                 body: '{body}' }}).then((answer) => answer.type, () => 'refused')"
            );
            let learned: String = page.evaluate(&script).await;
            assert_eq!(learned, "refused", "the script learns nothing, not even that there was an answer");
            assert_eq!(site.stats().await.retries, 3, "nothing is deleted from {attacker}");
        }
    }
}
