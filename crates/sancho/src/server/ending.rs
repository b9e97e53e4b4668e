//! How a job that does not end by itself is brought to an end: it is told, then its code is dropped, and then its job is
//! settled although the code still runs.

use std::time::Duration;

use sancho_core::lifecycle::Failure;
use sancho_core::{Outcome, limits};

use crate::server::performance::Performance;

/// Why a job is to come to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Somebody canceled it.
    Canceled,
    /// It has run for longer than this, which is all that it may.
    TimedOut(Duration),
}

/// What comes of a job that was told to end for this cause, when this is what its code answered; `None` where nobody will
/// ever say.
///
/// A job that was canceled and yet is done is done. One whose time was over has failed whatever it answers: it may have
/// ended early because it was told to.
pub(crate) fn outcome(cause: Option<Cause>, answered: Option<Outcome>) -> Outcome {
    match (cause, answered) {
        (Some(Cause::TimedOut(limit)), _) => timed_out(limit),
        (_, Some(Outcome::Done)) => Outcome::Done,
        (Some(Cause::Canceled), _) => Outcome::Canceled,
        (None, Some(outcome)) => outcome,
        (None, None) => died(),
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

/// How far a job is on the way to its end. It goes one way only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It runs for as long as it takes, or may take.
    #[default]
    No,
    /// It has been told, and may end by itself.
    Told(Cause),
    /// It is waited for a last time.
    Last,
}

/// What is to be done with a job whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is told to end; what comes next is due after so long.
    Tell(Cause, Duration),
    /// Its code is dropped; what comes next is due after so long.
    Drop(Duration),
    /// Its code is over, and it may say its last words; what comes next is due after so long.
    Listen(Duration),
    /// It is settled although its code still runs.
    Settle,
}

impl Ending {
    /// Goes one step on the way, now that the time for it has come.
    ///
    /// Code that waits is dropped by a timer of its own when its time is over: what is still there a while after that
    /// does not yield, and there is nothing to be gained by waiting for it once more.
    pub(crate) fn advance(&mut self, performance: &Performance) -> Step {
        let (next, step) = match (*self, performance.timeout) {
            (Ending::No, Some(limit)) if !performance.is_code_over() => {
                let cause = Cause::TimedOut(limit);
                (Ending::Told(cause), Step::Tell(cause, limits::DROP_WITHIN))
            }
            (Ending::No | Ending::Told(_), _) if performance.is_code_over() => {
                (Ending::Last, Step::Listen(limits::LAST_WORDS_FOR))
            }
            (Ending::Told(Cause::Canceled), _) => (Ending::Last, Step::Drop(limits::DROP_WITHIN)),
            (Ending::No | Ending::Told(Cause::TimedOut(_)) | Ending::Last, _) => (Ending::Last, Step::Settle),
        };
        *self = next;
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn only_a_canceled_job_may_still_be_done() {
        let (canceled, late) = (Some(Cause::Canceled), Some(Cause::TimedOut(LIMIT)));
        for (cause, answered, want) in [
            (canceled, Some(Outcome::Done), "done"),
            (canceled, Some(timed_out(LIMIT)), "canceled"),
            (canceled, Some(Outcome::Discard), "canceled"),
            (canceled, None, "canceled"),
            (late, Some(Outcome::Done), "Timeout"),
            (late, None, "Timeout"),
            (None, None, "Sancho::SlotDied"),
            (None, Some(Outcome::Discard), "another"),
        ] {
            let said = match outcome(cause, answered) {
                Outcome::Done => "done".to_owned(),
                Outcome::Canceled => "canceled".to_owned(),
                Outcome::Failed(failure) => failure.class,
                _ => "another".to_owned(),
            };
            assert_eq!(said, want, "{cause:?}");
        }
    }
}
