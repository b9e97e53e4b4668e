//! The queues: pausing, resuming and clearing them, from their list and from their own page.

use sancho::core::{NewJob, Pausable};

use crate::page::{Page, Visitor};
use crate::site::{Home, Site};
use crate::stock::{self, enqueued, queue};

on_each_store!(
    a_queue_is_paused_and_resumed,
    a_queue_is_paused_from_its_own_page,
    a_class_is_resumed,
    a_queue_is_cleared_when_one_agrees,
    a_long_clearing_goes_on_by_itself,
);

async fn a_queue_is_paused_and_resumed(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/queues").await;
    page.follow(&button("queue", "default", "pause")).await;
    assert!(is_paused(&site, "default").await);
    page.follow(&button("queue", "default", "resume")).await;
    assert!(!is_paused(&site, "default").await);
    page.follow(&button("queue", "low", "resume")).await;
    assert!(!is_paused(&site, "low").await, "what was paused before");
}

async fn a_queue_is_paused_from_its_own_page(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/queues/default").await;
    let arrival = page.act("pause").await;
    assert!(arrival.address.contains("/queues/default"), "one stays on the page: {}", arrival.address);
    assert!(is_paused(&site, "default").await);
    page.act("resume").await;
    assert!(!is_paused(&site, "default").await);
}

async fn a_class_is_resumed(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/queues").await;
    page.follow(&button("class", "Billing", "resume")).await;
    let paused = site.client.inspect().paused().await.expect("the store tells");
    assert_eq!(paused, [Pausable::Queue(queue("low"))]);
}

async fn a_queue_is_cleared_when_one_agrees(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/queues").await;
    page.follow(&button("queue", "default", "clear")).await;
    assert!(page.text("main h1").await.contains('1'), "one is told how many");
    assert_eq!(site.stats().await.enqueued, 2, "one is asked first");
    page.agree().await;
    assert_eq!(site.state("waiting-1").await, None);
    assert_eq!(site.stats().await.enqueued, 1, "the other queue stays");
    page.appears("[role=status]").await;
}

async fn a_long_clearing_goes_on_by_itself(home: Home) {
    let site = home.empty().await;
    let jobs: Vec<NewJob> =
        (0..5_100).map(|number| stock::job(&format!("more-{number}"), "Mailer", enqueued("default"))).collect();
    for some in jobs.chunks(1_000) {
        stock::push(&site.client, some).await;
    }
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/queues/default").await;
    page.act("clear").await;
    page.agree().await;
    page.leads("cleared=5100").await;
    assert_eq!(site.stats().await.enqueued, 0);
}

/// A button of the row of a queue or of a class.
fn button(kind: &str, name: &str, act: &str) -> String {
    format!("form:has(input[name={kind}][value='{name}']) button[name=act][value={act}]")
}

async fn is_paused(site: &Site, name: &str) -> bool {
    let paused = site.client.inspect().paused().await.expect("the store tells");
    paused.contains(&Pausable::Queue(queue(name)))
}
