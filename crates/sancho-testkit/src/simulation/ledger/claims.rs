//! Claims, settlements and take-overs.

use sancho_core::claim::Repeated;
use sancho_core::{
    Claim, ClaimRequest, Exchanged, Incarnation, Place, SettleAnswer, Settlement, Standing, TakenOver, limits,
};

use super::{Call, ClaimId, Holds, Ledger, Spot, broken, claim_id};

impl Ledger {
    pub(super) fn exchanged(
        &mut self,
        call: &Call<'_>,
        settlements: &[Settlement],
        request: Option<&ClaimRequest>,
        exchanged: &Exchanged,
    ) -> Holds {
        if settlements.len() != exchanged.answers.len() {
            return broken(
                "each settlement is answered",
                format!("{} of {}", exchanged.answers.len(), settlements.len()),
            );
        }
        for (settlement, answer) in settlements.iter().zip(&exchanged.answers) {
            self.settled(call, settlement, *answer)?;
        }
        let Some(request) = request else { return Ok(()) };
        let known = self.processes.contains_key(&request.incarnation);
        if known != (exchanged.standing == Standing::Good) {
            let detail = format!("{} is answered as {:?}", request.incarnation, exchanged.standing);
            return broken("a store knows who has a lease", detail);
        }
        if exchanged.claims.len() > request.limit || (!known && !exchanged.claims.is_empty()) {
            let detail =
                format!("{} asked for {}, and got {}", request.incarnation, request.limit, exchanged.claims.len());
            return broken("nobody claims more than was asked for", detail);
        }
        for claim in &exchanged.claims {
            self.claimed(call, request, claim)?;
        }
        Ok(())
    }

    fn settled(&mut self, call: &Call<'_>, settlement: &Settlement, answer: SettleAnswer) -> Holds {
        let claim = claim_id(&settlement.receipt);
        let held = self.by_claim(&claim).filter(|_| self.processes.contains_key(&claim.0));
        match (answer, held) {
            (SettleAnswer::Settled, Some(number)) => self.settle(call, number, settlement),
            (SettleAnswer::Settled, None) => broken(
                "a settlement for a claim that is no longer held changes nothing",
                format!("{:?} is not held, and was settled", settlement.receipt),
            ),
            (SettleAnswer::AlreadySettled, None) if self.settled.contains(&claim) => Ok(()),
            (SettleAnswer::Lost, None) => {
                self.tally.lost += 1;
                Ok(())
            }
            (answer, held) => broken(
                "a settlement is answered for what it did",
                format!("{:?} is answered as {answer:?}; its job is {held:?}", settlement.receipt),
            ),
        }
    }

    fn settle(&mut self, call: &Call<'_>, number: usize, settlement: &Settlement) -> Holds {
        self.check_orphan(number, settlement)?;
        check_gone(number, settlement)?;
        self.settled.insert(claim_id(&settlement.receipt));
        if let Some(payload) = &settlement.transition.payload {
            let named = payload.envelope().ok().and_then(|envelope| envelope.queue());
            self.entry(number).named_queue = named;
        }
        self.count(settlement.transition.tally);
        self.put(number, Spot::from(&settlement.transition.place), call.at_ms);
        for job in &settlement.then {
            self.pushed_one(call, job, &sancho_core::Pushed::Added)?;
        }
        Ok(())
    }

    /// A job that was taken over is settled as orphaned: to the front of its queue, and the third time as poison.
    fn check_orphan(&mut self, number: usize, settlement: &Settlement) -> Holds {
        let entry = &mut self.entries[number];
        if !entry.taken_over || !entry.is_readable {
            return Ok(());
        }
        entry.orphaned += 1;
        let (orphaned, place) = (entry.orphaned, &settlement.transition.place);
        let right = match place {
            Place::Dead => orphaned >= limits::ORPHANED_MAX,
            Place::Queue { .. } => orphaned < limits::ORPHANED_MAX,
            _ => false,
        };
        if !right {
            return broken(
                "a job is poison the third time that its process dies",
                format!("#{number} was orphaned {orphaned} times, and goes to {place:?}"),
            );
        }
        self.tally.poisoned += u64::from(*place == Place::Dead);
        Ok(())
    }

    fn claimed(&mut self, call: &Call<'_>, request: &ClaimRequest, claim: &Claim) -> Holds {
        let Some(number) = self.by_payload(&claim.payload) else {
            return broken("only pushed jobs are claimed", format!("{:?}", claim.payload));
        };
        let id = claim_id(&claim.receipt);
        let asked = id.0 == request.incarnation
            && (request.first_number..request.first_number + request.limit as u64).contains(&id.1);
        match &self.entries[number].spot {
            Spot::Queue(queue) if asked && *queue == claim.queue => {
                if self.paused.contains(queue) {
                    return broken("a paused queue is not claimed from", format!("#{number} came from {queue}"));
                }
                self.put(number, Spot::Busy(id, claim.queue.clone()), call.at_ms);
                Ok(())
            }
            Spot::Busy(held, _) if *held == id && request.repeated == Repeated::Yes => Ok(()),
            spot => broken(
                "a job is given to one claimant, from its queue",
                format!("#{number} is {spot:?}, and {} claimed it as {:?}", request.incarnation, claim.receipt),
            ),
        }
    }

    pub(super) fn taken_over(
        &mut self,
        call: &Call<'_>,
        (by, first_number, limit): (&Incarnation, u64, usize),
        taken: &TakenOver,
    ) -> Holds {
        for incarnation in &taken.ended {
            self.ended(call, incarnation)?;
        }
        if taken.claims.len() > limit || (!self.processes.contains_key(by) && !taken.claims.is_empty()) {
            return broken("only a known process takes over", format!("{by} took {} claims", taken.claims.len()));
        }
        for claim in &taken.claims {
            self.took(call, (by, first_number, limit), claim)?;
        }
        Ok(())
    }

    fn took(&mut self, call: &Call<'_>, (by, first, limit): (&Incarnation, u64, usize), claim: &Claim) -> Holds {
        let id: ClaimId = claim_id(&claim.receipt);
        let asked = id.0 == *by && (first..first + limit as u64).contains(&id.1);
        let number = self.by_payload(&claim.payload);
        match number.map(|number| (number, &self.entries[number].spot)) {
            Some((_, Spot::Busy(held, _))) if *held == id => Ok(()),
            Some((number, Spot::Busy(held, queue))) if asked && !self.processes.contains_key(&held.0) => {
                let spot = Spot::Busy(id, queue.clone());
                self.put(number, spot, call.at_ms);
                self.entry(number).taken_over = true;
                self.tally.taken_over += 1;
                Ok(())
            }
            other => broken(
                "claims are taken over from processes that are gone",
                format!("{by} took {:?}, which is {other:?}", claim.receipt),
            ),
        }
    }
}

/// A job goes when its code was performed, or was told to end; both count. None of these jobs expires.
fn check_gone(number: usize, settlement: &Settlement) -> Holds {
    let transition = &settlement.transition;
    if transition.place == Place::Gone && transition.tally.processed == 0 {
        return broken("a job that goes was performed", format!("#{number} goes, and nothing is counted"));
    }
    Ok(())
}
