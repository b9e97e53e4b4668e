//! Why a push, or an act on a job, did not do what was asked.

use sancho_core::lifecycle::Refusal;
use sancho_core::{Invalid, Jid, Key, State, StoreError};

use crate::ArgsError;

/// Why a push added nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The job, or an option of it, breaks a rule. Pushing it again is of no use.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The arguments cannot be written. Pushing them again is of no use.
    #[error(transparent)]
    Args(#[from] ArgsError),
    /// Another job holds the key, and the push did not ask for it to be kept.
    #[error("the key {key} is taken by job {holder}, which is {state}")]
    KeyTaken {
        /// The key.
        key: Key,
        /// The job that holds it.
        holder: Jid,
        /// Where that job is.
        state: State,
    },
    /// A client middleware stopped the job.
    #[error("a client middleware stopped the job")]
    Stopped,
    /// The store failed; its error's kind says what to do next.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why nothing was done to a job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActError {
    /// There is no such job.
    #[error("there is no such job: it is done or deleted, or was never pushed")]
    NotFound,
    /// Where the job is, this cannot be done to it: it has started, for one.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It does not run, so that nobody can be asked to cancel it.
    #[error("the job is {state} and does not run: `cancel` takes away one that has not started")]
    NotRunning {
        /// Where the job is.
        state: State,
    },
    /// The call itself breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The store failed; its error's kind says what to do next.
    #[error(transparent)]
    Store(#[from] StoreError),
}
