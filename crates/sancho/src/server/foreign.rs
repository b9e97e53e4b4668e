//! Queues that processes of other programs serve: they are claimed from only when they were named.
//!
//! A job of another program's class would go back unchanged, and its own program would wait for it meanwhile. So a
//! server that was given no queue leaves `default` to them for as long as one lives, and says how to go on.

use std::collections::BTreeSet;

use sancho_core::QueueName;

use crate::event::{Event, Events};
use crate::server::config::{Config, Named};

/// The queues of this server that are left to others.
#[derive(Debug, Default)]
pub(crate) struct Foreign(BTreeSet<QueueName>);

impl Foreign {
    /// Whether a queue may be claimed from.
    pub(crate) fn allows(&self, queue: &QueueName) -> bool {
        self.0.is_empty() || !self.0.contains(queue)
    }

    /// Hears which queues others serve now; what changes is said once.
    pub(crate) fn hear(&mut self, served_by_others: &[QueueName], config: &Config, events: &Events) {
        if config.named == Named::Yes {
            return;
        }
        let left: BTreeSet<_> =
            config.queues.iter().filter(|queue| served_by_others.contains(queue)).cloned().collect();
        for queue in left.difference(&self.0) {
            tracing::warn!(
                %queue,
                "processes of another program serve the queue, and nobody named it here: nothing is claimed from it; \
                 name it (.queues([\"{queue}\"]) or -q {queue}) to share it, or give your jobs a queue of their own"
            );
            events.tell(|| Event::QueueServedByOthers { queue: queue.clone() });
        }
        for queue in self.0.difference(&left) {
            tracing::info!(%queue, "no other program serves the queue any longer: it is claimed from now on");
            events.tell(|| Event::QueueNoLongerServedByOthers { queue: queue.clone() });
        }
        self.0 = left;
    }
}
