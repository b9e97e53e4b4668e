//! Wake-ups: who waits for what, and what has happened since.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use crate::{Incarnation, Interest, Mark, QueueName};

/// Something that a waiter may be interested in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ring {
    Ready(QueueName),
    Due,
    Orders(Incarnation),
}

/// Counts what happens, and wakes everybody who waits.
#[derive(Debug, Default)]
pub(super) struct Bell(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    count: u64,
    /// The count at which each thing last happened.
    ready: BTreeMap<QueueName, u64>,
    due: u64,
    orders: BTreeMap<Incarnation, u64>,
    last_waiter: u64,
    waiters: BTreeMap<u64, Waker>,
}

impl Bell {
    pub(super) fn mark(&self) -> Mark {
        Mark(self.state().count)
    }

    pub(super) fn ring(&self, rings: Vec<Ring>) {
        if rings.is_empty() {
            return;
        }
        let mut state = self.state();
        state.count += 1;
        let count = state.count;
        for ring in rings {
            match ring {
                Ring::Ready(queue) => _ = state.ready.insert(queue, count),
                Ring::Due => state.due = count,
                Ring::Orders(incarnation) => _ = state.orders.insert(incarnation, count),
            }
        }
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        waiters.into_values().for_each(Waker::wake);
    }

    pub(super) fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> Wait<'a> {
        let mut state = self.state();
        state.last_waiter += 1;
        Wait { bell: self, interest, after, waiter: state.last_waiter }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while the bell is locked")
    }
}

impl State {
    fn last(&self, interest: &Interest) -> u64 {
        match interest {
            Interest::Ready(queues) => queues.iter().filter_map(|queue| self.ready.get(queue)).copied().max(),
            Interest::Due => Some(self.due),
            Interest::Orders(incarnation) => self.orders.get(incarnation).copied(),
        }
        .unwrap_or(0)
    }
}

/// Resolves when something of interest has happened after a mark.
pub(super) struct Wait<'a> {
    bell: &'a Bell,
    interest: &'a Interest,
    after: Mark,
    waiter: u64,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.bell.state();
        if state.last(self.interest) > self.after.0 {
            return Poll::Ready(());
        }
        state.waiters.insert(self.waiter, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.bell.state().waiters.remove(&self.waiter);
    }
}
