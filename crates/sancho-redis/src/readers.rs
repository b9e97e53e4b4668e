//! What reads bytes that others wrote, for those who check it with bytes of any kind; no part of the interface.
//!
//! Nothing here may panic, whatever it is given.

use std::collections::HashMap;

use sancho_core::execution::Buckets;
use sancho_core::metrics::SizeSample;
use sancho_core::{Execution, Invalid, JobRow, Order, Payload, ProcessRow, QueueCount, QueueName, Timestamp, Wire};

use crate::address::Address;
use crate::moves::promote;
use crate::row::Seen;
use crate::wire::{counts as queue_counts, day, metrics, process, score, signal, work};

/// An address, as it is shown.
///
/// # Errors
/// What is wrong with it; nothing of the address itself.
pub fn address(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, Invalid> {
    Address::resolve(text, variable).map(|address| address.to_string())
}

/// A process by the fields of its hash.
pub fn process(who: &str, fields: &HashMap<String, String>) -> ProcessRow {
    process::row(who, fields)
}

/// The queues that a process of another program serves, by its `info`.
pub fn served(info: &str) -> Vec<QueueName> {
    process::served(info)
}

/// The order of a text of ours, and that of a signal's name.
pub fn orders(text: &str) -> [Order; 2] {
    [signal::read_text(text), signal::read_name(text)]
}

/// An order as a text of ours; `None` for one that cannot be given.
pub fn word(order: &Order) -> Option<String> {
    signal::text(order).ok()
}

/// The time of a score.
pub fn score(text: &str) -> Option<Timestamp> {
    score::read(text)
}

/// The score of a time.
pub fn score_of(time: Timestamp) -> String {
    score::write(time)
}

/// A value of a hash of claims, as it is listed.
pub fn in_flight(value: &[u8]) -> JobRow {
    Seen::busy("h:1:x", 1, value).row()
}

/// What an entry of another program's process tells of a job that runs there, as it is listed; `None` for what tells of
/// none.
pub fn elsewhere(entry: &[u8]) -> Option<JobRow> {
    Some(Seen::elsewhere("h:1:x", "thread", entry)?.row())
}

/// A member of the sorted set with this letter, as it is listed.
pub fn in_set(letter: char, member: &[u8], score: f64) -> JobRow {
    Seen::member(letter, member.to_vec(), score).row()
}

/// A job of a list, as it is listed.
pub fn in_queue(queue: &str, bytes: &[u8]) -> JobRow {
    Seen::queued(queue, bytes.to_vec()).row()
}

/// The queue that a due job goes to, and its payload there; `None` for one that is buried.
pub fn due(payload: &Payload, now: Timestamp, wire: Wire) -> Option<(QueueName, Payload)> {
    promote::enqueued(payload, now, wire)
}

/// A running job, as pages of Sidekiq read it.
pub fn running(queue: &str, payload: &Payload, since: Timestamp) -> String {
    work::entry(queue, payload, since)
}

/// The date of a day.
pub fn date(unix_day: i64) -> String {
    day::date(unix_day)
}

/// What a hash of counts says, given as fields and values in turns.
pub fn counts(flat: &[String]) -> Vec<Execution> {
    metrics::read_counts(flat)
}

/// What a hash of counts by queue says, given as fields and values in turns, and the sizes in it.
pub fn queue_counts(at: Timestamp, flat: &[String]) -> (Vec<QueueCount>, Option<SizeSample>) {
    (queue_counts::read_queues(flat), queue_counts::read_sizes(at, flat))
}

/// What the bytes of a histogram say.
pub fn histogram(bytes: &[u8]) -> Buckets {
    metrics::read_histogram(bytes)
}

/// The time of a deploy mark.
pub fn minute(text: &str) -> Option<Timestamp> {
    day::read_minute(text)
}

/// The minute of a time, as deploy marks have it.
pub fn minute_of(time: Timestamp) -> String {
    day::minute(time)
}
