//! Points at which a job may be struck: behind each push that it makes.

use std::task::Poll;

use sancho_core::{BoxFuture, Draft};

use crate::{ClientMiddleware, ClientVerdict, PushedJob};

/// Lets a job pause once behind each of its pushes: the store has the pushed job, and the one that pushed it may die.
pub(super) struct PausePoints;

impl ClientMiddleware for PausePoints {
    fn push(&self, _: &mut Draft) -> ClientVerdict {
        ClientVerdict::Push
    }

    fn pushed<'a>(&'a self, _: &'a PushedJob) -> BoxFuture<'a, ()> {
        let mut paused = false;
        Box::pin(std::future::poll_fn(move |cx| {
            if std::mem::replace(&mut paused, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }))
    }
}
