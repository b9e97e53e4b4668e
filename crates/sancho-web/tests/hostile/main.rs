//! Whatever strangers put into payloads, names and addresses: every page shows it, and nothing of it comes alive.

#[path = "../support/mod.rs"]
mod support;

mod api;
mod inert;
mod redis;
mod sqlite;
mod stock;
mod tour;

use axum::body::Body;
use axum::http::{Request, StatusCode};

use sancho_core::model::ModelStore;
use sancho_core::{End, Inspect, Place, Store};

use inert::{MARKER, assert_inert, faults};
use support::crawl;
use support::{NOW, Visit, router_of, send};

/// Parts of addresses that are no text when they are decoded.
const BROKEN: [&str; 5] = ["%ff%fe", "%00", "%", "%zz", "%f0%9f%3Cx0sancho%3E"];

#[tokio::test]
async fn every_page_shows_hostile_jobs_and_none_comes_alive() {
    let store = ModelStore::new();
    stock::fill(&store).await;
    stock::fill_much(&store).await;
    let router = router_of(&store);
    // The same pages as those of the browser's own language, which the crawl begins with.
    let is_new = |address: &str| !address.contains("lang=en");
    let pages = crawl::crawl_where(&router, "/", is_new).await;
    for seen in ["/dead", "/jobs/", "/queues/", "/busy", "/metrics", "lang=vi"] {
        assert!(pages.keys().any(|address| address.contains(seen)), "{seen}: {:?}", pages.keys());
    }
    let shown = pages.values().filter(|answer| answer.text.contains(MARKER)).count();
    assert!(shown > 100, "what strangers wrote is on the pages: {shown}");
    for (address, answer) in &pages {
        assert!(!answer.status.is_server_error(), "{address}: {} {}", answer.status, answer.text);
        if answer.header("content-type").starts_with("text/html") {
            assert_inert(address, &answer.text);
        }
    }
}

#[tokio::test]
async fn a_form_hands_back_to_the_byte_what_a_page_shows_written_out() {
    let store = ModelStore::new();
    let name = "low\u{202e}\"wol";
    let place = Place::Queue { queue: support::store::queue(name), end: End::Back };
    store.push(&[support::store::raw("a\u{202e}b", place, b"{}")], NOW).await.expect("a push");
    let router = router_of(&store);
    for address in ["/queues".to_owned(), format!("/queues/{}", crawl::encoded(name))] {
        let page = router.get(&address).await.text;
        assert!(page.contains("name=\"queue\" value=\"low\u{202e}&#34;wol\""), "{address}: {page}");
        assert!(page.contains("low\\u{202e}&#34;wol"), "{address}: {page}");
    }
    let form = format!("act=delete&sure=yes&scope=picked&jid={}", crawl::encoded("a\u{202e}b"));
    let answer = router.post(&format!("/queues/{}", crawl::encoded(name)), &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(store.stats(NOW).await.expect("totals").enqueued, 0);
}

#[tokio::test]
async fn what_stands_in_an_address_comes_alive_nowhere() {
    let router = router_of(&ModelStore::new());
    let texts = stock::TEXTS.iter().map(|text| crawl::encoded(text)).chain(BROKEN.map(str::to_owned));
    for text in texts {
        for path in ["", "busy", "queues", "queues/default", "scheduled", "retries", "dead", "held", "metrics"] {
            for name in ["q", "filter", "cursor", "after", "lang", "page", "sort", "class", "span", "queue"] {
                let address = format!("/{path}?{name}={text}");
                let answer = router.get(&address).await;
                assert!(!answer.status.is_server_error(), "{address}: {} {}", answer.status, answer.text);
                assert_inert(&address, &answer.text);
            }
        }
        for address in
            [format!("/{text}"), format!("/queues/{text}"), format!("/jobs/{text}"), format!("/metrics/{text}")]
        {
            let answer = router.get(&address).await;
            assert!(!answer.status.is_server_error(), "{address}: {} {}", answer.status, answer.text);
            assert_inert(&address, &answer.text);
        }
    }
}

#[tokio::test]
async fn what_stands_in_a_form_comes_alive_nowhere() {
    let router = router_of(&ModelStore::new());
    let names = ["jid", "q", "cursor", "queue", "class", "process", "in", "as_of", "done", "refused", "scope", "lang"];
    let texts = stock::TEXTS.iter().map(|text| crawl::encoded(text)).chain(BROKEN.map(str::to_owned));
    for text in texts {
        let fields: String = names.iter().map(|name| format!("&{name}={text}")).collect();
        for path in ["/busy", "/queues", "/queues/low", "/scheduled", "/retries", "/dead", "/held", "/jobs/gone"] {
            for act in
                ["delete", "run", "reschedule", "kill", "pause", "resume", "clear", "quiet", "stop", "cancel", &text]
            {
                for (path, sure) in [(path.to_owned(), "yes"), (format!("{path}?q={text}&lang={text}"), "no")] {
                    let answer = router.post(&path, &format!("act={act}&sure={sure}{fields}")).await;
                    let sent = format!("{path} act={act}{fields}");
                    assert!(!answer.status.is_server_error(), "{sent}: {} {}", answer.status, answer.text);
                    assert_inert(&sent, &answer.text);
                    assert!(
                        !answer.header("location").contains("//"),
                        "{sent} leads away: {}",
                        answer.header("location")
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn headers_of_strangers_come_alive_nowhere() {
    let store = ModelStore::new();
    stock::fill(&store).await;
    let router = router_of(&store);
    for text in stock::TEXTS.iter().filter(|text| text.is_ascii()) {
        for name in
            ["accept-language", "accept", "cookie", "referer", "user-agent", "x-forwarded-prefix", "content-type"]
        {
            let request = Request::get("/").header(name, *text).body(Body::empty()).expect("a request");
            let answer = send(&router, request).await;
            assert_eq!(answer.status, StatusCode::OK, "{name}: {text}");
            assert_inert(&format!("/ with {name}: {text}"), &answer.text);
        }
    }
}

#[test]
fn a_page_that_escapes_too_little_is_found_out() {
    let page = |middle: &str| format!("<!doctype html><html><body><p>{middle}</p></body></html>");
    for text in stock::TEXTS.iter().filter(|text| !stock::is_harmless_as_text(text)) {
        assert!(!faults(&page(text)).is_empty(), "{text}");
        assert!(!faults(&page(&format!("<a title='{text}' class=\"{text}\">"))).is_empty(), "{text}");
    }
    for harm in [
        "<a href=\"javascript:alert(1)\">",
        "<a href=\" java\nscript:alert(1)\">",
        "<a href=\"//evil.example\">",
        "<a href=\"https://evil.example\">",
        "<form action=\"https://evil.example\">",
        "<button formaction=\"data:text/html,x\">",
        "<b onclick=\"x()\">",
        "<b style=\"color:red\">",
        "<script>x()</script>",
        "<style>*{}</style>",
        "<iframe src=\"./\">",
        "<meta http-equiv=\"refresh\" content=\"0\">",
        "<base href=\"./\">",
        "<svg><use href=\"#x\"></svg><object>",
        "a\u{202e}b",
        "a&#x202e;b",
        "<b title=\"\u{200b}\">",
    ] {
        assert!(!faults(&page(harm)).is_empty(), "{harm}");
    }
    assert!(!faults(&page(&"x".repeat(1_000_000))).is_empty(), "a page of a megabyte");
}

#[test]
fn a_page_that_escapes_all_is_let_be() {
    let escaped = format!(
        "<p>&lt;{MARKER}&gt; &amp;quot; \\u{{202e}}</p><a href=\"../dead?q=class%3A%3C{MARKER}%3E\" title=\"&quot; {MARKER}=1\">Đã</a>\
         <script type=\"module\" src=\"./assets/1/app.js\"></script><time datetime=\"2026\">now</time>"
    );
    assert_eq!(faults(&escaped), Vec::<String>::new());
}
