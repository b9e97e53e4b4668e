//! The names of keys, as Rust needs them; the scripts spell the same ones.

use sancho_core::{Incarnation, Set};

/// The set of known queues.
pub(crate) const QUEUES: &str = "queues";
/// The set of paused queues.
pub(crate) const PAUSED: &str = "paused";
/// Jobs that wait for their time.
pub(crate) const SCHEDULE: &str = "schedule";
/// Jobs that failed and wait.
pub(crate) const RETRY: &str = "retry";
/// Jobs given up.
pub(crate) const DEAD: &str = "dead";
/// Jobs held.
pub(crate) const HELD: &str = "sancho:held";
/// Paused classes.
pub(crate) const PAUSED_CLASSES: &str = "sancho:paused-classes";
/// Incarnations and the ends of their leases.
pub(crate) const LEASES: &str = "sancho:leases";
/// Incarnations that may hold claims.
pub(crate) const HOLDERS: &str = "sancho:holders";
/// Keys and the jobs that hold them.
pub(crate) const JOB_KEYS: &str = "sancho:keys";
/// When waiting jobs are due, by jid.
pub(crate) const DUE: &str = "sancho:due";
/// Classes met that are not known, by queue and class.
pub(crate) const UNKNOWN: &str = "sancho:unknown";

/// Keys that have one name, and what each holds.
pub(crate) const TYPED: [(&str, &str); 15] = [
    (QUEUES, "set"),
    (PAUSED, "set"),
    ("processes", "set"),
    (SCHEDULE, "zset"),
    (RETRY, "zset"),
    (DEAD, "zset"),
    (HELD, "zset"),
    (LEASES, "zset"),
    (DUE, "zset"),
    (HOLDERS, "set"),
    (PAUSED_CLASSES, "set"),
    (JOB_KEYS, "hash"),
    (UNKNOWN, "hash"),
    ("sancho:days", "zset"),
    ("sancho:kept", "string"),
];

/// What a key of this name holds; `None` for a name that is none of these.
pub(crate) fn type_of(key: &str) -> Option<&'static str> {
    const BEGIN: [(&str, &str); 6] = [
        (QUEUE_PREFIX, "list"),
        (FLIGHT_PREFIX, "hash"),
        (ORDERS_PREFIX, "list"),
        (KEPT_PREFIX, "string"),
        (PUSHED_PREFIX, "set"),
        (COUNTS_PREFIX, "hash"),
    ];
    let whole = TYPED.iter().find(|(name, _)| *name == key);
    whole.or_else(|| BEGIN.iter().find(|(begin, _)| key.starts_with(begin))).map(|(_, kind)| *kind)
}

/// What stands before each key that is Sancho's own.
pub(crate) const OWN_PREFIX: &str = "sancho:";

/// The form of our own keys, as a number; written by the build that brings in a form that older ones cannot share.
/// Without it the form is the first.
pub(crate) const FORM: &str = "sancho:form";

/// Our own keys, behind the prefix; those with a colon at the end are followed by a name.
const OWN: [&str; 15] = [
    "form",
    "leases",
    "holders",
    "flight:",
    "orders:",
    "keys",
    "due",
    "pushed:",
    "kept:",
    "kept",
    "held",
    "paused-classes",
    "unknown",
    "days",
    "counts:",
];

/// Whether a key under our prefix is one that this version knows.
pub(crate) fn is_ours(key: &str) -> bool {
    let Some(rest) = key.strip_prefix(OWN_PREFIX) else { return false };
    OWN.iter().any(|own| if own.ends_with(':') { rest.starts_with(own) } else { rest == *own })
}

/// What stands before a queue's name.
pub(crate) const QUEUE_PREFIX: &str = "queue:";
/// What stands before the incarnation of a hash of claims.
pub(crate) const FLIGHT_PREFIX: &str = "sancho:flight:";
/// What stands before the minute of a set of pushed batches.
pub(crate) const PUSHED_PREFIX: &str = "sancho:pushed:";
/// What stands before the length and the start of a step of time in which jobs were counted.
pub(crate) const COUNTS_PREFIX: &str = "sancho:counts:";
/// What stands before the job of a checkpoint.
pub(crate) const KEPT_PREFIX: &str = "sancho:kept:";
/// What stands before the incarnation of a list of orders.
pub(crate) const ORDERS_PREFIX: &str = "sancho:orders:";

/// What stands behind the name of a process in Sidekiq's list of orders for it.
pub(crate) const SIGNALS_SUFFIX: &str = "-signals";

/// The list of a queue; its front is the right end.
pub(crate) fn queue(name: &str) -> String {
    format!("{QUEUE_PREFIX}{name}")
}

/// The hash of an incarnation's claims, by number.
pub(crate) fn flight(incarnation: &str) -> String {
    format!("{FLIGHT_PREFIX}{incarnation}")
}

/// The list of orders for an incarnation.
pub(crate) fn orders(incarnation: &Incarnation) -> String {
    format!("{ORDERS_PREFIX}{incarnation}")
}

/// The batches pushed in a minute, by the first jid of each.
pub(crate) fn pushed(minute: i64) -> String {
    format!("{PUSHED_PREFIX}{minute}")
}

/// What a job keeps for its next run.
pub(crate) fn kept(jid: &str) -> String {
    format!("{KEPT_PREFIX}{jid}")
}

/// A sorted set's letter and key; `None` for a set that is none.
pub(crate) fn sorted(set: &Set) -> Option<(char, &'static str)> {
    Some(match set {
        Set::Scheduled => ('S', SCHEDULE),
        Set::Retries => ('R', RETRY),
        Set::Dead => ('D', DEAD),
        Set::Held => ('H', HELD),
        _ => return None,
    })
}
