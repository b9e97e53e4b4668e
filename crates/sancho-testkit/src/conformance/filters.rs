//! Facts of filters: which jobs pass, whatever store they are in.

use std::sync::Arc;

use sancho_core::redact::{Hidden, Lens};
use sancho_core::{Action, Direction, Filter, Place, Selection, Set};

use super::pages::pages;
use crate::factory::{jid_of, job, queue, unreadable};
use crate::stage::{Stage, at};

fn filter(class: Option<&str>, text: Option<&str>) -> Filter {
    let mut filter = Filter::all();
    filter.class = class.map(str::to_owned);
    filter.text = text.map(str::to_owned);
    filter
}

pub(super) async fn a_page_is_filtered_by_class(s: Stage) {
    let classes = [("A", "Mailer"), ("B", "Resizer"), ("C", "MailDigest"), ("D", "Email"), ("E", "Mailer")];
    s.push(classes.map(|(name, class)| job(name).class(class)), 0).await;
    let set = Set::Queue(queue("default"));
    assert_eq!(pages(&s, set.clone(), filter(Some("Mail*"), None)).await, ["Mailer", "MailDigest", "Mailer"]);
    assert_eq!(pages(&s, set, filter(Some("Mailer"), None)).await, ["Mailer", "Mailer"]);
}

pub(super) async fn a_page_is_filtered_by_text(s: Stage) {
    s.push([job("A").args("[\"blue\"]"), job("B").args("[\"red\"]"), job("C").args("[\"dark blue\"]")], 0).await;
    assert_eq!(pages(&s, Set::Queue(queue("default")), filter(None, Some("blue"))).await, ["A", "C"]);
    assert_eq!(pages(&s, Set::Queue(queue("default")), filter(Some("C"), Some("blue"))).await, ["C"]);
}

pub(super) async fn what_a_lens_hides_tells_neither_what_passes_nor_where_a_page_ends(s: Stage) {
    let secret = |name: &str| job(name).class("Hides").args("[7,\"4111\"]");
    s.push([secret("A").queue("has"), secret("B").args("[7,\"9\"]").queue("has-not")], 0).await;
    s.push([secret("C").at(at(900))], 0).await;
    let mut lens = Lens::default();
    lens.hide("Hides", Hidden::argument(1));
    let lens = Arc::new(lens);
    let through = |text| Filter::parse(text, at(1)).expect("a filter").through(Arc::clone(&lens));
    for (text, passes) in [("arg~4", 0), ("-arg~4", 1), ("4111", 0), ("-\"4111\"", 1), ("arg:7", 1), ("", 1)] {
        let filter = through(text);
        let mut ends = Vec::new();
        for set in ["has", "has-not"].map(|name| Set::Queue(queue(name))) {
            for direction in [Direction::Forward, Direction::Backward] {
                let page = s.inspect.page(&set, &filter, direction, None, 1).await.expect("page");
                assert_eq!(page.rows.len(), passes, "{text}");
                ends.push(page.next.is_some());
            }
        }
        assert!(ends.iter().all(|end| *end == ends[0]), "{text}: {ends:?}");
    }
    let all = |text| Selection::All { set: Set::Scheduled, filter: through(text), after: None };
    assert_eq!(s.apply(Action::Delete, all("arg:4111"), 10, 1).await.done, 0);
    assert_eq!(s.apply(Action::Delete, all("-arg:4111"), 10, 1).await.done, 1);
}

/// The names of the jobs of the retries that a filter lets pass, as seen half a minute after the start.
async fn retries_that_pass(s: &Stage, filter: &str) -> Vec<String> {
    let filter = Filter::parse(filter, at(30)).expect("a filter");
    pages(s, Set::Retries, filter).await
}

/// Jobs that differ in all that a filter can be about; the last is one that nobody can read.
async fn varied(s: &Stage) {
    let second = at(0).as_unix_micros() / 1_000_000;
    let members = [
        ("A", r#""args":[7]"#.to_owned()),
        ("B", r#""args":["blue",[7]],"queue":"high""#.to_owned()),
        ("C", r#""queue":"low","key":"user:7","tags":["eu","big ones"]"#.to_owned()),
        ("D", r#""retry_count":3,"error_class":"Net::Timeout","error_message":"oh""#.to_owned()),
        ("E", format!(r#""created_at":{}.0,"failed_at":{}.0"#, second + 10, second + 25)),
        ("F", r#""wrapped":"Inner","tags":["us"]"#.to_owned()),
    ];
    let place = || Place::Retries { at: at(900) };
    let mut jobs = vec![unreadable("G", b"oops {").place(place())];
    for (name, members) in &members {
        let payload = format!(r#"{{"class":"{name}","jid":"{}",{members}}}"#, jid_of(name));
        let new = job(name).place(place()).payload(&payload);
        jobs.push(if *name == "C" { new.key("user:7") } else { new });
    }
    s.push(jobs, 0).await;
}

pub(super) async fn a_page_is_filtered_by_every_term(s: Stage) {
    varied(&s).await;
    for (filter, want) in [
        ("class:A", &["A"][..]),
        ("class:Inn*", &["F"]),
        ("queue:low", &["C"]),
        ("key:user:7", &["C"]),
        ("tag:\"big ones\"", &["C"]),
        ("arg:7", &["A"]),
        ("arg~BLUE", &["B"]),
        ("error~timeout", &["D"]),
        ("error:oh", &["D"]),
        ("attempts>3", &["D"]),
        ("age>=20s", &["E"]),
        ("age>20s", &[]),
        ("failed<10s", &["E"]),
        ("oops", &["oops {"]),
        ("class:* -attempts:0", &["D"]),
        ("tag:* -tag:eu", &["F"]),
        ("tag:* queue:low", &["C"]),
        ("tag:us queue:low", &[]),
    ] {
        let mut names = retries_that_pass(&s, filter).await;
        names.sort();
        assert_eq!(names, want, "{filter}");
    }
    let jid = jid_of("C");
    assert_eq!(retries_that_pass(&s, &format!("jid:{}*", &jid.as_str()[..20])).await, ["C"]);
}

pub(super) async fn a_term_and_its_negation_part_a_set_in_two(s: Stage) {
    varied(&s).await;
    for term in ["class:A", "queue:low", "tag:eu", "arg:7", "error~timeout", "attempts>3", "age>5s", "blue"] {
        let mut with = retries_that_pass(&s, term).await;
        with.extend(retries_that_pass(&s, &format!("-{term}")).await);
        with.sort();
        assert_eq!(with, ["A", "B", "C", "D", "E", "F", "oops {"], "{term}");
    }
}

pub(super) async fn an_unreadable_job_is_found_by_its_text_and_shown(s: Stage) {
    s.push([unreadable("A", b"oops {"), job("B")], 0).await;
    assert_eq!(pages(&s, Set::Queue(queue("default")), filter(None, Some("oops"))).await, ["oops {"]);
    assert_eq!(pages(&s, Set::Queue(queue("default")), Filter::all()).await, ["oops {", "B"]);
}
