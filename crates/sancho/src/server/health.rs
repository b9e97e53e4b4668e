//! How a running server is, for probes and for people.

use std::time::Duration;

use sancho_core::QueueName;

/// How a running server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// How long ago every capsule last had a good round: it asked the store for jobs with success, or had no slot or no
    /// queue to ask for. `None` before each has had one. In a server that serves and is well this stays below five
    /// seconds.
    pub fetched_ago: Option<Duration>,
    /// Classes that this build does not know, and the queues in which their jobs wait: each that was met within the last
    /// minutes.
    pub unknown_classes: Vec<(String, QueueName)>,
    /// Queues that nobody named, and that are left to processes of other programs.
    pub queues_left_to_others: Vec<QueueName>,
    /// Whether the server takes no more jobs; so it is, too, when it stops.
    pub quiet: bool,
    /// Whether the server stops, or has stopped.
    pub stopping: bool,
    /// What the store last said, while it cannot be reached.
    pub store_away: Option<String>,
}
