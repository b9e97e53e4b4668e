//! The gate between a process and the store: calls pass in the order of true time, one at a time.
//!
//! Each process lives in a runtime of its own, and runs a little ahead of the others. That shows nowhere but at the
//! store. So a call stops here, and its process with it, until no other process is behind.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// One process's gate.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last_ticket: u64,
    /// The calls that wait, first come first.
    waiting: Vec<(u64, Waker)>,
    /// The call that may pass.
    granted: Option<u64>,
    /// Whether the process is to stop and let the others catch up.
    halts: bool,
    /// Who runs the process.
    runner: Option<Waker>,
}

impl Gate {
    /// Resolves when it is the caller's turn; it has it until it next waits for something.
    pub(super) async fn pass(&self) {
        let mut ticket = Ticket { gate: self, number: None };
        std::future::poll_fn(|context| ticket.poll(context.waker())).await;
    }

    /// Stops the process as soon as it has come to its next wait.
    pub(super) fn halt(&self) {
        let mut state = self.state();
        state.halts = true;
        if let Some(runner) = state.runner.take() {
            runner.wake();
        }
    }

    /// Whether calls wait.
    pub(super) fn is_waited_at(&self) -> bool {
        !self.state().waiting.is_empty()
    }

    /// Lets the first call that waits pass.
    pub(super) fn grant(&self) {
        let mut state = self.state();
        let first = state.waiting.first().map(|(number, waker)| (*number, waker.clone()));
        state.granted = first.as_ref().map(|(number, _)| *number);
        drop(state);
        if let Some((_, waker)) = first {
            waker.wake();
        }
    }

    /// For who runs the process: whether it is to stop now.
    pub(super) fn poll_halt(&self, runner: &Waker) -> Poll<()> {
        let mut state = self.state();
        if std::mem::take(&mut state.halts) {
            return Poll::Ready(());
        }
        state.runner = Some(runner.clone());
        Poll::Pending
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call at the gate.
struct Ticket<'a> {
    gate: &'a Gate,
    number: Option<u64>,
}

impl Ticket<'_> {
    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let mut state = self.gate.state();
        let Some(number) = self.number else {
            state.last_ticket += 1;
            let number = state.last_ticket;
            state.waiting.push((number, waker.clone()));
            self.number = Some(number);
            drop(state);
            self.gate.halt();
            return Poll::Pending;
        };
        if state.granted == Some(number) {
            state.granted = None;
            return Poll::Ready(());
        }
        if let Some(place) = state.waiting.iter_mut().find(|(waiting, _)| *waiting == number) {
            place.1.clone_from(waker);
        }
        Poll::Pending
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut state = self.gate.state();
        state.waiting.retain(|(waiting, _)| *waiting != number);
        if state.granted == Some(number) {
            state.granted = None;
        }
        let others = !state.waiting.is_empty();
        drop(state);
        if others {
            self.gate.halt();
        }
    }
}
