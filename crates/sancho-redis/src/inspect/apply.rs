//! What people do to jobs: Rust proposes exact bytes and their place, a script takes exactly these.
//!
//! Where a job that holds a key was moved or rewritten by another program, taking it re-points or frees the key in the
//! same step. Of several jobs with the same unreadable bytes an action takes any one; and as a sorted set holds the
//! same bytes once, a second such job that is killed is lost there, as it is in Ruby.

use redis::Value;
use sancho_core::lifecycle::{Permitted, Refusal, is_there_already, permits};
use sancho_core::{
    Action, Applied, Cursor, Direction, ErrorKind, Jid, Payload, QueueName, Selection, Set, State, StoreError,
    StoreResult, Timestamp, Wire,
};

use super::page::Way;
use crate::index::{Names, Proof, Unproved};
use crate::listed::Place;
use crate::moves::promote::enqueued;
use crate::reply;
use crate::row::Seen;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::{keys, score};

/// Jobs that one script moves, in one or two milliseconds: others come in between.
const JOBS_PER_STEP: usize = 50;

/// Jobs of a queue that one script passes on its way to those that it moves, in two or three milliseconds.
const JOBS_PASSED_PER_STEP: usize = 25_000;

/// How often an action follows a job that moved while it was taken, and how often it proves the holder of a key.
const TRIES_MAX: usize = 4;

/// What was done to one job.
#[derive(Clone, Debug)]
enum Did {
    Done,
    Gone,
    Refused(Refusal),
}

/// Where a job goes, as what, and the way to it.
struct Going {
    way: Way,
    letter: &'static str,
    queue: QueueName,
    score: String,
    payload: Payload,
}

impl RedisStore {
    pub(super) async fn apply_to(
        &self,
        action: &Action,
        selection: &Selection,
        limit: usize,
        now: Timestamp,
    ) -> StoreResult<Applied> {
        match selection {
            Selection::Jid(_) | Selection::Key(_) => self.apply_to_one(action, selection, now).await,
            Selection::All { set, filter, after } => {
                let looked = self.look("apply", set, filter, Direction::Forward, after.as_ref(), limit).await?;
                let mut stays = vec![true; looked.marks.len()];
                let mut applied = Applied::default();
                let meant = |seen: &Seen| !is_there_already(seen.spot.state(), seen.row().at, action);
                let found: Vec<&(usize, Seen)> = looked.found.iter().filter(|(_, seen)| meant(seen)).collect();
                let seen: Vec<&Seen> = found.iter().map(|(_, seen)| seen).collect();
                let ways: Vec<Way> = match set {
                    Set::Queue(_) => found.iter().map(|(mark, _)| Way::to(&looked.marks[*mark])).collect(),
                    _ => vec![Way::default(); found.len()],
                };
                let all = self.act(action, &seen, &ways, now).await?;
                for ((mark, seen), did) in found.into_iter().zip(all) {
                    stays[*mark] = matches!(did, Did::Refused(_));
                    count(&mut applied, seen, did);
                }
                // What was moved away cannot say where to go on: the last one that stays does.
                let last = looked.marks.iter().zip(&stays).rev().find(|(_, stays)| **stays);
                let next = last.map(|(mark, _)| Cursor(mark.written())).or_else(|| after.clone());
                applied.next = looked.more.then(|| next.unwrap_or_else(|| Cursor(String::new())));
                Ok(applied)
            }
            _ => Err(StoreError::new("apply", ErrorKind::Unsupported, "this selection is not known here")),
        }
    }

    async fn apply_to_one(&self, action: &Action, selection: &Selection, now: Timestamp) -> StoreResult<Applied> {
        let mut applied = Applied::default();
        for _ in 0..TRIES_MAX {
            let seen = match selection {
                Selection::Key(key) => self.locate_key("apply", key.as_str()).await?,
                Selection::Jid(jid) => self.locate("apply", jid.as_str()).await?,
                _ => None,
            };
            let Some(seen) = seen else { break };
            // A job that moved between the look and the step is looked for again where it went.
            match self.act(action, &[&seen], &[Way::default()], now).await?.pop() {
                Some(Did::Gone) | None => continue,
                Some(did) => {
                    count(&mut applied, &seen, did);
                    break;
                }
            }
        }
        Ok(applied)
    }

    /// Does something to jobs where they were seen; one answer each. Redis finds each that is in a list by its way.
    async fn act(&self, action: &Action, seen: &[&Seen], ways: &[Way], now: Timestamp) -> StoreResult<Vec<Did>> {
        let mut answers = vec![Did::Gone; seen.len()];
        let mut going = Vec::new();
        for (index, seen) in seen.iter().enumerate() {
            match permits(seen.spot.state(), action) {
                Ok(permitted) => going.push((index, *seen, go(seen, ways[index], permitted, now, self.wire()))),
                Err(refusal) => answers[index] = Did::Refused(refusal),
            }
        }
        let mut rest = &going[..];
        while !rest.is_empty() {
            let (step, behind) = rest.split_at(step_length(rest.iter().map(|(.., going)| going.way.passed)));
            self.act_step(step, &mut answers).await?;
            rest = behind;
        }
        self.ring_at(going.iter().map(|(_, _, going)| going));
        // Whoever acts on one job looks next at what has become of it.
        if let ([(_, seen, going)], [Did::Done]) = (&going[..], &answers[..])
            && let Some(place) = going.place()
        {
            self.inner.listed.remember_at(&seen.row().jid, place);
        }
        Ok(answers)
    }

    async fn act_step(&self, step: &[(usize, &Seen, Going)], answers: &mut [Did]) -> StoreResult<()> {
        let mut step: Vec<&(usize, &Seen, Going)> = step.iter().collect();
        let mut proofs = Vec::new();
        for _ in 0..TRIES_MAX {
            let mut args = Args::new();
            Proof::put_all(&proofs, &mut args);
            args.number(step.len());
            for (_, seen, going) in &step {
                going.put(seen, &mut args);
            }
            let done = reply::list(self.inner.connection.run("apply", &self.inner.scripts.act, &args).await?);
            let (mut again, mut unproved) = (Vec::new(), Vec::new());
            for (job, answer) in step.into_iter().zip(done) {
                let (index, seen, _) = job;
                answers[*index] = match answer {
                    Value::Int(0) => Did::Gone,
                    Value::Int(_) => Did::Done,
                    Value::Array(jid) => {
                        let jid = reply::bytes(reply::next(&mut jid.into_iter())).unwrap_or_default();
                        let holder = String::from_utf8_lossy(&jid).into_owned();
                        unproved.push(Unproved { key: Names::of(&seen.payload).key.into_bytes(), jid });
                        again.push(job);
                        key_taken(holder)?
                    }
                    holder => key_taken(reply::text(holder))?,
                };
            }
            if again.is_empty() {
                break;
            }
            proofs = self.prove("apply", &unproved).await?;
            step = again;
        }
        Ok(())
    }

    fn ring_at<'a>(&self, going: impl Iterator<Item = &'a Going>) {
        let name = |going: &Going| match going.letter {
            "Q" => Some(keys::queue(going.queue.as_str())),
            "S" => Some(keys::SCHEDULE.to_owned()),
            "R" => Some(keys::RETRY.to_owned()),
            _ => None,
        };
        self.inner.wake.ring(going.filter_map(name).collect::<std::collections::BTreeSet<_>>());
    }
}

impl Going {
    /// Where the job is then, in a place without an index of ids.
    fn place(&self) -> Option<Place> {
        match self.letter {
            "Q" => Some(Place::in_queue(self.queue.as_str(), 0)),
            "D" => self.score.parse().ok().map(|score| Place::of_score('D', score)),
            _ => None,
        }
    }

    fn put(&self, seen: &Seen, args: &mut Args) {
        let names = Names::of(&seen.payload);
        args.put(names.jid).put(names.key).put(seen.spot.letter()).put(seen.spot.place()).put(seen.payload.as_bytes());
        args.put(if self.way.from_back { "1" } else { "-1" }).put(self.letter);
        args.put(if self.letter == "Q" { self.queue.as_str() } else { "" }).put(&self.score);
        args.put(self.payload.as_bytes());
    }
}

/// Jobs of the next step, at least one: so many that Redis passes no more than it may to find them.
fn step_length(passed: impl Iterator<Item = usize>) -> usize {
    let mut left = JOBS_PASSED_PER_STEP;
    let fits = |passed: &usize| {
        let fits = *passed <= left;
        left = left.saturating_sub(*passed);
        fits
    };
    passed.take(JOBS_PER_STEP).take_while(fits).count().max(1)
}

fn count(applied: &mut Applied, seen: &Seen, did: Did) {
    match did {
        Did::Done => applied.done += 1,
        Did::Gone => {}
        Did::Refused(refusal) => applied.refused.push((seen.row().jid, refusal)),
    }
}

/// Where a job goes. One that cannot be read goes as it is, to `default` if to a queue.
fn go(seen: &Seen, way: Way, permitted: Permitted, now: Timestamp, wire: Wire) -> Going {
    let row = seen.row();
    let (letter, at, (queue, payload)) = match permitted {
        Permitted::Remove => ("G", now, (row.queue, row.payload)),
        Permitted::Bury => ("D", now, (row.queue, row.payload)),
        Permitted::Enqueue => ("Q", now, enqueued(&seen.payload, now, wire).unwrap_or((row.queue, row.payload))),
        Permitted::Wait { at } if row.state == State::Retries => ("R", at, (row.queue, row.payload)),
        Permitted::Wait { at } => ("S", at, (row.queue, waiting(&seen.payload))),
    };
    Going { way, letter, queue, score: score::write(at), payload }
}

/// The payload of a job that waits in `schedule`, where Ruby keeps neither of its times; as it is where it has none.
fn waiting(payload: &Payload) -> Payload {
    let Ok(mut members) = payload.members() else { return payload.clone() };
    if members.get("at").is_none() && members.get("enqueued_at").is_none() {
        return payload.clone();
    }
    members.remove("at");
    members.remove("enqueued_at");
    members.to_payload()
}

fn key_taken(holder: String) -> StoreResult<Did> {
    let holder = Jid::new(holder).map_err(|error| StoreError::new("apply", ErrorKind::Corrupt, error))?;
    Ok(Did::Refused(Refusal::KeyTaken { holder }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_shorter_the_farther_its_jobs_are() {
        let length = |passed: usize| step_length(std::iter::repeat_n(passed, 1_000));
        assert_eq!(length(0), JOBS_PER_STEP);
        assert_eq!(length(JOBS_PASSED_PER_STEP / 10), 10);
        assert_eq!(length(usize::MAX), 1);
    }
}
