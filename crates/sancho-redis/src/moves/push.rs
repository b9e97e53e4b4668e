//! Adding jobs.

use std::collections::BTreeMap;

use redis::Value;
use sancho_core::{BoxFuture, End, ErrorKind, Jid, NewJob, Place, Pushed, StoreError, StoreResult, Timestamp, limits};

use super::push_straight::Straight;
use super::push_together::may_meet;
use crate::record;
use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::{keys, score};

/// How long a set of batches pushed within one minute is kept, in seconds: that minute, the one in which they are
/// still known, and one for clocks that differ.
const RECORD_SECONDS: u64 = 180;

const MINUTE_MICROS: i64 = 60_000_000;

impl RedisStore {
    pub(crate) async fn push_jobs(&self, jobs: &[NewJob], now: Timestamp) -> StoreResult<Vec<Pushed>> {
        if jobs.len() > limits::JOBS_PER_PUSH_MAX {
            return Err(StoreError::new("push", ErrorKind::Invalid, "too many jobs for one push: split the batch"));
        }
        let Some(first) = jobs.first() else { return Ok(Vec::new()) };
        if jobs.iter().any(takes_key) {
            return Box::pin(self.push_keyed(jobs, first, now)).await;
        }
        let added =
            if may_meet(jobs) { self.push_with_others(jobs, now).await? } else { self.push_alone(jobs, now).await? };
        Ok(vec![if added { Pushed::Added } else { Pushed::Repeated }; jobs.len()])
    }

    /// Pushes one batch without keys; whether it was added.
    ///
    /// On the heap, as all that a push of few jobs comes to only now and then: nearly all are carried, and moving the
    /// room for what they do not do would cost them more.
    pub(super) fn push_alone<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(async move { Ok(self.push_plain(&[jobs], now).await? == 1) })
    }

    /// Pushes batches without keys, none of them empty, all of one minute; what the script answers. Those who wait for
    /// jobs of this process are told when all were pushed.
    pub(super) async fn push_plain(&self, batches: &[&[NewJob]], now: Timestamp) -> StoreResult<i64> {
        let answer = self.push_somehow(batches, now).await?;
        if answer == 1 {
            self.ring_for(batches.iter().copied().flatten().map(|job| &job.place));
        }
        Ok(answer)
    }

    async fn push_somehow(&self, batches: &[&[NewJob]], now: Timestamp) -> StoreResult<i64> {
        if let Some(straight) = Straight::of(batches, now)
            && let Some(answer) = straight.push(self).await?
        {
            return Ok(answer);
        }
        let jobs = || batches.iter().copied().flatten();
        let count = jobs().count();
        let bytes: usize = jobs().map(|job| job.payload.as_bytes().len()).sum();
        let mut args = Args::with_capacity(count + 2 * batches.len() + 16, bytes + 32 * batches.len() + 256);
        let firsts = || batches.iter().filter_map(|jobs| jobs.first());
        put_records(&mut args, firsts(), now);
        args.number(batches.len());
        firsts().for_each(|first| _ = args.put(first.jid.as_str()));
        put_plain(&mut args, jobs(), batches.len() > 1, now);
        Ok(reply::int(self.inner.connection.run("push", &self.inner.scripts.push, &args).await?))
    }

    async fn push_keyed(&self, jobs: &[NewJob], first: &NewJob, now: Timestamp) -> StoreResult<Vec<Pushed>> {
        let mut args = Args::new();
        put_records(&mut args, std::iter::once(first), now);
        args.put(first.jid.as_str()).number(jobs.len());
        for job in jobs {
            record::new_job(&mut args, job, now);
        }
        let answer = self.run_proving("push", &self.inner.scripts.push_keyed, args).await?;
        if let Value::Int(0) = answer {
            return Ok(vec![Pushed::Repeated; jobs.len()]);
        }
        let answers = reply::list(answer).into_iter().skip(1).map(pushed).collect::<StoreResult<Vec<_>>>()?;
        let added = |answer: &Pushed| matches!(answer, Pushed::Added | Pushed::Replaced { .. });
        self.ring_for(jobs.iter().zip(&answers).filter(|(_, answer)| added(answer)).map(|(job, _)| &job.place));
        Ok(answers)
    }
}

/// Adds that by which batches are known again: the record of this minute, that of the minute before if one of them may
/// be there, and how long to keep the record.
pub(super) fn put_records<'a>(args: &mut Args, mut firsts: impl Iterator<Item = &'a NewJob>, now: Timestamp) {
    let minute = minute_of(now);
    args.put(keys::pushed(minute));
    if firsts.all(|first| made_within(minute, first)) {
        args.put("")
    } else {
        args.put(keys::pushed(minute - 1))
    };
    args.number(RECORD_SECONDS);
}

/// Minutes since the epoch.
pub(super) fn minute_of(time: Timestamp) -> i64 {
    time.as_unix_micros().div_euclid(MINUTE_MICROS)
}

/// Whether a job's id says that it was made in a minute: then no minute before knows it. Ids may run ahead of their
/// clock a little, so the first second of a minute does not count.
fn made_within(minute: i64, job: &NewJob) -> bool {
    let made_millis = job.jid.time_prefix().map(|prefix| prefix >> 16);
    made_millis.is_some_and(|millis| minute_of(Timestamp::from_unix_millis(millis - 1_000)) == minute)
}

fn takes_key(job: &NewJob) -> bool {
    job.key.is_some() && !matches!(job.place, Place::Gone | Place::Dead)
}

/// Adds jobs without keys, as the keys to check and whole writes. One write needs no check, unless it is for several
/// batches.
fn put_plain<'a>(args: &mut Args, jobs: impl Iterator<Item = &'a NewJob>, several: bool, now: Timestamp) {
    let mut queues: BTreeMap<&str, [Vec<&NewJob>; 2]> = BTreeMap::new();
    let mut waiting: BTreeMap<&str, Vec<(String, &NewJob)>> = BTreeMap::new();
    for job in jobs {
        match &job.place {
            Place::Gone => {}
            Place::Queue { queue, end } => {
                let ends = queues.entry(queue.as_str()).or_default();
                ends[usize::from(*end == End::Front)].push(job);
            }
            Place::Scheduled { at } => waiting.entry(keys::SCHEDULE).or_default().push((score::write(*at), job)),
            Place::Retries { at } => waiting.entry(keys::RETRY).or_default().push((score::write(*at), job)),
            Place::Dead => waiting.entry(keys::DEAD).or_default().push((score::write(now), job)),
            Place::Held { .. } => waiting.entry(keys::HELD).or_default().push((score::write(now), job)),
        }
    }
    let ends = queues.values().flatten().filter(|jobs| !jobs.is_empty()).count();
    let waits = waiting.keys().any(|set| [keys::SCHEDULE, keys::RETRY].contains(set));
    if several || ends + waiting.len() + usize::from(waits) > 1 {
        put_checks(args, queues.keys(), waiting.keys(), waits);
    } else {
        args.put("0");
    }
    if !queues.is_empty() {
        args.put("SADD").put(keys::QUEUES).number(queues.len());
        for queue in queues.keys() {
            args.put(queue);
        }
    }
    for (queue, [back, front]) in &queues {
        let key = keys::queue(queue);
        write(args, "LPUSH", &key, back.len());
        back.iter().for_each(|job| _ = args.put(job.payload.as_bytes()));
        // Of several put in front the first runs first, so it is put there last.
        write(args, "RPUSH", &key, front.len());
        front.iter().rev().for_each(|job| _ = args.put(job.payload.as_bytes()));
    }
    for (set, jobs) in &waiting {
        write(args, "ZADD", set, 2 * jobs.len());
        for (score, job) in jobs {
            args.put(score);
            match &job.place {
                Place::Held { reason } => {
                    args.put_parts(&[record::reason(reason).as_bytes(), b"\n", job.payload.as_bytes()])
                }
                _ => args.put(job.payload.as_bytes()),
            };
        }
        if [keys::SCHEDULE, keys::RETRY].contains(set) {
            write(args, "ZADD", keys::DUE, 2 * jobs.len());
            for (score, job) in jobs {
                args.put(score).put(job.jid.as_str());
            }
        }
    }
}

/// The keys that several writes are going to write to, with their types: all are right, or nothing is done.
fn put_checks<'a>(
    args: &mut Args,
    queues: impl ExactSizeIterator<Item = &'a &'a str>,
    sets: impl ExactSizeIterator<Item = &'a &'a str>,
    waits: bool,
) {
    args.number(1 + queues.len() + sets.len() + usize::from(waits));
    args.put("set").put(keys::QUEUES);
    queues.for_each(|queue| _ = args.put("list").put(keys::queue(queue)));
    sets.for_each(|set| _ = args.put("zset").put(set));
    if waits {
        args.put("zset").put(keys::DUE);
    }
}

/// Begins a write of so many values; of none, it is left out.
fn write(args: &mut Args, command: &str, key: &str, values: usize) {
    if values > 0 {
        args.put(command).put(key).number(values);
    }
}

/// One job's answer: A, R, or K, F and P with the jid of the key's holder and its letter.
fn pushed(answer: Value) -> StoreResult<Pushed> {
    let Value::Array(parts) = answer else {
        return Ok(if reply::text(answer) == "A" { Pushed::Added } else { Pushed::Repeated });
    };
    let mut parts = parts.into_iter().map(reply::text);
    let mut next = || parts.next().unwrap_or_default();
    let (answer, jid, letter) = (next(), next(), next());
    let holder = Jid::new(jid).map_err(|error| StoreError::new("push", ErrorKind::Corrupt, error))?;
    let state = record::state(&letter);
    Ok(match answer.as_str() {
        "K" => Pushed::Kept { holder, state },
        "F" => Pushed::Refused { holder, state },
        _ => Pushed::Replaced { holder },
    })
}
