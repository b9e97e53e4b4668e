//! Nothing that a job started outlives its server, or the job.

use rustix::process::Signal;

use super::{only, require};
use crate::harness::Bench;
use crate::worker::{Worker, send, wait_for_total, wait_until};

/// Processes that a job leaves behind: in its group, in a group of their own, in a session of their own, and as
/// children of nobody. Each writes a file once it runs.
const FAMILY: &str = "
    trap '' TERM HUP INT
    (trap '' TERM; touch child; sleep 600) &
    setsid sh -c 'trap \"\" TERM HUP; touch daemon; sleep 600' &
    (setsid sh -c 'touch orphan; sleep 600' & ) &
    touch parent";

const MEMBERS: [&str; 4] = ["parent", "child", "daemon", "orphan"];

fn with_family(more: &str) -> (Bench, Worker) {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    let worker = Worker::start(&bench, &["--exec", &format!("{FAMILY}\n{more}")]);
    wait_until("the whole family runs", || MEMBERS.iter().all(|member| bench.path(member).exists()));
    (bench, worker)
}

#[test]
fn a_server_that_is_killed_takes_the_whole_family_along() {
    let (bench, mut worker) = with_family("while :; do sleep 1; done");
    assert!(worker.offspring().len() >= 5, "{:?}", worker.offspring());
    worker.kill();
    worker.leaves_nothing();
    assert_eq!(bench.total("busy"), 1, "its job waits to be taken over");
}

#[test]
fn a_job_that_ends_takes_the_whole_family_along() {
    let (bench, worker) = with_family("while ! test -e go; do sleep 0.05; done");
    std::fs::write(bench.path("go"), "").expect("it can be written");
    wait_for_total(&bench, "processed", 1);
    assert_eq!((bench.total("failed"), worker.offspring()), (0, Vec::new()), "when the job is done, it is alone");
}

#[test]
fn a_program_whose_shim_is_killed_is_killed_and_its_job_has_failed() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    let line = "trap '' TERM; touch begun; (sleep 600 &); while :; do sleep 1; done";
    let worker = Worker::start(&bench, &["--exec", line]);
    wait_until("the job begins", || bench.path("begun").exists());
    let shim = worker.offspring().into_iter().find(|(_, line)| line.contains(" exec-shim ")).expect("there is a shim");
    send(shim.0, Signal::KILL);
    wait_for_total(&bench, "retries", 1);
    let job = only(&bench, "retries");
    assert_eq!(job["error_class"], "Exec::Lost", "{job}");
    assert!(job["error_message"].as_str().is_some_and(|message| message.contains("SIGKILL")), "{job}");
    worker.leaves_nothing();
}

/// Service managers and terminals send a signal to everything at once.
#[test]
fn a_shim_outlives_the_signals_that_are_meant_for_its_server() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    let line = "touch begun; while ! test -e go; do sleep 0.05; done; echo done >&2; exit 3";
    let worker = Worker::start(&bench, &["--exec", line]);
    wait_until("the job begins", || bench.path("begun").exists());
    let shim = worker.offspring().into_iter().find(|(_, line)| line.contains(" exec-shim ")).expect("there is a shim");
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::USR2] {
        send(shim.0, signal);
    }
    std::fs::write(bench.path("go"), "").expect("it can be written");
    wait_for_total(&bench, "retries", 1);
    assert_eq!(only(&bench, "retries")["error_class"], "Exec::Exit3");
}

/// As systemd stops a service unless it is told otherwise: each of its processes gets the signal.
#[test]
fn a_stop_that_reaches_the_programs_first_counts_no_attempt() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    let mut worker = Worker::start(&bench, &["--exec", "touch begun; exec sleep 600"]);
    wait_until("the job begins", || bench.path("begun").exists());
    for (pid, _) in worker.offspring() {
        send(pid, Signal::TERM);
    }
    worker.signal(Signal::TERM);
    worker.ends_with(0);
    assert_eq!((bench.total("processed"), bench.total("failed"), bench.total("enqueued")), (0, 0, 1));
}

#[test]
fn a_server_that_is_stopped_at_once_leaves_nothing() {
    let (bench, mut worker) = with_family("while :; do sleep 1; done");
    worker.signal(Signal::INT);
    worker.until(&["takes no more jobs"]);
    worker.signal(Signal::INT);
    worker.ends_with(3);
    assert_eq!(worker.offspring(), Vec::new(), "when the server has ended, it is alone");
    assert_eq!((bench.total("enqueued"), bench.total("failed")), (1, 0));
}

/// A server that is stopped by SIGSTOP loses its jobs to others when its lease ends: its programs have ended by then.
#[test]
fn a_server_that_hangs_has_no_program_left_when_others_take_its_jobs_over() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    let line = "echo $$ >>begun; while ! test -e go; do sleep 0.05; done";
    let mut hung = Worker::start(&bench, &["--exec", line]);
    wait_until("the job begins", || bench.path("begun").exists());
    hung.signal(Signal::STOP);
    hung.leaves_nothing();
    assert_eq!(bench.total("busy"), 1, "nobody has taken it over yet");
    let mut other = Worker::start(&bench, &["--exec", line]);
    let begun = || std::fs::read_to_string(bench.path("begun")).expect("it is there").lines().count();
    wait_until("the other server begins it", || begun() == 2);
    hung.signal(Signal::CONT);
    std::fs::write(bench.path("go"), "").expect("it can be written");
    wait_for_total(&bench, "processed", 1);
    for server in [&mut hung, &mut other] {
        server.signal(Signal::TERM);
        server.ends_with(0);
    }
    assert_eq!((bench.total("failed"), bench.total("enqueued")), (0, 0));
}

/// Killed at any moment: while shims are started, given their input, and at work.
#[test]
fn a_server_that_is_killed_at_any_moment_leaves_nothing() {
    let bench = Bench::new();
    let line = "cat >/dev/null; sleep 0.0$(($$ % 4)); (sleep 600 &)";
    for round in 0..12 {
        let jobs = format!("{{\"class\":\"A\",\"args\":[\"{}\"]}}\n", "x".repeat(50_000)).repeat(60);
        std::fs::write(bench.path("jobs.ndjson"), jobs).expect("it can be written");
        bench.ok(&["push", "--file", "jobs.ndjson"]);
        let mut worker = Worker::start(&bench, &["--exec", line, "-c", "6"]);
        // A different moment in each round.
        for _ in 0..round {
            let _ = worker.offspring();
        }
        worker.kill();
        worker.leaves_nothing();
    }
}

#[test]
fn killing_the_server_leaves_no_child_of_the_examples_languages() {
    require("python3", "python3");
    require("node", "nodejs");
    for line in [
        "sh -c 'sleep 600 & touch begun; wait'",
        "python3 -c 'import subprocess, pathlib
p = subprocess.Popen([\"sleep\", \"600\"], start_new_session=True)
pathlib.Path(\"begun\").touch()
p.wait()'",
        "node -e 'const p = require(\"child_process\").spawn(\"sleep\", [\"600\"], { detached: true, stdio: \"ignore\" });
p.on(\"spawn\", () => require(\"fs\").writeFileSync(\"begun\", \"\"));'",
    ] {
        let bench = Bench::new();
        bench.ok(&["push", "A"]);
        let mut worker = Worker::start(&bench, &["--exec", line]);
        wait_until("the job begins", || bench.path("begun").exists());
        assert!(worker.offspring().len() >= 3, "{:?}", worker.offspring());
        worker.kill();
        worker.leaves_nothing();
    }
}
