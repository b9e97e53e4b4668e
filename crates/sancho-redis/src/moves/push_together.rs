//! Pushes that meet: those that come while another is on its way are sent together when it returns.
//!
//! Most pushes are of one job, and a call of Redis costs far more than a job. So a push that finds none on its way is
//! sent at once, by its own caller; any other is carried, by a task that takes all that wait, sends them as one, and
//! goes on until none waits. Nothing waits for a clock.
//!
//! Nobody depends on another caller: a future that is dropped, or kept and not polled, holds no other push up, since
//! only the task carries others' pushes. Pushes of each runtime meet by themselves, as they have a socket by
//! themselves; when a runtime ends, what its task carried is answered with an unknown outcome.
//!
//! Each push keeps its own record, so it is known again whoever it was sent with. What cannot go together, because one
//! of them was pushed before or names a broken key, goes alone after all.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard};

use sancho_core::{ErrorKind, NewJob, Place, StoreError, StoreResult, Timestamp};
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

use super::push::minute_of;
use crate::store::RedisStore;

/// What one push may bring to meet others: more would hold them up, and gains nothing itself.
const PUSH_JOBS_MAX: usize = 50;
const PUSH_BYTES_MAX: usize = 64 * 1024;

/// What is sent together at most; the rest goes next.
const JOBS_MAX: usize = 1_000;
const BYTES_MAX: usize = 1024 * 1024;

/// The pushes of one store that may meet.
#[derive(Debug, Default)]
pub(crate) struct Together(Mutex<Vec<Lane>>);

/// One runtime's pushes; there while one is on its way.
#[derive(Debug)]
struct Lane {
    runtime: Id,
    /// How many are sent by their own callers just now.
    direct: usize,
    /// Those that wait for the task; `None` while there is no task.
    waiting: Option<VecDeque<Waiting>>,
}

/// A push that is carried by the task.
#[derive(Debug)]
struct Waiting {
    jobs: Vec<NewJob>,
    bytes: usize,
    now: Timestamp,
    caller: oneshot::Sender<Word>,
}

/// What a carried push is told.
#[derive(Debug)]
enum Word {
    /// It was sent; whether it was added.
    Sent(bool),
    /// Nothing was done: it has to be sent alone.
    GoAlone,
    Failed(ErrorKind, String),
}

/// How a push is sent.
enum Way<'a> {
    Direct(OnItsWay<'a>),
    Carried(oneshot::Receiver<Word>),
}

/// Whether a batch without keys may meet others: a small one that goes to queues only.
pub(super) fn may_meet(jobs: &[NewJob]) -> bool {
    jobs.len() <= PUSH_JOBS_MAX
        && bytes_of(jobs) <= PUSH_BYTES_MAX
        && jobs.iter().all(|job| matches!(job.place, Place::Queue { .. }))
}

fn bytes_of(jobs: &[NewJob]) -> usize {
    jobs.iter().map(|job| job.payload.as_bytes().len()).sum()
}

impl RedisStore {
    /// Pushes a batch that may meet others; whether it was added.
    pub(super) async fn push_with_others(&self, jobs: &[NewJob], now: Timestamp) -> StoreResult<bool> {
        let Ok(runtime) = Handle::try_current() else { return self.push_alone(jobs, now).await };
        let word = match self.way(&runtime, jobs, now) {
            Way::Direct(_on_its_way) => return self.push_alone(jobs, now).await,
            Way::Carried(word) => word.await,
        };
        match word {
            Ok(Word::Sent(added)) => Ok(added),
            Ok(Word::GoAlone) => self.push_alone(jobs, now).await,
            Ok(Word::Failed(kind, said)) => Err(StoreError::new("push", kind, said)),
            Err(_) => {
                let said = "the runtime ended before Redis had answered";
                Err(StoreError::new("push", ErrorKind::OutcomeUnknown, said))
            }
        }
    }

    /// Lets a push go by itself if it is the only one, else hands it to the task, which is begun where there is none.
    fn way(&self, runtime: &Handle, jobs: &[NewJob], now: Timestamp) -> Way<'_> {
        let together = &self.inner.together;
        let mut lanes = together.lanes();
        let Some(lane) = lanes.iter_mut().find(|lane| lane.runtime == runtime.id()) else {
            lanes.push(Lane { runtime: runtime.id(), direct: 1, waiting: None });
            return Way::Direct(OnItsWay { together, runtime: runtime.id() });
        };
        let (caller, word) = oneshot::channel();
        let runs = lane.waiting.is_some();
        let waiting = lane.waiting.get_or_insert_default();
        waiting.push_back(Waiting { jobs: jobs.to_vec(), bytes: bytes_of(jobs), now, caller });
        drop(lanes);
        if !runs {
            // Made before the task, so that a task that never runs tells those who wait for it, too.
            let carrier = Carrier { store: self.clone(), runtime: runtime.id(), rests: false };
            runtime.spawn(carrier.carry());
        }
        Way::Carried(word)
    }
}

impl Together {
    fn lanes(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }

    /// Changes a runtime's lane, and removes it when nothing is on its way any more.
    fn change<T>(&self, runtime: Id, change: impl FnOnce(&mut Lane) -> T) -> Option<T> {
        let mut lanes = self.lanes();
        let at = lanes.iter().position(|lane| lane.runtime == runtime)?;
        let changed = change(&mut lanes[at]);
        if lanes[at].direct == 0 && lanes[at].waiting.is_none() {
            lanes.swap_remove(at);
        }
        Some(changed)
    }
}

/// A push that its own caller sends.
struct OnItsWay<'a> {
    together: &'a Together,
    runtime: Id,
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        self.together.change(self.runtime, |lane| lane.direct -= 1);
    }
}

/// The task that carries pushes of one runtime.
struct Carrier {
    store: RedisStore,
    runtime: Id,
    /// Whether it has seen that none waits; another task may run from then on.
    rests: bool,
}

impl Carrier {
    async fn carry(mut self) {
        loop {
            let load = self.load();
            let Some(first) = load.first() else { return };
            let batches: Vec<&[NewJob]> = load.iter().map(|push| &push.jobs[..]).collect();
            let sent = self.store.push_plain(&batches, first.now).await;
            for push in load {
                let word = match &sent {
                    Ok(1) => Word::Sent(true),
                    Ok(0) => Word::Sent(false),
                    Ok(_) => Word::GoAlone,
                    Err(error) => Word::Failed(error.kind, error.source.to_string()),
                };
                // A caller who is gone wants no answer.
                _ = push.caller.send(word);
            }
            // Those who were told may push again at once: then they go together, and none of them first.
            tokio::task::yield_now().await;
        }
    }

    /// Those that go together next, in the order in which they came; none when none waits, and then the task is over.
    fn load(&mut self) -> Vec<Waiting> {
        let load = self.store.inner.together.change(self.runtime, |lane| {
            let load = lane.waiting.as_mut().map(take_load).unwrap_or_default();
            if load.is_empty() {
                lane.waiting = None;
            }
            load
        });
        let load = load.unwrap_or_default();
        self.rests = load.is_empty();
        load
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        if !self.rests {
            // Their callers learn of it by the loss of what would have told them.
            drop(self.store.inner.together.change(self.runtime, |lane| lane.waiting.take()));
        }
    }
}

/// Takes pushes from the front as long as they may go together: of one minute, of different names, and not too many.
fn take_load(waiting: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    waiting.retain(|push| !push.caller.is_closed());
    let Some(minute) = waiting.front().map(|push| minute_of(push.now)) else { return Vec::new() };
    let (mut jobs, mut bytes, mut names) = (0, 0, HashSet::new());
    let mut count = 0;
    for push in waiting.iter() {
        jobs += push.jobs.len();
        bytes += push.bytes;
        let fits = jobs <= JOBS_MAX && bytes <= BYTES_MAX && minute_of(push.now) == minute;
        if !fits || !push.jobs.first().is_some_and(|first| names.insert(first.jid.as_str())) {
            break;
        }
        count += 1;
    }
    waiting.drain(..count).collect()
}
