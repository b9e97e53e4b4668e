//! The list of facts: whatever is written here is run by every store.

use super::Fact;
use super::{claims, keys, push, settle};

/// Every fact, in the order of the list.
pub(super) fn facts() -> Vec<Fact> {
    crate::conformance_facts!(list)
}

/// Hands the list of facts to a way of using it.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_facts {
    ($($how:tt)*) => {
        $crate::conformance_expand! { $($how)*;
            push:
                pushed_jobs_run_in_the_order_given
                later_pushes_go_behind_earlier_ones
                a_push_of_nothing_adds_nothing
                each_job_of_a_batch_goes_to_its_own_queue
                a_batch_of_a_thousand_is_all_there_in_order
                a_scheduled_job_waits_for_its_time
                a_job_may_be_held_from_the_start
                a_repeated_push_adds_nothing
                a_repeated_push_adds_nothing_even_if_its_jobs_have_run
                a_job_that_is_there_is_not_added_by_another_batch
                a_job_that_runs_is_not_added_again
                unknown_members_and_big_numbers_survive
                a_pushed_job_is_found_as_it_was_pushed
                one_batch_may_mix_now_and_later
            ;
            keys:
                a_key_is_taken_while_its_job_is_enqueued
                a_key_is_taken_while_its_job_is_busy
                a_key_is_taken_while_its_job_is_scheduled
                a_key_is_taken_while_its_job_retries
                a_key_is_taken_while_its_job_is_held
                a_dead_job_takes_no_key
                a_pushed_job_holds_its_key
                replace_removes_an_enqueued_job
                replace_removes_a_scheduled_job
                replace_removes_a_retrying_job
                replace_removes_a_held_job
                replace_of_a_busy_job_is_refused
                refuse_adds_nothing_and_names_the_holder
                a_key_is_free_when_its_job_is_done
                a_key_is_free_when_its_job_is_deleted
                a_key_is_free_when_its_job_is_killed
                a_key_is_free_when_its_queue_is_cleared
                a_key_stays_taken_through_promotion_and_claim
                a_key_stays_with_a_job_that_is_taken_over
                of_two_jobs_of_one_batch_the_later_meets_the_earlier
                a_later_job_of_a_batch_may_replace_an_earlier_one
                a_busy_job_may_push_its_own_key_for_after_itself
                a_key_that_passed_on_stays_when_the_first_job_ends
                a_job_whose_key_passed_on_retries_without_it
                only_the_job_that_holds_a_key_passes_it_on
                a_job_that_is_not_running_passes_no_key_on
                a_follow_up_takes_the_key_that_its_job_leaves
                a_revived_job_takes_its_key_again
                a_dead_job_is_not_revived_while_its_key_is_taken
            ;
            claims:
                a_queue_is_claimed_from_its_front
                a_job_is_claimed_by_one
                a_claimed_job_is_busy_in_one_process
                a_claim_names_the_queue_it_came_from
                sources_are_served_in_order
                no_more_than_the_limit_is_claimed
                quotas_come_before_the_filling
                a_quota_is_no_more_than_a_quota
                without_filling_a_zero_quota_gives_nothing
                room_that_a_short_queue_leaves_is_filled_from_the_next
                a_queue_nobody_pushed_to_gives_nothing
                a_paused_queue_is_not_served
                a_resumed_queue_is_served_again
                unreadable_bytes_are_handed_out_as_they_are
                an_unknown_incarnation_claims_nothing
                standing_is_good_where_no_claim_is_asked_for
                claims_are_numbered_from_the_first_number
                a_repeated_claim_answers_with_the_same_claims
                a_repeated_claim_claims_if_the_first_did_not
                a_repeated_claim_leaves_out_what_is_settled
                one_call_settles_and_claims
                what_the_store_knows_of_enqueued_at_is_right
                busy_jobs_are_listed_by_start
            ;
            settle:
                a_job_that_is_done_is_gone
                a_job_sent_back_runs_after_those_that_are_there
                a_job_put_in_front_runs_next
                of_several_put_in_front_the_first_runs_first
                what_is_put_in_front_later_runs_before
                a_job_may_go_to_another_queue
                a_snoozed_job_is_scheduled
                a_failed_job_waits_in_the_retries
                a_dead_job_is_kept_with_the_time_of_its_death
                a_held_job_keeps_the_reason
                a_settlement_may_change_the_payload
                without_a_new_payload_the_bytes_stay
                unreadable_bytes_are_buried_as_they_are
                what_is_counted_is_counted_once
                a_repeated_settlement_changes_nothing
                an_old_receipt_does_not_settle_a_newer_claim
                a_receipt_of_another_process_settles_nothing
                follow_ups_are_pushed_with_their_settlement
                follow_ups_obey_keys
                answers_are_in_the_order_of_the_settlements
                a_settled_job_can_be_claimed_again
            ;
        }
    };
}

/// The ways of using the list: `list` makes a vector of facts, `tests` one test for each.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_expand {
    (list; $($area:ident: $($fact:ident)*;)*) => {
        vec![$($(Fact { name: stringify!($fact), run: |stage| Box::pin($area::$fact(stage)) },)*)*]
    };
    (tests ($factory:expr); $($area:ident: $($fact:ident)*;)*) => {
        $($(
            #[tokio::test]
            async fn $fact() {
                $crate::conformance::check(&$factory, stringify!($fact)).await;
            }
        )*)*
    };
}

/// Makes a test of each fact, and one that runs and counts them all, for a [`Factory`](crate::Factory).
#[macro_export]
macro_rules! conformance_suite {
    ($factory:expr) => {
        $crate::conformance_facts! { tests ($factory) }

        #[tokio::test]
        async fn every_fact_is_run_and_counted() {
            assert_eq!($crate::conformance::run_all(&$factory).await, $crate::conformance::facts().len());
        }
    };
}
