//! The lists: every act on one job, on those that are selected, and on all that match.

use std::time::Duration;

use sancho::State;
use sancho::core::{NewJob, Place};

use crate::page::{Page, Visitor};
use crate::site::{Home, Site};
use crate::stock;

on_each_store!(
    a_job_runs_now,
    a_job_is_put_off_by_a_span,
    a_job_is_put_off_to_a_time,
    a_time_that_is_put_away_does_not_count,
    a_job_is_killed_when_one_agrees,
    a_job_is_deleted_when_one_agrees,
    what_cannot_be_read_is_deleted_too,
    nothing_happens_to_whoever_does_not_agree,
    those_that_are_selected_run_and_no_others,
    one_box_selects_the_whole_page,
    all_that_match_are_deleted_and_counted_first,
    all_of_a_list_is_killed,
    a_long_act_goes_on_by_itself,
    every_list_acts,
    jobs_are_grouped_by_error_and_found_from_there,
    a_search_finds_by_the_filter_language_and_stays_in_the_address,
    a_slip_in_a_search_is_told,
    a_list_is_paged_to_its_end,
    the_number_of_rows_is_chosen,
);

/// An hour, and what the clock may move on meanwhile.
const HOUR: Duration = Duration::from_secs(3_600);
const MEANWHILE: Duration = Duration::from_secs(120);

async fn a_job_runs_now(home: Home) {
    let (site, page) = opened(&home, "/retries").await;
    page.pick("retry-1").await;
    page.act("run").await;
    assert_eq!(site.state("retry-1").await, Some(State::Enqueued));
    assert_eq!(site.state("retry-2").await, Some(State::Retries), "the others stay");
    page.appears("[role=status]").await;
    assert_eq!(page.count("input[value='retry-1']").await, 0, "the list is shown anew");
}

async fn a_job_is_put_off_by_a_span(home: Home) {
    let (site, page) = opened(&home, "/scheduled").await;
    let other = site.job("scheduled-2").await.expect("it is there").at;
    page.pick("scheduled-1").await;
    page.select("select[name=in]", "21600").await;
    page.act("reschedule").await;
    due_in(&site, "scheduled-1", 6 * HOUR).await;
    assert_eq!(site.job("scheduled-2").await.expect("it is there").at, other, "the other one stays when it is");
}

async fn a_job_is_put_off_to_a_time(home: Home) {
    let (site, page) = opened(&home, "/scheduled").await;
    page.pick("scheduled-1").await;
    page.click("details:has(input[data-utc]) summary").await;
    // By the clock of whoever looks, seven hours east of Greenwich.
    page.fill("input[data-utc]", "2033-05-18T10:33").await;
    page.act("reschedule").await;
    let at = site.job("scheduled-1").await.expect("it is there").at.expect("it is due some time");
    assert_eq!(at.as_unix_micros(), 1_999_999_980_000_000);
}

async fn a_time_that_is_put_away_does_not_count(home: Home) {
    let (site, page) = opened(&home, "/scheduled").await;
    page.pick("scheduled-1").await;
    page.click("details:has(input[data-utc]) summary").await;
    page.fill("input[data-utc]", "2033-05-18T10:33").await;
    page.click("details:has(input[data-utc]) summary").await;
    page.select("select[name=in]", "21600").await;
    page.act("reschedule").await;
    due_in(&site, "scheduled-1", 6 * HOUR).await;
}

async fn a_job_is_killed_when_one_agrees(home: Home) {
    let (site, page) = opened(&home, "/retries").await;
    page.pick("retry-1").await;
    page.act("kill").await;
    assert_eq!(site.state("retry-1").await, Some(State::Retries), "one is asked first");
    page.agree().await;
    assert_eq!(site.state("retry-1").await, Some(State::Dead));
    assert_eq!(site.state("retry-2").await, Some(State::Retries));
}

async fn a_job_is_deleted_when_one_agrees(home: Home) {
    let (site, page) = opened(&home, "/dead").await;
    page.pick("dead-1").await;
    page.act("delete").await;
    page.agree().await;
    assert_eq!(site.state("dead-1").await, None);
    assert_eq!(site.stats().await.dead, 2);
}

async fn what_cannot_be_read_is_deleted_too(home: Home) {
    let (site, page) = opened(&home, "/dead").await;
    // Its name is the store's to choose: nobody can read one in it.
    let jids = jids(&page).await;
    let unreadable = jids.iter().find(|jid| !jid.starts_with("dead-")).expect("it is in the list");
    page.pick(unreadable).await;
    page.act("delete").await;
    page.agree().await;
    assert_eq!(site.state(unreadable).await, None);
    assert_eq!(site.stats().await.dead, 2);
}

async fn nothing_happens_to_whoever_does_not_agree(home: Home) {
    let (site, page) = opened(&home, "/dead").await;
    page.pick("dead-1").await;
    page.act("delete").await;
    page.follow("main form a").await;
    assert!(page.address().await.contains("/dead"), "one is back at the list");
    assert_eq!(site.stats().await.dead, 3);
}

async fn those_that_are_selected_run_and_no_others(home: Home) {
    let (site, page) = opened(&home, "/retries").await;
    page.pick("retry-1").await;
    page.pick("retry-3").await;
    page.act("run").await;
    assert_eq!(site.state("retry-1").await, Some(State::Enqueued));
    assert_eq!(site.state("retry-2").await, Some(State::Retries));
    assert_eq!(site.state("retry-3").await, Some(State::Enqueued));
}

async fn one_box_selects_the_whole_page(home: Home) {
    let (site, page) = opened(&home, "/retries").await;
    page.check("input[data-picks=jid]").await;
    assert_eq!(page.count("input[name=jid]:checked").await, 3);
    page.act("delete").await;
    assert!(page.text("main h1").await.contains('3'), "one is told how many");
    page.agree().await;
    assert_eq!(site.stats().await.retries, 0);
}

async fn all_that_match_are_deleted_and_counted_first(home: Home) {
    let (site, page) = opened(&home, "/retries?q=class%3AMailer").await;
    page.check("input[name=scope][value=all]").await;
    page.act("delete").await;
    assert!(page.text("main h1").await.contains('2'), "one is told how many");
    assert_eq!(site.stats().await.retries, 3, "one is asked first");
    page.agree().await;
    assert_eq!(site.stats().await.retries, 1);
    assert_eq!(site.state("retry-2").await, Some(State::Retries), "what does not match stays");
}

async fn all_of_a_list_is_killed(home: Home) {
    let (site, page) = opened(&home, "/scheduled").await;
    page.check("input[name=scope][value=all]").await;
    page.act("kill").await;
    page.agree().await;
    let stats = site.stats().await;
    assert_eq!((stats.scheduled, stats.dead), (0, 5));
}

async fn a_long_act_goes_on_by_itself(home: Home) {
    let site = home.empty().await;
    fill_with_dead(&site, 5_100).await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/dead").await;
    page.check("input[name=scope][value=all]").await;
    page.act("delete").await;
    page.agree().await;
    // One request does a part of it; what the page says in between sends the next one.
    page.leads("did=delete.5100.0").await;
    assert_eq!(site.stats().await.dead, 0);
}

async fn every_list_acts(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    for (list, jid, act, then) in [
        ("/scheduled", "scheduled-1", "run", Some(State::Enqueued)),
        ("/scheduled", "scheduled-2", "kill", Some(State::Dead)),
        ("/retries", "retry-2", "reschedule", Some(State::Retries)),
        ("/retries", "retry-2", "delete", None),
        ("/dead", "dead-1", "run", Some(State::Enqueued)),
        ("/dead", "dead-2", "delete", None),
        ("/held", "held-1", "run", Some(State::Enqueued)),
        ("/queues/default", "held-1", "reschedule", Some(State::Scheduled)),
        ("/queues/default", "waiting-1", "kill", Some(State::Dead)),
        ("/queues/low", "waiting-2", "delete", None),
    ] {
        page.open(list).await;
        page.pick(jid).await;
        page.act(act).await;
        if matches!(act, "kill" | "delete") {
            page.agree().await;
        }
        assert_eq!(site.state(jid).await, then, "{act} {jid} in {list}");
    }
}

async fn jobs_are_grouped_by_error_and_found_from_there(home: Home) {
    let (_site, page) = opened(&home, "/dead").await;
    page.follow("main nav a[href*='by=error']").await;
    assert_eq!(page.count("main table tbody tr").await, 3, "two classes with an error, and what is unreadable");
    page.follow("main table tbody a:text-is('Report')").await;
    assert_eq!(jids(&page).await, ["dead-2"], "the group leads to its jobs");
}

async fn a_search_finds_by_the_filter_language_and_stays_in_the_address(home: Home) {
    let (_site, page) = opened(&home, "/retries").await;
    page.fill("input[type=search]", "class:Mailer error~broke").await;
    page.strike("Enter").await;
    assert_eq!(jids(&page).await, ["retry-1", "retry-3"]);
    let address = page.address().await;
    page.open("/").await;
    page.open(&address).await;
    assert_eq!(jids(&page).await, ["retry-1", "retry-3"]);
    page.fill("input[type=search]", "class:Nobody").await;
    page.strike("Enter").await;
    assert_eq!(page.count("input[name=jid]").await, 0);
}

async fn a_slip_in_a_search_is_told(home: Home) {
    let (site, page) = opened(&home, "/dead").await;
    page.fill("input[type=search]", "color:red").await;
    page.strike("Enter").await;
    page.appears("main [role=alert]:not(#away)").await;
    assert_eq!(page.count("main button[value=delete]").await, 0, "nothing is done to what nobody asked for");
    assert_eq!(site.stats().await.dead, 3);
}

async fn a_list_is_paged_to_its_end(home: Home) {
    let site = home.empty().await;
    fill_with_dead(&site, 120).await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/dead").await;
    let mut seen = jids(&page).await;
    for _ in 0..10 {
        if page.count("main a[rel=next]").await == 0 {
            break;
        }
        page.follow("main a[rel=next]").await;
        seen.extend(jids(&page).await);
    }
    assert_eq!(seen.len(), 120);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120, "each job is on one page");
}

async fn the_number_of_rows_is_chosen(home: Home) {
    let site = home.empty().await;
    fill_with_dead(&site, 60).await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/dead").await;
    assert_eq!(jids(&page).await.len(), 50);
    let most: String = page.evaluate("document.querySelector('select[name=rows] option:last-child').value").await;
    page.select("select[name=rows]", &most).await;
    page.leads(&format!("rows={most}")).await;
    assert_eq!(jids(&page).await.len(), 60);
}

/// A page of a store with something of everything.
async fn opened(home: &Home, path: &str) -> (Site, Page) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open(path).await;
    (site, page)
}

async fn fill_with_dead(site: &Site, many: usize) {
    let jobs: Vec<NewJob> =
        (0..many).map(|number| stock::job(&format!("more-{number}"), "Mailer", Place::Dead)).collect();
    for some in jobs.chunks(1_000) {
        stock::push(&site.client, some).await;
    }
}

/// The jobs that a list shows, in its order.
async fn jids(page: &Page) -> Vec<String> {
    page.evaluate("[...document.querySelectorAll('input[name=jid]')].map((box) => box.value)").await
}

async fn due_in(site: &Site, jid: &str, span: Duration) {
    let at = site.job(jid).await.expect("it is there").at.expect("it is due some time");
    let off = at.since(site.now());
    assert!(off <= span && off + MEANWHILE >= span, "{jid} is due in {off:?}");
}
