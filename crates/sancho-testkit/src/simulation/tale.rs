//! Calls and answers in words, for the story.

use std::fmt::{self, Display, Formatter};

use sancho_core::{Claim, Greeting, Receipt, SettleAnswer, Settlement, Standing, StoreResult};

use super::ledger::{Ledger, claim_id};
use super::request::{Request, Response};

/// A call and its answer, in one line. Written before the ledger takes the answer in.
pub(super) struct Tale<'a> {
    pub(super) request: &'a Request,
    pub(super) answer: &'a StoreResult<Response>,
    pub(super) ledger: &'a Ledger,
}

impl Display for Tale<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.answer {
            Err(error) => write!(f, "{}: {:?}: {}", self.request.op(), error.kind, error.source),
            Ok(response) => self.answered(f, response),
        }
    }
}

impl Tale<'_> {
    fn answered(&self, f: &mut Formatter<'_>, response: &Response) -> fmt::Result {
        match (self.request, response) {
            (Request::Push(jobs), Response::Pushed(answers)) => {
                f.write_str("push:")?;
                for (at, (job, answer)) in jobs.iter().zip(answers).enumerate() {
                    let number = self.ledger.number(&job.jid).unwrap_or(self.ledger.entries.len() + at);
                    write!(f, " #{number} {answer:?} {}", job.payload.to_text_lossy())?;
                }
                Ok(())
            }
            (Request::Exchange(settlements, claim), Response::Exchanged(exchanged)) => {
                f.write_str("exchange:")?;
                for (settlement, answer) in settlements.iter().zip(&exchanged.answers) {
                    self.settled(f, settlement, *answer)?;
                }
                if let Some(request) = claim {
                    write!(f, " asks as {} for {}", Short(request.incarnation.as_str()), request.limit)?;
                    write!(f, " ({:?} from {}),", request.repeated, request.first_number)?;
                    match exchanged.standing {
                        Standing::Good => self.claims(f, &exchanged.claims)?,
                        _ => f.write_str(" is not known")?,
                    }
                }
                Ok(())
            }
            (Request::Beat(beat), Response::Beaten(answer)) => {
                let greeting = if beat.greeting == Greeting::Hello { "hello" } else { "beat" };
                write!(f, "{greeting} of {}: {:?}", Short(beat.process.incarnation.as_str()), answer.standing)?;
                for receipt in &answer.lost {
                    write!(f, ", lost {}", Named(receipt))?;
                }
                if answer.orders.is_empty() { Ok(()) } else { write!(f, ", orders {:?}", answer.orders) }
            }
            (Request::TakeOver { by, .. }, Response::TakenOver(taken)) => {
                write!(f, "take over by {}:", Short(by.as_str()))?;
                for ended in &taken.ended {
                    write!(f, " {} has ended,", Short(ended.as_str()))?;
                }
                self.claims(f, &taken.claims)
            }
            (Request::Promote(_), Response::Promoted(promoted)) => write!(f, "promote: {} moved", promoted.moved),
            (Request::Retire(who), _) => write!(f, "retire {}", Short(who.as_str())),
            (request, Response::Applied(applied)) => {
                let Request::Apply(action, selection, _) = request else { return f.write_str("apply") };
                write!(f, "{action:?} {selection:?}: {} done, {:?}", applied.done, applied.refused)
            }
            (Request::Prune(..), Response::Pruned(pruned)) => write!(f, "prune: {}", pruned.dead),
            (Request::Pause(what), _) => write!(f, "pause {what:?}"),
            (Request::Resume(what), _) => write!(f, "resume {what:?}"),
            (Request::Order(who, order), _) => write!(f, "order {order:?} for {}", Short(who.as_str())),
            (request, _) => f.write_str(request.op()),
        }
    }

    fn settled(&self, f: &mut Formatter<'_>, settlement: &Settlement, answer: SettleAnswer) -> fmt::Result {
        let transition = &settlement.transition;
        match self.ledger.by_claim(&claim_id(&settlement.receipt)) {
            Some(number) => write!(f, " #{number}")?,
            None => write!(f, " no job")?,
        }
        write!(f, " by {} to {:?}: {answer:?};", Named(&settlement.receipt), transition.place)
    }

    fn claims(&self, f: &mut Formatter<'_>, claims: &[Claim]) -> fmt::Result {
        if claims.is_empty() {
            return f.write_str(" gets nothing");
        }
        f.write_str(" gets")?;
        for claim in claims {
            match self.ledger.by_payload(&claim.payload) {
                Some(number) => write!(f, " #{number} as {}", Named(&claim.receipt))?,
                None => write!(f, " an unknown job as {}", Named(&claim.receipt))?,
            }
        }
        Ok(())
    }
}

/// The part of an identity that is the same on every machine: its chance.
struct Short<'a>(&'a str);

impl Display for Short<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let nonce = self.0.rsplit(':').next().unwrap_or(self.0);
        f.write_str(nonce.get(..4).unwrap_or(nonce))
    }
}

/// A receipt, without host and process id.
struct Named<'a>(&'a Receipt);

impl Display for Named<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Short(self.0.incarnation().as_str()), self.0.number())
    }
}
