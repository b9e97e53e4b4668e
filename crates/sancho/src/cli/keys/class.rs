//! The keys of one class of jobs: what its attribute may say, said by configuration.

use serde_json::{Map, Value};

use super::Settings;
use crate::ClassSettings;
use crate::cli::document::Node;
use crate::cli::values::{self, Read};

/// What a class may say.
pub(in crate::cli) const KEYS: [&str; 11] = [
    "queue",
    "retry",
    "retry_for",
    "retry_queue",
    "dead",
    "backtrace",
    "tags",
    "timeout",
    "expires_in",
    "runs",
    "log_level",
];

/// Sets what this class says by this word, which is one of [`KEYS`].
pub(in crate::cli) fn set(settings: &mut Settings, class: &str, key: &str, node: &Node) -> Read<()> {
    let value = match key {
        "tags" => Value::from(values::texts(node)?),
        "queue" | "retry_queue" | "runs" | "log_level" => {
            let said = values::text(node)?;
            Value::from(said.strip_prefix(':').unwrap_or(&said))
        }
        _ => bare(&values::text(node)?),
    };
    let member = Value::Object(Map::from_iter([(key.to_owned(), value.clone())]));
    let read: ClassSettings = serde_json::from_value(member).map_err(|error| node.refuse(error.to_string()))?;
    let class = settings.classes.entry(class.to_owned()).or_default();
    class.settings = std::mem::take(&mut class.settings).overlaid(read);
    class.said.insert(key.to_owned(), value);
    Ok(())
}

/// A number, a truth, or a text.
fn bare(said: &str) -> Value {
    match said.trim() {
        "true" | "yes" | "on" => Value::Bool(true),
        "false" | "no" | "off" => Value::Bool(false),
        number => number.parse::<u64>().map_or_else(|_| Value::from(said), Value::from),
    }
}
