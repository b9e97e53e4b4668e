//! Broken stores, which prove that the suite can fail.
//!
//! A mutant is the model behind a wrapper that gets one thing wrong. The table [`CAUGHT_BY`] names for each a
//! fact that does not hold for it.

pub mod engine;
pub mod hunt;
mod inspect;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sancho_core::model::ModelStore;
use sancho_core::{BoxFuture, Claim, Inspect, Jid, Key, Order, Receipt, Store};

use crate::conformance::Factory;
use crate::interposed::Interposed;

/// What a mutant gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bug {
    /// Nothing: the wrapper itself is sound.
    None,
    /// A job that goes elsewhere is removed first and pushed again afterwards.
    PopThenPush,
    /// A receipt settles its job, whoever holds it now.
    NoReceiptCheck,
    /// Counters move though the settlement does not.
    CounterOutsideTheStep,
    /// A key stays taken when its job is gone.
    KeyNotFreed,
    /// A key is free as soon as its job is claimed.
    KeyFreedEarly,
    /// A repeated push adds its jobs again.
    RepeatedPushAddsTwice,
    /// A batch is pushed from its end.
    BatchReversed,
    /// Pausing a queue does nothing.
    PausedQueueServed,
    /// Leases count as ended long before they are.
    TakeOverIgnoresLease,
    /// Those who were taken over from stay known.
    TakeOverLeavesKnown,
    /// Jobs are promoted a minute early.
    PromoteBeforeDue,
    /// The front of a queue is its back.
    FrontPutAtBack,
    /// Of several jobs put in front, the last runs first.
    FrontReversed,
    /// Follow-up jobs are dropped.
    FollowUpsDropped,
    /// What is lost is answered as settled.
    LostAnsweredAsSettled,
    /// Quotas count as nothing.
    QuotasIgnored,
    /// Room is filled though it was to stay.
    FillIgnored,
    /// A payload that cannot be read is dropped at its claim.
    UnreadableDropped,
    /// Members that nobody knows are dropped at the push.
    UnknownMembersDropped,
    /// The dead set loses its newest jobs.
    PruneNewestFirst,
    /// An order is handed out at two beats.
    OrderDeliveredTwice,
    /// A repeated claim takes further jobs.
    RepeatedClaimClaimsAnew,
    /// What was kept by a checkpoint is not given to the next run.
    CheckpointDropped,
    /// What happens between the mark and the wait wakes nobody.
    WakeMissed,
    /// Filters let everything pass.
    FilterIgnored,
    /// Pages go forward, whatever was asked for.
    DirectionIgnored,
    /// Classes not known are listed for ever.
    UnknownClassesNotForgotten,
    /// What a beat brings of executions is forgotten.
    ExecutionsForgotten,
    /// What a beat brings of queues is counted for the first one.
    QueuesMixedUp,
    /// The sizes that are told of a step are those of now.
    SizesOfNow,
}

/// For each bug, a fact that catches it.
pub const CAUGHT_BY: &[(Bug, &str)] = &[
    (Bug::PopThenPush, "a_failed_job_waits_in_the_retries"),
    (Bug::NoReceiptCheck, "an_old_receipt_does_not_settle_a_newer_claim"),
    (Bug::CounterOutsideTheStep, "a_repeated_settlement_changes_nothing"),
    (Bug::KeyNotFreed, "a_key_is_free_when_its_job_is_done"),
    (Bug::KeyFreedEarly, "a_key_is_taken_while_its_job_is_busy"),
    (Bug::RepeatedPushAddsTwice, "a_repeated_push_adds_nothing"),
    (Bug::BatchReversed, "pushed_jobs_run_in_the_order_given"),
    (Bug::PausedQueueServed, "a_paused_queue_is_not_served"),
    (Bug::TakeOverIgnoresLease, "claims_of_the_living_stay_theirs"),
    (Bug::TakeOverLeavesKnown, "an_incarnation_taken_over_from_is_unknown"),
    (Bug::PromoteBeforeDue, "a_job_is_not_promoted_before_its_time"),
    (Bug::FrontPutAtBack, "a_job_put_in_front_runs_next"),
    (Bug::FrontReversed, "of_several_put_in_front_the_first_runs_first"),
    (Bug::FollowUpsDropped, "follow_ups_are_pushed_with_their_settlement"),
    (Bug::LostAnsweredAsSettled, "a_late_settlement_is_refused"),
    (Bug::QuotasIgnored, "quotas_come_before_the_filling"),
    (Bug::FillIgnored, "a_quota_is_no_more_than_a_quota"),
    (Bug::UnreadableDropped, "unreadable_bytes_are_handed_out_as_they_are"),
    (Bug::UnknownMembersDropped, "unknown_members_and_big_numbers_survive"),
    (Bug::PruneNewestFirst, "too_many_dead_jobs_go_oldest_first"),
    (Bug::OrderDeliveredTwice, "orders_are_heard_once_and_in_order"),
    (Bug::RepeatedClaimClaimsAnew, "a_repeated_claim_answers_with_the_same_claims"),
    (Bug::CheckpointDropped, "a_checkpoint_is_given_to_the_next_run"),
    (Bug::WakeMissed, "a_push_wakes_those_who_wait_for_its_queue"),
    (Bug::FilterIgnored, "a_page_is_filtered_by_class"),
    (Bug::DirectionIgnored, "backward_pages_are_the_exact_reverse_of_each_set"),
    (Bug::UnknownClassesNotForgotten, "a_class_not_met_for_long_is_listed_no_more"),
    (Bug::ExecutionsForgotten, "what_beats_bring_is_counted_by_class_and_minute"),
    (Bug::QueuesMixedUp, "what_beats_bring_is_counted_by_queue_and_minute"),
    (Bug::SizesOfNow, "the_first_beat_of_a_minute_tells_the_sizes"),
];

/// The model with a bug.
#[derive(Debug)]
pub struct Mutant {
    bug: Bug,
    model: ModelStore,
    memory: Mutex<Memory>,
}

/// What a mutant remembers so as to go wrong later.
#[derive(Debug, Default)]
struct Memory {
    /// The receipt by which each job was last claimed, and the job of each receipt.
    claimed: BTreeMap<Jid, Receipt>,
    jobs: Vec<(Receipt, Jid)>,
    keys: BTreeMap<Key, Jid>,
    orders: Vec<Order>,
    miscounted: u64,
}

impl Mutant {
    /// A model with this bug.
    pub fn new(bug: Bug) -> Self {
        Mutant { bug, model: ModelStore::new(), memory: Mutex::default() }
    }

    /// A model with this bug, as a store and as its control plane.
    pub fn make(bug: Bug) -> (Arc<dyn Store>, Arc<dyn Inspect>) {
        let mutant = Arc::new(Mutant::new(bug));
        (Arc::new(Interposed(Arc::clone(&mutant))), mutant)
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    fn remember<T>(&self, note: impl FnOnce(&mut Memory) -> T) -> T {
        note(&mut self.memory.lock().expect("nothing panics while a mutant remembers"))
    }
}

impl Memory {
    fn note(&mut self, claims: &[Claim]) {
        for claim in claims {
            let jid = claim.payload.envelope().ok().and_then(|envelope| Jid::new(envelope.jid()?.as_ref()).ok());
            let Some(jid) = jid else { continue };
            self.claimed.insert(jid.clone(), claim.receipt.clone());
            self.jobs.push((claim.receipt.clone(), jid));
        }
    }

    fn job_of(&self, receipt: &Receipt) -> Option<&Jid> {
        self.jobs.iter().find(|(one, _)| one == receipt).map(|(_, jid)| jid)
    }
}

/// Makes mutants of one kind.
#[derive(Clone, Copy, Debug)]
pub struct MutantFactory(pub Bug);

impl Factory for MutantFactory {
    fn name(&self) -> &'static str {
        "mutant"
    }

    fn make(&self) -> BoxFuture<'_, (Arc<dyn Store>, Arc<dyn Inspect>)> {
        let bug = self.0;
        Box::pin(async move { Mutant::make(bug) })
    }
}
