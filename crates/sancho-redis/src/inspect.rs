//! The control plane on Redis: enough of it to tell what the data plane did.

use std::collections::HashMap;
use std::time::Duration;

use redis::{Cmd, Value, cmd};
use sancho_core::inspect::{About, DayStats, Paused};
use sancho_core::lifecycle::{Permitted, permits};
use sancho_core::process::Quiet;
use sancho_core::{
    Action, Applied, Beat, BoxFuture, Cursor, End, ErrorKind, Filter, Incarnation, Inspect, Jid, JobRow, Key, Order,
    Page, Pausable, Payload, Place, ProcessInfo, ProcessRow, QueueName, QueueRow, Selection, Set, State, Stats, Store,
    StoreError, StoreResult, Timestamp, limits,
};

use crate::book::Names;
use crate::record;
use crate::reply;
use crate::row::{Seen, cut, digest};
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::{day, keys};

impl RedisStore {
    async fn ask(&self, op: &'static str, command: &mut Cmd) -> StoreResult<Value> {
        self.inner.connection.ask(op, command).await
    }

    async fn count(&self, op: &'static str, command: &mut Cmd) -> StoreResult<u64> {
        Ok(u64::try_from(reply::int(self.ask(op, command).await?)).unwrap_or(0))
    }

    async fn holders(&self) -> StoreResult<Vec<String>> {
        let holders = self.ask("page", cmd("SMEMBERS").arg(keys::HOLDERS)).await?;
        Ok(reply::list(holders).into_iter().map(reply::text).collect())
    }

    async fn totals(&self, now: Timestamp) -> StoreResult<Stats> {
        let mut stats = Stats {
            processed: self.count("stats", cmd("GET").arg("stat:processed")).await?,
            failed: self.count("stats", cmd("GET").arg("stat:failed")).await?,
            scheduled: self.count("stats", cmd("ZCARD").arg(keys::SCHEDULE)).await?,
            retries: self.count("stats", cmd("ZCARD").arg(keys::RETRY)).await?,
            dead: self.count("stats", cmd("ZCARD").arg(keys::DEAD)).await?,
            held: self.count("stats", cmd("ZCARD").arg(keys::HELD)).await?,
            ..Stats::default()
        };
        let mut living = cmd("ZCOUNT");
        living.arg(keys::LEASES).arg(now.as_unix_micros()).arg("+inf");
        stats.processes = self.count("stats", &mut living).await?;
        for queue in self.queue_names().await? {
            stats.enqueued += self.count("stats", cmd("LLEN").arg(keys::queue(queue.as_str()))).await?;
        }
        for holder in self.holders().await? {
            stats.busy += self.count("stats", cmd("HLEN").arg(keys::flight(&holder))).await?;
        }
        Ok(stats)
    }

    async fn queue_rows(&self, now: Timestamp) -> StoreResult<Vec<QueueRow>> {
        let mut rows = Vec::new();
        for name in self.queue_names().await? {
            let key = keys::queue(name.as_str());
            let size = self.count("queues", cmd("LLEN").arg(&key)).await?;
            let next = reply::bytes(self.ask("queues", cmd("LINDEX").arg(&key).arg(-1)).await?);
            let since = next.and_then(|next| Payload::from_bytes(next).envelope().ok()?.enqueued_at());
            let paused = self.count("queues", cmd("SISMEMBER").arg(keys::PAUSED).arg(name.as_str())).await?;
            rows.push(QueueRow {
                size,
                latency: since.map_or(Duration::ZERO, |since| now.since(since)),
                paused: if paused == 1 { Paused::Yes } else { Paused::No },
                name,
            });
        }
        Ok(rows)
    }

    /// A set's jobs in order, each with where a page goes on after it.
    async fn seen(&self, set: &Set) -> StoreResult<Vec<(String, Seen)>> {
        if let Some((letter, key)) = keys::sorted(set) {
            let command = if *set == Set::Dead { "ZREVRANGE" } else { "ZRANGE" };
            let last = limits::JOBS_PER_SCAN_MAX - 1;
            let pairs = self.ask("page", cmd(command).arg(key).arg(0).arg(last).arg("WITHSCORES")).await?;
            let seen = reply::list(pairs).into_iter().map(|pair| {
                let mut pair = reply::list(pair).into_iter();
                let bytes = reply::bytes(reply::next(&mut pair)).unwrap_or_default();
                let extra = reply::text(reply::next(&mut pair));
                let rank = format!("{extra}|{:x}", digest(&bytes));
                (rank, Seen { letter: letter.to_string(), place: key.to_owned(), bytes, extra })
            });
            return Ok(seen.collect());
        }
        if let Set::Queue(queue) = set {
            let list = self.ask("page", cmd("LRANGE").arg(keys::queue(queue.as_str())).arg(0).arg(-1)).await?;
            let seen = reply::list(list).into_iter().enumerate().rev().map(|(index, bytes)| {
                let bytes = reply::bytes(bytes).unwrap_or_default();
                (index.to_string(), Seen { letter: "Q".into(), place: queue.to_string(), bytes, extra: String::new() })
            });
            return Ok(seen.collect());
        }
        let mut busy = Vec::new();
        for holder in self.holders().await? {
            let mut flat = reply::list(self.ask("page", cmd("HGETALL").arg(keys::flight(&holder))).await?).into_iter();
            while let (Some(number), Some(value)) = (flat.next(), flat.next()) {
                let (bytes, extra) = (reply::bytes(value).unwrap_or_default(), reply::text(number));
                let order = (cut(&bytes).0, extra.parse::<u64>().unwrap_or(0));
                busy.push((order, Seen { letter: "B".into(), place: holder.clone(), bytes, extra }));
            }
        }
        busy.sort_by(|a, b| (a.0, &a.1.place).cmp(&(b.0, &b.1.place)));
        Ok(busy
            .into_iter()
            .map(|(order, seen)| (format!("{}|{}|{}", order.0.as_unix_micros(), seen.place, order.1), seen))
            .collect())
    }

    /// The jobs of a page, and where to go on.
    async fn matching(
        &self,
        set: &Set,
        filter: &Filter,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> StoreResult<(Vec<Seen>, Option<Cursor>)> {
        let all = self.seen(set).await?;
        let start = cursor.map_or(0, |cursor| go_on(set, &all, &cursor.0));
        let (mut found, mut last) = (Vec::new(), None);
        for (index, (_, seen)) in all.iter().enumerate().skip(start) {
            if found.len() == limit {
                break;
            }
            last = Some(index);
            if filter.matches(&seen.payload()) {
                found.push(seen.clone());
            }
        }
        let next = last.filter(|last| last + 1 < all.len()).map(|last| Cursor(all[last].0.clone()));
        Ok((found, next))
    }

    /// A row with what stands beside the job: whether it holds its key, and why it is held.
    async fn row(&self, seen: &Seen) -> StoreResult<JobRow> {
        let mut row = seen.row();
        let names = Names::of(&row.payload);
        if !names.key.is_empty() && row.state != State::Dead {
            let holder = self.ask("find", cmd("HGET").arg(keys::JOB_KEYS).arg(&names.key)).await?;
            row.key = Key::new(&names.key).ok().filter(|_| reply::text(holder) == names.jid);
        }
        if row.state == State::Held {
            let why = self.ask("find", cmd("HGET").arg(keys::WHY).arg(row.jid.as_str())).await?;
            row.held = Some(reply::text(why));
        }
        Ok(row)
    }

    async fn locate(&self, op: &'static str, jid: &str, key: &str) -> StoreResult<Option<Seen>> {
        if crate::row::is_made(jid) {
            return self.locate_bytes(jid).await;
        }
        let mut args = Args::new();
        args.put(jid).put(key);
        let mut parts = reply::list(self.inner.connection.run(op, &self.inner.scripts.find, &args).await?).into_iter();
        let letter = reply::text(reply::next(&mut parts));
        let place = reply::text(reply::next(&mut parts));
        let bytes = reply::bytes(reply::next(&mut parts)).unwrap_or_default();
        let extra = reply::text(reply::next(&mut parts));
        let jid = reply::text(reply::next(&mut parts));
        let seen = Seen { letter, place, bytes, extra };
        // The script only saw the text of the jid: the payload says whether it is the job's own.
        Ok(Some(seen).filter(|seen| !seen.letter.is_empty() && Names::of(&seen.payload()).jid == jid))
    }

    /// The job whose bytes have no id, by the one that was made for them.
    async fn locate_bytes(&self, jid: &str) -> StoreResult<Option<Seen>> {
        let mut sets = vec![Set::Dead, Set::Retries, Set::Scheduled, Set::Held, Set::Busy];
        sets.extend(self.queue_names().await?.into_iter().map(Set::Queue));
        for set in &sets {
            let found = self.seen(set).await?.into_iter().find(|(_, seen)| seen.row().jid.as_str() == jid);
            if let Some((_, seen)) = found {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    async fn act(&self, action: &Action, seen: &[Seen], now: Timestamp) -> StoreResult<Applied> {
        let (mut applied, mut args, mut places) = (Applied::default(), Args::new(), Vec::new());
        for seen in seen {
            let permitted = match permits(seen.state(), action) {
                Ok(permitted) => permitted,
                Err(refusal) => {
                    applied.refused.push((seen.row().jid, refusal));
                    continue;
                }
            };
            let payload = seen.payload();
            let place = match permitted {
                Permitted::Enqueue => Place::Queue { queue: seen.row().queue, end: End::Back },
                Permitted::Bury => Place::Dead,
                Permitted::Remove => Place::Gone,
                Permitted::Wait { at } if seen.state() == State::Retries => Place::Retries { at },
                Permitted::Wait { at } => Place::Scheduled { at },
            };
            places.push((seen.row().jid, place, payload));
            let (_, place, payload) = places.last().expect("it was put there just now");
            let names = Names::of(payload);
            args.put(names.jid).put(names.key).put(&seen.letter).put(&seen.place).put(&seen.bytes);
            let (letter, place_of, score) = record::place(place, now);
            args.put(letter).put(place_of).put(score);
        }
        if places.is_empty() {
            return Ok(applied);
        }
        let mut all = Args::new();
        all.number(places.len());
        for arg in args.as_slice() {
            all.put(arg);
        }
        let answers = self.inner.connection.run("apply", &self.inner.scripts.act, &all).await?;
        for ((jid, _, _), answer) in places.iter().zip(reply::list(answers)) {
            match answer {
                Value::Int(1) => applied.done += 1,
                Value::Int(_) => {}
                holder => {
                    if let Ok(holder) = Jid::new(reply::text(holder)) {
                        applied.refused.push((jid.clone(), sancho_core::lifecycle::Refusal::KeyTaken { holder }));
                    }
                }
            }
        }
        self.ring_for(places.iter().map(|(_, place, _)| place));
        Ok(applied)
    }

    async fn process_rows(&self, now: Timestamp) -> StoreResult<Vec<ProcessRow>> {
        let mut range = cmd("ZRANGEBYSCORE");
        range.arg(keys::LEASES).arg(now.as_unix_micros()).arg("+inf");
        let mut living: Vec<String> =
            reply::list(self.ask("processes", &mut range).await?).into_iter().map(reply::text).collect();
        living.sort();
        let mut rows = Vec::new();
        for who in living {
            let flat = reply::list(self.ask("processes", cmd("HGETALL").arg(keys::process(&who))).await?);
            let mut fields: HashMap<String, String> = HashMap::new();
            let mut flat = flat.into_iter().map(reply::text);
            while let (Some(name), Some(value)) = (flat.next(), flat.next()) {
                fields.insert(name, value);
            }
            rows.push(process_row(&who, &fields));
        }
        Ok(rows)
    }
}

/// Where in the order a page goes on.
fn go_on(set: &Set, all: &[(String, Seen)], after: &str) -> usize {
    if let Set::Queue(_) = set {
        // A queue is left at its right end: what is left of the last one shown keeps its index.
        let after: usize = after.parse().unwrap_or(0);
        return all.len().saturating_sub(after);
    }
    if let Some(at) = all.iter().position(|(rank, _)| rank == after) {
        return at + 1;
    }
    let first = |rank: &str| rank.split('|').next().and_then(|first| first.parse::<f64>().ok()).unwrap_or(0.0);
    let bound = first(after);
    match set {
        Set::Dead => all.partition_point(|(rank, _)| first(rank) > bound),
        _ => all.partition_point(|(rank, _)| first(rank) < bound),
    }
}

/// What of a beat is kept for people to look at.
pub(crate) fn process_fields(beat: &Beat, now: Timestamp) -> Vec<(&'static str, String)> {
    let info = &beat.process;
    let json = |texts: Vec<&str>| serde_json::to_string(&texts).expect("texts are plain JSON");
    vec![
        ("hostname", info.hostname.clone()),
        ("pid", info.pid.to_string()),
        ("started_at", info.started_at.as_unix_micros().to_string()),
        ("slots", info.slots.to_string()),
        ("queues", json(info.queues.iter().map(QueueName::as_str).collect())),
        ("tag", info.tag.clone()),
        ("labels", json(info.labels.iter().map(String::as_str).collect())),
        ("version", info.version.clone()),
        ("beat_at", now.as_unix_micros().to_string()),
        ("quiet", u8::from(beat.quiet == Quiet::Yes).to_string()),
        ("busy", beat.running.len().to_string()),
        ("rss", beat.rss_bytes.to_string()),
        ("round_trip", beat.round_trip.as_micros().to_string()),
    ]
}

fn process_row(who: &str, fields: &HashMap<String, String>) -> ProcessRow {
    let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let number = |name: &str| text(name).parse::<u64>().unwrap_or(0);
    let time = |name: &str| Timestamp::from_unix_micros(text(name).parse().unwrap_or(0));
    let texts = |name: &str| serde_json::from_str::<Vec<String>>(&text(name)).unwrap_or_default();
    ProcessRow {
        info: ProcessInfo {
            incarnation: Incarnation::new(who),
            hostname: text("hostname"),
            pid: number("pid") as u32,
            started_at: time("started_at"),
            slots: number("slots") as usize,
            queues: texts("queues").into_iter().filter_map(|name| QueueName::new(name).ok()).collect(),
            tag: text("tag"),
            labels: texts("labels"),
            version: text("version"),
        },
        beat_at: time("beat_at"),
        quiet: if number("quiet") == 1 { Quiet::Yes } else { Quiet::No },
        busy: number("busy") as usize,
        rss_bytes: number("rss"),
        round_trip: Duration::from_micros(number("round_trip")),
    }
}

fn write_order(order: &Order) -> Option<String> {
    Some(match order {
        Order::Quiet => "quiet".to_owned(),
        Order::Stop => "stop".to_owned(),
        Order::Dump => "dump".to_owned(),
        Order::Cancel(jid) => format!("cancel {jid}"),
        _ => return None,
    })
}

/// An order as it was written; `None` for one that this build does not know.
pub(crate) fn read_order(text: &str) -> Option<Order> {
    Some(match text {
        "quiet" => Order::Quiet,
        "stop" => Order::Stop,
        "dump" => Order::Dump,
        other => Order::Cancel(Jid::new(other.strip_prefix("cancel ")?).ok()?),
    })
}

impl Inspect for RedisStore {
    fn stats(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Stats>> {
        Box::pin(self.totals(now))
    }

    fn history(&self, days: u32, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DayStats>>> {
        Box::pin(async move {
            let mut history = Vec::new();
            for back in 0..days {
                let unix_day = now.unix_day() - i64::from(back);
                let date = day::date(unix_day);
                let processed = self.count("history", cmd("GET").arg(format!("stat:processed:{date}"))).await?;
                let failed = self.count("history", cmd("GET").arg(format!("stat:failed:{date}"))).await?;
                history.push(DayStats { unix_day, processed, failed });
            }
            Ok(history)
        })
    }

    fn queues(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<QueueRow>>> {
        Box::pin(self.queue_rows(now))
    }

    fn page<'a>(
        &'a self,
        set: &'a Set,
        filter: &'a Filter,
        cursor: Option<&'a Cursor>,
        limit: usize,
    ) -> BoxFuture<'a, StoreResult<Page>> {
        Box::pin(async move {
            let (seen, next) = self.matching(set, filter, cursor, limit).await?;
            let mut page = Page { rows: Vec::with_capacity(seen.len()), next };
            for seen in &seen {
                page.rows.push(self.row(seen).await?);
            }
            Ok(page)
        })
    }

    fn find<'a>(&'a self, jid: &'a Jid) -> BoxFuture<'a, StoreResult<Option<JobRow>>> {
        Box::pin(async move {
            match self.locate("find", jid.as_str(), "").await? {
                Some(seen) => Ok(Some(self.row(&seen).await?)),
                None => Ok(None),
            }
        })
    }

    fn find_key<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, StoreResult<Option<JobRow>>> {
        Box::pin(async move {
            match self.locate("find_key", "", key.as_str()).await? {
                Some(seen) => Ok(Some(self.row(&seen).await?)),
                None => Ok(None),
            }
        })
    }

    fn processes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<ProcessRow>>> {
        Box::pin(self.process_rows(now))
    }

    fn apply<'a>(
        &'a self,
        action: &'a Action,
        selection: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Applied>> {
        Box::pin(async move {
            let (seen, next) = match selection {
                Selection::Jid(jid) => (self.locate("apply", jid.as_str(), "").await?.into_iter().collect(), None),
                Selection::Key(key) => (self.locate("apply", "", key.as_str()).await?.into_iter().collect(), None),
                Selection::All { set, filter, after } => self.matching(set, filter, after.as_ref(), limit).await?,
                _ => (Vec::new(), None),
            };
            let mut applied = self.act(action, &seen, now).await?;
            applied.next = next;
            Ok(applied)
        })
    }

    fn pause<'a>(&'a self, what: &'a Pausable, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { self.ask("pause", &mut pausing("SADD", what)).await.map(drop) })
    }

    fn resume<'a>(&'a self, what: &'a Pausable, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.ask("resume", &mut pausing("SREM", what)).await?;
            if let Pausable::Queue(queue) = what {
                self.inner.wake.ring([keys::queue(queue.as_str())]);
            }
            Ok(())
        })
    }

    fn clear<'a>(&'a self, queue: &'a QueueName, limit: usize, now: Timestamp) -> BoxFuture<'a, StoreResult<usize>> {
        Box::pin(async move {
            let (seen, _) = self.matching(&Set::Queue(queue.clone()), &Filter::all(), None, limit).await?;
            let done = self.act(&Action::Delete, &seen, now).await?.done;
            if self.count("clear", cmd("LLEN").arg(keys::queue(queue.as_str()))).await? == 0 {
                self.ask("clear", cmd("SREM").arg(keys::QUEUES).arg(queue.as_str())).await?;
            }
            Ok(done)
        })
    }

    fn order<'a>(
        &'a self,
        incarnation: &'a Incarnation,
        order: &'a Order,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            let lease = self.ask("order", cmd("ZSCORE").arg(keys::LEASES).arg(incarnation.as_str())).await?;
            if (reply::text(lease).parse::<f64>().unwrap_or(-1.0) as i64) < now.as_unix_micros() {
                let said = format!("no process {incarnation} lives");
                return Err(StoreError::new("order", ErrorKind::NotFound, said));
            }
            let Some(text) = write_order(order) else {
                return Err(StoreError::new("order", ErrorKind::Unsupported, "this order is not known here"));
            };
            self.ask("order", cmd("RPUSH").arg(keys::orders(incarnation)).arg(text)).await?;
            self.inner.wake.ring([keys::orders(incarnation)]);
            Ok(())
        })
    }

    fn about(&self) -> BoxFuture<'_, StoreResult<About>> {
        Box::pin(async move {
            let info = reply::text(self.ask("about", cmd("INFO").arg("server")).await?);
            let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or("unknown");
            Ok(About { kind: "redis", version: version.to_owned(), ..About::default() })
        })
    }
}

fn pausing(command: &str, what: &Pausable) -> Cmd {
    let mut pausing = cmd(command);
    match what {
        Pausable::Queue(queue) => pausing.arg(keys::PAUSED).arg(queue.as_str()),
        Pausable::Class(class) => pausing.arg(keys::PAUSED_CLASSES).arg(class),
        _ => pausing.arg(keys::PAUSED_CLASSES).arg(""),
    };
    pausing
}
