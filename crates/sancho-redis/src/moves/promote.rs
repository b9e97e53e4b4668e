//! Bringing due jobs to their queues.
//!
//! Payloads are read and rewritten here; a script swaps each that is still where it was read.

use redis::cmd;
use sancho_core::{End, Payload, Place, Promoted, QueueName, StoreResult, Timestamp, Wire};

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

impl RedisStore {
    pub(crate) async fn promote_due(&self, limit: usize, now: Timestamp) -> StoreResult<Promoted> {
        let mut due = self.due("S", keys::SCHEDULE, limit, now).await?;
        due.extend(self.due("R", keys::RETRY, limit, now).await?);
        due.sort_by_key(|job| job.at);
        due.truncate(limit);
        let (mut args, mut places) = (Args::new(), Vec::new());
        args.number(due.len());
        for job in &due {
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
        let mut count = || usize::try_from(reply::int(reply::next(&mut parts))).unwrap_or(0);
        let (moved, buried) = (count(), count());
        let next_due = parts.filter_map(|lowest| score::read(&reply::text(lowest))).min();
        self.inner.wake.due_is_known(next_due);
        self.ring_for(places.iter());
        Ok(Promoted { moved, buried, next_due })
    }

    async fn due(&self, letter: &'static str, set: &str, limit: usize, now: Timestamp) -> StoreResult<Vec<Due>> {
        let mut range = cmd("ZRANGEBYSCORE");
        range.arg(set).arg("-inf").arg(score::write(now)).arg("WITHSCORES").arg("LIMIT").arg(0).arg(limit);
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
