//! One run of a job's code, polled by hand.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use sancho_core::{Claim, Outcome};
use tokio::sync::Notify;

/// A job whose code has begun in one of the processes, and is not over.
pub(super) struct Delivery {
    pub(super) claim: Claim,
    pub(super) name: String,
    future: Pin<Box<dyn Future<Output = Outcome> + Send>>,
    bell: Arc<Bell>,
}

/// Rings when a job can go on.
struct Bell {
    woken: AtomicBool,
    any: Arc<Notify>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.any.notify_one();
    }
}

impl Delivery {
    /// A run that has done nothing yet. `any` is told whenever it can go on.
    pub(super) fn new(
        claim: Claim,
        name: String,
        future: Pin<Box<dyn Future<Output = Outcome> + Send>>,
        any: &Arc<Notify>,
    ) -> Self {
        let bell = Arc::new(Bell { woken: AtomicBool::new(true), any: Arc::clone(any) });
        Delivery { claim, name, future, bell }
    }

    /// Whether it can go on: it has just begun, or what it waited for is there.
    pub(super) fn is_awake(&self) -> bool {
        self.bell.woken.load(Ordering::SeqCst)
    }

    /// Lets it go on until it waits for something, or is over.
    pub(super) fn poll(&mut self) -> Poll<Outcome> {
        self.bell.woken.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.bell));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }
}
