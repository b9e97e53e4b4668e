//! What is done to jobs, by its name in requests, and what came of it.

use sancho_core::lifecycle::Refusal;
use sancho_core::{Action, Jid, Timestamp};
use serde::{Deserialize, Serialize};

use super::extract::time;
use super::problem::{Problem, code_of, told};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verb {
    RunNow,
    Reschedule,
    Kill,
    Delete,
    Cancel,
    CancelRunning,
}

/// The same, with all that it takes.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// The store does it.
    Apply(Action),
    /// The process that runs the job is asked.
    CancelRunning,
}

impl Verb {
    /// Its name, for the audit.
    pub(super) fn name(self) -> &'static str {
        match self {
            Verb::RunNow => "run-now",
            Verb::Reschedule => "reschedule",
            Verb::Kill => "kill",
            Verb::Delete => "delete",
            Verb::Cancel => "cancel",
            Verb::CancelRunning => "cancel-running",
        }
    }

    /// The deed; `at` goes with `reschedule` alone.
    pub(super) fn deed(self, at: Option<f64>) -> Result<Deed, Problem> {
        if self != Verb::Reschedule && at.is_some() {
            return Err(Problem::invalid(format!("at goes with reschedule alone: leave it out with {}", self.name())));
        }
        Ok(Deed::Apply(match self {
            Verb::RunNow => Action::RunNow,
            Verb::Kill => Action::Kill,
            Verb::Delete => Action::Delete,
            Verb::Cancel => Action::Cancel,
            Verb::CancelRunning => return Ok(Deed::CancelRunning),
            Verb::Reschedule => {
                let at =
                    at.ok_or_else(|| Problem::invalid("reschedule to when? Give at, in seconds since the epoch"))?;
                Action::Reschedule { at: time("at", at)? }
            }
        }))
    }
}

/// What was done.
#[derive(Debug, Default, Serialize)]
pub(super) struct Done {
    /// Jobs that it was done to, or whose processes were asked.
    pub(super) done: usize,
    /// Jobs that it was not done to, and why.
    pub(super) refused: Vec<Refused>,
    /// Named jobs that are not there.
    pub(super) gone: Vec<String>,
    /// Where to go on; none at the end.
    pub(super) next: Option<String>,
    /// The time that the filter counted from, to be sent along with `next`.
    pub(super) as_of: f64,
}

/// A job that an action was not done to.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    jid: String,
    code: &'static str,
    detail: String,
}

impl Done {
    pub(super) fn as_of(now: Timestamp) -> Self {
        Done { as_of: now.as_unix_secs_f64(), ..Done::default() }
    }

    pub(super) fn refuse(&mut self, refused: &[(Jid, Refusal)]) {
        self.refused.extend(refused.iter().map(|(jid, refusal)| Refused {
            jid: jid.to_string(),
            code: code_of(refusal),
            detail: told(refusal),
        }));
    }
}
