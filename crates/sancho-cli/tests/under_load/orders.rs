//! `sancho quiet` and `sancho stop`, on a server at work.

use serde_json::json;

use super::{MOMENT, done, nothing_is_lost, push};
use crate::harness::Bench;
use crate::worker::{Worker, wait_for_total, wait_until};

#[test]
fn quiet_and_stop_are_obeyed_and_waited_for() {
    let bench = Bench::new();
    push(&bench, "Moment", 400);
    let mut worker = Worker::start(&bench, &["--exec", MOMENT, "-c", "6"]);
    wait_until("jobs are done", || done(&bench).len() > 20);
    let pid = worker.pid().to_string();
    let quieted = bench.json(&["quiet", &pid]);
    assert_eq!(quieted["processes"][0]["outcome"], "quiet");
    wait_for_total(&bench, "busy", 0);
    assert!(bench.total("enqueued") > 0, "there is work left");
    let stopped = bench.json(&["stop", &pid]);
    assert_eq!(stopped["processes"][0]["outcome"], "stopped");
    worker.ends_with(0);
    nothing_is_lost(&bench, 400);
}

#[test]
fn stop_kills_only_when_the_time_is_up_and_only_if_asked() {
    let bench = Bench::new();
    push(&bench, "Stuck", 2);
    push(&bench, "Moment", 200);
    let line = format!(r#"test "$SANCHO_CLASS" = Stuck && touch begun && exec sleep 600; {MOMENT}"#);
    let mut worker = Worker::start(&bench, &["--exec", &line, "-c", "6", "-t", "600"]);
    wait_until("jobs run", || bench.path("begun").exists() && done(&bench).len() > 20);
    let pid = worker.pid().to_string();
    let late = bench.run(&["stop", &pid, "--timeout", "1s"]);
    assert_eq!(late.code, Some(4), "{late:?}");
    assert!(!worker.offspring().is_empty(), "its jobs go on");
    let killed = bench.json(&["stop", &pid, "--timeout", "0s", "--kill"]);
    assert_eq!(killed["processes"][0]["outcome"], json!("killed"));
    worker.ended();
    worker.leaves_nothing();
    assert!(bench.total("busy") >= 2, "its jobs wait to be taken over");
}
