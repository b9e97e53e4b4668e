//! The jobs in this process's hands that wait for something: what a beat reports, and what a stop cuts short.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// The jobs of a capsule that run, by the number of their claim. Only its fetcher adds and removes; the heart looks.
pub(crate) struct Roster<S> {
    jobs: Mutex<BTreeMap<u64, Performing<S>>>,
    /// How many they are, for those who do not know the jobs' state.
    busy: Arc<AtomicUsize>,
}

impl<S> Roster<S> {
    /// A roster that counts its jobs in `busy`.
    pub(crate) fn new(busy: Arc<AtomicUsize>) -> Self {
        Roster { jobs: Mutex::new(BTreeMap::new()), busy }
    }

    /// Changes the roster, and counts anew.
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<u64, Performing<S>>) -> T) -> T {
        let mut jobs = self.lock();
        let changed = change(&mut jobs);
        self.busy.store(jobs.len(), Ordering::Release);
        changed
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Performing<S>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, job: Performing<S>) {
        self.change(|jobs| _ = jobs.insert(job.claim.receipt.number(), job));
    }

    /// Takes a job off the roster; `None` when it was cut short before.
    pub(crate) fn remove(&self, number: u64) -> Option<Performing<S>> {
        self.change(|jobs| jobs.remove(&number))
    }

    /// Takes all jobs off, in the order that they were claimed.
    pub(crate) fn clear(&self) -> Vec<Performing<S>> {
        self.change(std::mem::take).into_values().collect()
    }

    /// Takes all jobs off but those that this incarnation holds.
    pub(crate) fn take_all_but(&self, incarnation: Option<&Incarnation>) -> Vec<Performing<S>> {
        self.change(|jobs| {
            let (kept, taken): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(jobs)
                .into_iter()
                .partition(|(_, job)| Some(job.claim.receipt.incarnation()) == incarnation);
            *jobs = kept;
            taken.into_values().collect()
        })
    }

    /// Ends the code of all jobs where it waits next; they stay on the roster until the fetcher looks.
    pub(crate) fn abort_all(&self) {
        for job in self.lock().values() {
            job.task.abort();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.busy.load(Ordering::Acquire)
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

/// The rosters of all capsules of a process.
pub(crate) struct Rosters<S>(pub(crate) Vec<Arc<Roster<S>>>);

impl<S> Rosters<S> {
    /// Ends the code of all jobs where it waits next; they stay on their rosters until the fetchers look.
    pub(crate) fn abort_all(&self) {
        self.0.iter().for_each(|roster| roster.abort_all());
    }

    /// Says in the log what each job is, where it came from, and since when it runs.
    pub(crate) fn dump(&self) {
        self.0.iter().for_each(|roster| roster.dump());
    }

    /// What a beat reports.
    pub(crate) fn report(&self) -> Vec<Running> {
        self.0.iter().flat_map(|roster| roster.report()).collect()
    }
}
