//! What a Redis can say about its health as a store of jobs.
//!
//! Everything is read, nothing is written. KEYS is never used; SCAN is bounded, and says when it was cut short.
//! Queues that nobody serves are not told here: that is true of any store, and asked of all in the same way.

mod ours;
mod server;

use redis::{Cmd, Value, cmd};
use sancho_core::checkup::unknown_classes;
use sancho_core::{ErrorKind, Finding, StoreResult, Timestamp};

use crate::store::RedisStore;

pub(crate) use ours::some;

impl RedisStore {
    /// As [`sancho_core::Inspect::checkup`].
    pub(crate) async fn check_up(&self, now: Timestamp) -> StoreResult<Vec<Finding>> {
        // The whole text of INFO, at once: what it says belongs together.
        let info = crate::reply::text(self.checked(&cmd("INFO")).await?);
        let mut found = server::findings(&info);
        found.push(server::clock(self.checked(&cmd("TIME")).await?, now));
        found.extend(self.wrong_types().await?);
        found.extend(self.gone_processes().await?);
        found.extend(self.ended_leases(now).await?);
        found.extend(self.strange_keys().await?);
        found.extend(self.not_known(now).await?);
        Ok(found)
    }

    async fn not_known(&self, now: Timestamp) -> StoreResult<Vec<Finding>> {
        match self.classes_not_known("checkup", now).await {
            Ok(classes) => Ok(unknown_classes(&classes, now)),
            // What stands there instead was told already.
            Err(error) if error.kind == ErrorKind::Corrupt => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn checked(&self, command: &Cmd) -> StoreResult<Value> {
        self.inner.connection.ask("checkup", command).await
    }
}
