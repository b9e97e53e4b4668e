//! Pausing queues, in the set that Sidekiq Pro keeps, and classes, in one of our own.

use redis::cmd;
use sancho_core::{ErrorKind, Pausable, QueueName, StoreError, StoreResult};

use crate::reply;
use crate::store::RedisStore;
use crate::wire::keys;

impl RedisStore {
    pub(super) async fn pause_it(&self, what: &Pausable) -> StoreResult<()> {
        self.pausing("pause", "SADD", what).await
    }

    pub(super) async fn resume_it(&self, what: &Pausable) -> StoreResult<()> {
        self.pausing("resume", "SREM", what).await?;
        if let Pausable::Queue(queue) = what {
            self.inner.wake.ring([keys::queue(queue.as_str())]);
        }
        Ok(())
    }

    /// What is paused. A set that is none pauses nothing; a checkup tells of it.
    pub(super) async fn all_paused(&self) -> StoreResult<Vec<Pausable>> {
        let mut paused: Vec<Pausable> = Vec::new();
        let queues = self.paused_in(keys::PAUSED).await?;
        paused.extend(queues.into_iter().filter_map(|name| QueueName::new(name).ok()).map(Pausable::Queue));
        paused.extend(self.paused_in(keys::PAUSED_CLASSES).await?.into_iter().map(Pausable::Class));
        paused.sort();
        Ok(paused)
    }

    async fn paused_in(&self, key: &str) -> StoreResult<Vec<String>> {
        match self.inner.connection.ask("paused", cmd("SMEMBERS").arg(key)).await {
            Err(error) if error.kind == ErrorKind::Corrupt => Ok(Vec::new()),
            answer => Ok(reply::list(answer?).into_iter().map(reply::text).collect()),
        }
    }

    async fn pausing(&self, op: &'static str, command: &str, what: &Pausable) -> StoreResult<()> {
        let (key, name) = match what {
            Pausable::Queue(queue) => (keys::PAUSED, queue.as_str()),
            Pausable::Class(class) => (keys::PAUSED_CLASSES, class.as_str()),
            _ => return Err(StoreError::new(op, ErrorKind::Unsupported, "this cannot be paused on Redis")),
        };
        self.inner.connection.ask(op, cmd(command).arg(key).arg(name)).await.map(drop)
    }
}
