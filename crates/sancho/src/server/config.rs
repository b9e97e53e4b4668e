//! What a server is told, as given and as validated.

use std::time::Duration;

use sancho_core::{Invalid, Retention, limits};

use crate::server::capsule::{Capsule, CapsuleSettings};
use crate::server::capsules::check_all_slots;
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

/// As validated: what the loops rely on.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The first is the one that a server has by itself; no two have the same name.
    pub(crate) capsules: Vec<CapsuleSettings>,
    pub(crate) burst: bool,
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
        if self.capsules.len() > limits::CAPSULES_MAX {
            let (have, most) = (self.capsules.len(), limits::CAPSULES_MAX);
            return Err(Invalid::new(format!("a server has at most {most} capsules, not {have}")));
        }
        let mut capsules: Vec<CapsuleSettings> = Vec::new();
        for capsule in self.capsules {
            let capsule = CapsuleSettings::read(capsule)?;
            if capsules.iter().any(|other| other.name == capsule.name) {
                let name = &capsule.name;
                return Err(Invalid::new(format!("two capsules are named {name:?}: give each a name of its own")));
            }
            capsules.push(capsule);
        }
        let slots = capsules.iter().map(|capsule| capsule.slots).sum();
        check_all_slots(slots)?;
        let blocking_threads = self.blocking_threads.unwrap_or(slots.clamp(1, limits::BLOCKING_THREADS_MAX));
        if blocking_threads == 0 || blocking_threads > limits::BLOCKING_THREADS_MAX {
            let most = limits::BLOCKING_THREADS_MAX;
            return Err(Invalid::new(format!(
                "a server has 1 to {most} threads for blocking jobs, not {blocking_threads}"
            )));
        }
        Ok(Config {
            capsules,
            burst: self.burst,
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
