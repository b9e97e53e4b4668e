//! The names of keys, as Rust needs them; the scripts spell the same ones.

use std::time::Duration;

use sancho_core::{Incarnation, Jid, Set};

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
/// Why jobs are held.
pub(crate) const WHY: &str = "sancho:why";
/// What jobs keep for their next run.
pub(crate) const CHECKPOINTS: &str = "sancho:checkpoints";

/// What stands before a queue's name.
pub(crate) const QUEUE_PREFIX: &str = "queue:";
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
    format!("sancho:flight:{incarnation}")
}

/// The hash of a process's last beat.
pub(crate) fn process(incarnation: &str) -> String {
    format!("sancho:process:{incarnation}")
}

/// The list of orders for an incarnation.
pub(crate) fn orders(incarnation: &Incarnation) -> String {
    format!("{ORDERS_PREFIX}{incarnation}")
}

/// Sidekiq's list of orders for a process.
pub(crate) fn signals(incarnation: &Incarnation) -> String {
    format!("{incarnation}{SIGNALS_SUFFIX}")
}

/// The record of a batch, by its first jid.
pub(crate) fn push_record(first: &Jid) -> String {
    format!("sancho:push:{first}")
}

/// How long, in whole seconds, Redis is to keep something.
pub(crate) fn seconds(span: Duration) -> String {
    span.as_secs().to_string()
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
