//! Several processes of one server: started, watched and replaced by one that performs nothing itself.
//!
//! `leash` is what ties a process to its supervisor, `child` one process, `program` what is started, `backoff` how long
//! a seat stays empty after its process died, `crew` all of them, and `memory` what each has.

#[cfg(unix)]
mod backoff;
#[cfg(unix)]
mod child;
#[cfg(unix)]
mod crew;
mod leash;
#[cfg(unix)]
mod memory;
#[cfg(unix)]
mod program;

use std::num::NonZeroUsize;
use std::time::Duration;

pub(super) use leash::Leash;

use super::Exit;
use super::logs::Logs;
use super::systemd::Notifier;
use crate::server::signals::Signals;

/// What is supervised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Supervision {
    /// How many processes serve.
    pub(crate) processes: NonZeroUsize,
    /// A process that has more memory than this, in bytes, is replaced.
    pub(crate) memory_max: Option<u64>,
    /// How long a process may take to stop.
    pub(crate) stop_timeout: Duration,
}

/// Starts the processes, and watches them until all have stopped.
#[cfg(unix)]
pub(crate) async fn supervise(supervision: Supervision, signals: Signals, logs: &Logs, notifier: &Notifier) -> Exit {
    match program::Program::this() {
        Ok(program) => crew::Crew::new(supervision, program).run(signals, logs, notifier).await,
        Err(error) => {
            tracing::error!(%error, "failed to find this program's own file");
            Exit::Failed
        }
    }
}

/// Several processes need signals and sockets that this system does not have.
#[cfg(not(unix))]
pub(crate) async fn supervise(_: Supervision, _: Signals, _: &Logs, _: &Notifier) -> Exit {
    tracing::error!("this system has no way to supervise processes: start several, without --processes");
    Exit::Usage
}
