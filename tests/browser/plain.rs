//! The pages without JavaScript: everything that matters is there.

use sancho::State;
use sancho::core::{NewJob, Place};

use crate::page::{Page, Visitor};
use crate::site::Home;
use crate::stock;

on_each_store!(
    jobs_are_acted_on,
    a_job_is_put_off_to_a_time_in_utc,
    a_long_act_goes_on_by_a_button,
    queues_and_processes_are_steered,
    a_search_finds,
    what_needs_javascript_is_not_shown
);

const PLAIN: Visitor =
    Visitor { language: "en-US", javascript: false, look: crate::page::Look::WIDE, credentials: None };

async fn jobs_are_acted_on(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, PLAIN).await;
    page.open("/retries").await;
    page.pick("retry-1").await;
    page.act("run").await;
    assert_eq!(site.state("retry-1").await, Some(State::Enqueued));
    page.check("input[name=scope][value=all]").await;
    page.act("kill").await;
    page.agree().await;
    let stats = site.stats().await;
    assert_eq!((stats.retries, stats.dead), (0, 5));
    page.open("/jobs/held-1").await;
    page.act("run").await;
    assert_eq!(site.state("held-1").await, Some(State::Enqueued));
}

async fn a_job_is_put_off_to_a_time_in_utc(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, PLAIN).await;
    page.open("/scheduled").await;
    page.pick("scheduled-1").await;
    page.click("details:has(input[data-utc]) summary").await;
    page.fill("input[data-utc]", "2033-05-18T03:33").await;
    page.act("reschedule").await;
    let at = site.job("scheduled-1").await.expect("it is there").at.expect("it is due some time");
    assert_eq!(at.as_unix_micros(), 1_999_999_980_000_000);
}

async fn a_long_act_goes_on_by_a_button(home: Home) {
    let site = home.empty().await;
    let jobs: Vec<NewJob> =
        (0..5_100).map(|number| stock::job(&format!("more-{number}"), "Mailer", Place::Dead)).collect();
    for some in jobs.chunks(1_000) {
        stock::push(&site.client, some).await;
    }
    let page = Page::of(&site, PLAIN).await;
    page.open("/dead").await;
    page.check("input[name=scope][value=all]").await;
    page.act("delete").await;
    page.agree().await;
    let left = site.stats().await.dead;
    assert!(left > 0 && left < 5_100, "one request does a part of it: {left} are left");
    for _ in 0..10 {
        if page.count("form[data-goes-on]").await == 0 {
            break;
        }
        page.follow("form[data-goes-on] button").await;
    }
    assert_eq!(site.stats().await.dead, 0);
}

async fn queues_and_processes_are_steered(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, PLAIN).await;
    page.open("/queues/low").await;
    page.act("resume").await;
    let paused = site.client.inspect().paused().await.expect("the store tells");
    assert_eq!(paused.len(), 1, "only the class is paused now");
    page.act("clear").await;
    page.agree().await;
    assert_eq!(site.state("waiting-2").await, None);
    page.open("/busy").await;
    page.act("quiet").await;
    page.appears("[role=status]").await;
}

async fn a_search_finds(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, PLAIN).await;
    page.open("/retries").await;
    page.fill("input[type=search]", "class:Report").await;
    page.strike("Enter").await;
    assert_eq!(page.count("input[name=jid]").await, 1);
}

async fn what_needs_javascript_is_not_shown(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, PLAIN).await;
    page.open("/retries").await;
    assert!(!page.sees("input[data-picks]").await, "a box that selects nothing");
    page.open("/").await;
    assert!(!page.sees("[data-rates]").await, "a graph that stays empty");
    assert_eq!(page.text("[data-count=enqueued]").await, "2");
}
