//! Searching everything for jobs by their ids, a bounded step at a time.

use std::collections::{HashMap, HashSet};

use redis::{Value, cmd};
use sancho_core::{ErrorKind, Store, StoreResult};

use crate::reply;
use crate::row::{Seen, is_made};
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::keys;

/// Jobs that one step reads: some hundred kilobytes, and less than a millisecond of Redis.
pub(super) const JOBS_PER_STEP: usize = 500;

/// A job that is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Needle {
    /// Its id, as its row shows it.
    pub(crate) jid: String,
    /// A text that stands in every payload with this jid; empty where there is none.
    pub(crate) text: String,
}

impl Needle {
    pub(crate) fn jid(jid: &str) -> Self {
        // A made id stands nowhere; and where JSON can spell an id in several ways, no one text is in all of them.
        let plain = jid.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'/'));
        let text = if plain && !is_made(jid) { jid.to_owned() } else { String::new() };
        Needle { jid: jid.to_owned(), text }
    }
}

/// What is still looked for, and what was found.
struct Hunt {
    texts: Vec<String>,
    missing: HashSet<String>,
    found: HashMap<String, Seen>,
}

impl Hunt {
    fn new(needles: &[Needle]) -> Self {
        let texts = match needles.iter().any(|needle| needle.text.is_empty()) {
            true => Vec::new(),
            false => needles.iter().map(|needle| needle.text.clone()).collect(),
        };
        let missing = needles.iter().map(|needle| needle.jid.clone()).collect();
        Hunt { texts, missing, found: HashMap::new() }
    }

    fn is_over(&self) -> bool {
        self.missing.is_empty()
    }

    fn meet(&mut self, seen: Seen) {
        let jid = seen.row().jid;
        if self.missing.remove(jid.as_str()) {
            self.found.insert(jid.as_str().to_owned(), seen);
        }
    }
}

impl RedisStore {
    /// Every job that is looked for and found: by its jid.
    ///
    /// The places are read in the order in which jobs go through them, so that one that moves meanwhile is met
    /// further on.
    pub(crate) async fn search(&self, op: &'static str, needles: &[Needle]) -> StoreResult<HashMap<String, Seen>> {
        let mut hunt = Hunt::new(needles);
        for (letter, key) in [('S', keys::SCHEDULE), ('R', keys::RETRY), ('H', keys::HELD)] {
            self.search_set(op, letter, key, &mut hunt).await?;
        }
        if !hunt.is_over() {
            for queue in self.queue_names().await? {
                self.search_queue(op, queue.as_str(), &mut hunt).await?;
            }
        }
        if !hunt.is_over() {
            self.in_flight(op).await?.into_iter().for_each(|seen| hunt.meet(seen));
        }
        self.search_set(op, 'D', keys::DEAD, &mut hunt).await?;
        Ok(hunt.found)
    }

    /// Every job in flight.
    pub(crate) async fn in_flight(&self, op: &'static str) -> StoreResult<Vec<Seen>> {
        let mut busy = Vec::new();
        let holders = self.inner.connection.ask(op, cmd("SMEMBERS").arg(keys::HOLDERS)).await?;
        for holder in reply::list(holders).into_iter().map(reply::text) {
            let flat = self.inner.connection.ask(op, cmd("HGETALL").arg(keys::flight(&holder))).await;
            let flat = match flat {
                // What is no hash holds no claim; a checkup tells of it.
                Err(error) if error.kind == ErrorKind::Corrupt => continue,
                flat => flat?,
            };
            let mut flat = reply::list(flat).into_iter();
            while let (Some(field), Some(value)) = (flat.next(), flat.next()) {
                // The field `next` is no claim, and is no number.
                if let (Ok(number), Some(value)) = (reply::text(field).parse(), reply::bytes(value)) {
                    busy.push(Seen::busy(&holder, number, &value));
                }
            }
        }
        Ok(busy)
    }

    async fn search_set(&self, op: &'static str, letter: char, key: &str, hunt: &mut Hunt) -> StoreResult<()> {
        let mut from = "0".to_owned();
        while !hunt.is_over() && !from.is_empty() {
            let (next, hits) = self.search_step(op, "Z", key, &from, JOBS_PER_STEP, hunt).await?;
            for (bytes, score) in hits {
                hunt.meet(Seen::member(letter, bytes, score));
            }
            from = next;
        }
        Ok(())
    }

    /// The job that is looked for among those of one score, however many these are.
    ///
    /// From the last rank to the first: promotions take from the front, and what is left moves to where it is still
    /// to be read.
    pub(super) async fn search_moment(
        &self,
        op: &'static str,
        letter: char,
        score: &str,
        needle: &Needle,
    ) -> StoreResult<Option<Seen>> {
        let key = if letter == 'R' { keys::RETRY } else { keys::SCHEDULE };
        let below = self.count_below(op, key, &format!("({score}")).await?;
        let mut high = self.count_below(op, key, score).await?;
        let mut hunt = Hunt::new(std::slice::from_ref(needle));
        while !hunt.is_over() && high > below {
            let start = below.max(high.saturating_sub(JOBS_PER_STEP));
            let (_, hits) = self.search_step(op, "R", key, &start.to_string(), high - start, &hunt).await?;
            for (bytes, score) in hits {
                hunt.meet(Seen::member(letter, bytes, score));
            }
            high = start;
        }
        Ok(hunt.found.remove(&needle.jid))
    }

    async fn count_below(&self, op: &'static str, key: &str, score: &str) -> StoreResult<usize> {
        let count = self.inner.connection.ask(op, cmd("ZCOUNT").arg(key).arg("-inf").arg(score)).await?;
        Ok(usize::try_from(reply::int(count)).unwrap_or(0))
    }

    async fn search_queue(&self, op: &'static str, queue: &str, hunt: &mut Hunt) -> StoreResult<()> {
        let (key, mut from) = (keys::queue(queue), "0".to_owned());
        while !hunt.is_over() && !from.is_empty() {
            let (next, hits) = self.search_step(op, "L", &key, &from, JOBS_PER_STEP, hunt).await?;
            for (bytes, _) in hits {
                hunt.meet(Seen::queued(queue, bytes));
            }
            from = next;
        }
        Ok(())
    }

    /// Where to go on, and the bytes and scores that were selected.
    async fn search_step(
        &self,
        op: &'static str,
        kind: &str,
        key: &str,
        from: &str,
        count: usize,
        hunt: &Hunt,
    ) -> StoreResult<(String, Vec<(Vec<u8>, f64)>)> {
        let mut args = Args::new();
        args.put(kind).put(key).put(from).number(count).number(hunt.texts.len());
        for text in &hunt.texts {
            args.put(text);
        }
        let answer = self.inner.connection.run(op, &self.inner.scripts.search, &args).await?;
        let mut flat = reply::list(answer).into_iter();
        let next = reply::text(reply::next(&mut flat));
        Ok((next, scored(flat)))
    }
}

/// Bytes and scores, given in turns.
fn scored(mut flat: impl Iterator<Item = Value>) -> Vec<(Vec<u8>, f64)> {
    let mut pairs = Vec::new();
    while let (Some(bytes), Some(score)) = (flat.next(), flat.next()) {
        pairs.push((reply::bytes(bytes).unwrap_or_default(), reply::text(score).parse().unwrap_or(0.0)));
    }
    pairs
}
