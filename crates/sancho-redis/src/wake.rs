//! Wake-ups: this process's own moves, and what Redis says that others changed.
//!
//! All who wait share one connection and the task that watches it. It reads what they are interested in with
//! `CLIENT TRACKING` on, so that the read itself asks to be told of the next change: nothing falls between looking
//! and waiting. A key that was told of is looked at again, and only if there is something to do are those who wait
//! for it woken. A key in which something stays, or a queue that is paused, is silent until it changes.
//!
//! A lost connection wakes everyone, since any change may have been missed. Where tracking is refused the task
//! looks often instead; beneath it all it looks slowly.

mod bell;
mod look;
mod wanted;
mod watcher;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use sancho_core::{Interest, Mark, Timestamp};
use tokio::task::AbortHandle;

use crate::connection::Opener;
use crate::wire::keys;
use bell::Bell;
use wanted::Wanted;

/// Wakes those who wait.
#[derive(Debug)]
pub(crate) struct Wake {
    shared: Arc<Shared>,
    /// The task that watches, to be ended with the store.
    watcher: Mutex<Option<AbortHandle>>,
}

/// What those who wait share with the task that watches.
#[derive(Debug)]
struct Shared {
    opener: Arc<Opener>,
    bell: Bell,
    wanted: Wanted,
    /// Whether a task watches.
    watched: AtomicBool,
    /// When the next job is due as the last promotion of this process saw it; `None` before the first.
    known_due: Mutex<Option<Option<Timestamp>>>,
}

impl Wake {
    pub(crate) fn new(opener: Arc<Opener>) -> Self {
        let shared = Shared {
            opener,
            bell: Bell::default(),
            wanted: Wanted::default(),
            watched: AtomicBool::new(false),
            known_due: Mutex::default(),
        };
        Wake { shared: Arc::new(shared), watcher: Mutex::default() }
    }

    pub(crate) fn mark(&self) -> Mark {
        self.shared.bell.mark()
    }

    /// Says that this process changed these keys.
    pub(crate) fn ring(&self, names: impl IntoIterator<Item = String>) {
        self.shared.bell.ring(names);
    }

    /// Says when a promotion saw that the next job is due.
    pub(crate) fn due_is_known(&self, due: Option<Timestamp>) {
        *lock(&self.shared.known_due) = Some(due);
    }

    /// Waits until something of interest may have happened after `after`.
    pub(crate) async fn wait(&self, interest: &Interest, after: Mark) {
        let names = names(interest);
        if self.shared.bell.has_rung(&names, after) {
            return;
        }
        let _waiting = self.shared.wanted.add(interest);
        self.watch();
        self.shared.bell.rung(&names, after).await;
    }

    /// Sees to it that the task runs. A runtime that ends takes it along: the next who waits begins it anew.
    fn watch(&self) {
        if !self.shared.watched.swap(true, Ordering::SeqCst) {
            let watcher = tokio::spawn(watcher::watch(Arc::clone(&self.shared)));
            *lock(&self.watcher) = Some(watcher.abort_handle());
        }
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        if let Some(watcher) = lock(&self.watcher).take() {
            watcher.abort();
        }
    }
}

/// The names by which the bell rings for an interest.
fn names(interest: &Interest) -> Vec<String> {
    match interest {
        Interest::Ready(queues) => {
            let queues = queues.iter().map(|queue| keys::queue(queue.as_str()));
            queues.chain([keys::PAUSED.to_owned()]).collect()
        }
        Interest::Orders(incarnation) => vec![keys::orders(incarnation)],
        _ => vec![keys::SCHEDULE.to_owned(), keys::RETRY.to_owned()],
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds the lock")
}
