//! Finding one job, by its id or by its key.

use sancho_core::{Checkpointed, Cursor, Filter, Jid, JobRow, Key, Sought, State, StoreResult, limits};

use super::search::{Budget, JOBS_PER_STEP, Needle};
use crate::index::{Names, Proof, Unproved};
use crate::listed::Place;
use crate::reply;
use crate::row::{Seen, Spot};
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::keys;

/// Jobs that are looked at where one was listed: others have come and gone since.
const LOOKED_AT_WHERE_LISTED: usize = 200;

/// How often a key's holder is searched for before it counts as gone: each search is outrun only by a move.
const SEARCHES_MAX: usize = 3;

impl RedisStore {
    /// One step of looking for a job.
    ///
    /// First where it is quick: by the index, where it runs here or elsewhere, where it was seen last. Then, step by
    /// step, everywhere; and at the end once more where it is quick, for it may have gone back meanwhile.
    pub(super) async fn seek_row(&self, jid: &Jid, after: Option<&Cursor>) -> StoreResult<Sought> {
        let (op, needle, mut budget) = ("find", Needle::jid(jid.as_str()), Budget::of_a_seek());
        let mut seen = None;
        if after.is_none() {
            seen = self.locate_at_once(op, &needle, &mut budget).await?;
            if seen.is_none() {
                seen = self.locate_listed(op, &needle, &mut budget).await?;
            }
        }
        if seen.is_none() {
            match self.search_on(op, &needle, after, &mut budget).await? {
                (None, Some(cursor)) => return Ok(Sought::Further(cursor)),
                (None, None) => seen = self.locate_at_once(op, &needle, &mut budget).await?,
                (found, _) => seen = found,
            }
        }
        let row = self.row_of(op, seen).await?;
        Ok(row.map_or(Sought::Gone, |row| Sought::Found(Box::new(row))))
    }

    /// The job with this id, if the index leads to it, or if it runs.
    async fn locate_at_once(
        &self,
        op: &'static str,
        needle: &Needle,
        budget: &mut Budget,
    ) -> StoreResult<Option<Seen>> {
        match self.locate_fast(op, needle, budget).await? {
            Some(seen) => Ok(Some(seen)),
            None => self.locate_elsewhere(op, &needle.jid).await,
        }
    }

    pub(super) async fn find_key_row(&self, key: &Key) -> StoreResult<Option<JobRow>> {
        let seen = self.locate_key("find_key", key.as_str()).await?;
        self.row_of("find_key", seen).await
    }

    async fn row_of(&self, op: &'static str, seen: Option<Seen>) -> StoreResult<Option<JobRow>> {
        Ok(self.rows(op, seen.as_slice()).await?.pop())
    }

    /// The job with this id, to act upon it: at once where Sancho scheduled or retried it, where it runs and where it
    /// was seen last, else by a search. What another program's process says that it runs comes last: it may have gone
    /// on since.
    pub(crate) async fn locate(&self, op: &'static str, jid: &str) -> StoreResult<Option<Seen>> {
        let needle = Needle::jid(jid);
        if let Some(seen) = self.locate_fast(op, &needle, &mut Budget::endless()).await? {
            return Ok(Some(seen));
        }
        if let Some(seen) = self.locate_listed(op, &needle, &mut Budget::of_a_seek()).await? {
            return Ok(Some(seen));
        }
        match self.search(op, std::slice::from_ref(&needle)).await?.remove(jid) {
            Some(seen) => Ok(Some(seen)),
            None => self.locate_elsewhere(op, jid).await,
        }
    }

    /// The job with this id, if it is about where this store has seen it last.
    async fn locate_listed(&self, op: &'static str, needle: &Needle, budget: &mut Budget) -> StoreResult<Option<Seen>> {
        match self.inner.listed.place_of(&needle.jid) {
            None => Ok(None),
            Some(Place::InQueue { queue, from }) => self.search_queue_at(op, &queue, from, needle, budget).await,
            Some(Place::OfScore { letter, score }) => self.search_moment(op, letter, &score, needle, budget).await,
            Some(Place::Listed { set, direction, after }) => {
                let (all, after) = (Filter::all(), after.as_ref());
                let looked = self.look(op, &set, &all, direction, after, LOOKED_AT_WHERE_LISTED).await?;
                let mut found = looked.found.into_iter().map(|(_, seen)| seen);
                Ok(found.find(|seen| seen.row().jid.as_str() == needle.jid))
            }
        }
    }

    async fn locate_fast(&self, op: &'static str, needle: &Needle, budget: &mut Budget) -> StoreResult<Option<Seen>> {
        let mut args = Args::new();
        args.put(&needle.jid).put(&needle.text).number(JOBS_PER_STEP);
        let found = self.inner.connection.run(op, &self.inner.scripts.find, &args).await?;
        // The script looked at texts; the payload says whether it is the job's own id.
        let (crowds, candidates): (Vec<_>, Vec<_>) = reply::list(found)
            .into_iter()
            .map(reply::list)
            .partition(|parts| parts.first().is_some_and(|letter| reply::text(letter.clone()) == "M"));
        let mut candidates = candidates.into_iter().filter_map(candidate);
        if let Some(seen) = candidates.find(|seen| seen.row().jid.as_str() == needle.jid) {
            return Ok(Some(seen));
        }
        for crowd in crowds {
            let [_, letter, score] = &crowd.into_iter().map(reply::text).collect::<Vec<_>>()[..] else { continue };
            let letter = if letter == "R" { 'R' } else { 'S' };
            if let Some(seen) = self.search_moment(op, letter, score, needle, budget).await? {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    /// The job that holds this key.
    pub(crate) async fn locate_key(&self, op: &'static str, key: &str) -> StoreResult<Option<Seen>> {
        let mut proofs = Vec::new();
        for _ in 0..SEARCHES_MAX {
            let mut args = Args::new();
            args.put(key);
            Proof::put_all(&proofs, &mut args);
            let mut parts = reply::list(self.inner.connection.run(op, &self.inner.scripts.holder, &args).await?);
            if parts.is_empty() {
                return Ok(None);
            }
            let jid = reply::text(parts.remove(0));
            if jid != "unproved" {
                // Bytes prove themselves; that they are this job's was true when the entry was written.
                return Ok(candidate(parts));
            }
            let jid = reply::bytes(reply::next(&mut parts.into_iter())).unwrap_or_default();
            proofs = self.prove(op, &[Unproved { key: key.as_bytes().to_vec(), jid }]).await?;
        }
        Ok(None)
    }

    /// Rows with the keys that the jobs hold.
    pub(super) async fn rows(&self, op: &'static str, seen: &[Seen]) -> StoreResult<Vec<JobRow>> {
        let names: Vec<Names> = seen.iter().map(|seen| Names::of(&seen.payload)).collect();
        // Dead jobs hold no key, nor do those that the index does not follow.
        let holds = |seen: &Seen| seen.spot.state() != State::Dead && !matches!(seen.spot, Spot::Elsewhere { .. });
        let asked = |(seen, names): &(&Seen, &Names)| !names.key.is_empty() && holds(seen);
        let keys: Vec<&str> = seen.iter().zip(&names).filter(asked).map(|(_, names)| names.key.as_str()).collect();
        let mut holders = self.holders_of(op, &keys).await?.into_iter();
        let mut rows = Vec::with_capacity(seen.len());
        for pair in seen.iter().zip(&names) {
            let mut row = pair.0.row();
            if asked(&pair) && holders.next().is_some_and(|holder| holder == pair.1.jid) {
                row.key = Key::new(&pair.1.key).ok();
            }
            rows.push(row);
        }
        self.add_kept(op, &names, &mut rows).await?;
        Ok(rows)
    }

    /// Gives rows what the runs of their jobs have kept.
    async fn add_kept(&self, op: &'static str, names: &[Names], rows: &mut [JobRow]) -> StoreResult<()> {
        let named = names.iter().map(|names| &names.jid).zip(rows).filter(|(jid, _)| !jid.is_empty());
        let mut named: Vec<(&String, &mut JobRow)> = named.collect();
        for some in named.chunks_mut(limits::JOBS_PER_MOVE_MAX) {
            let mut get = redis::cmd("MGET");
            get.arg(some.iter().map(|(jid, _)| keys::kept(jid)).collect::<Vec<_>>());
            let kept = reply::list(self.inner.connection.ask(op, &get).await?);
            for ((_, row), bytes) in some.iter_mut().zip(kept) {
                row.kept = reply::bytes(bytes).as_deref().map(Checkpointed::read).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// The jids that the index names for keys, in order; empty where it names none.
    async fn holders_of(&self, op: &'static str, asked: &[&str]) -> StoreResult<Vec<String>> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let mut get = redis::cmd("HMGET");
        get.arg(keys::JOB_KEYS).arg(asked);
        let entries = reply::list(self.inner.connection.ask(op, &get).await?);
        let jid = |entry| reply::text(entry).split('\n').next().unwrap_or_default().to_owned();
        Ok(entries.into_iter().map(jid).collect())
    }
}

/// A job out of a script's answer: letter, place, bytes, and score or number.
fn candidate(parts: Vec<redis::Value>) -> Option<Seen> {
    let mut parts = parts.into_iter();
    let letter = reply::text(reply::next(&mut parts));
    let place = reply::text(reply::next(&mut parts));
    let bytes = reply::bytes(reply::next(&mut parts))?;
    let extra = reply::text(reply::next(&mut parts));
    Some(match letter.as_str() {
        "B" => Seen::busy(place, extra.parse().ok()?, &bytes),
        "Q" => Seen::queued(place, bytes),
        "H" => Seen::held(place, bytes, extra.parse().ok()?),
        letter => Seen::member(letter.chars().next()?, bytes, extra.parse().ok()?),
    })
}
