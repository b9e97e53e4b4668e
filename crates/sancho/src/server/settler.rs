//! What came of jobs, on its way to the store: kept until the store has it.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::lifecycle::{Attempt, Decision, Failure, Policy, Verdict, decide, performed};
use sancho_core::{Claim, Jid, Outcome, Place, QueueName, SettleAnswer, Settlement, Tally, Timestamp, Transition};

use crate::event::{Event, Events};
use crate::handlers::{self, DeadJob, Death, FailedJob, Handlers};
use crate::server::line::{EndLine, Telling, Word};

/// Which job it is: its id, if it has one, and its class, empty when its payload cannot be read.
pub(crate) type Who = (Option<Jid>, Arc<str>);

/// What came of one job.
pub(crate) struct Pending {
    pub(crate) settlement: Settlement,
    pub(crate) aftermath: Aftermath,
}

/// What is told of a job's end once it is safe.
pub(crate) struct Aftermath {
    who: Who,
    queue: QueueName,
    verdict: Verdict,
    tally: Tally,
    failure: Option<Box<Failure>>,
    death: Option<Death>,
    elapsed: Duration,
    line: Option<Box<EndLine>>,
}

impl Pending {
    /// Lets the rules decide what follows an outcome.
    pub(crate) fn decide(
        claim: &Claim,
        who: Who,
        policy: &Policy,
        outcome: Outcome,
        elapsed: Duration,
        (now, chance): (Timestamp, f64),
        telling: Telling,
    ) -> Self {
        let failure = match &outcome {
            Outcome::Failed(failure) | Outcome::Kill(failure) => Some(Box::new(failure.clone())),
            _ => None,
        };
        let word = Word::of(&outcome);
        let attempt = Attempt { payload: &claim.payload, queue: &claim.queue, policy };
        let death = handlers::death_of(attempt, &outcome);
        // What was performed could be read.
        let decision = if outcome == Outcome::Done { performed() } else { decide(attempt, outcome, now, chance) };
        let line = EndLine::of(telling, &claim.payload, word, &decision, now).map(Box::new);
        let Decision { transition, verdict, .. } = decision;
        let death = death.filter(|_| verdict == Verdict::Died);
        let (queue, tally) = (claim.queue.clone(), transition.tally);
        let aftermath = Aftermath { who, queue, verdict, tally, failure, death, elapsed, line };
        let settlement = Settlement { receipt: claim.receipt.clone(), transition, then: Vec::new() };
        Pending { settlement, aftermath }
    }

    /// Tells the application's handlers, if this is a failure or a death: before the store has it, so that none is
    /// forgotten.
    pub(crate) fn told(self, handlers: &Handlers, claim: &Claim) -> Self {
        let Aftermath { who: (jid, class), queue, verdict, tally, failure, death, .. } = &self.aftermath;
        if let Some(failure) = failure.as_ref().filter(|_| tally.failed > 0) {
            handlers.tell_error(|| FailedJob {
                jid: jid.clone(),
                class: class.to_string(),
                queue: queue.clone(),
                attempt: handlers::attempt_of(&claim.payload),
                payload: claim.payload.clone(),
                error_class: failure.class.clone(),
                error_message: failure.message.clone(),
                backtrace: failure.backtrace.clone(),
                next_try: match *verdict {
                    Verdict::Retried { at, .. } => Some(at),
                    _ => None,
                },
            });
        }
        if let Some(cause) = *death {
            let Transition { payload, place, .. } = &self.settlement.transition;
            handlers.tell_death(|| DeadJob {
                jid: jid.clone(),
                class: class.to_string(),
                queue: queue.clone(),
                payload: payload.as_ref().unwrap_or(&claim.payload).clone(),
                cause,
                error: self.aftermath.error(),
                is_kept: *place == Place::Dead,
            });
        }
        self
    }

    /// What the rules made of the outcome.
    pub(crate) fn verdict(&self) -> Verdict {
        self.aftermath.verdict
    }

    /// The job's class; empty when its payload cannot be read.
    pub(crate) fn class(&self) -> &str {
        &self.aftermath.who.1
    }

    /// The queue that the job was claimed from.
    pub(crate) fn queue(&self) -> &QueueName {
        &self.aftermath.queue
    }

    /// How long the job ran.
    pub(crate) fn elapsed(&self) -> Duration {
        self.aftermath.elapsed
    }
}

impl Aftermath {
    /// The class and message of the failure, if it is one.
    fn error(&self) -> Option<(String, String)> {
        self.failure.as_ref().map(|failure| (failure.class.clone(), failure.message.clone()))
    }

    /// The store has answered: tells what came of the job, or that the claim was lost.
    pub(crate) fn answered(self, answer: SettleAnswer, events: &Events) {
        let error = self.error();
        let Aftermath { who: (jid, class), queue, verdict, tally, elapsed, line, .. } = self;
        if answer == SettleAnswer::Lost {
            tracing::warn!(
                ?jid,
                class = &*class,
                "the claim was lost: others have the job, and this result changes nothing"
            );
            events.tell(|| Event::ClaimLost { jid, class: class.to_string() });
            return;
        }
        if let Some(line) = line {
            line.tell((jid.as_ref(), &class, &queue), error.as_ref(), elapsed);
        }
        events.tell(|| Event::Settled { jid, class: class.to_string(), queue, verdict, tally, error, elapsed });
    }
}
