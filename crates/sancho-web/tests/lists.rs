//! Lists of jobs: their order, their filters, and what is done to the jobs in them.

mod support;

use std::time::Duration;

use axum::http::StatusCode;
use sancho_core::{End, Key, NewJob, Place, State, Timestamp, limits};

use support::crawl::encoded;
use support::stage::on_each;
use support::store::{job, push, queue, raw};
use support::{NOW, Visit};

/// The jids of a list, in the order of its rows.
fn jids(text: &str) -> Vec<String> {
    let rows = text.split("name=\"jid\" value=\"").skip(1);
    rows.filter_map(|row| row.split('"').next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_head_of_the_times_turns_a_list_round_and_the_address_holds_it() {
    on_each(async |stage| {
        for (list, sorted, first, turned, last) in [
            ("/retries", "ascending", "retry-1", "descending", "retry-2"),
            ("/scheduled", "ascending", "scheduled-1", "descending", "scheduled-1"),
            ("/held", "ascending", "held-1", "descending", "held-1"),
            ("/queues/low%2Fa%20b", "ascending", "waiting-1", "descending", "waiting-1"),
        ] {
            let page = stage.router.get(&format!("{list}?rows=1")).await;
            assert_eq!(page.between("aria-sort=\"", "\""), sorted, "{list}");
            assert_eq!(jids(&page.text), [first], "{list} on {}", stage.name);
            let head = page.link("aria-sort=\"ascending\"><a href=\"");
            let page = stage.router.get(&head).await;
            assert_eq!(page.between("aria-sort=\"", "\""), turned, "{head}");
            assert_eq!(jids(&page.text), [last], "{head} on {}", stage.name);
            assert!(head.contains("order=latest") && head.contains("rows=1"), "{head}");
        }
        let page = stage.router.get("/retries?rows=1&order=latest").await;
        let next = page.link("rel=\"next\" href=\"");
        assert_eq!(jids(&stage.router.get(&next).await.text), ["retry-1"], "{next} goes on in the same order");
        let dead = stage.router.get("/dead").await;
        assert_eq!(dead.between("aria-sort=\"", "\""), "descending", "the latest dead come first");
        let mut turned = jids(&stage.router.get("/dead?order=earliest").await.text);
        turned.reverse();
        assert_eq!(jids(&dead.text), turned, "{}", stage.name);
    })
    .await;
}

#[tokio::test]
async fn the_button_of_a_row_is_for_its_job_alone() {
    on_each(async |stage| {
        let page = stage.router.get("/retries").await;
        assert!(page.text.contains("name=\"run\" value=\"retry-1\""), "{}", page.text);
        // Other rows are selected, and all that match are chosen: the button of the row is what was pressed.
        let form = "run=retry-1&jid=retry-2&scope=all&in=300&q=";
        assert_eq!(stage.router.post("/retries", form).await.status, StatusCode::SEE_OTHER);
        assert_eq!(stage.state("retry-1").await, Some(State::Enqueued));
        assert_eq!(stage.state("retry-2").await, Some(State::Retries));
        let asked = stage.router.post("/retries", "delete=retry-2&scope=all").await;
        assert!(asked.text.contains("Delete 1 job for good?") && asked.text.contains("retry-2"), "{}", asked.text);
        assert_eq!(stage.state("retry-2").await, Some(State::Retries), "nothing happened yet");
        let form = "act=delete&sure=yes&scope=picked&jid=retry-2";
        assert_eq!(stage.router.post("/retries", form).await.status, StatusCode::SEE_OTHER);
        assert_eq!(stage.state("retry-2").await, None);
    })
    .await;
}

#[tokio::test]
async fn jobs_are_put_off_to_an_exact_time_in_utc() {
    on_each(async |stage| {
        let form = "act=reschedule&scope=picked&jid=retry-1&in=300&at=2026-11-22T09%3A30";
        assert_eq!(stage.router.post("/retries", form).await.status, StatusCode::SEE_OTHER);
        let wanted = Timestamp::from_unix_millis(1_795_339_800_000);
        assert_eq!(stage.job("retry-1").await.and_then(|row| row.at), Some(wanted), "the exact time counts");
        let form = "act=reschedule&in=3600&at=";
        assert_eq!(stage.router.post("/jobs/scheduled-1", form).await.status, StatusCode::SEE_OTHER);
        let at = stage.job("scheduled-1").await.and_then(|row| row.at);
        assert_eq!(at, Some(NOW + Duration::from_secs(3_600)), "an empty field is no time");
        for (at, said) in [("tomorrow", "Give the time as"), ("2026-11-21T01%3A59", "That time is over")] {
            let form = format!("act=reschedule&scope=picked&jid=retry-2&at={at}");
            let answer = stage.router.post("/retries", &form).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{at}");
            assert!(answer.text.contains(said), "{at}: {}", answer.text);
        }
        let asked = stage.router.post("/retries", "act=reschedule&scope=all&at=2026-11-22T09%3A30").await;
        assert!(asked.text.contains("name=\"at\" value=\"2026-11-22T09:30\""), "{}", asked.text);
        assert!(asked.text.contains("datetime=\"2026-11-22T09:30:00Z\""), "it says until when: {}", asked.text);
    })
    .await;
}

#[tokio::test]
async fn a_filter_that_matches_far_away_is_followed_in_bounded_steps() {
    on_each(async |stage| {
        let due = |number: usize| Place::Scheduled { at: NOW + Duration::from_secs(7_200 + number as u64) };
        let many: Vec<NewJob> =
            (0..limits::JOBS_PER_SCAN_MAX).map(|number| job(&format!("far-{number}"), "Mailer", due(number))).collect();
        for some in many.chunks(limits::JOBS_PER_MOVE_MAX) {
            push(&*stage.store, some).await;
        }
        push(&*stage.store, &[job("needle", "Needle", due(limits::JOBS_PER_SCAN_MAX))]).await;
        let first = stage.router.get("/scheduled?q=class%3ANeedle").await;
        let looked_at = limits::JOBS_PER_SCAN_MAX;
        let said = |number: usize| format!("{},{:03}", number / 1_000, number % 1_000);
        let so_far = format!("None matches among about {} of {} jobs so far.", said(looked_at), said(looked_at + 2));
        assert!(first.text.contains(&so_far), "{}", first.text);
        let bar = format!("<progress max=\"{}\" value=\"{looked_at}\"", looked_at + 2);
        assert!(first.text.contains(&bar), "{}", first.text);
        assert!(first.text.contains("name=\"scope\" value=\"all\""), "all that match can be acted on already");
        let far = stage.router.get(&format!("/scheduled?q=class%3ANeedle&seen={}", u64::MAX)).await;
        assert_eq!(far.status, StatusCode::OK, "{}", far.text);
        let next = first.link("rel=\"next\" href=\"");
        assert!(next.contains(&format!("seen={looked_at}")) && first.text.contains("data-goes-on"), "{next}");
        let second = stage.router.get(&next).await;
        assert_eq!(jids(&second.text), ["needle"], "{}", stage.name);
        assert!(!second.text.contains("data-goes-on") && !second.text.contains("rel=\"next\""), "{}", second.text);
        let asked = stage.router.post("/scheduled", "act=kill&scope=all&q=class%3ANeedle").await;
        assert!(asked.text.contains("Move 1 job to the dead set?"), "the count goes on to the end: {}", asked.text);
    })
    .await;
}

#[tokio::test]
async fn what_is_too_much_to_count_at_once_is_counted_on() {
    on_each(async |stage| {
        let many: Vec<NewJob> =
            (0..17_000).map(|number| job(&format!("count-{number}"), "Report", Place::Dead)).collect();
        for some in many.chunks(limits::JOBS_PER_MOVE_MAX) {
            push(&*stage.store, some).await;
        }
        let asked = stage.router.post("/dead", "act=delete&scope=all&q=class%3AReport").await;
        assert!(asked.text.contains("Delete 16,000 jobs for good? There may be more"), "{}", asked.text);
        let from = encoded(&asked.between("name=\"count_from\" value=\"", "\""));
        assert!(asked.text.contains("name=\"counted_for\" value=\"delete\"") && !asked.text.contains("name=\"of\""));
        let form = "sure=yes&scope=all&q=class%3AReport&counted_for=delete&counted=16000";
        let counted = stage.router.post("/dead", &format!("{form}&count_from={from}")).await;
        assert!(counted.text.contains("Delete 17,000 jobs for good?<"), "{}", counted.text);
        assert!(counted.text.contains("name=\"of\" value=\"17000\"") && !counted.text.contains("count_from"));
        assert_eq!(stage.inspect.stats(NOW).await.expect("stats").dead, 17_002, "counting deletes nothing");
    })
    .await;
}

#[tokio::test]
async fn a_held_job_says_why_in_the_language_of_the_page() {
    on_each(async |stage| {
        let reasons = [("held-2", "class Mailer is paused"), ("held-3", "why not")];
        push(&*stage.store, &reasons.map(|(id, reason)| job(id, "Mailer", Place::Held { reason: reason.to_owned() })))
            .await;
        let page = stage.router.get("/held?lang=vi").await.text;
        assert!(page.contains(">lớp Mailer đang tạm dừng<") && page.contains(">why not<"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn an_act_on_all_shows_how_far_it_is_and_can_be_stopped() {
    on_each(async |stage| {
        let many: Vec<NewJob> = (0..5_000)
            .map(|number| job(&format!("many-{number}"), "Report", Place::Held { reason: "r".into() }))
            .collect();
        for some in many.chunks(limits::JOBS_PER_MOVE_MAX) {
            push(&*stage.store, some).await;
        }
        let asked = stage.router.post("/held?rows=25", "act=run&scope=all&q=class%3AReport").await;
        assert!(asked.text.contains("Run 5,000 jobs now?"), "{}", asked.text);
        assert!(asked.text.contains("name=\"of\" value=\"5000\""), "{}", asked.text);
        let form = "act=run&scope=all&q=class%3AReport&sure=yes&of=5000";
        let going = stage.router.post("/held?rows=25", form).await;
        assert_eq!(going.status, StatusCode::OK);
        assert!(going.text.contains("<progress class=\"long\" max=\"5000\" value=\"4000\""), "{}", going.text);
        assert!(going.text.contains("4,000 of 5,000") && going.text.contains("data-goes-on"), "{}", going.text);
        let stop = going.between("class=\"button\" href=\"", "\" data-stop");
        let page = stage.router.get(stop.trim_start_matches('.')).await;
        assert!(page.text.contains("4,000 jobs run now."), "stopping says what was done: {stop}");
        assert!(stop.contains("rows=25"), "the list is looked at as before: {stop}");
        let cursor = encoded(&going.between("name=\"cursor\" value=\"", "\""));
        let form = format!("{form}&done=4000&refused=0&cursor={cursor}");
        let last = stage.router.post("/held?rows=25", &form).await;
        assert!(last.header("location").contains("did=run.5000.0.0"), "{}", last.header("location"));
        assert_eq!(stage.inspect.stats(NOW).await.expect("stats").held, 1, "those of other classes stay");
        let held = |number| job(&format!("again-{number}"), "Report", Place::Held { reason: "r".into() });
        let again: Vec<NewJob> = (0..4_001).map(held).collect();
        for some in again.chunks(limits::JOBS_PER_MOVE_MAX) {
            push(&*stage.store, some).await;
        }
        let form = format!("act=run&scope=all&q=class%3AReport&sure=yes&of=5000&done={0}&refused={0}", u64::MAX);
        let much = stage.router.post("/held", &form).await;
        assert!(much.text.contains("max=\"5000\" value=\"5000\""), "{}", much.text);
    })
    .await;
}

#[tokio::test]
async fn selected_jobs_that_are_gone_are_told_of() {
    on_each(async |stage| {
        let held = |id: &str, place| NewJob { key: Some(Key::new("k").expect("a key")), ..job(id, "Mailer", place) };
        push(&*stage.store, &[held("failed", Place::Dead)]).await;
        push(&*stage.store, &[held("holder", Place::Retries { at: NOW + Duration::from_secs(60) })]).await;
        let form = "act=run&scope=picked&jid=dead-1&jid=nobody&jid=failed";
        let answer = stage.router.post("/dead?rows=25", form).await;
        let location = answer.header("location").to_owned();
        assert!(location.contains("rows=25") && location.contains("did=run.1.1.1"), "{location}");
        let page = stage.router.get(location.trim_start_matches('.')).await.text;
        for said in ["1 job runs now.", "1 job was left as it is", "1 job was not there any more."] {
            assert!(page.contains(said), "{said}: {page}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_that_has_left_the_list_is_not_acted_on() {
    on_each(async |stage| {
        let to = |name: &str| Place::Queue { queue: queue(name), end: End::Back };
        push(&*stage.store, &[job("other-1", "Mailer", to("other"))]).await;
        // The page of the dead is an old one: somebody else has run the job again meanwhile.
        assert_eq!(stage.router.post("/dead", "run=dead-1").await.status, StatusCode::SEE_OTHER);
        for (list, jid, state) in [
            ("/dead", "dead-1", State::Enqueued),
            ("/retries", "scheduled-1", State::Scheduled),
            ("/queues/low%2Fa%20b", "other-1", State::Enqueued),
            ("/held", "running-1", State::Busy),
        ] {
            for form in [format!("act=delete&scope=picked&jid={jid}"), format!("delete={jid}")] {
                let answer = stage.router.post(list, &format!("{form}&sure=yes")).await;
                assert!(answer.header("location").contains("did=delete.0.0.1"), "{list}: {}", answer.text);
                assert_eq!(stage.state(jid).await, Some(state), "{list} {form} on {}", stage.name);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_row_hands_back_names_its_job_to_the_byte() {
    on_each(async |stage| {
        push(&*stage.store, &[raw("a\u{202e}b", Place::Dead, b"{}")]).await;
        let page = stage.router.get("/dead").await.text;
        let there = jids(&page).into_iter().find(|jid| jid.starts_with('a')).expect("the job has a row");
        assert_eq!(there, "a\u{202e}b");
        assert!(page.contains("a\\u{202e}b"), "and people see what hides in it");
        let form = format!("act=delete&sure=yes&scope=picked&jid={}", encoded(&there));
        assert_eq!(stage.router.post("/dead", &form).await.status, StatusCode::SEE_OTHER);
        assert_eq!(stage.state("a\u{202e}b").await, None);
    })
    .await;
}

#[tokio::test]
async fn what_is_done_to_a_group_is_done_to_no_other_job() {
    on_each(async |stage| {
        let (alike, endless) = ("Long".repeat(60), "Endless".repeat(100));
        let jobs = [
            ("errorless", r#""class":"Mailer""#.to_owned()),
            ("bare", r#""class":"Wrapper","error_class":"Boom","error_message":"oh""#.to_owned()),
            ("wrapped", r#""class":"Wrapper","wrapped":"Charge","error_class":"Boom""#.to_owned()),
            ("charge", r#""class":"Charge","error_class":"Boom""#.to_owned()),
            ("renamed", r#""class":"Charge","display_class":"Charge of ACME","error_class":"Boom""#.to_owned()),
            ("says-boom", r#""class":"Wrapper","error_class":"Other","error_message":"Boom""#.to_owned()),
            ("nameless", r#""class":"Wrapper","error_message":"Boom""#.to_owned()),
            ("nameless-too", r#""class":"Wrapper","error_class":"","error_message":"oh""#.to_owned()),
            ("long-a", format!(r#""class":"{alike}A""#)),
            ("long-b", format!(r#""class":"{alike}B""#)),
            ("endless-a", format!(r#""class":"{endless}A""#)),
            ("endless-b", format!(r#""class":"{endless}B""#)),
            ("no-class", r#""class":"","error_class":"Boom""#.to_owned()),
        ]
        .map(|(id, members)| raw(id, Place::Dead, format!(r#"{{{members},"args":[],"jid":"{id}"}}"#).as_bytes()));
        push(&*stage.store, &jobs).await;
        let page = stage.router.get("/dead?by=error").await.text;
        let mut found = Vec::new();
        for row in page.split("<th scope=\"row\"><a href=\"").skip(1) {
            let address = row.split('"').next().expect("a link").replace("&#38;", "&");
            let list = stage.router.get(address.trim_start_matches('.')).await.text;
            let jobs = row.split("class=\"num\"").nth(1).and_then(|cell| cell.split(['>', '<']).nth(1));
            let mut group = jids(&list);
            assert_eq!(jobs, Some(group.len().to_string().as_str()), "{address}");
            group.sort();
            found.push(group);
        }
        found.sort();
        let want: [&[&str]; 11] = [
            &["bare"],
            &["charge", "wrapped"],
            &["dead-1"],
            // Their names are too long for an address: they are one group, which says how many it has.
            &["endless-a", "endless-b"],
            &["errorless"],
            &["long-a"],
            &["long-b"],
            &["nameless", "nameless-too"],
            &["no-class", "unreadable-1"],
            &["renamed"],
            &["says-boom"],
        ];
        assert_eq!(found, want, "{}: {page}", stage.name);
    })
    .await;
}

#[tokio::test]
async fn rows_of_a_page_are_chosen_and_kept() {
    on_each(async |stage| {
        let page = stage.router.get("/retries?rows=1&order=latest&q=class%3AReport").await;
        assert!(page.text.contains("<option selected>1</option>"), "{}", page.text);
        let form = page.between("class=\"rows-shown\">", "</form>");
        for kept in ["name=\"order\" value=\"latest\"", "name=\"q\" value=\"class:Report\""] {
            assert!(form.contains(kept), "{kept}: {form}");
        }
        let search = page.between("role=\"search\">", "</form>");
        assert!(search.contains("name=\"rows\" value=\"1\"") && !search.contains("name=\"after\""), "{search}");
    })
    .await;
}

#[tokio::test]
async fn a_slip_is_told_in_the_language_of_the_page_and_how_to_write_it() {
    on_each(async |stage| {
        for list in ["/retries", "/dead?by=error", "/busy"] {
            let join = if list.contains('?') { '&' } else { '?' };
            let page = stage.router.get(&format!("{list}{join}q=clas%3Ax&lang=vi")).await;
            assert_eq!(page.status, StatusCode::OK);
            let told = page.between("id=\"slip\">", "</p>");
            assert!(told.starts_with("Không đọc được bộ lọc"), "{list}: {told}");
            assert!(
                told.contains("<span lang=\"en\">no term is named \"clas\": did you mean class?"),
                "{list}: {told}"
            );
            assert!(page.text.contains("<details class=\"terms\" open>"), "{list} shows the help");
        }
        let answer = stage.router.post("/retries?lang=vi", "act=run&scope=all&sure=yes&q=clas%3Ax").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text.contains("Không đọc được bộ lọc"), "{}", answer.text);
    })
    .await;
}

#[tokio::test]
async fn no_button_that_changes_anything_has_the_focus_or_answers_to_enter() {
    on_each(async |stage| {
        for (address, form) in [
            ("/retries", "act=delete&scope=all"),
            ("/retries", "act=run&scope=all"),
            ("/queues", "act=clear&queue=low%2Fa+b"),
            ("/jobs/retry-1", "act=kill"),
            ("/busy", "act=stop"),
        ] {
            let page = stage.router.post(address, form).await.text;
            assert!(page.contains("<h1 tabindex=\"-1\" autofocus"), "{address} {form}: {page}");
            let main = page.split("<dialog").next().unwrap_or_default();
            assert!(
                !main
                    .split("<button")
                    .skip(1)
                    .any(|rest| rest.split('>').next().is_some_and(|it| it.contains("autofocus")))
            );
        }
        for list in ["/retries", "/dead", "/queues/low%2Fa%20b"] {
            let page = stage.router.get(list).await;
            let form = page.between("class=\"sheet flush\">", "</form>");
            let first = form.split("<button").nth(1).expect("the form has buttons");
            assert!(first.starts_with(" name=\"act\" value=\"nothing\" hidden"), "Enter presses the first: {first}");
            let before = stage.inspect.stats(NOW).await.expect("stats");
            let answer = stage.router.post(list, "act=nothing&scope=all&jid=dead-1&jid=retry-1").await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER);
            assert_eq!(stage.inspect.stats(NOW).await.expect("stats"), before);
        }
    })
    .await;
}
