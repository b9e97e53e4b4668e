//! One listener of the hub.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::hub::Latest;

/// How often something is sent when there is nothing to tell: proxies cut connections that are silent for a minute.
pub(super) const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);

/// How long one stream lasts; the browser then asks again, and is asked again who it is.
pub(super) const LISTEN_FOR: Duration = Duration::from_secs(10 * 60);

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The latest look, as JSON on one line.
    Look(Arc<str>),
    /// The store did not answer.
    Away,
    /// Nothing; the stream still lives.
    Heartbeat,
}

/// Hears what the hub tells, the latest only. Dropping it gives its seat to another.
#[derive(Debug)]
pub(super) struct Listener {
    latest: watch::Receiver<Latest>,
    until: Instant,
    _seat: OwnedSemaphorePermit,
}

impl Listener {
    pub(super) fn new(latest: watch::Receiver<Latest>, seat: OwnedSemaphorePermit) -> Self {
        Listener { latest, until: Instant::now() + LISTEN_FOR, _seat: seat }
    }

    /// What is told next; `None` when the hub has ended, or the stream has lasted [`LISTEN_FOR`]. Nothing is lost when
    /// the call is dropped.
    pub(super) async fn hear(&mut self) -> Option<Told> {
        let heartbeat = sleep(HEARTBEAT_EVERY);
        tokio::pin!(heartbeat);
        loop {
            tokio::select! {
                biased;
                () = sleep_until(self.until) => return None,
                changed = self.latest.changed() => {
                    changed.ok()?;
                    match &*self.latest.borrow_and_update() {
                        Latest::NotYet => {}
                        Latest::Seen(text) => return Some(Told::Look(Arc::clone(text))),
                        Latest::Away => return Some(Told::Away),
                        Latest::Ended => return None,
                    }
                }
                () = &mut heartbeat => return Some(Told::Heartbeat),
            }
        }
    }
}
