//! Every button, and what it changes in the store.

mod support;

use axum::http::StatusCode;
use sancho_core::model::ModelStore;
use sancho_core::{End, Inspect, Jid, Order, Pausable, Place, State, Store};

use support::fleeting::Fleeting;
use support::store::{PROCESS, jid, job, push, queue, sample};
use support::{Answer, NOW, Visit, router_of, router_over};

async fn state(store: &ModelStore, id: &str) -> Option<State> {
    store.find(&jid(id)).await.expect("the model finds").map(|row| row.state)
}

/// The sentence that the page tells after an act.
async fn said(router: &axum::Router, answer: &Answer, page: &str) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let location = answer.header("location");
    let query = location.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let text = router.get(&format!("{page}?{query}")).await.text;
    let (_, after) = text.split_once("role=\"status\">").unwrap_or(("", ""));
    after.split('<').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn picked_jobs_run_now() {
    let store = sample().await;
    let router = router_of(&store);
    let answer = router.post("/retries", "act=run&scope=picked&jid=retry-1&jid=retry-2").await;
    assert_eq!(said(&router, &answer, "/retries").await, "2 jobs run now.");
    assert_eq!(state(&store, "retry-1").await, Some(State::Enqueued));
    assert_eq!(state(&store, "retry-2").await, Some(State::Enqueued));
}

#[tokio::test]
async fn what_cannot_be_taken_back_is_asked_first_with_a_count() {
    let store = sample().await;
    let router = router_of(&store);
    for form in ["act=delete&scope=picked&jid=retry-1", "act=delete&scope=all&q=class%3AMailer"] {
        let asked = router.post("/retries", form).await;
        assert_eq!(asked.status, StatusCode::OK);
        assert!(asked.text.contains("Delete 1 job for good?"), "{}", asked.text);
        assert_eq!(state(&store, "retry-1").await, Some(State::Retries), "nothing happened yet");
    }
    let answer = router.post("/retries", "act=delete&scope=all&q=class%3AMailer&sure=yes").await;
    assert_eq!(said(&router, &answer, "/retries").await, "1 job was deleted.");
    assert_eq!(state(&store, "retry-1").await, None);
    assert_eq!(state(&store, "retry-2").await, Some(State::Retries));
}

#[tokio::test]
async fn a_long_act_goes_on_where_it_stopped_until_nothing_is_left() {
    let store = ModelStore::new();
    for step in 0..5 {
        let jobs: Vec<_> = (0..1_000).map(|number| job(&format!("j-{step}-{number}"), "Mailer", Place::Dead)).collect();
        push(&store, &jobs).await;
    }
    let router = router_of(&store);
    let first = router.post("/dead", "act=delete&scope=all&sure=yes").await;
    assert_eq!(first.status, StatusCode::OK);
    assert!(first.text.contains("4,000 jobs were deleted."), "{}", first.text);
    let carried = first.text.split("name=\"cursor\" value=\"").nth(1).expect("the form carries the cursor");
    let cursor = carried.split('"').next().unwrap_or_default();
    let form = format!("act=delete&scope=all&sure=yes&done=4000&refused=0&cursor={cursor}");
    let last = router.post("/dead", &form).await;
    assert_eq!(said(&router, &last, "/dead").await, "5,000 jobs were deleted.");
    assert_eq!(store.stats(NOW).await.expect("stats").dead, 0);
}

#[tokio::test]
async fn jobs_are_put_off_killed_and_deleted_from_their_own_page() {
    let store = sample().await;
    let router = router_of(&store);
    assert_eq!(router.post("/jobs/held-1", "act=reschedule&in=3600").await.status, StatusCode::SEE_OTHER);
    assert_eq!(state(&store, "held-1").await, Some(State::Scheduled));
    for (id, act, said, then) in [
        ("scheduled-1", "kill", "Move 1 job to the dead set?", Some(State::Dead)),
        ("unreadable-1", "delete", "Delete 1 job for good?", None),
    ] {
        let (address, before) = (format!("/jobs/{id}"), state(&store, id).await);
        let asked = router.post(&address, &format!("act={act}")).await;
        assert_eq!(asked.status, StatusCode::OK);
        assert!(asked.text.contains(said) && asked.text.contains(id), "{}", asked.text);
        assert_eq!(state(&store, id).await, before, "nothing happened yet");
        let form = format!("act={act}&{}=yes", asked.between("<input type=\"hidden\" name=\"", "\" value=\"yes\""));
        assert_eq!(router.post(&address, &form).await.status, StatusCode::SEE_OTHER, "{form}");
        assert_eq!(state(&store, id).await, then);
    }
    for form in ["act=delete", "act=delete&sure=yes"] {
        assert_eq!(router.post("/jobs/unreadable-1", form).await.status, StatusCode::NOT_FOUND, "{form}");
    }
}

#[tokio::test]
async fn a_job_that_goes_while_it_is_acted_on_is_told_as_gone() {
    let store = std::sync::Arc::new(sample().await);
    let router = router_over(store.clone(), std::sync::Arc::new(Fleeting(store.clone())));
    for (id, form) in [("dead-1", "act=delete&sure=yes"), ("retry-1", "act=kill&sure=yes"), ("held-1", "act=run")] {
        let answer = router.post(&format!("/jobs/{id}"), form).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}: {}", answer.header("location"));
        assert!(answer.text.contains("The job is not here"), "{}", answer.text);
    }
    let answer = router.post("/retries", "act=delete&sure=yes&scope=picked&jid=retry-2").await;
    assert_eq!(said(&router, &answer, "/retries").await, "0 jobs were deleted.");
    assert!(answer.header("location").contains("did=delete.0.0.1"), "{}", answer.header("location"));
}

#[tokio::test]
async fn an_act_that_makes_no_sense_changes_nothing_and_says_so() {
    let store = sample().await;
    let router = router_of(&store);
    for (address, form, status) in [
        ("/jobs/running-1", "act=delete&sure=yes", StatusCode::CONFLICT),
        ("/jobs/dead-1", "act=kill&sure=yes", StatusCode::CONFLICT),
        ("/jobs/dead-1", "act=dance", StatusCode::BAD_REQUEST),
        ("/jobs/dead-1", "act=cancel", StatusCode::BAD_REQUEST),
        ("/jobs/retry-1", "act=reschedule&in=7", StatusCode::BAD_REQUEST),
        ("/retries", "act=run&scope=picked", StatusCode::BAD_REQUEST),
        ("/dead", "act=kill&scope=all&sure=yes", StatusCode::BAD_REQUEST),
        ("/retries", "act=run&scope=all&sure=yes&q=clas%3AMailer", StatusCode::BAD_REQUEST),
        ("/retries", "act=run&scope=all&sure=yes&cursor=nonsense", StatusCode::BAD_REQUEST),
        ("/busy", "act=cancel&jid=running-1", StatusCode::BAD_REQUEST),
        ("/busy", "act=stop&process=nobody&sure=yes", StatusCode::NOT_FOUND),
        ("/queues", "act=sell&queue=low", StatusCode::BAD_REQUEST),
    ] {
        let before = store.stats(NOW).await.expect("stats");
        let answer = router.post(address, form).await;
        assert_eq!(answer.status, status, "{address} {form}: {}", answer.text);
        assert!(answer.text.contains("<h1>"), "{address} {form} says why in a page");
        assert_eq!(store.stats(NOW).await.expect("stats"), before, "{address} {form}");
    }
}

#[tokio::test]
async fn queues_are_paused_resumed_and_cleared() {
    let store = sample().await;
    let router = router_of(&store);
    let low = Pausable::Queue(queue("low/a b"));
    router.post("/queues", "act=pause&queue=low%2Fa+b").await;
    assert_eq!(store.paused().await.expect("paused"), [low]);
    assert!(router.get("/queues").await.text.contains("paused"));
    router.post("/queues", "act=resume&queue=low%2Fa+b").await;
    assert_eq!(store.paused().await.expect("paused"), []);
    let asked = router.post("/queues", "act=clear&queue=low%2Fa+b").await;
    assert!(asked.text.contains("Delete 1 job for good?"), "{}", asked.text);
    assert_eq!(state(&store, "waiting-1").await, Some(State::Enqueued));
    let answer = router.post("/queues", "act=clear&queue=low%2Fa+b&sure=yes").await;
    assert_eq!(said(&router, &answer, "/queues").await, "1 job was deleted.");
    assert_eq!(state(&store, "waiting-1").await, None);
}

#[tokio::test]
async fn a_paused_class_is_resumed() {
    let store = sample().await;
    store.pause(&Pausable::Class("Mailer".to_owned()), NOW).await.expect("paused");
    router_of(&store).post("/queues", "act=resume&class=Mailer").await;
    assert_eq!(store.paused().await.expect("paused"), []);
}

#[tokio::test]
async fn processes_hear_orders() {
    let store = sample().await;
    let router = router_of(&store);
    let asked = router.post("/busy", "act=stop").await;
    assert!(asked.text.contains("Stop 1 process, when its jobs are done?"), "{}", asked.text);
    for form in ["act=quiet".to_owned(), format!("act=stop&process={PROCESS}&sure=yes")] {
        assert_eq!(router.post("/busy", &form).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(router.post("/jobs/running-1", "act=cancel").await.status, StatusCode::SEE_OTHER);
    let answer = store.beat(&support::store::beat(), NOW).await.expect("a beat");
    let running: Jid = jid("running-1");
    assert_eq!(answer.orders, [Order::Quiet, Order::Stop, Order::Cancel(running)]);
}

#[tokio::test]
async fn a_filter_shows_what_matches_and_a_slip_says_what_is_wrong() {
    let store = sample().await;
    push(&store, &[job("low-1", "Report", Place::Queue { queue: queue("low"), end: End::Back })]).await;
    let router = router_of(&store);
    let found = router.get("/retries?q=class%3AReport").await.text;
    assert!(found.contains("jobs/retry-2") && !found.contains("jobs/retry-1"), "{found}");
    let slip = router.get("/retries?q=clas%3AReport").await;
    assert_eq!(slip.status, StatusCode::OK);
    assert!(slip.text.contains("did you mean class?"), "{}", slip.text);
    let first = router.get("/retries?rows=1").await.text;
    assert!(first.contains("jobs/retry-1") && !first.contains("jobs/retry-2"), "{first}");
    let next = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let next = next.expect("there is a next page").replace("&#38;", "&").replace("&amp;", "&");
    let second = router.get(next.trim_start_matches('.')).await.text;
    assert!(second.contains("jobs/retry-2") && !second.contains("jobs/retry-1"), "{second}");
}

#[tokio::test]
async fn failures_are_grouped_by_class_and_error_and_each_group_leads_to_its_jobs() {
    let store = sample().await;
    let more: Vec<_> = (0..3).map(|number| job(&format!("more-{number}"), "Re \\ \"port*", Place::Dead)).collect();
    let more: Vec<_> = more
        .into_iter()
        .map(|job| {
            let text = job.payload.to_text_lossy().replace("Re \\ \"port*", "Re \\\\ \\\"port*");
            support::store::raw(job.jid.as_str(), Place::Dead, text.as_bytes())
        })
        .collect();
    push(&store, &more).await;
    let router = router_of(&store);
    let page = router.get("/dead?by=error").await.text;
    let row = page.split("<tr>").find(|row| row.contains("port*")).expect("the class has a group");
    assert!(row.contains(">3<") && row.contains("Boom<span>it broke"), "{row}");
    let address = row.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let jobs = router.get(address.trim_start_matches('.')).await.text;
    assert_eq!(jobs.matches("class=\"pick\"").count(), 4, "three jobs and the heading: {jobs}");
}

#[tokio::test]
async fn a_name_of_any_length_makes_a_short_link_that_finds_its_jobs() {
    let store = sample().await;
    push(&store, &[job("long-1", &"Ab\u{1ef1}\u{1ef1} ".repeat(20_000), Place::Dead)]).await;
    let router = router_of(&store);
    for page in ["/dead?by=error", "/dead", "/jobs/long-1"] {
        let text = router.get(page).await.text;
        let longest = text.split("href=\"").skip(1).map(|rest| rest.find('"').unwrap_or(usize::MAX)).max();
        assert!(longest.is_some_and(|length| length < 4_000), "{page} has a link of {longest:?} bytes");
    }
    let page = router.get("/dead?by=error").await.text;
    let row = page.split("<tr>").find(|row| row.contains("Ab\u{1ef1}")).expect("the class has a group");
    let address = row.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert!(router.get(address.trim_start_matches('.')).await.text.contains("jobs/long-1"), "{address}");
}
