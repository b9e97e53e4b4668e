//! One move of a random sequence, made on either store.

use sancho_core::{
    Action, Beat, Checkpoint, Claim, ClaimRequest, Incarnation, NewJob, Pausable, Retention, Selection, Settlement,
    Timestamp, limits,
};

use crate::stage::{Stage, essence, name_of};

/// Which of the two stores a move is for: receipts are each store's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Subject,
    Model,
}

/// One move, at a time. Due jobs are promoted before each, so that none waits beyond its time.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) now: Timestamp,
    pub(super) what: What,
}

/// What is done. Where receipts are shown, the subject's come first and the model's second.
#[derive(Clone, Debug)]
pub(super) enum What {
    Push(Vec<NewJob>),
    Exchange(Vec<(Settlement, Settlement)>, Option<ClaimRequest>),
    Beat(Beat),
    TakeOver { by: Incarnation, first: u64 },
    Checkpoint(Checkpoint, Checkpoint),
    Retire(Incarnation),
    Prune(Retention),
    Apply(Action, Selection),
    Pause(Pausable),
    Resume(Pausable),
}

/// What came of a move: what both stores must say alike, and the claims that each gave.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) said: Vec<String>,
    pub(super) claims: Vec<Claim>,
}

impl Step {
    /// Makes the move.
    pub(super) async fn make(&self, s: &Stage, side: Side) -> Made {
        let now = self.now;
        let promoted = s.store.promote(limits::JOBS_PER_MOVE_MAX, now).await.expect("promote");
        let mut made = Made { said: vec![format!("{promoted:?}")], claims: Vec::new() };
        match &self.what {
            What::Push(jobs) => made.say(s.store.push(jobs, now).await.expect("push")),
            What::Exchange(settlements, request) => {
                let own = |(subject, model): &(Settlement, Settlement)| match side {
                    Side::Subject => subject.clone(),
                    Side::Model => model.clone(),
                };
                let settlements: Vec<Settlement> = settlements.iter().map(own).collect();
                let exchanged = s.store.exchange(&settlements, request.as_ref(), now).await.expect("exchange");
                made.say((exchanged.answers, exchanged.standing));
                made.claim(exchanged.claims);
            }
            What::Beat(beat) => {
                let answer = s.store.beat(beat, now).await.expect("beat");
                made.say((answer.standing, answer.orders, answer.paused_classes));
            }
            What::TakeOver { by, first } => {
                let all = limits::JOBS_PER_MOVE_MAX;
                let mut taken = s.store.take_over(by, *first, all, now).await.expect("take_over");
                taken.ended.sort();
                taken.claims.sort_by_key(|claim| name_of(&claim.payload));
                made.say(taken.ended);
                made.claim(taken.claims);
            }
            What::Checkpoint(subject, model) => {
                let own = if side == Side::Subject { subject } else { model };
                made.say(s.store.checkpoint(std::slice::from_ref(own), now).await.expect("checkpoint"));
            }
            What::Retire(who) => s.store.retire(who, now).await.expect("retire"),
            What::Prune(retention) => {
                let all = limits::JOBS_PER_MOVE_MAX;
                made.say(s.store.prune(retention, all, now).await.expect("prune"));
            }
            What::Apply(action, selection) => {
                let all = limits::JOBS_PER_MOVE_MAX;
                let mut applied = s.inspect.apply(action, selection, all, now).await.expect("apply");
                applied.refused.sort_by(|a, b| a.0.cmp(&b.0));
                match selection {
                    // Among all jobs are some that cannot be read: their ids are each store's own.
                    Selection::All { .. } => {
                        let mut why: Vec<_> = applied.refused.iter().map(|(_, why)| format!("{why:?}")).collect();
                        why.sort();
                        made.say((applied.done, why));
                    }
                    _ => made.say((applied.done, applied.refused)),
                }
            }
            What::Pause(what) => s.inspect.pause(what, now).await.expect("pause"),
            What::Resume(what) => s.inspect.resume(what, now).await.expect("resume"),
        }
        made
    }
}

impl Made {
    fn say(&mut self, what: impl std::fmt::Debug) {
        self.said.push(format!("{what:?}"));
    }

    fn claim(&mut self, claims: Vec<Claim>) {
        for claim in &claims {
            self.say((name_of(&claim.payload), essence(&claim.payload), &claim.queue, &claim.checkpoint));
        }
        self.claims = claims;
    }
}
