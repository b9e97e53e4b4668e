//! What came of jobs, on its way to the store: kept until the store has it.

use std::time::Duration;

use sancho_core::lifecycle::{Attempt, Failure, Policy, Verdict, decide, performed};
use sancho_core::{Claim, Jid, Outcome, Place, QueueName, SettleAnswer, Settlement, Timestamp, Transition};

use crate::event::{Event, Events};
use crate::handlers::{self, DeadJob, Death, FailedJob, Handlers};
use crate::server::line::{EndLine, Telling, Word};

/// What came of one job, and what is told of it once it is safe.
pub(crate) struct Pending {
    pub(crate) settlement: Settlement,
    jid: Option<Jid>,
    class: String,
    queue: QueueName,
    verdict: Verdict,
    failure: Option<Failure>,
    death: Option<Death>,
    elapsed: Duration,
    line: Option<EndLine>,
}

impl Pending {
    /// Lets the rules decide what follows an outcome.
    pub(crate) fn decide(
        claim: &Claim,
        (jid, class): (Option<Jid>, String),
        policy: &Policy,
        outcome: Outcome,
        elapsed: Duration,
        (now, chance): (Timestamp, f64),
        telling: Telling,
    ) -> Self {
        let failure = match &outcome {
            Outcome::Failed(failure) | Outcome::Kill(failure) => Some(failure.clone()),
            _ => None,
        };
        let word = Word::of(&outcome);
        let attempt = Attempt { payload: &claim.payload, queue: &claim.queue, policy };
        let death = handlers::death_of(attempt, &outcome);
        // What was performed could be read.
        let decision = if outcome == Outcome::Done { performed() } else { decide(attempt, outcome, now, chance) };
        let line = EndLine::of(telling, &claim.payload, word, &decision, now);
        let death = death.filter(|_| decision.verdict == Verdict::Died);
        let receipt = claim.receipt.clone();
        let settlement = Settlement { receipt, transition: decision.transition, then: Vec::new() };
        let queue = claim.queue.clone();
        Pending { settlement, jid, class, queue, verdict: decision.verdict, failure, death, elapsed, line }
    }

    /// Tells the application's handlers, if this is a failure or a death: before the store has it, so that none is
    /// forgotten.
    pub(crate) fn told(self, handlers: &Handlers, claim: &Claim) -> Self {
        if let Some(failure) = self.failure.as_ref().filter(|_| self.settlement.transition.tally.failed > 0) {
            handlers.tell_error(|| FailedJob {
                jid: self.jid.clone(),
                class: self.class.clone(),
                queue: self.queue.clone(),
                attempt: handlers::attempt_of(&claim.payload),
                payload: claim.payload.clone(),
                error_class: failure.class.clone(),
                error_message: failure.message.clone(),
                backtrace: failure.backtrace.clone(),
                next_try: match self.verdict {
                    Verdict::Retried { at, .. } => Some(at),
                    _ => None,
                },
            });
        }
        if let Some(cause) = self.death {
            let Transition { payload, place, .. } = &self.settlement.transition;
            handlers.tell_death(|| DeadJob {
                jid: self.jid.clone(),
                class: self.class.clone(),
                queue: self.queue.clone(),
                payload: payload.as_ref().unwrap_or(&claim.payload).clone(),
                cause,
                error: self.error(),
                is_kept: *place == Place::Dead,
            });
        }
        self
    }

    /// The class and message of the failure, if it is one.
    fn error(&self) -> Option<(String, String)> {
        self.failure.as_ref().map(|failure| (failure.class.clone(), failure.message.clone()))
    }

    /// What the rules made of the outcome.
    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The job's class; empty when its payload cannot be read.
    pub(crate) fn class(&self) -> &str {
        &self.class
    }

    /// The queue that the job was claimed from.
    pub(crate) fn queue(&self) -> &QueueName {
        &self.queue
    }

    /// How long the job ran.
    pub(crate) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The store has answered: tells what came of the job, or that the claim was lost.
    pub(crate) fn answered(self, answer: SettleAnswer, events: &Events) {
        if answer == SettleAnswer::Lost {
            let (jid, class) = (self.jid, self.class);
            tracing::warn!(?jid, class, "the claim was lost: others have the job, and this result changes nothing");
            events.tell(|| Event::ClaimLost { jid, class });
            return;
        }
        let (error, tally) = (self.error(), self.settlement.transition.tally);
        let Pending { jid, class, queue, verdict, elapsed, line, .. } = self;
        if let Some(line) = line {
            line.tell((jid.as_ref(), &class, &queue), error.as_ref(), elapsed);
        }
        events.tell(|| Event::Settled { jid, class, queue, verdict, tally, error, elapsed });
    }
}
