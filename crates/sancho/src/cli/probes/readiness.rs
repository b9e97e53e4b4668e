//! Why a server is not ready: every reason for which jobs of its queues wait.

use std::time::Duration;

use serde::Serialize;

use crate::Health;

/// A server that has not asked its store with success for so long does not fetch: three times what one that is well
/// ever takes.
const FETCHED_WITHIN: Duration = Duration::from_secs(15);

/// One reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Reason {
    /// A word for programs.
    pub(super) reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// A sentence for people, with what to do.
    message: String,
}

impl Reason {
    fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Reason { reason, message: message.into(), ..Reason::default() }
    }
}

/// The reasons why a server is not ready; none when it is.
pub(super) fn reasons(health: &Health) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if health.stopping {
        reasons.push(Reason::new("stopping", "the server stops"));
    } else if health.quiet {
        reasons.push(Reason::new("quiet", "the server takes no more jobs, as it was told"));
    }
    if let Some(what) = &health.store_away {
        reasons.push(Reason::new("store_away", format!("the store cannot be reached: {what}")));
    }
    // Whoever is quiet does not fetch, and is not asked to.
    if !health.quiet && !health.stopping {
        reasons.extend(not_fetching(health.fetched_ago));
    }
    for (class, queue) in &health.unknown_classes {
        let message = format!(
            "this build does not know the class {class}, and jobs of it wait in {queue}: register the class, or serve \
             the queue by a program that knows it"
        );
        let (class, queue) = (Some(class.clone()), Some(queue.to_string()));
        reasons.push(Reason { class, queue, ..Reason::new("unknown_class", message) });
    }
    for queue in &health.queues_left_to_others {
        let message = format!(
            "processes of another program serve {queue}, and nobody named it here: name it (-q {queue}) to share it, \
             or give your jobs a queue of their own"
        );
        reasons.push(Reason { queue: Some(queue.to_string()), ..Reason::new("queue_left_to_others", message) });
    }
    reasons
}

fn not_fetching(fetched_ago: Option<Duration>) -> Option<Reason> {
    let message = match fetched_ago {
        None => "no job was asked for yet".to_owned(),
        Some(ago) if ago > FETCHED_WITHIN => {
            format!("asking for jobs has not succeeded for {} seconds: see the log", ago.as_secs())
        }
        Some(_) => return None,
    };
    Some(Reason::new("not_fetching", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::QueueName;

    fn words(health: &Health) -> Vec<&'static str> {
        reasons(health).iter().map(|reason| reason.reason).collect()
    }

    fn well() -> Health {
        Health { fetched_ago: Some(Duration::from_secs(4)), ..Health::default() }
    }

    #[test]
    fn a_server_that_fetches_is_ready() {
        assert_eq!(words(&well()), [""; 0]);
    }

    #[test]
    fn a_server_that_has_not_fetched_for_too_long_or_not_yet_is_not_ready() {
        let ago = |secs| Health { fetched_ago: Some(Duration::from_secs(secs)), ..Health::default() };
        assert_eq!(words(&ago(15)), [""; 0]);
        assert_eq!(words(&ago(16)), ["not_fetching"]);
        assert_eq!(words(&Health::default()), ["not_fetching"]);
    }

    #[test]
    fn a_quiet_server_is_not_blamed_for_what_it_does_not_fetch() {
        assert_eq!(words(&Health { quiet: true, ..Health::default() }), ["quiet"]);
        assert_eq!(words(&Health { quiet: true, stopping: true, ..Health::default() }), ["stopping"]);
    }

    #[test]
    fn each_class_and_queue_has_its_own_reason() {
        let queue = |name| QueueName::new(name).unwrap();
        let health = Health {
            unknown_classes: vec![("A".to_owned(), queue("low")), ("B".to_owned(), queue("low"))],
            queues_left_to_others: vec![queue("default")],
            store_away: Some("gone".to_owned()),
            ..well()
        };
        assert_eq!(words(&health), ["store_away", "unknown_class", "unknown_class", "queue_left_to_others"]);
        let told = serde_json::to_value(&reasons(&health)[1]).unwrap();
        assert_eq!((&told["class"], &told["queue"]), (&"A".into(), &"low".into()));
    }
}
