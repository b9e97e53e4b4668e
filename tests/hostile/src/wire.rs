//! Any bytes where Redis is read: hashes of processes, claims, signals, scores and members of sets.

use std::collections::HashMap;

use sancho_core::{Order, Payload};
use sancho_redis::readers;

/// The fields of a process's hash that are read.
const FIELDS: [&str; 9] = ["info", "concurrency", "busy", "beat", "rtt_us", "quiet", "rss", "rss_bytes", "sancho"];

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
}

fn check_order(text: &str) {
    for order in readers::orders(text) {
        match readers::word(&order) {
            Some(word) => assert_eq!(readers::orders(&word)[0], order, "an order is what its word says"),
            None => assert_eq!(order, Order::Unknown(text.to_owned())),
        }
    }
}
