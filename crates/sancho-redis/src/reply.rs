//! Taking replies apart.

use redis::Value;
use sancho_core::{QueueName, Timestamp};

/// The items of a list; empty for anything else.
pub(crate) fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) | Value::Set(items) => items,
        Value::Map(pairs) => pairs.into_iter().flat_map(|(key, value)| [key, value]).collect(),
        _ => Vec::new(),
    }
}

/// The bytes of a string or number; `None` for anything else.
pub(crate) fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.into_bytes()),
        Value::Int(number) => Some(number.to_string().into_bytes()),
        Value::Double(number) => Some(number.to_string().into_bytes()),
        Value::Okay => Some(b"OK".to_vec()),
        _ => None,
    }
}

/// The text of a string or number; empty for anything else.
pub(crate) fn text(value: Value) -> String {
    bytes(value).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The name of a queue; `None` for bytes that are none: what is made of them by force is the name of another key.
pub(crate) fn queue_name(value: Value) -> Option<QueueName> {
    QueueName::new(String::from_utf8(bytes(value)?).ok()?).ok()
}

/// The number; zero for anything else.
pub(crate) fn int(value: Value) -> i64 {
    match value {
        Value::Int(number) => number,
        other => text(other).parse().unwrap_or(0),
    }
}

/// The answer to TIME.
pub(crate) fn time(value: Value) -> Timestamp {
    let mut parts = list(value).into_iter().map(int);
    let micros = parts.next().unwrap_or(0).saturating_mul(1_000_000).saturating_add(parts.next().unwrap_or(0));
    Timestamp::from_unix_micros(micros)
}

/// The next item of a reply, or nothing.
pub(crate) fn next(items: &mut impl Iterator<Item = Value>) -> Value {
    items.next().unwrap_or(Value::Nil)
}
