//! Adding jobs.

use std::collections::BTreeMap;

use redis::Value;
use sancho_core::{End, ErrorKind, Jid, NewJob, Place, Pushed, StoreError, StoreResult, Timestamp, limits};

use crate::record;
use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::{keys, score};

/// How long a set of batches pushed within one minute is kept, in seconds: that minute, the one in which they are
/// still known, and one for clocks that differ.
const RECORD_SECONDS: u64 = 180;

impl RedisStore {
    pub(crate) async fn push_jobs(&self, jobs: &[NewJob], now: Timestamp) -> StoreResult<Vec<Pushed>> {
        if jobs.len() > limits::JOBS_PER_PUSH_MAX {
            return Err(StoreError::new("push", ErrorKind::Invalid, "too many jobs for one push: split the batch"));
        }
        let Some(first) = jobs.first() else { return Ok(Vec::new()) };
        let answers = if jobs.iter().any(takes_key) {
            self.push_keyed(jobs, first, now).await?
        } else {
            let args = plain(jobs, first, now);
            let added = self.inner.connection.run("push", &self.inner.scripts.push, &args).await?;
            vec![if reply::int(added) == 1 { Pushed::Added } else { Pushed::Repeated }; jobs.len()]
        };
        let added = |answer: &Pushed| matches!(answer, Pushed::Added | Pushed::Replaced { .. });
        self.ring_for(jobs.iter().zip(&answers).filter(|(_, answer)| added(answer)).map(|(job, _)| &job.place));
        Ok(answers)
    }

    async fn push_keyed(&self, jobs: &[NewJob], first: &NewJob, now: Timestamp) -> StoreResult<Vec<Pushed>> {
        let mut args = record_of(first, now);
        args.number(jobs.len());
        for job in jobs {
            record::new_job(&mut args, job, now);
        }
        let answer = self.run_proving("push", &self.inner.scripts.push_keyed, args).await?;
        if let Value::Int(0) = answer {
            return Ok(vec![Pushed::Repeated; jobs.len()]);
        }
        reply::list(answer).into_iter().skip(1).map(pushed).collect()
    }
}

fn takes_key(job: &NewJob) -> bool {
    job.key.is_some() && !matches!(job.place, Place::Gone | Place::Dead)
}

/// The arguments by which a batch is known again.
fn record_of(first: &NewJob, now: Timestamp) -> Args {
    let minute = now.as_unix_micros().div_euclid(60_000_000);
    let mut args = Args::new();
    args.put(keys::pushed(minute)).put(keys::pushed(minute - 1)).put(first.jid.as_str()).number(RECORD_SECONDS);
    args
}

/// A batch without keys, as whole writes.
fn plain(jobs: &[NewJob], first: &NewJob, now: Timestamp) -> Args {
    let mut args = record_of(first, now);
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
    if !queues.is_empty() {
        args.put("SADD").put(keys::QUEUES).number(queues.len());
        for queue in queues.keys() {
            args.put(queue);
        }
    }
    for (queue, [back, front]) in &queues {
        let key = keys::queue(queue);
        write(&mut args, "LPUSH", &key, back.len());
        back.iter().for_each(|job| _ = args.put(job.payload.as_bytes()));
        // Of several put in front the first runs first, so it is put there last.
        write(&mut args, "RPUSH", &key, front.len());
        front.iter().rev().for_each(|job| _ = args.put(job.payload.as_bytes()));
    }
    for (set, jobs) in &waiting {
        write(&mut args, "ZADD", set, 2 * jobs.len());
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
            write(&mut args, "ZADD", keys::DUE, 2 * jobs.len());
            for (score, job) in jobs {
                args.put(score).put(job.jid.as_str());
            }
        }
    }
    args
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
