//! Pausing queues, in the set that Sidekiq Pro keeps, and classes, in one of our own.

use redis::cmd;
use sancho_core::{ErrorKind, Pausable, StoreError, StoreResult};

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

    async fn pausing(&self, op: &'static str, command: &str, what: &Pausable) -> StoreResult<()> {
        let (key, name) = match what {
            Pausable::Queue(queue) => (keys::PAUSED, queue.as_str()),
            Pausable::Class(class) => (keys::PAUSED_CLASSES, class.as_str()),
            _ => return Err(StoreError::new(op, ErrorKind::Unsupported, "this cannot be paused on Redis")),
        };
        self.inner.connection.ask(op, cmd(command).arg(key).arg(name)).await.map(drop)
    }
}
