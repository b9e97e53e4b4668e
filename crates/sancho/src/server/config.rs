//! What a server is told, as given and as validated.

use std::time::Duration;

use sancho_core::{Invalid, QueueName, Retention, limits};

use crate::server::capsule::Capsule;
use crate::server::line::LogArgs;

/// Where a server's heart beats: the loop that proves to the store that the process lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Heart {
    /// On a thread of its own, so that a process whose jobs do not yield never looks dead.
    #[default]
    OwnThread,
    /// On the runtime that the server was started on, beside the jobs: for programs that may not start threads, and
    /// for runtimes whose time is paused. A job that blocks its thread for longer than a lease is then taken over, and
    /// nobody looks whether jobs yield.
    Runtime,
}

/// As given: nothing is checked yet.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The first is the one that a server has by itself.
    pub(crate) capsules: Vec<Capsule>,
    /// Whether the server stops when nothing is ready.
    pub(crate) burst: bool,
    pub(crate) stop_timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) retention: Retention,
    pub(crate) tag: String,
    pub(crate) labels: Vec<String>,
    pub(crate) heart: Heart,
    /// As many as there are slots, unless said.
    pub(crate) blocking_threads: Option<usize>,
    pub(crate) log_args: LogArgs,
}

impl Default for Given {
    fn default() -> Self {
        Given {
            capsules: vec![Capsule::default()],
            burst: false,
            stop_timeout: limits::STOP_TIMEOUT,
            retries: limits::RETRIES,
            retention: Retention::default(),
            tag: String::new(),
            labels: Vec::new(),
            heart: Heart::default(),
            blocking_threads: None,
            log_args: LogArgs::No,
        }
    }
}

/// Whether somebody named the queues, or they are those that a server has by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    No,
    Yes,
}

/// As validated: what the loops rely on.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// At least one, none twice, in order.
    pub(crate) queues: Vec<QueueName>,
    pub(crate) named: Named,
    /// At least one, at most what one claim may bring.
    pub(crate) slots: usize,
    pub(crate) stop_timeout: Duration,
    pub(crate) retention: Retention,
    pub(crate) tag: String,
    pub(crate) labels: Vec<String>,
    pub(crate) heart: Heart,
    /// At least one.
    pub(crate) blocking_threads: usize,
    pub(crate) log_args: LogArgs,
}

impl Given {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Invalid`], naming the setting and the fix.
    pub(crate) fn validate(self) -> Result<Config, Invalid> {
        if self.capsules[0].slots == 0 || self.capsules[0].slots > limits::JOBS_PER_CLAIM_MAX {
            return Err(Invalid::new(format!(
                "a server has 1 to {} slots, not {}",
                limits::JOBS_PER_CLAIM_MAX,
                self.capsules[0].slots
            )));
        }
        let mut queues = Vec::new();
        for name in &self.capsules[0].queues {
            let queue = QueueName::new(name)?;
            if !queues.contains(&queue) {
                queues.push(queue);
            }
        }
        let named = if queues.is_empty() { Named::No } else { Named::Yes };
        if named == Named::No {
            queues.push(QueueName::default());
        }
        let slots = self.capsules.iter().map(|capsule| capsule.slots).sum();
        let blocking_threads = self.blocking_threads.unwrap_or(slots).min(limits::BLOCKING_THREADS_MAX);
        if blocking_threads == 0 || self.blocking_threads.is_some_and(|threads| threads > blocking_threads) {
            return Err(Invalid::new(format!(
                "a server has 1 to {} threads for blocking jobs, not {}",
                limits::BLOCKING_THREADS_MAX,
                self.blocking_threads.unwrap_or_default()
            )));
        }
        Ok(Config {
            queues,
            named,
            slots: self.capsules[0].slots,
            stop_timeout: self.stop_timeout,
            retention: self.retention,
            tag: self.tag,
            labels: self.labels,
            heart: self.heart,
            blocking_threads,
            log_args: self.log_args,
        })
    }
}
