//! Beats: the lease, which decides who lives, and what people see of the process.

use std::collections::BTreeSet;

use redis::cmd;
use sancho_core::metrics::Step;
use sancho_core::{Beat, BeatAnswer, Greeting, Incarnation, Payload, Running, Standing, StoreResult, Timestamp};

use crate::note::Note;
use crate::reply;
use crate::row::cut;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::{counts, keys, metrics, process, signal, work};

/// Pairs of one HSET: a script's call takes some thousands of words.
const PAIRS_MAX: usize = 500;

/// Commands that a script runs, word by word.
#[derive(Debug, Default)]
pub(crate) struct Commands(Vec<Vec<String>>);

impl Commands {
    pub(crate) fn add<W: Into<String>>(&mut self, words: impl IntoIterator<Item = W>) {
        self.0.push(words.into_iter().map(Into::into).collect());
    }

    fn into_args(self, args: &mut Args) {
        args.number(self.0.len());
        for words in self.0 {
            args.number(words.len());
            for word in words {
                args.put(word);
            }
        }
    }
}

impl RedisStore {
    /// One beat, in one round trip. The lease ends by `now`, and the answer's time is Redis' own.
    pub(crate) async fn beat_once(&self, beat: &Beat, now: Timestamp) -> StoreResult<BeatAnswer> {
        let mut args = Args::new();
        let hello = if beat.greeting == Greeting::Hello { "1" } else { "0" };
        args.put(beat.process.incarnation.as_str()).put(hello).number((now + beat.lease).as_unix_micros());
        args.number(beat.running.len());
        for running in &beat.running {
            args.put(running.receipt.incarnation().as_str()).number(running.receipt.number());
        }
        let mut shown = Commands::default();
        show_process(&mut shown, beat, now);
        self.show_work(&mut shown, beat).await?;
        metrics::count(&mut shown, &beat.executions, self.inner.wire, now);
        counts::count(&mut shown, &beat.by_queue, now);
        shown.into_args(&mut args);
        args.number(Step::ALL.len());
        for step in Step::ALL {
            args.put(counts::key(step, now)).number(counts::kept_for(step));
        }
        let answer = self.inner.connection.run("beat", &self.inner.scripts.beat, &args).await?;

        let mut parts = reply::list(answer).into_iter();
        let standing = if reply::int(reply::next(&mut parts)) == 1 { Standing::Good } else { Standing::Lost };
        let mut answer = BeatAnswer::new(standing, now);
        let held = reply::list(reply::next(&mut parts));
        let lost = beat.running.iter().zip(held).filter(|(_, held)| reply::int(held.clone()) == 0);
        answer.lost = lost.map(|(running, _)| running.receipt.clone()).collect();
        let orders = reply::list(reply::next(&mut parts)).into_iter();
        answer.orders = orders.map(|word| signal::read_text(&reply::text(word))).collect();
        let name = reply::text(reply::next(&mut parts));
        answer.orders.extend((!name.is_empty()).then(|| signal::read_name(&name)));
        answer.paused_classes = reply::list(reply::next(&mut parts)).into_iter().map(reply::text).collect();
        answer.paused_classes.sort();
        let time: Vec<i64> = reply::list(reply::next(&mut parts)).into_iter().map(reply::int).collect();
        if let [seconds, micros] = time[..] {
            answer.store_now = Timestamp::from_unix_micros(seconds.saturating_mul(1_000_000).saturating_add(micros));
        }
        let others = reply::list(reply::next(&mut parts)).into_iter().map(reply::text);
        let served: BTreeSet<_> = others.flat_map(|info| process::served(&info)).collect();
        answer.served_by_others = served.into_iter().collect();
        Ok(answer)
    }

    /// Rebuilds the list of what the process runs.
    async fn show_work(&self, shown: &mut Commands, beat: &Beat) -> StoreResult<()> {
        let who = beat.process.incarnation.as_str();
        let (hash, old_hash) = (work::hash(who), work::old_hash(who));
        shown.add(["UNLINK", &hash, &old_hash]);
        let mut entries = Vec::with_capacity(beat.running.len());
        for running in &beat.running {
            if let Some(entry) = self.work_entry(running).await? {
                entries.push((running.receipt.number().to_string(), entry));
            }
        }
        for some in entries.chunks(PAIRS_MAX) {
            let pairs = some.iter().flat_map(|(number, entry)| [number.as_str(), entry]);
            shown.add(["HSET", &hash].into_iter().chain(pairs));
        }
        if !entries.is_empty() {
            shown.add(["EXPIRE", &hash, process::SHOWN_FOR]);
            shown.add(["COPY", &hash, &old_hash, "REPLACE"]);
        }
        Ok(())
    }

    /// One running job; `None` when it cannot be told what it is, since nobody holds the claim any longer.
    async fn work_entry(&self, running: &Running) -> StoreResult<Option<String>> {
        let receipt = &running.receipt;
        if let Some(note) = Note::of(receipt) {
            return Ok(Some(work::entry(note.queue.as_str(), &note.payload, running.since)));
        }
        let mut get = cmd("HGET");
        get.arg(keys::flight(receipt.incarnation().as_str())).arg(receipt.number());
        let value = reply::bytes(self.inner.connection.ask("beat", &get).await?);
        Ok(value.map(|value| {
            let (_, queue, bytes) = cut(&value);
            work::entry(queue.as_str(), &Payload::from_bytes(bytes), running.since)
        }))
    }

    /// Takes processes that are over off the list that people see. What fails here is no harm: it expires, and the
    /// list is cleaned once a minute.
    pub(crate) async fn show_no_more(&self, over: &[Incarnation]) {
        if over.is_empty() {
            return;
        }
        let mut off = cmd("SREM");
        off.arg(process::PROCESSES);
        let mut unlink = cmd("UNLINK");
        for who in over.iter().map(Incarnation::as_str) {
            off.arg(who);
            // The hash is the script's: it looks first whether it is a process of ours that tells of itself there.
            unlink.arg(work::hash(who)).arg(work::old_hash(who)).arg(signal::signals(who));
        }
        _ = self.inner.connection.ask("retire", &off).await;
        _ = self.inner.connection.ask("retire", &unlink).await;
    }
}

fn show_process(shown: &mut Commands, beat: &Beat, now: Timestamp) {
    let who = beat.process.incarnation.as_str();
    shown.add(["SADD", process::PROCESSES, who]);
    let fields = process::fields(beat, now);
    let pairs = fields.iter().flat_map(|(name, value)| [*name, value.as_str()]);
    shown.add(["HSET", process::hash(who)].into_iter().chain(pairs));
    shown.add(["EXPIRE", process::hash(who), process::SHOWN_FOR]);
}
