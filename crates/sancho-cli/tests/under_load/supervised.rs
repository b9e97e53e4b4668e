//! Several processes of one server: `--processes`.

use std::collections::BTreeSet;

use rustix::process::Signal;

use super::{MOMENT, all_are_there, done, nothing_is_lost, push};
use crate::harness::Bench;
use crate::worker::{Worker, send, wait_for_total, wait_until};

const JOBS: usize = 300;

/// The ids of the processes that the store knows.
fn pids(bench: &Bench) -> BTreeSet<u32> {
    let shown = bench.json(&["processes"])["processes"].clone();
    let rows = shown.as_array().expect("a list");
    rows.iter().map(|row| u32::try_from(row["pid"].as_u64().expect("an id")).expect("an id")).collect()
}

fn supervised(bench: &Bench, line: &str, more: &[&str]) -> Worker {
    let worker = Worker::launch(bench, &[&["--exec", line, "-c", "3", "--processes", "2"], more].concat());
    wait_until("both processes serve", || pids(bench).len() == 2);
    assert!(!pids(bench).contains(&worker.pid()), "the supervisor performs nothing itself");
    worker
}

#[test]
fn term_stops_all_processes_and_ends_well() {
    let bench = Bench::new();
    push(&bench, "Moment", JOBS);
    let mut worker = supervised(&bench, MOMENT, &[]);
    wait_until("jobs are done", || done(&bench).len() > 20);
    worker.signal(Signal::TERM);
    worker.ends_with(0);
    assert_eq!(worker.offspring(), Vec::new());
    nothing_is_lost(&bench, JOBS);
}

#[test]
fn signals_reach_every_process() {
    let bench = Bench::new();
    push(&bench, "Moment", JOBS);
    let mut worker = supervised(&bench, MOMENT, &[]);
    worker.until_times(&["a process serves"], 2);
    worker.signal(Signal::TTIN);
    worker.until_times(&["what"], 2);
    worker.signal(Signal::USR2);
    worker.signal(Signal::TSTP);
    worker.until_times(&["takes no more jobs"], 2);
    wait_for_total(&bench, "busy", 0);
    worker.signal(Signal::INT);
    worker.ends_with(0);
    nothing_is_lost(&bench, JOBS);
}

#[test]
fn a_second_int_stops_every_process_now() {
    let bench = Bench::new();
    push(&bench, "Stuck", 6);
    let mut worker = supervised(&bench, "touch \"begun-$SANCHO_JID\"; exec sleep 600", &["-t", "600"]);
    wait_for_total(&bench, "busy", 6);
    worker.until_times(&["a process serves"], 2);
    worker.signal(Signal::INT);
    worker.until_times(&["takes no more jobs"], 2);
    worker.signal(Signal::INT);
    worker.ends_with(3);
    assert_eq!(worker.offspring(), Vec::new());
    all_are_there(&bench, 6);
}

#[test]
fn hup_replaces_the_processes_one_by_one_and_loses_nothing() {
    let bench = Bench::new();
    push(&bench, "Moment", JOBS);
    let mut worker = supervised(&bench, MOMENT, &[]);
    worker.until_times(&["a process serves"], 2);
    let old = pids(&bench);
    worker.signal(Signal::HUP);
    worker.until_times(&["a process has left its place to another"], 2);
    let new = pids(&bench);
    assert!(new.len() == 2 && new.is_disjoint(&old), "{old:?} {new:?}");
    wait_for_total(&bench, "processed", JOBS as u64);
    worker.signal(Signal::TERM);
    worker.ends_with(0);
    nothing_is_lost(&bench, JOBS);
    assert_eq!(done(&bench).len(), JOBS);
}

#[test]
fn a_process_that_dies_is_replaced_after_a_wait_and_its_jobs_are_taken_over() {
    let bench = Bench::new();
    push(&bench, "Moment", 60);
    let line = format!("test -e slow && sleep 600; {MOMENT}");
    std::fs::write(bench.path("slow"), "").expect("it can be written");
    let mut worker = supervised(&bench, &line, &[]);
    wait_for_total(&bench, "busy", 6);
    worker.until_times(&["a process serves"], 2);
    let old = pids(&bench);
    let victim = *old.first().expect("there are two");
    send(victim, Signal::KILL);
    let died = worker.until(&["a process died, and is replaced"]);
    assert!(died.contains("500ms"), "it waits before it does: {died}");
    std::fs::remove_file(bench.path("slow")).expect("it is there");
    worker.until_times(&["a process serves"], 3);
    // The three that the other process runs sleep on; the dead one's are taken over when its lease ends.
    wait_for_total(&bench, "processed", 57);
    worker.signal(Signal::INT);
    worker.until_times(&["takes no more jobs"], 2);
    worker.signal(Signal::INT);
    worker.ends_with(3);
    all_are_there(&bench, 60);
    worker.leaves_nothing();
}

#[test]
fn processes_whose_supervisor_is_killed_finish_what_runs_and_stop() {
    let bench = Bench::new();
    push(&bench, "Moment", JOBS);
    let mut worker = supervised(&bench, MOMENT, &[]);
    wait_until("jobs are done", || done(&bench).len() > 20);
    worker.kill();
    worker.leaves_nothing();
    assert!(bench.total("enqueued") > 0, "they did not go on alone");
    nothing_is_lost(&bench, JOBS);
}

#[test]
fn a_process_that_was_asked_to_stop_is_not_replaced() {
    let bench = Bench::new();
    bench.ok(&["push", "Other", "--queue", "other"]);
    let mut worker = supervised(&bench, MOMENT, &[]);
    worker.until_times(&["a process serves"], 2);
    let first = pids(&bench).first().expect("there are two").to_string();
    bench.ok(&["stop", &first]);
    worker.until(&["stopped as it was asked to"]);
    push(&bench, "Moment", 20);
    wait_for_total(&bench, "processed", 20);
    assert_eq!(pids(&bench).len(), 1);
    bench.ok(&["stop", "--all"]);
    worker.ends_with(0);
    nothing_is_lost(&bench, 21);
}

#[test]
fn a_process_with_too_much_memory_is_replaced_and_loses_nothing() {
    let bench = Bench::new();
    push(&bench, "Moment", JOBS);
    // Less than any process has: each is replaced at the first look.
    let mut worker = supervised(&bench, MOMENT, &["--memory-max", "1MB"]);
    let old = pids(&bench);
    worker.until_times(&["a process has left its place to another"], 2);
    wait_until("both are others", || pids(&bench).is_disjoint(&old));
    wait_for_total(&bench, "processed", JOBS as u64);
    worker.signal(Signal::TERM);
    worker.ends_with(0);
    nothing_is_lost(&bench, JOBS);
}

#[test]
fn a_burst_of_several_processes_ends_when_nothing_is_ready() {
    let bench = Bench::new();
    push(&bench, "Moment", JOBS);
    let mut worker = Worker::launch(&bench, &["--exec", MOMENT, "-c", "3", "--processes", "2", "--burst"]);
    worker.ends_with(0);
    assert_eq!(done(&bench).len(), JOBS);
    nothing_is_lost(&bench, JOBS);
}

#[test]
fn a_wrong_configuration_is_not_tried_again() {
    let bench = Bench::new();
    let mut worker = Worker::launch(&bench, &["--exec", "true", "--processes", "2", "-c", "0"]);
    worker.ends_with(2);
}
