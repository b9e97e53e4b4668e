//! Settlements that the store refuses for themselves, as where somebody broke the key that their jobs go to: they are
//! set aside, so that they hold up no other job, and are tried again.
//!
//! Their jobs stay claimed. If the server ends before they can be settled, others take them over.

use std::time::Duration;

use sancho_core::{ErrorKind, StoreError, limits};

use super::Fetcher;
use crate::server::settler::Pending;

/// How long after a refusal the settlements are tried again: a person has to mend something first.
const TRY_EVERY: Duration = Duration::from_secs(5);

/// Settlements that were refused.
#[derive(Default)]
pub(super) struct Stuck {
    pending: Vec<Pending>,
    /// The uptime at which they are tried again.
    again_at: Duration,
}

impl Stuck {
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether as many are stuck as may be: more jobs must not be begun that may get stuck as well.
    pub(super) fn is_full(&self) -> bool {
        self.pending.len() >= limits::JOBS_PER_CLAIM_MAX
    }

    /// Those that are to be tried again now.
    pub(super) fn take_due(&mut self, uptime: Duration) -> Vec<Pending> {
        if uptime >= self.again_at { std::mem::take(&mut self.pending) } else { Vec::new() }
    }

    fn add(&mut self, pending: Pending, uptime: Duration) {
        self.pending.push(pending);
        self.again_at = uptime + TRY_EVERY;
    }
}

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// Settles one by one what the store refused together, and sets aside those that it refuses alone. Whether there were
    /// any: if not, something else was wrong.
    pub(super) async fn set_aside(&mut self, refused: Vec<Pending>) -> bool {
        let mut any = false;
        for pending in refused {
            let settlement = std::slice::from_ref(&pending.settlement);
            let exchange = self.store.exchange(settlement, None, self.lease.now());
            match self.hand.rounds.meanwhile(exchange).await {
                Ok(exchanged) => {
                    if let Some(answer) = exchanged.answers.first() {
                        pending.aftermath.answered(*answer, &self.events);
                        if let Some(burst) = &self.burst {
                            burst.moved();
                        }
                    }
                }
                Err(error) if is_refusal(&error) => {
                    let class = pending.class();
                    tracing::warn!(class, %error, "what came of a job cannot be settled: it is tried again");
                    self.hand.stuck.add(pending, self.lease.uptime());
                    any = true;
                }
                Err(_) => self.hand.pending.push(pending),
            }
        }
        any
    }
}

/// Whether the store refused a call for what it was, rather than for the time being.
pub(super) fn is_refusal(error: &StoreError) -> bool {
    use ErrorKind::{Corrupt, Internal, Invalid, Unsupported};
    matches!(error.kind, Corrupt | Internal | Invalid | Unsupported)
}
