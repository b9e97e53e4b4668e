//! Rounds: exchanges with the store, of which two may be under way at a time.
//!
//! While the store works at one, the jobs of the other run. A second round is only begun while the queues have jobs enough
//! for both, each for half the slots, and where that many are worth it to the store: an idle server asks once, and then
//! waits.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use sancho_core::claim::{Fill, Repeated};
use sancho_core::{
    ClaimRequest, Exchanged, Incarnation, Mark, Settlement, Standing, Store, StoreError, StoreResult, Timestamp, limits,
};

use super::stuck::is_refusal;
use super::{Fetcher, Message};
use crate::server::phase::Phase;
use crate::server::settler::{Aftermath, Pending};

/// Rounds that may be under way at a time.
const ROUNDS_MAX: usize = 2;

/// What was asked of the store and is not answered yet.
#[derive(Default)]
pub(super) struct Rounds {
    /// The oldest first: they are answered in their order.
    under_way: VecDeque<Round>,
    /// Claim requests whose outcome is unknown: a repetition asks for the same claims.
    unresolved: VecDeque<ClaimRequest>,
    /// Whether the last claim brought all that it asked for.
    is_flush: bool,
}

impl Rounds {
    /// Whether nothing may be claimed that is not known of.
    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty() && self.unresolved.is_empty()
    }

    /// What incarnations before this one may have claimed is no longer asked for.
    pub(super) fn forget_all_but(&mut self, incarnation: &Incarnation) {
        self.unresolved.retain(|request| request.incarnation == *incarnation);
    }

    /// Waits for something else, and goes on with the rounds meanwhile: one that nobody polls may keep from others what it
    /// holds, such as the right to open a connection.
    pub(super) async fn meanwhile<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = std::pin::pin!(other);
        std::future::poll_fn(|cx| {
            self.advance(cx);
            other.as_mut().poll(cx)
        })
        .await
    }

    /// Waits until the oldest round is answered, and takes it; `None` when none is under way.
    async fn oldest(&mut self) -> Option<(Round, Answered)> {
        std::future::poll_fn(|cx| {
            self.advance(cx);
            match self.under_way.front_mut().map(|round| round.answered.take()) {
                None => Poll::Ready(None),
                Some(None) => Poll::Pending,
                Some(Some(answered)) => Poll::Ready(self.under_way.pop_front().map(|round| (round, answered))),
            }
        })
        .await
    }

    /// Whether a task that goes on with these rounds may not have to wait for anything.
    fn may_not_wait(&self) -> bool {
        self.under_way.len() > 1 || self.under_way.front().is_some_and(|round| round.answered.is_some())
    }

    fn advance(&mut self, cx: &mut Context<'_>) {
        for round in &mut self.under_way {
            round.advance(cx);
        }
    }

    /// Nothing is to be done until something happens: the queues have run dry.
    pub(super) fn run_dry(&mut self) {
        self.is_flush = false;
    }

    /// Slots for which jobs are on their way, or may be.
    fn spoken_for(&self) -> usize {
        let under_way = self.under_way.iter().filter_map(|round| round.request.as_ref());
        under_way.chain(&self.unresolved).map(|request| request.limit).sum()
    }
}

/// One exchange with the store.
struct Round {
    request: Option<ClaimRequest>,
    /// What is told of each job that it settles.
    aftermaths: Vec<Aftermath>,
    exchange: Exchange,
    answered: Option<Answered>,
    /// Where the stream of wake-ups was before it was begun, and the uptime then.
    mark: Mark,
    begun: Duration,
    /// What a burst had done before.
    deeds: Option<u64>,
}

/// What was settled, and what the store answered.
type Answered = (Vec<Settlement>, StoreResult<Exchanged>);

type Exchange = Pin<Box<dyn Future<Output = Answered> + Send>>;

impl Round {
    /// Sends what is asked, or goes on with it, as far as that goes without waiting.
    fn advance(&mut self, cx: &mut Context<'_>) {
        if self.answered.is_none()
            && let Poll::Ready(answered) = self.exchange.as_mut().poll(cx)
        {
            self.answered = Some(answered);
        }
    }
}

/// What a round found.
pub(super) enum Found {
    /// There may be more to do at once.
    More,
    /// There is nothing to do until something happens after this mark.
    Nothing(Mark),
}

/// The store did not do what a round asked that was begun at this uptime.
pub(super) struct Away {
    pub(super) error: StoreError,
    pub(super) begun: Duration,
}

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// Begins the rounds that there is something for, and ends the oldest: settles what is pending, claims for the free
    /// slots, starts what was claimed.
    pub(super) async fn round(&mut self, mark: Mark) -> Result<Found, Away> {
        let deeds = self.burst.as_ref().map(|burst| burst.deeds());
        while let Some(round) = self.begin(mark, deeds).await {
            self.hand.rounds.under_way.push_back(round);
        }
        // Whoever writes to the store has to have its turn before the answer to the round before keeps this task busy; and
        // so have all others, where the store answers at once.
        if self.hand.rounds.may_not_wait() {
            tokio::task::yield_now().await;
        }
        let Some((round, answered)) = self.hand.rounds.oldest().await else {
            self.fetched();
            return Ok(self.found_nothing(mark, deeds));
        };
        let ended = self.end(round, answered).await;
        if ended.is_err() {
            // What the other round brings must not lie about while the store is waited for.
            while let Some((round, answered)) = self.hand.rounds.oldest().await {
                // If the store is away, that is known already.
                drop(self.end(round, answered).await);
            }
        }
        ended
    }

    /// Begins a round, if there is something for it.
    async fn begin(&mut self, mark: Mark, deeds: Option<u64>) -> Option<Round> {
        let rounds = &self.hand.rounds;
        let is_second = !rounds.under_way.is_empty();
        if is_second && (!rounds.is_flush || rounds.under_way.len() == ROUNDS_MAX) {
            return None;
        }
        let request = self.request(is_second);
        if request.is_none() && (is_second || self.hand.pending.is_empty()) {
            return None;
        }
        let batch = self.hand.pending.len().min(limits::JOBS_PER_CLAIM_MAX);
        let pending = self.hand.pending.drain(..batch).map(|pending| (pending.settlement, pending.aftermath));
        let (settlements, aftermaths) = pending.unzip();
        let exchange = Box::pin(exchange(Arc::clone(&self.store), settlements, request.clone(), self.lease.now()));
        let begun = self.lease.uptime();
        let mut round = Round { request, aftermaths, exchange, answered: None, mark, begun, deeds };
        std::future::poll_fn(|cx| {
            round.advance(cx);
            Poll::Ready(())
        })
        .await;
        Some(round)
    }

    /// Takes in what the store answered.
    async fn end(&mut self, round: Round, answered: Answered) -> Result<Found, Away> {
        let Round { request, aftermaths, mark, begun, deeds, .. } = round;
        let away = |error| Away { error, begun };
        let exchanged = match answered {
            (_, Ok(exchanged)) => exchanged,
            (settlements, Err(error)) => {
                let both = settlements.into_iter().zip(aftermaths);
                let pending: Vec<_> = both.map(|(settlement, aftermath)| Pending { settlement, aftermath }).collect();
                if let Some(request) = request {
                    self.hand.rounds.unresolved.push_back(ClaimRequest { repeated: Repeated::Yes, ..request });
                }
                // One of several settlements may be to blame: it must not hold up the others, nor the claims.
                if is_refusal(&error) && !pending.is_empty() {
                    return if self.set_aside(pending).await { Ok(Found::More) } else { Err(away(error)) };
                }
                self.hand.pending.splice(..0, pending);
                return Err(away(error));
            }
        };
        self.hand.outage.over(self.lease.uptime(), &self.events);
        let settled = aftermaths.len();
        for (aftermath, answer) in aftermaths.into_iter().zip(exchanged.answers) {
            aftermath.answered(answer, &self.events);
        }
        if exchanged.standing == Standing::Lost {
            if request.is_some_and(|request| self.lease.distrust_of(&request.incarnation)) {
                // Nothing can be claimed until the heart has begun anew, and others have the jobs of all capsules.
                self.capsules.tell_others(self.place, || Message::Distrust);
                self.capsules.beat_soon.notify_one();
            }
            self.drop_distrusted();
            return Ok(self.after(Found::Nothing(mark)));
        }
        self.fetched();
        let claimed = exchanged.claims.len();
        let mut is_full = false;
        if let Some(request) = &request {
            let queues = exchanged.claims.iter().map(|claim| &claim.queue);
            self.hand.lots.drawn(&request.sources, request.limit, queues);
            is_full = claimed > 0 && claimed == request.limit;
            self.hand.rounds.is_flush = is_full;
        }
        if let (Some(burst), true) = (&self.burst, claimed + settled > 0) {
            burst.moved();
        }
        let is_old = request.is_some_and(|request| request.incarnation != self.lease.incarnation());
        if is_old || claimed > 0 && !self.lease.is_trusted() {
            // The heart began anew meanwhile, or has to: the process may have slept while the store answered. What
            // the old incarnation claimed is for others to take over, and they may have done it by now.
            return Ok(self.after(Found::Nothing(mark)));
        }
        self.start_all(exchanged.claims).await.map_err(away)?;
        if is_full || !self.hand.pending.is_empty() {
            return Ok(Found::More);
        }
        let found = self.found_nothing(mark, deeds);
        Ok(self.after(found))
    }

    /// The store was asked, and has answered.
    fn fetched(&self) {
        if self.lease.is_trusted() {
            self.capsule.fetched(self.lease.uptime());
        }
    }

    /// Nothing is known to be left only when nothing is under way.
    fn after(&self, found: Found) -> Found {
        if self.hand.rounds.under_way.is_empty() { found } else { Found::More }
    }

    /// What to ask for: as many jobs as there are free slots, from the queues that may be asked; where the queues have more
    /// than enough, half as many, to leave some to the second round.
    fn request(&mut self, is_second: bool) -> Option<ClaimRequest> {
        if !self.lease.is_trusted() {
            return None;
        }
        // Even a quiet server asks again: jobs that it may have claimed must not wait for its lease to end.
        if let Some(request) = self.hand.rounds.unresolved.pop_front() {
            return Some(request);
        }
        if self.phase.now() != Phase::Serving {
            return None;
        }
        let slots = self.capsule.slots();
        let free = slots.saturating_sub(self.roster.len() + self.hand.rounds.spoken_for());
        let (share, worth) = (slots / ROUNDS_MAX, self.store.jobs_worth_a_second_exchange());
        let is_shared = self.hand.rounds.is_flush && share >= worth;
        let limit = if is_shared { free.min(slots - share) } else { free };
        let uptime = self.lease.uptime();
        let is_enough = limit > 0 && (!is_second || is_shared && limit >= worth);
        if !is_enough || self.hand.stuck.is_full() || !self.hand.lots.queues().any(|queue| self.allows(queue, uptime)) {
            return None;
        }
        // From here on the capsule counts as busy: what it is about to claim must not meet a job that is to run alone.
        if !self.alone.may_claim(self.place, uptime) {
            return None;
        }
        let sources = self.hand.lots.draw(limit, || self.entropy.next_u64(), |queue| self.allows(queue, uptime));
        Some(ClaimRequest {
            incarnation: self.lease.incarnation(),
            first_number: self.lease.numbers(limit),
            repeated: Repeated::No,
            sources,
            fill: Fill::InOrder,
            limit,
        })
    }

    /// A round found nothing more to do. A burst may be over then, once this was asked after so many of its deeds.
    fn found_nothing(&mut self, mark: Mark, deeds: Option<u64>) -> Found {
        let (Some(burst), Some(deeds)) = (&self.burst, deeds) else { return Found::Nothing(mark) };
        let waits = self.alone.keeps_others_away(self.lease.uptime()) || !self.lease.is_trusted();
        if !self.is_quiet() || waits || self.phase.now() != Phase::Serving {
            return Found::Nothing(mark);
        }
        if self.hand.come_round.begin_anew() || burst.found_nothing(self.place, deeds) {
            return Found::More;
        }
        Found::Nothing(mark)
    }
}

/// An exchange that has all that it needs.
async fn exchange(
    store: Arc<dyn Store>,
    settlements: Vec<Settlement>,
    request: Option<ClaimRequest>,
    now: Timestamp,
) -> Answered {
    let exchanged = store.exchange(&settlements, request.as_ref(), now).await;
    (settlements, exchanged)
}
