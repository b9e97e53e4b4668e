//! Settling and claiming.

use super::Model;
use super::jobs::{JobId, Shelf, Spot};
use crate::claim::{Fill, Repeated};
use crate::{
    Claim, ClaimRequest, ErrorKind, Exchanged, Incarnation, QueueName, Receipt, SettleAnswer, Settlement, Standing,
    StoreError, StoreResult, Tally, Timestamp, limits,
};

impl Model {
    /// As [`Store::exchange`](crate::Store::exchange).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when a first request reuses the number of a claim that is held.
    pub fn exchange(
        &mut self,
        settlements: &[Settlement],
        claim: Option<&ClaimRequest>,
        now: Timestamp,
    ) -> StoreResult<Exchanged> {
        if claim.is_some_and(|request| request.repeated == Repeated::No && !self.claimed_by(request).is_empty()) {
            return Err(StoreError::new("exchange", ErrorKind::Invalid, "a claim number was given twice"));
        }
        self.jobs.open_front(settlements.iter().map(|settlement| 1 + settlement.then.len()).sum());
        let answers = settlements.iter().map(|settlement| self.settle(settlement, now)).collect();
        let (claims, standing) = match claim {
            None => (Vec::new(), Standing::Good),
            Some(request) if self.processes.contains_key(&request.incarnation) => {
                (self.claim(request, now), Standing::Good)
            }
            Some(_) => (Vec::new(), Standing::Lost),
        };
        Ok(Exchanged::new(answers, claims, standing))
    }

    fn settle(&mut self, settlement: &Settlement, now: Timestamp) -> SettleAnswer {
        let receipt = &settlement.receipt;
        let Some(process) = self.processes.get(receipt.incarnation()) else { return SettleAnswer::Lost };
        let Some(id) = self.jobs.by_receipt(receipt) else {
            let minted = receipt.number() < process.numbers_end;
            return if minted { SettleAnswer::AlreadySettled } else { SettleAnswer::Lost };
        };
        let mut job = self.jobs.take(id);
        if let Some(payload) = &settlement.transition.payload {
            job.payload = payload.clone();
        }
        self.put(job, &settlement.transition.place, now);
        self.count(settlement.transition.tally, now);
        for job in &settlement.then {
            self.push_one(job, now);
        }
        SettleAnswer::Settled
    }

    fn count(&mut self, tally: Tally, now: Timestamp) {
        let (processed, failed) = (u64::from(tally.processed), u64::from(tally.failed));
        self.processed += processed;
        self.failed += failed;
        let day = self.days.entry(now.unix_day()).or_default();
        day.processed += processed;
        day.failed += failed;
    }

    fn claim(&mut self, request: &ClaimRequest, now: Timestamp) -> Vec<Claim> {
        let held = self.claimed_by(request);
        if !held.is_empty() {
            return held.into_iter().map(|id| self.claim_of(id)).collect();
        }
        let limit = request.limit.min(limits::JOBS_PER_CLAIM_MAX);
        let mut taken: Vec<JobId> = Vec::new();
        for source in &request.sources {
            self.choose(&mut taken, &source.queue, source.quota, limit);
        }
        if request.fill == Fill::InOrder {
            for source in &request.sources {
                self.choose(&mut taken, &source.queue, limit, limit);
            }
        }
        (request.first_number..)
            .zip(taken)
            .map(|(number, id)| self.hand_out(id, &request.incarnation, number, now))
            .collect()
    }

    /// The claims that are held of those that a request may have made, in the order of their numbers.
    fn claimed_by(&self, request: &ClaimRequest) -> Vec<JobId> {
        self.held_claims(&request.incarnation, request.first_number, request.limit)
    }

    /// The claims that an incarnation holds of `limit` numbers from `first`, in the order of their numbers.
    pub(super) fn held_claims(&self, by: &Incarnation, first: u64, limit: usize) -> Vec<JobId> {
        let end = first.saturating_add(limit as u64);
        (first..end).filter_map(|number| self.jobs.by_receipt(&Receipt::mint(by.clone(), number, 0))).collect()
    }

    /// Chooses at most `quota` further jobs from the front of a queue, and no more than `limit` in all.
    fn choose(&self, taken: &mut Vec<JobId>, queue: &QueueName, quota: usize, limit: usize) {
        if self.paused_queues.contains(queue) {
            return;
        }
        let room = quota.min(limit - taken.len());
        let ids = self.jobs.shelf(Shelf::Queue(queue.clone())).map(|(_, id)| id);
        let chosen: Vec<JobId> = ids.filter(|id| !taken.contains(id)).take(room).collect();
        taken.extend(chosen);
    }

    /// Puts a job into a process's hands, and makes its claim.
    pub(super) fn hand_out(&mut self, id: JobId, to: &Incarnation, number: u64, now: Timestamp) -> Claim {
        let process = self.processes.get_mut(to).expect("only a known process claims");
        process.numbers_end = process.numbers_end.max(number + 1);
        let mut job = self.jobs.take(id);
        let enqueued_at = match job.spot {
            Spot::Busy { enqueued_at, .. } => enqueued_at,
            _ => job.at,
        };
        job.at = now;
        job.spot = Spot::Busy { receipt: Receipt::mint(to.clone(), number, 0), enqueued_at };
        self.jobs.keep(job);
        self.claim_of(id)
    }

    pub(super) fn claim_of(&self, id: JobId) -> Claim {
        let job = self.jobs.get(id);
        let Spot::Busy { receipt, enqueued_at } = &job.spot else { unreachable!("only busy jobs are claims") };
        let mut claim = Claim::new(receipt.clone(), job.queue.clone(), job.payload.clone(), Some(*enqueued_at));
        claim.checkpoint = job.checkpoint.clone();
        claim
    }
}
