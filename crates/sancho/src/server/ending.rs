//! How a job that does not end by itself is brought to an end: it is told, then its code is dropped, and then its job is
//! settled although the code still runs.

use std::time::Duration;

use sancho_core::lifecycle::Failure;
use sancho_core::{Outcome, limits};

/// Why a job is to come to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Somebody canceled it.
    Canceled,
    /// It has run for longer than this, which is all that it may.
    TimedOut(Duration),
}

/// How far a job is on the way to its end. It goes one way only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It runs for as long as it takes.
    #[default]
    No,
    /// It has been told, and may end by itself.
    Told(Cause),
    /// Its code has been dropped, and is gone where it waits next.
    Dropped(Cause),
}

impl Ending {
    /// What the job was brought to an end for, if it was.
    pub(crate) fn cause(self) -> Option<Cause> {
        match self {
            Ending::No => None,
            Ending::Told(cause) | Ending::Dropped(cause) => Some(cause),
        }
    }

    /// What came of the job, when this is what its code answered; `None` where nobody will ever say.
    ///
    /// A job that was canceled and yet is done is done. One whose time was over has failed whatever it answers: it may
    /// have ended early because it was told to.
    pub(crate) fn outcome(self, answered: Option<Outcome>) -> Outcome {
        match (self.cause(), answered) {
            (Some(Cause::TimedOut(limit)), _) => timed_out(limit),
            (_, Some(Outcome::Done)) => Outcome::Done,
            (Some(Cause::Canceled), _) => Outcome::Canceled,
            (None, Some(outcome)) => outcome,
            (None, None) => died(),
        }
    }
}

/// The failure of a job that ran for too long.
pub(crate) fn timed_out(limit: Duration) -> Outcome {
    Outcome::Failed(Failure {
        class: "Timeout".to_owned(),
        message: format!("the job ran longer than its timeout of {limit:?}"),
        ..Failure::default()
    })
}

/// The failure of a job whose task or thread died with it.
fn died() -> Outcome {
    Outcome::Failed(Failure {
        class: "Sancho::SlotDied".to_owned(),
        message: "the task or thread that ran the job died, and nobody knows how far it came".to_owned(),
        ..Failure::default()
    })
}

/// What is to be done with a job whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Its code is dropped; what comes next is due after so long.
    Drop(Duration),
    /// It is settled although its code still runs.
    Settle,
}

impl Ending {
    /// Goes one step on the way, now that the time for it has come.
    pub(crate) fn advance(&mut self, timeout: Option<Duration>) -> Step {
        match (*self, timeout) {
            (Ending::No, Some(limit)) => *self = Ending::Dropped(Cause::TimedOut(limit)),
            (Ending::Told(cause), _) => *self = Ending::Dropped(cause),
            (Ending::No, None) | (Ending::Dropped(_), _) => return Step::Settle,
        }
        Step::Drop(limits::DROP_WITHIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn a_canceled_job_is_told_then_dropped_then_settled() {
        let mut ending = Ending::Told(Cause::Canceled);
        assert_eq!(ending.advance(Some(LIMIT)), Step::Drop(limits::DROP_WITHIN));
        assert_eq!(ending, Ending::Dropped(Cause::Canceled));
        assert_eq!(ending.advance(Some(LIMIT)), Step::Settle);
    }

    #[test]
    fn only_a_canceled_job_may_still_be_done() {
        for (ending, answered, want) in [
            (Ending::Told(Cause::Canceled), Some(Outcome::Done), "done"),
            (Ending::Told(Cause::Canceled), Some(timed_out(LIMIT)), "canceled"),
            (Ending::Dropped(Cause::Canceled), Some(Outcome::Discard), "canceled"),
            (Ending::Dropped(Cause::Canceled), None, "canceled"),
            (Ending::Dropped(Cause::TimedOut(LIMIT)), Some(Outcome::Done), "Timeout"),
            (Ending::Dropped(Cause::TimedOut(LIMIT)), None, "Timeout"),
            (Ending::No, None, "Sancho::SlotDied"),
            (Ending::No, Some(Outcome::Discard), "another"),
        ] {
            let said = match ending.outcome(answered) {
                Outcome::Done => "done".to_owned(),
                Outcome::Canceled => "canceled".to_owned(),
                Outcome::Failed(failure) => failure.class,
                _ => "another".to_owned(),
            };
            assert_eq!(said, want, "{ending:?}");
        }
    }
}
