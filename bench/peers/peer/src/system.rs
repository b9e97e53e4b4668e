//! What a job system has to do to be measured.

use std::sync::Arc;

use anyhow::Result;

use crate::counter::Counter;
use crate::job::NoOp;

/// A job system, on one store.
pub trait Peer: Send + Sized {
    /// What pushes.
    type Pusher: Pusher;

    /// Why there is no [`Pusher::push_bulk`], for a system without.
    const NO_BULK: Option<&'static str> = None;

    /// Opens the store, with as many connections as so many pushers, or a worker of so many slots, want.
    fn open(url: &str, users: usize) -> impl Future<Output = Result<Self>> + Send;

    /// One of the run's pushers.
    fn pusher(&self) -> Result<Self::Pusher>;

    /// Called when all jobs of a drain have been pushed, before the worker starts. It is not timed.
    fn filled(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// Runs a worker with so many slots until [`Counter::last`], and then stops it. Each job does nothing but
    /// [`Counter::count`].
    fn serve(&self, slots: usize, counter: Arc<Counter>) -> impl Future<Output = Result<()>> + Send;

    /// Asks the store, after the worker has stopped, whether it holds so many jobs as performed and none that wait, as
    /// far as it keeps count.
    fn verify(&self, performed: u64) -> impl Future<Output = Result<()>> + Send;
}

/// Pushes jobs; one of several that push at the same time.
pub trait Pusher: Send + 'static {
    /// Pushes one job, and returns when the store has it.
    fn push(&mut self, job: NoOp) -> impl Future<Output = Result<()>> + Send;

    /// Pushes many jobs with one call; a system without such a call names the reason in [`Peer::NO_BULK`], and pushes
    /// one after the other.
    fn push_bulk(&mut self, jobs: Vec<NoOp>) -> impl Future<Output = Result<()>> + Send {
        async {
            for job in jobs {
                self.push(job).await?;
            }
            Ok(())
        }
    }
}
