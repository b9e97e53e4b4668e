//! The real `sidekiq`, in a process of its own.

use std::path::PathBuf;
use std::process::Stdio;

use redis::cmd;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

use crate::home::{Home, PATIENCE, until};
use crate::ruby;

/// A running `sidekiq`: stopped by [`RubyServer::stop`], killed when it is dropped, which is faster and counts
/// nothing.
#[derive(Debug)]
pub(crate) struct RubyServer {
    child: Child,
    pid: u32,
    log: PathBuf,
    identity: String,
}

impl RubyServer {
    /// Starts one that serves these queues in strict order, with so many threads and so many seconds for running
    /// jobs to end in, and waits until it has told Redis that it lives.
    ///
    /// # Panics
    /// When it is not installed, or does not start.
    pub(crate) async fn start(home: &Home, queues: &[&str], threads: usize, stop_secs: u32) -> Self {
        let log = tempfile::Builder::new().prefix("sidekiq-").suffix(".log").tempfile_in(home.directory());
        let (file, log) = log.and_then(|log| log.keep().map_err(Into::into)).expect("a log can be kept");
        let errors = file.try_clone().expect("a file can be shared");
        let mut sidekiq = ruby::command("sidekiq", "ruby-sidekiq", home);
        sidekiq.arg("-r").arg(ruby::file("jobs.rb"));
        sidekiq.args(["-c", &threads.to_string(), "-t", &stop_secs.to_string(), "-e", "test"]);
        sidekiq.args(queues.iter().flat_map(|queue| ["-q", queue]));
        sidekiq.stdout(Stdio::from(file)).stderr(Stdio::from(errors)).kill_on_drop(true);
        let mut child = sidekiq.spawn().expect("sidekiq is installed, and so it starts");
        let pid = child.id().expect("it has just begun");
        let identity = until("sidekiq tells Redis that it lives", async || {
            if let Ok(Some(status)) = child.try_wait() {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                ruby::explain_missing_gem(&log);
                panic!("sidekiq ended at once, {status}:\n{log}");
            }
            let identities: Vec<String> = home.ask(cmd("SMEMBERS").arg("processes")).await;
            identities.into_iter().find(|identity| identity.contains(&format!(":{pid}:")))
        })
        .await;
        RubyServer { child, pid, log, identity }
    }

    /// What it is called in Redis.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// Stops it by TERM, and waits for its end: its counters are in Redis then.
    pub(crate) async fn stop(self) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, Signal::TERM).expect("a process of the test's own can be signaled");
        self.ended().await;
    }

    /// Waits for its end, whoever stopped it; answers its log.
    pub(crate) async fn ended(mut self) -> String {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("sidekiq stops in time");
        assert!(status.expect("sidekiq ends").success(), "sidekiq ended badly:\n{}", self.log());
        self.log()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for RubyServer {
    fn drop(&mut self) {
        // The child is killed as it is dropped; whoever reads the failure wants its last words.
        if std::thread::panicking() {
            eprintln!("the log of sidekiq:\n{}", self.log());
        }
    }
}
