//! Wake-ups: this process's own moves, and what Redis says that others changed.
//!
//! A waiter reads what it is interested in on a connection that tracks reads, and is told of the next change to it.
//! Reading and arming are one step of Redis, so no change falls between them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, Value, aio::MultiplexedConnection};
use sancho_core::{Interest, Mark, Timestamp};
use tokio::sync::{OnceCell, watch};

use crate::reply;
use crate::script::Scripts;
use crate::wire::{keys, score};

/// Counts what happens to the keys that waiters wait for.
#[derive(Debug)]
struct Bell {
    rung: Mutex<Rung>,
    count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Rung {
    count: u64,
    /// The count at which each key last changed; the empty name stands for all of them.
    last: HashMap<String, u64>,
}

impl Bell {
    fn ring(&self, names: impl IntoIterator<Item = String>) {
        let mut rung = self.rung.lock().expect("nothing panics while it rings");
        let count = rung.count + 1;
        let before = rung.last.len();
        let mut any = false;
        for name in names {
            rung.last.insert(name, count);
            any = true;
        }
        debug_assert!(rung.last.len() >= before);
        if any {
            rung.count = count;
            self.count.send_replace(count);
        }
    }

    fn since(&self, names: &[String], after: Mark) -> bool {
        let rung = self.rung.lock().expect("nothing panics while it looks");
        let at = |name: &str| rung.last.get(name).is_some_and(|count| *count > after.0);
        at("") || names.iter().any(|name| at(name))
    }
}

/// Wakes those who wait.
#[derive(Debug)]
pub(crate) struct Wake {
    client: Client,
    bell: Arc<Bell>,
    tracking: OnceCell<MultiplexedConnection>,
    /// The lowest score that a promotion of this process saw last.
    known_due: Mutex<Option<Option<Timestamp>>>,
}

impl Wake {
    pub(crate) fn new(client: Client) -> Self {
        let bell = Bell { rung: Mutex::default(), count: watch::Sender::new(0) };
        Wake { client, bell: Arc::new(bell), tracking: OnceCell::new(), known_due: Mutex::default() }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark(*self.bell.count.borrow())
    }

    /// Says that this process changed these keys.
    pub(crate) fn ring(&self, names: impl IntoIterator<Item = String>) {
        self.bell.ring(names);
    }

    /// Says when a promotion saw that the next job is due.
    pub(crate) fn due_is_known(&self, due: Option<Timestamp>) {
        *self.known_due.lock().expect("nothing panics while it sets the time") = Some(due);
    }

    pub(crate) async fn wait(&self, scripts: &Scripts, interest: &Interest, after: Mark) {
        let mut names = names(interest);
        let mut changes = self.bell.count.subscribe();
        if self.bell.since(&names, after) || self.arm(scripts, interest).await {
            return;
        }
        if let Interest::Ready(_) = interest {
            names.push(keys::PAUSED.to_owned());
        }
        while !self.bell.since(&names, after) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Arms tracking; whether there is something already.
    async fn arm(&self, scripts: &Scripts, interest: &Interest) -> bool {
        // Without tracking the caller's own polling is what is left.
        let Ok(connection) = self.tracking.get_or_try_init(|| self.track()).await else { return false };
        let mut connection = connection.clone();
        let mut call = scripts.arm.prepare_invoke();
        let what = match interest {
            Interest::Ready(_) => "Q",
            Interest::Orders(_) => "O",
            _ => "D",
        };
        call.arg(what);
        if let Interest::Ready(queues) = interest {
            call.key(keys::PAUSED);
            for queue in queues {
                call.arg(queue.as_str());
            }
        }
        for name in names(interest) {
            call.key(name);
        }
        let Ok(answer) = call.invoke_async::<Value>(&mut connection).await else { return false };
        match interest {
            Interest::Due => {
                let lowest = score::read(&reply::text(answer));
                let known = *self.known_due.lock().expect("nothing panics while it reads the time");
                match (lowest, known) {
                    (None, _) => false,
                    (Some(_), None | Some(None)) => true,
                    (Some(lowest), Some(Some(known))) => lowest < known,
                }
            }
            _ => reply::int(answer) > 0,
        }
    }

    async fn track(&self) -> redis::RedisResult<MultiplexedConnection> {
        let bell = Arc::clone(&self.bell);
        let config = AsyncConnectionConfig::new().set_push_sender(move |push: PushInfo| {
            bell.ring(changed(push));
            Ok::<(), std::convert::Infallible>(())
        });
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        redis::cmd("CLIENT").arg("TRACKING").arg("ON").arg("NOLOOP").query_async::<()>(&mut connection).await?;
        Ok(connection)
    }
}

/// The keys that a waiter waits for.
fn names(interest: &Interest) -> Vec<String> {
    match interest {
        Interest::Ready(queues) => queues.iter().map(|queue| keys::queue(queue.as_str())).collect(),
        Interest::Orders(incarnation) => vec![keys::orders(incarnation)],
        _ => vec![keys::SCHEDULE.to_owned(), keys::RETRY.to_owned()],
    }
}

/// The keys that a push message names; a lost connection may have lost any.
fn changed(push: PushInfo) -> Vec<String> {
    match push.kind {
        PushKind::Invalidate => {
            push.data.into_iter().flat_map(reply::list).map(reply::text).filter(|name| !name.is_empty()).collect()
        }
        PushKind::Disconnection => vec![String::new()],
        _ => Vec::new(),
    }
}
