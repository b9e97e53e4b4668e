//! Something that is said once, to code that looks and to code that waits.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A flag that is raised once, and stays up.
#[derive(Debug, Default)]
pub(crate) struct Flag {
    raised: AtomicBool,
    notify: Notify,
}

impl Flag {
    pub(crate) fn raise(&self) {
        self.raised.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    /// Resolves when the flag is up.
    pub(crate) async fn wait(&self) {
        // Who asks to be told before looking misses nothing that happens between the two.
        let told = self.notify.notified();
        if !self.is_raised() {
            told.await;
        }
    }
}
