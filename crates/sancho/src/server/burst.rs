//! When a burst is over: nothing is ready in any capsule, and nothing runs that might make something ready.
//!
//! Capsules work side by side, and the job of one may push a job for another that has just found nothing. So whatever
//! happens moves a count on, and the burst is over when every capsule has found nothing since the count last moved.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sancho_core::{Claim, QueueName, limits};

use crate::server::capsules::Capsules;
use crate::server::fetcher::Message;
use crate::server::shutdown::Shutdown;

/// A burst, as all loops of its server see it.
#[derive(Debug)]
pub(crate) struct Burst {
    state: Mutex<State>,
    capsules: Arc<Capsules>,
    shutdown: Shutdown,
}

#[derive(Debug)]
struct State {
    /// How often something was claimed or settled.
    deeds: u64,
    /// Whether the jobs that were due at the start are in their queues.
    has_promoted: bool,
    /// After how many deeds it was last looked which queues there are.
    looked_after: Option<u64>,
    /// After how many deeds each capsule last found nothing.
    dry_after: Vec<Option<u64>>,
}

impl Burst {
    pub(crate) fn new(capsules: Arc<Capsules>, shutdown: Shutdown) -> Self {
        let dry_after = vec![None; capsules.all().len()];
        let state = State { deeds: 0, has_promoted: false, looked_after: None, dry_after };
        Burst { state: Mutex::new(state), capsules, shutdown }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn deeds(&self) -> u64 {
        self.state().deeds
    }

    /// Something was claimed or settled.
    pub(crate) fn moved(&self) {
        self.state().deeds += 1;
    }

    /// The jobs that were due at the start are in their queues.
    pub(crate) fn promoted(&self) {
        let mut state = self.state();
        state.has_promoted = true;
        state.deeds += 1;
        drop(state);
        self.capsules.tell(|| Message::LookUp);
    }

    /// It was looked which queues there are, after so many deeds; what changed, the capsules have heard.
    pub(crate) fn looked(&self, deeds: u64, changed: bool) {
        let mut state = self.state();
        state.looked_after = Some(deeds);
        state.deeds += u64::from(changed);
        self.end_if_over(&state);
    }

    /// A capsule has nothing in its hands, and found nothing when it asked after so many deeds. Whether it is to ask
    /// again at once.
    pub(crate) fn found_nothing(&self, capsule: usize, deeds: u64) -> bool {
        let mut state = self.state();
        if deeds != state.deeds {
            return true;
        }
        let before = state.dry_after[capsule].replace(deeds);
        if !self.end_if_over(&state) && before != Some(deeds) {
            // Others that found nothing before the last deed do not know of it.
            self.capsules.tell_others(capsule, || Message::LookUp);
        }
        false
    }

    fn end_if_over(&self, state: &State) -> bool {
        let dry = state.dry_after.iter().all(|after| *after == Some(state.deeds));
        if !dry || !state.has_promoted {
            return false;
        }
        if self.capsules.have_patterns() && state.looked_after != Some(state.deeds) {
            self.capsules.look.notify_one();
            return false;
        }
        self.shutdown.stop();
        true
    }
}

/// Which queues of a burst hold nothing but jobs of classes that are not known: such a job goes to the far end, and when
/// it comes again, all that was in the queue has been seen.
#[derive(Debug, Default)]
pub(crate) struct ComeRound {
    met: BTreeMap<QueueName, HashSet<u64>>,
    round: BTreeSet<QueueName>,
    has_worked: bool,
}

impl ComeRound {
    /// Whether a queue may have jobs that were not seen.
    pub(crate) fn allows(&self, queue: &QueueName) -> bool {
        !self.round.contains(queue)
    }

    /// A job of a class that is not known was met.
    pub(crate) fn met(&mut self, claim: &Claim) {
        let mut hasher = DefaultHasher::new();
        claim.payload.as_bytes().hash(&mut hasher);
        let met = self.met.entry(claim.queue.clone()).or_default();
        if !met.insert(hasher.finish()) || met.len() >= limits::JOBS_PER_SCAN_MAX {
            self.round.insert(claim.queue.clone());
        }
    }

    /// A job was performed, and may have pushed others.
    pub(crate) fn worked(&mut self) {
        self.has_worked = true;
    }

    /// Nothing is left to ask for. Whether queues are to be asked once more, because jobs were performed meanwhile.
    pub(crate) fn begin_anew(&mut self) -> bool {
        let worked = std::mem::take(&mut self.has_worked);
        let again = worked && !self.round.is_empty();
        if again {
            self.met.clear();
            self.round.clear();
        }
        again
    }
}
