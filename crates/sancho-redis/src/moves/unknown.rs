//! When classes that a process does not know were first met.

use sancho_core::{QueueName, StoreResult, Timestamp, limits};

use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;

impl RedisStore {
    pub(crate) async fn meet(&self, met: &[(String, QueueName)], now: Timestamp) -> StoreResult<Vec<Timestamp>> {
        let mut args = Args::new();
        args.number(now.as_unix_micros()).number(limits::UNKNOWN_CLASS_FORGET.as_micros()).number(met.len());
        for (class, queue) in met {
            // No queue's name has a control character, so the first newline ends it.
            args.put_parts(&[queue.as_str().as_bytes(), b"\n", class.as_bytes()]);
        }
        let first = self.inner.connection.run("meet_unknown", &self.inner.scripts.meet, &args).await?;
        let read = |first| Timestamp::from_unix_micros(reply::int(first));
        Ok(reply::list(first).into_iter().map(read).collect())
    }
}
