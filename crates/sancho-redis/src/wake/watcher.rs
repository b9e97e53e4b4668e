//! The task that watches Redis for those who wait.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::{PushInfo, PushKind, RedisResult, Value, cmd};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::look::{Look, Seen};
use super::wanted::Sight;
use super::{Shared, lock};
use crate::connection::{Failure, Link};
use crate::reply;
use crate::wire::keys;

/// The slow look beneath tracking: a lost message delays a job by no more than this.
const LOOK_EVERY: Duration = Duration::from_millis(1_500);

/// How often it looks where Redis tells nothing by itself.
const POLL_EVERY: Duration = Duration::from_millis(50);

/// The least time between two looks at what is due: others may schedule thousands of jobs a second, and hardly
/// one of them is earlier than all.
const DUE_EVERY: Duration = Duration::from_millis(20);

/// How long a look may take before its connection is given up.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits between two tries to connect: from the first, doubled up to the longest.
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LONGEST: Duration = Duration::from_secs(1);

/// How long the task and its connection stay after the last who waited: servers wait again at once, clients may
/// never.
const LINGER: Duration = Duration::from_secs(60);

/// Watches until nobody has waited for a while. Its end wakes everyone: whoever waits again begins another.
pub(super) async fn watch(shared: Arc<Shared>) {
    let _told = WakeAtEnd(Arc::clone(&shared));
    let mut retry = RETRY_FIRST;
    loop {
        let began = Instant::now();
        if let Ok(mut watch) = Watch::open(&shared).await
            && let Ended::NobodyWaits = watch.run().await
        {
            return;
        }
        // What happened meanwhile is not known: the next look tells, once there is a connection.
        shared.bell.ring_for_everyone();
        if began.elapsed() > RETRY_LONGEST {
            retry = RETRY_FIRST;
        }
        sleep(retry).await;
        retry = (retry * 2).min(RETRY_LONGEST);
    }
}

struct WakeAtEnd(Arc<Shared>);

impl Drop for WakeAtEnd {
    fn drop(&mut self) {
        // First: whoever is woken and waits again must find that nobody watches.
        self.0.watched.store(false, Ordering::SeqCst);
        self.0.bell.ring_for_everyone();
    }
}

enum Ended {
    Lost,
    NobodyWaits,
}

/// One connection's time.
struct Watch<'a> {
    shared: &'a Shared,
    link: Link,
    told: UnboundedReceiver<PushInfo>,
    every: Duration,
    /// Sights that Redis tells of when they change.
    armed: BTreeSet<Sight>,
    /// Paused queues: nothing in them matters until the set of paused queues changes.
    paused: BTreeSet<String>,
    due_looked_at: Option<Instant>,
}

impl<'a> Watch<'a> {
    async fn open(shared: &'a Shared) -> Result<Self, Failure> {
        let (push, told) = unbounded_channel();
        let link = shared.opener.open(Some(push)).await?;
        let mut tracking = cmd("CLIENT");
        tracking.arg("TRACKING").arg("ON").arg("NOLOOP");
        let on: RedisResult<Value> = tracking.query_async(&mut link.connection()).await;
        // Refused by a proxy, a user's rights, or a server that has no such thing.
        let every = if on.is_ok() { LOOK_EVERY } else { POLL_EVERY };
        let (armed, paused) = Default::default();
        Ok(Watch { shared, link, told, every, armed, paused, due_looked_at: None })
    }

    async fn run(&mut self) -> Ended {
        let mut next_full_look = Instant::now() + self.every;
        let mut last_wanted = Instant::now();
        loop {
            let wanted = self.shared.wanted.now();
            if !wanted.is_empty() {
                last_wanted = Instant::now();
            } else if last_wanted.elapsed() > LINGER {
                return Ended::NobodyWaits;
            }
            let full = Instant::now() >= next_full_look;
            if full {
                next_full_look = Instant::now() + self.every;
                self.armed.clear();
                self.paused.clear();
            }
            let (sights, due_at) = self.unarmed(wanted);
            if !sights.is_empty() && !self.look(sights).await {
                return Ended::Lost;
            }
            let wake_at = due_at.unwrap_or(next_full_look).min(next_full_look);
            tokio::select! {
                told = self.told.recv() => match told {
                    Some(told) => {
                        if self.heed(told) {
                            return Ended::Lost;
                        }
                    }
                    None => return Ended::Lost,
                },
                () = self.shared.wanted.more.notified() => {}
                () = sleep_until(wake_at) => {}
            }
            // Everything that has come is looked at together.
            while let Ok(told) = self.told.try_recv() {
                if self.heed(told) {
                    return Ended::Lost;
                }
            }
        }
    }

    /// What is wanted and not armed; and when what is due may be looked at, if that is not yet.
    fn unarmed(&self, wanted: Vec<Sight>) -> (Vec<Sight>, Option<Instant>) {
        let mut due_at = None;
        let mut sights = Vec::new();
        for sight in wanted {
            let silent = match &sight {
                Sight::Queue(queue) => self.paused.contains(queue),
                Sight::Due => {
                    let at = self.due_looked_at.map(|at| at + DUE_EVERY).filter(|at| *at > Instant::now());
                    due_at = at.filter(|_| !self.armed.contains(&sight));
                    at.is_some()
                }
                Sight::Orders(_) => false,
            };
            if !silent && !self.armed.contains(&sight) {
                sights.push(sight);
            }
        }
        (sights, due_at)
    }

    /// Looks, and rings for what is there; whether the connection holds.
    async fn look(&mut self, sights: Vec<Sight>) -> bool {
        if sights.contains(&Sight::Due) {
            self.due_looked_at = Some(Instant::now());
        }
        // Armed before it is asked: word of a change behind this look must disarm what this look armed.
        self.armed.extend(sights.iter().cloned());
        let look = Look::at(sights);
        let mut connection = self.link.connection();
        let commands = look.commands();
        let replies = commands.query_async::<Vec<RedisResult<Value>>>(&mut connection);
        let Ok(Ok(replies)) = timeout(LOOK_TIMEOUT, replies).await else { return false };
        // A server that is loading, or lost its rights, says so to each read alike.
        if !replies.is_empty() && replies.iter().all(RedisResult::is_err) {
            return false;
        }
        let seen = look.read(replies);
        self.shared.bell.ring(self.worth_waking(&seen));
        self.paused.extend(seen.paused);
        true
    }

    /// The names to ring for.
    fn worth_waking(&self, seen: &Seen) -> Vec<String> {
        let ready = seen.ready.iter().map(|queue: &String| keys::queue(queue));
        let ordered = seen.ordered.iter().map(keys::orders);
        let mut names: Vec<String> = ready.chain(ordered).collect();
        if let Some(Some(due)) = seen.due {
            let known = *lock(&self.shared.known_due);
            if known.is_none_or(|known| known.is_none_or(|known| due < known)) {
                names.push(keys::SCHEDULE.to_owned());
            }
        }
        names
    }

    /// Heeds what Redis says unasked; whether that is the end.
    fn heed(&mut self, told: PushInfo) -> bool {
        match told.kind {
            PushKind::Disconnection => return true,
            PushKind::Invalidate => {
                let mut keys = told.data.into_iter().flat_map(reply::list).map(reply::text).peekable();
                if keys.peek().is_none() {
                    // The whole database was flushed.
                    self.armed.clear();
                    self.paused.clear();
                }
                for key in keys {
                    match Sight::of_key(&key) {
                        Some(sight) => _ = self.armed.remove(&sight),
                        // Which queues are paused has changed: none of them can be told to be as it was.
                        None => {
                            self.armed.retain(|sight| !matches!(sight, Sight::Queue(_)));
                            self.paused.clear();
                        }
                    }
                }
            }
            _ => {}
        }
        false
    }
}
