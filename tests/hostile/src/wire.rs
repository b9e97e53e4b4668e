//! Any bytes where Redis is read: hashes of processes and counts, claims, signals, scores, members of sets, and what
//! jobs keep.

use std::collections::HashMap;

use sancho_core::metrics::Step;
use sancho_core::{Checkpointed, DeployMark, Execution, Order, Payload, Progress, State, Timestamp, limits};
use sancho_redis::readers;

/// The fields of a process's hash that are read.
const FIELDS: [&str; 10] =
    ["info", "concurrency", "busy", "beat", "rtt_us", "quiet", "rss", "rss_bytes", "sancho", "capsules"];

pub(crate) fn check(bytes: &[u8]) {
    check_process(bytes);
    check_order(&String::from_utf8_lossy(bytes));
    // A claim keeps its payload, whatever stands in front of it; without its two line ends it is all payload.
    let row = readers::in_flight(bytes);
    assert!(bytes.ends_with(row.payload.as_bytes()), "what is in flight is a payload at the end of the value");
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    assert!(ends >= 2 || row.payload.as_bytes() == bytes, "nothing is lost of what nobody understands");
    for letter in ['S', 'R', 'D', 'H'] {
        for score in [0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1.8e9, 1e300] {
            let row = readers::in_set(letter, bytes, score);
            assert!(bytes.ends_with(row.payload.as_bytes()));
            assert!(!row.jid.as_str().is_empty());
        }
    }
    if let Some(row) = readers::elsewhere(bytes) {
        assert_eq!((row.state, row.key), (State::Busy, None), "what runs elsewhere is busy, and holds no key");
    }
    check_metrics(bytes);
    check_kept(bytes);
    assert_eq!(readers::in_queue("q", bytes).payload, Payload::from_bytes(bytes));
}

/// Lines are the fields of a hash, in turns.
fn check_process(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let fields: HashMap<String, String> =
        FIELDS.iter().map(|name| (*name).to_owned()).zip(text.split('\n').map(str::to_owned)).collect();
    let row = readers::process(&text, &fields);
    assert_eq!(row.info.incarnation.as_str(), text);
    for queues in [row.info.queues, readers::served(&text)] {
        let distinct: std::collections::BTreeSet<_> = queues.iter().collect();
        assert_eq!(distinct.len(), queues.len(), "a queue is named once");
    }
    assert!(row.info.capsules.len() <= limits::CAPSULES_TOLD_MAX);
    assert!(row.info.capsules.iter().all(|capsule| capsule.queues.len() <= limits::QUEUES_TOLD_MAX));
}

/// Lines are the fields and values of a hash, in turns.
fn check_metrics(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let flat: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let (queues, sizes) = readers::queue_counts(Timestamp::EPOCH, &flat);
    for count in queues {
        assert!(count.count > 0 && count.failures <= count.count, "{count:?}");
    }
    assert!(sizes.is_none_or(|sizes| sizes.at == Timestamp::EPOCH));
    for execution in readers::counts(&flat) {
        assert!(execution.count > 0 && execution.failures <= execution.count, "{execution:?}");
        _ = (execution.mean(), execution.percentile(99));
    }
    let mut execution = Execution { count: 1, buckets: readers::histogram(bytes), ..Execution::of("A") };
    execution.merge(&execution.clone());
    let times = [0, 50, 95, 99, 100].map(|percent| execution.percentile(percent));
    assert!(times.is_sorted(), "more of the runs never took less long: {times:?}");
    if let Some(at) = readers::minute(&text) {
        assert_eq!(readers::minute(&readers::minute_of(at)), Some(Step::Minute.start_of(at)));
    }
    if let Ok(mark) = DeployMark::new(&text, Timestamp::EPOCH) {
        assert!(mark.label.chars().count() <= limits::MARK_LABEL_CHARS_MAX && !mark.label.is_empty());
    }
}

/// What is kept of a job says something, or nothing, and can be kept on.
fn check_kept(bytes: &[u8]) {
    let mut kept = Checkpointed::read(bytes);
    assert_eq!(Checkpointed::read(&kept.to_bytes()), kept);
    let others: Vec<(String, String)> = others_of(&kept);
    kept.set_progress(Progress { done: u64::MAX, total: 1 });
    kept.set_step(&String::from_utf8_lossy(bytes));
    assert_eq!(kept.progress().and_then(Progress::percent), Some(100));
    assert!(kept.step().is_some_and(|step| step.chars().count() <= limits::STEP_CHARS_MAX));
    assert_eq!(others_of(&kept), others, "what nobody knows stays");
}

fn others_of(kept: &Checkpointed) -> Vec<(String, String)> {
    let payload = Payload::from_bytes(kept.to_bytes().into_vec());
    let members = payload.members().expect("what is kept is an object");
    let others = members.iter().filter(|(name, _)| !["progress", "step"].contains(name));
    others.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

fn check_order(text: &str) {
    for order in readers::orders(text) {
        match readers::word(&order) {
            Some(word) => assert_eq!(readers::orders(&word)[0], order, "an order is what its word says"),
            None => assert_eq!(order, Order::Unknown(text.to_owned())),
        }
    }
}
