//! The data plane on Redis.

use std::collections::BTreeSet;
use std::sync::Arc;

use redis::{Value, cmd};
use sancho_core::claim::{Fill, Repeated};
use sancho_core::{
    Beat, BeatAnswer, BoxFuture, Checkpoint, Claim, ClaimRequest, ErrorKind, Exchanged, Greeting, Incarnation,
    Interest, Jid, Kept, Mark, NewJob, Payload, Place, Promoted, Pruned, Pushed, QueueName, Receipt, Retention,
    SettleAnswer, Settlement, Standing, Store, StoreError, StoreResult, TakenOver, Timestamp, WireTime, limits,
};

use crate::address::Address;
use crate::book::{Book, Names};
use crate::connection::{Connection, Opener};
use crate::record;
use crate::reply;
use crate::row::cut;
use crate::script::{Args, Scripts};
use crate::wake::Wake;
use crate::wire::{day, keys, score};

/// A store on one Redis database, shared by its clones.
#[derive(Clone, Debug)]
pub struct RedisStore {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) connection: Connection,
    pub(crate) scripts: Scripts,
    pub(crate) book: Book,
    pub(crate) wake: Wake,
}

impl RedisStore {
    /// Connects to a Redis.
    ///
    /// - `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, by default port 6379 and database 0
    /// - `rediss://…`, the same by TLS, with the feature `tls`: the system's certificates are trusted, or only the
    ///   authority in `?ca=FILE`; `?cert=FILE&key=FILE` is a certificate of our own. All are PEM files.
    /// - `redis+unix:///PATH[?db=DATABASE&user=USER&pass=PASSWORD]`
    /// - `redis+sentinel://[USER:PASSWORD@]HOST[:PORT],…/MASTER[/DATABASE]`, or `rediss+sentinel://…`: the master of
    ///   that name, as the Sentinels have it, after each failover anew. `?sentinel_user=USER&sentinel_pass=PASSWORD`
    ///   is for the Sentinels themselves.
    /// - `redis`: the variable that `REDIS_PROVIDER` names, else `REDIS_URL`, else `redis://localhost:6379/0`, as
    ///   Sidekiq has it. Nothing else reads these variables.
    ///
    /// Percent signs escape what has a meaning of its own in an address. The store opens its connections again by
    /// itself, whatever becomes of them.
    ///
    /// # Errors
    /// `Invalid`: an address that cannot be read (what was given is not repeated), a login that is refused,
    /// certificates that are not trusted. `Unsupported`: a Redis before 7.0, a cluster, or TLS without the feature.
    /// `Unavailable`: a Redis that does not answer.
    pub async fn connect(url: &str) -> StoreResult<Self> {
        let invalid = |error| StoreError::new("connect", ErrorKind::Invalid, error);
        let address = Address::resolve(url, |name| std::env::var(name).ok()).map_err(invalid)?;
        let opener = Arc::new(Opener::new(address).map_err(|failure| failure.into_error("connect"))?);
        let connection = Connection::open(Arc::clone(&opener)).await?;
        let inner = Inner { connection, scripts: Scripts::new(), book: Book::default(), wake: Wake::new(opener) };
        Ok(RedisStore { inner: Arc::new(inner) })
    }

    /// What a person should know of this Redis, such as that it throws jobs away when memory is full.
    pub fn warnings(&self) -> Vec<String> {
        self.inner.connection.warnings()
    }

    async fn push_jobs(&self, jobs: &[NewJob], now: Timestamp) -> StoreResult<Vec<Pushed>> {
        if jobs.len() > limits::JOBS_PER_PUSH_MAX {
            return Err(StoreError::new("push", ErrorKind::Invalid, "too many jobs for one push: split the batch"));
        }
        let Some(first) = jobs.first() else { return Ok(Vec::new()) };
        let mut args = Args::new();
        args.put(keys::push_record(&first.jid)).put(keys::seconds(limits::PUSH_REPEAT)).number(jobs.len());
        for job in jobs {
            record::new_job(&mut args, job, now);
        }
        let answers = self.inner.connection.run("push", &self.inner.scripts.push, &args).await?;
        if let Value::Int(0) = answers {
            return Ok(vec![Pushed::Repeated; jobs.len()]);
        }
        self.ring_for(jobs.iter().map(|job| &job.place));
        reply::list(answers).into_iter().map(pushed).collect()
    }

    pub(crate) fn ring_for<'a>(&self, places: impl Iterator<Item = &'a Place>) {
        let names: BTreeSet<String> = places
            .filter_map(|place| match place {
                Place::Queue { queue, .. } => Some(keys::queue(queue.as_str())),
                Place::Scheduled { .. } => Some(keys::SCHEDULE.to_owned()),
                Place::Retries { .. } => Some(keys::RETRY.to_owned()),
                _ => None,
            })
            .collect();
        self.inner.wake.ring(names);
    }

    async fn exchange_all(
        &self,
        settlements: &[Settlement],
        claim: Option<&ClaimRequest>,
        now: Timestamp,
    ) -> StoreResult<Exchanged> {
        let mut args = Args::new();
        args.number(now.as_unix_micros())
            .put(day::date(now.unix_day()))
            .number(now.unix_day())
            .number(settlements.len());
        for settlement in settlements {
            let names = self.names_of("exchange", &settlement.receipt).await?;
            settlement_args(&mut args, settlement, &names, now);
        }
        claim_args(&mut args, claim);
        let answer = self.inner.connection.run("exchange", &self.inner.scripts.exchange, &args).await?;
        if let Value::Int(-1) = answer {
            return Err(StoreError::new("exchange", ErrorKind::Invalid, "a claim number was given twice"));
        }
        let mut parts = reply::list(answer).into_iter();
        let answers: Vec<SettleAnswer> = reply::list(reply::next(&mut parts)).into_iter().map(settled).collect();
        let standing = if reply::int(reply::next(&mut parts)) == 1 { Standing::Good } else { Standing::Lost };
        let flat = reply::list(reply::next(&mut parts));
        let kept = reply::int(reply::next(&mut parts)) == 1;
        for (settlement, answer) in settlements.iter().zip(&answers) {
            self.inner.book.strike(&settlement.receipt);
            if *answer == SettleAnswer::Settled {
                let follow = settlement.then.iter().map(|job| &job.place);
                self.ring_for(std::iter::once(&settlement.transition.place).chain(follow));
            }
        }
        let claims = match claim {
            Some(request) => self.claims("exchange", &request.incarnation, flat, kept).await?,
            None => Vec::new(),
        };
        Ok(Exchanged::new(answers, claims, standing))
    }

    /// A claim's own names: from the book, or, where another process was handed the claim, from Redis.
    async fn names_of(&self, op: &'static str, receipt: &Receipt) -> StoreResult<Names> {
        if let Some(names) = self.inner.book.look(receipt) {
            return Ok(names);
        }
        let mut get = cmd("HGET");
        get.arg(keys::flight(receipt.incarnation().as_str())).arg(receipt.number());
        let value = reply::bytes(self.inner.connection.ask(op, &get).await?).unwrap_or_default();
        Ok(Names::of(&Payload::from_bytes(cut(&value).2)))
    }

    /// Claims out of a script's answer, with their checkpoints if any job has one.
    async fn claims(
        &self,
        op: &'static str,
        holder: &Incarnation,
        flat: Vec<Value>,
        kept: bool,
    ) -> StoreResult<Vec<Claim>> {
        let mut claims = Vec::with_capacity(flat.len() / 2);
        let mut flat = flat.into_iter();
        while let (Some(number), Some(value)) = (flat.next(), flat.next()) {
            let number = reply::text(number).parse().unwrap_or(0);
            let value = reply::bytes(value).unwrap_or_default();
            let (_, queue, payload) = cut(&value);
            let payload = Payload::from_bytes(payload);
            // The payload says when it came to its queue; nothing is kept beside it.
            let queue = QueueName::new(queue).map_err(|e| StoreError::new(op, ErrorKind::Corrupt, e))?;
            claims.push(Claim::new(Receipt::mint(holder.clone(), number, 0), queue, payload, None));
        }
        self.inner.book.enter(&claims);
        if kept && !claims.is_empty() {
            let mut get = cmd("HMGET");
            get.arg(keys::CHECKPOINTS);
            for claim in &claims {
                get.arg(Names::of(&claim.payload).jid);
            }
            let kept = reply::list(self.inner.connection.ask(op, &get).await?);
            for (claim, kept) in claims.iter_mut().zip(kept) {
                claim.checkpoint = reply::bytes(kept).map(Vec::into_boxed_slice);
            }
        }
        Ok(claims)
    }

    async fn promote_due(&self, limit: usize, now: Timestamp) -> StoreResult<Promoted> {
        let mut due = Vec::new();
        for (letter, set) in [("S", keys::SCHEDULE), ("R", keys::RETRY)] {
            let mut range = cmd("ZRANGEBYSCORE");
            range.arg(set).arg("-inf").arg(score::write(now)).arg("WITHSCORES").arg("LIMIT").arg(0).arg(limit);
            let pairs = reply::list(self.inner.connection.ask("promote", &range).await?);
            // RESP3 answers with pairs in lists of their own.
            for pair in pairs {
                let mut pair = reply::list(pair).into_iter();
                let bytes = reply::bytes(reply::next(&mut pair)).unwrap_or_default();
                let at = score::read(&reply::text(reply::next(&mut pair))).unwrap_or_default();
                due.push((at, letter, bytes));
            }
        }
        due.sort_by_key(|(at, _, _)| *at);
        due.truncate(limit);
        let mut args = Args::new();
        args.number(due.len());
        let mut places = Vec::new();
        for (_, letter, bytes) in &due {
            let payload = Payload::from_bytes(bytes.clone());
            let queue = payload.envelope().ok().and_then(|envelope| envelope.queue());
            let jid = Names::of(&payload).jid;
            args.put(jid).put(letter).put(bytes);
            match queue {
                Some(queue) => {
                    args.put("B").put(queue.as_str()).put("").put(enqueued(&payload, now).as_bytes());
                    places.push(Place::Queue { queue, end: sancho_core::End::Back });
                }
                None => _ = args.put("D").put("").put(score::write(now)).put(bytes),
            }
        }
        let answer = self.inner.connection.run("promote", &self.inner.scripts.promote, &args).await?;
        let mut parts = reply::list(answer).into_iter();
        let moved = reply::int(reply::next(&mut parts)) as usize;
        let buried = reply::int(reply::next(&mut parts)) as usize;
        let next_due = parts.filter_map(|lowest| score::read(&reply::text(lowest))).min();
        self.inner.wake.due_is_known(next_due);
        self.ring_for(places.iter());
        Ok(Promoted { moved, buried, next_due })
    }

    async fn beat_once(&self, beat: &Beat, now: Timestamp) -> StoreResult<BeatAnswer> {
        let mut args = Args::new();
        let hello = if beat.greeting == Greeting::Hello { "1" } else { "0" };
        args.put(beat.process.incarnation.as_str()).put(hello).number((now + beat.lease).as_unix_micros());
        let fields = crate::inspect::process_fields(beat, now);
        args.number(fields.len());
        for (name, value) in &fields {
            args.put(name).put(value);
        }
        args.number(beat.running.len());
        for running in &beat.running {
            args.put(running.receipt.incarnation().as_str()).number(running.receipt.number());
        }
        let answer = self.inner.connection.run("beat", &self.inner.scripts.beat, &args).await?;
        let mut parts = reply::list(answer).into_iter();
        let good = reply::int(reply::next(&mut parts)) == 1;
        let mut answer = BeatAnswer::new(if good { Standing::Good } else { Standing::Lost }, now);
        let held = reply::list(reply::next(&mut parts));
        let lost = beat.running.iter().zip(held).filter(|(_, held)| reply::int(held.clone()) == 0);
        answer.lost = lost.map(|(running, _)| running.receipt.clone()).collect();
        let orders = reply::list(reply::next(&mut parts)).into_iter();
        answer.orders = orders.filter_map(|order| crate::inspect::read_order(&reply::text(order))).collect();
        answer.paused_classes = reply::list(reply::next(&mut parts)).into_iter().map(reply::text).collect();
        answer.paused_classes.sort();
        Ok(answer)
    }
}

/// The payload with the time at which it comes to its queue; as it is when it cannot be read.
pub(crate) fn enqueued(payload: &Payload, now: Timestamp) -> Payload {
    let Ok(mut members) = payload.members() else { return payload.clone() };
    match members.set_raw("enqueued_at", WireTime::Seconds.write(now)) {
        Ok(()) => members.to_payload(),
        Err(_) => payload.clone(),
    }
}

fn settlement_args(args: &mut Args, settlement: &Settlement, names: &Names, now: Timestamp) {
    let receipt = &settlement.receipt;
    let transition = &settlement.transition;
    let (letter, place, score) = record::place(&transition.place, now);
    args.put(receipt.incarnation().as_str()).number(receipt.number()).put(&names.jid).put(&names.key);
    args.put(if transition.payload.is_some() { "1" } else { "0" });
    args.put(transition.payload.as_ref().map_or(&[][..], |payload| payload.as_bytes()));
    args.put(letter).put(place).put(score).number(transition.tally.processed).number(transition.tally.failed);
    args.number(settlement.then.len());
    for job in &settlement.then {
        record::new_job(args, job, now);
    }
}

fn claim_args(args: &mut Args, claim: Option<&ClaimRequest>) {
    let Some(request) = claim else {
        args.put("0");
        return;
    };
    let repeated = if request.repeated == Repeated::Yes { "1" } else { "0" };
    args.put("1").put(request.incarnation.as_str()).number(request.first_number).put(repeated);
    args.number(request.limit.min(limits::JOBS_PER_CLAIM_MAX));
    args.put(if request.fill == Fill::InOrder { "1" } else { "0" }).number(request.sources.len());
    for source in &request.sources {
        args.put(source.queue.as_str()).number(source.quota);
    }
}

fn pushed(answer: Value) -> StoreResult<Pushed> {
    let mut parts = reply::list(answer).into_iter().map(reply::text);
    let letter = parts.next().unwrap_or_default();
    let holder = Jid::new(parts.next().unwrap_or_default());
    let state = record::state(&parts.next().unwrap_or_default());
    let corrupt = |error| StoreError::new("push", ErrorKind::Corrupt, error);
    Ok(match letter.as_str() {
        "A" => Pushed::Added,
        "R" => Pushed::Repeated,
        "K" => Pushed::Kept { holder: holder.map_err(corrupt)?, state },
        "P" => Pushed::Replaced { holder: holder.map_err(corrupt)? },
        _ => Pushed::Refused { holder: holder.map_err(corrupt)?, state },
    })
}

fn settled(answer: Value) -> SettleAnswer {
    match reply::text(answer).as_str() {
        "S" => SettleAnswer::Settled,
        "A" => SettleAnswer::AlreadySettled,
        _ => SettleAnswer::Lost,
    }
}

impl Store for RedisStore {
    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        Box::pin(self.push_jobs(jobs, now))
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        Box::pin(self.exchange_all(settlements, claim, now))
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        Box::pin(self.promote_due(limit, now))
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        Box::pin(self.beat_once(beat, now))
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        Box::pin(async move {
            let mut args = Args::new();
            args.put(by.as_str()).number(first_number).number(limit).number(now.as_unix_micros());
            let answer = self.inner.connection.run("take_over", &self.inner.scripts.take_over, &args).await?;
            let mut parts = reply::list(answer).into_iter();
            let flat = reply::list(reply::next(&mut parts));
            let ended = reply::list(reply::next(&mut parts));
            let kept = reply::int(reply::next(&mut parts)) == 1;
            let claims = self.claims("take_over", by, flat, kept).await?;
            let ended = ended.into_iter().map(|who| Incarnation::new(reply::text(who))).collect();
            Ok(TakenOver { claims, ended })
        })
    }

    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        _now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        Box::pin(async move {
            let mut args = Args::new();
            args.number(checkpoints.len());
            for checkpoint in checkpoints {
                let names = self.names_of("checkpoint", &checkpoint.receipt).await?;
                let receipt = &checkpoint.receipt;
                args.put(receipt.incarnation().as_str()).number(receipt.number()).put(names.jid).put(&checkpoint.bytes);
            }
            let answers = self.inner.connection.run("checkpoint", &self.inner.scripts.checkpoint, &args).await?;
            let kept = |answer| if reply::int(answer) == 1 { Kept::Kept } else { Kept::Lost };
            Ok(reply::list(answers).into_iter().map(kept).collect())
        })
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            let mut args = Args::new();
            args.put(incarnation.as_str());
            self.inner.connection.run("retire", &self.inner.scripts.retire, &args).await.map(drop)
        })
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        Box::pin(async move {
            let mut args = Args::new();
            args.number(retention.dead_jobs_max).put(score::write(now.before(retention.dead_kept_for))).number(limit);
            args.number(now.before(retention.history_kept_for).unix_day());
            let gone = self.inner.connection.run("prune", &self.inner.scripts.prune, &args).await?;
            let gone = reply::list(gone);
            let dead = gone.len();
            let jids =
                gone.into_iter().filter_map(reply::bytes).map(|bytes| Names::of(&Payload::from_bytes(bytes)).jid);
            let mut forget = cmd("HDEL");
            forget.arg("sancho:jobs").arg(jids.collect::<Vec<_>>());
            if dead > 0 {
                self.inner.connection.ask("prune", &forget).await?;
            }
            Ok(Pruned { dead })
        })
    }

    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        Box::pin(async move {
            let names = self.inner.connection.ask("queue_names", cmd("SMEMBERS").arg(keys::QUEUES)).await?;
            let mut names: Vec<QueueName> =
                reply::list(names).into_iter().filter_map(|name| QueueName::new(reply::text(name)).ok()).collect();
            names.sort();
            Ok(names)
        })
    }

    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        Box::pin(async move {
            let mut args = Args::new();
            args.number(now.as_unix_micros()).number(limits::UNKNOWN_CLASS_FORGET.as_micros()).number(met.len());
            for (class, queue) in met {
                args.put(format!("{queue}\n{class}"));
            }
            let first = self.inner.connection.run("meet_unknown", &self.inner.scripts.meet, &args).await?;
            let read = |first| Timestamp::from_unix_micros(reply::int(first));
            Ok(reply::list(first).into_iter().map(read).collect())
        })
    }

    fn mark(&self) -> Mark {
        self.inner.wake.mark()
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        Box::pin(self.inner.wake.wait(interest, after))
    }
}
