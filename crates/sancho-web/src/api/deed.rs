//! What is done to jobs, by its name in requests, and what came of it.

use std::convert::Infallible;

use sancho_core::lifecycle::{Refusal, permits};
use sancho_core::{Action, Jid, State, Timestamp};
use serde::{Deserialize, Serialize};

use super::extract::time;
use super::problem::{Problem, told};
use crate::act::Act;
use crate::code::Code;

/// What is to be done, as a request names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Verb {
    /// What the pages do to jobs too.
    Act(Act),
    /// What the job was to do is off: one that has not started goes away, and the process of one that runs is asked.
    Cancel,
}

/// The same, with all that it takes.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Apply(Action),
    Cancel,
}

/// The name of the verb that is no [`Act`].
const CANCEL: &str = "cancel";

impl TryFrom<String> for Verb {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let verb = if name == CANCEL { Some(Verb::Cancel) } else { Act::named(&name).map(Verb::Act) };
        // As serde says it of the other words.
        let names = || Verb::all().map(|verb| format!("`{}`", verb.name())).collect::<Vec<_>>().join(", ");
        verb.ok_or_else(|| format!("unknown action `{name}`, expected one of {}", names()))
    }
}

impl Verb {
    /// Every verb.
    pub(super) fn all() -> impl Iterator<Item = Verb> {
        Act::ALL.into_iter().map(Verb::Act).chain([Verb::Cancel])
    }

    /// Its name, in requests and for the audit.
    pub(super) fn name(self) -> &'static str {
        match self {
            Verb::Act(act) => act.name(),
            Verb::Cancel => CANCEL,
        }
    }

    /// Whether it can be done to a job in this state.
    pub(super) fn is_allowed(self, state: State) -> bool {
        match self {
            Verb::Act(act) => {
                let action = act.action_at(|| Ok::<_, Infallible>(Timestamp::EPOCH));
                action.is_ok_and(|action| permits(state, &action).is_ok())
            }
            Verb::Cancel => state == State::Busy || permits(state, &Action::Cancel).is_ok(),
        }
    }

    /// The deed; `at` goes with `reschedule` alone.
    pub(super) fn deed(self, at: Option<f64>) -> Result<Deed, Problem> {
        let puts_off = matches!(self, Verb::Act(act) if act.puts_off());
        if at.is_some() && !puts_off {
            return Err(Problem::invalid(format!("at goes with reschedule alone: leave it out with {}", self.name())));
        }
        let at = || match at {
            Some(at) => time("at", at),
            None => Err(Problem::invalid("reschedule to when? Give at, in seconds since the epoch")),
        };
        match self {
            Verb::Act(act) => act.action_at(at).map(Deed::Apply),
            Verb::Cancel => Ok(Deed::Cancel),
        }
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
            code: Code::from(refusal).name(),
            detail: told(refusal),
        }));
    }
}
