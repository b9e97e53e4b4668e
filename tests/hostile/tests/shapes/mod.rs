//! Texts that look like what is read.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::{Index, select};

/// Names of members, of processes and of claims, and a few that nobody reads.
const NAMES: [&str; 34] = [
    "class",
    "args",
    "jid",
    "queue",
    "retry",
    "retry_count",
    "retry_for",
    "retry_queue",
    "backtrace",
    "dead",
    "key",
    "tags",
    "created_at",
    "enqueued_at",
    "failed_at",
    "retried_at",
    "expires_at",
    "orphaned_at",
    "error_class",
    "error_message",
    "error_backtrace",
    "display_class",
    "wrapped",
    "at",
    "bid",
    "cattr",
    "hostname",
    "pid",
    "queues",
    "capsules",
    "weights",
    "labels",
    "cl\\u0061ss",
    "",
];

/// Texts of JSON's leaves: what numbers, strings and words may be at their edges.
const LEAVES: [&str; 36] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1e400",
    "-1e400",
    "1e-400",
    "0.1",
    "1795214970",
    "1795214970.062",
    "1795214970062",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "4294967296",
    "1E5",
    "123456789012345678901234567890",
    "\"\"",
    "\"a\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"a\\nb\"",
    "\"default\"",
    "\"\u{2028}\"",
    "\"é\"",
    "\"5\"",
    "\"eJyLVkpU0lFKSlKK5QIADeACWw==\"",
    "[]",
    "{}",
    "[[]]",
    "NaN",
    "01",
    "\"\u{1}\"",
];

/// One value, as JSON or nearly.
pub(crate) fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![8 => select(&LEAVES[..]).prop_map(str::to_owned), 1 => "\"[a-z\\\\\"]{0,12}\""];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|values| format!("[{}]", values.join(", "))),
            vec((select(&NAMES[..]), inner), 0..5).prop_map(|members| written(&members)),
        ]
    })
}

/// An object of members that are read, in any order, some of them twice.
pub(crate) fn object() -> impl Strategy<Value = String> {
    let members = vec((select(&NAMES[..]), value()), 0..12);
    let class = prop_oneof![4 => Just(Some("\"A\"".to_owned())), 1 => value().prop_map(Some), 1 => Just(None)];
    (members, class).prop_map(|(mut members, class)| {
        members.extend(class.map(|class| ("class", class)));
        written(&members)
    })
}

fn written(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// An input with bytes replaced, or with a part of it repeated or left out.
pub(crate) fn changed(input: &[u8], changes: &[(Index, u8)]) -> Vec<u8> {
    let mut input = input.to_vec();
    for (place, byte) in changes {
        if input.is_empty() {
            input.push(*byte);
            continue;
        }
        let at = place.index(input.len());
        match byte % 8 {
            0 => input.truncate(at),
            1 => drop(input.remove(at)),
            2 => input.insert(at, *byte),
            3 => input.extend_from_within(at..),
            _ => input[at] = *byte,
        }
        input.truncate(1 << 16);
    }
    input
}
