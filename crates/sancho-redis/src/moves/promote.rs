//! Bringing due jobs to their queues.
//!
//! Payloads are read and rewritten here; a script swaps each that is still where it was read.

use redis::cmd;
use sancho_core::{End, ErrorKind, Payload, Place, Promoted, QueueName, StoreError, StoreResult, Timestamp, Wire};

use crate::index::Names;
use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::{keys, score};

/// A waiting job as it was read.
struct Due {
    at: Timestamp,
    letter: &'static str,
    payload: Payload,
}

/// Pages of due jobs that one call reads, where jobs stay because the keys that they would go to are broken.
const PAGES_MAX: usize = 10;

/// How many due jobs of each set stay where they are, and are to be passed over.
#[derive(Clone, Copy, Debug, Default)]
struct Stayed {
    scheduled: usize,
    retries: usize,
}

/// What one step of a promotion did.
#[derive(Debug)]
struct Step {
    promoted: Promoted,
    stayed: Stayed,
    /// Why some stayed; empty where none did.
    broken: String,
}

impl RedisStore {
    /// Jobs behind others that cannot go where they should are moved all the same; what is wrong is said when nothing
    /// else was moved.
    pub(crate) async fn promote_due(&self, limit: usize, now: Timestamp) -> StoreResult<Promoted> {
        let (mut promoted, mut passed, mut wrong) = (Promoted::default(), Stayed::default(), None);
        for _ in 0..PAGES_MAX {
            let room = limit - promoted.moved - promoted.buried;
            let mut due = Vec::new();
            for (letter, set, from) in [("S", keys::SCHEDULE, passed.scheduled), ("R", keys::RETRY, passed.retries)] {
                match self.due(letter, set, (from, room), now).await {
                    // A set that is none holds no job, and keeps nobody from the other.
                    Err(error) if error.kind == ErrorKind::Corrupt => wrong = Some(error),
                    found => due.extend(found?),
                }
            }
            due.sort_by_key(|job| job.at);
            due.truncate(room);
            let step = self.promote_step(&due, now).await?;
            promoted.moved += step.promoted.moved;
            promoted.buried += step.promoted.buried;
            promoted.next_due = step.promoted.next_due;
            passed.scheduled += step.stayed.scheduled;
            passed.retries += step.stayed.retries;
            if step.broken.is_empty() {
                break;
            }
            wrong = Some(StoreError::new("promote", ErrorKind::Corrupt, step.broken));
        }
        match wrong {
            Some(error) if promoted.moved + promoted.buried == 0 => Err(error),
            _ => Ok(promoted),
        }
    }

    async fn promote_step(&self, due: &[Due], now: Timestamp) -> StoreResult<Step> {
        let (mut args, mut places) = (Args::new(), Vec::new());
        args.number(due.len());
        for job in due {
            let names = Names::of(&job.payload);
            args.put(names.jid).put(names.key).put(job.letter).put(job.payload.as_bytes());
            match enqueued(&job.payload, now, self.wire()) {
                Some((queue, payload)) => {
                    args.put("B").put(queue.as_str()).put("").put(payload.as_bytes());
                    places.push(Place::Queue { queue, end: End::Back });
                }
                None => _ = args.put("D").put("").put(score::write(now)).put(job.payload.as_bytes()),
            }
        }
        let answer = self.inner.connection.run("promote", &self.inner.scripts.promote, &args).await?;
        let mut parts = reply::list(answer).into_iter();
        let count = |part| usize::try_from(reply::int(part)).unwrap_or(0);
        let (moved, buried) = (count(reply::next(&mut parts)), count(reply::next(&mut parts)));
        let lowest = [reply::next(&mut parts), reply::next(&mut parts)];
        let next_due = lowest.into_iter().filter_map(|lowest| score::read(&reply::text(lowest))).min();
        let stayed = Stayed { scheduled: count(reply::next(&mut parts)), retries: count(reply::next(&mut parts)) };
        self.inner.wake.due_is_known(next_due);
        self.ring_for(places.iter());
        let broken = reply::text(reply::next(&mut parts));
        Ok(Step { promoted: Promoted { moved, buried, next_due }, stayed, broken })
    }

    /// Due jobs of a set: at most `limit` behind the first `from`.
    async fn due(
        &self,
        letter: &'static str,
        set: &str,
        (from, limit): (usize, usize),
        now: Timestamp,
    ) -> StoreResult<Vec<Due>> {
        let mut range = cmd("ZRANGEBYSCORE");
        range.arg(set).arg("-inf").arg(score::write(now)).arg("WITHSCORES").arg("LIMIT").arg(from).arg(limit);
        let pairs = reply::list(self.inner.connection.ask("promote", &range).await?);
        // RESP3 answers with pairs in lists of their own.
        let due = pairs.into_iter().map(|pair| {
            let mut pair = reply::list(pair).into_iter();
            let payload = Payload::from_bytes(reply::bytes(reply::next(&mut pair)).unwrap_or_default());
            let at = score::read(&reply::text(reply::next(&mut pair))).unwrap_or_default();
            Due { at, letter, payload }
        });
        Ok(due.collect())
    }
}

/// A waiting job's queue, and its payload as it comes there; `None` where it cannot go to any.
///
/// A payload without a queue goes to `default`, as it does with Sidekiq.
pub(crate) fn enqueued(payload: &Payload, now: Timestamp, wire: Wire) -> Option<(QueueName, Payload)> {
    let envelope = payload.envelope().ok()?;
    let mut members = payload.members().ok()?;
    let queue = match members.get("queue") {
        Some(_) => envelope.queue()?,
        None => {
            members.set("queue", QueueName::DEFAULT);
            QueueName::default()
        }
    };
    // Left in, a retry would send the job to be scheduled once more.
    members.remove("at");
    members.set_raw("enqueued_at", wire.time().write(now)).ok()?;
    Some((queue, members.to_payload()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_noon(text: &str) -> Option<(String, String)> {
        let payload = Payload::from_bytes(text.as_bytes());
        let (queue, payload) = enqueued(&payload, Timestamp::from_unix_millis(1_795_214_970_500), Wire::Any)?;
        Some((queue.to_string(), payload.to_text_lossy().into_owned()))
    }

    #[test]
    fn a_job_comes_to_its_queue_with_the_time_and_without_at() {
        let (queue, text) = at_noon(r#"{"class":"A","queue":"low","at":5.5,"args":[1.0]}"#).expect("it has a queue");
        assert_eq!(queue, "low");
        assert_eq!(text, r#"{"class":"A","queue":"low","args":[1.0],"enqueued_at":1795214970.5}"#);
    }

    #[test]
    fn a_job_without_a_queue_goes_to_the_default_one() {
        let (queue, text) = at_noon(r#"{"class":"A"}"#).expect("it goes somewhere");
        assert_eq!((queue.as_str(), text.contains(r#""queue":"default""#)), ("default", true));
    }

    #[test]
    fn what_cannot_go_anywhere_stays_as_it_is() {
        for text in ["{", "[]", r#"{"queue":"low"}"#, r#"{"class":"A","queue":""}"#, r#"{"class":"A","queue":null}"#] {
            assert_eq!(at_noon(text), None, "{text}");
        }
    }
}
