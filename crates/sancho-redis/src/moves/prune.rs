//! Bringing what is over down to its limits.
//!
//! Beside the dead set and the counters by day there are records that go out of date when other programs move our
//! jobs: when waiting jobs are due, and who holds a key. Each call sweeps a part of them and goes on from there at
//! the next.

use std::time::Duration;

use sancho_core::{Pruned, Retention, StoreResult, Timestamp, limits};

use crate::index::{Proof, Unproved};
use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::score;

/// How long after a job was due its entry is kept: what was due then has long been promoted, by us or by Ruby.
const DUE_KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// Entries of due times that one call removes: a few milliseconds of Redis.
const DUE_PER_SWEEP: usize = 10_000;

/// Entries of the keys' index that one call reads.
const KEYS_PER_SWEEP: usize = 100;

/// Jobs in queues that one call may read to prove keys: some ten milliseconds of Redis.
const QUEUED_PER_SWEEP: usize = 100_000;

/// Where the sweeps of this store object go on.
#[derive(Clone, Debug)]
pub(crate) struct Sweep {
    keys: String,
    classes: String,
}

impl Default for Sweep {
    fn default() -> Self {
        Sweep { keys: "0".to_owned(), classes: "0".to_owned() }
    }
}

impl RedisStore {
    pub(crate) async fn prune_all(&self, retention: &Retention, limit: usize, now: Timestamp) -> StoreResult<Pruned> {
        let sweep = self.inner.sweep.lock().expect("nothing panics while it copies the sweep").clone();
        let mut args = Args::new();
        let oldest_dead = now.before(retention.dead_kept_for);
        // A score may be older than the epoch, which ours never are: jobs that are kept for ever stay all the same.
        let too_old = if oldest_dead < Timestamp::EPOCH { "-inf".to_owned() } else { score::write(oldest_dead) };
        args.number(retention.dead_jobs_max).put(too_old).number(limit);
        args.number(now.before(retention.history_kept_for).unix_day());
        args.put(score::write(now.before(DUE_KEPT_FOR))).number(DUE_PER_SWEEP);
        args.put(&sweep.keys).put(&sweep.classes).number(KEYS_PER_SWEEP);
        args.number(now.before(limits::UNKNOWN_CLASS_FORGET).as_unix_micros()).number(QUEUED_PER_SWEEP);
        let answer = self.inner.connection.run("prune", &self.inner.scripts.prune, &args).await?;
        let mut flat = reply::list(answer).into_iter();
        let dead = usize::try_from(reply::int(reply::next(&mut flat))).unwrap_or(0);
        let next = Sweep { keys: reply::text(reply::next(&mut flat)), classes: reply::text(reply::next(&mut flat)) };
        let mut unproved = Vec::new();
        while let (Some(key), Some(jid)) = (flat.next(), flat.next()) {
            let (key, jid) = (reply::bytes(key).unwrap_or_default(), reply::bytes(jid).unwrap_or_default());
            unproved.push(Unproved { key, jid });
        }
        self.mend(&unproved).await?;
        *self.inner.sweep.lock().expect("nothing panics while it sets the sweep") = next;
        Ok(Pruned { dead })
    }

    /// Searches for the jobs of entries that could not be proved, and re-points these or drops them.
    async fn mend(&self, unproved: &[Unproved]) -> StoreResult<()> {
        if unproved.is_empty() {
            return Ok(());
        }
        let proofs = self.prove("prune", unproved).await?;
        let mut args = Args::new();
        Proof::put_all(&proofs, &mut args);
        self.inner.connection.run("prune", &self.inner.scripts.mend, &args).await.map(drop)
    }
}
