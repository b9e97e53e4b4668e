//! The list of facts: whatever is written here is run by every store.

use super::Fact;
use super::{claims, keys, processes, promote, prune, push, settle, take_over, wake};

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
            promote:
                a_due_job_goes_to_its_queue
                a_job_is_not_promoted_before_its_time
                a_job_is_due_at_its_very_time
                due_jobs_run_in_the_order_of_their_times
                promoted_jobs_come_after_those_enqueued_before_they_were_due
                a_promotion_moves_no_more_than_its_limit
                a_promotion_says_when_the_next_job_is_due
                where_nothing_waits_nothing_is_due
                a_retry_that_is_due_goes_to_its_queue
                the_payload_decides_the_queue
                a_due_job_that_cannot_be_read_is_buried
                a_due_job_that_names_no_valid_queue_is_buried
                a_promoted_job_is_claimed_with_its_bytes
                a_job_is_promoted_once
            ;
            processes:
                hello_makes_a_process_known
                a_later_beat_of_an_unknown_process_is_lost
                a_beat_extends_the_lease
                processes_are_sorted_by_identity
                a_process_is_shown_as_of_its_last_beat
                a_second_hello_is_harmless
                a_beat_tells_which_claims_are_no_longer_held
                orders_are_heard_once_and_in_order
                an_order_is_heard_by_its_process_only
                an_order_for_nobody_is_not_found
                an_order_for_the_dead_is_not_found
                a_beat_tells_which_classes_are_paused
                a_retired_process_is_unknown
                a_checkpoint_is_given_to_the_next_run
                a_checkpoint_survives_a_retry
                a_checkpoint_of_a_settled_claim_is_lost
                checkpoints_are_answered_in_order
                a_beat_alone_moves_no_job
            ;
            take_over:
                claims_of_the_dead_are_taken_over
                claims_of_the_living_stay_theirs
                a_lease_holds_until_its_end
                a_take_over_takes_no_more_than_its_limit
                claims_taken_over_are_numbered_from_the_first_number
                an_unknown_process_takes_nothing_over
                a_late_settlement_is_refused
                a_late_settlement_is_refused_though_others_are_done_with_the_job
                a_settlement_is_good_until_somebody_takes_over
                an_incarnation_taken_over_from_is_unknown
                an_incarnation_without_claims_ends_too
                a_job_taken_over_is_settled_by_its_new_receipt
                claims_of_the_retired_are_taken_over_at_once
                a_checkpoint_is_taken_over_with_its_job
                a_job_taken_over_can_be_taken_over_again
                a_take_over_names_the_queue_and_the_bytes
            ;
            prune:
                too_many_dead_jobs_go_oldest_first
                dead_jobs_go_when_they_are_too_old
                pruning_removes_no_more_than_its_limit
                what_is_within_its_limits_stays
                dead_jobs_are_listed_latest_first
                old_counters_by_day_are_pruned
                queues_are_known_once_pushed_to_and_sorted
                an_emptied_queue_is_still_known
                a_promotion_makes_its_queue_known
                the_first_meeting_of_an_unknown_class_is_remembered
                meetings_are_kept_by_class_and_queue
                a_class_not_met_for_long_is_met_anew
            ;
            wake:
                a_push_wakes_those_who_wait_for_its_queue
                a_push_wakes_those_who_wait_already
                a_push_wakes_everybody_who_waits
                one_of_several_queues_is_enough
                a_resumed_queue_wakes
                a_promotion_wakes_those_who_wait_for_the_queue
                a_job_put_back_wakes_those_who_wait_for_the_queue
                a_follow_up_wakes_those_who_wait_for_its_queue
                a_job_run_by_hand_wakes
                the_first_scheduled_job_wakes_the_scheduler
                a_job_due_earlier_wakes_the_scheduler
                a_retry_due_earlier_wakes_the_scheduler
                a_job_rescheduled_to_earlier_wakes_the_scheduler
                an_order_wakes_its_process
                marks_never_go_back
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
