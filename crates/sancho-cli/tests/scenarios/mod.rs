//! What the command does on every store alike: each scenario is run on SQLite and on a Redis.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use sancho_core::Place;
use serde_json::{Value, json};

use crate::harness::Bench;

mod running;

pub(crate) use running::{
    a_deploy_is_marked_and_shown_with_the_metrics, a_process_is_tuned_and_waited_for,
    a_running_job_is_listed_with_how_far_it_is, throughput_is_told_by_queue,
    what_is_paused_is_listed_beside_the_queues, what_was_performed_is_told_by_class,
};

/// Hands every scenario to a macro that makes a test of each.
#[macro_export]
macro_rules! for_each_scenario {
    ($how:ident) => {
        $how! {
            a_filter_chooses_what_is_listed
            a_filter_that_makes_no_sense_is_refused_with_what_would
            many_jobs_are_counted_and_asked_for
            each_action_is_for_many_jobs_too
            more_jobs_than_one_step_moves_are_all_moved_once
            what_makes_no_sense_for_a_set_is_refused
            one_job_may_be_tried_dry
            a_queue_is_paused_and_resumed
            a_resumed_class_runs_what_was_held_for_it
            a_queue_is_cleared
            sample_jobs_come_and_go
            days_are_counted
            numbers_are_watched
            nobody_is_there_to_stop
            what_was_performed_is_told_by_class
            throughput_is_told_by_queue
            a_deploy_is_marked_and_shown_with_the_metrics
            a_running_job_is_listed_with_how_far_it_is
            what_is_paused_is_listed_beside_the_queues
            a_process_is_tuned_and_waited_for
        }
    };
}

/// The first argument of each job of a set, in order.
#[track_caller]
fn listed(bench: &Bench, args: &[&str]) -> Vec<Value> {
    let page = bench.json(&[&["ls"], args].concat());
    page["jobs"].as_array().expect("jobs").iter().map(|job| job["args"][0].clone()).collect()
}

/// Six scheduled jobs of three classes, with tags.
fn bench_with_six(bench: &Bench) {
    for (class, args, tag, hours) in [
        ("Mailer", "[1]", "eu", "1h"),
        ("Mailer", "[2]", "us", "2h"),
        ("MailDigest", "[3]", "eu", "3h"),
        ("Resize", "[4, \"Blue Sky\"]", "eu", "4h"),
        ("Resize", "[5]", "us", "5h"),
        ("Resize", "[6]", "big ones", "6h"),
    ] {
        bench.ok(&["push", class, args, "--tag", tag, "--in", hours, "--queue", "low"]);
    }
}

pub(crate) fn a_filter_chooses_what_is_listed(bench: &Bench, _: &str) {
    bench_with_six(bench);
    for (filter, want) in [
        (&["class:Mail*"][..], &[1, 2, 3][..]),
        (&["class:Mail*", "-tag:us"], &[1, 3]),
        (&["!class:Mail*", "tag:eu"], &[4]),
        (&["class:Mail* tag:us"], &[2]),
        (&["tag:\"big ones\""], &[6]),
        (&["arg:5"], &[5]),
        (&["arg~sky"], &[4]),
        (&["Blue", "Sky"], &[4]),
        (&["blue"], &[]),
        (&["queue:low", "attempts:0", "age<1h"], &[1, 2, 3, 4, 5, 6]),
        (&["age>1h"], &[]),
        (&["-tag:eu", "-tag:us", "--limit", "1"], &[6]),
    ] {
        let want: Vec<Value> = want.iter().map(|number| json!(number)).collect();
        assert_eq!(listed(bench, &[&["scheduled"], filter].concat()), want, "{filter:?}");
    }
    assert_eq!(bench.ok(&["ls", "scheduled", "class:Nobody"]), "no jobs");
}

pub(crate) fn a_filter_that_makes_no_sense_is_refused_with_what_would(bench: &Bench, _: &str) {
    bench_with_six(bench);
    for (terms, said) in [
        (&["clas:Mailer"][..], "did you mean class?"),
        (&["product:42"], "quote it: \"product:42\""),
        (&["age"], "'age>1h'"),
        (&["age>1"], "with its unit"),
        (&["tag:\"open"], "not closed"),
    ] {
        for verb in [&["ls", "scheduled"][..], &["delete", "scheduled", "--yes"]] {
            bench.run(&[verb, terms].concat()).refused(2, &[said]);
        }
    }
    bench.run(&["delete", "class:Mailer", "--yes"]).refused(2, &["say of which set"]);
    bench.run(&["delete", "0a1b2c", "class:Mailer"]).refused(2, &["behind a set"]);
    bench.run(&["delete"]).refused(2, &["JID|SET"]);
    assert_eq!(bench.total("scheduled"), 6);
}

pub(crate) fn many_jobs_are_counted_and_asked_for(bench: &Bench, _: &str) {
    bench_with_six(bench);
    let question = "delete 2 jobs of the scheduled set that match class:Mail* tag:eu";
    let wanted = ["delete", "scheduled", "class:Mail*", "tag:eu"];
    bench.run(&wanted).refused(3, &[question, "no terminal", "--yes", "--dry-run"]);
    assert_eq!(bench.ok(&[&wanted[..], &["--dry-run"]].concat()), format!("would {question}"));
    assert_eq!(bench.json(&[&wanted[..], &["--dry-run"]].concat()), json!({"would":"delete","jobs":2}));
    assert_eq!(bench.total("scheduled"), 6, "nothing was done yet");
    bench.run(&[&wanted[..], &["--dry-run", "--yes"]].concat()).refused(2, &["--dry-run"]);
    assert_eq!(bench.json(&[&wanted[..], &["--yes"]].concat()), json!({"done":"deleted","jobs":2,"refused":0}));
    assert_eq!(bench.ok(&[&wanted[..], &["-y"]].concat()), "deleted 0 jobs");
    assert_eq!(bench.ok(&wanted), "deleted 0 jobs", "for nothing nobody is asked");
    bench.run(&["delete", "scheduled"]).refused(3, &["delete 4 jobs of the scheduled set, and"]);
    assert_eq!(bench.ok(&["delete", "scheduled", "--yes"]), "deleted 4 jobs");
}

pub(crate) fn each_action_is_for_many_jobs_too(bench: &Bench, _: &str) {
    bench_with_six(bench);
    assert_eq!(bench.ok(&["retry", "scheduled", "arg:1", "--yes"]), "enqueued 1 job");
    assert_eq!(bench.ok(&["kill", "scheduled", "class:Mailer", "--yes"]), "killed 1 job");
    assert_eq!(bench.ok(&["cancel", "scheduled", "class:MailDigest", "--yes"]), "canceled 1 job");
    let late = ["reschedule", "scheduled", "-tag:us", "--at", "2100-01-01T00:00:00Z", "--yes"];
    assert_eq!(bench.ok(&late), "rescheduled 2 jobs");
    assert_eq!(listed(bench, &["low"]), [json!(1)]);
    assert_eq!(listed(bench, &["dead"]), [json!(2)]);
    assert_eq!(listed(bench, &["scheduled"])[0], json!(5), "the others have been moved behind it");
    assert_eq!(bench.ok(&["reschedule", "queue:low", "--in", "1h", "--yes"]), "rescheduled 1 job");
    assert_eq!(bench.ok(&["retry", "dead", "--yes"]), "enqueued 1 job");
    assert_eq!((bench.total("scheduled"), bench.total("dead"), bench.total("enqueued")), (4, 0, 1));
}

pub(crate) fn more_jobs_than_one_step_moves_are_all_moved_once(bench: &Bench, _: &str) {
    const JOBS: usize = 2_345;
    let line = |number| format!("{{\"class\":\"A\",\"args\":[{number}],\"at\":4000000000.{:04}}}\n", number % 7);
    let lines: String = (0..JOBS).map(line).collect();
    std::fs::write(bench.path("jobs.ndjson"), lines).expect("a file can be written");
    bench.ok(&["push", "--file", "jobs.ndjson"]);
    for at in ["2099-01-01T00:00:00Z", "2090-01-01T00:00:00Z"] {
        let moved = bench.json(&["reschedule", "scheduled", "--at", at, "--yes"]);
        assert_eq!(moved, json!({"done":"rescheduled","jobs":JOBS,"refused":0}), "to {at}");
    }
    let want = "would delete 1,000 jobs of the scheduled set that match -arg:1* -arg:2*";
    let some: Vec<_> = (0..JOBS).filter(|number| !number.to_string().starts_with(['1', '2'])).collect();
    assert_eq!(
        bench.ok(&["delete", "scheduled", "-arg:1*", "-arg:2*", "--dry-run"]),
        want.replace("1,000", &some.len().to_string())
    );
    assert_eq!(bench.ok(&["kill", "scheduled", "--yes"]), "killed 2,345 jobs");
    assert_eq!(bench.ok(&["retry", "dead", "--yes"]), "enqueued 2,345 jobs");
    assert_eq!((bench.total("scheduled"), bench.total("dead"), bench.total("enqueued")), (0, 0, JOBS as u64));
}

pub(crate) fn what_makes_no_sense_for_a_set_is_refused(bench: &Bench, _: &str) {
    let jid = bench.ok(&["push", "A"]);
    bench.ok(&["push", "B"]);
    bench.run(&["retry", "queue:default", "--yes"]).refused(1, &["they are enqueued", "[senseless]"]);
    bench.ok(&["kill", &jid]);
    for verb in ["kill", "cancel"] {
        bench.run(&[verb, "dead", "--yes"]).refused(1, &[verb, "they are dead", "[senseless]"]);
    }
    bench.run(&["delete", "busy", "--yes"]).refused(1, &["cancel busy --running", "[started]"]);
    bench.run(&["cancel", "dead", "--running", "--yes"]).refused(2, &["with the set busy"]);
    assert_eq!((bench.total("enqueued"), bench.total("dead")), (1, 1));
}

pub(crate) fn one_job_may_be_tried_dry(bench: &Bench, _: &str) {
    let jid = bench.ok(&["push", "A", "[]", "--key", "k"]);
    let would = format!("would delete {jid}, which is enqueued");
    assert_eq!(bench.ok(&["delete", &jid, "--dry-run"]), would);
    assert_eq!(bench.json(&["cancel", "--key", "k", "--dry-run"]), json!({"would":"cancel","jobs":1}));
    bench.run(&["retry", &jid, "--dry-run"]).refused(1, &["enqueued", "[senseless]"]);
    bench.run(&["delete", "nobody", "--dry-run"]).refused(1, &["no job has the id", "[not-found]"]);
    assert_eq!(bench.ok(&["cancel", &jid, "--running"]), format!("canceled {jid}"), "it has not started");
}

pub(crate) fn a_queue_is_paused_and_resumed(bench: &Bench, _: &str) {
    bench.ok(&["push", "A", "[]", "--queue", "low"]);
    let paused = |name: &str| {
        let rows = bench.json(&["queues"])["queues"].clone();
        rows.as_array().expect("rows").iter().find(|row| row["name"] == name).map(|row| row["paused"].clone())
    };
    assert_eq!(bench.json(&["pause", "low"]), json!({"queue":"low","paused":true}));
    assert_eq!(bench.ok(&["pause", "low"]), "paused the queue low: what is in it stays");
    assert_eq!(paused("low"), Some(json!(true)));
    assert_eq!(bench.json(&["resume", "low"]), json!({"queue":"low","paused":false}));
    assert_eq!(paused("low"), Some(json!(false)));
    let slip = bench.run(&["pause", "lwo"]);
    assert!(slip.code == Some(0) && slip.err.contains("no job was pushed to lwo yet"), "{slip:?}");
    let again = bench.run(&["resume", "low"]);
    assert!(again.code == Some(0) && again.err.contains("was not paused"), "{again:?}");
    bench.run(&["pause"]).refused(2, &["--class"]);
    bench.run(&["pause", "low", "--class", "A"]).refused(2, &["--class"]);
    bench.run(&["pause", ""]).refused(2, &["queue name is empty"]);
}

pub(crate) fn a_resumed_class_runs_what_was_held_for_it(bench: &Bench, url: &str) {
    bench.ok(&["push", "A"]);
    assert_eq!(bench.json(&["pause", "--class", "Mail\"er*"]), json!({"class":"Mail\"er*","paused":true}));
    let url = url.replace("sqlite://", &format!("sqlite://{}/", bench.path("").display()));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = sancho::connect(&url).await.expect("the store opens");
        let now = client.clock().now();
        let held = |class: &str| {
            let job = client.draft(class, "[]").into_job(now, client.wire().time());
            let mut job = job.expect("it is valid");
            job.place = Place::Held { reason: format!("class {class} is paused") };
            job
        };
        let jobs = [held("Mail\"er*"), held("Mail\"er*"), held("Mail\"ers")];
        client.store().push(&jobs, now).await.expect("pushed");
    });
    assert_eq!(
        bench.json(&["resume", "--class", "Mail\"er*"]),
        json!({"class":"Mail\"er*","paused":false,"enqueued":2})
    );
    assert_eq!((bench.total("held"), bench.total("enqueued")), (1, 3), "the class that is named alike is left alone");
}

pub(crate) fn a_queue_is_cleared(bench: &Bench, _: &str) {
    for queue in ["low", "low", "low", "high"] {
        bench.ok(&["push", "A", "[]", "--queue", queue]);
    }
    bench.run(&["clear", "low"]).refused(3, &["delete 3 jobs of the queue low", "--yes"]);
    assert_eq!(bench.json(&["clear", "low", "--dry-run"]), json!({"queue":"low","would":"delete","jobs":3}));
    assert_eq!(bench.total("enqueued"), 4);
    assert_eq!(bench.json(&["clear", "low", "--yes"]), json!({"queue":"low","done":"deleted","jobs":3}));
    assert_eq!(bench.json(&["queues"])["queues"].as_array().map(Vec::len), Some(1), "it is forgotten");
    bench.run(&["clear", "low", "--yes"]).refused(1, &["there is no queue low", "[not-found]"]);
    assert_eq!(bench.total("enqueued"), 1);
}

pub(crate) fn sample_jobs_come_and_go(bench: &Bench, _: &str) {
    let said = bench.ok(&["demo", "--jobs", "40"]);
    assert!(said.starts_with("pushed 40 sample jobs\n") && said.contains("sancho demo --remove"), "{said}");
    let totals = ["enqueued", "scheduled", "retries", "dead"].map(|name| bench.total(name));
    assert_eq!(totals, [20, 8, 8, 4]);
    assert_eq!(bench.json(&["queues"])["queues"].as_array().map(Vec::len), Some(4));
    let classes: std::collections::BTreeSet<String> = bench.json(&["ls", "retries"])["jobs"]
        .as_array()
        .expect("jobs")
        .iter()
        .map(|job| job["class"].as_str().expect("a class").to_owned())
        .collect();
    assert!(classes.len() >= 3, "{classes:?}");
    let failed = bench.json(&["ls", "retries", "error~timeout", "attempts>=1", "failed<1d"]);
    assert!(!failed["jobs"].as_array().expect("jobs").is_empty(), "filters have something to find");
    bench.run(&["demo"]).refused(3, &["40 jobs already", "--yes"]);
    let own = bench.ok(&["push", "Mine"]);
    assert_eq!(bench.json(&["demo", "--jobs", "10", "--yes"]), json!({"done":"pushed","jobs":10}));
    bench.run(&["demo", "--remove"]).refused(3, &["delete 50 jobs with the tag demo"]);
    assert_eq!(bench.json(&["demo", "--remove", "--dry-run"]), json!({"would":"delete","jobs":50}));
    assert_eq!(bench.ok(&["demo", "--remove", "--yes"]), "deleted 50 jobs");
    assert_eq!(bench.json(&["show", &own])["class"], "Mine", "what is not for show stays");
    assert_eq!(["enqueued", "scheduled", "retries", "dead"].map(|name| bench.total(name)), [1, 0, 0, 0]);
}

pub(crate) fn days_are_counted(bench: &Bench, _: &str) {
    bench.ok(&["push", "A"]);
    let days = bench.json(&["history", "--days", "3"])["days"].clone();
    assert_eq!(days.as_array().map(Vec::len), Some(3));
    assert_eq!((&days[0]["processed"], &days[0]["failed"]), (&json!(0), &json!(0)));
    let text = bench.ok(&["history", "--days", "3"]);
    let dates: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(dates.len(), 3);
    assert!(dates.is_sorted_by(|a, b| a > b), "the latest first: {dates:?}");
    bench.run(&["history", "--days", "0"]).refused(2, &["--days"]);
}

pub(crate) fn numbers_are_watched(bench: &Bench, _: &str) {
    bench.ok(&["push", "A", "[]", "--queue", "low"]);
    let seen = bench.json(&["watch", "--once"]);
    assert_eq!((&seen["enqueued"], &seen["processed_per_second"]), (&json!(1), &Value::Null));
    let page = bench.ok(&["watch", "--once"]);
    assert!(page.contains("enqueued 1 ") && page.lines().any(|line| line.starts_with("low ")), "{page}");
    bench.run(&["watch", "--every", "1ms"]).refused(2, &["--every 100ms"]);
    for (signal, args) in [(Signal::INT, &["watch", "--every", "100ms"][..]), (Signal::TERM, &["--json", "watch"])] {
        let mut command = bench.command();
        let mut child = command.args(args).stdout(Stdio::piped()).spawn().expect("the command starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let first = lines.next().expect("a line").expect("UTF-8");
        assert!(first.contains("enqueued"), "{first}");
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("an id")).expect("an id");
        kill_process(pid, signal).expect("it is there");
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{signal:?} is a good end");
    }
}

pub(crate) fn nobody_is_there_to_stop(bench: &Bench, _: &str) {
    bench.ok(&["push", "A"]);
    for verb in ["quiet", "stop"] {
        assert_eq!(bench.ok(&[verb, "--all"]), "no process performs jobs: there is nobody to ask");
        assert_eq!(bench.json(&[verb, "--all"]), json!({"processes":[]}));
        bench.run(&[verb]).refused(2, &["--all"]);
        bench.run(&[verb, "1"]).refused(1, &["no process of this store is \"1\"", "[not-found]"]);
        bench.run(&[verb, "--all", "1"]).refused(2, &["--all"]);
    }
    assert_eq!(bench.ok(&["processes"]), "no process performs jobs: start a server");
    assert_eq!(bench.json(&["processes"]), json!({"processes":[]}));
    assert_eq!(bench.ok(&["busy"]), "no jobs");
}
