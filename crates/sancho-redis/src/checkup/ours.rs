//! What the keys of Sidekiq, and our own, say.

use std::collections::BTreeSet;

use redis::cmd;
use sancho_core::checkup::Value;
use sancho_core::{Finding, StoreResult, Timestamp, limits};

use crate::reply;
use crate::store::RedisStore;
use crate::wire::keys;

/// Keys of the database, and members of one set, that a checkup looks at.
const LOOKED_AT_MAX: usize = 10_000;

/// Names of one kind that a finding repeats; of the rest it says how many.
const NAMES_MAX: usize = 5;

/// Bytes of a name that a finding repeats.
const NAME_BYTES_SHOWN: usize = 40;

impl RedisStore {
    pub(super) async fn wrong_types(&self) -> StoreResult<Vec<Finding>> {
        let mut found = Vec::new();
        for (key, want) in keys::TYPED {
            found.extend(self.wrong_type(key, want).await?);
        }
        if !found.is_empty() {
            return Ok(found);
        }
        for queue in self.some_members(keys::QUEUES).await?.0 {
            found.extend(self.wrong_type(&keys::queue(&queue), "list").await?);
        }
        if found.is_empty() {
            found.push(Finding::good("the keys hold what they should"));
        }
        found.extend(self.strange_queues().await?);
        Ok(found)
    }

    /// Names in the set of queues that no queue can have.
    async fn strange_queues(&self) -> StoreResult<Option<Finding>> {
        let (names, _) = self.raw_members(keys::QUEUES).await?;
        let is_name = |name: &Vec<u8>| reply::queue_name(redis::Value::BulkString(name.clone())).is_some();
        let strange: Vec<_> = names.iter().filter(|name| !is_name(name)).collect();
        if strange.is_empty() {
            return Ok(None);
        }
        let shown: Vec<String> =
            strange.iter().map(|name| name[..name.len().min(NAME_BYTES_SHOWN)].escape_ascii().to_string()).collect();
        let many = count(strange.len(), "name in `queues` is none", "names in `queues` are none");
        let what = format!("{many} that a queue can have, so nobody is served from there: {}", some(&shown));
        let fix = "SREM it from queues, or move its jobs to a queue with a name of its own";
        let values = [Value::Number(strange.len() as u64), Value::Names(shown)];
        Ok(Some(Finding::warning(what, fix).named("redis-strange-queues", values)))
    }

    async fn wrong_type(&self, key: &str, want: &str) -> StoreResult<Option<Finding>> {
        let have = reply::text(self.checked(cmd("TYPE").arg(key)).await?);
        if have == want || have == "none" {
            return Ok(None);
        }
        let what = format!("the key {key} holds a {have}, not a {want}: another program uses this database");
        let fix = format!("RENAME {key} away, or give Sancho a database of its own");
        let values = [key.to_owned(), have, want.to_owned()].map(Value::Text);
        Ok(Some(Finding::problem(what, fix).named("redis-wrong-type", values)))
    }

    /// Processes that are named but tell nothing any more.
    pub(super) async fn gone_processes(&self) -> StoreResult<Vec<Finding>> {
        if self.has_other_type("processes", "set").await? {
            return Ok(Vec::new());
        }
        let mut gone = Vec::new();
        for who in self.some_members("processes").await?.0 {
            let info = self.checked(cmd("EXISTS").arg(&who)).await?;
            if reply::int(info) == 0 {
                gone.push(who);
            }
        }
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Finding::notice(format!(
            "{} listed and gone without a goodbye: {}",
            count(gone.len(), "process is", "processes are"),
            some(&gone)
        ))])
    }

    /// Incarnations whose lease has ended while they hold claims.
    pub(super) async fn ended_leases(&self, now: Timestamp) -> StoreResult<Vec<Finding>> {
        if self.has_other_type(keys::HOLDERS, "set").await? || self.has_other_type(keys::LEASES, "zset").await? {
            return Ok(Vec::new());
        }
        let (mut found, mut ended, mut jobs) = (Vec::new(), Vec::new(), 0);
        for who in self.some_members(keys::HOLDERS).await?.0 {
            let lease = reply::text(self.checked(cmd("ZSCORE").arg(keys::LEASES).arg(&who)).await?);
            // The reaper of a living server takes a moment.
            let patience = now.before(2 * limits::REAP_EVERY).as_unix_micros();
            if lease.parse::<f64>().is_ok_and(|lease| lease as i64 >= patience) {
                continue;
            }
            let flight = keys::flight(&who);
            if let Some(wrong) = self.wrong_type(&flight, "hash").await? {
                found.push(wrong);
                continue;
            }
            let fields = reply::int(self.checked(cmd("HLEN").arg(&flight)).await?);
            let known = reply::int(self.checked(cmd("HEXISTS").arg(&flight).arg("next")).await?);
            if fields > known {
                jobs += fields - known;
                ended.push(who);
            }
        }
        if !ended.is_empty() {
            let many = u64::try_from(jobs).unwrap_or(0);
            let who = some(&ended);
            let finding = Finding::warning(
                format!("jobs in hands whose lease has ended: {jobs}, and no server takes them over: {who}"),
                "start a server: it takes them over within seconds",
            );
            found.push(finding.named("redis-ended-leases", [Value::Number(many), Value::Names(ended)]));
        }
        Ok(found)
    }

    /// Keys that stand under our name and are none of ours.
    pub(super) async fn strange_keys(&self) -> StoreResult<Vec<Finding>> {
        let (all, cut) = self.own_keys("checkup", LOOKED_AT_MAX).await?;
        let strange: Vec<String> = all.iter().filter(|key| !keys::is_ours(key)).cloned().collect();
        let mut found = Vec::new();
        if !strange.is_empty() {
            let what = format!("keys under sancho: that this version does not know: {}", some(&strange));
            found.push(Finding::notice(what));
        }
        if cut {
            let what = "the database has many keys: not all were looked at for leftovers under sancho:".to_owned();
            found.push(Finding::notice(what));
        }
        Ok(found)
    }

    async fn has_other_type(&self, key: &str, want: &str) -> StoreResult<bool> {
        let have = reply::text(self.checked(cmd("TYPE").arg(key)).await?);
        Ok(have != want && have != "none")
    }

    /// Members of a set, sorted, and whether there are more than may be looked at.
    pub(super) async fn some_members(&self, key: &str) -> StoreResult<(Vec<String>, bool)> {
        let (members, cut) = self.raw_members(key).await?;
        Ok((members.iter().map(|member| String::from_utf8_lossy(member).into_owned()).collect(), cut))
    }

    async fn raw_members(&self, key: &str) -> StoreResult<(BTreeSet<Vec<u8>>, bool)> {
        let (mut members, mut cursor) = (BTreeSet::new(), "0".to_owned());
        loop {
            let mut page = cmd("SSCAN");
            page.arg(key).arg(&cursor).arg("COUNT").arg(1_000);
            let mut parts = reply::list(self.checked(&page).await?).into_iter();
            cursor = reply::text(reply::next(&mut parts));
            members.extend(reply::list(reply::next(&mut parts)).into_iter().filter_map(reply::bytes));
            if cursor == "0" || members.len() >= LOOKED_AT_MAX {
                return Ok((members, cursor != "0"));
            }
        }
    }

    /// Keys under our name, sorted, after a look at `looked_max` keys of any name at most, and whether that cut it short.
    pub(crate) async fn own_keys(&self, op: &'static str, looked_max: usize) -> StoreResult<(Vec<String>, bool)> {
        const PAGE: usize = 1_000;
        let (mut found, mut cursor, mut looked) = (BTreeSet::new(), "0".to_owned(), 0_usize);
        loop {
            let mut page = cmd("SCAN");
            page.arg(&cursor).arg("MATCH").arg(format!("{}*", keys::OWN_PREFIX)).arg("COUNT").arg(PAGE);
            let mut parts = reply::list(self.inner.connection.ask(op, &page).await?).into_iter();
            cursor = reply::text(reply::next(&mut parts));
            found.extend(reply::list(reply::next(&mut parts)).into_iter().map(reply::text));
            looked = looked.saturating_add(PAGE);
            if cursor == "0" {
                return Ok((found.into_iter().collect(), false));
            }
            if looked >= looked_max {
                return Ok((found.into_iter().collect(), true));
            }
        }
    }
}

fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The first names, and how many there are besides.
pub(crate) fn some(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}
