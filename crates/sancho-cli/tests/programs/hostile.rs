//! Programs that do not behave, and payloads that are hard to hand over.

use std::fmt::Write;

use serde_json::json;

use super::{burst, only};
use crate::harness::Bench;
use crate::worker::{Worker, wait_for_total};

#[test]
fn a_large_payload_harms_nobody_that_does_not_read_it() {
    let bench = Bench::new();
    push_file(&bench, &json!({"class": "Big", "args": ["x".repeat(1_000_000)]}));
    for line in ["true", "exec <&-; sleep 0.2", "head -c 10 >/dev/null; sleep 0.2", "exec 0</dev/null; true"] {
        bench.ok(&["push", "Small"]);
        burst(&bench, line, &[]);
        assert_eq!((bench.total("enqueued"), bench.total("failed")), (0, 0), "{line}");
        push_file(&bench, &json!({"class": "Big", "args": ["x".repeat(1_000_000)]}));
    }
}

#[test]
fn a_flood_of_output_takes_no_memory_and_its_end_is_the_message() {
    let bench = Bench::new();
    bench.ok(&["push", "Flood"]);
    bench.ok(&["push", "Wait"]);
    let line = r#"test "$SANCHO_CLASS" = Wait && exec sleep 600
        head -c 200000000 /dev/zero; head -c 200000000 /dev/zero | tr '\0' 'x' >&2; echo the end >&2; exit 1"#;
    let worker = Worker::start(&bench, &["--exec", line]);
    wait_for_total(&bench, "retries", 1);
    let status = std::fs::read_to_string(format!("/proc/{}/status", worker.pid())).expect("it runs");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its most memory");
    let kibibytes: u64 = most.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kibibytes < 150_000, "{kibibytes} KiB");
    let message = only(&bench, "retries")["error_message"].as_str().expect("a message").to_owned();
    assert!(message.ends_with("xxxthe end") && message.len() <= 10_000, "{}", message.len());
}

#[test]
fn a_class_with_any_character_reaches_the_program() {
    for (class, environment) in [
        ("It's \"quoted\" $(touch no) `touch no`; \\ é 😀", "It's \"quoted\" $(touch no) `touch no`; \\ é 😀"),
        ("two\nlines", "two\nlines"),
        ("zero\0byte", "zero\u{fffd}byte"),
    ] {
        let bench = Bench::new();
        push_file(&bench, &json!({"class": class, "args": []}));
        burst(&bench, r#"printf %s "$SANCHO_CLASS" >class; cat >in"#, &[]);
        assert_eq!(std::fs::read_to_string(bench.path("class")).expect("it was written"), environment);
        let given = std::fs::read_to_string(bench.path("in")).expect("it was written");
        assert_eq!(given.lines().count(), 1);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&given).expect("JSON")["class"], class);
        assert!(!bench.path("no").exists());
    }
}

/// Many jobs, one after the other: every process that was started is waited for, and every descriptor closed.
#[test]
fn many_jobs_leave_no_process_and_no_descriptor() {
    let bench = Bench::new();
    let mut lines = String::new();
    for number in 0..400 {
        writeln!(lines, r#"{{"class":"A","args":[{number}]}}"#).expect("a string can be written to");
    }
    std::fs::write(bench.path("jobs.ndjson"), lines).expect("it can be written");
    bench.ok(&["push", "First"]);
    let worker = Worker::start(&bench, &["--exec", "cat >/dev/null", "-c", "8"]);
    wait_for_total(&bench, "processed", 1);
    let descriptors = || std::fs::read_dir(format!("/proc/{}/fd", worker.pid())).expect("it runs").count();
    let before = descriptors();
    bench.ok(&["push", "--file", "jobs.ndjson"]);
    wait_for_total(&bench, "processed", 401);
    assert_eq!((bench.total("failed"), bench.total("enqueued")), (0, 0));
    worker.leaves_nothing();
    assert!(descriptors() <= before + 4, "{} descriptors, {before} before", descriptors());
    let zombies = children_that_ended(worker.pid());
    assert!(zombies.is_empty(), "nobody waited for {zombies:?}");
}

/// Children of a process that have ended and that it has not waited for.
fn children_that_ended(parent: u32) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("the system has /proc");
    let stats = entries.filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok());
    let is_one = |stat: &String| {
        let rest = stat.rsplit_once(')').expect("a name in parentheses").1;
        let mut fields = rest.split_whitespace();
        fields.next() == Some("Z") && fields.next() == Some(&parent.to_string())
    };
    stats.filter(is_one).collect()
}

/// Pushes a job whose text no command line could hold.
pub(super) fn push_file(bench: &Bench, job: &serde_json::Value) {
    std::fs::write(bench.path("one.ndjson"), format!("{job}\n")).expect("it can be written");
    bench.ok(&["push", "--file", "one.ndjson"]);
}
