//! When classes that a process does not know were first met.

use sancho_core::{QueueName, StoreResult, Timestamp, limits};

use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::met;

impl RedisStore {
    pub(crate) async fn meet(&self, classes: &[(String, QueueName)], now: Timestamp) -> StoreResult<Vec<Timestamp>> {
        let mut args = Args::new();
        args.number(now.as_unix_micros()).number(limits::UNKNOWN_CLASS_FORGET.as_micros()).number(classes.len());
        for (class, queue) in classes {
            args.put_parts(&met::field(class, queue));
        }
        let first = self.inner.connection.run("meet_unknown", &self.inner.scripts.meet, &args).await?;
        let read = |first| Timestamp::from_unix_micros(reply::int(first));
        Ok(reply::list(first).into_iter().map(read).collect())
    }
}
