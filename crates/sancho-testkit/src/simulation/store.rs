//! The store as one simulated process sees it: across a network that delays, loses and repeats.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::{
    Action, Applied, Beat, BeatAnswer, BoxFuture, Checkpoint, ClaimRequest, Cursor, DeployMark, Direction, ErrorKind,
    Exchanged, Filter, Finding, Greeting, Incarnation, Inspect, Interest, Jid, JobRow, Kept, Key, Mark, Metrics,
    MetricsRequest, NewJob, Order, Page, Pausable, Promoted, Pruned, Pushed, QueueName, QueueRow, Retention, Selection,
    Set, Settlement, Sought, Stats, Store, StoreError, StoreResult, TakenOver, Timestamp, UnknownClass, inspect,
    limits,
};

use super::plan::{Fault, Wakes, When};
use super::request::{Request, Response};
use super::site::{End, Site};
use super::world::Ghost;

/// How long a call to a store that is away may take to fail, at most, is in the plan; this one is the usual way.
const USUAL_LATENCY_MS: usize = 4;

/// A store, and its control plane, at one process's end of the wire.
#[derive(Debug)]
pub(super) struct SimStore {
    pub(super) site: Arc<Site>,
    pub(super) wakes: Wakes,
}

impl SimStore {
    async fn call(&self, request: Request, now: Timestamp) -> StoreResult<Response> {
        let (site, op) = (&*self.site, request.op());
        let begun_ms = site.clock.true_ms();
        let number = site.next_call();
        let fault = site.world.plan.at_call(site.process, number);
        if let Request::Retire(who) = &request {
            site.world.state().ledger.distrusts(who);
        }
        // Drawn now: calls that are given up together are dropped in no order that a seed knows.
        let arrives = site.chance.once_in(2);
        let mut flight = Flight { site, number, request: Some(request), now, begun_ms, arrives, on_its_way: false };
        self.way(fault, |before, _| before).await;
        flight.on_its_way = !matches!(fault, Some(Fault::Refused | Fault::RequestLost | Fault::CrashBefore { .. }));
        site.gate.pass().await;
        // From here on it is the store's, or nobody's.
        let Some(request) = flight.request.take() else { return Err(lost(op, ErrorKind::Internal)) };
        self.check_reach(op).await?;
        if site.world.plan.is_overtaken(&request, begun_ms, site.clock.true_ms()) {
            return Err(lost(op, ErrorKind::Unavailable));
        }
        let make = || site.world.make(site.process, site.clock.true_ms(), &request, now);
        if fault.is_some() {
            site.tell_fault(format_args!("{op}, call {number}: {fault:?}"));
        }
        let answer = match fault {
            Some(Fault::Refused) => return Err(lost(op, ErrorKind::Unavailable)),
            Some(Fault::RequestLost) => Err(lost(op, ErrorKind::OutcomeUnknown)),
            Some(Fault::ReplyLost) => make().and_then(|_| Err(lost(op, ErrorKind::OutcomeUnknown))),
            Some(Fault::Twice) => make().and_then(|_| make()),
            Some(Fault::CrashBefore { restart_ms }) => return self.killed(restart_ms).await,
            Some(Fault::CrashAfter { restart_ms }) => {
                _ = make();
                return self.killed(restart_ms).await;
            }
            _ => make(),
        };
        self.way(fault, |_, after| after).await;
        self.note_trust(begun_ms, &request, &answer);
        answer
    }

    /// The way there or back.
    async fn way(&self, fault: Option<Fault>, which: impl FnOnce(u64, u64) -> u64) {
        let usual = || self.site.chance.below(USUAL_LATENCY_MS).saturating_sub(1) as u64;
        let millis = match fault {
            Some(Fault::Slow { before_ms, after_ms }) => which(before_ms, after_ms),
            _ => usual(),
        };
        if millis > 0 {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
    }

    /// Fails while the store is away from this process.
    async fn check_reach(&self, op: &'static str) -> StoreResult<()> {
        let now = self.site.clock.true_ms();
        let away = self.site.world.plan.mishaps.iter().find_map(|mishap| match (mishap.when, mishap.what) {
            (When::At(from), Fault::Away { for_ms, fails_after_ms })
                if mishap.process == self.site.process && (from..from + for_ms).contains(&now) =>
            {
                Some(fails_after_ms)
            }
            _ => None,
        });
        let Some(fails_after_ms) = away else { return Ok(()) };
        tokio::time::sleep(Duration::from_millis(fails_after_ms)).await;
        self.site.tell_fault(format_args!("{op}: the store is away"));
        Err(lost(op, ErrorKind::Unavailable))
    }

    async fn killed<T>(&self, restart_ms: u64) -> T {
        self.site.end(End::Killed { restart_ms });
        std::future::pending().await
    }

    /// A good beat is answered: the process goes by its claims from now on, for a time from the beat's beginning. A
    /// greeting does not count: it may be repeated, with a better time, before anything is claimed.
    fn note_trust(&self, begun_ms: u64, request: &Request, answer: &StoreResult<Response>) {
        if let (Request::Beat(beat), Ok(Response::Beaten(answer))) = (request, answer)
            && answer.standing == sancho_core::Standing::Good
            && beat.greeting == Greeting::StillHere
        {
            let until_ms = begun_ms + u64::try_from(limits::TRUST_FOR.as_millis()).expect("a short time");
            self.site.world.state().ledger.trusts(&beat.process.incarnation, until_ms);
        }
    }
}

fn lost(op: &'static str, kind: ErrorKind) -> StoreError {
    StoreError::new(op, kind, "a fault of the simulation")
}

/// A call under way. Given up on its way to the store, it may come there all the same.
struct Flight<'a> {
    site: &'a Site,
    number: u64,
    request: Option<Request>,
    now: Timestamp,
    begun_ms: u64,
    /// Whether it comes to the store if it is given up.
    arrives: bool,
    on_its_way: bool,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let Some(request) = self.request.take().filter(|_| self.on_its_way && self.arrives) else { return };
        let (process, at_ms, now) = (self.site.process, self.site.clock.true_ms(), self.now);
        if !self.site.world.plan.is_overtaken(&request, self.begun_ms, at_ms) {
            self.site.world.state().ghosts.push(Ghost { process, number: self.number, at_ms, request, now });
        }
    }
}

/// Makes a method of a trait out of a call.
macro_rules! call {
    ($self:ident, $now:ident, $request:expr, $response:pat => $answer:expr) => {
        Box::pin(async move {
            let request = $request;
            let op = request.op();
            match $self.call(request, $now).await? {
                $response => Ok($answer),
                other => Err(StoreError::new(op, ErrorKind::Internal, format!("an answer of another kind: {other:?}"))),
            }
        })
    };
}

impl Store for SimStore {
    /// One, so that faults meet two exchanges under way, too.
    fn jobs_worth_a_second_exchange(&self) -> usize {
        1
    }

    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        call!(self, now, Request::Push(jobs.to_vec()), Response::Pushed(answers) => answers)
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        let request = Request::Exchange(settlements.to_vec(), claim.cloned());
        call!(self, now, request, Response::Exchanged(exchanged) => exchanged)
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        call!(self, now, Request::Promote(limit), Response::Promoted(promoted) => promoted)
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        call!(self, now, Request::Beat(Box::new(beat.clone())), Response::Beaten(answer) => answer)
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        let request = Request::TakeOver { by: by.clone(), first_number, limit };
        call!(self, now, request, Response::TakenOver(taken) => taken)
    }

    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        call!(self, now, Request::Checkpoint(checkpoints.to_vec()), Response::Kept(kept) => kept)
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        call!(self, now, Request::Retire(incarnation.clone()), Response::Done => ())
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        call!(self, now, Request::Prune(retention.clone(), limit), Response::Pruned(pruned) => pruned)
    }

    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        let now = Timestamp::EPOCH;
        call!(self, now, Request::QueueNames, Response::QueueNames(names) => names)
    }

    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        call!(self, now, Request::MeetUnknown(met.to_vec()), Response::FirstMet(times) => times)
    }

    fn mark(&self) -> Mark {
        self.site.world.store.mark()
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        let wait = self.site.world.store.wait(interest, after);
        match self.wakes {
            Wakes::Well => wait,
            Wakes::Never => Box::pin(std::future::pending()),
            Wakes::Late(millis) => Box::pin(async move {
                wait.await;
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }),
            Wakes::Anyway(millis) => Box::pin(tokio::time::sleep(Duration::from_millis(millis))),
        }
    }
}

/// What the client acts with goes over the wire; what only looks is asked at once.
impl Inspect for SimStore {
    fn seek<'a>(&'a self, jid: &'a Jid, after: Option<&'a Cursor>) -> BoxFuture<'a, StoreResult<Sought>> {
        let now = Timestamp::EPOCH;
        call!(self, now, Request::Seek(jid.clone(), after.cloned()), Response::Sought(sought) => sought)
    }

    fn find_key<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, StoreResult<Option<JobRow>>> {
        let now = Timestamp::EPOCH;
        call!(self, now, Request::FindKey(key.clone()), Response::Found(row) => row.map(|row| *row))
    }

    fn unknown_classes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<UnknownClass>>> {
        self.site.world.inspect.unknown_classes(now)
    }

    fn metrics<'a>(&'a self, request: &'a MetricsRequest, now: Timestamp) -> BoxFuture<'a, StoreResult<Metrics>> {
        self.site.world.inspect.metrics(request, now)
    }

    fn mark_deploy<'a>(&'a self, label: &'a str, now: Timestamp) -> BoxFuture<'a, StoreResult<DeployMark>> {
        self.site.world.inspect.mark_deploy(label, now)
    }

    fn deploys(&self, since: Timestamp, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DeployMark>>> {
        self.site.world.inspect.deploys(since, now)
    }

    fn apply<'a>(
        &'a self,
        action: &'a Action,
        selection: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Applied>> {
        let request = Request::Apply(action.clone(), selection.clone(), limit);
        call!(self, now, request, Response::Applied(applied) => applied)
    }

    fn pause<'a>(&'a self, what: &'a Pausable, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        call!(self, now, Request::Pause(what.clone()), Response::Done => ())
    }

    fn resume<'a>(&'a self, what: &'a Pausable, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        call!(self, now, Request::Resume(what.clone()), Response::Done => ())
    }

    fn order<'a>(
        &'a self,
        incarnation: &'a Incarnation,
        order: &'a Order,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        call!(self, now, Request::Order(incarnation.clone(), order.clone()), Response::Done => ())
    }

    fn stats(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Stats>> {
        self.site.world.inspect.stats(now)
    }

    fn history(&self, days: u32, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<inspect::DayStats>>> {
        self.site.world.inspect.history(days, now)
    }

    fn queues(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<QueueRow>>> {
        self.site.world.inspect.queues(now)
    }

    fn page<'a>(
        &'a self,
        set: &'a Set,
        filter: &'a Filter,
        direction: Direction,
        cursor: Option<&'a Cursor>,
        limit: usize,
    ) -> BoxFuture<'a, StoreResult<Page>> {
        self.site.world.inspect.page(set, filter, direction, cursor, limit)
    }

    fn processes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<inspect::ProcessRow>>> {
        self.site.world.inspect.processes(now)
    }

    fn paused(&self) -> BoxFuture<'_, StoreResult<Vec<Pausable>>> {
        self.site.world.inspect.paused()
    }

    fn clear<'a>(&'a self, queue: &'a QueueName, limit: usize, now: Timestamp) -> BoxFuture<'a, StoreResult<usize>> {
        self.site.world.inspect.clear(queue, limit, now)
    }

    fn about(&self) -> BoxFuture<'_, StoreResult<inspect::About>> {
        self.site.world.inspect.about()
    }

    fn checkup(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<Finding>>> {
        self.site.world.inspect.checkup(now)
    }
}
