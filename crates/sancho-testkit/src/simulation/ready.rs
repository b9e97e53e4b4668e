//! Futures that are ready at once.

use std::task::{Context, Poll, Waker};

use sancho_core::BoxFuture;

/// What a future answers that has nothing to wait for: the stores that are simulated are kept in memory.
///
/// # Panics
/// When it waits.
pub(super) fn ready<T>(mut future: BoxFuture<'_, T>) -> T {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a store in memory answers at once"),
    }
}
