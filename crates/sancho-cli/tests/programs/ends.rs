//! What a program is given, and what its end means.

use serde_json::{Value, json};

use super::{burst, only};
use crate::harness::Bench;
use crate::worker::{Worker, wait_for_total};

#[test]
fn a_program_is_given_the_payload_on_one_line_and_the_job_in_its_environment() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "Mailer", r#"[7, "a b", {"c": 1.5}]"#, "--queue", "mailers"]);
    burst(&bench, "cat >in; env >env; cat >rest", &["-q", "mailers"]);
    let given = std::fs::read_to_string(bench.path("in")).expect("it was written");
    assert_eq!(given.lines().count(), 1, "{given}");
    assert!(given.ends_with("}\n") && given.contains(r#""args":[7,"a b",{"c":1.5}]"#), "{given}");
    let given: Value = serde_json::from_str(&given).expect("JSON");
    assert_eq!(given["jid"], json!(jid));
    assert_eq!(std::fs::read(bench.path("rest")).expect("it was written"), b"", "then its input ends");
    let environment = std::fs::read_to_string(bench.path("env")).expect("it was written");
    for variable in [&format!("SANCHO_JID={jid}"), "SANCHO_CLASS=Mailer", "SANCHO_QUEUE=mailers", "SANCHO_ATTEMPT=1"] {
        assert!(environment.lines().any(|line| line == variable), "{variable} in {environment}");
    }
    assert_eq!((bench.total("processed"), bench.total("failed"), bench.total("busy")), (1, 0, 0));
}

#[test]
fn a_program_is_started_without_a_shell_where_its_words_are_given() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    let mut worker = Worker::launch(&bench, &["--burst", "--", "cp", "/dev/stdin", "a b; $HOME"]);
    worker.ends_with(0);
    let given = std::fs::read_to_string(bench.path("a b; $HOME")).expect("it was written");
    assert!(given.contains(r#""class":"A""#), "{given}");
}

#[test]
fn each_end_of_a_program_has_its_meaning() {
    for (line, class, message) in [
        ("echo one >&2; echo two >&2; exit 1", "Exec::Exit1", "one\ntwo"),
        ("echo out; exit 66", "Exec::Exit66", "the program exited with code 66, and wrote nothing to standard error"),
        ("kill -9 $$", "Exec::SIGKILL", "the program was ended by SIGKILL, and wrote nothing to standard error"),
        ("echo last >&2; kill -SEGV $$", "Exec::SIGSEGV", "last"),
        (r"printf 'caf\351\n' >&2; exit 2", "Exec::Exit2", "caf\u{fffd}"),
    ] {
        let bench = Bench::new();
        bench.ok(&["push", "A"]);
        burst(&bench, line, &[]);
        let job = only(&bench, "retries");
        assert_eq!((&job["error_class"], &job["error_message"]), (&json!(class), &json!(message)), "{line}: {job}");
        assert_eq!((bench.total("processed"), bench.total("failed")), (1, 1), "{line}");
    }
}

#[test]
fn a_program_discards_its_job_by_65_and_puts_it_off_by_75() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    burst(&bench, "echo too late >&2; exit 65", &[]);
    let totals = |bench: &Bench| ["processed", "failed", "retries", "dead", "scheduled"].map(|name| bench.total(name));
    assert_eq!(totals(&bench), [1, 0, 0, 0, 0]);
    for (line, least, most) in [
        ("exit 75", 30.0, 60.0),
        ("echo 7200; exit 75", 7_000.0, 7_200.0),
        ("echo checking; echo 3h; exit 75", 10_000.0, 10_800.0),
        ("echo 3h; echo not yet; exit 75", 30.0, 60.0),
    ] {
        let bench = Bench::new();
        bench.ok(&["push", "A"]);
        burst(&bench, line, &[]);
        assert_eq!(totals(&bench), [1, 0, 0, 0, 1], "{line}");
        let job = only(&bench, "scheduled");
        let (at, created) = (job["at"].as_f64().expect("a time"), job["created_at"].as_f64().expect("a time"));
        // The test itself may take a while: a put-off counts from the job's end.
        assert!(at - created >= least && at - created < most + 600.0, "{line}: {job}");
    }
}

#[test]
fn a_program_that_cannot_be_started_is_a_failure_that_names_it() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    let mut worker = Worker::launch(&bench, &["--burst", "--", "no-such-program", "x"]);
    worker.ends_with(0);
    let job = only(&bench, "retries");
    assert_eq!(job["error_class"], "Exec::NotStarted");
    let message = job["error_message"].as_str().expect("a message");
    assert!(message.contains("no-such-program: No such file"), "{message}");
}

#[test]
fn a_burst_ends_well_whatever_failed_and_leaves_retries_for_later() {
    let bench = Bench::new();
    for number in 0..30 {
        bench.ok(&["push", if number % 3 == 0 { "Bad" } else { "Good" }]);
    }
    bench.ok(&["push", "Good", "--in", "1h"]);
    burst(&bench, r#"test "$SANCHO_CLASS" = Good"#, &["-c", "4"]);
    let totals = ["processed", "failed", "retries", "enqueued", "scheduled"].map(|name| bench.total(name));
    assert_eq!(totals, [30, 10, 10, 0, 1]);
    burst(&bench, "false", &[]);
    assert_eq!(bench.total("processed"), 30, "nothing was ready");
}

#[test]
fn a_program_that_runs_too_long_is_ended_and_its_job_has_failed() {
    for (line, said) in [
        ("echo working >&2; sleep 600", "working"),
        // Asked to end, it refuses: it is killed.
        ("trap '' TERM; echo deaf >&2; while :; do sleep 1; done", "deaf"),
        // Asked to end, it says that all is well: it took too long all the same.
        ("trap 'exit 0' TERM; echo polite >&2; while :; do sleep 0.1; done", "polite"),
    ] {
        let bench = Bench::new();
        bench.ok(&["push", "A"]);
        let mut worker = Worker::launch(&bench, &["--exec", line, "--burst", "--job-timeout", "1s"]);
        worker.ends_with(0);
        let job = only(&bench, "retries");
        assert_eq!(job["error_class"], "Timeout", "{job}");
        let message = job["error_message"].as_str().expect("a message");
        assert!(message.starts_with("the program ran longer than its timeout of 1s\n"), "{message}");
        assert!(message.contains(said), "{message}");
        worker.leaves_nothing();
    }
}

#[test]
fn a_job_that_is_canceled_is_asked_to_end_and_then_killed() {
    for line in [
        "trap 'touch told; exit 1' TERM; touch begun; while :; do sleep 0.05; done",
        "trap 'touch told' TERM; touch begun; while :; do sleep 0.05; done",
    ] {
        let bench = Bench::new();
        let jid = bench.ok(&["push", "A"]);
        let worker = Worker::start(&bench, &["--exec", line]);
        crate::worker::wait_until("the job begins", || bench.path("begun").exists());
        bench.ok(&["cancel", &jid, "--running"]);
        crate::worker::wait_for_total(&bench, "busy", 0);
        assert!(bench.path("told").exists(), "it was asked first");
        assert_eq!(["failed", "retries", "enqueued", "dead"].map(|name| bench.total(name)), [0; 4]);
        worker.leaves_nothing();
    }
}

#[test]
fn what_is_wrong_with_the_command_line_is_said_before_anything_is_opened() {
    let bench = Bench::new();
    bench.run(&["work"]).refused(2, &["--exec CMD", "-- PROG ARGS", "sancho::cli::run"]);
    bench.run(&["work", "--exec", " "]).refused(2, &["--exec is empty"]);
    bench.run(&["work", "--exec", "true", "--", "true"]).refused(2, &["cannot be used with"]);
    bench.run(&["work", "--exec", "true", "--job-timeout", "soon"]).refused(2, &["30s, 5m or 2h"]);
    bench.run(&["work", "--exec", "true", "--job-timeout", "0"]).refused(2, &["30s, 5m or 2h"]);
    assert!(!bench.path("jobs.db").exists());
}

#[test]
fn jobs_that_run_when_the_server_stops_may_finish() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    let mut worker = Worker::start(&bench, &["--exec", "touch begun; while ! test -e go; do sleep 0.05; done"]);
    crate::worker::wait_until("the job begins", || bench.path("begun").exists());
    worker.signal(rustix::process::Signal::TERM);
    worker.until(&["takes no more jobs"]);
    std::fs::write(bench.path("go"), "").expect("it can be written");
    worker.ends_with(0);
    assert_eq!((bench.total("processed"), bench.total("failed")), (1, 0));
}

#[test]
fn jobs_that_do_not_finish_in_time_return_without_an_attempt_and_leave_nothing() {
    for line in ["touch begun; sleep 600", "trap '' TERM; touch begun; while :; do sleep 1; done"] {
        let bench = Bench::new();
        bench.ok(&["push", "A"]);
        let mut worker = Worker::start(&bench, &["--exec", line, "-t", "1"]);
        crate::worker::wait_until("the job begins", || bench.path("begun").exists());
        worker.signal(rustix::process::Signal::TERM);
        worker.ends_with(0);
        assert!(worker.offspring().is_empty(), "nothing is left when the server ends: {:?}", worker.offspring());
        wait_for_total(&bench, "enqueued", 1);
        assert_eq!((bench.total("processed"), bench.total("failed"), bench.total("busy")), (0, 0, 0), "{line}");
        assert_eq!(only(&bench, "default")["payload"].get("retry_count"), None);
    }
}
