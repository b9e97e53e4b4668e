//! The page of one job, and what can be done from there.

use sancho::State;

use crate::page::{Page, Visitor};
use crate::site::Home;

on_each_store!(everything_about_a_job_is_there, a_job_is_acted_on_from_its_page, the_same_error_is_found_elsewhere);

async fn everything_about_a_job_is_there(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/jobs/dead-1").await;
    let text = page.text("main").await;
    for told in ["Mailer", "dead-1", "Boom", "it broke", "src/mail.rs:41", "eu", "\"two\""] {
        assert!(text.contains(told), "{told:?} is on the page: {text}");
    }
    page.open("/jobs/running-1").await;
    let text = page.text("main").await;
    for told in ["Report", "host:1:nonce", "thumbnails"] {
        assert!(text.contains(told), "{told:?} is on the page: {text}");
    }
    page.expects(&[404]).await;
    assert_eq!(page.open("/jobs/nobody").await.status, 404);
}

async fn a_job_is_acted_on_from_its_page(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    for (jid, act, then) in [
        ("scheduled-1", "run", Some(State::Enqueued)),
        ("scheduled-2", "reschedule", Some(State::Scheduled)),
        ("retry-1", "kill", Some(State::Dead)),
        ("retry-1", "run", Some(State::Enqueued)),
        ("retry-1", "reschedule", Some(State::Scheduled)),
        ("held-1", "delete", None),
        ("dead-1", "delete", None),
        ("waiting-1", "kill", Some(State::Dead)),
    ] {
        let before = site.job(jid).await.expect("it is there");
        page.open(&format!("/jobs/{jid}")).await;
        page.act(act).await;
        if matches!(act, "kill" | "delete") {
            assert_eq!(site.state(jid).await, Some(before.state), "one is asked first");
            page.agree().await;
        }
        assert_eq!(site.state(jid).await, then, "{act} {jid}");
        if act == "reschedule" {
            assert_ne!(site.job(jid).await.expect("it is there").at, before.at, "{jid} is put off");
        }
    }
}

async fn the_same_error_is_found_elsewhere(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/jobs/dead-1").await;
    page.follow("main a[href*='retries?q=']").await;
    assert_eq!(page.count("input[name=jid]").await, 3, "those that wait for another try with this error");
}
