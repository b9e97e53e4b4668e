//! What came of jobs, on its way to the store: kept until the store has it.

use std::time::Duration;

use sancho_core::lifecycle::Policy;
use sancho_core::lifecycle::{Attempt, Verdict, decide};
use sancho_core::{Claim, Jid, Outcome, QueueName, SettleAnswer, Settlement, Timestamp};

use crate::event::{Event, Events};

/// What came of one job, and what is told of it once it is safe.
pub(crate) struct Pending {
    pub(crate) settlement: Settlement,
    jid: Option<Jid>,
    class: String,
    queue: QueueName,
    verdict: Verdict,
    error: Option<(String, String)>,
    elapsed: Duration,
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
    ) -> Self {
        let error = match &outcome {
            Outcome::Failed(failure) | Outcome::Kill(failure) => Some((failure.class.clone(), failure.message.clone())),
            _ => None,
        };
        let attempt = Attempt { payload: &claim.payload, queue: &claim.queue, policy };
        let decision = decide(attempt, outcome, now, chance);
        let receipt = claim.receipt.clone();
        let settlement = Settlement { receipt, transition: decision.transition, then: Vec::new() };
        let queue = claim.queue.clone();
        Pending { settlement, jid, class, queue, verdict: decision.verdict, error, elapsed }
    }

    /// The job's class; empty when its payload cannot be read.
    pub(crate) fn class(&self) -> &str {
        &self.class
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
        let Pending { settlement, jid, class, queue, verdict, error, elapsed } = self;
        let tally = settlement.transition.tally;
        if let Some((error_class, error_message)) = &error {
            tracing::warn!(?jid, class, %queue, ?verdict, error_class, error_message, "the job failed");
        } else {
            tracing::debug!(?jid, class, %queue, ?verdict, ?elapsed, "settled");
        }
        events.tell(|| Event::Settled { jid, class, queue, verdict, tally, error, elapsed });
    }
}
