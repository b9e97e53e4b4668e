//! The parts of the tests of programs that perform jobs.

mod ends;
mod examples;
mod hostile;
mod survivors;

use crate::harness::Bench;
use crate::worker::Worker;

/// Performs what is ready with this line, as a burst, and waits for its end.
fn burst(bench: &Bench, line: &str, more: &[&str]) -> String {
    let mut worker = Worker::launch(bench, &[&["--exec", line, "--burst"], more].concat());
    worker.ends_with(0);
    worker.log()
}
