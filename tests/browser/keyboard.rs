//! The pages by keyboard alone.

use crate::page::{Page, Visitor};
use crate::site::Home;

on_each_store!(
    rows_are_walked_and_selected,
    a_row_is_opened,
    a_slash_searches,
    a_question_mark_helps,
    keys_work_where_the_browser_keeps_nothing,
    tab_reaches_what_there_is
);

const PICKED: &str = "[...document.querySelectorAll('input[name=jid]:checked')].map((box) => box.value)";

async fn rows_are_walked_and_selected(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/retries").await;
    for (keys, picked) in [
        ("jx", &["retry-1"][..]),
        ("jx", &["retry-1", "retry-2"]),
        ("kx", &["retry-2"]),
        ("jjx", &["retry-2", "retry-3"]),
        ("jx", &["retry-2"]),
    ] {
        for key in keys.chars() {
            page.press(&key.to_string()).await;
        }
        assert_eq!(page.evaluate::<Vec<String>>(PICKED).await, picked, "after {keys}");
    }
}

async fn a_row_is_opened(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/retries").await;
    page.press("j").await;
    page.press("j").await;
    assert!(page.strike("Enter").await.address.contains("/jobs/retry-2"));
}

async fn a_slash_searches(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/retries").await;
    page.press("/").await;
    for key in "class:Report".chars() {
        page.press(&key.to_string()).await;
    }
    page.strike("Enter").await;
    let found: Vec<String> = page.evaluate(&PICKED.replace(":checked", "")).await;
    assert_eq!(found, ["retry-2"], "what was typed was text, not commands");
}

async fn a_question_mark_helps(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/").await;
    page.press("?").await;
    page.appears("dialog[open]").await;
    page.press("Escape").await;
    assert_eq!(page.count("dialog[open]").await, 0);
}

/// Where somebody blocks the data of sites, `localStorage` cannot even be looked at.
async fn keys_work_where_the_browser_keeps_nothing(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/retries").await;
    let blocked = "(Object.defineProperty(window, 'localStorage', \
                   { get() { throw new DOMException('blocked', 'SecurityError'); } }), true)";
    page.evaluate::<bool>(blocked).await;
    page.press("j").await;
    page.press("x").await;
    assert_eq!(page.evaluate::<Vec<String>>(PICKED).await, ["retry-1"]);
}

async fn tab_reaches_what_there_is(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/queues").await;
    page.press("Tab").await;
    let first: String = page.evaluate("document.activeElement.getAttribute('href')").await;
    assert_eq!(first, "#main", "first one may skip what all pages have");
    for _ in 0..100 {
        page.press("Tab").await;
        if page.evaluate("document.activeElement.value === 'clear'").await {
            return;
        }
    }
    panic!("the keyboard does not reach the buttons of a queue");
}
