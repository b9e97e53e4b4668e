//! Whether everybody can use the pages: what axe-core finds in each of them, light and dark, on a screen and on a
//! phone.

use serde::Deserialize;
use serde_json::json;

use crate::page::{Look, Page, Visitor};
use crate::site::Home;

/// Every kind of page, with what they say when something was done, found or asked.
const PAGES: [&str; 18] = [
    "/",
    "/?days=90",
    "/busy",
    "/busy?did=quiet",
    "/queues",
    "/queues?cleared=7",
    "/queues/low",
    "/scheduled",
    "/retries",
    "/retries?by=error",
    "/dead?q=class%3ANobody",
    "/dead?q=color%3Ared",
    "/held",
    "/jobs/dead-1",
    "/jobs/running-1",
    "/metrics",
    "/metrics?class=Mailer",
    "/nowhere",
];

/// What axe says of how bad something is, where it is bad enough.
const BAD: [&str; 2] = ["serious", "critical"];

#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    impact: Option<String>,
    help: String,
    nodes: Vec<String>,
}

// What axe sees is the same on both stores, and colors and widths have nothing to do with each other or with words: so
// each language has a store and two looks of its own.
#[tokio::test]
async fn nothing_serious_is_in_the_way_in_english() {
    look_at_everything(&Home::sqlite(), "en-US", [Look::WIDE, Look::PHONE.dark()]).await;
}

#[tokio::test]
async fn nothing_serious_is_in_the_way_in_vietnamese_on_redis() {
    look_at_everything(&Home::redis(), "vi-VN", [Look::PHONE, Look::WIDE.dark()]).await;
}

async fn look_at_everything(home: &Home, language: &'static str, looks: [Look; 2]) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor { language, ..Visitor::default() }).await;
    let mut found = Vec::new();
    for path in PAGES {
        page.expects(&[404]).await;
        page.open(path).await;
        examine(&page, path, looks, &mut found).await;
    }
    // What is only there for a while: the help, and the question before something is destroyed.
    page.press("?").await;
    page.appears("dialog[open]").await;
    examine(&page, "the help", looks, &mut found).await;
    page.open("/dead").await;
    page.check("input[name=scope][value=all]").await;
    page.act("delete").await;
    examine(&page, "the question", looks, &mut found).await;
    assert!(found.is_empty(), "axe finds in the way: {found:#?}");
}

async fn examine(page: &Page, name: &str, looks: [Look; 2], found: &mut Vec<String>) {
    for look in looks {
        page.looks(look).await;
        let violations: Vec<Violation> = page.asks("axe", json!({})).await;
        for Violation { id, impact, help, nodes } in violations {
            let impact = impact.unwrap_or_default();
            if BAD.contains(&impact.as_str()) {
                let first = nodes.first().map(String::as_str).unwrap_or_default();
                found
                    .push(format!("{name}, {look:?}: {impact}, {id}: {help}; {} places, such as {first}", nodes.len()));
            }
        }
    }
}
