//! The jobs in this process's hands that wait for something: what a beat reports, and what a stop cuts short.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sancho_core::{Incarnation, Jid, Receipt, Running};

use crate::registry::Entry;
use crate::server::ending::Ending;
use crate::server::performance::Performance;
use crate::server::slot::Slot;

/// A job that was begun and is not over.
pub(crate) struct Performing<S> {
    pub(crate) performance: Arc<Performance>,
    pub(crate) entry: Option<Arc<Entry<S>>>,
    pub(crate) slot: Slot,
    pub(crate) ending: Ending,
    /// The uptime at which the next step of its ending is due, if one is.
    pub(crate) due: Option<Duration>,
}

/// The jobs of a capsule that run, by the number of their claim. Only its fetcher adds and removes; others look.
pub(crate) struct Roster<S> {
    jobs: Mutex<BTreeMap<u64, Performing<S>>>,
    /// How many they are, for those who do not know the jobs' state.
    busy: Arc<AtomicUsize>,
    /// The job whose code the fetcher itself runs now: it is on the roster only once it has to wait.
    at_hand: Mutex<Option<Arc<Performance>>>,
}

impl<S> Roster<S> {
    /// A roster that counts its jobs in `busy`.
    pub(crate) fn new(busy: Arc<AtomicUsize>) -> Self {
        Roster { jobs: Mutex::new(BTreeMap::new()), busy, at_hand: Mutex::new(None) }
    }

    /// Changes who is on the roster, and counts anew.
    fn change_all<T>(&self, change: impl FnOnce(&mut BTreeMap<u64, Performing<S>>) -> T) -> T {
        let mut jobs = self.lock();
        let changed = change(&mut jobs);
        self.busy.store(jobs.len(), Ordering::Release);
        changed
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Performing<S>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, job: Performing<S>) {
        self.change_all(|jobs| _ = jobs.insert(job.performance.claim.receipt.number(), job));
    }

    /// Takes a job off the roster; `None` when it was cut short before.
    pub(crate) fn remove(&self, number: u64) -> Option<Performing<S>> {
        self.change_all(|jobs| jobs.remove(&number))
    }

    /// Changes what is known of a job, if it is on the roster.
    pub(crate) fn change<T>(&self, number: u64, change: impl FnOnce(&mut Performing<S>) -> T) -> Option<T> {
        self.lock().get_mut(&number).map(change)
    }

    /// Takes all jobs off, in the order that they were claimed.
    pub(crate) fn clear(&self) -> Vec<Performing<S>> {
        self.change_all(std::mem::take).into_values().collect()
    }

    /// Takes all jobs off but those that this incarnation holds.
    pub(crate) fn take_all_but(&self, incarnation: Option<&Incarnation>) -> Vec<Performing<S>> {
        self.change_all(|jobs| {
            let (kept, taken): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(jobs)
                .into_iter()
                .partition(|(_, job)| Some(job.performance.claim.receipt.incarnation()) == incarnation);
            *jobs = kept;
            taken.into_values().collect()
        })
    }

    /// Ends the code of all jobs where it waits next; they stay on the roster until the fetcher looks.
    pub(crate) fn let_all_go(&self) {
        for job in self.lock().values() {
            job.slot.let_go();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.busy.load(Ordering::Acquire)
    }

    /// The number of the claim of a job with this id.
    pub(crate) fn find(&self, jid: &Jid) -> Option<u64> {
        self.lock().iter().find(|(_, job)| job.performance.jid.as_ref() == Some(jid)).map(|(number, _)| *number)
    }

    /// The number of the claim with this receipt, if it is the same claim.
    pub(crate) fn find_receipt(&self, receipt: &Receipt) -> Option<u64> {
        let number = receipt.number();
        self.lock().get(&number).filter(|job| job.performance.claim.receipt == *receipt).map(|_| number)
    }

    /// The fetcher itself runs this job's code now, or none.
    pub(crate) fn take_at_hand(&self, performance: Option<&Arc<Performance>>) {
        *self.at_hand.lock().unwrap_or_else(PoisonError::into_inner) = performance.cloned();
    }

    /// What runs now, in the order in which it was claimed.
    pub(crate) fn performances(&self) -> Vec<Arc<Performance>> {
        let mut performances: Vec<_> = self.lock().values().map(|job| Arc::clone(&job.performance)).collect();
        performances.extend(self.at_hand.lock().unwrap_or_else(PoisonError::into_inner).clone());
        performances
    }

    /// What a beat reports.
    pub(crate) fn report(&self) -> Vec<Running> {
        let report = |job: &Performing<S>| Running {
            receipt: job.performance.claim.receipt.clone(),
            jid: job.performance.jid.clone(),
            since: job.performance.since,
        };
        self.lock().values().map(report).collect()
    }
}

/// The rosters of all capsules of a process.
pub(crate) struct Rosters<S>(pub(crate) Vec<Arc<Roster<S>>>);

impl<S> Rosters<S> {
    /// Ends the code of all jobs where it waits next; they stay on their rosters until the fetchers look.
    pub(crate) fn let_all_go(&self) {
        self.0.iter().for_each(|roster| roster.let_all_go());
    }

    /// What runs now, capsule by capsule, in the order in which it was claimed.
    pub(crate) fn performances(&self) -> Vec<Arc<Performance>> {
        self.0.iter().flat_map(|roster| roster.performances()).collect()
    }

    /// What a beat reports.
    pub(crate) fn report(&self) -> Vec<Running> {
        self.0.iter().flat_map(|roster| roster.report()).collect()
    }
}
