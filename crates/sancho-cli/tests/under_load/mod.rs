//! The parts of the tests of signals, and the load that they all are under.

mod look;
mod orders;
mod rolling;
mod stop;
mod supervised;

use std::collections::BTreeMap;

use crate::harness::Bench;

/// A job that takes a moment, and leaves a line when it has run to its end.
const MOMENT: &str = r#"sleep 0.03; echo "$SANCHO_JID $SANCHO_ATTEMPT" >>done"#;

/// Pushes so many jobs.
fn push(bench: &Bench, class: &str, jobs: usize) {
    let lines: String = (0..jobs).map(|number| format!("{{\"class\":\"{class}\",\"args\":[{number}]}}\n")).collect();
    std::fs::write(bench.path("jobs.ndjson"), lines).expect("it can be written");
    bench.ok(&["push", "--file", "jobs.ndjson"]);
}

/// How often each job has run to its end, none of them at a second try.
fn done(bench: &Bench) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(bench.path("done")).unwrap_or_default();
    let mut done = BTreeMap::new();
    for line in text.lines() {
        let (jid, attempt) = line.split_once(' ').expect("an id and a number");
        assert_eq!(attempt, "1", "{jid}: no attempt is counted for what a stop cut short");
        *done.entry(jid.to_owned()).or_default() += 1;
    }
    done
}

/// Checks that every one of so many jobs is done or waits in its queue, that none runs, that nothing was counted
/// against one, and that none was cut short between its end and the news of it.
#[track_caller]
fn nothing_is_lost(bench: &Bench, jobs: usize) {
    all_are_there(bench, jobs);
    assert_eq!(done(bench).len() as u64, bench.total("processed"), "what was done is counted");
}

/// The same after a stop by force, which may cut a job short when it has just ended.
#[track_caller]
fn all_are_there(bench: &Bench, jobs: usize) {
    let stats = bench.json(&["stats"]);
    let total = |name: &str| stats[name].as_u64().expect("a number");
    assert_eq!(total("processed") + total("enqueued"), jobs as u64, "{stats}");
    for name in ["failed", "retries", "dead", "busy", "held", "processes"] {
        assert_eq!(total(name), 0, "{name}: {stats}");
    }
    assert!(done(bench).len() as u64 >= total("processed"), "what is counted was done: {stats}");
}
