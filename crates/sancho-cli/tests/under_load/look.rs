//! Signals that change nothing of what is performed: TTIN and USR2.

use rustix::process::Signal;

use super::{MOMENT, done, nothing_is_lost, push};
use crate::harness::Bench;
use crate::worker::{Worker, wait_for_total, wait_until};

#[test]
fn ttin_tells_what_each_slot_is_doing() {
    let bench = Bench::new();
    push(&bench, "Steady", 300);
    bench.ok(&["push", "Report", "[7]", "--queue", "reports"]);
    let line = format!(
        r#"if test "$SANCHO_CLASS" = Report; then touch begun; while ! test -e go; do sleep 0.05; done; fi
        {MOMENT}"#
    );
    let mut worker = Worker::start(&bench, &["--exec", &line, "-q", "reports", "-q", "default", "-c", "4"]);
    wait_until("the report runs", || bench.path("begun").exists());
    let jid = bench.json(&["busy", "class:Report"])["jobs"][0]["jid"].as_str().expect("an id").to_owned();
    worker.signal(Signal::TTIN);
    // What each slot is doing stands on a line of its own.
    for class in ["Report", "Steady"] {
        worker.until(&["a job runs", "class=", class, "jid=", "queue=", "since=", "elapsed_ms=", "doing=waits"]);
    }
    worker.until(&["a job runs", &jid, "queue=reports", "attempt=1"]);
    std::fs::write(bench.path("go"), "").expect("it can be written");
    wait_for_total(&bench, "processed", 301);
    worker.signal(Signal::TERM);
    worker.ends_with(0);
    nothing_is_lost(&bench, 301);
}

#[test]
fn usr2_opens_the_log_again_and_loses_no_line() {
    let bench = Bench::new();
    push(&bench, "Noted", 300);
    let mut worker = Worker::launch(&bench, &["--exec", MOMENT, "-c", "4", "--logfile", "work.log", "-v"]);
    let (log, old) = (bench.path("work.log"), bench.path("work.log.1"));
    let lines = |path: &std::path::Path| std::fs::read_to_string(path).unwrap_or_default();
    wait_until("jobs are done", || done(&bench).len() > 20);
    std::fs::rename(&log, &old).expect("the log is there");
    worker.signal(Signal::USR2);
    wait_until("the log is there again", || log.exists());
    wait_for_total(&bench, "processed", 300);
    worker.signal(Signal::TERM);
    worker.ends_with(0);
    assert!(lines(&old).contains("the server takes jobs") && !lines(&log).contains("the server takes jobs"));
    assert!(lines(&log).contains("the server takes no more jobs"));
    nothing_is_lost(&bench, 300);
    let whole = lines(&old) + &lines(&log);
    let untold: Vec<String> = done(&bench).into_keys().filter(|jid| !whole.contains(jid.as_str())).collect();
    assert!(untold.is_empty(), "the log never tells of {untold:?}");
}
