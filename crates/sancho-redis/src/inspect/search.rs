//! Searching everything for jobs by their ids, a bounded step at a time.

mod budget;
mod stop;

use std::collections::{HashMap, HashSet};

use redis::{Value, cmd};
use sancho_core::{Cursor, ErrorKind, Jid, QueueName, Store, StoreResult};

pub(super) use budget::Budget;
use stop::{Sorted, Stop};

use crate::listed::Place;
use crate::reply;
use crate::row::{Seen, is_made};
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::keys;

/// Jobs that one step reads where they are small: some hundred kilobytes, and less than a millisecond of Redis.
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

    /// Takes a job that was met, if it is looked for; then its jid is answered.
    fn meet(&mut self, seen: Seen) -> Option<Jid> {
        let jid = seen.row().jid;
        self.missing.remove(jid.as_str()).then(|| {
            self.found.insert(jid.as_str().to_owned(), seen);
            jid
        })
    }
}

impl RedisStore {
    /// Every job that is looked for and found: by its jid. It reads all that there is, where it has to.
    pub(crate) async fn search(&self, op: &'static str, needles: &[Needle]) -> StoreResult<HashMap<String, Seen>> {
        let mut hunt = Hunt::new(needles);
        self.hunt(op, Stop::first(), &mut hunt, &mut Budget::endless()).await?;
        Ok(hunt.found)
    }

    /// A part of the search for one job, from a cursor on: the job, or where to go on; neither at the end.
    pub(super) async fn search_on(
        &self,
        op: &'static str,
        needle: &Needle,
        after: Option<&Cursor>,
        budget: &mut Budget,
    ) -> StoreResult<(Option<Seen>, Option<Cursor>)> {
        let from = after.map_or(Ok(Stop::first()), |cursor| Stop::read(op, cursor))?;
        let mut hunt = Hunt::new(std::slice::from_ref(needle));
        let stop = self.hunt(op, from, &mut hunt, budget).await?;
        Ok((hunt.found.remove(&needle.jid), stop.map(|stop| stop.cursor())))
    }

    /// Searches from a stop on, until all is found, the budget is spent or everything was read: where to go on.
    ///
    /// The places are read in the order in which jobs go through them, so that one that moves meanwhile is met
    /// further on.
    async fn hunt(
        &self,
        op: &'static str,
        from: Stop,
        hunt: &mut Hunt,
        budget: &mut Budget,
    ) -> StoreResult<Option<Stop>> {
        let (mut stop, mut queues) = (Some(from), None);
        while let Some(here) = stop.take_if(|_| !hunt.is_over()) {
            if budget.is_spent() {
                return Ok(Some(here));
            }
            stop = match here {
                Stop::Set { set, from } => self.hunt_in_set(op, set, from, hunt, budget).await?,
                Stop::QueuesAfter(name) => {
                    if queues.is_none() {
                        queues = Some(self.queue_names().await?);
                    }
                    Some(first_after(queues.as_deref().unwrap_or_default(), &name))
                }
                Stop::Queue { name, from } => Some(self.hunt_in_queue(op, name, from, hunt, budget).await?),
                Stop::Flights => {
                    self.in_flight(op).await?.into_iter().for_each(|seen| drop(hunt.meet(seen)));
                    Some(Stop::start_of(Sorted::Dead))
                }
            };
        }
        Ok(None)
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

    async fn hunt_in_set(
        &self,
        op: &'static str,
        set: Sorted,
        from: u64,
        hunt: &mut Hunt,
        budget: &mut Budget,
    ) -> StoreResult<Option<Stop>> {
        let (next, hits) = self.search_step(op, "Z", set.key(), from, budget.next_read(), hunt, budget).await?;
        for (bytes, score) in hits {
            self.meet_at(hunt, Seen::member(set.letter(), bytes, score), Place::of_score(set.letter(), score));
        }
        Ok(next.map_or_else(|| set.behind(), |from| Some(Stop::Set { set, from })))
    }

    async fn hunt_in_queue(
        &self,
        op: &'static str,
        name: String,
        from: u64,
        hunt: &mut Hunt,
        budget: &mut Budget,
    ) -> StoreResult<Stop> {
        let key = keys::queue(&name);
        let (next, hits) = self.search_step(op, "L", &key, from, budget.next_read(), hunt, budget).await?;
        for (bytes, index) in hits {
            self.meet_at(hunt, Seen::queued(&name, bytes), Place::in_queue(&name, index as u64));
        }
        Ok(next.map_or_else(|| Stop::QueuesAfter(name.clone()), |from| Stop::Queue { name: name.clone(), from }))
    }

    /// Takes a job that was met, if it is looked for, and remembers where: whoever found it comes again to act on it.
    fn meet_at(&self, hunt: &mut Hunt, seen: Seen, place: Place) {
        if let Some(jid) = hunt.meet(seen) {
            self.inner.listed.remember_at(&jid, place);
        }
    }

    /// The job that is looked for, if it is still about so many jobs from a queue's far end: others have come since.
    pub(super) async fn search_queue_at(
        &self,
        op: &'static str,
        queue: &str,
        from: u64,
        needle: &Needle,
        budget: &mut Budget,
    ) -> StoreResult<Option<Seen>> {
        let mut hunt = Hunt::new(std::slice::from_ref(needle));
        let mut stop = Stop::Queue { name: queue.to_owned(), from };
        while let Stop::Queue { name, from } = stop {
            if hunt.is_over() || budget.is_spent() {
                break;
            }
            stop = self.hunt_in_queue(op, name, from, &mut hunt, budget).await?;
        }
        Ok(hunt.found.remove(&needle.jid))
    }

    /// The job that is looked for among those of one score, as far as the budget goes.
    ///
    /// From the last rank to the first: promotions take from the front, and what is left moves to where it is still
    /// to be read.
    pub(super) async fn search_moment(
        &self,
        op: &'static str,
        letter: char,
        score: &str,
        needle: &Needle,
        budget: &mut Budget,
    ) -> StoreResult<Option<Seen>> {
        let Some(set) = Sorted::of_letter(letter) else { return Ok(None) };
        let below = self.count_below(op, set.key(), &format!("({score}")).await?;
        let mut high = self.count_below(op, set.key(), score).await?;
        let mut hunt = Hunt::new(std::slice::from_ref(needle));
        while !hunt.is_over() && high > below && !budget.is_spent() {
            let start = below.max(high.saturating_sub(budget.next_read() as u64));
            let count = usize::try_from(high - start).unwrap_or(JOBS_PER_STEP);
            let (_, hits) = self.search_step(op, "R", set.key(), start, count, &hunt, budget).await?;
            for (bytes, score) in hits {
                self.meet_at(&mut hunt, Seen::member(letter, bytes, score), Place::of_score(letter, score));
            }
            high = start;
        }
        Ok(hunt.found.remove(&needle.jid))
    }

    async fn count_below(&self, op: &'static str, key: &str, score: &str) -> StoreResult<u64> {
        let count = self.inner.connection.ask(op, cmd("ZCOUNT").arg(key).arg("-inf").arg(score)).await?;
        Ok(u64::try_from(reply::int(count)).unwrap_or(0))
    }

    /// Where to go on, and the bytes and scores that were selected.
    #[expect(clippy::too_many_arguments, reason = "it is one script, with what it takes and what that costs")]
    async fn search_step(
        &self,
        op: &'static str,
        kind: &str,
        key: &str,
        from: u64,
        count: usize,
        hunt: &Hunt,
        budget: &mut Budget,
    ) -> StoreResult<(Option<u64>, Vec<(Vec<u8>, f64)>)> {
        let mut args = Args::new();
        args.put(kind).put(key).put(from.to_string()).number(count).number(hunt.texts.len());
        for text in &hunt.texts {
            args.put(text);
        }
        let answer = self.inner.connection.run(op, &self.inner.scripts.search, &args).await?;
        let mut flat = reply::list(answer).into_iter();
        let next = reply::text(reply::next(&mut flat)).parse().ok();
        let mut number = || usize::try_from(reply::int(reply::next(&mut flat))).unwrap_or(0);
        let (jobs, bytes) = (number(), number());
        budget.spend(jobs, bytes);
        Ok((next, scored(flat)))
    }
}

/// The start of the first queue whose name comes after this one; behind the last of them there is what runs.
fn first_after(queues: &[QueueName], name: &str) -> Stop {
    match queues.iter().map(QueueName::as_str).find(|queue| *queue > name) {
        Some(queue) => Stop::Queue { name: queue.to_owned(), from: 0 },
        None => Stop::Flights,
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
