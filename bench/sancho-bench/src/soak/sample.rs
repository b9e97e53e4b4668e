//! What is seen at one moment of a soak, and the table of some of these moments.

use super::store::Space;
use super::usage::Usage;

const MIB: u64 = 1 << 20;

/// One look at everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Seconds since the run began.
    pub at: f64,
    pub pushed: u64,
    /// Jobs that the store counts as processed, each try of them.
    pub processed: u64,
    /// Jobs that the store holds, without its dead set.
    pub backlog: u64,
    pub dead: u64,
    pub server: Usage,
    pub pusher: Usage,
    pub space: Space,
}

/// The head of the table.
pub fn head() -> String {
    format!(
        "{:>7} {:>10} {:>10} {:>8} {:>7}  {:>10} {:>4} {:>4}  {:>10} {:>4} {:>4}  {:>9} {:>7} {:>7}",
        "s",
        "pushed",
        "processed",
        "backlog",
        "dead",
        "server MiB",
        "fds",
        "thr",
        "pusher MiB",
        "fds",
        "thr",
        "store MiB",
        "log MiB",
        "keys"
    )
}

/// A line of the table.
pub fn line(sample: &Sample) -> String {
    let Sample { at, pushed, processed, backlog, dead, server, pusher, space } = sample;
    format!(
        "{at:>7.0} {pushed:>10} {processed:>10} {backlog:>8} {dead:>7}  {:>10} {:>4} {:>4}  {:>10} {:>4} {:>4}  {:>9} \
         {:>7} {:>7}",
        server.rss_bytes / MIB,
        server.descriptors,
        server.threads,
        pusher.rss_bytes / MIB,
        pusher.descriptors,
        pusher.threads,
        space.bytes / MIB,
        space.log_bytes / MIB,
        space.keys
    )
}
