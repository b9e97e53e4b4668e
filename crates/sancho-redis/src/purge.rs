//! Leaving Sancho: what is in our own keys goes back to Sidekiq's, and then our keys go.
//!
//! Each step is one script, which does nothing while a server is alive. Jobs come home before any key is removed, and
//! a key with jobs in it is never removed: whenever it is cut short, every job is in a queue, in a set, or still where
//! it was, and the next purge goes on.

use redis::{Value, cmd};
use sancho_core::{ErrorKind, Payload, StoreError, StoreResult, Timestamp, Wire, limits};

use crate::checkup::some;
use crate::index::Names;
use crate::moves::promote::enqueued;
use crate::reply;
use crate::row::{cut, cut_held};
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::{keys, score};

const OP: &str = "purge";

/// How often all is gone through: what a server left that started and died meanwhile takes another time.
const PASSES_MAX: usize = 5;

/// What a purge would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToPurge {
    /// Jobs in the hands of processes whose leases have ended: they go back to the front of their queues.
    pub in_flight: u64,
    /// Jobs that are held: they go to the back of the queues that they name, or, unreadable, to the dead set.
    pub held: u64,
    /// Keys of jobs that are forgotten: another job may take each from then on.
    pub job_keys: u64,
    /// Checkpoints that are forgotten: their jobs start from the beginning.
    pub checkpoints: u64,
    /// Paused classes that are forgotten: their jobs are performed again.
    pub paused_classes: u64,
    /// Keys under `sancho:` that are removed in all.
    pub keys: u64,
    /// Those of them that this version does not know, sorted.
    pub strange: Vec<String>,
}

/// What a purge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purged {
    /// Jobs brought back to the front of their queues.
    pub in_flight: u64,
    /// Held jobs moved to the back of their queues.
    pub held: u64,
    /// Held jobs that could not be read, moved to the dead set as they were.
    pub buried: u64,
    /// Keys removed.
    pub keys: u64,
}

/// A claim of a process that is gone.
struct Left {
    since: Timestamp,
    holder: String,
    number: String,
}

impl RedisStore {
    /// What [`purge`](Self::purge) would do now. Nothing is written.
    ///
    /// # Errors
    /// `Unavailable`: a server is alive, that is, its lease has not ended by Redis' own clock; it is named.
    pub async fn to_purge(&self) -> StoreResult<ToPurge> {
        let now = self.redis_now().await?;
        let mut living = cmd("ZRANGEBYSCORE");
        living.arg(keys::LEASES).arg(now.as_unix_micros()).arg("+inf");
        let living = reply::list(self.inner.connection.ask(OP, &living).await?);
        refuse(living.into_iter().map(reply::text).collect())?;
        let (all, _) = self.own_keys(OP, usize::MAX).await?;
        Ok(ToPurge {
            in_flight: self.left_in_flight(&all).await?.len() as u64,
            held: self.size("ZCARD", keys::HELD).await?,
            job_keys: self.size("HLEN", keys::JOB_KEYS).await?,
            checkpoints: all.iter().filter(|key| key.starts_with(keys::KEPT_PREFIX)).count() as u64,
            paused_classes: self.size("SCARD", keys::PAUSED_CLASSES).await?,
            keys: all.len() as u64,
            strange: all.into_iter().filter(|key| !keys::is_ours(key)).collect(),
        })
    }

    /// Gives back to Sidekiq's keys the jobs that stand in our own, then removes every key under `sancho:`.
    ///
    /// Jobs in the hands of processes that are gone go back to the front of their queues, the one that started first
    /// in front; held jobs go to the back of the queues that they name, or to the dead set where they cannot be read.
    /// Keys of jobs, checkpoints and paused classes are forgotten. Nothing of Sidekiq's is touched besides.
    ///
    /// It is many steps, each atomic: no job is lost when it is cut short, and it may be repeated. Programs that push
    /// meanwhile make keys anew.
    ///
    /// # Errors
    /// `Unavailable`: a server is alive, that is, its lease has not ended by Redis' own clock; it is named, and nothing
    /// more happens.
    /// `Corrupt`: a key holds what it should not; it is named.
    pub async fn purge(&self) -> StoreResult<Purged> {
        let now = self.redis_now().await?;
        let (mut done, mut stay) = (Purged::default(), Vec::new());
        for _ in 0..PASSES_MAX {
            // Makes whoever is gone unknown, so that none comes back to claim or settle between two steps.
            self.purge_step(now, &Step::default(), &mut done).await?;
            self.bring_claims_home(now, &mut done).await?;
            self.bring_held_home(now, &mut done).await?;
            stay = Vec::new();
            for keys in self.own_keys(OP, usize::MAX).await?.0.chunks(limits::JOBS_PER_MOVE_MAX) {
                stay.extend(self.purge_step(now, &Step { keys, ..Step::default() }, &mut done).await?);
            }
            if stay.is_empty() {
                return Ok(done);
            }
        }
        let said = format!("what is in {} is no job: see what it is, and DEL the key", some(&stay));
        Err(StoreError::new(OP, ErrorKind::Corrupt, said))
    }

    async fn bring_claims_home(&self, now: Timestamp, done: &mut Purged) -> StoreResult<()> {
        let (all, _) = self.own_keys(OP, usize::MAX).await?;
        let mut left = self.left_in_flight(&all).await?;
        // Each goes in front of those before it: the one that started first is the last.
        left.reverse();
        for claims in left.chunks(limits::JOBS_PER_MOVE_MAX) {
            self.purge_step(now, &Step { claims, ..Step::default() }, done).await?;
        }
        Ok(())
    }

    /// The claims in the flights among these keys, the one that started first in front.
    async fn left_in_flight(&self, all: &[String]) -> StoreResult<Vec<Left>> {
        let mut left = Vec::new();
        for key in all {
            let Some(holder) = key.strip_prefix(keys::FLIGHT_PREFIX) else { continue };
            let mut flat = reply::list(self.ask_of("HGETALL", key).await?).into_iter();
            while let (Some(number), Some(value)) = (flat.next(), flat.next()) {
                let (number, value) = (reply::text(number), reply::bytes(value).unwrap_or_default());
                if value.iter().filter(|byte| **byte == b'\n').count() >= 2 && number != "next" {
                    left.push(Left { since: cut(&value).0, holder: holder.to_owned(), number });
                }
            }
        }
        left.sort_by_cached_key(|left| (left.since, left.number.parse::<u64>().unwrap_or(0)));
        Ok(left)
    }

    async fn bring_held_home(&self, now: Timestamp, done: &mut Purged) -> StoreResult<()> {
        let mut first = cmd("ZRANGE");
        first.arg(keys::HELD).arg(0).arg(limits::JOBS_PER_MOVE_MAX - 1);
        loop {
            let members = reply::list(self.inner.connection.ask(OP, &first).await?);
            let held: Vec<Vec<u8>> = members.into_iter().filter_map(reply::bytes).collect();
            if held.is_empty() {
                return Ok(());
            }
            self.purge_step(now, &Step { held: &held, ..Step::default() }, done).await?;
        }
    }

    /// One step; the keys that stay because jobs are in them.
    async fn purge_step(&self, now: Timestamp, step: &Step<'_>, done: &mut Purged) -> StoreResult<Vec<String>> {
        let answer = self.inner.connection.run(OP, &self.inner.scripts.purge, &step.args(now, self.inner.wire)).await?;
        let mut parts = reply::list(answer).into_iter();
        let first = reply::text(reply::next(&mut parts));
        if first == "L" {
            refuse(parts.by_ref().map(reply::text).collect())?;
        }
        let mut count = || u64::try_from(reply::int(reply::next(&mut parts))).unwrap_or(0);
        done.in_flight += first.parse::<u64>().unwrap_or(0);
        done.held += count();
        done.buried += count();
        done.keys += count();
        Ok(reply::list(reply::next(&mut parts)).into_iter().map(reply::text).collect())
    }

    /// The time of Redis, in which leases are.
    async fn redis_now(&self) -> StoreResult<Timestamp> {
        Ok(reply::time(self.inner.connection.ask(OP, &cmd("TIME")).await?))
    }

    async fn size(&self, command: &str, key: &str) -> StoreResult<u64> {
        Ok(u64::try_from(reply::int(self.ask_of(command, key).await?)).unwrap_or(0))
    }

    /// Reads a key; Redis' own words do not say which it was that held something else.
    async fn ask_of(&self, command: &str, key: &str) -> StoreResult<Value> {
        self.inner.connection.ask(OP, cmd(command).arg(key)).await.map_err(|error| match error.kind {
            ErrorKind::Corrupt => {
                let said = format!("{key} holds what it should not: {}; move it away", error.source);
                StoreError::new(OP, error.kind, said)
            }
            _ => error,
        })
    }
}

/// What one script does.
#[derive(Default)]
struct Step<'a> {
    claims: &'a [Left],
    held: &'a [Vec<u8>],
    keys: &'a [String],
}

impl Step<'_> {
    fn args(&self, now: Timestamp, wire: Wire) -> Args {
        let mut args = Args::new();
        args.number(self.claims.len());
        for left in self.claims {
            args.put(&left.holder).put(&left.number);
        }
        args.number(self.held.len());
        for member in self.held {
            let payload = Payload::from_bytes(cut_held(member).1);
            let names = Names::of(&payload);
            args.put(names.jid).put(names.key).put(member);
            match enqueued(&payload, now, wire) {
                Some((queue, payload)) => args.put("B").put(queue.as_str()).put("").put(payload.as_bytes()),
                None => args.put("D").put("").put(score::write(now)).put(payload.as_bytes()),
            };
        }
        args.number(self.keys.len());
        for key in self.keys {
            args.put(key);
        }
        args
    }
}

fn refuse(living: Vec<String>) -> StoreResult<()> {
    if living.is_empty() {
        return Ok(());
    }
    let lease = limits::LEASE.as_secs();
    let said = format!(
        "servers are alive and may hold jobs: {}; stop them, wait {lease} s where one was killed, and try again",
        some(&living)
    );
    Err(StoreError::new(OP, ErrorKind::Unavailable, said))
}
