//! A crawler: it goes wherever a link leads and presses whatever a form has, in each language, with JavaScript and
//! without. Whatever goes wrong in the browser meanwhile fails it.

mod forms;
mod links;
mod words;

use std::collections::BTreeSet;

use crate::page::{Page, Visitor};
use crate::site::Home;

pub(crate) use links::Links;

/// Addresses that people are promised. The star stands for any name.
const PROMISED: [&str; 10] =
    ["/", "/busy", "/dead", "/held", "/jobs/*", "/metrics", "/queues", "/queues/*", "/retries", "/scheduled"];

/// Every act that there is.
const ACTS: [&str; 11] =
    ["cancel", "clear", "delete", "dump", "kill", "pause", "quiet", "reschedule", "resume", "run", "stop"];

on_each_store!(everything_in_english, everything_in_vietnamese);

async fn everything_in_english(home: Home) {
    crawl(&home, Visitor { language: "en-US", ..Visitor::default() }).await;
}

async fn everything_in_vietnamese(home: Home) {
    crawl(&home, Visitor { language: "vi-VN", ..Visitor::default() }).await;
}

// The pages are the same ones without JavaScript: one language on one store, as a crawl takes a while.
#[tokio::test]
async fn everything_in_vietnamese_without_javascript_on_redis() {
    crawl(&Home::redis(), Visitor { language: "vi-VN", javascript: false, ..Visitor::default() }).await;
}

async fn crawl(home: &Home, visitor: Visitor) {
    let site = home.stocked().await;
    let page = Page::of(&site, visitor).await;
    let links =
        Links::followed(&page, &site.origin, |_| true, async |_, survey| words::check(&page, visitor, survey).await)
            .await;
    if visitor.javascript {
        links.in_other_languages(&page).await;
    }
    let visited: BTreeSet<String> = links.pages.keys().map(|path| route(path)).collect();
    for promised in PROMISED {
        assert!(visited.contains(promised), "no link leads to {promised}, but to {visited:?}");
    }
    println!("{} pages", links.pages.len());
    let acts = forms::send_each(home, visitor, &links).await;
    for act in ACTS {
        assert!(acts.contains(act), "no form has the act {act}, but {acts:?}");
    }
}

/// The route of an address: what a name stands for is any.
fn route(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    match path.split('/').collect::<Vec<_>>()[..] {
        ["", "queues", _] => "/queues/*".to_owned(),
        ["", "jobs", _] => "/jobs/*".to_owned(),
        _ => path.to_owned(),
    }
}
