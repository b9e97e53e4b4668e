//! Queues and classes: whatever their names are, they are shown, paused, resumed and cleared.

mod support;

use axum::http::StatusCode;
use sancho_core::inspect::Paused;
use sancho_core::{End, NewJob, Pausable, Place, State};

use support::crawl::encoded;
use support::stage::{Stage, on_each};
use support::store::{job, push, queue};
use support::{NOW, Visit};

fn to(name: &str) -> Place {
    Place::Queue { queue: queue(name), end: End::Back }
}

async fn is_paused(stage: &Stage, name: &str) -> bool {
    let paused = stage.inspect.paused().await.expect("the store tells what is paused");
    paused.contains(&Pausable::Queue(queue(name)))
}

#[tokio::test]
async fn a_queue_of_any_name_is_linked_shown_and_steered() {
    on_each(async |stage| {
        let long = "q".repeat(255);
        for (number, name) in [".", "..", "...", "a/b c", "../x", "%2E", "a?b#c&d", "hàng đợi ưu tiên", "<b>\"", &long]
            .into_iter()
            .enumerate()
        {
            let id = format!("odd-{number}");
            let class = format!("Odd{number}");
            push(&*stage.store, &[job(&id, &class, to(name))]).await;
            // The link that stands before the class' name is that of its queue.
            let page = stage.router.get(&format!("/queues?name={}", encoded(name))).await;
            let shown = page.text.split("<th scope=\"row\"><a href=\"").skip(1);
            let mut links = shown.filter_map(|row| row.split('"').next()).map(|link| link.replace("&#38;", "&"));
            let mut lists = Vec::new();
            for link in links.by_ref() {
                assert!(!link.contains("/..") || link.starts_with("./"), "browsers keep {link} as it is");
                lists.push((link.clone(), stage.router.get(link.trim_start_matches('.')).await));
            }
            let (link, list) =
                lists.iter().find(|(_, list)| list.text.contains(&class)).expect("a link leads to its job");
            assert_eq!(list.status, StatusCode::OK, "{link}");
            let form = format!("act=kill&sure=yes&scope=picked&jid={id}");
            let done = stage.router.post(link.trim_start_matches('.'), &form).await;
            assert_eq!(done.status, StatusCode::SEE_OTHER, "{name} on {}: {}", stage.name, done.text);
            assert_eq!(stage.state(&id).await, Some(State::Dead), "{name} on {}", stage.name);
            let back = done.header("location").trim_start_matches("../").trim_start_matches("./").to_owned();
            assert!(stage.router.get(&format!("/{back}")).await.text.contains("1 job was moved"), "{back}");

            push(&*stage.store, &[job(&format!("more-{number}"), &class, to(name))]).await;
            let field = encoded(name);
            stage.router.post("/queues", &format!("act=pause&queue={field}")).await;
            assert!(is_paused(stage, name).await, "{name} on {}", stage.name);
            let list = stage.router.get(link.trim_start_matches('.')).await.text;
            assert!(list.contains("value=\"resume\""), "{name} is shown as paused");
            let back = stage.router.post("/queues", &format!("act=resume&from=queue&queue={field}")).await;
            assert!(!is_paused(stage, name).await);
            let back = back.header("location").trim_start_matches("../").trim_start_matches("./").to_owned();
            assert!(stage.router.get(&format!("/{back}")).await.text.contains(&class), "{back} is the queue again");
            let asked = stage.router.post("/queues", &format!("act=clear&queue={field}")).await;
            assert!(asked.text.contains("Delete 1 job for good?"), "{name}: {}", asked.text);
            stage.router.post("/queues", &format!("act=clear&sure=yes&queue={field}")).await;
            assert_eq!(stage.state(&format!("more-{number}")).await, None, "{name} on {}", stage.name);
        }
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_paused_before_its_first_job_is_shown_as_paused() {
    on_each(async |stage| {
        let early = queue("early");
        stage.inspect.pause(&Pausable::Queue(early.clone()), NOW).await.expect("paused");
        let rows = stage.inspect.queues(NOW).await.expect("queues");
        assert!(rows.iter().all(|row| row.name != early || row.paused == Paused::Yes));
        let page = stage.router.get("/queues?name=early").await;
        assert!(page.text.contains(">early</a> <span class=\"pill warn\">paused</span>"), "{}", page.text);
        let list = stage.router.get("/queues/early").await;
        assert!(list.text.contains("value=\"resume\""), "its own page says so too: {}", list.text);
        stage.router.post("/queues", "act=resume&queue=early").await;
        assert!(!is_paused(stage, "early").await);
    })
    .await;
}

#[tokio::test]
async fn of_a_thousand_queues_one_is_found_by_its_name() {
    on_each(async |stage| {
        let jobs: Vec<NewJob> =
            (0..1_000).map(|number| job(&format!("t-{number}"), "A", to(&format!("tenant:{number:04}")))).collect();
        push(&*stage.store, &jobs).await;
        push(&*stage.store, &[job("big-1", "A", to("tenant:0500")), job("big-2", "A", to("tenant:0500"))]).await;
        let count = |text: &str| text.matches("<th scope=\"row\">").count();
        let first = stage.router.get("/queues").await;
        assert_eq!(count(&first.text), 100, "a page of them");
        let (mut address, mut seen, mut pages) = ("/queues".to_owned(), 0, 0);
        loop {
            let page = stage.router.get(&address).await;
            seen += count(&page.text);
            pages += 1;
            assert!(pages <= 20, "the pages come to their end");
            if !page.text.contains("rel=\"next\"") {
                break;
            }
            address = page.link("rel=\"next\" href=\"");
        }
        let beyond = stage.router.get("/queues?page=40").await;
        assert!(beyond.text.contains("No queue is on this page"), "{}", beyond.text);
        assert!(!beyond.text.contains("There are no queues yet") && !beyond.text.contains("rel=\"next\""));
        let last = stage.router.get(&beyond.link("rel=\"prev\" href=\"")).await;
        assert!(count(&last.text) > 0, "the way back leads to queues: {}", last.text);
        let known = stage.inspect.queues(NOW).await.expect("queues").len();
        assert_eq!((seen, pages), (known, 11), "{}", stage.name);
        let found = stage.router.get("/queues?name=TENANT%3A0423").await;
        assert!(count(&found.text) == 1 && found.text.contains("tenant:0423"), "{}", found.text);
        assert!(stage.router.get("/queues?name=nobody").await.text.contains("No queue has such a name."));
        let largest = stage.router.get("/queues?sort=size").await;
        let row = largest.between("<th scope=\"row\">", "</tr>");
        assert!(row.contains("tenant:0500") && row.contains(">3<"), "{row}");
        assert!(largest.text.contains("aria-sort=\"descending\""));
        let answer = stage.router.post("/queues?name=tenant&sort=size&page=2", "act=pause&queue=tenant%3A0001").await;
        let back = answer.header("location").to_owned();
        for kept in ["name=tenant", "sort=size", "page=2", "did=pause", "of=tenant"] {
            assert!(back.contains(kept), "{kept}: {back}");
        }
        let page = stage.router.get(back.trim_start_matches('.')).await;
        assert!(page.text.contains("role=\"status\">tenant:0001 is paused"), "{}", page.text);
    })
    .await;
}

#[tokio::test]
async fn a_class_is_paused_by_its_name_and_resumed_with_what_was_held_for_it() {
    on_each(async |stage| {
        let held = |id: &str, class: &str| job(id, class, Place::Held { reason: "paused".to_owned() });
        push(&*stage.store, &[held("held-2", "Mailer"), held("held-3", "Mailer \"2\"")]).await;
        assert_eq!(stage.router.post("/queues", "act=pause&class=Mailer").await.status, StatusCode::SEE_OTHER);
        let paused = stage.inspect.paused().await.expect("paused");
        assert_eq!(paused, [Pausable::Class("Mailer".to_owned())]);
        for page in ["/queues", "/held"] {
            let page = stage.router.get(page).await.text;
            assert!(page.contains("name=\"class\" value=\"Mailer\""), "its resume stands there: {page}");
        }
        let answer = stage.router.post("/queues", "act=resume&class=Mailer").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        assert_eq!(stage.inspect.paused().await.expect("paused"), []);
        for (id, state) in [("held-1", State::Enqueued), ("held-2", State::Enqueued), ("held-3", State::Held)] {
            assert_eq!(stage.state(id).await, Some(state), "{id} on {}", stage.name);
        }
        let told = stage.router.get(answer.header("location").trim_start_matches('.')).await.text;
        assert!(told.contains("2 jobs run now."), "{told}");
        let page = stage.router.get("/metrics?class=Mailer").await.text;
        assert!(page.contains("value=\"pause\">Pause class<"), "its own page has the button: {page}");
        let answer = stage.router.post("/queues", "act=pause&class=Mailer&from=class").await;
        let back = stage.router.get(answer.header("location").trim_start_matches('.')).await.text;
        assert!(back.contains("class=\"pill warn\">paused<") && back.contains("value=\"resume\">Resume<"), "{back}");
        for form in ["act=pause&class=", "act=pause", &format!("act=pause&class={}", "c".repeat(513))] {
            assert_eq!(stage.router.post("/queues", form).await.status, StatusCode::BAD_REQUEST, "{form}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_queue_is_cleared_in_steps_with_progress_and_a_stop() {
    on_each(async |stage| {
        for step in 0..5 {
            let jobs: Vec<NewJob> = (0..1_000).map(|n| job(&format!("c-{step}-{n}"), "A", to("full"))).collect();
            push(&*stage.store, &jobs).await;
        }
        let asked = stage.router.post("/queues", "act=clear&queue=full").await;
        assert!(asked.text.contains("Delete 5,000 jobs for good?"), "{}", asked.text);
        assert!(asked.text.contains("name=\"of\" value=\"5000\""), "{}", asked.text);
        let going = stage.router.post("/queues", "act=clear&queue=full&sure=yes&of=5000").await;
        assert!(going.text.contains("max=\"5000\" value=\"4000\"") && going.text.contains("4,000 of 5,000"));
        assert!(going.text.contains("queues?cleared=4000\" data-stop"), "{}", going.text);
        let last = stage.router.post("/queues", "act=clear&queue=full&sure=yes&of=5000&done=4000").await;
        assert!(last.header("location").contains("cleared=5000"), "{}", last.text);
    })
    .await;
}

#[tokio::test]
async fn what_was_pushed_after_the_question_is_not_cleared() {
    on_each(async |stage| {
        for step in 0..4 {
            let jobs: Vec<NewJob> = (0..1_000).map(|n| job(&format!("c-{step}-{n}"), "A", to("full"))).collect();
            push(&*stage.store, &jobs).await;
        }
        push(&*stage.store, &[job("last", "A", to("full"))]).await;
        let asked = stage.router.post("/queues", "act=clear&queue=full").await;
        assert_eq!(asked.between("name=\"of\" value=\"", "\""), "4001");
        let late: Vec<NewJob> = (0..1_000).map(|n| job(&format!("late-{n}"), "A", to("full"))).collect();
        push(&*stage.store, &late).await;
        let form = "act=clear&queue=full&sure=yes&of=4001";
        let going = stage.router.post("/queues", form).await;
        assert!(going.text.contains("max=\"4001\" value=\"4000\""), "{}", going.text);
        assert_eq!(stage.state("last").await, Some(State::Enqueued));
        let over = stage.router.post("/queues", &format!("{form}&done=4000")).await;
        assert!(over.header("location").contains("cleared=4001"), "{}", over.text);
        assert_eq!(stage.state("last").await, None, "{}", stage.name);
        for id in ["late-0", "late-999"] {
            assert_eq!(stage.state(id).await, Some(State::Enqueued), "{id} on {}", stage.name);
        }
        // Who agreed to so many and has had them is asked for no more.
        let again = stage.router.post("/queues", &format!("{form}&done=4001")).await;
        assert!(again.header("location").contains("cleared=4001"), "{}", again.text);
        // A form that names no number means what is there now.
        stage.router.post("/queues", "act=clear&queue=full&sure=yes").await;
        assert_eq!(stage.state("late-999").await, None);
    })
    .await;
}

#[tokio::test]
async fn a_queue_tells_how_much_of_it_was_performed_of_late() {
    on_each(async |stage| {
        let page = stage.router.get("/queues?sort=rate").await;
        let row = page.between("<th scope=\"row\">", "</tr>");
        assert!(row.contains("default"), "the busiest comes first: {row}");
        // The sample performs six of its jobs, one in vain; "late" is a quarter of an hour.
        assert!(row.contains(">0.4 <span class=\"failures\">1 failed</span>"), "{row}");
        let page = stage.router.get("/queues?sort=rate&lang=vi").await;
        assert!(page.between("<th scope=\"row\">", "</tr>").contains(">0,4 "), "{}", page.text);
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_paused_before_its_first_job_stands_on_the_page_and_in_the_api() {
    on_each(async |stage| {
        let known = stage.inspect.queues(NOW).await.expect("the store tells its queues").len();
        stage.inspect.pause(&Pausable::Queue(queue("not-yet")), NOW).await.expect("it is paused");
        let page = stage.router.get("/queues").await.text;
        assert!(page.contains("queues/not-yet"), "{page}");
        let all = stage.router.get("/api/v1/queues").await.text;
        let one = r#"{"name":"not-yet","size":0,"latency":0.0,"paused":true}"#;
        assert!(all.contains(one), "{all}");
        assert_eq!(all.matches("\"name\"").count(), known + 1, "{all}");
        assert_eq!(stage.router.get("/api/v1/queues/not-yet").await.text, one);
        let dashboard = stage.router.get("/").await.text;
        let told = format!("<span class=\"value\">{}</span><span class=\"word\">Queues</span>", known + 1);
        assert!(dashboard.contains(&told), "{told}: {dashboard}");
    })
    .await;
}
