//! A part of a test in a process of its own, which can be told signals, and killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Far longer than anything that is waited for takes, a lease included: it turns a hang into a failure.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The running test program once more, where it runs its ignored test `child`, and the lines that this prints.
///
/// It is killed when this is dropped.
#[derive(Debug)]
pub struct TestChild {
    /// The process.
    pub process: Child,
    lines: mpsc::Receiver<String>,
}

impl TestChild {
    /// Starts it, with these variables in its environment.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start<'a>(variables: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this test's own program"))
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child starts");
        let out = BufReader::new(process.stdout.take().expect("a pipe"));
        let (tell, lines) = mpsc::channel();
        // It ends with the child, or when the test has seen enough.
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        TestChild { process, lines }
    }

    /// Waits until it prints this line.
    ///
    /// # Panics
    /// When it ends first, or takes longer than [`PATIENCE`].
    pub fn until(&self, line: &str) {
        while self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it never prints {line:?}")) != line {}
    }
}

impl Drop for TestChild {
    fn drop(&mut self) {
        // It has ended as a rule: then there is nothing to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
