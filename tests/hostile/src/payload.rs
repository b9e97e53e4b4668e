//! Any bytes as a payload: it is read or it is buried as it is, and every rewriting keeps what it does not change.

use std::time::Duration;

use sancho_core::job::WireTime;
use sancho_core::lifecycle::{Attempt, Failure, Policy, decide};
use sancho_core::retry::Backoff;
use sancho_core::{Backtrace, Filter, Outcome, Payload, Place, QueueName, Retry, Timestamp, Wire, limits};
use sancho_redis::readers;

/// Some time in 2026.
const NOW: Timestamp = Timestamp::from_unix_millis(1_795_000_000_000);

/// Members that a decision or a promotion may set or remove: all others stay.
const CHANGED: [&str; 11] = [
    "queue",
    "at",
    "enqueued_at",
    "retry_count",
    "failed_at",
    "retried_at",
    "error_class",
    "error_message",
    "error_backtrace",
    "orphaned_at",
    "retry_queue",
];

pub(crate) fn check(bytes: &[u8]) {
    let payload = Payload::from_bytes(bytes);
    let told = readers::elsewhere(readers::running("default", &payload, NOW).as_bytes()).expect("what is told is read");
    assert_eq!(told.queue.as_str(), "default");
    assert_eq!(readers::in_queue("default", bytes).payload, payload, "what is listed is what is there");
    Filter::all().matches(&payload);
    match payload.envelope() {
        Ok(_) => check_readable(&payload),
        Err(error) => {
            assert!(!error.reason().is_empty());
            for outcome in outcomes() {
                let decision = decide(attempt(&payload), outcome, NOW, 0.5).transition;
                assert_eq!((decision.place, decision.payload), (Place::Dead, None), "it is buried as it is");
            }
            assert_eq!(readers::due(&payload, NOW, Wire::Any), None, "it goes to no queue");
        }
    }
}

fn check_readable(payload: &Payload) {
    let members = payload.members().expect("what has an envelope has members");
    let written = members.to_payload();
    let again = written.members().expect("what was written is read");
    assert!(members.iter().eq(again.iter()), "every member keeps its text and its place");
    assert_eq!(read(payload), read(&written), "the same is read of what was written");
    for outcome in outcomes() {
        for wire in [WireTime::Seconds, WireTime::Millis] {
            let policy = Policy { wire, retry: Retry::Default, backtrace: Backtrace::All, ..Policy::default() };
            let transition = decide(Attempt { policy: &policy, ..attempt(payload) }, outcome.clone(), NOW, 0.5);
            if let Some(changed) = transition.transition.payload {
                keeps_the_rest(payload, &changed);
            }
        }
    }
    for wire in [Wire::Any, Wire::Eight] {
        if let Some((queue, moved)) = readers::due(payload, NOW, wire) {
            assert_eq!(moved.envelope().expect("it is read in its queue").queue(), Some(queue));
            keeps_the_rest(payload, &moved);
        }
    }
}

/// Everything that is read of a payload, as text.
fn read(payload: &Payload) -> String {
    format!(
        "{:?}",
        payload.envelope().map(|job| {
            (
                (job.class().to_owned(), job.inner_class().into_owned(), job.display_class().into_owned()),
                (job.jid().map(String::from), job.queue(), job.args().to_owned(), job.retry(), job.retry_count()),
                (job.retry_for(), job.retry_queue(), job.backtrace(), job.dead(), job.key(), job.tags()),
                (job.created_at(), job.enqueued_at(), job.failed_at(), job.retried_at(), job.expires_at()),
                (job.orphaned_at(), job.error_class().map(String::from), job.error_message().map(String::from)),
                job.error_backtrace(),
            )
        })
    )
}

fn keeps_the_rest(before: &Payload, after: &Payload) {
    let rest = |payload: &Payload| -> Vec<(String, String)> {
        let members = payload.members().expect("it has members");
        let others = members.iter().filter(|(name, _)| !CHANGED.contains(name));
        others.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    };
    assert_eq!(rest(before), rest(after), "what is not changed stays, in its order");
    assert!(after.envelope().is_ok(), "what was readable stays so: {after:?}");
}

fn attempt(payload: &Payload) -> Attempt<'_> {
    static QUEUE: std::sync::LazyLock<QueueName> = std::sync::LazyLock::new(QueueName::default);
    static POLICY: std::sync::LazyLock<Policy> = std::sync::LazyLock::new(Policy::default);
    Attempt { payload, queue: &QUEUE, policy: &POLICY }
}

fn outcomes() -> [Outcome; 14] {
    // A failure larger than anything that is kept of it.
    let failure = |backoff| Failure {
        class: "E".repeat(limits::ERROR_CLASS_CHARS_MAX + 1),
        message: "\u{0}é".repeat(100),
        backtrace: vec!["a.rs:1 ".repeat(200); 2],
        backoff,
        at: None,
    };
    [
        Outcome::Done,
        Outcome::Failed(failure(Backoff::Default)),
        Outcome::Failed(failure(Backoff::After(Duration::MAX))),
        Outcome::Failed(failure(Backoff::Kill)),
        Outcome::Failed(failure(Backoff::Discard)),
        Outcome::Snooze(Duration::MAX),
        Outcome::Discard,
        Outcome::Kill(failure(Backoff::Default)),
        Outcome::Interrupted,
        Outcome::Canceled,
        Outcome::Orphaned,
        Outcome::Paused,
        Outcome::UnknownClass { first_met: NOW },
        Outcome::Unreadable,
    ]
}
