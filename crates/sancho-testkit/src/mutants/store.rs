//! The data plane of a mutant.

use std::time::Duration;

use sancho_core::claim::{Fill, Repeated};
use sancho_core::{
    Action, Beat, BeatAnswer, BoxFuture, Claim, ClaimRequest, End, Exchanged, Filter, Greeting, Incarnation, Inspect,
    Interest, Jid, Mark, NewJob, Place, Promoted, Pruned, Pushed, Retention, Selection, Set, SettleAnswer, Settlement,
    State, Store, StoreResult, TakenOver, Timestamp,
};

use super::{Bug, Mutant};
use crate::interposed::Interpose;

impl Interpose for Mutant {
    fn inner(&self) -> &dyn Store {
        &self.model
    }

    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        Box::pin(async move {
            let mut jobs = jobs.to_vec();
            for job in &mut jobs {
                if let Some(answer) = self.bend(job).await? {
                    return Ok(vec![answer]);
                }
            }
            if self.has(Bug::BatchReversed) {
                jobs.reverse();
            }
            let answers = self.model.push(&jobs, now).await?;
            if self.has(Bug::RepeatedPushAddsTwice) && answers.iter().all(|answer| *answer == Pushed::Repeated) {
                for job in &mut jobs {
                    job.jid = Jid::new(format!("{}-again", job.jid)).expect("it is short");
                }
                return self.model.push(&jobs, now).await;
            }
            Ok(answers)
        })
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        Box::pin(async move {
            let mut answers = Vec::new();
            if self.has(Bug::FrontReversed) || self.has(Bug::PopThenPush) {
                for settlement in settlements {
                    answers.extend(self.settle(std::slice::from_ref(settlement), now).await?);
                }
            } else {
                answers = self.settle(settlements, now).await?;
            }
            let request = claim.cloned().map(|request| self.bend_request(request));
            let mut exchanged = self.model.exchange(&[], request.as_ref(), now).await?;
            exchanged.claims = self.bend_claims(exchanged.claims, now).await?;
            Ok(Exchanged::new(answers, exchanged.claims, exchanged.standing))
        })
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        let early = Duration::from_secs(if self.has(Bug::PromoteBeforeDue) { 60 } else { 0 });
        self.model.promote(limit, now + early)
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        Box::pin(async move {
            let mut beat = beat.clone();
            if self.has(Bug::ExecutionsForgotten) {
                beat.executions.clear();
            }
            if self.has(Bug::QueuesMixedUp) {
                let first = beat.by_queue.first().map(|count| count.queue.clone()).unwrap_or_default();
                beat.by_queue.iter_mut().for_each(|count| count.queue = first.clone());
            }
            let mut answer = self.model.beat(&beat, now).await?;
            if self.has(Bug::OrderDeliveredTwice) {
                let again = self.remember(|memory| std::mem::replace(&mut memory.orders, answer.orders.clone()));
                answer.orders.extend(again);
            }
            Ok(answer)
        })
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        Box::pin(async move {
            let early = Duration::from_secs(if self.has(Bug::TakeOverIgnoresLease) { 3600 } else { 0 });
            let taken = self.model.take_over(by, first_number, limit, now + early).await?;
            self.remember(|memory| memory.note(&taken.claims));
            if self.has(Bug::TakeOverLeavesKnown) {
                for who in &taken.ended {
                    self.model.beat(&crate::stage::beat(who.as_str(), Greeting::Hello), now).await?;
                }
            }
            Ok(taken)
        })
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        Box::pin(async move {
            if self.has(Bug::PruneNewestFirst) {
                let dead = self.model.stats(now).await?.dead;
                let over = usize::try_from(dead.saturating_sub(retention.dead_jobs_max)).expect("a test has few jobs");
                let newest = Selection::All { set: Set::Dead, filter: Filter::all(), after: None };
                let applied = self.model.apply(&Action::Delete, &newest, over.min(limit), now).await?;
                return Ok(Pruned { dead: applied.done });
            }
            self.model.prune(retention, limit, now).await
        })
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        let after = if self.has(Bug::WakeMissed) { self.model.mark() } else { after };
        self.model.wait(interest, after)
    }
}

impl Mutant {
    /// Changes a job that is pushed; an answer here means that it is not pushed at all.
    async fn bend(&self, job: &mut NewJob) -> StoreResult<Option<Pushed>> {
        if self.has(Bug::UnknownMembersDropped)
            && let Ok(mut members) = job.payload.members()
        {
            members.remove("bid");
            job.payload = members.to_payload();
        }
        let Some(key) = &job.key else { return Ok(None) };
        let holder = self.model.find_key(key).await?;
        if self.has(Bug::KeyFreedEarly)
            && let Some(holder) = &holder
            && holder.state == State::Busy
        {
            job.pushed_by = Some(holder.jid.clone());
        }
        let first = self.remember(|memory| memory.keys.entry(key.clone()).or_insert(job.jid.clone()).clone());
        if self.has(Bug::KeyNotFreed) && holder.is_none() && first != job.jid {
            return Ok(Some(Pushed::Kept { holder: first, state: State::Enqueued }));
        }
        Ok(None)
    }

    async fn settle(&self, settlements: &[Settlement], now: Timestamp) -> StoreResult<Vec<SettleAnswer>> {
        let mut bent = settlements.to_vec();
        let mut pushed_again = Vec::new();
        for settlement in &mut bent {
            let place = &mut settlement.transition.place;
            if let Place::Queue { end, .. } = place
                && self.has(Bug::FrontPutAtBack)
            {
                *end = End::Back;
            }
            if self.has(Bug::FollowUpsDropped) {
                settlement.then.clear();
            }
            if self.has(Bug::NoReceiptCheck) {
                let held_now = self.remember(|memory| {
                    memory.job_of(&settlement.receipt).and_then(|jid| memory.claimed.get(jid)).cloned()
                });
                settlement.receipt = held_now.unwrap_or_else(|| settlement.receipt.clone());
            }
            if self.has(Bug::PopThenPush) {
                let jid = self.remember(|memory| memory.job_of(&settlement.receipt).cloned());
                let row = match &jid {
                    Some(jid) => self.model.find(jid).await?,
                    None => None,
                };
                let elsewhere = std::mem::replace(&mut settlement.transition.place, Place::Gone);
                pushed_again.extend(row.map(|row| NewJob {
                    jid: row.jid,
                    place: elsewhere,
                    key: row.key,
                    on_conflict: Default::default(),
                    pushed_by: None,
                    payload: row.payload,
                }));
            }
        }
        let mut answers = self.model.exchange(&bent, None, now).await?.answers;
        if !pushed_again.is_empty() {
            self.model.push(&pushed_again, now).await?;
        }
        let unsettled = answers.iter().filter(|answer| **answer != SettleAnswer::Settled).count() as u64;
        self.remember(|memory| memory.miscounted += unsettled);
        if self.has(Bug::LostAnsweredAsSettled) {
            answers.fill(SettleAnswer::Settled);
        }
        Ok(answers)
    }

    fn bend_request(&self, mut request: ClaimRequest) -> ClaimRequest {
        if self.has(Bug::QuotasIgnored) {
            request.sources.iter_mut().for_each(|source| source.quota = 0);
        }
        if self.has(Bug::FillIgnored) {
            request.fill = Fill::InOrder;
        }
        if self.has(Bug::RepeatedClaimClaimsAnew) && request.repeated == Repeated::Yes {
            request.first_number += 1_000_000;
        }
        request
    }

    async fn bend_claims(&self, mut claims: Vec<Claim>, now: Timestamp) -> StoreResult<Vec<Claim>> {
        self.remember(|memory| memory.note(&claims));
        if self.has(Bug::CheckpointDropped) {
            claims.iter_mut().for_each(|claim| claim.checkpoint = None);
        }
        if self.has(Bug::UnreadableDropped) {
            let (kept, dropped): (Vec<_>, Vec<_>) = claims.into_iter().partition(|one| one.payload.envelope().is_ok());
            let gone: Vec<_> = dropped.iter().map(|claim| crate::stage::settlement(claim, Place::Gone)).collect();
            self.model.exchange(&gone, None, now).await?;
            claims = kept;
        }
        Ok(claims)
    }
}
