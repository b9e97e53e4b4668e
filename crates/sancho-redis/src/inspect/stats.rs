//! Totals.

use sancho_core::{Stats, StoreResult, Timestamp};

use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;

impl RedisStore {
    pub(super) async fn totals(&self, now: Timestamp) -> StoreResult<Stats> {
        let mut args = Args::new();
        args.number(now.as_unix_micros());
        let totals = self.inner.connection.run("stats", &self.inner.scripts.stats, &args).await?;
        let mut totals = reply::list(totals).into_iter().map(|total| u64::try_from(reply::int(total)).unwrap_or(0));
        let mut next = || totals.next().unwrap_or(0);
        Ok(Stats {
            processed: next(),
            failed: next(),
            busy: next(),
            enqueued: next(),
            scheduled: next(),
            retries: next(),
            dead: next(),
            held: next(),
            processes: next(),
        })
    }
}
