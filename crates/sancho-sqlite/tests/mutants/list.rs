//! Which trigger breaks which statement, and the fact that notices.

/// A statement that does not do what it says.
pub(crate) struct Mutant {
    /// What it gets wrong.
    pub(crate) name: &'static str,
    /// When the trigger fires.
    pub(crate) on: &'static str,
    /// What it does then; [`NOTHING`] makes the statement pass this row by. Times are in microseconds.
    pub(crate) does: &'static str,
    /// The fact that does not hold for it.
    pub(crate) caught_by: &'static str,
}

/// The row is passed by, and the statement goes on.
const NOTHING: &str = "SELECT RAISE(IGNORE)";

const fn mutant(name: &'static str, on: &'static str, does: &'static str, caught_by: &'static str) -> Mutant {
    Mutant { name, on, does, caught_by }
}

/// Every one.
pub(crate) const MUTANTS: &[Mutant] = &[
    mutant(
        "claim-pops-and-records-no-holder",
        "BEFORE INSERT ON sancho_busy",
        NOTHING,
        "a_claimed_job_is_busy_in_one_process",
    ),
    mutant(
        "claimed-job-stays-in-its-queue",
        "BEFORE DELETE ON sancho_ready",
        NOTHING,
        "a_queue_is_claimed_from_its_front",
    ),
    mutant(
        "settlement-leaves-the-claim",
        "AFTER DELETE ON sancho_busy",
        "INSERT INTO sancho_busy VALUES (OLD.id, OLD.owner, OLD.number, OLD.queue, OLD.at, OLD.enqueued_at)",
        "a_job_that_is_done_is_gone",
    ),
    mutant(
        "receipt-without-number",
        "AFTER INSERT ON sancho_busy",
        "UPDATE sancho_busy SET number = 1 WHERE id = NEW.id",
        "an_old_receipt_does_not_settle_a_newer_claim",
    ),
    mutant(
        "counter-outside-the-step",
        "AFTER INSERT ON sancho_busy",
        "UPDATE sancho_totals SET processed = processed + 1",
        "what_is_counted_is_counted_once",
    ),
    mutant("nothing-counted", "BEFORE UPDATE ON sancho_totals", NOTHING, "what_is_counted_is_counted_once"),
    mutant(
        "failed-job-goes",
        "BEFORE INSERT ON sancho_waiting WHEN NEW.state = 3",
        NOTHING,
        "a_failed_job_waits_in_the_retries",
    ),
    mutant(
        "promotion-pops-and-does-not-push",
        "AFTER DELETE ON sancho_waiting WHEN OLD.state = 2",
        "DELETE FROM sancho_jobs WHERE id = OLD.id",
        "a_due_job_goes_to_its_queue",
    ),
    mutant(
        "promotion-leaves-the-job-waiting",
        "BEFORE DELETE ON sancho_waiting",
        NOTHING,
        "a_due_job_goes_to_its_queue",
    ),
    mutant(
        "due-an-hour-early",
        "AFTER INSERT ON sancho_waiting WHEN NEW.state = 2",
        "UPDATE sancho_waiting SET at = at - 3600000000 WHERE id = NEW.id",
        "a_job_is_not_promoted_before_its_time",
    ),
    mutant(
        "key-freed-at-the-claim",
        "AFTER INSERT ON sancho_busy",
        "UPDATE sancho_jobs SET key = NULL WHERE id = NEW.id",
        "a_key_is_taken_while_its_job_is_busy",
    ),
    mutant(
        "key-never-freed",
        "BEFORE DELETE ON sancho_jobs WHEN OLD.key IS NOT NULL",
        NOTHING,
        "a_key_is_free_when_its_job_is_done",
    ),
    mutant("dead-job-keeps-its-key", "BEFORE UPDATE OF key ON sancho_jobs", NOTHING, "a_dead_job_takes_no_key"),
    mutant(
        "pushed-batch-not-remembered",
        "BEFORE INSERT ON sancho_batches",
        NOTHING,
        "a_repeated_push_adds_nothing_even_if_its_jobs_have_run",
    ),
    mutant(
        "take-over-before-the-lease-ends",
        "AFTER UPDATE OF lease_until ON sancho_processes",
        "UPDATE sancho_processes SET lease_until = lease_until - 3600000000 WHERE id = NEW.id",
        "claims_of_the_living_stay_theirs",
    ),
    mutant(
        "beat-does-not-extend-the-lease",
        "AFTER UPDATE OF lease_until ON sancho_processes",
        "UPDATE sancho_processes SET lease_until = OLD.lease_until WHERE id = NEW.id",
        "a_beat_extends_the_lease",
    ),
    mutant(
        "taken-over-stays-known",
        "BEFORE UPDATE OF known ON sancho_processes WHEN NEW.known = 0",
        NOTHING,
        "an_incarnation_taken_over_from_is_unknown",
    ),
    mutant(
        "take-over-leaves-the-old-claim",
        "BEFORE UPDATE OF owner ON sancho_busy",
        NOTHING,
        "claims_of_the_dead_are_taken_over",
    ),
    mutant("checkpoint-lost", "BEFORE INSERT ON sancho_checkpoints", NOTHING, "a_checkpoint_is_given_to_the_next_run"),
    mutant("orders-heard-twice", "BEFORE DELETE ON sancho_orders", NOTHING, "orders_are_heard_once_and_in_order"),
    mutant("paused-queue-served", "BEFORE UPDATE OF paused ON sancho_queues", NOTHING, "a_paused_queue_is_not_served"),
    mutant("pruned-job-leaves-its-row", "BEFORE DELETE ON sancho_jobs", NOTHING, "too_many_dead_jobs_go_oldest_first"),
    mutant(
        "run-times-not-added",
        "AFTER UPDATE OF buckets ON sancho_executions",
        "UPDATE sancho_executions SET buckets = OLD.buckets \
         WHERE minutes = NEW.minutes AND at = NEW.at AND class = NEW.class",
        "what_several_processes_bring_adds_up",
    ),
    mutant(
        "executions-of-ten-minutes-not-kept",
        "BEFORE INSERT ON sancho_executions WHEN NEW.minutes = 10",
        NOTHING,
        "counts_by_ten_minutes_reach_further_back_and_have_no_run_times",
    ),
    mutant(
        "failures-of-a-queue-not-added",
        "AFTER UPDATE OF failures ON sancho_queue_counts",
        "UPDATE sancho_queue_counts SET failures = OLD.failures \
         WHERE minutes = NEW.minutes AND at = NEW.at AND queue = NEW.queue",
        "what_several_processes_bring_of_a_queue_adds_up",
    ),
    mutant(
        "queues-of-ten-minutes-not-kept",
        "BEFORE INSERT ON sancho_queue_counts WHEN NEW.minutes = 10",
        NOTHING,
        "queues_by_ten_minutes_reach_further_back",
    ),
    mutant(
        "sizes-noted-by-the-first-beat-of-all",
        "BEFORE INSERT ON sancho_sizes WHEN EXISTS (SELECT 1 FROM sancho_sizes WHERE minutes = NEW.minutes)",
        NOTHING,
        "the_first_beat_of_a_minute_tells_the_sizes",
    ),
    mutant(
        "deploy-not-marked",
        "BEFORE INSERT ON sancho_deploys",
        NOTHING,
        "deploys_are_listed_by_the_minute_since_a_time",
    ),
];
