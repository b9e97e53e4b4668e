//! Queues: what is known of each, and emptying one.

use std::time::Duration;

use redis::Value;
use sancho_core::inspect::Paused;
use sancho_core::{Action, Filter, Payload, QueueName, QueueRow, Selection, Set, StoreResult, Timestamp};

use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;

impl RedisStore {
    pub(super) async fn queue_rows(&self, now: Timestamp) -> StoreResult<Vec<QueueRow>> {
        let flat = self.inner.connection.run("queues", &self.inner.scripts.queues, &Args::new()).await?;
        let mut flat = reply::list(flat).into_iter();
        let mut rows = Vec::new();
        while let Some(name) = flat.next() {
            let size = u64::try_from(reply::int(reply::next(&mut flat))).unwrap_or(0);
            let first = reply::bytes(reply::next(&mut flat)).unwrap_or_default();
            let paused = if reply::next(&mut flat) == Value::Int(1) { Paused::Yes } else { Paused::No };
            // A name that no queue of Sancho's can have is another program's affair.
            if let Some(name) = reply::queue_name(name) {
                rows.push(QueueRow { name, size, latency: latency(first, now), paused });
            }
        }
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(rows)
    }

    /// Deletes from the front of a queue, at most `limit` jobs; a queue that is empty then is forgotten.
    pub(super) async fn clear_queue(&self, queue: &QueueName, limit: usize, now: Timestamp) -> StoreResult<usize> {
        let all = Selection::All { set: Set::Queue(queue.clone()), filter: Filter::all(), after: None };
        let mut done = 0;
        while done < limit {
            let applied = self.apply_to(&Action::Delete, &all, limit - done, now).await?;
            done += applied.done;
            // What was claimed meanwhile is gone without being done.
            if applied.next.is_none() || applied.done == 0 {
                break;
            }
        }
        let mut args = Args::new();
        args.put(queue.as_str());
        self.inner.connection.run("clear", &self.inner.scripts.forget, &args).await?;
        Ok(done)
    }
}

/// How long a queue's next job has waited, as Ruby tells it: since it was enqueued, else since it was created.
fn latency(first: Vec<u8>, now: Timestamp) -> Duration {
    let first = Payload::from_bytes(first);
    let envelope = first.envelope().ok();
    let since = envelope.and_then(|envelope| envelope.enqueued_at().or_else(|| envelope.created_at()));
    since.map_or(Duration::ZERO, |since| now.since(since))
}
