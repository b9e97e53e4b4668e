//! One look at what is waited for: plain reads in one round trip, each of which arms tracking for its own key.
//!
//! A script would not do: Redis 7.0 tracks the keys that a script declares, newer ones those that it reads.

use std::collections::BTreeSet;

use redis::{Pipeline, RedisResult, Value, cmd, pipe};
use sancho_core::{Incarnation, Timestamp};

use super::wanted::Sight;
use crate::reply;
use crate::wire::{keys, score, signal};

/// What is read, in order.
#[derive(Debug)]
pub(super) struct Look {
    sights: Vec<Sight>,
}

/// What was seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Queues that have jobs and are not paused.
    pub(super) ready: Vec<String>,
    /// Queues that are paused.
    pub(super) paused: BTreeSet<String>,
    /// Incarnations that have orders.
    pub(super) ordered: Vec<Incarnation>,
    /// The earliest time of a job that waits, where that was looked at; `None` within if none waits.
    pub(super) due: Option<Option<Timestamp>>,
}

impl Look {
    pub(super) fn at(sights: Vec<Sight>) -> Self {
        Look { sights }
    }

    pub(super) fn commands(&self) -> Pipeline {
        let mut reads = pipe();
        reads.ignore_errors();
        if self.sights.iter().any(|sight| matches!(sight, Sight::Queue(_))) {
            reads.cmd("SMEMBERS").arg(keys::PAUSED);
        }
        for sight in &self.sights {
            match sight {
                Sight::Queue(queue) => _ = reads.cmd("LLEN").arg(keys::queue(queue)),
                Sight::Due => {
                    for set in [keys::SCHEDULE, keys::RETRY] {
                        reads.add_command(lowest(set));
                    }
                }
                Sight::Orders(name) => {
                    reads.cmd("LLEN").arg(keys::orders(name)).cmd("LLEN").arg(signal::signals(name.as_str()));
                }
            }
        }
        reads
    }

    /// Reads the replies. A key of the wrong type has nothing to see: the move that meets it says so.
    pub(super) fn read(&self, replies: Vec<RedisResult<Value>>) -> Seen {
        let mut replies = replies.into_iter().map(|reply| reply.unwrap_or(Value::Nil));
        let mut seen = Seen::default();
        if self.sights.iter().any(|sight| matches!(sight, Sight::Queue(_))) {
            seen.paused = reply::list(reply::next(&mut replies)).into_iter().map(reply::text).collect();
        }
        for sight in &self.sights {
            match sight {
                Sight::Queue(queue) => {
                    if reply::int(reply::next(&mut replies)) > 0 && !seen.paused.contains(queue) {
                        seen.ready.push(queue.clone());
                    }
                }
                Sight::Due => {
                    let times = [reply::next(&mut replies), reply::next(&mut replies)].map(time_of);
                    seen.due = Some(times.into_iter().flatten().min());
                }
                Sight::Orders(name) => {
                    let counts = [reply::next(&mut replies), reply::next(&mut replies)].map(reply::int);
                    if counts.iter().any(|count| *count > 0) {
                        seen.ordered.push(name.clone());
                    }
                }
            }
        }
        seen
    }
}

fn lowest(set: &str) -> redis::Cmd {
    let mut range = cmd("ZRANGE");
    range.arg(set).arg(0).arg(0).arg("WITHSCORES");
    range
}

/// The score of the one member in the answer, if there is one: in a pair of its own, or behind it.
fn time_of(answer: Value) -> Option<Timestamp> {
    let last = reply::list(answer).pop()?;
    let score = match last {
        Value::Array(pair) => pair.into_iter().next_back()?,
        score => score,
    };
    score::read(&reply::text(score))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_in_the_order_of_the_sights() {
        let sights =
            vec![Sight::Queue("a".into()), Sight::Queue("b".into()), Sight::Due, Sight::Orders(Incarnation::new("p"))];
        let look = Look::at(sights);
        assert_eq!(look.commands().len(), 1 + 2 + 2 + 2);
        let text = |text: &str| Value::BulkString(text.into());
        let pair = Value::Array(vec![Value::Array(vec![text("job"), Value::Double(5.0)])]);
        let replies = vec![
            Value::Set(vec![text("b")]),
            Value::Int(3),
            Value::Int(4),
            Value::Array(vec![]),
            pair,
            Value::Int(0),
            Value::Int(1),
        ];
        let seen = look.read(replies.into_iter().map(Ok).collect());
        assert_eq!(seen.ready, ["a"]);
        assert_eq!(seen.paused, BTreeSet::from(["b".to_owned()]));
        assert_eq!(seen.ordered, [Incarnation::new("p")]);
        assert_eq!(seen.due, Some(score::read("5")));
    }
}
