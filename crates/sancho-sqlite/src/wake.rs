//! Wake-ups: what has happened, counted, and who waits for it.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sancho_core::{Interest, Mark, QueueName};
use tokio::sync::Notify;

/// Queues whose last ring is remembered apart; more make every queue ring, which is harmless.
const QUEUES_REMEMBERED_MAX: usize = 4_096;

/// What a commit did that somebody may wait for.
#[derive(Debug, Default)]
pub(crate) struct Rings {
    /// Queues that have a job more, or were resumed.
    pub(crate) ready: HashSet<QueueName>,
    /// A job may be due earlier than was known.
    pub(crate) due: bool,
    /// A process was given an order.
    pub(crate) orders: bool,
}

impl Rings {
    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty() && !self.due && !self.orders
    }

    pub(crate) fn merge(&mut self, other: Rings) {
        self.ready.extend(other.ready);
        self.due |= other.due;
        self.orders |= other.orders;
    }
}

/// The stream of wake-ups of one open store.
#[derive(Debug, Default)]
pub(crate) struct Bells {
    state: Mutex<State>,
    changed: Notify,
}

/// The count at which each thing last happened.
#[derive(Debug, Default)]
struct State {
    count: u64,
    ready: HashMap<QueueName, u64>,
    due: u64,
    orders: u64,
    /// Something happened, and it is not known what: another process did it.
    anything: u64,
}

impl Bells {
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.state().count)
    }

    /// Tells what a commit of this store did.
    pub(crate) fn ring(&self, rings: Rings) {
        if rings.is_empty() {
            return;
        }
        let mut state = self.state();
        state.count += 1;
        let count = state.count;
        if rings.due {
            state.due = count;
        }
        if rings.orders {
            state.orders = count;
        }
        if state.ready.len() > QUEUES_REMEMBERED_MAX {
            state.ready.clear();
            state.anything = count;
        }
        state.ready.extend(rings.ready.into_iter().map(|queue| (queue, count)));
        drop(state);
        self.changed.notify_waiters();
    }

    /// Tells that another connection has committed something.
    pub(crate) fn ring_for_anything(&self) {
        let mut state = self.state();
        state.count += 1;
        state.anything = state.count;
        drop(state);
        self.changed.notify_waiters();
    }

    /// Resolves when something of interest has happened after the mark.
    pub(crate) async fn wait(&self, interest: &Interest, after: Mark) {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // Listen first and look second: what happens between the two is heard.
            changed.as_mut().enable();
            if self.state().last(interest) > after.0 {
                return;
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn last(&self, interest: &Interest) -> u64 {
        let own = match interest {
            Interest::Ready(queues) => queues.iter().filter_map(|queue| self.ready.get(queue)).copied().max(),
            Interest::Due => Some(self.due),
            Interest::Orders(_) => Some(self.orders),
            _ => Some(self.count),
        };
        own.unwrap_or(0).max(self.anything)
    }
}
