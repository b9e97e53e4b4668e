//! How far a server is on its way from starting to stopped.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// How far a server is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// It takes jobs.
    Serving,
    /// It takes no more, and finishes what runs.
    Quiet,
    /// It is to be gone by this uptime: what runs then returns to its queue.
    Stopping {
        /// The uptime.
        deadline: Duration,
    },
    /// Nothing is in its hands: the heart may stop beating.
    Drained,
}

/// The phase that a server is in, for those who change it.
///
/// Those who follow it are woken in the order in which they began to wait. Tokio's own watch wakes them in an order that
/// it draws; a server whose chance is handed to it is to do the same again with the same chance.
#[derive(Clone, Debug)]
pub(crate) struct PhaseCell(Arc<Cell>);

/// One follower's view of the phase.
#[derive(Clone, Debug)]
pub(crate) struct PhaseWatch {
    cell: Arc<Cell>,
    /// How many changes it has seen.
    seen: u64,
}

#[derive(Debug)]
struct Cell {
    /// The phase, and how often it has changed.
    phase: Mutex<(Phase, u64)>,
    changed: Notify,
}

impl Cell {
    fn lock(&self) -> MutexGuard<'_, (Phase, u64)> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PhaseCell {
    /// A server that takes jobs.
    pub(crate) fn new() -> Self {
        PhaseCell(Arc::new(Cell { phase: Mutex::new((Phase::Serving, 0)), changed: Notify::new() }))
    }

    /// Follows the phase from now on.
    pub(crate) fn watch(&self) -> PhaseWatch {
        let seen = self.0.lock().1;
        PhaseWatch { cell: Arc::clone(&self.0), seen }
    }

    /// Goes over to what `next` answers, if it answers anything.
    pub(crate) fn change(&self, next: impl FnOnce(Phase) -> Option<Phase>) {
        let mut state = self.0.lock();
        let Some(next) = next(state.0) else { return };
        *state = (next, state.1 + 1);
        drop(state);
        self.0.changed.notify_waiters();
    }
}

impl PhaseWatch {
    /// The phase now.
    pub(crate) fn now(&self) -> Phase {
        self.cell.lock().0
    }

    /// Resolves when the phase has changed since this last resolved, or since it was first followed.
    pub(crate) async fn changed(&mut self) {
        loop {
            let changed = self.cell.changed.notified();
            let changes = self.cell.lock().1;
            if changes != self.seen {
                self.seen = changes;
                return;
            }
            changed.await;
        }
    }

    /// Resolves when the phase is one that is wanted; at once, if it is.
    pub(crate) async fn wait_for(&mut self, wanted: impl Fn(Phase) -> bool) {
        while !wanted(self.now()) {
            self.changed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_is_seen_once_by_each_who_follows() {
        let cell = PhaseCell::new();
        let (mut one, mut other) = (cell.watch(), cell.watch());
        cell.change(|_| None);
        cell.change(|phase| (phase == Phase::Serving).then_some(Phase::Quiet));
        one.changed().await;
        other.wait_for(|phase| phase == Phase::Quiet).await;
        let late = cell.watch();
        assert_eq!([one.now(), late.now()], [Phase::Quiet; 2]);
        assert_eq!(one.seen, late.seen, "there is nothing more to see");
        cell.change(|_| Some(Phase::Drained));
        other.changed().await;
        assert_eq!(other.now(), Phase::Drained);
    }
}
