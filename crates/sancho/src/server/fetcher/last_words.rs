//! Jobs whose tries are over: they keep their slots until they have said their last words, and are settled then.

use std::sync::Arc;

use sancho_core::limits;

use super::Fetcher;
use crate::Runs;
use crate::registry::Entry;
use crate::server::ending::Ending;
use crate::server::last_words::{Last, speak};
use crate::server::performance::Performance;
use crate::server::roster::Performing;
use crate::server::slot::{LastReporter, Slot};

impl<S: Send + Sync + 'static> Fetcher<S> {
    /// Lets a job say its last words, on a task or a thread as its code ran.
    pub(super) fn hear_out(&mut self, performance: Arc<Performance>, entry: Arc<Entry<S>>, last: Last) {
        let number = performance.claim.receipt.number();
        let reporter = LastReporter { number, to: self.hand.reports.0.clone() };
        let Some(words) = speak(&entry, self.processor.context(&performance), &last) else {
            drop(reporter);
            return self.settle(&performance, Some(&entry), last);
        };
        let spoken = async move {
            words.await;
            drop(reporter);
        };
        let slot = match performance.runs {
            Runs::Async => Slot::Task(tokio::spawn(spoken).abort_handle()),
            Runs::Blocking => {
                let runtime = tokio::runtime::Handle::current();
                self.hand.blocking.give(move |_| runtime.block_on(spoken));
                Slot::Thread(Arc::clone(&performance))
            }
        };
        // Words that wait are dropped when their time is over; those that do not are settled a little later.
        let due = self.lease.uptime().saturating_add(limits::LAST_WORDS_FOR).saturating_add(limits::DROP_WITHIN);
        self.hand.deadlines.set(number, None, Some(due));
        let job =
            Performing { performance, entry: Some(entry), slot, ending: Ending::No, due: Some(due), last: Some(last) };
        self.roster.add(job);
    }

    /// A job has said its last words, or never will.
    pub(super) fn spoken(&mut self, number: u64) {
        if self.roster.change(number, |job| job.last.is_some()) == Some(true)
            && let Some(mut job) = self.roster.remove(number)
            && let Some(last) = job.last.take()
        {
            self.hand.deadlines.set(number, job.due, None);
            self.settle(&job.performance, job.entry.as_ref(), last);
        }
    }
}
