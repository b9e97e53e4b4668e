//! The words for what is logged, and how.

use crate::cli::document::Node;
use crate::cli::logs::LogFormat;
use crate::cli::values::{self, Read};

/// The levels that a log has by itself; other texts are directives, such as `info,my_app=debug`.
pub(super) fn level(node: &Node) -> Read<String> {
    let said = values::text(node)?;
    let is_directive = said.contains(['=', ',', ':']) || said.is_empty();
    let level = said.trim_start_matches(':').to_lowercase();
    let known = ["off", "error", "warn", "info", "debug", "trace"];
    // Ruby's words, and a crate's name alone would be understood as "all that this crate says".
    let level = match level.as_str() {
        "fatal" => "error",
        "warning" => "warn",
        other => other,
    };
    match (known.contains(&level), is_directive) {
        (true, _) => Ok(level.to_owned()),
        (false, true) if tracing_subscriber::EnvFilter::try_new(&said).is_ok() && !said.is_empty() => Ok(said),
        _ => {
            Err(node
                .refuse(format!("{said:?} is none of {}, nor a directive such as info,my_app=debug", known.join(", "))))
        }
    }
}

/// How a line of the log is written, with the words for it.
pub(super) const FORMATS: [(&str, LogFormat); 4] = [
    ("auto", LogFormat::Auto),
    ("pretty", LogFormat::Pretty),
    ("json", LogFormat::Json),
    ("logfmt", LogFormat::Logfmt),
];
