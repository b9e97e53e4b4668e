//! A capsule of a running server: what it is told, which its fetcher follows, and what its fetcher tells of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sancho_core::{CapsuleInfo, Invalid, QueueName, limits};

use super::lineup::{Lined, Lineup};
use super::{Capsule, CapsuleStatus, QueueOrder};

/// A class that is not known is said to wait on its queue until it was not met there for this long: longer than any
/// queue is left alone for it.
const UNKNOWN_WAITS_FOR: Duration = Duration::from_secs(5 * 60);

/// A capsule as validated: what it begins with.
#[derive(Clone, Debug)]
pub(crate) struct CapsuleSettings {
    pub(crate) name: String,
    /// At least one, at most what one claim may bring.
    pub(crate) slots: usize,
    /// The order that somebody said.
    pub(crate) order: Option<QueueOrder>,
    pub(crate) lineup: Lineup,
}

impl CapsuleSettings {
    /// Checks a capsule.
    ///
    /// # Errors
    /// [`Invalid`], naming the setting and the fix.
    pub(crate) fn read(capsule: Capsule) -> Result<Self, Invalid> {
        let Capsule { name, slots, queues, order } = capsule;
        if name.is_empty() {
            return Err(Invalid::new("a capsule has no name: give it one, as in Capsule::new(\"imports\")"));
        }
        check_slots(slots)?;
        let lineup = Lineup::read(&queues, order)?;
        Ok(CapsuleSettings { name, slots, order, lineup })
    }
}

pub(crate) fn check_slots(slots: usize) -> Result<(), Invalid> {
    let most = limits::JOBS_PER_CLAIM_MAX;
    if (1..=most).contains(&slots) {
        return Ok(());
    }
    Err(Invalid::new(format!("a capsule has 1 to {most} slots, not {slots}")))
}

/// What all who deal with a capsule share.
#[derive(Debug)]
pub(crate) struct LiveCapsule {
    pub(crate) name: String,
    busy: Arc<AtomicUsize>,
    told: Mutex<Told>,
    seen: Mutex<Seen>,
}

/// What the capsule is told.
#[derive(Debug)]
struct Told {
    slots: usize,
    order: Option<QueueOrder>,
    lineup: Lineup,
    /// The queues that there are, as far as anybody looked.
    known: Vec<QueueName>,
    line: Arc<[Lined]>,
    /// How often the line has changed.
    changes: u64,
    is_overfull: bool,
}

impl Told {
    /// Lines the queues up anew; whether the line is another now.
    fn line_up(&mut self) -> bool {
        let (line, overfull) = self.lineup.expand(&self.known);
        if overfull && !self.is_overfull {
            tracing::warn!(
                most = limits::QUEUES_PER_CAPSULE_MAX,
                "more queues are matched than a capsule can serve: the first of them are; name fewer by a pattern, \
                 and the others in another capsule"
            );
        }
        self.is_overfull = overfull;
        let changed = line[..] != self.line[..];
        if changed {
            self.line = line.into();
            self.changes += 1;
        }
        changed
    }
}

/// What was seen of the capsule; times are uptimes.
#[derive(Debug, Default)]
struct Seen {
    fetched_at: Option<Duration>,
    unknown: BTreeMap<(String, QueueName), Duration>,
    left_to_others: BTreeSet<QueueName>,
}

impl LiveCapsule {
    pub(crate) fn new(settings: &CapsuleSettings) -> Self {
        let mut told = Told {
            slots: settings.slots,
            order: settings.order,
            lineup: settings.lineup.clone(),
            known: Vec::new(),
            line: Arc::new([]),
            changes: 0,
            is_overfull: false,
        };
        told.line_up();
        LiveCapsule {
            name: settings.name.clone(),
            busy: Arc::default(),
            told: Mutex::new(told),
            seen: Mutex::default(),
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the roster counts the jobs that run.
    pub(crate) fn busy(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.busy)
    }

    pub(crate) fn slots(&self) -> usize {
        self.told().slots
    }

    /// The order and the line, if it has changed more often than `changes`, which is then brought up to date.
    pub(crate) fn line_after(&self, changes: &mut u64) -> Option<(QueueOrder, Arc<[Lined]>)> {
        let told = self.told();
        if *changes == told.changes {
            return None;
        }
        *changes = told.changes;
        Some((told.lineup.order, Arc::clone(&told.line)))
    }

    /// The queues in line.
    pub(crate) fn queues(&self) -> Vec<QueueName> {
        self.told().line.iter().map(|lined| lined.queue.clone()).collect()
    }

    /// What a beat tells of it.
    pub(crate) fn info(&self) -> CapsuleInfo {
        let told = self.told();
        let (order, queues) = (told.lineup.order.word().to_owned(), told.lineup.texts.to_vec());
        CapsuleInfo { name: self.name.clone(), slots: told.slots, order, queues }
    }

    pub(crate) fn has_patterns(&self) -> bool {
        self.told().lineup.has_patterns()
    }

    pub(crate) fn set_slots(&self, slots: usize) {
        self.told().slots = slots;
    }

    /// Serves these queues from now on.
    ///
    /// # Errors
    /// [`Invalid`], naming the text and the fix.
    pub(crate) fn set_queues(&self, queues: &[String]) -> Result<(), Invalid> {
        if queues.is_empty() {
            return Err(Invalid::new("no queue is named: name one, or give the capsule fewer slots"));
        }
        let mut told = self.told();
        told.lineup = Lineup::read(queues, told.order)?;
        told.line_up();
        // The order may be another though the queues are the same.
        told.changes += 1;
        Ok(())
    }

    /// Hears which queues there are, sorted by name; whether that changes the line.
    pub(crate) fn discover(&self, known: &[QueueName]) -> bool {
        let mut told = self.told();
        known.clone_into(&mut told.known);
        told.line_up()
    }

    pub(crate) fn status(&self) -> CapsuleStatus {
        let (slots, queues) = (self.slots(), self.queues());
        CapsuleStatus { name: self.name.clone(), slots, busy: self.busy.load(Ordering::Acquire), queues }
    }

    /// A round of the fetcher went well.
    pub(crate) fn fetched(&self, uptime: Duration) {
        self.seen().fetched_at = Some(uptime);
    }

    pub(crate) fn fetched_at(&self) -> Option<Duration> {
        self.seen().fetched_at
    }

    /// A job of a class that is not known was met.
    pub(crate) fn met_unknown(&self, class: &str, queue: &QueueName, uptime: Duration) {
        let mut seen = self.seen();
        seen.unknown.retain(|_, met_at| uptime.saturating_sub(*met_at) < UNKNOWN_WAITS_FOR);
        if seen.unknown.len() < limits::UNKNOWN_CLASSES_TOLD_MAX {
            let class = class.chars().take(limits::CLASS_BYTES_MAX).collect();
            seen.unknown.insert((class, queue.clone()), uptime);
        }
    }

    /// Classes that are not known, with the queues that they wait on.
    pub(crate) fn unknown(&self, uptime: Duration) -> Vec<(String, QueueName)> {
        let waits = |met_at: &Duration| uptime.saturating_sub(*met_at) < UNKNOWN_WAITS_FOR;
        self.seen().unknown.iter().filter(|(_, met_at)| waits(met_at)).map(|(who, _)| who.clone()).collect()
    }

    pub(crate) fn leave_to_others(&self, queues: &BTreeSet<QueueName>) {
        self.seen().left_to_others.clone_from(queues);
    }

    pub(crate) fn left_to_others(&self) -> BTreeSet<QueueName> {
        self.seen().left_to_others.clone()
    }
}
