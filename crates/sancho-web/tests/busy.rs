//! Processes and running jobs: what they are told, and what cannot be told to another program's.

mod support;

use std::time::Duration;

use axum::http::StatusCode;
use sancho_core::claim::{Fill, Repeated};
use sancho_core::{CapsuleInfo, ClaimRequest, End, Incarnation, Order, Place, Source};

use support::stage::{Stage, on_each};
use support::store::{PROCESS, beat, job, push, queue};
use support::{NOW, Visit};

/// The process of another program that [`ruby`] adds.
const RUBY: &str = "ruby:7:abc";

/// Adds a process of another program, which runs one job.
async fn ruby(stage: &Stage) {
    let mut told = beat();
    told.process.incarnation = Incarnation::new(RUBY);
    told.process.version = "sidekiq 8.1.7".to_owned();
    told.process.queues = vec![queue("ruby")];
    told.by_queue.clear();
    told.executions.clear();
    stage.store.beat(&told, NOW).await.expect("a beat");
    push(&*stage.store, &[job("ruby-1", "HardWorker", Place::Queue { queue: queue("ruby"), end: End::Back })]).await;
    let request = ClaimRequest {
        incarnation: Incarnation::new(RUBY),
        first_number: 1,
        repeated: Repeated::No,
        sources: vec![Source { queue: queue("ruby"), quota: 0 }],
        fill: Fill::InOrder,
        limit: 1,
    };
    let claimed = stage.store.exchange(&[], Some(&request), NOW).await.expect("a claim");
    assert_eq!(claimed.claims.len(), 1);
}

async fn orders(stage: &Stage) -> Vec<Order> {
    stage.store.beat(&beat(), NOW).await.expect("a beat").orders
}

/// The row of a table that has this text.
fn row<'a>(page: &'a str, text: &str) -> &'a str {
    page.split("<tr>").find(|row| row.contains(text)).and_then(|row| row.split("</tr>").next()).expect("it has a row")
}

#[tokio::test]
async fn each_button_of_a_process_leaves_its_order() {
    on_each(async |stage| {
        let page = stage.router.get("/busy").await.text;
        let processes = row(&page, "sancho 0.1.0");
        for shown in
            [PROCESS, " of 4", "40 MB", "2 ms", "default", "value=\"quiet\"", "value=\"stop\"", "value=\"dump\""]
        {
            assert!(processes.contains(shown), "{shown}: {processes}");
        }
        let process = format!("process={PROCESS}");
        for (form, order) in [
            (format!("act=quiet&{process}"), Order::Quiet),
            (format!("act=stop&{process}&sure=yes"), Order::Stop),
            (format!("act=dump&{process}"), Order::Dump),
            (format!("act=cancel&{process}&jid=running-1"), Order::Cancel(support::store::jid("running-1"))),
        ] {
            let answer = stage.router.post("/busy?q=Report", &form).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{form}: {}", answer.text);
            assert!(answer.header("location").contains("q=Report"), "the search stays");
            let page = stage.router.get(answer.header("location").trim_start_matches('.')).await;
            assert!(page.text.contains("role=\"status\">The order was given"), "{}", page.text);
            assert_eq!(orders(stage).await, [order], "{form} on {}", stage.name);
        }
        let asked = stage.router.post("/busy", &format!("act=stop&{process}")).await;
        assert!(asked.text.contains("Stop 1 process") && asked.text.contains(PROCESS), "{}", asked.text);
        assert_eq!(orders(stage).await, [], "nothing was told yet");
    })
    .await;
}

#[tokio::test]
async fn a_running_job_shows_how_long_and_is_found_by_a_filter() {
    on_each(async |stage| {
        let page = stage.router.get("/busy").await.text;
        let running = row(&page, "jobs/running-1");
        for shown in [PROCESS, "0 seconds", "value=\"cancel\""] {
            assert!(running.contains(shown), "{shown}: {running}");
        }
        assert!(stage.router.get("/busy?q=class%3AReport").await.text.contains("jobs/running-1"));
        let none = stage.router.get("/busy?q=class%3ANobody").await.text;
        assert!(!none.contains("jobs/running-1") && none.contains("No job matches."), "{none}");
    })
    .await;
}

#[tokio::test]
async fn another_programs_process_is_shown_and_its_jobs_cannot_be_cancelled() {
    on_each(async |stage| {
        ruby(stage).await;
        let page = stage.router.get("/busy").await.text;
        let process = row(&page, "sidekiq 8.1.7");
        assert!(process.contains("value=\"quiet\"") && process.contains("value=\"stop\""), "{process}");
        let running = row(&page, "jobs/ruby-1");
        assert!(running.contains(RUBY) && running.contains(">not ours<"), "{running}");
        assert!(!running.contains("<button"), "what cannot be done is not offered: {running}");
        let ours = row(&page, "jobs/running-1");
        assert!(ours.contains("value=\"cancel\""), "{ours}");
        let refused = stage.router.post("/busy?lang=vi", &format!("act=cancel&process={RUBY}&jid=ruby-1")).await;
        assert_eq!(refused.status, StatusCode::NOT_IMPLEMENTED);
        assert!(refused.text.contains("do một chương trình khác chạy"), "{}", refused.text);
        let job = stage.router.get("/jobs/ruby-1").await;
        assert!(job.text.contains("Another program runs this job"), "{}", job.text);
        assert!(!job.text.contains("value=\"cancel\""), "what cannot be done is not offered: {}", job.text);
        assert!(stage.router.get("/jobs/running-1").await.text.contains("value=\"cancel\""));
        let refused = stage.router.post("/jobs/ruby-1", "act=cancel").await;
        assert_eq!(refused.status, StatusCode::NOT_IMPLEMENTED);
        for (jid, actions) in [("ruby-1", "\"actions\":[]"), ("running-1", "\"actions\":[\"cancel\"]")] {
            let job = stage.router.get(&format!("/api/v1/jobs/{jid}")).await;
            assert!(job.text.contains(actions), "{}", job.text);
        }
        assert!(page.contains("name=\"act\" value=\"quiet\">Quiet all"), "there are two of them: {page}");
        let asked = stage.router.post("/busy", "act=stop").await;
        assert!(asked.text.contains("Stop 2 processes"), "{}", asked.text);
        assert_eq!(stage.router.post("/busy", "act=stop&sure=yes").await.status, StatusCode::SEE_OTHER);
        assert_eq!(orders(stage).await, [Order::Stop], "all means each of them");
    })
    .await;
}

#[tokio::test]
async fn capsules_tell_their_queues_and_how_they_take_turns() {
    on_each(async |stage| {
        let mut told = beat();
        told.process.capsules = vec![CapsuleInfo {
            name: "mail".to_owned(),
            slots: 4,
            order: "weighted".to_owned(),
            queues: vec!["high,3".to_owned(), "low\u{202e}".to_owned()],
        }];
        stage.store.beat(&told, NOW).await.expect("a beat");
        let page = stage.router.get("/busy").await.text;
        assert!(page.contains("mail · 4 · by weight: high,3 low\\u{202e}"), "{page}");
        let page = stage.router.get("/busy?lang=vi").await.text;
        assert!(page.contains("mail · 4 · theo trọng số: high,3"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn numbers_have_the_point_of_the_language() {
    on_each(async |stage| {
        let mut told = beat();
        (told.rss_bytes, told.round_trip) = (8_900_000_000, Duration::from_millis(1_500));
        told.executions[0].add_run(Duration::from_millis(30_000));
        stage.store.beat(&told, NOW).await.expect("a beat");
        for (language, bytes, time) in [("en", "8.9 GB", "1.5 s"), ("vi", "8,9 GB", "1,5 s")] {
            let page = stage.router.get(&format!("/busy?lang={language}")).await.text;
            assert!(page.contains(bytes) && page.contains(time), "{language}: {page}");
            let page = stage.router.get(&format!("/metrics?lang={language}")).await.text;
            let other = if language == "vi" { "." } else { "," };
            let seconds = page.split(" s<").filter_map(|before| before.rsplit('>').next());
            let wrong = seconds.filter(|number| number.chars().all(|c| c.is_ascii_digit() || other.contains(c)));
            let wrong: Vec<&str> = wrong.filter(|number| number.contains(other)).collect();
            assert!(wrong.is_empty() && page.contains(" s<"), "{language}: {wrong:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_process_that_is_gone_is_said_to_be_gone() {
    on_each(async |stage| {
        for (lang, said) in [("en", "is not there any more"), ("vi", "không còn nữa")] {
            let answer = stage.router.post(&format!("/busy?lang={lang}"), "act=quiet&process=nobody").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
            assert!(
                answer.text.contains(said) && answer.text.contains("<p class=\"detail\" lang=\"en\">"),
                "{}",
                answer.text
            );
        }
    })
    .await;
}
