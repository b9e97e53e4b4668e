//! What is changed in which script, and the fact that notices.

use sancho_testkit::Edit;

/// A change of the store's scripts.
pub(crate) struct Mutant {
    /// What it gets wrong.
    pub(crate) name: &'static str,
    /// What is changed: pieces of the files in `src/lua`.
    pub(crate) edits: &'static [Edit],
    /// The fact that does not hold for it.
    pub(crate) caught_by: &'static str,
}

/// One line of the list: name, piece, what stands there instead, fact.
const fn mutant(name: &'static str, edits: &'static [Edit], caught_by: &'static str) -> Mutant {
    Mutant { name, edits, caught_by }
}

/// A piece, and what stands there instead.
const fn edit(from: &'static str, to: &'static str) -> Edit {
    Edit { from, to }
}

/// Every change.
pub(crate) const MUTANTS: &[Mutant] = &[
    // exchange.lua
    mutant(
        "claim-pops-and-records-no-holder",
        &[edit("redis.call('HSET', flight, unpack(flat, 1, 2 * taken + 2))", "")],
        "a_claimed_job_is_busy_in_one_process",
    ),
    mutant(
        "no-fence-for-the-unknown",
        &[edit("if not reached then return 0 end", "reached = reached or 0")],
        "an_unknown_incarnation_claims_nothing",
    ),
    mutant(
        "repeated-claim-claims-anew",
        &[edit("if limit > 0 and tonumber(ARGV[numbers]) < reached then return 2 end", "")],
        "a_repeated_claim_answers_with_the_same_claims",
    ),
    mutant(
        "paused-queue-served",
        &[edit("if quota > 0 and not (paused and paused[source] == 1) then", "if quota > 0 then")],
        "a_paused_queue_is_not_served",
    ),
    mutant(
        "quotas-ignored",
        &[edit("local quota = at <= sources and tonumber(ARGV[arg + 2]) or limit", "local quota = limit")],
        "quotas_come_before_the_filling",
    ),
    // settle.lua and what stands in front of it
    mutant(
        "settlement-without-receipt-check",
        &[edit("  if not value then\n    return tonumber(s.number)", "  if false then\n    return tonumber(s.number)")],
        "a_repeated_settlement_changes_nothing",
    ),
    mutant(
        "settlement-leaves-the-claim",
        &[edit("  redis.call('HDEL', flight, s.number)\n", "")],
        "an_old_receipt_does_not_settle_a_newer_claim",
    ),
    mutant(
        "counter-outside-the-step",
        &[edit("  if not value then\n", "  if not value then\n    processed = processed + s.processed\n")],
        "what_was_settled_is_not_counted_again",
    ),
    mutant("failure-not-counted", &[edit("  count_one('failed', failed)\n", "")], "what_is_counted_is_counted_once"),
    mutant(
        "follow-ups-dropped",
        &[edit("for _ = 1, s.follow do push_one() end", "")],
        "follow_ups_are_pushed_with_their_settlement",
    ),
    mutant(
        "fronts-reversed",
        &[edit("for k = #fronts, 1, -1 do", "for k = 1, #fronts do")],
        "of_several_put_in_front_the_first_runs_first",
    ),
    mutant(
        "claim-beside-a-settlement-records-no-holder",
        &[edit("redis.call('HSET', 'sancho:flight:' .. claim.holder, unpack(flat))", "")],
        "a_claim_beside_a_job_sent_on_takes_quotas_and_fills",
    ),
    mutant(
        "paused-queue-served-beside-a-settlement",
        &[edit(" or (paused and paused[source] == 1)", "")],
        "a_claim_beside_a_job_sent_on_obeys_limit_and_pauses",
    ),
    mutant(
        "late-settlements-answered-as-settled",
        &[edit("letters[k] = 'L'", "letters[k] = 'S'")],
        "late_settlements_are_refused_beside_those_that_hold",
    ),
    // promote.lua
    mutant(
        "promotion-pops-and-does-not-push",
        &[edit("    put(jid, letter, where, score, bytes)\n    move_key", "    move_key")],
        "a_due_job_goes_to_its_queue",
    ),
    mutant(
        "promotion-in-two-steps",
        &[edit(
            "elseif redis.call('ZREM', SETS[from], old) == 1 then",
            "elseif redis.call('ZREM', SETS[from], old) then",
        )],
        "promotions_at_once_move_a_job_once",
    ),
    mutant(
        "promotion-leaves-the-job-waiting",
        &[edit("elseif redis.call('ZREM', SETS[from], old) == 1 then", "elseif true then")],
        "a_job_is_promoted_once",
    ),
    // push.lua, push_keyed.lua, and keys
    mutant(
        "repeated-push-adds-again",
        &[edit(
            "unpack(ARGV, 5, last_jid)) == 0 then return 0 end",
            "unpack(ARGV, 5, last_jid)) == -1 then return 0 end",
        )],
        "a_repeated_push_adds_nothing",
    ),
    mutant(
        "push-forgotten-at-the-minute",
        &[edit("if before ~= '' and redis.call('SISMEMBER', before, ARGV[5]) == 1 then return 0 end", "")],
        "a_repeated_push_is_known_in_the_next_minute",
    ),
    mutant(
        "push-with-a-key-not-remembered",
        &[edit("redis.call('SADD', record, first)\n", "")],
        "a_repeated_push_with_a_key_adds_nothing_even_if_its_job_has_run",
    ),
    mutant(
        "key-freed-at-the-claim",
        &[edit("not (holder[2] == 'B' and by == holder[1])", "holder[2] ~= 'B'")],
        "a_key_is_taken_while_its_job_is_busy",
    ),
    mutant(
        "key-never-freed",
        &[
            edit("index_jid(key) == jid then redis.call('HDEL', 'sancho:keys', key) end", "false then return end"),
            edit("local now, there = index_stands(letter, place, bytes)", "local now, there = letter, place"),
        ],
        "a_key_is_free_when_its_job_is_done",
    ),
    mutant(
        "index-believed-without-proof",
        &[edit("local now, there = index_stands(letter, place, bytes)", "local now, there = letter, place")],
        "replace_of_a_busy_job_is_refused",
    ),
    mutant(
        "replaced-job-stays",
        &[edit("      take_out(holder[1], holder[2], holder[3], holder[4])\n", "")],
        "replace_removes_a_scheduled_job",
    ),
    mutant(
        "revived-job-takes-a-taken-key",
        &[edit("answers[k] = key_taken(job) or take_exactly(job)", "answers[k] = take_exactly(job)")],
        "a_dead_job_is_not_revived_while_its_key_is_taken",
    ),
    // take_over.lua, beat.lua, retire.lua
    mutant(
        "take-over-before-the-lease-ends",
        &[edit("'sancho:leases', '-inf', '(' .. now)", "'sancho:leases', '-inf', '+inf')")],
        "claims_of_the_living_stay_theirs",
    ),
    mutant(
        "take-over-ends-its-own",
        &[edit("  if who ~= by then\n    ended", "  if true then\n    ended")],
        "who_takes_over_does_not_end_itself",
    ),
    mutant(
        "taken-over-stays-known",
        &[
            edit("    end_process(who)\n", "    redis.call('ZREM', 'sancho:leases', who)\n"),
            edit(
                "if number == 'next' then\n        redis.call('HDEL', theirs, number)\n",
                "if number == 'next' then\n",
            ),
        ],
        "an_incarnation_taken_over_from_is_unknown",
    ),
    mutant(
        "take-over-leaves-the-old-claim",
        &[edit(
            "        redis.call('HDEL', theirs, number)\n        redis.call('HSET', flight",
            "        redis.call('HSET', flight",
        )],
        "a_take_over_takes_no_more_than_its_limit",
    ),
    mutant(
        "take-over-pops-and-records-no-holder",
        &[edit("        redis.call('HSET', flight, name, value)\n", "")],
        "claims_of_the_dead_are_taken_over",
    ),
    mutant(
        "sizes-of-the-last-beat",
        &[edit("  if redis.pcall('HEXISTS', step, 'enqueued') == 0 then", "  if true then")],
        "the_first_beat_of_a_minute_tells_the_sizes",
    ),
    mutant(
        "jobs-of-one-queue-counted",
        &[edit("enqueued = enqueued + count('LLEN', 'queue:' .. queue)", "enqueued = count('LLEN', 'queue:default')")],
        "the_first_beat_of_a_minute_tells_the_sizes",
    ),
    mutant(
        "beat-does-not-extend-the-lease",
        &[edit(
            "redis.call('ZADD', 'sancho:leases', lease, who)",
            "redis.call('ZADD', 'sancho:leases', 'NX', lease, who)",
        )],
        "a_beat_extends_the_lease",
    ),
    mutant(
        "beat-revives-the-unknown",
        &[edit("or hello == '1'\n", "or '0'\n")],
        "a_later_beat_of_an_unknown_process_is_lost",
    ),
    mutant(
        "lost-claims-not-told",
        &[edit(
            "held[k] = known and redis.pcall('HEXISTS', 'sancho:flight:' .. holder, number) == 1 and 1 or 0",
            "held[k] = 1",
        )],
        "a_beat_tells_which_claims_are_no_longer_held",
    ),
    mutant(
        "orders-heard-twice",
        &[edit("if #orders > 0 then redis.call('DEL', 'sancho:orders:' .. who) end", "")],
        "orders_are_heard_once_and_in_order",
    ),
    mutant(
        "order-left-for-the-dead",
        &[edit("if tonumber(lease) < tonumber(now) then return 0 end", "")],
        "an_order_for_the_dead_is_not_found",
    ),
    mutant("retired-stays-known", &[edit("end_process(arg())\n", "")], "a_retired_process_is_unknown"),
    // checkpoint.lua, prune.lua
    mutant(
        "checkpoint-of-a-lost-claim-kept",
        &[edit("if jid ~= '' and held[1] and held[2] then", "if jid ~= '' then")],
        "a_checkpoint_of_a_settled_claim_is_lost",
    ),
    mutant(
        "newest-dead-pruned",
        &[edit(
            "redis.call('ZREMRANGEBYRANK', 'dead', 0, dead - 1)",
            "redis.call('ZREMRANGEBYRANK', 'dead', -dead, -1)",
        )],
        "too_many_dead_jobs_go_oldest_first",
    ),
    mutant(
        "dead-set-not-trimmed",
        &[edit("if dead > 0 then redis.call('ZREMRANGEBYRANK', 'dead', 0, dead - 1) end", "")],
        "pruning_removes_no_more_than_its_limit",
    ),
    // histograms.lua, mark.lua
    mutant(
        "run-times-cut-short",
        &[edit("string.sub(value, 1, bytes)", "string.sub(value, 1, 2)")],
        "run_times_of_every_minute_are_in_the_total",
    ),
    mutant(
        "deploy-told-again-marked-twice",
        &[edit("(k == 1 or there == label)", "k == 1")],
        "a_deploy_that_is_told_again_is_marked_once",
    ),
    mutant(
        "any-mark-nearby-is-the-same-deploy",
        &[edit("(k == 1 or there == label)", "true")],
        "deploys_are_listed_by_the_minute_since_a_time",
    ),
];
