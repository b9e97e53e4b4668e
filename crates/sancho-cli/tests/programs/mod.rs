//! The parts of the tests of programs that perform jobs.

mod ends;
mod examples;
mod hostile;
mod survivors;

use std::process::{Command, Stdio};

use crate::harness::Bench;
use crate::worker::Worker;

/// Performs what is ready with this line, as a burst, and waits for its end.
fn burst(bench: &Bench, line: &str, more: &[&str]) -> String {
    let mut worker = Worker::launch(bench, &[&["--exec", line, "--burst"], more].concat());
    worker.ends_with(0);
    worker.log()
}

/// The only job of a set or a queue.
fn only(bench: &Bench, set: &str) -> serde_json::Value {
    let jobs = bench.json(&["ls", set])["jobs"].clone();
    let jobs = jobs.as_array().expect("a list");
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs[0].clone()
}

/// Panics, saying how to install it, where a program is missing.
fn require(program: &str, package: &str) {
    let answered = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(
        answered.is_ok_and(|status| status.success()),
        "{program} does not run: install it, on Debian with apt-get install {package}"
    );
}
