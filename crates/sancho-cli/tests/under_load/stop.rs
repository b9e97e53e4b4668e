//! Signals that end the work: TSTP, TERM, INT and HUP.

use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::{MOMENT, all_are_there, done, nothing_is_lost, push};
use crate::harness::Bench;
use crate::worker::{Worker, wait_for_total, wait_until};

const JOBS: usize = 400;

/// A worker with hundreds of jobs before it, which has done some.
fn at_work(more: &[&str]) -> (Bench, Worker) {
    let bench = Bench::new();
    push(&bench, "Moment", JOBS);
    let worker = Worker::start(&bench, &[&["--exec", MOMENT, "-c", "6"], more].concat());
    wait_until("jobs are done", || done(&bench).len() > 20);
    (bench, worker)
}

/// A worker that was started as `nohup` starts it.
fn without_terminal(bench: &Bench) -> Worker {
    let bare = bench.command();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(bare.get_program()).args(["work", "--exec", MOMENT]);
    command.envs(bare.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(bench.path("")).stdin(Stdio::null());
    let worker = Worker::of(command);
    worker.until(&["the server takes jobs"]);
    worker
}

#[test]
fn tstp_takes_no_more_jobs_and_finishes_those_that_run() {
    let (bench, mut worker) = at_work(&[]);
    worker.signal(Signal::TSTP);
    worker.until(&["takes no more jobs"]);
    wait_for_total(&bench, "busy", 0);
    let left = bench.total("enqueued");
    assert!(left > 0, "there is work left");
    assert_eq!(bench.json(&["processes"])["processes"][0]["quiet"], true);
    push(&bench, "Moment", 10);
    assert_eq!(bench.total("enqueued"), left + 10, "it takes none of the new ones either");
    worker.signal(Signal::TERM);
    worker.ends_with(0);
    nothing_is_lost(&bench, JOBS + 10);
}

#[test]
fn term_finishes_what_runs_and_ends_well() {
    let (bench, mut worker) = at_work(&[]);
    worker.signal(Signal::TERM);
    worker.ends_with(0);
    assert!(bench.total("enqueued") > 0, "there is work left");
    nothing_is_lost(&bench, JOBS);
    worker.leaves_nothing();
    assert!(done(&bench).values().all(|times| *times == 1), "nothing was done twice");
}

#[test]
fn hup_stops_a_server_that_stands_alone_unless_it_was_started_to_ignore_it() {
    let (bench, mut worker) = at_work(&[]);
    worker.signal(Signal::HUP);
    worker.ends_with(0);
    nothing_is_lost(&bench, JOBS);

    let bench = Bench::new();
    push(&bench, "Moment", 50);
    let mut worker = without_terminal(&bench);
    worker.signal(Signal::HUP);
    wait_for_total(&bench, "processed", 50);
    worker.signal(Signal::TERM);
    worker.ends_with(0);
    nothing_is_lost(&bench, 50);
}

/// Jobs that take longer than a stop waits: each goes back to the front, in the order in which they were taken.
#[test]
fn term_returns_to_the_front_what_takes_too_long_and_counts_no_attempt() {
    let bench = Bench::new();
    push(&bench, "Long", 4);
    push(&bench, "Moment", JOBS);
    let line = format!(r#"test "$SANCHO_CLASS" = Long && touch "long-$SANCHO_JID" && exec sleep 600; {MOMENT}"#);
    let mut worker = Worker::start(&bench, &["--exec", &line, "-c", "8", "-t", "1"]);
    let longs = || {
        let entries = std::fs::read_dir(bench.path("")).expect("it is there");
        entries
            .filter(|entry| entry.as_ref().is_ok_and(|e| e.file_name().to_string_lossy().starts_with("long-")))
            .count()
    };
    wait_until("the long ones and others run", || longs() == 4 && done(&bench).len() > 20);
    worker.signal(Signal::TERM);
    worker.ends_with(0);
    nothing_is_lost(&bench, JOBS + 4);
    worker.leaves_nothing();
    let waiting = bench.json(&["ls", "default", "--limit", "10"])["jobs"].clone();
    let waiting = waiting.as_array().expect("a list");
    let classes: Vec<&str> = waiting.iter().map(|job| job["class"].as_str().expect("a class")).collect();
    assert!(classes[4..].iter().all(|class| *class == "Moment"), "{classes:?}");
    assert!(classes[..4].iter().all(|class| *class == "Long"), "{classes:?}");
    assert!(waiting.iter().all(|job| job["payload"].get("retry_count").is_none()));
}

#[test]
fn int_stops_and_a_second_one_stops_now() {
    let (bench, mut worker) = at_work(&[]);
    worker.signal(Signal::INT);
    worker.ends_with(0);
    nothing_is_lost(&bench, JOBS);

    let bench = Bench::new();
    push(&bench, "Stuck", 8);
    push(&bench, "Moment", JOBS);
    let line = format!(r#"test "$SANCHO_CLASS" = Stuck && touch begun && exec sleep 600; {MOMENT}"#);
    let mut worker = Worker::start(&bench, &["--exec", &line, "-c", "12", "-t", "600"]);
    wait_until("jobs run", || bench.path("begun").exists() && done(&bench).len() > 20);
    worker.signal(Signal::INT);
    worker.until(&["takes no more jobs"]);
    worker.signal(Signal::INT);
    worker.ends_with(3);
    all_are_there(&bench, JOBS + 8);
    assert_eq!(worker.offspring(), Vec::new(), "nothing is left when it has ended");
}

#[test]
fn a_server_that_cannot_start_says_why_by_its_exit_code() {
    let bench = Bench::on("sqlite:///proc/no/such/place.db");
    let mut worker = Worker::launch(&bench, &["--exec", "true"]);
    worker.ends_with(1);
    let bench = Bench::new();
    bench.run(&["work", "--exec", "true", "-c", "many"]).refused(2, &["many"]);
}
