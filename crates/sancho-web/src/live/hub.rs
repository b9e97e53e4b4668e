//! The hub: it looks once for everybody, and only while somebody listens.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sancho_core::{BoxFuture, Clock, Inspect, Stats, StoreResult, Timestamp};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::listener::Listener;
use super::look;

/// How often the hub looks at the store.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a look may take: a store that does not answer is told of as away.
pub(super) const LOOK_WITHIN: Duration = Duration::from_secs(5);

/// Listeners at a time: each holds a connection, and so a descriptor, of which a program customarily has 1,024. Those who
/// watch must leave some for those who ask. More than the tabs of a large company.
pub(super) const LISTENERS_MAX: usize = 500;

/// Looks at a store once a second and tells all who listen. Its clones are the same hub.
///
/// A listener that is slow misses what was told meanwhile and hears the latest: nothing is kept for anybody. When nobody
/// listens, nothing is looked at.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Shared>);

struct Shared {
    look: Look,
    clock: Arc<dyn Clock>,
    seats: Arc<Semaphore>,
    latest: watch::Sender<Latest>,
    /// Whoever looks, while somebody listens. The lock decides between a listener that comes and a looker that goes.
    looker: Mutex<Option<JoinHandle<()>>>,
}

/// One look at the store.
type Look = Box<dyn Fn(Timestamp) -> BoxFuture<'static, StoreResult<Stats>> + Send + Sync>;

/// What is told last. The text is written once for all listeners.
#[derive(Clone, Debug, Default)]
pub(super) enum Latest {
    #[default]
    NotYet,
    Seen(Arc<str>),
    /// The store did not answer.
    Away,
    Ended,
}

/// There are as many listeners as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Hub {
    /// A hub that looks at nothing yet.
    pub(crate) fn new(inspect: Arc<dyn Inspect>, clock: Arc<dyn Clock>) -> Self {
        let look = move |now| -> BoxFuture<'static, _> {
            let inspect = Arc::clone(&inspect);
            Box::pin(async move { inspect.stats(now).await })
        };
        Hub::looking(Box::new(look), clock)
    }

    fn looking(look: Look, clock: Arc<dyn Clock>) -> Self {
        Hub(Arc::new(Shared {
            look,
            clock,
            seats: Arc::new(Semaphore::new(LISTENERS_MAX)),
            latest: watch::Sender::default(),
            looker: Mutex::default(),
        }))
    }

    /// A listener, who hears the latest at once if somebody else listens already.
    ///
    /// # Errors
    /// [`Full`] when there are [`LISTENERS_MAX`].
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub(super) fn listen(&self) -> Result<Listener, Full> {
        let seat = Arc::clone(&self.0.seats).try_acquire_owned().map_err(|_| Full)?;
        let mut latest = self.0.latest.subscribe();
        latest.mark_changed();
        self.0.look_from_now_on();
        Ok(Listener::new(latest, seat))
    }

    /// Ends every stream, and all that come later at their start: a server that stops does not wait for its watchers.
    pub fn end(&self) {
        self.0.latest.send_replace(Latest::Ended);
    }

    /// How many listen now.
    pub fn listeners(&self) -> usize {
        self.0.latest.receiver_count()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("listeners", &self.latest.receiver_count()).finish_non_exhaustive()
    }
}

impl Shared {
    fn look_from_now_on(self: &Arc<Self>) {
        let mut looker = self.looker.lock().expect("whoever holds it does not panic");
        // A looker may have ended with its runtime.
        if looker.as_ref().is_none_or(JoinHandle::is_finished) && !self.has_ended() {
            *looker = Some(tokio::spawn(Arc::clone(self).look_while_heard()));
        }
    }

    async fn look_while_heard(self: Arc<Self>) {
        let mut before: Option<(Stats, Instant)> = None;
        loop {
            if self.goes_home() {
                return;
            }
            let now = self.clock.now();
            let latest = match timeout(LOOK_WITHIN, (self.look)(now)).await {
                Ok(Ok(stats)) => {
                    let seen_at = Instant::now();
                    let since = before.as_ref().map(|(stats, at)| (stats, seen_at.duration_since(*at)));
                    let text = look::text(now, &stats, since);
                    before = Some((stats, seen_at));
                    Latest::Seen(text.into())
                }
                Ok(Err(_)) | Err(_) => Latest::Away,
            };
            self.tell(latest);
            // Not by a clock that ticks on: a store that answers slowly is not asked more often for it.
            sleep(LOOK_EVERY).await;
        }
    }

    /// Whether nobody listens any more: what was seen is old then, and the next listener has another looker.
    fn goes_home(&self) -> bool {
        let mut looker = self.looker.lock().expect("whoever holds it does not panic");
        if self.has_ended() {
            return true;
        }
        let alone = self.latest.receiver_count() == 0;
        if alone {
            *looker = None;
            self.tell(Latest::NotYet);
        }
        alone
    }

    fn has_ended(&self) -> bool {
        matches!(*self.latest.borrow(), Latest::Ended)
    }

    /// What has ended stays so.
    fn tell(&self, latest: Latest) {
        self.latest.send_if_modified(|told| {
            let goes_on = !matches!(told, Latest::Ended);
            if goes_on {
                *told = latest;
            }
            goes_on
        });
    }
}

#[cfg(test)]
mod tests;
