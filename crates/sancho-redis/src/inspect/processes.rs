//! Processes as people look at them, and what they are told from outside.

use std::collections::HashMap;
use std::time::Duration;

use redis::cmd;
use sancho_core::process::Quiet;
use sancho_core::{
    Beat, ErrorKind, Incarnation, Jid, Order, ProcessInfo, ProcessRow, QueueName, StoreError, StoreResult, Timestamp,
};

use crate::reply;
use crate::store::RedisStore;
use crate::wire::keys;

impl RedisStore {
    /// Every living process, sorted by identity.
    pub(crate) async fn process_rows(&self, now: Timestamp) -> StoreResult<Vec<ProcessRow>> {
        let mut range = cmd("ZRANGEBYSCORE");
        range.arg(keys::LEASES).arg(now.as_unix_micros()).arg("+inf");
        let living = self.inner.connection.ask("processes", &range).await?;
        let mut living: Vec<String> = reply::list(living).into_iter().map(reply::text).collect();
        living.sort();
        let mut rows = Vec::new();
        for who in living {
            let flat = self.inner.connection.ask("processes", cmd("HGETALL").arg(keys::process(&who))).await?;
            let mut fields: HashMap<String, String> = HashMap::new();
            let mut flat = reply::list(flat).into_iter().map(reply::text);
            while let (Some(name), Some(value)) = (flat.next(), flat.next()) {
                fields.insert(name, value);
            }
            rows.push(process_row(&who, &fields));
        }
        Ok(rows)
    }

    /// Leaves an order for a living process.
    pub(crate) async fn leave_order(&self, who: &Incarnation, order: &Order, now: Timestamp) -> StoreResult<()> {
        let lease = self.inner.connection.ask("order", cmd("ZSCORE").arg(keys::LEASES).arg(who.as_str())).await?;
        if (reply::text(lease).parse::<f64>().unwrap_or(-1.0) as i64) < now.as_unix_micros() {
            let said = format!("no process {who} lives");
            return Err(StoreError::new("order", ErrorKind::NotFound, said));
        }
        let Some(text) = write_order(order) else {
            return Err(StoreError::new("order", ErrorKind::Unsupported, "this order is not known here"));
        };
        self.inner.connection.ask("order", cmd("RPUSH").arg(keys::orders(who)).arg(text)).await?;
        self.inner.wake.ring([keys::orders(who)]);
        Ok(())
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
