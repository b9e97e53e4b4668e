//! What moves by itself, while nobody reloads anything.

use crate::page::{Page, Visitor};
use crate::site::Home;
use crate::stock::{self, enqueued};

on_each_store!(
    numbers_move_by_themselves,
    a_new_queue_appears_by_itself,
    nothing_moves_under_a_selection,
    a_page_that_nobody_sees_holds_no_stream,
    times_are_told_in_the_zone_of_whoever_looks
);

async fn numbers_move_by_themselves(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/").await;
    page.evaluate::<bool>("window.stayed = true").await;
    page.says("[data-count=enqueued]", "2").await;
    stock::push(&site.client, &[stock::job("new-1", "Mailer", enqueued("default"))]).await;
    page.says("[data-count=enqueued]", "3").await;
    page.appears("[data-rates]").await;
    assert!(page.evaluate::<bool>("window.stayed").await, "it is the same page");
}

async fn a_new_queue_appears_by_itself(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/queues").await;
    page.evaluate::<bool>("window.stayed = true").await;
    assert_eq!(page.count("#queues a[href*='queues/fresh']").await, 0);
    stock::push(&site.client, &[stock::job("new-1", "Mailer", enqueued("fresh"))]).await;
    page.appears("#queues a[href*='queues/fresh']").await;
    assert!(page.evaluate::<bool>("window.stayed").await, "it is the same page");
}

/// A list is as long as it was, and what was selected stays so, while its jobs go elsewhere.
async fn nothing_moves_under_a_selection(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/retries").await;
    page.pick("retry-2").await;
    stock::push(&site.client, &[stock::job("new-1", "Mailer", enqueued("default"))]).await;
    // Whatever is live on this page has been told of by then.
    let told = "new Promise((tell) => { const stream = new EventSource(document.body.dataset.live); let looks = 0; \
                stream.addEventListener('look', () => { if (++looks === 3) { stream.close(); tell(true); } }); })";
    assert!(page.evaluate::<bool>(told).await);
    assert_eq!(page.count("input[name=jid]:checked").await, 1);
    assert_eq!(page.count("input[name=jid]").await, 3);
}

/// A browser opens few connections to one host, and each stream takes one.
async fn a_page_that_nobody_sees_holds_no_stream(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/").await;
    page.says("[data-count=enqueued]", "2").await;
    page.appears("[data-rates]").await;
    let turn = |hidden: bool| {
        format!(
            "(Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }}), \
             document.dispatchEvent(new Event('visibilitychange')))"
        )
    };
    page.evaluate::<bool>(
        "(() => { const { close } = EventSource.prototype; window.letGo = 0; \
         EventSource.prototype.close = function () { window.letGo += 1; return close.call(this); }; return true; })()",
    )
    .await;
    page.evaluate::<bool>(&turn(true)).await;
    assert_eq!(page.evaluate::<u32>("window.letGo").await, 1);
    stock::push(&site.client, &[stock::job("new-1", "Mailer", enqueued("default"))]).await;
    page.evaluate::<bool>(&turn(false)).await;
    page.says("[data-count=enqueued]", "3").await;
}

async fn times_are_told_in_the_zone_of_whoever_looks(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/jobs/scheduled-1").await;
    let at = site.job("scheduled-1").await.expect("it is there").at.expect("it is due some time");
    // The visitor lives seven hours east of Greenwich.
    let hour = (at.as_unix_micros() / 3_600_000_000 + 7) % 24;
    let hour = match hour % 12 {
        0 => 12,
        hour => hour,
    };
    let told = page.texts("main time.exact").await;
    assert!(told.iter().any(|time| time.contains(&format!(" {hour:02}:"))), "{hour} o'clock is among {told:?}");
}
