//! What stands between an engine and its store, and makes its bug.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sancho_core::claim::Repeated;
use sancho_core::process::Quiet;
use sancho_core::{
    Beat, BeatAnswer, BoxFuture, ClaimRequest, End, ErrorKind, Exchanged, Incarnation, Interest, Jid, Mark, NewJob,
    Place, Promoted, Pushed, Receipt, SettleAnswer, Settlement, Standing, Store, StoreResult, TakenOver, Timestamp,
};

use super::EngineBug;
use crate::interposed::Interpose;

/// How far a bug moves the numbers of claims: beyond all that a simulation gives.
const FAR: u64 = 1 << 32;

/// How much too early others' claims are taken over: the time between the end of trust and the end of a lease is less.
const TOO_EARLY: Duration = Duration::from_secs(10);

/// The store as an engine with a bug has it.
#[derive(Debug)]
pub(super) struct Front {
    bug: EngineBug,
    inner: Arc<dyn Store>,
    memory: Mutex<Memory>,
}

/// What a bug has to remember.
#[derive(Debug)]
struct Memory {
    /// Receipts of settlements whose call failed.
    unsent: Vec<Receipt>,
    /// Jobs that were pushed before.
    pushed: BTreeSet<Jid>,
    /// Whether a wake-up came since the last look found nothing.
    ready: bool,
    /// Whether due jobs were looked for, and what was said of the next.
    has_looked: bool,
    next_due: Option<Timestamp>,
    /// The process's first name.
    name: Option<Incarnation>,
    /// The first number of a take-over that failed.
    unresolved: Option<u64>,
    /// How far numbers are moved.
    moved: u64,
    said_goodbye: bool,
}

impl Front {
    pub(super) fn new(bug: EngineBug, inner: Arc<dyn Store>) -> Self {
        let memory = Memory {
            unsent: Vec::new(),
            pushed: BTreeSet::new(),
            ready: true,
            has_looked: false,
            next_due: None,
            name: None,
            unresolved: None,
            moved: 0,
            said_goodbye: false,
        };
        Front { bug, inner, memory: Mutex::new(memory) }
    }

    fn has(&self, bug: EngineBug) -> bool {
        self.bug == bug
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name that a process goes by.
    fn name(&self, who: &Incarnation) -> Incarnation {
        if !self.has(EngineBug::NameKept) {
            return who.clone();
        }
        self.memory().name.get_or_insert_with(|| who.clone()).clone()
    }

    /// A settlement as this engine would send it, and what it would push afterwards.
    fn bend(&self, settlement: &mut Settlement) -> Option<NewJob> {
        let transition = &mut settlement.transition;
        match &transition.place {
            // A job that goes back to the front was cut short, or orphaned: only then is something written down.
            Place::Queue { end: End::Front, .. } => match transition.payload {
                None if self.has(EngineBug::InterruptedDropped) => transition.place = Place::Gone,
                Some(_) if self.has(EngineBug::OrphanCountLost) => transition.payload = None,
                _ => {}
            },
            Place::Queue { end: End::Back, .. } if self.has(EngineBug::UnknownClassDropped) => {
                transition.place = Place::Gone;
            }
            Place::Retries { .. } if self.has(EngineBug::RetryInTwoSteps) => {
                let payload = transition.payload.take()?;
                let jid = Jid::new(payload.envelope().ok()?.jid()?.as_ref()).ok()?;
                let place = std::mem::replace(&mut transition.place, Place::Gone);
                let (key, on_conflict, pushed_by) = (None, Default::default(), None);
                return Some(NewJob { jid, place, key, on_conflict, pushed_by, payload });
            }
            _ => {}
        }
        None
    }

    fn bend_request(&self, mut request: ClaimRequest) -> ClaimRequest {
        request.incarnation = self.name(&request.incarnation);
        if self.has(EngineBug::ClaimNotRepeated) && request.repeated == Repeated::Yes {
            request.repeated = Repeated::No;
            request.first_number += FAR;
        }
        if self.has(EngineBug::ClaimNumbersReused) {
            request.first_number = request.first_number % 8 + 1;
        }
        request
    }

    async fn exchange_bent(
        &self,
        settlements: &[Settlement],
        claim: Option<&ClaimRequest>,
        now: Timestamp,
    ) -> StoreResult<Exchanged> {
        let mut bent = settlements.to_vec();
        let again: Vec<NewJob> = bent.iter_mut().filter_map(|settlement| self.bend(settlement)).collect();
        let dropped = std::mem::take(&mut self.memory().unsent);
        bent.retain(|settlement| !dropped.contains(&settlement.receipt));
        let asks = !self.has(EngineBug::WakeTrusted) || self.memory().ready;
        let request = claim.filter(|_| asks).map(|request| self.bend_request(request.clone()));
        let exchanged = self.inner.exchange(&bent, request.as_ref(), now).await.inspect_err(|_| {
            if self.has(EngineBug::SettleDroppedOnReconnect) {
                self.memory().unsent.extend(bent.iter().map(|settlement| settlement.receipt.clone()));
            }
        })?;
        if !again.is_empty() {
            self.inner.push(&again, now).await?;
        }
        if request.is_some() {
            self.memory().ready = !exchanged.claims.is_empty();
        }
        let deaf = self.has(EngineBug::LostLeaseNotHeard);
        let standing = if deaf { Standing::Good } else { exchanged.standing };
        let mut answers = exchanged.answers.into_iter();
        let answer = |settlement: &Settlement| match dropped.contains(&settlement.receipt) {
            true => SettleAnswer::Settled,
            false => answers.next().unwrap_or(SettleAnswer::Lost),
        };
        let answers = settlements.iter().map(answer).collect();
        Ok(Exchanged::new(answers, exchanged.claims, standing))
    }
}

impl Interpose for Front {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        Box::pin(async move {
            let mut jobs = jobs.to_vec();
            for job in &mut jobs {
                if !self.memory().pushed.insert(job.jid.clone()) && self.has(EngineBug::PushRepeatedWithNewId) {
                    give_another_id(job);
                }
            }
            let pushed = self.inner.push(&jobs, now).await;
            match &pushed {
                Err(error)
                    if error.kind == ErrorKind::OutcomeUnknown && self.has(EngineBug::PushAcknowledgedUnheard) =>
                {
                    Ok(vec![Pushed::Added; jobs.len()])
                }
                _ => pushed,
            }
        })
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        Box::pin(self.exchange_bent(settlements, claim, now))
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        Box::pin(async move {
            if self.has(EngineBug::DueTimeTrusted) {
                let memory = self.memory();
                if memory.has_looked && memory.next_due.is_none_or(|due| due > now) {
                    return Ok(Promoted { next_due: memory.next_due, ..Promoted::default() });
                }
            }
            let promoted = self.inner.promote(limit, now).await?;
            let mut memory = self.memory();
            (memory.has_looked, memory.next_due) = (true, promoted.next_due);
            Ok(promoted)
        })
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        Box::pin(async move {
            let mut bent = beat.clone();
            bent.process.incarnation = self.name(&beat.process.incarnation);
            let mut answer = self.inner.beat(&bent, now).await?;
            if self.has(EngineBug::LostLeaseNotHeard) {
                answer.standing = Standing::Good;
                answer.lost.clear();
            }
            if self.has(EngineBug::StoreTimeIgnored) {
                answer.store_now = now;
            }
            let leaves = beat.quiet == Quiet::Yes && self.has(EngineBug::GoodbyeTooEarly);
            if leaves && !std::mem::replace(&mut self.memory().said_goodbye, true) {
                self.inner.retire(&beat.process.incarnation, now).await?;
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
            let early = if self.has(EngineBug::TakeOverBeforeTrustEnds) { TOO_EARLY } else { Duration::ZERO };
            let moved = {
                let mut memory = self.memory();
                if self.has(EngineBug::TakeOverNotRepeated) && memory.unresolved.take() == Some(first_number) {
                    memory.moved += FAR;
                }
                memory.moved
            };
            let by = self.name(by);
            let taken = self.inner.take_over(&by, first_number + moved, limit, now + early).await;
            let mut taken = taken.inspect_err(|_| self.memory().unresolved = Some(first_number))?;
            if self.has(EngineBug::OrphansForgotten) {
                taken.claims.clear();
            }
            Ok(taken)
        })
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        if self.has(EngineBug::NameKept) {
            // The name goes on.
            return Box::pin(std::future::ready(Ok(())));
        }
        self.inner.retire(incarnation, now)
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.inner.wait(interest, after).await;
            if let Interest::Ready(_) = interest {
                self.memory().ready = true;
            }
        })
    }
}

/// Gives a job an id that differs in its last digit.
fn give_another_id(job: &mut NewJob) {
    let Some((rest, last)) = job.jid.as_str().split_at_checked(job.jid.as_str().len() - 1) else { return };
    let Ok(jid) = Jid::new(format!("{rest}{}", if last == "0" { "1" } else { "0" })) else { return };
    if let Ok(mut members) = job.payload.members() {
        members.set("jid", jid.as_str());
        job.payload = members.to_payload();
    }
    job.jid = jid;
}
