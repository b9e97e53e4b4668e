//! The jobs in this process's hands that wait for something: what a beat reports, and what a stop cuts short.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sancho_core::{Claim, Incarnation, Jid, Receipt, Running, Timestamp};
use tokio::task::JoinHandle;

use crate::registry::Entry;

/// A job that was begun and is not over.
pub(crate) struct Performing<S> {
    pub(crate) claim: Claim,
    pub(crate) jid: Option<Jid>,
    pub(crate) class: String,
    /// The class inside a wrapper.
    pub(crate) wrapped: Option<Box<str>>,
    pub(crate) entry: Option<Arc<Entry<S>>>,
    /// When it began, in the store's time.
    pub(crate) since: Timestamp,
    /// When it began, in uptime.
    pub(crate) began: Duration,
    pub(crate) task: JoinHandle<()>,
}

/// The jobs that run, by the number of their claim. Only the fetcher adds and removes; the heart looks.
pub(crate) struct Roster<S>(Mutex<BTreeMap<u64, Performing<S>>>);

impl<S> Roster<S> {
    pub(crate) fn new() -> Self {
        Roster(Mutex::new(BTreeMap::new()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Performing<S>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, job: Performing<S>) {
        self.lock().insert(job.claim.receipt.number(), job);
    }

    /// Takes a job off the roster; `None` when it was cut short before.
    pub(crate) fn remove(&self, number: u64) -> Option<Performing<S>> {
        self.lock().remove(&number)
    }

    /// Takes all jobs off, in the order that they were claimed.
    pub(crate) fn clear(&self) -> Vec<Performing<S>> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    /// Takes all jobs off but those that this incarnation holds.
    pub(crate) fn take_all_but(&self, incarnation: Option<&Incarnation>) -> Vec<Performing<S>> {
        let mut jobs = self.lock();
        let (kept, taken) = std::mem::take(&mut *jobs)
            .into_iter()
            .partition(|(_, job)| Some(job.claim.receipt.incarnation()) == incarnation);
        *jobs = kept;
        let taken: BTreeMap<u64, Performing<S>> = taken;
        taken.into_values().collect()
    }

    /// Ends the code of all jobs where it waits next; they stay on the roster until the fetcher looks.
    pub(crate) fn abort_all(&self) {
        for job in self.lock().values() {
            job.task.abort();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// The number of the claim of a job with this id.
    pub(crate) fn find(&self, jid: &Jid) -> Option<u64> {
        self.lock().iter().find(|(_, job)| job.jid.as_ref() == Some(jid)).map(|(number, _)| *number)
    }

    /// The number of the claim with this receipt, if it is the same claim.
    pub(crate) fn find_receipt(&self, receipt: &Receipt) -> Option<u64> {
        self.lock().get(&receipt.number()).filter(|job| job.claim.receipt == *receipt).map(|_| receipt.number())
    }

    /// Says in the log what each job is, where it came from, and since when it runs.
    pub(crate) fn dump(&self) {
        let jobs = self.lock();
        tracing::info!(running = jobs.len(), "what runs here");
        for job in jobs.values() {
            let Performing { jid, class, since, .. } = job;
            let (jid, queue) = (jid.as_ref().map(Jid::as_str), &job.claim.queue);
            tracing::info!(jid, class, %queue, since = since.as_unix_secs_f64(), "a job runs");
        }
    }

    /// What a beat reports.
    pub(crate) fn report(&self) -> Vec<Running> {
        let report = |job: &Performing<S>| Running {
            receipt: job.claim.receipt.clone(),
            jid: job.jid.clone(),
            since: job.since,
        };
        self.lock().values().map(report).collect()
    }
}
