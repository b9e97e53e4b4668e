//! The capsules of a running server, together: what one process is told and asked is told and asked of each.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sancho_core::{CapsuleInfo, Invalid, QueueName, limits};
use tokio::sync::{Notify, mpsc};

use crate::server::capsule::live::{LiveCapsule, check_slots};
use crate::server::capsule::{CapsuleSettings, CapsuleStatus};
use crate::server::fetcher::Message;
use crate::server::settler::Pending;

/// What those share who deal with all capsules of a process.
#[derive(Debug)]
pub(crate) struct Capsules {
    all: Vec<Arc<LiveCapsule>>,
    fetchers: Vec<mpsc::UnboundedSender<Message>>,
    /// Rings when it is to be looked which queues there are.
    pub(crate) look: Notify,
    /// Rings when the next beat is not to wait: it has something to tell of them, or they have lost their claims.
    pub(crate) beat_soon: Notify,
    /// Held while several capsules are looked at and one is changed.
    tuning: Mutex<()>,
}

impl Capsules {
    /// The capsules, and where the fetcher of each hears what is said to it.
    pub(crate) fn new(settings: &[CapsuleSettings]) -> (Arc<Self>, Vec<mpsc::UnboundedReceiver<Message>>) {
        let all = settings.iter().map(|settings| Arc::new(LiveCapsule::new(settings))).collect();
        let (fetchers, messages) = settings.iter().map(|_| mpsc::unbounded_channel()).unzip();
        (
            Arc::new(Capsules { all, fetchers, look: Notify::new(), beat_soon: Notify::new(), tuning: Mutex::new(()) }),
            messages,
        )
    }

    pub(crate) fn all(&self) -> &[Arc<LiveCapsule>] {
        &self.all
    }

    /// Says something to the fetcher of each.
    pub(crate) fn tell(&self, message: impl Fn() -> Message) {
        for fetcher in &self.fetchers {
            // It may be gone already when the server is drained.
            _ = fetcher.send(message());
        }
    }

    /// Says something to all fetchers but one's own.
    pub(crate) fn tell_others(&self, own: usize, message: impl Fn() -> Message) {
        for (_, fetcher) in self.fetchers.iter().enumerate().filter(|(index, _)| *index != own) {
            _ = fetcher.send(message());
        }
    }

    /// Has the first fetcher that is there settle these: it keeps at it until the store has them.
    pub(crate) fn settle(&self, pending: Vec<Pending>) {
        let mut message = Message::Settle(pending);
        for fetcher in &self.fetchers {
            match fetcher.send(message) {
                Ok(()) => return,
                Err(mpsc::error::SendError(back)) => message = back,
            }
        }
    }

    /// Slots over all capsules.
    pub(crate) fn slots(&self) -> usize {
        self.all.iter().map(|capsule| capsule.slots()).sum()
    }

    /// The queues over all capsules, in order, none twice, and no more than a beat tells.
    pub(crate) fn queues(&self) -> Vec<QueueName> {
        let mut met = BTreeSet::new();
        let queues = self.all.iter().flat_map(|capsule| capsule.queues()).filter(|queue| met.insert(queue.clone()));
        queues.take(limits::QUEUES_TOLD_MAX).collect()
    }

    /// What a beat tells of each.
    pub(crate) fn infos(&self) -> Vec<CapsuleInfo> {
        self.all.iter().map(|capsule| capsule.info()).collect()
    }

    pub(crate) fn have_patterns(&self) -> bool {
        self.all.iter().any(|capsule| capsule.has_patterns())
    }

    pub(crate) fn statuses(&self) -> Vec<CapsuleStatus> {
        self.all.iter().map(|capsule| capsule.status()).collect()
    }

    /// The uptime at which the last of them had a good round; `None` before each had one.
    pub(crate) fn fetched_at(&self) -> Option<Duration> {
        let fetched: Option<Vec<Duration>> = self.all.iter().map(|capsule| capsule.fetched_at()).collect();
        fetched?.into_iter().min()
    }

    /// Classes that are not known, with the queues that they wait on.
    pub(crate) fn unknown(&self, uptime: Duration) -> Vec<(String, QueueName)> {
        let met: BTreeSet<_> = self.all.iter().flat_map(|capsule| capsule.unknown(uptime)).collect();
        met.into_iter().collect()
    }

    /// The queues that are left to processes of other programs.
    pub(crate) fn left_to_others(&self) -> Vec<QueueName> {
        let left: BTreeSet<_> = self.all.iter().flat_map(|capsule| capsule.left_to_others()).collect();
        left.into_iter().collect()
    }

    /// Hears which queues there are; whether that changes what any of them serves.
    pub(crate) fn discover(&self, known: &[QueueName]) -> bool {
        let mut changed = false;
        for capsule in self.all.iter().filter(|capsule| capsule.has_patterns()) {
            if capsule.discover(known) {
                tracing::info!(capsule = capsule.name, queues = ?capsule.queues(), "other queues are matched now");
                changed = true;
            }
        }
        if changed {
            self.tell(|| Message::LookUp);
        }
        changed
    }

    /// Gives a capsule so many slots, and has it serve these queues; what is not said stays as it is. All of it, or
    /// nothing on an error.
    ///
    /// # Errors
    /// No such capsule, or slots or queues that it or the process cannot have.
    pub(crate) fn tune(&self, name: &str, slots: Option<usize>, queues: Option<&[String]>) -> Result<(), Invalid> {
        let _tuning = self.tuning.lock().unwrap_or_else(PoisonError::into_inner);
        let capsule = self.find(name)?;
        if let Some(slots) = slots {
            check_slots(slots)?;
            check_all_slots(self.slots() - capsule.slots() + slots)?;
        }
        if let Some(queues) = queues {
            capsule.set_queues(queues)?;
        }
        if let Some(slots) = slots {
            capsule.set_slots(slots);
        }
        tracing::info!(capsule = name, ?slots, ?queues, "the capsule is tuned");
        self.look.notify_one();
        self.beat_soon.notify_one();
        self.tell(|| Message::LookUp);
        Ok(())
    }

    fn find(&self, name: &str) -> Result<&LiveCapsule, Invalid> {
        self.all.iter().find(|capsule| capsule.name == name).map(|capsule| &**capsule).ok_or_else(|| {
            let names: Vec<&str> = self.all.iter().map(|capsule| &*capsule.name).collect();
            Invalid::new(format!("there is no capsule {name:?}: there is {}", names.join(", ")))
        })
    }
}

/// Checks the slots of a process.
///
/// # Errors
/// [`Invalid`], when they are too many.
pub(crate) fn check_all_slots(slots: usize) -> Result<(), Invalid> {
    let most = limits::SLOTS_PER_PROCESS_MAX;
    if slots <= most {
        return Ok(());
    }
    Err(Invalid::new(format!(
        "a process has at most {most} slots over all its capsules, not {slots}: start another one"
    )))
}
