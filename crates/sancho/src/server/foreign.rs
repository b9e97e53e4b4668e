//! Queues that processes of other programs serve: they are claimed from only when they were named.
//!
//! A job of another program's class would go back unchanged, and its own program would wait for it meanwhile. So a
//! server leaves a queue that nobody named, `default` or one that a pattern matches, to them for as long as one lives,
//! and says how to go on.

use std::collections::BTreeSet;

use sancho_core::QueueName;

use crate::event::{Event, Events};
use crate::server::capsule::lineup::{Lined, Named};

/// The queues of a capsule that are left to others.
#[derive(Debug, Default)]
pub(crate) struct Foreign {
    served_by_others: Vec<QueueName>,
    left: BTreeSet<QueueName>,
}

impl Foreign {
    /// Whether a queue may be claimed from.
    pub(crate) fn allows(&self, queue: &QueueName) -> bool {
        self.left.is_empty() || !self.left.contains(queue)
    }

    /// The queues that are left to others.
    pub(crate) fn left(&self) -> &BTreeSet<QueueName> {
        &self.left
    }

    /// Hears which queues others serve now; what changes is said once.
    pub(crate) fn hear(&mut self, served_by_others: Vec<QueueName>, line: &[Lined], events: &Events) {
        self.served_by_others = served_by_others;
        self.line_up(line, events);
    }

    /// The capsule serves these queues now; what changes is said once.
    pub(crate) fn line_up(&mut self, line: &[Lined], events: &Events) {
        let is_left = |lined: &&Lined| lined.named == Named::No && self.served_by_others.contains(&lined.queue);
        let left: BTreeSet<_> = line.iter().filter(is_left).map(|lined| lined.queue.clone()).collect();
        for queue in left.difference(&self.left) {
            tracing::warn!(
                %queue,
                "processes of another program serve the queue, and nobody named it here: nothing is claimed from it; \
                 name it (.queues([\"{queue}\"]) or -q {queue}) to share it, or give your jobs a queue of their own"
            );
            events.tell(|| Event::QueueServedByOthers { queue: queue.clone() });
        }
        for queue in self.left.difference(&left).filter(|queue| line.iter().any(|lined| lined.queue == **queue)) {
            tracing::info!(%queue, "the queue is no longer left to another program: it is claimed from now on");
            events.tell(|| Event::QueueNoLongerServedByOthers { queue: queue.clone() });
        }
        self.left = left;
    }
}
